"""The scenarios that are raced: the worked case, and what every peer can express of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from capacity import read, validate
from capacity.instance import build
from capacity.reading import text
from capacity.scenario import (
    CampaignLimits,
    Changeover,
    Economics,
    Licence,
    Quality,
    Rate,
    Scenario,
    Suite,
)

ROOT = Path(__file__).parent.parent
LONG_AGO = datetime(2015, 1, 1)
NEVER_STALE = Fraction(36_525)
SETUP_PER_TICK = 1500
"""What a tick without production between two programmes costs in the plain row. [money]"""
LATE_TO_EARLY = 8
"""Lateness to holding in the plain row, 8.3 in the worked case: PyJobShop weighs whole."""
FIRST_DUE = datetime(2026, 9, 1)
"""Without opening stock nobody can serve orders that are due earlier."""

PLAIN_SAYS = (
    "Programmes of one step, without engineering and PPQ batches, in their suites from"
    " go-live: changeovers, release lead times, lateness and holding in proportion to"
    " days. Left out for every contestant, since PyJobShop has no words for them:"
    " variable costs by suite, unserved lines, penalties with grace and cap, days free of"
    " holding, QC and QA windows, intermediates and lanes, ramps, shutdowns, campaign"
    " sizes, set-up at the start, transfers and licences, locks and opening stock. A"
    " changeover costs in proportion to the ticks between two programmes. Peers plan lots"
    " and count lateness and holding by a lot's last batch; the checker counts every"
    " batch, of all plans alike."
)


def base() -> Scenario:
    """The worked case as it stands."""
    return read(ROOT / "scenarios" / "base.yaml").scenario


def digest(scenario: Scenario) -> str:
    """`scenario_sha256`, of a scenario made in code too."""
    return hashlib.sha256(text.resolved(scenario).encode()).hexdigest()


def valid(scenario: Scenario) -> Scenario:
    """The scenario, if nothing is wrong with it: copies in code bypass the reader."""
    wrong = validate.problems(scenario)
    if wrong:
        raise ValueError("\n".join(sentence for _, sentence in wrong))
    return scenario


def plain(scenario: Scenario) -> Scenario:
    """The worked case reduced to what every contestant can express (`PLAIN_SAYS`)."""
    programmes = [
        p.model_copy(
            update={"recipe": [p.recipe[0].model_copy(update={"supply": None})]}
        )
        for p in scenario.programmes
        if len(p.recipe) == 1
    ]
    kept = {p.id for p in programmes}
    contracts = [c for c in scenario.contracts if c.programme in kept]
    sold = {c.id for c in contracts}
    suites = [_plain_suite(suite) for suite in scenario.suites]
    rules = {rule.id: rule for rule in scenario.changeovers}
    found = scenario.model_copy(
        update={
            "name": f"{scenario.name}_plain",
            "frozen_days": Fraction(0),
            "clean_hold_days": NEVER_STALE,
            "sites": [
                site.model_copy(
                    update={"shutdowns": [], "outages": []} | _staff(LONG_AGO)
                )
                for site in scenario.sites
            ],
            "suites": suites,
            "changeovers": [
                _plain_rule(suite, rules[old.changeover])
                for suite, old in zip(suites, scenario.suites, strict=True)
            ],
            "campaign_limits": [
                CampaignLimits(id=limits.id, maximum=1000)
                for limits in scenario.campaign_limits
            ],
            "quality": Quality(transfer_days=scenario.quality.transfer_days),
            "economics": _linear(scenario.economics),
            "programmes": programmes,
            "transfers": [],
            "licences": [
                *(
                    row.model_copy(update={"start": LONG_AGO})
                    for row in scenario.licences
                    if row.programme in kept
                ),
                *_as_held(scenario, kept),
            ],
            "qualifications": [],
            "lanes": [],
            "contracts": contracts,
            "orders": [
                order
                for order in scenario.orders
                if order.contract in sold
                and order.kind in ("clinical", "commercial")
                and order.due >= FIRST_DUE
            ],
            "locks": [],
            "in_release": [],
            "stock": [],
        }
    )
    return valid(_priced(found))


def _staff(since: datetime) -> dict[str, list[Rate]]:
    """QC and QA that nothing waits for."""
    rate = Rate.model_validate({"from": since, "value": 1000})
    return {"qc_batches": [rate], "qa_reviewers": [rate]}


def _plain_suite(suite: Suite) -> Suite:
    return suite.model_copy(
        update={
            "ramp": [],
            "set_up": None,
            "outages": [],
            "variable_cost": 0,
            "changeover": f"{suite.id}-changeover",
        }
    )


def _plain_rule(suite: Suite, rule: Changeover) -> Changeover:
    """One length of changeover in a suite, none within a programme or at first use."""
    zero = Fraction(0)
    return Changeover(
        id=suite.changeover,
        same_product=zero,
        same_client=rule.same_client,
        different_client=rule.different_client,
        first_use=zero,
    )


def _as_held(scenario: Scenario, kept: Collection[str]) -> Iterator[Licence]:
    """Rights that follow from what clients ordered, as if they were held already."""
    for chain in scenario.qualifications:
        for market in chain.markets if chain.orders and chain.programme in kept else ():
            yield Licence.model_validate(
                {
                    "id": f"{chain.id}:{market}",
                    "programme": chain.programme,
                    "site": chain.site,
                    "market": market,
                    "from": LONG_AGO,
                }
            )


def _linear(terms: Economics) -> Economics:
    return terms.model_copy(
        update={
            "penalty_per_week": Fraction(0),
            "service_charge_per_day": LATE_TO_EARLY * terms.holding_per_day,
            "holding_free_days": Fraction(0),
            "max_late_days": Fraction(720),
        }
    )


def _priced(scenario: Scenario) -> Scenario:
    """Changeovers that cost by the tick, as PyJobShop counts its setup times."""
    instance = build(scenario)
    costs = {}
    for step in instance.steps:
        for mode in step.modes.values():
            suite = instance.suites[mode.suite]
            idle = mode.lead - mode.takt(instance.as_of)
            longest = max(suite.changeover.values())
            costs[f"{suite.id}-changeover"] = SETUP_PER_TICK * (longest + idle)
    rules = [
        rule.model_copy(update={"cost": costs.get(rule.id, 0)})
        for rule in scenario.changeovers
    ]
    return scenario.model_copy(update={"changeovers": rules})

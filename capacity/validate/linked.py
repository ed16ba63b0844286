"""What can't be meant together with linked campaigns, which are planned whole."""

from __future__ import annotations

from collections.abc import Iterator

from capacity.scenario import Direct, Scenario
from capacity.validate.names import Check, Finding
from capacity.validate.network import Network


def _linked(scenario: Scenario) -> bool:
    return any(
        isinstance(step.supply, Direct) and step.supply.linked
        for programme in scenario.programmes
        for step in programme.recipe
    )


def recipes(network: Network) -> Iterator[Finding]:
    """Where campaigns are linked, every recipe is, from its first step to its last."""
    if not _linked(network.scenario):
        return
    for programme in network.scenario.programmes:
        for number, step in enumerate(programme.recipe):
            supply = step.supply
            fits = isinstance(supply, Direct) and supply.linked
            if not fits if number else supply is not None:
                text = (
                    "campaigns are linked somewhere: all steps but the first need a "
                    "direct supply with linked: true, and the first has none"
                )
                at = f"programmes.{programme.id}.recipe.{step.step}"
                yield Finding(f"{at}.supply" if supply else at, text)


def hold(network: Network) -> Iterator[Finding]:
    """What waiting costs is counted where campaigns are linked, batch by batch."""
    for programme in network.scenario.programmes:
        for step in programme.recipe:
            supply = step.supply
            if isinstance(supply, Direct) and supply.hold_cost and not supply.linked:
                at = f"programmes.{programme.id}.recipe.{step.step}.supply.hold_cost"
                yield Finding(at, "is counted for linked campaigns only")


def stock(network: Network) -> Iterator[Finding]:
    """Linked campaigns are made to stock, with no QC and QA and no campaign under way."""
    scenario = network.scenario
    if not _linked(scenario):
        return
    stocked = {row.programme: row for row in scenario.made_to_stock}
    for programme in scenario.programmes:
        if programme.id not in stocked:
            text = "has linked campaigns beside it, so it has to be made to stock too"
            yield Finding(f"programmes.{programme.id}", text)
    for row in stocked.values():
        if row.release_days is None:
            text = "linked campaigns take no QC and QA: state release_days"
            yield Finding(f"made_to_stock.{row.id}", text)
    for part, text in UNFIT.items():
        for given in getattr(scenario, part):
            yield Finding(f"{part}.{given.id}", text)
    last = {row.id: row.recipe[-1].step for row in scenario.programmes}
    for part in ("in_release", "stock"):
        for given in getattr(scenario, part):
            if given.step not in (None, last.get(given.programme)):
                text = (
                    "of linked campaigns only product can be on hand: what is under way "
                    "is stated by the day on which its suites are free"
                )
                yield Finding(f"{part}.{given.id}", text)


UNFIT = {
    "locks": "linked campaigns are planned whole, with no locked ones among them: state "
    "what they will make in release, and go_live of their suites when these are free",
    "qualifications": "linked campaigns can't wait for a right that the plan decides: "
    "state the dates by transfers and licences",
}
"""What linked campaigns can't be planned together with, and what to do instead."""

AT_ONE_RATE = {
    "ramp": "linked campaigns run at one rate: state takt_days by programme in rates, and "
    "plan what comes after the ramp by itself",
    "load_ceiling": "linked campaigns fill their suites as they must: take the share off by "
    "outages, or by a longer takt",
}
"""The same of suites."""


def suites(network: Network) -> Iterator[Finding]:
    """Suites of linked campaigns run at one rate; only these can be kept from idling."""
    scenario = network.scenario
    linked = _linked(scenario)
    rules = {row.id: row for row in scenario.changeovers}
    for suite in scenario.suites:
        at = f"suites.{suite.id}"
        site = network.sites.get(suite.site)
        shut = site is not None and bool(site.shutdowns)
        if suite.no_idle and not linked:
            text = "is a rule for linked campaigns only"
            yield Finding(f"{at}.no_idle", text)
        if suite.one_product and not linked:
            text = "is a rule for linked campaigns only"
            yield Finding(f"{at}.one_product", text)
        elif suite.one_product and suite.no_idle:
            text = (
                "a suite idles before a period of another product: no_idle can't hold"
            )
            yield Finding(f"{at}.one_product", text)
        if not linked:
            continue
        for name, text in AT_ONE_RATE.items():
            if getattr(suite, name):
                yield Finding(f"{at}.{name}", text)
        closed = shut or bool(suite.outages) or (site is not None and site.outages)
        if suite.no_idle and closed:
            text = "the suite is closed at times, and then it has to idle"
            yield Finding(f"{at}.no_idle", text)
        rule = rules.get(suite.changeover)
        if shut and rule is not None and not rule.every_campaign:
            text = (
                "linked campaigns need changeovers with every_campaign: true where the "
                "site has shutdowns"
            )
            yield Finding(f"{at}.changeover", text)


def sizes(network: Network) -> Iterator[Finding]:
    """A train ends with its last batch in every step, which no horizon cuts off."""
    if not _linked(network.scenario):
        return
    for row in network.scenario.campaign_limits:
        if row.cut_by_end:
            text = (
                "linked campaigns end together, each within the horizon: state a smaller "
                "minimum and multiple instead"
            )
            yield Finding(f"campaign_limits.{row.id}.cut_by_end", text)


CHECKS: list[Check] = [recipes, hold, stock, suites, sizes]

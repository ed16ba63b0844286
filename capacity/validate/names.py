"""Every name that a scenario uses should be one that it knows, and once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from pydantic import BaseModel

from capacity.scenario import (
    Entity,
    Licence,
    Qualification,
    Scenario,
    Step,
    SuiteRate,
    Transfer,
)
from capacity.validate.network import Network
from capacity.validate.words import NOUNS, nearest


class Finding(NamedTuple):
    """Something wrong at a dotted path."""

    path: str
    text: str
    about: str | None = None
    """What the sentence names, instead of the path in words."""


Check = Callable[[Network], Iterator[Finding]]


def duplicates(network: Network) -> Iterator[Finding]:
    """An id names one record in the whole scenario."""
    seen: dict[str, str] = {
        key: "section of the scenario"
        for key, info in Scenario.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }
    seen["scenario"] = "section of the scenario"
    for path, record in _entities(network.scenario, ""):
        noun = NOUNS[path.split(".")[-2]]
        if record.id in seen:
            first = seen[record.id]
            text = f"the id also names {'an' if first[0] in 'aeiou' else 'a'} {first}"
            if first == noun:
                text = "the id comes twice"
            yield Finding(path, text, f"{noun} {record.id}")
        seen.setdefault(record.id, noun)
    for programme in network.scenario.programmes:
        names = [step.step for step in programme.recipe]
        for number, name in enumerate(names):
            if name in names[:number]:
                path = f"programmes.{programme.id}.recipe.#{number}"
                about = f"programme {programme.id}: step {name}"
                yield Finding(path, "comes twice", about)
    for suite in network.scenario.suites:
        names = [rate.programme for rate in suite.rates]
        for number, name in enumerate(names):
            if name in names[:number]:
                path = f"suites.{suite.id}.rates.#{number}"
                yield Finding(path, "comes twice", f"suite {suite.id}: rate for {name}")


def _entities(record: BaseModel, path: str) -> Iterator[tuple[str, Entity]]:
    """Every record with an id, placed by its number."""
    for name in type(record).model_fields:
        value = getattr(record, name)
        if not isinstance(value, list):
            continue
        below = f"{path}.{name}" if path else name
        for number, item in enumerate(value):
            if isinstance(item, Entity):
                yield f"{below}.#{number}", item
                yield from _entities(item, f"{below}.#{number}")


def _known(
    path: str, noun: str, name: str | None, known: Collection[str]
) -> Iterator[Finding]:
    if name is not None and name not in known:
        yield Finding(path, f"unknown {noun} {name}{nearest(name, known)}")


def suite_names(network: Network) -> Iterator[Finding]:
    """Sites, changeover rules and programmes that suites and changeovers name."""
    rules = {rules.id for rules in network.scenario.changeovers}
    for suite in network.scenario.suites:
        at = f"suites.{suite.id}"
        yield from _known(f"{at}.site", "site", suite.site, network.sites)
        yield from _known(
            f"{at}.changeover", "changeover rules", suite.changeover, rules
        )
        yield from _known(f"{at}.set_up", "programme", suite.set_up, network.programmes)
        for rate in suite.rates:
            path = f"{at}.rates.{rate.programme}"
            yield from _known(path, "programme", rate.programme, network.programmes)
    for changeover in network.scenario.changeovers:
        for number, pair in enumerate(changeover.programmes):
            at = f"changeovers.{changeover.id}.programmes.#{number}"
            for key, name in (("leaving", pair.leaving), ("entering", pair.entering)):
                yield from _known(f"{at}.{key}", "programme", name, network.programmes)
        for name in changeover.first_uses:
            path = f"changeovers.{changeover.id}.first_uses.{name}"
            yield from _known(path, "programme", name, network.programmes)


def step_names(network: Network) -> Iterator[Finding]:
    """Suites, campaign limits and release classes that recipes name."""
    for programme in network.scenario.programmes:
        for step in programme.recipe:
            at = f"programmes.{programme.id}.recipe.{step.step}"
            for number, suite in enumerate(step.suites):
                path = f"{at}.suites.#{number}"
                yield from _known(path, "suite", suite, network.suites)
                if suite in step.suites[:number]:
                    yield Finding(path, f"{suite} comes twice")
            yield from _known(
                f"{at}.campaign", "campaign limits", step.campaign, network.limits
            )
            yield from _known(
                f"{at}.release", "release class", step.release, network.release_classes
            )
            yield from _listed(step, at)


def _listed(step: Step, at: str) -> Iterator[Finding]:
    """Suites named beside `suites` should be among them."""
    if step.reference_suite is not None and step.reference_suite not in step.suites:
        text = f"{step.reference_suite} isn't among the step's suites"
        yield Finding(
            f"{at}.reference_suite", text + nearest(step.reference_suite, step.suites)
        )
    for suite in step.kg_per_batch:
        if suite not in step.suites:
            text = f"{suite} isn't among the step's suites{nearest(suite, step.suites)}"
            yield Finding(f"{at}.kg_per_batch.{suite}", text)


def stage_names(network: Network) -> Iterator[Finding]:
    """Stages that success rates name."""
    stages = {suite.stage for suite in network.scenario.suites}
    for stage in network.scenario.losses.success:
        yield from _known(f"losses.success.{stage}", "stage", stage, stages)


def permission_names(network: Network) -> Iterator[Finding]:
    """What licences, transfers, qualifications and lanes name."""
    scenario = network.scenario
    rows: list[tuple[str, Licence | Transfer]] = []
    rows += [("licences", licence) for licence in scenario.licences]
    rows += [("transfers", transfer) for transfer in scenario.transfers]
    for part, row in rows:
        at = f"{part}.{row.id}"
        yield from _known(f"{at}.site", "site", row.site, network.sites)
        yield from _programme_step(network, at, row.programme, row.step)
    markets = {market.id for market in scenario.markets}
    orders = {order.id for order in scenario.orders}
    for chain in scenario.qualifications:
        at = f"qualifications.{chain.id}"
        yield from _known(f"{at}.site", "site", chain.site, network.sites)
        yield from _programme_step(network, at, chain.programme, chain.step)
        for number, name in enumerate(chain.markets):
            yield from _known(f"{at}.markets.#{number}", "market", name, markets)
        for number, name in enumerate(chain.orders):
            yield from _known(f"{at}.orders.#{number}", "order", name, orders)
        yield from _before(network, chain, at)
    for lane in scenario.lanes:
        yield from _known(f"lanes.{lane.id}.from", "site", lane.start, network.sites)
        yield from _known(f"lanes.{lane.id}.to", "site", lane.to, network.sites)


def _before(network: Network, chain: Qualification, at: str) -> Iterator[Finding]:
    """What a qualification comes after is another one, or a site."""
    name = chain.after
    if name is None or name in network.qualifications or name in network.sites:
        return
    others = [
        other.id
        for other in network.scenario.qualifications
        if other.programme == chain.programme and other.id != chain.id
    ]
    text = f"unknown qualification or site {name} (of one that is done, name the site)"
    yield Finding(f"{at}.after", text + nearest(name, [*others, *network.sites]))


def _programme_step(
    network: Network, at: str, programme: str, step: str | None
) -> Iterator[Finding]:
    yield from _known(f"{at}.programme", "programme", programme, network.programmes)
    if programme in network.programmes:
        steps = [known.step for known in network.programmes[programme].recipe]
        yield from _known(f"{at}.step", "step", step, steps)


def demand_names(network: Network) -> Iterator[Finding]:
    """Programmes and contracts that contracts and orders name."""
    contracts = {contract.id for contract in network.scenario.contracts}
    for contract in network.scenario.contracts:
        path = f"contracts.{contract.id}.programme"
        yield from _known(path, "programme", contract.programme, network.programmes)
    for order in network.scenario.orders:
        path = f"orders.{order.id}.contract"
        yield from _known(path, "contract", order.contract, contracts)
    for stocked in network.scenario.made_to_stock:
        path = f"made_to_stock.{stocked.id}.programme"
        yield from _known(path, "programme", stocked.programme, network.programmes)
    for row in network.scenario.demand:
        path = f"demand.{row.id}.programme"
        if row.programme not in network.programmes:
            yield from _known(path, "programme", row.programme, network.programmes)
        elif row.programme not in network.made_to_stock:
            text = f"{row.programme} isn't made to stock"
            yield Finding(path, text + nearest(row.programme, network.made_to_stock))


def opening_names(network: Network) -> Iterator[Finding]:
    """Programmes, steps and suites of locked campaigns and of what is on hand."""
    for part, row in network.opening:
        at = f"{part}.{row.id}"
        yield from _programme_step(network, at, row.programme, row.step)
        yield from _known(f"{at}.suite", "suite", row.suite, network.suites)
        step = network.step(row.programme, row.step)
        if (
            step is not None
            and row.suite in network.suites
            and row.suite not in step.suites
        ):
            step_of = f"step {step.step} of {row.programme}"
            text = f"{row.suite} isn't among the suites of {step_of}"
            yield Finding(f"{at}.suite", text + nearest(row.suite, step.suites))


def standings(network: Network) -> Iterator[Finding]:
    """Standings name a value, and facts a source."""
    sources = network.scenario.sources
    rows: list[tuple[str, Scenario | Entity]] = [("", network.scenario)]
    rows += _named_entities(network.scenario, "")
    for path, record in rows:
        for name, standing in record.standing.items():
            at = f"{path}.standing.{name}" if path else f"standing.{name}"
            if name != "*" and not _stated(record, name.split(".")):
                known = [
                    info.alias or key for key, info in type(record).model_fields.items()
                ]
                yield Finding(at, f"there is no such value{nearest(name, known)}")
            if standing.is_ == "fact" and not standing.source:
                yield Finding(at, "a fact needs its source")
            for key in _keys(standing.source):
                yield from _known(at, "source", key, sources)


def _keys(source: str | None) -> list[str]:
    """Keys of `sources` in a reference; none where it is in words."""
    parts = [part.strip() for part in (source or "").split(",") if part.strip()]
    return parts if all(re.fullmatch(r"[\w-]+", part) for part in parts) else []


def _named_entities(record: BaseModel, path: str) -> Iterator[tuple[str, Entity]]:
    for name in type(record).model_fields:
        value = getattr(record, name)
        for item in value if isinstance(value, list) else []:
            if isinstance(item, Entity):
                below = f"{path}.{name}.{item.id}" if path else f"{name}.{item.id}"
                yield below, item
                yield from _named_entities(item, below)


def _stated(value: object, pieces: list[str]) -> bool:
    """Whether a dotted name leads to a value of a record."""
    if not pieces:
        return True
    first, *rest = pieces
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            if (info.alias or name) == first:
                return _stated(getattr(value, name), rest)
        return False
    if isinstance(value, dict):
        return first in value and _stated(value[first], rest)
    if isinstance(value, list):
        return any(_stated(item, rest) for item in value if _label(item) == first) or (
            first.isdigit() and int(first) < len(value)
        )
    return False


def _label(item: object) -> str | None:
    if isinstance(item, Entity):
        return item.id
    if isinstance(item, Step):
        return item.step
    return item.programme if isinstance(item, SuiteRate) else None


CHECKS: list[Check] = [
    duplicates,
    suite_names,
    step_names,
    stage_names,
    permission_names,
    demand_names,
    opening_names,
    standings,
]

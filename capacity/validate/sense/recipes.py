"""Recipes, release and campaign sizes that can't be meant together."""

from __future__ import annotations

from collections.abc import Iterator

from capacity.scenario import CampaignLimits, Client, Frozen, Programme, Step
from capacity.validate.names import Finding
from capacity.validate.network import Network


def recipes(network: Network) -> Iterator[Finding]:
    """Each step can run where it is listed, and is supplied and released."""
    for programme in network.scenario.programmes:
        for number, step in enumerate(programme.recipe):
            at = f"programmes.{programme.id}.recipe.{step.step}"
            yield from _places(network, step, at)
            yield from _supplied(network, programme, number, at)
            yield from _released(network, programme, step, at)
            yield from _weighed(programme, step, at)


def _places(network: Network, step: Step, at: str) -> Iterator[Finding]:
    listed = [network.suites[name] for name in step.suites if name in network.suites]
    for suite in listed:
        path = f"{at}.suites.#{step.suites.index(suite.id)}"
        if suite.stage != step.stage:
            yield Finding(path, f"{suite.id} runs {suite.stage}, not {step.stage}")
        if step.payload_class is not None and step.payload_class not in suite.contains:
            yield Finding(path, f"{suite.id} doesn't contain {step.payload_class}")
    if len(listed) == len(step.suites) and not any(suite.enabled for suite in listed):
        yield Finding(f"{at}.suites", "no suite can make it: none of these is enabled")


def _supplied(
    network: Network, programme: Programme, number: int, at: str
) -> Iterator[Finding]:
    step = programme.recipe[number]
    client = step.supply is None or isinstance(step.supply, Client)
    if number == 0 and not client:
        yield Finding(f"{at}.supply", "the first step has no step before it to use")
    if number > 0 and client:
        text = "a later step says how it uses the step before: direct or frozen"
        yield Finding(f"{at}.supply", text)
    earlier = [s for s in programme.recipe[:number] if isinstance(s.supply, Frozen)]
    if isinstance(step.supply, Frozen) and earlier:
        text = (
            f"a recipe has one frozen intermediate: {earlier[0].step} uses one already"
        )
        yield Finding(f"{at}.supply", text)
    if isinstance(step.supply, Frozen) and network.in_process(programme.id, step):
        after = programme.recipe[number + 1].step
        text = (
            f"{after} follows directly, and no right to ship is carried from a frozen "
            "intermediate through a direct feed: only the last step may use one"
        )
        yield Finding(f"{at}.supply", text)
    if (
        isinstance(step.supply, Frozen)
        and step.supply.min_life_days > step.supply.shelf_life_days
    ):
        yield Finding(f"{at}.supply.min_life_days", "is longer than the shelf life")
    if number > 0 and not client and not _reached(network, programme, number):
        how = "site" if not isinstance(step.supply, Frozen) else "site or shipping lane"
        before = programme.recipe[number - 1].step
        yield Finding(
            f"{at}.suites", f"no {how} joins any of these to a suite of {before}"
        )


def _reached(network: Network, programme: Programme, number: int) -> bool:
    """Whether some suite of the step before can feed some suite of this one.

    Where a suite or a site is unknown, that is said by its name.
    """
    before, step = programme.recipe[number - 1 : number + 1]
    parts = [
        {network.suites[name].site for name in part.suites if name in network.suites}
        for part in (before, step)
    ]
    if not all(parts) or not set.union(*parts) <= set(network.sites):
        return True
    lanes = network.lanes if isinstance(step.supply, Frozen) else {}
    return any(
        start == to or (start, to) in lanes for start in parts[0] for to in parts[1]
    )


def _released(
    network: Network, programme: Programme, step: Step, at: str
) -> Iterator[Finding]:
    in_process = network.in_process(programme.id, step)
    if in_process and step.release is not None:
        yield Finding(
            f"{at}.release", "the next step follows directly, so nothing is released"
        )
    lagged = step is programme.recipe[-1] and network.lagged(programme.id)
    if not in_process and step.release is None and not lagged:
        yield Finding(f"{at}.release", "missing: its batches are tested and released")
    release = network.release_classes.get(step.release or "")
    if in_process or release is None or lagged:
        return
    for kind in _kinds(network, programme, step):
        if network.lead_time(step, kind) is None:
            text = f"missing for {kind}, which step {step.step} of {programme.id} needs"
            yield Finding(f"release_classes.{release.id}.lead_time", text)


def _kinds(network: Network, programme: Programme, step: Step) -> list[str]:
    """Kinds that a step releases; what serves no order counts as commercial."""
    if step is not programme.recipe[-1]:
        return ["intermediate"]
    scenario = network.scenario
    bought = {c.id for c in scenario.contracts if c.programme == programme.id}
    kinds = {str(order.kind) for order in scenario.orders if order.contract in bought}
    kinds |= {str(row.kind) for row in scenario.locks if row.programme == programme.id}
    kinds |= {
        str(row.kind) for row in scenario.in_release if row.programme == programme.id
    }
    return sorted((kinds | {"commercial"}) - {"intermediate"})


def _weighed(programme: Programme, step: Step, at: str) -> Iterator[Finding]:
    if not step.kg_per_batch:
        return
    if step is not programme.recipe[-1]:
        yield Finding(f"{at}.kg_per_batch", "only the last step has a product to weigh")
    missing = [suite for suite in step.suites if suite not in step.kg_per_batch]
    if missing:
        yield Finding(f"{at}.kg_per_batch", f"missing for {', '.join(missing)}")


def release_times(network: Network) -> Iterator[Finding]:
    """Nine of ten batches take at least as long as half of them."""
    for release in network.scenario.release_classes:
        for kind, time in release.lead_time.items():
            if time.p50 > time.p90:
                path = f"release_classes.{release.id}.lead_time.{kind}.p50"
                yield Finding(path, "is longer than p90")


def campaign_limits(network: Network) -> Iterator[Finding]:
    """A campaign of each kind has some allowed number of batches."""
    for limits in network.scenario.campaign_limits:
        at = f"campaign_limits.{limits.id}"
        for kind, minimum in limits.minimum.items():
            if minimum > limits.maximum:
                text = f"{minimum} is more than the maximum {limits.maximum}"
                yield Finding(f"{at}.minimum.{kind}", text)
            elif not _size(limits, minimum):
                text = f"no multiple of {limits.multiple} lies between {minimum} and"
                yield Finding(f"{at}.minimum.{kind}", f"{text} {limits.maximum}")
        if not limits.minimum and not _size(limits, 1):
            text = f"is less than the multiple {limits.multiple}"
            yield Finding(f"{at}.maximum", text)


def _size(limits: CampaignLimits, minimum: int) -> bool:
    return limits.maximum // limits.multiple * limits.multiple >= minimum

"""What is said of programmes made to stock that can't be meant together."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from capacity.horizon import format_moment, months_on
from capacity.scenario import AMOUNTS, Demand, Frozen, Lock, MadeToStock, Scenario
from capacity.validate.names import Check, Finding
from capacity.validate.network import Network


def one_way(network: Network) -> Iterator[Finding]:
    """A programme is made to order or to stock, and what is on hand is commercial."""
    first: dict[str, str] = {}
    for stocked in network.scenario.made_to_stock:
        other = first.setdefault(stocked.programme, stocked.id)
        if other != stocked.id:
            text = f"{stocked.programme} is made to stock by {other} already"
            yield Finding(f"made_to_stock.{stocked.id}.programme", text)
    programmes = {c.id: c.programme for c in network.scenario.contracts}
    for order in network.scenario.orders:
        programme = programmes.get(order.contract)
        if programme in network.made_to_stock:
            text = f"{programme} is made to stock: state its demand instead of orders"
            yield Finding(f"orders.{order.id}.contract", text)
    for part, row in network.opening:
        step = network.step(row.programme, row.step)
        if row.programme not in network.made_to_stock or step is None:
            continue
        last = step is network.programmes[row.programme].recipe[-1]
        qualifies = isinstance(row, Lock) and network.track(row)[1] is not None
        kinds = ("engineering", "ppq", "commercial") if qualifies else ("commercial",)
        if last and row.kind not in kinds:
            text = f"{row.programme} is made to stock: its batches are commercial"
            yield Finding(f"{part}.{row.id}.kind", text)


def units(network: Network) -> Iterator[Finding]:
    """Kilograms need a yield in every suite; batches count alike."""
    for stocked in network.scenario.made_to_stock:
        step = network.step(stocked.programme, None)
        if step is None:
            continue
        at = f"made_to_stock.{stocked.id}"
        sizes = step.kg_per_batch
        if stocked.unit == "kg" and not sizes:
            text = (
                f"kg need kg_per_batch of step {step.step} of {stocked.programme}, "
                "which has none"
            )
            yield Finding(f"{at}.unit", text)
        if stocked.unit == "batches" and len(set(sizes.values())) > 1:
            text = (
                f"suites of {stocked.programme} make batches of different size: "
                "state kg"
            )
            yield Finding(f"{at}.unit", text)
        if stocked.markets and isinstance(step.supply, Frozen):
            text = (
                "can't be stated where frozen intermediates are used: their rights to "
                "ship aren't carried into a stock"
            )
            yield Finding(f"{at}.markets", text)


def opening(network: Network) -> Iterator[Finding]:
    """Product on hand hasn't expired, and finds room."""
    scenario = network.scenario
    for stocked in scenario.made_to_stock:
        at = f"made_to_stock.{stocked.id}"
        for number, row in enumerate(stocked.opening):
            if row.expiry is not None and row.expiry < scenario.as_of:
                text = (
                    f"{format_moment(row.expiry)} is before as_of "
                    f"{format_moment(scenario.as_of)}: it has expired"
                )
                yield Finding(f"{at}.opening.{number}.expiry", text)
        there = sum((row.quantity for row in stocked.opening), Fraction(0))
        limit = stocked.storage_limit
        if limit is not None and there > limit and stocked.over_limit == "forbidden":
            text = (
                f"{_said(there)} {stocked.unit} are more than the storage limit of "
                f"{_said(limit)}"
            )
            yield Finding(f"{at}.opening", text)


def targets(network: Network) -> Iterator[Finding]:
    """A target is stated one way, and finds room."""
    for stocked in network.scenario.made_to_stock:
        at = f"made_to_stock.{stocked.id}"
        limit = stocked.storage_limit
        if stocked.target is not None and stocked.target_months is not None:
            text = "state either target or target_months"
            yield Finding(f"{at}.target_months", text)
        elif limit is not None:
            yield from _too_high(network, stocked, limit)


def _too_high(
    network: Network, stocked: MadeToStock, limit: Fraction
) -> Iterator[Finding]:
    most = f"the storage limit of {_said(limit)} {stocked.unit}"
    at = f"made_to_stock.{stocked.id}"
    if stocked.target is not None and stocked.target > limit:
        yield Finding(f"{at}.target", f"{_said(stocked.target)} is above {most}")
    rows = network.demand(stocked.programme)
    for row in rows:
        if row.target is not None and row.target > limit:
            text = f"{_said(row.target)} is above {most}"
            yield Finding(f"demand.{row.id}.target", text)
    if stocked.target_months is None:
        return
    for row in rows:
        until = months_on(row.due, stocked.target_months)
        after = (other for other in rows if row.due < other.due <= until)
        wanted = sum((other.quantity for other in after), Fraction(0))
        if row.target is None and wanted > limit:
            text = (
                f"the demand of {stocked.target_months} months after "
                f"{format_moment(row.due)} is {_said(wanted)}, above {most}"
            )
            yield Finding(f"{at}.target_months", text)
            return


def periods(network: Network) -> Iterator[Finding]:
    """Periods of a programme follow one another within the horizon."""
    scenario = network.scenario
    for stocked in scenario.made_to_stock:
        rows = network.demand(stocked.programme)
        if not rows:
            text = f"{stocked.programme} has no demand"
            yield Finding(f"made_to_stock.{stocked.id}", text)
        before: Demand | None = None
        for row in rows:
            yield from _dated(network, row)
            if before is not None and before.due == row.due:
                text = f"is the last day of {before.id} too: periods overlap"
                yield Finding(f"demand.{row.id}.due", text)
            elif before is not None and row.start and row.start <= before.due:
                text = (
                    f"{format_moment(row.start)} is in {before.id}, which lasts until "
                    f"{format_moment(before.due)}: periods overlap"
                )
                yield Finding(f"demand.{row.id}.from", text)
            before = row


def _dated(network: Network, row: Demand) -> Iterator[Finding]:
    as_of = network.scenario.as_of
    at, due = f"demand.{row.id}", format_moment(row.due)
    strict = network.scenario.due_rule == "strict"  # counts up to its first moment
    if row.due < as_of:
        yield Finding(f"{at}.due", f"{due} is before as_of {format_moment(as_of)}")
    elif row.due > network.end or (row.due == network.end and not strict):
        yield Finding(f"{at}.due", f"{due} is after the horizon's end")
    if row.start is not None and row.start > row.due:
        text = f"{format_moment(row.start)} is after its last day {due}"
        yield Finding(f"{at}.from", text)


def _said(amount: Fraction) -> str:
    return f"{float(amount):g}"


def objective(network: Network) -> Iterator[Finding]:
    """What isn't regret is told of what is made to stock, amounts in one unit."""
    scenario = network.scenario
    if scenario.objective == "regret":
        return
    if scenario.orders or not scenario.made_to_stock:
        text = "is told where everything is made to stock, not to order"
        yield Finding("objective", text)
    units = {stocked.unit for stocked in scenario.made_to_stock}
    if scenario.objective in AMOUNTS and len(units) > 1:
        text = "adds up kg and batches: state unit alike in made_to_stock"
        yield Finding("objective", text)
    if scenario.objective == "target_deficit" and not _any_target(scenario):
        yield Finding("objective", "nothing made to stock has a target")


def _any_target(scenario: Scenario) -> bool:
    rows = scenario.made_to_stock
    return any(row.target or row.target_months for row in rows) or any(
        row.target for row in scenario.demand
    )


CHECKS: list[Check] = [one_way, units, opening, targets, periods, objective]

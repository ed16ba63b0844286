"""How good a plan is, in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

import pandas as pd

from capacity.checker import target_deficit, throughput
from capacity.demand import lines
from capacity.horizon import format_moment
from capacity.plan import Plan, PlannedBatch, PlannedOrder
from capacity.scenario import Scenario
from capacity.tables.rows import variable_cost
from capacity.tables.usage import load, yearly_load
from capacity.tables.waits import waits


def kpis(
    scenario: Scenario,
    plan: Plan,
    *,
    bound: int | None,
    tiers: Sequence[tuple[str, int, int | None]],
    unavoidable: int,
    amount_bound: Fraction | None = None,
) -> dict[str, object]:
    """Key figures of a plan, as in `kpis.json`.

    Parameters
    ----------
    scenario
        What it was planned from.
    plan
        The plan.
    bound
        Regret below which no plan can be; none where nothing is proved. [money]
    tiers
        Name, objective and bound of each tier, the strictest first. [money]
    unavoidable
        Regret that every plan has, line by line. [money]
    amount_bound
        Where throughput or a deficit is asked for: what no plan betters. [unit]

    Returns
    -------
    dict
        Ready for JSON: money as whole numbers, shares rounded to 6 decimals, `None`
        where there is no bound or nothing to divide.
    """
    money = _money(scenario, plan)
    named = [{"name": name, "objective": o, "bound": b} for name, o, b in tiers]
    return {
        "objective": plan.objective,
        "bound": bound,
        **_gaps(scenario, plan.objective, bound, unavoidable),
        "tiers": named,
        "regret": plan.costs.model_dump(),
        **_service(plan),
        **_stock(plan),
        "changeovers": sum(c.changeover_days > 0 for c in plan.campaigns),
        "campaigns": len(plan.campaigns),
        "batches": sum(batch.campaign is not None for batch in plan.batches),
        **money,
        **_asked(scenario, plan, bound, amount_bound, money),
        "load": _load_by_year(load(scenario, plan)),
        **_queues(plan),
        "waits": _waits(scenario, plan),
        "first_batch": _first_batch(scenario, plan),
        "first_shipment": _first_shipment(scenario, plan),
    }


def _gaps(
    scenario: Scenario, objective: int, bound: int | None, unavoidable: int
) -> dict[str, object]:
    short = None if bound is None else objective - bound
    other = scenario.objective != "regret"
    return {
        "gap": _ratio(short, objective),
        "gap_money": short,
        "gap_avoidable": None if other else _ratio(short, objective - unavoidable),
        "unavoidable": unavoidable,
    }


def _asked(
    scenario: Scenario,
    plan: Plan,
    bound: int | None,
    amount_bound: Fraction | None,
    money: Mapping[str, int],
) -> dict[str, object]:
    """What a scenario asks for instead of regret, and what no plan betters."""
    short = None if bound is None else plan.objective - bound
    most = None if amount_bound is None else plainly(amount_bound)
    match scenario.objective:
        case "profit":
            profit = money["margin"]
            best = None if short is None else profit + short
            return {"profit": profit, "profit_bound": best}
        case "cost":
            cost = money["revenue"] - money["margin"]
            best = None if short is None else cost - short
            return {"cost": cost, "cost_bound": best}
        case "throughput":
            made = plainly(throughput(scenario, plan))
            unit = scenario.made_to_stock[0].unit
            return {"throughput": made, "throughput_bound": most, "amounts_in": unit}
        case "target_deficit":
            lacking = plainly(target_deficit(scenario, plan))
            found = {"target_deficit": lacking, "target_deficit_bound": most}
            return {**found, "amounts_in": scenario.made_to_stock[0].unit}
        case _:
            return {}


def plainly(amount: Fraction) -> int | float:
    """An amount with no more decimals than it needs."""
    return int(amount) if amount.denominator == 1 else round(float(amount), 6)


def _ratio(part: int | None, whole: int) -> float | None:
    """Divide a gap; 0 where there is nothing to close."""
    if part is None:
        return None
    return float(round(Fraction(part, whole), 6)) if whole else 0.0


def _service(plan: Plan) -> dict[str, object]:
    ordered = [order for order in plan.orders if order.firmness != "spare"]
    spares = [order for order in plan.orders if order.firmness == "spare"]
    sold = [o for o in plan.orders if o.firmness in ("firm", "forecast")]
    prospects = [order for order in plan.orders if order.firmness == "prospect"]
    return {
        "late_batches": sum(order.late for order in ordered),
        "unserved_batches": sum(order.unserved for order in ordered),
        "on_time_in_full": _on_time_in_full(sold),
        "on_time_in_full_prospects": _on_time_in_full(prospects),
        "make_up_batches": sum(order.batches for order in spares),
        "make_up_batches_missing": sum(order.unserved for order in spares),
    }


def _stock(plan: Plan) -> dict[str, object]:
    """Ends of periods of programmes made to stock; none where no programme is."""
    if not plan.stocks:
        return {}
    return {
        "stock_ends": len(plan.stocks),
        "stock_ends_short": sum(row.backlog + row.lost > 0 for row in plan.stocks),
        "stock_ends_low": sum(row.closing < row.target for row in plan.stocks),
    }


def _on_time_in_full(rows: Sequence[PlannedOrder]) -> float | None:
    """Share of lines whose every batch is on time; none without lines."""
    if not rows:
        return None
    whole = sum(order.on_time == order.batches for order in rows)
    return float(round(Fraction(whole, len(rows)), 6))


def _money(scenario: Scenario, plan: Plan) -> dict[str, int]:
    """Revenue of what is served and what is left of it, plain and weighted."""
    weights = {line.id: line.weight for line in lines(scenario)}
    revenue = _revenue(scenario, plan)
    costs = [(batch.order, variable_cost(scenario, batch)) for batch in _made(plan)]
    once = plan.costs.changeover + plan.costs.campaign + plan.costs.hold
    once += plan.costs.shipment + _qualified(scenario, plan)
    expected = sum((weights[order] * money for order, money in revenue), Fraction(0))
    spent = sum(
        (weights.get(order or "", Fraction(1)) * cost for order, cost in costs),
        Fraction(0),
    )
    stocked = {row.programme: row.price for row in scenario.made_to_stock}
    supplied = sum(
        (stocked[row.programme] * row.sold for row in plan.stocks), Fraction(0)
    )
    kept = plan.costs.storage + plan.costs.shortage + plan.costs.waste
    once += kept + plan.costs.deficit
    plain = supplied + sum((money for _, money in revenue), Fraction(0))
    expected += supplied
    return {
        "revenue": _whole(plain),
        "revenue_expected": _whole(expected),
        "margin": _whole(plain - sum(cost for _, cost in costs) - once),
        "margin_expected": _whole(expected - spent - once),
    }


def _qualified(scenario: Scenario, plan: Plan) -> int:
    """Transfers and filings of qualifications; their batches cost what batches do."""
    chains = {chain.id: chain for chain in scenario.qualifications}
    return sum(
        chains[row.qualification].transfer_cost * (row.transfer_start is not None)
        + chains[row.qualification].filing_cost * len(row.filings)
        for row in plan.qualifications
    )


def _revenue(scenario: Scenario, plan: Plan) -> list[tuple[str, Fraction]]:
    """Price what each line gets: its price is shared over the batches it needs.

    A make-up batch stands in for one that failed, so it brings nothing more.
    """
    sold = {line.id: line for line in lines(scenario)}
    return [
        (
            order.order,
            Fraction(sold[order.order].price * sold[order.order].batches)
            * Fraction(order.batches - order.unserved, order.batches),
        )
        for order in plan.orders
        if order.firmness != "spare"
    ]


def _made(plan: Plan) -> list[PlannedBatch]:
    """Batches that the plan decided on; those of locked campaigns are paid already."""
    locked = {campaign.campaign for campaign in plan.campaigns if campaign.locked}
    return [
        batch
        for batch in plan.batches
        if batch.campaign is not None and batch.campaign not in locked
    ]


def _whole(money: Fraction) -> int:
    """Round half up."""
    return math.floor(money + Fraction(1, 2))


def _load_by_year(frame: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    yearly = yearly_load(frame[frame.kind == "suite"])
    found: dict[str, dict[str, float | None]] = {}
    for suite, year, share in zip(
        yearly.resource, yearly.year, yearly.load, strict=True
    ):
        found.setdefault(suite, {})[year] = None if pd.isna(share) else float(share)
    return found


def _queues(plan: Plan) -> dict[str, object]:
    """Batches that queues release later, and by how many days in all."""
    days = [batch.wait_days for batch in plan.batches if batch.wait_days]
    return {"waiting_batches": len(days), "waiting_days": round(sum(days))}


def _waits(scenario: Scenario, plan: Plan) -> list[dict[str, object]]:
    """Every stretch in which QC or QA binds, named."""
    rows = waits(scenario, plan).to_dict("records")
    return [
        {
            "name": f"{row['resource']} at {row['site']} from {row['from']}",
            **{str(column): cell for column, cell in row.items()},
        }
        for row in rows
    ]


def _first_batch(scenario: Scenario, plan: Plan) -> dict[str, str | None]:
    """Start of the first batch made at each site."""
    return {
        site.id: _earliest(
            batch.start
            for batch in plan.batches
            if batch.site == site.id and batch.campaign is not None
        )
        for site in scenario.sites
    }


def _first_shipment(scenario: Scenario, plan: Plan) -> dict[str, dict[str, str | None]]:
    """By site and market: when the first batch for a line, or a stock, there is available."""
    stocks = {row.programme: row.markets for row in scenario.made_to_stock}
    found: dict[str, dict[str, list[datetime | None]]] = {
        site.id: {} for site in scenario.sites
    }
    for batch in plan.batches:
        markets = [] if batch.market is None else [batch.market]
        if batch.order is None and batch.available is not None:
            markets = stocks.get(batch.programme, [])
        for market in markets:
            found[batch.site].setdefault(market, []).append(batch.available)
    return {
        site: {market: _earliest(rows[market]) for market in sorted(rows)}
        for site, rows in found.items()
    }


def _earliest(moments: Iterable[datetime | None]) -> str | None:
    found = [moment for moment in moments if moment is not None]
    return format_moment(min(found)) if found else None

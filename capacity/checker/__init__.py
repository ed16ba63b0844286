"""The specification: what a plan keeps and what it costs, in plain Python.

It reads the scenario and the plan and nothing else; it shares no code with the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from capacity.checker import amounts
from capacity.checker.book import Book
from capacity.checker.causes import cause_of
from capacity.checker.costs import (
    by_line,
    by_term,
    charges,
    firm_service,
    line_kg,
    served_by,
)
from capacity.checker.ledger import Ledger
from capacity.checker.legible import illegible
from capacity.checker.rules import RULES, Rule
from capacity.checker.unavoidable import unavoidable
from capacity.plan import Plan, PlannedBatch, PlannedCampaign
from capacity.scenario import Scenario

__all__ = [
    "RULES",
    "breaches",
    "broken_rules",
    "regret",
    "target_deficit",
    "throughput",
    "unavoidable",
]


def breaches(scenario: Scenario, plan: Plan) -> list[str]:
    """Every rule that the plan breaks and figure that it misstates, as sentences."""
    ledger = Ledger(Book(scenario), plan)
    return _broken(ledger) or _read(ledger, _misstated)


def broken_rules(scenario: Scenario, plan: Plan) -> list[str]:
    """Every rule that the plan breaks, as sentences, whatever it says of its cost."""
    return _broken(Ledger(Book(scenario), plan))


def _broken(ledger: Ledger) -> list[str]:
    unread = list(_unknown(ledger)) or list(illegible(ledger))
    return unread or [text for rule in RULES.values() for text in _read(ledger, rule)]


def _read(ledger: Ledger, rule: Rule) -> list[str]:
    try:
        return list(rule(ledger))
    except ValueError as error:
        return [f"the plan can't be read: {error}"]
    except (KeyError, RecursionError) as error:
        # a kind without a release lead time, or a batch that uses itself
        return [f"the plan can't be read: it names what its scenario lacks ({error})"]


def regret(scenario: Scenario, plan: Plan) -> int:
    """Regret of a plan that keeps the rules. [money]"""
    found = charges(Ledger(Book(scenario), plan))
    return sum(charge.money for charge in found)


def throughput(scenario: Scenario, plan: Plan) -> Fraction:
    """Product made for stock. [unit]"""
    return amounts.throughput(Ledger(Book(scenario), plan))


def target_deficit(scenario: Scenario, plan: Plan) -> Fraction:
    """What stocks lack of their targets, over all periods. [unit]"""
    return amounts.target_deficit(Ledger(Book(scenario), plan))


def _label(row: PlannedBatch | PlannedCampaign) -> str:
    return row.batch if isinstance(row, PlannedBatch) else f"campaign {row.campaign}"


def _unknown(ledger: Ledger) -> Iterator[str]:
    book = ledger.book
    steps = {
        (programme.id, step.step)
        for programme in book.scenario.programmes
        for step in programme.recipe
    }
    lanes = {lane.id for lane in book.scenario.lanes}
    names = [batch.batch for batch in ledger.plan.batches]
    names += [campaign.campaign for campaign in ledger.plan.campaigns]
    for name in sorted(name for name, count in Counter(names).items() if count > 1):
        yield f"id {name} stands twice in the plan"
    rows: list[PlannedBatch | PlannedCampaign] = [
        *ledger.plan.batches,
        *ledger.plan.campaigns,
    ]
    for row in rows:
        label = _label(row)
        if row.suite not in book.suites:
            yield f"{label}: unknown suite {row.suite}"
        if row.site not in book.sites:
            yield f"{label}: unknown site {row.site}"
        if (row.programme, row.step) not in steps:
            yield f"{label}: unknown step {row.programme} {row.step}"
    for batch in ledger.plan.batches:
        if batch.order is not None and batch.order not in book.lines:
            yield f"batch {batch.batch}: unknown order {batch.order}"
        if batch.campaign is not None and batch.campaign not in ledger.campaigns:
            yield f"batch {batch.batch}: unknown campaign {batch.campaign}"
        if batch.campaign is None and batch.batch not in ledger.given:
            yield f"batch {batch.batch} is in no campaign"
        for key, site in (("qc_site", batch.qc_site), ("qa_site", batch.qa_site)):
            if site is not None and site not in book.sites:
                yield f"batch {batch.batch}: {key}: unknown site {site}"
    for shipment in ledger.plan.shipments:
        if shipment.lane not in lanes:
            yield f"unknown lane {shipment.lane}"
        for name in shipment.batches:
            if name not in ledger.batches:
                yield f"shipment on {shipment.lane}: unknown batch {name}"
    for name in (row.qualification for row in ledger.plan.qualifications):
        if name not in book.chains:
            yield f"unknown qualification {name}"
    yield from _unfit_input(ledger, steps)


def _misstated(ledger: Ledger) -> Iterator[str]:
    """Costs and order rows that don't follow from the batches."""
    book, plan = ledger.book, ledger.plan
    found = charges(ledger)
    terms = by_term(found)
    for term, money in terms.model_dump().items():
        stated = getattr(plan.costs, term)
        if stated != money:
            yield f"{term} costs {money}, not {stated}"
    total = sum(charge.money for charge in found)
    if plan.objective != total:
        yield f"the objective is {total}, not {plan.objective}"
    tier = firm_service(ledger, found)
    if plan.firm_service != tier:
        yield f"firm service costs {tier}, not {plan.firm_service}"
    if plan.stocks != [row for _, f in sorted(ledger.flows.items()) for row in f.rows]:
        yield "the stocks of the plan aren't what its batches make of them"
    rows = {row.order: row for row in plan.orders}
    ordered = {name for name, line in book.lines.items() if not line.own}
    if len(rows) != len(plan.orders) or set(rows) != ordered:
        yield "the orders of the plan aren't those of the scenario"
        return
    costs, serving = by_line(found), served_by(ledger)
    for name in ordered:
        line, served = book.lines[name], serving.get(name, [])
        needed = book.needed(line, line_kg(ledger, line, served))
        late = sum(1 for batch in served if batch.late_days)
        last = max((ledger.tick(batch.available) for batch in served), default=None)
        row = rows[name]
        expected = (
            line.contract,
            line.programme,
            line.kind,
            line.market,
            line.firmness,
            float(line.weight),
            line.due,
            needed,
            len(served) - late,
            late,
            needed - len(served),
            last,
            costs[name],
        )
        stated_row = (
            row.contract,
            row.programme,
            row.kind,
            row.market,
            row.firmness,
            row.weight,
            row.due,
            row.batches,
            row.on_time,
            row.late,
            row.unserved,
            ledger.maybe(row.last_available),
            row.cost,
        )
        if stated_row != expected:
            yield f"order {name} states what its batches don't"
        whole = not late and len(served) == needed
        made = ledger.of_programme.get(line.programme, [])
        cause = "none" if whole else cause_of(book, made, line, served)
        if row.cause != cause:
            yield f"order {name} has the cause {cause}, not {row.cause}"


def _unfit_input(ledger: Ledger, steps: set[tuple[str, str]]) -> Iterator[str]:
    """Rows of `consumes` that no batch could have: each uses the step before its own."""
    seen: set[str] = set()
    for row in ledger.plan.consumes:
        missing = [
            name for name in [row.batch, *row.uses] if name not in ledger.batches
        ]
        for name in missing:
            yield f"consumes: unknown batch {name}"
        if row.batch in seen:
            yield f"consumes: batch {row.batch} stands twice"
        seen.add(row.batch)
        if missing:
            continue
        user = ledger.batches[row.batch]
        if (user.programme, user.step) not in steps:
            continue
        before = ledger.book.step_before(user.programme, user.step)
        wanted = None if before is None else (user.programme, before.step)
        units = [ledger.batches[name] for name in row.uses]
        if not units or any((u.programme, u.step) != wanted for u in units):
            yield f"consumes: batch {row.batch} can't use {', '.join(row.uses) or 'nothing'}"

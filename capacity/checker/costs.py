"""What a plan costs: regret by term and by line, from scenario and plan alone."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from capacity.checker.book import WEEK, Book
from capacity.checker.ledger import Ledger
from capacity.checker.rules.intermediates import inputs_by_rule
from capacity.checker.rules.suites import changeover_needed
from capacity.checker.stocks import expected, prices, rounded_up
from capacity.demand import Line
from capacity.plan import Costs, PlannedBatch
from capacity.scenario import Direct, Frozen, InRelease, Lock, MadeToStock, Stock


@dataclass(frozen=True)
class Charge:
    """One amount of regret."""

    term: str
    """Term of `Costs`."""
    line: str | None
    """Line that it belongs to."""
    money: int
    """[money]"""


Cost = Callable[[Ledger], Iterator[Charge]]


def price_share(book: Book, line: Line, kg: Fraction) -> Fraction:
    """Weighted price of a batch: `needed` batches share the line's price. [money]"""
    return line.weight * line.price * line.batches / book.needed(line, kg)


def cost_of_lateness(book: Book, price: Fraction, late: int) -> int:
    """Service charge from the first tick, contract penalty beyond the grace. [money]"""
    terms, grid = book.scenario.economics, book.grid
    charge = book.rounded(terms.service_charge_per_day * grid.tick * price)
    penalty = book.rounded(terms.penalty_per_week / WEEK * grid.tick * price)
    cap = book.rounded(terms.penalty_cap * price)
    grace = grid.whole(terms.penalty_grace_weeks * WEEK)
    return charge * late + min(cap, penalty * max(0, late - grace))


def cost_of_holding(book: Book, price: Fraction, line: Line, available: int) -> int:
    """Price tied up in a batch that could be available too early. [money]"""
    terms, grid = book.scenario.economics, book.grid
    rate = book.rounded(terms.holding_per_day * grid.tick * price)
    free = book.deadline(line) - grid.whole(terms.holding_free_days)
    return rate * max(0, free - available)


def cost_of_unserved(book: Book, line: Line, price: Fraction) -> int:
    """A batch that isn't served. [money]"""
    return book.rounded(price * line.unserved_factor)


def cheapest(book: Book, line: Line) -> Fraction:
    """Variable cost of the line at its cheapest eligible suite. [money]"""
    return Fraction(
        min(
            book.needed(line, book.kg(line.programme, suite.id))
            * book.variable_cost(suite, line.programme)
            for suite in book.eligible_suites(line)
        )
    )


def cost_of_suite(book: Book, line: Line, suite: str) -> int:
    """Variable cost of a batch above its share of the cheapest. [money]"""
    if line.own:
        return 0  # what it costs is the qualification's
    kg = book.kg(line.programme, suite)
    own = book.variable_cost(book.suites[suite], line.programme)
    share = cheapest(book, line) / book.needed(line, kg)
    return book.rounded(line.weight * (own - share))


def cost_of_qualifying(book: Book, line: Line, suite: str) -> int:
    """Variable cost of a batch that only a qualification asks for. [money]

    And of any PPQ batch of a qualification what making it again costs, as expected, but
    where make-up batches are planned for it.
    """
    chain = None if line.chain is None else book.chains[line.chain]
    if chain is None:
        return 0
    own = book.variable_cost(book.suites[suite], line.programme)
    again = (1 - chain.ppq_success) * own if line.kind == "ppq" else Fraction(0)
    if line.made_up:
        again = Fraction(0)
    return book.rounded(own + again if line.own else line.weight * again)


def cost_of_risk(book: Book, line: Line, suite: str) -> int:
    """Expected loss of a batch started before its right to ship. [money]"""
    stated = book.programmes[line.programme].approval_probability
    chance = book.scenario.economics.approval_probability if stated is None else stated
    own = book.variable_cost(book.suites[suite], line.programme)
    return book.rounded(line.weight * (1 - chance) * own)


def lateness(ledger: Ledger) -> Iterator[Charge]:
    """Lateness of every batch that serves a line."""
    book = ledger.book
    for batch, line, price in _served(ledger):
        late = max(0, ledger.tick(batch.available) - book.deadline(line))
        yield Charge("lateness", line.id, cost_of_lateness(book, price, late))


def holding(ledger: Ledger) -> Iterator[Charge]:
    """Holding of every batch made, from when it could be available without a queue."""
    for batch, line, price in _served(ledger):
        if batch.out is None:
            continue
        able = ledger.unqueued(batch)
        if line.market is not None:
            able = max(able, ledger.right(batch, line.market) or able)
        yield Charge(
            "holding", line.id, cost_of_holding(ledger.book, price, line, able)
        )


def variable(ledger: Ledger) -> Iterator[Charge]:
    """Variable cost above the cheapest suite, used inputs alike; surplus in full.

    Made to stock, every batch costs in full, but for the cheapest that is sold.
    """
    book = ledger.book
    used = _used_anew(ledger)
    for batch in ledger.plan.batches:
        if not ledger.planned(batch):
            continue
        line = ledger.line(batch)
        if line is not None:
            yield Charge("variable", line.id, cost_of_suite(book, line, batch.suite))
            continue
        own = book.variable_cost(ledger.suite(batch), batch.programme)
        ordered = batch.programme not in book.made_to_stock
        if ordered and (batch.kind == "in_process" or batch.batch in used):
            suites = book.open_suites(batch.programme, batch.step)
            own -= min(book.variable_cost(suite, batch.programme) for suite in suites)
        yield Charge("variable", None, own)
    for stocked in book.scenario.made_to_stock:
        sold = ledger.flows[stocked.programme].made_for
        yield Charge("variable", None, -cheapest_for(book, stocked, sold))


def at_risk(ledger: Ledger) -> Iterator[Charge]:
    """Production before the right to ship."""
    for batch in ledger.plan.batches:
        line = ledger.line(batch)
        if line is not None and batch.at_risk and ledger.planned(batch):
            money = cost_of_risk(ledger.book, line, batch.suite)
            yield Charge("at_risk", line.id, money)


def unserved(ledger: Ledger) -> Iterator[Charge]:
    """Batches that a line lacks, at the batch size it is made at."""
    book = ledger.book
    serving = served_by(ledger)
    for name, line in book.lines.items():
        served = serving.get(name, [])
        kg = line_kg(ledger, line, served)
        missing = max(0, book.needed(line, kg) - len(served))
        each = cost_of_unserved(book, line, price_share(book, line, kg))
        yield Charge("unserved", name, missing * each)
    for stocked in book.scenario.made_to_stock:
        flow = ledger.flows[stocked.programme]
        wanted = sum((row.demand for row in flow.rows), Fraction(0))
        needed = max(Fraction(0), wanted - flow.given)
        saved = cheapest_for(book, stocked, needed)
        saved -= cheapest_for(book, stocked, flow.made_for)
        yield Charge("unserved", None, rounded_up(stocked.price * flow.unsold) - saved)


def changeover(ledger: Ledger) -> Iterator[Charge]:
    """Every changeover longer than 0 days, once; locked campaigns cost nothing."""
    for suite, campaigns in ledger.by_suite.items():
        rules = ledger.book.changeover_rules(ledger.book.suites[suite])
        for number, campaign in enumerate(campaigns):
            before = campaigns[number - 1] if number else None
            if not campaign.locked and changeover_needed(ledger, before, campaign):
                yield Charge("changeover", None, rules.cost)


def campaign(ledger: Ledger) -> Iterator[Charge]:
    """Every campaign that isn't locked, once, as its suite and programme say."""
    book = ledger.book
    for row in ledger.plan.campaigns:
        if not row.locked:
            money = book.campaign_cost(book.suites[row.suite], row.programme)
            yield Charge("campaign", None, money)


def hold(ledger: Ledger) -> Iterator[Charge]:
    """The days that the batches of a campaign waited for it, all together."""
    book = ledger.book
    for row in ledger.plan.campaigns:
        supply = book.step(row.programme, row.step).supply
        if not isinstance(supply, Direct) or not supply.hold_cost:
            continue
        waited = 0
        for batch in ledger.members[row.campaign]:
            for name in ledger.uses.get(batch.batch, []):
                feed = ledger.batches[name]
                waited += ledger.tick(batch.start) - ledger.tick(feed.out)
        days = book.grid.days(waited)
        yield Charge("hold", None, rounded_up(supply.hold_cost * days))


def shipment(ledger: Ledger) -> Iterator[Charge]:
    """Every shipment; duty and expected loss on the variable cost of its cargo."""
    book = ledger.book
    lanes = {lane.id: lane for lane in book.scenario.lanes}
    for row in ledger.plan.shipments:
        lane = lanes[row.lane]
        yield Charge("shipment", None, lane.cost)
        for name in row.batches:
            unit = ledger.batches[name]
            worth = book.variable_cost(ledger.suite(unit), unit.programme)
            dues = book.rounded(lane.tariff * worth) + book.rounded(lane.loss * worth)
            yield Charge("shipment", None, dues)


def qualification(ledger: Ledger) -> Iterator[Charge]:
    """Transfers, filings, and what batches of qualifications cost."""
    book = ledger.book
    for row in ledger.plan.qualifications:
        chain = book.chains[row.qualification]
        if row.transfer_start is not None:
            yield Charge("qualification", None, chain.transfer_cost)
        yield Charge("qualification", None, chain.filing_cost * len(row.filings))
    for batch in ledger.plan.batches:
        line = ledger.line(batch)
        if line is not None and ledger.planned(batch):
            money = cost_of_qualifying(book, line, batch.suite)
            yield Charge("qualification", line.id, money)


def storage(ledger: Ledger) -> Iterator[Charge]:
    """Product in stock, of programmes made to it."""
    yield from _by_period(ledger, "storage")


def shortage(ledger: Ledger) -> Iterator[Charge]:
    """Demand against stock that waits or is lost."""
    yield from _by_period(ledger, "shortage")


def waste(ledger: Ledger) -> Iterator[Charge]:
    """Product that expires in stock or finds no room."""
    yield from _by_period(ledger, "waste")


def deficit(ledger: Ledger) -> Iterator[Charge]:
    """Stock below its target."""
    yield from _by_period(ledger, "deficit")


def _by_period(ledger: Ledger, term: str) -> Iterator[Charge]:
    for stocked in ledger.book.scenario.made_to_stock:
        for amounts in ledger.flows[stocked.programme].amounts:
            yield Charge(term, None, prices(stocked, amounts)[term])


def cheapest_for(book: Book, stocked: MadeToStock, amount: Fraction) -> int:
    """Variable cost of product at its cheapest, no more than its price. [money]"""
    recipe = book.programmes[stocked.programme].recipe
    inputs, each = Fraction(0), Fraction(1)
    for step, after in zip(recipe[-2::-1], recipe[:0:-1], strict=True):
        if isinstance(after.supply, Frozen):
            each *= after.supply.ratio
        inputs += each * _cheapest_new(book, stocked.programme, step.step)
    costs = [
        (book.variable_cost(suite, stocked.programme) + inputs)
        / expected(book, stocked, suite.id)
        for suite in book.open_suites(stocked.programme, recipe[-1].step)
    ]
    return math.floor(min([stocked.price, *costs]) * amount)


def _cheapest_new(book: Book, programme: str, step: str) -> int:
    """Variable cost of an input's batch, 0 where some are there already. [money]"""
    scenario = book.scenario
    given: list[Lock | InRelease | Stock] = [
        *scenario.locks,
        *scenario.in_release,
        *scenario.stock,
    ]
    if any((row.programme, row.step) == (programme, step) for row in given):
        return 0
    suites = book.open_suites(programme, step)
    return min((book.variable_cost(suite, programme) for suite in suites), default=0)


COSTS: dict[str, Cost] = {
    cost.__name__: cost
    for cost in (
        lateness,
        holding,
        variable,
        at_risk,
        unserved,
        changeover,
        campaign,
        hold,
        shipment,
        qualification,
        storage,
        shortage,
        waste,
        deficit,
    )
}


def charges(ledger: Ledger) -> list[Charge]:
    """Every amount of the plan's regret."""
    return [charge for cost in COSTS.values() for charge in cost(ledger)]


def by_term(found: list[Charge]) -> Costs:
    """Regret by term."""
    sums: defaultdict[str, int] = defaultdict(int)
    for charge in found:
        sums[charge.term] += charge.money
    return Costs(**sums)


def by_line(found: list[Charge]) -> dict[str, int]:
    """Regret by line. [money]"""
    sums: defaultdict[str, int] = defaultdict(int)
    for charge in found:
        if charge.line is not None:
            sums[charge.line] += charge.money
    return sums


def firm_service(ledger: Ledger, found: list[Charge]) -> int:
    """First tier: lateness and unserved of firm lines. [money]"""
    return sum(
        charge.money
        for charge in found
        if charge.term in ("lateness", "unserved")
        and charge.line is not None
        and ledger.book.lines[charge.line].firmness == "firm"
    )


def served_by(ledger: Ledger) -> dict[str, list[PlannedBatch]]:
    """Batches that serve each line."""
    found: defaultdict[str, list[PlannedBatch]] = defaultdict(list)
    for batch in ledger.plan.batches:
        if batch.order is not None:
            found[batch.order].append(batch)
    return found


def line_kg(ledger: Ledger, line: Line, served: list[PlannedBatch]) -> Fraction:
    """Batch size a line is made at; the reference size where nothing serves it. [kg]"""
    step = ledger.book.last_step(line.programme)
    suite = served[0].suite if served else step.reference_suite or step.suites[0]
    return ledger.book.kg(line.programme, suite)


def _served(ledger: Ledger) -> Iterator[tuple[PlannedBatch, Line, Fraction]]:
    for batch in ledger.plan.batches:
        line = ledger.line(batch)
        if line is not None:
            kg = ledger.book.kg(line.programme, batch.suite)
            yield batch, line, price_share(ledger.book, line, kg)


def _used_anew(ledger: Ledger) -> set[str]:
    return {
        unit.batch
        for programme in ledger.book.scenario.programmes
        for step in programme.recipe
        if isinstance(step.supply, Frozen)
        for _, taken, _ in inputs_by_rule(ledger, programme.id, step.step, step.supply)
        for unit in taken
    }

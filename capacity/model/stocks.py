"""Demand against stock: what enters, expires, is supplied and waits, period by period.

Product is told apart by its *class*, the period in which it expires, and that in which it
entered where the first to enter goes out first: within a class the order means nothing.
In the order in which classes go out, what a period leaves of the first n of them is what
there was of these, less all that goes out, at least 0. That is exact, in as many rows as
classes can be there at once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from ortools.sat.python.cp_model import Domain

from capacity.instance import OnHand, Stocked
from capacity.model.slots import (
    BY_FILING,
    Expression,
    Literal,
    Slot,
    StockedVars,
    StockVars,
    Variables,
)
from capacity.schedule import Batch

Class = tuple[int, int]
"""(period in which it entered, period in which it has expired); in stock, the first is 0
where it doesn't matter."""
FAR = 10**8
"""Later than anything. [tick]"""


def keep_stock(v: Variables) -> None:
    """Demand is supplied from what has entered and not expired, in its turn."""
    free = {slot.step.programme for slot in v.slots() if slot.fixed is None}
    for programme, stocked in v.instance.stocked.items():
        if v.scope.whole or programme in free:
            v.stocks.append(_Flow(v, stocked).built())


def flow_of(v: Variables, stocked: Stocked) -> StockedVars:
    """The stock of one programme."""
    return _Flow(v, stocked).built()


class _Flow:
    """Carries what building needs."""

    def __init__(self, v: Variables, stocked: Stocked) -> None:
        self.v, self.stocked = v, stocked
        self.ends = [period.end for period in stocked.periods]
        self.last = len(self.ends)
        self.coming: dict[Class, list[Expression]] = defaultdict(list)
        """Amounts by class."""
        self.waits: dict[int, list[Expression]] = defaultdict(list)
        """Amount times ticks since it entered, by period, where costs are per day."""
        self.most = 1
        """More than can ever come in."""

    def built(self) -> StockedVars:
        for amount, end in self.stocked.opening:
            self._known(-FAR, FAR if end is None else end, amount)
        for data in self.v.instance.on_hand:
            if data.step == self.stocked.step:
                self._on_hand(data)
        base = self.v.scope.base.by_unit
        for slot in self.v.slots():
            if slot.step.index != self.stocked.step:
                continue
            if slot.fixed is not None and not self.v.scope.whole:
                self._outside(base[slot.suite, slot.low])
            elif slot.kind in (None, "commercial"):
                self._slot(slot)
        return self._periods()

    # ---------------------------------------------------------------- entering

    def _period(self, tick: int) -> int:
        """The first period whose end isn't before a tick."""
        return sum(end < tick for end in self.ends)

    def _known(self, enters: int, end: int, amount: int) -> None:
        """Product whose dates are known."""
        entry, expiry = self._period(enters), self._period(end)
        if entry == self.last:
            return
        self.coming[entry, max(entry, expiry)].append(amount)
        self.most += amount
        if self.stocked.daily:
            since = max(enters, self._begin(entry))
            self.waits[entry].append(amount * (self.ends[entry] - since))

    def _on_hand(self, data: OnHand) -> None:
        right = self.stocked.given_rights[data.suite]
        if right is None or data.kind != "commercial":
            return
        end = FAR if data.expiry is None else data.expiry
        if data.out is not None and self.stocked.life is not None:
            end = data.out + self.stocked.life + 1
        amounts = self.stocked.amounts
        if data.out is None:
            amounts = self.stocked.released_amounts
        self._known(max(data.ready, right), end, amounts[data.suite])

    def _outside(self, batch: Batch) -> None:
        """A batch that a neighbourhood leaves alone."""
        enters = self.v.scope.base.enters(batch)
        if enters is None:
            return
        end = FAR
        if self.stocked.life is not None:
            assert batch.out is not None
            end = batch.out + self.stocked.life + 1
        self._known(enters, end, self.stocked.amounts[batch.suite])

    def _slot(self, slot: Slot) -> None:
        """A batch that may be made: one literal for each class that it may be of."""
        right = self._right(slot)
        if right is None:
            return
        amount = self.stocked.amounts[slot.suite]
        self.most += amount
        there = slot.free
        enters, early, late = self._enters(slot, right)
        entries = self._choice(slot, there, enters, early, late, "enters")
        expiries = {self.last: there}
        if self.stocked.life is not None:
            wait = slot.lead + self.stocked.life + 1
            low, high = slot.low + wait, slot.high + wait
            until = slot.start + wait
            expiries = self._choice(slot, there, until, low, high, "expires")
        for entry, entered in entries.items():
            if entry == self.last:
                continue
            for expiry, expired in expiries.items():
                literal = self._both(slot, there, (entry, expiry), entered, expired)
                if literal is not None:
                    kind = entry, max(entry, expiry)
                    self.coming[kind].append(amount * literal)
            if self.stocked.daily:
                since = self._since(slot, enters, early)
                self._wait(slot, entry, entered, since, amount)

    def _right(self, slot: Slot) -> int | None:
        """Right to ship to every market, or its earliest where it is decided here. [tick]"""
        right = self.stocked.rights[slot.suite]
        if self.v.scope.whole:
            return right
        granted = self.v.scope.base.granted
        rights = [right, *(granted[f] for f in self.stocked.filings[slot.suite])]
        known = [at for at in rights if at is not None]
        return max(known) if len(known) == len(rights) else None

    def _enters(self, slot: Slot, right: int) -> tuple[Expression, int, int]:
        """When a batch enters, at the earliest and at the latest. [tick]"""
        soonest = slot.low + slot.lead + slot.step.lead_times["commercial"]
        if slot.step.lag is not None:
            released: Expression = slot.out + slot.step.lag
            late = max(slot.high + slot.lead + slot.step.lag, right)
        else:
            assert slot.done is not None
            released, late = slot.done + slot.step.buffer("commercial"), FAR
        filings = self.stocked.filings[slot.suite] if self.v.scope.whole else ()
        if right <= soonest and not filings:
            return released, soonest, late
        early = max(right, soonest)
        enters = self.v.model.new_int_var(early, BY_FILING, f"enters#{slot.number}")
        rights = [self.v.rights[BY_FILING + filing] for filing in filings]
        self.v.model.add_max_equality(enters, [released, right, *rights])
        return enters, early, BY_FILING if filings else late

    def _choice(
        self, slot: Slot, there: Literal, at: Expression, low: int, high: int, name: str
    ) -> dict[int, Literal]:
        """The period of a tick, as one literal for each that it may be."""
        first, last = self._period(low), self._period(high)
        if first == last:
            return {first: there}
        found = {}
        for number in range(first, last + 1):
            literal = self.v.literal(f"{name}{number}#{slot.number}")
            begin = -FAR if number == first else self.ends[number - 1] + 1
            end = BY_FILING if number == self.last else self.ends[number]
            self.v.model.add_linear_expression_in_domain(
                at, Domain(begin, end)
            ).only_enforce_if(literal)
            found[number] = literal
        self.v.model.add(sum(found.values()) == there)
        return found

    def _both(
        self,
        slot: Slot,
        there: Literal,
        kind: Class,
        entered: Literal,
        expired: Literal,
    ) -> Literal | None:
        """Whether a batch is of a class; None where it can't be."""
        if expired is there:
            return entered
        if entered is there:
            return expired
        entry, expiry = kind
        life = self.stocked.life
        assert life is not None
        if slot.step.lag is not None and self._apart(
            slot.step.lag, life, entry, expiry
        ):
            return None
        both = self.v.literal(f"class{kind}#{slot.number}")
        self.v.model.add_implication(both, entered)
        self.v.model.add_implication(both, expired)
        self.v.model.add_bool_or([both, ~entered, ~expired])
        return both

    def _apart(self, lag: int, life: int, entry: int, expiry: int) -> bool:
        """Whether nothing that enters in a period so long after its out expires then."""
        right = max(r for r in self.stocked.rights.values() if r is not None)
        begin, until = self._begin(entry), self.ends[entry]
        if right > begin or any(self.stocked.filings.values()):
            return False
        first = -FAR if entry == 0 else begin + 1 - lag + life + 1
        last = until - lag + life + 1
        low = -FAR if expiry == 0 else self.ends[expiry - 1] + 1
        high = FAR if expiry == self.last else self.ends[expiry]
        return last < low or high < first

    def _since(self, slot: Slot, enters: Expression, early: int) -> Expression:
        """From when a batch lies in stock: not before `as_of`. [tick]"""
        start = self.stocked.start
        if early >= start:
            return enters
        since = self.v.model.new_int_var(start, BY_FILING, f"since#{slot.number}")
        self.v.model.add_max_equality(since, [enters, start])
        return since

    def _wait(
        self, slot: Slot, entry: int, entered: Literal, since: Expression, amount: int
    ) -> None:
        """Ticks from a batch's entry to the end of its period."""
        end = self.ends[entry]
        most = end - self._begin(entry)
        wait = self.v.model.new_int_var(0, most, f"waits{entry}#{slot.number}")
        self.v.model.add(wait >= end - since).only_enforce_if(entered)
        self.waits[entry].append(amount * wait)

    def _begin(self, number: int) -> int:
        """Where a period begins: the end before, or `as_of`. [tick]"""
        return self.ends[number - 1] if number else self.stocked.start

    # ----------------------------------------------------------------- periods

    def _periods(self) -> StockedVars:
        stocked, model = self.stocked, self.v.model
        most = self.most
        here: dict[Class, Expression] = {}
        backlog: Expression = 0
        closing: Expression = 0
        unsold: list[Expression] = []
        rows: list[StockVars] = []
        for number, period in enumerate(stocked.periods):
            new = sorted(key for key in self.coming if key[0] == number)
            kept: Expression = sum(self.waits[number])
            if number and stocked.daily:
                kept += closing * (period.end - self.ends[number - 1])
            for entry, expiry in new:
                key = (entry if stocked.fifo else 0, expiry)
                here[key] = here.get(key, 0) + sum(self.coming[entry, expiry])
            waste = sum(x for key, x in here.items() if key[1] == number)
            here = {key: x for key, x in here.items() if key[1] > number}
            there = sum(here.values())
            wanted = backlog + period.demand
            sold = model.new_int_var(0, most, f"sold{stocked.id}{number}")
            model.add_min_equality(sold, [there, wanted])
            gone: Expression = sold
            closing = there - sold
            if stocked.limit is not None and stocked.wasted:
                over = model.new_int_var(0, most, f"over{stocked.id}{number}")
                model.add_max_equality(over, [0, closing - stocked.limit])
                waste, gone, closing = waste + over, sold + over, closing - over
            elif stocked.limit is not None:
                model.add(closing <= stocked.limit)
            if stocked.clean:
                model.add(waste == 0)
            here = self._left(here, gone, number, most)
            short = wanted - sold
            backlog = short
            if stocked.shortage == "lost":
                unsold.append(short)
                backlog = 0
            elif stocked.shortage == "hard":
                model.add(short == 0)
            elif stocked.daily:
                after = (*self.ends[1:], stocked.after)[number]
                short = (after - period.end) * short
            deficit = model.new_int_var(
                0, period.target, f"deficit{stocked.id}{number}"
            )
            model.add_max_equality(deficit, [0, period.target - closing])
            storage = kept if stocked.daily else closing
            rows.append(StockVars(storage, short, waste, deficit))
        unsold.append(backlog)
        ticks = stocked.after - stocked.start if stocked.daily else 1
        top = max(most, stocked.wanted, *(period.target for period in stocked.periods))
        return StockedVars(stocked, rows, sum(unsold), top * max(1, ticks))

    def _left(
        self, here: dict[Class, Expression], gone: Expression, number: int, most: int
    ) -> dict[Class, Expression]:
        """What is left of each class when an amount has gone out in their order."""
        turn = sorted(here)
        before: Expression = 0
        first: Expression = 0
        found: dict[Class, Expression] = {}
        for key in turn:
            before = before + here[key]
            upto: Expression = self.v.model.new_int_var(
                0, most, f"left{key}{self.stocked.id}{number}"
            )
            self.v.model.add_max_equality(upto, [0, before - gone])
            found[key] = upto - first
            first = upto
        return found


def keep_cap(v: Variables, made: Expression) -> None:
    """What is made, or what stock lacks of its targets, is as good as is asked for."""
    cap = v.instance.cap
    if cap is None or not v.scope.whole:  # of a neighbourhood the whole plan is judged
        return
    amount = -made
    if cap.objective == "target_deficit":
        amount = sum(
            v.instance.parts[found.stocked.programme] * period.deficit
            for found in v.stocks
            for period in found.periods
        )
    v.model.add(amount <= cap.most)


def made_by(v: Variables) -> Expression:
    """Product of all batches of last steps that are planned. [part]"""
    return sum(
        v.instance.brings(slot.step, slot.suite) * slot.present
        for slot in v.slots()
        if slot.planned and v.instance.stocked_by(slot.step) is not None
    )


def costs_of(v: Variables) -> Iterator[tuple[str, Expression]]:
    """Money by term of every programme made to stock, made up of what the plan decides."""
    for found in v.stocks:
        stocked = found.stocked
        rates = {
            "storage": stocked.storage_cost,
            "shortage": stocked.shortage_cost,
            "waste": stocked.waste_cost,
            "deficit": stocked.target_cost,
        }
        for number, row in enumerate(found.periods):
            for term, rate in rates.items():
                name = f"{term}{stocked.id}{number}"
                amount = getattr(row, term)
                yield term, _money(v, rate, amount, found.most, name)
        name = f"lost{stocked.id}"
        yield "unserved", _money(v, stocked.price, found.unsold, found.most, name)
        yield "unserved", -stocked.ideal


def _money(
    v: Variables, rate: Fraction, amount: Expression, most: int, name: str
) -> Expression:
    """Money for an amount of at most so much, rounded up."""
    if rate.denominator == 1:
        return int(rate) * amount
    money = v.model.new_int_var(0, math.ceil(rate * most), name)
    v.model.add(rate.denominator * money >= rate.numerator * amount)
    return money

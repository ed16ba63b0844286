"""The stock that linked campaigns fill."""

from __future__ import annotations

from collections import defaultdict

from capacity.instance import Instance, Mode, Stocked
from capacity.model.linked.trains import Leg, Train, earliest
from capacity.model.slots import (
    Chain,
    Expression,
    Literal,
    Slot,
    StockedVars,
    StockVars,
    Variables,
)


def in_turn(instance: Instance, stocked: Stocked) -> bool:
    """Whether all product goes out in the order in which it is made, in equal amounts."""
    last = instance.steps[stocked.step]
    sizes = {stocked.amounts[suite] for suite in last.modes}
    soonest = min((earliest(m) + m.lead for m in last.modes.values()), default=0)
    late = [
        right for right in stocked.rights.values() if right is None or right > soonest
    ]
    return (
        len(sizes) == 1
        and not late
        and not stocked.opening
        and not any(batch.step == stocked.step for batch in instance.on_hand)
        and not stocked.daily
        and not stocked.wasted
        and stocked.shortage != "lost"
        and (stocked.life is None or stocked.life >= (last.lag or 0))
    )


class Turns:
    """A stock whose product goes out in the order in which it was made.

    So sums over time say all: what has entered, what of it has expired, what was sold.
    """

    def __init__(
        self, v: Variables, stocked: Stocked, rows: list[Train], expiring: bool
    ) -> None:
        self.v, self.stocked, self.rows = v, stocked, rows
        self.expiring = expiring
        suites = v.instance.steps[stocked.step].modes
        self.amount = next((stocked.amounts[suite] for suite in suites), 1)
        self.most = sum(len(train.more) for train in rows) * self.amount

    def built(self) -> StockedVars:
        """All periods."""
        model, stocked, found = self.v.model, self.stocked, []
        wanted = 0
        gone: Expression = 0
        wasted: Expression = 0
        backlog: Expression = 0
        entered, expired = self._by_periods()
        keeps = stocked.life is None or (not self.expiring and self._better_kept())
        made = sum(train.batches for train in self.rows)
        for number, period in enumerate(stocked.periods):
            name = f"{stocked.id}{number}"
            wanted += period.demand
            waste: Expression = 0
            if not keeps:
                waste = model.new_int_var(0, self.most, f"waste{name}")
            if not keeps and self.expiring:
                model.add_max_equality(waste, [0, expired[number] - gone])
            if stocked.clean:
                model.add(waste == 0)
            wasted = wasted + waste
            closing = model.new_int_var(0, self.most, f"closing{name}")
            backlog = model.new_int_var(0, wanted, f"backlog{name}")
            enough = self.v.literal(f"enough{name}")
            model.add(closing - backlog == entered[number] - wasted - wanted)
            model.add(closing == 0).only_enforce_if(~enough)
            model.add(backlog == 0).only_enforce_if(enough)
            gone = entered[number] - closing
            if stocked.limit is not None and (self.expiring or stocked.life is None):
                model.add(closing <= stocked.limit)
            if stocked.shortage == "hard":
                model.add(backlog == 0)
            deficit: Expression = 0
            if period.target:
                deficit = model.new_int_var(0, period.target, f"deficit{name}")
                model.add_max_equality(deficit, [0, period.target - closing])
            found.append(StockVars(closing, backlog, waste, deficit))
        model.add(backlog + self.amount * made >= wanted)  # follows, and guides
        targets = (period.target for period in stocked.periods)
        most = max(self.most, stocked.wanted, *targets)
        return StockedVars(stocked, found, backlog, most)

    def _better_kept(self) -> bool:
        """Whether to keep product to the end never costs more than to waste it."""
        stocked = self.stocked
        modes = self.v.instance.steps[stocked.step].modes.values()
        soonest = min((earliest(mode) + mode.lead for mode in modes), default=0)
        expiry = soonest + (stocked.life or 0) + 1
        kept = sum(period.end >= expiry for period in stocked.periods)
        plain = stocked.storage_cost.denominator == stocked.waste_cost.denominator == 1
        return plain and stocked.storage_cost * kept <= stocked.waste_cost

    def _by_periods(self) -> tuple[list[Expression], list[Expression]]:
        """What has entered by each period's end, and what has expired then."""
        lag = self.v.instance.steps[self.stocked.step].lag or 0
        ends = [period.end for period in self.stocked.periods]
        entered: list[Expression] = [0] * len(ends)
        expired: list[Expression] = [0] * len(ends)
        life = self.stocked.life
        for train in self.rows:
            for k, by in enumerate(
                self._until(train, [end - lag for end in ends], "in")
            ):
                entered[k] += self.amount * sum(by)
            if life is not None and self.expiring:
                last = [end - life - 1 for end in ends]
                for k, by in enumerate(self._until(train, last, "over")):
                    expired[k] += self.amount * sum(by)
        return entered, expired

    def _until(self, train: Train, ticks: list[int], name: str) -> list[list[Literal]]:
        """By tick, whether each batch of a train is made and out by then."""
        model, leg, end = self.v.model, train.legs[-1], self.v.instance.horizon_end
        first = min(earliest(mode) + mode.lead for mode in leg.step.modes.values())
        found: list[list[Literal]] = []
        for number, tick in enumerate(ticks):
            row: list[Literal] = list(train.more) if tick >= end else []
            for k, (more, out) in enumerate(zip(train.more, leg.outs, strict=True)):
                if tick < first or tick >= end:
                    break
                by = self.v.literal(f"{name}{number}[{more.index}]")
                model.add_implication(by, more)
                if k:
                    model.add_implication(by, row[-1])
                if found and k < len(found[-1]):
                    model.add_implication(found[-1][k], by)
                model.add(out <= tick).only_enforce_if(by)
                model.add(out > tick).only_enforce_if([more, ~by])
                row.append(by)
            found.append(row)
        return found


def list_batches(v: Variables, rows: list[Train]) -> None:
    """Every batch of a last step as one that may enter the stock."""
    number = 0
    for train in rows:
        leg = train.legs[-1]
        stocked = v.instance.stocked[train.programme]
        sorts: defaultdict[tuple[int, int, int | None], list[int]] = defaultdict(list)
        for suite, mode in leg.step.modes.items():
            right = stocked.rights[suite]
            sorts[mode.lead, stocked.amounts[suite], right].append(suite)
        for suites in sorts.values():
            where = [leg.here[suite] for suite in suites]
            block: list[Slot] = []
            for place, more in enumerate(train.more):
                present = more if len(sorts) == 1 else _both(v, more, where)
                mode = leg.step.modes[suites[0]]
                block.append(_slot(v, leg, place, mode, present, number))
                number += 1
            chain = Chain(leg.step, suites[0], [block])
            v.chains[-1 - number, suites[0]] = chain  # of one train alone


def _both(v: Variables, more: Literal, where: list[Literal]) -> Literal:
    """Whether a batch is made in one of some suites."""
    literal = v.literal(f"both[{more.index}]{where[0].index}")
    v.model.add_implication(literal, more)
    v.model.add_bool_or([~literal, *where])
    for suite in where:
        v.model.add_bool_or([literal, ~more, ~suite])
    return literal


def _slot(
    v: Variables, leg: Leg, place: int, mode: Mode, present: Literal, number: int
) -> Slot:
    return Slot(
        number=number,
        step=leg.step,
        suite=mode.suite,
        site=mode.site,
        lead=mode.lead,
        low=min(earliest(m) for m in leg.step.modes.values()),
        high=v.instance.horizon_end - mode.lead,
        present=present,
        start=leg.starts[place],
        fixed=None,
        place=place,
        kind=None,
        planned=True,
    )

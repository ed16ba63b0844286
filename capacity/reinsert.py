"""Improve a plan: campaigns are shifted, resized, split, merged, moved and reinserted.

Every change is priced at once; a dearer plan is kept with a chance that shrinks as the
search goes on (simulated annealing), and the best plan met is what comes back.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

from capacity.board import Board, Campaign, Foreseen, board_of, by_start
from capacity.construct import (
    Bundle,
    Change,
    bundles_of,
    fill,
    halves,
    insert,
    make_way,
    places,
    provide,
    qualifying,
    settle,
    shifted,
)
from capacity.feeds import linked
from capacity.instance import FAR, StepData
from capacity.intermediates import lacking, wait
from capacity.pegging import FIRM_WEIGHT, Demand
from capacity.rows import Rows
from capacity.schedule import Schedule

BATCH = 100
"""Moves from one look at the clock to the next."""

REPORTS = 20
"""How often in a search it is looked what the plan is worth, and told."""

TOLERANCES = ((0.4, 0.9), (0.7, 1.5))
"""(share of the search, what a batch without its intermediate counts until then, in shares
of its worth); not tolerated afterwards."""

ROWS, ROWS_WHERE_FREE = 100, 1000
"""How often a row is laid anew, where other moves are made a hundred times; and where keeping
product costs nothing, as other moves leave idle time between campaigns."""

LOST = 15
"""Where giving up batches that lack their intermediate costs more than so many batches are
worth, the search goes on from the best plan instead."""

SPARE = 2
"""Most intermediates that a further batch brings beyond its own, where others lack theirs."""

TRIES, CHOSEN = 10, 6
"""Tries to put back what a programme lacks, when a search has cooled, and most programmes."""

UNUSED = 20_000
"""Objects that may lie around unused while moves are made."""

HOT, COLD = 0.225, 0.002
"""First and last temperature of the annealing, in shares of what a batch is worth."""


def improve(
    schedule: Schedule,
    *,
    seed: int,
    done: Callable[[int], float],
    report: Callable[[Schedule], None],
    heat: float = 1.0,
    floors: Sequence[int] = (),
    firm_weight: int = FIRM_WEIGHT,
    right_weight: int = 1,
) -> Schedule:
    """Search from a plan.

    Parameters
    ----------
    schedule
        Where to start.
    seed
        Of every random choice.
    done
        Share of the search that is over after so many moves; from 1 on it ends. [1]
    report
        Told of better plans now and then.
    heat
        Share of the usual first temperature: a good plan is lost with less than 1. [1]
    floors
        Firm service that can't be bettered, by programme; none where left out. [money]
    firm_weight
        What firm service counts in a strict plan, against everything else. [1]
    right_weight
        How often engineering and PPQ count that lack an intermediate while that is tolerated.
        [1]

    Returns
    -------
    The best plan met, firm service weighed.
    """
    board = board_of(schedule)
    board.weigh_rights(right_weight)
    search = Search(board, seed, floors, firm_weight)
    search.run(done, report, heat)
    broken, _ = search.best_worth
    return schedule if broken else search.best.schedule()


Move = Callable[[Campaign], Change | None]


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Let unused campaigns pile up for longer before Python looks for them.

    A campaign and its batches name each other, so each that is given up is left for the
    collector, which by default comes every 700 objects and takes a twentieth of the time.
    Some megabytes lie around instead.
    """
    before = gc.get_threshold()
    gc.set_threshold(UNUSED, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Search:
    """Annealing on a board."""

    def __init__(
        self,
        board: Board,
        seed: int,
        floors: Sequence[int] = (),
        firm_weight: int = FIRM_WEIGHT,
    ) -> None:
        board.weigh_firm(firm_weight)
        self.board = board
        self.floors = floors or [0] * len(board.demands)
        self.rng = Random(seed)
        self.steps = board.instance.steps
        self.best_worth = self.worth_of()
        self.best = board.snapshot()
        day = 1 / board.instance.grid.tick
        self.scales = [int(days * day) or 1 for days in (1, 4, 15, 60)]
        self.spans = [int(days * day) or 1 for days in (20, 60, 100, 200)]
        self.far = [int(days * day) or 1 for days in (10, 60, 200)]
        self.failed = [0] * len(board.demands)
        """Rebuilds in vain for firm batches of each programme that are late."""
        self.chains = [d for d in board.demands if d.last.frozen is not None]
        self.moves: list[tuple[Move | None, float]] = [
            (self.shift, 30),
            (self.align, 12),
            (self.transfer, 12),
            (self.relocate, 15),
            (self.exchange, 10),
            (self.cross, 3),
            (self.split, 8),
            (self.resize, 6),
            (self.oust, 15),
            (None, 0.3),  # rebuild: takes a hundred times as long
        ]
        if self.chains:
            self.moves.append((self.chain, 8))
        self.sites = [
            c for d in board.chained for c in d.chains if c.permitted and not d.direct
        ]
        """Qualifications that may be gone through."""
        if self.sites:
            self.moves.append((self.qualify, 0.5))
        rows = Rows(board, self.rng)
        if rows.suites:
            often = ROWS_WHERE_FREE if rows.free else ROWS
            self.moves.append((lambda _: rows.change(), often))

    # ------------------------------------------------------------- annealing

    def run(
        self,
        done: Callable[[int], float],
        report: Callable[[Schedule], None],
        heat: float = 1.0,
    ) -> int:
        """Make moves, hot ones first, until the search is done: how many."""
        with _collecting_seldom():
            return self._anneal(done, report, heat)

    def _anneal(
        self,
        done: Callable[[int], float],
        report: Callable[[Schedule], None],
        heat: float,
    ) -> int:
        every, weights = zip(*self.moves, strict=True)
        worth = max(1.0, self.worth())
        hot, cold = worth * max(heat * HOT, COLD), worth * COLD
        made, told, known = 0, -1, self.best_worth
        while (share := done(made)) < 1:
            self.soften(share)
            if int(share * REPORTS) > told:
                told = int(share * REPORTS)
                self.harden()
                if self.best_worth < known and not self.best_worth[0]:
                    known = self.best_worth
                    report(self.best.schedule())
            warm = hot * (cold / hot) ** share
            for move in self.rng.choices(every, weights, k=BATCH):
                campaign = self.pick()
                if campaign is None:
                    if not self.restore():
                        return made
                    continue
                allowed = -warm * math.log(self.rng.random() or 1e-9)
                if move is None:
                    self.rebuild(campaign, allowed)
                else:
                    self.attempt(move(campaign), allowed)
            made += BATCH
        if not self.best_worth[0] and self.restore():
            self.board.tolerance = None
            self.regain()
        return made

    def restore(self) -> bool:
        """Go back to the best plan, if it has a campaign that may move."""
        rows = [c for row in self.best.suites for c in row if c.lock is None]
        gone = [c for row in self.board.suites for c in row if c.lock is None]
        if not rows:
            return False
        both = {id(c) for c in gone} & {id(c) for c in rows}
        out = [c for c in gone if id(c) not in both]
        if self.board.swap(out, [c for c in rows if id(c) not in both]) is None:
            return False
        self.board.keep()
        return True

    def worth(self) -> float:
        """What serving a batch is worth, on average. [money]"""
        rows = [group.terms[group.reference] for group in self.board.instance.groups]
        batches = sum(row.need for row in rows)
        worth = float(sum(row.need * row.unserved for row in rows))
        for demand in self.board.demands:
            if demand.to_stock is not None:
                stocked = demand.to_stock.stocked
                batches += -(-stocked.wanted // demand.to_stock.batch_parts)
                worth += float(stocked.wanted * stocked.sought)
        return worth / max(batches, 1)

    def attempt(self, change: Change | None, allowed: float) -> None:
        """Make a change unless it costs more than is allowed."""
        if change is None:
            return
        foreseen = self.board.foresee(*change)
        if foreseen is None or foreseen.delta > allowed:
            return
        delta = self.board.make(foreseen)
        if delta > allowed:
            self.board.revert()
            return
        self.board.keep()
        if delta < 0:
            self.note()

    def soften(self, share: float) -> None:
        """How bad it is that a batch lacks its intermediate, by share of the search."""
        tolerance = next((value for end, value in TOLERANCES if share < end), None)
        if tolerance is None and self.board.tolerance is not None:
            self.repair()
            self.note()
            self.board.tolerance = None
            self.regain()
            lost = self.worth_of()[1] - self.best_worth[1]
            if lost > LOST * self.worth():  # a PPQ went, and all that hangs on it
                self.restore()
        self.board.tolerance = tolerance

    def harden(self) -> None:
        """Look what the plan is worth without the batches that lack something."""
        if self.board.breaks:
            mark = self.board.mark()
            self.repair()
            self.note()
            self.board.revert(mark)

    def repair(self) -> None:
        """Make the intermediates that lack, else give up batches that lack theirs.

        Where that doesn't end it, as other batches then lack theirs, the programme is
        planned anew.
        """
        board = self.board
        before, board.tolerance = board.tolerance, None
        for demand in board.demands:
            while board.pegs[demand.programme].price[3]:
                if provide(board, demand, self.rng.choice(self.spans)):
                    continue
                best: Foreseen | None = None
                for change in self.cuts(demand):
                    found = board.foresee(*change)
                    if found is not None and found.delta < (best.delta if best else 0):
                        best = found
                if best is None:
                    break
                board.make(best)
            if board.pegs[demand.programme].price[3]:
                own = [c for step in demand.steps for c in board.steps[step.index]]
                board.swap([c for c in own if c.lock is None], [])
                fill(board, self.rng.choice(self.spans), [demand.programme])
        board.tolerance = before

    def regain(self) -> None:
        """Put back what nothing serves, and the intermediates for it, where that pays.

        A single move finds a place for either, seldom for both, and the best place for the
        one is where the other may follow, hardly ever where it would be by itself.
        """
        demands = self.board.demands
        short = [d for d in demands if d.to_stock is None and self.lacks(d.programme)]
        if len(short) > CHOSEN:  # a large network would take longer than its search
            short = self.rng.sample(short, CHOSEN)
        for demand in short:
            for _ in range(TRIES):
                if not self.lacks(demand.programme):
                    break
                mark, before = self.board.mark(), self.board.total()
                self.put_back(demand)
                if self.board.total() < before:
                    self.board.keep()
                    self.note()
                else:
                    self.board.revert(mark)

    def put_back(self, demand: Demand) -> None:
        """Put a bundle that a programme lacks in one of the cheapest places."""
        rng, board, last = self.rng, self.board, demand.last
        every = bundles_of(board, demand, rng.choice([1, *self.spans]))
        bundles = [bundle for bundle in every if bundle.step is last]
        found = places(board, rng.choice(bundles)) if bundles else []
        if not found:
            return
        board.make(found[min(int(rng.expovariate(1)), len(found) - 1)])
        while board.pegs[demand.programme].price[3]:
            if not provide(board, demand, rng.choice(self.spans)):
                return

    def cuts(self, demand: Demand) -> Iterator[Change]:
        """Campaigns of a programme that use intermediates, shorter or gone."""
        for step in demand.frozen:
            for c in self.board.steps[step.index]:
                if c.lock is not None:
                    continue
                yield [c], []
                for start in (c.start, c.start + step.multiple * c.takt):
                    n = c.n - step.multiple
                    rest = self.board.campaign(step, c.suite, start, n, c.ppq)
                    if rest is not None:
                        yield [c], [rest]

    def note(self) -> None:
        """Remember the plan if it's the best."""
        worth = self.worth_of()
        if worth < self.best_worth:
            self.best_worth = worth
            self.best = self.board.snapshot()

    def worth_of(self) -> tuple[int, int]:
        """By which plans are compared: rules broken, then all costs, firm ones weighed."""
        return self.board.breaks, self.board.total()

    def pick(self) -> Campaign | None:
        """A planned campaign."""
        rows = self.board.suites
        for _ in range(1000):
            row = rows[int(self.rng.random() * len(rows))]
            if row:
                found = row[int(self.rng.random() * len(row))]
                if found.lock is None:
                    return found
        return None

    # ----------------------------------------------------------------- moves

    def shift(self, campaign: Campaign) -> Change | None:
        """The same campaign sooner or later."""
        rng = self.rng
        delta = 1 + int(rng.expovariate(1 / rng.choice(self.scales)))
        if rng.random() < 0.5:
            delta = -delta
        step = self.steps[campaign.step]
        if step.role == "in_process" or step.direct_hold is not None:
            return shifted(self.board, campaign, delta)
        start = campaign.start + delta
        return self.place([campaign], campaign, campaign.suite, start, campaign.n)

    def align(self, campaign: Campaign) -> Change | None:
        """The same campaign beside its neighbour, or with one batch just in time."""
        rng, board = self.rng, self.board
        step = self.steps[campaign.step]
        if step.role == "in_process" or step.direct_hold is not None:
            return None
        if step.after is None and rng.random() < 0.5:
            delta = self.too_early(campaign)
            start = campaign.start + delta
            return (
                self.place([campaign], campaign, campaign.suite, start, campaign.n)
                if delta
                else None
            )
        row = board.suites[campaign.suite]
        at = row.index(campaign)
        like = step, campaign.suite, campaign.n, campaign.ppq
        if rng.random() < 0.5:
            after = row[at + 1] if at + 1 < len(row) else None
            new = None if after is None else board.latest(*like, after, after.start)
        else:
            before = row[at - 1] if at else None
            free = board.instance.as_of if before is None else before.end
            new = board.earliest(before, *like, free)
        if new is None or new.start == campaign.start:
            return None
        return [campaign], [new]

    def too_early(self, campaign: Campaign) -> int:
        """How much too early one of its batches is for what it serves. [tick]"""
        demand = self.board.demands[campaign.programme]
        pairs = self.board.pegs[campaign.programme].pairs()
        found = [(i[4], j) for i, j in pairs if i[6] is campaign and j >= 0]
        if not found:
            return 0
        out, j = self.rng.choice(found)
        terms = demand.terms
        return (terms.hold if self.rng.random() < 0.5 else terms.by)[j] - out

    def relocate(self, campaign: Campaign) -> Change | None:
        """The same campaign in another suite, or at quite another time."""
        rng = self.rng
        step = self.steps[campaign.step]
        suite = rng.choice(list(step.modes))
        start = campaign.start
        if suite == campaign.suite or rng.random() < 0.5:
            start += int(rng.gauss(0, rng.choice(self.far)))
        return self.place([campaign], campaign, suite, start, campaign.n)

    def exchange(self, campaign: Campaign) -> Change | None:
        """Two neighbours in a suite change places."""
        board = self.board
        row = board.suites[campaign.suite]
        at = row.index(campaign)
        if at + 1 >= len(row) or row[at + 1].lock is not None:
            return None
        other = row[at + 1]
        before = row[at - 1] if at else None
        first = board.earliest(
            before, self.steps[other.step], other.suite, other.n, other.ppq,
            min(other.start, campaign.start),
        )  # fmt: skip
        if first is None:
            return None
        second = board.earliest(
            first, self.steps[campaign.step], campaign.suite, campaign.n, campaign.ppq,
            first.end,
        )  # fmt: skip
        if second is None:
            return None
        rest = [c for c in row if c is not campaign and c is not other] + [first]
        rest.sort(key=by_start)
        settled = settle(self.board, rest, second)
        if settled is None:
            return None
        out, into = settled
        if first in out:
            return None
        return [campaign, other, *out], [first, second, *into]

    def cross(self, campaign: Campaign) -> Change | None:
        """Two suites change what they make for a while."""
        rng, board = self.rng, self.board
        one, modes = campaign.suite, self.steps[campaign.step].modes
        others = [suite for suite in modes if suite != one]
        if not others:
            return None
        other = rng.choice(others)
        first = campaign.start
        last = first + int(rng.expovariate(1 / rng.choice(self.far)))
        gone = [
            c
            for suite in (one, other)
            for c in board.suites[suite]
            if c.lock is None
            and first <= c.start <= last
            and {one, other} <= self.steps[c.step].modes.keys()
        ]
        new: list[Campaign] = []
        before: Campaign | None = None
        for old in gone:
            suite = other if old.suite == one else one
            if before is not None and before.suite != suite:
                before = None
            found = board.earliest(
                before, self.steps[old.step], suite, old.n, old.ppq, old.start
            )
            if found is None:
                return None
            new.append(found)
            before = found
        return make_way(board, gone, new)

    def transfer(self, campaign: Campaign) -> Change | None:
        """Some or all batches go over to another campaign of the step."""
        rng = self.rng
        others = [
            c
            for c in self.board.steps[campaign.step]
            if c is not campaign and c.lock is None and c.ppq == campaign.ppq
        ]
        step = self.steps[campaign.step]
        most = step.largest
        others = [c for c in others if c.n < most]
        if not others:
            return None
        others.sort(key=lambda c: abs(c.start - campaign.start))
        other = others[min(int(rng.expovariate(0.7)), len(others) - 1)]
        n = campaign.n
        k = n if rng.random() < 0.3 else 1 + int(rng.random() * n)
        k = min(step.rounded(k), most - other.n)
        rest = self.shrunk(campaign, k)
        if k < n and rest is None:
            return None
        start = other.start
        if rng.random() < 0.5:
            start -= k * other.takt
        keep = [] if rest is None else [rest]
        return self.place(
            [campaign, other], other, other.suite, start, other.n + k, keep
        )

    def split(self, campaign: Campaign) -> Change | None:
        """Some batches become a campaign of their own."""
        rng = self.rng
        step = self.steps[campaign.step]
        parts = campaign.n // step.multiple
        if parts < 2 or campaign.ppq:
            return None
        k = step.multiple * (1 + int(rng.random() * (parts - 1)))
        rest = self.shrunk(campaign, k)
        if rest is None:
            return None
        suite = rng.choice(list(step.modes))
        start = campaign.start + int(rng.gauss(0, rng.choice(self.far)))
        return self.place([campaign], campaign, suite, start, k, [rest])

    def resize(self, campaign: Campaign) -> Change | None:
        """A batch more or less, or as many as its campaigns are multiples of."""
        return self.resized(campaign, 1 if self.rng.random() < 0.5 else -1)

    def resized(self, campaign: Campaign, more: int) -> Change | None:
        """So many batches more or less, at least, before the first or after the last."""
        whole = self.steps[campaign.step].rounded(abs(more))
        more = whole if more > 0 else -whole
        n = campaign.n + more
        if n < 1:
            return [campaign], []
        start = campaign.start
        if self.rng.random() < 0.5:
            start -= more * campaign.takt
        return self.place([campaign], campaign, campaign.suite, start, n)

    def chain(self, _: Campaign) -> Change | None:
        """Batches more or less, and the intermediates that they take, at once."""
        rng, board = self.rng, self.board
        last = rng.choice(self.chains).last
        assert last.frozen is not None
        assert last.before is not None
        users = [c for c in board.steps[last.index] if c.lock is None and not c.ppq]
        units = [c for c in board.steps[last.before] if c.lock is None]
        if not users or not units:
            return None
        user = rng.choice(users)
        more = 1 + int(rng.expovariate(0.7))
        taken = max(1, round(float(last.frozen.ratio) * more))
        sign = 1 if rng.random() < 0.7 else -1
        one = self.resized(user, sign * more)
        if one is None or rng.random() < 0.2:  # some lie ready, or have no user
            return one
        units = [c for c in units if c.start < user.start] or units
        units.sort(key=lambda c: -c.start)
        unit = units[min(int(rng.expovariate(0.6)), len(units) - 1)]
        if sign > 0 and rng.random() < 0.3:
            two = self.supplied(unit, user.start, taken)
        else:
            two = self.resized(unit, sign * taken)
        if two is None or {id(c) for c in one[0]} & {id(c) for c in two[0]}:
            return None
        if {c.suite for c in one[1]} & {c.suite for c in two[1]}:
            return None
        return one[0] + two[0], one[1] + two[1]

    def qualify(self, _: Campaign | None = None) -> Change | None:
        """A site qualified with batches that its programme lacks, or given up.

        Where a client has ordered its PPQ it is only taken, as all else is better off with it:
        but while the search is hot a few batches may oust it, and no single one brings it back.
        """
        board = self.board
        proved = board.qualified[0]
        open_ = [
            c
            for c in self.sites
            if proved[c.index] is None or board.demands[c.programme].qualifying.owns(c)
        ]
        if not open_:
            return None
        chain = self.rng.choice(open_)
        demand, steps = board.demands[chain.programme], board.instance.steps
        owned, gone = demand.qualifying.owns(chain), proved[chain.index] is None
        if owned and gone and self.rng.random() < 0.5:
            idle = [c for step in chain.steps for c in board.steps[step]]
            idle = [c for c in idle if c.site == chain.site and c.lock is None]
            return (idle, []) if idle else None
        asked = [
            board.campaign(steps[w.step], w.suite, w.start, w.batches, w.ppq)
            for w in qualifying(board, chain)
        ]
        new = [campaign for campaign in asked if campaign is not None]
        if not new:
            if not owned:
                return None
            there = demand.qualifying.owned(board.pegs[chain.programme])
            here = [c for c in there if (c.step, c.site) == (chain.step, chain.site)]
            return (here, []) if here else None
        if chain.step == demand.last.index:
            new += self.served_from(demand, new[-1])
        return make_way(board, [], new)

    def served_from(self, demand: Demand, ppq: Campaign) -> list[Campaign]:
        """Campaigns of what a programme lacks, behind a PPQ campaign that is to come.

        A site pays only for all that it may serve, not for the first campaign.
        """
        board, step, found = self.board, demand.last, [ppq]
        for bundle in bundles_of(board, demand, self.rng.choice(self.spans)):
            if bundle.step is not step or bundle.ppq or self.rng.random() < 0.2:
                continue
            n = bundle.allowed(demand, bundle.size(demand, ppq.suite))
            start = bundle.start(demand, ppq.suite)
            new = board.earliest(found[-1], step, ppq.suite, n, False, start)
            if new is not None:
                found.append(new)
        return found[1:]

    def oust(self, _: Campaign) -> Change | None:
        """Batches that a programme lacks, with their intermediates, in place of others."""
        rng, board = self.rng, self.board
        short = [d for d in board.demands if self.lacks(d.programme)]
        if not short:
            return None
        demand = rng.choice(short)
        last = demand.last
        if last.direct_hold is not None:
            return None
        wanted = self.left(demand)
        if not wanted:  # its intermediates
            return None
        out, most, kind, j = rng.choice(wanted)
        n = 1 + int(rng.random() * most)
        out -= int(rng.expovariate(1 / rng.choice(self.scales)))
        one = self.wedged(last, out, n, last.least(kind), ppq=kind == "ppq")
        if (
            one is None or last.frozen is None or rng.random() < 0.2
        ):  # they may come later
            return one
        assert last.before is not None
        wanting = lacking(board, demand, *one, group=j)
        if not wanting:  # enough lie ready
            return one
        unit, count = self.steps[last.before], last.frozen.units(n) + SPARE
        out = wanting[0][0] - wait(demand)
        out -= int(rng.expovariate(1 / rng.choice(self.scales)))
        count = min(count, len(wanting))
        two = self.wedged(unit, out, count, unit.least(unit.role), ppq=False)
        if two is None or {c.suite for c in one[1]} & {c.suite for c in two[1]}:
            return None
        return one[0] + two[0], one[1] + two[1]

    def left(self, demand: Demand) -> list[tuple[int, int, str, int]]:
        """(latest out, batches that nothing serves, their kind, place of the group or -1)."""
        pegged = self.board.pegs[demand.programme]
        if demand.to_stock is not None:
            outs = demand.short(pegged)
            found = dict.fromkeys(outs)
            return [(out, outs.count(out), "commercial", -1) for out in found]
        return [
            (demand.terms.want[j], n, demand.groups[j].kind, j)
            for j, n in enumerate(pegged.left)
            if n > 0
        ]

    def wedged(
        self, step: StepData, out: int, n: int, least: int, *, ppq: bool
    ) -> Change | None:
        """Further batches that are out by a tick: others there are given up for them."""
        rng, board = self.rng, self.board
        if not step.modes:
            return None
        suite = rng.choice(list(step.modes))
        mode, n, least = step.modes[suite], step.rounded(n), step.rounded(least)
        start = out - mode.lead - (max(n, least) - 1) * mode.takt(out)
        own = [
            c
            for c in board.suites[suite]
            if c.step == step.index
            and c.lock is None
            and c.ppq == ppq
            and c.n + n <= step.largest
        ]
        gone: list[Campaign] = []
        if own and rng.random() < 0.7:
            like = min(own, key=lambda c: abs(c.start + c.n * c.takt // 2 - start))
            start = like.start
            if out < like.end - like.lead or rng.random() < 0.3:
                start -= n * like.takt
            gone, n = [like], n + like.n
        n = max(n, least)
        near = board.nearest(step, suite, start, n)
        new = None if near is None else board.campaign(step, suite, near, n, ppq)
        return None if new is None else self.cleared(new, gone)

    def cleared(self, new: Campaign, gone: list[Campaign]) -> Change | None:
        """A campaign put down where others give up the batches that are in its way."""
        board = self.board
        wait = board.instance.suites[new.suite].changeover
        gone, row, cut = list(gone), list[Campaign](), list[Campaign]()
        for c in board.suites[new.suite]:
            if c in gone:
                continue
            before, other = c.start < new.start, c.programme != new.programme
            if before:
                over = c.end + other * wait[c.step, new.step] - new.start
            else:
                over = new.end + other * wait[new.step, c.step] - c.start
            if over <= 0:
                row.append(c)
                continue
            if c.lock is not None:
                return None
            gone.append(c)
            step = self.steps[c.step]
            given = step.rounded(-(-over // c.takt))
            at = c.start if before else c.start + given * c.takt
            rest = board.campaign(step, c.suite, at, c.n - given, c.ppq)
            if rest is not None:
                row.append(rest)
                cut.append(rest)
        settled = settle(board, row, new)
        if settled is None:
            return None
        out, into = settled
        gone += [c for c in out if c not in cut]
        return gone, [new, *into, *(c for c in cut if c not in out)]

    def supplied(self, like: Campaign, until: int, n: int) -> Change | None:
        """A further campaign of intermediates that is out before a user starts."""
        step = self.steps[like.step]
        suite = self.rng.choice(list(step.modes))
        n = step.rounded(max(n, step.least(step.role)))
        start = until - n * like.takt - like.lead
        start -= int(self.rng.expovariate(1 / self.far[1]))
        return self.place([], like, suite, start, n)

    def shrunk(self, campaign: Campaign, k: int) -> Campaign | None:
        """The campaign without its first or last batches."""
        start = campaign.start
        if self.rng.random() < 0.5:
            start += k * campaign.takt
        step = self.steps[campaign.step]
        return self.board.campaign(
            step, campaign.suite, start, campaign.n - k, campaign.ppq
        )

    # --------------------------------------------------------------- rebuild

    def rebuild(self, campaign: Campaign, allowed: float) -> None:
        """Take related campaigns out and put their batches back one bundle after another."""
        board = self.board
        programmes = range(len(board.demands))
        short = [p for p in programmes if self.lacks(p)]
        behind = [p for p in programmes if board.pegs[p].price[1] > self.floors[p]]
        # The bundles of a programme in order of time: its batches are pegged in that order.
        ahead = [self.rng.gauss(0, self.far[1]) for _ in programmes]
        gone: list[Campaign] = []
        bundles: list[Bundle] = []
        kind, late = self.rng.random(), -1
        if behind and kind < 0.3:
            (late,) = self.rng.choices(
                behind, [1 / (1 + self.failed[p]) for p in behind]
            )
            self.failed[late] += 1
            gone = self.overdue(late)
            ahead[late] = -FAR
        elif short and kind < 0.9:
            gone, bundles = self.wanting(self.rng.choice(short))
        gone = linked(board, gone or self.related(campaign))
        bundles += self.rebundle(gone)
        mark = board.mark()
        before, firm = board.total(), board.pegs[late].price[1]
        if board.swap(gone, []) is None:
            return
        for programme in sorted({c.programme for c in gone}):
            demand = board.demands[programme]
            if demand.to_stock is not None:  # only now it lacks what is gone
                own = (b for b in bundles if b.step.programme != programme or b.groups)
                bundles = list(own)
                bundles += bundles_of(board, demand, self.rng.choice(self.spans))
        bundles.sort(key=lambda bundle: bundle.outs[0] + ahead[bundle.step.programme])
        for bundle in bundles:
            if not insert(board, bundle, 2):
                for part in halves(bundle):
                    insert(board, part, 2)
        delta = board.total() - before
        if delta > allowed:
            board.revert(mark)
            return
        board.keep()
        if late >= 0 and board.pegs[late].price[1] < firm:
            self.failed[late] = 0
        if delta < 0:
            self.note()

    def lacks(self, programme: int) -> bool:
        """Whether a programme doesn't serve all of its groups."""
        pegged = self.board.pegs[programme]
        if pegged.price[3] > 0 or (pegged.left and max(pegged.left) > 0):
            return True
        return bool(self.board.demands[programme].short(pegged))

    def wanting(self, programme: int) -> tuple[list[Campaign], list[Bundle]]:
        """Bundles that a programme lacks, and campaigns where they might go."""
        rng, board = self.rng, self.board
        demand = board.demands[programme]
        every = list(bundles_of(board, demand, rng.choice(self.spans)))
        if not every:
            picked = self.pick()
            return ([] if picked is None else self.related(picked)), []
        chosen = rng.choice(every)
        bundles = [
            bundle
            for bundle in every
            if bundle is chosen
            or (bundle.step is not chosen.step and bundle.outs[0] <= chosen.outs[0])
        ]
        gone: list[Campaign] = []
        for bundle in bundles:
            suites = list(bundle.step.modes)
            if not suites:
                continue
            suite = rng.choice(suites)
            start = bundle.start(demand, suite)
            near = [c for c in board.suites[suite] if c.lock is None and c not in gone]
            near.sort(key=lambda c: abs(c.start - start))
            gone += near[: int(rng.expovariate(0.6))]
        return gone, bundles

    def overdue(self, programme: int) -> list[Campaign]:
        """A campaign with a firm batch that is late, and what lies where it should be."""
        rng, board = self.rng, self.board
        demand = board.demands[programme]
        late = demand.overdue(board.pegs[programme])
        if not late:
            return []
        campaign, j = rng.choice(late)
        step = self.steps[campaign.step]
        mode = step.modes[rng.choice(list(step.modes))]
        wanted = demand.terms.want[j] - mode.lead - (campaign.n - 1) * campaign.takt
        own = [c for c in board.steps[step.index] if c.lock is None]
        own.sort(key=lambda c: abs(c.start - campaign.start))
        gone = own[: 1 + int(rng.expovariate(1))]
        near = [c for c in board.suites[mode.suite] if c.lock is None and c not in gone]
        near.sort(key=lambda c: abs(c.start - wanted))
        return gone + near[: 1 + int(rng.expovariate(0.6))]

    def related(self, campaign: Campaign) -> list[Campaign]:
        """A few campaigns near one another: of a programme, or in a suite."""
        rng = self.rng
        if rng.random() < 0.5:
            pool = self.board.steps[campaign.step]
        else:
            suites = {c.suite for c in self.board.steps[campaign.step]}
            pool = [c for suite in sorted(suites) for c in self.board.suites[suite]]
        near = [c for c in pool if c.lock is None]
        if rng.random() < 0.1:
            return [
                c
                for step in self.board.demands[campaign.programme].steps
                for c in self.board.steps[step.index]
                if c.lock is None
            ]
        near.sort(key=lambda c: abs(c.start - campaign.start))
        return near[: 2 + int(rng.expovariate(0.6))]

    def rebundle(self, gone: list[Campaign]) -> list[Bundle]:
        """The batches of campaigns as bundles of another size, due as they are needed."""
        rows: dict[tuple[int, bool], list[tuple[int, int]]] = {}
        for campaign in gone:
            step = self.steps[campaign.step]
            stocked = step.programme in self.board.stocked
            if step.role == "in_process" or (stocked and step.after is not None):
                continue  # comes back with what it feeds, or with what a stock lacks
            key = (campaign.step, campaign.ppq)
            rows.setdefault(key, []).extend(self.needs_of(campaign))
        found = []
        for (index, ppq), needs in rows.items():
            step = self.steps[index]
            span = self.rng.choice(self.spans)
            if step.role != "product":
                span *= 4
            needs.sort()
            while needs:
                n = sum(out <= needs[0][0] + span for out, _ in needs[: step.largest])
                if ppq:
                    n = len(needs)
                n = step.rounded(max(n, self.least(step, needs[0][1])))
                if len(needs) - n < self.least(step, needs[-1][1]):
                    n = len(needs)
                n = min(n, step.largest)
                found.append(self.bundle(step, ppq, needs[:n]))
                needs = needs[n:]
        return found

    def bundle(self, step: StepData, ppq: bool, needs: list[tuple[int, int]]) -> Bundle:
        """Needs (latest out, place of a group) as a bundle."""
        places = [j for _, j in needs if j >= 0]
        groups = tuple((j, places.count(j)) for j in dict.fromkeys(places))
        return Bundle(step, ppq, tuple(out for out, _ in needs), groups)

    def least(self, step: StepData, j: int) -> int:
        """Fewest batches of a campaign for a group."""
        if step.role != "product":
            return step.least(step.role)
        return step.least(self.board.demands[step.programme].groups[j].kind)

    def needs_of(self, campaign: Campaign) -> list[tuple[int, int]]:
        """(latest out, place of the group or -1) of the batches of a campaign."""
        demand = self.board.demands[campaign.programme]
        if campaign.step != demand.last.index:
            first = campaign.start + campaign.lead
            return [(first + k * campaign.takt, -1) for k in range(campaign.n)]
        pegged = self.board.pegs[campaign.programme]
        return [
            (item[4] if demand.groups[j].own else demand.terms.want[j], j)
            for item, j in pegged.pairs()
            if item[6] is campaign and j >= 0
        ]

    # --------------------------------------------------------------- placing

    def place(
        self,
        gone: list[Campaign],
        like: Campaign,
        suite: int,
        start: int,
        n: int,
        keep: list[Campaign] | None = None,
    ) -> Change | None:
        """Put a campaign down, near a start, where others make way for it."""
        step = self.steps[like.step]
        near = self.board.nearest(step, suite, start, n)
        if near is None:
            return None
        new = self.board.campaign(step, suite, near, n, like.ppq)
        if new is None:
            return None
        kept = keep or []
        row = [c for c in self.board.suites[suite] if c not in gone]
        row += [c for c in kept if c.suite == suite]
        row.sort(key=by_start)
        settled = settle(self.board, row, new)
        if settled is None:
            return None
        out, into = settled
        left = [c for c in kept if c not in out]
        return gone + [c for c in out if c not in kept], [new, *left, *into]

"""A plan while it is searched: campaigns that come and go, and what that costs.

Which batch serves which group isn't decided here but follows from the campaigns (`pegging`).
So a change of the plan is a few campaigns out and a few in, priced by the programmes and
suites that it touches, and taken back as cheaply.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from operator import attrgetter

from capacity.instance import (
    FAR,
    Instance,
    LockData,
    Mode,
    StepData,
    SuiteData,
    overlap,
)
from capacity.pegging import FIRM_WEIGHT, Demand
from capacity.pegging.handed import KIND_BITS, Filed, Item, Pegged, Price, Unit
from capacity.pegging.listing import wait
from capacity.schedule import Run, Schedule, Test
from capacity.schedule.freights import freights_for
from capacity.slots import Slots, in_turn
from capacity.stocks import Lot

BREACH = 10**15
"""What a batch costs that breaks a rule. [money]"""


class Campaign:
    """A campaign on the board. It never changes: another one takes its place."""

    __slots__ = (
        "after", "end", "gap", "items", "lead", "listed", "lock", "lots", "mask", "mode",
        "n", "ppq", "programme", "site", "start", "step", "suite", "takt", "tests", "units",
    )  # fmt: skip

    def __init__(
        self,
        step: StepData,
        mode: Mode,
        start: int,
        n: int,
        takt: int,
        ppq: bool,
        mask: int,
    ) -> None:
        self.step = step.index
        self.programme = step.programme
        self.mode: Mode | None = mode
        self.suite = mode.suite
        self.site = mode.site
        self.start = start
        self.n = n
        self.takt = takt
        self.lead = mode.lead
        self.end = start + (n - 1) * takt + mode.lead
        self.ppq = ppq
        self.mask = mask
        self.lock: int | None = None
        self.after: object = self
        """Campaign before it when `gap` was last looked up; itself for never."""
        self.gap = 0
        self.tests: list[Test | None] = []
        self.listed = False
        """Whether what follows lists its batches as if none had to queue."""
        self.items: list[Item] = []
        self.units: list[Unit] = []
        self.lots: list[Lot] = []


by_start: Callable[[Campaign], int] = attrgetter("start")
"""Key by which the campaigns of a suite are in order."""

Proved = tuple[int | None, ...]
Begun = dict[int, int]
Chains = tuple[Proved, tuple[Filed | None, ...], Begun, int]
"""How qualifications stand: (when the last PPQ batch of each is released, what each filing
gives, when its site begins where a transfer must come before, how many transfers end after
that)."""


class Foreseen:
    """A change of the board before it is made, as if the new batches never queued."""

    __slots__ = (
        "chains", "crowded", "delta", "gone", "into", "leaving", "over", "pegs",
        "programmes", "steps", "suites",
    )  # fmt: skip

    def __init__(self, leaving: list[Campaign], into: Sequence[Campaign]) -> None:
        self.leaving = leaving
        self.into = into
        self.gone = {id(campaign) for campaign in leaving}
        self.programmes = {c.programme for c in leaving} | {c.programme for c in into}
        self.suites: list[tuple[int, list[Campaign], int]] = []
        """(suite, its campaigns, their changeovers)"""
        self.steps: list[tuple[int, list[Campaign]]] = []
        self.delta = 0
        """Of `total`: of changeovers only until the rest is priced. [money]"""
        self.pegs: list[tuple[int, Pegged]] = []
        self.chains: Chains | None = None
        """None until priced."""
        self.crowded = 0
        self.over = 0


class _Undo:
    """What a swap replaced."""

    __slots__ = (
        "chains", "crowded", "into", "leaving", "over", "pegs", "steps", "suites",
    )  # fmt: skip

    def __init__(
        self, change: Foreseen, chains: Chains, crowded: int, over: int
    ) -> None:
        self.leaving = change.leaving
        self.into = change.into
        self.chains = chains
        self.crowded = crowded
        self.over = over
        self.suites: list[tuple[int, list[Campaign], int]] = []
        self.steps: list[tuple[int, list[Campaign]]] = []
        self.pegs: list[tuple[int, Pegged]] = []


class Board:
    """All campaigns, the queues they use and what they cost."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.slots = Slots(instance)
        self.suites: list[list[Campaign]] = [[] for _ in instance.suites]
        self.steps: list[list[Campaign]] = [[] for _ in instance.steps]
        self.demands = [Demand(instance, p) for p in range(len(instance.programmes))]
        self.shut_ends = [
            [end for _, end in suite.closures] for suite in instance.suites
        ]
        self.span_lows = {
            (step.index, mode.suite): [low for low, _ in mode.starts]
            for step in instance.steps
            for mode in step.modes.values()
        }
        self.firm_weight = FIRM_WEIGHT if instance.strict else 0
        self.stocked = instance.stocked
        self.tolerance: float | None = None
        """What a batch without its intermediate counts, in shares of what it's worth."""
        for lock in instance.locks:
            self._lock(lock)
        for suite in self.suites:
            suite.sort(key=by_start)
            for before, campaign in zip([None, *suite], suite, strict=False):
                self.gap(before, campaign)
        self.chained = [demand for demand in self.demands if demand.chains]
        nothing: Proved = (None,) * len(instance.chains)
        proved, begun = qualified(self.chained, self.steps, nothing, {})
        _, delayed = instance.placed(begun)
        # what is locked may qualify a site by itself
        self.qualified: Chains = proved, instance.standing(proved), begun, delayed
        self.pegs = [
            demand.peg(self.steps, rights=self.qualified[1]) for demand in self.demands
        ]
        self.changeovers = [0] * len(self.suites)
        self.crowded = self._crowded(self.pegs)
        """Intermediates that find their freezer full."""
        self.over = self._over(self.pegs)
        """Parts by which an amount is worse than asked for."""
        self._undo: list[_Undo] = []

    def _lock(self, lock: LockData) -> None:
        step = self.instance.steps[lock.step]
        site = self.instance.suites[lock.suite].site
        takts = ((lock.start, lock.takt),)
        mode = Mode(lock.suite, site, lock.lead, takts, (), Fraction(1), 0, 0)
        bit = KIND_BITS.get(lock.kind, 0)
        found = Campaign(
            step, mode, lock.start, lock.batches, lock.takt, lock.kind == "ppq", bit
        )
        found.mode = None
        found.lock = lock.index
        self._test(found)
        self.suites[lock.suite].append(found)
        self.steps[lock.step].append(found)

    # ----------------------------------------------------------------- price

    def total(self) -> int:
        """What the search brings down. [money]"""
        pegged = sum(self._weigh(peg.price) for peg in self.pegs)
        broken = self.crowded + self.over + self.qualified[3]
        return pegged + sum(self.changeovers) + BREACH * broken

    def _crowded(self, pegs: Iterable[Pegged]) -> int:
        """How many intermediates come to a freezer that is full."""
        freezers = self.instance.freezers
        if not freezers:
            return 0
        moves = sorted(
            move
            for peg in pegs
            for site, begin, end in peg.stays
            for move in ((begin, 1, site), (end, -1, site))
        )
        inside = dict.fromkeys(freezers, 0)
        found = 0
        for _, change, site in moves:
            inside[site] += change
            found += change > 0 and inside[site] > freezers[site]
        return found

    def _over(self, pegs: Sequence[Pegged]) -> int:
        """By how much an amount is worse than it may be. [part]"""
        cap = self.instance.cap
        if cap is None:
            return 0
        amount = 0
        for programme, stocked in self.stocked.items():
            flow, step = pegs[programme].flow, self.instance.steps[stocked.step]
            assert flow is not None
            if cap.objective == "target_deficit":
                amount += self.instance.parts[programme] * sum(flow.deficit)
            else:
                amount -= sum(
                    c.n * self.instance.brings(step, c.suite)
                    for c in self.steps[step.index]
                    if c.lock is None
                )
        return max(0, amount - cap.most)

    def _weigh(self, price: Price) -> int:
        cost = price[0] + self.firm_weight * price[1] + BREACH * price[2]
        if self.tolerance is None:
            return cost + BREACH * price[3]
        return cost + int(self.tolerance * price[4])

    def weigh_firm(self, weight: int) -> None:
        """Say what firm service counts in a strict plan, against everything else. [1]"""
        if self.instance.strict:
            self.firm_weight = weight
            for demand in self.demands:
                demand.firm_weight = weight

    def weigh_rights(self, weight: int) -> None:
        """Say how often engineering and PPQ count that lack an intermediate. [1]"""
        for demand in self.demands:
            demand.right_weight = weight

    def _prices(self) -> list[Price]:
        return [peg.price for peg in self.pegs]

    @property
    def breaks(self) -> int:
        """Batches that break a rule."""
        lacking = sum(price[2] + price[3] for price in self._prices())
        return self.crowded + self.over + self.qualified[3] + lacking

    @property
    def rank(self) -> tuple[int, int, int]:
        """Rules broken, then as `Bill.rank`, or regret in a plan without tiers."""
        firm = sum(price[1] for price in self._prices())
        regret = sum(price[0] for price in self._prices()) + sum(self.changeovers)
        if self.instance.strict:
            return self.breaks, firm, regret - firm
        return self.breaks, 0, regret

    # ---------------------------------------------------------------- making

    def campaign(
        self, step: StepData, suite: int, start: int, n: int, ppq: bool = False
    ) -> Campaign | None:
        """A campaign if its size, its dates and its suite allow it, whatever is around."""
        mask = self._mask(step, n, ppq)
        if mask is None and not step.cut:
            return None
        mode = step.modes[suite]
        place = bisect_right(self.span_lows[step.index, suite], start) - 1
        if place < 0:
            return None
        takt = mode.takt(start)
        if start + (n - 1) * takt > mode.starts[place][1]:
            return None
        if step.cut and self._cut_off(mode, start, n, takt):
            mask = self._mask_cut(step, n, ppq)
        if mask is None:
            return None
        return Campaign(step, mode, start, n, takt, ppq, mask)

    def _mask(self, step: StepData, n: int, ppq: bool) -> int | None:
        """Kinds that a campaign of so many batches may make, None for no such campaign."""
        if n < 1 or n > step.maximum or n % step.multiple:
            return None
        return self.demands[step.programme].listing.mask(step, n, ppq)

    def _mask_cut(self, step: StepData, n: int, ppq: bool) -> int | None:
        """The same where the horizon's end cuts it off: no minimum, no multiple."""
        if not 1 <= n <= step.maximum:
            return None
        enough = max(n, *step.minimum.values(), 1)
        return self.demands[step.programme].listing.mask(step, enough, ppq)

    def _cut_off(self, mode: Mode, start: int, n: int, takt: int) -> bool:
        """Whether one batch more would be out after the end of the horizon."""
        return start + n * takt + mode.lead > self.instance.horizon_end

    def nearest(self, step: StepData, suite: int, start: int, n: int) -> int | None:
        """Start nearest to a tick at which no closure is in a campaign's way. [tick]"""
        mode = step.modes[suite]
        at = bisect_right(self.span_lows[step.index, suite], start) - 1
        found: int | None = None
        for low, high in mode.starts[max(at - 1, 0) : at + 2]:
            last = high - (n - 1) * mode.takt(max(low, min(start, high)))
            near = min(max(start, low), last)
            if last >= low and (
                found is None or abs(near - start) < abs(found - start)
            ):
                found = near
        return found

    def gap(self, before: Campaign | None, campaign: Campaign) -> int:
        """Changeover before a campaign, -1 where it doesn't fit. [tick]"""
        if campaign.after is not before:
            campaign.after = before
            campaign.gap = self._gap(before, campaign)
        return campaign.gap

    def _gap(self, before: Campaign | None, campaign: Campaign) -> int:
        if campaign.lock is not None and (before is None or before.lock is not None):
            return 0
        start = campaign.start
        if before is not None and start < before.end:
            return -1
        suite = self.instance.suites[campaign.suite]
        needed = self.changeover(
            suite, before, campaign.step, campaign.programme, start
        )
        if needed:
            begin = start - needed
            if begin < suite.free_from or (before is not None and begin < before.end):
                return -1
            ends = self.shut_ends[campaign.suite]
            place = bisect_right(ends, start) - 1
            if place >= 0 and begin < ends[place]:
                return -1
        return needed

    def changeover(
        self,
        suite: SuiteData,
        before: Campaign | None,
        step: int,
        programme: int,
        start: int,
    ) -> int:
        """Changeover that a start in a suite needs. [tick]"""
        if before is None:
            free, leaving, from_step = suite.free_from, suite.set_up, suite.set_up_step
        else:
            free, leaving, from_step = before.end, before.programme, before.step
        if (
            leaving == programme
            and start - free <= suite.hold
            and not suite.shut_between(free, start)
        ):
            return 0
        return suite.changeover[from_step, step]

    def earliest(
        self,
        before: Campaign | None,
        step: StepData,
        suite: int,
        n: int,
        ppq: bool,
        tick: int,
    ) -> Campaign | None:
        """A campaign that starts from a tick on, as soon as it fits after another."""
        mask = self._mask(step, n, ppq)
        if mask is None and not step.cut:
            return None
        data, mode = self.instance.suites[suite], step.modes[suite]
        free = data.free_from if before is None else before.end
        if free > tick:
            tick = free
        ends, spans = self.shut_ends[suite], mode.starts
        at = bisect_right(self.span_lows[step.index, suite], tick) - 1
        for place in range(at if at > 0 else 0, len(spans)):
            low, high = spans[place]
            start = tick if tick > low else low
            needed = self.changeover(data, before, step.index, step.programme, start)
            if needed:
                floor = free if free > data.free_from else data.free_from
                start = self._after(ends, floor, start, needed)
            takt = mode.takt(start)
            if start + (n - 1) * takt > high:
                continue
            if step.cut and self._cut_off(mode, start, n, takt):
                mask = self._mask_cut(step, n, ppq)
            if mask is None:
                return None
            found = Campaign(step, mode, start, n, takt, ppq, mask)
            found.after, found.gap = before, needed
            return found
        return None

    @staticmethod
    def _after(ends: list[int], floor: int, start: int, needed: int) -> int:
        """Start from a tick on with room for a changeover since the floor and closures."""
        while True:
            place = bisect_right(ends, start) - 1
            if place >= 0 and ends[place] > floor:
                floor = ends[place]
            if floor + needed <= start:
                return start
            start = floor + needed

    def latest(
        self,
        step: StepData,
        suite: int,
        n: int,
        ppq: bool,
        after: Campaign | None,
        tick: int,
    ) -> Campaign | None:
        """A campaign that starts up to a tick, as late as it fits before another."""
        mask = self._mask(step, n, ppq)
        if mask is None and not step.cut:
            return None
        mode = step.modes[suite]
        end = FAR
        if after is not None:
            end = after.start
            data = self.instance.suites[suite]
            other = after.programme != step.programme or data.hold < 0
            if other or self._shut_before(after, step):
                end -= data.changeover[step.index, after.step]
        at = bisect_right(self.span_lows[step.index, suite], tick) - 1
        for place in range(at, -1, -1):
            low, high = mode.starts[place]
            start = min(tick, high, end)
            for _ in range(3):
                last = (n - 1) * mode.takt(start if start > low else low)
                latest = min(high - last, end - last - mode.lead)
                if latest >= start:
                    break
                start = latest
            if start < low:
                continue
            takt = mode.takt(start)
            if start + (n - 1) * takt > high:
                return None
            if step.cut and self._cut_off(mode, start, n, takt):
                mask = self._mask_cut(step, n, ppq)
            if mask is None:
                return None
            return Campaign(step, mode, start, n, takt, ppq, mask)
        return None

    def _shut_before(self, after: Campaign, step: StepData) -> bool:
        data = self.instance.suites[after.suite]
        wait = data.changeover[step.index, after.step]
        return data.shut_between(after.start - wait - 1, after.start)

    # -------------------------------------------------------------- changing

    def foresee(
        self, out: Iterable[Campaign], into: Sequence[Campaign]
    ) -> Foreseen | None:
        """What `swap` would change at the least: as if the new batches never queued.

        None where the campaigns don't fit; nothing is done.
        """
        found = self._fitted(out, into)
        if found is None:
            return None
        for campaign in into:
            self._list(campaign)
        before = [(number, self.steps[number]) for number, _ in found.steps]
        for number, row in found.steps:
            self.steps[number] = row
        self._price(found)
        for number, row in before:
            self.steps[number] = row
        return found

    def _fitted(
        self, out: Iterable[Campaign], into: Sequence[Campaign]
    ) -> Foreseen | None:
        """The rows of a change and their changeovers, None where they don't fit."""
        found = Foreseen(list(out), into)
        leaving, gone = found.leaving, found.gone
        for number in {c.suite for c in leaving} | {c.suite for c in into}:
            row = self._row(number, gone, into)
            cost = self._row_cost(number, row)
            if cost is None:
                return None
            found.suites.append((number, row, cost))
            found.delta += cost - self.changeovers[number]
        for number in {c.step for c in leaving} | {c.step for c in into}:
            row = [c for c in self.steps[number] if id(c) not in gone]
            row += [c for c in into if c.step == number]
            found.steps.append((number, row))
        return found

    def _price(self, change: Foreseen) -> None:
        """Peg the programmes that a change touches, its campaigns being listed."""
        change.chains = self._chains(change.programmes)
        _, rights, _, delayed = change.chains
        change.delta += BREACH * (delayed - self.qualified[3])
        pegs = list(self.pegs)
        for number in self._touched(change.programmes, rights):
            base = self.pegs[number]
            peg = self.demands[number].peg(
                self.steps, base, change.leaving, change.into, rights
            )
            change.delta += self._weigh(peg.price) - self._weigh(base.price)
            change.pegs.append((number, peg))
            pegs[number] = peg
        change.crowded = self._crowded(pegs)
        change.delta += BREACH * (change.crowded - self.crowded)
        change.over = self._over(pegs)
        change.delta += BREACH * (change.over - self.over)

    def _chains(self, programmes: set[int]) -> Chains:
        """How qualifications stand after a change to some programmes."""
        before = self.qualified
        proved, rights, begun, delayed = before
        changed = [d for d in self.chained if d.programme in programmes]
        if not changed:
            return before
        proved, begun = qualified(changed, self.steps, proved, begun)
        if proved != before[0]:
            rights = self.instance.standing(proved)
        if begun != before[2]:
            _, delayed = self.instance.placed(begun)
        return proved, rights, begun, delayed

    def _touched(
        self, programmes: set[int], rights: tuple[Filed | None, ...]
    ) -> set[int]:
        """Programmes that a change touches, those with other rights among them."""
        before = self.qualified[1]
        if rights == before:
            return programmes
        return programmes | {
            demand.programme
            for demand in self.chained
            for chain in demand.chains
            if any(rights[f] != before[f] for f in chain.filings)
        }

    def _row(
        self, number: int, gone: set[int], into: Sequence[Campaign]
    ) -> list[Campaign]:
        row = [c for c in self.suites[number] if id(c) not in gone]
        row += [c for c in into if c.suite == number]
        row.sort(key=by_start)
        return row

    def swap(self, out: Iterable[Campaign], into: Sequence[Campaign]) -> int | None:
        """Replace campaigns; None, and nothing done, where they don't fit.

        Returns the change of `total`; `revert` takes the swap back.
        """
        change = self._fitted(out, into)
        return None if change is None else self.make(change)

    def make(self, change: Foreseen) -> int:
        """Do what was foreseen on this board, which hasn't changed since.

        Returns the change of `total`; `revert` takes it back. Where no new batch has to
        queue, as nearly always, what was foreseen is what comes, and isn't priced again.
        """
        undo = _Undo(change, self.qualified, self.crowded, self.over)
        self._undo.append(undo)
        for number, row, cost in change.suites:
            undo.suites.append((number, self.suites[number], self.changeovers[number]))
            self.suites[number], self.changeovers[number] = row, cost
        for campaign in change.leaving:
            self._free(campaign)
        as_foreseen = change.chains is not None
        for campaign in sorted(change.into, key=by_start):
            if self._test(campaign):
                as_foreseen = False
        for number, row in change.steps:
            undo.steps.append((number, self.steps[number]))
            self.steps[number] = row
        if not as_foreseen:
            again = Foreseen(change.leaving, change.into)
            costs = sum(cost for _, _, cost in change.suites)
            again.delta = costs - sum(cost for _, _, cost in undo.suites)
            self._price(again)
            change = again
        assert change.chains is not None
        self.qualified, self.crowded = change.chains, change.crowded
        self.over = change.over
        for number, peg in change.pegs:
            undo.pegs.append((number, self.pegs[number]))
            self.pegs[number] = peg
        return change.delta

    def _row_cost(self, suite: int, row: list[Campaign]) -> int | None:
        money = 0
        cost = self.instance.suites[suite].changeover_cost
        before: Campaign | None = None
        if self.instance.suites[suite].ceilings and not self._below(suite, row):
            return None
        for campaign in row:
            gap = (
                campaign.gap if campaign.after is before else self.gap(before, campaign)
            )
            if gap < 0:
                return None
            if campaign.mode is not None:
                money += campaign.mode.campaign_cost + (cost if gap else 0)
            before = campaign
        return money

    def _below(self, suite: int, row: list[Campaign]) -> bool:
        """Whether campaigns and changeovers keep the suite's ceiling in every period."""
        spans = [
            (campaign.start - max(0, self.gap(before, campaign)), campaign.end)
            for before, campaign in zip([None, *row], row, strict=False)
        ]
        return all(
            sum(overlap(span, (begin, end)) for span in spans) <= most
            for begin, end, most in self.instance.suites[suite].ceilings
        )

    def mark(self) -> int:
        """Where `revert` may go back to."""
        return len(self._undo)

    def revert(self, mark: int | None = None) -> None:
        """Take the last swap back, or all since a mark."""
        down_to = len(self._undo) - 1 if mark is None else mark
        while len(self._undo) > down_to:
            undo = self._undo.pop()
            for campaign in undo.into:
                self._free(campaign)
            for campaign in undo.leaving:
                self._hold(campaign)
            for number, row, cost in undo.suites:
                self.suites[number], self.changeovers[number] = row, cost
            for number, row in undo.steps:
                self.steps[number] = row
            for number, peg in undo.pegs:
                self.pegs[number] = peg
            self.qualified = undo.chains
            self.crowded, self.over = undo.crowded, undo.over

    def keep(self) -> None:
        """Forget how to take swaps back."""
        self._undo.clear()

    def _free(self, campaign: Campaign) -> None:
        for test in campaign.tests:
            if test is not None:
                self.slots.free(campaign.site, test)

    def _hold(self, campaign: Campaign) -> None:
        for test in campaign.tests:
            if test is not None:
                self.slots.hold(campaign.site, test)

    def _test(self, campaign: Campaign) -> bool:
        """Find slots for every batch and list them: whether one has to queue, or can't."""
        step = self.instance.steps[campaign.step]
        out, queues = campaign.start + campaign.lead, False
        untested = not step.tested or (
            campaign.lock is not None
            and self.instance.locks[campaign.lock].kind == "engineering"
        )
        campaign.tests = []
        for number in range(campaign.n):
            tick = out + number * campaign.takt
            test = None if untested else self._slot(campaign, step, tick)
            campaign.tests.append(test)
            if step.tested and (test is None or wait(step, tick, test)):
                queues = True
        if queues or not campaign.listed:
            self.demands[step.programme].listing.enlist(campaign, step, campaign.tests)
            campaign.listed = not queues
        return queues

    def _list(self, campaign: Campaign) -> None:
        """List the batches as if none had to queue."""
        if not campaign.listed:
            step = self.instance.steps[campaign.step]
            self.demands[step.programme].listing.enlist(campaign, step, None)
            campaign.listed = True

    def _slot(self, campaign: Campaign, step: StepData, out: int) -> Test | None:
        if out < self.instance.as_of:  # tested already, in the queues from the start
            return Test(campaign.site, out, campaign.site, out)
        return self.slots.take(campaign.site, out, step)

    # --------------------------------------------------------------- writing

    def snapshot(self) -> Snapshot:
        """The plan as it stands; later swaps leave it alone."""
        return Snapshot(self, [list(row) for row in self.suites])


class Snapshot:
    """Campaigns of a plan with the tests that they had."""

    def __init__(self, board: Board, suites: list[list[Campaign]]) -> None:
        self.instance = board.instance
        self.demands = board.demands
        self.suites = suites

    def schedule(self) -> Schedule:
        """The plan with everything that follows from its campaigns."""
        steps: list[list[Campaign]] = [[] for _ in self.instance.steps]
        for row in self.suites:
            for campaign in row:
                steps[campaign.step].append(campaign)
        serves: dict[tuple[int, int], int] = {}
        on_hand: dict[int, int] = {}
        nothing = (None,) * len(self.instance.chains)
        proved, begun = qualified(self.demands, steps, nothing, {})
        rights = self.instance.standing(proved)
        without: set[int] = set()
        for demand in self.demands:
            found = demand.peg(steps, rights=rights)
            serves.update(((id(c), number), g) for c, number, g in found.trials)
            could = {f for chain in demand.chains for f in chain.filings if rights[f]}
            without |= could - found.filed
            for item, j in found.pairs():
                if j >= 0 and item[6] is None:
                    on_hand[item[7]] = demand.groups[j].index
                elif j >= 0:
                    serves[id(item[6]), item[7]] = demand.groups[j].index
            on_hand.update(
                (index, demand.groups[j].index) for index, j in demand.handing.shelf
            )
        runs = tuple(self._run(c, serves) for row in self.suites for c in row)
        transfers, _ = self.instance.placed(begun)
        bare = Schedule(self.instance, runs, on_hand, (), transfers, frozenset(without))
        bare = in_turn(bare)
        return replace(bare, freights=freights_for(bare))

    def _run(self, campaign: Campaign, serves: dict[tuple[int, int], int]) -> Run:
        groups = tuple(serves.get((id(campaign), k)) for k in range(campaign.n))
        every = self.instance.groups
        tests = tuple(
            None if group is not None and every[group].kind == "engineering" else test
            for group, test in zip(groups, campaign.tests, strict=True)
        )
        return Run(
            campaign.step, campaign.suite, campaign.start, campaign.takt, groups, tests,
            campaign.lock,
        )  # fmt: skip


def qualified(
    demands: Iterable[Demand],
    steps: list[list[Campaign]],
    proved: Proved,
    begun: Begun,
) -> tuple[Proved, Begun]:
    """When qualifications are proved and their sites begin, those of some anew."""
    dates, starts = list(proved), dict(begun)
    for demand in demands:
        for chain in demand.chains:
            dates[chain.index] = demand.qualifying.proved(steps, chain)
            if chain.transfer is not None:
                start = demand.qualifying.starts_at(steps, chain)
                starts.pop(chain.index, None)
                if start is not None:
                    starts[chain.index] = start
    return tuple(dates), starts


def board_of(schedule: Schedule) -> Board:
    """The board with the campaigns of a schedule."""
    board = Board(schedule.instance)
    groups = schedule.instance.groups
    into = []
    for run in schedule.runs:
        if run.lock is None:
            step = schedule.instance.steps[run.step]
            ppq = any(g is not None and groups[g].kind == "ppq" for g in run.serves)
            found = board.campaign(step, run.suite, run.start, run.batches, ppq)
            assert found is not None
            into.append(found)
    assert board.swap([], into) is not None
    return board

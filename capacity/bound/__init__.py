"""A lower bound on regret by Lagrangian decomposition by programme.

"One thing at a time in a suite" is priced per tick, with a price for each suite and week.
At any prices the sum of what each recipe step costs alone, its use of suites paid for,
less the price of all that the suites offer, is at most the regret of every plan.

Each step alone is planned by dynamic programming. Time is cut into steps of one width,
counted in ticks of *out*, so that every batch lies in the step in which it really is out.
Costs are the least within the step, so that nothing is rounded against a plan:

- Two batches of a campaign are a takt apart, which is at least `low` and at most `high`
  steps. The second pays the price of the takt that ends when it is out.
- A campaign's first batch pays its lead-in and the changeover before it: the cheapest
  from another programme, or all since the suite was free or since a locked campaign of
  the same programme. Between two campaigns of one programme with none in between, nobody
  else has the suite: what lies between is priced like a campaign, and in return the
  second needs no changeover unless a shutdown lies between. After a shutdown no batch
  starts before the shortest changeover.
- Most campaigns have a least size m: over all, further batches of campaigns are at least
  m - 1 per campaign, but for batches of kinds that may be in shorter ones. That and the
  rule that frozen intermediates are there when they are used are priced as well.
- Of a site that not every order may be made of, no more intermediates are used than the
  others take: that is priced.
- A batch that serves no position is surplus and costs its variable cost. An intermediate
  always costs what its suite is dearer than the cheapest.
- A programme with qualifications is planned once for each span in which it may be filed,
  and without the site: the cheapest counts (`ways`), and its span is cut in two.
- What QC and QA of a site take in a window is priced for batches that serve a group; what
  waits until it is cheap is later for that (`queues`).
- Maximum and multiple of campaigns, direct and client supplies, freezers and shipments are
  left out, and a pause of any length within a campaign's stay costs no changeover.

Demand is a row of positions in order of latest punctual out. A batch may pass the next
position at its cost, or none; a position may be dropped at what being unserved costs.
That loses nothing if costs are *Monge*, i.e. if being out later by a step adds no more to
a later position's cost than to an earlier one's: where two batches pass two positions
crosswise, uncrossing them then costs no more. Which batches serve none stays as it was,
and a position dropped counts as passed when it would be cheapest, at that cost and what
it loses besides: all positions are passed, in any order, and in order it costs no more.
Costs are therefore replaced by Monge ones, which all together are nowhere dearer. They may
have a position passed, wait again and be passed again, for the difference: a rebate by
group and month makes that dearer, as passing costs less and waiting again earns less.
An order made at several sizes has as many positions as it takes batches of the smallest;
a batch of another size passes several, each at its share of the batch. Locked
batches and those in release pass positions when they are out. Stock has no holding cost,
so it doesn't fit the order: passing by stock costs a multiplier, at the time at which the
position might be dropped, and the stock that there is earns it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from capacity.bound.alone import Alone, Answer, Tolls
from capacity.bound.closing import closer
from capacity.bound.demand import Floats
from capacity.bound.places import Place
from capacity.bound.queues import RESOURCES, Least, Queues
from capacity.bound.ways import Way, split, ways
from capacity.instance import Instance, StepData

__all__ = ["Bound", "Prices", "Relaxation", "bound"]

WEEK = 7
"""A price holds so long. [day]"""

REST, REST_SHARE = 8, 40
"""Most sweeps that a way is left out for, and how many where it costs twice as much."""

MONTH = 4
"""A rebate holds for so many of these."""

CLOSER = 24
"""Most often that a step is planned again at the last prices, where it gains from that; at most
half as often as all steps were before."""


@dataclass(frozen=True)
class Bound:
    """A lower bound on the regret of every feasible plan and where it comes from."""

    value: int
    """[money]"""
    weeks: tuple[int, ...]
    """First tick of each week. [tick]"""
    prices: tuple[tuple[float, ...], ...]
    """By suite and week. [money per tick]"""
    starts: tuple[tuple[float, ...], ...]
    """Of a start, by QC of each site and QA of each, and week. [money]"""
    parts: dict[int, float]
    """What each step pays, prices included, less what its stock earns. [money]"""
    offered: float
    """Price of all that suites, QC and QA offer. [money]"""
    sweeps: int
    """How often all steps were planned."""


class Prices:
    """Multipliers, all in one row so that they climb together.

    Parameters
    ----------
    shape
        Suites, programmes, steps, weeks, sites and groups.
    row
        All multipliers; nothing costs anything where not stated.
    """

    def __init__(
        self, shape: tuple[int, int, int, int, int, int], row: Floats | None = None
    ) -> None:
        suites, programmes, steps, weeks, sites, groups = self.shape = shape
        months = -(-weeks // MONTH)
        ends = np.cumsum(
            [
                suites * weeks,
                programmes,
                steps,
                steps * weeks,
                steps * sites,
                groups * months,
                *[len(RESOURCES) * sites * weeks] * 2,
            ]
        )
        queues = len(RESOURCES), sites, weeks
        self.row: Floats = np.zeros(int(ends[-1])) if row is None else row
        self.suite: Floats = self.row[: ends[0]].reshape(suites, weeks)
        """By suite and week. [money per tick]"""
        self.stock: Floats = self.row[ends[0] : ends[1]]
        """A batch of stock, by programme. [money]"""
        self.pace: Floats = self.row[ends[1] : ends[2]]
        """A further batch of a campaign, by step. [money]"""
        self.supply: Floats = self.row[ends[2] : ends[3]].reshape(steps, weeks)
        """An intermediate that is there by the start of a week, by step that uses it.
        [money]"""
        self.site: Floats = self.row[ends[3] : ends[4]].reshape(steps, sites)
        """An intermediate made at a site that not all who use it may take, by step that
        makes it. [money]"""
        self.rebate: Floats = self.row[ends[4] : ends[5]].reshape(groups, months)
        """What a position is passed for less by group and `MONTH`: one that is cheap to hold
        seems passed early, and again to wait when others are due, at the difference.
        [money]"""
        self.start: Floats = self.row[ends[5] : ends[6]].reshape(queues)
        """A start of QC or QA, by resource, site and window that begins with a week. [money]"""
        self.lent: Floats = self.row[ends[6] :].reshape(queues)
        """The same, besides, for another site. [money]"""

    def like(self, row: Floats) -> Prices:
        """Other values of the same shape."""
        return Prices(self.shape, row)


@dataclass
class Sweep:
    """What all steps together say at some prices."""

    value: float
    """[money]"""
    parts: dict[int, float]
    offered: float
    excess: Prices
    """How much more than there is is used, where traced."""
    whole: bool
    """Whether all ways were planned; else it may be too much."""


class Relaxation:
    """The relaxed problem on a time grid.

    Parameters
    ----------
    instance
        What is planned.
    fine
        Time steps per shortest takt of a recipe step: finer is slower and tighter.
    known
        Ways of each step that cover all plans, where not the usual ones.
    """

    def __init__(
        self, instance: Instance, fine: int = 1, known: list[list[Way]] | None = None
    ) -> None:
        self.instance = instance
        locked = [lock.start for lock in instance.locks]
        self.base = min([0, instance.as_of, *locked])
        self.week = int(
            instance.grid.up(Fraction(WEEK))
        )  # any whole number of ticks will do
        self.fine, self.room = fine, [np.empty(0)]
        self.ticks = instance.horizon_end - self.base + 1
        self.weeks = -(-self.ticks // self.week)
        self.queues = Queues(instance, self.base, self.week, self.weeks)
        self.ways: list[list[Alone]] = []
        """Of each step, every way that its qualifications may go, the last cheapest first."""
        self.places: list[dict[tuple[int, int, Fraction], Place]] = []
        """Of each step, all that its ways share."""
        for step in instance.steps:
            if step.after is None or instance.steps[step.after].frozen is not None:
                self.places.append({})
                told = ways(instance, step) if known is None else known[len(self.ways)]
                self.ways.append([self._alone(step, way, -1) for way in told])
        self.limited = sorted(
            {(x.step.index, at) for row in self.ways for x in row for at in x.most}
        )
        """(step, site) of intermediates that aren't for all."""
        self.offers = np.array([self._offer(n) for n in range(len(instance.suites))])
        self.available = np.array([self._weekly(row) for row in self.offers])
        self.given = [self._given(alone.step.index) for alone in self.steps]
        self.shape = (
            len(instance.suites),
            len(instance.programmes),
            len(instance.steps),
            self.weeks,
            len(instance.sites),
            len(instance.groups),
        )

    def _alone(self, step: StepData, way: Way, number: int) -> Alone:
        places = self.places[number]
        at = self.base, self.week
        return Alone(self.instance, step, *at, self.fine, way, places, self.room)

    def split(self) -> None:
        """Cut the longest span of the way in which each step was cheapest last."""
        for number, several in enumerate(self.ways):
            step, way = several[0].step, several[0].way
            halves = split(self.instance, way)
            if halves:
                several[:1] = [self._alone(step, half, number) for half in halves]

    @property
    def steps(self) -> list[Alone]:
        """Each step in the way that was cheapest last."""
        return [several[0] for several in self.ways]

    def _given(self, step: int) -> int:
        """Batches of a step that are there without a decision."""
        instance = self.instance
        on_hand = sum(batch.step == step for batch in instance.on_hand)
        return on_hand + sum(x.batches for x in instance.locks if x.step == step)

    def _offer(self, number: int) -> Floats:
        """Ticks of a suite that a plan may use, 1 each."""
        suite, instance = self.instance.suites[number], self.instance
        offer = np.zeros(instance.horizon_end - self.base + 1)
        offer[suite.free_from - self.base : instance.horizon_end - self.base] = 1
        spans = [*suite.closures]
        for lock in instance.locks:
            if lock.suite == number:
                length = (lock.batches - 1) * lock.takt + lock.lead
                spans.append((lock.start, lock.start + length))
        for first, last in spans:
            offer[max(0, first - self.base) : max(0, last - self.base)] = 0
        return offer

    def _weekly(self, ticks: Floats) -> Floats:
        found: Floats = np.add.reduceat(ticks, np.arange(0, self.ticks, self.week))
        return found

    def nothing(self) -> Prices:
        """Everything for free, but stock worth about what being late costs."""
        prices = Prices(self.shape)
        for alone in self.steps:
            if alone.demand.stock and alone.positions:
                worth = alone.demand.sold.max(initial=0.0) / 50
                prices.stock[alone.step.programme] = worth
        return prices

    def sweep(
        self, prices: Prices, *, trace: bool = False, whole: bool = True
    ) -> Sweep:
        """Plan every step alone at these prices; only a whole sweep gives a bound.

        Else ways that were far from the cheapest when they were planned last, as many
        sweeps ago as they were far, are left out.
        """
        paid = self._paid(prices)
        starts, where = self.queues.prices(prices.start, prices.lent)
        begun = np.zeros(self.queues.shape)
        excess = Prices(self.shape)
        excess.suite[:] = -self.available
        excess.start[:], excess.lent[:] = -self.queues.takes, -self.queues.lends
        parts = {}
        rows = zip(self.ways, self.places, self.given, strict=True)
        for several, places, given in rows:
            tolls = self._price(several, places, paid, starts, prices)
            alone, answer = self._cheapest(several, (paid, tolls), trace, whole)
            supplied = self._supplied(alone, given, prices)
            parts[alone.step.index] = answer.cost - supplied
            if trace:
                self._note(alone, given, answer, excess)
                if alone.demand.groups:
                    served = alone.served(answer)
                    groups = list(alone.demand.groups)
                    excess.rebate[groups] = alone.rebates(served)
                    begun += alone.waits.starts(starts, served)
        here, lent = self.queues.used(begun, where)
        excess.start += here
        excess.lent += lent
        offered = float((prices.suite * self.available).sum())
        offered += float((prices.start * self.queues.takes).sum())
        offered += float((prices.lent * self.queues.lends).sum())
        return Sweep(sum(parts.values()) - offered, parts, offered, excess, whole)

    def close(self, prices: Prices, sweep: Sweep, most: int) -> Sweep:
        """Plan every step more closely than a whole sweep at these prices did.

        Parameters
        ----------
        prices, sweep
            What was known.
        most
            How often a step is planned again. [1]
        """
        paid, parts = self._paid(prices), {}
        starts, _ = self.queues.prices(prices.start, prices.lent)
        for several, places, given in zip(
            self.ways, self.places, self.given, strict=True
        ):
            tolls = self._price(several, places, paid, starts, prices)
            for alone in several:
                alone.price(paid, tolls)
            index = several[0].step.index
            cost = closer(several, most) - self._supplied(several[0], given, prices)
            parts[index] = max(sweep.parts[index], cost)
        value = sum(parts.values()) - sweep.offered
        return replace(sweep, value=value, parts=parts)

    def _paid(self, prices: Prices) -> list[Floats]:
        """By suite the price of all ticks before each. [money]"""
        each = np.repeat(prices.suite, self.week, axis=1)[:, : self.ticks] * self.offers
        return [np.concatenate([[0.0], np.cumsum(row)]) for row in each]

    def _supplied(self, alone: Alone, given: int, prices: Prices) -> float:
        """What intermediates earn that are there without a decision. [money]"""
        after = alone.step.after
        return 0.0 if after is None else given * float(prices.supply[after].sum())

    def _price(
        self,
        several: list[Alone],
        places: dict[tuple[int, int, Fraction], Place],
        paid: list[Floats],
        starts: list[list[Least]],
        prices: Prices,
    ) -> Tolls:
        """Tell all places of a step what suites cost; what else costs something."""
        tolls = self._tolls(several[0], starts, prices)
        for place in places.values():
            place.price(paid[place.suite], tolls.pace)
        return tolls

    def _cheapest(
        self,
        several: list[Alone],
        prices: tuple[list[Floats], Tolls],
        trace: bool,
        whole: bool,
    ) -> tuple[Alone, Answer]:
        """The way in which a step costs least, put first, and what it then does."""
        several[0].price(*prices)
        best, found = several[0], several[0].solve(trace=trace)
        first = found
        for alone in several[1:]:
            if alone.rest > 0 and not whole:
                alone.rest -= 1
                continue
            alone.price(*prices)
            floor = alone.floor()
            if floor < found.cost:
                other = alone.solve(trace=False)
                floor = other.cost
                if floor < found.cost:
                    best, found = alone, other
            far = (floor - first.cost) / max(1.0, abs(first.cost))
            alone.rest = int(min(REST, max(0.0, far * REST_SHARE)))
        if best is not several[0]:
            several.remove(best)
            several.insert(0, best)
            if trace:
                found = best.solve(trace=True)
        return best, found

    def _tolls(self, alone: Alone, starts: list[list[Least]], prices: Prices) -> Tolls:
        step = alone.step
        pays = earns = None
        if step.frozen is not None:
            pays = float(step.frozen.ratio) * self._by_tick(prices.supply[step.index])
        if step.after is not None:
            earns = self._by_tick(prices.supply[step.after])
        return Tolls(
            float(prices.stock[step.programme]) if step.after is None else 0.0,
            float(prices.pace[step.index]),
            pays,
            earns,
            prices.site[step.index],
            alone.units * sum(float(prices.site[at]) for at in self._limited(step)),
            prices.rebate,
            MONTH * self.week,
            starts,
        )

    def _limited(self, step: StepData) -> list[tuple[int, int]]:
        """What a step takes of which not all is for all."""
        return [at for at in self.limited if at[0] == step.before]

    def _by_tick(self, weekly: Floats) -> Floats:
        """Sum over the weeks that start no sooner than each tick."""
        later = np.append(np.cumsum(weekly[::-1])[::-1], 0.0)
        found: Floats = later[-(-np.arange(self.ticks) // self.week)]
        return found

    def _note(self, alone: Alone, given: int, answer: Answer, excess: Prices) -> None:
        """Add what a step uses, and take off what it supplies."""
        step = alone.step
        excess.suite += self._used(answer)
        excess.pace[step.index] = answer.short
        for site, most in alone.most.items():
            excess.site[step.index, site] += answer.made.get(site, 0) - most
        for at in self._limited(step):
            excess.site[at] -= alone.units * answer.spare
        weeks = np.arange(self.weeks) * self.week
        if step.after is None:
            excess.stock[step.programme] = answer.by_stock - alone.demand.stock
        else:
            usable = np.sort(alone.usable(answer))
            there = given + np.searchsorted(usable, weeks, side="right")
            excess.supply[step.after] -= there
        if step.frozen is not None:
            started = np.sort(alone.started(answer))
            users = np.searchsorted(started, weeks, side="right")
            excess.supply[step.index] += float(step.frozen.ratio) * users

    def _used(self, answer: Answer) -> Floats:
        marks = np.zeros((len(self.offers), self.ticks + 1))
        for suite, start, end in answer.used:
            marks[suite, start] += 1
            marks[suite, end] -= 1
        used = np.cumsum(marks[:, :-1], axis=1) * self.offers
        return np.array([self._weekly(row) for row in used])


def _certain(sweep: Sweep) -> int:
    """The value in whole money, what floating point may have added taken off.

    Regret is a whole number, so that a bound may be rounded up.
    """
    size = sum(abs(x) for x in sweep.parts.values()) + sweep.offered
    return max(0, math.ceil(sweep.value - 0.01 - 1e-9 * size))


class Ascent:
    """Subgradient steps, each multiplier's scaled by how strongly it has been pulled.

    Multipliers differ a thousandfold in size, and so do the pulls on them. Each goes by
    a share of its own size, in the direction in which it was pulled of late, as far as
    it was pulled the same way each time. Shares fall from sweep to sweep.
    """

    SHARE, SLOWER = 2.0, 8
    """First share, and after how many sweeps it is half of that."""
    KEEP, KEEP_SQUARE = 0.7, 0.95
    """Of what was known of the pull, how much is kept at each sweep."""
    ROUND = 5
    """After every so manieth sweep the best bound is made sure of, and spans are cut."""
    PATIENCE = 12
    """Sweeps without a better bound before going back to the best prices."""

    def __init__(self, relaxation: Relaxation, start: Prices) -> None:
        self.relaxation = relaxation
        self.at, self.best_at = start, start
        self.best: Sweep | None = None
        self.pull = np.zeros_like(start.row)
        self.square = np.zeros_like(start.row)
        self.count = self.idle = 0
        self.share = self.SHARE
        self._scales()

    def _scales(self) -> None:
        """Least sizes of multipliers and of pulls, so that none gets stuck at 0."""
        steps = [alone for alone in self.relaxation.steps if alone.demand.sold.any()]
        values = [float(alone.demand.sold.mean()) for alone in steps]
        leads = [place.lead for alone in steps for place in alone.places]
        value = sum(values) / max(1, len(values))
        self.least = Prices(self.at.shape)
        self.least.suite[:] = 6e-4 * value * len(leads) / max(1, sum(leads))
        self.least.stock[:] = 3e-3 * value
        self.least.pace[:] = 7e-5 * value
        self.least.supply[:] = 1e-5 * value
        self.least.site[:] = 3e-3 * value
        self.least.rebate[:] = 1e-3 * value
        self.least.start[:] = self.least.lent[:] = 3e-4 * value
        faint = Prices(self.at.shape)
        faint.suite[:], faint.stock[:], faint.pace[:], faint.supply[:] = 4, 1, 3, 2
        faint.site[:], faint.rebate[:], faint.start[:], faint.lent[:] = 3, 2, 2, 2
        self.faint = faint.row

    def once(self) -> Sweep:
        """Sweep at the current prices and move them."""
        self.count += 1
        found = self.relaxation.sweep(self.at, trace=True, whole=False)
        self.idle += 1
        if self.best is None or found.value > self.best.value:
            self.best, self.best_at, self.idle = found, self.at, 0
        elif self.idle >= self.PATIENCE:
            self.at, self.idle, self.share = self.best_at, 0, 0.7 * self.share
            self.pull[:] = 0
        self._move((self.best if self.idle == 0 else found).excess.row)
        return found

    def refine(self, relaxation: Relaxation) -> None:
        """Go on from the best prices on another grid."""
        self.relaxation, self.at = relaxation, self.best_at
        self.best, self.idle = None, 0

    def certify(self) -> Sweep:
        """The best bound, of a whole sweep."""
        assert self.best is not None
        if not self.best.whole:
            found = self.relaxation.sweep(self.best_at)
            found.excess = self.best.excess
            self.best = found
        return self.best

    def _move(self, excess: Floats) -> None:
        keep, square = self.KEEP, self.KEEP_SQUARE
        self.pull = keep * self.pull + (1 - keep) * excess
        self.square = square * self.square + (1 - square) * excess**2
        strength = np.sqrt(self.square / (1 - square**self.count)) + self.faint
        towards = self.pull / (1 - keep**self.count) / strength
        share = self.share / (1 + (self.count - 1) / self.SLOWER)
        row = self.at.row + share * self._sizes().row * towards
        self.at = self.at.like(np.maximum(0, row))

    def _sizes(self) -> Prices:
        """What a share is of: of a suite's price, half of it is the suite's mean."""
        at = self.at
        sizes = at.like(at.row + self.least.row)
        mean = at.suite.mean(axis=1, keepdims=True)
        sizes.suite[:] = mean + at.suite / 2 + self.least.suite
        return sizes


def bound(
    instance: Instance,
    upper: int,
    *,
    sweeps: int,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[int], None] | None = None,
    fine: int = 2,
    polish: int = 1,
) -> Bound:
    """Bound the regret of every feasible plan from below.

    Parameters
    ----------
    instance
        What is planned.
    upper
        Regret of a known plan: a bound that reaches it ends the search. [money]
    sweeps
        Most often that all steps are planned at coarse time steps.
    stop
        Asked before every coarse sweep.
    report
        Told every better bound. [money]
    fine
        Time steps per shortest takt in the last sweeps.
    polish
        How many those are.

    Returns
    -------
    The best bound met, 0 without any sweep.
    """
    told = 0

    def climb(most: int, stop: Callable[[], bool]) -> None:
        while ascent.count < most and told < upper and not stop():
            ascent.once()
            if ascent.count % ascent.ROUND == 0:
                tell()
                ascent.relaxation.split()
        if ascent.best is not None:
            tell()

    def tell() -> None:
        nonlocal told
        found = _certain(ascent.certify())
        if found > told:
            told = found
            if report is not None:
                report(told)

    relaxation = Relaxation(instance)
    ascent = Ascent(relaxation, relaxation.nothing())
    climb(sweeps, stop)
    found = [] if ascent.best is None else [(ascent.best, ascent.best_at)]
    if polish and found:
        known = [[alone.way for alone in several] for several in relaxation.ways]
        ascent.refine(Relaxation(instance, fine, known))
        climb(ascent.count + polish, lambda: False)
        if ascent.best is not None:
            found.append((ascent.best, ascent.best_at))
    weeks = tuple(range(relaxation.base, instance.horizon_end + 1, relaxation.week))
    if not found:
        return Bound(0, weeks, (), (), {}, 0.0, ascent.count)
    best, prices = max(found, key=lambda row: row[0].value)
    if prices is ascent.best_at and told < upper:
        best = ascent.relaxation.close(prices, best, min(CLOSER, ascent.count // 2))
        if report is not None and _certain(best) > told:
            report(_certain(best))
    starts = relaxation.queues.by_week(prices.start)
    return Bound(
        _certain(best),
        weeks,
        tuple(tuple(map(float, row)) for row in prices.suite),
        tuple(tuple(map(float, row)) for row in starts.reshape(-1, relaxation.weeks)),
        best.parts,
        best.offered,
        ascent.count,
    )

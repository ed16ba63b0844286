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
  second needs no changeover unless a shutdown lies between.
- Most campaigns have a least size m: over all, further batches of campaigns are at least
  m - 1 per campaign, but for batches of kinds that may be in shorter ones. That and the
  rule that frozen intermediates are there when they are used are priced as well.
- A batch that serves no position is surplus and costs its variable cost, but where an
  order's number of batches depends on the suite. An intermediate always costs what its
  suite is dearer than the cheapest.
- A programme with qualifications is planned once for each span in which it may be filed,
  and without the site: the cheapest counts (`ways`).
- Maximum and multiple of campaigns, direct and client supplies, queues and shipments are
  left out, and a pause of any length within a campaign's stay costs no changeover.

Demand is a row of positions in order of latest punctual out. A batch may pass the next
position at its cost, or none; a position may be dropped at what being unserved costs.
That loses nothing if costs are *Monge*, i.e. if being out later by a step adds no more to
a later position's cost than to an earlier one's: where two batches pass two positions
crosswise, uncrossing them then costs no more. Which batches serve none stays as it was,
and a position dropped counts as passed when it would be cheapest, at that cost and what
it loses besides: all positions are passed, in any order, and in order it costs no more.
Costs are therefore replaced by Monge ones, which all together are nowhere dearer. Locked
batches and those in release pass positions when they are out. Stock has no holding cost,
so it doesn't fit the order: passing by stock costs a multiplier, at the time at which the
position might be dropped, and the stock that there is earns it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from capacity.bound.alone import Alone, Answer, Tolls
from capacity.bound.demand import Floats
from capacity.bound.ways import ways
from capacity.instance import Instance

__all__ = ["Bound", "Prices", "Relaxation", "bound"]

WEEK = 7
"""A price holds so long. [day]"""


@dataclass(frozen=True)
class Bound:
    """A lower bound on the regret of every feasible plan and where it comes from."""

    value: int
    """[money]"""
    weeks: tuple[int, ...]
    """First tick of each week. [tick]"""
    prices: tuple[tuple[float, ...], ...]
    """By suite and week. [money per tick]"""
    parts: dict[int, float]
    """What each step pays, prices included, less what its stock earns. [money]"""
    offered: float
    """Price of all that the suites offer. [money]"""
    sweeps: int
    """How often all steps were planned."""


class Prices:
    """Multipliers, all in one row so that they climb together.

    Parameters
    ----------
    shape
        Suites, programmes, steps and weeks.
    row
        All multipliers; nothing costs anything where not stated.
    """

    def __init__(
        self, shape: tuple[int, int, int, int], row: Floats | None = None
    ) -> None:
        suites, programmes, steps, weeks = self.shape = shape
        ends = np.cumsum([suites * weeks, programmes, steps, steps * weeks])
        self.row: Floats = np.zeros(int(ends[-1])) if row is None else row
        self.suite: Floats = self.row[: ends[0]].reshape(suites, weeks)
        """By suite and week. [money per tick]"""
        self.stock: Floats = self.row[ends[0] : ends[1]]
        """A batch of stock, by programme. [money]"""
        self.pace: Floats = self.row[ends[1] : ends[2]]
        """A further batch of a campaign, by step. [money]"""
        self.supply: Floats = self.row[ends[2] :].reshape(steps, weeks)
        """An intermediate that is there by the start of a week, by step that uses it.
        [money]"""

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


class Relaxation:
    """The relaxed problem on a time grid.

    Parameters
    ----------
    instance
        What is planned.
    fine
        Time steps per shortest takt of a recipe step: finer is slower and tighter.
    """

    def __init__(self, instance: Instance, fine: int = 1) -> None:
        self.instance = instance
        locked = [lock.start for lock in instance.locks]
        self.base = min([0, instance.as_of, *locked])
        self.week = int(
            instance.grid.up(Fraction(WEEK))
        )  # any whole number of ticks will do
        self.ways = [
            [Alone(instance, step, self.base, fine, c) for c in ways(instance, step)]
            for step in instance.steps
            if step.after is None or instance.steps[step.after].frozen is not None
        ]
        """Of each step, every way that its qualifications may go, the last cheapest first."""
        self.offers = np.array([self._offer(n) for n in range(len(instance.suites))])
        self.ticks = instance.horizon_end - self.base + 1
        self.weeks = -(-self.ticks // self.week)
        self.available = np.array([self._weekly(row) for row in self.offers])
        self.given = [self._given(alone.step.index) for alone in self.steps]
        self.shape = (
            len(instance.suites),
            len(instance.programmes),
            len(instance.steps),
            self.weeks,
        )

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

    def sweep(self, prices: Prices, *, trace: bool = False) -> Sweep:
        """Plan every step alone at these prices."""
        each = np.repeat(prices.suite, self.week, axis=1)[:, : self.ticks] * self.offers
        paid = [np.concatenate([[0.0], np.cumsum(row)]) for row in each]
        excess = Prices(self.shape)
        excess.suite[:] = -self.available
        parts = {}
        for several, given in zip(self.ways, self.given, strict=True):
            alone, answer = self._cheapest(several, paid, prices, trace)
            index, after = alone.step.index, alone.step.after
            parts[index] = answer.cost
            if after is not None:
                parts[index] -= given * float(prices.supply[after].sum())
            if trace:
                self._note(alone, given, answer, excess)
        offered = float((prices.suite * self.available).sum())
        return Sweep(sum(parts.values()) - offered, parts, offered, excess)

    def _cheapest(
        self, several: list[Alone], paid: list[Floats], prices: Prices, trace: bool
    ) -> tuple[Alone, Answer]:
        """The way in which a step costs least, put first, and what it then does."""
        tolls = [self._tolls(alone, prices) for alone in several]
        best, found = 0, several[0].solve(paid, tolls[0], trace=trace)
        for number, alone in enumerate(several[1:], 1):
            if alone.floor(tolls[number]) < found.cost:
                other = alone.solve(paid, tolls[number], trace=False)
                if other.cost < found.cost:
                    best, found = number, other
        if best:
            several.insert(0, several.pop(best))
            if trace:
                found = several[0].solve(paid, tolls[best], trace=True)
        return several[0], found

    def _tolls(self, alone: Alone, prices: Prices) -> Tolls:
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
        )

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
        self.trace = True
        """Whether to find out where to go from here; without, prices stay."""
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
        faint = Prices(self.at.shape)
        faint.suite[:], faint.stock[:], faint.pace[:], faint.supply[:] = 4, 1, 3, 2
        self.faint = faint.row

    def once(self) -> Sweep:
        """Sweep at the current prices and move them."""
        found = self.relaxation.sweep(self.at, trace=self.trace)
        self.count += 1
        self.idle += 1
        if self.best is None or found.value > self.best.value:
            self.best, self.best_at, self.idle = found, self.at, 0
        elif self.idle >= self.PATIENCE:
            self.at, self.idle, self.share = self.best_at, 0, 0.7 * self.share
            self.pull[:] = 0
        if self.trace:
            self._move((self.best if self.idle == 0 else found).excess.row)
        return found

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
    fine: int = 3,
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
        Time steps per shortest takt in the last sweeps; 0 leaves them out.
    polish
        How many sweeps are fine; from the second on they take memory, as fine as 2
        some 300 MB for a programme of 230 batches in two suites.

    Returns
    -------
    The best bound met, 0 without any sweep.
    """
    told = 0

    def climb(ascent: Ascent, most: int, stop: Callable[[], bool]) -> None:
        nonlocal told
        while ascent.count < most and told < upper and not stop():
            ascent.once()
            if ascent.best is not None and _certain(ascent.best) > told:
                told = _certain(ascent.best)
                if report is not None:
                    report(told)

    relaxation = Relaxation(instance)
    coarse = Ascent(relaxation, relaxation.nothing())
    climb(coarse, sweeps, stop)
    found = [coarse]
    if fine and coarse.best is not None:
        found.append(Ascent(Relaxation(instance, fine), coarse.best_at))
        found[-1].share = Ascent.SHARE / (1 + coarse.count / Ascent.SLOWER)
        found[-1].trace = polish > 1
        climb(found[-1], polish, lambda: False)
    weeks = range(relaxation.base, instance.horizon_end + 1, relaxation.week)
    return _best(found, tuple(weeks))


def _best(ascents: list[Ascent], weeks: tuple[int, ...]) -> Bound:
    """The best bound that any of them met."""
    tried = [ascent for ascent in ascents if ascent.best is not None]
    count = sum(ascent.count for ascent in ascents)
    if not tried:
        return Bound(0, weeks, (), {}, 0.0, count)
    top = max(tried, key=lambda ascent: ascent.best.value if ascent.best else 0.0)
    assert top.best is not None
    return Bound(
        _certain(top.best),
        weeks,
        tuple(tuple(map(float, row)) for row in top.best_at.suite),
        top.best.parts,
        top.best.offered,
        count,
    )

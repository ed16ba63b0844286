"""Linked campaigns searched whole: a complete plan soon, then better ones.

A *wish* says how many batches a train has, in which suites, and from when its campaigns
would like to start. Trains are laid one after another, in order of these wishes, each as
early as suites, changeovers, closures and holds then let it: so every order of wishes is a
plan that keeps the rules. Wishes are moved at random (simulated annealing); what is laid
behind a moved one is laid anew only where its neighbours have changed.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from operator import attrgetter, is_not
from random import Random

from capacity.instance import DAY, FAR, Instance, Mode, StepData, Stocked, SuiteData
from capacity.schedule import Run, Schedule, Unit
from capacity.stocks import NEVER, Flow, Lot, flow

BATCH = 20
"""Moves from one look at the clock to the next."""

REPORTS = 20
"""How often in a search better plans are told."""

HOT, COLD = 0.25, 0.004
"""First and last temperature, in shares of what a batch sells for."""

PUSHES = 60
"""How often a train is moved on before it is given up."""

SPANS, EARLY = (1, 2, 3), (0.0, 30.0, 120.0, 36_525.0)
"""Periods in a bundle of a first plan, and how early it would like to be. [1, day]"""

BROKEN = 10**12
"""What a part of a unit counts that breaks a rule. [money]"""


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What is wanted of a train."""

    programme: int
    batches: int
    suites: tuple[int, ...]
    """Of each step."""
    after: tuple[int, ...]
    """Its campaigns start no earlier, but for what holds allow. [tick]"""

    @property
    def turn(self) -> tuple[int, int, tuple[int, ...], int]:
        """Order in which trains are laid."""
        return self.after[0], self.programme, self.suites, self.batches


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """A campaign of a train, as laid."""

    step: StepData
    suite: int
    starts: list[int]
    """Of each batch. [tick]"""
    end: int
    """Last batch out. [tick]"""
    money: int
    """Batches, changeover, and what waited for it. [money]"""


@dataclass(frozen=True, slots=True, eq=False)
class Train:
    """A wish and where it was laid."""

    wish: Wish
    legs: tuple[Leg, ...]
    before: tuple[Leg | None, ...]
    """What its suites made before."""
    lots: list[Lot]
    """What enters the stock."""
    money: int
    """[money]"""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A plan."""

    trains: list[Train]
    """In order of their wishes."""
    rows: dict[int, list[Train]]
    """The same by programme."""
    flows: dict[int, Flow]
    """What happens to the stock of each programme."""
    money: int
    """Regret, and what breaks a rule. [money]"""


class Layer:
    """Lays trains, and knows what they cost."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.recipes = {
            programme: [s for s in instance.steps if s.programme == programme]
            for programme in sorted(instance.stocked)
        }
        nothing = Schedule(instance, ())
        self.given = {
            programme: list(nothing.lots(stocked))
            for programme, stocked in instance.stocked.items()
        }
        """What enters each stock without a train."""

    def laid(self, wishes: Sequence[Wish], before: Laid | None = None) -> Laid:
        """The plan of some wishes; what doesn't fit is left out."""
        known = {} if before is None else {t.wish: t for t in before.trains}
        last: dict[int, Leg] = {}
        trains: list[Train] = []
        rows: dict[int, list[Train]] = {programme: [] for programme in self.recipes}
        for wish in sorted(wishes, key=_turn):
            train = known.get(wish)
            if train is None or any(
                map(is_not, map(last.get, wish.suites), train.before)
            ):
                train = self.train(wish, last)
                if train is None:
                    continue
            trains.append(train)
            rows[wish.programme].append(train)
            last.update(zip(wish.suites, train.legs, strict=True))
        flows = {
            programme: before.flows[programme]
            if before is not None and before.rows[programme] == own
            else self._flow(programme, own)
            for programme, own in rows.items()
        }
        money = sum(train.money for train in trains)
        for found in flows.values():
            money += found.regret + BROKEN * found.breaks
        money += BROKEN * self._over(trains, flows)
        return Laid(trains, rows, flows, money)

    def _over(self, trains: list[Train], flows: dict[int, Flow]) -> int:
        """By how much an amount is worse than it may be. [part]"""
        cap, instance = self.instance.cap, self.instance
        if cap is None:
            return 0
        if cap.objective == "target_deficit":
            amount = sum(
                instance.parts[programme] * sum(found.deficit)
                for programme, found in flows.items()
            )
        else:
            amount = -sum(
                train.wish.batches
                * instance.brings(train.legs[-1].step, train.legs[-1].suite)
                for train in trains
            )
        return max(0, amount - cap.most)

    def _flow(self, programme: int, trains: list[Train]) -> Flow:
        lots = [lot for train in trains for lot in train.lots]
        return flow(self.instance.stocked[programme], [*self.given[programme], *lots])

    def train(self, wish: Wish, last: dict[int, Leg]) -> Train | None:
        """A train as early as its wish and what was laid before let it be, if it fits.

        What feeds directly lies on one site.
        """
        if len({self.instance.suites[suite].site for suite in wish.suites}) > 1:
            return None
        low = wish.after[0]
        for _ in range(PUSHES):
            legs, push = self._legs(wish, last, low)
            if push == 0:
                return self._train(wish, legs, last)
            if push >= FAR:
                return None
            low = legs[0].starts[0] + push
        return None

    def _train(self, wish: Wish, legs: list[Leg], last: dict[int, Leg]) -> Train:
        stocked = self.instance.stocked[wish.programme]
        before = tuple(last.get(suite) for suite in wish.suites)
        lots = list(self._lots(stocked, legs[-1]))
        return Train(wish, tuple(legs), before, lots, sum(leg.money for leg in legs))

    def _lots(self, stocked: Stocked, leg: Leg) -> Iterator[Lot]:
        mode, right = leg.step.modes[leg.suite], stocked.rights[leg.suite]
        if right is None:
            return
        lag = leg.step.lag or 0
        for start in leg.starts:
            out = start + mode.lead
            end = NEVER if stocked.life is None else out + stocked.life + 1
            yield Lot(max(right, out + lag), end, stocked.amounts[leg.suite])

    def _legs(
        self, wish: Wish, last: dict[int, Leg], low: int
    ) -> tuple[list[Leg], int]:
        """Campaigns of a train, and by how much its first must start later to fit."""
        legs: list[Leg] = []
        outs: list[int] = []
        for place, step in enumerate(self.recipes[wish.programme]):
            suite = self.instance.suites[wish.suites[place]]
            mode, hold = step.modes[suite.index], step.direct_hold or 0
            want, latest = low, FAR
            if legs:
                latest = outs[0] + hold
                want = max(outs[0], min(wish.after[place], latest))
            leg = self._leg(step, suite, mode, last.get(suite.index), want, outs, wish)
            if leg is None:
                return legs, FAR
            if legs:
                waits = [
                    start - out for start, out in zip(leg.starts, outs, strict=True)
                ]
                late = max(waits) - hold
                if late > 0:
                    first = self.instance.suites[wish.suites[0]]
                    return legs, FAR if first.no_idle or late > waits[0] else late
            legs.append(leg)
            outs = [start + mode.lead for start in leg.starts]
        return legs, 0

    def _leg(
        self,
        step: StepData,
        suite: SuiteData,
        mode: Mode,
        before: Leg | None,
        want: int,
        outs: list[int],
        wish: Wish,
    ) -> Leg | None:
        """A campaign from the first tick on which it may start; none if it never may."""
        floor = want
        if suite.no_idle:
            want = 0
        while True:
            found = self._start(step, suite, mode, before, want)
            if found is None or (suite.no_idle and found[0] < floor and outs):
                return None
            start, days = found
            starts = _paced(start, mode.takt(start), wish.batches, outs)
            end = starts[-1] + mode.lead
            if end > self.instance.horizon_end:
                return None
            shut = [
                last for first, last in suite.closures if start < last and first < end
            ]
            if not shut:
                money = wish.batches * mode.variable_cost + mode.campaign_cost
                money += suite.changeover_cost if days else 0
                if outs and step.hold_cost:
                    money += math.ceil(step.hold_cost * (sum(starts) - sum(outs)))
                return Leg(step, suite.index, starts, end, money)
            want = max(shut)

    def _start(
        self,
        step: StepData,
        suite: SuiteData,
        mode: Mode,
        before: Leg | None,
        want: int,
    ) -> tuple[int, int] | None:
        """When a campaign may first start after another, and its changeover. [tick]"""
        if before is None:
            free, leaving, left = suite.free_from, suite.set_up, suite.set_up_step
        else:
            free, leaving, left = before.end, before.step.programme, before.step.index
        if before is not None and leaving != step.programme and suite.edges:
            want = max(want, _edge(suite.edges, free))
        days = suite.changeover[left if leaving is not None else -1, step.index]
        if leaving == step.programme and suite.hold >= 0:
            start = _opened(mode, max(want, free))
            if start is None:
                return None
            if start - free <= suite.hold and not suite.shut_between(free, start):
                return start, 0
        start = max(want, free + days)
        while True:
            opened = _opened(mode, start)
            if opened is None:
                return None
            shut = [
                last + days
                for first, last in suite.closures
                if opened - days < last and first < opened
            ]
            if not days or not shut:
                return opened, days
            start = max(shut)

    def schedule(self, plan: Laid) -> Schedule:
        """The plan as a schedule."""
        runs: list[Run] = []
        for train in plan.trains:
            feed: Unit | None = None
            for leg in train.legs:
                nothing = (None,) * len(leg.starts)
                takt = leg.step.modes[leg.suite].takt(leg.starts[0])
                runs.append(
                    Run(
                        leg.step.index, leg.suite, leg.starts[0], takt, nothing, nothing,
                        feed=feed, paced=tuple(leg.starts) if leg.step.linked else (),
                    )
                )  # fmt: skip
                feed = leg.suite, leg.starts[0]
        return Schedule(self.instance, tuple(runs))


def wishes_of(schedule: Schedule) -> list[Wish]:
    """What makes the trains of a schedule, each campaign wanted where it is.

    Where one overtakes another between stages, laying them may give another plan.
    """
    users = {run.feed: run for run in schedule.runs if run.feed is not None}
    steps = schedule.instance.steps
    found: list[Wish] = []
    for run in schedule.runs:
        if steps[run.step].before is not None:
            continue
        legs: list[Run] = []
        at: Run | None = run
        while at is not None:
            legs.append(at)
            at = users.get((at.suite, at.start))
        suites = tuple(leg.suite for leg in legs)
        after = tuple(leg.start for leg in legs)
        found.append(Wish(steps[run.step].programme, run.batches, suites, after))
    return found


_turn = attrgetter("turn")


def _paced(start: int, takt: int, batches: int, outs: list[int]) -> list[int]:
    """Starts of a campaign's batches: a takt apart or, if later, as their input is out."""
    starts = [start]
    for number in range(1, batches):
        following = starts[-1] + takt
        starts.append(max(following, outs[number]) if outs else following)
    return starts


def _edge(edges: tuple[int, ...], tick: int) -> int:
    """The first end of a period from a tick on."""
    place = bisect_left(edges, tick)
    return edges[place] if place < len(edges) else FAR


def _opened(mode: Mode, start: int) -> int | None:
    """The first tick from one on, on which a batch may start."""
    for first, last in mode.starts:
        if start <= last:
            return max(start, first)
    return None


# ---------------------------------------------------------------------- first plan


def first_plan(layer: Layer, stop: Callable[[], bool]) -> Laid:
    """A complete plan at once: demand bundled, the most urgent laid first.

    Tried with several spans of periods in a bundle and several times of being early; the
    cheapest of them, or nothing made.
    """
    best = layer.laid([])
    for span in SPANS:
        for early in EARLY:
            if stop():
                return best
            bundles = [
                bundle
                for programme in layer.recipes
                for bundle in _bundles(layer, programme, span)
            ]
            trial = layer.laid(list(_appended(layer, bundles, early)))
            if trial.money < best.money:
                best = trial
    return best


Bundle = tuple[int, int, int]
"""Latest start, programme, batches."""


def _bundles(layer: Layer, programme: int, span: int) -> Iterator[Bundle]:
    """Demand of so many periods each, as batches to be started by some tick."""
    stocked, recipe = layer.instance.stocked[programme], layer.recipes[programme]
    allowed = sizes(recipe)
    if not allowed:
        return
    suites = tuple(next(iter(step.modes)) for step in recipe)
    amount = stocked.amounts[suites[-1]]
    if not amount:
        return
    there = sum(amount for amount, _ in stocked.opening)
    pending, latest, since = 0, FAR, 0
    for number, period in enumerate(stocked.periods):
        there -= period.demand
        lacking = -(-max(0, -there) // amount)
        if lacking:
            ready = period.end - length(recipe, suites, pending + lacking)
            latest, since = (min(latest, ready), since) if pending else (ready, number)
            pending += lacking
            there += lacking * amount
        last = number + 1 == len(stocked.periods)
        while pending and (
            last or number + 1 - since >= span or pending >= allowed[-1]
        ):
            size = min(allowed, key=lambda n: (n < min(pending, allowed[-1]), n))
            yield latest, programme, size
            there += max(0, size - pending) * amount
            pending = max(0, pending - size)


def _appended(layer: Layer, bundles: list[Bundle], early: float) -> Iterator[Wish]:
    """Each bundle where it can be ready first, in turn of urgency."""
    last: dict[int, Leg] = {}
    day = layer.instance.grid.whole(DAY)
    for latest, programme, size in sorted(bundles):
        recipe = layer.recipes[programme]
        after = max(0, latest - int(early * day))
        tried = (
            layer.train(
                Wish(programme, size, suites, (after,) + (0,) * (len(suites) - 1)), last
            )
            for suites in product(*(sorted(step.modes) for step in recipe))
        )
        found = [train for train in tried if train is not None]
        if found:
            train = min(found, key=lambda t: (t.legs[-1].end, t.money))
            last.update(zip(train.wish.suites, train.legs, strict=True))
            yield moved(train, 0)


# -------------------------------------------------------------------------- search


def search_trains(
    start: Laid,
    layer: Layer,
    *,
    seed: int,
    done: Callable[[int], float],
    report: Callable[[Laid], None],
    heat: float = 1.0,
) -> Laid:
    """Search from a plan.

    Parameters
    ----------
    start
        Where to begin.
    layer
        Lays trains.
    seed
        Of every random choice.
    done
        Share of the search that is over after so many trains were looked at, those of a
        plan at every move; from 1 on it ends. [1]
    report
        Told of better plans now and then.
    heat
        Share of the usual first temperature. [1]

    Returns
    -------
    The best plan met.
    """
    return Annealing(start, layer, seed).run(done, report, heat)


Move = Callable[[list[Wish]], list[Wish] | None]


class Annealing:
    """Carries the plan and the choices."""

    def __init__(self, start: Laid, layer: Layer, seed: int) -> None:
        self.plan = self.best = start
        self.layer, self.rng = layer, Random(seed)
        instance = layer.instance
        day = 1 / instance.grid.tick
        self.scales = [int(days * day) or 1 for days in (1, 5, 20, 80)]
        batches = (
            float(row.price + row.worth) * max(row.amounts.values(), default=1)
            for row in instance.stocked.values()
        )
        self.worth = max(batches, default=0.0) or 1.0
        self.sizes = {p: sizes(recipe) for p, recipe in layer.recipes.items()}
        self.units = {p: multiple_of(recipe) for p, recipe in layer.recipes.items()}
        self.moves: list[tuple[Move, float]] = [
            (self.shift, 30),
            (self.resize, 12),
            (self.pass_on, 8),
            (self.move, 12),
            (self.swap, 10),
            (self.add, 12),
            (self.remove, 4),
            (self.split, 5),
            (self.merge, 5),
            (self.wait, 6),
        ]

    def run(
        self,
        done: Callable[[int], float],
        report: Callable[[Laid], None],
        heat: float,
    ) -> Laid:
        """Move trains until it is done: the best plan met."""
        moves, weights = zip(*self.moves, strict=True)
        made, told, over = 0, 0, done(0)
        told_of = self.best
        while over < 1:
            hot = HOT * heat * self.worth
            cold = min(hot, COLD * self.worth)
            temperature = hot * (cold / hot) ** over
            for move in self.rng.choices(moves, weights, k=BATCH):
                self._try(move, temperature)
                made += 1 + len(self.plan.trains)
            over = done(made)
            if over * REPORTS > told + 1 and self.best is not told_of:
                told, told_of = int(over * REPORTS), self.best
                report(self.best)
        return self.best

    def _try(self, move: Move, temperature: float) -> None:
        wishes = move([train.wish for train in self.plan.trains])
        if wishes is None:
            return
        trial = self.layer.laid(wishes, self.plan)
        dearer = trial.money - self.plan.money
        if dearer <= 0 or self.rng.random() < math.exp(-dearer / temperature):
            self.plan = trial
            if trial.money < self.best.money:
                self.best = trial

    # ------------------------------------------------------------------ moves

    def _step(self) -> int:
        """How far to move something. [tick]"""
        far = self.rng.choice(self.scales)
        return self.rng.randint(-far, far)

    def _any(self, wishes: list[Wish]) -> int | None:
        return self.rng.randrange(len(wishes)) if wishes else None

    def shift(self, wishes: list[Wish]) -> list[Wish] | None:
        """A train is wanted earlier or later."""
        place = self._any(wishes)
        if place is None:
            return None
        train = self.plan.trains[place]
        wishes[place] = moved(train, self._step())
        return wishes

    def wait(self, wishes: list[Wish]) -> list[Wish] | None:
        """A harvest waits longer, or less."""
        place = self._any(wishes)
        if place is None:
            return None
        wish = wishes[place]
        later = [max(0, at + self._step()) for at in wish.after[1:]]
        wishes[place] = replaced(wish, after=(wish.after[0], *later))
        return wishes

    def resize(self, wishes: list[Wish]) -> list[Wish] | None:
        """A train has more batches, or fewer."""
        place = self._any(wishes)
        if place is None:
            return None
        wish = wishes[place]
        more = self.units[wish.programme] * self.rng.choice((-2, -1, 1, 1, 2))
        size = self._near(wish.programme, wish.batches + more)
        if size is None or size == wish.batches:
            return None
        wishes[place] = replaced(wish, batches=size)
        return wishes

    def _near(self, programme: int, batches: int) -> int | None:
        """The allowed size nearest to a number of batches."""
        found = self.sizes[programme]
        return min(found, key=lambda n: abs(n - batches)) if found else None

    def pass_on(self, wishes: list[Wish]) -> list[Wish] | None:
        """Batches go from one train to another of the programme."""
        pair = self._pair(wishes)
        if pair is None:
            return None
        one, other = pair
        if self.rng.random() < 0.5:
            one, other = other, one
        programme = wishes[one].programme
        n = self.units[programme] * self.rng.randint(1, 2)
        less = wishes[one].batches - n
        more = wishes[other].batches + n
        if less not in self.sizes[programme] or more not in self.sizes[programme]:
            return None
        wishes[one] = replaced(wishes[one], batches=less)
        wishes[other] = replaced(wishes[other], batches=more)
        return wishes

    def _pair(self, wishes: list[Wish]) -> tuple[int, int] | None:
        """A train and the next of its programme."""
        place = self._any(wishes)
        if place is None:
            return None
        programme = wishes[place].programme
        for other in range(place + 1, len(wishes)):
            if wishes[other].programme == programme:
                return place, other
        return None

    def move(self, wishes: list[Wish]) -> list[Wish] | None:
        """A train moves to other suites, and maybe to another time."""
        place = self._any(wishes)
        if place is None:
            return None
        wish = wishes[place]
        suites = list(wish.suites)
        recipe = self.layer.recipes[wish.programme]
        leg = self.rng.randrange(len(suites))
        suites[leg] = self.rng.choice(sorted(recipe[leg].modes))
        if self.rng.random() < 0.5:
            wish = moved(self.plan.trains[place], self._step())
        wishes[place] = replaced(wish, suites=tuple(suites))
        return wishes

    def swap(self, wishes: list[Wish]) -> list[Wish] | None:
        """Two trains near one another change times, or suites and times."""
        place = self._any(wishes)
        if place is None:
            return None
        low, high = max(0, place - 8), min(len(wishes), place + 9)
        other = self.rng.randrange(low, high)
        one, two = wishes[place], wishes[other]
        if other == place or len(one.after) != len(two.after):
            return None
        wishes[place] = replaced(one, after=two.after)
        wishes[other] = replaced(two, after=one.after)
        able = self._can(one.programme, two.suites) and self._can(
            two.programme, one.suites
        )
        if able and self.rng.random() < 0.3:
            wishes[place] = replaced(wishes[place], suites=two.suites)
            wishes[other] = replaced(wishes[other], suites=one.suites)
        return wishes

    def _can(self, programme: int, suites: tuple[int, ...]) -> bool:
        recipe = self.layer.recipes[programme]
        return len(recipe) == len(suites) and all(
            suite in step.modes for step, suite in zip(recipe, suites, strict=True)
        )

    def add(self, wishes: list[Wish]) -> list[Wish] | None:
        """A train more, most often for a programme that lacks something."""
        programme = self.rng.choice(list(self.sizes))
        if not self.sizes[programme]:
            return None
        found = self.plan.flows[programme]
        periods = found.stocked.periods
        short = [n for n, x in enumerate(found.short) if x]
        low = [n for n, x in enumerate(found.deficit) if x]
        number = self.rng.choice(short or low or range(len(periods)))
        recipe = self.layer.recipes[programme]
        suites = tuple(self.rng.choice(sorted(step.modes)) for step in recipe)
        amount = max(1, found.stocked.amounts[suites[-1]])
        lacking = -(-found.short[number] // amount) if short else 1
        size = self._near(programme, self.rng.randint(1, max(1, min(lacking, 8))))
        assert size is not None
        at = periods[number].end - length(recipe, suites, size)
        at -= abs(self._step()) if self.rng.random() < 0.7 else 0
        wishes.append(
            Wish(programme, size, suites, (max(0, at), *(0 for _ in suites[1:])))
        )
        return wishes

    def remove(self, wishes: list[Wish]) -> list[Wish] | None:
        """A train less."""
        place = self._any(wishes)
        if place is None:
            return None
        del wishes[place]
        return wishes

    def split(self, wishes: list[Wish]) -> list[Wish] | None:
        """A train in two, one of which may go elsewhere."""
        place = self._any(wishes)
        if place is None:
            return None
        wish, train = wishes[place], self.plan.trains[place]
        unit = self.units[wish.programme]
        if wish.batches < 2 * unit:
            return None
        first = unit * self.rng.randint(1, wish.batches // unit - 1)
        rest = wish.batches - first
        if not {first, rest} <= set(self.sizes[wish.programme]):
            return None
        wishes[place] = replaced(wish, batches=first)
        later = moved(train, train.legs[0].starts[first] - train.legs[0].starts[0])
        recipe = self.layer.recipes[wish.programme]
        suites = wish.suites
        if self.rng.random() < 0.7:
            suites = tuple(self.rng.choice(sorted(step.modes)) for step in recipe)
            later = moved(train, self._step())
        wishes.append(replaced(later, batches=rest, suites=suites))
        return wishes

    def merge(self, wishes: list[Wish]) -> list[Wish] | None:
        """Two trains of a programme in one."""
        pair = self._pair(wishes)
        if pair is None:
            return None
        one, other = pair
        size = wishes[one].batches + wishes[other].batches
        if size not in self.sizes[wishes[one].programme]:
            return None
        kept, gone = (one, other) if self.rng.random() < 0.5 else (other, one)
        wishes[kept] = replaced(wishes[kept], batches=size)
        del wishes[gone]
        return wishes


def replaced(
    wish: Wish,
    *,
    batches: int | None = None,
    suites: tuple[int, ...] | None = None,
    after: tuple[int, ...] | None = None,
) -> Wish:
    """A wish with something else."""
    return Wish(
        wish.programme,
        wish.batches if batches is None else batches,
        wish.suites if suites is None else suites,
        wish.after if after is None else after,
    )


def moved(train: Train, by: int) -> Wish:
    """A train wanted so much later than where it was laid."""
    at = max(0, train.legs[0].starts[0] + by)
    return replaced(
        train.wish, after=(at, *(max(0, x + by) for x in train.wish.after[1:]))
    )


def sizes(recipe: list[StepData]) -> list[int]:
    """Batches that a train may have."""
    if not all(step.modes for step in recipe):
        return []
    least = max(
        step.least("commercial" if step.after is None else step.role) for step in recipe
    )
    most, unit = min(step.maximum for step in recipe), multiple_of(recipe)
    return list(range(-(-least // unit) * unit, most + 1, unit))


def multiple_of(recipe: list[StepData]) -> int:
    """What the batches of a train are multiples of."""
    return math.lcm(*(step.multiple for step in recipe))


def length(recipe: list[StepData], suites: tuple[int, ...], batches: int) -> int:
    """From a train's start into the stock, if nothing waits. [tick]"""
    modes = [step.modes[s] for step, s in zip(recipe, suites, strict=True)]
    takt = max(mode.takts[0][1] for mode in modes)
    lag = recipe[-1].lag or 0
    return sum(mode.lead for mode in modes) + (batches - 1) * takt + lag

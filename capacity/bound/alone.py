"""One recipe step planned alone at given prices, by dynamic programming."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from capacity.bound.demand import (
    NEVER,
    Clock,
    Demand,
    Floats,
    demand_by_users,
    demand_of,
    given_outs,
    most_at_once,
    most_used,
    shortest_campaigns,
    surplus_cost,
)
from capacity.bound.places import Place
from capacity.bound.queues import Least, Waits
from capacity.bound.ways import Way
from capacity.instance import Instance, StepData

ROOM = 10_000_000
"""Numbers of which tables are kept at once."""

OFF, FRESH = 0, 1
"""States of a suite: not ours; a batch in the last time step. Further ones count time
steps since the last batch; the last one is any longer wait."""


@dataclass
class Answer:
    """What one step costs alone, and what it uses."""

    cost: float
    """Prices paid included, what its stock earns taken off. [money]"""
    used: list[tuple[int, int, int]] = field(default_factory=list)
    """(suite, from, until) that it pays for, counted from the base. [tick]"""
    by_stock: int = 0
    """Positions passed by stock."""
    short: int = 0
    """Batches that campaigns lack, all together, to be as long as they must be."""
    served: list[tuple[int, int]] = field(default_factory=list)
    """(time step, lead-in) of each batch that serves."""
    spare: int = 0
    """Batches that serve none."""
    made: dict[int, int] = field(default_factory=dict)
    """Batches that serve, by site."""
    passes: list[int] = field(default_factory=list)
    """Time step in which each position is passed, the last one first."""
    dropped: list[int] = field(default_factory=list)
    """Positions that are passed but not served."""


@dataclass(frozen=True)
class Tolls:
    """Prices besides those of suites."""

    stock: float
    """What a batch of stock is worth. [money]"""
    pace: float
    """What a further batch of a campaign earns. [money]"""
    pays: Floats | None
    """What a batch that starts at a tick pays for its intermediates. [money]"""
    earns: Floats | None
    """What an intermediate earns that can be used at a tick. [money]"""
    site: Floats
    """What an intermediate pays that is made at a site. [money]"""
    free: float
    """What a batch earns that serves none, as it may take any intermediates. [money]"""
    rebate: Floats
    """What a position is passed for less, by group and month. [money]"""
    month: int
    """How long that holds. [tick]"""
    starts: list[list[Least]]
    """What a start of QC or QA costs, by resource, site of the batch and week. [money]"""


class Alone:
    """The problem of one recipe step.

    The table of least costs has an axis of states for each suite and one of positions
    passed. Within a time step the suites come one after another, each with at most one
    batch, then batches given, then whichever positions are cheapest in this time step may
    be dropped.

    Parameters
    ----------
    instance, step
        What is planned.
    base
        Tick from which prices count.
    week
        How long they hold. [tick]
    fine
        Time steps per shortest takt.
    way
        How far its qualifications go.
    known
        What was made for other ways, by suite, first out and width of
        time steps; added to.
    room
        One array for the tables of whichever problem is being solved.
    """

    def __init__(
        self,
        instance: Instance,
        step: StepData,
        base: int,
        week: int,
        fine: int,
        way: Way,
        known: dict[tuple[int, int, Fraction], Place],
        room: list[Floats],
    ) -> None:
        self.step, self.way, self.room = step, way, room
        self.base, self.weights = base, np.zeros((0, 0))
        self.rest = 0
        """Sweeps for which it needn't be planned."""
        open_ = [m for m in step.modes.values() if m.site not in way.closed]
        modes = [mode for mode in open_ if mode.starts]
        outs = [low + mode.lead for mode in modes for low, _ in mode.starts]
        outs += [out for out, *_ in given_outs(instance, step)]
        outs.append(instance.horizon_end)
        shortest = [min(m.lead, *(takt for _, takt in m.takts)) for m in modes]
        width = Fraction(max(1, min(shortest, default=1)))
        clock = Clock(min(outs), instance.horizon_end, max(Fraction(1), width / fine))
        self.demand: Demand = (
            demand_of(instance, step, clock, way)
            if step.after is None
            else demand_by_users(instance, step, clock)
        )
        sites = {m.site for m in modes} | {x for _, x, _ in given_outs(instance, step)}
        self.waits = Waits(
            instance, step, way, self.demand, clock, sorted(sites), base, week
        )
        self.least, self.exempt = shortest_campaigns(instance, step)
        self.wait = 0
        """Out to use of an intermediate. [tick]"""
        user = None if step.after is None else instance.steps[step.after].frozen
        if user is not None:
            tested = 0 if user.at_risk else step.lead_times[step.role]
            self.wait = user.freeze + tested
        self.clock = clock
        self.most = {} if user is None else most_used(instance, step, way)
        """Intermediates that are used at most, by site that not all may take from."""
        self.units = most_at_once(step.frozen) if step.frozen is not None else 0
        """Intermediates that a batch takes at most."""
        self.places = []
        for mode in modes:
            key = mode.suite, clock.first, clock.width
            if key not in known:
                known[key] = Place(instance, step, mode, clock, base)
            self.places.append(known[key])
        self.surplus = [surplus_cost(step, x.suite) for x in self.places]
        """A batch that serves none, by place. [money]"""
        self.drops: dict[int, list[int]] = {}
        """Positions that may be dropped in each time step."""
        for number, now in enumerate(self.demand.best):
            self.drops.setdefault(int(now), []).append(number)
        states = [place.last + 1 for place in self.places]
        self.shape = (*states, self.positions + 1)
        self.shapes = [
            (math.prod(states[:n]), states[n], math.prod(states[n + 1 :]), last)
            for last in (self.positions + 1,)
            for n in range(len(states))
        ]
        """Of the table with one suite's states by themselves."""

    @property
    def positions(self) -> int:
        """How many batches are wanted."""
        return len(self.demand.unserved)

    def price(self, paid: list[Floats], tolls: Tolls) -> None:
        """Take prices over, as everything else presumes.

        Parameters
        ----------
        paid
            By suite the price of all ticks before each, counted from the base.
        tolls
            Other prices.
        """
        self.paid, self.tolls = paid, tolls
        self.spare = [cost - tolls.free for cost in self.surplus]
        rows = tolls.rebate[list(self.demand.groups)]
        self.less = self._monthly(tolls.month, rows.shape[1]) @ rows.T
        self.more = self.waits.price(tolls.starts).T
        """What a position pays for QC and QA, by time step and group. [money]"""
        self.first = tolls.pace * (self.least - 1)
        """What a first batch that serves loses of what the further ones earn. [money]"""

    def solve(self, *, trace: bool) -> Answer:
        """Least cost, and if asked for what is used."""
        tolls = self.tolls
        stock = self.demand.stock
        if not self.positions:
            return Answer(self.demand.hopeless + self.way.cost - tolls.stock * stock)
        worth = tolls.stock if stock else NEVER
        dropped = np.minimum(self.demand.unserved, worth) - self.demand.least
        costs, less = self.demand.costs, self.less - self.more
        if less.any():
            costs = self.demand.lessened(less.T)
            dropped += less[self.demand.best, self.demand.rows]
        walk = _Walk(self, dropped, costs)
        cost = walk.forward(keep=trace) + self.demand.hopeless + self.way.cost
        cost -= tolls.stock * stock + tolls.pace * (self.least - 1) * self.exempt
        cost -= sum(most * tolls.site[site] for site, most in self.most.items())
        answer = Answer(cost)
        if trace:
            walk.back(answer, worth)
            answer.short -= (self.least - 1) * self.exempt
        return answer

    def _monthly(self, month: int, months: int) -> Floats:
        """What a time step has of each month's rebate. [1]"""
        if self.weights.shape[1] != months:
            at = (self.clock.first + self.clock.edges - self.base) / month
            columns = [np.interp(at, np.arange(months), x) for x in np.eye(months)]
            self.weights = np.array(columns).T
        return self.weights

    def served(self, answer: Answer) -> Floats:
        """How often positions are served, by group and time step.

        As `lessened` has it one may be passed, no longer be, and be passed again.
        """
        by_end = np.bincount(answer.passes, minlength=self.clock.size).cumsum()
        waiting = self.demand.waiting((self.less - self.more).T, by_end)
        found: Floats = -np.diff(waiting, axis=1, prepend=self.demand.needs[:, None])
        for number in answer.dropped:
            found[self.demand.rows[number], self.demand.best[number]] -= 1
        return found

    def rebates(self, served: Floats) -> Floats:
        """How often that is for less, by group and month, less than 0."""
        found: Floats = -served @ self.weights
        return found

    def floor(self) -> float:
        """What it costs at least, however cheap suites are. [money]

        A position costs its least, in whichever way. What a further batch of a campaign
        earns is less than what a batch costs that serves none, or nothing is said.
        """
        tolls = self.tolls
        if self.demand.stock or tolls.earns is not None:
            return -NEVER
        if tolls.pace > min(self.spare, default=0.0):
            return -NEVER
        earns = tolls.pace * (self.positions + (self.least - 1) * self.exempt)
        served = np.minimum(self.demand.unserved, self.demand.least)
        return float(served.sum()) + self.demand.hopeless + self.way.cost - earns

    def toll(self, place: Place) -> Floats:
        """What a batch that serves pays, by time step, whichever position it passes."""
        tolls = self.tolls
        toll = np.full(self.clock.size, self.demand.extra[place.suite])
        if place.site in self.most:
            toll += tolls.site[place.site]
        if tolls.pays is not None:
            toll = toll + place.toll(tolls.pays, -place.lead)
        if tolls.earns is not None:
            toll = toll + place.toll(-tolls.earns, self.wait)
        return toll

    def started(self, answer: Answer) -> list[int]:
        """Ticks, counted from the base, at which `toll` has batches start."""
        ends = [*self.clock.edges[1:], len(self.clock.outs)]
        first = int(self.places[0].outs_at[0]) if self.places else 0
        return [first + int(ends[now]) - 1 - lead for now, lead in answer.served]

    def usable(self, answer: Answer) -> list[int]:
        """Ticks, counted from the base, from which `toll` has batches be of use."""
        first = int(self.places[0].outs_at[0]) if self.places else 0
        edges = self.clock.edges
        return [first + int(edges[now]) + self.wait for now, _ in answer.served]


class _Walk:
    """One pass through time."""

    def __init__(self, alone: Alone, dropped: Floats, costs: Floats) -> None:
        self.alone, self.dropped, self.costs = alone, dropped, costs
        self.tolls = [alone.toll(place) for place in alone.places]
        self.kept: list[tuple[int, int, Floats]] = []
        """(time step, suite's place or, less than 0, what else it was, table before)"""

    GIVEN = -1

    def forward(self, *, keep: bool) -> float:
        """Least cost; where asked for, tables are kept, or some from which to go again."""
        alone = self.alone
        table = np.full(alone.shape, NEVER)
        table[(OFF,) * len(alone.places)][0] = 0
        self.marks: list[tuple[range, Floats]] = []
        spans = self._spans() if keep else [range(alone.clock.size)]
        for span in spans:
            self.marks.append((span, table.copy()))
            table = self._through(span, table, keep=keep and len(spans) == 1)
        self.last = table[..., -1].copy()
        return float(self.last.min())

    def _spans(self) -> list[range]:
        """Time steps of which there is room for all tables."""
        room = ROOM // math.prod(self.alone.shape)
        found, start, count = [], 0, 0
        for now in range(self.alone.clock.size):
            more = len(self.alone.places) + len(self._passes(now))
            if count + more > room and now > start:
                found.append(range(start, now))
                start, count = now, 0
            count += more
        return [*found, range(start, self.alone.clock.size)]

    def _through(self, span: range, table: Floats, *, keep: bool) -> Floats:
        """The table after some time steps; those before it are kept or not."""
        alone = self.alone
        self._make_room(span, keep)
        for now in span:
            serve = self.costs[:, now]
            for axis, place in enumerate(alone.places):
                shape = alone.shapes[axis]
                if now in place.renewed:
                    table.reshape(shape)[:, FRESH:] += place.renewed[now]
                new = self._next(now, axis, table)
                pays = [serve + self.tolls[axis][now]]
                for further in range(1, alone.demand.passed[place.suite]):
                    pays.append(pays[-1][:-1] + serve[further:])
                more = alone.first, alone.spare[axis]
                views = table.reshape(shape), new.reshape(shape)
                _advance(*views, place, now, pays, more)
                table = new
            for kind, cost in self._passes(now):
                new = self._next(now, kind, table)
                new[..., 0] = table[..., 0]
                cheap = table[..., :-1] + (serve + cost)
                np.minimum(table[..., 1:], cheap, out=new[..., 1:])
                table = new
        return table

    def _make_room(self, span: range, keep: bool) -> None:
        """For all tables of a span, or two in turn."""
        alone, count = self.alone, 2
        if keep:
            passes = sum(len(self._passes(now)) for now in span)
            count = len(span) * len(alone.places) + passes
        size = math.prod(alone.shape)
        if alone.room[0].size < count * size:
            alone.room[0] = np.empty(count * size)
        self.tables = alone.room[0][: count * size].reshape(count, *alone.shape)
        self.keep, self.count = keep, 0

    def _next(self, now: int, kind: int, table: Floats) -> Floats:
        """Room for the next table; the one before it is kept where asked for."""
        if self.keep:
            self.kept.append((now, kind, table))
        found: Floats = self.tables[self.count if self.keep else self.count % 2]
        self.count += 1
        return found

    def _passes(self, now: int) -> list[tuple[int, float]]:
        """What else may pass a position in a time step, at which cost above a batch's.

        Batches given, and positions dropped: each in the time step in which it is
        cheapest, where it is passed like a position served, so that the others are still
        a matching of all.
        """
        given = [(self.GIVEN, 0.0)] * self.alone.demand.given.get(now, 0)
        drops = self.alone.drops.get(now, ())
        return given + [(-2 - n, float(self.dropped[n])) for n in drops]

    # ---------------------------------------------------------------------- back

    def back(self, answer: Answer, worth: float) -> None:
        """Follow the least cost back and note what it uses."""
        alone = self.alone
        place = np.unravel_index(int(self.last.argmin()), self.last.shape)
        states, count = [int(x) for x in place], alone.positions
        for span, begun in reversed(self.marks):
            if len(self.marks) > 1:
                self.kept.clear()
                self._through(span, begun, keep=True)
            for now, kind, table in reversed(self.kept):
                if kind >= 0:
                    count = self._back(answer, states, count, (now, kind), table)
                elif count:
                    row, at = table[tuple(states)], (now, kind)
                    count = self._back_passed(answer, count, at, row, worth)

    def _back_passed(
        self,
        answer: Answer,
        count: int,
        at: tuple[int, int],
        row: Floats,
        worth: float,
    ) -> int:
        """Positions before one may have been passed without a batch made for it."""
        now, kind = at
        cost = 0.0 if kind == self.GIVEN else float(self.dropped[-2 - kind])
        if row[count - 1] + self.costs[count - 1, now] + cost >= row[count]:
            return count
        answer.passes.append(now)
        if kind != self.GIVEN:
            answer.dropped.append(-2 - kind)
            answer.by_stock += int(self.alone.demand.unserved[-2 - kind] > worth)
        return count - 1

    def _back(
        self,
        answer: Answer,
        states: list[int],
        count: int,
        at: tuple[int, int],
        table: Floats,
    ) -> int:
        """State and positions before a suite's time step."""
        now, axis = at
        place = self.alone.places[axis]
        others: tuple[int | slice, ...] = (
            *states[:axis],
            slice(None),
            *states[axis + 1 :],
        )
        here: Floats = table[others]
        state = states[axis]
        if FRESH < state < place.last:
            states[axis] = state - 1
            return count
        if state == place.last and place.last > FRESH:
            waited = (
                here[-2, count] + place.stop[now] < here[-1, count] + place.wait[now]
            )
            states[axis] = place.last - 1 if waited else place.last
            if not waited:
                self._note_wait(answer, place, now, 1)
            else:
                self._note_wait(answer, place, now, place.last - 1)
            return count
        cost, source, before, on = self._batch(here, count, axis, now)
        if state == OFF and here[OFF, count] <= cost:
            return count
        states[axis] = source
        self._note_batch(answer, place, now, (source, on, before < count))
        answer.passes += [now] * (count - before)
        return before

    def _note_batch(
        self, answer: Answer, place: Place, now: int, kind: tuple[int, bool, bool]
    ) -> None:
        source, on, serves = kind
        if on:
            answer.used.append((place.suite, *place.used_to_go_on(now)))
            answer.short -= 1
        elif source == OFF:
            since, out = place.used_to_enter(now, self.alone.paid[place.suite])
            answer.used.append((place.suite, since, out))
        elif source < place.last:
            answer.used.append((place.suite, *place.used_to_next(now)))
        if serves:
            answer.short += 0 if on else self.alone.least - 1
            answer.served.append((now, place.lead))
            answer.made[place.site] = answer.made.get(place.site, 0) + 1
        else:
            answer.spare += 1

    def _note_wait(self, answer: Answer, place: Place, now: int, steps: int) -> None:
        first = max(0, now - steps + 1)
        start = int(place.outs_at[place.clock.edges[first]])
        end = place.clock.span(now).stop
        until = place.outs_at[-1] if end is None else place.outs_at[end]
        answer.used.append((place.suite, start, int(until)))

    def _batch(
        self, here: Floats, count: int, axis: int, now: int
    ) -> tuple[float, int, int, bool]:
        """Least cost of a batch now, the state that it follows, positions before.

        And whether it goes on with a campaign.
        """
        place = self.alone.places[axis]
        found = (NEVER * 1e6, OFF, count, False)
        if not place.open[now]:
            return found
        demand = self.alone.demand
        for before in range(max(0, count - demand.passed[place.suite]), count + 1):
            served, first = self.alone.spare[axis], 0.0
            if before < count:
                served = float(self.costs[before:count, now].sum())
                served += float(self.tolls[axis][now])
                first = self.alone.first
            options = [(here[OFF, before] + place.enter[now] + first, OFF, False)]
            if before < count or place.idles:
                options.append((here[place.last, before] + first, place.last, False))
            for state in range(place.again, place.last):
                options.append(
                    (here[state, before] + place.next[now] + first, state, False)
                )
            for state in range(place.low[now], place.high[now] + 1):
                options.append((here[state, before] + place.on[now], state, True))
            cost, state, on = min(options)
            found = min(found, (float(cost) + served, state, before, on))
        return found


def _advance(
    old: Floats,
    into: Floats,
    place: Place,
    now: int,
    pays: list[Floats],
    more: tuple[float, float],
) -> None:
    """One suite's time step.

    Parameters
    ----------
    old, into
        Tables before and after, with the suite's states on the second axis.
    place
        The suite.
    now
        The time step.
    pays
        What a batch costs that passes one position, two, and so on, by the first. [money]
    more
        What a first batch that serves costs more, and what one costs that doesn't. [money]
    """
    first, spare = more
    last = place.last
    fresh = into[:, FRESH]
    if place.open[now]:
        begun = old[:, OFF] + place.enter[now]
        if place.again < last:
            soon = _least(old, place.again, last - 1)
            np.minimum(begun, soon + place.next[now], out=begun)
        serving = np.minimum(begun, old[:, last])
        if place.idles:
            begun, serving = serving, serving + first
        if place.on[now] < NEVER:
            on = _least(old, place.low[now], place.high[now]) + place.on[now]
            serving, begun = np.minimum(serving, on), np.minimum(begun, on)
        np.add(begun, spare, out=fresh)  # a batch that serves none
        for number, cost in enumerate(pays, 1):
            served = serving[..., :-number] + cost
            np.minimum(fresh[..., number:], served, out=fresh[..., number:])
        np.minimum(old[:, OFF], fresh, out=into[:, OFF])
    else:
        fresh[...] = NEVER
        into[:, OFF] = old[:, OFF]
    into[:, FRESH + 1 : last] = old[:, FRESH : last - 1]
    into_last = into[:, last]
    np.add(old[:, last - 1], place.stop[now], out=into_last)
    np.minimum(into_last, old[:, last] + place.wait[now], out=into_last)


def _least(old: Floats, low: int, high: int) -> Floats:
    """Least over a range of states, both included."""
    found: Floats = old[:, low]
    for state in range(low + 1, high + 1):
        found = np.minimum(found, old[:, state])
    return found

"""One recipe step planned alone at given prices, by dynamic programming."""

from __future__ import annotations

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
    shortest_campaigns,
)
from capacity.bound.places import Place
from capacity.bound.ways import Way
from capacity.instance import Instance, StepData

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
    fine
        Time steps per shortest takt.
    way
        How far its qualifications go.
    """

    def __init__(
        self, instance: Instance, step: StepData, base: int, fine: int, way: Way
    ) -> None:
        self.step, self.way = step, way
        open_ = [m for m in step.modes.values() if m.site not in way.closed]
        modes = [mode for mode in open_ if mode.starts]
        outs = [low + mode.lead for mode in modes for low, _ in mode.starts]
        outs += [out for out, _ in given_outs(instance, step)]
        outs.append(instance.horizon_end)
        shortest = [min(m.lead, *(takt for _, takt in m.takts)) for m in modes]
        width = Fraction(max(1, min(shortest, default=1)))
        clock = Clock(min(outs), instance.horizon_end, max(Fraction(1), width / fine))
        demand = demand_of if step.after is None else demand_by_users
        self.demand: Demand = demand(instance, step, clock, way)
        self.least, self.exempt = shortest_campaigns(instance, step, way)
        self.wait = 0
        """Out to use of an intermediate. [tick]"""
        user = None if step.after is None else instance.steps[step.after].frozen
        if user is not None:
            tested = 0 if user.at_risk else step.lead_times[step.role]
            self.wait = user.freeze + tested
        self.clock = clock
        self.places = [Place(instance, step, mode, clock, base, way) for mode in modes]
        self.drops: dict[int, list[int]] = {}
        """Positions that may be dropped in each time step."""
        for number, now in enumerate(self.demand.best):
            self.drops.setdefault(int(now), []).append(number)
        self.shape = (*(place.last + 1 for place in self.places), self.positions + 1)

    @property
    def positions(self) -> int:
        """How many batches are wanted."""
        return len(self.demand.unserved)

    def solve(self, paid: list[Floats], tolls: Tolls, *, trace: bool) -> Answer:
        """Least cost at these prices.

        Parameters
        ----------
        paid
            By suite the price of all ticks before each, counted from the base.
        tolls
            Other prices.
        trace
            Whether to say what is used.
        """
        if not self.positions:
            return Answer(self.demand.hopeless + self.way.cost)
        for place in self.places:
            place.price(paid[place.suite], tolls.pace, self.least)
        stock = self.demand.stock
        worth = tolls.stock if stock else NEVER
        dropped = np.minimum(self.demand.unserved, worth) - self.demand.least
        walk = _Walk(self, paid, dropped, [self._toll(p, tolls) for p in self.places])
        cost = walk.forward(keep=trace) + self.demand.hopeless + self.way.cost
        cost -= tolls.stock * stock + tolls.pace * (self.least - 1) * self.exempt
        answer = Answer(cost)
        if trace:
            walk.back(answer, worth)
            answer.short -= (self.least - 1) * self.exempt
        return answer

    def floor(self, tolls: Tolls) -> float:
        """What it costs at least, however cheap suites are. [money]

        A position costs its least, in whichever way. What a further batch of a campaign
        earns is less than what a batch costs that serves none, or nothing is said.
        """
        earns = tolls.pace * (self.positions + (self.least - 1) * self.exempt)
        spare = min((place.surplus for place in self.places), default=0.0)
        if self.demand.stock or tolls.earns is not None or tolls.pace > spare:
            return -NEVER
        each = np.minimum(self.demand.unserved, self.demand.least)
        return float(each.sum()) + self.demand.hopeless + self.way.cost - earns

    def _toll(self, place: Place, tolls: Tolls) -> Floats:
        """What a batch that serves pays, by time step, whichever position it passes."""
        toll = np.full(self.clock.size, self.demand.extra[place.suite])
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

    def __init__(
        self,
        alone: Alone,
        paid: list[Floats],
        dropped: Floats,
        tolls: list[Floats],
    ) -> None:
        self.alone, self.paid, self.dropped = alone, paid, dropped
        self.tolls = tolls
        self.kept: list[tuple[int, int, Floats]] = []
        """(time step, suite's place or, less than 0, what else it was, table before)"""

    GIVEN = -1

    def forward(self, *, keep: bool) -> float:
        alone = self.alone
        table = np.full(alone.shape, NEVER)
        table[(OFF,) * len(alone.places)][0] = 0
        for now in range(alone.clock.size):
            serve = alone.demand.costs[:, now]
            for axis, place in enumerate(alone.places):
                if now in place.renewed:
                    table = table.copy()
                    np.moveaxis(table, axis, 0)[FRESH:] += place.renewed[now]
                if keep:
                    self.kept.append((now, axis, table))
                table = _advance(table, axis, place, now, serve + self.tolls[axis][now])
            for kind, cost in self._passes(now):
                if keep:
                    self.kept.append((now, kind, table))
                passed = table.copy()
                cheap = table[..., :-1] + (serve + cost)
                np.minimum(table[..., 1:], cheap, out=passed[..., 1:])
                table = passed
        self.table = table
        return float(table[..., -1].min())

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
        last = self.table[..., -1]
        place = np.unravel_index(int(last.argmin()), last.shape)
        states, count = [int(x) for x in place], alone.positions
        for now, kind, table in reversed(self.kept):
            if kind >= 0:
                count = self._back(answer, states, count, (now, kind), table)
            elif count:
                row = table[tuple(states)]
                cost = 0.0 if kind == self.GIVEN else float(self.dropped[-2 - kind])
                serve = alone.demand.costs[count - 1, now] + cost
                if row[count - 1] + serve < row[count]:
                    lost = kind != self.GIVEN and alone.demand.unserved[-2 - kind]
                    answer.by_stock += int(lost > worth)
                    count -= 1

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
        return before

    def _note_batch(
        self, answer: Answer, place: Place, now: int, kind: tuple[int, bool, bool]
    ) -> None:
        source, on, serves = kind
        if on:
            answer.used.append((place.suite, *place.used_to_go_on(now)))
            answer.short -= 1
        elif source == OFF:
            since, out = place.used_to_enter(now, self.paid[place.suite])
            answer.used.append((place.suite, since, out))
        elif source < place.last:
            answer.used.append((place.suite, *place.used_to_next(now)))
        if serves:
            answer.short += 0 if on else self.alone.least - 1
            answer.served.append((now, place.lead))

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
        for before in (count - 1, count):
            if before < 0:
                continue
            served, first = place.surplus, 0.0
            if before < count:
                served = float(self.alone.demand.costs[before, now])
                served += float(self.tolls[axis][now])
                first = place.first
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


def _advance(table: Floats, axis: int, place: Place, now: int, serve: Floats) -> Floats:
    """One suite's time step."""
    new = np.empty_like(table)
    old, into = np.moveaxis(table, axis, 0), np.moveaxis(new, axis, 0)
    last = place.last
    if place.open[now]:
        begun = old[OFF] + place.enter[now]
        if place.again < last:
            soon = _least(old, place.again, last - 1)
            begun = np.minimum(begun, soon + place.next[now])
        serving = np.minimum(begun, old[last])
        if place.idles:
            serving, begun = serving + place.first, serving
        if place.on[now] < NEVER:
            on = _least(old, int(place.low[now]), int(place.high[now]))
            on = on + place.on[now]
            serving, begun = np.minimum(serving, on), np.minimum(begun, on)
        fresh = into[FRESH]
        fresh[...] = begun + place.surplus  # a batch that serves none
        np.minimum(fresh[..., 1:], serving[..., :-1] + serve, out=fresh[..., 1:])
        np.minimum(old[OFF], fresh, out=into[OFF])
    else:
        into[FRESH] = NEVER
        into[OFF] = old[OFF]
    into[FRESH + 1 : last] = old[FRESH : last - 1]
    np.minimum(
        old[last - 1] + place.stop[now], old[last] + place.wait[now], out=into[last]
    )
    return new


def _least(old: Floats, low: int, high: int) -> Floats:
    """Least over a range of states, both included."""
    found: Floats = old[low]
    for state in range(low + 1, high + 1):
        found = np.minimum(found, old[state])
    return found

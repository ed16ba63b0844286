"""Parts of a plan to reopen: what a neighbourhood model decides anew."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate

from capacity.instance import DAY, Group, Instance, Mode
from capacity.model.slots import Scope
from capacity.schedule import Schedule, end_of

Neighbourhood = Callable[[Schedule, random.Random, int], Scope | None]
"""(plan, random numbers, window length [tick]) to a scope, None if it's empty."""


def suite_window(schedule: Schedule, rng: random.Random, length: int) -> Scope | None:
    """One suite for a while: order, sizes and dates of its campaigns."""
    return _window(schedule, {_suite(schedule, rng)}, _span(schedule, rng, length))


def two_suites_window(
    schedule: Schedule, rng: random.Random, length: int
) -> Scope | None:
    """Two suites that share a step, for a while."""
    first = _suite(schedule, rng)
    partners = sorted(
        {
            suite
            for step in schedule.instance.steps
            if first in step.modes
            for suite in step.modes
            if suite != first
        }
    )
    if not partners:
        return None
    span = _span(schedule, rng, length * 2 // 3)
    return _window(schedule, {first, rng.choice(partners)}, span)


def programme_window(
    schedule: Schedule, rng: random.Random, length: int
) -> Scope | None:
    """One programme with all its steps for a longer while, others where they are."""
    instance = schedule.instance
    programme = rng.randrange(len(instance.programmes))
    steps = {step.index for step in instance.steps if step.programme == programme}
    suites = {suite for step in steps for suite in instance.steps[step].modes}
    first, last = _span(schedule, rng, length * 2)
    reopened = {
        index
        for index, run in enumerate(schedule.runs)
        if run.step in steps and run.lock is None and first <= run.start <= last
    }
    return _scope(schedule, reopened, suites, steps, (first, last))


def chain_window(schedule: Schedule, rng: random.Random, length: int) -> Scope | None:
    """A step and the suites of the step that supplies it, for a while."""
    instance = schedule.instance
    linked = [step for step in instance.steps if step.before is not None]
    if not linked:
        return None
    step = rng.choice(linked)
    assert step.before is not None
    pair = (step.index, step.before)
    suites = {suite for index in pair for suite in instance.steps[index].modes}
    first, last = _span(schedule, rng, length)
    reopened = {
        index
        for index, run in enumerate(schedule.runs)
        if run.step in pair and run.lock is None and first <= run.start <= last
    }
    return _scope(schedule, reopened, suites, set(pair), (first, last))


def trouble_window(schedule: Schedule, rng: random.Random, length: int) -> Scope | None:
    """A suite that could serve a late or unserved group, around its due day."""
    lost = losses(schedule)
    if not lost:
        return None
    group = rng.choices(list(lost), list(lost.values()))[0]
    suite = rng.choice(sorted(schedule.instance.groups[group].suite_cost))
    return around(schedule, group, {suite}, length)


def losses(schedule: Schedule) -> dict[int, int]:
    """Service lost by group, as far as some suite could still make it good. [money]"""
    served = schedule.served()
    found = {}
    for group in schedule.instance.groups:
        able = soonest(schedule.instance, group)
        if able is None:
            continue
        batches = served.get(group.index, [])
        terms = group.terms[schedule.size(group, batches)]
        least = min(terms.unserved, group.service(terms, able))
        lost = (terms.need - len(batches)) * (terms.unserved - least)
        for batch in batches:
            service = group.service(terms, schedule.available(batch))
            lost += max(0, service - least)
        if lost:
            found[group.index] = lost
    return found


def soonest(instance: Instance, group: Group) -> int | None:
    """Earliest availability of a batch that is yet to be made. [tick]"""
    step = instance.steps[group.step]
    rights = {
        suite: group.rights[step.index, step.modes[suite].site]
        for suite in group.suite_cost
    }
    outs = [
        max(
            step.modes[suite].starts[0][0]
            + step.modes[suite].lead
            + step.lead_times[group.kind],
            right,
        )
        for suite, right in rights.items()
        if right is not None and step.modes[suite].starts
    ]
    return min(outs, default=None)


def around(
    schedule: Schedule, number: int, suites: set[int], length: int
) -> Scope | None:
    """Some suites around the days on which a group would have to be made."""
    instance = schedule.instance
    group = instance.groups[number]
    step = instance.steps[group.step]
    lead = max(step.modes[suite].lead for suite in suites)
    centre = group.deadline - step.lead_times[group.kind] - lead - length // 4
    first = max(instance.frozen_until, centre - length // 2)
    span = (first, first + length)
    late = {
        batch.run
        for batch in schedule.served().get(number, [])
        if batch.run is not None
        and schedule.runs[batch.run].lock is None
        and schedule.available(batch) > group.deadline
    }
    reopened = _inside(schedule, suites, span) | late
    suites = suites | {schedule.runs[index].suite for index in late}
    steps = {schedule.runs[index].step for index in reopened} | {step.index}
    scope = _scope(schedule, reopened, suites, steps, span)
    return scope and replace(scope, spare=4)


class Dear:
    """Suites' time at the prices of the bound: which campaigns had better lie elsewhere.

    Parameters
    ----------
    instance
        What is planned.
    prices
        By suite and first tick of a week. [money per tick]
    """

    def __init__(self, instance: Instance, prices: dict[int, dict[int, float]]) -> None:
        self.week = instance.grid.whole(7 * DAY)
        self.weeks = {suite: sorted(rates) for suite, rates in prices.items()}
        self.rates = {
            suite: [rates[week] for week in self.weeks[suite]]
            for suite, rates in prices.items()
        }
        self.before = {
            suite: list(accumulate((rate * self.week for rate in rates), initial=0.0))
            for suite, rates in self.rates.items()
        }
        """What all weeks before each cost. [money]"""

    def _until(self, suite: int, tick: int) -> float:
        """What a suite costs from the first price to a tick. [money]"""
        number = bisect_right(self.weeks.get(suite, []), tick) - 1
        if number < 0:
            return 0.0
        inside = min(tick - self.weeks[suite][number], self.week)
        return self.before[suite][number] + inside * self.rates[suite][number]

    def cost(self, suite: int, start: int, end: int) -> float:
        """What a suite costs from a tick to another. [money]"""
        return self._until(suite, end) - self._until(suite, start)

    def misplaced_window(
        self, schedule: Schedule, rng: random.Random, length: int
    ) -> Scope | None:
        """A campaign that pays more than it would nearby, the more the likelier.

        With all that lies between it and the cheapest place: within a third of the window's
        length, in any suite that may make it.
        """
        places = {
            index: self.cheapest(schedule, index, length // 3)
            for index, run in enumerate(schedule.runs)
            if run.lock is None
        }
        saved = {index: place[0] for index, place in places.items() if place[0] > 0}
        if not saved:
            return None
        chosen = rng.choices(list(saved), list(saved.values()))[0]
        _, suite, start = places[chosen]
        run = schedule.runs[chosen]
        first = min(run.start, start)
        span = (first, max(run.start, start, first + length // 3))
        return _window(schedule, {run.suite, suite}, span)

    def cheapest(
        self, schedule: Schedule, index: int, most: int
    ) -> tuple[float, int, int]:
        """What a campaign would save elsewhere, in which suite and from when. [money, tick]"""
        run = schedule.runs[index]
        size = end_of(schedule.instance, run) - run.start
        paid = self.cost(run.suite, run.start, run.start + size)
        found = (0.0, run.suite, run.start)
        for suite, mode in sorted(schedule.instance.steps[run.step].modes.items()):
            for start in range(run.start - most, run.start + most + 1, self.week):
                saved = paid - self.cost(suite, start, start + size)
                if saved > found[0] and _fits(schedule.instance, mode, start, size):
                    found = (saved, suite, start)
        return found


def _fits(instance: Instance, mode: Mode, start: int, size: int) -> bool:
    """Whether a suite is there for so long from a start: else its time costs nothing."""
    return (
        start >= instance.frozen_until
        and start + size <= instance.horizon_end
        and any(low <= start <= high for low, high in mode.starts)
        and instance.suites[mode.suite].clear(start, start + size)
    )


NEIGHBOURHOODS: dict[str, Neighbourhood] = {
    "suite": suite_window,
    "two suites": two_suites_window,
    "programme": programme_window,
    "chain": chain_window,
    "trouble": trouble_window,
}


def _suite(schedule: Schedule, rng: random.Random) -> int:
    """A suite, the busier the likelier."""
    counts = [1 + len(indices) for indices in schedule.in_suite]
    return rng.choices(range(len(counts)), counts)[0]


def _span(schedule: Schedule, rng: random.Random, length: int) -> tuple[int, int]:
    instance = schedule.instance
    last = max(instance.frozen_until, instance.horizon_end - length)
    first = rng.randint(instance.frozen_until - length // 3, last)
    return max(first, instance.frozen_until), first + length


def _window(
    schedule: Schedule, suites: set[int], span: tuple[int, int]
) -> Scope | None:
    reopened = _inside(schedule, suites, span)
    steps = {schedule.runs[index].step for index in reopened}
    return _scope(schedule, reopened, suites, steps, span)


def _inside(schedule: Schedule, suites: set[int], span: tuple[int, int]) -> set[int]:
    """Planned runs of some suites that start inside a span."""
    return {
        index
        for suite in suites
        for index in schedule.in_suite[suite]
        if schedule.runs[index].lock is None
        and span[0] <= schedule.runs[index].start <= span[1]
    }


def _scope(
    schedule: Schedule,
    reopened: set[int],
    suites: set[int],
    steps: set[int],
    window: tuple[int, int],
) -> Scope | None:
    if not reopened:
        return None
    ends = [schedule.runs[index].starts()[-1] for index in reopened]
    starts = [schedule.runs[index].start for index in reopened]
    window = (min(window[0], *starts), max(window[1], *ends))
    day = schedule.instance.grid.whole(DAY)
    return Scope(
        base=schedule,
        reopened=frozenset(reopened),
        window=window,
        suites=frozenset(suites),
        steps=frozenset(steps),
        longest_wait=14 * day,
    )

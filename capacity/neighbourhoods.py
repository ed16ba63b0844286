"""Parts of a plan to reopen: what a neighbourhood model decides anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from capacity.instance import DAY, Group, Instance
from capacity.model.slots import Scope
from capacity.schedule import Schedule

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

"""From the campaigns that a contestant names to a plan that the checker prices.

A peer says only which campaign runs where and when. The project's own pegging hands the
batches to order lines and finds slots in QC and QA and shipments, the same for everybody;
`capacity.checker` then judges and prices the plan from the scenario alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from capacity.board import Board
from capacity.checker import breaches, regret
from capacity.instance import Instance, StepData
from capacity.plan import Plan
from capacity.publish import to_plan
from capacity.scenario import Scenario


@dataclass(frozen=True)
class Wish:
    """A campaign as a contestant names it."""

    step: int
    suite: int
    start: int
    """[tick]"""
    batches: int
    kind: str
    """Decides the smallest size; `ppq` makes a PPQ campaign."""


@dataclass(frozen=True)
class Priced:
    """A plan as the checker sees it."""

    regret: int | None
    """None for a plan that breaks rules. [money]"""
    breaches: int
    dropped: int
    """Batches wished for that found no place."""


def merged(instance: Instance, wishes: Iterable[Wish]) -> list[Wish]:
    """Wishes in order of start, those of one step that follow at its takt as one."""
    found: list[Wish] = []
    last: dict[int, int] = {}
    for wish in sorted(wishes, key=lambda w: (w.start, w.suite, w.step)):
        before = found[last[wish.suite]] if wish.suite in last else None
        if before is not None and _continues(instance, before, wish):
            found[last[wish.suite]] = Wish(
                before.step,
                before.suite,
                before.start,
                before.batches + wish.batches,
                _stricter(instance.steps[wish.step], before.kind, wish.kind),
            )
        else:
            last[wish.suite] = len(found)
            found.append(wish)
    return found


def _continues(instance: Instance, before: Wish, wish: Wish) -> bool:
    """Whether two campaigns are one, or so close that the suite couldn't be emptied."""
    step = instance.steps[wish.step]
    if before.step != wish.step or "ppq" in (before.kind, wish.kind):
        return False
    mode = step.modes[wish.suite]
    end = before.start + (before.batches - 1) * mode.takt(before.start) + mode.lead
    return wish.start < end and before.batches + wish.batches <= step.maximum


def _stricter(step: StepData, one: str, other: str) -> str:
    return max(one, other, key=step.least)


def planned(instance: Instance, wishes: Iterable[Wish]) -> tuple[Plan, int]:
    """A plan of the wishes that fit, each as early as it fits from its start on.

    Sizes are raised to the campaign minimum and split at the maximum. What has no place,
    or would break a rule, is left out and counted.
    """
    board = Board(instance)
    dropped = 0
    for wish in merged(instance, wishes):
        for n in _sizes(instance.steps[wish.step], wish):
            if not _put(board, wish, n):
                dropped += n
    return to_plan(board.snapshot().schedule(), ""), dropped


def _sizes(step: StepData, wish: Wish) -> Iterator[int]:
    left = wish.batches
    while left > 0:
        n = max(min(left, step.maximum), step.least(wish.kind))
        yield -(-n // step.multiple) * step.multiple
        left -= n


def _put(board: Board, wish: Wish, n: int) -> bool:
    row = board.suites[wish.suite]
    place = bisect_right([c.start for c in row], wish.start)
    before = row[place - 1] if place else None
    step = board.instance.steps[wish.step]
    found = board.earliest(before, step, wish.suite, n, wish.kind == "ppq", wish.start)
    broken = board.breaks
    if found is None or board.swap([], [found]) is None:
        return False
    if board.breaks > broken:
        board.revert()
        return False
    board.keep()
    return True


def priced(scenario: Scenario, plan: Plan, dropped: int = 0) -> Priced:
    """What the checker says of a plan."""
    wrong = breaches(scenario, plan)
    return Priced(None if wrong else regret(scenario, plan), len(wrong), dropped)

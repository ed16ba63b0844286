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
from capacity.instance import DAY, Instance, StepData
from capacity.plan import Plan
from capacity.publish import to_plan
from capacity.scenario import Scenario

LATER = (0, 14, 28, 56, 84)
"""How much later a campaign is tried that has no place. [day]"""


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

    Sizes are raised to the campaign minimum and split at the maximum. What has no place or
    would break a rule is tried in halves and later; what then remains is left out and
    counted.
    """
    board = Board(instance)
    dropped = 0
    for wish in merged(instance, wishes):
        for n in _sizes(instance.steps[wish.step], wish):
            dropped += _left_out(board, wish, n)
    return to_plan(board.snapshot().schedule(), ""), dropped


def _left_out(board: Board, wish: Wish, n: int) -> int:
    """Place a campaign, whole or in parts; batches for which there was no place."""
    step, day = board.instance.steps[wish.step], board.instance.grid.whole(DAY)
    if any(_put(board, wish, n, wish.start + wait * day) for wait in LATER):
        return 0
    half = n // 2 // step.multiple * step.multiple
    if half < max(1, step.least(wish.kind)):
        return n
    return _left_out(board, wish, n - half) + _left_out(board, wish, half)


def _sizes(step: StepData, wish: Wish) -> Iterator[int]:
    left = wish.batches
    while left > 0:
        n = max(min(left, step.maximum), step.least(wish.kind))
        yield -(-n // step.multiple) * step.multiple
        left -= n


def _put(board: Board, wish: Wish, n: int, tick: int) -> bool:
    row = board.suites[wish.suite]
    place = bisect_right([c.start for c in row], tick)
    before = row[place - 1] if place else None
    step = board.instance.steps[wish.step]
    found = board.earliest(before, step, wish.suite, n, wish.kind == "ppq", tick)
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

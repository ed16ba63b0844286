"""Plans in which fewer firm lines are late: suites change what they make for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from capacity.board import Board, Campaign, Snapshot, board_of
from capacity.construct import fill
from capacity.instance import DAY, StepData
from capacity.schedule import Schedule

BEFORE, AFTER, NEAR = 150, 250, 40
"""Two suites change what they make from so long before a firm line that is late, until so
long after; not only until so long before. [day]"""

EARLIER = (0, 10, 20, 30)
"""How much sooner a campaign may begin in the other suite. [day]"""

SLIDES = 10
"""How much later it may, else it gives up batches. [day]"""

MOST = 40
"""Most windows that are looked at."""

TRY_MOVES = 90
"""Moves of a search that looking at a window once takes as long as."""

SPAN = 150
"""Batches due within so many days make a bundle, where some have been given up. [day]"""


def punctual(
    schedule: Schedule,
    floors: Sequence[int],
    spend: Callable[[int], bool] = lambda _: True,
) -> list[Schedule]:
    """Plans near one in which firm lines are late that aren't late there, the best first.

    For some months two suites change what they make, as far as it fits; what doesn't is
    given up and finds another place as in a first plan. So a firm line comes to another
    suite, and most of what a long search has found is kept. Other firm lines may be late
    instead: a short search has to follow.

    Parameters
    ----------
    schedule
        The plan in hand.
    floors
        Firm service that can't be bettered, by programme. [money]
    spend
        Told how many moves of a search a try takes as long as; False ends it.
    """
    board = board_of(schedule)
    found: list[tuple[tuple[int, ...], Snapshot]] = []
    late = {group for *_, group in _late(board, floors)}
    for window in islice(_windows(board, floors), MOST):
        if not spend(TRY_MOVES * len(EARLIER)):
            break
        for earlier in EARLIER:
            mark = board.mark()
            moved = _exchange(board, window, earlier)
            if not late <= {group for *_, group in _late(board, floors)}:
                span = int(SPAN / board.instance.grid.tick)
                if fill(board, span, moved):
                    fill(board, span, moved)
                if not board.breaks and all(board.rank != rank for rank, _ in found):
                    found.append((board.rank, board.snapshot()))
            board.revert(mark)
    found.sort(key=lambda row: row[0])
    return [snapshot.schedule() for rank, snapshot in found if rank != board.rank]


class _Window(NamedTuple):
    """Two suites for a while."""

    one: int
    other: int
    first: int
    """Start of the first campaign. [tick]"""
    last: int
    """Of the last one. [tick]"""


def _windows(board: Board, floors: Sequence[int]) -> Iterator[_Window]:
    """Where firm lines that are late might change the suite."""
    day = board.instance.grid.whole(DAY)
    seen = set[_Window]()
    for step, one, want, _ in _late(board, floors):
        for other in step.modes:
            starts = [c.start for c in _movable(board, one, other)]
            firsts = [at for at in starts if want - BEFORE * day <= at <= want]
            for first in firsts if other != one else ():
                low = max(first, want - NEAR * day)
                for last in starts:
                    window = _Window(one, other, first, last)
                    if low <= last <= want + AFTER * day and window not in seen:
                        seen.add(window)
                        yield window


class _Late(NamedTuple):
    """A firm line that need not be late."""

    step: StepData
    suite: int
    want: int
    """When its batches should be out. [tick]"""
    group: int


def _late(board: Board, floors: Sequence[int]) -> list[_Late]:
    """Firm lines that are late, of programmes where fewer need be."""
    return [
        _Late(demand.last, campaign.suite, demand.terms.want[j], demand.groups[j].index)
        for demand, pegged, floor in zip(board.demands, board.pegs, floors, strict=True)
        if pegged.price[1] > floor and not demand.direct
        for campaign, j in demand.overdue(pegged)
    ]


def _movable(board: Board, one: int, other: int) -> list[Campaign]:
    """Campaigns of two suites that either may make, in order of start."""
    steps = board.instance.steps
    rows = [
        c
        for suite in (one, other)
        for c in board.suites[suite]
        if c.lock is None
        and {one, other} <= steps[c.step].modes.keys()
        and not board.demands[c.programme].direct
    ]
    return sorted(rows, key=lambda c: c.start)


def _exchange(board: Board, window: _Window, earlier: int) -> list[int]:
    """Let two suites change what they make for a while, as far as it fits.

    Returns the programmes that they make then.
    """
    one, other, first, last = window
    gone = [c for c in _movable(board, one, other) if first <= c.start <= last]
    if board.swap(gone, []) is None:
        return []
    day = board.instance.grid.whole(DAY)
    for old in gone:
        suite, soonest = other if old.suite == one else one, old.start - earlier * day
        before = next(
            (c for c in reversed(board.suites[suite]) if c.start <= soonest), None
        )
        step = board.instance.steps[old.step]
        for n in (old.n,) if old.ppq else range(old.n, 0, -1):
            new = board.earliest(before, step, suite, n, old.ppq, soonest)
            fits = new is not None and new.start <= old.start + SLIDES * day
            if new is not None and fits and board.swap([], [new]) is not None:
                break
    return sorted({c.programme for c in gone})

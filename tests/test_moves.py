"""Moves of single campaigns: each gives campaigns that may be."""

from __future__ import annotations

import pytest
from test_rows import board_with

from capacity.reinsert import Search

IN_THREES = 3
"""Step of product D, whose campaigns have 3 to 30 batches in threes."""


@pytest.mark.parametrize(
    ("name", "least"), [("resize", 80), ("split", 15), ("transfer", 80)]
)
def test_moves_keep_the_multiple_of_a_campaign(name: str, least: int) -> None:
    board = board_with(("A", 8), ("D", 9), ("C", 10), ("D", 12), ("A", 6))
    move = getattr(Search(board, seed=3), name)
    own = [c for c in board.suites[0] if c.step == IN_THREES]

    changes = [change for c in own for _ in range(50) if (change := move(c))]

    assert len(changes) >= least  # of 100; what finds no room is no change
    sizes = {c.n for _, into in changes for c in into if c.step == IN_THREES}
    assert all(n % 3 == 0 for n in sizes)


def test_a_batch_more_or_less_is_a_multiple_more_or_less() -> None:
    board = board_with(("A", 8), ("D", 9), ("C", 10))
    search = Search(board, seed=3)
    (campaign,) = (c for c in board.suites[0] if c.step == IN_THREES)

    sizes = set()
    for more in (-4, -1, 1, 4):
        change = search.resized(campaign, more)
        assert change is not None
        sizes |= {c.n for c in change[1] if c.step == IN_THREES}

    assert sizes == {3, 6, 12, 15}

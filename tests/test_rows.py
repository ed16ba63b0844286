"""A suite's campaigns as a row: what follows a change moves along."""

from __future__ import annotations

from pathlib import Path
from random import Random

from capacity import reading
from capacity.aims import aimed, figure
from capacity.board import Board, board_of
from capacity.construct import construct
from capacity.instance import build
from capacity.parts import improved
from capacity.rows import Rows, allowed
from capacity.scenario import Scenario
from capacity.schedule import Run, Schedule

SINGLE_SUITE = (
    Path(__file__).parents[1] / "scenarios" / "published" / "ucl_kg_deficit.yaml"
)
"""Four products in one suite; campaigns of D come in threes."""


def one_suite() -> Scenario:
    return reading.read(SINGLE_SUITE).scenario


def board_with(*campaigns: tuple[str, int]) -> Board:
    """Campaigns one after another, from the first day on."""
    instance = build(one_suite())
    suite, end, before, runs = instance.suites[0], 0, -1, []
    for name, count in campaigns:
        step = next(
            s for s in instance.steps if instance.programmes[s.programme] == name
        )
        mode, nothing = step.modes[0], (None,) * count
        start = end + suite.changeover[before, step.index]
        runs.append(Run(step.index, 0, start, mode.takt(start), nothing, nothing))
        end = start + mode.lead + (count - 1) * mode.takt(start)
        before = step.index
    return board_of(Schedule(instance, tuple(runs)))


def rows_after(board: Board, changes: int) -> set[tuple[tuple[int, int, int], ...]]:
    """Rows that one change gives: (step, batches, start) of each campaign."""
    rows, found = Rows(board, Random(1)), set()
    for _ in range(changes):
        change = rows.change()
        if change is None or board.swap(*change) is None:
            continue
        found.add(tuple((c.step, c.n, c.start) for c in board.suites[0]))
        board.revert()
    return found


def test_a_batch_more_pushes_all_that_follows() -> None:
    board = board_with(("A", 10), ("C", 10), ("B", 5), ("A", 20))
    before = [(c.step, c.n, c.start) for c in board.suites[0]]
    (step, n, start), *rest = before
    pushed = [(other, m, at + 7) for other, m, at in rest]

    assert ((step, n + 1, start), *pushed) in rows_after(board, 2000)


def test_what_has_no_time_before_the_end_gets_fewer_batches() -> None:
    board = board_with(("A", 40), ("C", 47), ("D", 27), ("A", 28))
    instance = board.instance
    assert board.suites[0][-1].end + 7 > instance.horizon_end
    (step, _, start), *_ = ((c.step, c.n, c.start) for c in board.suites[0])

    longer = [row for row in rows_after(board, 2000) if row[0] == (step, 41, start)]

    assert longer
    assert all(row[-1][1] == 27 for row in longer)


def test_what_the_end_cuts_off_is_cut_off_anew() -> None:
    board = board_with(("A", 41), ("C", 47), ("B", 20), ("D", 23))
    last, end = board.suites[0][-1], board.instance.horizon_end
    assert last.end <= end < last.end + 7
    (step, _, start), *_ = ((c.step, c.n, c.start) for c in board.suites[0])

    rows = rows_after(board, 2000)

    sizes = {
        (row[0][1], row[-1][1])
        for row in rows
        if row[0][::2] == (step, start) and len(row) == 4 and row[-1][0] == last.step
    }
    assert {(40, 24), (42, 22), (43, 21)} <= sizes


def test_from_some_batch_on_a_campaign_makes_another_product() -> None:
    # Of the last 20 batches of A some stay; B makes a batch in 11 days where A takes 7.
    board = board_with(("D", 15), ("C", 10), ("A", 20))

    rows = rows_after(board, 3000)

    turned = {
        (row[2][1], row[3][1])
        for row in rows
        if [step for step, _, _ in row] == [3, 2, 0, 1] and row[2][1] < 20
    }
    assert len(turned) >= 3
    assert all(made == max(2, (20 - kept) * 7 // 11) for kept, made in turned)


def test_campaigns_keep_allowed_sizes_and_products_follow_others() -> None:
    board = board_with(("D", 15), ("C", 10), ("A", 30), ("B", 4), ("D", 27))
    rows, steps = Rows(board, Random(2)), board.instance.steps
    made = 0
    for _ in range(500):
        change = rows.change()
        if change is not None and board.swap(*change) is not None:
            made += 1
            board.keep()
            for before, campaign in zip(
                board.suites[0], board.suites[0][1:], strict=False
            ):
                assert campaign.start >= before.end
                assert campaign.step != before.step
            assert all(c.n in allowed(steps[c.step]) for c in board.suites[0])
    assert made > 200


def test_a_network_made_to_order_has_no_rows() -> None:
    scenario = reading.read(SINGLE_SUITE.parents[1] / "base.yaml").scenario

    assert not Rows(Board(build(scenario)), Random(0)).suites


def test_a_short_search_of_a_full_suite_comes_near_the_published_plans() -> None:
    # The authors' own test plan is 194.6 kg short; single campaigns moved alone stay
    # above 207 for a hundred times as long.
    scenario = one_suite()
    instance = aimed(build(scenario))

    found = improved(
        construct(instance), seed=0, done=lambda made: made / 5000,
        report=lambda _: None, heat=0.3, floors=[],
    )  # fmt: skip

    assert figure(build(scenario), "target_deficit", found.bill.regret) < 207

"""Batches and the intermediates that they take: what lacks is made, or comes back with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_rules import frozen_network, scenario

from capacity.board import Board, Campaign, board_of
from capacity.construct import construct
from capacity.instance import build
from capacity.intermediates import lacking
from capacity.reading import read
from capacity.reinsert import Search
from capacity.scenario import Scenario
from capacity.schedule import Schedule

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@pytest.fixture(scope="module")
def base() -> Scenario:
    return read(SCENARIOS / "base.yaml").scenario


@pytest.fixture(scope="module")
def built(base: Scenario) -> Schedule:
    return construct(build(base), stop=lambda: True)


def own(board: Board, programme: int, role: str) -> list[Campaign]:
    """Campaigns of a programme's intermediates, or of its product."""
    steps = [s for s in board.demands[programme].steps if s.role == role]
    return [c for s in steps for c in board.steps[s.index] if c.lock is None]


def test_what_lacks_is_as_much_as_is_taken_away(built: Schedule) -> None:
    board = board_of(built)
    demand = board.demands[board.instance.programmes.index("RAK-PIT")]
    assert board.pegs[demand.programme].price[3] == 0
    assert lacking(board, demand) == []
    gone = own(board, demand.programme, "intermediate")

    foreseen = lacking(board, demand, gone=gone)
    board.swap(gone, [])

    assert foreseen == lacking(board, demand)
    users = [c.start + k * c.takt for c in own(board, demand.programme, "product")
             for k in range(c.n)]  # fmt: skip
    assert board.pegs[demand.programme].price[3] == len(users)
    assert {start for start, _ in foreseen} <= set(users)
    assert demand.last.frozen is not None
    assert len(foreseen) == demand.last.frozen.units(len(users))


def test_what_a_change_takes_may_lack_later(built: Schedule) -> None:
    board = board_of(built)
    demand = board.demands[board.instance.programmes.index("RAK-PIT")]
    before = own(board, demand.programme, "product")
    first = min(before, key=lambda c: c.start)
    new = board.campaign(demand.last, first.suite, 9000, 2, False)
    assert new is not None

    wanting = lacking(board, demand, new=[new], group=0)

    # It takes what is ready: later ones lack theirs then, and that is when more must be.
    assert 1 <= len(wanting) <= 2
    assert min(start for start, _ in wanting) > new.start


def test_a_search_makes_what_lacks_instead_of_giving_up_what_needs_it(
    built: Schedule,
) -> None:
    board = board_of(built)
    demand = board.demands[board.instance.programmes.index("RAK-PIT")]
    gone = max(
        own(board, demand.programme, "intermediate"), key=lambda c: (c.start, c.suite)
    )
    made = sum(c.n for c in own(board, demand.programme, "product"))
    board.swap([gone], [])
    assert board.breaks

    Search(board, seed=1).repair()

    assert not board.breaks
    assert sum(c.n for c in own(board, demand.programme, "product")) == made


def test_what_a_programme_lacks_is_put_back_with_its_intermediates(
    built: Schedule,
) -> None:
    board = board_of(built)
    demand = board.demands[board.instance.programmes.index("RAK-PIT")]
    whole = board.total()
    last = max(own(board, demand.programme, "product"), key=lambda c: c.start)
    units = max(own(board, demand.programme, "intermediate"), key=lambda c: c.start)
    board.swap([last, units], [])
    search = Search(board, seed=1)
    search.repair()
    without = board.total()
    assert without > whole

    search.regain()

    assert not board.breaks
    assert board.total() < without
    assert search.best_worth == (0, board.total())


@pytest.mark.parametrize("all_of_it", [True, False])
def test_a_search_that_has_lost_a_programme_goes_on_from_its_best_plan(
    built: Schedule, all_of_it: bool
) -> None:
    board = board_of(built)
    search = Search(board, seed=1)
    planned = [c for row in board.suites for c in row if c.lock is None]
    least = min(planned, key=lambda c: (c.n, c.programme, c.start))
    gone = planned if all_of_it else [least]
    board.tolerance = 1.5
    board.swap(gone, [])
    best = search.best_worth

    search.soften(0.9)

    # What comes back otherwise is made anew: a few batches more or less are for the search.
    there = {id(c) for row in board.suites for c in row}
    assert {id(c) in there for c in gone} == {all_of_it}
    assert board.tolerance is None
    assert not board.breaks
    assert (board.total() == best[1]) is all_of_it


def test_what_lacks_for_a_stock_is_made_as_well() -> None:
    document = frozen_network()
    document["orders"] = []
    for site in document["sites"]:
        site["shutdowns"] = []
        site["qc_batches"] = [{"from": "2025-01-01", "value": 7}]
        site["qa_reviewers"] = [{"from": "2025-01-01", "value": 20}]
    document["programmes"][0]["recipe"][1]["supply"]["shelf_life_days"] = 400
    document["made_to_stock"] = [
        {"id": "P-stock", "programme": "P", "price": 9000, "shortage": "lost"}
        | {"shortage_cost": 100, "storage_cost": 1, "waste_cost": 0}
    ]
    document["demand"] = [
        {"id": f"D{month}", "programme": "P", "due": f"2026-0{month}-28", "quantity": 3}
        for month in (3, 4, 5, 6)
    ]
    board = board_of(construct(build(scenario(document))))
    made = sum(c.n for c in own(board, 0, "product"))
    gone = max(own(board, 0, "intermediate"), key=lambda c: c.start)
    before = board.total()
    board.swap([gone], [])
    search = Search(board, seed=1)
    board.tolerance = 1.0
    # A batch that lacks its antibody counts, else none would be made while it's tolerated.
    assert board.total() > before

    search.repair()

    assert not board.breaks
    assert sum(c.n for c in own(board, 0, "product")) == made

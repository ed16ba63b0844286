"""Parts that share no suite: told apart, searched by themselves, put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from strategies import scenarios
from test_rules import Row, network, programme

from capacity import parts
from capacity.checker import broken_rules
from capacity.construct import construct
from capacity.floors import floors
from capacity.instance import build
from capacity.parts import NEVER, improved, of_programmes, parts_of, together
from capacity.publish import to_plan
from capacity.reading import read
from capacity.resume import wishes_of
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.solver import solve
from capacity.solver.by_parts import Parts
from capacity.solver.clock import Clock
from capacity.solver.state import State

SCENARIOS = Path(__file__).parent.parent / "scenarios"


def test_the_worked_case_falls_into_the_tanks_of_songdo_and_the_rest() -> None:
    instance = build(read(SCENARIOS / "base.yaml").scenario)

    rest, tanks = parts_of(instance)

    assert {instance.programmes[p] for p in tanks.programmes} == {
        "BIG-1",
        "BIG-2",
        "PROS-1",
    }
    assert len(rest.programmes) == 11
    assert not rest.programmes & tanks.programmes
    assert (rest.size, tanks.size) == (
        840,
        349,
    )  # with 16 that only qualifications ask for


@given(scenarios())
def test_parts_put_together_are_the_plan_again(scenario: Scenario) -> None:
    instance = build(scenario)
    plan = construct(instance)
    if broken_rules(scenario, to_plan(plan, "drawn")):
        return
    parts = parts_of(instance)
    pieces = [of_programmes(plan, part.programmes) for part in parts]

    suites = [{wish.suite for wish in piece} for piece in pieces]
    assert all(not one & two for n, one in enumerate(suites) for two in suites[:n])
    again = together(instance, [wish for piece in pieces for wish in piece])
    assert again is not None
    assert again.bill.rank <= plan.bill.rank


def test_a_part_is_improved_by_itself_and_fits_the_rest() -> None:
    instance = build(read(SCENARIOS / "base.yaml").scenario)
    plan, least = construct(instance, stop=lambda: True), floors(instance)
    tanks = parts_of(instance)[1]
    start = together(tanks.instance, of_programmes(plan, tanks.programmes))
    assert start is not None
    told: list[Schedule] = []

    found = improved(
        start,
        seed=0,
        done=lambda made: made / 1500,
        report=told.append,
        floors=[n * (p in tanks.programmes) for p, n in enumerate(least)],
    )

    assert found.rank == min(schedule.rank for schedule in [start, *told])
    assert found.bill.regret < start.bill.regret
    rest = [w for w in wishes_of(plan) if w not in wishes_of(start)]
    whole = together(instance, [*rest, *wishes_of(found)])
    assert whole is not None
    assert whole.bill.regret < plan.bill.regret


def test_a_freezer_joins_nobody_where_nothing_is_frozen() -> None:
    document = network()
    document["sites"][0]["freezer_batches"] = 3

    [part] = parts_of(build(Scenario.model_validate(document)))

    assert part.programmes == {0, 1}


def one_laboratory() -> Row:
    """Two programmes, each with a suite of its own, and hardly enough QC for both."""
    document = network()
    other = programme("Q", "Y")
    other["recipe"][0]["suites"] = ["T"]
    document["programmes"][1] = other
    document["suites"].append(document["suites"][0] | {"id": "T", "set_up": "Q"})
    document["horizon"]["end"] = "2028-12-31"
    document["campaign_limits"][0]["maximum"] = 20
    ever = {"from": "2025-01-01"}
    document["sites"][0]["qc_batches"] = [ever | {"value": 1.7}]
    document["sites"][0]["qa_reviewers"] = [ever | {"value": 9}]
    price = document["contracts"][1]["price"]
    document["contracts"][0] = {"id": "C", "programme": "P", "price": price}
    document["orders"] = [
        {
            "id": f"O{contract}{month:02d}",
            "contract": contract,
            "kind": "commercial",
            "market": market,
            "batches": 3 + (month % 3 == 0),
            "due": f"{2026 + (month + 3) // 12}-{(month + 3) % 12 + 1:02d}-15",
        }
        for month in range(24)
        for contract, market in (("C", "US"), ("D", "EU"))
    ]
    return document


def test_where_parts_share_a_laboratory_that_is_full_the_whole_is_searched() -> None:
    scenario = Scenario.model_validate(one_laboratory())
    assert len(parts_of(build(scenario))) == 2
    first = construct(build(scenario)).bill.regret

    found = solve(scenario, work=3)

    assert found.plan is not None
    assert found.breaches == []
    assert found.plan.objective < 0.75 * first


def test_a_rival_searches_the_same_part_and_the_better_plan_is_kept() -> None:
    document = one_laboratory()
    document["programmes"][1]["recipe"][0]["suites"] = ["S", "T"]
    scenario = Scenario.model_validate(document)
    assert len(parts_of(build(scenario))) == 1
    alone = [_searched(scenario, seed, 1) for seed in (5, 6)]

    both = [_searched(scenario, seed, 3) for seed in (5, 6)]

    assert alone != both
    # The second worker is at the bound.
    assert alone == [_searched(scenario, seed, 2) for seed in (5, 6)]
    assert all(two <= one for one, two in zip(alone, both, strict=True))


def _searched(scenario: Scenario, seed: int, workers: int) -> tuple[int, ...]:
    """Firm service and the rest after a few moves."""
    state = State(scenario, Clock(0.4, None, Event()), 0.0, workers, seed, None)
    state.take(construct(state.instance), "construct")
    parts = Parts(state)
    parts.share_out()
    assert state.best is not None
    parts.search(state.best)
    return state.best.bill.rank


def test_only_plans_better_than_any_before_are_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = iter([(5, 50), (5, 45), (0, 120), (0, 90)])
    told: list[tuple[int, int]] = []
    _fake_searches(monkeypatch, found, [])

    best = improved(
        _plan(0, 100), seed=0, done=_quarters(), report=lambda p: told.append(p.rank),
        floors=[0],
    )  # fmt: skip

    # The free search may end with firm lines late: it goes on from there, and tells nobody.
    assert told == [(0, 90)]
    assert best.rank == (0, 90)


def test_a_free_search_made_again_goes_on_only_where_it_ends_cheaper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[tuple[int, int]] = []
    _fake_searches(monkeypatch, iter([(0, 200), (0, 300), (0, 150)]), begun)

    best = improved(
        _plan(0, 100), seed=0, done=_quarters(), report=lambda _: None, floors=[0]
    )

    # Each dearer than its start, the second though PPQ never lacks; then from the cheaper.
    assert begun == [(100, 1), (100, NEVER), (200, 1)]
    assert best.rank == (0, 100)


def _plan(firm: int, regret: int) -> Schedule:
    """What `improved` looks at of a plan."""
    line = SimpleNamespace(firm=True)
    instance = SimpleNamespace(strict=True, groups=[line])
    bill = SimpleNamespace(firm_service=firm, regret=regret)
    plan = SimpleNamespace(
        rank=(firm, regret), bill=bill, instance=instance, runs=[None] * 100
    )
    return cast("Schedule", plan)


def _quarters() -> Callable[[int], float]:
    """A search that is over after four looks at the clock."""
    return lambda moves: moves / 4


def _fake_searches(
    monkeypatch: pytest.MonkeyPatch,
    found: Iterator[tuple[int, int]],
    begun: list[tuple[int, int]],
) -> None:
    """Let searches end with given plans, each after one move, and turn nothing round."""

    def improve(
        plan: Schedule, *, done: Callable[[int], float], right_weight: int, **_: Any
    ) -> Schedule:
        begun.append((plan.bill.regret, right_weight))
        done(1)
        return _plan(*next(found))

    monkeypatch.setattr(parts, "improve", improve)
    monkeypatch.setattr(parts, "punctual", lambda plan, *_: [plan])
    monkeypatch.setattr(parts, "requalified", lambda *_: [])

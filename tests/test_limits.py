"""Limits hold on large networks: no plan is checked twice, time is left for what follows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_parts import one_laboratory

from capacity.checker import breaches
from capacity.construct import construct
from capacity.instance import Instance, build
from capacity.plan import Plan
from capacity.reading import read
from capacity.scenario import Scenario
from capacity.schedule import Schedule
from capacity.solver import clock, first, solve, state
from capacity.solver.clock import CHECKS_AFTER, Clock
from capacity.solver.state import State

SCENARIOS = Path(__file__).parent.parent / "scenarios"

CHECK = 10.0
"""How long a check takes by the clock of a test. [s]"""


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that the checker has judged."""
    seen: list[Plan] = []

    def counted(scenario: Scenario, plan: Plan) -> list[str]:
        seen.append(plan)
        return breaches(scenario, plan)

    monkeypatch.setattr(state, "breaches", counted)
    return seen


class Hands:
    """A clock that moves on a little whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """As `time` has it. [s]"""
        self.now += 0.1
        return self.now


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """A clock by which only checks take long."""
    found = Hands()

    def slow(scenario: Scenario, plan: Plan) -> list[str]:
        found.now += CHECK
        return breaches(scenario, plan)

    monkeypatch.setattr(clock, "time", found)
    monkeypatch.setattr(state, "breaches", slow)
    return found


# ------------------------------------------------------------------- checks


@pytest.mark.parametrize("name", ["tiny", "tiny_to_stock"])
def test_no_plan_is_checked_twice_and_the_one_checked_is_written(
    name: str, checked: list[Plan]
) -> None:
    scenario = read(SCENARIOS / f"{name}.yaml").scenario

    result = solve(scenario, scenario_sha256="hash", work=3)

    assert any(result.plan is plan for plan in checked)
    assert result.breaches == []
    texts = [plan.model_dump_json(exclude={"scenario_sha256"}) for plan in checked]
    assert len(texts) == len(set(texts))


def test_a_plan_built_is_checked_once_though_its_tests_move_forward(
    checked: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = read(SCENARIOS / "base.yaml").scenario
    monkeypatch.setattr(first, "construct", only_the_first_way)
    known = State(base, Clock(60, None, threading.Event()), 0.0, 1, 0, None)

    built = first.first_plan(known, None)

    assert known.best is not None
    assert known.best.rank < built.rank
    assert len(checked) == 1


def only_the_first_way(
    instance: Instance, *, report: Callable[[Schedule], None], **_: Any
) -> Schedule:
    """A tenth of what a first plan takes."""
    return construct(instance, report=report, stop=lambda: True)


def test_a_plan_that_breaks_a_rule_is_said_to_however_often_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiny = read(SCENARIOS / "tiny.yaml").scenario
    known = State(tiny, Clock(60, None, threading.Event()), 0.0, 1, 0, None)
    bad = Schedule(known.instance, ())
    monkeypatch.setattr(state, "breaches", lambda *_: ["a rule is broken"])
    known.take(bad, "drawn")

    found = [known.keeps_the_rules(bad) for _ in range(2)]

    assert found == [False, False]
    assert known.result().breaches == ["a rule is broken"]


# ---------------------------------------------------------------- first plans


def test_what_construction_was_told_to_leave_out_is_not_lacking_in_its_plan() -> None:
    # Bundles of one order each are so much better that half of them better the first plan.
    instance = build(Scenario.model_validate(one_laboratory()))
    whole: list[Schedule] = []
    looks = Looks()
    construct(instance, spans=(240, 1), stop=looks.after(10_000), report=whole.append)
    begun, best = (plan.rank for plan in whole)
    assert best < begun

    for most in range(looks.made + 1):
        found = construct(instance, spans=(240, 1), stop=looks.after(most))
        assert found.rank in (begun, best), most


class Looks:
    """Says that it is over after so many looks."""

    def __init__(self) -> None:
        self.made = 0

    def after(self, most: int) -> Callable[[], bool]:
        """What tells when that is."""
        self.made = 0

        def over() -> bool:
            self.made += 1
            return self.made > most

        return over


# --------------------------------------------------------------------- limits


def test_as_long_is_kept_as_checks_and_writing_took_before(hands: Hands) -> None:
    limits = Clock(60, 100, threading.Event())
    assert limits.left == pytest.approx(100, abs=1)

    with limits.checking():
        hands.now += 5
    with limits.checking():
        hands.now += 3

    assert limits.left == pytest.approx(92 - 5 * CHECKS_AFTER, abs=1)
    hands.now += limits.left
    assert limits.halted()
    assert limits.over()


def test_without_a_limit_checks_take_nothing_from_the_work(hands: Hands) -> None:
    limits = Clock(60, None, threading.Event())

    with limits.checking():
        hands.now += 5

    assert limits.left == 60
    assert not limits.halted()


def test_a_solve_whose_checks_take_long_ends_before_its_limit(hands: Hands) -> None:
    scenario = Scenario.model_validate(one_laboratory())
    limit = 10 * CHECK

    result = solve(scenario, time_limit=limit)

    assert result.stopped_by == "time_limit"
    assert result.breaches == []
    # what writing takes, as far as it is guessed, is left
    assert hands.now <= limit - (CHECKS_AFTER - 2) * CHECK


def test_a_first_plan_that_takes_the_limit_is_the_answer(hands: Hands) -> None:
    scenario = Scenario.model_validate(one_laboratory())

    result = solve(scenario, time_limit=CHECK)

    assert result.plan is not None
    assert result.breaches == []
    assert hands.now <= 1.5 * CHECK  # one check

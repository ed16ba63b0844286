"""Fixtures for every room: the small scenario, and one solved run of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from capacity.search import Outcome
from capacity.solver.state import State

if TYPE_CHECKING:
    from capacity.scenario import Scenario

SCENARIOS = Path(__file__).parent.parent / "scenarios"

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=150, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# What the terminal is must not show in what the tests read.
os.environ.update(TERM="dumb", NO_COLOR="1", COLUMNS="100")
for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "CAPACITY_DEBUG"):
    os.environ.pop(name, None)


@pytest.fixture(autouse=True)
def _no_bound_above_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solve drops a bound that its plan contradicts: in tests that is a failure."""
    raise_bound, believed = State.raise_bound, State.believed

    def raised(state: State, bound: int | None) -> None:
        if bound is not None and state.best is not None:
            assert bound <= state.best.bill.regret
        raise_bound(state, bound)

    def proved(state: State, outcome: Outcome, reached: int) -> int | None:
        assert outcome.bound is None or outcome.bound <= reached
        return believed(state, outcome, reached)

    monkeypatch.setattr(State, "raise_bound", raised)
    monkeypatch.setattr(State, "believed", proved)


@pytest.fixture
def tiny() -> Path:
    """The scenario that can be planned on paper."""
    return SCENARIOS / "tiny.yaml"


@pytest.fixture(scope="session")
def two_years() -> Callable[[str], Scenario]:
    """A shipped scenario with the commercial batches due by the end of 2027.

    All sites, programmes and qualifications, and a search by parts: but a first plan
    takes a tenth of the time that it takes with the orders of all years.
    """
    return cache(_two_years)


def _two_years(name: str) -> Scenario:
    from capacity.reading import read

    scenario = read(SCENARIOS / f"{name}.yaml").scenario
    end = datetime(2028, 1, 1)
    orders = [o for o in scenario.orders if o.kind != "commercial" or o.due < end]
    return scenario.model_copy(update={"orders": orders})


@pytest.fixture(scope="session")
def solved() -> Callable[[Path, Path], Path]:
    """Plans a scenario into a run folder."""
    return _solve


@pytest.fixture(scope="session")
def _solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _solve(SCENARIOS / "tiny.yaml", tmp_path_factory.mktemp("solved") / "tiny")


def _solve(path: Path, directory: Path) -> Path:
    from capacity import reading, runs
    from capacity.solver import solve

    loaded = reading.read(path, [])
    result = solve(loaded.scenario, scenario_sha256=reading.sha256(loaded))
    runs.write_run(directory, loaded, result, options={}, seed=0, overwrite=False)
    return directory


@pytest.fixture
def tiny_run(_solved: Path, tmp_path: Path) -> Path:
    """A run folder of `tiny.yaml`, free to be spoilt."""
    return shutil.copytree(_solved, tmp_path / "run")

"""Two or more runs compared: figures, campaigns, orders, and the inputs behind them.

The first run is the one that the others are compared with. Frames come from the tables
and key figures of the runs; nothing is computed a second way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from capacity import runs, tables
from capacity.comparison.campaigns import (
    CHANGES,
    by_programme,
    compared_campaigns,
    counted,
)
from capacity.comparison.figures import compared_kpis
from capacity.comparison.inputs import compared_inputs
from capacity.comparison.orders import ORDER_CHANGES, compared_orders
from capacity.horizon import format_moment
from capacity.runs import Run, RunError
from capacity.scenario import Scenario

__all__ = [
    "CHANGES",
    "ORDER_CHANGES",
    "Comparison",
    "Pair",
    "compare",
    "counted",
    "named",
    "refuse_unlike",
]


@dataclass(frozen=True)
class Pair:
    """A run compared with the first one."""

    name: str
    run: Run
    kpis: pd.DataFrame
    campaigns: pd.DataFrame
    programmes: pd.DataFrame
    orders: pd.DataFrame
    inputs: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """Two or more runs compared with the first of them."""

    name: str
    """The first run's."""
    run: Run
    pairs: Sequence[Pair]
    notes: Sequence[str]
    """What to bear in mind."""

    @property
    def currency(self) -> str:
        """Unit of money of all runs."""
        return self.run.loaded.scenario.currency

    @property
    def kpis(self) -> pd.DataFrame:
        """Key figures, as in `kpis.csv`: `run`, then what `compared_kpis` gives."""
        return self._stacked([pair.kpis for pair in self.pairs])

    @property
    def campaigns(self) -> pd.DataFrame:
        """As in `campaigns.csv`: `run`, then what `compared_campaigns` gives."""
        return self._stacked([pair.campaigns for pair in self.pairs])

    @property
    def programmes(self) -> pd.DataFrame:
        """As in `programmes.csv`: `run`, then what `by_programme` gives."""
        return self._stacked([pair.programmes for pair in self.pairs])

    @property
    def orders(self) -> pd.DataFrame:
        """As in `orders.csv`: `run`, then what `compared_orders` gives."""
        return self._stacked([pair.orders for pair in self.pairs])

    @property
    def inputs(self) -> pd.DataFrame:
        """As in `inputs.csv`: `run`, then what `compared_inputs` gives."""
        return self._stacked([pair.inputs for pair in self.pairs])

    def _stacked(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        parts = []
        for pair, frame in zip(self.pairs, frames, strict=True):
            part = frame.astype(object)
            part.insert(0, "run", pair.name)
            parts.append(part)
        filled = [part for part in parts if len(part)] or parts[:1]
        return pd.concat(filled, ignore_index=True)


def compare(*compared: Run | Path | str) -> Comparison:
    """Compare runs with the first of them.

    Parameters
    ----------
    compared
        Two or more runs, or their folders.

    Raises
    ------
    SealError
        If a file of a folder is missing or changed since it was written.
    RunError
        If a folder can't be read, or horizons or currencies differ.
    """
    if len(compared) < 2:
        msg = "a comparison takes two runs or more"
        raise ValueError(msg)
    read = [
        each if isinstance(each, Run) else runs.read_sealed(Path(each))
        for each in compared
    ]
    _refuse_unread(read)
    refuse_unlike([(run.directory.name, run.loaded.scenario) for run in read])
    names = named(read)
    first = read[0]
    pairs = [
        _pair(first, run, name) for run, name in zip(read[1:], names[1:], strict=True)
    ]
    return Comparison(names[0], first, pairs, _notes(read, names))


def named(compared: Sequence[Run]) -> list[str]:
    """Name each run: by its scenario, by its folder too where that isn't enough."""
    names = [run.loaded.scenario.name for run in compared]
    if len(set(names)) == len(names):
        return names
    names = [run.directory.name for run in compared]
    if len(set(names)) == len(names):
        return names
    return [f"{number} {name}" for number, name in enumerate(names, start=1)]


def _pair(first: Run, run: Run, name: str) -> Pair:
    frames = [
        (tables.campaigns(each.plan), tables.batches(each.plan))
        for each in (first, run)
    ]
    campaigns = compared_campaigns(*frames)
    before, after = first.loaded.scenario, run.loaded.scenario
    return Pair(
        name=name,
        run=run,
        kpis=compared_kpis(first.kpis, run.kpis, before.currency),
        campaigns=campaigns,
        programmes=by_programme(campaigns),
        orders=compared_orders(tables.orders(first.plan), tables.orders(run.plan)),
        inputs=compared_inputs(before, after),
    )


def _refuse_unread(compared: Sequence[Run]) -> None:
    """Refuse runs whose key figures another version of the program called otherwise."""
    problems = [
        f"{run.directory.name}/kpis.json: objective isn't a whole number; version"
        f" {_version(run)} of the program wrote it: solve its scenario.yaml again"
        for run in compared
        if not isinstance(run.kpis.get("objective"), int)
    ]
    if problems:
        raise RunError(problems)


def refuse_unlike(compared: Sequence[tuple[object, Scenario]]) -> None:
    """Refuse scenarios, each with a name, whose money can't be set against each other.

    Raises
    ------
    RunError
        If horizons or currencies differ.
    """
    (name, first), problems = compared[0], []
    for other, scenario in compared[1:]:
        if _horizon(first) != _horizon(scenario):
            problems.append(
                f"{other} plans {_horizon(scenario)}, {name} plans {_horizon(first)}:"
                " costs over unlike horizons can't be compared"
            )
        if first.currency != scenario.currency:
            problems.append(
                f"{other} counts {scenario.currency}, {name} counts {first.currency}:"
                " costs in unlike currencies can't be compared"
            )
    if problems:
        raise RunError(problems)


def _horizon(scenario: Scenario) -> str:
    start, end = scenario.horizon.start, scenario.horizon.end
    return f"{format_moment(start)} to {format_moment(end)}"


def _notes(compared: Sequence[Run], names: Sequence[str]) -> list[str]:
    """Differences of how the runs were made that may pass for one of the plans."""
    notes = []
    for what, of in (("version", _version), ("work", _work), ("as of", _as_of)):
        stated = [of(run) for run in compared]
        if len(set(stated)) > 1:
            told = ", ".join(
                f"{name}: {each}" for name, each in zip(names, stated, strict=True)
            )
            notes.append(f"{_NOTES[what]} ({told})")
    return notes


_NOTES = {
    "version": "Different versions of the program planned them: a difference may be"
    " theirs",
    "work": "They were searched with different limits: a difference may be theirs",
    "as of": "They are planned as of different days",
}


def _version(run: Run) -> str:
    return run.manifest.versions.get("capacity", "unknown")


def _work(run: Run) -> str:
    options = run.manifest.options
    limit = options.get("time_limit")
    work = f"work {options.get('work', 60):g}"
    return work if limit is None else f"{work}, {limit:g} s"


def _as_of(run: Run) -> str:
    return format_moment(run.loaded.scenario.as_of)

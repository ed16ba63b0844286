"""What is to be compared: runs, and scenarios that become runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from capacity.solving import folder_name, read_scenario, solve_into, tell_warnings
from capacity.streams import say

if TYPE_CHECKING:
    from capacity.reading import Loaded
    from capacity.runs import Run


class Chosen(NamedTuple):
    """A run to compare, or a scenario that becomes one."""

    name: Path
    loaded: Loaded
    directory: Path
    run: Run | None


def choose(
    named: list[Path], asked: dict[str, Any], seed: int, as_json: bool
) -> list[Chosen]:
    """Read all that is to be compared, before time is spent on solving any of it."""
    from capacity import runs

    if len(named) < 2:
        msg = "name two run folders or scenarios at least"
        raise typer.BadParameter(msg, param_hint="'RUN|SCENARIO...'")
    invalid = {"status": "invalid", "comparison": None}
    chosen = []
    for name in named:
        if not name.is_file():
            run = runs.read_sealed(name)
            chosen.append(Chosen(name, run.loaded, name, run))
            continue
        loaded = read_scenario(name, None, invalid if as_json else None)
        directory = Path("runs") / folder_name(loaded.scenario.name)
        solved = runs.solved(directory, loaded, options=asked, seed=seed)
        chosen.append(Chosen(name, loaded, directory, solved))
    _refuse_twice(chosen)
    return chosen


def _refuse_twice(chosen: list[Chosen]) -> None:
    """Refuse to compare a run with itself."""
    seen: dict[Path, Path] = {}
    for each in chosen:
        place = each.directory.resolve()
        if (other := seen.get(place)) is not None:
            msg = f"{each.name} and {other} are the same run, in {each.directory}"
            if each.name == other:
                msg = f"{each.name} is named twice"
            raise typer.BadParameter(msg, param_hint="'RUN|SCENARIO...'")
        seen[place] = each.name


def solve_chosen(
    chosen: Chosen, asked: dict[str, Any], seed: int, as_json: bool
) -> Run:
    """Solve a scenario into its run folder."""
    from capacity import runs, watch

    tell_warnings(chosen.loaded)
    say(f"{chosen.name}: not solved yet, solving it into {chosen.directory}")
    stopped = solve_into(
        *(chosen.loaded, chosen.directory, asked),
        seed=seed,
        start=None,
        settings=None,
        overwrite=False,
        as_json=as_json,
    )
    if stopped:
        say(f"interrupted: the plan so far is in {chosen.directory}; nothing compared")
        raise typer.Exit(watch.INTERRUPTED)
    return runs.read_sealed(chosen.directory)

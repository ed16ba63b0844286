"""A scenario read and solved into its run folder, or the exit code that says why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from capacity.streams import say, tell, tell_json

if TYPE_CHECKING:
    from capacity.aims import Weights
    from capacity.plan import Plan
    from capacity.reading import Loaded, Problem
    from capacity.runs import Run
    from capacity.scenario import Objective
    from capacity.solver import Result

INTERNAL, USAGE, INVALID, NO_PLAN, NOT_FOUND, REJECTED = 1, 2, 3, 4, 5, 7


def read_scenario(
    scenario: Path,
    settings: list[str] | None,
    invalid: dict[str, Any] | None,
    *,
    objective: Objective | None = None,
) -> Loaded:
    """Read a scenario; what is wrong with it is added to `invalid`, where asked for.

    With one of the two objectives of a front, instead of its own.
    """
    from capacity import reading

    try:
        return reading.read(scenario, settings or [], objective)
    except reading.ScenarioError as error:
        if invalid is not None:
            problems = documents(error.problems)
            tell_json({"schema_version": 1, **invalid, "problems": problems})
        raise


def documents(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Put problems as `--json` gives them."""
    return [
        {"file": problem.file, "line": problem.line, "sentence": problem.sentence}
        for problem in problems
    ]


def tell_warnings(loaded: Loaded) -> list[Problem]:
    """Tell every warning as `file:line: warning: sentence`."""
    from capacity import reading, validate

    found = []
    for path, sentence in validate.warnings(loaded.scenario):
        place = loaded.place(path)
        say(f"{place}: warning: {sentence}")
        found.append(reading.Problem(place.file, place.line, sentence))
    return found


def folder_name(name: str) -> str:
    """A scenario's name as the name of one folder."""
    return name.replace("/", "-").replace("\\", "-")


def solve_into(
    loaded: Loaded,
    directory: Path,
    asked: dict[str, Any],
    *,
    seed: int,
    start: Run | None,
    settings: list[str] | None,
    overwrite: bool,
    as_json: bool,
) -> bool:
    """Search and write the run folder, or end; whether the search was interrupted."""
    from capacity import runs, watch

    with watch.interrupts() as stop:
        begun = None if start is None else start.plan
        result = _search(loaded, stop, seed=seed, start=begun, asked=asked)
        options = {
            **asked,
            "set": settings or [],
            "start_from": _hash_of_plan(start),
        }
        if result.breaches:
            kept = runs.write_rejected(
                directory, loaded, result, options=options, seed=seed
            )
            _rejected(result, kept, as_json)
        stopped = stop.is_set() or result.stopped_by == "interrupt"
        if result.plan is None:
            _without_plan(result, stopped=stopped, as_json=as_json)
        runs.write_run(
            directory, loaded, result, options=options, seed=seed, overwrite=overwrite
        )
    return stopped


def front_into(
    loaded: Loaded,
    objectives: tuple[Objective, Objective],
    directory: Path,
    asked: dict[str, Any],
    *,
    seed: int,
    points: int,
    settings: list[str] | None,
    overwrite: bool,
    as_json: bool,
) -> bool:
    """Search a front and write its folder, or end; whether it was interrupted."""
    from capacity import front, runs, tables, watch

    options = {**asked, "set": settings or [], "pareto": ",".join(objectives)}
    with watch.interrupts() as stop:

        def search(weights: Weights, start: Plan | None) -> Result:
            return _search(
                loaded, stop, seed=seed, start=start, asked=asked, weights=weights
            )

        found = front.search_front(
            loaded.scenario, objectives, search, most=points, stopped=stop.is_set
        )
        if found.rejected is not None:
            kept = runs.write_rejected(
                directory, loaded, found.rejected, options=options, seed=seed
            )
            _rejected(found.rejected, kept, as_json)
        if found.without is not None:
            _without_plan(found.without, stopped=stop.is_set(), as_json=as_json)
        front.write(
            *(found, directory, loaded),
            options=options,
            seed=seed,
            overwrite=overwrite,
        )
        stopped = stop.is_set()
    rows = front.table(found)
    cells = json.loads(rows.to_json(orient="records"))
    if as_json:
        units = [tables.unit_of(loaded.scenario, name) for name in objectives]
        tell_json(
            {
                "schema_version": 1,
                "front": str(directory),
                "units": units,
                "points": cells,
            }
        )
    else:
        from capacity import summary

        tell(summary.table(cells))
        tell(f"front folder  {directory}")
    return stopped


def _search(
    loaded: Loaded,
    stop: Event,
    *,
    seed: int,
    start: Plan | None,
    asked: dict[str, Any],
    weights: Weights | None = None,
) -> Result:
    from capacity import reading, watch
    from capacity.solver import Progress
    from capacity.solver import solve as search

    def run(progress: Callable[[Progress], None], stop: Event) -> Result:
        return search(
            loaded.scenario,
            scenario_sha256=reading.sha256(loaded),
            seed=seed,
            start=start,
            progress=progress,
            stop=stop,
            weights=weights,
            **asked,
        )

    return watch.watch(run, stop)


def _hash_of_plan(start: Run | None) -> str | None:
    """What the manifest says of a plan that a search went on from."""
    return None if start is None else start.manifest.files.get("plan.json")


def _rejected(result: Result, evidence: Path, as_json: bool) -> NoReturn:
    from capacity import summary

    if as_json:
        tell_json(summary.nothing(result, "rejected", evidence))
    for sentence in result.breaches:
        say(sentence)
    say(f"the checker rejected the plan; the evidence is in {evidence}")
    raise typer.Exit(REJECTED)


def _without_plan(result: Result, *, stopped: bool, as_json: bool) -> NoReturn:
    from capacity import summary, watch

    code, said = NOT_FOUND, "no plan found within the limits: give more time or work"
    if result.status == "infeasible":
        code, said = NO_PLAN, "no plan keeps every rule (confirmed by a second search)"
    elif stopped:
        code, said = watch.INTERRUPTED, "interrupted before there was any plan"
    if as_json:
        tell_json(summary.nothing(result, result.status, None))
    say(said)
    raise typer.Exit(code)


def print_summary(loaded: Loaded, directory: Path, as_json: bool) -> None:
    """Tell what a run folder holds."""
    from capacity import summary

    kpis, manifest = (
        json.loads((directory / name).read_bytes())
        for name in ("kpis.json", "manifest.json")
    )
    scenario = loaded.scenario
    facts = summary.document(kpis, manifest, str(directory), scenario.currency)
    if as_json:
        tell_json(facts)
    else:
        tell(summary.text(scenario.name, facts))

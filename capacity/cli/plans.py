"""Commands on plans: make one, verify it, set it against others, write it up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from capacity.options import (
    AsJson,
    Overwrite,
    Page,
    PictureSize,
    RunFolder,
    ScenarioFile,
    Seed,
    Settings,
    Size,
    TimeLimit,
    Work,
    share,
    two_objectives,
    whole,
)
from capacity.scenario import AMOUNTS
from capacity.solving import (
    REJECTED,
    folder_name,
    front_into,
    print_summary,
    read_scenario,
    solve_into,
    tell_warnings,
)
from capacity.streams import say, tell, tell_json


def solve(
    scenario: ScenarioFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Default: runs/NAME."),
    ] = None,
    work: Work = 60,
    time_limit: TimeLimit = None,
    gap: Annotated[
        float,
        typer.Option(
            parser=share, metavar="NUMBER", help="Stop at this share of regret."
        ),
    ] = 0.0,
    workers: Annotated[
        int,
        typer.Option(
            parser=whole(1, 8),
            metavar="N",
            help="Processes, 8 at most: one bounds, others search; above 1 not reproducible.",
        ),
    ] = 1,
    seed: Seed = 0,
    start_from: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on from the plan in a run folder."),
    ] = None,
    pareto: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="A front of two objectives: regret, profit or cost, throughput,"
            " target_deficit. Limits hold for each plan of it.",
        ),
    ] = None,
    points: Annotated[
        int,
        typer.Option(
            parser=whole(2, 99), metavar="N", help="Most searches for a front, 2 to 99."
        ),
    ] = 9,
    settings: Settings = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Plan, check, write the run folder and print a summary."""
    from capacity import runs, watch

    asked: dict[str, Any] = {
        "work": work,
        "time_limit": time_limit,
        "gap": gap,
        "workers": workers,
    }
    if pareto is not None:
        _solve_front(
            *(scenario, pareto, output, asked),
            points=points,
            start_from=start_from,
            seed=seed,
            settings=settings,
            overwrite=overwrite,
            as_json=as_json,
        )
        return
    invalid = {"status": "invalid", "run": None}
    loaded = read_scenario(scenario, settings, invalid if as_json else None)
    directory = output or Path("runs") / folder_name(loaded.scenario.name)
    runs.ensure_writable(directory, overwrite=overwrite)
    start = None if start_from is None else runs.read_run(start_from)
    tell_warnings(loaded)
    stopped = solve_into(
        *(loaded, directory, asked),
        seed=seed,
        start=start,
        settings=settings,
        overwrite=overwrite,
        as_json=as_json,
    )
    print_summary(loaded, directory, as_json)
    if stopped:
        raise typer.Exit(watch.INTERRUPTED)


def _solve_front(
    scenario: Path,
    pareto: str,
    output: Path | None,
    asked: dict[str, Any],
    *,
    points: int,
    start_from: Path | None,
    seed: int,
    settings: list[str] | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """A front of two objectives in a folder of its own."""
    from capacity import front, watch

    objectives = two_objectives(pareto)
    if start_from is not None:
        msg = "a front has more than one plan to go on from"
        raise typer.BadParameter(msg, param_hint="'--start-from'")
    invalid = {"status": "invalid", "front": None} if as_json else None
    first, second = (  # each alone has to make sense
        read_scenario(scenario, settings, invalid, objective=name)
        for name in objectives
    )
    loaded = first if objectives[1] in AMOUNTS else second
    name = folder_name(f"{loaded.scenario.name}-{'-'.join(objectives)}")
    directory = output or Path("runs") / name
    front.ensure_writable(directory, overwrite=overwrite)
    tell_warnings(loaded)
    stopped = front_into(
        *(loaded, objectives, directory, asked),
        seed=seed,
        points=points,
        settings=settings,
        overwrite=overwrite,
        as_json=as_json,
    )
    if stopped:
        raise typer.Exit(watch.INTERRUPTED)


def check(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN|SCENARIO", help="A run folder, or a YAML file."),
    ],
    plan: Annotated[
        Path | None,
        typer.Argument(
            metavar="PLAN", exists=True, dir_okay=False, help="A plan.json file."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a run or a plan, without OR-Tools."""
    from capacity import runs

    if plan is None and run.is_file():
        msg = f"{run} is a file: name a run folder, or a scenario and its plan"
        raise typer.BadParameter(msg)
    if plan is not None and not run.is_file():
        msg = f"{run} isn't a file: with a plan goes a scenario file"
        raise typer.BadParameter(msg)
    if plan is None:
        breaches = runs.check_run(run)
    else:
        loaded = read_scenario(run, None, {"verdict": "invalid"} if as_json else None)
        breaches = runs.check_plan(loaded, plan)
    if as_json:
        verdict = "rejected" if breaches else "ok"
        tell_json({"schema_version": 1, "verdict": verdict, "breaches": breaches})
    else:
        for sentence in breaches or [f"{plan or run}: ok"]:
            tell(sentence)
    if breaches:
        say(f"{plan or run}: rejected, {_count(breaches, 'breach', 'breaches')}")
        raise typer.Exit(REJECTED)


def compare(
    named: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|SCENARIO...",
            help="Run folders, or YAML files: those not solved yet are solved first,"
            " into runs/NAME.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Default: beside the first run."
        ),
    ] = None,
    work: Work = 60,
    time_limit: TimeLimit = None,
    seed: Seed = 0,
    size: PictureSize = Size.SLIDE,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier comparison.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare runs with the first one, and draw them."""
    from capacity import comparison, pictures, summary
    from capacity.chosen import choose, solve_chosen
    from capacity.comparison import folder

    asked: dict[str, Any] = {
        **{"work": work, "time_limit": time_limit, "gap": 0.0, "workers": 1}
    }
    chosen = choose(named, asked, seed, as_json)
    comparison.refuse_unlike([(each.name, each.loaded.scenario) for each in chosen])
    directory = output or folder.beside([each.directory for each in chosen])
    folder.ensure_writable(directory, overwrite=overwrite)
    read = [each.run or solve_chosen(each, asked, seed, as_json) for each in chosen]
    pictures.collect_seldom()
    compared = comparison.compare(*read)
    folder.write(compared, directory, size=size.value, overwrite=overwrite)
    if as_json:
        tell_json(folder.document(compared, directory))
    else:
        tell(summary.comparison(compared, directory))


def report(run: RunFolder, output: Page = None) -> None:
    """Write a run as one page of HTML to mail around."""
    from capacity import pictures, runs
    from capacity import report as pages
    from capacity.folders import write_whole

    if breaches := runs.check_run(run):
        for sentence in breaches:
            say(f"{run}: {sentence}")
        say(f"{run}: rejected, so no report is made of it")
        raise typer.Exit(REJECTED)
    read = runs.read_run(run)
    path = pictures.beside(read, output, "report.html")
    write_whole(path, pages.page(read).encode())
    tell(path)


def _count(items: Sequence[object], one: str, many: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else many}"

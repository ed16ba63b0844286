"""The command line: parse, call, print, exit code.

Rooms that load a solver, tables or pictures are imported inside the commands, so that
asking for help stays quick.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import capacity
from capacity.options import (
    AsJson,
    Form,
    From,
    Overwrite,
    Page,
    Picture,
    PictureSize,
    PictureStyle,
    ProgrammeId,
    RunFolder,
    ScenarioFile,
    Seed,
    Settings,
    SiteId,
    Size,
    Style,
    TimeLimit,
    To,
    Work,
    share,
    xlsx,
    yaml,
)
from capacity.solving import (
    INTERNAL,
    INVALID,
    REJECTED,
    USAGE,
    documents,
    folder_name,
    print_summary,
    read_scenario,
    solve_into,
    tell_warnings,
)
from capacity.streams import forgive, say, tell, tell_json

if TYPE_CHECKING:
    from capacity.reading import Loaded, Problem

app = typer.Typer(
    name="capacity",
    help="Campaign plans for biologics contract manufacturers.",
    epilog="Exit codes: 0 a plan, 1 internal error, 2 usage, 3 invalid input,"
    " 4 no plan exists, 5 no plan found, 7 plan rejected, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the program and turn every failure into sentences and an exit code."""
    forgive()
    try:
        app(prog_name="capacity")
    except Exception as error:  # the one boundary: no traceback reaches a planner
        sys.exit(_explained(error))


def _explained(error: Exception) -> int:
    from capacity.folders import OutputError
    from capacity.reading import ScenarioError
    from capacity.runs import RunError, SealError

    if isinstance(error, OutputError):
        say(f"error: {error}")
        return USAGE
    if isinstance(error, ScenarioError | RunError):
        for problem in error.problems:
            say(str(problem))
        return REJECTED if isinstance(error, SealError) else INVALID
    if os.environ.get("CAPACITY_DEBUG"):
        traceback.print_exception(error)
    said = " ".join(f"{type(error).__name__}: {error}".split())
    say(f"internal error: {said} (CAPACITY_DEBUG=1 shows where; please report it)")
    return INTERNAL


def _version(asked: bool) -> None:
    if asked:
        tell(f"capacity {capacity.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Campaign plans for biologics contract manufacturers."""


# --------------------------------------------------------------------- commands


@app.command()
def init(
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Where to; here by default.")
    ] = None,
    workbook: Annotated[
        Path | None,
        typer.Option(
            "--excel",
            metavar="FILE.xlsx",
            callback=xlsx,
            help="As a workbook to change and import.",
        ),
    ] = None,
) -> None:
    """Write the worked case to start from."""
    from capacity.folders import copy_new

    if workbook is not None:
        _write_template(_shipped() / "base.yaml", workbook, overwrite=False)
        say(f"Next: capacity import {workbook} -o my_network.yaml")
    if workbook is None or directory is not None:
        folder = directory or Path()
        files = [path for path in sorted(_shipped().iterdir()) if path.is_file()]
        for path in copy_new(files, folder):
            tell(path)
        say(f"Next: capacity validate {folder / 'base.yaml'}")


@app.command()
def validate(
    scenario: ScenarioFile,
    resolved: Annotated[
        bool,
        typer.Option("--resolved", help="Print every value and where it came from."),
    ] = False,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Report all problems, warnings and the rough-cut load."""
    from capacity import reading, summary
    from capacity.validate import rough_cut

    loaded = read_scenario(scenario, settings, {"valid": False} if as_json else None)
    warnings = tell_warnings(loaded)
    if as_json:
        tell_json(_validated(loaded, warnings, resolved))
    elif resolved:
        tell(reading.resolved_with_places(loaded), end="")
    else:
        tell(summary.table(rough_cut(loaded.scenario)))


@app.command()
def solve(
    scenario: ScenarioFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Default: runs/NAME."),
    ] = None,
    work: Work = 60,
    time_limit: TimeLimit = None,
    gap: Annotated[
        float, typer.Option(callback=share, help="Stop at this share of regret.")
    ] = 0.0,
    workers: Annotated[
        int, typer.Option(min=1, max=8, help="More than 1 isn't reproducible.")
    ] = 1,
    seed: Seed = 0,
    start_from: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on from the plan in a run folder."),
    ] = None,
    settings: Settings = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Plan, check, write the run folder and print a summary."""
    from capacity import runs, watch

    invalid = {"status": "invalid", "run": None}
    loaded = read_scenario(scenario, settings, invalid if as_json else None)
    directory = output or Path("runs") / folder_name(loaded.scenario.name)
    runs.ensure_writable(directory, overwrite=overwrite)
    start = None if start_from is None else runs.read_run(start_from)
    tell_warnings(loaded)
    asked: dict[str, Any] = {
        "work": work,
        "time_limit": time_limit,
        "gap": gap,
        "workers": workers,
    }
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


@app.command()
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


@app.command()
def gantt(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw the campaigns of a run, suite by suite."""
    from capacity import pictures, plots

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    figure = plots.gantt_figure(scenario, read.plan, kpis=read.kpis, **wanted)
    tell(pictures.save(figure, read, output, "gantt"))


@app.command()
def load(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw how full suites, QC and QA of a run are."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    figure = plots.load_figure(scenario, tables.load(scenario, read.plan), **wanted)
    tell(pictures.save(figure, read, output, "load"))


@app.command()
def heatmap(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw the load of sites, suites, QC and QA by month."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    figure = plots.heatmap_figure(scenario, tables.load(scenario, read.plan), **wanted)
    tell(pictures.save(figure, read, output, "heatmap"))


@app.command()
def supply(
    run: RunFolder,
    output: Picture = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw supply against demand, added up, for each programme."""
    from capacity import pictures, plots

    read = pictures.read(run)
    wanted = pictures.wanted(read, None, programme, start, end, size, style)
    del wanted["site"]
    figure = plots.supply_figure(read.loaded.scenario, read.plan, **wanted)
    tell(pictures.save(figure, read, output, "supply"))


@app.command()
def cover(
    run: RunFolder,
    output: Picture = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw stock, target, demand and expiry of each programme made to stock."""
    from capacity import pictures, plots

    read = pictures.read(run)
    wanted = pictures.wanted(read, None, programme, start, end, size, style)
    del wanted["site"]
    scenario = read.loaded.scenario
    pictures.refuse_unstocked(scenario, programme)
    figure = plots.cover_figure(scenario, read.plan, **wanted)
    tell(pictures.save(figure, read, output, "cover"))


@app.command()
def qualifications(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw when sites and markets open to programmes."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    dates = pictures.dated(tables.milestones(scenario, read.plan), wanted)
    figure = plots.qualifications_figure(scenario, dates, **wanted)
    tell(pictures.save(figure, read, output, "qualifications"))


@app.command()
def progress(
    run: RunFolder,
    output: Picture = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw how the search went: regret and bound over time."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    history = tables.history(pictures.history(read))
    figure = plots.progress_figure(
        *(read.loaded.scenario, history),
        seconds=read.manifest.seconds,
        size=size.value,
        style=style.value,
    )
    tell(pictures.save(figure, read, output, "progress"))


@app.command()
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


@app.command()
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


@app.command()
def export(
    source: Annotated[
        Path,
        typer.Argument(metavar="RUN|SCENARIO", help="A run folder, or a YAML file."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE.xlsx|DIR", help="Where to write it."
        ),
    ],
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", help="Into a folder: tables, or a calendar for each site."
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a plan or a scenario for Excel, or its tables."""
    if form is None and output.suffix.lower() != ".xlsx":
        msg = f"{output} doesn't end in .xlsx; a folder needs --format"
        raise typer.BadParameter(msg, param_hint="'--output', '--format'")
    if source.is_file():
        if form is not None:
            msg = f"{source} is a file; only a run folder has tables and campaigns"
            raise typer.BadParameter(msg, param_hint="'--format'")
        _write_template(source, output, overwrite=overwrite)
        return
    from capacity import excel, exports, folders, runs

    run = runs.read_sealed(source)
    if form is None:
        folders.refuse_inside(output, run.directory)
        folders.refuse_taken(output, overwrite=overwrite)
        folders.write_whole(output, excel.workbook(run, exports.frames(run)))
        tell(output)
    else:
        for path in exports.write_folder(run, output, form, overwrite=overwrite):
            tell(path)


@app.command("import")
def import_(
    workbook: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.xlsx", exists=True, dir_okay=False, help="A workbook."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="SCENARIO", callback=yaml, help="A YAML file."
        ),
    ],
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Make a scenario of a workbook."""
    from capacity import excel, folders, reading

    folders.refuse_taken(output, overwrite=overwrite)
    try:
        taken = excel.read(workbook)
    except reading.ScenarioError as error:
        if as_json:
            document = {"schema_version": 1, "valid": False}
            tell_json({**document, "problems": documents(error.problems)})
        raise
    for name in taken.ignored:
        say(f"sheet {name}: left out, it isn't part of a scenario")
    warnings = tell_warnings(taken.loaded)
    text = reading.stated_text(
        taken.document, f"Imported from {' '.join(workbook.name.split())}"
    )
    folders.write_whole(output, text.encode())
    if as_json:
        tell_json({**_validated(taken.loaded, warnings, False), "file": str(output)})
    else:
        tell(output)
        say(f"Next: capacity solve {output}")


@app.command()
def schema(
    plan: Annotated[
        bool, typer.Option("--plan", help="Of plan.json instead of scenarios.")
    ] = False,
) -> None:
    """Print the JSON Schema of scenarios, for editors."""
    from capacity.plan import Plan
    from capacity.scenario import Scenario

    tell_json((Plan if plan else Scenario).model_json_schema())


# ------------------------------------------------- init, export, validate and check


def _write_template(scenario: Path, output: Path, *, overwrite: bool) -> None:
    """Write a scenario as a workbook to change and import."""
    from capacity import excel, folders, reading

    folders.refuse_taken(output, overwrite=overwrite)
    folders.write_whole(output, excel.template(reading.written(scenario)))
    tell(output)


def _shipped() -> Path:
    """Where the worked case lies: in the installed package, or beside it in a clone."""
    package = Path(__file__).parent
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def _validated(
    loaded: Loaded, warnings: list[Problem], resolved: bool
) -> dict[str, Any]:
    from capacity import reading, validate

    document: dict[str, Any] = {
        "schema_version": 1,
        "valid": True,
        "scenario": loaded.scenario.name,
        "scenario_sha256": reading.sha256(loaded),
        "problems": [],
        "warnings": documents(warnings),
        "rough_cut": validate.rough_cut(loaded.scenario),
    }
    if resolved:
        document["resolved"] = reading.resolved_with_places(loaded)
    return document


def _count(items: Sequence[object], one: str, many: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else many}"

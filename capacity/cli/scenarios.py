"""Commands on scenarios: start from one, check its meaning, read and write workbooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import capacity
from capacity.options import (
    AsJson,
    Form,
    Overwrite,
    ScenarioFile,
    Settings,
    one_of,
    words_of,
    xlsx,
    yaml,
)
from capacity.solving import documents, read_scenario, tell_warnings
from capacity.streams import say, tell, tell_json

if TYPE_CHECKING:
    from capacity.reading import Loaded, Problem


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
            "--format",
            parser=one_of(Form),
            metavar=words_of(Form),
            help="Into a folder: tables, or a calendar for each site.",
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


def schema(
    plan: Annotated[
        bool, typer.Option("--plan", help="Of plan.json instead of scenarios.")
    ] = False,
) -> None:
    """Print the JSON Schema of scenarios, for editors."""
    from capacity.plan import Plan
    from capacity.scenario import Scenario

    tell_json((Plan if plan else Scenario).model_json_schema())


def _write_template(scenario: Path, output: Path, *, overwrite: bool) -> None:
    """Write a scenario as a workbook to change and import."""
    from capacity import excel, folders, reading

    folders.refuse_taken(output, overwrite=overwrite)
    folders.write_whole(output, excel.template(reading.written(scenario)))
    tell(output)


def _shipped() -> Path:
    """Where the worked case lies: in the installed package, or beside it in a clone."""
    package = Path(capacity.__file__).parent
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

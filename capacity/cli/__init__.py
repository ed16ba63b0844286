"""The command line: parse, call, print, exit code.

Rooms that load a solver, tables or pictures are imported inside the commands, so that
asking for help stays quick.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib.util import find_spec
from typing import Annotated

import typer

import capacity
from capacity.cli.pictures import (
    cover,
    gantt,
    heatmap,
    load,
    progress,
    qualifications,
    supply,
)
from capacity.cli.plans import check, compare, report, solve
from capacity.cli.scenarios import export, import_, init, schema, validate
from capacity.solving import INTERNAL, INVALID, REJECTED, USAGE
from capacity.streams import forgive, say, tell

__all__ = ["app", "main"]

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
        room = find_spec("capacity.pegging")  # one of those that pyproject.toml names
        pure = room is None or room.origin is None or room.origin.endswith(".py")
        tell(f"capacity {capacity.__version__}{'' if pure else ', compiled'}")
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


# in the order in which help names them; `import` is no name for a function
for command in (
    init,
    validate,
    solve,
    check,
    gantt,
    load,
    heatmap,
    supply,
    cover,
    qualifications,
    progress,
    compare,
    report,
    export,
    import_,
    schema,
):
    app.command(command.__name__.rstrip("_"))(command)

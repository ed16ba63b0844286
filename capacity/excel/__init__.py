"""Excel: a scenario as a workbook and back, and a plan as one to read and present."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity import reading
from capacity.excel.layout import sheets
from capacity.excel.taken import taken
from capacity.excel.template import template
from capacity.reading import Loaded, Problem, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from capacity.runs import Run

__all__ = ["Imported", "read", "template", "workbook"]


@dataclass(frozen=True)
class Imported:
    """A scenario that was read from a workbook."""

    loaded: Loaded
    document: dict[str, Any]
    """What the workbook states, dates as they are written."""
    ignored: list[str]
    """Sheets that aren't part of a scenario."""


def read(path: Path) -> Imported:
    """Read a scenario from a workbook.

    Raises
    ------
    ScenarioError
        With every problem found, by cell.
    """
    problems: list[Problem] = []
    root, ignored = taken(path, problems)
    document = reading.plain(root)
    cells = {problem.file for problem in problems}
    try:
        loaded = reading.from_nodes(root, [])
    except ScenarioError as error:
        # What can't be read in a cell was said already; that it is missing isn't news.
        problems += [each for each in error.problems if each.file not in cells]
    if problems:
        raise ScenarioError(_in_order(problems))
    return Imported(loaded, document, ignored)


def workbook(run: Run, frames: Mapping[str, pd.DataFrame]) -> bytes:
    """Write a run as a workbook to read, filter and present."""
    from capacity.excel import plan  # with pandas, which a scenario doesn't need

    return plan.workbook(run, frames)


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    """By sheet, row and column."""
    names = [sheet.name.casefold() for sheet in sheets()]

    def order(problem: Problem) -> tuple[int, int, int, str, str]:
        name, _, cell = problem.file.rpartition("!")
        found = re.match(r"([A-Z]+)(\d+)", cell)
        name = name.strip().casefold()
        at = names.index(name) if name in names else -1
        column, row = found.groups() if found else ("", "0")
        return at, int(row), len(column), column, problem.sentence

    return sorted(set(problems), key=order)

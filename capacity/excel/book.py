"""A workbook file: opened, and its sheets and columns found."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from capacity.excel.layout import Sheet, sheets
from capacity.excel.template import GUIDE
from capacity.reading.nodes import Place, Problem, ScenarioError
from capacity.validate.words import nearest

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

LARGEST = 200_000_000
"""Bytes of a workbook when unpacked."""
MOST_ROWS = 20_000
"""Rows of a sheet; formats on whole columns don't count."""

OLD = bytes.fromhex("d0cf11e0")
"""How a file begins that is encrypted, or older than .xlsx."""


class Raw(NamedTuple):
    """A cell as the file has it."""

    place: Place
    value: object
    """As it was saved last."""
    formula: object
    """The same, where there is no formula."""


@dataclass(frozen=True)
class Page:
    """A worksheet, twice: with formulas, and with the values that were saved."""

    sheet: Sheet
    formulas: Worksheet
    values: Worksheet

    @property
    def name(self) -> str:
        """As it is called in the file."""
        return str(self.formulas.title)

    def place(self, row: int, at: int) -> Place:
        """A cell, by row and column from 1."""
        from openpyxl.utils.cell import get_column_letter

        return Place(f"{self.name}!{get_column_letter(at)}{row}", 0)

    def columns(self, problems: list[Problem]) -> dict[str, int]:
        """Position of each column from 1, by its header."""
        sheet = self.sheet
        found: dict[str, int] = {}
        header = next(self.values.iter_rows(max_row=1, values_only=True), ())
        for at, written in enumerate(header, start=1):
            name = "" if written is None else str(written).strip()
            if name in found:
                problems.append(_at(self.place(1, at), f"column {name}: comes twice"))
            elif name and name not in sheet.headers:
                said = f"column {name}: unknown{close(name, sheet.headers)}"
                problems.append(_at(self.place(1, at), said))
            elif name:
                found[name] = at
        for name in sheet.needed:
            if name not in found:
                said = f"column {name}: missing in the first row"
                problems.append(_at(self.place(1, 1), said))
        return found

    def rows(self, columns: dict[str, int]) -> Iterator[dict[str, Raw]]:
        """The cells of every row that isn't blank, by their headers."""
        both = zip(
            self.values.iter_rows(min_row=2, values_only=True),
            self.formulas.iter_rows(min_row=2, values_only=True),
            strict=True,
        )
        for number, (values, formulas) in enumerate(both, start=2):
            row = {
                header: Raw(self.place(number, at), values[at - 1], formulas[at - 1])
                for header, at in columns.items()
            }
            if any(cell.formula is not None for cell in row.values()):
                yield row

    def merged(self) -> list[Problem]:
        """Merged cells, of which all but the first are lost."""
        said = "merged cells: split them"
        areas = sorted(area.coord for area in self.values.merged_cells.ranges)
        return [Problem(f"{self.name}!{area}", 0, said) for area in areas]


def opened(path: Path) -> tuple[list[Page], list[str]]:
    """Open a workbook.

    Returns
    -------
    (list of Page, list of str)
        The sheets of a scenario in their order, and the names of the others.

    Raises
    ------
    ScenarioError
        If it isn't the workbook of a scenario, or not a whole one.
    """
    shown = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        raise _unusable(shown, "doesn't exist" if gone else "can't be read") from None
    if data.startswith(OLD):
        why = "has a password or is older than .xlsx: save it as .xlsx without one"
        raise _unusable(shown, why)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            size = sum(part.file_size for part in parts.infolist())
        books = None if size > LARGEST else (_book(data), _book(data, values=True))
    except Exception:  # openpyxl raises anything for a damaged file
        why = "isn't an Excel workbook (.xlsx), or is damaged"
        raise _unusable(shown, why) from None
    if books is None:
        raise _unusable(shown, f"unpacks to more than {LARGEST // 10**6} MB")
    return _pages(*books, shown)


def _book(data: bytes, *, values: bool = False) -> Workbook:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of parts that it doesn't read
        return load_workbook(io.BytesIO(data), data_only=values)


def _unusable(shown: str, why: str) -> ScenarioError:
    return ScenarioError([Problem(shown, 0, why)])


def _pages(
    formulas: Workbook, values: Workbook, shown: str
) -> tuple[list[Page], list[str]]:
    named = {page.title.strip().casefold(): page for page in formulas.worksheets}
    named.pop(GUIDE.casefold(), None)
    pages, missing = [], []
    for sheet in sheets():
        found = named.pop(sheet.name.casefold(), None)
        if found is None:
            missing.append(sheet.name)
        else:
            pages.append(Page(sheet, found, values[found.title]))
    others = [page.title for page in named.values()]
    if len(pages) < len(missing):  # a plan's workbook has some of the names
        why = "isn't a scenario's workbook; capacity init --excel FILE.xlsx writes one"
        raise _unusable(shown, why)
    problems = [
        Problem(shown, 0, f"sheet {name}: missing{close(name, others)}")
        for name in missing
    ]
    problems += [
        Problem(page.name, 0, f"has more than {MOST_ROWS:,} rows; delete empty ones")
        for page in pages
        if page.values.max_row > MOST_ROWS
    ]
    if problems:
        raise ScenarioError(problems)
    return pages, others


def _at(place: Place, sentence: str) -> Problem:
    return Problem(place.file, place.line, sentence)


def close(name: str, options: Iterable[str]) -> str:
    """The nearest option, where one is near."""
    found = nearest(name, options)
    return found if "did you mean" in found else ""

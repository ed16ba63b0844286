"""A workbook as a scenario's nodes, each with its cell: `Orders!D17`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from capacity.excel import cells
from capacity.excel.book import Page, Raw, close, opened
from capacity.excel.layout import (
    FIELD,
    KEY,
    RECORD,
    SCENARIO,
    SETTING,
    VALUE,
    Column,
    sheets,
)
from capacity.reading.nodes import Node, Place, Problem, Scalar, ScenarioError


class Cell(NamedTuple):
    """What a cell means: none where it is blank or can't be meant."""

    place: Place
    node: Node | None

    @property
    def text(self) -> str:
        """A name, as text."""
        return "" if self.node is None else str(self.node.value)


UNSAVED = (
    "a formula without a saved value: open the file in Excel or LibreOffice and save it, "
    "or write the value"
)

Row = dict[str, Cell]
"""The cells of a row by their headers."""


def taken(path: Path, problems: list[Problem]) -> tuple[Node, list[str]]:
    """Read a workbook.

    Parameters
    ----------
    path
        The file.
    problems
        Receives what is wrong with single cells and rows.

    Returns
    -------
    (Node, list of str)
        What it states, and the names of sheets that aren't part of a scenario.

    Raises
    ------
    ScenarioError
        If it isn't the workbook of a scenario, or lacks sheets or columns.
    """
    pages, others = opened(path)
    misfits: list[Problem] = []
    columns = [page.columns(misfits) for page in pages]
    if misfits:
        raise ScenarioError(misfits)
    root = Node({}, Place(str(path), 0))
    taker = _Taker(root, problems)
    for page, positions in zip(pages, columns, strict=True):
        problems += page.merged()
        taker.take(page, positions)
    return root, others


class _Taker:
    """Takes sheet by sheet, owners before what they own."""

    def __init__(self, root: Node, problems: list[Problem]) -> None:
        self.root = root
        self.problems = problems
        self.rows: dict[str, dict[tuple[str, ...], Node]] = {}
        """Rows of each sheet, by the names of their owners and their own."""
        self.named: dict[str, Node] = {SCENARIO: root}
        """What can have marks."""

    def take(self, page: Page, columns: dict[str, int]) -> None:
        """Hang what stands on a sheet where it belongs."""
        kinds = {
            "settings": self.settings,
            "rows": self.records,
            "pairs": self.pairs,
            "marks": self.marks,
        }
        kinds[page.sheet.kind](page, columns)

    # ----------------------------------------------------------------------- kinds

    def settings(self, page: Page, columns: dict[str, int]) -> None:
        """The scenario's own values, one a row."""
        known = {column.header: column for column in page.sheet.settings}
        nowhere = Cell(page.place(1, 1), None)
        found = dict.fromkeys(known, nowhere)
        for row in page.rows(columns):
            name = str(row[SETTING].value or "").strip()
            place = row[SETTING].place
            if name not in known:
                said = f"{name}: unknown setting{close(name, known)}"
                self.say(place, said if name else f"{SETTING}: missing")
            elif found[name] is not nowhere:
                self.say(place, f"{name}: comes twice")
            else:
                found[name] = self.cell(known[name], row[VALUE])
        _fill(self.root, page.sheet.settings, found)
        lists = {sheet.path: sheet.name for sheet in sheets() if sheet.owner is None}
        for path, kind in page.sheet.empties:
            place = Place(f"{lists[path]}!A2", 0) if path in lists else self.root.place
            _at(self.root, path, Node(kind(), place))

    def records(self, page: Page, columns: dict[str, int]) -> None:
        """A record a row."""
        sheet = page.sheet
        known = self.rows.setdefault(sheet.name, {})
        for place, row in self.lines(page, columns):
            node = Node({}, place)
            _fill(node, sheet.columns, row)
            for path, kind in sheet.empties:
                _at(node, path, Node(kind(), node.blanks.get(path[0], place)))
            owner = self.owner(page, row)
            if owner is None:
                continue
            _rows(_at(owner, sheet.path, Node([], place))).append(node)
            name = row[sheet.key].text if sheet.key is not None else ""
            if name:
                known.setdefault((*(row[o].text for o in sheet.owners), name), node)
            if name and sheet.key == "id":
                self.named.setdefault(name, node)

    def pairs(self, page: Page, columns: dict[str, int]) -> None:
        """An entry of a table a row."""
        for place, row in self.lines(page, columns):
            owner = self.owner(page, row)
            if owner is not None:
                table = _at(owner, page.sheet.path, Node({}, place))
                self.enter(table, row[KEY], row[VALUE].node, row[VALUE].place)

    def marks(self, page: Page, columns: dict[str, int]) -> None:
        """An entry of somebody's table a row."""
        inner = [c for c in page.sheet.columns if c.header not in (RECORD, FIELD)]
        for place, row in self.lines(page, columns):
            name = row[RECORD].text
            owner = self.named.get(name)
            mark = Node({}, place)
            _fill(mark, inner, row)
            if owner is not None:
                table = _at(owner, page.sheet.path, Node({}, place))
                self.enter(table, row[FIELD], mark, place)
            else:
                said = f"{name}: there is no such record{close(name, self.named)}"
                self.say(row[RECORD].place, said if name else f"{RECORD}: missing")

    # ----------------------------------------------------------------------- parts

    def enter(self, table: Node, key: Cell, value: Node | None, place: Place) -> None:
        """Put an entry into a table."""
        assert isinstance(table.value, dict)
        if not key.text:
            self.say(key.place, f"{KEY}: missing")
        elif value is None:
            self.say(place, f"{key.text}: {VALUE}: missing")
        elif key.text in table.value:
            self.say(key.place, f"{key.text}: comes twice")
        else:
            table.value[key.text] = value

    def owner(self, page: Page, row: Row) -> Node | None:
        """The record that a row belongs to."""
        owner = page.sheet.owner
        if owner is None:
            return self.root
        names = tuple(row[header].text for header in page.sheet.owners)
        known = self.rows.get(owner.name, {})
        if names in known:
            return known[names]
        for at, header in enumerate(page.sheet.owners):
            options = {key[at] for key in known if key[:at] == names[:at]}
            if names[at] not in options:
                said = f"unknown {header} {names[at]}{close(names[at], options)}"
                self.say(row[header].place, said if names[at] else f"{header}: missing")
                break
        return None

    def lines(self, page: Page, columns: dict[str, int]) -> Iterator[tuple[Place, Row]]:
        """Rows that say something, with the place of their first cell."""
        for raw in page.rows(columns):
            first = next(iter(raw.values())).place
            row = {
                column.header: self.cell(column, raw[column.header])
                if column.header in raw
                else Cell(first, None)
                for column in page.sheet.full
            }
            if any(cell.node is not None for cell in row.values()):
                yield first, row

    def cell(self, column: Column, raw: Raw) -> Cell:
        """What a cell means; what can't be meant is reported and counts as blank."""
        meant = None
        try:
            if raw.value is None and raw.formula is not None:
                raise cells.CellError(UNSAVED)
            meant = cells.read(raw.value, column)
        except cells.CellError as error:
            self.say(raw.place, f"{column.header}: {error}")
        return Cell(raw.place, None if meant is None else _node(meant, raw.place))

    def say(self, place: Place, sentence: str) -> None:
        """Report a problem."""
        self.problems.append(Problem(place.file, place.line, sentence))


def _node(meant: Scalar | list[Scalar], place: Place) -> Node:
    if isinstance(meant, list):
        return Node([Node(part, place) for part in meant], place)
    return Node(meant, place)


def _rows(node: Node) -> list[Node]:
    assert isinstance(node.value, list)
    return node.value


def _fill(record: Node, columns: Sequence[Column], row: Row) -> None:
    """Put the cells of a row into its record, and note where it has blanks."""
    for column in columns:
        cell = row[column.header]
        if cell.node is not None:
            _at(record, column.path, cell.node)
    for column in columns:
        cell = row[column.header]
        if cell.node is None:
            _blank(record, column.path, cell.place)


def _at(owner: Node, path: Sequence[str], new: Node) -> Node:
    """What stands below an owner, put there if nothing does."""
    node = owner
    for key in path[:-1]:
        assert isinstance(node.value, dict)
        node = node.value.setdefault(key, Node({}, new.place))
    assert isinstance(node.value, dict)
    return node.value.setdefault(path[-1], new)


def _blank(record: Node, path: Sequence[str], place: Place) -> None:
    """Note the place of a blank where the first key that isn't stated would stand."""
    node = record
    for key in path:
        if not isinstance(node.value, dict) or key not in node.value:
            node.blanks.setdefault(key, place)
            return
        node = node.value[key]

"""From files to nodes: YAML 1.2 and CSV, with the line of every value."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from capacity.reading.nodes import (
    Node,
    Place,
    Problem,
    Scalar,
    ScenarioError,
    fields,
    required,
)
from capacity.scenario import Record
from capacity.validate.words import NOUNS, nearest

LARGEST_YAML = 2_000_000
"""Bytes; reading more takes half a minute, and rows belong in a CSV file."""
LARGEST_CSV = 20_000_000
"""Bytes."""
DEEPEST = 30
"""Levels of nesting; a scenario needs eight."""
MOST_VALUES = 200_000
"""Values in a file, aliases written out."""

_TAG = "tag:yaml.org,2002:"
_NUMBERS = ("batches", "quantity", "target")
"""Columns of numbers, which may begin with a sign."""
_ENTRY = re.compile(r"(?P<key>[^:]+):\s*(?P<number>\d{1,9})")
"""One of several in a cell: `US:4`."""
_BETWEEN = re.compile(r"[,;]|(?<=\d)\s+(?=[^\s:])")
"""What parts them: a comma, a semicolon, or a blank after a number."""


def text(path: Path, shown: str, asked: Place | None = None) -> str:
    """A text file of sensible size.

    Parameters
    ----------
    path
        The file.
    shown
        Its name in messages.
    asked
        Where another file names it, if one does.

    Raises
    ------
    ScenarioError
        If it can't be read, with a sentence.
    """
    largest = LARGEST_CSV if path.suffix.lower() == ".csv" else LARGEST_YAML
    try:
        if path.is_dir():
            raise _unusable(asked or Place(shown, 0), shown, "is a folder, not a file")
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        why = (
            "doesn't exist" if isinstance(error, FileNotFoundError) else "can't be read"
        )
        raise _unusable(asked or Place(shown, 0), shown, why) from None
    except ValueError:  # a NUL in the name
        raise _unusable(asked or Place(shown, 0), shown, "isn't a file name") from None
    if len(data) > largest:
        why = f"is larger than {largest // 1_000_000} MB"
        raise _unusable(Place(shown, 0), shown, why)
    if b"\0" in data:
        raise _unusable(Place(shown, 0), shown, "isn't a text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unusable(
            Place(shown, line), shown, "isn't a text file in UTF-8"
        ) from None


def _unusable(place: Place, shown: str, why: str) -> ScenarioError:
    sentence = why if place.file == shown else f"{shown} {why}"
    return ScenarioError([Problem(place.file, place.line, sentence)])


def yaml_node(source: str, shown: str, problems: list[Problem]) -> Node:
    """A YAML text as nodes.

    Raises
    ------
    ScenarioError
        If it isn't YAML, is empty, or nests or repeats without end.
    """
    try:
        top = YAML(typ="safe", pure=True).compose(source)
        if top is None:
            raise ScenarioError([Problem(shown, 1, "the file is empty")])
        return _Composed(shown, problems).node(top)
    except MarkedYAMLError as error:
        raise ScenarioError([_broken(error, source, shown)]) from None
    except RecursionError:
        raise ScenarioError([Problem(shown, 1, "is nested too deeply")]) from None
    except YAMLError:
        at = re.search(
            "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
            source,
        )
        line = source.count("\n", 0, at.start()) + 1 if at else 1
        sentence = "has a character that isn't text"
        raise ScenarioError([Problem(shown, line, sentence)]) from None
    except ValueError:  # a directive or tag that the parser itself can't read
        raise ScenarioError([Problem(shown, 1, "isn't valid YAML")]) from None


def _broken(error: MarkedYAMLError, source: str, shown: str) -> Problem:
    """A parser's complaint as a sentence; the end of the text means a cut-off file."""
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 1
    said = str(error.problem or error.context or "")
    if "stream end" in said or "end of stream" in said:
        last = source.count("\n", 0, len(source.rstrip())) + 1
        said = "the file ends too early: a bracket or a quote isn't closed"
        return Problem(shown, last, said)
    if "another document" in said:
        return Problem(shown, line, "a second document (---) in one file")
    return Problem(shown, line, f"isn't valid YAML: {' '.join(said.split())}")


class _Composed:
    """Turns composed YAML into nodes, writing aliases out up to a limit."""

    def __init__(self, shown: str, problems: list[Problem]) -> None:
        self.shown = shown
        self.problems = problems
        self.count = 0

    def node(self, found: YamlNode, line: int | None = None, depth: int = 0) -> Node:
        place = Place(self.shown, line or found.start_mark.line + 1)
        self.count += 1
        if depth > DEEPEST:
            raise ScenarioError([Problem(*_pair(place), "is nested too deeply")])
        if self.count > MOST_VALUES:
            raise ScenarioError([Problem(*_pair(place), "has too many values")])
        kind = str(found.tag).removeprefix(_TAG)
        if isinstance(found, ScalarNode):
            return Node(self.scalar(kind, str(found.value), place), place)
        if isinstance(found, SequenceNode) and kind == "seq":
            return Node(
                [self.node(part, None, depth + 1) for part in found.value], place
            )
        if isinstance(found, MappingNode) and kind == "map":
            return Node(self.mapping(found, depth), place)
        self.problems.append(
            Problem(*_pair(place), f"the YAML tag {kind} isn't used here")
        )
        return Node(None, place)

    def mapping(self, found: MappingNode, depth: int) -> dict[str, Node]:
        own: dict[str, Node] = {}
        shared: dict[str, Node] = {}
        for key, value in found.value:
            line = key.start_mark.line + 1
            if str(key.tag) == f"{_TAG}merge":
                parts = value.value if isinstance(value, SequenceNode) else [value]
                for part in parts:
                    merged = self.node(part, None, depth + 1).value
                    if isinstance(merged, dict):
                        shared = merged | shared
            elif not isinstance(key, ScalarNode):
                self.problems.append(
                    Problem(self.shown, line, "a key should be a word")
                )
            elif key.value in own:
                first = own[key.value].place.line
                said = f"{key.value}: comes twice, first on line {first}"
                self.problems.append(Problem(self.shown, line, said))
            else:
                own[str(key.value)] = self.node(value, line, depth + 1)
        return shared | own

    def scalar(self, kind: str, written: str, place: Place) -> Scalar:
        if kind == "null":
            return None
        if kind == "bool":
            return written.lower() in {"true", "yes", "on", "y"}
        if kind in {"int", "float"}:
            return _number(kind, written)
        if kind not in {"str", "timestamp"}:
            said = f"the YAML tag {kind} isn't used here"
            self.problems.append(Problem(*_pair(place), said))
        return written


def _pair(place: Place) -> tuple[str, int]:
    return place.file, place.line


def _number(kind: str, written: str) -> Scalar:
    """A number as written; text where Python can't hold it."""
    digits = written.replace("_", "").lower()
    try:
        if kind == "float":
            return float(re.sub(r"^([+-]?)\.(inf|nan)$", r"\1\2", digits))
        base = {"0x": 16, "0o": 8, "0b": 2}.get(digits.lstrip("+-")[:2], 10)
        return int(digits, base)
    except ValueError:
        return written


def rows_of(
    part: str, record: type[Record], source: str, shown: str, problems: list[Problem]
) -> Node:
    """The rows of a CSV file for a list of records, each cell with its line.

    Parameters
    ----------
    part
        The list: `orders` or `demand`.
    record
        What a row is.
    source
        The text.
    shown
        Its name in messages.
    problems
        Takes what is wrong.
    """
    found = Node([], Place(shown, 1))
    rows: list[Node] = []
    first_line: dict[str, int] = {}
    reader = _numbered(source, shown, problems)
    header = next(reader, (1, []))[1]
    if not header:
        problems.append(Problem(shown, 1, "the file is empty"))
        return found
    wrong = _header_problems(record, [cell.strip() for cell in header])
    if wrong:
        problems += [Problem(shown, 1, sentence) for sentence in wrong]
        return found
    names = [cell.strip() for cell in header]
    for line, cells in reader:
        row = _row(record, names, cells, Place(shown, line), problems)
        name = (
            row.value["id"].value
            if isinstance(row.value, dict) and "id" in row.value
            else ""
        )
        if name in first_line:
            first = first_line[str(name)]
            said = f"{NOUNS[part]} {name}: the id comes twice, first on line {first}"
            problems.append(Problem(shown, line, said))
        elif row.value:
            rows.append(row)
            if name:
                first_line[str(name)] = line
    found.value = rows
    return found


def _numbered(
    source: str, shown: str, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Rows that aren't blank, with the line each begins on."""
    reader = csv.reader(io.StringIO(source, newline=""), strict=True)
    line = 0
    try:
        for cells in reader:
            begins, line = line + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                yield begins, cells
    except csv.Error as error:
        said = (
            "a quoted cell isn't closed"
            if "unexpected end" in str(error)
            else str(error)
        )
        problems.append(Problem(shown, max(line + 1, 1), f"isn't valid CSV: {said}"))


def _header_problems(record: type[Record], names: list[str]) -> list[str]:
    if len(names) == 1 and ";" in names[0]:
        return ["columns should be separated by commas, not semicolons"]
    columns = [name for name in fields(record) if name != "standing"]
    found = [
        f"column {name}: unknown{nearest(name, columns)}"
        for name in names
        if name not in columns
    ]
    found += [
        f"column {name}: comes twice" for name, n in Counter(names).items() if n > 1
    ]
    needed = [name for name in required(record) if name not in names]
    return found + [f"column {name}: missing" for name in needed]


def _row(
    record: type[Record],
    names: list[str],
    cells: list[str],
    place: Place,
    problems: list[Problem],
) -> Node:
    """One row; empty cells are left out, so that what is required is missed later."""
    if len(cells) != len(names):
        said = f"{len(cells)} cells where the header has {len(names)}"
        problems.append(Problem(*_pair(place), said))
        return Node({}, place)
    row: dict[str, Node] = {}
    sound = True
    for name, cell in zip(names, (cell.strip() for cell in cells), strict=True):
        signed = name in _NUMBERS and re.match(r"[+-]?\d", cell)
        if cell[:1] in {"=", "+", "-", "@"} and not signed:
            said = f"{name}: {cell[:40]!r} looks like a formula"
            problems.append(Problem(*_pair(place), said))
            sound = False
        elif cell and fields(record)[name].kind == "table":
            entries = _entries(name, cell, place, problems)
            sound = sound and entries is not None
            row[name] = Node(entries, place)
        elif cell:
            whole = name == "batches" and re.fullmatch(r"-?\d{1,9}", cell)
            row[name] = Node(int(cell) if whole else cell, place)
    return Node(row if sound else {}, place)


def _entries(
    name: str, cell: str, place: Place, problems: list[Problem]
) -> dict[str, Node] | None:
    """What a cell such as `US:4 EU:2` says of each; none where it can't be read."""
    found: dict[str, Node] = {}
    said = ""
    parts = [part.strip() for part in _BETWEEN.split(cell)]
    entries = [_ENTRY.fullmatch(part) for part in parts if part]
    for entry in entries:
        if entry is None:
            continue
        key = entry["key"].strip()
        if key in found:
            said = f"{name}: {key} comes twice"
        found[key] = Node(int(entry["number"]), place)
    if not entries or None in entries:
        said = f"{name}: can't read {cell[:40]!r}: write it as US:4 EU:2"
    if said:
        problems.append(Problem(*_pair(place), said))
    return None if said else found

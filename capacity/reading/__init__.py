"""From a scenario file to a `Scenario`: every problem at once, every value placed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from capacity import validate
from capacity.reading import (
    changes,
    dates,
    edits,
    layers,
    repair,
    source,
    text,
    words,
)
from capacity.reading.nodes import (
    Node,
    Place,
    Problem,
    ScenarioError,
    Shape,
    children,
    label,
    node_of,
    plain,
    walk,
)
from capacity.scenario import Objective, Scenario
from capacity.validate.words import spoken

__all__ = [
    "Loaded",
    "Place",
    "Problem",
    "ScenarioError",
    "from_nodes",
    "plain",
    "read",
    "resolved_text",
    "resolved_with_places",
    "scenario_from",
    "sha256",
    "stated_text",
    "written",
]

SCENARIO = Shape("record", {"": Scenario})
PARETO = Place("--pareto", 0)


@dataclass(frozen=True)
class Loaded:
    """A scenario, as plain data too, and where its values were written."""

    scenario: Scenario
    document: dict[str, Any]
    """Plain data: nothing relative, inherited or in other files."""
    places: dict[str, Place]
    """Place of each stated value by dotted path, such as `suites.SON-T1.go_live`."""

    def place(self, path: str) -> Place:
        """Where a value was written, or what holds it where it isn't stated."""
        path = path.replace(".#", ".")
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places[path]


def read(
    path: Path, settings: Sequence[str] = (), objective: Objective | None = None
) -> Loaded:
    """Read a scenario file with all that it extends.

    Parameters
    ----------
    path
        YAML file.
    settings
        Changes such as `SON-T1.go_live=2027-10-01`.
    objective
        What `--pareto` asks for, instead of the scenario's own.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    problems: list[Problem] = []
    root = layers.layered(Path(path), problems)
    return from_nodes(root, problems, settings, objective)


def written(path: Path) -> dict[str, Any]:
    """What a scenario file says with all that it extends, dates as they are written.

    Where it multiplies, drops or scales, that is done, and dates are absolute.

    Raises
    ------
    ScenarioError
        With every problem of the scenario.
    """
    problems: list[Problem] = []
    root = layers.layered(Path(path), problems)
    document: dict[str, Any] = plain(root)
    resolved = from_nodes(root, problems).document
    return resolved if document.keys() & set(edits.EDITS) else document


def scenario_from(document: dict[str, Any], file: str = "<data>") -> Loaded:
    """Take a scenario from plain data; files that it names are sought from here.

    Parameters
    ----------
    document
        What a YAML file would say.
    file
        Name in messages.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    problems: list[Problem] = []
    root = node_of(document, Place(file, 0))
    root = layers.with_base(root, Path(file), file, (), problems)
    return from_nodes(root, problems)


def resolved_text(loaded: Loaded) -> str:
    """Canonical YAML of the scenario, which reads back as an equal one."""
    return text.resolved(loaded.scenario)


def resolved_with_places(loaded: Loaded) -> str:
    """Canonical YAML with the file and line that each value came from."""
    return text.with_places(loaded.scenario, loaded.places)


def stated_text(document: dict[str, Any], heading: str) -> str:
    """A scenario's file that says this, with dates as they are written.

    Raises
    ------
    ScenarioError
        If the file would be too large to be read again.
    """
    told = text.stated(document, heading)
    if len(told.encode()) > source.LARGEST_YAML:
        most = source.LARGEST_YAML // 1_000_000
        said = f"takes more than {most} MB as YAML; keep orders in a CSV file"
        raise ScenarioError([Problem(heading, 0, said)])
    return told


def sha256(loaded: Loaded) -> str:
    """Hash of the resolved text."""
    return hashlib.sha256(resolved_text(loaded).encode()).hexdigest()


def from_nodes(
    root: Node,
    problems: list[Problem],
    settings: Sequence[str] = (),
    objective: Objective | None = None,
) -> Loaded:
    """Take a scenario from nodes, wherever they were written.

    Parameters
    ----------
    root
        What is stated, with its places; resolved and put in order here.
    problems
        What is known to be wrong already.
    settings
        Changes such as `SON-T1.go_live=2027-10-01`.
    objective
        What `--pareto` asks for, whatever else is stated.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    changes.apply(root, settings, problems)
    if objective is not None:
        assert isinstance(root.value, dict)
        root.value["objective"] = Node(objective, PARETO)
    failed = dates.resolve(root, edits.ROOT, problems)
    _edit(root, failed, problems)
    _arrange(root, SCENARIO)
    scenario = _validated(root, failed, problems)
    if problems or scenario is None:
        raise ScenarioError(sorted(set(problems)))
    places = {path: node.place for path, node, _ in walk(root, SCENARIO)}
    return Loaded(scenario, plain(root), places)


def _edit(root: Node, failed: set[str], problems: list[Problem]) -> None:
    """Make the whole-set edits, where they can be read."""
    assert isinstance(root.value, dict)
    stated = {key: root.value[key] for key in edits.EDITS if key in root.value}
    try:
        made = edits.Edits.model_validate(
            {key: plain(node) for key, node in stated.items()}
        )
    except ValidationError as error:
        for path, place, sentence in words.sentences(error, root, edits.ROOT):
            if path not in failed:
                problems.append(Problem(place.file, place.line, sentence))
        for key in stated:
            del root.value[key]
    else:
        edits.apply(root, made, problems)


def _arrange(node: Node, shape: Shape) -> None:
    """Put rows with an id, and tables, in order: the order written means nothing."""
    if isinstance(node.value, dict) and shape.kind == "table":
        node.value = dict(sorted(node.value.items()))
    if isinstance(node.value, list) and shape.key in ("id", "programme"):
        node.value.sort(key=lambda row: label(row, -1, shape.key))
    for _, child, expected in children(node, shape):
        _arrange(child, expected)


def _validated(
    root: Node, failed: set[str], problems: list[Problem]
) -> Scenario | None:
    for path, node, shape in walk(root, SCENARIO):
        if shape.kind == "whole" and isinstance(node.value, bool):
            said = f"should be a whole number, not {words.shown(node.value)}"
            problems.append(node.problem(f"{spoken(path)}: {said}"))
    scenario: Scenario | None = None
    rest: tuple[Scenario, set[str]] | None
    try:
        scenario = Scenario.model_validate(plain(root))
        rest = (scenario, set())
    except ValidationError as error:
        for path, place, sentence in words.sentences(error, root, SCENARIO):
            if path not in failed:
                problems.append(Problem(place.file, place.line, sentence))
        rest = repair.repaired(root, SCENARIO, error)
    if rest is not None:
        problems += _meant(root, *rest)
    return scenario


def _meant(root: Node, scenario: Scenario, touched: set[str]) -> list[Problem]:
    """Problems of meaning, but for those of values that were set aside."""
    parts = {path.split(".")[0] for path in touched}
    dated = not parts & {"as_of", "horizon"}
    found = []
    for path, sentence in validate.problems(
        scenario, only_names=not dated, left_out=parts
    ):
        if not any(f"{path}.".startswith(f"{part}.") for part in touched):
            place = place_of(root, path)
            found.append(Problem(place.file, place.line, sentence))
    return found


def place_of(root: Node, path: str) -> Place:
    """Where a path was written: its own place, else that of what holds it."""
    node, shape = root, SCENARIO
    for piece in path.split("."):
        below = {
            name: (child, expected) for name, child, expected in children(node, shape)
        }
        below |= {
            f"#{number}": part
            for number, part in enumerate(
                [(child, expected) for _, child, expected in children(node, shape)]
            )
        }
        if piece not in below:
            return node.blanks.get(piece, node.place)
        node, shape = below[piece]
    return node.place

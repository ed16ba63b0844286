"""A scenario file laid over the file that it extends."""

from __future__ import annotations

from pathlib import Path

from capacity.reading import source
from capacity.reading.edits import EDITS, ROOT
from capacity.reading.nodes import (
    PLAIN,
    Node,
    Place,
    Problem,
    ScenarioError,
    Shape,
    assume,
    fields,
    label,
    required,
    shape_of,
    text_of,
)
from capacity.scenario import Demand, Order, Record, Scenario
from capacity.validate.words import nearest, spoken

TABLES: dict[str, type[Record]] = {"orders": Order, "demand": Demand}
"""Lists whose rows may be in a CSV file of their own."""


def layered(path: Path, problems: list[Problem]) -> Node:
    """A scenario file with everything it extends.

    Raises
    ------
    ScenarioError
        If a file can't be read at all.
    """
    return _layer(path, str(path), None, (), problems)


def _layer(
    path: Path,
    shown: str,
    asked: Place | None,
    above: tuple[tuple[Path, str], ...],
    problems: list[Problem],
) -> Node:
    root = source.yaml_node(source.text(path, shown, asked), shown, problems)
    if not isinstance(root.value, dict):
        raise ScenarioError(
            [Problem(shown, 1, "should be a mapping of keys, such as name: tiny")]
        )
    return with_base(root, path, shown, above, problems)


def with_base(
    root: Node,
    path: Path,
    shown: str,
    above: tuple[tuple[Path, str], ...],
    problems: list[Problem],
) -> Node:
    """One file's values over those of the file that it extends."""
    assert isinstance(root.value, dict)
    replaces = [
        part for part in TABLES if _inline(part, root.value, path.parent, problems)
    ]
    extends = root.value.pop("extends", None)
    if extends is None:
        for key in EDITS:
            if key in root.value:
                said = f"{key}: only a scenario that extends another can use this"
                problems.append(root.value.pop(key).problem(said))
        return root
    if not isinstance(extends.value, str) or not extends.value:
        raise ScenarioError([*problems, extends.problem("extends: should name a file")])
    chain = (*above, (_real(path), shown))
    target = path.parent / extends.value
    if _real(target) in [seen for seen, _ in chain]:
        names = [name for _, name in chain] + [str(target)]
        said = f"extends goes in a circle: {' -> '.join(names)}"
        raise ScenarioError([*problems, extends.problem(said)])
    base = _layer(target, str(target), extends.place, chain, problems)
    assert isinstance(base.value, dict)
    if "name" not in root.value:
        said = "name: missing; a scenario that extends another has its own"
        problems.append(Problem(shown, extends.place.line, said))
    for part in replaces:
        base.value.pop(part, None)
    for key in EDITS:
        _join(base.value, root.value, key)
    return merged(base, root, ROOT, "", problems)


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path


def _join(base: dict[str, Node], over: dict[str, Node], key: str) -> None:
    """Put a base's edits before the edits of the file that extends it."""
    if key in base and key in over:
        first, then = base.pop(key).value, over[key]
        if isinstance(first, list) and isinstance(then.value, list):
            over[key] = Node(first + then.value, then.place)


def _inline(
    part: str, root: dict[str, Node], folder: Path, problems: list[Problem]
) -> bool:
    """Read the file that a list names; true where it replaces inherited rows."""
    stated = root.get(part)
    if stated is None or not isinstance(stated.value, dict):
        return False
    for key, node in stated.value.items():
        if key not in ("file", "changes"):
            said = f"{part}: {key}: unknown key{nearest(key, ['file', 'changes'])}"
            problems.append(node.problem(said))
    named, changes = stated.value.get("file"), stated.value.get("changes")
    rows = Node([], stated.place)
    if named is not None:
        rows = _table(part, named, folder, problems)
        if changes is not None:
            shape = shape_of(list[TABLES[part]])  # type: ignore[valid-type]
            rows = merged(rows, changes, shape, part, problems)
    elif changes is not None:
        rows = changes
    root[part] = rows
    return named is not None


def _table(part: str, named: Node, folder: Path, problems: list[Problem]) -> Node:
    if not isinstance(named.value, str) or not named.value:
        problems.append(named.problem(f"{part}: file: should name a CSV file"))
        return Node([], named.place)
    path = folder / named.value
    try:
        text = source.text(path, str(path), named.place)
        return source.rows_of(part, TABLES[part], text, str(path), problems)
    except ScenarioError as error:
        problems += error.problems
        return Node([], named.place)


def merged(
    base: Node, over: Node, shape: Shape, path: str, problems: list[Problem]
) -> Node:
    """`over` laid over `base`: mappings key by key, rows by id, the rest replaced."""
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        record = shape.record(over) or shape.record(base)
        if (
            shape.kind == "choice"
            and "how" in over.value
            and record is not shape.record(base)
        ):
            return over
        known = fields(record) if record is not None else {}
        parts = dict(base.value)
        for key, part in over.value.items():
            below = known.get(key, shape.part or PLAIN)
            if part.value is None:
                parts.pop(key, None)
            elif key in parts:
                parts[key] = merged(
                    parts[key], part, below, _join_path(path, key), problems
                )
            else:
                parts[key] = part
        out = Node(parts, base.place)
        _doubt(out, base, over, record)
        return out
    if isinstance(base.value, list) and isinstance(over.value, list) and shape.key:
        return _merged_rows(base, over, shape, path, problems)
    return over


def _join_path(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _doubt(out: Node, base: Node, over: Node, record: type[Record] | None) -> None:
    """A value that an extending file changes is no longer the fact it replaces."""
    if record is None or "standing" not in record.model_fields:
        return
    assert isinstance(out.value, dict)
    assert isinstance(base.value, dict)
    assert isinstance(over.value, dict)
    restated = over.value.get("standing")
    named = restated.value if restated and isinstance(restated.value, dict) else {}
    for key, part in over.value.items():
        top = issubclass(record, Scenario)
        if key in ("id", "standing") or (top and isinstance(part.value, list)):
            continue
        names = [key]
        if top:
            names += [f"{key}.{below}" for below in _keys(part)]
        for name in names:
            if name not in named:
                assume(out, name, part.place)


def _keys(node: Node) -> list[str]:
    return list(node.value) if isinstance(node.value, dict) else []


def _merged_rows(
    base: Node, over: Node, shape: Shape, path: str, problems: list[Problem]
) -> Node:
    assert isinstance(base.value, list)
    assert isinstance(over.value, list)
    assert shape.key is not None
    assert shape.part is not None
    rows = list(base.value)
    seen: set[str] = set()
    for item in over.value:
        name = (
            text_of(item.value.get(shape.key)) if isinstance(item.value, dict) else None
        )
        if name is None:
            problems.append(
                item.problem(f"{spoken(path)}: each row needs its {shape.key}")
            )
            continue
        if name in seen:
            problems.append(item.problem(f"{spoken(path)}: {name} comes twice"))
            continue
        seen.add(name)
        names = [label(row, -1, shape.key) for row in rows]
        at = names.index(name) if name in names else None
        _put(
            rows,
            at,
            item,
            names,
            Shape("list", part=shape.part),
            f"{path}.{name}",
            problems,
        )
    return Node(rows, base.place)


def _put(
    rows: list[Node],
    at: int | None,
    item: Node,
    names: list[str],
    shape: Shape,
    path: str,
    problems: list[Problem],
) -> None:
    """Change, append or remove one row."""
    assert isinstance(item.value, dict)
    assert shape.part is not None
    remove = item.value.get("remove")
    name = path.rpartition(".")[2]
    if remove is not None and remove.value is not True:
        problems.append(remove.problem(f"{spoken(path)}: remove: should be true"))
    elif remove is not None and at is None:
        problems.append(
            item.problem(f"{spoken(path)}: nothing to remove{nearest(name, names)}")
        )
    elif remove is not None:
        del rows[at or 0]
    elif at is not None:
        rows[at] = merged(rows[at], item, shape.part, path, problems)
    else:
        record = shape.part.record(item)
        missing = (
            [key for key in required(record) if key not in item.value] if record else []
        )
        if missing:
            said = (
                f"{spoken(path)}: isn't there to change{nearest(name, names)} "
                f"(a new one also needs {', '.join(missing)})"
            )
            problems.append(item.problem(said))
        else:
            rows.append(item)

"""Edits of whole sets: more demand, lost orders, scaled capacity."""

from __future__ import annotations

import math
from datetime import datetime
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from capacity.reading.nodes import Node, Problem, Shape, assume, fields, text_of
from capacity.scenario import Exact, Rate, Record, Scenario, Site, When
from capacity.validate.words import nearest


class Multiply(Record):
    """More (or fewer) commercial batches of a contract from a day."""

    contract: str
    """Contract."""
    start: When = Field(alias="from")
    """Orders due from this day."""
    factor: Annotated[Exact, Field(ge=0, le=1000)]
    """Times as many batches, rounded half up by market; an order left with none goes. [1]"""


class Drop(Record):
    """No orders of a contract from a day."""

    contract: str
    """Contract."""
    start: When | None = Field(default=None, alias="from")
    """Orders due from this day; all of them where none."""


class Scale(Record):
    """Another share of a site's QC or QA capacity."""

    site: str
    """Site."""
    field: str
    """`qc_batches` or `qa_reviewers`."""
    factor: Annotated[Exact, Field(ge=0, le=1000)]
    """Each rate's value times this. [1]"""


class Edits(Record):
    """Edits of whole sets, made last."""

    multiply: list[Multiply] = []
    """Demand of contracts."""
    drop: list[Drop] = []
    """Orders that fall away."""
    scale: list[Scale] = []
    """Capacity of sites."""


class Layer(Scenario):
    """A scenario with its edits still to be made."""

    multiply: list[Multiply] = []
    drop: list[Drop] = []
    scale: list[Scale] = []


ROOT = Shape("record", {"": Layer})
EDITS = ("multiply", "drop", "scale")


def apply(root: Node, edits: Edits, problems: list[Problem]) -> None:
    """Multiply, drop and scale, on absolute dates."""
    assert isinstance(root.value, dict)
    for key, rows in (("multiply", edits.multiply), ("drop", edits.drop)):
        stated = root.value[key].value if key in root.value else []
        assert isinstance(stated, list)
        for row, node in zip(rows, stated, strict=True):
            assert isinstance(row, Multiply | Drop)
            _edit_orders(root.value, row, node, problems)
    stated = root.value["scale"].value if "scale" in root.value else []
    assert isinstance(stated, list)
    for scale, node in zip(edits.scale, stated, strict=True):
        _scale(root.value, scale, node, problems)
    for key in EDITS:
        root.value.pop(key, None)


def _rows(root: dict[str, Node], key: str) -> list[tuple[Node, dict[str, Node]]]:
    stated = root[key].value if key in root else []
    rows = stated if isinstance(stated, list) else []
    return [(row, row.value) for row in rows if isinstance(row.value, dict)]


def _edit_orders(
    root: dict[str, Node], edit: Multiply | Drop, node: Node, problems: list[Problem]
) -> None:
    name = "multiply" if isinstance(edit, Multiply) else "drop"
    known = [str(text_of(row.get("id"))) for _, row in _rows(root, "contracts")]
    if edit.contract not in known:
        said = (
            f"{name}: unknown contract {edit.contract}{nearest(edit.contract, known)}"
        )
        problems.append(node.problem(said))
        return
    hits = [
        (row, values)
        for row, values in _rows(root, "orders")
        if text_of(values.get("contract")) == edit.contract
        and _from(values.get("due"), edit.start)
        and (isinstance(edit, Drop) or text_of(values.get("kind")) == "commercial")
    ]
    gone = {id(row) for row, _ in hits}
    if isinstance(edit, Multiply):
        gone = {id(row) for row, values in hits if not _multiplied(values, edit, node)}
    orders = root.get("orders")
    if orders is not None and isinstance(orders.value, list):
        orders.value = [row for row in orders.value if id(row) not in gone]


def _from(due: Node | None, start: datetime | None) -> bool:
    if start is None:
        return True
    try:
        return due is not None and datetime.fromisoformat(str(due.value)) >= start
    except ValueError:  # said when the record is checked
        return False


def _multiplied(values: dict[str, Node], edit: Multiply, node: Node) -> bool:
    """Change an order's batches; false where none are left."""
    shares = values["markets"].value if "markets" in values else None
    stated = shares if isinstance(shares, dict) else {}
    if not stated and "batches" in values:
        stated = {"": values["batches"]}
    batches: dict[str, int] = {}
    for market, share in stated.items():
        if not isinstance(share.value, int) or isinstance(share.value, bool):
            return True
        batches[market] = math.floor(share.value * edit.factor + Fraction(1, 2))
    if stated:
        values["batches"] = Node(sum(batches.values()), node.place)
    if shares:
        left = {market: Node(n, node.place) for market, n in batches.items() if n}
        values["markets"] = Node(left, node.place)
    return not stated or any(batches.values())


def _scale(
    root: dict[str, Node], edit: Scale, node: Node, problems: list[Problem]
) -> None:
    sites = {str(text_of(row.get("id"))): row for _, row in _rows(root, "sites")}
    rates = [
        key
        for key, shape in fields(Site).items()
        if shape.part is not None and shape.part.records.get("") is Rate
    ]
    if edit.site not in sites:
        said = f"scale: unknown site {edit.site}{nearest(edit.site, sites)}"
        problems.append(node.problem(said))
        return
    if edit.field not in rates:
        said = f"scale: {edit.field} can't be scaled{nearest(edit.field, rates)}"
        problems.append(node.problem(said))
        return
    site = sites[edit.site]
    for _, rate in _rows(site, edit.field):
        try:
            value = Fraction(str(rate["value"].value)) * edit.factor
        except (KeyError, ValueError, ZeroDivisionError):  # said with the record
            continue
        rate["value"] = Node(str(value), node.place)
    assume(Node(site, node.place), edit.field, node.place)

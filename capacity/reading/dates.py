"""Relative dates: `ID.field + 210 days`, each computed once from what it hangs on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

from capacity.horizon import SECONDS_PER_DAY, add_months
from capacity.reading.nodes import (
    Node,
    Problem,
    Shape,
    entities,
    fields,
    moment_text,
    text_of,
    walk,
)
from capacity.scenario import Record
from capacity.validate.words import nearest, spoken

_EXPRESSION = re.compile(
    r"(?P<base>.+?)(?P<shift>(?:\s+[+-]\s*\d{1,7}(?:\.\d{1,9})?(?:/\d{1,9})?\s*(?:days?|months?))*)"
)
_SHIFT = re.compile(r"([+-])\s*(\d+(?:\.\d+)?)(?:/(\d+))?\s*(day|month)")


@dataclass(frozen=True)
class Term:
    """A date plus or minus months and days."""

    base: datetime | int
    """A moment, or the key of the node that says it."""
    months: int
    """[month]"""
    days: Fraction
    """[day]"""

    def moment(self, base: datetime) -> datetime:
        """The date meant, months first."""
        seconds = self.days * SECONDS_PER_DAY
        if seconds.denominator != 1:
            msg = f"{self.days} days isn't a whole number of seconds"
            raise ValueError(msg)
        return add_months(base, self.months) + timedelta(seconds=int(seconds))


class UnreadError(ValueError):
    """An expression that can't be read, in a sentence."""


def resolve(root: Node, shape: Shape, problems: list[Problem]) -> set[str]:
    """Replace every relative date by the date it means.

    Returns
    -------
    set of str
        Paths of the dates that couldn't be resolved; their problems are reported.
    """
    dates = {
        id(node): (path, node)
        for path, node, expected in walk(root, shape)
        if expected.kind == "when" and isinstance(node.value, str | list)
    }
    terms, failed = _read_all(dates, root, shape, problems)
    moments: dict[int, datetime] = {}
    for key in _in_order(terms, dates, failed, problems):
        path, node = dates[key]
        try:
            moments[key] = _latest(terms[key], moments)
        except KeyError:  # what it hangs on has failed
            failed.add(path)
        except (ValueError, OverflowError) as error:
            failed.add(path)
            said = (
                str(error) if "whole number" in str(error) else "runs past any calendar"
            )
            problems.append(node.problem(f"{spoken(path)}: {said}"))
        else:
            node.value = moment_text(moments[key])
    return failed


def _latest(terms: list[Term], moments: dict[int, datetime]) -> datetime:
    return max(
        term.moment(moments[term.base] if isinstance(term.base, int) else term.base)
        for term in terms
    )


def _read_all(
    dates: dict[int, tuple[str, Node]],
    root: Node,
    shape: Shape,
    problems: list[Problem],
) -> tuple[dict[int, list[Term]], set[str]]:
    """The terms of every date; a text that isn't even meant as one is left alone."""
    owners: dict[str, tuple[Node, type[Record]]] = dict(entities(root, shape))
    assert isinstance(root.value, dict)
    top = shape.records[""]
    owners["scenario"] = (root, top)
    for key, expected in fields(top).items():
        if expected.kind == "record" and key in root.value:
            owners[key] = (root.value[key], expected.records[""])
    terms: dict[int, list[Term]] = {}
    failed: set[str] = set()
    for at, (path, node) in dates.items():
        parts = node.value if isinstance(node.value, list) else [node]
        try:
            read = [_term(text_of(part), owners, dates) for part in parts]
            if not read:
                msg = "is an empty list of dates"
                raise UnreadError(msg)
        except UnreadError as error:
            problems.append(node.problem(f"{spoken(path)}: {error}"))
            failed.add(path)
        else:
            if None not in read:
                terms[at] = [term for term in read if term is not None]
    return terms, failed


def _term(
    written: str | None,
    owners: dict[str, tuple[Node, type[Record]]],
    dates: dict[int, tuple[str, Node]],
) -> Term | None:
    """One expression; none where it is neither a date nor a reference."""
    if written is None or len(written) > 300:
        msg = "should be a date such as 2027-03-29, or ID.field + 210 days"
        raise UnreadError(msg)
    match = _EXPRESSION.fullmatch(written.strip())
    if match is None:
        return None
    months, days = _shift(match["shift"])
    base = match["base"]
    try:
        return Term(datetime.fromisoformat(base), months, days)
    except ValueError:
        pass
    if re.fullmatch(r"[\d-]+([T ][\d:.+Z-]+)?", base) or (
        "." not in base and not match["shift"]
    ):
        if not match["shift"]:
            return None
        msg = f"{base!r} isn't a date such as 2027-03-29"
        raise UnreadError(msg)
    return Term(_target(base, owners, dates), months, days)


def _shift(written: str) -> tuple[int, Fraction]:
    months, days = Fraction(0), Fraction(0)
    for sign, number, below, unit in _SHIFT.findall(written):
        if below and int(below) == 0:
            msg = f"{number}/{below} isn't a number"
            raise UnreadError(msg)
        amount = Fraction(number) / int(below or 1) * (-1 if sign == "-" else 1)
        if unit == "month":
            months += amount
        else:
            days += amount
    if months.denominator != 1:
        msg = "months should be whole; use days for parts of one"
        raise UnreadError(msg)
    return int(months), days


def _target(
    base: str,
    owners: dict[str, tuple[Node, type[Record]]],
    dates: dict[int, tuple[str, Node]],
) -> int:
    """The date that `ID.field` names."""
    name, _, path = base.partition(".")
    if not path or re.search(r"\s[+-]", path):
        msg = (
            f"can't read {base!r}: write a date or ID.field, then + or - and "
            "a number of days or months"
        )
        raise UnreadError(msg)
    if name not in owners:
        msg = f"{base}: unknown id {name}{nearest(name, owners)}"
        raise UnreadError(msg)
    node, record = owners[name]
    first, _, rest = path.partition(".")
    expected = fields(record).get(first)
    while rest and expected is not None and expected.kind == "record":
        node = _part(node, first)
        record = expected.records[""]
        first, _, rest = rest.partition(".")
        expected = fields(record).get(first)
    options = [key for key, below in fields(record).items() if below.kind == "when"]
    if rest or first not in options:
        msg = f"{base}: {name} has no date {path}{nearest(path, options)}"
        raise UnreadError(msg)
    part = _part(node, first)
    if part.value is None:
        msg = f"{base}: {name} doesn't state its {path}"
        raise UnreadError(msg)
    return id(part)


def _part(node: Node, key: str) -> Node:
    if isinstance(node.value, dict) and key in node.value:
        return node.value[key]
    return Node(None, node.place)


def _in_order(
    terms: dict[int, list[Term]],
    dates: dict[int, tuple[str, Node]],
    failed: set[str],
    problems: list[Problem],
) -> list[int]:
    """Dates after those they hang on; each circle is reported once and left out."""
    hangs = {
        key: [term.base for term in found if isinstance(term.base, int)]
        for key, found in terms.items()
    }
    while True:
        try:
            return [
                key for key in TopologicalSorter(hangs).static_order() if key in terms
            ]
        except CycleError as error:
            circle = error.args[1][::-1]
            at = min(range(len(circle) - 1), key=lambda n: dates[circle[n]][0])
            turned = circle[at:-1] + circle[: at + 1]
            paths = [dates[key][0] for key in turned]
            names = [".".join(path.split(".")[-2:]) for path in paths]
            said = f"{spoken(paths[0])}: depends on itself: {' -> '.join(names)}"
            problems.append(dates[turned[0]][1].problem(said))
            failed.update(paths)
            for key in turned[:-1]:
                hangs.pop(key, None)
                terms.pop(key, None)

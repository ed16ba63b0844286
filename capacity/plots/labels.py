"""Programme and batch count, written on campaigns or beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from matplotlib.patheffects import withStroke

from capacity.plots.lettering import families, legible
from capacity.plots.looks import INK, TIMES, readable
from capacity.plots.panel import Panel, Span, middle, number

SMALLEST = 6.5
"""Size of the smallest label that reads well on a slide. [pt]"""


POINTS_LEFT = "\N{BLACK LEFT-POINTING SMALL TRIANGLE}"
POINTS_RIGHT = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"


class Form(NamedTuple):
    """A way to write a label."""

    text: str
    size: float
    rotation: float


@dataclass(frozen=True)
class Place:
    """A campaign's bar, and where in its row."""

    id: str
    programme: str
    batches: int
    span: Span
    """Start and end of the campaign."""
    seen: Span
    """What of it is in view."""
    begin: datetime
    """Start of its changeover, else its own."""
    top: float
    """[row]"""
    bottom: float
    """[row]"""
    colour: str


Key = dict[str, int]
"""Numbers that stand for labels where these don't fit."""


def label_row(
    panel: Panel,
    places: Sequence[Place],
    busy: Sequence[Span],
    as_of: datetime,
    key: Key | None,
) -> None:
    """Label a row's campaigns: inside where that reads well, else beside, else small.

    Where nothing fits a number stands, if there is a `key` to explain it.

    Parameters
    ----------
    panel
        Where to write.
    places
        The row's campaigns.
    busy
        Stretches of the row where nothing may be written beside a campaign.
    as_of
        A line here crosses the rows; labels stay clear of it, those in bars if they can.
    key
        The numbers in use; new ones are added.
    """
    taken = [(panel.at(start), panel.at(end)) for start, end in busy]
    taken.append((panel.at(as_of) - 1, panel.at(as_of) + 1))
    narrow = []
    for place in places:
        if form := _inside(panel, place, _large_forms(panel, place)):
            _write_inside(panel, place, form, as_of)
        else:
            narrow.append(place)
    for place in narrow:
        if beside := _beside(panel, place, taken):
            form, left = beside
            _write_beside(panel, place, form, left)
            taken.append((left, left + panel.ruler.size(*form)[0]))
        elif form := _inside(panel, place, _small_forms(place)):
            _write_inside(panel, place, form, as_of)
        elif key is not None:
            _write_number(panel, place, key)


# ------------------------------------------------------------------------------- forms


def _lines(place: Place) -> tuple[str, str]:
    """Programme and count in one line, and in two."""
    count = f"{TIMES}{place.batches}"
    return f"{place.programme} {count}", f"{place.programme}\n{count}"


def _large_forms(panel: Panel, place: Place) -> Iterator[Form]:
    """Yield forms that read well, the most readable first."""
    line, stack = _lines(place)
    largest = 12 if panel.height(1) > 200 else 10 if panel.height(1) > 80 else 8
    for size in (*range(largest, 7, -1), 7, SMALLEST):
        yield Form(line, size, 0)
        yield Form(stack, size, 0)
    for size in (8, 7, SMALLEST):
        yield Form(line, size, 90)
        yield Form(stack, size, 90)


def _small_forms(place: Place) -> Iterator[Form]:
    """Yield forms that take little room, the last without the count."""
    line, stack = _lines(place)
    for size in (6, 5.5, 5):
        yield Form(line, size, 0)
        yield Form(stack, size, 0)
        yield Form(line, size, 90)
        yield Form(stack, size, 90)
    for size in (6, 5.5, 5):
        yield Form(place.programme, size, 0)
        yield Form(place.programme, size, 90)
        yield Form(place.programme.replace("-", "-\n", 1), size, 90)


def _inside(panel: Panel, place: Place, forms: Iterator[Form]) -> Form | None:
    # Where a campaign is cut by the edge, a pointer stands there.
    width = panel.width(place.seen) - (7 if place.seen == place.span else 19)
    height = panel.height(place.bottom - place.top) - 4
    for form in forms:
        if panel.ruler.too_large(*form, (width, height)):
            continue
        wide, high = panel.ruler.size(*form)
        if wide <= width and high <= height:
            return form
    return None


def _beside(
    panel: Panel, place: Place, taken: Sequence[tuple[float, float]]
) -> tuple[Form, float] | None:
    """Find free room right or left of a campaign; a form and its left edge. [pixel]"""
    height = panel.height(place.bottom - place.top) - 2
    start, end = panel.at(place.begin), panel.at(place.seen[1])
    after = min((left for left, _ in taken if left >= end - 1), default=math.inf)
    before = max((right for _, right in taken if right <= start + 1), default=0.0)
    before = max(before, 0.0)
    after = min(after, panel.ax.bbox.width)
    narrowest = (_lines(place)[1], SMALLEST, 0)
    if panel.ruler.too_large(*narrowest, (after - before - 8, math.inf)):
        return None
    for size in (8, 7, SMALLEST):
        for text in _lines(place):
            for form, left in (
                (Form(POINTS_LEFT + text.replace("\n", "\n "), size, 0), end + 2),
                (Form(text + POINTS_RIGHT, size, 0), None),
            ):
                if panel.ruler.too_large(*form, (after - before - 8, height)):
                    continue
                wide, high = panel.ruler.size(*form)
                at = start - 2 - wide if left is None else left
                if high <= height and before + 4 <= at and at + wide + 4 <= after:
                    return form, at
    return None


# ----------------------------------------------------------------------------- writing


def _write_inside(panel: Panel, place: Place, form: Form, as_of: datetime) -> None:
    seen = place.seen
    wide, high = panel.ruler.size(*form)
    rest = (max(as_of, seen[0]), seen[1])
    if rest[0] < rest[1] and wide + 14 <= panel.width(rest):
        seen = rest
    dates = _dates(panel, place, seen, form, high)
    lift = 0.5 * panel.ruler.size(dates, 7)[1] / panel.height(1) if dates else 0.0
    y = (place.top + place.bottom) / 2
    _write(panel, middle(seen), y - lift, form, place, f"label:{place.id}")
    if dates:
        below = Form(dates, 7, 0)
        y += 0.5 * (high + 8) / panel.height(1)
        _write(panel, middle(seen), y, below, place, f"dates:{place.id}")


def _write_number(panel: Panel, place: Place, key: Key) -> None:
    """Write the number that the key has for a label; most slivers have room for that."""
    line, _ = _lines(place)
    known = key.get(line, len(key) + 1)
    for size in (6.5, 6, 5.5, 5, 4.5):
        form = Form(f"{known}", size, 0)
        wide, high = panel.ruler.size(*form)
        fits = high <= panel.height(place.bottom - place.top)
        if fits and wide <= panel.width(place.seen):
            key[line] = known
            y = (place.top + place.bottom) / 2
            _write(panel, middle(place.seen), y, form, place, f"key:{place.id}")
            return


def _dates(panel: Panel, place: Place, seen: Span, form: Form, high: float) -> str:
    """First and last day of a campaign where its bar is roomy enough to say so."""
    start, end = place.span
    text = f"{start:%Y-%m-%d} \N{EN DASH} {end:%Y-%m-%d}"
    wide, more = panel.ruler.size(text, 7)
    fits = wide + 14 <= panel.width(seen)
    room = panel.height(place.bottom - place.top) - 12
    return text if fits and form.rotation == 0 and high + more + 4 <= room else ""


def _write(
    panel: Panel, x: float, y: float, form: Form, place: Place, gid: str
) -> None:
    panel.ax.text(
        *(x, y, legible(form.text)),
        fontsize=form.size,
        fontfamily=families(form.text),
        rotation=form.rotation,
        linespacing=1.0,
        ha="center",
        va="center",
        multialignment="center",
        color=readable(place.colour),
        path_effects=[withStroke(linewidth=0.28 * form.size, foreground=place.colour)],
        parse_math=False,
        zorder=5,
        gid=gid,
    )


def _write_beside(panel: Panel, place: Place, form: Form, left: float) -> None:
    whole = panel.span[1] - panel.span[0]
    at = panel.span[0] + whole * (left / panel.ax.bbox.width)
    panel.ax.text(
        *(number(at), (place.top + place.bottom) / 2, legible(form.text)),
        fontsize=form.size,
        fontfamily=families(form.text),
        linespacing=1.0,
        ha="left",
        va="center",
        multialignment="left",
        color=INK,
        path_effects=[withStroke(linewidth=2, foreground="white")],
        parse_math=False,
        zorder=5,
        gid=f"beside:{place.id}",
    )

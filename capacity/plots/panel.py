"""Axes ruled by time, with a row for each suite below its site's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter
from matplotlib.transforms import blended_transform_factory

from capacity.horizon import add_months
from capacity.plots.lettering import Ruler, families, legible
from capacity.plots.looks import INK, LOOKS, PALE, Look, Style

HEADER = 0.25
"""Height of the strip for contract ends. [inch]"""

MARGIN = 0.42
"""Width of the strip for sites' names, left of the suites' names. [inch]"""

Span = tuple[datetime, datetime]
Row = tuple[str, str]
"""Name of the site and id of the suite."""


@dataclass(frozen=True)
class Panel:
    """Axes ruled by time, with what it takes to fit text into them."""

    ax: Axes
    span: Span
    ruler: Ruler
    rows: Sequence[Row]
    header: float
    """Height of the strip above the first row. [row]"""
    look: Look

    def seen(self, start: datetime, end: datetime) -> Span | None:
        """Cut a stretch to what the panel shows."""
        start, end = max(start, self.span[0]), min(end, self.span[1])
        return (start, end) if start < end else None

    def at(self, moment: datetime) -> float:
        """Distance from the left edge. [pixel]"""
        whole = self.span[1] - self.span[0]
        return float(self.ax.bbox.width * ((moment - self.span[0]) / whole))

    def width(self, span: Span) -> float:
        """Length of a stretch. [pixel]"""
        return self.at(span[1]) - self.at(span[0])

    def height(self, rows: float) -> float:
        """Height of so many rows. [pixel]"""
        return float(self.ax.bbox.height * rows / (len(self.rows) + self.header))


def ruled(
    ax: Axes,
    rows: Sequence[Row],
    span: Span,
    *,
    header: bool = False,
    style: Style = "light",
) -> Panel:
    """Rule axes by rows and time; leave room above the first row where asked."""
    ruler = Ruler(figure_of(ax))
    strip = HEADER * ruler.dpi
    high = len(rows) * strip / (ax.bbox.height - strip) if header else 0.0
    panel = Panel(ax, span, ruler, rows, high, LOOKS[style])
    _rule_rows(panel)
    _name_sites(panel)
    _rule_time(panel)
    return panel


def figure_of(ax: Axes) -> Figure:
    """Figure that holds the axes."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def number(moment: datetime) -> float:
    """Place of a moment on the axis of time. [day]"""
    return float(date2num(moment))  # type: ignore[no-untyped-call]


def middle(span: Span) -> float:
    """Place of the middle of a stretch on the axis of time. [day]"""
    return (number(span[0]) + number(span[1])) / 2


def left_room(ruler: Ruler, rows: Sequence[Row]) -> float:
    """Width that names of sites and suites take, within reason. [inch]"""
    longest = max((ruler.width(suite, 8) for _, suite in rows), default=0)
    return min(max(1.15, MARGIN + 0.1 + longest / ruler.dpi), 2.8)


# --------------------------------------------------------------------------------- rows


def _rule_rows(panel: Panel) -> None:
    ax, ruler = panel.ax, panel.ruler
    ax.set_ylim(len(panel.rows) - 0.5, -0.5 - panel.header)
    # Two lines of names must never meet, however many rows there are.
    size = min(8.0, 0.8 * panel.height(1) * 72 / ruler.dpi)
    room = (left_room(ruler, panel.rows) - MARGIN - 0.06) * ruler.dpi
    names = [ruler.cut(suite, size, room) for _, suite in panel.rows]
    at = [float(row) for row in range(len(names))]
    if panel.header:
        names, at = ["contract ends", *names], [-0.5 - panel.header / 2, *at]
    ax.set_yticks(at)
    fonts = families("".join(names))
    ticks = ax.set_yticklabels(
        [legible(name) for name in names],
        fontsize=size,
        fontfamily=fonts,
        parse_math=False,
    )
    ax.tick_params(axis="y", length=0, colors=INK)
    if panel.header:
        ticks[0].set(color=PALE, fontsize=7)
    for spine in ax.spines.values():
        spine.set(color="#999999", linewidth=0.6)
    for row, (site, _) in enumerate(panel.rows):
        first = row == 0 or panel.rows[row - 1][0] != site
        color, linewidth, zorder = (INK, 0.9, 4) if first else ("#d5d5d5", 0.5, 1)
        ax.axhline(row - 0.5, color=color, linewidth=linewidth, zorder=zorder)


def _name_sites(panel: Panel) -> None:
    ax, ruler = panel.ax, panel.ruler
    left = (left_room(ruler, panel.rows) - MARGIN / 2) * ruler.dpi
    for site in dict.fromkeys(site for site, _ in panel.rows):
        own = [row for row, (owner, _) in enumerate(panel.rows) if owner == site]
        room = 0.96 * panel.height(len(own))
        text, size = _site_name(ruler, site, room)
        ax.text(
            *(-left / ax.bbox.width, (own[0] + own[-1]) / 2, legible(text)),
            transform=blended_transform_factory(ax.transAxes, ax.transData),
            rotation=90,
            linespacing=1.0,
            multialignment="center",
            ha="center",
            va="center",
            fontsize=size,
            fontweight="bold",
            fontfamily=families(text),
            color=INK,
            parse_math=False,
            gid="site",
        )


def _site_name(ruler: Ruler, site: str, room: float) -> tuple[str, float]:
    """Name of a site in one line or two, cut if need be, and its size. [pt]"""
    words = site.split()
    breaks = [
        (" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))
    ]
    even = min(breaks, key=lambda lines: max(map(len, lines)), default=(site, ""))
    for text in (site, "\n".join(even)):
        for size in (9, 8, 7):
            if ruler.size(text, size, 0, "bold")[0] <= room:
                return text, size
    cut = [ruler.cut(line, 6, room, "bold") for line in even if line]
    return "\n".join(cut), 6


# --------------------------------------------------------------------------------- time

Named = tuple[Span, str]
"""A stretch of the axis and what it is called."""


def _rule_time(panel: Panel) -> None:
    """Rule by days, months, quarters or years, whichever suits the span."""
    ax, span = panel.ax, panel.span
    ax.set_xlim(number(span[0]), number(span[1]))
    month = panel.width(span) / panel.ruler.dpi / ((span[1] - span[0]).days / 30.4 or 1)
    if (span[1] - span[0]).days < 62:
        fine = [(period, f"{period[0].day}") for period in _days(span)]
        coarse = [(period, f"{period[0]:%b %Y}") for period in _periods(span, 1)]
    else:
        coarse = [(period, f"{period[0]:%Y}") for period in _periods(span, 12)]
        if month >= 0.4:
            fine = [(period, f"{period[0]:%b}") for period in _periods(span, 1)]
        elif 3 * month >= 0.22:
            fine = [
                (period, f"Q{(period[0].month + 2) // 3}")
                for period in _periods(span, 3)
            ]
        else:
            fine = [(period, "") for period in _periods(span, 12)]
    _name_fine(panel, fine)
    _name_coarse(panel, coarse)


def _days(span: Span) -> Iterator[Span]:
    at = span[0].replace(hour=0, minute=0)
    while at < span[1]:
        yield at, at + timedelta(days=1)
        at += timedelta(days=1)


def _periods(span: Span, months: int) -> Iterator[Span]:
    """Yield the months, quarters or years that touch the span."""
    first = (span[0].month - 1) // months * months + 1
    at = datetime(span[0].year, first, 1)
    while at < span[1]:
        yield at, add_months(at, months)
        at = add_months(at, months)


def _name_fine(panel: Panel, periods: Sequence[Named]) -> None:
    """Name periods between their ticks, those at the edges where half is in view."""
    ax = panel.ax
    named = [(p, name) for p, name in periods if 2 * _length(panel, p) >= p[1] - p[0]]
    middles = [middle(panel.seen(*period) or period) for period, _ in named]
    ax.xaxis.set_major_locator(FixedLocator([number(p[0]) for p, _ in periods]))
    ax.xaxis.set_major_formatter(NullFormatter())
    ax.xaxis.set_minor_locator(FixedLocator(middles))
    ax.xaxis.set_minor_formatter(FixedFormatter([name for _, name in named]))
    ax.tick_params(axis="x", which="major", length=2)
    ax.tick_params(axis="x", which="minor", length=0, labelsize=7, pad=2, colors=INK)
    for (start, end), _ in periods:
        major = start.month == 1 if end - start > timedelta(days=1) else start.day == 1
        color, width = (
            ("#8a8a8a", 0.7) if major and start.day == 1 else ("#dcdcdc", 0.4)
        )
        ax.axvline(number(start), color=color, linewidth=width, zorder=1)


def _length(panel: Panel, period: Span) -> timedelta:
    start, end = panel.seen(*period) or (period[0], period[0])
    return end - start


def _name_coarse(panel: Panel, periods: Sequence[Named]) -> None:
    """Name years, or months, below; every fifth or tenth where they crowd."""
    ax, ruler = panel.ax, panel.ruler
    shown = [(panel.seen(*period), name) for period, name in periods]
    widest = max((panel.width(seen) for seen, _ in shown if seen), default=0)
    step = next((n for n in (1, 5, 10) if n * widest >= 0.45 * ruler.dpi), 50)
    for seen, name in shown:
        if (
            seen
            and int(name[-4:]) % step == 0
            and step * panel.width(seen) >= 1.1 * ruler.width(name, 9, "bold")
        ):
            ax.text(
                *(middle(seen), -0.2 * ruler.dpi / ax.bbox.height, name),
                transform=blended_transform_factory(ax.transData, ax.transAxes),
                ha="center",
                va="top",
                fontsize=9,
                fontweight="bold",
                color=INK,
                gid="period",
            )

"""A slide or sheet of paper: its size, its head, its legend, its file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image

from capacity.plots.lettering import Ruler, families, legible
from capacity.plots.looks import INK, PALE
from capacity.plots.panel import figure_of
from capacity.scenario import Scenario

Size = Literal["16:9", "A3"]

SIZES: dict[str, tuple[float, float]] = {"16:9": (40 / 3, 7.5), "A3": (16.54, 11.69)}
"""Width and height of a slide and of a sheet. [inch]"""

DPI = 150

TITLE, NOTE = 9.5, 8.0
"""Size of a small picture's name, and of the note below it. [pt]"""


def blank(size: Size) -> Figure:
    """An empty sheet."""
    figure = Figure(figsize=SIZES[size], dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def headed(scenario: Scenario, size: Size, said: Sequence[str]) -> Figure:
    """A sheet with the title of its scenario, and below that what is shown."""
    figure = blank(size)
    write_head(figure, scenario.title or scenario.name, " · ".join(said))
    return figure


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a distance from the left and the top of the sheet. [inch]"""
    wide, high = figure.get_size_inches()
    box = (left / wide, 1 - (top + height) / high, width / wide, height / high)
    return figure.add_axes(box)


def cells(
    figure: Figure, rows: Sequence[int], columns: int, legend: float
) -> Iterator[Axes]:
    """Lay out so many small pictures in each row, all of one size."""
    wide, high = figure.get_size_inches()
    across, down = (wide - 0.35) / columns, (high - 0.8 - legend) / max(len(rows), 1)
    width, height = max(across - 0.48, 0.3 * across), max(down - 0.86, 0.3 * down)
    for row, count in enumerate(rows):
        for column in range(count):
            left, top = 0.62 + column * across, 1.22 + row * down
            yield place(figure, left, top, width, height)


def named_cells(
    figure: Figure, names: Sequence[str], legend: float
) -> Iterator[tuple[Axes, str]]:
    """A small picture for each name, half as many more in a row as there are rows."""
    columns = _columns_for(len(names))
    rows = [len(names[at : at + columns]) for at in range(0, len(names), columns)]
    yield from zip(cells(figure, rows, columns, legend), names, strict=True)


def _columns_for(count: int) -> int:
    """Pictures in a row: about one and a half times as many as there are rows."""
    return next(n for n in range(1, count + 2) if n * n >= 1.5 * count or n >= count)


def name_cell(ax: Axes, title: str, note: str) -> None:
    """Write what a small picture shows above it, and below that what to see in it."""
    ruler = Ruler(figure_of(ax))
    wide = ax.bbox.width + 0.2 * ruler.dpi
    for text, size, up, weight, colour, gid in (
        (title, TITLE, 16, "bold", INK, "title"),
        (note, NOTE, 4, "normal", PALE, "peak"),
    ):
        text, size = ruler.fit(text, size, wide, least=6, weight=weight)
        ax.annotate(
            legible(text),
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, up),
            textcoords="offset points",
            fontsize=size,
            fontweight=weight,
            fontfamily=families(text),
            color=colour,
            parse_math=False,
            gid=gid,
        )


def write_head(figure: Figure, title: str, subtitle: str) -> None:
    """Write the title, and what is shown below it, as large as the sheet allows."""
    wide, high = figure.get_size_inches()
    ruler, room = Ruler(figure), (wide - 0.5) * DPI
    for text, down, largest, least, weight, colour in (
        (" ".join(title.split()), 0.38, 15.0, 9.0, "bold", INK),
        (subtitle, 0.64, 9.5, 7.0, "normal", PALE),
    ):
        text, points = ruler.fit(text, largest, room, least=least, weight=weight)
        figure.text(
            *(0.25 / wide, 1 - down / high, legible(text)),
            fontsize=points,
            fontweight=weight,
            fontfamily=families(text),
            color=colour,
            va="baseline",
            parse_math=False,
        )


def write_legend(figure: Figure, swatches: Sequence[Patch | Line2D]) -> float:
    """Explain the swatches at the foot in as few lines as fit; their height. [inch]"""
    for swatch in swatches:
        if isinstance(swatch, Patch):
            swatch.set_hatch_linewidth(0.6)
    renderer = RendererAgg(1, 1, DPI)  # type: ignore[no-untyped-call]
    for lines in range(1, len(swatches) + 1):
        legend = figure.legend(
            handles=list(swatches),
            loc="lower center",
            ncols=-(-len(swatches) // lines),
            fontsize=8,
            frameon=False,
            handlelength=1.9,
            handleheight=1.1,
            handletextpad=0.5,
            columnspacing=1.1,
            borderaxespad=0.2,
        )
        extent = legend.get_window_extent(renderer)
        if extent.width <= figure.bbox.width:
            return 0.12 + 0.2 * lines
        legend.remove()
    return 0.0


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all, without anything that changes between runs.

    256 colours are enough for flat fills, and make a third of the file to mail around.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        drawn = Image.fromarray(np.asarray(pixels)).convert("RGB")
        flat = drawn.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        with draft.open("wb") as file:
            flat.save(file, format="PNG", dpi=(figure.dpi, figure.dpi))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

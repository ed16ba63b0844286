"""Pictures: campaigns over time, and how full suites, QC and QA are.

Frames go in, matplotlib Axes come out: no window, no global state, no clock. The same
frames give the same bytes.
"""

from __future__ import annotations

from capacity.plots.bars import gantt
from capacity.plots.campaigns import gantt_figure
from capacity.plots.compared import MARKS, Side, compared_figure, compared_gantt
from capacity.plots.load import load_bars, load_figure
from capacity.plots.looks import KINDS, TIMES, programme_colours
from capacity.plots.sheet import SIZES, Size, save

__all__ = [
    "KINDS",
    "MARKS",
    "SIZES",
    "TIMES",
    "Side",
    "Size",
    "compared_figure",
    "compared_gantt",
    "gantt",
    "gantt_figure",
    "load_bars",
    "load_figure",
    "programme_colours",
    "save",
]

"""Pictures: campaigns, load, supply and demand, rights to ship, and how a search went.

Frames go in, matplotlib Axes come out: no window, no global state, no clock. The same
frames give the same bytes.
"""

from __future__ import annotations

from capacity.plots.bars import gantt
from capacity.plots.campaigns import gantt_figure
from capacity.plots.compared import MARKS, Side, compared_figure, compared_gantt
from capacity.plots.cover import cover_bars, cover_figure
from capacity.plots.front import front_figure, front_points
from capacity.plots.heatmap import heat_cells, heatmap_figure
from capacity.plots.lettering import money
from capacity.plots.load import load_bars, load_figure
from capacity.plots.looks import KINDS, TIMES, Style, programme_colours
from capacity.plots.progress import progress_figure, progress_steps
from capacity.plots.qualifications import milestone_marks, qualifications_figure
from capacity.plots.sheet import SIZES, Size, save
from capacity.plots.supply import supply_figure, supply_steps

__all__ = [
    "KINDS",
    "MARKS",
    "SIZES",
    "TIMES",
    "Side",
    "Size",
    "Style",
    "compared_figure",
    "compared_gantt",
    "cover_bars",
    "cover_figure",
    "front_figure",
    "front_points",
    "gantt",
    "gantt_figure",
    "heat_cells",
    "heatmap_figure",
    "load_bars",
    "load_figure",
    "milestone_marks",
    "money",
    "programme_colours",
    "progress_figure",
    "progress_steps",
    "qualifications_figure",
    "save",
    "supply_figure",
    "supply_steps",
]

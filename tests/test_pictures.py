"""Pictures of the worked case and of a network four times as large: bars, numbers, labels."""

from __future__ import annotations

import gzip
import math
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.dates import date2num, num2date
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image
from pydantic import BaseModel
from typer.testing import CliRunner

from benchmarks.growth import grown, renamed, suffixed
from capacity import cli, plots, read, runs, tables
from capacity.plan import Plan, Reached
from capacity.plots import looks
from capacity.scenario import Scenario

ROOT = Path(__file__).parent.parent
YEAR = (datetime(2027, 1, 1), datetime(2028, 1, 1))


@cache
def worked(copies: int = 1) -> tuple[Scenario, Plan]:
    """The worked case and its best known plan, or several of both side by side."""
    scenario = grown(read(ROOT / "scenarios" / "base.yaml").scenario, copies)
    packed = ROOT / "benchmarks" / "best" / "base.plan.json.gz"
    plan = Plan.model_validate_json(gzip.decompress(packed.read_bytes()))
    rows = {
        name: [_copied(row, copy) for copy in range(copies) for row in found]
        for name in ("batches", "campaigns", "orders", "qualifications")
        for found in [getattr(plan, name)]
    }
    return scenario, plan.model_copy(update=rows)


def _copied(row: BaseModel, copy: int) -> BaseModel:
    """A row of the plan as a copy of the network has it."""
    named = {
        name: suffixed(getattr(row, name), copy)
        for name in (
            "campaign",
            "batch",
            "order",
            "qc_site",
            "qa_site",
            "qualification",
        )
        if copy and getattr(row, name, None) is not None
    }
    return renamed(row.model_copy(update=named), copy)


@cache
def load(copies: int) -> pd.DataFrame:
    return tables.load(*worked(copies))


def history() -> pd.DataFrame:
    rows = [(1.0, 400, 10), (2.5, 420, 60), (4.0, 300, 90), (9.0, 120, 100)]
    return tables.history(
        [
            Reached(seconds=at, objective=regret * 10**6, bound=bound * 10**6)
            for at, regret, bound in rows
        ]
    )


KINDS = ("gantt", "load", "heatmap", "supply", "qualifications", "progress")


def draw(kind: str, copies: int, **wanted: Any) -> Figure:
    scenario, plan = worked(copies)
    if kind == "gantt":
        return plots.gantt_figure(scenario, plan, **wanted)
    if kind == "load":
        return plots.load_figure(scenario, load(copies), **wanted)
    if kind == "heatmap":
        return plots.heatmap_figure(scenario, load(copies), **wanted)
    if kind == "supply":
        return plots.supply_figure(scenario, plan, **wanted)
    if kind == "qualifications":
        dates = tables.milestones(scenario, plan)
        return plots.qualifications_figure(scenario, dates, **wanted)
    return plots.progress_figure(scenario, history(), seconds=12.0, **wanted)


def unseen(figure: Figure) -> set[Text]:
    """Labels of ticks outside what the axes show; they aren't drawn."""
    found = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            found |= {t.label1 for t in ticks if not low <= t.get_loc() <= high}
    return found


def texts(figure: Figure) -> list[Text]:
    """Every text that is drawn."""
    hidden = unseen(figure)
    found = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    return [
        text
        for text in found
        if text.get_visible() and text.get_text().strip() and text not in hidden
    ]


def collisions(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes overlap by more than a pixel, or leave the sheet."""
    figure.draw_without_rendering()
    drawn = texts(figure)
    boxes = np.array([text.get_window_extent().extents for text in drawn])
    # pairs that meet in both directions, found from the left
    order = np.argsort(boxes[:, 0])
    drawn, boxes = [drawn[at] for at in order], boxes[order]
    ends = np.searchsorted(boxes[:, 0], boxes[:, 2] - 1)
    pairs = [
        (drawn[at].get_text(), drawn[other].get_text())
        for at, end in enumerate(ends)
        for other in at
        + 1
        + np.flatnonzero(
            np.minimum(boxes[at, 3], boxes[at + 1 : end, 3])
            - np.maximum(boxes[at, 1], boxes[at + 1 : end, 1])
            > 1
        )
    ]
    wide, high = figure.bbox.size
    beyond = [
        (text.get_text(), "the edge")
        for text, box in zip(drawn, boxes, strict=True)
        if box[0] < 0 or box[1] < 0 or box[2] > wide or box[3] > high
    ]
    return pairs + beyond


@pytest.mark.parametrize(("size", "copies"), [("16:9", 1), ("A3", 1), ("16:9", 4)])
@pytest.mark.parametrize("kind", KINDS)
def test_no_label_meets_another_or_leaves_the_sheet(
    kind: str, size: str, copies: int
) -> None:
    assert collisions(draw(kind, copies, size=size)) == []


# ------------------------------------------------------------------- print and files


@pytest.mark.parametrize("kind", KINDS)
def test_print_is_white_paper_and_greys(kind: str, tmp_path: Path) -> None:
    plots.save(draw(kind, 1, style="print"), tmp_path / "once.png")
    with Image.open(tmp_path / "once.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert (pixels.max(axis=2) == pixels.min(axis=2)).all()
    assert (pixels == 255).all(axis=2).mean() > 0.4


@pytest.mark.parametrize("command", KINDS)
def test_the_same_run_gives_the_same_bytes(command: str, tiny_run: Path) -> None:
    drawn = []
    for name in ("once.png", "again.png"):
        asked = [str(tiny_run), "-o", str(tiny_run.parent / name)]
        assert CliRunner().invoke(cli.app, [command, *asked]).exit_code == 0
        drawn.append((tiny_run.parent / name).read_bytes())
    assert drawn[0] == drawn[1]


def test_every_style_tells_things_apart_without_colour() -> None:
    for look in looks.LOOKS.values():
        for told in (look.used, look.open):
            assert told[False][1] != told[True][1]
        assert look.short[1] != look.ahead[1]
        shades = {
            (round(luminance(fill), 1), hatch)
            for _, fill, hatch, _ in look.shades.values()
        }
        assert len(shades) == len(look.shades)
        levels = [luminance(fill) for _, (fill, hatch) in look.heat if not hatch]
        assert levels == sorted(levels, reverse=True)
        assert all(one - two > 0.03 for one, two in pairwise(levels))


def day(number: float) -> str:
    """A place on the axis of time as a date."""
    return f"{num2date(number):%Y-%m-%d}"  # type: ignore[no-untyped-call]


def luminance(colour: str) -> float:
    red, green, blue = to_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# ------------------------------------------------------------------ supply and demand


def test_supply_adds_up_to_what_the_order_table_says() -> None:
    scenario, plan = worked()
    frame, lines = tables.supply(scenario, plan), tables.orders(plan)
    for programme, steps in frame.groupby("programme"):
        own = lines[lines.programme == programme]
        last = steps.iloc[-1]
        assert last.due == own.batches.sum()
        assert last.available == own.batches.sum() - own.unserved.sum()
        late = own.late.sum() + own.unserved.sum()
        assert (steps.due > steps.available).any() == bool(late) or late
        for sums in (steps.due, steps.available):
            assert (sums.diff().dropna() >= 0).all()
    assert set(frame.programme) == set(lines.programme)


def stepped(*rows: tuple[str, int, int], **wanted: Any) -> Axes:
    cells = [("P", pd.Timestamp(at), due, there) for at, due, there in rows]
    frame = pd.DataFrame(cells, columns=list(tables.SUPPLY_COLUMNS))
    ax = Figure().add_subplot()
    return plots.supply_steps(ax, frame, **({"span": YEAR} | wanted))


def corners(ax: Axes, name: str) -> list[tuple[str, float]]:
    return [(day(x), y) for x, y in line(ax, name)]


def line(ax: Axes, name: str) -> list[tuple[float, float]]:
    """Points of a line by its gid."""
    (found,) = (each for each in ax.lines if each.get_gid() == name)
    return [tuple(point) for point in found.get_xydata().astype(float)]  # type: ignore[union-attr]


def test_supply_and_demand_are_stairs_from_what_came_before() -> None:
    ax = stepped(
        *(("2026-12-01", 1, 2), ("2027-03-01", 4, 2), ("2027-06-01", 4, 5)),
        ("2028-02-01", 9, 9),
    )
    due, there = corners(ax, "due"), corners(ax, "available")
    edges = ["2027-01-01", "2027-03-01", "2027-03-01"]
    edges += ["2027-06-01", "2027-06-01", "2028-01-01"]
    assert due == list(zip(edges, [1, 1, 4, 4, 4, 4], strict=True))
    assert there == list(zip(edges, [2, 2, 2, 2, 5, 5], strict=True))


def test_what_is_short_is_hatched_and_what_is_ahead_is_not() -> None:
    ax = stepped(("2027-03-01", 4, 0), ("2027-06-01", 4, 5))
    found = {}
    for surface in ax.collections:
        ends = np.asarray(surface.get_paths()[0].vertices, dtype=float)[:, 0]
        found[surface.get_gid()] = day(ends.min()), day(ends.max())
    assert found == {
        "short": ("2027-03-01", "2027-06-01"),
        "ahead": ("2027-06-01", "2028-01-01"),
    }
    hatches = {str(each.get_gid()): each.get_hatch() for each in ax.collections}
    assert hatches == {"short": "////", "ahead": None}


def test_every_programme_has_its_numbers_above() -> None:
    figure = draw("supply", 1)
    scenario, plan = worked()
    lines = tables.orders(plan)
    said = {heading(ax, "title"): heading(ax, "peak") for ax in figure.axes}
    assert list(said) == [each.id for each in scenario.programmes]
    for programme, note in said.items():
        own = lines[lines.programme == programme]
        assert note.startswith(f"{own.batches.sum()} due")
        assert ("unserved" in note) == bool(own.unserved.sum())
        assert (note.endswith("all on time")) == (
            not own.late.sum() and not own.unserved.sum()
        )
    alone = draw("supply", 1, programme="LEG-A")
    assert [heading(ax, "title") for ax in alone.axes] == ["LEG-A"]


def heading(ax: Axes, which: str) -> str:
    (text,) = (each for each in ax.texts if each.get_gid() == which)
    return text.get_text()


# --------------------------------------------------------------------------- heat map


def test_every_cell_says_the_load_of_its_month_and_is_hatched_when_full() -> None:
    scenario, _ = worked()
    figure = draw("heatmap", 1)
    names = {site.id: site.name for site in scenario.sites}
    rows = load(1)
    cells = {
        str(cell.get_gid()): cell
        for ax in figure.axes
        for cell in ax.patches
        if ":" in str(cell.get_gid())
    }
    numbers = {
        str(text.get_gid()): text.get_text()
        for ax in figure.axes
        for text in ax.texts
        if str(text.get_gid()).startswith("load:")
    }
    for _, row in rows.iterrows():
        place, share = (
            f"{names[row.site]}:{row.resource}:{row.month}",
            float(row["load"]),
        )
        if math.isnan(share):
            assert f"none:{place}" in cells
            continue
        assert (cells[f"cell:{place}"].get_hatch() == "////") == (share > 0.85)
        shown = numbers.get(f"load:{place}")
        assert shown == (None if share < 0.005 else f"{100 * share:.0f}")
    sites = tables.site_load(rows)
    both = sites[(sites.site == "SYR") & (sites.resource == "suites")]
    for month, share in zip(both.month, both.load, strict=True):
        shown = numbers.get(f"load:Syracuse:all suites:{month}")
        assert shown == (None if share < 0.005 else f"{100 * share:.0f}")


def test_the_load_of_a_site_divides_the_sums_of_its_suites() -> None:
    cells = [
        ("2027-01", "S", "A", "suite", 30.0, 30.0, 1.0, None, None),
        ("2027-01", "S", "B", "suite", 10.0, 0.0, 0.0, None, None),
        ("2027-01", "S", "QC", "qc", 4.0, 1.0, 0.25, 1, 2.5),
        ("2027-02", "S", "A", "suite", 0.0, 0.0, float("nan"), None, None),
    ]
    sums = tables.site_load(pd.DataFrame(cells, columns=list(tables.LOAD_COLUMNS)))
    assert sums.to_csv(index=False).splitlines() == [
        "month,site,resource,kind,available,used,load,waiting,wait_days",
        "2027-01,S,suites,suite,40.0,30.0,0.75,,",
        "2027-02,S,suites,suite,0.0,0.0,,,",
        "2027-01,S,QC,qc,4.0,1.0,0.25,1.0,2.5",
    ]


# ---------------------------------------------------------------------- qualifications


def test_milestones_are_the_dates_that_open_sites_and_markets() -> None:
    scenario, plan = worked()
    frame = tables.milestones(scenario, plan)
    assert list(frame.columns) == list(tables.MILESTONE_COLUMNS)
    rights = frame[frame.milestone == "right_to_ship"]
    given = [why for why in rights.why if why.startswith("licence ")]
    assert sorted(given) == sorted(f"licence {each.id}" for each in scenario.licences)
    assert len(rights) == len(given) + sum(
        len(chain.filings) for chain in plan.qualifications
    )
    big = frame[(frame.programme == "BIG-1") & (frame.site == "SON")]
    first = {
        row.milestone: f"{row.date:%Y-%m-%d} {str(row.why).partition(':')[0]}"
        for row in big[::-1].itertuples()
    }
    ppq = [b for b in plan.batches if (b.programme, b.kind) == ("BIG-1", "ppq")]
    start = min(b.start for b in ppq if b.start)
    released = max(b.released for b in ppq if b.released)
    (chain,) = [row for row in plan.qualifications if row.programme == "BIG-1"]
    soonest = min(filing.right for filing in chain.filings)
    assert chain.transfer_start is not None
    assert first == {
        "go_live": "2027-03-29 suite SON-T1",
        "transfer_start": f"{chain.transfer_start:%Y-%m-%d} qualification BIG-1@SON",
        "transfer": f"{chain.transfer_end:%Y-%m-%d} qualification BIG-1@SON",
        "ppq_start": f"{start:%Y-%m-%d} order BIG-1-2027Q4-ppq",
        "ppq_released": f"{released:%Y-%m-%d} order BIG-1-2027Q4-ppq",
        "filed": f"{chain.filings[0].filed:%Y-%m-%d} qualification BIG-1@SON",
        "right_to_ship": f"{soonest:%Y-%m-%d} qualification BIG-1@SON",
    }
    assert set(tables.milestones(scenario).milestone) == {
        *("go_live", "transfer", "right_to_ship"),
    }


def test_rights_are_bars_and_their_markets_are_named_by_their_marks() -> None:
    (ax,) = draw("qualifications", 1, programme="ADC-B").axes
    _, plan = worked()
    rights = sorted(
        filing.right
        for row in plan.qualifications
        if row.qualification == "ADC-B@SYR"
        for filing in row.filings
    )
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["ADC-B"]
    bars = {
        str(bar.get_gid()): (
            day(bar.get_x()),
            bar.get_hatch(),
        )
        for bar in ax.patches
        if isinstance(bar, Rectangle) and bar.get_y() < 0.5 and bar.get_gid()
    }
    assert bars == {
        "open:clinical": ("2027-01-01", "////"),
        "open:market": (f"{rights[0]:%Y-%m-%d}", None),
    }
    named = [
        text.get_text()
        for text in ax.texts
        if str(text.get_gid()).startswith("market:")
    ]
    assert named[0] == "clinical"
    assert sorted(", ".join(named[1:]).split(", ")) == ["EMA", "FDA", "PMDA"]
    marks = sum(line.get_gid() == "mark:right_to_ship" for line in ax.lines)
    assert marks == 1 + len(rights) == 4


def test_rights_close_together_share_a_label_and_held_ones_stand_at_as_of() -> None:
    (ax,) = draw("qualifications", 1).axes
    found = {
        (str(text.get_gid()), text.get_text()): text.xy[0]  # type: ignore[attr-defined]
        for text in ax.texts
        if str(text.get_gid()).startswith("market:")
    }
    held = ("market:Syracuse:LEG-A", "EMA, FDA, MFDS, PMDA")
    assert found[held] == date2num(datetime(2026, 1, 16))  # type: ignore[no-untyped-call]
    shared = [text for gid, text in found if gid == "market:Songdo Plant 1:BIG-1"]
    assert "FDA, MFDS, EMA" in shared


# --------------------------------------------------------------------------- progress


def test_regret_and_bound_are_stairs_to_the_end_of_the_search() -> None:
    (ax,) = draw("progress", 1).axes
    at = [1.0, 2.5, 4.0, 9.0, 12.0]
    regret, bound = [400, 420, 300, 120, 120], [10, 60, 90, 100, 100]
    for name, row in (("objective", regret), ("bound", bound)):
        points = [(x, y / 10**6) for x, y in line(ax, name)]
        assert points == list(zip(at, row, strict=True))
    assert [text.get_text() for text in ax.texts] == [
        *("bound 100 M USD", "gap 16.7 %", "regret 120 M USD"),
    ]


def test_where_regret_and_bound_meet_their_notes_stand_apart_by_the_line() -> None:
    scenario, _ = worked()
    proved = tables.history([Reached(seconds=1.0, objective=400, bound=400)])
    figure = plots.progress_figure(scenario, proved, seconds=2.0)
    assert collisions(figure) == []
    (ax,) = figure.axes
    heights = [text.get_window_extent().y0 for text in ax.texts]
    assert heights == sorted(heights)
    last = ax.texts[-1].get_window_extent()
    at = ax.transData.transform((2.0, 400))[1]
    assert last.y0 < at < last.y1


def test_a_search_keeps_its_history_and_the_manifest_tells_it(tiny_run: Path) -> None:
    run = runs.read_run(tiny_run)
    rows = run.manifest.history
    assert (rows[-1].objective, rows[-1].bound) == (424_700, 424_700)
    assert all(one.seconds <= two.seconds for one, two in pairwise(rows))
    assert all(one.bound <= two.bound for one, two in pairwise(rows))
    assert all(row.bound <= row.objective for row in rows)
    frame = tables.history(rows)
    assert list(frame.columns) == list(tables.HISTORY_COLUMNS)
    assert len(frame) == len(rows)


def test_there_is_no_picture_of_a_search_without_history() -> None:
    scenario, _ = worked()
    with pytest.raises(ValueError, match="no history"):
        plots.progress_figure(scenario, tables.history([]), seconds=1.0)

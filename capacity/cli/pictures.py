"""Commands that draw a run; each signature is written out, as typer reads it."""

from __future__ import annotations

from capacity.options import (
    From,
    Picture,
    PictureSize,
    PictureStyle,
    ProgrammeId,
    RunFolder,
    SiteId,
    Size,
    Style,
    To,
)
from capacity.streams import tell


def gantt(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw the campaigns of a run, suite by suite."""
    from capacity import pictures, plots

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    figure = plots.gantt_figure(scenario, read.plan, kpis=read.kpis, **wanted)
    tell(pictures.save(figure, read, output, "gantt"))


def load(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw how full suites, QC and QA of a run are."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    figure = plots.load_figure(scenario, tables.load(scenario, read.plan), **wanted)
    tell(pictures.save(figure, read, output, "load"))


def heatmap(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw the load of sites, suites, QC and QA by month."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    figure = plots.heatmap_figure(scenario, tables.load(scenario, read.plan), **wanted)
    tell(pictures.save(figure, read, output, "heatmap"))


def supply(
    run: RunFolder,
    output: Picture = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw supply against demand, added up, for each programme."""
    from capacity import pictures, plots

    read = pictures.read(run)
    wanted = pictures.wanted(read, None, programme, start, end, size, style)
    del wanted["site"]
    figure = plots.supply_figure(read.loaded.scenario, read.plan, **wanted)
    tell(pictures.save(figure, read, output, "supply"))


def cover(
    run: RunFolder,
    output: Picture = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw stock, target, demand and expiry of each programme made to stock."""
    from capacity import pictures, plots

    read = pictures.read(run)
    wanted = pictures.wanted(read, None, programme, start, end, size, style)
    del wanted["site"]
    scenario = read.loaded.scenario
    pictures.refuse_unstocked(scenario, programme)
    figure = plots.cover_figure(scenario, read.plan, **wanted)
    tell(pictures.save(figure, read, output, "cover"))


def qualifications(
    run: RunFolder,
    output: Picture = None,
    site: SiteId = None,
    programme: ProgrammeId = None,
    start: From = None,
    end: To = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw when sites and markets open to programmes."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    wanted = pictures.wanted(read, site, programme, start, end, size, style)
    scenario = read.loaded.scenario
    dates = pictures.dated(tables.milestones(scenario, read.plan), wanted)
    figure = plots.qualifications_figure(scenario, dates, **wanted)
    tell(pictures.save(figure, read, output, "qualifications"))


def progress(
    run: RunFolder,
    output: Picture = None,
    size: PictureSize = Size.SLIDE,
    style: PictureStyle = Style.LIGHT,
) -> None:
    """Draw how the search went: regret and bound over time."""
    from capacity import pictures, plots, tables

    read = pictures.read(run)
    history = tables.history(pictures.history(read))
    figure = plots.progress_figure(
        *(read.loaded.scenario, history),
        seconds=read.manifest.seconds,
        size=size.value,
        style=style.value,
    )
    tell(pictures.save(figure, read, output, "progress"))

"""A run for other programs: tables as CSV or Parquet, a calendar for each site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from capacity import tables
from capacity.folders import (
    OutputError,
    absolute,
    refuse_inside,
    unwritable,
    whole_folder,
)
from capacity.horizon import format_moment

if TYPE_CHECKING:
    from icalendar import Calendar

    from capacity.plan import PlannedCampaign
    from capacity.runs import Run
    from capacity.scenario import Scenario, Site

PRODUCT = "-//Capacity//Campaign plan//EN"
"""Who made a calendar, as the format wants it."""


def frames(run: Run) -> dict[str, pd.DataFrame]:
    """Every table of a run by its name."""
    scenario, plan = run.loaded.scenario, run.plan
    return {
        "campaigns": tables.campaigns(plan),
        "orders": tables.orders(plan),
        "batches": tables.batches(plan),
        "shipments": tables.shipments(scenario, plan),
        "genealogy": tables.genealogy(scenario, plan),
        "qualifications": tables.qualifications(scenario, plan),
        "stock": tables.stock(scenario, plan),
        "waits": tables.waits(scenario, plan),
        "load": tables.load(scenario, plan),
        "calendar": tables.calendar(scenario),
        "prices": _prices(run),
        "assumptions": tables.assumptions(scenario),
    }


def _prices(run: Run) -> pd.DataFrame:
    """Read the one table that doesn't follow from scenario and plan."""
    file = run.directory / "prices.csv"
    text = dict.fromkeys(("suite", "week"), "str")
    return pd.read_csv(file, dtype=text, keep_default_na=False)


def write_folder(run: Run, folder: Path, form: str, *, overwrite: bool) -> list[Path]:
    """Write every table, or the calendar of every site, into a folder of its own.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        If the folder can't be written, or holds what shouldn't be lost.
    """
    files = dict(_calendars(run)) if form == "ics" else dict(_tables(run, form))
    _refuse(folder, run, form, overwrite=overwrite)
    with whole_folder(absolute(folder)) as partial:
        for name, data in files.items():
            (partial / name).write_bytes(data)
    return [folder / name for name in files]


def _refuse(folder: Path, run: Run, form: str, *, overwrite: bool) -> None:
    """Only a folder that holds nothing but an earlier export is replaced."""
    place = absolute(folder)
    refuse_inside(folder, run.directory)
    if place.exists() and not place.is_dir():
        msg = f"{folder} is a file; --format {form} needs a folder"
        raise OutputError(msg)
    try:
        there = [each.name for each in place.iterdir()] if place.exists() else []
    except OSError as error:
        raise unwritable(folder, error) from error
    others = [name for name in there if not name.endswith(f".{form}")]
    if others:
        msg = f"{folder} holds {min(others)}, so it isn't replaced; -o names another"
        raise OutputError(msg)
    if there and not overwrite:
        msg = f"{folder} exists; --overwrite replaces it, -o names another folder"
        raise OutputError(msg)


def _tables(run: Run, form: str) -> Iterator[tuple[str, bytes]]:
    for name, frame in frames(run).items():
        if form == "csv":
            yield f"{name}.csv", tables.to_csv(frame).encode()
        else:
            yield f"{name}.parquet", _parquet(tables.typed(name, frame))


def _parquet(typed: pd.DataFrame) -> bytes:
    try:
        return typed.to_parquet(engine="pyarrow", index=False)
    except ImportError as error:  # an extra: it is larger than all the rest
        msg = "--format parquet needs pyarrow: pip install 'capacity-planner[parquet]'"
        raise OutputError(msg) from error


# ---------------------------------------------------------------------------- calendars


def _calendars(run: Run) -> Iterator[tuple[str, bytes]]:
    """A calendar for each site: campaigns with their hours, shutdowns and outages."""
    for site in run.loaded.scenario.sites:
        yield f"{file_name(site.id)}.ics", _calendar(run, site)


def file_name(name: str) -> str:
    """A site's id as the name of a file, another for every other id."""
    return re.sub(
        r'[%/\\:*?"<>|\x00-\x1f]', lambda found: f"%{ord(found[0]):02X}", name
    )


def _calendar(run: Run, site: Site) -> bytes:
    from icalendar import Calendar

    scenario = run.loaded.scenario
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("x-wr-calname", f"{site.name}, {scenario.title or scenario.name}")
    for campaign in run.plan.campaigns:
        if campaign.site == site.id:
            words = _campaign_words(campaign)
            name = f"{campaign.campaign}@{scenario.name}"
            _add(found, scenario, name, words, (campaign.start, campaign.end))
    for what, suites, span in _closures(scenario, site):
        where = ", ".join(suites) or site.name
        days = "-".join(f"{moment:%Y%m%d}" for moment in span)
        name = f"{what}-{where}-{days}@{scenario.name}"
        _add(found, scenario, name, (f"{what.capitalize()}: {where}", ""), span)
    return bytes(found.to_ical())


def _campaign_words(campaign: PlannedCampaign) -> tuple[str, str]:
    title = f"{campaign.suite}: {campaign.programme} {campaign.step}"
    count = f"{campaign.batches} {campaign.kind} batch{'es' * (campaign.batches > 1)}"
    text = (
        f"{campaign.campaign}: {count}, first out {format_moment(campaign.first_out)}"
    )
    if campaign.changeover_start is not None:
        text += f", changeover from {format_moment(campaign.changeover_start)}"
    return f"{title}, {count}", text + (", locked" if campaign.locked else "")


def _closures(
    scenario: Scenario, site: Site
) -> Iterator[tuple[str, list[str], tuple[datetime, datetime]]]:
    """Shutdowns and outages, with the suites they hold for where not for all."""
    frame = tables.calendar(scenario)
    frame = frame[(frame.site == site.id) & frame.what.isin(["shutdown", "outage"])]
    suites: dict[tuple[str, datetime, datetime], list[str]] = {}
    columns = (frame[name] for name in ("what", "start", "end", "suite"))
    for what, start, end, suite in zip(*columns, strict=True):
        span = start.to_pydatetime(), end.to_pydatetime()
        suites.setdefault((what, *span), []).append(suite)
    for (what, start, end), names in sorted(suites.items()):
        yield what, names, (start, end)


def _add(
    found: Calendar,
    scenario: Scenario,
    name: str,
    words: tuple[str, str],
    span: tuple[datetime, datetime],
) -> None:
    """Add an event: whole days as days, else the site's own time, whatever its zone."""
    from icalendar import Event

    title, text = words
    whole = all(moment.time() == time() for moment in span)
    start, end = (moment.date() if whole else moment for moment in span)
    event = Event()
    event.add("uid", name)
    event.add("dtstamp", scenario.as_of.replace(tzinfo=UTC))  # the clock would differ
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", title)
    if text:
        event.add("description", text)
    event.add("transp", "TRANSPARENT")
    found.add_component(event)

"""The campaigns as a picture that a browser can widen: every place in time is a share.

Places in time are per cent of the horizon, so that zooming only widens the picture.
Heights are pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pandas as pd

from capacity.horizon import add_months, format_moment
from capacity.plan import Plan
from capacity.plots import KINDS, TIMES, programme_colours
from capacity.plots.choice import chosen_suites, site_names
from capacity.plots.looks import CHANGEOVER, SHADES, readable
from capacity.report.words import counted, date
from capacity.scenario import Scenario
from capacity.tables.closures import horizon

HEIGHTS = {"flags": 24, "site": 26, "suite": 42}
"""Of the ends of contracts, a site's name, a suite; page.css has the same. [px]"""

HATCHES = {kind: hatch for kind, (_, hatch) in KINDS.items() if hatch} | {
    "changeover": CHANGEOVER
}
"""Hatch of the pictures by what it marks."""

STROKES = {
    "x": "M0 0L8 8M8 0L0 8",
    "/": "M-2 2L2-2M0 8L8 0M6 10L10 6",
    "\\": "M-2 6L2 10M0 0L8 8M6-2L10 2",
    "|": "M4 0V8",
    "-": "M0 4H8",
    "+": "M4 0V8M0 4H8",
    ".": "M3 4H5",
}
"""A tile of 8 by 8 pixels for each hatch of the pictures."""


def pattern(hatch: str) -> str:
    """Path of a hatch's tile."""
    return STROKES[hatch[0]]


@dataclass(frozen=True)
class Stretch:
    """From where to where, and what is written there."""

    x: float
    """[% of the horizon]"""
    width: float
    """[% of the horizon]"""
    label: str = ""
    what: str = ""


@dataclass(frozen=True)
class Bar:
    """A campaign."""

    number: int
    """Its row among the campaigns."""
    place: Stretch
    changeover: Stretch | None
    programme: str
    kind: str
    batches: str
    colour: str
    ink: str
    locked: bool
    late: bool
    """Whether any of its batches is late."""
    words: str
    """All of it, for those who don't see it."""


@dataclass(frozen=True)
class Row:
    """A suite."""

    site: str
    suite: str
    y: int
    """[px]"""
    shades: list[Stretch]
    bars: list[Bar]


@dataclass(frozen=True)
class Place:
    """A site, above its suites."""

    site: str
    name: str
    y: int
    """[px]"""
    rows: list[Row]


class Chart:
    """Where everything stands in the picture.

    Parameters
    ----------
    scenario
        What was planned.
    plan
        The plan.
    campaigns
        Frame of `tables.campaigns`.
    calendar
        Frame of `tables.calendar`.
    """

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        campaigns: pd.DataFrame,
        calendar: pd.DataFrame,
    ) -> None:
        self.scenario = scenario
        self.plan = plan
        self.campaigns = campaigns
        self.calendar = calendar
        self.span = horizon(scenario)
        self.colours = programme_colours(each.id for each in scenario.programmes)

    @cached_property
    def days(self) -> int:
        """Length of the horizon. [day]"""
        return (self.span[1] - self.span[0]).days

    @cached_property
    def as_of(self) -> float:
        """Where the plan begins. [% of the horizon]"""
        return self._x(self.scenario.as_of)

    @cached_property
    def places(self) -> list[Place]:
        """Sites and suites from the top, as in the pictures."""
        names = site_names(self.scenario)
        owner = {suite.id: suite.site for suite in self.scenario.suites}
        places: list[Place] = []
        y = HEIGHTS["flags"]
        for _, suite in chosen_suites(self.scenario, None, None):
            site = owner[suite]
            if not places or places[-1].site != site:
                places.append(Place(site, names[site], y, []))
                y += HEIGHTS["site"]
            row = Row(site, suite, y, self._shades(suite), self._bars(suite))
            places[-1].rows.append(row)
            y += HEIGHTS["suite"]
        return places

    @cached_property
    def height(self) -> int:
        """Height of all rows. [px]"""
        suites = sum(len(place.rows) for place in self.places)
        sites = len(self.places) * HEIGHTS["site"]
        return HEIGHTS["flags"] + sites + suites * HEIGHTS["suite"]

    @cached_property
    def programmes(self) -> list[dict[str, str]]:
        """Programmes with a campaign, with their colours."""
        made = sorted(set(self.campaigns.programme))
        return [{"id": name, "colour": self.colours[name]} for name in made]

    @cached_property
    def kinds(self) -> list[tuple[str, str]]:
        """Kinds of campaigns in the plan, and their names."""
        made = set(self.campaigns.kind)
        return [(kind, name) for kind, (name, _) in KINDS.items() if kind in made]

    def has(self, mark: str) -> bool:
        """Whether any bar has a changeover, or is late, or locked."""
        return any(
            getattr(bar, mark)
            for place in self.places
            for row in place.rows
            for bar in row.bars
        )

    @cached_property
    def shades(self) -> list[tuple[str, str]]:
        """What closes or slows a suite in this plan, and its name."""
        seen = set(self.calendar.what)
        return [(what, look[0]) for what, look in SHADES.items() if what in seen]

    @cached_property
    def ends(self) -> list[Stretch]:
        """Last days of contracts, each with the programmes that end there."""
        days: dict[datetime, set[str]] = {}
        for contract in self.scenario.contracts:
            end = contract.term_end
            if end is not None and self.span[0] <= end < self.span[1]:
                days.setdefault(end, set()).add(contract.programme)
        return [
            Stretch(self._x(day), 0, ", ".join(sorted(names)), format_moment(day))
            for day, names in sorted(days.items())
        ]

    # ------------------------------------------------------------------------- the axis

    @cached_property
    def years(self) -> list[Stretch]:
        """Calendar years."""
        return self._months(12, lambda day: f"{day:%Y}")

    @cached_property
    def quarters(self) -> list[Stretch]:
        """Quarters."""
        return self._months(3, lambda day: f"Q{(day.month + 2) // 3}")

    @cached_property
    def months(self) -> list[Stretch]:
        """Months by name."""
        return self._months(1, lambda day: f"{day:%b}")

    @cached_property
    def full_months(self) -> list[Stretch]:
        """Months by name and year."""
        return self._months(1, lambda day: f"{day:%b %Y}")

    @cached_property
    def weeks(self) -> list[Stretch]:
        """Weeks from Monday."""
        monday = self.span[0] - timedelta(days=self.span[0].weekday())
        week = timedelta(days=7)
        weeks = []
        while monday < self.span[1]:
            weeks.append(self._stretch(monday, monday + week, str(monday.day)))
            monday += week
        return weeks

    def _months(self, step: int, label: Callable[[datetime], str]) -> list[Stretch]:
        start, end = self.span
        day = datetime(start.year, (start.month - 1) // step * step + 1, 1)
        found = []
        while day < end:
            later = add_months(day, step)
            found.append(self._stretch(day, later, label(day)))
            day = later
        return found

    # -------------------------------------------------------------------------- the rows

    def _shades(self, suite: str) -> list[Stretch]:
        rows = self.calendar[self.calendar.suite == suite]
        # The wait for go-live lies below, a shutdown above what it interrupts.
        order = list(SHADES)
        shades = [
            self._stretch(start, end, self._told(what, end, label), what)
            for what, start, end, label in zip(
                rows.what,
                (moment.to_pydatetime() for moment in rows.start),
                (moment.to_pydatetime() for moment in rows.end),
                rows.label,
                strict=True,
            )
        ]
        return sorted(shades, key=lambda shade: (order.index(shade.what), shade.x))

    def _told(self, what: str, end: datetime, label: str) -> str:
        if what == "before_go_live" and end < self.span[1]:
            return f"go-live {format_moment(end)}"
        return label

    def _bars(self, suite: str) -> list[Bar]:
        rows = self.campaigns[self.campaigns.suite == suite]
        bars = [self._bar(number, row) for number, row in _numbered(rows)]
        shown = [bar for bar in bars if bar.place.width > 0]
        return sorted(shown, key=lambda bar: (bar.place.x, bar.number))

    def _bar(self, number: int, row: dict[str, Any]) -> Bar:
        start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
        change, id_ = row["changeover_start"], row["campaign"]
        colour = self.colours[row["programme"]]
        return Bar(
            number=number,
            place=self._stretch(start, end),
            changeover=self._stretch(datetime.fromisoformat(change), start)
            if change
            else None,
            programme=row["programme"],
            kind=row["kind"],
            batches=f"{TIMES}{row['batches']}",
            colour=colour,
            ink=readable(colour),
            locked=id_ in self._locked,
            late=id_ in self._late,
            words=self._words(row),
        )

    def _words(self, row: dict[str, Any]) -> str:
        kind = KINDS[row["kind"]][0]
        said = [
            f"{row['programme']}, {counted(row['batches'], 'batch', 'batches')}, {kind}",
            f"{row['suite']}, {date(row['start'])} to {date(row['end'])}",
        ]
        late = self._late.get(row["campaign"], 0)
        said += ["locked"] if row["campaign"] in self._locked else []
        said += [f"{counted(late, 'batch', 'batches')} late"] if late else []
        return "; ".join(said)

    @cached_property
    def _locked(self) -> set[str]:
        return {row.campaign for row in self.plan.campaigns if row.locked}

    @cached_property
    def _late(self) -> dict[str, int]:
        """Late batches by campaign."""
        found: dict[str, int] = {}
        for batch in self.plan.batches:
            if batch.campaign is not None and batch.late_days:
                found[batch.campaign] = found.get(batch.campaign, 0) + 1
        return found

    # ----------------------------------------------------------------------------- time

    def _x(self, moment: datetime) -> float:
        whole = self.span[1] - self.span[0]
        return round(100 * ((moment - self.span[0]) / whole), 4)

    def _stretch(
        self, start: datetime, end: datetime, label: str = "", what: str = ""
    ) -> Stretch:
        """The part of it within the horizon."""
        left, right = (min(max(self._x(day), 0.0), 100.0) for day in (start, end))
        return Stretch(left, round(right - left, 4), label, what)


def _numbered(rows: pd.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    records = ({str(k): v for k, v in row.items()} for row in rows.to_dict("records"))
    return zip((int(number) for number in rows.index), records, strict=True)

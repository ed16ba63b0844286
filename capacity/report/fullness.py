"""How full suites, QC and QA are: a line for each, a field for each year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from capacity import tables
from capacity.plots.choice import chosen_suites, site_names
from capacity.plots.looks import FULL
from capacity.report.words import share
from capacity.scenario import Scenario


@dataclass(frozen=True)
class Month:
    """What a month uses of what is available."""

    number: int
    """0 in January."""
    height: float
    """Its load, no more than is available. [%]"""
    look: str
    """closed, used, or full where it is above the comfortable load."""
    words: str


@dataclass(frozen=True)
class Year:
    """A year of a resource."""

    year: str
    load: float | None
    months: list[Month]

    @property
    def full(self) -> bool:
        """Whether the year as a whole is above the comfortable load."""
        return self.load is not None and self.load > FULL


@dataclass(frozen=True)
class Resource:
    """A suite, or QC or QA of a site."""

    site: str
    site_name: str
    name: str
    kind: str
    years: list[Year]


def fullness(scenario: Scenario, load: pd.DataFrame) -> list[Resource]:
    """Take the load apart by resource and year.

    Parameters
    ----------
    scenario
        What was planned.
    load
        Frame of `tables.load`.

    Returns
    -------
    list of Resource
        Suites as in the pictures, then QC and QA of each site.
    """
    names = site_names(scenario)
    yearly = tables.yearly_load(load)
    return [
        Resource(
            site,
            names[site],
            name,
            kind,
            _years(name, kind, _of(load, site, name), _of(yearly, site, name)),
        )
        for site, name, kind in _resources(scenario)
    ]


def _resources(scenario: Scenario) -> list[tuple[str, str, str]]:
    owner = {suite.id: suite.site for suite in scenario.suites}
    suites = [suite for _, suite in chosen_suites(scenario, None, None)]
    sites = dict.fromkeys([*(owner[suite] for suite in suites), *site_names(scenario)])
    found = [(owner[suite], suite, "suite") for suite in suites]
    return found + [
        (site, kind.upper(), kind) for site in sites for kind in ("qc", "qa")
    ]


def _of(frame: pd.DataFrame, site: str, name: str) -> pd.DataFrame:
    return frame[(frame.site == site) & (frame.resource == name)]


def _years(
    name: str, kind: str, monthly: pd.DataFrame, yearly: pd.DataFrame
) -> list[Year]:
    months: dict[str, list[Month]] = {}
    for row in monthly.to_dict("records"):
        year, _, number = str(row["month"]).partition("-")
        cells = {str(column): cell for column, cell in row.items()}
        months.setdefault(year, []).append(_month(name, kind, int(number) - 1, cells))
    return [
        Year(str(year), None if pd.isna(load) else float(load), months[str(year)])
        for year, load in zip(yearly.year, yearly.load, strict=True)
    ]


def _month(name: str, kind: str, number: int, row: dict[str, Any]) -> Month:
    unit = "days" if kind == "suite" else "starts"
    said = f"{row['month']} · {name}: "
    if not row["available"]:
        look = "full" if row["used"] else "closed"
        said += (
            f"{row['used']:g} {unit} used, none available" if row["used"] else "none"
        )
        return Month(number, 100.0, look, said)
    load = float(row["load"])
    said += f"{row['used']:.1f} of {row['available']:.1f} {unit}, {share(load)}"
    look = "full" if load > FULL else "used"
    return Month(number, round(100 * min(load, 1.0), 2), look, said)

"""What a picture shows: the days, the suites, the campaigns that were asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from capacity.horizon import format_moment
from capacity.plots.panel import Row, Span
from capacity.scenario import Scenario


def chosen_span(
    scenario: Scenario, start: datetime | None, end: datetime | None
) -> Span:
    """Days to draw, half-open, those of the horizon where not asked otherwise."""
    first, last = start or scenario.horizon.start, end or scenario.horizon.end
    if last < first:
        msg = f"{format_moment(last)} is before {format_moment(first)}"
        raise ValueError(msg)
    if last < scenario.as_of or first > scenario.horizon.end:
        known = (
            f"{format_moment(scenario.as_of)} to {format_moment(scenario.horizon.end)}"
        )
        msg = f"the plan runs from {known}; nothing of that is to be drawn"
        raise ValueError(msg)
    return first, last + timedelta(days=1)


def site_names(scenario: Scenario) -> dict[str, str]:
    """Name of each site by id; its id where two have the same name."""
    names = [site.name for site in scenario.sites]
    return {
        site.id: site.name if names.count(site.name) == 1 else site.id
        for site in scenario.sites
    }


def chosen_suites(
    scenario: Scenario, site: str | None, programme: str | None
) -> list[Row]:
    """Name of the site and id of each suite to show, the site that ran first on top."""
    names = site_names(scenario)
    steps = {each.id: each.recipe for each in scenario.programmes}
    for given, known, what in ((site, names, "site"), (programme, steps, "programme")):
        if given is not None and given not in known:
            msg = f"no {what} {given}; there are {', '.join(sorted(known))}"
            raise ValueError(msg)
    able = {suite for step in steps.get(programme or "", ()) for suite in step.suites}
    rows = [
        (names[suite.site], suite.id)
        for _, owner in by_opening(scenario)
        for suite in scenario.suites
        if suite.enabled
        and suite.site == owner
        and site in (None, owner)
        and (programme is None or suite.id in able)
    ]
    if not rows:
        which = " ".join(filter(None, (programme, site and f"at {site}")))
        msg = f"no suite in use for {which}"
        raise ValueError(msg)
    return rows


def only(scenario: Scenario, site: str | None, programme: str | None) -> list[str]:
    """Say which part of a plan is shown, where it is a part."""
    said = [f"{site_names(scenario)[site]} only"] if site else []
    return [*said, f"{programme} only"] if programme else said


def suites_only(
    scenario: Scenario, site: str | None, programme: str | None
) -> list[str]:
    """The same where suites are shown with all that they make."""
    said = only(scenario, site, None)
    return [*said, f"suites that may run {programme}"] if programme else said


def by_opening(scenario: Scenario) -> list[tuple[datetime, str]]:
    """First go-live of each site that has a suite in use, and its id, in order."""
    opened: dict[str, datetime] = {}
    for suite in scenario.suites:
        if suite.enabled:
            opened[suite.site] = min(
                suite.go_live, opened.get(suite.site, datetime.max)
            )
    return sorted((day, owner) for owner, day in opened.items())

"""Horizon, grid and dates that can't be meant together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

from pydantic import BaseModel

from capacity.horizon import coarsest_tick, days_between, format_days, format_moment
from capacity.scenario import Rate, Scenario, Step, SuiteRate
from capacity.validate.names import Finding
from capacity.validate.network import Network

MINUTE = Fraction(1, 1440)
"""What dates in files are whole numbers of. [day]"""


MOST_TICKS = 2_000_000
"""Ticks in a horizon that a solver still takes."""


def horizon(network: Network) -> Iterator[Finding]:
    """The horizon has a day, and today lies in it."""
    span, as_of = network.scenario.horizon, network.scenario.as_of
    if span.end < span.start:
        text = (
            f"{format_moment(span.end)} is before the start "
            f"{format_moment(span.start)}: the horizon has no day"
        )
        yield Finding("horizon.end", text)
    elif not span.start <= as_of < network.end:
        yield Finding("as_of", f"{format_moment(as_of)} is outside the horizon")


def grid(network: Network) -> Iterator[Finding]:
    """Every stated duration is whole on a grid that a solver can take."""
    scenario = network.scenario
    tick = network.grid.tick
    if scenario.horizon.end < scenario.horizon.start:
        return
    if (1 / tick).denominator != 1:  # only a stated one can be
        text = f"a day isn't a whole number of ticks of {format_days(tick)}"
        yield Finding("resolution_days", text)
        return
    if scenario.resolution_days is not None:
        yield from _misfits(scenario, tick)
    between = list(_between_minutes(scenario))
    yield from between
    ticks = days_between(scenario.horizon.start, network.end) / tick
    if not between and ticks > MOST_TICKS:
        at = "resolution_days" if scenario.resolution_days else "horizon"
        text = (
            f"has more than 2 million ticks of {format_days(tick)}; take a coarser grid"
        )
        yield Finding(at, text)


def _misfits(scenario: Scenario, tick: Fraction) -> Iterator[Finding]:
    """Durations and times of day that miss a stated grid."""
    for path, days in scenario.durations():
        if (days / tick).denominator != 1:
            text = f"{format_days(days)} don't fit a grid of {format_days(tick)}"
            if isinstance(_value(scenario, path), datetime):
                text = f"the time of day doesn't fit a grid of {format_days(tick)}"
            yield Finding(_data_path(scenario, path), text)


def _between_minutes(scenario: Scenario) -> Iterator[Finding]:
    """What asks for a grid between whole minutes: no file could hold its dates.

    If every duration is whole minutes, so is the coarsest grid on which all are whole.
    """
    stated = scenario.resolution_days
    asking = scenario.durations()
    if stated is not None:
        asking = [("resolution_days", stated)]
    for path, days in asking:
        if (days / MINUTE).denominator != 1:
            tick = coarsest_tick([days])
            why = "finer than a minute" if tick < MINUTE else "not in whole minutes"
            text = f"needs a time grid of {format_days(tick)}, {why}"
            yield Finding(_data_path(scenario, path), text)


def _value(value: object, path: str) -> object:
    """What stands at a path of `scenario.walk`."""
    for piece in path.split("."):
        if isinstance(value, BaseModel):
            value = getattr(value, piece)
        elif isinstance(value, dict):
            value = value[piece]
        elif isinstance(value, list):
            ids = [getattr(item, "id", None) for item in value]
            value = value[ids.index(piece) if piece in ids else int(piece)]
    return value


def _data_path(value: object, path: str) -> str:
    """A path of `scenario.walk` in the words of the file."""
    said: list[str] = []
    for piece in path.split("."):
        word = piece
        if isinstance(value, BaseModel):
            word = type(value).model_fields[piece].alias or piece
        below = _value(value, piece)
        if isinstance(below, Step):
            word = below.step
        if isinstance(below, SuiteRate):
            word = below.programme
        said.append(word)
        value = below
    return ".".join(said)


def rates(network: Network) -> Iterator[Finding]:
    """Steps of a rate are in order of their dates."""
    for site in network.scenario.sites:
        parts: list[tuple[str, list[Rate]]] = [
            ("qc_batches", site.qc_batches),
            ("qa_reviewers", site.qa_reviewers),
            ("transfer_slots", site.transfer_slots),
        ]
        for key, steps in parts:
            for number in range(1, len(steps)):
                if steps[number].start <= steps[number - 1].start:
                    path = f"sites.{site.id}.{key}.{number}.from"
                    said = format_moment(steps[number].start)
                    before = format_moment(steps[number - 1].start)
                    text = f"{said} doesn't come after {before}"
                    yield Finding(path, text, f"site {site.id}: {key}")
        for number, slots in enumerate(site.transfer_slots):
            if slots.value.denominator != 1:
                path = f"sites.{site.id}.transfer_slots.{number}.value"
                text = f"should be a whole number of transfers at a time, not {slots.value}"
                yield Finding(path, text, f"site {site.id}: transfer_slots")

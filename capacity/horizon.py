"""Dates and exact durations: the only room that turns time into ticks and back."""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

SECONDS_PER_DAY = 86_400


def add_months(moment: datetime, months: int) -> datetime:
    """The same day `months` later, or the last day of a month that is too short."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def months_on(day: datetime, months: int) -> datetime:
    """The same day `months` later; the last day of a month stays the last day of one."""
    found = add_months(day, months)
    if day.day < calendar.monthrange(day.year, day.month)[1]:
        return found
    return found.replace(day=calendar.monthrange(found.year, found.month)[1])


def days_between(start: datetime, end: datetime) -> Fraction:
    """Exact time from `start` to `end`. [day]"""
    gap = end - start
    return gap.days + Fraction(gap.seconds, SECONDS_PER_DAY)


@dataclass(frozen=True)
class Grid:
    """Whole ticks counted from the start of the horizon."""

    origin: datetime
    """Tick 0."""

    tick: Fraction
    """Length of one tick. [day]"""

    def whole(self, days: Fraction) -> int:
        """Ticks in a duration that fits the grid.

        Raises
        ------
        ValueError
            If `days` isn't a whole number of ticks.
        """
        ticks, rest = divmod(
            days.numerator * self.tick.denominator,
            days.denominator * self.tick.numerator,
        )
        if rest:
            msg = (
                f"{format_days(days)} don't fit a time grid of {format_days(self.tick)}"
            )
            raise ValueError(msg)
        return ticks

    def up(self, days: Fraction) -> int:
        """Ticks in a duration, rounded up."""
        return math.ceil(days / self.tick)

    def at(self, moment: datetime) -> int:
        """Tick of a moment on the grid (ValueError if it is off the grid)."""
        return self.whole(days_between(self.origin, moment))

    def moment(self, tick: int) -> datetime:
        """Moment of a tick."""
        seconds = tick * self.tick * SECONDS_PER_DAY
        return self.origin + timedelta(
            seconds=seconds.numerator // seconds.denominator,
            microseconds=int(seconds % 1 * 1_000_000),
        )

    def days(self, ticks: int) -> Fraction:
        """Length of so many ticks. [day]"""
        return ticks * self.tick


def coarsest_tick(durations: list[Fraction]) -> Fraction:
    """Longest tick, at most a day, on which all `durations` are whole. [day]"""
    tick = Fraction(1)
    for days in durations:
        tick = Fraction(
            math.gcd(
                tick.numerator * days.denominator, days.numerator * tick.denominator
            ),
            tick.denominator * days.denominator,
        )
    return tick


def format_days(days: Fraction) -> str:
    """`14 days`, `1/6 days`, `1 day`."""
    return f"{days} day" if days == 1 else f"{days} days"


def format_moment(moment: datetime) -> str:
    """ISO date at midnight, else ISO minutes."""
    if moment.hour == moment.minute == 0:
        return moment.date().isoformat()
    return moment.isoformat(timespec="minutes")

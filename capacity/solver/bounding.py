"""The other core: the smaller parts of a plan searched there, then a bound by prices."""

from __future__ import annotations

from typing import Literal

from capacity.aside import Aside, Job, Task
from capacity.instance import DAY
from capacity.plan import Price
from capacity.solver.state import State

BOUND_SHARE = 0.15
"""Share of the budget for the bound by prices, where it decides when to stop. Elsewhere
the second core bounds for as long as the first one searches, and isn't charged."""

SWEEP_PER_BATCH = 0.00066
"""Nominal seconds in which that bound plans every programme once, per batch. [s]"""

MOST_SWEEPS = 10_000
"""Where seconds end it."""

CLOSER_SHARE = 0.15
"""Share of it for planning every step more closely at the last prices."""

FINE_SWEEP, FINE_SHARE = 3, 0.4
"""How many others one of the last sweeps, on a finer grid, takes as long as; their share."""


def start_aside(state: State, tasks: list[Task], searched: float) -> float:
    """In another process: the smaller parts searched, then a bound by prices.

    Parameters
    ----------
    state
        With a plan.
    tasks
        The parts.
    searched
        How long they take in all. [nominal s]

    Returns
    -------
    float
        What the bound is charged when it ends. [nominal s]
    """
    assert state.best is not None
    timed = state.clock.time_limit is not None
    first = state.bound_first
    share = BOUND_SHARE if first else 1.0
    each = SWEEP_PER_BATCH * max(1, len(state.best.batches))
    left = share * state.clock.left - searched
    sweeps = int((1 - CLOSER_SHARE) * left / each)
    polish = int(FINE_SHARE * sweeps / FINE_SWEEP)
    sweeps = max(0, sweeps - polish * FINE_SWEEP)
    if not state.instance.groups:
        sweeps = 0
    if sweeps < 1 and not tasks:
        return 0.0
    charged = share * state.clock.left if first else 0.0
    job = Job(
        state.instance,
        state.best.bill.regret,
        MOST_SWEEPS if timed else sweeps,
        polish,
        searched + sweeps * each if timed else None,
        tuple(tasks),
        state.by_levels,
    )
    try:
        state.aside = Aside(job)
    except OSError as error:
        state.log(f"no second process: {error}")
        state.aside_failed = True
    return charged


def end_bound(state: State, charged: float) -> None:
    """Take the bound of the other process; only a limit doesn't wait for it."""
    if state.aside is None:
        return
    aside, timed = state.aside, state.clock.time_limit is not None
    sweeps = aside.wait(lambda: state.clock.halted() or (timed and _met(state, aside)))
    state.aside = None
    state.bounds += [(at - state.clock.began, value) for at, value in aside.told]
    state.clock.charge(charged)
    if sweeps is None and not timed and not state.clock.halted():
        state.log(f"the bound's process failed: {aside.process.returncode}")
        state.aside_failed = True
        return
    state.log(f"bound by prices: {aside.latest} after {sweeps} sweeps")
    state.prices = by_week(state, aside.prices)
    state.suite_prices = {
        suite.index: {week: row[suite.index] for week, row in aside.prices.items()}
        for suite in state.instance.suites
        if aside.prices
    }
    state.raise_bound(aside.latest)


def by_week(state: State, prices: dict[int, list[float]]) -> list[Price]:
    """Prices in the planner's terms, from the week of `as_of` on.

    Of QC and QA from the next on, as that week isn't priced, nor the first of all.
    """
    instance = state.instance
    day = instance.grid.whole(DAY)
    units: list[tuple[str, Literal["day", "batch"], int]] = [
        *((suite.id, "day", day) for suite in instance.suites),
        *((f"QC at {site}", "batch", 1) for site in instance.sites),
        *((f"QA at {site}", "batch", 1) for site in instance.sites),
    ]
    return [
        Price(
            resource=name,
            week=instance.grid.moment(week),
            unit=unit,
            price=round(rows[number] * size, 2),
        )
        for number, (name, unit, size) in enumerate(units)
        for week, rows in sorted(prices.items())
        if instance.as_of - 7 * day < week < instance.horizon_end
        and (unit == "day" or (week >= instance.as_of and week > min(prices)))
    ]


def _met(state: State, aside: Aside) -> bool:
    """Whether a better bound would change nothing."""
    assert state.best is not None
    return state.within_gap() or aside.latest >= state.best.bill.regret

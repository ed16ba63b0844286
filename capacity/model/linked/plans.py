"""From a solution of linked campaigns to a schedule, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from ortools.sat.python.cp_model import IntVar, LinearExprT

from capacity.model.linked.trains import Train, Trains, takts_of
from capacity.model.plans import NotInModel
from capacity.schedule import Run, Schedule, Unit

Value = tuple[IntVar, int]


def found_linked(trains: Trains, value: Callable[[LinearExprT], int]) -> Schedule:
    """The schedule that a solution describes."""
    runs = [run for train in trains.rows for run in _runs(train, value)]
    return Schedule(trains.v.instance, tuple(runs))


def _runs(train: Train, value: Callable[[LinearExprT], int]) -> Iterator[Run]:
    count = sum(value(more) for more in train.more)
    feed: Unit | None = None
    for leg in train.legs if count else ():
        suite = next(suite for suite, literal in leg.here.items() if value(literal))
        starts = [value(start) for start in leg.starts[:count]]
        nothing = (None,) * count
        yield Run(
            leg.step.index, suite, starts[0], takts_of(leg.step)[suite], nothing, nothing,
            feed=feed, paced=tuple(starts) if leg.step.linked else (),
        )  # fmt: skip
        feed = suite, starts[0]


def values_linked(trains: Trains, schedule: Schedule) -> list[Value]:
    """Values of the decisions that make the model's plan this schedule.

    Raises
    ------
    NotInModel
        If the model has no description of the schedule.
    """
    found: list[Value] = []
    users = {run.feed: run for run in schedule.runs if run.feed is not None}
    rows: defaultdict[int, list[Train]] = defaultdict(list)
    for train in trains.rows:
        rows[train.programme].append(train)
    steps = schedule.instance.steps
    firsts = [run for run in schedule.runs if steps[run.step].before is None]
    for run in sorted(firsts, key=lambda run: (run.start, run.suite)):
        waiting = rows[steps[run.step].programme]
        if not waiting or run.batches > len(waiting[0].more):
            raise NotInModel
        train = waiting.pop(0)
        at: Run | None = run
        found += [(x, int(k < run.batches)) for k, x in enumerate(train.more)]
        outs: list[int] = []
        for leg in train.legs:
            if at is None or at.suite not in leg.here or at.batches != run.batches:
                raise NotInModel
            if leg.step.direct_hold == 0 and at.starts() != outs:
                raise NotInModel
            outs = [start + leg.step.modes[at.suite].lead for start in at.starts()]
            found += [(x, int(s == at.suite)) for s, x in leg.here.items()]
            for start, tick in zip(leg.starts, at.starts(), strict=False):
                if isinstance(start, IntVar):
                    found.append((start, tick))
            at = users.get((at.suite, at.start))
    for train in (train for waiting in rows.values() for train in waiting):
        found.append((train.present, 0))
    return found

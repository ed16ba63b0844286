"""A front of two objectives: plans of which none is better in one and no worse in the other.

Each end is the best plan for one objective. Between two neighbours the next plan is looked
for at the prices at which both cost alike: what costs less lies nearer to the ideal than the
line through them. So every plan found is the best at some prices, if its search proves it, and
every search proves a line that no plan lies beyond. Plans behind the line through their
neighbours aren't looked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from capacity import runs, tables
from capacity.aims import Weights, figure, regret_of
from capacity.checker import target_deficit, throughput
from capacity.folders import (
    OutputError,
    absolute,
    probe,
    recover,
    unwritable,
    whole_folder,
)
from capacity.instance import Instance, build
from capacity.plan import Plan
from capacity.reading import Loaded
from capacity.scenario import AMOUNTS, Objective, Scenario
from capacity.solver import Result, Status, Tier

Search = Callable[[Weights, Plan | None], Result]
"""Searches at some prices, from a plan where there is one."""

MOST = 9
"""Searches for a front, unless another number is asked for."""


@dataclass(frozen=True)
class Point:
    """A plan of the front; both values are to be the least, in whole parts."""

    result: Result
    pair: tuple[int, int]

    @property
    def plan(self) -> Plan:
        """The plan."""
        assert self.result.plan is not None
        return self.result.plan


@dataclass(frozen=True)
class Line:
    """What no plan goes below: the sum of both values, weighted."""

    weights: tuple[int, int]
    bound: int

    def least(self, other: int | Fraction, which: int) -> Fraction | None:
        """Least of one value where the other is at most so much; none if it says nothing."""
        if not self.weights[which]:
            return None
        rest = self.bound - self.weights[1 - which] * other
        return Fraction(rest) / self.weights[which]


@dataclass
class Front:
    """Points in order of the first objective, and what is proved."""

    instance: Instance
    objectives: tuple[Objective, Objective]
    points: list[Point] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    rejected: Result | None = None
    """A plan that the checker refused."""
    without: Result | None = None
    """The search that found no plan at all."""

    def least(self, other: int, which: int) -> int:
        """Proved of one value, where the other is at most so much."""
        return math.ceil(self.exactly(other, which))

    def exactly(self, other: int | Fraction, which: int) -> Fraction:
        """The same before it is rounded up: values are whole."""
        found = [line.least(other, which) for line in self.lines]
        return max([Fraction(0), *(x for x in found if x is not None)])

    def proved(self, point: Point) -> bool:
        """Whether no plan is better in one objective and no worse in the other."""
        first, second = point.pair
        return self.least(second, 0) == first and self.least(first, 1) == second

    def said(self, which: int, value: int | Fraction) -> int | float:
        """A value as the objective says it. [money] or [unit]"""
        return tables.plainly(figure(self.instance, self.objectives[which], value))


def search_front(
    scenario: Scenario,
    objectives: tuple[Objective, Objective],
    search: Search,
    *,
    most: int = MOST,
    stopped: Callable[[], bool] = lambda: False,
) -> Front:
    """Look for the plans of a front, the largest gaps first.

    Parameters
    ----------
    scenario
        Everything in it is made to stock; its objective is one of the two.
    objectives
        Both objectives, one of money at the most.
    search
        Called for each plan.
    most
        Searches at the most, those for both ends included.
    stopped
        Whether to end with what there is.
    """
    front = Front(build(scenario), objectives)
    tried: set[tuple[int, int]] = set()
    for _ in range(most):
        weights = _next(front, tried)
        if weights is None or (tried and stopped()):  # the first says that it was
            break
        tried.add(weights)
        start = min(front.points, key=lambda p: _worth(weights, p.pair), default=None)
        begun = None if start is None else start.plan
        result = search(_weights(objectives, weights), begun)
        if result.breaches:
            front.rejected = result
            return front
        if result.plan is None:
            front.without = result if not front.points else None
            return front
        front.lines.append(Line(weights, result.priced_bound))
        found = Point(result, _values(front, result.plan))
        front.points = _best([*front.points, found])
    return front


def _next(front: Front, tried: set[tuple[int, int]]) -> tuple[int, int] | None:
    """Weights of the next search: both ends, then the widest gap that is open."""
    for end in ((1, 0), (0, 1)):
        if end not in tried:
            return end
    gaps: list[tuple[Fraction, tuple[int, int]]] = []
    points = front.points
    for one, other in pairwise(points):
        first, second = other.pair[0] - one.pair[0], one.pair[1] - other.pair[1]
        shared = math.gcd(first, second)
        weights = second // shared, first // shared
        wide = Fraction(first, points[-1].pair[0] - points[0].pair[0])
        high = Fraction(second, points[0].pair[1] - points[-1].pair[1])
        if weights not in tried:
            gaps.append((wide + high, weights))
    return max(gaps)[1] if gaps else None


def _best(points: Sequence[Point]) -> list[Point]:
    """Those that no other betters, in order of the first objective."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: point.pair):
        if not found or point.pair[1] < found[-1].pair[1]:
            found.append(point)
    return found


def _worth(weights: tuple[int, int], at: tuple[int, int]) -> int:
    return weights[0] * at[0] + weights[1] * at[1]


def _weights(
    objectives: tuple[Objective, Objective], weights: tuple[int, int]
) -> Weights:
    """The weights by what they are of."""
    names = [name if name in AMOUNTS else "money" for name in objectives]
    return Weights(**dict(zip(names, weights, strict=True)))


def _values(front: Front, plan: Plan) -> tuple[int, int]:
    """Both values of a plan, as the checker counts them."""
    scenario = front.instance.scenario
    told: dict[str, Callable[[Scenario, Plan], Fraction]] = {
        "throughput": throughput,
        "target_deficit": target_deficit,
    }
    found = [
        regret_of(
            front.instance,
            name,
            told[name](scenario, plan) if name in told else plan.objective,
        )
        for name in front.objectives
    ]
    return found[0], found[1]


# ---------------------------------------------------------------------------- folder


def table(front: Front) -> pd.DataFrame:
    """The front as in `front.csv`.

    Returns
    -------
    DataFrame
        point, run, both objectives, of each what no plan betters that is as good in the
        other, and whether that proves the point.
    """
    return pd.DataFrame(list(_rows(front)), columns=columns(front), dtype=object)


def columns(front: Front) -> list[str]:
    """Names of the table's columns."""
    first, second = front.objectives
    names = [first, second, f"{first}_bound", f"{second}_bound"]
    return ["point", "run", *names, "proved"]


def _rows(front: Front) -> Iterator[list[object]]:
    for number, point in enumerate(front.points, start=1):
        values = [front.said(which, point.pair[which]) for which in (0, 1)]
        bounds = [
            front.said(which, front.least(point.pair[1 - which], which))
            for which in (0, 1)
        ]
        proved = "yes" if front.proved(point) else "no"
        yield [number, f"point-{number}", *values, *bounds, proved]


def ensure_writable(directory: Path, *, overwrite: bool) -> None:
    """Refuse a place that no front can be written to, before any time is spent.

    Raises
    ------
    OutputError
        If the folder exists and `overwrite` is false, if it holds anything else than a
        front, or if nothing can be written there.
    """
    place = absolute(directory)
    try:
        recover(place)
        if place.exists() and not place.is_dir():
            msg = f"{directory} is a file; a front needs a folder"
            raise OutputError(msg)
        if place.exists() and not overwrite:
            msg = (
                f"{directory} exists; --overwrite replaces it, -o names another folder"
            )
            raise OutputError(msg)
        held = {path.name for path in place.iterdir()} if place.exists() else set()
        if held and "front.csv" not in held:
            msg = f"{directory} isn't a front, so it isn't replaced; -o names another"
            raise OutputError(msg)
        probe(place.parent)
    except OSError as error:
        raise unwritable(directory, error) from error


def write(
    front: Front,
    directory: Path,
    loaded: Loaded,
    *,
    options: dict[str, Any],
    seed: int,
    overwrite: bool,
) -> None:
    """Write a front into a folder: table, picture and the run folder of every plan.

    Raises
    ------
    OutputError
        If the folder exists and `overwrite` is false, or can't be written.
    """
    from capacity import plots

    ensure_writable(directory, overwrite=overwrite)
    rows = table(front)
    with whole_folder(absolute(directory)) as folder:
        for number, point in enumerate(front.points, start=1):
            runs.write_run(
                *(folder / f"point-{number}", loaded, _alone(front, point)),
                options=options,
                seed=seed,
                overwrite=False,
            )
        (folder / "front.csv").write_bytes(tables.to_csv(rows).encode())
        figure = plots.front_figure(
            loaded.scenario, rows, front.objectives, edge(front)
        )
        plots.save(figure, folder / "front.png")


def _alone(front: Front, point: Point) -> Result:
    """The result of a point as a plan for the scenario's own objective."""
    result, asked = point.result, front.instance.scenario.objective
    which = front.objectives.index(asked)
    own = [line.bound for line in front.lines if line.weights[1 - which] == 0]
    least = max(own, default=0)  # none, where it was stopped before
    tiers = [Tier("regret", point.plan.objective, result.bound)]
    if asked in AMOUNTS:
        bound = figure(front.instance, asked, least)
        result = replace(result, amount_bound=bound)
    else:
        result = replace(result, bound=least)
        tiers = [Tier("regret", point.plan.objective, least)]
    status: Status = "optimal" if point.pair[which] == least else "feasible"
    return replace(result, status=status, tiers=tiers, history=[])


def edge(front: Front) -> list[tuple[float, float]]:
    """Corners of what no plan goes beyond, from the first end to the other."""
    if not front.points:
        return []
    low, high = (Fraction(front.points[end].pair[0]) for end in (0, -1))
    stops = sorted({low, high, *_crossings(front, low, high)})
    return [
        (float(front.said(0, at)), float(front.said(1, front.exactly(at, 1))))
        for at in stops
    ]


def _crossings(front: Front, low: Fraction, high: Fraction) -> Iterator[Fraction]:
    """Where lines cross, in between."""
    for number, one in enumerate(front.lines):
        for other in front.lines[:number]:
            (a, b), (c, d) = one.weights, other.weights
            if a * d != b * c:
                at = Fraction(one.bound * d - other.bound * b, a * d - b * c)
                if low < at < high:
                    yield at

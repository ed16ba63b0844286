"""A front of two objectives: plans of which none is better in one and no worse in the other.

Each end is the best plan for one objective. Between two neighbours the next plan is looked
for at the prices at which both cost alike: what costs less lies nearer to the ideal than the
line through them. So every plan found is the best at some prices, if its search proves it, and
every search proves a line that no plan lies beyond. Where that finds nothing more, plans behind
the line through their neighbours are looked for: the best for one objective where the other is
held to a value between theirs.
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

from capacity import folders, runs, tables
from capacity.aims import Weights, figure, reached, weighted
from capacity.folders import absolute, whole_folder
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
class Ask:
    """What a search is asked for."""

    weights: tuple[int, int]
    """Of both values, whose sum is to be the least."""
    held: tuple[int, int] | None = None
    """(which value, its most), where one is held."""

    def keeps(self, pair: tuple[int, int]) -> bool:
        """Whether a plan is as good as it is held to be."""
        return self.held is None or pair[self.held[0]] <= self.held[1]


@dataclass(frozen=True)
class Line:
    """What no plan goes below: the sum of both values, weighted."""

    weights: tuple[int, int]
    bound: int
    held: tuple[int, int] | None = None
    """(which value, its most): of plans that keep it alone anything is said."""

    def least(self, other: int | Fraction, which: int) -> Fraction | None:
        """Least of one value where the other is at most so much; none if it says nothing."""
        if not self.weights[which]:
            return None
        rest = self.bound - self.weights[1 - which] * other
        found = Fraction(rest) / self.weights[which]
        if self.held is None:
            return found
        held, most = self.held
        if which == held:  # or it isn't kept
            return min(found, Fraction(most + 1))
        return found if other <= most else None

    def sides(self) -> list[tuple[int, int, int]]:
        """(a, b, c) of every straight part of its edge: a x + b y = c."""
        found = [(*self.weights, self.bound)]
        if self.held is not None:
            which, most = self.held
            ends = [most, most + 1]
            found += [(1 - which, which, end) for end in ends]
        return found


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
    tried: set[Ask] = set()
    for _ in range(most):
        ask = _next(front, tried)
        if ask is None or (tried and stopped()):  # the first says that it was
            break
        tried.add(ask)
        starts = [point for point in front.points if ask.keeps(point.pair)]
        start = min(starts, key=lambda p: _worth(ask.weights, p.pair), default=None)
        begun = None if start is None else start.plan
        result = search(_weights(objectives, ask), begun)
        if result.breaches:
            front.rejected = result
            return front
        if result.plan is None:
            front.without = result if not front.points else None
            return front
        front.lines.append(Line(ask.weights, result.priced_bound, ask.held))
        found = Point(result, _values(front, result.plan))
        front.points = _best([*front.points, found])
    return front


def _next(front: Front, tried: set[Ask]) -> Ask | None:
    """The next search: both ends, then the widest gap, along its line and then behind it."""
    for end in (Ask((1, 0)), Ask((0, 1))):
        if end not in tried:
            return end
    gaps = sorted(pairwise(front.points), key=lambda gap: -_width(front, gap))
    held = [ask.held[1] for ask in tried if ask.held is not None]
    corners = _corners(front.points)
    for gap in gaps:
        along = _along(gap)
        if along not in tried and all(point in corners for point in gap):
            return along
        between = _between(front, gap, held)
        if between is not None:
            return between
    return None


def _corners(points: Sequence[Point]) -> list[Point]:
    """Those that no line through two others lies before."""
    found: list[Point] = []
    for point in points:
        x, y = point.pair
        while len(found) > 1:
            (a, b), (c, d) = found[-2].pair, found[-1].pair
            if (c - a) * (y - b) > (d - b) * (x - a):
                break
            found.pop()
        found.append(point)
    return found


def _width(front: Front, gap: tuple[Point, Point]) -> Fraction:
    """How wide a gap is, as shares of what all points span in both values."""
    one, other = gap
    ends = front.points[0].pair, front.points[-1].pair
    wide = Fraction(other.pair[0] - one.pair[0], ends[1][0] - ends[0][0])
    return wide + Fraction(one.pair[1] - other.pair[1], ends[0][1] - ends[1][1])


def _along(gap: tuple[Point, Point]) -> Ask:
    """Both values weighted so that the two plans of a gap cost alike."""
    one, other = gap
    first, second = other.pair[0] - one.pair[0], one.pair[1] - other.pair[1]
    shared = math.gcd(first, second)
    return Ask((second // shared, first // shared))


def _between(
    front: Front, gap: tuple[Point, Point], tried: Sequence[int]
) -> Ask | None:
    """The best for one objective, then for the other, an amount, held to the gap's middle.

    None where nothing can lie between, or it was looked for.
    """
    which = 1 if front.objectives[1] in AMOUNTS else 0
    good, bad = sorted(gap, key=lambda point: point.pair[which])
    low, high = good.pair[which], bad.pair[which]
    low = max([low, *(most for most in tried if low <= most < high)])
    while high - low > 1:
        middle = (low + high) // 2
        if front.least(middle, 1 - which) < good.pair[1 - which]:
            strict = 1 + middle - min(point.pair[which] for point in front.points)
            return Ask((1, strict) if which == 0 else (strict, 1), (which, middle))
        low = middle  # none so good is better than the one in hand
    return None


def _best(points: Sequence[Point]) -> list[Point]:
    """Those that no other betters, in order of the first objective."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: point.pair):
        if not found or point.pair[1] < found[-1].pair[1]:
            found.append(point)
    return found


def _worth(weights: tuple[int, int], at: tuple[int, int]) -> int:
    return weights[0] * at[0] + weights[1] * at[1]


def _weights(objectives: tuple[Objective, Objective], ask: Ask) -> Weights:
    """The weights by what they are of, and what is held."""
    weights = dict(zip(objectives, ask.weights, strict=True))
    if ask.held is None:
        return weighted(weights)
    which, most = ask.held
    return weighted(weights, (objectives[which], most))


def _values(front: Front, plan: Plan) -> tuple[int, int]:
    """Both values of a plan, as the checker counts them."""
    first, second = front.objectives
    return reached(front.instance, first, plan), reached(front.instance, second, plan)


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
    folders.ensure_writable(
        directory,
        overwrite=overwrite,
        kind="front",
        is_one=lambda place: (place / "front.csv").exists(),
    )


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
    alone = Ask((1, 0) if which == 0 else (0, 1))
    own = [x.bound for x in front.lines if Ask(x.weights, x.held) == alone]
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
    sides = [side for line in front.lines for side in line.sides()]
    for number, (a, b, one) in enumerate(sides):
        for c, d, other in sides[:number]:
            if a * d != b * c:
                at = Fraction(one * d - other * b, a * d - b * c)
                if low < at < high:
                    yield at

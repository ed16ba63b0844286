"""The engine beside its peers: one machine, one go, one instance, one checker.

    python -m benchmarks.peers                      about fifteen minutes
    python -m benchmarks.peers --limit 20 --only engine circuit -o trial

Writes peers.md and peers.png. Needs `pip install '.[benchmarks]'`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import best, cases, lots, picture, weeks
from benchmarks.race import Pen, Ran, Told, circumstances, money, run
from benchmarks.wishes import Priced, Wish, planned, priced
from capacity.instance import Instance, build
from capacity.plan import Plan
from capacity.scenario import Scenario
from capacity.solver import Progress, solve

HERE = Path(__file__).parent
MARKS = (5.0, 15.0, 30.0, 60.0, 120.0)
"""When the table is read. [s]"""
STEPS = 1.3
"""Between two plans that are priced lies at least this factor of time. [1]"""
SLACK = 1.02
"""Solvers end a little after their limit: a plan counts up to this share of it. [1]"""
COMPARED_AT = 60.0
"""When this engine is held against the best plan known. [s]"""


@dataclass(frozen=True)
class Row:
    """An instance and who can express it."""

    name: str
    says: str
    scenario: Callable[[], Scenario]
    contestants: tuple[str, ...]


ROWS = {
    "plain": Row(
        "What all can express",
        cases.PLAIN_SAYS,
        lambda: cases.plain(cases.base()),
        ("engine", "pyjobshop", "circuit", "weeks"),
    ),
    "whole": Row(
        "The worked case, whole",
        "`scenarios/base.yaml`, every rule and cost. PyJobShop can't say what the row above"
        " leaves out. The circuit leaves out ramps, QC and QA, rights to ship, shipments and"
        " campaign sizes, the weekly MIP these but the sizes; the pegging adds them to"
        " their plans, and campaigns that then break a rule are dropped.",
        cases.base,
        ("engine", "circuit", "weeks"),
    ),
}
NAMES = {
    "engine": "this engine",
    "pyjobshop": "PyJobShop",
    "circuit": "circuit, CP-SAT",
    "weeks": "weekly MIP, HiGHS",
}


@dataclass(frozen=True)
class Point:
    """What a contestant had at a time."""

    seconds: float
    regret: int | None
    """Of its best plan so far, priced by the checker. [money]"""
    bound: float
    """Of its own model: on regret for this engine only. [money]"""


@dataclass(frozen=True)
class Curve:
    """A contestant's race."""

    name: str
    points: list[Point]
    last: Priced | None
    """Its last plan, None where it found none."""
    ran: Ran

    def at(self, seconds: float) -> Point:
        """What it had then."""
        before = [p for p in self.points if p.seconds <= SLACK * seconds]
        return before[-1] if before else Point(seconds, None, 0.0)


# -------------------------------------------------------------- contestants


def engine(instance: Instance, pen: Pen, limit: float, workers: int) -> None:
    """`capacity.solve`, as the command line calls it."""

    def progress(known: Progress) -> None:
        pen.tell(known.objective, known.bound)

    result = solve(
        instance.scenario,
        time_limit=limit - pen.seconds,
        workers=workers,
        progress=progress,
    )
    if result.plan is not None:
        text = result.plan.model_dump_json(by_alias=True)
        pen.tell(result.plan.objective, result.bound, plan=text)


CONTESTANTS: dict[str, Callable[[Instance, Pen, float, int], None]] = {
    "engine": engine,
    "pyjobshop": lots.pyjobshop,
    "circuit": lots.circuit,
    "weeks": weeks.highs,
}


def contest(
    sink: str, began: str, name: str, row: str, limit: str, workers: str
) -> None:
    """Be one contestant, in a process of its own."""
    with Path(sink).open("w") as file:
        instance = build(ROWS[row].scenario())
        CONTESTANTS[name](instance, Pen(file, float(began)), float(limit), int(workers))


# ------------------------------------------------------------------ pricing


def curve(name: str, instance: Instance, ran: Ran) -> Curve:
    """Price a contestant's plans by the checker: the last, and enough of the others."""
    points: list[Point] = []
    last: Priced | None = None
    regret, bound = None, 0.0
    for told in thinned(ran.told):
        bound = max(bound, told.bound or 0.0)
        if name == "engine" and told.objective is not None:
            regret = round(told.objective)  # the checker's count, verified at the end
        if told.plan is not None or told.wishes is not None:
            last = price(instance, told)
            costs = [r for r in (regret, last.regret) if r is not None]
            regret = min(costs, default=None)
        points.append(Point(told.seconds, regret, bound))
    return Curve(name, points, last, ran)


def price(instance: Instance, told: Told) -> Priced:
    """What the checker says of a contestant's plan."""
    if told.plan is not None:
        return priced(instance.scenario, Plan.model_validate_json(told.plan))
    wishes = [Wish(*row) for row in told.wishes or []]  # type: ignore[arg-type]  # JSON
    return priced(instance.scenario, *planned(instance, wishes))


def thinned(told: list[Told]) -> list[Told]:
    """Lines without a plan, and of plans the last before each of some times."""
    plans = [line for line in told if line.wishes is not None]
    times = [STEPS**n for n in range(40)] + list(MARKS)
    kept = {id(p) for p in plans[-1:]}
    for time in times:
        kept |= {id(p) for p in [p for p in plans if p.seconds <= SLACK * time][-1:]}
    return [line for line in told if line.wishes is None or id(line) in kept]


# -------------------------------------------------------------------- report


def table(curves: list[Curve], marks: list[float]) -> list[str]:
    """Regret and bound over time, a pair of lines for each contestant."""
    reached = {c.name: c.at(marks[-1]).regret for c in curves}
    heads = [*(f"{m:g} s" for m in marks), "ratio", "seconds", "memory", "last plan"]
    lines = [
        f"| contestant | | {' | '.join(heads)} |",
        f"|---|---|{'---|' * len(heads)}",
    ]
    for c in curves:
        found = [c.at(mark) for mark in marks]
        ours, theirs = reached.get("engine"), reached[c.name]
        ratio = f"{theirs / ours:.3g}" if ours and theirs is not None else ""
        end = [ratio, f"{c.ran.seconds:.0f}", f"{c.ran.gigabytes:.2f} GB", verdict(c)]
        regrets = [
            money(p.regret) if p.regret is not None else "no plan" for p in found
        ]
        lines.append(f"| {NAMES[c.name]} | regret | {' | '.join([*regrets, *end])} |")
        whose = "bound" if c.name == "engine" else "own bound"
        bounds = [money(p.bound) for p in found]
        lines.append(f"| | {whose} | {' | '.join([*bounds, '', '', '', ''])} |")
    return lines


def verdict(c: Curve) -> str:
    """What the checker says of a contestant's last plan."""
    if c.last is None:
        return f"none found{'; ' + c.ran.ended if c.ran.ended else ''}"
    said = f"{c.last.breaches} breaches" if c.last.breaches else "accepted"
    return f"{said}, {c.last.dropped} batches dropped" if c.last.dropped else said


def against_best(row: str, scenario: Scenario, curves: list[Curve]) -> list[str]:
    """How far this engine is from the best plan known."""
    ours = [c.at(COMPARED_AT).regret for c in curves if c.name == "engine"]
    if row != "whole" or not ours or ours[0] is None:
        return []
    known = best.known()
    if known is None or known.scenario_sha256 != cases.digest(scenario):
        return ["", "No best plan of this scenario is kept in `benchmarks/best/`."]
    excess = ours[0] / known.regret - 1
    return [
        "",
        f"Best plan known (`benchmarks/best/`): regret {known.regret:,}. This engine after"
        f" {COMPARED_AT:g} s: {ours[0]:,}, {excess:+.1%}.",
    ]


def race(
    row: str, only: list[str], limit: float, workers: int
) -> tuple[list[str], list[Curve]]:
    """Race a row and say how it went."""
    scenario = ROWS[row].scenario()
    instance = build(scenario)
    curves = []
    for name in ROWS[row].contestants:
        if name in only:
            words = [name, row, f"{limit}", f"{workers}"]
            patience = limit if name != "weeks" else limit + sum(weeks.MARKS)
            curves.append(
                curve(name, instance, run("benchmarks.peers", words, patience))
            )
            sys.stderr.write(
                f"{row} {name}: {curves[-1].at(limit)} {verdict(curves[-1])}\n"
            )
    marks = sorted({*(m for m in MARKS if m < limit), limit})
    batches = sum(order.batches for order in scenario.orders)
    lines = [
        f"## {ROWS[row].name}",
        "",
        ROWS[row].says,
        "",
        f"{len(scenario.orders)} orders, {batches:,} batches, scenario_sha256"
        f" `{cases.digest(scenario)}`.",
        "",
        *table(curves, marks),
        *(against_best(row, scenario, curves) if limit >= COMPARED_AT else []),
        "",
    ]
    return lines, curves


HEAD = """# This engine beside its peers

Every contestant starts from nothing, in a process of its own. Times count from the start of
the process, imports included. Peers name campaigns; the same pegging hands their batches to
orders, QC and QA, and the independent checker prices all plans (`benchmarks/wishes.py`).
*Regret* is the checker's price of the best plan so far. *Bound* holds for every plan, *own
bound* only for what a peer's model says, lots that are never split or weeks that are never
divided. HiGHS hands no plan over before its end, so it is run again for each time; it uses
one thread.
"""


def main() -> None:
    """Race, print, write."""
    if sys.argv[1:2] == ["--child"]:
        contest(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description="Race this engine against its peers.")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--limit", type=float, default=120, help="for each [s]")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=HERE)
    asked = parser.parse_args()
    lines, found = [HEAD], {}
    for row in asked.rows:
        said, found[ROWS[row].name] = race(row, asked.only, asked.limit, asked.workers)
        lines += said
    packages = ("ortools", "pyjobshop", "numpy", "pydantic")
    lines += [
        *circumstances(packages),
        f"- {asked.workers} workers, limit {asked.limit:g} s",
    ]
    text = "\n".join([*lines, ""])
    sys.stdout.write(text)
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "peers.md").write_text(text)
    picture.draw(
        {
            name: [
                picture.Series(
                    NAMES[c.name],
                    [(p.seconds, p.regret) for p in c.points],
                    [(p.seconds, p.bound) for p in c.points],
                    own=c.name != "engine",
                )
                for c in curves
            ]
            for name, curves in found.items()
        },
        asked.output / "peers.png",
    )


if __name__ == "__main__":
    main()

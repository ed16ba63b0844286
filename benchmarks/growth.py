"""How the engine grows: the worked case two, four and eight times as large.

    python -m benchmarks.growth                        about forty minutes
    python -m benchmarks.growth --sizes 1 2 --limit 30 -o trial

Writes growth.md.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmarks import cases
from benchmarks.race import Pen, Ran, circumstances, money, run
from capacity.checker import breaches
from capacity.plan import Plan
from capacity.scenario import Order, Scenario
from capacity.solver import Progress, solve

HERE = Path(__file__).parent
COPIED = (
    "sites", "suites", "programmes", "transfers", "licences", "qualifications", "lanes",
    "contracts", "orders", "locks", "in_release", "stock",
)  # fmt: skip
"""What a copy of the network has of its own; rules and the quality system are shared."""
NAMED = {"id", "site", "suite", "suites", "programme", "contract", "set_up", "client",
         "start", "to", "reference_suite", "orders", "after"}  # fmt: skip
"""Fields that hold names; `start` does in lanes only."""
KEYED = {"kg_per_batch"}
"""Fields whose keys are suites."""
FARTHEST = 17
"""Due days of a copy move by at most this. [day]"""
MARKS = (10.0, 20.0, 60.0, 120.0, 300.0, 600.0)
"""When the gap is read. [s]"""
GOOD = 0.10
"""The gap whose time is measured. [1]"""


# ---------------------------------------------------------------- generator


def grown(scenario: Scenario, n: int) -> Scenario:
    """The scenario n times side by side under one quality system.

    Each copy has its own sites, suites, lanes, programmes, rights and orders, named with
    `~2`, `~3`, ... Its due days move and batches pass between neighbouring orders of a
    contract, so that copies aren't interchangeable; batches in all stay the same. QA lends
    between all sites, which joins the copies. Size 1 is the scenario itself.
    """
    if n == 1:
        return scenario
    parts: defaultdict[str, list[Any]] = defaultdict(list)
    for copy in range(n):
        for section in COPIED:
            rows = getattr(scenario, section)
            if section == "orders":
                rows = varied(scenario, copy)
            parts[section] += [renamed(row, copy) for row in rows]
    return cases.valid(
        scenario.model_copy(update={"name": f"{scenario.name}_x{n}", **parts})
    )


def renamed(record: BaseModel, copy: int) -> BaseModel:
    """The record as its copy has it: names with the copy's number."""
    if copy == 0:
        return record
    changes: dict[str, object] = {}
    for field in type(record).model_fields:
        value = getattr(record, field)
        if field in KEYED:
            changes[field] = {suffixed(key, copy): kept for key, kept in value.items()}
        elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
            changes[field] = [renamed(row, copy) for row in value]
        elif field in NAMED:
            changes[field] = suffixed(value, copy)
    return record.model_copy(update=changes)


def suffixed(value: object, copy: int) -> object:
    """A name, or each of some names, with the copy's number; anything else as it is."""
    if isinstance(value, list):
        return [suffixed(name, copy) for name in value]
    return f"{value}~{copy + 1}" if isinstance(value, str) else value


def varied(scenario: Scenario, copy: int) -> list[Order]:
    """Orders of a copy: other due days, and other batches that add up to the same."""
    orders = [_moved(order, copy, scenario) for order in scenario.orders]
    if copy:
        for at in range(copy % 3, len(orders) - 1, 3):
            one, other = orders[at : at + 2]
            alike = (one.contract, one.kind) == (other.contract, other.kind)
            if alike and one.kind == "commercial" and one.batches > 1:
                orders[at : at + 2] = [_with(one, -1), _with(other, 1)]
    return orders


def _with(order: Order, more: int) -> Order:
    return order.model_copy(update={"batches": order.batches + more})


def _moved(order: Order, copy: int, scenario: Scenario) -> Order:
    """The same shift for all orders of a contract and year: they keep their order."""
    if copy == 0:
        return order
    key = sum(map(ord, order.contract)) + order.due.year
    shift = (key * (2 * copy + 1)) % (2 * FARTHEST + 1) - FARTHEST
    due = min(order.due + timedelta(days=shift), scenario.horizon.end)
    return order.model_copy(update={"due": due})


# ------------------------------------------------------------------ measuring


def child(sink: str, began: str, n: str, limit: str, workers: str) -> None:
    """Solve one size, in a process of its own."""
    with Path(sink).open("w") as file:
        pen = Pen(file, float(began))

        def progress(known: Progress) -> None:
            pen.tell(known.objective, known.bound)

        result = solve(
            grown(cases.base(), int(n)),
            time_limit=float(limit) - pen.seconds,
            workers=int(workers),
            progress=progress,
        )
        if result.plan is not None:
            text = result.plan.model_dump_json(by_alias=True)
            pen.tell(result.plan.objective, result.bound, plan=text)


def gap(ran: Ran, seconds: float) -> float | None:
    """Smallest gap known by a time. [1]"""
    regret, bound = math.inf, 0.0
    for told in ran.told:
        if told.seconds <= seconds:
            regret = min(regret, told.objective or math.inf)
            bound = max(bound, told.bound or 0.0)
    return None if math.isinf(regret) else (regret - bound) / regret


def within(ran: Ran, share: float) -> float | None:
    """When the gap first was within a share. [s]"""
    times = (told.seconds for told in ran.told)
    return next((t for t in times if (gap(ran, t) or 1.0) <= share), None)


def line(n: int, scenario: Scenario, ran: Ran, marks: list[float]) -> str:
    """A line of the table; the plan is checked again here."""
    plans = [Plan.model_validate_json(t.plan) for t in ran.told if t.plan is not None]
    wrong = breaches(scenario, plans[-1]) if plans else []
    reached = within(ran, GOOD)
    gaps = [gap(ran, mark) for mark in marks]
    cells = [
        f"{n}",
        f"{sum(order.batches for order in scenario.orders):,}",
        f"{len(scenario.suites)}",
        f"{ran.told[0].seconds:.1f} s" if ran.told else "none",
        money(plans[-1].objective if plans else None),
        money(max((t.bound or 0.0 for t in ran.told), default=None)),
        *("no plan" if g is None else f"{g:.1%}" for g in gaps),
        f"not within {marks[-1]:g} s" if reached is None else f"{reached:.1f} s",
        f"{ran.gigabytes:.2f} GB",
        ran.ended or ("accepted" if plans and not wrong else f"{len(wrong)} breaches"),
    ]
    return f"| {' | '.join(cells)} |"


def exponent(points: list[tuple[int, float]]) -> float | None:
    """Slope of log time over log size by least squares, from two sizes on."""
    if len({n for n, _ in points}) < 2:
        return None
    xs, ys = [math.log(n) for n, _ in points], [math.log(t) for _, t in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return above / sum((a - x) ** 2 for a in xs)


def report(sizes: list[int], limit: float, workers: int) -> str:
    """Measure every size, and say it in Markdown."""
    marks = sorted({*(m for m in MARKS if m < limit), limit})
    rows, hashes = [], []
    times: dict[str, list[tuple[int, float]]] = {"first plan": [], "10 % gap": []}
    for n in sizes:
        scenario = grown(cases.base(), n)
        ran = run("benchmarks.growth", [f"{n}", f"{limit}", f"{workers}"], limit)
        rows.append(line(n, scenario, ran, marks))
        sys.stderr.write(f"{rows[-1]}\n")
        hashes.append(f"- scenario_sha256 of size {n}: `{cases.digest(scenario)}`")
        if ran.told:
            times["first plan"].append((n, ran.told[0].seconds))
        reached = within(ran, GOOD)
        if reached is not None:
            times["10 % gap"].append((n, reached))
    heads = [
        "n", "batches", "suites", "first plan", "regret", "bound",
        *(f"gap at {m:g} s" for m in marks), "10 % gap after", "memory", "checker",
    ]  # fmt: skip
    fits = [_fit(name, points) for name, points in times.items()]
    return "\n".join(
        [
            HEAD,
            f"| {' | '.join(heads)} |",
            "|" + "---|" * len(heads),
            *rows,
            "",
            *fits,
            *hashes,
            *circumstances(("ortools", "numpy", "pydantic")),
            f"- {workers} workers, limit {limit:g} s for each size",
            "",
        ]
    )


def _fit(name: str, points: list[tuple[int, float]]) -> str:
    slope = exponent(points)
    if slope is None:
        return f"- time to the {name}: too few sizes reached it for an exponent"
    sizes = ", ".join(str(n) for n, _ in points)
    return f"- time to the {name} grows as n^{slope:.2f} (sizes {sizes})"


HEAD = """# How it grows

The worked case n times side by side: sites, suites, programmes, rights, contracts and orders
copied, due days and volumes of the copies varied a little, QA lent between all sites. Each
size is solved in a process of its own; times count from the start of the process. A gap is
(regret - bound) / regret.
"""


def main() -> None:
    """Measure, print, write."""
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description="Measure growth.")
    parser.add_argument("--sizes", nargs="+", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--limit", type=float, default=600, help="for each size [s]")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=HERE)
    asked = parser.parse_args()
    text = report(asked.sizes, asked.limit, asked.workers)
    sys.stdout.write(text)
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "growth.md").write_text(text)


if __name__ == "__main__":
    main()

"""Linked campaigns, two, four and eight times as large as the published case.

    python -m benchmarks.linked                        about ten minutes
    python -m benchmarks.linked --limit 30 -o trial
    python -m benchmarks.linked --write network.yaml --times 4

Writes linked.md: when the first plan is there, and profit and bound over time. The networks
are made up, from a seed, in the manner of the published case: so many times its products,
suites and periods.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from capacity.aims import figure
from capacity.instance import build
from capacity.plan import Plan
from capacity.scenario import Scenario
from capacity.solver import Progress, solve

HERE = Path(__file__).parent
SEED = 2026
TIMES = (2, 4, 8)
START = date(2026, 1, 1)
PERIOD = 60
"""Length of a period. [day]"""
WANTED = 0.55
"""Share of what upstream suites could make that is wanted. [1]"""
MARKS = (10, 30, 60, 120, 300)
"""When profit and bound are read. [s]"""


def network(times: int, seed: int = SEED) -> dict[str, Any]:
    """The scenario as plain data.

    A product is made in two or three suites of each stage. Its batch takes 12 to 22 days
    upstream and 8 to 11 downstream; demand is lumpy, none in a third of the periods.
    """
    rng = Random(seed + times)
    products = [f"P{n:02d}" for n in range(1, 3 * times + 1)]
    grown = [f"U{n:02d}" for n in range(1, 2 * times + 1)]
    pure = [f"D{n:02d}" for n in range(1, 2 * times + 1)]
    days = {product: rng.choice([12.5, 15, 20, 22.2]) for product in products}
    ends = [START + timedelta(days=PERIOD * n) for n in range(1, 6 * times + 1)]
    last = (ends[-1] - timedelta(days=1)).isoformat()
    return {
        "schema_version": 1,
        "name": f"linked_{times}",
        "title": f"Linked campaigns: {times} times the published case",
        "as_of": START.isoformat(),
        "horizon": {"start": START.isoformat(), "end": last},
        "currency": "RMU",
        "due_rule": "strict",
        "tiers": "single",
        "objective": "profit",
        "sites": [{"id": "SITE", "name": "Site"}],
        "suites": [
            *(_suite(suite, "upstream", 20, days) for suite in grown),
            *(_suite(suite, "downstream", 10, {}) for suite in pure),
        ],
        "changeovers": [
            {"id": "change", "same_product": 10, "same_client": 10,
             "different_client": 12.5, "first_use": 10, "every_campaign": True, "cost": 1},
        ],
        "campaign_limits": [{"id": "any", "maximum": 20}],
        "programmes": [
            {
                "id": product,
                "client": f"Client {number % 4}",
                "recipe": [
                    {"step": "usp", "stage": "upstream", "campaign": "any",
                     "suites": sorted(rng.sample(grown, rng.choice([2, 3])))},
                    {"step": "dsp", "stage": "downstream", "campaign": "any",
                     "suites": sorted(rng.sample(pure, rng.choice([2, 3]))),
                     "supply": {"how": "direct", "linked": True,
                                "hold_days": rng.choice([0, 0, 5, 30])}},
                ],
            }
            for number, product in enumerate(products)
        ],
        "transfers": [
            {"id": f"{product}-T", "programme": product, "site": "SITE",
             "end": START.isoformat()}
            for product in products
        ],
        "made_to_stock": [
            {"id": f"{product}-stock", "programme": product, "price": 20,
             "shortage_cost": 20, "storage_cost": 1, "waste_cost": 5,
             "shelf_life_days": 180, "release_days": 0}
            for product in products
        ],
        "demand": [
            {"id": f"{product}-{number:02d}", "programme": product,
             "due": end.isoformat(), "quantity": quantity}
            for product in products
            for number, (end, quantity) in enumerate(
                zip(ends, _demand(rng, days[product], ends), strict=True), 1
            )
        ],
    }  # fmt: skip


def _suite(
    suite: str, stage: str, production: int, days: dict[str, float]
) -> dict[str, Any]:
    return {
        "id": suite,
        "site": "SITE",
        "stage": stage,
        "go_live": START.isoformat(),
        "production_days": production,
        "changeover": "change",
        "variable_cost": 2,
        "rates": [
            {"programme": product, "takt_days": each, "lead_in_days": each}
            for product, each in days.items()
        ],
    }


def _demand(rng: Random, days: float, ends: list[date]) -> list[int]:
    """Batches that a product is wanted for by period: two thirds of a suite's, lumpy."""
    each = WANTED * PERIOD / days * 2 / 3
    found, carried = list[int](), 0.0
    for number in range(len(ends)):
        carried += each * rng.uniform(0.5, 1.5) if number else 0.0
        lump = 0 if rng.random() < 1 / 3 else int(carried)
        carried -= lump
        found.append(lump)
    return found


# ----------------------------------------------------------------- measuring


def measured(times: int, limit: float, workers: int) -> str:
    """One solve as a table: seconds, profit, and at most how much."""
    scenario = Scenario.model_validate(network(times))
    began = time.perf_counter()
    rows: list[tuple[float, float, float]] = []

    def note(progress: Progress) -> None:
        rows.append((time.perf_counter() - began, progress.objective, progress.bound))

    result = solve(scenario, time_limit=limit, workers=workers, progress=note)
    assert isinstance(result.plan, Plan)
    instance = build(scenario)
    ends = (
        int(figure(instance, "profit", regret))
        for regret in (result.plan.objective, result.bound)
    )
    profit, most = ends
    rows.append((time.perf_counter() - began, profit, most))
    return table(rows)


def table(rows: Sequence[tuple[float, float, float]]) -> str:
    """(seconds, profit, at most) at the first plan, at every mark, and at the end."""
    first, last = rows[0][0], rows[-1][0]
    lines = ["| seconds | profit | at most |", "|---|---|---|"]
    for mark in [first, *(mark for mark in MARKS if first < mark < last), last]:
        _, profit, most = [row for row in rows if row[0] <= mark][-1]
        lines.append(f"| {mark:.3g} | {profit:,} | {most:,} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, or write a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=180.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--times", type=int, nargs="*", default=TIMES)
    parser.add_argument("--write", type=Path)
    parser.add_argument("-o", type=Path, default=HERE)
    args = parser.parse_args()
    if args.write is not None:
        args.write.write_text(json.dumps(network(args.times[0]), indent=1) + "\n")
        return
    args.o.mkdir(parents=True, exist_ok=True)
    head = (__doc__ or "").splitlines()[0]
    parts = [
        f"## {times} times\n\n{measured(times, args.limit, args.workers)}"
        for times in args.times
    ]
    (args.o / "linked.md").write_text("\n".join([f"# {head}\n", *parts]))


if __name__ == "__main__":
    main()

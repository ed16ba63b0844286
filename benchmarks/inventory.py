"""A network that makes to stock: ten suites, fifteen products, sixty quarters.

    python -m benchmarks.inventory                     about six minutes
    python -m benchmarks.inventory --limit 60 -o trial
    python -m benchmarks.inventory --write network.yaml

Writes inventory.md: when the first complete plan is there, and the gap over time. The
network is made up, from a seed, so that everybody measures the same one.
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

from capacity.instance import build
from capacity.plan import Plan
from capacity.scenario import Scenario
from capacity.solver import Progress, solve

HERE = Path(__file__).parent
SEED = 2026
SUITES, PRODUCTS, QUARTERS = 10, 15, 60
START = date(2026, 1, 1)
FILL = 0.72
"""Share of the suites' time that demand takes if nothing is changed over. [1]"""
MARKS = (10, 30, 60, 120, 300)
"""When the gap is read. [s]"""


def network(seed: int = SEED) -> dict[str, Any]:
    """The scenario as plain data.

    A product is made in two to four suites, where a batch yields and takes what the
    suite's size asks for. Demand grows over three years, stays, and wanes, with noise;
    stock keeps three years; two quarters of demand are wanted in stock.
    """
    rng = Random(seed)
    suites = [f"S{n:02d}" for n in range(1, SUITES + 1)]
    products = [f"P{n:02d}" for n in range(1, PRODUCTS + 1)]
    homes = {
        product: sorted(rng.sample(suites, rng.randint(2, 4))) for product in products
    }
    scale = {suite: rng.choice([4, 6, 8]) for suite in suites}
    takts = {suite: rng.choice([3, 4, 5]) for suite in suites}
    ends = [_quarter_end(number) for number in range(QUARTERS)]
    level = _levels(rng, homes, scale, takts)
    return {
        "schema_version": 1,
        "name": "inventory",
        "title": "Made to stock: ten suites, fifteen products, sixty quarters",
        "as_of": START.isoformat(),
        "horizon": {"start": START.isoformat(), "end": ends[-1].isoformat()},
        "tiers": "single",
        "clean_hold_days": 30,
        "sites": [{"id": "SITE", "name": "Site"}],
        "suites": [
            {
                "id": suite,
                "site": "SITE",
                "stage": "drug_substance",
                "go_live": "2020-01-01",
                "production_days": 14,
                "downstream_days": 6,
                "downstream_cycle_days": takts[suite],
                "reactors": 6,
                "changeover": "change",
                "variable_cost": 60_000 * scale[suite] + 100_000,
                "outages": [
                    {"id": f"{suite}-{year}", "start": f"{year}-07-{day:02d}", "days": 21}
                    for day in [rng.randint(1, 10)]
                    for year in range(2026, 2041)
                ],
            }
            for suite in suites
        ],
        "changeovers": [
            {
                "id": "change",
                "same_product": 3,
                "same_client": 10,
                "different_client": 14,
                "first_use": 10,
                "cost": 80_000,
            }
        ],
        "campaign_limits": [
            {"id": "size", "minimum": {"commercial": 3}, "maximum": 25}
        ],
        "programmes": [
            {
                "id": product,
                "client": f"Client {number % 5}",
                "recipe": [
                    {
                        "step": "drug_substance",
                        "stage": "drug_substance",
                        "suites": homes[product],
                        "campaign": "size",
                        "kg_per_batch": {suite: scale[suite] for suite in homes[product]},
                    }
                ],
            }
            for number, product in enumerate(products)
        ],
        "transfers": [
            {"id": f"{product}-T", "programme": product, "site": "SITE", "end": "2020-01-01"}
            for product in products
        ],
        "made_to_stock": [
            {
                "id": f"{product}-stock",
                "programme": product,
                "unit": "kg",
                "price": 400_000,
                "shortage_cost": 60_000,
                "storage_cost": 1_500,
                "waste_cost": 20_000,
                "target_months": 6,
                "target_cost": 6_000,
                "shelf_life_days": 1095,
                "release_days": 45,
                "opening": [{"quantity": round(2 * level[product], 1), "expiry": "2027-12-31"}],
            }
            for product in products
        ],
        "demand": [
            {
                "id": f"{product}-{number + 1:02d}",
                "programme": product,
                "due": ends[number].isoformat(),
                "quantity": _demand(rng, level[product], number),
            }
            for product in products
            for number in range(QUARTERS)
        ],
    }  # fmt: skip


def _quarter_end(number: int) -> date:
    year, quarter = divmod(number + 1, 4)
    return date(START.year + year, 3 * quarter + 1, 1) - timedelta(days=1)


def _levels(
    rng: Random,
    homes: dict[str, list[str]],
    scale: dict[str, int],
    takts: dict[str, int],
) -> dict[str, float]:
    """Demand of a quarter of each product at its height, so that suites are filled. [kg]"""
    share = {product: rng.uniform(0.5, 1.5) for product in homes}
    output = sum(scale[suite] / takts[suite] for suite in scale) * 84
    return {
        product: FILL * output * share[product] / sum(share.values())
        for product in homes
    }


def _demand(rng: Random, level: float, number: int) -> float:
    """Demand of a quarter. [kg]"""
    rise, fall = min(1.0, 0.4 + number / 20), min(1.0, (QUARTERS - number) / 12 + 0.4)
    return round(level * rise * fall * rng.uniform(0.75, 1.25), 1)


# ----------------------------------------------------------------- measuring


def measured(limit: float, workers: int) -> str:
    """One solve as a table: seconds, regret, bound, and the gap of regret and of all costs.

    All costs are regret and the least that making all of the demand costs.
    """
    scenario = Scenario.model_validate(network())
    began = time.perf_counter()
    rows: list[tuple[float, float, float]] = []

    def note(progress: Progress) -> None:
        rows.append((time.perf_counter() - began, progress.objective, progress.bound))

    result = solve(scenario, time_limit=limit, workers=workers, progress=note)
    assert isinstance(result.plan, Plan)
    rows.append((time.perf_counter() - began, result.plan.objective, result.bound))
    ideal = sum(row.ideal for row in build(scenario).stocked.values())
    costs = ", ".join(
        f"{k} {v:,}" for k, v in result.plan.costs.model_dump().items() if v
    )
    return f"{table(rows, ideal)}\nOf the last plan: {costs}.\n"


def table(rows: Sequence[tuple[float, float, float]], ideal: int) -> str:
    """(seconds, regret, bound) at the first plan, at every mark, and at the end."""
    first, last = rows[0][0], rows[-1][0]
    lines = [
        "| seconds | regret | bound | gap | of all costs |",
        "|---|---|---|---|---|",
    ]
    for mark in [first, *(mark for mark in MARKS if first < mark < last), last]:
        _, regret, bound = [row for row in rows if row[0] <= mark][-1]
        gap = (regret - bound) / regret if regret else 0.0
        whole = (regret - bound) / (ideal + regret)
        lines.append(
            f"| {mark:.3g} | {regret:,} | {bound:,} | {gap:.1%} | {whole:.1%} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, or write the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path)
    parser.add_argument("-o", type=Path, default=HERE)
    args = parser.parse_args()
    if args.write is not None:
        args.write.write_text(json.dumps(network(), indent=1) + "\n")
        return
    args.o.mkdir(parents=True, exist_ok=True)
    table = measured(args.limit, args.workers)
    head = (__doc__ or "").splitlines()[0]
    (args.o / "inventory.md").write_text(f"# {head}\n\n{table}")


if __name__ == "__main__":
    main()

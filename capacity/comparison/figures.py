"""Key figures of two plans beside each other, and which differences are certain.

The best plan that a scenario allows has a regret between the bound and the regret of the
plan in hand. So the regret of the best plans differs by at least (bound after - regret
before) and at most (regret after - bound before). The difference is certain, larger than
the gaps, when 0 lies outside of that: when it is larger than the gap of the plan that
has more regret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from capacity.tables.rows import plain

KPI_COLUMNS = (
    *("kpi", "unit", "better", "before", "after", "difference", "verdict"),
    *("least", "most", "certain"),
)

LOWER, HIGHER, NEITHER = "lower", "higher", None

AMOUNT = "kg or batches"
"""Unit of product: what both runs count it in."""

FIGURES: dict[str, tuple[str, str | None]] = {
    "profit": ("money", HIGHER),
    "profit_bound": ("money", NEITHER),
    "cost": ("money", LOWER),
    "cost_bound": ("money", NEITHER),
    "throughput": (AMOUNT, HIGHER),
    "throughput_bound": (AMOUNT, NEITHER),
    "target_deficit": (AMOUNT, LOWER),
    "target_deficit_bound": (AMOUNT, NEITHER),
    "objective": ("money", LOWER),
    "bound": ("money", NEITHER),
    "gap": ("1", LOWER),
    "gap_money": ("money", LOWER),
    "gap_avoidable": ("1", LOWER),
    "unavoidable": ("money", NEITHER),
    "tiers.*.objective": ("money", LOWER),
    "tiers.*.bound": ("money", NEITHER),
    "regret.*": ("money", LOWER),
    "late_batches": ("batches", LOWER),
    "unserved_batches": ("batches", LOWER),
    "stock_ends": ("ends", NEITHER),
    "stock_ends_short": ("ends", LOWER),
    "stock_ends_low": ("ends", LOWER),
    "on_time_in_full": ("1", HIGHER),
    "on_time_in_full_prospects": ("1", HIGHER),
    "make_up_batches": ("batches", NEITHER),
    "make_up_batches_missing": ("batches", LOWER),
    "waiting_batches": ("batches", LOWER),
    "waiting_days": ("days", LOWER),
    "changeovers": ("changeovers", LOWER),
    "campaigns": ("campaigns", NEITHER),
    "batches": ("batches", NEITHER),
    "revenue": ("money", HIGHER),
    "revenue_expected": ("money", HIGHER),
    "margin": ("money", HIGHER),
    "margin_expected": ("money", HIGHER),
    "load.*.*": ("1", NEITHER),
    "first_batch.*": ("date", NEITHER),
    "first_shipment.*.*": ("date", LOWER),
}
"""Unit of each key figure, and which is better; `*` is any name.

A share has the unit 1; dates differ by days.
"""

Figures = Mapping[str, Any]


def compared_kpis(before: Figures, after: Figures, currency: str) -> pd.DataFrame:
    """Every key figure of two runs.

    Parameters
    ----------
    before
        Key figures, as in `kpis.json`.
    after
        Those of the other run.
    currency
        Unit of money.

    Returns
    -------
    DataFrame
        kpi (dotted, as in `kpis.json`), unit, better (`lower`, `higher` or none),
        before, after, difference (of dates: days), verdict (`better`, `worse`, `same`;
        none where neither is better); where a bound is known, least and most that the
        best plans differ by, and whether the difference is certain.
    """
    one, other = dict(_flat(before)), dict(_flat(after))
    units = {"money": currency}
    if one.get("amounts_in") == other.get("amounts_in"):
        units[AMOUNT] = str(one.get("amounts_in", AMOUNT))
    rows = [
        (name, units.get(unit, unit), better, *cells)
        for name, (unit, better) in _known({**one, **other}).items()
        for cells in [_compared(name, one, other, better)]
    ]
    return pd.DataFrame(rows, columns=list(KPI_COLUMNS), dtype=object)


def _flat(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Plain values by dotted name; tiers by their names."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, dict) and "name" in part:
                rest = {key: each for key, each in part.items() if key != "name"}
                yield from _flat(rest, f"{path}.{part['name']}")
    else:
        yield path, value


def _known(names: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Unit and better direction of each figure, in the order of `FIGURES`."""
    found = {}
    for pattern, meaning in FIGURES.items():
        pieces = pattern.split(".")
        for name in names:
            stated = name.split(".")
            fits = len(stated) == len(pieces) and all(
                piece in ("*", part) for piece, part in zip(pieces, stated, strict=True)
            )
            if fits:
                found[name] = meaning
    return found


def _compared(
    name: str, before: Figures, after: Figures, better: str | None
) -> tuple[object, ...]:
    one, other = before.get(name), after.get(name)
    difference = _difference(one, other)
    least, most = _range(name, before, after)
    certain = None if least is None or most is None else least > 0 or most < 0
    told = None if difference is None else plain(float(difference))
    verdict = _verdict(difference, better)
    return (one, other, told, verdict, least, most, certain)


def _difference(one: object, other: object) -> float | None:
    if isinstance(one, str) and isinstance(other, str):
        first, second = map(datetime.fromisoformat, (one, other))
        return (second - first).total_seconds() / 86_400
    if isinstance(one, int | float) and isinstance(other, int | float):
        return round(other - one, 6)
    return None


def _verdict(difference: float | None, better: str | None) -> str | None:
    if difference == 0:
        return "same"
    if difference is None or better is None:
        return None
    return "better" if (difference < 0) == (better == LOWER) else "worse"


def _range(
    name: str, before: Figures, after: Figures
) -> tuple[float, float] | tuple[None, None]:
    """Least and most that the best plans differ by; none where no bound is known.

    Where more is better the best plans are above the plans in hand, else below. The first
    tier's bound holds for every plan; those below only given the first.
    """
    tiers = [each for each in after if each.startswith("tiers.")]
    bound = {"objective": "bound"}
    bound |= {each: f"{each}_bound" for each in after if f"{each}_bound" in after}
    bound |= {each: each.replace(".objective", ".bound") for each in tiers[:1]}
    if name not in bound:
        return None, None
    stated = [side.get(key) for side in (before, after) for key in (name, bound[name])]
    known = [each for each in stated if isinstance(each, int | float)]
    if len(known) < len(stated):
        return None, None
    had, had_bound, has, has_bound = known
    if FIGURES.get(name, (None, LOWER))[1] == HIGHER:
        had, had_bound, has, has_bound = had_bound, had, has_bound, has
    return _exact(has_bound - had), _exact(has - had_bound)


def _exact(difference: float) -> float:
    """Without the noise of binary fractions."""
    return difference if isinstance(difference, int) else round(difference, 6)

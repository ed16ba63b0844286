"""A run in a few lines, for a terminal and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from capacity.comparison import Comparison
    from capacity.solver import Result


def document(
    kpis: dict[str, Any], manifest: dict[str, Any], run: str, currency: str
) -> dict[str, Any]:
    """Everything `solve --json` prints of a plan."""
    told = ("status", "checker", "stopped_by", "reproducible", "seconds", "seed")
    return {
        "schema_version": 1,
        **{name: manifest[name] for name in told},
        "run": run,
        "currency": currency,
        **kpis,
    }


def nothing(result: Result, status: str, evidence: Path | None) -> dict[str, Any]:
    """Everything `solve --json` prints where there is no run folder."""
    return {
        "schema_version": 1,
        "status": status,
        "run": None,
        "evidence": None if evidence is None else str(evidence),
        "breaches": result.breaches,
        "bound": result.bound,
        "stopped_by": result.stopped_by,
        "seconds": result.seconds,
    }


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Lay out rows in columns, numbers to the right."""
    if not rows:
        return ""
    header = list(rows[0])
    right = [any(isinstance(row[name], int | float) for row in rows) for name in header]
    lines = [header, *([_cell(row[name]) for name in header] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def text(name: str, facts: dict[str, Any]) -> str:
    """Say the same to a planner, one fact a line."""
    rows = [
        *_asked(facts),
        *((_tier_name(tier), _tier(tier, facts)) for tier in _tiers(facts)),
        ("on time in full", f"{_share(facts['on_time_in_full'])} of lines sold"),
        ("late, unserved", _shortfall(facts)),
        *_make_up(facts),
        *_stock(facts),
        ("changeovers", f"{facts['changeovers']} in {facts['campaigns']} campaigns"),
        *queues(facts),
        *_first_shipments(facts),
        ("run folder", facts["run"]),
    ]
    head = (
        f"{name}: {facts['status']} plan, accepted by the checker,"
        f" after {facts['seconds']:.1f} s"
    )
    if facts["stopped_by"] != "optimal":
        head += f", stopped by {facts['stopped_by'].replace('_', ' ')}"
    width = max(len(label) for label, _ in rows)
    return "\n".join([head, *(f"{label:{width}}  {said}" for label, said in rows)])


def _asked(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What the scenario asks for, and what no plan betters."""
    if "profit" in facts:
        below = f"{_money(facts['objective'], facts)} of regret"
        return [*_reached("profit", facts, "at most"), ("below all sold", below)]
    if "cost" in facts:
        return _reached("cost", facts, "at least")
    if "throughput" in facts:
        return [*_reached("throughput", facts, "at most"), *_lost(facts)]
    if "target_deficit" in facts:
        return [*_reached("target_deficit", facts, "at least"), *_lost(facts)]
    return [*_lost(facts), ("gap", _gap(facts))]


def _reached(name: str, facts: dict[str, Any], limit: str) -> list[tuple[str, str]]:
    """A figure and its bound."""
    unit = facts["currency"] if name in ("profit", "cost") else facts["amounts_in"]
    label = "below target" if name == "target_deficit" else name
    bound = f"{facts[f'{name}_bound']:,} {unit}"
    return [(label, f"{facts[name]:,} {unit}"), (limit, bound)]


def _lost(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("regret", _money(facts["objective"], facts)),
        ("bound", _money(facts["bound"], facts)),
    ]


def _money(amount: int, facts: dict[str, Any]) -> str:
    return f"{amount:,} {facts['currency']}"


def _share(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.1f} %"


def _gap(facts: dict[str, Any]) -> str:
    avoidable = facts["gap_avoidable"]
    said = f"{_money(facts['gap_money'], facts)}, {_share(facts['gap'])} of regret"
    if avoidable is None:
        return said
    return f"{said}, {_share(avoidable)} of what is avoidable"


def _tiers(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Tiers of regret; none where something else is asked for."""
    other = [name for name in facts if f"{name}_bound" in facts]
    return [] if other else list(facts["tiers"])


def _tier_name(tier: dict[str, Any]) -> str:
    return f"  {tier['name'].replace('_', ' ')}"


def _tier(tier: dict[str, Any], facts: dict[str, Any]) -> str:
    bound = _money(tier["bound"], facts)
    return f"{_money(tier['objective'], facts)}, bound {bound}"


def _shortfall(facts: dict[str, Any]) -> str:
    return f"{facts['late_batches']}, {facts['unserved_batches']} batches"


def _stock(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """How programmes made to stock stand, where there are any."""
    if "stock_ends" not in facts:
        return []
    short, low = facts["stock_ends_short"], facts["stock_ends_low"]
    said = f"short at {short} of {facts['stock_ends']} ends of periods, low at {low}"
    return [("stock", said)]


def _make_up(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Make-up batches, where any are planned for."""
    count, missing = facts["make_up_batches"], facts["make_up_batches_missing"]
    if not count:
        return []
    return [("make-up batches", f"{count - missing} of {count} have a slot")]


LONGEST = 3
"""Stretches of waiting that are told one by one."""


def queues(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What binds where and when, the longest waits first."""
    from capacity import tables

    said = tables.binding(facts["waits"])
    if not said:
        return [("QC and QA", "no batch waits for them")]
    told = said[:LONGEST]
    if len(said) > LONGEST:
        told[-1] += f"; {len(said) - LONGEST} more in waits.csv"
    return [("QC and QA" if not number else "", one) for number, one in enumerate(told)]


def _first_shipments(facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for site, markets in facts["first_shipment"].items():
        dated = sorted((day, market) for market, day in markets.items() if day)
        said = ", ".join(f"{day} ({market})" for day, market in dated) or "none"
        rows.append((f"first from {site}", said))
    return rows


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of a frame by the names of its columns."""
    return [
        dict(zip(frame.columns, row, strict=True))
        for row in frame.itertuples(index=False)
    ]


def comparison(compared: Comparison, directory: Path) -> str:
    """Say to a planner what a comparison shows, and where all of it is."""
    from capacity.comparison import words

    said = []
    for pair in compared.pairs:
        said += [
            f"{words.headline(compared, pair)}.",
            f"{words.certainty(compared, pair)}.",
            table(_rows(words.key_figures(compared, pair))),
            f"campaigns   {words.campaigns(pair)}",
            f"orders      {words.orders(pair)}",
            f"inputs      {words.inputs(pair)}",
        ]
    said += [f"{note}." for note in compared.notes]
    return "\n".join([*said, f"comparison  {directory}"])

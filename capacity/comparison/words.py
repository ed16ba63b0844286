"""A comparison in sentences and short tables, for letters, terminals and pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity import tables
from capacity.comparison.campaigns import counted

if TYPE_CHECKING:
    from capacity.comparison import Comparison, Pair
    from capacity.runs import Run

MAIN = {
    "profit": "profit",
    "cost": "cost",
    "throughput": "throughput",
    "target_deficit": "stock below target, all periods",
    "objective": "regret",
    "regret.lateness": "- lateness",
    "regret.unserved": "- unserved",
    "regret.holding": "- holding",
    "regret.variable": "- variable cost above the cheapest",
    "regret.at_risk": "- at risk",
    "regret.changeover": "- changeovers",
    "regret.campaign": "- campaigns",
    "regret.hold": "- waiting harvest",
    "regret.shipment": "- shipments",
    "regret.qualification": "- qualifications",
    "regret.storage": "- storage",
    "regret.shortage": "- shortage of stock",
    "regret.waste": "- waste",
    "regret.deficit": "- stock below target",
    "tiers.firm_service.objective": "service of firm lines",
    "late_batches": "late batches",
    "unserved_batches": "unserved batches",
    "stock_ends_short": "ends of periods with a shortage",
    "stock_ends_low": "ends of periods below target",
    "on_time_in_full": "sold lines on time in full",
    "on_time_in_full_prospects": "prospects on time in full",
    "campaigns": "campaigns",
    "batches": "batches made",
    "revenue_expected": "expected revenue",
    "margin_expected": "expected margin",
}
"""Key figures that stand in a letter, and what they are called there."""

ALWAYS = ("objective", "late_batches", "unserved_batches", "on_time_in_full")
"""Those that stand there even if nothing changes."""

CAMPAIGN_WORDS = {
    "moved": "moved",
    "resized": "with more or fewer batches",
    "split": "split",
    "merged": "merged",
    "new": "new",
    "gone": "gone",
    "same": "unchanged",
}

ORDER_WORDS = {
    "unserved": "newly short of batches",
    "late": "newly late",
    "worse": "worse",
    "better": "better but late",
    "saved": "saved",
    "new": "new",
    "gone": "gone",
    "same": "unchanged",
}


def headline(comparison: Comparison, pair: Pair) -> str:
    """Say what the second run costs or saves, or makes where that is asked of both."""
    name = _asked(comparison, pair)
    row, word = _figure(pair, name), _called(name)
    had, has = (_amount(row[side], row["unit"]) for side in ("before", "after"))
    if row["difference"] == 0:
        if name == "objective":
            return f"{pair.name} costs what {comparison.name} costs: {has} of regret"
        return f"{pair.name} has the {word} of {comparison.name}: {has}"
    difference = _amount(abs(row["difference"]), row["unit"])
    more = "more" if row["difference"] > 0 else "less"
    verb = "costs" if name == "objective" else "has"
    return (
        f"{pair.name} {verb} {difference} {more} {word} than {comparison.name}"
        f" ({has} against {had})"
    )


def _asked(comparison: Comparison, pair: Pair) -> str:
    """The figure that both scenarios ask for, else regret."""
    one = comparison.run.loaded.scenario.objective
    alike = one == pair.run.loaded.scenario.objective
    return one if alike and one != "regret" else "objective"


def _called(name: str) -> str:
    return {"target_deficit": "stock below target"}.get(name) or MAIN[name]


def certainty(comparison: Comparison, pair: Pair) -> str:
    """Say whether better plans could turn the difference round."""
    row = _figure(pair, _asked(comparison, pair))
    if same_scenario(comparison, pair):
        return "Both plan the same scenario: what differs is how well they were planned"
    if row["least"] is None:
        return "No bound is known: better plans may differ otherwise"
    ends = [_signed(row[end], row["unit"]) for end in ("least", "most")]
    span = " to ".join(dict.fromkeys(ends))
    if row["certain"]:
        return f"That is certain, larger than the gaps: the best plans differ by {span}"
    return (
        "That is not certain, smaller than the gaps: the best plans may differ by"
        f" anything from {span}"
    )


def standing(run: Run, currency: str) -> str:
    """Say how good a plan is."""
    scenario = run.loaded.scenario
    said = f"regret {money(run.plan.objective, currency)}"
    if scenario.objective != "regret":
        found = tables.asked(scenario, run.kpis)
        said = f"{found.word} {_amount(found.value, found.unit)}"
    late, unserved = run.kpis.get("late_batches"), run.kpis.get("unserved_batches")
    return f"{said}, {late} batches late, {unserved} unserved"


def same_scenario(comparison: Comparison, pair: Pair) -> bool:
    """Whether two runs plan the same."""
    one, other = comparison.run.manifest, pair.run.manifest
    return one.scenario_sha256 == other.scenario_sha256


def key_figures(comparison: Comparison, pair: Pair) -> pd.DataFrame:
    """Main figures as text: key figure, both runs, difference, and what that means."""
    rows = []
    for row in sorted(pair.kpis.to_dict("records"), key=_place):
        name = MAIN.get(row["kpi"]) or _dated(row)
        changes = row["before"] != row["after"]
        if name is not None and (changes or row["kpi"] in ALWAYS):
            cells = [_cell(row[side], row["unit"]) for side in ("before", "after")]
            rows.append((name, *cells, _difference(row), _meaning(row)))
    columns = ["key figure", comparison.name, pair.name, "difference", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _place(row: Mapping[Any, Any]) -> int:
    """Put the main figures in their order, the rest behind them."""
    return list(MAIN).index(row["kpi"]) if row["kpi"] in MAIN else len(MAIN)


def campaigns(pair: Pair) -> str:
    """Say how many campaigns moved, were split and so on."""
    numbers = counted(pair.campaigns)
    return _listed(numbers, CAMPAIGN_WORDS) or "none"


def orders(pair: Pair) -> str:
    """Say how many orders became late or were saved."""
    numbers = Counter(pair.orders.change)
    return _listed(numbers, ORDER_WORDS) or "none"


def inputs(pair: Pair) -> str:
    """Say how many values the scenarios state differently."""
    number = len(pair.inputs)
    if not number:
        return "the scenarios state the same"
    return f"{number} {'value differs' if number == 1 else 'values differ'}"


def money(amount: float, currency: str) -> str:
    """Round money to what can be said: `8.6 M USD`, and `9.0 M USD` in line with it."""
    for unit, name in ((10**6, "M"), (10**3, "k")):
        if abs(amount) >= unit:
            return f"{amount / unit:,.1f} {name} {currency}"
    return f"{amount:g} {currency}"


def _figure(pair: Pair, name: str) -> Mapping[Any, Any]:
    rows = pair.kpis[pair.kpis.kpi == name].to_dict("records")
    return rows[0]


def _dated(row: Mapping[Any, Any]) -> str | None:
    """Name of a first batch or shipment that changes."""
    if row["unit"] != "date" or row["difference"] == 0:
        return None
    what, *which = row["kpi"].split(".")
    return f"{what.replace('_', ' ')}, {' to '.join(which)}"


def _cell(value: Any, unit: str) -> str:  # noqa: ANN401 - whatever kpis.json holds
    if value is None:
        return "-"
    if unit == "date":
        return str(value)[:10]
    if unit == "1":
        return f"{100 * value:.1f} %"
    return f"{value:,}" if unit == "batches" else _amount(value, unit)


def _amount(value: float, unit: str) -> str:
    if unit in ("kg", "batches"):
        return f"{value:,.10g} {unit}"
    counts = ("changeovers", "campaigns")
    return f"{value:,}" if unit in counts else money(value, unit)


def _signed(amount: float, unit: str) -> str:
    return f"{'+' if amount > 0 else ''}{_amount(amount, unit)}"


def _difference(row: Mapping[Any, Any]) -> str:
    value, unit = row["difference"], row["unit"]
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if unit == "date":
        return f"{value:+.1f}".removesuffix(".0") + " days"
    if unit == "1":
        return f"{100 * value:+.1f} points"
    return f"{'+' if value > 0 else ''}{_cell(value, unit)}"


def _meaning(row: Mapping[Any, Any]) -> str:
    verdict = row["verdict"]
    if verdict in (None, "same") or row["certain"] is None:
        return "" if verdict in (None, "same") else str(verdict)
    return f"{verdict}, certain" if row["certain"] else f"{verdict}, within the gaps"


def _listed(numbers: Mapping[str, int], words: Mapping[str, str]) -> str:
    """Join counts by commas: `3 moved, 1 gone`."""
    return ", ".join(
        f"{numbers[key]} {word}" for key, word in words.items() if numbers.get(key)
    )


# ----------------------------------------------------------------------------- examples


def moves(pair: Pair, most: int) -> list[str]:
    """The largest changes of campaigns: other sites first, then batches times days."""
    rows = pair.campaigns[pair.campaigns.change != "same"].to_dict("records")
    return [_move(row) for row in sorted(rows, key=_size)[:most]]


def _size(row: Mapping[Any, Any]) -> tuple[object, ...]:
    one, other = row["site_before"], row["site_after"]
    elsewhere = one is not None and other is not None and one != other
    batches = max(row["batches_before"] or 0, row["batches_after"] or 0)
    shift = NEVER if row["shift_days"] is None else abs(row["shift_days"])
    names = row["campaign_before"] or "", row["campaign_after"] or ""
    return not elsewhere, -batches * shift, names


NEVER = 183
"""What a new campaign, or one that is gone, counts as. [day]"""


def _move(row: Mapping[Any, Any]) -> str:
    what = f"{row['programme']} {row['step']}"
    if row["change"] in ("new", "gone"):
        side = "after" if row["change"] == "new" else "before"
        where = f"{row[f'suite_{side}']} from {_day(row[f'start_{side}'])}"
        return f"{what}: {row['change']}, {_batches(row[f'batches_{side}'])} in {where}"
    parts = [_became(row["suite_before"], row["suite_after"])]
    parts.append(_became(_day(row["start_before"]), _day(row["start_after"])))
    parts.append(_later(row["shift_days"]))
    parts.append(_became(row["batches_before"], row["batches_after"]) + " batches")
    return f"{what}: {row['change']}, {', '.join(filter(None, parts))}"


def _became(one: object, other: object) -> str:
    return str(one) if one == other else f"{one} to {other}"


def _later(days: float) -> str:
    whole = round(abs(days))
    if not whole:
        return ""
    return f"{whole} {'day' if whole == 1 else 'days'} {'later' if days > 0 else 'earlier'}"


def _batches(number: int) -> str:
    return f"{number} {'batch' if number == 1 else 'batches'}"


def _day(moment: str) -> str:
    return moment[:10]


def order_examples(pair: Pair, changes: Sequence[str], most: int) -> list[str]:
    """Orders of these changes for which most money is at stake."""
    chosen = pair.orders[pair.orders.change.isin(changes)]
    rows = chosen.to_dict("records")
    stakes = sorted(rows, key=lambda row: (-abs(_stake(row)), row["order"]))
    return [_order(row) for row in stakes[:most]]


def _stake(row: Mapping[Any, Any]) -> int:
    return (row["cost_after"] or 0) - (row["cost_before"] or 0)


def _order(row: Mapping[Any, Any]) -> str:
    said = [f"{row['order']} ({row['firmness']}, due {_due(row)})"]
    for side, verb in (("before", "was"), ("after", "is")):
        if row[f"batches_{side}"] is not None:
            said.append(f"{verb} {_state(row, side)}")
    return ": ".join((said[0], ", ".join(said[1:])))


def _state(row: Mapping[Any, Any], side: str) -> str:
    short = [
        f"{row[f'{name}_{side}']} {name}"
        for name in ("late", "unserved")
        if row[f"{name}_{side}"]
    ]
    if not short:
        return "on time"
    cause = row[f"cause_{side}"].replace("_", " ")
    return f"{' and '.join(short)} of {row[f'batches_{side}']} ({cause})"


def _due(row: Mapping[Any, Any]) -> str:
    days = [
        _day(row[f"due_{side}"]) for side in ("before", "after") if row[f"due_{side}"]
    ]
    return _became(days[0], days[-1])

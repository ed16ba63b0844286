"""What one quality system is worth: a page with its figures, made from two pairs of plans.

python docs/one_quality_system.py [WORK]    plans both pairs of scenarios, some minutes each,
                                            and writes the figures and the page

A test compares the page with the figures beside it, so neither is edited by hand.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from capacity import __version__, reading
from capacity.horizon import days_between
from capacity.plan import Plan
from capacity.scenario import Scenario
from capacity.solver import Result, solve
from capacity.tables import kpis

HERE = Path(__file__).parent
PAGE = HERE / "one_quality_system.md"
FIGURES = HERE / "one_quality_system.json"
SCENARIOS = HERE.parent / "scenarios"

PAIRS = {
    "staffed": ("base", "two_quality_systems"),
    "short": ("songdo_reviewers_short", "two_systems_reviewers_short"),
}
"""Scenarios with one system and with two: as the sites are staffed, and where Songdo isn't."""
MONTH = 365.25 / 12
"""Days of a mean month."""

Figures = dict[str, Any]

HEAD = """\
# What one quality system is worth

Figures made by `python docs/one_quality_system.py {work:g}` with capacity {version} on {made}
from [`base.yaml`](../scenarios/base.yaml) and
[`two_quality_systems.yaml`](../scenarios/two_quality_systems.yaml), and from
[`songdo_reviewers_short.yaml`](../scenarios/songdo_reviewers_short.yaml) and
[`two_systems_reviewers_short.yaml`](../scenarios/two_systems_reviewers_short.yaml), as of
{as_of}; don't edit this page.

The second scenario has the same sites, suites, orders and people. Two things differ:

- **No pooling, no shared release.** Neither site reviews the other's batch records.
- **Full-length transfers between the two sites.** What moves from one to the other takes as
  long as from outside, 365 days instead of 270, as methods, documents and specifications are
  aligned anew. That one system saves a quarter is an assumption of ours. In the worked case
  US-IO, MAB-4 and the antibody of ADC-B may move to Songdo and HT-1 to Syracuse.

What a client brings to Songdo from elsewhere (BIG-1, BIG-2, HT-1, PROS-1) is transferred from
outside, so it takes as long with one system as with two. One quality system never confers a
licence, and it saves no PPQ batch, no filing and no review.
"""

SHORT = """\
## Where Songdo has half of its reviewers

The same where half of the QA reviewers that Songdo needs are hired, throughout. With one system
Syracuse may review a quarter of what it could take for Songdo, with two nobody may.
"""

FOOT = """\
## How far to trust it

As staffed: {staffed}

Where Songdo is short: {short}

One part is exact, what each batch costs alone with all suites to itself: as staffed, no plan
avoids {unavoidable} more with two systems than with one. The same comparison, campaign by
campaign:

```sh
capacity solve scenarios/base.yaml -o runs/one
capacity solve scenarios/two_quality_systems.yaml --start-from runs/one -o runs/two
capacity compare runs/one runs/two
```

This is decision support from public figures and open assumptions, not a GxP record and not a
statement about the companies named in the worked case.
"""


def measure(work: float) -> Figures:
    """Plan both pairs."""
    return {
        "work": work,
        "as_of": f"{_scenario(PAIRS['staffed'][0]).as_of:%Y-%m-%d}",
        "version": __version__,
        "made": f"{datetime.now(UTC):%Y-%m-%d}",
        **{name: _pair(*pair, work) for name, pair in PAIRS.items()},
    }


def _scenario(name: str) -> Scenario:
    return reading.read(SCENARIOS / f"{name}.yaml").scenario


def _pair(one: str, two: str, work: float) -> Figures:
    """Plan one system and two in turn, as often, each from the plan before it.

    The best of each counts.
    """
    plans: dict[str, Result] = {}
    start: Plan | None = None
    in_turn = []
    for name in (one, two, one, two):
        loaded = reading.read(SCENARIOS / f"{name}.yaml")
        result = solve(
            loaded.scenario,
            scenario_sha256=reading.sha256(loaded),
            work=work,
            start=start,
        )
        start = result.plan
        assert start is not None
        in_turn.append(start.objective)
        best = plans[name].plan if name in plans else None
        if best is None or start.objective < best.objective:
            plans[name] = result
        sys.stderr.write(f"{name}: {start.objective:,}\n")
    return {
        "in_turn": in_turn,
        "one": _figures(one, plans[one]),
        "two": _figures(two, plans[two]),
    }


def _figures(name: str, result: Result) -> Figures:
    scenario, plan = _scenario(name), result.plan
    assert plan is not None
    tiers = [(tier.name, tier.objective, tier.bound) for tier in result.tiers]
    found = kpis(
        scenario,
        plan,
        bound=result.bound,
        tiers=tiers,
        unavoidable=result.unavoidable,
    )
    shipped = found["first_shipment"]
    assert isinstance(shipped, dict)
    late = [batch.late_days for batch in plan.batches if batch.late_days]
    wanted = (
        *("objective", "bound", "unavoidable", "revenue_expected", "margin_expected"),
        *("late_batches", "unserved_batches", "on_time_in_full"),
    )
    return {
        "scenario_sha256": plan.scenario_sha256,
        **{key: found[key] for key in wanted},
        "late_batch_days": round(sum(late)),
        "reviewed_elsewhere": sum(
            batch.qa_site not in (None, batch.site) for batch in plan.batches
        ),
        "first_from_songdo": shipped["SON"],
        "moves": _moves(scenario, plan),
    }


def _moves(scenario: Scenario, plan: Plan) -> list[dict[str, str]]:
    """Transfers from one site to the other, and when their first batches were made."""
    origin = {row.id: row.origin for row in scenario.qualifications}
    return [
        {
            "programme": row.programme,
            "step": row.step or "",
            "site": row.site,
            "transfer_end": f"{row.transfer_end:%Y-%m-%d}",
            "engineered": f"{row.engineered:%Y-%m-%d}",
        }
        for row in plan.qualifications
        if origin[row.qualification] == "within" and row.transfer_end and row.engineered
    ]


def page(figures: Figures) -> str:
    """The whole page."""
    staffed, short = figures["staffed"], figures["short"]
    head = HEAD.format(**figures)
    more = staffed["two"]["unavoidable"] - staffed["one"]["unavoidable"]
    foot = FOOT.format(
        **{name: _doubts(figures[name]) for name in PAIRS}, unavoidable=_millions(more)
    )
    as_staffed = [
        *_table(staffed, figures["as_of"]),
        "",
        *moves(staffed["one"], staffed["two"]),
        "",
    ]
    parts = [head, "## In money, lateness and months", "", *as_staffed, SHORT]
    return "\n".join([*parts, *_table(short, figures["as_of"]), "", foot])


def _table(pair: Figures, as_of: str) -> list[str]:
    """One system beside two, and what that shows of reviewers that are lent."""
    one, two = pair["one"], pair["two"]
    return [
        "| | one system | two systems | difference |",
        "|---|---:|---:|---:|",
        *(_row(*row, one, two) for row in MONEY),
        *(_row(*row, one, two) for row in SERVICE),
        *_shipments(one, two, as_of),
        "",
        pooling(one, two),
    ]


def _doubts(pair: Figures) -> str:
    return f"{trust(pair['one'], pair['two'])}\n{noise(pair['in_turn'])}"


def pooling(one: Figures, two: Figures) -> str:
    """What the plans show of reviewers that are lent."""
    elsewhere = one["reviewed_elsewhere"]
    if not elsewhere:
        return (
            "Pooling shows nothing here: with one system, too, each site reviews all of its\n"
            "own records, so lending reviewers is worth nothing in these plans."
        )
    return (
        f"With one system {elsewhere} batch records are reviewed at the other site, with two"
        f" {two['reviewed_elsewhere']}."
    )


def moves(one: Figures, two: Figures) -> list[str]:
    """Whether what moves between the sites could have moved later as well."""
    said = []
    for name, figures in (("one system", one), ("two", two)):
        for row in figures["moves"]:
            days = _days(row["transfer_end"], row["engineered"])
            assert days is not None
            what = (
                f"{row['programme']}'s {row['step']}"
                if row["step"]
                else row["programme"]
            )
            said.append(
                f"- With {name}, {what} is transferred to {row['site']} by"
                f" {row['transfer_end']}; the engineering there is made by"
                f" {row['engineered']}, {days / MONTH:.0f} months later."
            )
    if not said:
        return ["Neither plan moves anything from one site to the other."]
    return [
        "A longer transfer costs something only where batches wait for it. What the plans move"
        "\nfrom one site to the other, as a rule after it is approved at the first:",
        "",
        *said,
    ]


def noise(in_turn: list[int]) -> str:
    """What the plans cost one after another, and which differences say nothing."""
    falls = [abs(a - b) for a, b in zip(in_turn, in_turn[2:], strict=False)]
    apart = abs(min(in_turn[1::2]) - min(in_turn[::2]))
    verdict = "more than that" if apart > max(falls) else "no more than that: noise"
    luck = ""
    if min(in_turn[1::2]) < min(in_turn[::2]):
        luck = (
            " What can be done with two systems can be\ndone with one, so that two come out"
            " cheaper here is luck of the search."
        )
    return (
        "Planned in turn, one system, two, one, two, each from the plan before, they cost\n"
        f"{', '.join(_millions(money) for money in in_turn)}; of each the best\ncounts. A"
        f" second search of the same length moved one by {_millions(falls[0])} and two by"
        f" {_millions(falls[1])}.\nThe two differ by {_millions(apart)}, {verdict}.{luck}"
    )


MONEY = [
    ("regret", "objective", 1e6, "M USD"),
    ("proved: no plan has less", "bound", 1e6, "M USD"),
    ("of that for each batch alone", "unavoidable", 1e6, "M USD"),
    ("revenue, weighted by probability", "revenue_expected", 1e6, "M USD"),
    ("margin before fixed cost, weighted", "margin_expected", 1e6, "M USD"),
]
SERVICE = [
    ("late batches", "late_batches", 1, ""),
    ("their days late, added up", "late_batch_days", 1, "d"),
    ("batches not served", "unserved_batches", 1, ""),
    ("lines sold that are on time in full", "on_time_in_full", 0.01, "%"),
    ("records reviewed at the other site", "reviewed_elsewhere", 1, ""),
]


def _row(
    name: str, key: str, unit: float, said: str, one: Figures, two: Figures
) -> str:
    digits = 0 if unit == 1 else 1
    before, after = one[key] / unit, two[key] / unit
    cells = [
        f"{before:,.{digits}f}",
        f"{after:,.{digits}f}",
        f"{after - before:+,.{digits}f}",
    ]
    return f"| {name}{f', {said}' if said else ''} | {' | '.join(cells)} |"


def _shipments(first: Figures, second: Figures, as_of: str) -> list[str]:
    """Months from `as_of` to the first batch that Songdo ships to each market."""
    one, two = first["first_from_songdo"], second["first_from_songdo"]
    rows = []
    for market in sorted({*one, *two}, key=lambda market: one.get(market) or "z"):
        days = [_days(as_of, each.get(market)) for each in (one, two)]
        cells = ["none" if n is None else f"{n / MONTH:.1f}" for n in days]
        apart = "-"
        if days[0] is not None and days[1] is not None:
            apart = f"{(days[1] - days[0]) / MONTH:+.1f}"
        cells.append(apart)
        rows.append(
            f"| months to Songdo's first shipment, {market} | {' | '.join(cells)} |"
        )
    return rows


def _days(start: str, end: str | None) -> float | None:
    if end is None:
        return None
    return float(
        days_between(datetime.fromisoformat(start), datetime.fromisoformat(end))
    )


def trust(one: Figures, two: Figures) -> str:
    """Whether the difference in regret is larger than what the plans may be off by."""
    least, most = two["bound"] - one["objective"], two["objective"] - one["bound"]
    said = (
        f"The best plan with two systems costs between {_millions(least)} and"
        f" {_millions(most)} more than\nthe best with one: that is what the bounds prove."
    )
    if least > 0 or most < 0:
        return f"{said} So the difference is certain."
    return (
        f"{said}\nSo the {_millions(two['objective'] - one['objective'])} between these two"
        " plans is an estimate,\nmade by as many searches for one as for two."
    )


def _millions(money: int) -> str:
    return f"{money / 1e6:,.1f} M USD"


if __name__ == "__main__":
    measured = measure(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
    FIGURES.write_text(json.dumps(measured, indent=1) + "\n")
    PAGE.write_text(page(measured))

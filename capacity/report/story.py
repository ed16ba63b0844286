"""What a run says in words and figures: how good it is, what is late, what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity import tables
from capacity.plan import Costs
from capacity.plots.choice import site_names
from capacity.report.words import counted, money, share

if TYPE_CHECKING:
    from capacity.runs import Run

CAUSES = {
    "suite": "The suites that may make it were taken by other campaigns.",
    "go_live": "Even alone, a batch would have to start before the suite is live.",
    "licence": "The right to ship to its market comes too late, or never.",
    "transfer": "No site is open to the programme in time.",
    "intermediate": "Intermediates came too late, or not at all.",
    "qc": "Its batches waited for testing.",
    "qa": "Its batches waited for review.",
    "shutdown": "Even alone, a batch would run into a shutdown or outage.",
    "frozen": "It would have to start within the frozen days.",
    "due_before_possible": "No batch that starts after the plan's first day is in time.",
}
"""What each cause of a late or unserved line means."""

STOPPED = {
    "optimal": "The search ended because nothing was left to prove.",
    "gap": "The search ended at the gap that was asked for.",
    "work": "The search ended at its work budget; more work may find a better plan.",
    "time_limit": "The search ended at its time limit; more time may find a better plan.",
    "interrupt": "The search was interrupted; more time may find a better plan.",
}
"""Why a search ended."""

TIERS = {
    "firm_service": "Firm lines late or unserved",
    "rest": "Everything else",
    "regret": "Everything",
}
"""What the tiers of the objective are."""

WORST = 12
"""Lines that are shown one by one beside the causes."""


@dataclass(frozen=True)
class Figure:
    """A key figure: what it is, how much, and what to know about it."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Share:
    """A part of a whole, for a bar."""

    name: str
    means: str
    amount: int
    percent: float
    """Of the largest. [%]"""


@dataclass(frozen=True)
class CauseRow:
    """All lines that one cause made late or left unserved."""

    cause: str
    means: str
    lines: int
    late: int
    unserved: int
    cost: int
    percent: float
    """Of the dearest cause. [%]"""


class Story:
    """The words of a report.

    Parameters
    ----------
    run
        The run.
    orders
        Frame of `tables.orders`.
    standings
        Frame of `tables.standings`.
    """

    def __init__(self, run: Run, orders: pd.DataFrame, standings: pd.DataFrame) -> None:
        self.run = run
        self.kpis: Mapping[str, Any] = run.kpis
        self.currency = run.loaded.scenario.currency
        self.orders = orders
        self.standings = standings

    # ------------------------------------------------------------------ how good it is

    @cached_property
    def verdict(self) -> str:
        """How far from the best possible the plan is, in one sentence."""
        gap, bound = self.kpis["gap_money"], self.kpis["bound"]
        found = tables.asked(self.run.loaded.scenario, self.kpis)
        if found.counts and found.better:
            return f"At most {self._said(found.better, found.unit)} better exists."
        if self.run.manifest.status == "optimal":
            if found.counts or not gap:
                return "Proved: no better plan exists."
            return (
                "Proved the best in its order of priorities, firm service first; without"
                f" that order at most {self._money(gap)} better exists."
            )
        if bound is None:
            return "Nothing is proved about how much better a plan could be."
        if not gap:
            return "No plan has less regret; one may serve firm lines better."
        return f"At most {self._money(gap)} better exists."

    @cached_property
    def bounds(self) -> str:
        """What the figures of the verdict mean."""
        regret, bound = self.kpis["objective"], self.kpis["bound"]
        if "profit" in self.kpis:
            return self._earned()
        if self.run.loaded.scenario.objective != "regret":
            return self._reached()
        said = (
            f"The plan loses {self._money(regret)} against every order on time at its"
            " cheapest (its regret)."
        )
        if bound is None or bound == regret:
            return said
        return (
            f"{said} It is proved that every plan loses at least {self._money(bound)}."
        )

    def _earned(self) -> str:
        """What a plan earns that is asked for its profit."""
        profit, most = self.kpis["profit"], self.kpis["profit_bound"]
        said = (
            f"The plan earns {self._money(profit)},"
            f" {self._money(self.kpis['objective'])} less than all demand sold at its"
            " cheapest."
        )
        if most is None or most == profit:
            return said
        return f"{said} It is proved that no plan earns more than {self._money(most)}."

    def _reached(self) -> str:
        """What a plan reaches of another objective, and what any can."""
        found = tables.asked(self.run.loaded.scenario, self.kpis)
        value = self._said(found.value, found.unit)
        verb = {"cost": "costs", "throughput": "makes"}.get(found.objective)
        said = f"The plan {verb} {value}."
        if verb is None:
            said = f"Added up over all periods, stocks are {value} below their targets."
        if not found.better or found.bound is None:
            return said
        limit = "more" if found.more else "less"
        bound = self._said(found.bound, found.unit)
        return f"{said} It is proved that no plan comes to {limit} than {bound}."

    def _said(self, amount: float, unit: str) -> str:
        """An amount of product, or of money."""
        counted = unit in ("kg", "batches")
        return f"{amount:,.10g} {unit}" if counted else self._money(int(amount))

    @cached_property
    def firm(self) -> str:
        """What is proved of firm lines, where they come first."""
        first = self.kpis["tiers"][0]
        if first["name"] != "firm_service" or first["bound"] != first["objective"]:
            return ""
        if not first["objective"]:
            return "Every firm line is on time."
        return "Late and unserved firm lines cost the least that any plan can reach."

    @cached_property
    def search(self) -> str:
        """Why the search ended, and if it can be repeated."""
        manifest = self.run.manifest
        ended = STOPPED.get(manifest.stopped_by, "")
        if manifest.reproducible:
            again = "The same scenario, options and versions give the same plan again."
        else:
            again = "With these options another search may give another plan."
        return f"{ended} {again}".strip()

    @cached_property
    def proved_percent(self) -> float | None:
        """Bound as a part of the regret. [%]"""
        regret, bound = self.kpis["objective"], self.kpis["bound"]
        return round(100 * bound / regret, 2) if regret and bound is not None else None

    @cached_property
    def tiers(self) -> list[dict[str, Any]]:
        """Each tier with its name in words, and what is left above its bound."""
        return [
            {
                **tier,
                "says": TIERS.get(tier["name"], tier["name"].replace("_", " ")),
                "left": None
                if tier["bound"] is None
                else tier["objective"] - tier["bound"],
            }
            for tier in self.kpis["tiers"]
        ]

    @cached_property
    def figures(self) -> list[Figure]:
        """Key figures, the most asked for first."""
        kpis = self.kpis
        sold = int(self.orders.firmness.isin(["firm", "forecast"]).sum())
        prospects = kpis["on_time_in_full_prospects"]
        apart = "" if prospects is None else f"; prospects {share(prospects)}"
        due = int(self.orders.batches[self.orders.firmness != "spare"].sum())
        return [
            Figure(
                "On time in full",
                share(kpis["on_time_in_full"]),
                f"of {counted(sold, 'line', 'lines')} sold{apart}",
            ),
            Figure(
                "Late batches",
                f"{kpis['late_batches']:,}",
                f"of {due:,} batches ordered",
            ),
            Figure(
                "Unserved batches",
                f"{kpis['unserved_batches']:,}",
                f"of {due:,} batches ordered",
            ),
            Figure(
                "Revenue",
                self._money(kpis["revenue"]),
                f"{self._money(kpis['revenue_expected'])} weighted by probability",
            ),
            Figure(
                "Margin",
                self._money(kpis["margin"]),
                f"{self._money(kpis['margin_expected'])} weighted by probability",
            ),
            Figure(
                "Campaigns",
                f"{kpis['campaigns']:,}",
                f"{counted(kpis['batches'], 'batch', 'batches')}, "
                + counted(kpis["changeovers"], "changeover", "changeovers"),
            ),
        ]

    @cached_property
    def regret(self) -> list[Share]:
        """Regret by term, the dearest first; terms without any are left out."""
        terms = self.kpis["regret"]
        most = max([*terms.values(), 1])
        means = {name: field.description for name, field in Costs.model_fields.items()}
        return [
            Share(
                name.replace("_", " "),
                means.get(name) or "",
                amount,
                round(100 * amount / most, 2),
            )
            for name, amount in sorted(terms.items(), key=lambda term: -term[1])
            if amount
        ]

    @cached_property
    def markets(self) -> list[str]:
        """Every market that a site ships to."""
        sites = self.kpis["first_shipment"].values()
        return sorted({market for markets in sites for market in markets})

    @cached_property
    def first(self) -> list[dict[str, Any]]:
        """By site: the first batch made there, and the first shipment to each market."""
        names = site_names(self.run.loaded.scenario)
        return [
            {
                "site": names.get(site, site),
                "batch": day,
                "markets": self.kpis["first_shipment"].get(site, {}),
            }
            for site, day in self.kpis["first_batch"].items()
        ]

    @cached_property
    def binding(self) -> list[str]:
        """Where QC or QA binds and when, the longest waits first."""
        return tables.binding(self.kpis.get("waits", []))

    # -------------------------------------------------------------------- what is late

    @cached_property
    def short(self) -> pd.DataFrame:
        """Lines that are late or unserved in part, the dearest first."""
        rows = self.orders[(self.orders.late > 0) | (self.orders.unserved > 0)]
        return rows.sort_values(["cost", "order"], ascending=[False, True])

    @cached_property
    def causes(self) -> list[CauseRow]:
        """Late and unserved lines by cause, the dearest first."""
        groups = [(str(cause), rows) for cause, rows in self.short.groupby("cause")]
        costs = {cause: int(rows.cost.sum()) for cause, rows in groups}
        most = max([*costs.values(), 1])
        found = [
            CauseRow(
                cause,
                CAUSES.get(cause, ""),
                len(rows),
                int(rows.late.sum()),
                int(rows.unserved.sum()),
                costs[cause],
                round(100 * costs[cause] / most, 2),
            )
            for cause, rows in groups
        ]
        return sorted(found, key=lambda row: (-row.cost, row.cause))

    @cached_property
    def worst(self) -> list[dict[str, Any]]:
        """The dearest of the lines that are late or unserved."""
        return _records(self.short.head(WORST))

    # --------------------------------------------------------------- what it rests on

    @cached_property
    def standing(self) -> dict[str, int]:
        """How many values are facts, typical ranges and assumptions."""
        found = self.standings.standing.value_counts()
        return {name: int(found.get(name, 0)) for name in ("fact", "typical")} | {
            "assumption": int(found.get("assumption", 0))
        }

    @cached_property
    def vouched(self) -> list[dict[str, Any]]:
        """Facts and typical values."""
        return _records(self.standings[self.standings.standing != "assumption"])

    @cached_property
    def guessed(self) -> list[dict[str, Any]]:
        """Assumptions for which a reason is stated."""
        known = self.standings
        return _records(known[(known.standing == "assumption") & known.note.notna()])

    @cached_property
    def sources(self) -> list[tuple[str, str]]:
        """What the notes refer to: S2 before S10."""
        sources = self.run.loaded.scenario.sources.items()
        return sorted(sources, key=lambda source: (len(source[0]), source[0]))

    def _money(self, amount: int) -> str:
        return money(amount, self.currency)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame by the names of its columns."""
    rows = frame.to_dict("records")
    return [{str(name): cell for name, cell in row.items()} for row in rows]

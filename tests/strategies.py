"""Small valid scenarios that use every part of the format, and random plans of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from capacity.instance import QA, QC, Group, Instance, Mode, StepData, build
from capacity.scenario import Scenario
from capacity.schedule import (
    Batch,
    Freight,
    Run,
    Schedule,
    Test,
    Unit,
    changeover_between,
    end_of,
    lead_in,
)
from capacity.schedule.freights import freights_for
from capacity.slots import in_turn
from capacity.validate import problems

Row = dict[str, Any]

FAMILIES = (
    "closures",
    "ramp",
    "changeovers",
    "kinds",
    "sizes",
    "frozen",
    "lanes",
    "direct",
    "client",
    "opening",
    "queues",
    "money",
    "licences",
    "stock",
    "losses",
    "ceilings",
    "freezers",
    "priorities",
    "qualifications",
)
"""Parts of the format; a scenario draws some of them.

Where `objectives` is asked for besides, everything is made to stock and something else than
regret is asked of the plan; with `second_sites` steps have suites at two sites, which are
qualified one after the other.
"""

ORIGIN = datetime(2026, 1, 1)
MARKETS = ("US", "EU")

SHAPES: dict[str, list[tuple[str, str, str | None]]] = {
    "single": [("ab", "mab", None)],
    "frozen": [("ab", "mab", None), ("conj", "conjugation", "frozen")],
    "direct": [("up", "upstream", None), ("down", "downstream", "direct")],
    "direct twice": [
        ("up", "upstream", None),
        ("down", "downstream", "direct"),
        ("fill", "conjugation", "direct"),
    ],
    "direct then frozen": [
        ("up", "upstream", None),
        ("down", "downstream", "direct"),
        ("conj", "conjugation", "frozen"),
    ],
}
"""Steps of a recipe with their stage and supply."""


def moment(days: Fraction | int) -> str:
    """ISO date of so many days after the start of the horizon."""
    found = ORIGIN + timedelta(days=float(days))
    if found.hour == found.minute == 0:
        return found.date().isoformat()
    return found.isoformat(timespec="minutes")


# ------------------------------------------------------------------------- scenarios


@st.composite
def documents(draw: st.DrawFn, families: frozenset[str] = frozenset()) -> Row:
    """Plain data of a small scenario with these families, and some of the others."""
    others = draw(st.sets(st.sampled_from(FAMILIES[:-1]), max_size=3))
    if draw(st.integers(0, 4)) == 4:
        others.add("qualifications")
    return _Writer(draw, families | others).document()


@st.composite
def scenarios(draw: st.DrawFn, families: frozenset[str] = frozenset()) -> Scenario:
    """A small scenario without problems."""
    scenario = Scenario.model_validate(draw(documents(families)))
    assume(not problems(scenario))
    return scenario


class _Writer:
    """Draws a scenario part by part."""

    def __init__(self, draw: st.DrawFn, families: frozenset[str]) -> None:
        self.draw, self.families = draw, families
        self.tick = Fraction(draw(st.sampled_from(["1", "1", "1", "1/2", "1/4"])))
        self.length = draw(st.integers(50, 110))
        self.as_of = draw(st.integers(0, 12))
        self.two_sites = bool(families & {"lanes", "second_sites"}) or draw(
            st.booleans()
        )
        self.suites: list[Row] = []
        self.names = draw(st.permutations([f"S{n}" for n in range(1, 10)]))

    # ------------------------------------------------------------- small draws

    def has(self, family: str) -> bool:
        return family in self.families

    def maybe(self, family: str) -> bool:
        """Sometimes, where the scenario uses this family."""
        return self.has(family) and self.draw(st.booleans())

    def whole(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def one_of(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def days(self, low: int, high: int) -> str:
        """A duration on the grid. [day]"""
        per_day = int(1 / self.tick)
        ticks = self.draw(st.integers(low * per_day, high * per_day))
        return str(ticks * self.tick)

    def date(self, low: int, high: int) -> str:
        return moment(Fraction(self.days(low + 999, high + 999)) - 999)

    def site(self) -> str:
        return self.one_of("A", "B") if self.two_sites else "A"

    # -------------------------------------------------------------------- whole

    def document(self) -> Row:
        shapes = self._shapes()
        self.shapes = shapes
        programmes = [self._programme(n, shape) for n, shape in enumerate(shapes)]
        self._set_up(programmes)
        contracts = self._contracts(programmes)
        made_to_stock = [
            self._made_to_stock(programme)
            for number, programme in enumerate(programmes)
            if self.has("objectives")
            or (self.has("stock") and (not number or self.draw(st.booleans())))
        ]
        self.stocked = {row["programme"] for row in made_to_stock}
        document: Row = {
            "schema_version": 1,
            "name": "drawn",
            "as_of": moment(self.as_of),
            "horizon": {"start": moment(0), "end": moment(self.length - 1)},
            "clean_hold_days": self.days(0, 9),
            "ramp_step_days": self.one_of("91", "12", "25"),
            "frozen_days": self.one_of("0", "0", "5"),
            "sites": self._sites(),
            "suites": self.suites,
            "changeovers": [self._changeover(name) for name in ("quick", "slow")],
            "campaign_limits": [self._limits(name) for name in ("short", "long")],
            "release_classes": [self._release(name) for name in ("fast", "full")],
            "quality": self._quality(),
            "losses": self._losses(),
            "economics": self._economics(),
            "programmes": programmes,
            "transfers": self._transfers(programmes),
            "licences": self._licences(programmes),
            "lanes": self._lanes(),
            "contracts": contracts,
            "orders": self._orders(
                [row for row in contracts if row["programme"] not in self.stocked]
            ),
            "made_to_stock": made_to_stock,
            "demand": [row for part in made_to_stock for row in self._demand(part)],
            **self._opening(programmes),
        }
        if self.has("objectives"):
            document["objective"] = self._objective(made_to_stock)
        if self.has("qualifications") and document.get("objective") in (None, "cost"):
            self._qualify(document)
        self._open_for_locks(document)
        if self.tick < 1:
            document["resolution_days"] = str(self.tick)
        if self.has("ceilings"):
            document["load_period"] = self.one_of("month", "month", "quarter", "year")
        if self.has("money"):
            document["due_rule"] = self.one_of("inclusive", "strict")
            document["tiers"] = self.one_of("strict", "single")
        return document

    def _objective(self, made_to_stock: list[Row]) -> str:
        """What may be asked for, where everything is made to stock."""
        alike = len({row["unit"] for row in made_to_stock}) == 1
        amounts = ["throughput"] if alike else []
        if alike and any(row.get("target") for row in made_to_stock):
            amounts += ["target_deficit"]
        return str(self.one_of("cost", *amounts, *amounts))

    # ------------------------------------------------------------------ network

    def _sites(self) -> list[Row]:
        rows = []
        for name in ("A", "B")[: 1 + self.two_sites]:
            row: Row = {"id": name, "name": name}
            row["qc_batches"] = self._rates("1/2", "1", "7/4", "3")
            row["qa_reviewers"] = self._rates("1", "5/3", "2", "5")
            if self.has("freezers"):
                row["freezer_batches"] = self.one_of(0, 1, 1, 2, 2, 3, 4)
            if self.maybe("closures"):
                row["shutdowns"] = [
                    {
                        "id": f"{name}-shut",
                        "start": self.date(8, 60),
                        "days": self.days(2, 9),
                    }
                ]
            if self.maybe("closures"):
                row["outages"] = [
                    {
                        "id": f"{name}-out",
                        "start": self.date(8, 60),
                        "days": self.days(1, 6),
                    }
                ]
            rows.append(row)
        return rows

    def _rates(self, *values: str) -> list[Row]:
        if not self.has("queues") and not self.has("priorities"):
            return [{"from": moment(-500), "value": 14}]
        first = self.one_of(*values, "0")
        rows: list[Row] = [{"from": moment(-500), "value": first}]
        if first == "0" or self.draw(st.booleans()):
            latest = 10 if first == "0" else 30
            rows.append({"from": self.date(0, latest), "value": self.one_of(*values)})
        if self.draw(st.booleans()):
            rows.append({"from": self.date(31, 60), "value": self.one_of(*values)})
        return rows

    def _suite(self, stage: str, site: str | None = None) -> str:
        """A new suite for a stage, or one that stands already."""
        standing = [row["id"] for row in self.suites if row["stage"] == stage]
        if site is not None:
            standing = [
                row["id"]
                for row in self.suites
                if (row["stage"], row["site"]) == (stage, site)
            ]
        if standing and (len(self.suites) > 3 or self.draw(st.booleans())):
            return str(self.draw(st.sampled_from(standing)))
        name = self.names[len(self.suites)]
        row: Row = {
            "id": name,
            "site": site or self.site(),
            "stage": stage,
            "go_live": moment(-400),
            "reactors": self.one_of(1, 1, 2),
            "production_days": self.days(2, 3 if stage == "downstream" else 7),
            "turnaround_days": self.one_of("0", "1", "3", "7")
            if stage in ("mab", "conjugation")
            else "0",
            "downstream_days": self.one_of("0", "1", "2"),
            "downstream_cycle_days": self.one_of("0", "2", "3"),
            "changeover": self.one_of("quick", "slow"),
            "variable_cost": self.whole(1, 9) * 100,
            "campaign_cost": self.one_of(0, 0, 70),
            "contains": ["p", "q"],
        }
        if self.has("ramp"):
            row["go_live"] = self.date(-20, 25)
            row["ramp"] = self.one_of([], ["1/2"], ["1/2", "3/4"])
            row["unplanned_downtime"] = self.one_of("0", "1/10")
        if self.maybe("ceilings"):
            row["load_ceiling"] = self.one_of("0.3", "0.45", "0.6", "0.85", "1")
        if self.maybe("closures"):
            row["outages"] = [
                {
                    "id": f"{name}-down",
                    "start": self.date(5, 50),
                    "days": self.days(1, 5),
                }
            ]
        self.suites.append(row)
        return name

    def _set_up(self, programmes: list[Row]) -> None:
        for suite in self.suites:
            users = [
                programme["id"]
                for programme in programmes
                if any(suite["id"] in step["suites"] for step in programme["recipe"])
            ]
            if not users:
                continue
            if self.draw(st.booleans()):
                suite["set_up"] = self.draw(st.sampled_from(users))
            if self.maybe("ramp"):
                rate: Row = {"programme": self.draw(st.sampled_from(users))}
                rate["takt_days"] = self.days(1, 4)
                rate["lead_in_days"] = self.days(2, 6)
                rate["variable_cost"] = self.whole(1, 9) * 100
                rate["campaign_cost"] = self.one_of(None, 30)
                suite["rates"] = [rate]

    def _changeover(self, name: str) -> Row:
        row: Row = {
            "id": name,
            "same_product": self.days(0, 3),
            "same_client": self.days(0, 4),
            "different_client": self.days(1, 5),
            "first_use": self.days(0, 4),
            "cost": self.one_of(0, 70, 300),
        }
        if self.has("changeovers"):
            if self.draw(st.booleans()):
                row["same_class"] = self.days(0, 4)
            if self.draw(st.booleans()):
                row["different_class"] = self.days(2, 6)
            row["classes"] = [
                {"leaving": ["p"], "entering": ["q"], "days": self.days(0, 6)},
            ]
            row["programmes"] = [
                {"leaving": "P0", "entering": "P1", "days": self.days(0, 6)},
            ][: self.whole(0, 1)]
        return row

    def _limits(self, name: str) -> Row:
        multiple = self.one_of(1, 1, 1, 2) if name == "long" else 1
        minimum: Row = {}
        for kind in ("commercial", "clinical", "ppq", "intermediate", "engineering"):
            if self.draw(st.integers(0, 3)) == 0:
                minimum[kind] = 2
        return {
            "id": name,
            "minimum": minimum,
            "maximum": self.whole(2, 4) // multiple * multiple,
            "multiple": multiple,
            "cut_by_end": self.one_of(False, False, True),
        }

    def _release(self, name: str) -> Row:
        p50 = Fraction(self.days(0, 6))
        lead_time: Row = {"any": {"p50": str(p50), "p90": str(p50 + self.whole(0, 4))}}
        for kind in ("clinical", "intermediate", "ppq"):
            if self.draw(st.integers(0, 3)) == 0:
                longer = str(p50 + self.whole(1, 6))
                lead_time[kind] = {"p50": longer, "p90": longer}
        if self.maybe("queues"):
            for times in lead_time.values():
                times["deviations"] = self.one_of("1/10", "1/3", "1")
                times["deviation_days"] = self.one_of("7", "2.5", "0")
        return {
            "id": name,
            "qc_days": self.days(0, 5),
            "qa_days": self.days(0, 5),
            "lead_time": lead_time,
        }

    def _quality(self) -> Row:
        row: Row = {
            "planning_percentile": self.one_of("p50", "p90"),
            "window_days": self.one_of("14", "28") if self.has("queues") else "28",
            "ppq_after_engineering_days": self.days(0, 4),
        }
        if self.has("priorities"):
            row["priority"] = self.one_of("first_out", "due_date", "firm_first")
        if self.maybe("queues"):
            row["lending"] = {
                "qc": self.one_of(0, "1/2"),
                "qa": self.one_of(0, "1/2", 1),
            }
            row["records_per_reviewer_week"] = self.one_of("3/5", "1")
        return row

    def _losses(self) -> Row:
        if not self.has("losses"):
            return {}
        stages = sorted({suite["stage"] for suite in self.suites})
        return {
            "success": {stage: self.one_of("0.75", "0.97", "2/3") for stage in stages},
            "ppq": self.one_of("1", "0.6"),
            "new_site": self.one_of("1", "0.6"),
            "new_site_batches": self.whole(0, 3),
        }

    def _economics(self) -> Row:
        if not self.has("money"):
            return {"max_late_days": 60}
        return {
            "money_unit": self.one_of(1, 1, 1000),
            "service_charge_per_day": self.one_of("0.0025", "0", "0.013"),
            "penalty_per_week": self.one_of("0.01", "0.035", "0"),
            "penalty_grace_weeks": self.one_of("0", "4/7", "1"),
            "penalty_cap": self.one_of("0.1", "0.02", "1"),
            "holding_per_day": self.one_of("0.0003", "0.002", "0"),
            "holding_free_days": self.days(0, 14),
            "max_late_days": self.one_of("8", "20", "180"),
            "unserved_factor": {
                "commercial": self.one_of("2", "1/2"),
                "prospect": "1/3",
            },
            "approval_probability": self.one_of("0.9", "0.35"),
        }

    # ------------------------------------------------------------------ recipes

    def _shapes(self) -> list[str]:
        shapes = []
        if self.has("frozen") or self.has("lanes") or self.has("freezers"):
            shapes.append("frozen")
        if self.has("direct"):
            longer = self.one_of("direct twice", "direct then frozen")
            shapes.append(self.one_of("direct", "direct", longer))
        if not shapes or self.draw(st.booleans()):
            shapes.append("single")
        if self.has("changeovers") and len(shapes) < 2:
            shapes.append("single")
        return shapes

    def _programme(self, number: int, shape: str) -> Row:
        steps = SHAPES[shape]
        home = self.site()
        recipe: list[Row] = []
        for place, (step, stage, supply) in enumerate(steps):
            after = steps[place + 1][2] if place + 1 < len(steps) else None
            if supply == "frozen" and self.has("lanes"):
                home = "AB"[home == "A"]
            row: Row = {
                "step": step,
                "stage": stage,
                "suites": self._places(stage, home),
                "campaign": self.one_of("short", "long"),
            }
            if after != "direct":
                row["release"] = self.one_of("fast", "full")
            if place == len(steps) - 1:
                self._weigh(row)
            if self.has("changeovers"):
                row["payload_class"] = self.one_of(None, "p", "q")
            if supply is not None:
                row["supply"] = getattr(self, f"_{supply}")()
            elif self.has("client"):
                row["supply"] = {
                    "how": "client",
                    "lead_time_days": self.days(0, 25),
                    "on_hand": self.whole(0, 2),
                }
            recipe.append(row)
        programme: Row = {
            "id": f"P{number}",
            "client": self.one_of("X", "Y"),
            "recipe": recipe,
        }
        if self.maybe("money"):
            programme["approval_probability"] = self.one_of("1", "0.5")
        return programme

    def _places(self, stage: str, home: str) -> list[str]:
        """Suites of a step: one at the programme's home, perhaps another elsewhere."""
        first = self._suite(stage, home)
        if self.has("second_sites"):
            rest = [self._suite(stage, "AB"[home == "A"])]
        else:
            more = 1 if stage == "upstream" else self.whole(0, 1)
            rest = [self._suite(stage) for _ in range(more)]
        found = [first, *(name for name in rest if name != first)]
        if len(found) > 1 and self.has("opening") and self.whole(0, 5) == 3:
            last = next(row for row in self.suites if row["id"] == found[-1])
            last["enabled"] = False
        return list(self.draw(st.permutations(found)))

    def _weigh(self, row: Row) -> None:
        if self.has("sizes"):
            row["kg_per_batch"] = {name: self.one_of(2, 3, 4) for name in row["suites"]}
            row["reference_suite"] = self.draw(st.sampled_from(row["suites"]))

    def _frozen(self) -> Row:
        shelf = self.one_of("12", "25", "60", "90")
        return {
            "how": "frozen",
            "ratio": self.one_of("1", "0.5", "0.8", "1.05", "2"),
            "at_risk": self.draw(st.booleans()),
            "freeze_days": self.days(0, 2),
            "shelf_life_days": shelf,
            "min_life_days": self.one_of("0", "0", "4"),
        }

    def _direct(self) -> Row:
        return {"how": "direct", "hold_days": self.days(0, 12)}

    def _lanes(self) -> list[Row]:
        if not self.two_sites:
            return []
        return [
            {
                "id": f"{start}{to}",
                "from": start,
                "to": to,
                "days": self.days(0, 5),
                "receipt_days": self.days(0, 3),
                "batches": self.whole(1, 3),
                "cost": self.one_of(0, 40, 90),
                "tariff": self.one_of(0, 0, "0.15"),
                "loss": self.one_of(0, 0, "0.013"),
            }
            for start, to in ("AB", "BA")
            if self.has("lanes") or self.draw(st.integers(0, 3))
        ]

    # ------------------------------------------------------------------- rights

    def _licences(self, programmes: list[Row]) -> list[Row]:
        rows = []
        sites = ("A", "B")[: 1 + self.two_sites]
        where = {suite["id"]: suite["site"] for suite in self.suites}
        for programme in programmes:
            used = {where[s] for step in programme["recipe"] for s in step["suites"]}
            for site in sites:
                for market in (*MARKETS, "clinical"):
                    if site not in used:
                        continue
                    rows += self._licence(programme, site, market)
        return rows

    def _licence(self, programme: Row, site: str, market: str) -> list[Row]:
        name = f"L-{programme['id']}{site}{market}"
        begin = moment(-300)
        if self.has("licences"):
            if self.draw(st.integers(0, 4)) == 0:
                return []
            if self.draw(st.booleans()):
                begin = self.date(0, 70)
        row: Row = {
            "id": name,
            "programme": programme["id"],
            "site": site,
            "market": market,
            "from": begin,
        }
        if self.has("licences") and len(programme["recipe"]) > 1:
            apart = self.draw(st.booleans())
            if apart:
                return [
                    {
                        **row,
                        "id": f"{name}{step['step']}",
                        "step": step["step"],
                        "from": self.one_of(begin, self.date(0, 70)),
                    }
                    for step in programme["recipe"]
                ]
        return [row]

    def _transfers(self, programmes: list[Row]) -> list[Row]:
        rows = []
        for programme in programmes:
            for site in ("A", "B")[: 1 + self.two_sites]:
                if self.has("licences") and self.draw(st.integers(0, 2)) == 0:
                    rows.append(
                        {
                            "id": f"T-{programme['id']}{site}",
                            "programme": programme["id"],
                            "site": site,
                            "end": self.date(-10, 30),
                        }
                    )
        return rows

    def _open_for_locks(self, document: Row) -> None:
        """Have transfers end before what is locked or was made at their sites."""
        where = {suite["id"]: suite["site"] for suite in self.suites}
        for transfer in document["transfers"]:
            starts = [
                lock["start"]
                for lock in document.get("locks", [])
                if (lock["programme"], where[lock["suite"]])
                == (transfer["programme"], transfer["site"])
            ]
            rows = [*document.get("in_release", []), *document.get("stock", [])]
            outs = [
                row.get("first_out", document["as_of"])
                for row in rows
                if (row["programme"], where[row["suite"]])
                == (transfer["programme"], transfer["site"])
            ]
            transfer["end"] = min([transfer["end"], *starts, *outs])

    # ----------------------------------------------------------- qualifications

    def _qualify(self, document: Row) -> None:
        """Let sites of programmes be qualified, for all their steps or for one."""
        document["markets"] = [
            {
                "id": market,
                "review_days": {"addition": self.days(0, 20), "new": self.days(3, 9)},
                "inspection_days": self.one_of("0", self.days(1, 30)),
                "filing_days": self.one_of(None, self.days(0, 20)),
            }
            for market in MARKETS
        ]
        document["quality"]["transfer_days"] = {
            "outside": self.days(2, 12),
            "within": self.days(1, 8),
        }
        document["quality"]["filing_days"] = self.days(0, 9)
        for site in document["sites"]:
            if self.draw(st.booleans()):
                site["transfer_slots"] = self._team()
        where = {suite["id"]: suite["site"] for suite in self.suites}
        places = [
            (programme, step, site)
            for programme in document["programmes"]
            for number, step in enumerate(programme["recipe"])
            if "release" in step  # goes into no step directly
            if programme["id"] not in self.stocked
            or "frozen" not in str(programme["recipe"][-1].get("supply"))
            for site in sorted({where[s] for s in step["suites"]})
        ]
        chosen = self.draw(st.permutations(places))[: self.whole(1, 3)]
        if self.has("second_sites"):  # both of a step
            again = [
                place for place in places for one in chosen[:1]
                if place[1] is one[1] and place[2] != one[2]
            ]  # fmt: skip
            chosen = chosen[:1] + again + [x for x in chosen[1:] if x not in again]
        document["qualifications"] = []
        for programme, step, site in chosen:
            last = step is programme["recipe"][-1]
            whole = last and self.draw(st.booleans())
            taken = {
                (row["programme"], row["site"], row.get("step"))
                for row in document["qualifications"]
            }
            others = {
                name for one, at, name in taken if (one, at) == (programme["id"], site)
            }
            if others and (whole or None in others):
                continue
            row = self._qualification(
                document, programme["id"], None if whole else step, site, last=last
            )
            document["qualifications"].append(row)
            self._put_after(document, row)
            for stocked in document["made_to_stock"]:
                if stocked["programme"] == programme["id"]:
                    several = any(one == programme["id"] for one, _, _ in taken)
                    markets = ["US"] if several else self.one_of(row["markets"], ["US"])
                    stocked["markets"] = list(markets)
        for row in document["qualifications"]:
            self._roll_forward(document, row)
            self._put_after_licences(document, row)
            self._license_later(document, row)

    def _roll_forward(self, document: Row, row: Row) -> None:
        """Have a market be filed for already where another qualification comes first."""
        first = next(
            (x for x in document["qualifications"] if x["id"] == row.get("after")), None
        )
        if first is None or len(first["markets"]) < 2 or self.whole(0, 2):
            return
        market = first["markets"].pop(self.whole(0, 1))
        if "origin" in first:  # a licence would open the site before its transfer
            del first["origin"]
            for key in ("not_before", "transfer_days"):
                first.pop(key, None)
        self._license_steps(document, row["programme"])
        for step in self._qualified(document, row["programme"], self._step_of(first)):
            document["licences"].append(
                {"id": f"{first['id']}{step}{market}", "programme": row["programme"],
                 "step": step, "site": first["site"], "market": market,
                 "from": self.date(0, 60)}
            )  # fmt: skip
        row["after"] = self.one_of(first["id"], first["site"])

    def _put_after_licences(self, document: Row, row: Row) -> None:
        """Have it wait for dated rights of the other site, where that has them."""
        if "after" in row or not self.two_sites or self.draw(st.booleans()):
            return
        steps = self._qualified(document, row["programme"], self._step_of(row))
        site = "B" if row["site"] == "A" else "A"
        there = [
            licence
            for licence in document["licences"]
            if (licence["programme"], licence["site"]) == (row["programme"], site)
            and licence["market"] in row["markets"]
        ]
        chained = any(
            (chain["programme"], chain["site"]) == (row["programme"], site)
            for chain in document["qualifications"]
        )
        whole = all(
            any(
                licence["market"] == market and licence.get("step", step) == step
                for licence in there
            )
            for market in row["markets"]
            for step in steps
        )
        if chained or not whole:
            return
        row["after"] = site
        for licence in there:
            licence["from"] = self.date(0, 60)

    def _license_later(self, document: Row, row: Row) -> None:
        """Have what else goes from its site to its markets be filed for, not licensed."""
        if self.whole(0, 2):
            return
        for licence in document["licences"]:
            if licence["site"] == row["site"] and licence["market"] in row["markets"]:
                licence["from"] = self.date(0, 60)

    def _step_of(self, chain: Row) -> Row | None:
        return {"step": chain["step"]} if "step" in chain else None

    def _put_after(self, document: Row, row: Row) -> None:
        """Have it wait for the rights of another, where one is for as much."""

        def steps(chain: Row) -> set[str]:
            step = self._step_of(chain)
            return set(self._qualified(document, chain["programme"], step))

        before = [
            other
            for other in document["qualifications"]
            if other is not row
            and other["programme"] == row["programme"]
            and steps(row) <= steps(other)
            and set(row["markets"]) & set(other["markets"])
        ]
        if before and (self.has("second_sites") or self.draw(st.booleans())):
            other = self.one_of(*before)
            row["after"] = other["id"]
            row["markets"] = [x for x in row["markets"] if x in other["markets"]]

    def _team(self) -> list[Row]:
        rows: list[Row] = [{"from": moment(-20), "value": self.one_of(1, 1, 2)}]
        if self.draw(st.booleans()):
            rows.append({"from": self.date(2, 30), "value": self.one_of(0, 1, 2)})
        return rows

    def _qualification(
        self, document: Row, programme: str, step: Row | None, site: str, *, last: bool
    ) -> Row:
        name = f"Q-{programme}{site}"
        if step is not None:
            name += step["step"]
        row: Row = {
            "id": name,
            "programme": programme,
            "site": site,
            "permitted": self.whole(0, 9) > 0,
            "markets": list(self.one_of(("US",), ("EU", "US"))),
            "filing": self.one_of("addition", "new"),
            "ppq_success": self.one_of("1", "0.9"),
            "transfer_cost": self.one_of(0, 50),
            "filing_cost": self.one_of(0, 7),
        }
        if step is not None:
            row["step"] = step["step"]
            self._license_steps(document, programme)
        steps = self._qualified(document, programme, step)
        here = [
            licence
            for licence in document["licences"]
            if (licence["programme"], licence["site"]) == (programme, site)
            and (step is None or licence["step"] in steps)
        ]
        if self.draw(st.booleans()):
            row["origin"] = self.one_of("outside", "within")
            gone = here
            if self.draw(st.booleans()):
                row["not_before"] = self.date(0, 12)
            if self.draw(st.booleans()):
                row["transfer_days"] = self.days(1, 9)
            document["transfers"] = [
                transfer
                for transfer in document["transfers"]
                if (transfer["programme"], transfer["site"]) != (programme, site)
                or transfer.get("step") not in (None, *steps)
            ]
        else:
            gone = [x for x in here if x["market"] in row["markets"]]
        document["licences"] = [x for x in document["licences"] if x not in gone]
        suites = {suite["id"] for suite in self.suites if suite["site"] == site}
        for part in ("locks", "in_release", "stock"):
            document[part] = [
                other
                for other in document.get(part, [])
                if other["programme"] != programme
                or (
                    other["kind"] in ("clinical", "intermediate")
                    and "origin" not in row
                )
                or (
                    part == "locks" and "origin" not in row and other["suite"] in suites
                )
            ]
        contract = f"C-{programme}"
        if last and programme not in self.stocked and self.draw(st.booleans()):
            due = moment(self.whole(20, 45))
            orders = [
                {"id": f"{name}{kind}", "contract": contract, "kind": kind, "due": due}
                for kind in ("engineering", "ppq")[self.whole(0, 1) :]
            ]
            document["orders"] += [o | {"batches": self.whole(1, 2)} for o in orders]
            row["orders"] = [order["id"] for order in orders]
        else:
            row["engineering_batches"] = self.one_of(0, 1)
            row["ppq_batches"] = self.one_of(1, 1, 2)
        if last and "origin" not in row:
            self._begin(document, row, suites)
        return row

    def _begin(self, document: Row, chain: Row, suites: set[str]) -> None:
        """Have the engineering, PPQ or sold batches of a qualification under way."""
        locks = [
            lock
            for lock in document["locks"]
            if lock["programme"] == chain["programme"]
            and lock["suite"] in suites
            and lock["kind"] != "intermediate"
        ]
        if not locks and self.draw(st.booleans()):
            locks = [self._lock(document, chain["programme"], suites)]
            document["locks"] += locks
        for lock in locks:
            lock["kind"] = self.one_of("engineering", "ppq", "ppq", "commercial")
            if lock["kind"] == "ppq":  # its engineering is done, mostly
                lock["batches"] = self.whole(2, 4)
                if self.draw(st.booleans()):  # what is asked for is released, mostly
                    lock["start"] = self.date(self.as_of - 30, self.as_of - 9)
                if self.whole(0, 4):
                    chain["engineering_batches"] = 0
                    chain["orders"] = chain.get("orders", [])[-1:]

    def _lock(self, document: Row, programme: str, suites: set[str]) -> Row:
        recipe = next(
            row["recipe"] for row in document["programmes"] if row["id"] == programme
        )
        return {
            "id": f"locks-{programme}",
            "programme": programme,
            "suite": next(s for s in recipe[-1]["suites"] if s in suites),
            "start": self.date(self.as_of - 8, self.as_of),
            "batches": self.whole(1, 2),
        }

    def _license_steps(self, document: Row, programme: str) -> None:
        """Spell out licences of a programme that hold for every step."""
        steps = next(
            row["recipe"] for row in document["programmes"] if row["id"] == programme
        )
        rows = []
        for row in document["licences"]:
            if row["programme"] != programme or "step" in row:
                rows.append(row)
                continue
            for step in steps:
                name = f"{row['id']}{step['step']}"
                rows.append(row | {"id": name, "step": step["step"]})
        document["licences"] = rows

    def _qualified(self, document: Row, programme: str, step: Row | None) -> list[str]:
        """Steps that a qualification is for."""
        recipe = next(
            row["recipe"] for row in document["programmes"] if row["id"] == programme
        )
        names = [row["step"] for row in recipe]
        if step is None:
            return names
        first = last = names.index(step["step"])
        while recipe[first].get("supply", {}).get("how") == "direct":
            first -= 1
        return names[first : last + 1]

    # ------------------------------------------------------------------- demand

    def _contracts(self, programmes: list[Row]) -> list[Row]:
        rows = []
        for programme in programmes:
            price = {
                kind: self.whole(10, 99) * 100
                for kind in ("engineering", "ppq", "clinical", "commercial")
            }
            row: Row = {
                "id": f"C-{programme['id']}",
                "programme": programme["id"],
                "firm_months": self.one_of(0, 1, 2, 12),
                "price": price,
            }
            if self.has("money"):
                row["take_or_pay"] = self.one_of("0", "0.5", "0.8")
                row["probability"] = self.one_of("1", "0.7")
                row["prospect"] = self.draw(st.integers(0, 3)) == 0
                if self.draw(st.booleans()):
                    row["term_end"] = self.date(20, 80)
                    row["renewal_probability"] = self.one_of("0", "0.4")
            rows.append(row)
        return rows

    def _orders(self, contracts: list[Row]) -> list[Row]:
        kinds = ["commercial", "clinical"]
        if self.has("kinds"):
            kinds += ["ppq", "engineering", "ppq"]
        soonest = 1 if self.has("money") else 15
        rows = []
        if not contracts:
            return []
        for number in range(self.whole(len(contracts), 3 + (len(contracts) > 2))):
            contract = contracts[number % len(contracts)]
            kind = self.one_of(*kinds)
            if self.has("kinds") and number < 2:
                contract, kind = contracts[0], ("engineering", "ppq")[number]
            row: Row = {
                "id": f"O{number}",
                "contract": contract["id"],
                "kind": kind,
                "batches": self.whole(1, 2),
                "due": moment(self.whole(max(self.as_of, soonest), self.length - 1)),
            }
            if kind == "commercial":
                row["market"] = self.one_of(*MARKETS)
            if kind == "commercial" and row["batches"] > 1 and self.maybe("licences"):
                del row["market"]
                row["markets"] = dict.fromkeys(MARKETS, 1)
            rows.append(row)
        return rows

    # -------------------------------------------------------------------- stock

    def _made_to_stock(self, programme: Row) -> Row:
        last = programme["recipe"][-1]
        sizes = set(last.get("kg_per_batch", {"": 1}).values())
        row: Row = {
            "id": f"stock-{programme['id']}",
            "programme": programme["id"],
            "unit": "kg" if len(sizes) > 1 else self._unit(last),
            "price": self.one_of(900, "250.5", 300, 20),
            "shortage": self.one_of("backlog", "backlog", "lost", "hard"),
            "shortage_cost": self.one_of(0, 70, "33/7"),
            "storage_cost": self.one_of(0, 11, "0.3"),
            "waste_cost": self.one_of(0, 50),
            "target_cost": self.one_of(0, 25, "1.5"),
            "costs_per": self.one_of("period", "day"),
            "issue": self.one_of("fefo", "fifo"),
        }
        if self.draw(st.booleans()):
            row["shelf_life_days"] = self.days(3, 45)
        if self.draw(st.booleans()):
            row["release_days"] = self.days(0, 6)
        if self.whole(0, 3) == 0:
            row["waste"] = "forbidden"
        if self.draw(st.booleans()):
            row["target"] = self.one_of(1, 2, "5/2")
        elif self.draw(st.booleans()):
            row["target_months"] = self.one_of(1, 2)
        if self.whole(0, 2) == 0:
            row["storage_limit"] = self.one_of(8, 9, "19/2")
            row["over_limit"] = self.one_of("forbidden", "wasted", "wasted")
            if row["over_limit"] == "wasted":
                row["storage_limit"] = self.one_of(2, 3)
                row["target"] = row.get("target") and 1
                row.pop("target_months", None)
        if "frozen" not in str(last.get("supply")) and self.draw(st.booleans()):
            row["markets"] = [self.one_of(*MARKETS)][: self.whole(0, 1)]
        row["opening"] = [
            {"quantity": self.one_of(1, "1/2", 2), "expiry": self.date(15, 90)}
            for _ in range(self.whole(0, 2))
        ]
        return row

    def _unit(self, last: Row) -> str:
        return self.one_of("kg", "batches") if "kg_per_batch" in last else "batches"

    def _demand(self, stocked: Row) -> list[Row]:
        dues = st.integers(max(self.as_of, 10), self.length - 1)
        size = 3 if stocked["unit"] == "kg" else 1
        rows = []
        for due in sorted(self.draw(st.sets(dues, min_size=1, max_size=4))):
            row: Row = {
                "id": f"D{due}-{stocked['programme']}",
                "programme": stocked["programme"],
                "due": moment(due),
                "quantity": self.one_of(0, size, size, f"{size * 3}/2"),
            }
            if self.whole(0, 4) == 0:
                row["target"] = 1
            rows.append(row)
        return rows

    # ------------------------------------------------------------------ opening

    def _opening(self, programmes: list[Row]) -> Row:
        if not self.has("opening"):
            return {}
        found: Row = {"locks": [], "in_release": [], "stock": []}
        for part in ("locks", "in_release", "stock", "stock", "locks"):
            if self.draw(st.booleans()):
                continue
            programme = self.draw(st.sampled_from(programmes))
            place = self.whole(0, len(programme["recipe"]) - 1)
            step = programme["recipe"][place]
            last = place == len(programme["recipe"]) - 1
            kinds = ["commercial", "clinical"] + ["ppq", "engineering"] * self.has(
                "kinds"
            )
            row: Row = {
                "id": f"{part}-{len(found[part])}",
                "programme": programme["id"],
                "step": step["step"],
                "suite": self.draw(st.sampled_from(step["suites"])),
                "kind": self._kind(programme, kinds) if last else "intermediate",
                "batches": self.whole(1, 2),
            }
            supply = step.get("supply", {}).get("how")
            if part == "locks" and supply == "direct":
                continue  # its feeds would have to be locked to match
            if part == "locks":
                latest = self.as_of + (0 if supply == "frozen" else 8)
                row["start"] = self.date(self.as_of - 8, latest)
                if self.draw(st.booleans()):
                    row["takt_days"] = self.days(1, 4)
            elif "release" not in step:
                continue
            elif part == "in_release":
                row["first_out"] = self.date(self.as_of - 9, self.as_of - 3)
                row["every_days"] = self.one_of("0", "1", "2")
            else:
                soonest = self.as_of if last else self.as_of + 15
                row["expiry"] = moment(self.whole(soonest, self.length))
            found[part].append(row)
        return found

    def _kind(self, programme: Row, kinds: list[str]) -> str:
        return "commercial" if programme["id"] in self.stocked else self.one_of(*kinds)


# ----------------------------------------------------------------------------- plans


def locked_runs(instance: Instance) -> list[Run]:
    """The scenario's locked campaigns, tested at out, serving nothing."""
    runs = []
    for lock in instance.locks:
        step, site = instance.steps[lock.step], instance.suites[lock.suite].site
        untested = lock.kind == "engineering" or not step.tested
        outs = [lock.start + k * lock.takt + lock.lead for k in range(lock.batches)]
        tests = tuple(None if untested else Test(site, out, site, out) for out in outs)
        runs.append(
            Run(
                lock.step,
                lock.suite,
                lock.start,
                lock.takt,
                (None,) * lock.batches,
                tests,
                lock.index,
            )
        )
    return runs


class Case:
    """A scenario and a plan of it; a dataclass would be printed field by field."""

    def __init__(self, scenario: Scenario, schedule: Schedule) -> None:
        self.scenario, self.schedule = scenario, schedule

    def __repr__(self) -> str:
        told = [self.scenario.model_dump_json(by_alias=True, exclude_defaults=True)]
        told += [str(run) for run in self.schedule.runs]
        told += [f"on hand {self.schedule.on_hand}", *map(str, self.schedule.freights)]
        return "\n".join(told)


@st.composite
def cases(draw: st.DrawFn, families: frozenset[str] = frozenset()) -> Case:
    """A small scenario with a plan that keeps the rules or nearly does."""
    scenario = draw(scenarios(families))
    schedule = draw(schedules(build(scenario)))
    if draw(st.integers(0, 2)):
        schedule = draw(perturbed(schedule))
    return Case(scenario, schedule)


@st.composite
def schedules(draw: st.DrawFn, instance: Instance) -> Schedule:
    """A plan that mostly keeps the rules."""
    return _Planner(draw, instance).schedule()


@st.composite
def perturbed(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """The plan with one thing or a few changed."""
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        changes = CHANGES + [change_a_freight] * 4 * bool(schedule.freights)
        if schedule.instance.chains:
            changes += [change_a_transfer] * 4 + [change_a_filing] * 3
        changed = draw(st.sampled_from(changes))(draw, schedule)
        if changed is schedule:  # nothing of that sort to change
            changed = shift_a_run(draw, schedule)
        units = [batch.unit for batch in changed.batches]
        if len(set(units)) == len(units):  # else a plan that can't even be written
            schedule = changed
    there = set(schedule.by_unit)
    freights = tuple(
        replace(freight, units=kept)
        for freight in schedule.freights
        if (kept := tuple(unit for unit in freight.units if unit in there))
    )
    return replace(schedule, freights=freights)


class _Planner:
    """Places campaigns one after another, each where it mostly fits."""

    def __init__(self, draw: st.DrawFn, instance: Instance) -> None:
        self.draw, self.instance = draw, instance
        self.runs = locked_runs(instance)
        self.left = {
            group.index: group.terms[group.reference].need for group in instance.groups
        }
        self.sizes: dict[int, Fraction] = {}
        self.on_hand: dict[int, int] = {}

    def schedule(self) -> Schedule:
        self._serve_what_is_there()
        for step in self.instance.steps:
            self._step(step)
        bare = Schedule(
            self.instance, tuple(self.runs), self.on_hand, (), self._transfers()
        )
        if self.draw(st.integers(0, 3)):
            bare = in_turn(bare)
        return replace(bare, freights=self._freights(bare))

    def _transfers(self) -> dict[int, int]:
        """Starts of transfers that end before their sites begin, mostly."""
        begun: dict[int, int] = {}
        for run in self.runs:
            chain = self.instance.chain_at.get(
                (run.step, self.instance.suites[run.suite].site)
            )
            if chain is not None and self.instance.chains[chain].transfer is not None:
                begun[chain] = min(run.start, begun.get(chain, run.start))
        return self.instance.placed(begun)[0]

    # ------------------------------------------------------------------- serving

    def _fits(
        self, group: Group, batch_kind: str | None, step: int, suite: int
    ) -> bool:
        site = self.instance.suites[suite].site
        kg = self.instance.kg[step, suite]
        return (
            self.left[group.index] > 0
            and batch_kind in (None, group.kind)
            and group.step == step
            and group.rights[step, site] is not None
            and kg in group.terms
            and self.sizes.get(group.index, kg) == kg
            and (self._qualified(group, site) or self._rarely())
        )

    def _qualified(self, group: Group, site: int) -> bool:
        """Whether a group's turn has come: PPQ after engineering, sales after PPQ."""
        place = group.step, site
        if group.chain is None and place not in group.filings:
            return True
        schedule = Schedule(self.instance, tuple(self.runs))
        if place in group.filings:
            return schedule.granted[group.filings[place]] is not None
        return group.kind == "engineering" or not any(
            self.left[other.index]
            for other in self.instance.groups
            if (other.chain, other.kind) == (group.chain, "engineering")
        )

    def _take(self, group: Group, step: int, suite: int) -> int:
        kg = self.instance.kg[step, suite]
        if group.index not in self.sizes:
            self.sizes[group.index] = kg
            self.left[group.index] = group.terms[kg].need
        self.left[group.index] -= 1
        return group.index

    def _pick(
        self, kind: str | None, step: int, suite: int, expiry: int | None = None
    ) -> int | None:
        groups = [
            group
            for group in self.instance.groups
            if self._fits(group, kind, step, suite)
            and (expiry is None or expiry > group.due)
        ]
        if not groups or self._rarely():
            return None
        return self._take(self.draw(st.sampled_from(groups)), step, suite)

    def _serve_what_is_there(self) -> None:
        for data in self.instance.on_hand:
            group = self._pick(data.kind, data.step, data.suite, data.expiry)
            if group is not None:
                self.on_hand[data.index] = group
        locked, self.runs = self.runs, []
        for run in locked:
            assert run.lock is not None
            kind = self.instance.locks[run.lock].kind
            serves = tuple(self._pick(kind, run.step, run.suite) for _ in run.serves)
            self.runs.append(self._tested(replace(run, serves=serves)))

    # -------------------------------------------------------------------- placing

    def _rarely(self) -> bool:
        return self.draw(st.integers(0, 8)) == 5

    def _step(self, step: StepData) -> None:
        chained = any(c.programme == step.programme for c in self.instance.chains)
        for _ in range((2 if step.role == "in_process" else 4) + 2 * chained):
            suites = self._usable_suites(step)
            if not suites:
                return
            suite = self.draw(st.sampled_from(suites))
            serves = self._wanted(step, suite)
            if serves is None:
                return
            self._place(step, suite, serves)

    def _usable_suites(self, step: StepData) -> list[int]:
        """Suites of a step, of a direct step those with waiting feeds."""
        return [
            suite
            for suite, mode in sorted(step.modes.items())
            if step.direct_hold is None or self._waiting_feeds(step, mode.site)
        ]

    def _wanted(self, step: StepData, suite: int) -> tuple[int | None, ...] | None:
        """What the batches of a new campaign serve; None for no campaign."""
        if step.after is None:
            return self._sold(step, suite)
        trial = self._tried(step, suite)
        if trial is not None:
            return trial
        sizes = self._allowed(step, step.role)
        if step.direct_hold is not None:
            sizes = [self._held(step, suite)]
        elif not sizes or self._rarely() or self._plenty(step):
            return None
        return (None,) * self.draw(st.sampled_from(sizes))

    def _tried(self, step: StepData, suite: int) -> tuple[int | None, ...] | None:
        """Engineering or PPQ of an intermediate whose site may be qualified."""
        groups = [
            group
            for group in self.instance.trials_of(step.index)
            if self._fits(group, None, step.index, suite)
        ]
        if not groups or self._rarely():
            return None
        lead = min(groups, key=lambda group: group.kind != "engineering")
        need = self.left[lead.index]
        more = self.whole(0, 1) if lead.kind == "engineering" else 0
        taken = [self._take(lead, step.index, suite) for _ in range(need)]
        return (*taken, *[None] * more)

    def whole(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def _plenty(self, step: StepData) -> bool:
        """Whether the steps behind can hardly use more batches of this one."""
        groups = self.instance.groups_of(step.programme)
        wanted = sum(group.terms[group.reference].need for group in groups)
        stocked = self.instance.stocked.get(step.programme)
        if stocked is not None:
            wanted = stocked.wanted // min(stocked.amounts.values())
        after = step.after
        while after is not None:
            supply = self.instance.steps[after].frozen
            wanted = supply.units(wanted) if supply is not None else wanted
            after = self.instance.steps[after].after
        schedule = Schedule(self.instance, tuple(self.runs))
        there = sum(1 for batch in schedule.batches if batch.step == step.index)
        return there >= wanted and not self._rarely()

    def _sold(self, step: StepData, suite: int) -> tuple[int | None, ...] | None:
        groups = [
            group
            for group in self.instance.groups
            if self._fits(group, None, step.index, suite)
        ]
        if step.direct_hold is not None:
            held = range(self._held(step, suite))
            return tuple(self._pick(None, step.index, suite) for _ in held)
        if step.programme in self.instance.stocked and not (
            groups and self.whole(0, 5)
        ):
            return self._for_stock(step)
        if not groups or self._rarely():
            return None
        lead = min(
            groups,
            key=lambda group: (
                group.kind != "engineering",
                group.chain is None,
                group.deadline,
            ),
        )
        if self.draw(st.booleans()):
            lead = self.draw(st.sampled_from(groups))
        sizes = self._allowed(step, lead.kind)
        kg = self.instance.kg[step.index, suite]
        need = (
            group_need(lead, kg)
            if lead.index not in self.sizes
            else self.left[lead.index]
        )
        if lead.kind == "ppq":
            sizes = [size for size in sizes if size >= need] or sizes
            if step.programme in self.instance.stocked:  # nothing is surplus there
                sizes = sizes[:1]
        if not sizes:
            return None
        size = self.draw(st.sampled_from(sizes))
        serves_list: list[int | None] = []
        for number in range(size):
            if number < need and self._fits(lead, None, step.index, suite):
                serves_list.append(self._take(lead, step.index, suite))
            elif lead.kind == "ppq":
                serves_list.append(None)
            else:
                serves_list.append(self._pick("commercial", step.index, suite))
        return tuple(self.draw(st.permutations(serves_list)))

    def _for_stock(self, step: StepData) -> tuple[int | None, ...] | None:
        """Batches for a stock, while demand can use more."""
        stocked = self.instance.stocked[step.programme]
        made = sum(
            stocked.amounts[run.suite] * run.batches
            for run in self.runs
            if run.step == step.index
        )
        sizes = self._allowed(step, "commercial")
        if not sizes or made >= stocked.wanted or self._rarely():
            return None
        return (None,) * self.draw(st.sampled_from(sizes))

    def _allowed(self, step: StepData, kind: str) -> list[int]:
        least = step.least(kind)
        return [
            size
            for size in range(1 if step.cut else least, min(step.maximum, 3) + 1)
            if step.cut or size % step.multiple == 0
        ]

    def _place(
        self, step: StepData, suite: int, serves: tuple[int | None, ...]
    ) -> None:
        mode = step.modes[suite]
        earliest = max(self._earliest(step, mode, serves), self.instance.frozen_until)
        earliest += self.draw(st.sampled_from([0, 0, 0, 0, 1, 2, 5, 11]))
        if step.cut and self.draw(st.booleans()):  # about where the end cuts it off
            takt = mode.takt(self.instance.horizon_end)
            last = self.instance.horizon_end - mode.lead - (len(serves) - 1) * takt
            earliest = max(earliest, last - self.draw(st.integers(0, takt + 1)))
        for start in range(earliest, self.instance.horizon_end):
            run = Run(step.index, suite, start, mode.takt(start), serves, ())
            if self._lies_free(run, mode):
                self.runs.append(self._tested(run))
                return
        for group in serves:
            if group is not None:
                self.left[group] += 1

    def _lies_free(self, run: Run, mode: Mode) -> bool:
        """Whether a run and the changeovers around it fit into the suite."""
        suite = self.instance.suites[run.suite]
        end = run.start + (run.batches - 1) * run.takt + mode.lead
        if not any(low <= run.start <= high for low, high in mode.starts):
            return False
        if end > self.instance.horizon_end or not suite.clear(run.start, end):
            return False
        others = [other for other in self.runs if other.suite == run.suite]
        before = max(
            (other for other in others if other.start <= run.start),
            key=lambda other: other.start,
            default=None,
        )
        after = min(
            (other for other in others if other.start > run.start),
            key=lambda other: other.start,
            default=None,
        )
        if before is not None and end_of(self.instance, before) > run.start:
            return False
        if not self._changes(before, run):
            return False
        return after is None or (end <= after.start and self._changes(run, after))

    def _changes(self, before: Run | None, run: Run) -> bool:
        suite = self.instance.suites[run.suite]
        days = changeover_between(self.instance, before, run)
        free = suite.free_from if before is None else end_of(self.instance, before)
        begin = run.start - days
        if not days:
            return True
        return begin >= max(free, suite.free_from) and suite.clear(begin, run.start)

    # ---------------------------------------------------------------------- input

    def _earliest(
        self, step: StepData, mode: Mode, serves: tuple[int | None, ...]
    ) -> int:
        takt = mode.takts[-1][1]
        found = mode.starts[0][0] if mode.starts else self.instance.as_of
        if step.direct_hold is not None:
            feeds = self._waiting_feeds(step, mode.site)
            for number, out in enumerate(feeds[: len(serves)]):
                found = max(found, out - number * takt)
        if step.frozen is not None:
            found = max(found, self._intermediates(step, mode, len(serves), takt))
        if any(g is not None and self.instance.groups[g].kind == "ppq" for g in serves):
            found = max(found, self._engineered(step) + self.instance.ppq_wait)
        if step.client_arrival is not None and self.draw(st.booleans()):
            found = max(found, step.client_arrival)
        return found

    def _held(self, step: StepData, suite: int) -> int:
        """Most waiting feeds that a campaign takes within their hold, at least one."""
        assert step.direct_hold is not None
        mode = step.modes[suite]
        takt = mode.takts[-1][1]
        feeds = self._waiting_feeds(step, mode.site)[: step.maximum]
        for count in range(len(feeds), 1, -1):
            slack = [out - number * takt for number, out in enumerate(feeds[:count])]
            if max(slack) - min(slack) <= step.direct_hold:
                return count
        return 1

    def _waiting_feeds(self, step: StepData, site: int) -> list[int]:
        """Outs of direct feeds that have no user yet."""
        schedule = Schedule(self.instance, tuple(self.runs))
        here = [b for b in schedule.batches if b.site == site and b.run is not None]
        outs = sorted(
            b.out for b in here if b.step == step.before and b.out is not None
        )
        users = sum(1 for b in here if b.step == step.index)
        return outs[users:]

    def _intermediates(self, step: StepData, mode: Mode, count: int, takt: int) -> int:
        supply = step.frozen
        assert supply is not None
        schedule = Schedule(self.instance, tuple(self.runs))
        ready = sorted(
            time
            for batch in schedule.intermediates(step)
            if (time := self._ready(schedule, batch, step, mode.site)) is not None
        )
        users = len(schedule.users(step.index))
        found = 0
        for number in range(count):
            units = supply.units(users + number + 1)
            if ready:
                found = max(found, ready[min(units, len(ready)) - 1] - number * takt)
        return found

    def _ready(
        self, schedule: Schedule, batch: Batch, step: StepData, site: int
    ) -> int | None:
        assert step.frozen is not None
        usable = schedule.usable(batch, step.frozen)
        if batch.site == site:
            return usable
        lane = self.instance.lane(batch.site, site)
        if lane is None:
            return None
        return max(usable, self.instance.as_of) + lane.days + lane.receipt

    def _engineered(self, step: StepData) -> int:
        schedule = Schedule(self.instance, tuple(self.runs))
        return max(
            (
                batch.out
                for batch in schedule.batches
                if batch.kind == "engineering"
                and batch.out is not None
                and self.instance.steps[batch.step].programme == step.programme
            ),
            default=-(10**6),
        )

    # -------------------------------------------------------------------- testing

    def _tested(self, run: Run) -> Run:
        bare = replace(run, tests=(None,) * run.batches)
        schedule = Schedule(self.instance, (*self.runs, bare), self.on_hand)
        tests: list[Test | None] = []
        for batch in schedule.batches:
            if batch.run != len(self.runs):
                continue
            tested = self.instance.steps[batch.step].tested
            if batch.kind == "engineering" or not tested:
                tests.append(None)
                continue
            assert batch.out is not None
            if batch.out < self.instance.as_of:
                tests.append(Test(batch.site, batch.out, batch.site, batch.out))
                continue
            qc_site, qc = self._slot(QC, batch.site, batch.out, tests)
            qa_site, qa = self._slot(QA, batch.site, batch.out, tests)
            tests.append(Test(qc_site, qc, qa_site, qa))
        return replace(run, tests=tuple(tests))

    def _slot(
        self, resource: int, home: int, out: int, latest: list[Test | None]
    ) -> tuple[int, int]:
        """Where and when QC or QA starts: mostly as soon as the windows allow."""
        site = home
        if len(self.instance.sites) > 1 and self.draw(st.integers(0, 7)) == 0:
            lent = self.instance.queues[1 - home, resource].lent
            site = 1 - home if any(lent) else home
        if not self.instance.queues[site, resource].open_spans or self._rarely():
            return site, out
        wait = self.draw(st.sampled_from([0, 0, 0, 0, 0, 1, 3]))
        return site, first_fit(
            self.instance,
            self._started(resource, site, latest),
            (site, resource),
            out + wait,
        )

    def _started(
        self, resource: int, site: int, latest: list[Test | None]
    ) -> list[int]:
        found = list(self.instance.tested_before[site, resource])
        as_of = self.instance.as_of
        tests = [test for run in self.runs for test in run.tests]
        for test in [*tests, *latest]:
            if test is None:
                continue
            where = test.qc_site if resource == QC else test.qa_site
            start = test.qc_start if resource == QC else test.qa_start
            if where == site and start >= as_of:
                found.append(start)
        return found

    # ------------------------------------------------------------------- shipping

    def _freights(self, schedule: Schedule) -> tuple[Freight, ...]:
        try:
            grouped = freights_for(schedule)
        except AssertionError:
            return ()
        if self.draw(st.booleans()):
            return grouped
        return tuple(
            Freight(
                freight.lane,
                freight.depart + self.draw(st.sampled_from([0, 0, 1])),
                (unit,),
            )
            for freight in grouped
            for unit in freight.units
        )


def group_need(group: Group, kg: Fraction) -> int:
    """Batches that a group needs at one size."""
    return group.terms[kg].need


def first_fit(
    instance: Instance, started: list[int], queue_of: tuple[int, int], earliest: int
) -> int:
    """First tick at which one more start fits every window, or the earliest if none."""
    queue = instance.queues[queue_of]
    for tick in range(earliest, earliest + math.ceil(60 / instance.grid.tick)):
        if not any(low <= tick <= high for low, high in queue.open_spans):
            continue
        near = [start for start in started if abs(start - tick) < queue.window]
        if all(
            sum(1 for start in near if first <= start < first + queue.window)
            < queue.capacity(first)
            for first in range(tick - queue.window + 1, tick + 1)
        ):
            return tick
    return earliest


# ---------------------------------------------------------------------- perturbations


def _run_of(draw: st.DrawFn, schedule: Schedule) -> int | None:
    if not schedule.runs:
        return None
    return draw(st.integers(0, len(schedule.runs) - 1))


def _with(schedule: Schedule, index: int, run: Run) -> Schedule:
    """The plan with one run exchanged, and its tests and freights moved along."""
    old = schedule.runs[index]
    runs = list(schedule.runs)
    runs[index] = run
    moved: dict[Unit, Unit] = {
        (old.suite, a): (run.suite, b)
        for a, b in zip(old.starts(), run.starts(), strict=False)
    }
    freights = tuple(
        replace(
            freight,
            units=tuple(sorted(moved.get(unit, unit) for unit in freight.units)),
        )
        for freight in schedule.freights
    )
    return replace(schedule, runs=tuple(runs), freights=freights)


def _shifted(tests: tuple[Test | None, ...], by: int) -> tuple[Test | None, ...]:
    return tuple(
        test and replace(test, qc_start=test.qc_start + by, qa_start=test.qa_start + by)
        for test in tests
    )


def shift_a_run(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """Start a campaign earlier or later, its tests with it."""
    index = _run_of(draw, schedule)
    if index is None:
        return schedule
    run = schedule.runs[index]
    if run.lock is not None:
        return schedule
    by = draw(st.sampled_from([-1, 1, -1, 1, -2, 3, -7, 12, 30]))
    takt = schedule.mode(run).takt(run.start + by)
    tests = _shifted(run.tests, by)
    return _with(
        schedule, index, replace(run, start=run.start + by, takt=takt, tests=tests)
    )


def move_to_a_brink(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """Start a campaign where something begins or ends, or a tick to either side."""
    index = _run_of(draw, schedule)
    if index is None or schedule.runs[index].lock is not None:
        return schedule
    instance, run = schedule.instance, schedule.runs[index]
    suite, mode = instance.suites[run.suite], schedule.mode(run)
    programme = instance.steps[run.step].programme
    others = [other for n, other in enumerate(schedule.runs) if n != index]
    ends = [end_of(instance, other) for other in others if other.suite == run.suite]
    brinks = [instance.frozen_until, suite.free_from, *ends]
    brinks += [end + instance.clean_hold for end in (suite.free_from, *ends)]
    brinks += [end_of(instance, o) + instance.ppq_wait for o in others]
    brinks += [
        start + lead_in(instance, other) - mode.lead
        for other in others
        if other.step == run.step
        for start in other.starts()
    ]
    brinks += [tick for span in suite.closures for tick in span]
    brinks += [
        right
        for group in instance.groups_of(programme)
        for right in group.rights.values()
        if right is not None and right >= instance.as_of
    ]
    start = draw(st.sampled_from(sorted(set(brinks))))
    start += draw(st.sampled_from([0, 0, -1, 1]))
    tests = _shifted(run.tests, start - run.start)
    takt = mode.takt(start)
    return _with(schedule, index, replace(run, start=start, takt=takt, tests=tests))


def change_the_takt(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """Batches of a campaign closer together or further apart."""
    index = _run_of(draw, schedule)
    if index is None or schedule.runs[index].lock is not None:
        return schedule
    run = schedule.runs[index]
    takt = max(1, run.takt + draw(st.sampled_from([-1, 1])))
    return _with(schedule, index, replace(run, takt=takt))


def resize_a_run(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """One batch more, or one less."""
    index = _run_of(draw, schedule)
    if index is None or schedule.runs[index].lock is not None:
        return schedule
    run = schedule.runs[index]
    if draw(st.booleans()) and run.batches > 1:
        run = replace(run, serves=run.serves[:-1], tests=run.tests[:-1])
        return _with(schedule, index, run)
    last = run.tests[-1]
    grown = last and replace(
        last, qc_start=last.qc_start + run.takt, qa_start=last.qa_start + run.takt
    )
    run = replace(run, serves=(*run.serves, None), tests=(*run.tests, grown))
    return _with(schedule, index, run)


def drop_a_run(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A campaign less."""
    index = _run_of(draw, schedule)
    if index is None or schedule.runs[index].lock is not None:
        return schedule
    runs = schedule.runs[:index] + schedule.runs[index + 1 :]
    return replace(schedule, runs=runs)


def split_a_run(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """Two campaigns instead of one, with nothing else changed."""
    index = _run_of(draw, schedule)
    if index is None:
        return schedule
    run = schedule.runs[index]
    if run.lock is not None or run.batches < 2:
        return schedule
    at = draw(st.integers(1, run.batches - 1))
    one = replace(run, serves=run.serves[:at], tests=run.tests[:at])
    start = max(run.starts()[at], end_of(schedule.instance, one))
    by = start - run.starts()[at]
    two = replace(
        run,
        start=start,
        takt=schedule.mode(run).takt(start),
        serves=run.serves[at:],
        tests=_shifted(run.tests[at:], by),
    )
    runs = (*schedule.runs[:index], one, two, *schedule.runs[index + 1 :])
    return replace(schedule, runs=runs)


def move_a_run(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A campaign in another suite at the same time."""
    index = _run_of(draw, schedule)
    if index is None or schedule.runs[index].lock is not None:
        return schedule
    run = schedule.runs[index]
    modes = schedule.instance.steps[run.step].modes
    suite = draw(st.sampled_from(sorted(modes)))
    mode = modes[suite]
    by = mode.lead - schedule.mode(run).lead
    run = replace(
        run, suite=suite, takt=mode.takt(run.start), tests=_shifted(run.tests, by)
    )
    return _with(schedule, index, run)


def serve_another(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A batch that serves another group, any at all, or none."""
    index = _run_of(draw, schedule)
    if index is None:
        return schedule
    run = schedule.runs[index]
    groups = [g.index for g in schedule.instance.groups if g.step == run.step]
    if schedule.instance.steps[run.step].after is not None and not groups:
        return schedule
    place = draw(st.integers(0, run.batches - 1))
    group = draw(st.sampled_from([None, *groups]))
    serves = (*run.serves[:place], group, *run.serves[place + 1 :])
    return _with(schedule, index, replace(run, serves=serves))


def swap_what_two_serve(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """Two batches of a programme that serve each other's groups."""
    places = [
        (index, place)
        for index, run in enumerate(schedule.runs)
        if schedule.instance.steps[run.step].after is None
        for place in range(run.batches)
    ]
    if len(places) < 2:
        return schedule
    (i, p), (j, q) = draw(st.sampled_from(places)), draw(st.sampled_from(places))
    steps = schedule.instance.steps
    if steps[schedule.runs[i].step].programme != steps[schedule.runs[j].step].programme:
        return schedule
    runs = list(schedule.runs)
    one, two = runs[i].serves[p], runs[j].serves[q]
    for index, place, group in ((i, p, two), (j, q, one)):
        serves = list(runs[index].serves)
        serves[place] = group
        runs[index] = replace(runs[index], serves=tuple(serves))
    return replace(schedule, runs=tuple(runs))


def serve_from_hand(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A batch on hand that serves another group, or none."""
    data = [d for d in schedule.instance.on_hand if d.step in _last_steps(schedule)]
    if not data:
        return schedule
    chosen = draw(st.sampled_from(data))
    programme = schedule.instance.steps[chosen.step].programme
    groups = [group.index for group in schedule.instance.groups_of(programme)]
    group = draw(st.sampled_from([None, *groups]))
    on_hand = {k: g for k, g in schedule.on_hand.items() if k != chosen.index}
    if group is not None:
        on_hand[chosen.index] = group
    return replace(schedule, on_hand=on_hand)


def _last_steps(schedule: Schedule) -> set[int]:
    return {step.index for step in schedule.instance.steps if step.after is None}


def test_at_another_time(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """QC or QA of one batch earlier, later or elsewhere."""
    index = _run_of(draw, schedule)
    if index is None:
        return schedule
    run = schedule.runs[index]
    place = draw(st.integers(0, run.batches - 1))
    test = run.tests[place]
    if test is None:
        return schedule
    by = draw(st.sampled_from([-1, 1, 1, 2, 5]))
    sites = st.integers(0, len(schedule.instance.sites) - 1)
    changed = draw(
        st.sampled_from(
            [
                replace(test, qc_start=test.qc_start + by),
                replace(test, qa_start=test.qa_start + by),
                replace(test, qc_site=draw(sites)),
                replace(test, qa_site=draw(sites)),
                None,
            ]
        )
    )
    tests = (*run.tests[:place], changed, *run.tests[place + 1 :])
    return _with(schedule, index, replace(run, tests=tests))


def change_a_freight(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A shipment at another time, missing, or with other cargo."""
    if not schedule.freights:
        return schedule
    index = draw(st.integers(0, len(schedule.freights) - 1))
    freight = schedule.freights[index]
    rest = (*schedule.freights[:index], *schedule.freights[index + 1 :])
    by = draw(st.sampled_from([-1, 1, 2]))
    units = sorted(schedule.by_unit)
    changed = draw(
        st.sampled_from(
            [
                (replace(freight, depart=freight.depart + by),),
                (),
                (freight, freight),
                (
                    replace(
                        freight, units=(*freight.units, draw(st.sampled_from(units)))
                    ),
                ),
            ]
        )
    )
    return replace(schedule, freights=(*rest, *changed))


def ship_something(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A shipment that nobody asked for."""
    lanes = schedule.instance.lanes
    units = [
        batch.unit
        for batch in schedule.batches
        if schedule.instance.steps[batch.step].role == "intermediate"
    ]
    if not lanes or not units:
        return schedule
    lane = draw(st.sampled_from(lanes))
    unit = draw(st.sampled_from(units))
    depart = draw(st.integers(schedule.instance.as_of, schedule.instance.horizon_end))
    return replace(
        schedule, freights=(*schedule.freights, Freight(lane, depart, (unit,)))
    )


def change_a_transfer(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A transfer at another time, missing, or for nothing."""
    chains = schedule.instance.chains
    if not chains:
        return schedule
    chain = draw(st.sampled_from(chains))
    start = schedule.transfers.get(chain.index, chain.earliest)
    start += draw(st.sampled_from([-1, 0, 1, 1, 3]))
    transfers = {k: at for k, at in schedule.transfers.items() if k != chain.index}
    if chain.index not in schedule.transfers or draw(st.booleans()):
        transfers[chain.index] = start
    return replace(schedule, transfers=transfers)


def change_a_filing(draw: st.DrawFn, schedule: Schedule) -> Schedule:
    """A filing made or left out."""
    filings = schedule.instance.filings
    if not filings:
        return schedule
    chosen = draw(st.sampled_from(filings)).index
    return replace(schedule, without=schedule.without ^ {chosen})


Change = Callable[[st.DrawFn, Schedule], Schedule]

CHANGES: list[Change] = [
    shift_a_run,
    shift_a_run,
    shift_a_run,
    move_to_a_brink,
    move_to_a_brink,
    move_to_a_brink,
    change_the_takt,
    resize_a_run,
    drop_a_run,
    split_a_run,
    move_a_run,
    serve_another,
    swap_what_two_serve,
    serve_from_hand,
    test_at_another_time,
    test_at_another_time,
    change_a_freight,
    ship_something,
]

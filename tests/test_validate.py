"""What a scenario means: what is refused, what is warned of, and the rough-cut load."""

# ruff: noqa: E501 - a case is a row: what is written, then what is said

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from capacity import validate
from capacity.reading import Loaded, ScenarioError, read

DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("small.yaml", "small_orders.csv"):
        shutil.copy(DATA / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)


def over(text: str) -> Path:
    """The small scenario with changes, which begin on line 3."""
    Path("over.yaml").write_text(f"extends: small.yaml\nname: over\n{dedent(text)}")
    return Path("over.yaml")


def refused(text: str, *settings: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(over(text), settings)
    return [str(problem) for problem in caught.value.problems]


def warned(loaded: Loaded) -> list[str]:
    return [
        f"{loaded.place(path)}: {sentence}"
        for path, sentence in validate.warnings(loaded.scenario)
    ]


def test_the_small_scenario_has_neither_problems_nor_warnings() -> None:
    loaded = read(Path("small.yaml"))
    assert validate.problems(loaded.scenario) == []
    assert validate.warnings(loaded.scenario) == []


# ------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("suites: [{id: SYR-A, site: SIR}]", "suite SYR-A: site: unknown site SIR; did you mean SYR?"),
        ("suites: [{id: SYR-A, changeover: CO-X}]", "suite SYR-A: changeover: unknown changeover rules CO-X; did you mean CO-C?"),
        ("suites: [{id: SYR-A, set_up: LEX}]", "suite SYR-A: set_up: unknown programme LEX; did you mean LEG?"),
        ("suites: [{id: SYR-A, rates: [{programme: LEX, takt_days: 3}]}]", "suite SYR-A: rate for LEX: unknown programme LEX; did you mean LEG?"),
        ("changeovers: [{id: CO-A, programmes: [{leaving: LEG, entering: PAT, days: 1}]}]", "changeover CO-A: programmes: entering: unknown programme PAT; did you mean PIT?"),
        ("programmes: [{id: LEG, recipe: [{step: antibody, suites: [SYR-B, SYR-A]}]}]", "programme LEG: step antibody: suites: unknown suite SYR-B; did you mean SYR-A?"),
        ("programmes: [{id: LEG, recipe: [{step: antibody, suites: [SYR-A, SYR-A]}]}]", "programme LEG: step antibody: suites: SYR-A comes twice"),
        ("programmes: [{id: LEG, recipe: [{step: antibody, campaign: CL}]}]", "programme LEG: step antibody: campaign: unknown campaign limits CL; did you mean CL-C?"),
        ("programmes: [{id: LEG, recipe: [{step: antibody, release: RC-B}]}]", "programme LEG: step antibody: release: unknown release class RC-B; did you mean RC-C?"),
        ("programmes: [{id: LEG, recipe: [{step: antibody, reference_suite: SYR-B}]}]", "programme LEG: step antibody: reference_suite: SYR-B isn't among the step's suites; did you mean SYR-A?"),
        ("programmes: [{id: LEG, recipe: [{step: antibody, kg_per_batch: {SYR-A: 1, SYR-B: 2}}]}]", "programme LEG: step antibody: kg_per_batch: SYR-B: SYR-B isn't among the step's suites; did you mean SYR-A?"),
        ("licences: [{id: L, programme: LEX, site: SYR, market: EU, from: 2026-02-01}]", "licence L: programme: unknown programme LEX; did you mean LEG?"),
        ("licences: [{id: L, programme: LEG, step: conjugate, site: SYR, market: EU, from: 2026-02-01}]", "licence L: step: unknown step conjugate; there are antibody"),
        ("licences: [{id: L, programme: LEG, site: SON, market: EU, from: 2026-02-01}]", "licence L: site: unknown site SON; there are SYR"),
        ("transfers: [{id: T, programme: LEG, site: SON, end: 2026-02-01}]", "transfer T: site: unknown site SON; there are SYR"),
        ("lanes: [{id: A, from: SYR, to: SON, days: 1, batches: 2, cost: 3}]", "lane A: to: unknown site SON; there are SYR"),
        ("losses: {success: {conjugatoin: 0.9}}", "losses: success: conjugatoin: unknown stage conjugatoin; did you mean conjugation?"),
        ("contracts: [{id: C-LEG, programme: LEX}]", "contract C-LEG: programme: unknown programme LEX; did you mean LEG?"),
        ("orders: [{id: LEG-1, contract: C-LEX}]", "order LEG-1: contract: unknown contract C-LEX; did you mean C-LEG?"),
        ("stock: [{id: S, programme: LEG, suite: SYR-B, kind: commercial, batches: 1, expiry: 2027-01-01}]", "stock S: suite: unknown suite SYR-B; did you mean SYR-A?"),
        ("stock: [{id: S, programme: PIT, step: antibody, suite: SYR-B, kind: intermediate, batches: 1, expiry: 2027-01-01}]", "stock S: suite: unknown suite SYR-B; did you mean SYR-A?"),
        ("stock: [{id: S, programme: LEG, suite: SYR-C1, kind: commercial, batches: 1, expiry: 2027-01-01}]", "stock S: suite: SYR-C1 isn't among the suites of step antibody of LEG; did you mean SYR-A?"),
        ("locks: [{id: K, programme: LEG, step: anti, suite: SYR-A, kind: commercial, batches: 1, start: 2026-02-01}]", "lock K: step: unknown step anti; did you mean antibody?"),
        ("transfers: [{id: SYR-A, programme: LEG, site: SYR, end: 2026-02-01}]", "transfer SYR-A: the id also names a suite"),
        ("contracts: [{id: economics, programme: LEG, price: {}}]", "contract economics: the id also names a section of the scenario"),
        ("standing: {frozen_day: {is: typical}}", "standing: frozen_day: there is no such value; did you mean frozen_days?"),
        ("standing: {economics.penalty_caps: {is: typical}}", "standing: economics: penalty_caps: there is no such value"),
        ("standing: {as_of: {is: fact}}", "standing: as_of: a fact needs its source"),
        ("standing: {as_of: {is: fact, source: S2}}", "standing: as_of: unknown source S2; there are S1"),
        ("suites: [{id: SYR-A, standing: {golive: {is: typical}}}]", "suite SYR-A: standing: golive: there is no such value; did you mean go_live?"),
        ("suites: [{id: SYR-A, standing: {ramp: {is: fact, source: 'S1, S3'}}}]", "suite SYR-A: standing: ramp: unknown source S3; there are S1"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_refused_with_the_nearest(text: str, sentence: str) -> None:
    assert refused(text) == [f"over.yaml:3: {sentence}"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("quality: {lending: {qa: 1.25}}", "quality: lending: qa: should be at most 1, not 1.25"),
        ("quality: {lending: {qc: -0.1}}", "quality: lending: qc: should be at least 0, not -0.1"),
        ("quality: {priority: fifo}", "quality: priority: should be one of free, first_out, due_date, firm_first, not 'fifo'"),
        ("losses: {success: {conjugation: 0}}", "losses: success: conjugation: should be more than 0, not 0"),
        ("losses: {success: {conjugation: 1.2}}", "losses: success: conjugation: should be at most 1, not 1.2"),
        ("losses: {ppq: 0}", "losses: ppq: should be more than 0, not 0"),
        ("losses: {new_site: 1.01}", "losses: new_site: should be at most 1, not 1.01"),
        ("suites: [{id: SYR-A, load_ceiling: 0}]", "suite SYR-A: load_ceiling: should be more than 0, not 0"),
        ("suites: [{id: SYR-A, load_ceiling: 1.1}]", "suite SYR-A: load_ceiling: should be at most 1, not 1.1"),
        ("load_period: week", "load_period: should be one of month, quarter, year, not 'week'"),
        ("sites: [{id: SYR, freezer_batches: -3}]", "site SYR: freezer_batches: should be a whole number, at least 0, not -3"),
        ("lanes: [{id: A, from: SYR, to: SYR, days: 1, batches: 2, cost: 3, tariff: 2}]", "lane A: tariff: should be at most 1, not 2"),
        ("lanes: [{id: A, from: SYR, to: SYR, days: 1, batches: 2, cost: 3, loss: 1}]", "lane A: loss: should be less than 1, not 1"),
        ("release_classes: [{id: RC-A, lead_time: {any: {deviations: 1.5}}}]", "release class RC-A: lead_time: any: deviations: should be at most 1, not 1.5"),
    ],
)  # fmt: skip
def test_a_share_or_a_freezer_that_cannot_be_is_refused_at_its_line(
    text: str, sentence: str
) -> None:
    assert f"over.yaml:3: {sentence}" in refused(text)


def test_ids_that_come_twice_in_one_list_are_refused_at_the_second() -> None:
    text = Path("small.yaml").read_text()
    row = (
        "  - {id: L-LEG-US, programme: LEG, site: SYR, market: EU, from: 2026-01-01}\n"
    )
    Path("small.yaml").write_text(text.replace("licences:\n", f"licences:\n{row}", 1))
    line = text[: text.index("licences:")].count("\n") + 3
    with pytest.raises(ScenarioError) as caught:
        read(Path("small.yaml"))
    assert (
        str(caught.value) == f"small.yaml:{line}: licence L-LEG-US: the id comes twice"
    )


def test_an_id_names_one_record_of_any_list() -> None:
    # Sites and what they hold come before suites, so the suite is the second.
    line = DATA.joinpath("small.yaml").read_text().splitlines().index("  - id: SYR-A")
    assert refused(
        "sites: [{id: SYR, outages: [{id: SYR-A, start: 2026-02-01, days: 1}]}]"
    ) == [f"small.yaml:{line + 1}: suite SYR-A: the id also names an outage"]


def test_a_step_that_comes_twice_is_refused() -> None:
    text = Path("small.yaml").read_text()
    Path("small.yaml").write_text(text.replace("step: conjugate", "step: antibody"))
    with pytest.raises(ScenarioError) as caught:
        read(Path("small.yaml"))
    line = text[: text.index("step: conjugate")].count("\n") + 1
    said = f"small.yaml:{line}: programme PIT: step antibody: comes twice"
    assert said in str(caught.value).splitlines()


def test_a_source_in_words_and_a_standing_for_all_fields_are_fine() -> None:
    read(
        over(
            """\
            suites:
              - id: SYR-A
                standing:
                  "*": {is: fact, source: "Annual report of 2025, page 12"}
                  ramp: {is: typical, source: "https://example.org/ramp"}
            campaign_limits:
              - {id: CL-A, standing: {minimum.ppq: {is: typical}}}
            standing:
              quality.lending.qa: {is: typical}
            """
        )
    )


# ------------------------------------------------------------------------------ sense


def stocked(
    first: str = "due: 2026-06-30",
    second: str = "due: 2026-12-31",
    step: str = "",
    **fields: str,
) -> str:
    """The commercial programme made to stock in two periods, instead of its orders."""
    said = "".join(f", {key}: {value}" for key, value in fields.items())
    other = "suites: [{id: SYR-A2, site: SYR, stage: upstream_downstream, go_live: 2023-02-01, production_days: 14, changeover: CO-A, variable_cost: 1}]\n"
    return (
        (other if "SYR-A2" in step else "")
        + f"programmes: [{{id: LEG, recipe: [{{step: antibody, {step}}}]}}]\n"
        + "orders: [{id: LEG-1, remove: true}, {id: LEG-2, remove: true}]\n"
        + f"made_to_stock: [{{id: S, programme: LEG, price: 9{said}}}]\n"
        + f"demand: [{{id: D1, programme: LEG, quantity: 1, {first}}}, {{id: D2, programme: LEG, quantity: 3, {second}}}]"
    )


LOCK = "locks: [{{id: K, programme: LEG, suite: SYR-A, kind: commercial, {}}}]"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("horizon: {end: 2025-12-31}", ["horizon: end: 2025-12-31 is before the start 2026-01-01: the horizon has no day"]),
        ("as_of: 2025-12-31", ["as_of: 2025-12-31 is outside the horizon"]),
        ("resolution_days: 2", ["resolution_days: a day isn't a whole number of ticks of 2 days"]),
        ("changeovers: [{id: CO-A, same_client: 0.0001}]", ["changeover CO-A: same_client: needs a time grid of 1/10000 days, finer than a minute"]),
        ("changeovers: [{id: CO-A, same_client: 3, same_product: 71/7}]", ["changeover CO-A: same_product: needs a time grid of 1/7 days, not in whole minutes"]),
        ("resolution_days: 1/7", ["resolution_days: needs a time grid of 1/7 days, not in whole minutes"]),
        ("economics: {penalty_grace_weeks: 1/2}\nresolution_days: 1", ["economics: penalty_grace_weeks: 7/2 days don't fit a grid of 1 day"]),
        ("horizon: {end: 2199-12-31}\nchangeovers: [{id: CO-A, same_client: 1/1440}]", ["horizon: has more than 2 million ticks of 1/1440 days; take a coarser grid"]),
        ("sites: [{id: SYR, qc_batches: [{from: 2027-01-01, value: 1}, {from: 2026-01-01, value: 2}]}]", ["site SYR: qc_batches: 2026-01-01 doesn't come after 2027-01-01"]),
        ("programmes: [{id: LEG, recipe: [{step: antibody, stage: upstream}]}]", ["programme LEG: step antibody: suites: SYR-A runs upstream_downstream, not upstream"]),
        ("programmes: [{id: PIT, recipe: [{step: conjugate, payload_class: pbd}]}]", ["programme PIT: step conjugate: suites: SYR-C1 doesn't contain pbd"]),
        ("suites: [{id: SYR-C1, enabled: false}]", ["programme PIT: step conjugate: suites: no suite can make it: none of these is enabled"]),
        ("programmes: [{id: LEG, recipe: [{step: antibody, supply: {how: direct, hold_days: 1}}]}]", ["programme LEG: step antibody: supply: the first step has no step before it to use"]),
        ("programmes: [{id: PIT, recipe: [{step: conjugate, supply: null}]}]", ["programme PIT: step conjugate: supply: a later step says how it uses the step before: direct or frozen"]),
        ("programmes: [{id: PIT, recipe: [{step: conjugate, supply: {how: client, lead_time_days: 1}}]}]", ["programme PIT: step conjugate: supply: a later step says how it uses the step before: direct or frozen"]),
        ("programmes: [{id: PIT, recipe: [{step: conjugate, supply: {min_life_days: 1096}}]}]", ["programme PIT: step conjugate: supply: min_life_days: is longer than the shelf life"]),
        ("programmes: [{id: PIT, recipe: [{step: conjugate, supply: {how: direct, hold_days: 1}}]}]", ["programme PIT: step antibody: release: the next step follows directly, so nothing is released"]),
        ("programmes: [{id: PIT, recipe: [{step: antibody, release: null}]}]", ["programme PIT: step antibody: release: missing: its batches are tested and released"]),
        ("programmes: [{id: PIT, recipe: [{step: antibody, kg_per_batch: {SYR-A: 2}}]}]", ["programme PIT: step antibody: kg_per_batch: only the last step has a product to weigh"]),
        ("release_classes: [{id: RC-A, lead_time: {any: null, commercial: {p50: 45, p90: 60}}}]", ["release class RC-A: lead_time: missing for intermediate, which step antibody of PIT needs"]),
        ("release_classes: [{id: RC-C, lead_time: {any: null}}]", ["release class RC-C: lead_time: missing for clinical, which step conjugate of PIT needs", "release class RC-C: lead_time: missing for ppq, which step conjugate of PIT needs"]),
        ("release_classes: [{id: RC-A, lead_time: {any: {p50: 61}}}]", ["release class RC-A: lead_time: any: p50: is longer than p90"]),
        ("campaign_limits: [{id: CL-A, minimum: {ppq: 13}}]", ["campaign limits CL-A: minimum: ppq: 13 is more than the maximum 12"]),
        ("campaign_limits: [{id: CL-A, minimum: {ppq: 11}, multiple: 5}]", ["campaign limits CL-A: minimum: ppq: no multiple of 5 lies between 11 and 12"]),
        ("campaign_limits: [{id: CL-C, multiple: 11}]", ["campaign limits CL-C: maximum: is less than the multiple 11"]),
        ("licences: [{id: L, programme: LEG, site: SYR, market: US, from: 2026-02-01}]", ["licence L-LEG-US: the same programme, step, site and market as L"]),
        ("transfers: [{id: T, programme: LEG, site: SYR, end: 2026-02-01}, {id: U, programme: LEG, site: SYR, end: 2026-02-01}]", ["transfer U: the same programme, step and site as T"]),
        ("lanes: [{id: A, from: SYR, to: SYR, days: 1, batches: 2, cost: 3}]", ["lane A: to: leads back to the site it leaves"]),
        ("orders: [{id: LEG-1, due: 2026-01-15}]", ["order LEG-1: due: 2026-01-15 is before as_of 2026-01-16"]),
        ("orders: [{id: LEG-1, due: 2029-01-01}]", ["order LEG-1: due: 2029-01-01 is after the horizon's end"]),
        ("orders: [{id: LEG-1, market: null}]", ["order LEG-1: market: missing: a commercial order has a market"]),
        ("orders: [{id: LEG-1, market: null, markets: {US: 1, EU: 2}}]", ["order LEG-1: markets: add up to 3 batches, and the order has 4"]),
        ("orders: [{id: LEG-1, markets: {US: 4}}]", ["order LEG-1: markets: market is US already: state one or the other"]),
        ("orders: [{id: LEG-1, market: null, markets: {US: 4, EU: 0}}]", ["order LEG-1: markets: EU: should be a whole number, at least 1, not 0"]),
        ("orders: [{id: PIT-PPQ, markets: {US: 2, EU: 1}}]", ["order PIT-PPQ: markets: a ppq order has none, not EU, US"]),
        ("orders: [{id: LEG-1, market: null, markets: {US: 4}}, {id: LEG-1/US, contract: C-LEG, kind: commercial, market: US, batches: 1, due: 2027-01-01}]", ["order LEG-1: market US: its batches are called LEG-1/US in tables, as another order"]),
        ("orders: [{id: LEG-1, market: null, markets: {US/firm: 4}}]", ["order LEG-1: market US/firm: its batches are called LEG-1/US/firm in tables, as parts of orders"]),
        ("orders: [{id: PIT-PPQ, market: US}]", ["order PIT-PPQ: market: a ppq order has none, not US"]),
        ("contracts: [{id: C-PIT, price: {ppq: null, commercial: null}}]", ["contract C-PIT: price: missing for commercial, of which it has 1 order", "contract C-PIT: price: missing for ppq, of which it has 1 order"]),
        ("suites: [{id: SYR-C1, set_up: LEG}]", ["suite SYR-C1: set_up: no step of LEG lists this suite"]),
        ("stock: [{id: S, programme: PIT, step: antibody, suite: SYR-A, kind: clinical, batches: 1, expiry: 2027-01-01}]", ["stock S: kind: batches of antibody go into the step after it, so they are intermediate, not clinical"]),
        ("stock: [{id: S, programme: LEG, suite: SYR-A, kind: intermediate, batches: 1, expiry: 2027-01-01}]", ["stock S: kind: antibody is the last step: its batches aren't intermediate"]),
        ("stock: [{id: S, programme: LEG, suite: SYR-A, kind: commercial, batches: 1, expiry: 2026-01-15}]", ["stock S: expiry: 2026-01-15 is before as_of 2026-01-16"]),
        ("in_release: [{id: W, programme: LEG, suite: SYR-A, kind: commercial, batches: 1, first_out: 2026-01-16}]", ["in release W: first_out: 2026-01-16 isn't before as_of 2026-01-16"]),
        # Out on the 2nd and every 7 days: the third on the 16th.
        ("in_release: [{id: W, programme: LEG, suite: SYR-A, kind: commercial, batches: 3, first_out: 2026-01-02, every_days: 7}]", ["in release W: first_out: the last, on 2026-01-16, isn't before as_of 2026-01-16"]),
        (stocked(unit="kg"), ["made to stock S: unit: kg need kg_per_batch of step antibody of LEG, which has none"]),
        (stocked(unit="tons"), ["made to stock S: unit: should be one of batches, kg, not 'tons'"]),
        (stocked(unit="batches", step="kg_per_batch: {SYR-A: 2, SYR-A2: 3}, suites: [SYR-A, SYR-A2]"), ["made to stock S: unit: suites of LEG make batches of different size: state kg"]),
        (stocked(opening="[{quantity: 2, expiry: 2026-01-15}]"), ["made to stock S: opening: row 1: expiry: 2026-01-15 is before as_of 2026-01-16: it has expired"]),
        (stocked(opening="[{quantity: -2}]"), ["made to stock S: opening: row 1: quantity: should be at least 0, not -2"]),
        (stocked(opening="[{quantity: 5}]", storage_limit="4"), ["made to stock S: opening: 5 batches are more than the storage limit of 4"]),
        (stocked(target="5", storage_limit="4"), ["made to stock S: target: 5 is above the storage limit of 4 batches"]),
        (stocked(target_months="7", storage_limit="2"), ["made to stock S: target_months: the demand of 7 months after 2026-06-30 is 3, above the storage limit of 2 batches"]),
        (stocked(target="1", target_months="2"), ["made to stock S: target_months: state either target or target_months"]),
        (stocked(first="from: 2026-12-31, due: 2026-06-30"), ["demand D1: from: 2026-12-31 is after its last day 2026-06-30"]),
        (stocked(second="from: 2026-06-30, due: 2026-12-31"), ["demand D2: from: 2026-06-30 is in D1, which lasts until 2026-06-30: periods overlap"]),
        (stocked(second="due: 2026-06-30"), ["demand D2: due: is the last day of D1 too: periods overlap"]),
        (stocked(first="due: 2026-01-15"), ["demand D1: due: 2026-01-15 is before as_of 2026-01-16"]),
        (stocked(second="due: 2029-01-01"), ["demand D2: due: 2029-01-01 is after the horizon's end"]),
        (stocked(second="due: 2026-12-31, target: 3", storage_limit="2"), ["demand D2: target: 3 is above the storage limit of 2 batches"]),
        (LOCK.format("batches: 1, start: 2023-01-31"), ["lock K: start: is before SYR-A goes live on 2023-02-01"]),
        # Lead-in 14 + 6 days, from 2026-06-17: out on 2026-07-07, one day into the shutdown.
        (LOCK.format("batches: 1, start: 2026-06-17"), ["lock K: start: runs until 2026-07-07, through the shutdown or outage of 2026-07-06 to 2026-07-20"]),
        (LOCK.format("batches: 1, start: 2028-12-13"), ["lock K: start: runs until 2029-01-02, past the horizon's end"]),
        (LOCK.format("batches: 1, start: 2026-02-16") + "\ntransfers: [{id: T, programme: LEG, site: SYR, end: 2026-02-17}]", ["lock K: start: is before the transfer to SYR ends on 2026-02-17"]),
        ("in_release: [{id: W, programme: LEG, suite: SYR-A, kind: commercial, batches: 1, first_out: 2026-01-10}]\ntransfers: [{id: T, programme: LEG, site: SYR, end: 2026-01-11}]", ["in release W: first_out: is before the transfer to SYR ends on 2026-01-11"]),
        ("stock: [{id: S, programme: LEG, suite: SYR-A, kind: commercial, batches: 1, expiry: 2027-01-15}]\ntransfers: [{id: T, programme: LEG, site: SYR, end: 2026-01-17}]", ["stock S: suite: batches made there are on hand on 2026-01-16, which is before the transfer to SYR ends on 2026-01-17"]),
        ("orders: [{id: LEG-1/firm, contract: C-LEG, kind: commercial, market: US, batches: 1, due: 2027-01-01}]", ["order LEG-1/firm: is what tables call part of LEG-1: choose another id"]),
        ("orders: [{id: LEG-1, market: null, markets: {US: 4}}, {id: LEG-1/US/spare, contract: C-LEG, kind: commercial, market: US, batches: 1, due: 2027-01-01}]", ["order LEG-1/US/spare: is what tables call part of LEG-1: choose another id"]),
    ],
)  # fmt: skip
def test_values_that_cannot_be_meant_together_are_refused(
    text: str, sentences: list[str]
) -> None:
    found = [problem.partition(": ")[2] for problem in refused(text)]
    assert found == sentences


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        ("in_release: [{id: W, first_out: 2026-01-11, {}}]", "2026-01-11"),
        ("stock: [{id: S, expiry: 2027-01-15, {}}]", "2026-01-16"),
    ],
)
def test_batches_may_be_there_from_the_day_on_which_a_transfer_ends(
    made: str, ends: str
) -> None:
    batch = "programme: LEG, suite: SYR-A, kind: commercial, batches: 1"
    transfer = f"{{id: T, programme: LEG, site: SYR, end: {ends}}}"

    read(over(f"{made.replace('{}', batch)}\ntransfers: [{transfer}]"))


def test_problems_stand_at_the_line_of_their_value() -> None:
    problems = refused(
        """\
        orders:
          - id: LEG-1
            due: 2026-01-15
          - id: PIT-PPQ
            market: US
        contracts:
          - id: C-LEG
            price:
              commercial: null
              clinical: 3
        """
    )
    price = Path("small.yaml").read_text().splitlines()
    inherited = next(n for n, line in enumerate(price, 1) if "{id: C-LEG" in line)
    assert problems == [
        "over.yaml:5: order LEG-1: due: 2026-01-15 is before as_of 2026-01-16",
        "over.yaml:7: order PIT-PPQ: market: a ppq order has none, not US",
        f"small.yaml:{inherited}: contract C-LEG: price: missing for commercial, of "
        "which it has 2 orders",
    ]


def test_every_duration_that_misses_a_stated_grid_is_named() -> None:
    # On a grid of half a day: 3.5 days of a downstream cycle are part of a takt, which
    # is rounded; the others aren't whole.
    problems = refused(
        """\
        resolution_days: 0.5
        changeovers: [{id: CO-A, same_product: 3.25}]
        suites: [{id: SYR-C1, rates: [{programme: PIT, takt_days: 6.9}]}]
        programmes: [{id: PIT, recipe: [{step: conjugate, supply: {freeze_days: 1/3}}]}]
        sites: [{id: SYR, completed: 2023-01-01T08:00}]
        """
    )
    assert problems == [
        "over.yaml:4: changeover CO-A: same_product: 13/4 days don't fit a grid of "
        "1/2 days",
        "over.yaml:5: suite SYR-C1: rate for PIT: takt_days: 69/10 days don't fit a "
        "grid of 1/2 days",
        "over.yaml:6: programme PIT: step conjugate: supply: freeze_days: 1/3 days "
        "don't fit a grid of 1/2 days",
        "over.yaml:7: site SYR: completed: the time of day doesn't fit a grid of 1/2 "
        "days",
        # It hangs on the site's completion, and is where it was written.
        "small.yaml:28: suite SYR-A: go_live: the time of day doesn't fit a grid of "
        "1/2 days",
    ]


def test_locked_campaigns_in_one_suite_may_touch_but_not_overlap() -> None:
    # LEG's takt at full rate: max(16 / 4, 3.5) / 0.95 days, 4.2105..., on a half-day
    # grid 4.5; two batches: 14 + 6 + 4.5 days from 1 February, until noon of the 25th.
    rows = """\
        resolution_days: 0.5
        locks:
          - {{id: K1, programme: LEG, suite: SYR-A, kind: commercial, batches: 2,
             start: 2026-02-01}}
          - {{id: K2, programme: LEG, suite: SYR-A, kind: commercial, batches: 1,
             start: {}}}
        """
    read(over(rows.format("2026-02-25T12:00")))
    assert refused(rows.format("2026-02-25")) == [
        "over.yaml:8: lock K2: start: starts while K1 runs in SYR-A until "
        "2026-02-25T12:00"
    ]
    # Within its first 91 days SYR-A runs at half rate: 8.421 days, on the grid 8.5.
    slow = "SYR-A.go_live=2026-01-20"
    assert refused(rows.format("2026-02-25T12:00"), slow) == [
        "over.yaml:8: lock K2: start: starts while K1 runs in SYR-A until "
        "2026-03-01T12:00"
    ]


def test_a_repeated_shutdown_closes_every_year() -> None:
    (problem,) = refused(LOCK.format("batches: 1, start: 2028-07-01"))
    assert problem.endswith("shutdown or outage of 2028-07-06 to 2028-07-20")


def test_a_disabled_suite_runs_no_locked_campaign() -> None:
    problems = refused(
        f"{LOCK.format('batches: 1, start: 2026-02-01')}\n"
        "suites: [{id: SYR-A, enabled: false}]\n"
    )
    assert "over.yaml:3: lock K: suite: SYR-A isn't enabled" in problems


def test_intermediates_must_reach_the_suite_that_uses_them() -> None:
    text = """\
        sites: [{id: SON, name: Songdo}]
        suites: [{id: SYR-C1, site: SON}]
        licences: [{id: L, programme: PIT, site: SON, market: US, from: 2026-06-01}]
        """
    unreached = "programme PIT: step conjugate: suites: no site or shipping lane joins"
    assert any(unreached in problem for problem in refused(text))
    read(over(dedent(text) + "lanes: [{id: A, from: SYR, to: SON, days: 9, batches: 2, cost: 1}]\n"))  # fmt: skip


def test_a_step_that_uses_frozen_intermediates_is_the_last_of_its_recipe() -> None:
    # A batch that is filled directly serves the line; the antibody's right to ship
    # would have to come with it through the conjugate, which serves none.
    text = """\
        programmes:
          - id: PIT
            recipe:
              - {step: conjugate, release: null}
              - {step: fill, stage: conjugation, suites: [SYR-C1], release: RC-C,
                 campaign: CL-C, payload_class: cytotoxic,
                 supply: {how: direct, hold_days: 3}}
        """
    supply = Path("small.yaml").read_text().splitlines()
    line = next(n for n, row in enumerate(supply, 1) if "how: frozen" in row)
    assert refused(text) == [
        f"small.yaml:{line}: programme PIT: step conjugate: supply: fill follows "
        "directly, and no right to ship is carried from a frozen intermediate through "
        "a direct feed: only the last step may use one"
    ]


def test_a_step_that_is_fed_directly_may_feed_the_next_directly_or_frozen() -> None:
    steps = """\
        suites:
          - {id: SYR-U, site: SYR, stage: up, go_live: 2020-01-01, production_days: 5,
             changeover: CO-A, variable_cost: 1}
          - {id: SYR-F, site: SYR, stage: fill, go_live: 2020-01-01, production_days: 5,
             changeover: CO-A, variable_cost: 1}
        programmes:
          - {id: NEW, client: Alpha, recipe: [
              {step: up, stage: up, suites: [SYR-U], campaign: CL-A},
              {step: antibody, stage: upstream_downstream, suites: [SYR-A],
               campaign: CL-A, RELEASE supply: {how: direct, hold_days: 3}},
              {step: fill, stage: fill, suites: [SYR-F], campaign: CL-A, release: RC-A,
               supply: {SUPPLY}}]}
        """
    direct, frozen = (
        "how: direct, hold_days: 3",
        "how: frozen, ratio: 1, shelf_life_days: 9",
    )
    for supply, release in ((direct, ""), (frozen, "release: RC-A,")):
        read(over(steps.replace("SUPPLY", supply).replace("RELEASE", release)))


def test_a_row_without_an_id_is_counted_from_one() -> None:
    said = refused("sites: [{id: SYR, qc_batches: [{from: SIR-A.go_live, value: 1}]}]")
    assert said[0].startswith("over.yaml:3: site SYR: qc_batches: row 1: from: ")


# --------------------------------------------------------------------------- warnings


def test_an_order_due_before_anything_could_release_it_is_warned_of() -> None:
    # From 2026-01-16: 20 days to the first batch out, 60 to its release: 2026-04-06.
    loaded = read(over("orders: [{id: LEG-1, due: 2026-04-05}]"))
    assert warned(loaded) == [
        "over.yaml:3: order LEG-1: due: 2026-04-05 is before anything could be "
        "available: 2026-04-06 at the earliest (suite: production and release take "
        "that long)"
    ]
    assert warned(read(over("orders: [{id: LEG-1, due: 2026-04-06}]"))) == []


@pytest.mark.parametrize(
    ("text", "due", "because"),
    [
        # Frozen until 2026-02-15, then 80 days.
        ("frozen_days: 30", "2026-05-06", "frozen: the plan is frozen until 2026-02-15"),
        # Live on 2026-03-01, then 80 days.
        ("suites: [{id: SYR-A, go_live: 2026-03-01}]", "2026-05-20", "go_live: SYR-A goes live on 2026-03-01"),
        ("transfers: [{id: T, programme: LEG, site: SYR, end: 2026-03-01}]", "2026-05-20", "transfer: the transfer to SYR ends on 2026-03-01"),
        # Twenty days from as_of don't fit before the outage of 30 days from 1 February.
        ("suites: [{id: SYR-A, outages: [{id: O, start: 2026-02-01, days: 28}]}]", "2026-05-20", "shutdown: SYR-A is down until 2026-03-01"),
        ("licences: [{id: L-LEG-US, from: 2026-08-01}]", "2026-08-01", "licence: the right to ship begins on 2026-08-01"),
        # Locked on 2026-01-10: out on 2026-01-30, before anything that starts at as_of.
        ("locks: [{id: K, programme: LEG, suite: SYR-A, kind: commercial, batches: 3, start: 2026-01-10}]", "2026-03-31", "suite: its release takes that long"),
        ("in_release: [{id: W, programme: LEG, suite: SYR-A, kind: commercial, batches: 3, first_out: 2026-01-10}]", "2026-03-11", "suite: its release takes that long"),
    ],
)  # fmt: skip
def test_the_warning_gives_the_earliest_date_and_its_cause(
    text: str, due: str, because: str
) -> None:
    loaded = read(over(text), [f"LEG-1.due={due} - 1 day", "LEG-2.due=2028-01-01"])
    (warning,) = warned(loaded)
    assert f"available: {due} at the earliest ({because})" in warning
    assert warned(read(over(text), [f"LEG-1.due={due}", "LEG-2.due=2028-01-01"])) == []


def test_a_due_day_ends_at_midnight_or_begins_it() -> None:
    # Half a day frozen: the first batch is available at noon of 2026-04-06.
    changes = ["scenario.frozen_days=0.5", "LEG-1.due=2026-04-06"]
    assert warned(read(Path("small.yaml"), changes)) == []
    strict = read(Path("small.yaml"), [*changes, "scenario.due_rule=strict"])
    assert "2026-04-06T12:00 at the earliest" in warned(strict)[0]


def test_a_conjugate_waits_for_its_intermediate() -> None:
    # Antibody out after 20 days, released after 60 and frozen for 2: 2026-04-08; then
    # 5 days of conjugation and 70 of release: 2026-06-22.
    (warning,) = warned(read(Path("small.yaml"), ["PIT-C1.due=2026-06-21"]))
    assert (
        "2026-06-22 at the earliest (intermediate: no intermediate can be used before "
        "2026-04-08)" in warning
    )
    # At risk it needs no release: 60 days sooner.
    risk = "PIT.recipe.conjugate.supply.at_risk=true"
    assert warned(read(Path("small.yaml"), ["PIT-C1.due=2026-04-23", risk])) == []
    # With intermediates on hand, frozen already, conjugation and release are left.
    stock = """\
        stock: [{id: S, programme: PIT, step: antibody, suite: SYR-A,
                 kind: intermediate, batches: 1, expiry: 2028-01-01}]
        """
    assert warned(read(over(stock), ["PIT-C1.due=2026-04-01"])) == []
    assert len(warned(read(over(stock), ["PIT-C1.due=2026-03-31"]))) == 1


def test_client_supplied_antibody_is_waited_for() -> None:
    text = """\
        programmes:
          - {id: LEG, recipe: [{step: antibody, supply: {how: client, lead_time_days: 44}}]}
        """
    # Here on 2026-03-01, then 80 days.
    (warning,) = warned(read(over(text), ["LEG-1.due=2026-05-19"]))
    assert "2026-05-20 at the earliest (intermediate: the client's antibody" in warning
    on_hand = "LEG.recipe.antibody.supply.on_hand=1"
    assert warned(read(over(text), ["LEG-1.due=2026-05-19", on_hand])) == []


def test_stock_serves_orders_due_by_its_last_day() -> None:
    text = """\
        stock: [{id: S, programme: LEG, suite: SYR-A, kind: commercial, batches: 1,
                 expiry: 2026-02-20}]
        """
    assert warned(read(over(text), ["LEG-1.due=2026-02-20"])) == []
    assert len(warned(read(over(text), ["LEG-1.due=2026-02-21"]))) == 1
    assert (
        len(warned(read(over(text), ["LEG-1.due=2026-02-20", "S.kind=clinical"]))) == 1
    )


def test_an_order_for_a_market_without_any_right_is_warned_of() -> None:
    loaded = read(over("orders: [{id: LEG-1, market: EU}]"))
    assert warned(loaded) == [
        "small_orders.csv:2: order LEG-1: can never be served: no site has a right to "
        "ship LEG to EU (licence)"
    ]


def test_a_suite_that_nothing_ever_opens_is_warned_of() -> None:
    text = """\
        sites: [{id: SON, name: Songdo, qc_batches: [{from: 2027-01-01, value: 2}]}]
        suites: [{id: SON-T1, site: SON, stage: upstream_downstream, go_live: 2027-01-01,
                  production_days: 14, changeover: CO-A, variable_cost: 1}]
        programmes: [{id: LEG, recipe: [{step: antibody, suites: [SYR-A, SON-T1]}]}]
        """
    opening = "transfers: [{id: T, programme: LEG, site: SON, end: 2027-01-01}]\n"
    assert warned(read(over(text))) == [
        "over.yaml:6: programme LEG: step antibody: no licence or transfer ever opens "
        "SON for SON-T1"
    ]
    assert warned(read(over(dedent(text) + opening))) == []


UNOPENED = """\
    sites: [{id: SON, name: Songdo}]
    suites: [{id: SON-T1, site: SON, stage: upstream_downstream, go_live: 2027-01-01,
              production_days: 14, changeover: CO-A, variable_cost: 1}]
    programmes:
      - {id: NEW, client: Alpha, recipe: [
          {step: antibody, stage: upstream_downstream, suites: [SON-T1],
           campaign: CL-A, release: RC-A}]}
    contracts: [{id: C-NEW, programme: NEW, price: {commercial: 1}}]
    """
WANTED = """\
    orders: [{id: NEW-1, contract: C-NEW, kind: commercial, market: US, batches: 1,
              due: 2028-06-30}]
    """


@pytest.mark.parametrize(
    "opening",
    [
        "transfers: [{id: T, programme: NEW, site: SON, end: 2027-01-01}]\n",
        "licences: [{id: L, programme: NEW, site: SON, market: US, from: 2027-01-01}]\n",
        "markets: [{id: US, review_days: {new: 9}}]\n"
        "qualifications: [{id: Q, programme: NEW, site: SON, permitted: false,"
        " origin: within, transfer_days: 9, ppq_batches: 3, markets: [US], filing: new}]\n",
    ],
)
def test_a_step_that_is_wanted_and_no_site_may_ever_make_is_refused(
    opening: str,
) -> None:
    wanted = dedent(UNOPENED) + dedent(WANTED)

    assert refused(wanted) == [
        "over.yaml:8: programme NEW: step antibody: suites: no site may ever make it: "
        "SON needs a transfer, a licence or a qualification for NEW"
    ]
    read(over(UNOPENED))  # nobody has ordered it yet
    read(over(wanted + opening))


def test_a_right_that_is_ill_formed_isnt_called_missing() -> None:
    wanted = dedent(UNOPENED) + dedent(WANTED)
    licence = "licences: [{id: L, programme: NEW, site: SON, market: US, from: soon}]\n"

    (said,) = refused(wanted + licence)
    assert said.startswith("over.yaml:13: licence L: from: ")


def test_a_right_before_ppq_is_due_is_warned_of() -> None:
    # As the small scenario has it, the right comes a year after PPQ.
    early = "licences: [{id: L-PIT-US, from: PIT-PPQ.due - 1 day}]\n"
    said = "licence L-PIT-US: from: 2027-03-30 is before PIT-PPQ is due, 2027-03-31"
    assert f"over.yaml:3: {said}: PPQ, filing and review come first" in warned(
        read(over(early))
    )
    held = "licences: [{id: L-PIT-US, from: 2026-01-01}]\n"
    assert not any("filing and review" in told for told in warned(read(over(held))))


def test_lateness_that_costs_more_than_not_serving_is_warned_of() -> None:
    # 180 days at 0.0025 are 0.45; (180 / 7 - 4) weeks at 1 % would be 0.217, capped at
    # 0.1: 0.55 of the price in all.
    changes = ["economics.unserved_factor.clinical=0.5"]
    (warning,) = warned(read(Path("small.yaml"), changes))
    assert warning == (
        "--set: economics: unserved_factor: clinical: a batch 180 days late costs 0.55 "
        "of its price, more than the 0.5 for not serving it"
    )
    assert warned(read(Path("small.yaml"), ["economics.unserved_factor.clinical=0.55"])) == []  # fmt: skip
    # A kind that nobody ordered doesn't matter.
    unused = "economics.unserved_factor.engineering=0"
    assert warned(read(Path("small.yaml"), [unused])) == []


def test_ppq_batches_that_fit_no_campaign_are_warned_of() -> None:
    (warning,) = warned(read(Path("small.yaml"), ["PIT-PPQ.batches=11"]))
    assert warning == (
        "--set: order PIT-PPQ: batches: 11 PPQ batches don't fit one campaign of 10"
    )


PPQ_LOCK = """\
    locks: [{id: K, programme: LEG, suite: SYR-A, kind: ppq, batches: 1, start: START}]
    contracts: [{id: C-LEG, price: {engineering: 1}}]
    orders: [{id: E, contract: C-LEG, kind: engineering, batches: 1, due: DUE}]
    """


def engineering(start: str, due: str) -> list[str]:
    text = dedent(PPQ_LOCK).replace("START", start).replace("DUE", due)
    return [said for said in warned(read(over(text))) if "order E" in said]


def test_engineering_that_a_locked_ppq_campaign_shuts_out_is_warned_of() -> None:
    # The first engineering batch is out 20 days after 2026-01-16, on 2026-02-05; PPQ
    # starts three days after the last or later.
    assert engineering("2026-02-08", "2026-02-05") == []
    assert engineering("2026-02-07", "2026-02-05") == [
        "over.yaml:5: order E: can never be served: the PPQ campaign K is locked from "
        "2026-02-07, so engineering batches of LEG are out by 2026-02-04; 2026-02-05 "
        "is the earliest"
    ]
    assert engineering("2026-03-08", "2026-03-05") == []
    assert engineering("2026-03-08", "2026-03-06") == [
        "over.yaml:5: order E: due: 2026-03-06 is late: the PPQ campaign K is locked "
        "from 2026-03-08, so engineering batches of LEG are out by 2026-03-05"
    ]


def test_locked_engineering_that_runs_into_locked_ppq_is_refused() -> None:
    rows = """\
        locks:
          - {id: E, programme: LEG, suite: SYR-A, kind: engineering, batches: 1,
             start: 2026-02-01}
          - {id: K, programme: LEG, suite: SYR-A, kind: ppq, batches: 1, start: START}
        """
    # Out on 2026-02-21, and three days.
    read(over(rows.replace("START", "2026-02-24")))
    assert refused(rows.replace("START", "2026-02-23")) == [
        "over.yaml:5: lock E: start: makes engineering batches until 2026-02-21, but PPQ "
        "campaign K wants them out by 2026-02-20"
    ]


def test_an_intermediate_that_expires_before_its_first_use_is_warned_of() -> None:
    row = """\
        stock: [{id: S, programme: PIT, step: antibody, suite: SYR-A,
                 kind: intermediate, batches: 1, expiry: EXPIRY}]
        """
    live = "SYR-C1.go_live=2026-02-10"
    # It lasts until the end of 2026-02-09, which is when SYR-C1 goes live.
    assert warned(read(over(row.replace("EXPIRY", "2026-02-09")), [live])) == []
    assert warned(read(over(row.replace("EXPIRY", "2026-02-08")), [live])) == [
        "over.yaml:4: stock S: expiry: life ends on 2026-02-09, too soon for any batch of "
        "conjugate, the first of which could use it on 2026-02-10; in order of expiry it "
        "stays before all that lasts longer, so leave out what is lost"
    ]
    # Some life must be left at use.
    left = "PIT.recipe.conjugate.supply.min_life_days=1"
    assert (
        len(warned(read(over(row.replace("EXPIRY", "2026-02-09")), [live, left]))) == 1
    )
    assert warned(read(over(row.replace("EXPIRY", "2026-02-10")), [live, left])) == []


def test_an_intermediate_in_release_that_expires_before_its_use_is_warned_of() -> None:
    row = """\
        in_release: [{id: W, programme: PIT, step: antibody, suite: SYR-A,
                      kind: intermediate, batches: 2, first_out: 2025-12-01,
                      every_days: 10}]
        """
    # Released after 60 days and frozen for 2, so the first is usable on 2026-02-01.
    life = "PIT.recipe.conjugate.supply.shelf_life_days="
    assert warned(read(over(row), [f"{life}62"])) == []
    (said,) = [s for s in warned(read(over(row), [f"{life}61"])) if "in release W" in s]
    assert "life ends on 2026-01-31" in said
    assert "could use it on 2026-02-01" in said


# -------------------------------------------------------------------------- rough cut


def test_the_rough_cut_load_sets_needed_days_against_open_days() -> None:
    rows = {
        (row["suite"], row["year"]): row
        for row in validate.rough_cut(read(Path("small.yaml")).scenario)
    }
    assert len(rows) == 6  # two suites, three years
    # 365 days less a shutdown of 14; 2028 has 366.
    assert rows["SYR-A", 2026]["available_days"] == 351
    assert rows["SYR-A", 2028]["available_days"] == 352
    # LEG-1 in 2026: 4 batches; takt 4.2105 days, on a grid of a day 5. LEG-2, due
    # 2027-06-30, starts 80 days before: 5 batches. Half an antibody a conjugate:
    # PIT-C1 needs 1, PIT-PPQ 1.5 and PIT-1 2, one release and more before 2026-12-15,
    # 2027-03-31 and 2028-05-31, in 2026, 2026 and 2027.
    assert rows["SYR-A", 2026]["needed_days"] == (4 + 1 + 1.5) * 5
    assert rows["SYR-A", 2027]["needed_days"] == (5 + 2) * 5
    assert rows["SYR-A", 2028]["needed_days"] == 0
    # PIT is 80 % likely, LEG certain.
    assert rows["SYR-A", 2027]["expected_days"] == (5 + 0.8 * 2) * 5
    assert rows["SYR-A", 2027]["load"] == round(35 / 351, 3)
    # Conjugation takes 7 days a batch; PIT-PPQ, due in March 2027, starts in January.
    assert rows["SYR-C1", 2026]["needed_days"] == 2 * 7
    assert rows["SYR-C1", 2027]["needed_days"] == 3 * 7


def test_what_is_on_hand_or_locked_is_not_made_again() -> None:
    text = """\
        stock: [{id: S, programme: LEG, suite: SYR-A, kind: commercial, batches: 2,
                 expiry: 2027-01-01}]
        locks: [{id: K, programme: LEG, suite: SYR-A, kind: commercial, batches: 1,
                 start: 2026-02-01, takt_days: 6}]
        """
    rows = validate.rough_cut(read(over(text), ["C-PIT.probability=0"]).scenario)
    # Of LEG-1's four batches, two are on hand and one is locked for 6 days; one is left
    # at 5 days. PIT needs 2.5 antibodies in 2026.
    assert rows[0]["needed_days"] == 6 + 5 + 2.5 * 5
    assert rows[0]["expected_days"] == 6 + 5


def test_days_before_go_live_and_overlapping_closures_are_not_open() -> None:
    # Live on 1 July 2026: 184 days, less 14 of shutdown (6 to 20 July); the outage of
    # 10 days from 15 July adds 5.
    text = "suites: [{id: SYR-A, outages: [{id: O, start: 2026-07-15, days: 10}]}]"
    rows = validate.rough_cut(read(over(text), ["SYR-A.go_live=2026-07-01"]).scenario)
    assert rows[0]["available_days"] == 184 - 14 - 5
    late = validate.rough_cut(read(over(text), ["SYR-A.go_live=2027-01-01"]).scenario)
    assert (late[0]["available_days"], late[0]["load"]) == (0, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sites: [{id: SYR, freezer_batches: 0}]", "holds no frozen intermediate"),
        (
            "load_period: month\nsuites: [{id: SYR-A, load_ceiling: 0.1}]",
            "admits no batch",
        ),
    ],
)
def test_what_leaves_no_room_for_a_batch_is_warned_of(text: str, said: str) -> None:
    assert [row for row in warned(read(over(text))) if said in row]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("sites: [{id: SYR, qc_batches: []}]", "qc_batches"),
        ("sites: [{id: SYR, qa_reviewers: [{from: 2035-01-01, value: 3}]}]", "qa_reviewers"),
        ("sites: [{id: SYR, qa_reviewers: [{from: 2020-01-01, value: 0}]}]", "qa_reviewers"),
    ],
)  # fmt: skip
def test_a_site_without_qc_or_qa_is_warned_of(text: str, field: str) -> None:
    assert (
        f"over.yaml:3: site SYR: {field}: none, so nothing that is made at SYR "
        "is ever released"
    ) in warned(read(over(text)))


def test_a_site_whose_work_another_does_is_not_warned_of() -> None:
    helped = """\
        sites:
          - {id: SYR, qa_reviewers: []}
          - {id: SON, name: Songdo, qa_reviewers: [{from: 2025-01-01, value: 3}]}
    """
    assert not [row for row in warned(read(over(helped))) if "qa_reviewers" in row]

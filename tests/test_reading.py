"""Scenario files: what is read, merged, resolved and refused, and in which words."""

# ruff: noqa: E501 - a case is a row: what is written, then what is said

from __future__ import annotations

import copy
import random
import shutil
import time
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.reading import (
    Place,
    Problem,
    ScenarioError,
    read,
    resolved_text,
    resolved_with_places,
    scenario_from,
    sha256,
)

DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("small.yaml", "small_orders.csv"):
        shutil.copy(DATA / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)


def refused(file: str = "small.yaml", *settings: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(Path(file), settings)
    return [str(problem) for problem in caught.value.problems]


def edit(old: str, new: str, file: str = "small.yaml") -> int:
    """Replace a text that occurs once; its line."""
    text = Path(file).read_text()
    assert text.count(old) == 1
    Path(file).write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def line_of(text: str, file: str = "small.yaml") -> int:
    lines = Path(file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def over(text: str, file: str = "over.yaml", extends: str = "small.yaml") -> Path:
    """A scenario that extends another; `text` begins on line 3."""
    head = f"extends: {extends}\nname: {Path(file).stem}\n"
    Path(file).write_text(head + dedent(text))
    return Path(file)


def orders_file(*rows: str) -> None:
    header = "id,contract,kind,market,batches,due"
    Path("small_orders.csv").write_text("\n".join([header, *rows]) + "\n")


# ------------------------------------------------------------------- what is read


def test_a_file_becomes_a_scenario_with_absolute_dates() -> None:
    loaded = read(Path("small.yaml"))
    suite = next(suite for suite in loaded.scenario.suites if suite.id == "SYR-A")
    # Complete on 2023-01-01, live 31 days later.
    assert suite.go_live == datetime(2023, 2, 1)
    assert suite.unplanned_downtime == Fraction(1, 20)
    assert [order.id for order in loaded.scenario.orders] == [
        "LEG-1",
        "LEG-2",
        "PIT-1",
        "PIT-C1",
        "PIT-PPQ",
    ]
    # PPQ due 2027-03-31, licence 12 months later, first commercial 2 months after it.
    assert loaded.scenario.orders[2].due == datetime(2028, 5, 31)


def test_every_stated_value_has_its_file_and_line() -> None:
    loaded = read(Path("small.yaml"), ["SYR-C1.reactors=2"])
    places = loaded.places
    assert places["suites.SYR-A.go_live"] == Place(
        "small.yaml", line_of("go_live: SYR.completed")
    )
    assert places["programmes.PIT.recipe.conjugate.supply.ratio"] == Place(
        "small.yaml", line_of("ratio: 1/2")
    )
    assert places["orders.PIT-C1.batches"] == Place("small_orders.csv", 4)
    assert str(places["suites.SYR-C1.reactors"]) == "--set"
    # What isn't stated is where its record begins.
    assert loaded.place("orders.LEG-2.standing.due") == Place("small_orders.csv", 3)


def test_the_document_is_plain_and_resolved() -> None:
    document = read(Path("small.yaml")).document
    assert document["licences"][1] == {
        "id": "L-PIT-US",
        "programme": "PIT",
        "site": "SYR",
        "market": "US",
        "from": "2028-03-31",
    }
    assert scenario_from(document).scenario == read(Path("small.yaml")).scenario


def test_plain_data_is_read_like_a_file_and_refused_under_its_name() -> None:
    document = read(Path("small.yaml")).document
    document["as_off"] = 3
    with pytest.raises(ScenarioError) as caught:
        scenario_from(document)
    assert str(caught.value) == "<data>: as_off: unknown key; did you mean as_of?"


def test_anchors_and_merge_keys_may_be_used() -> None:
    edit("{from: 2026-01-01, value: 4}", "&first {from: 2026-01-01, value: 4}")
    edit("{from: 2026-01-01, value: 8}", "{<<: *first, value: 8}")
    site = read(Path("small.yaml")).scenario.sites[0]
    assert site.qa_reviewers[0].start == site.qc_batches[0].start
    assert site.qa_reviewers[0].value == 8


def test_a_byte_order_mark_is_no_problem() -> None:
    for name in ("small.yaml", "small_orders.csv"):
        Path(name).write_bytes(b"\xef\xbb\xbf" + (DATA / name).read_bytes())
    assert read(Path("small.yaml")).scenario.name == "small"


def test_six_hundred_orders_are_read_in_less_than_a_second() -> None:
    rows = [f"LEG-{n},C-LEG,commercial,US,2,2027-06-30" for n in range(1000, 1600)]
    orders_file("PIT-PPQ,C-PIT,ppq,,3,2027-03-31", *rows)
    began = time.perf_counter()
    loaded = read(Path("small.yaml"))
    assert time.perf_counter() - began < 1
    assert len(loaded.scenario.orders) == 601


# --------------------------------------------------------------------- unusable files


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "x.yaml:1: the file is empty"),
        (b"# nothing but a comment\n", "x.yaml:1: the file is empty"),
        (b"\x00\x01\x02", "x.yaml: isn't a text file"),
        (b"a: 1\nb: \xe9\n", "x.yaml:2: isn't a text file in UTF-8"),
        (b"a: 1\nb: \x01\n", "x.yaml:2: has a character that isn't text"),
        (b" " * 50_000_000, "x.yaml: is larger than 2 MB"),
        (b"hello", "x.yaml:1: should be a mapping of keys, such as name: tiny"),
        (b"a: 1\na: 2\n", "x.yaml:2: a: comes twice, first on line 1"),
        (
            b"a: [1,\n  2,\n",
            "x.yaml:2: the file ends too early: a bracket or a quote isn't closed",
        ),
        (
            b"a: 'x\n",
            "x.yaml:1: the file ends too early: a bracket or a quote isn't closed",
        ),
        (b"a: 1\n---\nb: 2\n", "x.yaml:2: a second document (---) in one file"),
        (
            b"a: b: c\n",
            "x.yaml:1: isn't valid YAML: mapping values are not allowed here",
        ),
        (b"a: *b\n", "x.yaml:1: isn't valid YAML: found undefined alias 'b'"),
        (b"a: !!set {x}\n", "x.yaml:1: the YAML tag set isn't used here"),
        (b"? [a, b]\n: 1\n", "x.yaml:1: a key should be a word"),
        (b"a: " + b"[" * 60 + b"]" * 60, "x.yaml:1: is nested too deeply"),
        (b"a: " + b"[" * 20_000, "x.yaml:1: is nested too deeply"),
        (b"a: &a [*a]\n", "x.yaml:1: is nested too deeply"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(content: bytes, expected: str) -> None:
    Path("x.yaml").write_bytes(content)
    assert expected in refused("x.yaml")


def test_aliases_that_multiply_are_refused() -> None:
    # Each line repeats the one above nine times: 9^7 values in all.
    lines = ["k0: &k0 [1, 1, 1]"]
    lines += [f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 8)]
    Path("x.yaml").write_text("\n".join(lines))
    (problem,) = refused("x.yaml")
    assert problem.endswith("has too many values")


def test_a_missing_file_and_a_folder_are_refused() -> None:
    assert refused("none.yaml") == ["none.yaml: doesn't exist"]
    Path("folder").mkdir()
    assert refused("folder") == ["folder: is a folder, not a file"]


def test_a_file_cut_off_between_two_lines_lacks_what_it_lost() -> None:
    text = Path("small.yaml").read_text()
    Path("small.yaml").write_text(text[: text.index("programmes:")])
    assert refused() == ["small.yaml:2: programmes: missing"]


# --------------------------------------------------------------- what can't be a value


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "    reactors: 4",
            "    reactorz: 4",
            "suite SYR-A: reactorz: unknown key; did you mean reactors?",
        ),
        (
            "    reactors: 4",
            "    reactors: -3",
            "suite SYR-A: reactors: should be a whole number, at least 1, not -3",
        ),
        (
            "    reactors: 4",
            "    reactors: 3.5",
            "suite SYR-A: reactors: should be a whole number, not 3.5",
        ),
        (
            "    reactors: 4",
            "    reactors: true",
            "suite SYR-A: reactors: should be a whole number, not true",
        ),
        (
            "    production_days: 14",
            "    production_days: .nan",
            "suite SYR-A: production_days: should be a number such as 14, 3.5 or "
            "16/3, not nan",
        ),
        (
            "    production_days: 14",
            "    production_days: 1e13",
            "suite SYR-A: production_days: 10000000000000.0 is absurdly large",
        ),
        (
            "    production_days: 14",
            "    production_days: 99999",
            "suite SYR-A: production_days: should be at most 36525, not 99999",
        ),
        (
            "as_of: 2026-01-16",
            "as_of: 2026-13-16",
            "as_of: '2026-13-16' isn't a date such as 2027-03-29",
        ),
        ("as_of: 2026-01-16", "as_of:", "as_of: has no value"),
        (
            "as_of: 2026-01-16",
            "as_of: 2026-01-16T00:00:30",
            "as_of: should be to the minute, not '2026-01-16T00:00:30'",
        ),
        (
            "as_of: 2026-01-16",
            "as_of: 1066-10-14",
            "as_of: the year 1066 is outside 1990 to 2200",
        ),
        (
            "    name: Syracuse",
            "    name: 13057",
            "site SYR: name: should be text, not 13057; put it in quotes",
        ),
        (
            "  - id: RC-A",
            "  - id: RC.A",
            "release class RC.A: id: 'RC.A' can't be a name: it has one of . = [ ] "
            "or a space in front",
        ),
        (
            "{id: CL-C, maximum: 10}",
            "{id: CL-C}",
            "campaign limits CL-C: maximum: missing",
        ),
        (
            "lead_time: {any: {p50: 45, p90: 60}}",
            "lead_time: {any: {p50: 45}}",
            "release class RC-A: lead_time: any: p90: missing",
        ),
        (
            "lead_time: {any: {p50: 45, p90: 60}}",
            "lead_time: {ayn: {p50: 45, p90: 60}}",
            "release class RC-A: lead_time: ayn: unknown key; there are engineering, "
            "ppq, clinical, commercial, intermediate",
        ),
        (
            "{how: frozen, ratio: 1/2, shelf_life_days: 1095, freeze_days: 2}",
            "{how: frosen, ratio: 1/2}",
            "programme PIT: step conjugate: supply: how: should be one of direct, "
            "frozen, client, not 'frosen'; did you mean frozen?",
        ),
        (
            "{how: frozen, ratio: 1/2, shelf_life_days: 1095, freeze_days: 2}",
            "{ratio: 1/2}",
            "programme PIT: step conjugate: supply: how: missing; there are direct, "
            "frozen, client",
        ),
        (
            "ratio: 1/2, shelf_life_days",
            "ratio: 1/0, shelf_life_days",
            "programme PIT: step conjugate: supply: ratio: should be a number such as "
            "14, 3.5 or 16/3, not '1/0'",
        ),
        (
            "shelf_life_days: 1095, freeze_days: 2",
            "freeze_days: 2",
            "programme PIT: step conjugate: supply: shelf_life_days: missing",
        ),
        (
            "    ramp: [0.5, 1]",
            "    ramp: [0.5, 2]",
            "suite SYR-A: ramp: row 2: should be at most 1, not 2",
        ),
        (
            "    ramp: [0.5, 1]",
            "    ramp: 0.5",
            "suite SYR-A: ramp: should be a list, not 0.5",
        ),
        (
            "    contains: [cytotoxic]",
            "    enabled: maybe",
            "suite SYR-C1: enabled: should be true or false, not 'maybe'",
        ),
        (
            "{programme: PIT, takt_days: 7, lead_in_days: 5}",
            "PIT",
            "suite SYR-C1: rate for number 1: should be a mapping of keys, not 'PIT'",
        ),
    ],
)
def test_an_ill_formed_value_is_refused_at_its_line(
    old: str, new: str, sentence: str
) -> None:
    line = edit(old, new)
    assert f"small.yaml:{line}: {sentence}" in refused()


def test_what_no_rule_reads_is_refused_and_every_problem_is_told_at_once() -> None:
    edit("    reactors: 4", "    reactorz: 4")
    edit("    site: SYR\n    stage: conj", "    site: SIR\n    stage: conj")
    edit("horizon: {start: 2026-01-01,", "horizon: {start: 2029-01-01,")
    edit(
        "LEG-1,C-LEG,commercial,US,4", "LEG-1,C-LEG,commercial,US,x", "small_orders.csv"
    )
    at = line_of("site: SIR")
    # An ill-formed value hides neither unknown names nor dates that can't be meant.
    assert refused() == [
        f"small.yaml:{line_of('horizon:')}: horizon: end: 2028-12-31 is before the "
        "start 2029-01-01: the horizon has no day",
        f"small.yaml:{line_of('reactorz')}: suite SYR-A: reactorz: unknown key; did "
        "you mean reactors?",
        f"small.yaml:{at}: suite SYR-C1: site: unknown site SIR; did you mean SYR?",
        "small_orders.csv:2: order LEG-1: batches: should be a whole number, not 'x'",
    ]


# ---------------------------------------------------------------------------- orders


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("X,C-LEG,commercial,US,NaN,2027-01-01", "order X: batches: should be a whole number, not 'NaN'"),
        ("X,C-LEG,commercial,US,inf,2027-01-01", "order X: batches: should be a whole number, not 'inf'"),
        ("X,C-LEG,commercial,US,=3,2027-01-01", "batches: '=3' looks like a formula"),
        ("X,C-LEG,commercial,US,0,2027-01-01", "order X: batches: should be a whole number, at least 1, not 0"),
        ("=1+1,C-LEG,commercial,US,3,2027-01-01", "id: '=1+1' looks like a formula"),
        ("X,C-LEG,commercial,@US,3,2027-01-01", "market: '@US' looks like a formula"),
        ("X,C-LEG,commercial,US,3,-1", "due: '-1' looks like a formula"),
        ("X,C-LEG,commercial,US,3", "5 cells where the header has 6"),
        ("X,C-LEG,commercial,US,3,2027-01-01,", "7 cells where the header has 6"),
        ("X,,commercial,US,3,2027-01-01", "order X: contract: missing"),
        (",C-LEG,commercial,US,3,2027-01-01", "order number 1: id: missing"),
        ("X,C-LEG,comercial,US,3,2027-01-01", "order X: kind: should be one of engineering, ppq, clinical, commercial, not 'comercial'; did you mean commercial?"),
        ("X,C-LEG,commercial,US,3,soon", "order X: due: 'soon' isn't a date such as 2027-03-29"),
        ("X,C-LEG,commercial,US,3,PIT-PPQ.du + 3 days", "order X: due: PIT-PPQ.du: PIT-PPQ has no date due; did you mean due?"),
        ("PIT-PPQ,C-PIT,ppq,,3,2027-03-31", "order PIT-PPQ: the id comes twice, first on line 2"),
        ('X,"C-LEG,commercial,US,3,2027-01-01', "isn't valid CSV: a quoted cell isn't closed"),
    ],
)  # fmt: skip
def test_an_ill_formed_row_is_refused_at_its_line(row: str, sentence: str) -> None:
    orders_file("PIT-PPQ,C-PIT,ppq,,3,2027-03-31", "", row)
    # Header, one row and a blank line: the row is on line 4.
    sentence = sentence.replace("no date due;", "no date du;")
    assert refused() == [f"small_orders.csv:4: {sentence}"]


def test_text_that_a_table_would_carry_into_a_spreadsheet_is_no_formula() -> None:
    settings = [
        "LEG.client='=1+1'",
        "L-LEG-US.market='@US'",
        "L-PIT-clin.id='-1'",
        "SYR-A.standing={ramp: {is: assumption, note: '+5 %', source: '=A1'}}",
    ]
    assert refused("small.yaml", *settings) == [
        "--set: licence -1: id: '-1' looks like a formula",
        "--set: licence L-LEG-US: market: '@US' looks like a formula",
        "--set: programme LEG: client: '=1+1' looks like a formula",
        "--set: suite SYR-A: standing: ramp: note: '+5 %' looks like a formula",
        "--set: suite SYR-A: standing: ramp: source: '=A1' looks like a formula",
    ]


def test_every_formula_of_a_row_is_told_at_once() -> None:
    orders_file(
        "PIT-PPQ,C-PIT,ppq,,3,2027-03-31", "=X,C-LEG,commercial,@US,3,2027-01-01"
    )
    assert refused() == [
        "small_orders.csv:3: id: '=X' looks like a formula",
        "small_orders.csv:3: market: '@US' looks like a formula",
    ]


@pytest.mark.parametrize(
    ("header", "sentences"),
    [
        ("", ["the file is empty"]),
        ("id;contract;kind;market;batches;due", ["columns should be separated by commas, not semicolons"]),
        ("id,contract,kind,batch,due", ["column batch: unknown; did you mean batches?", "column batches: missing"]),
        ("id,id,contract,kind,batches,due", ["column id: comes twice"]),
    ],
)  # fmt: skip
def test_an_orders_file_with_other_columns_is_refused(
    header: str, sentences: list[str]
) -> None:
    Path("small_orders.csv").write_text(f"{header}\n")
    edit("PIT-PPQ.due + 12 months", "2028-03-31")
    assert refused() == [f"small_orders.csv:1: {sentence}" for sentence in sentences]


def markets_file(cell: str) -> None:
    Path("small_orders.csv").write_text(
        "id,contract,kind,market,markets,batches,due\n"
        "PIT-PPQ,C-PIT,ppq,,,3,2027-03-31\n"
        f"X,C-LEG,commercial,,{cell},6,2027-01-01\n"
    )


@pytest.mark.parametrize("cell", ["US:4 EU:2", "EU : 2; US: 4", '"EU:2, US:4"'])
def test_an_order_of_a_file_may_serve_several_markets(cell: str) -> None:
    markets_file(cell)
    order = next(o for o in read(Path("small.yaml")).scenario.orders if o.id == "X")
    assert order.markets == {"US": 4, "EU": 2}


def test_a_market_may_be_several_words() -> None:
    markets_file("South Korea:4 EU:2")
    order = next(o for o in read(Path("small.yaml")).scenario.orders if o.id == "X")
    assert order.markets == {"South Korea": 4, "EU": 2}


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("US:4", "order X: markets: add up to 4 batches, and the order has 6"),
        ("US:4 EU", "markets: can't read 'US:4 EU': write it as US:4 EU:2"),
        ("US 4 EU:6", "markets: can't read 'US 4 EU:6': write it as US:4 EU:2"),
        ('",;"', "markets: can't read ',;': write it as US:4 EU:2"),
        ("US:4.5 EU:1.5", "markets: can't read 'US:4.5 EU:1.5': write it as US:4 EU:2"),
        ("US:4 US:2", "markets: US comes twice"),
        ("US:6 EU:0", "order X: markets: EU: should be a whole number, at least 1, not 0"),
    ],
)  # fmt: skip
def test_markets_that_cannot_be_meant_are_refused_at_their_line(
    cell: str, sentence: str
) -> None:
    markets_file(cell)
    assert refused() == [f"small_orders.csv:3: {sentence}"]


def test_the_market_column_may_be_left_out() -> None:
    Path("small_orders.csv").write_text(
        "id,contract,kind,batches,due\nPIT-PPQ,C-PIT,ppq,3,2027-03-31\n"
    )
    assert len(read(Path("small.yaml")).scenario.orders) == 1


def test_a_missing_orders_file_is_named_where_it_is_asked_for() -> None:
    line = edit("  file: small_orders.csv", "  file: other.csv")
    edit("PIT-PPQ.due + 12 months", "2028-03-31")
    assert refused() == [f"small.yaml:{line}: other.csv doesn't exist"]


def test_orders_may_be_inline_or_a_file_with_changes() -> None:
    edit(
        "  file: small_orders.csv",
        "  file: small_orders.csv\n"
        "  changes: [{id: LEG-1, batches: 7}, {id: LEG-2, remove: true}]",
    )
    orders = {o.id: o.batches for o in read(Path("small.yaml")).scenario.orders}
    assert orders == {"LEG-1": 7, "PIT-1": 4, "PIT-C1": 2, "PIT-PPQ": 3}


def test_orders_know_only_a_file_and_changes() -> None:
    line = edit("  file: small_orders.csv", "  fil: small_orders.csv")
    edit("PIT-PPQ.due + 12 months", "2028-03-31")
    assert refused() == [
        f"small.yaml:{line}: orders: fil: unknown key; did you mean file?"
    ]


# --------------------------------------------------------------------------- extends


def test_an_extending_scenario_changes_adds_and_removes_by_id() -> None:
    over(
        """\
        horizon: {end: 2029-12-31}
        suites:
          - id: SYR-A
            ramp: null
            reactors: 3
          - id: SYR-C1
            rates: [{programme: PIT, takt_days: 6}]
        programmes:
          - id: PIT
            recipe: [{step: antibody, suites: [SYR-B, SYR-A]}]
        changeovers:
          - {id: CO-B, same_product: 1, same_client: 2, different_client: 3, first_use: 4}
        licences:
          - {id: L-LEG-US, remove: true}
        orders:
          - {id: LEG-1, remove: true}
          - {id: LEG-2, remove: true}
        contracts:
          - {id: C-PIT, price: {clinical: 1, ppq: null, commercial: 3}}
        """
    )
    over(
        """\
        suites:
          - {id: SYR-B, site: SYR, stage: upstream_downstream, go_live: 2027-01-01,
             production_days: 10, changeover: CO-B, variable_cost: 5}
        contracts:
          - {id: C-PIT, price: {ppq: 2}}
        """,
        "top.yaml",
        "over.yaml",
    )
    scenario = read(Path("top.yaml")).scenario
    suites = {suite.id: suite for suite in scenario.suites}
    assert scenario.name == "top"
    assert scenario.title == "A small network"
    assert scenario.horizon.start == datetime(2026, 1, 1)  # inherited
    assert scenario.horizon.end == datetime(2029, 12, 31)
    assert list(suites) == ["SYR-A", "SYR-B", "SYR-C1"]
    assert suites["SYR-A"].ramp == []
    assert suites["SYR-A"].reactors == 3
    rate = suites["SYR-C1"].rates[0]
    assert rate.takt_days == 6
    assert rate.lead_in_days == 5  # inherited
    assert scenario.programmes[1].recipe[0].suites == ["SYR-B", "SYR-A"]
    assert [licence.id for licence in scenario.licences] == ["L-PIT-US", "L-PIT-clin"]
    assert [order.id for order in scenario.orders] == ["PIT-1", "PIT-C1", "PIT-PPQ"]
    price = {str(kind): value for kind, value in scenario.contracts[1].price.items()}
    assert price == {"clinical": 1, "commercial": 3, "ppq": 2}


def test_another_way_of_supply_replaces_the_inherited_one() -> None:
    edit("{step: antibody, stage: upstream_downstream, suites: [SYR-A], release: RC-A, "
         "campaign: CL-A}\n      - step: conjugate",
         "{step: antibody, stage: upstream_downstream, suites: [SYR-A], "
         "campaign: CL-A}\n      - step: conjugate")  # fmt: skip
    over(
        """\
        programmes:
          - {id: PIT, recipe: [{step: conjugate, supply: {how: direct, hold_days: 3}}]}
        """
    )
    supply = read(Path("over.yaml")).scenario.programmes[1].recipe[1].supply
    assert supply is not None
    # The ratio and the shelf life of the frozen supply are gone with it.
    assert supply.model_dump() == {
        "how": "direct",
        "hold_days": 3,
        "hold_cost": 0,
        "linked": False,
    }


def test_the_orders_file_of_an_extending_scenario_replaces_the_inherited_rows() -> None:
    Path("other.csv").write_text(
        "id,contract,kind,batches,due\nPIT-PPQ,C-PIT,ppq,3,2027-03-31\n"
    )
    over("orders: {file: other.csv}\n")
    assert len(read(Path("over.yaml")).scenario.orders) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "suites: [{id: SYR-B, reactors: 2}]",
            "suite SYR-B: isn't there to change; did you mean SYR-A? (a new one also "
            "needs site, stage, go_live, production_days, changeover, variable_cost)",
        ),
        (
            "licences: [{id: L-LEG-UK, remove: true}]",
            "licence L-LEG-UK: nothing to remove; did you mean L-LEG-US?",
        ),
        (
            "licences: [{id: L-LEG-US, remove: yes please}]",
            "licence L-LEG-US: remove: should be true",
        ),
        ("licences: [{market: US}]", "licences: each row needs its id"),
        (
            "sites: [{id: SYR, name: A}, {id: SYR, name: B}]",
            "sites: SYR comes twice",
        ),
        (
            "multiply: [{contract: C-LEX, from: 2027-01-01, factor: 2}]",
            "multiply: unknown contract C-LEX; did you mean C-LEG?",
        ),
        (
            "multiply: [{contract: C-LEG, from: 2027-01-01}]",
            "multiply: row 1: factor: missing",
        ),
        (
            "multiply: [{contract: C-LEG, from: 2027-01-01, factor: -1}]",
            "multiply: row 1: factor: should be at least 0, not -1",
        ),
        (
            "drop: [{contract: C-LEG, fron: 2027-01-01}]",
            "drop: row 1: fron: unknown key; did you mean from?",
        ),
        (
            "scale: [{site: SYR, field: qa_revewers, factor: 2}]",
            "scale: qa_revewers can't be scaled; did you mean qa_reviewers?",
        ),
        (
            "scale: [{site: SIR, field: qa_reviewers, factor: 2}]",
            "scale: unknown site SIR; did you mean SYR?",
        ),
    ],
)
def test_a_change_that_changes_nothing_is_refused(text: str, sentence: str) -> None:
    over(text)
    assert refused("over.yaml") == [f"over.yaml:3: {sentence}"]


def test_extends_names_a_missing_file_where_it_is_asked_for() -> None:
    Path("a.yaml").write_text("name: a\nextends: none.yaml\n")
    assert refused("a.yaml") == ["a.yaml:2: none.yaml doesn't exist"]
    Path("a.yaml").write_text("name: a\nextends: [small.yaml]\n")
    assert refused("a.yaml") == ["a.yaml:2: extends: should name a file"]


def test_a_circle_of_extends_is_named() -> None:
    over("", "a.yaml", "b.yaml")
    over("", "b.yaml", "c.yaml")
    over("", "c.yaml", "./a.yaml")
    assert refused("a.yaml") == [
        "c.yaml:1: extends goes in a circle: a.yaml -> b.yaml -> c.yaml -> a.yaml"
    ]
    over("", "d.yaml", "d.yaml")
    assert refused("d.yaml") == ["d.yaml:1: extends goes in a circle: d.yaml -> d.yaml"]


def test_an_extending_scenario_has_its_own_name() -> None:
    Path("a.yaml").write_text("extends: small.yaml\n")
    assert refused("a.yaml") == [
        "a.yaml:1: name: missing; a scenario that extends another has its own"
    ]


def test_files_are_found_beside_the_file_that_names_them() -> None:
    Path("below").mkdir()
    over("", "below/over.yaml", "../small.yaml")
    loaded = read(Path("below/over.yaml"))
    assert loaded.places["name"] == Place("below/over.yaml", 2)
    assert loaded.places["orders.LEG-1.due"] == Place("below/../small_orders.csv", 2)


def test_a_changed_fact_becomes_an_assumption_unless_its_standing_is_restated() -> None:
    fact = read(Path("small.yaml")).scenario.sites[0].standing["name"]
    assert (fact.is_, fact.source) == ("fact", "S1")
    over("sites: [{id: SYR, name: New York}]")
    changed = read(Path("over.yaml")).scenario.sites[0].standing["name"]
    assert (changed.is_, changed.source) == ("assumption", None)
    set_ = read(Path("small.yaml"), ["SYR.name=New York"]).scenario
    assert set_.sites[0].standing["name"].is_ == "assumption"
    over(
        """\
        sites:
          - {id: SYR, name: New York, standing: {name: {is: typical, source: null}}}
        """
    )
    restated = read(Path("over.yaml")).scenario.sites[0].standing["name"]
    assert (restated.is_, restated.source) == ("typical", None)


# ------------------------------------------------------------------- whole-set edits


def test_multiply_counts_every_market_of_an_order() -> None:
    shared = "orders: [{id: LEG-1, market: null, markets: {US: 3, EU: 1}}]\n"
    over(shared + "multiply: [{contract: C-LEG, from: 2026-01-16, factor: 1.5}]")
    order = read(Path("over.yaml")).scenario.orders[0]
    assert (order.markets, order.batches) == ({"EU": 2, "US": 5}, 7)
    over(shared + "multiply: [{contract: C-LEG, from: 2026-01-16, factor: 0.2}]")
    order = read(Path("over.yaml")).scenario.orders[0]
    assert (order.markets, order.batches) == ({"US": 1}, 1)


def test_multiply_rounds_half_up_and_drops_what_becomes_nothing() -> None:
    over("multiply: [{contract: C-LEG, from: 2027-01-01, factor: 1.5}]")
    batches = {o.id: o.batches for o in read(Path("over.yaml")).scenario.orders}
    # LEG-2: 5 x 1.5 = 7.5, rounded half up; LEG-1 is due before, PIT under another.
    assert (batches["LEG-1"], batches["LEG-2"], batches["PIT-1"]) == (4, 8, 4)
    over("multiply: [{contract: C-LEG, from: L-LEG-US.from + 1 day, factor: 0.1}]")
    batches = {o.id: o.batches for o in read(Path("over.yaml")).scenario.orders}
    # 4 x 0.1 = 0.4 becomes nothing, 5 x 0.1 = 0.5 becomes one.
    assert "LEG-1" not in batches
    assert batches["LEG-2"] == 1


def test_multiply_leaves_other_kinds_alone_and_drop_takes_them_all() -> None:
    over("multiply: [{contract: C-PIT, from: 2026-01-01, factor: 2}]")
    batches = {o.id: o.batches for o in read(Path("over.yaml")).scenario.orders}
    assert (batches["PIT-1"], batches["PIT-C1"], batches["PIT-PPQ"]) == (8, 2, 3)
    over("drop: [{contract: C-PIT, from: 2027-03-31}]")
    kept = [order.id for order in read(Path("over.yaml")).scenario.orders]
    # The PPQ order due on that very day goes too, though a licence hangs on its date.
    assert kept == ["LEG-1", "LEG-2", "PIT-C1"]


def test_scale_is_exact_and_edits_of_a_chain_add_up() -> None:
    over("scale: [{site: SYR, field: qc_batches, factor: 1/3}]")
    rates = read(Path("over.yaml")).scenario.sites[0].qc_batches
    assert [rate.value for rate in rates] == [Fraction(4, 3), Fraction(5, 3)]
    over("scale: [{site: SYR, field: qc_batches, factor: 3}]", "top.yaml", "over.yaml")
    rates = read(Path("top.yaml")).scenario.sites[0].qc_batches
    assert [rate.value for rate in rates] == [4, 5]


def test_edits_are_for_scenarios_that_extend_another() -> None:
    text = Path("small.yaml").read_text()
    line = text.count("\n") + 1
    Path("small.yaml").write_text(f"{text}drop: [{{contract: C-LEG}}]\n")
    assert refused() == [
        f"small.yaml:{line}: drop: only a scenario that extends another can use this"
    ]


# -------------------------------------------------------------------- relative dates


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1)),
        ("2026-03-01T08:00", datetime(2026, 3, 1, 8)),
        ("2026-03-01 + 1/3 days", datetime(2026, 3, 1, 8)),
        ("SYR.completed + 0.5 days", datetime(2023, 1, 1, 12)),
        ("SYR.completed - 1 day", datetime(2022, 12, 31)),
        # Months first: 31 January + 1 month is 28 February, then 3 days on.
        ("2026-01-31 + 3 days + 1 month", datetime(2026, 3, 3)),
        ("2026-01-31 + 3 days - 2 months + 3 months", datetime(2026, 3, 3)),
        ("scenario.as_of + 12 months", datetime(2027, 1, 16)),
        ("scenario.horizon.start", datetime(2026, 1, 1)),
        ("horizon.end - 1 month", datetime(2028, 11, 30)),
        ("SYR-summer.start", datetime(2026, 7, 6)),
        ("L-LEG-US.from + 1 day", datetime(2024, 1, 2)),
        # The latest counts: PPQ is due 2027-03-31.
        ("[2027-01-01, PIT-PPQ.due, SYR.completed + 12 months]", datetime(2027, 3, 31)),
    ],
)
def test_a_date_may_hang_on_others(written: str, expected: datetime) -> None:
    scenario = read(Path("small.yaml"), [f"SYR-C1.go_live={written}"]).scenario
    assert scenario.suites[1].go_live == expected


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("SIR.completed", "SIR.completed: unknown id SIR; did you mean SYR?"),
        (
            "SYR.complete + 3 days",
            "SYR.complete: SYR has no date complete; did you mean completed?",
        ),
        ("SYR.name", "SYR.name: SYR has no date name; there are completed"),
        ("C-LEG.term_end", "C-LEG.term_end: C-LEG doesn't state its term_end"),
        (
            "SYR.completed + 7 weeks",
            "can't read 'SYR.completed + 7 weeks': write a date or ID.field, then + "
            "or - and a number of days or months",
        ),
        (
            "SYR.completed + 1.5 months",
            "months should be whole; use days for parts of one",
        ),
        ("SYR.completed + 9999999 days", "runs past any calendar"),
        ("SYR.completed + 1/0 days", "1/0 isn't a number"),
        ("2026-02-30 + 1 day", "'2026-02-30' isn't a date such as 2027-03-29"),
        ("[]", "is an empty list of dates"),
        ("[3, null]", "should be a date such as 2027-03-29, or ID.field + 210 days"),
        (
            "SYR-C1.go_live + 1 day",
            "depends on itself: SYR-C1.go_live -> SYR-C1.go_live",
        ),
        ("soon", "'soon' isn't a date such as 2027-03-29"),
    ],
)
def test_a_date_that_hangs_on_nothing_is_refused(written: str, sentence: str) -> None:
    line = edit("go_live: 2025-04-24", f"go_live: {written}")
    assert refused() == [f"small.yaml:{line}: suite SYR-C1: go_live: {sentence}"]


def test_each_circle_of_dates_is_named_once() -> None:
    first = edit("completed: 2023-01-01", "completed: SYR-A.go_live - 31 days")
    edit("go_live: 2025-04-24", "go_live: L-PIT-clin.from")
    edit("from: 2025-06-01", "from: SYR-C1.go_live + 1 month")
    second = line_of("L-PIT-clin, programme")
    assert refused() == [
        f"small.yaml:{first}: site SYR: completed: depends on itself: "
        "SYR.completed -> SYR-A.go_live -> SYR.completed",
        f"small.yaml:{second}: licence L-PIT-clin: from: depends on itself: "
        "L-PIT-clin.from -> SYR-C1.go_live -> L-PIT-clin.from",
    ]


def test_a_long_chain_of_dates_is_followed() -> None:
    rows = [f"O-{n},C-LEG,commercial,US,1,O-{n - 1}.due" for n in range(1, 1500)]
    ppq = "PIT-PPQ,C-PIT,ppq,,3,2027-03-31"
    orders_file(ppq, "O-0,C-LEG,commercial,US,1,2027-05-01", *reversed(rows))
    orders = read(Path("small.yaml")).scenario.orders
    assert {order.due for order in orders[:-1]} == {datetime(2027, 5, 1)}


# ------------------------------------------------------------------------------- set


def test_set_changes_what_hangs_on_it() -> None:
    settings = [
        "SYR.completed=2026-02-01",
        "scenario.frozen_days=0.5",
        "economics.holding_per_day=0.001",
        "quality.lending.qa=1/3",
        "LEG.recipe.antibody.campaign=CL-C",
        "SYR.qc_batches.0.value=7",
        "CL-A.minimum.ppq=4",
        "SYR-A.ramp=[0.25]",
        "SYR-A.standing={go_live: {is: typical}}",
        "C-PIT.term_end=",
    ]
    scenario = read(Path("small.yaml"), settings).scenario
    assert scenario.suites[0].go_live == datetime(2026, 3, 4)  # 31 days later
    assert scenario.frozen_days == Fraction(1, 2)
    assert scenario.economics.holding_per_day == Fraction(1, 1000)
    assert scenario.quality.lending.qa == Fraction(1, 3)
    assert scenario.programmes[0].recipe[0].campaign == "CL-C"
    assert scenario.sites[0].qc_batches[0].value == 7
    assert scenario.campaign_limits[0].minimum["ppq"] == 4
    assert scenario.suites[0].ramp == [Fraction(1, 4)]
    assert scenario.contracts[1].term_end is None


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("SYR-A", "'SYR-A' isn't of the form ID.FIELD=VALUE"),
        ("SYR-A=3", "'SYR-A=3' isn't of the form ID.FIELD=VALUE"),
        (
            "frozen_days=3",
            "'frozen_days=3' isn't of the form ID.FIELD=VALUE;"
            " the scenario's own fields are scenario.frozen_days and so on",
        ),
        ("SYR-B.reactors=3", "SYR-B: unknown id; did you mean SYR-A?"),
        (
            "SYR-A.reactor=3",
            "suite SYR-A: reactor: unknown key; did you mean reactors?",
        ),
        (
            "LEG.recipe.antibdy.campaign=X",
            "LEG.recipe.antibdy: unknown; did you mean antibody?",
        ),
        ("SYR-A.ramp.7=1", "SYR-A.ramp.7: unknown; there are 0, 1"),
        (
            "SYR-A.reactors=many",
            "suite SYR-A: reactors: should be a whole number, not 'many'",
        ),
        ("scenario.title=[", "scenario.title: can't read the value '['"),
        (
            "economics.penalty_cap=2",
            "economics: penalty_cap: should be at most 1, not 2",
        ),
    ],
)
def test_a_setting_that_sets_nothing_is_refused(setting: str, sentence: str) -> None:
    assert refused("small.yaml", setting) == [f"--set: {sentence}"]


# ---------------------------------------------------------------------- resolved text


def test_the_resolved_text_reads_back_as_the_same_scenario() -> None:
    settings = [
        "SYR-A.downstream_cycle_days=16/3",
        "economics.holding_per_day=0.00001",
        "scenario.title='no: \"yes\" # \u2028 \U0001f9ea \\ '",
        "SYR-C1.go_live=2026-03-01T08:30",
        "C-PIT.price={}",
        "scenario.sources={S1: x, '12': x, 'true': 'null', a b: '2026-01-01', '': ' '}",
        "SYR.name='- x'",
    ]
    rows = ["PIT-PPQ,C-LEG,commercial,US,3,2027-03-31"]
    orders_file(*rows)
    loaded = read(Path("small.yaml"), settings)
    text = resolved_text(loaded)
    Path("again.yaml").write_text(text, encoding="utf-8")
    again = read(Path("again.yaml"))
    assert again.scenario == loaded.scenario
    assert resolved_text(again) == text
    assert sha256(again) == sha256(loaded)


def test_the_resolved_text_says_everything_with_nothing_relative() -> None:
    lines = resolved_text(read(Path("small.yaml"))).splitlines()
    at = lines.index("  - id: L-PIT-US")
    assert lines[at : at + 5] == [
        "  - id: L-PIT-US",
        "    programme: PIT",
        "    site: SYR",
        "    market: US",
        "    from: 2028-03-31",
    ]
    assert "  holding_per_day: 0.0003" in lines  # a default, spelt out
    at = lines.index("          how: frozen")
    assert lines[at + 1] == "          ratio: 0.5"


def test_the_resolved_text_can_say_where_each_value_came_from() -> None:
    over("suites: [{id: SYR-A, reactors: 3}]")
    lines = resolved_with_places(read(Path("over.yaml"), ["SYR.name=X"])).splitlines()
    assert "name: over  # over.yaml:2" in lines
    assert "    reactors: 3  # over.yaml:3" in lines
    assert "    name: X  # --set" in lines
    assert "    reactors: 1  # default" in lines
    assert "  - id: LEG-2  # small_orders.csv:3" in lines
    # Without its comments it is the resolved text.
    plain = [line.partition("  #")[0] for line in lines]
    assert plain == resolved_text(read(Path("over.yaml"), ["SYR.name=X"])).splitlines()


def test_the_hash_changes_with_any_value() -> None:
    before = sha256(read(Path("small.yaml")))
    assert sha256(read(Path("small.yaml"), ["LEG-1.batches=5"])) != before
    assert sha256(read(Path("small.yaml"), ["LEG-1.batches=4"])) == before
    # A default that is stated is the same scenario.
    assert sha256(read(Path("small.yaml"), ["scenario.frozen_days=0"])) == before


def _shuffled(value: Any, chance: random.Random, key: str = "") -> Any:
    """Rows and keys in another order; lists whose order means something stay."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {name: _shuffled(value[name], chance, name) for name in keys}
    if isinstance(value, list):
        rows = [_shuffled(item, chance) for item in value]
        if rows and isinstance(rows[0], dict) and "id" in rows[0]:
            chance.shuffle(rows)
        return rows
    return value


SMALL = read(DATA / "small.yaml")


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_keys_changes_no_byte(chance: random.Random) -> None:
    shuffled = scenario_from(_shuffled(copy.deepcopy(SMALL.document), chance))
    assert resolved_text(shuffled) == resolved_text(SMALL)
    assert shuffled.scenario == SMALL.scenario


TEXT = (DATA / "small.yaml").read_text()
SCRAPS = [
    "null",
    "{}",
    "[]",
    "-1",
    ".nan",
    "true",
    "SYR",
    "[{}]",
    "a: b",
    "'",
    "&a",
    "*a",
]


@given(
    st.integers(0, len(TEXT) - 1), st.integers(0, 12), st.sampled_from(["", *SCRAPS])
)
def test_whatever_is_broken_is_answered_in_sentences(
    at: int, length: int, scrap: str
) -> None:
    Path("small.yaml").write_text(TEXT[:at] + scrap + TEXT[at + length :])
    problems = []
    try:
        read(Path("small.yaml"))
    except ScenarioError as error:
        problems = error.problems or [Problem("small.yaml", 0, "")]
    for problem in problems:
        assert problem.sentence
        assert "\n" not in str(problem)
        assert "Input" not in str(problem)  # pydantic's own words

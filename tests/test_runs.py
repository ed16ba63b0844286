"""The run folder: whole or not at all, and every change to it is noticed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from capacity import reading, runs
from capacity.checker.legible import BATCH_DATES, CAMPAIGN_DATES
from capacity.folders import OutputError, recover, whole_folder
from capacity.manifest import HASHED, TABLES, UNHASHED
from capacity.plan import Cause, Plan
from capacity.solver import Result

WRITES_AND_DIES = """
import os, shutil, sys
from pathlib import Path
from capacity.folders import whole_folder

left = int(sys.argv[2])

def deadly(function):
    def call(*args, **kwargs):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return function(*args, **kwargs)
    return call

for owner, name in (
    (Path, "mkdir"), (Path, "write_text"), (Path, "rename"),
    (os, "fsync"), (shutil, "rmtree"),
):
    setattr(owner, name, deadly(getattr(owner, name)))
with whole_folder(Path(sys.argv[1])) as folder:
    (folder / "one").write_text("new")
    (folder / "two").write_text("new")
"""


def reseal(run: Path, name: str) -> None:
    """Make the manifest's hash agree with a changed file."""
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest))


def change_plan(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    plan = json.loads((run / "plan.json").read_text())
    change(plan)
    (run / "plan.json").write_text(json.dumps(plan))
    reseal(run, "plan.json")


def result_of(run: Path) -> Result:
    """A search's result with the plan of a run folder, nothing proved."""
    plan, problems = runs.read_plan(run / "plan.json")
    assert problems == []
    kpis = json.loads((run / "kpis.json").read_text())
    return Result(
        status="feasible",
        plan=plan,
        bound=kpis["unavoidable"],
        prices=[],
        tiers=[],
        unavoidable=kpis["unavoidable"],
        stopped_by="work",
        reproducible=True,
        seconds=0.5,
        log="",
        breaches=[],
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ------------------------------------------------------------------ what stands in it


def test_a_run_folder_holds_every_file_and_passes_its_check(tiny_run: Path) -> None:
    assert sorted(contents(tiny_run)) == sorted([*HASHED, *UNHASHED])
    assert runs.check_run(tiny_run) == []


def test_a_run_is_read_back_as_it_was_written(tiny_run: Path, tiny: Path) -> None:
    run = runs.read_run(tiny_run)
    assert run.loaded.scenario == reading.read(tiny).scenario
    assert run.plan.scenario_sha256 == reading.sha256(reading.read(tiny))
    assert run.manifest.checker == "ok"
    assert set(run.manifest.files) == set(HASHED)


def test_the_same_plan_gives_the_same_bytes(tiny_run: Path, tmp_path: Path) -> None:
    loaded, result = runs.read_run(tiny_run).loaded, result_of(tiny_run)
    for name in ("one", "two"):
        late = dataclasses.replace(result, seconds=len(name), log=name)
        runs.write_run(
            tmp_path / name, loaded, late, options={}, seed=0, overwrite=False
        )
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert {name for name in one if one[name] != two[name]} <= set(UNHASHED)


def test_a_rejected_plan_leaves_only_its_evidence(
    tiny_run: Path, tmp_path: Path
) -> None:
    loaded = runs.read_run(tiny_run).loaded
    result = dataclasses.replace(result_of(tiny_run), breaches=["two batches overlap"])
    evidence = runs.write_rejected(tmp_path / "new", loaded, result, options={}, seed=0)
    assert evidence == tmp_path / "new.rejected"
    assert not (tmp_path / "new").exists()
    assert {"scenario.yaml", "plan.json", *UNHASHED} == set(contents(evidence))
    manifest = json.loads((evidence / "manifest.json").read_text())
    assert manifest["checker"] == ["two batches overlap"]


# ------------------------------------------------------------- every change is noticed


@pytest.mark.parametrize("name", HASHED)
def test_a_changed_byte_in_any_file_is_caught(tiny_run: Path, name: str) -> None:
    changed = bytearray((tiny_run / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (tiny_run / name).write_bytes(changed)
    assert any(text.startswith(f"{name}: changed") for text in runs.check_run(tiny_run))


@pytest.mark.parametrize("name", [*HASHED, *UNHASHED])
def test_a_missing_file_is_caught(tiny_run: Path, name: str) -> None:
    (tiny_run / name).unlink()
    assert f"{name}: it is missing" in runs.check_run(tiny_run)


def test_a_file_that_no_run_writes_is_caught(tiny_run: Path) -> None:
    (tiny_run / "notes.txt").write_text("mine")
    assert runs.check_run(tiny_run) == ["notes.txt: no run writes it"]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("batches.csv", "start"),
        ("batches.csv", "suite"),
        ("campaigns.csv", "batches"),
        ("orders.csv", "cost"),
        ("orders.csv", "order"),
        ("load.csv", "used"),
        ("assumptions.csv", "value"),
    ],
)
def test_a_cell_that_disagrees_with_the_plan_is_named(
    tiny_run: Path, name: str, column: str
) -> None:
    header, first, *rest = (tiny_run / name).read_text().splitlines()
    cells = first.split(",")
    cells[header.split(",").index(column)] = "999"
    (tiny_run / name).write_text("\n".join([header, ",".join(cells), *rest, ""]))
    reseal(tiny_run, name)
    [breach] = runs.check_run(tiny_run)
    assert breach.startswith(f"{name}: row 2 (")
    assert f"column {column}: '999' stands there" in breach


@pytest.mark.parametrize("name", TABLES)
def test_a_row_too_few_is_caught(tiny_run: Path, name: str) -> None:
    *rows, _last = (tiny_run / name).read_text().splitlines()
    (tiny_run / name).write_text("\n".join([*rows, ""]))
    reseal(tiny_run, name)
    [breach] = runs.check_run(tiny_run)
    assert breach.startswith(f"{name}: row {len(rows) + 1} is missing")


@pytest.mark.parametrize(
    ("key", "value"),
    [("objective", 1), ("on_time_in_full", 0.125), ("bound", 10**12), ("tiers", [])],
)
def test_a_key_figure_that_disagrees_is_caught(
    tiny_run: Path, key: str, value: object
) -> None:
    kpis = json.loads((tiny_run / "kpis.json").read_text())
    kpis[key] = value
    (tiny_run / "kpis.json").write_text(json.dumps(kpis, indent=1) + "\n")
    reseal(tiny_run, "kpis.json")
    assert any(text.startswith("kpis.json: ") for text in runs.check_run(tiny_run))


def test_a_scenario_that_the_plan_was_not_made_for_is_caught(tiny_run: Path) -> None:
    path = tiny_run / "scenario.yaml"
    path.write_text(path.read_text().replace("firm_months: 12", "firm_months: 1"))
    reseal(tiny_run, "scenario.yaml")
    breaches = runs.check_run(tiny_run)
    assert (
        "plan: it was made for another scenario (scenario_sha256 differs)" in breaches
    )
    assert "manifest.json: scenario_sha256 isn't the hash of scenario.yaml" in breaches


@pytest.mark.parametrize("table", ["batches", "campaigns"])
@pytest.mark.parametrize("field", ["site", "suite", "programme", "step", "campaign"])
def test_an_unknown_id_in_the_plan_is_a_sentence(
    tiny_run: Path, table: str, field: str
) -> None:
    change_plan(tiny_run, lambda plan: plan[table][0].update({field: "NOWHERE"}))
    breaches = runs.check_run(tiny_run)
    assert any("NOWHERE" in text or "campaign" in text for text in breaches)


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("batches", "start", "2026-03-03"),
        ("batches", "released", "2026-12-30"),
        ("campaigns", "batches", 77),
        ("campaigns", "changeover_days", 99.0),
        ("orders", "order", "NOBODYS"),
        ("orders", "cost", 123_456_789),
        ("orders", "on_time", 99),
        ("costs", "holding", 123_456_789),
    ],
)
def test_a_changed_date_count_order_or_cost_in_the_plan_is_caught(
    tiny_run: Path, table: str, field: str, value: object
) -> None:
    def change(plan: dict[str, Any]) -> None:
        part = plan[table]
        (part[0] if isinstance(part, list) else part)[field] = value

    change_plan(tiny_run, change)
    assert runs.check_run(tiny_run) != []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"batches": 3}', "\x00", '{"objective": NaN}']
)
def test_a_plan_that_is_not_one_is_a_sentence(tiny_run: Path, text: str) -> None:
    (tiny_run / "plan.json").write_text(text)
    assert any(said.startswith("plan.json: ") for said in runs.check_run(tiny_run))
    with pytest.raises(runs.RunError, match=r"plan\.json: "):
        runs.read_run(tiny_run)


@pytest.mark.parametrize(
    ("table", "field", "value", "said"),
    [
        ("batches", "start", "soon", "start: 'soon' isn't a date such as 2027-03-29"),
        ("batches", "out", "9999-01-01", "out: the year 9999 is outside 1990 to 2200"),
        (
            "batches",
            "qa_start",
            "2026-03-03T01:02:03",
            "qa_start: should be to the minute, not '2026-03-03T01:02:03'",
        ),
        ("batches", "suite", 7, "suite: should be text, not 7"),
        (
            "batches",
            "at_risk",
            "maybe",
            "at_risk: should be true or false, not 'maybe'",
        ),
        ("campaigns", "batches", "two", "batches: should be a whole number, not 'two'"),
        ("orders", "weight", "half", "weight: should be a number, not 'half'"),
        ("orders", "spare", 3, "spare: there is no such field"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_by_its_row(
    tiny_run: Path, table: str, field: str, value: object, said: str
) -> None:
    change_plan(tiny_run, lambda plan: plan[table][1].update({field: value}))
    noun = {"batches": "batch", "campaigns": "campaign", "orders": "order"}[table]
    row = json.loads((tiny_run / "plan.json").read_text())[table][1]
    assert f"plan.json: {noun} {row[noun]}: {said}" in runs.check_run(tiny_run)


def test_a_row_without_a_name_is_counted(tiny_run: Path) -> None:
    change_plan(tiny_run, lambda plan: plan["batches"][1].pop("batch"))
    said = "plan.json: batch number 2: batch: it is missing"
    assert said in runs.check_run(tiny_run)


DATED = [
    *(("batches", name) for name in BATCH_DATES),
    *(("campaigns", name) for name in CAMPAIGN_DATES),
    ("orders", "last_available"),
]


@pytest.mark.parametrize("value", [None, "2026-03-03T00:07", "2200-12-31"])
@pytest.mark.parametrize(("table", "field"), DATED)
def test_a_date_that_no_rule_can_read_is_named_by_its_place(
    tiny_run: Path, table: str, field: str, value: str | None
) -> None:
    change_plan(tiny_run, lambda plan: plan[table][0].update({field: value}))
    breaches = runs.check_run(tiny_run)
    assert not [said for said in breaches if "the plan can't be read" in said]
    assert breaches
    if value == "2026-03-03T00:07":
        row = json.loads((tiny_run / "plan.json").read_text())[table][0]
        noun = {"batches": "batch", "campaigns": "campaign", "orders": "order"}[table]
        assert [s for s in breaches if s.startswith(f"{noun} {row[noun]}: {field} ")]


@pytest.mark.parametrize("field", ["qc_site", "qa_site"])
def test_an_unknown_site_of_a_test_is_an_unknown_site(
    tiny_run: Path, field: str
) -> None:
    change_plan(tiny_run, lambda plan: plan["batches"][0].update({field: "NOWHERE"}))
    batch = json.loads((tiny_run / "plan.json").read_text())["batches"][0]["batch"]
    said = f"batch {batch}: {field}: unknown site NOWHERE"
    assert said in runs.check_run(tiny_run)


@pytest.mark.parametrize("cause", get_args(Cause))
def test_a_cause_that_does_not_follow_from_the_plan_is_caught(
    tiny: Path, tiny_run: Path, cause: str
) -> None:
    loaded, path = reading.read(tiny, []), tiny_run / "plan.json"
    row = json.loads(path.read_text())["orders"][0]
    change_plan(tiny_run, lambda plan: plan["orders"][0].update({"cause": cause}))
    said = f"order {row['order']} has the cause {row['cause']}, not {cause}"
    expected = [] if cause == row["cause"] else [said]
    assert runs.check_plan(loaded, path) == expected


def test_a_manifest_that_is_not_one_is_a_sentence(tiny_run: Path) -> None:
    (tiny_run / "manifest.json").write_text('{"seed": "seven"}')
    breaches = runs.check_run(tiny_run)
    assert any(text.startswith("manifest.json: seed: ") for text in breaches)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "feasible"),  # though every tier's gap is 0
        ("status", "rejected"),
        ("checker", ["two batches overlap"]),
        ("scenario_sha256", "0" * 64),
        ("files", {}),
    ],
)
def test_a_manifest_that_disagrees_with_the_run_is_caught(
    tiny_run: Path, key: str, value: object
) -> None:
    manifest = json.loads((tiny_run / "manifest.json").read_text())
    assert (manifest["status"], manifest["checker"]) == ("optimal", "ok")
    manifest[key] = value
    (tiny_run / "manifest.json").write_text(json.dumps(manifest))
    assert runs.check_run(tiny_run) != []


def test_a_scenario_that_cannot_be_read_is_a_sentence(tiny_run: Path) -> None:
    (tiny_run / "scenario.yaml").write_text("schema_version: 1\n")
    breaches = runs.check_run(tiny_run)
    assert any(text.startswith("scenario.yaml:") for text in breaches)


# ------------------------------------------------------------- whole or not at all


@pytest.mark.parametrize("old", [True, False])
def test_a_kill_at_any_step_leaves_the_old_folder_or_the_new_one_whole(
    tmp_path: Path, old: bool
) -> None:
    # Killed at the first call, the second, ... until the writer lives to its end.
    for step in range(40):
        directory = tmp_path / str(step) / "run"
        directory.parent.mkdir()
        if old:
            directory.mkdir()
            (directory / "one").write_text("old")
        command = [sys.executable, "-c", WRITES_AND_DIES, str(directory), str(step)]
        code = subprocess.run(command, check=False).returncode
        recover(directory)
        found = contents(directory) if directory.exists() else None
        assert found in (
            {"one": b"old"} if old else None,
            {"one": b"new", "two": b"new"},
        )
        assert [path.name for path in directory.parent.iterdir()] in ([], ["run"])
        if code == 0:
            break
    assert code == 0
    assert found == {"one": b"new", "two": b"new"}
    # At least: parent, folder, two files, three syncs, one or two renames.
    assert step >= 8


def test_a_failed_write_keeps_the_old_folder_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / "one").write_text("old")
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if ".partial-" in path.name:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="No space left"), whole_folder(directory):
        pass
    assert contents(directory) == {"one": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_a_living_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    alive = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with alive:
        partial = tmp_path / f".run.partial-{alive.pid}"
        partial.mkdir()
        recover(tmp_path / "run")
        assert partial.exists()
        alive.communicate(b"\n")
    recover(tmp_path / "run")
    assert not partial.exists()


def test_a_run_that_was_moved_away_by_a_killed_writer_is_found_again(
    tiny_run: Path,
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    tiny_run.rename(tiny_run.with_name(f".{tiny_run.name}.old-{ended.pid}"))
    assert runs.check_run(tiny_run) == []


def test_an_existing_run_is_replaced_whole_and_only_when_asked(tiny_run: Path) -> None:
    loaded, result = runs.read_run(tiny_run).loaded, result_of(tiny_run)
    (tiny_run / "stale.txt").write_text("of the old run")
    with pytest.raises(OutputError, match="--overwrite replaces it"):
        runs.write_run(tiny_run, loaded, result, options={}, seed=0, overwrite=False)
    runs.write_run(tiny_run, loaded, result, options={}, seed=0, overwrite=True)
    assert set(contents(tiny_run)) == {*HASHED, *UNHASHED}


def test_a_folder_that_is_no_run_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(OutputError, match="a run folder, so"):
        runs.ensure_writable(tmp_path, overwrite=True)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "run", tmp_path / ("x" * 300)):
        with pytest.raises(OutputError):
            runs.ensure_writable(place, overwrite=True)
    runs.ensure_writable(tmp_path / "deep" / "run", overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_link_that_leads_back_to_itself_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.symlink_to(other)
    other.symlink_to(one)
    with pytest.raises(OutputError, match="is a link that leads back to itself"):
        runs.ensure_writable(one, overwrite=True)
    other.unlink()
    runs.ensure_writable(one, overwrite=False)  # it leads to where nothing is yet


def test_only_accepted_plans_become_run_folders(tiny_run: Path, tmp_path: Path) -> None:
    loaded = runs.read_run(tiny_run).loaded
    for spoilt in ({"plan": None}, {"breaches": ["no"]}):
        result = dataclasses.replace(result_of(tiny_run), **spoilt)
        with pytest.raises(ValueError, match="only a plan that the checker accepts"):
            runs.write_run(
                tmp_path / "new", loaded, result, options={}, seed=0, overwrite=False
            )


def test_a_copied_run_is_a_run(tiny_run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_run, tmp_path / "elsewhere")
    assert runs.check_run(copy) == []
    assert isinstance(runs.read_run(copy).plan, Plan)

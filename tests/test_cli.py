"""The commands: files, exit codes, what is said where, and help."""

from __future__ import annotations

import dataclasses
import errno
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest

from capacity import cli, excel, reading, runs, summary, watch
from capacity.solver import Progress, Result

ROOT = Path(__file__).parent.parent
COMMANDS = (
    *("init", "validate", "solve", "check", "gantt", "load", "heatmap", "supply"),
    *("cover", "qualifications", "progress", "compare", "report", "export", "import"),
    "schema",
)
HEAVY = {
    *("ortools", "pandas", "matplotlib", "xlsxwriter", "openpyxl", "pyarrow"),
    *("icalendar", "jinja2"),
}


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


@pytest.fixture
def capacity(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """The program, called in this process."""

    def call(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["capacity", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make the search return what a test wants to see told."""

    def give(**changes: Any) -> None:
        nothing = Result(
            status="unknown",
            plan=None,
            bound=0,
            prices=[],
            tiers=[],
            unavoidable=0,
            stopped_by="work",
            reproducible=True,
            seconds=1.0,
            log="",
            breaches=[],
        )
        result = dataclasses.replace(nothing, **changes)
        monkeypatch.setattr("capacity.solver.solve", lambda *_, **__: result)

    return give


def python(code: str, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def loaded_by(*words: object) -> set[str]:
    """Heavy packages that the program loads for these words."""
    code = (
        "import sys, atexit; from capacity.cli import main;"
        "atexit.register(lambda: print('LOADED', *sys.modules, file=sys.stderr));"
        "main()"
    )
    names = python(code, *words).stderr.rpartition("LOADED")[2].split()
    return HEAVY & set(names)


# -------------------------------------------------------------------------- help


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["solve", "--help"]])
def test_help_loads_no_solver_no_tables_and_no_pictures(words: list[str]) -> None:
    assert loaded_by(*words) == set()


def test_a_run_is_checked_without_the_solver(tiny_run: Path) -> None:
    # pandas brings pyarrow along, where it is installed.
    assert loaded_by("check", tiny_run) - {"pyarrow"} == {"pandas"}


def test_a_report_is_written_without_the_solver(tiny_run: Path) -> None:
    assert "ortools" not in loaded_by("report", tiny_run)
    assert tiny_run.with_name("run-report.html").exists()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, capacity; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = python(code).stdout
    for heavy in ("ortools", "pandas", "matplotlib", "pydantic", "numpy"):
        assert f"'{heavy}'" not in loaded


def test_the_python_face_reads_solves_and_checks(tiny: Path) -> None:
    code = """
import sys
import capacity
from capacity import Result, Scenario, check, plots, read, solve, tables
loaded = read(sys.argv[1], ["W1.go_live=2026-08-01"])
result = solve(loaded.scenario, work=0.1)
assert isinstance(loaded.scenario, Scenario)
assert isinstance(result, Result)
print(check(loaded.scenario, result.plan), set(capacity.__all__) <= set(dir(capacity)))
print(all(hasattr(capacity, name) for name in capacity.__all__), hasattr(capacity, "x"))
"""
    ended = python(code, tiny)
    assert (ended.stdout, ended.stderr) == ("[] True\nTrue False\n", "")


def test_validating_loads_no_solver_no_tables_and_no_pictures(tiny: Path) -> None:
    assert loaded_by("validate", tiny) == set()


def test_the_help_lists_exactly_the_commands_that_exist(capacity: Call) -> None:
    shown = capacity("--help").out.partition("Commands:")[2]
    assert tuple(re.findall(r"^  (\w+) {2,}\S", shown, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(capacity: Call, command: str) -> None:
    code, out, _ = capacity(command, "--help")
    assert code == 0
    summary = out.splitlines()[2].strip()
    assert summary.endswith(".")


def test_the_version_is_the_package_version(capacity: Call) -> None:
    import capacity as package

    assert capacity("--version") == (0, f"capacity {package.__version__}\n", "")


# ------------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    "words",
    [
        ["--work", "0"],
        ["--work", "-3"],
        ["--work", "nan"],
        ["--work", "inf"],
        ["--time-limit", "0"],
        ["--time-limit", "nan"],
        ["--time-limit", "soon"],
        ["--gap", "-0.1"],
        ["--gap", "1.1"],
        ["--gap", "nan"],
        ["--workers", "0"],
        ["--workers", "9"],
        ["--seed", "-1"],
        ["--sed", "1"],
    ],
)
def test_a_bad_number_is_a_usage_error(
    capacity: Call, tiny: Path, tmp_path: Path, words: list[str]
) -> None:
    code, out, err = capacity("solve", tiny, "-o", tmp_path / "run", *words)
    assert (code, out) == (2, "")
    assert words[0] in err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "-1"], "-1 isn't a whole number from 0 to 2147483647"),
        (["--workers", "1.5"], "1.5 isn't a whole number from 1 to 8"),
        (["--points", "many"], "many isn't a whole number from 2 to 99"),
        (["--work", "long"], "long isn't a number above 0"),
        (["--gap", "1.1"], "1.1 isn't a number between 0 and 1"),
    ],
)
def test_what_an_option_may_be_is_told(
    capacity: Call, tiny: Path, words: list[str], said: str
) -> None:
    _, _, err = capacity("solve", tiny, *words)
    assert err.endswith(f"Error: Invalid value for '{words[0]}': {said}\n")


def test_what_a_picture_may_be_made_for_is_told(capacity: Call, tiny_run: Path) -> None:
    code, _, err = capacity("gantt", tiny_run, "--size", "A4")
    assert code == 2
    assert err.endswith("Error: Invalid value for '--size': A4 isn't 16:9 or A3\n")


@pytest.mark.parametrize(
    "words",
    [
        ["solve", "nowhere.yaml"],
        ["validate", "."],
        ["check", "nowhere"],
        ["check", "README.md"],
        ["check", ".", "README.md"],
        ["gantt", "nowhere"],
        ["load", "tests"],
        ["report", "nowhere"],
        ["report", "tests"],
        ["replan"],
    ],
)
def test_a_path_or_command_that_is_not_there_is_a_usage_error(
    capacity: Call, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code, out, err = capacity(*words)
    assert (code, out) == (2, "")
    assert "rror: " in err


def test_a_fault_of_the_program_is_one_sentence(
    capacity: Call, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        msg = "lost the thread"
        raise RuntimeError(msg)

    monkeypatch.setattr(reading, "read", fail)
    code, out, err = capacity("validate", tiny)
    assert (code, out) == (1, "")
    assert err.startswith("internal error: RuntimeError: lost the thread")
    assert len(err.splitlines()) == 1
    monkeypatch.setenv("CAPACITY_DEBUG", "1")
    assert "Traceback" in capacity("validate", tiny).err


# -------------------------------------------------------------- init and validate


def test_init_writes_the_worked_case_and_never_overwrites(
    capacity: Call, tmp_path: Path
) -> None:
    code, out, err = capacity("init", tmp_path / "case")
    shipped = {path.name for path in (ROOT / "scenarios").iterdir() if path.is_file()}
    assert code == 0
    assert {Path(line).name for line in out.splitlines()} == shipped
    assert "capacity validate" in err
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "tiny.yaml").write_text("mine")
    code, out, err = capacity("init", tmp_path / "half")
    assert (code, out) == (2, "")
    assert "tiny.yaml" in err
    assert [path.name for path in (tmp_path / "half").iterdir()] == ["tiny.yaml"]
    assert (tmp_path / "half" / "tiny.yaml").read_text() == "mine"


def test_init_leaves_nothing_where_it_cannot_write_everything(
    capacity: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfile
    copied: list[Path] = []

    def full_disk(source: Path, target: Path) -> None:
        if len(copied) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        copied.append(copy(source, target))

    monkeypatch.setattr(shutil, "copyfile", full_disk)
    code, out, err = capacity("init", tmp_path)
    assert (code, out) == (2, "")
    assert "can't be written: No space left on device" in err
    assert list(tmp_path.iterdir()) == []


def test_init_wants_a_folder(capacity: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    code, _, err = capacity("init", tmp_path / "file")
    assert code == 2
    assert "is a file" in err


def test_a_valid_scenario_gives_its_rough_cut_load(capacity: Call, tiny: Path) -> None:
    code, out, _ = capacity("validate", tiny)
    assert code == 0
    assert {"E1", "W1"} <= set(out.split())


def test_a_warning_names_file_and_line_and_is_no_failure(
    capacity: Call, tiny: Path
) -> None:
    # Nothing that starts on 2026-01-01 is released three days later.
    code, _, err = capacity("validate", tiny, "--set", "A-1.due=2026-01-04")
    assert code == 0
    assert re.search(
        r"^--set: warning: .*A-1|^.*tiny.yaml:\d+: warning: .*A-1", err, re.M
    )


def test_every_problem_of_a_scenario_is_told_at_once(
    capacity: Call, tiny: Path, tmp_path: Path
) -> None:
    path = tmp_path / "broken.yaml"
    text = tiny.read_text()
    text = text.replace("currency: USD", "curency: USD")
    text = text.replace("due: 2026-03-11", "due: 2026-13-11")
    path.write_text(text)
    code, out, err = capacity("validate", path)
    assert (code, out) == (3, "")
    for wrong in ("curency", "2026-13-11"):
        rows = enumerate(text.splitlines(), start=1)
        line = next(number for number, row in rows if wrong in row)
        assert re.search(rf"^{re.escape(str(path))}:{line}: .*{wrong}", err, re.M)
    code, out, _ = capacity("solve", path, "-o", tmp_path / "run", "--json")
    document = json.loads(out)
    assert (code, document["status"], document["run"]) == (3, "invalid", None)
    assert {problem["line"] for problem in document["problems"]} == {
        int(found) for found in re.findall(r"broken.yaml:(\d+): ", err)
    }
    assert not (tmp_path / "run").exists()


def test_validate_json_is_one_document(
    capacity: Call, tiny: Path, tmp_path: Path
) -> None:
    document = json.loads(capacity("validate", tiny, "--json", "--resolved").out)
    assert document["valid"] is True
    assert document["scenario_sha256"] == reading.sha256(reading.read(tiny))
    assert document["rough_cut"]
    (tmp_path / "empty.yaml").write_text("")
    code, out, _ = capacity("validate", tmp_path / "empty.yaml", "--json")
    document = json.loads(out)
    assert (code, document["valid"]) == (3, False)
    assert set(document["problems"][0]) == {"file", "line", "sentence"}


def test_the_resolved_scenario_reads_back_as_itself(
    capacity: Call, tiny: Path, tmp_path: Path
) -> None:
    setting = ("--set", "W1.go_live=2026-08-01")
    code, out, _ = capacity("validate", tiny, "--resolved", *setting)
    assert code == 0
    assert re.search(r"go_live: 2026-08-01 +# --set", out)
    (tmp_path / "resolved.yaml").write_text(out)
    again = reading.read(tmp_path / "resolved.yaml").scenario
    assert again == reading.read(tiny, [setting[1]]).scenario


# ------------------------------------------------------------------ solve and check


def test_solve_writes_a_run_that_passes_its_check(
    capacity: Call, tiny: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    code, out, err = capacity("solve", tiny, "-o", run)
    assert code == 0
    assert out.startswith("tiny: optimal plan, accepted by the checker")
    for label in ("regret", "bound", "gap", "on time in full", "first from EAST"):
        assert re.search(rf"^{label}  ", out, re.MULTILINE)
    assert "searching" not in err  # progress is for terminals
    assert capacity("check", run) == (0, f"{run}: ok\n", "")
    code, out, err = capacity("check", run, "--json")
    assert json.loads(out) == {"schema_version": 1, "verdict": "ok", "breaches": []}
    plan = run / "plan.json"
    assert capacity("check", tiny, plan) == (0, f"{plan}: ok\n", "")


def test_solve_json_is_one_document(capacity: Call, tiny: Path, tmp_path: Path) -> None:
    code, out, _ = capacity("solve", tiny, "-o", tmp_path / "run", "--json")
    document = json.loads(out)
    kpis = json.loads((tmp_path / "run" / "kpis.json").read_text())
    assert code == 0
    assert document["status"] == "optimal"
    assert {name: document[name] for name in kpis} == kpis


def test_the_run_folder_is_named_after_the_scenario_by_default(
    capacity: Call,
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert capacity("solve", tiny, "--set", "scenario.name=a/b").code == 0
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a-b"]


def test_an_existing_folder_is_refused_before_any_search(
    capacity: Call, tiny: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(*_: object, **__: object) -> None:
        pytest.fail("searched")

    monkeypatch.setattr("capacity.solver.solve", search)
    code, out, err = capacity("solve", tiny, "-o", tiny_run)
    assert (code, out) == (2, "")
    assert "--overwrite" in err
    assert runs.check_run(tiny_run) == []


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [("infeasible", 4, "no plan keeps every rule"), ("unknown", 5, "no plan found")],
)
def test_without_a_plan_nothing_is_written(
    capacity: Call,
    tiny: Path,
    tmp_path: Path,
    found: Callable[..., None],
    status: str,
    code: int,
    said: str,
) -> None:
    found(status=status)
    outcome = capacity("solve", tiny, "-o", tmp_path / "run")
    assert outcome[:2] == (code, "")
    assert said in outcome.err
    document = json.loads(capacity("solve", tiny, "-o", tmp_path / "run", "--json").out)
    assert (document["status"], document["run"]) == (status, None)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_that_the_checker_rejects_leaves_its_evidence(
    capacity: Call,
    tiny: Path,
    tiny_run: Path,
    tmp_path: Path,
    found: Callable[..., None],
) -> None:
    plan, _ = runs.read_plan(tiny_run / "plan.json")
    found(status="feasible", plan=plan, breaches=["batch A-1 runs twice"])
    code, out, err = capacity("solve", tiny, "-o", tmp_path / "bad")
    assert (code, out) == (7, "")
    assert "batch A-1 runs twice" in err
    assert not (tmp_path / "bad").exists()
    assert (tmp_path / "bad.rejected" / "plan.json").exists()
    code, out, err = capacity("check", tmp_path / "bad.rejected")
    assert code == 7


def test_a_spoilt_run_is_rejected_with_every_reason(
    capacity: Call, tiny_run: Path
) -> None:
    (tiny_run / "orders.csv").unlink()
    code, out, err = capacity("check", tiny_run)
    assert code == 7
    assert "orders.csv: it is missing" in out.splitlines()
    assert "rejected" in err
    document = json.loads(capacity("check", tiny_run, "--json").out)
    assert document["verdict"] == "rejected"


def test_a_plan_is_not_checked_against_another_scenario(
    capacity: Call, tiny: Path, tiny_run: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(f"extends: {tiny}\nname: other\nclean_hold_days: 15\n")
    code, out, _ = capacity("check", other, tiny_run / "plan.json")
    assert code == 7
    assert "made for another scenario" in out


def test_a_plan_of_a_scenario_that_cannot_be_read_is_invalid_input(
    capacity: Call, tiny_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.yaml").write_text("")
    words = ("check", tmp_path / "empty.yaml", tiny_run / "plan.json")
    code, out, err = capacity(*words)
    assert (code, out) == (3, "")
    assert "the file is empty" in err
    assert json.loads(capacity(*words, "--json").out)["verdict"] == "invalid"


def test_a_missing_file_of_a_run_is_told_once(capacity: Call, tiny_run: Path) -> None:
    (tiny_run / "scenario.yaml").unlink()
    code, out, _ = capacity("check", tiny_run)
    assert (code, out) == (7, "scenario.yaml: it is missing\n")


def test_numbers_stand_to_the_right_and_nothing_is_a_dash() -> None:
    rows: list[dict[str, object]]
    rows = [{"suite": "E1", "load": 0.5}, {"suite": "W1-long", "load": None}]
    assert summary.table(rows) == "suite    load\nE1       0.50\nW1-long     -"
    assert summary.table([]) == ""


def test_progress_tells_time_objective_bound_and_gap() -> None:
    # (3400 - 3100) / 3400 = 8.82 %
    progress = Progress(seconds=12.4, objective=3400, bound=3100, gap=300 / 3400)
    said = "12 s, objective 3,400, bound 3,100, gap 8.8 %"
    assert watch.progress_text(progress) == said


# ------------------------------------------------------------------------- streams

MAIN = "from capacity.cli import main; main()"


def test_a_reader_who_has_seen_enough_is_no_failure(tiny_run: Path) -> None:
    (tiny_run / "orders.csv").unlink()
    for words, code in ((("schema",), 0), (("check", tiny_run), 7)):
        command = [sys.executable, "-c", MAIN, *map(str, words)]
        ended = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert ended.stdout is not None
        ended.stdout.close()
        said = ended.communicate()[1].decode()
        assert ended.returncode == code
        assert "rror" not in said


def test_a_stdout_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "closed").write_text("")
    with (tmp_path / "closed").open() as readable:
        command = [sys.executable, "-c", MAIN, "schema"]
        ended = subprocess.run(
            command, stdout=readable, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: standard output can't be written: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_solve_needs_no_stderr(tiny: Path, tmp_path: Path) -> None:
    code = f"import sys; sys.stderr = sys.__stderr__ = None; {MAIN}"
    ended = python(code, "solve", tiny, "-o", tmp_path / "run", "--work", "0.1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert runs.check_run(tmp_path / "run") == []


def test_a_name_that_the_terminal_cannot_spell_stops_nothing(
    tiny: Path, tmp_path: Path
) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(tiny.read_text().replace("USD", "송도", 1))
    code = f"import sys; sys.stdout.reconfigure(encoding='latin-1'); {MAIN}"
    ended = python(code, "validate", path, "--resolved")
    assert ended.returncode == 0
    assert re.search(r'^currency: "\\uc1a1\\ub3c4"', ended.stdout, re.MULTILINE)


# --------------------------------------------------------------------- interrupted

INTERRUPTED = """
import os, signal, sys
from capacity import watch

def search(progress, stop):
    for _ in range(int(sys.argv[1])):
        os.kill(os.getpid(), signal.SIGINT)
        stop.wait(20)
    return "the best so far"

with watch.interrupts() as stop:
    print(watch.watch(search, stop), flush=True)
"""


def test_the_first_interrupt_keeps_the_best_so_far() -> None:
    ended = python(INTERRUPTED, 1)
    assert (ended.returncode, ended.stdout) == (0, "the best so far\n")
    assert "stopping" in ended.stderr


def test_the_second_interrupt_ends_at_once() -> None:
    code = INTERRUPTED.replace(
        "stop.wait(20)", "stop.wait(20); __import__('time').sleep(1)"
    )
    ended = python(code, 2)
    assert (ended.returncode, ended.stdout) == (130, "")


def test_completing_a_hint_leaves_ctrl_c_to_the_program() -> None:
    code = """
import os, signal
from ortools.sat.python.cp_model import CpModel
from capacity.search import completed
signal.signal(signal.SIGINT, lambda *_: print("heard"))
completed(CpModel(), [], lambda: False)
os.kill(os.getpid(), signal.SIGINT)
"""
    ended = python(code)
    assert (ended.returncode, ended.stdout) == (0, "heard\n")


def test_an_interrupted_search_writes_its_best_plan_and_says_so(
    capacity: Call, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from capacity.solver import solve

    def interrupted(*words: Any, stop: threading.Event, **options: Any) -> Result:
        signal.raise_signal(signal.SIGINT)
        assert stop.wait(10)
        return solve(*words, **options)

    monkeypatch.setattr("capacity.solver.solve", interrupted)
    assert capacity("solve", tiny, "-o", tmp_path / "run").code == 130
    assert runs.check_run(tmp_path / "run") == []


def test_an_interrupt_before_any_plan_writes_nothing(
    capacity: Call, tiny: Path, tmp_path: Path, found: Callable[..., None]
) -> None:
    found(status="unknown", stopped_by="interrupt")
    code, out, err = capacity("solve", tiny, "-o", tmp_path / "run")
    assert (code, out) == (130, "")
    assert "before there was any plan" in err
    assert not (tmp_path / "run").exists()


# ------------------------------------------------------------- pictures and schema


@pytest.mark.parametrize("command", ["gantt", "load", "heatmap", "qualifications"])
def test_pictures_are_drawn_beside_the_run_or_where_asked(
    capacity: Call, tiny_run: Path, tmp_path: Path, command: str
) -> None:
    code, out, _ = capacity(command, tiny_run)
    assert (code, out) == (0, f"{tmp_path / f'run-{command}.png'}\n")
    asked = tmp_path / "asked.png"
    filters = ("--site", "EAST", "--from", "2026-02-01", "--to", "2026-06-30")
    code, out, _ = capacity(command, tiny_run, "-o", asked, "--size", "A3", *filters)
    assert (code, out) == (0, f"{asked}\n")
    assert asked.read_bytes().startswith(b"\x89PNG")
    assert runs.check_run(tiny_run) == []


@pytest.mark.parametrize("command", ["supply", "progress"])
def test_pictures_without_sites_are_drawn_as_well(
    capacity: Call, tiny_run: Path, tmp_path: Path, command: str
) -> None:
    code, out, _ = capacity(command, tiny_run, "--style", "print", "--size", "A3")
    assert (code, out) == (0, f"{tmp_path / f'run-{command}.png'}\n")
    assert Path(out.strip()).read_bytes().startswith(b"\x89PNG")
    code, _, err = capacity(command, tiny_run, "--site", "EAST")
    assert code == 2
    assert "--site" in err


def test_a_run_without_history_says_so_and_draws_nothing(
    capacity: Call, tiny_run: Path, tmp_path: Path
) -> None:
    manifest = json.loads((tiny_run / "manifest.json").read_text())
    del manifest["history"]
    (tiny_run / "manifest.json").write_text(json.dumps(manifest))
    code, out, err = capacity("progress", tiny_run)
    assert (code, out) == (3, "")
    assert err == "run/manifest.json: holds no history of the search: solve again\n"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert runs.check_run(tiny_run) == []


def test_a_programme_without_a_date_at_a_site_is_a_usage_error(
    capacity: Call, tiny: Path, tmp_path: Path
) -> None:
    closed = tmp_path / "closed.yaml"
    rights = "licences:\n  - {id: BETA@WEST:clinical, remove: true}\n"
    rights += "transfers:\n  - {id: BETA@WEST, remove: true}\n"
    closed.write_text(f"extends: {tiny}\nname: closed\n{rights}")
    assert capacity("solve", closed, "-o", tmp_path / "run", "--work", "0.2").code == 0
    wanted = ("--programme", "BETA", "--site", "WEST")
    code, out, err = capacity("qualifications", tmp_path / "run", *wanted)
    assert (code, out) == (2, "")
    assert "no transfer, PPQ or right to ship of BETA at WEST" in err


@pytest.mark.parametrize("command", ["gantt", "load", "heatmap", "qualifications"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--site", "EASTT"], "did you mean EAST?"),
        (["--site", "EAST", "--programme", "GAMMA"], "in use for GAMMA at EAST"),
        (["--from", "2026-06-01", "--to", "2026-01-01"], "no day of the plan"),
        (["--from", "2030-01-01"], "no day of the plan"),
        (["--to", "2025-12-31"], "no day of the plan"),
        (["--from", "summer"], "'summer' isn't a date such as 2027-03-29"),
        (["--size", "A9"], "A9"),
        (["--style", "dark"], "dark"),
        (["-o", "picture.svg"], ".png"),
        (["-o", "nowhere/at/all.png"], "can't be written"),
    ],
)
def test_a_filter_that_fits_nothing_is_a_usage_error(
    capacity: Call,
    tiny_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = capacity(command, tiny_run, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_unknown_programme_names_the_nearest(capacity: Call, tiny_run: Path) -> None:
    for asked in ("BETTA", "beta"):
        code, _, err = capacity("gantt", tiny_run, "--programme", asked)
        assert code == 2
        assert "did you mean BETA?" in err


def test_no_picture_is_drawn_into_a_run(capacity: Call, tiny_run: Path) -> None:
    code, _, err = capacity("gantt", tiny_run, "-o", tiny_run / "gantt.png")
    assert code == 2
    assert "stays as it was written" in err
    assert runs.check_run(tiny_run) == []


def test_a_run_whose_plan_cannot_be_read_is_invalid_input(
    capacity: Call, tiny_run: Path
) -> None:
    (tiny_run / "plan.json").write_text("{")
    code, out, err = capacity("gantt", tiny_run)
    assert (code, out) == (3, "")
    assert err.startswith(f"{tiny_run}/plan.json: ")


# -------------------------------------------------------------- export and import


@pytest.fixture
def workbook(capacity: Call, tiny: Path, tmp_path: Path) -> Path:
    """The workbook of `tiny.yaml`."""
    path = tmp_path / "tiny.xlsx"
    assert capacity("export", tiny, "-o", path) == (0, f"{path}\n", "")
    return path


def test_a_scenario_goes_to_excel_and_back(
    capacity: Call, workbook: Path, tiny: Path, tmp_path: Path
) -> None:
    back = tmp_path / "back.yaml"
    code, out, err = capacity("import", workbook, "-o", back)
    assert (code, out) == (0, f"{back}\n")
    assert "Orders!F6: warning: order G-1: due" in err
    assert reading.read(back).scenario == reading.read(tiny).scenario
    code, out, err = capacity("import", workbook, "-o", back)
    assert (code, out) == (2, "")
    assert "exists; --overwrite replaces it" in err
    code, out, _ = capacity("import", workbook, "-o", back, "--overwrite", "--json")
    document = json.loads(out)
    assert (code, document["valid"]) == (0, True)
    assert document["file"] == str(back)


def test_init_writes_the_worked_case_as_a_workbook(
    capacity: Call, tmp_path: Path
) -> None:
    path = tmp_path / "case.xlsx"
    code, out, err = capacity("init", "--excel", path)
    assert (code, out) == (0, f"{path}\n")
    assert "capacity import" in err
    assert [each.name for each in tmp_path.iterdir()] == ["case.xlsx"]
    assert excel.read(path).loaded.scenario.name == "base"
    assert capacity("init", "--excel", path)[0] == 2
    assert capacity("init", "--excel", tmp_path / "case.xls")[0] == 2
    both = tmp_path / "both"
    assert capacity("init", both, "--excel", both / "case.xlsx")[0] == 0
    assert {"base.yaml", "case.xlsx"} <= {each.name for each in both.iterdir()}


def test_a_wrong_workbook_is_invalid_input_and_writes_nothing(
    capacity: Call, workbook: Path, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(workbook)
    book["Orders"]["E2"], book["Orders"]["E3"] = "two", 0.5
    book.save(workbook)
    code, out, err = capacity("import", workbook, "-o", tmp_path / "back.yaml")
    assert (code, out) == (3, "")
    assert [line.partition(": ")[0] for line in err.splitlines()] == [
        "Orders!E2",
        "Orders!E3",
    ]
    code, out, _ = capacity("import", workbook, "-o", tmp_path / "b.yaml", "--json")
    document = json.loads(out)
    assert (code, document["valid"]) == (3, False)
    assert [problem["file"] for problem in document["problems"]] == [
        "Orders!E2",
        "Orders!E3",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.xlsx"]


def test_no_file_is_written_that_could_not_be_read(
    capacity: Call, workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capacity.reading.source.LARGEST_YAML", 1000)
    code, out, err = capacity("import", workbook, "-o", tmp_path / "back.yaml")
    assert (code, out) == (3, "")
    assert "as YAML; keep orders in a CSV file" in err
    assert not (tmp_path / "back.yaml").exists()


def test_a_run_goes_to_every_form(
    capacity: Call, tiny_run: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.xlsx"
    assert capacity("export", tiny_run, "-o", plan) == (0, f"{plan}\n", "")
    assert openpyxl.load_workbook(plan).sheetnames[:2] == ["Summary", "Gantt"]
    for form, name in (("csv", "orders"), ("parquet", "orders"), ("ics", "EAST")):
        folder = tmp_path / form
        code, out, _ = capacity("export", tiny_run, "-o", folder, "--format", form)
        assert code == 0
        assert str(folder / f"{name}.{form}") in out.splitlines()


def test_parquet_without_its_extra_says_what_to_install(
    tiny_run: Path, tmp_path: Path
) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from capacity.cli import main; main()"
    folder = tmp_path / "tables"
    ended = python(code, "export", tiny_run, "-o", folder, "--format", "parquet")
    assert (ended.returncode, ended.stdout) == (2, "")
    needed = "needs pyarrow: pip install 'capacity-planner[parquet]'"
    assert ended.stderr == f"error: --format parquet {needed}\n"
    assert not folder.exists()


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("x")])
def test_a_run_that_was_edited_is_not_exported(
    capacity: Call, tiny_run: Path, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(tiny_run / "orders.csv")
    code, out, err = capacity("export", tiny_run, "-o", tmp_path / "plan.xlsx")
    assert (code, out) == (7, "")
    assert "run/orders.csv: " in err
    assert not (tmp_path / "plan.xlsx").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "{tmp}/plan"], "doesn't end in .xlsx; a folder needs --format"),
        (["-o", "{tmp}/run/plan.xlsx"], "stays as it was written"),
        (["-o", "{tmp}"], "a folder needs --format"),
        (["-o", "{tmp}", "--format", "csv"], "isn't replaced"),
        (["-o", "/proc/none/plan.xlsx"], "can't be written"),
        (["-o", "/proc/none", "--format", "ics"], "can't be written"),
        (["-o", "{tmp}/plan.xlsx", "--format", "pdf"], "pdf isn't csv, parquet or ics"),
        ([], "Missing option '--output'"),
    ],
)
def test_a_place_that_cannot_be_written_is_a_usage_error(
    capacity: Call, tiny_run: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    words = [word.format(tmp=tmp_path) for word in words]
    code, out, err = capacity("export", tiny_run, *words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_leaves_no_half_of_a_file(
    capacity: Call, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    for words in (["plan.xlsx"], ["csv", "--format", "csv"]):
        code, _, err = capacity(
            "export", tiny_run, "-o", tmp_path / words[0], *words[1:]
        )
        assert code == 2
        assert "can't be written: No space left on device" in err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_importing_a_workbook_loads_no_tables(workbook: Path, tmp_path: Path) -> None:
    back = tmp_path / "back.yaml"
    assert loaded_by("import", workbook, "-o", back) == {"openpyxl"}
    assert back.exists()


def test_the_schemas_describe_scenario_and_plan(capacity: Call) -> None:
    scenario = json.loads(capacity("schema").out)
    plan = json.loads(capacity("schema", "--plan").out)
    assert {"sites", "suites", "orders"} <= set(scenario["properties"])
    assert {"batches", "campaigns", "costs"} <= set(plan["properties"])

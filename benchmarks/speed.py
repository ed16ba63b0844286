"""How long the commands take and how much memory, each measured as a whole process.

    python -m benchmarks.speed                  everything: about eleven minutes
    python -m benchmarks.speed --only help tiny
    python -m benchmarks.speed --runs 1 --time-limit 5 -o trial.md

Prints a Markdown table and writes it to benchmarks/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from benchmarks.race import circumstances
from capacity import read, reading

ROOT = Path(__file__).parent.parent
PACKAGES = ("ortools", "pandas", "pydantic")
PROGRAM = [sys.executable, "-m", "capacity"]

PICTURES = ("gantt", "load", "heatmap", "supply", "qualifications", "progress")

UNTIL_FIRST_PLAN = """
import os, sys
from capacity import cli, watch
watch.watch = lambda search, stop: search(lambda progress: os._exit(0), stop)
sys.argv[0] = "capacity"
cli.main()
"""
"""The program, ended by the first complete plan that its search reports."""


@dataclass(frozen=True)
class Case:
    """One thing that is measured."""

    name: str
    says: str
    """The command as a planner types it, or what stands for it."""
    command: list[str]
    target: float | None
    """Wall time that it should stay below. [s]"""
    most_memory: float | None = None
    """Peak resident memory that it should stay below. [GB]"""
    runs: int | None = None
    """Instead of the number asked for."""


@dataclass
class Measured:
    """What some runs of a case took."""

    seconds: list[float] = field(default_factory=list)
    gigabytes: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Of all its processes. [s]"""


def cases(scratch: Path, time_limit: float) -> list[Case]:
    """Everything that is measured, in an order in which each finds what it reads."""
    base, tiny = "scenarios/base.yaml", "scenarios/tiny.yaml"
    plan = ["solve", base, "-o", f"{scratch}/base", "--overwrite"]
    limited = [*plan, "--time-limit", f"{time_limit:g}"]
    small = ["solve", tiny, "-o", f"{scratch}/tiny", "--overwrite"]
    book = ["export", plan[3], "-o", f"{scratch}/base.xlsx", "--overwrite"]
    variant = "scenarios/songdo_august_2026.yaml"
    other = ["solve", variant, "-o", f"{scratch}/variant", "--work", "2"]
    both = ["compare", plan[3], other[3], "-o", f"{scratch}/compared"]
    first = [sys.executable, "-c", UNTIL_FIRST_PLAN, *plan]
    return [
        Case("help", "capacity --help", [*PROGRAM, "--help"], 0.5),
        Case("validate", f"capacity validate {base}", [*PROGRAM, "validate", base], 2),
        Case("first", f"first complete plan of {base}", first, 5),
        Case("tiny", f"capacity solve {tiny}", [*PROGRAM, *small], 5),
        Case(
            "base",
            f"capacity solve {base} --time-limit {time_limit:g}",
            [*PROGRAM, *limited],
            time_limit + 15,
            most_memory=2,
            runs=3,
        ),
        Case("check", "capacity check of that run", [*PROGRAM, "check", plan[3]], None),
        Case(
            "report",
            "capacity report of that run",
            [*PROGRAM, "report", plan[3], "-o", f"{scratch}/base.html"],
            5,
        ),
        Case("export", "capacity export of that run to Excel", [*PROGRAM, *book], 5),
        *(_picture(kind, plan[3], scratch) for kind in PICTURES),
        Case(
            *("variant", f"capacity solve {variant} --work 2"),
            [*PROGRAM, *other, "--overwrite"],
            None,
            runs=1,
        ),
        Case(
            *("compare", "capacity compare of both runs"),
            [*PROGRAM, *both, "--overwrite"],
            3,
        ),
    ]


def _picture(kind: str, run: str, scratch: Path) -> Case:
    draw = [*PROGRAM, kind, run, "-o", f"{scratch}/{kind}.png"]
    return Case(kind, f"capacity {kind} of that run", draw, 3)


def measured(command: Sequence[str], runs: int) -> Measured:
    """Run a command several times, whole."""
    found = Measured()
    for _ in range(runs):
        began = perf_counter()
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        found.seconds.append(perf_counter() - began)
        unit = 1 if sys.platform == "darwin" else 1024
        found.gigabytes.append(usage.ru_maxrss * unit / 1e9)
        found.cpu.append(usage.ru_utime + usage.ru_stime)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{' '.join(command)}: {child.returncode}\n{said.decode()}")
    return found


def row(case: Case, found: Measured) -> str:
    """One line of the table."""
    middle, memory = statistics.median(found.seconds), max(found.gigabytes)
    kept = case.target is None or middle < case.target
    targets = [] if case.target is None else [f"{case.target:g} s"]
    if case.most_memory is not None:
        kept = kept and memory < case.most_memory
        targets.append(f"{case.most_memory:g} GB")
    cells = (
        case.says if case.name == "first" else f"`{case.says}`",
        " and ".join(targets) or "none",
        f"{middle:.2f} s",
        f"{min(found.seconds):.2f} to {max(found.seconds):.2f} s",
        f"{memory:.2f} GB",
        str(len(found.seconds)),
        "" if case.target is None else ("kept" if kept else "**missed**"),
    )
    return f"| {' | '.join(cells)} |"


def plan_of(run: Path) -> str:
    """How good the plan in a run folder is, in one line."""
    kpis, manifest = (
        json.loads((run / name).read_bytes()) for name in ("kpis.json", "manifest.json")
    )
    tiers = ", ".join(
        f"{tier['name']} {tier['objective']:,} (bound {tier['bound']:,})"
        for tier in kpis["tiers"]
    )
    return (
        f"- `{run.name}`: {manifest['status']}, regret {kpis['objective']:,},"
        f" bound {kpis['bound']:,}, {tiers}"
    )


def inputs() -> list[str]:
    """Hashes of what is planned, for whoever compares two tables."""
    return [
        f"- scenario_sha256 of `{name}`:"
        f" `{reading.sha256(read(ROOT / 'scenarios' / f'{name}.yaml'))}`"
        for name in ("base", "tiny")
    ]


def report(asked: Sequence[str], runs: int, time_limit: float) -> str:
    """Measure what is asked for, and say it in Markdown."""
    rows, plans = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases(Path(scratch), time_limit):
            if case.name not in asked:
                continue
            found = measured(case.command, min(runs, case.runs or runs))
            rows.append(row(case, found))
            sys.stderr.write(f"{rows[-1]}\n")
            if case.name in ("base", "tiny"):
                plans.append(plan_of(Path(scratch) / case.name))
    head = [
        "# Speed and size",
        "",
        "Each case is a whole process, start and end included.",
        "",
        "| case | target | median | least to most | peak memory | runs | |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join(
        [*head, *rows, "", *plans, *circumstances(PACKAGES), *inputs(), ""]
    )


def main() -> None:
    """Measure, print, write."""
    names = [case.name for case in cases(Path(), 60)]
    parser = argparse.ArgumentParser(description="Measure the commands.")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--time-limit", type=float, default=60, help="of base [s]")
    parser.add_argument("-o", "--output", default=ROOT / "benchmarks" / "results.md")
    asked = parser.parse_args()
    for name, needs in (
        ("check", {"base"}),
        ("export", {"base"}),
        ("report", {"base"}),
        ("compare", {"base", "variant"}),
    ):
        if name in asked.only and not needs <= set(asked.only):
            parser.error(f"{name} needs the runs of {' and '.join(sorted(needs))}")
    text = report(asked.only, asked.runs, asked.time_limit)
    sys.stdout.write(text)
    Path(asked.output).write_text(text)


if __name__ == "__main__":
    main()

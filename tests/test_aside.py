"""The bound in a process of its own: the same answer, and none that outlives its use."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Event

from capacity.aside import Aside, Job, Task
from capacity.bound import bound
from capacity.construct import construct
from capacity.instance import build
from capacity.parts import improved, parts_of, together
from capacity.reading import read
from capacity.resume import wishes_of
from capacity.solver.bounding import by_week
from capacity.solver.clock import Clock
from capacity.solver.state import State

TINY = Path(__file__).parent.parent / "scenarios" / "tiny.yaml"
UPPER = 424_700


def job(sweeps: int, seconds: float | None = None) -> Job:
    return Job(build(read(TINY).scenario), UPPER, sweeps, 2, seconds)


def test_it_answers_what_it_would_answer_here() -> None:
    asked = job(5)

    aside = Aside(asked)
    sweeps = aside.wait(lambda: False)

    found = bound(asked.instance, UPPER, sweeps=5, polish=2)
    assert (aside.latest, sweeps) == (found.value, found.sweeps)
    assert aside.process.returncode == 0
    assert list(aside.prices) == list(found.weeks)
    told = [*zip(*aside.prices.values(), strict=True)]
    assert told == [*found.prices, *found.starts]


def test_it_searches_parts_first_as_it_would_here() -> None:
    instance = build(read(TINY).scenario)
    [part] = parts_of(instance)
    start = together(part.instance, wishes_of(construct(instance)))
    assert start is not None
    task = Task(start, [0, 0, 0], seed=3, heat=0.1, moves=400, seconds=None)
    aside = Aside(replace(job(2), tasks=(task, task)))

    assert aside.wait_for_parts(lambda: False) == 2
    assert aside.wait(lambda: False)

    here = improved(
        start,
        seed=3,
        done=lambda moves: moves / 400,
        report=lambda _: None,
        heat=0.1,
        floors=[0, 0, 0],
    )
    assert aside.parts == {0: wishes_of(here), 1: wishes_of(here)}


def test_it_stops_when_told_and_keeps_what_it_knew() -> None:
    aside = Aside(job(1_000_000))
    began = time.monotonic()
    while not aside.latest and time.monotonic() < began + 60:
        time.sleep(0.05)

    assert aside.wait(lambda: True) is None

    assert 0 < aside.latest <= UPPER
    assert aside.process.poll() is not None


def test_seconds_end_it() -> None:
    aside = Aside(job(1_000_000, seconds=4))

    sweeps = aside.wait(lambda: False)

    assert sweeps
    assert 0 < aside.latest <= UPPER


def test_it_ends_with_its_parent() -> None:
    parent = (
        "import sys, time\n"
        "sys.path.insert(0, 'tests')\n"
        "from test_aside import Aside, job\n"
        "print(Aside(job(1_000_000)).process.pid, flush=True)\n"
        "time.sleep(100)\n"
    )
    root = TINY.parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, cwd=root, text=True
    ) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        time.sleep(3)
        child.kill()
    until = time.monotonic() + 60
    while (alive := _alive(pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not alive


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but nobody waited for doesn't."""
    status = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return bool(status) and not status.startswith("Z")


def test_prices_are_toldby_week_where_something_has_a_price() -> None:
    scenario = read(TINY).scenario
    state = State(scenario, Clock(1, None, Event()), 0.0, 1, 0, None)
    rows = [2.0, 3.0, 40.0, 50.0, 60.0, 70.0]  # E1, W1; QC and QA at EAST and WEST

    found = by_week(state, dict.fromkeys((0, 7, 14), rows))

    told = [(row.resource, f"{row.week:%m-%d}", row.unit, row.price) for row in found]
    assert told[:4] == [
        ("E1", "01-01", "day", 2.0),
        ("E1", "01-08", "day", 2.0),
        ("E1", "01-15", "day", 2.0),
        ("W1", "01-01", "day", 3.0),
    ]
    # The first week's starts aren't priced.
    assert told[6:8] == [
        ("QC at EAST", "01-08", "batch", 40.0),
        ("QC at EAST", "01-15", "batch", 40.0),
    ]
    assert told[-1] == ("QA at WEST", "01-15", "batch", 70.0)
    assert len(told) == 6 + 8

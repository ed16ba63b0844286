"""A process of its own on the other core: some parts searched, then the bound by prices.

`python -m capacity.aside` reads a `Job` on its stdin and writes lines of JSON: the campaigns
of each part that it has searched, each better bound, at the end the best one with the
number of sweeps and the prices. It ends with its parent: a pipe that closes ends it.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, BinaryIO

from capacity.bound import bound
from capacity.construct import Wish
from capacity.instance import Instance
from capacity.parts import improved
from capacity.resume import wishes_of
from capacity.schedule import Schedule

PATIENCE = 2.0
"""How much longer than its job an answer may take, as a share and in seconds."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""The other core searches: products of matrices that wait for a share of it take a third longer
in all, and sums in another order are other bounds."""


@dataclass(frozen=True)
class Task:
    """A part to be searched, and how long."""

    start: Schedule
    floors: list[int]
    """Firm service that can't be bettered, by programme. [money]"""
    seed: int
    heat: float
    """Share of the usual first temperature. [1]"""
    moves: int
    """How many, where no seconds are given."""
    seconds: float | None
    """Wall clock. [s]"""


@dataclass(frozen=True)
class Job:
    """What is to be searched, then bounded, and until when."""

    instance: Instance
    upper: int
    """Regret of a known plan. [money]"""
    sweeps: int
    """At most."""
    polish: int
    """How many sweeps follow on a finer grid."""
    seconds: float | None
    """Wall clock after which those begin, if that decides. [s]"""
    tasks: tuple[Task, ...] = ()
    """Parts to be searched first."""
    besides: int = 0
    """What programmes without lines cost at the least: it comes to every bound. [money]"""


class Aside:
    """Plans of parts and a bound that are being searched for elsewhere."""

    def __init__(self, job: Job) -> None:
        self.began = time.monotonic()
        self.job = job
        self.latest = 0
        """Best bound so far. [money]"""
        self.told: list[tuple[float, int]] = []
        """When it became better, by this process's clock, and the bound. [s, money]"""
        self.parts: dict[int, list[Wish]] = {}
        """Campaigns of the best plan of each part so far, by its number."""
        self.searched = 0
        """Parts that are done."""
        self.sweeps: int | None = None
        """How many there were, once it has answered."""
        self.prices: dict[int, list[float]] = {}
        """By first tick of a week, once it has answered: of a tick of each suite, of a start in
        QC of each site and in QA of each. [money]"""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "capacity.aside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                **ONE_THREAD,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
        )
        self.talk = threading.Thread(target=self._talk, daemon=True)
        self.talk.start()

    def _talk(self) -> None:
        """Hand the job over and listen until the process ends."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            _Packer(self.process.stdin).dump(self.job)
            self.process.stdin.flush()  # left open: it closes when this process ends
        for line in self.process.stdout:
            if not line.endswith(b"\n"):
                return  # cut off as the process was ended
            self._hear(json.loads(line))

    def _hear(self, said: dict[str, Any]) -> None:
        if "part" in said:
            self.parts[said["part"]] = [Wish(*row) for row in said["plan"]]
            self.searched = said["searched"]
            return
        if said["bound"] > self.latest:
            self.latest = said["bound"]
            self.told.append((time.monotonic(), self.latest))
        if "sweeps" in said:
            self.prices = {week: prices for week, *prices in said["prices"]}
            self.sweeps = said["sweeps"]

    def wait_for_parts(self, stop: Callable[[], bool]) -> int:
        """How many parts are done: all, where it wasn't stopped and didn't fail before."""
        wanted = len(self.job.tasks)
        while self.searched < wanted and self.talk.is_alive() and not stop():
            self.talk.join(0.05)
        return self.searched

    def wait(self, stop: Callable[[], bool]) -> int | None:
        """Sweeps of its answer, None where it was stopped or failed before it had one."""
        while self.talk.is_alive():
            self.talk.join(0.05)
            if stop() or self._overdue():
                break
        self.close()
        return self.sweeps

    def _overdue(self) -> bool:
        limit = self.job.seconds
        return limit is not None and time.monotonic() > self.began + PATIENCE * (
            1 + limit
        )

    def close(self) -> None:
        """End the process if it still runs."""
        self.process.kill()
        self.process.wait()
        self.talk.join()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]  # both are pipes


class _Packer(pickle.Pickler):
    """Writes dataclasses field by field: those that are compiled have no `__dict__`."""

    def reducer_override(self, data: object) -> tuple[type, tuple[object, ...]]:
        """What makes the same again: its class and what that takes."""
        packed: tuple[type, tuple[object, ...]] = NotImplemented  # as pickle does it
        if is_dataclass(data) and not isinstance(data, type):
            packed = type(data), tuple(getattr(data, x.name) for x in fields(data))
        return packed


def work(source: BinaryIO, sink: BinaryIO) -> None:
    """Do the job that a source holds."""
    job: Job = pickle.load(source)
    threading.Thread(target=_end_with, args=(source,), daemon=True).start()
    began = time.monotonic()

    def over() -> bool:
        return job.seconds is not None and time.monotonic() > began + job.seconds

    def write(**told: object) -> None:
        sink.write(json.dumps(told).encode() + b"\n")
        sink.flush()

    for number, task in enumerate(job.tasks):

        def better(schedule: Schedule, *, number: int = number) -> None:
            write(part=number, plan=wishes_of(schedule), searched=number)

        found = wishes_of(_searched(task, better))
        write(part=number, plan=found, searched=number + 1)
    bounded = bound(
        job.instance,
        job.upper - job.besides,
        sweeps=job.sweeps,
        stop=over,
        report=lambda value: write(bound=value + job.besides),
        polish=job.polish,
    )
    rows = (
        list(zip(bounded.weeks, *bounded.prices, *bounded.starts, strict=True))
        if bounded.prices
        else []
    )
    write(bound=bounded.value + job.besides, sweeps=bounded.sweeps, prices=rows)


def _searched(task: Task, report: Callable[[Schedule], None]) -> Schedule:
    """A better plan of a part."""
    began = time.monotonic()

    def done(moves: int) -> float:
        if task.seconds is None:
            return moves / task.moves
        return (time.monotonic() - began) / task.seconds

    return improved(
        task.start,
        seed=task.seed,
        done=done,
        report=report,
        heat=task.heat,
        floors=task.floors,
    )


def _end_with(source: BinaryIO) -> None:
    """End this process when nobody is left at the other end."""
    source.read()
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    work(sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # the thread that listens holds stdin

"""The bound by prices in a process of its own, beside the search on the other core.

`python -m capacity.aside` reads a `Job` on its stdin and writes a line of JSON with each
better bound, at the end one with the best, the number of sweeps and the prices. It ends with
its parent: a pipe that closes ends it.
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
from dataclasses import dataclass
from typing import BinaryIO

from capacity.bound import bound
from capacity.instance import Instance

PATIENCE = 2.0
"""How much longer than its job an answer may take, as a share and in seconds."""


@dataclass(frozen=True)
class Job:
    """What is to be bounded, and until when."""

    instance: Instance
    upper: int
    """Regret of a known plan. [money]"""
    sweeps: int
    """At most."""
    fine: int
    """Time steps per shortest takt of the last sweep; 0 leaves it out."""
    seconds: float | None
    """Wall clock after which the last sweep begins, if that decides. [s]"""


class Aside:
    """A bound that is being searched for elsewhere."""

    def __init__(self, job: Job) -> None:
        self.began = time.monotonic()
        self.job = job
        self.latest = 0
        """Best bound so far. [money]"""
        self.told: list[tuple[float, int]] = []
        """When it became better, by this process's clock, and the bound. [s, money]"""
        self.sweeps: int | None = None
        """How many there were, once it has answered."""
        self.prices: dict[int, list[float]] = {}
        """By first tick of a week: of each suite, once it has answered. [money per tick]"""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "capacity.aside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.talk = threading.Thread(target=self._talk, daemon=True)
        self.talk.start()

    def _talk(self) -> None:
        """Hand the job over and listen until the process ends."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            pickle.dump(self.job, self.process.stdin)
            self.process.stdin.flush()  # left open: it closes when this process ends
        for line in self.process.stdout:
            if not line.endswith(b"\n"):
                return  # cut off as the process was ended
            value, *answer = json.loads(line)
            if value > self.latest:
                self.latest = value
                self.told.append((time.monotonic(), value))
            if answer:
                self.sweeps, rows = answer
                self.prices = {week: prices for week, *prices in rows}

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


def work(source: BinaryIO, sink: BinaryIO) -> None:
    """Do the job that a source holds."""
    job: Job = pickle.load(source)
    threading.Thread(target=_end_with, args=(source,), daemon=True).start()
    began = time.monotonic()

    def over() -> bool:
        return job.seconds is not None and time.monotonic() > began + job.seconds

    def write(told: list[object]) -> None:
        sink.write(json.dumps(told).encode() + b"\n")
        sink.flush()

    def report(value: int) -> None:
        write([value])

    found = bound(
        job.instance,
        job.upper,
        sweeps=job.sweeps,
        stop=over,
        report=report,
        fine=job.fine,
    )
    rows = list(zip(found.weeks, *found.prices, strict=True)) if found.prices else []
    write([found.value, found.sweeps, rows])


def _end_with(source: BinaryIO) -> None:
    """End this process when nobody is left at the other end."""
    source.read()
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    work(sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # the thread that listens holds stdin

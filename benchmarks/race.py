"""Running contestants: each in a process of its own, timed from its start, and weighed."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from capacity import __version__

ROOT = Path(__file__).parent.parent
GRACE = 60.0
"""What a contestant may take beyond its limit before it is ended. [s]"""
POLL = 0.1
"""How often its memory is looked at. [s]"""


@dataclass(frozen=True)
class Told:
    """A line that a contestant writes when it knows more."""

    seconds: float
    """Since its process was started, imports included. [s]"""
    objective: float | None
    """Of its own model. [money]"""
    bound: float | None
    """On that."""
    wishes: list[list[int | str]] | None = None
    """Campaigns of a peer's plan, as `Wish` has them."""
    plan: str | None = None
    """A plan as JSON, from a contestant that makes one itself."""


class Pen:
    """Where a contestant writes what it knows."""

    def __init__(self, sink: IO[str], began: float) -> None:
        self.sink, self.began = sink, began

    @property
    def seconds(self) -> float:
        """Since the process was started. [s]"""
        return time.time() - self.began

    def tell(
        self,
        objective: float | None,
        bound: float | None,
        wishes: list[list[int | str]] | None = None,
        plan: str | None = None,
    ) -> None:
        """Write a line; what is written survives a crash."""
        told = Told(self.seconds, objective, bound, wishes, plan)
        self.sink.write(json.dumps(asdict(told)) + "\n")
        self.sink.flush()


@dataclass(frozen=True)
class Ran:
    """What came of a contestant."""

    told: list[Told]
    seconds: float
    """Of the whole process. [s]"""
    gigabytes: float
    """Peak resident memory of it and its children together. [GB]"""
    ended: str
    """Empty, or how it failed."""


def run(module: str, words: Sequence[str], limit: float) -> Ran:
    """Run `python -m module --child FILE BEGAN words`, and end it at limit and grace."""
    with tempfile.TemporaryDirectory() as scratch:
        sink, noise = Path(scratch) / "told", Path(scratch) / "noise"
        began, most = time.time(), 0.0
        command = [sys.executable, "-m", module, "--child", str(sink), f"{began}"]
        with noise.open("wb") as said:
            child = subprocess.Popen(
                [*command, *words],
                cwd=ROOT,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            late = True
            try:
                while late and time.time() < began + limit + GRACE:
                    most = max(most, _resident(child.pid))
                    time.sleep(POLL)
                    late = child.poll() is None
            finally:
                _end(child)
        lines = sink.read_text().splitlines() if sink.exists() else []
        failed = noise.read_text(errors="replace").strip().splitlines()[-1:]
    ended = "" if child.returncode == 0 else f"ended by {child.returncode}: {failed}"
    return Ran(
        [Told(**json.loads(line)) for line in lines],
        time.time() - began,
        most / 1e9,
        "ran beyond its limit" if late else ended,
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process with all that it started: they share its session."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _resident(session: int) -> float:
    """Memory of all processes of a session; 0 where the system doesn't tell. [byte]"""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            rows = status.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(rows[3]) == session:
            total += int(rows[21]) * os.sysconf("SC_PAGE_SIZE")
    return total


def circumstances(packages: Sequence[str]) -> list[str]:
    """Date, machine and versions, for whoever compares two tables."""
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return [
        f"- measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- machine: {processor()}, {os.cpu_count()} cores, {platform.system()}",
        f"- capacity {__version__}, Python {platform.python_version()}, {', '.join(found)}",
    ]


def processor() -> str:
    """Name of the processor, where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return (models or [platform.processor() or platform.machine()])[0]


def money(value: float | None) -> str:
    """Millions, to three digits or whole."""
    if value is None:
        return "none"
    millions = value / 1e6
    return f"{millions:,.{0 if millions >= 100 else 1 if millions >= 10 else 2}f} M"

"""A search while it runs: its progress on a terminal, and what Ctrl-C does to it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status

    from capacity.solver import Progress, Result

INTERRUPTED = 130

Search = Callable[[Callable[["Progress"], None], Event], "Result"]
"""Searches for a plan, given whom to tell of progress and when to stop."""


def watch(search: Search, stop: Event) -> Result:
    """Run a search in a second thread, so that this one can answer Ctrl-C and draw."""
    latest: list[Progress] = []
    with _progress_line() as line, ThreadPoolExecutor(1) as pool:
        future = pool.submit(search, latest.append, stop)
        while not future.done():
            wait([future], timeout=0.2)
            if line is not None and latest:
                line.update(progress_text(latest[-1]))
        return future.result()


def progress_text(progress: Progress) -> str:
    """Say how far a search is: `12 s, objective 3,400, bound 3,100, gap 8.8 %`."""
    return (
        f"{progress.seconds:.0f} s, objective {progress.objective:,},"
        f" bound {progress.bound:,}, gap {100 * progress.gap:.1f} %"
    )


@contextmanager
def _progress_line() -> Iterator[Status | None]:
    """Keep one line on a terminal's stderr up to date; nothing anywhere else."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("searching") as line:
        yield line


@contextmanager
def interrupts() -> Iterator[Event]:
    """Turn the first Ctrl-C into an event, and the second into the end.

    A run folder is written whole or not at all, so the end may come at any moment.
    """
    stop = Event()

    def answer(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _shout("aborted")
            os._exit(INTERRUPTED)
        stop.set()
        _shout("stopping: Ctrl-C again aborts without a plan")

    before = signal.signal(signal.SIGINT, answer)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _shout(sentence: str) -> None:
    """Say something from a signal handler: past Python's buffers, heard or not."""
    if sys.__stderr__ is not None:
        with suppress(OSError):
            os.write(sys.__stderr__.fileno(), f"\n{sentence}\n".encode())

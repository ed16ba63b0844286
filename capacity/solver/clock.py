"""The limits of a solve, and what each kind of work is charged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from capacity.search import Limits

DETERMINISTIC_PER_NOMINAL = 0.35
"""Deterministic time of CP-SAT in a nominal second of one worker."""

BUILD_PER_SLOT = 0.004
"""Nominal seconds to build, hint and load the model of one slot. [s]"""

MOVES_PER_NOMINAL = 4500
"""Reinsertion moves in a nominal second."""

CHECKS_AFTER = 4
"""What follows when a limit ends a search, in checks of a plan: what was found and what is
handed out anew are checked; at eight times the worked case writing takes as long as two. [1]"""


class Clock:
    """The limits: nominal work by default, seconds where asked for."""

    def __init__(
        self, work: float, time_limit: float | None, stop: threading.Event
    ) -> None:
        self.began = time.monotonic()
        self.budget, self.time_limit, self.stop = work, time_limit, stop
        self.spent = 0.0
        self.check = 0.0
        """How long a check of a plan took at the most so far. [s]"""

    @property
    def seconds(self) -> float:
        """Since the start. [s]"""
        return time.monotonic() - self.began

    def charge(self, work: float) -> None:
        """Count work done. [nominal s]"""
        self.spent += work

    @property
    def left(self) -> float:
        """Seconds or nominal seconds left to search in. [s]"""
        if self.time_limit is not None:
            return self.time_limit - CHECKS_AFTER * self.check - self.seconds
        return self.budget - self.spent

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Note how long a check takes: as long is kept for those to come."""
        began = self.seconds
        yield
        self.check = max(self.check, self.seconds - began)

    def over(self) -> bool:
        """Whether to stop."""
        return self.stop.is_set() or self.left <= 0

    def halted(self) -> bool:
        """Whether to stop at once: an interrupt, or the wall clock."""
        return self.stop.is_set() or (self.time_limit is not None and self.left <= 0)

    def limits(self, share: float, most: float = float("inf")) -> Limits:
        """Limits for one search out of what is left."""
        allowed = max(0.01, min(self.left * share, most))
        if self.time_limit is not None:
            return Limits(None, allowed)
        return Limits(allowed * DETERMINISTIC_PER_NOMINAL, None)


class Share:
    """How much of a budget moves have used, by their number or by the clock."""

    def __init__(
        self,
        clock: Clock,
        budget: float,
        enough: Callable[[], bool],
        per_nominal: int = MOVES_PER_NOMINAL,
    ) -> None:
        self.clock, self.budget, self.enough = clock, budget, enough
        self.per_nominal = per_nominal
        self.began = clock.seconds
        self.spent = 0.0
        """[nominal s]"""

    def __call__(self, made: int) -> float:
        """Share that is used after so many moves; 1 where all is over. [1]"""
        self.spent = made / self.per_nominal
        if self.clock.halted() or self.enough():
            return 1.0
        timed = self.clock.time_limit is not None
        return (self.clock.seconds - self.began if timed else self.spent) / self.budget

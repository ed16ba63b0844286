"""A plan improved part by part, in this process and in others."""

from __future__ import annotations

from contextlib import suppress

from capacity.aside import Aside, Job, Task
from capacity.construct import Wish
from capacity.parts import Part, improved, of_programmes, parts_of, together
from capacity.resume import wishes_of
from capacity.schedule import Schedule
from capacity.solver.clock import MOVES_PER_NOMINAL, Share
from capacity.solver.state import State

PLENTY = 60
"""Moves per batch from which on reinsertion begins as hot as it may."""

PARTS_SHARE = 0.9
"""Share of what is left for parts."""

TURNED_AWAY = 5
"""Plans of parts in a row that make the whole no better: it is searched instead."""

ASIDE_SHARE = 0.5
"""Most of the time for parts in which the second core searches some before it bounds."""


APART = 1_000_000
"""Seeds of two rivals are so far apart: a search counts on from its own."""


class Parts:
    """Parts that share no suite: some searched here, the smaller ones on the other core."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.turned_away = 0
        """Plans of parts in a row that made the whole no better."""
        self.here: list[tuple[Part, float]] = []
        """Parts to search in this process, and how long. [nominal s]"""
        self.there: list[tuple[Part, float]] = []
        """The same in the other process."""

    def share_out(self) -> None:
        """Give parts their seconds, the smaller ones in the other process if it may.

        What it searches it can't bound in the same time, so where a gap is asked for, which
        the bound decides, it searches none.
        """
        state = self.state
        here, there = list[Part](), list[Part]()
        for part in parts_of(state.instance):
            if self._start_of(part) is None:
                continue
            load = sum(other.size for other in (*there, part))
            most = ASIDE_SHARE * sum(other.size for other in here)
            aside = load <= most and not state.gap
            (there if aside else here).append(part)
        total = sum(part.size for part in here)
        each = PARTS_SHARE * state.clock.left / max(1, total)
        self.here = [(part, each * part.size) for part in here]
        self.there = [(part, each * part.size) for part in there]

    def tasks(self) -> list[Task]:
        """The parts for the other process."""
        return [
            self._task(part, seconds, self.state.seed) for part, seconds in self.there
        ]

    def search(self, _best: Schedule) -> None:
        """Reinsertion in parts that share no suite."""
        state = self.state
        rivals = self._rivals()
        try:
            for part, seconds in self.here:
                self._search_part(part, seconds)
            self._take_rivals(rivals)
        finally:
            for rival in rivals:
                rival.close()
        done = 0
        if state.aside is not None:
            done = state.aside.wait_for_parts(state.clock.halted)
            for number, campaigns in sorted(state.aside.parts.items()):
                self._take_part(self.there[number][0], campaigns)
        missing = self.there[done:]
        for part, seconds in missing:
            if not state.clock.halted():
                state.aside_failed = True
                self._search_part(part, seconds)

    def _rivals(self) -> list[Aside]:
        """Processes that search the parts of this one from other seeds.

        One worker is this process, one is at the bound: a third on two cores makes plans
        and bound worse.
        """
        state, rivals = self.state, list[Aside]()
        assert state.best is not None
        for number in range(1, state.workers - 1):
            tasks = [
                self._task(part, seconds, state.seed + number * APART)
                for part, seconds in self.here
            ]
            job = Job(state.instance, state.best.bill.regret, 0, 0, None, tuple(tasks))
            with suppress(OSError):  # fewer then
                rivals.append(Aside(job))
        return rivals

    def _take_rivals(self, rivals: list[Aside]) -> None:
        """Take the best plan that a rival has of a part, if it is better than the own."""
        state = self.state
        for rival in rivals:
            rival.wait_for_parts(lambda: state.clock.halted() or state.within_gap())
        for number, (part, _) in enumerate(self.here):
            assert state.best is not None
            own = of_programmes(state.best, part.programmes)
            plans = [own, *(r.parts[number] for r in rivals if number in r.parts)]
            found = [together(part.instance, campaigns) for campaigns in plans]
            sound = [plan for plan in found if plan is not None]
            best = min(sound, key=lambda plan: plan.rank, default=None)
            if best is not None and best is not found[0]:
                self._take_part(part, wishes_of(best))

    def _search_part(self, part: Part, seconds: float) -> None:
        """Better campaigns for some programmes, for so many seconds.

        Where what they share with others, such as QC, turns its plans away, it ends.
        """
        state = self.state
        seconds, start = min(seconds, state.clock.left), self._start_of(part)
        if seconds <= 0 or start is None or state.within_gap():
            return
        share = Share(
            state.clock,
            seconds,
            lambda: state.within_gap() or self.turned_away >= TURNED_AWAY,
        )
        found = improved(
            start,
            seed=state.seed,
            done=share,
            report=lambda schedule: self._take_part(part, wishes_of(schedule)),
            heat=self._heat(part, seconds),
            floors=self._floors_of(part),
        )
        self._take_part(part, wishes_of(found))
        state.clock.charge(share.spent)

    def _task(self, part: Part, seconds: float, seed: int) -> Task:
        """The same for another process."""
        state = self.state
        timed, start = state.clock.time_limit is not None, self._start_of(part)
        assert start is not None  # such parts aren't shared out
        return Task(
            start,
            self._floors_of(part),
            seed,
            self._heat(part, seconds),
            int(seconds * MOVES_PER_NOMINAL),
            seconds if timed else None,
        )

    def _heat(self, part: Part, seconds: float) -> float:
        """How hot to begin: a hot search that is short ends above where it began. [1]"""
        plenty = seconds * MOVES_PER_NOMINAL / (PLENTY * part.size)
        return self.state.heat * min(1.0, plenty)

    def _start_of(self, part: Part) -> Schedule | None:
        """Its campaigns to search from, None where they break a rule by themselves."""
        state = self.state
        plan = state.promising or state.best
        assert plan is not None
        return together(part.instance, of_programmes(plan, part.programmes))

    def _floors_of(self, part: Part) -> list[int]:
        return [
            least if programme in part.programmes else 0
            for programme, least in enumerate(self.state.floors)
        ]

    def _take_part(self, part: Part, campaigns: list[Wish]) -> None:
        """Keep a better plan of a part, all else as in the best."""
        state = self.state
        assert state.best is not None
        own = of_programmes(state.best, part.programmes)
        rest = [wish for wish in wishes_of(state.best) if wish not in own]
        found = together(state.instance, [*rest, *campaigns])
        if found is not None and state.take(found, "reinsertion"):
            self.turned_away = 0
        elif found is None or found.rank > state.best.rank:
            self.turned_away += 1

"""A plan part by part: programmes that share no suite are searched by themselves.

What a part gains nothing else can lose, but for QC and QA, where sites share them: parts
are put together again and looked at as a whole. Within a part, firm lines that a free
search leaves late are taken from a plan of the firm lines alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from capacity.board import Board
from capacity.construct import Wish, construct
from capacity.firm import secured
from capacity.instance import Instance
from capacity.pegging import FIRM_WEIGHT
from capacity.reinsert import improve, raced
from capacity.reopen import rank
from capacity.resume import wishes_of
from capacity.schedule import Schedule

FIRM = 0.3
"""Most of a search for firm lines by themselves. [1]"""

LINES_MOVES = 3
"""Moves of theirs that take as long as one of the whole."""

RACED = 0.85
"""Share of a search after which it begins again, colder, from the best plan."""

AGAIN_HEAT = 0.02
"""How hot that is. [1]"""

STRICT_WEIGHT = 100_000
"""What firm service counts where it begins as low as it may be."""


@dataclass(frozen=True)
class Part:
    """Programmes that share suites, with one another only."""

    programmes: frozenset[int]
    instance: Instance
    """With the demand and the locked campaigns of these programmes only."""
    size: int
    """Batches wanted."""


def parts_of(instance: Instance) -> list[Part]:
    """The network in parts, the one with most batches first."""
    users: dict[int, set[int]] = {}
    for step in instance.steps:
        for suite in step.modes:
            users.setdefault(suite, set()).add(step.programme)
    for lock in instance.locks:
        programme = instance.steps[lock.step].programme
        users.setdefault(lock.suite, set()).add(programme)
    groups = [{programme} for programme in range(len(instance.programmes))]
    for programmes in users.values():
        touched = [group for group in groups if group & programmes]
        groups = [group for group in groups if not group & programmes]
        groups.append(set().union(*touched))
    parts = [_part(instance, frozenset(group)) for group in groups]
    parts.sort(key=lambda part: (-part.size, min(part.programmes)))
    return [part for part in parts if part.size]


def _part(instance: Instance, programmes: frozenset[int]) -> Part:
    groups = [g for g in instance.groups if g.programme in programmes]
    locks = [
        x for x in instance.locks if instance.steps[x.step].programme in programmes
    ]
    alone = replace(
        instance,
        groups=tuple(replace(group, index=n) for n, group in enumerate(groups)),
        locks=tuple(replace(lock, index=n) for n, lock in enumerate(locks)),
    )
    size = sum(group.terms[group.reference].need for group in groups)
    return Part(programmes, alone, size)


def of_programmes(schedule: Schedule, programmes: Iterable[int]) -> list[Wish]:
    """Campaigns of some programmes in a plan."""
    steps, chosen = schedule.instance.steps, set(programmes)
    return [
        wish for wish in wishes_of(schedule) if steps[wish.step].programme in chosen
    ]


def together(instance: Instance, wishes: Iterable[Wish]) -> Schedule | None:
    """The plan with just these campaigns, None where it breaks a rule."""
    board, found = Board(instance), []
    for wish in wishes:
        step = instance.steps[wish.step]
        campaign = board.campaign(step, wish.suite, wish.start, wish.batches, wish.ppq)
        if campaign is None:
            return None
        found.append(campaign)
    if board.swap([], found) is None or board.breaks:
        return None
    return board.snapshot().schedule()


class _Phases:
    """A budget that several searches share, one after another."""

    def __init__(self, done: Callable[[int], float]) -> None:
        self.done = done
        self.before = self.moves = 0

    @property
    def now(self) -> float:
        """Share that is over. [1]"""
        return self.done(self.before + self.moves)

    def until(self, share: float) -> Callable[[int], float]:
        """What tells the next search how far it is, which ends at a share of it all."""
        self.before += self.moves
        self.moves = 0
        first = self.now

        def over(moves: int) -> float:
            self.moves = moves
            now = self.now
            return 1.0 if now >= min(1.0, share) else (now - first) / (share - first)

        return over


def improved(
    start: Schedule,
    *,
    seed: int,
    done: Callable[[int], float],
    report: Callable[[Schedule], None],
    heat: float = 1.0,
    floors: Sequence[int],
) -> Schedule:
    """Search from a plan of a part, or of the whole.

    Parameters
    ----------
    start
        Where to start.
    seed
        Of every random choice.
    done
        Share of the search that is over after so many moves; from 1 on it ends. [1]
    report
        Told of better plans now and then.
    heat
        Share of the usual first temperature. [1]
    floors
        Firm service that can't be bettered, by programme. [money]

    Returns
    -------
    The best plan met; the start, if none is better.
    """
    phases, best, weight = _Phases(done), start, FIRM_WEIGHT

    def better(schedule: Schedule) -> None:
        nonlocal best
        if rank(schedule) < rank(best):
            best = schedule
            report(schedule)

    least = sum(floors)
    if heat >= 1 and start.instance.strict and start.bill.firm_service > least:
        over = phases.until(FIRM)
        lines = secured(
            start.instance,
            enough=least,
            seed=seed,
            done=lambda moves: over(moves // LINES_MOVES),
        )
        if lines.bill.firm_service < start.bill.firm_service:
            start, weight = construct(start.instance, wishes_of(lines)), STRICT_WEIGHT
            better(start)
    search = raced if heat >= 1 else improve
    for plan, share, hot in ((start, RACED, heat), (None, 1.0, AGAIN_HEAT)):
        found = search(
            plan or best,
            seed=seed,
            done=phases.until(share),
            report=better,
            heat=hot,
            floors=floors,
            firm_weight=weight,
        )
        better(found)
        search = improve
    return best

"""A plan part by part: programmes that share no suite or freezer are searched alone.

Parts share QC and QA where sites do: where these are full, what one part gains another may
lose, so parts are put together again and looked at as a whole. Within a part, firm lines
that a free search leaves late are seen to afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from capacity.board import Board
from capacity.construct import Wish
from capacity.firm import punctual
from capacity.instance import Instance
from capacity.pegging import FIRM_WEIGHT
from capacity.reinsert import improve
from capacity.requalify import requalified
from capacity.resume import wishes_of
from capacity.schedule import Schedule

FREE, AGAIN, MENDED, PATIENT = 0.3, 0.5, 0.5, 0.7
"""Shares of a search: after the first, or the second where the plan is dearer by then than it
was, firm lines that are late are seen to, if there are any; until the third that may make the
plan cheaper, until the fourth go on while some are late that need not be. What is left of it
goes to the best plan."""

ROUND = 0.03
"""Share for a plan in which others are late."""

TURNED, TURN = 4, 0.05
"""At most so many plans in which another site is qualified are searched, where there is
plenty of time, and the share for each."""

DEARER = 1.1
"""A plan in which none is late that need not be may cost so many times what it cost when
some were; else further ones are tried. [1]"""

WARM, AGAIN_HEAT = 0.3, 0.02
"""How hot a search begins from such plans, as what firm lines have displaced finds another
place only while it is warm; and from a plan put together from parts. As shares of the first
temperature."""

LAST = 0.6
"""The same for the last search, where nothing is late that need not be: hotter, as then nothing
is given up for firm lines and most of a plan may still change."""

FEW = 40
"""Campaigns of a plan up to which a search for stocks goes by rounds: it ends soon, and where
it ends is chance."""

ROUNDS = (*((n / 10, 1.0) for n in range(1, 7)), (0.8, WARM), (1.0, WARM))
"""(share of the search until a round ends, how hot it begins): the hot ones from the first
plan, the others from the best."""

NEVER = 1000
"""How often engineering and PPQ count that lack an intermediate, so that none is moved away
from them. In every search that costs punctual firm lines, which need the same suites. [1]"""

STRICT_WEIGHT = 100_000
"""What firm service counts where it has been seen to."""


@dataclass(frozen=True)
class Part:
    """Programmes that share suites or freezers, with one another only."""

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
    shared = list(users.values())
    freezing = {step.programme for step in instance.steps if step.frozen}
    if instance.freezers and freezing:  # any of them may fill a freezer
        shared.append(freezing)
    groups = [{programme} for programme in range(len(instance.programmes))]
    for programmes in shared:
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
        stocked={p: s for p, s in instance.stocked.items() if p in programmes},
    )
    size = sum(group.terms[group.reference].need for group in groups)
    for stocked in alone.stocked.values():
        size += -(-stocked.wanted // max(stocked.amounts.values(), default=1))
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

    def spend(self, moves: int) -> bool:
        """Count what isn't a search as so many moves: whether any are left."""
        self.before += moves
        return self.now < 1

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
    phases, best, ever, number = _Phases(done), start, start, 0

    def better(schedule: Schedule) -> None:
        nonlocal best, ever
        best = min(best, schedule, key=lambda plan: plan.rank)
        if schedule.rank < ever.rank:
            ever = schedule
            report(schedule)

    def search(
        plan: Schedule, share: float, heat: float, weight: int, rights: int = 1
    ) -> Schedule:
        nonlocal number
        number += 1
        found = improve(
            plan,
            seed=seed + 100 * number,
            done=phases.until(share),
            report=better,
            heat=heat,
            floors=floors,
            firm_weight=weight,
            right_weight=rights,
        )
        better(found)
        return found

    if heat >= 1 and not start.instance.groups and len(start.runs) <= FEW:
        for share, hot in ROUNDS:
            if phases.now < share:
                search(start if hot >= 1 else best, share, hot, FIRM_WEIGHT)
        return best
    firm = start.instance.strict and any(group.firm for group in start.instance.groups)
    free = search(start, FREE if firm else 1.0, heat, FIRM_WEIGHT)
    if firm and heat >= 1 and free.bill.regret > start.bill.regret:
        # A programme was given up as a whole, as its PPQ lacked intermediates when that was
        # tolerated no more: once more, so that it never lacks them.
        again = search(start, AGAIN, heat, FIRM_WEIGHT, NEVER)
        free = min(free, again, key=lambda plan: plan.bill.regret)
    best = free  # the start may have fewer firm lines late, at any price
    seen, tries = None, list[Schedule]()
    while firm and not _settled(best, free, floors):
        least = best.bill.firm_service <= sum(floors)
        if phases.now >= (MENDED if least else PATIENT):
            break
        if seen is not best and not least:
            seen, tries = best, punctual(best, floors, phases.spend)
        if not tries:
            break
        tries = [*tries[1:], tries[0]]
        search(tries[-1], phases.now + ROUND, WARM * heat, STRICT_WEIGHT)
    for other in requalified(best, phases.spend)[:TURNED] if heat >= 1 else ():
        search(other, phases.now + TURN, WARM, STRICT_WEIGHT)
    if phases.now < 1:
        least = best.bill.firm_service <= sum(floors)
        search(best, 1.0, (LAST if least else WARM) * heat, STRICT_WEIGHT)
    return ever


def _settled(plan: Schedule, free: Schedule, floors: Sequence[int]) -> bool:
    """Whether firm lines are as punctual as they can be, and that hasn't cost much."""
    least = plan.bill.firm_service <= sum(floors)
    return least and plan.bill.regret <= DEARER * free.bill.regret

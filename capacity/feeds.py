"""Lines: campaigns of a step with direct supply, laid together with all that feeds them.

A batch that is fed directly starts within the hold limit of the one that feeds it, so no
campaign of such a recipe makes sense alone. A line is laid batch by batch: in every step
a campaign goes on, or another begins, whichever begins fewest campaigns and then starts
soonest. So trains of different suites interleave where one can't keep pace, and where takts
drift apart beyond the hold, a line is made of shorter campaigns.

Lines that keep the hold each for itself also keep it together, whichever batch then takes
which: pairs in order of time never wait longer than any others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from capacity.board import Board, Campaign
from capacity.instance import Mode, StepData

WINDOWS = 2
"""Gaps of a suite that a campaign may begin in, of those that come next."""

SHARES = (0.0, 1.0)
"""Of the hold limit, what a campaign's first batch is held where that is free. Takts that
differ use up the limit from one end or from the other."""

Rows = dict[int, list[Campaign]]
"""Campaigns of some suites in order of start."""


@dataclass(frozen=True)
class Stage:
    """One step of a line."""

    step: StepData
    suites: tuple[int, ...]
    least: int
    """Fewest batches of a campaign."""
    single: bool
    """Whether all batches are in one campaign."""

    def whole(self, n: int) -> bool:
        """Whether a campaign may have so many batches."""
        return n >= self.least and n % self.step.multiple == 0


@dataclass(frozen=True)
class Line:
    """Campaigns that keep the hold limits among themselves."""

    stages: tuple[tuple[Campaign, ...], ...]
    """By step, the first of the recipe first."""

    @property
    def campaigns(self) -> list[Campaign]:
        """All of them."""
        return [campaign for stage in self.stages for campaign in stage]

    @property
    def batches(self) -> list[tuple[int, int]]:
        """(start, suite) of the batches of the last step, in order."""
        return sorted(
            (c.start + k * c.takt, c.suite) for c in self.stages[-1] for k in range(c.n)
        )


@dataclass(frozen=True)
class _Place:
    """Where the next batch of a step may start."""

    low: int
    high: int
    suite: int
    goes_on: Campaign | None
    """Campaign that it lengthens; None where it begins one."""


def stages_of(
    board: Board, step: StepData, site: int, least: int, single: bool
) -> Iterator[tuple[Stage, ...]]:
    """Which suites of a site may make a line: all of every step, or one feeding suite."""
    chain = [step]
    while chain[0].direct_hold is not None and chain[0].before is not None:
        chain.insert(0, board.instance.steps[chain[0].before])
    here = [[s for s, m in each.modes.items() if m.site == site] for each in chain]
    if not all(here):
        return
    choices = [here]
    for place, suites in enumerate(here[:-1]):
        if len(suites) > 1:
            alone = ([*here[:place], [s], *here[place + 1 :]] for s in suites)
            choices.extend(alone)
    for choice in choices:
        yield tuple(
            Stage(
                each,
                tuple(suites),
                least if each is step else each.least(each.role),
                single and each is step,
            )
            for each, suites in zip(chain, choice, strict=True)
        )


def lay(
    board: Board,
    stages: tuple[Stage, ...],
    rows: Rows,
    share: float,
    ppq: bool,
    tick: int,
    n: int,
) -> Line | None:
    """A line of n batches that starts its last step from a tick on, around what is there.

    A few batches more where campaigns may not end sooner, fewer where it can't go on.
    """
    drawn = _Drawing(board, stages, rows, share, ppq, tick)
    most = n + max(stage.step.sufficient + stage.least for stage in stages)
    found: Line | None = None
    for count in range(1, most + 1):
        if not drawn.extend():
            break
        if drawn.whole():
            found = drawn.line()
            if count >= n:
                break
    return found


class _Drawing:
    """A line while it is laid."""

    def __init__(
        self,
        board: Board,
        stages: tuple[Stage, ...],
        rows: Rows,
        share: float,
        ppq: bool,
        tick: int,
    ) -> None:
        self.board, self.stages, self.share, self.ppq = board, stages, share, ppq
        self.rows = {suite: list(row) for suite, row in rows.items()}
        self.made: list[list[Campaign]] = [[] for _ in stages]
        self.tick = tick

    def whole(self) -> bool:
        """Whether every campaign may end here."""
        return all(
            stage.whole(campaign.n)
            for stage, made in zip(self.stages, self.made, strict=True)
            for campaign in made
        )

    def line(self) -> Line:
        """What is laid, with the kinds that each campaign may make."""
        return Line(tuple(tuple(map(self._masked, made)) for made in self.made))

    def _masked(self, campaign: Campaign) -> Campaign:
        step = self.board.instance.steps[campaign.step]
        found = self.board.campaign(
            step, campaign.suite, campaign.start, campaign.n, campaign.ppq
        )
        assert found is not None
        return found

    def extend(self) -> bool:
        """One batch more in every step."""
        found: list[tuple[int, int, int, int, tuple[_Place, ...]]] = []
        for places in product(*self._places()):
            window = self._meeting(places)
            if window is not None:
                fresh = sum(place.goes_on is None for place in places)
                found.append((fresh, window[0], len(found), window[1], places))
        found.sort(key=lambda row: row[:3])
        return any(
            self._put(places, self._starts(places, first, last))
            for _, first, _, last, places in found
        )

    def _places(self) -> list[list[_Place]]:
        """Where the next batch of each step may start."""
        found: list[list[_Place]] = []
        floor = self.tick
        for at in reversed(range(len(self.stages))):
            stage = self.stages[at]
            found.insert(0, [p for s in stage.suites for p in self._in(at, s, floor)])
            if at:
                before = self.stages[at - 1]
                longest = max(before.step.modes[s].lead for s in before.suites)
                floor -= (stage.step.direct_hold or 0) + longest
        return found

    def _in(self, at: int, suite: int, floor: int) -> Iterator[_Place]:
        stage, row = self.stages[at], self.rows[suite]
        made = self.made[at]
        last = next((c for c in reversed(made) if c.suite == suite), None)
        if last is not None:
            following = last.start + last.n * last.takt
            if last.n < stage.step.largest:
                yield _Place(following, following, suite, last)
            if not stage.whole(last.n):
                return
            floor = max(floor, last.end)
        if stage.single and made:
            return
        mode, found = stage.step.modes[suite], 0
        for gap in range(len(row) + 1):
            before = row[gap - 1] if gap else None
            after = row[gap] if gap < len(row) else None
            if after is not None and after.start < floor:
                continue
            for low, high in self._windows(stage.step, mode, before, after, floor):
                yield _Place(low, high, suite, None)
                found += 1
            if found >= WINDOWS:
                return

    def _windows(
        self,
        step: StepData,
        mode: Mode,
        before: Campaign | None,
        after: Campaign | None,
        floor: int,
    ) -> Iterator[tuple[int, int]]:
        """Closed spans of starts between two campaigns, not yet held against closures."""
        board = self.board
        data = board.instance.suites[mode.suite]
        free = data.free_from if before is None else before.end
        end = board.instance.horizon_end if after is None else after.start
        if after is not None and (after.programme != step.programme or data.hold < 0):
            end -= data.changeover[step.index, after.step]
        for low, high in mode.starts:
            start = max(low, floor, free)
            needed = board.changeover(data, before, step.index, step.programme, start)
            if needed:
                shut = [last for _, last in data.closures if last <= start]
                clear = max([free, data.free_from, *shut[-1:]])
                start = max(start, clear + needed)
            if start <= min(high, end - mode.lead):
                yield start, min(high, end - mode.lead)

    def _meeting(self, places: tuple[_Place, ...]) -> tuple[int, int] | None:
        """First and last start of the last step at which every hold is kept."""
        low, high = places[0].low, places[0].high
        for at, place in enumerate(places[1:], 1):
            lead = self._lead(at - 1, places[at - 1])
            low = max(place.low, low + lead)
            high = min(place.high, high + lead + self._hold(at))
            if low > high:
                return None
        return low, high

    def _starts(self, places: tuple[_Place, ...], first: int, last: int) -> list[int]:
        """A start for every step, each batch held as the drawing wants it."""
        spans = [(places[0].low, places[0].high)]
        for at, place in enumerate(places[1:], 1):
            lead = self._lead(at - 1, places[at - 1])
            low, high = spans[-1]
            high = min(place.high, high + lead + self._hold(at))
            spans.append((max(place.low, low + lead), high))
        held = sum(self._hold(at) for at in range(1, len(places)))
        starts = [min(last, first + int(self.share * held))]
        for at in range(len(places) - 1, 0, -1):
            out_by = starts[0] - self._lead(at - 1, places[at - 1])
            low, high = spans[at - 1]
            low = max(low, out_by - self._hold(at))
            wanted = out_by - int(self.share * self._hold(at))
            starts.insert(0, min(max(wanted, low), high, out_by))
        return starts

    def _lead(self, at: int, place: _Place) -> int:
        return self.stages[at].step.modes[place.suite].lead

    def _hold(self, at: int) -> int:
        return self.stages[at].step.direct_hold or 0

    def _put(self, places: tuple[_Place, ...], starts: list[int]) -> bool:
        """Lengthen or begin a campaign in every step; False, nothing done, if one won't fit."""
        kept = [list(made) for made in self.made], dict(self.rows)
        for at, (place, start) in enumerate(zip(places, starts, strict=True)):
            if not self._lengthened(at, place, start):
                self.made, self.rows = kept
                return False
        self.tick = max(self.tick, starts[-1])
        return True

    def _lengthened(self, at: int, place: _Place, start: int) -> bool:
        step, old = self.stages[at].step, place.goes_on
        mode = step.modes[place.suite]
        first, n = (start, 1) if old is None else (old.start, old.n + 1)
        takt, ppq = mode.takt(first), self.ppq and step.after is None
        new = Campaign(step, mode, first, n, takt, ppq, 0)
        if not any(
            low <= first and first + (n - 1) * new.takt <= high
            for low, high in mode.starts
        ):
            return False
        row = [c for c in self.rows[place.suite] if c is not old]
        here = sum(c.start < first for c in row)
        if self.board.gap(row[here - 1] if here else None, new) < 0:
            return False
        if here < len(row) and self.board.gap(new, row[here]) < 0:
            return False
        self.rows[place.suite] = [*row[:here], new, *row[here:]]
        self.made[at] = [*(c for c in self.made[at] if c is not old), new]
        return True


def linked(board: Board, campaigns: Iterable[Campaign]) -> list[Campaign]:
    """Campaigns with all that feed them directly or are fed by them, and so on.

    Those that hang together with a locked campaign are left out: they can't go without it.
    """
    found: list[Campaign] = []
    for campaign in campaigns:
        if campaign in found:
            continue
        group = [campaign]
        if board.demands[campaign.programme].direct:
            ties = list(_ties(board, campaign.programme))
            for one in group:  # grows while it is gone through
                group += [
                    c
                    for c in _tied(ties, one)
                    if all(c is not other for other in group)
                ]
        if all(c.lock is None for c in group):
            found += group
    return found


def _tied(
    ties: list[tuple[Campaign, Campaign]], campaign: Campaign
) -> Iterator[Campaign]:
    others = {id(b): b for a, b in ties if a is campaign}
    others |= {id(a): a for a, b in ties if b is campaign}
    yield from others.values()


def _ties(board: Board, programme: int) -> Iterator[tuple[Campaign, Campaign]]:
    """(feeding campaign, fed campaign) of every pair of batches."""
    for step in board.demands[programme].direct:
        assert step.before is not None
        for site in range(len(board.instance.sites)):
            outs = sorted(
                (c.start + c.lead + k * c.takt, c.suite, number)
                for number, c in enumerate(board.steps[step.before])
                if c.site == site
                for k in range(c.n)
            )
            starts = sorted(
                (c.start + k * c.takt, c.suite, number)
                for number, c in enumerate(board.steps[step.index])
                if c.site == site
                for k in range(c.n)
            )
            for out, start in zip(outs, starts, strict=False):
                yield (
                    board.steps[step.before][out[2]],
                    board.steps[step.index][start[2]],
                )

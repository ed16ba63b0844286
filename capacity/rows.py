"""A suite's campaigns as a row: one of them changes, and those behind it move along.

Where suites are full, a batch more in one campaign means that everything behind it comes a
takt later, which no move of single campaigns finds. So what follows a change is laid anew,
as soon as it fits or no sooner than it lay; what then has no time before the horizon ends
gets fewer batches or is left out. What the end has cut off stands for a whole campaign, which
is cut off anew where it comes to lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from capacity.board import Board, Campaign
from capacity.construct import Change
from capacity.instance import StepData

PACKED, PACKED_WHERE_FREE = 0.5, 0.9
"""How often campaigns are laid as soon as they fit, be they later before; and where keeping
product costs nothing, so that idle time is of little use. [1]"""

MOVED = 16
"""Most campaigns of a row that are laid anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """A campaign wanted in a row."""

    step: StepData
    batches: int
    at: int
    """Where it lay, or what it stands for. [tick]"""
    old: Campaign | None = None
    """What it was, where nothing of it changes."""


Row = list[Place]
Edit = Callable[[Row, int], Row | None]


def allowed(step: StepData) -> range:
    """Batches that a campaign for a stock may have."""
    least = step.rounded(step.least("commercial"))
    return range(least, step.maximum + 1, step.multiple)


def _whole(step: StepData, batches: int) -> int:
    """Batches of a campaign that the horizon's end didn't cut off."""
    sizes = allowed(step)
    return min(step.rounded(max(batches, sizes[0])), sizes[-1])


class Rows:
    """Makes changes of rows."""

    def __init__(self, board: Board, rng: Random) -> None:
        self.board, self.rng = board, rng
        steps = board.instance.steps
        apart = {
            suite
            for step in steps
            for suite in step.modes
            if step.programme not in board.stocked
            or step.role != "product"
            or step.before is not None
            or not allowed(step)
        }
        self.users = {
            suite.index: [step for step in steps if suite.index in step.modes]
            for suite in board.instance.suites
            if suite.index not in apart
        }
        self.suites = [suite for suite, users in self.users.items() if users]
        """Those in which nothing is made but for stocks."""
        self.free = not any(row.storage_cost for row in board.stocked.values())
        """Whether keeping product costs nothing."""
        self.edits: list[tuple[Edit, float]] = [
            (self._insert, 18),
            (self._drop, 10),
            (self._resize, 27),
            (self._pass_on, 10),
            (self._merge, 5),
            (self._swap, 10),
            (self._move, 10),
            (self._other, 7),
            (self._split, 8),
            (self._turn, 8),
        ]

    def change(self) -> Change | None:
        """A change of a row, somewhere."""
        suite = self.rng.choice(self.suites)
        row, steps = self.board.suites[suite], self.board.instance.steps
        first = 1 + max(
            (n for n, c in enumerate(row) if c.lock is not None), default=-1
        )
        before = row[first - 1] if first else None
        edits, weights = zip(*self.edits, strict=True)
        (edit,) = self.rng.choices(edits, weights)
        wanted = edit(
            [
                Place(step, _whole(step, c.n), c.start, c)
                for c in row[first:]
                for step in [steps[c.step]]
            ],
            suite,
        )
        if wanted is None:
            return None
        return self._laid(suite, before, row[first:], _joined(wanted))

    def _laid(
        self, suite: int, before: Campaign | None, row: Sequence[Campaign], wanted: Row
    ) -> Change | None:
        """The row laid anew: what differs goes, what it becomes comes."""
        share = PACKED_WHERE_FREE if self.free else PACKED
        packed, changed = self.rng.random() < share, False
        into: list[Campaign] = []
        kept: set[int] = set()
        for place in wanted:
            old = place.old
            changed |= old is None
            if old is not None and not (changed and packed):
                fits = self.board.gap(before, old) >= 0
            else:
                fits = False
            found = old if fits else self._fitted(suite, before, place, packed)
            if found is None:
                break
            if old is not None and (found.start, found.n) == (old.start, old.n):
                found = old
                kept.add(id(old))
            else:
                into.append(found)
            if len(into) > MOVED:
                return None
            before = found
        out = [c for c in row if id(c) not in kept]
        return (out, into) if out or into else None

    def _fitted(
        self, suite: int, before: Campaign | None, place: Place, packed: bool
    ) -> Campaign | None:
        """A campaign as soon as it fits, with fewer batches where the horizon ends."""
        board, step, sizes = self.board, place.step, allowed(place.step)
        at = 0 if packed else place.at
        found = board.earliest(before, step, suite, place.batches, False, at)
        if found is not None:
            return found
        found = board.earliest(before, step, suite, sizes[0], False, at)
        if found is None:
            return self._cut_off(suite, before, place, at) if step.cut else None
        time = board.instance.horizon_end - found.end
        more = min(place.batches - sizes[0], time // found.takt)
        if not step.cut:
            more = more // step.multiple * step.multiple
        return board.earliest(before, step, suite, sizes[0] + more, False, at)

    def _cut_off(
        self, suite: int, before: Campaign | None, place: Place, at: int
    ) -> Campaign | None:
        """The few batches that have time before the horizon ends."""
        for n in reversed(range(1, allowed(place.step)[0])):
            found = self.board.earliest(before, place.step, suite, n, False, at)
            if found is not None:
                return found
        return None

    # ----------------------------------------------------------------- edits

    def _any(self, row: Row) -> int | None:
        """The number of some campaign."""
        return self.rng.randrange(len(row)) if row else None

    def _put(self, row: Row, step: StepData, batches: int) -> Row:
        """The row with a campaign more, somewhere."""
        at = self.rng.randint(0, len(row))
        tick = row[at].at if at < len(row) else 0
        return [*row[:at], Place(step, batches, tick), *row[at:]]

    def _insert(self, row: Row, suite: int) -> Row | None:
        """A campaign more, most often a short one."""
        step = self.rng.choice(self.users[suite])
        sizes = allowed(step)
        n = min(int(self.rng.expovariate(0.4)), len(sizes) - 1)
        return self._put(row, step, sizes[n])

    def _drop(self, row: Row, _: int) -> Row | None:
        """A campaign less."""
        at = self._any(row)
        return None if at is None else [*row[:at], *row[at + 1 :]]

    def _resize(self, row: Row, _: int) -> Row | None:
        """Some batches more or less."""
        at = self._any(row)
        if at is None:
            return None
        more = self._some(row[at].step) * self.rng.choice((-1, 1))
        return _sized(row, {at: row[at].batches + more})

    def _some(self, step: StepData) -> int:
        """A few batches that a campaign may have more."""
        return step.multiple * (1 + int(self.rng.expovariate(1)))

    def _pair(self, row: Row) -> tuple[int, int] | None:
        """Two campaigns of a step."""
        one = self._any(row)
        if one is None:
            return None
        others = [n for n, p in enumerate(row) if n != one and p.step is row[one].step]
        return (one, self.rng.choice(others)) if others else None

    def _pass_on(self, row: Row, _: int) -> Row | None:
        """Some batches go from one campaign to another of the step."""
        pair = self._pair(row)
        if pair is None:
            return None
        one, other = pair
        more = self._some(row[one].step)
        return _sized(
            row, {one: row[one].batches - more, other: row[other].batches + more}
        )

    def _merge(self, row: Row, _: int) -> Row | None:
        """All batches go from one campaign to another of the step."""
        pair = self._pair(row)
        if pair is None:
            return None
        one, other = pair
        found = _sized(row, {other: row[one].batches + row[other].batches})
        return None if found is None else [*found[:one], *found[one + 1 :]]

    def _swap(self, row: Row, _: int) -> Row | None:
        """Two campaigns change places."""
        if len(row) < 2:
            return None
        one, other = self.rng.sample(range(len(row)), 2)
        first, second = row[one], row[other]
        row[one] = Place(second.step, second.batches, first.at)
        row[other] = Place(first.step, first.batches, second.at)
        return row

    def _move(self, row: Row, _: int) -> Row | None:
        """A campaign goes to another place in the row."""
        at = self._any(row)
        if at is None:
            return None
        return self._put([*row[:at], *row[at + 1 :]], row[at].step, row[at].batches)

    def _other(self, row: Row, suite: int) -> Row | None:
        """A campaign makes another product."""
        at = self._any(row)
        if at is None:
            return None
        step = self.rng.choice(self.users[suite])
        n = row[at].batches // step.multiple * step.multiple
        place = Place(step, n, row[at].at)
        return [*row[:at], place, *row[at + 1 :]] if n in allowed(step) else None

    def _split(self, row: Row, _: int) -> Row | None:
        """Some batches of a campaign become one of their own elsewhere."""
        at = self._any(row)
        if at is None:
            return None
        n = self.rng.choice(allowed(row[at].step))
        rest = _sized(row, {at: row[at].batches - n})
        return None if rest is None else self._put(rest, row[at].step, n)

    def _turn(self, row: Row, suite: int) -> Row | None:
        """From some batch on, or up to one, a campaign makes another product as long."""
        at = self._any(row)
        if at is None:
            return None
        place, step = row[at], self.rng.choice(self.users[suite])
        kept = [n for n in allowed(place.step) if n < place.batches]
        if step is place.step or not kept:
            return None
        n = self.rng.choice(kept)
        one, other = (each.modes[suite].takt(place.at) for each in (place.step, step))
        batches = _whole(step, (place.batches - n) * one // other)
        parts = [Place(place.step, n, place.at), Place(step, batches, place.at)]
        if self.rng.random() < 0.5:
            parts.reverse()
        return [*row[:at], *parts, *row[at + 1 :]]


def _sized(row: Row, batches: dict[int, int]) -> Row | None:
    """The row with other numbers of batches; none where no campaign may have them."""
    if any(n not in allowed(row[at].step) for at, n in batches.items()):
        return None
    return [
        Place(place.step, batches[at], place.at) if at in batches else place
        for at, place in enumerate(row)
    ]


def _joined(row: Row) -> Row:
    """Neighbours of one step as one campaign, as far as that may be."""
    found: Row = []
    for place in row:
        before = found[-1] if found else None
        if before is not None and before.step is place.step:
            both = before.batches + place.batches
            if both in allowed(place.step):
                found[-1] = Place(place.step, both, before.at)
                continue
        found.append(place)
    return found

"""Intermediates that a programme lacks: how many, and until when they would have to be ready.

The first batch that is short isn't where one intermediate more is wanted: others shift to it
from later batches. So batches take intermediates in order of start, each the first that is
ready and licensed for its market, and what is missing then is what lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from capacity.board import Board, Campaign
from capacity.instance import FAR
from capacity.pegging import Demand


def lacking(
    board: Board,
    demand: Demand,
    gone: Sequence[Campaign] = (),
    new: Sequence[Campaign] = (),
    further: Iterable[tuple[int, int]] = (),
    group: int = -1,
    licensed: bool = True,
) -> list[tuple[int, int]]:
    """(start, place of a group or -1) of the batch, for every intermediate that lacks. [tick]

    Parameters
    ----------
    board
        With the campaigns as they are.
    demand
        Of a programme whose last step uses frozen intermediates.
    gone, new
        Campaigns that leave the board and come to it.
    further
        (start, place of a group or -1) of other batches that are to come. [tick]
    group
        Place of the group that new campaigns serve, -1 for none.
    licensed
        Whether an intermediate serves only markets for which its site has the right, as in a
        plan that stands; while one is built, sites are yet to be qualified.
    """
    supply = demand.last.frozen
    assert supply is not None
    assert demand.last.before is not None
    demand.rights.assume(board.pegs[demand.programme].state)
    rights = demand.rights.inputs[demand.last.before]
    users = sorted([*_users(board, demand, gone, new, group), *further])
    units = demand.units(demand.last, supply, len(users))
    ready = sorted(_ready(board, demand, gone, new))
    taken = bytearray(len(ready))
    found: list[tuple[int, int]] = []
    head = 0
    for number, (start, j) in enumerate(users):
        lacks, at = units[number + 1] - units[number], head
        while lacks and at < len(ready) and ready[at][0] <= start:
            if not taken[at] and (not licensed or rights[j][ready[at][1]] < FAR):
                taken[at] = 1
                lacks -= 1
            at += 1
        while head < len(ready) and taken[head]:
            head += 1
        found += [(start, j)] * lacks
    return found


def wait(demand: Demand) -> int:
    """From the out of an intermediate until a batch may take it. [tick]"""
    supply = demand.last.frozen
    assert supply is not None
    assert demand.last.before is not None
    step = demand.instance.steps[demand.last.before]
    return supply.freeze + (0 if supply.at_risk else step.lead_times["intermediate"])


def _users(
    board: Board,
    demand: Demand,
    gone: Sequence[Campaign],
    new: Sequence[Campaign],
    group: int,
) -> Iterable[tuple[int, int]]:
    """(start, place of a group or -1) of batches that take intermediates. [tick]"""
    pegged, out = board.pegs[demand.programme], {id(campaign) for campaign in gone}
    for item, j in [*zip(pegged.items, pegged.picks, strict=True), *pegged.ppq]:
        if item[1] >= board.instance.as_of and id(item[6]) not in out:
            yield item[1], j
    for c in new:
        if c.step == demand.last.index:
            for k in range(c.n):
                yield c.start + k * c.takt, group


def _ready(
    board: Board, demand: Demand, gone: Sequence[Campaign], new: Sequence[Campaign]
) -> Iterable[tuple[int, int]]:
    """(ready, site) of the intermediates, without those that engineering and PPQ use up."""
    before, out = demand.last.before, {id(campaign) for campaign in gone}
    assert before is not None
    tried = {(id(c), k) for c, k, _ in board.pegs[demand.programme].trials}
    for c in [*board.steps[before], *new]:
        if c.step == before and id(c) not in out:
            for unit in c.units:
                if (id(c), unit[8]) not in tried:
                    yield unit[2], unit[3]
    for unit in demand.given.stores.get(before, []):
        yield unit[2], unit[3]

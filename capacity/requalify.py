"""Plans near one in which a site more is qualified, or one fewer.

A site pays only for all that it takes over, and once batches hang on it, giving it up
costs all of them: a search that moves campaigns settles such things while it is hot, well or
badly. So each qualification that nobody ordered is turned round in the plan in hand, and one
that a client has ordered is taken where it isn't gone through: what hangs on it is taken out,
and what is lacking then is put back as in a first plan.
"""

from __future__ import annotations

from collections.abc import Callable

from capacity.board import Board, Campaign, Snapshot, board_of
from capacity.construct import fill, make_way, qualifying
from capacity.instance import ChainData
from capacity.schedule import Schedule

SPAN = 150
"""Batches due within so many days make a bundle. [day]"""

MOVES = 2
"""Moves of a search, per batch, that it takes as long as to make one. [1]"""


def requalified(
    schedule: Schedule, spend: Callable[[int], bool] = lambda _: True
) -> list[Schedule]:
    """Plans with one qualification turned round, the cheapest first.

    Of each there are two: its programme finds its places first, or takes what the others
    leave. A plan in which something lacks its intermediate, or firm service costs more, is
    left out: to make up for that a search would give up whatever is in its way.

    Parameters
    ----------
    schedule
        The plan in hand.
    spend
        Told how many moves of a search a plan takes as long as; False ends it.
    """
    board = board_of(schedule)
    moves = MOVES * sum(run.batches for run in schedule.runs)
    span = int(SPAN / board.instance.grid.tick)
    every = range(len(board.demands))
    found: list[tuple[int, Snapshot]] = []
    _, given, _ = board.rank
    for chain in _chains(board):
        own, others = [chain.programme], [p for p in every if p != chain.programme]
        for turns in ((own, others), (others, own)):
            mark = board.mark()
            if not spend(moves):
                break
            if _turn(board, chain):
                for programmes in (*turns, every):
                    fill(board, span, programmes)
                _, firm, rest = board.rank
                known = any(firm + rest == cost for cost, _ in found)
                if not board.breaks and firm <= given and not known:
                    found.append((firm + rest, board.snapshot()))
            board.revert(mark)
    found.sort(key=lambda row: row[0])
    return [snapshot.schedule() for _, snapshot in found]


def _chains(board: Board) -> list[ChainData]:
    """Qualifications that nobody ordered, and those ordered that aren't gone through.

    Without those that no campaign can serve: looking at them would only take moves.
    """
    return [
        chain
        for demand in board.chained
        if demand.groups and not demand.direct
        for chain in demand.chains
        if chain.permitted
        and (demand.qualifying.owns(chain) or board.qualified[0][chain.index] is None)
    ]


def _turn(board: Board, chain: ChainData) -> bool:
    """Give a qualification up with all that hangs on it, or have it: whether that fits."""
    made = [c for step in chain.steps for c in board.steps[step] if c.lock is None]
    there = [c for c in made if c.site == chain.site]
    if any(c.ppq for c in there):
        if board.swap(there, []) is None:
            return False
        if board.demands[chain.programme].qualifying.owns(chain):
            return True
    steps = board.instance.steps
    asked = [
        board.campaign(steps[w.step], w.suite, w.start, w.batches, w.ppq)
        for w in qualifying(board, chain)
    ]
    new = [campaign for campaign in asked if campaign is not None]
    change = make_way(board, [], new) if new else None
    if change is None or board.swap(*change) is None:
        return False
    after = [c for c in _loose(board, chain) if c.start > new[-1].end]
    return not after or board.swap(after, []) is not None


def _loose(board: Board, chain: ChainData) -> list[Campaign]:
    """Campaigns of a qualification's programme that serve no qualification."""
    demand = board.demands[chain.programme]
    owned = {id(c) for c in demand.qualifying.owned(board.pegs[chain.programme])}
    return [
        c
        for step in demand.steps
        for c in board.steps[step.index]
        if c.lock is None and not c.ppq and id(c) not in owned
    ]

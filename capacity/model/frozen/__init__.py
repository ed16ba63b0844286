"""Frozen intermediates: taken first-expired first by their users in order of start.

Each chain of intermediates is in order of expiry, so what a rank of users has taken of a
chain is a prefix of it: `gone[unit, k]` says that the first k users have taken the
unit.
"""

from __future__ import annotations

from ortools.sat.python.cp_model import BoolVarT

from capacity.instance import FrozenData, StepData
from capacity.model.frozen.journeys import Journeys
from capacity.model.frozen.rights import by_filings, no_later_than_sold, reached
from capacity.model.frozen.sources import Source
from capacity.model.frozen.taking import Taking
from capacity.model.slots import Slot, Variables

__all__ = ["take_frozen"]


def take_frozen(v: Variables, step: StepData, supply: FrozenData) -> None:
    """State the use of intermediates by one step."""
    taking = Taking(v, step, supply)
    journeys = Journeys(taking)
    taking.rank_users()
    taking.take_in_order()
    journeys.name_leaves()
    journeys.ship()
    for user in taking.users:
        for rank in taking.ranks_of(user):
            _use(taking, journeys, user, rank)
        by_filings(taking, user)
    taking.first_expired_first()
    for number in journeys.leaves:
        journeys.lie(number)
    for number, source in enumerate(taking.sources):
        v.taken[source.name] = taking.gone[number, len(taking.users)]


def _use(taking: Taking, journeys: Journeys, user: Slot, rank: int) -> None:
    """What a user uses is ready, alive, licensed and on its site."""
    here = taking.ranks[user.number, rank]
    at = taking.taking_rank(rank)
    for number, source in enumerate(taking.sources):
        if taking.gone[number, at] is taking.v.zero:
            continue
        if taking.gone[number, at - 1] is taking.v.one:
            continue
        uses = [*taking.uses(number, rank), here]
        if number in journeys.leaves:
            leaves = journeys.leaves[number] >= user.start
            taking.v.model.add(leaves).only_enforce_if(uses)
        _ready(taking, journeys, user, source, number, uses)
        if source.expiry_span[0] - user.high < taking.supply.min_life:
            alive = source.expiry - user.start >= taking.supply.min_life
            taking.v.model.add(alive).only_enforce_if(uses)
        barred = taking.barred_by(user, source)
        if barred:
            taking.v.model.add(sum(barred) == 0).only_enforce_if(uses)
        no_later_than_sold(taking, user, source, uses)
    reached(taking, user, rank, here)


def _ready(
    taking: Taking,
    journeys: Journeys,
    user: Slot,
    source: Source,
    number: int,
    uses: list[BoolVarT],
) -> None:
    """A unit is ready on its own site and stays there, or is shipped in time."""
    model = taking.v.model
    if source.site == user.site:
        if source.ready_span[1] > user.low:
            model.add(source.ready <= user.start).only_enforce_if(uses)
        for literals in journeys.shipped[number].values():
            model.add(sum(literals) == 0).only_enforce_if(uses)
        return
    cargo = journeys.shipped[number].get(user.site)
    if not cargo:
        model.add_bool_or([~literal for literal in uses])
        return
    model.add(sum(cargo) == 1).only_enforce_if(uses)
    model.add(journeys.arrivals[number] <= user.start).only_enforce_if(uses)

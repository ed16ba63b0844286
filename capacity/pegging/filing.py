"""Which filings a programme makes, and what its qualifications cost with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from capacity.instance import ChainData
from capacity.pegging.handed import Filed, Pegged

if TYPE_CHECKING:
    from capacity.board import Campaign
    from capacity.pegging import Demand


def made_filings(demand: Demand, found: Pegged) -> set[int]:
    """Filings that are free or of use: to a batch, or as a site's first."""
    granted, filings = demand.rights.granted, demand.instance.filings
    made = {f for f, filed in granted.items() if filed is not None}
    doubtful = {f for f in made if filings[f].cost and not cast("Filed", granted[f])[1]}
    if doubtful:  # only for these is it worth going through every batch
        made -= doubtful.difference(_used_filings(demand, found))
    for filing in sorted(made):
        after = filings[filing].after
        while after is not None:
            made.add(after)
            after = filings[after].after
    return made


def _used_filings(demand: Demand, found: Pegged) -> Iterator[int | None]:
    """Filings that what is sold has its rights from, its input included."""
    last, sites = demand.last.index, demand.terms.sites
    for item, j in found.pairs():
        if j >= 0:
            yield demand.groups[j].filings.get((last, sites[item[2]]))
    if demand.to_stock is not None:
        stocked = demand.to_stock.stocked
        last_end = stocked.periods[-1].end
        for suite, lot in demand.to_stock.made_lots(found):
            if lot.enters <= last_end:
                yield from stocked.filings[suite]
    if found.drawn is None:
        return
    users = zip(found.drawn.users, found.drawn.used, strict=True)
    for (_, _, j, _), used in users:
        filings = demand.groups[j].filings if j >= 0 else {}
        for unit in used if filings else ():
            yield filings.get((found.drawn.before.index, unit[3]))


def chain_cost(
    demand: Demand, steps: list[list[Campaign]], found: Pegged, chain: ChainData
) -> int:
    """What a qualification's transfer and filings cost. [money]"""
    cost = sum(
        demand.instance.filings[f].cost for f in chain.filings if f in found.filed
    )
    begun = demand.qualifying.starts_at(steps, chain) is not None
    if chain.transfer is not None and begun:
        cost += chain.transfer_cost
    return cost

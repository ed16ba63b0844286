"""What batches add to the stock of a programme that is made to it, and what it still lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from capacity.instance import Stocked
from capacity.pegging.given import Given
from capacity.pegging.handed import KIND_BITS, Item, Pegged
from capacity.pegging.rights import Rights
from capacity.stocks import NEVER, Lot

if TYPE_CHECKING:
    from capacity.board import Campaign


class ToStock:
    """A programme's stock, as its batches fill it."""

    def __init__(self, stocked: Stocked, rights: Rights, given: Given) -> None:
        self.stocked = stocked
        self.rights = rights
        self.given = given
        self.instance = rights.instance
        self.last = rights.last
        self.lead = self.last.lead_times["commercial"]
        """From the out of a batch to its release. [tick]"""
        suites = list(self.last.modes) or list(stocked.amounts)
        self.batch_parts = stocked.amounts[suites[0]]
        """What a batch of the preferred suite adds to the stock, in parts of a unit."""
        self.worth = int(self.batch_parts * stocked.sought)
        """What such a batch is worth, about. [money]"""

    def lots(self, pegged: Pegged, row: list[Campaign]) -> list[Lot]:
        """What enters the stock, from a row of campaigns and from what is on hand."""
        if self.rights.chains:
            found = [lot for _, lot in self.made_lots(pegged)]
        else:
            found = [lot for c in row for lot in c.lots]
        stocked, commercial = self.stocked, KIND_BITS["commercial"]
        for expiry, _, suite, bit in self.given.stock:
            right = stocked.given_rights[suite]
            if bit == commercial and right is not None:
                enters = max(right, self.instance.as_of)
                found.append(Lot(enters, expiry, stocked.released_amounts[suite]))
        for out, _, suite, bit, _, _, _, _ in self.given.waiting:
            right = stocked.given_rights[suite]
            if bit == commercial and right is not None:
                end = NEVER if stocked.life is None else out + stocked.life + 1
                found.append(
                    Lot(max(out + self.lead, right), end, stocked.amounts[suite])
                )
        return found

    def made_lots(self, found: Pegged) -> Iterator[tuple[int, Lot]]:
        """What batches that serve no qualification add to the stock, with their suites."""
        rights = {suite: self._right_of_entry(suite) for suite in self.stocked.rights}
        for item, j in found.pairs():
            if j < 0 and item[6] is not None:
                suite = item[2]
                yield from ((suite, x) for x in self._lot(item, rights[suite]))

    def _right_of_entry(self, suite: int) -> int | None:
        """When a suite's batches may ship to every market, by rights as they stand. [tick]"""
        right = self.stocked.rights[suite]
        for filing in self.stocked.filings[suite]:
            filed = self.rights.granted.get(filing)
            if right is None or filed is None:
                return None
            right = max(right, filed[0])
        return right

    def lots_of(self, campaign: Campaign) -> Iterator[Lot]:
        """What a campaign adds to the stock."""
        for item in campaign.items:
            yield from self._lot(item, self.stocked.rights[campaign.suite])

    def _lot(self, item: Item, right: int | None) -> Iterator[Lot]:
        """What a batch adds to the stock, if it may ship to every market."""
        ready, _, suite, mask, out, _, _, _ = item
        stocked = self.stocked
        if right is not None and mask & KIND_BITS["commercial"]:
            end = NEVER if stocked.life is None else out + stocked.life + 1
            enters = max(ready + self.lead, right)
            yield Lot(enters, end, stocked.amounts[suite])

    def short(self, found: Pegged) -> list[int]:
        """Latest outs of the batches that a stock lacks for its demand and targets. [tick]

        A batch more makes up for what waits from then on; what is lost, or a target that is
        dearer than storing for it, asks for one of its own.
        """
        stocked, size = self.stocked, self.batch_parts
        aims = stocked.target_cost > stocked.storage_cost
        lead, outs, gone, most = self.lead, list[int](), 0, 0
        assert found.flow is not None
        rows = zip(
            stocked.periods,
            found.flow.lost,
            found.flow.backlog,
            found.flow.deficit,
            strict=True,
        )
        for period, lost, waits, deficit in rows:
            gone += lost
            most = max(most, gone + waits + (deficit if aims else 0))
            more = -(-most // size) - len(outs)
            outs += [period.end - lead] * more
        return outs

    def rates(self) -> tuple[int, int]:
        """What a batch for a stock costs that is a tick early or late, about. [money]"""
        stocked, size = self.stocked, self.batch_parts
        ticks = 1
        if not stocked.daily:
            span = stocked.periods[-1].end - stocked.start
            ticks = max(1, span // len(stocked.periods))
        late = stocked.shortage_cost + stocked.price / len(stocked.periods)
        return int(stocked.storage_cost * size / ticks), int(late * size / ticks) + 1

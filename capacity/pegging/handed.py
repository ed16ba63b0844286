"""What handing out gives: which batch serves which group, and the words for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from capacity.stocks import Flow

if TYPE_CHECKING:
    from capacity.board import Campaign
    from capacity.pegging.genealogy import Genealogy

KIND_BITS = {"engineering": 1, "ppq": 2, "clinical": 4, "commercial": 8}
AS_INPUT = 16
"""Kind of an intermediate's campaign that is large enough to be used."""

Item = tuple[int, int, int, int, int, bool, object, int]
"""A batch of the last step: (out and waited for, start, suite, kinds that it may be, out,
planned, campaign or None, number in it or index on hand)."""
Unit = tuple[int, str, int, int, int, int, bool, object, int]
"""A batch that others use: (expiry, suite id, ready, site, suite, start, planned,
campaign or None, number in it or index on hand)."""
Note = tuple[int, int, int, list[Unit], bytearray, int, int, int]
"""How handing out intermediates stood: (users served, units looked at, first unit left, last
taken, which are gone, lengths of `lacking`, `later` and `shipped`). Without all units, those
looked at are FAR: any further unit would change it."""
Price = tuple[int, int, int, int, int]
"""(regret without changeovers, firm service in it, rules broken, batches that lack their
intermediate, what those count)"""
Cost = tuple[int, int, int]
"""(regret, firm service in it, rules broken)"""
Money = tuple[int, int, int, int, int]
"""(charge, penalty, cap, holding, unserved), each as in `Terms`."""


Filed = tuple[int, bool]
"""What a filing gives: (right to ship [tick], if it brings the inspection of its site)."""

State = tuple[Filed | bool | None, ...]
"""What each filing of a programme's qualifications gives, then by qualification whether
its engineering is wanted."""

Trial = tuple["Campaign", int, int]
"""An intermediate for a qualification: (campaign, number in it, group)."""

Stay = tuple[int, int, int]
"""(site, from, until) of an intermediate in a freezer. [tick]"""

SPACING = 8
"""Batches from one noted state of the pegging to the next."""


class Pegged:
    """How a programme's batches serve its groups, with what takes to go on from there."""

    __slots__ = (
        "bads", "changed", "costs", "drawn", "end", "filed", "firms", "flow", "items",
        "left", "lefts", "picks", "places", "ppq", "price", "sizes", "state", "stays",
        "trials",
    )  # fmt: skip

    def __init__(self) -> None:
        self.items: list[Item] = []
        """In the order in which they are handed out, PPQ campaigns apart."""
        self.picks: list[int] = []
        """Place of the group that each serves, -1 for none."""
        self.costs: list[int] = []
        self.firms: list[int] = []
        self.bads: list[int] = []
        self.places: list[int] = []
        """Before these items,"""
        self.lefts: list[list[int]] = []
        """this was what the groups still needed; after that, where batches differ in size,
        the size at which each is made."""
        self.end: list[int] = []
        """The same after all items."""
        self.left: list[int] = []
        """What they need after PPQ campaigns too."""
        self.sizes: list[int] = []
        """Size at which each group is made, -1 before its first batch."""
        self.ppq: list[tuple[Item, int]] = []
        """Batches of PPQ campaigns and the groups that they serve."""
        self.changed = 0
        self.price: Price = (0, 0, 0, 0, 0)
        self.state: State = ()
        """Rights by qualification that it was made for."""
        self.flow: Flow | None = None
        """Periods of a programme made to stock."""
        self.stays: list[Stay] = []
        """Intermediates in freezers that are limited."""
        self.drawn: Genealogy | None = None
        """Which intermediates the batches take."""
        self.trials: list[Trial] = []
        """Intermediates that serve qualifications of their own."""
        self.filed: set[int] = set()
        """Filings that it makes."""

    def copy(self, base: Pegged) -> None:
        """Take over what goes as before."""
        self.items, self.picks = base.items, base.picks
        self.costs, self.firms, self.bads = base.costs, base.firms, base.bads
        self.places, self.lefts = base.places, base.lefts

    def pairs(self) -> Iterator[tuple[Item, int]]:
        """Every batch with the place of the group that it serves, -1 for none."""
        yield from zip(self.items, self.picks, strict=True)
        yield from self.ppq

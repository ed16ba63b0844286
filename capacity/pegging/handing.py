"""Batches are handed to groups: stock first, what is made in the order of out, PPQ by campaign.

After a change only what lies behind it is handed out anew, from the last state noted before
it until the state is again what it was.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from capacity.pegging.given import Given
from capacity.pegging.handed import KIND_BITS, SPACING, Item, Pegged
from capacity.pegging.rights import Rights
from capacity.pegging.terms import GroupTerms

if TYPE_CHECKING:
    from capacity.board import Campaign


class Handing:
    """Hands a programme's batches to its groups."""

    def __init__(self, terms: GroupTerms, rights: Rights, given: Given) -> None:
        self.terms = terms
        self.rights = rights
        self._waiting = given.waiting
        self.last = terms.last
        ppq = any(item[3] == KIND_BITS["ppq"] for item in given.waiting)
        self._handed = [j for j, bit in enumerate(terms.bits) if bit != 2 or ppq]
        """Groups that batches are handed to: PPQ is made in campaigns apart."""
        self.first_sizes = [-1 if terms.several else at for at in terms.reference]
        self.first_left = [
            need[at] for need, at in zip(terms.need, terms.reference, strict=True)
        ]
        """What the groups need when the opening stock is handed out."""
        self.shelf = self._hand_stock(given)
        """(index on hand, place of the group) of opening stock."""

    def _hand_stock(self, given: Given) -> list[tuple[int, int]]:
        """Opening stock goes to the groups that need it first."""
        found, terms = [], self.terms
        for expiry, index, suite, bit in given.stock:
            size = terms.size[suite]
            for j in range(len(terms.groups)):
                if not terms.bits[j] & bit or terms.due[j] >= expiry:
                    continue
                if terms.instance.as_of - terms.leads[j] > self.rights.until[suite][j]:
                    continue
                if self._take(j, size, self.first_left, self.first_sizes):
                    found.append((index, j))
                    break
        return found

    def _take(self, j: int, size: int, left: list[int], sizes: list[int]) -> bool:
        """Serve a group with a batch of a size; the first batch decides on the size."""
        if sizes[j] < 0:
            if self.terms.need[j][size] <= 0:
                return False
            sizes[j], left[j] = size, self.terms.need[j][size]
        elif sizes[j] != size:
            return False
        if left[j] <= 0:
            return False
        left[j] -= 1
        return True

    def hand_out(self, found: Pegged, row: list[Campaign]) -> None:
        """Hand out everything anew."""
        found.items = [item for c in row if not c.ppq for item in c.items]
        found.items += self._waiting
        found.items.sort()
        found.left = list(self.first_left)
        found.sizes = list(self.first_sizes)
        self._go(found, 0)

    def hand_out_again(
        self,
        found: Pegged,
        base: Pegged,
        gone: Sequence[Campaign],
        into: Sequence[Campaign],
    ) -> None:
        """Hand out as in a base, but for campaigns that are gone and come."""
        step = self.last.index
        fresh = [i for c in into if c.step == step and not c.ppq for i in c.items]
        stale = [i for c in gone if c.step == step and not c.ppq for i in c.items]
        old = base.items
        if not fresh and not stale:
            found.copy(base)
            self._restore(found, base.end)
            return
        # What changes lies between the first and the last of these batches.
        ends = [min(stale)[:3], max(stale)[:3]] if stale else []
        ends += [min(fresh)[:3], max(fresh)[:3]] if fresh else []
        low, high = bisect_left(old, min(ends)), bisect_left(old, max(ends))
        if stale and high < len(old) and old[high][:3] == max(ends):
            high += 1
        out = {id(campaign) for campaign in gone}
        middle = [item for item in old[low:high] if id(item[6]) not in out] + fresh
        middle.sort()
        found.items = old[:low] + middle + old[high:]
        found.changed = low + len(middle)
        self._retrace(found, base, low)
        self._go(found, low, base)

    def _go(self, found: Pegged, place: int, base: Pegged | None = None) -> None:
        """Go through the items from a place on, until the base goes on the same way."""
        items, left, sizes = found.items, found.left, found.sizes
        picks, costs, firms, bads = found.picks, found.costs, found.firms, found.bads
        terms, untils, right = self.terms, self.rights.until, self.rights.right
        bits, several, need = terms.bits, terms.several, terms.need
        # Groups that may still get a batch. A full one never does again, so that it is
        # looked at no more: plans have hundreds of batches and most groups are full soon.
        open_ = [j for j in self._handed if left[j] > 0 or sizes[j] < 0]
        total, shift, at = len(items), 0, 0
        # From `end` on the items are those of the base; `meet` is the next of them before
        # which the base noted how it stood.
        end = meet = total
        if base is not None:
            shift, end = total - len(base.items), found.changed
            at = bisect_left(base.places, end - shift)
            if at < len(base.places):
                meet = base.places[at] + shift
        note = found.places[-1] + SPACING if found.places else place
        for number in range(place, total):
            if number == meet and base is not None:
                if base.lefts[at] == (left + sizes if several else left):
                    self._go_on(found, base, at, shift)
                    return
                at += 1
                meet = base.places[at] + shift if at < len(base.places) else total
            if number >= note:
                found.places.append(number)
                found.lefts.append(left + sizes if several else left[:])
                note = number + SPACING
            item = items[number]
            ready, _, suite, mask, _, _, _, _ = item
            until = untils[suite]
            pick = -1
            for j in open_:
                if mask & bits[j] and ready <= until[j]:
                    if several:
                        size = terms.size[suite]
                        if sizes[j] < 0 and need[j][size] > 0:
                            sizes[j], left[j] = size, need[j][size]
                        elif sizes[j] != size:
                            continue
                    left[j] -= 1
                    pick = j
                    if not left[j]:
                        open_.remove(j)
                    break
            picks.append(pick)
            if (
                number >= end
                and base is not None
                and base.picks[number - shift] == pick
            ):
                # The same batch for the same group costs the same: most of those behind a
                # campaign that got a batch more stay with their group.
                old = number - shift
                costs.append(base.costs[old])
                firms.append(base.firms[old])
                bads.append(base.bads[old])
            else:
                cost, service, breaks = terms.cost(item, pick, sizes, right)
                costs.append(cost)
                firms.append(service)
                bads.append(breaks)

    def _retrace(self, found: Pegged, base: Pegged, low: int) -> None:
        """Go as the base went up to a place: from the state noted before it, by its picks."""
        found.picks = base.picks[:low]
        found.costs = base.costs[:low]
        found.firms = base.firms[:low]
        found.bads = base.bads[:low]
        at = bisect_right(base.places, low)
        found.places, found.lefts = base.places[:at], base.lefts[:at]
        if not at:
            found.left, found.sizes = list(self.first_left), list(self.first_sizes)
        else:
            self._restore(found, base.lefts[at - 1])
        left, sizes = found.left, found.sizes
        for number in range(base.places[at - 1] if at else 0, low):
            j = base.picks[number]
            if j >= 0:
                if sizes[j] < 0:
                    size = self.terms.size[base.items[number][2]]
                    sizes[j], left[j] = size, self.terms.need[j][size]
                left[j] -= 1

    def _go_on(self, found: Pegged, base: Pegged, at: int, shift: int) -> None:
        """The rest goes as it went before."""
        start = base.places[at]
        found.picks += base.picks[start:]
        found.costs += base.costs[start:]
        found.firms += base.firms[start:]
        found.bads += base.bads[start:]
        found.places += [place + shift for place in base.places[at:]]
        found.lefts += base.lefts[at:]
        self._restore(found, base.end)

    def _restore(self, found: Pegged, noted: list[int]) -> None:
        """Go back to what groups needed, and their sizes, when it was noted."""
        count = len(self.terms.groups)
        found.left = noted[:count]
        found.sizes = noted[count:] if self.terms.several else self.first_sizes

    def hand_out_ppq(self, found: Pegged, row: list[Campaign]) -> None:
        """Each validation group takes its batches from one campaign."""
        found.end = found.left + found.sizes if self.terms.several else found.left[:]
        runs = [c for c in row if c.ppq]
        if not runs:
            return
        wanted = [
            (j, found.left[j])
            for j, bit in enumerate(self.terms.bits)
            if bit == 2 and found.left[j] > 0
        ]
        allotted, spare = self.allotted(runs, wanted, self.rights.until)
        for j, items, need, run in allotted:
            found.ppq += [(item, j) for item in items]
            if self.terms.several and items:
                found.sizes[j], found.left[j] = self.terms.size[run.suite], need
            found.left[j] -= len(items)
        found.ppq += [(item, -1) for item in spare]

    def allotted(
        self,
        runs: list[Campaign],
        wanted: list[tuple[int, int]],
        until: list[list[int]],
    ) -> tuple[list[tuple[int, list[Item], int, Campaign]], list[Item]]:
        """PPQ batches by the group that takes them, and what is left over.

        A group takes its batches from one campaign, which may be shared: that with most
        for it. What a group leaves over may still serve the next.
        """
        runs = sorted(runs, key=lambda c: c.start)
        spare = [list(run.items) for run in runs]
        found = []
        for j, need in wanted:
            needs = [
                self.terms.needed(j, c.suite) if self.terms.several else need
                for c in runs
            ]
            fits = [
                [item for item in items if item[0] <= until[item[2]][j]][:count]
                for items, count in zip(spare, needs, strict=True)
            ]
            best = max(range(len(runs)), key=lambda at: len(fits[at]))
            found.append((j, fits[best], needs[best], runs[best]))
            spare[best] = [item for item in spare[best] if item not in fits[best]]
        return found, [item for items in spare for item in items]

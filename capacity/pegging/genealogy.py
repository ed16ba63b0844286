"""Which intermediates go into which batch, and what moving and keeping them takes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING

from capacity.instance import FAR
from capacity.pegging.handed import SPACING, Item, Note, Pegged, Stay, Unit
from capacity.schedule import ON_HAND, Freight
from capacity.schedule.freights import Shipped, freight_of, loaded

if TYPE_CHECKING:
    from capacity.board import Campaign
    from capacity.pegging import Demand


class Genealogy:
    """Which intermediates go into which batch, by the rule of the first to expire.

    Only the last step of a recipe may use frozen ones.
    """

    def __init__(
        self,
        demand: Demand,
        steps: list[list[Campaign]],
        found: Pegged,
        base: Genealogy | None,
    ) -> None:
        step = demand.last
        assert step.before is not None
        assert step.frozen is not None
        self.demand = demand
        self.instance = demand.instance
        self.supply = step.frozen
        self.before = self.instance.steps[step.before]
        self.rights = demand.rights.inputs[step.before]
        self.made = steps[step.before]
        self.stays: list[Stay] = []
        """Intermediates in freezers that are limited."""
        self.lacking: list[int] = []
        """Places of the groups of batches that lack their intermediate."""
        self.later: list[tuple[Item, int, int]] = []
        """Batches whose intermediates have a later right than they have, and that. [tick]"""
        self.shipped: list[tuple[int, int, Shipped]] = []
        """(from site, to site, unit) of what is to be shipped."""
        as_of = self.instance.as_of
        users = [
            (item[1], item[2], j, item)
            for item, j in zip(found.items, found.picks, strict=True)
            if item[1] >= as_of
        ]
        users += [(i[1], i[2], j, i) for i, j in found.ppq if i[1] >= as_of]
        users.sort()
        self.users = users
        """(start, suite, group, batch) of those that take intermediates."""
        self.trials = found.trials
        self.pool = [unit for c in self.made for unit in c.units]
        if self.trials:
            tried = {(id(campaign), number) for campaign, number, _ in self.trials}
            self.pool = [x for x in self.pool if (id(x[7]), x[8]) not in tried]
        self.pool += demand.given.stores.get(step.before, [])
        self.pool.sort()
        self.gone = bytearray(len(self.pool))
        self.used: list[list[Unit]] = []
        """What each user uses."""
        self.notes: list[Note] = []
        """How it stood before some of the users, to go on from there another time."""
        self._draw(None if base is None else self._retrace(base))
        self.cost = self._units_cost() + self._shipping_cost()

    def _retrace(self, base: Genealogy) -> Note | None:
        """Go as the base went, up to the last state noted before anything differs."""
        users, pool, last = self.users, self.pool, None
        done = seen = 0
        for note in base.notes:
            number, reach = note[0], note[1]
            if users[done:number] != base.users[done:number]:
                break
            if pool[seen:reach] != base.pool[seen:reach]:
                break
            done, seen, last = number, reach, note
            self.notes.append(note)
        if last is not None:
            number, reach, _, _, gone, lacking, later, shipped = last
            self.gone[:reach] = gone[:reach]
            self.used = base.used[:number]
            self.lacking = base.lacking[:lacking]
            self.later = base.later[:later]
            self.shipped = base.shipped[:shipped]
        return last

    def _draw(self, note: Note | None) -> None:
        """Hand units to the batches, from a noted state on."""
        demand, pool, gone = self.demand, self.pool, self.gone
        sites, leads = demand.terms.sites, demand.terms.leads
        own, alive = demand.rights.right, self.supply.min_life
        units = demand.units(demand.last, self.supply, len(self.users))
        last: list[Unit] = []
        begin = reach = head = 0
        size = len(pool)
        if note is not None:
            begin, reach, head, last, _, _, _, _ = note
        due = begin + SPACING
        for number in range(begin, len(self.users)):
            if number == due:
                counts = len(self.lacking), len(self.later), len(self.shipped)
                self.notes.append((number, reach, head, last, gone[:], *counts))
                due += SPACING
            start, suite, j, item = self.users[number]
            site, rights = sites[suite], self.rights[j]
            count = lacks = units[number + 1] - units[number]
            got: list[Unit] = []
            here = fit = True
            place = head
            while lacks and place < size:
                unit = pool[place]
                if not gone[place] and rights[unit[3]] < FAR:
                    gone[place] = 1
                    got.append(unit)
                    lacks -= 1
                    here = here and unit[3] == site
                    fit = fit and unit[2] <= start and unit[0] - start >= alive
                place += 1
            while head < size and gone[head]:
                head += 1
            if lacks:
                reach = FAR  # it would have taken any further unit
            elif place > reach:
                reach = place
            used = got or last
            self.used.append(used)
            last = got[-1:] or last
            if lacks or not used:
                self.lacking.append(j)
            elif not here or not count:
                if self._unfit(used, start, site, j, not count):
                    self.lacking.append(j)
            elif not fit:
                self.lacking.append(j)
            if j >= 0:
                right = own[j][suite] + leads[j]
                for unit in used:
                    if rights[unit[3]] > right:
                        right = max(rights[other[3]] for other in used)
                        self.later.append((item, j, right))
                        break

    def _shipping_cost(self) -> int:
        """What lanes cost, with duties and losses; notes where frozen units lie. [money]"""
        cost, freezers = 0, self.instance.freezers
        sent: dict[tuple[int, int], Freight] = {}
        freight: dict[tuple[int, int], list[Shipped]] = {}
        for origin, to, row in self.shipped:
            freight.setdefault((origin, to), []).append(row)
        for (origin, to), needs in freight.items():
            lane = self.instance.lane(origin, to)
            assert lane is not None
            loads = loaded(needs, lane)
            cost += lane.cost * len(loads)
            for load in loads if freezers else ():
                shipment = freight_of(lane, load)
                sent |= dict.fromkeys(shipment.units, shipment)
            for _, _, (suite, number) in needs:
                at = self.instance.on_hand[number].suite if suite == ON_HAND else suite
                cost += lane.dues[self.before.index, at]
        if freezers:
            self._lay(sent)
        return cost

    def _lay(self, sent: dict[tuple[int, int], Freight]) -> None:
        """Note where intermediates lie from their out to their last use."""
        instance = self.instance
        last: dict[tuple[int, int], int] = {}
        for (start, *_), used in zip(self.users, self.used, strict=True):
            for unit in used:
                last[_key(unit)] = start  # users are in order of start
        for unit in self.pool:
            expiry, _, _, site, _, made, _, _, number = unit
            out: int | None = expiry - self.supply.shelf_life
            if made < -(FAR // 2):
                out = instance.on_hand[number].out
            begin = max(instance.as_of, out if out is not None else instance.as_of)
            end = last.get(_key(unit), min(expiry, instance.horizon_end))
            row = sent.get(_key(unit))
            if row is None:
                stays = [(site, begin, end)]
            else:
                arrive = row.depart + row.lane.days
                stays = [(site, begin, row.depart), (row.lane.to, arrive, end)]
            self.stays += [
                x for x in stays if x[1] < x[2] and x[0] in instance.freezers
            ]

    def _unfit(
        self, used: list[Unit], start: int, site: int, j: int, shared: bool
    ) -> bool:
        """Whether a unit isn't there, ready, alive or licensed; notes what is to be shipped."""
        for unit in used:
            expiry, _, ready, at, _, _, _, _, _ = unit
            arrives = ready
            if at != site:
                lane = self.instance.lane(at, site)
                if lane is None:
                    return True
                departs = max(ready, self.instance.as_of)
                arrives = departs + lane.days + lane.receipt
                if not shared:
                    self.shipped.append((at, site, (start, departs, _key(unit))))
                elif (at, site) not in self._journeys(unit):
                    return True
            if arrives > start or expiry - start < self.supply.min_life:
                return True
            if at == site and shared and self._journeys(unit):
                return True
        # What is taken anew was chosen for its licence.
        return shared and any(self.rights[j][unit[3]] >= FAR for unit in used)

    def _journeys(self, unit: Unit) -> list[tuple[int, int]]:
        """(from, to) site of every shipment of a unit."""
        key = _key(unit)
        return [(at, to) for at, to, row in self.shipped if row[2] == key]

    def _units_cost(self) -> int:
        """Variable cost of units, less what those that are used cost at the least. [money]"""
        modes = self.before.modes
        cost = sum(
            c.n * modes[c.suite].variable_cost for c in self.made if c.lock is None
        )
        cost -= sum(modes[c.suite].variable_cost for c, _, _ in self.trials)
        used = sum(map(_planned, compress(self.pool, self.gone)))
        return cost - used * self.demand.least_cost(self.before)


_planned: Callable[[Unit], bool] = itemgetter(6)


def _key(unit: Unit) -> tuple[int, int]:
    """An intermediate as a shipment names it."""
    _, _, _, _, suite, made, _, _, number = unit
    return (suite, made) if made >= 0 - FAR // 2 else (ON_HAND, number)

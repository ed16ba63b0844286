"""Where frozen intermediates lie, and the shipments that carry them."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain

from ortools.sat.python.cp_model import IntVar

from capacity.instance import LaneData
from capacity.model.frozen.sources import Source
from capacity.model.frozen.taking import Taking
from capacity.model.slots import Expression, FreightVars, Literal


class Journeys:
    """Intermediates that are shipped to their users, and how long they lie where."""

    def __init__(self, taking: Taking) -> None:
        self.v, self.taking, self.sources = taking.v, taking, taking.sources
        self.arrivals: dict[int, IntVar] = {}
        """When a source that is shipped may be used, by its number. [tick]"""
        self.shipped: list[dict[int, list[Literal]]] = [
            defaultdict(list) for _ in self.sources
        ]
        """Shipments that a source may be in, by its number and where they go."""
        self.leaves: dict[int, IntVar] = {}
        """When a unit is used up or thrown away, where freezers are limited. [tick]"""
        self.departs: dict[int, list[tuple[Literal, IntVar]]] = defaultdict(list)
        """When it leaves its own site, by shipment. [tick]"""

    def name_leaves(self) -> None:
        """A last moment for every unit that may lie in a limited freezer."""
        v = self.v
        limited = v.instance.freezers
        for n, source in enumerate(self.sources):
            ends = {lane.to for lane in v.instance.lanes if lane.start == source.site}
            if not limited.keys() & {source.site, *ends}:
                continue
            leave = v.model.new_int_var(-(10**7), 10**8, f"leaves{n}")
            self.leaves[n] = leave
            unused = [source.present, ~self.taking.gone[n, len(self.taking.users)]]
            end = v.instance.horizon_end
            dies = v.literal(f"dies{n}")
            v.model.add(leave >= source.expiry).only_enforce_if([*unused, dies])
            v.model.add(source.expiry <= end).only_enforce_if(dies)
            v.model.add(leave >= end).only_enforce_if([*unused, ~dies])

    def ship(self) -> None:
        """Shipments that may carry intermediates to users on other sites."""
        for index, lane in enumerate(self.v.instance.lanes):
            at_end = any(user.site == lane.to for user in self.taking.users)
            cargo = [
                (n, source)
                for n, source in enumerate(self.sources)
                if source.site == lane.start
            ]
            if cargo and at_end:
                self._lane(index, lane, cargo)

    def _lane(
        self, index: int, lane: LaneData, cargo: list[tuple[int, Source]]
    ) -> None:
        model, top = self.v.model, 10**8
        for n, _ in cargo:
            if n not in self.arrivals:
                self.arrivals[n] = model.new_int_var(-(10**7), top, f"arrival{n}")
        earlier: Literal | None = None
        for number in range(len(cargo)):
            used = self.v.literal(
                f"freight{number}on{lane.id}of{self.taking.step.index}"
            )
            depart = model.new_int_var(self.v.instance.as_of, top, f"depart{number}")
            freight = FreightVars(index, self.taking.step.index, used, depart, {}, [])
            for n, source in cargo:
                literal = self.v.literal(f"cargo{n}in{number}")
                model.add_implication(literal, source.present)
                model.add_implication(literal, used)
                model.add(depart >= source.ready).only_enforce_if(literal)
                arrival = depart + lane.days + lane.receipt
                model.add(self.arrivals[n] == arrival).only_enforce_if(literal)
                freight.cargo[source.name] = literal
                dues = lane.dues[self.taking.before.index, source.suite]
                freight.dues.append(dues * literal)
                self.shipped[n][lane.to].append(literal)
                self._lie_there(n, lane, literal, depart)
            model.add(sum(freight.cargo.values()) <= lane.batches * used)
            model.add(sum(freight.cargo.values()) >= used)
            if earlier is not None:
                model.add_implication(used, earlier)
            earlier = used
            self.v.freights.append(freight)
        for n, _ in cargo:
            everywhere = [*chain.from_iterable(self.shipped[n].values())]
            model.add_at_most_one(everywhere)

    def _lie_there(
        self, n: int, lane: LaneData, shipped: Literal, depart: IntVar
    ) -> None:
        """A unit that is shipped lies at the other end from its arrival on."""
        if n not in self.leaves:
            return
        self.departs[n].append((shipped, depart))
        if lane.to in self.v.instance.freezers:
            begin = depart + lane.days
            self._stay(lane.to, begin, self.leaves[n], shipped)

    def lie(self, n: int) -> None:
        """A unit lies on its own site from its out until it is shipped, or leaves."""
        v, source = self.v, self.sources[n]
        if source.site not in v.instance.freezers:
            return
        begin: Expression = v.instance.as_of
        if source.slot is not None and source.slot.high + source.slot.lead > begin:
            begin = source.slot.out
        if source.hand is not None and source.hand.out is not None:
            begin = max(source.hand.out, v.instance.as_of)
        end = v.model.new_int_var(-(10**7), 10**8, f"gone{n}from{source.site}")
        for shipped, depart in self.departs[n]:
            v.model.add(end >= depart).only_enforce_if(shipped)
        apart = [~shipped for shipped, _ in self.departs[n]]
        v.model.add(end >= self.leaves[n]).only_enforce_if(apart)
        self._stay(source.site, begin, end, source.present)

    def _stay(
        self, site: int, begin: Expression, end: IntVar, present: Literal
    ) -> None:
        """An interval of at least what lies between two moments, none if they cross."""
        v = self.v
        size = v.model.new_int_var(0, 2 * 10**8, f"stay{site}")
        v.model.add(size >= end - begin).only_enforce_if(present)
        last = v.model.new_int_var(-(10**7), 3 * 10**8, f"last{site}")
        stay = v.model.new_optional_interval_var(
            begin, size, last, present, f"stay{site}"
        )
        v.stays.setdefault(site, []).append(stay)

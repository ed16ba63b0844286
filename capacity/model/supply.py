"""Where a step's input comes from: a direct feed, the client, or frozen intermediates.

Frozen intermediates are used first-expired first by the users in order of start. Each
chain of intermediates is in order of expiry, so what a rank of users has taken of a
chain is a prefix of it: `gone[unit, k]` says that the first k users have taken the
unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ortools.sat.python.cp_model import BoolVarT, IntVar

from capacity.instance import FAR, FrozenData, LaneData, OnHand, StepData
from capacity.model.money import right_from
from capacity.model.slots import (
    BY_FILING,
    BY_INPUT,
    Expression,
    FreightVars,
    Literal,
    Option,
    Slot,
    Variables,
)
from capacity.schedule import ON_HAND, Unit


def supply_steps(v: Variables) -> None:
    """State the supply of every step that has one and of which something is decided."""
    for step in v.instance.steps:
        if step.client_arrival is not None:
            wait_for_client(v, step)
        if step.before is None or not _open(v, step):
            continue
        if step.direct_hold is not None:
            feed_directly(v, step, step.direct_hold)
        if step.frozen is not None:
            _Frozen(v, step, step.frozen).state()
    _freeze(v)


def _freeze(v: Variables) -> None:
    """A site never holds more frozen intermediates than its freezer."""
    for step in v.instance.steps:
        if step.frozen is None or _open(v, step) or not v.instance.freezers:
            continue
        for site, begin, end in v.scope.base.stays(step):
            if site in v.instance.freezers and begin < end:
                stay = v.model.new_fixed_size_interval_var(begin, end - begin, "lies")
                v.stays.setdefault(site, []).append(stay)
    for site, stays in v.stays.items():
        v.model.add_cumulative(stays, [1] * len(stays), v.instance.freezers[site])


def _open(v: Variables, step: StepData) -> bool:
    chains = [*v.of_step(step.index), *v.of_step(step.before or 0)]
    return v.scope.whole or any(any(True for _ in chain.free()) for chain in chains)


def _slots(v: Variables, step: int) -> list[Slot]:
    return [slot for chain in v.of_step(step) for slot in chain.slots()]


def wait_for_client(v: Variables, step: StepData) -> None:
    """Beyond what is on hand, client-supplied input takes its lead time."""
    arrival = step.client_arrival
    assert arrival is not None
    early = []
    for slot in _slots(v, step.index):
        if slot.high < v.instance.as_of or slot.low >= arrival:
            continue
        literal = v.literal(f"early#{slot.number}")
        v.model.add(slot.start >= arrival).only_enforce_if([slot.present, ~literal])
        early.append(literal)
    if early:
        v.model.add(sum(early) <= step.client_on_hand)


def feed_directly(v: Variables, step: StepData, hold: int) -> None:
    """Each batch takes one batch of the step before on its site, within the hold."""
    assert step.before is not None
    pairs: dict[int, list[Literal]] = defaultdict(list)
    feeds, users = _slots(v, step.before), _slots(v, step.index)
    for feed in feeds:
        for user in users:
            out_low, out_high = feed.low + feed.lead, feed.high + feed.lead
            if feed.site != user.site or user.high < out_low:
                continue
            if user.low > out_high + hold:
                continue
            pair = v.literal(f"feed#{feed.number}to{user.number}")
            v.model.add(user.start >= feed.out).only_enforce_if(pair)
            v.model.add(user.start <= feed.out + hold).only_enforce_if(pair)
            pairs[feed.number].append(pair)
            pairs[user.number].append(pair)
    for slot in [*feeds, *users]:
        v.model.add(sum(pairs[slot.number]) == slot.present)


@dataclass(eq=False)
class _Source:
    """One intermediate batch: a slot, or a batch on hand."""

    slot: Slot | None
    hand: OnHand | None
    chain: int
    key: tuple[str, str]
    """Order at equal expiry: suite, then id where it is known."""
    site: int
    present: Literal
    always: bool
    earlier: int
    """Batches of its chain that are surely there before it."""
    ready: Expression
    """Usable on its own site. [tick]"""
    ready_span: tuple[int, int]
    expiry: Expression
    expiry_span: tuple[int, int]
    below: list[_Source]
    """Those of its chain that must be gone first where they are there."""

    @property
    def suite(self) -> int:
        """Suite that makes or made it."""
        if self.slot is not None:
            return self.slot.suite
        assert self.hand is not None
        return self.hand.suite

    @property
    def name(self) -> Unit | int:
        """Slot number, or the unit on hand."""
        if self.slot is not None:
            return self.slot.number
        assert self.hand is not None
        return ON_HAND, self.hand.index


class _Frozen:
    """States the use of intermediates by one step."""

    def __init__(self, v: Variables, step: StepData, supply: FrozenData) -> None:
        self.v, self.step, self.supply = v, step, supply
        self.before = v.instance.steps[step.before or 0]
        self.users = [
            slot for slot in _slots(v, step.index) if slot.high >= v.instance.as_of
        ]
        self.sources = list(self._sources())
        self.barred = self._barred_chains()
        self.turns = {id(source): self._turn(source) for source in self.sources}
        self.ranks: dict[tuple[int, int], Literal] = {}
        self.order: dict[tuple[int, int], Literal] = {}
        self.allowed: dict[tuple[int, int], Literal] = {}
        self.gone: dict[tuple[int, int], Literal] = {}
        self.unfiled: dict[tuple[int, int], Literal] = {}
        self.arrivals: dict[int, IntVar] = {}
        self.shipped: dict[tuple[int, int], list[Literal]] = defaultdict(list)
        self.leaves: dict[int, IntVar] = {}
        """When a unit is used up or thrown away, where freezers are limited. [tick]"""
        self.departs: dict[int, list[tuple[Literal, IntVar]]] = defaultdict(list)

    def state(self) -> None:
        """All of it."""
        self._rank_users()
        self._take_in_order()
        self._name_leaves()
        self._ship()
        for user in self.users:
            for rank in self._ranks_of(user):
                self._use(user, rank)
            self._right_by_input(user)
        self._first_expired_first()
        for number in self.leaves:
            self._lie(number)
        for number, source in enumerate(self.sources):
            self.v.taken[source.name] = self.gone[number, len(self.users)]

    # ------------------------------------------------------------- sources

    def _sources(self) -> Iterator[_Source]:
        v, number = self.v, 0
        for chain in v.of_step(self.before.index):
            yield from self._chain(list(chain.slots()), number)
            number += 1
        stock: dict[int, list[OnHand]] = defaultdict(list)
        for data in v.instance.on_hand:
            if data.step == self.before.index:
                stock[data.suite].append(data)
        for _, batches in sorted(stock.items()):
            yield from self._on_hand(batches, number)
            number += 1

    def _chain(self, slots: list[Slot], number: int) -> Iterator[_Source]:
        v, supply = self.v, self.supply
        suites = v.instance.suites
        found: list[_Source] = []
        for slot in slots:
            if slot.fixed is not None and slot.fixed.run.serves[slot.place] is not None:
                continue  # it serves a qualification
            out = (slot.low + slot.lead, slot.high + slot.lead)
            ready, span = slot.out + supply.freeze, out
            if not supply.at_risk:
                ready, span = self._released(slot)
            source = _Source(
                slot=slot,
                hand=None,
                chain=number,
                key=(suites[slot.suite].id, ""),
                site=slot.site,
                present=slot.present if slot.kept is None else slot.kept,
                always=slot.always,
                earlier=sum(1 for other in found if other.always),
                ready=ready,
                ready_span=(span[0] + supply.freeze, span[1] + supply.freeze),
                expiry=slot.out + supply.shelf_life,
                expiry_span=(out[0] + supply.shelf_life, out[1] + supply.shelf_life),
                below=_below(found),
            )
            found.append(source)
        yield from found

    def _released(self, slot: Slot) -> tuple[Expression, tuple[int, int]]:
        """Release of an intermediate that may not be used before. [tick]"""
        buffer = slot.step.buffer("intermediate")
        if slot.done is not None:
            low = slot.low + slot.lead + slot.step.lead_times["intermediate"]
            return slot.done + buffer + self.supply.freeze, (low, 10**8)
        batch = self.v.scope.base.by_unit[slot.suite, slot.low]
        released = self.v.scope.base.released(batch)
        assert released is not None
        return released + self.supply.freeze, (released, released)

    def _on_hand(self, batches: list[OnHand], number: int) -> Iterator[_Source]:
        v, supply = self.v, self.supply
        suites = v.instance.suites
        found: list[_Source] = []

        def expiry(data: OnHand) -> int:
            if data.expiry is not None:
                return data.expiry
            assert data.out is not None
            return data.out + supply.shelf_life

        for data in sorted(batches, key=lambda data: (expiry(data), data.id)):
            ready = v.instance.as_of
            if data.out is not None:
                ready = (data.out if supply.at_risk else data.ready) + supply.freeze
            end = expiry(data)
            source = _Source(
                slot=None,
                hand=data,
                chain=number,
                key=(suites[data.suite].id, data.id),
                site=data.site,
                present=v.one,
                always=True,
                earlier=len(found),
                ready=ready,
                ready_span=(ready, ready),
                expiry=end,
                expiry_span=(end, end),
                below=found[-1:],
            )
            found.append(source)
        yield from found

    # --------------------------------------------------------------- ranks

    def _rank_users(self) -> None:
        """The place of every user in the order of start (ties by suite)."""
        for user in self.users:
            low, fixed, open_ = 1, [], []
            for other in self.users:
                if other is user:
                    continue
                sure = self._surely_before(other, user)
                if sure and other.always:
                    low += 1
                elif sure:
                    fixed.append(other.present)
                elif not self._surely_before(user, other):
                    open_.append(self._before(other, user))
            high = low + len(fixed) + len(open_)
            if high == low:
                self.ranks[user.number, low] = user.present
                continue
            choices = {
                rank: self.v.literal(f"rank{rank}#{user.number}")
                for rank in range(low, high + 1)
            }
            self.v.model.add(sum(choices.values()) == user.present)
            place = sum(rank * literal for rank, literal in choices.items())
            before = low + sum(fixed) + sum(open_)
            self.v.model.add(place == before).only_enforce_if(user.present)
            for rank, literal in choices.items():
                self.ranks[user.number, rank] = literal

    def _surely_before(self, one: Slot, other: Slot) -> bool:
        if one.suite == other.suite:
            return one.number < other.number
        return one.high < other.low

    def _before(self, one: Slot, other: Slot) -> Literal:
        """Whether a user in another suite is there and starts before this one."""
        pair = (one.number, other.number)
        if pair not in self.order:
            forth = self.v.literal(f"before{pair}")
            back = self.v.literal(f"before{pair[::-1]}")
            both = [one.present, other.present]
            self.v.model.add(forth + back == 1).only_enforce_if(both)
            for literal in (forth, back):
                self.v.model.add_implication(literal, one.present)
                self.v.model.add_implication(literal, other.present)
            names = self.v.instance.suites
            tie = int(names[one.suite].id > names[other.suite].id)
            self.v.model.add(one.start + tie <= other.start).only_enforce_if(forth)
            tie = 1 - tie
            self.v.model.add(other.start + tie <= one.start).only_enforce_if(back)
            self.order[pair], self.order[pair[::-1]] = forth, back
        return self.order[pair]

    def _ranks_of(self, user: Slot) -> list[int]:
        return [rank for number, rank in self.ranks if number == user.number]

    # -------------------------------------------------------------- taking

    def _take_in_order(self) -> None:
        """The k-th user takes its share; every chain is used from its front."""
        model = self.v.model
        by_rank: dict[int, list[Literal]] = defaultdict(list)
        for (_, rank), literal in self.ranks.items():
            by_rank[rank].append(literal)
        numbers = {id(source): n for n, source in enumerate(self.sources)}
        before: dict[int, Literal] = dict.fromkeys(
            range(len(self.sources)), self.v.zero
        )
        for n in before:
            self.gone[n, 0] = self.v.zero
        for rank in range(1, len(self.users) + 1):
            for n, source in enumerate(self.sources):
                known = self._known(source, rank)
                if known is not None:
                    self.gone[n, rank] = known
                    continue
                literal = self.v.literal(f"gone{n}by{rank}of{self.step.index}")
                self.gone[n, rank] = literal
                model.add_implication(before[n], literal)
                model.add_implication(literal, source.present)
                for lower in source.below:
                    first = self.gone[numbers[id(lower)], rank]
                    model.add_bool_or([~literal, ~lower.present, first])
            count = self.supply.units(rank) - self.supply.units(rank - 1)
            now = [self.gone[n, rank] for n in range(len(self.sources))]
            there = sum(by_rank[rank])
            model.add(sum(now) - sum(before.values()) == count * there)
            before = dict(enumerate(now))

    def _known(self, source: _Source, rank: int) -> Literal | None:
        """Whether a unit is surely gone, or surely left, after so many users.

        Nobody passes over a unit that is licensed for all: those of its kind that
        surely expire before a unit go first, and only what may expire before it can
        delay it.
        """
        units = self.supply.units(rank)
        if source.earlier + 1 > units:
            return self.v.zero
        surely, possibly = self.turns[id(source)]
        if surely >= units:
            return self.v.zero
        lasting = sum(1 for user in self.users if user.always)
        certain = source.always and source.chain not in self.barred
        if certain and possibly + 1 <= units and rank <= lasting:
            return self.v.one
        return None

    def _turn(self, source: _Source) -> tuple[int, int]:
        """How many units surely go before this one, and how many possibly do."""
        low, high = source.expiry_span
        others = [other for other in self.sources if other is not source]
        surely = sum(
            1
            for other in others
            if other.always
            and other.chain not in self.barred
            and other.expiry_span[1] < low
        )
        return surely, sum(1 for other in others if other.expiry_span[0] <= high)

    def _barred_chains(self) -> set[int]:
        """Chains whose units some user may not be licensed to take."""
        return {
            source.chain
            for source in self.sources
            for group in self.v.instance.groups_of(self.step.programme)
            if self._right(group.index, source) is None
            or self._filing(group.index, source) is not None
        }

    def _taking_rank(self, rank: int) -> int:
        """Rank that took what the user of this rank uses (itself, or shared)."""
        while rank > 1 and self.supply.units(rank) == self.supply.units(rank - 1):
            rank -= 1
        return rank

    def _uses(self, number: int, rank: int) -> list[BoolVarT]:
        """Literals that together say: the user of this rank uses this unit."""
        taking = self._taking_rank(rank)
        return [self.gone[number, taking], ~self.gone[number, taking - 1]]

    # --------------------------------------------------------------- using

    def _use(self, user: Slot, rank: int) -> None:
        """What a user uses is ready, alive, licensed and on its site."""
        here = self.ranks[user.number, rank]
        for number, source in enumerate(self.sources):
            taking = self._taking_rank(rank)
            if self.gone[number, taking] is self.v.zero:
                continue
            if self.gone[number, taking - 1] is self.v.one:
                continue
            uses = [*self._uses(number, rank), here]
            if number in self.leaves:
                leaves = self.leaves[number] >= user.start
                self.v.model.add(leaves).only_enforce_if(uses)
            self._ready(user, source, number, uses)
            if source.expiry_span[0] - user.high < self.supply.min_life:
                alive = source.expiry - user.start >= self.supply.min_life
                self.v.model.add(alive).only_enforce_if(uses)
            barred = self._barred(user, source)
            if barred:
                self.v.model.add(sum(barred) == 0).only_enforce_if(uses)
            self._rights(user, source, uses)
        self._rights_reached(user, rank, here)

    def _ready(
        self, user: Slot, source: _Source, number: int, uses: list[BoolVarT]
    ) -> None:
        model = self.v.model
        if source.site == user.site:
            if source.ready_span[1] > user.low:
                model.add(source.ready <= user.start).only_enforce_if(uses)
            for literals in [w for (n, _), w in self.shipped.items() if n == number]:
                model.add(sum(literals) == 0).only_enforce_if(uses)
            return
        cargo = self.shipped.get((number, user.site))
        if not cargo:
            model.add_bool_or([~literal for literal in uses])
            return
        model.add(sum(cargo) == 1).only_enforce_if(uses)
        model.add(self.arrivals[number] <= user.start).only_enforce_if(uses)

    def _right(self, group: int, source: _Source) -> int | None:
        """Right to ship of an intermediate, direct feeds included if it was made."""
        data = self.v.instance.groups[group]
        made = source.hand is None
        return right_from(self.v, data, self.before.index, source.site, made=made)

    def _filing(self, group: int, source: _Source) -> int | None:
        """Filing that gives an intermediate its right, where that is decided here."""
        filings = self.v.instance.groups[group].filings
        place = self.before.index, source.site
        return filings.get(place) if self.v.scope.whole else None

    def _barred(self, user: Slot, source: _Source) -> list[Literal]:
        """Literals of: the user serves a market that the input has no right for."""
        if user.serving is not None:
            found = []
            for (group, _), literal in user.serving.options.items():
                filing = self._filing(group, source)
                if self._right(group, source) is None:
                    found.append(literal)
                elif filing is not None:
                    found.append(self._without(literal, filing))
            return found
        serves = self._fixed_group(user)
        if serves is None:
            return []
        return [self.v.one] if self._right(serves, source) is None else []

    def _fixed_group(self, user: Slot) -> int | None:
        return None if user.fixed is None else user.fixed.run.serves[user.place]

    def _without(self, serves: Literal, filing: int) -> Literal:
        """Whether a user serves something while a filing isn't made."""
        if (serves.index, filing) not in self.unfiled:
            both = self.v.literal(f"unfiled{filing}#{serves.index}")
            made = self.v.files[filing]
            self.v.model.add_implication(both, serves)
            self.v.model.add_implication(both, ~made)
            self.v.model.add_bool_or([both, ~serves, made])
            self.unfiled[serves.index, filing] = both
        return self.unfiled[serves.index, filing]

    def _rights(self, user: Slot, source: _Source, uses: list[BoolVarT]) -> None:
        """No input has a later right than the one a batch is sold with."""
        for (group, right), literal in self._sold(user):
            inner = self._right(group, source) if right < BY_FILING else None
            if inner is not None and inner > right:
                self.v.model.add_bool_or([~x for x in [*uses, literal]])

    def _rights_reached(self, user: Slot, rank: int, here: Literal) -> None:
        """A right later than the batch's own is that of some input used."""
        if user.serving is None:
            return
        groups = self.v.instance.groups
        taking = self._taking_rank(rank)
        for (group, right), literal in user.serving.options.items():
            own = right_from(self.v, groups[group], user.step.index, user.site)
            if own is None or right <= own or right >= BY_FILING:
                continue
            reached = [
                self.gone[n, taking] - self.gone[n, taking - 1]
                for n, source in enumerate(self.sources)
                if self._right(group, source) == right
            ]
            self.v.model.add(sum(reached) >= 1).only_enforce_if([literal, here])

    def _right_by_input(self, user: Slot) -> None:
        """Where filings decide, a batch's right is its own or its input's, the latest."""
        model = self.v.model
        for option, serves in user.serving.options.items() if user.serving else ():
            if option[1] < BY_INPUT:
                continue
            if option[1] not in self.v.rights:
                name = f"right#{user.number}"
                self.v.rights[option[1]] = model.new_int_var(-FAR, BY_FILING, name)
            right = self.v.rights[option[1]]
            own, made = self._own_right(user, option)
            if made is not None:
                model.add_implication(serves, made)
            model.add(right >= own).only_enforce_if(serves)
            latest = [self.v.literal(f"own{option}")]
            model.add(right <= own).only_enforce_if([*latest, serves])
            for rank in self._ranks_of(user):
                for number, source in enumerate(self.sources):
                    inner = self._inner_right(option[0], source)
                    if inner is None:
                        continue
                    here = self.ranks[user.number, rank]
                    uses = [*self._uses(number, rank), here]
                    model.add(right >= inner).only_enforce_if([*uses, serves])
                    latest.append(self.v.literal(f"input{number}at{rank}{option}"))
                    for literal in uses:
                        model.add_bool_or([~latest[-1], literal])
                    model.add(right <= inner).only_enforce_if([latest[-1], serves])
            model.add_bool_or(latest).only_enforce_if(serves)

    def _own_right(
        self, user: Slot, option: Option
    ) -> tuple[Expression, Literal | None]:
        """What the site of a user may ship from when, and what that hangs on."""
        place = user.step.index, user.site
        data = self.v.instance.groups[option[0]]
        filing = data.filings.get(place)
        if filing is None:
            own = self.v.instance.right(data, *place)
            assert own is not None
            return own, None
        return self.v.rights[BY_FILING + filing], self.v.files[filing]

    def _inner_right(self, group: int, source: _Source) -> Expression | None:
        filing = self._filing(group, source)
        right = self._right(group, source)
        return (
            right
            if filing is None or right is None
            else self.v.rights[BY_FILING + filing]
        )

    def _sold(self, user: Slot) -> list[tuple[tuple[int, int], Literal]]:
        if user.serving is not None:
            return list(user.serving.options.items())
        group = self._fixed_group(user)
        if group is None:
            return []
        batch = self.v.scope.base.by_unit[user.suite, user.low]
        right = self.v.scope.base.right(batch, self.v.instance.groups[group])
        return [((group, right or 0), self.v.one)]

    # ------------------------------------------------- first expired, first used

    def _first_expired_first(self) -> None:
        """Nothing is taken while something licensed expires earlier and is left."""
        chains: dict[int, list[int]] = defaultdict(list)
        for n, source in enumerate(self.sources):
            chains[source.chain].append(n)
        if len(chains) < 2:
            return
        for rank in sorted({rank for _, rank in self.ranks}):
            if self.supply.units(rank) == self.supply.units(rank - 1):
                continue
            for chain in chains.values():
                self._not_over(chain, rank)

    def _not_over(self, chain: list[int], rank: int) -> None:
        """No unit of another chain is taken at a rank that leaves an earlier one here.

        `left` is at most the expiry of whatever the rank leaves of this chain.
        """
        model, sources = self.v.model, self.sources
        here = [n for n in chain if self.gone[n, rank] is not self.v.one]
        first = sources[chain[0]]
        if not here:
            return
        soonest = min(sources[n].expiry_span[0] for n in here)
        takers = [
            n
            for n, source in enumerate(sources)
            if source.chain != first.chain
            and self.gone[n, rank] is not self.v.zero
            and self.gone[n, rank - 1] is not self.v.one
            and source.expiry_span[1] >= soonest
        ]
        if not takers:
            return
        left = model.new_int_var(-(10**8), 10**9, f"left{first.chain}by{rank}")
        for n in here:
            waits = [sources[n].present, ~self.gone[n, rank]]
            model.add(left <= sources[n].expiry).only_enforce_if(waits)
        allowed = self._allowed(first, rank)
        for n in takers:
            tie = int(sources[n].key > first.key)
            takes = [self.gone[n, rank], ~self.gone[n, rank - 1], allowed]
            model.add(sources[n].expiry + tie <= left).only_enforce_if(takes)

    def _allowed(self, source: _Source, rank: int) -> Literal:
        """Whether the user of a rank may take units of a source's chain."""
        if (source.chain, rank) not in self.allowed:
            barred = {
                user.number: self._barred(user, source)
                for user in self.users
                if (user.number, rank) in self.ranks
            }
            if not any(barred.values()):
                self.allowed[source.chain, rank] = self.v.one
            else:
                literal = self.v.literal(f"allowed{source.chain}at{rank}")
                for number, literals in barred.items():
                    place = self.ranks[number, rank]
                    self.v.model.add_bool_or([literal, ~place, *literals])
                self.allowed[source.chain, rank] = literal
        return self.allowed[source.chain, rank]

    # ------------------------------------------------------------- freezers

    def _name_leaves(self) -> None:
        """A last moment for every unit that may lie in a limited freezer."""
        v = self.v
        limited = v.instance.freezers
        for n, source in enumerate(self.sources):
            ends = {lane.to for lane in v.instance.lanes if lane.start == source.site}
            if not limited.keys() & {source.site, *ends}:
                continue
            leave = v.model.new_int_var(-(10**7), 10**8, f"leaves{n}")
            self.leaves[n] = leave
            unused = [source.present, ~self.gone[n, len(self.users)]]
            end = v.instance.horizon_end
            dies = v.literal(f"dies{n}")
            v.model.add(leave >= source.expiry).only_enforce_if([*unused, dies])
            v.model.add(source.expiry <= end).only_enforce_if(dies)
            v.model.add(leave >= end).only_enforce_if([*unused, ~dies])

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

    def _lie(self, n: int) -> None:
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

    # ------------------------------------------------------------- shipping

    def _ship(self) -> None:
        """Shipments that may carry intermediates to users on other sites."""
        for index, lane in enumerate(self.v.instance.lanes):
            at_end = any(user.site == lane.to for user in self.users)
            cargo = [
                (n, source)
                for n, source in enumerate(self.sources)
                if source.site == lane.start
            ]
            if cargo and at_end:
                self._lane(index, lane, cargo)

    def _lane(
        self, index: int, lane: LaneData, cargo: list[tuple[int, _Source]]
    ) -> None:
        model, top = self.v.model, 10**8
        for n, _ in cargo:
            if n not in self.arrivals:
                self.arrivals[n] = model.new_int_var(-(10**7), top, f"arrival{n}")
        earlier: Literal | None = None
        for number in range(len(cargo)):
            used = self.v.literal(f"freight{number}on{lane.id}of{self.step.index}")
            depart = model.new_int_var(self.v.instance.as_of, top, f"depart{number}")
            freight = FreightVars(index, self.step.index, used, depart, {}, [])
            for n, source in cargo:
                literal = self.v.literal(f"cargo{n}in{number}")
                model.add_implication(literal, source.present)
                model.add_implication(literal, used)
                model.add(depart >= source.ready).only_enforce_if(literal)
                arrival = depart + lane.days + lane.receipt
                model.add(self.arrivals[n] == arrival).only_enforce_if(literal)
                freight.cargo[source.name] = literal
                dues = lane.dues[self.before.index, source.suite]
                freight.dues.append(dues * literal)
                self.shipped[n, lane.to].append(literal)
                self._lie_there(n, lane, literal, depart)
            model.add(sum(freight.cargo.values()) <= lane.batches * used)
            model.add(sum(freight.cargo.values()) >= used)
            if earlier is not None:
                model.add_implication(used, earlier)
            earlier = used
            self.v.freights.append(freight)
        for n, _ in cargo:
            everywhere = [
                literal
                for (unit, _), literals in self.shipped.items()
                if unit == n
                for literal in literals
            ]
            model.add_at_most_one(everywhere)


def _below(found: list[_Source]) -> list[_Source]:
    """Sources that must be gone before the next of their chain.

    Free slots of a block may be absent behind the last one made, so the batch after a
    block looks at all of them, and at what came before.
    """
    below: list[_Source] = []
    for source in reversed(found):
        below.append(source)
        if source.always:
            break
    return below

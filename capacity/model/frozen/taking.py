"""Which user takes which intermediates: first expired first, in order of start."""

from __future__ import annotations

from collections import defaultdict

from ortools.sat.python.cp_model import BoolVarT

from capacity.instance import FrozenData, StepData
from capacity.model.frozen.sources import Source, sources_of
from capacity.model.money import right_from
from capacity.model.slots import Literal, Slot, Variables


class Taking:
    """Who takes which intermediates of a step, in order of start and of expiry."""

    def __init__(self, v: Variables, step: StepData, supply: FrozenData) -> None:
        self.v, self.step, self.supply = v, step, supply
        self.before = v.instance.steps[step.before or 0]
        self.users = [
            slot
            for chain in v.of_step(step.index)
            for slot in chain.slots()
            if slot.high >= v.instance.as_of
        ]
        self.sources = list(sources_of(v, self.before, supply))
        self.units = [supply.units(count) for count in range(len(self.users) + 1)]
        """How many intermediates so many users take."""
        self.barred = self._barred_chains()
        self.turns = {id(source): self._turn(source) for source in self.sources}
        self.ranks: dict[tuple[int, int], Literal] = {}
        """Whether a user, by number, has a place in the order of start."""
        self.order: dict[tuple[int, int], Literal] = {}
        """Whether a user comes before another one, by number."""
        self.allowed: dict[tuple[int, int], Literal] = {}
        """Whether the user of a rank may take units, by chain and rank."""
        self.gone: dict[tuple[int, int], Literal] = {}
        """Whether the first so many users have taken a source, by its number."""
        self.unfiled: dict[tuple[int, int], Literal] = {}
        """Whether what a literal says is served without a filing."""

    def rank_users(self) -> None:
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

    def ranks_of(self, user: Slot) -> list[int]:
        """Places that a user may have in the order of start."""
        return [rank for number, rank in self.ranks if number == user.number]

    def take_in_order(self) -> None:
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
            count = self.units[rank] - self.units[rank - 1]
            now = [self.gone[n, rank] for n in range(len(self.sources))]
            there = sum(by_rank[rank])
            model.add(sum(now) - sum(before.values()) == count * there)
            before = dict(enumerate(now))

    def _known(self, source: Source, rank: int) -> Literal | None:
        """Whether a unit is surely gone, or surely left, after so many users.

        Nobody passes over a unit that is licensed for all: those of its kind that
        surely expire before a unit go first, and only what may expire before it can
        delay it.
        """
        units = self.units[rank]
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

    def _turn(self, source: Source) -> tuple[int, int]:
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
            if self.right(group.index, source) is None
            or self.filing(group.index, source) is not None
        }

    def taking_rank(self, rank: int) -> int:
        """Rank that took what the user of this rank uses (itself, or shared)."""
        while rank > 1 and self.units[rank] == self.units[rank - 1]:
            rank -= 1
        return rank

    def uses(self, number: int, rank: int) -> list[BoolVarT]:
        """Literals that together say: the user of this rank uses this unit."""
        taking = self.taking_rank(rank)
        return [self.gone[number, taking], ~self.gone[number, taking - 1]]

    def right(self, group: int, source: Source) -> int | None:
        """Right to ship of an intermediate, direct feeds included if it was made."""
        data = self.v.instance.groups[group]
        made = source.hand is None
        return right_from(self.v, data, self.before.index, source.site, made=made)

    def filing(self, group: int, source: Source) -> int | None:
        """Filing that gives an intermediate its right, where that is decided here."""
        filings = self.v.instance.groups[group].filings
        place = self.before.index, source.site
        return filings.get(place) if self.v.scope.whole else None

    def barred_by(self, user: Slot, source: Source) -> list[Literal]:
        """Literals of: the user serves a market that the input has no right for."""
        if user.serving is not None:
            found = []
            for (group, _), literal in user.serving.options.items():
                filing = self.filing(group, source)
                if self.right(group, source) is None:
                    found.append(literal)
                elif filing is not None:
                    found.append(self._without(literal, filing))
            return found
        serves = fixed_group(user)
        if serves is None:
            return []
        return [self.v.one] if self.right(serves, source) is None else []

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

    def first_expired_first(self) -> None:
        """Nothing is taken while something licensed expires earlier and is left."""
        chains: dict[int, list[int]] = defaultdict(list)
        for n, source in enumerate(self.sources):
            chains[source.chain].append(n)
        if len(chains) < 2:
            return
        for rank in sorted({rank for _, rank in self.ranks}):
            if self.units[rank] == self.units[rank - 1]:
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

    def _allowed(self, source: Source, rank: int) -> Literal:
        """Whether the user of a rank may take units of a source's chain."""
        if (source.chain, rank) not in self.allowed:
            barred = {
                user.number: self.barred_by(user, source)
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


def fixed_group(user: Slot) -> int | None:
    """Group that a batch serves where that isn't decided."""
    return None if user.fixed is None else user.fixed.run.serves[user.place]

"""Which batch serves which order line, and what a programme then costs.

Everything is counted in ticks of *out*: a batch that is out by a group's deadline less the
release lead time of its kind is on time. A wait for QC or QA counts as being out later.
Batches are handed to groups in the order in which they are out, to the group that needs
its batch first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from capacity.instance import (
    FAR,
    ChainData,
    FrozenData,
    Group,
    Instance,
    OnHand,
    StepData,
    Stocked,
)
from capacity.schedule import ON_HAND, Freight, Test
from capacity.schedule.freights import group_freights
from capacity.stocks import NEVER, Flow, Lot, flow

if TYPE_CHECKING:
    from capacity.board import Campaign

KIND_BITS = {"engineering": 1, "ppq": 2, "clinical": 4, "commercial": 8}

Item = tuple[int, int, int, int, int, bool, object, int]
"""A batch of the last step: (out and waited for, start, suite, kinds that it may be, out,
planned, campaign or None, number in it or index on hand)."""
Unit = tuple[int, str, int, int, int, int, bool, object, int]
"""A batch that others use: (expiry, suite id, ready, site, suite, start, planned,
campaign or None, number in it or index on hand)."""
Freights = dict[tuple[int, int], list[tuple[tuple[int, int], int, int]]]
"""(batch, ready, needed) to be shipped, by (from, to) site."""
Price = tuple[int, int, int, int, int]
"""(regret without changeovers, firm service in it, rules broken, batches that lack their
intermediate, what those are worth)"""
Cost = tuple[int, int, int]
"""(regret, firm service in it, rules broken)"""
Money = tuple[int, int, int, int, int]
"""(charge, penalty, cap, holding, unserved), each as in `Terms`."""


State = tuple[int | None, ...]
"""Rights to ship by filing of a programme's qualifications, then by qualification 1 where
its engineering is wanted. [tick]"""

Stay = tuple[int, int, int]
"""(site, from, until) of an intermediate in a freezer. [tick]"""

FIRM_WEIGHT = 1000
"""What firm service counts in a strict plan, against everything else, while searching."""
SPACING = 8
"""Batches from one noted state of the pegging to the next."""


class Pegged:
    """How a programme's batches serve its groups, with what takes to go on from there."""

    __slots__ = (
        "bads", "changed", "costs", "end", "firms", "flow", "items", "left", "lefts",
        "picks", "places", "ppq", "price", "sizes", "state", "stays",
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
        """this was what the groups still needed."""
        self.end: list[int] = []
        """What they need after all items."""
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

    def copy(self, base: Pegged) -> None:
        """Take over what goes as before."""
        self.items, self.picks = base.items, base.picks
        self.costs, self.firms, self.bads = base.costs, base.firms, base.bads
        self.places, self.lefts = base.places, base.lefts
        self.left = base.end[:]

    def pairs(self) -> Iterator[tuple[Item, int]]:
        """Every batch with the place of the group that it serves, -1 for none."""
        yield from zip(self.items, self.picks, strict=True)
        yield from self.ppq


class Demand:
    """A programme's groups, what is on hand for them, and its price."""

    def __init__(self, instance: Instance, programme: int) -> None:
        self.instance = instance
        self.programme = programme
        self.firm_weight = FIRM_WEIGHT if instance.strict else 0
        self.steps = [s for s in instance.steps if s.programme == programme]
        self.last = self.steps[-1]
        self.groups = sorted(instance.groups_of(programme), key=self._turn)
        self._input_rights: dict[tuple[int, int, int], int] = {}
        self._units_table: dict[int, list[int]] = {}
        self._money()
        self._rights()
        self._given()
        self.frozen = [step for step in self.steps if step.frozen is not None]
        self.direct = [step for step in self.steps if step.direct_hold is not None]
        self.client = [step for step in self.steps if step.client_arrival is not None]
        self.has_ppq = any(bit == 2 for bit in self.bits)
        self.first_sizes = [-1 if self.several else at for at in self.reference]
        self.first_left = [
            need[at] for need, at in zip(self.need, self.reference, strict=True)
        ]
        self.chains = [c for c in instance.chains if c.programme == programme]
        self._qualify()
        self.shelf = self._peg_stock()
        self._licences()
        self.stocked = instance.stocked.get(programme)
        self.least_bits = 14 if self.stocked is None else KIND_BITS["commercial"]
        """Kinds of which a campaign must be large enough for one, serving nothing."""
        if self.stocked is not None:
            self.rates = self._stock_rates()

    # ----------------------------------------------------------------- terms

    def _lead(self, kind: str) -> int:
        return self.last.lead_times[kind]

    def _turn(self, group: Group) -> tuple[int, bool, int, int]:
        """Order in which groups get their batches: by latest out."""
        if group.own:  # a site's first batches are engineering
            return -FAR, False, 0, group.index
        weight = group.terms[group.reference].unserved
        return self._wanted(group), not group.firm, -weight, group.index

    def _wanted(self, group: Group) -> int:
        """Latest out of a group's batches that delays nothing. [tick]"""
        out = group.deadline - self._lead(group.kind)
        if group.kind != "engineering":
            return out
        for other in self.instance.groups_of(self.programme):
            if (
                other.kind == "ppq" and other.chain == group.chain
            ):  # validation waits for engineering
                start = other.deadline - self._lead("ppq") - self.instance.ppq_wait
                n = other.terms[other.reference].need
                for mode in self.last.modes.values():
                    out = min(out, start - mode.lead - (n - 1) * mode.takt(start))
        return out

    def _money(self) -> None:
        instance, groups = self.instance, self.groups
        leads = [self._lead(group.kind) for group in groups]
        self.bits = [KIND_BITS[group.kind] for group in groups]
        self.firm = [group.firm for group in groups]
        self.due = [group.due for group in groups]
        self.grace = [group.grace for group in groups]
        pairs = list(zip(groups, leads, strict=True))
        self.by = [group.deadline - lead for group, lead in pairs]
        self.hold = [group.hold_from - lead for group, lead in pairs]
        self.latest = [group.latest - lead for group, lead in pairs]
        self.want = [self._wanted(group) for group in groups]
        sizes = sorted({kg for group in groups for kg in group.terms})
        self.several = len(sizes) > 1
        self.size = [
            sizes.index(kg) if kg in sizes else 0
            for kg in (
                instance.kg[self.last.index, suite.index] for suite in instance.suites
            )
        ]
        none = (0, 0, 0, 0, 0)
        self.need = [[0] * len(sizes) for _ in groups]
        self.money: list[list[Money]] = [[none] * len(sizes) for _ in groups]
        for j, group in enumerate(groups):
            for kg, terms in group.terms.items():
                at = sizes.index(kg)
                self.need[j][at] = terms.need
                self.money[j][at] = (
                    terms.charge, terms.penalty, terms.cap, terms.holding, terms.unserved
                )  # fmt: skip
        groups_money = [
            self.money[j][sizes.index(g.reference)] for j, g in enumerate(groups)
        ]
        number = max(len(groups_money), 1)
        self.rates = (
            sum(money[3] for money in groups_money) // number,
            sum(money[0] for money in groups_money) // number // 3,
        )
        """What a batch costs that is a tick earlier or later, about. [money]"""
        self.reference: list[int] = [sizes.index(group.reference) for group in groups]

    def _rights(self) -> None:
        suites = self.instance.suites
        inside = self._direct_chain(self.last)
        self.right: list[list[int]] = []
        self.until: list[list[int]] = []
        self.suite_cost: list[list[int]] = []
        self.risk: list[list[int]] = []
        for j, group in enumerate(self.groups):
            lead = self._lead(group.kind)
            rights = [_latest_right(group, inside, suite.site) for suite in suites]
            self.right.append([FAR if r is None else r - lead for r in rights])
            self.until.append(
                [
                    self.latest[j] if r is not None and r <= group.latest else -FAR
                    for r in rights
                ]
            )
            self.suite_cost.append(
                [
                    group.suite_cost.get(s.index, 0) + group.making.get(s.index, 0)
                    for s in suites
                ]
            )
            self.risk.append([group.risk_cost.get(s.index, 0) for s in suites])
        self.leads = [self._lead(group.kind) for group in self.groups]

    def _qualify(self) -> None:
        """Where qualifications give the right, and which groups are theirs."""
        self.tables: dict[State, tuple[list[list[int]], list[list[int]]]] = {}
        if not self.chains:
            return
        suites = self.instance.suites
        self.closed = (
            self.right,
            [
                [
                    -FAR if suite.site in group.filings or group.own else until
                    for suite, until in zip(suites, row, strict=True)
                ]
                for group, row in zip(self.groups, self.until, strict=True)
            ],
        )
        self.open_until = self.until
        self.right, self.until = self.closed
        self.trials = {
            c.index: [
                j
                for j, group in enumerate(self.groups)
                if group.chain == c.index and group.kind == "engineering"
            ]
            for c in self.chains
        }
        self.checks = {
            c.index: [
                j
                for j, group in enumerate(self.groups)
                if group.chain == c.index and group.kind == "ppq"
            ]
            for c in self.chains
        }
        self.needed = {
            chain: [j for j in places if not self.groups[j].spare]
            for chain, places in self.checks.items()
        }

    def filed(self, steps: list[list[Campaign]], chain: ChainData) -> int | None:
        """When a qualification is filed for: after its last PPQ release. [tick]"""
        if not chain.permitted:
            return None
        runs = [c for c in steps[self.last.index] if c.ppq and c.site == chain.site]
        if not runs:
            return None
        wanted = [(j, self.first_left[j]) for j in self.checks[chain.index]]
        found, done = -FAR, set()
        for j, items, need, _ in self._allotted(runs, wanted, self.open_until)[0]:
            if j in self.needed[chain.index] and len(items) == need:
                done.add(j)
                found = max(found, *(item[0] for item in items))
        if not done or len(done) < len(self.needed[chain.index]):
            return None
        return found + self.last.lead_times["ppq"] + chain.filing_wait

    def _allotted(
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
            needs = [self._needed(j, c.suite) if self.several else need for c in runs]
            fits = [
                [item for item in items if item[0] <= until[j][item[2]]][:count]
                for items, count in zip(spare, needs, strict=True)
            ]
            best = max(range(len(runs)), key=lambda at: len(fits[at]))
            found.append((j, fits[best], needs[best], runs[best]))
            spare[best] = [item for item in spare[best] if item not in fits[best]]
        return found, [item for items in spare for item in items]

    def _needed(self, j: int, suite: int) -> int:
        """Batches that a group needs where a suite makes it."""
        size = self.size[suite] if self.several else self.reference[j]
        return self.need[j][size]

    def owns(self, chain: ChainData) -> bool:
        """Whether a qualification's batches are made at its own cost."""
        return all(self.groups[j].own for j in self.checks[chain.index])

    def asked(self, chain: ChainData, kind: str, suite: int) -> int:
        """Engineering or PPQ batches of a qualification where a suite makes them."""
        places = self.checks if kind == "ppq" else self.trials
        return sum(self._needed(j, suite) for j in places[chain.index])

    def owned(self, found: Pegged) -> list[Campaign]:
        """Campaigns with batches that only qualifications ask for, in order of start."""
        campaigns = {
            id(item[6]): cast("Campaign", item[6])
            for item, j in found.pairs()
            if j >= 0 and self.groups[j].own
        }
        return sorted(campaigns.values(), key=lambda c: (c.start, c.suite))

    def state(self, steps: list[list[Campaign]], rights: Sequence[int | None]) -> State:
        """What of a programme's pegging depends on its qualifications."""
        row = steps[self.last.index]
        return (
            *(rights[filing] for c in self.chains for filing in c.filings),
            *(
                int(any(c.ppq and c.site == chain.site for c in row))
                for chain in self.chains
            ),
        )

    def assume(self, state: State) -> None:
        """Let rights by qualification be those of a state from now on."""
        if not self.chains:
            return
        known = self.tables.get(state)
        if known is None:
            known = self.tables[state] = self._tables(state)
        self.right, self.until = known

    def _tables(self, state: State) -> tuple[list[list[int]], list[list[int]]]:
        filings = [filing for c in self.chains for filing in c.filings]
        granted = dict(zip(filings, state, strict=False))
        wanted = {
            c.index: on
            for c, on in zip(self.chains, state[len(filings) :], strict=True)
        }
        right = [row[:] for row in self.closed[0]]
        until = [row[:] for row in self.closed[1]]
        for j, group in enumerate(self.groups):
            for suite in self.instance.suites:
                if suite.site in group.filings:
                    at = granted[group.filings[suite.site]]
                    right[j][suite.index] = FAR if at is None else at - self.leads[j]
                    late = at is None or at > group.latest
                    until[j][suite.index] = -FAR if late else self.latest[j]
                elif group.own and group.chain is not None and wanted[group.chain]:
                    until[j][suite.index] = self.open_until[j][suite.index]
        return right, until

    def input_right(self, step: StepData, site: int, j: int) -> int:
        """Right to ship what a step at a site goes into to a group, FAR for never."""
        found = self._input_rights.get((step.index, site, j))
        if found is None:
            right = _latest_right(self.groups[j], self._direct_chain(step), site)
            found = self._input_rights[step.index, site, j] = (
                FAR if right is None else right
            )
        return found

    def _licences(self) -> None:
        """Where any input suits every group, and where it may come with a later right."""
        self.licensed: dict[tuple[int, int], bool] = {}
        self.later: dict[tuple[int | None, int], bool] = {}
        for step in self.frozen:
            assert step.before is not None
            before = self.instance.steps[step.before]
            for site in range(len(self.instance.sites)):
                rights = [
                    self.input_right(before, site, j) for j in range(len(self.groups))
                ]
                self.licensed[before.index, site] = all(r < FAR for r in rights)
                self.later[before.index, site] = len(self.frozen) > 1 or any(
                    right > self.right[j][suite] + self.leads[j]
                    for j, right in enumerate(rights)
                    for suite in self.last.modes
                )
        if len(self.frozen) > 1:  # input of input decides too
            self.licensed = dict.fromkeys(self.licensed, False)

    def _direct_chain(self, step: StepData) -> list[int]:
        found = [step.index]
        while step.direct_hold is not None and step.before is not None:
            step = self.instance.steps[step.before]
            found.append(step.index)
        return found

    def _given(self) -> None:
        self.stock: list[tuple[int, int, int, int]] = []
        """(expiry, index, suite, kind) of stock, first to expire first."""
        self.waiting: list[Item] = []
        self.stores: dict[int, list[Unit]] = defaultdict(list)
        for data in self.instance.on_hand:
            step = self.instance.steps[data.step]
            if step.programme != self.programme:
                continue
            if step.index != self.last.index:
                self._store(step, data)
                continue
            bit = KIND_BITS.get(data.kind, 0)
            if data.expiry is not None:
                self.stock.append((data.expiry, data.index, data.suite, bit))
            else:
                out = data.out
                assert out is not None
                self.waiting.append(
                    (
                        out,
                        data.index - FAR,
                        data.suite,
                        bit,
                        out,
                        False,
                        None,
                        data.index,
                    )
                )
        self.stock.sort()

    def _store(self, step: StepData, data: OnHand) -> None:
        after = None if step.after is None else self.instance.steps[step.after]
        if after is None or after.frozen is None:
            return
        supply, suite = after.frozen, self.instance.suites[data.suite]
        ready = self.instance.as_of
        expiry = data.expiry
        if data.out is not None:
            ready = data.out if supply.at_risk else data.ready
            expiry = data.out + supply.shelf_life
            ready += supply.freeze
        else:
            ready += supply.freeze
        assert expiry is not None
        self.stores[step.index].append(
            (
                expiry,
                suite.id,
                ready,
                data.site,
                data.suite,
                data.index - FAR,
                False,
                None,
                data.index,
            )
        )

    def units(self, step: StepData, supply: FrozenData, users: int) -> list[int]:
        """Intermediates that the first 0, 1, 2, ... users of a step take."""
        table = self._units_table.setdefault(step.index, [0])
        while len(table) <= users:
            table.append(supply.units(len(table)))
        return table

    # --------------------------------------------------------------- listing

    def mask(self, step: StepData, n: int, ppq: bool) -> int | None:
        """Kinds that a campaign of so many batches may make, None for no such campaign."""
        if step.index != self.last.index:
            return 0 if n >= step.least(step.role) else None
        if ppq:
            return 2 if n >= step.least("ppq") else None
        if n < step.least("surplus"):
            return None
        return sum(
            bit
            for kind, bit in KIND_BITS.items()
            if kind != "ppq" and n >= step.least(kind)
        )

    def enlist(
        self, campaign: Campaign, step: StepData, tests: list[Test | None] | None
    ) -> None:
        """Note the batches on their campaign as the pegging reads them; no tests: no queue."""
        if step.index == self.last.index:
            campaign.items = list(self._items(campaign, step, tests))
            if self.stocked is not None:
                campaign.lots = list(self._lots_of(self.stocked, campaign))
        else:
            campaign.units = list(self._units(campaign, step, tests))

    def _items(
        self, campaign: Campaign, step: StepData, tests: list[Test | None] | None
    ) -> Iterator[Item]:
        suite, planned = campaign.suite, campaign.lock is None
        start = campaign.start
        for number in range(campaign.n):
            out = ready = start + campaign.lead
            mask = campaign.mask
            if tests is not None:
                test = tests[number]
                if test is None:
                    mask &= KIND_BITS["engineering"] if step.tested else mask
                else:
                    ready += _wait(step, out, test)
            yield ready, start, suite, mask, out, planned, campaign, number
            start += campaign.takt

    def _units(
        self, campaign: Campaign, step: StepData, tests: list[Test | None] | None
    ) -> Iterator[Unit]:
        supply = None
        if step.after is not None:
            supply = self.instance.steps[step.after].frozen
        name, planned = self.instance.suites[campaign.suite].id, campaign.lock is None
        start = campaign.start
        for number in range(campaign.n):
            out = ready = start + campaign.lead
            expiry = FAR
            if supply is not None:
                expiry = out + supply.shelf_life
                ready += supply.freeze
                if not supply.at_risk:
                    test = None if tests is None else tests[number]
                    ready += step.lead_times["intermediate"]
                    if test is not None:
                        ready += _wait(step, out, test)
                    elif tests is not None:
                        ready = FAR
            yield (
                expiry, name, ready, campaign.site, campaign.suite, start, planned,
                campaign, number,
            )  # fmt: skip
            start += campaign.takt

    # --------------------------------------------------------------- pegging

    def _peg_stock(self) -> list[tuple[int, int]]:
        """Opening stock goes to the groups that need it first."""
        found = []
        for expiry, index, suite, bit in self.stock:
            size = self.size[suite]
            for j in range(len(self.groups)):
                if not self.bits[j] & bit or self.due[j] >= expiry:
                    continue
                if self.instance.as_of - self.leads[j] > self.until[j][suite]:
                    continue
                if self._take(j, size, self.first_left, self.first_sizes):
                    found.append((index, j))
                    break
        return found

    def _take(self, j: int, size: int, left: list[int], sizes: list[int]) -> bool:
        """Serve a group with a batch of a size; the first batch decides on the size."""
        if sizes[j] < 0:
            if self.need[j][size] <= 0:
                return False
            sizes[j], left[j] = size, self.need[j][size]
        elif sizes[j] != size:
            return False
        if left[j] <= 0:
            return False
        left[j] -= 1
        return True

    def peg(
        self,
        steps: list[list[Campaign]],
        base: Pegged | None = None,
        gone: set[int] | None = None,
        into: Sequence[Campaign] = (),
        rights: Sequence[int | None] = (),
    ) -> Pegged:
        """Hand batches to groups and price what follows.

        With a `base`, only what the campaigns gone and come change is done again, unless
        rights by qualification (by filing) have changed.
        """
        found = Pegged()
        if self.chains:
            found.state = self.state(steps, rights)
            self.assume(found.state)
            if base is not None and base.state != found.state:
                base = None
        if self.stocked is not None and not self.frozen and not self.direct:
            self._make(found, steps[self.last.index])
        elif base is None or self.several or gone is None:
            row = steps[self.last.index]
            found.items = [item for c in row if not c.ppq for item in c.items]
            found.items += self.waiting
            found.items.sort()
            found.left = list(self.first_left)
            found.sizes = list(self.first_sizes)
            self._hand_out(found, 0)
        else:
            self._hand_out_again(found, base, gone, into)
        if self.has_ppq:
            self._peg_ppq(steps[self.last.index], found)
        self._price(found, steps)
        return found

    def _make(self, found: Pegged, row: list[Campaign]) -> None:
        """What the batches of a stock cost, of which none has to be told from another."""
        modes, least = self.last.modes, self.least_bits
        planned = [c for c in row if c.lock is None]
        found.costs = [sum(c.n * modes[c.suite].variable_cost for c in planned)]
        found.bads = [sum(c.n for c in planned if not c.mask & least)]

    def _hand_out(self, found: Pegged, place: int, base: Pegged | None = None) -> None:
        """Go through the items from a place on, until the base goes on the same way."""
        items, picks, left, sizes = found.items, found.picks, found.left, found.sizes
        bits, until = self.bits, self.until
        low, count = 0, len(left)
        shift = end = at = 0
        if base is not None:
            shift = len(items) - len(base.items)
            end = found.changed
            at = bisect_left(base.places, end - shift)
        for number in range(place, len(items)):
            if base is not None and number >= end and at < len(base.places):
                while at < len(base.places) and base.places[at] < number - shift:
                    at += 1
                if at < len(base.places) and base.places[at] == number - shift:
                    if base.lefts[at] == left:
                        self._go_on(found, base, at, shift)
                        return
                    at += 1
            if number % SPACING == 0:
                found.places.append(number)
                found.lefts.append(left[:])
            item = items[number]
            ready, suite, mask = item[0], item[2], item[3]
            while (
                low < count and left[low] <= 0 and (not self.several or sizes[low] >= 0)
            ):
                low += 1
            pick = -1
            for j in range(low, count):
                if mask & bits[j] and ready <= until[j][suite]:
                    if self.several:
                        if self._take(j, self.size[suite], left, sizes):
                            pick = j
                            break
                    elif left[j] > 0:
                        left[j] -= 1
                        pick = j
                        break
            picks.append(pick)
            self._charge(found, item, pick)

    def _hand_out_again(
        self, found: Pegged, base: Pegged, gone: set[int], into: Sequence[Campaign]
    ) -> None:
        step = self.last.index
        fresh = [i for c in into if c.step == step and not c.ppq for i in c.items]
        old = base.items
        stale = [place for place, item in enumerate(old) if id(item[6]) in gone]
        found.sizes = base.sizes
        if not fresh and not stale:
            found.copy(base)
            return
        fresh.sort()
        low = min(
            stale[0] if stale else len(old),
            bisect_left(old, fresh[0][:3]) if fresh else len(old),
        )
        high = max(
            stale[-1] + 1 if stale else 0,
            bisect_left(old, fresh[-1][:3]) if fresh else 0,
        )
        middle = [item for item in old[low:high] if id(item[6]) not in gone] + fresh
        middle.sort()
        found.items = old[:low] + middle + old[high:]
        found.changed = low + len(middle)
        at = max(bisect_right(base.places, low) - 1, 0)
        if not base.places:
            found.left = list(self.first_left)
            self._hand_out(found, 0)
            return
        start = base.places[at]
        found.places, found.lefts = base.places[:at], base.lefts[:at]
        found.left = base.lefts[at][:]
        found.picks = base.picks[:start]
        found.costs = base.costs[:start]
        found.firms = base.firms[:start]
        found.bads = base.bads[:start]
        self._hand_out(found, start, base)

    def _go_on(self, found: Pegged, base: Pegged, at: int, shift: int) -> None:
        """The rest goes as it went before."""
        start = base.places[at]
        found.picks += base.picks[start:]
        found.costs += base.costs[start:]
        found.firms += base.firms[start:]
        found.bads += base.bads[start:]
        found.places += [place + shift for place in base.places[at:]]
        found.lefts += base.lefts[at:]
        found.left = base.end[:]

    def _peg_ppq(self, row: list[Campaign], found: Pegged) -> None:
        """Each validation group takes its batches from one campaign."""
        found.end = found.left[:]
        runs = [c for c in row if c.ppq]
        if not runs:
            return
        wanted = [
            (j, found.left[j])
            for j, bit in enumerate(self.bits)
            if bit == 2 and found.left[j] > 0
        ]
        allotted, spare = self._allotted(runs, wanted, self.until)
        for j, items, need, run in allotted:
            found.ppq += [(item, j) for item in items]
            if self.several and items:
                found.sizes[j], found.left[j] = self.size[run.suite], need
            found.left[j] -= len(items)
        found.ppq += [(item, -1) for item in spare]

    # ----------------------------------------------------------------- price

    def _price(self, found: Pegged, steps: list[list[Campaign]]) -> None:
        if not self.has_ppq:
            found.end = found.left
        regret, firm, bad = sum(found.costs), sum(found.firms), sum(found.bads)
        for item, j in found.ppq:
            cost, service, breaks = self._cost(item, j, found.sizes, -FAR)
            regret, firm, bad = regret + cost, firm + service, bad + breaks
        for j, missing in enumerate(found.left):
            if missing > 0:
                cost = (
                    missing
                    * self.money[j][
                        found.sizes[j] if found.sizes[j] >= 0 else self.reference[j]
                    ][4]
                )
                regret += cost
                if self.firm[j]:
                    firm += cost
        lacking = worth = 0
        if self.stocked is not None:
            found.flow = flow(self.stocked, self._lots(self.stocked, steps))
            regret += found.flow.regret
            bad += -(-found.flow.breaks // self.stocked.parts)
        if self.frozen or self.direct:
            more, lacking, worth = self._supply(steps, found)
            regret, firm, bad = regret + more[0], firm + more[1], bad + more[2]
        if self.client:
            bad += self._early_for_client(steps)
        if found.ppq:
            bad += self._early_validation(steps, found)
        for chain in self.chains:
            regret += self._chain_cost(steps, found, chain)
            bad += self._untried(found, chain)
        for j, group in enumerate(self.groups if self.chains else ()):
            if group.own:
                found.left[j] = 0  # nobody lacks it
        found.price = regret, firm, bad, lacking, worth

    def _chain_cost(
        self, steps: list[list[Campaign]], found: Pegged, chain: ChainData
    ) -> int:
        """What a qualification's transfer and filings cost. [money]"""
        cost = 0
        if chain.transfer is not None and self.starts_at(steps, chain) is not None:
            cost += chain.transfer_cost
        needed = self.needed[chain.index]
        if chain.permitted and needed and not any(found.left[j] for j in needed):
            cost += chain.filing_cost
        return cost

    def _untried(self, found: Pegged, chain: ChainData) -> int:
        """Engineering batches that a qualification lacks though it has PPQ batches."""
        checks = self.checks[chain.index]
        if any(j in checks for _, j in found.ppq):
            return sum(max(0, found.left[j]) for j in self.trials[chain.index])
        return 0

    def starts_at(self, steps: list[list[Campaign]], chain: ChainData) -> int | None:
        """When a site first makes what its qualification is for. [tick]"""
        starts = [
            c.start
            for step in self.steps
            for c in steps[step.index]
            if c.site == chain.site
        ]
        return min(starts, default=None)

    def _lots(self, stocked: Stocked, steps: list[list[Campaign]]) -> list[Lot]:
        """What enters the stock of a programme that is made to it."""
        found = [lot for c in steps[self.last.index] for lot in c.lots]
        lead, commercial = self._lead("commercial"), KIND_BITS["commercial"]
        for expiry, _, suite, bit in self.stock:
            right = stocked.given_rights[suite]
            if bit == commercial and right is not None:
                enters = max(right, self.instance.as_of)
                found.append(Lot(enters, expiry, stocked.released_amounts[suite]))
        for out, _, suite, bit, _, _, _, _ in self.waiting:
            right = stocked.given_rights[suite]
            if bit == commercial and right is not None:
                end = NEVER if stocked.life is None else out + stocked.life + 1
                found.append(Lot(max(out + lead, right), end, stocked.amounts[suite]))
        return found

    def _lots_of(self, stocked: Stocked, campaign: Campaign) -> Iterator[Lot]:
        """What a campaign adds to the stock."""
        right, lead = stocked.rights[campaign.suite], self._lead("commercial")
        amount = stocked.amounts[campaign.suite]
        for ready, _, _, mask, out, _, _, _ in campaign.items:
            if right is not None and mask & KIND_BITS["commercial"]:
                end = NEVER if stocked.life is None else out + stocked.life + 1
                yield Lot(max(ready + lead, right), end, amount)

    def batch_parts(self) -> int:
        """What a batch of the preferred suite adds to the stock, in parts of a unit."""
        assert self.stocked is not None
        suites = list(self.last.modes) or list(self.stocked.amounts)
        return self.stocked.amounts[suites[0]]

    def short(self, found: Pegged) -> list[int]:
        """Latest outs of the batches that a stock lacks for its demand and targets. [tick]

        A batch more makes up for what waits from then on; what is lost, or a target that is
        dearer than storing for it, asks for one of its own.
        """
        if self.stocked is None:
            return []
        stocked, size = self.stocked, self.batch_parts()
        aims = stocked.target_cost > stocked.storage_cost
        lead, outs, gone, most = self._lead("commercial"), list[int](), 0, 0
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

    def _stock_rates(self) -> tuple[int, int]:
        """What a batch for a stock costs that is a tick early or late, about. [money]"""
        assert self.stocked is not None
        stocked, size = self.stocked, self.batch_parts()
        ticks = 1
        if not stocked.daily:
            span = stocked.periods[-1].end - stocked.start
            ticks = max(1, span // len(stocked.periods))
        late = stocked.shortage_cost + stocked.price / len(stocked.periods)
        return int(stocked.storage_cost * size / ticks), int(late * size / ticks) + 1

    def _charge(self, found: Pegged, item: Item, j: int) -> None:
        cost, service, breaks = self._cost(item, j, found.sizes, -FAR)
        found.costs.append(cost)
        found.firms.append(service)
        found.bads.append(breaks)

    def _cost(self, item: Item, j: int, sizes: list[int], input_right: int) -> Cost:
        """What a batch costs that serves the group at a place, -1 for none."""
        ready, start, suite, mask, out, planned, _, _ = item
        if j < 0:
            if not planned:
                return 0, 0, 0
            return self.last.modes[suite].variable_cost, 0, not mask & self.least_bits
        charge, penalty, cap, holding, _ = self.money[j][sizes[j]]
        may, bad = self.right[j][suite], 0
        if input_right - self.leads[j] > may:
            may = input_right - self.leads[j]
            bad = may > self.latest[j]
        if self.bits[j] == 1:
            ready = out
        late = (ready if ready > may else may) - self.by[j]
        regret = firm = 0
        if late > 0:
            regret = charge * late
            beyond = late - self.grace[j]
            if beyond > 0:
                regret += min(cap, penalty * beyond)
            if self.firm[j]:
                firm = regret
        early = self.hold[j] - (out if out > may else may)
        if early > 0:
            regret += holding * early
        if planned:
            regret += self.suite_cost[j][suite]
            if start < may + self.leads[j]:
                regret += self.risk[j][suite]
        return regret, firm, bad

    def overdue(self, found: Pegged) -> list[tuple[Campaign, int]]:
        """Planned campaigns of firm batches that are late, with the place of the group."""
        self.assume(found.state)
        return [
            (cast("Campaign", item[6]), j)
            for item, j in found.pairs()
            if j >= 0
            and self.firm[j]
            and item[5]
            and self._cost(item, j, found.sizes, -FAR)[1]
        ]

    def alone(self, start: int, suite: int, j: int) -> int:
        """What a batch from a start costs for the group at a place, nothing else looked at."""
        out = start + self.last.modes[suite].lead
        if out > self.until[j][suite]:
            return self.money[j][self.reference[j]][4] * (
                1 + self.firm_weight * self.firm[j]
            )
        item = (out, start, suite, 15, out, True, None, 0)
        sizes = (
            [self.size[suite]] * len(self.groups) if self.several else self.reference
        )
        cost, firm, _ = self._cost(item, j, sizes, -FAR)
        return cost + self.firm_weight * firm

    # ------------------------------------------------------------ conditions

    def _early_for_client(self, steps: list[list[Campaign]]) -> int:
        found = 0
        for step in self.client:
            arrival = step.client_arrival
            assert arrival is not None
            early = sum(
                max(0, min(c.n, -((c.start - arrival) // c.takt)))
                - max(0, min(c.n, -((c.start - self.instance.as_of) // c.takt)))
                for c in steps[step.index]
                if c.start < arrival
            )
            found += max(0, early - step.client_on_hand)
        return found

    def _early_validation(self, steps: list[list[Campaign]], found: Pegged) -> int:
        row = [c for c in steps[self.last.index] if c.ppq]
        allowed = {
            site: self.engineered(found, site) + self.instance.ppq_wait
            for site in {c.site for c in row}
        }
        return sum(c.start < allowed[c.site] for c in row)

    def engineered(self, found: Pegged, site: int) -> int:
        """When the last engineering batch that PPQ at a site waits for is out. [tick]

        A qualification's own; elsewhere that of all sites without a qualification.
        """
        suites, own = self.instance.suites, self._chain_at(site)
        outs = [
            item[4]
            for item, j in zip(found.items, found.picks, strict=True)
            if ((j >= 0 and self.bits[j] == 1) or (item[3] == 1 and not item[5]))
            and (not self.chains or self._chain_at(suites[item[2]].site) == own)
        ]
        return max(outs, default=-FAR)

    def _chain_at(self, site: int) -> int | None:
        return self.instance.chain_at.get((self.programme, site))

    # ---------------------------------------------------------------- supply

    def _supply(
        self, steps: list[list[Campaign]], found: Pegged
    ) -> tuple[Cost, int, int]:
        """What input adds: variable cost, shipments, later rights, batches without."""
        regret = firm = bad = short = worth = 0
        for step in self.direct:
            bad += self._direct_breaks(steps, step)
        for step in self.steps[:-1]:
            after = self.instance.steps[step.after]  # type: ignore[index]
            if after.direct_hold is not None:
                cheapest = self.least_cost(step)
                for c in steps[step.index]:
                    if c.lock is None:
                        own = step.modes[c.suite].variable_cost
                        regret += c.n * (own - cheapest)
        pairs = sorted(found.pairs())
        genealogy = Genealogy(self, steps, pairs)
        for step in self.frozen:
            assert step.frozen is not None
            cost, lacking = genealogy.draw(step, step.frozen)
            regret += cost
            short += len(lacking)
            worth += sum(map(self._worth, lacking))
        found.stays = genealogy.stays
        if not any(
            self.later[step.before, c.site]
            for step in self.frozen
            for c in steps[step.before or 0]
        ) and not any(self.stores.values()):
            return (regret, firm, bad), short, worth
        for item, j in pairs:
            if j >= 0:
                right = genealogy.right(item, j)
                if right - self.leads[j] > self.right[j][item[2]]:
                    old = self._cost(item, j, found.sizes, -FAR)
                    new = self._cost(item, j, found.sizes, right)
                    regret += new[0] - old[0]
                    firm += new[1] - old[1]
                    bad += new[2] - old[2]
        return (regret, firm, bad), short, worth

    def least_cost(self, step: StepData) -> int:
        """What of a used input's variable cost is no regret. [money]"""
        if self.stocked is not None:  # what is sold is priced with the stock
            return 0
        return min((mode.variable_cost for mode in step.modes.values()), default=0)

    def _worth(self, j: int) -> int:
        """What serving the group at a place is worth, -1 for none. [money]"""
        if j < 0:
            return 0
        money = self.money[j][self.reference[j]][4]
        return money * (1 + self.firm_weight) if self.firm[j] else money

    def _direct_breaks(self, steps: list[list[Campaign]], step: StepData) -> int:
        assert step.before is not None
        assert step.direct_hold is not None
        found = 0
        for site in range(len(self.instance.sites)):
            outs = sorted(
                c.start + c.lead + k * c.takt
                for c in steps[step.before]
                if c.site == site
                for k in range(c.n)
            )
            starts = sorted(
                c.start + k * c.takt
                for c in steps[step.index]
                if c.site == site
                for k in range(c.n)
            )
            found += abs(len(outs) - len(starts))
            for out, start in zip(outs, starts, strict=False):
                found += not 0 <= start - out <= step.direct_hold
        return found


class Genealogy:
    """Which intermediates go into which batch, by the rule of the first to expire."""

    def __init__(
        self,
        demand: Demand,
        steps: list[list[Campaign]],
        pairs: list[tuple[Item, int]],
    ) -> None:
        self.demand = demand
        self.instance = demand.instance
        self.steps = steps
        self.pairs = pairs
        self.inputs: dict[tuple[int, int, int], list[Unit]] = {}
        """Units used by (step, suite, start)."""
        self.stays: list[Stay] = []
        """Intermediates in freezers that are limited."""
        self.sites = [suite.site for suite in self.instance.suites]
        self.simple = len(demand.frozen) < 2  # nothing but direct input below

    def draw(self, step: StepData, supply: FrozenData) -> tuple[int, list[int]]:
        """Hand units to the batches of a step: regret, groups of the batches that lack them."""
        assert step.before is not None
        before = self.instance.steps[step.before]
        pool = [unit for c in self.steps[before.index] for unit in c.units]
        pool += self.demand.stores.get(before.index, [])
        pool.sort()
        gone = bytearray(len(pool))
        lacking: list[int] = []
        last: list[Unit] = []
        freight: Freights = {}
        users = self._users(step)
        units = self.demand.units(step, supply, len(users))
        anyone = all(self.demand.licensed[before.index, unit[3]] for unit in pool)
        head = 0
        for number, (start, suite, j) in enumerate(users):
            count = units[number + 1] - units[number]
            if anyone:
                got = pool[head : head + count]
                gone[head : head + count] = b"\1" * len(got)
                head += count
            else:
                got = self._first_licensed(before, pool, gone, j, count)
            used = got or last
            last = got[-1:] or last
            self.inputs[step.index, suite, start] = used
            site = self.sites[suite]
            if len(got) < count or not used:
                lacking.append(j)
            elif (
                not (anyone and got and all(unit[3] == site for unit in got)) or freight
            ):
                if self._unfit(before, supply, used, start, site, j, not got, freight):
                    lacking.append(j)
            elif any(
                unit[2] > start or unit[0] - start < supply.min_life for unit in got
            ):
                lacking.append(j)
        cost = self._units_cost(before, pool, gone)
        sent: dict[tuple[int, int], Freight] = {}
        for (origin, to), needs in freight.items():
            lane = self.instance.lane(origin, to)
            assert lane is not None
            shipments = group_freights(needs, lane)
            cost += lane.cost * len(shipments)
            sent |= {unit: row for row in shipments for unit in row.units}
            for (suite, number), _, _ in needs:
                at = self.instance.on_hand[number].suite if suite == ON_HAND else suite
                cost += lane.dues[before.index, at]
        if self.instance.freezers:
            self._lay(step, supply, users, pool, sent)
        return cost, lacking

    def _lay(
        self,
        step: StepData,
        supply: FrozenData,
        users: list[tuple[int, int, int]],
        pool: list[Unit],
        sent: dict[tuple[int, int], Freight],
    ) -> None:
        """Note where intermediates lie from their out to their last use."""
        instance = self.instance
        last: dict[tuple[int, int], int] = {}
        for start, suite, _ in users:
            for unit in self.inputs[step.index, suite, start]:
                last[_key(unit)] = start  # users are in order of start
        for unit in pool:
            expiry, _, _, site, _, made, _, _, number = unit
            out: int | None = expiry - supply.shelf_life
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

    def _first_licensed(
        self, before: StepData, pool: list[Unit], gone: bytearray, j: int, count: int
    ) -> list[Unit]:
        got: list[Unit] = []
        place = gone.find(0)
        while len(got) < count and place >= 0:
            if self._may(before, pool[place], j):
                gone[place] = 1
                got.append(pool[place])
            place = gone.find(0, place + 1)
        return got

    def _users(self, step: StepData) -> list[tuple[int, int, int]]:
        as_of = self.instance.as_of
        if step.index == self.demand.last.index:
            return sorted(
                (item[1], item[2], j) for item, j in self.pairs if item[1] >= as_of
            )
        return sorted(
            (unit[5], unit[4], -1)
            for c in self.steps[step.index]
            for unit in c.units
            if unit[5] >= as_of
        )

    def _unfit(
        self,
        before: StepData,
        supply: FrozenData,
        used: list[Unit],
        start: int,
        site: int,
        j: int,
        shared: bool,
        freight: Freights,
    ) -> int:
        """1 if a unit isn't there, ready, alive or licensed; notes what is to be shipped."""
        for expiry, _, ready, at, suite, made, _, _, number in used:
            arrives = ready
            if at != site:
                lane = self.instance.lane(at, site)
                if lane is None:
                    return 1
                arrives += lane.days + lane.receipt
                ready = max(ready, self.instance.as_of)
                key = (suite, made) if made >= 0 - FAR // 2 else (ON_HAND, number)
                if not shared:
                    freight.setdefault((at, site), []).append((key, ready, start))
                elif all(key != row[0] for row in freight.get((at, site), [])):
                    return 1
            if arrives > start or expiry - start < supply.min_life:
                return 1
            if at == site and shared and self._shipped(freight, suite, made, number):
                return 1
        if j >= 0 and not all(self._may(before, unit, j) for unit in used):
            return 1
        return 0

    def _shipped(
        self,
        freight: Freights,
        suite: int,
        made: int,
        number: int,
    ) -> bool:
        key = (suite, made) if made >= 0 - FAR // 2 else (ON_HAND, number)
        return any(key == row[0] for rows in freight.values() for row in rows)

    def _units_cost(self, before: StepData, pool: list[Unit], gone: bytearray) -> int:
        cheapest = self.demand.least_cost(before)
        cost = 0
        for place, unit in enumerate(pool):
            if unit[6]:
                cost += before.modes[unit[4]].variable_cost
                if gone[place]:
                    cost -= cheapest
        return cost

    def _may(self, before: StepData, unit: Unit, j: int) -> bool:
        return j < 0 or self._unit_right(before, unit, j) < FAR

    def _unit_right(self, step: StepData, unit: Unit, j: int) -> int:
        right = self.demand.input_right(step, unit[3], j)
        if self.simple:
            return right
        return max(right, self._inner(step, unit[4], unit[5], j))

    def _inner(self, step: StepData, suite: int, start: int, j: int) -> int:
        if step.before is None:
            return -FAR
        before = self.instance.steps[step.before]
        units = self.inputs.get((step.index, suite, start), [])
        return max((self._unit_right(before, unit, j) for unit in units), default=-FAR)

    def right(self, item: Item, j: int) -> int:
        """Latest right of the intermediates in a batch. [tick]"""
        return self._inner(self.demand.last, item[2], item[1], j)


def _key(unit: Unit) -> tuple[int, int]:
    """An intermediate as a shipment names it."""
    _, _, _, _, suite, made, _, _, number = unit
    return (suite, made) if made >= 0 - FAR // 2 else (ON_HAND, number)


def _latest_right(group: Group, steps: list[int], site: int) -> int | None:
    latest = 0
    for step in steps:
        right = group.rights[step, site]
        if right is None:
            return None
        latest = max(latest, right)
    return latest


def _wait(step: StepData, out: int, test: Test) -> int:
    """What the queues add to a release. [tick]"""
    ready = max(test.qc_start + step.qc_days, test.qa_start + step.qa_days)
    return ready - out - max(step.qc_days, step.qa_days)

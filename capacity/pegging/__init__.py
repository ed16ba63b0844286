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
from typing import TYPE_CHECKING, NamedTuple, cast

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
from capacity.pegging.genealogy import Genealogy
from capacity.pegging.handed import (
    AS_INPUT,
    KIND_BITS,
    SPACING,
    Cost,
    Filed,
    Item,
    Money,
    Pegged,
    State,
    Trial,
    Unit,
)
from capacity.schedule import Test
from capacity.stocks import NEVER, Lot, flow

if TYPE_CHECKING:
    from capacity.board import Campaign


class _Rights(NamedTuple):
    """What of a programme's pegging follows from one state."""

    right: list[list[int]]
    until: list[list[int]]
    granted: dict[int, Filed | None]
    inputs: dict[int, list[list[int]]]


FIRM_WEIGHT = 1000
"""What firm service counts in a strict plan, against everything else, while searching."""


class Demand:
    """A programme's groups, what is on hand for them, and its price."""

    def __init__(self, instance: Instance, programme: int) -> None:
        self.instance = instance
        self.programme = programme
        self.firm_weight = FIRM_WEIGHT if instance.strict else 0
        self.right_weight = 1
        """How often engineering and PPQ count that lack an intermediate: a right, and all that
        is shipped by it, hangs on them. [1]"""
        self.steps = [s for s in instance.steps if s.programme == programme]
        self.last = self.steps[-1]
        self.groups = sorted(instance.groups_of(programme), key=self._turn)
        self._units_table: dict[int, list[int]] = {}
        self._masks: dict[tuple[int, int, bool], int | None] = {}
        self._money()
        self._rights()
        self.chains = [c for c in instance.chains if c.programme == programme]
        self.inner = [c for c in self.chains if c.step != self.last.index]
        """Qualifications of intermediates, with engineering and PPQ of their own."""
        self.granted: dict[int, Filed | None] = {}
        """What each filing of its qualifications gives."""
        self.input_rights = self._input_rights()
        self._given()
        self.frozen = [step for step in self.steps if step.frozen is not None]
        self.direct = [step for step in self.steps if step.direct_hold is not None]
        self.client = [step for step in self.steps if step.client_arrival is not None]
        self.has_ppq = any(bit == 2 for bit in self.bits)
        given = any(item[3] == KIND_BITS["ppq"] for item in self.waiting)
        self.handed = [j for j, bit in enumerate(self.bits) if bit != 2 or given]
        """Groups that batches are handed to: PPQ is made in campaigns apart."""
        self.first_sizes = [-1 if self.several else at for at in self.reference]
        self.first_left = [
            need[at] for need, at in zip(self.need, self.reference, strict=True)
        ]
        self._qualify()
        self.shelf = self._peg_stock()
        self.stocked = instance.stocked.get(programme)
        self.stock_worth = 0
        """What a batch for the stock is worth, about. [money]"""
        self.least_bits = 14 if self.stocked is None else KIND_BITS["commercial"]
        """Kinds of which a campaign must be large enough for one, serving nothing."""
        if self.stocked is not None:
            self.rates = self._stock_rates()
            self.stock_worth = int(self.batch_parts() * self.stocked.sought)

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
        self.terms = [
            [
                (*money[:4], self.by[j], self.grace[j], self.hold[j], leads[j],
                 self.latest[j], self.bits[j], self.firm[j])
                for money in self.money[j]
            ]
            for j in range(len(groups))
        ]  # fmt: skip
        """What the cost of a batch depends on, by group and size, side by side: it is worked
        out for every batch that changes hands."""

    def _rights(self) -> None:
        suites = self.instance.suites
        inside = self._direct_chain(self.last)
        self.right: list[list[int]] = []
        self.until: list[list[int]] = [[] for _ in suites]
        """By suite, then by group: it is looked up for one suite and many groups."""
        self.suite_cost: list[list[int]] = []
        self.risk: list[list[int]] = []
        for j, group in enumerate(self.groups):
            lead = self._lead(group.kind)
            rights = [_latest_right(group, inside, suite.site) for suite in suites]
            self.right.append([FAR if r is None else r - lead for r in rights])
            for until, r in zip(self.until, rights, strict=True):
                serves = r is not None and r <= group.latest
                until.append(self.latest[j] if serves else -FAR)
            self.suite_cost.append(
                [
                    group.suite_cost.get(s.index, 0) + group.making.get(s.index, 0)
                    for s in suites
                ]
            )
            self.risk.append([group.risk_cost.get(s.index, 0) for s in suites])
        self.leads = [self._lead(group.kind) for group in self.groups]
        self.sites = [suite.site for suite in suites]

    def _qualify(self) -> None:
        """Where qualifications give the right, and which groups are theirs."""
        self.tables: dict[State, _Rights] = {}
        if not self.chains:
            return
        suites = self.instance.suites
        self.closed = (
            self.right,
            [
                [
                    -FAR
                    if (self.last.index, suite.site) in group.filings or group.own
                    else until
                    for group, until in zip(self.groups, row, strict=True)
                ]
                for suite, row in zip(suites, self.until, strict=True)
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

    def proved(self, steps: list[list[Campaign]], chain: ChainData) -> int | None:
        """When the last PPQ batch of a qualification is released. [tick]"""
        if not chain.permitted:
            return None
        runs = [c for c in steps[chain.step] if c.ppq and c.site == chain.site]
        if not runs:
            return None
        if chain.step != self.last.index:
            return self._proved_inner(runs, chain)
        wanted = [(j, self.first_left[j]) for j in self.checks[chain.index]]
        found, done = -FAR, set()
        for j, items, need, _ in self._allotted(runs, wanted, self.open_until)[0]:
            if j in self.needed[chain.index] and len(items) == need:
                done.add(j)
                found = max(found, *(item[0] for item in items))
        if not done or len(done) < len(self.needed[chain.index]):
            return None
        return found + self.last.lead_times["ppq"]

    def _proved_inner(self, runs: list[Campaign], chain: ChainData) -> int | None:
        """The same of an intermediate: all PPQ in one campaign with nothing else. [tick]"""
        (run, *others), step = runs, self.instance.steps[chain.step]
        if others or run.n != self.asked(chain, "ppq", run.suite):
            return None
        return max(item[0] for item in run.items) + step.lead_times["ppq"]

    def _trials_of(self, steps: list[list[Campaign]]) -> Iterator[Trial]:
        """Intermediates that qualify a site: PPQ, and before it the first made there."""
        for chain in [c for c in self.inner if c.permitted]:
            row = [c for c in steps[chain.step] if c.site == chain.site]
            groups = {g.kind: g for g in self._asking(chain)}
            checks = [c for c in row if c.ppq]
            for number in range(checks[0].n) if checks else ():
                yield checks[0], number, groups["ppq"].index
            first = sorted(
                (unit[5], unit[4], unit[8], id(c), c)
                for c in row
                for unit in (c.units if c.mask & KIND_BITS["engineering"] else ())
            )
            if checks and "engineering" in groups:
                asked = self.asked(chain, "engineering", checks[0].suite)
                for _, _, number, _, campaign in first[:asked]:
                    yield campaign, number, groups["engineering"].index

    def _asking(self, chain: ChainData) -> list[Group]:
        """Engineering and PPQ groups of an intermediate's qualification."""
        trials = self.instance.trials_of(chain.step)
        return [group for group in trials if group.chain == chain.index]

    def _wrong_trials(self, steps: list[list[Campaign]], found: Pegged) -> int:
        """Rules that intermediates break which serve qualifications, or should."""
        bad = 0
        serving = {(id(c), number) for c, number, _ in found.trials}
        sites = {(c.step, c.site) for c in self.inner if c.permitted}
        groups, wait = self.instance.groups, self.instance.ppq_wait
        for step in {chain.step for chain in self.inner}:
            for c in steps[step]:
                if c.ppq:
                    bad += (step, c.site) not in sites
                    bad += sum(not item[3] for item in c.items)
                elif c.lock is None and not c.mask & AS_INPUT:
                    bad += sum((id(c), n) not in serving for n in range(c.n))
        for chain in self.inner:
            row = [c for c in steps[chain.step] if c.ppq and c.site == chain.site]
            tried = [
                c.start + n * c.takt + c.lead
                for c, n, g in found.trials
                if groups[g].chain == chain.index and groups[g].kind == "engineering"
            ]
            for c in row:
                asked = self.asked(chain, "ppq", c.suite)
                bad += abs(c.n - asked) + (c is not row[0])
                bad += self.asked(chain, "engineering", c.suite) - len(tried)
                bad += c.start < max(tried, default=-FAR) + wait
        return bad

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
                [item for item in items if item[0] <= until[item[2]][j]][:count]
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
        if chain.step != self.last.index:
            asking = [g for g in self._asking(chain) if g.kind == kind]
            return sum(g.terms[g.reference].need for g in asking)
        places = self.checks if kind == "ppq" else self.trials
        return sum(self._needed(j, suite) for j in places[chain.index])

    def owned(self, found: Pegged) -> list[Campaign]:
        """Planned campaigns with batches that only qualifications ask for, by start."""
        campaigns = {
            id(item[6]): cast("Campaign", item[6])
            for item, j in found.pairs()
            if j >= 0 and self.groups[j].own and item[5]
        }
        campaigns |= {id(campaign): campaign for campaign, _, _ in found.trials}
        return sorted(campaigns.values(), key=lambda c: (c.start, c.suite))

    def state(
        self, steps: list[list[Campaign]], rights: Sequence[Filed | None]
    ) -> State:
        """What of a programme's pegging depends on its qualifications."""
        return (
            *(rights[filing] for c in self.chains for filing in c.filings),
            *(
                any(c.ppq and c.site == chain.site for c in steps[chain.step])
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
        self.right, self.until, self.granted, self.input_rights = known

    def _tables(self, state: State) -> _Rights:
        filings = [filing for c in self.chains for filing in c.filings]
        granted = cast(
            "dict[int, Filed | None]", dict(zip(filings, state, strict=False))
        )
        wanted = {
            c.index: on
            for c, on in zip(self.chains, state[len(filings) :], strict=True)
        }
        right = [row[:] for row in self.closed[0]]
        until = [row[:] for row in self.closed[1]]
        for j, group in enumerate(self.groups):
            for suite in self.instance.suites:
                place = self.last.index, suite.site
                if place in group.filings:
                    filed = granted[group.filings[place]]
                    at = None if filed is None else filed[0]
                    right[j][suite.index] = FAR if at is None else at - self.leads[j]
                    late = at is None or at > group.latest
                    until[suite.index][j] = -FAR if late else self.latest[j]
                elif group.own and group.chain is not None and wanted[group.chain]:
                    until[suite.index][j] = self.open_until[suite.index][j]
        self.granted = granted
        inputs = self._input_rights() if self.frozen else self.input_rights
        return _Rights(right, until, granted, inputs)

    def input_right(self, step: StepData, site: int, j: int) -> int:
        """Right to ship what a step at a site goes into to a group, FAR for never."""
        return self.input_rights[step.index][j][site]

    def _input_rights(self) -> dict[int, list[list[int]]]:
        """`input_right` by step, group and site; the last row is for no group."""
        sites = range(len(self.instance.sites))
        found: dict[int, list[list[int]]] = {}
        for step in self.steps:
            chain = self._direct_chain(step)
            rows = [
                [self._input_right(g, step, chain, site) for site in sites]
                for g in self.groups
            ]
            found[step.index] = [[FAR if r is None else r for r in row] for row in rows]
            found[step.index].append([-FAR] * len(sites))
        return found

    def _input_right(
        self, group: Group, step: StepData, chain: list[int], site: int
    ) -> int | None:
        filing = group.filings.get((step.index, site))
        if filing is None:
            return _latest_right(group, chain, site)
        filed = self.granted.get(filing)
        return None if filed is None else filed[0]

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
        key = step.index, n, ppq
        if key not in self._masks:
            self._masks[key] = self._mask(step, n, ppq)
        return self._masks[key]

    def _mask(self, step: StepData, n: int, ppq: bool) -> int | None:
        if step.index != self.last.index and not ppq:
            mask = AS_INPUT if n >= step.least(step.role) else 0
            if any(chain.step == step.index for chain in self.inner):
                mask |= n >= step.least("engineering")
            return mask or None
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
        if step.index != self.last.index and campaign.ppq:
            campaign.items = list(self._items(campaign, step, tests))
        elif step.index == self.last.index:
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
                    ready += wait(step, out, test)
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
                        ready += wait(step, out, test)
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
                if self.instance.as_of - self.leads[j] > self.until[suite][j]:
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
        gone: Sequence[Campaign] | None = None,
        into: Sequence[Campaign] = (),
        rights: Sequence[Filed | None] = (),
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
        alike = not self.frozen and not self.direct and not self.chains
        if self.stocked is not None and alike:
            self._make(found, steps[self.last.index])
        elif base is None or gone is None:
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
        if self.inner:
            found.trials = list(self._trials_of(steps))
        self._price(found, steps, base)
        return found

    def _make(self, found: Pegged, row: list[Campaign]) -> None:
        """What the batches of a stock cost, of which none has to be told from another."""
        modes, least = self.last.modes, self.least_bits
        planned = [c for c in row if c.lock is None]
        found.costs = [sum(c.n * modes[c.suite].variable_cost for c in planned)]
        found.bads = [sum(c.n for c in planned if not c.mask & least)]

    def _hand_out(self, found: Pegged, place: int, base: Pegged | None = None) -> None:
        """Go through the items from a place on, until the base goes on the same way."""
        items, left, sizes = found.items, found.left, found.sizes
        picks, costs, firms, bads = found.picks, found.costs, found.firms, found.bads
        bits, several, need = self.bits, self.several, self.need
        # Groups that may still get a batch. A full one never does again, so that it is
        # looked at no more: plans have hundreds of batches and most groups are full soon.
        open_ = [j for j in self.handed if left[j] > 0 or sizes[j] < 0]
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
            until = self.until[suite]
            pick = -1
            for j in open_:
                if mask & bits[j] and ready <= until[j]:
                    if several:
                        size = self.size[suite]
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
                cost, service, breaks = self._cost(item, pick, sizes, -FAR)
                costs.append(cost)
                firms.append(service)
                bads.append(breaks)

    def _hand_out_again(
        self,
        found: Pegged,
        base: Pegged,
        gone: Sequence[Campaign],
        into: Sequence[Campaign],
    ) -> None:
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
        self._hand_out(found, low, base)

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
                    size = self.size[base.items[number][2]]
                    sizes[j], left[j] = size, self.need[j][size]
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
        count = len(self.groups)
        found.left = noted[:count]
        found.sizes = noted[count:] if self.several else self.first_sizes

    def _peg_ppq(self, row: list[Campaign], found: Pegged) -> None:
        """Each validation group takes its batches from one campaign."""
        found.end = found.left + found.sizes if self.several else found.left[:]
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

    def _price(
        self, found: Pegged, steps: list[list[Campaign]], base: Pegged | None
    ) -> None:
        if not self.has_ppq:
            found.end = found.left + found.sizes if self.several else found.left
        regret, firm, bad = sum(found.costs), sum(found.firms), sum(found.bads)
        for item, j in found.ppq:
            cost, service, breaks = self._cost(item, j, found.sizes, -FAR)
            regret, firm, bad = regret + cost, firm + service, bad + breaks
        for j in [j for j, missing in enumerate(found.left) if missing > 0]:
            size = found.sizes[j] if found.sizes[j] >= 0 else self.reference[j]
            cost = found.left[j] * self.money[j][size][4]
            regret += cost
            if self.firm[j]:
                firm += cost
        lacking = worth = 0
        if self.stocked is not None:
            found.flow = flow(self.stocked, self._lots(self.stocked, found, steps))
            regret += found.flow.regret
            bad += -(-found.flow.breaks // self.stocked.parts)
        if self.frozen or self.direct:
            more, lacking, worth = self._supply(steps, found, base)
            regret, firm, bad = regret + more[0], firm + more[1], bad + more[2]
        if self.client:
            bad += self._early_for_client(steps)
        if found.ppq:
            bad += self._early_validation(steps, found)
        if self.inner:
            bad += self._wrong_trials(steps, found)
            regret += self._trials_cost(found)
        if self.chains:
            self._file(found)
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
        cost = sum(
            self.instance.filings[f].cost for f in chain.filings if f in found.filed
        )
        if chain.transfer is not None and self.starts_at(steps, chain) is not None:
            cost += chain.transfer_cost
        return cost

    def _file(self, found: Pegged) -> None:
        """Make filings that are free or of use: to a batch, or as a site's first."""
        made = {f for f, filed in self.granted.items() if filed is not None}
        doubtful = {
            f
            for f in made
            if self.instance.filings[f].cost and not cast("Filed", self.granted[f])[1]
        }
        if doubtful:  # only for these is it worth going through every batch
            made -= doubtful.difference(self._used_filings(found))
        for filing in sorted(made):
            after = self.instance.filings[filing].after
            while after is not None:
                made.add(after)
                after = self.instance.filings[after].after
        found.filed = made

    def _used_filings(self, found: Pegged) -> Iterator[int | None]:
        """Filings that what is sold has its rights from, its input included."""
        last = self.last.index
        for item, j in found.pairs():
            if j >= 0:
                yield self.groups[j].filings.get((last, self.sites[item[2]]))
        if self.stocked is not None:
            last_end = self.stocked.periods[-1].end
            for suite, lot in self._made_lots(self.stocked, found):
                if lot.enters <= last_end:
                    yield from self.stocked.filings[suite]
        if found.drawn is None:
            return
        users = zip(found.drawn.users, found.drawn.used, strict=True)
        for (_, _, j, _), used in users:
            filings = self.groups[j].filings if j >= 0 else {}
            for unit in used if filings else ():
                yield filings.get((found.drawn.before.index, unit[3]))

    def _trials_cost(self, found: Pegged) -> int:
        """What intermediates cost that serve qualifications. [money]"""
        groups = self.instance.groups
        return sum(groups[g].making[campaign.suite] for campaign, _, g in found.trials)

    def _untried(self, found: Pegged, chain: ChainData) -> int:
        """Engineering batches that a qualification lacks though it has PPQ batches."""
        checks = self.checks[chain.index]
        if any(j in checks for _, j in found.ppq):
            return sum(max(0, found.left[j]) for j in self.trials[chain.index])
        return 0

    def starts_at(self, steps: list[list[Campaign]], chain: ChainData) -> int | None:
        """When a site first makes what its qualification is for. [tick]"""
        starts = [
            c.start for step in chain.steps for c in steps[step] if c.site == chain.site
        ]
        return min(starts, default=None)

    def _lots(
        self, stocked: Stocked, pegged: Pegged, steps: list[list[Campaign]]
    ) -> list[Lot]:
        """What enters the stock of a programme that is made to it."""
        if self.chains:
            found = [lot for _, lot in self._made_lots(stocked, pegged)]
        else:
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

    def _made_lots(self, stocked: Stocked, found: Pegged) -> Iterator[tuple[int, Lot]]:
        """What batches that serve no qualification add to the stock, with their suites."""
        rights = {
            suite: self._right_of_entry(stocked, suite) for suite in stocked.rights
        }
        for item, j in found.pairs():
            if j < 0 and item[6] is not None:
                suite = item[2]
                yield from ((suite, x) for x in self._lot(stocked, item, rights[suite]))

    def _right_of_entry(self, stocked: Stocked, suite: int) -> int | None:
        """When a suite's batches may ship to every market, by rights as they stand. [tick]"""
        right = stocked.rights[suite]
        for filing in stocked.filings[suite]:
            filed = self.granted.get(filing)
            if right is None or filed is None:
                return None
            right = max(right, filed[0])
        return right

    def _lots_of(self, stocked: Stocked, campaign: Campaign) -> Iterator[Lot]:
        """What a campaign adds to the stock."""
        for item in campaign.items:
            yield from self._lot(stocked, item, stocked.rights[campaign.suite])

    def _lot(self, stocked: Stocked, item: Item, right: int | None) -> Iterator[Lot]:
        """What a batch adds to the stock, if it may ship to every market."""
        ready, _, suite, mask, out, _, _, _ = item
        if right is not None and mask & KIND_BITS["commercial"]:
            end = NEVER if stocked.life is None else out + stocked.life + 1
            enters = max(ready + self._lead("commercial"), right)
            yield Lot(enters, end, stocked.amounts[suite])

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

    def _cost(self, item: Item, j: int, sizes: list[int], input_right: int) -> Cost:
        """What a batch costs that serves the group at a place, -1 for none."""
        ready, start, suite, mask, out, planned, _, _ = item
        if j < 0:
            if not planned:
                return 0, 0, 0
            return self.last.modes[suite].variable_cost, 0, not mask & self.least_bits
        charge, penalty, cap, holding, by, grace, hold, lead, latest, bit, is_firm = (
            self.terms[j][sizes[j]]
        )
        may, bad = self.right[j][suite], 0
        if input_right - lead > may:
            may = input_right - lead
            bad = may > latest
        if bit == 1:
            ready = out
        late = (ready if ready > may else may) - by
        regret = firm = 0
        if late > 0:
            regret = charge * late
            beyond = late - grace
            if beyond > 0:
                more = penalty * beyond
                regret += cap if cap < more else more
            if is_firm:
                firm = regret
        early = hold - (out if out > may else may)
        if early > 0:
            regret += holding * early
        if planned:
            regret += self.suite_cost[j][suite]
            if start < may + lead:
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
        if out > self.until[suite][j]:
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
        return self.instance.chain_at.get((self.last.index, site))

    # ---------------------------------------------------------------- supply

    def _supply(
        self, steps: list[list[Campaign]], found: Pegged, base: Pegged | None
    ) -> tuple[Cost, int, int]:
        """What input adds: variable cost, shipments, later rights, batches without."""
        regret = firm = bad = 0
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
        if self.last.frozen is None:
            return (regret, firm, bad), 0, 0
        genealogy = Genealogy(self, steps, found, None if base is None else base.drawn)
        found.drawn = genealogy
        regret += genealogy.cost
        lacking = genealogy.lacking
        worth = sum(map(self._worth, lacking))
        found.stays = genealogy.stays
        for item, j, right in genealogy.later:
            old = self._cost(item, j, found.sizes, -FAR)
            new = self._cost(item, j, found.sizes, right)
            regret += new[0] - old[0]
            firm += new[1] - old[1]
            bad += new[2] - old[2]
        return (regret, firm, bad), len(lacking), worth

    def least_cost(self, step: StepData) -> int:
        """What of a used input's variable cost is no regret. [money]"""
        if self.stocked is not None:  # what is sold is priced with the stock
            return 0
        return min((mode.variable_cost for mode in step.modes.values()), default=0)

    def _worth(self, j: int) -> int:
        """What it counts that a batch for a group lacks an intermediate. [money]"""
        if j < 0:
            return self.stock_worth
        money = self.money[j][self.reference[j]][4]
        if self.groups[j].chain is not None:
            money *= self.right_weight
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


def _latest_right(group: Group, steps: list[int], site: int) -> int | None:
    latest = 0
    for step in steps:
        right = group.rights[step, site]
        if right is None:
            return None
        latest = max(latest, right)
    return latest


def wait(step: StepData, out: int, test: Test) -> int:
    """What the queues add to a release. [tick]"""
    ready = max(test.qc_start + step.qc_days, test.qa_start + step.qa_days)
    return ready - out - max(step.qc_days, step.qa_days)

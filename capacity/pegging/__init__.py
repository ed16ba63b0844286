"""Which batch serves which order line, and what a programme then costs.

Everything is counted in ticks of *out*: a batch that is out by a group's deadline less the
release lead time of its kind is on time. A wait for QC or QA counts as being out later.
Batches are handed to groups in the order in which they are out, to the group that needs
its batch first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from capacity.instance import FrozenData, Instance, StepData
from capacity.pegging.filing import chain_cost, made_filings
from capacity.pegging.genealogy import Genealogy
from capacity.pegging.given import Given
from capacity.pegging.handed import Cost, Filed, Pegged
from capacity.pegging.handing import Handing
from capacity.pegging.listing import Listing
from capacity.pegging.qualifying import Qualifying
from capacity.pegging.rights import Rights
from capacity.pegging.supply import direct_breaks, early_for_client
from capacity.pegging.terms import GroupTerms
from capacity.pegging.to_stock import ToStock
from capacity.stocks import flow

if TYPE_CHECKING:
    from capacity.board import Campaign

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
        self.terms = GroupTerms(instance, programme)
        self.groups, self.steps = self.terms.groups, self.terms.steps
        self.last = self.terms.last
        self.frozen = [step for step in self.steps if step.frozen is not None]
        self.direct = [step for step in self.steps if step.direct_hold is not None]
        self._client = [step for step in self.steps if step.client_arrival is not None]
        self.chains = [c for c in instance.chains if c.programme == programme]
        self.rights = Rights(self.terms, self.chains)
        self.given = Given(instance, self.steps)
        self.handing = Handing(self.terms, self.rights, self.given)
        self.qualifying = Qualifying(self.chains, self.handing)
        self.to_stock: ToStock | None = None
        self.rates = self.terms.rates
        """What a batch costs that is a tick earlier or later, about. [money]"""
        stocked = instance.stocked.get(programme)
        if stocked is not None:
            self.to_stock = ToStock(stocked, self.rights, self.given)
            self.rates = self.to_stock.rates()
        self.listing = Listing(
            instance, self.last, self.qualifying.inner, self.to_stock
        )
        self._units_table: dict[int, list[int]] = {}

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
            found.state = self.rights.state(steps, rights)
            self.rights.assume(found.state)
            if base is not None and base.state != found.state:
                base = None
        alike = not self.frozen and not self.direct and not self.chains
        if self.to_stock is not None and alike:
            self._make(found, steps[self.last.index])
        elif base is None or gone is None:
            self.handing.hand_out(found, steps[self.last.index])
        else:
            self.handing.hand_out_again(found, base, gone, into)
        if self.terms.has_ppq:
            self.handing.hand_out_ppq(found, steps[self.last.index])
        if self.qualifying.inner:
            found.trials = list(self.qualifying.trials_of(steps))
        self._price(found, steps, base)
        return found

    def _make(self, found: Pegged, row: list[Campaign]) -> None:
        """What the batches of a stock cost, of which none has to be told from another."""
        modes, least = self.last.modes, self.terms.least_bits
        planned = [c for c in row if c.lock is None]
        found.costs = [sum(c.n * modes[c.suite].variable_cost for c in planned)]
        found.bads = [sum(c.n for c in planned if not c.mask & least)]

    def _price(
        self, found: Pegged, steps: list[list[Campaign]], base: Pegged | None
    ) -> None:
        """Add up what the batches cost, what lacks, and what follows from both."""
        terms = self.terms
        if not terms.has_ppq:
            found.end = found.left + found.sizes if terms.several else found.left
        regret, firm, bad = sum(found.costs), sum(found.firms), sum(found.bads)
        for item, j in found.ppq:
            cost, service, breaks = terms.cost(item, j, found.sizes, self.rights.right)
            regret, firm, bad = regret + cost, firm + service, bad + breaks
        for j in [j for j, missing in enumerate(found.left) if missing > 0]:
            size = found.sizes[j] if found.sizes[j] >= 0 else terms.reference[j]
            cost = found.left[j] * terms.money[j][size][4]
            regret += cost
            if terms.firm[j]:
                firm += cost
        lacking = worth = 0
        if self.to_stock is not None:
            stocked = self.to_stock.stocked
            lots = self.to_stock.lots(found, steps[self.last.index])
            found.flow = flow(stocked, lots)
            regret += found.flow.regret
            bad += -(-found.flow.breaks // stocked.parts)
        if self.frozen or self.direct:
            more, lacking, worth = self._supply(steps, found, base)
            regret, firm, bad = regret + more[0], firm + more[1], bad + more[2]
        if self._client:
            bad += early_for_client(self.instance, steps, self._client)
        if found.ppq:
            bad += self.qualifying.early_validation(steps, found)
        if self.chains:
            more = self._qualifications(steps, found)
            regret, bad = regret + more[0], bad + more[2]
        found.price = regret, firm, bad, lacking, worth

    def _qualifications(self, steps: list[list[Campaign]], found: Pegged) -> Cost:
        """What qualifications add: transfers, filings, batches that only they ask for."""
        qualifying, regret, bad = self.qualifying, 0, 0
        if qualifying.inner:
            bad += qualifying.wrong_trials(steps, found)
            regret += qualifying.trials_cost(found)
        found.filed = made_filings(self, found)
        for chain in self.chains:
            regret += chain_cost(self, steps, found, chain)
            bad += qualifying.untried(found, chain)
        for j, group in enumerate(self.groups):
            if group.own:
                found.left[j] = 0  # nobody lacks it
        return regret, 0, bad

    def _supply(
        self, steps: list[list[Campaign]], found: Pegged, base: Pegged | None
    ) -> tuple[Cost, int, int]:
        """What input adds: variable cost, shipments, later rights, batches without."""
        regret = firm = bad = 0
        for step in self.direct:
            bad += direct_breaks(self.instance, steps, step)
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
            old = self.terms.cost(item, j, found.sizes, self.rights.right)
            new = self.terms.cost(item, j, found.sizes, self.rights.right, right)
            regret += new[0] - old[0]
            firm += new[1] - old[1]
            bad += new[2] - old[2]
        return (regret, firm, bad), len(lacking), worth

    def least_cost(self, step: StepData) -> int:
        """What of a used input's variable cost is no regret. [money]"""
        if self.to_stock is not None:  # what is sold is priced with the stock
            return 0
        return min((mode.variable_cost for mode in step.modes.values()), default=0)

    def _worth(self, j: int) -> int:
        """What it counts that a batch for a group lacks an intermediate. [money]"""
        if j < 0:
            return 0 if self.to_stock is None else self.to_stock.worth
        money = self.terms.unserved(j)
        if self.groups[j].chain is not None:
            money *= self.right_weight
        return money * (1 + self.firm_weight) if self.terms.firm[j] else money

    def overdue(self, found: Pegged) -> list[tuple[Campaign, int]]:
        """Planned campaigns of firm batches that are late, with the place of the group."""
        self.rights.assume(found.state)
        return [
            (cast("Campaign", item[6]), j)
            for item, j in found.pairs()
            if j >= 0
            and self.terms.firm[j]
            and item[5]
            and self.terms.cost(item, j, found.sizes, self.rights.right)[1]
        ]

    def alone(self, start: int, suite: int, j: int) -> int:
        """What a batch from a start costs for the group at a place, nothing else looked at."""
        terms = self.terms
        out = start + self.last.modes[suite].lead
        if out > self.rights.until[suite][j]:
            return terms.unserved(j) * (1 + self.firm_weight * terms.firm[j])
        item = (out, start, suite, 15, out, True, None, 0)
        sizes = terms.reference
        if terms.several:
            sizes = [terms.size[suite]] * len(self.groups)
        cost, firm, _ = terms.cost(item, j, sizes, self.rights.right)
        return cost + self.firm_weight * firm

    def short(self, found: Pegged) -> list[int]:
        """Latest outs of the batches that a stock lacks, none without one. [tick]"""
        return [] if self.to_stock is None else self.to_stock.short(found)

    def units(self, step: StepData, supply: FrozenData, users: int) -> list[int]:
        """Intermediates that the first 0, 1, 2, ... users of a step take."""
        table = self._units_table.setdefault(step.index, [0])
        while len(table) <= users:
            table.append(supply.units(len(table)))
        return table

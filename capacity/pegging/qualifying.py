"""Qualifications of a programme: what they ask for, when they are proved, what they break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from capacity.instance import FAR, ChainData, Group
from capacity.pegging.handed import AS_INPUT, KIND_BITS, Pegged, Trial
from capacity.pegging.handing import Handing

if TYPE_CHECKING:
    from capacity.board import Campaign


class Qualifying:
    """A programme's qualifications, with engineering and PPQ for them."""

    def __init__(self, chains: list[ChainData], handing: Handing) -> None:
        self.chains = chains
        self.handing = handing
        self.terms = handing.terms
        self.instance = self.terms.instance
        self.last = self.terms.last
        self.inner = [c for c in chains if c.step != self.last.index]
        """Qualifications of intermediates, with engineering and PPQ of their own."""
        self.trials = {c.index: self._places(c, "engineering") for c in chains}
        """By qualification, the places of its engineering groups,"""
        self.checks = {c.index: self._places(c, "ppq") for c in chains}
        """of its PPQ groups,"""
        self._needed = {
            chain: [j for j in places if not self.terms.groups[j].spare]
            for chain, places in self.checks.items()
        }
        """and of those without which it isn't proved."""

    def _places(self, chain: ChainData, kind: str) -> list[int]:
        return [
            j
            for j, group in enumerate(self.terms.groups)
            if group.chain == chain.index and group.kind == kind
        ]

    def proved(self, steps: list[list[Campaign]], chain: ChainData) -> int | None:
        """When the last PPQ batch of a qualification is released. [tick]"""
        if not chain.permitted:
            return None
        runs = [c for c in steps[chain.step] if c.ppq and c.site == chain.site]
        if not runs:
            return None
        if chain.step != self.last.index:
            return self._proved_inner(runs, chain)
        wanted = [(j, self.handing.first_left[j]) for j in self.checks[chain.index]]
        until, found, done = self.handing.rights.open_until, -FAR, set()
        for j, items, need, _ in self.handing.allotted(runs, wanted, until)[0]:
            if j in self._needed[chain.index] and len(items) == need:
                done.add(j)
                found = max(found, *(item[0] for item in items))
        if not done or len(done) < len(self._needed[chain.index]):
            return None
        return found + self.last.lead_times["ppq"]

    def _proved_inner(self, runs: list[Campaign], chain: ChainData) -> int | None:
        """The same of an intermediate: all PPQ in one campaign with nothing else. [tick]"""
        (run, *others), step = runs, self.instance.steps[chain.step]
        if others or run.n != self.asked(chain, "ppq", run.suite):
            return None
        return max(item[0] for item in run.items) + step.lead_times["ppq"]

    def owns(self, chain: ChainData) -> bool:
        """Whether a qualification's batches are made at its own cost."""
        return all(self.terms.groups[j].own for j in self.checks[chain.index])

    def asked(self, chain: ChainData, kind: str, suite: int) -> int:
        """Engineering or PPQ batches of a qualification where a suite makes them."""
        if chain.step != self.last.index:
            asking = [g for g in self._asking(chain) if g.kind == kind]
            return sum(g.terms[g.reference].need for g in asking)
        places = self.checks if kind == "ppq" else self.trials
        return sum(self.terms.needed(j, suite) for j in places[chain.index])

    def _asking(self, chain: ChainData) -> list[Group]:
        """Engineering and PPQ groups of an intermediate's qualification."""
        trials = self.instance.trials_of(chain.step)
        return [group for group in trials if group.chain == chain.index]

    def owned(self, found: Pegged) -> list[Campaign]:
        """Planned campaigns with batches that only qualifications ask for, by start."""
        campaigns = {
            id(item[6]): cast("Campaign", item[6])
            for item, j in found.pairs()
            if j >= 0 and self.terms.groups[j].own and item[5]
        }
        campaigns |= {id(campaign): campaign for campaign, _, _ in found.trials}
        return sorted(campaigns.values(), key=lambda c: (c.start, c.suite))

    def starts_at(self, steps: list[list[Campaign]], chain: ChainData) -> int | None:
        """When a site first makes what its qualification is for. [tick]"""
        starts = [
            c.start for step in chain.steps for c in steps[step] if c.site == chain.site
        ]
        return min(starts, default=None)

    def engineered(self, found: Pegged, site: int) -> int:
        """When the last engineering batch that PPQ at a site waits for is out. [tick]

        A qualification's own; elsewhere that of all sites without a qualification.
        """
        suites, own = self.instance.suites, self._chain_at(site)
        outs = [
            item[4]
            for item, j in zip(found.items, found.picks, strict=True)
            if ((j >= 0 and self.terms.bits[j] == 1) or (item[3] == 1 and not item[5]))
            and (not self.chains or self._chain_at(suites[item[2]].site) == own)
        ]
        return max(outs, default=-FAR)

    def _chain_at(self, site: int) -> int | None:
        return self.instance.chain_at.get((self.last.index, site))

    def early_validation(self, steps: list[list[Campaign]], found: Pegged) -> int:
        """PPQ campaigns that start before engineering allows it."""
        row = [c for c in steps[self.last.index] if c.ppq]
        allowed = {
            site: self.engineered(found, site) + self.instance.ppq_wait
            for site in {c.site for c in row}
        }
        return sum(c.start < allowed[c.site] for c in row)

    def untried(self, found: Pegged, chain: ChainData) -> int:
        """Engineering batches that a qualification lacks though it has PPQ batches."""
        checks = self.checks[chain.index]
        if any(j in checks for _, j in found.ppq):
            return sum(max(0, found.left[j]) for j in self.trials[chain.index])
        return 0

    def trials_of(self, steps: list[list[Campaign]]) -> Iterator[Trial]:
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

    def trials_cost(self, found: Pegged) -> int:
        """What intermediates cost that serve qualifications. [money]"""
        groups = self.instance.groups
        return sum(groups[g].making[campaign.suite] for campaign, _, g in found.trials)

    def wrong_trials(self, steps: list[list[Campaign]], found: Pegged) -> int:
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

"""From when on what a suite makes may ship to a group: rights given, and by qualification.

What qualifications give depends on how they stand (`State`). One state is assumed at a time;
its tables are worked out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from capacity.instance import FAR, ChainData, Group, StepData
from capacity.pegging.handed import Filed, State
from capacity.pegging.terms import GroupTerms

if TYPE_CHECKING:
    from capacity.board import Campaign


class _Tables(NamedTuple):
    """What of a programme's rights follows from one state."""

    right: list[list[int]]
    until: list[list[int]]
    granted: dict[int, Filed | None]
    inputs: dict[int, list[list[int]]]


class Rights:
    """A programme's rights as they are assumed to stand."""

    def __init__(self, terms: GroupTerms, chains: list[ChainData]) -> None:
        self.instance = terms.instance
        self.steps = terms.steps
        self.last = terms.last
        self.terms = terms
        self.chains = chains
        self._takes_frozen = any(step.frozen is not None for step in terms.steps)
        self.right: list[list[int]] = []
        """By group, then by suite: from when on a batch that is out may ship. [tick]"""
        self.until: list[list[int]] = [[] for _ in self.instance.suites]
        """By suite, then by group: latest out of a batch that may serve it. [tick]"""
        self.granted: dict[int, Filed | None] = {}
        """What each filing of its qualifications gives."""
        self._read()
        self.inputs = self._inputs()
        """`of_input` by step, group and site; the last row is for no group. [tick]"""
        self.open_until = self.until
        """As if every qualification gave its right."""
        self._known: dict[State, _Tables] = {}
        if chains:
            self.until = self._closed_until()
        self._closed = self.right, self.until

    def _read(self) -> None:
        """Rights that are given."""
        suites, terms = self.instance.suites, self.terms
        inside = self._direct_chain(self.last)
        for j, group in enumerate(terms.groups):
            lead = terms.leads[j]
            rights = [_latest_right(group, inside, suite.site) for suite in suites]
            self.right.append([FAR if r is None else r - lead for r in rights])
            for until, r in zip(self.until, rights, strict=True):
                serves = r is not None and r <= group.latest
                until.append(terms.latest[j] if serves else -FAR)

    def _closed_until(self) -> list[list[int]]:
        """As if no qualification gave its right."""
        return [
            [
                -FAR
                if (self.last.index, suite.site) in group.filings or group.own
                else until
                for group, until in zip(self.terms.groups, row, strict=True)
            ]
            for suite, row in zip(self.instance.suites, self.until, strict=True)
        ]

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
        known = self._known.get(state)
        if known is None:
            known = self._known[state] = self._table(state)
        self.right, self.until, self.granted, self.inputs = known

    def _table(self, state: State) -> _Tables:
        filings = [filing for c in self.chains for filing in c.filings]
        granted = cast(
            "dict[int, Filed | None]", dict(zip(filings, state, strict=False))
        )
        wanted = {
            c.index: on
            for c, on in zip(self.chains, state[len(filings) :], strict=True)
        }
        right = [row[:] for row in self._closed[0]]
        until = [row[:] for row in self._closed[1]]
        for j, group in enumerate(self.terms.groups):
            for suite in self.instance.suites:
                place = self.last.index, suite.site
                if place in group.filings:
                    filed = granted[group.filings[place]]
                    at = None if filed is None else filed[0]
                    right[j][suite.index] = (
                        FAR if at is None else at - self.terms.leads[j]
                    )
                    late = at is None or at > group.latest
                    until[suite.index][j] = -FAR if late else self.terms.latest[j]
                elif group.own and group.chain is not None and wanted[group.chain]:
                    until[suite.index][j] = self.open_until[suite.index][j]
        self.granted = granted
        inputs = self._inputs() if self._takes_frozen else self.inputs
        return _Tables(right, until, granted, inputs)

    def of_input(self, step: StepData, site: int, j: int) -> int:
        """Right to ship what a step at a site goes into to a group, FAR for never. [tick]"""
        return self.inputs[step.index][j][site]

    def _inputs(self) -> dict[int, list[list[int]]]:
        """`of_input` by step, group and site; the last row is for no group."""
        sites = range(len(self.instance.sites))
        found: dict[int, list[list[int]]] = {}
        for step in self.steps:
            chain = self._direct_chain(step)
            rows = [
                [self._input_right(g, step, chain, site) for site in sites]
                for g in self.terms.groups
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


def _latest_right(group: Group, steps: list[int], site: int) -> int | None:
    latest = 0
    for step in steps:
        right = group.rights[step, site]
        if right is None:
            return None
        latest = max(latest, right)
    return latest

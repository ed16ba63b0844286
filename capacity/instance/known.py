"""What every part of the translation looks up: the grid, and each name's number."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction

from capacity.demand import Line, lines
from capacity.scenario import (
    Direct,
    InRelease,
    Lock,
    Qualification,
    Scenario,
    Step,
    Stock,
)

QC, QA = 0, 1
DAY = Fraction(1)
FAR = 10**9
"""Later than anything. [tick]"""


class Known:
    """The scenario with its grid, and the number of each name in the instance."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.grid = scenario.grid()
        self.as_of = self.grid.at(scenario.as_of)
        self.dawn = self._dawn()
        self.horizon_end = self.grid.at(scenario.horizon.end) + self.grid.whole(DAY)
        self.frozen_until = self.as_of + self.ticks(scenario.frozen_days)
        self.site = {site.id: n for n, site in enumerate(scenario.sites)}
        on_hand: list[InRelease | Stock] = [*scenario.in_release, *scenario.stock]
        made = {row.suite for row in on_hand}
        kept = (s for s in scenario.suites if s.enabled or s.id in made)
        self.suites = sorted(kept, key=lambda suite: suite.id)
        self.suite = {suite.id: n for n, suite in enumerate(self.suites)}
        ordered = sorted(scenario.programmes, key=lambda programme: programme.id)
        self.programme = {programme.id: n for n, programme in enumerate(ordered)}
        self.recipe_steps = [
            (programme.id, step) for programme in ordered for step in programme.recipe
        ]
        self.step = {
            (programme, step.step): n
            for n, (programme, step) in enumerate(self.recipe_steps)
        }
        self.client = {programme.id: programme.client for programme in ordered}
        self.by_programme = {programme.id: programme for programme in ordered}
        self.chains = sorted(scenario.qualifications, key=lambda chain: chain.id)
        self.chain = {chain.id: n for n, chain in enumerate(self.chains)}
        self.chain_of = {
            (chain.programme, step, chain.site): chain
            for chain in self.chains
            for step in self.qualified(chain)
        }
        self.filing = {
            key: n
            for n, key in enumerate(
                (chain.id, market) for chain in self.chains for market in chain.markets
            )
        }
        self.lines = lines(scenario)
        self.validating = defaultdict[str, list[Line]](list)
        """Engineering and PPQ that a qualification needs, by its name."""
        for line in self.lines:
            if line.chain is not None and line.firmness != "spare":
                self.validating[line.chain].append(line)
        self.made_to_stock = {row.programme: row for row in scenario.made_to_stock}
        self.given: list[Lock | InRelease | Stock] = [
            *scenario.locks,
            *scenario.in_release,
            *scenario.stock,
        ]

    def _dawn(self) -> int:
        """Before any date of the plan: earlier rights to ship are all alike. [tick]"""
        starts = [lock.start for lock in self.scenario.locks]
        starts += [row.first_out for row in self.scenario.in_release]
        return min([self.as_of, *(self.grid.at(start) for start in starts)])

    def qualified(self, chain: Qualification) -> list[str]:
        """Steps that a qualification is for: one with its direct feeds, or all."""
        found: list[str] = []
        for step in self.by_programme[chain.programme].recipe:
            if chain.step is not None and not isinstance(step.supply, Direct):
                found = []
            found.append(step.step)
            if step.step == chain.step:
                break
        return found

    def validated(self, chain: Qualification) -> Step:
        """Step of which a qualification makes its engineering and PPQ."""
        recipe = self.by_programme[chain.programme].recipe
        return next((step for step in recipe if step.step == chain.step), recipe[-1])

    def ticks(self, days: Fraction) -> int:
        """A whole number of ticks from days. [tick]"""
        return self.grid.whole(days)

    def rounded(self, money: Fraction) -> int:
        """To the unit in which money is counted. [money]"""
        unit = self.scenario.economics.money_unit
        return math.floor(money / unit + Fraction(1, 2)) * unit

"""A step planned more closely at prices that stay: rebates are learned for each way.

While prices climb, rebates are multipliers like others, the same for all ways and for a month
at least. When prices stay, each way has its own, by time step: the way that costs least is
planned again with rebates that are learned from what it passed, until it isn't the cheapest
any more or gains nothing for a while.
"""

from __future__ import annotations

import numpy as np

from capacity.bound.alone import Alone, Answer
from capacity.bound.demand import Floats, Ticks
from capacity.bound.duals import rebates

TOWARDS = 0.3
"""How far rebates go towards those that are best for the last plans."""

RECENT = 3
"""How many plans those are."""

PATIENCE = 4
"""Plans of the cheapest way without a gain before it is let be."""

GAIN = 1e-4
"""What counts as a gain, as a share of the cost."""


class _Trial:
    """A way, what it costs at least, and the rebates to plan it with next."""

    def __init__(self, alone: Alone) -> None:
        self.alone, self.cost = alone, alone.floor()
        self.less: Floats = alone.less.T
        """By group and time step. [money]"""
        self.best = self.less
        """Those with which it cost `cost`."""
        self.recent: list[Ticks] = []
        """How many positions were passed in each time step, in the last plans."""
        self.planned = self.idle = 0

    @property
    def over(self) -> bool:
        """Whether planning it again would gain nothing."""
        once = bool(self.planned) and not self.alone.demand.groups
        return once or self.idle >= PATIENCE

    def follow(self, other: _Trial) -> None:
        """Begin with the rebates of another way, where positions and times are the same."""
        ours, theirs = self.alone, other.alone
        same = ours.demand.groups == theirs.demand.groups
        clocks = [(x.clock.first, x.clock.width) for x in (ours, theirs)]
        if same and clocks[0] == clocks[1]:
            self.less = other.best

    def plan(self) -> None:
        """Plan it once more."""
        self.planned += 1
        self.alone.less = self.less.T
        answer = self.alone.solve(trace=True)
        gained = answer.cost > self.cost + GAIN * abs(self.cost)
        self.idle = 0 if gained else self.idle + 1
        if answer.cost > self.cost:
            self.cost, self.best = answer.cost, self.less
        if self.alone.demand.groups:
            self._learn(answer)

    def _learn(self, answer: Answer) -> None:
        demand, size = self.alone.demand, self.alone.clock.size
        passes = np.bincount(answer.passes, minlength=size)
        self.recent = [*self.recent[1 - RECENT :], passes]
        costs = demand.shaped + self.alone.more.T
        best = rebates(costs, demand.needs, np.sum(self.recent, axis=0))
        if best is not None:
            self.less = self.less + TOWARDS * (best - self.less)


def closer(several: list[Alone], most: int) -> float:
    """What a step costs at least at the prices that it was told, in any of its ways.

    Parameters
    ----------
    several
        The ways.
    most
        How often they are planned, besides once each. [1]

    Returns
    -------
    A lower bound, often higher than what the step costs with the rebates that it was told.
    [money]
    """
    trials, before = [_Trial(alone) for alone in several], None
    while True:
        least = min(trials, key=lambda trial: trial.cost)
        if least.over or (least.planned and not most):
            return least.cost
        if least.planned:
            most -= 1
        elif before is not None:
            least.follow(before)
        least.plan()
        before = least

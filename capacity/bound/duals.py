"""What positions are passed for less, so that each is passed once and in its turn.

In Monge costs a position may be passed early in place of another one, wait again later and
be passed again, for nothing but the difference. Where a position costs a rebate less at some
time, passing it then earns that and waiting again pays it, so that any rebates, none below 0,
give a bound.

The best ones follow from duals. Let so many positions be passed in each time step as were
lately, on average, and let each be passed once: that is a transport problem. Its duals say
what a time step and what a position of each group is worth, and by how much a position costs
more than both: its reduced cost. Rebates are as much of that as it takes: until a group is
passed for the first time, how far its reduced cost has risen above its least before; from the
last time on, how far it will still fall; all of it in between. For these passes Monge costs
are then what the best assignment costs.
"""

from __future__ import annotations

import numpy as np

from capacity.bound.demand import NEVER, Floats, Ticks

FAR = 1e7
"""A reduced cost beyond that is of a position that can't be passed. [money]"""


DEAR = 1e9
"""What a position costs that can't be passed: not so much that others drown in it. [money]"""

PIVOTS = 4
"""Most pivots per row and column: rebates that are nearly the best give a bound as well."""


def rebates(costs: Floats, needs: Ticks, passes: Ticks) -> Floats | None:
    """Rebates at which passes cost what their best assignment does.

    Parameters
    ----------
    costs
        What a position of each group costs by time step. [money]
    needs
        Positions of each group.
    passes
        How many are passed in each time step, in one or several plans together.

    Returns
    -------
    By group and time step; None where no assignment has such passes. [money]
    """
    steps = np.flatnonzero(passes)
    plans, rest = divmod(int(passes.sum()), int(needs.sum()))
    if rest or not plans:  # what can't be passed wasn't
        return None
    tree = _Transport(np.minimum(costs[:, steps], DEAR), plans * needs, passes[steps])
    worth, flow = tree.solve()
    if any(costs[group, steps[step]] >= NEVER for group, step in flow):
        return None
    first, last = np.full(len(needs), costs.shape[1]), np.full(len(needs), -1)
    for group, step in flow:
        first[group] = min(first[group], steps[step])
        last[group] = max(last[group], steps[step])
    above = costs - worth[:, None]
    above = np.minimum(above - above.min(axis=0), FAR)
    risen = above - np.minimum.accumulate(above, axis=1)
    least = np.minimum.accumulate(above[:, ::-1], axis=1)[:, ::-1]
    at = np.arange(costs.shape[1])
    early, late = at < first[:, None], at > last[:, None]
    less: Floats = np.where(early, risen, np.where(late, above - least, above))
    return less


class _Transport:
    """Transport at the least cost, by the simplex method on trees.

    By hand, as the bound uses nothing of the solver whose claims it is held against, and as
    libraries of flows tell no duals. It begins in order, as rows and columns are in order of
    time, where little is to mend.
    """

    def __init__(self, costs: Floats, rows: Ticks, columns: Ticks) -> None:
        self.costs = costs
        self.count = len(rows)
        self.flow: dict[tuple[int, int], int] = {}
        """By row and column, of the tree."""
        self.near: list[set[int]] = [set() for _ in range(len(rows) + len(columns))]
        """Neighbours in the tree; columns are counted on from the rows."""
        # A little more from each row: no tie keeps pivots going round.
        self.unit = 4 * self.count
        more, less = [self.unit * int(x) + 1 for x in rows], [0] * len(columns)
        less[-1] = self.count
        self._in_order(
            more, [self.unit * int(x) + y for x, y in zip(columns, less, strict=True)]
        )

    def _in_order(self, rows: list[int], columns: list[int]) -> None:
        row = column = 0
        while column < len(columns):
            sent = min(rows[row], columns[column])
            rows[row] -= sent
            columns[column] -= sent
            self._add((row, column), sent)
            if not rows[row] and row + 1 < len(rows):
                row += 1
            else:
                column += 1

    def _add(self, cell: tuple[int, int], sent: int) -> None:
        self.flow[cell] = sent
        self.near[cell[0]].add(self.count + cell[1])
        self.near[self.count + cell[1]].add(cell[0])

    def _remove(self, cell: tuple[int, int]) -> None:
        del self.flow[cell]
        self.near[cell[0]].remove(self.count + cell[1])
        self.near[self.count + cell[1]].remove(cell[0])

    def solve(self) -> tuple[Floats, list[tuple[int, int]]]:
        """What each row is worth, and what is sent where."""
        for _ in range(PIVOTS * len(self.near)):
            worth = self._worth()
            above = self.costs - worth[: self.count, None] - worth[self.count :]
            row, column = divmod(int(above.argmin()), self.costs.shape[1])
            if above[row, column] > -0.01 or (row, column) in self.flow:
                break
            self._pivot(row, column)
        sent = [cell for cell, much in self.flow.items() if 2 * much > self.unit]
        return self._worth()[: self.count], sent

    def _worth(self) -> Floats:
        """Duals of all rows and columns: cells of the tree cost what both are worth."""
        found = np.zeros(len(self.near))
        for node, before in self._from(0).items():
            if before >= 0:
                cost = self.costs[self._cell(node, before)]
                found[node] = cost - found[before]
        return found

    def _from(self, root: int) -> dict[int, int]:
        """Every node of the tree and the one before it, -1 at the root, nearest first."""
        before, line = {root: -1}, [root]
        for node in line:
            for other in self.near[node]:
                if other not in before:
                    before[other] = node
                    line.append(other)
        return before

    def _cell(self, one: int, two: int) -> tuple[int, int]:
        return min(one, two), max(one, two) - self.count

    def _pivot(self, row: int, column: int) -> None:
        """Send as much as possible by a new cell, and the less by others around a circle."""
        before, node = self._from(row), self.count + column
        circle = []
        while before[node] >= 0:
            circle.append(self._cell(node, before[node]))
            node = before[node]
        less, more = circle[::2], circle[1::2]
        leaving = min(less, key=lambda cell: (self.flow[cell], cell))
        sent = self.flow[leaving]
        for cell in less:
            self.flow[cell] -= sent
        for cell in more:
            self.flow[cell] += sent
        self._remove(leaving)
        self._add((row, column), sent)

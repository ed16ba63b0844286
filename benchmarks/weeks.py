"""A time-indexed MIP: what runs in each suite in each week, solved by HiGHS.

Per programme step and suite: run and start in a week (binary) and batches out in it. In a
suite and week there is one thing: a step, or the changeover before its start. Output and
demand meet in a weekly balance of stock and backlog, and so do intermediates and use. The
grid hides what is shorter than a week; ramps, QC and QA, rights to ship and shipments are
left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from ortools.math_opt.python import mathopt

from benchmarks.race import Pen
from benchmarks.wishes import Wish
from capacity.instance import Instance, Mode, StepData

Row = list[mathopt.Variable]
MARKS = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Time limits, one after another: HiGHS hands no plan over before its end. [s]"""


@dataclass
class Made:
    """A step, or its PPQ campaigns, in one suite."""

    mode: Mode
    run: Row
    start: Row
    out: Row
    """Batches out in each week."""
    pace: float
    """Batches a week at full rate."""


@dataclass
class Product:
    """A step, or its PPQ campaigns, over all suites."""

    step: StepData
    kind: str
    made: list[Made] = field(default_factory=list)
    demand: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    """Reference batches by week in which they should be out."""
    late: float = 0.0
    """Of a batch for a week. [money]"""
    early: float = 0.0


class Weeks:
    """The model."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.week = instance.grid.whole(instance.scenario.ramp_step_days) // 13
        self.number = instance.horizon_end // self.week
        self.model = mathopt.Model()
        self.costs: list[mathopt.LinearTypes] = []
        self.products = self._products()
        for product in self.products:
            for mode in product.step.modes.values():
                product.made.append(self._made(product, mode))
        for suite in range(len(instance.suites)):
            self._one_at_a_time(suite)
        for product in self.products:
            self._balance(product)
            self._inputs(product)
        self.model.minimize(mathopt.fast_sum(self.costs))

    def _products(self) -> list[Product]:
        found = {(s.index, False): Product(s, s.role) for s in self.instance.steps}
        money: defaultdict[tuple[int, bool], list[tuple[int, int, int]]] = defaultdict(
            list
        )
        for group in self.instance.groups:
            step, ppq = self.instance.steps[group.step], group.kind == "ppq"
            product = found.setdefault((step.index, ppq), Product(step, group.kind))
            terms = group.terms[group.reference]
            by = group.deadline - step.lead_times[group.kind]
            product.demand[max(0, by // self.week)] += terms.need
            money[step.index, ppq].append((terms.need, terms.charge, terms.holding))
        self._given(found)
        for key, rows in money.items():
            every = sum(n for n, _, _ in rows)
            found[key].late = self.week * sum(n * c for n, c, _ in rows) / every
            found[key].early = self.week * sum(n * h for n, _, h in rows) / every
        return [p for p in found.values() if p.demand or p.step.after is not None]

    def _given(self, found: dict[tuple[int, bool], Product]) -> None:
        """What is on hand or locked serves what is due first."""
        rows = [(b.step, b.kind == "ppq", 1) for b in self.instance.on_hand]
        rows += [(k.step, k.kind == "ppq", k.batches) for k in self.instance.locks]
        for step, ppq, batches in rows:
            demand = found[step, ppq].demand
            for week in sorted(demand):
                used = min(float(batches), demand[week])
                demand[week] -= used
                batches -= round(used)

    def _made(self, product: Product, mode: Mode) -> Made:
        model, weeks = self.model, range(self.number)
        suite = self.instance.suites[mode.suite]
        pace = self.week / mode.takts[-1][1]
        lead = math.ceil(mode.lead / self.week) - 1
        run = [model.add_binary_variable() for _ in weeks]
        start = [model.add_binary_variable() for _ in weeks]
        out = [model.add_variable(lb=0, ub=pace) for _ in weeks]
        least = product.step.least(
            "commercial" if product.kind == "product" else product.kind
        )
        shortest = lead + math.ceil(least / pace)
        for w in weeks:
            before = run[w - 1] if w else 0
            model.add_linear_constraint(run[w] <= before + start[w])
            starting = mathopt.fast_sum(start[max(0, w - lead + 1) : w + 1])
            model.add_linear_constraint(starting <= run[w])
            model.add_linear_constraint(out[w] <= pace * (run[w] - starting))
            whole = run[w : w + shortest]
            model.add_linear_constraint(mathopt.fast_sum(whole) >= shortest * start[w])
            open_ = suite.clear(w * self.week, (w + 1) * self.week)
            if not open_ or w * self.week < mode.starts[0][0]:
                run[w].upper_bound = 0
        self.costs += [suite.changeover_cost * literal for literal in start]
        return Made(mode, run, start, out, pace)

    def _one_at_a_time(self, suite: int) -> None:
        """A step runs in a suite and week, or the changeover before the next start."""
        data = self.instance.suites[suite]
        here = [(p, m) for p in self.products for m in p.made if m.mode.suite == suite]
        for w in range(self.number):
            terms: Row = []
            for product, made in here:
                longest = max(
                    (
                        n
                        for (_, to), n in data.changeover.items()
                        if to == product.step.index
                    ),
                    default=0,
                )
                ahead = round(longest / self.week)
                terms += [made.run[w], *made.start[w + 1 : w + 1 + ahead]]
            if terms:
                self.model.add_linear_constraint(mathopt.fast_sum(terms) <= 1)

    def _balance(self, product: Product) -> None:
        """Stock and backlog from one week to the next, in reference batches."""
        if not product.demand:
            return
        model = self.model
        reference = next(
            g.reference for g in self.instance.groups if g.step == product.step.index
        )
        held: mathopt.LinearTypes = 0.0
        back: mathopt.LinearTypes = 0.0
        for w in range(self.number):
            out = mathopt.fast_sum(
                float(made.mode.kg / reference) * made.out[w] for made in product.made
            )
            held_now, back_now = model.add_variable(lb=0), model.add_variable(lb=0)
            model.add_linear_constraint(
                held + out + back_now == back + product.demand.get(w, 0.0) + held_now
            )
            self.costs += [product.early * held_now, product.late * back_now]
            held, back = held_now, back_now

    def _inputs(self, product: Product) -> None:
        """Intermediates out before the batches start that use them."""
        step = product.step
        if step.before is None or step.frozen is None:
            return
        feeds = [p for p in self.products if p.step.index == step.before]
        users = [p for p in self.products if p.step.index == step.index]
        if product is not users[0]:
            return
        ratio = float(step.frozen.ratio)
        made: list[mathopt.LinearTypes] = []
        used: list[mathopt.LinearTypes] = []
        for w in range(self.number):
            made += [m.out[w] for p in feeds for m in p.made]
            for m in (m for p in users for m in p.made):
                ahead = w + math.ceil(m.mode.lead / self.week) + 1
                if ahead < self.number:
                    used.append(ratio * m.out[ahead])
            self.model.add_linear_constraint(
                mathopt.fast_sum(used) <= mathopt.fast_sum(made)
            )

    def wishes(self, value: dict[mathopt.Variable, float]) -> Iterator[Wish]:
        """Campaigns of a solution: weeks in a row, with the batches out in them."""
        for product in self.products:
            for made in product.made:
                starts = [w for w in range(self.number) if value[made.start[w]] > 0.5]
                for w, after in pairwise([*starts, self.number]):
                    n = round(sum(value[x] for x in made.out[w:after]))
                    if n:
                        suite, kind = made.mode.suite, product.kind
                        yield Wish(product.step.index, suite, w * self.week, n, kind)


def highs(instance: Instance, pen: Pen, limit: float, workers: int) -> None:
    """HiGHS on the model, for each mark's time in turn and the limit at last."""
    weeks = Weeks(instance)
    spent = pen.seconds
    for mark in sorted({*(m for m in MARKS if spent < m < limit), limit}):
        pen.began += pen.seconds - spent  # each mark counts from the model being built
        parameters = mathopt.SolveParameters(time_limit=timedelta(seconds=mark - spent))
        found = mathopt.solve(weeks.model, mathopt.SolverType.HIGHS, params=parameters)
        bound = found.termination.objective_bounds.dual_bound
        if not found.has_primal_feasible_solution():
            pen.tell(None, bound)
            continue
        value = found.variable_values()
        pen.tell(
            found.objective_value(),
            bound,
            [
                [w.step, w.suite, w.start, w.batches, w.kind]
                for w in weeks.wishes(value)
            ],
        )

"""The best plan so far and its bounds, as every phase of a solve knows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from capacity.aims import Weights, aimed, figure, most, priced, reached
from capacity.aside import Aside
from capacity.checker import breaches, unavoidable
from capacity.floors import floors
from capacity.instance import Instance, build
from capacity.levels import stock_bound
from capacity.plan import Plan, Price, Reached
from capacity.publish import to_plan
from capacity.reopen import what_is_shared_holds
from capacity.scenario import AMOUNTS, Scenario
from capacity.schedule import Schedule
from capacity.search import Outcome
from capacity.slots import early
from capacity.solver.clock import Clock
from capacity.solver.result import Progress, Result, Status, StoppedBy, Tier

VISIBLE = 0.001
"""Least change that the history of a search holds, as a share of the regret. [1]"""

VERDICTS = 3
"""Verdicts that are kept: of the best plan and of what was found and dropped since."""


@dataclass(frozen=True)
class Verdict:
    """A plan as it is written, and what the checker says of it."""

    schedule: Schedule
    plan: Plan
    breaches: list[str]


class State:
    """The best plan so far, its bounds, and what every phase asks of them."""

    def __init__(
        self,
        scenario: Scenario,
        clock: Clock,
        gap: float,
        workers: int,
        seed: int,
        progress: Callable[[Progress], None] | None,
        weights: Weights | None = None,
        scenario_sha256: str = "",
    ) -> None:
        self.scenario, self.clock, self.gap = scenario, clock, gap
        self.scenario_sha256 = scenario_sha256
        self.workers, self.seed, self.progress = workers, seed, progress
        self.lines: list[str] = []
        self.objectives: list[tuple[float, int]] = []
        """When a plan became the best, and its regret. [s, money]"""
        self.best: Schedule | None = None
        self.promising: Schedule | None = None
        """A plan that a search had better begin from than from the best."""
        self.heat = 1.0
        """Of reinsertion. [1]"""
        self.verdicts: deque[Verdict] = deque(maxlen=VERDICTS)
        """The latest."""
        self.impossible = False
        self.aside: Aside | None = None
        """The other process."""
        self.aside_failed = False
        self.prices: list[Price] = []
        self.suite_prices: dict[int, dict[int, float]] = {}
        """Of suites by first tick of a week, where the bound has ended. [money per tick]"""
        self.in_money: Instance = build(scenario)
        self.weights = weights
        """Of several objectives, where not the scenario's alone is asked for."""
        self.instance: Instance = aimed(self.in_money)
        """At the prices of what is asked for: its regret is what is minimised."""
        if weights is not None:
            self.instance = priced(self.in_money, weights)
        self.unavoidable = self.bound = unavoidable(scenario)
        self.by_levels = stock_bound(self.instance)
        self.bounds: list[tuple[float, int]] = [(0.0, self.bound)]
        """When a bound was known. [s, money]"""
        self.floors = floors(self.instance)
        self.tier_bounds = [0, 0]

    def log(self, text: str) -> None:
        """Add a line to what the search did."""
        self.lines.append(text)

    def keeps_the_rules(self, schedule: Schedule) -> bool:
        """Whether the checker accepts a plan."""
        return not self.judged(schedule).breaches

    def judged(self, schedule: Schedule) -> Verdict:
        """What the checker says of a plan; a plan isn't checked again as it stands.

        The plan of the verdict is the one that was checked: it is the one to write.
        """
        for verdict in self.verdicts:
            if verdict.schedule == schedule:
                return verdict
        with self.clock.checking():
            plan = to_plan(self._in_money(schedule), self.scenario_sha256)
            verdict = Verdict(schedule, plan, breaches(self.scenario, plan))
        self.verdicts.append(verdict)
        return verdict

    def _in_money(self, schedule: Schedule) -> Schedule:
        """A schedule with what it costs, whatever the objective prices."""
        if self.instance is self.in_money:
            return schedule
        return replace(schedule, instance=self.in_money)

    def take(self, schedule: Schedule, name: str) -> bool:
        """Keep a plan if it is better than the best."""
        if self.best is not None and schedule.rank >= self.best.rank:
            return False
        if self.instance.cap is not None and not self._held(schedule):
            return False
        first = self.best is None
        self.best = schedule = self._sooner(schedule)
        self.objectives.append((self.clock.seconds, schedule.bill.regret))
        self.log(f"{self.clock.seconds:.1f} s {name}: {schedule.bill}")
        if first:
            self.raise_bound(self.unavoidable + self.by_levels)
        self._report()
        return True

    def _held(self, schedule: Schedule) -> bool:
        """Whether an amount is as good as it has to be."""
        assert self.weights is not None
        assert self.weights.held is not None
        objective, worst = self.weights.held
        plan = to_plan(self._in_money(schedule), "")
        return reached(self.in_money, objective, plan) <= worst

    def _sooner(self, schedule: Schedule) -> Schedule:
        """The plan with tests as early as queues let them be, if that is no worse."""
        for ppq in (True, False):
            moved = early(schedule, ppq=ppq)
            if moved.rank <= schedule.rank and what_is_shared_holds(moved):
                return moved
        return schedule

    def soundly(self, phase: Callable[[Schedule], object]) -> None:
        """Search on from the best plan, and go back to it if the new one breaks a rule."""
        before, known = self.best, len(self.objectives)
        assert before is not None
        phase(before)
        found = self.best
        if (
            found is not None
            and found is not before
            and not self.keeps_the_rules(found)
        ):
            self.log("what the search found breaks a rule: it is dropped")
            self.best = before
            del self.objectives[known:]

    def believed(self, outcome: Outcome, reached: int) -> int | None:
        """The bound of a search, None if the plan in hand contradicts it."""
        if outcome.status == "infeasible":
            self.log("the model denies a plan that keeps the rules: no claim is made")
        if outcome.bound is None or outcome.bound > reached:
            return None
        return outcome.bound

    def raise_tier(self, tier: int, outcome: Outcome) -> None:
        """Take a bound on a tier, given the tiers above."""
        assert self.best is not None
        bound = self.believed(outcome, self.best.bill.rank[tier])
        if bound is not None:
            self.tier_bounds[tier] = max(self.tier_bounds[tier], bound)

    def raise_bound(self, bound: int | None) -> None:
        """Take a bound on regret unless the plan in hand contradicts it."""
        if bound is None or self.best is None:
            return
        if bound > self.best.bill.regret:
            self.log(
                f"the plan in hand contradicts the bound {bound}: no claim is made"
            )
            return
        self.bound = max(self.bound, bound)
        self.bounds.append((self.clock.seconds, self.bound))
        self._report()

    def _report(self) -> None:
        if self.progress is not None and self.best is not None:
            objective = self.best.bill.regret
            bound = self._bound_so_far()
            scale = self._scale()
            gap = (objective - bound) / scale if scale else 0.0
            shown = self._shown(objective), self._shown(bound)
            self.progress(Progress(self.clock.seconds, *shown, gap))

    def _shown(self, regret: int) -> int | float:
        """What the objective says of a regret at its prices. [money] or [unit]"""
        if self.weights is not None:
            return regret
        said = figure(self.in_money, self.scenario.objective, regret)
        return int(said) if said.denominator == 1 else round(float(said), 6)

    def _scale(self) -> int:
        """What a gap is a share of: regret, or the throughput of the best plan."""
        assert self.best is not None
        regret = self.best.bill.regret
        if self.weights is None and self.scenario.objective == "throughput":
            return most(self.in_money) - regret
        return regret

    def _bound_so_far(self) -> int:
        """What the other process knows counts as well. [money]"""
        assert self.best is not None
        aside = 0 if self.aside is None else self.aside.latest
        return max(self.bound, min(aside, self.best.bill.regret))

    def _firm_least(self) -> int:
        """What firm service costs at least; nothing where the plan in hand denies it."""
        assert self.best is not None
        least = max(self.tier_bounds[0], sum(self.floors))
        return least if least <= self.best.bill.firm_service else 0

    def good_enough(self) -> bool:
        """Every tier at its bound, or the gap that was asked for."""
        assert self.best is not None
        if all(tier.objective == tier.bound for tier in self._tiers()):
            return True
        return self.within_gap()

    def within_gap(self) -> bool:
        """Whether the gap that was asked for is reached."""
        assert self.best is not None
        objective = self.best.bill.regret
        timed = self.clock.time_limit is not None
        bound = self._bound_so_far() if timed else self.bound
        return self.gap > 0 and objective - bound <= self.gap * self._scale()

    @property
    def bound_first(self) -> bool:
        """Whether the bound decides when to stop, and so comes first and alone."""
        return bool(self.gap) and self.clock.time_limit is None

    def finished(self) -> bool:
        """Whether a limit is reached or nothing is left to gain."""
        return self.clock.over() or self.good_enough()

    def result(self) -> Result:
        """Say what is known of the best plan, which has been checked as it stands."""
        status: Status = "infeasible" if self.impossible else "unknown"
        plan, tiers, wrong = None, [], []
        if self.best is not None:
            verdict = self.judged(self.best)
            plan, wrong = verdict.plan, verdict.breaches
            tiers = self._tiers()
            proved = all(tier.objective == tier.bound for tier in tiers)
            if self.instance is not self.in_money:
                bound = self._bound_on_regret(plan)
                tiers = [Tier("regret", plan.objective, bound)]
            status = "optimal" if proved and not wrong else "feasible"
        return Result(
            status=status,
            plan=plan,
            bound=self.bound if plan is None else self._bound_on_regret(plan),
            amount_bound=self._bound_on_amount(),
            priced_bound=self.bound,
            prices=self.prices if self.instance is self.in_money else [],
            tiers=tiers,
            unavoidable=self.unavoidable,
            stopped_by=self._stopped_by(status),
            reproducible=self.clock.time_limit is None
            and self.workers == 1
            and not self.aside_failed
            and not self.clock.stop.is_set(),
            seconds=self.clock.seconds,
            log="\n".join(self.lines) + "\n",
            breaches=wrong,
            history=self._history(),
        )

    def _bound_on_amount(self) -> Fraction | None:
        """Throughput or deficit that no plan betters, where that is asked for. [unit]"""
        if self.scenario.objective not in AMOUNTS or self.best is None:
            return None
        bound = self.bound
        if self.weights is not None:
            bound = stock_bound(aimed(self.in_money))
        return figure(self.in_money, self.scenario.objective, bound)

    def _bound_on_regret(self, plan: Plan) -> int:
        """What no plan goes below in regret, whatever else is asked for. [money]"""
        if self.instance is self.in_money:
            return self.bound
        return min(plan.objective, self.unavoidable + stock_bound(self.in_money))

    def _history(self) -> list[Reached]:
        """Both series on one clock, from the first plan on, without what can't be seen."""
        rows: list[Reached] = []
        row: Reached | None = None
        known = [(at, value) for at, value in self.bounds if value <= self.bound]
        for at in sorted({at for at, _ in (*self.objectives, *known)}):
            regrets = [value for when, value in self.objectives if when <= at]
            bound = max(value for when, value in known if when <= at)
            if regrets:
                row = Reached(
                    seconds=round(at, 2),
                    objective=self._shown(regrets[-1]),
                    bound=self._shown(bound),
                )
                if not rows or _visible(rows[-1], row):
                    rows.append(row)
        return rows if row is None or row == rows[-1] else [*rows, row]

    def _tiers(self) -> list[Tier]:
        assert self.best is not None
        if not self.instance.strict:
            return [Tier("regret", self.best.bill.regret, self.bound)]
        service, rest = self.best.bill.rank
        return [
            Tier("firm_service", service, self._firm_least()),
            Tier("rest", rest, max(self.tier_bounds[1], self.bound - service)),
        ]

    def _stopped_by(self, status: Status) -> StoppedBy:
        if status == "optimal":
            return "optimal"
        if self.clock.stop.is_set():
            return "interrupt"
        if self.best is not None and self.good_enough():
            return "gap"
        return "work" if self.clock.time_limit is None else "time_limit"


def _visible(before: Reached, after: Reached) -> bool:
    """Whether a moment is worth a row of its own."""
    moved = abs(after.objective - before.objective), abs(after.bound - before.bound)
    return max(moved) > VISIBLE * after.objective

"""Plans between two of a front: what is asked for, an amount held to what it may be."""

from __future__ import annotations

from capacity.model import Scope
from capacity.model.plans import locked_only
from capacity.plan import Plan
from capacity.resume import schedule_of
from capacity.solver.improvement import reinsert
from capacity.solver.state import State
from capacity.solver.whole import WHOLE_SLOTS, prove, slots_of

HELD_HEAT = 0.3
"""How hot moves begin: the plan to go on from is good, and lies somewhere else. [1]"""


def plan_held(state: State, start: Plan | None) -> None:
    """Go on from a plan that keeps the amount: whole and proved, or by moves that keep it."""
    before = None if start is None else schedule_of(state.instance, start)
    if before is None or not state.keeps_the_rules(before):
        state.log("there is no plan to go on from")
        return
    state.take(before, "start")
    if state.best is None or state.finished():
        return
    whole = Scope(locked_only(before))
    if slots_of(state, whole) <= WHOLE_SLOTS:
        prove(state, whole)
    if not state.finished():
        state.soundly(lambda best: reinsert(state, best, state.clock.left, HELD_HEAT))

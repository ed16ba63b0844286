"""The exact CP-SAT model: every rule and cost of `check`, stated again."""

from __future__ import annotations

from collections.abc import Callable

from ortools.sat.python.cp_model import CpModel

from capacity.instance import Instance
from capacity.model.money import Regret, choose_lines, price_plan
from capacity.model.qualifying import qualify_sites
from capacity.model.release import test_batches
from capacity.model.slots import Scope, Variables, declare
from capacity.model.stocks import keep_cap, keep_stock, made_by
from capacity.model.suites import (
    count_batches,
    fill_blocks_from_the_front,
    keep_ceilings,
    keep_ppq_apart,
    pace_batches,
    sequence_suites,
)
from capacity.model.supply import supply_steps

__all__ = ["CONSTRAINTS", "STATED_BY", "Regret", "Scope", "Variables", "build"]

Constraint = Callable[[Variables], None]

CONSTRAINTS: tuple[Constraint, ...] = (
    fill_blocks_from_the_front,
    pace_batches,
    sequence_suites,
    keep_ceilings,
    choose_lines,
    count_batches,
    keep_ppq_apart,
    test_batches,
    qualify_sites,
    supply_steps,
    keep_stock,
)
"""In an order in which each finds the variables of those before it."""

STATED_BY: dict[str, tuple[Constraint, ...]] = {
    "locks_keep_their_dates": (),
    "batches_follow_their_campaign": (pace_batches,),
    "suites_can_run_the_step": (),
    "nothing_starts_too_early": (qualify_sites,),
    "nothing_runs_in_a_closure": (pace_batches,),
    "changeovers_fit": (sequence_suites,),
    "suites_run_without_idle": (),
    "suites_make_one_product_a_period": (),
    "suites_keep_their_ceiling": (keep_ceilings,),
    "campaigns_have_allowed_sizes": (count_batches,),
    "ppq_runs_alone": (keep_ppq_apart,),
    "direct_batches_meet_the_hold": (supply_steps,),
    "client_input_has_arrived": (supply_steps,),
    "intermediates_are_ready": (supply_steps,),
    "shipments_keep_their_lane": (supply_steps,),
    "freezers_are_finite": (supply_steps,),
    "release_adds_up": (test_batches,),
    "qc_is_finite": (test_batches,),
    "qa_is_finite": (test_batches,),
    "queues_keep_their_order": (test_batches,),
    "lines_get_what_they_may": (choose_lines,),
    "dates_of_batches_agree": (choose_lines, test_batches),
    "transfers_have_their_team": (qualify_sites,),
    "qualifications_follow_their_order": (qualify_sites,),
    "hard_demand_is_met": (keep_stock,),
    "nothing_is_wasted": (keep_stock,),
    "stock_keeps_its_limit": (keep_stock,),
}
"""Which constraints state each rule of `check`; none where the slots' domains do, or where
only linked campaigns may be asked to keep it: `linked` states all their rules by itself."""


def build(instance: Instance, scope: Scope) -> tuple[CpModel, Variables, Regret]:
    """The model of everything that the scope decides, without an objective."""
    model = CpModel()
    v = declare(model, instance, scope)
    for constraint in CONSTRAINTS:
        constraint(v)
    keep_cap(v, made_by(v))
    return model, v, price_plan(v)

"""The rules that every plan keeps: one function per rule, breaches as sentences.

Written to be read, not to be fast. `RULES` is the specification; the model states the
same rules again and the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from capacity.checker.ledger import Ledger
from capacity.checker.rules.campaigns import (
    batches_follow_their_campaign,
    campaigns_have_allowed_sizes,
    locks_keep_their_dates,
    nothing_starts_too_early,
    ppq_runs_alone,
    suites_can_run_the_step,
)
from capacity.checker.rules.inputs import (
    client_input_has_arrived,
    direct_batches_meet_the_hold,
)
from capacity.checker.rules.intermediates import (
    freezers_are_finite,
    intermediates_are_ready,
    shipments_keep_their_lane,
)
from capacity.checker.rules.qualifications import (
    qualifications_follow_their_order,
    transfers_have_their_team,
)
from capacity.checker.rules.release import (
    qa_is_finite,
    qc_is_finite,
    queues_keep_their_order,
    release_adds_up,
)
from capacity.checker.rules.service import (
    dates_of_batches_agree,
    lines_get_what_they_may,
)
from capacity.checker.rules.stock import (
    hard_demand_is_met,
    nothing_is_wasted,
    stock_keeps_its_limit,
)
from capacity.checker.rules.suites import (
    changeovers_fit,
    nothing_runs_in_a_closure,
    suites_keep_their_ceiling,
    suites_make_one_product_a_period,
    suites_run_without_idle,
)

__all__ = ["RULES", "Rule"]

Rule = Callable[[Ledger], Iterator[str]]

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        locks_keep_their_dates,
        batches_follow_their_campaign,
        suites_can_run_the_step,
        nothing_starts_too_early,
        nothing_runs_in_a_closure,
        changeovers_fit,
        suites_run_without_idle,
        suites_make_one_product_a_period,
        suites_keep_their_ceiling,
        campaigns_have_allowed_sizes,
        ppq_runs_alone,
        direct_batches_meet_the_hold,
        client_input_has_arrived,
        intermediates_are_ready,
        shipments_keep_their_lane,
        freezers_are_finite,
        release_adds_up,
        qc_is_finite,
        qa_is_finite,
        queues_keep_their_order,
        lines_get_what_they_may,
        dates_of_batches_agree,
        transfers_have_their_team,
        qualifications_follow_their_order,
        hard_demand_is_met,
        nothing_is_wasted,
        stock_keeps_its_limit,
    )
}

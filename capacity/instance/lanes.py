"""Shipping lanes, and what a batch pays on them."""

from __future__ import annotations

from dataclasses import dataclass

from capacity.instance.known import Known
from capacity.instance.paces import variable_cost
from capacity.scenario import Lane


@dataclass(frozen=True)
class LaneData:
    """A shipping lane."""

    id: str
    start: int
    to: int
    days: int
    """[tick]"""
    receipt: int
    """[tick]"""
    batches: int
    cost: int
    """[money]"""
    dues: dict[tuple[int, int], int]
    """Duty and expected loss of a batch by (step, suite). [money]"""


def _dues(known: Known, lane: Lane) -> dict[tuple[int, int], int]:
    found = {}
    for n, (programme, _) in enumerate(known.recipe_steps):
        for suite in known.suites:
            worth = variable_cost(suite, programme)
            shares = (lane.tariff, lane.loss)
            dues = sum(known.rounded(share * worth) for share in shares)
            found[n, known.suite[suite.id]] = dues
    return found


def lane_data(known: Known, lane: Lane) -> LaneData:
    """A lane in ticks, with its dues."""
    return LaneData(
        lane.id,
        known.site[lane.start],
        known.site[lane.to],
        known.ticks(lane.days),
        known.ticks(lane.receipt_days),
        lane.batches,
        lane.cost,
        _dues(known, lane),
    )

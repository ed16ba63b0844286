"""What input breaks that isn't frozen: handed on at once, or sent by the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capacity.instance import Instance, StepData

if TYPE_CHECKING:
    from capacity.board import Campaign


def direct_breaks(
    instance: Instance, steps: list[list[Campaign]], step: StepData
) -> int:
    """Batches of a step that don't follow at once on one of the step before."""
    assert step.before is not None
    assert step.direct_hold is not None
    found = 0
    for site in range(len(instance.sites)):
        outs = sorted(
            c.start + c.lead + k * c.takt
            for c in steps[step.before]
            if c.site == site
            for k in range(c.n)
        )
        starts = sorted(
            c.start + k * c.takt
            for c in steps[step.index]
            if c.site == site
            for k in range(c.n)
        )
        found += abs(len(outs) - len(starts))
        for out, start in zip(outs, starts, strict=False):
            found += not 0 <= start - out <= step.direct_hold
    return found


def early_for_client(
    instance: Instance, steps: list[list[Campaign]], client: list[StepData]
) -> int:
    """Batches that start before the client has sent their input, but for what is on hand."""
    found = 0
    for step in client:
        arrival = step.client_arrival
        assert arrival is not None
        early = sum(
            max(0, min(c.n, -((c.start - arrival) // c.takt)))
            - max(0, min(c.n, -((c.start - instance.as_of) // c.takt)))
            for c in steps[step.index]
            if c.start < arrival
        )
        found += max(0, early - step.client_on_hand)
    return found

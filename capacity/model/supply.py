"""Where a step's input comes from: a direct feed, the client, or frozen intermediates."""

from __future__ import annotations

from collections import defaultdict

from capacity.instance import StepData
from capacity.model.frozen import take_frozen
from capacity.model.slots import Literal, Slot, Variables


def supply_steps(v: Variables) -> None:
    """State the supply of every step that has one and of which something is decided."""
    for step in v.instance.steps:
        if step.client_arrival is not None:
            wait_for_client(v, step)
        if step.before is None or not _open(v, step):
            continue
        if step.direct_hold is not None:
            feed_directly(v, step, step.direct_hold)
        if step.frozen is not None:
            take_frozen(v, step, step.frozen)
    _freeze(v)


def _freeze(v: Variables) -> None:
    """A site never holds more frozen intermediates than its freezer."""
    for step in v.instance.steps:
        if step.frozen is None or _open(v, step) or not v.instance.freezers:
            continue
        for site, begin, end in v.scope.base.stays(step):
            if site in v.instance.freezers and begin < end:
                stay = v.model.new_fixed_size_interval_var(begin, end - begin, "lies")
                v.stays.setdefault(site, []).append(stay)
    for site, stays in v.stays.items():
        v.model.add_cumulative(stays, [1] * len(stays), v.instance.freezers[site])


def _open(v: Variables, step: StepData) -> bool:
    chains = [*v.of_step(step.index), *v.of_step(step.before or 0)]
    return v.scope.whole or any(any(True for _ in chain.free()) for chain in chains)


def _slots(v: Variables, step: int) -> list[Slot]:
    return [slot for chain in v.of_step(step) for slot in chain.slots()]


def wait_for_client(v: Variables, step: StepData) -> None:
    """Beyond what is on hand, client-supplied input takes its lead time."""
    arrival = step.client_arrival
    assert arrival is not None
    early = []
    for slot in _slots(v, step.index):
        if slot.high < v.instance.as_of or slot.low >= arrival:
            continue
        literal = v.literal(f"early#{slot.number}")
        v.model.add(slot.start >= arrival).only_enforce_if([slot.present, ~literal])
        early.append(literal)
    if early:
        v.model.add(sum(early) <= step.client_on_hand)


def feed_directly(v: Variables, step: StepData, hold: int) -> None:
    """Each batch takes one batch of the step before on its site, within the hold."""
    assert step.before is not None
    pairs: dict[int, list[Literal]] = defaultdict(list)
    feeds, users = _slots(v, step.before), _slots(v, step.index)
    for feed in feeds:
        for user in users:
            out_low, out_high = feed.low + feed.lead, feed.high + feed.lead
            if feed.site != user.site or user.high < out_low:
                continue
            if user.low > out_high + hold:
                continue
            pair = v.literal(f"feed#{feed.number}to{user.number}")
            v.model.add(user.start >= feed.out).only_enforce_if(pair)
            v.model.add(user.start <= feed.out + hold).only_enforce_if(pair)
            pairs[feed.number].append(pair)
            pairs[user.number].append(pair)
    for slot in [*feeds, *users]:
        v.model.add(sum(pairs[slot.number]) == slot.present)

"""Where frozen intermediates come from: batches that are made, and those on hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from capacity.instance import FrozenData, OnHand, StepData
from capacity.model.slots import Expression, Literal, Slot, Variables
from capacity.schedule import ON_HAND, Unit


@dataclass(eq=False)
class Source:
    """One intermediate batch: a slot, or a batch on hand."""

    slot: Slot | None
    hand: OnHand | None
    chain: int
    key: tuple[str, str]
    """Order at equal expiry: suite, then id where it is known."""
    site: int
    present: Literal
    always: bool
    earlier: int
    """Batches of its chain that are surely there before it."""
    ready: Expression
    """Usable on its own site. [tick]"""
    ready_span: tuple[int, int]
    expiry: Expression
    expiry_span: tuple[int, int]
    below: list[Source]
    """Those of its chain that must be gone first where they are there."""

    @property
    def suite(self) -> int:
        """Suite that makes or made it."""
        if self.slot is not None:
            return self.slot.suite
        assert self.hand is not None
        return self.hand.suite

    @property
    def name(self) -> Unit | int:
        """Slot number, or the unit on hand."""
        if self.slot is not None:
            return self.slot.number
        assert self.hand is not None
        return ON_HAND, self.hand.index


def sources_of(v: Variables, before: StepData, supply: FrozenData) -> Iterator[Source]:
    """All batches of a step, chain by chain, those on hand by suite last."""
    number = 0
    for chain in v.of_step(before.index):
        yield from _chain(v, supply, list(chain.slots()), number)
        number += 1
    stock: dict[int, list[OnHand]] = defaultdict(list)
    for data in v.instance.on_hand:
        if data.step == before.index:
            stock[data.suite].append(data)
    for _, batches in sorted(stock.items()):
        yield from _on_hand(v, supply, batches, number)
        number += 1


def _chain(
    v: Variables, supply: FrozenData, slots: list[Slot], number: int
) -> Iterator[Source]:
    suites = v.instance.suites
    found: list[Source] = []
    for slot in slots:
        if slot.fixed is not None and slot.fixed.run.serves[slot.place] is not None:
            continue  # it serves a qualification
        out = (slot.low + slot.lead, slot.high + slot.lead)
        ready, span = slot.out + supply.freeze, out
        if not supply.at_risk:
            ready, span = _released(v, supply, slot)
        source = Source(
            slot=slot,
            hand=None,
            chain=number,
            key=(suites[slot.suite].id, ""),
            site=slot.site,
            present=slot.free,
            always=slot.always,
            earlier=sum(1 for other in found if other.always),
            ready=ready,
            ready_span=(span[0] + supply.freeze, span[1] + supply.freeze),
            expiry=slot.out + supply.shelf_life,
            expiry_span=(out[0] + supply.shelf_life, out[1] + supply.shelf_life),
            below=_below(found),
        )
        found.append(source)
    yield from found


def _released(
    v: Variables, supply: FrozenData, slot: Slot
) -> tuple[Expression, tuple[int, int]]:
    """Release of an intermediate that may not be used before. [tick]"""
    buffer = slot.step.buffer("intermediate")
    if slot.done is not None:
        low = slot.low + slot.lead + slot.step.lead_times["intermediate"]
        return slot.done + buffer + supply.freeze, (low, 10**8)
    batch = v.scope.base.by_unit[slot.suite, slot.low]
    released = v.scope.base.released(batch)
    assert released is not None
    return released + supply.freeze, (released, released)


def _on_hand(
    v: Variables, supply: FrozenData, batches: list[OnHand], number: int
) -> Iterator[Source]:
    suites = v.instance.suites
    found: list[Source] = []

    def expiry(data: OnHand) -> int:
        if data.expiry is not None:
            return data.expiry
        assert data.out is not None
        return data.out + supply.shelf_life

    for data in sorted(batches, key=lambda data: (expiry(data), data.id)):
        ready = v.instance.as_of
        if data.out is not None:
            ready = (data.out if supply.at_risk else data.ready) + supply.freeze
        end = expiry(data)
        source = Source(
            slot=None,
            hand=data,
            chain=number,
            key=(suites[data.suite].id, data.id),
            site=data.site,
            present=v.one,
            always=True,
            earlier=len(found),
            ready=ready,
            ready_span=(ready, ready),
            expiry=end,
            expiry_span=(end, end),
            below=found[-1:],
        )
        found.append(source)
    yield from found


def _below(found: list[Source]) -> list[Source]:
    """Sources that must be gone before the next of their chain.

    Free slots of a block may be absent behind the last one made, so the batch after a
    block looks at all of them, and at what came before.
    """
    below: list[Source] = []
    for source in reversed(found):
        below.append(source)
        if source.always:
            break
    return below

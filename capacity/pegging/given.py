"""What a programme has on hand: stock, batches that wait for release, frozen intermediates."""

from __future__ import annotations

from collections import defaultdict

from capacity.instance import FAR, Instance, OnHand, StepData
from capacity.pegging.handed import KIND_BITS, Item, Unit


class Given:
    """What is on hand for a programme."""

    def __init__(self, instance: Instance, steps: list[StepData]) -> None:
        self.instance = instance
        self.stock: list[tuple[int, int, int, int]] = []
        """(expiry, index, suite, kind) of stock, first to expire first."""
        self.waiting: list[Item] = []
        """Batches of the last step that are out, but not released."""
        self.stores: dict[int, list[Unit]] = defaultdict(list)
        """Frozen intermediates by step."""
        last, own = steps[-1].index, {step.index for step in steps}
        for data in instance.on_hand:
            if data.step not in own:
                continue
            if data.step != last:
                self._store(instance.steps[data.step], data)
            elif data.expiry is not None:
                bit = KIND_BITS.get(data.kind, 0)
                self.stock.append((data.expiry, data.index, data.suite, bit))
            else:
                self.waiting.append(_waiting(data))
        self.stock.sort()

    def _store(self, step: StepData, data: OnHand) -> None:
        after = None if step.after is None else self.instance.steps[step.after]
        if after is None or after.frozen is None:
            return
        supply, suite = after.frozen, self.instance.suites[data.suite]
        ready = self.instance.as_of
        expiry = data.expiry
        if data.out is not None:
            ready = data.out if supply.at_risk else data.ready
            expiry = data.out + supply.shelf_life
            ready += supply.freeze
        assert expiry is not None
        self.stores[step.index].append(
            (
                expiry,
                suite.id,
                ready,
                data.site,
                data.suite,
                data.index - FAR,
                False,
                None,
                data.index,
            )
        )


def _waiting(data: OnHand) -> Item:
    """A batch that waits for release, before all that are made."""
    out, bit = data.out, KIND_BITS.get(data.kind, 0)
    assert out is not None
    return out, data.index - FAR, data.suite, bit, out, False, None, data.index

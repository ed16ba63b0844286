"""Batches of a campaign as the pegging reads them, and which kinds they may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from capacity.instance import FAR, ChainData, Instance, StepData
from capacity.pegging.handed import AS_INPUT, KIND_BITS, Item, Unit
from capacity.pegging.to_stock import ToStock
from capacity.schedule import Test

if TYPE_CHECKING:
    from capacity.board import Campaign


class Listing:
    """How a programme's campaigns are listed."""

    def __init__(
        self,
        instance: Instance,
        last: StepData,
        inner: list[ChainData],
        to_stock: ToStock | None,
    ) -> None:
        self.instance = instance
        self.last = last
        self.inner = inner
        self.to_stock = to_stock
        self._masks: dict[tuple[int, int, bool], int | None] = {}

    def mask(self, step: StepData, n: int, ppq: bool) -> int | None:
        """Kinds that a campaign of so many batches may make, None for no such campaign."""
        key = step.index, n, ppq
        if key not in self._masks:
            self._masks[key] = self._mask(step, n, ppq)
        return self._masks[key]

    def _mask(self, step: StepData, n: int, ppq: bool) -> int | None:
        if step.index != self.last.index and not ppq:
            mask = AS_INPUT if n >= step.least(step.role) else 0
            if any(chain.step == step.index for chain in self.inner):
                mask |= n >= step.least("engineering")
            return mask or None
        if ppq:
            return 2 if n >= step.least("ppq") else None
        if n < step.least("surplus"):
            return None
        return sum(
            bit
            for kind, bit in KIND_BITS.items()
            if kind != "ppq" and n >= step.least(kind)
        )

    def enlist(
        self, campaign: Campaign, step: StepData, tests: list[Test | None] | None
    ) -> None:
        """Note the batches on their campaign as the pegging reads them; no tests: no queue."""
        if step.index != self.last.index and campaign.ppq:
            campaign.items = list(self._items(campaign, step, tests))
        elif step.index == self.last.index:
            campaign.items = list(self._items(campaign, step, tests))
            if self.to_stock is not None:
                campaign.lots = list(self.to_stock.lots_of(campaign))
        else:
            campaign.units = list(self._units(campaign, step, tests))

    def _items(
        self, campaign: Campaign, step: StepData, tests: list[Test | None] | None
    ) -> Iterator[Item]:
        suite, planned = campaign.suite, campaign.lock is None
        start = campaign.start
        for number in range(campaign.n):
            out = ready = start + campaign.lead
            mask = campaign.mask
            if tests is not None:
                test = tests[number]
                if test is None:
                    mask &= KIND_BITS["engineering"] if step.tested else mask
                else:
                    ready += wait(step, out, test)
            yield ready, start, suite, mask, out, planned, campaign, number
            start += campaign.takt

    def _units(
        self, campaign: Campaign, step: StepData, tests: list[Test | None] | None
    ) -> Iterator[Unit]:
        supply = None
        if step.after is not None:
            supply = self.instance.steps[step.after].frozen
        name, planned = self.instance.suites[campaign.suite].id, campaign.lock is None
        start = campaign.start
        for number in range(campaign.n):
            out = ready = start + campaign.lead
            expiry = FAR
            if supply is not None:
                expiry = out + supply.shelf_life
                ready += supply.freeze
                if not supply.at_risk:
                    test = None if tests is None else tests[number]
                    ready += step.lead_times["intermediate"]
                    if test is not None:
                        ready += wait(step, out, test)
                    elif tests is not None:
                        ready = FAR
            yield (
                expiry, name, ready, campaign.site, campaign.suite, start, planned,
                campaign, number,
            )  # fmt: skip
            start += campaign.takt


def wait(step: StepData, out: int, test: Test) -> int:
    """What the queues add to a release. [tick]"""
    ready = max(test.qc_start + step.qc_days, test.qa_start + step.qa_days)
    return ready - out - max(step.qc_days, step.qa_days)

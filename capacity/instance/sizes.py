"""Batch sizes: how many batches a line needs, and which sizes it may be served with."""

from __future__ import annotations

import math
from fractions import Fraction

from capacity.demand import Line
from capacity.instance.known import Known
from capacity.scenario import Step


def reference_size(step: Step) -> Fraction:
    """Size in which orders are counted: that of the reference suite. [kg]"""
    suite = step.reference_suite or step.suites[0]
    return step.kg_per_batch.get(suite, Fraction(1))


def given_sizes(known: Known, programme: str) -> set[Fraction]:
    """Sizes of the batches that are locked, in release or in stock. [kg]"""
    kgs = known.by_programme[programme].recipe[-1].kg_per_batch
    return {
        kgs.get(row.suite, Fraction(1))
        for row in known.given
        if row.programme == programme
    }


def batches_of(line: Line, kg: Fraction, reference: Fraction) -> int:
    """Batches of a size that a line needs."""
    if line.own:
        return line.batches
    return math.ceil(line.batches * reference / kg)

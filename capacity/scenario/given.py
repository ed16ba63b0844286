"""What is there already: campaigns that run, batches in release and in stock."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from capacity.scenario.values import Days, Entity, MadeKind, When


class Lock(Entity):
    """A campaign that runs or is fixed: it keeps its dates."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; the last where none."""
    suite: str
    """Suite."""
    kind: MadeKind
    """Kind of its batches."""
    batches: Annotated[int, Field(ge=1, le=1000)]
    """How many."""
    start: When
    """First batch enters production."""
    takt_days: Annotated[Days, Field(gt=0)] | None = None
    """Instead of the suite's takt. [day]"""


class InRelease(Entity):
    """Batches that were out before `as_of` and wait for their release."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; the last where none."""
    suite: str
    """Suite that made them."""
    kind: MadeKind
    """Kind."""
    batches: Annotated[int, Field(ge=1, le=1000)]
    """How many."""
    first_out: When
    """First batch out."""
    every_days: Days = Fraction(0)
    """Days from one to the next. [day]"""


class Stock(Entity):
    """Released batches on hand at `as_of`."""

    programme: str
    """Programme."""
    step: str | None = None
    """Step; the last where none."""
    suite: str
    """Suite that made them."""
    kind: MadeKind
    """Kind."""
    batches: Annotated[int, Field(ge=1, le=10_000)]
    """How many."""
    expiry: When
    """Last day of use."""

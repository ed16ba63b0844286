"""Values that a scenario is written in: exact numbers, dates, names, and records of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from capacity.horizon import format_moment

Kind = Literal["engineering", "ppq", "clinical", "commercial"]
"""What an order asks for."""


MadeKind = Literal["engineering", "ppq", "clinical", "commercial", "intermediate"]
"""What a batch can be made as."""


Origin = Literal["outside", "within"]
"""Where a transfer comes from: another company, or a site of the quality system."""


def _exact(value: object) -> Fraction:
    """A number or `16/3` as an exact fraction (floats by their printed decimals)."""
    if isinstance(value, bool) or not isinstance(
        value, int | float | str | Decimal | Fraction
    ):
        msg = "should be a number such as 14, 3.5 or 16/3"
        raise ValueError(msg)
    if isinstance(value, Fraction):
        return value
    try:
        if isinstance(value, str) and "/" in value:
            return Fraction(value)
        number = Decimal(str(value))
        if not number.is_finite():
            raise InvalidOperation
    except (ValueError, InvalidOperation, ZeroDivisionError):
        msg = "should be a number such as 14, 3.5 or 16/3"
        raise ValueError(msg) from None
    if abs(number) > 10**12:
        msg = "is absurdly large"
        raise ValueError(msg)
    return Fraction(number)


def _written(value: Fraction) -> int | float | str:
    """How an exact number is written back: 14, 3.5 or 16/3."""
    if value.denominator == 1:
        return int(value)
    return float(value) if Fraction(str(float(value))) == value else str(value)


def _moment(value: object) -> datetime:
    """An ISO date (midnight) or date and time."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            msg = f"{value!r} isn't a date such as 2027-03-29"
            raise ValueError(msg) from None
    else:
        msg = f"{value!r} isn't a date such as 2027-03-29"
        raise ValueError(msg)
    if moment.tzinfo is not None:
        msg = "should be without a time zone"
        raise ValueError(msg)
    if moment.second or moment.microsecond:
        msg = "should be to the minute"
        raise ValueError(msg)
    if not 1990 <= moment.year <= 2200:
        msg = f"the year {moment.year} is outside 1990 to 2200"
        raise ValueError(msg)
    return moment


def _told(text: str) -> str:
    """Text that goes into tables as it stands, so no spreadsheet may run it."""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        msg = f"{text[:40]!r} looks like a formula"
        raise ValueError(msg)
    return text


_EXACT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": r"^\d+(\.\d+)?(/\d+)?$"},
    ]
}


_WHEN_SCHEMA: dict[str, Any] = {
    "description": (
        "ISO date, or `ID.field + 210 days` (days or months), "
        "or a list of these: the latest"
    ),
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}


Exact = Annotated[
    Fraction,
    BeforeValidator(_exact),
    PlainSerializer(_written),
    WithJsonSchema(_EXACT_SCHEMA),
]


Days = Annotated[Exact, Field(ge=0, le=36_525)]


Share = Annotated[Exact, Field(ge=0, le=1)]


Chance = Annotated[Exact, Field(gt=0, le=1)]


When = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(format_moment),
    WithJsonSchema(_WHEN_SCHEMA),
]


Text = Annotated[str, AfterValidator(_told)]


Id = Annotated[
    Text, Field(min_length=1, max_length=80, pattern=r"^[^\s.=\[\]][^.=\[\]\n]*$")
]


Money = Annotated[int, Field(ge=0, le=10**12)]


UnitMoney = Annotated[Exact, Field(ge=0, le=10**12)]


Quantity = Annotated[Exact, Field(ge=0, le=10**9)]


class Record(BaseModel):
    """Frozen, and refuses keys it doesn't know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=False,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
    )


class Standing(Record):
    """How far a value can be trusted."""

    is_: Literal["fact", "typical", "assumption"] = Field(alias="is")
    """Fact with source, typical published range, or our assumption."""
    source: Text | None = None
    """Key of `sources`, or a reference in words. A fact needs one."""
    note: Text | None = None
    """Range, reading or reason, in words."""


class Entity(Record):
    """Something with an id."""

    id: Id
    """Unique in the scenario."""
    standing: dict[str, Standing] = {}
    """Standing by field name; `*` for every other field. Unmarked: assumptions."""

"""What the commands take: arguments and options that several share."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, get_args

import typer

if TYPE_CHECKING:
    from capacity.scenario import Objective


Choice = TypeVar("Choice", bound=StrEnum)


class Size(StrEnum):
    """What a picture is made for."""

    SLIDE = "16:9"
    A3 = "A3"


class Form(StrEnum):
    """What files a folder is filled with."""

    CSV = "csv"
    PARQUET = "parquet"
    ICS = "ics"


class Style(StrEnum):
    """Where a picture is looked at."""

    LIGHT = "light"
    PRINT = "print"


def above_zero(written: str | float) -> float:
    """Read a number that may be a budget."""
    value = _number(written)
    if not 0 < value < math.inf:
        msg = f"{written} isn't a number above 0"
        raise typer.BadParameter(msg)
    return value


def share(written: str | float) -> float:
    """Read a share."""
    value = _number(written)
    if not 0 <= value <= 1:
        msg = f"{written} isn't a number between 0 and 1"
        raise typer.BadParameter(msg)
    return value


def _number(written: str | float) -> float:
    """A number; none that compares with any where it isn't one."""
    try:
        return float(written)
    except ValueError:
        return math.nan


def whole(least: int, most: int) -> Callable[[str | int], int]:
    """How to read a whole number within limits."""

    def read(written: str | int) -> int:
        try:
            value = int(written)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            msg = f"{written} isn't a whole number from {least} to {most}"
            raise typer.BadParameter(msg)
        return value

    return read


def one_of(kind: type[Choice]) -> Callable[[str], Choice]:
    """How to read one of a few words."""

    def read(written: str) -> Choice:
        try:
            return kind(written)
        except ValueError:
            *others, last = kind
            msg = f"{written} isn't {', '.join(others)} or {last}"
            raise typer.BadParameter(msg) from None

    return read


def words_of(kind: type[StrEnum]) -> str:
    """What help shows of them."""
    return "|".join(kind)


def two_objectives(written: str) -> tuple[Objective, Objective]:
    """Read a pair such as `profit,throughput`: one of money at the most."""
    from capacity.scenario import AMOUNTS, Objective
    from capacity.validate.words import nearest

    known = get_args(Objective)
    names = [name.strip().replace("-", "_") for name in written.split(",")]
    hint = "'--pareto'"
    if len(names) != 2:
        msg = f"{written!r} should name two objectives: profit,throughput"
        raise typer.BadParameter(msg, param_hint=hint)
    for name in names:
        if name not in known:
            msg = f"unknown objective {name}{nearest(name, known)}"
            raise typer.BadParameter(msg, param_hint=hint)
    if names[0] == names[1] or not set(names) & set(AMOUNTS):
        msg = f"{written!r}: plans are in the same order by both"
        raise typer.BadParameter(msg, param_hint=hint)
    return names[0], names[1]  # type: ignore[return-value]  # looked up above


def png(path: Path | None) -> Path | None:
    """Refuse files that wouldn't look like the picture they are."""
    if path is not None and path.suffix.lower() != ".png":
        msg = f"{path} doesn't end in .png"
        raise typer.BadParameter(msg)
    return path


def html(path: Path | None) -> Path | None:
    """Refuse files that no browser would open."""
    if path is not None and path.suffix.lower() not in (".html", ".htm"):
        msg = f"{path} doesn't end in .html"
        raise typer.BadParameter(msg)
    return path


def xlsx(path: Path | None) -> Path | None:
    """Refuse files that wouldn't look like the workbook they are."""
    if path is not None and path.suffix.lower() != ".xlsx":
        msg = f"{path} doesn't end in .xlsx"
        raise typer.BadParameter(msg)
    return path


def yaml(path: Path) -> Path:
    """Refuse files that wouldn't look like the scenario they are."""
    if path.suffix.lower() not in (".yaml", ".yml"):
        msg = f"{path} doesn't end in .yaml"
        raise typer.BadParameter(msg)
    return path


def day(written: str) -> datetime:
    """Read a day."""
    try:
        return datetime.strptime(written, "%Y-%m-%d")
    except ValueError:
        msg = f"{written!r} isn't a date such as 2027-03-29"
        raise typer.BadParameter(msg) from None


ScenarioFile = Annotated[
    Path,
    typer.Argument(
        metavar="SCENARIO", exists=True, dir_okay=False, help="A YAML file."
    ),
]
RunFolder = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="A run folder."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="ID.FIELD=VALUE", help="Change one value; repeatable."
    ),
]
Work = Annotated[
    float,
    typer.Option(
        parser=above_zero, metavar="NUMBER", help="Work budget, in nominal seconds."
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        parser=above_zero,
        metavar="NUMBER",
        help="Wall-clock limit, in seconds; not reproducible.",
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        parser=whole(0, 2**31 - 1), metavar="N", help="Of the search, 0 or more."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Picture = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE.png", callback=png, help="Where to draw it."
    ),
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE.html", callback=html, help="Where to write it."
    ),
]
SiteId = Annotated[str | None, typer.Option("--site", help="Only this site.")]
ProgrammeId = Annotated[
    str | None, typer.Option("--programme", help="Only this programme.")
]
From = Annotated[
    datetime | None,
    typer.Option("--from", parser=day, metavar="DATE", help="First day."),
]
To = Annotated[
    datetime | None,
    typer.Option("--to", parser=day, metavar="DATE", help="Last day."),
]
PictureSize = Annotated[
    Size,
    typer.Option(
        "--size",
        parser=one_of(Size),
        metavar=words_of(Size),
        help="For a slide or a wall.",
    ),
]
PictureStyle = Annotated[
    Style,
    typer.Option(
        "--style",
        parser=one_of(Style),
        metavar=words_of(Style),
        help="Colours, or greys and hatches for paper.",
    ),
]

"""What worksheets look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

INK, PALE = "#222222", "#666666"
HEADER, NEEDED, OWNER = "#44546A", "#1F3864", "#7F6000"
"""Fill of headers: what may be left out, what is needed, whose a row is."""

STANDING = {"fact": "#D8EAD3", "typical": "#D6E6F5", "assumption": "#FFF2CC"}
"""Fill of values by what they rest on."""

BAD, WARM = "#F8CBAD", "#FFE699"
"""Fill of what is wrong or full, and of what is late or nearly full."""

LONGEST = 32_767
"""Characters in a cell, as Excel has it."""

DATE, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
MONTH, GENERAL = "yyyy-mm", "General"
MONEY, SHARE = "#,##0", "0.0%"


Properties = dict[str, str | int]
"""Of a format."""

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The same text without what no workbook can hold."""
    return _NO_TEXT.sub("?", text)


@dataclass
class Looks:
    """Formats of a workbook, each made once."""

    book: Workbook
    made: dict[tuple[tuple[str, object], ...], Format] = field(default_factory=dict)

    def __call__(self, **properties: str | int | bool) -> Format:
        """The format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format({"valign": "top", **properties})
        return self.made[key]

    def header(self, fill: str = HEADER, align: str = "left") -> Format:
        """A column's name."""
        words: Properties = {
            "bold": True,
            "font_color": "white",
            "align": align,
            "indent": 1,
        }
        return self(bg_color=fill, **words)

    def put(
        self, page: Worksheet, at: tuple[int, int], value: object, form: str = GENERAL
    ) -> str:
        """Write a value as what it is; what it shows, for the column's width."""
        if value is None:
            return ""
        if isinstance(value, bool):
            page.write_boolean(*at, value, self())
            return "FALSE"
        if isinstance(value, datetime):
            if form == GENERAL:
                form = DATE if value.hour == value.minute == 0 else MOMENT
            words: Properties = {"num_format": form, "align": "left", "indent": 1}
            page.write_datetime(*at, value, self(**words))
            return form
        if isinstance(value, int | float):
            page.write_number(*at, value, self(num_format=form))
            return f"{value:,}"
        text = clean(str(value))[:LONGEST]
        page.write_string(*at, text, self(num_format="@", align="left", indent=1))
        return text


Area = tuple[int, int, int, int]
"""First row and column, last row and column, from 0."""


def shade(
    book: Workbook, page: Worksheet, area: Area, rule: Mapping[str, object], fill: str
) -> None:
    """Colour the cells of an area where a rule holds, and none after it."""
    form = book.add_format({"bg_color": fill})
    page.conditional_format(*area, {**rule, "format": form, "stop_if_true": True})


def new_book(stream: BytesIO, title: str) -> Workbook:
    """A workbook that doesn't tell when it was made."""
    from xlsxwriter import Workbook

    book = Workbook(stream, {"in_memory": True})
    told = clean(title)[:255]
    book.set_properties({"title": told, "created": datetime(2000, 1, 1)})
    return book


def width(texts: list[str], least: int = 8, most: int = 44) -> int:
    """Width of a column that holds these texts. [character]"""
    longest = max((len(line) for text in texts for line in text.split("\n")), default=0)
    return min(most, max(least, longest + 2))

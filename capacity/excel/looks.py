"""What worksheets look like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

INK, PALE, LINE = "#222222", "#666666", "#BFBFBF"
HEADER, NEEDED, OWNER = "#44546A", "#1F3864", "#7F6000"
"""Fill of headers: what may be left out, what is needed, whose a row is."""

STANDING = {"fact": "#D8EAD3", "typical": "#D6E6F5", "assumption": "#FFF2CC"}
"""Fill of values by what they rest on."""

BAD, WARM, GOOD = "#F8CBAD", "#FFE699", "#C6E0B4"
"""Fill of what is wrong, near its limit, as it should be."""

DATE, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
MONTH, PY_MONTH = "yyyy-mm", "%Y-%m"
MONEY, SHARE = "#,##0", "0.0%"


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

    def header(self, fill: str = HEADER) -> Format:
        """A column's name."""
        return self(bold=True, font_color="white", bg_color=fill, text_wrap=True)


def new_book(path: Any, title: str) -> Workbook:  # noqa: ANN401 - a path or a stream
    """A workbook without a date, in which no text is ever taken for a formula."""
    from datetime import datetime

    from xlsxwriter import Workbook

    book = Workbook(
        path,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": title, "created": datetime(2000, 1, 1)})
    return book


def width(texts: list[str], least: int = 8, most: int = 44) -> int:
    """Width of a column that holds these texts. [character]"""
    longest = max((len(line) for text in texts for line in text.split("\n")), default=0)
    return min(most, max(least, longest + 2))

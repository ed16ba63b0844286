"""Texts: the fonts that can draw them, how large they come out, and what fits.

Names come from scenarios, so any script may occur. What the usual font can't draw is
drawn by another installed one, or else as a box.
"""

from __future__ import annotations

from functools import cache

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text

TYPEFACE = "DejaVu Sans"
"""Ships with matplotlib, so that the same plan looks the same everywhere."""

OTHERS = (
    *("Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans KR"),
    *("NanumGothic", "Nanum Gothic", "Malgun Gothic", "Apple SD Gothic Neo"),
    *("AppleGothic", "UnDotum", "Hiragino Sans", "Yu Gothic", "IPAGothic", "MS Gothic"),
    *("Microsoft YaHei", "PingFang SC", "SimHei", "WenQuanYi Zen Hei"),
    *("Droid Sans Fallback", "Noto Sans Arabic", "Noto Sans Devanagari"),
    *("Noto Sans Thai", "Noto Sans", "Arial Unicode MS", "Segoe UI", "Unifont"),
)
"""Fonts with more scripts, the preferred first."""

BOX = "\N{WHITE SQUARE}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@cache
def legible(text: str) -> str:
    """Put a box for each character that no installed font draws; keep line breaks."""
    return "".join(_drawable(character) for character in text)


@cache
def families(text: str) -> list[str]:
    """Fonts that draw a text, the usual one first."""
    found = {family(character) for character in legible(text)}
    return [TYPEFACE, *sorted(name for name in found if name and name != TYPEFACE)]


def _drawable(character: str) -> str:
    if character == "\n":
        return character
    if character.isspace():
        return " "
    return character if family(character) else BOX


@cache
def family(character: str) -> str | None:
    """Font that draws a character, if any."""
    if character.isspace():
        return TYPEFACE
    if all(ord(character) in _glyphs(TYPEFACE, w) for w in ("normal", "bold")):
        return TYPEFACE
    installed = {font.name for font in fontManager.ttflist}
    for name in OTHERS:
        if name in installed and ord(character) in _glyphs(name, "normal"):
            return name
    return None


@cache
def _glyphs(name: str, weight: str) -> frozenset[int]:
    font = FontProperties(family=[name], weight=weight)
    try:
        return frozenset(
            get_font(findfont(font, fallback_to_default=False)).get_charmap()
        )
    except (OSError, RuntimeError, ValueError):  # a broken or bitmap-only font file
        return frozenset()


def measured(amount: float, unit: str) -> str:
    """An amount of product or money: kilograms and batches to the unit's decimals."""
    if unit in ("kg", "batches"):
        return f"{amount:,.10g} {unit}"
    return money(int(amount), unit)


def money(amount: int, currency: str) -> str:
    """Write an amount as `12.3 M USD`."""
    for unit, name in ((10**6, "M "), (10**3, "k ")):
        if abs(amount) >= unit:
            return f"{amount / unit:,.1f}".removesuffix(".0") + f" {name}{currency}"
    return f"{amount} {currency}"


_KNOWN: dict[tuple[float, str, float, float, str], tuple[float, float]] = {}
"""Sizes by resolution, text, size, rotation and weight: measuring is what takes long."""


class Ruler:
    """Measures texts as they will be drawn on a figure."""

    def __init__(self, figure: Figure) -> None:
        self._renderer = RendererAgg(1, 1, figure.dpi)  # type: ignore[no-untyped-call]
        self._scratch = Text(0, 0, "", linespacing=1.0, parse_math=False)
        self._scratch.set_figure(figure)
        self.dpi = figure.dpi

    def size(
        self, text: str, points: float, rotation: float = 0, weight: str = "normal"
    ) -> tuple[float, float]:
        """Width and height. [pixel]"""
        if rotation == 90:
            return self.size(text, points, 0, weight)[::-1]
        key = self.dpi, text, points, rotation, weight
        if key not in _KNOWN:
            self._scratch.set(
                text=legible(text),
                fontsize=points,
                rotation=rotation,
                fontfamily=families(text),
                fontweight=weight,
            )
            extent = self._scratch.get_window_extent(self._renderer)
            _KNOWN[key] = extent.width, extent.height
        return _KNOWN[key]

    def width(self, text: str, points: float, weight: str = "normal") -> float:
        """Width of a text that lies flat. [pixel]"""
        return self.size(text, points, 0, weight)[0]

    def too_large(
        self, text: str, points: float, rotation: float, room: tuple[float, float]
    ) -> bool:
        """Whether a text surely doesn't fit into so many pixels, hardly measuring.

        Widths and heights grow in step with sizes, but for a few hundredths.
        """
        wide, high = self.size(text, 8, rotation)
        least = 0.88 * points / 8
        return least * wide > room[0] or least * high > room[1]

    def cut(self, text: str, points: float, room: float, weight: str = "normal") -> str:
        """As much of a text as fits into so many pixels, with an ellipsis."""
        if self.width(text, points, weight) <= room:
            return text
        for length in range(len(text) - 1, 0, -1):
            part = text[:length].rstrip() + ELLIPSIS
            if self.width(part, points, weight) <= room:
                return part
        return ELLIPSIS

    def fit(
        self,
        text: str,
        points: float,
        room: float,
        *,
        least: float,
        weight: str = "normal",
    ) -> tuple[str, float]:
        """Shrink a text down to the least size so that it fits, then cut it."""
        wide = self.width(text, points, weight)
        points = max(least, min(points, points * room / wide)) if wide else points
        # Widths don't grow quite in step with sizes.
        while points > least and self.width(text, points, weight) > room:
            points = max(least, points - 0.25)
        return self.cut(text, points, room, weight), points

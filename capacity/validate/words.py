"""Names and places as a sentence says them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NOUNS = {
    "sites": "site",
    "suites": "suite",
    "changeovers": "changeover",
    "campaign_limits": "campaign limits",
    "release_classes": "release class",
    "programmes": "programme",
    "transfers": "transfer",
    "licences": "licence",
    "markets": "market",
    "qualifications": "qualification",
    "lanes": "lane",
    "contracts": "contract",
    "orders": "order",
    "made_to_stock": "made to stock",
    "demand": "demand",
    "locks": "lock",
    "in_release": "in release",
    "stock": "stock",
    "shutdowns": "shutdown",
    "outages": "outage",
    "recipe": "step",
    "rates": "rate for",
}
"""How one row of a list is called."""


def nearest(name: str, options: Iterable[str]) -> str:
    """`; did you mean X?`, else what there is, if that is short."""
    known = sorted(set(options))
    lower = {option.lower(): option for option in known}
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    if close:
        return f"; did you mean {lower[close[0]]}?"
    return f"; there are {', '.join(known)}" if 0 < len(known) <= 8 else ""


def spoken(path: str) -> str:
    """A dotted path in words: `suites.SON-T1.go_live` is `suite SON-T1: go_live`.

    `#2` is a row without a name; words leave it out.
    """
    words: list[str] = []
    pieces = [piece for piece in path.split(".") if not piece.startswith("#")]
    while pieces:
        piece = pieces.pop(0)
        row = piece in NOUNS and pieces and f"{piece}.#" not in path
        plain = f"row {int(piece) + 1}" if piece.isdecimal() else piece
        words.append(f"{NOUNS[piece]} {pieces.pop(0)}" if row else plain)
    return ": ".join(words)

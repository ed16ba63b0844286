"""Spans of ticks: joined, overlapped, and what fits between closures."""

from __future__ import annotations

Span = tuple[int, int]
"""Half-open [start, end) in ticks, or closed where a docstring says so."""


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """Half-open spans in order, touching and overlapping ones joined."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def overlap(one: Span, other: Span) -> int:
    """Ticks that two spans share; those that are empty or the wrong way round none."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def open_starts(
    closures: tuple[Span, ...], earliest: int, end: int, length: int
) -> tuple[Span, ...]:
    """Closed spans of ticks at which a stretch of `length` fits between closures."""
    spans, low = [], earliest
    for first, last in [*closures, (end, end)]:
        high = min(first, end) - length
        if low <= high:
            spans.append((low, high))
        low = max(low, last)
    return tuple(spans)

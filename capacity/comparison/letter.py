"""A comparison in Markdown, short enough to be pasted into an e-mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from capacity.comparison import Comparison, Pair, inputs, words

MOST = 6
"""So many examples of each kind; the tables beside the letter have all."""


def markdown(comparison: Comparison) -> str:
    """Write the letter."""
    blocks: list[str] = []
    names = " and ".join(f"{pair.name}" for pair in comparison.pairs)
    blocks.append(f"# {safe(names)} against {safe(comparison.name)}")
    for pair in comparison.pairs:
        if len(comparison.pairs) > 1:
            blocks.append(f"## {safe(pair.name)}")
        blocks += _pair(comparison, pair)
    if comparison.notes:
        blocks.append("Bear in mind:")
        blocks.append(_items(comparison.notes))
    files = (
        "compare.png, kpis.csv, campaigns.csv, programmes.csv, orders.csv, inputs.csv"
    )
    blocks.append(f"Picture and whole tables: {files}.")
    return "\n\n".join(blocks) + "\n"


def _pair(comparison: Comparison, pair: Pair) -> Iterator[str]:
    yield f"**{safe(words.headline(comparison, pair))}.**"
    yield f"{safe(words.certainty(comparison, pair))}."
    yield table(words.key_figures(comparison, pair))
    yield f"**Campaigns:** {words.campaigns(pair)}."
    if moved := _places(pair):
        yield moved
    if examples := words.moves(pair, MOST):
        yield "Largest changes:"
        yield _items(examples)
    yield f"**Orders:** {words.orders(pair)}."
    for changes, title in (
        (("unserved", "late", "worse"), "Late or lost, the dearest first:"),
        (("saved", "better"), "Saved or better:"),
    ):
        if examples := words.order_examples(pair, changes, MOST):
            yield title
            yield _items(examples)
    yield from _inputs(pair)


def _places(pair: Pair) -> str:
    """Sites and programmes where anything changes, unless nothing does."""
    frame = pair.programmes
    kinds = ["moved", "resized", "split", "merged", "new", "gone"]
    changed = frame[frame[kinds].sum(axis=1) > 0]
    if changed.empty:
        return ""
    shown = changed[["site", "programme"]].copy()
    shown["batches"] = [
        str(one) if one == other else f"{one} to {other}"
        for one, other in zip(
            changed.batches_before, changed.batches_after, strict=True
        )
    ]
    for kind in [each for each in kinds if changed[each].any()]:
        shown[kind] = [str(number or "") for number in changed[kind]]
    return table(shown)


def _inputs(pair: Pair) -> Iterator[str]:
    said = inputs.told(pair.inputs)
    yield f"**Inputs:** {words.inputs(pair)}."
    if not said:
        return
    more = [f"- and {len(said) - 2 * MOST} more"] if len(said) > 2 * MOST else []
    yield "\n".join([*(f"- {_code(each)}" for each in said[: 2 * MOST]), *more])


def table(frame: pd.DataFrame) -> str:
    """Lay out a frame of text: the first column to the left, numbers to the right."""
    shown = frame.map(safe).rename(columns=safe)
    text = [name in ("site", "programme", "verdict") for name in frame.columns]
    sides = [
        "left" if first == 0 or left else "right" for first, left in enumerate(text)
    ]
    return str(
        shown.to_markdown(
            index=False, tablefmt="pipe", disable_numparse=True, colalign=sides
        )
    )


def _items(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {safe(sentence)}" for sentence in sentences)


def _code(text: str) -> str:
    """Write what stands in a scenario as code, which needs no other care."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`"


def safe(text: str) -> str:
    """Keep names of a scenario from being read as Markdown or HTML."""
    return re.sub(r"([\\`*|<>\[\]#]|(?<!\w)_|_(?!\w))", r"\\\1", " ".join(text.split()))

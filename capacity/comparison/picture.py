"""The picture of a comparison: whose plans, which marks, what is said above them."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from capacity import plots, tables
from capacity.comparison import Comparison, Pair, words
from capacity.comparison.campaigns import marks
from capacity.runs import Run


def figure(comparison: Comparison, *, size: plots.Size = "16:9") -> Figure:
    """Draw the plans above each other, changes marked.

    With more than two plans the first one is drawn without marks, for what is gone from
    one may be kept in another.
    """
    pairs = comparison.pairs
    if len(pairs) == 1:
        title = words.headline(comparison, pairs[0])
        subtitle = words.certainty(comparison, pairs[0])
        first = marks(pairs[0].campaigns, "before")
    else:
        title = f"{len(pairs)} plans compared with {comparison.name}"
        subtitle = " · ".join(words.headline(comparison, pair) for pair in pairs)
        first = {}
    sides = [_side(comparison, comparison.run, comparison.name, first)]
    sides += [
        _side(comparison, pair.run, _titled(pair), marks(pair.campaigns, "after"))
        for pair in pairs
    ]
    return plots.compared_figure(sides, title=title, subtitle=subtitle, size=size)


def _titled(pair: Pair) -> str:
    return f"{pair.name}: {words.campaigns(pair)}"


def _side(
    comparison: Comparison, run: Run, title: str, marked: Mapping[str, str]
) -> plots.Side:
    campaigns = tables.campaigns(run.plan)
    found = [marked.get(name, "same") for name in campaigns.campaign]
    return plots.Side(
        title=f"{title} · {words.standing(run, comparison.currency)}",
        scenario=run.loaded.scenario,
        campaigns=campaigns.assign(mark=found),
    )

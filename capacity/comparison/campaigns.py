"""Which campaign of one plan is which of another, and what became of it.

Two campaigns can be the same work if they make the same step of the same programme and
start within half a year of each other or serve the same orders, at least half of all
that either serves; engineering and PPQ are only ever matched with their own kind. Of all
such pairs the nearest is taken first, then the nearest of what is left, and so on. Near
is few days between the starts; another suite counts as 30 days more, another site as 60.
A campaign that is left over in the new plan is a part of a split one if the nearest old
campaign lost at least half as many batches as it has; one left over in the old plan was
merged likewise. What is left then is new or gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast

import pandas as pd

from capacity.tables.rows import plain

CHANGES = ("same", "moved", "resized", "split", "merged", "new", "gone")

SIDED = ("campaign", "site", "suite", "start", "end", "batches")
"""What is stated of a campaign before and after."""

CAMPAIGN_COLUMNS = (
    *("change", "programme", "step", "kind"),
    *(f"{name}_before" for name in SIDED),
    *(f"{name}_after" for name in SIDED),
    "shift_days",
)

PROGRAMME_COLUMNS = ("site", "programme", "batches_before", "batches_after", *CHANGES)

NEAR = 183
"""Farther apart, only their orders make two campaigns the same work. [day]"""

OTHER_SUITE, OTHER_SITE = 30, 60
"""What another suite or site counts for. [day]"""

MOVED = 1
"""A start that shifts by less is no move. [day]"""

APART = ("engineering", "ppq")
"""Kinds that prove a process: nothing else is the same work."""


@dataclass(frozen=True)
class Campaign:
    """A campaign of one of the plans."""

    campaign: str
    site: str
    suite: str
    programme: str
    step: str
    kind: str
    batches: int
    start: str
    end: str
    orders: frozenset[str]
    """Lines that its batches serve."""

    @property
    def begin(self) -> datetime:
        """When its first batch starts."""
        return datetime.fromisoformat(self.start)


class Link(NamedTuple):
    """What was, and what it became; none where there is nothing."""

    change: str
    before: Campaign | None
    after: Campaign | None


def compared_campaigns(
    before: tuple[pd.DataFrame, pd.DataFrame], after: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    """What became of each campaign.

    Parameters
    ----------
    before
        Frames of `tables.campaigns` and `tables.batches`.
    after
        The same of the other plan.

    Returns
    -------
    DataFrame
        change (`same`, `moved`: another suite, or a start a day or more away;
        `resized`: only its batches differ; `split`, `merged`: a row for each part;
        `new`, `gone`), programme, step, kind; campaign, site, suite, start, end and
        batches, `_before` and `_after`; shift_days: how much later it starts. [day]
    """
    links = list(linked(_campaigns(*before), _campaigns(*after)))
    rows = [_row(link) for link in sorted(links, key=_order)]
    return pd.DataFrame(rows, columns=list(CAMPAIGN_COLUMNS), dtype=object)


def by_programme(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Batches and changes by site and programme, from a frame of campaigns.

    Returns
    -------
    DataFrame
        site, programme, batches_before and batches_after made there, and how many
        campaigns are the same, moved, and so on; a change counts where the campaign is
        now, one that is gone where it was.
    """
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for side in ("before", "after"):
        once = campaigns.drop_duplicates(f"campaign_{side}")
        once = once[once[f"campaign_{side}"].notna()]
        sums = once.groupby([f"site_{side}", "programme"])[f"batches_{side}"].sum()
        for key, batches in sums.items():
            site, programme = cast("tuple[str, str]", key)
            row = rows.setdefault((site, programme), dict.fromkeys(_COUNTED, 0))
            row[f"batches_{side}"] = int(batches)
    for change, site, programme, number in _counts(campaigns):
        rows[site, programme][change] += number
    cells = [(*key, *row.values()) for key, row in sorted(rows.items())]
    return pd.DataFrame(cells, columns=list(PROGRAMME_COLUMNS))


_COUNTED = PROGRAMME_COLUMNS[2:]


def _counts(campaigns: pd.DataFrame) -> Iterator[tuple[str, str, str, int]]:
    """Change, site, programme and number; the parts of a split campaign count once."""
    parts = {"split": "campaign_before", "merged": "campaign_after"}
    seen = set()
    for row in campaigns.to_dict("records"):
        change = row["change"]
        which = (change, row[parts[change]]) if change in parts else None
        if which is None or which not in seen:
            site = row["site_before"] if change == "gone" else row["site_after"]
            yield change, site, row["programme"], 1
        seen.add(which)


# ----------------------------------------------------------------------------- matching


def linked(before: Sequence[Campaign], after: Sequence[Campaign]) -> Iterator[Link]:
    """Tell what became of each campaign, and what each new one came from."""
    pairs = _pairs(before, after)
    became = {one.campaign: other for one, other in pairs}
    came = {other.campaign: one for one, other in pairs}
    old = [each for each in before if each.campaign not in became]
    new = [each for each in after if each.campaign not in came]
    parts = _parts(new, pairs)
    merged = _parts(old, [(other, one) for one, other in pairs])
    split = {one.campaign for one in parts.values()}
    joined = {other.campaign for other in merged.values()}
    for one, other in pairs:
        whole = "split" if one.campaign in split else None
        whole = "merged" if other.campaign in joined else whole
        yield Link(whole or _change(one, other), one, other)
    for each in new:
        owner = parts.get(each.campaign)
        yield Link("split" if owner else "new", owner, each)
    for each in old:
        owner = merged.get(each.campaign)
        yield Link("merged" if owner else "gone", each, owner)


def _pairs(
    before: Sequence[Campaign], after: Sequence[Campaign]
) -> list[tuple[Campaign, Campaign]]:
    """Pair the nearest first."""
    taken: set[tuple[str, str]] = set()
    pairs = []
    for one, other in _nearest_first(before, after):
        keys = ("before", one.campaign), ("after", other.campaign)
        if taken.isdisjoint(keys):
            taken.update(keys)
            pairs.append((one, other))
    return pairs


def _parts(
    left: Sequence[Campaign], pairs: Iterable[tuple[Campaign, Campaign]]
) -> dict[str, Campaign]:
    """Whose batches those left over took: the first of a pair that lost enough."""
    lost = {one.campaign: one.batches - other.batches for one, other in pairs}
    owners = [one for one, _ in pairs if lost[one.campaign] > 0]
    found: dict[str, Campaign] = {}
    for each, owner in _nearest_first(left, owners):
        if each.campaign not in found and 2 * lost[owner.campaign] >= each.batches:
            found[each.campaign] = owner
            lost[owner.campaign] -= each.batches
    return found


def _nearest_first(
    some: Sequence[Campaign], others: Sequence[Campaign]
) -> list[tuple[Campaign, Campaign]]:
    """Pairs that can be the same work; ties by batches, then start and id."""
    by_step: dict[tuple[str, str], list[Campaign]] = {}
    for other in others:
        by_step.setdefault((other.programme, other.step), []).append(other)
    able = [
        (one, other)
        for one in some
        for other in by_step.get((one.programme, one.step), ())
        if _same_work(one, other)
    ]
    return sorted(able, key=_distance)


def _same_work(one: Campaign, other: Campaign) -> bool:
    if one.kind != other.kind and (one.kind in APART or other.kind in APART):
        return False
    if abs(_shift(one, other)) <= NEAR:
        return True
    common = one.orders & other.orders
    return bool(common) and 2 * len(common) >= len(one.orders | other.orders)


def _distance(pair: tuple[Campaign, Campaign]) -> tuple[float, int, str, str, str, str]:
    one, other = pair
    days = abs(_shift(one, other))
    if one.suite != other.suite:
        days += OTHER_SUITE if one.site == other.site else OTHER_SITE
    more = abs(one.batches - other.batches)
    return days, more, one.start, one.campaign, other.start, other.campaign


def _shift(one: Campaign, other: Campaign) -> float:
    """How much later the other starts. [day]"""
    return (other.begin - one.begin).total_seconds() / 86_400


def _change(one: Campaign, other: Campaign) -> str:
    if one.suite != other.suite or abs(_shift(one, other)) >= MOVED:
        return "moved"
    return "same" if one.batches == other.batches else "resized"


# ------------------------------------------------------------------------------- frames


def _campaigns(campaigns: pd.DataFrame, batches: pd.DataFrame) -> list[Campaign]:
    orders: dict[str, set[str]] = {}
    for campaign, order in zip(batches.campaign, batches.order, strict=True):
        if campaign is not None and order is not None:
            orders.setdefault(campaign, set()).add(order)
    stated = [name for name in Campaign.__dataclass_fields__ if name != "orders"]
    return [
        Campaign(
            **{name: row[name] for name in stated},
            orders=frozenset(orders.get(row["campaign"], ())),
        )
        for row in campaigns.to_dict("records")
    ]


def _row(link: Link) -> list[object]:
    change, one, other = link
    some = other or one
    assert some is not None
    shift = None if one is None or other is None else plain(_shift(one, other))
    return [
        *(change, some.programme, some.step, some.kind),
        *(None if one is None else getattr(one, name) for name in SIDED),
        *(None if other is None else getattr(other, name) for name in SIDED),
        shift,
    ]


def _order(link: Link) -> tuple[str, ...]:
    """Sort by programme, step and time."""
    first, second = link.before or link.after, link.after or link.before
    assert first is not None
    assert second is not None
    named = (first.start, first.campaign, second.start, second.campaign)
    return (first.programme, first.step, *named)


def counted(campaigns: pd.DataFrame) -> Mapping[str, int]:
    """How many campaigns there are of each change, none left out."""
    numbers = dict.fromkeys(CHANGES, 0)
    for change, _, _, number in _counts(campaigns):
        numbers[change] += number
    return numbers


def marks(campaigns: pd.DataFrame, side: Literal["before", "after"]) -> dict[str, str]:
    """How each campaign of one plan is marked in a picture, by its id.

    `earlier`, `later` or `elsewhere` (another suite) for what moved, `parted` for what
    was split or merged, else the change.
    """
    there = campaigns[campaigns[f"campaign_{side}"].notna()]
    return {row[f"campaign_{side}"]: _mark(row) for row in there.to_dict("records")}


def _mark(row: Mapping[Any, Any]) -> str:
    change = str(row["change"])
    if change in ("split", "merged"):
        return "parted"
    if change != "moved":
        return change
    if row["suite_before"] != row["suite_after"]:
        return "elsewhere"
    return "later" if row["shift_days"] > 0 else "earlier"

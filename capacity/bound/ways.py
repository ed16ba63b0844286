"""How far a programme's qualifications go, cut into a few ways that cover every plan.

A right to ship from a qualification hangs on one date, that of its filing, for all that
waits for it. So a step is planned alone once for each span in which it may be filed, with
rights at the span's first day where that saves lateness and at its last where it saves
holding; the cheapest way is what the step costs at least. In a span, transfer and filings
are paid for, and every engineering and PPQ batch is made, the last PPQ batch in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from capacity.instance import FAR, ChainData, Group, Instance, StepData

SPANS = (0, 60, 150)
"""Where spans of filing begin, counted from the earliest; the last one never ends. [day]"""

Span = tuple[int, int]
"""First and last tick of what may be; from `FAR` on it is never."""


@dataclass(frozen=True)
class Way:
    """One of the ways of a programme."""

    filed: dict[int, Span]
    """When the programme is filed for, by site of a qualification."""
    closed: frozenset[int] = frozenset()
    """Sites that nothing was transferred to."""
    whole: frozenset[int] = frozenset()
    """Qualifications of which every engineering and PPQ batch is made."""
    cost: int = 0
    """Transfers and filings. [money]"""


def ways(instance: Instance, step: StepData) -> list[Way]:
    """Every plan is one of these, as far as a step's programme goes.

    Intermediates are planned for all of them at once: theirs are no rights to ship.
    """
    mine = [c for c in instance.chains if c.programme == step.programme]
    if step.after is not None:
        return [Way({})]
    several = product(*(list(_of_chain(instance, chain)) for chain in mine))
    return [
        Way(
            {site: span for way in row for site, span in way.filed.items()},
            frozenset().union(*(way.closed for way in row)),
            frozenset().union(*(way.whole for way in row)),
            sum(way.cost for way in row),
        )
        for row in several
    ]


def _of_chain(instance: Instance, chain: ChainData) -> Iterator[Way]:
    site, never = chain.site, (FAR, FAR)
    first = _earliest(instance, chain)
    if first is None:
        yield Way({site: never})
        return
    transfer = 0 if chain.transfer is None else chain.transfer_cost
    if transfer:
        yield Way({site: never}, closed=frozenset({site}))
    edges = [first + instance.grid.whole(Fraction(days)) for days in SPANS]
    for one, two in zip(edges, [*edges[1:], FAR], strict=True):
        filed = two < FAR
        yield Way(
            {site: (one, two)},
            whole=frozenset({chain.index}) if filed else frozenset(),
            cost=transfer + (chain.filing_cost if filed else 0),
        )


def _earliest(instance: Instance, chain: ChainData) -> int | None:
    """When a qualification may be filed for at the earliest, None for never. [tick]"""
    if not chain.permitted:
        return None
    found = [
        (group.rights[group.step, chain.site], instance.filings[filing].review)
        for group in instance.groups
        if (filing := group.filings.get(chain.site)) in chain.filings
        and group.kind not in ("engineering", "ppq")
    ]
    dates = [right - review for right, review in found if right is not None]
    if not found:
        return instance.as_of
    return min(dates, default=None)


def right(
    instance: Instance, way: Way, group: Group, site: int, stated: int | None
) -> Span | None:
    """Within which dates a group's right to ship from a site lies; None where never.

    It comes with the end of the review or that of the inspection which a site's first
    filing brings: no sooner than the earliest filing of any programme there asks for,
    and no later than if this programme's were the first.

    Parameters
    ----------
    instance, way, group, site
        Whose right it is.
    stated
        The earliest that the instance knows of. [tick]
    """
    if stated is None:
        return None
    if site not in group.filings:
        return stated, stated
    if group.kind in ("engineering", "ppq"):
        return stated, FAR
    filing = instance.filings[group.filings[site]]
    first, last = way.filed[site]
    if first >= FAR:
        return None
    low, high = max(stated, first + filing.review), last + filing.review
    if filing.inspection is not None:
        others = [
            at
            for other in instance.filings
            if (other.site, other.market) == (filing.site, filing.market)
            and (at := _earliest(instance, instance.chains[other.chain])) is not None
        ]
        low = max(low, min(others) + filing.inspection)
        high = max(high, last + filing.inspection)
    return low, max(low, high)


def latest_ppq(instance: Instance, way: Way, group: Group) -> int:
    """Last tick on which a PPQ batch may be out for a filing in its span. [tick]"""
    if group.chain is None or group.spare or group.kind != "ppq":
        return FAR
    chain = instance.chains[group.chain]
    lead = instance.steps[group.step].lead_times[group.kind]
    return way.filed[chain.site][1] - chain.filing_wait - lead

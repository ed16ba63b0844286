"""Ways in which a programme's qualifications may go: a few that cover every plan.

Rights to ship from a qualification hang on one date, the release of its last PPQ batch, for
all that waits for them. So a step is planned alone once for each span in which that may be,
with rights at the span's first day where that saves lateness and at its last where it saves
holding; the cheapest way is what the step costs at least. In a span, the transfer and the
cheapest filing are paid for, and every engineering and PPQ batch is made, the last in time.
What qualifications of intermediates cost is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise, product

from capacity.instance import FAR, ChainData, FilingData, Group, Instance, StepData

SPANS = (0, 60, 150, 270)
"""Where spans begin, counted from the earliest; the last one never ends. [day]"""

TOLD_APART = 2
"""Most qualifications of a programme whose spans are told apart, as ways multiply."""

Span = tuple[int, int]
"""First and last tick of what may be."""


@dataclass(frozen=True)
class Way:
    """What is known of the qualifications of a programme in one of them."""

    rights: dict[int, Span] = field(default_factory=dict)
    """Right to ship by filing; never where there is none."""
    closed: frozenset[int] = frozenset()
    """Sites that nothing was transferred to."""
    filed: dict[int, int] = field(default_factory=dict)
    """Last tick of the release of PPQ by qualification that is gone through and filed for:
    every engineering and PPQ batch of it is made."""
    cost: int = 0
    """Transfers, and of each qualification the cheapest filing. [money]"""


def ways(instance: Instance, step: StepData) -> list[Way]:
    """Every plan is one of these, as far as a step's programme goes.

    Intermediates are planned for all of them at once: theirs are no rights to ship.
    """
    if step.after is not None:
        return [Way()]
    mine = [c for c in instance.chains if c.step == step.index]
    spans = SPANS if len(mine) <= TOLD_APART else SPANS[:1]
    return [
        Way(
            {filing: span for way in row for filing, span in way.rights.items()},
            frozenset(site for way in row for site in way.closed),
            {chain: last for way in row for chain, last in way.filed.items()},
            sum(way.cost for way in row),
        )
        for row in product(*(list(_of_chain(instance, chain, spans)) for chain in mine))
    ]


def _of_chain(
    instance: Instance, chain: ChainData, spans: Sequence[int]
) -> Iterator[Way]:
    """Without the site, proved in each of the spans and filed for, or never filed for."""
    first = chain.proved
    if first is None or not chain.permitted:
        yield Way()
        return
    transfer = 0 if chain.transfer is None else chain.transfer_cost
    if transfer:
        yield Way(closed=frozenset({chain.site}))
    edges = [first + instance.grid.whole(Fraction(days)) for days in spans]
    filings = [instance.filings[number] for number in chain.filings]
    for span in pairwise([*edges, FAR]):
        rights = {filing.index: _right(instance, filing, span) for filing in filings}
        cost = transfer + min(filing.cost for filing in filings)
        yield Way(rights, filed={chain.index: span[1]}, cost=cost)
    yield Way(cost=transfer)


def _right(instance: Instance, filing: FilingData, proved: Span) -> Span:
    """Within which dates a right to ship lies.

    It comes with the end of the review or that of the inspection which a site's first
    filing brings: no sooner than the earliest filing of any programme there asks for,
    and no later than if this programme's were the first.
    """
    first, last = proved[0] + filing.wait, proved[1] + filing.wait
    low, high = first + filing.review, last + filing.review
    if filing.inspection is not None:
        others = [
            chain.proved + other.wait
            for other in instance.filings
            if (other.site, other.market) == (filing.site, filing.market)
            and (chain := instance.chains[other.chain]).proved is not None
            and chain.permitted
        ]
        low = max(low, min(others) + filing.inspection)
        high = max(high, last + filing.inspection)
    return low, max(low, high)


def right(
    instance: Instance, way: Way, group: Group, site: int, stated: int | None
) -> Span | None:
    """Within which dates a group's right to ship from a site lies; None where never.

    Input may have a later right, and so what is made of it.

    Parameters
    ----------
    instance
        What is planned.
    way, group, site
        Whose right it is.
    stated
        The earliest that the instance knows of. [tick]
    """
    if stated is None:
        return None
    last = max(stated, instance.latest_input_right(group, site))
    place = group.step, site
    if place not in group.filings:
        return stated, last
    if group.kind in ("engineering", "ppq"):
        return stated, FAR
    if group.filings[place] not in way.rights:
        return None
    low, high = way.rights[group.filings[place]]
    return max(stated, low), max(last, high)


def latest_ppq(instance: Instance, way: Way, group: Group) -> int:
    """Last tick on which a PPQ batch may be out for a release in its span. [tick]"""
    if group.chain not in way.filed or group.spare or group.kind != "ppq":
        return FAR
    assert group.chain is not None
    lead = instance.steps[group.step].lead_times[group.kind]
    return way.filed[group.chain] - lead

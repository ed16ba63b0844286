"""Ways in which a programme's qualifications may go: a few that cover every plan.

Rights to ship from a qualification hang on one date, the release of its last PPQ batch, for
all that waits for them. So a step is planned alone once for each span in which that may be,
with rights at the span's first day where that saves lateness and at its last where it saves
holding; the cheapest way is what the step costs at least. In a span, the transfer and the
cheapest filing are paid for, and every engineering and PPQ batch is made, the last in time.
The span of the cheapest way is cut in two now and then. Where a qualification is for an
intermediate by itself, its site is opened, at its cost, or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise, product

from capacity.instance import FAR, ChainData, FilingData, Group, Instance, StepData

SPANS = (0, 60, 150, 270)
"""Where spans begin, counted from the earliest; the last one never ends. [day]"""

TOLD_APART = 2
"""Most qualifications of a programme whose spans are told apart at first, as ways multiply."""

SHORTEST, LONGEST = 10, 120
"""No span is cut shorter than the first; the last one is cut so long after its start. [day]"""

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
    proved: dict[int, Span] = field(default_factory=dict)
    """Within which ticks PPQ is released, by qualification that is filed for."""


def ways(instance: Instance, step: StepData) -> list[Way]:
    """Every plan is one of these, as far as a step's programme goes.

    Of intermediates only which sites are opened is told apart: theirs are no rights to ship.
    """
    mine = [c for c in instance.chains if c.step == step.index]
    if step.after is not None:
        return _opened(instance, step, mine)
    spans = SPANS if len(mine) <= TOLD_APART else SPANS[:1]
    each = (list(_of_chain(instance, chain, spans)) for chain in mine)
    return [_together(instance, row) for row in product(*each)]


def _together(instance: Instance, row: Sequence[Way]) -> Way:
    """One way for each of several qualifications."""
    proved = {chain: span for way in row for chain, span in way.proved.items()}
    return Way(
        _rights(instance, proved),
        frozenset(site for way in row for site in way.closed),
        {chain: last for way in row for chain, last in way.filed.items()},
        sum(way.cost for way in row),
        proved,
    )


def _opened(
    instance: Instance, step: StepData, chains: Sequence[ChainData]
) -> list[Way]:
    """Sites closed to an intermediate, opened, or opened and filed for at least once.

    That takes what is made before it as well.
    """
    found = [Way()]
    for chain in chains:
        if chain.transfer is None:
            continue
        filed = min(instance.filings[number].cost for number in chain.filings)
        filed += 0 if _given(instance, chain) else _trials(instance, chain)
        each = (
            Way(closed=frozenset({chain.site})),
            Way(cost=chain.transfer_cost),
            Way(cost=chain.transfer_cost + filed, filed={chain.index: FAR}),
        )
        found = [
            Way(
                closed=way.closed | more.closed,
                cost=way.cost + more.cost,
                filed=way.filed | more.filed,
            )
            for way in found
            for more in each
        ]
    return found


def _given(instance: Instance, chain: ChainData) -> bool:
    """Whether batches of what is qualified are there or under way at its site."""
    on_hand = [(batch.step, batch.suite) for batch in instance.on_hand]
    locked = [(lock.step, lock.suite) for lock in instance.locks]
    return any(
        step == chain.step and instance.suites[suite].site == chain.site
        for step, suite in [*on_hand, *locked]
    )


def _trials(instance: Instance, chain: ChainData) -> int:
    """What engineering and PPQ of a qualification cost at the least. [money]"""
    return sum(
        min(terms.need for terms in group.terms.values())
        * min(group.making.values(), default=0)
        for group in instance.groups
        if group.chain == chain.index and not group.spare
    )


def split(instance: Instance, way: Way) -> list[Way]:
    """Two ways that cover what a way covers, with its longest span cut; none if it's short."""
    whole = instance.grid.whole
    spans = [(last - first, chain) for chain, (first, last) in way.proved.items()]
    length, chain = max(spans, default=(0, 0))
    if length < 2 * whole(Fraction(SHORTEST)):
        return []
    first, last = way.proved[chain]
    middle = first + (whole(Fraction(LONGEST)) if last == FAR else length // 2)
    halves = [way.proved | {chain: span} for span in ((first, middle), (middle, last))]
    return [
        replace(
            way,
            rights=_rights(instance, proved),
            filed=way.filed | {chain: proved[chain][1]},
            proved=proved,
        )
        for proved in halves
    ]


def _rights(instance: Instance, proved: dict[int, Span]) -> dict[int, Span]:
    """Within which dates rights lie, by filing, where PPQ is released within spans.

    Where one comes after another, both lie before it, and without the other it is none.
    """

    def span(number: int) -> Span | None:
        filing = instance.filings[number]
        if filing.chain not in proved:
            return None
        low, high = _right(instance, filing, proved[filing.chain])
        if filing.after is None:
            return low, high
        first = span(filing.after)
        return first and (max(low, first[0]), max(high, first[1]))

    found = {filing.index: span(filing.index) for filing in instance.filings}
    return {number: row for number, row in found.items() if row is not None}


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
        yield Way(
            filed={chain.index: span[1]},
            cost=transfer + min(filing.cost for filing in filings),
            proved={chain.index: span},
        )
    yield Way(cost=transfer)


def _right(instance: Instance, filing: FilingData, proved: Span) -> Span:
    """Within which dates a right to ship lies.

    It comes with the end of the review or that of the inspection which a site's first
    filing brings: no sooner than the earliest filing of any programme there asks for,
    and no later than if this programme's were the first, or than something is licensed
    there; nor sooner than a licence that comes first.
    """
    first, last = (max(instance.as_of, at + filing.wait) for at in proved)
    low, high = first + filing.review, last + filing.review
    if filing.inspection is not None:
        others = [
            max(instance.as_of, chain.proved + other.wait)
            for other in instance.filings
            if (other.site, other.market) == (filing.site, filing.market)
            and (chain := instance.chains[other.chain]).proved is not None
            and chain.permitted
        ]
        ends = min(others) + filing.inspection, last + filing.inspection
        known = FAR if filing.inspected is None else filing.inspected
        low, high = max(low, min(ends[0], known)), max(high, min(ends[1], known))
    if filing.licensed is not None:
        low = max(low, filing.licensed)
    return low, max(low, high)


def takes(
    instance: Instance, way: Way, group: Group, step: StepData, site: int
) -> bool:
    """Whether a group may be served with an intermediate that a site makes.

    Filings that are for it by itself are made or not; others may be.
    """
    stated = instance.right(group, step.index, site)
    if stated is None or stated > group.latest or site in way.closed:
        return False
    if (step.index, site) not in group.filings:
        return True
    chain = instance.filings[group.filings[step.index, site]].chain
    return instance.chains[chain].step != step.index or chain in way.filed


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

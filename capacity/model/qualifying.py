"""Qualifications: transfers in their slots, PPQ once complete filed, reviewed, inspected.

Only the whole model decides them. In a neighbourhood the batches that rights hang on keep
their place, so that these are what they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ortools.sat.python.cp_model import IntervalVar, IntVar, LinearExprT

from capacity.instance import FAR, ChainData, FilingData, Group
from capacity.model.slots import (
    BY_FILING,
    BY_INPUT,
    ChainVars,
    Literal,
    Slot,
    Variables,
)


def qualify_sites(v: Variables) -> None:
    """Declare and state every qualification, and the rights that follow."""
    if not v.scope.whole:
        return
    for data in v.instance.chains:
        v.qualified[data.index] = _declared(v, data)
        _transfer(v, data, v.qualified[data.index])
        _complete(v, data, v.qualified[data.index])
    for site in range(len(v.instance.sites)):
        _team(v, site)
    by_market: dict[tuple[int, str], list[FilingData]] = defaultdict(list)
    for filing in v.instance.filings:
        by_market[filing.site, filing.market].append(filing)
    for filings in by_market.values():
        _grant(v, filings)
    for filing in v.instance.filings:
        if filing.after is not None:
            v.model.add_implication(v.files[filing.index], v.files[filing.after])
    for slot in v.slots():
        for (_, right), literal in slot.serving.options.items() if slot.serving else ():
            if BY_FILING <= right < BY_INPUT:
                v.model.add_implication(literal, v.files[right - BY_FILING])


def _declared(v: Variables, data: ChainData) -> ChainVars:
    last = max(data.earliest, v.instance.horizon_end)
    for number in data.filings:
        v.files[number] = v.literal(f"files{number}")
        v.rights[BY_FILING + number] = v.model.new_int_var(
            -FAR, BY_FILING, f"right{number}"
        )
    return ChainVars(
        taken=v.literal(f"taken[{data.id}]"),
        start=v.model.new_int_var(data.earliest, last, f"transfer[{data.id}]"),
        whole=v.literal(f"whole[{data.id}]"),
        proved=v.model.new_int_var(-FAR, FAR, f"proved[{data.id}]"),
    )


def _slots_at(v: Variables, data: ChainData) -> Iterator[Slot]:
    for slot in v.slots():
        if slot.site == data.site and slot.step.index in data.steps:
            yield slot


def _transfer(v: Variables, data: ChainData, chain: ChainVars) -> None:
    """Nothing is made at the site before its transfer has ended."""
    if data.transfer is None or not data.permitted:
        v.model.add(chain.taken == 0)
        return
    v.model.add(chain.start == data.earliest).only_enforce_if(~chain.taken)
    for slot in _slots_at(v, data):
        v.model.add_implication(slot.present, chain.taken)
        ended = slot.start >= chain.start + data.transfer
        v.model.add(ended).only_enforce_if(slot.present)


def _team(v: Variables, site: int) -> None:
    """At any time no more transfers are under way than a site has slots."""
    slots = v.instance.transfer_slots.get(site)
    here = [
        (number, length)
        for number in v.qualified
        if v.instance.chains[number].site == site
        and (length := v.instance.chains[number].transfer) is not None
    ]
    if slots is None or not here:
        return
    most = max(count for _, count in slots)
    intervals: list[IntervalVar] = []
    for number, length in here:
        chain = v.qualified[number]
        intervals.append(
            v.model.new_optional_fixed_size_interval_var(
                chain.start, length, chain.taken, f"transfer{number}"
            )
        )
    demands = [1] * len(intervals)
    edges = [(-FAR, 0), *slots]
    ends = [*(at for at, _ in slots), FAR]
    for (at, count), end in zip(edges, ends, strict=True):
        if count < most:
            block = v.model.new_fixed_size_interval_var(at, end - at, f"team{at}")
            intervals.append(block)
            demands.append(most - count)
    v.model.add_cumulative(intervals, demands, most)


def _complete(v: Variables, data: ChainData, chain: ChainVars) -> None:
    """PPQ follows all engineering; once its last batch is released it may be filed for."""
    groups = [g for g in v.instance.groups if g.chain == data.index]
    asked: dict[int, list[tuple[Slot, Literal]]] = {g.index: [] for g in groups}
    for slot in _slots_at(v, data):
        for (index, _), literal in slot.serving.options.items() if slot.serving else ():
            if index in asked:
                asked[index].append((slot, literal))
    whole = {g.index: _whole(v, g, asked[g.index]) for g in groups}
    checks = [row for g in groups if g.kind == "ppq" for row in asked[g.index]]
    for group in groups:
        for _, literal in checks if group.kind == "engineering" else ():
            v.model.add_implication(literal, whole[group.index])
    needed = [g.index for g in groups if g.kind == "ppq" and not g.spare]
    if data.permitted and needed:
        v.model.add_min_equality(chain.whole, [whole[index] for index in needed])
    else:
        v.model.add(chain.whole == 0)
    ppq = [row for index in needed for row in asked[index]]
    for filing in data.filings:
        v.model.add_implication(v.files[filing], chain.whole)
    v.model.add(chain.proved == FAR).only_enforce_if(~chain.whole)
    last: list[Literal] = []
    for slot, literal in ppq:
        if slot.step.lag is not None:
            released = slot.out + slot.step.lag
        elif slot.done is not None:
            released = slot.done + slot.step.buffer("ppq")
        else:
            continue
        v.model.add(chain.proved >= released).only_enforce_if([literal, chain.whole])
        ends = v.literal(f"last#{slot.number}")
        v.model.add_implication(ends, literal)
        v.model.add(chain.proved == released).only_enforce_if(ends)
        last.append(ends)
    v.model.add(sum(last) == chain.whole)


def _whole(v: Variables, group: Group, served: list[tuple[Slot, Literal]]) -> Literal:
    """Whether a group has all the batches that it needs at the size it is made at."""
    whole = v.literal(f"whole{group.index}")
    full: list[Literal] = []
    for kg, terms in group.terms.items():
        here = [
            literal
            for slot, literal in served
            if v.instance.kg[slot.step.index, slot.suite] == kg
        ]
        if here:
            literal = v.literal(f"full{group.index},{kg}")
            v.model.add(sum(here) >= terms.need).only_enforce_if(literal)
            v.model.add(sum(here) <= terms.need - 1).only_enforce_if(~literal)
            full.append(literal)
    v.model.add(sum(full) == whole)
    return whole


def _filed(v: Variables, filing: FilingData) -> IntVar:
    """When a filing is made, not before `as_of`; very late where it isn't. [tick]"""
    filed = v.model.new_int_var(-FAR, 2 * FAR, f"filed{filing.index}")
    made, proved = v.files[filing.index], v.qualified[filing.chain].proved
    soonest = v.model.new_int_var(v.instance.as_of, 2 * FAR, f"soonest{filing.index}")
    v.model.add_max_equality(soonest, [proved + filing.wait, v.instance.as_of])
    v.model.add(filed == soonest).only_enforce_if(made)
    v.model.add(filed == FAR).only_enforce_if(~made)
    return filed


def _grant(v: Variables, filings: list[FilingData]) -> None:
    """Rights of a site to a market: reviewed, and inspected after the first filing.

    And no earlier than the right that one comes after, by licence or by another filing.
    """
    first: IntVar | None = None
    filed = {filing.index: _filed(v, filing) for filing in filings}
    if filings[0].inspection is not None:
        first = v.model.new_int_var(-FAR, 2 * FAR, f"first[{filings[0].market}]")
        begins: list[LinearExprT] = list(filed.values())
        if filings[0].inspected is not None:  # was filed for so long before its licence
            begins.append(filings[0].inspected - filings[0].inspection)
        v.model.add_min_equality(first, begins)
    for filing in filings:
        ends: list[LinearExprT] = [filed[filing.index] + filing.review]
        if first is not None and filing.inspection is not None:
            ends.append(first + filing.inspection)
        if filing.after is not None:
            ends.append(v.rights[BY_FILING + filing.after])
        if filing.licensed is not None:
            ends.append(filing.licensed)
        v.model.add_max_equality(v.rights[BY_FILING + filing.index], ends)

"""Campaigns in their suites: takt, sequence, changeover, size, PPQ.

A suite's time is tiled: a campaign's tile reaches back to the end of the campaign
directly before it, so that idle and changeover belong to the tile and nothing can lie
between two neighbours. An arc says which campaign that is; only pairs that can be
neighbours get one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python.cp_model import BoolVarT, Domain, IntervalVar, IntVar

from capacity.instance import Mode, Span, SuiteData, overlap
from capacity.model.slots import (
    Arc,
    Chain,
    Expression,
    FixedRun,
    Literal,
    Slot,
    Variables,
)


def fill_blocks_from_the_front(v: Variables) -> None:
    """A slot is used only after the one before it, and later; unused slots rest."""
    for slot in v.slots():
        if slot.fixed is not None:
            continue
        assert slot.first is not None
        assert slot.joined is not None
        v.model.add(slot.first + slot.joined == slot.present)
        v.model.add(slot.start == slot.high).only_enforce_if(~slot.present)
        if slot.before is not None:
            v.model.add_implication(slot.present, slot.before.present)
            later = slot.start >= slot.before.start + 1
            v.model.add(later).only_enforce_if(slot.present)


def pace_batches(v: Variables) -> None:
    """A batch follows the one before by the takt of its start, no closure between."""
    for slot in v.slots():
        if slot.fixed is not None:
            continue
        rows = _takts(v, slot)
        slot.takts = rows
        if len(rows) > 1:
            v.model.add(sum(literal for _, literal in rows) == slot.present)
        assert slot.joined is not None
        if slot.before is None:
            continue
        for (takt, literal), (_, earlier) in zip(rows, slot.before.takts, strict=True):
            both = [slot.joined, literal]
            v.model.add(slot.start == slot.before.start + takt).only_enforce_if(both)
            if len(rows) > 1:
                v.model.add(earlier == 1).only_enforce_if(both)
            for first, last in _astride(slot.step.modes[slot.suite], takt):
                beside = Domain(first, last).complement()
                v.model.add_linear_expression_in_domain(
                    slot.before.start, beside
                ).only_enforce_if(both)


def _astride(mode: Mode, takt: int) -> Iterator[tuple[int, int]]:
    """Starts of batches that have a closure between them and the next. [tick]"""
    for (_, last), (after, _) in pairwise(mode.starts):
        if after - last <= takt:
            yield after - takt, last


def _takts(v: Variables, slot: Slot) -> list[tuple[int, Literal]]:
    """Takts that a campaign with this slot may have, each with its literal."""
    table = slot.step.modes[slot.suite].takts
    chain = v.chains[slot.step.index, slot.suite]
    lowest = min(other.low for other in chain.free())
    ends = [first - 1 for first, _ in table[1:]] + [10**9]
    rows: list[tuple[int, Literal]] = []
    for (first, takt), end in zip(table, ends, strict=True):
        if end < lowest:
            continue
        literal = v.literal(f"takt{takt}#{slot.number}")
        assert slot.first is not None
        inside = [slot.first, literal]
        v.model.add_linear_constraint(
            slot.start, max(first, -(10**9)) if rows else -(10**9), end
        ).only_enforce_if(inside)
        rows.append((takt, literal))
    if len(rows) == 1:
        return [(rows[0][0], slot.present)]
    return rows


def count_batches(v: Variables) -> None:
    """Batches per campaign: minimum of the strictest kind in it, maximum, multiple.

    What the horizon's end cuts off may do without minimum and multiple.
    """
    counts: dict[int, tuple[IntVar, IntVar]] = {}
    for slot in v.slots():
        if slot.fixed is not None:
            continue
        assert slot.joined is not None
        step = slot.step
        top = min(step.maximum, slot.place + 1)
        count = v.model.new_int_var(0, top, f"count#{slot.number}")
        least = v.model.new_int_var(
            1, max([1, *step.minimum.values()]), f"least#{slot.number}"
        )
        counts[slot.number] = (count, least)
        before = None if slot.before is None else counts[slot.before.number]
        v.model.add(count == 1).only_enforce_if(slot.first)
        if before is not None:
            v.model.add(count == before[0] + 1).only_enforce_if(slot.joined)
            v.model.add(least >= before[1]).only_enforce_if(slot.joined)
        for minimum, literal in _minima(v, slot):
            v.model.add(least >= minimum).only_enforce_if(literal)
        closing = _closing(v, slot)
        if step.cut:
            closing.append(~_cut_off(v, slot))
        v.model.add(count >= least).only_enforce_if(closing)
        if step.multiple > 1:
            sizes = Domain.from_values(range(step.multiple, top + 1, step.multiple))
            v.model.add_linear_expression_in_domain(count, sizes).only_enforce_if(
                closing
            )


def _minima(v: Variables, slot: Slot) -> Iterator[tuple[int, Literal]]:
    step = slot.step
    if step.after is not None and step.least(step.role) > 1:
        yield step.least(step.role), slot.free
    if v.instance.stocked_by(step) is not None and step.least("commercial") > 1:
        yield step.least("commercial"), slot.free
    for (group, _), literal in slot.serving.options.items() if slot.serving else ():
        minimum = step.least(v.instance.groups[group].kind)
        if minimum > 1:
            yield minimum, literal


def _closing(v: Variables, slot: Slot) -> list[BoolVarT]:
    """Literals under which a slot is the last batch of its campaign."""
    if slot.after is None:
        return [slot.present]
    assert slot.after.joined is not None
    return [slot.present, ~slot.after.joined]


def _cut_off(v: Variables, slot: Slot) -> Literal:
    """A literal that is true only where one batch more would be out too late."""
    cut, end = v.literal(f"cut#{slot.number}"), v.instance.horizon_end
    for takt, literal in slot.takts:
        late = slot.start + slot.lead + takt > end
        v.model.add(late).only_enforce_if([cut, literal])
    return cut


def keep_ppq_apart(v: Variables) -> None:
    """PPQ campaigns hold PPQ only, one for each line, and follow engineering."""
    for step in v.instance.steps:
        if step.after is not None and not v.instance.trials_of(step.index):
            continue
        groups = [g for g in v.instance.groups if g.step == step.index]
        slots = _slots_of(v, step.index)
        tracks = dict.fromkeys(_track(v, step.index, slot.site) for slot in slots)
        for track in tracks:
            own = [s for s in slots if _track(v, step.index, s.site) == track]
            ppq = {g.index for g in groups if g.kind == "ppq" and g.chain == track}
            if not ppq and all(slot.kind != "ppq" for slot in own):
                continue
            if any(slot.fixed is None for slot in own) or v.scope.whole:
                _ppq_of(v, own, ppq, _engineered_before(v, step.index, track))


def _slots_of(v: Variables, step: int) -> list[Slot]:
    return [slot for chain in v.of_step(step) for slot in chain.slots()]


def _track(v: Variables, step: int, site: int) -> int | None:
    """Whose engineering comes before whose PPQ: a qualification's are its own."""
    return v.instance.chain_at.get((step, site))


def _engineered_before(v: Variables, step: int, track: int | None) -> list[int]:
    """When engineering batches that wait for their release were out. [tick]"""
    return [
        data.out
        for data in v.instance.on_hand
        if data.step == step
        and data.kind == "engineering"
        and data.out is not None
        and _track(v, step, data.site) == track
    ]


def _ppq_of(v: Variables, slots: list[Slot], ppq: set[int], before: list[int]) -> None:
    model, instance = v.model, v.instance
    ends = [slot.high + slot.lead for slot in slots]
    first = min([instance.as_of, *(slot.low for slot in slots)]) - instance.ppq_wait
    bottom = max([first, *before])  # binds no PPQ where there was no engineering
    engineered = model.new_int_var(bottom, max([bottom, *ends]), "engineered")
    ids = max((slot.number for slot in slots), default=0)
    home = {group: model.new_int_var(0, ids, f"home[{group}]") for group in ppq}
    state: dict[int, tuple[Literal, IntVar, IntVar]] = {}
    for slot in slots:
        apart, begin, campaign = _campaign_of(v, slot, state)
        for group, literal in _served(v, slot):
            kind = instance.groups[group].kind
            if kind == "engineering":
                model.add(engineered >= slot.out).only_enforce_if(literal)
            if kind == "ppq":
                model.add_implication(literal, apart)
                model.add(home[group] == campaign).only_enforce_if(literal)
                ready = begin >= engineered + instance.ppq_wait
                model.add(ready).only_enforce_if(literal)
            elif slot.kind is None:
                model.add_implication(literal, ~apart)
        stocked = slot.fixed is None and instance.stocked_by(slot.step) is not None
        if slot.kept is not None or stocked:
            model.add_implication(slot.free, ~apart)
        if slot.kind == "engineering":
            model.add(engineered >= slot.out)
        if slot.kind == "ppq":
            model.add(begin >= engineered + instance.ppq_wait)


def _served(v: Variables, slot: Slot) -> Iterator[tuple[int, Literal]]:
    """Groups that a slot may serve, or does serve where that isn't decided here."""
    if slot.serving is not None:
        for (group, _), literal in slot.serving.options.items():
            yield group, literal
    elif slot.fixed is not None:
        served = slot.fixed.run.serves[slot.place]
        if served is not None:
            yield served, v.one


def _campaign_of(
    v: Variables, slot: Slot, state: dict[int, tuple[Literal, IntVar, IntVar]]
) -> tuple[Literal, Expression, Expression]:
    """Whether a slot's campaign is PPQ, its start and its number."""
    model = v.model
    apart = v.literal(f"ppq#{slot.number}")
    if slot.fixed is not None:
        first = slot.fixed.slots[0]
        return apart, first.start, first.number
    campaign = model.new_int_var(0, slot.number, f"campaign#{slot.number}")
    begin = model.new_int_var(slot.low, slot.high, f"begin#{slot.number}")
    model.add(campaign == slot.number).only_enforce_if(slot.first)
    model.add(begin == slot.start).only_enforce_if(slot.first)
    if slot.before is not None:
        earlier = state[slot.before.number]
        model.add(campaign == earlier[1]).only_enforce_if(slot.joined)
        model.add(begin == earlier[2]).only_enforce_if(slot.joined)
        model.add(apart == earlier[0]).only_enforce_if(slot.joined)
    state[slot.number] = (apart, campaign, begin)
    return apart, begin, campaign


# ------------------------------------------------------------------ sequence in a suite


@dataclass(eq=False)
class _Node:
    """A campaign's end or beginning: a free slot, or a fixed run as a whole."""

    part: Slot | FixedRun
    programme: int
    step: int
    key: tuple[int, int]

    @property
    def slot(self) -> Slot | None:
        return self.part if isinstance(self.part, Slot) else None

    @property
    def low(self) -> int:
        part = self.part
        return part.low if isinstance(part, Slot) else part.run.start

    @property
    def high(self) -> int:
        part = self.part
        return part.high if isinstance(part, Slot) else part.run.start

    @property
    def low_end(self) -> int:
        part = self.part
        return part.low + part.lead if isinstance(part, Slot) else part.end

    @property
    def high_end(self) -> int:
        part = self.part
        return part.high + part.lead if isinstance(part, Slot) else part.end

    @property
    def start(self) -> Expression:
        part = self.part
        return part.start if isinstance(part, Slot) else part.run.start

    @property
    def end(self) -> Expression:
        part = self.part
        return part.out if isinstance(part, Slot) else part.end

    @property
    def locked(self) -> bool:
        part = self.part
        return isinstance(part, FixedRun) and part.run.lock is not None


def sequence_suites(v: Variables) -> None:
    """One campaign at a time in a suite, each after its changeover."""
    for suite in v.instance.suites:
        chains = [chain for (_, s), chain in v.chains.items() if s == suite.index]
        if any(any(True for _ in chain.free()) for chain in chains) or v.scope.whole:
            _sequence(v, suite, chains)


def _sequence(v: Variables, suite: SuiteData, chains: list[Chain]) -> None:
    nodes = [node for chain in chains for node in _nodes(chain)]
    runs = sorted((node for node in nodes if not node.slot), key=lambda node: node.low)
    begins: dict[tuple[int, int], list[Literal]] = defaultdict(list)
    follows: dict[tuple[int, int], list[Literal]] = defaultdict(list)
    tiles: list[IntervalVar] = []
    for node in nodes:
        edge = v.model.new_int_var(_origin(v, suite), node.high_end, f"edge{node.key}")
        for before in [None, *nodes]:
            if before is node or not _may_follow(v, suite, runs, before, node):
                continue
            for arc in _arcs(v, suite, before, node):
                begins[node.key].append(arc.literal)
                key = (-1, -1) if before is None else before.key
                follows[key].append(arc.literal)
                v.arcs.setdefault((suite.index, node.key[1]), []).append(arc)
                end = _origin(v, suite) if before is None else before.end
                v.model.add(edge == end).only_enforce_if(arc.literal)
        tiles.append(_tile(v, node, edge, begins[node.key]))
    v.model.add_no_overlap(tiles)
    for node in nodes:
        successors = follows[node.key]
        if node.slot is not None and node.slot.after is not None:
            assert node.slot.after.joined is not None
            successors = [*successors, node.slot.after.joined]
        if successors:
            v.model.add_at_most_one(successors)
    v.model.add_at_most_one(follows[-1, -1])


def _nodes(chain: Chain) -> Iterator[_Node]:
    step = chain.step
    for part in chain.parts:
        if isinstance(part, FixedRun):
            key = (chain.suite, part.slots[0].number)
            yield _Node(part, step.programme, step.index, key)
        else:
            for slot in part:
                key = (chain.suite, slot.number)
                yield _Node(slot, step.programme, step.index, key)


def _origin(v: Variables, suite: SuiteData) -> int:
    """Where the first tile of a suite begins: before anything that may run in it."""
    starts = [
        run.start
        for run in v.scope.base.runs
        if run.suite == suite.index and run.lock is not None
    ]
    return min([suite.free_from, *starts])


def _tile(v: Variables, node: _Node, edge: IntVar, arcs: list[Literal]) -> IntervalVar:
    """Suite time that a slot or fixed run takes, back to its neighbour."""
    if node.slot is None:
        v.model.add_exactly_one(arcs)
        size = v.model.new_int_var(1, 10**7, f"tile{node.key}")
        return v.model.new_interval_var(edge, size, node.end, f"tile{node.key}")
    slot = node.slot
    assert slot.first is not None
    assert slot.joined is not None
    v.model.add(sum(arcs) == slot.first)
    if slot.before is not None:
        v.model.add(edge == slot.before.out).only_enforce_if(slot.joined)
    size = v.model.new_int_var(1, 10**7, f"tile{node.key}")
    return v.model.new_optional_interval_var(
        edge, size, slot.out, slot.present, f"tile{node.key}"
    )


def _may_follow(
    v: Variables,
    suite: SuiteData,
    runs: list[_Node],
    before: _Node | None,
    node: _Node,
) -> bool:
    """Whether `node` can be the campaign directly after `before`."""
    end = _origin(v, suite) if before is None else before.low_end
    if end > node.high:
        return False
    if before is not None and before.step == node.step and before.slot and node.slot:
        neighbours = before is not node and node.slot.before is before.slot
        if not neighbours:
            return False
    latest = -(10**9) if before is None else before.high_end
    return not any(
        run is not before
        and run is not node
        and latest <= run.low
        and run.low_end <= node.low
        for run in runs
    )


def _arcs(
    v: Variables, suite: SuiteData, before: _Node | None, node: _Node
) -> Iterator[Arc]:
    """Ways in which `node` follows `before`, each with its changeover."""
    if node.locked and (before is None or before.locked):
        yield _arc(v, suite, before, node, 0)
        return
    if before is None:
        leaving, from_step = suite.set_up, suite.set_up_step
        free: Expression = suite.free_from
        low_free = high_free = suite.free_from
    else:
        leaving, from_step = before.programme, before.step
        free, low_free, high_free = before.end, before.low_end, before.high_end
    days = suite.changeover[from_step, node.step]
    if leaving != node.programme:
        yield _arc(v, suite, before, node, days)
        return
    yield from _same_product(v, suite, before, node, free, (low_free, high_free), days)


def _same_product(
    v: Variables,
    suite: SuiteData,
    before: _Node | None,
    node: _Node,
    free: Expression,
    bounds: tuple[int, int],
    days: int,
) -> Iterator[Arc]:
    """The same product again: clean within the hold if no shutdown lies between."""
    low_free, high_free = bounds
    hold = suite.hold
    low, high = node.low, node.high
    if high - low_free > hold:
        arc = _arc(v, suite, before, node, days)
        v.model.add(node.start - free >= hold + 1).only_enforce_if(arc.literal)
        yield arc
    cuts = [
        (first, last)
        for first, last in suite.shutdowns
        if last > low_free and first < high
    ]
    for first, last in cuts:
        arc = _arc(v, suite, before, node, days)
        v.model.add(free <= last - 1).only_enforce_if(arc.literal)
        v.model.add(node.start >= first + 1).only_enforce_if(arc.literal)
        yield arc
    edges = [-(10**9), *(last for _, last in cuts)]
    ends = [*(first for first, _ in cuts), 10**9]
    for first, last in zip(edges, ends, strict=True):
        if first > high_free or last < low or low - high_free > hold:
            continue
        arc = _arc(v, suite, before, node, 0)
        v.model.add(free >= first).only_enforce_if(arc.literal)
        v.model.add(node.start <= last).only_enforce_if(arc.literal)
        v.model.add(node.start - free <= hold).only_enforce_if(arc.literal)
        yield arc


def _arc(
    v: Variables, suite: SuiteData, before: _Node | None, node: _Node, days: int
) -> Arc:
    """A literal for "directly after, with so long a changeover", and its demands."""
    literal = v.literal(f"arc{before.key if before else ''}{node.key}{days}")
    cost = suite.changeover_cost if days and not node.locked else 0
    if before is not None:
        v.model.add(before.end + days <= node.start).only_enforce_if(literal)
        if before.slot is not None:
            v.model.add_implication(literal, before.slot.present)
    if days:
        clear = _clear_starts(suite, days, node.low, node.high)
        v.model.add_linear_expression_in_domain(node.start, clear).only_enforce_if(
            literal
        )
    return Arc(literal, days, cost)


def _clear_starts(suite: SuiteData, days: int, low: int, high: int) -> Domain:
    """Starts whose changeover is clear of closures, go-live and `as_of`."""
    spans, first = [], max(low, suite.free_from + days)
    for begin, end in suite.closures:
        if begin >= high:
            break
        if first <= begin:
            spans.append([first, min(begin, high)])
        first = max(first, end + days)
    if first <= high:
        spans.append([first, high])
    return Domain.from_intervals(spans)


# ------------------------------------------------------------------ load of a suite


def keep_ceilings(v: Variables) -> None:
    """In no period do changeovers and campaigns fill more of a suite than it admits.

    A free slot takes what lies between it and the out before it in its campaign; the
    first of a campaign its lead-in and the changeover.
    """
    for suite in v.instance.suites:
        if not suite.ceilings:
            continue
        chains = [chain for (_, s), chain in v.chains.items() if s == suite.index]
        if any(any(True for _ in chain.free()) for chain in chains) or v.scope.whole:
            pieces = [_piece(v, slot) for chain in chains for slot in chain.free()]
            for begin, end, most in suite.ceilings:
                fixed = [
                    _fixed_use(v, part, (begin, end))
                    for chain in chains
                    for part in chain.parts
                    if isinstance(part, FixedRun)
                ]
                free = [_share(v, *piece, (begin, end)) for piece in pieces]
                v.model.add(sum(fixed) + sum(free) <= most)


def _fixed_use(v: Variables, part: FixedRun, period: Span) -> Expression:
    """Ticks of a period that a fixed run takes with the changeover before it."""
    start = part.run.start
    changeovers = [
        overlap((start - arc.days, start), period) * arc.literal
        for arc in v.arcs.get((part.suite, part.slots[0].number), [])
        if arc.days
    ]
    return overlap((start, part.end), period) + sum(changeovers)


def _piece(v: Variables, slot: Slot) -> tuple[Slot, IntVar, int]:
    """A free slot, where its use of the suite begins, and the earliest that may be."""
    arcs = v.arcs.get((slot.suite, slot.number), [])
    low = slot.low - max((arc.days for arc in arcs), default=0)
    if slot.before is not None:
        low = min(low, slot.before.low + slot.lead)
    begin = v.model.new_int_var(low, slot.high + slot.lead, f"begins#{slot.number}")
    changeover = sum(arc.days * arc.literal for arc in arcs)
    v.model.add(begin == slot.start - changeover).only_enforce_if(slot.first)
    if slot.before is not None:
        v.model.add(begin == slot.before.out).only_enforce_if(slot.joined)
    return slot, begin, low


def _share(
    v: Variables, slot: Slot, begin: IntVar, low: int, period: Span
) -> Expression:
    """At least the ticks of a period that a free slot takes, by where its ends lie."""
    first, last = period
    high = slot.high + slot.lead
    if high <= first or low >= last:
        return 0
    model, end = v.model, slot.out
    share = model.new_int_var(0, last - first, f"share{first}#{slot.number}")
    cases = []
    for early in (False, True):
        for late in (False, True):
            if (early and low > first) or (late and high < last):
                continue
            case = v.literal(f"case{early}{late}{first}#{slot.number}")
            cases.append(case)
            sides = begin <= first if early else begin >= first
            model.add(sides).only_enforce_if(case)
            sides = end >= last if late else end <= last
            model.add(sides).only_enforce_if(case)
            inside = (last if late else end) - (first if early else begin)
            model.add(share >= inside).only_enforce_if(case)
    model.add(sum(cases) == slot.present)
    return share

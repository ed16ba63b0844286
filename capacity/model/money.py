"""What batches serve and what it costs: the objective, term by term."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ortools.sat.python.cp_model import IntVar

from capacity.instance import Group, OnHand, Terms
from capacity.model.slots import (
    BY_FILING,
    BY_INPUT,
    Expression,
    Literal,
    Option,
    Serving,
    Slot,
    Spare,
    Variables,
)
from capacity.model.stocks import costs_of


@dataclass
class Regret:
    """Linear expressions by term; firm service in lateness and unserved also apart."""

    terms: dict[str, list[Expression]] = field(
        default_factory=lambda: defaultdict(list)
    )
    firm: list[Expression] = field(default_factory=list)

    def add(self, term: str, money: Expression, *, firm: bool = False) -> None:
        """Charge something."""
        self.terms[term].append(money)
        if firm:
            self.firm.append(money)

    def total(self) -> Expression:
        """All terms. [money]"""
        return sum(money for part in self.terms.values() for money in part)

    def tier(self) -> Expression:
        """Firm service. [money]"""
        return sum(self.firm)


def choose_lines(v: Variables) -> None:
    """Every batch of a last step serves one group, with one right to ship, or none."""
    scope, instance = v.scope, v.instance
    free = {slot.step.programme for slot in v.slots() if slot.fixed is None}
    groups = [
        g
        for g in instance.groups
        if scope.whole or (g.programme in free and g.chain is None)
    ]
    fixed = _served_outside(v)
    for group in groups:
        v.needs[group.index] = fixed.get(group.index, 0)
    for slot in v.slots():
        fixed_here = slot.fixed is not None and not scope.whole
        if fixed_here or not _may_serve(v, slot):
            continue
        options = _options(v, slot, groups)
        slot.serving = Serving(
            {
                option: v.literal(f"serve{option}#{slot.number}")
                for option in options
                if _in_time(v, slot, option)
            }
        )
        serves = sum(slot.serving.options.values())
        v.model.add(serves <= slot.present)
        stocked = instance.stocked_by(slot.step) is not None
        if slot.step.after is not None or (stocked and slot.serving.options):
            slot.kept = v.literal(f"kept#{slot.number}")
            v.model.add(slot.kept + serves == slot.present)
    if scope.whole:
        for data in instance.on_hand:
            spare = _spare(v, data, groups)
            if spare is not None:
                v.spares.append(spare)


def _may_serve(v: Variables, slot: Slot) -> bool:
    """Whether what a batch serves is to be decided: of last steps, and of what is qualified.

    In a neighbourhood the batches that rights hang on keep their place.
    """
    if slot.step.after is None:
        return True
    trials = v.scope.whole and v.instance.trials_of(slot.step.index)
    return slot.fixed is None and bool(trials)


def _served_outside(v: Variables) -> dict[int, int]:
    """Batches by group that fixed runs and stock serve in a neighbourhood."""
    found: dict[int, int] = defaultdict(int)
    if v.scope.whole:
        return found
    for batch in v.scope.base.batches:
        outside = batch.run is None or v.scope.fixes(batch.run)
        if outside and batch.serves is not None:
            found[batch.serves] += 1
    return found


def _options(v: Variables, slot: Slot, groups: list[Group]) -> list[Option]:
    """Groups that a slot may serve with the right to ship that would hold."""
    found: list[Option] = []
    kg = v.instance.kg[slot.step.index, slot.suite]
    for group in groups:
        if group.step != slot.step.index or kg not in group.terms:
            continue
        if slot.kind not in (None, group.kind):
            continue
        if slot.kind is None and slot.suite not in group.suite_cost:
            continue
        found += [(group.index, right) for right in rights_of(v, slot, group)]
    return found


def rights_of(v: Variables, slot: Slot, group: Group) -> list[int]:
    """Rights to ship that a batch may have, by the sites of its input. [tick]

    Of a qualification's filing the code, or where it isn't decided here what it gives.
    """
    place = slot.step.index, slot.site
    own = right_from(v, group, *place)
    if own is None:
        return []
    before = slot.step.before
    if slot.step.frozen is None or before is None or not draws(v, slot):
        filed = v.scope.whole and place in group.filings
        return [BY_FILING + group.filings[place] if filed else own]
    sites = range(len(v.instance.sites))
    places = [place, *((before, site) for site in sites)]
    if v.scope.whole and any(each in group.filings for each in places):
        return [BY_INPUT + slot.number]
    found = {
        max(own, right)
        for site in sites
        for made in (True, False)
        if (right := right_from(v, group, before, site, made=made)) is not None
    }
    return sorted(found)


def right_from(
    v: Variables, group: Group, step: int, site: int, *, made: bool = True
) -> int | None:
    """Right to ship what a site makes, or has, of a step; by filing at its earliest. [tick]

    Where filings aren't decided here, what they give.
    """
    filing = group.filings.get((step, site))
    if filing is not None and not v.scope.whole:
        return v.scope.base.granted[filing]
    return v.instance.right(group, step, site) if made else group.rights[step, site]


def draws(v: Variables, slot: Slot) -> bool:
    """Whether a slot's batch takes input inside the plan."""
    return slot.high >= v.instance.as_of


def _in_time(v: Variables, slot: Slot, option: Option) -> bool:
    group = v.instance.groups[option[0]]
    lead = slot.step.lead_times[group.kind]
    right = earliest(v, slot, group, option[1])
    return max(slot.low + slot.lead + lead, right) <= group.latest


def earliest(v: Variables, slot: Slot, group: Group, right: int) -> int:
    """Earliest tick that an option's right may stand for. [tick]"""
    if right < BY_FILING:
        return right
    found = group.rights[slot.step.index, slot.site]
    assert found is not None
    return found


def _spare(v: Variables, data: OnHand, groups: list[Group]) -> Spare | None:
    if v.instance.steps[data.step].after is not None:
        return None
    kg = v.instance.kg[data.step, data.suite]
    options: dict[Option, Literal] = {}
    for group in groups:
        if group.step != data.step:
            continue
        right = group.rights[data.step, data.site]
        if (
            group.kind != data.kind
            or kg not in group.terms
            or right is None
            or max(right, data.ready) > group.latest
            or (data.expiry is not None and data.expiry <= group.due)
        ):
            continue
        options[group.index, right] = v.literal(f"serve{group.index}from{data.id}")
    v.model.add_at_most_one(options.values())
    return Spare(data, Serving(options))


def price_plan(v: Variables) -> Regret:
    """Regret of everything this model decides."""
    regret = Regret()
    for slot in v.slots():
        if slot.serving is not None:
            _price_slot(v, slot, regret)
    for spare in v.spares:
        _price_spare(v, spare, regret)
    _price_unserved(v, regret)
    _price_unsold(v, regret)
    for arcs in v.arcs.values():
        for arc in arcs:
            if arc.cost:
                regret.add("changeover", arc.cost * arc.literal)
    for slot in v.slots():
        if slot.fixed is None and slot.first is not None:
            each = slot.step.modes[slot.suite].campaign_cost
            if each:
                regret.add("campaign", each * slot.first)
    for term, money in costs_of(v):
        regret.add(term, money)
    for freight in v.freights:
        cost = v.instance.lanes[freight.lane].cost * freight.used
        regret.add("shipment", cost + sum(freight.dues))
    for number, chain in v.qualified.items():
        data = v.instance.chains[number]
        regret.add("qualification", data.transfer_cost * chain.taken)
        for filing in data.filings:
            price = v.instance.filings[filing].cost
            regret.add("qualification", price * v.files[filing])
    return regret


def _price_spare(v: Variables, spare: Spare, regret: Regret) -> None:
    data = spare.data
    step = v.instance.steps[data.step]
    kg = v.instance.kg[data.step, data.suite]
    for (index, right), literal in spare.serving.options.items():
        group = v.instance.groups[index]
        terms = group.terms[kg]
        late = group.service(terms, max(data.ready, right))
        regret.add("lateness", late * literal, firm=group.firm)
        if data.out is not None:
            able = max(data.out + step.lead_times[data.kind], right)
            held = terms.holding * max(0, group.hold_from - able)
            regret.add("holding", held * literal)


def _price_slot(v: Variables, slot: Slot, regret: Regret) -> None:
    assert slot.serving is not None
    kg = v.instance.kg[slot.step.index, slot.suite]
    priced = [
        (v.instance.groups[group], right, literal)
        for (group, right), literal in slot.serving.options.items()
    ]
    if not priced:
        return
    longest = max(group.latest - group.deadline for group, _, _ in priced)
    late = v.model.new_int_var(0, longest, f"late#{slot.number}")
    bills: dict[str, IntVar] = {}
    for group, right, literal in priced:
        terms = group.terms[kg]
        _lateness(v, slot, (group, right, literal), terms, late, bills)
        _holding(v, slot, (group, right, literal), terms, bills)
        if slot.planned:
            regret.add("variable", group.suite_cost[slot.suite] * literal)
            if group.making:
                regret.add("qualification", group.making[slot.suite] * literal)
            _risk(v, slot, (group, right, literal), regret)
    for name, bill in bills.items():
        term, _, tier = name.partition("/")
        regret.add(term, bill, firm=tier == "firm")


def _bill(v: Variables, slot: Slot, bills: dict[str, IntVar], name: str) -> IntVar:
    if name not in bills:
        bills[name] = v.model.new_int_var(0, 10**12, f"{name}#{slot.number}")
    return bills[name]


def _lateness(
    v: Variables,
    slot: Slot,
    choice: tuple[Group, int, Literal],
    terms: Terms,
    late: IntVar,
    bills: dict[str, IntVar],
) -> None:
    """Service charge from the first tick, penalty beyond the grace up to its cap."""
    group, right, literal = choice
    model = v.model
    model.add(late <= group.latest - group.deadline).only_enforce_if(literal)
    if right > group.deadline:
        due = v.right((group.index, right)) - group.deadline
        model.add(late >= due).only_enforce_if(literal)
    if group.kind == "engineering":
        model.add(late >= slot.out - group.deadline).only_enforce_if(literal)
    elif slot.done is not None:
        released = slot.done + slot.step.buffer(group.kind)
        model.add(late >= released - group.deadline).only_enforce_if(literal)
    bill = _bill(v, slot, bills, "lateness/firm" if group.firm else "lateness/open")
    if terms.charge:
        model.add(bill >= terms.charge * late).only_enforce_if(literal)
    beyond = group.latest - group.deadline - group.grace
    if beyond <= 0 or not terms.penalty:
        return
    slope = terms.charge * late + terms.penalty * (late - group.grace)
    if terms.penalty * beyond <= terms.cap:
        model.add(bill >= slope).only_enforce_if(literal)
        return
    capped = v.literal(f"capped{group.index}#{slot.number}")
    model.add(bill >= slope).only_enforce_if([literal, ~capped])
    full = terms.charge * late + terms.cap
    model.add(bill >= full).only_enforce_if([literal, capped])


def _holding(
    v: Variables,
    slot: Slot,
    choice: tuple[Group, int, Literal],
    terms: Terms,
    bills: dict[str, IntVar],
) -> None:
    """Price tied up in a batch that could be available too early, queue or not."""
    group, right, literal = choice
    lead = slot.lead + slot.step.lead_times[group.kind]
    soonest = max(slot.low + lead, earliest(v, slot, group, right))
    if not terms.holding or soonest >= group.hold_from:
        return
    bill = _bill(v, slot, bills, "holding")
    early = terms.holding * (group.hold_from - lead - slot.start)
    if slot.low + lead >= right:
        v.model.add(bill >= early).only_enforce_if(literal)
        return
    barred = v.literal(f"barred{group.index},{right}#{slot.number}")
    given = v.right((group.index, right))
    v.model.add(slot.start + lead <= given).only_enforce_if([literal, barred])
    v.model.add(bill >= early).only_enforce_if([literal, ~barred])
    waiting = terms.holding * (group.hold_from - given)
    v.model.add(bill >= waiting).only_enforce_if([literal, barred])


def _risk(
    v: Variables, slot: Slot, choice: tuple[Group, int, Literal], regret: Regret
) -> None:
    """Production before the right to ship."""
    group, right, literal = choice
    if slot.low >= right or not group.risk_cost[slot.suite]:
        return
    risky = v.literal(f"risk{group.index},{right}#{slot.number}")
    given = v.right((group.index, right))
    v.model.add(slot.start >= given).only_enforce_if([literal, ~risky])
    regret.add("at_risk", group.risk_cost[slot.suite] * risky)


def _price_unserved(v: Variables, regret: Regret) -> None:
    """Batches that a group lacks at the one batch size that it is made at."""
    serving: dict[tuple[int, object], list[Literal]] = defaultdict(list)
    for slot in v.slots():
        if slot.serving is not None:
            kg = v.instance.kg[slot.step.index, slot.suite]
            for (index, _), literal in slot.serving.options.items():
                serving[index, kg].append(literal)
    for spare in v.spares:
        kg = v.instance.kg[spare.data.step, spare.data.suite]
        for (index, _), literal in spare.serving.options.items():
            serving[index, kg].append(literal)
    outside = _sizes_outside(v)
    for index, served in v.needs.items():
        group = v.instance.groups[index]
        sizes = [outside[index]] if index in outside else sorted(group.terms)
        chosen = {
            kg: v.one if len(sizes) == 1 else v.literal(f"size{index},{kg}")
            for kg in sizes
        }
        v.model.add_exactly_one(chosen.values())
        for kg in group.terms:
            if kg not in chosen:
                v.model.add(sum(serving[index, kg]) == 0)
                continue
            terms = group.terms[kg]
            need = terms.need - served
            missing = v.model.new_int_var(0, need, f"missing{index},{kg}")
            total = sum(serving[index, kg]) + missing
            v.model.add(total == need * chosen[kg])
            if kg != group.reference and len(sizes) > 1:
                v.model.add(sum(serving[index, kg]) >= chosen[kg])
            regret.add("unserved", terms.unserved * missing, firm=group.firm)


def _sizes_outside(v: Variables) -> dict[int, object]:
    """Batch size of groups that something outside a neighbourhood already serves."""
    if v.scope.whole:
        return {}
    return {
        batch.serves: v.instance.kg[batch.step, batch.suite]
        for batch in v.scope.base.batches
        if batch.serves is not None and (batch.run is None or v.scope.fixes(batch.run))
    }


def _price_unsold(v: Variables, regret: Regret) -> None:
    """Surplus in full, intermediates in full unless used, in-process by difference."""
    for slot in v.slots():
        decided = slot.fixed is None or slot.number in v.taken
        if not slot.planned or not decided:
            continue
        modes = slot.step.modes
        own = modes[slot.suite].variable_cost
        least = min(mode.variable_cost for mode in modes.values())
        there = slot.free
        if slot.step.programme in v.instance.stocked:  # what is sold is priced there
            regret.add("variable", own * there)
        elif slot.step.role == "in_process":
            regret.add("variable", (own - least) * slot.present)
        elif slot.step.after is None:
            assert slot.serving is not None
            sold = sum(slot.serving.options.values())
            regret.add("variable", own * (slot.present - sold))
        else:
            taken = v.taken[slot.number]
            regret.add("variable", own * there - least * taken)

"""Lines that the model can't tell apart, in groups with their money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from capacity.demand import Line
from capacity.instance.known import DAY, Known
from capacity.instance.rights import rights_to_ship
from capacity.instance.sizes import batches_of, given_sizes, reference_size
from capacity.instance.steps import StepData


@dataclass(frozen=True)
class Terms:
    """A group's money at one batch size."""

    need: int
    """Batches needed."""
    charge: int
    """Lateness per tick. [money]"""
    penalty: int
    """Contract penalty per tick beyond the grace. [money]"""
    cap: int
    """Most penalty. [money]"""
    holding: int
    """Holding per tick. [money]"""
    unserved: int
    """A batch not served. [money]"""


@dataclass(frozen=True)
class Group:
    """Lines that the model can't tell apart: alike in due day, money and rights."""

    index: int
    programme: int
    step: int
    """Whose batches serve it: the last of the programme, or what is qualified."""
    kind: str
    market: str | None
    firm: bool
    prospect: bool
    due: int
    """Due day at 00:00. [tick]"""
    deadline: int
    """Last tick on time. [tick]"""
    grace: int
    """Ticks after the deadline without penalty. [tick]"""
    latest: int
    """Last availability that still serves. [tick]"""
    hold_from: int
    """Availability before this costs holding. [tick]"""
    lines: tuple[tuple[str, int], ...]
    """(line id, batches at the reference size), by id."""
    reference: Fraction
    """Batch size of the reference suite. [kg]"""
    terms: dict[Fraction, Terms]
    """By batch size; more than one only for a single line."""
    suite_cost: dict[int, int]
    """Variable cost above the cheapest, by suite that may make it. [money]"""
    risk_cost: dict[int, int]
    """Start before the right to ship, by suite. [money]"""
    rights: dict[tuple[int, int], int | None]
    """Right to ship by (step, site), not before anything made; None is never. Where a
    qualification gives it, the earliest. [tick]"""
    chain: int | None = None
    """Qualification that its engineering or PPQ batches are part of."""
    spare: bool = False
    """Make-up batches, without which that qualification is complete."""
    own: bool = False
    """Made at that qualification's cost: nobody ordered it."""
    making: dict[int, int] = field(default_factory=dict)
    """What a batch costs the qualification, by suite. [money]"""
    filings: dict[tuple[int, int], int] = field(default_factory=dict)
    """Filing that gives the right to ship, by (step, site)."""

    def service(self, terms: Terms, available: int) -> int:
        """Lateness of a batch available at a tick. [money]"""
        late = max(0, available - self.deadline)
        beyond = max(0, late - self.grace)
        return terms.charge * late + min(terms.cap, terms.penalty * beyond)


def groups(known: Known, steps: tuple[StepData, ...]) -> tuple[Group, ...]:
    """All lines in groups, in order of programme and due day."""
    rows: dict[tuple[object, ...], list[Line]] = {}
    for line in known.lines:
        rows.setdefault(_key(known, line, steps), []).append(line)
    groups = [
        _group(known, members, steps)
        for members in sorted(
            rows.values(),
            key=lambda found: (found[0].programme, found[0].due, found[0].id),
        )
    ]
    return tuple(replace(group, index=n) for n, group in enumerate(groups))


def _key(known: Known, line: Line, steps: tuple[StepData, ...]) -> tuple[object, ...]:
    step = steps[known.step[line.programme, line.step]]
    sizes = {mode.kg for mode in step.modes.values()}
    several = len(sizes | given_sizes(known, line.programme)) > 1
    return (
        line.programme,
        line.kind,
        line.due,
        line.firmness,
        line.weight,
        line.price,
        line.unserved_factor,
        line.market is None,
        tuple(
            sorted(rights_to_ship(known, line, steps).items(), key=lambda row: row[0])
        ),
        line.id if several or line.kind == "ppq" else None,
        line.chain,
        tuple(_filings_of(known, line)),
    )


def _filings_of(known: Known, line: Line) -> Iterator[tuple[tuple[int, int], int]]:
    """((step, site), filing) where a qualification gives a line its right to ship."""
    for (programme, step, site), chain in known.chain_of.items():
        if programme == line.programme and line.market in chain.markets:
            place = known.step[programme, step], known.site[site]
            yield place, known.filing[chain.id, line.market]


def _making(known: Known, line: Line, variable_cost: int) -> int:
    """What a batch of a line costs its qualification. [money]"""
    if line.chain is None:
        return 0
    chain, again = known.chains[known.chain[line.chain]], Fraction(0)
    if line.kind == "ppq" and not line.made_up:
        again = (1 - chain.ppq_success) * variable_cost
    if line.own:
        return known.rounded(variable_cost + again)
    return known.rounded(line.weight * again)


def _group(
    known: Known,
    members: list[Line],
    steps: tuple[StepData, ...],
) -> Group:
    line = members[0]
    step = steps[known.step[line.programme, line.step]]
    terms = known.scenario.economics
    rights = rights_to_ship(known, line, steps)
    due = known.grid.at(line.due)
    late_from = 0 if known.scenario.due_rule == "strict" else known.ticks(DAY) - 1
    reference = reference_size(known.recipe_steps[step.index][1])
    eligible = {
        suite: mode
        for suite, mode in step.modes.items()
        if rights[step.index, mode.site] is not None
    }
    sizes = {reference} | {mode.kg for mode in eligible.values()}
    given = given_sizes(known, line.programme)
    money = {kg: _money(known, members, kg, reference) for kg in sizes | given}
    chance = known.by_programme[line.programme].approval_probability
    chance = terms.approval_probability if chance is None else chance
    cheapest = min(
        (
            batches_of(line, m.kg, reference) * m.variable_cost
            for m in eligible.values()
        ),
        default=0,
    )
    return Group(
        index=-1,
        programme=step.programme,
        step=step.index,
        kind=line.kind,
        market=line.market,
        firm=line.firmness == "firm",
        prospect=line.firmness == "prospect",
        due=due,
        deadline=due + late_from,
        grace=known.ticks(terms.penalty_grace_weeks * 7),
        latest=due + late_from + known.ticks(terms.max_late_days),
        hold_from=due + late_from - known.ticks(terms.holding_free_days),
        lines=tuple(sorted((member.id, member.batches) for member in members)),
        reference=reference,
        terms=money,
        suite_cost={
            suite: 0
            if line.own
            else known.rounded(
                line.weight
                * (
                    mode.variable_cost
                    - Fraction(cheapest, batches_of(line, mode.kg, reference))
                )
            )
            for suite, mode in eligible.items()
        },
        risk_cost={
            suite: known.rounded(line.weight * (1 - chance) * mode.variable_cost)
            for suite, mode in eligible.items()
        },
        rights=rights,
        chain=None if line.chain is None else known.chain[line.chain],
        spare=line.firmness == "spare",
        own=line.own,
        making={
            suite: _making(known, line, mode.variable_cost)
            for suite, mode in eligible.items()
        }
        if line.chain is not None
        else {},
        filings=dict(_filings_of(known, line)),
    )


def _money(
    known: Known, members: list[Line], kg: Fraction, reference: Fraction
) -> Terms:
    line, terms, tick = members[0], known.scenario.economics, known.grid.tick
    count = batches_of(line, kg, reference)
    price = line.weight * line.price * Fraction(line.batches, count)
    return Terms(
        need=sum(batches_of(member, kg, reference) for member in members),
        charge=known.rounded(terms.service_charge_per_day * tick * price),
        penalty=known.rounded(terms.penalty_per_week / 7 * tick * price),
        cap=known.rounded(terms.penalty_cap * price),
        holding=known.rounded(terms.holding_per_day * tick * price),
        unserved=known.rounded(price * line.unserved_factor),
    )

"""The right to ship what intermediates go into: no earlier than theirs."""

from __future__ import annotations

from ortools.sat.python.cp_model import BoolVarT

from capacity.instance import FAR
from capacity.model.frozen.sources import Source
from capacity.model.frozen.taking import Taking, fixed_group
from capacity.model.money import right_from
from capacity.model.slots import (
    BY_FILING,
    BY_INPUT,
    Expression,
    Literal,
    Option,
    Slot,
)


def no_later_than_sold(
    taking: Taking, user: Slot, source: Source, uses: list[BoolVarT]
) -> None:
    """No input has a later right than the one a batch is sold with."""
    for (group, right), literal in _sold(taking, user):
        inner = taking.right(group, source) if right < BY_FILING else None
        if inner is not None and inner > right:
            taking.v.model.add_bool_or([~x for x in [*uses, literal]])


def reached(taking: Taking, user: Slot, rank: int, here: Literal) -> None:
    """A right later than the batch's own is that of some input used."""
    if user.serving is None:
        return
    groups = taking.v.instance.groups
    at = taking.taking_rank(rank)
    for (group, right), literal in user.serving.options.items():
        own = right_from(taking.v, groups[group], user.step.index, user.site)
        if own is None or right <= own or right >= BY_FILING:
            continue
        inputs = [
            taking.gone[n, at] - taking.gone[n, at - 1]
            for n, source in enumerate(taking.sources)
            if taking.right(group, source) == right
        ]
        taking.v.model.add(sum(inputs) >= 1).only_enforce_if([literal, here])


def _sold(taking: Taking, user: Slot) -> list[tuple[Option, Literal]]:
    if user.serving is not None:
        return list(user.serving.options.items())
    group = fixed_group(user)
    if group is None:
        return []
    batch = taking.v.scope.base.by_unit[user.suite, user.low]
    right = taking.v.scope.base.right(batch, taking.v.instance.groups[group])
    return [((group, right or 0), taking.v.one)]


def by_filings(taking: Taking, user: Slot) -> None:
    """Where filings decide, a batch's right is its own or its input's, the latest."""
    v, model = taking.v, taking.v.model
    for option, serves in user.serving.options.items() if user.serving else ():
        if option[1] < BY_INPUT:
            continue
        if option[1] not in v.rights:
            name = f"right#{user.number}"
            v.rights[option[1]] = model.new_int_var(-FAR, BY_FILING, name)
        right = v.rights[option[1]]
        own, made = _own(taking, user, option)
        if made is not None:
            model.add_implication(serves, made)
        model.add(right >= own).only_enforce_if(serves)
        latest = [v.literal(f"own{option}")]
        model.add(right <= own).only_enforce_if([*latest, serves])
        for rank in taking.ranks_of(user):
            here = taking.ranks[user.number, rank]
            for number, source in enumerate(taking.sources):
                inner = _input(taking, option[0], source)
                if inner is None:
                    continue
                uses = [*taking.uses(number, rank), here]
                model.add(right >= inner).only_enforce_if([*uses, serves])
                latest.append(v.literal(f"input{number}at{rank}{option}"))
                for literal in uses:
                    model.add_bool_or([~latest[-1], literal])
                model.add(right <= inner).only_enforce_if([latest[-1], serves])
        model.add_bool_or(latest).only_enforce_if(serves)


def _own(
    taking: Taking, user: Slot, option: Option
) -> tuple[Expression, Literal | None]:
    """From when a user's site may ship, and the filing that this hangs on."""
    v, place = taking.v, (user.step.index, user.site)
    data = v.instance.groups[option[0]]
    filing = data.filings.get(place)
    if filing is not None:
        return v.rights[BY_FILING + filing], v.files[filing]
    own = v.instance.right(data, *place)
    assert own is not None
    return own, None


def _input(taking: Taking, group: int, source: Source) -> Expression | None:
    """From when an intermediate may ship, None for never. [tick]"""
    filing, right = taking.filing(group, source), taking.right(group, source)
    if filing is None or right is None:
        return right
    return taking.v.rights[BY_FILING + filing]

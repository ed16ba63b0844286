"""Trains and their legs: how many batches, in which suites, from when."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ortools.sat.python.cp_model import Domain, IntVar

from capacity.instance import Instance, Mode, StepData, Stocked
from capacity.model.money import Regret
from capacity.model.slots import Expression, Literal, Variables, batches_useful_in


@dataclass(eq=False)
class Leg:
    """One campaign of a train."""

    step: StepData
    here: dict[int, Literal]
    """By suite; none where the train isn't there."""
    starts: list[Expression]
    """Start of each batch that is made. [tick]"""
    lead: Expression
    """Start to out. [tick]"""
    span: IntVar
    """First start to last out, 0 where it isn't there. [tick]"""
    end: Expression
    """Last batch out: the suite is free. [tick]"""

    @property
    def start(self) -> Expression:
        """First batch enters production. [tick]"""
        return self.starts[0]

    @property
    def outs(self) -> list[Expression]:
        """When each batch is handed over. [tick]"""
        return [start + self.lead for start in self.starts]


@dataclass(eq=False)
class Train:
    """A campaign of the first step and those that it feeds."""

    programme: int
    number: int
    more: list[Literal]
    """Whether it has more than so many batches."""
    legs: list[Leg] = field(default_factory=list)

    @property
    def present(self) -> Literal:
        """Whether it is there."""
        return self.more[0]

    @property
    def batches(self) -> Expression:
        """How many."""
        return sum(self.more)


@dataclass(eq=False)
class Trains:
    """The model of linked campaigns."""

    v: Variables
    rows: list[Train]
    regret: Regret


def trains_of(
    v: Variables, programme: int, stocked: Stocked, few: int | None, spare: int
) -> Iterator[Train]:
    """Trains of a programme for all batches that demand can use and some spare ones.

    Only a few trains, where more of them can't pay.
    """
    steps = [step for step in v.instance.steps if step.programme == programme]
    useful = batches_useful_in(stocked, steps[-1].modes) + spare
    if not useful or not all(step.modes for step in steps):
        return
    least = max(
        step.least("commercial" if step.after is None else step.role) for step in steps
    )
    unit = math.lcm(*(step.multiple for step in steps))
    enough = -(-max(useful, least) // unit) * unit
    most = min(enough, *(step.maximum for step in steps))
    before: Train | None = None
    made: list[Train] = []
    for number in range(min(useful, useful if few is None else few)):
        train = _train(v, steps, number, most)
        _size(v, train, least, unit)
        if before is not None:
            v.model.add_implication(train.present, before.present)
            later = before.legs[0].start <= train.legs[0].start
            v.model.add(later).only_enforce_if(train.present)
        before = train
        made.append(train)
        yield train
    if least == unit == 1:
        v.model.add(sum(train.batches for train in made) <= useful)


def _train(v: Variables, steps: list[StepData], number: int, most: int) -> Train:
    name = f"{v.instance.programmes[steps[0].programme]}/{number}"
    train = Train(
        steps[0].programme,
        number,
        [v.literal(f"more{k}[{name}]") for k in range(most)],
    )
    for one, other in pairwise(train.more):
        v.model.add_implication(other, one)
    for step in steps:
        here = {s: v.literal(f"in{s}[{name}]{step.name}") for s in step.modes}
        v.model.add_exactly_one([*here.values(), ~train.present])
        if not train.legs:
            train.legs.append(_first_leg(v, train, step, here, name))
        else:
            train.legs.append(_fed_leg(v, train, step, here, name))
    for leg, fed in pairwise(train.legs):
        _stay_on_site(v, leg, fed)
    return train


def _size(v: Variables, train: Train, least: int, unit: int) -> None:
    """Batches of a train: the strictest minimum of its campaigns, every multiple."""
    if least > len(train.more):
        v.model.add(train.present == 0)
        return
    v.model.add_implication(train.present, train.more[least - 1])
    if unit > 1:
        sizes = Domain.from_values(range(0, len(train.more) + 1, unit))
        v.model.add_linear_expression_in_domain(train.batches, sizes)


def _stay_on_site(v: Variables, feed: Leg, user: Leg) -> None:
    """What is fed stays on the site."""
    for suite, literal in feed.here.items():
        site = feed.step.modes[suite].site
        there = [x for s, x in user.here.items() if user.step.modes[s].site == site]
        v.model.add_bool_or([~literal, *there])


def _by_suite(here: dict[int, Literal], values: dict[int, int]) -> Expression:
    """A value of the suite that is chosen; plain where all suites have the same."""
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return sum(values[suite] * literal for suite, literal in here.items())


def takts_of(step: StepData) -> dict[int, int]:
    """By suite. [tick]"""
    return {suite: mode.takts[0][1] for suite, mode in step.modes.items()}


def _leads(step: StepData) -> dict[int, int]:
    return {suite: mode.lead for suite, mode in step.modes.items()}


def earliest(mode: Mode) -> int:
    """First tick on which a batch may start. [tick]"""
    return mode.starts[0][0] if mode.starts else 10**9


def _ready(instance: Instance, step: StepData, suite: int) -> int:
    """Before this no campaign of a step starts in a suite, whatever comes first. [tick]"""
    data = instance.suites[suite]
    own = data.set_up in (None, step.programme) and data.hold >= 0
    days = [
        days for (_, enters), days in data.changeover.items() if enters == step.index
    ]
    return data.free_from + (0 if own else min(days, default=0))


def _start(v: Variables, step: StepData, here: dict[int, Literal], name: str) -> IntVar:
    """First start of a campaign, when one of its suites may start a batch."""
    spans = [list(span) for mode in step.modes.values() for span in mode.starts]
    soonest = min(_ready(v.instance, step, suite) for suite in here)
    latest = (
        v.instance.horizon_end - behind(v.instance, step) - min(_leads(step).values())
    )
    domain = Domain.from_intervals(spans or [[0, 0]]).intersection_with(
        Domain(soonest, max(soonest, latest))
    )
    if domain.is_empty():
        domain = Domain(soonest, soonest)
    start = v.model.new_int_var_from_domain(domain, f"start[{name}]{step.name}")
    for suite, literal in here.items():
        own = [list(span) for span in step.modes[suite].starts]
        if not own:
            v.model.add(literal == 0)
        elif own != spans[: len(own)] or len(spans) != len(own) * len(here):
            v.model.add_linear_expression_in_domain(
                start, Domain.from_intervals(own)
            ).only_enforce_if(literal)
    return start


def behind(instance: Instance, step: StepData) -> int:
    """Least time from a step's last out to the train's. [tick]"""
    if step.after is None:
        return 0
    after = instance.steps[step.after]
    return min(_leads(after).values(), default=0) + behind(instance, after)


def _first_leg(
    v: Variables, train: Train, step: StepData, here: dict[int, Literal], name: str
) -> Leg:
    """A takt from batch to batch."""
    start = _start(v, step, here, name)
    takts, leads = takts_of(step), _leads(step)
    takt, lead = _by_suite(here, takts), _by_suite(here, leads)
    starts: list[Expression] = [
        start,
        *(start + k * takt for k in range(1, len(train.more))),
    ]
    top = v.instance.horizon_end - behind(v.instance, step)
    longest = max(takts.values()) * (len(train.more) - 1) + max(leads.values())
    span = v.model.new_int_var(0, longest, f"span[{name}]{step.name}")
    end = v.model.new_int_var(0, top, f"end[{name}]{step.name}")
    if isinstance(takt, int) and isinstance(lead, int):
        v.model.add(span == takt * train.batches + (lead - takt) * train.present)
    else:
        v.model.add(span == 0).only_enforce_if(~train.present)
        for suite, literal in here.items():
            long = takts[suite] * (train.batches - 1) + leads[suite]
            v.model.add(span == long).only_enforce_if(literal)
    v.model.add(end == start + span).only_enforce_if(train.present)
    return Leg(step, here, starts, lead, span, end)


def _fed_leg(
    v: Variables, train: Train, step: StepData, here: dict[int, Literal], name: str
) -> Leg:
    """A batch starts a takt after the one before, or once the one that feeds it is out."""
    feed, hold = train.legs[-1], step.direct_hold or 0
    if hold == 0 and feed.step.direct_hold in (0, None):
        return _leg_without_wait(v, train, step, here, name)
    model, top = v.model, v.instance.horizon_end
    takt, lead = _by_suite(here, takts_of(step)), _by_suite(here, _leads(step))
    outs = feed.outs
    starts: list[Expression] = [_start(v, step, here, name)]
    model.add(starts[0] >= outs[0]).only_enforce_if(train.present)
    model.add(starts[0] <= outs[0] + hold).only_enforce_if(train.present)
    for k, more in enumerate(train.more[1:], 1):
        start = model.new_int_var(0, top, f"start{k}[{name}]{step.name}")
        paced = v.literal(f"paced{k}[{name}]{step.name}")
        following = starts[-1] + takt
        model.add(start >= outs[k]).only_enforce_if(more)
        model.add(start <= outs[k] + hold).only_enforce_if(more)
        model.add(start >= following).only_enforce_if(more)
        model.add(start <= following).only_enforce_if([more, paced])
        model.add(start <= outs[k]).only_enforce_if([more, ~paced])
        model.add(start == starts[-1]).only_enforce_if(~more)
        starts.append(start)
    span = model.new_int_var(0, top + 1, f"span[{name}]{step.name}")
    end = model.new_int_var(0, top, f"end[{name}]{step.name}")
    least_takt, least_lead = min(takts_of(step).values()), min(_leads(step).values())
    shortest = least_takt * train.batches + (least_lead - least_takt) * train.present
    model.add(span >= shortest)
    model.add(end == starts[-1] + lead).only_enforce_if(train.present)
    model.add(end == starts[0] + span).only_enforce_if(train.present)
    return Leg(step, here, starts, lead, span, end)


def _leg_without_wait(
    v: Variables, train: Train, step: StepData, here: dict[int, Literal], name: str
) -> Leg:
    """Every batch starts as soon as the one that feeds it is out, so it must keep pace."""
    feed, model, top = train.legs[-1], v.model, v.instance.horizon_end
    lead = _by_suite(here, _leads(step))
    starts: list[Expression] = [*feed.outs]
    first = train.legs[0]
    slow = _by_suite(first.here, takts_of(first.step))
    quick = _by_suite(here, takts_of(step))
    if len(train.more) > 1 and not (
        isinstance(slow, int) and isinstance(quick, int) and quick <= slow
    ):
        model.add(quick <= slow).only_enforce_if(train.more[1])
    span = model.new_int_var(0, top + 1, f"span[{name}]{step.name}")
    model.add(span == feed.span - feed.lead + lead).only_enforce_if(train.present)
    model.add(span == 0).only_enforce_if(~train.present)
    for suite, literal in here.items():
        own = [list(spell) for spell in step.modes[suite].starts]
        model.add_linear_expression_in_domain(
            starts[0], Domain.from_intervals(own or [[-2, -1]])
        ).only_enforce_if(literal)
    end: Expression = feed.end + lead
    if not isinstance(lead, int) or not isinstance(feed.lead, int):
        begin = model.new_int_var(0, top, f"start[{name}]{step.name}")
        model.add(begin == starts[0]).only_enforce_if(train.present)
        stop = model.new_int_var(0, top, f"end[{name}]{step.name}")
        model.add(stop == end).only_enforce_if(train.present)
        starts[0], end = begin, stop
    model.add(end <= top).only_enforce_if(train.present)
    return Leg(step, here, starts, lead, span, end)

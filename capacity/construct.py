"""A complete plan within seconds: bundles of batches, each put where it costs least.

A *bundle* is what becomes one campaign: batches of a programme that are due close together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from capacity.board import BREACH, Board, Campaign, Foreseen, by_start
from capacity.feeds import SHARES, Line, Rows, Stage, lay, linked, stages_of
from capacity.instance import FAR, ChainData, Instance, StepData
from capacity.intermediates import lacking, wait
from capacity.pegging import Demand
from capacity.schedule import Schedule

SPANS = (90, 150, 240)
"""Batches due within so many days of one another make a bundle. [day]"""

GAPS, GAPS_FOR_STOCK = 4, 2
"""Gaps of a suite that are tried on either side of the wanted place; for a stock, where a
bundle is worth much the same in many places."""

PRICED, PRICED_FOR_STOCK = 10, 5
"""Places for a bundle that are priced, of those that look cheapest."""

FIRM_TIMES = 10
"""How often firm service counts on top of regret where a qualification is tried: a search that
begins with firm lines very late gives up whatever is in their way, and whole programmes don't
come back. [1]"""

TRIED_BATCHES = 12_000
"""Most batches of all plans that are made to try qualifications."""

PUSHED = 8
"""Most campaigns that make way for another."""

Change = tuple[list[Campaign], list[Campaign]]
"""(campaigns out, campaigns in)"""


class Option(NamedTuple):
    """A way to put a bundle on the board."""

    change: Change
    batches: list[tuple[int, int]]
    """(start, suite) of the bundle's batches. [tick]"""


@dataclass(frozen=True)
class Bundle:
    """Batches that are made together."""

    step: StepData
    ppq: bool
    outs: tuple[int, ...]
    """Latest out of each batch at the reference size. [tick]"""
    groups: tuple[tuple[int, int], ...]
    """(place of a group, batches at the reference size)"""

    def size(self, demand: Demand, suite: int) -> int:
        """Batches that it takes in a suite."""
        if demand.to_stock is not None and self.step.after is None and not self.groups:
            size = demand.to_stock.stocked.amounts[suite]
            return -(-len(self.outs) * demand.to_stock.batch_parts // size)
        if not demand.terms.several or self.step.index != demand.last.index:
            return len(self.outs)
        kg = demand.instance.kg[self.step.index, suite]
        return sum(
            -(-Fraction(count) * demand.groups[j].reference // kg)
            for j, count in self.groups
        )

    def least(self, demand: Demand) -> int:
        """Fewest batches of a campaign that may make all of it."""
        if self.step.after is not None:
            return self.step.least(self.step.role)
        kinds = {demand.groups[j].kind for j, _ in self.groups} or {"commercial"}
        return max(self.step.least(kind) for kind in kinds)

    def allowed(self, demand: Demand, n: int) -> int:
        """So many batches, or as many more as a campaign must have."""
        return self.step.rounded(max(n, self.least(demand)))

    def start(self, demand: Demand, suite: int) -> int:
        """Latest start in a suite that has every batch in time. [tick]"""
        mode = self.step.modes[suite]
        n = self.size(demand, suite)
        takt = mode.takt(self.outs[0] - mode.lead)
        share = len(self.outs) / n
        return min(
            self.outs[min(int((k + 1) * share) - 1, len(self.outs) - 1)]
            - k * takt
            - mode.lead
            for k in range(n)
        )


class Wish(NamedTuple):
    """A campaign that a plan should have."""

    step: int
    suite: int
    start: int
    """[tick]"""
    batches: int
    ppq: bool


def construct(
    instance: Instance,
    wishes: Sequence[Wish] = (),
    *,
    spans: Sequence[int] = SPANS,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Schedule], None] = lambda _: None,
) -> Schedule:
    """A complete plan, the best of a few ways to form bundles.

    Each of `spans` is a way: batches due within so many days of one another make a bundle
    [day]. The first way is always gone to its end, so that there is a plan whatever the limit;
    a further plan that isn't whole when it is told to stop is dropped. `report` gets each
    plan that is better than those before. Campaigns that are wished
    for are put down first, as far as they fit and break no rule.
    """
    best: Board | None = None
    if not instance.groups:  # for stocks, few large bundles are a plan soonest
        spans = spans[::-1]
    days = spans[0]
    for span in spans:
        if best is not None and stop():
            break
        board = _built(instance, wishes, span, stop if best is not None else _never)
        if best is not None and stop():
            break
        if not wishes:  # what is built around wishes is searched, which may find a use
            _trim(board)
        if best is None or board.rank < best.rank:
            best, days = board, span
            report(best.snapshot().schedule())
    assert best is not None
    for chain in _promising(best, wishes, days, stop):
        with_it = _qualified(best, wishes, days, stop, chain)
        if with_it is not None and _weighed(with_it) < _weighed(best):
            best = with_it
            report(best.snapshot().schedule())
    return best.snapshot().schedule()


def _promising(
    board: Board, wishes: Sequence[Wish], days: int, stop: Callable[[], bool]
) -> list[ChainData]:
    """Qualifications that by themselves make a plan better, the best first.

    In a large network not all are tried, as each takes a plan of its own.
    """
    found = []
    batches = sum(c.n for row in board.suites for c in row)
    most = max(1, TRIED_BATCHES // max(1, batches))
    for chain in [c for c in board.instance.chains if qualifying(board, c)][:most]:
        other = None if stop() else _qualified(board, wishes, days, stop, chain)
        if other is not None and _weighed(other) < _weighed(board):
            found.append((_weighed(other), chain.index, chain))
    return [chain for *_, chain in sorted(found, key=lambda row: row[:2])]


def _qualified(
    board: Board,
    wishes: Sequence[Wish],
    days: int,
    stop: Callable[[], bool],
    chain: ChainData,
) -> Board | None:
    """The plan made anew with one more site qualified, if that can be."""
    asked = qualifying(board, chain)
    if stop() or not asked:
        return None
    found = _built(board.instance, [*wishes, *asked_for(board), *asked], days, stop)
    if stop():
        return None
    if not wishes:
        _trim(found)
    return found


def _weighed(board: Board) -> tuple[int, int]:
    """Rules broken, then regret, firm service weighed: no site is opened at its cost."""
    broken, firm, rest = board.rank
    return broken, firm + rest + FIRM_TIMES * firm


def _never() -> bool:
    return False


def _built(
    instance: Instance, wishes: Sequence[Wish], days: int, stop: Callable[[], bool]
) -> Board:
    """A board with what is wished for, and all else in bundles of a span."""
    board = Board(instance)
    _grant(board, wishes)
    span = int(days / instance.grid.tick)
    for _ in range(3):
        if not fill(board, span, stop=stop):
            break
    if wishes and board.breaks:  # it couldn't be taken away, and nothing mends it
        for demand in board.demands:
            _relieve(board, demand)
        fill(board, span, stop=stop)
    board.keep()
    return board


def qualifying(board: Board, chain: ChainData) -> list[Wish]:
    """Engineering and PPQ of a qualification, as early as the board has room for them.

    Nothing where they stand already, or can't.
    """
    demand, step = board.demands[chain.programme], board.instance.steps[chain.step]
    if not chain.permitted or demand.direct:
        return []
    if any(c.ppq and c.site == chain.site for c in board.steps[step.index]):
        return []
    best: tuple[int, list[Wish]] | None = None
    for suite, mode in step.modes.items():
        made = _engineered(board, chain, suite) if mode.site == chain.site else None
        if made and (best is None or made[-1].end < best[0]):
            best = made[-1].end, [wish_for(campaign) for campaign in made]
    return [] if best is None else best[1]


def _engineered(board: Board, chain: ChainData, suite: int) -> list[Campaign] | None:
    """Engineering, if any, then PPQ in a suite, after the chain's transfer."""
    demand, tick = board.demands[chain.programme], board.instance.as_of
    if chain.transfer is not None:
        begun = {**board.qualified[2], chain.index: FAR}
        tick = board.instance.placed(begun)[0][chain.index] + chain.transfer
    found: list[Campaign] = []
    step = board.instance.steps[chain.step]
    kinds = ["engineering", "ppq"]
    if _tried(
        board, chain
    ):  # it stands, where only an ordered PPQ is to be taken again
        kinds = ["ppq"]
        after = demand.qualifying.engineered(board.pegs[chain.programme], chain.site)
        tick = max(tick, after + board.instance.ppq_wait)
    if step.frozen is not None:
        users = sum(demand.qualifying.asked(chain, kind, suite) for kind in kinds)
        units = _prepared(board, step, step.frozen.units(users))
        if units is None:
            return None
        found.append(units)
        tick = max(tick, *(unit[2] for unit in units.units))
    for kind in kinds:
        n = demand.qualifying.asked(chain, kind, suite)
        if not n:
            continue
        size = step.rounded(max(n, step.least(kind)))
        new = _first(board, step, suite, size, found, tick, ppq=kind == "ppq")
        if new is None:
            return None
        found.append(new)
        tick = new.start + new.lead + (n - 1) * new.takt + board.instance.ppq_wait
    return found


def _tried(board: Board, chain: ChainData) -> bool:
    """Whether the engineering that a client has ordered for a qualification is made."""
    demand = board.demands[chain.programme]
    left = board.pegs[chain.programme].left
    return (
        chain.step == demand.last.index
        and not demand.qualifying.owns(chain)
        and all(left[j] <= 0 for j in demand.qualifying.trials[chain.index])
    )


def _prepared(board: Board, step: StepData, n: int) -> Campaign | None:
    """The earliest campaign of intermediates for the engineering and PPQ of a step."""
    before = board.instance.steps[step.before]  # type: ignore[index]
    size = before.rounded(max(n, before.least(before.role)))
    tick, best = board.instance.as_of, None
    for suite, mode in before.modes.items():
        same = any(mode.site == other.site for other in step.modes.values())
        new = _first(board, before, suite, size, [], tick, ppq=False) if same else None
        if new is not None and (best is None or new.end < best.end):
            best = new
    if best is not None:
        board.demands[before.programme].listing.enlist(best, before, None)
    return best


def _first(
    board: Board,
    step: StepData,
    suite: int,
    n: int,
    others: list[Campaign],
    tick: int,
    *,
    ppq: bool,
) -> Campaign | None:
    """The earliest campaign from a tick on that fits between those of its suite."""
    row = [*board.suites[suite], *(c for c in others if c.suite == suite)]
    row.sort(key=lambda c: c.start)
    best: Campaign | None = None
    for before, after in pairwise([None, *row, None]):
        found = board.earliest(before, step, suite, n, ppq, tick)
        fits = found is not None and (after is None or board.gap(found, after) >= 0)
        if found is not None and fits and (best is None or found.start < best.start):
            best = found
    return best


def wish_for(campaign: Campaign) -> Wish:
    """The same campaign, wished for."""
    return Wish(campaign.step, campaign.suite, campaign.start, campaign.n, campaign.ppq)


def asked_for(board: Board) -> list[Wish]:
    """What qualifications have on a board that nobody ordered."""
    return [
        wish_for(campaign)
        for demand in board.chained
        for campaign in demand.qualifying.owned(board.pegs[demand.programme])
    ]


def _grant(board: Board, wishes: Sequence[Wish]) -> None:
    """Put down what is wished for; none of a programme of which it breaks a rule."""
    for wish in wishes:
        step = board.instance.steps[wish.step]
        if wish.suite not in step.modes:
            continue
        found = board.campaign(step, wish.suite, wish.start, wish.batches, wish.ppq)
        if found is not None:
            board.swap([], [found])
    broken = {p for p, peg in enumerate(board.pegs) if peg.price[2] or peg.price[3]}
    if board.crowded:
        broken |= {p for p, demand in enumerate(board.demands) if demand.frozen}
    rows = [c for row in board.suites for c in row if c.lock is None]
    board.swap([c for c in rows if c.programme in broken], [])


def _relieve(board: Board, demand: Demand) -> None:
    """Give up batches of a programme until it breaks no rule, if need be all of them."""
    while _breaks(board, demand) and _give_up(board, demand):
        pass
    if _breaks(board, demand):
        for campaign in _planned(board, demand):
            _take_off(board, campaign)


def _breaks(board: Board, demand: Demand) -> int:
    """Rules that a programme breaks, with what comes to full freezers."""
    price = board.pegs[demand.programme].price
    return price[2] + price[3] + (board.crowded if demand.frozen else 0)


def _planned(board: Board, demand: Demand) -> list[Campaign]:
    """Campaigns of a programme that may go, the last first."""
    rows = [c for step in demand.steps for c in board.steps[step.index]]
    return sorted(
        (c for c in rows if c.lock is None), key=lambda c: (-c.start, c.suite)
    )


def _give_up(board: Board, demand: Demand) -> bool:
    """Give up the fewest batches of a campaign with which fewer rules are broken, if any."""
    before = board.breaks
    for campaign in _planned(board, demand):
        step = board.instance.steps[campaign.step]
        for n in reversed(range(campaign.n)):
            less = board.campaign(step, campaign.suite, campaign.start, n, campaign.ppq)
            if n and less is None:
                continue
            mark = board.mark()
            into = [] if less is None else [less]
            if board.swap([campaign], into) is not None and board.breaks < before:
                return True
            board.revert(mark)
    return False


def _take_off(board: Board, campaign: Campaign) -> None:
    """Take a campaign away, with those behind it that don't fit without it."""
    row = board.suites[campaign.suite]
    behind = row[row.index(campaign) :] if campaign in row else []
    for end in range(len(behind)):
        gone = [c for c in behind[: end + 1] if c.lock is None]
        if board.swap(gone, []) is not None:
            return


def _trim(board: Board) -> None:
    """Take away, last ones first, intermediates without which a plan costs no more."""
    for step in board.instance.steps:
        if step.role != "intermediate":
            continue
        planned = [c for c in board.steps[step.index] if c.lock is None]
        for campaign in sorted(planned, key=lambda c: -c.start):
            delta = board.swap([campaign], [])
            if delta is not None and delta > 0:
                board.revert()


def fill(
    board: Board,
    span: int,
    programmes: Iterable[int] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Put what programmes lack on the board, those bundles first that must start first.

    Told to stop, it leaves the rest out. Returns whether it put any down: else it wouldn't
    at a second go either.
    """
    chosen = range(len(board.demands)) if programmes is None else programmes
    bundles = [
        bundle for p in chosen for bundle in bundles_of(board, board.demands[p], span)
    ]
    bundles.sort(key=lambda bundle: (_first_start(board, bundle), bundle.step.index))
    some = False
    for bundle in bundles:
        if stop():
            break
        stocked = bundle.step.programme in board.stocked
        gaps = GAPS_FOR_STOCK if stocked else GAPS
        if insert(board, bundle, gaps) or insert(board, bundle, 3 * GAPS):
            some = True
            continue
        for part in halves(bundle):
            some |= insert(board, part, 3 * GAPS)
    return some


def halves(bundle: Bundle) -> Iterator[Bundle]:
    """A bundle in two, for where it doesn't fit whole."""
    middle = len(bundle.outs) // 2
    if bundle.ppq or not middle:
        return
    places = [j for j, count in bundle.groups for _ in range(count)]
    for part in (slice(middle), slice(middle, None)):
        chosen = places[part]
        groups = tuple((j, chosen.count(j)) for j in dict.fromkeys(chosen))
        yield Bundle(bundle.step, False, bundle.outs[part], groups)


def _first_start(board: Board, bundle: Bundle) -> int:
    demand = board.demands[bundle.step.programme]
    return max(
        (bundle.start(demand, suite) for suite in bundle.step.modes),
        default=bundle.outs[0],
    )


def bundles_of(board: Board, demand: Demand, span: int) -> Iterator[Bundle]:
    """Bundles for whatever a programme still lacks."""
    left = board.pegs[demand.programme].left
    step = demand.last
    yield from _validation(demand, left, span)
    open_: list[tuple[int, int]] = []
    for j, count in enumerate(left):
        if demand.terms.bits[j] == 2:
            continue
        while count > 0:
            if open_ and _closed(demand, open_, j, span):
                yield _bundle(demand, open_, False)
                open_ = []
            room = step.largest - sum(n for _, n in open_)
            part = min(room, count)
            open_.append((j, part))
            count -= part
    if open_:
        yield _bundle(demand, open_, False)
    outs = demand.short(board.pegs[demand.programme])
    while outs:
        n = sum(out <= outs[0] + span for out in outs[: step.largest])
        yield Bundle(step, False, tuple(outs[:n]), ())
        outs = outs[n:]
    if step.frozen is not None:
        yield from _inputs(board, demand, left, span)


def _validation(demand: Demand, left: list[int], span: int) -> Iterator[Bundle]:
    """Bundles of PPQ: groups stay whole, and share a campaign that is too short for one."""
    step = demand.last
    open_: list[tuple[int, int]] = []
    for j, count in enumerate(left):
        if demand.terms.bits[j] != 2 or count <= 0:
            continue
        full = sum(n for _, n in open_) + count > step.largest
        if open_ and (full or _closed(demand, open_, j, span)):
            yield _bundle(demand, open_, True)
            open_ = []
        open_.append((j, count))
    if open_:
        yield _bundle(demand, open_, True)


def _closed(demand: Demand, open_: list[tuple[int, int]], j: int, span: int) -> bool:
    """Whether a bundle is whole before a group."""
    step = demand.last
    size = sum(n for _, n in open_)
    if size >= step.largest:
        return True
    least = max(step.least(demand.groups[at].kind) for at, _ in open_)
    want = demand.terms.want
    return size >= least and want[j] > want[open_[0][0]] + span


def _bundle(demand: Demand, groups: list[tuple[int, int]], ppq: bool) -> Bundle:
    outs = tuple(demand.terms.want[j] for j, n in groups for _ in range(n))
    return Bundle(demand.last, ppq, outs, tuple(groups))


def _inputs(
    board: Board, demand: Demand, left: list[int], span: int
) -> Iterator[Bundle]:
    """Bundles of intermediates for the batches that a programme lacks."""
    step = board.instance.steps[demand.last.before]  # type: ignore[index]
    if not step.modes or not demand.last.modes:
        return
    yield from _bundles_of_inputs(step, _lacking(board, demand, left), 2 * span)


def _bundles_of_inputs(
    step: StepData, wanted: list[tuple[int, int]], span: int
) -> Iterator[Bundle]:
    """Intermediates, as (latest out, place of a group or -1), in bundles of a span."""
    while wanted:
        n = sum(start <= wanted[0][0] + span for start, _ in wanted[: step.largest])
        n = min(max(n, step.least("intermediate")), len(wanted))
        outs = tuple(start for start, _ in wanted[:n])
        groups = tuple((j, 1) for _, j in wanted[:n] if j >= 0)
        yield Bundle(step, False, outs, groups)
        wanted = wanted[n:]


def _lacking(board: Board, demand: Demand, left: list[int]) -> list[tuple[int, int]]:
    """(latest out, place of a group or -1) of what lacks once all is made that is wanted."""
    mode = next(iter(demand.last.modes.values()))
    early = mode.lead + 4 * mode.takts[-1][1]
    further = [
        (demand.terms.want[j] - early, j) for j, n in enumerate(left) for _ in range(n)
    ]
    short = demand.short(board.pegs[demand.programme])
    further += [(out - early, -1) for out in short]
    wanting = lacking(board, demand, further=further, licensed=False)
    return _outs(demand, wanting)


def _outs(demand: Demand, wanting: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Latest outs of intermediates, of what lacks them."""
    return [(start - wait(demand), j) for start, j in wanting]


def provide(board: Board, demand: Demand, span: int) -> bool:
    """Put down the first intermediates that lack, if that costs less than what lacks them."""
    step = board.instance.steps[demand.last.before]  # type: ignore[index]
    before = board.pegs[demand.programme].price
    mark, total = board.mark(), board.total() - BREACH * before[3]
    wanting = _outs(demand, lacking(board, demand))
    bundle = next(_bundles_of_inputs(step, wanting, span), None)
    if bundle is None or not insert(board, bundle, 3 * GAPS):
        return False
    now = board.pegs[demand.programme].price
    cost = board.total() - BREACH * now[3] - total
    if now[3] < before[3] and cost <= before[4] - now[4]:
        return True
    board.revert(mark)
    return False


def places(board: Board, bundle: Bundle) -> list[Foreseen]:
    """Where a bundle may go, whatever lacks its intermediate then, the cheapest first."""
    if bundle.step.direct_hold is not None:
        return []
    ways = [board.foresee(*o.change) for o in _options(board, bundle, 3 * GAPS)]
    found = [(way.delta, number, way) for number, way in enumerate(ways) if way]
    return [way for *_, way in sorted(found, key=lambda row: row[:2])]


def insert(board: Board, bundle: Bundle, gaps: int = GAPS) -> bool:
    """Put a bundle where it costs least; False where it's better left out."""
    # a product that gains nothing is surplus: no use, and no place in the whole model
    most = -1 if bundle.step.role == "product" else BREACH // 2
    fed = bundle.step.direct_hold is not None
    ways = lines(board, bundle) if fed else _options(board, bundle, gaps)
    options = [
        (_guess(board, bundle, option), number, option)
        for number, option in enumerate(ways)
    ]
    options.sort(key=lambda row: row[:2])
    found: list[tuple[int, int, Foreseen, int]] = []
    stocked = bundle.step.programme in board.stocked
    priced = PRICED_FOR_STOCK if stocked else PRICED
    for _, number, option in options[:priced]:
        foreseen = board.foresee(*option.change)
        if foreseen is not None:
            proxy = _proxy(board, bundle, option)
            if foreseen.delta + proxy <= most:
                found.append((foreseen.delta + proxy, number, foreseen, proxy))
    found.sort(key=lambda row: row[:2])
    best: tuple[int, Foreseen] | None = None
    for floor, _, foreseen, proxy in found[:4]:
        if best is not None and floor >= best[0]:
            break
        delta = board.make(foreseen) + proxy
        board.revert()
        if delta <= most and (best is None or delta < best[0]):
            best = delta, foreseen
    if best is None:
        return False
    board.make(best[1])
    return True


def _guess(board: Board, bundle: Bundle, option: Option) -> int:
    """About what a change costs, without pricing it: which are worth a closer look."""
    out, into = option.change
    new = into[-1]
    demand = board.demands[bundle.step.programme]
    cost = _proxy(board, bundle, option)
    if bundle.groups and bundle.step.role == "product":
        places = [j for j, count in bundle.groups for _ in range(count)]
        n = len(option.batches)
        for k, (start, suite) in enumerate(option.batches):
            j = places[min(k * len(places) // n, len(places) - 1)]
            cost += demand.alone(start, suite, j)
    elif demand.to_stock is not None and bundle.step.role == "product":
        cost += _off(demand, bundle, option)
    if not out or out[0].step != new.step or out[0].n >= new.n:
        cost += board.instance.suites[new.suite].changeover_cost
        cost += 0 if new.mode is None else new.mode.campaign_cost
    pushed = out if len(out) < len(into) else out[1:]
    for old, moved in zip(pushed, into, strict=False):
        early, late = board.demands[old.programme].rates
        delta = moved.start - old.start
        cost += old.n * (late * delta if delta > 0 else -early * delta)
    return cost


def _off(demand: Demand, bundle: Bundle, option: Option) -> int:
    """About what it costs that batches for a stock are early or late."""
    early, late = demand.rates
    cost, n = 0, len(option.batches)
    for k, (start, suite) in enumerate(option.batches):
        wanted = bundle.outs[min(k * len(bundle.outs) // n, len(bundle.outs) - 1)]
        delta = start + bundle.step.modes[suite].lead - wanted
        cost += late * delta if delta > 0 else -early * delta
    return cost


def _proxy(board: Board, bundle: Bundle, option: Option) -> int:
    """What it costs that intermediates come later than wanted, or are too old by then."""
    if bundle.step.role == "product":
        return 0
    outs = [start + bundle.step.modes[suite].lead for start, suite in option.batches]
    site = bundle.step.modes[option.batches[-1][1]].site
    late = outs[-1] - bundle.outs[-1]
    first = outs[0] - bundle.outs[0]
    demand = board.demands[bundle.step.programme]
    old = -min(late, first) - _keeps(demand)
    useless = sum(
        count * demand.terms.unserved(j)
        for j, count in bundle.groups
        if demand.rights.of_input(bundle.step, site, j) > demand.groups[j].latest
    )
    return useless + 2000 * len(bundle.outs) * max(0, late, first, old)


def _keeps(demand: Demand) -> int:
    """How long before it is wanted an intermediate may be out. [tick]"""
    supply = demand.last.frozen
    assert supply is not None
    return supply.shelf_life - supply.min_life - wait(demand)


def _options(board: Board, bundle: Bundle, gaps: int) -> Iterator[Option]:
    """Changes that put a bundle somewhere."""
    demand = board.demands[bundle.step.programme]
    for suite in bundle.step.modes:
        n = bundle.allowed(demand, bundle.size(demand, suite))
        row = board.suites[suite]
        tried: set[int] = set()
        for wanted in _ticks(board, demand, bundle, suite):
            at = sum(c.start <= wanted for c in row)
            for gap in range(max(0, at - gaps), min(len(row), at + gaps) + 1):
                for new in _placed(board, bundle, suite, n, wanted, gap, gap - at):
                    if new.start not in tried:
                        tried.add(new.start)
                        change = settle(board, row, new)
                        if change is not None:
                            yield _option(change[0], [*change[1], new], new.start, n)
                if gap and row[gap - 1].step == bundle.step.index:
                    yield from _joined(board, bundle, row[gap - 1])


def _option(out: list[Campaign], into: list[Campaign], first: int, n: int) -> Option:
    """An option whose last campaign makes the bundle from a tick on."""
    new = into[-1]
    starts = range(first, first + n * new.takt, new.takt)
    return Option((out, into), [(start, new.suite) for start in starts])


def lines(board: Board, bundle: Bundle) -> Iterator[Option]:
    """Changes that put a bundle down with all campaigns that feed it directly.

    Each line is laid around everything on the board, and as if others made way.
    """
    demand, step = board.demands[bundle.step.programme], bundle.step
    least = bundle.least(demand)
    seen: set[tuple[tuple[int, int, int], ...]] = set()
    for site in sorted({mode.site for mode in step.modes.values()}):
        for stages in stages_of(board, step, site, least, bundle.ppq):
            for rows in _rows(board, stages):
                for share in SHARES:
                    for line in _laid(board, bundle, stages, rows, share):
                        key = tuple((c.suite, c.start, c.n) for c in line.campaigns)
                        if key not in seen:
                            seen.add(key)
                            change = make_way(board, [], line.campaigns)
                            if change is not None:
                                yield Option(change, line.batches)


def _rows(board: Board, stages: tuple[Stage, ...]) -> Iterator[Rows]:
    """What a line goes around: all campaigns, then those only that can't be moved singly."""
    suites = {suite for stage in stages for suite in stage.suites}
    full = {suite: board.suites[suite] for suite in suites}
    yield full
    stuck = {
        suite: [
            c for c in row if c.lock is not None or board.demands[c.programme].direct
        ]
        for suite, row in full.items()
    }
    if stuck != full:
        yield stuck


def _laid(
    board: Board, bundle: Bundle, stages: tuple[Stage, ...], rows: Rows, share: float
) -> Iterator[Line]:
    """Lines from where a bundle would start at full pace, and earlier where it lags."""
    demand, suite = board.demands[bundle.step.programme], stages[-1].suites[0]
    n, lead = bundle.size(demand, suite), bundle.step.modes[suite].lead
    for tick in _ticks(board, demand, bundle, suite):
        for _ in range(3):
            line = lay(board, stages, rows, share, bundle.ppq, tick, n)
            if line is None:
                break
            yield line
            lag = max(
                start + lead - out
                for (start, _), out in zip(line.batches, bundle.outs, strict=False)
            )
            if lag <= 0:
                break
            tick -= lag


def make_way(board: Board, gone: list[Campaign], new: list[Campaign]) -> Change | None:
    """Put several campaigns down at once, in place of some, where others make way."""
    out, into = list(gone), list[Campaign]()
    for suite in dict.fromkeys(campaign.suite for campaign in new):
        fixed = [campaign for campaign in new if campaign.suite == suite]
        row = [c for c in board.suites[suite] if c not in gone]
        for campaign in fixed:
            change = settle(board, row, campaign, fixed)
            if change is None:
                return None
            out += [c for c in change[0] if c not in into]
            into = [c for c in into if c not in change[0]] + change[1]
            row = [c for c in row if c not in change[0]] + [*change[1], campaign]
            row.sort(key=by_start)
    return out, [*into, *new]


def shifted(board: Board, campaign: Campaign, ticks: int) -> Change | None:
    """A campaign sooner or later with all that feed it directly or are fed by it."""
    gone, new = linked(board, [campaign]), []
    for old in gone:
        step = board.instance.steps[old.step]
        found = board.campaign(step, old.suite, old.start + ticks, old.n, old.ppq)
        if found is None:
            return None
        new.append(found)
    return make_way(board, gone, new) if gone else None


def _placed(
    board: Board, bundle: Bundle, suite: int, n: int, wanted: int, gap: int, side: int
) -> Iterator[Campaign]:
    """Where a bundle goes in a gap: at the wanted start or at either end."""
    row = board.suites[suite]
    before = row[gap - 1] if gap else None
    after = row[gap] if gap < len(row) else None
    if side == 0:
        found = board.campaign(bundle.step, suite, wanted, n, bundle.ppq)
        if found is not None:
            yield found
    if side <= 0:
        found = board.latest(bundle.step, suite, n, bundle.ppq, after, wanted)
        if found is not None:
            yield found
    if side >= 0:
        found = board.earliest(before, bundle.step, suite, n, bundle.ppq, wanted)
    else:
        free = before.end if before is not None else board.instance.as_of
        found = board.earliest(before, bundle.step, suite, n, bundle.ppq, free)
    if found is not None:
        yield found


def _ticks(board: Board, demand: Demand, bundle: Bundle, suite: int) -> list[int]:
    """Starts to try in a suite: the latest in time, and later ones that input allows."""
    wanted = bundle.start(demand, suite)
    if bundle.ppq:
        site = board.instance.suites[suite].site
        pegged = board.pegs[demand.programme]
        after = demand.qualifying.engineered(pegged, site)
        wanted = max(wanted, after + board.instance.ppq_wait)
    if bundle.step.frozen is None or bundle.step.before is None:
        return [wanted]
    ready = {
        unit[2]
        for c in board.steps[bundle.step.before]
        for unit in (*c.units[:1], *c.units[-1:])  # PPQ has none
        if unit[2] > wanted
    }
    return [wanted, *sorted(ready)[:3]]


def _joined(board: Board, bundle: Bundle, campaign: Campaign) -> Iterator[Option]:
    """The bundle before or after the batches of a campaign."""
    if campaign.lock is not None or campaign.ppq != bundle.ppq:
        return
    demand = board.demands[bundle.step.programme]
    size = bundle.size(demand, campaign.suite)
    n = bundle.allowed(demand, campaign.n + size) - campaign.n
    for start in (campaign.start, campaign.start - n * campaign.takt):
        found = board.campaign(
            bundle.step, campaign.suite, start, campaign.n + n, campaign.ppq
        )
        if found is not None:
            row = [c for c in board.suites[campaign.suite] if c is not campaign]
            change = settle(board, row, found)
            if change is not None:
                first = (
                    start if start < campaign.start else start + campaign.n * found.takt
                )
                yield _option([campaign, *change[0]], [*change[1], found], first, n)


def settle(
    board: Board, row: list[Campaign], new: Campaign, fixed: Sequence[Campaign] = ()
) -> Change | None:
    """Campaigns of a row that make way for a new one, some never: (out, in)."""
    at = bisect_left(row, new.start, key=by_start)
    out: list[Campaign] = []
    into: list[Campaign] = []
    before = new
    for campaign in row[at:]:
        if board.gap(before, campaign) >= 0:
            break
        moved = _pushed(board, campaign, len(out), before, None)
        if moved is None or campaign in fixed:
            return None
        out.append(campaign)
        into.append(moved)
        before = moved
    after = new
    for campaign in reversed(row[:at]):
        if board.gap(campaign, after) >= 0:
            break
        moved = _pushed(board, campaign, len(out), None, after)
        if moved is None or campaign in fixed:
            return None
        out.append(campaign)
        into.append(moved)
        after = moved
    return out, into


def _pushed(
    board: Board,
    campaign: Campaign,
    count: int,
    before: Campaign | None,
    after: Campaign | None,
) -> Campaign | None:
    """A campaign out of the way of its neighbour."""
    if campaign.lock is not None or count >= PUSHED:
        return None
    step = board.instance.steps[campaign.step]
    if after is None:
        return board.earliest(
            before, step, campaign.suite, campaign.n, campaign.ppq, campaign.start
        )
    return board.latest(
        step, campaign.suite, campaign.n, campaign.ppq, after, campaign.start
    )

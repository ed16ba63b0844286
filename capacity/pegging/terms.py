"""What a programme's groups ask for, and what a batch costs that serves one of them.

Groups stand in the order in which they get their batches; a group's place in it is `j`. What
is asked for each batch lies side by side in lists by place.
"""

from __future__ import annotations

from capacity.instance import FAR, Group, Instance
from capacity.pegging.handed import KIND_BITS, Cost, Item, Money


class GroupTerms:
    """A programme's groups, and the price of each of their batches."""

    def __init__(self, instance: Instance, programme: int) -> None:
        self.instance = instance
        self.steps = [s for s in instance.steps if s.programme == programme]
        self.last = self.steps[-1]
        self.sites = [suite.site for suite in instance.suites]
        """Of each suite: looked up for every batch."""
        self._all = instance.groups_of(programme)
        self.groups = sorted(self._all, key=self._turn)
        self.leads = [self._lead(group.kind) for group in self.groups]
        self.bits = [KIND_BITS[group.kind] for group in self.groups]
        self.firm = [group.firm for group in self.groups]
        self.due = [group.due for group in self.groups]
        self.grace = [group.grace for group in self.groups]
        pairs = list(zip(self.groups, self.leads, strict=True))
        self.by = [group.deadline - lead for group, lead in pairs]
        self.hold = [group.hold_from - lead for group, lead in pairs]
        self.latest = [group.latest - lead for group, lead in pairs]
        self.want = [self._wanted(group) for group in self.groups]
        self._sizes()
        self._money()
        self._suites()
        self.has_ppq = any(bit == 2 for bit in self.bits)
        stocked = instance.stocked.get(programme)
        self.least_bits = 14 if stocked is None else KIND_BITS["commercial"]
        """Kinds of which a campaign must be large enough for one, serving nothing."""

    def _lead(self, kind: str) -> int:
        return self.last.lead_times[kind]

    def _turn(self, group: Group) -> tuple[int, bool, int, int]:
        """Order in which groups get their batches: by latest out."""
        if group.own:  # a site's first batches are engineering
            return -FAR, False, 0, group.index
        weight = group.terms[group.reference].unserved
        return self._wanted(group), not group.firm, -weight, group.index

    def _wanted(self, group: Group) -> int:
        """Latest out of a group's batches that delays nothing. [tick]"""
        out = group.deadline - self._lead(group.kind)
        if group.kind != "engineering":
            return out
        for other in self._all:
            if (
                other.kind == "ppq" and other.chain == group.chain
            ):  # validation waits for engineering
                start = other.deadline - self._lead("ppq") - self.instance.ppq_wait
                n = other.terms[other.reference].need
                for mode in self.last.modes.values():
                    out = min(out, start - mode.lead - (n - 1) * mode.takt(start))
        return out

    def _sizes(self) -> None:
        """Sizes of batches, and how many of each a group needs."""
        instance, groups = self.instance, self.groups
        sizes = sorted({kg for group in groups for kg in group.terms})
        self.several = len(sizes) > 1
        self.size = [
            sizes.index(kg) if kg in sizes else 0
            for kg in (
                instance.kg[self.last.index, suite.index] for suite in instance.suites
            )
        ]
        """By suite, the place of its batches' size among all sizes."""
        self.reference: list[int] = [sizes.index(group.reference) for group in groups]
        none = (0, 0, 0, 0, 0)
        self.need = [[0] * len(sizes) for _ in groups]
        self.money: list[list[Money]] = [[none] * len(sizes) for _ in groups]
        for j, group in enumerate(groups):
            for kg, terms in group.terms.items():
                at = sizes.index(kg)
                self.need[j][at] = terms.need
                self.money[j][at] = (
                    terms.charge, terms.penalty, terms.cap, terms.holding, terms.unserved
                )  # fmt: skip

    def _money(self) -> None:
        """What a batch costs by group and size, and about how much for each tick."""
        groups_money = [self.money[j][at] for j, at in enumerate(self.reference)]
        number = max(len(groups_money), 1)
        self.rates = (
            sum(money[3] for money in groups_money) // number,
            sum(money[0] for money in groups_money) // number // 3,
        )
        """What a batch costs that is a tick earlier or later, about. [money]"""
        self._terms = [
            [
                (*money[:4], self.by[j], self.grace[j], self.hold[j], self.leads[j],
                 self.latest[j], self.bits[j], self.firm[j])
                for money in self.money[j]
            ]
            for j in range(len(self.groups))
        ]  # fmt: skip
        """What the cost of a batch depends on, by group and size, side by side: it is worked
        out for every batch that changes hands."""

    def _suites(self) -> None:
        suites = self.instance.suites
        self._suite_cost = [
            [g.suite_cost.get(s.index, 0) + g.making.get(s.index, 0) for s in suites]
            for g in self.groups
        ]
        self._risk = [
            [group.risk_cost.get(s.index, 0) for s in suites] for group in self.groups
        ]

    def needed(self, j: int, suite: int) -> int:
        """Batches that a group needs where a suite makes it."""
        size = self.size[suite] if self.several else self.reference[j]
        return self.need[j][size]

    def unserved(self, j: int) -> int:
        """What a batch costs that a group doesn't get. [money]"""
        return self.money[j][self.reference[j]][4]

    def cost(
        self,
        item: Item,
        j: int,
        sizes: list[int],
        right: list[list[int]],
        input_right: int = -FAR,
    ) -> Cost:
        """What a batch costs that serves the group at a place, -1 for none.

        Parameters
        ----------
        item
            The batch.
        j
            Place of the group.
        sizes
            Size at which each group is made.
        right
            By group and suite, from when on a batch that is out may ship. [tick]
        input_right
            Right to ship what its input goes into. [tick]
        """
        ready, start, suite, mask, out, planned, _, _ = item
        if j < 0:
            if not planned:
                return 0, 0, 0
            return self.last.modes[suite].variable_cost, 0, not mask & self.least_bits
        charge, penalty, cap, holding, by, grace, hold, lead, latest, bit, is_firm = (
            self._terms[j][sizes[j]]
        )
        may, bad = right[j][suite], 0
        if input_right - lead > may:
            may = input_right - lead
            bad = may > latest
        if bit == 1:
            ready = out
        late = (ready if ready > may else may) - by
        regret = firm = 0
        if late > 0:
            regret = charge * late
            beyond = late - grace
            if beyond > 0:
                more = penalty * beyond
                regret += cap if cap < more else more
            if is_firm:
                firm = regret
        early = hold - (out if out > may else may)
        if early > 0:
            regret += holding * early
        if planned:
            regret += self._suite_cost[j][suite]
            if start < may + lead:
                regret += self._risk[j][suite]
        return regret, firm, bad

"""What a solve answers, and what it says on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from capacity.plan import Plan, Price, Reached

Status = Literal["optimal", "feasible", "infeasible", "unknown"]


StoppedBy = Literal["optimal", "gap", "work", "time_limit", "interrupt"]


@dataclass(frozen=True)
class Progress:
    """What is known so far."""

    seconds: float
    """Since the start. [s]"""
    objective: int | float
    """Of the best plan: regret, or what else is asked for. [money] or [unit]"""
    bound: int | float
    """What no plan betters. [money] or [unit]"""
    gap: float
    """What lies between them, as a share of the objective. [1]"""


@dataclass(frozen=True)
class Tier:
    """One of the objectives that are minimised in order."""

    name: str
    """firm_service, rest or regret."""
    objective: int
    """[money]"""
    bound: int
    """Lower bound, given the tiers above. [money]"""


@dataclass(frozen=True)
class Result:
    """A solve's answer."""

    status: Status
    plan: Plan | None
    """None where there is none."""
    bound: int
    """Lower bound on the regret of every feasible plan. [money]"""
    prices: list[Price]
    """Of suites, week by week; empty where the search for them had no end."""
    tiers: list[Tier]
    unavoidable: int
    """Regret that no plan avoids. [money]"""
    stopped_by: StoppedBy
    reproducible: bool
    """Whether the same input gives the same plan again."""
    seconds: float
    """Wall clock. [s]"""
    log: str
    """What the search did."""
    breaches: list[str]
    """What the checker found wrong; empty for a plan that may be used."""
    history: list[Reached] = field(default_factory=list)
    """Objective and bound whenever one of them changed, by the clock."""
    amount_bound: Fraction | None = None
    """Where throughput or a deficit is asked for: what no plan betters. [unit]"""
    priced_bound: int = 0
    """What no plan goes below at the prices that were searched by."""

"""What a scenario asks for, regret or another objective, as a plan reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from capacity.scenario import AMOUNTS, Objective, Scenario

WORDS: dict[Objective, str] = {
    "regret": "regret",
    "profit": "profit",
    "cost": "cost",
    "throughput": "throughput",
    "target_deficit": "below target",
}
"""What each objective is called where people read it."""

MORE: tuple[Objective, ...] = ("profit", "throughput")
"""Objectives of which more is better."""


@dataclass(frozen=True)
class Asked:
    """The figure that is asked for."""

    objective: Objective
    value: float
    """[unit]"""
    bound: float | None
    """What no plan betters; none where nothing is proved. [unit]"""
    unit: str
    """Currency, kg or batches; of a deficit added up over ends of periods."""

    @property
    def word(self) -> str:
        """What it is called."""
        return WORDS[self.objective]

    @property
    def more(self) -> bool:
        """Whether more is better."""
        return self.objective in MORE

    @property
    def counts(self) -> bool:
        """Whether it is an amount of product, not money."""
        return self.objective in AMOUNTS

    @property
    def better(self) -> float | None:
        """By how much another plan may be better, at the most. [unit]"""
        return None if self.bound is None else abs(self.bound - self.value)


def asked(scenario: Scenario, kpis: Mapping[str, Any]) -> Asked:
    """What a scenario asks for, from the key figures of a plan."""
    return of_objective(scenario.objective, kpis, unit_of(scenario, scenario.objective))


def of_objective(objective: Objective, kpis: Mapping[str, Any], unit: str) -> Asked:
    """The same where objective and unit are known."""
    if objective == "regret":
        return Asked(objective, kpis["objective"], kpis["bound"], unit)
    return Asked(objective, kpis[objective], kpis[f"{objective}_bound"], unit)


def unit_of(scenario: Scenario, objective: Objective) -> str:
    """Unit of an objective: money, or that of what is made to stock."""
    if objective not in AMOUNTS:
        return scenario.currency
    return scenario.made_to_stock[0].unit

"""What a plan costs, term by term."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bill:
    """Regret by term and the part of it that is firm service. [money]"""

    lateness: int
    holding: int
    variable: int
    at_risk: int
    unserved: int
    changeover: int
    campaign: int
    hold: int
    shipment: int
    qualification: int
    storage: int
    shortage: int
    waste: int
    deficit: int
    firm_service: int

    @property
    def regret(self) -> int:
        """All terms together. [money]"""
        return (
            self.lateness
            + self.holding
            + self.variable
            + self.at_risk
            + self.unserved
            + self.changeover
            + self.campaign
            + self.hold
            + self.shipment
            + self.qualification
            + self.storage
            + self.shortage
            + self.waste
            + self.deficit
        )

    @property
    def rank(self) -> tuple[int, int]:
        """What a strict plan minimises, in order."""
        return self.firm_service, self.regret - self.firm_service

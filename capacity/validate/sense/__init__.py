"""Values that can't be meant together."""

from __future__ import annotations

from capacity.validate.names import Check
from capacity.validate.sense.given import freezers, locks, opening, set_up
from capacity.validate.sense.orders import orders, shares
from capacity.validate.sense.recipes import campaign_limits, recipes, release_times
from capacity.validate.sense.rights import opened, permissions, qualifications
from capacity.validate.sense.time import grid, horizon, rates

__all__ = ["CHECKS", "opened"]

CHECKS: list[Check] = [
    horizon,
    grid,
    rates,
    recipes,
    release_times,
    campaign_limits,
    permissions,
    qualifications,
    orders,
    shares,
    set_up,
    opening,
    freezers,
    locks,
]

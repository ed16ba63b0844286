"""Frames of a scenario and a plan: what is made, how full, how good, on which guesses.

Frames of the run folder hold dates as ISO text, and `None` where there is no value;
`to_csv` decides how cells are written.
"""

from __future__ import annotations

from capacity.tables.asked import Asked, asked, of_objective, unit_of
from capacity.tables.closures import CALENDAR_COLUMNS, calendar
from capacity.tables.figures import kpis, plainly
from capacity.tables.genealogy import (
    GENEALOGY_COLUMNS,
    SHIPMENT_COLUMNS,
    genealogy,
    shipments,
)
from capacity.tables.guesses import (
    ASSUMPTION_COLUMNS,
    PROVENANCE_COLUMNS,
    assumptions,
    provenance,
    standings,
)
from capacity.tables.kinds import meanings, typed
from capacity.tables.milestones import MILESTONE_COLUMNS, milestones
from capacity.tables.qualified import QUALIFICATION_COLUMNS, qualifications
from capacity.tables.rows import (
    BATCH_COLUMNS,
    CAMPAIGN_COLUMNS,
    HISTORY_COLUMNS,
    ORDER_COLUMNS,
    PRICE_COLUMNS,
    batches,
    campaigns,
    history,
    orders,
    prices,
    to_csv,
)
from capacity.tables.stock import SOON as STOCK_SOON
from capacity.tables.stock import STOCK_COLUMNS, stock
from capacity.tables.supply import SUPPLY_COLUMNS, supply
from capacity.tables.usage import (
    LOAD_COLUMNS,
    load,
    quarterly_load,
    site_load,
    yearly_load,
)
from capacity.tables.waits import WAIT_COLUMNS, binding, waits

__all__ = [
    "ASSUMPTION_COLUMNS",
    "BATCH_COLUMNS",
    "CALENDAR_COLUMNS",
    "CAMPAIGN_COLUMNS",
    "GENEALOGY_COLUMNS",
    "HISTORY_COLUMNS",
    "LOAD_COLUMNS",
    "MILESTONE_COLUMNS",
    "ORDER_COLUMNS",
    "PRICE_COLUMNS",
    "PROVENANCE_COLUMNS",
    "QUALIFICATION_COLUMNS",
    "SHIPMENT_COLUMNS",
    "STOCK_COLUMNS",
    "STOCK_SOON",
    "SUPPLY_COLUMNS",
    "WAIT_COLUMNS",
    "Asked",
    "asked",
    "assumptions",
    "batches",
    "binding",
    "calendar",
    "campaigns",
    "genealogy",
    "history",
    "kpis",
    "load",
    "meanings",
    "milestones",
    "of_objective",
    "orders",
    "plainly",
    "prices",
    "provenance",
    "qualifications",
    "quarterly_load",
    "shipments",
    "site_load",
    "standings",
    "stock",
    "supply",
    "to_csv",
    "typed",
    "unit_of",
    "waits",
    "yearly_load",
]

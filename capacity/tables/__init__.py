"""Frames of a scenario and a plan: what is made, how full, how good, on which guesses.

Frames of the run folder hold dates as ISO text, and `None` where there is no value;
`to_csv` decides how cells are written.
"""

from __future__ import annotations

from capacity.tables.closures import CALENDAR_COLUMNS, calendar
from capacity.tables.figures import kpis
from capacity.tables.guesses import (
    ASSUMPTION_COLUMNS,
    PROVENANCE_COLUMNS,
    assumptions,
    provenance,
    standings,
)
from capacity.tables.kinds import meanings, typed
from capacity.tables.rows import (
    BATCH_COLUMNS,
    CAMPAIGN_COLUMNS,
    ORDER_COLUMNS,
    PRICE_COLUMNS,
    batches,
    campaigns,
    orders,
    prices,
    to_csv,
)
from capacity.tables.usage import LOAD_COLUMNS, load, quarterly_load, yearly_load

__all__ = [
    "ASSUMPTION_COLUMNS",
    "BATCH_COLUMNS",
    "CALENDAR_COLUMNS",
    "CAMPAIGN_COLUMNS",
    "LOAD_COLUMNS",
    "ORDER_COLUMNS",
    "PRICE_COLUMNS",
    "PROVENANCE_COLUMNS",
    "assumptions",
    "batches",
    "calendar",
    "campaigns",
    "kpis",
    "load",
    "meanings",
    "orders",
    "prices",
    "provenance",
    "quarterly_load",
    "standings",
    "to_csv",
    "typed",
    "yearly_load",
]

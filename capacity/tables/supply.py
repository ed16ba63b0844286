"""What is due and what is there, batch by batch, added up over time."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from capacity.plan import Plan
from capacity.scenario import Scenario

SUPPLY_COLUMNS = ("programme", "moment", "due", "available")


def supply(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """Batches due and batches available so far, programme by programme.

    A line is due at the end of its due day, or at its start where `due_rule` is strict;
    batches count from when they are available to the line they serve. What stays unserved
    is due and never available. Make-up batches aren't due to anybody.

    Returns
    -------
    DataFrame
        programme, moment, due, available: one row for each moment at which a sum grows.
    """
    late = timedelta(days=1 if scenario.due_rule == "inclusive" else 0)
    ordered = [each for each in plan.orders if each.firmness != "spare"]
    known = {each.order for each in ordered}
    grown = [(each.programme, each.due + late, each.batches, 0) for each in ordered]
    grown += [
        (batch.programme, batch.available, 0, 1)
        for batch in plan.batches
        if batch.order in known and batch.available is not None
    ]
    frame = pd.DataFrame(grown, columns=list(SUPPLY_COLUMNS))
    frame = frame.astype({"moment": "datetime64[us]"})
    steps = frame.groupby(["programme", "moment"])[["due", "available"]].sum()
    return steps.groupby("programme").cumsum().reset_index()

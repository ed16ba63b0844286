"""What is shipped and what goes into what, from one plan laid by hand."""

from __future__ import annotations

import pytest
from test_pinned import agree, shipped

from capacity import tables
from capacity.plan import Plan
from capacity.publish import to_plan
from capacity.scenario import Scenario


@pytest.fixture(scope="module")
def written() -> tuple[Scenario, Plan]:
    """Antibody out on 14 January is shipped on the 25th and conjugated on the 28th."""
    case = shipped("S", 24)
    assert agree(case) is True
    return case.scenario, to_plan(case.schedule, "drawn")


def test_a_shipment_says_what_it_carries_from_where_to_where_and_what_it_costs(
    written: tuple[Scenario, Plan],
) -> None:
    assert tables.shipments(*written).to_dict("records") == [
        {
            "shipment": "AB-001",
            "lane": "AB",
            "from": "A",
            "to": "B",
            "programme": "P",
            "step": "ab",
            "depart": "2026-01-25",
            "arrive": "2026-01-27",
            "usable": "2026-01-28",
            "batches": 1,
            "freight": 70,
            "tariff": 0,
            "loss": 0,
            "cost": 70,
        }
    ]


def test_a_batch_says_what_went_into_it_how_it_came_and_how_old_it_was(
    written: tuple[Scenario, Plan],
) -> None:
    # Out on the 14th, 40 days of life: 26 are left on the 28th.
    assert tables.genealogy(*written).to_dict("records") == [
        {
            "batch": "K-001/01",
            "programme": "P",
            "step": "conj",
            "site": "B",
            "start": "2026-01-28",
            "input": "S-001/01",
            "input_step": "ab",
            "input_site": "A",
            "input_out": "2026-01-14",
            "input_released": "2026-01-24",
            "shipment": "AB-001",
            "life_left_days": 26,
            "before_release": False,
            "spare": False,
        }
    ]


@pytest.mark.parametrize("name", ["shipments", "genealogy"])
def test_their_dates_and_numbers_have_types_and_their_columns_meanings(
    name: str, written: tuple[Scenario, Plan]
) -> None:
    frame = getattr(tables, name)(*written)
    typed = tables.typed(name, frame)
    day = "depart" if name == "shipments" else "start"
    assert typed[day].dtype.kind == "M"
    assert set(tables.meanings(name)) == set(frame.columns)
    assert list(tables.typed(name, frame.head(0)).dtypes) == list(typed.dtypes)

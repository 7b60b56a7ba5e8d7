"""Means by payer, and who gains and who pays when a person moves between states."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.costs import assumptions, tables
from evaluation.costs.tables import PURSES
from evaluation.results import ledger

REFERENCE = assumptions.cost_reference(Path(__file__).parents[1] / "data" / "raw" / "reference")
SETTINGS = {"year": 2021, "price_year": 2021, "service": "20", "subsidy": "80"}


def table(days=300, **changes):
    return tables.cost_shift(REFERENCE, paid_days_before=days, **(SETTINGS | changes))


def test_payers_add_up_in_every_state_and_taxes_of_open_work_are_gains():
    found = table()
    np.testing.assert_allclose(found[list(PURSES[:-1])].sum(axis=1), found["all_public"], atol=0.01)
    assert (found.loc["open_work"].drop("eu") < 0).all()


def test_a_service_saves_the_municipality_its_share_and_costs_the_public_more():
    found = table()
    support = 261 * 33.78 / 12
    taxed = support * 0.2002 * 0.7
    assert found.loc["unemployed", "municipality"] == pytest.approx(support / 2 - taxed, abs=0.01)
    assert found.loc["service", "municipality"] == pytest.approx(-taxed, abs=0.01)
    assert found.loc["service", "all_public"] > found.loc["unemployed", "all_public"]
    assert found.loc["service", "state"] > found.loc["unemployed", "state"] + support / 2


@pytest.mark.parametrize(("days", "share"), [(0, 0.0), (300, 0.5), (1000, 0.7)])
def test_municipal_share_in_unemployment_follows_the_band(days, share):
    found = table(days)
    support = 261 * 33.78 / 12
    own = found.loc["unemployed", "municipality"] + support * 0.2002 * 0.7
    assert own / support == pytest.approx(share, abs=1e-5)


def test_shift_rows_enter_the_ledger():
    rows = tables.shift_rows(table())
    assert len(rows) == 3 * len(PURSES)
    entered = ledger.rows(rows, area="all", topic="cost", simulated=True)
    one = entered.set_index("item")["estimate"]
    assert one["unemployed_to_service:municipality"] < 0 < one["unemployed_to_service:state"]


def test_mean_costs_by_arm_and_window_by_hand_leave_out_incomplete_episodes():
    frame = pd.DataFrame(
        {"person_id": [1, 1, 2, 3], "side": ["pilot"] * 3 + ["comparison"], "window": "after"}
    )
    for place, payer in enumerate(PURSES):
        frame[f"cost_{payer}_12m_eur"] = [10.0 * place, 20.0 * place, np.nan, 5.0]
    rows = tables.mean_costs(frame)
    pilot = rows[rows["group"] == "pilot"].set_index("item")
    assert pilot["estimate"].to_dict() == {payer: 15.0 * place for place, payer in enumerate(PURSES)}
    assert set(pilot["persons"]) == {1}
    assert set(pilot["episodes"]) == {2}
    assert len(ledger.rows(rows, area="oulu", topic="cost", simulated=True)) == len(rows)
    assert tables.mean_costs(frame.iloc[[2]]).empty  # nobody was followed for a year

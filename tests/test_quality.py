"""What the delivery was worth, by hand on tiny tables and on the simulated register."""

from pathlib import Path

import pandas as pd
import pytest

from evaluation.diagnostics import delivery
from evaluation.results import ledger
from small_register import TRIALS

RULES = pd.DataFrame(
    [
        ("spells", "rows_read", 10, "read"),
        ("spells", "reversed_interval", 1, "dropped"),
        ("spells", "unknown_municipality", 2, "dropped"),
        ("spells", "open_end", 3, "mended"),
        ("spells", "rows_kept", 7, "kept"),
        ("persons", "rows_read", 0, "read"),
        ("persons", "rows_kept", 0, "kept"),
    ],
    columns=["table", "rule", "rows", "action"],
)
MUNICIPALITIES = pd.DataFrame(
    {
        "municipality": ["091", "005", "630"],
        "pilot_area": ["helsinki", None, None],
        "status": ["pilot", "comparison", "possible_pilot"],
        "region_code": ["01", "14", "17"],
        "urban_rural_fi": "",
        "commuting_area_fi": "",
    }
)


def test_rows_add_up_by_table():
    table = delivery.summary(RULES)
    assert table.loc["spells"].tolist() == [10, 7, 3, 3]
    assert table.loc["persons"].tolist() == [0, 0, 0, 0]


def test_rows_that_vanish_without_a_rule_are_refused():
    lost = RULES.assign(rows=RULES["rows"].where(RULES["rule"] != "rows_kept", 6))
    with pytest.raises(ValueError, match=r"quality: \{'spells': 1.*\} rows are neither kept nor dropped"):
        delivery.summary(lost)


def test_the_order_of_rules_does_not_matter():
    shuffled = delivery.summary(RULES.sample(frac=1, random_state=1)).sort_index()
    pd.testing.assert_frame_equal(shuffled, delivery.summary(RULES).sort_index())


def test_without_statistics_nothing_is_compared():
    found = delivery.reconcile(pd.DataFrame(), TRIALS, municipalities=MUNICIPALITIES, statfin="")
    assert found.empty and list(found) == ["area", "register", "published", "ratio", "correlation"]
    assert "not compared (no file)" in delivery.answer(delivery.summary(RULES), found)


@pytest.fixture
def reconciled(monkeypatch):
    months = [612, 613, 614]
    places = [(code, month) for code in MUNICIPALITIES["municipality"] for month in months]
    table = pd.DataFrame(places, columns=["municipality", "month"])
    published = table.assign(unemployed=[10.0, 20, 30, 100, 100, 130, 40, 60, None])
    cells = table.assign(unemployed=[1, 2, 3, 10, 10, 13, 4, 6, 900], other=1)
    monkeypatch.setattr(delivery.statistics, "read", lambda path: published)
    return delivery.reconcile(cells, TRIALS, municipalities=MUNICIPALITIES, statfin="12r5.json").set_index(
        "area"
    )


def test_the_register_is_compared_by_area_and_in_all(reconciled):
    assert set(reconciled.index) == {"helsinki", "comparison", "all"}
    assert reconciled.loc["helsinki", ["register", "published", "ratio"]].tolist() == [2, 20, 0.1]
    assert reconciled.loc["comparison", "ratio"] == pytest.approx(0.1)
    assert reconciled["correlation"].tolist() == pytest.approx([1, 1, 1])
    assert reconciled.loc["all", "register"] == pytest.approx((6 + 33 + 10) / 3)


def test_what_is_not_published_is_not_compared(reconciled):
    """The last month of the third municipality has no published number, and 900 in the register."""
    assert reconciled.loc["all", "ratio"] == pytest.approx(0.1)


def test_the_answer_names_share_and_correlation(reconciled):
    said = delivery.answer(delivery.summary(RULES), reconciled.reset_index())
    assert "10 rows read, 3 dropped by named rules, 3 mended" in said
    assert "holds 10% of the unemployed" in said and "correlate at 1.00" in said


def test_ledger_rows_hold_rules_that_applied(reconciled):
    rows = delivery.ledger_rows(RULES, reconciled.reset_index())
    counted = rows[rows["measure"] == "rows"].set_index("item")
    assert counted.loc["spells:reversed_interval", ["estimate", "method"]].tolist() == [1, "dropped"]
    assert "persons:rows_read" not in counted.index
    ledger.rows(rows, topic="quality", area="all", simulated=True)


def test_a_simulated_delivery_accounts_for_every_row(study):
    table = delivery.summary(study.rules)
    assert (table["read"] == table["kept"] + table["dropped"]).all()
    assert table["dropped"].sum() > 0  # the delivery was soiled
    assert (table["dropped"] <= 0.05 * table["read"]).all()


def test_cells_of_the_register_meet_real_statistics(study):
    saved = Path(__file__).parents[2] / "shared" / "statfin" / "12r5.json"
    if not saved.exists():
        pytest.skip("the saved public statistics are not beside the project")
    found = delivery.reconcile(
        study.cells, TRIALS, municipalities=study.municipalities, statfin=str(saved)
    ).set_index("area")
    assert {"all", "comparison", "helsinki", "oulu"} <= set(found.index)
    assert found.loc["all", "ratio"] < 0.1  # a register of 16,000 persons
    assert found.loc["all", "correlation"] > 0.5

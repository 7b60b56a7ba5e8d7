"""All areas beside each other: what fair areas say together, whatever their order and names."""

import numpy as np
import pandas as pd
import pytest

from evaluation.pooling.areas import FEWEST_AREAS, adjusted_rows, area_estimates, pooled_rows
from evaluation.results import ledger

OUTCOME = "open_employment_12m"


def ledger_of(estimates, errors, *, shared=0.002, names=None, status=None, unit="share"):
    names = names or [f"area{i:02d}" for i in range(len(estimates))]
    status = status or ["ok"] * len(names)
    att = pd.DataFrame(
        {
            "area": names,
            "measure": "att",
            "estimate": estimates,
            "std_error": errors,
            "ci_low": np.subtract(estimates, 1.96 * np.asarray(errors)),
            "ci_high": np.add(estimates, 1.96 * np.asarray(errors)),
            "p_value": 0.5,
            "persons": 100.0,
            "status": status,
        }
    )
    common = pd.DataFrame(
        {"area": names, "measure": "comparison_error", "estimate": shared, "persons": 100.0}
    )
    fixed = {"topic": "effect", "outcome": OUTCOME, "unit": unit, "window": "2019_20", "simulated": True}
    return ledger.rows(pd.concat([att, common], ignore_index=True), **fixed)


ALIKE = ledger_of([0.02] * 8, [0.01] * 8)
APART = ledger_of([-0.2, -0.1, 0.0, 0.1, 0.2, 0.3], [0.01] * 6)


def only(rows, **where):
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_estimates_of_areas_hold_only_fair_ones():
    status = ["ok", "withheld", "suppressed", "ok"]
    table = area_estimates(ledger_of([1, 2, 3, 4], [1] * 4, status=status), outcome=OUTCOME)
    assert table["estimate"].tolist() == [1, 4] and table["area"].tolist() == ["area00", "area03"]
    assert (table["shared_error"] == 0.002).all()


@pytest.mark.parametrize(
    ("state", "left_out"), [("concern", True), ("fail", True), ("pass", False), ("not_run", False)]
)
def test_an_area_whose_finding_is_contradicted_enters_neither_mean_nor_ranks(state, left_out):
    said = pd.DataFrame({"area": ["area03"], "item": "contradiction", "outcome": OUTCOME, "status": state})
    against = ledger.rows(said, topic="comparability", measure="diagnostic", simulated=True)
    found = area_estimates(pd.concat([ALIKE, against]), outcome=OUTCOME)
    assert ("area03" not in set(found["area"])) == left_out and len(found) == 8 - left_out
    elsewhere = against.assign(outcome="service_days_12m")
    assert len(area_estimates(pd.concat([ALIKE, elsewhere]), outcome=OUTCOME)) == 8


def test_all_areas_together_are_not_one_of_the_areas():
    whole = ledger_of([9.0], [1.0], names=["all"])
    both = pd.concat([ALIKE, whole], ignore_index=True)
    assert "all" not in set(area_estimates(both, outcome=OUTCOME)["area"])


def test_areas_that_are_alike_give_their_common_mean_and_no_spread():
    rows = pooled_rows(ALIKE, outcome=OUTCOME, seed=1)
    att = only(rows, area="all", measure="att")
    assert att["estimate"] == pytest.approx(0.02)
    assert att["ci_low"] < 0.02 < att["ci_high"] and att["persons"] == 800
    assert only(rows, measure="tau")["estimate"] == pytest.approx(0, abs=1e-6)
    assert only(rows, measure="i2")["estimate"] == pytest.approx(0, abs=1e-6)
    assert only(rows, measure="heterogeneity")["method"] == "cannot_be_ranked"
    shrunken = rows[rows["measure"] == "att_shrunken"]
    np.testing.assert_allclose(shrunken["estimate"], 0.02)


def test_areas_that_are_apart_can_be_told_apart():
    rows = pooled_rows(APART, outcome=OUTCOME, seed=1)
    assert only(rows, measure="heterogeneity")["method"] == "can_be_ranked"
    assert only(rows, measure="tau")["estimate"] == pytest.approx(
        np.std([-2, -1, 0, 1, 2, 3], ddof=1) / 10, rel=0.05
    )
    prediction = only(rows, measure="prediction_interval")
    pooled = only(rows, area="all", measure="att")
    assert prediction["ci_low"] < pooled["ci_low"] and pooled["ci_high"] < prediction["ci_high"]


def test_shrunken_estimates_lie_between_the_own_one_and_the_mean():
    noisy = ledger_of([-0.05, 0.0, 0.02, 0.04, 0.1, 0.15], [0.05] * 6)
    rows = pooled_rows(noisy, outcome=OUTCOME, seed=1)
    raw, drawn = (
        rows[rows["measure"] == name].set_index("area")["estimate"] for name in ("att_raw", "att_shrunken")
    )
    mean = only(rows, area="all", measure="att")["estimate"]
    inside = (drawn - raw) * (drawn - mean) <= 1e-12
    assert inside.all()
    assert drawn.std() < raw.std()


def test_ranks_are_possible_ranks():
    rows = pooled_rows(ALIKE, outcome=OUTCOME, seed=1)
    ranks = rows[rows["measure"] == "rank"]
    assert (ranks["ci_low"] >= 1).all() and (ranks["ci_high"] <= 8).all()
    assert (ranks["ci_high"] - ranks["ci_low"] == 7).all()  # nobody can be told from anybody
    apart = pooled_rows(APART, outcome=OUTCOME, seed=1)
    apart = apart[apart["measure"] == "rank"]
    assert (apart["ci_low"] <= apart["estimate"]).all() and (apart["estimate"] <= apart["ci_high"]).all()
    assert (apart["ci_low"] == apart["ci_high"]).all()


def test_an_area_far_out_lies_outside_the_funnel():
    far = ledger_of([0.0] * 9 + [0.5], [0.01] * 10)
    rows = pooled_rows(far, outcome=OUTCOME, seed=1)
    limits = rows[rows["measure"] == "funnel_limit"].set_index("area")
    assert limits.loc["area09", "method"] == "outside" or not limits["method"].eq("outside").any()
    inside = pooled_rows(ALIKE, outcome=OUTCOME, seed=1)
    assert (inside.loc[inside["measure"] == "funnel_limit", "method"] == "inside").all()


def test_order_and_names_of_areas_do_not_matter():
    estimates, errors = [0.0, 0.05, 0.1, -0.05, 0.02, 0.2], [0.01, 0.02, 0.03, 0.02, 0.04, 0.01]
    one = pooled_rows(ledger_of(estimates, errors), outcome=OUTCOME, seed=1)
    shuffled = ledger_of(estimates, errors).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(pooled_rows(shuffled, outcome=OUTCOME, seed=1), one)
    names = [f"place{9 - i}" for i in range(6)]
    other = pooled_rows(ledger_of(estimates, errors, names=names), outcome=OUTCOME, seed=1)
    back = dict(zip(names, [f"area{i:02d}" for i in range(6)], strict=True))
    other["area"] = other["area"].replace(back)
    key = ["measure", "area"]
    pd.testing.assert_frame_equal(
        other.sort_values(key, ignore_index=True).drop(columns=["ci_low", "ci_high"]),
        one.sort_values(key, ignore_index=True).drop(columns=["ci_low", "ci_high"]),
        rtol=1e-6,
    )


def test_a_constant_moves_every_estimate_and_no_spread():
    estimates, errors = [0.0, 0.05, 0.1, -0.05, 0.02, 0.2], [0.02] * 6
    one, moved = (
        pooled_rows(ledger_of(np.add(estimates, by), errors), outcome=OUTCOME, seed=1).set_index(
            ["measure", "area"]
        )["estimate"]
        for by in (0.0, 1.0)
    )
    for measure in ("att", "prediction_interval", "att_raw", "att_shrunken"):
        np.testing.assert_allclose(moved[measure], one[measure] + 1, rtol=1e-6)
    for measure in ("tau", "i2", "heterogeneity", "rank"):
        np.testing.assert_allclose(moved[measure], one[measure], rtol=1e-6, atol=1e-9)


def test_the_common_error_of_the_comparison_widens_the_mean():
    width = []
    for shared in (0.0001, 0.009):
        rows = pooled_rows(ledger_of([0.02] * 8, [0.01] * 8, shared=shared), outcome=OUTCOME, seed=1)
        att = only(rows, area="all", measure="att")
        width.append(att["ci_high"] - att["ci_low"])
    assert width[1] > 2 * width[0]


@pytest.mark.parametrize("count", [0, 1, FEWEST_AREAS - 1])
def test_few_areas_give_no_number_and_say_how_many(count):
    rows = pooled_rows(ledger_of([0.1] * count, [0.01] * count), outcome=OUTCOME, seed=1)
    assert rows["status"].tolist() == ["not_run"] and "estimate" not in rows
    assert rows["method"].item() == f"{count} areas; at least {FEWEST_AREAS} are needed"


@pytest.mark.parametrize("unit", ["share", "days", "eur"])
def test_rows_fit_the_ledger_and_keep_the_unit(unit):
    made = ledger_of([0.0, 0.1, 0.2, 0.1, 0.0], [0.05] * 5, unit=unit)
    rows = ledger.rows(pooled_rows(made, outcome=OUTCOME, seed=1), topic="pooled", simulated=True)
    assert set(rows.loc[rows["measure"].isin(["att", "tau", "att_raw"]), "unit"]) == {unit}
    assert set(rows.loc[rows["measure"] == "rank", "unit"]) == {"rank"}


def test_p_values_are_adjusted_over_all_areas_by_holm():
    made = ALIKE.assign(p_value=ALIKE["p_value"].mask(ALIKE["area"] == "area03", 0.001))
    found = adjusted_rows(made, outcomes=[OUTCOME]).set_index("area")["estimate"]
    assert found["area03"] == pytest.approx(8 * 0.001)
    assert found.drop("area03").eq(1).all()

"""Event study by quarter against cell means made with pandas; a known break is found where it is."""

import numpy as np
import pandas as pd
import pytest

from evaluation.diagnostics.area import event_study_rows
from evaluation.effects.event_study import quarterly_changes
from evaluation.inference.area import shock_structure
from evaluation.inference.placebo_areas import area_covariance, placebo_areas
from small_register import TRIALS

QUARTERS = ("2019Q2", "2019Q3", "2021Q2", "2021Q3")
UNITS = pd.Series({f"c{i}": f"unit{i // 2}" for i in range(12)} | {"p1": "unit0", "p2": "unit3"})


def shocks_of(study, area):
    return shock_structure(study.municipalities, TRIALS.areas, area=area)


def table(seed=1, each=8):
    """Two pilot municipalities and twelve comparison municipalities in six labour market areas."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [(place, quarter) for place in UNITS.index for quarter in QUARTERS for _ in range(each)],
        columns=["municipality", "index_quarter"],
    )
    return rows.assign(
        treated=rows["municipality"].str.startswith("p"),
        window=np.where(rows["index_quarter"] < "2021", "2019_20", "after_1"),
        person_id=np.arange(len(rows)),
        work=rng.normal(size=len(rows)),
        age=rng.normal(40, 10, len(rows)),
    )


def changes_of(data, **changed):
    given = {"outcomes": ["work"], "covariates": (), "units": UNITS, "baseline": "2019_20", **changed}
    return quarterly_changes(data, **given)[0]


def test_changes_without_covariates_are_differences_of_cell_means():
    data = table()
    found = changes_of(data)
    unit = data["municipality"].map(UNITS).where(~data["treated"], "pilot")
    cells = data.assign(unit=unit).pivot_table(index="unit", columns="index_quarter", values="work")
    base = data[data["window"] == "2019_20"]
    expected = cells.sub(base.groupby(unit.loc[base.index])["work"].mean(), axis=0)
    assert found.outcomes == QUARTERS
    np.testing.assert_allclose(found.change, expected.loc[found.municipality], atol=1e-10)
    assert found.treated.tolist() == [name == "pilot" for name in found.municipality]


def test_baseline_quarters_average_to_zero_with_their_weights():
    found = changes_of(table())
    np.testing.assert_allclose(found.change[:, :2].mean(axis=1), 0, atol=1e-10)


def test_sampling_covariance_matches_the_formula_for_independent_means():
    data = table()
    found = changes_of(data)
    unit = np.flatnonzero(found.treated)[0]
    own = data[data["treated"]]
    variance = own.groupby("index_quarter")["work"].var(ddof=0)
    n = own.groupby("index_quarter").size()
    base = own[own["window"] == "2019_20"]["work"]
    expected = variance["2021Q2"] / n["2021Q2"] + base.var(ddof=0) / len(base)
    scale = len(own) / (len(own) - 1)
    assert found.sampling_covariance[unit][2, 2] == pytest.approx(scale * expected, rel=1e-10)
    # two quarters after share the baseline's error and nothing else
    assert found.sampling_covariance[unit][2, 3] == pytest.approx(
        scale * base.var(ddof=0) / len(base), rel=1e-10
    )


def test_shares_sum_to_one_in_each_arm():
    found = changes_of(table(), covariates=["age"])
    assert found.weight[found.treated].sum() == pytest.approx(1)
    assert found.weight[~found.treated].sum() == pytest.approx(1)


@pytest.mark.parametrize("covariates", [(), ("age",)])
def test_a_constant_changes_nothing_and_a_factor_scales(covariates):
    data = table()
    one = changes_of(data, covariates=covariates)
    moved = changes_of(data.assign(work=5 + data["work"]), covariates=covariates)
    scaled = changes_of(data.assign(work=-2 * data["work"]), covariates=covariates)
    np.testing.assert_allclose(moved.change, one.change, atol=1e-9)
    np.testing.assert_allclose(scaled.change, -2 * one.change, atol=1e-9)
    np.testing.assert_allclose(scaled.sampling_covariance, 4 * one.sampling_covariance, atol=1e-9)


def test_order_of_rows_and_names_of_places_do_not_matter():
    data = table()
    one = placebo_areas(changes_of(data, covariates=["age"]), seed=1)
    shuffled = data.sample(frac=1, random_state=2)
    names = {name: f"x{name}" for name in UNITS.index}
    renamed = shuffled.assign(municipality=shuffled["municipality"].map(names))
    other = placebo_areas(changes_of(renamed, covariates=["age"], units=UNITS.rename(index=names)), seed=1)
    pd.testing.assert_frame_equal(one, other, rtol=1e-8)


def test_repeated_persons_make_the_covariance_larger():
    data = table()
    alone = changes_of(data)
    twins = changes_of(pd.concat([data, data]).reset_index(drop=True))
    np.testing.assert_allclose(twins.change, alone.change, atol=1e-10)
    np.testing.assert_allclose(twins.sampling_covariance, alone.sampling_covariance, atol=1e-10)


def test_a_level_that_only_comparison_episodes_have_is_set_aside_and_stops_nothing():
    data = table(each=12)
    six = data[~data["treated"]].groupby("municipality").head(1).index[:6]
    data = data.assign(sex=np.where(np.arange(len(data)) % 2, "female", "male"))
    unknown = data.assign(sex=data["sex"].where(~data.index.isin(six), "unknown"))
    found = changes_of(unknown, covariates=("sex", "age"))
    without = changes_of(data.drop(index=six), covariates=("sex", "age"))
    np.testing.assert_allclose(found.change, without.change)


def test_an_empty_quarter_of_the_area_is_refused():
    data = table()
    gap = data[~(data["treated"] & (data["index_quarter"] == "2019Q3"))]
    with pytest.raises(ValueError, match="the area has 1 quarters without an episode"):
        changes_of(gap)


def test_too_few_labour_market_areas_are_refused():
    data = table()
    few = data[data["treated"] | data["municipality"].isin([f"c{i}" for i in range(8)])]
    with pytest.raises(ValueError, match="4 labour market areas have at least 3 comparison episodes"):
        changes_of(few)


def test_areas_with_an_empty_quarter_are_left_out_and_named():
    data = table()
    found = changes_of(data[~(data["municipality"].isin(["c0", "c1"]) & (data["index_quarter"] == "2019Q3"))])
    assert list(found.left_out) == ["unit0"]
    assert len(found.municipality) == 6
    assert not np.isnan(found.change).any()


def test_a_break_is_found_in_the_quarters_after_and_not_before():
    data = table(each=60)
    late = data["treated"] & (data["index_quarter"] >= "2021")
    rows = placebo_areas(changes_of(data.assign(work=data["work"] + 2.0 * late)), seed=1).set_index("outcome")
    for quarter in ("2021Q2", "2021Q3"):
        assert rows.loc[quarter, "ci_low"] < 2.0 < rows.loc[quarter, "ci_high"]
        assert rows.loc[quarter, "ci_low"] > 0
    for quarter in ("2019Q2", "2019Q3"):
        assert rows.loc[quarter, "ci_low"] < 0 < rows.loc[quarter, "ci_high"]


def test_joint_covariance_is_that_of_the_quarters():
    found = area_covariance(changes_of(table(each=30)), outcomes=["2021Q2", "2021Q3"])
    assert found.covariance.shape == (2, 2)
    assert (np.linalg.eigvalsh(found.covariance) > 0).all()


# With dates and windows as in the study.

MUNICIPALITIES = pd.DataFrame(
    {
        "municipality": [f"{i:03d}" for i in range(1, 14)],
        "subregion_code": [str(i // 2) for i in range(1, 14)],
    }
)


def whole_study(drift=0.0, effect=0.0, each=25, seed=3):
    """Episodes of one pilot and twelve comparison municipalities in every quarter from 2018Q2 to 2023Q4."""
    rng = np.random.default_rng(seed)
    starts = pd.date_range("2018-04-01", "2023-10-01", freq="QS")
    rows = pd.DataFrame(
        [(code, start) for code in MUNICIPALITIES["municipality"] for start in starts for _ in range(each)],
        columns=["municipality", "start"],
    )
    n = len(rows)
    day = (rows["start"] - pd.Timestamp("1970-01-01")).dt.days + rng.integers(0, 80, n)
    own = rows["municipality"] == "001"
    quarter = rows["start"].dt.to_period("Q")
    years = (quarter.dt.year - 2021) + (quarter.dt.quarter - 1) / 4
    share = 0.4 + own * (drift * years + effect * (years >= 0))
    made = pd.DataFrame({name: rng.normal(size=n) for name in TRIALS.covariates})
    for name, levels in (("sex", 2), ("education", 3), ("native_language", 2)):
        made[name] = rng.choice([f"level{i}" for i in range(levels)], n)
    made["immigrant"] = rng.random(n) < 0.3
    return made.assign(
        municipality=rows["municipality"],
        person_id=np.arange(n),
        area=np.where(own, "oulu", ""),
        arm=np.where(own, "pilot", "comparison"),
        group="target_group",
        index_day=day.astype("int32"),
        window=TRIALS.window_of(day.to_numpy()),
        index_quarter=quarter.astype(str),
        open_employment_12m=(rng.random(n) < share).astype(float),
    )


OULU = shock_structure(MUNICIPALITIES, TRIALS.areas, area="oulu")


def test_a_steady_drift_before_the_start_is_seen_by_the_pre_trend_check():
    _, check = event_study_rows(whole_study(drift=0.1, each=120), TRIALS, area="oulu", shocks=OULU, seed=1)
    row = check.iloc[0]
    assert row["item"] == "pre_trend" and row["status"] in ("concern", "fail")
    assert row["ci_low"] < 0.1 < row["ci_high"]
    assert abs(row["estimate"]) > TRIALS.limits["share"]


def test_an_effect_from_the_start_is_no_pre_trend():
    rows, check = event_study_rows(whole_study(effect=0.2, each=60), TRIALS, area="oulu", shocks=OULU, seed=1)
    row = check.iloc[0]
    assert row["ci_low"] < 0 < row["ci_high"]
    path = rows.set_index("x")
    covered = (path["ci_low"] < 0.2 * (path.index >= 0)) & (0.2 * (path.index >= 0) < path["ci_high"])
    assert covered.mean() > 0.8
    assert path.loc[path.index >= 1, "estimate"].mean() == pytest.approx(0.2, abs=0.05)
    assert rows["window"].map(lambda name: len(name) == 6).all()


def test_an_area_too_small_for_quarters_gets_a_reason_and_no_number(study):
    rows, check = event_study_rows(
        study.episodes, TRIALS, area="kitee", shocks=shocks_of(study, "kitee"), seed=1
    )
    assert rows["status"].tolist() == ["missing"] and "estimate" not in rows
    assert set(check["status"]) == {"not_run"}
    assert check["method"].iloc[0] == rows["method"].item() != ""


def test_a_register_that_begins_within_the_trend_has_an_event_study_and_no_pre_trend():
    data = whole_study(each=20)
    late = data[data["index_quarter"] != TRIALS.baselines[TRIALS.trend_baseline].quarters[0]]
    rows, check = event_study_rows(late, TRIALS, area="oulu", shocks=OULU, seed=1)
    assert rows["estimate"].notna().all() and set(rows["window"]) == set(late["index_quarter"])
    assert check["status"].tolist() == ["not_run"] and "2018Q2" in check["method"].item()

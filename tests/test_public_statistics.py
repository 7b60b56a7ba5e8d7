"""Gaps between pilot and comparison municipalities in public statistics, and their placebo-area inference."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.registers.reference import reference
from evaluation.results import ledger
from evaluation.statistics import area_shocks, gaps, public_rows, statfin
from evaluation.statistics.shares import counted
from small_register import TRIALS

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "statfin" / "12r5.csv"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="the StatFin files are not beside the project")
REFERENCE = ROOT / "data" / "raw" / "reference"


def small():
    """Two pilot and three other municipalities; shares are the same in all months of a window."""
    municipalities = pd.DataFrame(
        {
            "municipality": ["001", "002", "003", "004", "005", "006"],
            "status": ["pilot", "pilot", "comparison", "comparison", "possible_pilot", "comparison"],
            "pilot_area": ["a", "b", "", "", "", ""],
            "region_code": ["01", "01", "01", "02", "01", "21"],
        }
    )
    share = {  # unemployed of 1,000 (001: of 3,000)
        "001": {"2019_20": 300, "after_1": 360},
        "002": {"2019_20": 50, "after_1": 60},
        "003": {"2019_20": 70, "after_1": 80},
        "004": {"2019_20": 90, "after_1": 120},
        "005": {"2019_20": 900, "after_1": 900},
        "006": {"2019_20": 900, "after_1": 900},
    }
    rows = []
    for window in ("2019_20", "after_1"):
        first, last = TRIALS.windows[window].months
        for month in range(first, last + 1):
            for code, values in share.items():
                rows.append((code, month, float(values[window]), 3000.0 if code == "001" else 1000.0, 1.0))
    columns = ["municipality", "month", "unemployed", "labour_force", "vacancies"]
    return pd.DataFrame(rows, columns=columns), municipalities


def test_gaps_by_hand():
    statistics, municipalities = small()
    found = gaps.gaps(statistics, TRIALS, municipalities=municipalities).set_index(["area", "window"])
    # pilot (300 + 50) / 4,000 = 8.75 %, comparison (70 + 90) / 2,000 = 8 %: Åland and possible pilots are out
    assert found.loc[("all", "2019_20"), ["pilot", "comparison", "gap"]].tolist() == pytest.approx(
        [8.75, 8.0, 0.75]
    )
    assert found.loc[("all", "after_1"), "gap"] == pytest.approx(100 * 420 / 4000 - 10)
    assert found.loc[("a", "2019_20"), "gap"] == pytest.approx(2.0)
    assert found.loc[("b", "after_1"), "gap"] == pytest.approx(-4.0)
    assert found.loc[("all", "2019_20"), "labour_force"] == 4000


def test_months_without_a_count_leave_the_denominator_too():
    statistics, municipalities = small()
    hidden = statistics["municipality"].eq("004") & statistics["month"].lt(597)
    statistics.loc[hidden, "unemployed"] = np.nan
    found = gaps.gaps(statistics, TRIALS, municipalities=municipalities).set_index(["area", "window"])
    months = int(hidden.sum())
    expected = (12 * 70 + (12 - months) * 90) / (12 * 1000 + (12 - months) * 1000)
    assert found.loc[("all", "2019_20"), "comparison"] == pytest.approx(100 * expected)


def test_inputs_are_not_changed():
    statistics, municipalities = small()
    before = statistics.copy(), municipalities.copy()
    gaps.gaps(statistics, TRIALS, municipalities=municipalities)
    pd.testing.assert_frame_equal(statistics, before[0])
    pd.testing.assert_frame_equal(municipalities, before[1])


def test_statistics_outside_every_window_are_refused():
    statistics, municipalities = small()
    with pytest.raises(ValueError, match="no month lies in the windows"):
        gaps.gaps(statistics.assign(month=0), TRIALS, municipalities=municipalities)


@pytest.fixture(scope="module")
def real():
    return statfin.read(REAL), reference("municipalities", REFERENCE)


@pytest.fixture(scope="module")
def changes(real):
    return gaps.did(real[0], TRIALS, municipalities=real[1], seed=1269)


@needs_real
def test_the_published_gaps_before_and_after_the_start_are_reproduced(real):
    found = (
        gaps.gaps(real[0], TRIALS, municipalities=real[1])
        .query("area == 'all'")
        .set_index("window")["gap"]
        .round(2)
    )
    assert found.drop("2018_19").to_dict() == {
        "2019_20": 1.94,
        "covid": 2.70,
        "after_1": 2.88,
        "after_2": 2.24,
        "after_3": 2.32,
    }


@needs_real
def test_the_baseline_decides_the_sign(changes):
    pooled = changes.query("area == 'all' and window != 'after_1'")
    assert (pooled.query("baseline == '2019_20'")["estimate"] > 0).all()
    assert (pooled.query("baseline == 'covid'")["estimate"] < 0).all()
    assert len(changes) == 23 * 3 * 3  # 22 areas with known members, and all together


@needs_real
def test_changes_are_differences_of_gaps_and_intervals_agree_with_p_values(real, changes):
    gap = gaps.gaps(real[0], TRIALS, municipalities=real[1]).set_index(["area", "window"])["gap"]
    for row in changes.itertuples():
        assert row.estimate == pytest.approx(gap[row.area, row.window] - gap[row.area, row.baseline])
    excluded = (changes["ci_low"] > 0) | (changes["ci_high"] < 0)
    assert (excluded == (changes["p_value"] <= 0.05)).all()


@needs_real
def test_the_interval_of_helsinki_is_neither_that_of_a_village_nor_nothing(changes):
    spread = changes.query("baseline == '2019_20' and window == 'after_2'").set_index("area")["std_error"]
    assert 0.3 < spread["helsinki"] < 1.0  # comparison villages: 1.8, the largest fifth: 0.7 points
    assert spread["pirkanmaa"] < spread["helsinki"]  # 22 municipalities average out


@needs_real
def test_the_same_seed_gives_the_same_numbers_and_an_area_does_not_depend_on_the_others(real, changes):
    again = gaps.did(real[0], TRIALS, municipalities=real[1], seed=1269)
    pd.testing.assert_frame_equal(changes, again)
    statistics, municipalities = real
    kept = municipalities["pilot_area"].isin(["", "oulu"])
    alone = gaps.did(statistics, TRIALS, municipalities=municipalities[kept], seed=1269)
    for frame in (alone, changes):
        assert len(frame.query("area == 'oulu'")) == 9
    pd.testing.assert_frame_equal(
        alone.query("area == 'oulu'").reset_index(drop=True),
        changes.query("area == 'oulu'").reset_index(drop=True),
    )


@needs_real
def test_ledger_rows_fit_the_ledger_and_name_the_area_without_known_members(real):
    areas = reference("pilot_areas", REFERENCE)["area"].tolist()
    rows = ledger.rows(
        public_rows.ledger_rows(real[0], TRIALS, municipalities=real[1], areas=areas, seed=1, draws=199)
    )
    counts = rows.groupby("measure").size()
    shares = {"unemployed_share", "vacancies_share"}
    assert counts["did"] == 2 * 24 * 9 and counts["gap"] == 2 * 24 * 6 and set(rows["outcome"]) == shares
    assert counts["series"] == 2 * 23 * 2 * 70 and counts["p_adjusted"] == 23 * 3  # vacancies are not judged
    assert set(rows.query("status == 'missing'")["area"]) == {"kitee"}
    unemployed = rows["outcome"].eq("unemployed_share") & rows["measure"].eq("series")
    assert rows.loc[unemployed, "estimate"].between(0.02, 0.3).all()
    start = rows.query("measure == 'series' and window == '2021-03'")
    assert (start["x"] == 0).all()


@needs_real
def test_untreated_real_municipalities_are_rarely_found_to_differ_whatever_their_size(real):
    statistics, municipalities = real
    rows = gaps.with_arms(statistics, TRIALS, municipalities=municipalities).query("arm == 'comparison'")
    table = gaps._municipal_levels(counted(rows, gaps.UNEMPLOYED), TRIALS, None, share=gaps.UNEMPLOYED)
    table = table.dropna()
    region = municipalities.set_index("municipality").loc[table.index, "region_code"].to_numpy(dtype=object)
    size = table["labour_force", "after_2"].to_numpy()
    found = []
    for baseline in ("2018_19", "2019_20"):
        level = table["level", baseline].to_numpy()
        change = (table["level", "after_2"] - table["level", baseline]).to_numpy()
        for one in range(len(change)):
            rest = np.arange(len(change)) != one
            shocks = area_shocks.fit_shocks(change[rest], size=size[rest], region=region[rest])
            null = area_shocks.placebo_differences(
                shocks, size=size[[one]], region=region[[one]], draws=1, seed=1,
                higher=level[one] / np.average(level[rest], weights=size[rest]),
            )  # fmt: skip
            estimate = change[one] - np.average(change[rest], weights=size[rest])
            found.append((size[one], level[one], area_shocks.invert(estimate, null, level=0.95)[1] <= 0.05))
    sizes, levels, rejected = np.array(found).T
    assert 0.02 < rejected.mean() < 0.09
    for low, high in ((0, 1500), (1500, 4000), (4000, 1e9)):
        assert rejected[(sizes >= low) & (sizes < high)].mean() < 0.12
    for low, high in ((0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1)):
        assert (
            rejected[(levels >= np.quantile(levels, low)) & (levels <= np.quantile(levels, high))].mean()
            < 0.09
        )


def test_an_area_of_a_higher_level_moves_by_its_square_root_more():
    rng = np.random.default_rng(2)
    size = np.exp(rng.normal(7.8, 1.0, 40))
    shocks = area_shocks.fit_shocks(rng.normal(size=40), size=size, region=np.arange(40) % 5)
    given = {"size": size[:2], "region": np.array([98, 99]), "draws": 50, "seed": 1}
    plain, high, most = (
        area_shocks.placebo_differences(shocks, higher=higher, **given) for higher in (1.0, 2.25, 100.0)
    )
    assert high == pytest.approx(1.5 * plain) and most == pytest.approx(2 * plain)


def false_positives(*, members, size, common, per_size, correlation, replications, seed):
    """Share of areas without effect found to differ at 5 %, when shocks are as the model says."""
    rng = np.random.default_rng(seed)
    pool_size = np.exp(rng.normal(7.8, 1.0, 140))
    region = np.repeat(np.arange(14), 10)
    area_region = np.full(members, 99)
    area_size = np.full(members, size)
    hits = 0
    for _ in range(replications):
        shared = rng.normal(0, np.sqrt(correlation), 100)
        draw = rng.normal(0, np.sqrt(1 - correlation), 140) + shared[region]
        change = draw * np.sqrt(common + per_size / pool_size)
        own = rng.normal(0, np.sqrt(1 - correlation), members) + shared[99]
        own = own * np.sqrt(common + per_size / area_size)
        shocks = area_shocks.fit_shocks(change, size=pool_size, region=region)
        null = area_shocks.placebo_differences(shocks, size=area_size, region=area_region, draws=299, seed=3)
        estimate = own.mean() - np.average(change, weights=pool_size)
        hits += area_shocks.invert(estimate, null, level=0.95)[1] <= 0.05
    return hits / replications


CASES = [(1, 300_000.0, 0.0), (1, 800.0, 0.0), (5, 10_000.0, 0.0), (7, 3_000.0, 0.3), (1, 300_000.0, 0.3)]


@pytest.mark.parametrize(("members", "size", "correlation"), CASES)
def test_an_area_without_effect_is_found_to_differ_in_about_one_of_twenty_cases(members, size, correlation):
    share = false_positives(
        members=members,
        size=size,
        common=0.5,
        per_size=1500.0,
        correlation=correlation,
        replications=400,
        seed=5,
    )
    assert 0.02 <= share <= 0.09


@pytest.mark.slow
@pytest.mark.parametrize(("members", "size", "correlation"), CASES)
def test_false_positives_in_full(members, size, correlation):
    share = false_positives(
        members=members,
        size=size,
        common=0.5,
        per_size=1500.0,
        correlation=correlation,
        replications=4000,
        seed=6,
    )
    assert 0.03 <= share <= 0.07


def test_too_few_comparison_municipalities_are_refused():
    with pytest.raises(ValueError, match="at least 20 comparison municipalities, 3 given"):
        area_shocks.fit_shocks(np.zeros(3), size=np.ones(3), region=np.zeros(3))


def test_an_effect_is_covered_by_its_interval():
    rng = np.random.default_rng(2)
    size = np.exp(rng.normal(7.8, 1.0, 140))
    change = rng.normal(0, np.sqrt(0.5 + 1500 / size))
    shocks = area_shocks.fit_shocks(change, size=size, region=np.repeat(np.arange(14), 10))
    null = area_shocks.placebo_differences(
        shocks, size=np.array([20_000.0]), region=np.array([99]), draws=1, seed=1
    )
    half, p_value = area_shocks.invert(5.0, null, level=0.95)
    assert len(null) == 140 and p_value == pytest.approx(1 / 141)
    assert 1.0 < half < 3.0

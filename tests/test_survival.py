"""Survival and competing events: by hand, against published data sets and against statsmodels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.fine_gray import fine_gray
from evaluation.restricted_mean import contrast, kaplan_meier, quantiles, restricted_mean
from evaluation.survival import aalen_johansen
from evaluation.survival_contrasts import gray_test, log_rank

ORACLES = Path(__file__).parents[2] / "shared" / "oracles" / "effects"


def oracle(name):
    """Expected results of one data set, computed with R's survival, cmprsk and survRM2."""
    path = ORACLES / "expected" / f"{name}.json"
    if not path.exists():
        pytest.skip("the folder of published data sets is not there")
    content = json.loads(path.read_text())
    return pd.read_csv(ORACLES / content["data"][0]), content["items"][0]["expected"]


@pytest.fixture(scope="module")
def mgus2():
    data, expected = oracle("mgus2_competing")
    time = np.where(data["pstat"] == 0, data["futime"], data["ptime"])
    event = np.where(data["pstat"] == 0, 2 * data["death"], 1)
    return data, time, event, expected


@pytest.fixture(scope="module")
def romeo():
    data, expected = oracle("romeo_unemployment")
    return data, (data["pubemp"] == "yes").astype(int), expected


@pytest.fixture(scope="module")
def penn():
    data, expected = oracle("penn_bonus")
    return data, np.minimum(data["inuidur1"], 26), data["inuidur1"] < 26, expected


def wide(table, column, states=("initial", 1, 2)):
    return np.column_stack([table.loc[table["state"] == state, column] for state in states])


def test_two_events_and_a_tie_by_hand():
    # times 1, 1, 2, 3, 3: job, study at 1; censored at 2; job, censored at 3
    table = aalen_johansen([1, 1, 2, 3, 3], ["job", "study", "", "job", ""], censored="", times=[0, 1, 2, 3])
    assert wide(table, "estimate", ("initial", "job", "study")) == pytest.approx(
        np.array([[1, 0, 0], [0.6, 0.2, 0.2], [0.6, 0.2, 0.2], [0.3, 0.5, 0.2]])
    )
    assert table.query("state == 'initial'")["at_risk"].tolist() == [5, 5, 3, 2]
    assert table.query("state == 'job'")["events"].tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize(("name", "sex"), [("aj_F", "F"), ("aj_M", "M"), ("aj_all", None)])
def test_mgus2_aalen_johansen_agrees_with_r_survival(mgus2, name, sex):
    data, time, event, expected = mgus2
    rows = (data["sex"] == sex) if sex else data["sex"].notna()
    table = aalen_johansen(time[rows], event[rows], times=expected[name]["times"])
    assert wide(table, "estimate") == pytest.approx(np.array(expected[name]["p"]), rel=1e-6)
    assert wide(table, "std_error") == pytest.approx(np.array(expected[name]["se"]), rel=1e-6)


def test_mgus2_counting_variance_agrees_with_cmprsk(mgus2):
    data, time, event, expected = mgus2
    for row, label in enumerate(expected["cuminc_var"][".row"]):
        sex, state = label.split()
        rows = data["sex"] == sex
        table = aalen_johansen(
            time[rows], event[rows], times=[12, 60, 120, 180, 240, 300], variance="counting"
        ).query(f"state == {state}")
        for when, estimate, error in zip(table["time"], table["estimate"], table["std_error"], strict=True):
            assert estimate == pytest.approx(expected["cuminc_est"][f"{when:.0f}"][row], rel=1e-6)
            assert error**2 == pytest.approx(expected["cuminc_var"][f"{when:.0f}"][row], rel=1e-6)


def test_mgus2_ignoring_the_competing_event_overstates_the_risk(mgus2):
    _, time, event, expected = mgus2
    naive = 1 - kaplan_meier(time, event == 1, times=[12, 60, 120, 180, 240, 300])["estimate"].to_numpy()
    assert naive == pytest.approx(expected["naive_1_minus_km_pcm"], rel=1e-6)
    assert naive[-1] > 2 * expected["aj_all"]["p"][-1][1]


def test_mgus2_time_in_state_adds_up_to_the_limit(mgus2):
    _, time, event, expected = mgus2
    table = restricted_mean(time, event, limit=240)
    published = expected["restricted_mean_time_in_state_240"]
    assert table["estimate"].to_numpy() == pytest.approx(published["rmean"], rel=1e-6)
    assert table["estimate"].sum() == pytest.approx(240, rel=1e-12)


def test_mgus2_gray_test_agrees_with_cmprsk(mgus2):
    data, time, event, expected = mgus2
    for number, state in enumerate((1, 2)):
        found = gray_test(time, event, data["sex"], state=state)
        assert found.statistic == pytest.approx(expected["gray"]["stat"][number], rel=1e-6)
        assert found.p_value == pytest.approx(expected["gray"]["pv"][number], rel=1e-6)
        assert found.df == expected["gray"]["df"][number]


def test_mgus2_fine_gray_agrees_with_r(mgus2):
    data, time, event, expected = mgus2
    covariates = pd.DataFrame(
        {"age": data["age"], "sexM": (data["sex"] == "M").astype(float), "mspike": data["mspike"]}
    )
    found = fine_gray(time, event, covariates, state=1).set_index("covariate")
    for name, value in expected["finegray_pcm"]["coef"].items():
        assert found.loc[name, "estimate"] == pytest.approx(value, rel=1e-6)
    # R's error for the expanded data takes the pieces of one person's time for different persons
    naive = expected["finegray_pcm"]["se_naive"]
    pieces = errors_of_pieces(time, event, covariates, found["estimate"].to_numpy())
    assert pieces == pytest.approx(list(naive.values()), rel=1e-4)
    assert found["std_error"].to_numpy() == pytest.approx(pieces, rel=0.06)
    assert (found["std_error"].to_numpy() > pieces).all()


def errors_of_pieces(time, event, covariates, beta):
    """Errors with every competing row cut at every censoring time, by brute force over rows × events."""

    def uncensored(when):
        """Probability of not being censored before a time, from all rows."""
        cuts = np.unique(time[event == 0])
        share = [
            1 - ((time == c) & (event == 0)).sum() / ((time > c) | ((time == c) & (event == 0))).sum()
            for c in cuts
        ]
        return np.concatenate([[1.0], np.cumprod(share)])[np.searchsorted(cuts, when)]

    cuts = np.unique(time[event == 0])
    g_everyone = uncensored(time)
    g_time_met = uncensored(np.sort(time[(event == 1) & covariates.notna().all(axis=1).to_numpy()]))
    known = covariates.notna().all(axis=1).to_numpy()
    time, event, x = time[known], event[known], covariates[known].to_numpy(float)
    x = x - x.mean(axis=0)
    met = np.sort(time[event == 1])
    fraction = pd.Series(met).groupby(met).cumcount() / pd.Series(met).groupby(met).transform("size")
    g_all, g_met = g_everyone[known], g_time_met
    mass = np.where(time[:, None] >= met, 1.0, np.where((event == 2)[:, None], g_met / g_all[:, None], 0.0))
    mass -= ((time[:, None] == met) & (event == 1)[:, None]) * fraction.to_numpy()
    hazard = np.exp(x @ beta)[:, None] * mass
    s0 = hazard.sum(axis=0)
    mean = hazard.T @ x / s0[:, None]
    squares = np.einsum("it,ij,ik->tjk", hazard, x, x) / s0[:, None, None]
    bread = np.linalg.inv((squares - mean[:, :, None] * mean[:, None, :]).sum(axis=0))
    own = np.array(
        [
            (event[i] == 1) * (x[i] - mean[met == when].mean(axis=0)) if when in met else 0 * x[i]
            for i, when in enumerate(time)
        ]
    )
    rate = hazard / s0
    piece = np.searchsorted(cuts, met)
    home = np.where(event == 2, np.searchsorted(cuts, time), len(cuts) + 1)
    meat = np.zeros((x.shape[1], x.shape[1]))
    for number in [-1, *np.unique(piece)]:
        chosen = (piece <= home[:, None]) if number < 0 else (piece == number) & (piece > home[:, None])
        part = rate * chosen
        score = (own if number < 0 else 0) - (part.sum(axis=1)[:, None] * x - part @ mean)
        meat += score.T @ score
    return np.sqrt(np.diag(bread @ meat @ bread))


def test_mgus2_cause_specific_cox_by_statsmodels(mgus2):
    from statsmodels.duration.hazard_regression import PHReg

    data, time, event, expected = mgus2
    known = data["mspike"].notna().to_numpy()
    values = np.column_stack([data["age"], data["sex"] == "M", data["mspike"]]).astype(float)[known]
    for state, name in ((1, "cox_pcm"), (2, "cox_death")):
        fit = PHReg(time[known], values, status=(event[known] == state).astype(int), ties="efron").fit()
        assert fit.params == pytest.approx(list(expected[name].values()), rel=1e-4)


def test_romeo_kaplan_meier_agrees_with_r(romeo):
    data, public, expected = romeo
    published = expected["km_by_pubemp"]
    times = published["times"][:6]
    for group in (0, 1):
        rows = (public == group).to_numpy()
        part = slice(6 * group, 6 * group + 6)
        table = kaplan_meier(data["duration"][rows], data["spell"][rows], times=times, interval="log")
        assert table["estimate"].to_numpy() == pytest.approx(published["surv"][part], rel=1e-6)
        # R prints the standard error of the survival probability itself
        assert table["std_error"].to_numpy() == pytest.approx(published["se"][part], rel=1e-6)
        assert table["ci_low"].to_numpy() == pytest.approx(published["lower_logci"][part], rel=1e-6)
        assert table["ci_high"].to_numpy() == pytest.approx(published["upper_logci"][part], rel=1e-6)
        assert table["at_risk"].tolist() == published["n_risk"][part]
        median = quantiles(kaplan_meier(data["duration"][rows], data["spell"][rows], interval="log")).iloc[0]
        rows_of = published["table"]
        assert median[["estimate", "ci_low", "ci_high"]].tolist() == [
            rows_of[name][group] for name in ("median", "0.95LCL", "0.95UCL")
        ]


def test_romeo_log_rank_and_peto_agree_with_r(romeo):
    data, public, expected = romeo
    found = log_rank(data["duration"], data["spell"], public)
    assert found.statistic == pytest.approx(expected["logrank"]["chisq"], rel=1e-6)
    assert found.p_value == pytest.approx(expected["logrank"]["p"], rel=1e-6)
    assert found.table["observed"].tolist() == expected["logrank"]["obs"]
    assert found.table["expected"].tolist() == pytest.approx(expected["logrank"]["exp"], rel=1e-6)
    peto = log_rank(data["duration"], data["spell"], public, rho=1)
    assert peto.statistic == pytest.approx(expected["peto_rho1_chisq"], rel=1e-6)


def check_means(time, event, arm, limit, expected):
    """Restricted mean time of both arms and their difference, as survRM2 gives them."""
    found = {}
    for group in (0, 1):
        rows = np.asarray(arm) == group
        table = restricted_mean(np.asarray(time)[rows], np.asarray(event)[rows].astype(int), limit=limit)
        found[group] = table[table["state"] == "initial"]
        row = found[group].iloc[0]
        assert row[["estimate", "std_error", "ci_low", "ci_high"]].tolist() == pytest.approx(
            expected[f"arm{group}"], rel=1e-6
        )
    difference = contrast(found[1], found[0]).iloc[0]
    assert difference[["estimate", "ci_low", "ci_high", "p_value"]].tolist() == pytest.approx(
        expected["contrast"], rel=1e-6
    )


def test_romeo_restricted_means_agree_with_survrm2(romeo):
    data, public, expected = romeo
    check_means(data["duration"], data["spell"], public, 26, expected["rmst_tau26"])


def test_romeo_cox_by_statsmodels(romeo):
    from statsmodels.duration.hazard_regression import PHReg

    data, public, expected = romeo
    fit = PHReg(data["duration"], public.to_numpy(float), status=data["spell"], ties="efron").fit()
    assert fit.params[0] == pytest.approx(expected["cox_pub_efron"]["coef"], rel=1e-5)
    assert fit.bse[0] == pytest.approx(expected["cox_pub_efron"]["se"], rel=1e-5)
    columns = {"pub": public}
    columns |= {f"reason{name}": data["reason"] == name for name in ("lose", "new", "reentr")}
    columns |= {"sexmale": data["sex"] == "male", "racewhite": data["race"] == "white"}
    values = pd.DataFrame(columns).astype(float)
    fit = PHReg(data["duration"], values.to_numpy(), status=data["spell"], ties="efron").fit()
    for position, name in enumerate(values):
        assert fit.params[position] == pytest.approx(expected["cox_efron"]["coef"][name], rel=1e-5)
        assert fit.bse[position] == pytest.approx(expected["cox_efron"]["se"][name], rel=1e-5)


def test_penn_bonus_survival_agrees_with_r(penn):
    data, time, event, expected = penn
    published = expected["km"]
    for arm in (0, 1):
        rows = (data["T4"] == arm).to_numpy()
        part = slice(5 * arm, 5 * arm + 5)
        table = kaplan_meier(time[rows], event[rows], times=published["times"][part])
        assert table["estimate"].to_numpy() == pytest.approx(published["surv"][part], rel=1e-6)
        assert table["std_error"].to_numpy() == pytest.approx(published["se"][part], rel=1e-6)
    assert log_rank(time, event, data["T4"]).statistic == pytest.approx(expected["logrank"], rel=1e-6)
    check_means(time, event, data["T4"], 25, expected["rmst25"])


def test_penn_bonus_cox_by_statsmodels(penn):
    from statsmodels.duration.hazard_regression import PHReg

    data, time, event, expected = penn
    fit = PHReg(time, data["T4"].to_numpy(float), status=event.astype(int), ties="efron").fit()
    assert fit.params[0] == pytest.approx(expected["cox"]["coef"], rel=1e-5)
    assert fit.bse[0] == pytest.approx(expected["cox"]["se"], rel=1e-5)


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(20)
    size = 400
    time = rng.integers(1, 40, size)
    event = rng.choice([0, 1, 2], size, p=[0.3, 0.5, 0.2])
    return rng, time, event


def test_statsmodels_gives_the_same_incidence_and_standard_errors(drawn):
    from statsmodels.duration.survfunc import CumIncidenceRight

    _, time, event = drawn
    peer = CumIncidenceRight(time, event)
    table = aalen_johansen(time, event, times=peer.times)
    for state in (1, 2):
        ours = table[table["state"] == state]
        assert ours["estimate"].to_numpy() == pytest.approx(peer.cinc[state - 1], rel=1e-9)
        assert ours["std_error"].to_numpy() == pytest.approx(peer.cinc_se[state - 1], rel=1e-9)


def test_whole_weights_are_repeated_rows_and_clusters_undo_the_repetition(drawn):
    rng, time, event = drawn
    weights = rng.integers(1, 5, len(time))
    person = np.repeat(np.arange(len(time)), weights)
    weighted = aalen_johansen(time, event, weights=weights, times=[5, 20, 38])
    repeated = aalen_johansen(time[person], event[person], cluster=person, times=[5, 20, 38])
    pd.testing.assert_frame_equal(weighted, repeated, rtol=1e-9)
    one = restricted_mean(time, event, weights=weights, limit=30).drop(columns="rows")
    two = restricted_mean(time[person], event[person], cluster=person, limit=30).drop(columns="rows")
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)


def test_robust_standard_errors_are_those_of_the_jackknife(drawn):
    _, time, event = drawn
    time, event = time[:80], event[:80]
    full = aalen_johansen(time, event, times=[15], states=(1, 2))
    mean = restricted_mean(time, event, limit=20, variance="robust", states=(1, 2))
    keep = ~np.eye(len(time), dtype=bool)
    left_out = np.array(
        [aalen_johansen(time[k], event[k], times=[15], states=(1, 2))["estimate"] for k in keep]
    )
    means = np.array([restricted_mean(time[k], event[k], limit=20, states=(1, 2))["estimate"] for k in keep])
    for found, drops in ((full, left_out), (mean, means)):
        spread = np.sqrt(((drops - drops.mean(axis=0)) ** 2).sum(axis=0))
        assert found["std_error"].to_numpy() == pytest.approx(spread, rel=0.03)


def test_late_entry_leaves_people_out_of_the_risk_set_before_it():
    # two are seen from 0; the third from 2, so that the event at 1 has two at risk, that at 3 two
    table = kaplan_meier([1, 3, 4], [1, 1, 0], entry=[0, 0, 2])
    assert table["at_risk"].tolist() == [2, 2, 1]
    assert table["estimate"].to_numpy() == pytest.approx([0.5, 0.25, 0.25])


def test_late_entry_agrees_with_statsmodels(drawn):
    from statsmodels.duration.survfunc import SurvfuncRight

    rng, time, event = drawn
    entry = time * rng.random(len(time)) * 0.5
    peer = SurvfuncRight(time, (event == 1).astype(int), entry=entry)
    table = kaplan_meier(time, event == 1, entry=entry, times=peer.surv_times)
    assert table["estimate"].to_numpy() == pytest.approx(peer.surv_prob, rel=1e-9)
    assert table["std_error"].to_numpy() == pytest.approx(peer.surv_prob_se, rel=1e-9)


def test_the_log_rank_test_with_strata_agrees_with_statsmodels(drawn):
    from statsmodels.duration.survfunc import survdiff

    rng, time, event = drawn
    group, strata = rng.integers(0, 3, len(time)), rng.integers(0, 2, len(time))
    for layers in (None, strata):
        statistic, p_value = survdiff(time, (event == 1).astype(int), group, strata=layers)
        found = log_rank(time, event == 1, group, strata=layers)
        assert found.df == 2
        assert (found.statistic, found.p_value) == pytest.approx((statistic, p_value), rel=1e-8)


def test_without_a_competing_event_gray_is_close_to_log_rank_and_fine_gray_is_cox(drawn):
    from statsmodels.duration.hazard_regression import PHReg

    rng, time, event = drawn
    only = (event == 1).astype(int)
    value = pd.DataFrame({"x": rng.normal(size=len(time))})
    peer = PHReg(time, value.to_numpy(), status=only, ties="efron").fit()
    found = fine_gray(time, only, value, state=1).iloc[0]
    assert found["estimate"] == pytest.approx(peer.params[0], abs=1e-6)
    assert found["std_error"] == pytest.approx(peer.bse[0], rel=0.1)
    group = value["x"] > 0.5
    plain, gray = log_rank(time, only, group), gray_test(time, only, group, state=1)
    assert gray.statistic == pytest.approx(plain.statistic, rel=0.05)
    assert gray.table["observed"].tolist() == plain.table["observed"].tolist()


def test_gray_test_of_three_groups_does_not_depend_on_their_order(drawn):
    rng, time, event = drawn
    group = rng.integers(0, 3, len(time))
    found = [gray_test(time, event, np.array(list(names))[group], state=1) for names in ("abc", "cab", "bca")]
    assert found[0].df == 2
    assert [each.statistic for each in found] == pytest.approx([found[0].statistic] * 3, rel=1e-9)


def test_order_of_rows_and_names_of_states_do_not_matter(drawn):
    rng, time, event = drawn
    order = rng.permutation(len(time))
    names = np.array(["", "job", "study"])
    first = aalen_johansen(time, event, times=[10, 30])
    second = aalen_johansen(time[order], names[event[order]], times=[10, 30], censored="")
    numbers = [name for name in first if name != "state"]
    pd.testing.assert_frame_equal(first[numbers], second[numbers], rtol=1e-12)


def test_results_after_the_last_observation_are_missing_not_carried_on():
    table = kaplan_meier([1, 2, 3], [1, 1, 0], times=[3, 4])
    assert table["estimate"].notna().tolist() == [True, False]
    everyone = kaplan_meier([1, 2, 3], [1, 1, 1], times=[3, 4])
    assert everyone["estimate"].tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"choose 3.0 or less"):
        restricted_mean([1, 2, 3], [1, 1, 0], limit=4)
    assert restricted_mean([1, 2, 3], [1, 1, 1], limit=4)["estimate"].tolist() == pytest.approx([2, 2])


def test_one_person_no_event_and_refusals():
    nobody = aalen_johansen([5], [0], states=(1,))
    assert nobody["estimate"].tolist() == [1, 0]
    assert nobody["std_error"].tolist() == [0, 0]
    one = aalen_johansen([5], [1])
    assert one["estimate"].tolist() == [0, 1]
    for wrong, name in (
        ({"time": [], "event": []}, "no rows"),
        ({"time": [1.0, np.nan], "event": [1, 0]}, "missing"),
        ({"time": [1], "event": [1], "weights": [0]}, "weights"),
        ({"time": [1], "event": [1], "entry": [1]}, "entry"),
        ({"time": [1], "event": [3], "states": (1,)}, "neither censored"),
        ({"time": [1], "event": [1], "weights": [2], "variance": "counting"}, "counting"),
        ({"time": [1], "event": [1], "interval": "logit"}, "interval"),
    ):
        with pytest.raises(ValueError, match=name):
            aalen_johansen(**wrong)
    with pytest.raises(ValueError, match="two or more"):
        log_rank([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(ValueError, match="constant"):
        fine_gray([1, 2, 3], [1, 1, 0], pd.DataFrame({"x": [1.0, 1.0, 1.0]}), state=1)


def test_known_truth_the_interval_covers_at_its_level():
    rng = np.random.default_rng(3)
    truth = 0.6 * (1 - np.exp(-1))  # two constant hazards, 0.6 and 0.4, at time 1
    covered = 0
    draws = 300
    for _ in range(draws):
        when, kind = rng.exponential(1, 150), np.where(rng.random(150) < 0.6, 1, 2)
        end = rng.uniform(0.5, 3, 150)
        table = aalen_johansen(np.minimum(when, end), np.where(when <= end, kind, 0), times=[1])
        row = table[table["state"] == 1].iloc[0]
        covered += row["ci_low"] <= truth <= row["ci_high"]
    assert 0.91 <= covered / draws <= 0.985

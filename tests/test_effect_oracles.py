"""Published and peer-computed effects: every estimator against the value that others found on real data.

Random effects, competing exits and costs are held against theirs in test_pooling, test_survival and
test_cost_oracles.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.diagnostics.balance import standardised_differences
from evaluation.diagnostics.checks import e_value
from evaluation.effects.covariates import covariate_matrix
from evaluation.effects.differences import municipal_changes
from evaluation.effects.discontinuity import discontinuity
from evaluation.effects.doubly_robust import did_rc
from evaluation.effects.regression import odds_fit
from evaluation.effects.synthetic import synthetic
from evaluation.effects.weighting import att_weights, effective_sample_size
from evaluation.inference.clustered import naive_clustered
from published_data import ORACLES

FOLDER = ORACLES / "effects"
pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="the published data sets are not beside the project"
)
LALONDE = ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "re75", "u74", "u75"]
TARGET: dict[str, Any] = {"target": "treat", "covariates": LALONDE}
SAMPLES = {"lalonde_experimental": "ldw", "lalonde_cps": "ldw_cps"}
both_samples = pytest.mark.parametrize("sample", SAMPLES)


@cache
def expected(name: str) -> list[Any]:
    path = FOLDER / "expected" / f"{name}.json"
    return [item["expected"] for item in json.loads(path.read_text(encoding="utf-8"))["items"]]


@cache
def frame(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / f"{name}.csv")


def gap(data: pd.DataFrame, weight: pd.Series[Any]) -> float:
    """Mean earnings of the trained less the weighted mean of the others."""
    means = [np.average(rows["re78"], weights=weight[rows.index]) for _, rows in data.groupby("treat")]
    return float(means[1] - means[0])


# Trained and comparison persons of Lalonde: Dehejia & Wahba (1999); Imbens & Xu (2024)


@both_samples
def test_propensity_of_training(sample: str) -> None:
    data, wanted = frame(SAMPLES[sample]), expected(sample)[4]
    fit = odds_fit(covariate_matrix(data, LALONDE).with_constant, data["treat"].to_numpy(float))
    assert fit.coefficients == pytest.approx(list(wanted["coef"].values()), rel=1e-5)
    score = att_weights(data, **TARGET).propensity
    for name in ("min", "max", "mean", "sum"):
        assert score.agg(name) == pytest.approx(wanted[name], rel=1e-5)


@both_samples
def test_odds_weights_on_training(sample: str) -> None:
    data, wanted = frame(SAMPLES[sample]), expected(sample)[5]
    found = att_weights(data, **TARGET)
    assert gap(data, found.weight) == pytest.approx(wanted["est"], rel=1e-6)
    assert found.ess_comparison == pytest.approx(wanted["ess_control"], rel=1e-6)


@both_samples
def test_entropy_weights_on_training(sample: str) -> None:
    data, wanted = frame(SAMPLES[sample]), expected(sample)[10]
    found = att_weights(data, **TARGET, method="entropy")
    assert gap(data, found.weight) == pytest.approx(wanted["est"], rel=1e-5)
    assert found.ess_comparison == pytest.approx(wanted["ess"], rel=1e-4)
    comparison = found.weight[data["treat"] == 0].to_numpy()
    assert effective_sample_size(comparison) == found.ess_comparison
    assert comparison.max() / comparison.sum() == pytest.approx(wanted["max_w"], rel=1e-4)


@both_samples
def test_standardised_differences_before_and_after_weighting(sample: str) -> None:
    data, wanted = frame(SAMPLES[sample]), expected(sample)[13]
    table = standardised_differences(data, **TARGET, weight=att_weights(data, **TARGET).weight)
    table = table.set_index("covariate")
    for column, key in (("before_weighting", "before_treated_sd"), ("after_weighting", "after_ipw")):
        assert table[column].to_dict() == pytest.approx(wanted[key], rel=1e-6, abs=1e-12)


@both_samples
@pytest.mark.parametrize("method", ["dr", "dr_traditional", "reg"])
def test_doubly_robust_and_regression_effect_of_training(sample: str, method: Any) -> None:
    """With outcomes of zero before, difference-in-differences is the effect in the cross-section after."""
    data, wanted = frame(SAMPLES[sample]), expected(sample)
    before = data.assign(post=False, re78=0.0)
    stacked = pd.concat([before, data.assign(post=True)], ignore_index=True)
    stacked = stacked.assign(treated=stacked["treat"] == 1)
    found, _ = did_rc(stacked, outcomes=["re78"], covariates=LALONDE, method=method)
    assert found["re78"] == pytest.approx(wanted[2] if method == "reg" else wanted[7]["hajek"], rel=1e-6)


# Minimum wage in New Jersey: Card & Krueger (1994), Table 3


def stores() -> pd.DataFrame:
    data = frame("card_krueger").dropna(subset="fte")
    data = data.assign(treated=data["nj"] == 1, post=data["d"] == 1, municipality=data["id"].astype(str))
    return data.reset_index(drop=True)


def test_change_of_employment_in_all_stores() -> None:
    data, wanted = stores(), expected("card_krueger")[0]["did_all"]
    found, influence = did_rc(data, outcomes=["fte"], covariates=[], method="none")
    assert found["fte"] == pytest.approx(wanted["est"], rel=1e-9)
    # four cell means: n / (n − 4) as the peer scales
    error = np.sqrt((influence["fte"] ** 2).sum()) / len(data) * np.sqrt(len(data) / (len(data) - 4))
    assert error == pytest.approx(wanted["se_hc1"], rel=1e-6)
    state = data.assign(municipality=data["nj"].astype(str))
    changes = municipal_changes(state, outcomes=["fte"], covariates=[], method="none")
    assert changes.change[0, 0] - changes.change[1, 0] == pytest.approx(wanted["est"], rel=1e-9)
    naive = naive_clustered(data, outcomes=["fte"], covariates=[])
    assert naive["estimate"].item() == pytest.approx(wanted["est"], rel=1e-9)
    with_controls = naive_clustered(data, outcomes=["fte"], covariates=["kfc", "roys", "wendys", "co_owned"])
    controls = expected("card_krueger")[0]["did_controls"]["est"]
    assert with_controls["estimate"].item() == pytest.approx(controls, rel=1e-6)


def test_change_of_employment_in_stores_seen_twice() -> None:
    data, wanted = stores(), expected("card_krueger")[0]["did_balanced_fd"]
    data = data[data.groupby("id")["d"].transform("size") == 2]
    found, influence = did_rc(data, outcomes=["fte"], covariates=[], method="none")
    assert found["fte"] == pytest.approx(wanted["est"], rel=1e-9)
    sums = influence["fte"].groupby(data["id"]).sum()
    error = np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 2)) / len(data)
    assert error == pytest.approx(wanted["se_hc1"], rel=1e-6)


# Tobacco programme of California: Abadie et al. (2010); Arkhangelsky et al. (2021)


def smoking(method: Any) -> pd.Series:
    series = frame("prop99").pivot_table(index="State", columns="Year", values="PacksPerCapita")
    return synthetic(series, treated=["California"], start=1989, method=method).iloc[0]


def test_synthetic_control_of_california() -> None:
    found, wanted = smoking("synthetic_control"), expected("prop99")[0]["exact_qp"]
    assert found["estimate"] == pytest.approx(wanted["mean_gap_post"], rel=1e-3)
    assert found["p_value"] == pytest.approx(wanted["placebo_p"])


def test_synthetic_difference_in_differences_of_california() -> None:
    found, wanted = smoking("synthetic_did"), expected("prop99")[0]["synthdid_pkg"]
    assert found["estimate"] == pytest.approx(wanted["synthdid"], rel=1e-3)
    # the peer draws 200 placebos at random, ours are all: the error of a spread of 200 draws is 5 %
    assert found["std_error"] == pytest.approx(wanted["sdid_placebo_se"], rel=0.15)


# Incumbents of the Senate: Cattaneo, Frandsen & Titiunik (2015)


def test_jump_at_the_cutoff_of_senate_elections() -> None:
    wanted = expected("rd_senate")[0]["default"]
    row = discontinuity(frame("senate"), outcomes=["vote"], running="margin", cutoff=0).iloc[0]
    assert row["estimate"] == pytest.approx(wanted["tau_conv"], rel=1e-6)
    assert row["std_error"] == pytest.approx(wanted["se_rb"], rel=1e-5)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(wanted["ci_rb"], rel=1e-5)
    assert row["p_value"] == pytest.approx(wanted["p_rb"], rel=1e-3)
    assert row["method"] == "local polynomial, h {:.4g} below and {:.4g} above".format(*wanted["h"])


# Hidden bias: VanderWeele & Ding (2017)


@pytest.mark.parametrize(
    "ratio", [(3.9, 1.8, 8.7), (0.8, 0.71, 0.91), (1.1, 0.95, 1.27), (10.73, 8.02, 14.36)]
)
def test_e_values_of_published_risk_ratios(ratio: tuple[float, float, float]) -> None:
    keys = {name: value for name, value in expected("evalue")[0].items() if name.startswith("rr_")}
    wanted = keys["rr_" + "_".join(f"{value:.2f}" if value in (0.8, 1.1) else f"{value}" for value in ratio)]
    found = e_value(ratio[0], ci_low=ratio[1], ci_high=ratio[2])
    limit = wanted["lower"] if wanted["lower"] is not None else wanted["upper"]
    assert found == pytest.approx((wanted["point"], limit), rel=1e-6)
    with pytest.raises(ValueError, match="a ratio must be positive"):
        e_value(ratio[0], ci_low=-ratio[1], ci_high=ratio[2])

"""Published and peer-computed results in cost-effectiveness: each value within its stated tolerance.

Each test names the source. The other oracle files are for estimators that the library does not hold.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.costs import municipal_share
from evaluation.economics import public_funds
from evaluation.economics.fieller import fieller
from evaluation.units import to_day
from published_data import ORACLES

FOLDER = ORACLES / "costs"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the oracle data sets are not beside the project")
KINDS = {"bounded": "interval", "exclusive": "outside", "whole_line": "everything"}


def oracle(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def data(name):
    return pd.read_csv(FOLDER / "data" / f"{name}.csv")


def agree(name, actual, expected, *, rtol=0.0, atol=0.0):
    """Compare; `name` is that of the oracle, for the message."""
    found, wanted = np.atleast_1d(np.asarray(actual, float)), np.atleast_1d(np.asarray(expected, float))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol, err_msg=name)


def number(value):
    return {"Infinity": np.inf, "-Infinity": -np.inf, None: np.nan}.get(value, value)


def same_fieller(name, found, expected, *, rtol):
    assert found.kind == KINDS[expected["type"]]
    limits = [number(expected[side]) for side in ("lower", "upper")]
    agree(name, [found.low, found.high], limits, rtol=rtol)


def test_bands_committed_with_the_project_are_those_of_the_kela_rule():
    committed = municipal_share.bands_from(
        pd.read_csv(Path(__file__).parents[1] / "data" / "raw" / "reference" / "municipal_share.csv")
    )
    committed = committed[committed["valid_from"] < to_day("2025-01-01")]  # the oracle's years
    bands = oracle("payer_split")["inputs"]["params"]["bands"]
    assert committed["share"].tolist() == [band["municipality"] for band in bands]
    assert committed["paid_days_until"].tolist() == [number(band["upto"]) for band in bands]


def test_fieller_cases_twopartm():
    want = oracle("fieller_cases")
    for case in want["expected"]["cases"]:
        product = case["correlation"] * case["se_cost"] * case["se_effect"]
        covariance = [[case["se_cost"] ** 2, product], [product, case["se_effect"] ** 2]]
        found = fieller(case["delta_cost"], case["delta_effect"], covariance, level=case["confidence"])
        agree("fieller_cases", found.ratio, case["ratio"], rtol=1e-8)
        same_fieller("fieller_cases", found, case, rtol=want["tolerance"]["rtol"])


def test_mvpf_germany_mvpfde():
    record = oracle("mvpf_germany")
    rtol, name = record["tolerance"]["rtol"], "mvpf_germany"
    for programme in record["expected"]["programmes"]:
        draws = data(Path(programme["replicates"]["path"]).stem)
        value = sum(programme["wtp_components_eur2010"].values())
        cost = sum(programme["net_cost_components_eur2010"].values())
        agree(name, value, programme["willingness_to_pay"], rtol=rtol)
        agree(name, cost, programme["government_net_cost"], rtol=rtol)
        found = public_funds.mvpf_interval(
            value,
            cost,
            draws_willingness=draws["willingness_to_pay"],
            draws_cost=draws["government_net_costs"],
        )
        agree(name, found["mvpf"], number(programme["mvpf"]), rtol=rtol)
        agree(
            name, [found["ci_low"], found["ci_high"]], [number(x) for x in programme["mvpf_ci95"]], rtol=rtol
        )
        agree(
            name,
            found["share_paying_for_itself"],
            programme["share_of_replicates_paying_for_themselves"],
            rtol=rtol,
        )
        agree(name, found["not_comparable"], programme["n_undefined_replicates"])
        for column, key in (("government_net_costs", "net_cost_ci95"), ("willingness_to_pay", "wtp_ci95")):
            agree(name, np.quantile(draws[column], [0.025, 0.975]), programme[key], rtol=rtol)


def test_mvpf_published_policy_impacts():
    record = oracle("mvpf_published")
    money, ratio, name = record["tolerance"]["money_atol"], record["tolerance"]["mvpf_atol"], "mvpf_published"
    advance, youth = record["expected"]["programmes"]
    given, want = advance["inputs"], advance["published"]
    years = given["earnings_gain_by_year"]
    times = [years["year1_pv_t"], years["year2_pv_t"]]
    gain = float((1 + given["discount_rate"]) ** -np.array(times) @ [years["gain1"], years["gain2"]])
    tax = gain * given["tax_rate"]
    net = given["program_cost"] - tax - given["other_fiscal_savings"]
    agree(name, gain - tax, want["pv_after_tax_gain"], atol=money)
    agree(name, tax, want["extra_tax"], atol=money)
    agree(name, public_funds.mvpf(gain - tax, net), want["mvpf_after_tax"], atol=ratio)
    agree(name, public_funds.mvpf(given["program_cost"], net), want["mvpf_wtp_equals_cost"], atol=ratio)
    found = public_funds.mvpf(youth["inputs"]["wtp"], youth["inputs"]["net_cost"])
    agree(name, found, youth["published"]["mvpf"], atol=ratio)

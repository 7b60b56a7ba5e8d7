"""Survival and competing events: by hand, against published data sets and against statsmodels."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from evaluation.outcomes.survival import aalen_johansen
from published_data import ORACLES


def oracle(name):
    """Expected results of one data set, computed with R's survival, cmprsk and survRM2."""
    path = ORACLES / "effects" / "expected" / f"{name}.json"
    if not path.exists():
        pytest.skip("the folder of published data sets is not there")
    content = json.loads(path.read_text())
    return pd.read_csv(ORACLES / "effects" / content["data"][0]), content["items"][0]["expected"]


@pytest.fixture(scope="module")
def mgus2():
    data, expected = oracle("mgus2_competing")
    time = np.where(data["pstat"] == 0, data["futime"], data["ptime"])
    event = np.where(data["pstat"] == 0, 2 * data["death"], 1)
    return data, time, event, expected


def wide(table, column, states=(1, 2)):
    return np.column_stack([table.loc[table["state"] == state, column] for state in states])


def test_two_events_and_a_tie_by_hand():
    # times 1, 1, 2, 3, 3: job, study at 1; censored at 2; job, censored at 3
    table = aalen_johansen([1, 1, 2, 3, 3], ["job", "study", "", "job", ""], censored="", times=[0, 1, 2, 3])
    assert wide(table, "estimate", ("job", "study")) == pytest.approx(
        np.array([[0, 0], [0.2, 0.2], [0.2, 0.2], [0.5, 0.2]])
    )


@pytest.mark.parametrize(("name", "sex"), [("aj_F", "F"), ("aj_M", "M"), ("aj_all", None)])
def test_mgus2_aalen_johansen_agrees_with_r_survival(mgus2, name, sex):
    data, time, event, expected = mgus2
    rows = (data["sex"] == sex) if sex else data["sex"].notna()
    table = aalen_johansen(time[rows], event[rows], times=expected[name]["times"])
    assert wide(table, "estimate") == pytest.approx(np.array(expected[name]["p"])[:, 1:], rel=1e-6)
    assert wide(table, "std_error") == pytest.approx(np.array(expected[name]["se"])[:, 1:], rel=1e-6)


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


def test_order_of_rows_and_names_of_states_do_not_matter(drawn):
    rng, time, event = drawn
    order = rng.permutation(len(time))
    names = np.array(["", "job", "study"])
    first = aalen_johansen(time, event, times=[10, 30])
    second = aalen_johansen(time[order], names[event[order]], times=[10, 30], censored="")
    numbers = [name for name in first if name != "state"]
    pd.testing.assert_frame_equal(first[numbers], second[numbers], rtol=1e-12)


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

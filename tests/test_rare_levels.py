"""Rare levels of a covariate switch no check off: every design sets aside what it cannot compare."""

import numpy as np
import pandas as pd
import pytest

from evaluation.cohorts.comparison import compare
from evaluation.diagnostics.area import balance_rows, event_study_rows, negative_controls
from evaluation.effects.differences import municipal_changes
from evaluation.inference.area import effect_rows, shock_structure
from evaluation.inference.sensitivity import sensitivity_rows
from small_register import TRIALS

AREA, WORK = "helsinki", TRIALS.outcomes.headline


def six_comparison_rows(episodes):
    rows = np.flatnonzero(episodes["arm"].eq("comparison") & episodes["window"].ne(""))[::97][:6]
    return rows, "unknown"


def one_person(episodes):
    return np.flatnonzero(episodes["arm"].eq("comparison") & episodes["window"].eq("2019_20"))[:1], "unknown"


def only_treated(episodes):
    return np.flatnonzero(episodes["area"].eq(AREA) & episodes["window"].ne(""))[:2], "unknown"


def empty_level(episodes):
    return np.array([], dtype=int), "unknown"


@pytest.fixture(scope="module")
def many_episodes(study):
    """The small study's episodes twelve times over: enough in every quarter for every check of trends."""
    last = study.episodes["person_id"].max()
    copies = [study.episodes.assign(person_id=study.episodes["person_id"] + k * last) for k in range(12)]
    return pd.concat(copies, ignore_index=True)


@pytest.mark.parametrize("rare", [six_comparison_rows, one_person, only_treated, empty_level])
def test_every_check_runs_with_a_rare_level(study, many_episodes, rare):
    rows, level = rare(many_episodes)
    sex = many_episodes["sex"].astype("str").to_numpy(dtype=object)
    sex[rows] = level
    episodes = many_episodes.assign(sex=sex)
    if rare is empty_level:
        kinds = sorted({*sex, level})
        episodes["sex"] = episodes["sex"].astype("category").cat.set_categories(kinds)
    shocks = shock_structure(study.municipalities, TRIALS.areas, area=AREA)
    same = compare(many_episodes, TRIALS, area=AREA).frame
    data = compare(episodes, TRIALS, area=AREA).frame

    _, fair = balance_rows(data, TRIALS)
    assert (fair["status"] != "not_run").all()
    given = {"area": AREA, "shocks": shocks, "seed": 1}
    _, trend = event_study_rows(episodes, TRIALS, **given)
    assert len(trend) and (trend["status"] != "not_run").all(), trend["method"].tolist()
    controls = negative_controls(episodes, TRIALS, **given)
    measured = controls["outcome"] != "cost_all_public_12m_eur"
    assert (controls.loc[measured, "status"] != "not_run").all(), controls["method"].tolist()

    changes = municipal_changes(data, outcomes=[WORK], covariates=TRIALS.covariates)
    found = effect_rows(data, changes, baseline="2019_20", seed=1, **shocks)
    expected = municipal_changes(same, outcomes=[WORK], covariates=TRIALS.covariates)
    expected = effect_rows(same, expected, baseline="2019_20", seed=1, **shocks)
    assert found["estimate"].iloc[0] == pytest.approx(expected["estimate"].iloc[0], abs=0.03)
    varied = sensitivity_rows(
        episodes,
        changes,
        TRIALS,
        municipalities=study.municipalities,
        outcomes=[WORK],
        **given,
    )
    told_apart = varied["method"].astype("str").str.contains("separate the arms|cannot tell")
    assert not told_apart.any(), varied.loc[told_apart, ["specification", "method"]].to_string()

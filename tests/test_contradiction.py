"""What stands beside a finding: each kind of evidence forbids "clear", two or sure ones withhold it."""

import pandas as pd
import pytest

from evaluation.diagnostics.contradiction import contradictions
from evaluation.results import ledger
from evaluation.words import answers, fairness, findings, first_screen
from evaluation.words.findings import Case
from evaluation.words.language import CODES, get
from small_register import TRIALS

WORK = TRIALS.outcomes.headline
DOUBT = {"fi": "ehkä muista syistä", "sv": "kanske av andra skäl", "en": "perhaps for other reasons"}


def row(estimate, half, **columns):
    return {
        "outcome": WORK,
        "estimate": estimate,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
    } | columns


FAIR = {"stayers": (0.0, 0.1), "triple": (0.19, 0.1), "date": (0.01, 0.1), "covid": (0.18, 0.1)}


def judged(finding=(0.2, 0.1), *, stayers=None, date=None, triple=None, covid=None):
    """State of the finding on work, with what was found beside it."""
    controls = {"placebo_population": stayers, "placebo_date": date}
    varied = {"triple_difference": triple, "baseline_covid": covid}
    frames = [pd.DataFrame([row(*finding, measure="att")])]
    for column, found in (("item", controls), ("specification", varied)):
        rows = [row(*size, **{column: name}) for name, size in found.items() if size]
        frames.append(pd.DataFrame(rows, columns=["outcome", "estimate", "ci_low", "ci_high", column]))
    return contradictions(*frames, TRIALS).set_index("outcome").loc[WORK]


@pytest.mark.parametrize(
    ("beside", "state", "kinds"),
    [
        ({}, "pass", 0),
        ({"stayers": (0.1, 0.12)}, "concern", 1),  # moved by half of the finding
        ({"triple": (0.02, 0.15)}, "concern", 1),  # leaves a tenth
        ({"covid": (0.05, 0.1)}, "concern", 1),  # a quarter, and its interval excludes the finding
        ({"covid": (0.05, 0.2)}, "pass", 0),  # a quarter, but too vague to contradict
        ({"date": (0.09, 0.12)}, "concern", 1),
        ({"stayers": (-0.1, 0.05)}, "pass", 0),  # the other way
        ({"stayers": (0.18, 0.1), "triple": (0.02, 0.15)}, "fail", 1),  # surely moved, little left
        ({"stayers": (0.1, 0.12), "covid": (0.05, 0.1)}, "fail", 2),
        ({"stayers": (0.1, 0.12), "date": (0.1, 0.12)}, "fail", 2),
    ],
)
def test_each_kind_counts_once_and_two_or_sure_ones_fail(beside, state, kinds):
    for sign in (1, -1):
        turned = {name: (sign * estimate, half) for name, (estimate, half) in (FAIR | beside).items()}
        found = judged((sign * 0.2, 0.1), **turned)
        assert found["status"] == state and found["estimate"] == kinds


@pytest.mark.parametrize("missing", [("date",), ("covid",), ("stayers", "triple"), tuple(FAIR)])
def test_a_kind_that_was_not_looked_at_has_not_passed(missing):
    seen = {name: size for name, size in FAIR.items() if name not in missing}
    assert judged(**seen)["status"] == "not_run"
    against = {**FAIR, "covid": (0.05, 0.1), "stayers": (0.1, 0.12)}
    assert judged(**{name: size for name, size in against.items() if name != "date"})["status"] == "fail"
    assert judged((0.05, 0.1), **seen)["status"] == ("pass" if seen else "not_run")


def test_without_a_finding_there_is_nothing_to_contradict():
    found = judged((0.05, 0.1), stayers=(0.2, 0.1), triple=(0.0, 0.1), date=(0.2, 0.1))
    assert found["status"] == "pass" and found["method"] == "no finding to contradict"


def cleared(*, trend=(0.0, 0.01), contradiction="pass", verdict="pass", low=0.05, high=0.15):
    """Rows behind the first screen of an area with a finding on work."""
    att = {"topic": "effect", "measure": "att", "window": TRIALS.main_baseline, "unit": "share"}
    checks = [
        {"measure": "verdict", "status": verdict},
        {
            "measure": "diagnostic",
            "item": "pre_trend",
            "ci_low": trend[0],
            "ci_high": trend[1],
            "status": "pass",
        },
        {"measure": "diagnostic", "item": "contradiction", "status": contradiction},
    ]
    # overturned by a drift of 2 points a year
    error = (high - low) / 3.92
    rows = [att | {"estimate": (low + high) / 2, "ci_low": low, "ci_high": high, "std_error": error}]
    rows += [{"topic": "comparability"} | check for check in checks]
    frame = pd.DataFrame(rows).assign(outcome=WORK, group="target_group", persons=500.0)
    return ledger.rows(frame.assign(status=frame["status"].fillna("ok")), area="oulu", simulated=True)


@pytest.mark.parametrize(
    ("changed", "doubtful"),
    [
        ({}, False),
        ({"trend": (-0.05, 0.01)}, False),  # a large drift the other way cannot explain a gain
        ({"trend": (-0.02, 0.04)}, True),  # allows more than would overturn the finding
        ({"contradiction": "concern"}, True),
        ({"contradiction": "not_run"}, True),
        ({"low": -0.15, "high": -0.05, "trend": (-0.04, 0.01)}, True),
        ({"low": -0.15, "high": -0.05, "trend": (-0.01, 0.05)}, False),
    ],
)
def test_a_direction_is_clear_only_where_no_drift_and_nothing_else_could_explain_it(changed, doubtful):
    rows = cleared(**changed)
    assert fairness.doubtful(Case(rows, TRIALS, area="oulu"), WORK) == doubtful
    for code in CODES:
        words = get(code)
        said = [
            one for one in first_screen.headline(Case(rows, TRIALS, area="oulu"), words) if one.about == WORK
        ]
        assert (said[0].kind in findings.DOUBTS) == doubtful
        assert (DOUBT[code] in said[0].text) == doubtful
        short = [
            one for one in answers.answers(Case(rows, TRIALS, area="oulu"), words) if one.about == "work"
        ]
        assert (short[0].kind in findings.DOUBTS) == doubtful


@pytest.mark.parametrize("missing", ["estimate", "std_error"])
def test_a_finding_without_an_estimate_or_its_error_is_not_borne_out(missing):
    rows = cleared()
    row = rows[rows["measure"] == "att"].iloc[0]
    case = Case(rows, TRIALS, area="oulu")
    assert fairness.borne_out(case, row)
    without = pd.concat([row.drop(missing), pd.Series({missing: float("nan")})])
    assert not fairness.borne_out(case, without)


def test_without_a_check_of_trends_nothing_is_clear_and_the_page_says_so():
    rows = cleared()
    rows = rows[rows["item"] != "pre_trend"]
    assert fairness.doubtful(Case(rows, TRIALS, area="oulu"), WORK)
    said = fairness.drift_seen(Case(rows, TRIALS, area="oulu"), get("en"))
    assert said.kind == "not_run" and "could not be checked" in said.text

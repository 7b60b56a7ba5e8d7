"""A made-up cleared ledger with a row for every entry of the catalogue, for tests of what readers see.

Three areas of different size and verdict, and ``all``: Oulu passes, Helsinki raises a concern, and
Raasepori and Hanko fails, so that its headline effect is withheld and some of its cells are suppressed.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
import pandas as pd

from evaluation.results import ledger
from evaluation.results.withholding import withheld
from evaluation.units import unit_of
from small_register import TRIALS

AREAS = ("helsinki", "oulu", "raasepori-hanko")
SIZES = {"helsinki": 42_000, "oulu": 14_300, "raasepori-hanko": 640, "all": 160_000}
EFFECTS = {"helsinki": 0.004, "oulu": 0.03, "raasepori-hanko": -0.01, "all": 0.008}
VERDICTS = {"helsinki": "concern", "oulu": "pass", "raasepori-hanko": "fail", "all": "concern"}
REASONS = {"helsinki": "pre_trend", "oulu": "", "raasepori-hanko": "overlap;clusters", "all": "pre_trend"}
MUNICIPALITIES = {
    "helsinki": ["091"],
    "oulu": ["564", "244", "425", "436", "494", "859", "889"],
    "raasepori-hanko": ["710", "078"],
}
# outcome: unit, level without the trial, size of the effect for +1 point of open employment
OUTCOMES = {
    "open_employment_12m": ("share", 0.36, 1.0),
    "open_employment_days_12m": ("days", 118.0, 240.0),
    "subsidised_days_12m": ("days", 14.0, 60.0),
    "service_days_12m": ("days", 41.0, 180.0),
    "unemployed_days_12m": ("days", 152.0, -300.0),
    "broad_unemployed_days_12m": ("days", 193.0, -120.0),
    "entered_education_12m": ("share", 0.07, 0.3),
    "benefit_eur_12m": ("eur", 5_900.0, -9_000.0),
}
FURTHER = {
    "open_employment_6m": ("share", 0.31, 0.8),
    "open_employment_24m": ("share", 0.41, 0.9),
    "still_unemployed_12m": ("share", 0.24, -0.7),
    "long_term_unemployed_12m": ("share", 0.22, -0.7),
}
PAYERS = ("municipality", "state", "unemployment_funds", "eu", "all_public")
PERSPECTIVES = ("municipality", "state", "all_public")
COVARIATES = (
    "age",
    "sex=female",
    "education=basic",
    "education=tertiary",
    "native_language=other",
    "immigrant",
    "unemployed_days_24m_before",
    "service_days_24m_before",
    "earlier_spells_24m",
    "earnings_12m_before_eur",
)
STEPS = ("spells_in_window", "washout_90_days", "resident_of_area", "target_group", "history_24m", "analysed")
CHECKS = (
    "pre_trend",
    "placebo_date",
    "placebo_outcome",
    "placebo_population",
    "hidden_bias",
    "overlap",
    "balance",
    "clusters",
)
SENSITIVITY = {
    "baseline_2018_19": -0.002,
    "baseline_covid": 0.015,
    "donut_3m": 0.001,
    "neighbours_excluded": 0.003,
    "with_possible_pilots": -0.001,
    "entropy_weights": 0.002,
    "regression_adjustment": 0.004,
    "synthetic_control": -0.004,
    "synthetic_did": 0.001,
    "triple_difference": -0.006,
    "discontinuity_30": 0.008,
    "naive_clustered": 0.0,
}


def _interval(estimate: np.ndarray | float, error: np.ndarray | float) -> dict[str, object]:
    return {
        "estimate": estimate,
        "std_error": error,
        "ci_low": np.asarray(estimate) - 1.96 * np.asarray(error),
        "ci_high": np.asarray(estimate) + 1.96 * np.asarray(error),
    }


def _area(area: str, rng: np.random.Generator) -> list[pd.DataFrame]:
    n = SIZES[area]
    noise = 1.1 / np.sqrt(n) + 0.006
    effect = EFFECTS[area]
    status = "withheld" if VERDICTS[area] == "fail" else "ok"
    parts: list[pd.DataFrame] = []

    def add(frame: pd.DataFrame, **fixed: object) -> None:
        persons = (
            {} if "persons" in frame or "persons" in fixed else {"persons": float(n), "episodes": n * 1.3}
        )
        parts.append(frame.assign(area=area, simulated=True, **persons, **fixed))

    # cohort
    for arm, size in (("pilot", n), ("comparison", 58_000)):
        left = np.round(size * np.array([2.1, 1.7, 1.66, 1.2, 1.12, 1.0]) / 5) * 5
        for measure, factor in (("attrition_episodes", 1.3), ("attrition_persons", 1.0)):
            counts = np.round(left * factor / 5) * 5
            add(
                pd.DataFrame({"item": STEPS, "x": range(6), "estimate": counts, "persons": left}),
                topic="cohort",
                measure=measure,
                group=arm,
                unit=measure.removeprefix("attrition_"),
            )
    windows = ("2018_19", "2019_20", "covid", "after_1", "after_2", "after_3", "after")
    cells = pd.DataFrame(
        itertools.product(("episodes", "persons"), ("pilot", "comparison"), windows),
        columns=["measure", "item", "window"],
    )
    for group, share in (("target_group", 1.0), ("te_office_stayers", 0.35)):
        base = (
            np.where(cells["item"] == "pilot", n, 58_000)
            * share
            / 6
            * np.where(cells["window"] == "after", 3, 1)
        )
        add(
            cells.assign(estimate=np.round(base / 5) * 5, persons=base, unit=cells["measure"]),
            topic="cohort",
            group=group,
        )

    # comparability
    before = rng.normal(0.12, 0.12, len(COVARIATES)).round(3)
    for specification, smd in (("before_weighting", before), ("after_weighting", before * 0.08)):
        add(
            pd.DataFrame({"item": COVARIATES, "estimate": smd}),
            topic="comparability",
            measure="smd",
            unit="sd",
            specification=specification,
        )
    add(
        pd.DataFrame({"item": ["pilot", "comparison"], "estimate": [n * 1.3, 21_000.0]}),
        topic="comparability",
        measure="ess",
        unit="episodes",
    )
    add(
        pd.DataFrame({"item": ["pilot", "comparison"], "estimate": [0.98, 0.91]}),
        topic="comparability",
        measure="overlap",
        unit="share",
    )
    states = {
        "pass": {},
        "concern": {"pre_trend": "concern"},
        "fail": {"overlap": "fail", "clusters": "fail"},
    }
    found = states[VERDICTS[area]]
    estimates = np.array([0.001, 0.002, 0.001, 0.003, np.nan, 0.97, 0.02, 41.0])
    wide = np.array([0.001, 0.009, 0.006, 0.008, np.nan, np.nan, np.nan, np.nan])
    add(
        pd.DataFrame({"item": CHECKS, **_interval(estimates, wide)}).assign(
            status=["not_run" if c == "hidden_bias" else found.get(c, "pass") for c in CHECKS],
            unit=["share"] * 4 + ["ratio", "share", "sd", "number"],
        ),
        topic="comparability",
        measure="diagnostic",
        outcome="open_employment_12m",
    )
    for outcome in TRIALS.outcomes.judged:
        unit = unit_of(outcome)
        size = 1.0 if unit == "share" else 100.0
        if outcome != "open_employment_12m":
            found = pd.DataFrame({"item": ["pre_trend"], **_interval(np.array([0.1]), np.array([0.3]))})
            add(found, topic="comparability", measure="diagnostic", outcome=outcome, unit=unit, status="pass")
        said = pd.DataFrame({"item": ["contradiction"], "estimate": [0.0]})
        add(said, topic="comparability", measure="diagnostic", outcome=outcome, unit="number", status="pass")
        bound = pd.DataFrame({"item": ["per_year"], "estimate": [0.012 * size]})
        add(bound, topic="comparability", measure="breakdown", outcome=outcome, unit=unit)
    for outcome in TRIALS.outcomes.checked:
        add(
            pd.DataFrame({"item": [REASONS[area]], "status": [VERDICTS[area]]}),
            topic="comparability",
            measure="verdict",
            outcome=outcome,
        )

    # description
    quarters = pd.period_range("2018Q1", "2023Q4", freq="Q")
    x = np.arange(len(quarters)) - 12.0
    dip = -0.07 * np.exp(-((x + 3) ** 2) / 4)
    for outcome in (
        "open_employment_12m",
        "service_days_12m",
        "broad_unemployed_days_12m",
        "benefit_eur_12m",
    ):
        unit, level, size = OUTCOMES[outcome]
        for arm, shift in (("pilot", -0.02), ("comparison", 0.0)):
            move = shift + dip + 0.012 * np.sin(x * np.pi / 2) + rng.normal(0, noise, len(x))
            move = move + (effect * (x >= 0) if arm == "pilot" else 0.0)
            error = noise * (1.0 if arm == "pilot" else 0.3)
            scale = 1.0 if unit == "share" else size
            add(
                pd.DataFrame(
                    {
                        "window": quarters.astype(str),
                        "x": x,
                        **_interval(level + move * scale, np.full(len(x), abs(error * scale))),
                        "item": arm,
                    }
                ),
                topic="description",
                measure="mean",
                outcome=outcome,
                unit=unit,
                persons=n / 24,
            )
    for outcome, (unit, level, size) in (OUTCOMES | FURTHER).items():
        frame = pd.DataFrame(itertools.product(("pilot", "comparison"), windows), columns=["item", "window"])
        add(
            frame.assign(
                estimate=level
                + size * (frame["window"].str.startswith("after") * effect) * (frame["item"] == "pilot")
            ),
            topic="description",
            measure="window_mean",
            outcome=outcome,
            unit=unit,
        )
    months = pd.period_range("2018-01", "2023-12", freq="M")
    m = np.arange(len(months)) - 38.0
    for measure, level in (
        ("activation_rate", 0.27),
        ("unemployed_share", 0.105),
        ("broad_unemployed_share", 0.14),
        ("long_term_share", 0.035),
    ):
        for arm, shift in (("pilot", 1.1), ("comparison", 1.0)):
            season = 1 + 0.07 * np.cos(m * np.pi / 6) + 0.35 * np.exp(-((m + 9) ** 2) / 40)
            add(
                pd.DataFrame(
                    {"window": months.astype(str), "x": m, "item": arm, "estimate": level * shift * season}
                ),
                topic="description",
                measure=measure,
                group="all",
                unit="share",
            )
    days = np.arange(0, 731, 30).astype(float)
    for exit_state, top in (
        ("open_employment", 0.48),
        ("study", 0.09),
        ("subsidised_employment", 0.12),
        ("outside", 0.08),
    ):
        for arm, shift in (("pilot", 1.04), ("comparison", 1.0)):
            for window in ("2019_20", "after"):
                curve = top * shift * (1 - np.exp(-days / 240)) * (1.02 if window == "after" else 1.0)
                error = np.sqrt(curve * (1 - curve) / max(n / 6, 50))
                add(
                    pd.DataFrame({"x": days, **_interval(curve, np.fmin(error, curve / 2)), "item": arm}),
                    topic="description",
                    measure="cif",
                    outcome=exit_state,
                    window=window,
                    unit="share",
                )
    levels = {
        "sex": {"female": 0.47, "male": 0.53},
        "age": {"under_30": 0.41, "30_49": 0.38, "50_plus": 0.21},
        "education": {"basic": 0.28, "secondary": 0.5, "tertiary": 0.18, "unknown": 0.04},
        "native_language": {"fi": 0.72, "sv": 0.05, "other": 0.23},
    }
    mix = [
        (f"{c}={v}", arm, s)
        for c, d in levels.items()
        for v, s in d.items()
        for arm in ("pilot", "comparison")
    ]
    add(
        pd.DataFrame(mix, columns=["item", "group", "estimate"]),
        topic="description",
        measure="case_mix",
        unit="share",
    )
    if area != "all":
        codes = MUNICIPALITIES[area]
        sizes = (
            np.round(n / 5 * np.array([0.8, *([0.2 / max(len(codes) - 1, 1)] * (len(codes) - 1))]) / 5) * 5
        )
        for window in ("2019_20", "after"):
            counts = pd.DataFrame({"item": codes, "estimate": sizes[: len(codes)], "window": window})
            means = counts.assign(estimate=0.36, **{"ci_low": 0.31, "ci_high": 0.41})
            hidden = counts["estimate"] < 50
            for frame, measure, outcome, unit in (
                (counts, "municipality_episodes", "", "episodes"),
                (means, "municipality_mean", "open_employment_12m", "share"),
            ):
                frame.loc[hidden, ["estimate"] + [c for c in ("ci_low", "ci_high") if c in frame]] = np.nan
                add(
                    frame.assign(status=np.where(hidden, "suppressed", "ok")),
                    topic="description",
                    measure=measure,
                    outcome=outcome,
                    unit=unit,
                )
        known = area == "oulu"
        add(
            pd.DataFrame(
                {"estimate": [148.0 if known else np.nan], "status": ["ok" if known else "missing"]}
            ),
            topic="description",
            measure="caseload_per_worker",
            unit="ratio",
        )

    # effect and sensitivity
    for rank, (outcome, (unit, level, size)) in enumerate((OUTCOMES | FURTHER).items()):
        value, error = effect * size, noise * abs(size) if unit != "share" else noise
        numbers = {**_interval(value, error), "p_value": 0.01 + 0.04 * rank}
        numbers |= {"estimate": value}
        hide = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "p_value"), np.nan)
        add(
            pd.DataFrame([hide if status == "withheld" else numbers]),
            topic="effect",
            measure="att",
            outcome=outcome,
            window="2019_20",
            unit=unit,
            method="doubly robust difference-in-differences; placebo areas",
            status=status,
        )
        for measure, number, u in (
            ("p_adjusted", min(1.0, 0.03 + 0.08 * rank), "probability"),
            ("mde", 2.8 * error, unit),
            ("mean_after", level + value, unit),
            ("counterfactual_mean", level, unit),
        ):
            add(
                pd.DataFrame({"estimate": [np.nan if status == "withheld" else number]}),
                topic="effect",
                measure=measure,
                outcome=outcome,
                window="2019_20",
                unit=u,
                status=status,
            )
    points = np.arange(-12, 12).astype(float)
    for outcome in ("open_employment_12m", "service_days_12m"):
        unit, _, size = OUTCOMES[outcome]
        value = effect * abs(size) * np.clip((points + 1) / 4, 0, 1) + rng.normal(
            0, noise * abs(size) / 2, 24
        )
        value[points == -5] = 0.0
        error = np.where(points == -5, 0.0, noise * abs(size) * 1.4)
        frame = pd.DataFrame({"x": points, **_interval(value, error)})
        if status == "withheld":
            frame[["estimate", "std_error", "ci_low", "ci_high"]] = np.nan
        add(
            frame,
            topic="effect",
            measure="event_study",
            outcome=outcome,
            window="2019_20",
            unit=unit,
            status=status,
        )
    for specification, shift in SENSITIVITY.items():
        run = not (specification == "discontinuity_30" and n < 1_000)
        error = noise * (0.45 if specification == "naive_clustered" else 1.1)
        numbers = _interval(effect + shift, error) if run else {}
        add(
            pd.DataFrame([numbers or {"estimate": np.nan}]),
            topic="sensitivity",
            measure="att",
            outcome="open_employment_12m",
            window=specification.removeprefix("baseline_")
            if specification.startswith("baseline_")
            else "2019_20",
            specification=specification,
            unit="share",
            status=("ok" if status == "ok" else status) if run else "not_run",
        )
    if area != "all" and len(MUNICIPALITIES[area]) > 1:
        left_out = effect + rng.normal(0, 0.003, len(MUNICIPALITIES[area]))
        add(
            pd.DataFrame({"item": MUNICIPALITIES[area], **_interval(left_out, noise * 1.1)}),
            topic="sensitivity",
            measure="att",
            outcome="open_employment_12m",
            window="2019_20",
            specification="leave_one_out",
            unit="share",
            status=status,
        )

    # costs
    means = {"municipality": 1_450.0, "state": 4_900.0, "unemployment_funds": 420.0, "eu": 55.0}
    means["all_public"] = sum(means.values())
    for arm, window in itertools.product(("pilot", "comparison"), ("2019_20", "after")):
        level = np.array([means[p] for p in PAYERS])
        level = level + (np.array([60, -240, 15, 20, -145]) if (arm, window) == ("pilot", "after") else 0)
        add(
            pd.DataFrame({"item": PAYERS, **_interval(level, level * 0.03)}),
            topic="cost",
            measure="mean_cost",
            window=window,
            group=arm,
            unit="eur",
        )
    delta = dict(zip(PAYERS, (60.0, -240.0, 15.0, 20.0, -145.0), strict=True))
    errors = dict(zip(PAYERS, (35.0, 110.0, 14.0, 9.0, 130.0), strict=True))
    factor = np.sqrt(14_300 / n)
    for payer in PAYERS:
        add(
            pd.DataFrame([_interval(delta[payer], errors[payer] * factor)]),
            topic="cost",
            measure="delta_cost",
            item=payer,
            outcome=f"cost_{payer}_12m_eur",
            window="2019_20",
            unit="eur",
            method="doubly robust difference-in-differences",
        )
    items = {
        "labour_market_support:municipality": 900.0,
        "labour_market_support:state": 3_100.0,
        "basic_allowance:state": 700.0,
        "earnings_related:unemployment_funds": 420.0,
        "services:state": 1_300.0,
        "services:municipality": 550.0,
        "pay_subsidy:state": 610.0,
        "taxes:state": -810.0,
        "taxes:municipality": -640.0,
        "programme:eu": 55.0,
    }
    for group in ("pilot", "comparison"):
        add(
            pd.DataFrame({"item": list(items), "estimate": list(items.values())}),
            topic="cost",
            measure="cost_item",
            group=group,
            window="after",
            unit="eur",
        )
    known = area == "oulu"
    add(
        pd.DataFrame(
            {
                "item": ["low", "high", "reported"],
                "estimate": [380.0, 910.0, 655.0 if known else np.nan],
                "status": ["ok", "ok", "ok" if known else "missing"],
            }
        ),
        topic="cost",
        measure="programme_cost_per_client",
        unit="eur",
        persons=np.nan,
    )
    shifts = {
        "unemployed_to_service:municipality": -390.0,
        "unemployed_to_service:state": 520.0,
        "unemployed_to_open_employment:municipality": -560.0,
        "unemployed_to_open_employment:state": -910.0,
    }
    add(
        pd.DataFrame({"item": list(shifts), "estimate": list(shifts.values())}),
        topic="cost",
        measure="cost_shift",
        unit="eur",
        persons=np.nan,
    )

    # cost-effectiveness
    months_effect = effect * 240 / 30.4375
    for perspective in PERSPECTIVES:
        cost, cost_error = delta[perspective], errors[perspective] * factor
        gain, gain_error = months_effect, noise * 240 / 30.4375
        kind = "interval" if effect > 0.02 else "outside" if effect > 0 else "refused:fewer_months_in_work"
        ratio = cost / gain if not kind.startswith("refused") else np.nan
        one = pd.DataFrame
        common = {"topic": "cost_effectiveness", "item": perspective, "window": "2019_20"}
        add(
            one(
                {
                    "estimate": [ratio],
                    "ci_low": [ratio - 900 if ratio == ratio else np.nan],
                    "ci_high": [ratio + 1_100],
                }
            ),
            measure="icer",
            unit="eur_per_month",
            method=kind,
            **common,
        )
        add(one([_interval(gain, gain_error)]), measure="delta_effect", unit="months", **common)
        add(one([_interval(cost, cost_error)]), measure="delta_cost", unit="eur", **common)
        add(one({"estimate": [-0.35]}), measure="correlation", unit="number", **common)
        quadrants = {"quadrant_ne": 0.2, "quadrant_nw": 0.05, "quadrant_se": 0.7, "quadrant_sw": 0.05}
        add(
            one({"measure": list(quadrants), "estimate": list(quadrants.values())}),
            unit="probability",
            **common,
        )
        value = np.arange(0, 5_001, 250).astype(float)
        benefit, benefit_error = value * gain - cost, np.hypot(value * gain_error, cost_error)
        add(
            one({"x": value, **_interval(benefit, benefit_error)}),
            measure="net_benefit",
            unit="eur",
            **common,
        )
        accept = 1 / (1 + np.exp(-1.7 * benefit / benefit_error))
        add(one({"x": value, "estimate": accept}), measure="acceptability", unit="probability", **common)
        add(
            one({"x": value, "estimate": benefit_error * 0.4 * np.exp(-np.abs(benefit / benefit_error))}),
            measure="evpi",
            unit="eur",
            **common,
        )
        cheap = cost < 0
        for measure, number, unit, method in (
            (
                "break_even_effect",
                0.0 if cheap else cost / 1_500,
                "months",
                "pays_for_itself" if cheap else "found",
            ),
            ("break_even_cost", 1_500 * gain, "eur", "found"),
            (
                "break_even_persistence",
                np.nan if cheap else 9.0,
                "months",
                "pays_for_itself" if cheap else "found",
            ),
            ("payback", np.nan, "months", "pays_for_itself" if cheap else "never"),
            ("mvpf", 1.3, "ratio", "found"),
        ):
            add(one({"estimate": [number], "method": [method]}), measure=measure, unit=unit, **common)

    # quality
    add(
        pd.DataFrame(
            {
                "item": [
                    "spells:rows_read",
                    "spells:end_before_start",
                    "spells:duplicate",
                    "persons:rows_read",
                    "persons:unknown_education",
                ],
                "estimate": [80_000.0, 35.0, 120.0, 16_000.0, 480.0],
                "method": ["read", "dropped", "dropped", "read", "kept as unknown"],
            }
        ),
        topic="quality",
        measure="rows",
        unit="number",
        persons=np.nan,
    )
    add(
        pd.DataFrame({"item": [*AREAS, "all", "comparison"], "estimate": [0.91, 1.04, 0.88, 0.97, 0.99]}),
        topic="quality",
        measure="register_to_statistics",
        unit="ratio",
        persons=900.0,
    )
    return parts


def _pooled() -> list[pd.DataFrame]:
    parts: list[pd.DataFrame] = []

    def add(frame: pd.DataFrame, **fixed: object) -> None:
        parts.append(
            frame.assign(
                topic="pooled", outcome="open_employment_12m", simulated=True, persons=5_000.0, **fixed
            )
        )

    for measure, unit, numbers in (
        ("att", "share", _interval(0.008, 0.006)),
        ("prediction_interval", "share", _interval(0.008, 0.014)),
        ("tau", "share", {"estimate": 0.012, "ci_low": 0.004, "ci_high": 0.021}),
        ("i2", "share", {"estimate": 0.41, "ci_low": 0.05, "ci_high": 0.7}),
        ("heterogeneity", "number", {"estimate": 3.4, "p_value": 0.18}),
    ):
        add(
            pd.DataFrame([numbers]),
            area="all",
            measure=measure,
            unit=unit,
            method="REML, Hartung–Knapp"
            if measure == "att"
            else "cannot_be_ranked"
            if measure == "heterogeneity"
            else "",
        )
    for i, area in enumerate(AREAS):
        value, error = EFFECTS[area], 1.1 / np.sqrt(SIZES[area]) + 0.006
        shrink = 0.012**2 / (0.012**2 + error**2)
        add(pd.DataFrame([_interval(value, error)]), area=area, measure="att_raw", unit="share")
        small = _interval(0.008 + shrink * (value - 0.008), error * np.sqrt(shrink))
        add(pd.DataFrame([small]), area=area, measure="att_shrunken", unit="share")
        add(
            pd.DataFrame({"estimate": [[2.0, 1.0, 3.0][i]], "ci_low": [1.0], "ci_high": [3.0]}),
            area=area,
            measure="rank",
            unit="rank",
        )
        limit = {
            "estimate": 0.008,
            "ci_low": 0.008 - 2.6 * error,
            "ci_high": 0.008 + 2.6 * error,
            "std_error": error,
        }
        add(pd.DataFrame([limit]), area=area, measure="funnel_limit", unit="share")
    return parts


def _public() -> list[pd.DataFrame]:
    parts: list[pd.DataFrame] = []
    gaps = {"2018_19": 2.0, "2019_20": 1.94, "covid": 2.70, "after_1": 2.88, "after_2": 2.24, "after_3": 2.32}
    months = pd.period_range("2018-01", "2023-10", freq="M")
    m = np.arange(len(months)) - 38.0
    for i, area in enumerate(("all", *AREAS)):

        def add(frame: pd.DataFrame, area: str = area, **fixed: object) -> None:
            parts.append(
                frame.assign(area=area, topic="public_statistics", group="all", simulated=False, **fixed)
            )

        shift = 0.3 * i
        add(
            pd.DataFrame({"window": list(gaps), "estimate": [g + shift for g in gaps.values()]}),
            measure="gap",
            outcome="unemployed_share",
            item="pilot-comparison",
            unit="points",
        )
        quarters = np.arange(-12, 11)
        for share in ("unemployed_share", "unemployed_without_layoffs_share"):
            course = 0.4 * np.exp(-((quarters + 3) ** 2) / 4.0) + shift
            add(
                pd.DataFrame(
                    {
                        "window": [f"{2021 + q // 4}Q{q % 4 + 1}" for q in quarters],
                        "x": quarters.astype(float),
                        "estimate": course,
                        "ci_low": course - 0.5,
                        "ci_high": course + 0.5,
                    }
                ),
                measure="event_study",
                outcome=share,
                unit="points",
            )
        for method in ("synthetic_did", "synthetic_control"):
            given = {
                "outcome": "unemployed_share",
                "specification": method,
                "window": "after",
                "unit": "points",
            }
            add(pd.DataFrame([_interval(0.25 + shift, 0.2)]), measure="synthetic", **given)
            add(pd.DataFrame({"estimate": [0.1]}), measure="fit_before", **given)
        season = 1 + 0.08 * np.cos(m * np.pi / 6) + 0.4 * np.exp(-((m + 9) ** 2) / 40)
        for arm, level in (("pilot", 0.105 + shift / 100), ("comparison", 0.085)):
            add(
                pd.DataFrame({"window": months.astype(str), "x": m, "estimate": level * season}),
                measure="series",
                outcome="unemployed_share",
                item=arm,
                unit="share",
            )
        for baseline, window in itertools.product(
            ("2018_19", "2019_20", "covid"), ("after_1", "after_2", "after_3")
        ):
            value = gaps[window] - gaps[baseline]
            add(
                pd.DataFrame([{**_interval(value, 0.25), "p_value": 0.2}]),
                measure="did",
                outcome="unemployed_share",
                window=window,
                specification=f"baseline_{baseline}",
                unit="points",
                method="placebo areas",
            )
    return parts


def example() -> pd.DataFrame:
    """Cleared ledger of three areas and all: every catalogue entry, every status."""
    return _whole().copy()


@lru_cache
def _whole() -> pd.DataFrame:
    rng = np.random.default_rng(1269)
    parts = [part for area in (*AREAS, "all") for part in _area(area, rng)] + _pooled() + _public()
    validation = pd.DataFrame(
        {
            "measure": ["bias", "coverage", "false_positive", "power"],
            "estimate": [0.0004, 0.948, 0.049, 0.61],
            "unit": ["share", "share", "share", "share"],
        }
    )
    tried = validation.assign(area="all", topic="validation", simulated=True, method="200 runs; 1750 persons")
    parts.append(tried.assign(item="small"))
    whole = ledger.rows(pd.concat(parts, ignore_index=True))
    whole.loc[withheld(whole, TRIALS), "status"] = "withheld"
    hidden = whole["status"].isin(["withheld", "suppressed", "missing"])
    whole.loc[hidden, ["estimate", "std_error", "ci_low", "ci_high", "p_value"]] = np.nan
    return whole.sort_values(ledger.KEY, kind="stable", ignore_index=True)


if __name__ == "__main__":
    print(example().groupby(["topic", "measure"]).size().to_string())

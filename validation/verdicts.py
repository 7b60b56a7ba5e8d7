"""How often the verdict errs on registers of another making: drift published, fair areas withheld.

``python -m validation.verdicts --registers 4`` prints rates by kind of area; more registers, smaller errors.
``--save`` and ``--beside`` join a study that was run in parts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.cohorts.cohort import inflow
from evaluation.cohorts.comparison import compare
from evaluation.diagnostics import area as checks
from evaluation.diagnostics.contradiction import contradictions
from evaluation.diagnostics.verdict import verdicts
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.inference import area as effects
from evaluation.inference.sensitivity import sensitivity_rows
from evaluation.inference.shocks import ShockPrior, shock_prior
from evaluation.outcomes.measures import measure
from evaluation.registers.reference import reference
from evaluation.results import ledger
from evaluation.study import Study, read_study
from evaluation.words import fairness
from evaluation.words.findings import Case
from validation import other_world

KINDS = {"fair": 0.45, "drift": 0.2, "effect": 0.2, "anticipation": 0.15}
SIZES = (0, 600, 2000, np.inf)  # treated episodes of a small, a middling and a large area
DRIFT, EFFECT, ANTICIPATION = 0.15, 0.3, 0.25  # on the log hazard: about 3, 7 and 5 points


def truths(areas: list[str], *, seed: int) -> tuple[other_world.Truths, dict[str, str]]:
    """What is true of each area, drawn by kind."""
    rng = np.random.default_rng([seed, 9])
    drawn = rng.choice(list(KINDS), size=len(areas), p=list(KINDS.values()))
    kind = dict(zip(areas, drawn, strict=True))
    sign = dict(zip(areas, rng.choice([-1.0, 1.0], size=len(areas)), strict=True))

    def of(name: str, size: float) -> dict[str, float]:
        return {area: size * sign[area] for area in areas if kind[area] == name}

    return other_world.Truths(
        of("drift", DRIFT), of("effect", EFFECT), of("anticipation", ANTICIPATION)
    ), kind


def judged(
    episodes: pd.DataFrame,
    study: Study,
    *,
    area: str,
    municipalities: pd.DataFrame,
    prior: ShockPrior,
    earlier: MunicipalChanges | None,
) -> dict[str, object]:
    """Verdict, headline and whether its words may be clear, as notebook and pages make them."""
    outcome = study.outcomes.headline
    shocks = effects.shock_structure(municipalities, study.areas, area=area, prior=prior, earlier=earlier)
    main = compare(episodes, study, area=area).frame
    _, fair = checks.balance_rows(main, study)
    _, trend = checks.event_study_rows(episodes, study, area=area, shocks=shocks, seed=1)
    controls = checks.negative_controls(episodes, study, area=area, shocks=shocks, seed=1)
    changes = municipal_changes(main, outcomes=[outcome], covariates=study.covariates)
    found = effects.effect_rows(main, changes, baseline=study.main_baseline, seed=1, **shocks)
    beside = ("triple_difference", *(f"baseline_{name}" for name in study.other_baselines))
    varied = sensitivity_rows(
        episodes,
        changes,
        study,
        area=area,
        municipalities=municipalities,
        shocks=shocks,
        seed=1,
        outcomes=[outcome],
        only=beside,
    )
    own = checks.finding_checks(found, changes, study)
    against = contradictions(found, controls, varied, study)
    diagnosis = pd.concat([fair, trend, controls, own, against], ignore_index=True)
    verdict = verdicts(diagnosis, study)
    chapters = {"comparability": pd.concat([diagnosis, verdict]), "effect": found}
    rows = pd.concat(
        [
            ledger.rows(
                chapter.drop(columns="topic", errors="ignore"), topic=topic, area=area, simulated=True
            )
            for topic, chapter in chapters.items()
        ]
    ).assign(group="target_group", specification="main")
    att = found[found["measure"] == "att"].iloc[0]
    status = verdict["status"].iloc[0]
    finding = bool(att["ci_low"] > 0 or att["ci_high"] < 0)
    clear = finding and status in fairness.SHOWN
    clear = clear and not fairness.doubtful(Case(rows, study, area=area), outcome)
    return {
        "episodes": int(main["treated"].sum()),
        "estimate": att["estimate"],
        "half": (att["ci_high"] - att["ci_low"]) / 2,
        "finding": finding,
        "status": status,
        "why": verdict["item"].iloc[0],
        "clear": clear,
    }


def only_work(study: Study) -> Study:
    """The study judged by its headline alone, which is what takes the time."""
    work = next(
        family for family in study.outcomes.families.values() if family.checked == study.outcomes.headline
    )
    outcomes = study.outcomes.model_copy(
        update={"families": {"work": work}, "first_screen": (study.outcomes.headline,)}
    )
    return study.model_copy(update={"outcomes": outcomes})


def main() -> int:
    """Draw registers, judge every area and print rates by kind and size of area."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registers", type=int, default=4)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--study", default="studies/kuntakokeilut-2021.toml")
    parser.add_argument("--reference", type=Path, default=Path("data/raw/reference"))
    parser.add_argument("--save", help="CSV file for one row an area")
    parser.add_argument("--beside", nargs="*", default=[], help="CSV files of other parts of the same study")
    parser.add_argument("--to", help="CSV file for the rates, as docs/validation/verdicts.csv")
    given = parser.parse_args()
    study = only_work(read_study(given.study))
    municipalities = reference("municipalities", given.reference)
    prior = shock_prior(given.reference)
    areas = sorted(set(municipalities["pilot_area"].dropna().astype(str)) - {""})
    rows = []
    for seed in range(given.seed, given.seed + given.registers):
        true, kind = truths(areas, seed=seed)
        drawn = other_world.world(
            municipalities, persons=given.persons, seed=seed, shock_sd=0.06, autocorrelation=0.8, shared=0.3
        )
        register = other_world.register(drawn, other_world.histories(drawn, true, seed=seed, trial=True))
        episodes = inflow(register, study, municipalities=municipalities).episodes
        episodes = episodes.join(measure(register, episodes, months=[12]))
        earlier = effects.changes_before(episodes, study, outcomes=[study.outcomes.headline])
        known = {"municipalities": municipalities, "prior": prior, "earlier": earlier}
        for area in [area for area in areas if (episodes["area"] == area).any()]:
            found = judged(episodes, study, area=area, **known)  # type: ignore[arg-type]
            rows.append({"register": seed, "area": area, "kind": kind[area], **found})
    table = pd.DataFrame(rows)
    if given.save:
        table.to_csv(given.save, index=False)
    found = rates(pd.concat([table, *map(pd.read_csv, given.beside)]))
    if given.to:
        found.round(4).to_csv(given.to, lineterminator="\n")
    print(found.round(3).to_string())
    return 0


def rates(table: pd.DataFrame) -> pd.DataFrame:
    """How often areas of each kind and size are withheld, not to be judged, pass, find, find clearly."""
    size = pd.cut(table["episodes"], SIZES, labels=["small", "middling", "large"]).rename("size")
    states = {"withheld": "fail", "unjudged": "not_run", "passed": "pass"}
    told = table.assign(**{name: table["status"].eq(state) for name, state in states.items()})
    by = told.groupby(["kind", size], observed=True)
    return by[[*states, "finding", "clear", "half"]].mean().assign(areas=by.size())


if __name__ == "__main__":
    raise SystemExit(main())

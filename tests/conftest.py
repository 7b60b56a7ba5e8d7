"""A small simulated register, read and measured once a session, for tests of what is built on episodes."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from small_register import TRIALS

REFERENCE = Path(__file__).parents[1] / "data" / "raw" / "reference"


@dataclass(frozen=True)
class SmallStudy:
    """Processed tables of a simulated register; ten percentage points in Oulu, none elsewhere."""

    register: object
    episodes: pd.DataFrame
    attrition: pd.DataFrame
    cells: pd.DataFrame
    rules: pd.DataFrame
    municipalities: pd.DataFrame
    reference: Path
    processed: Path


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    from evaluation.cohorts import cohort
    from evaluation.outcomes import area_months, measures
    from evaluation.registers import ingest, stored
    from evaluation.registers.reference import reference
    from evaluation.simulation.register import simulate

    folder = tmp_path_factory.mktemp("study")
    simulate(
        folder / "raw", TRIALS, persons=16_000, seed=5, reference=REFERENCE, effects={"oulu": 0.1}, dirt=0.002
    )
    rules = ingest.ingest(folder / "raw", folder / "processed", reference=REFERENCE)
    register = stored.load(folder / "processed")
    municipalities = reference("municipalities", REFERENCE)
    found = cohort.inflow(register, TRIALS, municipalities=municipalities)
    return SmallStudy(
        register,
        found.episodes.join(measures.measure(register, found.episodes, TRIALS)),
        found.attrition,
        area_months.cells(register, **TRIALS.months),
        rules,
        municipalities,
        REFERENCE,
        folder / "processed",
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """Processed tables that `evaluation demo` makes."""
    from evaluation.pipeline import first_look
    from evaluation.pipeline.project import Project

    project = Project.at(Path(__file__).parents[1], data=tmp_path_factory.mktemp("demo"))
    return first_look.demo(project, seed=20210301)

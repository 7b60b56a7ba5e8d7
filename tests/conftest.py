"""A small simulated register, read and measured once a session, for tests of what is built on episodes."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "data" / "raw" / "reference"


@dataclass(frozen=True)
class SmallStudy:
    """Processed tables of a simulated register; ten percentage points in Oulu, none elsewhere."""

    episodes: pd.DataFrame
    attrition: pd.DataFrame
    cells: pd.DataFrame
    rules: pd.DataFrame
    municipalities: pd.DataFrame
    reference: Path


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    from evaluation import area_months, cohort, outcomes, registers, simulate
    from evaluation.reference import reference

    folder = tmp_path_factory.mktemp("study")
    simulate.register(
        folder / "raw", persons=16_000, seed=5, reference=REFERENCE, effects={"oulu": 0.1}, dirt=0.002
    )
    rules = registers.ingest(folder / "raw", folder / "processed", reference=REFERENCE)
    register = registers.load(folder / "processed")
    municipalities = reference("municipalities", REFERENCE)
    found = cohort.inflow(register, municipalities=municipalities)
    return SmallStudy(
        found.episodes.join(outcomes.measure(register, found.episodes)),
        found.attrition,
        area_months.cells(register),
        rules,
        municipalities,
        REFERENCE,
    )

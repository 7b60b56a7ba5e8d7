"""Analyses beside that of one area, as a researcher runs them by hand: figures, readable names, a mark."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from evaluation.pipeline import notebook_runs
from evaluation.results import ledger
from small_register import TRIALS

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "data" / "raw" / "reference"
REAL = ROOT.parent / "shared" / "statfin" / "12r5.csv"
AREAS = ("espoo", "lahti", "oulu", "porvoo", "salo", "turku")


def shown(name, tmp_path, **parameters):
    """What the outputs of an executed notebook show: their HTML and text."""
    done = tmp_path / f"{name}.ipynb"
    notebook_runs.execute(ROOT / "notebooks" / f"{name}.ipynb", done, parameters)
    outputs = [out for cell in nbformat.read(done, as_version=4).cells for out in cell.get("outputs", ())]
    return "\n".join(out.get("data", {}).get("text/html", "") + out.get("text", "") for out in outputs)


def figures_of(html):
    return re.findall(r'<figure id="figure-(\w+)">', html)


def test_data_quality_shows_what_became_of_the_rows_in_names(study, tmp_path):
    study.cells.to_parquet(study.processed / "area_months.parquet")
    html = shown("data_quality", tmp_path, processed=str(study.processed), ledger_folder="q")
    assert figures_of(html) == ["reading"]
    assert "Spells in the labour market" in html and "Simulated data, not results" in html
    assert not re.search(r">[a-z]+_[a-z_]+<", html), "a code where a name belongs"


@pytest.fixture
def ledgers(tmp_path):
    """Six areas, one of which stands out."""
    size = {"std_error": 0.02, "p_value": 0.4, "persons": 900.0, "outcome": TRIALS.outcomes.headline}
    folder = tmp_path / "processed" / "ledger"
    folder.mkdir(parents=True)
    for number, area in enumerate((*AREAS, "all")):
        effect = 0.2 if area == "oulu" else 0.005 * number
        found = pd.DataFrame(
            {
                "topic": ["effect", "effect", "comparability"],
                "measure": ["att", "comparison_error", "verdict"],
                "estimate": [effect, 0.01, np.nan],
                "ci_low": [effect - 0.04, np.nan, np.nan],
                "ci_high": [effect + 0.04, np.nan, np.nan],
                "unit": ["share", "share", "none"],
                "status": ["ok", "ok", "pass"],
            }
        )
        ledger.rows(found, area=area, simulated=True, **size).to_parquet(folder / f"{area}.parquet")
    return folder


def test_all_areas_by_hand_takes_every_area_that_was_analysed(ledgers, tmp_path):
    html = shown("all_areas", tmp_path, processed=str(ledgers.parent))
    assert figures_of(html) == ["areas", "funnel", "ranks"]
    assert "Oulu region" in html and "Simulated data, not results" in html
    assert not re.search(r">(oulu|open_employment_12m|att_raw)<", html), "a code where a name belongs"
    written = pd.read_parquet(ledgers.parent / "by_hand" / "pooled.parquet")
    assert set(written.loc[written["measure"] == "att_raw", "area"]) == set(AREAS)


def test_a_missing_area_is_named_with_what_makes_it(ledgers, tmp_path):
    (ledgers / "all.parquet").unlink()
    with pytest.raises(FileNotFoundError, match=r"no part all in .*`evaluation run` makes it"):
        ledger.combine(ledgers / f"{area}.parquet" for area in (*AREAS, "all"))


@pytest.mark.skipif(not REAL.exists(), reason="the StatFin files are not beside the project")
def test_public_statistics_show_every_figure_and_nothing_is_marked_as_simulated(tmp_path):
    own = {"statfin": str(REAL), "reference": str(REFERENCE), "processed": str(tmp_path)}
    html = shown("public_statistics", tmp_path, **own)
    assert figures_of(html) == ["public_series", "baselines", "public_events"]
    assert re.search(r"in every year: \d+ of 2\d areas", html)
    assert "Simulated" not in html and not re.search(r">[a-z]+_[a-z_]+<", html)

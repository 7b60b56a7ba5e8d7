"""The prior of the shocks is what the script makes of the public statistics, and what the analysis reads."""

from pathlib import Path

import pandas as pd
import pytest
from validation.municipal_shocks import prior, spreads

from conftest import REFERENCE
from evaluation.inference.shocks import shock_prior
from evaluation.registers.reference import reference
from evaluation.statistics.statfin import read
from small_register import TRIALS

SAVED = Path(__file__).parents[2] / "shared" / "statfin" / "12r5.json"


def test_the_analysis_reads_the_reference_data():
    found = reference("municipal_shocks", REFERENCE)
    assert found["source"].str.contains("12r5").all()
    read_back = shock_prior(REFERENCE)
    for name, value in found.set_index("parameter")["value"].items():
        assert getattr(read_back, name) == value
    assert 0.01 < read_back.median < 0.06 and read_back.ratio >= 1


@pytest.mark.skipif(not SAVED.exists(), reason="the public file is not here")
def test_the_reference_data_are_what_the_public_file_says():
    found = spreads(read(SAVED), reference("municipalities", REFERENCE), TRIALS)
    expected = reference("municipal_shocks", REFERENCE)
    pd.testing.assert_series_equal(
        prior(found, TRIALS)["value"], expected["value"], check_names=False, atol=2e-3
    )

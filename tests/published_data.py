"""Where the data sets with published or peer-computed results are: beside the project, or where one says."""

import os
from pathlib import Path

ORACLES = Path(os.environ.get("EVALUATION_ORACLES", Path(__file__).parents[2] / "shared" / "oracles"))

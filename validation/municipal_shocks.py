"""How far municipalities move by themselves, learnt from public statistics: the prior of the inference.

``python -m validation.municipal_shocks 12r5.json`` reads jobseekers by municipality and month (Statistics
Finland, table 12r5), takes the change of the unemployed share between any two windows of the study for all
municipalities of the comparison, separates what grows with a municipality's size from what does not, and
writes ``data/raw/reference/municipal_shocks.csv``.
"""

from __future__ import annotations

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.registers.reference import FOLDER, reference
from evaluation.statistics.area_shocks import fit_shocks
from evaluation.statistics.statfin import read
from evaluation.study import AFTER, Study, read_study

# One statistic of stocks stands for flows, days and euros of a register: the prior is that much wider.
OTHER_OUTCOMES_LOG_SD = 0.5
SOURCE = "Statistics Finland, table 12r5, 2018M03-2023M09, mainland comparison municipalities (CC BY 4.0)"


def spreads(monthly: pd.DataFrame, municipalities: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Standard deviation of municipalities' own moves between each two windows, in those of the outcome.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> windows = {"a": SimpleNamespace(months=(0, 11)), "b": SimpleNamespace(months=(12, 23))}
    >>> code = np.repeat([f"{i:03d}" for i in range(40)], 24)
    >>> rng, month = np.random.default_rng(1), np.tile(np.arange(24), 40)
    >>> share = 0.1 + 0.03 * np.repeat(rng.normal(size=40), 24) * (month > 11)
    >>> monthly = pd.DataFrame({"municipality": code, "month": month, "labour_force": 1e5,
    ...                         "unemployed": 1e5 * share})
    >>> places = pd.DataFrame({"municipality": np.unique(code), "arm": "x", "region_code": "01"})
    >>> areas = SimpleNamespace(arm_column="arm", arms={"comparison": ("x",)}, regions_left_out=())
    >>> after = SimpleNamespace(months=(30, 31))
    >>> study = SimpleNamespace(windows=windows, after=after, followup={}, areas=areas)
    >>> bool(0.08 < spreads(monthly, places, study)["spread"].item() < 0.12)
    True
    """
    areas = study.areas
    kept = municipalities[areas.arm_column].isin(areas.arms["comparison"])
    kept &= ~municipalities["region_code"].isin(areas.regions_left_out)
    places = municipalities[kept].set_index("municipality")
    means = {
        name: monthly[monthly["month"].between(*window.months)]
        .groupby("municipality")[["unemployed", "labour_force"]]
        .mean()
        .reindex(places.index)
        for name, window in {**study.windows, AFTER: study.after}.items()
        if monthly["month"].between(*window.months).any()
    }
    rows = []
    for first, second in combinations(means, 2):
        if second == AFTER and first in study.followup:
            continue  # a part against its whole
        one, other = means[first].dropna(), means[second].dropna()
        both = one.index.intersection(other.index)
        size = one.loc[both, "labour_force"].to_numpy()
        shares = [frame.loc[both, "unemployed"].to_numpy() / size for frame in (one, other)]
        region = places.loc[both, "region_code"].to_numpy(str)
        level = float(np.average(shares[0], weights=size))
        found = fit_shocks(shares[1] - shares[0], size=size, region=region)
        spread = np.sqrt(found.common / (level * (1 - level)))
        rows.append({"first": first, "second": second, "spread": spread})
    return pd.DataFrame(rows)


def prior(found: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Parameters of the prior: see :class:`evaluation.inference.shocks.ShockPrior`."""
    logs = np.log(found["spread"])
    early = (found["first"] == study.trend_baseline) & (found["second"] == study.main_baseline)
    year_before = float(logs[early].iloc[0])
    ratio = logs[(found["first"] == study.main_baseline) & (found["second"] == AFTER)].iloc[0] - year_before
    values = {
        "median": np.exp(logs.mean()),
        "log_sd": np.hypot(logs.std(), OTHER_OUTCOMES_LOG_SD),
        "ratio": np.exp(ratio),
        "ratio_log_sd": OTHER_OUTCOMES_LOG_SD,
    }
    told = {
        "median": "typical standard deviation of a municipality's own move, in those of the outcome",
        "log_sd": f"spread of its logarithm over pairs, with {OTHER_OUTCOMES_LOG_SD} for other outcomes",
        "ratio": "move from the main baseline to after the start over the move between the baselines",
        "ratio_log_sd": "spread of its logarithm between outcomes, chosen",
    }
    return pd.DataFrame(
        [
            {"parameter": name, "value": round(float(value), 3), "meaning": told[name], "source": SOURCE}
            for name, value in values.items()
        ]
    )


def main() -> int:
    """Fit the prior and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", help="saved file of table 12r5")
    parser.add_argument("--study", default="studies/kuntakokeilut-2021.toml")
    parser.add_argument("--reference", type=Path, default=FOLDER)
    given = parser.parse_args()
    study = read_study(given.study)
    found = spreads(read(given.table), reference("municipalities", given.reference), study)
    fitted = prior(found, study)
    fitted.to_csv(given.reference / "municipal_shocks.csv", index=False, lineterminator="\n")
    print(found.round(4).to_string(index=False))
    print(fitted[["parameter", "value"]].to_string(index=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

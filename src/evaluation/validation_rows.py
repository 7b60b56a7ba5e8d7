"""Operating characteristics as ledger rows, and one sentence on them."""

from __future__ import annotations

import numpy as np
import pandas as pd

IN_USE = "placebo_areas"
MEASURES = ("bias", "rmse", "coverage", "false_positive", "power")


def rows(table: pd.DataFrame) -> pd.DataFrame:
    """Table of `validation.known_truth` in the ledger's columns; item is area, shock and method.

    Examples
    --------
    >>> table = pd.DataFrame({"area": ["five"], "shock_sd": 0.01, "shared_share": 0.5, "method": "joint_t",
    ...     **{name: [0.95] for name in MEASURES}, **{f"{name}_error": [0.01] for name in MEASURES}})
    >>> rows(table)[["measure", "item"]].iloc[0].tolist()
    ['bias', 'five;0.01;0.5;joint_t']
    """
    item = [f"{row.area};{row.shock_sd:g};{row.shared_share:g};{row.method}" for row in table.itertuples()]
    parts = [
        pd.DataFrame(
            {
                "measure": name,
                "item": item,
                "estimate": table[name],
                "std_error": table.get(f"{name}_error", np.nan),
                "unit": "share",
            }
        )
        for name in MEASURES
    ]
    return pd.concat(parts, ignore_index=True)


def answer(table: pd.DataFrame) -> str:
    """One sentence on the method in use and the naive one.

    Examples
    --------
    >>> table = pd.DataFrame({"method": [IN_USE, "naive_clustered"], "coverage": [0.95, 0.5],
    ...                       "false_positive": [0.05, 0.5]})
    >>> answer(table)[:60]
    'placebo_areas: coverage 95.0-95.0 %, false findings 5.0-5.0 '
    """
    used, naive = table[table["method"] == IN_USE], table[table["method"] == "naive_clustered"]
    low, high = used["coverage"].min(), used["coverage"].max()
    least, most = used["false_positive"].min(), used["false_positive"].max()
    return (
        f"{IN_USE}: coverage {100 * low:.1f}-{100 * high:.1f} %, "
        f"false findings {100 * least:.1f}-{100 * most:.1f} % "
        f"over {len(used)} scenarios; the naive clustered standard error finds something false in up to "
        f"{100 * naive['false_positive'].max():.0f} %."
    )

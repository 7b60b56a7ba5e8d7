"""Operating characteristics for readers: figure, ledger rows and one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def figure(table: pd.DataFrame) -> Figure:
    """Coverage by scenario and method, with the band of 93 to 97 per cent and Monte Carlo error bars."""
    import matplotlib.pyplot as plt

    scenarios = table[["area", "shock_sd", "shared_share"]].drop_duplicates().reset_index(drop=True)
    drawn, ax = plt.subplots(figsize=(7.2, 0.8 + 0.32 * len(scenarios)), layout="constrained")
    place = scenarios.reset_index().set_index(["area", "shock_sd", "shared_share"])["index"]
    looks = {IN_USE: ("o", "#003f72"), "joint_t": ("^", "#4b6b2f"), "naive_clustered": ("s", "#b04a08")}
    ax.axvspan(0.93, 0.97, color="#e6e6e6")
    for method, (marker, color) in looks.items():
        part = table[table["method"] == method]
        y = place.reindex(pd.MultiIndex.from_frame(part[["area", "shock_sd", "shared_share"]])).to_numpy()
        ax.errorbar(
            part["coverage"], y, xerr=1.96 * part["coverage_error"], fmt=marker, color=color, label=method
        )
    ax.set_yticks(
        range(len(scenarios)),
        [
            f"{row.area}, shock {row.shock_sd:g}, shared {row.shared_share:g}"
            for row in scenarios.itertuples()
        ],
    )
    ax.invert_yaxis()
    ax.set_xlabel("Coverage of nominal 95 % intervals (band: 93-97 %)")
    ax.legend(frameon=False, loc="lower left")
    return drawn


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

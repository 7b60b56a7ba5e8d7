"""What the public statistics show, as rows of the ledger: series, gaps and their changes, share by share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.statistics.gaps import did, gaps, series
from evaluation.statistics.shares import SHARES, available
from evaluation.study import Study


def ledger_rows(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    areas: list[str],
    seed: int,
    draws: int = 1999,
) -> pd.DataFrame:
    """What the public statistics show as rows for `ledger.rows`: every share that the table has figures of.

    Parameters
    ----------
    areas : list of str
        Slugs of all pilot areas; one without any confirmed municipality gets rows of status "missing".

    Returns
    -------
    pandas.DataFrame
        topic public_statistics, group all, outcome one of `shares.SHARES`, measures series (share or
        euros, by month and arm), gap (points or euros, by window), did (by baseline and window; p_value) and
        p_adjusted (Holm, over all shares and follow-up years of the area against the main baseline).
    """
    from statsmodels.stats.multitest import multipletests

    given = {"municipalities": municipalities}
    parts = []
    for name in available(statistics):
        parts.append(_series_rows(statistics, study, share=name, **given))
        gap = gaps(statistics, study, share=name, **given).rename(columns={"gap": "estimate"})
        gap["ci_low"], gap["ci_high"] = gap["estimate"] - gap["open"], gap["estimate"] + gap["open"]
        gap.loc[gap["open"] == 0, ["ci_low", "ci_high"]] = np.nan  # counted in full: no interval
        gap = gap[["area", "window", "estimate", "ci_low", "ci_high"]]
        same = {"outcome": name, "unit": SHARES[name].unit}
        parts.append(_every_area(gap, areas).assign(measure="gap", item="pilot-comparison", **same))
        change = did(statistics, study, seed=seed, draws=draws, share=name, **given)
        change["specification"] = "baseline_" + change.pop("baseline")
        change = change.drop(columns="municipalities")
        parts.append(_every_area(change, areas).assign(measure="did", **same))
    rows = pd.concat(parts, ignore_index=True)
    family = rows["measure"].eq("did") & rows["p_value"].notna()
    family &= rows["specification"].eq(f"baseline_{study.main_baseline}")
    for _, tests in rows[family].groupby("area"):
        holm = multipletests(tests["p_value"], method="holm")[1]
        adjusted = tests.assign(measure="p_adjusted", unit="probability", estimate=holm)
        adjusted["method"] = f"Holm over {len(tests)} tests: shares and years"
        rows = pd.concat([rows, adjusted.drop(columns=["std_error", "ci_low", "ci_high", "p_value"])])
    text = ["item", "specification", "method"]
    rows[text] = rows[text].astype(object).fillna({"item": "", "specification": "main", "method": ""})
    return rows.assign(topic="public_statistics", group="all", simulated=False).reset_index(drop=True)


def project_rows(projects: pd.DataFrame, *, areas: list[str]) -> pd.DataFrame:
    """Money of projects that prepared the reform, by payer: it belongs to no cost of the evaluation.

    Parameters
    ----------
    projects : pandas.DataFrame
        project_money.csv: area, year, project, payer, amount_eur, document.
    areas : list of str
        Slugs of the areas of the study; projects of others are left out.

    Returns
    -------
    pandas.DataFrame
        measure project_money: item is the payer, `method` the project, its year and the document.

    Examples
    --------
    >>> row = {"area": "a", "year": 2023, "project": "P", "payer": "City", "amount_eur": 9.0, "document": "1"}
    >>> project_rows(pd.DataFrame([row]), areas=["a"])[["item", "estimate", "method"]].values.tolist()
    [['City', 9.0, 'P; 2023; 1']]
    """
    own = projects[projects["area"].isin(areas)]
    told = own["project"] + "; " + own["year"].astype("str") + "; " + own["document"].astype("str")
    return pd.DataFrame(
        {
            "area": own["area"],
            "measure": "project_money",
            "item": own["payer"],
            "method": told,
            "unit": "eur",
            "estimate": own["amount_eur"].astype(float),
            "status": "ok",
            "topic": "public_statistics",
            "group": "all",
            "specification": "main",
            "simulated": False,
        }
    )


def _series_rows(
    statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame, share: str
) -> pd.DataFrame:
    monthly = series(statistics, study, municipalities=municipalities, share=share)
    comparison = monthly[monthly["arm"] == "comparison"]
    present = monthly.loc[monthly["arm"] == "pilot", "area"].unique()
    monthly = pd.concat(
        [monthly[monthly["arm"] == "pilot"]] + [comparison.assign(area=area) for area in present]
    )
    hidden = monthly["open"].where(monthly["open"] > 0)
    in_points = SHARES[share].unit == "points"
    scale = 100.0 if in_points else 1.0
    return pd.DataFrame(
        {
            "area": monthly["area"],
            "measure": "series",
            "outcome": share,
            "item": monthly["arm"],
            "window": monthly["month"].map(month_text),
            "x": (monthly["month"] - study.start_month).astype(float),
            "unit": "share" if in_points else SHARES[share].unit,
            "estimate": monthly["level"] / scale,
            "ci_low": (monthly["level"] - hidden) / scale,
            "ci_high": (monthly["level"] + hidden) / scale,
            "status": "ok",
        }
    )


def _every_area(rows: pd.DataFrame, areas: list[str]) -> pd.DataFrame:
    """The rows of all areas together and of the areas of the study; those that have none are missing."""
    lacking = sorted(set(areas) - set(rows["area"]))
    keys = [name for name in ("window", "specification") if name in rows]
    empty = (
        rows[keys].drop_duplicates().merge(pd.DataFrame({"area": lacking, "status": "missing"}), how="cross")
    )
    return pd.concat([rows[rows["area"].isin(["all", *areas])].assign(status="ok"), empty])


def month_text(number: int) -> str:
    """The month as text.

    Examples
    --------
    >>> month_text(614)
    '2021-03'
    """
    return f"{1970 + int(number) // 12}-{int(number) % 12 + 1:02d}"

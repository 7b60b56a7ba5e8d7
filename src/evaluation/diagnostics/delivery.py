"""What the register delivery was worth: rows by rule, and its counts beside the public statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.cohorts.places import places
from evaluation.statistics import statfin as statistics
from evaluation.study import Study


def summary(rules: pd.DataFrame) -> pd.DataFrame:
    """Rows read, kept, dropped and mended per table, from the rules that `registers.ingest` applied.

    A table that loses rows which no rule accounts for is refused.

    Examples
    --------
    >>> rules = pd.DataFrame({"table": "spells", "rule": ["rows_read", "reversed_interval", "rows_kept"],
    ...                       "rows": [10, 1, 9], "action": ["read", "dropped", "kept"]})
    >>> summary(rules).loc["spells"].tolist()
    [10, 9, 1, 0]
    """
    action = rules["action"].where(~rules["rule"].isin(["rows_read", "rows_kept"]), rules["rule"])
    table = rules.assign(action=action).pivot_table(
        index="table", columns="action", values="rows", aggfunc="sum", fill_value=0, sort=False
    )
    names = {"rows_read": "read", "rows_kept": "kept", "dropped": "dropped", "mended": "mended"}
    table = table.reindex(columns=list(names), fill_value=0).rename(columns=names).rename_axis(columns=None)
    lost = table["read"] - table["kept"] - table["dropped"]
    if (lost != 0).any():
        raise ValueError(f"quality: {lost[lost != 0].to_dict()} rows are neither kept nor dropped by a rule")
    return table


def reconcile(
    cells: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame, statfin: str
) -> pd.DataFrame:
    """Unemployed at the end of the month in the register and in the public statistics, per pilot area.

    `cells` counts by municipality and month, `statfin` is the file of the saved table 12r5, "" where there is
    none; the table is empty then. Its columns are area ("all" and "comparison" too), register and published
    (monthly means of persons), ratio (register / published) and correlation (of the monthly series). Months
    that are not published for a municipality are left out on both sides.
    """
    columns = ["area", "register", "published", "ratio", "correlation"]
    if not statfin:
        return pd.DataFrame(columns=columns)
    published = statistics.read(Path(statfin))[["municipality", "month", "unemployed"]].dropna()
    counted = cells[["municipality", "month", "unemployed"]].astype({"municipality": "str"})
    both = counted.merge(
        published,
        on=["municipality", "month"],
        suffixes=("_register", "_published"),
        validate="one_to_one",
    )
    table = places(municipalities, study.areas).reindex(both["municipality"]).reset_index(drop=True)
    outside = (table["area"] == "") & (table["arm"] == "comparison")
    both["area"] = table["area"].mask(outside, "comparison")
    both = pd.concat([both[both["area"] != ""], both.assign(area="all")])
    months = both.groupby(["area", "month"])[["unemployed_register", "unemployed_published"]].sum(min_count=1)
    months.columns = ["register", "published"]
    groups = months.groupby("area")
    found = groups.mean().assign(correlation=[_correlation(rows) for _, rows in groups])
    return found.assign(ratio=found["register"] / found["published"]).reset_index()[columns]


def ledger_rows(rules: pd.DataFrame, reconciled: pd.DataFrame | None = None) -> pd.DataFrame:
    """Quality in the ledger's columns: rows by table and rule, the ratio to the public statistics."""
    counted = rules[rules["rows"] > 0]
    rows = pd.DataFrame(
        {
            "measure": "rows",
            "item": counted["table"] + ":" + counted["rule"],
            "estimate": counted["rows"].astype(float),
            "unit": "number",
            "method": counted["action"],
        }
    )
    if reconciled is None:
        return rows
    ratios = pd.DataFrame(
        {
            "measure": "register_to_statistics",
            "item": reconciled["area"],
            "estimate": reconciled["ratio"],
            "unit": "ratio",
            # the published number of unemployed is known: a ratio in full would tell the register's count
            "persons": reconciled["register"],
        }
    )
    return pd.concat([rows, ratios], ignore_index=True)


def answer(summarised: pd.DataFrame, reconciled: pd.DataFrame) -> str:
    """One sentence on the delivery.

    Examples
    --------
    >>> table = pd.DataFrame({"read": [10], "kept": [9], "dropped": [1], "mended": [0]}, index=["spells"])
    >>> answer(table, pd.DataFrame({"ratio": []}))
    '10 rows read, 1 dropped by named rules, 0 mended. Public statistics: not compared (no file).'
    """
    total = summarised[["read", "dropped", "mended"]].sum()
    read, dropped, mended = (f"{total[name]:,}" for name in ("read", "dropped", "mended"))
    text = f"{read} rows read, {dropped} dropped by named rules, {mended} mended. "
    if reconciled.empty:
        return text + "Public statistics: not compared (no file)."
    whole = reconciled.set_index("area").loc["all"]
    return text + (
        f"The register holds {whole['ratio']:.0%} of the unemployed that the public statistics count; "
        f"the monthly series correlate at {whole['correlation']:.2f}."
    )


def _correlation(series: pd.DataFrame) -> float:
    return float(np.corrcoef(series.to_numpy(float).T)[0, 1]) if len(series) > 2 else float("nan")

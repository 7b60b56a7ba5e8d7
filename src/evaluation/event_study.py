"""Effects by quarter of the index date against the last quarter before the start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.covariates import require_columns
from evaluation.did_design import TABLE
from evaluation.doubly_robust import Method
from evaluation.effects import did_rc
from evaluation.estimates import ESTIMATE_COLUMNS, Estimates, sampling_units, truth_values


def event_study(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    quarter: str = "index_quarter",
    start: str = "2021Q1",
    method: Method = "reg",
    cluster: str | None = "municipality",
    weights: str | None = None,
) -> Estimates:
    """Difference-in-differences of every quarter against the last quarter before the start.

    Each quarter's episodes and those of the reference quarter form one design of `did_rc`; before the start
    the effects are pre-trends, afterwards the path of the effect.

    Parameters
    ----------
    data : pandas.DataFrame
        One row per episode with `treated`, the quarter as text ("2019Q1"), covariates and outcomes.
    outcomes, covariates, cluster, weights
        As for `did_rc`.
    quarter : str
        Column of the quarter of the index date.
    start : str
        First treated quarter.
    method : str
        As in `did_rc`. Outcome regression is the default: single quarters of small areas cannot carry a
        propensity fit, and regressions need comparison episodes only.

    Returns
    -------
    Estimates
        `table` has one row per outcome and quarter with two more columns, quarter and event (quarters since
        the start; the reference, −1, is zero without error). `influence` has a column per row of the table,
        named ``outcome@event``, so that pre-trends can be tested jointly. A quarter with an empty cell stays
        in the table without numbers and is named in the notes.

    Raises
    ------
    ValueError
        If no quarter lies before the start, or the reference quarter has no episodes of an arm.

    Source: Sant'Anna & Zhao (2020) applied quarter by quarter; Roth, Sant'Anna, Bilinski & Poe (2023).

    Examples
    --------
    >>> cells = pd.DataFrame({"treated": [0, 0, 1, 1] * 2, "index_quarter": ["2020Q4"] * 4 + ["2021Q1"] * 4,
    ...                       "work": [1.0, 2, 1, 3, 2, 3, 5, 6]})
    >>> found = event_study(cells, outcomes=["work"], covariates=[], method="none", cluster=None)
    >>> found.table[["event", "estimate"]].to_numpy().tolist()
    [[-1.0, 0.0], [0.0, 2.5]]
    """
    names = [*outcomes]
    require_columns(data, ["treated", quarter, *names], table=TABLE)
    treated = truth_values(data, "treated", table=TABLE)
    periods = pd.PeriodIndex(data[quarter].astype(str), freq="Q")
    number = periods.asi8 - pd.Period(start, freq="Q").ordinal
    events = np.unique(number)
    if not (events < 0).any():
        raise ValueError(
            f"{TABLE}.{quarter}: 0 of {len(events)} quarters lie before {start}; widen the baseline"
        )
    reference = int(events[events < 0].max())
    base = number == reference
    counts = (int((base & treated).sum()), int((base & ~treated).sum()))
    if min(counts) < 2:
        raise ValueError(
            f"{TABLE}.{quarter}: {counts[0]} treated and {counts[1]} comparison episodes in the reference "
            "quarter; at least 2 of each are needed"
        )
    n = len(data)
    tables: list[pd.DataFrame] = []
    columns: dict[str, np.ndarray] = {}
    notes: list[str] = []
    clusters, _ = sampling_units(data, cluster, treated=treated, table=TABLE)
    for event in events:
        label = str(pd.Period(ordinal=int(event) + pd.Period(start, freq="Q").ordinal, freq="Q"))
        now = number == event
        rows = np.flatnonzero(now | base)
        here = data.iloc[rows].assign(post=now[rows])
        values = np.zeros((n, len(names)))
        filled = all(
            min((now & arm & here_known).sum() for arm in (treated, ~treated)) >= 2
            for here_known in (data[name].notna().to_numpy() for name in names)
        )
        if event == reference or not filled:
            if event != reference:
                notes.append(f"{label}: fewer than 2 episodes in a cell, no estimate")
            table = pd.DataFrame({"outcome": names}).reindex(columns=ESTIMATE_COLUMNS)
            table["estimate"] = 0.0 if event == reference else np.nan
            table[["method", "convention"]] = "reference" if event == reference else "not estimated"
        else:
            try:
                found = did_rc(
                    here,
                    outcomes=names,
                    covariates=covariates,
                    method=method,
                    cluster=cluster,
                    weights=weights,
                )
            except ValueError as problem:
                raise ValueError(f"{TABLE}, quarter {label}: {problem}") from problem
            values[rows] = found.influence.to_numpy() * (n / len(rows))
            notes.extend(found.notes)
            table = found.table
        tables.append(table.assign(quarter=label, event=int(event)))
        columns |= {f"{name}@{event:+d}": values[:, j] for j, name in enumerate(names)}
    table = pd.concat(tables, ignore_index=True).astype({"estimate": float})
    order = np.lexsort((table["event"], table["outcome"].map({name: i for i, name in enumerate(names)})))
    table = table.iloc[order].reset_index(drop=True)
    influence = pd.DataFrame(columns, index=data.index)
    influence = influence[[f"{o}@{e:+d}" for o, e in zip(table["outcome"], table["event"], strict=True)]]
    return Estimates(table, influence, clusters, tuple(dict.fromkeys(notes)))

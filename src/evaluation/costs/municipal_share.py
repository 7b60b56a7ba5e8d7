"""Who pays labour market support: the municipal share by paid unemployed days.

Unemployment Security Act (1290/2002) chapter 14 section 3 a: the state pays alone until the person has been
paid labour market support for 300 days of unemployment, then the home municipality pays 50 %, and 70 % from
1,000 days on. Days in services are paid wholly by the state and do not count. The bands are data
(municipal_share.csv), not code. In law the band changes at the end of the payment period in which the limit
is reached; here it changes on the day.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def bands_from(table: pd.DataFrame) -> pd.DataFrame:
    """The bands of municipal_share.csv with half-open int64 days and open upper limits as infinity.

    ValueError if the bands of a period do not cover every number of days once.

    Examples
    --------
    >>> bands_from(pd.DataFrame({"valid_from": ["2015-01-01"], "valid_until": ["2024-12-31"],
    ...     "paid_days_from": [0], "paid_days_until": [None], "share": [0.5]})).paid_days_until.tolist()
    [inf]
    """
    out = pd.DataFrame(
        {
            "valid_from": _days(table["valid_from"]),
            "valid_until": _days(table["valid_until"].fillna("9999-12-30")) + 1,
            "paid_days_from": pd.to_numeric(table["paid_days_from"]).astype(float),
            "paid_days_until": pd.to_numeric(table["paid_days_until"]).astype(float).fillna(np.inf),
            "share": pd.to_numeric(table["share"]).astype(float),
        }
    ).sort_values(["valid_from", "paid_days_from"], ignore_index=True)
    for _, rule in out.groupby("valid_from"):
        edges = np.concatenate([[0.0], rule["paid_days_until"].to_numpy()])
        if not (np.array_equal(edges[:-1], rule["paid_days_from"].to_numpy()) and np.isinf(edges[-1])):
            raise ValueError(
                f"municipal_share: {len(rule)} bands with the same valid_from leave gaps or overlap; "
                "each must start where the one before ends, the last one open"
            )
    return out


def _days(dates: pd.Series) -> np.ndarray:
    return dates.astype(str).to_numpy().astype("datetime64[D]").astype(np.int64)


def municipal_fraction(
    paid_before: np.ndarray, days: np.ndarray, *, bands: pd.DataFrame, day: np.ndarray
) -> np.ndarray:
    """Fraction of each payment that the home municipality pays, by the `bands` in force on its day.

    `paid_before` and `days` are paid unemployed days before the payment, and in it. A payment of no whole day
    takes the band of the next day. ValueError if no rule is in force on some payment's day.

    Examples
    --------
    >>> rule = pd.DataFrame({"valid_from": 0, "valid_until": 9, "paid_days_from": [0, 300, 1000],
    ...     "paid_days_until": [300, 1000, np.inf], "share": [0.0, 0.5, 0.7]})
    >>> both = {"bands": rule, "day": np.array([5, 5])}
    >>> municipal_fraction(np.array([299, 999]), np.array([2, 1]), **both).tolist()
    [0.25, 0.5]
    """
    out = np.full(len(paid_before), np.nan)
    for (first, last), rule in bands.groupby(["valid_from", "valid_until"]):
        names = ("paid_days_from", "paid_days_until", "share")
        low, until, share = (rule[name].to_numpy(float) for name in names)
        here = (day >= first) & (day < last)
        before, paid = paid_before[here, None].astype(float), days[here]
        in_band = np.clip(np.minimum(before + paid[:, None], until) - np.maximum(before, low), 0.0, None)
        next_day = share[np.searchsorted(until, before[:, 0], side="right")]
        out[here] = np.where(paid > 0, in_band @ share / np.maximum(paid, 1), next_day)
    if missing := int(np.isnan(out).sum()):
        raise ValueError(
            f"municipal_share: {missing} payments fall on days without a rule; add rows with their valid_from"
        )
    return out

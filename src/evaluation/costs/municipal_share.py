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
    """Prepare the bands: ``valid_from``/``valid_until`` as half-open days, open upper limits as infinity.

    Parameters
    ----------
    table : pandas.DataFrame
        municipal_share.csv: valid_from, valid_until (inclusive dates), paid_days_from, paid_days_until,
        share.

    Returns
    -------
    pandas.DataFrame
        valid_from, valid_until (int64 days, half-open), paid_days_from, paid_days_until, share (float).

    Raises
    ------
    ValueError
        If the bands of a period do not cover every number of days once.

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


def days_by_band(paid_before: np.ndarray, days: np.ndarray, *, until: np.ndarray) -> np.ndarray:
    """Split paid days over the bands.

    Parameters
    ----------
    paid_before : numpy.ndarray, shape (n,)
        Paid unemployed days before these.
    days : numpy.ndarray, shape (n,)
        Paid unemployed days to split.
    until : numpy.ndarray, shape (bands,)
        Upper limit of each band, ascending, the last infinite.

    Returns
    -------
    numpy.ndarray, shape (n, bands)

    Examples
    --------
    >>> days_by_band(np.array([299]), np.array([2]), until=np.array([300, 1000, np.inf])).tolist()
    [[1.0, 1.0, 0.0]]
    """
    before = np.asarray(paid_before, dtype=float)[:, None]
    after = before + np.asarray(days, dtype=float)[:, None]
    low = np.concatenate([[0.0], np.asarray(until, dtype=float)[:-1]])
    return np.clip(np.minimum(after, until) - np.maximum(before, low), 0.0, None)


def municipal_fraction(
    paid_before: np.ndarray, days: np.ndarray, *, bands: pd.DataFrame, day: np.ndarray | None = None
) -> np.ndarray:
    """Fraction of each payment that the home municipality pays.

    Parameters
    ----------
    paid_before, days : numpy.ndarray, shape (n,)
        Paid unemployed days before the payment, and in it. A payment of no whole day takes the band of the
        next day.
    bands : pandas.DataFrame
        From :func:`bands_from`, or with columns paid_days_until and share only where ``day`` is None.
    day : numpy.ndarray, shape (n,), optional
        Day of each payment, which chooses the rule in force. None: the bands are one rule.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Raises
    ------
    ValueError
        If no rule is in force on some payment's day.

    Examples
    --------
    >>> rule = pd.DataFrame({"paid_days_until": [300, 1000, np.inf], "share": [0.0, 0.5, 0.7]})
    >>> municipal_fraction(np.array([299, 999]), np.array([2, 1]), bands=rule).tolist()
    [0.25, 0.5]
    """
    if day is None:
        until, share = bands["paid_days_until"].to_numpy(float), bands["share"].to_numpy(float)
        split = days_by_band(paid_before, days, until=until)
        next_day = share[np.searchsorted(until, np.asarray(paid_before), side="right")]
        return np.where(np.asarray(days) > 0, split @ share / np.maximum(days, 1), next_day)
    out = np.full(len(paid_before), np.nan)
    for (first, last), rule in bands.groupby(["valid_from", "valid_until"]):
        here = (day >= first) & (day < last)
        out[here] = municipal_fraction(paid_before[here], days[here], bands=rule)
    if missing := int(np.isnan(out).sum()):
        raise ValueError(
            f"municipal_share: {missing} payments fall on days without a rule; add rows with their valid_from"
        )
    return out

"""What an outsider can undo: reads published CSV files only and looks for the counts behind rounded ones.

``python -m validation.attack reports`` prints how many counts of episodes follow exactly. A mean of whole
numbers (days, or the zeros and ones of a share) times its count is a whole number: of the five counts that
round to the published one, those for which this holds within the published digits are possible. A count is
undone where one is left. Shares made of rounded counts tell those counts only and are not counted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

BASE = 5
WHOLE = {"days": 1.0, "share": 1.0, "points": 100.0}  # units whose sum over episodes is a whole number


def half_step(text: pd.Series, count: pd.Series, error: pd.Series) -> pd.Series:
    """Half of the step that a number was rounded to: the documented one where it fits, else its last digit.

    The documented step is the coarser of two: the smallest of 1, 2, 5, 10, ... of a power of ten not below
    one over the count, and the largest not above a tenth of the standard error. An attacker who took the last
    digit for the step would exclude counts that are possible, and find wrong ones.
    """
    after = text.str.partition(".")[2].str.partition("e")[0].str.len()
    power = 10.0 ** np.floor(np.log10(1 / count))
    lead = (1 / count / power).round(9)
    step = power * np.select([lead <= 1, lead <= 2, lead <= 5], [1, 2, 5], 10)
    tenth = error.where(error > 0) / 10
    power = 10.0 ** np.floor(np.log10(tenth).round(9))
    lead = (tenth / power).round(6)
    step = np.fmax(step, power * np.select([lead >= 5, lead >= 2], [5, 2], 1))
    multiple = text.astype(float) / step
    return 0.5 * np.where((multiple - multiple.round()).abs() < 1e-6, step, 10.0**-after)


def undone(table: pd.DataFrame) -> pd.DataFrame:
    """Published means whose count of episodes follows, with that count.

    Parameters
    ----------
    table : pandas.DataFrame
        A published CSV file read as text: unit, estimate, std_error, episodes.

    Examples
    --------
    >>> exact = pd.DataFrame({"unit": ["days"], "estimate": ["17.076923076923077"], "std_error": [""],
    ...                       "episodes": ["65.0"]})
    >>> undone(exact)["count"].tolist()
    [65]
    >>> len(undone(exact.assign(estimate="17.1")))
    0
    """
    rows = table[table["unit"].isin(list(WHOLE)) & table["estimate"].ne("") & table["episodes"].ne("")]
    value = rows["estimate"].astype(float) / rows["unit"].map(WHOLE)
    rounded = rows["episodes"].astype(float)
    error = pd.to_numeric(rows["std_error"], errors="coerce")
    half = half_step(rows["estimate"], rounded, error) / rows["unit"].map(WHOLE) + 1e-12
    tried = rounded.to_numpy()[:, None] + np.arange(-(BASE // 2), BASE // 2 + 1)
    total = value.to_numpy()[:, None] * tried
    possible = np.abs(total - np.round(total)) <= np.asarray(half)[:, None] * tried
    alone = possible.sum(axis=1) == 1
    # a share of two rounded counts tells nothing but them
    whole = np.round(value * rounded)
    alone &= ~(rows["unit"].ne("days") & (whole % BASE == 0) & possible[:, BASE // 2])
    count = np.round((tried * possible).sum(axis=1)).astype(int)
    return rows.assign(count=count)[alone]


def main() -> int:
    """Attack all files of values and say how many counts follow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path)
    given = parser.parse_args()
    files = sorted(given.reports.rglob("all_values.csv"))
    tables = [pd.read_csv(file, dtype="str", keep_default_na=False) for file in files]
    every = pd.concat(tables).drop_duplicates()
    described = every[every["topic"].isin(["description", "effect", "cost"])]
    means = described[described["unit"].isin(list(WHOLE)) & described["estimate"].ne("")]
    found = undone(means)
    print(f"{len(files)} files, {len(means)} means, {len(found)} counts undone")
    print(found.groupby(["topic", "measure", "unit"]).size().to_string() if len(found) else "")
    return int(len(found) > 0)


if __name__ == "__main__":
    raise SystemExit(main())

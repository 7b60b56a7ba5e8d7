"""The one long table of results: every published number is one of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

COLUMNS: dict[str, str] = {
    "area": "str",  # pilot area, or "all"
    "topic": "str",  # chapter of the evaluation, see TOPICS
    "outcome": "str",  # column of the outcome or cost table, or ""
    "group": "str",  # target_group, te_office_stayers, or a subgroup
    "window": "str",  # baseline or follow-up window, or a month as 2021-03, or ""
    "measure": "str",  # what the estimate is: att, mean, share, count, smd, icer, ...
    "item": "str",  # the thing within the measure: payer, covariate, attrition step, other area, ...
    "x": "float64",  # position on an axis where the measure is a curve: day, threshold in euros, event month
    "specification": "str",  # main, or the name of the sensitivity analysis
    "unit": "str",  # see UNITS
    "estimate": "float64",
    "std_error": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "p_value": "float64",
    "persons": "float64",  # distinct persons behind the number; missing where no persons are behind it
    "episodes": "float64",
    "method": "str",  # how estimate and interval were obtained
    "status": "str",  # see STATUSES
    "simulated": "bool",
}
KEY = ["area", "topic", "outcome", "group", "window", "measure", "item", "x", "specification"]
NUMBERS = ["estimate", "std_error", "ci_low", "ci_high", "p_value"]
TOPICS = (
    "cohort",
    "comparability",
    "description",
    "effect",
    "sensitivity",
    "cost",
    "cost_effectiveness",
    "pooled",
    "public_statistics",
    "validation",
    "quality",
)
UNITS = (
    "share",  # 0-1
    "points",  # percentage points
    "days",
    "months",
    "eur",
    "eur_per_month",
    "persons",
    "episodes",
    "ratio",
    "sd",
    "probability",
    "rank",
    "number",
    "none",
)
STATUSES = ("ok", "pass", "concern", "fail", "not_run", "missing", "withheld", "suppressed")


def rows(frame: pd.DataFrame, **fixed: object) -> pd.DataFrame:
    """Bring results, one a row, into the ledger's form: every column, in the ledger's order and types.

    `fixed` are values of columns that are the same for all rows. ValueError if a column, topic, unit or
    status is unknown or a key is repeated.

    Examples
    --------
    >>> result = pd.DataFrame({"outcome": ["open_employment_12m"], "estimate": [0.03]})
    >>> len(rows(result, area="oulu", topic="effect", measure="att", unit="share", simulated=True))
    1
    """
    unknown = sorted((set(frame) | set(fixed)) - set(COLUMNS))
    if unknown:
        raise ValueError(f"ledger: unknown columns {unknown}; known are {list(COLUMNS)}")
    out = frame.assign(**fixed).reset_index(drop=True)
    if "simulated" not in out:
        raise ValueError("ledger: say whether the rows come from simulated data (simulated=True or False)")
    defaults = {"status": "ok", "specification": "main", "group": "target_group", "unit": "none"}
    for name, dtype in COLUMNS.items():
        if name not in out:
            out[name] = defaults.get(name, "" if dtype == "str" else float("nan"))
        elif dtype == "str" and out[name].isna().any():
            out[name] = out[name].astype(object).fillna(defaults.get(name, ""))
    out = out[list(COLUMNS)].astype(COLUMNS)
    for name, allowed in (("topic", TOPICS), ("unit", UNITS), ("status", STATUSES)):
        strange = sorted(set(out[name].unique()) - set(allowed))
        if strange:
            raise ValueError(f"ledger.{name}: {strange} is not among {list(allowed)}")
    refuse_repeated(out)
    return out


def refuse_repeated(frame: pd.DataFrame) -> None:
    """Raise ValueError if two rows have the same key: a number must have one value."""
    repeated = frame.duplicated(KEY)
    if repeated.any():
        first = frame.loc[repeated, KEY].iloc[0].to_dict()
        raise ValueError(f"ledger: {int(repeated.sum())} rows repeat a key, the first is {first}")


def combine(parts: Iterable[Path]) -> pd.DataFrame:
    """Read ledger parts from Parquet files and join them into one ledger, sorted by key.

    ValueError if no part is given or two parts give the same number; FileNotFoundError if one is not there.
    """
    files = sorted(parts)
    if missing := [path for path in files if not path.exists()]:
        names = ", ".join(path.stem for path in missing)
        raise FileNotFoundError(f"ledger: no part {names} in {missing[0].parent}; `evaluation run` makes it")
    frames = [pd.read_parquet(path) for path in files]
    if not frames:
        raise ValueError("ledger: no parts found; run the analysis notebooks first")
    ledger = pd.concat(frames, ignore_index=True).astype(COLUMNS)
    refuse_repeated(ledger)
    return ledger.sort_values(KEY, kind="stable", ignore_index=True)


def write(rows: pd.DataFrame, processed: str | Path, *, folder: str, part: str) -> Path:
    """Write a part of the ledger below `processed`; what is run by hand has a folder of its own."""
    target = Path(processed) / folder / f"{part}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(target, index=False)
    return target

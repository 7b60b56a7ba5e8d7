"""The rule book: what of a row may be published, whatever the other rows say. Its numbers: profiles.toml."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.ranges import score_interval

PROFILES = Path(__file__).with_name("profiles.toml")
COUNTS = ["persons", "episodes"]
# A sum of these units over persons is made of whole parts: its mean needs steps of so many over the count.
PARTS = {"share": 1, "days": 1, "sd": 2, "ratio": 5}
PART_OF_ERROR = 10  # numbers are written to a tenth of their standard error
PUBLIC = ("public_statistics", "validation")  # topics that no person of the register is behind
# what words may tell as it is: limits, what is set, counts of what is no person
NO_PERSONS = (
    r"at least \d+",
    r"year \d{4}\b(?:, \d{4}\b)*",
    r"\d+(?= or more)",
    r"\d+(?= (?:treated |comparison |pilot |labour market )?"
    r"(?:areas|covariates|differences|donors|municipalit(?:y|ies)|periods|quarters|tests)\b)",
    r"at \d+(?= euros a month in work)",
    r"h [\d.]+ below and [\d.]+(?= above)",
)
NUMBER = r"(?P<under>under )?(?P<number>\d(?:[\d.,:/-]*\d)?(?:e[+-]\d+)?(?!\w))"
NAME = r"\w+"  # such as open_employment_12m or 2019Q1
IN_WORDS = re.compile(rf"\b(?:{'|'.join(NO_PERSONS)}|{NUMBER}|{NAME})")


@dataclass(frozen=True)
class Profile:
    """What a release may show; see ``profiles.toml``."""

    name: str
    threshold: int
    base: int
    share_of: int
    contributors: float
    steps: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.threshold < 1 or self.base < 1:
            raise ValueError(f"disclosure: threshold and base must be at least 1, not {self}")
        for name in ("threshold", "share_of"):
            if getattr(self, name) % self.base:  # else a rounded count could fall below the limit
                raise ValueError(f"disclosure: {name} must be a multiple of the base {self.base}")


def read_profile(name: str | Path = "default") -> Profile:
    """Read a profile by its name, or a permit's own from a TOML file; what it leaves out is the default's.

    ValueError if there is neither such a profile nor such a file, or the file has an unknown key.

    Examples
    --------
    >>> read_profile("strict").threshold
    20
    """
    known = tomllib.loads(PROFILES.read_text("utf-8"))
    path = Path(name)
    if str(name) in known:
        own = known[str(name)]
    elif path.is_file():
        own = tomllib.loads(path.read_text("utf-8"))
    else:
        raise ValueError(f"disclosure: no profile and no file {str(name)!r}; profiles are {', '.join(known)}")
    fields = {field.name for field in dataclasses.fields(Profile)} - {"name"}
    if unknown := sorted(set(own) - fields):
        raise ValueError(f"{name}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(fields))}")
    steps = known["default"]["steps"] | own.get("steps", {})
    return Profile(**known["default"] | own | {"name": path.stem, "steps": steps})


def counting(rows: pd.DataFrame) -> pd.Series:
    """Mark rows that count persons, episodes, or rows about them."""
    return rows["unit"].isin(("persons", "episodes")) | (rows["measure"] == "rows")


def few_persons(rows: pd.DataFrame, profile: Profile) -> pd.Series:
    """Mark rows with too few distinct persons behind them; a count of zero tells of no person and stays.

    A row that counts has the count itself behind it where that is smaller.
    """
    persons = rows["persons"].copy()
    counted = counting(rows) & rows["estimate"].notna()
    persons[counted] = np.fmin(persons[counted], rows.loc[counted, "estimate"])
    return (persons > 0) & (persons < profile.threshold)


def small_shares(rows: pd.DataFrame, profile: Profile) -> pd.Series:
    """Mark described shares of small groups, whatever they are: hiding 0 and 100 % alone would tell them."""
    return described_shares(rows) & (rows["persons"] < profile.share_of)


def dominated(rows: pd.DataFrame, profile: Profile) -> pd.Series:
    """Mark means of euros that, in effect, fewer persons make up than the profile asks for.

    Mean m, its standard error s and n tell the concentration: the sum of squared shares in the sum is
    (1 + (n - 1) s²/m²) / n, and one over it is the effective number of contributors. No single share is
    larger than the root of the concentration.

    Examples
    --------
    >>> rows = pd.DataFrame({"topic": "cost", "measure": "cost_item", "unit": "eur", "estimate": [10.0, 10.0],
    ...                      "std_error": [10.0, 1.0], "episodes": 100.0})
    >>> dominated(rows, read_profile()).tolist()
    [True, False]
    """
    gross = (rows["unit"] == "eur") & rows["measure"].isin(("cost_item", "mean", "window_mean"))
    spread = (rows["std_error"] / rows["estimate"].where(rows["estimate"] != 0)) ** 2
    effective = rows["episodes"] / (1 + (rows["episodes"] - 1) * spread)
    return gross & (effective < profile.contributors)


def described_shares(rows: pd.DataFrame) -> pd.Series:
    """Mark shares of a group that something happened to; other shares are estimates of models."""
    return (rows["unit"] == "share") & (rows["topic"] == "description")


def of_two_counts(rows: pd.DataFrame) -> pd.Series:
    """Mark described shares that are k of n; those of the survival curves are censored and are not."""
    return described_shares(rows) & (rows["measure"] != "cif")


def round_counts(rows: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Round what counts to the base; a share that is k of n is divided again, its interval is made anew."""
    base, out = profile.base, rows.copy()
    size = rows["episodes"].fillna(rows["persons"])
    plain = of_two_counts(rows) & (size >= base)
    rounded = to_base(size, base)
    top = to_base(rows["estimate"] * rounded, base).clip(upper=rounded)
    share = (top / rounded)[plain]
    out.loc[plain, "estimate"] = share
    given = plain & rows["ci_low"].notna()
    ends = score_interval(share[given], 0.0, rounded[given], top=1.0)
    for name, end in zip(("ci_low", "ci_high"), ends, strict=True):
        out.loc[given, name] = end
    for name in COUNTS:
        out[name] = to_base(rows[name], base)
    counted = counting(rows)
    for name in ("estimate", "ci_low", "ci_high"):
        out.loc[counted, name] = to_base(rows.loc[counted, name], base)
    return out


def careful(text: str, profile: Profile) -> str:
    """Write a method or a refusal so that no number in it tells of persons; see ``NO_PERSONS``.

    Whatever else is a whole number could count persons, episodes or rows and is rounded as those are, one
    below the threshold not told at all; decimals, dates and what else is exact are left out.

    Examples
    --------
    >>> careful("work_12m: 7 of 2949 rows, 0.122 of 3 municipalities; at least 20", read_profile())
    'work_12m: under 10 of 2950 rows, … of 3 municipalities; at least 20'
    """

    def told(found: re.Match[str]) -> str:
        if not (number := found["number"]):
            return found[0]
        if not number.isdecimal():
            return "…"
        count = pd.Series([float(number)])
        few = 0 < count[0] < profile.threshold
        rounded = f"{to_base(count, profile.base)[0]:.0f}"
        return f"under {profile.threshold}" if few else (found["under"] or "") + rounded

    return IN_WORDS.sub(told, text)


def in_words(rows: pd.DataFrame, profile: Profile) -> pd.Series:
    """The methods of rows as they may be published; those of public figures stay, codes of projects too."""
    private = ~rows["topic"].isin(PUBLIC)
    told = {text: careful(text, profile) for text in rows.loc[private, "method"].unique()}
    return rows["method"].mask(private, rows["method"].map(told))


def round_numbers(rows: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Round every number that persons are behind to what its unit, its count and its uncertainty can bear.

    A mean of whole numbers times its count is a whole number: written out, it tells the count that was
    rounded. With a step of at least one over the count, every count near the rounded one is possible again.
    Digits below a tenth of the standard error tell readers nothing and an attacker of sums.

    Examples
    --------
    >>> from evaluation.results.ledger import rows
    >>> mean = pd.DataFrame({"estimate": [17.0769], "std_error": [2.3], "ci_low": [12.3456], "episodes": 65})
    >>> part = rows(mean, area="oulu", topic="description", measure="mean", unit="days", simulated=True)
    >>> round_numbers(part, read_profile())[["estimate", "ci_low"]].values.tolist()
    [[17.0, 12.4]]
    """
    out = rows.copy()
    size = rows["episodes"].fillna(rows["persons"])
    behind = size.gt(0) & ~counting(rows)
    out.loc[behind, "std_error"] = _to_step(rows["std_error"], _finest(rows, profile))[behind]
    step = steps(out, profile)
    for name in ("estimate", "ci_low", "ci_high"):
        chosen = behind & ~of_two_counts(rows) if name == "estimate" else behind
        out.loc[chosen, name] = _to_step(rows[name], step)[chosen]
    out.loc[behind, "p_value"] = rows.loc[behind, "p_value"].round(3)
    return out


def steps(rows: pd.DataFrame, profile: Profile) -> pd.Series:
    """The step that the estimate and interval of a row are rounded to, from its published standard error."""
    return np.fmax(_finest(rows, profile), _one_two_five(rows["std_error"] / PART_OF_ERROR, up=False))


def one_step(rows: pd.DataFrame, profile: Profile) -> pd.Series:
    """How much the published estimate moves when rounding takes one step more."""
    size = rows["episodes"].fillna(rows["persons"])
    return steps(rows, profile).mask(of_two_counts(rows), profile.base / size)


def of_one_place(rows: pd.DataFrame) -> pd.Series:
    """What is published anew as a whole: an area, what areas share, or the rows of the delivery."""
    place = rows["area"].mask(rows["topic"] == "pooled", "pooled")
    return place.mask(rows["measure"] == "rows", "delivery")


def telling(rows: pd.DataFrame) -> pd.Series:
    """Mark counts that one person moves by little; of the delivery's rows a person may have hundreds."""
    return counting(rows) & ((rows["measure"] != "rows") | (rows["item"] == "persons:rows_kept"))


def _finest(rows: pd.DataFrame, profile: Profile) -> pd.Series:
    """The coarser of the steps of unit and count."""
    size = rows["episodes"].fillna(rows["persons"])
    behind = size.gt(0) & ~counting(rows)
    per_count = _one_two_five((rows["unit"].map(PARTS).astype("float64") / size).where(behind), up=True)
    unit = rows["unit"].map(profile.steps).astype("float64").fillna(profile.steps["number"])
    return np.fmax(unit, per_count)


def to_base(values: pd.Series, base: int) -> pd.Series:
    """Round counts to multiples of the base, halves upwards, so that rounding twice changes nothing."""
    return np.floor(values / base + 0.5) * base


def _to_step(values: pd.Series, step: pd.Series) -> pd.Series:
    return (np.round(values / step) * step).round(6) + 0.0  # no minus zero


def _one_two_five(values: pd.Series, *, up: bool) -> pd.Series:
    """The next of 1, 2, 5, 10, 20, ... tenths, hundredths and so on; missing for values not above zero."""
    values = values.where(values > 0)
    power = 10.0 ** np.floor(np.log10(values).round(9))
    lead = (values / power).round(6)
    limits = [lead <= 1, lead <= 2, lead <= 5] if up else [lead >= 5, lead >= 2]
    return power * np.select(limits, [1, 2, 5] if up else [5, 2], 10 if up else 1)

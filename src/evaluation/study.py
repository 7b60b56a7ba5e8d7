"""Which reform is evaluated: dates, windows, target group, outcomes, limits and prices, read from one file.

Nothing else in the library knows a date, a window or an area of a reform.
"""

from __future__ import annotations

import datetime as dt
import difflib
import tomllib
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from evaluation.study_parts import (
    Areas,
    Earlier,
    Mark,
    Names,
    Outcomes,
    Part,
    Question,
    Simulation,
    TargetGroup,
    Texts,
    Window,
)
from evaluation.units import quarters_between, to_day, to_month

AFTER = "after"  # all windows after the start together


class Study(Part):
    """A reform and how it is evaluated. Read it with :func:`read_study`."""

    slug: str
    name: Names
    act: str
    start: dt.date
    end: dt.date
    after_name: Names
    baselines: dict[str, Window]
    followup: dict[str, Window]
    main_baseline: str
    trend_baseline: str  # looked at for trends before the start, and as placebo date against the main one
    exceptional_baseline: str  # a year like no other: the sign may turn on it
    horizons_months: tuple[PositiveInt, ...]
    cost_horizons_months: tuple[PositiveInt, ...]
    areas: Areas
    target_group: TargetGroup
    outcomes: Outcomes
    covariates: tuple[str, ...]
    limits: dict[str, PositiveFloat]
    payers: tuple[Literal["municipality", "state", "unemployment_funds", "eu"], ...]
    price_year: int
    discount_rate: float
    marks: tuple[Mark, ...]
    simulation: Simulation
    texts: Texts
    earlier: tuple[Earlier, ...] = ()
    questions: tuple[Question, ...] = ()
    # by language: words of pages, and those for this reform
    terms: dict[str, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _windows_fit(self) -> Study:
        for key in ("main_baseline", "trend_baseline", "exceptional_baseline"):
            if (chosen := getattr(self, key)) not in self.baselines:
                raise ValueError(f"{key}: {chosen!r} is no baseline{nearest(chosen, self.baselines)}")
        if self.end < self.start:
            raise ValueError(f"end {self.end} is before start {self.start}")
        if self.outcomes.checked_for(self.outcomes.headline) != self.outcomes.headline:
            raise ValueError(
                f"outcomes.families: the one that holds {self.outcomes.headline!r} must check it"
            )
        if 12 not in self.cost_horizons_months:
            raise ValueError("cost_horizons_months: add 12, the year that costs are told by payer over")
        asked = {window for question in self.questions for window in question.windows}
        if unknown := sorted(asked - set(self.windows)):
            raise ValueError(f"questions: {unknown[0]!r} is no window{nearest(unknown[0], self.windows)}")
        ordered = sorted(self.windows.items(), key=lambda item: item[1].first)
        for name, window in ordered:
            if window.last < window.first:
                raise ValueError(f"{name}: last {window.last} is before first {window.first}")
            if name in self.baselines and window.last >= self.start:
                raise ValueError(f"baselines.{name} must end before the start {self.start}")
            if name in self.followup and window.first < self.start:
                raise ValueError(f"followup.{name} must not begin before the start {self.start}")
        for (one, first), (other, second) in pairwise(ordered):
            if second.first <= first.last:
                raise ValueError(f"{one} and {other} overlap: {first.last} is not before {second.first}")
        return self

    @cached_property
    def windows(self) -> dict[str, Window]:
        """All windows, baselines first."""
        return {**self.baselines, **self.followup}

    @cached_property
    def after(self) -> Window:
        """The windows after the start as one."""
        windows = list(self.followup.values())
        first, last = windows[0].first, windows[-1].last
        return Window(first=first, last=last, name=self.after_name, short=self.after_name)

    @property
    def first_day(self) -> dt.date:
        """First index date of all windows."""
        return min(window.first for window in self.windows.values())

    @property
    def months(self) -> dict[str, str]:
        """`first` and `last` month that is counted: whole years from the first index date to the end."""
        return {"first": f"{self.first_day.year}-01", "last": f"{self.end:%Y-%m}"}

    @property
    def other_baselines(self) -> list[str]:
        """Baselines but the main one."""
        return [name for name in self.baselines if name != self.main_baseline]

    @property
    def by_role(self) -> dict[str, str]:
        """Windows and outcomes by the part that they play in every study."""
        return {
            "main_baseline": self.main_baseline,
            "against_main_baseline": f"baseline_{self.main_baseline}",
            "exceptional_baseline": self.exceptional_baseline,
            "first_followup": next(iter(self.followup)),
            "headline": self.outcomes.headline,
        }

    @property
    def described_windows(self) -> tuple[str, str]:
        """The two windows that everything is described in: main baseline and after the start."""
        return self.main_baseline, AFTER

    @property
    def quarters_before(self) -> list[str]:
        """Quarters wholly before the start, from the first index date on."""
        return quarters_between(self.first_day, self.start - dt.timedelta(days=1))

    def years_from(self, baseline: str) -> float:
        """Years from the middle of a baseline to the middle of the time after the start."""
        (first, last), (start, end) = self.baselines[baseline].days, self.after.days
        return (start + end - first - last) / 2 / 365.25

    @property
    def middle_year(self) -> int:
        """Calendar year in the middle of the time after the start."""
        return (self.after.first + (self.after.last - self.after.first) / 2).year

    @property
    def start_day(self) -> int:
        """First day of the reform since 1970-01-01."""
        return to_day(self.start)

    @property
    def start_month(self) -> int:
        """Month of the start since January 1970."""
        return to_month(self.start)

    def quarters_since_start(self, quarter: str | dt.date) -> int:
        """Quarters between a quarter such as 2019Q1, or that of a day, and the one of the start."""
        return int(pd.Period(quarter, "Q").ordinal - pd.Period(self.start, "Q").ordinal)

    def window_of(self, index_day: NDArray[Any]) -> NDArray[np.object_]:
        """Name of the window of each index date (days since 1970-01-01), "" outside all of them."""
        names = np.array([*self.windows, ""], dtype=object)
        found = np.full(len(index_day), len(self.windows))
        for number, window in enumerate(self.windows.values()):
            first, last = window.days
            found[(index_day >= first) & (index_day <= last)] = number
        return names[found]


def nearest(name: str, known: Any) -> str:
    """Say which known name is nearest to a wrong one, as a clause for an error message.

    Examples
    --------
    >>> nearest("oullu", ["oulu", "turku"])
    "; did you mean 'oulu'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"


def upwards(path: Path | str) -> Path:
    """The path from here or from the nearest folder above that has it; as given where none has."""
    above = (folder / path for folder in (Path(), *Path.cwd().parents))
    return next((found.resolve() for found in above if found.exists()), Path(path))


def read_study(path: Path | str) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path : path
        A TOML file such as those in ``studies/``; `docs/data-dictionary.md` explains its keys.

    Returns
    -------
    Study

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        Naming the file and every key that is unknown (with the nearest known one), missing or of the wrong
        kind; windows that overlap or lie on the wrong side of the start; an unknown baseline.

    Examples
    --------
    >>> study = read_study("studies/kuntakokeilut-2021.toml")
    >>> study.outcomes.headline, study.baselines[study.main_baseline].quarters
    ('open_employment_12m', ['2019Q2', '2019Q3', '2019Q4'])
    """
    path = upwards(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such study file here or in a folder above; see studies/")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: {error}") from None
    try:
        return Study.model_validate(_tuples(content))
    except ValidationError as error:
        raise ValueError(f"{path.name}: " + "; ".join(_said(one) for one in error.errors())) from None


def _tuples(value: Any) -> Any:
    """Arrays of TOML as tuples, so that nothing of a study can be changed."""
    if isinstance(value, dict):
        return {key: _tuples(part) for key, part in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _said(error: Any) -> str:
    *above, key = [str(part) for part in error["loc"]] or [""]
    where = ".".join((*above, key))
    if error["type"] == "missing":
        return f"{where} is missing"
    if error["type"] == "extra_forbidden":
        model: Any = Study
        for part in above:
            kind = str(getattr(model.model_fields.get(part), "annotation", ""))
            model = next((one for one in Part.__subclasses__() if f".{one.__name__}" in kind), model)
        return f"unknown key {where}{nearest(key, model.model_fields)}"
    told = error["msg"].removeprefix("Value error, ")
    return f"{where}: {told}" if where else told

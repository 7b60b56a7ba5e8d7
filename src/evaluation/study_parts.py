"""The parts of a study file, each with its keys."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat

from evaluation.units import quarters_between, to_day, to_month


class Part(BaseModel):
    """A part of a study file: it cannot change, and a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Names(Part):
    """A name in three languages."""

    fi: str
    sv: str
    en: str

    def __getitem__(self, code: str) -> str:
        return str(getattr(self, code))


class Window(Part):
    """Index dates from `first` to `last`, both included.

    `short` is the name inside other names and beside small axes, `axis` the one under a line over time.
    """

    first: dt.date
    last: dt.date
    name: Names
    short: Names
    axis: Names | None = None

    @property
    def quarters(self) -> list[str]:
        """Quarters that lie wholly inside, as 2018Q2."""
        return quarters_between(self.first, self.last)

    @property
    def days(self) -> tuple[int, int]:
        """First and last day since 1970-01-01."""
        return to_day(self.first), to_day(self.last)

    @property
    def months(self) -> tuple[int, int]:
        """First and last month since January 1970."""
        return to_month(self.first), to_month(self.last)


class Texts(Part):
    """What pages say of this reform and of no other: whole sentences, in three languages.

    `limits` are told before the limits of every study; `public` says what the comparison in public
    statistics can and cannot show.
    """

    site: Names
    reports: Names
    question: Names
    index_question: Names
    elsewhere: Names
    baseline_warning: Names
    effect: Names
    target_group: Names
    selection: Names
    over_time: Names
    event_study: Names
    other_analyses: Names
    against: Names
    compared: Names
    share_rule: Names
    limits: tuple[Names, ...]
    public: tuple[Names, ...] = ()

    def in_language(self, code: str) -> dict[str, Any]:
        """Sentences by place in one language."""
        return {
            name: value[code] if isinstance(value, Names) else [one[code] for one in value]
            for name, value in self
        }


class Areas(Part):
    """Where areas and arms of municipalities come from: columns of municipalities.csv and their values.

    `table` names the reference table with one row an area, `column` the area of a municipality and
    `arm_column` the values that `arms` sorts; whatever has another value, or lies in one of
    `regions_left_out`, is in no arm.
    """

    table: str
    column: str
    arm_column: str
    arms: dict[Literal["pilot", "comparison", "possible_pilot"], tuple[str, ...]]
    regions_left_out: tuple[str, ...]

    @property
    def arm_of(self) -> dict[str, str]:
        """Arm by value of the arm column."""
        return {value: arm for arm, values in self.arms.items() for value in values}


class TargetGroup(Part):
    """Who the reform moved: everyone of these ages but those who stay with the old service.

    Stayers are on `stay_benefit`, `stay_age` or older, speak a national language and are no immigrants.
    """

    ages: tuple[int, int]
    stay_age: int
    stay_benefit: str
    national_languages: tuple[str, ...]


class Family(Part):
    """Outcomes that one comparison must be fair for: those whose names begin with one of `holds`.

    The checks of the family look at the outcome `checked`.
    """

    name: Names
    checked: str
    holds: tuple[str, ...]


class Outcomes(Part):
    """Outcomes and their families. P-values are adjusted over `primary`, whose first one is the headline.

    `late` ones are followed longer and by fewer episodes; `first_screen` ones are told first. `families` are
    judged one by one, see :class:`Family`.
    """

    primary: tuple[str, ...]
    further: tuple[str, ...]
    late: tuple[str, ...]
    first_screen: tuple[str, ...]
    families: dict[str, Family]

    @property
    def headline(self) -> str:
        """The outcome that the verdict is about."""
        return self.primary[0]

    @property
    def every(self) -> tuple[str, ...]:
        """All outcomes in the order of the families."""
        return (*self.primary, *self.further, *self.late)

    @property
    def checked(self) -> tuple[str, ...]:
        """The outcomes that the checks look at, one a family."""
        return tuple(family.checked for family in self.families.values())

    @property
    def judged(self) -> tuple[str, ...]:
        """The outcomes whose effects are told in words, and those that the checks look at."""
        return tuple(dict.fromkeys((*self.first_screen, *self.checked)))

    def checked_for(self, outcome: str) -> str:
        """The outcome whose checks decide about this one: that of its family, else the headline."""
        for family in self.families.values():
            if outcome.startswith(family.holds):
                return family.checked
        return self.headline


class Earlier(Part):
    """What an earlier study of the same reform found for an outcome of the public statistics."""

    outcome: str
    found: Literal["none", "fall", "rise"]
    said: Names


class Place(Part):
    """Municipalities whose `column` holds one of `values`, of a labour force between two numbers if given.

    Those of the area that is asked about are left out with `others`.
    """

    name: Names
    column: str
    values: tuple[str, ...]
    labour_force: tuple[float, float] | None = None
    others: bool = False


class Question(Part):
    """A question on the pages of `areas` ("all": of the whole country).

    It is answered by `shares` of the public statistics in `windows` and `places`, by the words of `answer`,
    or by both.
    """

    areas: tuple[str, ...]
    asks: Names
    shares: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    answer: Names | None = None


class Cycle(Part):
    """A time of the labour market, `until` not included: factors of entry into and exit from unemployment,
    and the share of lay-offs among separations.
    """

    first: dt.date
    until: dt.date
    entry: PositiveFloat
    exit: PositiveFloat
    layoffs: float


class Simulation(Part):
    """What a simulated register of the reform holds.

    Histories run from `warm_up` on and are delivered from `first` to `last`. `area_shock_sd` is the standard
    deviation of what moves a municipality by itself between two windows (a share). `effects` are set by area
    and outcome; areas without one have none. `drifts` are changes a year, by area, that the reform does not
    cause and that those who stay with the old service share.
    """

    warm_up: dt.date
    first: dt.date
    last: dt.date
    area_shock_sd: float
    effects: dict[str, dict[str, float]]
    drifts: dict[str, float]
    cycle: tuple[Cycle, ...]


class Mark(Part):
    """Something that happened to everybody: a line on time axes."""

    date: dt.date
    name: Names
    raised: bool = False  # the name is written above its neighbours

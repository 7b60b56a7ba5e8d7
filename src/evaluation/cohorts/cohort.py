"""Who is evaluated: episodes of the target group with their index date, arm and covariates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evaluation.cohorts.attrition import keep
from evaluation.cohorts.history import as_text, benefit_at, calendar, completed_years, covariates
from evaluation.cohorts.places import places
from evaluation.registers.reference import reference
from evaluation.schemas import GROUPS, require
from evaluation.study import Study, TargetGroup
from evaluation.timelines.lookups import days_within, status
from evaluation.timelines.spells import Array, Intervals, islands
from evaluation.timelines.states import BROAD, codes, homes, periods
from evaluation.units import to_day

if TYPE_CHECKING:
    from evaluation.registers.stored import Register


HISTORY_DAYS = 730
FOLLOW_UP_DAYS = 730
BothArms = Literal["keep", "first_arm", "drop"]


@dataclass(frozen=True)
class Cohort:
    """Episodes (index `episode_id`) and the attrition table that leads to them."""

    episodes: pd.DataFrame
    attrition: pd.DataFrame


def inflow(
    register: Register,
    study: Study,
    *,
    municipalities: pd.DataFrame | None = None,
    washout_days: int = 90,
    entry_states: tuple[str, ...] = ("unemployed",),
    both_arms: BothArms = "keep",
) -> Cohort:
    """Episodes that begin with a new unemployment spell.

    Parameters
    ----------
    register : Register
        Canonical register.
    study : Study
        The reform: windows of index dates, arms, ages and target group.
    municipalities : pandas.DataFrame, optional
        Reference table of municipalities. By default the project's own.
    washout_days : int
        A spell is new when none of these days before it was spent unemployed, in a service or in
        subsidised work.
    entry_states : tuple of str
        States that open an episode. A lay-off does not, by default: the employment goes on. Whoever loses
        the job during a lay-off enters on the day on which unemployment begins.
    both_arms : {"keep", "first_arm", "drop"}
        What becomes of persons with episodes in pilot and comparison municipalities: "keep" leaves each
        episode with the municipality of its index date, "first_arm" keeps the arm met first, "drop" none.

    Returns
    -------
    Cohort

    Notes
    -----
    All who do not belong to the study's target group are `te_office_stayers`.
    `followed_days` runs to the end of observation: the register holds neither deaths nor emigration.

    Examples
    --------
    >>> cohort = inflow(register, study)
    >>> cohort.attrition.query("arm == 'all'")["reason"].iloc[[0, 1, -1]].tolist()
    ['unemployment_spells', 'in_study_period', 'working_age']
    """
    require("register", register, "days", "residence")
    entries = periods(register.days, entry_states)
    looked_at = periods(register.days, ("unemployed", "service", "subsidised_employment", *entry_states))
    before = days_within(looked_at, entries.person, entries.start - washout_days, entries.start)
    given = register, study, municipalities, both_arms
    rules = {"new_spell": before == 0}
    return _cohort(*given, entries.person, entries.start, first="unemployment_spells", rules=rules)


def stock(
    register: Register,
    study: Study,
    *,
    days: Sequence[str | dt.date],
    municipalities: pd.DataFrame | None = None,
    states: tuple[str, ...] = BROAD,
    both_arms: BothArms = "keep",
) -> Cohort:
    """Episodes of everyone who is unemployed, laid off, in a service or in subsidised work on a day.

    Parameters
    ----------
    register, study, municipalities, both_arms
        As for `inflow`.
    days : sequence of str
        Dates, such as the day of the transfer.
    states : tuple of str
        States that count on the day.

    Returns
    -------
    Cohort

    Raises
    ------
    ValueError
        If no day is given or a state is unknown.

    Examples
    --------
    >>> on_the_day = stock(register, study, days=[study.start])
    >>> on_the_day.episodes["window"].unique().tolist()
    ['after_1']
    """
    require("register", register, "days", "residence")
    if isinstance(days, str) or not len(days):
        raise ValueError(f"days: {days or 'none'} given; name dates in a list, such as ['{study.start}']")
    line = register.days
    wanted = np.isin(line.label, codes(states))
    person, index_day = [], []
    for day in sorted({to_day(date) for date in days}):
        here = wanted & (line.start <= day) & (line.end > day)
        person.append(line.person[here])
        index_day.append(np.full(int(here.sum()), day, dtype=np.int32))
    given = register, study, municipalities, both_arms
    episodes = np.concatenate(person), np.concatenate(index_day)
    return _cohort(*given, *episodes, first="in_state_on_day", rules={})


def _cohort(
    register: Register,
    study: Study,
    municipalities: pd.DataFrame | None,
    both_arms: BothArms,
    person: Array,
    index_day: Array,
    *,
    first: str,
    rules: dict[str, Array],
) -> Cohort:
    require("study", study, "areas")
    stays, codes_found = homes(register.residence)
    home = status(stays, person, index_day)
    municipalities = reference("municipalities") if municipalities is None else municipalities
    table = places(municipalities, study.areas)
    names = pd.Index(np.append(codes_found, ""), dtype="str")
    known_places = table.reindex(names).fillna({"arm": "unknown", "area": ""}).assign(municipality=names)

    def at_home(name: str) -> pd.Categorical:  # text is slow, and most entries do not stay
        found = pd.Categorical(known_places[name])
        return pd.Categorical.from_codes(found.codes[home], dtype=found.dtype)

    place = {name: at_home(name) for name in ("municipality", "arm", "area")}
    frame = pd.DataFrame({"person_id": person, "index_day": index_day.astype(np.int32), **place})
    frame["window"] = pd.Categorical(study.window_of(index_day))
    row = pd.Index(register.persons["person_id"]).get_indexer(person)
    known = row >= 0
    birth = np.append(register.persons["birth_day"].to_numpy(dtype=np.int64), 0)[row]
    age = completed_years(birth, index_day)
    steps = {
        "in_study_period": frame["window"] != "",
        **rules,
        "history_observed": frame["index_day"] - HISTORY_DAYS >= register.observed_from,
        "person_known": known,
        "residence_known": home >= 0,
        "study_municipality": frame["arm"].isin(["pilot", "comparison", "possible_pilot"]),
        "working_age": (study.target_group.ages[0] <= age) & (age <= study.target_group.ages[1]),
    }
    if both_arms != "keep":
        so_far = np.logical_and.reduce([np.asarray(rule, dtype=bool) for rule in steps.values()])
        steps["one_arm"] = _one_arm(frame, so_far, both_arms)
    episodes, attrition = keep(frame, steps=steps, first=first)
    episodes = episodes.assign(**{name: as_text(episodes[name]) for name in (*place, "window")})
    who, when = episodes["person_id"].to_numpy(), episodes["index_day"].to_numpy()
    episodes = episodes.join(covariates(register, who, when, stay_age=study.target_group.stay_age))
    episodes["moved_arm"] = _moved(stays, codes_found, table["arm"], episodes)
    return Cohort(_complete(episodes, register, study.target_group, table), attrition)


def _complete(
    episodes: pd.DataFrame, register: Register, rule: TargetGroup, table: pd.DataFrame
) -> pd.DataFrame:
    person, index_day = episodes["person_id"].to_numpy(), episodes["index_day"].to_numpy()
    benefit = pd.Series(benefit_at(register.benefits, person, index_day))
    target = (
        (benefit != rule.stay_benefit)
        | (episodes["age"] < rule.stay_age)
        | ~episodes["native_language"].isin(rule.national_languages)
        | episodes["immigrant"].astype(bool)
    )
    surroundings = table.reindex(episodes["municipality"]).reset_index(drop=True)
    out = episodes.assign(
        group=pd.array(np.where(target, *GROUPS), dtype="str"),
        followed_days=(register.observed_until - index_day).astype(np.int32),
        simulated=register.simulated,
        benefit_at_index=as_text(benefit),
    ).join([surroundings[["region", "urban_rural", "commuting_area"]], calendar(index_day)])
    # a number that names the episode whatever else is in the cohort: person and index date
    out.index = pd.Index(person.astype(np.int64) * 100_000 + index_day, name="episode_id")
    return out.sort_index()


def _moved(stays: Intervals, codes_found: Array, arms: pd.Series, frame: pd.DataFrame) -> Array:
    """True where the person lives in another arm at some time in the 24 months after the index date."""
    person, since = frame["person_id"].to_numpy(), frame["index_day"].to_numpy()
    lived = arms.reindex(codes_found).fillna("unknown").to_numpy()[stays.label]
    moved = np.zeros(len(frame), dtype=bool)
    another = (stays.person[1:] == stays.person[:-1]) & (lived[1:] != lived[:-1])
    movers = stays.person[1:][another]  # most never live in another arm
    row, stay = np.flatnonzero(np.isin(person, movers)), np.flatnonzero(np.isin(stays.person, movers))
    person, since, arms_then = person[row], since[row], frame["arm"].to_numpy()[row]
    for arm in np.unique(lived[stay]):
        own = stays[stay[lived[stay] == arm]]
        there = days_within(islands(own.person, own.start, own.end), person, since, since + FOLLOW_UP_DAYS)
        moved[row] |= (arms_then != arm) & (there > 0)
    return moved


def _one_arm(frame: pd.DataFrame, candidate: Array, rule: BothArms) -> Array:
    """Whether an episode stays under the rule for persons met in both pilot and comparison."""
    if rule not in ("first_arm", "drop"):
        raise ValueError(f"both_arms: {rule!r} unknown; choose keep, first_arm or drop")
    met = frame[candidate & frame["arm"].isin(["pilot", "comparison"]).to_numpy()]
    arms = met.groupby("person_id")["arm"].nunique()
    both = frame["person_id"].isin(arms.index[arms > 1]).to_numpy()
    if rule == "drop":
        return ~both
    earliest = met.sort_values("index_day", kind="stable").drop_duplicates("person_id")
    first = frame["person_id"].map(earliest.set_index("person_id")["arm"])
    return ~both | (frame["arm"] == first).to_numpy()

"""Every figure and table of the reports: which cleared rows it shows, how, and under which name.

The same selection feeds the figure, the table under it and the CSV, so that they cannot differ.
"""

from __future__ import annotations

import math
import string
import tomllib
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from markupsafe import Markup

from evaluation.cohorts.places import places
from evaluation.figures import alt_texts, palette
from evaluation.figures import costs as cost_figures
from evaluation.figures import one_area as figures
from evaluation.figures import over_time as time_figures
from evaluation.figures import side_by_side as area_figures
from evaluation.figures.kept import Kept
from evaluation.reporting.data_tables import Record, data_table, told
from evaluation.reporting.page import macros
from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.findings import Case
from evaluation.words.language import Language, alphabetical

Scope = Literal["area", "areas", "country"]
# as they are in the address of a picture
UNQUOTED = frozenset(f"{string.ascii_letters}{string.digits} /:=;,.()'!*-_~@$&?+\n")


@dataclass(frozen=True)
class Exhibit:
    """One figure or table: its rows, the columns of its table, and how it is drawn; see ``exhibits.toml``."""

    where: Mapping[str, Sequence[str]]
    columns: Sequence[str]
    spread: str = ""
    scope: Scope = "area"
    draw: Callable[..., Any] | None = None
    uses: Sequence[str] = ()
    folded: bool = False
    files: bool = True


@dataclass(frozen=True)
class Report:
    """What a report is about: the cleared rows and the names that its readers know."""

    language: Language
    area: str
    name: str
    cleared: pd.DataFrame
    study: Study = field(repr=False)
    area_names: dict[str, str] = field(repr=False)
    municipality_names: dict[str, str] = field(repr=False)
    simulated: bool
    release_date: str
    reference: Path = Path()  # folder of reference tables
    confirmed: bool = True  # whether public sources confirm that the area took part
    kept: Kept = field(default_factory=Kept, repr=False)  # drawings of earlier runs
    # exhibits that were drawn already
    shown: dict[str, Markup] = field(default_factory=dict, init=False, repr=False)
    _areas: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _chosen: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _cases: dict[str, Case] = field(default_factory=dict, init=False, repr=False)
    _told: dict[str, list[Record]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _by_area(self) -> dict[str, np.ndarray]:
        return self.cleared.groupby("area", sort=False).indices

    @cached_property
    def _beside(self) -> pd.DataFrame:
        """The rows of exhibits that set areas side by side, and others of their measures."""
        shown = {code for one in EXHIBITS.values() if one.scope == "areas" for code in one.where["measure"]}
        return as_objects(self.cleared[self.cleared["measure"].isin(shown)])

    def rows_of(self, area: str) -> pd.DataFrame:
        """The rows of an area, quick to pick single ones from; all rows where no area is named."""
        if not area:
            return self.cleared
        if area not in self._areas:
            self._areas[area] = as_objects(self.cleared.iloc[self._by_area.get(area, [])])
        return self._areas[area]

    def case(self, area: str) -> Case:
        """What sentences about an area are made from; all rows where no area is named."""
        if area not in self._cases:
            self._cases[area] = Case(self.rows_of(area), self.study, area=area or "all")
        return self._cases[area]

    def rows_for(self, name: str) -> pd.DataFrame:
        """The rows of an exhibit, looked for among those of the area where it shows no others."""
        if name not in self._chosen:
            area = self.area or "all"
            held = {"area": self.rows_of(area), "country": self.rows_of("all"), "areas": self._beside}[
                EXHIBITS[name].scope
            ]
            self._chosen[name] = select(held, self.study, name, area=area)
        return self._chosen[name]

    def told(self, name: str) -> list[Record]:
        """The rows of an exhibit as their readers meet them: in order, and with names."""
        if name not in self._told:
            exhibit, names = EXHIBITS[name], self.area_names | self.municipality_names
            self._told[name] = told(
                self.rows_for(name),
                exhibit.columns,
                spread=exhibit.spread,
                language=self.language,
                names=names,
            )
        return self._told[name]

    @cached_property
    def compared_with(self) -> list[str]:
        """Names of the comparison municipalities, by the alphabet."""
        table = places(pd.read_csv(self.reference / "municipalities.csv", dtype=str), self.study.areas)
        codes = table.index[table["arm"] == "comparison"]
        return alphabetical(self.municipality_names[code] for code in codes)

    @property
    def registers(self) -> str:
        """Where the numbers about persons come from, in words."""
        text = self.language.text
        if self.simulated:
            return text(
                "The registers behind this report are simulated: they were made by a program with known "
                "effects."
            )
        return text(
            "Registers of services, benefits and incomes, read under permit. Public statistics: "
            "Statistics Finland, table 12r5, licence CC BY 4.0."
        )

    @cached_property
    def slug(self) -> str:
        """Name of the report in file names."""
        topics = self.cleared["topic"].unique().tolist()
        return self.area or ("public_statistics" if topics == ["public_statistics"] else "national")


def _declared() -> dict[str, Exhibit]:
    """The exhibits of ``exhibits.toml``."""
    rooms = {
        room.__name__.rpartition(".")[2]: room for room in (area_figures, cost_figures, figures, time_figures)
    }
    found = {}
    for name, parts in tomllib.loads(Path(__file__).with_name("exhibits.toml").read_text("utf-8")).items():
        room, _, function = parts.pop("draw", "").partition(".")
        found[name] = Exhibit(**parts, draw=getattr(rooms[room], function) if room else None)
    return found


EXHIBITS = _declared()


def as_objects(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with their words as Python holds them: a table takes, compares and names one after another."""
    held = rows.astype(dict.fromkeys(rows.columns[rows.dtypes == "str"], object))
    return held.copy()  # together: columns that lie alone are taken one by one


def select(cleared: pd.DataFrame, study: Study, name: str, *, area: str) -> pd.DataFrame:
    """Rows of the cleared ledger that an exhibit shows for an area.

    Examples
    --------
    >>> from evaluation.results import ledger
    >>> frame = ledger.rows(pd.DataFrame({"item": ["low"]}), area="oulu", topic="cost", simulated=True,
    ...                     measure="programme_cost_per_client")
    >>> [len(select(frame, study, name, area="oulu")) for name in ("programme_cost", "payers")]
    [1, 0]
    """
    exhibit = EXHIBITS[name]
    found = np.arange(len(cleared))  # less to do than for masks
    for column, values in exhibit.where.items():
        wanted = {study.by_role.get(value, value) for value in values}
        held = cleared[column].to_numpy()[found].tolist()
        found = found[np.fromiter(map(wanted.__contains__, held), dtype=bool, count=len(held))]
    areas = cleared["area"].to_numpy()[found]
    of_areas = (
        areas != "all" if exhibit.scope == "areas" else areas == (area if exhibit.scope == "area" else "all")
    )
    return cleared.iloc[found[of_areas]]


def telling(records: Sequence[Record], columns: Sequence[str]) -> list[Record]:
    """The records that tell a reader something; those of files are all of them.

    Nothing is told by a payer or item that has only zeros where there are euros, by estimates that were all
    drawn to the same mean, by a drift of zero that would overturn what was not found, and by the many areas
    that passed. Of the analyses that leave out one municipality the ends tell what all of them do.
    """

    def line(record: Record) -> tuple[str, ...]:
        return tuple(str(record[name]) for name in columns)

    told_of = {  # by whatever unit: a payer without euros whose months are drawn needs both
        line(record)
        for record in records
        if record["estimate"] != 0 or any(np.nan_to_num([record["ci_low"], record["ci_high"]]))
    }
    shrunken = [record["estimate"] for record in records if record["measure"] == "att_shrunken"]
    one_mean = len(shrunken) < len(records) and len(set(np.round(shrunken, 3))) == 1
    one_less = [record for record in records if record["specification"] == "leave_one_out"]
    found = sorted(
        (record for record in one_less if math.isfinite(record["estimate"])),
        key=lambda record: (record["estimate"], record["place"]),
    )
    ends = {record["place"] for record in (*found[:1], *found[-1:])}

    def tells(record: Record) -> bool:
        if record["specification"] == "leave_one_out":
            return record["place"] in ends
        if record["measure"] == "att_shrunken" and one_mean:
            return False
        if record["unit"] in ("eur", "eur_per_month") and line(record) not in told_of:
            return False
        if record["measure"] == "breakdown" and record["estimate"] == 0:
            return False
        return not (record["measure"] == "verdict" and record["status"] == "pass")

    # where all is zero, that is what there is to tell
    return [record for record in records if tells(record)] or list(records)


def show(report: Report, name: str, *, files: bool = True) -> Markup:
    """HTML of an exhibit: the figure with its text alternative, its table, and a link to its CSV `files`.

    Where there is no row, or every number is withheld or hidden, the reader is told so in words.
    """
    exhibit, language, parts = EXHIBITS[name], report.language, macros("sections/exhibits.html.j2")
    title = labels.label("exhibit", name, language)
    rows, records = report.rows_for(name), report.told(name)
    if not records:
        return parts.no_number(title, language.no_number("missing"))
    hidden = all(record["status"] in ("withheld", "suppressed") for record in records)
    in_words = {"status", "method"} & set(exhibit.columns)  # why there is no number, line by line
    ends = () if exhibit.draw else ("ci_low",)
    missing = all(math.isnan(record[number]) for record in records for number in ("estimate", *ends))
    if missing and (hidden or exhibit.draw or not in_words):
        return parts.no_number(title, language.no_number(str(rows["status"].iloc[0])), name)
    records = telling(records, exhibit.columns)
    table = data_table(records, exhibit.columns, spread=exhibit.spread, caption=title, language=language)
    link = parts.link(f"csv/{report.slug}/{name}.csv", title) if files else ""
    if exhibit.draw is None:
        return parts.table(name, title, table + link, exhibit.folded)
    rows = rows.iloc[sorted(record["place"] for record in records)]
    picture, alt, seen = report.kept.made((name, records), lambda: _drawn(report, name, rows))
    real = report.simulated and not rows["simulated"].any()
    return framed_figure(
        name, picture, title=title, seen=seen, alt=alt, numbers=table + link, language=language, real=real
    )


def _drawn(report: Report, name: str, rows: pd.DataFrame) -> tuple[str, str, str]:
    """Picture of an exhibit, its text alternative, and what is seen in it."""
    exhibit, language = EXHIBITS[name], report.language
    assert exhibit.draw is not None
    known = report.area_names | report.municipality_names
    uses = {"study": report.study, "names": known, "here": report.area}
    with palette.look():
        drawn = exhibit.draw(rows, language=language, **{key: uses[key] for key in exhibit.uses})
        if rows["simulated"].any():
            palette.simulated_mark(drawn, language=language)
        picture = palette.svg(drawn)
    return picture, *alt_texts.describe(name, rows, language=language, names=report.area_names)


def framed_figure(name: str, picture: str, *, language: Language, **told: Any) -> Markup:
    """Frame an SVG picture with its title, its text alternative and its folded numbers."""
    for sign in sorted(set(picture) - UNQUOTED, key="%".__ne__):  # what quotes the others is not quoted
        picture = picture.replace(sign, urllib.parse.quote(sign))
    return macros("sections/exhibits.html.j2").figure(name, Markup(picture), text=language.text, **told)

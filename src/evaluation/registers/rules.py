"""The rules of reading, a row each: what is looked for, what is done, and how much of it is too much.

A rule finds rows of one parsed table. It drops them, mends them or only counts them. Above the share `warn`
of the rows read the page of the delivery says so; above `stop`, if they are more than a few, the delivery is
refused. A layout can set other limits. Rules apply in the order of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from evaluation.deliveries.layout_parts import Limit
from evaluation.registers import cleaning as c
from evaluation.registers.cleaning import Known
from evaluation.schemas import REGISTER_TABLES
from evaluation.study import nearest

Find = Callable[[pd.DataFrame, Known], "np.ndarray | pd.Series"]
Mend = Callable[[pd.DataFrame, np.ndarray, Known], pd.DataFrame]
FEW = 20  # so many rows stop nothing, whatever share they are, unless they are all
NEVER = 1.0
JUDGED = ["table", "rule", "rows", "share", "action", "limit", "allowed", "remedy", "is_loss"]


@dataclass(frozen=True)
class Rule:
    """One rule: which rows, what is done, and from which share it is said or stops the reading."""

    name: str
    action: Literal["dropped", "mended", "kept"]
    finds: Find | None  # None: counted while the file is read
    warn: float = NEVER
    stop: float = NEVER
    remedy: str = ""
    mends: Mend | None = None
    lost: bool = True  # whether a dropped row is a loss, and not added to another one
    together: bool = False  # whether it needs all rows that were dropped before to be gone


LAYOUT = "check the columns and date_format in layout.toml"
NUMBERS = "check the columns, date_format and decimal in layout.toml"
ASK = "ask the provider what happened to these rows"
REPEATED = "is a column that tells rows of one person and day apart not mapped?"
SIGN = "corrections are negative, payments are not: has the provider turned the sign?"
LARGEST_EUR = {"benefits": 1e5, "earnings": 1e6, "area_costs": 1e10}
EUR_A_DAY, EUR_A_MONTH = 400, 50_000  # of a benefit, of earnings
CENTS = "are these cents? Check decimal in layout.toml"
LONGEST_DAYS = 366  # of one payment period
MONTH = ["person_id", "month"]


def missing(column: str, rule: str = "", warn: float = 0.01, stop: float = 0.1) -> Rule:
    """A rule that drops rows without a value that they need."""
    remedy = f"is the right column mapped to {column}, and is an empty field a code of its own?"
    return Rule(rule or f"missing_{column}", "dropped", lambda f, k: f[column].isna(), warn, stop, remedy)


def without(column: str, value: object, warn: float) -> Rule:
    """A rule that writes a value where there is none."""
    remedy = f"is the right column mapped to {column}?"
    finds, mends = lambda f, k: f[column].isna(), lambda f, bad, k: c.put(f, bad, column, value)
    return Rule(f"missing_{column}", "mended", finds, warn, NEVER, remedy, mends)


def too_much(column: str, table: str) -> Rule:
    """A rule that drops amounts that nobody pays."""
    largest = LARGEST_EUR[table]
    remedy = f"more than {largest:,.0f} euros: check decimal in layout.toml"
    return Rule("implausible_amount", "dropped", lambda f, k: f[column].abs() > largest, 0, 0.01, remedy)


def dates(column: str) -> tuple[Rule, ...]:
    """Rules on a first day that is missing, stands for unknown, or lies too far back."""
    return (
        missing(column),
        Rule("placeholder_date", "dropped", lambda f, k: f[column] == c.PLACEHOLDER_DAY, 0.02, 0.2, ASK),
        Rule("implausible_date", "dropped", lambda f, k: f[column] < c.PLACEHOLDER_DAY, 0.001, 0.05, LAYOUT),
    )


# fmt: off
DUPLICATES = Rule(
    "exact_duplicate", "dropped", lambda f, k: c.repeated(f, ["row"]), 0.05, 0.5,
    "is a file named or delivered twice?", lost=False)
OF_PERSONS = (
    replace(missing("person_id", "missing_person"), finds=lambda f, k: f["person_id"] == c.NO_PERSON),
    Rule("unknown_person", "dropped", lambda f, k: f["person_id"] == c.UNKNOWN_PERSON, 0.05, 0.3,
         "is the pseudonym written alike in all files, and are they about the same people?"),
    DUPLICATES)
ENDS = (
    Rule("placeholder_end", "dropped", lambda f, k: f["end"] == c.PLACEHOLDER_DAY, 0.01, 0.1, ASK),
    Rule("open_end", "mended", lambda f, k: ~np.isfinite(f["end"]), mends=c.close))
ORDER = (
    Rule("reversed_interval", "dropped", lambda f, k: f["end"] < f["start"], 0.01, 0.1,
         "are start and end swapped?"),
    Rule("starts_after_window", "dropped", lambda f, k: f["start"] >= k.until, 0.1, 0.5,
         "is observed_until the last day that the registers cover?"),
    Rule("ends_after_window", "mended", lambda f, k: f["end"] >= k.until,
         mends=lambda f, bad, k: f.assign(end=f["end"].clip(upper=k.until - 1))))
BORN = Rule("before_birth", "dropped", c.before_birth, 0.001, 0.05,
            "do pseudonyms and birth days belong to the same people?")
RULES: dict[str, tuple[Rule, ...]] = {
    "persons": (
        missing("person_id", "missing_person"),
        DUPLICATES,
        Rule("earlier_row", "dropped", c.earlier, lost=False, together=True),
        Rule("repeated_person", "dropped", lambda f, k: f.duplicated("person_id"), 0.01, 0.1,
             "a row is a person: name the column of the year as latest_by in layout.toml", together=True),
        *dates("birth_day"),
        Rule("birth_after_window", "dropped", lambda f, k: f["birth_day"] >= k.until, 0.001, 0.05, LAYOUT),
        Rule("under_15", "kept", lambda f, k: f["birth_day"] > k.until - 15 * 365.25, 0.3, 0.9,
             "younger than 15 at the end of the window: is this the date of birth?"),
        Rule("born_1_january", "kept", c.born_1_january, 0.1, NEVER,
             "is this the year of birth alone? Age is then known to the year only", together=True),
        # without the native language nobody can say whether the person belongs to the target group
        missing("native_language", warn=0.02, stop=0.2),
        without("sex", "unknown", 0.05),
        without("education", "unknown", 0.4),
        without("immigrant", 0.0, 0.05)),
    "residence": (
        *OF_PERSONS,
        missing("municipality"),
        Rule("municipality_code_padded", "mended", c.short_codes, mends=c.pad_codes),
        Rule("unknown_municipality", "dropped", lambda f, k: ~f["municipality"].isin(k.municipalities),
             0.01, 0.1, "map merged municipalities to their later code in [codes.residence.municipality]"),
        *ENDS,
        # who lives somewhere since an unknown day came there when the stay before it ended
        Rule("unknown_start", "mended", lambda f, k: ~(f["start"] > c.PLACEHOLDER_DAY), 0.2, 0.6, ASK,
             c.start_after_stay_before, together=True),
        *ORDER,
        Rule("repeated_start", "dropped", c.repeated_stay, 0.02, 0.2, REPEATED, together=True),
        Rule("overlapping_residence", "mended", c.overlaps, 0.2, 0.9, ASK, c.end_at_move, together=True)),
    "spells": (
        *OF_PERSONS,
        missing("state"),
        *dates("start"),
        *ENDS,
        *ORDER,
        BORN,
        Rule("missing_service_code", "kept", lambda f, k: f["code"].isna() & (f["state"] == "service"), 0.1,
             NEVER, "is the column of the service code mapped?"),
        Rule("unknown_service_code", "kept", lambda f, k: f["code"].notna() & ~f["code"].isin(k.services),
             0.01, 0.5, "codes are text as in service_codes.csv: 5 and 05 are different services"),
        Rule("repeated_start", "dropped", c.shorter_spell, 0.02, 0.2, REPEATED, together=True),
        Rule("one_day_spell", "kept", lambda f, k: f["end"] == f["start"], 0.3, 0.95,
             "is the right column mapped to end?"),
        Rule("overlapping_spell", "kept", c.overlapping_spells, 0.3, NEVER, REPEATED, together=True)),
    "benefits": (
        *OF_PERSONS,
        missing("benefit"),
        missing("amount_eur", "missing_amount"),
        *dates("start"),
        *ENDS,
        *ORDER,
        BORN,
        too_much("amount_eur", "benefits"),
        Rule("implausible_days", "dropped", c.impossible_days, 0, 0.01,
             "more than a year, or less than no day for euros paid: is the right column mapped to days?"),
        Rule("long_period", "kept", lambda f, k: f["end"] - f["start"] >= LONGEST_DAYS, 0.01, 0.2, LAYOUT),
        Rule("missing_days", "mended", lambda f, k: f["days"].isna(), 0.2, NEVER,
             "is the column of paid days mapped? Weekdays were taken",
             lambda f, bad, k: f.assign(days=f["days"].mask(bad, c.weekdays(f))), together=True),
        Rule("negative_amount", "kept", lambda f, k: f["amount_eur"] < 0, 0.05, 0.3, SIGN),
        Rule("zero_amount", "kept", lambda f, k: f["amount_eur"] == 0, 0.05, 0.5,
             "is the right column mapped to amount_eur?"),
        Rule("high_amount", "kept", lambda f, k: f["amount_eur"] > EUR_A_DAY * f["days"].clip(lower=1),
             0.001, 0.05, CENTS),
        Rule("negative_day_count", "mended", c.negative_counts, 0, 0.05,
             "is the right column mapped to paid_days_before?",
             lambda f, bad, k: c.put(f, bad, "paid_days_before", np.nan)),
        Rule("joined_period", "dropped", lambda f, k: c.repeated(f, ["person_id", "benefit", "start"]),
             0.3, 0.9, REPEATED, c.add_periods, lost=False, together=True),
        Rule("fractional_days", "mended", lambda f, k: f["days"] % 1 != 0, 0, 0.5,
             "days were rounded to whole ones; check decimal in layout.toml",
             lambda f, bad, k: f.assign(days=np.floor(f["days"] + 0.5))),
        Rule("more_days_than_weekdays", "kept", lambda f, k: f["days"] > c.weekdays(f), 0.01, 0.2,
             "benefits are paid for five days a week: are these calendar days?", together=True)),
    "earnings": (
        *OF_PERSONS,
        missing("month"),
        missing("earnings_eur", "missing_amount"),
        Rule("outside_window", "dropped", c.outside, 0.3, 0.9, LAYOUT, lost=False),
        BORN,
        too_much("earnings_eur", "earnings"),
        Rule("negative_amount", "kept", lambda f, k: f["earnings_eur"] < 0, 0.05, 0.3, SIGN),
        Rule("high_amount", "kept", lambda f, k: f["earnings_eur"] > EUR_A_MONTH, 0.001, 0.05, CENTS),
        Rule("joined_employers", "dropped", lambda f, k: c.repeated(f, MONTH), lost=False, together=True,
             mends=lambda f, bad, k: c.added(f, MONTH, {"earnings_eur": "sum"}))),
    "area_costs": (
        DUPLICATES,
        Rule("unknown_area", "dropped", lambda f, k: ~f["area"].isin(k.areas), 0, 0.1,
             "write areas as in the table of areas, such as pilot_areas.csv"),
        *(missing(column) for column in ("year", "payer", "status")),
        too_much("amount_eur", "area_costs"),
        Rule("repeated_item", "dropped", lambda f, k: c.repeated(f, ["area", "year", "item", "payer"]),
             0.01, 0.1, "add up rows of an area, year, item, payer", together=True),
        Rule("missing_amount", "kept", lambda f, k: f["amount_eur"].isna())),
}
# counted while a file is read, over a whole table, and over tables together
READING = (
    Rule("malformed_row", "dropped", None, 0.001, 0.05,
         "another number of fields than in the first line: check separator and quote"),
    Rule("rows_lost", "kept", None, 0.05, 0.3, "the rules of this table say why"))
WITHOUT_RESIDENCE = Rule("without_residence", "kept", None, 0.05, 0.5,
                         "persons who live nowhere are in no area: is the file of residence complete?")
# fmt: on


def rules_of(table: str) -> dict[str, Rule]:
    """All rules of a table by name, those counted while reading first."""
    contract = REGISTER_TABLES[table]
    columns = (*contract.columns, *contract.optional)
    read = [one.name for one in columns if one.kind not in ("key", "text", "code", "flag")]
    unread = [Rule(f"unreadable_{name}", "kept", None, 0.001, 0.05, NUMBERS) for name in read]
    also = [WITHOUT_RESIDENCE] if table == "persons" else []
    return {rule.name: rule for rule in [*READING, *unread, *RULES[table], *also]}


def refuse_unknown(limits: dict[str, dict[str, Limit]]) -> None:
    """Refuse limits of rules that do not exist, each with the nearest name of a rule."""
    problems = [
        f"layout.toml: limits.{table}.{rule}: no such rule{nearest(rule, rules_of(table))}"
        for table, own in limits.items()
        for rule in own
        if rule not in rules_of(table)
    ]
    if problems:
        raise ValueError("; ".join(problems))


def judge(quality: pd.DataFrame, limits: dict[str, dict[str, Limit]]) -> pd.DataFrame:
    """Hold the counts of a delivery against the limits of the rules, or the layout's own.

    Of the quality table (table, rule, rows, action) comes one with table, rule, rows, share (of the rows
    read), action, limit ("", "warn" or "stop"), allowed (a share), remedy and is_loss (rows that are gone),
    with a row `rows_lost` for every table.
    """
    out = []
    for table, entries in quality.groupby("table", sort=False):
        declared, own = rules_of(str(table)), limits.get(str(table), {})
        found = list(entries[["rule", "rows", "action"]].itertuples(index=False, name=None))
        read = sum(rows for name, rows, _ in found if name == "rows_read")
        lost = {name for name, rule in declared.items() if rule.lost}
        gone = sum(rows for name, rows, action in found if name in lost and action == "dropped")
        for name, rows, action in [*found, ("rows_lost", gone, "lost")]:
            is_loss = name in lost and action == "dropped"
            rule = declared.get(name, Rule(name, "kept", None))
            if name in own:
                rule = replace(rule, **own[name].model_dump(exclude_none=True))
            share = rows / read if read else float(rows > 0)
            many = rows > FEW or rows >= max(read, 1)
            limit = "stop" if share > rule.stop and many else "warn" if share > rule.warn else ""
            allowed = {"stop": rule.stop, "warn": rule.warn}.get(limit, np.nan)
            out.append((table, name, rows, share, action, limit, allowed, rule.remedy, is_loss))
    return pd.DataFrame(out, columns=JUDGED)

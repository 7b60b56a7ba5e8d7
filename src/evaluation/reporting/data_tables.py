"""The tables of the reports: rows of the ledger as readers see them, with headings that machines follow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from evaluation.figures.one_area import in_place, named
from evaluation.reporting.page import macros
from evaluation.words import labels
from evaluation.words.language import Language, alphabetical

Record = dict[str, Any]  # a row of the ledger, by column
# measures whose estimate is a difference: it carries its sign, and a share is in percentage points
DIFFERENCES = frozenset(
    [
        "att",
        "att_raw",
        "att_shrunken",
        "prediction_interval",
        "event_study",
        "delta_cost",
        "delta_effect",
        "cost_shift",
        "gap",
        "did",
        "net_benefit",
        "funnel_limit",
        "break_even_cost",
    ]
)
WORKING_LIFE_MONTHS = 480
IN_POINTS = frozenset(("mde", "tau", "breakdown", "bias", "rmse")) | DIFFERENCES


def written(value: float, unit: str, *, measure: str, language: Language) -> str:
    """Write one value with its unit, as a table cell says it."""
    signed = measure in DIFFERENCES
    if measure == "p_adjusted":
        return language.number(value, 3)
    if unit in ("share", "probability"):
        if measure in IN_POINTS:
            return language.points(100 * value, 1, signed=signed)
        return language.percent(value, 1)
    if unit in ("eur", "eur_per_month"):
        return language.euros(value, 2 if measure == "did" else 0, signed=signed)  # a month and person
    if unit == "points":
        return language.points(value, 2, signed=signed)
    if measure == "caseload_per_worker":
        return language.number(value)
    decimals = {"days": 1, "months": 2, "ratio": 2, "sd": 2, "number": 0 if float(value).is_integer() else 2}
    return language.number(value, decimals.get(unit, 0), signed=signed)


def exact(row: Mapping[str, object]) -> Markup:
    """The exact numbers of a row, as attributes of its cell."""
    estimate, low, high = _numbers(row)
    rank = row["measure"] == "rank"
    found = f' data-value="{estimate!r}"' if math.isfinite(estimate) and not rank else ""
    if rank or math.isfinite(estimate + low + high):
        found += f' data-low="{low!r}" data-high="{high!r}"'
    return Markup(found)


def value_with_interval(row: Mapping[str, object], *, language: Language, bare: bool = False) -> str:
    """Write a row's estimate with its interval, or why there is no number.

    A `bare` number leaves out its percentage points, where the caption says them.
    """
    estimate, low, high = _numbers(row)
    unit, measure = str(row["unit"]), str(row["measure"])
    if measure == "diagnostic" and math.isfinite(low):
        measure = "att"  # a check with an interval is a difference, one without is a share
        unit = "months" if row["outcome"] == "age" else unit  # bare: years stand in the name of the check
    if measure == "rank":
        return language.interval(low, high, language.number)
    if not math.isfinite(estimate):
        if measure == "mvpf" and math.isinf(low) != math.isinf(high) and row["status"] == "ok":
            return _one_sided(low, high, language)
        if row["status"] == "ok" and row["method"]:  # the kind of result says it in words
            return "–"
        return language.no_number(str(row["status"]))

    def without_unit(value: float) -> str:
        if unit in ("share", "probability"):
            return language.number(100 * value, 1, signed=measure in DIFFERENCES)
        if unit == "points":
            return language.number(value, 2, signed=measure in DIFFERENCES)
        return written(value, unit, measure=measure, language=language)

    words = without_unit(estimate) if bare else written(estimate, unit, measure=measure, language=language)
    if measure == "break_even_persistence":
        past = estimate > WORKING_LIFE_MONTHS
        words = language.text("longer than a working life") if past else words if estimate else "–"
    if measure == "mvpf" and not (
        math.isfinite(low) or math.isfinite(high)
    ):  # a number that could be any other
        words = _one_sided(low, high, language)
    if measure == "diagnostic" and row["item"] == "clusters":  # not a count of anything: an effective number
        words = language.number(estimate)
    if math.isfinite(low) and math.isfinite(high):
        words += f" ({language.interval(low, high, without_unit)})"
    elif measure == "mvpf" and (math.isfinite(low) or math.isfinite(high)):
        words += f" ({_one_sided(low, high, language)})"
    return words


def _numbers(row: Mapping[str, Any]) -> tuple[float, float, float]:
    return float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"])


def _one_sided(low: float, high: float, language: Language) -> str:
    if math.isfinite(low):
        return language.text("at least {low}, no upper limit", low=language.number(low, 2))
    if math.isfinite(high):
        return language.text("at most {high}, no lower limit", high=language.number(high, 2))
    return language.text("no limits can be given")


def name_of(column: str, row: Mapping[str, object], *, language: Language, names: Mapping[str, str]) -> str:
    """Name the value of a ledger column for readers."""
    code, measure = row[column], str(row["measure"])
    if column == "x":
        return language.number(float(code))  # type: ignore[arg-type]
    text = str(code)
    if column == "area":
        return names.get(text, text)
    if column == "outcome":  # a check can be about a background variable
        return named("covariate" if text in labels.names()["covariate"] else "outcome", text, language)
    if column == "item":
        try:
            return labels.item(measure, text, language, names)
        except ValueError:
            return text.replace("_", " ")
    if column == "group" and text in labels.names()["arm"]:
        return named("arm", text, language)
    if column == "method":  # the kind of a result that is not shown would tell of it
        return "" if row["status"] in ("withheld", "suppressed") else named("method", text, language)
    if column == "status" and text == "concern" and "but power" in str(row["method"]):
        found = float(row.get("p_value", np.nan)) < 0.05  # type: ignore[arg-type]
        return language.text("Too few data") if not found else named("status", text, language)
    return named(column, text, language)


def told(
    rows: pd.DataFrame,
    columns: Sequence[str],
    *,
    language: Language,
    names: Mapping[str, str],
    spread: str = "",
) -> list[Record]:
    """Rows of the ledger as records in the order of their table, told once for page, sheet and figure.

    `columns` of the ledger name a line, from the left; the values of the column `spread` stand beside each
    other. `names` are those of areas and municipalities by code. Each record has its `place` among the rows,
    and `said`: words for those of these columns that say anything.
    """
    values = dict(zip(rows.columns, rows.to_numpy(object).T.tolist(), strict=True))
    telling = [name for name in (*columns, spread) if name and any(value != "" for value in values[name])]
    records = [dict(zip(values, line, strict=True)) for line in zip(*values.values(), strict=True)]
    said_of: dict[tuple[object, ...], str] = {}

    def words(name: str, record: Record) -> str:
        if name in ("method", "status"):  # other columns have a say in these
            return name_of(name, record, language=language, names=names)
        known = name, record[name], record["measure"]
        if known not in said_of:
            said_of[known] = name_of(name, record, language=language, names=names)
        return said_of[known]

    for place, record in enumerate(records):
        record |= {"place": place, "said": {name: words(name, record) for name in telling}}
    return [records[place] for place in in_order(values, columns, names, language=language)]


def data_table(
    records: Sequence[Record],
    columns: Sequence[str],
    *,
    caption: str,
    language: Language,
    spread: str = "",
) -> Markup:
    """Write records that were `told` as an HTML table, in a region that scrolls.

    Cells carry the exact numbers as ``data-value``, ``data-low`` and ``data-high``.
    """
    # nothing but percentage points: the caption says the unit once
    bare = all(record["unit"] == "share" and record["measure"] in IN_POINTS for record in records)
    if bare or (spread and all(record["unit"] == "points" for record in records)):
        bare, caption = True, f"{caption}, {labels.label('unit', 'points', language)}"
    columns = [name for name in columns if any(record[name] != "" for record in records)]
    lines: dict[tuple, dict[object, Record]] = {}
    across: dict[object, Record] = {}  # what stands beside each other, each with a row of it
    for record in records:
        key = tuple("" if record[name] != record[name] else record[name] for name in columns)  # not a number
        value = record[spread] if spread else ""
        lines.setdefault(key, {})[value] = record
        across.setdefault(value, record)
    heads = [heading(name, records[0]["measure"], language) for name in columns]
    if "status" in columns and all(math.isnan(record["estimate"]) for record in records):  # words say it all
        across = {}
    elif spread:
        heads += [record["said"].get(spread, "") for record in across.values()]
    else:
        ranged = any(not math.isnan(record["ci_low"]) for record in records)
        heads.append(language.text("Estimate and 95% interval" if ranged else "Value"))
    written_lines = []
    for by_value in lines.values():
        said = next(iter(by_value.values()))["said"]
        cells = [
            (exact(row), value_with_interval(row, language=language, bare=bare)) if row else ("", "")
            for row in map(by_value.get, across)
        ]
        written_lines.append(([said[name] for name in columns], cells))
    return macros("sections/parts.html.j2").data_table(caption, heads, written_lines, len(columns))


def heading(column: str, measure: str, language: Language) -> str:
    """Heading of a ledger column, more telling where the measure says what the column holds."""
    for kind, code in (("x_heading", measure), ("item_heading", measure), ("heading", column)):
        if kind.startswith((column, "heading")) and code in labels.names()[kind]:
            return labels.label(kind, code, language)
    return ""


def in_order(
    values: Mapping[str, list], columns: Sequence[str], names: Mapping[str, str], *, language: Language
) -> np.ndarray:
    """Places of rows in the order of their table: as readers meet the codes, areas by the alphabet."""
    named = labels.names()
    known = {
        "outcome": [*named["outcome"], *named["state"]],
        "specification": labels.codes("specification", language),
        "window": labels.codes("window", language),
        "group": [*named["arm"], *named["group"]],
        "item": [*named["payer"], *named["arm"], *named["diagnostic"], "low", "high", "reported"],
        "measure": [*named["measure"]],
    }
    usual = ("area", "window", "x", "outcome", "specification", "measure", "item", "group")
    of_steps = any(measure.startswith("attrition") for measure in set(values["measure"]))
    keys = []
    for name in (*columns, *(name for name in usual if name not in columns)):
        codes = values[name]
        if len(set(codes)) < 2:  # orders nothing
            continue
        if name == "x" or (name == "item" and of_steps):
            keys.append(np.array(values["x"]))
        elif name == "area" or (name == "item" and not names.keys().isdisjoint(codes)):
            keys.append(_by_alphabet(codes, names))
        elif name in known:
            keys.append(in_place(codes, known[name]))
    return np.lexsort(keys[::-1]) if keys else np.arange(len(values["measure"]))


def _by_alphabet(codes: list[str], names: Mapping[str, str]) -> np.ndarray:
    called = {code: names.get(code, code) for code in codes}
    place = {name: number for number, name in enumerate(alphabetical(set(called.values())))}
    return np.array([place[called[code]] for code in codes])

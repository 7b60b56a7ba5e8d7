"""The page of a delivery: what was read, mended, dropped and refused, with limits and remedies.

Counts by rule, never a value: the page can be shown to anyone. Counts of rows are rounded to five and those
below ten not told, in the sentences too, and shares follow from what is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.reporting.page import OWN_NAMES, environment, write_plain
from evaluation.words import language as languages
from evaluation.words.labels import item, label
from evaluation.words.language import Language, mark

FEWEST, ROUNDED_TO = 10, 5
DONE = {"dropped": mark("dropped"), "mended": mark("mended"), "kept": mark("kept and counted"), "lost": ""}
JUDGED = {"": mark("within limits"), "warn": mark("look at it"), "stop": mark("too much")}
VALUE = re.compile(r"(?<=mapped to )\w+|(?<=more than )[\d,]+(?= euros)")  # in a remedy, not translated
ROWS = re.compile(r"\b(\d+)(?: of (\d+))? (rows|lines)(?: \([\d.]+%\))?")


def write_delivery(
    folder: Path, judged: pd.DataFrame, *, problems: Sequence[str], simulated: bool
) -> tuple[Path, str]:
    """Write the page of a delivery that was read or refused, as HTML and as text, in three languages.

    `judged` comes from `registers.rules.judge`; `problems` say why the delivery was refused, none if it was
    stored. The files are ``delivery.html`` and ``delivery.txt`` in English, with ``-fi`` and ``-sv`` after
    the name in the others. Returned are the English page and its line of what was lost.
    """
    pages = {code: folder / f"delivery{'' if code == 'en' else f'-{code}'}.html" for code in languages.CODES}
    template = environment().get_template("sections/delivery.html.j2")
    for code, page in pages.items():
        spoken = languages.get(code)
        values = {
            "line": _summary(judged, spoken, refused=bool(problems)),
            "problems": _problems(judged, problems, spoken),
            "tables": _tables(judged, spoken),
            "others": [(other, OWN_NAMES[other], pages[other].name) for other in pages if other != code],
        }
        title = spoken.text("What was read of the delivery")
        write_plain(
            page,
            title=title,
            body=template.render(values, text=spoken.text),
            language=code,
            simulated=simulated,
            all_languages=(),
        )
        page.with_suffix(".txt").write_text(_text(title, values, spoken), encoding="utf-8")
    return pages["en"], _summary(judged, languages.get("en"), refused=bool(problems))


def _summary(judged: pd.DataFrame, spoken: Language, *, refused: bool) -> str:
    """One line: what share of the rows was lost, and the worst rule of each table, by its code in English."""
    start = spoken.text("Refused, nothing was stored.") + " " if refused else ""
    read = _rows(judged, "rows_read")
    if not read.sum():
        return start + spoken.text("No rows were read.")
    lost = _rows(judged, "rows_lost").reindex(read.index, fill_value=0)
    dropped = judged[judged["is_loss"] & (judged["rows"] > 0)]
    worst = dropped.sort_values("rows", kind="stable").groupby("table")["rule"].last()
    shares = (lost / read.where(read > 0)).fillna(0.0).sort_values(ascending=False, kind="stable")
    parts = []
    for table in map(str, shares.index):
        name, rule = table, worst.get(table, "")
        if spoken.code != "en":
            name, rule = label("table", table, spoken).lower(), rule and _words(table, rule, spoken)
        parts.append(f"{name} {_share(lost[table], read[table], spoken)}" + (f" ({rule})" if rule else ""))
    return start + spoken.text(
        "Lost {share} ({rows} rows read): {tables}.",
        share=_share(lost.sum(), read.sum(), spoken),
        rows=_count(read.sum(), spoken),
        tables="; ".join(parts),
    )


def _rows(judged: pd.DataFrame, rule: str) -> pd.Series:
    return judged[judged["rule"] == rule].set_index("table")["rows"]


def _rounded(rows: float) -> int:
    return int(rows / ROUNDED_TO + 0.5) * ROUNDED_TO


def _count(rows: float, spoken: Language) -> str:
    if 0 < rows < FEWEST:
        return spoken.text("under {number}", number=spoken.number(FEWEST))
    return spoken.number(_rounded(rows))


def _share(rows: float, read: float, spoken: Language) -> str:
    """A share of told counts; a few rows are no share."""
    if 0 < rows < FEWEST:
        return spoken.text("under {number} rows", number=spoken.number(FEWEST))
    return spoken.percent(min(1.0, _rounded(rows) / max(_rounded(read), 1)))


def _words(table: str, rule: str, spoken: Language) -> str:
    return item("rows", f"{table}:{rule}", spoken).partition(": ")[2]


def _problems(judged: pd.DataFrame, problems: Sequence[str], spoken: Language) -> list[dict[str, str]]:
    """Why nothing was stored: broken limits in the language, what the reader says of files in English."""
    read, out, english = _rows(judged, "rows_read"), [], spoken.code == "en"
    stopped = {f"{row.table}: {row.rule} in ": row for row in judged[judged["limit"] == "stop"].itertuples()}
    for problem in problems:
        row = next((row for start, row in stopped.items() if problem.startswith(start)), None)
        if row and not english:
            said = spoken.text(
                "{table}: {rule}, {share} of the rows, more than {limit}; {remedy}",
                table=label("table", str(row.table), spoken),
                rule=_words(str(row.table), str(row.rule), spoken),
                share=_share(float(row.rows), float(read.get(row.table, 0)), spoken),
                limit=spoken.percent(float(row.allowed)),
                remedy=_remedy(str(row.remedy), spoken),
            )
            out.append({"text": said, "lang": spoken.code})
        elif dropped := re.fullmatch(r"(\w+): all \d+ rows dropped", problem):
            table = dropped[1] if english else label("table", dropped[1], spoken)
            out.append({"text": spoken.text("{table}: all rows dropped", table=table), "lang": spoken.code})
        else:
            out.append({"text": ROWS.sub(_told, problem), "lang": "en"})
    return out


def _remedy(remedy: str, spoken: Language) -> str:
    found = VALUE.search(remedy)
    value = found[0] if found else ""
    if value[:1].isdigit():
        value = spoken.number(float(value.replace(",", "")))
    return spoken.text(VALUE.sub("{value}", remedy), value=value)


def _told(found: re.Match[str]) -> str:
    """Rows in a sentence of the reader, told as the rest of the page tells them."""
    spoken = languages.get("en")
    *numbers, what = found.groups()
    counts = [_count(int(number), spoken) for number in numbers if number]
    return f"{' of '.join(counts)} {what}"


def _tables(judged: pd.DataFrame, spoken: Language) -> list[dict[str, Any]]:
    out = []
    for table, rows in judged.groupby("table", sort=False):
        read = int(_rows(rows, "rows_read").sum())
        found = rows[(rows["rows"] > 0) & ~rows["rule"].isin(["rows_read", "rows_kept"])]
        lines = [
            (
                f"{row.rule}: {_words(str(table), row.rule, spoken)}",
                _count(row.rows, spoken),
                _share(row.rows, read, spoken) if row.rows >= FEWEST and read else "",
                spoken.text(DONE.get(row.action, "")),
                spoken.text(JUDGED[row.limit]),
                spoken.percent(row.allowed) if row.limit else "",
                _remedy(row.remedy, spoken) if row.limit else "",
            )
            for row in found.itertuples()
        ]
        title = spoken.text(
            "{table}: {rows} rows read", table=label("table", str(table), spoken), rows=_count(read, spoken)
        )
        out.append({"name": str(table), "title": title, "lines": lines})
    return out


def _text(title: str, values: dict[str, Any], spoken: Language) -> str:
    lines = [title, "", values["line"], ""]
    lines += [f"{spoken.text('Refused')}: {problem['text']}" for problem in values["problems"]]
    for table in values["tables"]:
        lines += ["", f"{table['title']} ({table['name']})"]
        lines += ["  " + " | ".join(part for part in line if part) for line in table["lines"]]
    return "\n".join(lines) + "\n"

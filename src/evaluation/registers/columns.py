"""Raw columns turned into the columns of a canonical table, and codes into ours; unknown codes are refused.

A message quotes a value only where at least ten persons hold it, it looks like a code, and its column
holds no persons: whoever maps the column of names as a state shall not read names.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.layout_parts import OTHERS
from evaluation.registers import values
from evaluation.registers.cleaning import Tally
from evaluation.registers.files import RawColumn, read_raw
from evaluation.registers.layout import FileLayout
from evaluation.schemas import REGISTER_TABLES, Column

QUOTED_FROM = (
    10  # persons, or rows of a table without persons, that must hold a value before a message may quote it
)
MOST_CODES, LONGEST_CODE = 40, 40
PERSONAL = re.compile(r"hetu|tunn|henk|person|nimi|name|synt|birth|pvm|date|osoit|puh|mail|^id|id$", re.I)
NUMBER_OR_DATE = re.compile(r"\d{5}|\d{1,2}[.-]\d{1,2}[.-]|\d[.,]\d|@")
FLAGS = dict.fromkeys(("1", "true", "kyllä", "k"), "true") | dict.fromkeys(("0", "false", "ei", "e"), "false")
EXACT = {"float": 2**24, "halffloat": 2**11}  # whole numbers above are not told apart; 2**53 else
MAY_BE_EMPTY = "ask for the file again, or set may_be_empty"
JOINT = "|"  # between the codes of several columns


def read_table(forms: tuple[FileLayout, ...], *, tally: Tally) -> pd.DataFrame:
    """Read all files of a table.

    Returns
    -------
    pandas.DataFrame
        Canonical columns, with `row`, a hash of the whole raw row, and `latest` where rows of a person are
        told apart by a year. Days are float, open ends infinity; what cannot be read is missing and counted.

    Raises
    ------
    ValueError
        Naming file, column, rows and remedy.
    """
    parts, problems = [], []
    counts: Tally = []
    for number, file in enumerate(forms):
        for path in file.paths:
            try:
                part = _read_file(path, file, tally=counts)
                if part.empty and len(forms) + len(file.paths) > 2 and not file.written.may_be_empty:
                    raise ValueError(f"{path.name} has no rows under its first line; {MAY_BE_EMPTY}")
                # equal rows of files of another form are no duplicates
                parts.append(part.assign(row=part["row"] + np.uint64(number)))
            except ValueError as error:
                problems.append(str(error))
    if problems:
        raise ValueError("; ".join(dict.fromkeys(problems)))
    totals: dict[tuple[str, str], int] = {}
    for rule, rows, action in counts:
        totals[rule, action] = totals.get((rule, action), 0) + rows
    tally += [(rule, rows, action) for (rule, action), rows in totals.items()]
    return (
        parts[0]
        if len(parts) == 1
        else pd.concat([_plain(part) for part in parts], ignore_index=True).pipe(_coded)
    )


def _plain(part: pd.DataFrame) -> pd.DataFrame:
    coded = part.select_dtypes("category")
    return part.assign(**{name: coded[name].astype("str") for name in coded})


def _coded(frame: pd.DataFrame) -> pd.DataFrame:
    texts = frame.select_dtypes("str")
    return frame.assign(**{name: texts[name].astype("category") for name in texts})


def _read_file(path: Path, file: FileLayout, *, tally: Tally) -> pd.DataFrame:
    raw, rows = read_raw(path, file, tally=tally)
    out: dict[str, object] = {"row": rows}
    problems = []
    table = REGISTER_TABLES[file.table]
    for column in (*table.columns, *(one for one in table.optional if one.name in file.columns)):
        try:
            out[column.name] = _values(column, raw, file, len(rows), tally)
        except (ValueError, TypeError) as error:
            problems.append(f"{path.name}: {file.said(column.name)} {error} in layout.toml")
    if problems:
        raise ValueError("; ".join(problems))
    if file.written.latest_by:
        latest = raw[file.written.latest_by]
        rank = _order(latest.values).rank(method="dense")
        out["latest"] = np.append(rank.to_numpy(dtype=float), -1.0)[latest.positions]
    return pd.DataFrame(out, copy=False)


def _order(found: pa.Array) -> pd.Series:
    """What later is told by: numbers or dates where all values are, else text."""
    texts = values.texts_of(found)
    if texts is None:
        return pd.Series(found.to_pandas())
    for parsed in (
        values.parse_numbers(texts, decimal=","),
        values.parse_months(texts),
        values.parse_days(texts),
    ):
        if parsed.notna().all():
            return parsed
    return texts


def _values(
    column: Column, raw: dict[str, RawColumn], file: FileLayout, rows: int, tally: Tally
) -> np.ndarray | pd.Categorical:
    source = file.columns[column.name]
    keys = _names(file, "person_id")
    persons = raw[keys[0]].positions if keys else None
    if source.constant is not None:
        found = RawColumn(np.zeros(rows, np.int32), pa.array([source.constant], pa.string()))
        if not source.constant:
            found = RawColumn(np.full(rows, -1, np.int32), pa.array([], pa.string()))
    elif len(source.names) > 1:
        return _mapped(column, _joined([raw[name] for name in source.names]), file, (), persons)
    else:
        found = raw[source.names[0]]
    if column.kind == "key":
        _check_ids(found.values)
    if column.kind in ("key", "text"):
        return labels_of(found)
    if column.kind in ("code", "flag"):
        kind = found.values.type
        if column.name == "code" and len(found.values) and not pa.types.is_string(kind):
            raise ValueError(values.NO_CODE)
        return _mapped(column, found, file, source.names, persons)
    parsed = _parsed(column, found.values, file)
    unread = np.append(np.isnan(parsed), False)[found.positions]
    tally.append((f"unreadable_{column.name}", int(unread.sum()), "kept"))
    return np.append(parsed, np.nan)[found.positions]


def _parsed(column: Column, found: pa.Array, file: FileLayout) -> np.ndarray:
    written = file.written
    try:
        if column.kind == "day":
            return values.days_of(found, date_format=written.date_format, last=column.name == "end")
        if column.kind == "month":
            return values.months_of(found, date_format=written.date_format)
        return values.numbers_of(found, decimal=written.decimal)
    except TypeError as error:
        raise TypeError(f"holds {error}; map the right column") from None


def _check_ids(found: pa.Array) -> None:
    """Ids are text or whole numbers, each told from all others."""
    if pa.types.is_boolean(found.type):
        raise TypeError("holds truth values, which are no ids; map the right column")
    if pa.types.is_floating(found.type) and len(found):
        numbers = found.to_numpy(zero_copy_only=False)
        if (np.abs(numbers) >= EXACT.get(str(found.type), 2**53)).any():
            raise ValueError(
                "holds ids as floats, too long to be exact: deliver text or whole numbers, and name it"
            )
        if (numbers % 1 != 0).any():
            raise ValueError("holds fractions, which are no ids; map the right column")


def labels_of(found: RawColumn) -> pd.Categorical:
    texts = values.texts_of(found.values)
    if texts is None:
        raise TypeError(f"holds {found.values.type}, which is no text; map the right column")
    kept, place = np.unique(texts.to_numpy(dtype=object), return_inverse=True)
    return pd.Categorical.from_codes(
        np.append(place, -1)[found.positions].astype(np.int32), pd.Index(kept, dtype="str")
    )


def _joined(parts: list[RawColumn]) -> RawColumn:
    """Several columns as one: codes joined by ``|``, an empty field as nothing."""
    labels = [labels_of(part) for part in parts]
    pairs = pd.DataFrame({number: part.codes for number, part in enumerate(labels)})
    group = pairs.groupby(list(pairs), sort=True).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1] if len(group) else np.empty(0, int)
    texts = [
        JOINT.join("" if (code := part.codes[row]) < 0 else part.categories[code] for part in labels)
        for row in first
    ]
    return RawColumn(group.astype(np.int32), pa.array(texts, pa.string()))


def _mapped(
    column: Column, found: RawColumn, file: FileLayout, names: tuple[str, ...], persons: np.ndarray | None
) -> np.ndarray | pd.Categorical:
    """Codes of ours; a code that is neither ours nor in the layout is an error by name."""
    labels = labels_of(found)
    codes = file.codes.get(column.name, {})
    flag = column.kind == "flag"
    own = FLAGS if flag else dict(zip(column.allowed, column.allowed, strict=True))
    open_list = not flag and not column.allowed
    meanings = [_meaning(text, codes, own, open_list=open_list) for text in labels.categories]
    unknown = np.array([meaning is None for meaning in meanings], dtype=bool)
    if rows := int(np.append(unknown, False)[labels.codes].sum()):
        shown = _shown(labels, unknown, [*names, *file.columns[column.name].names], file, persons)
        allowed = "true, false" if flag else ", ".join(column.allowed)
        raise ValueError(
            f"holds {int(unknown.sum())} unknown codes in {rows} of {len(labels)} rows{shown}; allowed are "
            f"{allowed}; map them in [codes.{file.table}.{column.name}], or say what all others mean with "
            f'"{OTHERS}" = "..."'
        )
    empty = codes.get("", "")
    texts = pd.Series([*(meaning or "" for meaning in meanings), empty], dtype="str")
    texts = texts.mask(texts == "")
    if flag:
        numbers = texts.map({"true": 1.0, "false": 0.0}).astype(float).to_numpy()
        return np.asarray(numbers[labels.codes])
    kept = pd.Index(sorted(set(texts.dropna())), dtype="str")
    place = kept.get_indexer(texts) if len(kept) else np.full(len(texts), -1)
    return pd.Categorical.from_codes(place.astype(np.int32)[labels.codes], kept)


def _meaning(text: str, codes: dict[str, str], own: dict[str, str], *, open_list: bool) -> str | None:
    """What a raw code means: by itself, by the first of its parts, as one of ours, or as all others."""
    if text in codes:
        return codes[text]
    if JOINT in text and (other := f"{text.rpartition(JOINT)[0]}{JOINT}{OTHERS}") in codes:
        return codes[other]
    if (ours := own.get(text.lower() if "true" in own else text)) is not None:
        return ours
    return codes.get(OTHERS, text if open_list else None)


def frequent_codes(
    labels: pd.Categorical, names: list[str], persons: np.ndarray | None = None
) -> dict[str, int]:
    """Codes that may be shown, with their persons, or rows where there are no persons.

    None are shown where a column may hold persons, ids, dates or sums.

    Examples
    --------
    >>> frequent_codes(pd.Categorical(["02"] * 10 + ["03"] * 9), ["tila"])
    {'02': 10}
    """
    codes = labels.codes.astype(np.int64)
    if persons is not None:  # a name in twelve rows of one person is no code
        codes = codes[np.unique(codes + (persons.astype(np.int64) << 32), return_index=True)[1]]
    counts = np.bincount(codes[codes >= 0], minlength=len(labels.categories))
    safe = (
        len(labels.categories) <= MOST_CODES
        and not any(PERSONAL.search(name) for name in names)
        and not any(NUMBER_OR_DATE.search(text) or len(text) > LONGEST_CODE for text in labels.categories)
        and all(text.isprintable() for text in labels.categories)
    )
    pairs = zip(labels.categories, counts.tolist(), strict=True) if safe else ()
    return {str(text): n for text, n in pairs if n >= QUOTED_FROM}


def _shown(
    labels: pd.Categorical,
    unknown: np.ndarray,
    names: list[str],
    file: FileLayout,
    persons: np.ndarray | None,
) -> str:
    keys = {name for key in ("person_id", "birth_day", "start", "end") for name in _names(file, key)}
    codes = {} if keys & set(names) else frequent_codes(labels, names, persons)
    often = [text for text in labels.categories[unknown] if text in codes]
    if not often:
        return " (rare or personal values are not shown)"
    rest = "" if len(often) == unknown.sum() else ", and rarer ones that are not shown"
    return f" ({', '.join(often)}{rest})"


def _names(file: FileLayout, column: str) -> tuple[str, ...]:
    return file.columns[column].names if column in file.columns else ()

"""Codes of a delivery into ours; unknown ones are refused by name.

A message quotes a value only where at least ten persons hold it, it looks like a code, and its column
holds no persons: whoever maps the column of names as a state shall not read names.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.deliveries import values
from evaluation.deliveries.layout import FileLayout
from evaluation.deliveries.layout_parts import OTHERS
from evaluation.deliveries.values import RawColumn
from evaluation.schemas import Column

# persons, or rows of a table without persons, that must hold a value before a message may quote it
QUOTED_FROM = 10
MOST_CODES, LONGEST_CODE = 40, 40
PERSONAL = re.compile(r"hetu|tunn|henk|person|nimi|name|synt|birth|pvm|date|osoit|puh|mail|^id|id$", re.I)
NUMBER_OR_DATE = re.compile(r"\d{5}|\d{1,2}[.-]\d{1,2}[.-]|\d[.,]\d|@")
FLAGS = dict.fromkeys(("1", "true", "kyllä", "k"), "true") | dict.fromkeys(("0", "false", "ei", "e"), "false")
JOINT = "|"  # between the codes of several columns


def labels_of(found: RawColumn) -> pd.Categorical:
    names, places = found.values, found.positions
    if not found.is_text or found.row_by_row:
        texts = values.texts_of(names)
        if texts is None:
            raise TypeError(f"holds {names.type}, which is no text; map the right column")
        alike = pa.array(texts, pa.string()).dictionary_encode()  # different values may have one text
        names, places = alike.dictionary, found.spread(alike.indices.to_numpy(), -1)
    return pd.Categorical.from_codes(places, pd.Index(names.to_pandas(), dtype="str"))


def joined(parts: list[RawColumn]) -> RawColumn:
    """Several columns as one: codes joined by ``|``, an empty field as nothing."""
    labels = [labels_of(part) for part in parts]
    pairs = pd.DataFrame({number: part.codes for number, part in enumerate(labels)})
    group = pairs.groupby(list(pairs), sort=True).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1] if len(group) else np.empty(0, int)
    texts = [
        JOINT.join("" if (code := part.codes[row]) < 0 else part.categories[code] for part in labels)
        for row in first
    ]
    alike = pa.array(texts, pa.string()).dictionary_encode()  # codes that hold the joint may read the same
    return RawColumn(alike.indices.to_numpy()[group], alike.dictionary)


def mapped(
    column: Column, found: RawColumn, file: FileLayout, persons: RawColumn | None
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
        shown = _shown(labels, unknown, column.name, file, persons)
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
    labels: pd.Categorical, names: tuple[str, ...], persons: np.ndarray | None = None
) -> dict[str, int]:
    """Codes that may be shown, with their persons, or rows where there are no persons.

    None are shown where a column may hold persons, ids, dates or sums.
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
    labels: pd.Categorical, unknown: np.ndarray, column: str, file: FileLayout, persons: RawColumn | None
) -> str:
    names = file.columns[column].names
    keys = {name for key in ("person_id", "birth_day", "start", "end") for name in file.names_of(key)}
    people = persons.distinct.positions if persons else None
    codes = {} if keys & set(names) else frequent_codes(labels, names, people)
    often = sorted(text for text in labels.categories[unknown] if text in codes)
    if not often:
        return " (rare or personal values are not shown)"
    rest = "" if len(often) == unknown.sum() else ", and rarer ones that are not shown"
    return f" ({', '.join(often)}{rest})"

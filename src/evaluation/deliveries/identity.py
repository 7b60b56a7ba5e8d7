"""The refusal of personal identity codes (henkilötunnus), wherever in a delivery they stand.

A code is told by its date and its check character, which one text in thirty-one has by chance. What cannot
be told from a pseudonym one by one, as ten digits or a piece of a long hexadecimal number, is therefore
judged by column: pseudonyms have the right check character as often as chance has it, identity codes
nearly always.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.deliveries.values import RawColumn
from evaluation.texts import are_within, bytes_of

PSEUDONYMS = "nothing was stored. Replace personal identity codes by pseudonyms before delivery"
CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
DATE = r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(\d\d)"
WIDE = r"(0[1-9]|[12]\d|3[01])[./]?(0[1-9]|1[0-2])[./]?(?:18|19|20)?(\d\d)"
DASHES = dict.fromkeys(map(ord, "‐‑‒–—−\u00ad"), "-")
INVISIBLE = "[\u200b-\u200f\u2060\ufeff]"
TAIL = r"[-+A-FU-Ya-fu-y]?\d{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y]"
WRITTEN = re.compile(rf"(?<!\d){WIDE} ?[-+A-FU-Y] ?(\d{{3}})([0-9A-FHJ-NPR-Y])(?!\d)")
BARE = re.compile(rf"(?<![0-9A-Z]){DATE}[ ./]?(\d{{3}})([0-9A-FHJ-NPR-Y])(?![0-9A-Z])")
PLAUSIBLE = WIDE + " ?[-+A-FU-Ya-fu-y‐-―−\u00ad./]? ?\\d{3}[0-9A-Ya-y]"
# in the digits of a hash or a UUID anything can be found, and ten characters may be any number
HASHES, NUMBERS = r"^[0-9A-Fa-f-]{12,}$", r"(?:^|[^0-9A-Za-z])\d{9}[0-9A-Ya-y](?:[^0-9A-Za-z]|$)"
SHORTEST = 10  # characters: a date, three digits and the check character
FEWEST_PAIRS = 5
SHORTEST_TAIL, LONGEST_TAIL, MOSTLY = 4, 5, 0.8
OF_ITS_SHAPE = 0.2  # share of right codes among values of a shape above which they are no coincidence


def refuse_identity_codes(columns: Mapping[str, RawColumn], *, where: str) -> None:
    """Refuse a table in which any value holds a valid henkilötunnus; the message never shows it.

    The separators in use since 1969 (``+``, ``-``, ``A``) and those added in 2023 (B–F, U–Y) are known, codes
    glued to letters, without a separator, with a whole year, and with the date in a column of its own.
    """
    for name, column in columns.items():
        if holds_identity_code(name):
            raise ValueError(f"{where}: the first line holds a personal identity code; {PSEUDONYMS}")
        bad = with_identity_code(column.values)
        if bad.any():
            rows = int(column.spread(bad, False).sum())
            raise ValueError(
                f"{where}: column {name} holds a personal identity code in {rows} rows; {PSEUDONYMS}"
            )
    _refuse_split_codes(columns, where=where)


def _refuse_split_codes(columns: Mapping[str, RawColumn], *, where: str) -> None:
    """A column of dates and a column of the four signs after them are identity codes, too."""
    if not any(_holds_tails(column.values) for column in columns.values()):
        return
    once = {name: column.distinct for name, column in columns.items()}
    texts = {name: column.values.to_pandas().astype("str") for name, column in once.items()}
    tails = [name for name, found in texts.items() if _mostly(found, TAIL, longest=LONGEST_TAIL)]
    dates = {name: _days_first(found) for name, found in texts.items()} if tails else {}
    for date in [name for name, found in dates.items() if _mostly(found, WIDE)]:
        for tail in tails:
            codes = pd.DataFrame({"date": once[date].positions, "tail": once[tail].positions})
            pairs = codes[(codes >= 0).all(axis=1)].drop_duplicates()
            first, last = dates[date].iloc[pairs["date"]], texts[tail].iloc[pairs["tail"]]
            sign = np.where(last.str.len() > 4, "", "-")
            joined = first.to_numpy(dtype=object) + sign.astype(object) + last.to_numpy(dtype=object)
            if len(joined) >= FEWEST_PAIRS and with_identity_code(joined).mean() > 0.5:
                raise ValueError(
                    f"{where}: columns {date} and {tail} together hold personal identity codes; {PSEUDONYMS}"
                )


def _holds_tails(texts: pa.StringArray) -> bool:
    sizes = np.diff(bytes_of(texts)[1])
    short = (sizes >= SHORTEST_TAIL) & (sizes <= LONGEST_TAIL)
    if not are_within(texts, "\0", "\x7f"):
        short |= _odd(texts)
    return bool(_contain(texts.filter(pa.array(short)).unique(), f"^{TAIL}$").any())


def _days_first(texts: pd.Series) -> pd.Series:
    """Dates as identity codes begin: 1.5.1952 and 1952-05-01 as 01.05.1952 and 01051952."""
    padded = texts.str.replace(r"(?<!\d)(\d)(?=[./])", r"0\1", regex=True)
    return padded.str.replace(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3\2\1", regex=True)


def _mostly(texts: pd.Series, shape: str, *, longest: int | None = None) -> bool:
    """Whether most of the texts have a shape, which none longer than `longest` has."""
    if len(texts) < 3 or (longest and not (texts.str.len() <= longest).mean() > MOSTLY):
        return False
    return bool(texts.str.fullmatch(shape).mean() > MOSTLY)


def with_identity_code(texts: Sequence[str] | pa.StringArray) -> np.ndarray:
    """Which of the values of a column hold an identity code, judged by the distinct ones."""
    given = texts if isinstance(texts, pa.StringArray) else pa.array(texts, pa.string())
    found = np.zeros(len(given), dtype=bool)
    # fewer plain characters than a code has are neither one nor of a shape that is counted below
    enough = np.diff(bytes_of(given)[1]) >= SHORTEST
    if not are_within(given, "\0", "\x7f"):
        enough |= _odd(given)
    if enough.any():
        coded = given.filter(pa.array(enough)).dictionary_encode()
        found[enough] = _hold_codes(_shown(coded.dictionary))[coded.indices]
    return found


def _hold_codes(values: pa.StringArray) -> np.ndarray:
    found = np.zeros(len(values), dtype=bool)
    candidates = np.flatnonzero(_contain(values, PLAUSIBLE))
    if not len(candidates):
        return found
    upper = [text.upper().translate(DASHES) for text in values.take(pa.array(candidates)).to_pylist()]
    hashes, numbers = _contain(values, HASHES), _contain(values, NUMBERS)
    written, bare = (np.array([_valid(pattern, text) for text in upper]) for pattern in (WRITTEN, BARE))
    alone = written & ~hashes[candidates]
    for valid, shape in ((written, hashes), (bare, numbers)):
        shape[candidates] |= valid
        if valid.sum() > OF_ITS_SHAPE * shape.sum():
            alone |= valid
    found[candidates] = alone
    return found


def holds_identity_code(text: str) -> bool:
    """Whether a text holds a henkilötunnus whose check character is right: 131052-308T, not 131052-308U."""
    return bool(with_identity_code([text])[0])


def _shown(values: pa.StringArray) -> pa.StringArray:
    """Text without what hides a code: wide digits, signs without width, an encoded dash."""
    odd = _odd(values)
    if odd.any():
        plain = values.filter(pa.array(odd)).to_pandas().astype("str")
        plain = plain.str.normalize("NFKC").str.replace(INVISIBLE, "", regex=True)
        values = pc.replace_with_mask(values, pa.array(odd), pa.array(plain, pa.string()))
    return pc.replace_substring_regex(values, "%2[Dd]", "-")


def _odd(values: pa.StringArray) -> np.ndarray:
    return ~np.asarray(pc.string_is_ascii(values), dtype=bool)


def _contain(values: pa.StringArray, pattern: str) -> np.ndarray:
    # groups only shape the pattern here
    plain = re.sub(r"\((?!\?)", "(?:", pattern)
    found = np.array(pc.match_substring_regex(values, plain), dtype=bool)
    odd = _odd(values)  # \d is any digit in Python, and one of ten in Arrow
    if odd.any():
        found[odd] = values.filter(pa.array(odd)).to_pandas().astype("str").str.contains(plain, regex=True)
    return found


def _valid(pattern: re.Pattern[str], text: str) -> bool:
    return any(
        CHECK_CHARACTERS[int(day + month + year + serial) % 31] == check
        for day, month, year, serial, check in pattern.findall(text)
    )

"""Numbers, dates and words in Finnish, Swedish and English: the only formatter of the reports.

English source text is the key of a message (gettext); translations live in ``locale/*/LC_MESSAGES``.
Finnish and Swedish numbers follow usage in Finland: decimal comma, no-break space between thousands
and before % and €, the minus sign U+2212, dates as ``1.3.2021``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.messages import pofile
from babel.numbers import get_decimal_symbol, get_group_symbol

CODES = ("fi", "sv", "en")
NBSP = "\u00a0"
MINUS = "\u2212"
LOCALE_FOLDER = Path(__file__).parent / "locale"


def mark(message: str) -> str:
    """Name a message for the catalogue without translating it yet (for tables of labels)."""
    return message


NO_NUMBER = {
    "suppressed": mark("hidden to protect privacy"),
    "withheld": mark("not shown, because the comparison is not fair"),
    "missing": mark("not available"),
    "not_run": mark("not calculated"),
}


@dataclass(frozen=True)
class Language:
    """One language: its words and its way of writing numbers. Get it with :func:`get`."""

    code: str
    locale: Locale
    translate: Callable[[str], str] = field(repr=False)
    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)  # see `labels.in_study`
    in_terms: Callable[[str], str] = field(default=str, repr=False)  # see `labels.in_study`

    @cached_property
    def signs(self) -> dict[int, str]:
        """What stands for the comma between thousands and the point before decimals."""
        group = re.sub(r"\s", NBSP, get_group_symbol(self.locale))
        return str.maketrans({",": group, ".": get_decimal_symbol(self.locale)})

    def text(self, message: str, /, **values: object) -> str:
        """Translate a message and fill its places; values are ready strings."""
        return self.in_terms(self.translate(message)).format(**values) if message else ""

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Write a number: halves away from zero, 4.5 as 5; NaN and infinity are words, zero has no sign."""
        if value is None or not math.isfinite(value):
            return self.no_number("missing")
        # the sign is written here, so that it is U+2212 in every language and never stands before a zero
        half_up = Decimal(repr(abs(float(value)))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        digits = f"{half_up:,f}".translate(self.signs)
        return digits if half_up == 0 else (MINUS if value < 0 else "+" if signed else "") + digits

    def percent(self, share: float, decimals: int = 1, *, signed: bool = False) -> str:
        """Write a share between 0 and 1 as a percentage: 0.123 → 12,3 %."""
        return self._with_unit(100 * share, decimals, "{}%" if self.code == "en" else f"{{}}{NBSP}%", signed)

    def points(self, points: float, decimals: int = 1, *, signed: bool = False) -> str:
        """Write percentage points; a difference of shares is multiplied by 100 first: points(100 * 0.03)."""
        number = self.number(points, decimals, signed=signed)
        if not math.isfinite(points):
            return number
        one = number.lstrip(MINUS + "+") == "1"  # 1,0 takes the plural in all three languages
        said = self.text("{number} percentage point" if one else "{number} percentage points", number=number)
        return said.replace(" ", NBSP, 1)

    def euros(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Write euros: 1 234 € in Finnish and Swedish, €1,234 in English."""
        return self._with_unit(value, decimals, "€{}" if self.code == "en" else f"{{}}{NBSP}€", signed)

    def interval(self, low: float, high: float, write: Callable[[float], str]) -> str:
        """Write an interval for a table cell: −1,0 … 3,0; `write` formats each end."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return self.no_number("missing")
        return self.text("{low} to {high}", low=write(low), high=write(high))

    def date(self, value: object) -> str:
        """Write a day: 1.3.2021 in Finnish and Swedish, 1 March 2021 in English."""
        day = pd.Timestamp(value).date()  # type: ignore[arg-type]
        return format_date(day, "d MMMM y" if self.code == "en" else "d.M.y", locale=self.locale)

    def month(self, value: object) -> str:
        """Write a month given as a date or as 2021-03: maaliskuu 2021."""
        return format_date(pd.Timestamp(value).date(), "LLLL y", locale=self.locale)  # type: ignore[arg-type]

    def quarter(self, value: str) -> str:
        """Write a quarter given as 2019Q1."""
        year, quarter = value.split("Q")
        return self.text("quarter {quarter} of {year}", quarter=quarter, year=year)

    def no_number(self, status: str) -> str:
        """Say why there is no number: a word for every status without one."""
        return self.text(NO_NUMBER.get(status, NO_NUMBER["missing"]))

    def _with_unit(self, value: float, decimals: int, form: str, signed: bool) -> str:
        number = self.number(value, decimals, signed=signed)
        if not math.isfinite(value):
            return number
        sign, digits = (number[0], number[1:]) if number[0] in MINUS + "+" else ("", number)
        return sign + form.format(digits)


@lru_cache
def get(code: str) -> Language:
    """Return the language fi, sv or en; ValueError for any other code."""
    if code not in CODES:
        raise ValueError(f"language: {code!r} is not among {list(CODES)}")
    with (LOCALE_FOLDER / code / "LC_MESSAGES" / "evaluation.po").open("rb") as file:
        catalogue = pofile.read_po(file, locale=code, abort_invalid=True)
    said = {str(message.id): str(message.string) for message in catalogue if message.string}
    region = {"fi": "fi_FI", "sv": "sv_FI", "en": "en_GB"}[code]
    return Language(code, Locale.parse(region), lambda message: said.get(message, message))


def alphabetical(names: Iterable[str]) -> list[str]:
    """Sort names by the Finnish alphabet: å, ä and ö after z, capitals as small letters."""
    order = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}", "é": "e", "ü": "y", "-": " "})
    return sorted(names, key=lambda name: (name.lower().translate(order), name))

"""Municipality × month cells straight from spells: month-end stocks and the flow into long unemployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.timelines.accrual import stock
from evaluation.timelines.lookups import intersect, status
from evaluation.timelines.spells import Array, Intervals
from evaluation.timelines.states import LONG_TERM_DAYS, PRECEDENCE, UNEMPLOYED, codes, homes, periods
from evaluation.units import first_day_of

if TYPE_CHECKING:
    from evaluation.registers.stored import Register

FLOW_DAYS = {3: 91, 6: 183}


def months_between(first: str, last: str) -> pd.DataFrame:
    """Calendar months from `first` to `last` (as "2021-03") with their first and last day.

    Columns: month (months since January 1970), month_name, first_day, last_day.

    Examples
    --------
    >>> months_between("1970-01", "1970-02").values.tolist()
    [[0, '1970-01', 0, 30], [1, '1970-02', 31, 58]]
    """
    names = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
    number = names.astype(np.int64)
    return pd.DataFrame(
        {
            "month": number.astype(np.int32),
            "month_name": pd.array(names.astype(str), dtype="str"),
            "first_day": first_day_of(number).astype(np.int32),
            "last_day": (first_day_of(number + 1) - 1).astype(np.int32),
        }
    )


def cells(register: Register, *, first: str, last: str) -> pd.DataFrame:
    """Counts of persons by municipality and month, from `first` to `last`, both included.

    One row per municipality and month, zeros included: municipality, month, month_name;

    - on the last day of the month, one state a person: ``unemployed`` (lay-offs included), ``laid_off``,
      ``service``, ``subsidised_employment``, ``open_employment``, ``study``, and ``long_term_unemployed``
      (unbroken for a year or more);
    - ``inflow``: unemployment periods that began in the month; ``past_3m``, ``past_6m``: those of them that
      lasted longer than 91 and 183 days, missing where this cannot be seen yet.

    All are counts; add them up before taking `rates`. ValueError if a month is not wholly observed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from evaluation.timelines.states import daily_states
    >>> spells = pd.DataFrame({"person_id": [1], "state": ["unemployed"], "start": [10], "end": [45]})
    >>> residence = pd.DataFrame({"person_id": [1], "municipality": ["564"], "start": [0], "end": [400]})
    >>> facts = {"residence": residence, "observed_from": 0, "observed_until": 400}
    >>> register = SimpleNamespace(days=daily_states(spells), **facts)
    >>> cells(register, first="1970-01", last="1970-02")[["month", "unemployed", "inflow"]].values.tolist()
    [[0, 1, 1], [1, 0, 0]]
    """
    calendar = months_between(first, last)
    if calendar["first_day"].iloc[0] < register.observed_from:
        raise ValueError(f"first: {first} begins before the register does; choose a later month")
    if calendar["last_day"].iloc[-1] >= register.observed_until:
        raise ValueError(f"last: {last} ends after the register does; choose an earlier month")
    days = register.days
    stays, names = homes(register.residence)
    month_ends = calendar["last_day"].to_numpy()

    def stocks(intervals: Intervals) -> Array:
        pieces, _, at_home = intersect(intervals, stays)
        where = stays.label[at_home]
        return stock(where, pieces.start, pieces.end, days=month_ends, groups=len(names))

    unemployed = periods(days, UNEMPLOYED)
    lasting = unemployed[unemployed.end - unemployed.start > LONG_TERM_DAYS]
    long_term = Intervals(lasting.person, lasting.start + LONG_TERM_DAYS, lasting.end, lasting.label)
    found: dict[str, Array] = {
        "unemployed": stocks(unemployed),
        **{
            state: stocks(days[days.label == codes((state,))[0]])
            for state in PRECEDENCE
            if state not in ("unemployed", "outside")
        },
        "long_term_unemployed": stocks(long_term),
        **_flows(unemployed, stays, calendar, len(names), register.observed_until),
    }
    places, month = (part.ravel() for part in np.indices((len(names), len(calendar))))
    return pd.DataFrame(
        {
            "municipality": pd.array(names[places], dtype="str"),
            "month": calendar["month"].to_numpy()[month],
            "month_name": calendar["month_name"].array[month],
            **{name: values.ravel() for name, values in found.items()},
        }
    )


def _flows(
    unemployed: Intervals, stays: Intervals, calendar: pd.DataFrame, municipalities: int, observed_until: int
) -> dict[str, Array]:
    """Unemployment periods that began in each municipality and month, and those of them that lasted."""
    home = status(stays, unemployed.person, unemployed.start).astype(np.int64)
    first_day, last_day = calendar["first_day"].to_numpy(), calendar["last_day"].to_numpy()
    month = np.searchsorted(first_day, unemployed.start, side="right") - 1
    inside = (home >= 0) & (month >= 0) & (unemployed.start <= last_day[-1])
    at = home[inside] * len(calendar) + month[inside]
    lasted = (unemployed.end - unemployed.start)[inside]
    shape = municipalities, len(calendar)

    def longer_than(length: int) -> Array:
        return np.bincount(at[lasted > length], minlength=shape[0] * shape[1]).reshape(shape)

    flows = {"inflow": longer_than(0)}
    for months, length in FLOW_DAYS.items():
        seen = last_day + length < observed_until
        flows[f"past_{months}m"] = np.where(seen, longer_than(length), np.nan)
    return flows


def rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Rates of rows of `cells`, or of sums of them: shares from 0 to 1, missing where nobody is counted.

    ``activation_rate`` is P / (U + P) with P everyone in services and subsidised work and U the unemployed
    (Statistics Finland publishes it times 100), ``unemployed_share`` and ``broad_unemployed_share`` are of
    those unemployed, in services or employed, ``long_term_share`` of the unemployed, ``past_3m_share`` and
    ``past_6m_share`` of the inflow.

    Examples
    --------
    >>> names = ["unemployed", "service", "subsidised_employment", "open_employment"]
    >>> table = pd.DataFrame([[60, 10, 10, 120, 15, 10, 5, 2]],
    ...     columns=[*names, "long_term_unemployed", "inflow", "past_3m", "past_6m"])
    >>> rates(table)[["activation_rate", "unemployed_share", "past_3m_share"]].values.tolist()
    [[0.25, 0.3, 0.5]]
    """
    activated = counts["service"] + counts["subsidised_employment"]
    broad = counts["unemployed"] + activated
    everyone = broad + counts["open_employment"]
    parts_of = {
        "activation_rate": (activated, broad),
        "unemployed_share": (counts["unemployed"], everyone),
        "broad_unemployed_share": (broad, everyone),
        "long_term_share": (counts["long_term_unemployed"], counts["unemployed"]),
        "past_3m_share": (counts["past_3m"], counts["inflow"]),
        "past_6m_share": (counts["past_6m"], counts["inflow"]),
    }
    return pd.DataFrame({name: part / whole.where(whole > 0) for name, (part, whole) in parts_of.items()})

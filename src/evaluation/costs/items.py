"""The items behind the ledger: benefits, services and taxes of each person, split over their payers.

Every function returns parts of a person's time that no episode boundary cuts, with euros in prices of the
price year.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from evaluation.costs import municipal_share, prices
from evaluation.costs.assumptions import CostReference, service_costs_per_day
from evaluation.timelines import accrual, lookups, spells

Cuts = tuple[np.ndarray, np.ndarray]  # person, day

_YEAR_STARTS = (
    np.arange("1990-01-01", "2060-01-01", dtype="datetime64[Y]").astype("datetime64[D]").astype(np.int64)
)

# Item and payer of every column behind the ledger.
BENEFIT_ITEMS = (
    ("labour_market_support", "municipality"),
    ("labour_market_support", "state"),
    ("basic_allowance", "state"),
    ("basic_allowance", "unemployment_funds"),
    ("earnings_related", "state"),
    ("earnings_related", "unemployment_funds"),
    ("tax_on_benefits", "municipality"),
    ("tax_on_benefits", "state"),
)
SERVICE_ITEMS = (
    *((item, payer) for item in ("service", "subsidised_work") for payer in ("municipality", "state", "eu")),
    ("rehabilitative_compensation", "municipality"),
    ("rehabilitative_compensation", "state"),
)
EARNINGS_ITEMS = tuple(
    ("tax_on_earnings", payer) for payer in ("municipality", "state", "unemployment_funds")
)
ITEMS = (*BENEFIT_ITEMS, *SERVICE_ITEMS, *EARNINGS_ITEMS)


def _years(day: np.ndarray) -> np.ndarray:
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970


def _cut_everywhere(
    person: np.ndarray, start: np.ndarray, end: np.ndarray, cut: Cuts
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row, first, last = accrual.split(person, start, end, cut_person=cut[0], cut_day=cut[1])
    again, first, last = accrual.split(person[row], first, last, cut_person=None, cut_day=_YEAR_STARTS)
    return row[again], first, last


def _prices(reference: CostReference, day: np.ndarray, price_year: int, needed: np.ndarray) -> np.ndarray:
    # History before the first episode needs days, not euros: years outside the index must not stop the
    # ledger.
    factor = np.zeros(len(day))
    years = _years(day[needed])
    factor[needed] = prices.price_factors(reference.price_index, years=years, price_year=price_year)
    return factor


def _rates(reference: CostReference, key: str, day: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """An assumption by the year of each day, zero where it is not needed."""
    out = np.zeros(len(day))
    out[needed] = reference.by_year(key, _years(day[needed]))
    return out


def _needed(person: np.ndarray, day: np.ndarray, cut: Cuts) -> np.ndarray:
    spans = pd.DataFrame({"person": cut[0], "day": cut[1]}).groupby("person")["day"].agg(["min", "max"])
    found = spans.reindex(person)
    return (day >= found["min"].to_numpy()) & (day < found["max"].to_numpy())


def benefits_paid(
    benefits: pd.DataFrame,
    states: pd.DataFrame,
    cut: Cuts,
    price_year: int,
    reference: CostReference,
    index: Cuts,
    look_back: int | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = benefits.sort_values(["person_id", "start"], kind="stable")
    names = ("person_id", "start", "end", "days")
    person, start, end, days = (table[name].to_numpy(dtype=np.int64) for name in names)
    merged = [states.loc[(states["state"] == name).to_numpy()] for name in ("service", "laid_off")]
    in_service, laid_off = (spells.islands(each["person_id"], each["start"], each["end"]) for each in merged)
    changes = [(np.tile(i.person, 2), np.concatenate([i.start, i.end])) for i in (in_service, laid_off)]
    persons, cut_days = zip(cut, *changes, strict=True)
    all_cuts = np.concatenate(persons), np.concatenate(cut_days)
    row, first, last = _cut_everywhere(person, start, end, all_cuts)
    who = person[row]
    period = start[row], end[row], days[row]
    paid = accrual.paid_days(*period, last) - accrual.paid_days(*period, first)
    length = (end - start)[row]
    fraction = np.where(
        days[row] > 0, paid / np.maximum(days[row], 1), (last - first) / np.maximum(length, 1)
    )
    kind = table["benefit"].astype("str").to_numpy()[row]
    serving = lookups.locate(in_service, who, first) >= 0
    needed = _needed(who, first, cut)
    rates = partial(_rates, reference, day=first, needed=needed)
    factor = _prices(reference, first, price_year, needed)
    euros = table["amount_eur"].to_numpy(dtype=float)[row] * fraction * factor

    support = kind == "labour_market_support"
    counted = np.where(support & ~serving, paid, 0)
    told = np.full(len(row), np.nan)
    if "paid_days_before" in table:
        told_at = support & (np.diff(row, prepend=-1) > 0)  # the first part of a payment
        told = np.where(told_at, table["paid_days_before"].to_numpy(dtype=float)[row], np.nan)
    before = _days_before(who, first, counted, told=told, index=index, look_back=look_back)
    shared = support & ~serving & needed
    bands = municipal_share.bands_from(reference.municipal_share)
    share = np.zeros(len(row))
    share[shared] = municipal_share.municipal_fraction(
        before[shared], counted[shared], bands=bands, day=first[shared]
    )
    values = np.zeros((len(row), len(BENEFIT_ITEMS)))
    values[:, 0] = euros * share
    values[:, 1] = np.where(support, euros, 0.0) - values[:, 0]
    basic = np.where(kind == "basic_allowance", euros, 0.0)
    values[:, 2] = basic * reference.value("basic_allowance_state_share")
    values[:, 3] = basic - values[:, 2]
    related = np.where(kind == "earnings_related", euros, 0.0)
    basic_part = np.minimum(related, paid * factor * rates("basic_allowance_eur_per_day"))
    basic_part = basic_part * reference.value("earnings_related_state_pays_basic_part")
    of_layoffs = basic_part * reference.value("earnings_related_state_pays_layoffs")
    values[:, 4] = np.where(lookups.locate(laid_off, who, first) >= 0, of_layoffs, basic_part)
    values[:, 5] = related - values[:, 4]
    values[:, 6] = -euros * rates("municipal_tax_rate") * reference.value("benefit_taxable_share")
    values[:, 7] = -euros * rates("state_tax_share_of_benefits")
    return who, first, values


def _days_before(
    person: np.ndarray,
    day: np.ndarray,
    counted: np.ndarray,
    *,
    told: np.ndarray,
    index: Cuts,
    look_back: int | None,
) -> np.ndarray:
    """Paid days before each part: by the payer's own count where it is told (not missing), else looked back.

    Parts are ordered by person and day. The payer's count holds for the part that it stands at, and by
    running on for all others of the person; who has none is counted from `look_back` days before the index
    date on that the part follows (`index`: person, day; without it over all of the register).
    """
    total = np.cumsum(counted) - counted
    at, since = spells.key(person, day), spells.key(person, 0)
    if look_back is not None:
        starts = np.sort(spells.key(*index))
        followed = starts[np.maximum(np.searchsorted(starts, at, side="right") - 1, 0)]
        since = np.where((followed >= since) & (followed <= at), np.maximum(followed - look_back, since), at)
    before = total - np.append(total, 0)[np.searchsorted(at, since)]
    known = pd.Series(told - total).groupby(person)
    offset = known.ffill().fillna(known.bfill())
    return np.where(offset.notna(), np.maximum(total + offset.fillna(0).to_numpy(), 0), before)


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """Overlapping spells of a person in the same service as one: a day is paid for once."""
    named = pd.MultiIndex.from_frame(table[["state", "code"]].astype("str"))
    kinds = named.unique()
    person = table["person_id"].to_numpy(dtype=np.int64) * max(len(kinds), 1) + kinds.get_indexer(named)
    found = spells.islands(person, table["start"], table["end"])
    who, which = np.divmod(found.person, max(len(kinds), 1))
    out = pd.DataFrame({"person_id": who, "start": found.start, "end": found.end})
    return out.assign(state=kinds.get_level_values(0)[which], code=kinds.get_level_values(1)[which])


def services_used(
    services: pd.DataFrame, cut: Cuts, price_year: int, reference: CostReference
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = _merged(services.loc[services["state"].isin(["service", "subsidised_employment"]).to_numpy()])
    costs = service_costs_per_day(reference, table["code"], table["state"])
    person, start, end = (table[name].to_numpy(dtype=np.int64) for name in ("person_id", "start", "end"))
    row, first, last = _cut_everywhere(person, start, end, cut)
    who, days = person[row], last - first
    needed = _needed(who, first, cut)
    factor = prices.price_factors(
        reference.price_index, years=costs["price_year"].to_numpy(dtype=int), price_year=price_year
    )
    euros = np.where(needed, days * (costs["eur_per_day"].to_numpy() * factor)[row], 0.0)
    serving = (table["state"] == "service").to_numpy()[row]
    values = np.zeros((len(row), len(SERVICE_ITEMS)))
    for place, payer in enumerate(("municipality", "state", "eu")):
        paid = euros * costs[f"share_{payer}"].to_numpy()[row]
        values[:, place] = np.where(serving, paid, 0.0)
        values[:, 3 + place] = np.where(serving, 0.0, paid)
    attended = days * reference.value("rehabilitative_attendance_per_day")
    rehabilitative = (costs["service"] == "rehabilitative_work").to_numpy()[row] & needed
    compensation = np.where(
        rehabilitative, attended * reference.value("rehabilitative_compensation_eur_per_day"), 0.0
    ) * _prices(reference, first, price_year, needed)
    values[:, 6], values[:, 7] = -compensation, compensation
    return who, first, values


def taxes_on_earnings(
    earnings: pd.DataFrame, cut: Cuts, price_year: int, reference: CostReference
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    month = earnings["month"].to_numpy(dtype=np.int64)
    span = np.array([cut[1].min(), cut[1].max()]).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    near = np.isin(earnings["person_id"].to_numpy(), cut[0]) & (month >= span[0]) & (month <= span[1])
    earnings, month = earnings.loc[near], month[near]
    start = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    end = (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    person = earnings["person_id"].to_numpy(dtype=np.int64)
    row, first, last = accrual.split(person, start, end, cut_person=cut[0], cut_day=cut[1])
    who = person[row]
    needed = _needed(who, first, cut)
    euros = earnings["earnings_eur"].to_numpy(dtype=float)[row] * (last - first) / (end - start)[row]
    euros = euros * _prices(reference, first, price_year, needed)
    municipal = _rates(reference, "municipal_tax_rate", first, needed) * reference.value("wage_taxable_share")
    state = _rates(reference, "state_tax_share_of_earnings", first, needed)
    funds = np.where(needed, reference.value("fund_contribution_share_of_earnings"), 0.0)
    return who, first, -euros[:, None] * np.stack([municipal, state, funds], axis=1)

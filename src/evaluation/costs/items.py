"""The items behind the ledger: benefits, services and taxes of each person, split over their payers.

Every function returns parts of a person's time that no episode boundary cuts, with euros in prices of the
price year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.costs import municipal_share, prices
from evaluation.costs.assumptions import CostReference, service_costs_per_day
from evaluation.schemas import BENEFITS
from evaluation.timelines import accrual, lookups
from evaluation.timelines.spells import PERSON_BITS, Array, days_of, islands, key
from evaluation.units import first_day_of, years_of

_YEAR_STARTS = first_day_of(12 * np.arange(1990 - 1970, 2060 - 1970))

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


def _parts(person: Array, start: Array, end: Array, cuts: Array) -> tuple[Array, Array, Array]:
    """Row, start and end (as keys) of the parts that episodes hold: other years may have no price."""
    first, last = key(person, start), key(person, end)
    cuts = np.sort(cuts)
    whose = np.append(cuts >> PERSON_BITS, -1)
    # most rows lie before or after all episodes of their person: they are not cut at all
    reaching = whose[np.searchsorted(cuts, last) - 1] == person
    within = np.flatnonzero(reaching & (whose[np.searchsorted(cuts, first, side="right")] == person))
    row, first, last = accrual.split(first[within], last[within], cuts)
    needed = _needed(first, cuts)
    return within[row[needed]], first[needed], last[needed]


def _needed(at: Array, cuts: Array) -> Array:
    """Whether a cut of the same person is behind and another one ahead."""
    cuts = np.sort(cuts)
    ahead = np.searchsorted(cuts, at, side="right")
    whose = np.append(cuts >> PERSON_BITS, -1)
    return (whose[ahead - 1] == whose[ahead]) & (whose[ahead] == at >> PERSON_BITS)


def _yearly(row: Array, first: Array, last: Array) -> tuple[Array, Array, Array]:
    again, first, last = accrual.split(days_of(first), days_of(last), _YEAR_STARTS)
    return row[again], first, last


def benefits_paid(
    benefits: pd.DataFrame,
    states: pd.DataFrame,
    cuts: Array,
    price_year: int,
    reference: CostReference,
    index: Array,
    look_back: int | None,
) -> tuple[Array, Array]:
    table = benefits.iloc[np.argsort(key(benefits["person_id"], benefits["start"]), kind="stable")]
    names = ("person_id", "start", "end", "days")
    person, start, end, days = (table[name].to_numpy(dtype=np.int64) for name in names)
    merged = [states.loc[(states["state"] == name).to_numpy()] for name in ("service", "laid_off")]
    in_service, laid_off = (islands(each["person_id"], each["start"], each["end"]) for each in merged)
    changes = (each for i in (in_service, laid_off) for each in (i.starts, i.ends))
    # counting begins within a payment, too: what else is cut must not move where it begins
    counted_from = [] if look_back is None else [index - look_back]
    every_cut = np.concatenate([cuts, *changes, *counted_from])
    row, first, last = _yearly(*accrual.split(key(person, start), key(person, end), every_cut))
    begins = np.diff(row, prepend=-1) > 0  # the first part of a payment
    order = np.argsort(
        key(person[row], first), kind="stable"
    )  # payments may overlap: days are counted in turn
    row, first, last, begins = row[order], first[order], last[order], begins[order]
    who, period = person[row], (start[row], end[row], days[row])
    paid = accrual.paid_days(*period, last) - accrual.paid_days(*period, first)
    of_kind = {name: (table["benefit"] == name).to_numpy() for name in BENEFITS}
    support = of_kind["labour_market_support"][row]
    shared = support & (lookups.locate(in_service, who, first) < 0)
    counted = np.where(shared, paid, 0)
    told = np.full(len(row), np.nan)
    if "paid_days_before" in table:
        told = np.where(support & begins, table["paid_days_before"].to_numpy(dtype=float)[row], np.nan)
    before = _days_before(who, first, counted, told=told, index=index, look_back=look_back)

    # history before the first episode needs days, not euros
    needed = _needed(key(who, first), cuts)
    row, who, first, last, paid, support, shared, counted, before = (
        each[needed] for each in (row, who, first, last, paid, support, shared, counted, before)
    )
    fraction = np.where(
        days[row] > 0,
        paid / np.maximum(days[row], 1),
        (last - first) / np.maximum((end - start)[row], 1),
    )
    years = years_of(first)
    factor = prices.price_factors(reference.price_index, years=years, price_year=price_year)
    euros = table["amount_eur"].to_numpy(dtype=float)[row] * fraction * factor
    share = np.zeros(len(row))
    share[shared] = municipal_share.municipal_fraction(
        before[shared],
        counted[shared],
        bands=municipal_share.bands_from(reference.municipal_share),
        day=first[shared],
    )
    values = np.zeros((len(row), len(BENEFIT_ITEMS)))
    values[:, 0] = euros * share
    values[:, 1] = np.where(support, euros, 0.0) - values[:, 0]
    basic = np.where(of_kind["basic_allowance"][row], euros, 0.0)
    values[:, 2] = basic * reference.value("basic_allowance_state_share")
    values[:, 3] = basic - values[:, 2]
    related = np.where(of_kind["earnings_related"][row], euros, 0.0)
    basic_part = np.minimum(related, paid * factor * reference.by_year("basic_allowance_eur_per_day", years))
    basic_part = basic_part * reference.value("earnings_related_state_pays_basic_part")
    of_layoffs = basic_part * reference.value("earnings_related_state_pays_layoffs")
    values[:, 4] = np.where(lookups.locate(laid_off, who, first) >= 0, of_layoffs, basic_part)
    values[:, 5] = related - values[:, 4]
    taxed = reference.by_year("municipal_tax_rate", years)
    values[:, 6] = -euros * taxed * reference.value("benefit_taxable_share")
    values[:, 7] = -euros * reference.by_year("state_tax_share_of_benefits", years)
    return key(who, first), values


def _days_before(
    person: Array,
    day: Array,
    counted: Array,
    *,
    told: Array,
    index: Array,
    look_back: int | None,
) -> Array:
    """Paid days before each part: by the payer's own count where it is told (not missing), else looked back.

    Parts are ordered by person and day. The payer's count holds for the part that it stands at, and by
    running on for all others of the person; who has none is counted from `look_back` days before the index
    date on that the part follows (`index`: keys; without it over all of the register).
    """
    total = np.cumsum(counted) - counted
    at, since = key(person, day), key(person, 0)
    if look_back is not None:
        starts = np.sort(index)
        followed = starts[np.maximum(np.searchsorted(starts, at, side="right") - 1, 0)]
        since = np.where((followed >= since) & (followed <= at), np.maximum(followed - look_back, since), at)
    before = total - np.append(total, 0)[np.searchsorted(at, since)]
    known = pd.Series(told - total).groupby(person)
    offset = known.ffill().fillna(known.bfill())
    return np.where(offset.notna(), total + offset.fillna(0).to_numpy(), before)


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """Overlapping spells of a person in the same service as one: a day is paid for once."""
    # persons by their rank: a large number times the kinds of service would not fit into a key
    (whose, people), (state, states), (code, codes) = (
        pd.factorize(table[name], sort=name == "person_id", use_na_sentinel=False)
        for name in ("person_id", "state", "code")
    )
    one, kinds = max(len(codes), 1), max(len(states) * len(codes), 1)
    found = islands(whose * kinds + state * one + code, table["start"], table["end"])
    who, kind = np.divmod(found.person, kinds)
    named = {"state": states[kind // one], "code": codes[kind % one]}
    return pd.DataFrame({"person_id": people[who], "start": found.start, "end": found.end, **named})


def services_used(
    services: pd.DataFrame, cuts: Array, price_year: int, reference: CostReference
) -> tuple[Array, Array]:
    table = _merged(services.loc[services["state"].isin(["service", "subsidised_employment"]).to_numpy()])
    costs = service_costs_per_day(reference, table["code"], table["state"])
    person, start, end = (table[name].to_numpy(dtype=np.int64) for name in ("person_id", "start", "end"))
    row, first, last = _yearly(*_parts(person, start, end, cuts))
    factor = prices.price_factors(
        reference.price_index, years=costs["price_year"].to_numpy(dtype=int), price_year=price_year
    )
    days = last - first
    euros = days * (costs["eur_per_day"].to_numpy() * factor)[row]
    serving = (table["state"] == "service").to_numpy()[row]
    values = np.zeros((len(row), len(SERVICE_ITEMS)))
    for place, payer in enumerate(("municipality", "state", "eu")):
        paid = euros * costs[f"share_{payer}"].to_numpy()[row]
        values[:, place] = np.where(serving, paid, 0.0)
        values[:, 3 + place] = np.where(serving, 0.0, paid)
    attended = days * reference.value("rehabilitative_attendance_per_day")
    rehabilitative = (costs["service"] == "rehabilitative_work").to_numpy()[row]
    compensation = np.where(
        rehabilitative, attended * reference.value("rehabilitative_compensation_eur_per_day"), 0.0
    ) * prices.price_factors(reference.price_index, years=years_of(first), price_year=price_year)
    values[:, 6], values[:, 7] = -compensation, compensation
    return key(person[row], first), values


def taxes_on_earnings(
    earnings: pd.DataFrame, cuts: Array, price_year: int, reference: CostReference
) -> tuple[Array, Array]:
    month = earnings["month"].to_numpy(dtype=np.int64)
    start, end = first_day_of(month), first_day_of(month + 1)
    person = earnings["person_id"].to_numpy(dtype=np.int64)
    row, *span = _parts(person, start, end, cuts)
    first, last = (days_of(each) for each in span)
    years = years_of(first)
    euros = earnings["earnings_eur"].to_numpy(dtype=float)[row] * (last - first) / (end - start)[row]
    euros = euros * prices.price_factors(reference.price_index, years=years, price_year=price_year)
    municipal = reference.by_year("municipal_tax_rate", years) * reference.value("wage_taxable_share")
    state = reference.by_year("state_tax_share_of_earnings", years)
    funds = np.full(len(row), reference.value("fund_contribution_share_of_earnings"))
    return key(person[row], first), -euros[:, None] * np.stack([municipal, state, funds], axis=1)

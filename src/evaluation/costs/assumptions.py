"""What the cost ledger takes from tables: assumptions, unit costs, price index, municipal share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.registers.reference import FOLDER
from evaluation.study import upwards

# Reference tables of prices and shares, read here and nowhere else; unit_costs names the sources behind them.
PRICED = ("cost_assumptions", "service_unit_costs", "price_index", "municipal_share", "unit_costs")
ASSUMPTION_STATUSES = ("published", "derived", "assumption")


@dataclass(frozen=True)
class CostReference:
    """The reference tables behind every cost.

    Parameters
    ----------
    assumptions : pandas.DataFrame
        cost_assumptions.csv: key, value, low, high, unit, year (empty: every year), source, status, note.
    services : pandas.DataFrame
        service_unit_costs.csv: one row a service code, with its benefit-free yearly cost and who pays it.
    price_index : pandas.DataFrame
        price_index.csv: year, index, source, status.
    municipal_share : pandas.DataFrame
        municipal_share.csv: the dated bands of the municipal share of labour market support.
    """

    assumptions: pd.DataFrame
    services: pd.DataFrame
    price_index: pd.DataFrame
    municipal_share: pd.DataFrame

    def value(self, key: str, year: int | None = None) -> float:
        """One assumption, of a year where the key has years."""
        rows = self.assumptions.loc[self.assumptions["key"] == key]
        if year is not None and rows["year"].notna().any():
            rows = rows.loc[rows["year"] == year]
        if len(rows) != 1:
            raise ValueError(
                f"cost_assumptions.{key}: {len(rows)} rows for year {year}, one expected; add or remove rows"
            )
        return float(rows["value"].iloc[0])

    def by_year(self, key: str, years: np.ndarray) -> np.ndarray:
        """Values of an assumption for an array of years."""
        own = replace(self, assumptions=self.assumptions.loc[self.assumptions["key"] == key])
        there = np.flatnonzero(np.bincount(years))  # few years in many rows
        values = np.zeros(there.max(initial=0) + 1)
        values[there] = [own.value(key, int(year)) for year in there]
        return values[years]


def cost_reference(folder: Path | str = FOLDER) -> CostReference:
    """Read the prices and rules behind every cost: assumptions, unit costs, price index, municipal share.

    Parameters
    ----------
    folder : path
        Folder with cost_assumptions.csv, service_unit_costs.csv, price_index.csv and municipal_share.csv,
        looked for here and in the folders above.

    Returns
    -------
    CostReference
        Its tables are data frames: change a copy of one and give ``dataclasses.replace(found, services=own)``
        to `cost`.

    Raises
    ------
    ValueError
        If a row has no source, an unknown status, or payers' shares that do not sum to one.

    Examples
    --------
    >>> found = cost_reference()
    >>> float(found.services.set_index("code").loc["05", "benefit_free_eur_per_year"])
    2304.0
    """
    folder = upwards(Path(folder))
    assumptions = pd.read_csv(folder / "cost_assumptions.csv", dtype={"key": "str", "source": "str"})
    services = pd.read_csv(folder / "service_unit_costs.csv", dtype={"code": "str"}, keep_default_na=False)
    index = pd.read_csv(folder / "price_index.csv")
    bands = pd.read_csv(folder / "municipal_share.csv")
    sourced = {"cost_assumptions": assumptions, "service_unit_costs": services, "price_index": index}
    for name, table in sourced.items():
        bare = int((table["source"].isna() | (table["source"] == "")).sum())
        if bare:
            raise ValueError(f"{name}.source: {bare} rows are empty; every figure names its source")
        strange = sorted(set(table["status"]) - set(ASSUMPTION_STATUSES))
        if strange:
            raise ValueError(f"{name}.status: {strange} is not among {list(ASSUMPTION_STATUSES)}")
    shares = services[["share_municipality", "share_state", "share_eu"]].sum(axis=1)
    if wrong := int((~np.isclose(shares, 1.0)).sum()):
        raise ValueError(f"service_unit_costs: the payers' shares of {wrong} rows do not sum to 1")
    double = services["includes_benefits"].eq("yes") & np.isclose(
        services["included_benefits_eur_per_year"], 0
    )
    if double.any():
        raise ValueError(
            f"service_unit_costs: {int(double.sum())} rows include benefits but net nothing out; "
            "give included_benefits_eur_per_year, else benefits are counted twice"
        )
    return CostReference(assumptions, services, index, bands)


def service_costs_per_day(reference: CostReference, codes: pd.Series, states: pd.Series) -> pd.DataFrame:
    """Benefit-free cost of one calendar day in each service spell (`eur_per_day`), in prices of `price_year`.

    Rows of the table of services by the code of each spell, an empty code by its state; refuses a code
    without a unit cost.
    """
    table = reference.services
    code = codes.astype("str").fillna("").to_numpy()
    named = np.where(code == "", "no code: " + states.astype("str").to_numpy(object), code)
    known = pd.Index(table["code"].where(table["code"] != "", "no code: " + table["state"]))
    if repeated := sorted(set(known[known.duplicated()])):
        raise ValueError(f"service_unit_costs: {repeated} stand in several rows; keep one row each")
    place = known.get_indexer(named)
    if (unknown := place < 0).any():
        raise ValueError(
            f"spells.code: {int(unknown.sum())} service spells have no unit cost for codes "
            f"{sorted(set(named[unknown]))}; add rows to service_unit_costs.csv"
        )
    found = table.assign(eur_per_day=table["benefit_free_eur_per_year"] / 365.0).iloc[place]
    return found.set_axis(codes.index)

"""Indicators that employment services know, by month and arm: description, not effect."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.cohorts.places import places
from evaluation.outcomes.area_months import rates
from evaluation.study import Study

INDICATORS = {
    "activation_rate": ("service", "subsidised_employment", "unemployed"),
    "unemployed_share": ("unemployed",),
    "broad_unemployed_share": ("unemployed", "service", "subsidised_employment"),
    "long_term_share": ("unemployed",),
    "past_3m_share": ("inflow",),
    "past_6m_share": ("inflow",),
}


def caseload_row(pilot_areas: pd.DataFrame, *, area: str) -> pd.DataFrame:
    """Clients at the transfer per worker moved, where both are known.

    Examples
    --------
    >>> areas = pd.DataFrame({"area": ["lahti"], "clients_at_transfer": [11_500.0], "staff_moved": [50.0]})
    >>> caseload_row(areas, area="lahti")["estimate"].item()
    230.0
    """
    known = pilot_areas.set_index("area").reindex([area])
    ratio = known["clients_at_transfer"] / known["staff_moved"]
    return pd.DataFrame(
        {
            "measure": "caseload_per_worker",
            "unit": "ratio",
            "estimate": ratio.to_numpy(),
            "persons": known["clients_at_transfer"].to_numpy(),
            "status": np.where(ratio.isna(), "missing", "ok"),
        }
    )


def indicator_rows(
    cells: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame, area: str
) -> pd.DataFrame:
    """Monthly indicators that employment services know, per arm; everybody, not only the target group.

    From counts of `area_months.cells`; columns: measure (see `area_months.rates`), item (arm), window
    ("2021-03"), x (months since the start), group "all", unit, estimate, persons (those in the states that
    the rate is made of).
    """
    table = places(municipalities, study.areas).reindex(cells["municipality"].astype("str"))
    own = (table["arm"].eq("pilot") if area == "all" else table["area"].eq(area)).to_numpy()
    side = np.where(own, "pilot", np.where(table["arm"].eq("comparison").to_numpy(), "comparison", ""))
    by_month = cells.assign(item=side)[side != ""].groupby(["item", "month", "month_name"], observed=True)
    counts = by_month.sum(numeric_only=True, min_count=1)
    found = rates(counts)
    parts = [
        pd.DataFrame(
            {"measure": name, "estimate": found[name], "persons": counts[list(behind)].sum(axis=1)}
        ).reset_index()
        for name, behind in INDICATORS.items()
    ]
    rows = pd.concat(parts, ignore_index=True).rename(columns={"month_name": "window"})
    rows = rows[rows["estimate"].notna()]
    return rows.assign(x=rows["month"] - study.start_month, group="all", unit="share").drop(columns="month")

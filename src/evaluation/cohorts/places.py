"""Municipalities: which arm and area they belong to, and which are neighbours of a pilot area."""

from __future__ import annotations

import pandas as pd

from evaluation.schemas import require
from evaluation.study import Areas

NO_COMMUTING_AREA = "Ei tk-alue"
_URBAN_RURAL = {
    "Kaupunkimaiset kunnat": "urban",
    "Taajaan asutut kunnat": "semi_urban",
    "Maaseutumaiset kunnat": "rural",
}


def places(municipalities: pd.DataFrame, areas: Areas) -> pd.DataFrame:
    """Arm, area and surroundings of each municipality of the reference table, as the study's `areas` say.

    Index municipality; arm (pilot, comparison, possible_pilot or excluded), area ("" outside; an area whose
    membership is unconfirmed keeps its name, and its municipalities stay possible pilots), region,
    urban_rural, commuting_area ("" if none).
    """
    known = areas.arm_column, areas.column, "region_code", "commuting_area_fi", "urban_rural_fi"
    require("municipalities", municipalities, "municipality", may_be_empty=known)
    table = municipalities.set_index("municipality")
    if not table.index.is_unique:
        repeated = sorted(set(table.index[table.index.duplicated()]))
        raise ValueError(f"municipalities.municipality: {repeated} appear more than once; keep one row each")
    region = table["region_code"].astype("str").str.zfill(2)
    commuting = table["commuting_area_fi"].fillna("").astype("str")
    arm = table[areas.arm_column].map(areas.arm_of).mask(region.isin(areas.regions_left_out))
    return pd.DataFrame(
        {
            "arm": arm.fillna("excluded").astype("str"),
            "area": table[areas.column].fillna("").astype("str"),
            "region": region,
            "urban_rural": table["urban_rural_fi"].map(_URBAN_RURAL).fillna("unknown").astype("str"),
            "commuting_area": commuting.mask(commuting == NO_COMMUTING_AREA, ""),
        }
    )


def neighbours(municipalities: pd.DataFrame, areas: Areas, *, area: str) -> tuple[str, ...]:
    """Municipalities outside the pilots that share a commuting area with a pilot area.

    Where services of the pilot may have reached them, or jobs were taken by its clients.

    Examples
    --------
    >>> table = pd.DataFrame({"municipality": ["1", "2", "3"], "pilot_area": ["oulu", None, None],
    ...     "status": ["pilot", "comparison", "comparison"], "region_code": "17", "urban_rural_fi": "",
    ...     "commuting_area_fi": ["Oulun tk-alue", "Oulun tk-alue", "Ei tk-alue"]})
    >>> neighbours(table, study.areas, area="oulu")
    ('2',)
    """
    table = places(municipalities, areas)
    own = (table["arm"] == "pilot") if area == "all" else (table["area"] == area)
    if not own.any():
        raise ValueError(f"area: {area!r} has no municipality; known are {sorted(set(table['area']) - {''})}")
    shared = set(table.loc[own, "commuting_area"]) - {""}
    near = table["commuting_area"].isin(shared) & (table["arm"] != "pilot") & ~own
    return tuple(sorted(table.index[near]))

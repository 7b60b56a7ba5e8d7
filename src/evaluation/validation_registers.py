"""Known truth through simulated registers: every pilot area of many registers, drawn with known effects.

Each register is drawn whole (histories, shocks, selection of areas, COVID) and each area estimated as in the
analysis: changes by municipality, subregions as labour market areas, placebo areas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.effects import municipal_changes
from evaluation.inference import placebo_areas
from evaluation.simulate import draw
from evaluation.validation import naive_clustered, summarise

SIZES = ((1, 1, "one"), (2, 6, "two_to_six"), (7, 99, "seven_or_more"))


def register_runs(
    seed: int,
    *,
    persons: int,
    reference: Path,
    effects: Mapping[str, float],
    area_shock_sd: float,
    area_shock_share: float,
    draws: int = 999,
) -> pd.DataFrame:
    """Draw one register and estimate the effect on open employment after 12 months in each pilot area.

    Parameters
    ----------
    seed : int
        Seed of the register and of the placebo draws.
    persons : int
        Persons in the register.
    reference : pathlib.Path
        Folder with the reference tables.
    effects : mapping
        True effect (share) by pilot area; areas that are not named have none.
    area_shock_sd, area_shock_share : float
        As :func:`evaluation.simulate.draw`.
    draws : int
        Placebo areas per estimate.

    Returns
    -------
    DataFrame
        One row an area and method (placebo_areas, naive_clustered): register, area, municipalities, episodes,
        method, truth, estimate, ci_low, ci_high, p_value. Areas too small to be analysed are left out.
    """
    drawn = draw(
        persons=persons,
        seed=seed,
        reference=reference,
        effects=effects,
        area_shock_sd=area_shock_sd,
        area_shock_share=area_shock_share,
    )
    table, sizes = drawn.episodes, drawn.sizes
    # windows count years from the start of the trial: -2 is 3/2019-2/2020, the main baseline
    used = table["target"] & table["counted"] & (table["after"] | (table["window"] == -2))
    data = pd.DataFrame(
        {
            "municipality": sizes["municipality"].astype(str).to_numpy()[table.loc[used, "home"]],
            "area": table.loc[used, "area"].to_numpy(),
            "treated": table.loc[used, "pilot"].to_numpy(),
            "post": table.loc[used, "after"].to_numpy(),
            "stratum": table.loc[used, "stratum"].astype(str).to_numpy(),
            "person_id": table.loc[used, "person"].to_numpy(),
            "work": table.loc[used, "outcome"].to_numpy(dtype=float),
        }
    )
    arm = sizes.set_index(sizes["municipality"].astype(str))["arm"]
    keep = data["treated"] | (data["municipality"].map(arm) == "comparison")
    groups = pd.Series(sizes["unit"].astype(str).to_numpy(), index=sizes["municipality"].astype(str))
    parts = []
    for area in sorted(set(data.loc[data["treated"], "area"])):
        mine = data[keep & (~data["treated"] | (data["area"] == area))]
        try:
            changes = municipal_changes(mine, outcomes=["work"], covariates=["stratum"])
            found = placebo_areas(changes, draws=draws, seed=seed, groups=groups)
        except ValueError:  # too few episodes in the area: the analysis refuses it as well
            continue
        estimate, error = naive_clustered(changes)
        df = len(changes.treated) - 1
        half = stats.t.ppf(0.975, df) * error
        naive = pd.DataFrame(
            {
                "estimate": estimate,
                "ci_low": estimate - half,
                "ci_high": estimate + half,
                "p_value": 2 * stats.t.sf(np.abs(estimate) / error, df),
            }
        )
        both = pd.concat([found.assign(method="placebo_areas"), naive.assign(method="naive_clustered")])
        parts.append(
            both[["method", "estimate", "ci_low", "ci_high", "p_value"]].assign(
                register=seed,
                area=area,
                municipalities=int(changes.treated.sum()),
                episodes=int(mine["treated"].sum()),
                truth=float(effects.get(area, 0.0)),
            )
        )
    return pd.concat(parts, ignore_index=True)


def known_truth_registers(
    seeds: Iterable[int],
    *,
    reference: Path,
    persons: int = 100_000,
    effects: Mapping[str, float] | None = None,
    area_shock_sd: float = 0.01,
    area_shock_share: float = 0.2,
    draws: int = 999,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Operating characteristics over simulated registers, by size of area.

    Parameters
    ----------
    seeds : iterable of int
        One register each.
    reference, persons, effects, area_shock_sd, area_shock_share, draws
        As :func:`register_runs`; no effects by default, so that every rejection is a false finding.
    executor : concurrent.futures.Executor, optional
        Draws registers in parallel, with the same result.

    Returns
    -------
    DataFrame
        As :func:`evaluation.validation.summarise`, one row per size (municipalities of the area) and method;
        size ``all`` is every area. Estimates of one register share its comparison municipalities, so the
        Monte Carlo errors are somewhat too small.
    """
    one = partial(
        register_runs,
        persons=persons,
        reference=reference,
        effects={} if effects is None else dict(effects),
        area_shock_sd=area_shock_sd,
        area_shock_share=area_shock_share,
        draws=draws,
    )
    runs = pd.concat(list((executor.map if executor else map)(one, seeds)), ignore_index=True)
    return by_size(runs)


def by_size(runs: pd.DataFrame) -> pd.DataFrame:
    """Summaries of single runs for areas of one, a few and many municipalities, and for all.

    Examples
    --------
    >>> runs = pd.DataFrame({"municipalities": [1, 8], "method": "m", "truth": 0.0, "estimate": [0.0, 0.1],
    ...                      "ci_low": [-1.0, 0.05], "ci_high": [1.0, 0.2], "p_value": [0.9, 0.01]})
    >>> by_size(runs)[["size", "false_positive"]].to_numpy().tolist()
    [['one', 0.0], ['seven_or_more', 1.0], ['all', 0.5]]
    """
    parts = []
    for low, high, name in (*SIZES, (1, 99, "all")):
        mine = runs[runs["municipalities"].between(low, high)]
        if len(mine):
            parts.append(summarise(mine, effect=float(mine["truth"].max())).assign(size=name))
    table = pd.concat(parts, ignore_index=True)
    return table[["size", *[name for name in table if name != "size"]]]

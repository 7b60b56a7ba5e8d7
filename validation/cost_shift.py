"""How often a cost shift is said where none was planted, and found where one was.

``python -m validation.cost_shift --worlds 60`` draws public statistics of every municipality and month with
known truth, reads them as the pages do and prints how often each part of the signs, and the signs, are told.

Sizes come from the real table 12r5. Unemployment moves between years by a logarithmic standard deviation of
0.09-0.11 and 8-22 over the labour force, correlated within regions by 0.1-0.4 and between years by 0.4-0.8
(142 comparison municipalities, 3/2019-10/2023). Municipalities differ in activation and in long-term
unemployment by 0.24 and 0.21 (June 2026); half of that is taken to move over time. Kela's months could not
be had: the bill moves with unemployment and, by as much again, by itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.registers.reference import reference
from evaluation.statistics import gaps, kela, statfin
from evaluation.study import Study, read_study
from evaluation.words import labels
from evaluation.words.findings import Case
from evaluation.words.language import get
from evaluation.words.public import BILL, SHIFT, cost_shift

# What is true of all pilot areas after the start, as shares of those whom the bill is paid for: `shift` moved
# into services, `work` found work, `elsewhere` left for another reason. `others` moved into services without
# being in the bill (of the labour force), and unemployment grew by `everywhere` in all of the country.
TRUE: dict[str, dict[str, float]] = {
    "nothing": {},
    "nothing, a fifth more everywhere": {"everywhere": 0.2},
    "services rose, the bill did not fall": {"others": 0.03},
    "the bill fell, services did not rise": {"elsewhere": 0.3},
    "work for a third, services for others": {"work": 0.3, "others": 0.01},
    "shift of 15 %": {"shift": 0.15},
    "shift of 30 %": {"shift": 0.3},
    "shift of 45 %": {"shift": 0.45},
}
BROAD, IN_SERVICES, BILLED = 0.14, 0.2, 0.22  # of the labour force; of the broadly unemployed, twice
KINDS = (0.3, 0.02, 0.08, 0.25, 0.02, 0.33)  # of those in services, in the order of `statfin.SERVICES`
PILOTS_ABOVE = 1.26  # the unemployed share of pilot municipalities over the others', 3/2019-2/2020
LEVEL_POWER = 0.5  # spread in points by level: 0.6, 0.0, 0.5 and 0.6 between four pairs of years (se 0.2)
EUR_A_MONTH = 420.0  # 50 to 70 per cent of labour market support
SPREAD = {"broad": (0.10, 10.0), "services": (0.12, 40.0), "billed": (0.10, 40.0)}  # of logs: common, by size
BETWEEN_YEARS, IN_REGION, MONTHLY = 0.75, 0.25, 0.03


def world(
    places: pd.DataFrame, study: Study, *, seed: int, **true: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Statistics and Kela's sums by municipality and month, as `statfin.read` and `kela.read` give them.

    Parameters
    ----------
    places : pandas.DataFrame
        municipality, arm (pilot or comparison), region_code, labour_force.
    study : Study
        Months from its main baseline and its years after the start.
    **true : float
        One entry of `TRUE`.
    """
    rng = np.random.default_rng(seed)
    size = places["labour_force"].to_numpy(float)
    region = pd.factorize(places["region_code"])[0]
    pilot = places["arm"].eq("pilot").to_numpy()
    level = np.exp(rng.normal(np.log(BROAD), 0.25, len(size))) * np.where(pilot, PILOTS_ABOVE, 1.0)
    years = [study.baselines[study.main_baseline].months, *(one.months for one in study.followup.values())]

    def moves(name: str) -> np.ndarray:
        """Logarithms by municipality and year."""
        common, by_size = SPREAD[name]
        now, out = np.zeros(len(size)), []
        for year in range(len(years)):
            shared = rng.normal(size=region.max() + 1)[region]
            drawn = np.sqrt(IN_REGION) * shared + np.sqrt(1 - IN_REGION) * rng.normal(size=len(size))
            keep = BETWEEN_YEARS if year else 0.0
            now = keep * now + np.sqrt(1 - keep**2) * drawn
            out.append(now * np.sqrt(common**2 + by_size / size))
        return np.stack(out, axis=1) * (level / BROAD)[:, None] ** (LEVEL_POWER - 1)

    after = pilot[:, None] * (np.arange(len(years)) > 0)
    grown = 1 + true.get("everywhere", 0.0) * (np.arange(len(years)) > 0)
    broad = size[:, None] * level[:, None] * np.exp(moves("broad")) * grown
    services = broad * IN_SERVICES * np.exp(moves("services"))
    billed = broad * BILLED * np.exp(moves("billed"))
    services += after * (true.get("shift", 0.0) * billed + true.get("others", 0.0) * size[:, None])
    broad -= after * true.get("work", 0.0) * billed
    billed *= 1 - after * (true.get("shift", 0.0) + true.get("elsewhere", 0.0) + true.get("work", 0.0))
    of_month = np.concatenate([np.full(last - first + 1, year) for year, (first, last) in enumerate(years)])
    index = pd.MultiIndex.from_product(
        [places["municipality"], np.concatenate([np.arange(a, b + 1) for a, b in years])],
        names=["municipality", "month"],
    )

    def by_month(values: np.ndarray) -> np.ndarray:
        noise = np.exp(rng.normal(0, MONTHLY, (len(size), len(of_month))))
        return np.round(values[:, of_month] * noise).ravel()

    table = pd.DataFrame({"labour_force": np.repeat(size, len(of_month))}, index=index)
    parts = {name: by_month(services * share) for name, share in zip(statfin.SERVICES, KINDS, strict=True)}
    table["unemployed"] = by_month(broad - services)
    for name, persons in parts.items():
        hidden = (persons > 0) & (persons < 5)
        table[name] = np.where(hidden, np.nan, persons)
        table[f"{name}_at_most"] = np.where(hidden, statfin.HIDDEN_AT_MOST, persons)
    recipients = by_month(billed)
    shown = np.where((recipients > 0) & (recipients <= kela.FEW), kela.UNKNOWN, index.get_level_values(0))
    paid = pd.DataFrame({"municipality": shown, "month": index.get_level_values(1), "recipients": recipients})
    paid = paid.assign(municipal_share_eur=EUR_A_MONTH * paid["recipients"])
    sums = paid[paid["recipients"] > 0].groupby(["municipality", "month"], as_index=False).sum()
    return table.reset_index().astype({"month": "int32"}), sums


def said(statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame, seed: int) -> pd.DataFrame:
    """What is said of every area: the parts of a cost shift in any year, and the shift."""
    given = {"municipalities": municipalities, "seed": seed, "draws": 499}
    pairs = [(study.main_baseline, year) for year in study.followup]
    rows = pd.concat(
        gaps.did(statistics, study, share=share, pairs=pairs, **given).assign(outcome=share)
        for share in SHIFT
    )
    rows = rows.assign(
        topic="public_statistics",
        measure="did",
        specification=f"baseline_{study.main_baseline}",
        item="",
    )
    out = []
    for area, own in rows.groupby("area"):
        by = own.set_index("outcome")
        found = cost_shift(Case(own, study, area=area), labels.in_study(get("en"), study))
        bill = by.loc[BILL]
        out.append(
            {
                "area": area,
                "bill differs, a year": float((bill["p_value"] <= 0.05).mean()),
                "bill fell": bool((bill["ci_high"] < 0).any()),
                "services rose": bool((by.loc["in_services_share", "ci_low"] > 0).any()),
                "shift said": found is not None and found.kind == "to_state",
            }
        )
    return pd.DataFrame(out)


def rates(worlds: int, *, seed: int, study: Study, municipalities: pd.DataFrame) -> pd.DataFrame:
    """Rates in per cent over areas, and their standard error over worlds, by what is true."""
    arm = municipalities[study.areas.arm_column].map(study.areas.arm_of)
    kept = arm.isin(gaps.ARMS) & ~municipalities["region_code"].isin(study.areas.regions_left_out)
    places = municipalities.assign(arm=arm)[kept].reset_index(drop=True)
    out = {}
    for number, (name, true) in enumerate(TRUE.items()):
        found = []
        for one in range(worlds):
            drawn = [seed, number, one]
            table, paid = world(places, study, seed=drawn, **true)  # type: ignore[arg-type]
            beside = kela.beside(table, paid, merged_into={})
            found.append(said(beside, study, municipalities=municipalities, seed=one).assign(world=one))
        told = pd.concat(found).set_index(["area", "world"]).astype(float)
        whole = told.index.get_level_values("area") == "all"
        for which, rows in (("one area", told[~whole]), ("all areas", told[whole])):
            mean = rows.groupby("world").mean()
            out[name, which] = pd.concat([mean.mean(), mean.sem().add_suffix(" (se)")])
    return 100 * pd.DataFrame(out).T


def main() -> int:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--study", default="studies/kuntakokeilut-2021.toml")
    parser.add_argument("--reference", type=Path, default=Path("data/raw/reference"))
    given = parser.parse_args()
    found = rates(
        given.worlds,
        seed=given.seed,
        study=read_study(given.study),
        municipalities=reference("municipalities", given.reference),
    )
    print(found.round(1).to_string())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

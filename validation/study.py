"""The long study on simulated registers: summaries by size of area, and the files that the page shows.

``python -m validation.study`` writes ``docs/validation/registers.csv`` and ``registers.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.results import provenance
from evaluation.study import read_study
from validation.registers import everywhere, known_truth_registers

SIZES = ((1, 1, "1"), (2, 6, "2 to 6"), (7, 99, "7 to 22"), (1, 99, "all"))
KEYS = ["quantity", "perspective", "method"]
APART = 100  # between the seeds of one kind of register and the next
EFFECT = {"work": 0.08, "service_days": 3.0}


def operating_characteristics(runs: pd.DataFrame) -> pd.DataFrame:
    """Bias, coverage and false positives by size of area, quantity, perspective and method.

    Parameters
    ----------
    runs : DataFrame
        From :func:`register_runs`, several registers.

    Returns
    -------
    DataFrame
        size, quantity, perspective, method, registers, estimates, bias, bias_error, rmse, coverage,
        coverage_error, false_positive (of estimates whose truth is zero), false_positive_error, width, and
        bounded, the share of Fieller's sets that are an interval. ``_error`` columns are Monte Carlo standard
        errors with registers as clusters, because areas of one register share its comparison municipalities.

    Examples
    --------
    >>> runs = pd.DataFrame({"register": [1, 2], "municipalities": 1, "quantity": "months", "kind": "",
    ...     "perspective": "", "method": "m", "truth": 0.0, "estimate": [1.0, -1.0], "ci_low": [0.5, -2.0],
    ...     "ci_high": [2.0, 1.0], "p_value": [0.01, 0.5], "covered": [False, True]})
    >>> operating_characteristics(runs)[["size", "coverage", "false_positive"]].values.tolist()
    [['1', 0.5, 0.5], ['all', 0.5, 0.5]]
    """
    ratio = runs["quantity"] == "ratio"
    runs = runs.assign(
        off=(runs["estimate"] - runs["truth"]).mask(ratio),
        covered=runs["covered"].astype(float),
        rejected=(runs["p_value"] <= 0.05).astype(float).mask((runs["truth"] != 0) | ratio),
        width=(runs["ci_high"] - runs["ci_low"]).mask(ratio),
        bounded=(runs["kind"] == "interval").astype(float).where(ratio),
    )
    parts = []
    for low, high, size in SIZES:
        mine = runs[runs["municipalities"].between(low, high)]
        by = mine.groupby(KEYS)
        table = pd.DataFrame({"size": size, "registers": by["register"].nunique(), "estimates": by.size()})
        for name, column in (("bias", "off"), ("coverage", "covered"), ("false_positive", "rejected")):
            table[name] = by[column].mean()
            table[f"{name}_error"] = _clustered_error(mine, column)
        table["rmse"] = np.sqrt(by["off"].agg(lambda off: (off**2).mean()))
        parts.append(table.join(by[["width", "bounded"]].mean()).reset_index())
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    first = ["size", *KEYS, "registers", "estimates", "bias", "bias_error", "rmse"]
    return table[[*first, *(name for name in table if name not in first)]]


def _clustered_error(runs: pd.DataFrame, column: str) -> pd.Series:
    """Standard error of a mean over estimates whose registers are the independent units."""
    used = runs[runs[column].notna()]
    off = used[column] - used.groupby(KEYS)[column].transform("mean")
    sums = used.assign(off=off).groupby([*KEYS, "register"])["off"].sum().groupby(KEYS)
    count, registers = used.groupby(KEYS).size(), sums.size()
    spread = sums.agg(lambda total: (total**2).sum())
    error = np.sqrt(spread * registers / (registers - 1).where(registers > 1)) / count
    return pd.Series(error)


def write(runs: dict[str, pd.DataFrame], *, folder: Path, facts: dict[str, object]) -> None:
    """Write ``registers.csv``, the characteristics of each set of runs, and ``registers.json``, the facts."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [operating_characteristics(table).assign(kind=name) for name, table in runs.items()]
    table = pd.concat(parts, ignore_index=True)
    table = table[["kind", *[name for name in table if name != "kind"]]]
    table.to_csv(folder / "registers.csv", index=False, float_format="%.6g", lineterminator="\n")
    (folder / "registers.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, estimate and summarise registers of each kind; write what was found and how."""
    parser = argparse.ArgumentParser(prog="python -m validation.study")
    parser.add_argument("--registers", type=int, default=16, help="of each kind")
    parser.add_argument("--seed", type=int, default=2000, help="of the first register")
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--reference", type=Path, default=Path("data/raw/reference"))
    parser.add_argument("--study", type=Path, default=Path("studies/kuntakokeilut-2021.toml"))
    parser.add_argument("--to", type=Path, default=Path("docs/validation"))
    given = parser.parse_args(arguments)
    study = read_study(given.study)
    everyone = everywhere(study, given.reference, **EFFECT)
    worlds: dict[str, dict[str, Any]] = {
        "no effect": {"effects": {}, "area_shock_sd": 0.01},
        "effect in every area": {"effects": everyone, "area_shock_sd": 0.01},
        "no effect, large shocks": {"effects": {}, "area_shock_sd": 0.03},
    }
    first = range(given.seed, given.seed + APART * len(worlds), APART)
    with ProcessPoolExecutor(given.jobs) as pool:
        runs = {
            name: known_truth_registers(
                range(seed, seed + given.registers),
                reference=given.reference,
                persons=given.persons,
                study=study,
                executor=pool,
                **world,
            )
            for seed, (name, world) in zip(first, worlds.items(), strict=True)
        }
    facts: dict[str, object] = {
        "command": f"python -m validation.study --registers {given.registers} --seed {given.seed}"
        f" --persons {given.persons}",
        "kinds": list(worlds),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "code": provenance.code_version(),
        "registers": given.registers,
        "persons": given.persons,
        "seeds": list(first),
        "effect": EFFECT,
    }
    write(runs, folder=given.to, facts=facts)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

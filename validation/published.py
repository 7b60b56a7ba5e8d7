"""Published truth for the methods page: value published or computed by a named peer, ours, difference.

A selection that a reader can take in; the tests compare every value of every data set.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.diagnostics.checks import e_value
from evaluation.effects.discontinuity import discontinuity
from evaluation.effects.synthetic import synthetic
from evaluation.pooling.random_effects import random_effects, shrunken
from validation.published_costs import cost_oracle_table

COLUMNS = ["oracle", "quantity", "published", "ours", "difference", "tolerance", "source"]


def oracle_table(folder: Path) -> pd.DataFrame:
    """Compare with published and peer-computed results where their data are present.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with ``effects/`` (``expected/`` and ``data/``) and ``costs/``; what is not there is left out.

    Returns
    -------
    DataFrame
        oracle, quantity, published, ours, difference, tolerance (absolute), source.
    """
    parts = [
        part for part in (_effects(folder / "effects"), cost_oracle_table(folder / "costs")) if len(part)
    ]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat(parts, ignore_index=True)
    return table.assign(difference=table["ours"] - table["published"])[COLUMNS]


def _effects(folder: Path) -> pd.DataFrame:
    builders = {
        "meta_bcg": _meta,
        "prop99": _smoking,
        "rd_senate": _senate,
        "evalue": _e_values,
    }
    parts = []
    for name, build in builders.items():
        path = folder / "expected" / f"{name}.json"
        if not path.exists():
            continue
        oracle = json.loads(path.read_text(encoding="utf-8"))
        found = build(oracle["items"][0]["expected"], folder / "data")
        part = pd.DataFrame(found, columns=["quantity", "published", "ours", "tolerance"])
        parts.append(part.assign(oracle=name, source=oracle["source"]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


Rows = list[tuple[str, float, float, float]]


def _meta(expected: dict[str, Any], data: Path) -> Rows:
    frame = pd.read_csv(data / "bcg.csv")
    y, error = frame["yi"].to_numpy(), np.sqrt(frame["vi"].to_numpy())
    rows: Rows = []
    row = random_effects(y, error)
    rows += [
        ("REML: mean log risk ratio", expected["REML"]["est"], row["estimate"], 1e-5),
        ("REML: between-trial variance", expected["REML"]["tau2"], row["tau"] ** 2, 1e-5),
        ("REML: Hartung-Knapp error", expected["REML"]["knha"]["se"], row["std_error"], 1e-5),
    ]
    best = shrunken(y, error)["estimate"].iloc[0]
    return [*rows, ("shrunken estimate, first trial", expected["blup"]["pred"][0], best, 1e-5)]


def _smoking(expected: dict[str, Any], data: Path) -> Rows:
    series = pd.read_csv(data / "prop99.csv").pivot_table(
        index="State", columns="Year", values="PacksPerCapita"
    )
    # the peer stops its solver early; ours goes to the optimum
    found = synthetic(series, treated=["California"], start=1989)
    row = ("synthetic_did (packs)", expected["synthdid_pkg"]["synthdid"], found["estimate"].item(), 0.01)
    return [row]


def _senate(expected: dict[str, Any], data: Path) -> Rows:
    frame = pd.read_csv(data / "senate.csv")
    found = discontinuity(frame, outcomes=["vote"], running="margin", cutoff=0)
    peer = expected["default"]
    return [("conventional estimate (points)", peer["tau_conv"], found["estimate"].item(), 1e-3)]


def _e_values(expected: dict[str, Any], data: Path) -> Rows:
    whole, limit = e_value(3.9, ci_low=1.8, ci_high=8.7)
    peer = expected["rr_3.9_1.8_8.7"]
    return [
        ("risk ratio 3.9: E-value", peer["point"], whole, 1e-6),
        ("risk ratio 3.9: of the limit", peer["lower"], limit, 1e-6),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write ``published.csv``: every comparison, for pages made where the data sets are not."""
    parser = argparse.ArgumentParser(prog="python -m validation.published")
    parser.add_argument("oracles", type=Path, help="folder with effects/ and costs/")
    parser.add_argument("--to", type=Path, default=Path("docs/validation"))
    given = parser.parse_args(arguments)
    table = oracle_table(given.oracles)
    if table.empty:
        print(f"{given.oracles}: no data sets there; the stored comparisons stay as they are")
        return 0
    given.to.mkdir(parents=True, exist_ok=True)
    table.to_csv(given.to / "published.csv", index=False, float_format="%.10g", lineterminator="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

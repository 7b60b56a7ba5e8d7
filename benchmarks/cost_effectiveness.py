"""Ratios of CPU time in one run: the bootstrap and the acceptability curve against plain ways.

Run with ``python benchmarks/cost_effectiveness.py``. Every peer does the same task on the same data in the
same process; R is measured too where ``Rscript`` with boot or dampack is installed, and is said to be missing
where it is not.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

THRESHOLDS = np.linspace(0, 5000, 501)


def cpu(task: Callable[[], object], *, repeat: int) -> float:
    """Least CPU seconds of several runs."""
    seconds = []
    for _ in range(repeat):
        begin = time.process_time()
        task()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def episodes(count: int) -> pd.DataFrame:
    """Skewed costs and months in work of an area and its comparison."""
    rng = np.random.default_rng(1)
    cost = rng.gamma(1.2, 6000, count)
    return pd.DataFrame(
        {
            "arm": np.arange(count) % 2,
            "municipality": rng.integers(0, 60, count) * 2 + np.arange(count) % 2,
            "cost": cost,
            "effect": np.clip(rng.normal(4, 4, count) - cost / 8000, 0, 12),
        }
    )


def whole_frame_loop(frame: pd.DataFrame, draws: int) -> np.ndarray:
    """The usual way: resample the episode table, with all its columns, within arms."""
    return np.array(
        [
            frame.groupby("arm")
            .sample(frac=1, replace=True, random_state=k)
            .groupby("arm")[["cost", "effect"]]
            .mean()
            for k in range(draws)
        ]
    )


def sample_loop(frame: pd.DataFrame, draws: int, **_: object) -> np.ndarray:
    """The plain way, at its leanest: df.sample of the two columns of each arm in a loop."""
    parts = [frame.loc[frame["arm"] == value, ["cost", "effect"]] for value in (0, 1)]
    rows = [
        parts[1].sample(frac=1, replace=True, random_state=k).mean()
        - parts[0].sample(frac=1, replace=True, random_state=draws + k).mean()
        for k in range(draws)
    ]
    pairs = np.array(rows)
    for value in THRESHOLDS:
        np.mean(value * pairs[:, 1] - pairs[:, 0] > 0)
    return pairs


def whole_array(cost: np.ndarray, effect: np.ndarray) -> None:
    """Every net benefit at once, as a draws x strategies x thresholds array."""
    benefit = THRESHOLDS * effect[:, :, None] - cost[:, :, None]
    best = benefit.argmax(axis=1)
    [np.mean(best == strategy, axis=0) for strategy in range(cost.shape[1])]
    benefit.max(axis=1).mean(axis=0) - benefit.mean(axis=0).max(axis=0)


def dense(cost: np.ndarray, effect: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The net benefit of every strategy and draw, threshold by threshold."""
    draws, strategies = cost.shape
    shares, evpi = np.empty((len(THRESHOLDS), strategies)), np.empty(len(THRESHOLDS))
    for place, value in enumerate(THRESHOLDS):
        benefit = value * effect - cost
        shares[place] = np.bincount(benefit.argmax(axis=1), minlength=strategies) / draws
        evpi[place] = benefit.max(axis=1).mean() - benefit.mean(axis=0).max()
    return shares, evpi


R_BOOT = """
suppressMessages(library(boot)); d <- read.csv("{csv}")
stat <- function(d, i) {{ x <- d[i, ]; colMeans(x[x$arm == 1, 3:4]) - colMeans(x[x$arm == 0, 3:4]) }}
t <- system.time(boot(d, stat, R = {draws}, strata = d$arm)); cat(t[["user.self"]] + t[["sys.self"]])
"""
R_DAMPACK = """
suppressMessages(library(dampack)); c <- read.csv("{folder}/cost.csv"); e <- read.csv("{folder}/effect.csv")
k <- seq(0, 5000, length.out = 501)
t <- system.time({{ p <- make_psa_obj(c, e, strategies = names(c)); ceac(k, p); calc_evpi(p, k) }})
cat(t[["user.self"]] + t[["sys.self"]])
"""


def in_r(package: str, script: str) -> float | None:
    """CPU seconds of a script in R, or None where R or the package is missing."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    found = subprocess.run(
        [program, "-e", f"cat(requireNamespace('{package}'))"], capture_output=True, text=True
    )
    if "TRUE" not in found.stdout:
        return None
    return float(
        subprocess.run([program, "-e", script], capture_output=True, text=True, check=True).stdout.split()[-1]
    )


def report(name: str, own: float, peer: float | None, words: str) -> None:
    """One line of the result."""
    if peer is None:
        print(f"{name:58} {own:8.3f} s   {words}: not run, not installed")
    else:
        print(f"{name:58} {own:8.3f} s   {words} {peer:9.2f} s   ratio {peer / own:8.0f}")


if __name__ == "__main__":
    main()

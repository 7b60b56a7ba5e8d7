"""Days of merged spells inside episode windows: this library against pandas, on the same work.

Each peer answers one question: for every episode, on how many days of its window was the person in at
least one of several overlapping spells? The answers have to be equal; printed is how many times longer
the peer takes. Run with ``python benchmarks/spells.py [persons]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter

import numpy as np
import pandas as pd

from evaluation.timelines.lookups import days_within
from evaluation.timelines.spells import islands


def draw(persons: int, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten spells and two episode windows a person."""
    rng = np.random.default_rng(seed)
    start = rng.integers(17_000, 20_000, 10 * persons)
    spells = pd.DataFrame(
        {
            "person_id": np.repeat(np.arange(persons, dtype=np.int32), 10),
            "start": start.astype(np.int32),
            "end": (start + rng.integers(1, 200, 10 * persons)).astype(np.int32),
        }
    )
    since = rng.integers(17_000, 19_500, 2 * persons)
    windows = pd.DataFrame(
        {
            "person_id": np.repeat(np.arange(persons, dtype=np.int32), 2),
            "since": since.astype(np.int32),
            "until": (since + 365).astype(np.int32),
        }
    )
    return spells, windows.sample(frac=1, random_state=seed, ignore_index=True)


def ours(spells: pd.DataFrame, windows: pd.DataFrame) -> np.ndarray:
    merged = islands(*(spells[name].to_numpy() for name in ("person_id", "start", "end")))
    return days_within(merged, *(windows[name].to_numpy() for name in ("person_id", "since", "until")))


def _merged_by_pandas(spells: pd.DataFrame) -> pd.DataFrame:
    table = spells.sort_values(["person_id", "start"])
    reach = table.groupby("person_id")["end"].cummax().groupby(table["person_id"]).shift()
    island = (reach.isna() | (table["start"] > reach)).cumsum()
    return table.groupby(island).agg(
        person_id=("person_id", "first"), start=("start", "min"), end=("end", "max")
    )


def interval_join(spells: pd.DataFrame, windows: pd.DataFrame) -> np.ndarray:
    """pandas: merge episodes with every merged spell of the person, clip, group."""
    pairs = windows.reset_index(names="row").merge(_merged_by_pandas(spells), on="person_id")
    shared = pairs[["end", "until"]].min(axis=1) - pairs[["start", "since"]].max(axis=1)
    days = shared.clip(lower=0).groupby(pairs["row"]).sum()
    return days.reindex(windows.index, fill_value=0).to_numpy()


def explode(spells: pd.DataFrame, windows: pd.DataFrame) -> np.ndarray:
    """pandas: one row a person-day, then a join with the windows' days."""

    def daily(table: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
        length = (table[end] - table[start]).to_numpy()
        out = table.loc[table.index.repeat(length)].copy()
        offset = np.arange(len(out)) - np.repeat(np.cumsum(length) - length, length)
        return out.assign(day=out[start].to_numpy() + offset)

    held = daily(spells, "start", "end")[["person_id", "day"]].drop_duplicates()
    asked = daily(windows.reset_index(names="row"), "since", "until")[["row", "person_id", "day"]]
    days = asked.merge(held, on=["person_id", "day"]).groupby("row").size()
    return days.reindex(windows.index, fill_value=0).to_numpy()


def seconds(function: Callable[..., np.ndarray], *arguments: pd.DataFrame) -> tuple[float, np.ndarray]:
    """Best of three."""
    times = []
    for _ in range(3):
        begun = perf_counter()
        answer = function(*arguments)
        times.append(perf_counter() - begun)
    return min(times), answer


def main(persons: int = 20_000) -> pd.DataFrame:
    spells, windows = draw(persons, seed=1)
    base, answer = seconds(ours, spells, windows)
    rows = [("evaluation.spells", base, 1.0)]
    for name, peer in (("pandas interval join", interval_join), ("pandas explode", explode)):
        taken, other = seconds(peer, spells, windows)
        if not np.array_equal(answer, other):
            raise SystemExit(f"{name}: the answers differ in {int((answer != other).sum())} rows")
        rows.append((name, taken, taken / base))
    return pd.DataFrame(rows, columns=["implementation", "seconds", "ratio"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("persons", nargs="?", type=int, default=20_000)
    print(main(parser.parse_args().persons).round(3).to_string(index=False))

"""Counts as unknowns: what rounding and hiding leave possible, and the sums that tie them together."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, lil_array

from evaluation.results.rules import Profile, of_two_counts
from evaluation.study import AFTER, Study

CELL = ["area", "group", "item", "window"]
NEAR = 3  # a hidden count that is bounded within so many is found
SEEN = 32  # corners of the possible that are looked at before single cells are: most need no more
LARGEST = 10.0**6


class System:
    """Unknown counts of episodes with bounds, and linear relations between them.

    A relation that the published numbers contradict is left out: an outsider would see that it does not hold.
    """

    def __init__(
        self,
        cleared: pd.DataFrame,
        study: Study,
        profile: Profile,
        *,
        parts_of_all: Collection[str] | None,
        before: pd.DataFrame | None,
    ) -> None:
        self.cells = counts(cleared, profile, before=before)
        self.place = {tuple(cell): number for number, cell in enumerate(self.cells[CELL].to_numpy())}
        self.equal: list[tuple[int, list[int]]] = []
        self.at_most: list[tuple[int, list[int]]] = []
        self._relate(study, parts_of_all)

    def _relate(self, study: Study, parts_of_all: Collection[str] | None) -> None:
        cells = self.cells
        self._sums("window", AFTER, [*study.followup])
        areas = set(cells["area"]) - {"all"} if parts_of_all is None else set(parts_of_all)
        self._sums("area", "all", sorted(areas))
        for name, window in {**study.windows, AFTER: study.after}.items():
            self._sums("window", name, window.quarters, exact=False)
        stem = cells["item"].str.replace("=.*", "", regex=True)
        level = cells["item"].str.contains("=")  # of a background variable: its group is the arm
        levels = cells[level].groupby(["area", "group", stem]).groups
        for (area, arm, _), numbers in levels.items():
            self._tie(self.place.get((area, "target_group", arm, AFTER)), numbers, len(numbers))
        municipality = cells["item"].str.fullmatch(r"\d{3}")
        places = cells[municipality].groupby(["area", "group", "window"]).groups
        for (area, group, window), numbers in places.items():
            self._tie(self.place.get((area, group, "pilot", window)), numbers, len(numbers))

    def _sums(self, column: str, total: str, parts: Sequence[str], *, exact: bool = True) -> None:
        at = CELL.index(column)
        for cell, number in self.place.items():
            shared = column == "area" and "comparison" in cell  # by all areas: nothing adds up
            if cell[at] == total and not shared:
                found = [self.place.get((*cell[:at], part, *cell[at + 1 :])) for part in parts]
                self._tie(number, [one for one in found if one is not None], len(parts), exact=exact)

    def _tie(self, total: int | None, parts: Sequence[int], wanted: int, *, exact: bool = True) -> None:
        if total is None or not len(parts) or (exact and len(parts) != wanted):
            return
        low, high = self.cells["low"].to_numpy(), self.cells["high"].to_numpy()
        parts = [int(part) for part in parts]
        above = low[parts].sum() > high[total]
        if not (above or (exact and high[parts].sum() < low[total])):
            (self.equal if exact else self.at_most).append((total, parts))

    def attack(self) -> pd.DataFrame:
        """Find hidden counts that are known or bounded within `NEAR`, and rounded ones that are known."""
        kind = self._found(*self._ranges())
        return self.cells[CELL].assign(kind=kind, what="episodes")[kind != ""]

    def _found(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """What somebody who knew these ranges would have found of each count, "" for nothing."""
        cells, width = self.cells, np.floor(high + 1e-6) - np.ceil(low - 1e-6)
        rounded = ~cells["hidden"] & (cells["high"] > cells["low"])
        found: np.ndarray = np.select(
            [cells["hidden"] & (width <= 0), cells["hidden"] & (width <= NEAR), rounded & (width <= 0)],
            ["recovered", "bounded", "rounding undone"],
            default="",
        )
        return found

    def _ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value of every count: exact where the corners looked at leave a doubt."""
        size, ends = len(self.cells), self.cells[["low", "high"]].to_numpy()
        if not self.equal and not self.at_most:
            return ends[:, 0], ends[:, 1]
        holds, unequal = self._holding(ends)

        def solve(direction: np.ndarray) -> np.ndarray:
            return _lowest(direction, holds, unequal, ends)

        low, high = np.full(size, np.inf), np.full(size, -np.inf)
        rng = np.random.default_rng(0)
        for _ in range(SEEN // 2):
            direction = rng.normal(size=size)
            for sign in (1.0, -1.0):
                corner = solve(sign * direction)
                low, high = np.minimum(low, corner), np.maximum(high, corner)
        sure = np.zeros(size, dtype=bool)
        while len(doubt := np.flatnonzero((self._found(low, high) != "") & ~sure)):
            direction = np.zeros(size)
            sure[doubt[0]] = True
            for sign in (1.0, -1.0):
                direction[doubt[0]] = sign
                corner = solve(direction)
                low, high = np.minimum(low, corner), np.maximum(high, corner)
        return low, high

    def _holding(self, ends: np.ndarray) -> tuple[csr_array, csr_array]:
        """The relations that hold together: without those that must give way, by the least sum of gaps."""
        equal, at_most = _matrix(self.equal, len(ends)), _matrix(self.at_most, len(ends))
        one, other = eye_array(len(self.equal)), eye_array(len(self.at_most))
        gaps = 2 * len(self.equal) + len(self.at_most)
        far = np.column_stack([np.zeros(gaps), np.full(gaps, np.inf)])
        loose = hstack([equal, one, -one, csr_array((len(self.equal), len(self.at_most)))])
        under = hstack([at_most, csr_array((len(self.at_most), 2 * len(self.equal))), -other])
        direction = np.r_[np.zeros(len(ends)), np.ones(gaps)]
        found = _lowest(direction, csr_array(loose), csr_array(under), np.vstack([ends, far]))
        gap = found[len(ends) :]
        both = gap[: len(self.equal)] + gap[len(self.equal) : 2 * len(self.equal)]
        return equal[both < 1e-6], at_most[gap[2 * len(self.equal) :] < 1e-6]


def _lowest(direction: np.ndarray, equal: csr_array, at_most: csr_array, ends: np.ndarray) -> np.ndarray:
    done = linprog(
        direction, A_ub=at_most, b_ub=np.zeros(at_most.shape[0]), A_eq=equal, b_eq=np.zeros(equal.shape[0]),
        bounds=ends, method="highs",
    )  # fmt: skip
    if done.status != 0:
        raise RuntimeError(f"audit: the sums of counts could not be solved ({done.message})")
    return np.asarray(done.x)


def _matrix(relations: list[tuple[int, list[int]]], size: int) -> csr_array:
    made = lil_array((len(relations), size))
    for row, (total, parts) in enumerate(relations):
        made[row, parts] = 1.0
        made[row, [total]] = -1.0
    return csr_array(made)


def counts(cleared: pd.DataFrame, profile: Profile, *, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """Cells with the counts of episodes that are possible in them: low, high, and whether all is hidden.

    Every row that rests on the episodes of a cell tells of them; shares of levels are counts of their own.
    """
    chosen = cleared["measure"].isin(
        ("episodes", "mean", "window_mean", "municipality_episodes", "municipality_mean", "case_mix")
    ) & (cleared["topic"].isin(("cohort", "description")))
    rows = cleared[chosen]
    level = rows["measure"] == "case_mix"
    count = rows["estimate"].where(rows["unit"] == "episodes", rows["episodes"])
    count = count.mask(level, (rows["estimate"] * rows["episodes"]).round(6))
    whole = of_two_counts(rows) & level & (count % profile.base == 0)
    count = count.mask(level & ~whole)
    low = (count - profile.base // 2).clip(lower=profile.threshold).where(count > 0, count)
    high = count + (profile.base - 1) // 2 * (count > 0)
    window = rows["window"].mask(level, AFTER)
    frame = rows[CELL].assign(window=window, low=low, high=high)
    # means of longer horizons rest on fewer episodes: the largest count is that of the cell
    cells = frame.groupby(CELL, as_index=False).max()
    hidden = cells["low"].isna()
    cells["low"], cells["high"] = cells["low"].fillna(1.0), cells["high"].fillna(LARGEST)
    if before is not None:  # what stays as released may have moved by less than the threshold
        cells["low"] = (cells["low"] - profile.threshold + 1).clip(lower=0).where(~hidden, cells["low"])
        cells["high"] = (cells["high"] + profile.threshold - 1).where(~hidden, cells["high"])
    return cells.assign(hidden=hidden)

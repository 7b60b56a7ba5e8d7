"""Columns of a frame as arrays: covariates as one numeric matrix, outcomes, arms, weights; refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
OWN_VARIANCE = 1e-9  # least share of a column's variance that other columns do not tell


@dataclass(frozen=True)
class CovariateMatrix:
    """Numeric covariates of the rows of a frame: values (rows × columns, no constant) and their names."""

    values: FloatArray
    names: tuple[str, ...]

    @property
    def with_constant(self) -> FloatArray:
        """The matrix with a leading column of ones."""
        return np.column_stack([np.ones(len(self.values)), self.values])


def is_categorical(values: pd.Series[Any]) -> bool:
    """Whether a column enters as dummies (text, category, object) rather than as a number."""
    return not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))


def levels_of(values: pd.Series[Any]) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Code of each row and the names of the levels, as text in sorted order whatever the column holds."""
    codes, levels = pd.factorize(values)
    names, place = np.unique(np.array([str(level) for level in levels], object), return_inverse=True)
    return np.append(place, -1)[codes], names


def require_columns(data: pd.DataFrame, columns: Sequence[str], *, table: str) -> None:
    """Refuse a frame that is empty or lacks a named column."""
    if isinstance(columns, str):
        raise ValueError(f"{table}: {columns!r} is one name; give a list, such as [{columns!r}]")
    missing = [name for name in columns if name not in data]
    if missing:
        raise ValueError(f"{table}: no column {', '.join(missing)}; give one of the frame's columns")
    if data.empty:
        raise ValueError(f"{table}: 0 rows; widen the area, the window or the group")


def covariate_matrix(
    data: pd.DataFrame, covariates: Sequence[str], *, table: str = "design", drop: bool = True
) -> CovariateMatrix:
    """Turn covariate columns into numbers that a regression can use.

    Text and categories become dummies named ``column=level``, without their first level in sorted order;
    truth values become 0 and 1. Constant columns, and columns that earlier ones determine, are left out.
    Without `drop` every level has its dummy and every column stays, as balance tables need them. A column
    that is absent, or holds missing or infinite values, is refused.

    Examples
    --------
    >>> rows = pd.DataFrame({"age": [20.0, 30.0, 40.0], "sex": ["f", "m", "f"], "one": [1, 1, 1]})
    >>> covariate_matrix(rows, ["age", "sex", "one"]).names
    ('age', 'sex=m')
    """
    require_columns(data, covariates, table=table)
    blocks: list[FloatArray] = []
    names: list[str] = []
    for column in covariates:
        values = data[column]
        if empty := int(values.isna().to_numpy().sum()):
            raise ValueError(
                f"{table}.{column}: {empty} of {len(data)} rows are empty; give them a level of their own "
                "(such as 'unknown') or leave the column out"
            )
        if is_categorical(values):
            codes, levels = levels_of(values)
            first = 1 if drop else 0
            blocks.append((codes[:, None] == np.arange(first, len(levels))).astype(float))
            names += [f"{column}={level}" for level in levels[first:]]
        else:
            numbers = values.to_numpy(float)
            if infinite := int((~np.isfinite(numbers)).sum()):
                raise ValueError(f"{table}.{column}: {infinite} rows are infinite; correct them first")
            blocks.append(numbers[:, None])
            names.append(column)
    matrix = np.concatenate(blocks, axis=1) if blocks else np.empty((len(data), 0))
    if not drop:
        return CovariateMatrix(matrix, tuple(names))
    keep = independent_columns(matrix)
    return CovariateMatrix(matrix[:, keep], tuple(np.array(names)[keep].tolist()) if names else ())


def independent_columns(matrix: FloatArray) -> BoolArray:
    """Which columns are neither constant nor a combination of a constant and earlier ones."""
    matrix = np.asfortranarray(matrix)  # columns are summed several times as fast
    columns = matrix.shape[1]
    keep = np.zeros(columns, dtype=bool)
    centred = matrix - matrix.mean(axis=0)
    size = np.sqrt((centred**2).mean(axis=0))
    constant = size <= 1e-12 * np.maximum(1.0, np.abs(matrix).max(axis=0, initial=0.0))
    unit = centred / np.where(constant, 1.0, size)
    left = unit.T @ unit / max(1, len(matrix))
    # Sweep the correlation matrix column by column: what is left on the diagonal is a column's own variance.
    for j in range(columns):
        if not constant[j] and left[j, j] > OWN_VARIANCE:
            keep[j] = True
            left = left - np.outer(left[:, j], left[j]) / left[j, j]
    return keep


def outside_support(data: pd.DataFrame, covariates: Sequence[str], *, treated: BoolArray) -> BoolArray:
    """Rows with a level of a categorical (or two-valued) covariate that no treated row has.

    Their odds of treatment are zero, the limit of the maximum likelihood fit, so they carry no weight in an
    effect on the treated; left in, they would make the propensity fit diverge.
    """
    outside = np.zeros(len(data), dtype=bool)
    for column in covariates:
        values = data[column]
        if is_categorical(values) or _two_valued(values.to_numpy()):
            codes, levels = pd.factorize(values)
            met = np.bincount(codes[treated & (codes >= 0)], minlength=len(levels)) > 0
            outside |= ~np.append(met, True)[codes]  # `covariate_matrix` refuses what is missing
    return outside


def _two_valued(values: NDArray[Any]) -> bool:
    return bool(((values == values.min()) | (values == values.max())).all())


def arms(data: pd.DataFrame, target: str, covariates: Sequence[str], *, table: str) -> BoolArray:
    """Who is in the target group; refuses a group that is empty or everyone."""
    require_columns(data, [target, *covariates], table=table)
    treated = truth_values(data, target, table=table)
    if treated.all() or not treated.any():
        raise ValueError(
            f"{table}.{target}: {int(treated.sum())} target rows of {len(data)}; both groups are needed, "
            "widen the comparison pool or check the area"
        )
    return treated


def outcome_matrix(data: pd.DataFrame, outcomes: Sequence[str], *, table: str) -> FloatArray:
    """Outcome columns as an n × k matrix; refuses none, absent, infinite, empty or constant ones."""
    if not outcomes:
        raise ValueError(f"{table}: no outcome named; give at least one column")
    if missing := [name for name in outcomes if name not in data]:
        raise ValueError(f"{table}: no outcome column {', '.join(missing)}; give columns of the frame")
    values = data[list(outcomes)].to_numpy(dtype=float, na_value=np.nan)
    for j, name in enumerate(outcomes):
        column = values[~np.isnan(values[:, j]), j]
        if not len(column):
            raise ValueError(f"{table}.{name}: all {len(values)} rows are empty; choose a shorter follow-up")
        if np.isinf(column).any():
            raise ValueError(
                f"{table}.{name}: {int(np.isinf(column).sum())} rows are infinite; correct them first"
            )
        if np.ptp(column) == 0:
            raise ValueError(
                f"{table}.{name}: the same value in all {len(column)} rows; nothing can be compared"
            )
    return values


def known_alike(values: FloatArray) -> list[NDArray[np.intp]]:
    """Columns of an n × k matrix with the same empty rows together: they share design and models."""
    empty = np.isnan(values)
    alike: dict[bytes, list[int]] = {}
    for j in range(values.shape[1]):
        alike.setdefault(empty[:, j].tobytes(), []).append(j)
    return [np.array(columns, dtype=np.intp) for columns in alike.values()]


def truth_values(data: pd.DataFrame, column: str, *, table: str) -> BoolArray:
    """A true/false (or 0/1) column as booleans; refuses anything else."""
    values = data[column]
    if values.dtype != bool and (values.isna().any() or not set(values.unique()) <= {0, 1}):
        raise ValueError(
            f"{table}.{column}: {int((~values.isin([0, 1])).sum())} rows are neither true nor false; "
            "make the column boolean"
        )
    return values.to_numpy(bool)


def row_weights(data: pd.DataFrame, weights: str | None, *, table: str) -> FloatArray:
    """Weights of the rows (ones without a column); refuses missing, negative and all-zero ones."""
    if weights is None:
        return np.ones(len(data))
    values = data[weights].to_numpy(float)
    if bad := int((~(values >= 0) | np.isinf(values)).sum()):
        raise ValueError(
            f"{table}.{weights}: {bad} weights are missing, negative or infinite; correct them first"
        )
    if values.sum() == 0:
        raise ValueError(f"{table}.{weights}: all {len(values)} weights are zero; nothing is left to compare")
    return values

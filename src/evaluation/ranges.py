"""Numbers that have a range: how large an outcome can be, and intervals of levels that stay within it."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.units import horizon_days, unit_of

Array = NDArray[np.float64]
Z = 1.959963984540054  # the standard normal's 97.5 per cent point
HORIZON = re.compile(r"_(\d+)m$")
FINENESS = 4001  # levels that are tried between none and the most


def most(outcome: str) -> float:
    """The largest value that an outcome can have: 1 for a share, all days of its horizon, else no limit.

    Examples
    --------
    >>> most("open_employment_12m"), most("service_days_12m"), most("benefit_eur_12m")
    (1.0, 365.0, inf)
    """
    unit, months = unit_of(outcome), HORIZON.search(outcome)
    if unit == "share":
        return 1.0
    return float(horizon_days(int(months[1]))) if unit == "days" and months else float("inf")


def score_interval(
    mean: ArrayLike, std_error: ArrayLike, count: ArrayLike, *, top: float
) -> tuple[Array, Array]:
    """95 % interval of a mean of values between 0 and `top`, by Wilson's score with an effective size.

    The effective size is that of a share with the same standard error; where all values are alike it is the
    count. The interval cannot leave 0 … `top`, and one of nothing but zeros still has a width. Without a top
    it is mean ± 1.96 standard errors.

    Source: Wilson (1927), JASA 22; Franco et al. (2019), Journal of Survey Statistics and Methodology 7(3).

    Examples
    --------
    >>> [round(end.item(), 3) for end in score_interval(0.0, 0.0, 20, top=1.0)]
    [0.0, 0.161]
    >>> [round(end.item(), 1) for end in score_interval(6.0, 6.0, 12, top=365.0)]
    [1.0, 32.2]
    """
    mean, error, size = (np.asarray(part, dtype=float) for part in (mean, std_error, count))
    if not np.isfinite(top):
        return mean - Z * error, mean + Z * error
    share, spread = mean / top, error / top
    size = np.where(spread > 0, share * (1 - share) / np.where(spread > 0, spread, 1.0) ** 2, size)
    size = np.where(size > 0, size, np.nan)  # of nobody nothing is known
    middle = (share + Z**2 / (2 * size)) / (1 + Z**2 / size)
    half = Z / (1 + Z**2 / size) * np.sqrt(share * (1 - share) / size + Z**2 / (4 * size**2))
    # at none and all one end is the limit itself, but for the last digits of the arithmetic
    return top * np.maximum(middle - half, 0.0), top * np.minimum(middle + half, 1.0)


def bounded_level(estimate: float, half: float, *, top: float) -> tuple[float, float, float]:
    """Estimate and 95 % interval of a level between 0 and `top`, from an estimate that may lie beyond.

    The estimate is the most likely level within the range. The interval holds every level in the range that
    the likelihood ratio test does not reject: far from the ends it is estimate ± `half`; near them it still
    covers 95 % of the time, is never empty, and its ends stay within the range. `half` is half the width of
    the estimate's 95 % interval, taken as normal; `top` is infinite where there is no largest level. What
    is returned is the estimate, the lower and the upper end, in the unit of the outcome.

    Source: Feldman and Cousins (1998), Physical Review D 57(7); Mandelkern (2002), Statistical Science 17(2).

    Examples
    --------
    >>> bounded_level(100.0, 10.0, top=365.0)
    (100.0, 90.0, 110.0)
    >>> [round(number, 3) for number in bounded_level(-0.005, 0.02, top=1.0)]
    [0.0, 0.0, 0.015]
    """
    from scipy.special import ndtr

    if not np.isfinite([estimate, half, top]).all() or (2 * half < estimate < top - 2 * half):
        return estimate, estimate - half, estimate + half
    inside = min(max(estimate, 0.0), top)
    if not half > 0:
        return inside, inside, inside
    error = half / Z
    level = np.linspace(max(0.0, inside - 8 * error), min(top, inside + 8 * error), FINENESS)
    loss = (0.5 * (estimate - level) ** 2 - 0.5 * (estimate - inside) ** 2) / error**2
    # estimates that fit a level as badly, above and below it; beyond an end the most likely level is the end
    reach = np.sqrt(2 * np.fmax(loss, 0.0))
    to_top, to_none = (top - level) / error, level / error
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(reach <= to_top, reach, loss / to_top + to_top / 2)
        below = np.where(reach <= to_none, reach, loss / to_none + to_none / 2)
    held = level[ndtr(-above) + ndtr(-below) >= 0.05]
    return inside, float(held[0]), float(held[-1])

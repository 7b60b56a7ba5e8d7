"""How strong would something unmeasured have to be to explain a finding away?"""

from __future__ import annotations

import numpy as np


def e_value(estimate: float, *, ci_low: float, ci_high: float) -> tuple[float, float]:
    """E-value of a risk ratio, and of the limit of its interval nearest to no effect.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        Risk ratio with its interval.

    Returns
    -------
    (float, float)
        Risk ratio that a hidden cause would need with both arm and outcome; 1 where the interval holds 1.

    Raises
    ------
    ValueError
        If a ratio is not positive.

    Source: VanderWeele and Ding (2017), Annals of Internal Medicine 167(4).

    Examples
    --------
    >>> [round(value, 2) for value in e_value(3.9, ci_low=1.8, ci_high=8.7)]
    [7.26, 3.0]
    """
    if min(estimate, ci_low, ci_high) <= 0:
        raise ValueError("e_value: a ratio must be positive")
    nearest = ci_low if estimate >= 1 else ci_high
    crossed = ci_low <= 1 <= ci_high
    return _threshold(estimate), 1.0 if crossed else _threshold(nearest)


def _threshold(ratio: float) -> float:
    ratio = max(ratio, 1 / ratio)
    return ratio + float(np.sqrt(ratio * (ratio - 1)))

"""Shares and costs in public statistics, by municipality and month, with what secrecy leaves open.

A figure that is hidden for a municipality is not zero: it lies between none and what it could be at most
(``_at_most``), and so do all sums that it is part of.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evaluation.statistics.statfin import SERVICES

PARTS = ["part_low", "part_high", "of_low", "of_high"]


@dataclass(frozen=True)
class Share:
    """A sum of figures, less others, of a sum of figures: in percentage points, or euros as they are.

    One that is not `judged` is told beside the others and is no test of the family.
    """

    part: tuple[str, ...]
    less: tuple[str, ...] = ()
    of: tuple[str, ...] = ("labour_force",)
    unit: str = "points"
    judged: bool = True

    @property
    def scale(self) -> float:
        """The number in `unit` for a part as large as what it is of."""
        return 100.0 if self.unit == "points" else 1.0


SHARES = {
    "unemployed_share": Share(("unemployed",)),
    "unemployed_without_layoffs_share": Share(("unemployed",), less=("laid_off",)),
    "long_term_share": Share(("long_term",)),
    "under_25_share": Share(("under_25",)),
    "over_50_share": Share(("over_50",)),
    "foreign_citizens_share": Share(("foreign_citizens",)),
    "in_services_share": Share(SERVICES),
    **{f"{service}_share": Share((service,), judged=False) for service in SERVICES},
    "broad_unemployment_share": Share(("unemployed", *SERVICES)),
    # Statistics Finland: those in services among the unemployed and those in services
    "activation_rate": Share(SERVICES, of=("unemployed", *SERVICES)),
    "vacancies_share": Share(("vacancies",), judged=False),
    # Kela: euros a month per person of the labour force
    "municipal_share_eur": Share(("municipal_share_eur",), unit="eur"),
    "municipal_share_300_499_days_eur": Share(("municipal_share_300_499_days_eur",), unit="eur"),
    "municipal_share_500_999_days_eur": Share(("municipal_share_500_999_days_eur",), unit="eur"),
    "municipal_share_over_1000_days_eur": Share(("municipal_share_over_1000_days_eur",), unit="eur"),
    "state_share_eur": Share(("support_paid_eur",), less=("municipal_share_eur",), unit="eur", judged=False),
    "support_recipients_share": Share(("recipients",), judged=False),
}


def available(statistics: pd.DataFrame) -> list[str]:
    """Names of the shares whose figures the table has; one that is nowhere above zero tells nothing.

    Examples
    --------
    >>> available(pd.DataFrame(columns=["unemployed", "labour_force", "laid_off"]))
    ['unemployed_share', 'unemployed_without_layoffs_share']
    """
    return [
        name
        for name, share in SHARES.items()
        if {*share.part, *share.less, *share.of} <= set(statistics)
        and (statistics.empty or not statistics[[*share.part]].eq(0).all(axis=None))
    ]


def counted(statistics: pd.DataFrame, name: str) -> pd.DataFrame:
    """Numerator and denominator of a share, each from lowest to highest possible; rows without are left out.

    The rows of `statistics` that have the figures, with part_low, part_high, of_low and of_high. Where a
    hidden figure is in both, the low share is ``part_low / of_low``: it rises with every part.

    Examples
    --------
    >>> table = pd.DataFrame({"unemployed": [50.0], "labour_force": [1000.0], "laid_off": [float("nan")],
    ...                       "laid_off_at_most": [9.0]})
    >>> counted(table, "unemployed_without_layoffs_share")[PARTS].values.tolist()
    [[41.0, 50.0, 1000.0, 1000.0]]
    """
    share = SHARES[name]

    def total(figures: tuple[str, ...], *, most: bool) -> pd.Series:
        parts = []
        for figure in figures:
            highest = statistics.get(f"{figure}_at_most", statistics[figure])
            parts.append(highest if most else statistics[figure].mask(statistics[figure].isna(), highest * 0))
        return sum(parts[1:], parts[0])

    out = statistics.assign(
        part_low=total(share.part, most=False),
        part_high=total(share.part, most=True),
        of_low=total(share.of, most=False),
        of_high=total(share.of, most=True),
    )
    if share.less:
        # the low end takes off as much as there can be
        out["part_low"] = (out["part_low"] - total(share.less, most=True)).clip(lower=0)
        out["part_high"] -= total(share.less, most=False)
    return out.dropna(subset=PARTS)


def levels(sums: pd.DataFrame, name: str) -> pd.DataFrame:
    """Level in the unit of the share, and half the width that secrecy leaves open, from sums of the parts.

    Examples
    --------
    >>> sums = pd.DataFrame([[41.0, 50.0, 1000.0, 1000.0]], columns=PARTS)
    >>> levels(sums, "unemployed_without_layoffs_share").round(2).values.tolist()
    [[4.55, 0.45]]
    """
    scale = SHARES[name].scale
    low, high = scale * sums["part_low"] / sums["of_low"], scale * sums["part_high"] / sums["of_high"]
    return pd.DataFrame({"level": (low + high) / 2, "open": (high - low) / 2})

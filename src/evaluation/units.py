"""Units of time, and the unit that the name of an outcome tells."""

from __future__ import annotations

HORIZON_DAYS = {3: 91, 6: 183, 12: 365, 24: 730}  # months after the index date, in days
DAYS_IN_MONTH = 30.4375


def unit_of(outcome: str) -> str:
    """Unit of an outcome column, told by its name.

    Examples
    --------
    >>> [unit_of(name) for name in ("service_days_12m", "benefit_eur_12m", "still_unemployed_6m", "age")]
    ['days', 'eur', 'share', 'number']
    """
    if outcome == "age":
        return "number"
    if "_days" in outcome:
        return "days"
    return "eur" if "eur" in outcome.split("_") else "share"

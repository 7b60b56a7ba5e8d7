"""One state a day: what counts where spells overlap, and which states make up the published concepts.

The order in `PRECEDENCE` and the sets below are the only place where this is decided; the reasons are in
docs/decisions/states-and-spells.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.schemas import STATES
from evaluation.timelines.spells import Array, Intervals, key, select, timeline

# From the strongest to the weakest: on a day with several spells, the first one here is the state of the day.
PRECEDENCE = (
    "subsidised_employment",
    "service",
    "laid_off",
    "open_employment",
    "unemployed",
    "study",
    "outside",
)
# Full-time lay-offs are unemployed jobseekers in the employment service statistics.
UNEMPLOYED = ("unemployed", "laid_off")
# P of the activation rate: everyone in a service, people in subsidised work included.
ACTIVATED = ("service", "subsidised_employment")
BROAD = UNEMPLOYED + ACTIVATED
LONG_TERM_DAYS = 365


def codes(states: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of states in `PRECEDENCE`, the labels of `daily_states`.

    Examples
    --------
    >>> codes(("service", "unemployed"))
    (1, 4)
    """
    unknown = sorted(set(states) - set(STATES))
    if unknown:
        raise ValueError(f"states: {unknown} unknown; known are {list(STATES)}")
    return tuple(PRECEDENCE.index(state) for state in states)


def daily_states(spells: pd.DataFrame) -> Intervals:
    """One state a day for every person, from the canonical table `spells`; labels as of `codes`.

    Examples
    --------
    >>> table = pd.DataFrame({"person_id": [1, 1], "state": ["unemployed", "service"],
    ...                       "start": [0, 10], "end": [90, 40]})
    >>> [PRECEDENCE[label] for label in daily_states(table).label]
    ['unemployed', 'service', 'unemployed']
    """
    state = pd.Categorical(spells["state"], categories=list(PRECEDENCE))
    label = np.asarray(state.codes)
    if (label < 0).any():
        raise ValueError(
            f"spells.state: {int((label < 0).sum())} rows hold a state outside {list(PRECEDENCE)}"
        )
    who, start, end = (spells[name].to_numpy() for name in ("person_id", "start", "end"))
    return timeline(who, start, end, label, labels=len(PRECEDENCE))


def periods(days: Intervals, states: tuple[str, ...]) -> Intervals:
    """Unbroken periods in any of the states."""
    return select(days, codes(states))


def homes(residence: pd.DataFrame) -> tuple[Intervals, Array]:
    """Where each person lives: one municipality a day, and the municipalities that labels are positions in.

    A stay ends at the latest when the next one begins: the later registration is the newer information.
    """
    code = pd.Categorical(residence["municipality"])
    person, start, end = (residence[name].to_numpy() for name in ("person_id", "start", "end"))
    order = np.argsort(key(person, start), kind="stable")
    label = code.codes[order].astype(np.int16)
    person, start, end = person[order], start[order], end[order]
    followed = np.flatnonzero(person[1:] == person[:-1])
    end[followed] = np.minimum(end[followed], start[followed + 1])
    real = end > start
    stays = Intervals(person[real], start[real], end[real], label[real])
    return stays, np.asarray(code.categories, dtype=object)

"""The canonical register as it was stored, of everybody or of some of the persons."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from evaluation.registers.canonical import typed
from evaluation.schemas import REGISTER_TABLES
from evaluation.timelines.spells import Intervals
from evaluation.timelines.states import daily_states


@dataclass(frozen=True)
class Register:
    """The canonical register; days are int32 since 1970-01-01, the window is half-open."""

    persons: pd.DataFrame
    residence: pd.DataFrame
    spells: pd.DataFrame
    benefits: pd.DataFrame
    earnings: pd.DataFrame
    area_costs: pd.DataFrame
    observed_from: int
    observed_until: int
    simulated: bool

    @cached_property
    def days(self) -> Intervals:
        """One state a day of everybody, as `timelines.states.daily_states` makes it of the spells."""
        return daily_states(self.spells)


def load(processed: Path | str, *, persons: range | None = None) -> Register:
    """Load the canonical register that `ingest` has written.

    Parameters
    ----------
    processed : path
        Folder that holds ``register/``.
    persons : range, optional
        Person numbers from its start up to its stop, where not everybody is wanted.

    Returns
    -------
    Register
        The canonical tables, each a data frame.

    Raises
    ------
    FileNotFoundError
        If nothing was ingested yet.

    Examples
    --------
    >>> load(processed).spells.columns.tolist()
    ['person_id', 'state', 'code', 'start', 'end']
    """
    folder = Path(processed) / "register"
    if not (folder / "register.json").exists():
        raise FileNotFoundError(f"{folder} holds no register; run `evaluation ingest` first")
    facts = json.loads((folder / "register.json").read_text(encoding="utf-8"))
    tables = {
        name: typed(
            of_persons(folder / f"{name}.parquet", persons if "person_id" in table.names else None), table
        )
        for name, table in REGISTER_TABLES.items()
    }
    return Register(**tables, **facts)


def of_persons(file: Path, persons: range | None) -> pd.DataFrame:
    """The rows of a Parquet file that belong to a range of person numbers, or to all."""
    if persons is None:
        return pd.read_parquet(file)
    within = [("person_id", ">=", persons.start), ("person_id", "<", persons.stop)]
    return pd.read_parquet(file, filters=within)

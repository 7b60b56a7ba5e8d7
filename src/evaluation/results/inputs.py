"""What the analysis of an area reads and writes: processed tables in, one ledger part out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from evaluation.cohorts.comparison import compare
from evaluation.costs.payers import HALF_COUNT, look_back
from evaluation.outcomes import description, indicators
from evaluation.registers.reference import reference as read_reference
from evaluation.results import ledger
from evaluation.study import Study


@dataclass(frozen=True)
class AreaInputs:
    """Tables behind the analysis of one area.

    `episodes` are those of the area and of everybody it may be compared with, `every_area` those of the
    other areas too, `main` those of the main comparison.
    """

    study: Study
    every_area: pd.DataFrame
    episodes: pd.DataFrame
    main: pd.DataFrame
    attrition: pd.DataFrame
    cells: pd.DataFrame
    area_costs: pd.DataFrame
    municipalities: pd.DataFrame
    pilot_areas: pd.DataFrame
    reference: Path
    simulated: bool
    look_back_days: float  # for the municipal share; missing where the payer's own count was delivered


def read(processed: str | Path, *, study: Study, reference: str | Path, area: str) -> AreaInputs:
    """Read the processed tables for a pilot area or "all".

    ValueError if the area has no episodes, FileNotFoundError if the episode table was not built yet.
    """
    folder = Path(processed)
    if not (folder / "episodes.parquet").exists():
        raise FileNotFoundError(f"{folder}: no episodes.parquet; run `evaluation run` first")
    outcomes = {*study.outcomes.every, *study.outcomes.judged, "exit_day", "exit_state"}
    measured = (
        _table(folder / "outcomes.parquet", lambda name: name in outcomes),
        # of items no more than the first year is told
        _table(
            folder / "costs.parquet", lambda name: not name.startswith("item_") or name.endswith("_12m_eur")
        ),
    )
    every_area = _table(folder / "episodes.parquet").join(measured)
    own = every_area["area"].eq(area)  # of none where all are analysed together
    episodes = every_area[own | every_area["arm"].ne("pilot")] if own.any() else every_area
    facts = json.loads((folder / "register" / "register.json").read_text(encoding="utf-8"))
    return AreaInputs(
        study=study,
        every_area=every_area,
        episodes=episodes,
        main=compare(episodes, study, area=area).frame,
        attrition=pd.read_parquet(folder / "attrition.parquet"),
        cells=pd.read_parquet(folder / "area_months.parquet"),
        area_costs=pd.read_parquet(folder / "register" / "area_costs.parquet"),
        municipalities=read_reference("municipalities", reference),
        pilot_areas=read_reference(study.areas.table, reference),
        reference=Path(reference),
        simulated=bool(facts["simulated"]),
        # half the count is priced unless the payer's own was delivered
        look_back_days=look_back(facts["observed_from"], study) if HALF_COUNT in every_area else np.nan,
    )


def _table(path: Path, asked: Callable[[str], bool] = bool) -> pd.DataFrame:
    """Columns with text as categories in sorted order: it is compared and grouped again and again."""
    schema = pq.read_schema(path)
    columns = [name for name in schema.names if asked(name)]
    text = [name for name in columns if "string" in str(schema.field(name).type)]
    found = pd.read_parquet(path, columns=columns, read_dictionary=text)
    return found.assign(
        **{name: found[name].cat.reorder_categories(sorted(found[name].cat.categories)) for name in text}
    )


def cohort_rows(inputs: AreaInputs, *, area: str) -> pd.DataFrame:
    """Who is included: persons and episodes left after each step of the attrition, and who is compared."""
    return stack(
        description.attrition_rows(inputs.attrition, inputs.main, area=area),
        description.size_rows(inputs.episodes, inputs.study, area=area),
    )


def description_rows(inputs: AreaInputs, *, area: str) -> pd.DataFrame:
    """Everything described and nothing estimated: means, exits, case mix, municipalities, indicators."""
    study = inputs.study
    # costs have a chapter of their own
    told = [
        name
        for name in inputs.episodes
        if name in study.outcomes.every or not name.startswith(("item_", "cost_"))
    ]
    table = description.target_group(inputs.episodes[told], area)
    windows = description.with_after(table, study)
    return stack(
        description.mean_rows(table, study, outcomes=study.outcomes.primary),
        description.window_mean_rows(windows, outcomes=study.outcomes.every),
        description.exit_rows(windows, study),
        description.case_mix_rows(inputs.main),
        description.municipality_rows(windows, study, outcome=study.outcomes.headline),
        indicators.indicator_rows(inputs.cells, study, municipalities=inputs.municipalities, area=area),
        indicators.caseload_row(inputs.pilot_areas, area=area),
    )


def stack(*tables: pd.DataFrame) -> pd.DataFrame:
    """Put tables of rows under one another."""
    return pd.concat(tables, ignore_index=True)


def to_ledger(chapters: Mapping[str, pd.DataFrame], inputs: AreaInputs, *, area: str) -> pd.DataFrame:
    """Rows of all chapters in the ledger's columns."""
    parts = (rows.assign(topic=topic) for topic, rows in chapters.items())
    return ledger.rows(stack(*parts), area=area, simulated=inputs.simulated)

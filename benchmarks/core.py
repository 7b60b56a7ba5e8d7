"""Cohort and outcomes from the stored register: this library against DuckDB and polars, on the same work.

From Parquet to episodes with their covariates and outcomes: one state a day, new unemployment after 90 days
without, residence and age on the index date, days in each state before and after, earlier spells, earnings.
The library makes all of its outcomes of 12 and 24 months, and counts attrition; the peers make those in
`COMPARED`; all answers have to be equal. Each runs in a process of its own: printed are CPU seconds, wall
seconds, peak memory and CPU as a multiple of merely decoding the same Parquet files.

Run with ``python benchmarks/core.py PROCESSED_FOLDER``.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.cohorts.cohort import inflow
from evaluation.cohorts.places import places
from evaluation.outcomes.measures import measure
from evaluation.registers.by_bucket import PERSONS
from evaluation.registers.reference import reference
from evaluation.registers.stored import Register, load
from evaluation.study import Study, read_study
from evaluation.timelines.states import PRECEDENCE
from evaluation.units import to_day

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "studies" / "kuntakokeilut-2021.toml"
COMPARED = [
    "unemployed_days_24m_before",
    "service_days_24m_before",
    "earlier_spells_24m",
    "earnings_12m_before_eur",
    "open_employment_12m",
    "open_employment_24m",
    "open_employment_days_12m",
    "open_employment_days_24m",
    "service_days_12m",
    "unemployed_days_12m",
    "broad_unemployed_days_12m",
]
READ = {
    "persons": ["person_id", "birth_day"],
    "residence": ["person_id", "municipality", "start", "end"],
    "spells": ["person_id", "state", "start", "end"],
    "earnings": ["person_id", "month", "earnings_eur"],
}


def small_tables(study: Study, municipalities: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What the peers need besides the register: a calendar, the arms, and the precedence of states."""
    day = np.arange(to_day("1900-01-01"), to_day("2035-01-01"))
    dates = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    year = dates.astype("datetime64[Y]").astype(int) + 1970
    ymd = year * 10_000 + (month.astype(int) % 12 + 1) * 100 + (dates - month).astype(int) + 1
    return {
        "calendar": pd.DataFrame({"day": day, "ymd": ymd, "month": month.astype(int)}),
        "municipalities": places(municipalities, study.areas).reset_index()[["municipality", "arm"]],
        "ranks": pd.DataFrame({"state": list(PRECEDENCE), "rank": range(len(PRECEDENCE))}),
    }


def tables(register: Register, study: Study, municipalities: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables of core.sql from a loaded register."""
    small = small_tables(study, municipalities)
    ranks = small.pop("ranks").set_index("state")["rank"]
    born = small["calendar"].set_index("day")["ymd"].reindex(register.persons["birth_day"]).to_numpy()
    return small | {
        "spells": register.spells[["person_id", "start", "end"]].assign(
            rank=register.spells["state"].astype("str").map(ranks)
        ),
        "persons": register.persons[["person_id"]].assign(born=born),
        "residence": register.residence.assign(municipality=register.residence["municipality"].astype("str")),
        "earnings": register.earnings,
    }


def statements(facts: Register | dict[str, int], study: Study) -> str:
    """The SQL with the numbers of the study."""
    since = facts["observed_from"] if isinstance(facts, dict) else facts.observed_from
    ages = study.target_group.ages
    windows = [to_day(day) for window in study.windows.values() for day in (window.first, window.last)]
    text = (Path(__file__).with_name("core.sql")).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).format(
        first=min(windows), last=max(windows), observed_from=since, youngest=ages[0], oldest=ages[1]
    )


def decode(folder: Path) -> None:
    """Read the columns, and nothing else."""
    for name, columns in READ.items():
        pd.read_parquet(folder / "register" / f"{name}.parquet", columns=columns)


def ours(folder: Path) -> pd.DataFrame:
    """Bucket after bucket, as the pipeline does."""
    study, municipalities = read_study(STUDY), reference("municipalities")
    persons = len(pd.read_parquet(folder / "register" / "persons.parquet", columns=["person_id"]))
    parts = []
    for first in range(0, persons, PERSONS):
        register = load(folder, persons=range(first, first + PERSONS))
        found = inflow(register, study, municipalities=municipalities).episodes
        parts.append(found.join(measure(register, found, months=[12, 24])))
    return pd.concat(parts).rename(columns={"index_day": "day"})


def duckdb(folder: Path) -> pd.DataFrame:
    """The SQL in DuckDB, on Parquet."""
    import duckdb as peer

    study = read_study(STUDY)
    facts = json.loads((folder / "register" / "register.json").read_text(encoding="utf-8"))
    found = peer.connect()
    for name, table in small_tables(study, reference("municipalities")).items():
        found.register(f"given_{name}", table.astype(dict.fromkeys(table.select_dtypes("str"), object)))
        found.execute(f"CREATE TABLE {name} AS SELECT * FROM given_{name}")
    file = {name: f"'{folder / 'register' / name}.parquet'" for name in READ}
    found.execute(
        f'CREATE VIEW spells AS SELECT person_id, s."start", s."end", r.rank FROM {file["spells"]} s '
        "JOIN ranks r ON r.state = s.state"
    )
    found.execute(
        f"CREATE VIEW persons AS SELECT person_id, c.ymd AS born FROM {file['persons']} p "
        "JOIN calendar c ON c.day = p.birth_day"
    )
    for name in ("residence", "earnings"):
        found.execute(f"CREATE VIEW {name} AS SELECT * FROM {file[name]}")
    for statement in statements(facts, study).split(";")[:-1]:
        found.execute(statement)
    return found.execute("SELECT * FROM answer").df()


def polars(folder: Path) -> pd.DataFrame:
    """The same in polars: joins within a person, windows over persons."""
    import polars as pl

    study = read_study(STUDY)
    facts = json.loads((folder / "register" / "register.json").read_text(encoding="utf-8"))
    small = {n: pl.from_pandas(t) for n, t in small_tables(study, reference("municipalities")).items()}
    calendar = small["calendar"].with_columns(pl.col("day").cast(pl.Int32))
    read = {
        name: pl.read_parquet(folder / "register" / f"{name}.parquet", columns=columns)
        for name, columns in READ.items()
    }
    spells = read["spells"].with_columns(pl.col("state").cast(pl.String)).join(small["ranks"], on="state")
    ends = spells.select("person_id", start="end")
    cuts = pl.concat([spells.select("person_id", "start"), ends]).unique().sort("person_id", "start")
    parts = cuts.with_columns(end=pl.col("start").shift(-1).over("person_id")).drop_nulls("end")
    states = (
        parts.join(spells, on="person_id", suffix="_s")
        .filter((pl.col("start_s") <= pl.col("start")) & (pl.col("end_s") >= pl.col("end")))
        .group_by("person_id", "start", "end")
        .agg(state=pl.col("rank").min())
        .sort("person_id", "start")
    )

    def islands(wanted: list[int]) -> pl.DataFrame:
        new = (pl.col("start") != pl.col("end").shift(1).over("person_id")).fill_null(True)
        some = states.filter(pl.col("state").is_in(wanted))
        numbered = some.with_columns(island=new.cast(pl.Int64).cum_sum())
        return numbered.group_by("person_id", "island").agg(pl.col("start").min(), pl.col("end").max())

    age = (pl.col("ymd") - pl.col("born")) // 10_000
    windows = [to_day(day) for window in study.windows.values() for day in (window.first, window.last)]
    born = read["persons"].join(calendar, left_on="birth_day", right_on="day")
    places_of = small["municipalities"].filter(pl.col("arm").is_in(["pilot", "comparison", "possible_pilot"]))
    entries = (
        islands([4])
        .filter(pl.col("start").is_between(min(windows), max(windows)))
        .filter(pl.col("start") - 730 >= facts["observed_from"])
        .select("person_id", day="start")
        .join(calendar, on="day")
        .join(born.select("person_id", born="ymd"), on="person_id")
        .filter(age.is_between(*study.target_group.ages))
        .join(read["residence"], on="person_id")
        .filter((pl.col("start") <= pl.col("day")) & (pl.col("end") > pl.col("day")))
        .with_columns(pl.col("municipality").cast(pl.String))
        .join(places_of, on="municipality")
        .select("person_id", "day", "month", "municipality")
    )
    both = entries.join(states, on="person_id")
    recent = both.filter(
        pl.col("state").is_in([0, 1, 4])
        & (pl.col("start") < pl.col("day"))
        & (pl.col("end") > pl.col("day") - 90)
    )
    episodes = entries.join(recent.select("person_id", "day").unique(), on=["person_id", "day"], how="anti")

    def days(wanted: list[int], low: int, high: int) -> pl.Expr:
        until = pl.min_horizontal("end", pl.col("day") + high)
        since = pl.max_horizontal("start", pl.col("day") + low)
        return pl.when(pl.col("state").is_in(wanted)).then((until - since).clip(lower_bound=0)).sum()

    def held(after: int) -> pl.Expr:
        there = (pl.col("start") <= pl.col("day") + after) & (pl.col("end") > pl.col("day") + after)
        return ((pl.col("state") == 3) & there).any().cast(pl.Int32)

    at = ["person_id", "day"]
    measured = (
        episodes.join(states, on="person_id")
        .group_by(at)
        .agg(
            unemployed_days_24m_before=days([2, 4], -730, 0),
            service_days_24m_before=days([1], -730, 0),
            open_employment_12m=held(365),
            open_employment_24m=held(730),
            open_employment_days_12m=days([3], 0, 365),
            open_employment_days_24m=days([3], 0, 730),
            service_days_12m=days([1], 0, 365),
            unemployed_days_12m=days([2, 4], 0, 365),
            broad_unemployed_days_12m=days([0, 1, 2, 4], 0, 365),
        )
    )
    earlier = (
        episodes.join(islands([2, 4]), on="person_id")
        .filter((pl.col("start") >= pl.col("day") - 730) & (pl.col("start") < pl.col("day")))
        .group_by(at)
        .agg(earlier_spells_24m=pl.len())
    )
    earned = (
        episodes.join(read["earnings"], on="person_id", suffix="_w")
        .filter((pl.col("month_w") >= pl.col("month") - 12) & (pl.col("month_w") < pl.col("month")))
        .group_by(at)
        .agg(earnings_12m_before_eur=pl.col("earnings_eur").sum())
    )
    found = episodes.join(measured, on=at, how="left")
    for more in (earlier, earned):
        found = found.join(more, on=at, how="left")
    return found.fill_null(0).to_pandas()


def _alone(name: str, folder: Path, place: Path) -> dict[str, float]:
    """Run one in a process of its own."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, __file__, str(folder), name, str(place)], check=True)
    facts = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
    return facts | {"wall": time.perf_counter() - begun}


def main(folder: Path) -> pd.DataFrame:
    """Run all, hold their answers against one another, and say what each took."""
    rows, answers = {}, {}
    for name in ("decode", "ours", "duckdb", "polars"):
        place = folder / f"benchmark-{name}.parquet"
        rows[name] = _alone(name, folder, place)
        if name != "decode":
            answers[name] = pd.read_parquet(place)
        for file in (place, place.with_suffix(".json")):
            file.unlink(missing_ok=True)
    truth = answers["ours"]
    for name, found in answers.items():
        pd.testing.assert_frame_equal(found[["person_id", "day"]], truth[["person_id", "day"]])
        for column in COMPARED:
            seen = truth[column].notna().to_numpy()
            np.testing.assert_allclose(found[column][seen], truth[column][seen], atol=1e-4, err_msg=name)
    table = pd.DataFrame(rows).T
    return table.assign(of_decoding=table["cpu"] / table.loc["decode", "cpu"], episodes=len(truth))


def _work(folder: Path, name: str, place: Path) -> None:
    import_only = time.process_time()
    answer = globals()[name](folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    facts = {"cpu": time.process_time() - import_only, "peak_mb": used.ru_maxrss / 1024}
    if answer is not None:
        kept = answer[["person_id", "day", *COMPARED]].astype(float).sort_values(["person_id", "day"])
        kept.reset_index(drop=True).to_parquet(place)
    place.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _work(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    elif len(sys.argv) == 2 and Path(sys.argv[1]).is_dir():
        print(main(Path(sys.argv[1])).round(2).to_string())
    else:
        raise SystemExit("Run with: python benchmarks/core.py PROCESSED_FOLDER (needs duckdb and polars)")

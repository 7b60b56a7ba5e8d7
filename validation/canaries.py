"""Canaries in a register: do names, identity codes or ids of persons turn up in anything that a run writes?

``python -m validation.canaries --canaries 1000 --seed 1`` simulates a small register, gives persons ids that
are canaries and adds columns with names, then ingests it well, and in ways that must fail (identity codes as
ids, unknown codes, damaged dates and numbers that carry canaries), and runs a notebook that fails with a
person's row in hand. Looked through are output, logs, executed notebooks and all other files but the register
and its canonical tables, which hold ids by nature; with ``--whole`` a run with reports as well.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
# what a person's rows are kept in
KEPT = ("register", "episodes.parquet", "outcomes.parquet", "costs.parquet", "raw")
NAMES = ("Aino", "Eino", "Helmi", "Toivo", "Lempi", "Onni", "Saima", "Urho")


def canaries(count: int, rng: random.Random) -> list[str]:
    """Made-up names, identity codes (with the right form and check mark) and ids, in turn."""
    marks = "0123456789ABCDEFHJKLMNPRSTUVWXY"
    made: list[str] = []
    while len(made) < count:
        number = rng.randrange(900, 1000)
        date = f"{rng.randrange(1, 29):02}{rng.randrange(1, 13):02}{rng.randrange(40, 99)}"
        code = f"{date}-{number}{marks[int(f'{date}{number}') % 31]}"
        name = f"{rng.choice(NAMES)} Kanarialintu{rng.randrange(10**6):06}"
        made += [code, name, f"kanaria{rng.randrange(10**9):09}"]
    return made[:count]


def read(register: Path, table: str) -> tuple[Path, pd.DataFrame, dict[str, str]]:
    """A table of the simulated delivery as text, its file and how it is written."""
    told = tomllib.loads((register / "layout.toml").read_text(encoding="utf-8"))["files"][table]
    file = register / told["file"]
    how = {"sep": told["separator"], "encoding": told["encoding"]}
    frame = pd.read_csv(file, dtype=str, keep_default_na=False, **how)  # type: ignore[call-overload]
    return file, frame, how


def plant(register: Path, birds: list[str], *, into: str, column: str | None) -> None:
    """Give persons canaries: as ids and names everywhere, or as values of one column of one table."""
    if column is None:
        _, persons, _ = read(register, "persons")
        birds = [bird for bird in birds if "-" not in bird]  # identity codes are refused wherever they stand
        renamed = dict(zip(persons["henkilo"], birds, strict=False))
        for table in ("persons", "residence", "spells", "benefits", "earnings"):
            file, frame, how = read(register, table)
            frame["henkilo"] = frame["henkilo"].replace(renamed)
            frame["nimi"] = [birds[number % len(birds)] for number in range(len(frame))]
            frame.to_csv(file, index=False, sep=how["sep"], encoding=how["encoding"])
        return
    file, frame, how = read(register, into)
    frame.loc[frame.index[: len(birds)], column] = birds[: len(frame)]
    frame.to_csv(file, index=False, sep=how["sep"], encoding=how["encoding"])


FAILING = {
    "persons": ("henkilo", "syntymapaiva", "sukupuoli", "koulutusaste"),
    "residence": ("kunta", "alkupvm"),
    "spells": ("tila", "palvelukoodi", "loppupvm"),
    "benefits": ("etuus", "maara_eur"),
    "earnings": ("ansio_eur",),
}
NOTEBOOK = """
import pandas as pd
persons = pd.read_parquet(r'{file}')
persons.set_index('person_id').loc[persons['person_id'].iloc[0], 'no such column']
"""


def said(*words: str) -> tuple[int, str]:
    """Exit status and everything that a command of the project writes to the terminal."""
    command = [sys.executable, "-m", "evaluation", "--root", str(ROOT), *words]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MPLBACKEND": "agg"})
    return done.returncode, done.stdout + done.stderr


def seen(texts: dict[str, str], birds: list[str]) -> list[str]:
    """Where canaries turn up, without naming them."""
    return [f"{where}: {sum(bird in text for bird in birds)} canaries" for where, text in texts.items()
            if any(bird in text for bird in birds)]  # fmt: skip


def written(data: Path) -> dict[str, str]:
    """Text of everything that a run left below a data folder, but what holds persons by nature."""
    found = {}
    for path in sorted(data.rglob("*")):
        inside = path.relative_to(data).parts
        if path.is_file() and not any(name in KEPT for name in inside):
            found["/".join(inside)] = path.read_bytes().decode("utf-8", errors="replace")
    return found


def failing_notebook(data: Path) -> str:
    """Run a notebook that fails with a person's row in hand; what is said of it."""
    import nbformat

    from evaluation.pipeline import notebook_runs

    file = data / "processed" / "register" / "persons.parquet"
    cells = [
        nbformat.v4.new_code_cell("x: int = 1", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(NOTEBOOK.format(file=file)),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = data / "raw" / "failing.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), notebook)
    try:
        notebook_runs.execute(notebook, data / "processed" / "notebooks" / "failing.ipynb", {})
    except notebook_runs.NotebookFailed as error:
        return str(error)
    return "did not fail"


def main() -> int:
    """Plant, run well and badly, look; 1 if a canary was seen anywhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--canaries", type=int, default=1000)
    parser.add_argument("--persons", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--whole", action="store_true", help="a run with reports too (minutes)")
    given = parser.parse_args()
    birds = canaries(given.canaries, random.Random(given.seed))
    found: list[str] = []
    statuses = []
    with tempfile.TemporaryDirectory() as folder:
        clean, data = Path(folder) / "clean", Path(folder) / "data"
        said("--data", str(clean), "simulate", "--persons", str(given.persons))
        for table, column in (
            ("", None),
            *((table, one) for table, names in FAILING.items() for one in names),
        ):
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(clean, data)
            plant(data / "raw" / "register", birds, into=table, column=column)
            status, text = said("--data", str(data), "ingest")
            name = f"{table}.{column}" if column else "good"
            statuses.append(f"{name} {status}")
            texts = {"output": text, **written(data)}
            if column is None:
                texts["failing notebook"] = failing_notebook(data)
                texts |= written(data)
                if given.whole:
                    reports = ("--reports", str(data / "reports"))
                    status, texts["run"] = said(
                        "--data", str(data), *reports, "run", "--areas", "helsinki", "--languages", "fi"
                    )
                    statuses.append(f"run {status}")
                    texts |= written(data)
            found += [f"{name}: {where}" for where in seen(texts, birds)]
    print("\n".join(found))
    print(f"{len(birds)} canaries; exit statuses: {', '.join(statuses)}; seen in {len(found)} places")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())

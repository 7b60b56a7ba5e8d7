"""Where a run finds its inputs and puts its results."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.costs.assumptions import PRICED
from evaluation.pipeline import notebook_runs
from evaluation.results import provenance, rules
from evaluation.study import Study

NAMES = ("name", "after_name", "short", "axis")
DEFAULT_STUDY = Path("studies/kuntakokeilut-2021.toml")


@dataclass(frozen=True)
class Project:
    """Where the inputs are and where results go."""

    root: Path
    data: Path
    reports: Path
    release_date: str
    study: Path
    previous: Path | None = None
    profile: str = "default"

    @classmethod
    def at(
        cls,
        root: Path | None = None,
        *,
        data: Path | None = None,
        reports: Path | None = None,
        release_date: str | None = None,
        study: Path = DEFAULT_STUDY,
        previous: Path | None = None,
        profile: str = "default",
    ) -> Project:
        """Describe a checkout, with data and reports in their usual folders unless said otherwise.

        The top folder `root` is looked for here and above, then where the code lies. Reports print the
        `release_date`, by default that of the code's last commit, so that a run can be repeated to the byte.
        Nothing that the cleared ledger `previous` hid is shown, and reports say what changed since. The
        disclosure `profile` is default, strict, or the TOML file of a data permit.
        """
        places = [root] if root else [Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents]
        found = [place for place in places if (place / "notebooks" / "area_analysis.ipynb").exists()]
        if not found:
            raise ValueError(
                f"{places[0]}: no notebooks/area_analysis.ipynb here or above; give the project's top folder "
                "as --root"
            )
        root = found[0].resolve()
        if previous is not None and not previous.exists():
            raise ValueError(f"{previous}: no such file; give the cleared.parquet of the previous release")
        rules.read_profile(profile)  # a misspelt name is refused before anything runs
        date = release_date or provenance.commit_date()
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
            raise ValueError(f"release date {date!r}: write it as 2026-11-23")
        return cls(
            root,
            (data or root / "data").resolve(),
            (reports or root / "reports").resolve(),
            date,
            (own if (own := root / study).is_file() else study).resolve(),
            previous.resolve() if previous else None,
            str(Path(profile).resolve()) if Path(profile).is_file() else profile,
        )

    @property
    def register(self) -> Path:
        """The raw register delivery."""
        return self.data / "raw" / "register"

    @property
    def statfin(self) -> Path:
        """Saved public statistics."""
        return self.data / "raw" / "statfin"

    @property
    def kela(self) -> Path:
        """Saved data of Kela on who paid labour market support."""
        return self.data / "raw" / "kela"

    @property
    def comments(self) -> Path:
        """What evaluators write beside the findings, as ``lahti.fi.md``."""
        return self.data / "comments"

    @property
    def reference(self) -> Path:
        """Reference tables; the project's own where the data folder brings none."""
        own = self.data / "raw" / "reference"
        return own if own.exists() else self.root / "data" / "raw" / "reference"

    @property
    def reference_tables(self) -> list[Path]:
        """The files of the reference tables."""
        return sorted(self.reference.glob("*.csv"))

    @property
    def priced(self) -> list[Path]:
        """Those of them that hold prices: only what works out costs reads them."""
        return [path for path in self.reference_tables if path.stem in PRICED]

    @property
    def processed(self) -> Path:
        """Validated tables, results and executed notebooks."""
        return self.data / "processed"

    @property
    def cleared(self) -> Path:
        """The cleared ledger."""
        return self.processed / "cleared.parquet"

    @property
    def pages(self) -> Path:
        """Where pages are made, aside: `reports` is swapped whole when all are there."""
        return self.processed / "pages"

    def notebook(self, name: str) -> Path:
        """Path of a stored notebook."""
        return self.root / "notebooks" / f"{name}.ipynb"


@contextmanager
def one_at_a_time(processed: Path, reports: Path | None = None) -> Iterator[None]:
    """Let one run at a time write below a folder, and one publish to `reports`.

    The system keeps the lock and frees it with the process that holds it, however that ends. ValueError with
    the number of that process if another run is at work there.
    """
    processed.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        held.enter_context(_locked(processed / "run.lock", processed, "--data"))
        if reports is not None:
            reports.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(_locked(reports.with_name(f".{reports.name}.lock"), reports, "--reports"))
        yield


@contextmanager
def _locked(file: Path, folder: Path, option: str) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # there is no such lock on Windows: there the user sees to it
        yield
        return
    with file.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = lock.read().strip() or "unknown"
            raise ValueError(
                f"{folder}: another run (process {other}) is at work there; wait for it, or give {option}"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def parts_read(study: Study, code: str, *, names: bool) -> str:
    """The parts of a study that some code reads, written out: when they change, it has to run again.

    The code may read a study itself or through what it imports. `names` in three languages count for pages.
    """
    behind = [path for path in notebook_runs.modules_behind(code) if path.name != "study.py"]
    text = "\n".join([code, *(path.read_text(encoding="utf-8") for path in behind)])
    words = set(re.findall(r"\.(\w+)", text)) if "evaluation.study" in text else set()
    known = {*Study.model_fields, *vars(Study)}
    waiting, read = words & known, set()
    while waiting:
        name = waiting.pop()
        read.add(name)
        derived = inspect.getattr_static(Study, name, None)
        function = getattr(derived, "fget", None) or getattr(derived, "func", None) or derived
        if inspect.isfunction(function):
            waiting |= {*re.findall(r"self\.(\w+)", inspect.getsource(function))} & known - read
    told = study.model_dump(mode="json", include=read)
    return repr(told if names else _nameless(told))


def _nameless(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _nameless(inner) for key, inner in part.items() if key not in NAMES}
    return [_nameless(inner) for inner in part] if isinstance(part, list) else part

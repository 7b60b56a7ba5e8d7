"""Where a report comes from: inputs with hashes, parameters, code and package versions, and what changed."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.results.ledger import KEY

PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "matplotlib", "nbconvert", "papermill")
TOLERANCE = 1e-9  # two numbers that differ by less are the same
NUMBERS = ("estimate", "ci_low", "ci_high", "p_value")


@lru_cache
def code_version() -> str:
    """Version of the package and, in a checkout, the commit; ``+`` where tracked files differ from it."""
    version = metadata.version("evaluation")
    folder = Path(__file__).parents[1]
    try:
        commit = _git("rev-parse", "--short=10", "HEAD", folder=folder)
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", str(folder), folder=folder)
    except (OSError, subprocess.SubprocessError):
        return version
    return f"{version} ({commit}{'+' if changed else ''})"


def code_hash() -> str:
    """SHA-256 over the code and the words of this package, and the versions of those that it works with."""
    folder = Path(__file__).parents[1]
    found = hashlib.sha256()
    for name in (*PACKAGES, "babel", "seaborn"):  # with their version; to read it out takes ten times as long
        found.update((metadata.distribution(name).read_text("METADATA") or metadata.version(name)).encode())
    for path in sorted(folder.rglob("*.*")):
        if path.suffix in (".py", ".toml", ".po"):
            found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def commit_date() -> str:
    """Date of the code's last commit as 2026-11-23; without a checkout, that of this file."""
    try:
        return _git("log", "-1", "--format=%cs", folder=Path(__file__).parent)
    except (OSError, subprocess.SubprocessError):
        return date.fromtimestamp(Path(__file__).stat().st_mtime).isoformat()


def _git(*words: str, folder: Path) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout.strip()


@lru_cache
def packages() -> Mapping[str, str]:
    """Versions of the packages that numbers and pages depend on, by their name."""
    return {name: metadata.version(name) for name in PACKAGES}


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inputs(paths: Iterable[Path], *, root: Path, known: Path | None = None) -> pd.DataFrame:
    """Hash the files that a report rests on: columns file, bytes, sha256, sorted by file.

    They are named relative to `root`; those that do not exist are left out. `known` is a JSON file of hashes
    by name, size and time of change, so that large deliveries are hashed once.
    """
    try:
        store = json.loads(known.read_text("utf-8")) if known and known.exists() else {}
    except ValueError:  # damaged: everything is hashed again
        store = {}
    before = dict(store)
    rows = []
    for path in sorted(set(paths)):
        if not path.is_file():
            continue
        state = path.stat()
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        key = f"{name}|{state.st_size}|{state.st_mtime_ns}"
        if key not in store:
            store[key] = file_hash(path)
        rows.append((name, state.st_size, store[key]))
    if known is not None and store != before:
        # two reports may write at once: each writes a whole file of its own, and a lost entry is hashed again
        part = known.with_name(f"{known.name}.{secrets.token_hex(4)}.part")
        part.write_text(json.dumps(store, indent=1, sort_keys=True), encoding="utf-8")
        part.replace(known)
    return pd.DataFrame(rows, columns=["file", "bytes", "sha256"])


def changes(current: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Say, number by number, what differs from the previous release and why; empty if nothing does.

    The ledger's key, estimate_before, estimate_now and reason: new, removed, status_changed, method_changed,
    persons_changed or recomputed.
    """
    both = previous.merge(current, on=KEY, how="outer", suffixes=("_before", "_now"), indicator="found")
    same = np.ones(len(both), dtype=bool)
    for name in NUMBERS:
        before, now = both[f"{name}_before"], both[f"{name}_now"]
        same &= np.isclose(before, now, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    differs = {name: _differs(both, name) for name in ("status", "method", "persons")}
    reason = np.select(
        [
            both["found"] == "right_only",
            both["found"] == "left_only",
            differs["status"],
            ~same & differs["method"],
            ~same & differs["persons"],
            ~same,
        ],
        ["new", "removed", "status_changed", "method_changed", "persons_changed", "recomputed"],
        default="",
    )
    columns = [*KEY, "estimate_before", "estimate_now", "reason"]
    return both.assign(reason=reason)[reason != ""][columns].reset_index(drop=True)


def _differs(both: pd.DataFrame, name: str) -> pd.Series:
    before, now = both[f"{name}_before"], both[f"{name}_now"]
    return (before != now) & ~(before.isna() & now.isna())

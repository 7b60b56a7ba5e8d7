"""A release: a folder that is made aside and swapped in whole, with a manifest that says what it is.

Pages are drafts until somebody signs; what the audit finds, and faults of any kind, leave the last release as
it was.
"""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.pipeline.project import Project
from evaluation.registers import reference as reference_tables
from evaluation.results import provenance, rules
from evaluation.study import Study, read_study
from evaluation.words.disclosure import disclosure_note
from evaluation.words.language import CODES

MANIFEST, CLEARED, SIGNED, NOTE = "release.json", "cleared.parquet", "signed.parquet", "disclosure.txt"
OWN = {*CODES, MANIFEST, CLEARED, SIGNED, NOTE, ".gitkeep"}
TOLD = {"cleared_sha256", "cleared_against", "profile", "signed", "failed", "changes", "made", "files"}
FILES = (".csv", ".xlsx")  # beside a page
DRAFT = re.compile(rb'<p class="draft" id="draft".*?</p>\n?')
AT_FDCWD, EXCHANGE = -100, 2  # of renameat2(2)


class Stopped(ValueError):
    """There is no new release, and the last one is as it was; the message says why."""

    status = 3


def recover(reports: Path) -> None:
    """Clear away what a killed run left beside `reports`; if it died between two renames, undo the first.

    ValueError if `reports` holds anything that is no release: it would be swapped away.
    """
    new, old = _beside(reports)
    if old.exists() and not reports.exists():
        old.rename(reports)
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    strange = sorted({path.name for path in reports.glob("*")} - OWN)
    if strange:
        raise ValueError(f"{reports}: {strange[0]} is no part of a release; move it away, or give --reports")


def publish(project: Project, *, files: Iterable[Path], failed: Sequence[str]) -> str:
    """Audit what was made, swap it in for the last release, and say what happened in one line.

    Pages among the `files` that this run was to make are published, with their CSV files, their workbooks and
    the cleared ledger. Differences are looked at from `previous` and from the last signed release. Stopped if
    the audit finds something, or a signed release would give way to a run in which something `failed`.
    """
    pages, reports, cleared = project.pages, project.reports, project.cleared
    rulebook = rules.read_profile(project.profile)
    every = {path.relative_to(pages).as_posix(): path for path in sorted(_with_files(pages, files))}
    every[CLEARED] = cleared
    made = {name: provenance.file_hash(path) for name, path in every.items()}
    last = manifest(reports)
    if last.get("made") == made and whole(reports, last):
        return f"Release unchanged: {_said(last)}"
    signed = last.get("signed")
    if failed and signed:
        raise Stopped(
            f"not released, the signed release stays: {', '.join(failed)} failed; pages are in {pages}"
        )
    earlier = reports / (CLEARED if signed else SIGNED)
    if earlier.exists():
        every[SIGNED] = earlier
    rows = pd.read_parquet(cleared)
    audited = check(rows, project, profile=rulebook, against=project.previous, earlier=earlier)
    there = reports / CLEARED
    told = {
        "cleared_sha256": made[CLEARED],
        "cleared_against": provenance.file_hash(project.previous) if project.previous else None,
        "profile": dataclasses.asdict(rulebook),
        "audit": audited,
        "signed": signed if last.get("made") == made else None,
        "failed": list(failed),
        "changes": _changes(made, last, rows, pd.read_parquet(there) if there.exists() else rows.head(0)),
        "made": made,
    }
    _swap_in(reports, every, told)
    return f"Released {len(every)} files: {_said(told)}"


def sign(project: Project, name: str, *, now: datetime | None = None) -> str:
    """Sign the draft in `reports`: it is checked once more, and its pages are no drafts any longer.

    ValueError if there is no draft, files of it are missing or were changed, or something failed in its run;
    Stopped if the audit finds something.
    """
    reports = project.reports
    recover(reports)
    told, name = manifest(reports), " ".join(name.split())
    if not told:
        raise ValueError(f"{reports}: no release; run `evaluation run` first")
    if not name:
        raise ValueError("--sign: give the name of who approves the release")
    if told["signed"]:
        raise ValueError(f"{reports}: already {_said(told)}")
    if told["failed"]:
        raise ValueError(f"{reports}: {', '.join(told['failed'])} failed; run again before signing")
    if not whole(reports, told):
        raise ValueError(f"{reports}: files are missing or were changed by hand; run `evaluation run` again")
    rows, rulebook = pd.read_parquet(reports / CLEARED), rules.Profile(**told["profile"])
    earlier = reports / SIGNED
    against = earlier if told["cleared_against"] and earlier.exists() else None
    told["audit"] = check(rows, project, profile=rulebook, against=against, earlier=earlier)
    told["signed"] = {"by": name, "at": (now or datetime.now(UTC)).isoformat(timespec="seconds")}
    files = {name: reports / name for name in told["files"] if name != NOTE}
    _swap_in(reports, files, told)
    return f"{len(files)} files {_said(told)}"


def manifest(reports: Path) -> dict[str, Any]:
    """What the release in a folder says of itself; empty where there is none or it is damaged."""
    try:
        told = json.loads((reports / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) and told.keys() >= TOLD else {}


def whole(reports: Path, told: dict[str, Any]) -> bool:
    """Whether a folder holds exactly the files that its manifest names, unchanged."""
    found = {path.relative_to(reports).as_posix(): path for path in reports.rglob("*") if path.is_file()}
    hashes = {
        name: provenance.file_hash(path) for name, path in found.items() if name not in (MANIFEST, ".gitkeep")
    }
    return hashes == told.get("files")


def _said(told: dict[str, Any]) -> str:
    signed = told["signed"]
    return f"signed by {signed['by']}, {signed['at']}" if signed else "draft, not signed"


def check(
    rows: pd.DataFrame,
    project: Project,
    *,
    profile: rules.Profile,
    against: Path | None,
    earlier: Path,
) -> dict[str, int]:
    """Audit cleared rows, alone and against earlier releases: numbers of rows, of hidden ones, of releases.

    `against` is the earlier release that they were cleared against: what stays as released is bounded less.
    `earlier` is the last signed one, if there is that file. Stopped, with cells and remedies, if the audit
    finds anything.
    """
    from evaluation.results import audit

    study = read_study(project.study)
    before = pd.read_parquet(against) if against else None
    found = audit.audit(rows, study, profile=profile, parts_of_all=_add_up(project, study), before=before)
    if earlier.exists() and earlier != against:
        more = audit.differences(rows, pd.read_parquet(earlier), profile=profile)
        found = pd.concat([found, more]).drop_duplicates()
    if len(found):
        raise Stopped(f"not released, the last release stays: the audit found\n{audit.in_words(found)}")
    releases = {path for path in (against, earlier) if path and path.exists()}
    return {"rows": len(rows), "hidden": int(rows["estimate"].isna().sum()), "earlier": len(releases)}


def _add_up(project: Project, study: Study) -> list[str]:
    """Areas whose municipalities are confirmed: these make up all areas together."""
    table, areas = reference_tables.reference("municipalities", project.reference), study.areas
    sure = table[areas.arm_column].map(areas.arm_of) == "pilot"
    return sorted(table.loc[sure, areas.column].dropna().unique())


def _with_files(pages: Path, files: Iterable[Path]) -> set[Path]:
    chosen = {path for path in files if pages in path.parents}
    folders = {path.parent / "csv" / path.stem for path in chosen}
    return chosen | {path for folder in folders for path in folder.rglob("*.*") if path.suffix in FILES}


def _changes(
    made: dict[str, str], last: dict[str, Any], rows: pd.DataFrame, before: pd.DataFrame
) -> dict[str, dict[str, int]]:
    then = last.get("made", {})
    files = {
        "added": len(made.keys() - then.keys()),
        "removed": len(then.keys() - made.keys()),
        "changed": sum(made[name] != then[name] for name in made.keys() & then.keys()),
    }
    reasons = Counter(provenance.changes(rows, before)["reason"])
    added, removed = reasons.pop("new", 0), reasons.pop("removed", 0)
    return {"files": files, "rows": {"added": added, "removed": removed, "changed": sum(reasons.values())}}


def _beside(reports: Path) -> tuple[Path, Path]:
    return reports.with_name(f".{reports.name}.new"), reports.with_name(f".{reports.name}.old")


def _swap_in(reports: Path, files: dict[str, Path], told: dict[str, Any]) -> None:
    """Write a release aside and exchange it with the one in place, in one step where the system has it."""
    new, old = _beside(reports)
    hashes = {}
    for name, source in files.items():
        target = new / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        if told["signed"] and target.suffix == ".html":
            content = DRAFT.sub(b"", content)
        target.write_bytes(content)
        hashes[name] = hashlib.sha256(content).hexdigest()
    (new / NOTE).write_text(disclosure_note(told), encoding="utf-8")
    hashes[NOTE] = provenance.file_hash(new / NOTE)
    text = json.dumps({**told, "files": hashes}, indent=1, ensure_ascii=False, sort_keys=True)
    (new / MANIFEST).write_text(text + "\n", encoding="utf-8")
    if (reports / ".gitkeep").exists():
        (new / ".gitkeep").touch()
    if not reports.exists():
        new.rename(reports)
    elif _exchange(new, reports):
        shutil.rmtree(new, ignore_errors=True)
    else:
        reports.rename(old)
        new.rename(reports)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):  # no Linux
        return False
    return rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), EXCHANGE) == 0

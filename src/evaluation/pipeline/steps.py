"""What each task of the pipeline does: the small pieces between rooms."""

from __future__ import annotations

import dataclasses
import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.pipeline import buckets, notebook_runs
from evaluation.words.language import mark

LARGE = 1 << 28  # bytes of a delivery
# What the pages that are not about one area are called, where they could not be made.
WHOLE = {
    "national": mark("All areas together: national report"),
    "public_statistics": mark("What the public statistics show"),
}


def statfin_file(folder: Path) -> Path | None:
    """The saved public statistics, JSON-stat before CSV, or None."""
    return next((path for name in ("12r5.json", "12r5.csv") if (path := folder / name).exists()), None)


def read_register(*, raw: Path, processed: Path, reference: Path, jobs: int = 1) -> None:
    """Validate the raw delivery and write the canonical tables."""
    from evaluation.registers import ingest

    with buckets.workers(jobs if is_large(raw) else 1) as executor:
        ingest.ingest(raw, processed, reference=reference, executor=executor)


def is_large(raw: Path) -> bool:
    """Whether a delivery is worth being read by several processes."""
    return sum(path.stat().st_size for path in raw.rglob("*") if path.is_file()) > LARGE


def find_cohort(persons: range, *, processed: Path, reference: Path, study: Path) -> list[pd.DataFrame]:
    """Episodes of a bucket of persons, and how many were left at each step of attrition."""
    from evaluation.cohorts import cohort
    from evaluation.registers import stored
    from evaluation.registers.reference import reference as read
    from evaluation.study import read_study

    register = stored.load(processed, persons=persons)
    places = read("municipalities", reference)
    found = cohort.inflow(register, read_study(study), municipalities=places)
    return [found.episodes, found.attrition.set_index(["arm", "area", "step", "reason"])]


def measure_outcomes(persons: range, *, processed: Path, study: Path) -> list[pd.DataFrame]:
    """Outcomes of the episodes of a bucket of persons."""
    from evaluation.outcomes import measures
    from evaluation.registers import stored
    from evaluation.study import read_study

    register = stored.load(processed, persons=persons)
    return [
        measures.measure(
            register, stored.of_persons(processed / "episodes.parquet", persons), read_study(study)
        )
    ]


def work_out_costs(persons: range, *, processed: Path, reference: Path, study: Path) -> list[pd.DataFrame]:
    """Costs by payer, earnings and net income of the episodes of a bucket of persons."""
    from evaluation.costs import assumptions, payers
    from evaluation.economics import area as area_economics
    from evaluation.outcomes import measures
    from evaluation.registers import stored
    from evaluation.study import read_study

    reform, priced = read_study(study), assumptions.cost_reference(reference)
    register = stored.load(processed, persons=persons)
    episodes = stored.of_persons(processed / "episodes.parquet", persons)
    paid = payers.cost(register, episodes, reform, reference=priced)
    index = {"price_index": priced.price_index, "price_year": reform.price_year}
    parts = [measures.earnings(register, episodes, **index)]
    benefits = processed / "register" / "benefits.parquet"
    if not _counted_by_payer(benefits, benefits.stat().st_mtime_ns):
        parts.append(payers.half_count(register, episodes, reform, reference=priced, priced=paid))
    return [area_economics.with_income(paid.join(parts))]


@lru_cache
def _counted_by_payer(benefits: Path, changed: int) -> bool:
    """Whether the payer's own count was told, of all persons, so that every bucket has the same columns."""
    from evaluation.costs import payers

    return payers.counted_by_payer(pd.read_parquet(benefits, columns=payers.COUNT_TOLD_BY))


def count_months(persons: range, *, processed: Path, study: Path) -> list[pd.DataFrame]:
    """Counts of a bucket of persons by municipality and month."""
    from evaluation.outcomes import area_months
    from evaluation.registers import stored
    from evaluation.study import read_study

    cells = area_months.cells(stored.load(processed, persons=persons), **read_study(study).months)
    return [cells.set_index(["municipality", "month", "month_name"])]


def analyse(
    *, notebook: Path, executed: Path, part: str, parameters: dict[str, str], processed: Path
) -> None:
    """Run an analysis notebook; if it fails, leave an empty ledger part and say so in ``failed/``."""
    from evaluation.results import ledger

    target = processed / "ledger" / f"{part}.parquet"
    note = processed / "failed" / f"{part}.json"
    for path in (target, note):
        path.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    reason = ""
    try:
        notebook_runs.execute(notebook, executed, parameters)
        if not target.exists():
            reason = f"{notebook.name} wrote no results"
    except notebook_runs.NotebookFailed as error:
        reason = str(error)
    if reason:
        print(f"{part} failed: {reason}; details in {executed}", file=sys.stderr)
        ledger.rows(pd.DataFrame(), simulated=False).to_parquet(target)
    note.write_text(json.dumps({"failed": bool(reason), "reason": reason}), encoding="utf-8")


def clear(
    *, parts: list[Path], cleared: Path, processed: Path, previous: Path | None, study: Path, profile: str
) -> None:
    """Join all ledger parts and clear them once for disclosure."""
    from evaluation.results import disclosure, ledger, rules
    from evaluation.study import read_study

    chosen = rules.read_profile(profile)
    released = pd.read_parquet(previous) if previous else None
    rows = disclosure.clear(ledger.combine(parts), read_study(study), profile=chosen, previous=released)
    rows.to_parquet(cleared)
    (processed / "disclosure.json").write_text(json.dumps(dataclasses.asdict(chosen)), encoding="utf-8")


def failures(processed: Path) -> list[Path]:
    """Notes on the areas, analyses and pages (area-language) that failed in the last run."""
    return [note for note in sorted((processed / "failed").glob("*.json")) if _note(note)["failed"]]


def _note(path: Path) -> dict[str, Any]:
    """Whether something failed, and the reason."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:  # the run was killed while it wrote this
        return {"failed": True, "reason": ""}


def report(
    *,
    notebook: Path,
    executed: Path,
    page_file: Path,
    summary_file: Path | None,
    parameters: dict[str, str],
    area: str | None,
    failed: Path | None,
    note: Path,
    languages: tuple[str, ...],
    profile: str,
) -> None:
    """Run a report notebook and publish it as one HTML page, and its summary as another.

    Where the analysis of the area or the report itself failed, the page says so, and `note` too; the page
    says why an analysis was refused, with counts as the profile of the release tells them.
    """
    from evaluation.reporting import own_pages, page
    from evaluation.results import rules
    from evaluation.study import read_study
    from evaluation.words.language import get

    for path in (page_file, note):
        path.parent.mkdir(parents=True, exist_ok=True)
    study, language = read_study(parameters["study"]), parameters["language"]
    given: dict[str, Any] = {"language": language, "all_languages": languages}
    analysis: dict[str, Any] = {"failed": False, "reason": ""} if failed is None else _note(failed)
    analysed, reason = not analysis["failed"], ""
    if analysed:
        try:
            made = notebook_runs.execute(notebook, executed, parameters)
            site = study.texts.site[language]
            page.publish(made, page_file, site=site, **given)
            if summary_file:
                page.publish(made, summary_file, site=site, summary=True, **given)
        except Exception as error:  # named and counted as a failure; the other pages must be finished
            reason = f"{type(error).__name__}: {error}"
            print(f"{note.stem} failed: {reason}; details in {executed}", file=sys.stderr)
    if reason or not analysed:
        name = area or get(language).text(WHOLE[page_file.stem])
        given["refusal"] = rules.careful(
            analysis["reason"].partition("ValueError: ")[2], rules.read_profile(profile)
        )
        for file in filter(None, (page_file, summary_file)):
            own_pages.write_failed(file, study, area=name, reference=parameters["reference"], **given)
    note.write_text(json.dumps({"failed": bool(reason), "reason": reason}), encoding="utf-8")


def publish_validation(*, executed: Path, page_file: Path) -> None:
    """Publish the page that shows how the methods were validated; it is written in English only."""
    from evaluation.reporting import page

    page_file.parent.mkdir(parents=True, exist_ok=True)
    page.publish(executed, page_file, language="en", simulated=True, all_languages=("en",))


def index(
    *,
    reports: Path,
    cleared: Path,
    reference: Path,
    language: str,
    languages: tuple[str, ...],
    areas: list[str],
    failed: Path,
    study: Path,
) -> None:
    """Write the index page of a language."""
    from evaluation.reporting import own_pages
    from evaluation.study import read_study

    own_pages.write_index(
        reports / language / "index.html",
        read_study(study),
        cleared=cleared,
        reference=reference,
        language=language,
        all_languages=languages,
        areas=areas,
        failed=[
            area
            for area in areas
            if any(_note(failed / f"{name}.json")["failed"] for name in (area, f"{area}-{language}"))
        ],
    )

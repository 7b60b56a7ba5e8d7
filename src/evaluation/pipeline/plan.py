"""Areas x notebooks x languages as a graph of tasks: only what changed is run again.

raw register -> register -> episodes -> outcomes, costs -> area analyses -> all areas
-> cleared ledger -> reports -> index
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluation import schemas
from evaluation.pipeline import notebook_runs, steps
from evaluation.pipeline.project import Project
from evaluation.registers import reference as reference_tables
from evaluation.results import rules
from evaluation.study import Study, read_study
from evaluation.words import comments

LANGUAGES = ("fi", "sv", "en")
NATIONAL = "national"
CODE = Path(__file__).parents[1]
OF_VALIDATION = re.compile(r"^\s*from validation(?:\.(\w+)| import (\([^)]*\)|.*))", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One task: a function of this package, the files it reads, the files it writes, and its values."""

    name: str
    function: Callable[..., Any]
    reads: list[Path]
    writes: list[Path]
    values: dict[str, Any]
    by_bucket: bool = False  # of persons: see `buckets.each`

    @property
    def takes_longer(self) -> bool:
        """Whether it should begin before others that could begin, so that nobody waits for it in the end."""
        return not self.name.startswith(("area_analysis[", "area_report[")) or self.name.endswith("[all]")


def area_names(study: Study, reference: Path) -> list[str]:
    """Slugs of the study's areas, in the order of their reference table."""
    return reference_tables.reference(study.areas.table, reference)["area"].tolist()


def _register_files(processed: Path) -> list[Path]:
    names = [f"{name}.parquet" for name in (*schemas.REGISTER_TABLES, "quality")]
    return [processed / "register" / name for name in (*names, "register.json")]


def source_of(function: Callable[..., Any], notebook: Path | None) -> str:
    """Source text of a step and of the notebook that it runs."""
    return f"{_source(function)}\n{notebook_runs.code_of(notebook)}" if notebook else _source(function)


_source = cache(inspect.getsource)


def _step(
    name: str,
    function: Callable[..., Any],
    reads: list[Path],
    writes: list[Path],
    *,
    by_bucket: bool = False,
    **values: Any,
) -> Step:
    """A task that reads its notebook too, and the modules behind its code."""
    notebook = values.get("notebook")
    behind = notebook_runs.modules_behind(source_of(function, notebook))
    own = [notebook] if notebook else []
    return Step(name, function, [*reads, *own, *behind], writes, values, by_bucket)


def tables(project: Project) -> list[Step]:
    """The tasks from the canonical register to tables of episodes and months."""
    processed = project.processed

    def table(function: Callable[..., Any], *names: str, reads: list[Path], **values: Any) -> Step:
        written = [processed / f"{name}.parquet" for name in names]
        given: dict[str, Any] = {"processed": processed, "study": project.study, **values}
        behind = [*_register_files(processed), *reads]
        return _step(names[0], function, behind, written, by_bucket=True, **given)

    found = processed / "episodes.parquet"
    places, reference = [project.reference / "municipalities.csv"], {"reference": project.reference}
    return [
        table(steps.find_cohort, "episodes", "attrition", reads=places, **reference),
        table(steps.measure_outcomes, "outcomes", reads=[found]),
        table(steps.work_out_costs, "costs", reads=[found, *project.priced], **reference),
        table(steps.count_months, "area_months", reads=[]),
    ]


def plan(project: Project, *, areas: list[str], languages: list[str]) -> list[Step]:
    """List every task of a run, in an order in which each step's inputs are written by steps before it.

    Raises
    ------
    ValueError
        If a comment is misnamed or cannot be read.
    """
    comments.check(project.comments, {*area_names(read_study(project.study), project.reference), NATIONAL})
    raw = sorted(path for path in project.register.iterdir() if path.name != ".gitkeep")
    unpriced = [path for path in project.reference_tables if path not in project.priced]
    processed, cleared = project.processed, project.cleared
    ledger, register = processed / "ledger", _register_files(processed)
    folders: dict[str, Any] = {"processed": processed, "reference": project.reference}
    study = {"study": str(project.study)}
    passed = {**{key: str(path) for key, path in folders.items()}, "ledger_folder": ledger.name}

    def analysis(name: str, reads: list[Path], *, part: str, **parameters: Any) -> Step:
        return _step(
            f"{name}[{part}]" if parameters else name,
            steps.analyse,
            [*reads, *unpriced],
            [ledger / f"{part}.parquet", processed / "failed" / f"{part}.json"],
            notebook=project.notebook(name),
            executed=processed / "notebooks" / f"{name}-{part}.ipynb",
            part=part,
            parameters={**passed, **parameters},
            processed=processed,
        )

    persons = tables(project)
    episodes = [path for step in persons for path in step.writes]
    statfin = steps.statfin_file(project.statfin)
    parts = [ledger / f"{area}.parquet" for area in [*areas, "all"]]
    tested = _validation_files(project.root, project.notebook("validation"))
    validation = analysis("validation", tested, part="validation")
    analyses = [
        analysis("data_quality", [*register, *episodes, *([statfin] if statfin else [])],
                 part="quality", statfin=str(statfin or ""), figures=False, **study),
        *(
            analysis("area_analysis", [*episodes, *register, *project.priced],
                     part=area, area=area, figures=False, **study)
            for area in [*areas, "all"]
        ),
        validation,
        analysis("all_areas", parts, part="pooled", areas=",".join(areas), figures=False, **study),
    ]  # fmt: skip
    if statfin:
        paid = [file] if (file := project.kela / "data.csv").exists() else []
        analyses.append(
            analysis("public_statistics", [statfin, *paid], part="public_statistics",
                     statfin=str(statfin), kela="".join(map(str, paid)), figures=False, **study)
        )  # fmt: skip
    parts = [step.writes[0] for step in analyses]
    given = [path for path in (project.previous, Path(project.profile)) if path and path.is_file()]
    page = project.pages / "en" / "validation.html"
    return [
        _step("register", steps.read_register, [*raw, *unpriced], register, raw=project.register, **folders),
        *persons,
        *analyses,
        _step(
            "clear",
            steps.clear,
            [*parts, *given, rules.PROFILES],
            [cleared, processed / "disclosure.json"],
            parts=parts,
            cleared=cleared,
            processed=processed,
            previous=project.previous,
            study=project.study,
            profile=project.profile,
        ),
        _step(
            "validation_page",
            steps.publish_validation,
            [validation.writes[0], project.notebook("validation")],
            [page],
            executed=validation.values["executed"],
            page_file=page,
        ),
        *_report_steps(project, areas=areas, languages=languages, with_statfin=bool(statfin)),
    ]


def _validation_files(root: Path, notebook: Path) -> list[Path]:
    """Stored results, the modules of `validation/` that its notebook imports, and what is behind them."""
    code, waiting = dict[Path, str](), [notebook_runs.code_of(notebook)]
    while waiting:
        for module, listed in OF_VALIDATION.findall(waiting.pop()):
            for name in re.findall(r"(\w+)(?: as \w+)?", module or listed):
                file = root / "validation" / f"{name}.py"
                if file not in code and file.is_file():
                    code[file] = file.read_text(encoding="utf-8")
                    waiting.append(code[file])
    behind = notebook_runs.modules_behind("\n".join(code.values()))
    return [*sorted((root / "docs" / "validation").glob("*")), *sorted(code), *behind]


def _behind_pages(project: Project, language: str) -> list[Path]:
    """What all pages in a language read; sentences are chosen by their length in English."""
    kinds, spoken = (".po", ".toml", ".j2", ".css"), (language, "en")
    files = (path for room in ("words", "reporting") for path in (CODE / room).rglob("*.*"))
    said = (path for path in files if path.suffix != ".po" or path.parents[1].name in spoken)
    words = sorted(path for path in said if path.suffix in kinds)
    profiles = [rules.PROFILES, *filter(Path.is_file, [Path(project.profile)])]  # how a refusal is told
    return [project.cleared, *words, *profiles, *project.reference_tables]


def _report_steps(
    project: Project, *, areas: list[str], languages: list[str], with_statfin: bool
) -> list[Step]:
    failed = project.processed / "failed"
    names = ["national_report", *(["public_statistics_report"] if with_statfin else [])]

    def report(name: str, language: str, area: str | None) -> Step:
        page = project.pages / language / f"{area or name.removesuffix('_report')}.html"
        note = failed / f"{page.stem}-{language}.json"
        analysed = failed / f"{area}.json" if area else None
        told = page.stem in (area, NATIONAL)  # a page with a summary and a comment
        summary = page.with_stem(f"{page.stem}-summary") if told else None
        own = project.comments / f"{page.stem}.{language}.md"
        comment = [own] if own.is_file() else []
        parameters = {
            "cleared": str(project.cleared),
            "reference": str(project.reference),
            "processed": str(project.processed),
            "reports": str(project.pages),
            "study": str(project.study),
            "language": language,
            "release_date": project.release_date,
            "previous": str(project.previous or ""),
            "drawings": str(project.processed / "drawings"),
            **({"area": area} if area else {}),
            **({"comment": "".join(map(str, comment))} if told else {}),
        }
        return _step(
            f"{name}[{'-'.join(filter(None, (area, language)))}]",
            steps.report,
            [*_behind_pages(project, language), *comment, *filter(None, [analysed])],
            [page, note, *filter(None, [summary])],
            notebook=project.notebook(name),
            executed=project.processed / "notebooks" / f"{name}-{area or 'all'}-{language}.ipynb",
            page_file=page,
            summary_file=summary,
            parameters=parameters,
            area=area,
            failed=analysed,
            note=note,
            languages=tuple(languages),
            profile=project.profile,
        )

    work = []
    for language in languages:
        pages = [report("area_report", language, area) for area in areas]
        pages += [report(name, language, None) for name in names]
        index = _step(
            f"index[{language}]",
            steps.index,
            [
                *_behind_pages(project, language),
                *[failed / f"{area}.json" for area in areas],
                *[path for step in pages for path in step.writes],
            ],
            [project.pages / language / "index.html"],
            reports=project.pages,
            cleared=project.cleared,
            reference=project.reference,
            language=language,
            languages=tuple(languages),
            areas=areas,
            failed=failed,
            study=project.study,
        )
        work += [*pages, index]
    return work

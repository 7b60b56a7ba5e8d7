"""HTML pages: an executed notebook, the index, and the page of an area whose analysis failed.

Every page is one file without script and without request. Its frame is ``templates/report``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaluation.results import provenance
from evaluation.study_parts import Areas
from evaluation.words import language as languages
from evaluation.words.language import Language

if TYPE_CHECKING:
    from jinja2 import Environment
    from nbconvert import HTMLExporter
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
OWN_NAMES = {"fi": "Suomeksi", "sv": "På svenska", "en": "In English"}
HIDDEN = "researchers"  # tag of notebook text that is not for readers of the page
SUMMARY = "summary"  # tag of the cells that make the summary of a report
INDEX = "index.html"
CONTENTS_HERE = "<!-- contents -->"


def publish(
    executed: Path | NotebookNode,
    target: Path,
    *,
    language: str,
    simulated: bool | None = None,
    site: str = "",
    all_languages: Sequence[str] = languages.CODES,
    summary: bool = False,
) -> Path:
    """Turn an executed notebook into one HTML page without its code, written at once or not at all.

    The page carries the banner of simulated data as `simulated` or else ``data-simulated`` in the outputs
    tells; its head says what `site` it belongs to, and links to the page in `all_languages`. It holds the
    cells tagged ``summary``, or all others. ValueError if it has no first heading, or holds a script.
    """
    import nbformat

    whole = nbformat.read(executed, as_version=4) if isinstance(executed, Path) else executed
    cells = [cell for cell in whole.cells if (SUMMARY in cell.metadata.get("tags", [])) == summary]
    notebook = nbformat.NotebookNode(whole | {"cells": cells})
    spoken = languages.get(language)
    said = "\n".join(_texts(notebook))
    heading = re.search(r"<h1[^>]*>(.*?)</h1>|^# (.+)$", said, re.DOTALL | re.MULTILINE)
    if heading is None:
        raise ValueError(f"{target.name}: no first heading (<h1>); display one before the sections")
    if simulated is None:
        simulated = 'data-simulated="true"' in said
    title = _plain(heading[1] or heading[2])
    frame = _frame(spoken, target, title=title, simulated=simulated, site=site, all_languages=all_languages)
    body, _ = _exporter().from_notebook_node(notebook, resources={"page": frame, "text": spoken.text})
    if _runs_script(body):
        raise ValueError(f"{target.name}: the page would hold a script; remove it from the notebook")
    menu = macros("shell.html.j2").contents(() if summary else _contents(body), spoken.text)
    if CONTENTS_HERE in body:
        body = body.replace(CONTENTS_HERE, menu, 1)
    else:
        body = body.replace("</h1>", f"</h1>\n{menu}", 1)
    return _write(target, body)


def write_plain(
    target: Path,
    *,
    title: str,
    body: str,
    language: str,
    simulated: bool,
    site: str = "",
    all_languages: Sequence[str] = languages.CODES,
) -> Path:
    """Write a page whose body is ready HTML, in the same frame as the reports."""
    spoken = languages.get(language)
    frame = _frame(spoken, target, title=title, simulated=simulated, site=site, all_languages=all_languages)
    plain = environment().get_template("plain.html.j2")
    return _write(target, plain.render(page=frame, text=spoken.text, body=body))


def area_names(reference: str | Path, areas: Areas, *, language: str) -> Mapping[str, str]:
    """Names of the pilot areas by slug in a language."""
    table = pd.read_csv(Path(reference) / f"{areas.table}.csv", dtype=str, keep_default_na=False)
    names = table[f"name_{language}"].str.replace(r"^\((.*)\)$", r"\1", regex=True)  # brackets: unconfirmed
    return dict(zip(table["area"], names, strict=True))


def municipality_names(reference: str | Path, areas: Areas, *, language: str) -> pd.DataFrame:
    """Municipalities with their name in a language (Finnish names in English), area and arm."""
    table = pd.read_csv(Path(reference) / "municipalities.csv", dtype=str, keep_default_na=False)
    name = table["name_sv" if language == "sv" else "name_fi"].str.strip()
    table = table.assign(name=name, area=table[areas.column], arm=table[areas.arm_column].map(areas.arm_of))
    return table[["municipality", "name", "name_fi", "name_sv", "area", "arm"]]


def _frame(
    spoken: Language,
    target: Path,
    *,
    title: str,
    simulated: bool,
    site: str,
    all_languages: Sequence[str],
) -> dict[str, Any]:
    """What the frame of a page needs to know."""
    in_place = target.parent.name == spoken.code
    others = [code for code in all_languages if code != spoken.code] if in_place else []
    return {
        "language": spoken.code,
        "title": title,
        "simulated": simulated,
        "css": (TEMPLATES / "report" / "page.css").read_text("utf-8"),
        "site": site,
        "home": INDEX if in_place and target.name != INDEX else "",
        "other_languages": [(code, OWN_NAMES[code], f"../{code}/{target.name}") for code in others],
        "code_version": provenance.code_version(),
    }


def _texts(notebook: Any) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and HIDDEN not in cell.metadata.get("tags", []):
            yield cell.source
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            yield data.get("text/html") or data.get("text/markdown") or ""


def _contents(body: str) -> tuple[tuple[str, str], ...]:
    found = re.findall(r'<h2[^>]*\bid="([^"]+)"[^>]*>(.*?)</h2>', body, re.DOTALL)
    named = {id.removesuffix("-title"): _plain(title) for id, title in found}
    return tuple((id, title) for id, title in named.items() if id not in ("contents", "answers"))


def _runs_script(body: str) -> bool:
    """Whether a page has a script, or a tag that runs one; what its text says is text."""
    code = body.encode().lower()
    # to look into every tag takes long: first whether there is anything to look for
    may = b"<script" in code or b"javascript:" in code or re.search(rb"on(?<=\son)\w+=[\"']", code)
    return bool(may and re.search(rb"<script|<[^<>]*(?:javascript:|\son\w+=[\"'])", code))


def _plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


@lru_cache
def _exporter() -> HTMLExporter:
    # one exporter a process: making one costs more than the export itself
    from nbconvert import HTMLExporter, TemplateExporter

    class Exporter(HTMLExporter):
        # HTMLExporter parses each page once more, to describe pictures that nobody described: these are
        from_notebook_node = TemplateExporter.from_notebook_node

    exporter = Exporter(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        optimistic_validation=True,  # once, not after each of a dozen steps that change nothing
    )
    exporter.register_filter("for_readers", _for_readers)
    return exporter


@lru_cache
def environment() -> Environment:
    """Where templates are found; whatever they are given is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # one name for each template, else it is compiled once a name
    folders = [TEMPLATES / "report", TEMPLATES]
    return Environment(
        loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined,
        keep_trailing_newline=True,
    )  # fmt: skip


def macros(template: str) -> Any:
    """The macros of a template, to be called with values."""
    return environment().get_template(template).module


def _for_readers(text: str) -> str:
    """Make HTML of pandas or markdown fit for screen readers: table scopes, no border, a region."""
    text = re.sub(r"(?s)<style scoped>.*?</style>", "", text)
    if "<table" in text and 'class="dataframe' in text:
        text = re.sub(r'<table border="1" class="dataframe[^"]*">', '<table class="data">', text)
        text = re.sub(r'<tr style="text-align: right;">', "<tr>", text)
        head, _, rest = text.partition("</thead>")
        head = re.sub(r"<th>\s*</th>", "<td></td>", head)
        text = (
            re.sub(r"<th(?=[ >])", '<th scope="col"', head)
            + "</thead>"
            + re.sub(r"<th(?=[ >])", '<th scope="row"', rest)
        )
        text = text.replace('<table class="data">', '<div class="scroll" tabindex="0"><table class="data">')
        text = text.replace("</table>", "</table></div>")
    return text


def _write(target: Path, text: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    # a line may break between sign and euro; a character against it would be copied with the number;
    # what has no such sign is passed by, a hundred pieces at once
    text = re.sub(
        rf"((?:<(title|svg)\b.*?</\2>|<[^>]*>|[^<+{languages.MINUS}]+){{1,100}})|[+{languages.MINUS}]€[\d,]*\d",
        lambda hit: hit[1] or f'<span class="whole">{hit[0]}</span>',
        text,
        flags=re.DOTALL,
    )
    lines = filter(None, map(str.rstrip, text.splitlines()))
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(target)
    return target

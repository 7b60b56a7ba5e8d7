"""An evaluator's own words beside the generated findings: a Markdown file for a report and a language.

Whatever the file holds, the page gets text, emphasis, lists and links only: no HTML, image, heading or table.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import mistune
from markupsafe import Markup

from evaluation.words.language import CODES

AUTHOR = re.compile(r"(?i)(?:author|kirjoittaja|skribent)\s*:\s*(\S.*)")
LONGEST = 20_000  # characters
ADDRESS = re.compile(r"(?i)(https?://|mailto:)")


@dataclass(frozen=True)
class Comment:
    """Who writes, and the text as safe HTML."""

    author: str
    text: Markup


def _heading(text: str, level: int, **attrs: object) -> str:
    return f"<p><strong>{text}</strong></p>\n"  # the outline of the page stays


def _image(text: str, url: str, title: str | None = None) -> str:
    return text


def _link(text: str, url: str, title: str | None = None) -> str:
    return f'<a href="{mistune.escape(url)}">{text}</a>' if ADDRESS.match(url) else text


def _code(code: str, info: str | None = None) -> str:
    return f'<pre tabindex="0"><code>{mistune.escape(code)}</code></pre>\n'


# in place of what could load, run, or break the outline of a page
WRITERS = {"heading": _heading, "image": _image, "link": _link, "block_code": _code}


def read(file: str | Path) -> Comment | None:
    """Read the comment of a report; None where no file is named.

    The file is Markdown in UTF-8; its first line is ``Author: Name`` (also ``Kirjoittaja:`` or
    ``Skribent:``). A ValueError says that nobody is named, or the text is empty, too long, or not UTF-8.
    """
    if not file:
        return None
    name = Path(file).name
    try:
        first, _, text = Path(file).read_text("utf-8-sig").strip().partition("\n")
    except UnicodeDecodeError:
        raise ValueError(f"{name}: not UTF-8; save it as UTF-8") from None
    author = AUTHOR.fullmatch(first.strip())
    if not author:
        raise ValueError(f"{name}: say in the first line who writes, as `Author: Name`")
    if not text.strip() or len(text) > LONGEST:
        raise ValueError(f"{name}: write a text of 1 to {LONGEST} characters under the author")
    renderer = mistune.HTMLRenderer(escape=True)
    for kind, write in WRITERS.items():
        setattr(renderer, kind, write)
    return Comment(author[1].strip(), Markup(mistune.create_markdown(renderer=renderer)(text)))


def check(folder: Path, reports: Collection[str]) -> None:
    """Read every comment before anything runs, so that none is passed over or stops a page.

    Comments are named after one of the `reports` that take them and a language, as ``lahti.fi.md``; there may
    be no such folder. A ValueError names a file that is not, or that cannot be read.
    """
    for file in sorted(folder.glob("*.md")):
        report, _, language = file.stem.rpartition(".")
        if report not in reports or language not in CODES:
            raise ValueError(
                f"{file.name}: name a comment after its report and language, as {min(reports)}.fi.md; "
                f"reports are {', '.join(sorted(reports))}"
            )
        read(file)

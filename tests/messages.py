"""Which messages the code asks for, and numbers read back from what readers see."""

import ast
import io
import json
import math
import re
from pathlib import Path

from babel.messages import extract

from evaluation.words import labels
from evaluation.words.language import MINUS, NBSP, Language, get
from small_register import TRIALS

KEYWORDS: dict[str, tuple[int, ...] | None] = {"text": None, "mark": None}


def messages(folder: Path) -> set[str]:
    """Messages that modules, notebooks and templates under a folder ask for."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py":
            found |= in_python(path.read_text("utf-8"))
        elif path.suffix == ".ipynb":
            cells = json.loads(path.read_text("utf-8"))["cells"]
            for cell in cells:
                if cell["cell_type"] == "code":
                    lines = "".join(cell["source"]).splitlines()
                    found |= in_python("\n".join(line for line in lines if line[:1] not in "%!"))
        elif path.suffix == ".j2":
            template = io.BytesIO(path.read_bytes())
            found |= {
                str(message)
                for _, message, *_ in extract.extract("jinja2.ext:babel_extract", template, KEYWORDS, (), {})
            }
    return found


def in_python(source: str) -> set[str]:
    """Messages of Python code, by syntax tree: Babel does not look inside f-strings before Python 3.12."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            branches = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            if name in ("text", "mark"):
                found |= {
                    b.value for b in branches if isinstance(b, ast.Constant) and isinstance(b.value, str)
                }
    return found - {""}


def parse_number(language: Language, text: str) -> float:
    """Read back a number that the formatter wrote; a percentage becomes a share, words become NaN."""
    found = re.search(rf"([{MINUS}+-]?)€?(\d[\d.,{NBSP}]*)", text)
    if not found:
        return math.nan
    sign, digits = found.groups()
    thousands, decimal = (",", ".") if language.code == "en" else (NBSP, ",")
    digits = digits.replace(thousands, "").replace(decimal, ".").replace(NBSP, "").rstrip(".")
    value = float(digits) * (-1 if sign in {MINUS, "-"} else 1)
    return value / 100 if text[found.end() :].lstrip().startswith("%") else value


def spoken(code: str) -> Language:
    """A language with the names that the study of the trials gives."""
    return labels.in_study(get(code), TRIALS)

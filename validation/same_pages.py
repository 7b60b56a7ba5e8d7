"""Compare two folders of published pages and files, apart from what a move of code must change.

Code versions, hashes and the names of code files in provenance are set aside; everything else counts.
"""

from __future__ import annotations

import argparse
import re
import zipfile
from pathlib import Path

SET_ASIDE = (
    (re.compile(r"&#x27;|&#39;"), "'"),
    (re.compile(r"&quot;|&#34;"), '"'),
    (re.compile(r"\d+\.\d+\.\d+ \([0-9a-f]{7,40}\+?\)"), "VERSION"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b[0-9a-f]{12,40}(?:…|\b)"), "HASH"),
    (re.compile(r"p[0-9a-f]{10}(?=\)|%22)"), "CLIP"),
)


def comparable(path: Path) -> str:
    """Text of a published file without code versions and hashes."""
    content = path.read_bytes()
    if path.suffix == ".xlsx":  # packed: its parts are compared
        with zipfile.ZipFile(path) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    text = content.decode("utf-8", errors="surrogateescape")
    for pattern, word in SET_ASIDE:
        text = pattern.sub(word, text)
    return text


def files(folder: Path) -> set[Path]:
    """Files of a folder, named from its top."""
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def differences(before: Path, after: Path) -> list[str]:
    """Say, file by file, what differs between two folders: missing files, or the first differing text."""
    there, here = files(before), files(after)
    found = [f"{name}: only in {before if name in there else after}" for name in sorted(there ^ here)]
    for name in sorted(there & here):
        one, other = comparable(before / name), comparable(after / name)
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            at = next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
            near = slice(max(0, at - 60), at + 60)
            found.append(f"{name}: at {at}: {one[near]!r} became {other[near]!r}")
    return found


def main() -> int:
    """Print the differences of two folders; 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    given = parser.parse_args()
    found = differences(given.before, given.after)
    print("\n".join(found) or "no difference")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

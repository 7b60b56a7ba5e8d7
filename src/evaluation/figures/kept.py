"""Drawings that are kept from one run to the next: what is made from the same things is not drawn again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from evaluation.results import provenance

IMPORTED = provenance.code_hash()  # a file that changed since is not the code that draws


class Kept:
    """Texts of a page by all that they were made from: `made` asks, `write` keeps those that were asked for.

    Without a `file`, and where code changed since it was imported, nothing is kept. `about` is what all
    drawings of the page depend on.
    """

    def __init__(self, file: Path | None = None, *, about: object = None) -> None:
        self._file = file if file and provenance.code_hash() == IMPORTED else None
        self._about = hashlib.sha256(repr((IMPORTED, about)).encode()).hexdigest()
        self._made: dict[str, tuple[str, ...]] = {}
        try:
            before = json.loads(self._file.read_text("utf-8")) if self._file else {}
        except (FileNotFoundError, ValueError):  # the first run, or cut off: everything is drawn
            before = {}
        self._before = before if isinstance(before, dict) else {}

    def made(self, given: object, make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """What was made from `given`, whose representation tells all of it."""
        key = hashlib.sha256(f"{self._about}{given!r}".encode()).hexdigest()
        self._made[key] = tuple(self._before.get(key) or make())
        return self._made[key]

    def write(self) -> None:
        """Keep what this page asked for, and nothing older."""
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(self._made), encoding="utf-8")
            part.replace(self._file)

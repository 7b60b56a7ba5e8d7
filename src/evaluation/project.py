"""Where a run finds its inputs and puts its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """Where the inputs are and where results go."""

    root: Path
    data: Path
    reports: Path

    @classmethod
    def at(cls, root: Path, *, data: Path | None = None, reports: Path | None = None) -> Project:
        """Describe a checkout, with data and reports in their usual folders unless said otherwise."""
        root = root.resolve()
        if not (root / "notebooks" / "area_analysis.ipynb").exists():
            raise ValueError(f"{root}: no notebooks/area_analysis.ipynb; run from the project's top folder")
        return cls(root, (data or root / "data").resolve(), (reports or root / "reports").resolve())

    @property
    def register(self) -> Path:
        """The raw register delivery."""
        return self.data / "raw" / "register"

    @property
    def statfin(self) -> Path:
        """Saved public statistics."""
        return self.data / "raw" / "statfin"

    @property
    def reference(self) -> Path:
        """Reference tables; the project's own where the data folder brings none."""
        own = self.data / "raw" / "reference"
        return own if own.exists() else self.root / "data" / "raw" / "reference"

    @property
    def processed(self) -> Path:
        """Validated tables, results and executed notebooks."""
        return self.data / "processed"

    def notebook(self, name: str) -> Path:
        """Path of a stored notebook."""
        return self.root / "notebooks" / f"{name}.ipynb"

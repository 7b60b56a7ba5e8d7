"""Excel workbooks of a delivery: each cell as its type says, never through text."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from evaluation.deliveries.identity import PSEUDONYMS, holds_identity_code

EXCEL = "save it as an Excel workbook (.xlsx) or its sheet as CSV UTF-8"
MOST_ROWS = 1_048_576  # of a sheet


class NoValue(str):
    """A formula, or an error such as #N/A, in a cell of a workbook."""


def is_workbook(data: bytes) -> bool:
    """Whether unpacked bytes are an Excel workbook."""
    return data[:4] == b"PK\x03\x04"


def sheets_of(path: Path, data: bytes, only: str | None = None) -> dict[str, list[list[Any]]]:
    """Rows of every sheet of a workbook that holds something, or of one, each cell as its type says.

    Formulas and errors are `NoValue`: what a formula stands for is known only to who computed it.
    """
    import openpyxl

    found = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            for sheet in book.worksheets:
                if only in book.sheetnames and sheet.title != only:
                    continue
                sheet.reset_dimensions()  # a wrong one would cut rows off
                rows = []
                for number, cells in enumerate(sheet.iter_rows()):
                    if number >= MOST_ROWS:
                        raise ValueError("more rows than a sheet has")
                    rows.append([NoValue(c.value) if c.data_type in "ef" else c.value for c in cells])
                while rows and all(value is None for value in rows[-1]):
                    rows.pop()
                if rows:
                    found[str(sheet.title)] = rows
    except Exception:  # whatever a damaged workbook sets off in its parser; the message may quote a cell
        raise ValueError(f"{path.name} is a damaged workbook and cannot be read; {EXCEL}") from None
    if any(holds_identity_code(name) for name in found):
        raise ValueError(f"{path.name}: the name of a sheet holds a personal identity code; {PSEUDONYMS}")
    return found


def sheet_of(path: Path, data: bytes, name: str | None, *, where: str) -> list[list[Any]]:
    """Rows of one sheet: the named one, or the only one that holds something."""
    sheets = sheets_of(path, data, name)
    if name is None and len(sheets) == 1:
        return next(iter(sheets.values()))
    if name in sheets:
        return sheets[name]
    if not sheets:
        raise ValueError(f"{path.name} is empty; ask for the file again")
    told = ", ".join(map(repr, sheets))
    kind = "has several sheets" if name is None else f"has no sheet {name!r} with rows"
    raise ValueError(f"{path.name} {kind}; write one of {told} as sheet in {where} of layout.toml")

"""Files of a delivery cut into pieces of their rows, so that memory does not grow with a file.

A text file is cut at ends of lines, and each piece gets the first line again; Parquet is cut by its groups
of rows. Packed files, workbooks, and files of which a rule must see all rows at once are one piece.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from evaluation.deliveries import values
from evaluation.deliveries.identity import PSEUDONYMS, with_identity_code
from evaluation.deliveries.layout import FileLayout
from evaluation.deliveries.sources import content, text_of
from evaluation.deliveries.workbooks import NoValue, is_workbook, sheet_of

PIECE = 1 << 24  # bytes of text
BLOCK = PIECE + (1 << 20)  # bytes that the reader of CSV takes at once: a piece with its first line
ROWS = 1 << 20  # of Parquet


@dataclass(frozen=True)
class Piece:
    """Some rows of a file: bytes from here up to there, groups of rows of Parquet, or all of them."""

    path: Path
    file: FileLayout
    part: tuple[int, int] | None = None
    form: int = 0  # number of the form among those of its table
    alone: bool = True  # whether the table has no other file


def pieces(forms: tuple[FileLayout, ...]) -> list[Piece]:
    """All pieces of the files of a table, in the order of their rows."""
    alone = sum(len(file.paths) for file in forms) == 1
    return [
        Piece(path, file, part, form, alone)
        for form, file in enumerate(forms)
        for path in file.paths
        for part in ([None] if file.latest_by else _parts(path))
    ]


def _parts(path: Path) -> Sequence[tuple[int, int] | None]:
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(4)
            if start == b"PAR1":
                return _groups(path)
            if size <= PIECE or start[:2] in (b"\x1f\x8b", b"PK", b"\xff\xfe", b"\xfe\xff") or b"\0" in start:
                return [None]
            cuts = [0]
            while cuts[-1] + PIECE < size:
                stream.seek(cuts[-1] + PIECE)
                stream.readline()
                cuts.append(stream.tell())
    except OSError:
        return [None]  # who reads it says what is wrong
    ends = [cut for cut in cuts[1:] if cut < size] + [size]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _groups(path: Path) -> Sequence[tuple[int, int] | None]:
    try:
        metadata = pyarrow.parquet.read_metadata(path)
    except (pa.ArrowException, OSError, ValueError):
        return [None]
    found: list[tuple[int, int]] = []
    first = rows = 0
    for group in range(metadata.num_row_groups):
        rows += metadata.row_group(group).num_rows
        if rows >= ROWS:
            found.append((first, group + 1))
            first, rows = group + 1, 0
    if not found:
        return [None]
    return found + ([(first, metadata.num_row_groups)] if first < metadata.num_row_groups else [])


def table_of(piece: Piece) -> tuple[pa.Table, int]:
    """The rows of a piece as they stand there, and how many had a wrong number of fields."""
    path, file = piece.path, piece.file
    if piece.part is None:
        data = content(path)
        if data[:4] == b"PAR1":
            return _read_parquet(path, pa.BufferReader(data)), 0
        return (_read_workbook(path, data, file), 0) if is_workbook(data) else _read_csv(path, data, file)
    first, last = piece.part
    with path.open("rb") as stream:
        if stream.read(4) == b"PAR1":
            return _read_parquet(path, path, range(first, last)), 0
        stream.seek(0)
        before = _lines_before(stream.read(4), file) + 1
        stream.seek(0)
        header = b"".join(stream.readline() for _ in range(before)) if first else b""
        text = bytearray(len(header) + last - first)
        text[: len(header)] = header
        stream.seek(first)
        stream.readinto(memoryview(text)[len(header) :])
        return _read_csv(path, text, file)


def _read_parquet(path: Path, source: Path | pa.BufferReader, groups: range | None = None) -> pa.Table:
    try:
        file = pyarrow.parquet.ParquetFile(source)
        return file.read() if groups is None else file.read_row_groups(list(groups))
    except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError):
        raise ValueError(
            f"{path.name} is damaged Parquet and cannot be read; ask for the file again"
        ) from None


def _lines_before(data: bytes | bytearray, file: FileLayout) -> int:
    """Lines before the first, as the layout says, or Excel's own."""
    return file.skip_lines or int(data[:4].lower() == b"sep=")


def _read_workbook(path: Path, data: bytes, file: FileLayout) -> pa.Table:
    rows = sheet_of(path, data, file.sheet, where=f"[files.{file.table}]")[file.skip_lines :]
    columns = list(zip_longest(*(row for row in rows if any(cell is not None for cell in row))))
    while columns and all(cell is None for cell in columns[-1]):
        columns.pop()
    names = _unique(["" if first is None else str(first).strip() for first, *_ in columns], path)
    cells = {name: column for name, (_, *column) in zip(names, columns, strict=True)}
    mapped = {name: cells[name] for name in file.raw_columns if name in cells}
    bad = {name: sum(isinstance(one, NoValue) for one in column) for name, column in mapped.items()}
    if any(bad.values()):
        told = ", ".join(f"{name} in {count} rows" for name, count in bad.items() if count)
        raise ValueError(
            f"{path.name}: formulas, or errors such as #N/A, in column {told}; copy these columns and paste "
            "them as values in Excel, and correct the errors"
        )
    service = file.columns["code"].names if "code" in file.columns else ()
    for name, column in mapped.items():
        numbers = [abs(one) for one in column if isinstance(one, int | float)]
        if name in service and numbers:
            raise ValueError(f"{path.name}: column {name} {values.NO_CODE}")
        if max(numbers, default=0) >= values.INEXACT:
            raise ValueError(
                f"{path.name}: column {name} holds numbers of more than 15 digits, whose last digits Excel "
                "has lost; deliver them as text"
            )
    form = file.date_format
    return pa.table({name: values.of_cells(column, date_format=form) for name, column in cells.items()})


def _read_csv(path: Path, data: bytes | bytearray, file: FileLayout) -> tuple[pa.Table, int]:
    where = f"[files.{file.table}]"
    _, data = text_of(path, data, file.encoding, where=where)
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    skipped = _lines_before(data, file)
    *lines, header = _first_lines(data, skipped + 1)
    if "\r" in header.rstrip("\r"):  # lines of old Macintosh files end so
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *_, header = _first_lines(data, skipped + 1)
    separator = file.separator or max(";,\t|", key=header.count)
    quote = file.quote
    if with_identity_code(lines).any():
        raise ValueError(
            f"{path.name}: the lines that are skipped hold a personal identity code; {PSEUDONYMS}"
        )
    names = _header(header.rstrip("\r"), separator, quote, path)
    malformed: list[str] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        malformed.append(row.text or "")
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data if data.endswith(b"\n") else data + b"\n"),
            read_options=pyarrow.csv.ReadOptions(column_names=names, skip_rows=skipped + 1, block_size=BLOCK),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=separator, quote_char=quote or False, invalid_row_handler=skip
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                check_utf8=False,  # `text_of` did
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowException, OSError, ValueError, IndexError, KeyError):
        # the message of the parser may quote a row
        raise ValueError(
            f"{path.name} cannot be read as CSV; check separator, quote and skip_lines in {where} of "
            "layout.toml"
        ) from None
    if with_identity_code(malformed).any():
        rows = f"{len(malformed)} rows with a wrong number of fields"
        raise ValueError(f"{path.name}: {rows} hold a personal identity code; {PSEUDONYMS}")
    _refuse_open_quotes(path, table, malformed)
    return table, len(malformed)


def _first_lines(data: bytes | bytearray, number: int) -> list[str]:
    """So many lines, the last one empty where there are fewer."""
    lines, begin = [], 0
    for _ in range(number):
        end = data.find(b"\n", begin)
        end = len(data) if end < 0 else end
        lines.append(data[begin:end].decode("utf-8"))
        begin = end + 1
    return lines


def _header(header: str, separator: str, quote: str, path: Path) -> list[str]:
    options = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    try:
        names = [name.strip() for name in next(csv.reader([header], delimiter=separator, **options), [])]
    except (csv.Error, StopIteration):
        names = []
    return _unique(names, path)


def _unique(names: list[str], path: Path) -> list[str]:
    """Names of columns in one spelling; those without a name get their place, and cannot be read."""
    names = [unicodedata.normalize("NFC", name).strip("\ufeff\u200b") for name in names]
    if any(names):
        names = [name or f"(column {place})" for place, name in enumerate(names, 1)]
    if not any(names) or len(set(names)) < len(names):
        raise ValueError(
            f"{path.name}: the first line must hold column names, each once; lines before it are told by "
            "skip_lines in layout.toml"
        )
    return names


def _refuse_open_quotes(path: Path, table: pa.Table, malformed: list[str]) -> None:
    """A quotation mark that is never closed swallows the lines after it."""
    swallowed = sum(text.count("\n") for text in malformed)
    for column in table.columns:
        for chunk in column.chunks:
            if (pc.max(pc.binary_length(chunk)).as_py() or 0) > 2000:
                swallowed += pc.max(pc.count_substring(chunk, "\n")).as_py()
    if swallowed:
        raise ValueError(
            f'{path.name}: a quotation mark is never closed and hides {swallowed} lines; write quote = "" in '
            "layout.toml if marks stand for themselves, else ask for the file again"
        )

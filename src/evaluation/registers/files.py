"""Raw files as columns: every distinct value once, text as text and typed values as they are."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from evaluation.registers import values
from evaluation.registers.cleaning import Tally
from evaluation.registers.identity import PSEUDONYMS, refuse_identity_codes, with_identity_code
from evaluation.registers.layout import FileLayout
from evaluation.registers.sources import NoValue, content, is_workbook, sheet_of, text_of

EMPTY = ("", "NULL", "NA", "NaN", "nan", "None", "NaT", "<NA>", ".", "..", "...", "-")
BLOCK = 1 << 24


@dataclass(frozen=True)
class RawColumn:
    """A column as distinct values and, for each row, the position of its value; -1 is missing."""

    positions: np.ndarray
    values: pa.Array

    @property
    def is_text(self) -> bool:
        """Whether the values are text, to be read as the layout says."""
        return bool(pa.types.is_string(self.values.type))


def read_raw(path: Path, file: FileLayout, *, tally: Tally) -> tuple[dict[str, RawColumn], np.ndarray]:
    """Read all columns of one raw file, and a hash of every whole row.

    Every column of the file, mapped or not, is searched for personal identity codes first.

    Raises
    ------
    ValueError
        Naming the file, the column, the number of rows and the remedy, never a value.
    """
    columns, rows, malformed = columns_of(path, file)
    tally.append(("rows_read", rows + malformed, "read"))
    tally.append(("malformed_row", malformed, "dropped"))
    told = {name: column for name, column in columns.items() if name not in file.written.ignore}
    mapped = {name: columns[name] for name in file.raw_columns}
    return mapped, _row_hash(told, rows)


def columns_of(path: Path, file: FileLayout) -> tuple[dict[str, RawColumn], int, int]:
    """All columns of one raw file, its rows, and the rows with a wrong number of fields.

    Raises
    ------
    ValueError
        As `read_raw` does.
    """
    data = content(path)
    if data[:4] == b"PAR1":
        table, malformed = _read_parquet(path, data), 0
    elif is_workbook(data):
        table, malformed = _read_workbook(path, data, file), 0
    else:
        table, malformed = _read_csv(path, data, file)
    known = list(table.column_names)
    if len(set(known)) < len(known):
        raise ValueError(f"{path.name}: the first line must hold column names, each once")
    absent = [name for name in file.raw_columns if name not in known]
    if absent:
        alike = {name.casefold() for name in known} & {name.casefold() for name in absent}
        told = f", but {len(alike)} of them in other letters, small or large" if alike else ""
        raise ValueError(
            f"{path.name}: no column {', '.join(absent)}{told}; {table.num_columns} columns were found. "
            f"Correct [files.{file.table}.columns] or the separator in layout.toml"
        )
    columns = {name: _column(table[name], name, path, file) for name in known}
    refuse_identity_codes({name: _searched(column) for name, column in columns.items()}, where=path.name)
    return columns, table.num_rows, malformed


def _read_parquet(path: Path, data: bytes) -> pa.Table:
    try:
        return pyarrow.parquet.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError):
        raise ValueError(
            f"{path.name} is damaged Parquet and cannot be read; ask for the file again"
        ) from None


def _read_workbook(path: Path, data: bytes, file: FileLayout) -> pa.Table:
    rows = sheet_of(path, data, file.written.sheet, where=f"[files.{file.table}]")[file.written.skip_lines :]
    first, *rows = [row for row in rows if any(cell is not None for cell in row)] or [[]]
    width = max(
        (place for row in (first, *rows) for place, cell in enumerate(row, 1) if cell is not None), default=0
    )
    names = _unique(
        ["" if cell is None else str(cell).strip() for cell in [*first, *[None] * width][:width]], path
    )
    cells = {
        name: [row[place] if place < len(row) else None for row in rows] for place, name in enumerate(names)
    }
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
    form = file.written.date_format
    return pa.table({name: values.of_cells(column, date_format=form) for name, column in cells.items()})


def _read_csv(path: Path, data: bytes, file: FileLayout) -> tuple[pa.Table, int]:
    where = f"[files.{file.table}]"
    _, data = text_of(path, data, file.written.encoding, where=where)
    data = data.removeprefix(b"\xef\xbb\xbf")
    skipped = file.written.skip_lines or int(data[:4].lower() == b"sep=")  # Excel's own first line
    lines = data.split(b"\n", skipped + 1)
    header = lines[skipped].decode("utf-8") if len(lines) > skipped else ""
    if "\r" in header.rstrip("\r"):  # lines of old Macintosh files end so
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        header = data.split(b"\n", skipped + 1)[skipped].decode("utf-8")
    separator = file.written.separator or max(";,\t|", key=header.count)
    quote = file.written.quote
    if with_identity_code([line.decode("utf-8") for line in lines[:skipped]]).any():
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
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
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
            lengths = pc.max(pc.binary_length(chunk.dictionary)).as_py() or 0
            many = pc.count_substring(chunk.dictionary, "\n")
            swallowed += (pc.max(many).as_py() or 0) if lengths > 2000 else 0
    if swallowed:
        raise ValueError(
            f'{path.name}: a quotation mark is never closed and hides {swallowed} lines; write quote = "" in '
            "layout.toml if marks stand for themselves, else ask for the file again"
        )


def _column(column: pa.ChunkedArray, name: str, path: Path, file: FileLayout) -> RawColumn:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    mapped = name in file.raw_columns
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        if mapped:
            raise ValueError(
                f"{path.name}: column {name} holds {'lists' if pa.types.is_nested(kind) else 'bytes'} "
                f"({kind.id and str(kind).split('<')[0]}), which are no values of {file.table}; "
                "deliver one plain value a row"
            )
        texts = pa.array([str(value) for value in column.to_pylist()], pa.string())
        column = pa.chunked_array([texts])
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(kind)
        if str(kind) in ("large_string", "string_view", "null"):
            column = column.cast(pa.string())
        whole = column.combine_chunks()
        if isinstance(whole, pa.ChunkedArray):
            whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], column.type)
        if pa.types.is_floating(whole.type):
            whole = pc.if_else(pc.is_nan(whole), pa.scalar(None, whole.type), whole)
        coded = whole.dictionary_encode()
    except (pa.ArrowException, ValueError, TypeError):
        raise ValueError(
            f"{path.name}: column {name} is of type {kind}, which cannot be read; deliver it as text, number "
            "or date"
        ) from None
    positions = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return (
        _stripped(positions, coded.dictionary)
        if pa.types.is_string(coded.dictionary.type)
        else RawColumn(positions, coded.dictionary)
    )


def _stripped(positions: np.ndarray, dictionary: pa.Array) -> RawColumn:
    """Text without blanks around it; what stands for an empty field is missing."""
    texts = pd.Series(dictionary.to_pandas(), dtype="str").str.strip()
    if (forced := texts.str.fullmatch('="[^"]*"', na=False)).any():  # Excel is told so that it is text
        texts = texts.mask(forced, texts.str.slice(2, -1))
    if (odd := ~texts.str.isascii().fillna(True).astype(bool)).any():
        texts = texts.mask(odd, texts[odd].str.normalize("NFC").reindex(texts.index))
    texts = texts.where(~texts.isin(EMPTY))
    kept, found = np.unique(texts.dropna().to_numpy(dtype=object), return_inverse=True)
    target = np.full(len(texts) + 1, -1, dtype=np.int32)
    target[np.flatnonzero(texts.notna())] = found
    return RawColumn(target[positions], pa.array(kept, pa.string()))


def _searched(column: RawColumn) -> pd.Categorical:
    """Values as the text in which identity codes are looked for."""
    kind = column.values.type
    if column.is_text:
        texts = column.values.to_pandas().astype("str")
    elif pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        whole = values.texts_of(column.values)  # ten digits whose zero in front is lost
        texts = pd.Series([], dtype="str") if whole is None else whole.str.zfill(10)
    else:
        return pd.Categorical([])
    return pd.Categorical.from_codes(column.positions, pd.Index(texts, dtype="str"), validate=False)


def _row_hash(columns: dict[str, RawColumn], rows: int) -> np.ndarray:
    """A number for every row that equal rows share, whatever the order of their columns."""
    total = np.zeros(rows, dtype=np.uint64)
    for name, column in columns.items():
        key = f"{pd.util.hash_array(np.array([name], object))[0]:016x}"
        values = column.values if column.is_text else column.values.cast(pa.string())
        texts = values.to_numpy(zero_copy_only=False).astype(object)
        hashes = (
            pd.util.hash_array(texts, hash_key=key, categorize=False)
            if len(texts)
            else np.empty(0, np.uint64)
        )
        total += np.append(hashes, np.uint64(0))[column.positions]
    return total

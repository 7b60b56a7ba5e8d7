"""Raw files as text: encodings, separators, Parquet, and the refusal of personal identity codes."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from evaluation.registers.layout import FileLayout
from evaluation.schemas import REGISTER_TABLES

EMPTY = ("", " ", "NULL", "NA", "NaN", "nan", "None", ".", "..", "...", "-")
IDENTITY_CODE = re.compile(
    r"(?<![0-9A-Za-z])(\d\d)(\d\d)(\d\d)[-+A-FU-Y](\d{3})([0-9A-FHJ-NPR-Y])(?![0-9A-Za-z])"
)
PLAUSIBLE = r"\d{6}[-+A-FU-Ya-fu-y]\d{3}[0-9A-Ya-y]"
PSEUDONYMS = "nothing was stored. Replace personal identity codes by pseudonyms before delivery"
CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
Tally = list[tuple[str, int, str]]  # rule, rows, action


def read_text(file: FileLayout, *, tally: Tally) -> pd.DataFrame:
    """Read the mapped columns of one raw file as text categories, under their canonical names.

    Every column of the file, mapped or not, is searched for personal identity codes first.

    Raises
    ------
    FileNotFoundError, ValueError
        Naming the file, the column, the number of rows and the remedy, never a value.
    """
    if not file.path.exists():
        raise FileNotFoundError(f"{file.path} is missing; put it there or correct file in layout.toml")
    parquet = file.path.suffix.lower() in (".parquet", ".pq")
    table, malformed = (pyarrow.parquet.read_table(file.path), 0) if parquet else _read_csv(file)
    absent = sorted(set(file.columns.values()) - set(table.column_names))
    if absent:
        raise ValueError(
            f"{file.path.name}: no column {', '.join(absent)}; {table.num_columns} columns were found. "
            f"Correct [files.{file.table}.columns] or the separator in layout.toml"
        )
    plain = {name: _plain(file, name, table[name]) for name in table.column_names}
    texts = {name: _as_categories(file, name, column) for name, column in plain.items()}
    refuse_identity_codes(texts, where=file.path.name)
    tally.append(("rows_read", table.num_rows + malformed, "read"))
    tally.append(("malformed_row", malformed, "dropped"))
    frame = pd.DataFrame({new: texts[old] for new, old in file.columns.items()}, copy=False)
    # what comes as a date or a number means the same whatever the layout says of text
    kinds = {new: table[old].type for new, old in file.columns.items()}
    frame.attrs["typed"] = [new for new, kind in kinds.items() if _is_typed(kind)]
    return frame


def _read_csv(file: FileLayout) -> tuple[pa.Table, int]:
    encoding = file.encoding or _detect_encoding(file.path)
    utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    refusal = (
        f"{file.path.name}: cannot be read as {encoding}; set encoding in [files.{file.table}] of "
        'layout.toml, usually "utf-8" or "latin-1"'
    )
    try:
        with file.path.open(encoding="utf-8-sig" if utf8 else encoding, newline="") as lines:
            header = lines.readline()
    except (UnicodeDecodeError, LookupError):
        raise ValueError(refusal) from None
    separator = file.separator or max(";,\t", key=header.count)
    names = [name.strip() for name in next(csv.reader([header.rstrip("\r\n")], delimiter=separator), [])]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{file.path.name}: the first line must hold column names, each once")
    malformed: list[bool] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        malformed.append(holds_identity_code(row.text or ""))
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            file.path,
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, skip_rows=1, encoding="utf8" if utf8 else encoding, block_size=1 << 24
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, invalid_row_handler=skip),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return pa.table({name: pa.array([], pa.string()) for name in names}), 0
        raise ValueError(refusal) from None  # the message of the parser may quote a row
    if any(malformed):
        rows = f"{sum(malformed)} rows with a wrong number of fields"
        raise ValueError(f"{file.path.name}: {rows} hold a personal identity code; {PSEUDONYMS}")
    return table, len(malformed)


def _detect_encoding(path: Path) -> str:
    try:
        path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _written_whole(file: FileLayout) -> set[str]:
    """Raw columns whose numbers are names: persons, codes, texts."""
    columns = REGISTER_TABLES[file.table].columns
    return {file.columns[one.name] for one in columns if one.kind in ("key", "code", "text")}


def _is_typed(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _plain(file: FileLayout, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of plain values: points in time as dates in their own zone; no lists, structs or bytes."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise ValueError(
            f"{file.path.name}: column {name} holds {kind}; deliver one value a row, as text, number or date"
        )
    if pa.types.is_dictionary(column.type) and not pa.types.is_string(kind):
        column = column.cast(kind)
    if pa.types.is_floating(kind) and name in _written_whole(file):
        # a number column with gaps comes as floats: 5 must not become 5.0
        whole = pyarrow.compute.all(pyarrow.compute.equal(pyarrow.compute.floor(column), column)).as_py()
        column = column.cast(pa.int64()) if whole else column
    if pa.types.is_timestamp(kind):
        local = pyarrow.compute.local_timestamp(column) if kind.tz else column
        column = pyarrow.compute.floor_temporal(local, unit="day").cast(pa.date32())
    return column.cast(pa.string()) if pa.types.is_large_string(kind) else column


def _as_categories(file: FileLayout, name: str, column: pa.ChunkedArray) -> pd.Categorical:
    canonical = {raw: new for new, raw in file.columns.items()}.get(name)
    if canonical == "code" and pa.types.is_integer(column.type):
        raise ValueError(
            f"{file.path.name}: column {name} holds numbers, but service codes are text: 5 and 05 are "
            "different services. Deliver the column as text"
        )
    if pa.types.is_dictionary(column.type):
        joined = column.unify_dictionaries().combine_chunks()
        joined = joined.chunk(0) if isinstance(joined, pa.ChunkedArray) and joined.num_chunks else joined
    else:
        joined = column.cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(joined, pa.ChunkedArray):
        joined = pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    codes = joined.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values = pd.Index(joined.dictionary.cast(pa.string()).to_pandas().astype("str")).str.strip()
    values = values.where(~values.isin(EMPTY))
    kept, positions = np.unique(values.dropna().to_numpy(dtype=object), return_inverse=True)
    target = np.full(len(values) + 1, -1, dtype=np.int32)
    target[np.flatnonzero(values.notna())] = positions
    return pd.Categorical.from_codes(target[codes], categories=pd.Index(kept, dtype="str"))


def refuse_identity_codes(columns: dict[str, pd.Categorical], *, where: str) -> None:
    """Refuse a table in which any value holds a valid henkilötunnus; the message never shows it.

    Both the separators in use since 1969 (``+``, ``-``, ``A``) and those added in 2023 (B–F, U–Y) are known.

    Examples
    --------
    >>> refuse_identity_codes({"id": pd.Categorical(["p1"])}, where="henkilot.csv")
    """
    for name, column in columns.items():
        if holds_identity_code(name):
            raise ValueError(f"{where}: the first line holds a personal identity code; {PSEUDONYMS}")
        texts = column.categories
        plausible = texts.str.contains(PLAUSIBLE, regex=True).astype(bool)
        bad = [i for i in np.flatnonzero(plausible) if holds_identity_code(texts[i])]
        if bad:
            rows = int(np.isin(column.codes, bad).sum())
            raise ValueError(
                f"{where}: column {name} holds a personal identity code in {rows} rows; {PSEUDONYMS}"
            )


def holds_identity_code(text: str) -> bool:
    """Whether a text holds a henkilötunnus whose check character is right.

    Examples
    --------
    >>> holds_identity_code("131052-308T"), holds_identity_code("131052-308U")
    (True, False)
    """
    return any(
        1 <= int(day) <= 31
        and 1 <= int(month) <= 12
        and CHECK_CHARACTERS[int(day + month + year + serial) % 31] == check
        for day, month, year, serial, check in IDENTITY_CODE.findall(text.upper())
    )

"""Files of a delivery as bytes: only plain files inside its folder, unpacked, in one known form."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import unicodedata
import zipfile
import zlib
from pathlib import Path

from evaluation.deliveries.identity import PSEUDONYMS, holds_identity_code, with_identity_code
from evaluation.deliveries.layout_parts import CodeFile
from evaluation.deliveries.workbooks import EXCEL, NoValue, is_workbook, sheet_of

UNPACK = "unpack it and name the file inside"
# how files begin that are neither text nor Parquet nor a workbook
OTHER_FORMATS = re.compile(
    rb"BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd|ARROW1|\$FL|%PDF|SQLite|\x89HDF|[{\[<]"
)
MARKS = {  # of encodings, the longer ones first
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
MOST_PACKED = 3  # a zip in a gzip, and the like


def files_named(folder: Path, names: tuple[str, ...], *, where: str) -> tuple[Path, ...]:
    """Files that names or patterns such as ``jaksot_*.csv`` stand for, each inside the folder and plain."""
    top = folder.resolve()
    found: list[Path] = []
    for name in names:
        try:
            pattern = any(sign in name for sign in "*?[") and not os.path.exists(folder / name)
            paths = sorted(folder.glob(name)) if pattern else [_as_spelt(folder / name)]
            outside = [path for path in paths if not path.resolve().is_relative_to(top)]
        except (ValueError, OSError, NotImplementedError, RuntimeError):
            raise ValueError(
                f"{where} = {name!r} is no name of a file in the folder of layout.toml"
            ) from None
        if outside:
            raise ValueError(f"{where} = {name!r} lies outside the folder of layout.toml; put the file there")
        if not paths:
            raise FileNotFoundError(
                f"{where} = {name!r} stands for no file; put the files there or correct it"
            )
        if any(holds_identity_code(str(path.relative_to(folder))) for path in paths):
            raise ValueError(f"{where}: the name of a file holds a personal identity code; {PSEUDONYMS}")
        for path in paths:
            if not os.path.isfile(path):
                there = os.path.exists(path)
                kind = "is no plain file but a folder, pipe or device" if there else "is missing"
                raise FileNotFoundError(
                    f"{path} {kind}; put the file there or correct {where} in layout.toml"
                )
        found += paths
    if len({path.resolve() for path in found}) < len(found):
        raise ValueError(f"{where}: a file is named twice, so its rows would count twice")
    return tuple(found)


def _as_spelt(path: Path) -> Path:
    """The file itself where its ä is written as two signs, as on a Mac."""
    if os.path.exists(path) or not path.parent.is_dir():
        return path
    name = unicodedata.normalize("NFC", path.name)
    alike = [one for one in path.parent.iterdir() if unicodedata.normalize("NFC", one.name) == name]
    return alike[0] if alike else path


def content(path: Path) -> bytes:
    """Bytes of a file, unpacked where it is gzip or a zip with one file in it; other forms are refused."""
    try:
        data = path.read_bytes()
    except OSError:
        raise ValueError(f"{path.name} cannot be opened; check its permissions") from None
    try:
        for _ in range(MOST_PACKED):
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            elif data[:4] == b"PK\x03\x04":
                data = _unzipped(path, data)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        raise ValueError(f"{path.name} is damaged or locked and cannot be unpacked; {UNPACK}") from None
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise ValueError(f"{path.name} is a workbook of an old or locked kind; {EXCEL}")
    if not data.strip(b"\r\n\x00 \t\xef\xbb\xbf"):
        raise ValueError(f"{path.name} is empty; ask for the file again")
    if OTHER_FORMATS.match(data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()):
        raise ValueError(
            f"{path.name} is neither text in columns nor Parquet nor Excel; have it exported as CSV UTF-8 or "
            "Parquet"
        )
    return data


def _unzipped(path: Path, data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = [
            one
            for one in packed.infolist()
            if not one.is_dir() and not one.filename.startswith("__MACOSX/")  # a Mac adds these
        ]
        names = {one.filename for one in members}
        if "[Content_Types].xml" in names and "xl/workbook.bin" not in names:
            return data
        if names & {"xl/workbook.bin", "mimetype"}:
            raise ValueError(f"{path.name} is a workbook of another kind; {EXCEL}")
        if with_identity_code(sorted(names)).any():
            raise ValueError(f"{path.name}: the name of a file holds a personal identity code; {PSEUDONYMS}")
        if len(members) != 1:
            raise ValueError(f"{path.name} holds {len(members)} files; {UNPACK}")
        return packed.read(members[0])


def text_of(
    path: Path, data: bytes | bytearray, encoding: str | None, *, where: str
) -> tuple[str, bytes | bytearray]:
    """The encoding of bytes of text, found out where it is not given, and the text in UTF-8."""
    if encoding is None:
        encoding = next((found for mark, found in MARKS.items() if data.startswith(mark)), None)
    if encoding is None and b"\x00" in data[:2]:
        encoding = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
    if encoding is None and b"\x00" in data[:100]:
        raise ValueError(
            f"{path.name} holds bytes that are no text; have it exported as CSV UTF-8 or Parquet"
        )
    for name in [encoding] if encoding else ["utf-8", "cp1252", "latin-1"]:
        try:
            if name == "utf-8":
                if not data.isascii():
                    data.decode(name)
                return name, data
            meant = "utf-8-sig" if name.lower() in ("utf8", "utf_8") else name
            return name, data.decode(meant).encode("utf-8")
        except UnicodeError:
            continue
    raise ValueError(
        f"{path.name}: cannot be read as {encoding}; set encoding in {where} of layout.toml, "
        'usually "utf-8" or "latin-1"'
    )


def code_table(path: Path, given: CodeFile, *, where: str) -> dict[str, str]:
    """Meaning of codes by code, from a CSV file or a sheet with one row a code."""
    raw, canonical = given.raw, given.canonical
    data = content(path)
    if is_workbook(data):
        first, *lines = sheet_of(path, data, given.sheet, where=where)
        names = ["" if name is None else str(name).strip() for name in first]
        if any(
            not isinstance(cell, str | None) or isinstance(cell, NoValue) for one in lines for cell in one
        ):
            raise ValueError(
                f"{where}: {path.name} holds numbers or formulas, but codes are text: 5 is not 05"
            )
        rows = [dict(zip(names, line, strict=False)) for line in lines if any(line)]
    else:
        text = text_of(path, data, None, where=where)[1].decode("utf-8").lstrip("\ufeff")
        mark = max(";,\t", key=text.partition("\n")[0].count)
        try:
            rows = list(csv.DictReader(io.StringIO(text), delimiter=mark, skipinitialspace=True))
        except csv.Error:
            raise ValueError(f"{where}: {path.name} is no CSV file") from None
    if not rows or raw not in rows[0] or canonical not in rows[0]:
        raise ValueError(f"{where}: {path.name} has no rows with columns {raw} and {canonical}")
    found: dict[str, str] = {}
    if any(row.get(name, "") is None for row in rows for name in (raw, canonical)) and not is_workbook(data):
        raise ValueError(f"{where}: {path.name} has rows with fewer fields than the first line; correct it")
    for row in rows:
        code, meaning = (row.get(raw) or "").strip(), (row.get(canonical) or "").strip()
        if found.setdefault(code, meaning) != meaning:
            raise ValueError(f"{where}: {path.name} gives one code two meanings; keep one row a code")
    if with_identity_code(list(found)).any():
        raise ValueError(f"{where}: {path.name} holds a personal identity code; {PSEUDONYMS}")
    return found

"""Files of a delivery as bytes: only plain files inside its folder, unpacked, in one known form."""

from __future__ import annotations

import csv
import gzip
import io
import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path

from evaluation.deliveries.identity import PSEUDONYMS, holds_identity_code, with_identity_code
from evaluation.deliveries.workbooks import EXCEL, NoValue, is_workbook, sheet_of

UNPACK = "unpack it and name the file inside"
OTHER_FORMATS = (  # how files begin that are neither text nor Parquet nor a workbook
    *(
        b"BZh",
        b"\xfd7zXZ",
        b"7z\xbc\xaf",
        b"Rar!",
        b"\x28\xb5\x2f\xfd",
        b"ARROW1",
        b"$FL",
        b"%PDF",
        b"SQLite",
    ),
    *(b"\x89HDF", b"{", b"[", b"<"),
)
MOST_PACKED = 3  # a zip in a gzip, and the like


def is_plain_file(path: Path) -> bool:
    """Whether a path is a file with bytes to read: no folder, no pipe, no device. Nothing is opened."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def files_named(folder: Path, names: tuple[str, ...], *, where: str) -> tuple[Path, ...]:
    """Files that names or patterns such as ``jaksot_*.csv`` stand for, each inside the folder and plain.

    Raises
    ------
    ValueError, FileNotFoundError
        Naming what is missing, outside the folder, no plain file, or named twice.
    """
    top = folder.resolve()
    found: list[Path] = []
    for name in names:
        try:
            pattern = any(sign in name for sign in "*?[") and not _there(folder / name)
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
            if not is_plain_file(path):
                kind = "is no plain file but a folder, pipe or device" if _there(path) else "is missing"
                raise FileNotFoundError(
                    f"{path} {kind}; put the file there or correct {where} in layout.toml"
                )
        found += paths
    if len({path.resolve() for path in found}) < len(found):
        raise ValueError(f"{where}: a file is named twice, so its rows would count twice")
    return tuple(found)


def _as_spelt(path: Path) -> Path:
    """The file itself where its ä is written as two signs, as on a Mac."""
    if _there(path) or not path.parent.is_dir():
        return path
    name = unicodedata.normalize("NFC", path.name)
    alike = [one for one in path.parent.iterdir() if unicodedata.normalize("NFC", one.name) == name]
    return alike[0] if alike else path


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def content(path: Path) -> bytes:
    """Bytes of a file, unpacked where it is gzip or a zip with one file in it.

    Raises
    ------
    ValueError
        Where the file cannot be opened or unpacked, is empty, or is a workbook of another kind than .xlsx.
    """
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
    if data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(OTHER_FORMATS):
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
    """The encoding of bytes of text, found out where it is not given, and the text in UTF-8.

    Raises
    ------
    ValueError
        If the bytes are not in the given encoding.
    """
    for mark, found in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark) and encoding is None:
            encoding = found
    if encoding is None and b"\x00" in data[:2]:
        encoding = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
    if encoding is None and b"\x00" in data[:100]:
        raise ValueError(
            f"{path.name} holds bytes that are no text; have it exported as CSV UTF-8 or Parquet"
        )
    tried = [encoding] if encoding else ["utf-8", "cp1252", "latin-1"]
    for name in tried:
        try:
            if name == "utf-8":
                if not data.isascii():
                    data.decode(name)
                return name, data
            return name, data.decode("utf-8-sig" if name.lower() in ("utf8", "utf_8") else name).encode(
                "utf-8"
            )
        except UnicodeError:
            continue
    raise ValueError(
        f"{path.name}: cannot be read as {encoding}; set encoding in {where} of layout.toml, "
        'usually "utf-8" or "latin-1"'
    )


def code_table(
    path: Path, *, raw: str, canonical: str, where: str, sheet: str | None = None
) -> dict[str, str]:
    """Meaning of codes from a CSV file or a sheet with one row a code.

    Raises
    ------
    ValueError
        If a column is absent or a code has two meanings.
    """
    data = content(path)
    if is_workbook(data):
        first, *lines = sheet_of(path, data, sheet, where=where)
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

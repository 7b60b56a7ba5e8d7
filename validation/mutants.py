"""How layouts, files and values of deliveries are mutated."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import random
import zipfile
from collections.abc import Callable

import openpyxl
import pyarrow as pa
import pyarrow.parquet
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE as ILLEGAL

CELLS = (
    *(
        "",
        " ",
        "NULL",
        "-",
        "..",
        "inf",
        "-inf",
        "nan",
        "0",
        "-0",
        "1e308",
        "-1e309",
        "9" * 25,
        "1.234",
        "1,5",
    ),
    *(
        "1.234,5",
        "31.12.9999",
        "30.2.2021",
        "1.1.0001",
        "0000-00-00",
        "2021-13-45",
        "99991231",
        "2021",
        "13/2021",
    ),
    *(
        "\x00",
        "\ufeff",
        "\u2212" + "5",
        "💥",
        "'",
        '"',
        '""',
        ";",
        ",",
        "\n",
        "\r",
        "\t",
        "|",
        "é" * 3000,
        "=1+1",
    ),
    *(
        "1" * 400,
        "131052-308X",
        "true",
        "091",
        "91",
        "1e999999",
        "٣",
        "1_000",
        "0x10",
        "+5",
        "2021-03-01T25:61",
    ),
)
LITERALS = (
    *(
        "5",
        "-1",
        "1e308",
        "inf",
        "nan",
        "true",
        "false",
        '"false"',
        '""',
        '" "',
        "[]",
        "[[]]",
        "{}",
        "[1, 2]",
    ),
    *(
        "{ constant = 1 }",
        '{ constant = "x" }',
        "{ constant = [] }",
        '{ constant = "" }',
        '["a", "a"]',
        '["a"]',
    ),
    *(
        '"../../x.csv"',
        '"/etc/passwd"',
        '"*"',
        '"["',
        '"**"',
        '"\\u0000"',
        '"."',
        '".."',
        '"~"',
        '";"',
        '";;"',
    ),
    *(
        '"\\t"',
        '"\\n"',
        '"utf-16"',
        '"base64"',
        '"latin-1"',
        '"iso"',
        "2016-01-01",
        "9999-12-31",
        "0001-01-01",
    ),
    *(
        "2016-01-01T00:00:00",
        "07:00:00",
        '"etuudet.csv"',
        f'"{"ä" * 300}"',
        "1_0",
        "0x10",
        "99999999999999999999",
    ),
)
ADDED = (
    *("[limits.spells.reversed_interval]\nstop = 2", "[limits.spells]\nx = 1", "[limits]\nspells = 1"),
    *(
        "[codes]\nspells = 5",
        "[codes.spells.end]\na = 'b'",
        "[code_files.spells.state]\nfile = 'etuudet.csv'",
    ),
    *(
        "[files]",
        "[[files]]",
        "files = 1",
        "[files.persons.columns.sex]\nconstant = 'male'",
        "[[files.benefits]]",
    ),
    *(
        "latest_by = 'x'",
        "ignore = 'x'",
        "ignore = [1]",
        "quote = ';'",
        "skip_lines = -1",
        "may_be_empty = 1",
    ),
    *("skip_lines = 999", "separator = 'a'", "decimal = ';'", "encoding = 'rot13'", "date_format = 'mdy'"),
)


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, left out, doubled, cut or put in, a few times."""
    for _ in range(rng.randint(1, 4)):
        place, end = sorted(rng.choices(range(len(data) + 1), k=2))
        end = min(end, place + rng.choice((1, 2, 16, 400)))
        put = rng.choice(
            (b"", rng.randbytes(rng.randint(1, 8)), data[place:end] * 2, rng.choice(CELLS).encode())
        )
        data = data[:place] + put + data[end:]
        if rng.random() < 0.05:
            data = data[: rng.randint(0, len(data))]
    return data


def mutated_layout(text: str, rng: random.Random) -> bytes:
    """Lines with other keys or values, left out, doubled, moved or added; now and then any bytes."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(lines))
        key, mark, value = lines[place].partition(" = ")
        choice = rng.randrange(7)
        if choice <= 2 and mark:
            lines[place] = f"{key} = {rng.choice(LITERALS)}"
        elif choice == 3 and mark:
            other = lines[rng.randrange(len(lines))].partition(" = ")[0]
            lines[place] = f"{rng.choice((key[:-1], key + 'x', other, rng.choice(LITERALS)))} = {value}"
        elif choice == 4:
            del lines[place]
        elif choice == 5:
            lines.insert(rng.randrange(len(lines)), lines[place])
        else:
            lines.insert(place, rng.choice(ADDED))
        lines = lines or [""]
    data = "\n".join(lines).encode()
    return mutated_bytes(data, rng) if rng.random() < 0.1 else data


def mutated_file(data: bytes, rng: random.Random) -> bytes:
    """A file with other cells, lines, bytes, encoding, packing or types."""
    form = rng.randrange(7)
    if form == 0:
        return mutated_bytes(data, rng)
    text = data.decode("latin-1")
    separator = ";" if ";" in text else ","
    rows = [line.split(separator) for line in text.splitlines()]
    for _ in range(rng.choice((1, 3, 40))):
        row = rng.choice(rows)
        row[rng.randrange(len(row))] = rng.choice(CELLS)
    if rng.random() < 0.2:
        column = rng.randrange(len(rows[0]))
        rows = [[*row[:column], rng.choice(CELLS), *row[column + 1 :]] for row in rows]
    if rng.random() < 0.2:
        rows.insert(rng.randrange(len(rows)), rng.choice(rows) * rng.randint(0, 2))
    data = "\n".join(separator.join(row) for row in rows).encode(rng.choice(("utf-8", "utf-8", "utf-16")))
    if form == 1:
        packed = gzip.compress(data, mtime=0)
        return packed if rng.random() < 0.5 else mutated_bytes(packed, rng)
    if form == 2:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("a.csv", data)
        return out.getvalue() if rng.random() < 0.5 else mutated_bytes(out.getvalue(), rng)
    if form == 3:
        names = [name or str(place) for place, name in enumerate(dict.fromkeys(rows[0]))]
        out = io.BytesIO()
        pyarrow.parquet.write_table(pa.table({name: any_array(rng, 5) for name in names}), out)
        return out.getvalue() if rng.random() < 0.7 else mutated_bytes(out.getvalue(), rng)
    if form == 4:
        packed = workbook(rows, rng)
        return packed if rng.random() < 0.7 else mutated_bytes(packed, rng)
    return data


def workbook(rows: list[list[str]], rng: random.Random) -> bytes:
    """The rows as an Excel workbook with some cells of other types, and sometimes a second sheet."""
    other = (
        1,
        -1.5,
        1e300,
        True,
        dt.datetime(2021, 3, 1, 22, 30),
        dt.time(1),
        dt.timedelta(30),
        "=1/0",
        "#N/A",
    )
    book = openpyxl.Workbook(write_only=True)
    for _ in range(rng.choice((1, 1, 1, 2))):
        sheet = book.create_sheet()
        for row in rows:
            cells = [
                rng.choice(other) if rng.random() < 0.05 else ILLEGAL.sub("", cell)[:30000] for cell in row
            ]
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def any_array(rng: random.Random, rows: int) -> pa.Array:
    """A column of some type that a file may hold."""
    texts = rng.choices(CELLS, k=rows)
    whole = rng.choices((0, 1, -5, 2021, 20210301, 2**62, None), k=rows)
    makers: tuple[Callable[[], pa.Array], ...] = (
        lambda: pa.array(texts),
        lambda: pa.array(texts, pa.large_string()),
        lambda: pa.array(texts).dictionary_encode(),
        lambda: pa.array(texts).cast(pa.binary()),
        lambda: pa.array(whole, pa.int64()),
        lambda: pa.array(whole, pa.timestamp(rng.choice(("s", "ms", "us", "ns")), rng.choice((None, "UTC")))),
        lambda: pa.array([one and one % 10**6 for one in whole], pa.int32()).cast(pa.date32()),
        lambda: pa.array([one and float(one) for one in whole]),
        lambda: pa.array(rng.choices((float("inf"), float("nan"), 1e308, 0.5, None), k=rows)),
        lambda: pa.array([one and one % 10**6 for one in whole], pa.decimal128(20, 2)),
        lambda: pa.array([[text] for text in texts]),
        lambda: pa.array([{"a": text} for text in texts]),
        lambda: pa.nulls(rows),
        lambda: pa.array(rng.choices((True, False, None), k=rows)),
        lambda: pa.array([one and one % 86_400 for one in whole], pa.time32("s")),
        lambda: pa.array([one and one % 10**6 for one in whole], pa.duration("s")),
    )
    return rng.choice(makers)()

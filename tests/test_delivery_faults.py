# ruff: noqa: E501 (a kind is a line, however long)
"""Faults and variations of deliveries, a line each, and what must come of them.

A small valid delivery is changed in one thing at a time. The outcome is "same" (the same processed tables), a
rule under which it is counted, or "refused" with words that name table or column and the remedy. No outcome is
a traceback of another kind, and no message holds a value of a person.
"""

import datetime as dt
import gzip
import io
import os
import re
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from evaluation import schemas
from evaluation.deliveries import files, pieces
from evaluation.deliveries.identity import CHECK_CHARACTERS
from evaluation.registers import ingest as registers
from evaluation.registers import stored
from test_registers import CODES, COLUMNS, REFERENCE, deliver

MANY = 60
PEOPLE = [f"p{number:04d}" for number in range(MANY)]
ROWS = {
    "persons": [
        f"{one};{1 + i % 28}.5.{1960 + i % 40};{1 + i % 2};keski;fi;0" for i, one in enumerate(PEOPLE)
    ],
    "residence": [f"{one};091;1.1.2016;31.12.9999" for one in PEOPLE],
    "spells": [f"{one};työtön;;1.3.2021;{1 + i % 30}.6.2021" for i, one in enumerate(PEOPLE)],
    "benefits": [f"{one};tmt;1.3.2021;31.3.2021;23;{700 + i},50" for i, one in enumerate(PEOPLE)],
    "earnings": [f"{one};2021-03;{1000 + i},25" for i, one in enumerate(PEOPLE)],
    "area_costs": ["helsinki;2021;henkilöstö;kunta;1000000;tilinpäätös;julkaistu"],
}
SECRETS = [*PEOPLE[:5], "Virtanen", "131052", "308T", "5.1960"]


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    registers.ingest(deliver(folder, rows=ROWS), folder / "out", reference=REFERENCE)
    return stored.load(folder / "out")


class Delivery:
    """A valid delivery to be damaged."""

    def __init__(self, folder):
        self.raw = deliver(folder, rows=ROWS)

    def layout(self, old, new):
        path = self.raw / "layout.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def add(self, text):
        with (self.raw / "layout.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")

    def lines(self, table, change):
        path = self.raw / f"{table}.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")

    def cells(self, table, column, value, rows=MANY):
        place = list(COLUMNS[table]).index(column)

        def change(lines):
            out = lines[:1]
            for number, line in enumerate(lines[1:]):
                cells = line.split(";")
                if number < rows:
                    cells[place] = value(cells[place]) if callable(value) else value
                out.append(";".join(cells))
            return out

        self.lines(table, change)

    def bytes(self, table, change):
        path = self.raw / f"{table}.csv"
        path.write_bytes(change(path.read_bytes()))

    def parquet(self, table, **columns):
        frame = pd.read_csv(self.raw / f"{table}.csv", sep=";", dtype=str)
        made = {name: pa.array(frame[name], pa.string(), from_pandas=True) for name in frame}
        for name, function in columns.items():
            made[name] = function(frame[name])
        pyarrow.parquet.write_table(pa.table(made), self.raw / f"{table}.parquet")
        self.layout(f'file = "{table}.csv"', f'file = "{table}.parquet"')

    def excel(self, table, change=lambda book: None, *, name=None, text=()):
        """The table as a workbook with typed cells, changed before it is saved."""
        head, *lines = read(self.raw / f"{table}.csv").splitlines()
        book = openpyxl.Workbook()
        sheet, names = book.active, head.split(";")
        sheet.append(names)
        for line in lines:
            cells = zip(names, line.split(";"), strict=True)
            sheet.append([cell if raw in text else typed(raw, cell) for raw, cell in cells])
        change(book)
        stored = io.BytesIO()
        book.save(stored)
        written(self, name or f"{table}.xlsx", stored.getvalue(), table)

    def file(self, table, value):
        self.layout(f'file = "{table}.csv"', f"file = {value}")


def read(path):
    return path.read_text(encoding="utf-8")


def typed(raw, cell):
    """What Excel makes of a text that is typed in, but for codes."""
    if re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", cell):
        return dt.datetime.strptime(cell, "%d.%m.%Y")
    if re.fullmatch(r"\d+(,\d+)?", cell) and raw not in ("kunta", "palvelukoodi"):
        return float(cell.replace(",", "."))
    return cell or None


def cell(place, value):
    """Write one cell of the first sheet."""

    def change(book):
        book.worksheets[0][place] = value(book.worksheets[0][place].value) if callable(value) else value

    return change


def column_of(letter, value):
    """Write a whole column of the first sheet."""

    def change(book):
        for row in range(2, MANY + 2):
            cell(f"{letter}{row}", value)(book)

    return change


def second_sheet(book):
    book.create_sheet("muistiinpanot")["A1"] = "tarkista"


def sheet_named(d, name):
    d.excel("spells", second_sheet)
    d.layout('"spells.xlsx"', f'"spells.xlsx"\nsheet = "{name}"')


def wrong_dimension(d):
    """Some programs write that a sheet ends at A1."""
    d.excel("spells")
    data = io.BytesIO()
    with zipfile.ZipFile(d.raw / "spells.xlsx") as old, zipfile.ZipFile(data, "w") as new:
        for one in old.namelist():
            new.writestr(one, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', old.read(one)))
    (d.raw / "spells.xlsx").write_bytes(data.getvalue())


def far_row(d):
    d.excel("spells")
    data = io.BytesIO()
    with zipfile.ZipFile(d.raw / "spells.xlsx") as old, zipfile.ZipFile(data, "w") as new:
        for one in old.namelist():
            new.writestr(one, old.read(one).replace(b'<row r="9"', b'<row r="99999999999"'))
    (d.raw / "spells.xlsx").write_bytes(data.getvalue())


def excel_codes(d, code="keski"):
    book = openpyxl.Workbook()
    for row in (("k", "t"), (code, "secondary")):
        book.active.append(row)
    book.save(d.raw / "koodit.xlsx")
    d.add('[code_files.persons.education]\nfile = "koodit.xlsx"\nraw = "k"\ncanonical = "t"')


def zip_of(d, name="persons.csv", content=None, more=()):
    """The bytes of a zip with the persons, or something else, and more files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for one, inside in {name: content or (d.raw / "persons.csv").read_bytes(), **dict(more)}.items():
            packed.writestr(one, inside)
    return data.getvalue()


def named(d, name, where=None):
    """The spells in a file of another name."""
    (d.raw / name).parent.mkdir(parents=True, exist_ok=True)
    (d.raw / "spells.csv").rename(d.raw / name)
    d.file("spells", f'"{where or name}"')


def header(d, table, change):
    d.lines(table, lambda rows: [change(rows[0]), *rows[1:]])


def years(d, first, second):
    """Two rows a person, the later one first, told apart by a column."""
    d.lines("persons", lambda r: [f"{r[0]};v", *(f"{x};{first}" for x in r[1:]), *(f"{x.replace('keski', 'perus')};{second}" for x in r[1:])])  # fmt: skip
    d.file("persons", '"persons.csv"\nlatest_by = "v"')


def ids(d, change, kind=None):
    for table in ("persons", "residence", "spells", "benefits", "earnings"):
        d.cells(table, "person_id", change)
        if kind is not None:
            d.parquet(table, henkilo=lambda text: pa.array(text.astype(float)).cast(kind, safe=False))


def check_character(date):
    day, month, year = date.split(".")
    number = int(f"{int(day):02}{int(month):02}{year[2:]}308")
    return f"308{CHECK_CHARACTERS[number % 31]}"


def second_part(d, change):
    in_parts(d, "spells")
    text = read(d.raw / "b.csv")
    (d.raw / "b.csv").write_text(change(text), encoding="utf-8")


def in_parts(d, table, name='["a.csv", "b.csv"]'):
    head, *lines = read(d.raw / f"{table}.csv").splitlines()
    for part, rows in (("a", lines[:20]), ("b", lines[20:])):
        (d.raw / f"{part}.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    d.file(table, name)


def zipped(d, *names, inside="persons.csv"):
    with zipfile.ZipFile(d.raw / "p.zip", "w") as packed:
        for name in names:
            packed.writestr(name, (d.raw / inside).read_bytes())
    d.file("persons", '"p.zip"')


def written(d, name, data, table="persons"):
    (d.raw / name).write_bytes(data)
    d.file(table, f'"{name}"')


def made(d, maker, name="strange"):
    maker(d.raw / name)
    d.file("persons", f'"{name}"')


def days(zone=None, unit="us", kind=None):
    def function(text):
        found = pd.to_datetime(text.str.replace("9999", "2199"), format="%d.%m.%Y").astype(
            f"datetime64[{unit}]"
        )
        found = found.dt.tz_localize("Europe/Helsinki").dt.tz_convert(zone) if zone else found
        array = pa.array(found, from_pandas=True)
        return array.cast(kind) if kind else array

    return function


def euros(kind):
    return lambda text: pa.array(text.str.replace(",", ".").astype(float)).cast(kind, safe=False)


def both_dates(function):
    return {"alkupvm": function, "loppupvm": function}


def two_columns(d):
    d.lines("spells", lambda rows: [rows[0] + ";laji", *(f"{row};x" for row in rows[1:])])
    d.layout('state = "tila"', 'state = ["tila", "laji"]')
    d.layout('"työtön" = "unemployed"', '"työtön|*" = "unemployed"')


def joint_inside(d):
    """Two columns that read the same when joined, although their codes differ."""
    d.lines("spells", lambda rows: [f"{rows[0]};laji", *(f"{row.replace('työtön', 't')};a|b" for row in rows[1:31]), *(f"{row.replace('työtön', 't|a')};b" for row in rows[31:])])  # fmt: skip
    d.layout('state = "tila"', 'state = ["tila", "laji"]')
    d.layout('"työtön" = "unemployed"', '"t|a|b" = "unemployed"')


def code_file(d, text):
    (d.raw / "koodit.csv").write_text(text, encoding="utf-8")
    d.add('[code_files.persons.education]\nfile = "koodit.csv"\nraw = "k"\ncanonical = "t"')


def list_of_codes(d):
    frame = pd.read_csv(d.raw / "persons.csv", sep=";", dtype=str).assign(hetut=[["x", "131052-308T"]] * MANY)
    frame.to_parquet(d.raw / "persons.parquet")
    d.file("persons", '"persons.parquet"')


def ids_as(d, kind):
    for table in ("persons", "residence", "spells", "benefits", "earnings"):
        d.cells(table, "person_id", lambda text: text.replace("p", "1"))
        d.parquet(table, henkilo=lambda text: pa.array(text.astype(int)).cast(kind, safe=False))


def two_forms(d):
    head, *rows = read(d.raw / "residence.csv").splitlines()
    (d.raw / "residence.csv").write_text("\n".join([head, *rows[:20]]) + "\n", encoding="utf-8")
    text = "\n".join(["id,paikka", *(",".join(row.split(";")[:2]) for row in rows[20:])])
    (d.raw / "b.csv").write_text(text + "\n", encoding="utf-8")
    d.layout("[files.residence]", "[[files.residence]]")
    constants = 'start = { constant = "1.1.2016" }\nend = { constant = "31.12.9999" }'
    columns = f'[files.residence.columns]\nperson_id = "id"\nmunicipality = "paikka"\n{constants}'
    d.add(f'[[files.residence]]\nfile = "b.csv"\n{columns}')


def more_column(d, array):
    frame = pd.read_csv(d.raw / "persons.csv", sep=";", dtype=str)
    table = pa.Table.from_pandas(frame, preserve_index=False).append_column("lisa", array)
    pyarrow.parquet.write_table(table, d.raw / "persons.parquet")
    d.file("persons", '"persons.parquet"')


def beside_typed(d):
    """Columns without text beside one that may hold the ends of identity codes."""
    frame = pd.read_csv(d.raw / "persons.csv", sep=";", dtype=str)
    born = pd.to_datetime(frame["syntymapaiva"], format="%d.%m.%Y")
    numbers = np.arange(MANY)
    frame = frame.assign(syntymapaiva=born, nro=[str(1000 + i) for i in numbers], lippu=numbers % 2 == 0)
    frame.to_parquet(d.raw / "persons.parquet")
    d.file("persons", '"persons.parquet"')


def glued(value):
    return lambda d: d.cells("persons", "education", value, 3)


hetu = "131052-308T"
SAME, REFUSED = "same", "refused"
CSV = b"henkilo;kunta\n"
KINDS = [
    # name, what is done, outcome, words or rule
    ("a byte order mark", lambda d: d.bytes("persons", lambda b: b"\xef\xbb\xbf" + b), SAME, ""),
    ("Latin-1", lambda d: d.bytes("spells", lambda b: b.decode().encode("latin-1")), SAME, ""),
    ("UTF-16", lambda d: d.bytes("spells", lambda b: b.decode().encode("utf-16")), SAME, ""),
    ("lines of Windows", lambda d: d.bytes("spells", lambda b: b.replace(b"\n", b"\r\n")), SAME, ""),
    ("lines of old Macintosh", lambda d: d.bytes("spells", lambda b: b.replace(b"\n", b"\r")), SAME, ""),
    ("no line end", lambda d: d.bytes("spells", lambda b: b.rstrip(b"\n")), SAME, ""),
    ("empty lines", lambda d: d.bytes("spells", lambda b: b + b"\n\n"), SAME, ""),
    ("tabs", lambda d: d.bytes("spells", lambda b: b.replace(b";", b"\t")), SAME, ""),
    ("bars", lambda d: d.bytes("spells", lambda b: b.replace(b";", b"|")), SAME, ""),
    ("blanks around values", lambda d: d.cells("spells", "state", " työtön "), SAME, ""),
    ("quoted values", lambda d: d.cells("spells", "state", '"työtön"'), SAME, ""),
    ("NULL for an open end", lambda d: d.cells("residence", "end", "NULL"), SAME, ""),
    ("ISO dates", lambda d: d.cells("spells", "start", "2021-03-01"), SAME, ""),
    ("dates with a time", lambda d: d.cells("spells", "start", "1.3.2021 00:00"), SAME, ""),
    ("dates without signs", lambda d: d.cells("spells", "start", "20210301"), SAME, ""),
    ("months as 202103", lambda d: d.cells("earnings", "month", "202103"), SAME, ""),
    ("months as 3/2021", lambda d: d.cells("earnings", "month", "3/2021"), SAME, ""),
    ("months as dates", lambda d: d.cells("earnings", "month", "15.3.2021"), SAME, ""),
    ("blank for thousands", lambda d: d.cells("earnings", "earnings_eur", lambda t: f"{t[0]} {t[1:]}"), SAME, ""),
    ("point for thousands", lambda d: d.cells("earnings", "earnings_eur", lambda t: f"{t[0]}.{t[1:]}"), SAME, ""),
    ("euro sign", lambda d: d.cells("earnings", "earnings_eur", lambda t: f"{t} €"), SAME, ""),
    ("rows turned round", lambda d: d.lines("spells", lambda r: [r[0], *r[:0:-1]]), SAME, ""),
    ("one more column", lambda d: d.lines("spells", lambda r: [f"{x};{i and 9}" for i, x in enumerate(r)]), SAME, ""),
    ("gzip", lambda d: written(d, "p.csv.gz", gzip.compress((d.raw / "persons.csv").read_bytes())), SAME, ""),
    ("zip", lambda d: zipped(d, "persons.csv"), SAME, ""),
    ("two files", lambda d: in_parts(d, "spells"), SAME, ""),
    ("a pattern", lambda d: in_parts(d, "persons", '"[ab].csv"'), SAME, ""),
    ("date32", lambda d: d.parquet("spells", **both_dates(days(kind=pa.date32()))), SAME, ""),
    ("date64", lambda d: d.parquet("spells", **both_dates(days(kind=pa.date64()))), SAME, ""),
    ("timestamp ns", lambda d: d.parquet("spells", **both_dates(days(unit="ns"))), SAME, ""),
    ("timestamp s", lambda d: d.parquet("spells", **both_dates(days(unit="s"))), SAME, ""),
    ("time zone", lambda d: d.parquet("spells", **both_dates(days("Europe/Helsinki"))), SAME, ""),
    ("midnights in UTC", lambda d: d.parquet("spells", **both_dates(days("UTC"))), SAME, ""),
    ("open end in 2199", lambda d: d.parquet("residence", **both_dates(days())), SAME, ""),
    ("categories", lambda d: d.parquet("spells", tila=lambda t: pa.array(t).dictionary_encode()), SAME, ""),
    ("large strings", lambda d: d.parquet("spells", tila=lambda t: pa.array(t, pa.large_string())), SAME, ""),
    ("decimals", lambda d: d.parquet("earnings", ansio_eur=euros(pa.decimal128(12, 2))), SAME, ""),
    ("floats", lambda d: d.parquet("earnings", ansio_eur=euros(pa.float64())), SAME, ""),
    ("typed days", lambda d: d.parquet("benefits", paivat=lambda t: pa.array(t.astype(int))), SAME, ""),
    ("true and false", lambda d: d.parquet("persons", maahanmuuttaja=lambda t: pa.array(t == "1")), SAME, ""),
    ("codes as numbers", lambda d: d.parquet("persons", sukupuoli=lambda t: pa.array(t.astype(int))), SAME, ""),
    ("codes as floats", lambda d: d.parquet("persons", sukupuoli=lambda t: pa.array(t.astype(float))), SAME, ""),
    ("state from two columns", two_columns, SAME, ""),
    ("a constant", lambda d: d.layout('native_language = "aidinkieli"', 'native_language = { constant = "fi" }'), SAME, ""),
    ("a code table in a file", lambda d: code_file(d, "k;t\nkeski;secondary\n"), SAME, ""),
    ("everything else", lambda d: d.layout('"keski" = "secondary"', '"*" = "secondary"'), SAME, ""),
    ("an empty field as a code", lambda d: (d.cells("persons", "education", ""), d.layout('"keski" = "secondary"', '"" = "secondary"')), SAME, ""),
    ("lines before the header", lambda d: (d.lines("persons", lambda r: ["Toimitus 2025", *r]), d.file("persons", '"persons.csv"\nskip_lines = 1')), SAME, ""),
    ("a year a row", lambda d: (d.lines("persons", lambda r: [f"{r[0]};v", *(f"{x};2020" for x in r[1:]), *(f"{x.replace('keski', 'perus')};2019" for x in r[1:])]), d.file("persons", '"persons.csv"\nlatest_by = "v"')), SAME, ""),
    ("a row twice", lambda d: d.lines("spells", lambda r: [*r, r[1]]), "spells", "exact_duplicate"),
    ("equal earnings of two employers", lambda d: d.lines("earnings", lambda r: [f"{r[0]};t", *(f"{x};1" for x in r[1:]), f"{r[1]};2"]), "earnings", "joined_employers"),
    ("an orphan", lambda d: d.lines("spells", lambda r: [*r, "z9;työtön;;1.3.2021;1.4.2021"]), "spells", "unknown_person"),
    ("start and end swapped", lambda d: d.cells("spells", "end", "1.1.2020", 2), "spells", "reversed_interval"),
    ("half days", lambda d: d.cells("benefits", "days", "20,5", 9), "benefits", "fractional_days"),
    ("more days than weekdays", lambda d: d.cells("benefits", "days", "31", 9), "benefits", "more_days_than_weekdays"),
    ("infinite euros", lambda d: d.cells("earnings", "earnings_eur", "inf", 2), "earnings", "unreadable_earnings_eur"),
    ("1e308 euros", lambda d: d.cells("earnings", "earnings_eur", "1e308", 2), "earnings", "implausible_amount"),
    ("days beyond all measure", lambda d: d.cells("benefits", "days", "99999999999", 2), "benefits", "implausible_days"),
    ("less than no day", lambda d: d.cells("benefits", "days", "-5", 2), "benefits", "implausible_days"),
    ("a spell before birth", lambda d: d.cells("spells", "start", "1.1.1950", 2), "spells", "before_birth"),
    ("a spell from the year 1021", lambda d: d.cells("spells", "start", "1.1.1021", 2), "spells", "implausible_date"),
    ("30 February", lambda d: d.cells("spells", "start", "30.2.2021", 2), "spells", "unreadable_start"),
    ("a lost zero", lambda d: d.cells("residence", "municipality", "91", 5), "residence", "municipality_code_padded"),
    ("most rows malformed", lambda d: d.lines("spells", lambda r: [r[0], *(f"{x};1" for x in r[1:41]), *r[41:]]), REFUSED, "spells: malformed_row in 40 of 60 rows.*check separator"),
    ("unknown municipality", lambda d: d.cells("residence", "municipality", "999", 54), REFUSED, "residence: unknown_municipality in 54 of 60"),
    ("persons missing", lambda d: d.lines("persons", lambda r: r[:7]), REFUSED, "spells: unknown_person in 54 of 60 rows"),
    ("a header alone", lambda d: d.lines("benefits", lambda r: r[:1]), REFUSED, "benefits: .* has no rows.*may_be_empty"),
    ("swapped for a whole table", lambda d: d.cells("spells", "end", "1.1.2020"), REFUSED, "spells: all 60 rows dropped"),
    ("all benefits negative", lambda d: d.cells("benefits", "amount_eur", lambda t: f"-{t}"), REFUSED, "benefits: negative_amount"),
    ("all born in 1800", lambda d: d.cells("persons", "birth_day", "1.5.1800"), REFUSED, "persons: implausible_date"),
    ("all born in 2023", lambda d: d.cells("persons", "birth_day", "1.5.2023"), REFUSED, "persons: under_15"),
    ("nobody lives anywhere", lambda d: d.lines("residence", lambda r: r[:7]), REFUSED, "persons: without_residence"),
    ("one unmapped code", lambda d: d.cells("persons", "native_language", "muukieli", 1), REFUSED, "native_language.* not shown.*codes.persons.native_language"),
    ("a frequent unmapped code", lambda d: d.cells("persons", "native_language", "mk", 12), REFUSED, r"unknown codes in 12 of 60 rows \(mk\)"),
    ("names as a state", lambda d: d.cells("spells", "state", lambda t: "Virtanen" if t else t, 5), REFUSED, "spells.state.*not shown"),
    ("ids as a state", lambda d: d.layout('state = "tila"', 'state = "henkilo"'), REFUSED, "spells.state.*not shown"),
    ("birth days as education", lambda d: d.layout('education = "koulutusaste"', 'education = "syntymapaiva"'), REFUSED, "education.*not shown"),
    ("1.234: point or thousands", lambda d: d.cells("earnings", "earnings_eur", "1.234"), REFUSED, "earnings_eur.*set decimal"),
    ("text as numbers", lambda d: d.layout('earnings_eur = "ansio_eur"', 'earnings_eur = "henkilo"'), REFUSED, "unreadable_earnings_eur"),
    ("a list", lambda d: d.parquet("spells", tila=lambda t: pa.array([[x] for x in t])), REFUSED, "tila holds lists.*one plain value"),
    ("a struct", lambda d: d.parquet("spells", tila=lambda t: pa.array([{"a": x} for x in t])), REFUSED, "tila holds lists"),
    ("bytes", lambda d: d.parquet("spells", tila=lambda t: pa.array([x.encode() for x in t])), REFUSED, "tila holds bytes"),
    ("dates as a state", lambda d: d.parquet("spells", tila=lambda t: pa.array([1] * len(t), pa.date32())), REFUSED, "state.*date32"),
    ("numbers as truth", lambda d: d.parquet("earnings", ansio_eur=lambda t: pa.array([True] * len(t))), REFUSED, "earnings_eur.*bool"),
    ("damaged Parquet", lambda d: written(d, "p.parquet", b"PAR1" + b"x" * 99), REFUSED, "p.parquet is damaged"),
    ("damaged gzip", lambda d: written(d, "p.gz", b"\x1f\x8b" + b"x" * 99), REFUSED, "damaged or locked"),
    ("zip with two files", lambda d: zipped(d, "a.csv", "b.csv"), REFUSED, "holds 2 files; unpack"),
    ("an empty file", lambda d: written(d, "p.csv", b""), REFUSED, "p.csv is empty"),
    ("a folder", lambda d: made(d, lambda p: p.mkdir()), REFUSED, "no plain file"),
    ("a pipe", lambda d: made(d, os.mkfifo), REFUSED, "no plain file"),
    ("a file that is not there", lambda d: d.file("persons", '"q.csv"'), REFUSED, "q.csv is missing"),
    ("a file outside", lambda d: d.file("persons", '"../../x.csv"'), REFUSED, "outside the folder"),
    ("a file of the root", lambda d: d.file("persons", '"/etc/passwd"'), REFUSED, "outside the folder"),
    ("a link to the outside", lambda d: made(d, lambda p: p.symlink_to("/etc/passwd")), REFUSED, "outside the folder"),
    ("a pattern for nothing", lambda d: d.file("persons", '"q*.csv"'), REFUSED, "stands for no file"),
    ("a file twice", lambda d: d.file("persons", '["persons.csv", "persons.csv"]'), REFUSED, "named twice"),
    ("no file in the list", lambda d: d.file("persons", "[]"), REFUSED, "names no file"),
    ("a number for a file", lambda d: d.file("persons", "5"), REFUSED, "files.persons.file: is no name"),
    ("nothing for a file", lambda d: d.file("persons", '""'), REFUSED, "files.persons.file: is no name"),
    ("a number for a column", lambda d: d.layout('state = "tila"', "state = 5"), REFUSED, "columns.state: is no name"),
    ("two signs between fields", lambda d: d.file("persons", '"persons.csv"\nseparator = ";;"'), REFUSED, "separator: a separator is one sign"),
    ("decimal semicolon", lambda d: d.file("persons", '"persons.csv"\ndecimal = ";"'), REFUSED, "persons.decimal: .*',' or '.'"),
    ("strange encoding", lambda d: d.file("persons", '"persons.csv"\nencoding = "klingon"'), REFUSED, "encoding: is no encoding"),
    ("bytes as encoding", lambda d: d.file("persons", '"persons.csv"\nencoding = "base64"'), REFUSED, "encoding: is no encoding"),
    ("strange date format", lambda d: d.file("persons", '"persons.csv"\ndate_format = "mdy"'), REFUSED, "date_format: .*d.m.yyyy"),
    ("an unknown key", lambda d: d.file("persons", '"persons.csv"\nseperator = ";"'), REFUSED, "seperator; did you mean 'separator'"),
    ("an unknown key on top", lambda d: d.layout("simulated = true", "simulated = true\nobserved = 1"), REFUSED, "unknown key observed; did you mean 'observed_"),
    ("simulated as text", lambda d: d.layout("simulated = true", 'simulated = "false"'), REFUSED, "simulated: .*boolean"),
    ("an unknown table", lambda d: d.add('[files.wages]\nfile = "x"'), REFUSED, "unknown tables: files.wages; did"),
    ("codes of an unknown table", lambda d: d.add('[codes.person.sex]\n"1" = "male"'), REFUSED, "codes.person; did you mean 'persons'"),
    ("codes of an unknown column", lambda d: d.add('[codes.persons.gender]\n"1" = "male"'), REFUSED, "no such column; "),
    ("codes of a date", lambda d: d.add('[codes.persons.birth_day]\n"1" = "male"'), REFUSED, "birth_day is no code"),
    ("an unknown code of ours", lambda d: d.layout('"1" = "male"', '"1" = "man"'), REFUSED, "no code of ours"),
    ("a number as a code", lambda d: d.layout('"1" = "male"', '"1" = 1'), REFUSED, "meaning of a code as text"),
    ("a constant for a person", lambda d: d.layout('person_id = "henkilo"', 'person_id = { constant = "a" }'), REFUSED, "cannot be a constant"),
    ("a constant that is no code", lambda d: d.layout('sex = "sukupuoli"', 'sex = { constant = "man" }'), REFUSED, "no code of ours"),
    ("a date from two columns", lambda d: d.layout('start = "alkupvm"', 'start = ["alkupvm", "loppupvm"]'), REFUSED, "several columns"),
    ("a limit of an unknown rule", lambda d: d.add("[limits.spells.reversed]\nstop = 0.5"), REFUSED, "no such rule; did you mean 'reversed_interval'"),
    ("a limit above one", lambda d: d.add("[limits.spells.reversed_interval]\nstop = 5"), REFUSED, "less than or equal to 1"),
    ("a window of a thousand years", lambda d: d.layout("2016-01-01", "1016-01-01"), REFUSED, "between 1950 and 2099"),
    ("a window without an end", lambda d: d.layout("observed_until = 2024-12-31", ""), REFUSED, "observed_until is missing"),
    ("a code table without its column", lambda d: code_file(d, "k;x\nkeski;secondary\n"), REFUSED, "no rows with columns k and t"),
    ("a code table with two meanings", lambda d: code_file(d, "k;t\nkeski;secondary\nkeski;basic\n"), REFUSED, "two meanings"),
    ("a code table of persons", lambda d: code_file(d, "k;t\nVirtanen;p0001\n"), REFUSED, "1 meanings are none of"),
    ("column names twice", lambda d: d.lines("spells", lambda r: ["henkilo;tila;tila;alkupvm;loppupvm", *r[1:]]), REFUSED, "column names, each once"),
    ("no header", lambda d: d.lines("spells", lambda r: r[1:]), REFUSED, "no column henkilo"),
    ("an open quotation mark", lambda d: d.cells("spells", "code", '"05', 1), REFUSED, 'never closed.*quote = ""'),
    ("identity codes", glued(hetu), REFUSED, "koulutusaste holds a personal identity code in 3 rows"),
    ("identity codes in small letters", glued(hetu.lower()), REFUSED, "personal identity code in 3 rows"),
    ("identity codes in a sentence", glued(f"hetu {hetu}, ks."), REFUSED, "personal identity code in 3 rows"),
    ("identity codes glued to letters", glued(f"hlö{hetu}x"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes without a separator", glued("131052308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes with a blank", glued("131052 308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes with a long dash", glued("131052–308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes in a list", list_of_codes, REFUSED, "hetut holds a personal identity code"),
    # typed columns
    ("ids as whole numbers", lambda d: ids_as(d, pa.int64()), SAME, ""),
    ("ids as floats", lambda d: ids_as(d, pa.float64()), SAME, ""),
    ("ids as decimals", lambda d: ids_as(d, pa.decimal128(20, 0)), SAME, ""),
    ("milliseconds in UTC", lambda d: d.parquet("spells", **both_dates(days("UTC", unit="ms"))), SAME, ""),
    ("dates in a dictionary", lambda d: d.parquet("spells", **both_dates(lambda t: days(kind=pa.date32())(t).dictionary_encode())), SAME, ""),
    ("euros in a dictionary", lambda d: d.parquet("benefits", maara_eur=lambda t: euros(pa.float64())(t).dictionary_encode()), SAME, ""),
    ("days as floats", lambda d: d.parquet("benefits", paivat=lambda t: pa.array(t.astype(float))), SAME, ""),
    ("euros as float32", lambda d: d.parquet("benefits", maara_eur=euros(pa.float32())), SAME, ""),
    ("euros as decimal256", lambda d: d.parquet("earnings", ansio_eur=euros(pa.decimal256(12, 2))), SAME, ""),
    ("codes as int8", lambda d: d.parquet("persons", sukupuoli=lambda t: pa.array(t.astype(int), pa.int8())), SAME, ""),
    ("Parquet in gzip", lambda d: (d.parquet("persons"), (d.raw / "persons.parquet").write_bytes(gzip.compress((d.raw / "persons.parquet").read_bytes()))), SAME, ""),
    ("missing floats", lambda d: d.parquet("earnings", ansio_eur=lambda t: pa.array([np.nan] * 2 + [9.0] * (len(t) - 2))), "earnings", "missing_amount"),
    ("infinite floats", lambda d: d.parquet("earnings", ansio_eur=lambda t: pa.array([np.inf] * 2 + [9.0] * (len(t) - 2))), "earnings", "unreadable_earnings_eur"),
    ("a column without values", lambda d: d.parquet("spells", palvelukoodi=lambda t: pa.nulls(len(t))), SAME, ""),
    # ways of writing
    ("no-break blank for thousands", lambda d: d.cells("earnings", "earnings_eur", lambda t: f"{t[0]}\u00a0{t[1:]}"), SAME, ""),
    ("False for no", lambda d: d.cells("persons", "immigrant", "False"), SAME, ""),
    ("NA for an open end", lambda d: d.cells("residence", "end", "NA"), SAME, ""),
    ("open end in 2999", lambda d: d.cells("residence", "end", "1.1.2999"), SAME, ""),
    ("dates with strokes", lambda d: (d.cells("spells", "start", "1/3/2021"), d.cells("spells", "end", lambda t: t.replace(".", "/")), d.file("spells", '"spells.csv"\ndate_format = "d/m/yyyy"')), SAME, ""),
    ("single quotation marks", lambda d: (d.cells("spells", "state", "'työtön'"), d.file("spells", '"spells.csv"\nquote = "\'"')), SAME, ""),
    ("a line for the spreadsheet", lambda d: (d.lines("persons", lambda r: ["sep=;", *r]), d.file("persons", '"persons.csv"\nskip_lines = 1')), SAME, ""),
    ("a file in a folder below", lambda d: ((d.raw / "x").mkdir(), (d.raw / "persons.csv").rename(d.raw / "x" / "persons.csv"), d.file("persons", '"x/persons.csv"')), SAME, ""),
    ("columns in another order", lambda d: d.lines("earnings", lambda r: [";".join(reversed(x.split(";"))) for x in r]), SAME, ""),
    ("a constant of nothing", lambda d: d.layout('code = "palvelukoodi"', 'code = { constant = "" }'), SAME, ""),
    ("a constant of true or false", lambda d: d.layout('immigrant = "maahanmuuttaja"', "immigrant = { constant = false }"), SAME, ""),
    ("one form in a list", lambda d: d.layout("[files.persons]", "[[files.persons]]"), SAME, ""),
    ("files of two forms", two_forms, SAME, ""),
    # counted
    ("row numbers to be ignored", lambda d: (d.lines("spells", lambda r: [f"{x};{i or 'nro'}" for i, x in enumerate([*r, r[1]])]), d.file("spells", '"spells.csv"\nignore = "nro"')), "spells", "exact_duplicate"),
    ("a correction", lambda d: d.lines("benefits", lambda r: [*r, "p0001;tmt;1.3.2021;31.3.2021;-2;-50,00"]), "benefits", "joined_period"),
    ("negative sums with a long minus", lambda d: d.cells("benefits", "amount_eur", lambda t: f"\u2212{t}", 2), "benefits", "negative_amount"),
    ("days left out", lambda d: d.cells("benefits", "days", "", 9), "benefits", "missing_days"),
    ("1e308 euros of a benefit", lambda d: d.cells("benefits", "amount_eur", "1e308", 2), "benefits", "implausible_amount"),
    ("minus infinity", lambda d: d.cells("earnings", "earnings_eur", "-inf", 2), "earnings", "unreadable_earnings_eur"),
    ("two born in 1800", lambda d: d.cells("persons", "birth_day", "1.5.1800", 2), "persons", "implausible_date"),
    ("two born in 2030", lambda d: d.cells("persons", "birth_day", "1.5.2030", 2), "persons", "birth_after_window"),
    ("two born on 1.1.1900", lambda d: d.cells("persons", "birth_day", "1.1.1900", 2), "persons", "placeholder_date"),
    ("a spell after the window", lambda d: d.lines("spells", lambda r: [*r, "p0001;työtön;;1.1.2031;2.1.2031"]), "spells", "starts_after_window"),
    ("a spell beyond the window", lambda d: d.cells("spells", "end", "1.1.2031", 2), "spells", "ends_after_window"),
    ("overlapping stays", lambda d: d.lines("residence", lambda r: [*r, "p0001;049;1.1.2018;31.12.9999"]), "residence", "overlapping_residence"),
    ("stays without a start", lambda d: d.cells("residence", "start", "", 2), "residence", "unknown_start"),
    ("an unknown service", lambda d: d.cells("spells", "code", "XYZ", 2), "spells", "unknown_service_code"),
    ("a person in two rows", lambda d: d.lines("persons", lambda r: [*r, r[1].replace("keski", "perus")]), "persons", "repeated_person"),
    ("a month after the window", lambda d: d.cells("earnings", "month", "2031-01", 2), "earnings", "outside_window"),
    ("a payment of two years", lambda d: d.cells("benefits", "end", "31.3.2023", 2), "benefits", "long_period"),
    ("all rows twice", lambda d: d.lines("spells", lambda r: [*r, *r[1:]]), "spells", "exact_duplicate"),
    # too much
    ("all rows three times", lambda d: d.lines("spells", lambda r: [*r, *r[1:], *r[1:]]), REFUSED, "spells: exact_duplicate in 120 of 180.*delivered twice"),
    ("calendar days throughout", lambda d: d.cells("benefits", "days", "31"), REFUSED, "benefits: more_days_than_weekdays in 60 of 60.*calendar days"),
    ("cents for euros", lambda d: d.cells("earnings", "earnings_eur", "99999999"), REFUSED, "earnings: implausible_amount in 60 of 60.*decimal"),
    ("half days throughout", lambda d: d.cells("benefits", "days", "20,5"), REFUSED, "benefits: fractional_days in 60 of 60"),
    ("ids written otherwise", lambda d: d.cells("spells", "person_id", str.upper), REFUSED, "spells: unknown_person in 60 of 60.*written alike"),
    ("American dates", lambda d: d.cells("spells", "start", "03/31/2021"), REFUSED, "spells: unreadable_start in 60 of 60.*date_format"),
    ("days of a spreadsheet", lambda d: d.cells("spells", "start", "44256"), REFUSED, "spells: unreadable_start in 60 of 60"),
    ("empty ids", lambda d: d.cells("spells", "person_id", ""), REFUSED, "spells: missing_person in 60 of 60"),
    ("no language at all", lambda d: d.cells("persons", "native_language", ""), REFUSED, "persons: missing_native_language in 60 of 60"),
    # wrong columns
    ("ids as sex", lambda d: d.layout('sex = "sukupuoli"', 'sex = "henkilo"'), REFUSED, "persons.sex.*not shown"),
    ("ids as language", lambda d: d.layout('native_language = "aidinkieli"', 'native_language = "henkilo"'), REFUSED, "native_language.*not shown"),
    ("birth days as an immigrant", lambda d: d.layout('immigrant = "maahanmuuttaja"', 'immigrant = "syntymapaiva"'), REFUSED, "immigrant.*not shown"),
    ("euros as a benefit", lambda d: d.layout('benefit = "etuus"', 'benefit = "maara_eur"'), REFUSED, "benefits.benefit.*not shown"),
    ("ids as dates", lambda d: d.layout('birth_day = "syntymapaiva"', 'birth_day = "henkilo"'), REFUSED, "unreadable_birth_day in 60 of 60"),
    ("ids as municipalities", lambda d: d.layout('municipality = "kunta"', 'municipality = "henkilo"'), REFUSED, "residence: unknown_municipality in 60 of 60"),
    ("a name in many rows of one person", lambda d: d.lines("spells", lambda r: [r[0], *(f"p0001;Virtanen;;{1 + i}.3.2021;30.6.2021" for i in range(25))]), REFUSED, "spells.state.*not shown"),
    # the layout
    ("no layout", lambda d: (d.raw / "layout.toml").unlink(), REFUSED, "layout.toml is missing.*--guess"),
    ("a folder for a layout", lambda d: ((d.raw / "layout.toml").unlink(), (d.raw / "layout.toml").mkdir()), REFUSED, "is no file of text"),
    ("a pipe for a layout", lambda d: ((d.raw / "layout.toml").unlink(), os.mkfifo(d.raw / "layout.toml")), REFUSED, "is no file of text"),
    ("a layout that is no TOML", lambda d: d.add("files ="), REFUSED, "is not TOML"),
    ("a layout in UTF-16", lambda d: (d.raw / "layout.toml").write_bytes(read(d.raw / "layout.toml").encode("utf-16")), REFUSED, "is not TOML in UTF-8"),
    ("a form without columns", lambda d: (d.layout("[files.persons]", "[[files.persons]]"), d.add('[[files.persons]]\nfile = "persons.csv"')), REFUSED, "files.persons.columns is missing"),
    ("lines before the first", lambda d: d.file("persons", '"persons.csv"\nskip_lines = -1'), REFUSED, "skip_lines: .*greater than or equal to 0"),
    ("text for true", lambda d: d.file("persons", '"persons.csv"\nmay_be_empty = "yes"'), REFUSED, "persons.may_be_empty: .*boolean"),
    ("a list for a separator", lambda d: d.file("persons", '"persons.csv"\nseparator = [";"]'), REFUSED, "separator: a separator is one sign"),
    ("a date as text", lambda d: d.layout("2016-01-01", '"2016-01-01"'), REFUSED, "observed_from: is not a date"),
    ("a window turned round", lambda d: d.layout("2016-01-01", "2031-01-01"), REFUSED, "is not after observed_from"),
    ("a constant that is a list", lambda d: d.layout('sex = "sukupuoli"', "sex = { constant = [1] }"), REFUSED, "columns.sex: write a column as"),
    ("a column twice in a list", lambda d: d.layout('state = "tila"', 'state = ["tila", "tila"]'), REFUSED, "at least two, each once"),
    ("a code table outside", lambda d: (code_file(d, "k;t\nkeski;secondary\n"), d.layout('file = "koodit.csv"', 'file = "../../x.csv"')), REFUSED, "outside the folder"),
    ("a code table that is a folder", lambda d: (code_file(d, "k;t\n"), (d.raw / "koodit.csv").unlink(), (d.raw / "koodit.csv").mkdir()), REFUSED, "no plain file"),
    ("ASCII for Finnish text", lambda d: d.file("spells", '"spells.csv"\nencoding = "ascii"'), REFUSED, "encoding: is no encoding of Finnish text"),
    ("Latin-1 said to be UTF-8", lambda d: (d.bytes("spells", lambda b: b.decode().encode("latin-1")), d.file("spells", '"spells.csv"\nencoding = "utf-8"')), REFUSED, "cannot be read as utf-8"),
    ("latest_by of another table", lambda d: d.file("spells", '"spells.csv"\nlatest_by = "tila"'), REFUSED, "latest_by belongs to .files.persons"),
    # identity codes
    ("identity codes of 2023", glued("131052Y308T"), REFUSED, "personal identity code in 3 rows"),
    ("an identity code in the first line", lambda d: d.lines("persons", lambda r: [r[0] + ";" + hetu, *(f"{x};1" for x in r[1:])]), REFUSED, "first line holds a personal identity code"),
    ("identity codes as ids", lambda d: d.cells("persons", "person_id", hetu), REFUSED, "henkilo holds a personal identity code in 60 rows"),
    ("an identity code in a malformed row", lambda d: d.lines("persons", lambda r: [*r, f"p0001;{hetu}"]), REFUSED, "hold a personal identity code"),
    ("identity codes in a struct", lambda d: more_column(d, pa.array([{"a": hetu}] * MANY)), REFUSED, "lisa holds a personal identity code"),
    ("identity codes in bytes", lambda d: more_column(d, pa.array([hetu.encode()] * MANY)), REFUSED, "lisa holds a personal identity code"),
    ("identity codes in a dictionary", lambda d: more_column(d, pa.array([hetu] * MANY).dictionary_encode()), REFUSED, "lisa holds a personal identity code"),
    # workbooks
    *((f"Excel: {table}", lambda d, table=table: d.excel(table), SAME, "") for table in ROWS),
    ("Excel under another name", lambda d: d.excel("spells", name="spells.csv"), SAME, ""),
    ("Excel with text only", lambda d: d.excel("benefits", text=COLUMNS["benefits"].values()), SAME, ""),
    ("Excel with a second, empty sheet", lambda d: d.excel("spells", lambda b: b.create_sheet("Taul2")), SAME, ""),
    ("Excel with a named sheet", lambda d: sheet_named(d, "Sheet"), SAME, ""),
    ("Excel with two sheets", lambda d: d.excel("spells", second_sheet), REFUSED, "spells.xlsx has several sheets; write one of 'Sheet', 'muistiinpanot' as sheet in .files.spells"),
    ("Excel without the named sheet", lambda d: sheet_named(d, "jaksot"), REFUSED, "has no sheet 'jaksot' with rows; write one of 'Sheet'"),
    ("Excel with a hidden second sheet", lambda d: d.excel("spells", lambda b: (second_sheet(b), setattr(b.worksheets[1], "sheet_state", "hidden"))), REFUSED, "has several sheets"),
    ("Excel with a title above", lambda d: (d.excel("spells", lambda b: (b.active.insert_rows(1), cell("A1", "Toimitus 2025")(b))), d.layout('"spells.xlsx"', '"spells.xlsx"\nskip_lines = 1')), SAME, ""),
    ("Excel with empty lines", lambda d: d.excel("spells", lambda b: (b.active.insert_rows(1), b.active.insert_rows(9), b.active.insert_rows(70))), SAME, ""),
    ("Excel with a wrong dimension", wrong_dimension, SAME, ""),
    ("Excel with an endless row number", far_row, REFUSED, "damaged workbook"),
    ("Excel with lost zeros", lambda d: d.excel("residence", column_of("B", 91)), "residence", "municipality_code_padded"),
    ("Excel dates as text among dates", lambda d: d.excel("spells", cell("E2", "1.6.2021")), SAME, ""),
    ("Excel dates among text with a date_format", lambda d: (d.excel("spells", cell("E2", "1.6.2021")), d.layout('"spells.xlsx"', '"spells.xlsx"\ndate_format = "d.m.yyyy"')), SAME, ""),
    ("Excel dates without their format", lambda d: d.excel("spells", lambda b: (column_of("D", 44256)(b), [setattr(one, "number_format", "General") for one in b.active["D"]])), REFUSED, "spells: unreadable_start in 60 of 60"),
    ("the Excel day 0 of January 1900", lambda d: d.excel("spells", cell("D2", dt.time())), "spells", "unreadable_start"),
    ("Excel dates with a time", lambda d: d.excel("spells", column_of("D", dt.datetime(2021, 3, 1, 12, 30))), SAME, ""),
    ("Excel sums as text among numbers", lambda d: d.excel("earnings", cell("C2", "1 000,25")), SAME, ""),
    ("Excel thousandths among text", lambda d: d.excel("benefits", lambda b: (cell("F2", "700,50")(b), cell("F3", 1.125)(b))), "benefits", "rows_kept"),
    ("Excel codes as numbers", lambda d: d.excel("persons", column_of("F", 0)), SAME, ""),
    ("Excel truth values", lambda d: d.excel("persons", column_of("F", False)), SAME, ""),
    ("Excel service codes as numbers", lambda d: d.excel("spells", cell("C2", 5)), REFUSED, "palvelukoodi holds numbers, but 5 and 05 are different services"),
    ("Excel ids of seventeen digits", lambda d: d.excel("spells", column_of("A", 12345678901234567)), REFUSED, "henkilo holds numbers of more than 15 digits.*deliver them as text"),
    ("Excel formulas", lambda d: d.excel("spells", lambda b: (cell("D2", "=TODAY()")(b), cell("D3", "=D4")(b))), REFUSED, "formulas, or errors such as #N/A, in column alkupvm in 2 rows; .*paste"),
    ("Excel errors", lambda d: d.excel("benefits", cell("E5", "#N/A")), REFUSED, "errors such as #N/A, in column paivat in 1 rows"),
    ("Excel errors in a column that is not read", lambda d: d.excel("spells", lambda b: (cell("F1", "x")(b), cell("F2", "#REF!")(b))), SAME, ""),
    ("Excel with a column without a name", lambda d: d.excel("spells", cell("F2", "huom")), SAME, ""),
    ("Excel with a column name twice", lambda d: d.excel("spells", cell("C1", "tila")), REFUSED, "column names, each once"),
    ("Excel without rows", lambda d: d.excel("benefits", lambda b: b.active.delete_rows(2, MANY)), REFUSED, "benefits: .* has no rows.*may_be_empty"),
    ("Excel without anything", lambda d: d.excel("benefits", lambda b: b.active.delete_rows(1, MANY + 1)), REFUSED, "benefits.xlsx is empty"),
    ("Excel with identity codes", lambda d: d.excel("persons", cell("D3", hetu)), REFUSED, "koulutusaste holds a personal identity code in 1 rows"),
    ("Excel with identity codes in a formula", lambda d: d.excel("spells", lambda b: (cell("F1", "x")(b), cell("F2", f'="{hetu}"')(b))), REFUSED, "x holds a personal identity code in 1 rows"),
    ("Excel with an identity code as a sheet", lambda d: d.excel("spells", lambda b: setattr(b.active, "title", hetu)), REFUSED, "the name of a sheet holds a personal identity code"),
    ("damaged Excel", lambda d: zipped(d, "[Content_Types].xml", "xl/sheet1.xml"), REFUSED, "p.zip is a damaged workbook"),
    ("binary Excel", lambda d: zipped(d, "[Content_Types].xml", "xl/workbook.bin"), REFUSED, "workbook of another kind; save it as an Excel workbook"),
    ("OpenDocument", lambda d: zipped(d, "mimetype", "content.xml"), REFUSED, "workbook of another kind"),
    ("old or locked Excel", lambda d: written(d, "p.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99), REFUSED, "workbook of an old or locked kind; save"),
    ("a sheet of a CSV file", lambda d: d.file("spells", '"spells.csv"\nsheet = "x"'), SAME, ""),
    ("a code table in Excel", excel_codes, SAME, ""),
    ("a code table in Excel with numbers", lambda d: excel_codes(d, 5), REFUSED, "holds numbers or formulas, but codes are text"),
    # encodings, lines and first lines
    ("UTF-16 without a mark", lambda d: d.bytes("persons", lambda b: b.decode().encode("utf-16-le")), SAME, ""),
    ("UTF-16 of big ends without a mark", lambda d: d.bytes("persons", lambda b: b.decode().encode("utf-16-be")), SAME, ""),
    ("UTF-32", lambda d: d.bytes("persons", lambda b: b.decode().encode("utf-32")), SAME, ""),
    ("a mark before the second file", lambda d: second_part(d, lambda t: "\ufeff" + t), SAME, ""),
    ("a mark twice", lambda d: d.bytes("persons", lambda b: 2 * b"\xef\xbb\xbf" + b), SAME, ""),
    ("line ends mixed", lambda d: d.bytes("spells", lambda b: b.replace(b"\n", b"\r\n", 20)), SAME, ""),
    ("the line for the spreadsheet untold", lambda d: d.lines("persons", lambda r: ["sep=;", *r]), SAME, ""),
    ("an empty first line", lambda d: d.lines("spells", lambda r: ["", *r]), REFUSED, "column names, each once; .*skip_lines"),
    ("two separators at every end", lambda d: d.lines("spells", lambda r: [f"{x};;" for x in r]), SAME, ""),
    ("separators at the ends of rows alone", lambda d: d.lines("spells", lambda r: [r[0], *(f"{x};" for x in r[1:])]), REFUSED, "spells: malformed_row in 60 of 60"),
    ("capitals in the first line", lambda d: header(d, "spells", str.upper), REFUSED, "no column henkilo, .*but 5 of them in other letters"),
    ("a mark within the first line", lambda d: header(d, "spells", lambda h: h.replace("tila", "\ufefftila")), SAME, ""),
    ("ä of two signs in the first line", lambda d: (header(d, "spells", lambda h: h.replace("tila", "tila\u0308")), d.layout('state = "tila"', 'state = "til\u00e4"')), SAME, ""),
    ("ö of two signs in codes", lambda d: d.cells("spells", "state", "tyo\u0308to\u0308n"), SAME, ""),
    ("a sum below", lambda d: d.lines("benefits", lambda r: [*r, "Yhteensä;;;;1380;46000,50"]), "benefits", "unknown_person"),
    ("a remark below", lambda d: d.lines("benefits", lambda r: [*r, "# 60 riviä"]), "benefits", "malformed_row"),
    ("codes forced to text for Excel", lambda d: d.cells("residence", "municipality", '"=""091"""'), SAME, ""),
    ("thin blanks for thousands", lambda d: d.cells("earnings", "earnings_eur", lambda t: f"{t[0]}\u2009{t[1:]}"), SAME, ""),
    # files
    ("a zip of a Mac", lambda d: written(d, "q.zip", zip_of(d, more={"__MACOSX/._persons.csv": b"x"})), SAME, ""),
    ("a zip in a zip", lambda d: written(d, "q.zip", zip_of(d, "r.zip", zip_of(d))), SAME, ""),
    ("a zip in gzip", lambda d: written(d, "q.gz", gzip.compress(zip_of(d))), SAME, ""),
    ("a zip with folders", lambda d: written(d, "q.zip", zip_of(d, "toimitus/2025/persons.csv")), SAME, ""),
    ("half a gzip", lambda d: written(d, "p.gz", gzip.compress((d.raw / "persons.csv").read_bytes())[:-20]), REFUSED, "damaged or locked"),
    *((f"a file of another kind: {name}", lambda d, head=head: written(d, "p.dat", head + bytes(range(64))), REFUSED, "p.dat is neither text in columns nor Parquet nor Excel; have it exported") for name, head in {"bzip2": b"BZh91AY", "xz": b"\xfd7zXZ", "7z": b"7z\xbc\xaf", "Feather": b"ARROW1", "SPSS": b"$FL2@(#)", "PDF": b"%PDF-1.7", "JSON": b' [{"a": 1', "HTML": b"<html>", "SQLite": b"SQLite format 3"}.items()),
    ("a file of another kind: SAS", lambda d: written(d, "p.sas7bdat", bytes(12) + b"\xc2\xea\x81\x60" + bytes(range(256))), REFUSED, "p.sas7bdat"),
    ("a file with brackets in its name", lambda d: named(d, "spells[1].csv"), SAME, ""),
    ("a file name with ö of two signs", lambda d: named(d, "tyo\u0308.csv", "ty\u00f6.csv"), SAME, ""),
    ("a file in folders below", lambda d: named(d, "a/b/spells.csv", "**/spells.csv"), SAME, ""),
    ("a link to a file inside", lambda d: ((d.raw / "l.csv").symlink_to(d.raw / "spells.csv"), d.file("spells", '"l.csv"')), SAME, ""),
    ("a file and a link to it", lambda d: ((d.raw / "l.csv").symlink_to(d.raw / "spells.csv"), d.file("spells", '["spells.csv", "l.csv"]')), REFUSED, "named twice"),
    ("a link to itself", lambda d: ((d.raw / "l.csv").symlink_to(d.raw / "l.csv"), d.file("spells", '"l.csv"')), REFUSED, "no name of a file"),
    ("a file and a pattern for it", lambda d: d.file("spells", '["spells.csv", "sp*.csv"]'), REFUSED, "named twice"),
    ("a copy that the pattern finds", lambda d: ((d.raw / "spells_kopio.csv").write_bytes((d.raw / "spells.csv").read_bytes()), d.file("spells", '"spells*.csv"')), "spells", "exact_duplicate"),
    ("a second file without rows", lambda d: second_part(d, lambda t: t.splitlines()[0] + "\n"), REFUSED, "b.csv has no rows under its first line; .*may_be_empty"),
    ("a second file with other columns", lambda d: second_part(d, lambda t: t.replace("tila", "status", 1)), REFUSED, "b.csv: no column tila"),
    ("a second file with tabs", lambda d: second_part(d, lambda t: t.replace(";", "\t")), SAME, ""),
    ("Parquet without rows", lambda d: (d.lines("spells", lambda r: r[:1]), d.parquet("spells")), REFUSED, "has no rows"),
    ("a code table with a short row", lambda d: code_file(d, "k;t\nkeski;secondary\nperus\n"), REFUSED, "fewer fields than the first line"),
    ("a code table of identity codes", lambda d: code_file(d, f"k;t\nkeski;secondary\n{hetu};basic\n"), REFUSED, "koodit.csv holds a personal identity code"),
    ("a code table without rows", lambda d: code_file(d, "k;t\n"), REFUSED, "no rows with columns k and t"),
    ("an empty code table", lambda d: code_file(d, ""), REFUSED, "koodit.csv is empty"),
    ("a code table with a code twice", lambda d: code_file(d, "k;t\nkeski;secondary\nkeski;secondary\n"), SAME, ""),
    # dates and numbers
    ("midnights of Finland as UTC in text", lambda d: d.cells("spells", "start", "2021-02-28T22:00:00Z"), SAME, ""),
    ("times of day as UTC in text", lambda d: d.cells("spells", "start", lambda t: "2021-02-28T22:30:00Z", 7), SAME, ""),
    ("midnights with their zone in text", lambda d: d.cells("spells", "start", "2021-03-01T00:00:00+02:00"), SAME, ""),
    ("times of day in UTC", lambda d: d.parquet("spells", alkupvm=lambda t: pa.array(pd.to_datetime(["2021-02-28T22:00:00Z"] * 59 + ["2021-02-28T22:30:00Z"]))), SAME, ""),
    ("midnights of New York", lambda d: d.parquet("spells", **both_dates(days("America/New_York"))), SAME, ""),
    ("an open end as UTC in text", lambda d: d.cells("residence", "end", "9999-12-31T23:59:59Z"), SAME, ""),
    ("the day 1900-01-00", lambda d: d.cells("spells", "start", "1900-01-00", 2), "spells", "unreadable_start"),
    ("31 June", lambda d: d.cells("spells", "end", "31.6.2021", 2), "spells", "unreadable_end"),
    ("two forms of dates", lambda d: d.cells("spells", "start", "2021-03-01", 30), SAME, ""),
    ("years of two digits", lambda d: d.cells("spells", "start", "1.3.21"), REFUSED, "spells: unreadable_start in 60 of 60.*date_format"),
    ("seconds since 1970", lambda d: d.parquet("spells", alkupvm=lambda t: pa.array([1614556800] * len(t))), REFUSED, "spells: unreadable_start in 60 of 60"),
    ("spans of time as dates", lambda d: d.parquet("spells", alkupvm=lambda t: pa.array([dt.timedelta(1)] * len(t))), REFUSED, "start .column alkupvm. holds duration"),
    ("times of day as dates", lambda d: d.parquet("spells", alkupvm=lambda t: pa.array([dt.time(1)] * len(t))), REFUSED, "start .column alkupvm. holds time"),
    ("years of birth alone", lambda d: d.cells("persons", "birth_day", "1980"), "persons", "born_1_january"),
    ("cents without a point", lambda d: d.cells("earnings", "earnings_eur", lambda t: t.replace(",", "")), REFUSED, "earnings: high_amount in 60 of 60.*are these cents"),
    ("cents of benefits", lambda d: d.cells("benefits", "amount_eur", lambda t: t.replace(",", "")), REFUSED, "benefits: high_amount in 60 of 60.*are these cents"),
    ("no euros of benefits", lambda d: d.cells("benefits", "amount_eur", "0"), REFUSED, "benefits: zero_amount in 60 of 60.*mapped to amount_eur"),
    ("the start mapped to the end", lambda d: d.layout('end = "loppupvm"\n[files.benefits]', 'end = "alkupvm"\n[files.benefits]'), REFUSED, "spells: one_day_spell in 60 of 60.*mapped to end"),
    ("a stay and a half at once", lambda d: d.lines("residence", lambda r: [*r, *(f"{x};049;1.1.2018;31.12.9999" for x in PEOPLE[:5])]), "residence", "overlapping_residence"),
    ("spells of one state that overlap", lambda d: d.lines("spells", lambda r: [*r, *(f"{x};työtön;;15.3.2021;30.9.2021" for x in PEOPLE)]), "spells", "overlapping_spell"),
    ("numbers in brackets", lambda d: d.cells("earnings", "earnings_eur", lambda t: f"({t})", 2), "earnings", "unreadable_earnings_eur"),
    ("the latest by number, not by text", lambda d: years(d, 10, 9), SAME, ""),
    ("the latest by date, not by text", lambda d: years(d, "1.12.2019", "2.1.2018"), SAME, ""),
    # ids
    ("ids of floats beyond 2^53", lambda d: ids(d, lambda t: t.replace("p", "1844674407370955"), pa.float64()), REFUSED, "column henkilo. holds ids as floats, too long to be exact"),
    ("ids of floats beyond 2^24", lambda d: ids(d, lambda t: t.replace("p", "2844"), pa.float32()), REFUSED, "holds ids as floats, too long to be exact"),
    ("ids that are fractions", lambda d: d.parquet("persons", henkilo=lambda t: pa.array([i + 0.5 for i in range(len(t))])), REFUSED, "henkilo. holds fractions, which are no ids"),
    ("ids that are truth values", lambda d: d.parquet("persons", henkilo=lambda t: pa.array([True] * len(t))), REFUSED, "henkilo. holds truth values, which are no ids"),
    ("ids below nought", lambda d: (ids(d, lambda t: t.replace("p", "-1")), d.parquet("spells", henkilo=lambda t: pa.array(t.astype(int)))), "spells", "rows_kept"),
    ("ids without their zeros in one file", lambda d: (ids(d, lambda t: t.replace("p", "0")), d.cells("spells", "person_id", lambda t: t.lstrip("0") or "0")), REFUSED, "spells: unknown_person in 60 of 60.*written alike"),
    ("service codes as floats with gaps", lambda d: d.parquet("spells", palvelukoodi=lambda t: pa.array([5.0, None] * 30)), REFUSED, "palvelukoodi. holds numbers, but 5 and 05"),
    ("signs of the terminal in codes", lambda d: d.cells("spells", "state", "\x1b[31mx", 20), REFUSED, "spells.state.*not shown"),
    # identity codes
    *((f"identity codes with the sign {sign}", glued(f"131052{sign}308T"), REFUSED, "personal identity code in 3 rows") for sign in "+ABCDEFUVWX"),
    ("identity codes with a whole year", glued("13101952-308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes with points", glued("13.10.1952-308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes of wide digits", glued("１３１０５２-308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes with a sign of no width", glued("131052\u200b-308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes with a soft hyphen", glued("131052\u00ad308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes of an address", glued("131052%2D308T"), REFUSED, "personal identity code in 3 rows"),
    ("identity codes as floats", lambda d: more_column(d, pa.array([1310523140.0] * MANY)), REFUSED, "lisa holds a personal identity code"),
    ("identity codes in two columns", lambda d: d.lines("persons", lambda r: [f"{r[0]};loppu", *(f"{x};{check_character(x.split(';')[1])}" for x in r[1:])]), REFUSED, "columns syntymapaiva and loppu together hold personal identity codes"),
    ("four digits beside dates", lambda d: d.lines("persons", lambda r: [f"{r[0]};nro", *(f"{x};{1000 + i}" for i, x in enumerate(r[1:]))]), SAME, ""),
    ("an identity code in a skipped line", lambda d: (d.lines("persons", lambda r: [hetu, *r]), d.file("persons", '"persons.csv"\nskip_lines = 1')), REFUSED, "lines that are skipped hold a personal identity code"),
    ("an identity code as a file", lambda d: named(d, f"{hetu}.csv"), REFUSED, "the name of a file holds a personal identity code|layout.toml holds a personal"),
    ("an identity code as a file that a pattern finds", lambda d: named(d, f"{hetu}.csv", "*T.csv"), REFUSED, "the name of a file holds a personal identity code"),
    ("an identity code as a folder", lambda d: named(d, f"{hetu}/spells.csv", "*/spells.csv"), REFUSED, "the name of a file holds a personal identity code"),
    ("an identity code inside a zip", lambda d: written(d, "q.zip", zip_of(d, f"{hetu}.csv")), REFUSED, "the name of a file holds a personal identity code"),
    ("an identity code as a column of the layout", lambda d: d.layout('state = "tila"', f'state = "{hetu}"'), REFUSED, "layout.toml holds a personal identity code"),
    ("an identity code as a code of the layout", lambda d: d.add(f'[codes.residence.municipality]\n"{hetu}" = "091"'), REFUSED, "layout.toml holds a personal identity code"),
    ("typed dates and truth values beside four digits", beside_typed, SAME, ""),
    ("codes of two columns that hold the joint", joint_inside, SAME, ""),
    ("a year that no number holds", lambda d: d.lines("area_costs", lambda r: [*r, r[1].replace("2021", "9" * 30)]), "area_costs", "rows_kept"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "do", "outcome", "words"), KINDS, ids=[kind[0] for kind in KINDS])
def test_each_kind_is_refused_counted_or_the_same(tmp_path, clean, what, do, outcome, words):
    as_told(tmp_path, clean, do, outcome, words)


@pytest.mark.parametrize(("what", "do", "outcome", "words"), KINDS[::4], ids=[kind[0] for kind in KINDS[::4]])
def test_so_is_each_kind_in_large_files(tmp_path, clean, monkeypatch, what, do, outcome, words):
    """Read as large files are, in pieces, values that hardly repeat row by row, and by buckets of persons."""
    monkeypatch.setattr(pieces, "PIECE", 500)
    monkeypatch.setattr(files, "SAMPLES", (2,))
    monkeypatch.setattr("evaluation.registers.ingest.PERSONS", 17)
    as_told(tmp_path, clean, do, outcome, words.replace(f"{MANY} rows", r"\d+ rows"))


def as_told(tmp_path, clean, do, outcome, words):
    delivery = Delivery(tmp_path)
    do(delivery)
    if outcome == REFUSED:
        with pytest.raises((ValueError, FileNotFoundError), match=f"(?s){words}") as error:
            registers.ingest(delivery.raw, tmp_path / "out", reference=REFERENCE)
        assert not [secret for secret in SECRETS if secret in str(error.value)], str(error.value)
        assert not list(tmp_path.glob("out/**/*.parquet"))  # nothing was stored
        assert not list(tmp_path.glob("out/*"))  # and nothing of it lies about
        return
    quality = registers.ingest(delivery.raw, tmp_path / "out", reference=REFERENCE)
    found = stored.load(tmp_path / "out")
    if outcome == SAME:
        for name in schemas.REGISTER_TABLES:
            pd.testing.assert_frame_equal(getattr(clean, name), getattr(found, name))
        return
    assert quality.query("table == @outcome and rule == @words")["rows"].item() > 0


def test_the_same_tables_as_csv_parquet_excel_gzip_and_several_files_are_identical(tmp_path, clean):
    """All tables at once in each form, to the byte of the processed files."""
    stored = []
    for form in ("csv", "date32", "timestamp", "zone", "gzip", "parts", "excel"):
        d = Delivery(tmp_path / form)
        for table in ("persons", "residence", "spells", "benefits", "earnings"):
            names = COLUMNS[table]
            kinds = {"date32": days(kind=pa.date32()), "timestamp": days(unit="ns"), "zone": days("UTC")}
            if form in kinds:
                columns = {
                    raw: kinds[form] for new, raw in names.items() if new in ("birth_day", "start", "end")
                }
                columns |= {raw: euros(pa.float64()) for new, raw in names.items() if new.endswith("_eur")}
                d.parquet(table, **columns)
            elif form == "excel":
                d.excel(table)
            elif form == "gzip":
                written(d, f"{table}.gz", gzip.compress((d.raw / f"{table}.csv").read_bytes()), table)
            elif form == "parts":
                head, *lines = read(d.raw / f"{table}.csv").splitlines()
                for part in range(3):
                    text = "\n".join([head, *lines[part::3]]) + "\n"
                    (d.raw / f"{table}_{part}.csv").write_text(text, encoding="utf-8")
                d.file(table, f'"{table}_*.csv"')
        registers.ingest(d.raw, tmp_path / form / "out", reference=REFERENCE)
        folder = tmp_path / form / "out" / "register"
        stored.append({name: (folder / f"{name}.parquet").read_bytes() for name in schemas.REGISTER_TABLES})
    assert all(one == stored[0] for one in stored)


def test_the_limits_of_the_layout_replace_those_of_the_rules(tmp_path):
    d = Delivery(tmp_path)
    d.cells("residence", "municipality", "999", 54)
    d.add("[limits.residence]\nunknown_municipality = { stop = 1.0 }\nrows_lost = { stop = 1.0 }")
    d.add("[limits.persons.without_residence]\nstop = 1.0")
    quality = registers.ingest(d.raw, tmp_path / "out", reference=REFERENCE)
    assert quality.query("rule == 'unknown_municipality'")["rows"].tolist() == [54]


def test_all_faults_of_a_delivery_are_told_at_once(tmp_path):
    d = Delivery(tmp_path)
    d.cells("spells", "state", "lomalla", 30)
    d.layout('benefit = "etuus"', 'benefit = "laji"')
    with pytest.raises(registers.DeliveryRefused) as error:
        registers.ingest(d.raw, tmp_path / "out", reference=REFERENCE)
    assert len(error.value.problems) == 2
    assert np.all(error.value.quality["rows"] >= 0)


def test_the_catalogue_names_every_kind_once():
    names = [kind[0] for kind in KINDS]
    assert len(set(names)) == len(names) > 370 and set(CODES) <= set(ROWS)

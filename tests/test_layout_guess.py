"""A layout proposed from a delivery: it reads what it describes, and shows nothing of a person."""

import gzip
import shutil
import tomllib
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from evaluation import schemas
from evaluation.__main__ import main
from evaluation.deliveries import guess as guessing
from evaluation.deliveries.guess import guess
from evaluation.registers import ingest as registers
from evaluation.registers import stored
from evaluation.simulation.register import simulate
from small_register import TRIALS
from test_delivery_faults import SECRETS, Delivery, days, read
from test_registers import REFERENCE


def test_a_guessed_layout_reads_a_simulated_delivery_like_its_own(tmp_path, capsys):
    raw = tmp_path / "raw"
    raw.mkdir()
    simulate(raw, TRIALS, seed=3, persons=1500, reference=REFERENCE)
    registers.ingest(raw, tmp_path / "own", reference=REFERENCE)
    (raw / "layout.toml").unlink()
    assert main(["layout", "--guess", str(raw)]) == 0
    draft = capsys.readouterr().out
    (raw / "layout.toml").write_text(draft, encoding="utf-8")
    registers.ingest(raw, tmp_path / "guessed", reference=REFERENCE)
    own, guessed = (stored.load(tmp_path / name) for name in ("own", "guessed"))
    for name in schemas.REGISTER_TABLES:
        pd.testing.assert_frame_equal(getattr(own, name), getattr(guessed, name))
    layout = tomllib.loads(draft)
    assert layout["files"]["spells"]["separator"] == "," and layout["files"]["benefits"]["decimal"] == ","
    assert layout["files"]["persons"]["date_format"] == "d.m.yyyy"
    assert '"suomi" = "fi"  # ' in draft


def test_codes_of_fewer_than_ten_persons_are_not_shown_and_unknown_ones_are_left_open(tmp_path):
    d = Delivery(tmp_path)
    d.cells("spells", "state", "harvinainen", 9)
    d.cells("benefits", "benefit", "kotihoito", 12)
    draft = guess(d.raw)
    assert "harvinainen" not in draft and "1 more codes are rare" in draft
    assert '# "kotihoito" = "?"  # 12 persons' in draft
    tomllib.loads(draft)


def no_header(d):
    for table in ("persons", "residence", "spells", "benefits", "earnings"):
        d.lines(table, lambda rows: rows[1:])


def names_and_ids_as_codes(d):
    d.lines(
        "spells", lambda rows: [rows[0], *(12 * [row.replace("työtön", "Virtanen") for row in rows[1:3]])]
    )
    d.lines("benefits", lambda rows: [rows[0], *(12 * [row.replace("tmt", row[:5]) for row in rows[1:9]])])
    d.lines("persons", lambda rows: [rows[0], *(row.replace("keski", row[6:14]) for row in rows[1:])])


@pytest.mark.parametrize(
    "damage",
    [
        no_header,
        names_and_ids_as_codes,
        lambda d: d.cells("persons", "education", "131052-308T", 12),
        lambda d: d.parquet("spells", alkupvm=days(), loppupvm=days("UTC")),
        lambda d: (d.raw / "x.gz").write_bytes(gzip.compress((d.raw / "spells.csv").read_bytes())),
        lambda d: (d.raw / "x.bin").write_bytes(bytes(range(256))),
        lambda d: (d.raw / "empty.csv").write_bytes(b""),
        lambda d: shutil.copytree(d.raw, d.raw / "below"),
    ],
)
def test_no_draft_holds_a_value_of_a_person_and_each_is_toml(tmp_path, damage):
    d = Delivery(tmp_path)
    damage(d)
    draft = guess(d.raw)
    tomllib.loads(draft)
    assert not [secret for secret in SECRETS if secret in draft]


def test_files_with_the_same_columns_are_one_table(tmp_path):
    d = Delivery(tmp_path)
    head, *lines = read(d.raw / "spells.csv").splitlines()
    for year, rows in ((2020, lines[:20]), (2021, lines[20:])):
        (d.raw / f"jaksot_{year}.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    (d.raw / "spells.csv").unlink()
    assert tomllib.loads(guess(d.raw))["files"]["spells"]["file"] == ["jaksot_2020.csv", "jaksot_2021.csv"]


def test_sheets_of_a_workbook_are_tables_of_their_own(tmp_path):
    d, book = Delivery(tmp_path), openpyxl.Workbook()
    book.remove(book.active)
    for table in schemas.REGISTER_TABLES:
        sheet = book.create_sheet(table)
        for line in read(d.raw / f"{table}.csv").splitlines():
            sheet.append(line.split(";"))
        (d.raw / f"{table}.csv").unlink()
    book.save(d.raw / "toimitus.xlsx")
    files = tomllib.loads(guess(d.raw))["files"]
    assert {name: (part["file"], part["sheet"]) for name, part in files.items()} == {
        name: ("toimitus.xlsx", name) for name in schemas.REGISTER_TABLES
    }


def test_a_folder_without_files_is_told_in_a_sentence(tmp_path, capsys):
    assert main(["layout", "--guess", str(tmp_path / "nowhere")]) == 2
    assert "holds no files; give the folder of a delivery" in capsys.readouterr().err


def test_usual_names_and_codes_are_those_of_the_contract():
    usual = tomllib.loads((Path(guessing.__file__).parent / "usual.toml").read_text(encoding="utf-8"))
    columns = {one.name: one for table in schemas.REGISTER_TABLES.values() for one in table.columns}
    assert set(usual["names"]) <= set(columns)
    for name, codes in usual["codes"].items():
        assert set(codes) <= set(columns[name].allowed or ("true", "false"))

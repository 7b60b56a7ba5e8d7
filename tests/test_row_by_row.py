"""Values that hardly repeat are read row by row: what is told and kept is the same as value by value."""

import pytest

from evaluation.deliveries import files, pieces
from evaluation.registers import ingest as registers
from test_delivery_faults import MANY, PEOPLE, Delivery
from test_registers import REFERENCE, rows_of


@pytest.mark.parametrize("samples", [(2,), (10**6,)], ids=["row by row", "value by value"])
def test_a_name_in_many_rows_of_one_person_is_never_quoted(tmp_path, monkeypatch, samples):
    """Rows in the middle tell that pseudonyms hardly repeat; those of one person stand before them."""
    monkeypatch.setattr(files, "SAMPLES", samples)
    d = Delivery(tmp_path)
    own = [f"{PEOPLE[0]};Virtanen;;{day}.3.2021;30.6.2021" for day in range(1, 13)]
    d.lines("spells", lambda rows: [rows[0], *own, *rows[1:]])
    with pytest.raises(ValueError, match=r"unknown codes in 12 of 72 rows \(rare or personal") as error:
        registers.ingest(d.raw, tmp_path / "out", reference=REFERENCE)
    assert "Virtanen" not in str(error.value)


@pytest.mark.parametrize("samples", [(2,), (10**6,)], ids=["row by row", "value by value"])
def test_a_code_of_ten_persons_is_quoted_so_that_it_can_be_mapped(tmp_path, monkeypatch, samples):
    monkeypatch.setattr(files, "SAMPLES", samples)
    d = Delivery(tmp_path)
    d.cells("spells", "state", "koodi", 10)
    with pytest.raises(ValueError, match=rf"1 unknown codes in 10 of {MANY} rows \(koodi\);"):
        registers.ingest(d.raw, tmp_path / "out", reference=REFERENCE)


@pytest.mark.parametrize("piece", [1 << 24, 400])
def test_equal_rows_are_one_whatever_stands_beside_them(tmp_path, monkeypatch, piece):
    """Midnights of a zone east of Finland, in one piece with times of day and in another without."""
    monkeypatch.setattr(pieces, "PIECE", piece)
    d = Delivery(tmp_path)
    d.cells("spells", "start", "2021-03-01T00:00:00+05:00")
    d.lines("spells", lambda rows: [*rows, rows[1], rows[2].replace("T00:00", "T23:30")])
    quality = registers.ingest(d.raw, tmp_path / "out", reference=REFERENCE)
    assert rows_of(quality, "spells", "exact_duplicate") == 1
    assert rows_of(quality, "spells", "rows_kept") == MANY

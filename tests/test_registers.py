"""Raw deliveries in every form they come in, and what the reader does about their dirt."""

import hashlib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from evaluation import schemas
from evaluation.deliveries.identity import holds_identity_code, refuse_identity_codes, with_identity_code
from evaluation.deliveries.layout import read_layout
from evaluation.deliveries.values import RawColumn, months_of, parse_days, parse_numbers
from evaluation.registers import ingest as registers
from evaluation.registers import stored

REFERENCE = Path(__file__).parents[1] / "data" / "raw" / "reference"
COLUMNS = {
    "persons": {
        "person_id": "henkilo",
        "birth_day": "syntymapaiva",
        "sex": "sukupuoli",
        "education": "koulutusaste",
        "native_language": "aidinkieli",
        "immigrant": "maahanmuuttaja",
    },
    "residence": {"person_id": "henkilo", "municipality": "kunta", "start": "alkupvm", "end": "loppupvm"},
    "spells": {
        "person_id": "henkilo",
        "state": "tila",
        "code": "palvelukoodi",
        "start": "alkupvm",
        "end": "loppupvm",
    },
    "benefits": {
        "person_id": "henkilo",
        "benefit": "etuus",
        "start": "alkupvm",
        "end": "loppupvm",
        "days": "paivat",
        "amount_eur": "maara_eur",
    },
    "earnings": {"person_id": "henkilo", "month": "kuukausi", "earnings_eur": "ansio_eur"},
    "area_costs": {
        "area": "alue",
        "year": "vuosi",
        "item": "era",
        "payer": "maksaja",
        "amount_eur": "maara_eur",
        "source": "lahde",
        "status": "laatu",
    },
}
CODES = {
    "persons": {
        "sex": {"1": "male", "2": "female"},
        "education": {"perus": "basic", "keski": "secondary", "korkea": "tertiary"},
        "native_language": {"muu": "other"},
    },
    "spells": {"state": {"työtön": "unemployed", "palvelu": "service", "työssä": "open_employment"}},
    "benefits": {"benefit": {"tmt": "labour_market_support"}},
    "area_costs": {"payer": {"kunta": "municipality"}, "status": {"julkaistu": "published"}},
}
ROWS = {
    "persons": ["b2;1.5.1990;1;keski;fi;0", "a1;31.12.1970;2;perus;sv;0", "c3;1.1.2000;2;korkea;muu;1"],
    "residence": ["a1;091;1.1.2016;31.12.9999", "b2;091;1.1.2016;", "c3;049;1.1.2016;31.12.9999"],
    "spells": ["b2;työtön;;1.3.2021;30.6.2021", "a1;palvelu;05;1.3.2021;31.3.2021"],
    "benefits": ["b2;tmt;1.3.2021;31.3.2021;23;776,94"],
    "earnings": ["a1;2021-03;1 234,50", "b2;2021-04;2000"],
    "area_costs": ["helsinki;2021;henkilöstö;kunta;1000000;tilinpäätös;julkaistu"],
}
DAY = {text: int(np.datetime64(text, "D").astype(int)) for text in ("2021-03-01", "2021-07-01", "2025-01-01")}


def deliver(folder, *, rows=None, separator=";", encoding="utf-8", options="", columns=None, codes=None):
    """Write a delivery of a few rows and its layout."""
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    columns, codes = {**COLUMNS, **(columns or {})}, {**CODES, **(codes or {})}
    layout = ["simulated = true", "observed_from = 2016-01-01", "observed_until = 2024-12-31"]
    for table, lines in {**ROWS, **(rows or {})}.items():
        names = columns[table]
        text = "\n".join([";".join(names.values()), *lines]) + "\n"
        if separator != ";":
            text = text.replace(",", ".").replace(";", separator)
        (raw / f"{table}.csv").write_bytes(text.encode(encoding))
        layout += [f"[files.{table}]", f'file = "{table}.csv"', options, f"[files.{table}.columns]"]
        layout += [f'{new} = "{old}"' for new, old in names.items()]
    for table, mappings in codes.items():
        for column, mapping in mappings.items():
            layout += [f"[codes.{table}.{column}]", *(f'"{a}" = "{b}"' for a, b in mapping.items())]
    (raw / "layout.toml").write_text("\n".join(layout), encoding="utf-8")
    return raw


def ingest(folder, **delivery):
    quality = registers.ingest(deliver(folder, **delivery), folder / "processed", reference=REFERENCE)
    return stored.load(folder / "processed"), quality


def rows_of(quality, table, rule):
    found = quality.query("table == @table and rule == @rule")
    assert len(found) == 1, f"{table}: {rule} is not among {sorted(quality.query('table == @table').rule)}"
    return int(found["rows"].iloc[0])


def test_a_clean_delivery_becomes_the_canonical_register(tmp_path):
    register, quality = ingest(tmp_path)
    assert register.simulated and register.observed_until == DAY["2025-01-01"]
    assert register.persons["person_id"].tolist() == [0, 1, 2]
    assert register.persons["sex"].tolist() == ["female", "male", "female"]  # sorted by pseudonym
    assert register.persons["native_language"].tolist() == ["sv", "fi", "other"]
    assert register.persons["immigrant"].tolist() == [False, False, True]
    spell = register.spells.query("state == 'unemployed'").iloc[0]
    assert (spell["person_id"], spell["start"], spell["end"]) == (1, DAY["2021-03-01"], DAY["2021-07-01"])
    assert register.spells["code"].tolist() == ["05", ""]
    assert register.residence["end"].tolist() == [DAY["2025-01-01"]] * 3
    assert register.benefits["amount_eur"].tolist() == [776.94]
    assert register.earnings["earnings_eur"].tolist() == [1234.5, 2000.0]
    assert register.earnings["month"].tolist() == [614, 615]
    assert register.area_costs.loc[0, "item"] == "henkilöstö"
    for name, table in schemas.REGISTER_TABLES.items():
        frame = getattr(register, name)
        schemas.check(frame, table)
        for column in table.columns:
            assert frame[column.name].dtype == schemas.DTYPES[column.kind], (name, column.name)
    assert not quality.query("action == 'dropped'")["rows"].any()
    files = {path.stem for path in (tmp_path / "processed" / "register").iterdir()}
    assert files == {*schemas.REGISTER_TABLES, "quality", "register"}  # and no key to the pseudonyms


@pytest.mark.parametrize(
    "form",
    [
        {"encoding": "utf-8-sig"},
        {"encoding": "latin-1"},
        {"encoding": "latin-1", "options": 'encoding = "latin-1"\nseparator = ";"\ndecimal = ","'},
        {"separator": ","},
        {"separator": "\t", "options": 'date_format = "d.m.yyyy"'},
    ],
    ids=["bom", "latin-1 found out", "latin-1 declared", "comma and decimal point", "tab"],
)
def test_encodings_separators_and_decimals_make_no_difference(tmp_path, form):
    plain, _ = ingest(tmp_path / "plain")
    other, _ = ingest(tmp_path / "other", **form)
    for name in schemas.REGISTER_TABLES:
        pd.testing.assert_frame_equal(getattr(plain, name), getattr(other, name))


def test_parquet_with_real_types_gives_the_same_register(tmp_path):
    plain, _ = ingest(tmp_path / "plain")
    raw = deliver(tmp_path / "parquet")
    frame = pd.read_csv(raw / "spells.csv", sep=";", dtype=str)
    for column in ("alkupvm", "loppupvm"):
        frame[column] = pd.to_datetime(frame[column], format="%d.%m.%Y")
    frame.to_parquet(raw / "spells.parquet")
    benefits = pd.read_csv(raw / "benefits.csv", sep=";", decimal=",", dtype={"henkilo": str})
    benefits.to_parquet(raw / "benefits.parquet")
    layout = (raw / "layout.toml").read_text(encoding="utf-8")
    layout = layout.replace("spells.csv", "spells.parquet").replace("benefits.csv", "benefits.parquet")
    (raw / "layout.toml").write_text(layout, encoding="utf-8")
    registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    other = stored.load(tmp_path / "out")
    pd.testing.assert_frame_equal(plain.spells, other.spells)
    pd.testing.assert_frame_equal(plain.benefits, other.benefits)


def as_parquet(tmp_path, name, types, *, rows=None):
    """A delivery in which one table comes as Parquet with the given type of each raw column."""
    raw = deliver(tmp_path, options='date_format = "d.m.yyyy"\ndecimal = ","', rows=rows)
    frame = pd.read_csv(raw / f"{name}.csv", sep=";", dtype=str)
    arrays = {}
    for column in frame:
        kind = types.get(column, pa.string())
        values = frame[column]
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            zone = getattr(kind, "tz", None)
            days = pd.to_datetime(values, format="%d.%m.%Y")
            days = days.dt.tz_localize(zone).dt.tz_convert("UTC") if zone else days
            arrays[column] = pa.array(days, from_pandas=True).cast(kind)
        elif pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string(kind):
            arrays[column] = pa.array(values, from_pandas=True).cast(
                kind if kind != pa.string() else pa.string()
            )
        else:
            numbers = values.str.replace(",", ".").map(Decimal, na_action="ignore")
            if not pa.types.is_decimal(kind):
                numbers = numbers.astype(float)
            arrays[column] = pa.array(numbers, from_pandas=True).cast(kind)
    pyarrow.parquet.write_table(pa.table(arrays), raw / f"{name}.parquet")
    layout = (raw / "layout.toml").read_text(encoding="utf-8").replace(f"{name}.csv", f"{name}.parquet")
    (raw / "layout.toml").write_text(layout, encoding="utf-8")
    registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    return stored.load(tmp_path / "out")


DAYS = [pa.date32(), pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", tz="Europe/Helsinki")]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("number", [pa.float64(), pa.decimal128(12, 2)], ids=str)
def test_typed_files_mean_the_same_whatever_the_layout_says_of_text(tmp_path, day, number):
    plain, _ = ingest(tmp_path / "plain")
    name = COLUMNS["benefits"]
    types = {name["start"]: day, name["end"]: day, name["amount_eur"]: number, name["days"]: pa.int64()}
    types[name["benefit"]] = pa.dictionary(pa.int32(), pa.string())
    types[name["person_id"]] = pa.large_string()
    other = as_parquet(tmp_path / "other", "benefits", types)
    pd.testing.assert_frame_equal(plain.benefits, other.benefits)


def test_euros_with_three_decimals_keep_their_point(tmp_path):
    raw = deliver(tmp_path, options='decimal = ","')
    frame = pd.read_csv(
        raw / "benefits.csv", sep=";", decimal=",", dtype={COLUMNS["benefits"]["person_id"]: str}
    )
    frame[COLUMNS["benefits"]["amount_eur"]] = 1234.125
    frame.to_parquet(raw / "benefits.parquet")
    layout = (raw / "layout.toml").read_text(encoding="utf-8").replace("benefits.csv", "benefits.parquet")
    (raw / "layout.toml").write_text(layout, encoding="utf-8")
    registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    assert set(stored.load(tmp_path / "out").benefits["amount_eur"]) == {1234.125}


def test_lists_and_structs_are_refused_with_the_column_and_what_to_deliver(tmp_path):
    raw = deliver(tmp_path)
    frame = pd.read_csv(raw / "spells.csv", sep=";", dtype=str)
    for values in ([["a"]] * len(frame), [{"a": 1}] * len(frame)):
        frame.assign(alkupvm=values).to_parquet(raw / "spells.parquet")
        layout = (raw / "layout.toml").read_text(encoding="utf-8").replace("spells.csv", "spells.parquet")
        (raw / "layout.toml").write_text(layout, encoding="utf-8")
        with pytest.raises(ValueError, match=r"column alkupvm holds lists.*one plain value a row"):
            registers.ingest(raw, tmp_path / "out", reference=REFERENCE)


def test_service_codes_delivered_as_numbers_are_refused(tmp_path):
    raw = deliver(tmp_path)
    frame = pd.read_csv(raw / "spells.csv", sep=";", dtype=str).assign(palvelukoodi=[5, 5])
    frame.to_parquet(raw / "spells.parquet")
    layout = (raw / "layout.toml").read_text(encoding="utf-8").replace("spells.csv", "spells.parquet")
    (raw / "layout.toml").write_text(layout, encoding="utf-8")
    with pytest.raises(ValueError, match=r"palvelukoodi.* holds numbers.*5 and 05"):
        registers.ingest(raw, tmp_path / "out", reference=REFERENCE)


@pytest.fixture(scope="module")
def clean_quality(tmp_path_factory):
    return ingest(tmp_path_factory.mktemp("clean"))[1]


PERSON_DIRT = [
    ("exact_duplicate", "b2;1.5.1990;1;keski;fi;0", "dropped"),
    ("repeated_person", "b2;1.5.1991;1;keski;fi;0", "dropped"),
    ("missing_person", ";1.5.1990;1;keski;fi;0", "dropped"),
    ("missing_birth_day", "d4;;1;keski;fi;0", "dropped"),
    ("placeholder_date", "d4;1.1.1900;1;keski;fi;0", "dropped"),
    ("birth_after_window", "d4;1.1.2030;1;keski;fi;0", "dropped"),
    ("missing_native_language", "d4;1.1.1980;1;keski;;0", "dropped"),
    ("missing_sex", "d4;1.1.1980;;keski;fi;0", "mended"),
    ("missing_education", "d4;1.1.1980;1;;fi;0", "mended"),
    ("missing_immigrant", "d4;1.1.1980;1;perus;fi;", "mended"),
    ("unreadable_birth_day", "d4;31.2.1980;1;perus;fi;0", "kept"),
    ("malformed_row", "d4;1.1.1980;1;perus;fi;0;1;2", "dropped"),
]
RESIDENCE_DIRT = [
    ("exact_duplicate", "a1;091;1.1.2016;31.12.9999", "dropped"),
    ("unknown_person", "z9;091;1.1.2016;31.12.9999", "dropped"),
    ("unknown_municipality", "a1;999;1.1.2018;1.1.2019", "dropped"),
    ("missing_municipality", "a1;;1.1.2018;1.1.2019", "dropped"),
    ("reversed_interval", "a1;049;1.1.2019;1.1.2018", "dropped"),
    ("starts_after_window", "a1;049;1.1.2025;", "dropped"),
    ("repeated_start", "a1;049;1.1.2016;31.12.2016", "dropped"),
    ("overlapping_residence", "a1;049;1.1.2018;31.12.9999", "mended"),
    ("municipality_code_padded", "a1;49;1.1.2018;31.12.9999", "mended"),
    ("unknown_start", "a1;049;1.1.1900;31.12.2015", "mended"),
    ("ends_after_window", "a1;049;1.1.2018;31.12.2026", "mended"),
]
SPELL_DIRT = [
    ("exact_duplicate", "b2;työtön;;1.3.2021;30.6.2021", "dropped"),
    ("repeated_start", "b2;työtön;;1.3.2021;30.4.2021", "dropped"),
    ("reversed_interval", "b2;työtön;;1.3.2022;1.2.2022", "dropped"),
    ("missing_start", "b2;työtön;;;1.2.2022", "dropped"),
    ("placeholder_date", "b2;työtön;;1.1.1900;1.2.2022", "dropped"),
    ("placeholder_end", "b2;työtön;;1.1.2020;1.1.1900", "dropped"),
    ("missing_state", "b2;;;1.3.2022;1.4.2022", "dropped"),
    ("before_birth", "b2;työtön;;1.3.1985;1.4.1986", "dropped"),
    ("open_end", "b2;työtön;;1.3.2022;31.12.9999", "mended"),
    ("missing_service_code", "b2;palvelu;;1.3.2022;1.4.2022", "kept"),
    ("unknown_service_code", "b2;palvelu;ZZ;1.3.2022;1.4.2022", "kept"),
]
OTHER_DIRT = [
    ("benefits", "missing_amount", "b2;tmt;1.4.2021;30.4.2021;22;", "dropped"),
    ("benefits", "missing_days", "b2;tmt;1.4.2021;30.4.2021;;743,16", "mended"),
    ("benefits", "joined_period", "b2;tmt;1.3.2021;31.3.2021;-3;-101,34", "dropped"),
    ("benefits", "negative_amount", "b2;tmt;1.4.2021;30.4.2021;-3;-101,34", "kept"),
    ("earnings", "missing_month", "a1;;100", "dropped"),
    ("earnings", "outside_window", "a1;2014-01;100", "dropped"),
    ("earnings", "joined_employers", "a1;2021-03;100", "dropped"),
    ("area_costs", "unknown_area", "hesa;2021;tilat;kunta;1;x;julkaistu", "dropped"),
    ("area_costs", "repeated_item", "helsinki;2021;henkilöstö;kunta;2;x;julkaistu", "dropped"),
    ("area_costs", "missing_amount", "helsinki;2021;tilat;kunta;;x;julkaistu", "kept"),
]
DIRT = {"persons": PERSON_DIRT, "residence": RESIDENCE_DIRT, "spells": SPELL_DIRT}
for _table, *_case in OTHER_DIRT:
    DIRT.setdefault(_table, []).append(tuple(_case))


@pytest.mark.parametrize("number", range(max(map(len, DIRT.values()))))
def test_each_kind_of_dirt_is_counted_under_its_name_and_no_row_vanishes(tmp_path, clean_quality, number):
    """One dirty row in every table at a time."""
    cases = {table: found[number] for table, found in DIRT.items() if number < len(found)}
    rows = {table: [*ROWS[table], row] for table, (_, row, _) in cases.items()}
    register, quality = ingest(tmp_path, rows=rows)
    for table, (rule, _, action) in cases.items():
        assert rows_of(quality, table, rule) == rows_of(clean_quality, table, rule) + 1, (table, rule)
        assert set(quality.query("table == @table and rule == @rule")["action"]) == {action}
    for name, entries in quality.groupby("table"):
        dropped = entries.query("action == 'dropped'")["rows"].sum()
        assert rows_of(quality, name, "rows_read") == rows_of(quality, name, "rows_kept") + dropped
        assert rows_of(quality, name, "rows_kept") == len(getattr(register, name))


def test_a_later_move_ends_the_stay_before_it_and_an_unknown_start_follows_the_stay_before(tmp_path):
    rows = ["a1;091;1.1.2016;31.12.9999", "a1;049;1.7.2021;31.12.2022", "a1;092;1.1.1900;31.12.9999"]
    register, _ = ingest(tmp_path, rows={"residence": rows})
    stays = register.residence.query("person_id == 0")
    assert stays["municipality"].tolist() == ["091", "049", "092"]
    assert (stays["end"].iloc[:-1].to_numpy() <= stays["start"].iloc[1:].to_numpy()).all()
    assert stays["end"].iloc[0] == DAY["2021-07-01"]


@pytest.mark.parametrize("turned", [False, True])
def test_residence_does_not_depend_on_the_order_of_rows(tmp_path, turned):
    rows = ["a1;091;1.1.1900;31.12.9999", "a1;049;1.7.2021;31.12.9999", "b2;091;1.1.2016;", "b2;049;;"]
    register, _ = ingest(tmp_path, rows={"residence": rows[::-1] if turned else rows})
    stays = register.residence
    assert stays["municipality"].tolist() == ["091", "049", "091"]  # of b2 the stay with a known start
    assert stays["start"].iloc[1] == stays["end"].iloc[0] == DAY["2021-07-01"]


def test_a_correction_of_a_payment_is_added_to_it(tmp_path):
    register, _ = ingest(
        tmp_path, rows={"benefits": [*ROWS["benefits"], "b2;tmt;1.3.2021;31.3.2021;-3;-100"]}
    )
    assert register.benefits[["days", "amount_eur"]].iloc[0].tolist() == [20, pytest.approx(676.94)]


def test_missing_benefit_days_become_the_weekdays_of_the_period(tmp_path):
    register, _ = ingest(tmp_path, rows={"benefits": ["b2;tmt;1.3.2021;31.3.2021;;776,94"]})
    assert register.benefits["days"].tolist() == [23]  # March 2021 has 23 weekdays


def test_of_two_spells_with_the_same_start_the_longer_is_kept(tmp_path):
    rows = ["b2;työtön;;1.3.2021;30.6.2021", "b2;työtön;;1.3.2021;30.4.2021", "b2;työtön;;1.3.2021;31.5.2021"]
    register, quality = ingest(tmp_path, rows={"spells": rows})
    assert register.spells["end"].tolist() == [DAY["2021-07-01"]]
    assert rows_of(quality, "spells", "repeated_start") == 2


def identity_code(born, separator, serial):
    return f"{born}{separator}{serial}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(born + serial) % 31]}"


def test_a_code_of_ten_characters_is_found_and_nothing_shorter_is_read_as_one():
    assert with_identity_code(["131052308T"]).tolist() == [True]
    assert with_identity_code(["", "31052308T", "737.65", "H0991658"]).tolist() == [False] * 4


@pytest.mark.parametrize("separator", ["-", "+", *"ABCDEFUVWXY"])
def test_every_century_separator_is_known(separator):
    code = identity_code("131052", separator, "308")
    with pytest.raises(ValueError, match="column id holds a personal identity code in 2 rows") as error:
        refuse_identity_codes(
            {"id": RawColumn(np.array([0, 1, 1]), pa.array(["p1", code]))}, where="henkilot.csv"
        )
    assert code not in str(error.value)


@pytest.mark.parametrize("column", range(5))
def test_identity_codes_are_refused_in_every_column_and_never_shown(tmp_path, column):
    code = identity_code("131052", "B" if column % 2 else "-", "308")
    cells = ["b2", "työtön", "", "1.3.2021", "30.6.2021"]
    cells[column] = f"hlö {code.lower() if column % 2 else code}"
    rows = ["a1;palvelu;05;1.3.2021;31.3.2021", ";".join(cells)]
    with pytest.raises(ValueError, match="personal identity code in 1 rows") as error:
        ingest(tmp_path, rows={"spells": rows})
    assert "308" not in str(error.value) and COLUMNS["spells"][list(COLUMNS["spells"])[column]] in str(
        error.value
    )
    assert not list(tmp_path.glob("processed/**/*.parquet"))


def test_identity_codes_are_refused_in_columns_that_nobody_reads_and_in_the_first_line(tmp_path):
    raw = deliver(tmp_path)
    path = raw / "earnings.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{lines[0]};hetu\n{lines[1]};131052-308T\n{lines[2]};\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"column hetu holds a personal identity code in 1 rows"):
        registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    path.write_text(f"{lines[0]};131052-308T\n{lines[1]};\n", encoding="utf-8")
    with pytest.raises(ValueError, match="first line") as error:
        registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    assert "131052" not in str(error.value)


def test_identity_codes_are_refused_in_rows_that_are_no_rows(tmp_path):
    with pytest.raises(ValueError, match="1 rows with a wrong number of fields hold a personal") as error:
        ingest(tmp_path, rows={"earnings": [*ROWS["earnings"], "131052-308T;2021-03;1;2"]})
    assert "131052" not in str(error.value)


def test_what_only_looks_like_an_identity_code_is_let_through():
    assert not holds_identity_code("131052-308U")  # wrong check character
    assert not holds_identity_code("991352-308T")  # no such month
    assert not holds_identity_code("a0131052A308T7")  # part of a longer pseudonym
    assert holds_identity_code("131052b3089".replace("9", "T").upper())


def test_the_parser_never_quotes_a_row_in_its_errors(tmp_path):
    raw = deliver(tmp_path, options='encoding = "utf-8"')
    (raw / "persons.csv").write_bytes(
        (raw / "persons.csv").read_bytes() + "ÄÄ99;1.5.1990;1;".encode("latin-1")
    )
    with pytest.raises(ValueError, match=r"persons.csv: cannot be read as utf-8; set encoding") as error:
        registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    assert "99" not in str(error.value)


def test_a_missing_layout_says_what_to_write(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"(?s)layout.toml is missing.*observed_from.*files.persons"):
        registers.ingest(tmp_path, tmp_path / "out", reference=REFERENCE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("simulated = true\n", "", "simulated is missing.*write layout.toml"),
        ("observed_from = 2016-01-01", 'observed_from = "yesterday"', "observed_from: is not a date"),
        ("observed_until = 2024-12-31", "observed_until = 2015-12-31", "not after observed_from"),
        ("[files.earnings]", "[files.wages]", "unknown tables"),
        ('state = "tila"', 'status = "tila"', r"unknown status; did you mean 'state'\?; missing state"),
        (
            'file = "spells.csv"',
            'path = "spells.csv"',
            r"files.spells.file is missing; unknown key files.spells.path",
        ),
        ('state = "tila"', 'state = "tila2"', "no column tila2"),
        ('file = "spells.csv"', 'file = "jaksot.csv"', "jaksot.csv is missing"),
        ("[files.spells]", "[files.spells", "not TOML"),
    ],
)
def test_mistakes_in_the_layout_are_named(tmp_path, old, new, message):
    raw = deliver(tmp_path)
    text = (raw / "layout.toml").read_text(encoding="utf-8")
    assert old in text
    (raw / "layout.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        registers.ingest(raw, tmp_path / "out", reference=REFERENCE)


def test_area_costs_may_be_absent(tmp_path):
    raw = deliver(tmp_path)
    text = (raw / "layout.toml").read_text(encoding="utf-8")
    start, end = text.index("[files.area_costs]"), text.index("[codes.persons")
    (raw / "layout.toml").write_text(text[:start] + text[end:], encoding="utf-8")
    registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    assert stored.load(tmp_path / "out").area_costs.empty


def test_a_code_that_is_missing_in_the_layout_is_an_error_and_not_dirt(tmp_path):
    spells = [f"b2;lomalla;;{day}.3.2021;30.6.2021" for day in range(1, 29)] + ROWS["spells"]
    with pytest.raises(
        ValueError,
        match=r"tila\) holds 1 unknown codes in 28 of 30 rows \(rare .* not shown\); allowed are unemp",
    ):
        ingest(tmp_path, rows={"spells": spells})


def test_a_table_that_loses_every_row_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"(?s)spells: all 1 rows dropped.*unknown_person in 1 of 1 rows"):
        ingest(tmp_path, rows={"spells": ["z9;työtön;;1.3.2021;30.6.2021"]})


def test_the_same_delivery_gives_the_same_bytes_whatever_the_order_of_its_rows(tmp_path):
    ingest(tmp_path / "one")
    ingest(tmp_path / "two")
    ingest(tmp_path / "three", rows={name: lines[::-1] for name, lines in ROWS.items()})
    digests = [
        {
            p.name: hashlib.sha256(p.read_bytes()).hexdigest()
            for p in (tmp_path / n / "processed/register").iterdir()
        }
        for n in ("one", "two", "three")
    ]
    assert digests[0] == digests[1] == digests[2]


def test_layout_ends_the_window_after_its_last_day(tmp_path):
    assert read_layout(deliver(tmp_path)).observed_until == DAY["2025-01-01"]


def test_loading_before_ingesting_says_what_to_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="evaluation ingest"):
        stored.load(tmp_path)


def test_days_months_and_numbers_are_read_in_every_form():
    days = parse_days(
        pd.Series(["01.03.2021", "1.3.2021 00:00", "2021-03-01T00:00:00", "9999-12-31", "29.2.2021"])
    )
    assert days.tolist()[:3] == [DAY["2021-03-01"]] * 3
    assert np.isinf(days[3]) and np.isnan(days[4])
    assert parse_days(pd.Series(["2021-03-01"]), date_format="d.m.yyyy").isna().all()
    assert (
        months_of(pa.array(["202103", "2021-3", "03.2021", "2021-03-15", "13/2021"])).tolist()[:4]
        == [614] * 4
    )
    numbers = pd.Series(["1.234", "1.234,5", "1\u00a0234,5", "\u22123,5", "x"])
    assert parse_numbers(numbers, decimal=",").tolist()[:4] == [1234.0, 1234.5, 1234.5, -3.5]
    assert parse_numbers(pd.Series(["1.234", "1,234.5"]), decimal=".").tolist() == [1.234, 1234.5]


def test_a_million_spells_are_read_in_seconds(tmp_path):
    import time

    rng = np.random.default_rng(1)
    n, people = 1_000_000, 60_000
    dates = np.array([f"{d:%d.%m.%Y}" for d in pd.date_range("2016-01-01", "2024-12-31")], dtype=object)
    start = rng.integers(0, len(dates) - 400, n)
    spells = pd.DataFrame(
        {
            "henkilo": np.array([f"p{i:08x}" for i in range(people)], dtype=object)[
                rng.integers(0, people, n)
            ],
            "tila": np.array(["työtön", "palvelu", "työssä"], dtype=object)[rng.integers(0, 3, n)],
            "palvelukoodi": "",
            "alkupvm": dates[start],
            "loppupvm": dates[start + rng.integers(1, 400, n)],
        }
    )
    raw = deliver(
        tmp_path,
        rows={
            "persons": [f"p{i:08x};1.5.1990;1;keski;fi;0" for i in range(people)],
            "residence": [f"p{i:08x};091;1.1.2016;" for i in range(people)],
            "benefits": [],
            "earnings": [],
        },
        options="may_be_empty = true",
    )
    spells.to_csv(raw / "spells.csv", sep=";", index=False)
    began = time.perf_counter()
    quality = registers.ingest(raw, tmp_path / "out", reference=REFERENCE)
    assert time.perf_counter() - began < 30  # about 3 s alone; the limit leaves room for a loaded machine
    assert rows_of(quality, "spells", "rows_read") == n

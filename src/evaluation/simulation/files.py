"""Writing simulated tables as raw deliveries: Finnish names and codes, mixed encodings and dates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from evaluation.simulation.delivery import OPEN
from evaluation.simulation.dirt import ANCIENT, EMPTY
from evaluation.simulation.population import Years

OPEN_TEXT = "31.12.9999"


@dataclass(frozen=True)
class File:
    """How one canonical table is delivered."""

    name: str
    separator: str
    encoding: str
    decimal: str
    date_format: str
    columns: dict[str, str]


FILES = {
    "persons": File("henkilot.csv", ";", "latin-1", ",", "d.m.yyyy", {
        "person_id": "henkilo", "birth_day": "syntymapaiva", "sex": "sukupuoli", "education": "koulutusaste",
        "native_language": "aidinkieli", "immigrant": "maahanmuuttaja"}),
    "residence": File("asuminen.csv", ";", "utf-8-sig", ",", "d.m.yyyy", {
        "person_id": "henkilo", "municipality": "kunta", "start": "alkupvm", "end": "loppupvm"}),
    "spells": File("jaksot.csv", ",", "utf-8", ".", "iso", {
        "person_id": "henkilo", "state": "tila", "code": "palvelukoodi", "start": "alkupvm",
        "end": "loppupvm"}),
    "benefits": File("etuudet.csv", ";", "latin-1", ",", "d.m.yyyy", {
        "person_id": "henkilo", "benefit": "etuus", "start": "alkupvm", "end": "loppupvm", "days": "paivat",
        "amount_eur": "maara_eur"}),
    "earnings": File("ansiot.csv", ",", "utf-8", ".", "iso", {
        "person_id": "henkilo", "month": "kuukausi", "earnings_eur": "ansio_eur"}),
    "area_costs": File("aluekustannukset.csv", ";", "latin-1", ",", "d.m.yyyy", {
        "area": "alue", "year": "vuosi", "item": "era", "payer": "maksaja", "amount_eur": "maara_eur",
        "source": "lahde", "status": "laatu"}),
}  # fmt: skip

# Raw code -> canonical code, in the order of the simulator's whole-number codes.
CODES: dict[str, dict[str, dict[str, str]]] = {
    "persons": {
        "sex": {"mies": "male", "nainen": "female"},
        "education": {
            "perusaste": "basic",
            "toinen aste": "secondary",
            "korkea-aste": "tertiary",
            "tuntematon": "unknown",
        },
        "native_language": {"suomi": "fi", "ruotsi": "sv", "muu": "other"},
        "immigrant": {"ei": "false", "kyllä": "true"},
    },
    "spells": {
        "state": {
            "työtön": "unemployed",
            "lomautettu": "laid_off",
            "työssä avoimilla": "open_employment",
            "palkkatuettu työ": "subsidised_employment",
            "opiskelu": "study",
            "työvoiman ulkopuolella": "outside",
            "palvelu": "service",
        }
    },
    "benefits": {
        "benefit": {
            "työmarkkinatuki": "labour_market_support",
            "peruspäiväraha": "basic_allowance",
            "ansiopäiväraha": "earnings_related",
        }
    },
    "area_costs": {
        "payer": {
            "kunta": "municipality",
            "valtio": "state",
            "työttömyyskassat": "unemployment_funds",
            "EU": "eu",
        },
        "status": {"simuloitu": "simulated"},
    },
}


def take(labels: list[str], index: np.ndarray) -> pa.Array:
    """Labels by position; positions beyond the labels become empty fields."""
    padded = pa.array([*labels, ""])
    return padded.take(pa.array(np.where((index >= 0) & (index < len(labels)), index, len(labels))))


def date_text(day: np.ndarray, *, date_format: str, years: Years) -> pa.Array:
    """Days as text; open ends are 31.12.9999 in Finnish dates and empty in ISO dates."""
    low = int(np.datetime64("1940-01-01", "D").astype(int))
    dates = np.arange(low, years.until + 400).astype("datetime64[D]")
    iso = np.datetime_as_string(dates)
    finnish = date_format == "d.m.yyyy"
    open_text = OPEN_TEXT if finnish else ""
    ancient = "1.1.1900" if finnish else "1900-01-01"
    text = [f"{int(d[8:])}.{int(d[5:7])}.{d[:4]}" for d in iso] if finnish else iso.tolist()
    labels = [*text, open_text, "", ancient]
    known = len(text)
    index = np.where(
        day == OPEN, known, np.where(day == EMPTY, known + 1, np.where(day <= ANCIENT, known + 2, day - low))
    )
    return pa.array(labels).take(pa.array(index))


def money_text(amount: np.ndarray, *, decimal: str) -> pa.Array:
    """Euros with two decimals; missing amounts become empty fields."""
    missing = np.isnan(amount)
    cents = np.round(np.where(missing, 0, amount) * 100).astype(np.int64)
    whole = pa.array(cents // 100).cast(pa.string())
    part = pa.array([f"{c:02d}" for c in range(100)]).take(pa.array(cents % 100))
    text = pc.binary_join_element_wise(whole, part, decimal)
    return pc.if_else(pa.array(missing), pa.scalar(""), text) if missing.any() else text


def write_table(folder: Path, name: str, columns: dict[str, pa.Array]) -> None:
    """One delivery file from text columns under their canonical names."""
    file = FILES[name]
    table = pa.table({raw: columns[canonical] for canonical, raw in file.columns.items()})
    path = folder / file.name
    options = pyarrow.csv.WriteOptions(delimiter=file.separator, quoting_style="none")
    if file.encoding == "utf-8":
        pyarrow.csv.write_csv(table, path, options)
        return
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink, options)
    path.write_bytes(sink.getvalue().to_pybytes().decode("utf-8").encode(file.encoding))


def layout_text(*, first_day: str, last_day: str) -> str:
    """The layout.toml that tells a reader how these files map to the canonical tables."""
    lines = [
        "# Written by the simulator: no person in these files exists.",
        "simulated = true",
        f"observed_from = {first_day}",
        f"observed_until = {last_day}",
    ]
    for name, file in FILES.items():
        lines += [
            "",
            f"[files.{name}]",
            f'file = "{file.name}"',
            f'separator = "{file.separator}"',
            f'encoding = "{file.encoding}"',
            f'decimal = "{file.decimal}"',
            f'date_format = "{file.date_format}"',
            f"[files.{name}.columns]",
            *(f'{canonical} = "{raw}"' for canonical, raw in file.columns.items()),
        ]
    for name, columns in CODES.items():
        for column, codes in columns.items():
            lines += ["", f"[codes.{name}.{column}]", *(f'"{raw}" = "{code}"' for raw, code in codes.items())]
    return "\n".join(lines) + "\n"


def write_register(
    folder: Path, tables: dict[str, pd.DataFrame], *, pseudonyms: list[str], truth: pd.DataFrame, years: Years
) -> None:
    """All files of a delivery; persons and codes in `tables` are whole numbers, days are days since 1970."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in FILES.items():
        table = tables[name]
        columns: dict[str, pa.Array] = {}
        for column in file.columns:
            source = {"person_id": "person", "birth_day": "birth"}.get(column, column)
            values = table[source].to_numpy()
            if column == "person_id":
                columns[column] = take(pseudonyms, values)
            elif column in ("birth_day", "start", "end"):
                columns[column] = date_text(values, date_format=file.date_format, years=years)
            elif column in CODES.get(name, {}):
                columns[column] = take(list(CODES[name][column]), values)
            elif column == "month":
                months = np.arange("1970-01", "2030-01", dtype="datetime64[M]")
                columns[column] = take(np.datetime_as_string(months).tolist(), values)
            elif column.endswith("_eur"):
                columns[column] = money_text(values.astype(float), decimal=file.decimal)
            elif np.issubdtype(values.dtype, np.integer):
                columns[column] = pa.array(values).cast(pa.string())
            else:
                columns[column] = pa.array(values.astype(str))
        write_table(folder, name, columns)
    first, last = (str(np.datetime64(day, "D")) for day in (years.first, years.until - 1))
    (folder / "layout.toml").write_text(layout_text(first_day=first, last_day=last), encoding="utf-8")
    truth.to_csv(folder / "totuus.csv", index=False, lineterminator="\n", float_format="%.6f")

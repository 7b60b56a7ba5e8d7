"""Labour market support that municipalities pay a part of, by municipality and month: Kela's open data.

Data set ``kuntien-rahoittama-tyomarkkinatuki`` of avoindata.fi (CC BY 4.0): since 2015 the home municipality
pays half from the 300th and 70 per cent from the 1,000th paid day on. Days in services are not in it.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.statistics import web

DATA_SET = "kuntien-rahoittama-tyomarkkinatuki"
CATALOGUE = "https://www.avoindata.fi/data/api/3/action"
# names in the file, in small letters, and here
SUMS = {
    "saaja_lkm": "recipients",
    "korvattu_paiva_lkm": "paid_days",
    "maksettu_eur": "support_paid_eur",
    "kunta_osuus_eur": "municipal_share_eur",
}
KEYS = ("aikatyyppi", "vuosikuukausi", "kunta_nro", "tyomarkkinatukipaiva_luokka")
PARTS = ("ikaryhma", "sukupuoli")  # summed over
ALL_DAYS, TOTAL = "yhteensä", "yhteensä"
CLASSES = {"300": "300_499_days", "500": "500_999_days", "1000": "over_1000_days"}
UNKNOWN = "199"  # fewer than four recipients, or municipality unknown
FEW = 3  # most recipients of a municipality that a month does not show


def read(path: Path | str) -> pd.DataFrame:
    """Read ``data.csv`` of the data set and sum it over age groups and sexes.

    One row per municipality and month, sorted: `municipality` (text), `month` (months since January 1970),
    `recipients`, `paid_days`, `support_paid_eur`, `municipal_share_eur` (repayments are negative) and the
    municipality's share by class of paid days, ``municipal_share_300_499_days_eur`` and so on. Municipality
    "199" holds what is hidden: fewer than four recipients, or unknown.

    ValueError if columns are missing, or no row is a month's total over the classes of paid days.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    with csv.open_csv(path) as opened:
        head = opened.schema.names
    name_of = {name.lower(): name for name in head}
    if lacking := [name for name in (*KEYS, *PARTS, *SUMS) if name not in name_of]:
        raise ValueError(f"{path}: no column {', '.join(lacking)}; found {', '.join(head)}")
    types: dict[str, Any] = {name_of[name]: pa.string() for name in (*KEYS, *PARTS)}
    types |= {name_of[name]: pa.float64() for name in SUMS}
    options = csv.ConvertOptions(column_types=types, include_columns=list(types))
    table = csv.read_csv(path, convert_options=options).rename_columns([name.lower() for name in types])
    months = table.filter(pc.equal(pc.utf8_lower(table["aikatyyppi"]), "kuukausi"))
    for name in PARTS:  # a total beside its parts would count twice
        is_total = pc.equal(pc.utf8_lower(months[name]), TOTAL)
        if pc.any(is_total).as_py() and not pc.all(is_total).as_py():
            months = months.filter(pc.invert(is_total))
    sums = months.group_by(list(KEYS[1:])).aggregate([(name, "sum") for name in SUMS]).to_pandas()
    sums = sums.rename(columns={f"{name}_sum": ours for name, ours in SUMS.items()})
    days = sums.pop("tyomarkkinatukipaiva_luokka").str.lower()
    code, month = sums.pop("kunta_nro").str.zfill(3), sums.pop("vuosikuukausi").astype(int)
    sums = sums.assign(municipality=code, month=(month // 100 - 1970) * 12 + month % 100 - 1)
    whole = sums[days == ALL_DAYS].set_index(["municipality", "month"])
    if whole.empty:
        raise ValueError(f"{path}: no monthly row of class Yhteensä; the classes are {sorted(set(days))}")
    for first, ours in CLASSES.items():
        part = sums[days.str.match(rf"{first}\b")].set_index(["municipality", "month"])
        share = part["municipal_share_eur"].reindex(whole.index)
        whole[f"municipal_share_{ours}_eur"] = share.fillna(0.0) if len(part) else float("nan")
    out = whole.reset_index().astype({"municipality": "str", "month": "int32"})
    return out.sort_values(["municipality", "month"], ignore_index=True)


def beside(statistics: pd.DataFrame, kela: pd.DataFrame, *, merged_into: Mapping[str, str]) -> pd.DataFrame:
    """Put Kela's sums beside the statistics of the same municipality and month.

    A municipality that a month does not show had at most three recipients: missing, with ``_at_most`` what
    three cost at the month's mean. Months that Kela's file does not have are missing in both.

    `merged_into` names the municipality that another became part of, by code; it is used for those that the
    statistics do not have. ValueError if neither they nor the mergers know a municipality of Kela's file.
    """
    known = set(statistics["municipality"])
    code = kela["municipality"]
    for _ in merged_into:  # a municipality may have been merged twice
        code = code.where(code.isin(known), code.map(merged_into).fillna(code))
    if unknown := sorted(set(code) - known - {UNKNOWN}):
        raise ValueError(
            f"Kela: municipalities {', '.join(unknown[:10])} are neither in the statistics nor among the "
            "mergers; complete data/raw/reference/municipality_mergers.csv"
        )
    figures = [name for name in kela if name not in ("municipality", "month")]
    months = kela.groupby("month")[figures].sum()
    shown = kela.assign(municipality=code).groupby(["municipality", "month"], as_index=False)[figures].sum()
    out = statistics.merge(shown, on=["municipality", "month"], how="left", validate="one_to_one")
    each = months.div(months["recipients"], axis=0).reindex(out["month"]).reset_index(drop=True)
    for figure in figures:
        out[f"{figure}_at_most"] = out[figure].fillna((FEW * each[figure]).clip(lower=0))
    return out


def fetch(folder: Path, *, url: str = CATALOGUE) -> Path:
    """Download ``data.csv`` and ``package.json`` of the data set, checked against the catalogue's checksum.

    ``fetched.json`` (time, address, checksum, licence) goes beside them. Earlier files are replaced when all
    is there. `url` is the address of a CKAN interface.

    ConnectionError if a file cannot be reached, is cut short or has another checksum than the catalogue
    tells; ValueError if the catalogue does not list a CSV file of the data set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address = f"{url}/package_show?id={DATA_SET}"
    ask = functools.partial(
        web.ask,
        remedy=f"Without network: save the files of data set {DATA_SET} (avoindata.fi) by hand into {folder}",
    )
    try:
        found = json.loads(ask(address, lambda answer: answer.read()))["result"]
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{address}: not an answer of a CKAN catalogue; was the data set moved?") from error
    resources = {str(one.get("url", "")).rpartition("/")[2]: one for one in found.get("resources", [])}
    if "data.csv" not in resources:
        raise ValueError(f"{address}: no data.csv among {', '.join(resources) or 'no resources'}")
    record: dict[str, object] = {
        "fetched": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "address": address,
        "licence": found.get("license_id", ""),
    }
    with tempfile.TemporaryDirectory(dir=folder) as made:  # all files or none
        for name in ("package.json", "data.csv"):
            if one := resources.get(name):
                save = functools.partial(_save, target=Path(made) / name, expected=one.get("hash") or "")
                digest, modified = ask(one["url"], save), one.get("last_modified", "")
                record[name] = {"url": one["url"], "sha256": digest, "modified": modified}
        read(Path(made) / "data.csv")  # a file that cannot be read does not replace one that can
        told = json.dumps(record, indent=1) + "\n"
        (Path(made) / "fetched.json").write_text(told, encoding="utf-8")
        for file in Path(made).iterdir():
            file.replace(folder / file.name)
    return folder / "data.csv"


def _save(answer: HTTPResponse, *, target: Path, expected: str) -> str:
    """Write the answer to a file, whole and with the expected checksum, and return its SHA-256."""
    with target.open("w+b") as file:
        shutil.copyfileobj(answer, file)
        written = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    length = int(answer.headers.get("Content-Length") or written)
    if length != written:
        raise web.Unusable(f"cut short: {written} of {length} bytes")
    if expected and digest != expected.lower():
        raise web.Unusable(f"checksum {digest[:12]}…, not {expected[:12]}… as the catalogue tells")
    return digest

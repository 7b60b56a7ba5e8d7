"""Labour market support that municipalities pay a part of, by municipality and month: Kela's open data.

Data set ``kuntien-rahoittama-tyomarkkinatuki`` of avoindata.fi (CC BY 4.0): since 2015 the home municipality
pays half from the 300th and 70 per cent from the 1,000th paid day on. Days in services are not in it.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

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
AGENT = "evaluation (research; public statistics reader)"
BLOCK = 1 << 20


def read(path: Path | str) -> pd.DataFrame:
    """Read the file of the data set and sum it over age groups and sexes.

    Parameters
    ----------
    path : path
        ``data.csv``: UTF-8, comma, one row a month, municipality, age group, sex and class of paid days.

    Returns
    -------
    pandas.DataFrame
        One row per municipality and month, sorted: `municipality` (text), `month` (months since January
        1970), `recipients`, `paid_days`, `support_paid_eur`, `municipal_share_eur` (repayments are negative)
        and the municipality's share by class of paid days, ``municipal_share_300_499_days_eur`` and so on.
        Municipality "199" holds what is hidden: fewer than four recipients, or unknown.

    Raises
    ------
    ValueError
        If columns are missing, or no row is a month's total over the classes of paid days.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    with csv.open_csv(path) as opened:
        head = opened.schema.names
    name_of = {name.lower(): name for name in head}
    if lacking := [name for name in (*KEYS, *PARTS, *SUMS) if name not in name_of]:
        raise ValueError(f"{path}: no column {', '.join(lacking)}; found {', '.join(head)}")
    text = pa.dictionary(pa.int32(), pa.string())
    types: dict[str, Any] = {name_of[name]: text for name in (*KEYS, *PARTS)}
    types |= {name_of[name]: pa.float64() for name in SUMS}
    table = csv.read_csv(
        path, convert_options=csv.ConvertOptions(column_types=types, include_columns=list(types))
    ).rename_columns([name.lower() for name in types])
    for name in (*KEYS, *PARTS):
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.string()))
    months = table.filter(pc.equal(pc.utf8_lower(table["aikatyyppi"]), "kuukausi"))
    for name in PARTS:  # a total beside its parts would count twice
        is_total = pc.equal(pc.utf8_lower(months[name]), TOTAL)
        if pc.any(is_total).as_py() and not pc.all(is_total).as_py():
            months = months.filter(pc.invert(is_total))
    keys = ["vuosikuukausi", "kunta_nro", "tyomarkkinatukipaiva_luokka"]
    sums = months.group_by(keys).aggregate([(name, "sum") for name in SUMS]).to_pandas()
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

    Parameters
    ----------
    statistics : pandas.DataFrame
        `statfin.read`.
    kela : pandas.DataFrame
        `read`.
    merged_into : mapping
        Municipality that another became part of, by code; used for those that the statistics do not have.

    Returns
    -------
    pandas.DataFrame
        `statistics` with Kela's columns. A municipality that a month does not show had at most three
        recipients: missing, with ``_at_most`` what three cost at the month's mean. Months that Kela's file
        does not have are missing in both.

    Raises
    ------
    ValueError
        If Kela's file has municipalities that neither the statistics nor the mergers know.
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


def fetch(
    folder: Path | str = Path("data/raw/kela"),
    *,
    url: str = CATALOGUE,
    data_set: str = DATA_SET,
    timeout_s: float = 120.0,
    attempts: int = 3,
    today: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Path:
    """Download ``data.csv`` and ``package.json`` of the data set, checked against the catalogue's checksum.

    Parameters
    ----------
    folder : path
        Where they go, with ``fetched.json`` (time, address, checksum, licence) beside them. Earlier files are
        replaced when all is there.
    url : str
        Address of the CKAN interface.
    data_set : str
        Name of the data set.
    timeout_s, attempts
        Seconds to wait for each part of an answer, tries per file.
    today : callable
        Gives the time to record.

    Returns
    -------
    pathlib.Path
        The data file.

    Raises
    ------
    ConnectionError
        If a file cannot be reached, is cut short or has another checksum than the catalogue tells.
    ValueError
        If the catalogue does not list a CSV file of the data set.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url}: the address of a catalogue starts with https://")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    address = f"{url}/package_show?id={data_set}"
    download = functools.partial(_download, timeout_s=timeout_s, attempts=attempts)
    with tempfile.TemporaryDirectory(dir=target) as made:  # all files or none
        listing = Path(made) / "catalogue.json"
        download(address, listing)
        try:
            found = json.loads(listing.read_text("utf-8"))["result"]
        except (KeyError, ValueError, TypeError) as error:
            raise ValueError(
                f"{address}: not an answer of a CKAN catalogue; was the data set moved?"
            ) from error
        resources = {str(one.get("url", "")).rpartition("/")[2]: one for one in found.get("resources", [])}
        if "data.csv" not in resources:
            raise ValueError(f"{address}: no data.csv among {', '.join(resources) or 'no resources'}")
        record: dict[str, object] = {
            "fetched": today().isoformat(timespec="seconds"),
            "address": address,
            "licence": found.get("license_id", ""),
        }
        for name in ("package.json", "data.csv"):
            if one := resources.get(name):
                digest = download(one["url"], Path(made) / name, expected=one.get("hash") or "")
                record[name] = {
                    "url": one["url"],
                    "sha256": digest,
                    "modified": one.get("last_modified", ""),
                }
        read(Path(made) / "data.csv")  # a file that cannot be read does not replace one that can
        listing.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        listing.replace(target / "fetched.json")
        for file in Path(made).iterdir():
            file.replace(target / file.name)
    return target / "data.csv"


def _download(url: str, target: Path, *, timeout_s: float, attempts: int, expected: str = "") -> str:
    """Write what the address gives to a file and return its SHA-256."""
    reason = ""
    for _ in range(attempts):
        digest, written = hashlib.sha256(), 0
        try:
            request = urllib.request.Request(url, headers={"User-Agent": AGENT})
            with urllib.request.urlopen(request, timeout=timeout_s) as answer, target.open("wb") as file:
                length = int(answer.headers.get("Content-Length") or -1)
                while block := answer.read(BLOCK):
                    file.write(block)
                    digest.update(block)
                    written += len(block)
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code}"
            if error.code not in (408, 429) and error.code < 500:
                break
            continue
        except OSError as error:
            reason = type(error).__name__
            continue
        if 0 <= length != written:
            reason = f"cut short: {written} of {length} bytes"
        elif expected and digest.hexdigest() != expected.lower():
            reason = f"checksum {digest.hexdigest()[:12]}…, not {expected[:12]}… as the catalogue tells"
        else:
            return digest.hexdigest()
    raise ConnectionError(
        f"{url} could not be read ({reason}). Without network: save the files of data set {DATA_SET} "
        f"(avoindata.fi) by hand into {target.parents[1]}"
    )

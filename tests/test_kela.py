"""Who paid labour market support: files of Kela's form, a CKAN server, and a cost shift planted or not."""

import datetime as dt
import hashlib
import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pandas as pd
import pytest

from evaluation.results import ledger
from evaluation.statistics import gaps, kela, public_rows, web
from evaluation.statistics.shares import available, counted, levels
from evaluation.words import labels, public
from evaluation.words.findings import Case
from evaluation.words.language import get
from small_register import TRIALS

COLUMNS = ["aikatyyppi", "kuukausi_nro", "vuosikuukausi", "vuosi", "kunta_nro", "kunta_nimi", "ikaryhma",
           "sukupuoli", "tyomarkkinatukipaiva_luokka", "saaja_lkm", "korvattu_paiva_lkm", "maksettu_eur",
           "kunta_osuus_eur"]  # fmt: skip


def row(month, code, days, numbers, *, kind="Kuukausi", age="25-29", sex="Mies"):
    return [kind, month % 100, month, month // 100, code, "x", age, sex, days, *numbers]


ROWS = [
    row(202103, "091", "Yhteensä", [10, 100.0, 3500.0, 1800.0]),
    row(202103, "091", "300-499", [6, 60.0, 2100.0, 1050.0]),
    row(202103, "091", "1000 tai yli", [5, 40.0, 1400.0, 750.0]),  # one person in two classes
    row(202103, "091", "Yhteensä", [4, 30.0, 1000.0, 500.0], age="Tieto puuttuu", sex="Tuntematon"),
    row(202103, "049", "Yhteensä", [0, -20.0, -700.0, -350.0]),  # repayments
    row(202103, "199", "Yhteensä", [2, 10.0, 350.0, 175.0]),
    row(202104, "091", "Yhteensä", [9, 90.0, 3150.0, 1575.0]),
    row(202103, "091", "Yhteensä", [99, 999.0, 9999.0, 9999.0], kind="Vuosi"),
    row(202103, "091", "Yhteensä", [99, 999.0, 9999.0, 9999.0], kind="Vuosikertymä"),
]


def written(folder, rows=ROWS, columns=COLUMNS):
    path = folder / "data.csv"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def test_months_are_summed_over_ages_and_sexes_and_counted_once(tmp_path):
    found = kela.read(written(tmp_path)).set_index(["municipality", "month"])
    assert found.index.tolist() == [("049", 614), ("091", 614), ("091", 615), ("199", 614)]
    helsinki = found.loc[("091", 614)]
    assert helsinki[["recipients", "paid_days", "municipal_share_eur"]].tolist() == [14, 130, 2300]
    assert helsinki["municipal_share_300_499_days_eur"] == 1050
    assert helsinki["municipal_share_over_1000_days_eur"] == 750
    assert found.loc[("049", 614), "municipal_share_eur"] == -350


def test_totals_over_ages_or_sexes_beside_their_parts_are_left_out(tmp_path):
    total = [row(202103, "091", "Yhteensä", [14, 130.0, 4500.0, 2300.0], age="Yhteensä")]
    both = [*ROWS, *total, row(202103, "091", "Yhteensä", [14, 130.0, 4500.0, 2300.0], sex="Yhteensä")]
    found = kela.read(written(tmp_path, both)).set_index(["municipality", "month"])
    assert found.loc[("091", 614), "recipients"] == 14


def test_columns_in_capitals_in_another_order_and_codes_without_zeros_are_read(tmp_path):
    frame = pd.DataFrame(ROWS, columns=[name.upper() for name in COLUMNS]).iloc[:, ::-1]
    expected = kela.read(written(tmp_path))
    frame["KUNTA_NRO"] = frame["KUNTA_NRO"].str.lstrip("0")
    frame.to_csv(tmp_path / "capitals.csv", index=False)
    pd.testing.assert_frame_equal(kela.read(tmp_path / "capitals.csv"), expected)


def test_what_is_no_such_file_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="no column kunta_osuus_eur; found aikatyyppi"):
        kela.read(written(tmp_path, [line[:-1] for line in ROWS], COLUMNS[:-1]))
    with pytest.raises(
        ValueError, match=r"no monthly row of class Yhteensä; the classes are \['1000 tai yli'"
    ):
        kela.read(written(tmp_path, ROWS[1:3]))


READ = """
import resource, sys, time
start = time.perf_counter()
from evaluation.statistics import kela
kela.read(sys.argv[1]).to_parquet(sys.argv[2])
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.slow
def test_a_file_of_true_size_is_read_in_seconds_and_equals_a_plain_sum(tmp_path):
    rng = np.random.default_rng(1)
    months = [year * 100 + month for year in range(2015, 2025) for month in range(1, 13)]
    ages = ["17-19", "20-24", "25-29", "30-34", "35-39", "40-44", "45-49", "50-54", "55-59", "60-64"]
    days = ["Yhteensä", "300-499", "500-999", "1000 tai yli"]
    levels = [months, [f"{code:03d}" for code in range(1, 221)], ages, ["Mies", "Nainen"], days]
    keys = ["vuosikuukausi", "kunta_nro", "ikaryhma", "sukupuoli", "tyomarkkinatukipaiva_luokka"]
    frame = pd.MultiIndex.from_product(levels, names=keys).to_frame(index=False)
    assert len(frame) > 2_100_000
    for name in ("saaja_lkm", "korvattu_paiva_lkm", "maksettu_eur", "kunta_osuus_eur"):
        frame[name] = rng.integers(-20, 3000, len(frame)) / 4
    frame["vuosi"], frame["kuukausi_nro"] = frame["vuosikuukausi"] // 100, frame["vuosikuukausi"] % 100
    frame = frame.assign(aikatyyppi="Kuukausi", kunta_nimi="Kunta")[COLUMNS]
    frame.to_csv(tmp_path / "data.csv", index=False)
    command = [sys.executable, "-c", READ, str(tmp_path / "data.csv"), str(tmp_path / "read.parquet")]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, megabytes = map(float, told.split())
    print(f"{len(frame)} rows: {seconds:.1f} s, {megabytes:.0f} MB")
    assert seconds < 10 and megabytes < 1024
    plain = frame[frame["tyomarkkinatukipaiva_luokka"] == "Yhteensä"]
    plain = plain.groupby(["kunta_nro", "vuosikuukausi"])[["saaja_lkm", "kunta_osuus_eur"]].sum()
    found = pd.read_parquet(tmp_path / "read.parquet")
    assert found[["recipients", "municipal_share_eur"]].to_numpy() == pytest.approx(plain.to_numpy())


def statistics(codes, months):
    index = pd.MultiIndex.from_product([codes, months], names=["municipality", "month"]).to_frame(index=False)
    return index.astype({"month": "int32"}).assign(unemployed=100.0, labour_force=1000.0)


def test_municipalities_that_a_month_does_not_show_lie_between_none_and_three_recipients(tmp_path):
    found = kela.beside(
        statistics(["049", "091", "992"], [614, 616]), kela.read(written(tmp_path)), merged_into={}
    )
    found = found.set_index(["municipality", "month"])
    assert np.isnan(found.loc[("992", 614), "municipal_share_eur"])
    mean = (2300 - 350 + 175) / 16
    assert found.loc[("992", 614), "municipal_share_eur_at_most"] == pytest.approx(3 * mean)
    assert found.loc[("091", 614), "municipal_share_eur_at_most"] == 2300
    assert (
        found.loc[[("091", 616), ("992", 616)], "municipal_share_eur_at_most"].isna().all()
    )  # not in the file
    state = levels(counted(found.loc[[("091", 614)]], "state_share_eur"), "state_share_eur")
    assert state["level"].item() == pytest.approx((4500 - 2300) / 1000) and state["open"].item() == 0


def test_merged_municipalities_are_summed_and_unknown_ones_refused(tmp_path):
    found = kela.read(written(tmp_path))
    into = {"049": "050", "050": "091"}
    table = kela.beside(statistics(["091"], [614]), found, merged_into=into)
    assert table["municipal_share_eur"].item() == 2300 - 350
    with pytest.raises(ValueError, match="Kela: municipalities 049 are neither in the statistics nor among"):
        kela.beside(statistics(["091"], [614]), found, merged_into={})


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(web, "PAUSE_S", 0)
    monkeypatch.setattr(web, "TIMEOUT_S", 5)


class Catalogue(HTTPServer):
    """A CKAN catalogue with one data set, and how it misbehaves."""

    files: dict[str, bytes]
    told: dict[str, str]  # checksums
    cut: int
    failures: list[int]
    gone: bool


class Ckan(BaseHTTPRequestHandler):
    server: Catalogue

    def log_message(self, *_):
        pass

    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_port}/files"
        name = self.path.rpartition("/")[2]
        if self.server.failures:
            return self.answer(b"{}", self.server.failures.pop(0))
        if self.path.startswith("/api/3/action/package_show?id=kuntien-rahoittama-tyomarkkinatuki"):
            resources = [
                {"url": f"{here}/{name}", "format": name[-4:].upper(), "hash": self.server.told.get(name),
                 "last_modified": "2026-10-15T05:00:00"}
                for name in ([] if self.server.gone else self.server.files)
            ]  # fmt: skip
            content = {"success": True, "result": {"license_id": "cc-by-4.0", "resources": resources}}
            return self.answer(json.dumps(content).encode())
        content = self.server.files.get(name)
        return self.answer(content or b"", 200 if content else 404, cut=self.server.cut if content else 0)

    def answer(self, body, status=200, *, cut=0):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])


@contextmanager
def catalogue(folder, *, told=None, cut=0, failures=(), gone=False):
    files = {"package.json": b'{"name": "x"}', "data.csv": written(folder).read_bytes()}
    server = Catalogue(("127.0.0.1", 0), Ckan)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    server.files, server.told, server.cut = files, sums | (told or {}), cut
    server.failures, server.gone = list(failures), gone
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/3/action"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_data_package_and_checksum_are_fetched(tmp_path):
    (given := tmp_path / "given").mkdir()
    with catalogue(given, failures=[503]) as url:
        path = kela.fetch(tmp_path / "kela", url=url)
    assert path.read_bytes() == (given / "data.csv").read_bytes()
    names = sorted(one.name for one in path.parent.iterdir())
    assert names == ["data.csv", "fetched.json", "package.json"]
    record = json.loads((path.parent / "fetched.json").read_text())
    since = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(record["fetched"])
    assert since < dt.timedelta(minutes=1) and record["licence"] == "cc-by-4.0"
    assert record["data.csv"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        (
            {"told": {"data.csv": "0" * 64}},
            ConnectionError,
            "checksum .* not 000000000000… as the catalogue tells",
        ),
        (
            {"cut": 5, "told": {"package.json": None, "data.csv": None}},
            ConnectionError,
            r"cut short|IncompleteRead",
        ),
        ({"failures": [404]}, ConnectionError, r"HTTP 404.*by hand into"),
        ({"gone": True}, ValueError, "no data.csv among no resources"),
    ],
    ids=["another checksum", "cut short", "not found", "moved"],
)
def test_a_bad_download_leaves_the_earlier_files_alone(tmp_path, how, error, message):
    (given := tmp_path / "given").mkdir()
    target = tmp_path / "kela"
    with catalogue(given) as url:
        kela.fetch(target, url=url)
    before = {one.name: one.read_bytes() for one in target.iterdir()}
    with catalogue(given, **how) as url, pytest.raises(error, match=message):
        kela.fetch(target, url=url)
    assert {one.name: one.read_bytes() for one in target.iterdir()} == before


MONTHS = range(584, 645)
PLACES = pd.DataFrame(
    {
        "municipality": [f"{i:03d}" for i in range(200, 260)],
        "status": ["pilot"] * 10 + ["comparison"] * 50,
        "pilot_area": ["a"] * 5 + ["b"] * 5 + [""] * 50,
        "region_code": [f"{i % 10:02d}" for i in range(60)],
    }
)


def world(seed, *, shift=0.0):
    """Municipalities that move by themselves, and pilots that move people into services after the start."""
    rng = np.random.default_rng(seed)
    table = statistics(PLACES["municipality"], MONTHS)
    pilot = table["municipality"].isin(PLACES.loc[PLACES["status"] == "pilot", "municipality"]).to_numpy()
    after = (table["month"] >= TRIALS.start_month).to_numpy()

    def noise(scale):
        own = rng.normal(0, scale, (len(PLACES), 3))[:, :, None] * np.ones(21)  # three stretches of time
        return own.reshape(len(PLACES), -1)[:, : len(MONTHS)].ravel()

    force = np.repeat(np.exp(rng.normal(8, 0.7, len(PLACES))), len(MONTHS))
    moved = shift * (pilot & after)
    services = 0.04 + noise(0.002) + moved
    broad = 0.14 + noise(0.004)
    parts = dict.fromkeys(("work_practice", "work_trial", "training", "coaching", "other_services"), 0.0)
    bill = 20 + noise(1.0) - 250 * moved
    return table.assign(
        labour_force=force, unemployed=force * (broad - services), subsidised_work=force * services, **parts
    ).assign(municipal_share_eur=force * bill, municipal_share_eur_at_most=force * bill)


def said(table, seed=1):
    given = {"municipalities": PLACES, "areas": ["a", "b"], "seed": seed, "draws": 199}
    rows = ledger.rows(public_rows.ledger_rows(table, TRIALS, **given))
    return public.cost_shift(Case(rows, TRIALS, area="all"), labels.in_study(get("en"), TRIALS))


def test_a_planted_cost_shift_is_found_and_said():
    found = said(world(1, shift=0.02))
    assert found.kind == "to_state" and "could be hidden in its interval" in found.text
    assert said(world(1)).kind == "none"
    assert said(world(1).drop(columns=["municipal_share_eur"])) is None


def test_without_a_shift_the_bill_is_found_to_differ_in_one_of_twenty_cases():
    assert "municipal_share_eur" in available(world(0))
    hits = []
    for seed in range(150):
        found = gaps.did(
            world(seed), TRIALS, municipalities=PLACES, share="municipal_share_eur", seed=seed, draws=199
        )
        own = found[(found["baseline"] == TRIALS.main_baseline) & (found["window"] == "after_2")]
        hits += own["p_value"].le(0.05).tolist()
    assert 0.02 <= np.mean(hits) <= 0.08

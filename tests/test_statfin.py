"""Public statistics: files as Statistics Finland gives them, and a server that answers as PxWeb does."""

import datetime as dt
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.statistics import pxweb as pxweb_of_statistics
from evaluation.statistics import statfin
from evaluation.statistics.jsonstat import match_contents, read_jsonstat, role_of_codes

REAL = Path(__file__).parents[2] / "shared" / "statfin"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="the StatFin files are not beside the project")

AREAS = ["SSS", "ELY01", "KU049", "KU091", "KU992"]
MONTHS = ["2021M02", "2021M03"]
CONTENTS = ["TYOTTOMATLOPUSSA", "TYOVOIMATK", "AVPAIKATLOPUSSA"]
LABELS = [
    "Työttömät työnhakijat laskentapäivänä (lkm.)",
    "Työvoima (lkm.)",
    "Avoimet työpaikat laskentapäivänä (lkm.)",
]
VALUES = np.arange(1.0, 31.0)
HIDDEN = 12  # KU049, 2021M02, unemployed
NAMES = ("Alue", "Kuukausi", "Tiedot")


def cube(
    areas=AREAS, *, names=NAMES, contents=CONTENTS, labels=LABELS, sparse=False, roles=True, order=(0, 1, 2)
):
    """A JSON-stat 2 answer for some areas."""
    rows = [AREAS.index(area) for area in areas]
    data = VALUES.reshape(len(AREAS), 2, 3)[rows].transpose(order)
    hidden = (np.arange(30).reshape(len(AREAS), 2, 3)[rows] == HIDDEN).transpose(order).ravel()
    values = [None if missing else float(value) for value, missing in zip(data.ravel(), hidden, strict=True)]
    codes = [list(areas), MONTHS, list(contents)]
    words = [list(areas), MONTHS, labels]
    dimension = {
        names[i]: {
            "label": names[i],
            "category": {
                "index": {code: k for k, code in enumerate(codes[i])},
                "label": dict(zip(codes[i], words[i], strict=True)),
            },
        }
        for i in range(3)
    }
    return {
        "version": "2.0",
        "class": "dataset",
        "id": [names[i] for i in order],
        "size": [len(codes[i]) for i in order],
        "dimension": dimension,
        "value": {str(i): v for i, v in enumerate(values) if v is not None} if sparse else values,
        "status": {str(i): "..." for i in np.flatnonzero(hidden)},
        **({"role": {"geo": [names[0]], "time": [names[1]], "metric": [names[2]]}} if roles else {}),
    }


EXPECTED = pd.DataFrame(
    {
        "municipality": ["049", "049", "091", "091", "992", "992"],
        "month": np.array([613, 614] * 3, dtype="int32"),
        "unemployed": [np.nan, 16, 19, 22, 25, 28],
        "labour_force": [14.0, 17, 20, 23, 26, 29],
        "vacancies": [15.0, 18, 21, 24, 27, 30],
    }
)


def saved(folder, content):
    path = folder / "12r5.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"sparse": True},
        {"roles": False},
        {"names": ("alue", "kk", "sisalto"), "roles": False},
        {"contents": ["a1", "a2", "a3"], "labels": ["Unemployed jobseekers", "Labour force", "Vacancies"]},
        {
            "contents": ["u", "l", "v"],
            "labels": ["Arbetslösa arbetssökande", "Arbetskraft", "Lediga arbetsplatser"],
        },
        {"order": (1, 2, 0)},
    ],
    ids=["list", "mapping", "no roles", "other names", "English codes", "Swedish labels", "other order"],
)
def test_every_form_of_json_stat_gives_the_same_frame(tmp_path, form):
    frame = statfin.read(saved(tmp_path, cube(**form)))
    pd.testing.assert_frame_equal(frame, EXPECTED)


def test_a_dash_means_none_and_dots_mean_not_known(tmp_path):
    path = tmp_path / "12r5.csv"
    path.write_text(
        "alue,kuukausi,TYOTTOMATLOPUSSA,TYOVOIMATK,AVPAIKATLOPUSSA\nKU091,2021M03,..,5,-\n", encoding="utf-8"
    )
    row = statfin.read(path).iloc[0]
    assert np.isnan(row["unemployed"]) and row["vacancies"] == 0


def test_a_status_hides_a_value_even_if_one_is_given():
    content = cube()
    content["value"] = [0.0 if value is None else value for value in content["value"]]
    assert read_jsonstat(content)["value"].isna().sum() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": [1.0]}, "1 values found, 30 expected"),
        ({"class": "collection"}, "not a JSON-stat 2 data set"),
        ({"id": ["Alue", "Kuukausi"], "size": [5, 2], "value": [1.0] * 10, "status": {}}, "not recognised"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        statfin.read(saved(tmp_path, {**cube(), **change}))


def test_figures_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match=r"2 of the contents .* look like labour_force"):
        match_contents(
            {"a": "Unemployed jobseekers", "b": "Labour force", "c": "Labour force 2", "d": "Vacancies"}, "t"
        )


def test_roles_are_seen_from_codes():
    assert role_of_codes(["2021M03"], "Månad") == "month"
    assert role_of_codes(["SSS", "KU091"], "Område") == "area"
    assert role_of_codes(["x"], "Uppgifter") == "contents"
    assert role_of_codes(["x"], "Sukupuoli") == ""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


class Server(HTTPServer):
    """What the loopback server was asked, and how it misbehaves."""

    variables: list[dict]
    failures: list[int | str]
    queries: list[dict]
    form: dict


class PxWeb(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_):
        pass

    def answer(self, content, status=200):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def failed(self):
        if not self.server.failures:
            return False
        failure = self.server.failures.pop(0)
        if failure == "broken":
            self.answer(b'{"class": "data')
        else:
            self.answer({"error": "no"}, failure)
        return True

    def do_GET(self):
        if not self.failed():
            self.answer({"title": "12r5", "variables": self.server.variables})

    def do_POST(self):
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.failed():
            return
        self.server.queries.append(query)
        selected = {entry["code"]: entry["selection"]["values"] for entry in query["query"]}
        area = self.server.variables[self.server.form["place"]]["code"]
        self.answer(cube(selected[area], **self.server.form["cube"]))


@contextmanager
def pxweb(*, names=NAMES, failures=(), order=(0, 1, 2), contents=CONTENTS, labels=LABELS):
    server = Server(("127.0.0.1", 0), PxWeb)
    codes, words = [AREAS, MONTHS, list(contents)], [AREAS, MONTHS, labels]
    server.variables = [
        {"code": names[i], "text": names[i], "values": codes[i], "valueTexts": words[i]} for i in order
    ]
    server.failures, server.queries = list(failures), []
    form = {"names": names, "order": order, "contents": contents, "labels": labels}
    server.form = {"place": order.index(0), "cube": form}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/12r5.px"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("cell_limit", [6, 12, 1000])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2)], ids=["area first", "month first"])
def test_the_table_is_fetched_in_pieces_below_the_cell_limit(tmp_path, cell_limit, order):
    with pxweb(order=order) as (server, url):
        path = pxweb_of_statistics.fetch(tmp_path, url=url, cell_limit=cell_limit, pause_s=0, timeout_s=5)
    pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)
    for query in server.queries:
        assert np.prod([len(entry["selection"]["values"]) for entry in query["query"]]) <= cell_limit
        assert query["response"] == {"format": "json-stat2"}
    assert len(server.queries) == -(-5 // max(cell_limit // 6, 1))


def test_variable_names_come_from_the_metadata(tmp_path):
    names = ("Region", "Month", "Information")
    labels = ["Unemployed jobseekers on calculation date", "Labour force", "Vacancies on calculation date"]
    with pxweb(names=names, contents=["c1", "c2", "c3"], labels=labels) as (server, url):
        path = pxweb_of_statistics.fetch(tmp_path, url=url, pause_s=0, timeout_s=5)
    pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)
    assert {entry["code"] for entry in server.queries[0]["query"]} == set(names)


def test_time_and_query_are_recorded_beside_the_file(tmp_path):
    with pxweb() as (server, url):
        pxweb_of_statistics.fetch(
            tmp_path, url=url, timeout_s=5, today=lambda: dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
        )
    record = json.loads((tmp_path / "12r5.query.json").read_text(encoding="utf-8"))
    assert record == {"fetched": "2026-11-23T12:00:00+00:00", "url": url, "queries": server.queries}


@pytest.mark.parametrize("failures", [[429], [503, 500], ["broken"]], ids=["busy", "down twice", "cut off"])
def test_passing_failures_are_tried_again(tmp_path, failures):
    with pxweb(failures=failures) as (_, url):
        path = pxweb_of_statistics.fetch(tmp_path, url=url, pause_s=0.01, timeout_s=5)
    pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)


def test_lasting_failures_stop_after_a_limit_and_leave_the_earlier_file_alone(tmp_path):
    earlier = saved(tmp_path, cube()).read_bytes()
    with pxweb(failures=[503] * 9) as (server, url):
        with pytest.raises(ConnectionError, match=r"HTTP 503, 3 tries.*drop it at .*12r5.json"):
            pxweb_of_statistics.fetch(tmp_path, url=url, attempts=3, pause_s=0, timeout_s=5)
        assert len(server.failures) == 6
    with pxweb(failures=[404] * 9) as (server, url):
        with pytest.raises(ConnectionError, match="HTTP 404, 1 tries"):
            pxweb_of_statistics.fetch(tmp_path, url=url, pause_s=0, timeout_s=5)
        assert len(server.failures) == 8
    assert (tmp_path / "12r5.json").read_bytes() == earlier
    assert [path.name for path in tmp_path.iterdir()] == ["12r5.json"]


def test_no_network_says_where_to_drop_the_file(tmp_path):
    with pytest.raises(ConnectionError, match=r"Without network: save table 12r5 .* drop it at .*12r5.json"):
        pxweb_of_statistics.fetch(
            tmp_path, url="http://127.0.0.1:9/12r5.px", attempts=2, pause_s=0, timeout_s=1
        )


def test_only_web_addresses_are_opened(tmp_path):
    with pytest.raises(ValueError, match="starts with https"):
        pxweb_of_statistics.fetch(tmp_path, url="file:///etc/hostname")


def test_a_table_with_other_variables_is_refused(tmp_path):
    with pxweb() as (server, url):
        server.variables = server.variables[:2]
        with pytest.raises(ValueError, match="not recognised as area, month and contents"):
            pxweb_of_statistics.fetch(tmp_path, url=url, pause_s=0, timeout_s=5)


@needs_real
def test_the_real_json_and_csv_files_hold_the_same_statistics():
    frame = statfin.read(REAL / "12r5.json")
    pd.testing.assert_frame_equal(frame, statfin.read(REAL / "12r5.csv"))
    assert frame["municipality"].nunique() == 309
    assert (frame["month"].min(), frame["month"].max()) == (576, 645)  # 2018-01 … 2023-10
    assert frame.isna().sum()[["unemployed", "labour_force"]].tolist() == [187, 0]

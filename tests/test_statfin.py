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
from evaluation.statistics import statfin, web
from evaluation.statistics.answers import HIDDEN as CONFIDENTIAL
from evaluation.statistics.answers import from_json, read_answer, role_of_codes

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


def pxweb_json(columns=("Alue", "timeperiod_m", *CONTENTS), drop=()):
    """The same table as PxWeb's own JSON."""
    keys = [(area, month) for area in AREAS for month in MONTHS]
    values = [str(value) for value in VALUES]
    values[HIDDEN] = "..."
    kinds = ["d", "t", "c", "c", "c"]
    texts = ["Alue", "Kuukausi", *LABELS]
    described = [{"code": c, "text": t, "type": k} for c, t, k in zip(columns, texts, kinds, strict=True)]
    data = [{"key": list(key), "values": values[3 * i : 3 * i + 3]} for i, key in enumerate(keys)]
    return {
        "columns": [column for column in described if column["code"] not in drop],
        "comments": [],
        "data": data,
        "metadata": [{"updated": "2026-07-21T05.00.00Z", "label": "12r5", "source": "KEHA"}],
    }


def test_the_databases_own_json_gives_the_same_frame(tmp_path):
    pd.testing.assert_frame_equal(statfin.read(saved(tmp_path, pxweb_json())), EXPECTED)
    prefixed = ("alue_23_20260101", "timeperiod_m", *(f"tyonv-{code.lower()}2" for code in CONTENTS))
    pd.testing.assert_frame_equal(statfin.read(saved(tmp_path, pxweb_json(prefixed))), EXPECTED)


WIDE = [f"{month} {label}" for month in MONTHS for label in LABELS]


@pytest.mark.parametrize(
    ("head", "place"),
    [
        (["Alue", "Kuukausi", *LABELS], {"KU049": "KU049 Espoo"}),
        (["Alue", *WIDE], {}),
    ],
    ids=["code and name", "months in the heading"],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_the_databases_csv_gives_the_same_frame(tmp_path, head, place, encoding):
    cells = [str(value) for value in VALUES]
    cells[HIDDEN] = "..."
    lines = ["Työttömät työnhakijat", "", ";".join(f'"{name}"' for name in head)]
    for i, area in enumerate(AREAS):
        name = place.get(area, area)
        if len(head) == 7:
            lines.append(";".join([f'"{name}"', *cells[6 * i : 6 * i + 6]]))
        else:
            for k, month in enumerate(MONTHS):
                lines.append(";".join([f'"{name}"', f'"{month}"', *cells[6 * i + 3 * k : 6 * i + 3 * k + 3]]))
    path = tmp_path / "12r5.csv"
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)


def test_a_hidden_figure_is_not_zero_and_says_how_large_it_could_be(tmp_path):
    content = cube(contents=["TYOTTOMATLOPUSSA", "TYOVOIMATK", "KOKEILULOP"], labels=["a", "b", "c"])
    content["status"] = {str(6 * 3 + 2): "...", str(6 * 3 + 5): ".."}  # KU091: hidden, then not available
    for position in content["status"]:
        content["value"][int(position)] = None
    frame = statfin.read(saved(tmp_path, content)).query("municipality == '091'")
    assert frame["work_trial"].isna().all()
    assert frame["work_trial_at_most"].tolist()[0] == statfin.HIDDEN_AT_MOST
    assert np.isnan(frame["work_trial_at_most"].tolist()[1])


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
    found = from_json(content, where="table")
    assert int(found.values.isna().sum().sum()) == 1
    assert int(found.marks.eq(CONFIDENTIAL).sum().sum()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": [1.0]}, "1 values found, 30 expected"),
        ({"class": "collection"}, "neither a JSON-stat 2 data set nor an answer of PxWeb"),
        ({"id": ["Alue", "Kuukausi"], "size": [5, 2], "value": [1.0] * 10, "status": {}}, "not recognised"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        statfin.read(saved(tmp_path, {**cube(), **change}))


def test_figures_that_cannot_be_told_apart_or_are_not_there_are_refused():
    labels = {"a": "Unemployed jobseekers", "b": "Labour force", "c": "Labour force 2", "d": "Vacancies"}
    with pytest.raises(ValueError, match=r"2 of the contents .* look like labour_force"):
        statfin.recognise(labels, "t")
    with pytest.raises(
        ValueError, match=r"t: no contents for labour_force \(TYOVOIMATK\) among \['a', 'd'\]"
    ):
        statfin.recognise({"a": labels["a"], "d": labels["d"]}, "t")


def test_repeated_rows_and_variables_with_several_values_are_refused(tmp_path):
    twice = pxweb_json()
    twice["data"].append(twice["data"][0])
    with pytest.raises(ValueError, match="1 rows repeat an area and month"):
        statfin.read(saved(tmp_path, twice))
    with pytest.raises(ValueError, match="not recognised as area, month and contents"):
        statfin.read(saved(tmp_path, pxweb_json(drop=CONTENTS)))
    split = pxweb_json()
    split["columns"].insert(2, {"code": "sex", "text": "Sukupuoli", "type": "d"})
    for i, row in enumerate(split["data"]):
        row["key"].append(str(i % 2))
    with pytest.raises(ValueError, match="variable sex has several values; fetch one of them"):
        statfin.read(saved(tmp_path, split))


def test_roles_are_seen_from_codes():
    assert role_of_codes(["2021M03"], "Månad") == "month"
    assert role_of_codes(["SSS", "KU091"], "Område") == "area"
    assert role_of_codes(["x"], "Uppgifter") == "contents"
    assert role_of_codes(["x"], "Sukupuoli") == ""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(web, "PAUSE_S", 0)
    monkeypatch.setattr(web, "TIMEOUT_S", 5)


class Server(HTTPServer):
    """What the loopback server was asked, and how it misbehaves."""

    variables: list[dict]
    failures: list[int | str]
    queries: list[dict]
    form: dict
    most_cells: int
    config: dict


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
        elif failure == "short":
            self.send_response(200)
            self.send_header("Content-Length", "99")
            self.end_headers()
        else:
            self.answer({"error": "no"}, failure)
        return True

    def do_GET(self):
        if self.path.endswith("?config"):
            return self.answer(self.server.config, 200 if self.server.config else 404)
        if "statfin_tyonv_pxt" in self.path:
            return self.answer({"error": "Parameter error"}, 400)
        return None if self.failed() else self.answer({"title": "12r5", "variables": self.server.variables})

    def do_POST(self):
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.failed():
            return
        known = {variable["code"] for variable in self.server.variables}
        selected = {entry["code"]: entry["selection"]["values"] for entry in query["query"]}
        if not set(selected) <= known:  # names were keys before June 2026
            self.answer({"error": "Parameter error"}, 400)
        elif np.prod([len(values) for values in selected.values()]) > self.server.most_cells:
            self.answer({"error": "Request is forbidden"}, 403)
        else:
            self.server.queries.append(query)
            area = self.server.variables[self.server.form["place"]]["code"]
            self.answer(cube(selected[area], **self.server.form["cube"]))


CONFIG = {"maxValues": 120000, "maxCells": 120000, "maxCalls": 40, "timeWindow": 60, "CORS": True}


@contextmanager
def pxweb(
    *,
    names=NAMES,
    texts=None,
    failures=(),
    order=(0, 1, 2),
    contents=CONTENTS,
    labels=LABELS,
    most_cells=10**9,
    config=CONFIG,
    more=(),
):
    server = Server(("127.0.0.1", 0), PxWeb)
    codes, words = [AREAS, MONTHS, list(contents)], [AREAS, MONTHS, labels]
    server.variables = [
        {"code": names[i], "text": (texts or names)[i], "values": codes[i], "valueTexts": words[i]}
        | ({"time": True} if i == 1 else {"elimination": True, "map": "Alue 2026"} if i == 0 else {})
        for i in order
    ] + list(more)
    server.failures, server.queries = list(failures), []
    server.most_cells, server.config = most_cells, config
    form = {"names": names, "order": order, "contents": contents, "labels": labels}
    server.form = {"place": order.index(0), "cube": form}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/PxWeb/api/v1/fi/StatFin/tyonv/12r5.px"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("cell_limit", [6, 12, 1000])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2)], ids=["area first", "month first"])
def test_the_table_is_fetched_in_pieces_below_the_limit_that_the_database_tells(tmp_path, cell_limit, order):
    with pxweb(order=order, config={**CONFIG, "maxCells": cell_limit}, most_cells=cell_limit) as (
        server,
        url,
    ):
        path = pxweb_of_statistics.fetch(tmp_path, url=url)
    pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)
    for query in server.queries:
        assert query["response"] == {"format": "json-stat2"}
    assert len(server.queries) == -(-5 // max(cell_limit // 6, 1))


def test_a_limit_that_is_not_told_is_found_by_asking_for_less(tmp_path):
    with pxweb(config={}, most_cells=12) as (server, url):
        path = pxweb_of_statistics.fetch(tmp_path, url=url)
        assert len(server.queries) == 3
        pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)
        server.most_cells = 5
        with pytest.raises(ConnectionError, match="even one area at a time: HTTP 403"):
            pxweb_of_statistics.fetch(tmp_path, url=url)


def test_no_more_calls_are_made_in_a_time_window_than_allowed(tmp_path, monkeypatch):
    clock = [0.0]
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(pxweb_of_statistics.time, "sleep", sleep)
    monkeypatch.setattr(pxweb_of_statistics.time, "monotonic", lambda: clock[0])
    config = {**CONFIG, "maxCells": 6, "maxCalls": 3, "timeWindow": 10}
    with pxweb(config=config) as (server, url):
        pxweb_of_statistics.fetch(tmp_path, url=url)
    # seven calls: limits, metadata and one piece; then three pieces; then one
    assert len(server.queries) == 5 and list(filter(None, slept)) == [10.0, 10.0]


NEW = {
    "names": ("alue_23_20260101", "timeperiod_m", "contentscode"),
    "texts": ("Alue", "Kuukausi", "Tiedot"),
}
ENGLISH = ["Unemployed jobseekers on calculation date", "Labour force", "Vacancies on calculation date"]


@pytest.mark.parametrize(
    "form",
    [
        NEW,
        {**NEW, "contents": [f"tyonv-{code.lower()}2" for code in CONTENTS]},
        {"names": ("Region", "Month", "Information"), "contents": ["c1", "c2", "c3"], "labels": ENGLISH},
        {"names": ("x1", "x2", "x3"), "contents": CONTENTS},
    ],
    ids=["since June 2026", "prefixed", "English", "meaningless names"],
)
def test_variables_are_recognised_by_what_they_offer(tmp_path, form):
    sex = {"code": "sex", "text": "Sukupuoli", "values": ["T", "1", "2"], "elimination": True}
    with pxweb(**form, more=[sex]) as (server, url):
        path = pxweb_of_statistics.fetch(tmp_path, url=url)
    pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)
    assert {entry["code"] for entry in server.queries[0]["query"]} == set(form["names"])
    dimensions = json.loads(path.read_text(encoding="utf-8"))["dimension"]
    assert dimensions[form["names"][0]]["label"] == "Alue 2026"


def test_a_variable_that_may_not_be_left_out_is_refused_by_name(tmp_path):
    sex = {"code": "sex", "text": "Sukupuoli", "values": ["1", "2"]}
    with pxweb(more=[sex]) as (_, url), pytest.raises(ValueError, match="variable sex has 2 values"):
        pxweb_of_statistics.fetch(tmp_path, url=url)


def test_the_long_name_of_before_june_2026_is_refused_with_the_reason(tmp_path):
    with (
        pxweb() as (_, url),
        pytest.raises(ConnectionError, match=r"HTTP 400.*short names since 8 June 2026"),
    ):
        pxweb_of_statistics.fetch(tmp_path, url=url.replace("12r5.px", "statfin_tyonv_pxt_12r5.px"))


def test_time_and_query_are_recorded_beside_the_file(tmp_path):
    with pxweb() as (server, url):
        pxweb_of_statistics.fetch(tmp_path, url=url)
    record = json.loads((tmp_path / "12r5.query.json").read_text(encoding="utf-8"))
    since = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(record.pop("fetched"))
    assert record == {"url": url, "queries": server.queries} and since < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "failures",
    [[429], [503, 500], ["broken"], ["short"]],
    ids=["busy", "down twice", "cut off", "fewer bytes than announced"],
)
def test_passing_failures_are_tried_again(tmp_path, failures):
    with pxweb(failures=failures) as (_, url):
        path = pxweb_of_statistics.fetch(tmp_path, url=url)
    pd.testing.assert_frame_equal(statfin.read(path), EXPECTED)


def test_lasting_failures_stop_after_a_limit_and_leave_the_earlier_file_alone(tmp_path):
    earlier = saved(tmp_path, cube()).read_bytes()
    with pxweb(failures=[503] * 9) as (server, url):
        with pytest.raises(ConnectionError, match=r"HTTP 503, 4 tries.*drop it at .*12r5.json"):
            pxweb_of_statistics.fetch(tmp_path, url=url)
        assert len(server.failures) == 5
    with pxweb(failures=[404] * 9) as (server, url):
        with pytest.raises(ConnectionError, match="HTTP 404, 1 tries"):
            pxweb_of_statistics.fetch(tmp_path, url=url)
        assert len(server.failures) == 8
    assert (tmp_path / "12r5.json").read_bytes() == earlier
    assert [path.name for path in tmp_path.iterdir()] == ["12r5.json"]


def test_no_network_says_where_to_drop_the_file(tmp_path):
    with pytest.raises(ConnectionError, match=r"Without network: save table 12r5 .* drop it at .*12r5.json"):
        pxweb_of_statistics.fetch(tmp_path, url="http://127.0.0.1:9/12r5.px")


def test_only_web_addresses_are_opened(tmp_path):
    with pytest.raises(ValueError, match="starts with https"):
        pxweb_of_statistics.fetch(tmp_path, url="file:///etc/hostname")


def test_a_table_with_other_variables_is_refused(tmp_path):
    with pxweb() as (server, url):
        server.variables = server.variables[:2]
        with pytest.raises(ValueError, match=r"\['Alue', 'Kuukausi'\] are not recognised as area"):
            pxweb_of_statistics.fetch(tmp_path, url=url)


@needs_real
def test_the_real_json_and_csv_files_hold_the_same_statistics():
    frame = statfin.read(REAL / "12r5.json")
    pd.testing.assert_frame_equal(frame, statfin.read(REAL / "12r5.csv"))
    assert frame["municipality"].nunique() == 309
    assert (frame["month"].min(), frame["month"].max()) == (576, 645)  # 2018-01 … 2023-10
    assert frame.isna().sum()[["unemployed", "labour_force"]].tolist() == [187, 0]


@needs_real
def test_the_real_file_of_june_2026_is_read_in_full():
    path = REAL / "12r5_2026M06_pxweb_json.json"
    answer = read_answer(path)
    assert answer.updated[:10] == "2026-07-21"
    held = statfin.contents(answer, where=str(path)).set_index("figure")
    assert (held["cells"] == 421).all() and len(held) == 23
    assert held["hidden"].sum() == 904 and (held["missing"] == 0).all()
    assert held["hidden"].to_dict() == {
        "unemployed": 8, "labour_force": 0, "vacancies": 78, "jobseekers": 5, "unemployed_percent": 8,
        "men": 9, "women": 4, "under_20": 95, "under_25": 26, "over_50": 3, "disabled_or_ill": 14,
        "foreign_citizens": 55, "long_term": 8, "fund_members": 7, "laid_off": 36, "short_week": 91,
        "subsidised_work": 72, "work_practice": 0, "work_trial": 128, "training": 92, "coaching": 47,
        "other_services": 36, "new_vacancies": 82,
    }  # fmt: skip
    frame = statfin.read(path)
    assert len(frame) == 308 and (frame["month"] == 677).all()
    whole = frame.set_index("municipality").sum(numeric_only=True)
    assert whole["labour_force"] == 2743596  # as the whole country in the same file
    for figure in ("unemployed", *statfin.SERVICES):
        country = answer.values.loc[("SSS", 677), statfin.FIGURES[figure]]
        assert whole[figure] <= country
        assert country <= whole.get(f"{figure}_at_most", np.inf) or figure == "unemployed"

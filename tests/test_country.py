"""The country at a glance: every area once, on its place, on one scale, with nothing that ranks."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.reporting.country import HIGH, WIDE, at_a_glance
from evaluation.reporting.exhibits import Report
from evaluation.reporting.own_pages import write_index
from evaluation.results import ledger
from evaluation.study import read_study
from evaluation.words.findings import Case
from evaluation.words.language import CODES
from messages import spoken
from small_register import TRIALS
from test_answers import random_results

REFERENCE = "data/raw/reference"
AREAS = pd.read_csv(f"{REFERENCE}/pilot_areas.csv")["area"].tolist()


def series(areas, months=24):
    """Unemployed shares of areas and their comparison, month by month; the start is month 12."""
    names = pd.period_range("2020-03", periods=months, freq="M").astype(str)
    rows = pd.concat(
        pd.DataFrame(
            {
                "area": area,
                "topic": "public_statistics",
                "measure": "series",
                "outcome": "unemployed_share",
                "item": arm,
                "window": names,
                "x": np.arange(months) - 12.0,
                "estimate": 0.08 + 0.01 * number + (0.02 if arm == "pilot" else 0.0),
                "unit": "share",
                "simulated": False,
            }
        )
        for number, area in enumerate(areas)
        for arm in ("pilot", "comparison")
    )
    return ledger.rows(rows)


def seen(rows, areas=AREAS, study=TRIALS, code="fi", reference=REFERENCE):
    names = dict.fromkeys(areas, "") | {area: f"{area} (and others)" for area in areas}
    report = Report(spoken(code), "", "", rows, study, names, {}, False, "", reference=Path(reference))
    return at_a_glance(report, areas=areas)


def test_every_area_of_the_trials_has_a_place_of_its_own_with_lapland_on_top_and_helsinki_at_the_bottom():
    places = {tile.area: tile.place for tile in seen(series(["oulu"])).tiles}
    assert set(places) == set(AREAS)
    assert len(set(places.values())) == len(AREAS)
    rows = {area: row for area, (row, _) in places.items()}
    columns = {area: column for area, (_, column) in places.items()}
    assert min(rows, key=rows.get) == "rovaniemi"
    assert rows["helsinki"] == max(rows.values())
    assert columns["pori"] == columns["turku"] == 1 < columns["lahti"] < columns["savonlinna"]


def test_areas_without_places_stand_in_alphabetical_order(tmp_path):
    for found in (
        seen(series(["oulu", "lahti"]), areas=["oulu", "lahti"], reference=tmp_path),
        seen(series(["oulu"]), areas=["oulu", "lahti", "nowhere"]),
    ):
        assert [tile.area for tile in found.tiles] == sorted(tile.area for tile in found.tiles)
        assert {tile.place for tile in found.tiles} == {None}


def test_where_no_area_is_drawn_nothing_is_said_of_a_map():
    found = seen(series(["oulu"]), areas=[])
    assert found.tiles == () and "aakkosjärjestyksessä" in found.note


def test_the_lines_share_a_scale_and_break_where_a_month_is_missing():
    rows = series(["lahti", "oulu"])
    rows.loc[(rows["area"] == "oulu") & (rows["x"] == 3), "estimate"] = np.nan
    found = seen(rows, areas=["lahti", "oulu", "pori"])
    tiles = {tile.area: tile for tile in found.tiles}
    assert found.real
    assert found.start == pytest.approx(WIDE * 12 / 23)
    downs = {
        (area, arm): {float(down) for down in re.findall(r" ([\d.]+)(?= |$)", path)}
        for area, tile in tiles.items()
        for arm, path in tile.lines.items()
    }
    # 8 and 10 per cent of lahti, 9 and 11 of oulu on a scale from 8 to 11
    assert downs["lahti", "comparison"] == {HIGH}
    assert downs["oulu", "pilot"] == {0.0}
    assert downs["lahti", "pilot"] == {round(HIGH / 3, 1)}
    assert tiles["oulu"].lines["pilot"].count("M") == 2
    assert tiles["lahti"].lines["pilot"].count("M") == 1
    assert not tiles["pori"].lines and tiles["pori"].said
    assert tiles["oulu"].name == "oulu"


@pytest.mark.parametrize("seed", range(6))
def test_without_public_statistics_the_tile_says_what_the_panel_says(seed):
    from evaluation.words import answers

    rows = random_results(seed)
    rows = rows[rows["topic"] != "public_statistics"]
    area = rows["area"].iloc[0]
    found = seen(rows, areas=[area])
    work = answers.answer(Case(rows, TRIALS, area=area), spoken("fi"), about="work")
    assert not found.real
    assert (found.tiles[0].said, found.tiles[0].bars) == (work.text, work.bars)


@pytest.mark.parametrize("code", CODES)
def test_the_index_links_every_area_from_its_tile_and_every_municipality_from_its_letter(code, tmp_path):
    target = tmp_path / code / "index.html"
    cleared = tmp_path / "cleared.parquet"
    series(AREAS[:-1]).to_parquet(cleared)
    write_index(target, TRIALS, cleared=cleared, reference=REFERENCE, language=code, areas=AREAS)
    page = target.read_text("utf-8")
    picture = page.partition('<ul class="country placed">')[2].partition("</ul>")[0]
    assert sorted(re.findall(r'<a href="(.+?)\.html">', picture)) == sorted(AREAS)
    assert picture.count("<svg") == picture.count('role="img" aria-label="') == len(AREAS) - 1
    search = page.partition('<section class="search"')[2].partition("</section>")[0]
    places = pd.read_csv(f"{REFERENCE}/municipalities.csv")
    assert search.count("<li>") >= len(places)
    assert "<script" not in page


def test_another_reform_has_a_picture_without_places(tmp_path):
    study = read_study("studies/tyollisyysalueet-2025.toml")
    areas = pd.read_csv(f"{REFERENCE}/{study.areas.table}.csv")["area"].tolist()
    cleared = tmp_path / "cleared.parquet"
    series(areas).to_parquet(cleared)
    write_index(
        tmp_path / "fi/index.html", study, cleared=cleared, reference=REFERENCE, language="fi", areas=areas
    )
    page = (tmp_path / "fi/index.html").read_text("utf-8")
    assert '<ul class="country">' in page
    assert "--row" not in page.partition("</style>")[2]

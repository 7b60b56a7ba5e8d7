"""The simulation of cost shifts: tables of the files' form, with what is planted, which is then told."""

import json

import numpy as np
import pandas as pd
import pytest
from validation import cost_shift

from conftest import REFERENCE
from evaluation.registers.reference import reference
from evaluation.results import ledger
from evaluation.statistics import gaps, kela, public_rows, statfin
from evaluation.words import labels, public
from evaluation.words.findings import Case
from evaluation.words.language import CODES, get
from small_register import TRIALS
from test_kela import COLUMNS

MUNICIPALITIES = reference("municipalities", REFERENCE)
PLACES = MUNICIPALITIES[MUNICIPALITIES["status"].isin(gaps.ARMS) & MUNICIPALITIES["region_code"].ne("21")]
PLACES = PLACES.assign(arm=PLACES["status"]).reset_index(drop=True)


@pytest.fixture(scope="module")
def nothing():
    return cost_shift.world(PLACES, TRIALS, seed=7)


@pytest.fixture(scope="module")
def shifted():
    return cost_shift.world(PLACES, TRIALS, seed=7, shift=0.45)


def test_tables_are_those_that_files_of_this_form_give(tmp_path, nothing):
    table, paid = nothing
    figures = ["unemployed", "labour_force", *statfin.SERVICES]
    columns = [{"code": "Alue", "text": "Alue 2026", "type": "d"}, {"code": "kk", "text": "kk", "type": "t"}]
    columns += [{"code": statfin.FIGURES[name], "text": name, "type": "c"} for name in figures]
    data = []
    for row in table.to_dict("records"):
        values = ["..." if np.isnan(row[name]) else str(int(row[name])) for name in figures]
        month = f"{1970 + row['month'] // 12}M{row['month'] % 12 + 1:02d}"
        data.append({"key": [f"KU{row['municipality']}", month], "values": values})
    (tmp_path / "12r5.json").write_text(json.dumps({"columns": columns, "data": data}), encoding="utf-8")
    read = statfin.read(tmp_path / "12r5.json")
    assert set(table) - set(read) <= {f"{name}_at_most" for name in figures}  # a figure that hides nothing
    kept = [name for name in table if name in read]
    pd.testing.assert_frame_equal(read[kept], table[kept], check_dtype=False)

    month = (1970 + paid["month"] // 12) * 100 + paid["month"] % 12 + 1
    given = {
        "aikatyyppi": "Kuukausi", "kuukausi_nro": month % 100, "vuosikuukausi": month, "vuosi": month // 100,
        "kunta_nro": paid["municipality"], "kunta_nimi": "x", "ikaryhma": "Tieto puuttuu",
        "sukupuoli": "Tuntematon", "tyomarkkinatukipaiva_luokka": "Yhteensä", "saaja_lkm": paid["recipients"],
        "korvattu_paiva_lkm": 20 * paid["recipients"], "maksettu_eur": 0.0,
        "kunta_osuus_eur": paid["municipal_share_eur"],
    }  # fmt: skip
    pd.DataFrame(given)[COLUMNS].to_csv(tmp_path / "data.csv", index=False)
    pd.testing.assert_frame_equal(kela.read(tmp_path / "data.csv")[list(paid)], paid, check_dtype=False)


def test_persons_who_are_shifted_leave_the_bill_for_services_and_nobody_finds_work(nothing, shifted):
    pilots = set(PLACES.loc[PLACES["arm"] == "pilot", "municipality"])
    sums = {}
    for name, (table, paid) in {"before": nothing, "after": shifted}.items():
        months = table["municipality"].isin(pilots) & (table["month"] >= TRIALS.start_month)
        services = table.loc[months, list(statfin.SERVICES)].sum().sum()
        own = paid["municipality"].isin(pilots) & (paid["month"] >= TRIALS.start_month)
        sums[name] = table.loc[months, "unemployed"].sum(), services, paid.loc[own, "recipients"].sum()
    unemployed, services, billed = np.subtract(sums["after"], sums["before"])
    assert billed / sums["before"][2] == pytest.approx(-0.45, abs=0.005)
    assert services == pytest.approx(-billed, rel=0.02) and unemployed == pytest.approx(billed, rel=0.02)


def told_of(world, draws):
    table = kela.beside(*world, merged_into={})
    given = {"municipalities": MUNICIPALITIES, "areas": ["oulu"], "seed": 1, "draws": draws}
    return table, ledger.rows(public_rows.ledger_rows(table, TRIALS, **given))


def test_nothing_is_said_where_nothing_was_planted_and_the_bill_is_told_all_the_same(nothing):
    table, rows = told_of(nothing, draws=99)
    told = cost_shift.said(table, TRIALS, municipalities=MUNICIPALITIES, seed=1).set_index("area")
    assert not told.loc["all", "shift said"]
    found = public.cost_shift(Case(rows, TRIALS, area="all"), labels.in_study(get("en"), TRIALS))
    assert found.kind == "none" and found.text.count("%") == len(TRIALS.followup)


def test_a_planted_shift_is_said_in_all_languages_and_its_size_lies_in_the_intervals(shifted):
    table, rows = told_of(shifted, draws=1999)
    told = cost_shift.said(table, TRIALS, municipalities=MUNICIPALITIES, seed=1).set_index("area")
    assert told.loc["all", "shift said"]
    likely = rows.assign(estimate=rows["estimate"].mask(rows["measure"].eq("p_adjusted"), 0.5))
    for code in CODES:
        language = labels.in_study(get(code), TRIALS)
        found = public.cost_shift(Case(rows, TRIALS, area="all"), language)
        assert found.kind == "to_state" and found.text.count("%") == len(TRIALS.followup)
        assert "Labore" in found.text
        doubt = language.text(
            "Judged together with all other changes here, the fall of the bill could be chance."
        )
        assert doubt not in found.text
        assert doubt in public.cost_shift(Case(likely, TRIALS, area="all"), language).text
    bill = rows[rows["outcome"].eq(public.BILL) & rows["area"].eq("all")]
    before = bill[bill["measure"].eq("series") & bill["item"].eq("pilot") & (bill["x"] < 0)][
        "estimate"
    ].mean()
    changes = bill[bill["measure"].eq("did") & bill["specification"].eq(f"baseline_{TRIALS.main_baseline}")]
    assert (changes["ci_low"] / before).lt(-0.45).all() and (changes["ci_high"] / before).gt(-0.45).all()

"""The simulated register: its files, its proportions, its histories and its known truth."""

import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.cohorts import cohort
from evaluation.outcomes import measures
from evaluation.registers import ingest as registers
from evaluation.registers import stored
from evaluation.registers.reference import reference
from evaluation.simulation import delivery, set_effects
from evaluation.simulation import register as simulate
from evaluation.simulation.delivery import OPEN, days_covered
from evaluation.simulation.dirt import soil
from evaluation.simulation.histories import LAID_OFF, OUTSIDE, STUDY, SUBSIDISED, UNEMPLOYED, WORK
from evaluation.simulation.population import Years, allocate, municipality_sizes
from evaluation.simulation.set_effects import EARNINGS_RELATED, SUPPORT, convert, draw_shifts, overlay
from evaluation.timelines.lookups import status
from evaluation.timelines.spells import Intervals
from evaluation.units import to_day
from small_register import TRIALS

YEARS = Years.of(TRIALS)

REFERENCE = Path(__file__).parents[1] / "data" / "raw" / "reference"
FILES = ["henkilot", "asuminen", "jaksot", "etuudet", "ansiot", "aluekustannukset"]


def ingest(folder, processed):
    """Reference data are looked for beside the delivery."""
    if not (folder.parent / "reference").exists():
        shutil.copytree(REFERENCE, folder.parent / "reference")
    return registers.ingest(folder, processed)


def write(folder, *, persons=3000, seed=1, **settings):
    simulate.simulate(folder, TRIALS, persons=persons, seed=seed, reference=REFERENCE, **settings)
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return write(tmp_path_factory.mktemp("clean") / "register", dirt=0)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    return write(tmp_path_factory.mktemp("dirty") / "register", dirt=0.02)


@pytest.fixture(scope="module")
def drawn():
    return simulate.draw(TRIALS, persons=40_000, seed=2, reference=REFERENCE, area_shock_sd=0.0)


def raw(folder, name):
    encoding = {"jaksot": "utf-8", "ansiot": "utf-8", "asuminen": "utf-8-sig"}.get(name, "latin-1")
    separator = "," if name in ("jaksot", "ansiot") else ";"
    return pd.read_csv(
        folder / f"{name}.csv", sep=separator, encoding=encoding, dtype=str, keep_default_na=False
    )


def iso(text):
    return pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")


def finnish(text):
    return pd.to_datetime(text, format="%d.%m.%Y", errors="coerce")


# Files


def test_the_same_seed_gives_byte_identical_files_and_another_seed_does_not(clean, tmp_path):
    again = write(tmp_path / "again", dirt=0)
    other = write(tmp_path / "other", dirt=0, seed=2)
    for path in clean.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name
    assert (other / "jaksot.csv").read_bytes() != (clean / "jaksot.csv").read_bytes()


def test_damage_is_deterministic_too(dirty, tmp_path):
    again = write(tmp_path / "again", dirt=0.02)
    assert all((again / path.name).read_bytes() == path.read_bytes() for path in dirty.iterdir())


def test_files_mix_encodings_separators_decimals_and_dates(clean):
    assert (clean / "asuminen.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        (clean / "henkilot.csv").read_text(encoding="utf-8")
    assert re.fullmatch(r"\d+,\d\d", raw(clean, "etuudet")["maara_eur"][0])
    assert re.fullmatch(r"\d+\.\d\d", raw(clean, "ansiot")["ansio_eur"][0])
    assert re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", raw(clean, "henkilot")["syntymapaiva"][0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", raw(clean, "jaksot")["alkupvm"][0])
    assert (raw(clean, "asuminen")["loppupvm"] == "31.12.9999").any()
    assert (raw(clean, "jaksot")["loppupvm"] == "").any()


def test_the_layout_says_that_the_register_is_simulated_and_names_every_file(clean):
    layout = tomllib.loads((clean / "layout.toml").read_text(encoding="utf-8"))
    assert layout["simulated"] is True
    assert str(layout["observed_from"]) == "2016-01-01" and str(layout["observed_until"]) == "2024-12-31"
    assert {entry["file"] for entry in layout["files"].values()} == {f"{name}.csv" for name in FILES}
    for table, entry in layout["files"].items():
        name = entry["file"].removesuffix(".csv")
        assert list(entry["columns"].values()) == raw(clean, name).columns.tolist(), table


def test_pseudonyms_cannot_be_taken_for_personal_identity_codes(clean):
    names = raw(clean, "henkilot")["henkilo"]
    assert names.is_unique and names.str.fullmatch(r"H\d{7}").all()
    assert not names.is_monotonic_increasing
    assert set(raw(clean, "jaksot")["henkilo"]) <= set(names)


# Dirt


def test_a_clean_register_passes_validation_without_a_dropped_row(clean, tmp_path):
    quality = ingest(clean, tmp_path)
    assert quality.query("action == 'dropped'")["rows"].sum() == 0
    assert quality.query("action == 'mended' and rule != 'open_end'")["rows"].sum() == 0


def test_a_dirty_register_holds_every_kind_of_damage(dirty):
    persons, stays, spells = (raw(dirty, name) for name in ("henkilot", "asuminen", "jaksot"))
    paid, earned = raw(dirty, "etuudet"), raw(dirty, "ansiot")
    for table in (persons, stays, spells, paid, earned):
        assert table.duplicated().any()
    assert (persons["koulutusaste"] == "").any() and (persons["syntymapaiva"] == "").any()
    for column in (persons["syntymapaiva"], stays["alkupvm"], paid["alkupvm"]):
        assert (column == "1.1.1900").any()
    assert (spells["alkupvm"] == "1900-01-01").any() and (spells["alkupvm"] == "").any()
    assert (stays["kunta"] == "999").any() and (spells["tila"] == "").any()
    assert (finnish(stays["loppupvm"]) < finnish(stays["alkupvm"])).any()
    assert (iso(spells["loppupvm"]) < iso(spells["alkupvm"])).any()
    assert (finnish(paid["loppupvm"]) < finnish(paid["alkupvm"])).any()
    assert (paid["maara_eur"] == "").any() and (earned["ansio_eur"] == "").any()
    work = spells[(spells["tila"] == "työssä avoimilla") & (spells["loppupvm"] == "")]
    assert work["henkilo"].duplicated().any()  # open spells before the last one
    ordered = spells[spells["tila"] == "työtön"].sort_values(["henkilo", "alkupvm"])
    same = ordered["henkilo"] == ordered["henkilo"].shift()
    assert (same & (iso(ordered["alkupvm"]) < iso(ordered["loppupvm"]).shift())).any()


def test_damage_follows_the_dial(clean, dirty, tmp_path):
    assert soil("persons", pd.DataFrame(), dirt=0, rng=np.random.default_rng(1)).empty
    quality = ingest(dirty, tmp_path)
    rows = quality.query("table == 'persons' and rule == 'placeholder_date'")["rows"].sum()
    assert rows == pytest.approx(0.02 * 3000 / 4, abs=2)


@pytest.mark.parametrize("dirt", [-0.1, 0.5, 2])
def test_an_impossible_share_of_dirt_is_refused_before_anything_is_written(tmp_path, dirt):
    with pytest.raises(ValueError, match="share of rows"):
        simulate.simulate(tmp_path / "raw", TRIALS, persons=100, seed=1, reference=REFERENCE, dirt=dirt)
    assert not (tmp_path / "raw").exists()


# Sizes


def test_areas_keep_their_real_proportions(drawn):
    first = np.unique(drawn.population.stays.person, return_index=True)[1]
    areas = drawn.sizes["area"].to_numpy()[drawn.population.stays.label[first]]
    count = pd.Series(areas[areas != ""]).value_counts()
    share = count / len(areas) * drawn.sizes["clients"].sum()
    for area, clients in {"helsinki": 50000, "lahti": 11500, "raasepori-hanko": 1750}.items():
        assert share[area] == pytest.approx(clients, rel=0.02)
    assert set(count.index) == set(reference("pilot_areas", REFERENCE)["area"]) - {"kitee"}


def test_comparison_municipalities_are_proportional_to_their_labour_force(drawn):
    table = pd.read_csv(REFERENCE / "municipalities.csv", dtype={"municipality": str})
    comparison = (table["status"] == "comparison").to_numpy()
    ratio = drawn.sizes["clients"].to_numpy() / table["labour_force"].to_numpy()
    assert np.ptp(ratio[comparison]) < 1e-12
    possible, of_an_area = table["status"] == "possible_pilot", table["pilot_area"].notna()
    assert ratio[(possible & ~of_an_area).to_numpy()].max() < ratio[comparison].min()
    # an area with unconfirmed members can be analysed: it has its full size
    assert ratio[(possible & of_an_area).to_numpy()] == pytest.approx(ratio[comparison][0])


def test_allocation_by_largest_remainders_adds_up():
    assert allocate(np.array([1.0, 1.0, 1.0]), 10).tolist() == [4, 3, 3]
    assert allocate(np.array([0.2, 5.3, 94.5]), 1000).sum() == 1000


def test_a_reference_folder_without_labour_force_is_refused(tmp_path):
    folder = Path(shutil.copytree(REFERENCE, tmp_path / "reference"))
    table = pd.read_csv(folder / "municipalities.csv", dtype=str, keep_default_na=False)
    table.drop(columns="labour_force").to_csv(folder / "municipalities.csv", index=False)
    with pytest.raises(ValueError, match="labour_force"):
        municipality_sizes(TRIALS, folder)


# Histories


def test_main_states_follow_each_other_without_gap_or_overlap(drawn):
    line = drawn.line
    same = line.person[1:] == line.person[:-1]
    assert (line.end > line.start).all()
    assert (line.start[1:][same] == line.end[:-1][same]).all()
    assert (line.start[1:][~same] == YEARS.warm_up).all() and (line.end[:-1][~same] == YEARS.until).all()
    assert (line.label[1:][same] != line.label[:-1][same]).all()


def test_raw_spells_lie_in_the_observed_years(clean):
    spells = raw(clean, "jaksot")
    start, end = iso(spells["alkupvm"]), iso(spells["loppupvm"])
    assert start.min() >= pd.Timestamp("2016-01-01") and end.max() <= pd.Timestamp("2024-12-30")
    assert (end.isna() | (end >= start)).all()


def test_services_lie_inside_unemployment_and_carry_known_codes(clean):
    spells = raw(clean, "jaksot")
    spells = spells.assign(s=iso(spells["alkupvm"]), e=iso(spells["loppupvm"]).fillna("2024-12-31"))
    service = spells[spells["tila"] == "palvelu"].reset_index()
    both = service.merge(spells[spells["tila"] == "työtön"], on="henkilo", suffixes=("", "_u"))
    inside = both[(both["s"] >= both["s_u"]) & (both["e"] <= both["e_u"])]
    assert set(inside["index"]) == set(service["index"])
    known = set(reference("service_codes", REFERENCE)["code_statfi"])
    coded = spells["tila"].isin(["palvelu", "palkkatuettu työ"])
    assert set(spells.loc[coded, "palvelukoodi"]) <= known
    assert (spells.loc[~coded, "palvelukoodi"] == "").all()


def test_some_move_and_nobody_lives_in_two_places(clean):
    stays = raw(clean, "asuminen")
    stays = stays.assign(s=finnish(stays["alkupvm"])).sort_values(["henkilo", "s"])
    end = finnish(stays["loppupvm"])
    same = stays["henkilo"].eq(stays["henkilo"].shift(-1)).to_numpy()
    following = stays["s"].shift(-1)
    assert ((following - end)[same] == pd.Timedelta(days=1)).all()
    assert 0.12 < (stays["henkilo"].value_counts() > 1).mean() < 0.3
    assert (stays.loc[~same, "loppupvm"] == "31.12.9999").all()


def test_earnings_fall_into_months_with_work_only(clean):
    some = set(raw(clean, "henkilot")["henkilo"][:400])
    spells, earned = (
        table[table["henkilo"].isin(some)] for table in (raw(clean, "jaksot"), raw(clean, "ansiot"))
    )
    work = spells[spells["tila"].isin(["työssä avoimilla", "palkkatuettu työ"])]
    start, end = iso(work["alkupvm"]), iso(work["loppupvm"]).fillna(pd.Timestamp("2024-12-31"))
    worked = {
        (who, str(month))
        for who, s, e in zip(work["henkilo"], start, end, strict=True)
        for month in pd.period_range(s, e, freq="M")
    }
    assert set(zip(earned["henkilo"], earned["kuukausi"], strict=True)) == worked
    assert (earned["ansio_eur"].astype(float) > 0).all()


def test_benefits_pay_five_days_a_week_at_the_rate_of_the_day(clean):
    paid = raw(clean, "etuudet")
    start, end = finnish(paid["alkupvm"]), finnish(paid["loppupvm"])
    days = np.busday_count(
        start.to_numpy().astype("datetime64[D]"), end.to_numpy().astype("datetime64[D]") + 1
    )
    assert (paid["paivat"].astype(int) == days).all()
    amount = paid["maara_eur"].str.replace(",", ".").astype(float)
    support = (paid["etuus"] == "työmarkkinatuki") & (start.dt.year == 2021)
    assert (amount[support] - 33.78 * days[support]).abs().max() < 0.006
    insured = (paid["etuus"] == "ansiopäiväraha") & (days > 0)
    assert (amount[insured] / days[insured]).mean() > 50


def test_labour_market_support_follows_400_days_of_earnings_related_allowance(drawn):
    one = Intervals(*(np.array([v]) for v in (0, to_day("2018-01-01"), to_day("2021-01-01"), UNEMPLOYED)))
    phases = set_effects.Phases(one, benefit=np.array([EARNINGS_RELATED]), left=np.array([400]))
    paid = delivery.benefits(one, phases, drawn.population, np.array([3000.0]))
    insured, after = (paid[paid["benefit"] == kind] for kind in (EARNINGS_RELATED, SUPPORT))
    assert insured["days"].sum() == 400
    assert after["start"].min() == insured["end"].max() == to_day("2019-07-15")
    assert paid["days"].sum() == np.busday_count("2018-01-01", "2021-01-01")


def test_the_pandemic_shows_in_lay_offs_and_unemployment(drawn):
    persons = np.arange(len(drawn.population.birth))

    def share(state, date):
        return (status(drawn.line, persons, np.full(len(persons), to_day(date))) == state).mean()

    assert share(LAID_OFF, "2020-05-01") > 5 * share(LAID_OFF, "2019-05-01")
    assert share(UNEMPLOYED, "2020-12-01") > 1.02 * share(UNEMPLOYED, "2019-12-01")
    assert share(UNEMPLOYED, "2022-06-01") < share(UNEMPLOYED, "2020-06-01")


def test_the_numbers_look_like_finnish_unemployment(drawn):
    table = drawn.episodes[drawn.episodes["counted"]]
    length = table["spell_end"] - table["start"]
    assert 0.33 < table["outcome"].mean() < 0.50
    assert 90 < length.median() < 155
    assert 0.12 < (length > 365).mean() < 0.22
    assert 1.5 < len(table) / len(drawn.population.birth) * 9 / 8 < 2.5
    assert 0.6 < table["target"].mean() < 0.8
    persons = np.arange(len(drawn.population.birth))
    day = np.full(len(persons), to_day("2019-06-01"))
    state = status(drawn.line, persons, day)
    services = delivery.services(drawn.line, drawn.population.years, seed=1)
    helped = days_covered(services, persons, day, day + 1) > 0
    active = helped.sum() + (state == SUBSIDISED).sum()
    broad = np.isin(state, (UNEMPLOYED, LAID_OFF, SUBSIDISED)).sum()
    assert 0.20 < active / broad < 0.36


# Truth


def test_converted_outcomes_move_by_the_wanted_probability():
    rng = np.random.default_rng(3)
    outcome = rng.random(400_000) < 0.4
    cell = np.repeat([0, 1], 200_000)
    shift = np.where(cell == 0, 0.03, -0.05)
    change = convert(outcome, shift, cell, rng.random(400_000)).astype(int) - outcome
    assert change[cell == 0].mean() == pytest.approx(0.03, abs=0.002)
    assert change[cell == 1].mean() == pytest.approx(-0.05, abs=0.002)
    assert change[cell == 0].min() == 0 and change[cell == 1].max() == 0


def test_overlaid_parts_replace_just_their_days():
    line = Intervals(
        *(np.array(v) for v in ([0, 0], [YEARS.warm_up, 16000], [16000, YEARS.until], [UNEMPLOYED, WORK]))
    )
    parts = [(0, 15500, 15600, WORK), (0, 15900, 16000, WORK), (0, 17000, 17010, OUTSIDE)]
    new = overlay(line, *(np.array(v) for v in zip(*parts, strict=True)))
    assert new.label.tolist() == [UNEMPLOYED, WORK, UNEMPLOYED, WORK, OUTSIDE, WORK]
    assert new.start.tolist() == [YEARS.warm_up, 15500, 15600, 15900, 17000, 17010]


def test_every_episode_has_the_outcome_that_the_truth_says(drawn):
    table = drawn.episodes
    person, day = table["person"].to_numpy(), table["start"].to_numpy() + 365
    for line, column in ((drawn.line, "outcome"), (drawn.without, "outcome_without")):
        assert ((status(line, person, day) == WORK) == table[column]).mean() > 0.9999


def test_the_set_effect_is_realised_far_within_monte_carlo_error():
    effects = {"oulu": 0.03, "helsinki": -0.04, "pirkanmaa": 0.10}
    found = []
    for seed in range(6):
        table = simulate.draw(
            TRIALS, persons=20_000, seed=seed, reference=REFERENCE, effects=effects
        ).episodes
        table = table[table["treated"] & table["counted"]]
        gain = table["outcome"].astype(int) - table["outcome_without"]
        found.append(gain.groupby(table["area"]).agg(["sum", "size", "var"]))
    total = sum(found)
    mean = total["sum"] / total["size"]
    error = np.sqrt(total["var"] / len(found) / total["size"])
    for area, effect in effects.items():
        assert abs(mean[area] - effect) < 0.002 < error[area], area
    assert (mean.drop(list(effects)) == 0).all()


def test_nothing_changes_outside_treated_episodes(drawn):
    table = drawn.episodes[~drawn.episodes["treated"]]
    assert (table["outcome"] == table["outcome_without"]).all()


def test_selection_lowers_levels_and_keeps_trends_parallel():
    gaps = []
    for seed in range(3):
        table = simulate.draw(
            TRIALS,
            persons=60_000,
            seed=seed,
            reference=REFERENCE,
            effects={},
            area_shock_sd=0.0,
            selection=0.08,
        ).episodes
        table = table[table["counted"] & (table["window"] >= -3)]
        mean = table.groupby(["pilot", "after"])["outcome"].mean()
        gaps.append((mean[True] - mean[False]).tolist())
    before, after = np.mean(gaps, axis=0)
    assert -0.11 < before < -0.065
    assert abs(after - before) < 0.015  # about three Monte Carlo errors


def test_a_drift_is_as_large_as_asked_before_and_after_the_start_and_for_all_jobseekers():
    settings = {"persons": 60_000, "seed": 1, "reference": REFERENCE, "effects": {}}
    straight, drifting = (
        simulate.draw(TRIALS, **settings, drifts=d).episodes for d in ({}, {"helsinki": 0.03})
    )
    change = drifting["outcome"].astype(int) - straight["outcome"]
    here = straight["area"] == "helsinki"
    by_year = change[here].groupby(straight["window"]).mean()
    for window in (-2, 0, 2):
        assert by_year[window] == pytest.approx(0.03 * (window + 3), abs=0.02)
    for target in (True, False):
        late = here & (straight["target"] == target) & (straight["window"] == 2)
        assert change[late].mean() == pytest.approx(0.15, abs=0.03)
    assert abs(change[~here].mean()) < 0.003  # who is picked may change, how many does not
    with pytest.raises(ValueError, match="drifts: no pilot area helsink;"):
        simulate.draw(TRIALS, **settings, drifts={"helsink": 0.03})


def test_shocks_have_the_size_that_was_asked_for():
    n = 4000
    sizes = pd.DataFrame({"unit": np.arange(n).astype(str)})
    home, window = np.repeat(np.arange(n), 4), np.tile([-2, 0, 1, 2], n)
    table = pd.DataFrame({"home": home, "window": window, "pilot": False, "area": ""})
    shift = draw_shifts(
        table,
        sizes,
        selection=0,
        area_shock_sd=0.03,
        area_shock_share=0.3,
        drifts={},
        rng=np.random.default_rng(1),
    ).reshape(n, 4)
    assert (shift[:, 1:].mean(axis=1) - shift[:, 0]).std() == pytest.approx(0.03, rel=0.05)


def test_what_cohorts_and_outcomes_measure_is_the_realised_effect(tmp_path):
    measured = {}
    for name, effects in {"without": {}, "with": {"helsinki": {"open_employment_12m": 0.1}}}.items():
        folder = write(tmp_path / name, persons=6000, seed=4, effects=effects, dirt=0)
        ingest(folder, tmp_path / f"{name}_processed")
        register = stored.load(tmp_path / f"{name}_processed")
        table = reference("municipalities", REFERENCE)
        episodes = cohort.inflow(register, TRIALS, municipalities=table).episodes
        found = episodes.join(measures.measure(register, episodes, months=[12]))
        here = (found["area"] == "helsinki") & (found["group"] == "target_group")
        measured[name] = found[here & found["window"].isin(list(TRIALS.followup))]
    names = ["open_employment_12m", "open_employment_days_12m", "service_days_12m", "benefit_eur_12m"]
    truth = pd.read_csv(tmp_path / "with" / "totuus.csv")
    truth = truth[truth["area"] == "helsinki"].set_index("outcome")["realised_effect"]
    gain = measured["with"][names].mean() - measured["without"][names].mean()
    tolerance = {"open_employment_12m": 0.01, "benefit_eur_12m": 60.0}
    for name in names:
        assert gain[name] == pytest.approx(truth[name], abs=tolerance.get(name, 1.5)), name
    assert truth["open_employment_12m"] > 0.05


def test_the_truth_table_holds_set_and_realised_effects(tmp_path):
    effects = {"helsinki": {"open_employment_12m": 0.05, "service_days_12m": 6.0}, "espoo": -0.05}
    truth = pd.read_csv(write(tmp_path, persons=20_000, effects=effects) / "totuus.csv")
    first = ["area", "outcome", "group", "effect", "drift_per_year", "realised_effect", "unit"]
    assert truth.columns.tolist()[:7] == first
    assert set(truth["group"]) == {"target_group"}
    table = truth.set_index(["outcome", "area"])
    assert table.loc[("open_employment_12m", "helsinki"), "effect"] == 0.05
    assert table.loc[("open_employment_12m", "espoo"), "realised_effect"] == pytest.approx(-0.05, abs=0.004)
    assert table.loc[("service_days_12m", "helsinki"), "realised_effect"] == pytest.approx(6, abs=1)
    assert table.loc[("open_employment_days_12m", "helsinki"), "realised_effect"] > 1
    assert table.loc[("open_employment_days_12m", "espoo"), "realised_effect"] < -1
    assert table.loc[("benefit_eur_12m", "helsinki"), "realised_effect"] < 0
    others = truth[~truth["area"].isin(effects)]
    headline = others["outcome"] == "open_employment_12m"
    assert (others.loc[headline, "realised_effect"].fillna(0) == 0).all()
    # who moves on to another area takes along the little that a treated spell changed in the next one
    touched = others[others["realised_effect"].fillna(0) != 0]
    assert touched["area"].nunique() <= 2
    assert (touched["realised_effect"].abs() < 20).all()
    assert (others.loc[others["outcome"] == "open_employment_12m", "effect"] == 0).all()


@pytest.mark.parametrize(
    ("effects", "message"),
    [
        ({"ouluu": 0.03}, "no pilot area ouluu"),
        ({"oulu": {"wages": 3.0}}, "settable"),
        ({"oulu": 3.0}, "settable"),
    ],
)
def test_effects_that_mean_nothing_are_refused(effects, message):
    with pytest.raises(ValueError, match=message):
        simulate.draw(TRIALS, persons=500, seed=1, reference=REFERENCE, effects=effects)


def test_more_service_days_than_there_is_room_for_are_refused(tmp_path):
    with pytest.raises(ValueError, match="service days"):
        write(tmp_path, effects={"helsinki": {"service_days_12m": 200.0}})


def test_most_area_costs_are_missing_and_none_is_presented_as_published(clean):
    costs = raw(clean, "aluekustannukset")
    assert costs["alue"].nunique() < 10
    assert set(costs["laatu"]) == {"simuloitu"}
    assert not costs.duplicated(["alue", "vuosi", "era", "maksaja"]).any()


def test_the_smallest_area_has_enough_episodes_in_the_default_register():
    table = simulate.draw(TRIALS, persons=simulate.PERSONS, seed=1, reference=REFERENCE).episodes
    table = table[table["counted"] & table["target"] & (table["area"] != "")]
    assert table[table["after"]]["area"].value_counts().min() > 200
    assert table[table["window"] == -2]["area"].value_counts().min() > 65


def test_open_ends_lie_beyond_every_day():
    assert OPEN > YEARS.until > YEARS.first and STUDY != OUTSIDE

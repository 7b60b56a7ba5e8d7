"""What a researcher types after `import evaluation as ev`: the names, their examples, one number each."""

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from docs import write_api

import evaluation as ev
from small_register import TRIALS, day, register

FUNCTIONS = dict(write_api.functions())
SOURCES = Path(ev.__file__).parent
MODULES = [
    ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts)
    for path in sorted(SOURCES.rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


@pytest.fixture(scope="session")
def names(study, tmp_path_factory):
    """What the examples in the docstrings may use."""
    register = study.register
    costs = ev.cost(register, study.episodes, TRIALS)
    cohort = SimpleNamespace(episodes=study.episodes.join(costs), attrition=study.attrition)
    folder = tmp_path_factory.mktemp("examples")
    ev.simulate(folder / "raw", TRIALS, persons=2000, seed=1, effects={}, dirt=0)
    ev.ingest(folder / "raw", folder / "processed", reference=study.reference)
    return {
        "ev": ev,
        "folder": folder,
        "raw": folder / "raw",
        "processed": folder / "processed",
        "pd": pd,
        "register": register,
        "study": TRIALS,
        "municipalities": study.municipalities,
        "cohort": cohort,
        "data": ev.compare(cohort.episodes, TRIALS, area="oulu", municipalities=study.municipalities),
    }


def test_the_public_names_are_about_twenty_listed_and_found():
    assert len(ev.PUBLIC) <= 24
    assert set(ev.PUBLIC) <= set(dir(ev))
    with pytest.raises(AttributeError, match=r"public names are .*measure"):
        ev.mesure  # noqa: B018


def test_importing_the_library_takes_less_than_a_third_of_a_second_and_loads_nothing():
    code = "import evaluation, sys; print('pandas' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    micro = int(re.search(r"\|\s*(\d+) \|\s+evaluation$", run.stderr, re.M)[1])
    assert micro < 300_000
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_says_what_it_takes_gives_and_refuses_and_has_an_example(name):
    function = FUNCTIONS[name]
    text = inspect.getdoc(function) or ""
    sections = ["Parameters", "Examples"]
    if inspect.signature(function).return_annotation != "None":
        sections.append("Returns")
    if "raise " in inspect.getsource(function):
        sections.append("Raises")
    lacking = [section for section in sections if f"{section}\n{'-' * len(section)}" not in text]
    assert not lacking, f"{name}: no {lacking} in its docstring"
    given = [one for one in inspect.signature(function).parameters if one not in text]
    assert not given, f"{name}: {given} are not described"
    assert ">>> " in text, f"{name}: no example"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name, names):
    module = importlib.import_module(name)
    runner, said = doctest.DocTestRunner(verbose=False), []
    for tests in doctest.DocTestFinder().find(module, extraglobs=names):
        runner.run(tests, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
    assert runner.tries > 0


def test_the_researchers_example(study):
    """From the register to one's own outcome, window, subgroups and figures, in 20 lines."""
    register = study.register
    trials = ev.read_study("studies/kuntakokeilut-2021.toml")
    cohort = ev.inflow(register, trials)
    outcomes = ev.measure(register, cohort.episodes, months=[6, 12, 18])
    outcomes["steady_job"] = ev.held(
        register, cohort.episodes, state="open_employment", days=183, within_days=548
    )
    costs = ev.cost(register, cohort.episodes, trials)
    data = ev.compare(
        cohort.episodes.join([outcomes, costs]).assign(young=cohort.episodes["age"] < 30),
        trials, area="oulu", before=("2018-09-01", "2019-08-31"), after=("2021-09-01", "2022-08-31"),
    )  # fmt: skip
    love = ev.plot.love(ev.balance(data))
    effect = ev.effect(data, outcomes=["steady_job", "open_employment_days_18m"])
    by_age = ev.effect(data, outcomes=["steady_job"], by="young")
    forest = ev.plot.effects(by_age)
    events = ev.plot.event_study(ev.event_study(data, outcome="steady_job", months=12))
    worth = ev.cost_effectiveness(data, effect="open_employment_days_12m", cost="cost_all_public_12m_eur")
    plane = ev.plot.plane(worth)

    assert effect[["outcome", "unit", "status"]].values.tolist() == [
        ["steady_job", "share", "ok"], ["open_employment_days_18m", "days", "ok"]
    ]  # fmt: skip
    # so small a register has too few municipalities for groups, and says so
    assert by_age[["group", "status"]].values.tolist() == [["False", "not_run"], ["True", "not_run"]]
    assert by_age["method"].str.contains("comparison municipalities").all()
    assert len(love.get_yticklabels()) == len(ev.balance(data))
    assert events.get_ylabel() == forest.get_xlabel() == "steady job, percentage points"
    assert plane.get_xlabel().startswith("Additional months in open employment")


def test_a_job_is_held_when_all_its_days_lie_inside_the_window():
    spells = [
        (1, "open_employment", "", "2020-02-01", "2020-05-01"),  # 90 days from day 31
        (2, "open_employment", "", "2019-11-01", "2020-03-01"),  # 60 of them after the index date
        (3, "open_employment", "", "2020-02-01", "2020-03-20"),  # 48 days, then a day without, then 60
        (3, "open_employment", "", "2020-03-21", "2020-05-20"),
    ]
    found = register(
        persons=[(person, "1990-01-01", "female", "secondary", "fi", False) for person in (1, 2, 3)],
        residence=[(person, "564", "2016-01-01", "2025-01-01") for person in (1, 2, 3)],
        spells=spells,
    )
    episodes = pd.DataFrame({"person_id": [1, 2, 3], "index_day": [day("2020-01-01")] * 3})

    def held(days, within):
        return ev.held(found, episodes, state="open_employment", days=days, within_days=within).tolist()

    assert held(90, 121) == [1, 0, 0]
    assert held(90, 120) == [0, 0, 0]
    assert held(60, 365) == [1, 1, 1]
    assert held(61, 365) == [1, 0, 0]
    late = episodes.assign(index_day=day("2024-12-01"))
    assert ev.held(found, late, state="open_employment", days=9, within_days=32).isna().all()
    with pytest.raises(ValueError, match="open_employment"):
        ev.held(found, episodes, state="open_employmet", days=9, within_days=30)


def test_the_page_of_names_is_written_from_them():
    assert write_api.PAGE.read_text(encoding="utf-8") == write_api.page(), "run python docs/write_api.py"


PLACES = [f"{number:03d}" for number in range(1, 21)]  # one pilot municipality and 19 others


def reference_of(places=PLACES):
    return pd.DataFrame({"municipality": places, "subregion_code": places, "pilot_area": ""})


def small_comparison(**columns):
    """30 episodes a municipality before and after: the pilot moves by 6, the others by 0.5, 1 or 1.5."""
    rows = pd.DataFrame(
        [(place, after, number) for place in PLACES for after in (False, True) for number in range(30)],
        columns=["municipality", "post", "number"],
    )
    pilot, place = rows["municipality"] == PLACES[0], rows["municipality"].astype(int)
    own = np.where(pilot, 6, 1 + 0.5 * np.where(place == 20, 0, (-1.0) ** place))
    noise = (-1.0) ** rows["number"]
    episodes = rows.assign(
        person_id=np.arange(len(rows)),
        arm=np.where(pilot, "pilot", "comparison"),
        area=np.where(pilot, "oulu", ""),
        group="target_group",
        index_day=np.where(rows["post"], day("2021-06-01"), day("2019-06-01"))
        + 92 * (rows["number"] % 3 == 0),
        half=np.where(rows["number"] < 15, "first", "second"),
        jobs=10 + noise + np.where(rows["post"], own, 0),
        spent_eur=100 * (10 + noise + np.where(rows["post"], own, 0)) + 40 * (-1.0) ** (rows["number"] // 2),
        immigrant=(rows["number"] % 2 == 0) & (pilot | (rows["number"] % 4 == 0)),
    ).assign(**columns)
    return ev.compare(episodes, TRIALS, area="oulu", municipalities=reference_of())


def test_the_effect_is_the_difference_of_differences_with_its_unit():
    row = ev.effect(small_comparison(), outcomes="jobs", covariates=()).iloc[0]
    assert row["estimate"] == pytest.approx(6 - 1)
    assert (row["unit"], row["group"], row["status"], row["persons"]) == ("number", "all", "ok", 60)
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    own = ev.compare(
        small_comparison().every_day,
        TRIALS,
        area="oulu",
        municipalities=reference_of(),
        units={"jobs": "days"},
    )
    assert ev.effect(own, outcomes="jobs", covariates=())["unit"].item() == "days"


def test_groups_of_persons_have_their_own_rows_and_a_joint_test():
    same = ev.effect(small_comparison(), outcomes="jobs", by="half", covariates=())
    assert same["group"].tolist() == ["first", "second"]
    assert same["p_groups_differ"].between(0.2, 1).all()
    data = small_comparison()
    lifted = data.every_day.assign(
        jobs=data.every_day["jobs"]
        + 20 * (data.every_day["treated"] & data.every_day["post"] & (data.every_day["half"] == "first"))
    )
    differ = ev.effect(
        ev.compare(lifted, TRIALS, area="oulu", municipalities=reference_of()),
        outcomes="jobs", by="half", covariates=(),
    )  # fmt: skip
    assert differ["estimate"].diff().iloc[1] == pytest.approx(-20)
    assert (differ["p_groups_differ"] < 0.01).all()
    assert (differ["p_adjusted"] >= differ["p_value"]).all()


def test_a_group_that_is_too_small_is_not_run_and_says_why():
    data = small_comparison(half=lambda rows: np.where(rows.index < 3, "few", rows["half"]))
    rows = ev.effect(data, outcomes="jobs", by="half", covariates=()).set_index("group")
    assert rows.loc["few", "status"] == "not_run"
    assert "episodes" in rows.loc["few", "method"]
    assert np.isnan(rows.loc["few", "estimate"]) and rows.loc["first", "status"] == "ok"


def test_an_outcome_that_a_group_never_has_spoils_no_other():
    data = small_comparison(rare=lambda rows: (rows["half"] == "second") * (rows.index % 7 == 0) * 1.0)
    rows = ev.effect(data, outcomes=["jobs", "rare"], by="half", covariates=())
    assert rows["status"].tolist() == ["ok", "ok", "not_run", "ok"]
    with pytest.raises(ValueError, match="'half' holds no numbers"):
        ev.effect(data, outcomes="half")


def test_a_column_that_can_be_cut_is_told_to_be_cut():
    with pytest.raises(ValueError, match=r"'number' has 30 levels.*pandas\.cut"):
        ev.effect(small_comparison(), outcomes="jobs", by="number", covariates=())


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_quarter_differs_by_what_it_moved_from_the_window_before():
    found = ev.event_study(small_comparison(), outcome="jobs", covariates=()).set_index("window")
    assert found.index.tolist() == ["2019Q2", "2019Q3", "2021Q2", "2021Q3"]
    # two episodes of three begin in the first quarter of each window
    assert found["estimate"].iloc[:2] @ [2 / 3, 1 / 3] == pytest.approx(0, abs=1e-9)
    assert found["estimate"].iloc[2:] @ [2 / 3, 1 / 3] == pytest.approx(5)
    assert found.loc["2021Q2", ["x", "unit", "persons"]].tolist() == [1, "number", 20]


def test_a_period_that_is_the_window_before_differs_by_nothing_and_has_no_interval():
    found = ev.event_study(small_comparison(), outcome="jobs", covariates=(), months=12)
    assert found["estimate"].tolist() == [0, pytest.approx(5)]
    assert found["ci_low"].isna().tolist() == [True, False]


def test_a_period_whose_follow_up_is_cut_is_left_out():
    data = small_comparison(jobs=lambda rows: rows["jobs"].mask(rows["index_day"] > day("2021-07-01")))
    found = ev.event_study(data, outcome="jobs", covariates=())
    assert found["window"].tolist() == ["2019Q2", "2019Q3", "2021Q2"]


def test_weights_make_a_truth_value_equal_in_both_arms():
    row = ev.balance(small_comparison(), covariates=["immigrant"]).iloc[0]
    assert (row["mean_target"], row["mean_weighted"]) == (0.5, pytest.approx(0.5))
    assert row["mean_comparison"] == pytest.approx(16 / 60)
    assert row["after_weighting"] == pytest.approx(0, abs=1e-8)


def test_cost_per_unit_of_effect_is_the_ratio_of_the_two_differences():
    worth = ev.cost_effectiveness(
        small_comparison(), effect="jobs", cost="spent_eur", covariates=(), thresholds=[50, 200]
    )
    found = worth.drop_duplicates("measure").set_index("measure")
    assert found.loc["delta_cost", "estimate"] == pytest.approx(100 * found.loc["delta_effect", "estimate"])
    assert found.loc["icer", ["estimate", "unit", "item"]].tolist() == [
        pytest.approx(100),
        "eur",
        "spent_eur",
    ]
    benefit = worth[worth["measure"] == "net_benefit"].set_index("x")["estimate"]
    assert benefit[200] == pytest.approx(100 * found.loc["delta_effect", "estimate"])
    assert ev.plot.plane(worth).get_xlabel() == "jobs, number"
    assert ev.plot.acceptability(worth).get_xlabel() == "euros / jobs"
    renamed = small_comparison().every_day.rename(columns={"spent_eur": "cost_state_12m_eur"})
    alone = ev.compare(renamed, TRIALS, area="oulu", municipalities=reference_of())
    with pytest.raises(ValueError, match="no all_public"):
        ev.cost_effectiveness(alone, effect="jobs", cost="cost_state_12m_eur", covariates=())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Days in services within 12 months: value of an additional month, euros"),
        ("fi", "Päivät palveluissa 12 kuukauden aikana: yhden lisäkuukauden arvo, euroa"),
        ("sv", "Dagar i service inom 12 månader: värdet på en tillkommande månad, euro"),
    ],
)
def test_a_month_of_another_outcome_is_not_called_a_month_in_work(language, said):
    data = small_comparison().every_day
    work, other = "open_employment_days_12m", "service_days_12m"
    data = data.assign(**{name: data["jobs"] * 30 + data["spent_eur"] % 7 for name in (work, other)})
    data = ev.compare(data, TRIALS, area="oulu", municipalities=reference_of())
    usual, own = (
        ev.cost_effectiveness(data, effect=name, cost="spent_eur", covariates=()) for name in (work, other)
    )
    assert ev.plot.acceptability(own, language=language).get_xlabel() == said
    assert "at 2000 euros a month" in set(own["method"])
    assert ev.plot.acceptability(usual).get_xlabel() == "Value of an additional month in work, euros"
    assert "at 2000 euros a month in work" in set(usual["method"])


def test_figures_show_the_numbers_of_their_frame_on_the_axes_given():
    import matplotlib.pyplot as plt

    data = small_comparison()
    quarters = ev.event_study(data, outcome="jobs", covariates=())
    _, ax = plt.subplots()
    assert ev.plot.event_study(quarters, ax=ax) is ax
    drawn = np.concatenate([line.get_ydata() for line in ax.lines if line.get_marker() not in ("None", "")])
    assert sorted(drawn) == pytest.approx(sorted(quarters["estimate"]))
    assert ax.get_ylabel() == "jobs, number"
    plt.close("all")


@pytest.mark.parametrize("figure", ["love", "event_study", "effects", "plane", "acceptability"])
def test_a_figure_of_a_wrong_frame_says_what_is_missing_and_what_makes_it(figure):
    with pytest.raises(ValueError, match=r"no column .*; give what evaluation\.\w+ returns"):
        getattr(ev.plot, figure)(pd.DataFrame({"a": [1]}))


def test_wrong_names_are_answered_with_the_nearest():
    data = small_comparison()
    with pytest.raises(ValueError, match="did you mean 'oulu'"):
        ev.compare(data.every_day, TRIALS, area="oullu")
    for call, name in ((ev.effect, "outcomes"), (ev.event_study, "outcome")):
        with pytest.raises(ValueError, match="did you mean 'jobs'"):
            call(data, **{name: "jobbs"})
    with pytest.raises(ValueError, match="did you mean 'half'"):
        ev.effect(data, outcomes="jobs", by="halff")


def test_rows_whose_index_repeats_are_each_taken_once():
    made = small_comparison()
    twice = made.cohort.set_axis([0] * len(made.cohort))
    again = ev.compare(twice, made.study, area=made.area, before=made.before, after=made.after)
    assert len(again.every_day) == len(made.every_day)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda g: ev.inflow("data", g["study"]), "^register: str without days, residence; give what .*load"),
        (
            lambda g: ev.inflow(g["register"], "studies/a.toml"),
            "^study: str without areas; give what .*read_study",
        ),
        (
            lambda g: ev.inflow(g["register"], g["study"], municipalities="municipalities.csv"),
            "^municipalities: str without municipality.*give evaluation.reference",
        ),
        (
            lambda g: ev.stock(g["register"], g["study"], days="2021-03-01"),
            "^days: 2021-03-01 given; name dates in a list",
        ),
        (
            lambda g: ev.compare("episodes.parquet", g["study"], area="oulu"),
            "^episodes: str without .*inflow",
        ),
        (
            lambda g: ev.compare(g["cohort"], g["study"], area="oulu"),
            "^episodes: SimpleNamespace without index_day, area",
        ),
        (lambda g: ev.compare(g["episodes"]["area"], g["study"], area="oulu"), "^episodes: Series without"),
        (
            lambda g: ev.compare(g["episodes"].drop(columns="arm"), g["study"], area="oulu"),
            "^episodes: no column arm; give the episodes",
        ),
        (
            lambda g: ev.compare(g["episodes"].assign(index_day=np.nan), g["study"], area="oulu"),
            r"^episodes\.index_day: \d+ rows are empty",
        ),
        (lambda g: ev.compare(g["episodes"], g["study"], area="Oulu"), "did you mean 'oulu'"),
        (
            lambda g: ev.compare(g["episodes"], g["study"], area=["oulu"]),
            "^area: .*name one area",
        ),
        (
            lambda g: ev.measure(g["register"], g["episodes"].assign(person_id=np.nan), g["study"]),
            r"^episodes\.person_id: \d+ rows are empty",
        ),
        (
            lambda g: ev.held(g["register"], "e", state="service", days=1, within_days=9),
            "^episodes: str without person_id, index_day",
        ),
        (lambda g: ev.cost("data", g["episodes"], g["study"]), "^register: str without benefits"),
        (
            lambda g: ev.cost(g["register"], g["episodes"], g["study"], reference="data"),
            "^reference: str without price_index; give what evaluation.cost_reference",
        ),
        (
            lambda g: ev.cost(g["register"], g["episodes"], g["study"], programme="programme.csv"),
            "^programme: str without area, payer, start_day, eur_per_client; give a frame",
        ),
        (
            lambda g: ev.cost(
                g["register"], g["episodes"], g["study"], programme=pd.DataFrame({"area": ["oulu"]})
            ),
            "^programme: no column payer, start_day, eur_per_client",
        ),
        (
            lambda g: ev.effect(g["episodes"], outcomes="age"),
            "^data: no column frame, study; give what .*compare",
        ),
        (lambda g: ev.balance("data"), "^data: str without frame, study"),
        (lambda g: ev.event_study("data", outcome="age"), "^data: str without frame, study"),
        (lambda g: ev.cost_effectiveness(None, effect="age", cost="age"), "^data: NoneType without"),
        (
            lambda g: ev.effect(g["data"], outcomes="open_employment_12m", covariates="age"),
            r"^design: 'age' is one name; give a list, such as \['age'\]",
        ),
    ],
)
def test_something_else_than_what_a_function_takes_is_refused_in_words(call, told, names):
    with pytest.raises(ValueError, match=told):
        call(names | {"episodes": names["cohort"].episodes})


def test_a_price_year_may_be_text_as_from_a_parameter_of_a_notebook(names):
    given = names["register"], names["cohort"].episodes.iloc[:5]
    text, number = (
        ev.cost(*given, months=[12], price_year=year, discount_rate=0.03) for year in ("2023", 2023)
    )
    pd.testing.assert_frame_equal(text, number)

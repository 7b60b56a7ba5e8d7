"""What a researcher types after `import evaluation as ev`: the names, their examples, one number each."""

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest

import evaluation as ev
from small_register import day, register


def public_functions():
    """Every public function as (shown name, function); of a module, its functions."""
    for name in ev.PUBLIC:
        found = getattr(ev, name)
        if not isinstance(found, ModuleType):
            yield name, found
            continue
        for inner, function in inspect.getmembers(found, inspect.isfunction):
            if function.__module__ == found.__name__ and not inner.startswith("_"):
                yield f"{name}.{inner}", function


FUNCTIONS = dict(public_functions())


@pytest.fixture(scope="session")
def names(study, tmp_path_factory):
    """What the examples in the docstrings may use."""
    register = study.register
    trials = ev.read_study("studies/kuntakokeilut-2021.toml")
    costs = ev.cost(register, study.episodes, trials)
    cohort = SimpleNamespace(episodes=study.episodes.join(costs), attrition=study.attrition)
    return {
        "ev": ev,
        "pd": pd,
        "register": register,
        "study": trials,
        "municipalities": study.municipalities,
        "cohort": cohort,
        "data": ev.compare(cohort.episodes, area="oulu", municipalities=study.municipalities),
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
def test_every_public_function_says_what_it_takes_gives_and_refuses_and_its_example_runs(name, names):
    function = FUNCTIONS[name]
    text = inspect.getdoc(function) or ""
    sections = ["Parameters", "Returns", "Examples"]
    if "raise " in inspect.getsource(function):
        sections.append("Raises")
    lacking = [section for section in sections if f"{section}\n{'-' * len(section)}" not in text]
    assert not lacking, f"{name}: no {lacking} in its docstring"
    given = [one for one in inspect.signature(function).parameters if one not in text]
    assert not given, f"{name}: {given} are not described"
    spaces = {**vars(importlib.import_module(function.__module__)), **names}
    tests = doctest.DocTestFinder(recurse=False).find(function, name, globs=spaces)
    runner = doctest.DocTestRunner(verbose=False)
    said: list[str] = []
    for example in tests:
        runner.run(example, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
    assert any(test.examples for test in tests), f"{name}: no example"


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

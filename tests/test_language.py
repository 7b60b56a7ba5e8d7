"""Numbers are written as each language writes them, and every message has its translations."""

import math
import re
from pathlib import Path

import pytest
from babel.messages import pofile
from hypothesis import given
from hypothesis import strategies as st

from evaluation.registers.rules import rules_of
from evaluation.reporting import delivery
from evaluation.schemas import REGISTER_TABLES
from evaluation.words import labels, language
from evaluation.words.language import CODES, LOCALE_FOLDER, MINUS, NBSP, get
from messages import messages, parse_number, spoken

ROOT = Path(__file__).parents[1]


def catalogue(code):
    with (LOCALE_FOLDER / code / "LC_MESSAGES" / "evaluation.po").open("rb") as file:
        return [message for message in pofile.read_po(file, locale=code) if message.id]


@pytest.fixture(scope="module")
def used():
    remedies = {
        delivery.VALUE.sub("{value}", rule.remedy)
        for table in REGISTER_TABLES
        for rule in rules_of(table).values()
        if rule.remedy
    }
    places = [ROOT / "src" / "evaluation", ROOT / "notebooks", ROOT / "validation"]
    return remedies.union(*(messages(place) for place in places))


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_every_message_of_package_notebooks_and_templates_is_translated(code, used):
    known = {message.id for message in catalogue(code)}
    assert used - known == set(), "not in the catalogue"
    assert known - used == set(), "in the catalogue but not used"


def test_messages_are_found_in_code_templates_and_notebooks(tmp_path):
    (tmp_path / "a.py").write_text('x.text("One")\n# text("not this")\nf"{text(\'Inside\')}"\n')
    (tmp_path / "b.html.j2").write_text('{% macro z() %}<p>{{ text("Two") }}</p>{% endmacro %}')
    (tmp_path / "c.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "source": ["words.text(\\"Three\\")"]},'
        ' {"cell_type": "markdown", "source": ["text(\\"Four\\")"]}]}'
    )
    assert messages(tmp_path) == {"One", "Two", "Three", "Inside"}


@pytest.mark.parametrize("kind", labels.names())
def test_every_name_stands_in_three_languages(kind):
    for code, name in labels.names()[kind].items():
        assert set(name) == set(CODES), (kind, code)
        assert all(name.values()), (kind, code)
        places = [set(re.findall(r"{(\w+)}", words)) for words in name.values()]
        assert places[0] == places[1] == places[2], (kind, code)


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_no_translation_is_empty_or_uncertain(code):
    for message in catalogue(code):
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_translations_have_the_same_places_for_values(code):
    for message in catalogue(code):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = {name for source in sources for name in re.findall(r"{(\w*)}", source)}
        for form in forms:
            assert set(re.findall(r"{(\w*)}", form)) == wanted, message.id


@pytest.mark.parametrize(
    ("code", "number", "percent", "euros", "date", "month"),
    [
        (
            "fi",
            f"{MINUS}1{NBSP}234,6",
            f"12,3{NBSP}%",
            f"{MINUS}1{NBSP}235{NBSP}€",
            "1.3.2021",
            "maaliskuu 2021",
        ),
        ("sv", f"{MINUS}1{NBSP}234,6", f"12,3{NBSP}%", f"{MINUS}1{NBSP}235{NBSP}€", "1.3.2021", "mars 2021"),
        ("en", f"{MINUS}1,234.6", "12.3%", f"{MINUS}€1,235", "1 March 2021", "March 2021"),
    ],
)
def test_each_language_writes_numbers_its_own_way(code, number, percent, euros, date, month):
    words = get(code)
    assert words.number(-1234.56, 1) == number
    assert words.percent(0.123) == percent
    assert words.euros(-1234.56) == euros
    assert words.date("2021-03-01") == date
    assert words.month("2021-03") == month


def test_percentage_points_are_not_per_cent():
    assert get("fi").points(2.0) == f"2,0{NBSP}prosenttiyksikköä"
    assert get("sv").points(-2.0) == f"{MINUS}2,0{NBSP}procentenheter"
    assert get("en").points(1.0, 0) == f"1{NBSP}percentage point"
    assert get("fi").points(1.0, 0) == f"1{NBSP}prosenttiyksikkö"


@pytest.mark.parametrize("code", CODES)
def test_a_number_that_is_not_there_is_a_word_never_empty_or_zero(code):
    words = get(code)
    for write in (words.number, words.percent, words.points, words.euros):
        assert write(math.nan) == write(math.inf) == words.no_number("missing")
    said = {status: words.no_number(status) for status in ("missing", "suppressed", "withheld", "not_run")}
    assert len(set(said.values())) == 4
    assert all(text and not any(c.isdigit() for c in text) for text in said.values())
    assert words.interval(math.nan, 1.0, words.number) == said["missing"]


@pytest.mark.parametrize("code", CODES)
def test_zero_has_no_sign(code):
    assert get(code).number(-0.04, 1) == get(code).number(0.0, 1) == get(code).number(0.04, 1, signed=True)


@given(
    value=st.floats(-1e9, 1e9),
    decimals=st.integers(0, 3),
    signed=st.booleans(),
    code=st.sampled_from(CODES),
)
def test_every_written_number_reads_back_to_the_rounded_value(value, decimals, signed, code):
    words = get(code)
    close = 0.5 * 10.0**-decimals * 1.000001 + abs(value) * 1e-12
    assert abs(parse_number(words, words.number(value, decimals, signed=signed)) - value) <= close
    assert abs(parse_number(words, words.euros(value, decimals, signed=signed)) - value) <= close
    assert abs(parse_number(words, words.points(value, decimals, signed=signed)) - value) <= close
    assert (
        abs(parse_number(words, words.percent(value / 100, decimals, signed=signed)) * 100 - value) <= close
    )


def test_unknown_language_is_refused():
    with pytest.raises(ValueError, match="'se' is not among"):
        get("se")


def test_finnish_alphabet_ends_with_the_letters_of_its_own():
    assert language.alphabetical(["Ähtäri", "Åland", "Öja", "Ylivieska"]) == [
        "Ylivieska",
        "Åland",
        "Ähtäri",
        "Öja",
    ]


def test_statuses_without_number_are_the_ledgers():
    from evaluation.results.ledger import STATUSES

    assert set(language.NO_NUMBER) <= set(STATUSES)


def test_every_code_of_the_example_ledger_has_a_name_in_every_language():
    from ledger_example import example

    cleared = example()
    for code in CODES:
        words = spoken(code)
        for kind in ("specification", "status", "unit", "measure", "window"):
            assert all(labels.label(kind, str(value), words) for value in cleared[kind].unique() if value)
        assert all(labels.outcome(str(value), words) for value in cleared["outcome"].unique() if value)
        items = cleared.loc[cleared["item"] != "", ["measure", "item"]].drop_duplicates()
        coded = items[
            ~items["measure"].isin(
                ["municipality_episodes", "municipality_mean", "rows", "register_to_statistics"]
            )
        ]
        coded = coded[~coded["measure"].isin(["bias", "coverage", "false_positive", "power"])]
        coded = coded[~coded["item"].str.fullmatch(r"\d{3}")]
        for measure, item in coded.itertuples(index=False):
            assert labels.item(measure, item, words) != item, (measure, item)


def test_reasons_of_a_verdict_are_named_with_their_state():
    words = get("en")
    assert labels.reason("pre_trend_concern", words) == labels.reason("pre_trend", words)
    with pytest.raises(ValueError, match="has no name"):
        labels.reason("unheard_of", words)


def test_every_rule_of_the_cleaning_and_every_step_of_the_cohort_has_a_name():
    from evaluation.costs.items import ITEMS
    from evaluation.registers.rules import rules_of
    from evaluation.schemas import REGISTER_TABLES

    package = ROOT / "src" / "evaluation"
    rules = {rule for table in REGISTER_TABLES for rule in rules_of(table)} | {"rows_read", "rows_kept"}
    named = {rule for rule in rules if not rule.startswith(("missing_", "unreadable_"))}
    assert named <= set(labels.names()["rule"]), named - set(labels.names()["rule"])
    cohort = (package / "cohorts" / "cohort.py").read_text("utf-8")
    block = cohort[cohort.index("    steps = {") : cohort.index("    so_far =")]
    steps = set(re.findall(r'"(\w+)": ', block)) | set(re.findall(r'first="(\w+)"', cohort))
    assert steps <= set(labels.names()["step"]), steps - set(labels.names()["step"])
    assert {item for item, _ in ITEMS} <= set(labels.names()["cost_item"])


@pytest.mark.parametrize("code", ["fi", "sv"])
def test_no_line_may_end_between_a_number_and_its_per_cent_sign(code):
    for message in catalogue(code):
        assert not re.search(r"\d\s%", message.id), message.id
        assert not re.search(r"\d[^\S\u00a0]?%", message.string), message.string

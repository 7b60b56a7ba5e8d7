"""Drawings that are kept: drawn again when, and only when, something that they are made from differs."""

import pytest

import ledger_example
from evaluation.figures import kept, palette
from evaluation.registers.reference import FOLDER
from evaluation.reporting import exhibits, sections
from small_register import TRIALS

DRAWN = [name for name, exhibit in exhibits.EXHIBITS.items() if exhibit.draw]


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Shows all figures of an area; returns the page and how many pictures were drawn."""
    pictures = []
    svg = palette.svg
    monkeypatch.setattr(palette, "svg", lambda figure: pictures.append(figure) or svg(figure))

    def shown(cleared, language="en", study=TRIALS, area="oulu"):
        pictures.clear()
        report = sections.open_report(
            cleared,
            study=study,
            reference=FOLDER,
            language=language,
            area=area,
            release_date="2026-11-23",
            drawings=tmp_path,
        )
        text = "\n".join(exhibits.show(report, name) for name in DRAWN)
        report.kept.write()
        return text, len(pictures)

    return shown


@pytest.fixture(scope="module")
def cleared():
    return ledger_example.example()


def test_what_is_made_from_the_same_is_not_drawn_again(page, cleared):
    first, drawn = page(cleared)
    assert drawn > 12
    assert page(cleared) == (first, 0)


def test_a_changed_cost_draws_the_figures_of_costs_again_and_no_others(page, cleared):
    first, drawn = page(cleared)
    priced = cleared.copy()
    own = priced["area"].eq("oulu") & priced["measure"].eq("delta_cost")
    priced.loc[own, "estimate"] *= 1.1
    second, again = page(priced)
    assert 0 < again < drawn / 3
    assert second != first
    assert page(cleared)[0] == first  # and the earlier numbers bring the earlier page back


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_each_language_keeps_its_own(page, cleared, language):
    first, _ = page(cleared)
    other, drawn = page(cleared, language)
    assert drawn > 12 and other != first
    assert page(cleared) == (first, 0)
    assert page(cleared, language) == (other, 0)


def test_other_names_in_the_study_draw_again(page, cleared):
    _, drawn = page(cleared)
    mark = TRIALS.marks[0]
    renamed = mark.model_copy(update={"name": mark.name.model_copy(update={"en": "Pandemic"})})
    other = TRIALS.model_copy(update={"marks": (renamed, *TRIALS.marks[1:])})
    assert page(cleared, study=other)[1] == drawn


def test_other_code_draws_again(page, cleared, monkeypatch):
    first, drawn = page(cleared)
    monkeypatch.setattr(kept, "IMPORTED", "other code")
    monkeypatch.setattr(kept.provenance, "code_hash", lambda: "other code")
    assert page(cleared) == (first, drawn)


def test_code_that_changed_since_it_was_imported_keeps_nothing(page, cleared, monkeypatch):
    _, drawn = page(cleared)
    monkeypatch.setattr(kept.provenance, "code_hash", lambda: "edited meanwhile")
    assert page(cleared)[1] == drawn
    monkeypatch.undo()


@pytest.mark.parametrize("damaged", [lambda text: text[:-100], lambda text: "[]", lambda text: ""])
def test_a_damaged_file_is_drawn_again(page, cleared, tmp_path, damaged):
    first, drawn = page(cleared)
    (file,) = tmp_path.glob("*.json")
    file.write_text(damaged(file.read_text()))
    assert page(cleared) == (first, drawn)
    assert page(cleared) == (first, 0)

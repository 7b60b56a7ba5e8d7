"""A release is swapped in whole or not at all; it says what it is, and is a draft until somebody signs."""

import errno
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from evaluation.__main__ import main
from evaluation.pipeline import engine, release, steps
from evaluation.pipeline.plan import Step
from evaluation.pipeline.project import Project
from evaluation.reporting import page
from evaluation.results import disclosure, ledger
from small_register import TRIALS

ROOT = Path(__file__).parents[1]
DRAFTS = {"fi": "Luonnos: ei hyv", "sv": "Utkast: inte godk", "en": "Draft: not approved"}
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def project(tmp_path):
    """A project whose pages were made but not yet published."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "area_analysis.ipynb").write_text("{}")
    shutil.copytree(ROOT / "data" / "raw" / "reference", tmp_path / "data" / "raw" / "reference")
    found = Project.at(
        tmp_path, study=ROOT / "studies" / "kuntakokeilut-2021.toml", release_date="2026-12-01"
    )
    make_pages(found)
    return found


def counts(**changed):
    cells = {"item": ["a", "b"], "estimate": [40.0, 90.0], "persons": [40.0, 90.0], **changed}
    exact = ledger.rows(pd.DataFrame(cells), area="oulu", topic="cohort", measure="persons", unit="persons",
                        group="x", simulated=True)  # fmt: skip
    return disclosure.clear(exact, TRIALS)


def make_pages(project, *, said="one", rows=None):
    for code in DRAFTS:
        for name in ("index", "oulu"):
            body = f"<h1>{said}</h1>"
            page.write_plain(
                project.pages / code / f"{name}.html", title=said, body=body, language=code, simulated=True
            )
        csv = project.pages / code / "csv" / "oulu" / "all_values.csv"
        csv.parent.mkdir(parents=True, exist_ok=True)
        csv.write_text(said)
    (counts() if rows is None else rows).to_parquet(project.cleared)


def publish(project, *, failed=()):
    return release.publish(project, files=project.pages.rglob("*.html"), failed=list(failed))


def content(project):
    return {
        path.relative_to(project.reports).as_posix(): path.read_bytes()
        for path in sorted(project.reports.rglob("*"))
        if path.is_file()
    }


def test_a_release_holds_what_was_made_and_says_what_it_is(project):
    assert publish(project) == "Released 10 files: draft, not signed"
    told = release.manifest(project.reports)
    assert told["profile"]["name"] == "default" and told["signed"] is None and told["failed"] == []
    assert told["cleared_sha256"] == told["files"]["cleared.parquet"]
    assert told["changes"] == {
        "files": {"added": 10, "changed": 0, "removed": 0}, "rows": {"added": 2, "changed": 0, "removed": 0}
    }  # fmt: skip
    assert release.whole(project.reports, told)
    assert publish(project) == "Release unchanged: draft, not signed"


def test_every_page_is_a_draft_in_its_language_until_it_is_signed(project):
    publish(project)
    pages = sorted(project.reports.rglob("*.html"))
    assert len(pages) == 6
    assert all(DRAFTS[path.parent.name] in path.read_text("utf-8") for path in pages)
    said = release.sign(project, "  Maija  Meikäläinen", now=NOON)
    assert said == "10 files signed by Maija Meikäläinen, 2026-12-01T12:00:00+00:00"
    assert not any(DRAFTS[path.parent.name] in path.read_text("utf-8") for path in pages)
    assert not any('id="draft"' in path.read_text("utf-8") for path in pages)
    assert publish(project).startswith("Release unchanged: signed by Maija Meikäläinen")
    with pytest.raises(ValueError, match="already signed by Maija"):
        release.sign(project, "Someone else")


def test_what_is_taken_out_carries_its_rules_and_its_audit_in_three_languages(project):
    publish(project)
    note = (project.reports / "disclosure.txt").read_text("utf-8")
    assert "Fewest persons behind a number: 10\n" in note and "Draft: not approved" in note
    assert "Luvun perustana vähintään, henkilöä: 10\n" in note and "Minsta antal personer" in note
    rows = len(pd.read_parquet(project.reports / "cleared.parquet"))
    assert f"with 0 earlier releases: {rows} rows, 0 of them without a number" in note
    release.sign(project, "M. M.", now=NOON)
    assert "Approved for release by M. M., 1 December 2026." in (
        project.reports / "disclosure.txt"
    ).read_text("utf-8")
    (project.reports / "disclosure.txt").write_text("no rules")
    assert not release.whole(project.reports, release.manifest(project.reports))


def test_new_pages_are_drafts_again_and_the_signed_ledger_stays_to_compare_with(project):
    publish(project)
    release.sign(project, "M. M.", now=NOON)
    signed = (project.reports / "cleared.parquet").read_bytes()
    more = pd.concat([counts(), counts(item=["c", "d"])], ignore_index=True)
    make_pages(project, said="two", rows=more)
    (project.pages / "sv" / "oulu.html").unlink()
    assert publish(project) == "Released 9 files: draft, not signed"
    told = release.manifest(project.reports)
    assert told["changes"] == {
        "files": {"added": 0, "changed": 8, "removed": 2}, "rows": {"added": 2, "changed": 0, "removed": 0}
    }  # fmt: skip
    assert (project.reports / "signed.parquet").read_bytes() == signed


def test_what_the_audit_finds_stops_the_release_and_names_cell_and_remedy(project):
    publish(project)
    release.sign(project, "M. M.", now=NOON)
    before = content(project)
    make_pages(project, said="two", rows=counts(estimate=[45.0, 90.0], persons=[45.0, 90.0]))
    with pytest.raises(release.Stopped, match=r"persons \[oulu, x, a\].* few persons: clear with --previous"):
        publish(project)
    assert content(project) == before


def test_a_run_in_which_something_failed_replaces_a_draft_and_no_signed_release(project):
    publish(project)
    make_pages(project, said="two")
    assert publish(project, failed=["lahti"]).startswith("Released")
    with pytest.raises(ValueError, match="lahti failed; run again before signing"):
        release.sign(project, "M. M.")
    make_pages(project)
    publish(project)
    release.sign(project, "M. M.", now=NOON)
    before = content(project)
    make_pages(project, said="three")
    with pytest.raises(release.Stopped, match="the signed release stays: lahti failed"):
        publish(project, failed=["lahti"])
    assert content(project) == before


def test_a_release_that_was_changed_by_hand_is_not_signed_and_is_made_whole_by_the_next_run(project):
    publish(project)
    before = content(project)
    (project.reports / "fi" / "oulu.html").write_text("other")
    (project.reports / "sv" / "index.html").unlink()
    with pytest.raises(ValueError, match="missing or were changed by hand"):
        release.sign(project, "M. M.")
    publish(project)
    after = content(project)
    assert {name: after[name] for name in after if name != "release.json"} == {
        name: before[name] for name in before if name != "release.json"
    }


@pytest.mark.parametrize("name", ["", "  "])
def test_nobody_signs_without_a_name_nor_where_there_is_no_release(project, name):
    with pytest.raises(ValueError, match="run `evaluation run` first"):
        release.sign(project, "M. M.")
    publish(project)
    with pytest.raises(ValueError, match="--sign: give the name"):
        release.sign(project, name)


@pytest.mark.parametrize("kind", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_leaves_the_last_release_whole_and_the_next_run_cleans_up(project, monkeypatch, kind):
    publish(project)
    before = content(project)
    make_pages(project, said="two")
    written = []

    def write(path, data):
        written.append(path)
        if len(written) == 4:
            raise OSError(kind, "no room")
        return path.open("wb").write(data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write)
        with pytest.raises(OSError, match="no room"):
            publish(project)
    assert content(project) == before
    release.recover(project.reports)
    assert not list(project.reports.parent.glob(".reports.*"))
    publish(project)
    assert b"two" in content(project)["fi/oulu.html"]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_swap_works_with_and_without_exchange_and_a_kill_between_two_renames_is_undone(
    project, monkeypatch, exchange
):
    if not exchange:
        monkeypatch.setattr(release, "_exchange", lambda one, other: False)
    publish(project)
    make_pages(project, said="two")
    publish(project)
    assert b"two" in content(project)["fi/oulu.html"]
    before = content(project)
    project.reports.rename(project.reports.with_name(".reports.old"))
    release.recover(project.reports)
    assert content(project) == before


def test_a_folder_that_is_no_release_is_never_swapped_away(project):
    project.reports.mkdir()
    (project.reports / "thesis.docx").write_text("mine")
    with pytest.raises(ValueError, match=r"thesis.docx is no part of a release; move it away"):
        release.recover(project.reports)


def test_inputs_that_change_during_the_run_stop_the_release_and_are_read_again(project, monkeypatch):
    source, target = project.register / "a.csv", project.processed / "a.parquet"
    source.parent.mkdir(parents=True)
    source.write_text("one")

    def build(*_, **__):
        target.write_text(source.read_text())
        source.write_text("three")
        return []

    monkeypatch.setattr(engine, "plan", lambda *_, **__: [Step("a", print, [source], [target], {})])
    monkeypatch.setattr(engine, "_build", build)
    with pytest.raises(release.Stopped, match=r"a.csv changed during the run; run again"):
        engine.run(project, areas=["oulu"], languages=["fi"], jobs=1)
    assert not target.exists()
    assert not project.reports.exists()


def test_the_last_line_and_the_status_say_what_happened(project, monkeypatch, capsys):
    words = ["--root", str(project.root), "release", "--study", str(project.study), "--sign", "M. M."]
    assert main(words) == 2
    assert capsys.readouterr().err.endswith("no release; run `evaluation run` first\n")
    publish(project)
    assert main(words) == 0
    assert "10 files signed by M. M." in capsys.readouterr().out

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(release, "sign", full)
    assert main(words) == 4
    assert capsys.readouterr().err.endswith("No space left on device; the last release is as it was\n")


def test_the_audit_command_attacks_the_cleared_ledger(project, capsys):
    words = ["--root", str(project.root), "audit", "--study", str(project.study)]
    assert main(words) == 0
    assert capsys.readouterr().out == "2 cleared rows attacked, nothing found\n"
    earlier = project.root / "earlier.parquet"
    counts(estimate=[45.0, 90.0], persons=[45.0, 90.0]).to_parquet(earlier)
    assert main([*words, "--previous", str(earlier)]) == 3
    assert "persons [oulu, x, a]: the difference" in capsys.readouterr().err
    project.cleared.unlink()
    assert main(words) == 2


def test_a_damaged_note_counts_as_failed_and_a_damaged_manifest_as_none(project):
    note = project.processed / "failed" / "oulu.json"
    note.parent.mkdir()
    note.write_text('{"fai')
    assert [note.stem for note in steps.failures(project.processed)] == ["oulu"]
    publish(project)
    told = release.manifest(project.reports)
    (project.reports / "release.json").write_text(json.dumps({**told, "signed": "x"}).replace("made", "mad"))
    assert release.manifest(project.reports) == {}
    (project.reports / "release.json").write_text("{")
    assert release.manifest(project.reports) == {}
    publish(project)
    assert json.loads((project.reports / "release.json").read_text())["signed"] is None

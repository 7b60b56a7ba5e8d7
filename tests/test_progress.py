"""A run says which areas are done and about how long the rest takes, and no more unless asked."""

import os

import pytest

from evaluation.pipeline import engine
from evaluation.pipeline.engine import Progress

TASKS = ["register", *(f"area_analysis[{area}]" for area in "abcd"), "area_report[a-fi]", "area_report[b-fi]"]


def test_by_hand_what_is_left_takes_as_long_as_its_kind_did_and_others_as_long_as_usual():
    progress = Progress(TASKS, jobs=2)
    progress.done("register", seconds=10.0)
    progress.done("area_analysis[a]", seconds=4.0)
    progress.done("area_analysis[b]", seconds=8.0)
    # two analyses of 6 seconds, two pages of a kind not seen yet: the mean of 10 and 6; two at a time
    assert progress.rest() == pytest.approx((2 * 6 + 2 * 8) / 2)


@pytest.mark.parametrize(
    ("every", "told"), [(False, ["area_analysis[a]"]), (True, ["register", "area_analysis[a]"])]
)
def test_lines_are_those_of_areas_unless_every_task_is_asked_for(every, told, capsys):
    progress = Progress(TASKS, jobs=1, every=every)
    for name, function in (("register", lambda: None), ("area_analysis[a]", lambda: None)):
        progress.watched(name, function, {})()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == told
    assert lines[-1].split()[0] == "2/7" and lines[-1].endswith("s left, less where nothing changed)")


def test_a_task_that_fails_says_why_whatever_it_is(capsys):
    progress = Progress(TASKS, jobs=1)

    def fails():
        raise ValueError("no rows")

    with pytest.raises(ValueError, match="no rows"):
        progress.watched("register", fails, {})()
    assert capsys.readouterr().err == "register: ValueError: no rows\n"


@pytest.mark.parametrize(("own", "used"), [(None, "1"), ("4", "4")])
def test_a_run_gives_each_job_one_thread_unless_its_user_says_otherwise(monkeypatch, own, used):
    def stop(reports):
        raise InterruptedError

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", own or "")
    if own is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    monkeypatch.setattr(engine.release, "recover", stop)
    with pytest.raises(InterruptedError):
        engine.run(engine.Project.at(), areas=[], languages=[], jobs=2)
    assert os.environ["OPENBLAS_NUM_THREADS"] == used

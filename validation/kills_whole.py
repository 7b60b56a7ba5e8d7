"""Kill whole runs, notebooks and all, at random moments: is the release whole, and the next run undisturbed?

``python -m validation.kills_whole --kills 20 --seed 1`` publishes one area of a small register, then again
and again with another release date; every second time all processed tables are gone first, so that the
register, the analyses and the reports are killed as well. A run is killed by SIGKILL or ended by SIGTERM in
turn. ``--disk`` gives a folder of a file system with little room (a few megabytes too few) to publish to.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from evaluation.pipeline import release

ROOT = Path(__file__).parents[1]
AREA = "pirkanmaa"


def begin(data: Path, date: str | None, *words: str, reports: Path | None = None) -> subprocess.Popen[str]:
    """Start a command of the project; its output goes into a file."""
    log = (data / "last_run.log").open("w", encoding="utf-8")
    folders = ["--root", str(ROOT), "--data", str(data), "--reports", str(reports or data / "reports")]
    run = ["run", "--areas", AREA, "--languages", "fi", "--release-date", date] if date else []
    command = [sys.executable, "-m", "evaluation", *folders, *run, *words]
    return subprocess.Popen(
        command, stdout=log, stderr=log, env={**os.environ, "MPLBACKEND": "agg"}, text=True
    )


def published(reports: Path, date: str) -> dict[str, bytes]:
    """Bytes of every published page and CSV file without the date, in any way it is written."""
    year, month, day = date.split("-")
    forms = {date, f"{int(day)}.{int(month)}.{year}"}
    found = {}
    for path in sorted(reports.rglob("*")):
        if path.suffix in (".html", ".csv"):
            content = path.read_bytes()
            for form in forms:
                content = content.replace(form.encode(), b"DATE")
            found[path.relative_to(reports).as_posix()] = content
    return found


def main() -> int:
    """Kill runs; print what was found, 1 if a release was not whole or a next run did not end well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--disk", type=Path, help="a folder with too little room for a release")
    given = parser.parse_args()
    rng, after, wrong, statuses = random.Random(given.seed), Counter[str](), 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        begin(data, None, "simulate", "--persons", str(given.persons)).wait()
        began = time.perf_counter()
        assert begin(data, "2026-01-01").wait() == 0, (data / "last_run.log").read_text()
        lasts = time.perf_counter() - began
        undisturbed = published(data / "reports", "2026-01-01")
        for number in range(given.kills):
            date = f"2026-{2 + number // 28:02}-{1 + number % 28:02}"
            whole_run = number % 2 == 0
            if whole_run:
                shutil.rmtree(data / "processed")
            one = begin(data, date)
            try:
                one.wait(rng.uniform(0, lasts if whole_run else lasts / 3))
            except subprocess.TimeoutExpired:
                one.send_signal(signal.SIGTERM if number % 4 < 2 else signal.SIGKILL)
            statuses[str(one.wait())] += 1
            told = release.manifest(data / "reports")
            after["whole" if told and release.whole(data / "reports", told) else "not whole"] += 1
            status = begin(data, date).wait()
            fine = status == 0 and published(data / "reports", date) == undisturbed
            wrong += not fine
            print(f"{number + 1}/{given.kills}: {dict(after)}, wrong {wrong}", flush=True)
        if given.disk:
            status = begin(data, "2026-12-31", reports=given.disk / "reports").wait()
            print(f"no room: status {status}, said: {(data / 'last_run.log').read_text().splitlines()[-1]}")
    print(f"one run lasts {lasts:.0f} s; {given.kills} runs ended early, exit statuses {dict(statuses)}")
    print(f"releases after: {dict(after)}; next runs that did not end as undisturbed ones: {wrong}")
    return int(set(after) != {"whole"} or wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())

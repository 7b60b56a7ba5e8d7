"""Ingesting a delivery against pyarrow merely reading the same CSV files, with its defaults and two threads.

Ingest searches for identity codes, applies all rules, sorts and writes Parquet, in one process and in two.
Each run has a process of its own, in turns; printed are medians of CPU seconds (of all processes, without the
imports), wall seconds, the peak memory of the largest process, and both times as a multiple of pyarrow's.

Run with ``python benchmarks/ingest.py DELIVERY_FOLDER``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
import pyarrow.csv

from evaluation.deliveries.layout import read_layout
from evaluation.pipeline import buckets
from evaluation.registers import by_bucket
from evaluation.registers.ingest import ingest

REFERENCE = Path(__file__).parents[1] / "data" / "raw" / "reference"
ROUNDS = 5


def read(delivery: Path) -> None:
    """Read each CSV file of the delivery, and nothing else."""
    for forms in read_layout(delivery).files.values():
        for file in forms:
            options = pyarrow.csv.ParseOptions(delimiter=file.separator or ",")
            for path in file.paths:
                pyarrow.csv.read_csv(path, parse_options=options)


def used(work: str, delivery: Path) -> dict[str, float]:
    """What `read`, or `ingest` with so many processes, takes."""
    with (
        tempfile.TemporaryDirectory() as place,
        buckets.workers(int(work) if work.isdigit() else 1, only=[by_bucket.__name__]) as others,
    ):
        if others:
            list(others.map(time.sleep, [0.5, 0.5]))  # starts them
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        before, begun = sum(map(_cpu, processes)), time.perf_counter()
        if work == "pyarrow":
            read(delivery)
        else:
            ingest(delivery, place, reference=REFERENCE, executor=others)
        wall, cpu = time.perf_counter() - begun, sum(map(_cpu, processes)) - before
        return {"cpu": cpu, "wall": wall, "peak_mb": max(map(_peak, processes))}


def _cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


def _peak(process: psutil.Process) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main(delivery: Path) -> pd.DataFrame:
    """Run all in turns and say what each took."""
    rows = []
    for _ in range(ROUNDS):
        for work in ("pyarrow", "1", "2"):
            command = [sys.executable, __file__, str(delivery), work]
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            rows.append({"work": work} | json.loads(told.stdout))
    table = pd.DataFrame(rows).groupby("work", sort=False).median()
    times = table[["cpu", "wall"]]
    return table.join((times / times.loc["pyarrow"]).add_suffix("_ratio"))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(used(sys.argv[2], Path(sys.argv[1]))))
    elif len(sys.argv) == 2 and Path(sys.argv[1]).is_dir():
        print(main(Path(sys.argv[1])).round(2).to_string())
    else:
        raise SystemExit("Run with: python benchmarks/ingest.py DELIVERY_FOLDER")

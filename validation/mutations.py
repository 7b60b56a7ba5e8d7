"""Mutated deliveries: whatever comes in, reading ends soon, in tables or in a sentence without a person.

An input is an example delivery of ``docs/examples`` with a mutated layout, a mutated file or mutated values.
Each has a number; the same seed and number give the same input. Most inputs are small on purpose: a layout is
checked, values are parsed, one file is read; few are whole deliveries.

    python -m validation.mutations --inputs 100000 --seed 1
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluation.deliveries import values
from evaluation.deliveries.columns import counted, read_piece
from evaluation.deliveries.layout import read_layout
from evaluation.deliveries.pieces import pieces
from evaluation.registers import ingest as registers
from validation.mutants import any_array, mutated_file, mutated_layout

ROOT = Path(__file__).parents[1]
EXAMPLES = {name: ROOT / "docs" / "examples" / name for name in ("folk", "ura")}
IDS = {
    name: {
        line.replace(";", ",").partition(",")[0]
        for line in (folder / "etuudet.csv").read_text("latin-1").splitlines()[1:]
    }
    for name, folder in EXAMPLES.items()
}
KINDS = ("layout",) * 850 + ("values",) * 118 + ("file",) * 30 + ("delivery",) * 2
LIMIT_SECONDS = 60.0


class Hang(BaseException):
    """An input that took longer than it may."""


def run(number: int, *, seed: int, folder: Path) -> tuple[str, str]:
    """One input: its kind, and "read", "refused", or what went wrong.

    Parameters
    ----------
    number, seed : int
        Which input.
    folder : Path
        A folder that may be written to.
    """
    rng = random.Random(f"{seed}:{number}")
    kind = rng.choice(KINDS)
    name = rng.choice(sorted(EXAMPLES))
    raw = folder / name
    if not raw.exists():
        shutil.copytree(EXAMPLES[name], raw)
    try:
        with time_limit(LIMIT_SECONDS), warnings.catch_warnings(), kept(raw, "layout.toml"):
            warnings.simplefilter("ignore")
            INPUTS[kind](raw, rng)
    except Hang:
        return kind, f"input {number}: a hang of more than {LIMIT_SECONDS:.0f} seconds"
    except (ValueError, FileNotFoundError) as error:
        shown = [one for one in IDS[name] if one in str(error)]
        return kind, f"input {number}: a message shows a person" if shown else "refused"
    except Exception as error:
        return kind, f"input {number}: {type(error).__name__} {str(error)[:200]!r}"
    return kind, "read"


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `Hang` in what takes longer."""

    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def kept(raw: Path, name: str) -> Iterator[None]:
    """Put a file back as it was."""
    data = (raw / name).read_bytes()
    try:
        yield
    finally:
        (raw / name).write_bytes(data)


def _layout(raw: Path, rng: random.Random) -> None:
    path = raw / "layout.toml"
    path.write_bytes(mutated_layout(path.read_text(encoding="utf-8"), rng))
    read_layout(raw)


def _values(raw: Path, rng: random.Random) -> None:
    column = any_array(rng, rng.randint(0, 6))
    if pa.types.is_dictionary(column.type) or pa.types.is_large_string(column.type):
        column = column.cast(pa.string())
    for function in (values.days_of, values.months_of, values.numbers_of, values.texts_of):
        try:
            function(column)
        except TypeError:  # dates where numbers belong, and the like: said by the caller as a ValueError
            continue


def _file(raw: Path, rng: random.Random) -> None:
    layout = read_layout(raw)
    table = rng.choice(sorted(layout.files))
    path = rng.choice(rng.choice(layout.files[table]).paths)
    with kept(raw, path.name):
        path.write_bytes(mutated_file(path.read_bytes(), rng))
        counted([read_piece(piece)[1] for piece in pieces(layout.files[table])])


def _delivery(raw: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(raw.glob("*.csv")))
    with kept(raw, path.name):
        path.write_bytes(mutated_file(path.read_bytes(), rng))
        registers.ingest(raw, raw.parent / "out", reference=ROOT / "data" / "raw" / "reference")


INPUTS: dict[str, Callable[[Path, random.Random], Any]] = {
    "layout": _layout,
    "values": _values,
    "file": _file,
    "delivery": _delivery,
}


def chunk(numbers: range, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Counts of outcomes by kind, and what went wrong."""
    counts: Counter[tuple[str, str]] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            kind, outcome = run(number, seed=seed, folder=Path(folder))
            good = outcome in ("read", "refused")
            counts[kind, outcome if good else "wrong"] += 1
            wrong += [] if good else [outcome]
    return counts, wrong


def main() -> int:
    """Run the inputs and print how many there were of each kind, how they ended, and what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    last, began = options.first + options.inputs, time.monotonic()
    parts = [range(one, min(one + 1000, last)) for one in range(options.first, last, 1000)]
    counts: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for found, bad in pool.map(chunk, parts, [options.seed] * len(parts)):
            counts += found
            wrong += bad
            print(f"{sum(counts.values())} inputs, {len(wrong)} wrong", flush=True)
    for (kind, outcome), number in sorted(counts.items()):
        print(f"{kind:10}{outcome:10}{number:>8}")
    print("\n".join(wrong))
    print(f"{sum(counts.values())} inputs in {time.monotonic() - began:.0f} seconds, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

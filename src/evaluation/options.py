"""The words of the command line: every command with its options, and what they mean."""

from __future__ import annotations

import argparse
from pathlib import Path

DEFAULT_SEED = 20210301
STUDY_HELP = "study file in studies/: which reform is evaluated"


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line; `command` is the name of the one that was asked for."""
    words = argparse.ArgumentParser(
        prog="evaluation",
        description="Evaluate a reform of employment services, from raw registers to reports.",
    )
    words.add_argument(
        "--root", type=Path, help="top folder of the project (default: here, or where the program lies)"
    )
    words.add_argument("--data", type=Path, help="folder with raw/ and processed/ (default: ROOT/data)")
    words.add_argument("--reports", type=Path, help="where reports are published (default: ROOT/reports)")
    commands = words.add_subparsers(dest="command", required=True, metavar="COMMAND")

    simulate = commands.add_parser("simulate", help="write a simulated register delivery")
    simulate.add_argument(
        "--persons", type=int, help="how many persons (default: the full simulated register)"
    )
    simulate.add_argument("--seed", type=int, default=DEFAULT_SEED)
    simulate.add_argument("--dirt", type=float, help="share of rows with faults, 0 for a clean register")
    simulate.add_argument("--study", type=Path, help=STUDY_HELP)

    ingest = commands.add_parser("ingest", help="validate the raw register and write the canonical tables")
    ingest.add_argument("--jobs", type=int, default=2, help="processes for a large delivery (default: 2)")

    layout = commands.add_parser("layout", help="propose a layout.toml for a delivery, as a draft to correct")
    layout.add_argument(
        "--guess",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder of the delivery, left as it is",
    )

    fetch = commands.add_parser(
        "fetch", help="fetch public statistics: StatFin 12r5 and Kela's labour market support, into data/raw/"
    )
    fetch.add_argument("--url", help="address of the PxWeb table (default: Statistics Finland's)")
    fetch.add_argument("--catalogue", help="address of the CKAN interface (default: avoindata.fi)")

    demo = commands.add_parser(
        "demo", help="make a small register and its tables in data/demo/, to look around"
    )
    demo.add_argument("--seed", type=int, default=DEFAULT_SEED)

    new = commands.add_parser("new", help="write a notebook of your own about an area into notebooks/own/")
    new.add_argument("area", help="pilot area, or all")
    new.add_argument("--study", type=Path, help=STUDY_HELP)

    run = commands.add_parser("run", help="run what changed and publish the reports")
    run.add_argument("--study", type=Path, help=STUDY_HELP)
    run.add_argument("--areas", help="comma-separated areas of the study (default: all)")
    run.add_argument("--languages", help="comma-separated languages out of fi,sv,en (default: all)")
    run.add_argument("--jobs", type=int, default=2, help="how many notebooks run at a time (default: 2)")
    run.add_argument("--release-date", help="date printed in the reports (default: that of the last commit)")
    run.add_argument("--previous", type=Path, help="cleared.parquet of the previous release, to compare with")
    run.add_argument("--profile", default="default", help="disclosure: default, strict, or a TOML file")
    run.add_argument("--verbose", action="store_true", help="tell of every task, not only of areas")

    audit = commands.add_parser("audit", help="attack the cleared ledger as an outsider would")
    audit.add_argument("--study", type=Path, help=STUDY_HELP)
    audit.add_argument("--previous", type=Path, help="cleared.parquet of the previous release")
    audit.add_argument("--profile", default="default", help="the disclosure profile it was cleared with")

    release = commands.add_parser("release", help="sign the draft in the reports folder")
    release.add_argument(
        "--sign", metavar="NAME", required=True, help="who approves it; its pages are no drafts then"
    )
    release.add_argument("--study", type=Path, help=STUDY_HELP)

    check = commands.add_parser("check", help="check the published pages: accessibility, size, no requests")
    check.add_argument(
        "--sample", type=int, help="check only this many pages, spread over all (default: all)"
    )
    return words

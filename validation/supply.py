"""What the project stands on: its bill of materials, and known vulnerabilities where a database answers.

``python -m validation.supply sbom`` writes the hashed lock as CycloneDX 1.6 (JSON) to the output, with
licences from what is installed. ``python -m validation.supply audit`` asks a database of vulnerabilities (the
format of OSV's batch queries, its address in ``VULNERABILITY_DATABASE``) about every locked version: status 0
if none is known, 1 if some are, 3 if no database could be asked.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import urllib.request
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ECOSYSTEM = "PyPI"
NOT_ASKED = 3


def locked(text: str) -> list[dict[str, Any]]:
    """Packages of a hashed lock: name, version, hashes.

    Examples
    --------
    >>> locked("numpy==2.4.0 \\\\\\n    --hash=sha256:" + "0" * 64)[0]["version"]
    '2.4.0'
    """
    found = []
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        if head := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", entry):
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)
            found.append({"name": head[1], "version": head[2], "hashes": hashes})
    return found


def licence(name: str) -> str:
    """Licence that an installed package states; empty where it is not installed or states none."""
    try:
        told: Any = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    return str(told.get("License-Expression") or "") or next(
        (
            entry.rpartition(" :: ")[2]
            for entry in told.get_all("Classifier", [])
            if entry.startswith("License")
        ),
        "",
    )


def bill(packages: list[dict[str, Any]]) -> dict[str, Any]:
    """The packages as a CycloneDX document."""
    components = [
        {
            "type": "library",
            "name": one["name"],
            "version": one["version"],
            "purl": f"pkg:pypi/{one['name']}@{one['version']}",
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in one["hashes"]],
            **({"licenses": [{"license": {"name": said}}]} if (said := licence(one["name"])) else {}),
        }
        for one in packages
    ]
    version = metadata.version("evaluation")
    own = {"type": "application", "name": "evaluation", "version": version}
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": own},
        "components": components,
    }  # fmt: skip


def vulnerable(packages: list[dict[str, Any]], database: str) -> list[str]:
    """Packages with known vulnerabilities and their names in the database."""
    queries = [
        {"package": {"name": one["name"], "ecosystem": ECOSYSTEM}, "version": one["version"]}
        for one in packages
    ]
    request = urllib.request.Request(
        database, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        results = json.load(answer)["results"]
    return [
        f"{one['name']} {one['version']}: {', '.join(entry['id'] for entry in result['vulns'])}"
        for one, result in zip(packages, results, strict=True)
        if result.get("vulns")
    ]


def main(words: list[str] | None = None) -> int:
    """Write the bill of materials, or say what is known of the locked versions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("sbom", "audit"))
    given = parser.parse_args(words)
    packages = locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    if given.what == "sbom":
        print(json.dumps(bill(packages), indent=1))
        return 0
    database = os.environ.get("VULNERABILITY_DATABASE", "")
    if not database.startswith("https://"):
        needed = "set VULNERABILITY_DATABASE to the https address of a database with OSV's batch queries"
        print(f"{len(packages)} packages, none looked up: {needed}", file=sys.stderr)
        return NOT_ASKED
    try:
        found = vulnerable(packages, database)
    except (OSError, ValueError, KeyError) as error:
        print(
            f"{len(packages)} packages, none looked up: the database could not be asked ({error})",
            file=sys.stderr,
        )
        return NOT_ASKED
    print("\n".join([*found, f"{len(packages)} packages looked up, {len(found)} with known vulnerabilities"]))
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())

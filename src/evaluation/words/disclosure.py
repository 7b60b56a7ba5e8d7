"""What lies beside a release for whoever takes it out: the rules it was cleared by, and the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.words import labels
from evaluation.words.language import CODES, Language, get


def disclosure_note(told: Mapping[str, Any]) -> str:
    """Disclosure profile, audit and approval of a release as plain text, in three languages.

    `told` is what the release says of itself: profile, audit (rows, hidden, earlier), signed, cleared_sha256.
    """
    audit, signed, parts = told["audit"], told["signed"], []
    for code in CODES:
        words = get(code)
        text, number = words.text, words.number
        approved = (
            text("Approved for release by {name}, {day}.", name=signed["by"], day=words.date(signed["at"]))
            if signed
            else text("Draft: not approved.")
        )
        parts += [
            text("Disclosure control of these files"),
            "",
            approved,
            text("All files that release.json names were made from cleared results (SHA-256 {hash}).",
                 hash=told["cleared_sha256"]),
            text("Tables and figures that a notebook made by itself are neither cleared nor audited."),
            "",
            *(f"{name}: {rule}" for name, rule in _in_words(told["profile"], words)),
            "",
            text("The audit attacked the cleared results as an outsider would, together with {earlier} "
                 "earlier releases: {rows} rows, {hidden} of them without a number. It found nothing that "
                 "tells of fewer persons than the rules allow.",
                 **{name: number(count) for name, count in audit.items()}),
            "", "",
        ]  # fmt: skip
    return "\n".join(parts).rstrip() + "\n"


def profile_in_words(processed: str | Path, language: Language) -> list[tuple[str, str]]:
    """Names and values of the disclosure profile of a run; empty where none was kept."""
    file = Path(processed) / "disclosure.json"
    return _in_words(json.loads(file.read_text("utf-8")) if file.exists() else {}, language)


def _in_words(rules: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    return [
        (labels.label("profile", name, language), rule_in_words(value, language))
        for name, value in rules.items()
    ]


def rule_in_words(value: object, language: Language) -> str:
    """A number of the disclosure profile in words."""
    if isinstance(value, dict):
        steps = {labels.label("unit", unit, language): step for unit, step in value.items()}
        return "; ".join(
            f"{unit} {language.number(step, max(0, len(f'{step:g}') - 2))}" for unit, step in steps.items()
        )
    return value if isinstance(value, str) else language.number(float(value))  # type: ignore[arg-type]

"""How hard the published sentences are to read: LIX, long words, long sentences, and the worst of them.

Run ``python -m validation.readability reports``. Each sentence counts once a language, however many pages
hold it with other numbers. LIX (Björnsson 1968) is words a sentence plus the percentage of words of more than
six letters; Finnish words are longer, so beside it stands the share of those of more than fourteen letters.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
from bs4 import BeautifulSoup

NUMBER = re.compile(r"[-−+]?\d[\d\s.,–]*")
WORD = re.compile(r"[^\W\d_](?:[\w'’.:-]*\w)?")
SHOWN = "main p, main li, main .seen"
WORST = 20
LONG, VERY_LONG, FEWEST_WORDS, MOST_WORDS = 6, 14, 5, 25


def sentences(page: Path) -> Iterator[str]:
    """Sentences of the paragraphs, lists and captions of a page; a list of numbers is not one."""
    for one in BeautifulSoup(page.read_text("utf-8"), "html.parser").select(SHOWN):
        for sentence in re.split(r"(?<=[.?!”])\s+(?=[A-ZÅÄÖ“”])", one.get_text(" ", strip=True)):
            if len(WORD.findall(sentence)) > FEWEST_WORDS:
                yield NUMBER.sub("0 ", " ".join(sentence.split()))


def measured(texts: Iterable[str]) -> pd.DataFrame:
    """Words, long words and LIX of each sentence, the hardest first.

    Examples
    --------
    >>> measured(["Kunta maksaa osan työmarkkinatuesta."]).iloc[0, 1:].tolist()
    [4.0, 1.0, 1.0, 29.0]
    """
    rows = []
    for text in sorted(set(texts)):
        words = WORD.findall(text)
        long, very_long = (sum(len(word) > most for word in words) for most in (LONG, VERY_LONG))
        rows.append((text, len(words), long, very_long, len(words) + 100 * long / len(words)))
    found = pd.DataFrame(rows, columns=["sentence", "words", "long", "very_long", "lix"])
    return found.sort_values("lix", ascending=False, ignore_index=True)


def summary(found: pd.DataFrame) -> dict[str, float]:
    """LIX of all sentences together, their mean length, and shares of very long words and long sentences."""
    words = found["words"].sum()
    return {
        "sentences": len(found),
        "words_a_sentence": words / len(found),
        "lix": words / len(found) + 100 * found["long"].sum() / words,
        "very_long_words": found["very_long"].sum() / words,
        "sentences_over_25_words": float((found["words"] > MOST_WORDS).mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("reports"))
    folder = parser.parse_args().folder
    for language in ("fi", "sv", "en"):
        found = measured(
            one for page in sorted((folder / language).glob("*.html")) for one in sentences(page)
        )
        print(language, *(f"{name} {value:.3g}" for name, value in summary(found).items()), sep="  ")
        for row in found.head(WORST).itertuples():
            print(f"  {row.lix:3.0f}  {row.words:2}  {row.sentence}")


if __name__ == "__main__":
    main()

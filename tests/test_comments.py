"""An evaluator's own words: taken in as text, apart from the findings, and never live."""

import random
import re

import pytest
from validation import injection

import ledger_example
from evaluation.pipeline import check_pages
from evaluation.reporting import page, sections
from evaluation.words import comments
from evaluation.words.language import CODES, get
from small_register import TRIALS
from test_page import REFERENCE, published

HOSTILE = """Author: <b>Eve</b> "x"

# <h1>Title</h1>

<script>window.live=1</script> <img src=x onerror=window.live=1>
![remote](https://example.org/x.png) ![](data:image/png;base64,AAAA)
[click](javascript:window.live=1) [data](data:text/html,x) [JAVASCRIPT:x](JaVaScript:x) <javascript:x>
javascript:alert(1) onload="window.live=1" data-simulated="true" <!-- contents --> {{ 7 * 7 }} {% raw %}

```
<script>window.live=1</script>
# not a title
```

[ref]: javascript:window.live=1
A [ref] and a [source](https://stat.fi/?a=1&b="2").
"""


def written(folder, text, name="oulu.fi.md"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_markdown_becomes_text_emphasis_lists_and_links(tmp_path):
    found = comments.read(written(tmp_path, "Kirjoittaja: Maija M.\n\n**Tärkeä** asia:\n\n- yksi\n- kaksi\n"))
    assert found.author == "Maija M."
    assert re.findall(r"<(\w+)>", found.text) == ["p", "strong", "ul", "li", "li"]


def test_hostile_markdown_is_text(tmp_path):
    text = comments.read(written(tmp_path, HOSTILE)).text
    assert set(re.findall(r"<(\w+)", text)) <= {"p", "strong", "a", "pre", "code", "br"}
    assert re.findall(r'href="([^"]*)"', text) == ["https://stat.fi/?a=1&amp;b=%222%22"]
    assert not re.search(r"\son\w+=[\"']|<!--|<img|<script", text, re.IGNORECASE)


@pytest.mark.parametrize("language", CODES)
def test_a_hostile_comment_leaves_the_page_whole_and_stands_apart(tmp_path, language):
    report = sections.open_report(
        ledger_example.example(), study=TRIALS, reference=REFERENCE, language=language, area="oulu",
        release_date="2026-11-23",
    )  # fmt: skip
    comment = comments.read(written(tmp_path, HOSTILE))
    heading = {"text/html": sections.section(report, "heading")}
    findings = {"text/html": sections.section(report, "findings", comment=comment)}
    shown = published(tmp_path, heading, findings, language=language)
    apart = shown.partition("<aside")
    assert "</section>" in apart[0] and apart[2].index("</aside>") > 0
    assert get(language).text("Comment by {author}", author="&lt;b&gt;Eve") in apart[2]
    assert "<b>Eve" not in shown and shown.count("<h1") == 1
    without = sections.section(report, "findings")
    assert "<aside" not in without and without in findings["text/html"]


def test_no_payload_of_the_attackers_is_live(tmp_path):
    if check_pages.browser() is None:
        pytest.skip("no Chromium on this machine")
    payloads = injection.payloads(200, random.Random(1))
    text = "Author: x\n\n" + "\n\n".join(payloads) + "\n\n" + " ".join(f"[a]({p})" for p in payloads[:60])
    comment = comments.read(written(tmp_path, text[: comments.LONGEST]))
    target = page.write_plain(
        tmp_path / "a.html", title="a", body=f"<h1>a</h1>{comment.text}", language="fi", simulated=True
    )
    assert injection.live_in([target]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No author here", "who writes"),
        ("Author:\n\ntext", "who writes"),
        ("Author: A\n", "1 to"),
        ("Author: A\n\n" + "x" * 20_001, "1 to"),
    ],
)
def test_a_comment_without_author_or_text_is_refused(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        comments.check(written(tmp_path, text).parent, ["oulu"])


@pytest.mark.parametrize("name", ["oulu.md", "olu.fi.md", "oulu.de.md", "oulu.fi.fi.md"])
def test_a_misnamed_comment_is_refused_with_the_names_that_there_are(tmp_path, name):
    written(tmp_path, "Author: A\n\ntext", name)
    with pytest.raises(ValueError, match=r"oulu\.fi\.md"):
        comments.check(tmp_path, ["oulu"])


def test_a_comment_that_is_not_utf_8_is_refused_by_name(tmp_path):
    (tmp_path / "oulu.fi.md").write_bytes("Author: Ä\n\nö".encode("latin-1"))
    with pytest.raises(ValueError, match=r"oulu\.fi\.md: not UTF-8"):
        comments.check(tmp_path, ["oulu"])

"""The index: the verdict, failures first with error and remedy, and every notebook with what it said."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

from l3kit.examples.demo.index_page import Facts, duration, index_page, verdict_of
from l3kit.examples.demo.scenes import ACTS, Outcome

FACTS = Facts(74.2, "2026-11-28 21:00 UTC", "0.1.0 (commit 7915b4b)")
NAMES = [scene.name for act in ACTS for chain in act.chains for scene in chain]
ERROR = "CheckFailedError: links: 1 of 42 checks failed. Apply the twin again, <then> verify"


def outcomes(**others: Outcome) -> list[Outcome]:
    return [others.get(name, Outcome(name, "ok", 7.0, f"{name} said so")) for name in NAMES]


def shown(told: list[Outcome], there: Path) -> BeautifulSoup:
    html = index_page(ACTS, told, FACTS, {"walkthrough": "Where `does` it go?"}, [("docs/a.html", "The A")], there)
    return BeautifulSoup(html, "html.parser")


def test_a_demo_that_passed(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.html").touch()
    soup = shown(outcomes(), tmp_path)
    text = soup.get_text(" ")
    assert soup.title is not None
    assert soup.title.get_text() == "l3kit demo: All 13 notebooks passed in 1 min 14 s."
    assert [h.get_text() for h in soup.find_all("h2")] == [*(act.title for act in ACTS), "Documentation"]
    rows = soup.select("table.act tbody tr")
    assert [[a["href"] for a in row.find_all("a")] for row in rows] == [[f"{name}.html"] for name in NAMES]
    assert all(
        f"{name} said so" in row.get_text() and "7 s" in row.get_text() for name, row in zip(NAMES, rows, strict=True)
    )
    assert all(act.about in soup.get_text() for act in ACTS)
    assert "0.1.0 (commit 7915b4b)" in text
    assert "2026-11-28 21:00 UTC" in text


def test_what_failed_stands_first_with_its_error_and_a_remedy(tmp_path: Path) -> None:
    told = outcomes(
        verify_connections=Outcome("verify_connections", "failed", 3.0, error=ERROR),
        query_tiers=Outcome("query_tiers", "not run", error="not run, because verify_connections failed"),
        destroy_l3=Outcome("destroy_l3", "not run", error="not run, because verify_connections failed"),
    )
    soup = shown(told, tmp_path)
    first, *_ = soup.find_all("h2")
    assert first.get_text() == "verify_connections failed"
    section = first.parent
    assert section is not None
    assert ERROR in section.get_text()
    assert "make demo" in section.get_text()
    assert "1 of 13 notebooks failed, and 2 were not run" in soup.get_text()
    assert "not run, because verify_connections failed" in soup.get_text()
    assert not [a for a in soup.find_all("a") if a["href"] == "destroy_l3.html"], "a page that is not there"


def test_verdicts_in_words() -> None:
    one = [Outcome("a", "ok", 1.0, "x")]
    assert verdict_of(one, 47.6) == "1 notebook passed in 48 s."
    assert verdict_of([*one, Outcome("b", "failed"), Outcome("c", "not run")], 61) == (
        "1 of 3 notebooks failed, and 1 was not run, in 1 min 1 s."
    )
    assert duration(120) == "2 min 0 s"

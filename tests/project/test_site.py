"""The site of the documentation: what its check finds, and how links to files beside docs are changed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
import yaml

from tests.programs.site import ROOT, problems
from tests.programs.site_links import BESIDE, relinked

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


class Settings(yaml.SafeLoader):
    """YAML as MkDocs reads it: a tag that names a function of Python is left out."""


Settings.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)
SETTINGS = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Settings)


def listed(entry: object) -> list[str]:
    """The pages of an entry of the navigation."""
    if isinstance(entry, dict):
        return [page for below in entry.values() for page in listed(below)]
    return [page for below in entry for page in listed(below)] if isinstance(entry, list) else [str(entry)]


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(listed(SETTINGS["nav"])) == sorted([*PAGES, *set(BESIDE.values()) - {"index.md"}])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_first_whom_it_is_for(page: str) -> None:
    heading, whom, _ = (DOCS / page).read_text("utf-8").split("\n\n", 2)
    assert heading.startswith("# ")
    assert whom.startswith("For "), f"begin {page} with a paragraph that says for whom it is"


def test_nothing_of_the_theme_comes_from_a_network() -> None:
    assert SETTINGS["theme"]["font"] is False
    assert SETTINGS["extra"]["polyfills"] == ["assets/iframe-worker.js"]
    assert (DOCS / "assets" / "iframe-worker.js").is_file()
    assert "repo_url" not in SETTINGS, "the theme asks GitHub about it"
    assert {"mermaid", "arithmatex"}.isdisjoint(str(SETTINGS["markdown_extensions"]).split("'"))


@pytest.mark.parametrize("picture", sorted((DOCS / "pictures").glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_has_a_name_loads_nothing_and_is_shown_on_a_page(picture: Path) -> None:
    text = picture.read_text("utf-8")
    assert "<title>" in text
    assert "prefers-color-scheme: dark" in text
    assert text.count("://") == 1, "the name space alone"
    assert any(f"pictures/{picture.name})" in (DOCS / page).read_text("utf-8") for page in PAGES)


PAGE = '<html><head>{head}</head><body><h2 id="here">Here</h2>{body}</body></html>'


def found(site: Path, head: str = "", body: str = "", style: str = "") -> list[str]:
    (site / "sub").mkdir()
    (site / "sub" / "index.html").write_text(PAGE.format(head="", body=""), "utf-8")
    (site / "page.html").write_text(PAGE.format(head=head, body=body), "utf-8")
    (site / "style.css").write_text(style, "utf-8")
    return list(problems(site))


@pytest.mark.parametrize(
    "fault",
    [
        {"head": '<script src="https://cdn.example/a.js"></script>'},
        {"head": '<script src="//cdn.example/a.js"></script>'},
        {"head": '<link rel="stylesheet" href="https://fonts.example/css">'},
        {"head": '<link rel="preconnect" href="https://fonts.example">'},
        {"head": "<style>@import url(https://fonts.example/css);</style>"},
        {"body": '<img src="http://pictures.example/a.png">'},
        {"body": "<p style=\"background: url('//pictures.example/a.png')\"></p>"},
        {"body": '<iframe src="https://video.example"></iframe>'},
        {"style": "@font-face { src: url(https://fonts.example/a.woff2) }"},
        {"body": '<a href="gone.html">gone</a>'},
        {"body": '<a href="#nowhere">nowhere</a>'},
        {"body": '<a href="sub/#nowhere">nowhere</a>'},
        {"body": '<a href="style.css/x">below a file</a>'},
    ],
    ids=str,
)
def test_what_is_loaded_from_elsewhere_and_what_leads_nowhere_is_found(fault: dict[str, str], tmp_path: Path) -> None:
    assert len(found(tmp_path, **fault)) == 1


def test_a_page_that_needs_no_network_is_fine(tmp_path: Path) -> None:
    body = '<a href="#here">a</a><a href="sub/#here">b</a><a href="https://semver.org">c</a><img src="data:image/png,">'
    head = '<link rel="stylesheet" href="style.css"><link rel="canonical" href="https://l3kit.example/page.html">'
    assert found(tmp_path, head, body, "p { background: url(a.svg) }") == []


@pytest.mark.parametrize(
    ("link", "folder", "page", "changed"),
    [
        ("[j](../reference/journal.md#reads)", "docs/how-to", "how-to/a.md", "[j](../reference/journal.md#reads)"),
        ("[c](../../CHANGELOG.md)", "docs/how-to", "how-to/a.md", "[c](../changelog.md)"),
        ("[r](../README.md)", "docs", "a.md", "[r](index.md)"),
        ("[n](../../notebooks/letters.ipynb)", "docs/how-to", "how-to/a.md", "n"),
        ("[u](docs/how-to/upgrade.md)", ".", "changelog.md", "[u](how-to/upgrade.md)"),
        ("[s](https://semver.org)", ".", "changelog.md", "[s](https://semver.org)"),
        ("![p](../pictures/a.svg)", "docs/explanation", "explanation/a.md", "![p](../pictures/a.svg)"),
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_loses_its_target(
    link: str, folder: str, page: str, changed: str
) -> None:
    assert relinked(link, PurePosixPath(folder), page) == changed

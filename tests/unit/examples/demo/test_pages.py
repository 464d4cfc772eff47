"""The demo's pages open without a network and without a dead link, and name no folder of this machine."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup

from l3kit.examples.demo.doc_titles import doc_titles
from l3kit.examples.demo.index_page import Facts, index_page
from l3kit.examples.demo.pages import doc_pages, notebook_page, target_of
from l3kit.examples.demo.redaction import STATE, WIDGET, shown_notebook, without_paths
from l3kit.examples.demo.scenes import NOTEBOOKS, Outcome, acts

ROOT = Path(__file__).parents[4]
ACTS = acts(act=1)
PAGES = [scene.name for act in ACTS for chain in act.chains for scene in chain]
FACTS = Facts(74.2, "2026-11-28 21:00 UTC", "0.1.0 (commit 7915b4b)")
TITLES = dict.fromkeys(NOTEBOOKS, "What `it` does")
CODE_FILE = str(Path(pytest.__file__))
Pages = Mapping[str, BeautifulSoup]


def bar(model: str) -> dict[str, Any]:
    """The states of a bar of tqdm in Jupyter, as papermill saves them."""

    def state(**values: Any) -> dict[str, Any]:
        return {"model_module": "m", "model_module_version": "1", "model_name": "n", "state": values}

    parts = {"a": state(value="load: 100%"), "b": state(value=7.0), "c": state(value=" 7/7 [00:01&lt;00:00, 6it/s]")}
    return {model: state(children=[f"IPY_MODEL_{part}" for part in parts]), **parts}


def executed(folder: Path, name: str) -> Path:
    """A notebook as papermill leaves it: with this machine's paths, a bar, and an error with a traceback."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name.partition('.')[0]}.ipynb", as_version=4)
    view = {WIDGET: {"model_id": "box", "version_major": 2, "version_minor": 0}, "text/plain": "load:   0%|   | 0/7"}
    traceback = [
        f"File \x1b[32m{CODE_FILE}:12\x1b[39m, in f",
        f"  {ROOT}/l3kit/examples/demo/pages.py",
        f"{Path.home()}/x.json",
    ]
    last = notebook.cells[-1]
    last.source += f'\nresult_path = "{ROOT}/build/demo/x.json"'
    last.outputs = [
        nbformat.v4.new_output("display_data", data=view),
        nbformat.v4.new_output("stream", text=f"{tempfile.gettempdir()}/ipykernel_1/2.py and {ROOT} itself"),
        nbformat.v4.new_output("error", ename="L3Error", evalue="no", traceback=traceback),
    ]
    notebook.metadata["widgets"] = {STATE: {"state": bar("box"), "version_major": 2, "version_minor": 0}}
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that `make demo` renders, from the notebooks of this checkout."""
    out = tmp_path_factory.mktemp("demo")
    for name in PAGES:
        notebook_page(executed(out, name), out / f"{name}.html", ROOT, PAGES)
    doc_pages(out, ROOT, PAGES)
    outcomes = [Outcome(name, "ok", 3.0, "26,115 items moved") for name in PAGES]
    (out / "index.html").write_text(index_page(ACTS, outcomes, FACTS, TITLES, doc_titles(ROOT), out), "utf-8")
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> Pages:
    return {
        str(path.relative_to(site)): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in sorted(site.rglob("*.html"))
    }


def test_every_link_of_every_page_opens(site: Path, pages: Pages) -> None:
    names = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in pages.items()}
    followed = 0
    for path, soup in pages.items():
        for link in soup.find_all("a", href=True):
            address, _, fragment = unquote(str(link["href"])).partition("#")
            assert "://" not in address, (path, address)
            target = (site / path).parent / address if address else site / path
            assert target.is_file(), (path, address)
            if fragment:
                assert fragment in names[str(target.resolve().relative_to(site.resolve()))], (path, address, fragment)
            followed += 1
    assert followed > len(PAGES) + len(doc_titles(ROOT))


def test_from_the_index_every_page_can_be_reached_and_from_every_page_the_index(pages: Pages) -> None:
    assert {str(a["href"]) for a in pages["index.html"].find_all("a", href=True)} == set(pages) - {"index.html"}
    for path in set(pages) - {"index.html"}:
        back = [str(a["href"]) for a in pages[path].find_all("a", href=True)]
        assert "../" * path.count("/") + "index.html" in back, path


def test_nothing_is_loaded_from_anywhere(pages: Pages) -> None:
    for path, soup in pages.items():
        assert not soup.find_all(["script", "iframe", "object", "embed"]), path
        for tag in soup.find_all(src=True):
            assert str(tag["src"]).startswith("data:"), (path, tag["src"])
        for tag in soup.find_all("link", href=True):
            assert str(tag["href"]).startswith("data:"), (path, tag["href"])
        styles = " ".join([*(tag.get_text() for tag in soup.find_all("style")), *_inline_styles(soup)])
        assert "@import" not in styles, path
        assert not re.search(r"url\((?![\"']?data:)", styles), path


def _inline_styles(soup: BeautifulSoup) -> list[str]:
    return [str(tag["style"]) for tag in soup.find_all(style=True)]


def test_no_page_names_a_folder_of_this_machine(site: Path) -> None:
    machine = {str(ROOT), str(Path.home()), sys.prefix, sys.base_prefix, tempfile.gettempdir()} - {"/"}
    for path in sorted(site.glob("*.html")):
        text = path.read_text("utf-8")
        for folder in machine:
            assert not re.search(re.escape(folder) + r"(?![\w.-])", text), (path.name, folder)


def test_a_bar_is_shown_as_it_ended_and_nothing_of_its_widget_stays(site: Path) -> None:
    text = (site / "walkthrough.html").read_text("utf-8")
    assert "load: 100% 7/7 [00:01&lt;00:00, 6it/s]" in text
    assert "0/7" not in text
    assert "widget" not in text


def test_what_lies_in_the_project_is_named_from_there(site: Path) -> None:
    text = BeautifulSoup((site / "walkthrough.html").read_text("utf-8"), "html.parser").get_text()
    assert 'result_path = "build/demo/x.json"' in text
    assert "  l3kit/examples/demo/pages.py" in text
    assert "~/x.json" in text
    assert "TMP/ipykernel_1/2.py and . itself" in text


def test_a_picture_stays_as_it_is_although_its_base64_looks_like_a_path() -> None:
    picture = f"iVBOR{Path.home()}/AAAA"
    output = {"output_type": "display_data", "data": {"image/png": picture, "text/plain": f"{Path.home()}/a"}}
    notebook = {"cells": [{"cell_type": "code", "source": "", "outputs": [output]}], "metadata": {}}
    (shown,) = shown_notebook(notebook, ROOT)["cells"][0]["outputs"]
    assert shown["data"] == {"image/png": picture, "text/plain": "~/a"}


def test_names_that_only_begin_like_a_folder_stay() -> None:
    change = without_paths(Path("/srv/work"))
    assert change("/srv/work/l3kit, /srv/work, /srv/worker, /aws/lambda/x") == "l3kit, ., /srv/worker, /aws/lambda/x"


def test_every_picture_has_a_name_and_every_page_a_language_and_one_heading(pages: Pages) -> None:
    for path, soup in pages.items():
        assert soup.html is not None
        assert soup.html["lang"] == "en"
        assert len(soup.find_all("h1")) == 1, path
        assert all(image.get("alt") for image in soup.find_all("img")), path


@pytest.mark.parametrize(
    ("link", "folder", "below", "target"),
    [
        ("../docs/reference/journal.md", "notebooks", "", "docs/reference/journal.html"),
        ("deploy_l3.ipynb", "notebooks", "", "deploy_l3.html"),
        ("crash_lab.ipynb", "notebooks", "", None),
        ("journal.md#receipts", "docs/reference", "docs/reference", "journal.html#receipts"),
        ("../glossary.md", "docs/reference", "docs/reference", "../glossary.html"),
        ("../README.md", "docs", "docs", "readme.html"),
        ("docs/reference/openapi.yaml", ".", "docs", "reference/openapi.yaml"),
        ("../notebooks/walkthrough.ipynb", "docs", "docs", "../walkthrough.html"),
        ("../params", "docs", "docs", None),
        ("docs/nothing.md", ".", "docs", None),
        ("#here", "docs", "docs", "#here"),
    ],
)
def test_where_a_link_leads(link: str, folder: str, below: str, target: str | None) -> None:
    assert target_of(link, PurePosixPath(folder), below, ROOT, ["deploy_l3", "walkthrough"]) == target

"""The demo's notebooks and the documentation as offline pages with working links."""

from __future__ import annotations

import posixpath
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePosixPath

import nbformat
from bs4 import BeautifulSoup, Tag
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from pygments.formatters import HtmlFormatter

from l3kit.examples.demo.doc_titles import DOCS, README, doc_address, doc_sources
from l3kit.examples.demo.frame import page
from l3kit.examples.demo.redaction import shown_notebook

INDEX = "index.html"
CELLS = """
.cell { margin: 1rem 0; } .prompt { display: none; }
.output_text pre, .output_stream pre { background: var(--soft); border-radius: 6px; white-space: pre-wrap; }
.output_error pre { background: var(--soft); border-left: 4px solid var(--bad); white-space: pre-wrap; }
.output_subarea { margin: .5rem 0; } table.l3 { width: auto; }
.ansi-bold { font-weight: 700; } .ansi-underline { text-decoration: underline; }
.ansi-red-fg, .ansi-red-intense-fg { color: var(--bad); } .ansi-green-fg, .ansi-green-intense-fg { color: var(--good); }
.ansi-blue-fg, .ansi-blue-intense-fg, .ansi-cyan-fg, .ansi-cyan-intense-fg { color: var(--link); }
.ansi-yellow-bg { background: transparent; font-weight: 700; }
"""


def notebook_page(executed: Path, html: Path, root: Path, pages: Sequence[str]) -> None:
    """Render an executed notebook.

    Args:
        root: the project; links are looked up from its folder `notebooks`.
        pages: names of the demo's pages, without `.html`; a link to another notebook loses its target.
    """
    shown = shown_notebook(nbformat.read(executed, as_version=4), root)
    exporter = HTMLExporter(template_name="basic", exclude_anchor_links=True)
    body, _ = exporter.from_notebook_node(nbformat.from_dict(shown))
    soup = BeautifulSoup(body, "html.parser")
    _mend(soup, PurePosixPath("notebooks"), "", root, pages)
    heading = soup.find("h1")
    title = heading.get_text() if heading else html.stem
    named = f'<p class="quiet">Notebook <code>{html.stem.partition(".")[0]}</code>, as it ran</p>'
    text = page(f"{title} - l3kit demo", str(soup), head=named, style=_code_style() + CELLS, home=INDEX)
    html.write_text(text, "utf-8")


def doc_pages(out: Path, root: Path, pages: Sequence[str]) -> None:
    """Render README.md and the pages of docs into the folder `docs` next to the notebooks; YAML files are copied."""
    for source in doc_sources(root):
        path = PurePosixPath(source.relative_to(root))
        address = doc_address(path)
        soup = BeautifulSoup(markdown2html_mistune(source.read_text("utf-8")), "html.parser")
        for anchor in soup.select("a.anchor-link"):
            anchor.decompose()
        _mend(soup, path.parent, str(address.parent), root, pages)
        heading = soup.find("h1")
        title = heading.get_text() if heading else source.stem
        home = posixpath.relpath(INDEX, str(address.parent))
        html = out / address
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(page(f"{title} - l3kit", str(soup), style=_code_style(), home=home), "utf-8")
    for source in sorted((root / DOCS).rglob("*.yaml")):
        copy = out / source.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())


def target_of(link: str, folder: PurePosixPath, below: str, root: Path, pages: Sequence[str]) -> str | None:
    """Target of a link in a rendered page; None if the target is not rendered.

    Args:
        link: as in the source, which is in `folder` of the project.
        below: folder of the rendered page, relative to the demo's; empty for the demo's own folder.
    """
    address, _, fragment = link.partition("#")
    if not address or re.match(r"[a-z][a-z0-9+.-]*:", address):
        return link
    path = PurePosixPath(posixpath.normpath(str(folder / address)))
    if path.suffix == ".ipynb" and path.stem in pages:
        found = f"{path.stem}.html"
    elif str(path) == README or (path.parts[0] == DOCS and (root / path).is_file()):
        found = str(doc_address(path))
    else:
        return None
    return posixpath.relpath(found, below or ".") + (f"#{fragment}" if fragment else "")


def _mend(soup: BeautifulSoup, folder: PurePosixPath, below: str, root: Path, pages: Sequence[str]) -> None:
    """Make links work, headings linkable and wide tables scrollable, and put pictures into the page."""
    for link in soup.find_all("a", href=True):
        target = target_of(str(link["href"]), folder, below, root, pages)
        if target is None:
            link.unwrap()
        else:
            link["href"] = target
    section = ""
    for tag in soup.find_all(["h1", "h2", "h3", "h4", "table", "img"]):
        if tag.name == "table":
            _scrolls(soup, tag)
        elif tag.name == "img":
            tag["alt"] = tag.get("alt") or f"Plot: {section}"
            _put_in(tag, root / folder)
        else:
            section = tag.get_text().strip()
            tag["id"] = _slug(section)


def _put_in(picture: Tag, folder: Path) -> None:
    """Embed a picture of the documentation in its page."""
    source = folder / str(picture["src"])
    if source.suffix == ".svg" and source.is_file():
        picture["src"] = f"data:image/svg+xml;base64,{b64encode(source.read_bytes()).decode()}"


def _scrolls(soup: BeautifulSoup, table: Tag) -> None:
    around = soup.new_tag("div", attrs={"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Table"})
    table.wrap(around)


def _slug(heading: str) -> str:
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@cache
def _code_style() -> str:
    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("default", "github-dark"))
    rules = f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n"
    return re.sub(r"^\s*(pre|td\.linenos|span\.linenos).*$", "", rules, flags=re.MULTILINE) + (
        ".highlight, .highlight pre { background: var(--code); }\n"
    )

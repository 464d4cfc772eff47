"""Build the documentation as a site and check it: `make docs`, or `python -m tests.programs.site`.

MkDocs checks the links of the sources; here the pages that it has built are checked, as a browser without a network
sees them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).resolve().parents[2]
LOADED = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "img": ("src", "srcset"),
    "input": ("src",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
}
"""Attributes whose targets a browser loads by itself."""
_NOT_LOADED = {"alternate", "canonical", "next", "prev", "author", "license"}
"""Relations of a `link` that are followed by readers alone."""
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_IN_STYLE = re.compile(r"""(?:url\(|@import\s+(?:url\()?)\s*["']?([^"')\s;]+)""")


def problems(site: Path) -> Iterator[str]:
    """Each thing that a built page would load from elsewhere, and each link that leads nowhere.

    Args:
        site: folder of the built pages.
    """
    pages = {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in sorted(site.rglob("*.html"))}
    names = {path: _names(page) for path, page in pages.items()}
    for path, page in pages.items():
        yield from (f"{path.relative_to(site)} loads {target}" for target in _loaded(page) if _ELSEWHERE.match(target))
        if path.name != "404.html":  # its links begin at the root of the server that it is on
            yield from (f"{path.relative_to(site)}: {target} leads nowhere" for target in _dead(path, page, names))
    for path in sorted(site.rglob("*.css")):
        for target in _IN_STYLE.findall(path.read_text("utf-8")):
            if _ELSEWHERE.match(target):
                yield f"{path.relative_to(site)} loads {target}"


def _names(page: BeautifulSoup) -> set[str]:
    return {str(tag[key]) for key in ("id", "name") for tag in page.find_all(attrs={key: True})}


def _loaded(page: BeautifulSoup) -> Iterator[str]:
    for name, attributes in LOADED.items():
        for tag in page.find_all(name):
            yield from (str(tag[attribute]) for attribute in attributes if tag.get(attribute))
    for tag in page.find_all("link", href=True):
        if not set(tag.get("rel") or ()) <= _NOT_LOADED:
            yield str(tag["href"])
    for text in (*(tag.get_text() for tag in page.find_all("style")), *_inline(page)):
        yield from _IN_STYLE.findall(text)


def _inline(page: BeautifulSoup) -> Iterator[str]:
    yield from (str(tag["style"]) for tag in page.find_all(style=True))


def _dead(path: Path, page: BeautifulSoup, names: dict[Path, set[str]]) -> Iterator[str]:
    """The links within the site whose file or heading is not there."""
    for link in page.find_all("a", href=True):
        target = str(link["href"])
        if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
            continue
        address, _, fragment = unquote(target).partition("#")
        found = (path.parent / address).resolve() if address else path
        if found.is_dir():
            found /= "index.html"
        if not found.is_file() or (fragment and found in names and fragment not in names[found]):
            yield target


def main() -> int:
    """Build the site, strictly, and check it."""
    config = load_config(str(ROOT / "mkdocs.yml"), strict=True)
    build(config)
    site = Path(config.site_dir)
    found = list(problems(site))
    for problem in found:
        print(problem)
    if not found:
        count = len(list(site.rglob("*.html")))
        print(f"{count} pages, which open without a network; begin at {(site / 'index.html').relative_to(ROOT)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""A hook of MkDocs: links between docs and the rest of the repository, which GitHub and the site resolve apart.

The changelog and the page on contributing, which lie beside docs, become pages of the site. README.md is its first
page. A link to any other file of the repository loses its target, since the site does not have that file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

DOCS = "docs"
BESIDE = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Files of the repository's root, each with the page of the site that has its place."""
_MADE: Mapping[str, str] = {page: source for source, page in BESIDE.items() if source != "README.md"}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages whose sources lie beside docs."""
    root = Path(config.config_file_path).parent
    for page, source in _MADE.items():
        files.append(File.generated(config, page, content=(root / source).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let every link of a page lead to a page of the site, or nowhere."""
    source = page.file.src_uri
    return relinked(markdown, PurePosixPath("." if source in _MADE else f"{DOCS}/{source}").parent, source)


def relinked(markdown: str, folder: PurePosixPath, page: str) -> str:
    """Return a page with its links changed.

    Args:
        folder: of the page's source, in the repository.
        page: its address in the site, from docs.
    """

    def changed(found: re.Match[str]) -> str:
        mark, text, address, fragment = found[1], found[2], found[3], found[4] or ""
        if re.match(r"[a-z][a-z0-9+.-]*:", address):
            return found[0]
        path = posixpath.normpath(str(folder / address))
        if path in BESIDE:
            target = BESIDE[path]
        elif path.startswith(f"{DOCS}/"):
            target = path.removeprefix(f"{DOCS}/")
        else:
            return text
        return f"{mark}[{text}]({posixpath.relpath(target, posixpath.dirname(page) or '.')}{fragment})"

    return _LINK.sub(changed, markdown)

"""The pages of the documentation: their sources, their addresses, their titles."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

DOCS = "docs"
README = "README.md"


def doc_sources(root: Path) -> list[Path]:
    """README.md, then the pages below docs, by path."""
    return [root / README, *sorted((root / DOCS).rglob("*.md"))]


def doc_address(source: PurePosixPath) -> PurePosixPath:
    """Return the place below the index page of a file of the documentation, given by its path in the project."""
    below = PurePosixPath(DOCS) / (source.relative_to(DOCS) if source.parts[0] == DOCS else source.name)
    return below.with_name(f"{below.stem.lower()}.html") if below.suffix == ".md" else below


def doc_titles(root: Path) -> list[tuple[str, str]]:
    """Address from the index page, and title, of every page of the documentation."""
    found = []
    for source in doc_sources(root):
        heading = re.search(r"^# (.+)$", source.read_text("utf-8"), re.MULTILINE)
        address = doc_address(PurePosixPath(source.relative_to(root)))
        found.append((str(address), heading[1] if heading else source.stem))
    return found

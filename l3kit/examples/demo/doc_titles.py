"""The pages of the documentation: their sources, their addresses, their titles."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = "docs"
README = "README.md"


def doc_sources(root: Path) -> list[Path]:
    """README.md, then docs/*.md by name."""
    return [root / README, *sorted((root / DOCS).glob("*.md"))]


def doc_name(name: str) -> str:
    """The file that a page of the documentation is rendered to; other files keep their name."""
    return f"{name.removesuffix('.md').lower()}.html" if name.endswith(".md") else name


def doc_titles(root: Path) -> list[tuple[str, str]]:
    """Address from the index page, and title, of every page of the documentation."""
    found = []
    for source in doc_sources(root):
        heading = re.search(r"^# (.+)$", source.read_text("utf-8"), re.MULTILINE)
        found.append((f"{DOCS}/{doc_name(source.name)}", heading[1] if heading else source.stem))
    return found

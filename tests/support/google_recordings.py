"""Recorded requests and answers of Google Cloud, which are not in this repository (CONTRIBUTING.md, "Recordings")."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.google_plane import PROJECT

VARIABLE = "L3KIT_RECORDINGS"
FILES = "google*.jsonl.gz", "*.recording.jsonl"
"""Of a folder: those that others made, and those of `l3kit first-light`."""
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_OLD = "https://cloudresourcemanager.googleapis.com/v1/projects/"
_SAME_FORM = (":getIamPolicy", ":setIamPolicy")
"""Calls of an older version with the requests and answers of the one that l3kit calls."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One request, and what Google answered.

    Attributes:
        file: which requests came from one run.
        path: percent-encoded, with a slash in front.
    """

    file: str
    service: str
    verb: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    status: int
    answer: Any

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()


def recordings() -> list[Recording]:
    """Read all. Skips the test where there are none."""
    paths = recorded_files(os.environ.get(VARIABLE, ""))
    if not paths:
        pytest.skip(f"no recordings: {VARIABLE} names none (CONTRIBUTING.md, 'Recordings')")
    return [one for path in paths for one in recorded_in(path)]


def recorded_files(named: str) -> list[Path]:
    """Return the files that a variable names: folders and files, separated as in PATH."""
    found: list[Path] = []
    for place in map(Path, filter(None, named.split(os.pathsep))):
        found += [file for form in FILES for file in sorted(place.glob(form))] if place.is_dir() else [place]
    return found


def recorded_in(path: Path) -> list[Recording]:
    """Read one file, compressed or not."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    return [_recording(json.loads(_PLACEHOLDER.sub(_filled, line))) for line in text.splitlines()]


def _filled(placeholder: re.Match[str]) -> str:
    """A value that has the form of what the recordings blank out."""
    if placeholder[1] == "projectId":
        return PROJECT
    if placeholder[1] == "email":
        return "somebody@example.com"
    return "123456789012" if "umber" in placeholder[1] else "u123456789"


def _recording(line: Mapping[str, Any]) -> Recording:
    text = str(line["url"])
    if text.startswith(_OLD) and text.partition("?")[0].endswith(_SAME_FORM):
        text = text.replace("/v1/", "/v3/", 1)
    url = urlsplit(text)
    query = tuple(parse_qsl(url.query, keep_blank_values=True))
    told = (line["body"], int(line["status"]), line["response"])
    return Recording(line["file"], url.netloc, line["method"], url.path, query, *told)

"""Lists of Google Cloud, which come page by page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.refusals import unless_missing

PAGE = "500"


def all_pages(place: Place, service: str, path: str, name: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return all entries of a list; none where what is listed, or the API, is not there.

    Args:
        name: of the list in an answer.
    Raises: Refusal.
    """
    found: list[dict[str, Any]] = []
    asked = {"pageSize": PAGE, **query}
    while True:
        page = unless_missing(partial(place.control.get, service, path, asked)) or {}
        found += page.get(name, ())
        if not page.get("nextPageToken"):
            return found
        asked = {**asked, "pageToken": str(page["nextPageToken"])}

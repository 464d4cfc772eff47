"""A function's log behind the admin API, page by page."""

from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import islice
from pathlib import Path

from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.functions.log_file import read_lines

PAGE_LINES = 5_000


async def page_of(request: web.Request, file: Path) -> web.Response:
    """Answer with the lines from `since` (ISO 8601) on, after the offset `after`.

    The answer's `after` is where the next page begins; null at the end.
    """
    since, after = request.query.get("since"), request.query.get("after", "0")
    try:
        moment = datetime.fromisoformat(since) if since else None
        if not after.isdecimal() or (moment is not None and moment.tzinfo is None):
            raise ValueError
    except ValueError:
        return json_answer({"error": "since must be ISO 8601 with a zone, after a number"}, 400)
    try:
        return json_answer(await asyncio.to_thread(_page, file, int(after), moment))
    except FileNotFoundError:
        return json_answer({"error": "no such log"}, 404)


def _page(file: Path, after: int, since: datetime | None) -> dict[str, object]:
    found = list(islice(read_lines(file, after, since), PAGE_LINES + 1))
    page, more = found[:PAGE_LINES], found[PAGE_LINES:]
    lines = [{"at": line.at, "moment": line.moment.isoformat(), "text": line.text} for line in page]
    return {"lines": lines, "after": more[0].at if more else None}

"""Lines of Cloud Run functions in Cloud Logging."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from l3kit.clouds.gcp.control.place import LOGGING, Place
from l3kit.clouds.gcp.control.refusals import explained
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.clouds.shared.log_text import log_line

ROLE = "roles/logging.viewer on the project"
PAGE = 1000
_LEVELS = {"NOTICE": "INFO", "ALERT": "CRITICAL", "EMERGENCY": "CRITICAL", "DEFAULT": ""}


def read_log(place: Place, function: str, since: datetime | None) -> Iterator[LogLine]:
    """Yield the lines of a function from a moment on, page by page, oldest first.

    Raises: PermissionMissingError, ProvisioningError.
    """
    parts = ['resource.type="cloud_run_revision"', f'resource.labels.service_name="{function}"']
    parts += [] if since is None else [f'timestamp>="{since.astimezone(UTC).isoformat()}"']
    asked: dict[str, Any] = {
        "resourceNames": [f"projects/{place.project}"],
        "filter": " AND ".join(parts),
        "orderBy": "timestamp asc",
        "pageSize": PAGE,
    }
    while True:
        with explained(f"log of {function}", ROLE):
            page = place.control.post(LOGGING, "v2/entries:list", asked)
        yield from map(line_of, page.get("entries", ()))
        if not page.get("nextPageToken"):
            return
        asked["pageToken"] = page["nextPageToken"]


def line_of(entry: Mapping[str, Any]) -> LogLine:
    """Read an entry of Cloud Logging, in which the platform parsed a line of JSON or kept the text."""
    moment = datetime.fromisoformat(str(entry["timestamp"])).astimezone(UTC)
    if "textPayload" in entry:
        text = str(entry["textPayload"])
    elif "httpRequest" in entry and "jsonPayload" not in entry:
        request = entry["httpRequest"]
        text = f"{request.get('requestMethod', '')} {request.get('status', '')} {request.get('latency', '')}".strip()
    else:
        text = json.dumps(entry.get("jsonPayload", {}), ensure_ascii=False)
    line = log_line(str(entry["insertId"]), moment, text)
    severity = str(entry.get("severity", "DEFAULT"))
    level = line.level or _LEVELS.get(severity, severity)
    return LogLine(line.id, line.moment, line.text, level, line.request_id or _trace(entry))


def _trace(entry: Mapping[str, Any]) -> str:
    """Return the id of the request, as functions get it in the trace header."""
    return str(entry.get("trace", "")).rpartition("/")[2]

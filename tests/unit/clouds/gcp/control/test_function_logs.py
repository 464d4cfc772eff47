"""Lines of functions in Cloud Logging: read page by page, in the form that all clouds share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from l3kit.clouds.gcp.control.function_logs import line_of
from l3kit.clouds.ports.function_logs import LogLine

MOMENT = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)


def entry(**more: Any) -> dict[str, Any]:
    return {"insertId": "1", "timestamp": "2026-11-30T12:00:00.123456789Z", **more}


def test_a_line_of_a_function_has_its_own_level_and_request() -> None:
    content = {"time": "x", "level": "WARNING", "message": "one device is busy", "request_id": "abc"}
    found = line_of(entry(jsonPayload=content, severity="DEFAULT"))
    assert found == LogLine("1", MOMENT, "one device is busy", "WARNING", "abc")


def test_a_line_of_the_platform_has_its_severity_and_trace() -> None:
    found = line_of(entry(textPayload="Container called exit(1).", severity="ALERT", trace="projects/p/traces/t1"))
    assert found == LogLine("1", MOMENT, "Container called exit(1).", "CRITICAL", "t1")


def test_a_request_is_told_without_its_address() -> None:
    request = {"requestMethod": "POST", "status": 503, "latency": "0.2s", "requestUrl": "https://x/?token=secret"}
    assert line_of(entry(httpRequest=request, severity="ERROR")).text == "POST 503 0.2s"

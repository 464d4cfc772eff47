"""Lines of a function's log."""

from __future__ import annotations

import json
import logging
import sys

from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.tokens import Secret
from tests.support.wire_server import TOKEN


def test_log_lines_are_json_with_the_request_id_and_without_the_token() -> None:
    lines = LogLines("cold-writer", Secret(TOKEN), Secret("a-former-one"), Secret(""))
    lines.request_id = "request-7"
    try:
        raise ValueError(f"internal {TOKEN}")
    except ValueError:
        record = logging.LogRecord(
            "l3kit.x", logging.ERROR, "f", 1, "%s %s\n\udc80", (TOKEN, "a-former-one"), sys.exc_info()
        )
    text = lines.format(record)
    line = json.loads(text)
    assert ("\n" in text, TOKEN in text) == (False, False)
    assert (line["level"], line["function"], line["request_id"]) == ("ERROR", "cold-writer", "request-7")
    assert line["message"] == "*** ***\n\\udc80"
    assert "ValueError" in line["error"]

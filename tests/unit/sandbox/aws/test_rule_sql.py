from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from l3kit.sandbox.aws.rule_sql import OFFERED, SqlError, event_of, topics_of
from l3kit.sandbox.messages.message import Message

SQL = OFFERED.replace("TOPIC FILTER", "weather/+/telemetry")


@pytest.mark.parametrize("sql", [SQL, SQL.lower(), SQL.replace(" ", "\n ").replace("(*,\n '", "( * ,'")])
def test_the_filter_of_the_offered_form_is_read(sql: str) -> None:
    assert topics_of(sql) == "weather/+/telemetry"


@pytest.mark.parametrize(
    "sql", ["", "SELECT * FROM 'a'", SQL + " WHERE a = 1", SQL.replace("clientid()", "topic()"), SQL.replace("+", "a+")]
)
def test_anything_else_is_refused(sql: str) -> None:
    with pytest.raises(SqlError):
        topics_of(sql)


def test_the_event_has_what_the_statement_selects() -> None:
    message = Message("weather/a/telemetry", b"\0\xff", "device-1", datetime(2026, 1, 1, 0, 0, 0, 5_000, tzinfo=UTC))
    assert json.loads(event_of(message)) == {
        "payload": base64.b64encode(b"\0\xff").decode(),
        "topic": "weather/a/telemetry",
        "client": "device-1",
        "received": 1_767_225_600_005,
    }

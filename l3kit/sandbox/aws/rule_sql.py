"""The SQL of an IoT topic rule: the one form that the sandbox evaluates. No I/O."""

from __future__ import annotations

import base64
import json
import re

from l3kit.sandbox.messages.message import Message
from l3kit.sandbox.messages.topics import problem_with_filter

VERSION = "2016-03-23"
"""The SQL version that reads payloads other than JSON; the service's default, 2015-10-08, does not."""
OFFERED = (
    "SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client, timestamp() AS received "
    "FROM 'TOPIC FILTER'"
)
_SQL = re.compile(
    r"\s*SELECT\s+encode\s*\(\s*\*\s*,\s*'base64'\s*\)\s+AS\s+payload\s*,\s*topic\s*\(\s*\)\s+AS\s+topic\s*,"
    r"\s*clientid\s*\(\s*\)\s+AS\s+client\s*,\s*timestamp\s*\(\s*\)\s+AS\s+received\s+FROM\s+'(?P<topics>[^']+)'\s*",
    re.IGNORECASE,
)


class SqlError(ValueError):
    """A statement that IoT Core or the sandbox refuses."""


def topics_of(sql: str) -> str:
    """Return a statement's topic filter. Raises: SqlError naming the supported form."""
    found = _SQL.fullmatch(sql)
    if found is None:
        raise SqlError(f"The l3kit sandbox evaluates topic rules of this form only: {OFFERED}")
    if problem := problem_with_filter(found["topics"]):
        raise SqlError(f"The topic filter in FROM is invalid: {problem}")
    return found["topics"]


def event_of(message: Message) -> bytes:
    """Return the result of the rule's SELECT for a message."""
    event = {
        "payload": base64.b64encode(message.payload).decode(),
        "topic": message.topic,
        "client": message.client,
        "received": round(message.received.timestamp() * 1000),
    }
    return json.dumps(event).encode()

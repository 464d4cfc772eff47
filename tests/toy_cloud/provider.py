"""What Toybox says of itself: the value that the entry point names."""

from __future__ import annotations

from l3kit.providers import Provider
from l3kit.tiering.format.chunks import MAX_KEY_BYTES
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.tiering.settings.function_table import TIMEOUT_VARIABLE, CloudVariables
from l3kit.twin.cron_forms import eventbridge, unix_cron
from tests.toy_cloud.names import NAME

FOLDER_VARIABLE = "TOYBOX_FOLDER"
MAX_REQUEST_BYTES = 20_000_000
VARIABLES = CloudVariables(
    NAME,
    {
        "hot": "TOYBOX_HOT_NAME",
        "journal": "TOYBOX_JOURNAL_NAME",
        "cold": "TOYBOX_COLD_NAME",
        "archive": "TOYBOX_ARCHIVE_NAME",
    },
    places=dict.fromkeys(("hot", "journal", "cold", "archive"), (FOLDER_VARIABLE,)),
    mover=frozenset({TIMEOUT_VARIABLE}),
)


def key_fault(key: str) -> str | None:
    """Return why no object can have this key; None if one can."""
    return None if len(key.encode()) <= MAX_KEY_BYTES else f"a key has up to {MAX_KEY_BYTES:,} bytes here"


PROVIDER = Provider(
    name=NAME,
    title="Toybox",
    extra="",
    device_fault=lambda device: None,
    key_fault=key_fault,
    native_schedule=lambda expression: eventbridge(unix_cron(expression)),
    variables=VARIABLES,
    receiver_limit=ReceiverLimit(MAX_REQUEST_BYTES, "body"),
    sandbox="tests.toy_cloud.sandbox:PART",
)

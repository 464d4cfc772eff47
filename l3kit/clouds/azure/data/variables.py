"""The environment variables of functions on Azure."""

from __future__ import annotations

from l3kit.tiering.settings.function_table import SCHEDULE_VARIABLE, TIMEOUT_VARIABLE, CloudVariables

_COSMOS = ("COSMOS_ENDPOINT", "COSMOS_DATABASE_NAME")
_BLOB = ("STORAGE_ACCOUNT_URL",)
EVENTS_CONNECTION, EVENTS_NAME = "IOTHUB_EVENTS_CONNECTION_STRING", "IOTHUB_EVENTS_NAME"
"""Settings that the platform reads: the built-in endpoint takes no managed identity, so one of them is a secret."""
HUB_HOST = "IOTHUB_HOST_NAME"

VARIABLES = CloudVariables(
    "azure",
    {
        "hot": "COSMOS_CONTAINER_NAME",
        "journal": "JOURNAL_COSMOS_CONTAINER_NAME",
        "cold": "COLD_BLOB_CONTAINER_NAME",
        "archive": "ARCHIVE_BLOB_CONTAINER_NAME",
        "letters": "DEAD_LETTER_BLOB_CONTAINER_NAME",
    },
    places={"hot": _COSMOS, "journal": _COSMOS, "cold": _BLOB, "archive": _BLOB, "letters": _BLOB},
    mover=frozenset({TIMEOUT_VARIABLE, SCHEDULE_VARIABLE}),
    chain=frozenset({TIMEOUT_VARIABLE}),
    single={
        "dispatcher": frozenset({EVENTS_CONNECTION, EVENTS_NAME}),
        **dict.fromkeys(("event-checker", "feedback-receiver"), frozenset({HUB_HOST})),
    },
    peers={
        "connector": "CONNECTOR_FUNCTION_URL",
        "default-processor": "DEFAULT_PROCESSOR_FUNCTION_URL",
        "persister": "PERSISTER_FUNCTION_URL",
        "event-checker": "EVENT_CHECKER_FUNCTION_URL",
    },
)
"""A timer trigger reads its schedule from a variable."""

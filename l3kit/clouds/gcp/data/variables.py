"""The environment variables of functions on Google Cloud."""

from __future__ import annotations

from l3kit.tiering.settings.function_table import TIMEOUT_VARIABLE, CloudVariables

_FIRESTORE = ("GOOGLE_CLOUD_PROJECT", "FIRESTORE_DATABASE")
_STORAGE = ("GOOGLE_CLOUD_PROJECT",)

VARIABLES = CloudVariables(
    "gcp",
    {
        "hot": "FIRESTORE_COLLECTION_NAME",
        "journal": "JOURNAL_FIRESTORE_COLLECTION_NAME",
        "cold": "COLD_GCS_BUCKET_NAME",
        "archive": "ARCHIVE_GCS_BUCKET_NAME",
        "letters": "DEAD_LETTER_GCS_BUCKET_NAME",
    },
    places={"hot": _FIRESTORE, "journal": _FIRESTORE, "cold": _STORAGE, "archive": _STORAGE, "letters": _STORAGE},
    mover=frozenset({TIMEOUT_VARIABLE}),
    chain=frozenset({TIMEOUT_VARIABLE}),
    peers={
        "connector": "CONNECTOR_FUNCTION_URL",
        "default-processor": "DEFAULT_PROCESSOR_FUNCTION_URL",
        "persister": "PERSISTER_FUNCTION_URL",
        "event-checker": "EVENT_CHECKER_FUNCTION_URL",
    },
)

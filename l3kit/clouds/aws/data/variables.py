"""The environment variables of functions on AWS."""

from __future__ import annotations

from l3kit.tiering.settings.function_table import CloudVariables

VARIABLES = CloudVariables(
    "aws",
    {
        "hot": "DYNAMODB_TABLE_NAME",
        "journal": "JOURNAL_DYNAMODB_TABLE_NAME",
        "cold": "COLD_S3_BUCKET_NAME",
        "archive": "ARCHIVE_S3_BUCKET_NAME",
        "letters": "DEAD_LETTER_S3_BUCKET_NAME",
    },
    peers={
        "connector": "CONNECTOR_LAMBDA_NAME",
        "default-processor": "DEFAULT_PROCESSOR_LAMBDA_NAME",
        "persister": "PERSISTER_LAMBDA_NAME",
        "event-checker": "EVENT_CHECKER_LAMBDA_NAME",
    },
)
"""Region and account locate a store; Lambda sets them."""

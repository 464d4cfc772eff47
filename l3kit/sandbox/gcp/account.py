"""The project of the sandbox's Google Cloud, its region, and the names of those who act in it."""

import zlib

NAME = "gcp"
PROJECT = "l3kit-sandbox"
REGION = "us-central1"
OPERATOR = "operator@l3kit-sandbox.example"
"""The user whose credentials a session and tests have."""

NUMBER = str(100_000_000_000 + zlib.crc32(PROJECT.encode()))
PUBSUB_AGENT = f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
"""The account as which Pub/Sub itself acts in the project."""


def service(function: str) -> str:
    """Return the resource name of a function's Cloud Run service."""
    return f"projects/{PROJECT}/locations/{REGION}/services/{function}"

"""The project of the sandbox's Google Cloud, its region, and the names of those who act in it."""

NAME = "gcp"
PROJECT = "l3kit-sandbox"
REGION = "us-central1"
OPERATOR = "operator@l3kit-sandbox.example"
"""The user whose credentials a session and tests have."""
FALLBACK = "functions@l3kit-sandbox.example"
"""What functions are that the sandbox's own admin interface deployed: they may do everything."""


def service(function: str) -> str:
    """Return the resource name of a function's Cloud Run service."""
    return f"projects/{PROJECT}/locations/{REGION}/services/{function}"

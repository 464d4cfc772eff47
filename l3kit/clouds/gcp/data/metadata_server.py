"""Google Cloud's metadata server, where a function gets tokens of its service account.

Source: Compute Engine, "View and query VM metadata"; Cloud Run, "Service identity".
"""

from __future__ import annotations

from collections.abc import Mapping

FUNCTION_VARIABLE = "K_SERVICE"
"""Set in every function, and nowhere else."""
METADATA_VARIABLE = "GCE_METADATA_HOST"
METADATA_HOST = "metadata.google.internal"
ACCOUNT_PATH = "/computeMetadata/v1/instance/service-accounts/default"
IDENTITY_PATH = f"{ACCOUNT_PATH}/identity"
TOKEN_PATH = f"{ACCOUNT_PATH}/token"
FLAVOR: Mapping[str, str] = {"Metadata-Flavor": "Google"}
METADATA_SECONDS = 10.0


def metadata_host(env: Mapping[str, str]) -> str:
    """Return host and port; a variable replaces Google's own."""
    return env.get(METADATA_VARIABLE) or METADATA_HOST

"""What of the shell's variables a sandbox is told: nothing that steers a cloud's clients, and no proxy.

Only npm and pip, which fetch the emulators and what functions require from a registry at first use, hear the shell's
proxies and certificates: the registry is not on this machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

INSTALLING = "L3KIT_SANDBOX_INSTALLING"
"""The variables for installers as JSON, on their way through the gateway, which does not heed them itself."""
_CLOUDS = ("AWS_", "AZURE_", "AZURITE_", "BOTO", "CLOUDSDK_", "COSMOS_", "GCLOUD_", "GCE_", "GOOGLE_", "GRPC_")
_EMULATORS = ("FIRESTORE_", "STORAGE_", "PUBSUB_", "DATASTORE_", "FUNCTIONS_", "MOTO_", "NODE_", "LAMBDA_")
_CERTIFICATES = frozenset(
    ("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE")
)


def without_proxies(shell: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables without those that name a cloud, an emulator, a proxy or certificates."""
    return {
        name: value
        for name, value in shell.items()
        if not name.upper().startswith(_CLOUDS + _EMULATORS) and not _of_installers(name)
    }


def gateway_environment(shell: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The same, with what `installer_environment` unpacks again."""
    kept = {name: value for name, value in shell.items() if _of_installers(name)}
    return without_proxies(shell) | ({INSTALLING: json.dumps(kept)} if kept else {})


def installer_environment(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For npm and pip: the variables of this process, and the proxies and certificates of the shell."""
    given = {name: value for name, value in own.items() if name != INSTALLING}
    return {**given, **json.loads(own.get(INSTALLING, "{}"))}


def emulator_environment(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For a process of the gateway's."""
    return {name: value for name, value in without_proxies(own).items() if name != INSTALLING}


def _of_installers(name: str) -> bool:
    return name.upper().endswith("_PROXY") or name.upper() in _CERTIFICATES

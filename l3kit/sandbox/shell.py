"""Environment of the sandbox's processes: the shell's, without cloud client settings, proxies and certificates.

npm and pip keep the shell's proxies and certificates, because they download emulators and requirements on first use.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from l3kit.providers import names, provider

INSTALLING = "L3KIT_SANDBOX_INSTALLING"
"""JSON of the variables for npm and pip, which the gateway passes on without using them."""
_RUNTIMES = ("GRPC_", "NODE_")
_CERTIFICATES = frozenset(
    ("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE")
)


def without_proxies(shell: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without variables for clouds, emulators, proxies and certificates."""
    unwanted = (*_RUNTIMES, *(prefix for cloud in names() for prefix in provider(cloud).shell_variables))
    return {
        name: value
        for name, value in shell.items()
        if not name.upper().startswith(unwanted) and not _is_for_installers(name)
    }


def gateway_environment(shell: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment of the gateway; the variables for installers are packed into `INSTALLING`."""
    kept = {name: value for name, value in shell.items() if _is_for_installers(name)}
    return without_proxies(shell) | ({INSTALLING: json.dumps(kept)} if kept else {})


def installer_environment(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment of npm and pip: this process's variables plus the shell's proxies and certificates."""
    given = {name: value for name, value in own.items() if name != INSTALLING}
    return {**given, **json.loads(own.get(INSTALLING, "{}"))}


def emulator_environment(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment of a process that the gateway starts."""
    return {name: value for name, value in without_proxies(own).items() if name != INSTALLING}


def _is_for_installers(name: str) -> bool:
    return name.upper().endswith("_PROXY") or name.upper() in _CERTIFICATES

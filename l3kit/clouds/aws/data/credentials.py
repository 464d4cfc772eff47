"""AWS credentials for signing requests, hidden in reprs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from l3kit.errors import ConfigurationError

SHORTEST_SECRET = 16
"""A shorter secret is an emulator's, and may be an ordinary word; AWS's have at least 40 characters."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, with the session token if it is temporary."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def redact(self, text: str) -> str:
        """Hide the secrets in a text: a refused signature is answered with the whole request that was expected."""
        for secret in (self.secret_key, self.session_token or ""):
            text = text.replace(secret, "***") if len(secret) >= SHORTEST_SECRET else text
        return text


CredentialSource = Callable[[], Credentials]


def from_environment(env: Mapping[str, str] = os.environ) -> Credentials:
    """Read the credentials that Lambda sets in the environment. Raises: ConfigurationError if they are missing."""
    try:
        return Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN") or None)
    except KeyError as missing:
        raise ConfigurationError(
            str(missing.args[0]), "is not set", "Lambda sets it; elsewhere use a session"
        ) from None

"""Authentication of a link's requests: by the token itself, or by a signature made with it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from l3kit.errors import ConfigurationError
from l3kit.tiering.tokens import format_end, parse_end

LinkAuth = Literal["token", "signature"]
"""`link_auth` in config.json."""
ALLOWED: tuple[str, ...] = get_args(LinkAuth)
AUTH_VARIABLE = "LINK_AUTH"
"""Set at both ends of a link that is signed; without it a link carries its token, as all links of 0.1.0 do."""
TOKEN_UNTIL_VARIABLE = "LINK_AUTH_TOKEN_UNTIL"
"""Set on receivers only, by the change from tokens to signatures: `2026-11-28T17:00:00Z`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Authentication:
    """The authentication that a sender uses or a receiver accepts.

    A receiver always accepts a signature, since only a holder of the token can make one; so a link changes from
    signatures to tokens at any moment.

    Attributes:
        signed: the sender signs; the receiver does not, or no longer, accept the token itself.
        token_until: a receiver of signatures accepts the token itself as well until then (UTC, whole seconds), because
            a run of its sender may have begun before the change.
    """

    signed: bool = False
    token_until: datetime | None = None

    def accepts_token(self, now: datetime) -> bool:
        return not self.signed or (self.token_until is not None and now < self.token_until)

    def variables(self) -> dict[str, str]:
        """Environment variables with these settings; none for tokens."""
        if not self.signed:
            return {}
        until = {TOKEN_UNTIL_VARIABLE: format_end(self.token_until)} if self.token_until else {}
        return {AUTH_VARIABLE: "signature", **until}

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Authentication:
        """The inverse of `variables`.

        Raises: ConfigurationError naming the variable and what is allowed. If only the time is malformed, no token is
            accepted.
        """
        mode = env.get(AUTH_VARIABLE, "").strip() or "token"
        if mode not in ALLOWED:
            raise ConfigurationError(AUTH_VARIABLE, f"{mode!r} is not allowed", f"Allowed: {', '.join(ALLOWED)}")
        if mode == "token":
            return cls()
        try:
            until = env.get(TOKEN_UNTIL_VARIABLE, "").strip()
            return cls(True, parse_end(until) if until else None)
        except ValueError:
            log.error("%s is not a time: only signatures are accepted; apply the twin again", TOKEN_UNTIL_VARIABLE)
            return cls(True)


TOKEN = Authentication()
"""Requests carry the token."""
SIGNATURE = Authentication(True)
"""Requests carry a signature, and nothing else is accepted."""

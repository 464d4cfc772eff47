"""The receiver's end of a link's authentication: the admission of requests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.tokens import FormerToken, Secret, unexpired
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.signing import (
    MAX_SKEW_SECONDS,
    SIGNATURE_HEADER,
    Signable,
    signed_at,
)
from l3kit.tiering.transfer.wire import Refusal, Request, Response

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admission:
    """A receiver's check of a request, before its body is parsed.

    Attributes:
        path: the path that senders sign, `/` and the function's name.
        token: blank if it was not injected; every request is then refused.
        former: former tokens, accepted as well until their expiry.
        auth: whether the token itself is accepted, in addition to signatures.
    """

    path: str
    token: Secret
    former: Sequence[FormerToken] = field(default=())
    auth: Authentication = TOKEN

    def refusal(self, request: Request, now: datetime) -> Response | None:
        """The 403 for a request without valid credentials; None admits it.

        If there is a signature, it alone decides. Its time is checked only once it is proved to be made with the token,
        so that nobody else learns anything about the receiver's clock.
        """
        if not self.token:
            log.error("INTER_CLOUD_TOKEN is not set: every request is refused; apply the twin again")
        former = [one.token for one in unexpired(self.former, now)]
        try:
            signature = request.header(SIGNATURE_HEADER)
        except Refusal:
            return _forbidden(f"the header {SIGNATURE_HEADER} occurs more than once")
        if signature is not None:
            tokens = [self.token, *former] if self.token else []
            time = signed_at(signature, Signable(request.method.upper(), self.path, request.body), tokens)
            return _forbidden(f"the header {SIGNATURE_HEADER} is wrong") if time is None else _skewed(time, now)
        if not self.auth.accepts_token(now):
            return _forbidden(f"the header {SIGNATURE_HEADER} is missing")
        if not wire.check_token(request, self.token, *former):
            return _forbidden(f"the header {wire.TOKEN_HEADER} is missing or wrong")
        return None


def _skewed(time: int, now: datetime) -> Response | None:
    ahead = time - int(now.timestamp())
    if abs(ahead) <= MAX_SKEW_SECONDS:
        return None
    off = f"{abs(ahead)} s {'ahead' if ahead > 0 else 'behind'}"
    cause = f"the signature's time is {off}; {MAX_SKEW_SECONDS} s are allowed: set the sender's clock"
    return Response(403, {"error": cause, "clock_skew": ahead})


def _forbidden(cause: str) -> Response:
    return Response(403, {"error": cause})

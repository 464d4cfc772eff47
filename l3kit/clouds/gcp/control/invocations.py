"""Calls of functions from a notebook: with an identity token of the account that starts functions from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import requests

from l3kit.clouds.gcp.control.place import TOKENS, Place
from l3kit.clouds.gcp.control.refusals import explained
from l3kit.clouds.ports.function_host import Deployed
from l3kit.errors import L3Error
from l3kit.tiering.transfer.connection import open_session

INVOKER_ACCOUNT = "invoker"
"""The account of a twin whose tokens schedules, message deliveries and notebooks call functions with."""
Post = Callable[[str, bytes, Mapping[str, str], float], tuple[int, bytes]]
"""Sends a POST: address, body, headers, seconds. Returns: status and body. Raises: L3Error without an answer."""


def invoke(place: Place, post: Post, function: Deployed, body: bytes, timeout: float) -> tuple[int, bytes]:
    """Call a function. Returns: status and body.

    Raises: PermissionMissingError if no token may be made; L3Error.
    """
    headers = {"Content-Type": "application/json"}
    if not function.definition.public:
        headers["Authorization"] = f"Bearer {_token(place, function)}"
    return post(f"{function.url}/", body, headers, timeout)


def post_with_requests(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> tuple[int, bytes]:
    """Send a POST once: a run that did not respond may still be in progress."""
    try:
        with open_session(url) as http:
            answer = http.post(url, data=body, headers=dict(headers), timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        cause = f"did not respond ({type(error).__name__})"
        raise L3Error("function", cause, "It may still be running; a second run does no harm") from None
    return answer.status_code, answer.content


def _token(place: Place, function: Deployed) -> str:
    email = place.names(function.definition.owner).email(INVOKER_ACCOUNT)
    asked = {"audience": function.url, "includeEmail": True}
    with explained(f"function {function.name}", f"roles/iam.serviceAccountOpenIdTokenCreator on {email}"):
        path = f"v1/projects/-/serviceAccounts/{email}:generateIdToken"
        return str(place.control.post(TOKENS, path, asked)["token"])

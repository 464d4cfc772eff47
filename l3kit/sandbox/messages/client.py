"""The client of the sandbox's broker and message routes: the port `MessageSource`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests

from l3kit.clouds.ports.message_source import DeployedRoute, Route
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import L3Error, ProvisioningError, SandboxError
from l3kit.sandbox.functions.client import ADMIN

ASK_SECONDS = 60.0
START_SECONDS = 360.0
"""Time-out of the broker's first start on a machine, including its installation by npm."""
POLL_SECONDS = 0.05


class SandboxMessageSource:
    """The routes of one cloud in the sandbox with its gateway at `endpoint`."""

    def __init__(self, endpoint: str, cloud: str) -> None:
        self._base = f"{endpoint}/_sandbox/messages/{cloud}"
        self._session = _session()

    def get(self, name: str) -> DeployedRoute | None:
        answer = self._ask("GET", name)
        if answer.status_code == 404:
            return None
        content = _content(answer, f"message route {name}")
        return DeployedRoute(content.pop("name"), "active", Route(**content))

    def create(self, name: str, route: Route) -> None:
        answer = self._ask("POST", name, route)
        if answer.status_code == 409:
            raise AlreadyThereError(f"message route {name}", "exists already")
        _content(answer, f"message route {name}")

    def update(self, name: str, route: Route) -> None:
        _content(self._ask("PUT", name, route), f"message route {name}")

    def delete(self, name: str) -> None:
        answer = self._ask("DELETE", name)
        if answer.status_code != 404:
            _content(answer, f"message route {name}")

    def _ask(self, method: str, name: str, route: Route | None = None) -> requests.Response:
        body = None
        if route is not None:
            names = ("owner", "topics", "function", "letters")
            body = {one: getattr(route, one) for one in names}
        return _send(self._session, method, f"{self._base}/{quote(name, safe='')}", json=body)


def start_broker(endpoint: str) -> str:
    """Start the sandbox's MQTT broker if it is not running. Returns: its host and port. Raises: SandboxError."""
    answer = _send(_session(), "POST", f"{endpoint}/_sandbox/broker")
    content = _object(answer)
    if answer.status_code == 200 and isinstance(content.get("mqtt"), str):
        return str(content["mqtt"])
    raise SandboxError(*_refusal(answer, "sandbox: MQTT broker", "Read the logs in the sandbox's home"))


def pending_messages(endpoint: str) -> dict[str, int]:
    """Return the number of pending messages of each cloud. Raises: L3Error."""
    answer = _send(_session(), "GET", f"{endpoint}/_sandbox/messages")
    return dict(_content(answer, "sandbox messages")["pending"])


def wait_until_delivered(
    endpoint: str,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait until no published message is pending; False on timeout. Raises: L3Error."""
    deadline = clock() + seconds
    while any(pending_messages(endpoint).values()):
        if clock() > deadline:
            return False
        sleep(POLL_SECONDS)
    return True


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _send(session: requests.Session, method: str, url: str, **more: Any) -> requests.Response:
    seconds = ASK_SECONDS if method == "GET" else START_SECONDS
    try:
        return session.request(method, url, headers=ADMIN, timeout=seconds, **more)
    except requests.RequestException as error:
        raise L3Error(
            "sandbox messages", f"gave no answer ({type(error).__name__})", "See `l3kit sandbox status`"
        ) from None


def _content(answer: requests.Response, resource: str) -> dict[str, Any]:
    """Return the JSON of a successful answer. Raises: ProvisioningError."""
    if answer.status_code != 200:
        raise ProvisioningError(*_refusal(answer, resource, ""))
    return _object(answer)


def _refusal(answer: requests.Response, resource: str, remedy: str) -> tuple[str, str, str]:
    """Resource, cause and remedy from the answer, or the given ones if it has none."""
    match _object(answer).get("error"):
        case {"resource": str(named), "cause": str(cause), "remedy": str(advice)}:
            return named, cause, advice
        case str(cause):
            return resource, cause, remedy
        case _:
            return resource, f"failed (the gateway answered {answer.status_code})", remedy


def _object(answer: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; empty for any other content."""
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}

"""The client of the sandbox's message routes: every refusal becomes a sentence, whatever its form."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from l3kit.clouds.ports.message_source import Route
from l3kit.errors import L3Error, ProvisioningError, SandboxError
from l3kit.sandbox.messages.client import SandboxMessageSource, pending_messages, start_broker
from tests.support.raw_server import Raw, raw_server

ROUTE = Route("twin", "twins/#", "dispatcher", "letters")
CALLS: dict[str, Callable[[str], object]] = {
    "get": lambda url: SandboxMessageSource(url, "gcp").get("r"),
    "create": lambda url: SandboxMessageSource(url, "gcp").create("r", ROUTE),
    "update": lambda url: SandboxMessageSource(url, "gcp").update("r", ROUTE),
    "delete": lambda url: SandboxMessageSource(url, "gcp").delete("r"),
    "pending": pending_messages,
    "start": start_broker,
}
OTHER = {
    "no json": b"Internal Server Error",
    "nothing": b"",
    "no object": b"[]",
    "no error": b"{}",
    "no words": b'{"error": 5}',
    "half of an error": b'{"error": {"cause": "c"}}',
    "parts that are no words": b'{"error": {"resource": 1, "cause": "c", "remedy": null}}',
}


@pytest.fixture
def raw() -> Iterator[Raw]:
    with raw_server() as found:
        yield found


def answer(status: int, content: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(content), content)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("content", OTHER)
def test_a_refusal_of_another_form_is_told_with_its_status(raw: Raw, call: str, content: str) -> None:
    raw.script(answer(500, OTHER[content]))
    with pytest.raises(L3Error) as caught:
        CALLS[call](raw.url.rstrip("/"))
    assert isinstance(caught.value, SandboxError if call == "start" else ProvisioningError)
    assert caught.value.cause == "failed (the gateway answered 500)"


@pytest.mark.parametrize("call", CALLS)
def test_a_refusal_in_parts_is_told_as_it_is(raw: Raw, call: str) -> None:
    raw.script(answer(500, b'{"error": {"resource": "broker", "cause": "has no port", "remedy": "Try again"}}'))
    with pytest.raises(L3Error) as caught:
        CALLS[call](raw.url.rstrip("/"))
    assert str(caught.value) == "broker: has no port. Try again"


def test_a_refusal_in_words_is_told_of_its_route(raw: Raw) -> None:
    raw.script(answer(400, b'{"error": "the topic is malformed"}'))
    with pytest.raises(ProvisioningError, match="message route r: the topic is malformed"):
        CALLS["update"](raw.url.rstrip("/"))

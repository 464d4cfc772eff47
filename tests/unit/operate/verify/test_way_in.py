"""The canary's way into layer 1: published where that is possible, otherwise given to the dispatcher."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from l3kit.operate.verify.way_in import way_in_of
from l3kit.session import Session

TWIN: Any = SimpleNamespace(name="twin", layout=SimpleNamespace(l1="aws"))


def test_on_an_account_the_dispatcher_is_called_with_the_message_and_that_is_told() -> None:
    calls: list[Any] = []
    cloud: Any = SimpleNamespace(invoke=lambda twin, function, event: calls.append((function, event)))
    way_in = way_in_of(Session("live", {"aws": cloud}), TWIN, 5.0)
    way_in.send(b"{}")
    assert calls == [("dispatcher", b"{}")]
    assert way_in.direct
    assert way_in.description == "given to the dispatcher directly, since l3kit cannot publish to this account"


def test_in_a_sandbox_it_is_published_as_devices_do() -> None:
    way_in = way_in_of(Session("sandbox", {}, sandbox_endpoint="http://127.0.0.1:9"), TWIN, 5.0)
    assert (way_in.direct, way_in.description) == (False, "published over MQTT")

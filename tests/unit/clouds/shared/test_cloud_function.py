"""A function behind a function host as a resource."""

from __future__ import annotations

import hashlib
from typing import Any

from l3kit.clouds.ports.function_host import Definition, Deployed
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction, variable_differences


class MemoryHost:
    """A cloud's functions in memory."""

    def __init__(self) -> None:
        self.functions: dict[str, Deployed] = {}

    def get(self, name: str) -> Deployed | None:
        return self.functions.get(name)

    def put(self, name: str, definition: Definition, code: bytes) -> Deployed:
        url = f"https://{name}.example"
        self.functions[name] = Deployed(name, url, hashlib.sha256(code).hexdigest(), "active", definition)
        return self.functions[name]

    def delete(self, name: str) -> None:
        self.functions.pop(name, None)

    def timers(self, name: str) -> dict[str, str]:
        return {}

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        raise AssertionError("not called")


def function(host: MemoryHost, code: bytes = b"code", twin: str = "plant", **more: Any) -> CloudFunction:
    settings = more.pop("settings", {"A": "1", "INTER_CLOUD_TOKEN": "secret-token"})
    return CloudFunction(host, "f", twin, "3.11", 60, False, lambda: BuiltFunction(code, settings), **more)


def test_a_function_is_made_compared_changed_and_removed() -> None:
    host = MemoryHost()
    assert not function(host).compare().exists
    function(host).create()
    assert function(host).compare().differences == ()
    changed = function(host, b"other", settings={"A": "2", "B": "3"}, schedules=({"name": "j"},))
    assert changed.compare().differences == (
        "its code differs",
        "its schedule differs",
        "variable A differs",
        "variable B is missing",
        "variable INTER_CLOUD_TOKEN is unexpected",
    )
    changed.update()
    assert changed.compare().differences == ()
    changed.delete()
    changed.delete()
    assert not changed.compare().exists


def test_a_function_with_another_twins_label_is_not_ours() -> None:
    host = MemoryHost()
    function(host, twin="other").create()
    finding = function(host).compare()
    assert (finding.exists, finding.owned) == (True, False)


def test_no_repr_and_no_difference_shows_a_token() -> None:
    host = MemoryHost()
    resource = function(host)
    resource.create()
    shown = [repr(resource), repr(host.functions), repr(resource.build())]
    shown += variable_differences({"INTER_CLOUD_TOKEN": "secret-token"}, {"INTER_CLOUD_TOKEN": "another-secret"})
    assert "secret" not in " ".join(shown)

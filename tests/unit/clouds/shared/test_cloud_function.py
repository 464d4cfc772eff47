"""A function behind a function host as a resource."""

from __future__ import annotations

import re
from typing import Any

import pytest

from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction, variable_differences
from l3kit.errors import MissingConnectionError
from tests.support.memory_functions import MemoryHost


def function(host: MemoryHost, code: bytes = b"code", twin: str = "plant", **more: Any) -> CloudFunction:
    settings = more.pop("settings", {"A": "1", "INTER_CLOUD_TOKEN": "secret-token"})
    wanted = {"python": "3.11", "timeout": 60, "public": False, "build": lambda: BuiltFunction(code, settings)}
    return CloudFunction(host, "f", twin, **{**wanted, **more})


def test_a_function_is_made_compared_changed_and_removed() -> None:
    host = MemoryHost()
    assert [str(one) for one in function(host, memory_mb=256).compare().changes] == [
        "+ python  3.11",
        "+ memory  256 MB",
        "+ timeout  60 s",
    ]
    assert not function(host).compare().exists
    function(host).create()
    assert function(host).compare().differences == ()
    changed = function(
        host,
        b"other",
        settings={"A": "2", "B": "3"},
        python="3.13",
        timeout=900,
        public=True,
        memory_mb=512,
        identity="mover",
        schedules=({"name": "j"},),
        callers=("b", "a"),
    )
    assert changed.compare().differences == (
        "its code differs",
        "its Python is 3.11, not 3.13",
        "its memory is 0 MB, not 512 MB",
        "its timeout is 60 s, not 900 s",
        "it runs as the cloud's default, not mover",
        "it is not public",
        "no function may call it, not a and b",
        "its schedule differs",
        "variable A differs",
        "variable B is missing",
        "variable INTER_CLOUD_TOKEN is unexpected",
    )
    code, *others = map(str, changed.compare().changes)
    assert re.fullmatch(r"~ code  sha256 [0-9a-f]{12} -> sha256 [0-9a-f]{12}, 5 bytes", code)
    assert others == [
        "~ python  3.11 -> 3.13",
        "+ memory  512 MB",
        "~ timeout  60 s -> 900 s",
        "+ runs as  mover",
        "~ public  off -> on",
        "+ caller  a",
        "+ caller  b",
        '+ schedule  {"name":"j"}',
        "~ variable A  (secret) -> (secret)",
        "+ variable B  (secret)",
        "- variable INTER_CLOUD_TOKEN  (secret)",
    ]
    changed.update()
    assert changed.compare().differences == ()
    assert "it is public" in function(host).compare().differences
    changed.delete()
    changed.delete()
    assert not changed.compare().exists


def test_a_function_with_another_twins_mark_is_not_ours_and_is_not_replaced() -> None:
    host = MemoryHost()
    function(host, twin="other").create()
    finding = function(host).compare()
    assert (finding.exists, finding.owned) == (True, False)
    with pytest.raises(AlreadyThereError):
        function(host).create()
    assert host.functions["f"].definition.owner == "other"


def test_a_function_that_does_not_work_says_why() -> None:
    host = MemoryHost()
    function(host).create()
    host.fail("f", "it failed to start: no module named x")
    assert function(host).compare().differences == ("it failed to start: no module named x",)


def test_an_unknown_link_is_told_by_what_an_earlier_step_will_change_or_else_as_it_is() -> None:
    def unknown() -> BuiltFunction:
        raise MissingConnectionError("connection c", "is incomplete")

    host = MemoryHost()
    function(host).create()
    coming = function(host, build=unknown, pending_changes=lambda: ("variable INTER_CLOUD_TOKEN will differ",))
    assert coming.compare().differences == ("variable INTER_CLOUD_TOKEN will differ",)
    assert function(host, build=unknown).compare().differences == ("is incomplete",)


def test_no_repr_and_no_difference_shows_a_token() -> None:
    host = MemoryHost()
    resource = function(host)
    resource.create()
    shown = [repr(resource), repr(host.functions), repr(resource.build())]
    shown += map(
        str, variable_differences({"INTER_CLOUD_TOKEN": "secret-token"}, {"INTER_CLOUD_TOKEN": "another-secret"})
    )
    assert not re.search("secret-token|another-secret", " ".join(shown))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("DYNAMODB_TABLE_NAME", "~ variable DYNAMODB_TABLE_NAME  old -> new"),
        ("DIGITAL_TWIN_INFO", "~ variable DIGITAL_TWIN_INFO  old -> new"),
        ("RECEIVER_LIMIT_BYTES", "~ variable RECEIVER_LIMIT_BYTES  old -> new"),
        ("INTER_CLOUD_TOKEN", "~ variable INTER_CLOUD_TOKEN  (secret) -> (secret)"),
        ("INTER_CLOUD_TOKEN_PREVIOUS", "~ variable INTER_CLOUD_TOKEN_PREVIOUS  (secret) -> (secret)"),
        ("PERSISTER_FUNCTION_URL", "~ variable PERSISTER_FUNCTION_URL  (secret) -> (secret)"),
        ("IOTHUB_EVENTS_CONNECTION_STRING", "~ variable IOTHUB_EVENTS_CONNECTION_STRING  (secret) -> (secret)"),
    ],
)
def test_values_are_shown_of_variables_that_never_hold_a_secret(name: str, shown: str) -> None:
    (difference,) = variable_differences({name: "old"}, {name: "new"})
    assert [str(one) for one in difference.changes] == [shown]


def test_a_variable_that_somebody_else_set_is_not_shown_whatever_its_name() -> None:
    (difference,) = variable_differences({"MY_NAME": "value"}, {})
    assert [str(one) for one in difference.changes] == ["- variable MY_NAME  (secret)"]

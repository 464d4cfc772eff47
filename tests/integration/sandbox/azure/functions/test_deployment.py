"""What is deployed, told, and refused."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from l3kit.errors import ProvisioningError
from l3kit.sandbox.functions.builder import without_addresses
from tests.integration.sandbox.azure.functions.apps import TINY, ask, whole_app
from tests.support.cloud_functions import World, azure_zip, code_zip

pytestmark = pytest.mark.sandbox


def test_what_is_deployed_is_told_as_it_was_put(world: World) -> None:
    code = azure_zip(TINY)
    put = world.put("azure", "told", code, settings={"A.B": "1"}, owner="t", timeout=7)
    assert world.host("azure").get("told") == put
    assert put.definition.settings == {"A.B": "1"}
    assert (put.definition.owner, put.definition.timeout) == ("t", 7)
    assert world.host("azure").invoke("told", b"{}", timeout=60) == (200, b"tiny")
    world.host("azure").delete("told")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (azure_zip("import nowhere_to_be_found"), "No module named 'nowhere_to_be_found'"),
        (azure_zip("x = 1"), "has 0 function apps"),
        (azure_zip(TINY + "second = func.FunctionApp()\n"), "has 2 function apps"),
        (whole_app(), "the setting WHEN"),
        (azure_zip(TINY.replace('"run"', '"{id:int}"')), "without parameters: 'api/{id:int}'"),
        (azure_zip(TINY, '{"functionTimeout": "00:20:00"}'), "functionTimeout must be"),
        (
            azure_zip(TINY + '@app.queue_trigger(arg_name="m", queue_name="q", connection="C")\ndef q(m): pass\n'),
            "queueTrigger",
        ),
    ],
)
def test_an_app_that_does_not_start_is_deployed_but_not_active(world: World, code: bytes, told: str) -> None:
    with pytest.raises(ProvisioningError) as failure:
        world.put("azure", "broken", code)
    assert told in str(failure.value)
    assert "not running" in str(failure.value)
    answer = ask(f"{world.endpoint}/_azure/broken/api/run")
    assert answer.status_code == 503
    assert world.processes("azure", "broken") == []
    world.host("azure").delete("broken")


GOOD = azure_zip(TINY)


@pytest.mark.parametrize(
    ("name", "more", "code", "told"),
    [
        ("x", {}, GOOD, "is not a function name"),
        ("Upper", {}, GOOD, "is not a function name"),
        ("a" * 61, {}, GOOD, "is not a function name"),
        ("-a", {}, GOOD, "is not a function name"),
        ("ok", {"python": "2.7"}, GOOD, "Python"),
        ("ok", {"timeout": 601}, GOOD, "1 to 600"),
        ("ok", {"timeout": True}, GOOD, "1 to 600"),
        ("ok", {"settings": {"WEBSITE_SITE_NAME": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"FUNCTIONS_WORKER_RUNTIME": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"a-b": "x"}}, GOOD, "not the name of a setting"),
        ("ok", {"settings": {"A": 1}}, GOOD, "not text"),
        ("ok", {"settings": {"A": "x" * 40_000}}, GOOD, "32,768 are allowed"),
        ("ok", {"owner": "UPPER"}, GOOD, "label"),
        ("ok", {"schedules": [{"name": "j", "schedule": "* * * * *"}]}, GOOD, "in the function's code"),
        ("ok", {}, b"PK no zip", "not a zip"),
        ("ok", {}, code_zip(function_app__py="", host__json="{}"), "lacks requirements.txt"),
        ("ok", {}, code_zip(function_app__py="", requirements__txt=""), "lacks host.json"),
        ("ok", {}, code_zip(main__py="", host__json="{}", requirements__txt=""), "lacks function_app.py"),
        ("ok", {}, azure_zip(TINY, **{"../../out": "x"}), "outside of its root"),
        ("ok", {}, azure_zip(TINY, requirements__txt="-r more.txt"), "says '-r more.txt'"),
        ("ok", {}, azure_zip(TINY, requirements__txt="-c other.txt\nazure-functions"), "says '-c other.txt'"),
        ("ok", {}, azure_zip(TINY, requirements__txt="./wheel"), "says './wheel'"),
    ],
)
def test_what_azure_refuses_is_refused_in_words(
    world: World, name: str, more: dict[str, Any], code: bytes, told: str
) -> None:
    with pytest.raises(ProvisioningError) as refusal:
        world.put("azure", name, code, **more)
    assert told in str(refusal.value)
    assert world.host("azure").get(name) is None
    assert list(world.home.functions.glob("azure-ok-*")) == []


def test_a_build_that_fails_ends_the_deployment_with_pips_words(world: World) -> None:
    with pytest.raises(ProvisioningError, match=r"the build failed: .*azure-functions==0\.0\.1"):
        world.put("azure", "unbuilt", azure_zip(TINY, requirements__txt="-c constraints.txt\nazure-functions==0.0.1\n"))
    assert world.host("azure").get("unbuilt") is None


def test_pips_words_come_without_its_indexs_address() -> None:
    said = """Looking in indexes: https://user:password@index.example/simple
WARNING: Retrying after connection broken by 'ConnectTimeoutError(<pip...>, 'host='index.example', port=443)'"""
    told = without_addresses(said)
    assert "Looking in indexes" in told
    assert "Retrying" in told
    assert "index.example" not in told
    assert "password" not in told


def test_a_damaged_zip_is_refused(world: World) -> None:
    code = bytearray(GOOD)
    code[60] ^= 0xFF
    with pytest.raises(ProvisioningError, match="not a zip that can be unpacked"):
        world.put("azure", "damaged", bytes(code))


@pytest.mark.parametrize(
    "files",
    [
        {"definition": (None, "{}")},
        {"code": ("code.zip", GOOD), "definition": (None, "no json")},
        {"code": ("code.zip", GOOD), "definition": (None, "[]")},
        {"code": ("code.zip", GOOD), "definition": (None, '{"python": "3.11", "colour": "red"}')},
    ],
)
def test_a_form_that_is_none_is_a_400_in_words(world: World, files: dict[str, Any]) -> None:
    url = f"{world.endpoint}/_sandbox/functions/azure/formless"
    answer = requests.put(url, files=files, headers={"X-L3kit-Sandbox": "1"}, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_admin_api_is_shut_without_its_header_and_for_other_clouds(world: World, app: str) -> None:
    for path in ("azure", "azure/the-app"):
        assert ask(f"{world.endpoint}/_sandbox/functions/{path}").status_code == 403
    headers = {"X-L3kit-Sandbox": "1"}
    assert ask(f"{world.endpoint}/_sandbox/functions/oracle/x", "PUT", headers=headers).status_code == 404
    assert ask(f"{world.endpoint}/_sandbox/functions/azure/none/fire", "POST", headers=headers).status_code == 404
    fire = f"{world.endpoint}/_sandbox/functions/azure/the-app/fire"
    assert ask(fire, "POST", headers=headers, data=b"[]").status_code == 400

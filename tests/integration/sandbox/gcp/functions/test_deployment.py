"""What is deployed, removed, and refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.errors import ProvisioningError
from tests.integration.sandbox.gcp.functions.functions import JOB, TINY, ask
from tests.support.cloud_functions import World, azure_zip, code_zip, gcp_zip
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox


def test_code_that_does_not_start_leaves_the_old_one_serving(world: World) -> None:
    address = world.put("gcp", "kept", gcp_zip(TINY), public=True).url
    with pytest.raises(ProvisioningError, match=r"(?s)the old one serves on.*nowhere_to_be_found"):
        world.put("gcp", "kept", gcp_zip("import nowhere_to_be_found"), public=True)
    assert ask(address).text == "tiny"
    assert world.shown("gcp", "kept")["state"] == "active"
    assert len(list(world.home.functions.glob("gcp-kept-*"))) == 1
    world.host("gcp").delete("kept")


def test_new_code_that_does_not_start_is_not_active(world: World) -> None:
    with pytest.raises(ProvisioningError, match="not running"):
        world.put("gcp", "broken", gcp_zip("import nowhere_to_be_found"), public=True)
    assert ask(f"{world.endpoint}/_gcp/broken").status_code == 500
    assert world.processes("gcp", "broken") == []
    world.host("gcp").delete("broken")


def test_a_deleted_function_leaves_no_process_and_no_file(world: World) -> None:
    address = world.put("gcp", "gone", gcp_zip(TINY), public=True).url
    assert ask(address).text == "tiny"
    assert len(world.processes("gcp", "gone")) == 2, "the server and its worker"
    world.host("gcp").delete("gone")
    assert wait_until(lambda: world.processes("gcp", "gone") == [], 2)
    assert list(world.home.functions.glob("gcp-gone-*")) == []
    assert ask(address).status_code == 404


def test_functions_with_the_same_package_share_it_until_the_last_of_them_is_deleted(world: World) -> None:
    shared = world.home.functions / ".clouds"
    kept = {path.name for path in shared.glob("*")}
    code = gcp_zip(
        "from told.words import WORD\n\ndef main(request):\n    return WORD\n", **{"told/words__py": "WORD = 'a'"}
    )
    addresses = [world.put("gcp", name, code, public=True).url for name in ("one", "other")]
    (folder,) = (path for path in shared.iterdir() if path.name not in kept)
    assert [path.name for path in folder.iterdir()] == ["told"]
    world.host("gcp").delete("one")
    world.kill("other")
    assert ask(addresses[1]).text == "a", "a new process finds it too"
    world.put("gcp", "other", gcp_zip(TINY), public=True)
    assert ask(addresses[1]).text == "tiny"
    assert wait_until(lambda: not folder.exists(), 10)
    world.host("gcp").delete("other")


GOOD = gcp_zip(TINY)


def zip_of(size: int) -> bytes:
    """A sound function beside a file of so many bytes, which is never whole in memory."""
    buffer = io.BytesIO(GOOD)
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("big.bin", "w") as big,
    ):
        for _ in range(size // 2**20):
            big.write(bytes(2**20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "more", "code", "told"),
    [
        ("1a", {}, GOOD, "is not a function name"),
        ("a" * 64, {}, GOOD, "is not a function name"),
        ("a_b", {}, GOOD, "is not a function name"),
        ("ok", {"python": "3.6"}, GOOD, "Python"),
        ("ok", {"timeout": 3601}, GOOD, "1 to 3600"),
        ("ok", {"public": "yes"}, GOOD, "true or false"),
        ("ok", {"settings": {"PORT": "1"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"K_SERVICE": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"X_GOOGLE_X": "x"}}, GOOD, "belongs to the platform"),
        ("ok", {"settings": {"A=B": "x"}}, GOOD, "not the name of a setting"),
        ("ok", {"settings": {"A": "\0"}}, GOOD, "zero byte"),
        ("ok", {"settings": {f"A{n}": "" for n in range(1001)}}, GOOD, "1,000 are allowed"),
        ("ok", {"settings": {"A": "x" * 32_768}}, GOOD, "32,768 are allowed"),
        ("ok", {"schedules": [{**JOB, "schedule": "0 3 * *"}]}, GOOD, "not a valid unix cron expression"),
        ("ok", {"schedules": [{**JOB, "schedule": "60 3 * * *"}]}, GOOD, "not a valid minute"),
        ("ok", {"schedules": [JOB, JOB]}, GOOD, "occurs twice"),
        ("ok", {"schedules": [{"name": "j"}]}, GOOD, "name, schedule and body"),
        ("ok", {"schedules": [{**JOB, "name": "a b"}]}, GOOD, "not the name of a schedule"),
        ("ok", {}, b"", "not a zip"),
        ("ok", {}, code_zip(main__py=""), "lacks requirements.txt"),
        ("ok", {}, azure_zip(""), "lacks main.py"),
        ("ok", {}, lambda: bytes(100 * 1024 * 1024 + 1), "104,857,600 are allowed"),
        ("ok", {}, lambda: zip_of(500 * 1024 * 1024), "524,288,000 are allowed"),
    ],
)
def test_what_google_refuses_is_refused_in_words(
    world: World, name: str, more: dict[str, Any], code: bytes | Callable[[], bytes], told: str
) -> None:
    with pytest.raises(ProvisioningError) as refusal:
        world.put("gcp", name, code() if callable(code) else code, **more)
    assert told in str(refusal.value)
    assert world.host("gcp").get(name) is None
    assert list(world.home.functions.glob("gcp-ok-*")) == []

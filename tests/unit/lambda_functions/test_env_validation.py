"""What a function does at start-up with missing or wrong variables, and with the events that it is given then."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.aws.data.entry import build
from l3kit.errors import ConfigurationError
from l3kit.tiering.format.canary import canary_message
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.link_auth import SIGNATURE, Authentication
from l3kit.tiering.link_auth import TOKEN as LINK_TOKEN
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.runtime.readers import MAX_RESULT_BYTES
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.tokens import Secret
from tests.support.lambda_calls import INFO, Cloud, Context, environment, info_with, url_event
from tests.support.memory_stores import MemoryHotStore
from tests.support.wire_server import TOKEN


def start(function: str, env: dict[str, str]) -> Any:
    """Build the handler, with stores that must not be opened before the first invocation."""

    def none(*args: Any) -> Any:
        raise AssertionError("a store was opened at start-up")

    return build(function, env, Openers(none, none, none))


def test_mover_missing_env_var_raises() -> None:
    with pytest.raises(RuntimeError, match="DYNAMODB_TABLE_NAME"):
        start("hot-to-cold-mover", environment(DYNAMODB_TABLE_NAME=None))


def test_mover_missing_digital_twin_info_raises() -> None:
    with pytest.raises(RuntimeError, match="DIGITAL_TWIN_INFO"):
        start("hot-to-cold-mover", environment(DIGITAL_TWIN_INFO=None))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "value", [None, "", "  ", "{}", "null", "[]", "x", '{"config": null}', '{"config": {}}', "file:none.json"]
)
def test_every_function_refuses_a_missing_or_malformed_digital_twin_info(function: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError, match="DIGITAL_TWIN_INFO"):
        start(function, environment(DIGITAL_TWIN_INFO=value))


def test_hot_cold_mover_missing_digital_twin_crashes() -> None:
    with pytest.raises(RuntimeError, match="DIGITAL_TWIN_INFO"):
        start("hot-to-cold-mover", environment(DIGITAL_TWIN_INFO=None))


def test_cold_archive_mover_missing_digital_twin_crashes() -> None:
    with pytest.raises(RuntimeError, match="DIGITAL_TWIN_INFO"):
        start("cold-to-archive-mover", environment(DIGITAL_TWIN_INFO=None))


def test_hot_reader_missing_digital_twin_crashes() -> None:
    with pytest.raises(RuntimeError, match="DIGITAL_TWIN_INFO"):
        start("hot-reader", environment(DIGITAL_TWIN_INFO=None))


def test_hot_cold_mover_missing_dynamodb_table_raises() -> None:
    with pytest.raises(RuntimeError, match="DYNAMODB_TABLE_NAME"):
        start("hot-to-cold-mover", environment(DYNAMODB_TABLE_NAME=" "))


def test_hot_cold_mover_missing_s3_bucket_raises() -> None:
    with pytest.raises(RuntimeError, match="COLD_S3_BUCKET_NAME"):
        start("hot-to-cold-mover", environment(COLD_S3_BUCKET_NAME=None))


def test_cold_archive_mover_missing_source_bucket_raises() -> None:
    with pytest.raises(RuntimeError, match="COLD_S3_BUCKET_NAME"):
        start("cold-to-archive-mover", environment(COLD_S3_BUCKET_NAME=None))


def test_cold_archive_mover_missing_target_bucket_raises() -> None:
    with pytest.raises(RuntimeError, match="ARCHIVE_S3_BUCKET_NAME"):
        start("cold-to-archive-mover", environment(ARCHIVE_S3_BUCKET_NAME=None))


def reading(minute: int, **more: Any) -> bytes:
    stamp = f"2024-01-01T00:{minute:02d}:00Z"
    return json.dumps({"iotDeviceId": "sensor-1", "id": stamp, **more}, separators=(",", ":")).encode()


def test_the_movers_take_the_scheduled_time_from_the_event() -> None:
    cloud = Cloud()
    asyncio.run(cloud.hot.put_items("sensor-1", [reading(n) for n in range(5)]))
    report = cloud.call("hot-to-cold-mover", {"time": "2024-01-20T00:00:00Z"})
    assert (report["items"], report["cutoff"]) == (0, "2023-12-21T00:00:00Z")
    report = cloud.call("hot-to-cold-mover", {"time": "2024-02-20T00:00:00+00:00"})
    assert (report["items"], report["verdict"]) == (5, "complete")
    report = cloud.call("cold-to-archive-mover", {"time": "2024-02-20T00:00:00Z"})
    assert report["chunks"] == 0
    report = cloud.call("cold-to-archive-mover", {"time": "2024-05-20T00:00:00Z"})
    assert (report["chunks"], report["items"]) == (1, 5)
    assert [key for key in cloud.archive.objects if not key.startswith("_l3kit/")] == report["devices"][0]["keys"]
    json.dumps(report)


def test_a_canary_run_moves_the_canary_alone() -> None:
    cloud = Cloud()
    asyncio.run(cloud.hot.put_items("sensor-1", [reading(0)]))
    asyncio.run(cloud.hot.put_items(CANARY_DEVICE, [canary_message("0" * 32, "2024-01-01T00:00:00Z")]))
    report = cloud.call("hot-to-cold-mover", {"time": "never", "canary": True})
    assert [device["device_id"] for device in report["devices"]] == [CANARY_DEVICE]
    assert cloud.call("hot-to-cold-mover", {"canary": "yes"})["devices"][0]["device_id"] == "sensor-1"


def test_without_a_scheduled_time_the_clock_counts() -> None:
    cloud = Cloud()
    asyncio.run(cloud.hot.put_items("sensor-1", [reading(0)]))
    assert cloud.call("hot-to-cold-mover", {})["items"] == 1


@pytest.mark.parametrize("value", ["yesterday", 5, "", []])
def test_a_scheduled_time_that_is_none_moves_nothing(value: Any) -> None:
    cloud = Cloud()
    asyncio.run(cloud.hot.put_items("sensor-1", [reading(0)]))
    with pytest.raises(ConfigurationError, match=r"event\.time"):
        cloud.call("hot-to-cold-mover", {"time": value})
    assert len(cloud.hot.devices["sensor-1"]) == 1


def test_a_mover_leaves_in_time_for_the_deadline() -> None:
    cloud = Cloud()
    asyncio.run(cloud.hot.put_items("sensor-1", [reading(0)]))
    report = cloud.build("hot-to-cold-mover")({}, Context(millis=5_000))
    assert (report["verdict"], report["items"]) == ("deadline", 0)


def test_two_invocations_with_one_request_id_are_two_runs() -> None:
    handler = Cloud().build("hot-to-cold-mover")
    runs = {handler({}, Context("same"))["run_id"] for _ in range(2)}
    assert len(runs) == 2


@pytest.mark.parametrize("auth", [LINK_TOKEN, SIGNATURE], ids=["token", "signature"])
def test_the_hot_mover_posts_to_another_cloud(served: Any, server: Any, auth: Authentication) -> None:
    from l3kit.tiering.transfer.cold_writer import ColdWriter

    cloud = Cloud()
    served(ColdWriter(cloud.cold, Secret(TOKEN), auth=auth))
    items = [reading(n, v=n / 10) for n in range(5)]
    asyncio.run(cloud.hot.put_items("sensor-1", items))
    report = cloud.call(
        "hot-to-cold-mover",
        {"time": "2024-03-01T00:00:00Z"},
        REMOTE_COLD_WRITER_URL=server.url,
        COLD_S3_BUCKET_NAME=None,
        DIGITAL_TWIN_INFO=info_with(cold="azure"),
        **auth.variables(),
    )
    assert all(("X-Inter-Cloud-Token" in seen.headers) != auth.signed for seen in server.seen)
    assert (report["verdict"], report["requests"]["target.post"]) == ("complete", 2), (
        "which numbers are spent; the chunk"
    )
    assert list(cloud.cold.bodies().values()) == [b"[" + b",".join(items) + b"]"]
    assert (cloud.hot.devices["sensor-1"], server.seen[0].envelope()["source_cloud"]) == ({}, "aws")


def test_writers_keep_their_store_open_between_invocations() -> None:
    cloud = Cloud()
    handler = cloud.build("archive-writer")
    for n in range(3):
        handler(url_event({"object_key": f"k{n}", "data": "x"}), Context())
    assert cloud.opened == ["archive"]


def test_the_reader_answers_in_pages_with_exact_numbers() -> None:
    cloud = Cloud()
    number = "12345678901234567890.123456789012345678"
    items = [reading(n).replace(b"}", f',"v":{number}}}'.encode()) for n in range(25)]
    asyncio.run(cloud.hot.put_items("sensor-1", items))
    found: list[Any] = []
    event: dict[str, Any] = {
        "iot_device_id": "sensor-1",
        "start_timestamp": "2024-01-01T00:02:00Z",
        "end_timestamp": "2024-01-01T00:20:00Z",
        "limit": 7,
    }
    sizes = []
    while True:
        answer = cloud.call("hot-reader", event)
        found += answer["items"]
        sizes.append(len(answer["items"]))
        if answer["next"] is None:
            break
        event["next"] = answer["next"]
    assert [item["id"][14:16] for item in found] == [f"{n:02d}" for n in range(2, 21)]
    assert (sizes, {item["v"] for item in found}) == ([7, 7, 5], {Decimal(number)})


def test_what_the_runtime_makes_of_numbers_is_exact() -> None:
    from awslambdaric.lambda_runtime_marshaller import to_json

    cloud = Cloud()
    for text in (
        "12345678901234567890.123456789012345678",
        "1.50",
        "1E-130",
        "0.1",
        "99999999999999999999999999999999999999",
    ):
        asyncio.run(cloud.hot.put_items("sensor-1", [reading(0).replace(b"}", f',"v":{text}}}'.encode())]))
        answer = to_json(cloud.call("hot-reader-last-entry", {"iot_device_id": "sensor-1"}))
        assert json.loads(answer, parse_float=Decimal, parse_int=Decimal)["item"]["v"] == Decimal(text)
        assert f'"v": {text}' in answer


def test_an_answer_stays_below_lambdas_limit() -> None:
    from awslambdaric.lambda_runtime_marshaller import to_json

    cloud = Cloud(hot=MemoryHotStore(page_items=100))
    items = [reading(n % 60, text="传" * 60_000).replace(b"T00:", b"T%02d:" % (n // 60)) for n in range(70)]
    asyncio.run(cloud.hot.put_items("sensor-1", items))
    found, position = 0, ""
    while True:
        answer = cloud.call("hot-reader", {"iot_device_id": "sensor-1"} | ({"next": position} if position else {}))
        assert len(to_json(answer).encode()) < 6_291_556
        found += len(answer["items"])
        position = answer["next"]
        if position is None:
            break
    assert found == 70


def test_an_item_larger_than_an_answer_is_told_alone() -> None:
    cloud = Cloud()
    asyncio.run(cloud.hot.put_items("sensor-1", [reading(0, t="x" * MAX_RESULT_BYTES), reading(1)]))
    first = cloud.call("hot-reader", {"iot_device_id": "sensor-1"})
    second = cloud.call("hot-reader", {"iot_device_id": "sensor-1", "next": first["next"]})
    assert [len(first["items"]), len(second["items"]), second["next"]] == [1, 1, None]


def test_an_unknown_device_has_no_items() -> None:
    assert Cloud().call("hot-reader", {"iot_device_id": "none"}) == {
        "items": [],
        "next": None,
        "complete": True,
    }
    assert Cloud().call("hot-reader-last-entry", {"iot_device_id": "none"}) == {"item": None, "complete": True}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iot_device_id", None),
        ("iot_device_id", ""),
        ("iot_device_id", 5),
        ("limit", 0),
        ("limit", 10_001),
        ("limit", "5"),
        ("limit", True),
        ("start_timestamp", 5),
        ("next", "garbage"),
        ("next", "WyJvdGhlciIsIngiXQ=="),
    ],
)
def test_a_wrong_request_names_the_field(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=field):
        Cloud().call("hot-reader", {"iot_device_id": "sensor-1", field: value})


def test_digital_twin_info_may_lie_in_the_zip(tmp_path: Path) -> None:
    (tmp_path / "digital_twin_info.json").write_text(json.dumps(INFO))
    env = environment(DIGITAL_TWIN_INFO="file:digital_twin_info.json", LAMBDA_TASK_ROOT=str(tmp_path))
    start("hot-to-cold-mover", env)


def test_the_expirer_deletes_by_the_setting_and_does_not_start_without_it() -> None:
    cloud, old = Cloud(), "sensor-1/2020-01-01T00:00:00Z-2020-01-01T01:00:00Z/chunk-00001.json"
    asyncio.run(cloud.archive.create(old, b"[]", sha256="0" * 64))
    report = cloud.call("archive-expirer", {"time": "2020-12-31T00:00:00Z"})
    assert (report["cutoff"], report["chunks"]) == ("2020-01-01T00:00:00Z", 0)
    report = cloud.call("archive-expirer", {"time": "2021-01-02T00:00:00Z"})
    assert (report["function"], report["chunks"]) == ("archive-expirer", 1)
    assert not any(key.startswith("sensor-1/") for key in cloud.archive.objects)
    info = json.loads(json.dumps(INFO))
    del info["config"]["archive_storage_size_in_days"]
    with pytest.raises(ConfigurationError, match="archive_storage_size_in_days is missing, so nothing expires"):
        start("archive-expirer", environment(DIGITAL_TWIN_INFO=json.dumps(info)))

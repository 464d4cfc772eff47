"""The seed's tests of the cold writer and the archive writer, called as Lambda calls them."""

from __future__ import annotations

import hashlib
import json

import pytest

from l3kit.clouds.aws.data.entry import build
from l3kit.tiering.transfer.multipart import PARTS_PREFIX
from l3kit.tiering.transfer.wire import Response
from tests.support.lambda_calls import Cloud, Context, environment, told, url_event
from tests.support.wire_server import TOKEN, Server, item
from tests.support.writer_calls import BODY, KEY, SHA256, Broken, envelope, parcel, parts_of, post_archive, post_cold


def test_cold_writer_valid_token_writes_to_s3() -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope())
    stored = cloud.cold.bodies()[KEY]
    assert (status, answer) == (200, {"written": 3, "key": KEY, "sha256": hashlib.sha256(stored).hexdigest()})
    assert json.loads(stored) == [item(0), item(1), item(2)]


def test_cold_writer_s3_key_format() -> None:
    cloud = Cloud()
    post_cold(cloud, envelope(chunk_index=42))
    assert list(cloud.cold.objects) == [KEY.replace("00000", "00042")]


@pytest.mark.parametrize("token", [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "传感器", "null", "\udc80"])
def test_cold_writer_invalid_token_returns_403(token: str) -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(), token=token)
    assert (status, cloud.cold.objects) == (403, {})
    assert TOKEN not in json.dumps(answer)


def test_cold_writer_missing_token_returns_403() -> None:
    assert post_cold(Cloud(), envelope(), token=None)[0] == 403


@pytest.mark.parametrize("token", ["", " ", "\t"])
def test_cold_writer_empty_token_returns_403(token: str) -> None:
    assert post_cold(Cloud(), envelope(), token=token)[0] == 403


@pytest.mark.parametrize("configured", [None, "", "  "])
@pytest.mark.parametrize("given", [None, "", "  ", TOKEN])
def test_writer_missing_token_rejects_all(configured: str | None, given: str | None) -> None:
    cloud = Cloud()
    for function in ("cold-writer", "archive-writer"):
        answer = cloud.call(function, url_event(envelope(), token=given), INTER_CLOUD_TOKEN=configured)
        assert answer["statusCode"] == 403
    assert cloud.cold.objects == cloud.archive.objects == {}


def test_cold_writer_missing_iot_device_id_returns_400() -> None:
    assert post_cold(Cloud(), envelope(iot_device_id=...))[0] == 400


def test_cold_writer_missing_items_returns_400() -> None:
    assert post_cold(Cloud(), envelope(items=...))[0] == 400


def test_cold_writer_empty_items_returns_400() -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(items=[]))
    assert (status, answer["field"], cloud.cold.objects) == (400, "items", {})


def test_cold_writer_duplicate_key_overwrites() -> None:
    """The seed expected an overwrite; the same content again is a success, and nothing is written twice."""
    cloud = Cloud()
    first, second = post_cold(cloud, envelope()), post_cold(cloud, envelope())
    assert first == second
    assert (first[0], len(cloud.cold.objects)) == (200, 1)


def test_chunk_id_prevents_duplicate() -> None:
    """Data arrive again under a used key with fewer items: the larger chunk must survive."""
    cloud = Cloud()
    _, first = post_cold(cloud, envelope())
    status, answer = post_cold(cloud, envelope(items=[item(0), item(2)]))
    assert (status, answer["key"], answer["sha256"]) == (409, KEY, first["sha256"])
    assert json.loads(cloud.cold.bodies()[KEY]) == [item(0), item(1), item(2)]


def test_cold_writer_s3_error_returns_500(caplog: pytest.LogCaptureFixture) -> None:
    status, answer = post_cold(Cloud(cold=Broken("cold")), envelope())
    assert status == 500
    assert "secret-bucket" not in json.dumps(answer)
    assert "10.0.0.7" in caplog.text, "the reason belongs into the log"


@pytest.fixture
def s3(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Stands in for S3; the functions reach it by their own client."""
    server.script(Response(200, {}, {"ETag": '"e"'}))
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": server.url.rstrip("/"),
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    return server


def test_cold_writer_s3_storage_class(s3: Server) -> None:
    digest = hashlib.sha256(json.dumps(envelope()["items"]).encode()).hexdigest()
    status, _ = told(build("cold-writer", environment())(url_event(envelope(sha256=digest)), Context()))
    headers = {name.lower(): value for name, value in s3.seen[0].headers.items()}
    assert (status, headers["x-amz-storage-class"], headers["if-none-match"]) == (200, "STANDARD_IA", "*")
    assert json.loads(s3.seen[0].body) == envelope()["items"]


def test_archive_writer_s3_storage_class(s3: Server) -> None:
    status, _ = told(build("archive-writer", environment())(url_event(parcel()), Context()))
    headers = {name.lower(): value for name, value in s3.seen[0].headers.items()}
    assert (status, headers["x-amz-storage-class"], headers["if-none-match"]) == (200, "DEEP_ARCHIVE", "*")
    assert s3.seen[0].body == BODY


def test_archive_writer_valid_token_writes() -> None:
    cloud = Cloud()
    status, answer = post_archive(cloud, parcel())
    assert (status, answer) == (200, {"written": len(BODY), "key": KEY, "sha256": SHA256})
    assert cloud.archive.objects[KEY][1] == BODY


def test_archive_writer_invalid_token_403() -> None:
    cloud = Cloud()
    assert post_archive(cloud, parcel(), token="wrong")[0] == 403
    assert cloud.archive.objects == {}


def test_archive_writer_missing_object_key_400() -> None:
    status, answer = post_archive(Cloud(), parcel(object_key=...))
    assert (status, answer["field"]) == (400, "object_key")


def test_archive_writer_missing_data_400() -> None:
    status, answer = post_archive(Cloud(), parcel(data=...))
    assert (status, answer["field"]) == (400, "data")


def test_archive_writer_s3_error_500() -> None:
    status, answer = post_archive(Cloud(archive=Broken("archive")), parcel())
    assert (status, "secret-bucket" in json.dumps(answer)) == (500, False)


def test_archive_writer_duplicate_key_overwrites() -> None:
    """The seed expected an overwrite; the same content again is a success, other content a conflict."""
    cloud = Cloud()
    assert post_archive(cloud, parcel())[0] == post_archive(cloud, parcel())[0] == 200
    status, answer = post_archive(cloud, parcel(data="[]"))
    assert (status, answer["sha256"]) == (409, SHA256)
    assert cloud.archive.objects[KEY][1] == BODY


def test_archive_writer_multipart_handling() -> None:
    cloud = Cloud()
    parts = parts_of()
    for index, part in enumerate(parts[:-1]):
        status, answer = post_archive(cloud, part)
        assert (status, answer["pending"]) == (200, list(range(index + 2, 5)))
        assert KEY not in cloud.archive.objects
    status, answer = post_archive(cloud, parts[-1])
    assert (status, answer) == (200, {"written": len(BODY), "key": KEY, "sha256": SHA256})
    assert {key: body for key, (_, body) in cloud.archive.objects.items()} == {KEY: BODY}


def test_archive_writer_multipart_incomplete() -> None:
    cloud = Cloud()
    for part in (parts_of()[0], parts_of()[3]):
        status, answer = post_archive(cloud, part)
    assert (status, answer["pending"]) == (200, [2, 3])
    assert all(key.startswith(PARTS_PREFIX) for key in cloud.archive.objects)

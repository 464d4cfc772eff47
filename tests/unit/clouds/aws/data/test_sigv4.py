"""Every signature equals the one that botocore makes for the same request at the same time."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.sigv4 import Signer, quote_path, quote_query

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
tokens = st.none() | st.just("session-token/with+chars==")


def botocores(service: str, method: str, url: str, headers: dict[str, str], body: bytes, token: str | None) -> str:
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    auth_type = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    auth = auth_type(BotoCredentials("AKIA", "secret", token), service, "eu-west-1")
    # botocore takes the time from the clock; no argument of its signer sets it.
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        request.context["payload_signing_enabled"] = True
        auth.add_auth(request)
    return str(request.headers["Authorization"])


@given(st.binary(max_size=50), tokens)
def test_dynamodb_requests(body: bytes, token: str | None) -> None:
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.Query"}
    host = "dynamodb.eu-west-1.amazonaws.com"
    signed = Signer("dynamodb", "eu-west-1").sign(
        Credentials("AKIA", "secret", token),
        "POST",
        "/",
        "",
        {"host": host, **headers},
        hashlib.sha256(body).hexdigest(),
        NOW,
    )
    assert signed["authorization"] == botocores("dynamodb", "POST", f"https://{host}/", dict(headers), body, token)


@given(texts, st.lists(st.tuples(texts, texts), max_size=3, unique_by=lambda p: p[0]), st.binary(max_size=50), tokens)
def test_s3_requests_with_any_key_and_query(
    key: str, query: list[tuple[str, str]], body: bytes, token: str | None
) -> None:
    host = "bucket.s3.eu-west-1.amazonaws.com"
    path, query_text = "/" + quote_path(key), quote_query(query)
    headers = {"if-none-match": "*", "x-amz-meta-sha256": "abc"}
    signed = Signer("s3", "eu-west-1").sign(
        Credentials("AKIA", "secret", token),
        "PUT",
        path,
        query_text,
        {"host": host, **headers},
        hashlib.sha256(body).hexdigest(),
        NOW,
    )
    url = f"https://{host}{path}" + (f"?{query_text}" if query_text else "")
    assert signed["authorization"] == botocores("s3", "PUT", url, dict(headers), body, token)


@given(texts, st.binary(max_size=50), tokens)
def test_requests_with_any_path_to_other_services(topic: str, body: bytes, token: str | None) -> None:
    host, path = "data-ats.iot.eu-west-1.amazonaws.com", f"/topics/{quote(topic, safe='')}"
    signed = Signer("iotdata", "eu-west-1").sign(
        Credentials("AKIA", "secret", token),
        "POST",
        path,
        "qos=1",
        {"host": host},
        hashlib.sha256(body).hexdigest(),
        NOW,
    )
    assert signed["authorization"] == botocores("iotdata", "POST", f"https://{host}{path}?qos=1", {}, body, token)


def test_the_signing_key_follows_the_day_and_the_key() -> None:
    signer = Signer("dynamodb", "eu-west-1")

    def sign(access: str, day: int) -> str:
        headers = {"host": "h"}
        return signer.sign(Credentials(access, access), "POST", "/", "", headers, "0", NOW.replace(day=day))[
            "authorization"
        ]

    first = sign("A", 23)
    assert sign("A", 24) != first
    assert sign("B", 23) != first
    assert sign("A", 23) == first


def test_credentials_show_in_no_repr() -> None:
    assert "very-secret" not in repr(Credentials("AKIA", "very-secret", "very-secret-token"))

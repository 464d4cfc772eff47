"""Uploads of sources, at an address that is signed."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from l3kit.sandbox.gcp.control.answers import ControlAnswer, ControlRequest
from l3kit.sandbox.gcp.control.uploads import SECONDS
from tests.support.google_plane import HOST, LOCATION, Google

ZIP = {"Content-Type": "application/zip"}


def address(google: Google) -> str:
    return str(google.post("cloudfunctions", f"v2/{LOCATION}/functions:generateUploadUrl", {})["uploadUrl"])


def put(google: Google, url: str, headers: dict[str, str] | None = None) -> ControlAnswer:
    parts = urlsplit(url)
    assert parts.netloc == "storage" + HOST
    request = ControlRequest(
        parts.netloc, "PUT", parts.path.lstrip("/"), parse_qsl(parts.query), ZIP if headers is None else headers, b"zip"
    )
    return google.send(request)


def test_an_address_needs_no_token(google: Google) -> None:
    assert put(google, address(google)).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 403), ({"Content-Type": "text/plain"}, 403), ({**ZIP, "Authorization": "Bearer token-of:x"}, 400)],
)
def test_other_headers_than_were_signed_are_refused(google: Google, headers: dict[str, str], status: int) -> None:
    answer = put(google, address(google), headers)
    assert (answer.status, answer.body.startswith(b"<?xml")) == (status, True)


def test_a_changed_signature_is_refused(google: Google) -> None:
    assert put(google, address(google) + "x").status == 403
    assert put(google, address(google).partition("?")[0]).status == 403


def test_an_address_is_good_for_half_an_hour(google: Google) -> None:
    url = address(google)
    google.now += SECONDS + 1
    assert put(google, url).status == 400

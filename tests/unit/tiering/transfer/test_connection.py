"""Urls that requests with a token may go to."""

from __future__ import annotations

import pytest

from l3kit.errors import ConfigurationError
from l3kit.tiering.transfer.connection import check_url
from tests.support.wire_server import LINK


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://127.0.0.1/", "https://", "not a url", "https://user:pw@example.com/", "http://[::1"],
)
def test_only_https_or_loopback_gets_the_token(url: str) -> None:
    with pytest.raises(ConfigurationError, match=LINK) as caught:
        check_url(url, LINK)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/"]
)
def test_https_and_loopback_are_accepted(url: str) -> None:
    check_url(url, LINK)

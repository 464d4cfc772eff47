"""The twin's other functions on Azure, called by their urls with a function key."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from l3kit.errors import ConfigurationError
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.stream.http_calls import Address
from l3kit.tiering.stream.http_peers import HttpPeers, check_address

KEY_HEADER = "x-functions-key"
"""Header that carries the key instead of the query's `code`, since clients and proxies log urls."""
ANSWER_SECONDS = 230.0
"""Seconds after which Azure's load balancer answers in place of the function."""


def open_peers(urls: Mapping[str, str], *, retry: RetryPolicy | None = None, agent: str = "l3kit") -> HttpPeers:
    """Open the functions of these urls, each `https://APP.azurewebsites.net/api/run?code=KEY`.

    Source: Azure Functions, "Work with access keys". No real service has seen these requests.
    Raises: ConfigurationError naming the function whose url is malformed or has no key; never the url.
    """
    addresses = {function: _address(function, url) for function, url in urls.items()}
    return HttpPeers(addresses, timeout=ANSWER_SECONDS, retry=retry, agent=agent)


def _address(function: str, url: str) -> Address:
    check_address(function, url)
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    key = dict(query).get("code", "")
    if not key or not key.isascii() or not key.isprintable():
        raise ConfigurationError(f"the url of {function}", "has no function key as `code`", "Apply the twin again")
    headers = {KEY_HEADER: key}
    rest = urlencode([(name, value) for name, value in query if name != "code"])
    return Address(parts._replace(query=rest, fragment="").geturl(), lambda renew: headers)

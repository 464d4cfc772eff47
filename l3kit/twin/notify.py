"""Addresses that a twin's alarms are sent to: `notify` in config.json."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from l3kit.tiering.loopback import LOOPBACK, is_loopback

MAX_ADDRESSES = 20
FORMS = 'allowed are "name@example.com" and "https://example.com/path"'
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)
_DIGEST = 6


def problem_with_addresses(addresses: Iterable[str]) -> str:
    """Return what is wrong with a list of addresses, with the remedies, as one text; empty if nothing is wrong."""
    listed = list(addresses)
    found = [f"{shown(one)} {problem}" for one in listed if (problem := problem_with(one))]
    seen: set[str] = set()
    for one in listed:
        if same(one) in seen:
            found.append(f"{shown(one)} is given twice: remove one of them")
        seen.add(same(one))
    if len(listed) > MAX_ADDRESSES:
        found.append(f"has {len(listed)} addresses, and {MAX_ADDRESSES} are allowed: name a mailing list instead")
    return "; ".join(dict.fromkeys(found))


def problem_with(address: str) -> str:
    """Return why an address cannot get messages, with the remedy; empty if it can."""
    if address != address.strip() or not address.isprintable() or " " in address:
        return "has blanks or characters that cannot be printed: remove them"
    if "://" not in address:
        return "" if _EMAIL.fullmatch(address) else f"is not an email address: {FORMS}"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"is not a URL: {FORMS}"
    if parts.scheme not in ("http", "https") or not host:
        return f"is neither an email address nor a URL: {FORMS}"
    if parts.username is not None or parts.password is not None:
        return "has a user name or password, which would be in every list: use a URL without"
    if parts.fragment:
        return "has a part after #, which is never sent: remove it"
    if parts.scheme == "http" and host not in LOOPBACK:
        return "is http, so anybody on the way can read the messages: use https"
    return ""


def is_email(address: str) -> bool:
    return "://" not in address


def is_for_this_machine(address: str) -> bool:
    """Return whether only this machine can deliver there."""
    return not is_email(address) and is_loopback(address)


def same(address: str) -> str:
    """Return an address in the form by which two spellings of it compare equal."""
    return address.lower() if is_email(address) else address


def shown(address: str) -> str:
    """Return an address for display: a URL without its path and query, since those often hold a key."""
    if is_email(address):
        return address
    scheme, _, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    host = place.rpartition("@")[2].partition("?")[0]
    if not path and "?" not in place:
        return f"{scheme}://{host}{slash}"
    return f"{scheme}://{host}/... ({hashlib.sha256(address.encode()).hexdigest()[:_DIGEST]})"

"""Check a twin's entrances by requests, and a link's other end by the mover's variables."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from l3kit.clouds.ports.checks import Check
from l3kit.clouds.ports.deployed_links import utc_now
from l3kit.errors import ConfigurationError
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.tokens import TOKEN_VARIABLE, FormerToken, Secret, format_end, unexpired
from l3kit.twin.connections import FILE, Connection
from l3kit.twin.layout import Entrance, Link

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

PROBE_TIMEOUT = 30.0
REPAIR = "run deploy_l3, which brings both ends together"


def check_links(session: Session, twin: Twin) -> None:
    """Check, before anything moves, that each link's writer accepts its own token and that the mover has that token.

    Raises: ConfigurationError that names, for all links together, file, key, fault and remedy.
    """
    failed = [check for check in _checks(session, twin, twin.layout.links, (), utc_now) if not check.passed]
    if failed:
        told = dict.fromkeys(f"{check.hint} ({check.expected}: {check.seen})" for check in failed)
        raise ConfigurationError(f"{FILE} of {twin.name}", "; ".join(told), "Nothing was moved")


def link_checks(
    session: Session, twin: Twin, clouds: Sequence[str] = (), now: Callable[[], datetime] = utc_now
) -> Iterator[Check]:
    """Check the url, token and access control of each link between this twin's tiers, and of each reader's address.

    The receiver must refuse a missing and a wrong token, and accept the right one and former ones until they expire;
    the mover must have the same url and token.

    Url and token are the deployed receiver's; if it cannot be read, the saved ones.

    Args:
        clouds: check only these clouds; empty is all.
        now: wall clock, UTC.
    """
    yield from _checks(session, twin, twin.layout.entrances, clouds, now)


def _checks(
    session: Session, twin: Twin, entrances: Sequence[Entrance], clouds: Sequence[str], now: Callable[[], datetime]
) -> Iterator[Check]:
    there = session.links(twin, now)
    for link in entrances:
        receiving = not clouds or link.target in clouds
        sender = link if isinstance(link, Link) and (not clouds or link.source in clouds) else None
        if not receiving and sender is None:
            continue
        connection = there.get(link.id)
        if connection is None or not connection.complete:
            hint = f"connections.{link.id} has no url or no token: deploy {link.receiver} first, which saves both"
            yield Check("links", link.id, "url and token saved", "incomplete", False, hint)
            continue
        former = unexpired(connection.former, now())
        if receiving:
            yield from _receiving(link, connection, former)
        if sender is not None:
            yield from _sending(session, twin, connection, former, sender)


def _receiving(entrance: Entrance, connection: Connection, former: Sequence[FormerToken]) -> Iterator[Check]:
    """Probe with a request that is empty: nothing is written or read.

    Of a reader the address is shown as well, for those who call it.
    """
    entry, receiver = f"connections.{entrance.id}", entrance.receiver
    reads = entrance.role == "reader"
    method, empty = ("GET", "no device") if reads else ("POST", "empty body")
    if reads:
        yield Check("links", entrance.id, f"address of {receiver}", connection.url, True)
    stranger = f"{entry}: {receiver} accepts requests without a valid token; {REPAIR}"
    other = f"{entry}.token is not the token of {receiver}; {REPAIR}"
    probes: tuple[tuple[str, dict[str, str], int, str], ...] = (
        ("no token -> 403", {}, 403, stranger),
        ("wrong token -> 403", _header("wrong-" + secrets.token_urlsafe(32)), 403, stranger),
        (f"right token, {empty} -> 400", _header(connection.token), 400, other),
    )
    lost = f"{receiver} does not accept the former token, which its {'callers' if reads else 'sender'} may still have"
    still = tuple(
        (f"former token, until {format_end(one.until)} -> 400", _header(one.token.reveal()), 400, f"{lost}; {REPAIR}")
        for one in former
    )
    for expected, headers, status, hint in probes + still:
        yield _probe(entrance.id, connection.url, method, expected, headers, status, hint)


def _sending(
    session: Session, twin: Twin, connection: Connection, former: Sequence[FormerToken], link: Link
) -> Iterator[Check]:
    conn_id, mover = link.id, link.sender
    cloud = session.cloud(link.source)
    if cloud is None:
        return
    expected = f"{mover} has the saved url and token"
    told = cloud.function_variables(twin, mover)
    if told is None:
        yield Check("links", conn_id, expected, "not deployed", False, f"{mover} is missing; run deploy_l3")
        return
    differing = _differing(told, connection, str(FUNCTIONS[mover].remote_url))
    held = Secret(told.get(TOKEN_VARIABLE, ""))
    if differing == ["token"] and (until := {one.token: one.until for one in former}.get(held)):
        seen = f"a former token, valid until {format_end(until)}; run deploy_l3 before that"
        yield Check("links", conn_id, expected, seen, True)
        return
    entry = " and ".join(f"connections.{conn_id}.{name}" for name in differing)
    hint = f"{entry} differs from the environment of {mover}; {REPAIR}" if differing else ""
    seen = f"another {' and '.join(differing)}" if differing else "the same"
    yield Check("links", conn_id, expected, seen, not differing, hint)


def _differing(told: Mapping[str, str], connection: Connection, url_variable: str) -> list[str]:
    saved = {"url": (url_variable, connection.url), "token": (TOKEN_VARIABLE, connection.token)}
    return [
        name
        for name, (variable, value) in saved.items()
        if not hmac.compare_digest(told.get(variable, "").encode(), value.encode())
    ]


def _header(token: str) -> dict[str, str]:
    return {"X-Inter-Cloud-Token": token}


def _probe(link: str, url: str, method: str, expected: str, headers: dict[str, str], status: int, hint: str) -> Check:
    import requests

    from l3kit.tiering.transfer.sender import open_session

    started = time.perf_counter()
    try:
        with open_session(url) as http:
            answer = http.request(method, url, headers=headers, timeout=PROBE_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        absent = f"connections.{link}.url does not respond: check that its function is deployed"
        return Check("links", link, expected, f"no response ({type(error).__name__})", False, absent)
    milliseconds = (time.perf_counter() - started) * 1000
    passed = answer.status_code == status
    return Check("links", link, expected, str(answer.status_code), passed, "" if passed else hint, milliseconds)

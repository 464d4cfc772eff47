"""Check a twin's entrances by requests, and a link's other end by the mover's variables."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from l3kit.clouds.ports.checks import Check
from l3kit.clouds.ports.deployed_links import utc_now
from l3kit.clouds.ports.link_authentication import accepted, deployed
from l3kit.errors import ConfigurationError
from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.tokens import TOKEN_VARIABLE, FormerToken, Secret, format_end, unexpired
from l3kit.tiering.transfer import refusals
from l3kit.tiering.transfer.connection import credentials
from l3kit.tiering.transfer.signing import SIGNATURE_HEADER
from l3kit.tiering.transfer.wire import TOKEN_HEADER
from l3kit.twin.connections import FILE, Connection
from l3kit.twin.layout import MOVERS, Entrance, Link

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

PROBE_TIMEOUT = 30.0
REJOIN = "run deploy_l3, which brings both ends together"


def check_links(session: Session, twin: Twin) -> None:
    """Check, before anything moves, that each mover has the token of its writer, and that the writer accepts it.

    Raises: ConfigurationError that names, for all these links together, file, key, fault and remedy; SandboxError if
        the sandbox has ended.
    """
    moving = [link for link in twin.layout.links if link.sender in MOVERS]
    with session.watching_sandbox():  # a twin without links asks no cloud, which would check
        failed = [check for check in _checks(session, twin, moving, (), utc_now) if not check.passed]
    if failed:
        hints = dict.fromkeys(f"{check.hint} ({check.expected}: {check.seen})" for check in failed)
        raise ConfigurationError(f"{FILE} of {twin.name}", "; ".join(hints), "Nothing was moved")


def link_checks(
    session: Session, twin: Twin, clouds: Sequence[str] = (), now: Callable[[], datetime] = utc_now
) -> Iterator[Check]:
    """Check the url, token and access control of each link between this twin's layers, and of each reader's address.

    The receiver must refuse a missing and a wrong token, and accept the right one and former ones until they expire. On
    a signed link all are used in signatures, and the writer must ask for one, unless the link has just changed. The
    mover must have the same url and token, and authenticate in a way that the writer accepts.

    Url, token and authentication are the deployed receiver's; if it cannot be read, the saved ones and the config's.

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
        auth = accepted(there, link) if isinstance(link, Link) else TOKEN
        seen = _SeenLink(link, connection, unexpired(connection.former, now()), auth, now)
        if receiving:
            yield from seen.address()
            for probe in seen.probes():
                yield _asked(link, connection.url, probe)
        if sender is not None:
            yield from _sending(session, twin, sender, seen)


@dataclass(frozen=True)
class _Probe:
    """One request to a writer, with an empty body.

    Attributes:
        expected: in words.
        hint: the remedy for another answer.
        asks_for: the header that the refusal must name; empty is any.
    """

    expected: str
    headers: Mapping[str, str] = field(repr=False)
    status: int
    hint: str
    asks_for: str = ""


@dataclass(frozen=True)
class _SeenLink:
    """A link between deployed functions, or a reader with an address.

    Attributes:
        former: tokens that the writer accepts as well.
        auth: what the writer accepts.
    """

    link: Entrance
    connection: Connection = field(repr=False)
    former: Sequence[FormerToken]
    auth: Authentication
    now: Callable[[], datetime]

    def address(self) -> Iterator[Check]:
        """Show a reader's address."""
        if self.link.role == "reader":
            yield Check("links", self.link.id, f"address of {self.link.receiver}", self.connection.url, True)

    def probes(self) -> Iterator[_Probe]:
        entry, receiver = f"connections.{self.link.id}", self.link.receiver
        stranger = f"{entry}: {receiver} accepts requests without a valid token; {REJOIN}"
        callers = "callers" if self.link.role == "reader" else "sender"
        other = f"{entry}.token is not the token of {receiver}; {REJOIN}"
        lost = f"{receiver} does not accept the former token, which its {callers} may still have; {REJOIN}"
        empty = "no device" if self.link.role == "reader" else "empty body"
        made_with = "signed with the " if self.auth.signed else ""
        yield self._unsigned() if self.auth.signed else _Probe("no token -> 403", {}, 403, stranger)
        wrong = Secret("wrong-" + secrets.token_urlsafe(32))
        yield _Probe(f"{made_with}wrong token -> 403", self._headers(wrong), 403, stranger)
        token = Secret(self.connection.token)
        yield _Probe(f"{made_with}right token, {empty} -> 400", self._headers(token), 400, other)
        for one in self.former:
            expected = f"{made_with}former token, until {format_end(one.until)} -> 400"
            yield _Probe(expected, self._headers(one.token), 400, lost)

    def _unsigned(self) -> _Probe:
        """Probe which header the writer of a signed link requires, without sending the token."""
        until, receiver = self.auth.token_until, self.link.receiver
        if until is not None and self.auth.accepts_token(self.now()):
            expected = f"no signature nor, until {format_end(until)}, the token -> 403"
            hint = f"{receiver} does not accept the token, which its sender may still send; {REJOIN}"
            return _Probe(expected, {}, 403, hint, TOKEN_HEADER)
        hint = f"{receiver} accepts requests without a signature; {REJOIN}"
        return _Probe("no signature -> 403", {}, 403, hint, SIGNATURE_HEADER)

    def _headers(self, token: Secret) -> dict[str, str]:
        return credentials(token, f"/{self.link.receiver}" if self.auth.signed else "", b"", self.now())


def _sending(session: Session, twin: Twin, link: Link, there: _SeenLink) -> Iterator[Check]:
    connection, former = there.connection, there.former
    conn_id, mover = link.id, link.sender
    cloud = session.cloud(link.source)
    if cloud is None:
        return
    expected = f"{mover} has the saved url and token"
    variables = cloud.function_variables(twin, mover)
    if variables is None:
        yield Check("links", conn_id, expected, "not deployed", False, f"{mover} is missing; run deploy_l3")
        return
    differing = _differing(variables, connection, str(FUNCTIONS[mover].remote_url))
    yield from _authenticating(variables, link, there)
    held = Secret(variables.get(TOKEN_VARIABLE, ""))
    if differing == ["token"] and (until := {one.token: one.until for one in former}.get(held)):
        seen = f"a former token, valid until {format_end(until)}; run deploy_l3 before that"
        yield Check("links", conn_id, expected, seen, True)
        return
    entry = " and ".join(f"connections.{conn_id}.{name}" for name in differing)
    hint = f"{entry} differs from the environment of {mover}; {REJOIN}" if differing else ""
    seen = f"another {' and '.join(differing)}" if differing else "the same"
    yield Check("links", conn_id, expected, seen, not differing, hint)


def _authenticating(variables: Mapping[str, str], link: Link, there: _SeenLink) -> Iterator[Check]:
    """Check that the writer accepts its mover's authentication, if either uses signatures."""
    mover, auth = link.sender, there.auth
    signs = deployed(variables).signed
    if not signs and not auth.signed:
        return
    seen = "signs" if signs else "sends the token"
    if signs == auth.signed:
        yield Check("links", there.link.id, f"{mover} signs", seen, True)
    elif signs or auth.accepts_token(there.now()):
        yield Check("links", there.link.id, f"{mover} signs", f"{seen}, which is accepted; run deploy_l3", True)
    else:
        hint = f"{mover} sends the token, which {there.link.receiver} does not accept; {REJOIN}"
        yield Check("links", there.link.id, f"{mover} signs", seen, False, hint)


def _differing(variables: Mapping[str, str], connection: Connection, url_variable: str) -> list[str]:
    saved = {"url": (url_variable, connection.url), "token": (TOKEN_VARIABLE, connection.token)}
    return [
        name
        for name, (variable, value) in saved.items()
        if not hmac.compare_digest(variables.get(variable, "").encode(), value.encode())
    ]


def _asked(entrance: Entrance, url: str, probe: _Probe) -> Check:
    import requests

    from l3kit.tiering.transfer.connection import open_session

    link, method = entrance.id, "GET" if entrance.role == "reader" else "POST"
    started = time.perf_counter()
    try:
        with open_session(url) as http:
            answer = http.request(method, url, headers=probe.headers, timeout=PROBE_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        absent = f"connections.{link}.url does not respond: check that its function is deployed"
        return Check("links", link, probe.expected, f"no response ({type(error).__name__})", False, absent)
    milliseconds = (time.perf_counter() - started) * 1000
    content = refusals.json_object(answer.content)
    asks = probe.asks_for in str(content.get("error"))
    passed, seen = answer.status_code == probe.status and asks, str(answer.status_code)
    if not asks and answer.status_code == probe.status:
        seen += f", but not for want of {probe.asks_for}"
    hint = "" if passed else probe.hint
    if not passed and type(skew := content.get("clock_skew")) is int:
        hint = f"the clock of this machine is {skew} s off: set it"
    return Check("links", link, probe.expected, seen, passed, hint, milliseconds)

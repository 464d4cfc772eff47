"""Where the urls of a twin's events lead, as a plan looks for it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from l3kit.deploy.event_targets import ELSEWHERE, PROXIED, SIDE_BY_SIDE, Place, missing_targets, reach
from l3kit.tiering.stream.events import Event, parse_events

CONDITION = "p.d.t > DOUBLE(1)"


def calling(*urls: str) -> tuple[Event, ...]:
    events, problems = parse_events(
        [{"condition": CONDITION, "action": {"type": "function", "functionUrl": url}} for url in urls], ()
    )
    assert not problems
    return events


def told(events: tuple[Event, ...], faults: Mapping[str, str], *, in_sandbox: bool = True) -> tuple[str, ...]:
    return missing_targets(events, in_sandbox=in_sandbox, reach=lambda place: faults.get(place.shown, ""))


@pytest.fixture
def listening() -> Iterator[int]:
    """A port where connections are accepted and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_note_names_entry_place_cause_and_remedy_and_no_more_of_the_url() -> None:
    events = calling("https://there.example/", "https://alarm.example:8443/api/secret-7?code=secret-8")
    assert told(events, {"alarm.example:8443": "does not resolve"}) == (
        "config_events.json: entry 1: functionUrl leads to alarm.example:8443, which does not resolve, seen from this "
        "machine. Deploy that function, or correct the url: until then the action fails, and the items that call for "
        "it are among the dead letters too.",
    )


def test_events_without_a_url_are_not_looked_for() -> None:
    entries = [
        {"condition": CONDITION, "action": {"type": "function", "functionName": "alarm"}},
        {"condition": CONDITION, "action": {"type": "feedback", "payload": 1}},
    ]
    events, _ = parse_events(entries, ())
    assert missing_targets(events, in_sandbox=True, reach=lambda place: "was looked for") == ()


def test_one_place_is_looked_at_once_and_told_once() -> None:
    asked: list[Place] = []

    def none(place: Place) -> str:
        asked.append(place)
        return "does not answer"

    events = calling("https://a.example/1", "https://a.example:443/2", "http://127.0.0.1/", "https://a.example/3")
    notes = missing_targets(events, in_sandbox=True, reach=none)
    assert sorted(place.shown for place in asked) == ["127.0.0.1", "a.example"]
    assert [note.split(" leads")[0] for note in notes] == [
        "config_events.json: entry 0 and 2 more: functionUrl",
        "config_events.json: entry 2: functionUrl",
    ]


def test_loopback_is_nowhere_for_a_function_in_a_cloud() -> None:
    events = calling("http://127.0.0.1:8000/", "https://a.example/")
    assert told(events, {}) == ()
    (note,) = told(events, {}, in_sandbox=False)
    assert ELSEWHERE in note
    assert "entry 0: functionUrl leads to 127.0.0.1:8000" in note


def test_behind_a_proxy_nothing_is_claimed() -> None:
    (note,) = told(calling("https://a.example/"), {"a.example": PROXIED})
    assert note.endswith("which cannot be looked for: this machine reaches it through a proxy.")


def test_many_places_are_looked_at_side_by_side_and_no_more_at_once_than_the_limit() -> None:
    meeting = threading.Barrier(SIDE_BY_SIDE)
    at_once, most, lock = 0, 0, threading.Lock()

    def answering(place: Place) -> str:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        meeting.wait(30)
        with lock:
            at_once -= 1
        return ""

    events = calling(*(f"https://a{n}.example/" for n in range(2 * SIDE_BY_SIDE)))
    assert missing_targets(events, in_sandbox=True, reach=answering, seconds=30) == ()
    assert most == SIDE_BY_SIDE


def test_what_takes_too_long_is_told_and_not_waited_for() -> None:
    going_on = threading.Event()

    def slow(place: Place) -> str:
        if place.host == "slow.example":
            going_on.wait(30)
        return ""

    events = calling("https://slow.example/", "https://quick.example/")
    (note,) = missing_targets(events, in_sandbox=True, reach=slow, seconds=0.2)
    going_on.set()
    assert "slow.example, which does not answer within 0.2 s" in note


def test_an_open_port_is_reached_and_a_closed_one_is_not(listening: int) -> None:
    assert reach(Place("http", "127.0.0.1", listening)) == ""
    assert reach(Place("http", "127.0.0.1", closed_port())) == "does not answer (connection refused)"


def test_an_https_url_is_reached_only_if_the_other_end_speaks_tls(listening: int) -> None:
    assert reach(Place("https", "127.0.0.1", listening), seconds=0.2) == "does not answer within 0.2 s"


def test_a_certificate_of_ones_own_making_is_not_taken(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "own.pem"))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake_hands() -> None:
            with contextlib.suppress(OSError), server.accept()[0] as connection:
                context.wrap_socket(connection, server_side=True).close()

        threading.Thread(target=shake_hands, daemon=True).start()
        told = reach(Place("https", "localhost", server.getsockname()[1]))
    assert told == "has a certificate that is not valid (self-signed certificate)"


def self_signed(path: Path) -> Path:
    """A file with a key and a certificate for localhost that it signed itself."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".invalid", "a..invalid"])
def test_a_name_that_nobody_has_does_not_resolve(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    assert reach(Place("https", host, 443)) == "does not resolve"


def test_a_place_that_is_reached_by_a_proxy_alone_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert reach(Place("https", "nowhere.invalid", 443)) == PROXIED
    assert reach(Place("https", "2001:db8::1", 443)) == PROXIED

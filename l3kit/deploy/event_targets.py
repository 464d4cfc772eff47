"""A check, from this machine, of the urls that a twin's events call.

A plan notes a url that does not answer: it may be deployed later, or be reachable from the event-checker alone.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from l3kit.tiering.stream.events import Event
from l3kit.tiering.transfer.wire import is_loopback

SECONDS = 3.0
"""Time limit of one connection."""
ALL_SECONDS = 8.0
"""Time limit of all together, since resolving a name may take longer."""
SIDE_BY_SIDE = 16
PORTS = {"https": 443, "http": 80}
PROXIED = "cannot be looked for: this machine reaches it through a proxy"
ELSEWHERE = "is an address of this machine, which a function in a cloud does not reach"
_REMEDY = (
    "Deploy that function, or correct the url: until then the action fails, "
    "and the items that call for it are among the dead letters too"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The scheme, host and port of a url; the rest of a url may be a secret."""

    scheme: str
    host: str
    port: int

    @property
    def shown(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


Reach = Callable[[Place], str]
"""Returns why a place cannot be reached, as a clause that follows its name; empty if something answers."""


def reach(place: Place, *, seconds: float = SECONDS) -> str:
    """Connect, for https with TLS; send no request, since one might start the function."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

    url = f"{place.scheme}://{place.shown}/"
    if not is_loopback(place.host) and select_proxy(url, get_environ_proxies(url)):
        return PROXIED
    try:
        with socket.create_connection((place.host, place.port), timeout=seconds) as connection:
            if place.scheme == "https":
                context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)  # as in the event-checker
                context.wrap_socket(connection, server_hostname=place.host).close()
    except (socket.gaierror, UnicodeError):
        return "does not resolve"
    except TimeoutError:
        return f"does not answer within {seconds:g} s"
    except ssl.SSLCertVerificationError as error:
        return f"has a certificate that is not valid ({error.verify_message})"
    except OSError as error:
        return f"does not answer ({(error.strerror or type(error).__name__).lower()})"
    return ""


def missing_targets(
    events: Sequence[Event], *, in_sandbox: bool, reach: Reach = reach, seconds: float = ALL_SECONDS
) -> tuple[str, ...]:
    """Return notes on the urls that cannot be reached, one for each place.

    Args:
        in_sandbox: the event-checker runs on this machine.
        seconds: time limit of all.
    """
    entries: dict[Place, list[int]] = {}
    for index, event in enumerate(events):
        if event.call and event.call.url:
            entries.setdefault(_place(event.call.url), []).append(index)
    elsewhere = {place: ELSEWHERE for place in entries if not in_sandbox and is_loopback(place.host)}
    faults = elsewhere | _faults([place for place in entries if place not in elsewhere], reach, seconds)
    return tuple(_note(place, entries[place], faults[place]) for place in entries if faults[place])


def _place(url: str) -> Place:
    parts = urlsplit(url)
    return Place(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme])


def _note(place: Place, indexes: Sequence[int], fault: str) -> str:
    more = f" and {len(indexes) - 1} more" if len(indexes) > 1 else ""
    problem = f"config_events.json: entry {indexes[0]}{more}: functionUrl leads to {place.shown}, which {fault}"
    if fault == PROXIED:
        return f"{problem}."
    seen = "" if fault == ELSEWHERE else ", seen from this machine"
    return f"{problem}{seen}. {_REMEDY}."


def _faults(places: Collection[Place], reach: Reach, seconds: float) -> dict[Place, str]:
    """Check places concurrently. The threads are daemons, since the resolver cannot be interrupted."""
    waiting: SimpleQueue[Place] = SimpleQueue()
    answers: SimpleQueue[tuple[Place, str]] = SimpleQueue()
    given_up = threading.Event()
    for place in places:
        waiting.put(place)

    def work() -> None:
        while not given_up.is_set():
            try:
                place = waiting.get_nowait()
            except Empty:
                return
            answers.put((place, reach(place)))

    for _ in range(min(SIDE_BY_SIDE, len(places))):
        threading.Thread(target=work, daemon=True).start()
    found = dict.fromkeys(places, f"does not answer within {seconds:g} s")
    deadline = time.monotonic() + seconds
    for _ in places:
        try:
            place, fault = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        found[place] = fault
    given_up.set()
    return found

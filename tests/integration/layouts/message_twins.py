"""Twins whose devices' messages take the whole way: their files, what is sent, what must be where afterwards."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import open_tiers
from l3kit.session import Session, reached
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.messages import MessageProblem
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.twin.config import Twin
from l3kit.twin.layout import CHAIN

ALL_DIGITS = Context(prec=1000)
PUMP, MIXER, BROKEN = "pump 1/传", "mixer", "broken"
DEVICES = [PUMP, MIXER, BROKEN]
PROCESSORS = {
    MIXER: "def process(event):\n    event['sum'] = event['a'] + event['b']\n    return event\n",
    BROKEN: "def process(event):\n    raise ValueError('not calibrated')\n",
}
ALARM = "plant.pump.v > DOUBLE(90)"


def message(device: str, minute: int, members: str) -> bytes:
    """A message in the twin's canonical form, so that the item is the same bytes."""
    return f'{{"iotDeviceId":"{device}","id":"2025-05-01T08:{minute:02d}:00Z",{members}}}'.encode()


EXACT = message(PUMP, 0, '"v":1.10,"whole":12345678901234567890123456789,"part":-1234567890123456789.0123456789')
NAMED_OTHERWISE = f'{{"deviceId":"{PUMP}", "v": 0.1, "time": "2025-05-01T10:01:00+02:00", "传": [null, {{"": 1e2}}]}}'
ITEM_OF_IT = message(PUMP, 1, '"v":0.1,"传":[null,{"":1e2}]')
LIST = [message(PUMP, 2, '"v":2'), message(PUMP, 3, '"v":3')]
FORMER, LATTER = message(PUMP, 4, '"v":4'), message(PUMP, 4, '"v":5,"more":true')
ALARMING = message(PUMP, 5, '"v":90.5')
TO_MIX, MIXED = message(MIXER, 6, '"a":0.1,"b":0.2'), message(MIXER, 6, '"a":0.1,"b":0.2,"sum":0.3')
TO_BREAK = message(BROKEN, 7, '"v":1')
HUGE = message(PUMP, 8, '"v":-1e400')
"""More than a number of DynamoDB holds."""
BAD = {
    "not-json": b"temperature=7",
    "bad-number": message(PUMP, 9, '"v":NaN'),
    "unknown-device": message("stranger", 9, '"v":1'),
    "impossible-time": f'{{"iotDeviceId":"{PUMP}","id":"1970-01-01T00:00:01Z","v":1}}'.encode(),
}


def write_files(twin: Twin, action: dict[str, Any]) -> Twin:
    """Give the twin processors and an event with this action, and load it again."""
    for device, source in PROCESSORS.items():
        folder = twin.path / "processors" / quote(device, safe="")
        folder.mkdir(parents=True)
        (folder / "process.py").write_text(source)
    (twin.path / "config_events.json").write_text(json.dumps([{"condition": ALARM, "action": action}]))
    return Twin.load(twin.path)


def expected_items(hot: str) -> Counter[str]:
    huge = [] if hot == "aws" else [HUGE]
    return Counter(map(canonical, [EXACT, ITEM_OF_IT, *LIST, LATTER, ALARMING, MIXED, *huge]))


def expected_letters(hot: str) -> dict[str, str]:
    """By problem: the message that is its only letter, as `letters` tells it."""
    huge = {"refused-by-store": HUGE} if hot == "aws" else {}
    whole = {problem: message.decode() for problem, message in {**BAD, "processor-failed": TO_BREAK, **huge}.items()}
    return {**whole, "superseded": canonical(FORMER)}


def canonical(item: bytes) -> str:
    """An item with exact numbers, told apart by value."""
    return json.dumps(_numbers(exact_loads(item)), sort_keys=True, ensure_ascii=False)


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbers(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_numbers(entry) for entry in value]
    return value if isinstance(value, str | bool | None) else f"number {Decimal(value).normalize(ALL_DIGITS)}"


def hot_items(session: Session, twin: Twin) -> Counter[str]:
    """Everything in the hot tier, of whatever device."""

    async def steps() -> Counter[str]:
        found: Counter[str] = Counter()
        async with open_tiers(session, twin) as stores:
            assert stores.hot is not None
            for device in {one async for some in stores.hot.device_ids() for one in some}:
                async for page in hot_pages(stores.hot, device, before=MAX_SORT_KEY):
                    assert not page.refused
                    found.update(map(canonical, page.items))
        return found

    return run(steps())


def letters(session: Session, twin: Twin) -> list[tuple[str, str, str, str]]:
    """Cloud, problem, message and cause of every dead letter.

    A message is as it was sent, but for one that a store held, which is as the store tells it.
    """

    async def steps() -> list[tuple[str, str, str, str]]:
        found = []
        for cloud in dict.fromkeys(host for one in CHAIN if (host := twin.layout.host_of(one))):
            store = reached(session, cloud, "the dead letters").object_store(twin, "letters")
            try:
                async for info in store.list():
                    letter = DeadLetter.from_json(info.key, await store.read(info.key))
                    was_held = letter.problem == MessageProblem.SUPERSEDED
                    message = canonical(letter.message) if was_held else letter.message.decode()
                    found.append((cloud, str(letter.problem), message, letter.cause))
            finally:
                await store.close()
        return sorted(found)

    return run(steps())


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A server on loopback. Yields: its url, and the bodies of the requests that it gets."""
    bodies: list[bytes] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *told: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

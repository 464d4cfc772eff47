"""`l3kit simulate TWIN`: publish readings, generated or from a file, as the twin's devices."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError, SandboxError

if TYPE_CHECKING:
    from l3kit.operate.simulate.publisher import Published
    from l3kit.operate.simulate.readings import DeviceMessage
    from l3kit.twin.config import Twin

SHOWN = 3
"""Messages that a dry run prints."""
_FORMS = """files of --from:
  *.csv    a header, then one reading a line; columns iotDeviceId (or deviceId, device_id) and id (or time, timestamp)
  *.jsonl  one JSON object a line with members of these names; with --times keep sent exactly as they stand
  the example's weather, nyc_weather_2013.csv.gz
Each may be compressed by gzip (*.gz). Ctrl-C ends it once the messages sent are acknowledged."""


def add_simulate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `simulate` command."""
    about = "publish readings over MQTT as a twin's devices: generated, or from a file"
    parser = commands.add_parser(
        "simulate",
        help=about,
        description=about.capitalize() + ".",
        epilog=_FORMS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("twin", type=Path, metavar="TWIN", help="the twin's folder")
    rate_help = "messages a second of all devices together; 0: as fast as they are taken (default: 1)"
    parser.add_argument("--rate", type=_rate, default=1.0, metavar="R", help=rate_help)
    count_help = "stop after N messages (default: at the file's end, or never)"
    parser.add_argument("--count", type=_count, metavar="N", help=count_help)
    devices_help = "ids of the devices that send (default: all of the twin's, or of the file)"
    parser.add_argument("--devices", nargs="+", metavar="ID", help=devices_help)
    parser.add_argument("--from", type=Path, dest="source", metavar="FILE", help="publish the readings of a file")
    times_help = "of a file: shift them so that the newest is now, or keep them (default: shift)"
    parser.add_argument("--times", choices=("shift", "keep"), default="shift", help=times_help)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the generated readings (default: 0)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--broker", type=_address, metavar="HOST:PORT", help="an MQTT broker without TLS and log-in")
    where.add_argument("--name", metavar="NAME", help="the sandbox whose broker is used (default: default)")
    where.add_argument("--home", type=Path, metavar="DIR", help="that sandbox's folder")
    parser.add_argument("--dry-run", action="store_true", help=f"print the first {SHOWN} messages; publish nothing")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_simulate)


def _rate(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no rate; give messages a second, or 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of messages; give 1 or more")
    return value


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _simulate(options: argparse.Namespace) -> int:
    from l3kit.twin.config import Twin

    twin = Twin.load(options.twin)
    if not twin.config.message_chain:
        cause = f"{twin.name} has no message chain, so no function takes these messages"
        print(f"{cause}: set message_chain in its config.json to true and apply it again", file=sys.stderr)
    messages = itertools.islice(_messages(options, twin), options.count)
    if options.dry_run:
        return _show(twin, messages, as_json=options.json)
    from l3kit.operate.simulate.publisher import Publisher

    publisher, began = Publisher(options.broker or _sandbox_broker(options)), time.monotonic()
    done = publisher.run(twin.name, messages, options.rate, _progress(began))
    seconds = time.monotonic() - began
    if options.json:
        print(json.dumps({**asdict(done), "seconds": round(seconds, 3)}))
    else:
        print(f"{_told(done)} in {seconds:.1f} s")
    return 0 if done.acknowledged == done.published else 1


def _messages(options: argparse.Namespace, twin: Twin) -> Iterable[DeviceMessage]:
    from l3kit.operate.simulate.readings import simulated
    from l3kit.operate.simulate.recorded import RecordedMessages

    if options.source is not None:
        newest = datetime.now(UTC).replace(microsecond=0) if options.times == "shift" else None
        return RecordedMessages(options.source, newest, options.devices)
    known = [device.id for device in twin.devices]
    if strange := sorted(set(options.devices or ()) - set(known)):
        raise ConfigurationError("--devices", f"{', '.join(strange)}: not in the twin", f"It has {', '.join(known)}")
    return simulated(options.devices or known, options.seed, twin.config.time_digits, time.time)


def _sandbox_broker(options: argparse.Namespace) -> tuple[str, int]:
    from l3kit import sandbox
    from l3kit.sandbox.homes import known_home
    from l3kit.sandbox.messages.client import start_broker

    state = sandbox.status(known_home(options.name) if options.name is not None else options.home)
    if state is None:
        remedy = "Start it and deploy the twin into it with deploy_l3, or name another broker with --broker"
        raise SandboxError("sandbox", "is not running", remedy)
    host, _, port = start_broker(state.aws_endpoint).rpartition(":")
    return host, int(port)


def _show(twin: Twin, messages: Iterable[DeviceMessage], *, as_json: bool) -> int:
    from l3kit.tiering.format.topics import TELEMETRY, device_topic

    shown = [
        {"topic": device_topic(twin.name, one.device_id, TELEMETRY), "message": one.body.decode()}
        for one in itertools.islice(messages, SHOWN)
    ]
    if as_json:
        print(json.dumps({"published": 0, "first": shown}))
        return 0
    for one in shown:
        print(f"{one['topic']}  {one['message']}")
    print("a dry run: nothing was published")
    return 0


def _progress(began: float) -> Callable[[Published], None]:
    """Return a report that writes to stderr about once a second, on one line of a terminal."""
    told_at = began

    def report(done: Published) -> None:
        nonlocal told_at
        if time.monotonic() - told_at < 1:
            return
        told_at = time.monotonic()
        end = "\r" if sys.stderr.isatty() else "\n"
        print(_told(done), end=end, file=sys.stderr, flush=True)

    return report


def _told(done: Published) -> str:
    return f"{done.published:,} messages published, {done.acknowledged:,} acknowledged"

"""`l3kit simulate`: publish readings, generated or from a file, as the twin's devices."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from l3kit.cli.completing import device_list
from l3kit.cli.exit_codes import ERROR, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.errors import ConfigurationError, SandboxError

if TYPE_CHECKING:
    from l3kit.operate.simulate.publisher import Published
    from l3kit.operate.simulate.readings import DeviceMessage
    from l3kit.twin.config import Twin

SHOWN = 3
"""Messages that a dry run prints."""
_FORMS = (
    "Files of --from: *.csv has a header, then one reading a line, with columns iotDeviceId (or deviceId, device_id) "
    "and id (or time, timestamp); *.jsonl one JSON object a line with members of these names, which with --times keep "
    "is sent exactly as it stands; and the example's weather, nyc_weather_2013.csv.gz. Each may be compressed by gzip "
    "(*.gz). Ctrl-C ends it once the messages sent are acknowledged."
)


def _rate(value: float) -> float:
    if not 0 <= value < float("inf"):
        raise typer.BadParameter(f"{value} is not a rate; give messages per second, or 0")
    return value


def _count(value: int | None) -> int | None:
    if value is not None and value < 1:
        raise typer.BadParameter(f"{value} is not a number of messages; give 1 or more")
    return value


def _times(value: str) -> str:
    if value not in ("shift", "keep"):
        raise typer.BadParameter(f"{value!r} is not allowed; give shift or keep")
    return value


def _broker(value: str | None) -> str | None:
    if value is not None:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65_536:
            raise typer.BadParameter(f"{value!r} is not HOST:PORT")
    return value


def add_simulate(app: typer.Typer) -> None:
    """Add the verb `simulate`."""

    @verb(app, "simulate", epilog=f"{_FORMS}\n\n{epilog_of('simulate')}")
    def simulate(
        output: Output,
        place: Place,
        rate: Annotated[
            float,
            typer.Option(
                metavar="R",
                callback=_rate,
                help="Messages per second, over all devices; 0: as fast as they are accepted.",
            ),
        ] = 1.0,
        count: Annotated[
            int | None,
            typer.Option(
                metavar="N", callback=_count, help="Stop after N messages (default: at the file's end, or never)."
            ),
        ] = None,
        devices: Annotated[
            list[str] | None,
            typer.Option(
                metavar="ID[,...]",
                autocompletion=device_list,
                help="Devices that send (default: all of the twin's, or of the file).",
            ),
        ] = None,
        source: Annotated[
            Path | None, typer.Option("--from", metavar="FILE", help="Publish the readings of a file.")
        ] = None,
        times: Annotated[
            str,
            typer.Option(
                metavar="shift|keep",
                callback=_times,
                help="Times of a file: shift them so that the newest is now, or keep them.",
            ),
        ] = "shift",
        seed: Annotated[int, typer.Option(metavar="N", help="Seed of the generated readings.")] = 0,
        broker: Annotated[
            str | None,
            typer.Option(metavar="HOST:PORT", callback=_broker, help="Another MQTT broker, without TLS or log-in."),
        ] = None,
        home: Annotated[
            Path | None, typer.Option(metavar="DIR", help="Folder of the sandbox whose broker is used.")
        ] = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help=f"Print the first {SHOWN} messages; publish nothing.")
        ] = False,
    ) -> int:
        """Publish readings over MQTT as a twin's devices. They are generated, or from a file."""
        if broker and (home or place.sandbox):
            raise typer.BadParameter("is not allowed with a sandbox: one of them is enough", param_hint="--broker")
        reach = place.reach()
        twin = reach.twin
        if not twin.config.message_chain:
            cause = f"{twin.name} has no message chain, so no function takes these messages"
            output.tell(f"{cause}: set message_chain in its config.json to true and apply it again")
        if source is None:
            chosen = _generated(twin, listed(devices), seed)
        else:
            chosen = _recorded(source, listed(devices), shifted=times == "shift")
        messages = itertools.islice(chosen, count)
        if dry_run:
            return _show(twin, messages, output)
        if reach.parameters.target == "live" and not broker:
            cause = "are on real accounts, whose brokers it does not reach"
            raise ConfigurationError(f"devices of {twin.name}", cause, "Use --target sandbox, or name a --broker")
        address = broker or _sandbox_broker(reach.parameters.sandbox, home)
        return _publish(twin, messages, rate, address, output)


def _generated(twin: Twin, devices: list[str], seed: int) -> Iterable[DeviceMessage]:
    from l3kit.given_values import first_and_nearest
    from l3kit.operate.simulate.readings import simulated

    known = [device.id for device in twin.devices]
    if strange := sorted(set(devices) - set(known)):
        raise ConfigurationError(
            "--devices", f"{', '.join(strange)}: not in the twin", f"It has {first_and_nearest(strange[0], known)}"
        )
    return simulated(devices or known, seed, twin.config.time_digits, time.time)


def _recorded(source: Path, devices: list[str], *, shifted: bool) -> Iterable[DeviceMessage]:
    from l3kit.operate.simulate.recorded import RecordedMessages

    newest = datetime.now(UTC).replace(microsecond=0) if shifted else None
    return RecordedMessages(source, newest, devices or None)


def _publish(twin: Twin, messages: Iterable[DeviceMessage], rate: float, address: str, output: Output) -> int:
    from l3kit.operate.simulate.publisher import Publisher

    host, _, port = address.rpartition(":")
    publisher, began = Publisher((host, int(port))), time.monotonic()
    done = publisher.run(twin.name, messages, rate, _progress(began, output))
    seconds = time.monotonic() - began
    output.say({**asdict(done), "seconds": round(seconds, 3)}, f"{_summary(done)} in {seconds:.1f} s")
    return SUCCESS if done.acknowledged == done.published else ERROR


def _sandbox_broker(name: str, home: Path | None) -> str:
    from l3kit import sandbox
    from l3kit.sandbox.homes import known_home
    from l3kit.sandbox.messages.client import start_broker

    state = sandbox.status(known_home(name) if home is None else home)
    if state is None:
        remedy = "Start it and deploy the twin into it: l3kit apply; or name another broker with --broker"
        raise SandboxError("sandbox", "is not running", remedy)
    return start_broker(state.gateway)


def _show(twin: Twin, messages: Iterable[DeviceMessage], output: Output) -> int:
    from l3kit.tiering.format.topics import TELEMETRY, device_topic

    shown = [
        {"topic": device_topic(twin.name, one.device_id, TELEMETRY), "message": one.body.decode()}
        for one in itertools.islice(messages, SHOWN)
    ]
    lines = [f"{one['topic']}  {one['message']}" for one in shown]
    output.say({"published": 0, "first": shown}, "\n".join([*lines, "a dry run: nothing was published"]))
    return SUCCESS


def _progress(began: float, output: Output) -> Callable[[Published], None]:
    """Return a callback that reports on stderr about once a second, on one line of a terminal."""
    shown_at = began

    def report(done: Published) -> None:
        nonlocal shown_at
        if output.quiet or time.monotonic() - shown_at < 1:
            return
        shown_at = time.monotonic()
        end = "\r" if sys.stderr.isatty() else "\n"
        print(_summary(done), end=end, file=sys.stderr, flush=True)

    return report


def _summary(done: Published) -> str:
    return f"{done.published:,} messages published, {done.acknowledged:,} acknowledged"

"""Preparation of the example twin in a sandbox: deployed, loaded with a year of weather, and moved if requested."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l3kit.deploy import ApplyResult
from l3kit.errors import ConfigurationError
from l3kit.operate.coroutines import run
from l3kit.operate.load.loading import load
from l3kit.operate.movers import moments_back
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.weather import WEATHER_FILE, newest_of_each, read_weather, weather_options
from l3kit.tiering.format.chunks import device_prefix
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.messages import Telemetry

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.operate.open_twin import OpenTwin
    from l3kit.operate.simulate.publication import Publication
    from l3kit.twin.config import Twin

RECENT = 24 * 60
"""Newest readings of each station to load for the history of runs: the weeks that it shows."""
PUBLISHED = 24
"""Newest readings of each station that arrive as messages, if the twin takes them; all others are loaded."""


def prepare_deployment(twin: OpenTwin, *, clouds: Collection[str] | None = None) -> ApplyResult | None:
    """Deploy the twin in a sandbox if any of it is missing; on real clouds nothing is prepared."""
    if twin.session.target != "sandbox":
        return None
    wanted = twin.plan(clouds=clouds)
    return wanted.apply() if wanted.changes else None


def prepare_example(
    twin: OpenTwin, *, newest: datetime, moved_days: int = 0, devices: Collection[str] | None = None
) -> None:
    """Deploy, load the weather of devices without data in any tier, and replay the movers for some days back.

    A twin with a message chain gets the newest readings through it.

    Args:
        newest: the time of the newest reading.
        moved_days: run both movers monthly, beginning this many days back; 0 does not move.
        devices: only these devices; None is all of the twin's.
    """
    if twin.session.target != "sandbox":
        return
    prepare_deployment(twin)
    wanted = [device.id for device in twin.config.devices if devices is None or device.id in devices]
    empty = [device for device in wanted if not holds_readings(twin, device)]
    if empty:
        published = PUBLISHED if twin.config.config.message_chain else 0
        if published:
            publish_example(twin, newest=newest, last=published, devices=empty).raise_if_failed()
        loaded = load_example(twin, newest=newest, but_last=published, devices=empty)
        if loaded and moved_days:
            twin.replay(moments_back(newest, moved_days, 30))


def prepare_runs(twin: OpenTwin, *, newest: datetime) -> None:
    """Deploy the twin in a sandbox and, if no mover has run, load some weeks of weather and run the movers.

    Args:
        newest: the time of the newest reading.
    """
    if twin.session.target != "sandbox":
        return
    prepare_deployment(twin)
    if not twin.runs(since=None).runs:
        load_example(twin, newest=newest, last=RECENT)
        twin.replay(moments_back(newest, 20, 10))


def prepare_letters(twin: OpenTwin) -> None:
    """Deploy the twin in a sandbox and, if it has no dead letters, publish two messages that become dead letters."""
    if twin.session.target != "sandbox":
        return
    prepare_deployment(twin)
    if twin.config.config.message_chain and not twin.letters(limit=1).rows:
        device = twin.config.devices[0].id
        bad = [("stranger", '{"deviceId": "stranger", "time": "2026-01-01T00:00:00Z", "temp": 28.94}')]
        bad.append((device, f'{{"deviceId": "{device}", "temp": 28.94}}'))
        twin.publish(bad).raise_if_failed()


def publish_example(
    twin: OpenTwin, *, newest: datetime, last: int, devices: Collection[str] | None = None
) -> Publication:
    """Publish the newest readings of the example's stations as messages, in time order.

    Args:
        newest: the time to which the newest reading is shifted.
        last: number of readings of each station.
        devices: only these stations; None is all.
    Raises: ConfigurationError if the twin has no such data, or no function takes its messages; BrokerError.
    """
    readings = example_readings(twin.config, newest, last=last, devices=devices)
    return twin.publish([(one.device_id, one.json) for one in readings])


def load_example(
    twin: OpenTwin,
    *,
    newest: datetime,
    last: int | None = None,
    but_last: int = 0,
    devices: Collection[str] | None = None,
) -> int:
    """Load the weather data next to the twin's files into its hot tier, bypassing its message chain.

    Args:
        newest: the time to which the newest reading is shifted.
        last: number of newest readings of each station to load; None is all.
        but_last: of these, omit this many of the newest, which `publish_example` publishes.
        devices: only the readings of these stations; None is all.
    Returns: the number of readings loaded.
    Raises: ConfigurationError if the twin has no such data; CheckFailedError if other items have their keys.
    """
    with tempfile.TemporaryDirectory(prefix="l3kit-example-") as beside:  # the example's own folder may be read-only
        file, options = _weather_of(twin.config), weather_options(newest)
        if last is not None or but_last or devices is not None:
            chosen = example_readings(twin.config, newest, last=last, but_last=but_last, devices=devices)
            file, options = write_readings(Path(beside) / "readings.jsonl", chosen), {}
        bar = partial(twin.shows.sizes, "load")
        report = load(twin.session, twin.config, [file], {**options, "out": beside}, shows=bar)
    report.raise_if_failed()
    return report.total("rows")


def write_readings(path: Path, readings: Iterable[Telemetry]) -> Path:
    """Write readings as a file of JSON lines. Returns: its path."""
    path.write_bytes(b"".join(one.json + b"\n" for one in readings))
    return path


def _weather_of(twin: Twin) -> Path:
    path = twin.path / WEATHER_FILE
    if not path.exists():
        raise ConfigurationError(f"twin {twin.name}", f"has no {WEATHER_FILE}", "Only the example twins bring data")
    return path


def example_readings(
    twin: Twin,
    newest: datetime,
    *,
    last: int | None = None,
    but_last: int = 0,
    devices: Collection[str] | None = None,
) -> list[Telemetry]:
    """Read the weather data next to a twin's files; the arguments are those of `load_example`."""
    readings = read_weather(_weather_of(twin), newest, last=last)
    left_out = newest_of_each(readings, but_last)
    return [one for one in readings if one not in left_out and (devices is None or one.device_id in devices)]


def holds_readings(twin: OpenTwin, device: str) -> bool:
    """Return whether any tier holds data of this device."""

    async def look() -> bool:
        async with open_tiers(twin.session, twin.config) as tiers:
            if tiers.hot is not None and await tiers.hot.last_item(device) is not None:
                return True
            for store in (tiers.cold, tiers.archive):
                if store is not None:
                    async for _ in store.list(device_prefix(device)):
                        return True
        return False

    return run(look())


def sample(twin: OpenTwin) -> pd.DataFrame:
    """The newest reading of each device, as stored in the hot tier."""
    import pandas as pd

    async def read() -> list[bytes]:
        async with open_tiers(twin.session, twin.config) as tiers:
            assert tiers.hot is not None
            found = [await tiers.hot.last_item(device.id) for device in twin.config.devices]
        return [item for item in found if item is not None]

    return pd.DataFrame([{name: _plain(value) for name, value in exact_loads(item).items()} for item in run(read())])


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value

"""A laboratory in the sandbox: kill the deployed hot-to-cold mover at any of its calls, and inspect the state.

The mover is the shipped function in its own process; it is killed from outside, by the gateway between it and its
stores. It moves readings that the lab generates, of one device, a new batch for each experiment.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from l3kit.clouds.aws.cloud import aws_in
from l3kit.clouds.aws.control.calls import explained
from l3kit.errors import CheckFailedError, ConfigurationError
from l3kit.operate.coroutines import run
from l3kit.operate.leases import end_lease
from l3kit.operate.movers import run_mover
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.sandbox.faults import arranged as faults
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import RESERVED_PREFIX, decompress, parse_object_key
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import from_row

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.operate.open_twin import OpenTwin

MOVER = "hot-to-cold-mover"
BATCH_ITEMS = 40
"""Two chunks at the lab twin's chunk size, each deleted by a single request, so that all calls come in one order."""
When = Literal["before", "after"]

_RECORDS = {"resume": "where did the last run stop?", "pause": "is anything paused?"}
"""Purpose of reading a journal record that belongs to no device, by the first part of its name."""


@dataclass(frozen=True, slots=True)
class Remains:
    """Snapshot of item counts in each tier and of the journal entry."""

    only_hot: int
    both: int
    only_cold: int
    entry: str


class CrashLab:
    """Experiments with one twin.

    Args:
        moment: time of reference of the runs, at which all readings are old enough for the cold tier.
    Raises: ConfigurationError unless the session is a sandbox's and the twin has one device.
    """

    def __init__(self, opened: OpenTwin, moment: datetime) -> None:
        session, twin = opened.session, opened.config
        if session.target != "sandbox" or not session.sandbox_endpoint:
            raise ConfigurationError(
                "crash lab", "works in the sandbox only: it kills functions", "Set target: sandbox"
            )
        if len(twin.devices) != 1:
            raise ConfigurationError(
                f"twin {twin.name}",
                f"has {count_of(len(twin.devices), 'device')}",
                "The lab's calls come in one order with one",
            )
        self._session, self._twin, self._moment = session, twin, moment
        self._endpoint = session.sandbox_endpoint
        self._function = aws_in(session.clouds).function_name(twin, MOVER)
        self.device = twin.devices[0].id
        self._put: list[bytes] = []

    def put_readings(self) -> int:
        """Put a new batch of readings into the hot tier, a day younger than the one before. Returns: their number."""
        first = self._moment - timedelta(days=self._twin.config.hot_storage_size_in_days + 400)
        first += timedelta(days=len(self._put) // BATCH_ITEMS)
        batch = [_reading(self.device, first + timedelta(minutes=30 * n), n) for n in range(BATCH_ITEMS)]

        async def put() -> None:
            async with open_tiers(self._session, self._twin) as tiers:
                assert tiers.hot is not None
                await tiers.hot.put_items(self.device, batch)

        run(put())
        self._put += batch
        return len(batch)

    def steps(self) -> pd.DataFrame:
        """Move a batch undisturbed. Returns: one row for each call, with its purpose; its number is the step."""
        import pandas as pd

        self.put_readings()
        self.run_again()  # a device's first move also notes it and asks the tiers for its chunk numbers
        self.put_readings()
        armed = faults.arm(self._endpoint, self._function)
        run_mover(self._session, self._twin, MOVER, time=self._moment)
        calls, _ = armed.disarm()
        rows = [[number, *row] for number, row in enumerate(_explained(calls), 1)]
        return pd.DataFrame(rows, columns=["step", "call", "what it is for"]).set_index("step")

    def crash(self, step: int, when: When = "after") -> str:
        """Run the mover and kill it before or after a step's call takes effect; then free the device of the dead run.

        Returns: what happened, in a sentence.
        Raises: ConfigurationError if the run had fewer steps; it has then moved everything.
        """
        armed = faults.arm(self._endpoint, self._function, "kill_before" if when == "before" else "kill_after", at=step)
        client = aws_in(self._session.clouds).session.client("lambda")
        event = json.dumps({"time": self._moment.isoformat()}).encode()
        with explained(f"function {self._function}"):
            answer = client.invoke(FunctionName=self._function, Payload=event)
        content = json.loads(answer["Payload"].read())
        calls, fired = armed.disarm()
        if not fired:
            raise ConfigurationError(
                "step",
                f"{step} is more than the {count_of(len(calls), 'call')} of that run; nothing was killed",
                "See the steps",
            )
        held = end_lease(self._session, self._twin, self.device)
        lease = "its lease was ended" if held else "it held no lease"
        how = str(content["errorMessage"]).rpartition("Error: ")[2]
        return f"killed {when} step {step}, {dict(_numbered(calls))[step]}: {how}; {lease}"

    def run_again(self) -> str:
        """Run the mover normally, as its schedule would. Returns: its own summary."""
        done = run_mover(self._session, self._twin, MOVER, time=self._moment)
        notes = [note for report in done.reports for device in report["devices"] for note in device["notes"]]
        return "\n".join([done.summary(), *notes])

    def remains(self) -> Remains:
        """Inspect the hot tier, the cold tier and the journal."""

        async def look() -> Remains:
            async with open_tiers(self._session, self._twin) as tiers:
                hot, cold = await _hot_items(tiers, self.device), await _cold_items(tiers)
                assert tiers.journal is not None
                entry = from_row(await tiers.journal.load(DEVICE_PREFIX + self.device)).entry
            both = sum((hot & cold).values())
            state = entry.state if entry else "none"
            return Remains(hot.total() - both, both, cold.total() - both, state)

        return run(look())

    def look(self) -> pd.DataFrame:
        """`remains` as a table."""
        return _frame([["now", self.remains()]])

    def check(self) -> str:
        """Compare every reading put into the hot tier, digit by digit, with those in the tiers.

        Returns: a sentence. Raises: CheckFailedError naming a reading that is lost, doubled or altered.
        """

        async def everywhere() -> Counter[str]:
            async with open_tiers(self._session, self._twin) as tiers:
                return await _hot_items(tiers, self.device) + await _cold_items(tiers)

        found, wanted = run(everywhere()), Counter(map(_canonical, map(_parsed, self._put)))
        if found != wanted:
            lost, extra = wanted - found, found - wanted
            raise CheckFailedError(
                f"device {self.device}",
                f"{count_of(lost.total(), 'reading')} lost, {extra.total()} doubled or altered; "
                f"first: {next(iter(lost | extra))}",
                "This is a bug of l3kit: please report the step",
            )
        put = count_of(wanted.total(), "reading was", "readings were")
        return f"{put} put; each is in exactly one place, equal to the last digit"

    def every_step(self, steps: int) -> Iterator[tuple[int, Remains, Remains]]:
        """Kill the mover after each step in turn, every time with a new batch, and let an ordinary run follow.

        Yields: the step, the counts in each tier after the crash and after the ordinary run, of the new batch only.
        Raises: CheckFailedError if anything is lost, doubled or altered.
        """
        for step in range(1, steps + 1):
            before = len(self._put)
            self.put_readings()
            self.crash(step)
            crashed = self.remains()
            self.run_again()
            settled = self.remains()
            self.check()
            yield step, _less(crashed, before), _less(settled, before)


def sweep_frame(outcomes: list[tuple[int, Remains, Remains]]) -> pd.DataFrame:
    """The outcomes of `every_step`: a row for each step, items after the crash and after the next run."""
    import pandas as pd

    rows = [
        [step, crashed.entry, crashed.only_hot, crashed.both, crashed.only_cold, settled.both, settled.only_cold]
        for step, crashed, settled in outcomes
    ]
    columns = ["step", "entry", "only hot", "in both", "only cold", "in both after the next run", "only cold then"]
    return pd.DataFrame(rows, columns=columns).set_index("step")


def _less(remains: Remains, earlier: int) -> Remains:
    return Remains(remains.only_hot, remains.both, remains.only_cold - earlier, remains.entry)


def _frame(rows: list[list[Any]]) -> pd.DataFrame:
    import pandas as pd

    content = [[label, r.only_hot, r.both, r.only_cold, r.entry] for label, r in rows]
    columns = ["", "only in the hot tier", "in both", "only in the cold tier", "journal entry"]
    return pd.DataFrame(content, columns=columns).set_index("")


def _reading(device_id: str, moment: datetime, number: int) -> bytes:
    """A vibration sensor's reading, with a number that a float cannot represent exactly."""
    value = f"{20 + number % 7}.{number:02d}00000000000000000001"
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'{{"iotDeviceId":"{device_id}","id":"{stamp}","temperature":{value},"rpm":{1480 + number}}}'.encode()


def _parsed(text: bytes) -> Any:
    return json.loads(text, parse_float=str, parse_int=str)


def _canonical(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=False)


async def _hot_items(tiers: TierStores, device_id: str) -> Counter[str]:
    assert tiers.hot is not None
    found: Counter[str] = Counter()
    async for page in hot_pages(tiers.hot, device_id, before="9999"):
        found.update(_canonical(_parsed(one)) for one in page.items)
    return found


async def _cold_items(tiers: TierStores) -> Counter[str]:
    assert tiers.cold is not None
    found: Counter[str] = Counter()
    for key in [info.key async for info in tiers.cold.list() if not info.key.startswith(RESERVED_PREFIX)]:
        chunk = parse_object_key(key)
        body = decompress(await tiers.cold.read(key), chunk.compression if chunk else "none")
        found.update(_canonical(entry) for entry in _parsed(body))
    return found


def _numbered(calls: list[str]) -> Iterator[tuple[int, str]]:
    yield from enumerate((call for call, _ in _explained(calls)), 1)


def _explained(calls: list[str]) -> Iterator[tuple[str, str]]:
    """Purpose of each of the mover's calls, by `service operation`."""
    queries = 0
    for call in calls:
        service, operation, *about = call.split(" ")
        name = f"{service} {operation}"
        subject = " ".join(about[1:])
        if operation == "Query":
            queries += 1
            yield name, "looks for keys that are not times" if queries == 1 else "reads the device's old items"
        elif operation == "GetItem":
            yield name, _RECORDS.get(subject.partition("/")[0], "reads the device's journal")
        elif operation == "PutItem" and subject.startswith("report/"):
            yield name, "keeps the run's report"
        elif operation == "PutItem":
            yield name, _journal_write(subject)
        elif service == "s3":
            yield name, "creates the chunk, if its key is free"
        else:
            yield name, "deletes exactly the chunk's items"


def _journal_write(subject: str) -> str:
    if subject.endswith("writing"):
        return "journal: writing, with what the chunk holds"
    if subject.endswith("stored"):
        return "journal: stored; its items may be deleted now"
    return "journal: closed; the device is given back"

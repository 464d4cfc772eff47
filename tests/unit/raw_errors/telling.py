"""No error of Python's or a library's reaches a person: each verb, with each class of error that can arise in it, ends
in a sentence that names the resource, the cause and the remedy, and shows no secret.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from l3kit.clouds.ports.resources import Finding
from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.deploy.plan import Plan, Step
from l3kit.errors import L3Error
from l3kit.examples.prepare import holds_readings, load_example, prepare_deployment, sample
from l3kit.operate.explain.gather import explain
from l3kit.operate.forecast import forecast
from l3kit.operate.history.reading import runs
from l3kit.operate.inventory import tiers
from l3kit.operate.journal import objects, read_journal
from l3kit.operate.leases import end_lease
from l3kit.operate.letters.listing import letters
from l3kit.operate.letters.replay import replay_letters
from l3kit.operate.movers import replay, run_mover
from l3kit.operate.open_twin import OpenTwin
from l3kit.operate.pauses.changes import pause, resume
from l3kit.operate.query import query
from l3kit.operate.telemetry import put_telemetry
from l3kit.operate.verify.report import verify
from l3kit.operate.weather import WEATHER_FILE
from l3kit.session import Session
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS

TWIN = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
CHAINED = replace(TWIN, config=TWIN.config.model_copy(update={"message_chain": True}))
"""It has dead letters."""
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECRET = "very-secret-key"
CLOSED = "http://127.0.0.1:9"


def opened(session: Session) -> OpenTwin:
    return OpenTwin(TWIN, session)


def told(error: L3Error) -> str:
    """The error's sentence, after a look at its parts."""
    assert error.resource
    assert error.cause
    assert error.remedy
    text = str(error)
    assert SECRET not in text
    assert "Traceback" not in text
    return text


class Nothing:
    """A resource that is to be made."""

    kind, name, holds_data = "table", "t", False

    def compare(self) -> Finding:
        return Finding(False)


def _plan(session: Session) -> Plan:
    step = Step("create", "table", "t", "it is missing", Nothing())  # type: ignore[arg-type]
    return Plan("deploy t", (step,), session.deploy_log(TWIN), ())


READINGS = b"""time_hour,origin,year,month,day,hour,temp
2013-01-01T00:00:00Z,JFK,2013,1,1,0,39.0
2013-01-01T01:00:00Z,JFK,2013,1,1,1,39.2
"""


def _load_few(session: Session) -> int:
    """Load two readings instead of the example's year."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / WEATHER_FILE).write_bytes(gzip.compress(READINGS))
        return load_example(OpenTwin(replace(TWIN, path=Path(folder)), session), newest=NOON, last=1)


ONE_READING = [("JFK", b'{"iotDeviceId":"JFK","id":"2026-01-01T00:00:00Z"}')]
VERBS: Mapping[str, Callable[[Session], object]] = {
    "plan": lambda s: plan(TWIN, s),
    "apply": lambda s: apply(_plan(s), s),
    "plan_destroy": lambda s: plan_destroy(TWIN, s),
    "destroy": lambda s: destroy(TWIN, s),
    "run_mover": lambda s: run_mover(s, TWIN, MOVERS[0]),
    "replay": lambda s: list(replay(s, TWIN, [NOON])),
    "query": lambda s: query(s, TWIN, "JFK"),
    "tiers": lambda s: tiers(s, TWIN),
    "objects": lambda s: objects(s, TWIN, "cold"),
    "read_journal": lambda s: read_journal(s, TWIN),
    "explain": lambda s: explain(s, TWIN, "JFK"),
    "verify": lambda s: verify(s, TWIN),
    "put_telemetry": lambda s: put_telemetry(s, TWIN, ONE_READING),
    "forecast": lambda s: forecast(s, TWIN, MOVERS[0]),
    "runs": lambda s: runs(s, TWIN),
    "pause": lambda s: pause(s, TWIN, "JFK"),
    "resume": lambda s: resume(s, TWIN),
    "end_lease": lambda s: end_lease(s, TWIN, "JFK"),
    "letters": lambda s: letters(s, CHAINED),
    "replay_letters": lambda s: replay_letters(s, CHAINED),
    "load_example": _load_few,
    "prepare_deployment": lambda s: prepare_deployment(opened(s)),
    "holds_readings": lambda s: holds_readings(opened(s), "JFK"),
    "sample": lambda s: sample(opened(s)),
}

"""Every action of every role is needed: each is taken away once, and something fails or is told; and with all of them
every function does its whole job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import pytest

from l3kit.sandbox import SandboxState
from l3kit.session import Session
from l3kit.tiering.format.messages import MessageRules, Telemetry
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.receiving import MessageReceiver
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.archive_writer import ArchiveWriter
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.receiver import Receiver
from l3kit.tiering.transfer.wire import Request, Response
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS
from tests.integration.aws.conftest import MakeTwin, deploy, save_link
from tests.integration.sandbox.conftest import RUNTIME, make_zip
from tests.support import chain_jobs, whole_jobs
from tests.support.accounts import aws_of
from tests.support.memory_stores import MemoryObjectStore
from tests.support.role_trials import Role, Trial, trials_of
from tests.support.whole_jobs import Problems, Workplace
from tests.support.wire_server import TOKEN, serving

pytestmark = pytest.mark.sandbox
Job = Callable[[Workplace], Awaitable[Problems]]
EXPIRING = "gcp-gcp-aws"
"""A layout whose data expire, in JOBS."""
WHOLE_CHAIN = "aws-aws-aws/aws-aws/events"
JOBS: dict[tuple[str, str], Job] = {
    ("aws-aws-aws", "hot-to-cold-mover"): whole_jobs.hot_to_cold,
    ("aws-aws-aws", "cold-to-archive-mover"): whole_jobs.cold_to_archive_of_the_same_cloud,
    ("aws-aws-aws", "hot-reader"): whole_jobs.hot_reader,
    ("aws-aws-aws", "hot-reader-last-entry"): whole_jobs.hot_reader_last_entry,
    ("aws-azure-aws", "hot-to-cold-mover"): whole_jobs.hot_to_cold,
    ("aws-azure-aws", "archive-writer"): whole_jobs.archive_writer,
    ("azure-aws-azure", "cold-to-archive-mover"): whole_jobs.cold_to_archive,
    ("azure-aws-aws", "cold-writer"): whole_jobs.cold_writer,
    (EXPIRING, "archive-expirer"): whole_jobs.archive_expirer,
    (WHOLE_CHAIN, "dispatcher"): chain_jobs.dispatcher,
    (WHOLE_CHAIN, "default-processor"): chain_jobs.default_processor,
    (WHOLE_CHAIN, "persister"): chain_jobs.persister,
    (WHOLE_CHAIN, "event-checker"): chain_jobs.event_checker,
    ("gcp-gcp-gcp/aws-aws/events", "persister"): chain_jobs.sending_persister,
    ("aws-aws-aws/aws-gcp", "connector"): chain_jobs.connector,
    ("aws-gcp-gcp/gcp-gcp", "writer"): chain_jobs.writer,
    ("aws-aws-aws/gcp-aws", "ingestion"): chain_jobs.ingestion,
    ("aws-aws-aws/aws-gcp/events", "feedback-receiver"): chain_jobs.feedback_receiver,
}
"""By layout and function; the parts on other clouds are l3kit's own receivers in this process.

Behind a slash, the clouds of layers 1 and 2; then whether the twin has an event."""
CALLED = "alarm-of-an-event"


class Takes:
    """What follows a receiver on another cloud: takes everything."""

    async def take(self, items: Sequence[Telemetry]) -> Counts:
        return Counts(stored=len(items))


def _message_receiver(path: str) -> MessageReceiver:
    rules = MessageRules(frozenset({chain_jobs.DEVICE}), time_digits=0)
    return MessageReceiver(Takes(), rules, path, Secret(TOKEN))


RECEIVERS: dict[str, Callable[[MemoryObjectStore], Receiver]] = {
    "cold-writer": lambda store: ColdWriter(store, Secret(TOKEN)),
    "archive-writer": lambda store: ArchiveWriter(store, Secret(TOKEN)),
    "ingestion": lambda store: _message_receiver("/ingestion"),
    "writer": lambda store: _message_receiver("/writer"),
}


@dataclass
class Workplaces:
    """Deployed twins, by layout: made when first needed."""

    session: Session
    state: SandboxState
    make_twin: MakeTwin
    called: str
    open: ExitStack
    made: dict[str, Workplace]
    twins: dict[str, Twin]

    def of(self, layout: str) -> Workplace:
        if layout not in self.made:
            tiers, chain, events = (*layout.split("/"), "", "")[:3]
            expiry = {"archive_storage_size_in_days": 3650} if layout == EXPIRING else {}
            twin = self.make_twin(*tiers.split("-"), chain=tuple(chain.split("-")) if chain else None, **expiry)
            if events:
                twin = self._with_event(twin)
            for link in twin.layout.links:
                save_link(self.session, twin, link.id, self._receiver(link.receiver), TOKEN)
            deploy(twin, self.session)
            self.twins[layout] = twin
            self.made[layout] = Workplace(self.state, aws_of(self.session).names(twin.name))
        return self.made[layout]

    def _with_event(self, twin: Twin) -> Twin:
        feedback = {"type": "mqtt", "iotDeviceId": chain_jobs.DEVICE, "payload": "cool down"}
        action: dict[str, Any] = {"type": "function", "functionName": self.called, "feedback": feedback}
        if twin.layout.l2 != "aws":
            action = {**feedback, "type": "feedback"}
        events = [{"condition": chain_jobs.ALARM, "action": action}]
        (twin.path / "config_events.json").write_text(json.dumps(events))
        return Twin.load(twin.path)

    def _receiver(self, function: str) -> str:
        """A receiver as another cloud would run it."""
        server = self.open.enter_context(serving())
        store = MemoryObjectStore("cold" if function == "cold-writer" else "archive", "theirs")

        def answer(request: Request) -> Response:
            return asyncio.run(RECEIVERS[function](store).handle(request))

        server.answer = answer
        return server.url


@pytest.fixture(scope="module")
def places(session: Session, sandbox: SandboxState, make_twin: MakeTwin, aws: Any, role: str) -> Iterator[Workplaces]:
    code = {"ZipFile": make_zip("def handler(event, context): return None")}
    aws("lambda").create_function(FunctionName=CALLED, Code=code, Runtime=RUNTIME, Role=role, Handler="app.handler")
    with ExitStack() as stack:
        yield Workplaces(session, sandbox, make_twin, CALLED, stack, {}, {})


def missed(job: Callable[[], Problems]) -> Problems:
    """What goes wrong, an exception included."""
    try:
        return job()
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def try_each(role: Role, trials: list[Trial], job: Callable[[], Problems]) -> None:
    """Take each away, see the job fail, put it back, see it work."""
    assert job() == [], "with all permissions"
    unneeded = []
    for trial in trials:
        with role.lacking(trial):
            if not missed(job):
                unneeded.append(str(trial))
        assert job() == [], f"with {trial} put back"
    assert unneeded == []


def share_of(trials: list[Trial], share: str, name: str) -> list[Trial]:
    """All, or one of them that the name decides."""
    return trials if share == "all" else [trials[crc32(name.encode()) % len(trials)]]


SHARES = pytest.mark.parametrize("share", ["one", pytest.param("all", marks=pytest.mark.slow)])
SAMPLE = "aws-aws-aws"
"""The layout of `make test`."""


def test_each_function_has_a_job() -> None:
    assert {function for _, function in JOBS} == FUNCTIONS.keys()


@SHARES
@pytest.mark.parametrize(
    ("layout", "function"),
    [pytest.param(*job, id="-".join(job), marks=[pytest.mark.slow] * (job[0] != SAMPLE)) for job in JOBS],
)
def test_a_function_misses_each_of_its_permissions(
    layout: str, function: str, share: str, places: Workplaces, record_property: Callable[[str, object], None]
) -> None:
    work, job = places.of(layout), JOBS[layout, function]
    role = Role(work.client("iam"), work.names.role(function))
    trials = [trial for trial in trials_of(role.policy()) if trial.sid != "Logs"]
    chosen = share_of(trials, share, layout + function)
    try_each(role, chosen, lambda: asyncio.run(job(work)))
    record_property("permissions", len(chosen))


MOVERS_AND_CHAIN = [*((SAMPLE, mover) for mover in MOVERS), *(one for one in JOBS if one[0] == WHOLE_CHAIN)]


@SHARES
@pytest.mark.parametrize(
    ("layout", "function"),
    [*(pytest.param(*one, marks=pytest.mark.slow) for one in MOVERS_AND_CHAIN), (SAMPLE, "hot-reader")],
)
def test_without_its_log_permissions_a_function_leaves_no_line(
    layout: str, function: str, share: str, places: Workplaces, record_property: Callable[[str, object], None]
) -> None:
    work = places.of(layout)
    role = Role(work.client("iam"), work.names.role(function))
    chosen = share_of([trial for trial in trials_of(role.policy()) if trial.sid == "Logs"], share, function)
    try_each(role, chosen, lambda: whole_jobs.log(work, function, beside="hot-reader-last-entry"))
    record_property("permissions", len(chosen))


def test_without_its_permission_the_scheduler_starts_no_mover(
    places: Workplaces, record_property: Callable[[str, object], None]
) -> None:
    work = places.of("aws-aws-aws")
    role = Role(work.client("iam"), work.names.scheduler_role())
    trials = trials_of(role.policy())
    for trial in trials:
        mover = next(name for name in MOVERS if trial.resource.endswith(name))
        try_each(role, [trial], lambda mover=mover: whole_jobs.start(work, mover))
    assert len(trials) == len(MOVERS)
    record_property("permissions", len(trials))


@pytest.mark.slow
def test_without_its_permission_the_topic_rule_keeps_no_undelivered_message(
    places: Workplaces, record_property: Callable[[str, object], None]
) -> None:
    work = places.of(WHOLE_CHAIN)
    role = Role(work.client("iam"), work.names.topic_rule_role())
    trials = trials_of(role.policy())
    try_each(role, trials, lambda: chain_jobs.keep_undelivered(work))
    record_property("permissions", len(trials))


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "function"), MOVERS_AND_CHAIN)
def test_where_buckets_have_keys_of_their_own_a_function_misses_each_permission_on_them(
    layout: str, function: str, places: Workplaces, aws: Any, record_property: Callable[[str, object], None]
) -> None:
    work = places.of(layout)
    for store in ("cold", "archive") if layout == SAMPLE else ("letters",):
        key = aws("kms").create_key()["KeyMetadata"]["Arn"]
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        encryption = {"Rules": [rule]}
        aws("s3").put_bucket_encryption(Bucket=work.names.store(store), ServerSideEncryptionConfiguration=encryption)
    deploy(places.twins[layout], places.session)
    role = Role(work.client("iam"), work.names.role(function))
    trials = [trial for trial in trials_of(role.policy()) if trial.sid.endswith("Key")]
    assert trials
    try_each(role, trials, lambda: asyncio.run(JOBS[layout, function](work)))
    record_property("permissions", len(trials))

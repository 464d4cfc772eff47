"""The table of permissions that docs, preflight and policy document are made of: enough for every verb on one twin's
resources, and nothing in it that no verb misses."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import pytest

from l3kit.clouds.aws.control.operator_policy import Scope
from l3kit.clouds.aws.control.permissions import REQUIRED_PERMISSIONS, grants_for
from l3kit.clouds.aws.control.provisioner import AwsProvisioner
from l3kit.clouds.aws.data.stores import open_journal
from l3kit.clouds.ports.operator_permissions import DEPLOYING, LOOKING, Verb
from l3kit.deploy import destroy, plan
from l3kit.errors import PermissionMissingError
from l3kit.operate.erase.starting import erase, plan_erase
from l3kit.operate.explain.gather import explain
from l3kit.operate.history.reading import runs
from l3kit.operate.holds.changes import hold, release
from l3kit.operate.inventory import tiers
from l3kit.operate.journal import read_journal
from l3kit.operate.leases import end_lease
from l3kit.operate.letters.listing import letters
from l3kit.operate.letters.replay import replay_letters
from l3kit.operate.movers import run_mover
from l3kit.operate.pauses.changes import pause, resume
from l3kit.operate.query import query
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.verify.report import verify
from l3kit.sandbox import SandboxState
from l3kit.session import Session
from l3kit.tiering.format.canary import canary_message
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.tiering.journal import DEVICE_PREFIX, DeviceJournal
from l3kit.tiering.journal_record import from_row
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.twin.config import Twin
from l3kit.twin.connections import save_inter_cloud_connection
from l3kit.twin.layout import MOVERS
from tests.integration.aws.conftest import MakeTwin, deploy, write_twin
from tests.support import whole_jobs
from tests.support.accounts import aws_of
from tests.support.erasable import Ahead
from tests.support.operators import Operator, root_of
from tests.support.resource_lives import LIVES, live, resources
from tests.support.tried_verbs import DEVICE, try_alarms, try_audit, try_load, try_logs
from tests.support.whole_jobs import Workplace

pytestmark = pytest.mark.sandbox
LETTERS = ("processor-failed", "superseded")
"""The problems of the dead letters: only of the second kind is one set apart before it is replayed."""
ALWAYS = tuple(grant for grant in REQUIRED_PERMISSIONS if not grant.only)
QUICK = ("restore", "tiers", "explain", "end_lease", "pause", "load", "logs", "audit", "log groups")
"""The verbs and kinds of which `make test` takes one permission away; the others start functions or wait for them."""


def shares(name: str, kinds: Iterable[str]) -> Any:
    """Parametrizes `name` and `share`: one permission of each kind, or all of them."""
    cases = [(kind, share) for share in ("one", "all") for kind in kinds]
    return pytest.mark.parametrize(
        (name, "share"),
        [
            pytest.param(kind, share, marks=[] if share == "one" and kind in QUICK else [pytest.mark.slow])
            for kind, share in cases
        ],
    )


def scope_of(twin: Twin, session: Session) -> Scope:
    return Scope(twin.name, aws_of(session).account_id, aws_of(session).region)


@pytest.fixture(scope="module")
def operator(session: Session, aws: Any) -> Operator:
    return Operator.create(session, aws)


@pytest.mark.slow
def test_with_its_policy_for_one_twin_an_operator_deploys_mends_and_destroys_it(
    operator: Operator, session: Session, make_twin: MakeTwin, aws: Any
) -> None:
    twin = make_twin("azure", "aws", "aws")
    operator.allow(scope_of(twin, session), ALWAYS)
    deploy(twin, operator.session)
    names = aws_of(session).names(twin.name)
    aws("s3").put_object(Bucket=names.cold_s3_bucket(), Key="d/1", Body=b"[]", IfNoneMatch="*")
    write_twin(twin.path, twin.name, "aws", "aws", "aws", [DEVICE])  # the writer goes, tables come
    moved = Twin.load(twin.path)
    deploy(moved, operator.session)
    aws("lambda").update_function_configuration(FunctionName=names.function("hot-reader"), Timeout=3)
    deploy(moved, operator.session)
    left = plan(moved, operator.session)
    assert (left.changes, left.notes) == ((), ())
    destroy(moved, operator.session, data=True)
    stranger = make_twin()
    with pytest.raises(PermissionMissingError, match="nothing was created"):
        plan(stranger, operator.session)


@pytest.fixture(scope="module")
def filled(session: Session, make_twin: MakeTwin) -> Twin:
    """Deployed; items in the hot tier, a chunk in the cold one, one in the archive."""
    twin = make_twin(devices=[DEVICE])
    deploy(twin, session)
    return twin


def _fill(work: Workplace) -> None:
    async def fill() -> None:
        async with work.hot() as hot, work.objects("cold") as cold, work.objects("archive") as archive:
            await hot.put_items(DEVICE, [whole_jobs.item(DEVICE, 20)])
            await whole_jobs.put_chunk(cold, whole_jobs.key_of(DEVICE, 2, 2), whole_jobs.chunk_of(DEVICE, 2))
            await whole_jobs.put_chunk(archive, whole_jobs.key_of(DEVICE, 1, 1), whole_jobs.chunk_of(DEVICE, 1))
            journal = open_journal(work.names.journal_dynamodb_table(), work.place())
            held = DeviceJournal(journal, DEVICE, f"run-{whole_jobs.new_device()}", lambda: datetime.now(UTC), 1e6)
            if not from_row(await journal.load(f"{DEVICE_PREFIX}{DEVICE}")).owner:
                await held.look()
                await held.acquire()
            await journal.close()

    asyncio.run(fill())


@pytest.fixture(scope="module")
def chained(session: Session, make_twin: MakeTwin) -> Twin:
    """With a message chain, deployed."""
    twin = make_twin(devices=[DEVICE], chain=("aws", "aws"))
    deploy(twin, session)
    return twin


@pytest.fixture(scope="module")
def watched(session: Session, make_twin: MakeTwin) -> Twin:
    """With alarms, deployed."""
    twin = make_twin(devices=[DEVICE], alarms=True)
    deploy(twin, session)
    return twin


def _put_letters(work: Workplace) -> None:
    """Leave exactly one letter of each problem."""
    s3, bucket = work.client("s3"), work.names.dead_letters_s3_bucket()
    for there in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=there["Key"])
    for problem in LETTERS:
        letter = DeadLetter(problem, "why", "default-processor", whole_jobs.item(DEVICE, 3), DEVICE)
        s3.put_object(Bucket=bucket, Key=letter.key(datetime.now(UTC)), Body=letter.to_json())


def _query(session: Session, twin: Twin) -> None:
    result = query(session, twin, DEVICE)
    assert len(result.rows) >= 2


def _restore(session: Session, twin: Twin) -> None:
    asyncio.run(_restore_one(session, twin))


async def _restore_one(session: Session, twin: Twin) -> None:
    async with open_tiers(session, twin) as stores:
        assert stores.archive is not None
        await stores.archive.restore(whole_jobs.key_of(DEVICE, 1, 1), days=1)


def _tiers(session: Session, twin: Twin) -> None:
    found, journal = tiers(session, twin), read_journal(session, twin)
    assert found.complete, found.summary()
    assert found.holdings
    assert journal.complete, journal.summary()
    assert journal.records


def _verify(session: Session, twin: Twin) -> None:
    verify(session, twin).raise_if_failed()


def _move(session: Session, twin: Twin) -> None:
    cloud = session.cloud("aws")
    assert cloud is not None
    assert cloud.function_variables(twin, "hot-to-cold-mover")
    root = root_of(session)
    receiver = AwsProvisioner(twin, aws_of(root), root.links(twin)).function_parts("cold-writer", tuple)
    for part in receiver:
        part.create()
    try:  # as run_movers looks at both ends of a link
        assert cloud.writer(twin, "cold-writer") is not None
    finally:
        for part in reversed(receiver):
            part.delete()
    run_mover(session, twin, "hot-to-cold-mover", time="1980-01-01T00:00:00Z")


def _pause(session: Session, twin: Twin) -> None:
    try:
        for device in (None, DEVICE, None):  # the third finds what the first wrote
            assert pause(session, twin, device).halves == ()
    finally:
        for device in (None, DEVICE):
            left = resume(session, twin, device)
    assert not left.pauses


def _runs(session: Session, twin: Twin) -> None:
    found = runs(session, twin)
    assert found.complete, found.summary()
    assert found.lags
    assert {one.mover for one in found.runs} == set(MOVERS)


def _letters(session: Session, twin: Twin) -> None:
    found = letters(session, twin)
    assert found.complete, found.summary()
    assert found.rows


def _replay_letters(session: Session, twin: Twin) -> None:
    replayed = replay_letters(session, twin, problem=LETTERS)
    replayed.raise_if_failed()
    assert replayed.total("arrived") == len(LETTERS)


def _hold(session: Session, twin: Twin) -> None:
    hold(session, twin, DEVICE, reason="audit")
    release(session, twin, DEVICE)


def _erase(session: Session, twin: Twin) -> None:
    plan_erase(session, twin, DEVICE)
    time = Ahead()
    done = erase(session, twin, DEVICE, now=time.clock, sleep=time.sleep)
    assert done.complete
    assert not [one.what for one in done.unreached if "not allowed" in one.what]


VERBS: dict[Verb, Callable[[Session, Twin], object]] = {
    "move": _move,
    "query": _query,
    "restore": _restore,
    "tiers": _tiers,
    "explain": lambda session, twin: explain(session, twin, DEVICE),
    "end_lease": lambda session, twin: end_lease(session, twin, DEVICE),
    "pause": _pause,
    "hold": _hold,
    "erase": _erase,
    "runs": _runs,
    "verify": _verify,
    "letters": _letters,
    "replay_letters": _replay_letters,
    "load": try_load,
    "logs": try_logs,
    "audit": try_audit,
    "alarms": try_alarms,
}


def test_each_verb_that_needs_permissions_of_its_own_is_tried() -> None:
    assert {*VERBS, *DEPLOYING} == {verb for grant in REQUIRED_PERMISSIONS for verb in grant.verbs}


@shares("verb", VERBS)
def test_a_verb_misses_each_of_its_permissions(
    verb: Verb,
    share: str,
    request: pytest.FixtureRequest,
    operator: Operator,
    session: Session,
    sandbox: SandboxState,
    record_property: Callable[[str, object], None],
) -> None:
    of_letters = verb in ("letters", "replay_letters")
    twin: Twin = request.getfixturevalue("chained" if of_letters else "watched" if verb == "alarms" else "filled")
    work, scope = Workplace(sandbox, aws_of(session).names(twin.name)), scope_of(twin, session)
    grants, prepare = tuple(g for g in grants_for((verb,)) if not g.only), _put_letters if of_letters else _fill
    operator.allow(scope, grants)
    prepare(work)
    if verb == "runs":
        for mover in MOVERS:
            run_mover(session, twin, mover, time="1980-01-01T00:00:00Z")
    if verb in ("verify", "erase"):
        end_lease(root_of(session), twin, DEVICE)
    if verb == "erase":  # the trials of `hold` may have left one
        release(root_of(session), twin, DEVICE)
    VERBS[verb](operator.session, twin)
    own = [grant for grant in grants if verb not in LOOKING or not {*LOOKING} <= {*grant.verbs}]  # as plan looks
    own = [grant for grant in own if of_letters or grant.on != "letters objects"]  # verify's has a test of its own
    trials = [(grant, action) for grant in own for action in grant.actions if action != "dynamodb:PartiQLDelete"]
    chosen = trials if share == "all" else [trials[crc32(verb.encode()) % len(trials)]]
    unneeded = []
    for grant, action in chosen:
        if verb in ("end_lease", "replay_letters", "erase"):
            prepare(work)
        if verb == "erase":
            end_lease(root_of(session), twin, DEVICE)
        with operator.lacking(scope, grants, grant, action):
            try:
                VERBS[verb](operator.session, twin)
            except Exception:
                continue
        unneeded.append(f"{action} on {grant.on}")
    assert not unneeded, unneeded
    record_property("permissions", len(chosen))


@pytest.mark.slow
def test_a_canary_that_no_mover_takes_is_taken_out_again_by_whoever_put_it_in(
    filled: Twin, operator: Operator, session: Session, sandbox: SandboxState
) -> None:
    scope, work = scope_of(filled, session), Workplace(sandbox, aws_of(session).names(filled.name))
    grants = tuple(grant for grant in grants_for(("verify",)) if not grant.only)
    without_mover = tuple(grant for grant in grants if "lambda:InvokeFunction" not in grant.actions)

    async def canaries() -> list[str]:
        async with work.hot() as hot:
            return (await hot.read_page(CANARY_DEVICE, before=MAX_SORT_KEY)).sort_keys

    operator.allow(scope, without_mover)
    assert "allows the lambda:InvokeFunction action" in verify(operator.session, filled).summary()
    assert asyncio.run(canaries()) == []
    (canary,) = [grant for grant in grants if "dynamodb:PartiQLDelete" in grant.actions]
    with operator.lacking(scope, without_mover, canary, "dynamodb:PartiQLDelete"):
        assert "dynamodb:PartiQLDelete" in verify(operator.session, filled).summary()
    assert len(asyncio.run(canaries())) == 1


@pytest.mark.slow
def test_a_canary_among_the_dead_letters_is_removed_by_whoever_may_delete_letters(
    make_twin: MakeTwin, operator: Operator, session: Session
) -> None:
    twin = make_twin(devices=[DEVICE], chain=("aws", "aws"))
    deploy(twin, session)
    letter = DeadLetter("bad-time", "x", "dispatcher", canary_message("0" * 32, "never"), CANARY_DEVICE)

    async def leave() -> bool:
        store = session.clouds["aws"].object_store(twin, "letters")
        key, body = letter.key(datetime.now(UTC)), letter.to_json()
        await store.create(key, body, sha256=hashlib.sha256(body).hexdigest())
        there = await store.head(key) is not None
        await store.close()
        return there

    assert asyncio.run(leave())
    scope, grants = scope_of(twin, session), tuple(grant for grant in grants_for(("verify",)) if not grant.only)
    (deleting,) = [grant for grant in grants if grant.on == "letters objects"]
    with operator.lacking(scope, grants, deleting, "s3:DeleteObject"):
        assert "s3:DeleteObject" in verify(operator.session, twin).summary()
    operator.allow(scope, grants)
    verify(operator.session, twin).raise_if_failed()
    assert letters(session, twin).rows == ()


@shares("kind", LIVES)
def test_making_mending_and_removing_miss_each_permission(
    kind: str,
    share: str,
    operator: Operator,
    session: Session,
    make_twin: MakeTwin,
    aws: Any,
    record_property: Callable[[str, object], None],
) -> None:
    config = {"notify": ["ops@example.com"]} if kind == "alarms" else {}
    twin, life = make_twin("azure", "aws", "aws", **config), LIVES[kind]
    scope, names, root = scope_of(twin, session), aws_of(session).names(twin.name), root_of(session)
    save_inter_cloud_connection(twin.path, twin.connection_ids()["cold-writer"], "", "t" * 64)
    needed = [r for r in resources(twin, root) if r.kind == "role" and kind in ("functions", "schedules")]
    for role in needed:
        role.create()
    grants = tuple(grant for grant in grants_for(DEPLOYING) if not grant.only)
    operator.allow(scope, grants)
    live(life, twin, operator.session, aws, names)
    trials = [(g, a) for g in grants if g.on in life.on for a in g.actions]
    chosen = trials if share == "all" else [trials[crc32(kind.encode()) % len(trials)]]
    unneeded = []
    for grant, action in chosen:
        with operator.lacking(scope, grants, grant, action):
            try:
                live(life, twin, operator.session, aws, names)
            except Exception:
                pass
            else:
                unneeded.append(f"{action} on {grant.on}")
        _clear(twin, root, aws, life.kinds)
    live(life, twin, operator.session, aws, names)
    for role in needed:
        role.delete()
    assert unneeded == []
    record_property("permissions", len(chosen))


def _clear(twin: Twin, root: Session, aws: Any, kinds: tuple[str, ...]) -> None:
    """Whatever the operator left half done."""
    for resource in reversed([r for r in resources(twin, root) if r.kind in kinds]):
        resource.delete()
    for policy in aws("iam").list_policies(Scope="Local")["Policies"]:
        if policy["PolicyName"].startswith("more-"):
            aws("iam").delete_policy(PolicyArn=policy["Arn"])

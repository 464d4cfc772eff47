"""No error of Python's or a library's reaches a person: each verb, with each class of error that can arise in it, ends
in a sentence that names the resource, the cause and the remedy, and shows no secret."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from azure.core.exceptions import DecodeError, ServiceRequestError
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from google.api_core.exceptions import ServiceUnavailable
from google.auth.exceptions import DefaultCredentialsError

from l3kit import sandbox
from l3kit.cli import main
from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.control import calls as aws_calls
from l3kit.clouds.aws.data import items as aws_items
from l3kit.clouds.aws.price_list import refresh_prices
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.aws.unanswered import unanswered
from l3kit.clouds.azure.control import calls as azure_calls
from l3kit.clouds.azure.data import items as azure_items
from l3kit.clouds.gcp.control import calls as gcp_calls
from l3kit.clouds.gcp.data import item_writes
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.hosted_functions import INVOKE_SECONDS
from l3kit.cost.report.document import make_report
from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.deploy.plan import Plan, Step
from l3kit.deploy.step_log import StepLog
from l3kit.errors import ConfigurationError, ItemRefusedError, L3Error, ProvisioningError, SandboxError
from l3kit.examples.crash_lab import CrashLab
from l3kit.examples.prepare import holds_readings, load_example, prepare_deployment, sample
from l3kit.files import refusal
from l3kit.first_light.report import Report, save
from l3kit.notebook.parameters import QueryParameters, check
from l3kit.notebook.results import ResultFile
from l3kit.open_twin import OpenTwin
from l3kit.operate.explain.gather import explain
from l3kit.operate.inventory import tiers
from l3kit.operate.journal import objects, read_journal
from l3kit.operate.leases import end_lease
from l3kit.operate.movers import MOVERS, replay, run_mover
from l3kit.operate.query import query
from l3kit.operate.reading import merged
from l3kit.operate.telemetry import canonical_item, put_telemetry
from l3kit.operate.verify.report import drift_checks, verify
from l3kit.packaging.wheels import Runtime, dependencies
from l3kit.session import Session, connect, reached
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.runtime.readers import exact_json, read_history, read_last
from l3kit.twin.config import Twin
from l3kit.twin.connections import LinkFile, save_inter_cloud_connection
from tests.support.full_disk import no_room
from tests.support.memory_stores import MemoryHotStore

TWIN = Twin.load(Path(__file__).parents[2] / "params" / "twins" / "nyc-weather")
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


# --- what the file system refuses ---------------------------------------------------------------------------------


def _report() -> Report:
    return Report("passed", "aws", "us-east-1", "1234", "t", "", "", 1.0, "0", (), (), (), "")


def _refresh(path: Path) -> object:
    return refresh_prices(path, today=date(2026, 1, 1), client=object())


def _result(path: Path) -> ResultFile:
    return ResultFile(path, {"notebook": "x"}, path.parent)


WRITING: Mapping[str, Callable[[Path], object]] = {
    "a result": lambda path: _result(path).write("passed", {"summary": ""}),
    "first-light's report": lambda path: save(_report(), path, ()),
    "cost refresh": _refresh,
    "the links of an account": lambda path: save_inter_cloud_connection(path.parent, "a_l3hot_to_b_l3cold", "u", "t"),
    "the links of a sandbox": lambda path: LinkFile(path / "links.json", sandbox=True).change("x", {"token": "t"}),
    "the deploy log": lambda path: StepLog(path).note("begin", "create", "table", "t"),
    "the sandbox's home": lambda path: sandbox.up(path),
    "the packages' cache": lambda path: dependencies(Runtime("3.13", "x86_64"), path),
    "cost report": lambda path: make_report(Path("x.yaml"), path, Path(), None),
}


@pytest.mark.parametrize("verb", WRITING)
def test_a_place_below_a_file_is_told(verb: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("here before")
    with pytest.raises(L3Error) as caught:
        WRITING[verb](file / "below" / "out.json")
    assert "file" in told(caught.value)
    assert file.read_text() == "here before"


@pytest.mark.parametrize("verb", WRITING)
def test_a_place_that_the_system_keeps_for_itself_is_told(verb: str) -> None:
    with pytest.raises(L3Error) as caught:
        WRITING[verb](Path("/proc/l3kit/out.json"))
    assert "/proc/l3kit" in told(caught.value) or "config_inter_cloud.json" in str(caught.value)


FILES = [verb for verb in WRITING if verb in ("a result", "first-light's report", "cost refresh", "the deploy log")]


@pytest.mark.parametrize("verb", FILES)
def test_a_folder_where_a_file_is_to_be_is_told(verb: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory") as caught:
        WRITING[verb](tmp_path)
    assert "name a file in it" in told(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["a result", "first-light's report", "the links of an account", "the deploy log"])
def test_a_full_disk_is_told_and_the_last_file_kept(verb: str, tmp_path: Path) -> None:
    path = tmp_path / ("config_inter_cloud.json" if "links" in verb else "out.json")
    path.write_text('{"connections": {}}')
    with pytest.raises(ConfigurationError, match="File too large") as caught, no_room():
        WRITING[verb](path)
    assert "Make room" in told(caught.value)
    assert path.read_text() == '{"connections": {}}'
    assert [p.name for p in tmp_path.iterdir() if not p.name.endswith(".lock")] == [path.name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO])
def test_each_refusal_of_the_system_has_its_word_and_a_remedy(number: int) -> None:
    cause, remedy = refusal(OSError(number, "the word"))
    assert (cause, bool(remedy)) == ("the word", True)


@pytest.mark.parametrize("path", ["{0}", "{0}/file/out.json"])
def test_a_notebook_refuses_a_bad_result_path_before_it_works(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    given: dict[str, Any] = {"twin": "params/twins/nyc-weather", "target": "sandbox", "sandbox": "default"}
    given |= {"fresh": False, "as_of": "", "prepare": False, "device": "JFK"}
    given |= {"quantity": "temp", "unit": "", "start": "", "end": "", "restore": False, "restore_days": 1}
    given |= {"wait_seconds": 0, "result_path": path.format(tmp_path)}
    with pytest.raises(ConfigurationError, match="result_path = ") as caught:
        check(QueryParameters, given)
    assert "name a" in told(caught.value)


# --- values that are deep, huge or no text ------------------------------------------------------------------------

ODD: Mapping[str, bytes] = {
    "half a surrogate pair": b'"\\ud83d"',
    "40 levels": b"[" * 40 + b"]" * 40,
    "200 levels": b"[" * 200 + b"]" * 200,
    "500 levels": b'{"a":' * 500 + b"1" + b"}" * 500,
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "a whole number of 5,000 digits": b"1" * 5_000,
    "a number beyond doubles": b"1e400",
    "a number that no Decimal holds": b"1e99999999999999999999",
}
PUTTING: Mapping[str, Callable[[bytes], object]] = {
    "put_telemetry": lambda item: canonical_item("d", item, 3),
    "DynamoDB": aws_items.to_wire,
    "Cosmos DB": azure_items.to_document,
    "Firestore": lambda item: item_writes.put_write("c", "projects/p/databases/d", item),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("store", PUTTING)
def test_an_odd_value_is_taken_or_refused_with_the_reason(store: str, odd: str) -> None:
    error = _refused(lambda: PUTTING[store](_item(odd)))
    assert error is None or (error.resource and error.cause and len(str(error)) < 500)


def _item(odd: str) -> bytes:
    return b'{"iotDeviceId":"d","id":"2026-01-01T00:00:00.000Z","v":%b}' % ODD[odd]


def _refused(work: Callable[[], object]) -> ItemRefusedError | None:
    try:
        work()
    except ItemRefusedError as error:
        return error
    return None


@pytest.mark.parametrize("odd", [odd for odd in ODD if "half" not in odd])
def test_an_odd_value_can_be_read_or_is_told(odd: str) -> None:
    if odd in ("100,000 levels", "a number that no Decimal holds"):
        with pytest.raises(ValueError, match=r"it is nested too deeply|it has a number that cannot be read"):
            exact_loads(_item(odd))
        return
    ((row,), *_) = merged([("hot", exact_loads(_item(odd)))])
    assert (row["tier"], row["id"]) == ("hot", "2026-01-01T00:00:00.000Z")


def test_the_hot_readers_tell_a_number_of_5000_digits_digit_by_digit() -> None:
    store = MemoryHotStore()
    asyncio.run(store.put_items("d", [_item("a whole number of 5,000 digits")]))
    history = asyncio.run(read_history(store, {"iot_device_id": "d"}))
    last = asyncio.run(read_last(store, {"iot_device_id": "d"}, 0))
    assert history["items"][0]["v"] == last["item"]["v"] == Decimal("1" * 5_000)
    assert b"1" * 5_000 in exact_json(history)


def test_a_result_holds_halves_of_surrogate_pairs_and_huge_numbers(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    _result(path).write("passed", {"text": "\ud83d", "n": 10**5_000})
    content = json.loads(path.read_text("utf-8"))
    assert content["text"] == "\ud83d"
    assert content["n"] == "1" + "0" * 5_000


def test_a_result_that_holds_itself_is_told(tmp_path: Path) -> None:
    ring: dict[str, Any] = {}
    ring["ring"] = ring
    with pytest.raises(ConfigurationError, match="nested too deeply") as caught:
        _result(tmp_path / "out.json").write("passed", ring)
    told(caught.value)
    assert list(tmp_path.iterdir()) == []


# --- a dead sandbox -----------------------------------------------------------------------------------------------


@pytest.fixture
def dead(tmp_path: Path) -> Session:
    """A session on a sandbox of which one part has ended."""
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "dynalite.log"
    log.write_text("line\n" * 50 + "FATAL: out of memory\n")
    part = {"name": "dynalite", "pid": 2**22 + 1, "port": 9, "log_file": str(log), "created": 1.0}
    state = {"format": 2, "aws_endpoint": CLOSED, "region": "us-east-1", "processes": [part], "started": ""}
    (tmp_path / "state.json").write_text(json.dumps({**state, "endpoints": {}}))
    boto = boto3.Session(aws_access_key_id="x", aws_secret_access_key=SECRET, region_name="us-east-1")
    return Session("sandbox", {"aws": AwsCloud(AwsSession("us-east-1", "123456789012", CLOSED, boto))}, tmp_path)


class Nothing:
    """A resource that is to be made."""

    kind, name, holds_data = "table", "t", False

    def compare(self) -> Finding:
        return Finding(False)


def _plan(session: Session) -> Plan:
    step = Step("create", "table", "t", "it is missing", Nothing())  # type: ignore[arg-type]
    return Plan("deploy t", (step,), session.deploy_log(TWIN), ())


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
    "end_lease": lambda s: end_lease(s, TWIN, "JFK"),
    "load_example": lambda s: load_example(opened(s), newest=NOON, last=1),
    "prepare_deployment": lambda s: prepare_deployment(opened(s)),
    "holds_readings": lambda s: holds_readings(opened(s), "JFK"),
    "sample": lambda s: sample(opened(s)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_names_the_part_of_the_sandbox_that_died(verb: str, dead: Session) -> None:
    with pytest.raises(SandboxError, match="sandbox part dynalite: ended") as caught:
        VERBS[verb](dead)
    text = told(caught.value)
    assert "l3kit sandbox up" in text
    assert text.endswith("FATAL: out of memory")
    assert len(text.splitlines()) < 20


def test_a_sandbox_that_was_started_anew_is_told(dead: Session) -> None:
    """The session of a notebook leads to the one before."""
    assert dead.sandbox_home is not None
    content = json.loads((dead.sandbox_home / "state.json").read_text())
    content |= {"aws_endpoint": "http://127.0.0.1:1", "processes": []}
    (dead.sandbox_home / "state.json").write_text(json.dumps(content))
    with pytest.raises(SandboxError, match="was started anew after this session was opened") as caught:
        query(dead, TWIN, "JFK")
    told(caught.value)


@pytest.mark.parametrize("ended", ["", '{"reason": "no request for 14400 s", "part": ""}', "[[["])
def test_a_sandbox_that_has_stopped_is_told(ended: str, dead: Session) -> None:
    assert dead.sandbox_home is not None
    (dead.sandbox_home / "state.json").unlink()
    if ended:
        (dead.sandbox_home / "ended.json").write_text(ended)
    with pytest.raises(SandboxError, match=r"is not up any more|has stopped: no request for 14400 s") as caught:
        tiers(dead, TWIN)
    told(caught.value)


# --- no network, and broken credentials ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unreachable() -> Session:
    """An account's session whose every call of boto3 finds nobody."""
    boto = boto3.Session(aws_access_key_id="x", aws_secret_access_key=SECRET, region_name="us-east-1")
    boto.events.register("after-call-error", unanswered)
    names = ("dynamodb", "iam", "kms", "lambda", "logs", "s3", "scheduler", "sts")
    once = Config(retries={"total_max_attempts": 1}, proxies={})
    clients = {(name, 60.0, 6): boto.client(name, endpoint_url=CLOSED, config=once) for name in names}
    clients["lambda", INVOKE_SECONDS, 1] = clients["lambda", 60.0, 6]
    return Session("aws", {"aws": AwsCloud(AwsSession("us-east-1", "123456789012", None, boto, clients))})


CONTROL: Mapping[str, Callable[[Session], object]] = {
    **{verb: VERBS[verb] for verb in ("plan", "plan_destroy", "destroy", "run_mover", "replay")},
    "verify functions": lambda s: list(reached(s, "aws", "").function_checks(TWIN)),
    "verify schedules": lambda s: list(reached(s, "aws", "").schedule_checks(TWIN)),
    "verify drift": lambda s: list(drift_checks(s, TWIN, ())),
    "explain's schedules": lambda s: reached(s, "aws", "").schedule(TWIN, MOVERS[0], NOON),
}


@pytest.mark.parametrize("verb", CONTROL)
def test_each_verb_of_the_control_plane_tells_that_nobody_answers(verb: str, unreachable: Session) -> None:
    with pytest.raises(L3Error, match=r"got no answer \(Could not connect to the endpoint URL") as caught:
        CONTROL[verb](unreachable)
    told(caught.value)


OF_SDKS: Mapping[str, tuple[Callable[[str], AbstractContextManager[None]], Exception, str]] = {
    "boto3, no answer": (aws_calls.explained, EndpointConnectionError(endpoint_url=CLOSED), "cannot be reached"),
    "boto3, no keys": (aws_calls.explained, NoCredentialsError(), "cannot be reached"),
    "azure, no answer": (azure_calls.explained, ServiceRequestError(SECRET), "could not be reached"),
    "azure, a broken answer": (azure_calls.explained, DecodeError(SECRET), "Azure answered"),
    "google, no answer": (gcp_calls.explained, requests.ConnectionError(SECRET), "could not be reached"),
    "google, no login": (gcp_calls.explained, DefaultCredentialsError(SECRET), "the credentials cannot be used"),
    "google, gave up": (gcp_calls.explained, ServiceUnavailable("later"), "refused"),
}


@pytest.mark.parametrize("kind", OF_SDKS)
def test_each_sdks_errors_are_told_without_what_they_quote(kind: str) -> None:
    explained, error, words = OF_SDKS[kind]
    with pytest.raises(ProvisioningError, match=words) as caught, explained("table t"):
        raise error
    assert "table t" in told(caught.value)


BROKEN: Mapping[str, tuple[dict[str, str], str]] = {
    "an unknown profile": ({"AWS_PROFILE": "nowhere"}, ""),
    "a file that is none": ({}, "[[[ broken"),
    "half of the keys": ({}, f"[default]\naws_secret_access_key = {SECRET}\naws_session_token = x\n"),
    "half of the keys in the shell": ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, ""),
    "a program that fails": (
        {},
        f"[default]\ncredential_process = sh -c 'echo {SECRET} >&2; exit 3'\n",
    ),
    "a login that has ended": (
        {},
        "[default]\nsso_start_url = https://x.example\nsso_region = us-east-1\nsso_account_id = 123456789012\n"
        "sso_role_name = r\n",
    ),
    "an address that is none": (
        {"AWS_ENDPOINT_URL": "nowhere", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": SECRET},
        "",
    ),
    "no network": (
        {"AWS_ENDPOINT_URL": CLOSED, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": SECRET},
        "",
    ),
}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Sets a class of broken credentials up."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def break_(kind: str) -> None:
        variables, content = BROKEN[kind]
        (tmp_path / "config").write_text(content)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return break_


@pytest.mark.parametrize("kind", BROKEN)
def test_connect_tells_what_is_wrong_with_the_credentials(kind: str, shell: Callable[[str], None]) -> None:
    shell(kind)
    with pytest.raises(L3Error, match=r"AWS credentials: .*; nothing was done") as caught:
        connect(TWIN, "live")
    assert "AWS_PROFILE" in told(caught.value)


@pytest.mark.parametrize("kind", BROKEN)
def test_cost_refresh_tells_what_is_wrong_with_the_credentials(
    kind: str, shell: Callable[[str], None], tmp_path: Path
) -> None:
    shell(kind)
    with pytest.raises(L3Error) as caught:
        refresh_prices(tmp_path / "prices.yaml", today=date(2026, 1, 1))
    told(caught.value)
    assert not (tmp_path / "prices.yaml").exists()


# --- the command line ---------------------------------------------------------------------------------------------

NO_FILE: Mapping[str, bytes] = {
    "missing": b"",
    "binary": b"\x00\xff\xfe",
    "deep": b"a: " + b"[" * 500 + b"]" * 500,
    "5,000 digits": b"devices: " + b"1" * 5_000,
    "no date": b"devices: 2026-13-45",
}


@pytest.mark.parametrize("kind", NO_FILE)
@pytest.mark.parametrize("command", [["cost", "bill"], ["cost", "layouts"], ["cost", "chunks"], ["explain"]])
def test_a_file_that_cannot_be_read_ends_a_command_in_a_sentence(
    command: list[str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "params.yaml"
    if NO_FILE[kind]:
        path.write_bytes(NO_FILE[kind])
    gc.disable()  # a destructor of another test's object that runs at the recursion limit would print its own error
    try:
        assert main([*command, str(path), *(["JFK"] if command == ["explain"] else [])]) == 1
    finally:
        gc.enable()
    said = capsys.readouterr().err
    assert said.startswith("l3kit: ")
    assert "params.yaml" in said or "scenario" in said or "devices" in said


COMMANDS: Mapping[str, list[str]] = {
    "sandbox up": ["sandbox", "up", "--home", "{0}/file/home"],
    "sandbox status": ["sandbox", "status", "--home", "{0}/file/home"],
    "sandbox fire": ["sandbox", "fire", "x", "--home", "{0}/file/home"],
    "first-light": ["first-light", "aws", "--yes", "--report", "{0}"],
    "cost refresh": ["cost", "refresh", "{0}"],
    "explain a folder without a twin": ["explain", "{0}", "JFK"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_a_bad_place_ends_in_a_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    code = main([word.format(tmp_path) for word in COMMANDS[command]])
    said = capsys.readouterr()
    assert code == (3 if command == "sandbox status" else 1)
    assert said.err.startswith("l3kit: ") or "not up" in said.out


@pytest.mark.parametrize("device", ["", "\ud83d"])
@pytest.mark.parametrize(
    "verb",
    [
        lambda s, d: query(s, TWIN, d),
        lambda s, d: explain(s, TWIN, d),
        lambda s, d: end_lease(s, TWIN, d),
        lambda s, d: put_telemetry(s, TWIN, [(d, b"{}")]),
    ],
    ids=["query", "explain", "end_lease", "put_telemetry"],
)
def test_a_device_id_that_is_none_is_told(
    verb: Callable[[Session, str], object], device: str, unreachable: Session
) -> None:
    with pytest.raises(ConfigurationError, match="device ") as caught:
        verb(unreachable, device)
    told(caught.value).encode()  # which a terminal can show


def test_the_crash_lab_works_in_a_sandbox_alone(unreachable: Session) -> None:
    with pytest.raises(ConfigurationError, match="works in the sandbox only") as caught:
        CrashLab(opened(unreachable), NOON)
    told(caught.value)

"""Which AWS resources a twin should have, in the order in which they must be made: receivers before senders."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.aws.provisioning.buckets import Bucket
from l3kit.clouds.aws.provisioning.context import Context
from l3kit.clouds.aws.provisioning.functions import Built, Function
from l3kit.clouds.aws.provisioning.links import FunctionUrl, LinkToken
from l3kit.clouds.aws.provisioning.logs import LogGroup
from l3kit.clouds.aws.provisioning.policies import function_policy, scheduler_policy, trust
from l3kit.clouds.aws.provisioning.roles import Role
from l3kit.clouds.aws.provisioning.schedules import Schedule, ScheduleGroup
from l3kit.clouds.aws.provisioning.tables import Table
from l3kit.connections import cold_to_archive_id, hot_to_cold_id, load_connections
from l3kit.errors import MissingConnectionError
from l3kit.provisioning.model import Resource
from l3kit.provisioning.package import Runtime, pack
from l3kit.tiering.settings import FUNCTIONS, INFO_FILE, STORE_VARIABLES, variables_for

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin import Twin

PROVIDER = "aws"
ACCOUNT_RUNTIME = Runtime("3.13", "x86_64")
"""On the real Lambda; the sandbox runs functions on its own Python."""
MAX_VARIABLES_BYTES = 4096
"""All variables of a function together (AWS Lambda quotas)."""
MOVERS = ("hot-to-cold-mover", "cold-to-archive-mover")
MEMORY = {"hot-to-cold-mover": 1769, "cold-to-archive-mover": 1024}
"""MB; 1,769 MB is one vCPU, which the mover uses whole."""
OTHER_MEMORY = 512
TIMEOUT = dict.fromkeys(MOVERS, 900)
OTHER_TIMEOUT = 60
RECEIVERS = ("archive-writer", "cold-writer")
ORDER = ("archive-writer", "cold-writer", *MOVERS, "hot-reader", "hot-reader-last-entry")


def wanted(twin: Twin, session: Session, *, rotate_tokens: bool = False) -> tuple[Resource, ...]:
    """All resources on AWS that the twin's layout calls for, in order.

    Raises: MissingConnectionError where a tier here sends to another cloud whose writer is not known.
    """
    context = Context(session.aws, session.aws_names(twin))
    functions = functions_of(twin)
    _check_connections(twin, functions)
    return (
        *_stores(twin, context),
        *_functions(twin, session, context, functions, rotate_tokens),
        *_schedules(twin, context, [name for name in MOVERS if name in functions]),
    )


def unwanted(twin: Twin, session: Session) -> tuple[Resource, ...]:
    """What a former layout of this twin may have left here: functions that it no longer calls for."""
    context = Context(session.aws, session.aws_names(twin))
    gone = [name for name in ORDER if name not in functions_of(twin)]
    schedules = [_schedule(twin, context, name) for name in MOVERS if name in gone]
    return (*schedules, *(r for name in gone for r in _function_parts(twin, session, context, name)))


def wanted_for_removal(twin: Twin, session: Session) -> tuple[Resource, ...]:
    """Everything that any layout of this twin may have here, in the order of making."""
    context = Context(session.aws, session.aws_names(twin))
    names = context.names
    return (
        Table(context, names.hot_dynamodb_table(), ("iotDeviceId", "id")),
        Table(context, names.journal_dynamodb_table(), ("name",), "expires_at"),
        Bucket(context, names.cold_s3_bucket()),
        Bucket(context, names.archive_s3_bucket()),
        *_tokens(twin, functions_of(twin), False),
        *(r for name in ORDER for r in _function_parts(twin, session, context, name)),
        *_schedules(twin, context, list(MOVERS)),
    )


def functions_of(twin: Twin) -> tuple[str, ...]:
    """The functions that this layout calls for on AWS."""
    tier = twin.providers.tier
    here = {name: tier(spec.tier) == PROVIDER for name, spec in FUNCTIONS.items()}
    here["cold-writer"] = here["cold-writer"] and tier("hot") != tier("cold")
    here["archive-writer"] = here["archive-writer"] and tier("cold") != tier("archive")
    return tuple(name for name in ORDER if here[name])


def runtime_of(session: Session) -> Runtime:
    """What functions run on in this session."""
    if session.target != "sandbox":
        return ACCOUNT_RUNTIME
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    return Runtime(f"{sys.version_info.major}.{sys.version_info.minor}", machine)


def environment_of(twin: Twin, session: Session, function: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """A function's variables (what `variables_for` names, and a mover's tuning), and files where they do not fit.

    Raises: MissingConnectionError.
    """
    names = session.aws_names(twin)
    stores = {
        "hot": names.hot_dynamodb_table(),
        "journal": names.journal_dynamodb_table(),
        "cold": names.cold_s3_bucket(),
        "archive": names.archive_s3_bucket(),
    }
    remote = sends_abroad(twin, function)
    values = {variable: stores[store] for store, variable in STORE_VARIABLES[PROVIDER].items()}
    spec = FUNCTIONS[function]
    if remote and spec.remote_url:
        connection = _connection(twin, function)
        values |= {spec.remote_url: connection[0], "INTER_CLOUD_TOKEN": connection[1]}
    if spec.token:
        saved = load_connections(twin.path).get(_receiving_link(twin, function))
        values["INTER_CLOUD_TOKEN"] = saved.token if saved else ""
    info = json.dumps(twin.digital_twin_info(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    values["DIGITAL_TWIN_INFO"] = info
    environment = {name: values[name] for name in variables_for(function, provider=PROVIDER, remote=remote)}
    if function in MOVERS:
        environment |= {name: str(value) for name, value in twin.config.tuning.items()}
    if sum(len(k.encode()) + len(v.encode()) for k, v in environment.items()) <= MAX_VARIABLES_BYTES:
        return environment, {}
    return environment | {"DIGITAL_TWIN_INFO": f"file:{INFO_FILE}"}, {INFO_FILE: info.encode()}


def sends_abroad(twin: Twin, function: str) -> bool:
    """Whether this function posts to a writer on another cloud."""
    spec = FUNCTIONS[function]
    return bool(spec.target and spec.remote_url and twin.providers.tier(spec.tier) != twin.providers.tier(spec.target))


def _stores(twin: Twin, context: Context) -> list[Resource]:
    names, tier = context.names, twin.providers.tier
    found: list[Resource] = []
    if tier("hot") == PROVIDER:
        protected = twin.config.protect_hot_table
        found.append(Table(context, names.hot_dynamodb_table(), ("iotDeviceId", "id"), protected=protected))
        found.append(Table(context, names.journal_dynamodb_table(), ("name",), "expires_at"))
    if tier("cold") == PROVIDER:
        found.append(Bucket(context, names.cold_s3_bucket()))
    if tier("archive") == PROVIDER:
        found.append(Bucket(context, names.archive_s3_bucket()))
    return found


def _functions(
    twin: Twin, session: Session, context: Context, functions: tuple[str, ...], rotate_tokens: bool
) -> list[Resource]:
    tokens = _tokens(twin, functions, rotate_tokens)
    return [
        *tokens,
        *(r for name in functions for r in _function_parts(twin, session, context, name, tokens)),
    ]


def _tokens(twin: Twin, functions: tuple[str, ...], rotate: bool) -> list[LinkToken]:
    return [
        LinkToken(twin.path, _receiving_link(twin, name), name.replace("-", "_"), rotate)
        for name in RECEIVERS
        if name in functions and name in twin.connection_ids()
    ]


def _function_parts(
    twin: Twin, session: Session, context: Context, function: str, tokens: Sequence[LinkToken] = ()
) -> list[Resource]:
    """A function with all that belongs to it: role, log group, and a receiver's URL."""
    names = context.names
    runtime = runtime_of(session)
    policy = function_policy(function, context, remote=sends_abroad(twin, function))
    parts: list[Resource] = [
        Role(context, names.role(function), trust("lambda.amazonaws.com", context), policy),
        LogGroup(context, names.log_group(function), names.function(function)),
        Function(
            context,
            names.function(function),
            names.role(function),
            runtime,
            MEMORY.get(function, OTHER_MEMORY),
            TIMEOUT.get(function, OTHER_TIMEOUT),
            _builder(twin, session, function, runtime),
            lambda: _coming(tokens, function),
        ),
    ]
    if function in RECEIVERS and function in twin.connection_ids():
        link = _receiving_link(twin, function)
        parts.append(FunctionUrl(context, twin.path, names.function(function), link, function.replace("-", "_")))
    return parts


def _coming(tokens: Sequence[LinkToken], function: str) -> tuple[str, ...]:
    """A token that an earlier step of the plan will make anew reaches its function too."""
    renewed = [t for t in tokens if t.function == function.replace("-", "_") and t.compare().differences]
    return ("variable INTER_CLOUD_TOKEN will differ",) if renewed else ()


def _builder(twin: Twin, session: Session, function: str, runtime: Runtime) -> Callable[[], Built]:
    def build() -> Built:
        environment, files = environment_of(twin, session, function)
        return Built(pack(PROVIDER, function, runtime, files), environment)

    return build


def _schedules(twin: Twin, context: Context, movers: list[str]) -> list[Resource]:
    if not movers:
        return []
    role = context.names.scheduler_role()
    return [
        Role(context, role, trust("scheduler.amazonaws.com", context), scheduler_policy(context, movers)),
        ScheduleGroup(context, schedule_group(context)),
        *(_schedule(twin, context, name) for name in movers),
    ]


def schedule_group(context: Context) -> str:
    """The group of the twin's schedules."""
    return f"l3kit-{context.names.twin_name}"


def _schedule(twin: Twin, context: Context, function: str) -> Schedule:
    return Schedule(
        context,
        context.names.schedule(function),
        schedule_group(context),
        context.names.function(function),
        context.names.scheduler_role(),
        twin.config.mover_schedule,
    )


def _receiving_link(twin: Twin, receiver: str) -> str:
    return twin.connection_ids().get(receiver, "")


def _connection(twin: Twin, function: str) -> tuple[str, str]:
    tier = twin.providers.tier
    conn_id = (
        hot_to_cold_id(tier("hot"), tier("cold"))
        if function == "hot-to-cold-mover"
        else cold_to_archive_id(tier("cold"), tier("archive"))
    )
    connection = load_connections(twin.path).get(conn_id)
    if connection is None or not connection.complete:
        url, token = (bool(connection.url), bool(connection.token)) if connection else (False, False)
        raise MissingConnectionError(
            f"connection {conn_id}",
            f"is incomplete in config_inter_cloud.json: url={url}, token={token}",
            "Deploy the receiving cloud first; it saves both. Nothing was done",
        )
    return connection.url, connection.token


def _check_connections(twin: Twin, functions: tuple[str, ...]) -> None:
    for name in functions:
        if sends_abroad(twin, name):
            _connection(twin, name)

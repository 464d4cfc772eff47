"""Checks of a twin's functions and schedules on AWS, for `l3kit.operate.verify.report`. Not packed into functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import explained, is_missing
from l3kit.clouds.aws.control.functions import variables_of
from l3kit.clouds.aws.control.links import url_config
from l3kit.clouds.ports.checks import Check, variables_check
from l3kit.tiering.settings import further_variables
from l3kit.twin.connections import DeployedWriter
from l3kit.twin.naming import TAG_TWIN

if TYPE_CHECKING:
    from l3kit.clouds.aws.session import AwsSession
    from l3kit.twin.config import Twin

REPAIR = "Run deploy_l3, which repairs it"


def function_variables(session: AwsSession, twin: Twin, function: str) -> dict[str, str] | None:
    """Return the environment variables of a deployed function; None if it is not deployed."""
    name = session.names(twin.name).function(function)
    with explained(f"function {name}"):
        try:
            there = session.client("lambda").get_function_configuration(FunctionName=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
    return variables_of(there, name)


def writer(session: AwsSession, twin: Twin, function: str) -> DeployedWriter | None:
    """Return a deployed writer's url and variables; None if there is none with this twin's tag."""
    name = session.names(twin.name).function(function)
    with explained(f"function {name}"):
        try:
            there = session.client("lambda").get_function(FunctionName=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        if there.get("Tags", {}).get(TAG_TWIN) != twin.name:
            return None
        config = url_config(session, name)
    return DeployedWriter(config["FunctionUrl"] if config else "", variables_of(there["Configuration"], name))


def function_checks(session: AwsSession, twin: Twin) -> Iterator[Check]:
    """Check that each function of the layout exists, is active, and has the variables it needs and no unknown ones."""
    client = session.client("lambda")
    for function in twin.layout.functions_on("aws"):
        try:
            there = client.get_function_configuration(FunctionName=session.names(twin.name).function(function))
        except ClientError as error:
            seen = "missing" if is_missing(error) else str(error)
            yield Check("functions", function, "active", seen, False, REPAIR)
            continue
        state = str(there.get("State", "Active")).lower()
        yield Check("functions", function, "active", state, state == "active", "" if state == "active" else REPAIR)
        needed = twin.layout.variables_of(function, "aws")
        yield variables_check(function, variables_of(there, function), needed, further_variables(function))


def schedule_checks(session: AwsSession, twin: Twin) -> Iterator[Check]:
    """Check that each mover's schedule is enabled and starts that mover."""
    client = session.client("scheduler")
    names = session.names(twin.name)
    for function in twin.layout.movers_on("aws"):
        try:
            there = client.get_schedule(Name=names.schedule(function), GroupName=f"l3kit-{twin.name}")
        except ClientError as error:
            seen = "missing" if is_missing(error) else str(error)
            yield Check("schedules", function, "on", seen, False, REPAIR)
            continue
        on = there.get("State") == "ENABLED"
        starts = there.get("Target", {}).get("Arn", "").endswith(f":function:{names.function(function)}")
        seen = ("on" if on else "off") + ("" if starts else ", starts something else")
        yield Check("schedules", function, "on", seen, on and starts, "" if on and starts else REPAIR)

"""Lambda behind the port `FunctionHost`; its timers are EventBridge schedules."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from l3kit.clouds.aws.control.calls import DENIED, REFUSED_KEYS, code_of, explained, is_missing, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.function_logs import read_log
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.ports.function_host import Definition, Deployed, Timer
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.errors import L3Error, PermissionMissingError, ProvisioningError
from l3kit.packaging.wheels import Runtime
from l3kit.twin.naming import TAG_TWIN

HANDLER = "lambda_function.lambda_handler"
ACCOUNT_RUNTIME = Runtime("3.13", "x86_64")
"""Runtime on real Lambda; the sandbox runs functions on its own Python."""
READY_LIMIT = 180.0
"""Maximum seconds for a function to become active, or an update to finish."""
ROLE_LIMIT = 90.0
"""Maximum seconds until Lambda can use a new role (usually about 10, reports of more than 60)."""
LOG_LINES = 12
"""Lines shown of a failed run's log."""


@dataclass(frozen=True)
class LambdaHost:
    """The functions of one twin in one account and region.

    A definition's identity is the name of a role of this account. A function's address is a resource of its own
    (`links.FunctionUrl`), and so are its timers (`schedules.Schedule`).
    """

    context: Context

    def get(self, name: str) -> Deployed | None:
        there = described(self.context, name)
        return None if there is None else self._deployed(there["Configuration"], there.get("Tags", {}))

    def create(self, name: str, definition: Definition, code: bytes) -> None:
        with explained(f"function {name}"):
            self._once_role_usable(
                definition.identity,
                lambda: self._lambda.create_function(
                    **self._configuration(name, definition),
                    Architectures=[self._architecture],
                    Code={"ZipFile": code},
                    Tags={**self.context.tags, TAG_TWIN: definition.owner},
                ),
            )
            self._wait_ready(name)

    def update(self, name: str, definition: Definition, code: bytes) -> None:
        """Update code and configuration, each only if it differs."""
        with explained(f"function {name}"):
            there, wanted = self._settled(name), self._configuration(name, definition)
            same_code = _digest(there) == hashlib.sha256(code).hexdigest()
            if not same_code or _architecture_of(there) != self._architecture:
                self._lambda.update_function_code(FunctionName=name, ZipFile=code, Architectures=[self._architecture])
                self._wait_ready(name)
            if not _is_configured(there, wanted) or _failure(there):
                self._once_role_usable(
                    definition.identity, lambda: self._lambda.update_function_configuration(**wanted)
                )
            self._wait_ready(name)

    def delete(self, name: str) -> None:
        with explained(f"function {name}"):
            unless_missing(lambda: self._lambda.delete_function(FunctionName=name))

    def address(self, name: str) -> str:
        """Return the function's name, which is its address in Lambda."""
        return "" if described(self.context, name) is None else name

    def timers(self, name: str) -> dict[str, Timer]:
        """Return the schedule in the twin's group that has the function's name."""
        group, scheduler = self.context.names.schedule_group(), self.context.client("scheduler")
        with explained(f"schedule {name}"):
            there = unless_missing(lambda: scheduler.get_schedule(Name=name, GroupName=group))
        return {} if there is None else {name: self._timer(name, there)}

    def log(self, name: str, since: datetime | None) -> Iterator[LogLine]:
        """Read CloudWatch Logs, where lines arrive some seconds after they were printed."""
        return read_log(self.context, name, since)

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        """Invoke the function once, without boto3's retries: a run that did not respond may still be in progress."""
        running = "It may still be running; a second run does no harm"
        client = self.context.aws.client("lambda", read_timeout=timeout, max_attempts=1)
        try:
            answer = client.invoke(FunctionName=name, Payload=body, LogType="Tail")
            payload = bytes(answer["Payload"].read())
        except ClientError as error:
            if is_missing(error):
                raise ProvisioningError(name, "is not deployed", "Run deploy_l3 first") from None
            if code_of(error) in DENIED | REFUSED_KEYS:
                with explained(f"function {name}"):
                    raise
            cause = f"was not invoked ({code_of(error)})"
            raise L3Error(name, cause, "Run it again; nothing is moved or stored twice") from None
        except PermissionMissingError:
            raise
        except ProvisioningError as error:  # what boto3 raised, already translated
            raise L3Error(name, error.cause, running) from None
        except BotoCoreError as error:
            raise L3Error(name, f"did not respond ({type(error).__name__})", running) from None
        if answer.get("FunctionError"):
            raise _run_failure(name, payload, answer.get("LogResult", ""))
        return 200, payload

    @property
    def _lambda(self) -> Any:
        return self.context.client("lambda")

    @property
    def _architecture(self) -> str:
        return runtime_of(self.context.aws).architecture

    def _configuration(self, name: str, definition: Definition) -> dict[str, Any]:
        return {
            "FunctionName": name,
            "Runtime": f"python{definition.python}",
            "Role": f"{self._role_prefix}{definition.identity}",
            "Handler": HANDLER,
            "MemorySize": definition.memory_mb,
            "Timeout": definition.timeout,
            "Environment": {"Variables": dict(definition.settings)},
        }

    @property
    def _role_prefix(self) -> str:
        return self.context.arn("iam", "role/", regional=False)

    def _deployed(self, there: Mapping[str, Any], tags: Mapping[str, str]) -> Deployed:
        name = str(there["FunctionName"])
        definition = Definition(
            str(there.get("Runtime")).removeprefix("python"),
            _variables(there) if self.context.owns(tags) else _readable_variables(there),
            tags.get(TAG_TWIN, ""),
            int(there["Timeout"]),
            memory_mb=int(there["MemorySize"]),
            identity=str(there["Role"]).removeprefix(self._role_prefix),
        )
        state = _failure(there) or self._fault(there) or "active"
        return Deployed(name, "", _digest(there), state, definition)

    def _fault(self, there: Mapping[str, Any]) -> str:
        """Return the drift of settings that this host always sets, or a change under way; "" if there is none."""
        if there.get("Handler") != HANDLER:
            return f"it starts {there.get('Handler')}, not {HANDLER}"
        if (architecture := _architecture_of(there)) != self._architecture:
            return f"it runs on {architecture}, not {self._architecture}"
        return "it is still being made or changed" if _is_busy(there) else ""

    def _timer(self, function: str, there: Mapping[str, Any]) -> Timer:
        expression, starts = str(there["ScheduleExpression"]), str(there.get("Target", {}).get("Arn", ""))
        faults = [] if starts.endswith(f":function:{function}") else ["starts something else"]
        if (zone := there.get("ScheduleExpressionTimezone", "UTC")) != "UTC":
            faults.append(f"time zone {zone}")
        fault = ", ".join(faults)
        if there.get("State") != "ENABLED":
            return Timer(expression, "off", fault=fault)
        if self.context.aws.endpoint_url is not None:  # a sandbox's rates count from no time: nothing runs by itself
            return Timer(expression, "fired", fault=fault)
        return Timer(expression, "on", there.get("StartDate") or there.get("CreationDate"), fault)

    def _once_role_usable(self, role: str, call: Callable[[], Any]) -> None:
        self.context.retry_while(call, _role_is_new, f"role {role} can be assumed by Lambda", ROLE_LIMIT)

    def _settled(self, name: str) -> dict[str, Any]:
        """Return the configuration once Lambda has finished all changes of it."""
        seen: dict[str, Any] = {}

        def settled() -> bool:
            seen.clear()
            seen.update(self._lambda.get_function_configuration(FunctionName=name))
            return not _is_busy(seen)

        self.context.wait(settled, f"function {name} is active", READY_LIMIT)
        return seen

    def _wait_ready(self, name: str) -> None:
        if failure := _failure(self._settled(name)):
            raise ProvisioningError(f"function {name}", failure, "Apply again once the cause is gone")


def runtime_of(session: AwsSession) -> Runtime:
    """Return the runtime of functions in this session."""
    if session.endpoint_url is None:
        return ACCOUNT_RUNTIME
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    return Runtime(f"{sys.version_info.major}.{sys.version_info.minor}", machine)


def described(context: Context, function: str) -> dict[str, Any] | None:
    """Return Lambda's answer to GetFunction; None if there is no such function. Raises: ProvisioningError."""
    with explained(f"function {function}"):
        return unless_missing(lambda: context.client("lambda").get_function(FunctionName=function))


def is_owned(context: Context, function: str) -> bool:
    """Return whether there is a function of that name that is this twin's. Raises: ProvisioningError."""
    there = described(context, function)
    return there is not None and context.owns(there.get("Tags", {}))


def _digest(configuration: Mapping[str, Any]) -> str:
    """Return the hex digest of a function's zip."""
    return base64.b64decode(configuration["CodeSha256"]).hex()


def _variables(configuration: Mapping[str, Any]) -> dict[str, str]:
    """Return a function's environment variables.

    Raises: PermissionMissingError if they are encrypted with a key that the caller is not allowed to use: Lambda then
        returns everything else, which must not be mistaken for a function without variables.
    """
    environment = configuration.get("Environment", {})
    if error := environment.get("Error"):
        raise PermissionMissingError(
            f"function {configuration['FunctionName']}",
            f"its variables cannot be read ({error.get('ErrorCode', 'no reason given')})",
            "Request kms:Decrypt on the key that encrypts them",
        )
    return dict(environment.get("Variables", {}))


def _is_configured(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    same = all(there.get(name) == value for name, value in wanted.items() if name != "Environment")
    return same and _variables(there) == wanted["Environment"]["Variables"]


def _readable_variables(configuration: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables of a function that is not this twin's; none if reading them is not permitted."""
    return dict(configuration.get("Environment", {}).get("Variables", {}))


def _architecture_of(there: Mapping[str, Any]) -> str:
    return ", ".join(there.get("Architectures", ["x86_64"]))


def _is_busy(there: Mapping[str, Any]) -> bool:
    return there.get("State") == "Pending" or there.get("LastUpdateStatus") == "InProgress"


def _role_is_new(error: ClientError) -> bool:
    """Return whether the error means that a new role has not propagated yet."""
    message = error.response.get("Error", {}).get("Message", "")
    return code_of(error) == "InvalidParameterValueException" and "cannot be assumed" in message


def _failure(there: Mapping[str, Any]) -> str:
    """Return why the function cannot work, or ""."""
    if there.get("State") == "Failed":
        return f"it failed to start: {there.get('StateReason', 'no reason given')}"
    if there.get("LastUpdateStatus") == "Failed":
        return f"its last update failed: {there.get('LastUpdateStatusReason', 'no reason given')}"
    return ""


def _run_failure(name: str, payload: bytes, log: str) -> L3Error:
    content = json.loads(payload or b"null")
    reason = content.get("errorMessage", "no message") if isinstance(content, dict) else content
    lines = base64.b64decode(log).decode("utf-8", "replace").splitlines()
    return L3Error(name, f"failed: {reason}", "The end of its log:\n" + "\n".join(lines[-LOG_LINES:]))

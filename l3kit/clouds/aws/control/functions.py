"""Lambda functions from content-hashed zips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, explained, is_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.cloud_function import variable_differences
from l3kit.errors import MissingConnectionError, PermissionMissingError, ProvisioningError
from l3kit.packaging.wheels import Package, Runtime

HANDLER = "lambda_function.lambda_handler"
READY_LIMIT = 180.0
"""Maximum seconds for a function to become active, or an update to finish."""
ROLE_LIMIT = 90.0
"""Maximum seconds until Lambda can use a new role (usually about 10, reports of more than 60)."""


@dataclass(frozen=True, slots=True)
class Built:
    """Current code and environment of a function; the environment contains a token, so no repr shows it."""

    package: Package = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Function:
    """One function.

    Attributes:
        build: packs the code and collects the variables; called when needed, since an earlier step may make a
            receiver's token.
        pending_changes: pending changes to it by an earlier step of the same plan, in words.
        memory: MB; CPU is proportional to it.
        timeout: seconds.
    """

    context: Context
    name: str
    role: str
    runtime: Runtime
    memory: int
    timeout: int
    build: Callable[[], Built] = field(repr=False)
    pending_changes: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False)
    kind: str = "function"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"function {self.name}"):
            try:
                there = self._lambda.get_function(FunctionName=self.name)
            except ClientError as error:
                if is_missing(error):
                    return Finding(False)
                raise
            if not self.context.owns(there.get("Tags", {})):
                return Finding(True, owned=False)
            return Finding(True, True, tuple(self._all_differences(there["Configuration"])))

    def create(self) -> None:
        built = self.build()
        with explained(f"function {self.name}"):
            self._once_role_usable(
                lambda: self._lambda.create_function(
                    **self._settings(built),
                    Architectures=[self.runtime.architecture],
                    Code={"ZipFile": built.package.data},
                    Tags=self.context.tags,
                )
            )
            self._wait_ready()

    def update(self) -> None:
        built = self.build()
        with explained(f"function {self.name}"):
            there = self._settled()
            if self._code_differs(there, built):
                self._lambda.update_function_code(
                    FunctionName=self.name,
                    ZipFile=built.package.data,
                    Architectures=[self.runtime.architecture],
                )
                self._wait_ready()
            if self._setting_differences(there, built) or _failure(there):
                self._once_role_usable(lambda: self._lambda.update_function_configuration(**self._settings(built)))
            self._wait_ready()

    def delete(self) -> None:
        with explained(f"function {self.name}"):
            try:
                self._lambda.delete_function(FunctionName=self.name)
            except ClientError as error:
                if not is_missing(error):
                    raise

    @property
    def _lambda(self) -> Any:
        return self.context.client("lambda")

    def _settings(self, built: Built) -> dict[str, Any]:
        return {
            "FunctionName": self.name,
            "Runtime": f"python{self.runtime.python}",
            "Role": self._role_arn(),
            "Handler": HANDLER,
            "MemorySize": self.memory,
            "Timeout": self.timeout,
            "Environment": {"Variables": dict(built.environment)},
        }

    def _role_arn(self) -> str:
        return self.context.arn("iam", f"role/{self.role}", regional=False)

    def _all_differences(self, there: Mapping[str, Any]) -> list[str]:
        pending_changes = list(self.pending_changes())
        try:
            return self._differences(there) + pending_changes
        except MissingConnectionError as missing:  # an earlier step replaces the link, or has removed it
            return pending_changes or [missing.cause]

    def _differences(self, there: Mapping[str, Any]) -> list[str]:
        built = self.build()
        found = ["its code differs"] if self._code_differs(there, built) else []
        found += self._setting_differences(there, built)
        failure = _failure(there)
        return [*found, failure] if failure else found

    def _code_differs(self, there: Mapping[str, Any], built: Built) -> bool:
        architecture = there.get("Architectures", ["x86_64"])
        same_code = bool(there["CodeSha256"] == built.package.code_sha256)
        return not same_code or architecture != [self.runtime.architecture]

    def _setting_differences(self, there: Mapping[str, Any], built: Built) -> list[str]:
        wanted = self._settings(built)
        found = [
            f"{name} is {there.get(name)}, not {wanted[name]}"
            for name in ("Runtime", "Handler", "MemorySize", "Timeout")
            if there.get(name) != wanted[name]
        ]
        if there.get("Role") != wanted["Role"]:
            found.append("its role differs")
        return found + variable_differences(variables_of(there, self.name), built.environment)

    def _once_role_usable(self, call: Callable[[], Any]) -> None:
        self.context.retry_while(call, _role_is_new, f"role {self.role} can be assumed by Lambda", ROLE_LIMIT)

    def _settled(self) -> dict[str, Any]:
        """Return the configuration once Lambda has finished all changes of it."""
        seen: dict[str, Any] = {}

        def settled() -> bool:
            seen.clear()
            seen.update(self._lambda.get_function_configuration(FunctionName=self.name))
            busy = seen.get("State") == "Pending" or seen.get("LastUpdateStatus") == "InProgress"
            return not busy

        self.context.wait(settled, f"function {self.name} is active", READY_LIMIT)
        return seen

    def _wait_ready(self) -> None:
        failure = _failure(self._settled())
        if failure:
            raise ProvisioningError(f"function {self.name}", failure, "Apply again once the cause is gone")


def variables_of(configuration: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a function's environment variables from its configuration.

    Raises: PermissionMissingError if they are encrypted with a key that the caller may not use: Lambda then returns
        everything else, which must not be mistaken for a function without variables.
    """
    environment = configuration.get("Environment", {})
    if error := environment.get("Error"):
        raise PermissionMissingError(
            f"function {name}",
            f"its variables cannot be read ({error.get('ErrorCode', 'no reason given')})",
            "Request kms:Decrypt on the key that encrypts them",
        )
    return dict(environment.get("Variables", {}))


def owner_of(context: Context, function: str) -> bool | None:
    """Return whether the function of that name is this twin's; None if there is none."""
    try:
        return context.owns(context.client("lambda").get_function(FunctionName=function).get("Tags", {}))
    except ClientError as error:
        if is_missing(error):
            return None
        raise


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

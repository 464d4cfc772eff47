"""The destination of asynchronous Lambda events that a function did not process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.lambda_host import is_owned
from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.resources import Finding

RETRIES = 2
"""Lambda's retries of a failed invocation; its maximum."""
AGE_SECONDS = 21_600
"""Maximum age of an event that Lambda still retries, e.g. while throttled; Lambda's maximum."""
RIGHTS_LIMIT = 90.0
"""Maximum seconds until Lambda sees that the function's role may write into the bucket."""


@dataclass(frozen=True)
class FailureDestination:
    """A function's handling of failed asynchronous invocations: repeated, then recorded as an object in a bucket.

    It belongs to the owner of the function with the same name.
    """

    context: Context
    name: str
    bucket: str
    kind: str = "failure destination"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"failure destination of {self.name}"):
            there = unless_missing(lambda: self._lambda.get_function_event_invoke_config(FunctionName=self.name))
            if there is None:
                wanted = {"repetitions": RETRIES, "age of events": f"{AGE_SECONDS} s", "failed events": self.bucket}
                return Finding.missing(wanted)
            if not is_owned(self.context, self.name):
                return Finding(True, owned=False)
            return Finding.of(True, self._differences(there))

    def create(self) -> None:
        self.update()

    def update(self) -> None:
        """Put the whole configuration, which replaces an existing one."""

        def put() -> None:
            self._lambda.put_function_event_invoke_config(
                FunctionName=self.name,
                MaximumRetryAttempts=RETRIES,
                MaximumEventAgeInSeconds=AGE_SECONDS,
                DestinationConfig={"OnFailure": {"Destination": self._destination}},
            )

        with explained(f"failure destination of {self.name}"):
            what = f"role of {self.name} may write into {self.bucket}"
            self.context.retry_while(put, _role_is_new, what, RIGHTS_LIMIT)

    def delete(self) -> None:
        with explained(f"failure destination of {self.name}"):
            unless_missing(lambda: self._lambda.delete_function_event_invoke_config(FunctionName=self.name))

    @property
    def _lambda(self) -> Any:
        return self.context.client("lambda")

    @property
    def _destination(self) -> str:
        return f"arn:aws:s3:::{self.bucket}"

    def _differences(self, there: Mapping[str, Any]) -> list[Difference]:
        found = []
        if (retries := there.get("MaximumRetryAttempts", RETRIES)) != RETRIES:
            words = f"a failed invocation is repeated {retries} times, not {RETRIES}"
            found.append(differs(words, "repetitions", retries, RETRIES))
        if (age := there.get("MaximumEventAgeInSeconds", AGE_SECONDS)) != AGE_SECONDS:
            words = f"events are kept for {age} s, not {AGE_SECONDS} s"
            found.append(differs(words, "age of events", f"{age} s", f"{AGE_SECONDS} s"))
        destinations = there.get("DestinationConfig", {})
        if (failed := destinations.get("OnFailure", {}).get("Destination")) != self._destination:
            words = f"failed events do not go to {self.bucket}"
            found.append(differs(words, "failed events", failed, self._destination))
        if further := destinations.get("OnSuccess", {}).get("Destination"):
            found.append(differs(f"processed events go to {further}", "processed events", further, None))
        return found


def _role_is_new(error: ClientError) -> bool:
    """Return whether the error means that the role's policy has not propagated yet."""
    message = error.response.get("Error", {}).get("Message", "").lower()
    return code_of(error) == "InvalidParameterValueException" and "role" in message and "permission" in message

"""Context of every AWS resource type: session, names, tags, and the clock for waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
from botocore.exceptions import ClientError

from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.shared.waiting import wait_until
from l3kit.tiering.transfer.connection import open_session
from l3kit.twin.naming import TAG_TWIN

ROLE_LIMIT = 60.0
"""Maximum seconds until a service can assume a new role."""


def url_answers(url: str) -> bool:
    """Return whether a function's code responds at its URL; its permissions take seconds to propagate.

    Without a token a writer returns 403, and so does AWS while access is not granted yet; but AWS adds an error type.
    """
    try:
        with open_session(url) as http:
            answer = http.post(url, timeout=10)
    except requests.RequestException:
        return False
    return answer.status_code < 500 and "x-amzn-errortype" not in answer.headers


@dataclass(frozen=True)
class Context:
    """One twin in one account and region."""

    aws: AwsSession
    names: AwsNames
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    answers: Callable[[str], bool] = url_answers

    @property
    def tags(self) -> dict[str, str]:
        return {TAG_TWIN: self.names.twin_name, "l3kit:managed": "true"}

    def tag_list(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Return whether these tags mark the resource as this twin's."""
        return tags.get(TAG_TWIN) == self.names.twin_name

    def owns_list(self, tags: list[dict[str, str]]) -> bool:
        return self.owns({tag["Key"]: tag["Value"] for tag in tags})

    def client(self, name: str) -> Any:
        return self.aws.client(name)

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """Return `arn:aws:service:region:account:resource`; without region for IAM."""
        region = self.aws.region if regional else ""
        return f"arn:aws:{service}:{region}:{self.aws.account_id}:{resource}"

    def wait(self, ready: Callable[[], bool], what: str, limit: float) -> None:
        """Poll until ready or the limit (seconds) is up. Raises: ProvisioningError."""
        partial(wait_until, sleep=self.sleep, clock=self.clock)(ready, what, limit)

    def retry_while(
        self, call: Callable[[], Any], is_temporary: Callable[[ClientError], bool], what: str, limit: float
    ) -> None:
        """Retry a call while AWS refuses it temporarily; any other refusal is final.

        Args:
            is_temporary: whether this refusal is temporary.
            limit: seconds.
        Raises: ClientError; ProvisioningError when the limit is up.
        """

        def done() -> bool:
            try:
                call()
            except ClientError as error:
                if is_temporary(error):
                    return False
                raise
            return True

        self.wait(done, what, limit)

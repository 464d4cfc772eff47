"""boto3, opened once per notebook: for provisioning and for reading credentials. Not packed into functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.aws.credentials import Credentials
from l3kit.errors import PermissionMissingError

CONTROL_READ_TIMEOUT = 60.0


@dataclass(frozen=True)
class AwsSession:
    """One account and region.

    Attributes:
        endpoint_url: the sandbox's address; None for the real AWS.
    """

    region: str
    account_id: str
    endpoint_url: str | None
    _boto: Any = field(repr=False)
    _clients: dict[tuple[str, float, int], Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, name: str, *, read_timeout: float = CONTROL_READ_TIMEOUT, max_attempts: int = 6) -> Any:
        """A boto3 client, made once. `max_attempts` counts the first try; botocore retries throttling and 5xx."""
        from botocore.config import Config

        wanted = (name, read_timeout, max_attempts)
        if wanted not in self._clients:
            config = Config(
                read_timeout=read_timeout,
                connect_timeout=10,
                retries={"total_max_attempts": max_attempts, "mode": "standard"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
            self._clients[wanted] = self._boto.client(
                name, region_name=self.region, endpoint_url=self.endpoint_url, config=config
            )
        return self._clients[wanted]

    def watch_calls(self, note: Callable[[str], None]) -> None:
        """Tell `note` of each request that boto3 sends from now on, repetitions too, as `dynamodb.CreateTable`."""

        def sent(event_name: str, **_: Any) -> None:
            note(event_name.partition(".")[2])

        for events in (self._boto.events, *(client.meta.events for client in self._clients.values())):
            events.register("before-send", sent)

    def credentials(self) -> Credentials:
        """The current keys, renewed by boto3 where they expire; for the data plane's own signing."""
        frozen = self._boto.get_credentials().get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def open_sandbox(endpoint_url: str, region: str) -> AwsSession:
    """A session on the sandbox, with its own made-up keys; real credentials are never looked at."""
    import boto3

    boto = boto3.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox", region_name=region)
    account = boto.client("sts", endpoint_url=endpoint_url).get_caller_identity()["Account"]
    return AwsSession(region, account, endpoint_url, boto)


def open_account(region: str, profile: str = "") -> AwsSession:
    """A session on the real AWS with boto3's usual credentials.

    Raises: PermissionMissingError where there are none, or they are refused.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    remedy = "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`"
    try:
        boto = boto3.Session(profile_name=profile or None, region_name=region)
        if boto.get_credentials() is None:
            raise PermissionMissingError("AWS credentials", "there are none; nothing was done", remedy)
        account = boto.client("sts").get_caller_identity()["Account"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "refused")
        raise PermissionMissingError("AWS credentials", f"were refused ({code}); nothing was done", remedy) from None
    except BotoCoreError as error:
        raise PermissionMissingError("AWS credentials", f"cannot be used ({error}); nothing was done", remedy) from None
    return AwsSession(region, account, None, boto)

"""boto3, opened once per notebook: for provisioning and for reading credentials."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.unanswered import LOG_IN, from_botocore, unanswered
from l3kit.errors import PermissionMissingError, SandboxError

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

    def names(self, twin_name: str) -> AwsNames:
        """The names of all resources of a twin here."""
        return AwsNames(twin_name, self.account_id, self.region)

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
                proxies={} if self.endpoint_url else None,
            )
            self._clients[wanted] = self._boto.client(
                name,
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                verify=True if self.endpoint_url else None,
                config=config,
            )
        return self._clients[wanted]

    def watch_calls(self, note: Callable[[str], None]) -> None:
        """Call `note` with each request that boto3 sends from now on, including retries, as `dynamodb.CreateTable`."""

        def sent(event_name: str, **_: Any) -> None:
            note(event_name.partition(".")[2])

        for events in (self._boto.events, *(client.meta.events for client in self._clients.values())):
            events.register("before-send", sent)

    def credentials(self) -> Credentials:
        """The current keys, renewed by boto3 if they expire; for the data plane's own signing.

        Raises: PermissionMissingError if they cannot be renewed.
        """
        from botocore.exceptions import BotoCoreError

        try:
            frozen = self._boto.get_credentials().get_frozen_credentials()
        except BotoCoreError as error:
            raise from_botocore(error, "AWS credentials") from None
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def open_sandbox(endpoint_url: str, region: str) -> AwsSession:
    """A session on the sandbox, with its own keys; the shell's credentials and settings are never read.

    Raises: SandboxError if it does not answer.
    """
    import boto3
    import requests

    boto = boto3.Session(
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        region_name=region,
        botocore_session=_isolated_session(region),
    )
    try:
        with requests.Session() as http:
            http.trust_env = False  # no proxy stands before loopback
            # Not a call of AWS's: a twin without AWS needs none of its emulators.
            account = str(http.get(f"{endpoint_url}/_sandbox/health", timeout=CONTROL_READ_TIMEOUT).json()["account"])
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        cause = f"did not respond to its first call ({type(error).__name__})"
        raise SandboxError("sandbox", cause, "See `l3kit sandbox status`; start it with `l3kit sandbox up`") from None
    boto.events.register("after-call-error", unanswered)
    return AwsSession(region, account, endpoint_url, boto)


def open_account(region: str, profile: str = "") -> AwsSession:
    """A session on the real AWS with boto3's usual credentials and settings.

    Raises: PermissionMissingError if there are none, or they are refused.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        boto = boto3.Session(profile_name=profile or None, region_name=region)
        if boto.get_credentials() is None:
            raise PermissionMissingError("AWS credentials", "there are none; nothing was done", LOG_IN)
        account = boto.client("sts").get_caller_identity()["Account"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "refused")
        raise PermissionMissingError("AWS credentials", f"were refused ({code}); nothing was done", LOG_IN) from None
    except (BotoCoreError, ValueError) as error:  # ValueError: an address in AWS_ENDPOINT_URL that is none
        found = from_botocore(error, "AWS credentials")
        raise PermissionMissingError(found.resource, f"{found.cause}; nothing was done", found.remedy) from None
    boto.events.register("after-call-error", unanswered)
    return AwsSession(region, account, None, boto)


def _isolated_session(region: str) -> Any:
    """Return a botocore session with its own defaults, which ignores the user's variables and files."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.session import Session

    session = Session()
    settings = session.get_component("config_store")
    for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        settings.set_config_variable(name, default)
    for name in ("config_file", "credentials_file"):
        settings.set_config_variable(name, os.devnull)
    for section in ("s3", "proxies_config"):
        settings.set_config_variable(section, {})
    settings.set_config_variable("region", region)
    session.register_component("data_loader", _models())
    return session


@cache
def _models() -> Any:
    """Return the loader of botocore's service models, which all isolated sessions share: reading takes most of the CPU
    of opening clients.
    """
    from botocore.loaders import create_loader

    return create_loader()

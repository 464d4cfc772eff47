"""Opens the stores of one account by name, for entry points and sessions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from l3kit.clouds.aws.data.client import ROLE_DENIED, AwsClient
from l3kit.clouds.aws.data.credentials import CredentialSource, from_environment
from l3kit.clouds.aws.data.http import HttpClient
from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import Tier, Usage
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.settings.tuning import OBJECT_TIMEOUTS, REQUEST_TIMEOUT

if TYPE_CHECKING:  # imported by the functions that need it
    from l3kit.clouds.aws.data.dynamodb import DynamoTable
    from l3kit.clouds.aws.data.feedback import IotFeedback
    from l3kit.clouds.aws.data.hot_store import DynamoHotStore
    from l3kit.clouds.aws.data.journal_store import DynamoJournalStore
    from l3kit.clouds.aws.data.object_store import S3ObjectStore
    from l3kit.clouds.aws.data.peers import LambdaPeers


@dataclass(frozen=True, slots=True)
class Place:
    """Region, endpoint and credentials of an AWS service.

    Attributes:
        endpoint: the emulator's; None for AWS.
        denied: remedy for a permission that these credentials lack.
        agent: user agent of the requests; a function's are known by its credentials.
    """

    region: str
    credentials: CredentialSource = from_environment
    endpoint: str | None = None
    retry: RetryPolicy | None = None
    denied: str = ROLE_DENIED
    agent: str = ""

    @classmethod
    def from_env(cls, service: str, env: Mapping[str, str] = os.environ) -> Place:
        """Read the variables that boto3 reads: AWS_REGION, and AWS_ENDPOINT_URL_<SERVICE> or AWS_ENDPOINT_URL."""
        region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or ""
        if not region:
            raise ConfigurationError(
                "AWS_REGION", "is not set", "Lambda sets it; elsewhere set it to the twin's region"
            )
        endpoint = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL") or None
        credentials = from_environment(env)  # Lambda never changes them in a running process
        return cls(region, lambda: credentials, endpoint)


def open_hot(
    table: str,
    place: Place | None = None,
    *,
    delete_concurrency: int = 32,
    timeout: float = REQUEST_TIMEOUT,
) -> DynamoHotStore:
    """Open the hot tier's table; connections are opened on demand. `timeout`: seconds per request."""
    from l3kit.clouds.aws.data.hot_store import DynamoHotStore

    opened = open_table(table, place, delete_concurrency + 8, timeout)
    return DynamoHotStore(opened, delete_concurrency=delete_concurrency)


def open_journal(table: str, place: Place | None = None, *, timeout: float = REQUEST_TIMEOUT) -> DynamoJournalStore:
    """Open the journal's table."""
    from l3kit.clouds.aws.data.journal_store import DynamoJournalStore

    return DynamoJournalStore(open_table(table, place, 16, timeout))


def open_objects(
    bucket: str, tier: Tier, place: Place | None = None, *, timeout: float = REQUEST_TIMEOUT
) -> S3ObjectStore:
    """Open a bucket for one tier. `timeout`: seconds; requests get OBJECT_TIMEOUTS times as many."""
    from l3kit.clouds.aws.data.object_store import S3ObjectStore

    place = place or Place.from_env("s3")
    address = place.endpoint or f"https://{bucket}.s3.{place.region}.amazonaws.com"
    client = _client("s3", place, address, 16, timeout * OBJECT_TIMEOUTS)
    return S3ObjectStore(bucket, tier, client, path_style=place.endpoint is not None)


def open_peers(names: Mapping[str, str], place: Place | None = None) -> LambdaPeers:
    """Open the functions of these deployed names, by function."""
    from l3kit.clouds.aws.data.peers import INVOKE_SECONDS, LambdaPeers

    place = place or Place.from_env("lambda")
    address = place.endpoint or f"https://lambda.{place.region}.amazonaws.com"
    return LambdaPeers(names, _client("lambda", place, address, 16, INVOKE_SECONDS))


def open_feedback(twin: str, place: Place | None = None, *, timeout: float = REQUEST_TIMEOUT) -> IotFeedback:
    """Open the sender of feedback to the devices of a twin. `timeout`: seconds per request."""
    from l3kit.clouds.aws.data.feedback import IotFeedback

    place = place or Place.from_env("iot_data_plane")
    address = place.endpoint or f"https://data-ats.iot.{place.region}.amazonaws.com"
    return IotFeedback(twin, _client("iotdata", place, address, 16, timeout))


def open_table(name: str, place: Place | None, connections: int, timeout: float = REQUEST_TIMEOUT) -> DynamoTable:
    """Open any table. `connections`: maximum that are open at the same time."""
    from l3kit.clouds.aws.data.dynamodb import DynamoTable

    place = place or Place.from_env("dynamodb")
    address = place.endpoint or f"https://dynamodb.{place.region}.amazonaws.com"
    return DynamoTable(name, _client("dynamodb", place, address, connections, timeout))


def _client(service: str, place: Place, address: str, connections: int, timeout: float) -> AwsClient:
    return AwsClient(
        service,
        place.region,
        HttpClient(address, max_connections=connections),
        place.credentials,
        Usage(),
        retry=place.retry,
        timeout=timeout,
        denied=place.denied,
        agent=place.agent,
    )

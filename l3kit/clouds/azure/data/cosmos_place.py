"""Address and credential of a Cosmos DB account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.tiering.loopback import is_loopback
from l3kit.tiering.retry import RetryPolicy

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

CONNECTION_STRING = "COSMOS_CONNECTION_STRING"
ENDPOINT = "COSMOS_ENDPOINT"
DATABASE = "COSMOS_DATABASE_NAME"
FUNCTION_DENIED = (
    "The identity lacks a data role or the account's firewall is closed to it: run deploy_l3, which repairs it"
)


@dataclass(frozen=True, slots=True)
class CosmosPlace:
    """Address and credential of a Cosmos DB account.

    Attributes:
        endpoint: the account's url.
        credential: the account's key, or a token credential; None for azure.identity's DefaultAzureCredential.
        agent: part of the user agent of every request.
        denied: remedy for a permission that the credential lacks.
        missing: remedy for a missing database or container.
    """

    endpoint: str
    database: str
    credential: str | AsyncTokenCredential | None = field(default=None, repr=False)
    agent: str = "l3kit"
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    denied: str = FUNCTION_DENIED
    missing: str = "The database or container is missing: run deploy_l3"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ, *, agent: str = "l3kit") -> CosmosPlace:
        """Read COSMOS_DATABASE_NAME and COSMOS_CONNECTION_STRING, or COSMOS_ENDPOINT with the function's identity.

        Raises: ConfigurationError naming the variable.
        """
        database = _required(env, DATABASE)
        connection = env.get(CONNECTION_STRING, "").strip()
        if not connection:
            return cls(_required(env, ENDPOINT), database, agent=agent)
        parts = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
        endpoint, key = parts.get("AccountEndpoint", ""), parts.get("AccountKey", "")
        if not endpoint or not key:
            raise ConfigurationError(
                CONNECTION_STRING, "lacks AccountEndpoint or AccountKey", "Copy it again from the account's keys"
            )
        return cls(endpoint, database, key, agent)

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.endpoint)


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise ConfigurationError(name, "is not set", "deploy_l3 sets it; elsewhere set it to the twin's account")
    return value

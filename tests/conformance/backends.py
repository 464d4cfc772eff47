"""The backends of l3kit's own that take part in the conformance suite."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import boto3
from azure.cosmos import PartitionKey

from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.stores import Place, open_hot, open_journal, open_objects
from l3kit.clouds.azure.control.calls import blob_client, cosmos_client
from l3kit.clouds.azure.data import cosmos_stores
from l3kit.clouds.azure.data import object_stores as azure_objects
from l3kit.clouds.azure.data.cosmos_stores import CosmosPlace
from l3kit.clouds.gcp.data import firestore_stores
from l3kit.clouds.gcp.data import object_stores as gcp_objects
from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace
from l3kit.conformance import Backend
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from l3kit.sandbox.azure.part import azure_session
from l3kit.sandbox.gcp.part import gcp_session
from l3kit.tiering.ports import ObjectStore, Tier
from tests.support.google_clients import storage_client
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore

FOREIGN = os.environ.get("L3KIT_FOREIGN_DYNAMODB")
"""Address of another DynamoDB server, which is then the only backend (`python -m tests.programs.dynamodb_local`)."""
BACKENDS = ("dynamodb_local",) if FOREIGN else ("memory", "aws", "azure", "gcp")
KEY = "sandbox"
"""Nobody checks it, but DynamoDB Local keeps tables apart by it."""
CLASSES: Mapping[str, Mapping[Tier, str]] = {
    "memory": {"cold": "cold", "archive": "archive", "letters": "letters"},
    "aws": {"cold": "STANDARD_IA", "archive": "DEEP_ARCHIVE", "letters": "STANDARD"},
    "azure": {"cold": "Cool", "archive": "Archive", "letters": "Hot"},
    "gcp": {"cold": "COLDLINE", "archive": "ARCHIVE", "letters": "STANDARD"},
}
READABLE_AT_ONCE = {
    "test_an_archived_object_is_read_only_after_a_restore": "the Archive class is readable at once",
}


def _same(store: MemoryJournalStore) -> MemoryJournalStore:
    return store


def _with_versions(tier: Tier) -> MemoryObjectStore:
    store = MemoryObjectStore(tier)
    store.former = {}
    return store


def memory() -> Backend:
    return Backend(
        "memory",
        MemoryHotStore,
        lambda: partial(_same, MemoryJournalStore()),
        MemoryObjectStore,
        CLASSES["memory"],
        "STANDARD",
        versioned=_with_versions,
    )


def aws(state: SandboxState, client: Callable[[str], Any]) -> Backend:
    return _aws("aws", state.gateway, client, Credentials(ACCESS_KEY, SECRET_KEY))


def dynamodb_local(address: str) -> Backend:
    """Hot store and journal only, since DynamoDB Local has no object store."""
    secrets = {"aws_access_key_id": KEY, "aws_secret_access_key": KEY}
    client = partial(boto3.client, endpoint_url=address, region_name=REGION, **secrets)
    return _aws("dynamodb_local", address, client, Credentials(KEY, KEY))


def _aws(name: str, address: str, client: Callable[[str], Any], credentials: Credentials) -> Backend:
    place = Place(REGION, lambda: credentials, address)

    def table(*keys: str) -> str:
        name = f"conformance-{uuid.uuid4().hex[:12]}"
        client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def objects(tier: Tier, *, versioning: bool = False) -> ObjectStore:
        bucket = f"conformance-{uuid.uuid4().hex[:12]}"
        client("s3").create_bucket(Bucket=bucket)
        if versioning:
            client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return open_objects(bucket, tier, place)

    return Backend(
        name,
        lambda: open_hot(table("iotDeviceId", "id"), place),
        lambda: partial(open_journal, table("name"), place),
        objects,
        CLASSES["aws"],
        "STANDARD",
        versioned=partial(objects, versioning=True),
    )


def azure(state: SandboxState) -> Backend:
    session = azure_session(state)
    cosmos, blob = cosmos_client(session), blob_client(session)
    place = CosmosPlace(session.cosmos_endpoint, "conformance", session.cosmos_key)

    def container(partition_key: str) -> str:
        name = f"conformance-{uuid.uuid4().hex[:12]}"
        database = cosmos.create_database_if_not_exists("conformance")
        database.create_container(name, PartitionKey(partition_key))
        return name

    def objects(tier: Tier) -> ObjectStore:
        name = f"conformance-{uuid.uuid4().hex[:12]}"
        blob.create_container(name)
        return azure_objects.open_objects(name, tier, azure_objects.BlobPlace(session.storage_url, session.storage_key))

    return Backend(
        "azure",
        lambda: cosmos_stores.open_hot(container("/iotDeviceId"), place),
        lambda: partial(cosmos_stores.open_journal, container("/id"), place),
        objects,
        CLASSES["azure"],
        "Hot",
    )


def gcp(state: SandboxState) -> Backend:
    session = gcp_session(state)
    place = FirestorePlace(
        session.project, "(default)", session.firestore_endpoint, credentials=lambda: session.credentials
    )

    def name() -> str:
        return f"conformance-{uuid.uuid4().hex[:12]}"

    def objects(tier: Tier) -> ObjectStore:
        client = storage_client(session)
        bucket = client.bucket(name())
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True  # as those of a twin: no lists of access
        client.create_bucket(bucket)
        where = gcp_objects.GcsPlace(session.project, session.storage_endpoint, lambda: session.credentials)
        return gcp_objects.open_objects(bucket.name, tier, where)

    return Backend(
        "gcp",
        lambda: firestore_stores.open_hot(name(), place),
        lambda: partial(firestore_stores.open_journal, name(), place),
        objects,
        CLASSES["gcp"],
        "STANDARD",
        archived="readable",
        gaps=READABLE_AT_ONCE,
    )

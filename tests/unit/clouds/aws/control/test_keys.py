"""Which key of the customer's own a store is encrypted by, from what AWS answers about the store and the key."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.keys import customer_key
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.errors import PermissionMissingError, ProvisioningError

ACCOUNT = "123456789012"
ID = "11111111-2222-3333-4444-555555555555"
ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{ID}"


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


class Aws:
    """Answers of S3, DynamoDB and KMS about one store; a text is the code of a refusal."""

    def __init__(self, store: dict[str, Any] | str, key: dict[str, Any] | str = "") -> None:
        self._store, self._key = store, key

    def get_bucket_encryption(self, Bucket: str) -> Any:
        if isinstance(self._store, str):
            raise refusal(self._store, "GetBucketEncryption")
        rule = {"ApplyServerSideEncryptionByDefault": self._store}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    def describe_table(self, TableName: str) -> Any:
        if isinstance(self._store, str):
            raise refusal(self._store, "DescribeTable")
        return {"Table": self._store}

    def describe_key(self, KeyId: str) -> Any:
        if isinstance(self._key, str):
            raise refusal(self._key, "DescribeKey")
        return {"KeyMetadata": self._key}


def found(aws: Aws, store: Any = "cold") -> str | None:
    clients = {(name, 60.0, 6): aws for name in ("s3", "dynamodb", "kms")}
    names = AwsNames("plant", ACCOUNT, "us-east-1")
    return customer_key(Context(AwsSession("us-east-1", ACCOUNT, None, None, clients), names), store)


CUSTOMERS = {"KeyManager": "CUSTOMER", "Arn": ARN}


def by_kms(key: str | None = None, algorithm: str = "aws:kms") -> dict[str, Any]:
    return {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})


@pytest.mark.parametrize("name", [ID, ARN, "alias/plant", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/plant"])
@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_a_buckets_key_is_told_by_its_arn_however_it_is_named(name: str, algorithm: str) -> None:
    assert found(Aws(by_kms(name, algorithm), CUSTOMERS)) == ARN


@pytest.mark.parametrize(
    "store",
    [
        by_kms(),
        {"SSEAlgorithm": "AES256"},
        by_kms("alias/aws/s3"),
        "NoSuchBucket",
        "AccessDenied",
        "403",
        "ServerSideEncryptionConfigurationNotFoundError",
    ],
    ids=str,
)
def test_without_a_key_of_ones_own_or_without_the_bucket_there_is_none(store: Any) -> None:
    assert found(Aws(store, "AccessDeniedException")) is None


def test_a_key_that_aws_manages_needs_no_permission() -> None:
    assert found(Aws(by_kms(ID), {"KeyManager": "AWS", "Arn": ARN})) is None


@pytest.mark.parametrize("refused", ["AccessDeniedException", "NotFoundException"])
@pytest.mark.parametrize("name", [ID, ARN])
def test_a_key_that_may_not_be_looked_up_is_known_by_its_id(name: str, refused: str) -> None:
    assert found(Aws(by_kms(name), refused)) == ARN


@pytest.mark.parametrize(
    ("refused", "kind"), [("AccessDeniedException", PermissionMissingError), ("NotFoundException", ProvisioningError)]
)
def test_an_alias_that_cannot_be_looked_up_is_said_with_the_remedy(refused: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=f"alias/plant cannot be resolved .kms:DescribeKey: {refused}.* Allow kms:Desc"):
        found(Aws(by_kms("alias/plant"), refused))


@pytest.mark.parametrize("table", ["hot", "journal"])
def test_a_tables_key_is_told(table: str) -> None:
    described = {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": ARN}}
    assert found(Aws(described, CUSTOMERS), table) == ARN
    assert found(Aws({}, CUSTOMERS), table) is None
    assert found(Aws("ResourceNotFoundException"), table) is None
    assert found(Aws("AccessDeniedException"), table) is None

"""Assembly of the permission checks for a gateway."""

from __future__ import annotations

from collections.abc import Callable

from l3kit.sandbox.aws.bucket_policies import BucketPolicies
from l3kit.sandbox.aws.function_record import FunctionRecord
from l3kit.sandbox.aws.iam.callers import Callers
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.documents import Policy
from l3kit.sandbox.aws.iam.dynamodb_guard import DynamoDBGuard
from l3kit.sandbox.aws.iam.enforcement import Enforcement
from l3kit.sandbox.aws.iam.iam_guard import IamGuard, say_who
from l3kit.sandbox.aws.iam.keys import Keys
from l3kit.sandbox.aws.iam.kms_guard import KmsGuard
from l3kit.sandbox.aws.iam.moto_iam import MotoIam
from l3kit.sandbox.aws.iam.resource_policies import ResourcePolicies
from l3kit.sandbox.aws.iam.role_use import RoleUse
from l3kit.sandbox.aws.iam.s3_guard import S3Guard
from l3kit.sandbox.aws.iam.simulation import Simulation
from l3kit.sandbox.aws.upstream import AwsUpstream


class Permissions:
    """The permission checks of a gateway.

    Args:
        function: returns a deployed function by name; None if it does not exist.
    """

    def __init__(
        self,
        moto: AwsUpstream,
        function: Callable[[str], FunctionRecord | None],
    ) -> None:
        def role_of(name: str) -> str | None:
            return record.config.role if (record := function(name)) else None

        def function_policy(name: str) -> Policy | None:
            return record.policy.parsed() if (record := function(name)) else None

        iam = MotoIam(moto)
        directory, keys = Directory(iam), Keys(moto)
        self.bucket_policies = BucketPolicies(moto)
        callers = Callers(directory, role_of)
        policies = ResourcePolicies(keys, self.bucket_policies.of, function_policy)
        self.enforcement = Enforcement(callers, directory, policies, keys)
        self.role_use = RoleUse(self.enforcement, callers, directory)
        simulation = Simulation(directory)
        s3 = S3Guard(self.enforcement, keys, moto)
        self.enforcement.early_answers["s3"] = s3.missing_bucket
        self.enforcement.guards |= {
            "dynamodb": DynamoDBGuard(self.enforcement),
            "iam": IamGuard(directory, iam, simulation),
            "kms": KmsGuard(keys),
            "lambda": self.role_use.guard_lambda,
            "s3": s3,
            "scheduler": self.role_use.guard_scheduler,
            "sts": say_who,
        }

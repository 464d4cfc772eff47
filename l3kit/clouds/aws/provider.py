"""AWS's description of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from l3kit.clouds.aws.billing import BILLING
from l3kit.clouds.aws.data.late_modules import LATE_MODULES
from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.providers import CloudParameter, Provider
from l3kit.tiering.format.chunks import MAX_KEY_BYTES
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT

if TYPE_CHECKING:
    from l3kit.clouds.aws.cloud import AwsCloud

REGION_FORM = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def _key_fault(key: str) -> str | None:
    return None if len(key.encode()) <= MAX_KEY_BYTES else f"S3 allows keys of up to {MAX_KEY_BYTES:,} bytes"


CI_LOGIN = """\
- name: Check that there are credentials
  if: vars.AWS_ROLE_ARN == ''
  run: |
    echo "::error::Set the repository's variable AWS_ROLE_ARN to the role that deploys (see README.md)"
    exit 1
- uses: aws-actions/configure-aws-credentials@v4
  with:
    role-to-assume: ${{ vars.AWS_ROLE_ARN }}
    aws-region: us-east-1  # of the token service alone; params/ has the twin's
"""
"""Short-lived credentials by OpenID Connect; no key is stored in the repository."""


def _region_fault(region: str) -> str | None:
    return None if REGION_FORM.fullmatch(region) else "is not an AWS region, such as us-east-1"


def _open_live(own: Mapping[str, str]) -> AwsCloud:
    from l3kit.clouds.aws.cloud import AwsCloud
    from l3kit.clouds.aws.session import open_account

    return AwsCloud(open_account(own["aws_region"], own["aws_profile"]))


PROVIDER = Provider(
    name="aws",
    title="AWS",
    extra="aws",
    device_fault=lambda device: None,  # a partition key of up to 2,048 bytes, whatever it holds
    key_fault=_key_fault,
    native_schedule=lambda expression: expression,
    variables=VARIABLES,
    late_modules=LATE_MODULES,
    receiver_limit=SMALLEST_LIMIT,
    answers_devices=True,
    calls_by_name=True,
    billing=BILLING,
    sandbox="l3kit.sandbox.aws.part:PART",
    shell_variables=("AWS_", "BOTO", "LAMBDA_", "MOTO_"),
    parts={
        "permissions": "l3kit.clouds.aws.control.operator_permissions:PERMISSIONS",
        "price list": "l3kit.clouds.aws.price_list:refresh_prices",
        "item size": "l3kit.clouds.aws.item_size:billed_bytes",
        "retention": "l3kit.clouds.aws.retention:RETENTION",
        "first light": "l3kit.clouds.aws.first_light:FIRST_LIGHT",
        "alarms": "l3kit.clouds.aws.control.watch:ALARMS",
    },
    parameters=(
        CloudParameter("aws_region", "AWS region", "us-east-1", _region_fault, former="region"),
        CloudParameter(
            "aws_profile", "AWS profile; empty takes boto3's default", "", lambda profile: None, former="profile"
        ),
    ),
    open_live=_open_live,
    ci_login=CI_LOGIN,
    ci_trust="on AWS by a role that trusts GitHub's OpenID Connect provider for this repository alone, named by the "
    "repository's variable `AWS_ROLE_ARN`",
    restore_hours=12,
)

"""What AWS says of itself."""

from __future__ import annotations

from l3kit.billing import Billing
from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.providers import Provider
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT
from l3kit.tiering.transfer.wire import MAX_KEY_BYTES


def _key_fault(key: str) -> str | None:
    return None if len(key.encode()) <= MAX_KEY_BYTES else f"S3 takes keys of {MAX_KEY_BYTES:,} bytes"


BILLING = Billing(
    hot=("dynamodb", "on_demand"),
    hot_form="capacity units",
    objects={
        "cold": ("s3", "standard_ia"),
        "archive": ("s3", "deep_archive"),
        "staging": ("s3", "standard"),
    },
    requests={"put": "put", "copy": "put", "get": "get", "head": "get", "list": "list", "delete": "delete"},
    memory_mb={"hot-to-cold-mover": 1769, "cold-to-archive-mover": 1024, "cold-writer": 512, "archive-writer": 512},
    functions=("lambda", "x86"),
    logs=("logs", "standard"),
    scheduler=("scheduler", "standard"),
    counts_units=True,
    restores_by_speed=True,
)

PROVIDER = Provider(
    name="aws",
    title="AWS",
    extra="deploy",
    device_fault=lambda device: None,  # a partition key of up to 2,048 bytes, whatever it holds
    key_fault=_key_fault,
    told_schedule=lambda expression: expression,
    variables=VARIABLES,
    receiver_limit=SMALLEST_LIMIT,
    billing=BILLING,
    live=True,
)

"""What AWS says of itself."""

from __future__ import annotations

from l3kit.providers import Provider
from l3kit.tiering.transfer.wire import MAX_KEY_BYTES


def _key_fault(key: str) -> str | None:
    return None if len(key.encode()) <= MAX_KEY_BYTES else f"S3 takes keys of {MAX_KEY_BYTES:,} bytes"


PROVIDER = Provider(
    name="aws",
    title="AWS",
    extra="deploy",
    device_fault=lambda device: None,  # a partition key of up to 2,048 bytes, whatever it holds
    key_fault=_key_fault,
    told_schedule=lambda expression: expression,
)

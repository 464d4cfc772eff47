"""What Azure says of itself."""

from __future__ import annotations

from l3kit.clouds.azure.data.blob_names import key_fault
from l3kit.providers import Provider
from l3kit.twin.cron_forms import eventbridge, ncrontab

PROVIDER = Provider(
    name="azure",
    title="Azure",
    extra="azure",
    device_fault=lambda device: None,  # a partition key of up to 2,048 bytes, whatever it holds
    key_fault=key_fault,
    told_schedule=lambda expression: eventbridge(ncrontab(expression)),
)

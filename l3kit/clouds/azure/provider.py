"""Azure's description of itself."""

from __future__ import annotations

import json

from l3kit.clouds.azure.billing import BILLING
from l3kit.clouds.azure.data.blob_names import key_fault
from l3kit.clouds.azure.data.late_modules import LATE_MODULES
from l3kit.clouds.azure.data.variables import VARIABLES
from l3kit.providers import Provider
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.twin.cron_forms import eventbridge, ncrontab

TIMER_SECONDS = 600
"""Maximum run time of a function on Azure's Consumption plan (host.json, functionTimeout)."""
HOST_JSON = {
    "version": "2.0",
    "functionTimeout": "00:10:00",
    "logging": {"logLevel": {"default": "Warning", "Function": "Information"}},
}

PROVIDER = Provider(
    name="azure",
    title="Azure",
    extra="azure",
    device_fault=lambda device: None,  # a partition key of up to 2,048 bytes, whatever it holds
    key_fault=key_fault,
    native_schedule=lambda expression: eventbridge(ncrontab(expression)),
    variables=VARIABLES,
    late_modules=LATE_MODULES,
    receiver_limit=ReceiverLimit(100_000_000, "body"),
    answers_devices=True,
    billing=BILLING,
    sandbox="l3kit.sandbox.azure.part:PART",
    shell_variables=("AZURE_", "AZURITE_", "COSMOS_", "FUNCTIONS_"),
    parts={"retention": "l3kit.clouds.azure.retention:RETENTION"},
    packed={"host.json": json.dumps(HOST_JSON, indent=2).encode()},
    restore_hours=15,
)

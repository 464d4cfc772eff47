"""What Google Cloud says of itself."""

from __future__ import annotations

from l3kit.clouds.gcp.data.document_ids import encode, refusal
from l3kit.clouds.gcp.data.late_modules import LATE_MODULES
from l3kit.clouds.gcp.data.object_names import key_fault
from l3kit.clouds.gcp.data.variables import VARIABLES
from l3kit.providers import Billing, Provider
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.twin.cron_forms import eventbridge, unix_cron


def _device_fault(device: str) -> str | None:
    fault = refusal(encode(device))
    return f"as a document id it {fault}" if fault else None


BILLING = Billing(
    hot=("firestore", "standard"),
    hot_form="documents",
    objects={"cold": ("gcs", "coldline"), "archive": ("gcs", "archive"), "staging": ("gcs", "standard")},
    requests={
        "put": "class_a",
        "copy": "class_a",
        "get": "class_b",
        "head": "class_b",
        "list": "class_a",
        "delete": "delete",
    },
    memory_mb={"hot-to-cold-mover": 2048, "cold-to-archive-mover": 1024, "cold-writer": 512, "archive-writer": 512},
    functions=("cloud_run", "request_based"),
    logs=("logs", "ingest"),
    scheduler=("scheduler", "jobs"),
    default_region="us-central1",
    cpu_apart=True,
    bills_jobs=True,
)
"""Functions have the next size above those on AWS that there is, and one vCPU."""

PROVIDER = Provider(
    name="gcp",
    title="Google Cloud",
    extra="gcp",
    device_fault=_device_fault,
    key_fault=key_fault,
    native_schedule=lambda expression: eventbridge(unix_cron(expression)),
    variables=VARIABLES,
    late_modules=LATE_MODULES,
    receiver_limit=ReceiverLimit(32_000_000, "body"),
    billing=BILLING,
    sandbox="l3kit.sandbox.gcp.part:PART",
)

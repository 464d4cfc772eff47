"""Google Cloud's description of itself."""

from __future__ import annotations

from l3kit.clouds.gcp.billing import BILLING
from l3kit.clouds.gcp.data.document_ids import encode, refusal
from l3kit.clouds.gcp.data.late_modules import LATE_MODULES
from l3kit.clouds.gcp.data.object_names import key_fault
from l3kit.clouds.gcp.data.variables import VARIABLES
from l3kit.providers import Provider
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.twin.cron_forms import eventbridge, unix_cron


def _device_fault(device: str) -> str | None:
    fault = refusal(encode(device))
    return f"as a document id it {fault}" if fault else None


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
    shell_variables=(
        *("CLOUDSDK_", "GCE_", "GCLOUD_", "GOOGLE_"),
        *("DATASTORE_", "FIRESTORE_", "PUBSUB_", "STORAGE_"),  # its emulators
    ),
    parts={"retention": "l3kit.clouds.gcp.retention:RETENTION"},
)

"""Google Cloud's description of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.billing import BILLING
from l3kit.clouds.gcp.data.document_ids import encode, refusal
from l3kit.clouds.gcp.data.late_modules import LATE_MODULES
from l3kit.clouds.gcp.data.object_names import key_fault
from l3kit.clouds.gcp.data.variables import VARIABLES
from l3kit.providers import CloudParameter, Provider
from l3kit.tiering.receiver_limit import ReceiverLimit
from l3kit.twin.cron_forms import eventbridge, unix_cron

if TYPE_CHECKING:
    from l3kit.clouds.gcp.cloud import GcpCloud


def _device_fault(device: str) -> str | None:
    fault = refusal(encode(device))
    return f"as a document id it {fault}" if fault else None


PROJECT_FORM = re.compile(r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""Project ids, those of before 2015 with a domain in front."""
REGION_FORM = re.compile(r"[a-z]+-[a-z]+\d+")
CI_LOGIN = """\
- name: Check that there are credentials for Google Cloud
  if: vars.GCP_WORKLOAD_IDENTITY_PROVIDER == '' || vars.GCP_SERVICE_ACCOUNT == ''
  run: |
    echo "::error::Set the variables GCP_WORKLOAD_IDENTITY_PROVIDER and GCP_SERVICE_ACCOUNT (see README.md)"
    exit 1
- uses: google-github-actions/auth@v2
  with:
    workload_identity_provider: ${{ vars.GCP_WORKLOAD_IDENTITY_PROVIDER }}
    service_account: ${{ vars.GCP_SERVICE_ACCOUNT }}
"""
"""Short-lived credentials by OpenID Connect; no key is stored in the repository."""


def _project_fault(project: str) -> str | None:
    if not project or PROJECT_FORM.fullmatch(project):
        return None
    return "is not the id of a project, such as plant-7-prod: 6 to 30 lower-case letters, digits and dashes"


def _region_fault(region: str) -> str | None:
    if not region or REGION_FORM.fullmatch(region):
        return None
    return "is not a region of Google Cloud, such as us-central1"


def _open_live(own: Mapping[str, str]) -> GcpCloud:
    from l3kit.clouds.gcp.cloud import GcpCloud
    from l3kit.clouds.gcp.opening import open_project

    return GcpCloud(open_project(own["gcp_project"], own["gcp_region"]))


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
    parts={
        "permissions": "l3kit.clouds.gcp.control.operator_permissions:PERMISSIONS",
        "retention": "l3kit.clouds.gcp.retention:RETENTION",
        "first light": "l3kit.clouds.gcp.first_light:FIRST_LIGHT",
        "alarms": "l3kit.clouds.gcp.control.watch:ALARMS",
    },
    parameters=(
        CloudParameter("gcp_project", "Google Cloud project; empty takes that of your credentials", "", _project_fault),
        CloudParameter("gcp_region", "Google Cloud region; a real account needs one", "", _region_fault),
    ),
    open_live=_open_live,
    ci_login=CI_LOGIN,
    ci_trust="on Google Cloud by a workload identity provider for this repository alone and a service account that "
    "it may act as, named by the repository's variables `GCP_WORKLOAD_IDENTITY_PROVIDER` and `GCP_SERVICE_ACCOUNT`",
)

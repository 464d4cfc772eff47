"""What somebody may change by hand in a deployed twin, and the reason that the plan then tells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from l3kit.clouds.azure.control.calls import blob_client, cosmos_client
from l3kit.clouds.gcp.control.place import SCHEDULER
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.layouts.cloud_twins import (
    azure_names,
    change_settings,
    function_name,
    gcp_names,
    host,
    with_setting,
)
from tests.support.accounts import azure_of, gcp_of
from tests.support.google_clients import storage_client

Break = Callable[[Session, Twin], object]
Broken = tuple[Break, str]
ROUNDS: list[dict[str, Broken]] = [
    {
        "azure: a deleted function": (
            lambda s, t: host(s, "azure").delete(function_name(s, t, "azure", "hot-to-cold-mover")),
            "missing",
        ),
        "azure: a deleted writer": (
            lambda s, t: host(s, "azure").delete(function_name(s, t, "azure", "archive-writer")),
            "missing",
        ),
        "azure: a changed setting": (
            lambda s, t: change_settings(s, t, "azure", "hot-reader", with_setting("COSMOS_DATABASE_NAME", "other")),
            "variable COSMOS_DATABASE_NAME differs",
        ),
        "azure: a removed Cosmos container": (
            lambda s, t: (
                cosmos_client(azure_of(s))
                .get_database_client(azure_names(s, t).database())
                .delete_container(azure_names(s, t).store("journal"))
            ),
            "missing",
        ),
        "azure: a removed blob container": (
            lambda s, t: blob_client(azure_of(s)).delete_container(azure_names(s, t).store("archive")),
            "missing",
        ),
        "gcp: a deleted function": (
            lambda s, t: host(s, "gcp").delete(function_name(s, t, "gcp", "cold-to-archive-mover")),
            "missing",
        ),
        "gcp: a token that a function lacks": (
            lambda s, t: change_settings(s, t, "gcp", "cold-writer", with_setting("INTER_CLOUD_TOKEN", None)),
            "variable INTER_CLOUD_TOKEN is missing",
        ),
        "gcp: a removed bucket": (
            lambda s, t: storage_client(gcp_of(s)).bucket(gcp_names(s, t).store("cold")).delete(force=True),
            "missing",
        ),
    },
    {
        "azure: a further setting": (
            lambda s, t: change_settings(s, t, "azure", "hot-reader", with_setting("EXTRA", "1")),
            "variable EXTRA is unexpected",
        ),
        "azure: a schedule that somebody changed": (
            lambda s, t: change_settings(
                s, t, "azure", "hot-to-cold-mover", with_setting("MOVER_SCHEDULE", "0 0 4 * * *")
            ),
            "variable MOVER_SCHEDULE differs",
        ),
        "gcp: a writer that is no longer public": (
            lambda s, t: change_settings(s, t, "gcp", "cold-writer", lambda d: dataclasses.replace(d, public=False)),
            "it is not public",
        ),
        "gcp: a changed job": (
            lambda s, t: change_job(s, t, "cold-to-archive-mover", "0 4 * * *"),
            "schedule is 0 4 * * *, not 0 0 * * *",
        ),
        "gcp: another storage class": (
            lambda s, t: set_bucket(s, t, storage_class="STANDARD"),
            "storage class is STANDARD, not COLDLINE",
        ),
    },
    {
        "azure: another timeout": (
            lambda s, t: change_settings(s, t, "azure", "hot-reader", lambda d: dataclasses.replace(d, timeout=5)),
            "its timeout is 5 s, not 60 s",
        ),
        "gcp: public access not prevented": (
            lambda s, t: set_bucket(s, t, public_access_prevention="inherited"),
            "public access prevention is inherited, not enforced",
        ),
    },
]
"""What is broken at once: no two changes of a round are to the same resource."""


def change_job(session: Session, twin: Twin, function: str, schedule: str) -> None:
    job = gcp_names(session, twin).schedule(function)
    path = f"v1/projects/{gcp_of(session).project}/locations/{gcp_of(session).region}/jobs/{job}"
    gcp_of(session).control.patch(SCHEDULER, path, {"schedule": schedule}, {"updateMask": "schedule"})


def set_bucket(session: Session, twin: Twin, *, storage_class: str = "", public_access_prevention: str = "") -> None:
    bucket = storage_client(gcp_of(session)).get_bucket(gcp_names(session, twin).store("cold"))
    if storage_class:
        bucket.storage_class = storage_class
    if public_access_prevention:
        bucket.iam_configuration.public_access_prevention = public_access_prevention
    bucket.patch()

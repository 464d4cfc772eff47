"""The services that Google Cloud bills for a twin, and the memory of its functions."""

from __future__ import annotations

from l3kit.providers import Billing

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
    memory_mb={
        "hot-to-cold-mover": 2048,
        "cold-to-archive-mover": 1024,
        "cold-writer": 512,
        "archive-writer": 512,
        "archive-expirer": 512,
    },
    functions=("cloud_run", "request_based"),
    logs=("logs", "ingest"),
    scheduler=("scheduler", "jobs"),
    watching=("monitoring", "alerting"),
    default_region="us-central1",
    cpu_apart=True,
    bills_jobs=True,
)
"""Functions have the next available size above those on AWS, and one vCPU."""

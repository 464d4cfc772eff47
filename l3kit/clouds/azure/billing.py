"""The services that Azure bills for a twin, and the memory of its functions."""

from __future__ import annotations

from l3kit.providers import Billing

BILLING = Billing(
    hot=("cosmos_db", "serverless"),
    hot_form="request units",
    objects={
        "cold": ("blob_lrs", "cool"),
        "archive": ("blob_lrs", "archive"),
        "staging": ("blob_lrs", "hot"),
    },
    requests={"put": "write", "copy": "write", "get": "read", "head": "other", "list": "list", "delete": "delete"},
    memory_mb={
        "hot-to-cold-mover": 2048,
        "cold-to-archive-mover": 2048,
        "cold-writer": 2048,
        "archive-writer": 2048,
        "archive-expirer": 2048,
    },
    functions=("functions", "flex"),
    logs=("logs", "analytics"),
    scheduler=("scheduler", "timer"),
    default_region="eastus",
)
"""Functions have the next available size above those on AWS."""

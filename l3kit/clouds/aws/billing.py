"""The services that AWS bills for a twin, and the memory of its functions."""

from __future__ import annotations

from l3kit.providers import Billing

BILLING = Billing(
    hot=("dynamodb", "on_demand"),
    hot_form="capacity units",
    objects={
        "cold": ("s3", "standard_ia"),
        "archive": ("s3", "deep_archive"),
        "staging": ("s3", "standard"),
    },
    requests={"put": "put", "copy": "put", "get": "get", "head": "get", "list": "list", "delete": "delete"},
    # 1,769 MB is one vCPU, which the mover uses fully.
    memory_mb={
        "hot-to-cold-mover": 1769,
        "cold-to-archive-mover": 1024,
        "cold-writer": 512,
        "archive-writer": 512,
        "archive-expirer": 512,
    },
    functions=("lambda", "x86"),
    logs=("logs", "standard"),
    scheduler=("scheduler", "standard"),
    default_region="us-east-1",
    counts_units=True,
    restores_by_speed=True,
    watching=("cloudwatch", "standard"),
)

"""The modules that open stores, functions and devices on AWS, which `stores` and `entry` import on use."""

from __future__ import annotations

from l3kit.tiering.settings.late_modules import CloudModules

_DATA = "l3kit.clouds.aws.data."
LATE_MODULES: CloudModules = {
    "hot": (_DATA + "hot_store", _DATA + "dynamodb"),
    "creates": (_DATA + "creates", _DATA + "replacement"),
    "journal": (_DATA + "journal_store", _DATA + "dynamodb"),
    "objects": (_DATA + "object_store",),
    "peers": (_DATA + "peers",),
    "feedback": (_DATA + "feedback",),
    "events": (_DATA + "events",),
}

"""The modules that open stores, functions and devices on Google Cloud, which `stores` imports on use."""

from __future__ import annotations

from l3kit.tiering.settings.late_modules import CloudModules

_DATA = "l3kit.clouds.gcp.data."
LATE_MODULES: CloudModules = {
    "hot": (_DATA + "firestore_stores",),
    "journal": (_DATA + "firestore_stores",),
    "objects": (_DATA + "object_stores",),
    "peers": (_DATA + "peers",),
}

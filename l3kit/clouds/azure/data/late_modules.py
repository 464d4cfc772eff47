"""The modules that open stores, functions and devices on Azure, which `stores` imports on use."""

from __future__ import annotations

from l3kit.tiering.settings.late_modules import CloudModules

_DATA = "l3kit.clouds.azure.data."
LATE_MODULES: CloudModules = {
    "hot": (_DATA + "cosmos_stores",),
    "journal": (_DATA + "cosmos_stores",),
    "objects": (_DATA + "object_stores",),
    "peers": (_DATA + "peers",),
    "feedback": (_DATA + "feedback",),
}

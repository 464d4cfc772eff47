"""The variables of a function's process: its platform's and its own settings, without the developer's."""

from __future__ import annotations

from collections.abc import Mapping

from l3kit.sandbox.function_hosts.azure_host import KEY_VARIABLE, MASTER_VARIABLE
from l3kit.sandbox.functions.process import SYSTEM
from l3kit.sandbox.functions.record import FunctionRecord


def variables(record: FunctionRecord, instance_id: str, platform: Mapping[str, str]) -> dict[str, str]:
    """Return the variables. Args: platform: the sandbox's own for this cloud, such as its emulators' addresses."""
    scratch = str(record.scratch)
    common = {**SYSTEM, "HOME": scratch, "TMPDIR": scratch, "PYTHONUNBUFFERED": "1"}
    of_cloud = _azure(record, instance_id) if record.cloud == "azure" else _gcp(record, instance_id)
    return common | of_cloud | dict(platform) | dict(record.definition.settings)


def _azure(record: FunctionRecord, instance_id: str) -> dict[str, str]:
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        "WEBSITE_SITE_NAME": record.name,
        "WEBSITE_INSTANCE_ID": instance_id,
        # its host takes them out of the environment before it loads the app
        KEY_VARIABLE: record.keys.function,
        MASTER_VARIABLE: record.keys.master,
    }


def _gcp(record: FunctionRecord, instance_id: str) -> dict[str, str]:
    return {
        "K_SERVICE": record.name,
        "K_REVISION": f"{record.name}-{instance_id[:8]}",
        "K_CONFIGURATION": record.name,
        "FUNCTION_TARGET": "main",
        "FUNCTION_SIGNATURE_TYPE": "http",
    }

"""The Event Hubs trigger of an Azure function app: its settings, and the events of a call.

Loaded by function_host.py inside the app's process, from its file; it may import only the standard library and the
app's dependencies.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

DEFAULT_BATCH = 100
"""maxEventBatchSize of host.json (Event Hubs extension 5 and later)."""
_SPAN = re.compile(r"(?P<hours>\d\d?):(?P<minutes>\d\d):(?P<seconds>\d\d)")


def described(function: Any, trigger: Mapping[str, Any], host_json: Mapping[str, Any]) -> dict[str, Any]:
    """Return batch size, retries (-1: unlimited) and delay in seconds.

    Raises: RuntimeError naming a setting that the sandbox does not support, or Azure does not know.
    """
    name = function.get_function_name()
    cardinality = str(getattr(trigger.get("cardinality"), "value", trigger.get("cardinality"))).lower()
    if cardinality != "many":
        raise RuntimeError(f"{name}: the sandbox serves Event Hubs triggers of cardinality many, not {cardinality}")
    batch = host_json.get("extensions", {}).get("eventHubs", {}).get("maxEventBatchSize", DEFAULT_BATCH)
    if type(batch) is not int or batch < 1:
        raise RuntimeError(f"host.json's maxEventBatchSize must be a number from 1, not {batch!r}")
    policy = function.get_settings_dict("retry_policy") or {}
    if not policy:
        return {"batch": batch, "retries": 0, "delay": 0.0}
    if policy.get("strategy") != "fixed_delay":
        raise RuntimeError(f"{name}: the sandbox retries with fixed_delay, not {policy.get('strategy')}")
    span = _SPAN.fullmatch(str(policy.get("delay_interval")))
    if span is None:
        raise RuntimeError(f"{name}: delay_interval must be hh:mm:ss, not {policy.get('delay_interval')!r}")
    delay = int(span["hours"]) * 3600 + int(span["minutes"]) * 60 + int(span["seconds"])
    return {"batch": batch, "retries": int(policy["max_retry_count"]), "delay": float(delay)}


def events_of(body: bytes) -> list[Any]:
    """Return the events of a call, made by the library's own converter, as the Functions worker does."""
    from azure.functions.eventhub import EventHubTriggerConverter
    from azure.functions.meta import Datum

    events = json.loads(body)
    bodies = SimpleNamespace(bytes=[base64.b64decode(event["body"]) for event in events])
    system = json.dumps([event["system"] for event in events])
    metadata = {"SystemPropertiesArray": Datum(type="json", value=system)}
    decoded: Any = EventHubTriggerConverter.decode(
        Datum(type="collection_bytes", value=bodies), trigger_metadata=metadata
    )
    return list(decoded)

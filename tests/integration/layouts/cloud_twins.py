"""Twins over several clouds: their names, their functions by hand, readings into them, what they hold."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from l3kit.clouds.azure.names import AzureNames
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.function_host import Definition
from l3kit.operate.inventory import tiers
from l3kit.operate.telemetry import put_telemetry
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.support.accounts import azure_of, gcp_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLD_LINK = "azure_l3hot_to_gcp_l3cold"
ARCHIVE_LINK = "gcp_l3cold_to_azure_l3archive"


def azure_names(session: Session, twin: Twin) -> AzureNames:
    return AzureNames(twin.name, azure_of(session).subscription, azure_of(session).region)


def gcp_names(session: Session, twin: Twin) -> GcpNames:
    return GcpNames(twin.name, gcp_of(session).project, gcp_of(session).region)


def host(session: Session, cloud: str) -> Any:
    side = {"azure": azure_of(session), "gcp": gcp_of(session)}[cloud]
    assert side is not None
    return side.functions


def function_name(session: Session, twin: Twin, cloud: str, function: str) -> str:
    names: Any = azure_names(session, twin) if cloud == "azure" else gcp_names(session, twin)
    return str(names.function(function))


def put_items(session: Session, twin: Twin, day: int, count: int = 3) -> None:
    stamps = [f"2026-01-{day:02d}T00:{minute:02d}:00Z" for minute in range(count)]
    device = twin.devices[0].id
    readings = [(device, json.dumps({"iotDeviceId": device, "id": stamp, "v": 1}).encode()) for stamp in stamps]
    put_telemetry(session, twin, readings)


def held(session: Session, twin: Twin) -> dict[str, int]:
    found = tiers(session, twin)
    return {tier: count for tier in ("hot", "cold", "archive") if (count := found.total(tier))}


def change_settings(session: Session, twin: Twin, cloud: str, function: str, change: Callable[[Any], Any]) -> None:
    """Deploys the same code with another definition, as somebody might by hand."""
    from l3kit.packaging.sources import pack_sources

    name, functions = function_name(session, twin, cloud, function), host(session, cloud)
    there = functions.get(name)
    functions.update(name, change(there.definition), pack_sources(cloud, function))


def with_setting(name: str, value: str | None) -> Callable[[Definition], Definition]:
    def change(definition: Definition) -> Definition:
        settings = {**definition.settings, name: value or ""}
        if value is None:
            del settings[name]
        return dataclasses.replace(definition, settings=settings)

    return change

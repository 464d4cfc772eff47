"""Calls of Lambda functions with variables, events and a context as on Lambda, on in-memory stores."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.aws.data.entry import Handler, build
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.tokens import Secret
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore
from tests.support.wire_server import TOKEN

INFO = {
    "config": {
        "digital_twin_name": "twin",
        "hot_storage_size_in_days": 30,
        "cold_storage_size_in_days": 90,
        "archive_storage_size_in_days": 365,
    },
    "config_iot_devices": [{"id": "sensor-1"}],
    "config_providers": {
        "layer_3_hot_provider": "aws",
        "layer_3_cold_provider": "aws",
        "layer_3_archive_provider": "aws",
    },
}


def environment(**changes: str | None) -> dict[str, str]:
    """The variables of all functions; None removes one."""
    env: dict[str, str | None] = {
        "DIGITAL_TWIN_INFO": json.dumps(INFO),
        "DYNAMODB_TABLE_NAME": "hot",
        "JOURNAL_DYNAMODB_TABLE_NAME": "journal",
        "COLD_S3_BUCKET_NAME": "cold",
        "ARCHIVE_S3_BUCKET_NAME": "archive",
        "INTER_CLOUD_TOKEN": TOKEN,
        **changes,
    }
    return {name: value for name, value in env.items() if value is not None}


def info_with(**providers: str | None) -> str:
    """DIGITAL_TWIN_INFO with other providers, by tier."""
    changed = {f"layer_3_{tier}_provider": provider for tier, provider in providers.items()}
    return json.dumps({**INFO, "config_providers": {**INFO["config_providers"], **changed}})  # type: ignore[dict-item]


def chain_info(*, l1: str, l2: str) -> str:
    """DIGITAL_TWIN_INFO with the clouds of layers 1 and 2; the hot tier is with layer 2."""
    layers = {"layer_1_provider": l1, "layer_2_provider": l2, "layer_3_hot_provider": l2}
    return json.dumps({**INFO, "config_providers": {**INFO["config_providers"], **layers}})  # type: ignore[dict-item]


@dataclass
class Context:
    """A Lambda invocation's context."""

    aws_request_id: str = "request-1"
    millis: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.millis


@dataclass
class Cloud:
    """The stores and functions of one account."""

    hot: MemoryHotStore = field(default_factory=MemoryHotStore)
    journal: MemoryJournalStore = field(default_factory=MemoryJournalStore)
    cold: Any = field(default_factory=lambda: MemoryObjectStore("cold", "cold"))
    archive: Any = field(default_factory=lambda: MemoryObjectStore("archive", "archive"))
    opened: list[str] = field(default_factory=list)

    def build(self, function: str, **changes: str | None) -> Handler:
        def objects(name: str, tier: str) -> Any:
            self.opened.append(name)
            return {"cold": self.cold, "archive": self.archive}[tier]

        return build(function, environment(**changes), Openers(lambda _: self.hot, lambda _: self.journal, objects))

    def call(self, function: str, event: dict[str, Any], **changes: str | None) -> Any:
        return self.build(function, **changes)(event, Context())


def url_event(body: Any, token: str | None = TOKEN, *, header: str = "x-inter-cloud-token", **headers: str) -> Any:
    """A function URL's event; bytes are sent as base64, anything except text as JSON."""
    sent = {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    if token is not None:
        sent[header] = token
    if isinstance(body, bytes):
        text, is_base64 = base64.b64encode(body).decode(), True
    else:
        text, is_base64 = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False), False
    return {
        "version": "2.0",
        "rawPath": "/",
        "headers": sent,
        "requestContext": {"http": {"method": "POST", "path": "/"}},
        "body": text,
        "isBase64Encoded": is_base64,
    }


def told(answer: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of an answer."""
    return answer["statusCode"], json.loads(answer["body"])


SECRET = Secret(TOKEN)

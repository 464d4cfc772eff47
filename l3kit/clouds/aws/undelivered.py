"""Dead letters written by AWS itself: records of Lambda and of the IoT rule about messages that were not taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from l3kit.clouds.aws.data.events import delivery_of
from l3kit.clouds.ports.undelivered import Undelivered

LAMBDA_PREFIX = "aws/lambda/async/"
"""Prefix of the keys of Lambda's invocation records.

Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
"""
IOT_PREFIX = "aws/iot/"
"""Prefix of the keys in the rule's error action."""


def undelivered(key: str, body: bytes) -> Undelivered | None:
    """Read a record; None if the object is no record, or its event no device's message."""
    if not key.startswith((LAMBDA_PREFIX, IOT_PREFIX)):
        return None
    try:
        content = orjson.loads(body)
        return _of_lambda(content) if key.startswith(LAMBDA_PREFIX) else _of_rule(content)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def _of_lambda(content: Mapping[str, Any]) -> Undelivered | None:
    """Read an invocation record, whose request payload is the event of the IoT rule."""
    context = content["requestContext"]
    cause = f"Lambda gave up: {context['condition']} after {context['approximateInvokeCount']} attempts"
    if error := (content.get("responsePayload") or {}).get("errorMessage"):
        cause += f", the last answered: {error}"
    return _undelivered(cause, content["requestPayload"])


def _of_rule(content: Mapping[str, Any]) -> Undelivered | None:
    """Read the message of an error action (IoT Core Developer Guide, "Error handling (error action)")."""
    event = {"payload": content["base64OriginalPayload"], "topic": content["topic"], "client": content.get("clientId")}
    return _undelivered(f"IoT's rule failed: {content['failures'][0]['errorMessage']}", event)


def _undelivered(cause: str, event: Mapping[str, Any]) -> Undelivered | None:
    delivery = delivery_of(event)
    return None if delivery is None else Undelivered(cause, (event,), delivery.device, delivery.received)

"""Feedback to a device on AWS: Publish of IoT's data plane.

Source: AWS IoT API Reference, "Publish". No real service has seen these requests; the tests compare them with what
boto3 sends.
"""

from __future__ import annotations

from urllib.parse import quote

from l3kit.clouds.aws.data.client import AwsClient, Call
from l3kit.errors import CallError, StoreError
from l3kit.tiering.format.topics import FEEDBACK, device_topic
from l3kit.tiering.stream.shown_errors import shown

MAX_PAYLOAD_BYTES = 128 * 1024
"""IoT Core's quota for a message."""


class IotFeedback:
    """Publishes to the devices of a twin, with QoS 1: at least once to a device that has subscribed.

    Args:
        client: client of the service `iotdata`.
    """

    def __init__(self, twin: str, client: AwsClient) -> None:
        self._twin = twin
        self._client = client

    async def send(self, device_id: str, payload: bytes) -> None:
        topic = device_topic(self._twin, device_id, FEEDBACK)
        if len(payload) > MAX_PAYLOAD_BYTES:
            cause = f"the feedback has {len(payload):,} bytes; IoT Core takes {MAX_PAYLOAD_BYTES:,}"
            raise CallError(device_id, cause, "Shorten the action's payload")
        publish = Call("publish", topic, "POST", f"/topics/{quote(topic, safe='')}", query=[("qos", "1")], body=payload)
        try:
            await self._client.call(publish)
        except StoreError as error:
            raise CallError(topic, shown(error.cause), error.remedy) from None

    async def close(self) -> None:
        self._client.close()

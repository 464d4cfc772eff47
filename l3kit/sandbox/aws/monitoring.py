"""CloudWatch alarms: moto keeps them; the gateway keeps the metrics, judges the alarms and publishes what changes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web

from l3kit.errors import SandboxError
from l3kit.sandbox.aws.account import ACCOUNT_ID
from l3kit.sandbox.aws.alarm_states import Judgement, judge
from l3kit.sandbox.aws.iam.enforcement import body_of
from l3kit.sandbox.aws.metrics import Metrics
from l3kit.sandbox.aws.topics import Topics, alarm_message
from l3kit.sandbox.aws.upstream import AwsUpstream

JUDGED_SECONDS = 2.0
"""Time between two judgements without new data; CloudWatch takes a minute."""
NEW = Judgement("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
QUEUE_METRIC = ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
_TARGET = "GraniteServiceVersion20100801."


class Monitoring:
    """The alarms of the account.

    Args:
        metrics: their input.
        topics: their output.
    """

    def __init__(self, moto: AwsUpstream, metrics: Metrics, topics: Topics) -> None:
        self._moto = moto
        self.metrics = metrics
        self.topics = topics
        self._in_use = False
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request signed for CloudWatch."""
        operation = request.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
        body = await body_of(request)
        if operation == "PutMetricData":
            self._put(body)
        answer = await self._moto.forward(request)
        if operation == "PutMetricAlarm":
            self._in_use = True
        if operation in ("PutMetricAlarm", "PutMetricData"):
            await self.judge()
        return answer

    def news(self) -> None:
        """Judge the alarms soon, since there are new values."""
        self._news.set()

    async def run(self) -> None:
        """Judge the alarms repeatedly, as soon as there are any."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), JUDGED_SECONDS)
            self._news.clear()
            if self._in_use:
                with contextlib.suppress(aiohttp.ClientError, OSError, ValueError, KeyError, SandboxError):
                    await self.judge()

    async def judge(self) -> None:
        """Set every alarm to the state that follows from its metric, and publish each change."""
        async with self._turn:
            alarms = await self._alarms()
            self._in_use = bool(alarms)
            for alarm in alarms:
                await self._judge(alarm)

    async def _judge(self, alarm: Mapping[str, Any]) -> None:
        if (alarm["StateValue"], alarm["StateReason"]) == ("OK", NEW.reason):  # as moto makes them
            await self._set(alarm, NEW)
            alarm = {**alarm, "StateValue": NEW.state}
        namespace, name = alarm.get("Namespace", ""), alarm.get("MetricName", "")
        dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or ()}
        if (namespace, name) == QUEUE_METRIC:
            await self._count_queue(dimensions)
        judged = judge(alarm, partial(self.metrics.values, namespace, name, dimensions), time.time())
        if judged is None or judged.state == alarm["StateValue"]:
            return
        await self._set(alarm, judged)
        if alarm.get("ActionsEnabled", True):
            subject, text = alarm_message(alarm, judged.state, judged.reason)
            for topic in alarm.get({"ALARM": "AlarmActions", "OK": "OKActions"}.get(judged.state, "")) or ():
                self.topics.publish(topic, subject, text)

    async def _alarms(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            content = {"AlarmTypes": ["MetricAlarm"], **({"NextToken": token} if token else {})}
            answer = await self._moto.call_json("monitoring", f"{_TARGET}DescribeAlarms", content)
            page = answer.json()
            found += page.get("MetricAlarms") or []
            token = page.get("NextToken") or ""
            if not token:
                return [alarm for alarm in found if alarm.get("MetricName")]

    async def _set(self, alarm: Mapping[str, Any], judged: Judgement) -> None:
        content = {"AlarmName": alarm["AlarmName"], "StateValue": judged.state, "StateReason": judged.reason}
        await self._moto.call_json("monitoring", f"{_TARGET}SetAlarmState", content)

    async def _count_queue(self, dimensions: Mapping[str, str]) -> None:
        """Record the number of messages in a queue, as SQS does every minute."""
        url = f"http://queue/{ACCOUNT_ID}/{dimensions.get('QueueName', '')}"
        asked = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        answer = await self._moto.call_json("sqs", "AmazonSQS.GetQueueAttributes", asked)
        if answer.status == 200:
            count = float(answer.json()["Attributes"]["ApproximateNumberOfMessages"])
            self.metrics.put(*QUEUE_METRIC, dimensions, time.time(), count)

    def _put(self, body: bytes) -> None:
        content = json.loads(body)
        for datum in content.get("MetricData") or ():
            dimensions = {one["Name"]: one["Value"] for one in datum.get("Dimensions") or ()}
            at = float(datum.get("Timestamp") or time.time())
            self.metrics.put(content["Namespace"], datum["MetricName"], dimensions, at, float(datum["Value"]))

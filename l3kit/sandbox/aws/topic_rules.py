"""AWS IoT's topic rules, in the gateway: moto neither evaluates them nor keeps their tags."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from l3kit.sandbox.answers import json_answer, rest_error
from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.function_record import FunctionRecord, function_name
from l3kit.sandbox.aws.iam.condition_keys import OF_EVERY_REQUEST
from l3kit.sandbox.aws.iam.evaluation import Identity, Need, evaluate
from l3kit.sandbox.aws.iam.principals import service
from l3kit.sandbox.aws.rule_errors import IOT_SERVICE, OF_IOT, ErrorAction, RuleErrors, read_error_action
from l3kit.sandbox.aws.rule_sql import VERSION, SqlError, event_of, topics_of
from l3kit.sandbox.messages.message import Message, RefusedMessageError
from l3kit.sandbox.messages.topics import matches
from l3kit.sandbox.tasks import Tasks
from l3kit.sandbox.upstream import BODY

MAX_PAYLOAD_BYTES = 128 * 1024
"""Maximum size of a message (AWS IoT Core quotas)."""
IOT = service(IOT_SERVICE)
_NAME = re.compile(r"[a-zA-Z0-9_]{1,128}")
_RULE = re.compile(r"/rules/(?P<name>[^/]+)(?:/(?P<verb>enable|disable))?")
_FIELDS = frozenset(("sql", "description", "actions", "ruleDisabled", "awsIotSqlVersion", "errorAction"))

Note = Callable[[str, str], None]


class RuleRefusedError(Exception):
    """Refusal by the IoT API: status, type and message."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


@dataclass(frozen=True, slots=True)
class TopicRule:
    """A topic rule whose only action invokes a Lambda function."""

    name: str
    sql: str
    topics: str
    function_arn: str
    description: str
    disabled: bool
    created: float
    on_error: ErrorAction | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return rule_arn(self.name)

    def to_json(self) -> dict[str, Any]:
        """Return the answer of GetTopicRule."""
        error = {"errorAction": self.on_error.to_json()} if self.on_error else {}
        return {
            "ruleArn": self.arn,
            "rule": {
                **error,
                "ruleName": self.name,
                "sql": self.sql,
                "description": self.description,
                "createdAt": self.created,
                "actions": [{"lambda": {"functionArn": self.function_arn}}],
                "ruleDisabled": self.disabled,
                "awsIotSqlVersion": VERSION,
            },
        }


def rule_arn(name: str) -> str:
    return f"arn:aws:iot:{REGION}:{ACCOUNT_ID}:rule/{name}"


class TopicRules:
    """The rules of the account, their API and their deliveries.

    Args:
        function: returns a deployed function by name; None if it does not exist.
        invoke: queues an asynchronous invocation of a function.
        pending: number of events that functions have not yet taken.
        note: writes a line into a function's log.
        errors: carries out error actions.
        begin: starts the broker if it is not running. Raises: SandboxError.
    """

    def __init__(
        self,
        function: Callable[[str], FunctionRecord | None],
        invoke: Callable[[str, bytes], object],
        pending: Callable[[], int],
        note: Note,
        errors: RuleErrors,
        begin: Callable[[], Awaitable[object]],
    ) -> None:
        self._function = function
        self._invoke = invoke
        self._pending = pending
        self._note = note
        self._errors = errors
        self._begin = begin
        self._tasks = Tasks()
        self._rules: dict[str, TopicRule] = {}

    # --- deliveries

    @property
    def pending(self) -> int:
        return self._pending() + len(self._tasks)

    def check(self, message: Message) -> None:
        if len(message.payload) > MAX_PAYLOAD_BYTES and any(self._taking(message)):
            raise RefusedMessageError("IoT Core", len(message.payload), MAX_PAYLOAD_BYTES)

    def accept(self, message: Message) -> None:
        for rule in self._taking(message):
            name = function_name(rule.function_arn)
            if problem := self.problem_with_invoking(rule):
                self._tasks.begin(self._fail(rule, name, message, problem))
            else:
                self._invoke(name, event_of(message))

    async def close(self) -> None:
        self._rules.clear()
        await self._tasks.drop()

    async def _fail(self, rule: TopicRule, function: str, message: Message, problem: str) -> None:
        """Carry out the rule's error action; without one the message is dropped, as by IoT Core."""
        text = f"topic rule {rule.name} could not deliver a message: {problem}"
        if rule.on_error is None:
            self._note(function, f"{text}; it was dropped, since the rule has no error action")
        elif lost := await self._errors.store(rule.on_error, rule.name, rule.function_arn, message, problem):
            self._note(function, f"{text}; it was dropped, since its error action failed: {lost}")
        else:
            self._note(function, f"{text}; it is in {rule.on_error.bucket}")

    def problem_with_invoking(self, rule: TopicRule) -> str:
        """Return why a rule cannot invoke its function, which IoT Core checks with each message; "" if it can."""
        record = self._function(function_name(rule.function_arn))
        if record is None:
            return f"the function {rule.function_arn} does not exist"
        context = {**OF_EVERY_REQUEST, **OF_IOT, "aws:sourcearn": (rule.arn,)}
        need = Need("lambda:InvokeFunction", record.config.arn, context)
        if evaluate(Identity(IOT), need, record.policy.parsed()).allowed:
            return ""
        return f"no statement of the function's policy allows {IOT.arn} to invoke it for {rule.arn}"

    def _taking(self, message: Message) -> list[TopicRule]:
        return [one for one in self._rules.values() if not one.disabled and matches(one.topics, message.topic)]

    # --- API

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request signed for IoT whose permissions have been checked."""
        try:
            return await self._route(request)
        except RuleRefusedError as refusal:
            return rest_error(refusal.status, refusal.kind, refusal.message)
        except SqlError as error:
            return rest_error(400, "SqlParseException", str(error))
        except ValueError:
            return rest_error(400, "InvalidRequestException", "The request's body is not JSON")

    async def _route(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.raw_path.partition("?")[0]).rstrip("/")
        if path == "/rules" and request.method == "GET":
            return json_answer({"rules": [self._listed(rule) for rule in self._rules.values()]})
        if path in ("/tags", "/untag"):
            return await self._tags(request, path)
        found = _RULE.fullmatch(path)
        if found is None:
            raise RuleRefusedError(501, "NotImplementedException", "The l3kit sandbox offers topic rules of IoT only")
        name, method = found["name"], request.method
        if found["verb"]:
            self._rules[name] = replace(self._of(name), disabled=found["verb"] == "disable")
        elif method == "POST":
            return await self._create(request, name)
        elif method == "PATCH":
            before = self._of(name)
            made = await self._read(name, await _body(request))
            self._rules[name] = replace(made, created=before.created, tags=before.tags)
        elif method == "DELETE":
            self._rules.pop(name, None)  # a missing one is not an error, as on IoT Core
        else:
            return json_answer(self._of(name).to_json())
        return json_answer({})

    async def _create(self, request: web.Request, name: str) -> web.StreamResponse:
        if not _NAME.fullmatch(name):
            message = f"Value '{name}' at 'ruleName' failed to satisfy constraint: ^[a-zA-Z0-9_]+$"
            raise RuleRefusedError(400, "InvalidRequestException", message)
        if name in self._rules:
            raise RuleRefusedError(409, "ResourceAlreadyExistsException", f"Rule {name} already exists")
        tags = dict(parse_qsl(request.headers.get("x-amz-tagging", "")))
        rule = replace(await self._read(name, await _body(request)), tags=tags)
        await self._begin()
        self._rules[name] = rule
        return json_answer({})

    async def _read(self, name: str, body: Any) -> TopicRule:
        if not isinstance(body, Mapping):
            raise RuleRefusedError(400, "InvalidRequestException", "The rule is not a JSON object")
        actions = body.get("actions")
        only = actions[0] if isinstance(actions, list) and len(actions) == 1 else {}
        arn = (
            only.get("lambda", {}).get("functionArn") if isinstance(only, Mapping) and set(only) == {"lambda"} else None
        )
        unknown = sorted(set(body) - _FIELDS)
        if unknown or not isinstance(arn, str) or ":function:" not in arn:
            message = "The l3kit sandbox offers rules with one action, lambda with its functionArn"
            raise RuleRefusedError(400, "InvalidRequestException", message)
        if body.get("awsIotSqlVersion") != VERSION:
            message = f"The l3kit sandbox evaluates awsIotSqlVersion {VERSION} only, which must be stated"
            raise RuleRefusedError(400, "InvalidRequestException", message)
        sql, disabled = str(body.get("sql", "")), bool(body.get("ruleDisabled"))
        described, topics = str(body.get("description") or ""), topics_of(sql)
        try:
            on_error = read_error_action(body.get("errorAction"))
        except ValueError as error:
            raise RuleRefusedError(400, "InvalidRequestException", str(error)) from None
        if on_error and (problem := await self._errors.problem_with(on_error)):
            raise RuleRefusedError(400, "InvalidRequestException", problem)
        return TopicRule(name, sql, topics, arn, described, disabled, time.time(), on_error)

    def _of(self, name: str) -> TopicRule:
        if name not in self._rules:
            # What IoT Core says of a missing rule; it does not reveal to a caller which rules there are.
            message = f"Access to topic rule '{name}' was denied"
            raise RuleRefusedError(401, "UnauthorizedException", message)
        return self._rules[name]

    async def _tags(self, request: web.Request, path: str) -> web.StreamResponse:
        body = {} if request.method == "GET" else await _body(request)
        arn = str(body.get("resourceArn") or request.query.get("resourceArn", ""))
        rule = next((one for one in self._rules.values() if one.arn == arn), None)
        if rule is None:
            raise RuleRefusedError(404, "ResourceNotFoundException", f"The resource {arn} does not exist")
        if request.method == "GET":
            return json_answer({"tags": [{"Key": key, "Value": value} for key, value in rule.tags.items()]})
        if path == "/untag":
            tags = {key: value for key, value in rule.tags.items() if key not in body.get("tagKeys", [])}
        else:
            tags = {**rule.tags, **{one["Key"]: one.get("Value", "") for one in body.get("tags", [])}}
        self._rules[rule.name] = replace(rule, tags=tags)
        return json_answer({})

    def _listed(self, rule: TopicRule) -> dict[str, Any]:
        return {
            "ruleArn": rule.arn,
            "ruleName": rule.name,
            "topicPattern": rule.topics,
            "createdAt": rule.created,
            "ruleDisabled": rule.disabled,
        }


async def _body(request: web.Request) -> Any:
    return json.loads(request[BODY] if BODY in request else await request.read())

"""The IoT topic rule that invokes the dispatcher for each message of the twin's devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, explained, is_missing
from l3kit.clouds.aws.control.context import ROLE_LIMIT, Context
from l3kit.clouds.aws.control.invocation_rights import permit, statements_of, withdraw
from l3kit.clouds.ports.changes import Difference, differs, list_changes
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import PermissionMissingError

SQL = (
    "SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client, timestamp() AS received "
    "FROM '{topics}'"
)
"""The payload in base64: IoT's SQL would parse JSON and rewrite its numbers."""
SQL_VERSION = "2016-03-23"
UNDELIVERED_PREFIX = "aws/iot/"
UNDELIVERED_KEY = UNDELIVERED_PREFIX + '${parse_time("yyyy/MM/dd", timestamp())}/${newuuid()}.json'
"""Key of a message that could not be handed to the dispatcher; Lambda's own records are below `aws/lambda/async/`."""
RIGHT = "IotRule"
HIDDEN = "UnauthorizedException"
"""IoT's error code for a rule that the caller is not allowed to read, and for one that does not exist."""


@dataclass(frozen=True)
class TopicRule:
    """One rule, with the permission by which IoT invokes its function.

    Attributes:
        topics: MQTT topic filter.
        function: the dispatcher's deployed name.
        bucket: where IoT stores the messages for which it could not invoke the function.
        role: the role with which IoT writes into the bucket.
    """

    context: Context
    name: str
    topics: str
    function: str
    bucket: str
    role: str
    kind: str = "topic rule"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"topic rule {self.name}"):
            there = self._rule()
            if there is None:
                return Finding.missing({"takes": self.topics, "invokes": self.function, "undelivered": self.bucket})
            tags = self._iot.list_tags_for_resource(resourceArn=there["ruleArn"]).get("tags", [])
            owned = self.context.owns_list(tags)
            return Finding.of(owned, [*self._differences(there["rule"]), *self._rights_differences()])

    def create(self) -> None:
        """Create the permission first: a rule without it cannot deliver."""
        with explained(f"topic rule {self.name}"):
            self._set_rights()
            # Neither `:` nor `-` needs an escape, so the tags are the same whether IoT decodes them or not.
            tags = urlencode(self.context.tags, safe=":")
            self._once_role_usable("create_topic_rule", tags=tags)

    def update(self) -> None:
        with explained(f"topic rule {self.name}"):
            self._set_rights()
            there = self._rule()
            if there is not None and self._differences(there["rule"]):
                self._once_role_usable("replace_topic_rule")

    def delete(self) -> None:
        """Delete the rule; the permission goes with the function."""
        with explained(f"topic rule {self.name}"):
            try:
                self._iot.delete_topic_rule(ruleName=self.name)
            except ClientError as error:
                if not is_missing(error) and (code_of(error) != HIDDEN or self._is_listed()):
                    raise

    @property
    def _iot(self) -> Any:
        return self.context.client("iot")

    @property
    def _arn(self) -> str:
        return self.context.arn("iot", f"rule/{self.name}")

    def _rule(self) -> dict[str, Any] | None:
        """Return the rule; None if there is none. Raises: PermissionMissingError if reading it is not permitted."""
        try:
            return dict(self._iot.get_topic_rule(ruleName=self.name))
        except ClientError as error:
            if is_missing(error):
                return None
            if code_of(error) != HIDDEN:
                raise
        if self._is_listed():
            raise PermissionMissingError(
                f"topic rule {self.name}", "GetTopicRule is not allowed", "`l3kit permissions aws` lists what is needed"
            )
        return None

    def _is_listed(self) -> bool:
        pages = self._iot.get_paginator("list_topic_rules").paginate()
        return any(rule["ruleName"] == self.name for page in pages for rule in page["rules"])

    def _payload(self) -> dict[str, Any]:
        role = self.context.arn("iam", f"role/{self.role}", regional=False)
        return {
            "sql": SQL.format(topics=self.topics),
            "awsIotSqlVersion": SQL_VERSION,
            "description": f"l3kit, twin {self.context.names.twin_name}",
            "ruleDisabled": False,
            "actions": [{"lambda": {"functionArn": self.context.arn("lambda", f"function:{self.function}")}}],
            "errorAction": {"s3": {"roleArn": role, "bucketName": self.bucket, "key": UNDELIVERED_KEY}},
        }

    def _once_role_usable(self, operation: str, **more: Any) -> None:
        def put() -> None:
            getattr(self._iot, operation)(ruleName=self.name, topicRulePayload=self._payload(), **more)

        self.context.retry_while(put, _role_is_new, f"role {self.role} can be assumed by IoT", ROLE_LIMIT)

    def _differences(self, rule: Mapping[str, Any]) -> list[Difference]:
        wanted = self._payload()
        found = [differs("it is disabled", "enabled", False, True)] if rule.get("ruleDisabled") else []
        if (rule.get("sql"), rule.get("awsIotSqlVersion")) != (wanted["sql"], SQL_VERSION):
            old = f"{rule.get('sql')} (version {rule.get('awsIotSqlVersion')})"
            found.append(differs("its SQL differs", "SQL", old, f"{wanted['sql']} (version {SQL_VERSION})"))
        if rule.get("actions") != wanted["actions"]:
            words = f"it does more or other than invoke {self.function}"
            found.append(differs(words, "actions", _kinds(rule.get("actions")), f"lambda {self.function}"))
        if rule.get("errorAction") != wanted["errorAction"]:
            words = f"undelivered messages do not go to {self.bucket}"
            found.append(differs(words, "undelivered", _kinds([rule.get("errorAction")]), f"s3 {self.bucket}"))
        return found

    def _right(self) -> dict[str, Any]:
        """Return parameters of AddPermission: this rule alone may invoke the function."""
        return {
            "Action": "lambda:InvokeFunction",
            "Principal": "iot.amazonaws.com",
            "SourceArn": self._arn,
            "SourceAccount": self.context.aws.account_id,
        }

    def _is_right(self, statement: Mapping[str, Any]) -> bool:
        condition = {
            "StringEquals": {"AWS:SourceAccount": self.context.aws.account_id},
            "ArnLike": {"AWS:SourceArn": self._arn},
        }
        fixed = statement.get("Effect"), statement.get("Action"), statement.get("Principal")
        wanted = "Allow", "lambda:InvokeFunction", {"Service": "iot.amazonaws.com"}
        return fixed == wanted and statement.get("Condition") == condition

    def _rights_differences(self) -> list[Difference]:
        there = statements_of(self.context, self.function)
        found = []
        if RIGHT not in there:
            found.append(differs(f"it is not allowed to invoke {self.function}", "permission", None, RIGHT))
        elif not self._is_right(there[RIGHT]):
            words = f"its permission to invoke {self.function} differs"
            found.append(differs(words, f"permission {RIGHT}", there[RIGHT], self._right()))
        if strange := sorted(there.keys() - {RIGHT}):
            words = f"{self.function} has further permissions: {', '.join(strange)}"
            found.append(Difference(words, list_changes("permission", strange, ())))
        return found

    def _set_rights(self) -> None:
        for sid, statement in sorted(statements_of(self.context, self.function).items()):
            if sid != RIGHT or not self._is_right(statement):
                withdraw(self.context, self.function, sid)
        permit(self.context, self.function, RIGHT, self._right())


def _kinds(actions: Any) -> str:
    """Return the names of the services to which actions of a rule go; their settings may hold a key."""
    return ", ".join(sorted({kind for action in actions or () if action for kind in action}))


def _role_is_new(error: ClientError) -> bool:
    """Return whether the error means that a new role has not propagated yet."""
    message = error.response.get("Error", {}).get("Message", "").lower()
    return code_of(error) == "InvalidRequestException" and "assume" in message and "role" in message

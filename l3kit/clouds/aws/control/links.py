"""The Function URL of a writer or reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.aws.control.calls import explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.invocation_rights import permit, statements_of, withdraw
from l3kit.clouds.aws.control.lambda_host import is_owned
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.ports.changes import Difference, differs, list_changes
from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.waiting import ANSWER_LIMIT

STATEMENTS: dict[str, dict[str, Any]] = {
    "FunctionURLPublicAccess": {
        "Action": "lambda:InvokeFunctionUrl",
        "Principal": "*",
        "FunctionUrlAuthType": "NONE",
    },
    "FunctionURLInvoke": {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
}
"""Both are required since October 2025 (AWS Lambda developer guide, "Control access to Lambda function URLs")."""


@dataclass(frozen=True)
class FunctionUrl:
    """A function's URL with `AuthType NONE`, both permission statements, and its entry in the twin's connections."""

    context: Context
    links: DeployedLinks = field(repr=False, compare=False)
    name: str
    link: str
    kind: str = "function url"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"function url of {self.name}"):
            config = self._config()
            if config is None:
                return Finding.missing({"AuthType": "NONE", "permissions": ", ".join(STATEMENTS)})
            if not is_owned(self.context, self.name):
                return Finding(True, owned=False)
            return Finding.of(True, self._differences(config))

    def _differences(self, config: dict[str, Any]) -> Iterator[Difference]:
        if (auth := config["AuthType"]) != "NONE":
            yield differs(f"AuthType is {auth}, not NONE", "AuthType", auth, "NONE")
        there = statements_of(self.context, self.name)
        for sid, wanted in STATEMENTS.items():
            if not _statement_fits(there.get(sid), wanted):
                words = f"permission {sid} is {'missing' if sid not in there else 'different'}"
                yield differs(words, f"permission {sid}", there.get(sid), wanted)
        if strange := sorted(there.keys() - STATEMENTS.keys()):
            words = f"has further permissions: {', '.join(strange)}"
            yield Difference(words, list_changes("permission", strange, ()))
        saved = self.links.saved(self.link)
        if saved is None or saved.url != config["FunctionUrl"]:
            words = "its url is not in config_inter_cloud.json"
            yield differs(words, "saved url", saved and saved.url, config["FunctionUrl"])

    def create(self) -> None:
        self.update()

    def update(self) -> None:
        with explained(f"function url of {self.name}"):
            config = self._config()
            if config is None:
                config = self._lambda.create_function_url_config(FunctionName=self.name, AuthType="NONE")
            elif config["AuthType"] != "NONE":
                config = self._lambda.update_function_url_config(FunctionName=self.name, AuthType="NONE")
            self.links.keep_url(self.link, config["FunctionUrl"])
            there = statements_of(self.context, self.name)
            fitting = {sid for sid, wanted in STATEMENTS.items() if _statement_fits(there.get(sid), wanted)}
            for sid in sorted(there.keys() - fitting):
                withdraw(self.context, self.name, sid)
            for sid in sorted(STATEMENTS.keys() - fitting):
                permit(self.context, self.name, sid, STATEMENTS[sid])
            url = config["FunctionUrl"]
            self.context.wait(lambda: self.context.answers(url), f"function url of {self.name} answers", ANSWER_LIMIT)

    def delete(self) -> None:
        with explained(f"function url of {self.name}"):
            unless_missing(lambda: self._lambda.delete_function_url_config(FunctionName=self.name))

    @property
    def _lambda(self) -> Any:
        return self.context.client("lambda")

    def _config(self) -> dict[str, Any] | None:
        return url_config(self.context.aws, self.name)


@dataclass(frozen=True)
class LeftOverUrl:
    """The URL of a function that no longer needs one. Deleted last, so that an interrupted removal can be found."""

    context: Context
    name: str
    kind: str = "function url"
    holds_data: bool = False

    def compare(self) -> Finding:
        if url_config(self.context.aws, self.name) is None:
            return Finding(False)
        with explained(f"function url of {self.name}"):
            return Finding(True, owned=is_owned(self.context, self.name))

    def create(self) -> None:
        """Do nothing: the URL is not desired."""

    def update(self) -> None:
        """Do nothing: the URL is not desired."""

    def delete(self) -> None:
        """Delete the statements that made it public, then the URL."""
        client = self.context.client("lambda")
        with explained(f"function url of {self.name}"):
            for sid in sorted(STATEMENTS.keys() & statements_of(self.context, self.name).keys()):
                withdraw(self.context, self.name, sid)
            unless_missing(lambda: client.delete_function_url_config(FunctionName=self.name))


def url_config(aws: AwsSession, function: str) -> dict[str, Any] | None:
    """Return the configuration of a function's URL; None if it has none. Raises: ProvisioningError."""
    with explained(f"function url of {function}"):
        return unless_missing(lambda: dict(aws.client("lambda").get_function_url_config(FunctionName=function)))


def _statement_fits(there: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    if there is None or there.get("Action") != wanted["Action"] or there.get("Effect") != "Allow":
        return False
    principal = there.get("Principal")
    if principal not in ("*", {"AWS": "*"}):
        return False
    text = json.dumps(there.get("Condition", {}))
    if "FunctionUrlAuthType" in wanted:
        return "FunctionUrlAuthType" in text and "NONE" in text
    return "InvokedViaFunctionUrl" in text and "true" in text.lower()

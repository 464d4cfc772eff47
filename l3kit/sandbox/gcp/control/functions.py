"""Cloud Functions, second generation: built from an uploaded zip, each served by a Cloud Run service."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import RefusedError, conflicting, invalid, missing, taken
from l3kit.sandbox.gcp.control.build import Builder
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.effects import DeployError, Effects
from l3kit.sandbox.gcp.control.function_checks import ID, check_function, completed
from l3kit.sandbox.gcp.control.iam import Policies
from l3kit.sandbox.gcp.control.operations import Operations
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.control.service_accounts import ServiceAccounts
from l3kit.sandbox.gcp.control.services import Services
from l3kit.sandbox.gcp.control.uploads import Uploads

_TYPE = "type.googleapis.com/google.cloud.functions.v2."
_OUTPUT = ("name", "state", "stateMessages", "updateTime", "url", "createTime", "satisfiesPzs", "etag")
_SERVICE_OUTPUT = ("uri", "service", "revision")
_BUILD_OUTPUT = ("build", "sourceProvenance")


@dataclass(slots=True)
class Function:
    """A function.

    Attributes:
        made: seconds since 1970.
        code: the zip that it was last built from, or is being built from.
    """

    name: str
    fields: dict[str, Any]
    made: float
    code: bytes = field(repr=False)
    problem: str = ""

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]


@dataclass(slots=True)
class Functions:
    """All functions, by name."""

    project: Project
    effects: Effects
    operations: Operations
    policies: Policies
    accounts: ServiceAccounts
    services: Services
    uploads: Uploads
    builder: Builder
    _all: dict[str, Function] = field(default_factory=dict)

    def methods(self) -> Methods:
        prefix, permission = "cloudfunctions.projects.locations.functions", "cloudfunctions.functions"
        return {
            **self.policies.methods(prefix, permission, lambda call: self._there(call.name).name),
            f"{prefix}.generateUploadUrl": Method(self._upload, f"{permission}.sourceCodeSet"),
            f"{prefix}.create": Method(self._create, f"{permission}.create"),
            f"{prefix}.get": Method(self._get, f"{permission}.get"),
            f"{prefix}.list": Method(self._list, f"{permission}.list"),
            f"{prefix}.patch": Method(self._patch, f"{permission}.update"),
            f"{prefix}.delete": Method(self._delete, f"{permission}.delete"),
            "cloudfunctions.projects.locations.runtimes.list": Method(_runtimes, "cloudfunctions.runtimes.list"),
            **self.operations.methods(("cloudfunctions.projects.locations.operations", "cloudfunctions.operations")),
        }

    def account_of(self, one: str) -> str | None:
        """Return the email of the account as which a function runs; None if there is no such function."""
        function = next((each for each in self._all.values() if each.id == one), None)
        return str(function.fields["serviceConfig"]["serviceAccountEmail"]) if function is not None else None

    def _upload(self, call: Call) -> Answer:
        self._check_region(call.name)
        return self.uploads.begin(call.base, secrets.token_urlsafe(32))

    def _create(self, call: Call) -> Answer:
        parent, one = self.project.own(call.name), call.query.get("functionId", "")
        self._check_region(parent)
        if not ID.fullmatch(one):
            raise invalid(f"Invalid function ID {one!r}: it must match {ID.pattern}.", "function_id")
        name = f"{parent}/functions/{one}"
        if self.operations.busy(name):
            raise self._busy(name)
        given = {key: value for key, value in call.body.items() if key not in _OUTPUT}
        code = self._source(given)
        fields = self._checked(given, call.caller)
        if name in self._all:
            return self._begin(name, "CREATE_FUNCTION", call, _refuse_taken(name))
        self.project.check_quota("functions", len(self._all))
        function = Function(name, {**fields, "createTime": self.project.now()}, self.project.clock(), code)
        function.fields |= {"updateTime": function.fields["createTime"], "state": "DEPLOYING"}
        self._all[name] = function
        return self._deploy(function, function.fields, code, "CREATE_FUNCTION", call)

    def _get(self, call: Call) -> Answer:
        function = self._there(call.name)
        if self.project.clock() < function.made + self.project.settings.unread_seconds:
            raise missing(f"Resource '{function.name}' was not found")
        return self._shown(function)

    def _list(self, call: Call) -> Answer:
        parent = self.project.own(call.name)
        start = parent.removesuffix("-") if parent.endswith("/locations/-") else f"{parent}/functions/"
        return page(
            call, [self._shown(one) for name, one in sorted(self._all.items()) if name.startswith(start)], "functions"
        )

    def _patch(self, call: Call) -> Answer:
        function = self._there(call.name)
        if self.operations.busy(function.name):
            raise self._busy(function.name)
        mask = tuple(path for path in call.mask() if path not in _OUTPUT)
        merged = changed(function.fields, call.body, mask)
        new_source = any(
            "buildConfig.source".startswith(path) or path.startswith("buildConfig.source") for path in mask
        )
        code = (
            self._source(merged) if new_source and (call.body.get("buildConfig") or {}).get("source") else function.code
        )
        fields = self._checked(merged, call.caller)
        return self._deploy(function, {**fields, "state": "DEPLOYING"}, code, "UPDATE_FUNCTION", call)

    def _delete(self, call: Call) -> Answer:
        function = self._there(call.name)
        if self.operations.busy(function.name):
            raise self._busy(function.name)
        function.fields["state"] = "DELETING"

        def finish(result: object) -> Mapping[str, Any]:
            self._all.pop(function.name, None)
            self.policies.drop(function.name)
            self.services.drop(self._service(function))
            return {"@type": "type.googleapis.com/google.protobuf.Empty"}

        return self._begin(function.name, "DELETE_FUNCTION", call, finish, self.effects.function_gone(function.id))

    def _deploy(self, function: Function, fields: dict[str, Any], code: bytes, verb: str, call: Call) -> Answer:
        """Begin to build and start a function with these fields; the former ones stay if that fails."""
        former = function.fields if verb == "UPDATE_FUNCTION" else None
        function.fields = {**function.fields, "state": "DEPLOYING"}

        def finish(result: Any) -> Mapping[str, Any]:
            if isinstance(result, DeployError):
                if former is None:
                    function.fields = {**fields, "state": "FAILED"}
                else:
                    function.fields = {**former, "stateMessages": _messages(str(result))}
                raise RefusedError("INVALID_ARGUMENT", str(result))
            function.code = code
            function.fields = self._served(function, fields, str(result), call.caller)
            return {"@type": f"{_TYPE}Function", **self._shown(function)}

        work = self.builder.deploy(function.id, fields, code)
        return self._begin(function.name, verb, call, finish, work)

    def _served(self, function: Function, fields: Mapping[str, Any], url: str, caller: str) -> dict[str, Any]:
        """Return the fields of a function that runs now."""
        service, name = dict(fields["serviceConfig"]), self._service(function)
        limits = {"memory": service["availableMemory"], "cpu": service["availableCpu"]}
        variables = [{"name": key, "value": text} for key, text in (service.get("environmentVariables") or {}).items()]
        template = {
            "containers": [{"name": "worker", "env": variables, "resources": {"limits": limits}}],
            "serviceAccount": service["serviceAccountEmail"],
            "timeout": f"{service['timeoutSeconds']}s",
            "maxInstanceRequestConcurrency": service["maxInstanceRequestConcurrency"],
            "scaling": {"maxInstanceCount": service["maxInstanceCount"]},
        }
        labels = {**(fields.get("labels") or {}), "goog-managed-by": "cloudfunctions"}
        more = {
            "uri": url,
            "urls": [url],
            "labels": labels,
            "client": "cloudfunctions",
            "ingress": "INGRESS_TRAFFIC_ALL",
        }
        revision = self.services.put(name, caller, template, more)
        build = {**fields["buildConfig"], "build": f"{self._parent(function)}/builds/{self.project.uuid()}"}
        shown = {**fields, "state": "ACTIVE", "url": url, "updateTime": self.project.now(), "buildConfig": build}
        shown.pop("stateMessages", None)
        return {**shown, "serviceConfig": {**service, "uri": url, "service": name, "revision": revision}}

    def _checked(self, given: Mapping[str, Any], caller: str) -> dict[str, Any]:
        """Return a function's fields as Google completes them. Raises: RefusedError."""
        service = {
            key: value for key, value in (given.get("serviceConfig") or {}).items() if key not in _SERVICE_OUTPUT
        }
        build = {key: value for key, value in (given.get("buildConfig") or {}).items() if key not in _BUILD_OUTPUT}
        given = {**given, "serviceConfig": service, "buildConfig": build}
        check_function(given)
        fields = completed(given, self.project.default_account)
        for email in (fields["serviceConfig"]["serviceAccountEmail"], _build_account(fields)):
            if email:
                self.accounts.check_known(email, self.project.settings.answer_of_unknown)
                self.accounts.check_acts_as(caller, email)
        return fields

    def _source(self, given: Mapping[str, Any]) -> bytes:
        source = ((given.get("buildConfig") or {}).get("source") or {}).get("storageSource") or {}
        bucket, name = str(source.get("bucket") or ""), str(source.get("object") or "")
        if not bucket or not name:
            raise invalid("The source of the function is missing.", "function.build_config.source")
        code = self.uploads.source(bucket, name)
        if code is None:
            raise invalid(f"Source code gs://{bucket}/{name} was not found.", "function.build_config.source")
        return code

    def _begin(self, target: str, verb: str, call: Call, finish: Any, work: Any = None) -> Answer:
        parent = target.partition("/functions/")[0]
        metadata = {
            "@type": f"{_TYPE}OperationMetadata",
            "createTime": self.project.now(),
            "target": target,
            "verb": verb.partition("_")[0].lower(),
            "cancelRequested": False,
            "apiVersion": "v2",
            "operationType": verb,
        }
        name = f"{parent}/operations/operation-{self.project.digits(13)}-{self.project.uuid()}"
        return self.operations.begin("cloudfunctions", name, target, metadata, finish, work)

    def _busy(self, name: str) -> RefusedError:
        return conflicting(f"unable to queue the operation: an operation on {name} is already in progress")

    def _there(self, given: str) -> Function:
        name = self.project.own(given)
        if name not in self._all:
            raise missing(f"Resource '{name}' was not found")
        return self._all[name]

    def _shown(self, function: Function) -> dict[str, Any]:
        return {"name": function.name, **function.fields}

    def _parent(self, function: Function) -> str:
        return function.name.partition("/functions/")[0]

    def _service(self, function: Function) -> str:
        return f"{self._parent(function)}/services/{function.id}"

    def _check_region(self, parent: str) -> None:
        region = parent.rpartition("/locations/")[2].partition("/")[0]
        if region != self.project.region:
            raise RefusedError("PERMISSION_DENIED", f"Permission denied on 'locations/{region}' (or it may not exist).")


def _refuse_taken(name: str) -> Any:
    def finish(result: object) -> Mapping[str, Any]:
        raise taken(f"Resource '{name}' already exists.")

    return finish


def _build_account(fields: Mapping[str, Any]) -> str:
    return str(fields["buildConfig"].get("serviceAccount") or "").rpartition("/")[2]


def _messages(problem: str) -> list[dict[str, str]]:
    return [{"severity": "ERROR", "type": "DeployFailed", "message": problem}]


def _runtimes(call: Call) -> Answer:
    names = (f"python3{minor}" for minor in range(10, 15))
    return {"runtimes": [{"name": name, "stage": "GA", "environment": "GEN_2"} for name in names]}

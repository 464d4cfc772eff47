"""Cloud Run functions behind the port `FunctionHost`: Cloud Functions v2, and who may call the service below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from l3kit.clouds.gcp.control import function_bodies as bodies
from l3kit.clouds.gcp.control.code_digests import LABEL, digest_label
from l3kit.clouds.gcp.control.function_logs import read_log
from l3kit.clouds.gcp.control.invocations import Post, invoke, post_with_requests
from l3kit.clouds.gcp.control.jobs import as_timer, read_job
from l3kit.clouds.gcp.control.place import FUNCTIONS, SEEN_LIMIT, Place, already_there
from l3kit.clouds.gcp.control.policies import change, service_policy
from l3kit.clouds.gcp.control.refusals import explained, is_concurrent, is_taken, unless_missing
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.function_host import Definition, Deployed, Timer
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.errors import ProvisioningError
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE

ROLE = (
    "roles/cloudfunctions.admin and roles/run.admin on the project, with roles/iam.serviceAccountUser on its accounts"
)
INVOKER = "roles/run.invoker"
EVERYBODY = "allUsers"
READY_LIMIT = 1200.0
"""Maximum seconds for a function to be built and started."""
ACCOUNT_LIMIT = 600.0
"""Maximum seconds until Cloud Functions knows a new account and its roles; a build that lacks one takes minutes."""
WHOLE = "description,labels,buildConfig,serviceConfig"
"""The parts of a function that l3kit sends."""
_TOKENS = (TOKEN_VARIABLE, FORMER_VARIABLE)
ZIP = {"Content-Type": "application/zip"}


@dataclass(frozen=True)
class CloudRunFunctions:
    """The functions of one project and region.

    A definition's identity is the id of a service account of the project, and so is each of its callers.
    """

    place: Place
    post: Post = field(default=post_with_requests, repr=False, compare=False)

    def get(self, name: str) -> Deployed | None:
        with explained(f"function {name}", ROLE):
            there = self._read(name)
            if there is None:
                return None
            members = self._invokers(name)
        prefix = "serviceAccount:"
        callers = [
            bodies.account_of(self.place, one.removeprefix(prefix)) for one in sorted(members) if one != EVERYBODY
        ]
        return bodies.deployed(self.place, there, EVERYBODY in members, callers)

    def create(self, name: str, definition: Definition, code: bytes) -> None:
        with self._explained(name, definition):
            self._send(name, definition, code, self._creation(name))
            self._set_invokers(name, _members(self.place, definition))

    def update(self, name: str, definition: Definition, code: bytes) -> None:
        """Change what differs: who may not call it any more first, then code and settings, then who may call it."""
        with self._explained(name, definition):
            there = self._settled(name)
            if there is None:
                self.create(name, definition, code)
                return
            members = self._invokers(name)
            allowed = _members(self.place, definition)
            if members - allowed:
                self._set_invokers(name, members & allowed)
            if mask := self._mask(there, definition, code):
                self._send(name, definition, code, self._patch(name, mask))
            self._set_invokers(name, allowed)

    def delete(self, name: str) -> None:
        with explained(f"function {name}", ROLE):
            what = f"function {name} can be deleted"
            begun = self.place.patience.retry_while(lambda: self._begin_delete(name), is_concurrent, what, READY_LIMIT)
            if begun is not None:
                self._wait(begun, f"function {name} is gone")

    def address(self, name: str) -> str:
        """Return the url of the service, which is the audience of its callers' tokens."""
        with explained(f"function {name}", ROLE):
            there = self._read(name)
        return "" if there is None else bodies.address(there)

    def timers(self, name: str) -> Mapping[str, Timer]:
        """Return the job that has the function's name."""
        with explained(f"schedule {name}", "roles/cloudscheduler.viewer on the project"):
            job = read_job(self.place, name)
        return {} if job is None else {name: as_timer(job, self.address(name), is_live=self.place.is_live)}

    def log(self, name: str, since: datetime | None) -> Iterator[LogLine]:
        return read_log(self.place, name, since)

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        """Call a function as the account that starts functions from outside."""
        there = self.get(name)
        if there is None:
            raise ProvisioningError(f"function {name}", "is not deployed", "Run deploy_l3 first")
        return invoke(self.place, self.post, there, body, timeout)

    def _creation(self, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        tried: list[bool] = []

        def create(body: dict[str, Any]) -> dict[str, Any]:
            if tried and self._is_there(name):  # its build failed, and left a function that has never run
                return self._patch(name, WHOLE)(body)
            tried.append(True)
            parent = f"v2/{self.place.location}/functions"
            try:
                return self._finished(self.place.control.post(FUNCTIONS, parent, body, {"functionId": name}), name)
            except Refusal as refusal:
                if is_taken(refusal) or is_concurrent(refusal):
                    is_there = partial(self._is_there, name)
                    raise already_there(self.place, f"function {name}", is_there) from None
                raise

        return create

    def _patch(self, name: str, mask: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def patch(body: dict[str, Any]) -> dict[str, Any]:
            return self._finished(
                self.place.control.patch(FUNCTIONS, self._path(name), body, {"updateMask": mask}), name
            )

        return patch

    def _send(
        self, name: str, definition: Definition, code: bytes, send: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> None:
        """Upload the code and send the function, again while its accounts are not known everywhere."""
        emails = (self.place.email(definition.identity), self.place.names(definition.owner).email("build"))
        source = self._upload(code)
        body = bodies.body(self.place, name, definition, code, source)
        what = f"the service accounts of function {name} are known to Cloud Functions"
        self.place.patience.retry_while(lambda: send(body), lambda no: _is_new(no, emails), what, ACCOUNT_LIMIT)
        self.place.patience.wait(lambda: self._is_there(name), f"function {name} is found", SEEN_LIMIT)
        there = self._settled(name)
        state = "it is gone" if there is None else bodies.state_of(self.place, there, definition.owner)
        if state != "active":
            raise ProvisioningError(f"function {name}", state, "Apply again once the cause is gone")

    def _upload(self, code: bytes) -> Mapping[str, Any]:
        """Upload the zip to where Google Cloud wants it."""
        path = f"v2/{self.place.location}/functions:generateUploadUrl"
        given = self.place.control.post(FUNCTIONS, path, {"environment": "GEN_2"})
        self.place.control.upload(str(given["uploadUrl"]), code, ZIP)
        source: Mapping[str, Any] = given["storageSource"]
        return source

    def _mask(self, there: Mapping[str, Any], definition: Definition, code: bytes) -> str:
        """Return the parts of a function that differ; empty if none does."""
        had = bodies.deployed(self.place, there, False, ())
        labelled = there.get("labels", {}).get(LABEL) == digest_label(code)
        if not labelled or had.state != "active" or had.definition.python != definition.python:
            return WHOLE
        same = (
            had.definition.settings == definition.settings
            and had.definition.timeout == definition.timeout
            and had.definition.memory_mb == definition.memory_mb
            and had.definition.identity == definition.identity
            and had.definition.owner == definition.owner
        )
        return "" if same else "labels,serviceConfig"

    def _settled(self, name: str) -> dict[str, Any] | None:
        """Return the function once no change of it is under way; None if there is none."""
        return self.place.patience.poll(
            lambda: self._read(name),
            lambda there: there is None or not bodies.is_busy(there),
            f"function {name} is made or changed",
            READY_LIMIT,
        )

    def _finished(self, begun: Mapping[str, Any], name: str) -> dict[str, Any]:
        return self._wait(begun, f"function {name} is active")

    def _wait(self, begun: Mapping[str, Any], what: str) -> dict[str, Any]:
        return self.place.control.wait(FUNCTIONS, begun, what, READY_LIMIT)

    def _begin_delete(self, name: str) -> dict[str, Any] | None:
        return unless_missing(lambda: self.place.control.delete(FUNCTIONS, self._path(name)))

    def _invokers(self, name: str) -> set[str]:
        policy = unless_missing(service_policy(self.place, name).read) or {}
        of_role = [one for one in policy.get("bindings", ()) if one["role"] == INVOKER]
        return {str(member) for one in of_role for member in one.get("members", ())}

    def _set_invokers(self, name: str, members: set[str]) -> None:
        """Let exactly these call the function; other roles on its service stay."""

        def changed(policy: dict[str, Any]) -> dict[str, Any]:
            others = [one for one in policy.get("bindings", ()) if one["role"] != INVOKER]
            ours = [{"role": INVOKER, "members": sorted(members)}] if members else []
            return {**policy, "bindings": [*others, *ours]}

        change(self.place, service_policy(self.place, name), changed)

    def _is_there(self, name: str) -> bool:
        return self._read(name) is not None

    def _read(self, name: str) -> dict[str, Any] | None:
        return unless_missing(lambda: self.place.control.get(FUNCTIONS, self._path(name)))

    def _path(self, name: str) -> str:
        return f"v2/{self.place.location}/functions/{name}"

    def _explained(self, name: str, definition: Definition) -> Any:
        return explained(f"function {name}", ROLE, _secrets(definition.settings))


def _secrets(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tokens among a function's settings, and the addresses, which hold a key on some clouds."""
    return tuple(text for name, text in settings.items() if name in _TOKENS or name.endswith("_URL"))


def _members(place: Place, definition: Definition) -> set[str]:
    if definition.public:
        return {EVERYBODY}
    return {f"serviceAccount:{place.email(caller)}" for caller in definition.callers}


def _is_new(refusal: Refusal, emails: Sequence[str]) -> bool:
    """Return whether the function was refused because an account, or a role of it, is not known yet.

    A build ends so with code 3 or 7; whoever may not use the account at all is told at once.
    """
    words = refusal.message
    named = any(one in words for one in emails) or "ervice account" in words or "missing permission" in words
    return refusal.status in (400, 403, 404) and named and not (refusal.status == 403 and "actas" in words.lower())

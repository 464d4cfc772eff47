"""Google Cloud's control plane: every request to one of its APIs, from the token to the answer. No I/O of its own."""

from __future__ import annotations

import inspect
import logging
import random as random_module
from collections.abc import Callable, Sequence

from l3kit.sandbox.gcp.control.answers import ControlAnswer, ControlRequest, RefusedError, error_info, json_answer
from l3kit.sandbox.gcp.control.apis import Apis
from l3kit.sandbox.gcp.control.calls import Call, Method
from l3kit.sandbox.gcp.control.effects import Effects, Tokens
from l3kit.sandbox.gcp.control.faults import ArrangedFaults, answer_of
from l3kit.sandbox.gcp.control.iam import Judge
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.control.rates import Rates
from l3kit.sandbox.gcp.control.rules import Match, Rules, invalid_argument, no_such_method
from l3kit.sandbox.gcp.control.settings import PlaneSettings

_LOG = logging.getLogger(__name__)
_LOGIN = "See https://developers.google.com/identity/sign-in/web/devconsole-project."


class ControlPlane:
    """One project's control plane.

    Args:
        project: its id.
        region: the one in which functions can be.
        clock: seconds since 1970.
        random: for ids and etags, which are no secrets.
        tokens: who calls.
        owners: emails with the role of the owner.

    Attributes:
        faults: those that tests arrange.
    """

    def __init__(
        self,
        project: str,
        region: str,
        rules: Rules,
        effects: Effects,
        clock: Callable[[], float],
        random: random_module.Random,
        settings: PlaneSettings,
        *,
        tokens: Tokens,
        owners: Sequence[str] = (),
    ) -> None:
        self.project = Project(project, region, settings, clock, random)
        self.faults = ArrangedFaults()
        self._rates = Rates(self.project)
        self._rules = rules
        self._tokens = tokens
        self._apis = Apis(self.project, effects, tokens)
        self._methods = self._apis.methods()
        self._apis.begin(owners)

    @property
    def judge(self) -> Judge:
        """Return the judge of all calls, of the data's services too."""
        return self._apis.policies

    def account_of(self, function: str) -> str | None:
        """Return the email of the account as which a function runs; None if the control plane did not deploy it."""
        return self._apis.functions.account_of(function)

    def set_verification(self, address: str, status: str) -> None:
        """Give the notification channels of an address a verification status, which Google gives and nobody sets."""
        self._apis.alerts.set_verification(address, status)

    async def handle(self, request: ControlRequest) -> ControlAnswer:
        """Answer a request, whatever it holds."""
        try:
            return await self._answer(request)
        except RefusedError as refusal:
            return refusal.answer(request.service)
        except Exception as error:
            # Not the error's text: a request's content could be in it.
            _LOG.error("%s %s: %s", request.verb, request.service, type(error).__name__)
            return RefusedError("INTERNAL", f"Internal error encountered ({type(error).__name__}).").answer(
                request.service
            )

    async def close(self) -> None:
        """End the work of operations."""
        await self._apis.operations.close()

    async def _answer(self, request: ControlRequest) -> ControlAnswer:
        await self._apis.operations.settle()
        if self._apis.uploads.is_meant(request):
            return self._apis.uploads.put(request)
        match = self._rules.match(request.service, request.verb, request.path)
        if match is None:
            status, page = no_such_method(f"/{request.path}", self._rules.verbs(request.service, request.path))
            return ControlAnswer(status, {"Content-Type": "text/html; charset=UTF-8"}, page.encode())
        fault = self.faults.take(match.id)
        if fault is not None and not fault.after:
            return answer_of(fault, request.service)
        answer = await self._called(request, match)
        return answer_of(fault, request.service) if fault is not None else answer

    async def _called(self, request: ControlRequest, match: Match) -> ControlAnswer:
        caller = self._caller(request)
        self._apis.usage.check(request.service)
        self._rates.count(request.service)
        if faults := self._rules.faults(match, request.query, request.body):
            status, content = invalid_argument(faults, request.service)
            return json_answer(content, status)
        method = self._methods.get(match.id)
        if method is None:
            raise RefusedError("UNIMPLEMENTED", f"The l3kit sandbox does not serve {match.id}")
        call = self._call(request, match, caller)
        self._admit(call, method)
        answer = method.handle(call)
        if inspect.isawaitable(answer):
            answer = await answer
        return answer if isinstance(answer, ControlAnswer) else json_answer(answer)

    def _caller(self, request: ControlRequest) -> str:
        """Return the email of the token's owner. Raises: RefusedError."""
        given = next((text for name, text in request.headers.items() if name.lower() == "authorization"), "")
        scheme, _, token = given.partition(" ")
        if not given:
            raise _unauthenticated("Request is missing required authentication credential.", "CREDENTIALS_MISSING")
        email = self._tokens.email_of(token.strip()) if scheme.lower() == "bearer" else None
        if email is None or not self._apis.accounts.exists(email):
            raise _unauthenticated("Request had invalid authentication credentials.", "ACCESS_TOKEN_TYPE_UNSUPPORTED")
        return email

    def _call(self, request: ControlRequest, match: Match, caller: str) -> Call:
        lists: dict[str, list[str]] = {}
        for name, text in self._rules.parameters(match, request.query):
            lists.setdefault(name, []).append(text)
        first = {name: texts[0] for name, texts in lists.items()}
        body = self._rules.message(match, request.body)
        every = {name: tuple(texts) for name, texts in lists.items()}
        return Call(match.id, match.parameters, first, every, body, caller, request.base)

    def _admit(self, call: Call, method: Method) -> None:
        """Refuse a caller without the permission. Raises: RefusedError."""
        resource = self.project.own(method.resource(call) if method.resource is not None else call.name)
        other = resource.startswith("projects/") and resource.split("/")[1] not in (self.project.id, "_")
        if not other and not method.permission:
            return
        refused = self.judge.refusal(call.caller, method.permission, resource)
        if not other and refused is None:
            return
        permission = method.permission or "resourcemanager.projects.get"
        message = refused or f"Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
        if call.method.startswith("storage."):
            message = f"{call.caller} does not have {permission} access to the Google Cloud Storage bucket. {message}"
        info = error_info("IAM_PERMISSION_DENIED", "iam.googleapis.com", resource=resource, permission=permission)
        raise RefusedError("PERMISSION_DENIED", message, () if call.method.startswith("storage.") else (info,))


def _unauthenticated(message: str, reason: str) -> RefusedError:
    wanted = "Expected OAuth 2 access token, login cookie or other valid authentication credential."
    info = error_info(reason, "googleapis.com")
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'}
    return RefusedError("UNAUTHENTICATED", f"{message} {wanted} {_LOGIN}", [info], headers=headers)

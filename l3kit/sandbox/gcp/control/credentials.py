"""IAM Credentials: tokens of service accounts for somebody who may act as them."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.sandbox.gcp.control.accounts import Accounts
from l3kit.sandbox.gcp.control.answers import invalid, missing
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods
from l3kit.sandbox.gcp.control.effects import Tokens
from l3kit.sandbox.gcp.control.project import Project, time_text

MAX_SECONDS = 3600
"""Longest life of a token unless an organization allows more."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Gives out tokens, which are in its answers alone."""

    project: Project
    accounts: Accounts
    tokens: Tokens

    def methods(self) -> Methods:
        prefix = "iamcredentials.projects.serviceAccounts"
        return {
            f"{prefix}.generateAccessToken": Method(
                self._access_token, "iam.serviceAccounts.getAccessToken", self._resource
            ),
            f"{prefix}.generateIdToken": Method(
                self._identity_token, "iam.serviceAccounts.getOpenIdToken", self._resource
            ),
        }

    def _resource(self, call: Call) -> str:
        return f"{self.project.name}/serviceAccounts/{_email(call)}"

    def _access_token(self, call: Call) -> Answer:
        if not call.body.get("scope"):
            raise invalid("Scope required.", "scope")
        lifetime = float(str(call.body.get("lifetime") or f"{MAX_SECONDS}s").removesuffix("s"))
        if not 0 < lifetime <= MAX_SECONDS:
            raise invalid(f"The lifetime of a token is at most {MAX_SECONDS} seconds.", "lifetime")
        token = self.tokens.access_token(self._known(call))
        return {"accessToken": token, "expireTime": time_text(self.project.clock() + lifetime)}

    def _identity_token(self, call: Call) -> Answer:
        audience = str(call.body.get("audience") or "")
        if not audience:
            raise invalid("Audience required.", "audience")
        return {"token": self.tokens.identity_token(self._known(call), audience)}

    def _known(self, call: Call) -> str:
        email = _email(call)
        if not self.accounts.is_known(email) or not self.accounts.exists(email):
            raise missing("Not found; Gaia id not found for email " + email)
        return email


def _email(call: Call) -> str:
    return call.name.rpartition("/")[2]

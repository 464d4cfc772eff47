"""Opening of a project of Google Cloud, with the usual credentials or those that are given."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import google.auth
import google.oauth2.credentials
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.auth.transport.requests import AuthorizedSession

from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.gcp.control.google_api import GoogleApi
from l3kit.clouds.gcp.control.place import PROJECTS, Place
from l3kit.clouds.gcp.control.refusals import error_of, is_disabled
from l3kit.clouds.gcp.control.topics import PubSub
from l3kit.clouds.gcp.control.traffic import Traffic
from l3kit.clouds.gcp.data.credentials import LOG_IN, SCOPE, shown
from l3kit.clouds.gcp.session import GcpSession
from l3kit.clouds.ports.control import Control, Refusal
from l3kit.clouds.shared.waiting import LONGEST_WAIT
from l3kit.errors import ConfigurationError, PermissionMissingError, ProvisioningError

CREDENTIALS = "Google Cloud credentials"
_CHECK = "Check gcp_project: it is the project's id, not its name or number; or grant whoever runs this roles/browser"
_NO_REGION = "Set it to the twin's region, such as us-central1; data cannot be moved to another one later"

Found = Callable[[], tuple[Credentials, str]]
"""Returns the credentials, and the project that they belong to; empty if it is unknown.

Raises: PermissionMissingError if there are none.
"""


def _google(host: str) -> str:
    return f"https://{host}"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of Google Cloud, by default Google's own.

    Attributes:
        control: returns the address of an API by its host.
        storage: address of Cloud Storage; None for Google's.
        firestore: host and port of a Firestore server without TLS; None for Google's.
        between: maximum seconds between two looks at what is awaited.
    """

    control: Callable[[str], str] = _google
    storage: str | None = None
    firestore: str | None = None
    between: float = LONGEST_WAIT


GOOGLE = Endpoints()


def found_credentials(default: Callable[..., tuple[Any, str | None]] = google.auth.default) -> tuple[Credentials, str]:
    """Find the credentials that Google's libraries find. Raises: PermissionMissingError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about a missing quota project, which `billed_to` sets
            credentials, project = default(scopes=[SCOPE])
    except DefaultCredentialsError as error:
        text = shown(error)
        cause = "there are none" if "credentials were not found" in text else f"cannot be used ({text})"
        raise PermissionMissingError(CREDENTIALS, f"{cause}; nothing was done", LOG_IN) from None
    return credentials, project or credentials.quota_project_id or ""


def open_project(
    project: str, region: str, *, found: Found = found_credentials, endpoints: Endpoints = GOOGLE
) -> GcpSession:
    """Open a session on a project, and check that it is there; changes nothing.

    Args:
        project: its id; empty takes that of the credentials.
    Raises: ConfigurationError without a project or a region; PermissionMissingError without usable credentials, or if
        they may not see the project; ProvisioningError.
    """
    if not region:
        raise ConfigurationError("gcp_region", "is empty; nothing was done", _NO_REGION)
    credentials, its_project = found()
    project = project or its_project
    if not project:
        cause = "is empty, and the credentials belong to no project; nothing was done"
        raise ConfigurationError("gcp_project", cause, "Set it to the id of the twin's project")
    session = session_on(project, region, billed_to(credentials, project), endpoints)
    check_project(session.control, project)
    return session


def session_on(project: str, region: str, credentials: Credentials, endpoints: Endpoints) -> GcpSession:
    """Return a session on a project that is known to be there; asks for nothing."""
    traffic = Traffic()
    control = GoogleApi(
        endpoints.control,
        _direct(AuthorizedSession(credentials), endpoints),
        plain=_direct(requests.Session(), endpoints),
        between=endpoints.between,
        seen=traffic,
    )
    place = Place(control, project, region, control.patience, endpoints.storage is None)
    functions, messages = CloudRunFunctions(place), PubSub(place)
    return GcpSession(
        project,
        region,
        endpoints.storage,
        endpoints.firestore,
        functions,
        messages,
        control,
        credentials,
        control.patience,
        traffic,
    )


def billed_to(credentials: Credentials, project: str) -> Credentials:
    """Let a person's requests count for a project, as many APIs demand; a service account's count for its own."""
    if isinstance(credentials, google.oauth2.credentials.Credentials) and not credentials.quota_project_id:
        counted: Credentials = credentials.with_quota_project(project)
        return counted
    return credentials


def check_project(control: Control, project: str) -> None:
    """Check that the project is there and in use, as far as it tells.

    Raises: PermissionMissingError if the credentials may not see it; ProvisioningError.
    """
    resource = f"project {project}"
    try:
        state = str(control.get(PROJECTS, f"v3/projects/{project}").get("state", "ACTIVE"))
    except PermissionMissingError as error:
        raise PermissionMissingError(error.resource, f"{error.cause}; nothing was done", error.remedy) from None
    except Refusal as refusal:
        if is_disabled(refusal):  # as in a new project, until apply enables it
            return
        if refusal.status in (403, 404):
            cause = "does not exist, or the credentials may not see it; nothing was done"
            raise PermissionMissingError(resource, cause, _CHECK) from None
        raise error_of(resource, "roles/browser", refusal) from None
    if state != "ACTIVE":
        raise ProvisioningError(resource, f"is {state}; nothing was done", "Restore it, or set gcp_project to another")


def _direct(http: requests.Session, endpoints: Endpoints) -> requests.Session:
    """Pass over the shell's proxies, of which none stands before loopback, unless this is Google."""
    http.trust_env = endpoints is GOOGLE
    return http

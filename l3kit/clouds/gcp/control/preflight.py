"""Preflight check: ask Google Cloud, before any change, whether the project and the caller can have the twin."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.control.apis import needed_apis
from l3kit.clouds.gcp.control.grants import UNTESTED, Grant, On, kinds_of
from l3kit.clouds.gcp.control.permissions import REQUIRED_PERMISSIONS
from l3kit.clouds.gcp.control.place import FIRESTORE, FUNCTIONS, PROJECTS, SCHEDULER, SERVICES, Place
from l3kit.clouds.gcp.control.refusals import BILLING as LINK_BILLING
from l3kit.clouds.gcp.control.refusals import error_of, is_disabled
from l3kit.clouds.ports.control import Control, Refusal
from l3kit.clouds.ports.operator_permissions import DEPLOYING
from l3kit.errors import ConfigurationError, PermissionMissingError, ProvisioningError
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

BATCH = 100
"""Permissions asked about at once."""
BILLING = "cloudbilling.googleapis.com"
ENABLE = "serviceusage.services.enable"
PLACES: dict[On, tuple[str, str, str]] = {
    "functions": (FUNCTIONS, "v2/projects/{}/locations", "Cloud Run functions"),
    "schedules": (SCHEDULER, "v1/projects/{}/locations", "Cloud Scheduler"),
    "database": (FIRESTORE, "v1/projects/{}/locations", "Firestore"),
}
"""Lists of the regions that have a service."""
_INVALID = re.compile(r"[Pp]ermission '?([A-Za-z.]+)'? is not valid")


def preflight(twin: Twin, cloud: str, place: Place) -> tuple[str, ...]:
    """Check billing, APIs, region and permissions.

    Returns: notes on what could not be checked, and on missing permissions of further commands.
    Raises: PermissionMissingError that lists every missing permission, by role; ProvisioningError; ConfigurationError
        for a region that lacks a service. Nothing was created.
    """
    kinds = kinds_of(twin.layout, cloud, alarms=twin.has_alarms)
    _check_billing(place)
    off = _disabled(place, needed_apis(twin))
    notes = [*_check_region(place, kinds, off)]
    rows = [
        row
        for row in REQUIRED_PERMISSIONS
        if row.on in kinds - UNTESTED and (not row.only or (row.permissions == (ENABLE,) and off))
    ]
    try:
        held, untested = _held(place, {name for row in rows for name in row.permissions})
    except Refusal as refusal:
        return (*notes, _unasked(refusal))
    if untested:
        notes.append(f"Permissions could not be checked beforehand: {', '.join(untested)}.")
    lacking = [(row, missing) for row in rows if (missing := _missing(row, held))]
    needed = [(row, missing) for row, missing in lacking if set(row.verbs) & set(DEPLOYING)]
    if needed:
        raise _refused(twin.name, place.project, needed, off)
    if lacking:
        notes.append(_note(lacking))
    return tuple(notes)


def _missing(row: Grant, held: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in row.permissions if name not in held)


def _refused(
    twin: str, project: str, needed: Sequence[tuple[Grant, Sequence[str]]], off: Sequence[str]
) -> PermissionMissingError:
    by_role: dict[str, dict[str, None]] = {}
    for row, missing in needed:
        by_role.setdefault(row.role, {}).update(dict.fromkeys(missing))
    count = len({name for names in by_role.values() for name in names})
    listed = "; ".join(f"{role}: {', '.join(names)}" for role, names in by_role.items())
    apis = f"; {', '.join(off)} must be switched on" if any(ENABLE in names for names in by_role.values()) else ""
    return PermissionMissingError(
        f"deploying {twin}",
        f"{count_of(count, 'permission')} of project {project} missing, nothing was created: {listed}{apis}",
        f"Grant whoever runs this these roles, or one of `l3kit permissions gcp --twin {twin} --json`",
    )


def _note(lacking: Iterable[tuple[Grant, Sequence[str]]]) -> str:
    rows = list(lacking)
    names = ", ".join(dict.fromkeys(name for _, missing in rows for name in missing))
    verbs = ", ".join(dict.fromkeys(verb for row, _ in rows for verb in row.verbs))
    return f"Whoever runs this may deploy, but not {names}: needed for {verbs}."


def _held(place: Place, names: Collection[str]) -> tuple[set[str], list[str]]:
    """Return which of these permissions the caller has, and those that cannot be tested. Raises: Refusal."""
    held: set[str] = set()
    untested: list[str] = []
    left = sorted(names)
    while left:
        asked, left = left[:BATCH], left[BATCH:]
        try:
            answer = place.control.post(
                PROJECTS, f"v3/projects/{place.project}:testIamPermissions", {"permissions": asked}
            )
        except Refusal as refusal:
            strange = [name for name in _INVALID.findall(refusal.message) if name in asked]
            if refusal.status != 400 or not strange:
                raise
            untested += strange
            left = [name for name in asked if name not in strange] + left
            continue
        held |= {str(name) for name in answer.get("permissions", ())}
    return held | {*untested}, untested


def _unasked(refusal: Refusal) -> str:
    said = f"{PROJECTS} is not enabled" if is_disabled(refusal) else refusal.code or str(refusal.status)
    return f"Permissions could not be checked beforehand (testIamPermissions: {said})."


def _check_billing(place: Place) -> None:
    """Check that the project has billing; silent where that cannot be asked. Raises: ProvisioningError."""
    try:
        answer = place.control.get(BILLING, f"v1/projects/{place.project}/billingInfo")
    except Refusal:
        return  # its API may be off, which is no fault: the first resource then says so
    if answer.get("billingEnabled") is False:
        cause = "has no open billing account; nothing was created"
        raise ProvisioningError(f"project {place.project}", cause, LINK_BILLING)


def _disabled(place: Place, needed: Sequence[str]) -> tuple[str, ...]:
    """Return the twin's APIs that are not on. Raises: ProvisioningError if the project is at fault."""
    asked = [f"projects/{place.project}/services/{name}" for name in sorted(needed)]
    try:
        answer = place.control.get(SERVICES, f"v1/projects/{place.project}/services:batchGet", {"names": asked})
    except Refusal as refusal:
        if refusal.status == 403 and not is_disabled(refusal):
            return ()  # told with the other permissions
        if is_disabled(refusal):
            raise _off(place, SERVICES) from None
        raise error_of(f"APIs of project {place.project}", "roles/serviceusage.serviceUsageViewer", refusal) from None
    on = {
        str(one.get("name", "")).rpartition("/")[2]
        for one in answer.get("services", ())
        if one.get("state") == "ENABLED"
    }
    return tuple(sorted({*needed} - on))


def _off(place: Place, service: str) -> ProvisioningError:
    remedy = f"Enable it: gcloud services enable {service} --project {place.project}"
    return ProvisioningError(f"project {place.project}", f"{service} is not enabled; nothing was created", remedy)


def _check_region(place: Place, kinds: Collection[On], off: Collection[str]) -> Iterator[str]:
    """Check that the region has the services. Yields: a note for each that could not be asked.

    Raises: ConfigurationError.
    """
    for kind, (service, path, title) in PLACES.items():
        if kind not in kinds or service in off:  # one that is off does not say where it would be
            continue
        try:
            found = _locations(place.control, service, path.format(place.project))
        except Refusal as refusal:
            if refusal.status != 404:
                yield f"Whether {place.region} has {title} could not be checked ({refusal.code or refusal.status})."
            continue
        if place.region not in found:
            near = [name for name in sorted(found) if name.partition("-")[0] == place.region.partition("-")[0]]
            raise ConfigurationError(
                f"region {place.region}",
                f"has no {title}; nothing was created",
                f"Set gcp_region to one that has it, such as {', '.join((near or sorted(found))[:5])}",
            )


def _locations(control: Control, service: str, path: str) -> set[str]:
    found: set[str] = set()
    query: dict[str, str] = {"pageSize": "300"}
    while True:
        answer = control.get(service, path, query)
        found |= {str(one.get("locationId", "")) for one in answer.get("locations", ())}
        following = answer.get("nextPageToken")
        if not following:
            return found
        query = {**query, "pageToken": str(following)}

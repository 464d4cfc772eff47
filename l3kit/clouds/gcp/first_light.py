"""First-light on Google Cloud: billed requests, the project, what runs on, what Google keeps, and the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.place import IAM, PROJECTS, STORAGE
from l3kit.clouds.gcp.control.refusals import unless_missing
from l3kit.clouds.gcp.recording import Recorder
from l3kit.clouds.ports.control import Control, Refusal
from l3kit.clouds.ports.first_light import Account, Amounts, ExpectedUse
from l3kit.errors import L3Error, PermissionMissingError

if TYPE_CHECKING:
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

OBJECT_BYTES = 65_536
"""Upper bound for a chunk of these items."""
RUNNING_LIMIT = 1200.0
"""Maximum seconds for what was begun to end, such as the build of a function."""
TOKEN_PERMISSION = "iam.serviceAccounts.getOpenIdToken"
TOKEN_ROLE = "roles/iam.serviceAccountOpenIdTokenCreator"


class GcpFirstLight:
    """The port `FirstLight`."""

    packages = ("google-auth", "google-cloud-firestore")
    shared_kinds = ("APIs of project",)
    archive_answers = True
    minutes = "20 to 60 minutes"
    settling_seconds = 420.0

    def uses(self, amounts: Amounts) -> Iterator[ExpectedUse]:
        items, chunks, archived = amounts.items, amounts.chunks, amounts.archived
        documents, runs = ("firestore", "standard"), ("cloud_run", "request_based")
        standard, cold, archive = ("gcs", "standard"), ("gcs", "coldline"), ("gcs", "archive")
        rows: tuple[tuple[str, str, tuple[str, str], str, int], ...] = (
            ("ingest", "items written", documents, "writes", items),
            ("hot to cold", "journal records and swaps", documents, "writes", 100),
            ("hot to cold", "items deleted once moved", documents, "deletes", items),
            ("reads", "items read by the movers and by three queries", documents, "reads", 4 * items + 200),
            ("cold storage", "settings of the buckets, sources of the functions", standard, "class_a", 100),
            ("hot to cold", "chunks, receipts, reports and lists", cold, "class_a", 60 + 4 * chunks),
            ("reads", "chunks read", cold, "class_b", 60),
            ("cold to archive", "chunks, receipts and lists", archive, "class_a", 40 + 4 * archived),
            ("reads", "archived chunks looked at", archive, "class_b", 20),
            ("cold storage", "90 days at least, for each object", cold, "storage", 3 * OBJECT_BYTES * chunks),
            ("archive storage", "365 days at least", archive, "storage", 12 * OBJECT_BYTES * archived),
            ("hot to cold", "calls of the functions", runs, "requests", 20),
            ("hot to cold", "4 runs of at most 30 s, one vCPU", runs, "vcpu", 120),
            ("hot to cold", "4 runs of at most 30 s with 2 GiB", runs, "memory", 240),
            ("schedules", "2 jobs for a month, of which each part counts whole", ("scheduler", "jobs"), "jobs", 2),
            ("schedules", "log lines", ("logs", "ingest"), "ingest", 5_000_000),
        )
        for part, item, (service, tier), rate, quantity in rows:
            yield ExpectedUse(part, item, service, tier, rate, Decimal(quantity))

    def unpriced(self) -> tuple[str, ...]:
        return ("Cloud Build builds each function, about 2 minutes each, and Artifact Registry keeps the images",)

    def account(self, cloud: Cloud) -> Account:
        session = _session(cloud)
        return Account(session.project, session.region)

    def check(self, cloud: Cloud) -> None:
        """Check that movers can be called: an owner alone may not have identity tokens of an account."""
        session = _session(cloud)
        if session.control is None:
            return
        asked = {"permissions": [TOKEN_PERMISSION]}
        try:
            answer = session.control.post(PROJECTS, f"v3/projects/{session.project}:testIamPermissions", asked)
        except Refusal:  # its API is perhaps not enabled yet; the step that needs it then says so
            return
        if TOKEN_PERMISSION not in answer.get("permissions", ()):
            cause = f"lack {TOKEN_PERMISSION}, without which no mover can be called; nothing was done"
            remedy = (
                f"Grant whoever runs this {TOKEN_ROLE}, which takes minutes: gcloud projects add-iam-policy-binding "
                f"{session.project} --condition=None --role={TOKEN_ROLE} --member=user:YOU"
            )
            raise PermissionMissingError("Google Cloud credentials", cause, remedy)

    def watch_calls(self, cloud: Cloud, seen: Callable[[str], None]) -> None:
        """Requests to the control plane, by API, method and kind of resource."""
        _session(cloud).traffic.watch(lambda one: seen(_call(one.service, one.method, one.path)))

    def settle(self, cloud: Cloud) -> None:
        """Wait until operations have ended that were interrupted: what they make cannot be found before."""
        session = _session(cloud)
        for service, operation in session.traffic.running():
            if session.control is not None:
                with suppress(Refusal, L3Error):  # how it ended, the removal finds out
                    session.control.wait(service, {"name": operation}, f"{operation} ends", RUNNING_LIMIT)

    def recorder(self, cloud: Cloud, twin: Twin) -> Recorder | None:
        session = _session(cloud)
        if session.control is None:
            return None
        recorder = Recorder(twin.name, lambda: _placeholders(session, twin.name), lambda: _secrets(session))
        session.traffic.watch(recorder)
        return recorder

    def left_behind(self, cloud: Cloud, twin: Twin) -> tuple[str, ...]:
        """Nothing: whatever has a name of the twin is in a plan of its removal."""
        return ()

    def kept(self, cloud: Cloud, twin: Twin) -> list[str]:
        """Deleted roles, and where Cloud Functions keeps sources and images, which is for others in the project too."""
        session = _session(cloud)
        if session.control is None:
            return []
        roles = [f"role {name} (deleted, gone after 7 days)" for name in _deleted_roles(session, twin.name)]
        buckets = [f"bucket {name} (sources of functions)" for name in _source_buckets(session.control, session)]
        return [
            *roles,
            *buckets,
            f"image repository gcf-artifacts in {session.region}, if nothing had built a function before",
            "log lines of the functions for 30 days",
            "the APIs that were enabled",
        ]

    def secrets(self, cloud: Cloud, twin: Twin) -> tuple[str, ...]:
        """The project's id and number, the digest in bucket names, and who runs this."""
        session = _session(cloud)
        return tuple(one for one in _placeholders(session, twin.name) if one)


def _session(cloud: Cloud) -> GcpSession:
    assert isinstance(cloud, GcpCloud)
    return cloud.session


def _call(service: str, method: str, path: str) -> str:
    """Return a request's name, such as `firestore.databases.GET` or `cloudfunctions.functions.generateUploadUrl`."""
    parts = path.partition("?")[0].split("/")[2 if service == STORAGE else 1 :]
    last, _, verb = parts[-1].partition(":") if parts else ("", "", "")
    kinds = [*parts[:-1], last][::2]
    return f"{service.partition('.')[0]}.{kinds[-1] if kinds else ''}.{verb or method}"


def _deleted_roles(session: GcpSession, twin: str) -> list[str]:
    assert session.control is not None
    control, query = session.control, {"showDeleted": "true", "pageSize": "1000"}
    try:
        found = unless_missing(lambda: control.get(IAM, f"v1/projects/{session.project}/roles", query)) or {}
    except Refusal:
        return []
    prefix = session.names(twin).role("")
    names = [str(one["name"]).rpartition("/")[2] for one in found.get("roles", ()) if one.get("deleted")]
    return sorted(name for name in names if name.startswith(prefix))


def _source_buckets(control: Control, session: GcpSession) -> list[str]:
    query = {"project": session.project, "prefix": "gcf-v2-", "fields": "items(name)"}
    try:
        found = unless_missing(lambda: control.get(STORAGE, "storage/v1/b", query)) or {}
    except Refusal:
        return []
    return sorted(str(one["name"]) for one in found.get("items", ()) if session.region in str(one["name"]))


def _placeholders(session: GcpSession, twin: str) -> Mapping[str, str]:
    """Return what tells the project, with what stands for it."""
    digest = session.names(twin).store("cold").rpartition("-")[2]
    found = {session.project: "${projectId}", digest: "${bucketId}", _person(session): "${email}"}
    if session.control is not None:
        with suppress(Refusal, L3Error):
            name = session.control.get(PROJECTS, f"v3/projects/{session.project}").get("name", "")
            found[str(name).rpartition("/")[2]] = "${projectNumber}"
    return found


def _person(session: GcpSession) -> str:
    for name in ("service_account_email", "account"):
        if isinstance(who := getattr(session.credentials, name, ""), str) and "@" in who:
            return who
    return ""


def _secrets(session: GcpSession) -> tuple[str, ...]:
    token = getattr(session.credentials, "token", None)
    return (str(token),) if token else ()


FIRST_LIGHT = GcpFirstLight()

"""The permissions of the APIs that the double serves, and which of them the predefined roles have.

The roles have those of their permissions that the double knows (IAM, "IAM basic and predefined roles reference").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

_POLICY = "getIamPolicy setIamPolicy"
_KNOWN: Mapping[str, str] = {
    "artifactregistry.repositories": f"create delete get list update downloadArtifacts uploadArtifacts {_POLICY}",
    "artifactregistry.tags": "create get list update delete",
    "artifactregistry.files": "get list",
    "cloudbuild.builds": "create get list update",
    "cloudfunctions.functions": f"call create delete get invoke list sourceCodeGet sourceCodeSet update {_POLICY}",
    "cloudfunctions.locations": "get list",
    "cloudfunctions.operations": "get list",
    "cloudfunctions.runtimes": "list",
    "cloudscheduler.jobs": "create delete enable fullView get list pause run update",
    "cloudscheduler.locations": "get list",
    "datastore.databases": "create delete export get getMetadata import list update",
    "datastore.entities": "allocateIds create delete get list update",
    "datastore.indexes": "create delete get list update",
    "datastore.locations": "get list",
    "datastore.namespaces": "get list",
    "datastore.operations": "cancel delete get list",
    "datastore.statistics": "get list",
    "iam.roles": "create delete get list undelete update",
    "iam.serviceAccounts": (
        "actAs create delete disable enable get getAccessToken getOpenIdToken implicitDelegation list signBlob "
        f"signJwt undelete update {_POLICY}"
    ),
    "iam.serviceAccountKeys": "create delete get list",
    "logging.buckets": "create delete get list undelete update",
    "logging.logEntries": "create list route",
    "logging.logs": "delete list",
    "logging.sinks": "create delete get list update",
    "logging.views": "access get list",
    "logging.privateLogEntries": "list",
    "logging.logMetrics": "create delete get list update",
    "monitoring.alertPolicies": "create delete get list update",
    "monitoring.metricDescriptors": "create delete get list",
    "monitoring.notificationChannels": "create delete get getVerificationCode list sendVerificationCode update verify",
    "monitoring.timeSeries": "create list",
    "pubsub.snapshots": "create delete get list seek update",
    "pubsub.subscriptions": f"consume create delete get list update {_POLICY}",
    "pubsub.topics": f"attachSubscription create delete detachSubscription get list publish update {_POLICY}",
    "resourcemanager.projects": f"get update {_POLICY}",
    "run.jobs": "run",
    "run.locations": "list",
    "run.operations": "delete get list",
    "run.revisions": "delete get list",
    "run.routes": "get invoke list",
    "run.services": f"create delete get list update {_POLICY}",
    "serviceusage.operations": "cancel delete get list",
    "serviceusage.quotas": "get update",
    "serviceusage.services": "disable enable get list use",
    "storage.buckets": f"create delete enableObjectRetention get list restore update {_POLICY}",
    "storage.managedFolders": f"create delete get list {_POLICY}",
    "storage.multipartUploads": "abort create list listParts",
    "storage.objects": f"create delete get list move restore setRetention update {_POLICY}",
}
KNOWN = frozenset(f"{kind}.{verb}" for kind, verbs in _KNOWN.items() for verb in verbs.split())
"""All permissions that there are, as far as the double knows."""

_IMPERSONATION = tuple(
    f"iam.serviceAccounts.{verb}"
    for verb in ("getAccessToken", "getOpenIdToken", "implicitDelegation", "signBlob", "signJwt")
)
_PROJECT = "resourcemanager.projects.get"
_DATASTORE_READ = (
    "datastore.databases.get datastore.databases.getMetadata datastore.databases.list datastore.entities.get "
    "datastore.entities.list datastore.indexes.get datastore.indexes.list datastore.namespaces.* datastore.statistics.*"
)
_PREDEFINED: Mapping[str, str] = {
    "artifactregistry.reader": "artifactregistry.*.get artifactregistry.*.list artifactregistry.*.downloadArtifacts",
    "artifactregistry.writer": (
        "artifactregistry.*.get artifactregistry.*.list artifactregistry.repositories.*Artifacts "
        "artifactregistry.tags.create artifactregistry.tags.update"
    ),
    "artifactregistry.admin": "artifactregistry.*",
    "browser": "resourcemanager.projects.get resourcemanager.projects.getIamPolicy",
    "cloudbuild.builds.builder": (
        "artifactregistry.*.get artifactregistry.*.list artifactregistry.repositories.*Artifacts "
        "artifactregistry.tags.create artifactregistry.tags.update cloudbuild.* logging.logEntries.create "
        "pubsub.topics.create pubsub.topics.publish storage.buckets.create storage.buckets.get storage.buckets.list "
        f"storage.objects.create storage.objects.delete storage.objects.get storage.objects.list {_PROJECT}"
    ),
    "cloudfunctions.admin": f"cloudfunctions.* run.* {_PROJECT}",
    "cloudfunctions.developer": (f"cloudfunctions.* run.* -*.setIamPolicy -run.routes.invoke -run.jobs.run {_PROJECT}"),
    "cloudfunctions.invoker": "cloudfunctions.functions.invoke",
    "cloudfunctions.viewer": f"cloudfunctions.*.get cloudfunctions.*.list {_PROJECT}",
    "cloudscheduler.admin": f"cloudscheduler.* {_PROJECT}",
    "cloudscheduler.viewer": f"cloudscheduler.*.get cloudscheduler.*.list {_PROJECT}",
    "datastore.indexAdmin": f"datastore.databases.getMetadata datastore.indexes.* datastore.operations.* {_PROJECT}",
    "datastore.owner": f"datastore.* {_PROJECT}",
    "datastore.user": f"{_DATASTORE_READ} datastore.entities.* {_PROJECT}",
    "datastore.viewer": f"{_DATASTORE_READ} {_PROJECT}",
    "iam.roleAdmin": f"iam.roles.* {_PROJECT}",
    "iam.roleViewer": f"iam.roles.get iam.roles.list {_PROJECT}",
    "iam.serviceAccountAdmin": (
        f"iam.serviceAccounts.* -iam.serviceAccounts.actAs {' '.join(f'-{one}' for one in _IMPERSONATION)} {_PROJECT}"
    ),
    "iam.serviceAccountCreator": (
        f"iam.serviceAccounts.create iam.serviceAccounts.get iam.serviceAccounts.list {_PROJECT}"
    ),
    "iam.serviceAccountOpenIdTokenCreator": "iam.serviceAccounts.getOpenIdToken",
    "iam.serviceAccountTokenCreator": (
        f"{' '.join(_IMPERSONATION)} iam.serviceAccounts.get iam.serviceAccounts.list {_PROJECT}"
    ),
    "iam.serviceAccountUser": (
        f"iam.serviceAccounts.actAs iam.serviceAccounts.get iam.serviceAccounts.list {_PROJECT}"
    ),
    "iam.serviceAccountViewer": (
        f"iam.serviceAccounts.get iam.serviceAccounts.getIamPolicy iam.serviceAccounts.list {_PROJECT}"
    ),
    "logging.admin": f"logging.* {_PROJECT}",
    "logging.configWriter": f"logging.buckets.* logging.sinks.* logging.logMetrics.* {_PROJECT}",
    "logging.logWriter": "logging.logEntries.create logging.logEntries.route",
    "logging.viewer": (
        "logging.buckets.get logging.buckets.list logging.logEntries.list logging.logMetrics.get "
        f"logging.logMetrics.list logging.logs.list logging.sinks.get logging.sinks.list {_PROJECT}"
    ),
    "monitoring.admin": f"monitoring.* {_PROJECT}",
    "monitoring.alertPolicyEditor": "monitoring.alertPolicies.*",
    "monitoring.editor": f"monitoring.* {_PROJECT}",
    "monitoring.metricWriter": (
        "monitoring.metricDescriptors.create monitoring.metricDescriptors.get monitoring.metricDescriptors.list "
        "monitoring.timeSeries.create"
    ),
    "monitoring.notificationChannelEditor": "monitoring.notificationChannels.*",
    "monitoring.viewer": f"monitoring.*.get monitoring.*.list {_PROJECT}",
    "pubsub.admin": f"pubsub.* {_PROJECT}",
    "pubsub.editor": f"pubsub.* -*.setIamPolicy -*.getIamPolicy {_PROJECT}",
    "pubsub.publisher": "pubsub.topics.publish",
    "pubsub.subscriber": "pubsub.snapshots.seek pubsub.subscriptions.consume pubsub.topics.attachSubscription",
    "pubsub.viewer": f"pubsub.*.get pubsub.*.list {_PROJECT}",
    "resourcemanager.projectIamAdmin": (
        f"{_PROJECT} resourcemanager.projects.getIamPolicy resourcemanager.projects.setIamPolicy"
    ),
    "run.admin": f"run.* {_PROJECT}",
    "run.developer": f"run.* -*.setIamPolicy -run.routes.invoke -run.jobs.run {_PROJECT}",
    "run.invoker": "run.jobs.run run.routes.invoke",
    "run.viewer": f"run.*.get run.*.list run.services.getIamPolicy {_PROJECT}",
    "serviceusage.serviceUsageAdmin": f"serviceusage.* {_PROJECT}",
    "serviceusage.serviceUsageConsumer": (
        f"serviceusage.services.get serviceusage.services.list serviceusage.services.use {_PROJECT}"
    ),
    "serviceusage.serviceUsageViewer": f"serviceusage.services.get serviceusage.services.list {_PROJECT}",
    "storage.admin": f"storage.* {_PROJECT}",
    "storage.bucketViewer": "storage.buckets.get storage.buckets.list",
    "storage.legacyBucketOwner": (
        "storage.buckets.* -storage.buckets.create -storage.buckets.delete -storage.buckets.list "
        "-storage.buckets.restore storage.multipartUploads.* storage.objects.create storage.objects.delete "
        "storage.objects.list storage.objects.restore storage.objects.setRetention"
    ),
    "storage.legacyBucketReader": "storage.buckets.get storage.multipartUploads.list storage.objects.list",
    "storage.legacyBucketWriter": (
        "storage.buckets.get storage.multipartUploads.* storage.objects.create storage.objects.delete "
        "storage.objects.list storage.objects.restore storage.objects.setRetention"
    ),
    "storage.legacyObjectOwner": (
        "storage.objects.get storage.objects.update storage.objects.setRetention storage.objects.*IamPolicy"
    ),
    "storage.legacyObjectReader": "storage.objects.get",
    "storage.objectAdmin": "storage.managedFolders.* storage.multipartUploads.* storage.objects.*",
    "storage.objectCreator": "storage.multipartUploads.abort storage.multipartUploads.create storage.objects.create",
    "storage.objectUser": (
        "storage.multipartUploads.* storage.managedFolders.* storage.objects.* -*IamPolicy "
        f"-storage.objects.setRetention {_PROJECT}"
    ),
    "storage.objectViewer": (
        f"storage.managedFolders.get storage.managedFolders.list storage.objects.get storage.objects.list {_PROJECT}"
    ),
}


_OF_BUCKETS = ("storage.objects.*", "storage.multipartUploads.*", "storage.managedFolders.*")
"""Permissions that the basic roles have by the bindings with which each bucket is made."""
_NOT_EDITOR = ("*.setIamPolicy", "iam.roles.*", "resourcemanager.projects.update", "cloudscheduler.jobs.fullView")
BASIC = frozenset(("roles/owner", "roles/editor", "roles/viewer"))
"""Roles that no condition may limit, and that have many permissions but none to act as an account by its token."""


def _expanded(patterns: Iterable[str]) -> frozenset[str]:
    """Return the permissions that patterns name; a minus takes some away."""
    words = tuple(patterns)
    taken = [word[1:] for word in words if word.startswith("-")]
    return frozenset(
        one
        for one in KNOWN
        if any(fnmatchcase(one, word) for word in words) and not any(fnmatchcase(one, word) for word in taken)
    )


@cache
def predefined(role: str) -> frozenset[str] | None:
    """Return the permissions of a role of Google's, such as `roles/run.invoker`; None if the double knows no such."""
    owned = KNOWN - frozenset(_IMPERSONATION) - _expanded(_OF_BUCKETS)
    if role == "roles/owner":
        return owned
    if role == "roles/editor":
        return owned - _expanded(_NOT_EDITOR)
    if role == "roles/viewer":
        return _expanded(("*.get", "*.list", "*.getMetadata", "-storage.objects.*", "-datastore.entities.*"))
    patterns = _PREDEFINED.get(role.removeprefix("roles/")) if role.startswith("roles/") else None
    return None if patterns is None else _expanded(patterns.split())

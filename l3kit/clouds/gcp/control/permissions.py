"""Permissions that the operator of a twin needs on Google Cloud: one table for preflight, custom role and docs.

Source: each API's "IAM permissions" page, and the IAM reference of predefined roles. No real project has confirmed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from l3kit.clouds.gcp.control.grants import READING, Grant, On
from l3kit.clouds.ports.operator_permissions import LETTERS, LOOKING, VERBS, Verb


def _grant(on: On, role: str, prefix: str, names: str, why: str, verbs: tuple[Verb, ...], only: str = "") -> Grant:
    return Grant(on, f"roles/{role}", tuple(f"{prefix}.{name}" for name in names.split()), why, verbs, only)


REQUIRED_PERMISSIONS: tuple[Grant, ...] = (
    _grant("project", "browser", "resourcemanager", "projects.get", "see the project and its state", VERBS),
    _grant(
        "project",
        "serviceusage.serviceUsageViewer",
        "serviceusage",
        "services.get services.list",
        "see which APIs are on",
        LOOKING,
    ),
    _grant(
        "project",
        "serviceusage.serviceUsageAdmin",
        "serviceusage",
        "services.enable",
        "switch on the APIs of the twin's resources",
        ("apply",),
        "where one is not on yet",
    ),
    _grant(
        "accounts",
        "iam.serviceAccountAdmin",
        "iam",
        "serviceAccounts.get",
        "read the actual state of the functions' identities",
        LOOKING,
    ),
    _grant(
        "accounts",
        "iam.serviceAccountAdmin",
        "iam",
        "serviceAccounts.create serviceAccounts.enable",
        "create and update",
        ("apply",),
    ),
    _grant("accounts", "iam.serviceAccountAdmin", "iam", "serviceAccounts.delete", "remove", ("apply", "destroy")),
    _grant("accounts", "iam.serviceAccountUser", "iam", "serviceAccounts.actAs", "run functions as them", ("apply",)),
    _grant("accounts", "iam.roleAdmin", "iam", "roles.get", "read the roles of the functions", LOOKING),
    _grant(
        "accounts",
        "iam.roleAdmin",
        "iam",
        "roles.create roles.update roles.undelete",
        "create and update; take up one that was deleted",
        ("apply",),
    ),
    _grant("accounts", "iam.roleAdmin", "iam", "roles.delete", "remove", ("apply", "destroy")),
    _grant(
        "accounts",
        "resourcemanager.projectIamAdmin",
        "resourcemanager",
        "projects.getIamPolicy",
        "see which roles the functions have",
        LOOKING,
    ),
    _grant(
        "accounts",
        "resourcemanager.projectIamAdmin",
        "resourcemanager",
        "projects.setIamPolicy",
        "give and take the functions' roles",
        ("apply", "destroy"),
    ),
    _grant(
        "database",
        "datastore.owner",
        "datastore",
        "databases.getMetadata entities.get entities.list indexes.get indexes.list locations.list",
        "read the actual state and the owner's note",
        LOOKING,
    ),
    _grant(
        "database",
        "datastore.owner",
        "datastore",
        "databases.create databases.update entities.create indexes.create indexes.update operations.get",
        "create and update, with the owner's note, indexes and expiry",
        ("apply",),
    ),
    _grant("database", "datastore.owner", "datastore", "databases.delete", "remove, with `data`", ("destroy",)),
    _grant(
        "buckets",
        "storage.admin",
        "storage",
        "buckets.get buckets.getIamPolicy",
        "read the actual state and the owner's label",
        LOOKING,
    ),
    _grant(
        "buckets",
        "storage.admin",
        "storage",
        "buckets.create buckets.update buckets.setIamPolicy",
        "create and update",
        ("apply",),
    ),
    _grant(
        "objects",
        "storage.admin",
        "storage",
        "objects.list objects.delete",
        "empty the buckets, with `data`",
        ("destroy",),
    ),
    _grant("buckets", "storage.admin", "storage", "buckets.delete", "remove, with `data`", ("destroy",)),
    _grant(
        "functions",
        "cloudfunctions.admin",
        "cloudfunctions",
        "functions.get locations.list",
        "read the actual state and the owner's label",
        (*LOOKING, "move"),
    ),
    _grant(
        "functions",
        "cloudfunctions.admin",
        "cloudfunctions",
        "functions.create functions.update functions.sourceCodeSet operations.get",
        "create and update",
        ("apply",),
    ),
    _grant("functions", "cloudfunctions.admin", "cloudfunctions", "functions.delete", "remove", ("apply", "destroy")),
    _grant("functions", "run.admin", "run", "services.getIamPolicy", "see who may call them", LOOKING),
    _grant("functions", "run.admin", "run", "services.setIamPolicy", "decide who may call them", ("apply",)),
    _grant(
        "schedules",
        "cloudscheduler.admin",
        "cloudscheduler",
        "jobs.get locations.list",
        "read the actual state and the next run",
        (*LOOKING, "explain", "runs"),
    ),
    _grant(
        "schedules",
        "cloudscheduler.admin",
        "cloudscheduler",
        "jobs.create jobs.update jobs.enable",
        "create and update",
        ("apply",),
    ),
    _grant("schedules", "cloudscheduler.admin", "cloudscheduler", "jobs.delete", "remove", ("apply", "destroy")),
    _grant(
        "messages",
        "pubsub.admin",
        "pubsub",
        "topics.get topics.getIamPolicy subscriptions.get subscriptions.getIamPolicy",
        "read the actual state and the owner's label",
        LOOKING,
    ),
    _grant(
        "messages",
        "pubsub.admin",
        "pubsub",
        "topics.create topics.attachSubscription topics.setIamPolicy "
        "subscriptions.create subscriptions.update subscriptions.setIamPolicy",
        "create and update",
        ("apply",),
    ),
    _grant("messages", "pubsub.admin", "pubsub", "topics.delete subscriptions.delete", "remove", ("apply", "destroy")),
    _grant(
        "alarms",
        "monitoring.viewer",
        "monitoring",
        "alertPolicies.list notificationChannels.list timeSeries.list",
        "see which alarms there are, their state, and whom they tell",
        (*LOOKING, "alarms"),
    ),
    _grant(
        "alarms", "logging.viewer", "logging", "logMetrics.get logMetrics.list", "see what alarms are made of", LOOKING
    ),
    _grant(
        "alarms",
        "monitoring.editor",
        "monitoring",
        "alertPolicies.create alertPolicies.update notificationChannels.create",
        "create and update",
        ("apply",),
    ),
    _grant(
        "alarms",
        "monitoring.editor",
        "monitoring",
        "alertPolicies.delete notificationChannels.delete",
        "remove",
        ("apply", "destroy"),
    ),
    _grant(
        "alarms",
        "logging.configWriter",
        "logging",
        "logMetrics.create logMetrics.update",
        "create and update",
        ("apply",),
    ),
    _grant("alarms", "logging.configWriter", "logging", "logMetrics.delete", "remove", ("apply", "destroy")),
    _grant("functions", "logging.viewer", "logging", "logEntries.list", "read log lines", ("logs",)),
    _grant(
        "invoker",
        "iam.serviceAccountOpenIdTokenCreator",
        "iam",
        "serviceAccounts.getOpenIdToken",
        "call functions as the account that starts them; an owner does not have this",
        ("move", "query", "verify", "replay_letters"),
    ),
    _grant(
        "database",
        "datastore.user",
        "datastore",
        "databases.get entities.get entities.list",
        "read items and the journal",
        (*READING, "end_lease", "pause", "hold"),
    ),
    _grant(
        "database",
        "datastore.user",
        "datastore",
        "databases.getMetadata",
        "see how long the database keeps former states",
        ("erase",),
    ),
    _grant(
        "database",
        "datastore.user",
        "datastore",
        "entities.create entities.update entities.delete",
        "write and delete items; free a device; pause; hold",
        ("verify", "load", "end_lease", "pause", "hold", "erase"),
    ),
    _grant(
        "database",
        "datastore.viewer",
        "datastore",
        "entities.list",
        "read the collection to copy",
        ("load",),
        "with `from_table`",
    ),
    _grant(
        "objects",
        "storage.objectViewer",
        "storage",
        "objects.get objects.list",
        "read chunks, reports, pauses, holds and dead letters",
        (*READING, *LETTERS, "pause", "hold"),
    ),
    _grant(
        "objects",
        "storage.objectUser",
        "storage",
        "objects.create objects.delete",
        "take the canary out; pause; hold; erase; delete letters that were taken",
        ("verify", "pause", "hold", "erase", "replay_letters"),
    ),
)


def grants_for(verbs: Collection[Verb] = VERBS) -> tuple[Grant, ...]:
    """Return the rows that any of these verbs needs."""
    return tuple(grant for grant in REQUIRED_PERMISSIONS if set(grant.verbs) & set(verbs))


def permission_table(verbs: Collection[Verb] = VERBS) -> str:
    """Return the rows as the Markdown table of docs/reference/provisioning.md."""
    return "\n".join(_lines(verbs))


def _lines(verbs: Collection[Verb]) -> Iterator[str]:
    yield "| permissions | role that has them | what for | verbs |"
    yield "|---|---|---|---|"
    for grant in grants_for(verbs):
        service = grant.permissions[0].partition(".")[0]
        names = ", ".join(name.partition(".")[2] for name in grant.permissions)
        why = grant.why + (f" ({grant.only})" if grant.only else "")
        shown = "all" if grant.verbs == VERBS else ", ".join(grant.verbs)
        yield f"| `{service}`: {names} | `{grant.role}` | {why} | {shown} |"

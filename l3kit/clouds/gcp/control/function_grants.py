"""Permissions of each function, and where: one table, from which roles and bindings are made. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from l3kit.clouds.gcp.control.policies import Held
from l3kit.clouds.gcp.names import GcpNames
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.format.expiry import EXPIRED_PREFIX
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX as EXPIRER_REPORTS
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.tiering.transfer.multipart import PARTS_PREFIX
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX
from l3kit.twin.layout import CHAIN, READERS, Layout

PROVIDER = "gcp"
Where = Literal["database", "cold", "archive", "letters"]
PLACES: tuple[Where, ...] = ("database", "cold", "archive", "letters")
PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "item_reader": ("datastore.entities.get", "datastore.entities.list"),
    "item_writer": ("datastore.entities.create", "datastore.entities.get", "datastore.entities.update"),
    "item_mover": (
        *("datastore.entities.create", "datastore.entities.delete", "datastore.entities.get"),
        *("datastore.entities.list", "datastore.entities.update"),
    ),
    "object_creator": ("storage.objects.create",),
    "object_lister": ("storage.objects.list",),
    "object_reader": ("storage.objects.get",),
    "object_remover": ("storage.objects.delete",),
}
"""Custom roles by purpose, each with its permissions: Google's own roles have more, and none of them only deletes.

The mover writes the journal's records, which are in the same database as the items.
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """One purpose at one place.

    Attributes:
        only: prefixes of the objects' names; empty for all.
        never: prefix of objects' names that are excepted.
    """

    on: Where
    purpose: str
    only: tuple[str, ...] = ()
    never: str = ""


def grants_of(function: str, layout: Layout) -> tuple[Grant, ...]:
    """Return what a function may do.

    Cloud Storage lets nobody overwrite an object who may not delete it, and answers 403 instead of 404 for a missing
    one to whoever may not list.
    """
    remote = layout.link_from(function) is not None
    look_into_archive = (Grant("archive", "object_lister"),) if layout.archive == PROVIDER else ()
    if function == "hot-to-cold-mover":
        moved = () if remote else _takes_in("cold")
        return (Grant("database", "item_mover"), *moved, *look_into_archive)
    if function == "cold-writer":
        return (*_takes_in("cold"), *look_into_archive)
    if function == "cold-to-archive-mover":
        own = Grant("cold", "object_creator", (RECEIPT_PREFIX, REPORT_PREFIX))
        return (*_takes_out("cold"), own, *(() if remote else _takes_in("archive")))
    if function == "archive-writer":
        return (*_takes_in("archive"), Grant("archive", "object_remover", (PARTS_PREFIX,)))
    if function == EXPIRER:
        own = Grant("archive", "object_creator", (EXPIRED_PREFIX, EXPIRER_REPORTS))
        return (*_takes_out("archive", never=RESERVED_PREFIX), own)
    if function in READERS:
        return (Grant("database", "item_reader"),)
    return _of_chain(function, remote)


def _of_chain(function: str, remote: bool) -> tuple[Grant, ...]:
    if function not in CHAIN or function == "ingestion":  # they refuse what is bad instead of keeping it
        return ()
    writes = function == "writer" or (function == "persister" and not remote)
    items = (Grant("database", "item_writer"),) if writes else ()
    return (*items, Grant("letters", "object_creator"), Grant("letters", "object_reader"))


def _takes_in(bucket: Where) -> tuple[Grant, ...]:
    """Return the grants to create chunks, to read them and their receipts, and to list a device's."""
    return (Grant(bucket, "object_creator"), Grant(bucket, "object_lister"), Grant(bucket, "object_reader"))


def _takes_out(bucket: Where, never: str = "") -> tuple[Grant, ...]:
    remove = Grant(bucket, "object_remover", never=never)
    return (Grant(bucket, "object_lister"), Grant(bucket, "object_reader"), remove)


def purposes_of(functions: Sequence[str], layout: Layout) -> tuple[str, ...]:
    """Return the purposes that these functions have, in the order of `PERMISSIONS`."""
    used = {grant.purpose for function in functions for grant in grants_of(function, layout)}
    return tuple(purpose for purpose in PERMISSIONS if purpose in used)


def held(grant: Grant, names: GcpNames) -> Held:
    """Return a grant as the role that an account gets on the bucket, or on the project for the database."""
    role = f"projects/{names.project}/roles/{names.role(grant.purpose)}"
    if grant.on == "database":
        return Held(role, f'resource.name == "projects/{names.project}/databases/{names.database()}"')
    objects = f"projects/_/buckets/{names.store(grant.on)}/objects/"
    parts = [f'resource.name.startsWith("{objects}{prefix}")' for prefix in grant.only]
    if grant.never:
        return Held(role, f'!resource.name.startsWith("{objects}{grant.never}")')
    return Held(role, " || ".join(parts))


def build_roles(names: GcpNames) -> frozenset[Held]:
    """Return the roles of the account that builds functions (Cloud Run functions, "Custom service account").

    It reads sources only where Cloud Functions keeps them. Where it writes images cannot be limited: Artifact Registry
    is not among the services whose resources conditions see (IAM, "Resource attributes for IAM Conditions").
    """
    return frozenset(
        {
            Held("roles/logging.logWriter"),
            Held("roles/artifactregistry.writer"),
            Held("roles/storage.objectViewer", 'resource.name.startsWith("projects/_/buckets/gcf-v2-")'),
        }
    )

"""A twin's AWS stores, opened for a notebook with the session's credentials. Not packed into functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.clouds.aws.stores import Place, open_hot, open_journal, open_objects
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin import Twin


def hot_store(session: Session, twin: Twin) -> HotStore:
    """The hot table."""
    return open_hot(session.aws_names(twin).hot_dynamodb_table(), _place(session))


def journal_store(session: Session, twin: Twin) -> JournalStore:
    """The journal's table."""
    return open_journal(session.aws_names(twin).journal_dynamodb_table(), _place(session))


def object_store(session: Session, twin: Twin, tier: Tier) -> ObjectStore:
    """The cold or archive bucket."""
    names = session.aws_names(twin)
    bucket = names.cold_s3_bucket() if tier == "cold" else names.archive_s3_bucket()
    return open_objects(bucket, tier, _place(session))


def _place(session: Session) -> Place:
    return Place(session.aws.region, session.aws.credentials, session.aws.endpoint_url)

"""The part of PartiQL for DynamoDB that l3kit uses: deletes and inserts of single items, alone or up to 25 at once."""

from __future__ import annotations

from l3kit.sandbox.aws.partiql.layer import OPERATIONS, PartiQL
from l3kit.sandbox.aws.partiql.parser import subject

__all__ = ["OPERATIONS", "PartiQL", "subject"]

"""PartiQL for DynamoDB as far as l3kit uses it: deletes and inserts of single items, up to 25 at once."""

from __future__ import annotations

from l3kit.sandbox.aws.partiql.layer import OPERATION, PartiQL

__all__ = ["OPERATION", "PartiQL"]

"""PartiQL for DynamoDB as far as l3kit and its neighbours use it: single deletes and inserts, alone or 25 at once."""

from __future__ import annotations

from l3kit.sandbox.aws.partiql.layer import OPERATIONS, PartiQL
from l3kit.sandbox.aws.partiql.parser import subject

__all__ = ["OPERATIONS", "PartiQL", "subject"]

"""Bugs in the archive's expiry."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

FORMAT = "tests/unit/tiering/format/test_expiry.py"
EXPIRER = "tests/unit/tiering/movers/test_archive_expirer.py"
AUDITED = "tests/unit/operate/audit/test_auditing_expired.py"

EXPIRY = (
    Mutation(
        "a chunk expires by its first reading instead of its last",
        "l3kit/tiering/format/expiry.py",
        "return max(known) if",
        "return min(known) if",
        (FORMAT,),
    ),
    Mutation(
        "a chunk expires within the minute of its last reading",
        "l3kit/tiering/format/expiry.py",
        "moment // MINUTE * MINUTE + MINUTE + margin",
        "moment // MINUTE * MINUTE + margin",
        (FORMAT,),
    ),
    Mutation(
        "the expirer takes a time in the future for granted",
        "l3kit/tiering/movers/archive_expirer.py",
        "min(self.now, self.clock())",
        "self.now",
        (EXPIRER,),
    ),
    Mutation(
        "chunks are recorded only after they went",
        "l3kit/tiering/movers/archive_expirer.py",
        '        await self._create(batch.key("due"), batch.due_record(chunks, self.job.clock()))\n',
        "",
        (EXPIRER,),
    ),
    Mutation(
        "a chunk that changed is deleted as it is now",
        "l3kit/tiering/movers/archive_expirer.py",
        "archive.delete(info.key, etag=info.etag)",
        "archive.delete(info.key)",
        (EXPIRER,),
    ),
    Mutation(
        "a device's hold is not looked at",
        "l3kit/tiering/movers/archive_expirer.py",
        "if hold := await self.watch.of(device_id):",
        "if (hold := await self.watch.of(device_id)) and False:",
        (EXPIRER,),
    ),
    Mutation(
        "the audit takes a chunk that expired meanwhile for lost",
        "l3kit/operate/audit/device.py",
        "            elif await self._has_expired(one.info.key):\n",
        "            elif False:\n",
        (AUDITED,),
    ),
)

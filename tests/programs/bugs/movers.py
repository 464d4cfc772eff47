"""Bugs in the movers and their journal."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

MOVER = "tests/unit/tiering/movers/test_hot_to_cold.py"
JOURNAL = "tests/unit/tiering/test_journal.py"
ARCHIVE = "tests/unit/tiering/movers/test_cold_to_archive.py"
LOOKED_AT = "tests/unit/tiering/movers/test_device_recovery_looked_at.py"
LOST = "tests/unit/tiering/movers/test_device_move_lost_records.py"
ODD_ITEMS = "tests/unit/tiering/movers/test_narrowing_odd_items.py"
MOMENTS = "tests/faults/test_moments.py"

MOVERS = (
    Mutation(
        "items are deleted before the chunk is written",
        "l3kit/tiering/movers/device_move.py",
        "                stored = await self._store(draft, body)\n",
        "                await self._delete(draft)\n                stored = await self._store(draft, body)\n",
        (MOVER,),
    ),
    Mutation(
        "the first item of a chunk is not deleted (wrong bound)",
        "l3kit/tiering/movers/device_move.py",
        "low = bisect_left(taken.sort_keys, draft.sort_keys[0])",
        "low = bisect_right(taken.sort_keys, draft.sort_keys[0])",
        (MOVER,),
    ),
    Mutation(
        "the cutoff is a day late (wrong bound)",
        "l3kit/tiering/movers/hot_to_cold.py",
        "return self.now - timedelta(days=self.hot_days)",
        "return self.now - timedelta(days=self.hot_days - 1)",
        (MOVER, "tests/unit/lambda_functions"),
    ),
    Mutation(
        "another run's lease is not looked at",
        "l3kit/tiering/journal_record.py",
        "return bool(self.owner) and self.owner != run_id and self.lease_until > now",
        "return False",
        (MOVER, JOURNAL),
    ),
    Mutation(
        "a run does not notice that its lease is over",
        "l3kit/tiering/journal.py",
        "if self._clock() > self.record.lease_until - self._margin:",
        "if False:",
        (JOURNAL,),
    ),
    Mutation(
        "the fence is ignored: a swap that failed counts as done",
        "l3kit/tiering/journal.py",
        "                return False\n        self.record = wanted",
        "                pass\n        self.record = wanted",
        (MOVER, JOURNAL),
    ),
    Mutation(
        "what an interrupted run left open is not finished",
        "l3kit/tiering/movers/device_move.py",
        "            if record.entry is not None:\n",
        "            if record.entry is not None and False:\n",
        (MOVER,),
    ),
    Mutation(
        "the digest under the key is ignored when a chunk is settled",
        "l3kit/tiering/movers/device_recovery.py",
        "        if await self.target.seal(entry.key) == entry.sha256:\n",
        "        if await self.target.seal(entry.key) or True:\n",
        (MOVER,),
    ),
    Mutation(
        "a recovered chunk is not looked at before its items are deleted",
        "l3kit/tiering/movers/device_recovery.py",
        "        there = await self.target.look(entry.key)\n",
        '        there = entry.sha256 if entry.state == "stored" else await self.target.look(entry.key)\n',
        (LOOKED_AT, LOST),
    ),
    Mutation(
        "numbers begin at 1 where the record is missing",
        "l3kit/tiering/movers/device_move.py",
        "        self._journal.start_numbering_at((highest or 0) + 1)\n",
        "        self._journal.start_numbering_at(1)\n",
        (LOOKED_AT, LOST),
    ),
    Mutation(
        "the journal hands out reserved numbers",
        "l3kit/tiering/journal.py",
        "if chunk.key.number >= RESERVED_NUMBERS:",
        "if False:",
        (LOOKED_AT, LOST),
    ),
    Mutation(
        "a seal is dropped without a receipt",
        "l3kit/tiering/movers/cold_to_archive.py",
        "        if last:  # else nothing would record",
        "        if False:  # its number is spent",
        (LOOKED_AT, LOST),
    ),
    Mutation(
        "a refused chunk is not narrowed down to its odd item",
        "l3kit/tiering/movers/device_move.py",
        "                if self._narrow(draft, error):\n"
        "                    due.read_again(settled)\n                    continue\n",
        "                self._narrow(draft, error)\n                raise\n",
        (ODD_ITEMS,),
    ),
    Mutation(
        "the lists of an entry are not checked",
        "l3kit/tiering/journal_record.py",
        "            if not fit or (keys[0], keys[-1]) != (self.key.start, self.key.end):\n",
        "            if False:\n",
        (LOOKED_AT, LOST),
    ),
    Mutation(
        "a given-up key is not sealed",
        "l3kit/tiering/movers/device_recovery.py",
        "        if await self.target.seal(entry.key) == entry.sha256:\n",
        "        if False:\n",
        (MOVER,),
    ),
    Mutation(
        "a chunk number is used again",
        "l3kit/tiering/journal.py",
        "next_number=chunk.key.number + 1",
        "next_number=1",
        (MOVER, JOURNAL),
    ),
    Mutation(
        "items are deleted without comparing them with what was stored",
        "l3kit/tiering/movers/device_move.py",
        "same = [key for key, item in ours if crc32(item) == crcs[key]]",
        "same = [key for key, _ in ours]",
        (MOVER,),
    ),
    Mutation(
        "the archive mover leaves no receipt",
        "l3kit/tiering/movers/cold_to_archive.py",
        "            if last:\n                await leave_receipt(",
        "            if False:\n                await leave_receipt(",
        (LOOKED_AT, LOST),
    ),
    Mutation(
        "what a removed device has half done is forgotten",
        "l3kit/tiering/movers/hot_to_cold.py",
        "removed = frozenset(_known_devices(resume)) - frozenset(self.devices)",
        "removed: frozenset[str] = frozenset()",
        (MOVER,),
    ),
    Mutation(
        "an object is deleted from the cold tier whatever it has become",
        "l3kit/tiering/movers/cold_to_archive.py",
        "if not await self.job.cold.delete(info.key, etag=info.etag):\n            _leave",
        "if not await self.job.cold.delete(info.key):\n            _leave",
        (ARCHIVE, MOMENTS),
    ),
    Mutation(
        "an object is deleted before it is archived",
        "l3kit/tiering/movers/cold_to_archive.py",
        "            await self.job.target.take(self.job.cold, info)\n",
        "            await self.job.cold.delete(info.key)\n"
        "            await self.job.target.take(self.job.cold, info)\n",
        (ARCHIVE,),
    ),
    Mutation(
        "the run goes on beyond its deadline",
        "l3kit/tiering/movers/pace.py",
        "self._over = self._over or self._remaining() < RESERVE_SECONDS + 2 * self._slowest",
        "self._over = False",
        (MOVER,),
    ),
    Mutation(
        "one bad device stops the others",
        "l3kit/tiering/movers/hot_to_cold.py",
        '            move.report.skip(device_id, f"unexpected {type(error).__name__}; see the log")\n',
        "            raise\n",
        (MOVER,),
    ),
)

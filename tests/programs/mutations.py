"""Applies deliberate bugs one by one and shows which test catches each: `python -m tests.programs.mutations [names]`.

Every bug is applied to a copy of the project, so the work tree is never touched; a suite that stays green with one of
them is no proof of anything, and the exit code is 1. `make test-all` runs all of them (tests/test_mutations.py).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("params", "l3kit", "lambda_code", "tests", "pyproject.toml", "README.md")
MOVER = "tests/unit/tiering/movers/test_hot_to_cold.py"
JOURNAL = "tests/unit/tiering/test_journal.py"
ARCHIVE = "tests/unit/tiering/movers/test_cold_to_archive.py"
MULTIPART = "tests/unit/tiering/transfer/test_multipart.py"
CHUNK_ITEMS = "tests/unit/tiering/transfer/test_chunk_items.py"
HOT_STORES = "tests/conformance/test_hot_store.py"
OBJECTS = "tests/conformance/test_object_store.py"
JOURNALS = "tests/conformance/test_journal_store.py"
COSMOS = "tests/integration/azure/test_cosmos_stores.py"
FIRESTORE = "tests/conformance/test_firestore_stores.py"
CLOUD_STORAGE = "tests/integration/gcp/test_gcs_object_store.py"
DELETES = "tests/unit/clouds/aws/data/test_deletes.py"
STATEMENTS = "tests/unit/clouds/aws/data/test_statements.py"
LOOKED_AT = "tests/unit/tiering/movers/test_looked_at.py"
ODD_ITEMS = "tests/unit/tiering/format/test_odd_items.py"
RECEIPTS = "tests/unit/tiering/transfer/test_receipts.py"
QUESTIONS = "tests/unit/tiering/transfer/test_cold_questions.py"
MOMENTS = "tests/faults/test_moments.py"
REWRITES = "tests/faults/test_rewrites.py"
AT_ONCE = "tests/faults/test_runs_at_once.py"
HOT_FAULTS = "tests/faults/test_hot_to_cold.py"
FORMER = "tests/unit/tiering/transfer/test_former_tokens.py"
LINKS = "tests/unit/clouds/ports/test_deployed_links.py"
INVENTORY = "tests/unit/operate/test_inventory.py"
DEVICES_NAMED = "tests/conformance/test_hot_store.py"
READERS = "tests/unit/tiering/runtime/test_readers.py"
JOURNAL_VIEW = "tests/unit/operate/test_journal.py"
DEVICE_PAGE = "tests/unit/operate/explain/test_page.py"
SECONDS = 280


@dataclass(frozen=True, slots=True)
class Mutation:
    """One bug.

    Attributes:
        file: below the project.
        old, new: the text that is replaced; `old` stands there exactly once.
        tests: where it must be caught.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTATIONS = (
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
        "the journal's store does not compare versions",
        "l3kit/clouds/aws/data/journal_store.py",
        '"attribute_not_exists(#n)" if row.version == 1 else "#v = :old"',
        '"attribute_not_exists(#n)" if row.version == 1 else "#v <> :old OR #v = :old"',
        (JOURNALS,),
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
        (LOOKED_AT,),
    ),
    Mutation(
        "the receipt is not looked at where the object is gone",
        "l3kit/tiering/transfer/known_chunks.py",
        "    return await stored_digest(cold, key) or await archived_digest(cold, key)\n",
        "    return await stored_digest(cold, key)\n",
        (LOOKED_AT, QUESTIONS),
    ),
    Mutation(
        "numbers begin at 1 where the record is missing",
        "l3kit/tiering/movers/device_move.py",
        "        self._journal.number_from((highest or 0) + 1)\n",
        "        self._journal.number_from(1)\n",
        (LOOKED_AT,),
    ),
    Mutation(
        "reserved numbers count when the highest is looked for",
        "l3kit/tiering/transfer/known_chunks.py",
        "chunk.device_id == device_id and chunk.number < RESERVED_NUMBERS",
        "chunk.device_id == device_id",
        (LOOKED_AT, QUESTIONS),
    ),
    Mutation(
        "the journal hands out reserved numbers",
        "l3kit/tiering/journal.py",
        "if chunk.key.number >= RESERVED_NUMBERS:",
        "if False:",
        (LOOKED_AT,),
    ),
    Mutation(
        "a seal is dropped without a receipt",
        "l3kit/tiering/movers/cold_to_archive.py",
        "        if last:  # its number is spent",
        "        if False:  # its number is spent",
        (LOOKED_AT,),
    ),
    Mutation(
        "a receipt is dropped as long as it is the last one",
        "l3kit/tiering/transfer/receipts.py",
        "        if chunk.number < last[number_space(chunk)]:\n",
        "        if chunk.number <= last[number_space(chunk)]:\n",
        (LOOKED_AT, RECEIPTS),
    ),
    Mutation(
        "one number space: a period's chunk makes the journal's last one not the last",
        "l3kit/tiering/format/last_chunks.py",
        "    return chunk.device_id, chunk.number >= RESERVED_NUMBERS\n",
        "    return chunk.device_id, False\n",
        (RECEIPTS,),
    ),
    Mutation(
        "a refused chunk is not narrowed down to its odd item",
        "l3kit/tiering/movers/device_move.py",
        "                if self._narrow(draft, error):\n                    continue\n",
        "                self._narrow(draft, error)\n                raise\n",
        (ODD_ITEMS,),
    ),
    Mutation(
        "the lists of an entry are not checked",
        "l3kit/tiering/journal_record.py",
        "            if not fit or (keys[0], keys[-1]) != (self.key.start, self.key.end):\n",
        "            if False:\n",
        (LOOKED_AT,),
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
        "a delete does not compare all that it could",
        "l3kit/clouds/aws/data/statements.py",
        "compared = tuple(name for name in names if name in chosen)",
        "compared = tuple(name for name in names if name in KEYS)",
        (STATEMENTS,),
    ),
    Mutation(
        "what a condition left out is not compared with the old item",
        "l3kit/clouds/aws/data/deletes.py",
        "return to_chunk_json(old) == chunk_json",
        "return True",
        (DELETES,),
    ),
    Mutation(
        "a delete whose answer was lost is repeated blindly",
        "l3kit/clouds/aws/data/deletes.py",
        'answer = await self._table.send_once("BatchExecuteStatement", ',
        'answer = await self._table.send("BatchExecuteStatement", ',
        (DELETES, REWRITES),
    ),
    Mutation(
        "throttled deletes are forgotten",
        "l3kit/clouds/aws/data/deletes.py",
        "        outcome.left.append(key)\n        if error",
        "        if error",
        (DELETES,),
    ),
    Mutation(
        "an item that got more attributes is not put back",
        "l3kit/clouds/aws/data/deletes.py",
        "        if outcome.put_back:",
        "        if False:",
        (DELETES,),
    ),
    Mutation(
        "an object is created over another",
        "l3kit/clouds/aws/data/object_store.py",
        '            "if-none-match": "*",\n            "x-amz-checksum-sha256"',
        '            "x-amz-checksum-sha256"',
        (OBJECTS,),
    ),
    Mutation(
        "a copy's content is not compared",
        "l3kit/tiering/object_writes.py",
        "    if there.size != info.size or not (there.sha256 == digest if digest else alike(there)):\n",
        "    if False:\n",
        (OBJECTS,),
    ),
    Mutation(
        "a chunk's items are stored in reversed order",
        "l3kit/tiering/format/chunks.py",
        "*items[1:-1], items[-1]",
        "*items[-2:0:-1], items[-1]",
        ("tests/unit/tiering/format/test_chunks.py",),
    ),
    Mutation(
        "base64 is weighed a quarter too low",
        "l3kit/tiering/transfer/payload.py",
        "return 4 * -(-count // 3)",
        "return 3 * -(-count // 3)",
        ("tests/unit/lambda_functions/test_mover_multi_cloud.py",),
    ),
    Mutation(
        "the archive mover leaves no receipt",
        "l3kit/tiering/movers/cold_to_archive.py",
        "            if last:\n                await leave_receipt(",
        "            if False:\n                await leave_receipt(",
        (LOOKED_AT,),
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
        "if not await self.job.cold.delete(info.key, etag=info.etag):\n            report.skip",
        "if not await self.job.cold.delete(info.key):\n            report.skip",
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
        "parts are joined without comparing the digest",
        "l3kit/tiering/transfer/multipart.py",
        "    if found != upload.sha256:\n        raise _DigestMismatch",
        "    if False:\n        raise _DigestMismatch",
        (MULTIPART,),
    ),
    Mutation(
        "a writer's receipt is not compared with what was sent",
        "l3kit/tiering/transfer/sender.py",
        '(told.get("key"), told.get("sha256")) != (key, sha256):',
        "False:",
        ("tests/unit/tiering/transfer/test_sender.py",),
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
    Mutation(
        "the mover reads eventually consistent",
        "l3kit/clouds/aws/data/hot_store.py",
        '            "ConsistentRead": True,\n        }\n        if after',
        '            "ConsistentRead": False,\n        }\n        if after',
        ("tests/integration/aws/test_consistent_reads.py",),
    ),
    Mutation(
        "Cosmos DB: items are deleted whatever they have become",
        "l3kit/clouds/azure/data/hot_store.py",
        '("delete", (key,), {"if_match_etag": etag})',
        '("delete", (key,))',
        (HOT_STORES,),
    ),
    Mutation(
        "Cosmos DB: a delete whose answer was lost is repeated blindly",
        "l3kit/clouds/azure/data/hot_store.py",
        '"batch_delete", "write", _batch_call(device_id, operations), once=True',
        '"batch_delete", "write", _batch_call(device_id, operations)',
        (COSMOS,),
    ),
    Mutation(
        "Cosmos DB: the journal does not compare versions",
        "l3kit/clouds/azure/data/journal_store.py",
        "id_, document, etag=etag, match_condition=_if_not_modified(), no_response=True",
        "id_, document, no_response=True",
        (JOURNALS,),
    ),
    Mutation(
        "Cosmos DB: an answer that is more than a page is cut without saying so",
        "l3kit/clouds/azure/data/hot_store.py",
        "next_after = page.last if more or page.cut else None",
        "next_after = page.last if more else None",
        (HOT_STORES, COSMOS),
    ),
    Mutation(
        "a part is kept before it is checked",
        "l3kit/tiering/transfer/multipart.py",
        "    done = await _already_done(store, upload)\n"
        "    if done is None:\n"
        "        await _keep(store, upload, number, data)\n",
        "    await _keep(store, upload, number, data)\n"
        "    done = await _already_done(store, upload)\n"
        "    if done is None:\n",
        (MULTIPART,),
    ),
    Mutation(
        "parts of an object that is cut otherwise count as its parts",
        "l3kit/tiering/transfer/multipart.py",
        "identity = [self.total, self.sha256,",
        "identity = [self.sha256,",
        (MULTIPART,),
    ),
    Mutation(
        "parts without a digest are taken",
        "l3kit/tiering/transfer/archive_writer.py",
        "            if declared is None:\n",
        "            if False:\n",
        (MULTIPART,),
    ),
    Mutation(
        "reversed bounds are taken",
        "l3kit/tiering/transfer/chunk_items.py",
        "    if _before(end, high, start, low):\n",
        "    if False:\n",
        (CHUNK_ITEMS,),
    ),
    Mutation(
        "an item outside the bounds is taken",
        "l3kit/tiering/transfer/chunk_items.py",
        "        if _before(end, high, text, at):\n",
        "        if False:\n",
        (CHUNK_ITEMS,),
    ),
    Mutation(
        "a writer goes on after everybody has given up",
        "l3kit/tiering/transfer/receiver.py",
        "async with asyncio.timeout(self._seconds):",
        "async with asyncio.timeout(None):",
        ("tests/unit/tiering/transfer/test_receiver_limits.py",),
    ),
    Mutation(
        "Firestore: items are deleted whatever they have become",
        "l3kit/clouds/gcp/data/item_writes.py",
        "            write.current_document.update_time.FromNanoseconds(update_time)\n",
        "",
        (HOT_STORES,),
    ),
    Mutation(
        "Firestore: what a batch did not delete is forgotten",
        "l3kit/clouds/gcp/data/hot_store.py",
        "return [key for (key, _), code in zip(batch, codes, strict=True) if code not in _GONE]",
        "return []",
        (HOT_STORES,),
    ),
    Mutation(
        "Firestore: the journal does not compare versions",
        "l3kit/clouds/gcp/data/journal_store.py",
        "            write.current_document.update_time.CopyFrom(update_time)\n",
        "",
        (JOURNALS,),
    ),
    Mutation(
        "Blob Storage: a blob is created over another",
        "l3kit/clouds/azure/data/object_store.py",
        "length=len(body), overwrite=False",
        "length=len(body), overwrite=True",
        (OBJECTS,),
    ),
    Mutation(
        "Blob Storage: a copy takes whatever the source has become",
        "l3kit/clouds/azure/data/object_store.py",
        "                source_etag=f'\"{info.etag}\"',\n"
        "                source_match_condition=MatchConditions.IfNotModified,\n",
        "",
        (OBJECTS,),
    ),
    Mutation(
        "Cloud Storage: an object is created over another",
        "l3kit/clouds/gcp/data/object_store.py",
        'content_type="application/json", if_generation_match=0, checksum="crc32c"',
        'content_type="application/json", checksum="crc32c"',
        (OBJECTS,),
    ),
    Mutation(
        "Cloud Storage: a copy takes the place of other content",
        "l3kit/clouds/gcp/data/object_store.py",
        "                    if_generation_match=0,\n",
        "",
        (OBJECTS,),
    ),
    Mutation(
        "Cloud Storage: an object is deleted whatever it has become",
        "l3kit/clouds/gcp/data/object_store.py",
        "lambda: blob.delete(if_generation_match=generation, **self._once)",
        "lambda: blob.delete(**self._once)",
        (OBJECTS,),
    ),
    Mutation(
        "a former token has no end",
        "l3kit/tiering/tokens.py",
        "if now < one.until)",
        "if one.until)",
        (FORMER,),
    ),
    Mutation(
        "former tokens are taken where the one in force is blank",
        "l3kit/tiering/transfer/wire.py",
        "    if not given or not token:\n",
        "    if not given:\n",
        (FORMER,),
    ),
    Mutation(
        "a rotated writer forgets what its mover still has",
        "l3kit/clouds/ports/deployed_links.py",
        "            former[in_force] = self._end()\n",
        "            pass\n",
        (LINKS,),
    ),
    Mutation(
        "a second rotation ends what the mover still has",
        "l3kit/clouds/ports/deployed_links.py",
        "            if held is None or held == token:\n",
        "            if held is None:\n",
        (LINKS,),
    ),
    Mutation(
        "a former token is not prolonged when a rotation is completed late",
        "l3kit/clouds/ports/deployed_links.py",
        "        return frozenset(ending)\n",
        "        return frozenset()\n",
        (LINKS,),
    ),
    Mutation(
        "the file is right, not the deployed writer",
        "l3kit/clouds/ports/deployed_links.py",
        "saved.replaces == variables_digest(writer.variables):",
        "saved.url:",
        (LINKS,),
    ),
    Mutation(
        "a rotation that was killed before its writer was told is forgotten",
        "l3kit/clouds/ports/deployed_links.py",
        "saved.replaces == variables_digest(writer.variables):",
        "not writer.variables:",
        (LINKS,),
    ),
    Mutation(
        "what may not be read is taken for blank",
        "l3kit/clouds/ports/deployed_links.py",
        "            if saved is None or not saved.token.strip():\n                raise\n",
        "",
        (LINKS,),
    ),
    Mutation(
        "any former token that a writer was told is kept",
        "l3kit/clouds/ports/deployed_links.py",
        "        return found if all(one.until <= latest for one in found) else ()\n",
        "        return found\n",
        (LINKS,),
    ),
    Mutation(
        "a sandbox's link is taken for a real one",
        "l3kit/clouds/ports/deployed_links.py",
        "not self.file.sandbox and _is_loopback(found.url)",
        "False",
        (LINKS,),
    ),
    Mutation(
        "DynamoDB: a scan goes on behind each item instead of each device",
        "l3kit/clouds/aws/data/hot_store.py",
        'request["ExclusiveStartKey"] = {PARTITION_KEY: last[PARTITION_KEY], SORT_KEY: {"S": BEHIND_ALL}}',
        "return",
        (DEVICES_NAMED,),
    ),
    Mutation(
        "Firestore: devices beyond the first page are not named",
        "l3kit/clouds/gcp/data/item_reads.py",
        "            token = answer.next_page_token\n            if not token:\n",
        "            if True:\n",
        (DEVICES_NAMED,),
    ),
    Mutation(
        "devices without a document of their own are not named",
        "l3kit/clouds/gcp/data/item_reads.py",
        "show_missing=True",
        "show_missing=False",
        (DEVICES_NAMED,),
    ),
    Mutation(
        "unlisted devices are passed over",
        "l3kit/operate/hot_census.py",
        "found.update(device for device in some if device not in known)",
        "pass",
        (INVENTORY,),
    ),
    Mutation(
        "a refused look for unlisted devices is passed over",
        "l3kit/operate/hot_census.py",
        "        return Unlisted(tuple(sorted(found)), gap=gap)\n",
        "        return Unlisted(tuple(sorted(found)))\n",
        (INVENTORY,),
    ),
    Mutation(
        "an unreached tier is no gap of the count",
        "l3kit/operate/inventory.py",
        "    gaps = stores.unreached(twin)\n",
        "    gaps: list[Gap] = []\n",
        (INVENTORY,),
    ),
    Mutation(
        "conservation is told although chunks were not counted",
        "l3kit/operate/runs.py",
        "if gap.uncounted]",
        "if False]",
        (INVENTORY,),
    ),
    Mutation(
        "a reader's answer is complete although it leaves items out",
        "l3kit/tiering/runtime/readers.py",
        '"complete": not refused and after is None',
        '"complete": after is None',
        (READERS,),
    ),
    Mutation(
        "a record that cannot be read is passed over",
        "l3kit/operate/journal.py",
        "    return JournalReport(records, tuple(one for one in found if isinstance(one, Gap)))\n",
        "    return JournalReport(records)\n",
        (JOURNAL_VIEW,),
    ),
    Mutation(
        "a device's page passes over foreign objects",
        "l3kit/operate/explain/gaps.py",
        "    for tier, key in facts.foreign[:MAX_NAMED]:\n",
        "    for tier, key in ():\n",
        (DEVICE_PAGE,),
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`caught_by` is the first test that failed; empty where none did."""

    mutation: Mutation
    caught_by: str
    seconds: float
    output: str


def try_out(mutation: Mutation, folder: Path) -> Verdict:
    """Copy the project, apply the bug, run its tests until one fails.

    Raises: ValueError where the text to be replaced does not stand there exactly once.
    """
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(source, folder / name)
    file = folder / mutation.file
    text = file.read_text("utf-8")
    if text.count(mutation.old) != 1:
        raise ValueError(f"{mutation.name}: its text stands {text.count(mutation.old)} times in {mutation.file}")
    file.write_text(text.replace(mutation.old, mutation.new), "utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", *mutation.tests]
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    seconds = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{mutation.name}: pytest ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr}")
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return Verdict(mutation, found[1] if found else "", seconds, done.stdout)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.programs.mutations", description=__doc__)
    parser.add_argument("names", nargs="*", help="words of the bugs' names; all where none is given")
    options = parser.parse_args(arguments)
    chosen = [m for m in MUTATIONS if not options.names or any(word in m.name for word in options.names)]
    survived = 0
    for mutation in chosen:
        with tempfile.TemporaryDirectory(prefix="l3kit-mutation-") as folder:
            verdict = try_out(mutation, Path(folder))
        survived += not verdict.caught_by
        told = f"caught by {verdict.caught_by}" if verdict.caught_by else "NOT CAUGHT"
        print(f"{mutation.name}\n    {told} ({verdict.seconds:.0f} s)", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} deliberate bugs are caught")
    return 1 if survived or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())

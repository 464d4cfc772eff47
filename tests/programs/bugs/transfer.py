"""Bugs in what goes over the wire: chunks, parts, receipts, tokens."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

MULTIPART = "tests/unit/tiering/transfer/test_multipart.py"
CHUNK_ITEMS = "tests/unit/tiering/transfer/test_chunk_items.py"
LOOKED_AT = "tests/unit/tiering/movers/test_device_recovery_looked_at.py"
LOST = "tests/unit/tiering/movers/test_device_move_lost_records.py"
RECEIPTS = "tests/unit/tiering/transfer/test_receipts.py"
QUESTIONS = "tests/unit/tiering/transfer/test_cold_writer_questions.py"
FORMER = "tests/unit/tiering/transfer/test_admission_former_tokens.py"
SIGNING = "tests/unit/tiering/transfer/test_signing.py"
ADMISSION = "tests/unit/tiering/transfer/test_admission.py"

TRANSFER = (
    Mutation(
        "the receipt is not looked at where the object is gone",
        "l3kit/tiering/transfer/known_chunks.py",
        "    return await stored_digest(cold, key) or await archived_digest(cold, key)\n",
        "    return await stored_digest(cold, key)\n",
        (LOOKED_AT, LOST, QUESTIONS),
    ),
    Mutation(
        "reserved numbers count when the highest is looked for",
        "l3kit/tiering/transfer/known_chunks.py",
        "chunk.device_id == device_id and chunk.number < RESERVED_NUMBERS",
        "chunk.device_id == device_id",
        (LOOKED_AT, LOST, QUESTIONS),
    ),
    Mutation(
        "a receipt is dropped as long as it is the last one",
        "l3kit/tiering/transfer/receipts.py",
        "        if chunk.number < last[number_space(chunk)]:\n",
        "        if chunk.number <= last[number_space(chunk)]:\n",
        (LOOKED_AT, LOST, RECEIPTS),
    ),
    Mutation(
        "one number space: a period's chunk makes the journal's last one not the last",
        "l3kit/tiering/format/last_chunks.py",
        "    return chunk.device_id, chunk.number >= RESERVED_NUMBERS\n",
        "    return chunk.device_id, False\n",
        (RECEIPTS,),
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
        "parts are joined without comparing the digest",
        "l3kit/tiering/transfer/multipart.py",
        "    if found != upload.sha256:\n        raise _DigestMismatch",
        "    if False:\n        raise _DigestMismatch",
        (MULTIPART,),
    ),
    Mutation(
        "a writer's receipt is not compared with what was sent",
        "l3kit/tiering/transfer/sender.py",
        '(content.get("key"), content.get("sha256")) != (key, sha256):',
        "False:",
        ("tests/unit/tiering/transfer/test_sender.py",),
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
        "what is signed does not hold the body",
        "l3kit/tiering/transfer/signing.py",
        "hashlib.sha256(self.body)",
        'hashlib.sha256(b"")',
        (SIGNING,),
    ),
    Mutation(
        "the clock is told to who has no token",
        "l3kit/tiering/transfer/signing.py",
        "    return time if matches else None\n",
        "    return time if matches or time else None\n",
        (SIGNING, ADMISSION),
    ),
    Mutation(
        "a signature is valid for ever",
        "l3kit/tiering/transfer/admission.py",
        "    if abs(ahead) <= MAX_SKEW_SECONDS:\n",
        "    if ahead <= MAX_SKEW_SECONDS:\n",
        (ADMISSION,),
    ),
    Mutation(
        "a writer that changes to signatures accepts the token itself for ever",
        "l3kit/tiering/link_auth.py",
        "self.token_until is not None and now < self.token_until)",
        "self.token_until is not None)",
        (ADMISSION, "tests/unit/tiering/test_link_auth.py"),
    ),
)

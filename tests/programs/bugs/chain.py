"""Bugs in the way of a message from a device to the hot tier."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

CHAIN = "tests/unit/tiering/runtime/test_chain.py"
FAULTS = "tests/faults/test_chain.py"
WRITING = "tests/unit/tiering/stream/test_hot_writing.py"
HANDING_ON = "tests/unit/tiering/stream/test_handing_on.py"

MESSAGE_CHAIN = (
    Mutation(
        "an old version is replaced without being kept",
        "l3kit/tiering/stream/hot_writing.py",
        "        await self._keep_old(item, found)\n",
        "",
        (WRITING, CHAIN),
    ),
    Mutation(
        "a dead letter that could not be stored is forgotten",
        "l3kit/tiering/stream/settling.py",
        "    for outcome in (written, counts):\n",
        "    for outcome in (counts,):\n",
        (FAULTS,),
    ),
    Mutation(
        "an answer that does not account for every message is taken",
        "l3kit/tiering/stream/batches.py",
        "    return counts if counts.total >= sent else None\n",
        "    return counts\n",
        ("tests/unit/tiering/stream/test_batches.py",),
    ),
    Mutation(
        "of several versions in one call the first one stays",
        "l3kit/tiering/stream/hot_writing.py",
        "        if item.device_id == CANARY_DEVICE or _same(found.item, item.json):\n",
        "        if True:\n",
        (WRITING, CHAIN),
    ),
    Mutation(
        "what the receiver refuses is delivered for ever",
        "l3kit/tiering/stream/handing_on.py",
        "(error.status != 400 or error.field is None)",
        "True",
        (HANDING_ON,),
    ),
    Mutation(
        "events of items that were stored before are not checked",
        "l3kit/tiering/stream/persister.py",
        "        if self._events and readings:\n",
        "        if self._events and counts.stored:\n",
        ("tests/unit/tiering/stream/test_persister.py",),
    ),
    Mutation(
        "a replay deletes the letter of a message that failed again",
        "l3kit/tiering/stream/replaying.py",
        "    if counts.dead == 0:\n        return Fate.ARRIVED\n",
        "    if counts.total:\n        return Fate.ARRIVED\n",
        ("tests/unit/tiering/stream/test_replaying.py",),
    ),
    Mutation(
        "two devices that send the same broken bytes share a dead letter",
        "l3kit/tiering/stream/letters.py",
        "    if not device:\n        return hashlib",
        "    if device or not device:\n        return hashlib",
        ("tests/unit/tiering/stream/test_letters_keys.py",),
    ),
    Mutation(
        "a replayed message loses its sender",
        "l3kit/operate/letters/replay.py",
        "Delivery(letter.message, letter.device, letter.received)",
        "Delivery(letter.message, None, letter.received)",
        ("tests/unit/operate/letters/test_replay_senders.py",),
    ),
    Mutation(
        "a sender tries again after the end of its invocation",
        "l3kit/tiering/runtime/senders.py",
        "            if seconds >= patience.left():\n",
        "            if False:\n",
        ("tests/unit/tiering/runtime/test_senders.py",),
    ),
)

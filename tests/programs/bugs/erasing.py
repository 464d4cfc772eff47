"""Bugs in the end of a device's data."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

ERASING, APART = "l3kit/operate/erase/erasing.py", "l3kit/operate/erase/apart.py"
FINDING, RECORD = "l3kit/operate/erase/finding.py", "l3kit/operate/erase/record.py"
STARTED = ("tests/unit/operate/erase/test_starting.py",)
WAITED = ("tests/unit/operate/erase/test_apart.py",)
FOUND = ("tests/unit/operate/erase/test_finding.py",)
AUDITED = ("tests/unit/operate/audit/test_auditing_erased.py",)
_ABOUT = """\
        about = {"twin": self.twin.name, "finished": self.clock().isoformat(), "by": self.by, "reason": self.reason}
"""
FREED = f"""\
        await self._apart.end()
        if not self.record.begun:
            return ""
{_ABOUT}        return await self.record.finish({{**about, "unreached": stays}})
"""
CLOSED_FIRST = f"""\
{_ABOUT}        key = await self.record.finish({{**about, "unreached": stays}}) if self.record.begun else ""
        await self._apart.end()
        return key
"""

ERASES = (
    Mutation(
        "an erase does not ask for holds",
        ERASING,
        "if hold := await self._holds.of(self.device):",
        "if (hold := await self._holds.of(self.device)) and False:",
        STARTED,
    ),
    Mutation(
        "an erase ends although a dead letter could not be read",
        "l3kit/operate/erase/starting.py",
        "        for gap in self._last.unread:\n",
        "        for gap in self._last.unread[:0]:\n",
        STARTED,
    ),
    Mutation(
        "an erase asks for holds only before it begins",
        ERASING,
        "        await self._check_hold()\n        await self._journal.keep_alive()\n        await self.record.begin",
        "        await self._journal.keep_alive()\n        await self.record.begin",
        STARTED,
    ),
    Mutation(
        "an erase takes the chunks of devices whose ids begin alike",
        FINDING,
        "    async for version in store.versions(prefix):\n        if is_chunk_of(version.key, device):\n",
        "    async for version in store.versions(prefix[:-1]):\n        if parse_object_key(version.key):\n",
        FOUND,
    ),
    Mutation(
        "an erase takes the receipts of devices whose ids begin alike",
        FINDING,
        "store.versions(RECEIPT_PREFIX + prefix):\n"
        "        if is_chunk_of(version.key.removeprefix(RECEIPT_PREFIX), device):",
        "store.versions(RECEIPT_PREFIX + prefix[:-1]):\n        if version.key:",
        FOUND,
    ),
    Mutation(
        "an erase takes the records of expiry of devices whose ids begin alike",
        FINDING,
        "store.versions(records_prefix(device)):",
        "store.versions(records_prefix(device)[:-1]):",
        FOUND,
    ),
    Mutation(
        "an erase leaves the records of expiry",
        FINDING,
        '    if store.tier == "archive":\n',
        "    if not store.tier:\n",
        STARTED,
    ),
    Mutation(
        "an erase leaves the expirer's reports",
        "l3kit/operate/erase/naming.py",
        "((self.cold, COLD_REPORTS), (self.archive, EXPIRER_REPORTS))",
        "((self.cold, COLD_REPORTS),)",
        STARTED,
    ),
    Mutation(
        "an erase leaves former versions",
        FINDING,
        "        if version.kept_until is not None:\n",
        "        if not version.current:\n            continue\n        if version.kept_until is not None:\n",
        STARTED,
    ),
    Mutation(
        "an erase records what it deletes only afterwards",
        ERASING,
        "        await self.record.note(pieces)\n        self._journal.check_held()\n        await delete()\n",
        "        self._journal.check_held()\n        await delete()\n        await self.record.note(pieces)\n",
        STARTED,
    ),
    Mutation(
        "an erase closes its record before the device is free",
        ERASING,
        FREED,
        CLOSED_FIRST,
        STARTED,
    ),
    Mutation(
        "an interrupted erase begins a record anew",
        RECORD,
        "        if DONE not in names:\n",
        "        if not names:\n",
        STARTED,
    ),
    Mutation(
        "an interrupted erase forgets its last look",
        RECORD,
        'datetime.fromisoformat(at) if (at := content["look_again"]) else None',
        "None",
        WAITED,
    ),
    Mutation(
        "an erase that goes on looks again when the first one wanted to",
        RECORD,
        "if not self.begun or wanted is None or (",
        "if self.begun or wanted is None or (",
        WAITED,
    ),
    Mutation(
        "an erase that goes on forgets that it has put off its last look",
        RECORD,
        '                    self.look_again = datetime.fromisoformat(content["look_again"])\n',
        '                    datetime.fromisoformat(content["look_again"])\n',
        WAITED,
    ),
    Mutation(
        "an interrupted erase forgets what it had recorded",
        RECORD,
        "self._take(name, hashlib.sha256(body).hexdigest(), [Piece.of_json(row) for row in content])",
        "self.parts[key] = hashlib.sha256(body).hexdigest()",
        STARTED,
    ),
    Mutation(
        "an erase does not pause the device",
        ERASING,
        "paused = await self._apart.pause(self.by or ERASER)",
        "paused = self.clock()",
        WAITED,
    ),
    Mutation(
        "an erase pauses the device for the archive mover alone",
        APART,
        "lambda there: there or pause,",
        "lambda there: there,",
        WAITED,
    ),
    Mutation(
        "an erase leaves the device paused",
        APART,
        "        await delete_permanently(self.stores.cold, Pauses.key(self.device))\n",
        "",
        WAITED,
    ),
    Mutation(
        "an erase does not mind a chunk that is under way",
        ERASING,
        "        if found.entry is not None:\n",
        "        if found.entry and not found.version:\n",
        STARTED,
    ),
    Mutation(
        "an erase does not look again",
        ERASING,
        "            if look_again is not None:\n                await self._tiers(look_again)\n",
        "            if look_again is not None:\n",
        WAITED,
    ),
    Mutation(
        "an erase does not look again at dead letters",
        ERASING,
        "                await self._letters(look_again)\n            await self._mentioned(look_again)\n",
        "            await self._mentioned(look_again)\n",
        WAITED,
    ),
    Mutation(
        "an erase does not wait for the expirer",
        APART,
        "        moments += [now + LONGEST_RUN] if seen.expiring else []\n",
        "",
        WAITED,
    ),
    Mutation(
        "an erase does not wait for the request that stored the youngest chunk",
        APART,
        "        moments = [seen.newest + LONGEST_REQUEST] if seen.newest else []\n",
        "        moments = []\n",
        WAITED,
    ),
    Mutation(
        "an erase takes a hold that is set meanwhile",
        APART,
        "        if not any(one.current and one.etag for one in found):\n",
        "        if found:\n",
        WAITED,
    ),
    Mutation(
        "an audit takes the record of an erase for somebody else's object",
        "l3kit/operate/audit/survey.py",
        "    RECORD_PREFIX,\n    Holds.prefix,\n",
        "    Holds.prefix,\n",
        AUDITED,
    ),
    Mutation(
        "an audit misses what an interrupted erase has deleted",
        "l3kit/operate/audit/device.py",
        "        if self.erasing:\n",
        "        if self.erasing and self.gone:\n",
        AUDITED,
    ),
)

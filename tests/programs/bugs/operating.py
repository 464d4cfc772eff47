"""Bugs in what an operator sees and does: links, inventory, journal, a device's page."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

LINKS = "tests/unit/clouds/ports/test_deployed_links.py"
ROTATION = "tests/unit/clouds/ports/test_deployed_links_rotation.py"
INVENTORY = "tests/unit/operate/test_inventory.py"
READERS = "tests/unit/tiering/runtime/test_readers.py"
JOURNAL_VIEW = "tests/unit/operate/test_journal.py"
FACTS = "tests/unit/operate/explain/test_gather.py"
AUDIT = "tests/unit/operate/audit/test_auditing_meanwhile.py"
HISTORY = "tests/unit/operate/test_history.py"
TURNS = "tests/unit/deploy/test_turns.py"
STATEMENTS = "l3kit/clouds/aws/control/operator_statements.py"
STATED = "tests/unit/clouds/aws/control/test_operator_statements.py"

OPERATING = (
    Mutation(
        "a rotated writer forgets what its mover still has",
        "l3kit/clouds/ports/deployed_links.py",
        "            former[in_force] = self._end()\n",
        "            pass\n",
        (LINKS, ROTATION),
    ),
    Mutation(
        "a second rotation ends what the mover still has",
        "l3kit/clouds/ports/deployed_links.py",
        "            if held == token or (held is None and sent):\n",
        "            if held is None and sent:\n",
        (LINKS, ROTATION),
    ),
    Mutation(
        "a former token is not prolonged when a rotation is completed late",
        "l3kit/clouds/ports/deployed_links.py",
        "        return frozenset(ending)\n",
        "        return frozenset()\n",
        (LINKS, ROTATION),
    ),
    Mutation(
        "the file is right, not the deployed writer",
        "l3kit/clouds/ports/deployed_links.py",
        "saved.replaces == variables_digest(writer.variables):",
        "saved.url:",
        (LINKS, ROTATION),
    ),
    Mutation(
        "a rotation that was killed before its writer was told is forgotten",
        "l3kit/clouds/ports/deployed_links.py",
        "saved.replaces == variables_digest(writer.variables):",
        "not writer.variables:",
        (LINKS, ROTATION),
    ),
    Mutation(
        "what may not be read is taken for blank",
        "l3kit/clouds/ports/deployed_links.py",
        "            if saved is None or not saved.token.strip():\n                raise\n",
        "",
        (LINKS, ROTATION),
    ),
    Mutation(
        "any former token that a writer was told is kept",
        "l3kit/clouds/ports/deployed_links.py",
        "        return found if all(one.until <= latest for one in found) else ()\n",
        "        return found\n",
        (LINKS, ROTATION),
    ),
    Mutation(
        "a sandbox's link is taken for a real one",
        "l3kit/clouds/ports/deployed_links.py",
        "not self.file.sandbox and is_loopback(found.url)",
        "False",
        (LINKS, ROTATION),
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
        "    return JournalReport(records, tuple(one for one in found if isinstance(one, Gap)), pauses)\n",
        "    return JournalReport(records, pauses=pauses)\n",
        (JOURNAL_VIEW,),
    ),
    Mutation(
        "a device's page passes over foreign objects",
        "l3kit/operate/explain/gaps.py",
        "    for tier, key in facts.foreign[:MAX_NAMED]:\n",
        "    for tier, key in ():\n",
        (FACTS,),
    ),
    Mutation(
        "a continued audit forgets what was before its interruption",
        "l3kit/operate/audit/device.py",
        "        self._doubles(outcome)\n        self.doubles.left_out = 0",
        "        self.doubles.left_out = 0",
        (AUDIT,),
    ),
    Mutation(
        "a mover that never ran is passed in silence",
        "l3kit/operate/history/todo.py",
        '            return f"while the {other} has run since {iso(first)}"\n',
        '            return ""\n',
        (HISTORY,),
    ),
    Mutation(
        "a second apply does not wait for the first",
        "l3kit/deploy/turns.py",
        "        taken = not waited or _taken(lock, seconds)\n",
        "        taken = True\n",
        (TURNS,),
    ),
    Mutation(
        "an operator's policy allows on all objects what is needed on some",
        STATEMENTS,
        "set(parts) <= {*found}]",
        "set(parts) & {*found}]",
        (STATED,),
    ),
    Mutation(
        "a role of the operator's policy may be passed to any service that another may be passed to",
        STATEMENTS,
        "if one.passed_to == new.passed_to and (one.actions",
        "if (one.actions",
        (STATED,),
    ),
)

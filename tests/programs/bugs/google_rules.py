"""Bugs in the rules that the sandbox's double of Google Cloud's control plane goes by."""

from __future__ import annotations

from tests.programs.bugs.mutation import Mutation

RULES = "l3kit/sandbox/gcp/control/rules/"
TESTS = ("tests/unit/sandbox/gcp/control/rules",)

GOOGLE_RULES = (
    Mutation(
        "rules of Google take a field that a list element lacks",
        f"{RULES}messages.py",
        '                yield from self.faults(items, value, f"{at}[{n}]")\n',
        "                yield from ()\n",
        TESTS,
    ),
    Mutation(
        "rules of Google take a field under both of its names",
        f"{RULES}messages.py",
        "            if field in given:\n",
        "            if False:\n",
        TESTS,
    ),
    Mutation(
        "rules of Google take any path in the update mask of a body",
        f"{RULES}messages.py",
        "            if isinstance(mask, str) and len(messages) == 1:\n",
        "            if False:\n",
        TESTS,
    ),
    Mutation(
        "rules of Google take an action as a part of a name",
        f"{RULES}templates.py",
        "    return (head, tail) if colon and",
        '    return (head, tail) if colon and tail == "run" and',
        TESTS,
    ),
    Mutation(
        "rules of Google require nothing inside a resource",
        f"{RULES}required.py",
        "                elif name in given and deep:\n",
        "                elif False:\n",
        TESTS,
    ),
    Mutation(
        "rules of Google require of a change what the resource has",
        f"{RULES}required.py",
        '    if change and not request.endswith("Request"):\n',
        "    if False:\n",
        TESTS,
    ),
    Mutation(
        "rules of Google keep what only the service sets",
        f"{RULES}reading.py",
        ' and not fields[name].get("readOnly")',
        "",
        TESTS,
    ),
    Mutation(
        "rules of Google take contents as an answer of any method",
        f"{RULES}query.py",
        " and not method.media:\n",
        " and False:\n",
        TESTS,
    ),
    Mutation(
        "rules of Google take a number as a text",
        f"{RULES}scalars.py",
        '        return "TYPE_STRING"\n',
        "        return None\n",
        TESTS,
    ),
)

"""A constant of one name and one value has one definition, which all modules share."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "l3kit"
APART = {
    "BATCH = 100": "limit of a batch of Cosmos DB, and the letters that a replay takes at once",
    "CONCURRENT = 16": "requests of three kinds; one may change without the others",
    "LIMIT = 1000": "of dead letters read and of log lines shown",
    "MAX_KEY_BYTES = 1024": "limits of S3, of Google Cloud Storage and of our protocol",
    "MAX_PAYLOAD_BYTES = 128 * 1024": "limits of AWS IoT Core and of Azure IoT Hub",
    "NAME = 'name'": "an attribute of the journal, whose form each cloud decides",
    "NO_CODES = frozenset()": "empty sets of codes of two libraries",
    "PAGE = 1000": "limits of Azure Blob Storage and of Google Cloud Storage",
    "SHARE = 0.5": "of a table's capacity and of a call's time",
    "VERSION = 'version'": "an attribute of the journal, whose form each cloud decides",
    "_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)": "a fact of the calendar; one of the modules is packed into functions",
    "_MISSING = frozenset({'ResourceNotFoundException'})": "codes of Lambda and of DynamoDB",
}
"""Constants that are equal by chance, so that sharing them would tie together what is apart."""


def constants(text: str) -> Iterator[str]:
    """Each constant of a module with its value; type variables must be defined where they are used."""
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if name.isupper() and _is_literal(value):
            yield f"{name} = {ast.unparse(value)}"


def _is_literal(value: ast.expr) -> bool:
    """Whether nothing of the module's own is in it: literals, operators, and calls of what other packages have."""
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    return names <= {"frozenset", "re", "datetime", "UTC", "timedelta"}


def repeated(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The modules of each constant that more than one defines."""
    places: dict[str, list[str]] = defaultdict(list)
    for module, text in texts.items():
        for constant in constants(text):
            places[constant].append(module)
    return {constant: modules for constant, modules in places.items() if len(modules) > 1}


def test_only_equal_literals_of_one_name_are_repeated() -> None:
    first = 'LIMIT = 4 * 1024\nSLOW: float = 1.0\nT = TypeVar("T")\nOWN = SLOW * 2\nname = 1\n_KEY = re.compile("a")\n'
    second = 'LIMIT: int = 4 * 1024\nSLOW = 2.0\nT = TypeVar("T")\nOWN = SLOW * 2\nname = 1\n_KEY = re.compile("a")\n'
    assert repeated({"a": first, "b": second}) == {"LIMIT = 4 * 1024": ["a", "b"], "_KEY = re.compile('a')": ["a", "b"]}


def test_no_constant_is_defined_twice() -> None:
    texts = {
        str(path.relative_to(PACKAGE)): path.read_text("utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] != "sandbox"  # a double has its own limits
    }
    assert len(texts) > 300
    found = repeated(texts)
    assert {constant: modules for constant, modules in found.items() if constant not in APART} == {}
    assert APART.keys() <= found.keys(), "allowed, but no longer needed"

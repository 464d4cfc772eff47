"""Tests mirror the package: those of `l3kit/a/b.py` are in `tests/unit/a/test_b.py`, or `test_b_<aspect>.py` beside it.

What is not tested one module at a time is in `COVERED`, with the reason and the tests that cover it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, TESTS = ROOT / "l3kit", ROOT / "tests" / "unit"
MOST_LINES = 100
"""A longer module needs tests of its own."""


@dataclass(frozen=True)
class Covered:
    """Modules, by patterns, that have no unit tests; why; and the tests that cover them."""

    patterns: tuple[str, ...]
    reason: str
    by: str

    def has(self, module: Path) -> bool:
        return any(fnmatch(module.as_posix(), pattern) for pattern in self.patterns)


COVERED = (
    Covered(("conformance/*.py",), "is a suite of tests, run on every store", "tests/conformance"),
    Covered(
        ("clouds/*/data/*_store.py", "clouds/aws/data/stores.py", "clouds/aws/data/multipart.py"),
        "speaks to a store, whose contract is one suite",
        "tests/conformance",
    ),
    Covered(
        ("clouds/azure/data/cosmos.py", "clouds/azure/data/creates.py"),
        "is requests of Cosmos DB, and faults of it",
        "tests/integration/azure/cosmos",
    ),
    Covered(
        ("clouds/gcp/data/firestore_client.py", "clouds/gcp/data/creates.py", "clouds/gcp/data/item_writes.py"),
        "is requests of Firestore, and faults of it",
        "tests/integration/gcp/firestore",
    ),
    Covered(
        ("clouds/gcp/data/resumable_upload.py",),
        "is requests of Cloud Storage, and faults of it",
        "tests/integration/gcp/storage/test_uploads.py",
    ),
    Covered(
        ("clouds/*/data/entry.py",),
        "answers a cloud's events, alike on all three",
        "tests/unit/lambda_functions/test_chain_entries.py",
    ),
    Covered(
        ("clouds/aws/control/links.py", "clouds/aws/control/provisioner.py", "clouds/aws/session.py"),
        "makes, compares and removes what only AWS knows",
        "tests/integration/aws",
    ),
    Covered(
        ("clouds/ports/*.py", "tiering/ports/*.py"), "declares what others do, and does nothing", "tests/conformance"
    ),
    Covered(
        (*(f"sandbox/{name}.py" for name in ("gateway", "lifecycle", "listing", "node_install")), "cli/sandbox.py"),
        "starts, finds and ends processes",
        "tests/integration/sandbox/test_lifecycle.py",
    ),
    Covered(
        ("sandbox/service_host.py", "sandbox/upstream.py"),
        "passes HTTP requests on to emulators",
        "tests/integration/sandbox/test_parts.py",
    ),
    Covered(
        ("sandbox/gcp/cloud_run.py",),
        "is rules of a platform, judged by its answers",
        "tests/integration/sandbox/gcp/functions",
    ),
    Covered(
        ("sandbox/faults/*.py", "sandbox/*/faults.py"),
        "is faults of calls over HTTP",
        "tests/integration/sandbox/test_faults.py",
    ),
    Covered(
        ("sandbox/functions/*.py", "sandbox/azure/function_*.py"),
        "runs functions as Azure and Google Cloud do, judged by their answers",
        "tests/integration/sandbox/azure/functions",
    ),
    Covered(
        ("sandbox/aws/iam/*.py",),
        "judges requests together, by the policies that a caller has",
        "tests/integration/sandbox/aws/test_caller_permissions.py",
    ),
    Covered(("sandbox/aws/partiql/*.py",), "is one operation, judged whole", "tests/integration/sandbox/aws/partiql"),
    Covered(
        tuple(
            f"sandbox/aws/{name}.py"
            for name in ("dynamodb", "monitoring", "parts", "s3", "schedules", "services", "topic_rules")
        ),
        "answers over HTTP in place of AWS's services",
        "tests/integration/sandbox/aws",
    ),
    Covered(
        ("sandbox/aws/function_*.py", "sandbox/aws/lambda_api.py", "sandbox/aws/resource_policy.py"),
        "runs functions as Lambda does, judged by its API's answers",
        "tests/integration/sandbox/aws/test_function_processes.py",
    ),
    Covered(
        ("sandbox/azure/cosmos*.py", "sandbox/azure/part.py"),
        "answers over HTTP in place of Cosmos DB",
        "tests/integration/sandbox/azure/cosmos",
    ),
    Covered(
        ("sandbox/gcp/part.py", "sandbox/gcp/late_plane.py"),
        "connects the services of a gateway",
        "tests/integration/sandbox/gcp/control",
    ),
    Covered(
        tuple(
            f"sandbox/gcp/control/{name}.py"
            for name in ("bindings", "effects", "function_checks", "memory", "permissions")
        ),
        "is a part of several APIs of the double, judged by their answers",
        "tests/unit/sandbox/gcp/control/test_plane.py",
    ),
    Covered(
        ("sandbox/gcp/control/sandbox_effects.py",),
        "drives the services of a gateway",
        "tests/integration/sandbox/gcp/control",
    ),
    Covered(
        ("sandbox/gcp/firestore/*.py",),
        "answers over gRPC in place of Firestore",
        "tests/integration/sandbox/gcp/firestore",
    ),
    Covered(
        ("sandbox/gcp/storage/*.py",),
        "answers over HTTP in place of Cloud Storage",
        "tests/integration/sandbox/gcp/storage",
    ),
    Covered(
        ("examples/demo/command.py", "examples/demo/stage.py"),
        "starts and ends processes",
        "tests/integration/test_demo.py",
    ),
    Covered(
        ("operate/audit/*.py",), "is one audit, tested as a whole", "tests/unit/operate/audit/test_auditing_faults.py"
    ),
    Covered(("operate/explain/facts.py",), "is values that others gather", "tests/unit/operate/explain/test_gather.py"),
    Covered(("operate/erase/*.py",), "is one erase, tested as a whole", "tests/unit/operate/erase/test_starting.py"),
    Covered(
        ("operate/holds/*.py", "operate/stopping.py"),
        "is one record, tested as a whole",
        "tests/unit/operate/holds/test_changes.py",
    ),
    Covered(("operate/history/*.py",), "is one answer, tested as a whole", "tests/unit/operate/test_history.py"),
    Covered(
        ("operate/pauses/*.py", "operate/upkeep.py"),
        "is one record, tested as a whole",
        "tests/unit/operate/test_pauses.py",
    ),
    Covered(
        ("new_project/making.py", "new_project/pages.py"),
        "writes a project, tested whole",
        "tests/unit/cli/test_init.py",
    ),
    Covered(("examples/crash_lab.py",), "is the lab of its notebook", "notebooks/crash_lab.ipynb"),
    Covered(
        ("first_light/*.py", "cli/first_light.py"),
        "applies, measures and removes a twin",
        "tests/integration/aws/test_first_light.py",
    ),
)
NO_PACKAGE = {"benchmarks": "benchmarks", "lambda_functions": "lambda_code", "raw_errors": "l3kit/cli"}
"""Folders of unit tests that belong to no folder of the package, with what they test."""
NAMED_ELSEWHERE = {"test_config_loader.py": "twin/connections.py"}
"""Files whose names are older than the modules that they test."""


def names_module(test: Path, names: Collection[Path]) -> Path | None:
    """The module, or the folder of modules, at whose path a test file is; None if there is none."""
    words = test.stem.split("_")[1:]
    for count in range(len(words), 0, -1):
        found = test.parent / "_".join(words[:count])
        if found in names:
            return found
    return None


def without_tests(lines: Mapping[Path, int], tests: Iterable[Path]) -> list[Path]:
    """The modules that are long enough for tests, and have none at their path."""
    names = {module.with_suffix("") for module in lines}
    tested = {names_module(test, names) for test in tests}
    return [module for module, count in lines.items() if count > MOST_LINES and module.with_suffix("") not in tested]


def without_modules(tests: Iterable[Path], lines: Mapping[Path, int]) -> list[Path]:
    """The test files at whose path there is neither a module nor a folder of modules."""
    names = {name for module in lines for name in (module.with_suffix(""), *module.parents)}
    return [test for test in tests if names_module(test, names) is None]


def modules() -> dict[Path, int]:
    """Each module of the package with its number of lines."""
    return {
        path.relative_to(PACKAGE): len(path.read_text("utf-8").splitlines()) for path in sorted(PACKAGE.rglob("*.py"))
    }


def unit_tests() -> list[Path]:
    return [path.relative_to(TESTS) for path in sorted(TESTS.rglob("test_*.py"))]


LINES = {Path("a/long.py"): 101, Path("a/short.py"): 100, Path("a/b/deep.py"): 101, Path("a/long_way.py"): 101}


@pytest.mark.parametrize(
    ("tests", "missing"),
    [
        (["a/test_long.py", "a/b/test_deep.py", "a/test_long_way.py"], []),
        (["a/test_long_aspect.py", "a/b/test_deep_in_it.py", "a/test_long_way_in.py"], []),
        (["a/test_long_way.py", "a/test_deep.py"], ["a/long.py", "a/b/deep.py"]),
        (["test_long.py", "a/test_longer.py", "a/b/test_deep.py"], ["a/long.py", "a/long_way.py"]),
    ],
)
def test_a_long_module_without_tests_at_its_path_is_found(tests: list[str], missing: list[str]) -> None:
    assert without_tests(LINES, map(Path, tests)) == [Path(name) for name in missing]


def test_a_test_file_without_a_module_is_found() -> None:
    tests = [
        Path(name) for name in ("a/test_long.py", "a/test_b.py", "a/test_lon.py", "a/b/test_short.py", "test_x.py")
    ]
    assert without_modules(tests, LINES) == tests[2:]


def test_every_long_module_has_tests_at_its_path_or_a_reason_not_to() -> None:
    missing = without_tests(modules(), unit_tests())
    assert [str(module) for module in missing if not any(one.has(module) for one in COVERED)] == []
    assert [one.reason for one in COVERED if not any(map(one.has, missing))] == [], "allowed, but no longer needed"


def test_every_unit_test_is_at_the_path_of_a_module() -> None:
    tests = [test for test in unit_tests() if test.parts[0] not in NO_PACKAGE]
    assert [str(test) for test in without_modules(tests, modules())] == list(NAMED_ELSEWHERE)


@pytest.mark.parametrize("path", [*(one.by for one in COVERED), *NO_PACKAGE.values()])
def test_what_covers_the_others_is_there(path: str) -> None:
    assert (ROOT / path).exists()

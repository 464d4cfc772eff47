"""Runs the cases of the sandbox's emulators against other emulators as they come, where they must fail.

`python -m tests.programs.foreign_servers`, about a minute. The sandbox has its own Cloud Storage and Firestore,
and a layer before Cosmos DB, because those emulators are silently wrong; this shows that the cases would notice. They
are installed into a temporary folder, bound to loopback, run, and thrown away. The exit code is 1 where one of them
passes what it is known to get wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from l3kit.sandbox.node_install import find_node
from tests.conformance.cosmos_backend import cosmos_servers

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
CASE_SECONDS = 20
FIRESTORE_HOST = """
const { FirestoreServer } = require('@firestore-emulator/server');
const made = new FirestoreServer();
const bind = made.server.bindAsync.bind(made.server);
made.server.bindAsync = (address, ...more) => bind(address.replace('0.0.0.0', '127.0.0.1'), ...more);
made.start(Number(process.argv[2]));
"""
"""Unmodified, it binds to all addresses of the machine."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """One emulator.

    Attributes:
        cases: a folder of tests.
        variable: tells the cases the server's address.
        must_fail: cases that stand for what it gets wrong, as parts of their names.
        running: installs and starts it; gives the address.
    """

    name: str
    cases: str
    variable: str
    must_fail: tuple[str, ...]
    running: Callable[[Path], Iterator[str]]


def _gcs(folder: Path) -> Iterator[str]:
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    programs = folder / "venv" / "bin"
    install = [str(programs / "python"), "-m", "pip", "install", "--quiet", "gcp-storage-emulator==2026.7.19"]
    subprocess.run([*install, "--disable-pip-version-check"], check=True)
    port = _free_port()
    command = [str(programs / "gcp-storage-emulator"), "start", "--host", "127.0.0.1", "--port", str(port)]
    with _started([*command, "--in-memory"], port, folder):
        yield f"http://127.0.0.1:{port}"


def _firestore(folder: Path) -> Iterator[str]:
    node = find_node()
    (folder / "package.json").write_text('{"private": true}')
    (folder / "host.cjs").write_text(FIRESTORE_HOST)
    package = "@firestore-emulator/server@0.3.15"
    subprocess.run(
        [*node.npm, "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", package],
        cwd=folder,
        check=True,
    )
    port = _free_port()
    with _started([node.binary, "host.cjs", str(port)], port, folder):
        yield f"127.0.0.1:{port}"


def _bare_cosmos(folder: Path) -> Iterator[str]:
    with cosmos_servers(folder) as servers:
        yield servers.bare_url


FOREIGN = (
    Foreign(
        "gcp-storage-emulator 2026.7.19",
        "tests/integration/sandbox/gcp/storage",
        "L3KIT_FOREIGN_GCS",
        (
            "test_generation_zero_creates_and_never_overwrites",
            "test_a_delete_takes_just_the_generation_it_names",
            "test_of_many_writers_at_once_exactly_one_creates",
            "test_pages_have_the_size_asked_for_and_hold_every_name_once",
            "test_a_rewrite_changes_the_class_and_keeps_the_metadata",
        ),
        _gcs,
    ),
    Foreign(
        "@firestore-emulator/server 0.3.15",
        "tests/integration/sandbox/gcp/firestore",
        "L3KIT_FOREIGN_FIRESTORE",
        (
            "test_a_stale_update_time_refuses_a_write",
            "test_cursors_cut_before_or_behind_a_position",
            "test_paging_with_cursors_sees_every_document_once",
            "test_a_batch_of_deletes_with_stale_update_times_deletes_nothing",
        ),
        _firestore,
    ),
    Foreign(
        "@vercel/cosmosdb-server 1.0.1, without the sandbox's layer",
        "tests/integration/sandbox/azure/cosmos",
        "L3KIT_FOREIGN_COSMOS",
        (
            "test_a_batch_of_which_one_operation_fails_changes_nothing",
            "test_a_batch_of_a_hundred_deletes_takes_exactly_those",
            "test_a_query_sees_its_own_partition_only",
        ),
        _bare_cosmos,
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Numbers of failed and passed cases, and the cases that unexpectedly passed."""

    failed: int
    passed: int
    missed: tuple[str, ...]


def run_cases(foreign: Foreign, folder: Path) -> Outcome:
    """Run an emulator's cases against it. Raises: RuntimeError if they did not run."""
    for address in foreign.running(folder):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--timeout={CASE_SECONDS}"]
        done = subprocess.run(
            [*command, foreign.cases],
            cwd=ROOT,
            env={**os.environ, foreign.variable: address},
            capture_output=True,
            text=True,
            check=False,
        )
    failed = frozenset(re.findall(r"^FAILED \S+?::(\w+)", done.stdout, re.MULTILINE))
    counted = re.search(r"(\d+) failed, (\d+) passed", done.stdout)
    if counted is None:
        raise RuntimeError(f"{foreign.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Outcome(int(counted[1]), int(counted[2]), tuple(n for n in foreign.must_fail if n not in failed))


@contextmanager
def _started(command: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            _await_port(port, process)
            yield
        finally:
            process.kill()
            process.wait()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the server did not start") from None
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.programs.foreign_servers", description=__doc__)
    parser.add_argument("names", nargs="*", help="words of the emulators' names (default: all)")
    options = parser.parse_args(arguments)
    chosen = [f for f in FOREIGN if not options.names or any(word in f.name for word in options.names)]
    missed = 0
    for foreign in chosen:
        with tempfile.TemporaryDirectory(prefix="l3kit-foreign-") as folder:
            outcome = run_cases(foreign, Path(folder))
        missed += len(outcome.missed)
        cases = outcome.failed + outcome.passed
        print(f"{foreign.name}: {outcome.failed} of {cases} cases fail", flush=True)
        for name in outcome.missed:
            print(f"    passes {name}, which it is known to get wrong")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())

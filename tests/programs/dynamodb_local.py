"""Asks Amazon's DynamoDB Local for its judgement: the hot store's, the journal's and PartiQL's cases run against it.

`L3KIT_ACCEPT_DYNAMODB_LOCAL_LICENCE=yes python -m tests.programs.dynamodb_local`, about two minutes. Whoever sets the
variable accepts the DynamoDB Local License Agreement (LICENSE.txt in the package), which asks for an AWS account in
good standing. It binds every address of the machine, so it and the cases run in a network namespace of their own, which
has a loopback and nothing else. The exit code is 1 where a case fails, 2 where it was not asked; the reason is printed.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.judges.installing import Judge, JudgeError, installed

ROOT = Path(__file__).resolve().parents[2]
LICENCE = "L3KIT_ACCEPT_DYNAMODB_LOCAL_LICENCE"
CASES = (
    "tests/conformance/test_conditional_deletes.py",
    "tests/conformance/test_hot_store.py",
    "tests/conformance/test_journal_store.py",
    "tests/integration/sandbox/aws/partiql",
    "tests/integration/sandbox/aws/partiql/judged.py",
)
PORT = 8123
START_SECONDS = 60
RUN_SECONDS = 1200
INSIDE = "--inside"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the cases ended. `output`: what pytest printed."""

    passed: int
    failed: int
    expected: int
    output: str

    def summary(self) -> str:
        return (
            f"DynamoDB Local: {self.passed} cases pass, {self.failed} fail, "
            f"{self.expected} fail as known (tests/integration/sandbox/aws/partiql/statements.py)"
        )


def ask(environment: Mapping[str, str] = os.environ) -> Judgement:
    """Run the cases in a network namespace. Raises: JudgeError where it is not to be, or cannot be, asked."""
    if environment.get(LICENCE) != "yes":
        raise JudgeError(f"its licence is not accepted; {LICENCE}=yes accepts it for whoever sets it")
    namespace = namespace_command()
    judge = installed()
    command = [
        *namespace,
        sys.executable,
        "-m",
        "tests.programs.dynamodb_local",
        INSIDE,
        str(judge.java),
        str(judge.jar),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=RUN_SECONDS)
        except BaseException:
            process.kill()
            raise
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|xfailed)", output)}
    if not counts:
        raise RuntimeError(f"DynamoDB Local gave no judgement:\n{output[-3000:]}")
    return Judgement(
        counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0), counts.get("xfailed", 0), output
    )


def namespace_command() -> list[str]:
    """What runs a program without any network but loopback. Raises: JudgeError where it is not permitted here."""
    tried = ""
    for options in (["--net"], ["--user", "--map-root-user", "--net"]):
        try:
            done = subprocess.run(
                ["unshare", *options, "true"], capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise JudgeError(f"it needs a network namespace, and `unshare` cannot be run ({error})") from None
        if done.returncode == 0:
            return ["unshare", *options]
        tried = done.stderr.strip()
    raise JudgeError(f"it needs a network namespace, which this machine does not permit ({tried})")


def _inside(judge: Judge) -> int:
    """Run the cases; this process is in the namespace already."""
    _end_with_parent()
    _loopback_up()
    with tempfile.TemporaryDirectory(prefix="l3kit-judge-") as folder, _served(judge, Path(folder)):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CASES]
        environment = {**os.environ, "L3KIT_FOREIGN_DYNAMODB": f"http://127.0.0.1:{PORT}"}
        return subprocess.run(command, cwd=ROOT, env=environment, preexec_fn=_end_with_parent, check=False).returncode


@contextmanager
def _served(judge: Judge, folder: Path) -> Iterator[None]:
    with (folder / "server.log").open("w+b") as log:
        process = subprocess.Popen(judge.command(PORT), cwd=folder, stdout=log, stderr=log, preexec_fn=_end_with_parent)
        try:
            end = time.monotonic() + START_SECONDS
            while not _listening():
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise RuntimeError(f"DynamoDB Local did not start:\n{log.read()[-2000:].decode(errors='replace')}")
                time.sleep(0.1)
            yield
        finally:
            process.kill()
            process.wait()


def _listening() -> bool:
    try:
        socket.create_connection(("127.0.0.1", PORT), 1).close()
    except OSError:
        return False
    return True


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG


def _loopback_up() -> None:
    """A new namespace has its loopback down; `ip` need not be installed."""
    set_flags, up_and_running = 0x8914, 0x41  # SIOCSIFFLAGS; IFF_UP | IFF_RUNNING
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up_and_running))


def main(arguments: Sequence[str]) -> int:
    if list(arguments[:1]) == [INSIDE]:
        java, jar = map(Path, arguments[1:])
        return _inside(Judge(java, jar))
    try:
        judgement = ask()
    except JudgeError as error:
        print(f"DynamoDB Local was not asked: {error}")
        return 2
    print(judgement.output)
    print(judgement.summary())
    return 1 if judgement.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The processes of a twin's processors: what one of them does costs its message at most, never the function."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l3kit.errors import CallError
from l3kit.tiering.stream.processor_process import PLACES, Answers, Failed, ProcessorPool, memory_share

Open = Callable[..., ProcessorPool]
SECONDS = 20.0
WRITES_INTO_ALL = (
    "[os.write(n, b'~' * 99) for n in range(3, 9) if os.path.exists(f'/proc/self/fd/{n}')]; time.sleep(60)"
)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Open]:
    """Opens a pool with one processor, which is closed after the test."""
    opened: list[ProcessorPool] = []

    def open_pool(code: str, **settings: int) -> ProcessorPool:
        path = tmp_path / "process.py"
        path.write_text(code)
        opened.append(ProcessorPool({"default": path}, **settings))
        return opened[-1]

    yield open_pool
    for one in opened:
        one.close()


def run(pool: ProcessorPool, *values: object, seconds: float = SECONDS) -> Answers:
    return pool.run([(0, f'{{"v":{value}}}'.encode()) for value in values], seconds)


def only(cause: str) -> str:
    """A processor that does something for `"v":0`, and hands all others on."""
    return f"import os, signal, time\ndef process(event):\n    if event['v'] == 0:\n        {cause}\n    return event"


def test_a_batch_is_answered_in_its_order(pool: Open) -> None:
    code = "def process(event): return [event] * event['v'] if event['v'] < 3 else 1 / 0"
    answers = run(pool(code), 2, 0, 1, 3)
    assert answers.given[:3] == [[b'{"v":2}'] * 2, [], [b'{"v":1}']]
    assert answers.given[3] == Failed("raised ZeroDivisionError: division by zero (line 1)")
    assert not answers.ended


def test_a_process_is_kept_between_calls(pool: Open) -> None:
    opened = pool("import os\ndef process(event): return {'pid': os.getpid()}")
    first, second = run(opened, 1, 2).given, run(opened, 3).given
    assert first[0] == first[1] == second[0]
    assert first[0] != [b'{"pid":%d}' % os.getpid()]


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("os._exit(3)", "ended its process, exit code 3"),
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV", marks=pytest.mark.slow),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", "perhaps since the memory ran", marks=pytest.mark.slow),
        pytest.param(WRITES_INTO_ALL, "ended its process, which answered wrongly", marks=pytest.mark.slow),
        pytest.param("os.fork() and os._exit(3); time.sleep(4)", "exit code 3", marks=pytest.mark.slow),
    ],
)
def test_one_that_ends_the_process_is_told_and_the_others_are_answered(pool: Open, cause: str, told: str) -> None:
    opened = pool(only(cause))
    answers = run(opened, 1, 2, 0, 3)
    assert answers.given == [[b'{"v":1}'], [b'{"v":2}']]
    assert told in answers.ended
    assert not answers.hung
    assert run(opened, 3).given == [[b'{"v":3}']]


@pytest.mark.parametrize(
    "cause",
    ["time.sleep(60)", pytest.param("import re; re.match(r'(a+)+$', 'a' * 40 + 'b')", marks=pytest.mark.slow)],
)
def test_one_that_hangs_is_ended_within_the_time(pool: Open, cause: str) -> None:
    opened = pool(only(cause))
    run(opened, 1)
    began = time.monotonic()
    answers = run(opened, 1, 0, 2, seconds=0.5)
    assert (answers.given, answers.hung) == ([[b'{"v":1}']], True)
    assert "was not done within 0.5 s" in answers.ended
    assert time.monotonic() - began < 5
    assert run(opened, 2).given == [[b'{"v":2}']]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit it")
def test_one_that_takes_all_memory_fails_and_the_next_has_a_fresh_process(pool: Open) -> None:
    opened = pool(only("kept = bytearray(1 << 40)"), max_bytes=256 << 20)
    answers = run(opened, 1, 0, 2)
    assert answers.given == [[b'{"v":1}'], Failed("used up the memory that the function has for processors")]
    assert not answers.ended
    assert run(opened, 2).given == [[b'{"v":2}']]


def test_a_process_that_ended_between_calls_is_replaced_and_no_message_is_blamed(pool: Open) -> None:
    code = (
        "import os, threading\ndef process(event):\n    threading.Timer(0.1, os._exit, (1,)).start()\n    return event"
    )
    opened = pool(code)
    run(opened, 1)
    time.sleep(0.5)
    assert run(opened, 2).given == [[b'{"v":2}']]


def test_a_processor_sees_no_variable_of_the_function(pool: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTER_CLOUD_TOKEN", "the-token")
    monkeypatch.setenv("TZ", "UTC")
    ((seen,),) = run(pool("import os\ndef process(event): return {'names': dict(os.environ)}"), 1).given
    assert b"the-token" not in seen
    assert b'"TZ":"UTC"' in seen


def test_what_a_processor_prints_and_logs_is_in_the_functions_log(pool: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    code = (
        "import logging, sys\ndef process(event):\n    print('printed')\n    logging.warning('told')\n    return event"
    )
    opened = pool(code)
    assert run(opened, 1).given == [[b'{"v":1}']]
    for _ in range(50):
        if "told" in caplog.text:
            break
        time.sleep(0.1)
    assert "processor: printed" in caplog.text
    assert "processor: WARNING root: told" in caplog.text


def test_a_processor_that_reads_its_input_gets_nothing(pool: Open) -> None:
    ((given,),) = run(pool("import sys\ndef process(event): return {'read': sys.stdin.read()}"), 1).given
    assert given == b'{"read":""}'


def test_a_batch_larger_than_any_buffer_goes_through(pool: Open) -> None:
    items = [(0, b'{"v":"%b"}' % (b"x" * 50_000)) for _ in range(40)]
    assert pool("def process(event): return [event, event]").run(items, SECONDS).given == [
        [one] * 2 for _, one in items
    ]


@pytest.mark.slow
def test_concurrent_calls_have_processes_of_their_own_up_to_a_limit(pool: Open) -> None:
    opened = pool("import os, time\ndef process(event):\n    time.sleep(0.5)\n    return {'pid': os.getpid()}")
    found: list[bytes] = []

    def call() -> None:
        for answer in run(opened, 1).given:
            assert isinstance(answer, list)
            found.extend(answer)

    threads = [threading.Thread(target=call) for _ in range(PLACES + 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == PLACES + 2
    assert 1 < len(set(found)) <= PLACES


@pytest.mark.slow
def test_no_message_is_blamed_if_no_process_is_free_in_time(pool: Open) -> None:
    opened = pool("import time\ndef process(event): time.sleep(2)")
    threads = [threading.Thread(target=run, args=(opened, 1)) for _ in range(PLACES)]
    for thread in threads:
        thread.start()
    while not opened._places.empty():
        time.sleep(0.01)
    with pytest.raises(CallError, match="other calls used the processors for all"):
        run(opened, 1, seconds=0.1)
    for thread in threads:
        thread.join()


def test_no_message_is_blamed_if_the_process_cannot_start(pool: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = pool("def process(event): return event")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(CallError, match="did not start"):
        run(opened, 1)
    monkeypatch.undo()
    assert run(opened, 1).given == [[b'{"v":1}']]


@pytest.mark.slow
def test_the_process_ends_with_its_function_although_it_hangs(tmp_path: Path) -> None:
    path = tmp_path / "process.py"
    path.write_text("import os, time\ndef process(event):\n    print(os.getpid(), flush=True)\n    time.sleep(60)")
    code = (
        "import logging, os, sys, threading\nfrom pathlib import Path\n"
        "from l3kit.tiering.stream.processor_process import ProcessorPool\n"
        "logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(message)s')\n"
        f"pool = ProcessorPool({{'default': Path({str(path)!r})}})\n"
        "pool.run([(0, b'{}')], 60)\n"
    )
    function = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert function.stdout is not None
    child = int(function.stdout.readline().removeprefix("processor: "))
    function.kill()
    function.wait()
    function.stdout.close()
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    os.kill(child, 9)
    pytest.fail("the process outlived its function")


def test_the_memory_limit_is_part_of_what_there_is() -> None:
    assert 0 < memory_share() < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

"""What all tests share: slices, a sandbox, one seed of what is drawn, an owner for sandboxes, figures at the end."""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import threading
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, settings

from l3kit.sandbox.owner import OWNER_VARIABLE, Owner, owner_of
from tests.support.shared_sandbox import all_clouds, aws, sandbox
from tests.support.slices import FIGURES, pytest_addoption, pytest_collection_modifyitems, pytest_ignore_collect

__all__ = [
    "all_clouds",
    "aws",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_ignore_collect",
    "sandbox",
]
WATCH_SECONDS = 1.0
SEED_OPTION = "--hypothesis-seed"

# A test is not wrong because the machine is busy; what hypothesis drew can be repeated from what is printed.
settings.register_profile("l3kit", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("quick", settings.get_profile("l3kit"), max_examples=30)
settings.load_profile("l3kit")


@pytest.hookimpl(tryfirst=True)  # before hypothesis reads its option; xdist hands the options on to its workers
def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed of everything that is drawn, and own what this process starts.

    It ends with the test run that started this process (an xdist worker's, say).
    """
    gc.disable()
    if config.getoption(SEED_OPTION, "no hypothesis here") is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))
    outer = os.environ.get(OWNER_VARIABLE, "")
    os.environ[OWNER_VARIABLE] = str(os.getpid())
    if outer and outer != str(os.getpid()):
        owner = owner_of(int(outer))
        assert owner is not None
        threading.Thread(target=_end_with, args=(owner,), daemon=True).start()


def pytest_collection_finish() -> None:
    """Collect no garbage among the tests: there are millions of objects, and none of them goes before the run ends."""
    gc.freeze()
    gc.enable()


def _end_with(owner: Owner) -> None:
    pause = threading.Event()
    while owner.is_alive:
        pause.wait(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sums what the fault tests recorded, and tells each layout's time; with xdist reports come from all workers."""
    reports = [r for kind in terminalreporter.stats.values() for r in kind if isinstance(r, pytest.TestReport)]
    seed = terminalreporter.config.getoption(SEED_OPTION, None)
    if seed is not None:
        again = f"the same draws again: PYTEST_ADDOPTS={SEED_OPTION}={seed}"
        terminalreporter.write_line(f"drawn with seed {seed}; {again}")
    figures = _figures(reports)
    failed = len(terminalreporter.stats.get("failed", [])) + len(terminalreporter.stats.get("error", []))
    if figures["checks"]:
        done = f"faults injected: {figures['faults']:,}; checks of every item in every tier: {figures['checks']:,}"
        terminalreporter.write_line(
            f"{done}; items lost: {figures['lost']:,}, doubled or altered: {figures['doubled']:,}"
        )
    if figures["gap"]:
        terminalreporter.write_line(
            f"versions lost in the gap that docs/reference/journal.md names, aimed at: {figures['gap']:,}"
        )
    path = terminalreporter.config.getoption("--figures")
    if path is not None:
        counts = {**figures, "passed": len(terminalreporter.stats.get("passed", [])), "failed": failed}
        path.write_text(json.dumps({name: counts[name] for name in FIGURES}))
    for judgement in sorted({str(p["judge"]) for r in reports if "judge" in (p := dict(r.user_properties))}):
        terminalreporter.write_line(judgement)
    if tried := sum(
        int(dict(r.user_properties).get("permissions", 0)) for r in reports if r.when == "call" and r.passed
    ):
        terminalreporter.write_line(f"permissions taken away one by one, each of them missed: {tried}")
    _tell_broken_requests(terminalreporter, reports)
    _tell_layouts(terminalreporter, reports)


def _tell_broken_requests(terminalreporter: pytest.TerminalReporter, reports: Iterable[pytest.TestReport]) -> None:
    """Sums what the tests recorded that send broken requests."""
    found = [p for r in reports if r.when == "call" and "requests_sent" in (p := dict(r.user_properties))]
    if not found:
        return
    names = ("sent", "answered", "ended", "unused", "told", "halves")
    total = {name: sum(int(str(p[f"requests_{name}"])) for p in found) for name in names}
    most = {name: max(int(str(p[f"requests_{name}"])) for p in found) for name in ("ports", "open", "watched")}
    terminalreporter.write_line(
        f"broken requests sent: {total['sent']:,} to {most['ports']} ports, {total['answered']:,} answered; "
        f"connections left open at once: {most['open']:,}; of {most['watched']} processes ended: {total['ended']:,} "
        f"(and {total['unused']:,} that nobody had asked for), "
        f"secrets told: {total['told']:,}, halves kept: {total['halves']:,}"
    )


def _figures(reports: Iterable[pytest.TestReport]) -> dict[str, int]:
    counted = {r.nodeid: dict(r.user_properties) for r in reports if "faults" in dict(r.user_properties)}
    names = ("faults", "checks", "lost", "doubled", "gap")
    return {name: sum(int(str(found[name])) for found in counted.values()) for name in names}


def _tell_layouts(terminalreporter: pytest.TerminalReporter, reports: Iterable[pytest.TestReport]) -> None:
    layouts = sorted(
        (float(str(properties["layout_seconds"])), str(properties["layout"]))
        for properties in (dict(r.user_properties) for r in reports if r.when == "call" and r.passed)
        if "layout" in properties
    )
    if layouts:
        total = sum(seconds for seconds, _ in layouts)
        terminalreporter.write_line(
            f"layouts deployed, moved through, queried and destroyed: {len(layouts)} in {total:.0f} s"
        )
        for seconds, name in layouts:
            terminalreporter.write_line(f"  {name:16} {seconds:5.1f} s")

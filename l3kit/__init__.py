"""l3kit: moves ageing telemetry down the hot, cold and archive tiers of a digital twin, across clouds.

    with l3kit.open("params/twins/nyc-weather", target="sandbox") as twin:
        twin.plan().apply()
        twin.run_mover("hot-to-cold-mover")
        print(twin.query("JFK", "2013-06-01", "2013-06-30"))

These names are loaded on first use, so that a function in a cloud, which imports only `l3kit.tiering` and one
cloud adapter, never pays for pandas or an SDK.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.2.0"

_EXPORTS = {
    "open": "l3kit.operate.opening",
    "OpenTwin": "l3kit.operate.open_twin",
    "Twin": "l3kit.twin.config",
    "L3Error": "l3kit.errors",
    "CheckFailedError": "l3kit.errors",
    "table": "l3kit.notebook.tables",
    "write_result": "l3kit.notebook.results",
}
_MODULES = {
    "cost": "l3kit.cost",
    "errors": "l3kit.errors",
    "examples": "l3kit.examples",
    "plots": "l3kit.notebook.plots",
}
_MOVED = {
    "connect": "open(path, target), or l3kit.session.connect",
    "plan": "OpenTwin.plan, or l3kit.deploy.plan",
    "apply": "the plan's own method apply, or l3kit.deploy.apply",
    "plan_destroy": "OpenTwin.plan_destroy, or l3kit.deploy.plan_destroy",
    "destroy": "OpenTwin.destroy, or l3kit.deploy.destroy",
    "run_mover": "OpenTwin.run_mover, or l3kit.operate.movers.run_mover",
    "replay": "OpenTwin.replay, or l3kit.operate.movers.replay",
    "tiers": "OpenTwin.tiers, or l3kit.operate.inventory.tiers",
    "query": "OpenTwin.query, or l3kit.operate.query.query",
    "explain": "OpenTwin.explain, or l3kit.operate.explain.gather.explain",
    "end_lease": "OpenTwin.end_lease, or l3kit.operate.leases.end_lease",
    "stop_if_empty": "OpenTwin.stop_if_empty, or l3kit.deploy.sandbox_end.stop_if_empty",
    "verify": "OpenTwin.verify, or l3kit.operate.verify.report.verify",
    "check_links": "OpenTwin.check_links, or l3kit.operate.verify.links.check_links",
    "read_journal": "OpenTwin.journal, or l3kit.operate.journal.read_journal",
    "objects": "OpenTwin.objects, or l3kit.operate.journal.objects",
    "watch": "OpenTwin.replay with count_tiers, or l3kit.operate.runs.run_at",
    "runs_frame": "to_frame of what OpenTwin.replay returns",
    "requests_frame": "requests_frame of what OpenTwin.replay returns",
    "runs_json": "to_json of what OpenTwin.replay returns",
    "check_runs": "raise_if_failed of what OpenTwin.replay returns",
    "check_conserved": "l3kit.operate.runs.check_conserved",
    "moments_back": "l3kit.operate.movers.moments_back",
    "load_example": "l3kit.examples.load_example",
    "prepare_deployment": "l3kit.examples.prepare_deployment",
    "prepare_example": "l3kit.examples.prepare_example",
    "sample": "l3kit.examples.sample",
    "progress": "l3kit.notebook.progress.progress",
    "progress_bar": "l3kit.notebook.progress.progress_bar",
    "step_printer": "l3kit.notebook.progress.step_printer",
}
"""Names that version 0.1.0 also exported, with their replacements."""

__all__ = [*_EXPORTS, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    if name in _MOVED:
        raise AttributeError(f"l3kit.{name} is now {_MOVED[name]}")
    raise AttributeError(f"module 'l3kit' has no attribute {name!r}; it exports {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

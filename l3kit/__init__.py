"""l3kit: moves ageing telemetry down the hot, cold and archive tiers of a digital twin, across clouds.

The public API for notebooks is exported here and loaded on first use, so that a cloud function, which imports only
`l3kit.tiering` and one cloud adapter, never loads pandas or an SDK.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "Twin": "l3kit.twin.config",
    "connect": "l3kit.session",
    "plan": "l3kit.deploy.run",
    "apply": "l3kit.deploy.run",
    "plan_destroy": "l3kit.deploy.run",
    "destroy": "l3kit.deploy.run",
    "run_mover": "l3kit.operate.movers",
    "replay": "l3kit.operate.movers",
    "tiers": "l3kit.operate.inventory",
    "query": "l3kit.operate.query",
    "explain": "l3kit.operate.explain.gather",
    "end_lease": "l3kit.operate.leases",
    "stop_if_empty": "l3kit.deploy.sandbox_end",
    "verify": "l3kit.operate.verify.report",
    "check_links": "l3kit.operate.verify.links",
    "write_result": "l3kit.notebook.results",
    "runs_frame": "l3kit.operate.runs",
    "requests_frame": "l3kit.operate.runs",
    "runs_json": "l3kit.operate.runs",
    "watch": "l3kit.operate.runs",
    "check_runs": "l3kit.operate.runs",
    "check_conserved": "l3kit.operate.runs",
    "read_journal": "l3kit.operate.journal",
    "objects": "l3kit.operate.journal",
    "load_example": "l3kit.examples.prepare",
    "moments_back": "l3kit.examples.prepare",
    "prepare_deployment": "l3kit.examples.prepare",
    "prepare_example": "l3kit.examples.prepare",
    "sample": "l3kit.examples.prepare",
    "progress": "l3kit.notebook.progress",
    "progress_bar": "l3kit.notebook.progress",
    "step_printer": "l3kit.notebook.progress",
    "table": "l3kit.notebook.tables",
    "CheckFailedError": "l3kit.errors",
    "L3Error": "l3kit.errors",
}
_MODULES = {
    "cost": "l3kit.cost",
    "errors": "l3kit.errors",
    "examples": "l3kit.examples",
    "plots": "l3kit.notebook.plots",
}

__all__ = [*_EXPORTS, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value  # even if a module of the same name has been loaded since
        return value
    raise AttributeError(f"module 'l3kit' has no attribute {name!r}; it exports {', '.join(sorted(_EXPORTS))}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS, *_MODULES])

"""l3kit: moves ageing telemetry down the hot, cold and archive tiers of a digital twin, across clouds.

What a notebook calls is exported here and loaded on first use, so that a function in a cloud, which
imports only `l3kit.tiering` and one cloud adapter, never pays for pandas or an SDK.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "Twin": "l3kit.twin",
    "connect": "l3kit.session",
    "plan": "l3kit.provisioning.run",
    "apply": "l3kit.provisioning.run",
    "plan_destroy": "l3kit.provisioning.run",
    "destroy": "l3kit.provisioning.run",
    "run_mover": "l3kit.movers",
    "replay": "l3kit.movers",
    "tiers": "l3kit.inventory",
    "query": "l3kit.device_query",
    "explain": "l3kit.explanation",
    "end_lease": "l3kit.leases",
    "stop_if_empty": "l3kit.sandbox_end",
    "verify": "l3kit.verification",
    "check_links": "l3kit.link_checks",
    "write_result": "l3kit.results",
    "runs_frame": "l3kit.runs",
    "requests_frame": "l3kit.runs",
    "runs_json": "l3kit.runs",
    "watch": "l3kit.runs",
    "check_runs": "l3kit.runs",
    "check_conserved": "l3kit.runs",
    "read_journal": "l3kit.journal_view",
    "objects": "l3kit.journal_view",
    "load_example": "l3kit.example",
    "moments_back": "l3kit.example",
    "prepare_deployment": "l3kit.example",
    "prepare_example": "l3kit.example",
    "sample": "l3kit.example",
    "progress": "l3kit.progress_bars",
    "progress_bar": "l3kit.progress_bars",
    "step_printer": "l3kit.progress_bars",
    "table": "l3kit.tables",
    "CheckFailedError": "l3kit.errors",
    "L3Error": "l3kit.errors",
}
_MODULES = ("cost", "plots", "errors")

__all__ = [*_EXPORTS, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"l3kit.{name}")
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value  # also where a module of the same name has been loaded meanwhile
        return value
    raise AttributeError(f"module 'l3kit' has no attribute {name!r}; it exports {', '.join(sorted(_EXPORTS))}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS, *_MODULES])

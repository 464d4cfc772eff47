"""The example twin, the demo, the crash lab, a metered trial move: for learning, not for a twin of one's own.

Nothing else of l3kit imports this.
"""

from __future__ import annotations

import importlib
from typing import Any

_EXPORTS = {
    "CrashLab": "l3kit.examples.crash_lab",
    "load_example": "l3kit.examples.prepare",
    "measure_move": "l3kit.examples.trial_move",
    "prepare_deployment": "l3kit.examples.prepare",
    "prepare_example": "l3kit.examples.prepare",
    "sample": "l3kit.examples.prepare",
}

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'l3kit.examples' has no attribute {name!r}; it exports {', '.join(__all__)}")

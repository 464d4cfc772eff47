"""The example twin, the demo, the crash lab, a metered trial move: for learning, not for the user's own twin.

No other part of l3kit imports this.
"""

from __future__ import annotations

from l3kit.late_imports import lazy_exports

_EXPORTS = {
    "CrashLab": "l3kit.examples.crash_lab",
    "load_example": "l3kit.examples.prepare",
    "measure_move": "l3kit.examples.trial_move",
    "prepare_deployment": "l3kit.examples.prepare",
    "prepare_example": "l3kit.examples.prepare",
    "prepare_runs": "l3kit.examples.prepare",
    "prepare_letters": "l3kit.examples.prepare",
    "publish_example": "l3kit.examples.prepare",
    "sample": "l3kit.examples.prepare",
}

__all__ = sorted(_EXPORTS)
__getattr__ = lazy_exports(__name__, _EXPORTS)

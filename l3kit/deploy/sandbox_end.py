"""Stop a sandbox shared by notebooks after its last twin has been destroyed completely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.deploy.turns import is_taken
from l3kit.sandbox.state import Home

if TYPE_CHECKING:
    from l3kit.deploy import Plan
    from l3kit.session import Session

LOG_PREFIX = "deploy-"
STOP = "`l3kit sandbox down` stops it"


def stop_if_empty(session: Session, left: Plan) -> str:
    """Stop the sandbox if nothing is left in it, and report the outcome; a real account is left alone.

    Args:
        left: resources that destroying the twin with its data would still remove.
    Returns: one sentence; empty for a real account.
    """
    if session.sandbox_home is None:
        return ""
    if session.private:
        session.close()
        return "This notebook's own sandbox is stopped."
    if left.steps or left.gaps:
        return f"The sandbox stays, with what is left; {STOP}."
    if is_taken(left.log_file):
        return f"The sandbox stays: another program is changing this twin in it; {STOP}."
    left.log_file.unlink(missing_ok=True)
    logs = Home(session.sandbox_home).logs.glob(f"{LOG_PREFIX}*.jsonl")
    others = sorted(path.stem.removeprefix(LOG_PREFIX) for path in logs)
    if others:
        return f"The sandbox stays: {', '.join(others)} was deployed into it too; {STOP}."
    from l3kit import sandbox

    sandbox.down(session.sandbox_home)
    return "Nothing is left in the sandbox, so it is stopped."

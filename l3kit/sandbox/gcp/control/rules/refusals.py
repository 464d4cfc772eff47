"""Refusals in the forms of Google's APIs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from l3kit.sandbox.gcp.control.rules.fault import Fault

STORAGE = "storage.googleapis.com"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_PAGE = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error 404 (Not Found)!!1</title>
  <p><b>404.</b> <ins>That’s an error.</ins>
  <p>The requested URL <code>{path}</code> was not found on this server.  <ins>That’s all we know.</ins>
"""


def invalid_argument(faults: Sequence[Fault], service: str = "") -> tuple[int, dict[str, Any]]:
    """Return the status and body of the answer to a request with faults; Cloud Storage has a form of its own."""
    message = "\n".join(fault.description for fault in faults)
    error: dict[str, Any] = {"code": 400, "message": message}
    if service == STORAGE:
        error["errors"] = [{"message": f.description, "domain": "global", "reason": "invalid"} for f in faults]
    else:
        error["status"] = "INVALID_ARGUMENT"
        error["details"] = [{"@type": _BAD_REQUEST, "fieldViolations": [_violation(fault) for fault in faults]}]
    return 400, {"error": error}


def no_such_method(path: str, verbs: Sequence[str] = ()) -> tuple[int, str]:
    """Return the status and page of the answer to a request that no method takes.

    Args:
        verbs: those that methods take at this path. Google does not tell them; here a comment does.
    """
    known = f"  <!-- this path is known with {', '.join(verbs)} -->\n" if verbs else ""
    return 404, _PAGE.format(path=escape(path)) + known


def _violation(fault: Fault) -> dict[str, str]:
    place = {"field": fault.field} if fault.field else {}
    return {**place, "description": fault.description}

"""Lambda's answers for a function that returned none."""

from __future__ import annotations

import json
import signal


def error_payload(request_id: str, kind: str, message: str) -> bytes:
    """The JSON of an error of this type."""
    return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}).encode()


def exit_error(request_id: str, code: int) -> bytes:
    """The JSON of the error of an ended process; `code` is negative if a signal ended it."""
    how = f"exit status {code}" if code >= 0 else f"signal: {signal.strsignal(-code) or -code}".lower()
    return error_payload(request_id, "Runtime.ExitError", f"Runtime exited with error: {how}")

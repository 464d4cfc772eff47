"""Request checks and answers shared by the gateway's admin calls."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from l3kit.files import UNWRITABLE, refusal
from l3kit.providers import is_known, names
from l3kit.sandbox.answers import json_answer

ADMIN_HEADER = "X-L3kit-Sandbox"
"""Required on admin calls: a page in the developer's browser cannot send it to another origin without a preflight."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def admin(handler: Handler) -> Handler:
    """Wrap a handler so that it requires the admin header; ValueError becomes status 400, an unwritable disk 500."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        if ADMIN_HEADER not in request.headers:
            return json_answer({"error": f"the header {ADMIN_HEADER} is missing"}, 403)
        try:
            return await handler(request)
        except json.JSONDecodeError:
            return json_answer({"error": "the body is not JSON"}, 400)
        except ValueError as error:
            return json_answer({"error": str(error)}, 400)
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            return json_answer({"error": f"the sandbox cannot write: {'. '.join(refusal(error))}"}, 500)

    return guarded


def cloud_in(body: bytes) -> str:
    """Read the requested cloud from a call's body. Raises: ValueError."""
    content = json.loads(body)
    cloud = content.get("cloud") if isinstance(content, dict) else None
    if not isinstance(cloud, str) or not is_known(cloud):
        raise ValueError(f"cloud must be one of {', '.join(names())}")
    return cloud

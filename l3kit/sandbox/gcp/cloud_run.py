"""Google Cloud's platform of functions: its rules, its invokers' identity tokens, and its metadata server."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict

from l3kit.sandbox.functions.cron_fields import problem_with_unix_cron
from l3kit.sandbox.functions.platform import UNAVAILABLE, Call, Failures, Limits, Names, Platform
from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.gcp.account import NAME
from l3kit.sandbox.gcp.identity import PATH, Identity, metadata_server

FORBIDDEN = "Forbidden: the caller has no permission to invoke this service"


def platform(functions: CloudFunctions) -> Platform:
    """Return the platform of a gateway; the key that signs its identity tokens ends with it."""
    identity = Identity()

    def variables_at(record: FunctionRecord, instance_id: str) -> Mapping[str, str]:
        server = {"GCE_METADATA_HOST": functions.endpoint.removeprefix("http://")}
        return {**variables(record, instance_id), **server}

    def refusal(request: web.Request, record: FunctionRecord) -> web.Response | None:
        return sender_refused(request, record, identity, f"{functions.endpoint}{record.path}")

    async def caller(request: web.Request) -> str | None:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        return await functions.at_port(NAME, peer[1]) if peer else None

    return Platform(
        NAME,
        host=Path(__file__).with_name("function_host.py"),
        files=("main.py", "requirements.txt"),
        limits=Limits(
            zip_bytes=100 * 1024**2,  # a function's source, and below the source with its modules
            unpacked_bytes=500 * 1024**2,
            request_bytes=32 * 1024 * 1024,  # Cloud Run: maximum HTTP/1 request and response size
            answer_bytes=32 * 1024 * 1024,
            timeout=3600,  # of a request to Cloud Run
        ),
        names=Names(
            function=re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"),
            setting=re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*"),
            reserved=re.compile(
                r"K_SERVICE|K_REVISION|K_CONFIGURATION|PORT|FUNCTION_TARGET|FUNCTION_SIGNATURE_TYPE|"
                r"X_GOOGLE_.*|CLOUD_RUN_TIMEOUT_SECONDS"
            ),
        ),
        failures=Failures(
            not_started=(500, UNAVAILABLE), ended=(503, UNAVAILABLE), timed_out=(504, "upstream request timeout")
        ),
        schedule_problem=problem_with_unix_cron,
        exit_seconds=0.2,
        variables=variables_at,
        fire=fire,
        headers=as_passed_on,
        refusal=refusal,
        keeps_former=True,
        pages={PATH: metadata_server(identity, caller)},
    )


def variables(record: FunctionRecord, instance_id: str) -> Mapping[str, str]:
    """Return the variables of a service's container."""
    return {
        "K_SERVICE": record.name,
        "K_REVISION": f"{record.name}-{instance_id[:8]}",
        "K_CONFIGURATION": record.name,
        "FUNCTION_TARGET": "main",
        "FUNCTION_SIGNATURE_TYPE": "http",
    }


def fire(record: FunctionRecord, name: str, due: str) -> Call:
    """Return the request of a Cloud Scheduler job."""
    job = {job.name: job for job in record.definition.jobs}[name]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Google-Cloud-Scheduler",
        "X-CloudScheduler": "true",
        "X-CloudScheduler-JobName": job.name,
        "X-CloudScheduler-ScheduleTime": due,
    }
    return Call("POST", "/", headers, job.body.encode())


def as_passed_on(record: FunctionRecord, headers: CIMultiDict[str]) -> None:
    """Add a trace; Cloud Run, having checked the identity token, passes on none that could be used."""
    headers.setdefault("X-Cloud-Trace-Context", f"{secrets.token_hex(16)}/{secrets.randbits(63)};o=0")
    if not record.definition.public:
        headers.popall("Authorization", None)


def sender_refused(request: web.Request, record: FunctionRecord, identity: Identity, url: str) -> web.Response | None:
    """Return Cloud Run's refusal unless the function is public, or a permitted invoker's identity token is given.

    The function's key stands for the token of an operator; a function's token comes from the metadata server.

    Args:
        url: of the function, which is the audience of its tokens.
    """
    if record.definition.public:
        return None
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer":
        return web.Response(status=403, text=FORBIDDEN)
    if hmac.compare_digest(given.encode("utf-8", "surrogatepass"), record.keys.function.encode()):
        return None
    if given.count(".") != 2:
        return web.Response(status=403, text=FORBIDDEN)
    if identity.is_good(given, url):
        allowed = identity.function_of(given) in record.definition.callers
        return None if allowed else web.Response(status=403, text=FORBIDDEN)
    reason = 'Bearer error="invalid_token" error_description="The access token could not be verified"'
    return web.Response(status=401, text="Unauthorized", headers={"WWW-Authenticate": reason})

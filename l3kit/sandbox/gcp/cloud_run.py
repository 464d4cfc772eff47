"""Google Cloud's platform of functions: its rules, its invokers, and its metadata server."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict

from l3kit.sandbox.functions.cron_fields import problem_with_unix_cron
from l3kit.sandbox.functions.platform import UNAVAILABLE, Call, Failures, Limits, Names, Platform
from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.gcp.account import NAME
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.invokers import FORBIDDEN, Invokers
from l3kit.sandbox.gcp.metadata import AccountOf, MetadataServer

JobAccount = Callable[[str, str], str]
"""Returns the account as which a job, named last, calls a function; empty without one."""


def platform(functions: CloudFunctions, invokers: Invokers, metadata: str, job_account: JobAccount) -> Platform:
    """Return the platform of a gateway.

    Args:
        metadata: host and port of the metadata server.
    """

    def variables_at(record: FunctionRecord, instance_id: str) -> Mapping[str, str]:
        # The second is where google-auth looks whether there is one.
        server = {"GCE_METADATA_HOST": metadata, "GCE_METADATA_IP": metadata}
        return {**variables(record, instance_id), **server}

    def refusal(request: web.Request, record: FunctionRecord) -> web.Response | None:
        return invokers.refusal(request, record, f"{functions.endpoint}{record.path}")

    def job_refusal(record: FunctionRecord, name: str) -> str:
        return "" if invokers.admits(job_account(record.name, name) or None, record) else FORBIDDEN

    def as_passed_on(record: FunctionRecord, headers: CIMultiDict[str]) -> None:
        """Add a trace; Cloud Run, having checked the identity token, passes on none that could be used."""
        headers.setdefault("X-Cloud-Trace-Context", f"{secrets.token_hex(16)}/{secrets.randbits(63)};o=0")
        if not invokers.admits_all(record):
            headers.popall("Authorization", None)

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
        job_refusal=job_refusal,
        keeps_former=True,
        by_admin=False,
    )


def metadata_server(functions: CloudFunctions, tokens: Tokens, account_of: AccountOf) -> MetadataServer:
    """Return the metadata server of a gateway's functions, which are known by their connections."""

    async def caller(request: web.Request) -> str | None:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        return await functions.at_port(NAME, peer[1]) if peer else None

    return MetadataServer(tokens, caller, account_of)


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

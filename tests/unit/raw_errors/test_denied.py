"""Each verb that nothing is allowed to tells what is missing, and how whoever runs it gets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import AwsSession
from l3kit.errors import L3Error
from l3kit.session import Session
from tests.unit.raw_errors.telling import SECRET, VERBS, told

NOT_ASKING = ("apply", "prepare_deployment")
"""Asks nothing of AWS as given in `VERBS`, or not on an account."""
DENIED = "not authorized to perform this on that"
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::123456789012:user/nobody</Arn><Account>123456789012</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class _Denying(BaseHTTPRequestHandler):
    """Refuses every request as AWS does, by the protocol of its service."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service = self.headers["Authorization"].split("/")[3]
        status, body, headers = 403, f"<Error><Code>AccessDenied</Code><Message>{DENIED}</Message></Error>", {}
        if service == "sts":  # nobody needs a permission to ask who they are
            status, body = 200, IDENTITY
        elif service == "iam":
            body = f"<ErrorResponse>{body}</ErrorResponse>"
        elif service != "s3":
            status, body = 400, json.dumps({"__type": "x#AccessDeniedException", "message": DENIED})
            headers["x-amzn-errortype"] = "AccessDeniedException"
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST

    def log_message(self, *told: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def denied() -> Iterator[Session]:
    """A session with keys that may do nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Denying)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    boto = boto3.Session(aws_access_key_id="x", aws_secret_access_key=SECRET, region_name="us-east-1")
    aws = AwsSession("us-east-1", "123456789012", f"http://127.0.0.1:{server.server_port}", boto)
    yield Session("live", {"aws": AwsCloud(aws)})
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in NOT_ASKING])
def test_a_verb_that_nothing_is_allowed_to_tells_how_to_be_allowed(verb: str, denied: Session) -> None:
    text = _outcome(verb, denied)
    assert DENIED in text or "s3:GetObject" in text or "AccessDenied" in text
    assert "l3kit permissions aws" in text
    assert "deploy_l3" not in text
    assert SECRET not in text


def _outcome(verb: str, session: Session) -> str:
    """The error, or the answer with its gaps."""
    try:
        answer: Any = VERBS[verb](session)
    except L3Error as error:
        return told(error)
    return json.dumps(answer.to_json())

"""Signed requests to one AWS service, with the retries of the data plane."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from l3kit.clouds.aws.data.credentials import CredentialSource
from l3kit.clouds.aws.data.http import HttpClient, HttpError, HttpResponse
from l3kit.clouds.aws.data.sigv4 import Signer, quote_query
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy

THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "Throttling",
        "SlowDown",
        "ConditionalRequestConflict",
        "OperationAborted",
        "RequestTimeout",
        "LimitExceededException",
        "ResourceConflictException",
    }
)
"""Retryable error codes whose status is not 5xx."""
REST_JSON = frozenset({"lambda", "iotdata"})
"""Services that name an error in a header and answer in JSON."""
TAKEN = frozenset({"PreconditionFailed", "412"})
"""S3's answers for a taken key."""
NO_HEADERS: Mapping[str, str] = {}
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "ForbiddenException"})
ROLE_DENIED = "The role lacks this permission: run deploy_l3, which repairs it"
HEAD_NEEDS = "which needs s3:GetObject, and s3:ListBucket for an object that is not there"
REMEDIES: Mapping[str, str] = {
    "ResourceNotFoundException": "The table is missing: run deploy_l3",
    "NoSuchBucket": "The bucket is missing: run deploy_l3",
    "ExpiredTokenException": "The credentials have expired: log in again",
    "ExpiredToken": "The credentials have expired: log in again",
    "UnrecognizedClientException": "Log in again: the credentials are not valid in this account",
    "InvalidAccessKeyId": "Log in again: the credentials are not valid in this account",
    "ValidationError": "Report this message: DynamoDB rejects a statement that l3kit builds",
    "InvalidObjectState": "The object is archived: request a restore and wait until it is readable",
}


class Call(NamedTuple):
    """A request to send.

    Attributes:
        kind: the kind under which the request is counted.
        resource: for error messages.
        path: encoded as in the URL.
        expected: error codes, or statuses as text, that are returned to the caller.
        payload_sha256: hex digest of the body, if already known.
    """

    kind: str
    resource: str
    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""
    expected: frozenset[str] = frozenset()
    payload_sha256: str | None = None


class Answer(NamedTuple):
    """A response, with code and message if it is an error."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    code: str = ""
    message: str = ""


class AwsClient:
    """Client of one service at one endpoint.

    Args:
        http: shared by the stores of one endpoint.
        now: UTC clock for signatures.
        denied: remedy for a missing permission, which depends on whose credentials these are.
        agent: user agent; none is sent if it is empty.
    """

    def __init__(
        self,
        service: str,
        region: str,
        http: HttpClient,
        credentials: CredentialSource,
        usage: Usage,
        *,
        retry: RetryPolicy | None = None,
        timeout: float = 30.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        denied: str = ROLE_DENIED,
        agent: str = "",
    ) -> None:
        self._service = service
        self._http = http
        self._credentials = credentials
        self._signer = Signer(service, region)
        self._timeout = timeout
        self._now = now
        self._unsigned = {"user-agent": agent} if agent else {}
        self.denied = denied
        self.usage = usage
        self.retry = retry or RetryPolicy()

    async def call(self, request: Call) -> Answer:
        """Send with retries; return a success or an expected error. Raises: StoreError with cause and remedy."""
        return await self.retry.until_settled(self.usage, request.kind, request.resource, lambda: self.attempt(request))

    async def attempt(self, request: Call, *, once: bool = False) -> Answer | Passing:
        """Send once; return a success, an expected error or a transient failure.

        Args:
            once: never send the request a second time, not even after a broken connection.
        Raises: StoreError if a retry would not help.
        """
        query_text = quote_query(request.query)
        target = f"{request.path}?{query_text}" if query_text else request.path
        credentials = self._credentials()
        signed = self._signer.sign(
            credentials,
            request.method,
            request.path,
            query_text,
            {"host": self._http.host, **request.headers},
            request.payload_sha256 or hashlib.sha256(request.body).hexdigest(),
            self._now(),
        )
        self.usage.count(request.kind)
        self.usage.bytes_out += len(request.body)
        try:
            response = await self._http.request(
                request.method, target, {**signed, **self._unsigned}, request.body, timeout=self._timeout, once=once
            )
            answer = self._read(response)
        except HttpError as error:
            return Passing(str(error))
        if answer.status < 300 and not answer.code:
            return answer
        if answer.code in request.expected or str(answer.status) in request.expected:
            return answer
        cause = f"{request.kind} returned {answer.status} {answer.code} {credentials.redact(answer.message)}".rstrip()
        if not (answer.status >= 500 or answer.status == 429 or answer.code in THROTTLED):
            if answer.status == 403 and not answer.code:  # the response to a HEAD has no body
                raise StoreError(request.resource, f"{cause}, {HEAD_NEEDS}", self.denied)
            raise StoreError(request.resource, cause, remedy(answer.code, self.denied))
        return Passing(cause)

    def redact(self, text: str) -> str:
        """Hide the secrets of the current credentials in a text."""
        return self._credentials().redact(text)

    def close(self) -> None:
        self._http.close()

    def _read(self, response: HttpResponse) -> Answer:
        body = response.body
        self.usage.bytes_in += len(body)
        if self._service == "dynamodb":
            crc = response.headers.get("x-amz-crc32")
            if crc is not None and int(crc) != zlib.crc32(body):
                raise HttpError("the response was corrupted in transit (x-amz-crc32)")
            if response.status < 300:
                return Answer(response.status, response.headers, body)
            return _json_error(response)
        if self._service in REST_JSON:
            is_error = response.status >= 300
            return _json_error(response) if is_error else Answer(response.status, response.headers, body)
        if response.status < 300 and not body.lstrip()[:6].startswith((b"<Error", b"<?xml")):
            return Answer(response.status, response.headers, body)
        return _xml_answer(response)


def remedy(code: str, denied: str) -> str:
    """Return the remedy for an error code; empty if none is known. `denied`: as in `AwsClient`."""
    return denied if code in DENIED else REMEDIES.get(code, "")


def _json_error(response: HttpResponse) -> Answer:
    code = response.headers.get("x-amzn-errortype", "").partition(":")[0]
    try:
        content = orjson.loads(response.body)
        code = code or str(content.get("__type", "")).rpartition("#")[2]
        message = str(content.get("message") or content.get("Message") or "")
    except (ValueError, AttributeError):
        message = ""
    return Answer(response.status, response.headers, response.body, code, message)


def _xml_answer(response: HttpResponse) -> Answer:
    """Parse an S3 response: some failed copies and completions have status 200 and an error in the body."""
    from xml.etree import ElementTree  # rare, and slow to import

    code = message = ""
    try:
        root = ElementTree.fromstring(response.body) if response.body else None
    except ElementTree.ParseError:
        root = None
    if root is not None and root.tag.rpartition("}")[2] == "Error":
        code = root.findtext("Code") or root.findtext("{*}Code") or ""
        message = root.findtext("Message") or root.findtext("{*}Message") or ""
    status = 500 if code and response.status < 300 else response.status
    return Answer(status, response.headers, response.body, code, message)

"""Run moto's server on a free loopback port: `python -m l3kit.sandbox.aws.moto_host READY_FD`."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from l3kit.sandbox.http_server import WholeHeads
from l3kit.sandbox.parent_watchdog import end_with_parent
from l3kit.sandbox.redacted_logs import log_redacted

if TYPE_CHECKING:
    from flask import Flask

LOG = logging.getLogger(__name__)


class WholeRequests(WholeHeads):
    """Request handler that reads a request whole before it serves it, and keeps the connection for the next one.

    werkzeug's own closes each connection, which costs a sixth of moto's CPU, and takes an incomplete chunked body for a
    complete one.
    """

    disable_nagle_algorithm = True
    wbufsize = -1

    def run_wsgi(self) -> None:
        """Serve a request; like S3, require a Content-Length."""
        given = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not given.isascii() or not given.isdecimal():
            self.close_connection = True
            return self.send_error(411)
        body = self.rfile.read(int(given))
        if len(body) < int(given):  # the client has disconnected
            self.close_connection = True
            return None
        environ = {**self.make_environ(), "wsgi.input": BytesIO(body)}  # type: ignore[attr-defined]
        try:
            chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)  # type: ignore[attr-defined]
        except Exception:
            LOG.exception("moto failed")
            return self.send_error(500)
        return self._answer(status, headers, b"".join(chunks))

    def handle_expect_100(self) -> bool:
        """Ask for the body at once; otherwise the answer would be delayed."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _answer(self, status: str, headers: Headers, body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        if int(code) not in (204, 304):
            headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main(ready_fd: int) -> None:
    """Serve until the parent process ends; write the port to `ready_fd` once ready."""
    end_with_parent()
    log_redacted()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line per request

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Handler(WholeRequests, MotoRequestHandler):
        """moto's handler, with whole requests."""

    def backend(service: Any) -> Flask:
        app = create_backend_app(service)
        app.url_map.merge_slashes = False  # a redirect would repeat the query, and keys may contain double slashes
        return app

    _look_up_once()
    build_no_addresses_in_advance()
    _forget_tags_of_deleted_buckets()
    _name_missing_schedule_groups()
    app = DomainDispatcherApplication(backend)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    os.write(ready_fd, f"{server.server_port}\n".encode())
    os.close(ready_fd)
    server.serve_forever()


def _look_up_once() -> None:
    """Make moto cache lookups: its folders and the methods of its classes, which it would look up for each request, and
    the list of botocore's services, for each of them.
    """
    from moto import backends
    from moto.core import responses, utils

    utils.create_loader = functools.cache(utils.create_loader)  # type: ignore[attr-defined]
    folders = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: folders
    responses.method_names_from_class = functools.cache(utils.method_names_from_class)  # type: ignore[attr-defined]


def build_no_addresses_in_advance() -> None:
    """Make werkzeug write and compile a rule's builder of addresses when one is built.

    moto builds none, and these builders take a quarter of the CPU of its services' first requests.
    """
    from werkzeug.routing import Rule

    compiled = Rule._compile_builder

    def when_used(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return lambda rule, *args, **values: compiled(self, append_unknown)(rule, *args, **values)

    Rule._compile_builder = when_used  # type: ignore[method-assign]


def _forget_tags_of_deleted_buckets() -> None:
    """Make moto drop the tags of a deleted bucket instead of applying them to the next bucket of that name."""
    from moto.s3.models import S3Backend

    delete = S3Backend.delete_bucket

    def delete_and_forget(self: S3Backend, bucket_name: str) -> object:
        bucket = delete(self, bucket_name)
        if bucket is not None:
            self.tagger.delete_all_tags_for_resource(bucket.arn)
        return bucket

    S3Backend.delete_bucket = delete_and_forget  # type: ignore[method-assign, assignment]


def _name_missing_schedule_groups() -> None:
    """Make moto answer ResourceNotFoundException, as EventBridge Scheduler does, instead of failing with a KeyError."""
    from moto.scheduler.models import EventBridgeSchedulerBackend

    delete = EventBridgeSchedulerBackend.delete_schedule_group

    def delete_or_name(self: EventBridgeSchedulerBackend, name: str | None) -> None:
        self.get_schedule_group(name)
        delete(self, name)

    EventBridgeSchedulerBackend.delete_schedule_group = delete_or_name  # type: ignore[method-assign]


if __name__ == "__main__":
    main(int(sys.argv[1]))

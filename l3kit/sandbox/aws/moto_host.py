"""Run moto's server on a free loopback port: `python -m l3kit.sandbox.aws.moto_host READY_FD`."""

from __future__ import annotations

import functools
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from l3kit.sandbox.azure.azure_http import WholeHeads
from l3kit.sandbox.parent_watchdog import end_with_parent
from l3kit.sandbox.redacted_logs import log_redacted

if TYPE_CHECKING:
    from flask import Flask


class StrictRequests(WholeHeads):
    """Request handler that refuses chunked bodies, because werkzeug accepts an incomplete one as complete."""

    def run_wsgi(self) -> None:
        """Serve a request; like S3, require a Content-Length."""
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return self.send_error(411)
        return super().run_wsgi()  # type: ignore[misc,no-any-return]


def main(ready_fd: int) -> None:
    """Serve until the parent process ends; write the port to `ready_fd` once ready."""
    end_with_parent()
    log_redacted()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line per request

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Handler(StrictRequests, MotoRequestHandler):
        """moto's handler with strict request bodies."""

    def backend(service: Any) -> Flask:
        app = create_backend_app(service)
        app.url_map.merge_slashes = False  # a redirect would repeat the query, and keys may contain double slashes
        return app

    _look_up_once()
    _forget_tags_of_deleted_buckets()
    _name_missing_schedule_groups()
    app = DomainDispatcherApplication(backend)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    os.write(ready_fd, f"{server.server_port}\n".encode())
    os.close(ready_fd)
    server.serve_forever()


def _look_up_once() -> None:
    """Make moto keep what it otherwise looks up for each request: its own folders, and the methods of its classes."""
    from moto import backends
    from moto.core import responses, utils

    folders = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: folders
    responses.method_names_from_class = functools.cache(utils.method_names_from_class)  # type: ignore[attr-defined]


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

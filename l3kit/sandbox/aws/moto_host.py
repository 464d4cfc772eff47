"""Runs moto's server on a free loopback port: `python -m l3kit.sandbox.aws.moto_host READY_FD`."""

from __future__ import annotations

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
    """werkzeug takes half of a body that comes in chunks for a whole one; this takes none in chunks."""

    def run_wsgi(self) -> None:
        """See werkzeug. S3 wants a length too."""
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return self.send_error(411)
        return super().run_wsgi()  # type: ignore[misc,no-any-return]


def main(ready_fd: int) -> None:
    """Serve until the parent is gone; the port is written to `ready_fd` once requests are answered."""
    end_with_parent()
    log_redacted()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not one line per request

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Handler(StrictRequests, MotoRequestHandler):
        """See moto."""

    def backend(service: Any) -> Flask:
        app = create_backend_app(service)
        app.url_map.merge_slashes = False  # it would send the client elsewhere, repeating its query; keys may have them
        return app

    _forget_tags_of_deleted_buckets()
    _name_missing_schedule_groups()
    app = DomainDispatcherApplication(backend)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    os.write(ready_fd, f"{server.server_port}\n".encode())
    os.close(ready_fd)
    server.serve_forever()


def _forget_tags_of_deleted_buckets() -> None:
    """moto would give them to the next bucket of that name; S3 gives a new bucket none."""
    from moto.s3.models import S3Backend

    delete = S3Backend.delete_bucket

    def delete_and_forget(self: S3Backend, bucket_name: str) -> object:
        bucket = delete(self, bucket_name)
        if bucket is not None:
            self.tagger.delete_all_tags_for_resource(bucket.arn)
        return bucket

    S3Backend.delete_bucket = delete_and_forget  # type: ignore[method-assign, assignment]


def _name_missing_schedule_groups() -> None:
    """moto fails with a KeyError; EventBridge Scheduler answers ResourceNotFoundException."""
    from moto.scheduler.models import EventBridgeSchedulerBackend

    delete = EventBridgeSchedulerBackend.delete_schedule_group

    def delete_or_name(self: EventBridgeSchedulerBackend, name: str | None) -> None:
        self.get_schedule_group(name)
        delete(self, name)

    EventBridgeSchedulerBackend.delete_schedule_group = delete_or_name  # type: ignore[method-assign]


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The gateway's HTTP settings: sessions for forwarded requests, runners of its applications, free ports."""

from __future__ import annotations

import socket

import aiohttp
from aiohttp import web

from l3kit.sandbox.redacted_server import RedactedRunner

MAX_BODY_BYTES = 1024**3
LINE_BYTES = 64 * 1024


def client_session() -> aiohttp.ClientSession:
    """HTTP session for forwarded requests: no time limit, bodies not decompressed, long header lines allowed."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=512, keepalive_timeout=60),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=20),
        auto_decompress=False,
        read_bufsize=1024 * 1024,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
    )


def runner_of(app: web.Application) -> RedactedRunner:
    """Runner with the gateway's settings: bodies not decompressed, long header lines allowed, quick shutdown."""
    return RedactedRunner(
        app,
        access_log=None,
        auto_decompress=False,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
        shutdown_timeout=0.5,
    )


def free_socket() -> socket.socket:
    """Bind a loopback socket to a free port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener

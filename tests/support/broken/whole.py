"""Requests: whole ones, their parts, and what a broken one is.

Each broken one carries a secret of its own in all the places where a secret may travel; who sends it looks for it
afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

Headers = list[tuple[bytes, bytes]]
MARK = b"MARK"
HALF = b"half-of-a-request"
"""Replaces MARK in a request that is never completed: an object with this name was stored by an incomplete request."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A valid request of a port, from which broken ones are made.

    Attributes:
        target: path and query. `MARK` in it, or in the body, becomes a name that shows if the request was complete.
    """

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def marked(self, mark: bytes) -> Whole:
        headers = tuple((name, value.replace(MARK, mark)) for name, value in self.headers)
        return Whole(self.method, self.target.replace(MARK, mark), headers, self.body.replace(MARK, mark))


@dataclass(frozen=True, slots=True)
class Broken:
    """The data sent on one connection.

    Attributes:
        kind: its name in `KINDS`.
        secret: must not appear in any answer or log.
        pieces: sent one after the other, with a pause between them.
        end: what the sender then does: `wait` for an answer, `half` close, `reset`, or leave the connection `open`.
    """

    kind: str
    secret: str
    pieces: tuple[bytes, ...]
    end: str = "wait"


Break = Callable[[random.Random, Whole, str], Broken]


def head(method: bytes, target: bytes, headers: Headers, version: bytes = b"HTTP/1.1") -> bytes:
    lines = [b" ".join((method, target, version)), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def carriers(chance: random.Random, secret: str) -> Headers:
    """A random subset of all clouds' headers that carry secrets."""
    text = secret.encode()
    every = [
        (b"X-Inter-Cloud-Token", text),
        (b"x-functions-key", text),
        (b"Cookie", b"session=" + text),
        (b"X-Amz-Security-Token", text),
        (b"x-ms-client-secret", text),
        (b"x-ms-encryption-key", text),
        (b"x-goog-encryption-key", text),
        (b"x-goog-api-key", text),
        (b"Proxy-Authorization", b"Basic " + text),
    ]
    return chance.sample(every, chance.randint(1, len(every)))


def with_code(target: bytes, secret: str) -> bytes:
    return target + (b"&" if b"?" in target else b"?") + b"code=" + secret.encode() + b"&sig=" + secret.encode()


def complete(chance: random.Random, whole: Whole, secret: str) -> tuple[bytes, Headers]:
    """Target and headers, including the length, of a request with secrets in addition to its authorization."""
    own: Headers = [(b"Host", b"127.0.0.1"), *whole.headers]
    extra = [pair for pair in carriers(chance, secret) if chance.random() < 0.5] or carriers(chance, secret)[:1]
    if whole.body:
        own.append((b"Content-Length", str(len(whole.body)).encode()))
    target = with_code(whole.target, secret) if chance.random() < 0.3 else whole.target
    return target, own + extra


def plain(chance: random.Random, whole: Whole, secret: str) -> tuple[bytes, bytes]:
    target, headers = complete(chance, whole, secret)
    return head(whole.method, target, headers), whole.body


def in_pieces(chance: random.Random, data: bytes, most: int = 12) -> tuple[bytes, ...]:
    """Split the bytes into at most `most` pieces."""
    cuts = sorted(chance.randrange(1, len(data)) for _ in range(chance.randint(1, most - 1))) if len(data) > 1 else []
    return tuple(data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True))

"""Requests that end too early or too late, or whose lengths do not fit; and streams of other protocols."""

from __future__ import annotations

import random
import struct

from tests.support.broken.whole import Broken, Whole, complete, head, in_pieces, plain

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GOAWAY = 7
CLIENT_HELLO = bytes.fromhex("160301008f0100008b0303") + bytes(range(32)) + bytes.fromhex("20") + bytes(32)


def cut_head(chance: random.Random, whole: Whole, secret: str) -> Broken:
    first, _ = plain(chance, whole, secret)
    return Broken("", secret, (first[: chance.randrange(1, len(first))],), chance.choice(("half", "reset", "open")))


def cut_body(chance: random.Random, whole: Whole, secret: str) -> Broken:
    first, body = plain(chance, whole, secret)
    if not body:
        return cut_head(chance, whole, secret)
    return Broken("", secret, (first, body[: chance.randrange(len(body))]), chance.choice(("half", "reset", "open")))


def cut_chunks(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A chunked body that breaks off or has malformed chunks."""
    target, headers = complete(chance, whole, secret)
    headers = [pair for pair in headers if pair[0] != b"Content-Length"] + [(b"Transfer-Encoding", b"chunked")]
    body = whole.body or b"x" * 40
    half = chance.randrange(1, len(body)) if len(body) > 1 else 1
    size = f"{half:x}".encode()
    odd = chance.choice(
        (
            size + b"\r\n" + body[:half] + b"\r\n",
            size + b"\r\n" + body[: half // 2],
            size + b"\r\n" + body[:half] + b"zz\r\n" + secret.encode() + b"\r\n0\r\n\r\n",
            b"-5\r\n" + body + b"\r\n0\r\n\r\n",
            b"f" * 40 + b"\r\n" + body,
            b"\r\n\r\n\r\n",
            secret.encode() + b"\r\n" + body + b"\r\n0\r\n\r\n",
            size + b";" + secret.encode() * 400 + b"\r\n" + body[:half],
        )
    )
    return Broken("", secret, (head(whole.method, target, headers), odd), chance.choice(("half", "reset", "open")))


def wrong_length(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = complete(chance, whole, secret)
    headers = [pair for pair in headers if pair[0] != b"Content-Length"]
    length = chance.choice(
        (
            b"-1",
            b"-99999999999",
            b"9" * 30,
            b"99999999999",
            b"4e2",
            b"0x10",
            b"",
            b"1, 2",
            secret.encode(),
            b"+5",
            b"5 5",
        )
    )
    headers += [(b"Content-Length", length)] * chance.choice((1, 1, 2))
    return Broken("", secret, (head(whole.method, target, headers), whole.body))


def two_lengths(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = complete(chance, whole, secret)
    other = chance.choice(((b"Content-Length", b"3"), (b"Content-Length", b"0"), (b"Content-Length", secret.encode())))
    return Broken("", secret, (head(whole.method, target, [other, *headers]), whole.body))


def length_and_chunks(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = complete(chance, whole, secret)
    coding = chance.choice((b"chunked", b"identity, chunked", b"chunked, gzip", b"xchunked", b" chunked\x0b"))
    headers += [(b"Transfer-Encoding", coding), (b"Content-Length", b"6")]
    return Broken("", secret, (head(whole.method, target, headers), b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"))


def tls(chance: random.Random, whole: Whole, secret: str) -> Broken:
    return Broken("", secret, (CLIENT_HELLO + secret.encode(),))


def http2(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """The start of an HTTP/2 connection with possibly malformed frames."""
    frames = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    for _ in range(chance.randint(0, 6)):
        kind = chance.randrange(12)
        # gRPC's core returns the debug text of a GOAWAY in its answer; no client has a token there.
        payload = chance.randbytes(chance.randint(0, 60)) + (b"bye" if kind == GOAWAY else secret.encode())
        size = chance.choice((len(payload), len(payload), 2**24 - 1, 0))
        stream = chance.choice((0, 1, 2, 2**31 - 1))
        frames += struct.pack(">I", size)[1:] + bytes((kind, chance.randrange(256)))
        frames += struct.pack(">I", stream) + payload
    start = chance.choice((PREFACE, PREFACE[:10], PREFACE))
    return Broken("", secret, (start, frames))


def http2_headers(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A gRPC call with valid compressed headers and a malformed message."""
    fields = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", chance.choice((b"/google.firestore.v1.Firestore/Commit", b"/x", secret.encode()))),
        (b":authority", b"127.0.0.1"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
        (b"authorization", b"Bearer " + secret.encode()),
        *((b"x-inter-cloud-token", secret.encode()) for _ in range(chance.choice((1, 200)))),
    ]
    block = b"".join(b"\x00" + h2_text(name) + h2_text(value) for name, value in fields)
    message = chance.choice((b"\x00\x00\x00\x00\x05hello", b"\x01\xff\xff\xff\xff", b"\x00" + secret.encode(), b""))
    frames = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    frames += struct.pack(">I", len(block))[1:] + b"\x01\x04" + struct.pack(">I", 1) + block
    frames += struct.pack(">I", len(message))[1:] + b"\x00\x01" + struct.pack(">I", 1) + message
    return Broken("", secret, (PREFACE + frames[: chance.choice((len(frames), len(frames), len(frames) // 2))],))


def h2_text(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes((len(text),)) + text
    rest, coded = len(text) - 127, b"\x7f"
    while rest >= 128:
        coded, rest = coded + bytes((rest % 128 + 128,)), rest // 128
    return coded + bytes((rest,)) + text


def random_bytes(chance: random.Random, whole: Whole, secret: str) -> Broken:
    noise = chance.randbytes(chance.choice((1, 7, 100, 3_000)))
    return Broken("", secret, in_pieces(chance, noise + secret.encode() + b"\r\n\r\n" + noise, 4))


def scrambled(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A valid request with bytes removed, duplicated or changed anywhere."""
    first, body = plain(chance, whole, secret)
    data = bytearray(first + body)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                del data[at : at + chance.randint(1, 9)]
            case 1:
                data[at:at] = data[at : at + chance.randint(1, 40)]
            case _:
                data[at] = chance.randrange(256)
        data = data or bytearray(b"x")
    return Broken("", secret, (bytes(data),))


def slow(chance: random.Random, whole: Whole, secret: str) -> Broken:
    first, body = plain(chance, whole, secret)
    data = first + body
    return Broken("", secret, in_pieces(chance, data[: chance.randrange(1, len(data))]), "open")


def one_behind_another(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A valid request and a broken one in one packet."""
    first, body = plain(chance, whole, secret)
    return Broken("", secret, (first + body + b"GARBAGE " + secret.encode() + b"\r\n\x00\r\n\r\n",))


def nothing(chance: random.Random, whole: Whole, secret: str) -> Broken:
    return Broken("", secret, (), chance.choice(("half", "reset", "open")))

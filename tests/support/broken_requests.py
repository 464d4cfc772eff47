"""Requests as no client should send them, drawn by a seed, and a sender that leaves connections as it likes.

Each carries a secret of its own in all the places where a secret may travel; who sends it looks for it afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

Headers = list[tuple[bytes, bytes]]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CLIENT_HELLO = bytes.fromhex("160301008f0100008b0303") + bytes(range(32)) + bytes.fromhex("20") + bytes(32)
AT_ONCE = 48
"""Connections on which something is being sent at one moment."""
LEFT_OPEN = 150
"""Connections that wait for an answer, or for their own end, at one moment."""
QUIET_SECONDS = 0.15
MOST_BYTES = 256 * 1024
"""Of an answer that are looked at."""
MARK = b"MARK"
HALF = b"half-of-a-request"
"""Instead of MARK in a request that is never sent to its end: what has this name was put by half a request."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A request that a port understands: what is broken is made of it.

    Attributes:
        target: path and query. `MARK` in it, or in the body, becomes a name that tells whether half of it was sent.
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
    """What is sent on one connection.

    Attributes:
        kind: its name in `KINDS`.
        secret: what must appear nowhere afterwards.
        pieces: sent one after the other, with a pause between.
        end: what then becomes of the connection: `wait` for an answer, `half` closed, `reset`, or left `open`.
    """

    kind: str
    secret: str
    pieces: tuple[bytes, ...]
    end: str = "wait"


Break = Callable[[random.Random, Whole, str], Broken]


def drawn(seed: int, templates: Mapping[str, Sequence[Whole]], rounds: int) -> list[tuple[str, Broken]]:
    """Requests by port: each kind of breakage on each port, `rounds` times, in an order drawn by the seed."""
    found: list[tuple[str, Broken]] = []
    for port, wholes in templates.items():
        for kind, make in KINDS.items():
            for number in range(rounds):
                chance = random.Random(f"{seed} {port} {kind} {number}")
                secret = f"s3cr3t{chance.randbytes(12).hex()}"
                mark = HALF if make in NEVER_WHOLE else b"whole"
                made = make(chance, chance.choice(wholes).marked(mark), secret)
                end = chance.choice(("wait", "wait", "half", "reset", "open")) if made.end == "wait" else made.end
                found.append((port, Broken(kind, secret, made.pieces, end)))
    random.Random(seed).shuffle(found)
    return found


# --- the parts of a request -------------------------------------------------------------------------------------------


def head(method: bytes, target: bytes, headers: Headers, version: bytes = b"HTTP/1.1") -> bytes:
    lines = [b" ".join((method, target, version)), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def carriers(chance: random.Random, secret: str) -> Headers:
    """Headers that carry secrets, of all clouds; some of them."""
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


def _complete(chance: random.Random, whole: Whole, secret: str) -> tuple[bytes, Headers]:
    """The target and the headers, the length told, of a request that brings secrets beside its own authorization."""
    own: Headers = [(b"Host", b"127.0.0.1"), *whole.headers]
    extra = [pair for pair in carriers(chance, secret) if chance.random() < 0.5] or carriers(chance, secret)[:1]
    if whole.body:
        own.append((b"Content-Length", str(len(whole.body)).encode()))
    target = with_code(whole.target, secret) if chance.random() < 0.3 else whole.target
    return target, own + extra


def _plain(chance: random.Random, whole: Whole, secret: str) -> tuple[bytes, bytes]:
    target, headers = _complete(chance, whole, secret)
    return head(whole.method, target, headers), whole.body


def _pieces(chance: random.Random, data: bytes, most: int = 12) -> tuple[bytes, ...]:
    """The same bytes in up to so many pieces."""
    cuts = sorted(chance.randrange(1, len(data)) for _ in range(chance.randint(1, most - 1))) if len(data) > 1 else []
    return tuple(data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True))


# --- how they are broken ----------------------------------------------------------------------------------------------


def cut_head(chance: random.Random, whole: Whole, secret: str) -> Broken:
    first, _ = _plain(chance, whole, secret)
    return Broken("", secret, (first[: chance.randrange(1, len(first))],), chance.choice(("half", "reset", "open")))


def cut_body(chance: random.Random, whole: Whole, secret: str) -> Broken:
    first, body = _plain(chance, whole, secret)
    if not body:
        return cut_head(chance, whole, secret)
    return Broken("", secret, (first, body[: chance.randrange(len(body))]), chance.choice(("half", "reset", "open")))


def cut_chunks(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A body in chunks that breaks off, or whose chunks are none."""
    target, headers = _complete(chance, whole, secret)
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
    target, headers = _complete(chance, whole, secret)
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
    target, headers = _complete(chance, whole, secret)
    other = chance.choice(((b"Content-Length", b"3"), (b"Content-Length", b"0"), (b"Content-Length", secret.encode())))
    return Broken("", secret, (head(whole.method, target, [other, *headers]), whole.body))


def length_and_chunks(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = _complete(chance, whole, secret)
    coding = chance.choice((b"chunked", b"identity, chunked", b"chunked, gzip", b"xchunked", b" chunked\x0b"))
    headers += [(b"Transfer-Encoding", coding), (b"Content-Length", b"6")]
    return Broken("", secret, (head(whole.method, target, headers), b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"))


def odd_bytes(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """Zero bytes, control characters and bytes above ASCII, anywhere in the head."""
    first, body = _plain(chance, whole, secret)
    changed = bytearray(first)
    for _ in range(chance.randint(1, 6)):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 7, 10, 13, 32, 127, 128, 195, 255))
    return Broken("", secret, (bytes(changed), body))


def no_colon(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A header that is none: what follows its name must not be told."""
    text = secret.encode()
    line = chance.choice(
        (
            b"X-Inter-Cloud-Token " + text,
            b"Authorization Bearer " + text,
            b"X Inter Cloud Token: " + text,
            b"X-Inter-Cloud-Token\x00: " + text,
            b": " + text,
            b"X-Inter-Cloud-Token:" + text + b"\x00\x01",
            b" folded: " + text,
            b"X-Inter-Cloud-Token\t:" + text,
            text,
            b"X-Inter-Cloud-Token: a\r\n " + text,
        )
    )
    first, body = _plain(chance, whole, secret)
    start, _, rest = first.partition(b"\r\n")
    where = chance.random() < 0.7
    changed = start + b"\r\n" + line + b"\r\n" + rest if where else first[:-2] + line + b"\r\n\r\n"
    return Broken("", secret, (changed, body))


def odd_first_line(chance: random.Random, whole: Whole, secret: str) -> Broken:
    text, target = secret.encode(), whole.target
    line = chance.choice(
        (
            b"X-Inter-Cloud-Token: " + text,
            b"GET " + target + b"?code=" + text,
            b"GET  " + target + b"  HTTP/1.1 " + text,
            text + b" " + target + b" HTTP/1.1",
            b"GET " + target + b" HTTP/" + text,
            b"GET " + target + b" HTTP/9.9",
            b"GET http://" + text + b"@127.0.0.1" + target + b" HTTP/1.1",
            b"GET //user@x:99999999/ HTTP/1.1",
            b"GET http://[::" + text + b"/ HTTP/1.1",
            b"CONNECT " + text + b":443 HTTP/1.1",
            b"OPTIONS * HTTP/1.1",
            b"GET * HTTP/1.1",
            b"\r\n\r\nGET " + target + b" HTTP/1.1",
            b"",
        )
    )
    rest = head(b"GET", b"/", [(b"Host", b"x"), (b"Authorization", b"Bearer " + text)]).partition(b"\r\n")[2]
    return Broken("", secret, (line + b"\r\n" + rest,))


def odd_method(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = _complete(chance, whole, secret)
    method = chance.choice((b"BREW", b"get", b"PROPFIND", b"TRACE", b"X" * 5_000, b"P\xc3\x96ST", b"__class__", b"@"))
    return Broken("", secret, (head(method, target, headers), whole.body))


def odd_target(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """Percent signs that escape nothing, paths that lead upwards, targets that are very long."""
    _, headers = _complete(chance, whole, secret)
    addition = chance.choice(
        (
            b"%", b"%zz", b"%c3%28", b"%ed%a0%80", b"%00", b"/../../../../etc/passwd", b"/%2e%2e/%2e%2e", b"?%=%&&&=;",
            b"/" + b"a" * 70_000, b"?" + b"x=1&" * 40_000, b"/" * 3_000, b"?a=\xff\xfe", b"#x?y", b"\\..\\",
            b"?versionId=%00", b"?uploadId=x&partNumber=-1", b"?max-keys=x", b"?comp=list&maxresults=-1",
            b"?uploadType=resumable&upload_id=..",
        )
    )  # fmt: skip
    return Broken("", secret, (head(whole.method, with_code(whole.target + addition, secret), headers), whole.body))


def many_headers(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = _complete(chance, whole, secret)
    headers += [(b"X-H%d" % number, secret.encode()) for number in range(chance.choice((150, 1_500, 4_000)))]
    return Broken("", secret, (head(whole.method, target, headers), whole.body))


def long_header(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = _complete(chance, whole, secret)
    long = secret.encode() * chance.choice((300, 3_000, 20_000))
    headers.append(chance.choice(((b"X-Inter-Cloud-Token", long), (b"Authorization", long), (long, b"x"))))
    return Broken("", secret, (head(whole.method, target, headers), whole.body))


def odd_authorization(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = _complete(chance, whole, secret)
    headers = [pair for pair in headers if pair[0] != b"Authorization"]
    text = secret.encode()
    value = chance.choice(
        (
            b"AWS4-HMAC-SHA256 Credential=" + text + b"/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host",
            b"AWS4-HMAC-SHA256 Credential=sandbox/20260101/us-east-1/" + text + b"/aws4_request, Signature=0",
            b"AWS4-HMAC-SHA256 Credential=sandbox/x/" + text + b"/s3/aws4_request, Signature=" + text,
            b"AWS4-HMAC-SHA256 Credential=sandbox/20260101/us-east-1/sts/aws4_request, Signature=" + text,
            b"AWS4-HMAC-SHA256 Credential=sandbox/20260101/us-east-1/iam/, Signature=" + text,
            b"AWS4-HMAC-SHA256 Credential=" + b"/" * 50 + text,
            b"AWS4-HMAC-SHA256 " + text,
            b"AWS sandbox:" + text,
            b"AWS :" + text,
            b"Bearer " + text,
            b"Bearer",
            b"Bearer \xff\xfe" + text,
            b"SharedKey devstoreaccount1:" + text,
            b"SharedKey :" + text,
            b"SharedKey " + text,
            b"type%3dmaster%26ver%3d1.0%26sig%3d" + text,
            b"type%3d" + text + b"%26ver%zz",
            b"Basic " + text,
            b"",
            text,
        )
    )
    headers.append((b"Authorization", value))
    if chance.random() < 0.3:
        headers.append((b"X-Amz-Date", text))
    return Broken("", secret, (head(whole.method, target, headers), whole.body))


def odd_json(chance: random.Random, whole: Whole, secret: str) -> Broken:
    text = secret.encode()
    body = chance.choice(
        (
            b"[" * 100_000 + b"]" * 100_000,
            b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
            b'{"token": "' + text + b'", "a": NaN}',
            b'{"token": "' + text + b'", "a": 1e400}',
            b'{"token": "' + text + b'", "a": "\\ud83d"}',
            b'{"TableName": "\\ud83d", "Item": {}}',
            b'{"token": "' + text + b'", "token": "' + text + b'"}',
            b'{"token": "' + text + b'"',
            text,
            b'{"token": "' + text + b"\xff\xfe",
            b"\xef\xbb\xbf{}",
            b"null",
            b"[]",
            b"1" * 6_000,
            b'"' + text + b'"',
            b'{"__proto__": {"x": 1}, "constructor": 1, "token": "' + text + b'"}',
            b'{"caller": 5, "action": "' + text + b'"}',
            b'{"cloud": {"x": []}}',
            b'{"Item": null, "TableName": null, "Key": [], "RequestItems": 7, "Statements": "x"}',
        )
    )
    target, headers = _complete(chance, whole, secret)
    headers = [pair for pair in headers if pair[0] != b"Content-Length"]
    headers.append((b"Content-Length", str(len(body)).encode()))
    method = whole.method if whole.body else b"POST"
    return Broken("", secret, (head(method, target, headers), body))


def odd_coding(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """Codings that the body does not have, changes of protocol, expectations."""
    target, headers = _complete(chance, whole, secret)
    name, value = chance.choice(
        (
            (b"Content-Encoding", b"gzip"),
            (b"Content-Encoding", b"br, " + secret.encode()),
            (b"Expect", b"100-continue"),
            (b"Expect", secret.encode()),
            (b"Content-Type", b"multipart/form-data; boundary="),
            (b"Content-Type", b"multipart/related; boundary=\xff"),
            (b"Content-Type", b"text/plain; charset=none-of-that-name"),
            (b"Range", b"bytes=-9999999999999999999-"),
            (b"Content-Range", b"bytes 9-1/3"),
            (b"If-Modified-Since", b"Thu, 99 Foo 99999 99:99:99 GMT"),
            (b"x-amz-copy-source", b"/%00/" + b"x" * 2_000),
            (b"x-ms-copy-source", b"http://[" + secret.encode()),
            (b"x-ms-documentdb-partitionkey", b'[{"a":'),
            (b"Content-MD5", b"\xff\xff"),
            (b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            (b"Host", b"[::" + secret.encode()),
        )
    )
    return Broken("", secret, (head(whole.method, target, [*headers, (name, value)]), whole.body))


def change_of_protocol(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """Asks to go on in another protocol, and does."""
    target, headers = _complete(chance, whole, secret)
    other = chance.choice((b"websocket", b"h2c", secret.encode()))
    headers += [(b"Upgrade", other), (b"Connection", b"Upgrade, HTTP2-Settings"), (b"HTTP2-Settings", b"AAMAAABk")]
    return Broken("", secret, (head(whole.method, target, headers), chance.randbytes(60) + secret.encode()))


def other_line_ends(chance: random.Random, whole: Whole, secret: str) -> Broken:
    first, body = _plain(chance, whole, secret)
    ends = chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r"))
    return Broken("", secret, (first.replace(b"\r\n", ends), body))


def tls(chance: random.Random, whole: Whole, secret: str) -> Broken:
    return Broken("", secret, (CLIENT_HELLO + secret.encode(),))


def http2(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """The start of HTTP/2 with frames that may be none."""
    frames = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    for _ in range(chance.randint(0, 6)):
        payload = chance.randbytes(chance.randint(0, 60)) + secret.encode()
        size = chance.choice((len(payload), len(payload), 2**24 - 1, 0))
        stream = chance.choice((0, 1, 2, 2**31 - 1))
        frames += struct.pack(">I", size)[1:] + bytes((chance.randrange(12), chance.randrange(256)))
        frames += struct.pack(">I", stream) + payload
    start = chance.choice((PREFACE, PREFACE[:10], PREFACE))
    return Broken("", secret, (start, frames))


def http2_headers(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A call of gRPC whose headers are well compressed and whose message is none."""
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
    block = b"".join(b"\x00" + _h2_text(name) + _h2_text(value) for name, value in fields)
    message = chance.choice((b"\x00\x00\x00\x00\x05hello", b"\x01\xff\xff\xff\xff", b"\x00" + secret.encode(), b""))
    frames = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    frames += struct.pack(">I", len(block))[1:] + b"\x01\x04" + struct.pack(">I", 1) + block
    frames += struct.pack(">I", len(message))[1:] + b"\x00\x01" + struct.pack(">I", 1) + message
    return Broken("", secret, (PREFACE + frames[: chance.choice((len(frames), len(frames), len(frames) // 2))],))


def _h2_text(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes((len(text),)) + text
    rest, coded = len(text) - 127, b"\x7f"
    while rest >= 128:
        coded, rest = coded + bytes((rest % 128 + 128,)), rest // 128
    return coded + bytes((rest,)) + text


def random_bytes(chance: random.Random, whole: Whole, secret: str) -> Broken:
    noise = chance.randbytes(chance.choice((1, 7, 100, 3_000)))
    return Broken("", secret, _pieces(chance, noise + secret.encode() + b"\r\n\r\n" + noise, 4))


def scrambled(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A good request with bytes taken out, doubled or changed anywhere."""
    first, body = _plain(chance, whole, secret)
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
    first, body = _plain(chance, whole, secret)
    data = first + body
    return Broken("", secret, _pieces(chance, data[: chance.randrange(1, len(data))]), "open")


def one_behind_another(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A good request and a broken one in one packet."""
    first, body = _plain(chance, whole, secret)
    return Broken("", secret, (first + body + b"GARBAGE " + secret.encode() + b"\r\n\x00\r\n\r\n",))


def nothing(chance: random.Random, whole: Whole, secret: str) -> Broken:
    return Broken("", secret, (), chance.choice(("half", "reset", "open")))


KINDS: Mapping[str, Break] = {
    make.__name__: make
    for make in (
        cut_head, cut_body, cut_chunks, wrong_length, two_lengths, length_and_chunks, odd_bytes, no_colon,
        odd_first_line, odd_method, odd_target, many_headers, long_header, odd_authorization, odd_json, odd_coding,
        change_of_protocol, other_line_ends, tls, http2, http2_headers, random_bytes, scrambled, slow,
        one_behind_another, nothing,
    )
}  # fmt: skip
NEVER_WHOLE = (cut_head, cut_body, cut_chunks, slow)


# --- sending ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sent:
    """What came of one request."""

    port: str
    broken: Broken
    answer: bytes = b""

    @property
    def told(self) -> bool:
        """Whether the answer holds the secret."""
        return self.broken.secret.encode() in self.answer

    def around(self) -> tuple[bytes, bytes]:
        """The answer where the secret stands, and the beginning of the request."""
        at = self.answer.find(self.broken.secret.encode())
        return self.answer[max(0, at - 200) : at + 60], b"".join(self.broken.pieces)[:300]


@dataclass(slots=True)
class _Open:
    sent: Sent
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def send_all(
    requests: Sequence[tuple[str, Broken]],
    find_ports: Callable[[], Mapping[str, int]],
    meanwhile: Callable[[], Awaitable[None]],
) -> tuple[list[Sent], int]:
    """Send everything, many at once.

    Args:
        find_ports: the port of each name now; asked again where one refuses, since a function's process may end for
            want of requests while another one of the same name goes on.
        meanwhile: waited for when all is sent, while the connections that are left open still are.
    Returns: what came of each, and how many connections were left open then.
    """
    limit, kept, ports = asyncio.Semaphore(AT_ONCE), list[_Open](), dict(find_ports())

    async def connect(name: str) -> _Streams:
        try:
            return await asyncio.open_connection("127.0.0.1", ports[name])
        except ConnectionRefusedError:
            ports.update(find_ports())
            return await asyncio.open_connection("127.0.0.1", ports[name])

    async def one(port: str, broken: Broken) -> Sent:
        async with limit:
            sent = Sent(port, broken)
            opened = await _send(sent, *await connect(port))
            if opened is not None:
                kept.append(opened)
                if len(kept) > LEFT_OPEN:
                    await _close(kept.pop(0))
            return sent

    done = list(await asyncio.gather(*(one(port, broken) for port, broken in requests)))
    count = len(kept)
    try:
        await meanwhile()
    finally:
        for opened in kept:
            await _close(opened)
    return done, count


async def _send(sent: Sent, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Open | None:
    """The connection where it stays open."""
    opened = _Open(sent, reader, writer)
    with contextlib.suppress(OSError):  # it may have been closed in the midst of what it will not read
        for number, piece in enumerate(sent.broken.pieces):
            if number:
                await asyncio.sleep(0.005)
            writer.write(piece)
            await writer.drain()
        if sent.broken.end == "half":
            writer.write_eof()
        if sent.broken.end == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return None
    await _read(opened, QUIET_SECONDS)
    if sent.broken.end == "open" or not sent.answer:
        return opened
    await _close(opened)
    return None


async def _read(opened: _Open, seconds: float) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        while len(opened.sent.answer) < MOST_BYTES:
            block = await asyncio.wait_for(opened.reader.read(65_536), seconds)
            if not block:
                return
            opened.sent.answer += block


async def _close(opened: _Open) -> None:
    await _read(opened, 0.01)
    opened.writer.close()
    with contextlib.suppress(OSError):
        await opened.writer.wait_closed()

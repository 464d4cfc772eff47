"""Requests whose lines, headers or bodies are not as they should be."""

from __future__ import annotations

import random

from tests.support.broken.whole import Broken, Whole, complete, head, plain, with_code


def odd_bytes(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """Zero bytes, control characters and bytes above ASCII, anywhere in the head."""
    first, body = plain(chance, whole, secret)
    changed = bytearray(first)
    for _ in range(chance.randint(1, 6)):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 7, 10, 13, 32, 127, 128, 195, 255))
    return Broken("", secret, (bytes(changed), body))


def no_colon(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """A header line without a colon, whose content must not be quoted."""
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
    first, body = plain(chance, whole, secret)
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
    target, headers = complete(chance, whole, secret)
    method = chance.choice((b"BREW", b"get", b"PROPFIND", b"TRACE", b"X" * 5_000, b"P\xc3\x96ST", b"__class__", b"@"))
    return Broken("", secret, (head(method, target, headers), whole.body))


def odd_target(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """Invalid percent escapes, paths that lead upwards, very long targets."""
    _, headers = complete(chance, whole, secret)
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
    target, headers = complete(chance, whole, secret)
    headers += [(b"X-H%d" % number, secret.encode()) for number in range(chance.choice((150, 1_500, 4_000)))]
    return Broken("", secret, (head(whole.method, target, headers), whole.body))


def long_header(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = complete(chance, whole, secret)
    long = secret.encode() * chance.choice((300, 3_000, 20_000))
    headers.append(chance.choice(((b"X-Inter-Cloud-Token", long), (b"Authorization", long), (long, b"x"))))
    return Broken("", secret, (head(whole.method, target, headers), whole.body))


def odd_authorization(chance: random.Random, whole: Whole, secret: str) -> Broken:
    target, headers = complete(chance, whole, secret)
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
    target, headers = complete(chance, whole, secret)
    headers = [pair for pair in headers if pair[0] != b"Content-Length"]
    headers.append((b"Content-Length", str(len(body)).encode()))
    method = whole.method if whole.body else b"POST"
    return Broken("", secret, (head(method, target, headers), body))


def odd_coding(chance: random.Random, whole: Whole, secret: str) -> Broken:
    """Content codings that the body does not have, protocol upgrades, expectations."""
    target, headers = complete(chance, whole, secret)
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
    """A request for a protocol upgrade, followed by data in that protocol."""
    target, headers = complete(chance, whole, secret)
    other = chance.choice((b"websocket", b"h2c", secret.encode()))
    headers += [(b"Upgrade", other), (b"Connection", b"Upgrade, HTTP2-Settings"), (b"HTTP2-Settings", b"AAMAAABk")]
    return Broken("", secret, (head(whole.method, target, headers), chance.randbytes(60) + secret.encode()))


def other_line_ends(chance: random.Random, whole: Whole, secret: str) -> Broken:
    first, body = plain(chance, whole, secret)
    ends = chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r"))
    return Broken("", secret, (first.replace(b"\r\n", ends), body))

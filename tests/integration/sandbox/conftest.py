"""Deploying small functions into the shared sandbox."""

from __future__ import annotations

import io
import json
import sys
import textwrap
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
"""For roles of tests that are not about permissions."""


def trust(*services: str) -> str:
    """A trust policy for services, by the first part of their names."""
    named = [f"{service}.amazonaws.com" for service in services]
    statement = {"Effect": "Allow", "Principal": {"Service": named}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_zip(source: str, **more: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {"app.py": source, **more}.items():
            archive.writestr(name, textwrap.dedent(text))
    return buffer.getvalue()


@pytest.fixture
def deploy(aws: Callable[[str], Any], role: str) -> Callable[..., str]:
    """`deploy(source, Timeout=...)` -> the name of a new function with `handler` from that source."""

    def create(source: str, **config: Any) -> str:
        name = f"f-{uuid.uuid4().hex[:10]}"
        settings = {"Runtime": RUNTIME, "Role": role, "Handler": "app.handler", **config}
        aws("lambda").create_function(FunctionName=name, Code={"ZipFile": make_zip(source)}, **settings)
        return name

    return create


@pytest.fixture
def invoke(aws: Callable[[str], Any]) -> Callable[..., tuple[Any, str | None]]:
    """`invoke(name, event)` -> what the function answered, and Lambda's word for an error."""

    def call(name: str, event: object = None) -> tuple[Any, str | None]:
        answer = aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}).encode())
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    return call

"""The making of a deployment: the form that asks for one, and the unpacked and built record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from aiohttp import web

from l3kit.sandbox.functions import code_zip
from l3kit.sandbox.functions.builder import build
from l3kit.sandbox.functions.platform import Platform
from l3kit.sandbox.functions.record import Definition, FunctionRecord, Keys, RefusedError
from l3kit.sandbox.functions.shared_code import SharedCode


async def form_of(request: web.Request) -> tuple[object, bytes]:
    """Return the definition and the zip of a deployment. Raises: RefusedError."""
    form = await request.post()
    code, definition = form.get("code"), form.get("definition")
    if not isinstance(code, web.FileField) or not isinstance(definition, str):
        raise RefusedError("a deployment is a form with definition (JSON) and code (a zip file)")
    try:
        return json.loads(definition), code.file.read()
    except ValueError:
        raise RefusedError("the definition is not JSON") from None


def make_record(
    platform: Platform,
    name: str,
    definition: Definition,
    code: bytes,
    folder: Path,
    keys: Keys,
    shared: SharedCode,
) -> FunctionRecord:
    """Unpack and build. Blocking. Raises: RefusedError."""
    code_zip.unpack(platform, code, folder / "code", shared)
    (folder / "scratch").mkdir()
    digest = hashlib.sha256(code).hexdigest()
    return FunctionRecord(platform.cloud, name, definition, digest, folder, build(folder / "code"), keys)

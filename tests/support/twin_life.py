"""A small twin's whole life in a separate process: `python -m tests.support.twin_life HOME LAYOUT`.

Prints the result of the query as JSON. `HOSTILE` is an environment that would mislead every client of a cloud.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import l3kit
from l3kit import sandbox
from l3kit.operate.telemetry import put_telemetry
from l3kit.session import sandbox_session
from l3kit.twin.layout import MOVERS

NOBODY, NO_FILE = "http://127.0.0.1:9", "/nowhere/at.all"
_ADDRESSES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "grpc_proxy"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "STORAGE_EMULATOR_HOST"),
    *("COSMOS_ENDPOINT", "STORAGE_ACCOUNT_URL", "AZURE_AUTHORITY_HOST"),
)
_NAMES = (
    *("NO_PROXY", "no_proxy", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS"),
    *("AWS_DEFAULTS_MODE", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"),
    *("AZURE_CLIENT_SECRET", "AZURE_STORAGE_CONNECTION_STRING", "STORAGE_CONNECTION_STRING"),
    *("COSMOS_CONNECTION_STRING", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"),
    *("CLOUDSDK_CORE_PROJECT", "CLOUDSDK_ACTIVE_CONFIG_NAME", "FIRESTORE_EMULATOR_HOST"),
)
_PATHS = (
    *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_DATA_PATH", "CLOUDSDK_CONFIG"),
    *("GOOGLE_APPLICATION_CREDENTIALS", "BOTO_CONFIG"),
)
_SWITCHES = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "GOOGLE_API_USE_CLIENT_CERTIFICATE")
HOSTILE = {
    **dict.fromkeys(_ADDRESSES, NOBODY),
    **dict.fromkeys(_NAMES, "nowhere"),
    **dict.fromkeys(_PATHS, NO_FILE),
    **dict.fromkeys(_SWITCHES, "true"),
    "GOOGLE_API_USE_MTLS_ENDPOINT": "always",
}


def hostile_shell(folder: Path) -> dict[str, str]:
    """This process's environment with `HOSTILE` and with malformed AWS configuration files."""
    broken = folder / "aws.broken"
    broken.write_text("[[[ broken")
    files = {"AWS_CONFIG_FILE": str(broken), "AWS_SHARED_CREDENTIALS_FILE": str(broken)}
    return {**os.environ, **HOSTILE, **files}


def main(home: Path, layout: str) -> None:
    hot, cold, archive = layout.split("-")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        layers = {"layer_1": hot, "layer_2": hot, "layer_3_hot": hot, "layer_3_cold": cold, "layer_3_archive": archive}
        days = {"hot_storage_size_in_days": 30, "cold_storage_size_in_days": 90, "message_chain": False}
        for file, content in {
            "config": {"digital_twin_name": f"deaf-{hot}", **days},
            "config_iot_devices": [{"id": "d"}],
            "config_providers": {f"{layer}_provider": cloud for layer, cloud in layers.items()},
        }.items():
            (folder / f"{file}.json").write_text(json.dumps(content))
        twin = l3kit.Twin.load(folder)
        session = sandbox_session(sandbox.ensure_up(home, clouds=twin.layout.clouds))
        opened = l3kit.OpenTwin(twin, session)
        opened.plan().apply()
        readings = {1: "1.50", 6: "1" * 5_000}
        put_telemetry(session, twin, [("d", _reading(month, number)) for month, number in readings.items()])
        for mover in MOVERS:
            done = opened.run_mover(mover, time="2026-06-10T00:00:00Z")
            print(done.summary(), file=sys.stderr)
        opened.query("d").request_restore(1)
        found = opened.query("d")
        checked = opened.verify(canary=False)
        counts = {str(row["tier"]): len(str(row["v"])) for row in found.rows}
        gone = opened.destroy(data=True)
        print(
            json.dumps({"digits": counts, "failed": [c.subject for c in checked.failed], "destroyed": len(gone.done)})
        )


def _reading(month: int, number: str) -> bytes:
    return f'{{"iotDeviceId":"d","id":"2026-{month:02d}-01T00:00:00Z","v":{number}}}'.encode()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

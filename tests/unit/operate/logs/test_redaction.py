"""What a library or a processor may print of secrets is hidden, and everything else stays."""

from __future__ import annotations

import pytest

from l3kit.operate.logs.redaction import without_secrets

SECRET = "s3cr3t/with+signs=="


@pytest.mark.parametrize(
    "text",
    [
        f"INTER_CLOUD_TOKEN={SECRET}",
        f"{{'INTER_CLOUD_TOKEN': '{SECRET}'}}",
        f'"X-Inter-Cloud-Token": "{SECRET}"',
        f"x-inter-cloud-token: {SECRET}",
        f"Authorization: Bearer {SECRET} was refused",
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET};EndpointSuffix=x",
        f"Endpoint=sb://h/;SharedAccessKeyName=p;SharedAccessKey={SECRET}",
        f"GET https://app.example/api/run?code={SECRET} failed",
        f"https://a.example/b?sv=1&sig={SECRET}&se=2",
        f"AWS_SECRET_ACCESS_KEY = '{SECRET}'",
        f"('x-functions-key', '{SECRET}')",
        f"[(b'X-Inter-Cloud-Token', b'{SECRET}')]",
        f'{{"m": "{{\\"Authorization\\": \\"Bearer {SECRET}\\"}}"}}',
        f"Authorization: token {SECRET}",
        f"AZURE_CLIENT_SECRET={SECRET}",
        f'{{"access_token": "{SECRET}"}}',
    ],
)
def test_a_value_with_a_secret_name_is_hidden(text: str) -> None:
    shown = without_secrets(text, ())
    assert SECRET not in shown
    assert SECRET[:6] not in shown
    assert "***" in shown


def test_a_signature_is_hidden() -> None:
    assert without_secrets(f"t=1,v1={'a' * 64}", ()) == "t=1,v1=***"


@pytest.mark.parametrize(
    "text",
    [
        "device pump-1 was left: the store throttles",
        "INTER_CLOUD_TOKEN is not set: every request is refused; apply the twin again",
        "Signature expired: 20260301T100000Z is now earlier",
        "https://a.example/b?codec=1&signal=2",
        "exit code=1",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert without_secrets(text, ("t" * 43,)) == text

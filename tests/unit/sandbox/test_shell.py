"""What of the shell a sandbox is told: no cloud, no proxy; its installers alone hear what leads to a registry."""

from __future__ import annotations

from l3kit.sandbox.shell import emulator_environment, gateway_environment, installer_environment, without_proxies

PLAIN = {
    "PATH": "/bin",
    "HOME": "/root",
    "PIP_FIND_LINKS": "/wheels",
    "L3KIT_SANDBOX_OWNER": "7",
    "XDG_CACHE_HOME": "/c",
}
CLOUDS = {"AWS_PROFILE": "x", "AZURE_CLIENT_ID": "x", "GOOGLE_CLOUD_PROJECT": "x", "CLOUDSDK_CONFIG": "x"}
CLOUDS |= {"FIRESTORE_EMULATOR_HOST": "x", "STORAGE_EMULATOR_HOST": "x", "COSMOS_ENDPOINT": "x", "MOTO_PORT": "1"}
CLOUDS |= {"NODE_OPTIONS": "--inspect", "AWS_CA_BUNDLE": "x"}
REGISTRY = {"HTTP_PROXY": "http://p", "https_proxy": "http://p", "No_Proxy": "x", "SSL_CERT_FILE": "/ca"}
REGISTRY |= {"REQUESTS_CA_BUNDLE": "/ca", "NODE_EXTRA_CA_CERTS": "/ca"}
SHELL = PLAIN | CLOUDS | REGISTRY


def test_the_sandbox_hears_nothing_of_clouds_emulators_and_proxies() -> None:
    assert without_proxies(SHELL) == PLAIN
    assert emulator_environment(gateway_environment(SHELL)) == PLAIN
    assert not set(gateway_environment(SHELL)) & set(CLOUDS | REGISTRY)


def test_installers_hear_proxies_and_certificates_through_the_gateway() -> None:
    assert installer_environment(gateway_environment(SHELL)) == PLAIN | REGISTRY
    assert installer_environment(PLAIN) == PLAIN

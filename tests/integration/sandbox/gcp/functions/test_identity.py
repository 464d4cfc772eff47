"""One function calls another with the token that the sandbox's metadata server gives to its process."""

from __future__ import annotations

import pytest
import requests

from l3kit.sandbox.gcp.metadata import PATH
from tests.integration.sandbox.gcp.functions.functions import TINY, ask
from tests.support.cloud_functions import World, gcp_zip

pytestmark = pytest.mark.sandbox
CALLER = f"""
import os, urllib.error, urllib.request


def get(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def main(request):
    host, audience = os.environ["GCE_METADATA_HOST"], request.args["audience"]
    status, told, token = get(f"http://{{host}}{PATH}?audience=" + audience, **{{"Metadata-Flavor": "Google"}})
    bare = get(f"http://{{host}}{PATH}?audience=" + audience)[0]
    called = get(request.args["url"], Authorization=f"Bearer {{token}}")
    return {{"token": status, "flavor": told["Metadata-Flavor"], "bare": bare, "called": called[0], "said": called[2]}}
"""


def test_a_function_gets_a_token_that_opens_the_function_it_is_for_and_no_other(world: World) -> None:
    caller = world.put("gcp", "caller", gcp_zip(CALLER), public=True).url
    private = world.put("gcp", "private", gcp_zip(TINY), callers=["caller"]).url
    other = world.put("gcp", "other", gcp_zip(TINY), callers=["caller"]).url
    closed = world.put("gcp", "closed", gcp_zip(TINY), callers=["another"]).url
    told = ask(caller, params={"audience": private, "url": private}).json()
    assert told == {"token": 200, "flavor": "Google", "bare": 403, "called": 200, "said": "tiny"}
    assert ask(caller, params={"audience": private, "url": other}).json()["called"] == 401
    assert ask(caller, params={"audience": closed, "url": closed}).json()["called"] == 403
    assert ask(caller, params={"audience": "", "url": private}).json()["token"] == 400
    for name in ("caller", "private", "other", "closed"):
        world.host("gcp").delete(name)


def test_what_is_no_function_gets_no_token(world: World) -> None:
    asked = {"audience": f"{world.endpoint}/_gcp/private"}
    for headers in ({}, {"Metadata-Flavor": "Google"}, {"Metadata-Flavor": "Google", "X-Forwarded-For": "127.0.0.1"}):
        answer = requests.get(f"{world.metadata}{PATH}", params=asked, headers=headers, timeout=60)
        assert answer.status_code == 403


AT_ITS_START = f"""
import os, urllib.request

URL = "http://" + os.environ["GCE_METADATA_HOST"] + "{PATH}?audience=x"
TOKEN = urllib.request.urlopen(urllib.request.Request(URL, headers={{"Metadata-Flavor": "Google"}})).read().decode()


def main(request):
    return str(TOKEN.count("."))
"""


def test_a_function_gets_its_token_already_while_it_is_loaded(world: World) -> None:
    assert ask(world.put("gcp", "early", gcp_zip(AT_ITS_START), public=True).url).text == "2"
    world.host("gcp").delete("early")

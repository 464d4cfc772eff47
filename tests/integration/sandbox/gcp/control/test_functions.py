"""A function that the sandbox's control plane deploys: invoked, fired, and gone."""

from __future__ import annotations

import pytest
import requests

from l3kit.errors import ProvisioningError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.gcp.part import functions
from tests.integration.sandbox.gcp.control.owner import ECHO, LOCATION, NAME, Owner
from tests.support.cloud_functions import HOSTS, definition, gcp_zip
from tests.support.google_plane import EVERY_API

pytestmark = pytest.mark.xdist_group("gcp-control")


def test_a_function_is_deployed_and_admits_those_whom_its_policy_names(google: Owner) -> None:
    account, caller = google.account("echo-runs"), google.account("echo-calls")
    url = google.deploy("control-echo", account)
    service = f"v2/{LOCATION}/services/control-echo"

    def invoke(**headers: str) -> int:
        return requests.post(f"{url}/", data=b"hello", headers=headers, timeout=60).status_code

    token = google.identity_token(caller, url)
    assert invoke() == 403
    assert invoke(Authorization=f"Bearer {token}") == 403
    google.allow("run", service, caller, "roles/run.invoker")
    assert invoke(Authorization=f"Bearer {token}") == 200
    assert invoke() == 403
    policy = google.ask("GET", "run", f"{service}:getIamPolicy")
    public = {"role": "roles/run.invoker", "members": ["allUsers"]}
    google.ask("POST", "run", f"{service}:setIamPolicy", {"policy": {**policy, "bindings": [public]}})
    assert invoke() == 200


def test_a_job_fires_as_the_account_that_may_invoke_its_function(google: Owner, google_cloud: SandboxState) -> None:
    account, caller = google.account("fired-runs"), google.account("fired-calls")
    url = google.deploy("control-fired", account)
    target = {"uri": url, "oidcToken": {"serviceAccountEmail": caller}, "body": "eyJhIjogMX0="}
    job = {"name": f"{LOCATION}/jobs/control-fired", "schedule": "0 4 * * *", "httpTarget": target}
    google.ask("POST", "cloudscheduler", f"v1/{LOCATION}/jobs", job)
    host = functions(google_cloud)
    assert set(host.timers("control-fired")) == {"control-fired"}
    assert host.fire("control-fired", "control-fired")["status"] == 403
    google.allow("run", f"v2/{LOCATION}/services/control-fired", caller, "roles/run.invoker")
    fired = host.fire("control-fired", "control-fired")
    assert (fired["status"], '"job":"control-fired"' in fired["body"].replace(" ", "")) == (200, True)


def test_a_redeployed_function_keeps_its_jobs_and_a_deleted_one_is_gone(
    google: Owner, google_cloud: SandboxState
) -> None:
    account = google.account("again-runs")
    url = google.deploy("control-again", account)
    job = {"name": f"{LOCATION}/jobs/control-again", "schedule": "0 4 * * *", "httpTarget": {"uri": url}}
    google.ask("POST", "cloudscheduler", f"v1/{LOCATION}/jobs", job)
    path = f"v2/{LOCATION}/functions/control-again"
    body = {"serviceConfig": {"timeoutSeconds": 120}}
    begun = google.ask("PATCH", "cloudfunctions", path, body, updateMask="serviceConfig.timeoutSeconds")
    ended = google.wait("cloudfunctions", "v2", begun)
    assert ended["response"]["serviceConfig"]["timeoutSeconds"] == 120
    assert set(functions(google_cloud).timers("control-again")) == {"control-again"}
    google.wait("cloudfunctions", "v2", google.ask("DELETE", "cloudfunctions", path))
    assert google.send("GET", "cloudfunctions", path).status_code == 404
    assert requests.post(f"{url}/", timeout=60).status_code == 404


def test_the_sandboxs_admin_api_neither_deploys_nor_deletes_functions(google_cloud: SandboxState) -> None:
    host = HOSTS["gcp"](google_cloud.gateway)
    with pytest.raises(ProvisioningError, match="by its control plane alone"):
        host.put("control-none", definition(), gcp_zip(ECHO))
    with pytest.raises(ProvisioningError, match="by its control plane alone"):
        host.delete("control-none")


def test_code_that_does_not_start_ends_the_operation_in_an_error(google: Owner) -> None:
    account = google.account("broken-runs")
    with pytest.raises(KeyError, match="response"):
        google.deploy("control-broken", account, "raise RuntimeError('as it starts')\n")
    path = f"v2/{LOCATION}/functions/control-broken"
    assert google.ask("GET", "cloudfunctions", path)["state"] == "FAILED"
    google.wait("cloudfunctions", "v2", google.ask("DELETE", "cloudfunctions", path))


def test_a_functions_log_is_read_by_its_service(google: Owner) -> None:
    account, caller = google.account("logs-runs"), google.account("logs-calls")
    url = google.deploy("control-logs", account, "def main(request):\n    print('seen in the log')\n    return ''\n")
    google.allow("run", f"v2/{LOCATION}/services/control-logs", caller, "roles/run.invoker")
    token = google.identity_token(caller, url)
    assert requests.post(f"{url}/", headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code == 200
    asked = {"resourceNames": [NAME], "filter": 'resource.labels.service_name="control-logs"', "pageSize": 1000}
    entries = google.ask("POST", "logging", "v2/entries:list", asked)["entries"]
    assert any(one["textPayload"] == "seen in the log" for one in entries)


def test_nobody_without_a_token_is_answered(google: Owner) -> None:
    stranger = Owner(google.address, "")
    answer = stranger.send("GET", "cloudresourcemanager", f"v3/{NAME}")
    assert answer.status_code == 401
    assert PROJECT not in answer.text
    wrong = Owner(google.address, "ya29.wrong")
    assert wrong.send("GET", "cloudresourcemanager", f"v3/{NAME}").status_code == 401


def test_all_apis_are_enabled_once(google: Owner) -> None:
    shown = google.ask("GET", "serviceusage", f"v1/{NAME}/services", filter="state:ENABLED", pageSize="200")
    assert {one["config"]["name"] for one in shown["services"]} >= EVERY_API

"""Google's own clients deploy a function to the sandbox, let somebody call it, schedule it and destroy it."""

from __future__ import annotations

import json

import pytest
import requests
from google.api_core.exceptions import NotFound

from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import PROJECT, REGION
from l3kit.sandbox.gcp.part import functions
from tests.integration.sandbox.gcp.control.owner import ECHO, Owner
from tests.support.cloud_functions import gcp_zip
from tests.support.google_clients import Clients, fresh
from tests.support.google_resources import account, function_body, job_body

pytest.importorskip("googleapiclient", reason="google-api-python-client is in the extra `test`, not installed here")
functions_v2 = pytest.importorskip("google.cloud.functions_v2", reason="it is in the extra `test`, not installed here")
run_v2 = pytest.importorskip("google.cloud.run_v2", reason="it is in the extra `test`, not installed here")
scheduler_v1 = pytest.importorskip("google.cloud.scheduler_v1", reason="it is in the extra `test`, not installed here")
pytestmark = pytest.mark.xdist_group("gcp-control")
SECONDS = 120


def test_a_function_lives_and_ends_by_googles_clients(google: Owner, google_cloud: SandboxState) -> None:
    clients = Clients(google.address, PROJECT, REGION, google.token)
    deployer = clients.gapic(functions_v2.FunctionServiceClient, "cloudfunctions")
    services = clients.gapic(run_v2.ServicesClient, "run")
    jobs = clients.gapic(scheduler_v1.CloudSchedulerClient, "cloudscheduler")
    one, caller = fresh("foreign"), account(clients, fresh("calls"))
    upload = deployer.generate_upload_url(request={"parent": clients.location})
    place = {"bucket": upload.storage_source.bucket, "object": upload.storage_source.object_}
    given = {"uploadUrl": upload.upload_url, "storageSource": place}
    body = function_body(clients, given, gcp_zip(ECHO))
    function = functions_v2.Function.from_json(json.dumps(body))
    made = deployer.create_function(parent=clients.location, function_id=one, function=function)
    url = made.result(timeout=SECONDS).service_config.uri
    assert requests.post(f"{url}/", data=b"hello", timeout=60).status_code == 403

    service = f"{clients.location}/services/{one}"
    policy = services.get_iam_policy(request={"resource": service})
    policy.bindings.add(role="roles/run.invoker", members=[f"serviceAccount:{caller}"])
    services.set_iam_policy(request={"resource": service, "policy": policy})
    headers = {"Authorization": f"Bearer {google.identity_token(caller, url)}"}
    answer = requests.post(f"{url}/", data=b"hello", headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["body"]) == (200, "hello")

    name = f"{clients.location}/jobs/{one}"
    job = job_body(clients, name)
    job["httpTarget"] = {
        "uri": url,
        "httpMethod": "POST",
        "oidcToken": {"serviceAccountEmail": caller, "audience": url},
    }
    jobs.create_job(parent=clients.location, job=scheduler_v1.Job.from_json(json.dumps(job)))
    assert functions(google_cloud).fire(one, one)["status"] == 200

    jobs.delete_job(name=name)
    deployer.delete_function(name=f"{clients.location}/functions/{one}").result(timeout=SECONDS)
    with pytest.raises(NotFound):
        services.get_service(name=service)
    assert requests.post(f"{url}/", headers=headers, timeout=60).status_code == 404

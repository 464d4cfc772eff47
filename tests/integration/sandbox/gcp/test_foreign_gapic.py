"""Google's clients of the google-cloud packages deploy and destroy against the double of the control plane.

Their messages come from protocol buffers, not from the discovery documents that the double goes by; enums are sent as
numbers, and answers must fit the messages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud import storage
from google.oauth2.credentials import Credentials

from tests.support.google_clients import Clients, fresh
from tests.support.google_resources import account, function_body, job_body
from tests.support.google_server import google_server

REASON = "the google-cloud packages are in the extra `test`, not installed here"
functions_v2 = pytest.importorskip("google.cloud.functions_v2", reason=REASON)
run_v2 = pytest.importorskip("google.cloud.run_v2", reason=REASON)
scheduler_v1 = pytest.importorskip("google.cloud.scheduler_v1", reason=REASON)
SECONDS = 30


@pytest.fixture(scope="module")
def google() -> Iterator[Clients]:
    with google_server() as server:
        yield server


def test_a_function_and_its_service(google: Clients) -> None:
    functions = google.gapic(functions_v2.FunctionServiceClient, "cloudfunctions")
    services = google.gapic(run_v2.ServicesClient, "run")
    one = fresh("mover")
    name, service = f"{google.location}/functions/{one}", f"{google.location}/services/{one}"
    upload = functions.generate_upload_url(request={"parent": google.location})
    place = {"bucket": upload.storage_source.bucket, "object": upload.storage_source.object_}
    body = function_body(google, {"uploadUrl": upload.upload_url, "storageSource": place})
    function = functions_v2.Function.from_json(json.dumps(body))
    made = functions.create_function(parent=google.location, function_id=one, function=function).result(timeout=SECONDS)
    assert made.state == functions_v2.Function.State.ACTIVE
    assert made.environment == functions_v2.Environment.GEN_2
    assert made.service_config.timeout_seconds == 540
    with pytest.raises(AlreadyExists):
        functions.create_function(parent=google.location, function_id=one, function=function).result(timeout=SECONDS)
    made.labels["l3kit-twin"] = "other"
    change = {"function": made, "update_mask": "labels"}
    assert dict(functions.update_function(request=change).result(timeout=SECONDS).labels) == {"l3kit-twin": "other"}
    assert name in {each.name for each in functions.list_functions(parent=google.location)}
    assert services.get_service(name=service).uri.startswith("http")
    policy = services.get_iam_policy(request={"resource": service})
    policy.bindings.add(role="roles/run.invoker", members=["allUsers"])
    told = services.set_iam_policy(request={"resource": service, "policy": policy})
    assert [list(binding.members) for binding in told.bindings] == [["allUsers"]]
    functions.delete_function(name=name).result(timeout=SECONDS)
    with pytest.raises(NotFound):
        functions.get_function(name=name)


def test_a_schedule(google: Clients) -> None:
    jobs = google.gapic(scheduler_v1.CloudSchedulerClient, "cloudscheduler")
    name = f"{google.location}/jobs/{fresh('mover')}"
    job = scheduler_v1.Job.from_json(json.dumps(job_body(google, name)))
    made = jobs.create_job(parent=google.location, job=job)
    assert made.attempt_deadline.total_seconds() == 900
    assert made.state == scheduler_v1.Job.State.ENABLED
    assert jobs.pause_job(name=name).state == scheduler_v1.Job.State.PAUSED
    assert jobs.resume_job(name=name).state == scheduler_v1.Job.State.ENABLED
    job.schedule = "0 4 * * *"
    assert jobs.update_job(job=job, update_mask="schedule").schedule == "0 4 * * *"
    jobs.run_job(name=name)
    assert name in {one.name for one in jobs.list_jobs(parent=google.location)}
    jobs.delete_job(name=name)
    with pytest.raises(NotFound):
        jobs.get_job(name=name)


def test_a_bucket(google: Clients) -> None:
    options = {"api_endpoint": f"http://{google.host('storage')}"}
    buckets = storage.Client(google.project, Credentials(google.token), client_options=options)
    bucket = buckets.bucket(fresh("cold"))
    bucket.storage_class, bucket.labels = "COLDLINE", {"l3kit-twin": "weather"}
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.create(location=google.region)
    again = buckets.get_bucket(bucket.name)
    assert (again.storage_class, again.labels) == ("COLDLINE", {"l3kit-twin": "weather"})
    again.soft_delete_policy.retention_duration_seconds = 0
    again.patch()
    policy = again.get_iam_policy(requested_policy_version=3)
    member = f"serviceAccount:{account(google, fresh('reader'))}"
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {member}})
    again.set_iam_policy(policy)
    assert member in again.get_iam_policy()["roles/storage.objectViewer"]
    assert again.test_iam_permissions(["storage.buckets.get"]) == ["storage.buckets.get"]
    assert bucket.name in {one.name for one in buckets.list_buckets()}
    again.delete()
    assert buckets.lookup_bucket(bucket.name) is None

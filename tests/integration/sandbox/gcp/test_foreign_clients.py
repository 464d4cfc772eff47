"""Google's client of the discovery documents makes, reads, changes and deletes every kind of resource that l3kit makes.

Each answer of the double is held against the definitions too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.google_clients import Clients, ended, fresh
from tests.support.google_resources import account, function_body, job_body
from tests.support.google_server import google_server

pytest.importorskip("googleapiclient", reason="google-api-python-client is in the extra `test`, not installed here")
GONE = 404


@pytest.fixture(scope="module")
def google() -> Iterator[Clients]:
    with google_server() as server:
        yield server


def status_of(request: Any) -> int:
    """Return the status with which a request of google-api-python-client is refused."""
    from googleapiclient.errors import HttpError

    with pytest.raises(HttpError) as refused:
        request.execute()
    return int(refused.value.resp.status)


def test_apis_are_enabled(google: Clients) -> None:
    api = google.discovered("serviceusage", "v1")
    wanted = ["cloudfunctions.googleapis.com", "firestore.googleapis.com"]
    ended(api.operations(), api.services().batchEnable(parent=google.name, body={"serviceIds": wanted}).execute())
    ended(api.operations(), api.services().enable(name=f"{google.name}/services/{wanted[0]}", body={}).execute())
    on = api.services().list(parent=google.name, filter="state:ENABLED", pageSize=200).execute()["services"]
    assert set(wanted) <= {one["config"]["name"] for one in on}
    assert api.services().get(name=f"{google.name}/services/{wanted[1]}").execute()["state"] == "ENABLED"
    several = (
        api.services().batchGet(parent=google.name, names=[f"{google.name}/services/{one}" for one in wanted]).execute()
    )
    assert len(several["services"]) == 2


def test_a_project_and_its_policy(google: Clients) -> None:
    projects = google.discovered("cloudresourcemanager", "v3").projects()
    assert projects.get(name=google.name).execute()["projectId"] == google.project
    asked = ["storage.buckets.create", "datastore.databases.create"]
    assert set(
        projects.testIamPermissions(resource=google.name, body={"permissions": asked}).execute()["permissions"]
    ) == set(asked)


def test_a_service_account(google: Clients) -> None:
    accounts = google.discovered("iam", "v1").projects().serviceAccounts()
    name = f"{google.name}/serviceAccounts/{account(google, one := fresh('mover'))}"
    assert accounts.get(name=name).execute()["email"].startswith(one)
    body = {"serviceAccount": {"description": "twin"}, "updateMask": "description"}
    assert accounts.patch(name=name, body=body).execute()["description"] == "twin"
    assert name in {each["name"] for each in accounts.list(name=google.name, pageSize=100).execute()["accounts"]}
    policy = accounts.getIamPolicy(resource=name).execute()
    policy["bindings"] = [
        {"role": "roles/iam.serviceAccountUser", "members": [f"serviceAccount:{name.split('/')[-1]}"]}
    ]
    assert accounts.setIamPolicy(resource=name, body={"policy": policy}).execute()["bindings"] == policy["bindings"]
    accounts.enable(name=name, body={}).execute()
    accounts.delete(name=name).execute()
    assert status_of(accounts.get(name=name)) == GONE


def test_tokens_of_a_service_account(google: Clients) -> None:
    accounts = google.discovered("iamcredentials", "v1").projects().serviceAccounts()
    email = account(google, fresh("caller"))
    iam = google.discovered("iam", "v1").projects().serviceAccounts()
    owner = f"user:{google.token.removeprefix('token-of:')}"
    binding = {"role": "roles/iam.serviceAccountTokenCreator", "members": [owner]}
    iam.setIamPolicy(
        resource=f"{google.name}/serviceAccounts/{email}", body={"policy": {"bindings": [binding]}}
    ).execute()
    name = f"projects/-/serviceAccounts/{email}"
    assert accounts.generateIdToken(name=name, body={"audience": "https://x", "includeEmail": True}).execute()["token"]
    scope = ["https://www.googleapis.com/auth/cloud-platform"]
    assert accounts.generateAccessToken(name=name, body={"scope": scope}).execute()["accessToken"]


def test_a_custom_role_is_deleted_and_undeleted(google: Clients) -> None:
    roles = google.discovered("iam", "v1").projects().roles()
    one = fresh("mover").replace("-", "_")
    name = f"{google.name}/roles/{one}"
    body = {"roleId": one, "role": {"title": "t", "includedPermissions": ["storage.objects.get"], "stage": "GA"}}
    assert roles.create(parent=google.name, body=body).execute()["name"] == name
    more = {"includedPermissions": ["storage.objects.get", "storage.objects.list"]}
    changed = roles.patch(name=name, body=more, updateMask="includedPermissions").execute()
    assert changed["title"] == "t"
    assert roles.get(name=name).execute()["includedPermissions"] == more["includedPermissions"]
    assert roles.delete(name=name).execute()["deleted"]
    shown = roles.list(parent=google.name, showDeleted=True, view="FULL").execute()["roles"]
    assert name in {role["name"] for role in shown}
    assert not roles.undelete(name=name, body={}).execute().get("deleted")


def test_a_firestore_database(google: Clients) -> None:
    databases = google.discovered("firestore", "v1").projects().databases()
    one = fresh("twin")
    name, group = f"{google.name}/databases/{one}", f"{google.name}/databases/{one}/collectionGroups/items"
    body = {
        "type": "FIRESTORE_NATIVE",
        "locationId": google.region,
        "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
    }
    made = ended(databases.operations(), databases.create(parent=google.name, databaseId=one, body=body).execute())
    assert made["name"] == name
    fields, indexes = databases.collectionGroups().fields(), databases.collectionGroups().indexes()
    exemption = {"indexConfig": {"indexes": []}}
    for mask, change in (("indexConfig", exemption), ("ttlConfig", {"ttlConfig": {}})):
        began = fields.patch(name=f"{group}/fields/payload", body=change, updateMask=mask).execute()
        ended(databases.operations(), began)
    assert fields.get(name=f"{group}/fields/payload").execute()["name"] == f"{group}/fields/payload"
    index = {"queryScope": "COLLECTION", "fields": [{"fieldPath": "__name__", "order": "DESCENDING"}]}
    ended(databases.operations(), indexes.create(parent=group, body=index).execute())
    (there,) = indexes.list(parent=group).execute()["indexes"]
    assert indexes.get(name=there["name"]).execute()["queryScope"] == "COLLECTION"
    indexes.delete(name=there["name"]).execute()
    assert status_of(databases.delete(name=name)) == 400
    off = {"deleteProtectionState": "DELETE_PROTECTION_DISABLED"}
    ended(databases.operations(), databases.patch(name=name, body=off, updateMask="deleteProtectionState").execute())
    etag = databases.get(name=name).execute()["etag"]
    ended(databases.operations(), databases.delete(name=name, etag=etag).execute())
    assert name not in {each["name"] for each in databases.list(parent=google.name).execute().get("databases", ())}


def test_a_bucket(google: Clients) -> None:
    buckets = google.discovered("storage", "v1").buckets()
    name = fresh("cold")
    body = {
        "name": name,
        "location": google.region,
        "storageClass": "COLDLINE",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"},
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
        "labels": {"l3kit-twin": "weather"},
    }
    assert buckets.insert(project=google.project, body=body).execute()["storageClass"] == "COLDLINE"
    changed = buckets.patch(bucket=name, body={"labels": {"l3kit-twin": "other"}}).execute()
    assert changed["labels"] == {"l3kit-twin": "other"}
    assert name in {one["name"] for one in buckets.list(project=google.project).execute()["items"]}
    policy = buckets.getIamPolicy(bucket=name, optionsRequestedPolicyVersion=3).execute()
    member = f"serviceAccount:{account(google, fresh('reader'))}"
    policy["bindings"] = [*policy.get("bindings", ()), {"role": "roles/storage.objectViewer", "members": [member]}]
    assert buckets.setIamPolicy(bucket=name, body=policy).execute()["bindings"] == policy["bindings"]
    asked = ["storage.buckets.get", "storage.objects.list"]
    assert set(buckets.testIamPermissions(bucket=name, permissions=asked).execute()["permissions"]) == set(asked)
    assert "items" not in google.discovered("storage", "v1").objects().list(bucket=name).execute()
    buckets.delete(bucket=name).execute()
    assert status_of(buckets.get(bucket=name)) == GONE


def test_a_topic_and_its_subscriptions(google: Clients) -> None:
    projects = google.discovered("pubsub", "v1").projects()
    topics, subscriptions = projects.topics(), projects.subscriptions()
    topic, sub = f"{google.name}/topics/{fresh('devices')}", f"{google.name}/subscriptions/{fresh('devices')}"
    topics.create(name=topic, body={"labels": {"l3kit-twin": "weather"}}).execute()
    change = {"topic": {"name": topic, "labels": {"l3kit-twin": "other"}}, "updateMask": "labels"}
    assert topics.patch(name=topic, body=change).execute()["labels"] == {"l3kit-twin": "other"}
    push = {
        "topic": topic,
        "ackDeadlineSeconds": 600,
        "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
        "pushConfig": {
            "pushEndpoint": "https://dispatcher.example/",
            "oidcToken": {
                "serviceAccountEmail": account(google, fresh("pusher")),
                "audience": "https://dispatcher.example/",
            },
        },
    }
    subscriptions.create(name=sub, body=push).execute()
    assert subscriptions.get(subscription=sub).execute()["pushConfig"]["pushEndpoint"] == "https://dispatcher.example/"
    later = {"subscription": {"name": sub, "ackDeadlineSeconds": 60}, "updateMask": "ackDeadlineSeconds"}
    assert subscriptions.patch(name=sub, body=later).execute()["ackDeadlineSeconds"] == 60
    moved = {"pushConfig": {**push["pushConfig"], "pushEndpoint": "https://other.example/"}}  # type: ignore[dict-item]
    subscriptions.modifyPushConfig(subscription=sub, body=moved).execute()
    policy = topics.getIamPolicy(resource=topic).execute()
    policy["bindings"] = [
        {"role": "roles/pubsub.publisher", "members": [f"serviceAccount:{account(google, fresh('agent'))}"]}
    ]
    assert topics.setIamPolicy(resource=topic, body={"policy": policy}).execute()["bindings"]
    assert "etag" in subscriptions.getIamPolicy(resource=sub).execute()
    message = {"messages": [{"data": "e30=", "attributes": {"device": "d1"}}]}
    assert topics.publish(topic=topic, body=message).execute()["messageIds"]
    assert sub in {one["name"] for one in subscriptions.list(project=google.name).execute()["subscriptions"]}
    subscriptions.delete(subscription=sub).execute()
    topics.delete(topic=topic).execute()
    assert status_of(topics.get(topic=topic)) == GONE


def test_a_function_and_its_service(google: Clients) -> None:
    locations = google.discovered("cloudfunctions", "v2").projects().locations()
    functions, operations = locations.functions(), locations.operations()
    one = fresh("mover")
    name = f"{google.location}/functions/{one}"
    body = function_body(google, functions.generateUploadUrl(parent=google.location, body={}).execute())
    made = ended(operations, functions.create(parent=google.location, functionId=one, body=body).execute())
    assert made["state"] == "ACTIVE"
    change = {"serviceConfig": {"environmentVariables": {"A": "c"}}}
    began = functions.patch(name=name, body=change, updateMask="serviceConfig.environmentVariables").execute()
    changed = ended(operations, began)
    assert changed["serviceConfig"]["environmentVariables"]["A"] == "c"
    assert changed["serviceConfig"]["timeoutSeconds"] == 540
    assert name in {each["name"] for each in functions.list(parent=google.location).execute()["functions"]}
    services = google.discovered("run", "v2").projects().locations().services()
    service = f"{google.location}/services/{one}"
    assert services.get(name=service).execute()["uri"]
    policy = services.getIamPolicy(resource=service).execute()
    policy["bindings"] = [{"role": "roles/run.invoker", "members": ["allUsers"]}]
    assert services.setIamPolicy(resource=service, body={"policy": policy}).execute()["bindings"] == policy["bindings"]
    ended(operations, functions.delete(name=name).execute())
    assert status_of(functions.get(name=name)) == GONE
    assert status_of(services.get(name=service)) == GONE


def test_a_schedule(google: Clients) -> None:
    jobs = google.discovered("cloudscheduler", "v1").projects().locations().jobs()
    name = f"{google.location}/jobs/{fresh('mover')}"
    assert jobs.create(parent=google.location, body=job_body(google, name)).execute()["state"] == "ENABLED"
    assert jobs.pause(name=name, body={}).execute()["state"] == "PAUSED"
    assert jobs.resume(name=name, body={}).execute()["state"] == "ENABLED"
    assert (
        jobs.patch(name=name, body={"schedule": "0 4 * * *"}, updateMask="schedule").execute()["schedule"]
        == "0 4 * * *"
    )
    jobs.run(name=name, body={}).execute()
    assert name in {one["name"] for one in jobs.list(parent=google.location).execute()["jobs"]}
    jobs.delete(name=name).execute()
    assert status_of(jobs.get(name=name)) == GONE


def test_logs_and_their_metrics(google: Clients) -> None:
    api = google.discovered("logging", "v2")
    bucket = api.projects().locations().buckets().get(name=f"{google.name}/locations/global/buckets/_Default").execute()
    assert bucket["retentionDays"] == 30
    asked = {
        "resourceNames": [google.name],
        "filter": 'resource.labels.service_name="mover"',
        "orderBy": "timestamp desc",
    }
    assert "entries" not in api.entries().list(body=asked).execute()
    metrics = api.projects().metrics()
    one = fresh("refused")
    metrics.create(parent=google.name, body={"name": one, "filter": "severity>=ERROR"}).execute()
    name = f"{google.name}/metrics/{one}"
    assert metrics.get(metricName=name).execute()["filter"] == "severity>=ERROR"
    changed = {"name": one, "filter": "severity>=WARNING"}
    assert metrics.update(metricName=name, body=changed).execute()["filter"] == "severity>=WARNING"
    assert one in {each["name"] for each in metrics.list(parent=google.name).execute()["metrics"]}
    metrics.delete(metricName=name).execute()
    assert status_of(metrics.get(metricName=name)) == GONE


def test_alarms(google: Clients) -> None:
    projects = google.discovered("monitoring", "v3").projects()
    channels, policies = projects.notificationChannels(), projects.alertPolicies()
    channel = channels.create(
        name=google.name, body={"type": "email", "labels": {"email_address": "a@b.example"}}
    ).execute()
    condition = {
        "displayName": "errors",
        "conditionThreshold": {
            "filter": 'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"',
            "duration": "0s",
            "comparison": "COMPARISON_GT",
            "thresholdValue": 0,
        },
    }
    body = {
        "displayName": "errors",
        "combiner": "OR",
        "conditions": [condition],
        "notificationChannels": [channel["name"]],
        "userLabels": {"l3kit-twin": "weather"},
    }
    policy = policies.create(name=google.name, body=body).execute()
    changed = policies.patch(name=policy["name"], body={"displayName": "failures"}, updateMask="displayName").execute()
    assert changed["displayName"] == "failures"
    assert policies.get(name=policy["name"]).execute()["combiner"] == "OR"
    policies.delete(name=policy["name"]).execute()
    channels.delete(name=channel["name"], force=True).execute()
    assert status_of(policies.get(name=policy["name"])) == GONE

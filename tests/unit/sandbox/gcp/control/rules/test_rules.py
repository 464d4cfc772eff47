"""Requests that Google's definitions allow are taken; those they do not allow are refused in Google's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from l3kit.sandbox.gcp.control.rules import Match, Rules, invalid_argument, no_such_method

RULES = Rules.load()
PLACE = "projects/p/locations/us-central1"
FUNCTIONS, RUN, STORAGE = "cloudfunctions.googleapis.com", "run.googleapis.com", "storage.googleapis.com"
FIRESTORE, IAM, PUBSUB = "firestore.googleapis.com", "iam.googleapis.com", "pubsub.googleapis.com"
SCHEDULER, LOGGING = "cloudscheduler.googleapis.com", "logging.googleapis.com"
FUNCTION: Mapping[str, Any] = {
    "environment": "GEN_2",
    "labels": {"l3kit-twin": "t"},
    "buildConfig": {
        "runtime": "python313",
        "entryPoint": "handler",
        "source": {"storageSource": {"bucket": "b", "object": "o", "generation": "1"}},
        "serviceAccount": "projects/p/serviceAccounts/build@p.iam.gserviceaccount.com",
    },
    "serviceConfig": {
        "timeoutSeconds": 900,
        "availableMemory": "512M",
        "availableCpu": "1",
        "maxInstanceRequestConcurrency": 1,
        "serviceAccountEmail": "a@p.iam.gserviceaccount.com",
        "ingressSettings": "ALLOW_ALL",
        "environmentVariables": {"A": "b"},
    },
}
BUCKET: Mapping[str, Any] = {
    "name": "b",
    "location": "US-CENTRAL1",
    "storageClass": "COLDLINE",
    "labels": {"l3kit-twin": "t"},
    "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"},
    "softDeletePolicy": {"retentionDurationSeconds": "0"},
}
DATABASE = {
    "type": "FIRESTORE_NATIVE",
    "locationId": "us-central1",
    "deleteProtectionState": "DELETE_PROTECTION_DISABLED",
}
JOB: Mapping[str, Any] = {
    "name": f"{PLACE}/jobs/j",
    "schedule": "0 3 * * *",
    "attemptDeadline": "900s",
    "httpTarget": {"uri": "https://x/", "httpMethod": "POST", "oidcToken": {"serviceAccountEmail": "a@b"}},
}
SUBSCRIPTION: Mapping[str, Any] = {
    "topic": "projects/p/topics/t",
    "ackDeadlineSeconds": 600,
    "pushConfig": {"pushEndpoint": "https://x/", "oidcToken": {"serviceAccountEmail": "a@b", "audience": "https://x/"}},
    "retryPolicy": {"minimumBackoff": "10s"},
    "deadLetterPolicy": {"deadLetterTopic": "projects/p/topics/d", "maxDeliveryAttempts": 5},
}
EXEMPTION = {"indexConfig": {"indexes": []}}
ROLE = {"roleId": "l3kit_mover", "role": {"title": "mover", "includedPermissions": ["storage.objects.get"]}}
CREATE_FUNCTION = (FUNCTIONS, "POST", f"/v2/{PLACE}/functions?functionId=f")
INSERT_BUCKET = (STORAGE, "POST", "/storage/v1/b?project=p")
CREATE_DATABASE = (FIRESTORE, "POST", "/v1/projects/p/databases?databaseId=d")
CREATE_JOB = (SCHEDULER, "POST", f"/v1/{PLACE}/jobs")
PUT_SUBSCRIPTION = (PUBSUB, "PUT", "/v1/projects/p/subscriptions/s")
FIELD = "/v1/projects/p/databases/d/collectionGroups/items/fields/*"
PATCH_FIELD = (FIRESTORE, "PATCH", f"{FIELD}?updateMask=indexConfig")
CREATE_ROLE = (IAM, "POST", "/v1/projects/p/roles")
Call = tuple[str, str, str]


def faults(call: Call, body: object = None) -> list[str]:
    """Return what is wrong with a request to an address with a query."""
    service, verb, address = call
    path, _, query = address.partition("?")
    match = RULES.match(service, verb, path)
    assert match is not None, address
    pairs = [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return [fault.description for fault in RULES.faults(match, pairs, content)]


def changed(body: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a body with one value at a path put in place."""
    copy = json.loads(json.dumps(body))
    *above, last = path.split(".")
    place = copy
    for name in above:
        place = place[name]
    place[last] = value
    return copy


GOOD: list[tuple[Call, object]] = [
    (CREATE_FUNCTION, FUNCTION),
    (INSERT_BUCKET, BUCKET),
    (CREATE_DATABASE, DATABASE),
    (CREATE_JOB, JOB),
    (PUT_SUBSCRIPTION, SUBSCRIPTION),
    (PATCH_FIELD, EXEMPTION),
    (CREATE_ROLE, ROLE),
    ((FIRESTORE, "DELETE", "/v1/projects/p/databases/d?etag=x"), None),
    ((FUNCTIONS, "POST", f"/v2/{PLACE}/functions:generateUploadUrl"), {"environment": "GEN_2"}),
    ((FUNCTIONS, "PATCH", f"/v2/{PLACE}/functions/f?updateMask=serviceConfig.environmentVariables,labels"), FUNCTION),
    ((RUN, "GET", f"/v2/{PLACE}/services/s:getIamPolicy?options.requestedPolicyVersion=3"), None),
    ((STORAGE, "GET", "/storage/v1/b/b/o?prefix=a/&maxResults=10&fields=items(id,name),nextPageToken"), None),
    ((STORAGE, "POST", "/storage/v1/b/b/o/a%2Fb/rewriteTo/b/c/o/d"), {"storageClass": "ARCHIVE"}),
]


@pytest.mark.parametrize(("call", "body"), GOOD, ids=lambda value: value[2] if isinstance(value, tuple) else "")
def test_requests_that_l3kit_makes_are_taken(call: Call, body: object) -> None:
    assert faults(call, body) == []


PLANTED: list[tuple[Call, object, str]] = [
    (
        CREATE_FUNCTION,
        changed(FUNCTION, "serviceConfig.timeout", 900),
        "Invalid JSON payload received. Unknown name \"timeout\" at 'function.service_config': Cannot find field.",
    ),
    (
        CREATE_FUNCTION,
        changed(FUNCTION, "serviceConfig.timeoutSeconds", "900s"),
        "Invalid value at 'function.service_config.timeout_seconds' (TYPE_INT32), \"900s\"",
    ),
    (
        CREATE_FUNCTION,
        changed(FUNCTION, "serviceConfig.timeoutSeconds", 2**31),
        "Invalid value at 'function.service_config.timeout_seconds' (TYPE_INT32), 2147483648",
    ),
    (
        CREATE_FUNCTION,
        changed(FUNCTION, "environment", "GEN_9"),
        "Invalid value at 'function.environment' (an enum of ENVIRONMENT_UNSPECIFIED, GEN_1, GEN_2), \"GEN_9\"",
    ),
    (
        CREATE_FUNCTION,
        changed(FUNCTION, "labels.n", 5),
        "Invalid value at 'function.labels[1].value' (TYPE_STRING), 5",
    ),
    (
        CREATE_FUNCTION,
        changed(FUNCTION, "buildConfig", []),
        "Invalid value at 'function.build_config' (BuildConfig), []",
    ),
    (
        CREATE_FUNCTION,
        changed(FUNCTION, "name", ["f"]),
        "Invalid JSON payload received. Unknown name \"name\" at 'function': "
        "Proto field is not repeating, cannot start list.",
    ),
    (INSERT_BUCKET, {"location": "US"}, "The field 'name' is required."),
    (
        INSERT_BUCKET,
        changed(BUCKET, "softDeletePolicy.retentionDurationSeconds", "none"),
        "Invalid value at 'softDeletePolicy.retentionDurationSeconds' (TYPE_INT64), \"none\"",
    ),
    (
        INSERT_BUCKET,
        changed(BUCKET, "storage_class", "COLDLINE"),
        'Invalid JSON payload received. Unknown name "storage_class": Cannot find field.',
    ),
    (CREATE_DATABASE, {"type": "FIRESTORE_NATIVE"}, "The field 'database.location_id' is required."),
    (
        CREATE_JOB,
        changed(JOB, "attemptDeadline", "15 min"),
        "Invalid value at 'job.attempt_deadline' (type.googleapis.com/google.protobuf.Duration), \"15 min\"",
    ),
    (CREATE_JOB, changed(JOB, "httpTarget", {}), "The field 'job.http_target.uri' is required."),
    (
        PATCH_FIELD,
        {"indexConfig": {"indexes": [{"fields": [{"path": "a"}]}]}},
        'Invalid JSON payload received. Unknown name "path" at '
        "'field.index_config.indexes[0].fields[0]': Cannot find field.",
    ),
    (
        CREATE_JOB,
        changed(JOB, "httpTarget.body", "{}"),
        "Invalid value at 'job.http_target.body' (TYPE_BYTES), \"{}\"",
    ),
    (
        PUT_SUBSCRIPTION,
        changed(SUBSCRIPTION, "pushConfig.audience", "x"),
        "Invalid JSON payload received. Unknown name \"audience\" at 'push_config': Cannot find field.",
    ),
    (
        CREATE_ROLE,
        changed(ROLE, "role.includedPermissions", "storage.objects.get"),
        "Invalid value at 'role.included_permissions' (a list), \"storage.objects.get\"",
    ),
    (
        PATCH_FIELD,
        changed(EXEMPTION, "indexConfig.indexes", [None]),
        "Invalid value at 'field.index_config.indexes[0]' (an element of a list), null",
    ),
    (
        (PUBSUB, "PATCH", "/v1/projects/p/topics/t"),
        {"topic": {"name": "projects/p/topics/t"}, "updateMask": "labels,colour"},
        "Invalid value at 'update_mask' (a path of Topic), \"colour\"",
    ),
    ((PUBSUB, "PATCH", "/v1/projects/p/topics/t"), {"topic": {}}, "The field 'update_mask' is required."),
    (
        (FIRESTORE, "DELETE", "/v1/projects/p/databases/d"),
        {"etag": "x"},
        "Invalid JSON payload received. This method takes no body.",
    ),
    (
        CREATE_ROLE,
        b'{"roleId": "a", "roleId": "b"}',
        'Invalid JSON payload received. Repeated name "roleId".',
    ),
    (
        CREATE_FUNCTION,
        {**FUNCTION, "service_config": {}},
        "Invalid JSON payload received. Unknown name \"service_config\" at 'function': the field is set twice.",
    ),
]


@pytest.mark.parametrize(("call", "body", "fault"), PLANTED, ids=[case[2] for case in PLANTED])
def test_a_planted_fault_is_the_one_that_is_told(call: Call, body: object, fault: str) -> None:
    assert faults(call, body) == [fault]


UNKNOWN = "Cannot bind query parameter. Field '{0}' could not be found in request message."
QUERIES = [
    ((FUNCTIONS, "POST", f"/v2/{PLACE}/functions?function_id=f&$alt=json;enum-encoding=int"), ""),
    ((FUNCTIONS, "GET", f"/v2/{PLACE}/functions?pageSize=10&prettyPrint=false&alt=json&fields=functions/name"), ""),
    (
        (FUNCTIONS, "GET", f"/v2/{PLACE}/functions?limit=10"),
        f'Invalid JSON payload received. Unknown name "limit": {UNKNOWN.format("limit")}',
    ),
    ((FUNCTIONS, "GET", f"/v2/{PLACE}/functions?pageSize=ten"), "Invalid value at 'page_size' (TYPE_INT32), \"ten\""),
    (
        (FUNCTIONS, "GET", f"/v2/{PLACE}/functions?pageSize=1&pageSize=2"),
        'Invalid JSON payload received. Unknown name "pageSize": Proto field is not repeating, cannot start list.',
    ),
    ((FUNCTIONS, "GET", f"/v2/{PLACE}/functions?fields=functions(name"), "Invalid field selection functions(name"),
    ((FUNCTIONS, "GET", f"/v2/{PLACE}/functions?fields=functions.colour"), "Invalid field selection functions.colour"),
    ((FUNCTIONS, "GET", f"/v2/{PLACE}/functions?alt=media"), "Invalid value at 'alt' (of this method), \"media\""),
    (
        (FUNCTIONS, "GET", f"/v2/{PLACE}/functions?alt=yaml"),
        "Invalid value at 'alt' (an enum of json, media, proto), \"yaml\"",
    ),
    (
        (FUNCTIONS, "GET", f"/v2/{PLACE}/functions?prettyPrint=False"),
        "Invalid value at 'prettyPrint' (TYPE_BOOL), \"False\"",
    ),
    ((STORAGE, "GET", "/storage/v1/b/b/o/a?alt=media"), ""),
    ((STORAGE, "GET", "/storage/v1/b"), "Required parameter: project"),
    (
        (STORAGE, "GET", "/storage/v1/b/b?projection=half"),
        "Invalid value at 'projection' (an enum of full, noAcl), \"half\"",
    ),
    ((STORAGE, "GET", "/storage/v1/b/b/iam/testPermissions?permissions=a&permissions=b"), ""),
]


@pytest.mark.parametrize(("call", "fault"), QUERIES, ids=[case[0][2] for case in QUERIES])
def test_parameters_of_the_query_are_those_of_the_method(call: Call, fault: str) -> None:
    assert faults(call) == ([fault] if fault else [])


@pytest.mark.parametrize("mask", ["name,serviceConfig.timeoutSecond", "labels,colour", "buildConfig.source.bucket"])
def test_an_update_mask_leads_to_fields_of_the_resource(mask: str) -> None:
    found = faults((FUNCTIONS, "PATCH", f"/v2/{PLACE}/functions/f?updateMask={mask}"), FUNCTION)
    assert found == [f"Invalid value at 'update_mask' (a path of Function), \"{mask.split(',')[-1]}\""]


@pytest.mark.parametrize("mask", ["*", "labels.twin", "service_config.timeout_seconds", "serviceConfig,labels"])
def test_an_update_mask_may_have_both_names_of_a_field(mask: str) -> None:
    assert faults((FUNCTIONS, "PATCH", f"/v2/{PLACE}/functions/f?update_mask={mask}"), FUNCTION) == []


def test_a_malformed_body_is_refused() -> None:
    for body in (b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000):
        (found,) = faults(CREATE_ROLE, body)
        assert found.startswith("Invalid JSON payload received.")


def test_the_metadata_of_an_upload_are_judged() -> None:
    upload = (STORAGE, "POST", "/upload/storage/v1/b/b/o?uploadType=multipart")
    part = b"--x\r\ncontent-type: application/json\r\n\r\n%b\r\n--x\r\ncontent-type: a/b\r\n\r\nchunk\r\n--x--"
    assert faults(upload, part % b'{"name": "o", "storageClass": "COLDLINE"}') == []
    assert faults(upload, part % b'{"name": "o", "class": "COLDLINE"}') == [
        'Invalid JSON payload received. Unknown name "class": Cannot find field.'
    ]
    assert faults(upload, b"no parts") == ["Malformed multipart body."]
    assert faults((STORAGE, "POST", "/upload/storage/v1/b/b/o?uploadType=media&name=o"), b"\x00chunk") == []


def test_the_method_and_its_parameters_are_found() -> None:
    path = "/v1/projects/p/databases/(default)/collectionGroups/items/fields/*"
    assert RULES.match(FIRESTORE, "PATCH", path) == Match(
        FIRESTORE, "firestore.projects.databases.collectionGroups.fields.patch", {"name": path.removeprefix("/v1/")}
    )
    encoded = RULES.match(STORAGE, "GET", "storage/v1/b/b/o/device%2F1%20a")
    assert encoded == Match(STORAGE, "storage.objects.get", {"bucket": "b", "object": "device/1 a"})


def test_an_action_is_no_part_of_a_name() -> None:
    undelete = RULES.match(IAM, "POST", "/v1/projects/p/roles/r:undelete")
    assert undelete is not None
    assert (undelete.id, undelete.parameters) == ("iam.projects.roles.undelete", {"name": "projects/p/roles/r"})
    assert RULES.match(IAM, "GET", "/v1/projects/p/roles/r:undelete") is None
    of_a_domain = RULES.match(IAM, "GET", "/v1/projects/example.com:p/roles/r")
    assert of_a_domain is not None
    assert of_a_domain.parameters == {"name": "projects/example.com:p/roles/r"}


@pytest.mark.parametrize(
    ("service", "verb", "path"),
    [
        (FIRESTORE, "GET", "/v1/projects/p/database"),
        (FIRESTORE, "GET", "/v2/projects/p/databases"),
        (FIRESTORE, "PUT", "/v1/projects/p/databases"),
        (FIRESTORE, "GET", "/v1/projects/p/databases/a/b"),
        (FIRESTORE, "GET", "/v1/projects//databases"),
        ("bigquery.googleapis.com", "GET", "/v1/projects/p/databases"),
        ("firestore", "GET", "/v1/projects/p/databases"),
        ("", "GET", "/"),
    ],
)
def test_a_path_or_verb_that_no_method_has_matches_nothing(service: str, verb: str, path: str) -> None:
    assert RULES.match(service, verb, path) is None


def test_the_page_of_an_unknown_path_names_it_and_the_verbs_that_are_known() -> None:
    verbs = RULES.verbs(FIRESTORE, "/v1/projects/p/databases")
    assert verbs == ("GET", "POST")
    status, page = no_such_method("/v1/<projects>", verbs)
    assert status == 404
    assert "/v1/&lt;projects&gt;</code> was not found on this server" in page
    assert "GET, POST" in page


def test_a_refusal_has_the_form_of_google() -> None:
    match = RULES.match(*CREATE_ROLE)
    assert match is not None
    found = RULES.faults(match, [], json.dumps({"roleId": 5, "colour": "red"}).encode())
    status, answer = invalid_argument(found)
    assert status == 400
    first, second = "Invalid value at 'role_id' (TYPE_STRING), 5", 'Unknown name "colour": Cannot find field.'
    second = f"Invalid JSON payload received. {second}"
    violations = [{"field": "role_id", "description": first}, {"description": second}]
    assert answer == {
        "error": {
            "code": 400,
            "message": f"{first}\n{second}",
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}],
        }
    }


def test_cloud_storage_refuses_in_a_form_of_its_own() -> None:
    match = RULES.match(STORAGE, "GET", "/storage/v1/b")
    assert match is not None
    _, answer = invalid_argument(RULES.faults(match, [], b""), match.service)
    told = "Required parameter: project"
    errors = [{"message": told, "domain": "global", "reason": "invalid"}]
    assert answer == {"error": {"code": 400, "message": told, "errors": errors}}


def test_read_only_fields_are_taken_and_left_out() -> None:
    match = RULES.match(*CREATE_FUNCTION[:2], f"/v2/{PLACE}/functions")
    assert match is not None
    body = {**FUNCTION, "state": "ACTIVE", "url": "https://x", "updateTime": None}
    assert faults(CREATE_FUNCTION, body) == []
    assert RULES.message(match, json.dumps(body).encode()) == FUNCTION


def test_a_query_is_read_into_one_form() -> None:
    match = RULES.match(FUNCTIONS, "PATCH", f"/v2/{PLACE}/functions/f")
    assert match is not None
    query = [("update_mask", "labels"), ("$alt", "json"), ("updateMask", "name")]
    assert RULES.parameters(match, query) == [("updateMask", "labels"), ("$alt", "json"), ("updateMask", "name")]


def test_a_message_is_read_into_one_form() -> None:
    match = RULES.match(*CREATE_FUNCTION[:2], f"/v2/{PLACE}/functions")
    assert match is not None
    body = {"environment": 2, "service_config": {"timeout_seconds": "900"}, "labels": {"a_b": "1"}}
    assert RULES.message(match, json.dumps(body).encode()) == {
        "environment": "GEN_2",
        "serviceConfig": {"timeoutSeconds": 900},
        "labels": {"a_b": "1"},
    }
    bucket = RULES.match(*INSERT_BUCKET[:2], "/storage/v1/b")
    assert bucket is not None
    soft = RULES.message(bucket, b'{"softDeletePolicy": {"retentionDurationSeconds": 0}}')
    assert soft == {"softDeletePolicy": {"retentionDurationSeconds": "0"}}


def test_the_response_of_an_operation_is_judged_by_its_type() -> None:
    match = RULES.match(FIRESTORE, "GET", "/v1/projects/p/databases/d/operations/o")
    assert match is not None
    kind = "type.googleapis.com/google.firestore.admin.v1.Database"
    done = {"name": "projects/p/databases/d/operations/o", "done": True, "response": {"@type": kind, **DATABASE}}
    assert RULES.answer_faults(match, done) == ()
    (found,) = RULES.answer_faults(match, changed(done, "response.location", "us"))
    assert (
        found.description
        == "Invalid JSON payload received. Unknown name \"location\" at 'response': Cannot find field."
    )
    assert RULES.answer_faults(match, changed(done, "response.@type", "x/google.of.Another")) == ()


def test_answers_are_judged_too() -> None:
    match = RULES.match(FIRESTORE, "GET", "/v1/projects/p/databases/d")
    assert match is not None
    assert (
        RULES.answer_faults(
            match, {**DATABASE, "name": "projects/p/databases/d", "earliestVersionTime": "2026-11-30T21:00:00Z"}
        )
        == ()
    )
    found = RULES.answer_faults(match, {"state": "READY", "type": "NATIVE"})
    assert [fault.field for fault in found] == ["", "type"]
    gone = RULES.match(STORAGE, "DELETE", "/storage/v1/b/b")
    assert gone is not None
    assert RULES.answer_faults(gone, None) == ()
    assert len(RULES.answer_faults(gone, {"kind": "x"})) == 1
    assert len(RULES.answer_faults(match, None)) == 1

"""The service API of a hub beside what the npm client shows (hub-api.md 1): rights, errors, limits, odd requests."""
import base64
import json

import pytest

import clients
import hubs
import sas

ROUTES = hubs.declared_routes()


@pytest.fixture
def owner(muster):
    return hubs.Owner(muster)


@pytest.fixture
def device(owner, unique):
    return owner.create(unique("device"))


def refused(answer, status, name):
    assert answer.status == status, answer
    assert answer.header("iothub-errorcode") == name
    assert answer.header("Content-Type").startswith("application/json")
    return answer.json()


@pytest.mark.parametrize("method, path", ROUTES)
def test_nobody_gets_in_without_a_good_token(owner, method, path):
    stranger = base64.b64encode(bytes(32)).decode()
    for token in (
        "",
        "SharedAccessSignature sr=x",
        owner.token(key=stranger),
        owner.token(key_name="nobody"),
        owner.token(lifetime=-301),
        owner.token(resource="other.hub.test"),
        owner.token(resource=f"{owner.hub}/elsewhere"),
    ):
        body = refused(owner.call(method, path, {}, token=token), 401, "IotHubUnauthorizedAccess")
        assert body["Message"] == "ErrorCode:IotHubUnauthorizedAccess;Unauthorized"
        assert "Tracking ID:" in body["ExceptionMessage"]


def test_a_token_that_has_just_ended_still_counts(owner):
    assert owner.call("GET", "/devices", token=owner.token(lifetime=-200)).status == 200


def test_a_token_of_the_provisioning_service_is_none_of_the_hub(owner, world):
    operator = world.operator
    token = sas.token(owner.hub, operator.key, key_name=operator.policy)
    assert owner.call("GET", "/devices", token=token).status == 401


def test_the_hub_and_the_service_share_a_port_and_nothing_else(owner, world):
    assert world.operator.call("GET", "/devices/x").status == 404
    refused(owner.call("GET", "/enrollments/x"), 404, "NotFound")
    refused(owner.call("POST", "/statistics/devices"), 405, "MethodNotAllowed")


def test_the_api_version_must_be_a_date(owner):
    for version in ("", "x", "2021"):
        refused(owner.call("GET", "/devices", version=version), 400, "ArgumentInvalid")
    assert owner.call("GET", "/devices/", version="2031-01-01").status == 200


@pytest.mark.parametrize("device_id", ["a-b:c.d+e%f_g#h*i?j!k(l)m,n=o@p;q$r'", "x" * 128, "CASE", "case"])
def test_every_legal_id_is_kept(owner, device_id):
    path = f"/devices/{clients.encode(device_id)}"
    created = owner.create(device_id)
    assert created["deviceId"] == device_id
    assert owner.call("GET", path).json()["deviceId"] == device_id
    assert owner.call("DELETE", path, if_match='"*"').status == 204


@pytest.mark.parametrize("device_id", ["a b", "x" * 129, "a\\b", "ä"])
def test_other_ids_are_refused(owner, device_id):
    answer = owner.call("PUT", f"/devices/{clients.encode(device_id)}", hubs.sas_identity(device_id))
    refused(answer, 400, "ArgumentInvalid")


@pytest.mark.parametrize(
    "change",
    [
        {"status": "asleep"},
        {"statusReason": "x" * 129},
        {"authentication": {"type": "pigeon"}},
        {"authentication": {"symmetricKey": {"primaryKey": hubs.KEY}}},
        {"authentication": {"symmetricKey": {"primaryKey": "AAAA", "secondaryKey": "AAAA"}}},
        {"authentication": {"symmetricKey": {"primaryKey": "?", "secondaryKey": "?"}}},
        {"authentication": {"type": "selfSigned"}},
        {"authentication": {"type": "selfSigned", "x509Thumbprint": {"primaryThumbprint": "12"}}},
        {"authentication": {"type": "selfSigned", "x509Thumbprint": {"primaryThumbprint": "g" * 64}}},
        {
            "authentication": {
                "symmetricKey": {"primaryKey": hubs.KEY, "secondaryKey": hubs.KEY},
                "x509Thumbprint": {"primaryThumbprint": "A" * 64},
            }
        },
        {"capabilities": {"iotEdge": "yes"}},
        {"deviceId": "another"},
        {"deviceId": None},
    ],
)
def test_an_identity_that_cannot_be_is_refused(owner, unique, change):
    device_id = unique("device")
    answer = owner.call("PUT", f"/devices/{device_id}", hubs.sas_identity(device_id) | change)
    message = refused(answer, 400, "ArgumentInvalid")["Message"]
    assert len(message.split(";")) == 2, "clients take the second of two parts as the message"
    assert owner.call("GET", f"/devices/{device_id}").status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_what_is_no_json_object_is_refused(owner, device, body):
    path = f"/devices/{device['deviceId']}"
    refused(owner.call("PUT", path, body, if_match="*"), 400, "ArgumentInvalid")
    refused(owner.call("PATCH", f"/twins/{device['deviceId']}", body), 400, "ArgumentInvalid")


def test_every_spelling_of_if_match_is_understood(owner, device):
    path = f"/devices/{device['deviceId']}"
    etag = device["etag"]
    for if_match in ("*", '"*"', "{}", '"{}"'):
        answer = owner.call("PUT", path, hubs.sas_identity(device["deviceId"]), if_match=if_match.format(etag))
        assert answer.status == 200, answer
        etag = answer.json()["etag"]
        assert answer.header("ETag") == f'"{etag}"'
    stale = owner.call("PUT", path, hubs.sas_identity(device["deviceId"]), if_match=f'"{device["etag"]}"')
    refused(stale, 412, "PreconditionFailed")
    refused(owner.call("DELETE", path, if_match=device["etag"]), 412, "PreconditionFailed")
    assert owner.call("DELETE", path).status == 204


@pytest.mark.parametrize(
    "patch, what",
    [
        ({"tags": {"a.b": 1}}, "a.b"),
        ({"tags": {"a": "x" * 5000}}, "4096"),
        ({"tags": {str(n): "x" * 1000 for n in range(9)}}, "8192"),
        ({"properties": {"desired": {"$x": 1}}}, "$x"),
        ({"properties": {"desired": {"n": 2**53}}}, "2^52"),
        ({"properties": {"desired": {str(n): "x" * 4000 for n in range(9)}}}, "32768"),
        ({"tags": 1}, "tags"),
        ({"properties": {"desired": []}}, "desired"),
    ],
)
def test_a_twin_stays_within_its_limits(owner, device, patch, what):
    path = f"/twins/{device['deviceId']}"
    assert what in refused(owner.call("PATCH", path, patch), 400, "ArgumentInvalid")["Message"]
    assert owner.call("GET", path).json()["version"] == 1


def test_what_grows_by_patches_is_limited_too(owner, device):
    path = f"/twins/{device['deviceId']}"
    for number in range(7):
        assert owner.call("PATCH", path, {"tags": {f"n{number}": "x" * 1000}}).status == 200
    refused(owner.call("PATCH", path, {"tags": {"last": ["x" * 1200]}}), 400, "ArgumentInvalid")


def test_reported_properties_are_not_written_by_the_service(owner, device):
    path = f"/twins/{device['deviceId']}"
    assert owner.call("PATCH", path, {"properties": {"reported": {"x": 1}}}).status == 200
    assert "x" not in owner.call("GET", path).json()["properties"]["reported"]


def test_a_twin_that_was_read_may_be_sent_back(owner, device):
    path = f"/twins/{device['deviceId']}"
    twin = owner.call("PATCH", path, {"properties": {"desired": {"a": 1}}}).json()
    answer = owner.call("PUT", path, twin, if_match=twin["etag"])
    assert answer.status == 200, answer
    assert answer.json()["properties"]["desired"]["a"] == 1


def test_a_bulk_call_is_bounded_and_exact(owner, unique):
    refused(owner.call("POST", "/devices", []), 400, "ArgumentInvalid")
    many = [{"id": f"{unique('bulk')}-{n}", "importMode": "create"} for n in range(101)]
    refused(owner.call("POST", "/devices", many), 400, "ArgumentInvalid")
    twice = [{"id": "x", "importMode": "create"}] * 2
    refused(owner.call("POST", "/devices", twice), 400, "ArgumentInvalid")
    refused(owner.call("POST", "/devices", [{"id": "x", "importMode": "explode"}]), 400, "ArgumentInvalid")


def test_a_bulk_call_brings_twins_and_tells_each_failure(owner, unique):
    first, second = unique("bulk"), unique("bulk")
    made = {"id": first, "importMode": "create", "tags": {"site": "north"}, "properties": {"desired": {"n": 1}}}
    answer = owner.call("POST", "/devices", [made, {"id": second, "importMode": "Update"}])
    assert answer.status == 400
    result = answer.json()
    assert result["isSuccessful"] is False
    assert [(each["deviceId"], each["errorCode"]) for each in result["errors"]] == [(second, "DeviceNotFound")]
    twin = owner.call("GET", f"/twins/{first}").json()
    assert twin["tags"] == {"site": "north"} and twin["properties"]["desired"]["n"] == 1
    retag = {"id": first, "importMode": "updateTwin", "tags": {"site": None}}
    assert owner.call("POST", "/devices", [retag]).json()["isSuccessful"] is True
    assert owner.call("GET", f"/twins/{first}").json()["tags"] == {}


def test_pages_of_a_query_have_their_headers(owner, unique):
    site = unique("site")
    for number in range(3):
        owner.create(f"{site}-{number}")
        owner.call("PATCH", f"/twins/{site}-{number}", {"tags": {"site": site}})
    query = {"query": f"SELECT * FROM devices WHERE tags.site = '{site}'"}
    first = owner.call("POST", "/devices/query", query, headers=[("x-ms-max-item-count", "2")])
    assert first.header("x-ms-item-type") == "Twin" and len(first.json()) == 2
    more = [("x-ms-continuation", first.header("x-ms-continuation"))]
    second = owner.call("POST", "/devices/query", query, headers=more)
    assert [each["deviceId"] for each in second.json()] == [f"{site}-2"]
    assert second.header("x-ms-continuation") is None
    some = owner.call("POST", "/devices/query", {"query": f"SELECT deviceId WHERE tags.site = '{site}'"})
    assert some.header("x-ms-item-type") == "Raw" and some.json()[0] == {"deviceId": f"{site}-0"}
    refused(owner.call("POST", "/devices/query", {"query": "SELECT"}), 400, "ArgumentInvalid")
    refused(owner.call("POST", "/devices/query", {}), 400, "ArgumentInvalid")


CONDITIONS = {
    "tags.n NIN [0, 1]": [2],
    "is_defined(tags.extra)": [1],
    "NOT IS_DEFINED(tags.extra) AND tags.n > 0": [2],
    "STARTSWITH(tags.name, 'pump-') AND ENDSWITH(tags.name, '2')": [2],
    "devices.tags.n = 1": [1],
    "status = 'enabled' AND connectionState = 'Disconnected' AND authenticationType = 'sas'": [0, 1, 2],
}


@pytest.fixture(scope="module")
def fleet(muster):
    owner = hubs.Owner(muster)
    for number in range(3):
        owner.create(f"queried-{number}")
        tags = {"fleet": "queried", "n": number, "name": f"pump-{number}"} | ({"extra": 1} if number == 1 else {})
        assert owner.call("PATCH", f"/twins/queried-{number}", {"tags": tags}).status == 200
    return owner


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_query_finds_exactly_what_it_says(fleet, condition):
    text = f"SELECT tags.n AS n FROM devices WHERE tags.fleet = 'queried' AND ({condition})"
    answer = fleet.call("POST", "/devices/query", {"query": text})
    assert answer.header("x-ms-item-type") == "Raw"
    assert answer.json() == [{"n": number} for number in CONDITIONS[condition]]
    count = fleet.call("POST", "/devices/query", {"query": text.replace("tags.n AS n", "COUNT() AS all")})
    assert count.json() == [{"all": len(CONDITIONS[condition])}]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM devices.modules",
        "SELECT * FROM enrollments",
        "SELECT COUNT() FROM devices",
        "SELECT deviceId, COUNT() AS n FROM devices",
        "SELECT * FROM devices WHERE LENGTH(deviceId) = 1",
        "SELECT * FROM devices ORDER BY deviceId",
        "SELECT * FROM devices GROUP BY status",
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(owner, text):
    refused(owner.call("POST", "/devices/query", {"query": text}), 400, "ArgumentInvalid")


def test_methods_have_their_own_envelope(owner, device):
    path = f"/twins/{device['deviceId']}/methods"
    body = refused(owner.call("POST", path, {"methodName": "reboot"}), 404, "DeviceNotOnline")
    assert json.loads(body["Message"])["errorCode"] == 404103
    body = refused(owner.call("POST", "/twins/nobody/methods", {"methodName": "reboot"}), 404, "DeviceNotFound")
    assert json.loads(body["Message"])["errorCode"] == 404001
    for call in ({}, {"methodName": "a/b"}, {"methodName": "x", "responseTimeoutInSeconds": 301}):
        refused(owner.call("POST", path, call), 400, "ArgumentInvalid")
    large = {"methodName": "x", "payload": "x" * 131072}
    refused(owner.call("POST", path, large), 413, "MessageTooLarge")


def test_readers_of_events_say_what_they_want_properly(owner):
    for query in ("&after=x", "&max=1001", "&wait=61", "&consumer=a%2Fb", f"&consumer={'x' * 65}"):
        refused(owner.call("GET", "/events", query=query), 400, "ArgumentInvalid")
    assert owner.events("&after=9000000000") == []


def test_devices_and_twins_outlive_a_crash(muster, owner, unique):
    device_id = unique("device")
    created = owner.create(device_id, status="disabled")
    owner.call("PATCH", f"/twins/{device_id}", {"tags": {"site": "north"}})
    muster.kill()
    muster.start()
    again = hubs.Owner(muster)
    assert again.call("GET", f"/devices/{device_id}").json()["generationId"] == created["generationId"]
    assert again.call("GET", f"/twins/{device_id}").json()["tags"] == {"site": "north"}

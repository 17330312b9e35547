"""api-version of the service API, and the members that previews added (service-api.md 2, 2.1)."""
import base64

import pytest

import checks
import clients
from test_service_api import KINDS

KEY = base64.b64encode(bytes(range(32))).decode()

VERSIONS = [
    "2017-11-15",
    "2018-04-01",
    "2018-09-01-preview",
    "2019-03-31",
    "2021-10-01",
    "2021-11-01-preview",
    "2025-07-01-preview",
    "2026-04-01",
    "2026-07-01-preview",
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_version_works_on_every_route(world, unique, kind, version):
    id_member, missing, _, item_type = KINDS[kind]
    name = unique("version")
    world.undo.append(lambda: world.operator.delete(kind, name))
    entry = {id_member: name, "attestation": clients.symmetric(KEY)}

    def call(method, path, body=None):
        return world.operator.call(method, path, body, api_version=version)

    assert call("PUT", f"/{kind}/{name}", entry).status == 200
    assert call("GET", f"/{kind}/{name}").json()[id_member] == name
    assert call("POST", f"/{kind}/{name}/attestationmechanism").json()["type"] == "symmetricKey"
    listed = call("POST", f"/{kind}/query", {"query": f"SELECT * WHERE {id_member} = '{name}'"})
    assert listed.header("x-ms-item-type") == item_type and len(listed.json()) == 1
    checks.error(call("GET", f"/registrations/{name}"), 404, 404202)
    checks.error(call("DELETE", f"/registrations/{name}"), 404, 404202)
    assert call("POST", f"/registrations/{name}/query").json() == []
    assert call("DELETE", f"/{kind}/{name}").status == 204
    assert call("POST", f"/{kind}", {kind: [entry], "mode": "create"}).json() == {"errors": [], "isSuccessful": True}
    checks.error(call("GET", f"/{kind}/{name}x"), 404, missing)


MISSING = "The query parameter api-version is missing."
UNKNOWN = "The query parameter api-version is not a version of this API."
BAD_QUERIES = {
    "": MISSING,
    "?": MISSING,
    "?version=2021-10-01": MISSING,
    "?API-VERSION=2021-10-01": MISSING,
    "?api-version": UNKNOWN,
    "?api-version=": UNKNOWN,
    "?api-version=latest": UNKNOWN,
    "?api-version=2021-10": UNKNOWN,
    "?api-version=2021-10-02": UNKNOWN,
    "?api-version=2021-10-01-preview": UNKNOWN,
    "?api-version=2021-11-01-Preview": UNKNOWN,
    "?api-version=2099-01-01": UNKNOWN,
    "?api-version=2021-10-01%20": UNKNOWN,
    "?api-version=latest&api-version=2021-10-01": UNKNOWN,
}


@pytest.mark.parametrize("query", BAD_QUERIES)
@pytest.mark.parametrize(
    "method,path",
    [
        ("GET", "/enrollments/x"),
        ("DELETE", "/enrollmentGroups/x"),
        ("POST", "/enrollments"),
        ("POST", "/enrollmentGroups/query"),
        ("GET", "/registrations/x"),
    ],
)
def test_a_missing_or_unknown_version_is_400_and_says_so(world, method, path, query):
    headers = [("Authorization", world.operator.token())]
    answer = world.endpoint.request(method, path + query, {}, headers)
    assert checks.error(answer, 400, 400000)["message"] == BAD_QUERIES[query]


@pytest.mark.parametrize(
    "query", ["?api-version=2021-10-01", "?a=b&api-version=2021-10-01&c", "?api%2Dversion=2021%2d10%2D01"]
)
def test_the_version_may_stand_anywhere_in_the_query(world, query):
    headers = [("Authorization", world.operator.token())]
    answer = world.endpoint.request("GET", "/enrollments/x" + query, headers=headers)
    checks.error(answer, 404, 404201)


def test_who_is_not_known_learns_nothing_of_versions(world):
    checks.error(world.endpoint.request("GET", "/enrollments/x?api-version=latest"), 401, 401002)


# --- members of previews ----------------------------------------------------------------------------------------------
BOTH_KINDS = {
    "trustBundleId": "bundle-1",
    "clientCertificateIssuancePolicy": {"certificateAuthorityName": "ca-1"},
    "serverCertificateIssuancePolicy": {"certificateAuthorityName": "ca-2"},
    "credentialPolicyName": "policy-1",
    "certificatePolicyResourceId": "/subscriptions/s/policies/p",
}
INDIVIDUAL_ONLY = {
    "deviceHostname": "pump-1.lan",
    "deviceIpAddress": "10.0.0.1",
    "optionalDeviceInformation": {"serial": "X-1", "nested": {"list": [1, None, {"a": True}]}},
}


@pytest.mark.parametrize("version", ["2021-10-01", "2021-11-01-preview", "2025-07-01-preview"])
@pytest.mark.parametrize("kind", KINDS)
def test_members_of_previews_are_stored_and_echoed(world, unique, kind, version):
    """Whatever the version: a client that puts back what it got must not lose what another one wrote."""
    id_member, name = KINDS[kind][0], unique("preview")
    world.undo.append(lambda: world.operator.delete(kind, name))
    given = BOTH_KINDS | INDIVIDUAL_ONLY
    kept = given if kind == "enrollments" else BOTH_KINDS
    entry = {id_member: name, "attestation": clients.symmetric(KEY), **given}

    def members(item):
        return {member: item[member] for member in given if member in item}

    stored = world.operator.call("PUT", f"/{kind}/{name}", entry, api_version=version)
    assert stored.status == 200 and members(stored.json()) == kept
    got = world.operator.call("GET", f"/{kind}/{name}", api_version=version).json()
    assert members(got) == kept
    listed = world.operator.query(kind, f"SELECT * WHERE {id_member} = '{name}' AND trustBundleId = 'bundle-1'")
    assert [members(item) for item in listed.json()] == [kept]
    again = world.operator.call("PUT", f"/{kind}/{name}", got, if_match=got["etag"], api_version="2018-04-01")
    assert members(again.json()) == kept
    bare = {id_member: name, "attestation": {"type": "symmetricKey"}} | dict.fromkeys(given)
    replaced = world.operator.call("PUT", f"/{kind}/{name}", bare, if_match="*", api_version=version)
    assert replaced.status == 200 and members(replaced.json()) == {} and checks.no_nulls(replaced.json())


def test_device_hostname_is_kept_in_lower_case(world, unique):
    made = world.individual(unique("preview"), clients.symmetric(KEY), deviceHostname="Pump-1.LAN")
    assert made["deviceHostname"] == "pump-1.lan"


@pytest.mark.parametrize("member,value", [("trustBundleId", {}), ("clientCertificateIssuancePolicy", "ca")])
def test_members_of_previews_have_their_types(world, unique, member, value):
    entry = {"registrationId": unique("bad"), "attestation": clients.symmetric(KEY), member: value}
    assert member in checks.error(world.operator.put("enrollments", entry), 400, 400000)["message"]

"""The management API: the instance, its linked hubs and its CA certificates (service-api.md 8.1 to 8.5)."""
import base64
import re

import pytest

import clients

LIST = "/subscriptions/local/providers/Microsoft.Devices/provisioningServices"
KEY = base64.b64encode(bytes(range(32))).decode()


# --- the instance ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("subscription", ["local", "00000000-0000-0000-0000-000000000000"])
def test_list_shows_the_instance_in_the_shape_of_azure(world, subscription):
    answer = world.operator.manage("GET", LIST.replace("local", subscription))
    assert answer.status == 200, answer
    (resource,) = answer.json()["value"]
    assert resource["type"] == "Microsoft.Devices/provisioningServices"
    assert resource["id"].endswith("/provisioningServices/" + resource["name"])
    assert resource["etag"] and "location" in resource
    properties = resource["properties"]
    assert properties["state"] == "Active"
    assert properties["idScope"] == world.muster.id_scope
    assert re.match(r"^0ne[0-9A-Fa-f]{8}$", properties["idScope"])
    assert properties["serviceOperationsHostName"] == world.muster.ready["serviceHost"]
    assert properties["deviceProvisioningHostName"] == world.muster.ready["provisioningHost"]
    assert properties["allocationPolicy"] == "Hashed"  # capital letters here (8.4)
    assert [hub["name"] for hub in properties["iotHubs"]] == [world.muster.hub]


def test_get_by_id_shows_the_same(world):
    resource = world.operator.resource()
    answer = world.operator.manage("GET", resource["id"])
    assert answer.status == 200 and answer.json() == resource


@pytest.mark.parametrize(
    "method,path",
    [
        ("GET", LIST),
        ("PUT", "{id}"),
        ("GET", "{id}"),
        ("GET", "{id}/certificates"),
        ("PUT", "{id}/certificates/x"),
        ("DELETE", "{id}/certificates/x"),
    ],
)
def test_without_a_token_nothing_is_shown(world, method, path):
    target = path.format(id=world.operator.resource()["id"]) + "?api-version=2022-02-05"
    assert world.endpoint.request(method, target, {}).status == 401


@pytest.mark.parametrize("path", ["{id}x", "{id}/nothing", "{id}/certificates/unknown", "/subscriptions/local/nothing"])
def test_unknown_resource_is_404(world, path):
    assert world.operator.manage("GET", path.format(id=world.operator.resource()["id"])).status == 404


# --- shared access policies -------------------------------------------------------------------------------------------
def keys_of(world, policy=""):
    path = f"{world.operator.resource()['id']}/{f'keys/{policy}/' if policy else ''}listkeys"
    answer = world.operator.manage("POST", path)
    assert answer.status == 200, answer
    return answer.json()


def operator_with(world, key):
    text = f"HostName={world.operator.host};SharedAccessKeyName={world.operator.policy};SharedAccessKey={key}"
    return clients.Operator(world.endpoint, text, world.muster.secrets)


def test_owner_policy_is_listed_with_its_rights(world):
    """service-api.md 1.3 and 8.2: the rights text is exactly that of the original."""
    (policy,) = keys_of(world)["value"]
    assert policy["keyName"] == "provisioningserviceowner"
    assert policy["rights"] == "ServiceConfig, DeviceConnect, EnrollmentWrite"
    assert policy["primaryKey"] == world.operator.key and policy["secondaryKey"] != policy["primaryKey"]
    assert keys_of(world, "provisioningserviceowner") == policy


def test_keys_are_rotated_without_a_gap(world):
    """R-171, service-api.md 8.2: both keys are valid; a replaced one is cut at once, null makes a new one."""
    before = keys_of(world, "provisioningserviceowner")
    second = operator_with(world, before["secondaryKey"])
    resource = second.resource()
    resource["properties"]["authorizationPolicies"] = [before | {"secondaryKey": KEY}]
    assert world.operator.manage("PUT", resource["id"], resource).status == 200
    assert second.manage("GET", resource["id"]).status == 401
    assert operator_with(world, KEY).manage("GET", resource["id"]).status == 200
    assert world.operator.manage("GET", resource["id"]).status == 200


def test_last_policy_that_may_configure_cannot_be_lost(world):
    resource = world.operator.resource()
    only_reader = {"keyName": "reader", "primaryKey": KEY, "secondaryKey": KEY, "rights": "EnrollmentRead"}
    for policies in ([], [only_reader], [{**only_reader, "rights": "Everything"}], ["x"], "x"):
        resource["properties"]["authorizationPolicies"] = policies
        assert world.operator.manage("PUT", resource["id"], resource).status == 400, policies
    assert world.operator.manage("GET", resource["id"]).status == 200


# --- linked hubs ----------------------------------------------------------------------------------------------------
def link(name, **members):
    return {"name": name, "authenticationType": "Local", "location": "here", **members}


@pytest.fixture
def restore(world):
    """Puts the linked hubs back after a test that changes them."""
    before = world.operator.resource()
    yield
    current = world.operator.resource()
    current["properties"] = before["properties"]
    assert world.operator.manage("PUT", current["id"], current).status == 200


def put_hubs(world, hubs, **options):
    resource = world.operator.resource()
    resource["properties"]["iotHubs"] = hubs
    return world.operator.manage("PUT", resource["id"], resource, **options)


def test_hub_can_be_linked_and_gets_devices(world, unique, restore):
    """R-081, R-083: a hub that takes no part by policy is still reached by name."""
    hubs = world.operator.resource()["properties"]["iotHubs"]
    second = link("hub-b.muster.test", applyAllocationPolicy=False, allocationWeight=5)
    assert put_hubs(world, [*hubs, second]).status == 200
    shown = {hub["name"]: hub for hub in world.operator.resource()["properties"]["iotHubs"]}
    assert shown["hub-b.muster.test"]["applyAllocationPolicy"] is False
    assert shown["hub-b.muster.test"]["allocationWeight"] == 5
    named, free = unique("named"), unique("free")
    world.individual(named, clients.symmetric(KEY), allocationPolicy="static", iotHubs=["hub-b.muster.test"])
    world.individual(free, clients.symmetric(KEY))
    assert world.device(named, key=KEY).provision()["registrationState"]["assignedHub"] == "hub-b.muster.test"
    assert world.device(free, key=KEY).provision()["registrationState"]["assignedHub"] == world.muster.hub


def test_unlinked_hubs_fail_registrations_until_one_is_linked_again(world, unique, restore):
    """R-093, R-213."""
    hubs = world.operator.resource()["properties"]["iotHubs"]
    assert put_hubs(world, []).status == 200
    name = unique("homeless")
    world.individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    failed = device.provision()
    assert failed["status"] == "failed" and failed["registrationState"]["errorCode"] == 400208
    assert put_hubs(world, hubs).status == 200
    assert device.provision()["status"] == "assigned"


def test_hashed_allocation_spreads_devices_and_is_stable(world, unique, restore):
    """R-085."""
    assert put_hubs(world, [link("hub-1.muster.test"), link("hub-2.muster.test")]).status == 200
    names = [unique("spread") for _ in range(24)]
    hubs = {}
    for name in names:
        world.individual(name, clients.symmetric(KEY))
        hubs[name] = world.device(name, key=KEY).provision()["registrationState"]["assignedHub"]
    assert set(hubs.values()) == {"hub-1.muster.test", "hub-2.muster.test"}
    for name in names[:4]:
        assert world.device(name, key=KEY).provision()["registrationState"]["assignedHub"] == hubs[name]


def test_stale_etag_changes_nothing(world, restore):
    resource = world.operator.resource()
    stale = resource["etag"]
    assert put_hubs(world, resource["properties"]["iotHubs"], if_match=stale).status == 200
    refused = put_hubs(world, [], if_match=stale)
    assert refused.status == 412, refused
    assert len(world.operator.resource()["properties"]["iotHubs"]) == 1


BAD_HUBS = {
    "no name": [{"authenticationType": "Local"}],
    "name is no host": [link("not a host")],
    "the same twice": [link("a.muster.test"), link("A.muster.test")],
    "weight too small": [link("a.muster.test", allocationWeight=0)],
    "weight too large": [link("a.muster.test", allocationWeight=1001)],
    "weight is a text": [link("a.muster.test", allocationWeight="1")],
    "no list": "hub.muster.test",
    "no object": ["hub.muster.test"],
    "bad connection string": [{"connectionString": "nonsense", "location": "here"}],
}


@pytest.mark.parametrize("name", BAD_HUBS)
def test_bad_hubs_are_400_and_change_nothing(world, name):
    before = world.operator.resource()
    answer = put_hubs(world, BAD_HUBS[name])
    assert answer.status == 400, answer
    assert world.operator.resource() == before


def test_bad_body_is_400(world):
    identifier = world.operator.resource()["id"]
    for body in (b"", b"{", b"[]", b"null"):
        assert world.operator.manage("PUT", identifier, body).status == 400, body


def test_id_scope_cannot_be_changed(world):
    """R-004: fixed at creation."""
    resource = world.operator.resource()
    resource["properties"]["idScope"] = "0ne00000000"
    world.operator.manage("PUT", resource["id"], resource)
    assert world.operator.resource()["properties"]["idScope"] == world.muster.id_scope


# --- certificates ---------------------------------------------------------------------------------------------------
def test_uploaded_certificate_is_shown(world, pki, unique):
    root = pki.root(unique("Line 7 Root"))
    name = unique("line7-root")
    made = world.upload(name, root)
    assert made["name"] == name and made["etag"]
    assert made["type"].lower() == "microsoft.devices/provisioningservices/certificates"
    properties = made["properties"]
    assert properties["subject"] == root.common_name  # the CN value only (8.5)
    assert re.match(r"^[0-9A-F]{40}$", properties["thumbprint"])
    assert properties["isVerified"] is True
    for member in ("expiry", "created", "updated"):
        assert re.match(r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$", properties[member]), properties
    base = f"{world.operator.resource()['id']}/certificates"
    assert world.operator.manage("GET", f"{base}/{name}").json() == made
    listed = world.operator.manage("GET", base).json()["value"]
    assert made["etag"] in [certificate["etag"] for certificate in listed]


def test_upload_is_unverified_unless_said_otherwise(world, pki, unique):
    """R-180."""
    name = unique("plain")
    world.undo.append(lambda: world.operator.delete_certificate(name, if_match="*"))
    path = f"{world.operator.resource()['id']}/certificates/{name}"
    answer = world.operator.manage("PUT", path, {"certificate": pki.root(unique("Root")).der_base64})
    assert answer.status == 200 and answer.json()["properties"]["isVerified"] is False


@pytest.mark.parametrize("form", ["base64 of PEM", "base64 of DER"])
def test_both_encodings_are_accepted(world, pki, unique, form):
    root, name = pki.root(unique("Root")), unique("form")
    content = root.der_base64 if form == "base64 of DER" else base64.b64encode(root.pem.encode()).decode()
    world.undo.append(lambda: world.operator.delete_certificate(name, if_match="*"))
    assert world.operator.put_certificate(name, content, True).status == 200


def test_update_needs_the_current_etag(world, pki, unique):
    """service-api.md 8.5, R-182."""
    name, root = unique("etag"), pki.root(unique("Root"))
    made = world.upload(name, root, verified=False)
    assert world.operator.put_certificate(name, root.der_base64, True).status in (409, 412)
    changed = world.operator.put_certificate(name, root.der_base64, True, if_match=made["etag"])
    assert changed.status == 200 and changed.json()["etag"] != made["etag"]
    assert world.operator.put_certificate(name, root.der_base64, False, if_match=made["etag"]).status == 412


def test_other_content_resets_the_verification(world, pki, unique):
    """R-185."""
    name = unique("swap")
    made = world.upload(name, pki.root(unique("Root")), verified=True)
    path = f"{world.operator.resource()['id']}/certificates/{name}"
    other = {"certificate": pki.root(unique("Root")).der_base64}
    answer = world.operator.manage("PUT", path, other, if_match=made["etag"])
    assert answer.status == 200 and answer.json()["properties"]["isVerified"] is False


def test_same_certificate_may_have_two_names(world, pki, unique):
    root = pki.root(unique("Root"))
    world.upload(unique("a"), root)
    world.upload(unique("b"), root)


def test_delete_follows_the_etag_rules(world, pki, unique):
    name = unique("delete")
    made = world.upload(name, pki.root(unique("Root")))
    assert world.operator.delete_certificate(name, if_match="c3RhbGU=").status == 412
    answer = world.operator.delete_certificate(name, if_match=made["etag"])
    assert (answer.status, answer.body) == (200, b"")
    gone = world.operator.manage("GET", f"{world.operator.resource()['id']}/certificates/{name}")
    assert gone.status == 404


BAD_CERTIFICATES = {
    "none": {},
    "null": {"certificate": None},
    "number": {"certificate": 5},
    "empty": {"certificate": ""},
    "no base64": {"certificate": "-----"},
    "base64 of nothing sensible": {"certificate": base64.b64encode(b"hello").decode()},
    "flag is a text": {"certificate": "TOO LATE", "isVerified": "yes"},
}


@pytest.mark.parametrize("name", BAD_CERTIFICATES)
def test_bad_certificate_is_400(world, unique, name):
    path = f"{world.operator.resource()['id']}/certificates/{unique('bad')}"
    answer = world.operator.manage("PUT", path, BAD_CERTIFICATES[name])
    assert answer.status == 400, answer
    assert world.operator.manage("GET", path).status == 404


def test_private_key_instead_of_a_certificate_is_refused_and_not_repeated(world, pki, unique):
    """Design section 7: secrets to nobody; the user is told what went wrong."""
    key = pki.root(unique("Root")).key_file.read_text(encoding="ascii")
    world.muster.secrets.add(key.splitlines()[1])
    answer = world.operator.put_certificate(unique("oops"), base64.b64encode(key.encode()).decode(), True)
    assert answer.status == 400, answer
    assert key.splitlines()[1].encode() not in answer.body

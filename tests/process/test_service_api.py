"""The service API as SDKs and the Azure CLI use it (service-api.md; checks SA-01 to SA-07, SA-09 to SA-11)."""
import base64
import os

import pytest

import checks
import clients
import sas
from muster_process import HOST

KEY = base64.b64encode(bytes(range(32))).decode()
KEY_2 = base64.b64encode(bytes(range(32, 64))).decode()
KINDS = {
    "enrollments": ("registrationId", 404201, 409201, "Enrollment"),
    "enrollmentGroups": ("enrollmentGroupId", 404204, 409202, "EnrollmentGroup"),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def entry_of(kind, name, attestation=None, **members):
    return {KINDS[kind][0]: name, "attestation": attestation or clients.symmetric(KEY, KEY_2), **members}


def create(world, kind, name, attestation=None, **members):
    make = world.individual if kind == "enrollments" else world.group
    return make(name, attestation or clients.symmetric(KEY, KEY_2), **members)


# --- SA-01: tokens --------------------------------------------------------------------------------------------------
RESOURCES = {
    "host": HOST,
    "host in capitals": HOST.upper(),
    "host and port": f"{HOST}:8443",
    "URI": f"https://{HOST}",
    "URI with port": f"https://{HOST}:443",
    "URI with slash": f"https://{HOST}/",
    "collection": f"{HOST}/enrollments",
    "entry": f"{HOST}/enrollments/sa-01",
}


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize("encode", [sas.raw, sas.upper, sas.lower])
def test_every_form_of_the_resource_is_accepted(world, name, encode):
    token = world.operator.token(resource=RESOURCES[name], encode=encode)
    checks.error(world.operator.call("GET", "/enrollments/sa-01", token=token), 404, 404201)


@pytest.mark.parametrize("order", ["sr sig skn se", "sr sig se skn", "sig se skn sr"])
@pytest.mark.parametrize("escape", [sas.upper, sas.lower])
def test_every_field_order_and_escape_is_accepted(world, order, escape):
    token = world.operator.token(order=order, escape=escape)
    checks.error(world.operator.call("GET", "/enrollments/sa-01", token=token), 404, 404201)


FOREIGN = {
    "another host": "other.example.net",
    "host that only begins the same": HOST + ".example.net",
    "another collection": f"{HOST}/enrollmentGroups",
    "segment that only begins the same": f"{HOST}/enroll",
    "another entry": f"{HOST}/enrollments/sa-02",
    "empty": "",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_resource_is_401(world, name):
    token = world.operator.token(resource=FOREIGN[name])
    checks.error(world.operator.call("GET", "/enrollments/sa-01", token=token), 401, 401002)


def bad_tokens(operator):
    good = operator.token()
    return {
        "none": "",
        "basic": "Basic " + base64.b64encode(b"user:password").decode(),
        "bearer": "Bearer eyJhbGciOiJub25lIn0.e30.",
        "tampered": good.replace("sig=", "sig=A"),
        "expired": operator.token(lifetime=-400),
        "unknown policy": operator.token(key_name="nobody"),
        "policy in another case": operator.token(key_name=operator.policy.upper()),
        "no policy": operator.token(key_name=None),
        "other key": operator.token(key=KEY),
        "expiry is no number": good.replace("se=", "se=x"),
        "field stands twice": good + "&sr=" + HOST,
    }


def test_every_bad_token_gives_the_same_401(world, kind):
    """service-api.md 1.3: nothing is told about the cause, on no route."""
    routes = [
        ("GET", f"/{kind}/x", None),
        ("PUT", f"/{kind}/x", entry_of(kind, "x")),
        ("DELETE", f"/{kind}/x", None),
        ("POST", f"/{kind}/query", {"query": "*"}),
    ]
    messages = set()
    for method, path, body in routes:
        for cause, token in bad_tokens(world.operator).items():
            headers = [("Authorization", token)] if token else []
            answer = world.endpoint.request(method, f"{path}?api-version=2021-10-01", body, headers)
            messages.add(checks.error(answer, 401, 401002)["message"])
    assert len(messages) == 1, messages


def test_token_expiry_has_a_tolerance(world):
    token = world.operator.token(lifetime=-200)
    checks.error(world.operator.call("GET", "/enrollments/sa-01", token=token), 404, 404201)


# --- SA-02: create, update, etags -----------------------------------------------------------------------------------
def test_create_then_conflict_then_update(world, unique, kind):
    """service-api.md 3.4: PUT without If-Match creates only."""
    id_member, _, conflict, _ = KINDS[kind]
    name = unique("put")
    created = create(world, kind, name)
    assert created[id_member] == name
    assert created["provisioningStatus"] == "enabled"
    assert created["createdDateTimeUtc"] == created["lastUpdatedDateTimeUtc"]
    assert checks.TIMESTAMP.match(created["createdDateTimeUtc"])
    assert len(created["etag"]) == 52 and created["etag"].startswith("I") and created["etag"].endswith("MCI=")
    assert checks.no_nulls(created)

    checks.error(world.operator.put(kind, created), 409, conflict)

    updated = world.operator.put(kind, created | {"provisioningStatus": "disabled"}, if_match=created["etag"])
    assert updated.status == 200, updated
    assert updated.json()["etag"] != created["etag"]
    assert updated.json()["provisioningStatus"] == "disabled"
    assert updated.json()["createdDateTimeUtc"] == created["createdDateTimeUtc"]
    assert updated.header("ETag") is None

    checks.error(world.operator.put(kind, created, if_match=created["etag"]), 412)
    assert world.operator.get(kind, name).json()["provisioningStatus"] == "disabled"


@pytest.mark.parametrize("form", ["*", '"*"', "{}", '"{}"'])
def test_every_form_of_if_match_updates(world, unique, kind, form):
    name = unique("match")
    entry = create(world, kind, name)
    assert world.operator.put(kind, entry, if_match=form.format(entry["etag"])).status == 200


def test_if_match_on_a_missing_entry(world, unique, kind):
    """service-api.md 3.4: `*` is not found, an etag does not match."""
    entry = entry_of(kind, unique("missing"))
    checks.error(world.operator.put(kind, entry, if_match="*"), 404, KINDS[kind][1])
    checks.error(world.operator.put(kind, entry, if_match="IjBhMDBiMWMyLTAwMDAtMDgwMC0wMDAwLTY1ZjBhMWIyMDAwMCI="), 412)


def test_put_replaces_all_writable_members(world, unique):
    name = unique("replace")
    full = create(
        world,
        "enrollments",
        name,
        deviceId="pump-1",
        iotHubs=[world.muster.hub],
        allocationPolicy="static",
        initialTwin={"tags": {"site": "ams"}, "properties": {"desired": {"interval": 30}}},
        reprovisionPolicy={"updateHubAssignment": True, "migrateDeviceData": False},
        optionalDeviceInformation={"note": "x"},
        capabilities={"iotEdge": True},
    )
    assert full["initialTwin"] == {"tags": {"site": "ams"}, "properties": {"desired": {"interval": 30}}}
    assert full["capabilities"] == {"iotEdge": True}
    bare = world.operator.put("enrollments", entry_of("enrollments", name), if_match="*").json()
    for member in (
        "deviceId",
        "iotHubs",
        "allocationPolicy",
        "initialTwin",
        "reprovisionPolicy",
        "optionalDeviceInformation",
        "capabilities",
    ):
        assert member in full and member not in bare


def test_id_in_path_and_body_must_agree(world, unique, kind):
    answer = world.operator.call("PUT", f"/{kind}/{unique('one')}", entry_of(kind, unique("two")))
    checks.error(answer, 400)


# --- SA-03: delete --------------------------------------------------------------------------------------------------
def test_delete_is_204_with_empty_body_then_404(world, unique, kind):
    name = unique("delete")
    create(world, kind, name)
    answer = world.operator.delete(kind, name)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("Content-Type") is None
    checks.error(world.operator.delete(kind, name), 404, KINDS[kind][1])
    checks.error(world.operator.get(kind, name), 404, KINDS[kind][1])


@pytest.mark.parametrize("form,status", [("*", 204), ('"*"', 204), ("{}", 204), ('"{}"', 204), ("c3RhbGU=", 412)])
def test_delete_compares_the_etag(world, unique, kind, form, status):
    name = unique("delete")
    entry = create(world, kind, name)
    assert world.operator.delete(kind, name, if_match=form.format(entry["etag"])).status == status


# --- SA-04: what is hidden ------------------------------------------------------------------------------------------
def test_get_hides_keys_and_shows_the_state(world, unique):
    """service-api.md 3.6."""
    name = unique("hide")
    created = create(world, "enrollments", name)
    assert created["attestation"]["symmetricKey"] == {"primaryKey": KEY, "secondaryKey": KEY_2}
    assert "registrationState" not in created
    answer = world.operator.get("enrollments", name)
    assert KEY.encode() not in answer.body
    shown = answer.json()
    assert shown["attestation"] == {"type": "symmetricKey"}
    assert shown["registrationState"] == {"registrationId": name, "status": "unassigned"}
    assert checks.no_nulls(shown)


def test_get_of_a_group_hides_keys_and_has_no_state(world, unique):
    name = unique("hide")
    create(world, "enrollmentGroups", name)
    shown = world.operator.get("enrollmentGroups", name).json()
    assert shown["attestation"] == {"type": "symmetricKey"}
    assert "registrationState" not in shown


def test_attestation_mechanism_shows_what_put_answered(world, unique, kind):
    """service-api.md 3.7; Java sends a body, others an empty one."""
    name = unique("mechanism")
    created = create(world, kind, name)
    for body in (None, b"", b"{}"):
        answer = world.operator.call("POST", f"/{kind}/{name}/attestationmechanism", body)
        assert answer.status == 200, answer
        assert answer.json() == created["attestation"]
    unknown = world.operator.call("POST", f"/{kind}/{name}-not/attestationmechanism")
    checks.error(unknown, 404, KINDS[kind][1])


# --- SA-05: symmetric keys ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "keys", [None, {}, {"primaryKey": None, "secondaryKey": None}, {"primaryKey": "", "secondaryKey": ""}]
)
def test_missing_keys_are_generated(world, unique, kind, keys):
    attestation = {"type": "symmetricKey"} | ({"symmetricKey": keys} if keys is not None else {})
    made = create(world, kind, unique("generate"), attestation)["attestation"]["symmetricKey"]
    lengths = {len(base64.b64decode(key, validate=True)) for key in made.values()}
    assert len(set(made.values())) == 2 and all(16 <= length <= 64 for length in lengths)


@pytest.mark.parametrize(
    "key", ["not base64!", base64.b64encode(bytes(15)).decode(), base64.b64encode(bytes(65)).decode(), 5, {}]
)
def test_bad_keys_are_400(world, unique, kind, key):
    """R-134: 16 to 64 octets."""
    attestation = {"type": "symmetricKey", "symmetricKey": {"primaryKey": key, "secondaryKey": KEY}}
    checks.error(world.operator.put(kind, entry_of(kind, unique("bad"), attestation)), 400)


def test_get_then_put_keeps_the_keys(world, unique):
    """service-api.md 3.5: clients put back what they got, and the device still registers."""
    name = unique("keep")
    create(world, "enrollments", name)
    got = world.operator.get("enrollments", name).json()
    answer = world.operator.put("enrollments", got | {"provisioningStatus": "enabled"}, if_match=got["etag"])
    assert answer.status == 200, answer
    assert answer.json()["attestation"]["symmetricKey"] == {"primaryKey": KEY, "secondaryKey": KEY_2}
    assert world.device(name, key=KEY).provision()["status"] == "assigned"


def test_get_then_put_keeps_the_keys_of_a_group(world, unique):
    master = base64.b64encode(os.urandom(32)).decode()
    name, device_name = unique("keep"), unique("device")
    create(world, "enrollmentGroups", name, clients.symmetric(master))
    got = world.operator.get("enrollmentGroups", name).json()
    assert world.operator.put("enrollmentGroups", got, if_match=got["etag"]).status == 200
    device = world.device(device_name, key=sas.derive_device_key(master, device_name))
    assert device.provision()["status"] == "assigned"


# --- SA-06: certificates --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["PEM", "base64 of DER", "base64 of PEM", "PEM with text around it"])
def test_every_form_of_a_certificate_is_accepted(world, pki, unique, form):
    leaf = pki.self_signed_device(unique("upload"))
    text = {
        "PEM": leaf.pem,
        "base64 of DER": leaf.der_base64,
        "base64 of PEM": base64.b64encode(leaf.pem.encode()).decode(),
        "PEM with text around it": "subject: somebody\n" + leaf.pem + "\n",
    }[form]
    attestation = {"type": "x509", "x509": {"clientCertificates": {"primary": {"certificate": text}}}}
    slots = create(world, "enrollments", leaf.common_name, attestation)["attestation"]["x509"]["clientCertificates"]
    info = slots["primary"]["info"]
    assert set(info) == {
        "subjectName",
        "sha1Thumbprint",
        "sha256Thumbprint",
        "issuerName",
        "notBeforeUtc",
        "notAfterUtc",
        "serialNumber",
        "version",
    }
    assert info["subjectName"] == f"CN={leaf.common_name}"
    assert len(info["sha1Thumbprint"]) == 40 and len(info["sha256Thumbprint"]) == 64 and info["version"] == 3
    assert slots["secondary"] == slots["primary"]
    assert "certificate" not in slots["primary"]


def test_get_then_put_keeps_the_certificates(world, pki, unique):
    """service-api.md 3.5 rule 2, also with both slots swapped."""
    name = unique("keep")
    first, second = pki.self_signed_device(name, label="1"), pki.self_signed_device(name, label="2")
    create(world, "enrollments", name, clients.client_certificates(first, second))
    got = world.operator.get("enrollments", name).json()
    slots = got["attestation"]["x509"]["clientCertificates"]
    slots["primary"], slots["secondary"] = slots["secondary"], slots["primary"]
    answer = world.operator.put("enrollments", got, if_match=got["etag"])
    assert answer.status == 200, answer
    assert answer.json()["attestation"]["x509"]["clientCertificates"] == slots
    for leaf in (first, second):
        assert world.device(name, certificate=leaf.presented()).provision()["status"] == "assigned"


def test_slot_left_out_is_dropped(world, pki, unique):
    """service-api.md 3.5 rule 3: `--remove-certificate` sets primary to null."""
    name = unique("drop")
    first, second = pki.self_signed_device(name, label="1"), pki.self_signed_device(name, label="2")
    create(world, "enrollments", name, clients.client_certificates(first, second))
    got = world.operator.get("enrollments", name).json()
    got["attestation"]["x509"]["clientCertificates"]["primary"] = None
    assert world.operator.put("enrollments", got, if_match="*").status == 200
    checks.error(world.device(name, certificate=first.presented()).register(), 401)
    assert world.device(name, certificate=second.presented()).provision()["status"] == "assigned"


def test_info_of_an_unknown_certificate_is_400(world, pki, unique):
    name = unique("unknown")
    create(world, "enrollments", name, clients.client_certificates(pki.self_signed_device(name)))
    got = world.operator.get("enrollments", name).json()
    got["attestation"]["x509"]["clientCertificates"]["primary"]["info"]["sha256Thumbprint"] = "AB" * 32
    checks.error(world.operator.put("enrollments", got, if_match="*"), 400)


def test_certificate_of_another_entry_is_409(world, pki, unique):
    """R-033."""
    name = unique("own")
    leaf = pki.self_signed_device(name)
    create(world, "enrollments", name, clients.client_certificates(leaf))
    other = unique("other")
    answer = world.operator.put("enrollments", entry_of("enrollments", other, clients.client_certificates(leaf)))
    checks.error(answer, 409)
    checks.error(world.operator.get("enrollments", other), 404)


# --- bad entries ----------------------------------------------------------------------------------------------------
BAD_MEMBERS = {
    "no attestation": {"attestation": None},
    "attestation of no type": {"attestation": {}},
    "unknown type": {"attestation": {"type": "retina"}},
    "type none": {"attestation": {"type": "none"}},
    "type and member disagree": {"attestation": {"type": "symmetricKey", "x509": {"caReferences": {"primary": "x"}}}},
    "attestation is a text": {"attestation": "symmetricKey"},
    "unknown status": {"provisioningStatus": "paused"},
    "unknown policy": {"allocationPolicy": "dice"},
    "custom without definition": {"allocationPolicy": "custom"},
    "hubs are a text": {"iotHubs": "hub.example.net"},
    "hub is not linked": {"iotHubs": ["never-linked.example.net"]},
    "hub is no host name": {"iotHubs": ["https://x/y"]},
    "twin is an array": {"initialTwin": []},
    "reprovision policy is a text": {"reprovisionPolicy": "never"},
    "edge is a text": {"capabilities": {"iotEdge": "yes"}},
}


@pytest.mark.parametrize("name", BAD_MEMBERS)
def test_bad_member_is_400_with_a_message(world, unique, kind, name):
    """service-api.md 3.2."""
    answer = world.operator.put(kind, entry_of(kind, unique("bad")) | BAD_MEMBERS[name])
    assert len(checks.error(answer, 400)["message"]) > 8


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff", b"[" * 100000])
def test_bad_body_is_400(world, unique, kind, body):
    checks.error(world.operator.call("PUT", f"/{kind}/{unique('bad')}", body), 400)


@pytest.mark.parametrize(
    "name", ["has blank", "ends-with-dot.", "-begins", "slash/inside", "umlaut-ä", "x" * 129, "plus+"]
)
def test_bad_id_is_400(world, kind, name):
    """R-005; `+` in a path stays `+` (service-api.md 0)."""
    checks.error(world.operator.put(kind, entry_of(kind, name)), 400)


@pytest.mark.parametrize("name", ["a", "x" * 128, "urn:dev:mac_0024befffe804ff1", "ends-with-dash-", "1.2-3_4:5"])
def test_every_legal_id_is_accepted(world, kind, name):
    create(world, kind, name)


def test_tpm_is_not_for_groups(world, unique):
    attestation = {"type": "tpm", "tpm": {"endorsementKey": "AToAAQ=="}}
    checks.error(world.operator.put("enrollmentGroups", entry_of("enrollmentGroups", unique("tpm"), attestation)), 400)


def test_unknown_members_and_nulls_are_ignored(world, unique, kind):
    """service-api.md 0: Python sends null for most optional members."""
    created = create(
        world,
        kind,
        unique("null"),
        deviceId=None,
        iotHubs=None,
        allocationPolicy=None,
        initialTwin=None,
        reprovisionPolicy=None,
        provisioningStatus=None,
        capabilities=None,
        futureMember={"x": 1},
    )
    assert created["provisioningStatus"] == "enabled"
    assert "futureMember" not in created and checks.no_nulls(created)


# --- SA-07: query ---------------------------------------------------------------------------------------------------
def query_all(world, kind, text, page=None):
    items, continuation, pages = [], None, 0
    while True:
        headers = [("x-ms-max-item-count", str(page))] if page else []
        headers += [("x-ms-continuation", continuation)] if continuation else []
        answer = world.operator.query(kind, text, headers)
        assert answer.status == 200, answer
        names = {name.lower(): name for name, _ in answer.headers}
        assert names["x-ms-item-type"] == "x-ms-item-type"  # C# looks it up in exactly this case
        assert answer.header("x-ms-item-type") == KINDS[kind][3]
        assert "application/json" in answer.header("Content-Type")
        items += answer.json()
        pages += 1
        if "x-ms-continuation" not in names:
            return items, pages
        assert names["x-ms-continuation"] == "x-ms-continuation"
        continuation = answer.header("x-ms-continuation")
        assert continuation


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "SELECT *",
        "select * from enrollments",
        "SELECT * FROM enrollmentGroups",
        "select * from deviceRegistrations",
        "{'additional_properties': {}, 'query': 'SELECT *'}",
    ],
)
def test_every_query_text_of_a_client_lists_everything(world, unique, kind, text):
    name = unique("query")
    create(world, kind, name)
    items, _ = query_all(world, kind, text)
    found = [item for item in items if item[KINDS[kind][0]] == name]
    assert len(found) == 1
    assert found[0]["attestation"] == {"type": "symmetricKey"}  # no keys, no state (3.6)
    assert "registrationState" not in found[0]


def test_pages_cover_everything_once_in_a_stable_order(world, unique, kind):
    names = [unique("page") for _ in range(7)]
    for name in names:
        create(world, kind, name)
    paged, pages = query_all(world, kind, "SELECT *", page=2)
    whole, _ = query_all(world, kind, "SELECT *")
    identifiers = [item[KINDS[kind][0]] for item in paged]
    assert identifiers == [item[KINDS[kind][0]] for item in whole]
    assert set(names) <= set(identifiers) and len(set(identifiers)) == len(identifiers)
    assert pages >= 4


@pytest.mark.parametrize(
    "headers", [[("x-ms-max-item-count", "x")], [("x-ms-continuation", "%%%")], [("x-ms-max-item-count", "-1")]]
)
def test_bad_paging_headers_are_400(world, kind, headers):
    checks.error(world.operator.query(kind, "SELECT *", headers), 400)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"query":5}', b"[]", b'{"query":"DROP TABLE enrollments"}', b'{"query":""}']
)
def test_bad_query_is_400(world, kind, body):
    checks.error(world.operator.call("POST", f"/{kind}/query", body), 400)


# --- SA-09, SA-11: unknown and differently spelt --------------------------------------------------------------------
def test_unknown_entry_is_404_with_the_code_of_its_kind(world, unique, kind):
    checks.error(world.operator.get(kind, unique("nobody")), 404, KINDS[kind][1])


def test_fixed_words_and_ids_compare_without_case(world, unique, kind):
    name = unique("Spelling")
    create(world, kind, name)
    for path in (f"/{kind.lower()}/{name}", f"/{kind.upper()}/{name.upper()}", f"/{kind}/{name.lower()}/"):
        answer = world.operator.call("GET", path)
        assert answer.status == 200, path
        assert answer.json()[KINDS[kind][0]] == name
    checks.error(world.operator.put(kind, entry_of(kind, name.lower())), 409, KINDS[kind][2])


@pytest.mark.parametrize("escape", [":", "%3A", "%3a"])
def test_ids_may_be_percent_encoded(world, unique, kind, escape):
    name = unique("urn:dev")
    create(world, kind, name)
    answer = world.operator.call("GET", f"/{kind}/{name.replace(':', escape)}")
    assert answer.status == 200 and answer.json()[KINDS[kind][0]] == name


def test_individuals_and_groups_have_separate_names(world, unique):
    """R-006."""
    name = unique("same")
    create(world, "enrollments", name)
    create(world, "enrollmentGroups", name)


def test_calls_without_body_ignore_body_and_content_type(world, unique, kind):
    name = unique("liberal")
    create(world, kind, name)
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("charset", "utf-8"),
        ("UserAgent", "x"),
        ("Request-Id", "1001"),
    ]
    assert world.operator.call("GET", f"/{kind}/{name}", b"{}", headers=headers).status == 200
    assert world.operator.call("DELETE", f"/{kind}/{name}", b"junk", headers=headers).status == 204


@pytest.mark.parametrize(
    "method,path",
    [
        ("PATCH", "/enrollments/x"),
        ("PUT", "/enrollments"),
        ("GET", "/enrollments/query/x/y"),
        ("PUT", "/enrollments/query"),
        ("GET", "/enrollment"),
        ("DELETE", "/enrollments"),
    ],
)
def test_unknown_routes_and_methods_are_refused(world, method, path):
    answer = world.operator.call(method, path, {})
    assert answer.status in (400, 404, 405), answer
    checks.error(answer, answer.status)


# --- SA-10: registration records ------------------------------------------------------------------------------------
def group_device(world, unique):
    """A group and a device that registered through it: group id, registration id, final state."""
    group, name = unique("fleet"), unique("member")
    master = base64.b64encode(os.urandom(32)).decode()
    world.group(group, clients.symmetric(master))
    device = world.device(name, key=sas.derive_device_key(master, name))
    return group, name, device.provision()["registrationState"]


def test_record_of_a_group_device_is_shown_and_listed(world, unique):
    """service-api.md 5; device and service see the same (R-077)."""
    group, name, seen = group_device(world, unique)
    shown = world.operator.call("GET", f"/registrations/{name}")
    assert shown.status == 200
    record = shown.json()
    for member in (
        "registrationId",
        "status",
        "substatus",
        "assignedHub",
        "deviceId",
        "etag",
        "createdDateTimeUtc",
        "lastUpdatedDateTimeUtc",
    ):
        assert record[member] == seen[member], member
    for body in (None, b"", b'{"query":"*"}'):
        listed = world.operator.call("POST", f"/registrations/{group}/query", body)
        assert listed.status == 200 and listed.json() == [record]
        assert ("x-ms-item-type", "DeviceRegistration") in listed.headers
    assert world.operator.call("POST", f"/registrations/{unique('empty')}/query").json() == []


def test_deleting_a_group_keeps_the_records_of_its_devices(world, unique):
    group, name, _ = group_device(world, unique)
    assert world.operator.delete("enrollmentGroups", group).status == 204
    assert world.operator.call("GET", f"/registrations/{name}").json()["status"] == "assigned"


def test_deleting_an_individual_entry_ends_its_record(world, unique):
    name = unique("ends")
    world.individual(name, clients.symmetric(KEY))
    world.device(name, key=KEY).provision()
    assert world.operator.delete("enrollments", name).status == 204
    checks.error(world.operator.call("GET", f"/registrations/{name}"), 404, 404202)


def test_deleted_record_begins_anew(world, unique):
    """R-072, R-118."""
    name = unique("anew")
    world.individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    etag = device.provision()["registrationState"]["etag"]
    checks.error(world.operator.call("DELETE", f"/registrations/{name}", if_match="c3RhbGU="), 412)
    answer = world.operator.call("DELETE", f"/registrations/{name}", if_match=etag)
    assert (answer.status, answer.body) == (204, b"")
    checks.error(world.operator.call("GET", f"/registrations/{name}"), 404, 404202)
    checks.error(world.operator.call("DELETE", f"/registrations/{name}"), 404, 404202)
    assert world.operator.get("enrollments", name).json()["registrationState"]["status"] == "unassigned"
    assert device.provision()["status"] == "assigned"


def test_unknown_record_is_404(world, unique):
    checks.error(world.operator.call("GET", f"/registrations/{unique('never')}"), 404, 404202)


# --- rights (service-api.md 1.3) ------------------------------------------------------------------------------------
ROUTES = {
    "read": ("EnrollmentRead", [("GET", "/{kind}/{name}", None), ("POST", "/{kind}/query", {"query": "*"})]),
    "write": ("EnrollmentWrite", [("PUT", "/{kind}/{name}", "entry"), ("DELETE", "/{kind}/{name}", None)]),
}
IMPLIED = {
    "ServiceConfig": {"EnrollmentRead", "EnrollmentWrite"},
    "EnrollmentWrite": {"EnrollmentRead", "EnrollmentWrite"},
    "EnrollmentRead": {"EnrollmentRead"},
    "DeviceConnect": set(),
    "RegistrationStatusRead": set(),
    "RegistrationStatusWrite": set(),
}


@pytest.fixture
def policy(world, request):
    """An operator whose policy has the one right of the test's parameter; made through the management API."""
    right = request.param
    resource = world.operator.resource()
    wanted = [
        {
            "keyName": "provisioningserviceowner",
            "primaryKey": world.operator.key,
            "secondaryKey": KEY_2,
            "rights": "ServiceConfig, DeviceConnect, EnrollmentWrite",
        },
        {"keyName": "narrow", "primaryKey": KEY, "secondaryKey": KEY_2, "rights": right},
    ]
    resource["properties"]["authorizationPolicies"] = wanted
    answer = world.operator.manage("PUT", resource["id"], resource, if_match=resource["etag"])
    assert answer.status == 200, answer
    return right, clients.Operator(world.endpoint, f"HostName={HOST};SharedAccessKeyName=narrow;SharedAccessKey={KEY}")


@pytest.mark.parametrize("policy", IMPLIED, indirect=True)
def test_every_route_needs_its_right(world, unique, kind, policy):
    right, narrow = policy
    for needed, routes in ROUTES.values():
        for method, path, body in routes:
            name = unique("right")
            if method != "PUT":
                create(world, kind, name)
            entry = entry_of(kind, name) if body == "entry" else body
            answer = narrow.call(method, path.format(kind=kind, name=name), entry)
            if needed in IMPLIED[right]:
                assert answer.status in (200, 204), (right, method, path, answer)
            else:
                checks.error(answer, 401, 401002)


@pytest.mark.parametrize("policy", [right for right in IMPLIED if right != "ServiceConfig"], indirect=True)
def test_management_needs_service_config(policy):
    _, narrow = policy
    answer = narrow.manage("GET", "/subscriptions/local/providers/Microsoft.Devices/provisioningServices")
    assert answer.status == 401, answer

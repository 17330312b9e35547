"""Devices with symmetric keys register over HTTPS and get a hub (device-api.md 0, 3, 4, 10; semantics.md)."""
import base64
import os

import pytest

import checks
import clients
import sas

KEY = base64.b64encode(bytes(range(64))).decode()
SECONDARY = base64.b64encode(bytes(range(64, 128))).decode()
MASTER = base64.b64encode(bytes(range(32))).decode()
MASTER_2 = base64.b64encode(bytes(range(32, 64))).decode()


def check_assigned(state, device, hub, device_id=None):
    """The final answer as SDKs need it (device-api.md 3.5 and 10, rows 1 to 8)."""
    assert state["status"] == "assigned", state
    assert checks.OPERATION_ID.match(state["operationId"])
    result = state["registrationState"]
    assert result["registrationId"].lower() == device.registration_id.lower()
    assert result["status"] == "assigned"
    assert result["substatus"] == "initialAssignment"
    assert result["assignedHub"] == hub
    assert result["deviceId"] == (device_id or device.registration_id)
    assert checks.TIMESTAMP.match(result["createdDateTimeUtc"])
    assert checks.TIMESTAMP.match(result["lastUpdatedDateTimeUtc"])
    raw = base64.b64decode(result["etag"], validate=True)
    assert raw.startswith(b'"') and raw.endswith(b'"')
    assert "payload" not in result  # no custom allocation, no payload
    assert "errorCode" not in result and "errorMessage" not in result
    assert checks.no_nulls(state)
    return result


@pytest.fixture
def symmetric_device(world, unique):
    name = unique()
    world.individual(name, clients.symmetric(KEY, SECONDARY))
    return world.device(name, key=KEY)


# --- the conversation -----------------------------------------------------------------------------------------------
def test_register_is_answered_202_with_operation_location_and_retry_after(world, symmetric_device):
    """IoT Edge insists on exactly 202, Java on `operationId` (device-api.md 0, 3.6, 10 rows 14 and 25)."""
    answer = symmetric_device.register()
    assert answer.status == 202
    assert answer.reason == "Accepted"
    body = answer.json()
    assert body["status"] == "assigning"
    assert checks.OPERATION_ID.match(body["operationId"]) and len(body["operationId"]) <= 57
    location = answer.header("Location")
    assert location.startswith("https://") and location.endswith(symmetric_device.path + "/register")
    assert int(answer.header("Retry-After")) >= 1
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("x-ms-request-id")
    assert answer.header("Transfer-Encoding") is None
    check_assigned(symmetric_device.finish(body["operationId"]), symmetric_device, world.muster.hub)


def test_register_again_is_202_again_and_ends_assigned(world, symmetric_device):
    """202 even when the result is known (device-api.md 0); the same hub gives initialAssignment (R-113)."""
    first = symmetric_device.provision()["registrationState"]
    again = check_assigned(symmetric_device.provision(), symmetric_device, world.muster.hub)
    assert again["createdDateTimeUtc"] == first["createdDateTimeUtc"]
    assert again["lastUpdatedDateTimeUtc"] >= first["lastUpdatedDateTimeUtc"]
    assert again["etag"] != first["etag"]


def test_concurrent_register_calls_all_lead_to_the_result(symmetric_device):
    """A repeated register while one is running is allowed; earlier operations stay pollable (device-api.md 9)."""
    operations = [symmetric_device.register().json()["operationId"] for _ in range(5)]
    for operation in operations:
        assert symmetric_device.finish(operation)["status"] == "assigned"


def test_finished_operation_stays_readable(symmetric_device):
    operation = symmetric_device.register().json()["operationId"]
    first = symmetric_device.finish(operation)
    assert symmetric_device.poll(operation).json() == first


def test_every_call_may_come_over_one_connection_or_over_new_ones(world, symmetric_device):
    """C keeps its connection, Node opens one per request (device-api.md 3.8)."""
    target = symmetric_device.path + "/register?api-version=2021-06-01"
    with world.endpoint.open() as session:
        answer = session.request("PUT", target, {}, symmetric_device.headers())
        operation = answer.json()["operationId"]
        poll = f"{symmetric_device.path}/operations/{operation}?api-version=2021-06-01"
        assert session.request("GET", poll, None, symmetric_device.headers()).status in (200, 202)
    assert symmetric_device.finish(operation)["status"] == "assigned"


def test_register_with_expect_continue_is_answered(world, symmetric_device):
    """device-api.md 3.3: `Expect: 100-continue` must be answered."""
    answer = symmetric_device.register(headers=[("Expect", "100-continue")])
    assert answer.status == 202


# --- forms of requests ----------------------------------------------------------------------------------------------
BODIES = {
    "no body": None,
    "empty": b"",
    "one blank": b" ",
    "empty object": b"{}",
    "only nulls": b'{"registrationId":null,"tpm":null,"payload":null}',
    "null payload": b'{"payload":null}',
    "payload is a string": b'{"payload":"{\\"a\\":1}"}',
    "payload is an object": b'{"payload":{"model":"pump-3","nested":{"a":[1,2,3]}}}',
    "unknown members": b'{"futureMember":{"a":1}}',
    "escaped slashes": b'{"payload":"a\\/b"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_every_body_that_clients_send_registers(symmetric_device, name):
    """device-api.md 3.4 and 10 row 23."""
    assert symmetric_device.provision(BODIES[name])["status"] == "assigned"


def test_body_may_spell_the_registration_id_in_another_case(symmetric_device):
    body = {"registrationId": symmetric_device.registration_id.upper()}
    assert symmetric_device.provision(body)["status"] == "assigned"


@pytest.mark.parametrize("body", [b"{}", b" ", None])
def test_status_get_may_carry_a_body(symmetric_device, body):
    """Node sends `{}` with its GET (real-clients.md rule 11)."""
    operation = symmetric_device.register().json()["operationId"]
    symmetric_device.finish(operation)
    assert symmetric_device.poll(operation, body).status == 200


@pytest.mark.parametrize(
    "version",
    [
        "2017-08-31-preview",
        "2018-09-01-preview",
        "2018-11-01",
        "2019-03-31",
        "2021-06-01",
        "2021-10-01",
        "2021-11-01-preview",
        "2025-07-01-preview",
    ],
)
def test_every_api_version_of_a_client_works(symmetric_device, version):
    symmetric_device.api_version = version
    assert symmetric_device.provision()["status"] == "assigned"  # device-api.md 3.2


def test_unknown_query_parameters_are_ignored(world, symmetric_device):
    target = symmetric_device.path + "/register?forceRegistration=true&x=%20y&api-version=2019-03-31"
    answer = world.endpoint.request("PUT", target, {}, symmetric_device.headers())
    assert answer.status == 202  # device-api.md 3.1


@pytest.mark.parametrize("escape", ["%3A", "%3a", ":"])
def test_registration_id_may_be_percent_encoded(world, unique, escape):
    """`:` arrives raw or escaped, in either case of the digits (device-api.md 3.1)."""
    name = unique("urn:dev")
    world.individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    device.path = device.path.replace("%3A", escape)
    assert device.provision()["status"] == "assigned"


def test_registration_id_and_scope_compare_without_case(world, symmetric_device):
    other = clients.Device(
        world.endpoint, world.muster.id_scope.upper(), symmetric_device.registration_id.upper(), key=KEY
    )
    state = other.provision()
    assert state["status"] == "assigned"
    assert state["registrationState"]["deviceId"] == symmetric_device.registration_id  # design section 9


# --- tokens ---------------------------------------------------------------------------------------------------------
TOKENS = {
    "Node": {"encode": sas.raw, "order": "sr sig skn se"},
    "Java": {"encode": sas.raw, "key_name": ""},
    "C#": {"encode": sas.upper},
    "Python": {"encode": sas.upper, "key_name": None},
    "C": {"encode": sas.lower},
    "C++ escapes": {"encode": sas.lower, "escape": sas.lower},
    "any order": {"order": "se skn sig sr"},
    "any key name": {"key_name": "whatever"},
}


@pytest.mark.parametrize("client", TOKENS)
@pytest.mark.parametrize("key", [KEY, SECONDARY], ids=["primary", "secondary"])
def test_tokens_of_every_client_are_accepted_with_either_key(symmetric_device, client, key):
    """The signature is over the literal `sr` (device-api.md 4.1, R-131)."""
    token = sas.token(symmetric_device.resource, key, **TOKENS[client])
    assert symmetric_device.register(token=token).status == 202


def test_resource_in_the_token_compares_without_case(symmetric_device):
    assert symmetric_device.register(token=sas.token(symmetric_device.resource.upper(), KEY)).status == 202


@pytest.mark.parametrize("lifetime,status", [(-240, 202), (-360, 401), (10 * 365 * 86400, 202), (10**15, 202)])
def test_token_expiry_has_a_tolerance_of_five_minutes(symmetric_device, lifetime, status):
    """device-api.md 4.1 step 3: IoT Edge polls with a token that has been dead for a while."""
    assert (
        symmetric_device.register(token=sas.token(symmetric_device.resource, KEY, lifetime=lifetime)).status == status
    )


@pytest.mark.parametrize("length", [16, 32, 64])
def test_keys_of_every_legal_length_work(world, unique, length):
    key = base64.b64encode(os.urandom(length)).decode()
    name = unique()
    world.individual(name, clients.symmetric(key))
    assert world.device(name, key=key).provision()["status"] == "assigned"


# --- symmetric groups -----------------------------------------------------------------------------------------------
@pytest.fixture
def symmetric_group(world, unique):
    name = unique("group")
    primary, secondary = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    world.group(name, clients.symmetric(primary, secondary))
    return name, primary, secondary


@pytest.mark.parametrize("which", [1, 2], ids=["primary", "secondary"])
def test_group_device_registers_with_a_derived_key(world, unique, symmetric_group, which):
    """device-api.md 4.3, R-023, R-035; the answer names the group (3.5)."""
    name = unique()
    device = world.device(name, key=sas.derive_device_key(symmetric_group[which], name))
    result = check_assigned(device.provision(), device, world.muster.hub)
    assert result["symmetricKey"] == {"enrollmentGroupId": symmetric_group[0]}


def test_key_derived_from_the_lower_case_spelling_is_accepted(world, unique, symmetric_group):
    name = unique("Line7-Unit")
    device = world.device(name, key=sas.derive_device_key(symmetric_group[1], name.lower()))
    assert device.provision()["status"] == "assigned"


def test_group_device_keeps_the_spelling_of_its_first_registration(world, unique, symmetric_group):
    """design section 9."""
    name = unique("Pump")
    first = world.device(name, key=sas.derive_device_key(symmetric_group[1], name)).provision()
    lower = name.lower()
    again = world.device(lower, key=sas.derive_device_key(symmetric_group[1], lower)).provision()
    assert first["registrationState"]["deviceId"] == name
    assert again["registrationState"]["deviceId"] == name


def test_known_vector_of_the_documentation_registers(world, unique):
    """device-api.md 4.3: group key, registration id and device key as published."""
    world.group(
        unique("vector"),
        clients.symmetric("8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="),
    )
    device = world.device("sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6", key="Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=")
    assert device.provision()["status"] == "assigned"


def test_right_group_is_found_among_many(world, unique):
    """The device does not name its group: every symmetric group is a candidate (R-035)."""
    masters = []
    for _ in range(5):
        masters.append((unique("many"), base64.b64encode(os.urandom(32)).decode()))
        world.group(masters[-1][0], clients.symmetric(masters[-1][1]))
    for group, master in masters:
        name = unique()
        state = world.device(name, key=sas.derive_device_key(master, name)).provision()
        assert state["registrationState"]["symmetricKey"]["enrollmentGroupId"] == group


@pytest.mark.parametrize("which", [1, 2], ids=["primary", "secondary"])
def test_master_key_itself_is_refused(world, unique, symmetric_group, which):
    checks.error(world.device(unique(), key=symmetric_group[which]).register(), 401, 401002)


# --- disabled entries and precedence --------------------------------------------------------------------------------
def check_disabled(state, registration_id):
    assert state["status"] == "disabled", state
    result = state["registrationState"]
    assert result["registrationId"] == registration_id and result["status"] == "disabled"
    assert result["etag"] and checks.TIMESTAMP.match(result["lastUpdatedDateTimeUtc"])
    assert "assignedHub" not in result and "deviceId" not in result
    assert checks.no_nulls(state)


def test_disabled_individual_entry_ends_disabled(world, unique):
    """R-074, R-212: 202, then 200 with status disabled; the record says so too."""
    name = unique()
    world.individual(name, clients.symmetric(KEY), provisioningStatus="disabled")
    check_disabled(world.device(name, key=KEY).provision(), name)
    assert world.operator.get("enrollments", name).json()["registrationState"]["status"] == "disabled"


def test_disabled_group_ends_disabled(world, unique):
    master = base64.b64encode(os.urandom(32)).decode()
    world.group(unique("closed"), clients.symmetric(master), provisioningStatus="disabled")
    name = unique()
    check_disabled(world.device(name, key=sas.derive_device_key(master, name)).provision(), name)


def test_individual_entry_decides_before_the_group(world, unique, symmetric_group):
    """R-030, R-143: a disabled individual entry shuts out one device of a group; deleting it lets it in (R-036)."""
    name = unique()
    derived = sas.derive_device_key(symmetric_group[1], name)
    device = world.device(name, key=derived)
    assert device.provision()["status"] == "assigned"
    world.individual(name, clients.symmetric(KEY), provisioningStatus="disabled")
    checks.error(device.register(), 401, 401002)
    check_disabled(world.device(name, key=KEY).provision(), name)
    assert world.operator.delete("enrollments", name).status == 204
    assert device.provision()["status"] == "assigned"


def test_enabling_an_entry_again_lets_the_device_in(world, unique):
    name = unique()
    entry = world.individual(name, clients.symmetric(KEY), provisioningStatus="disabled")
    device = world.device(name, key=KEY)
    assert device.provision()["status"] == "disabled"
    assert (
        world.operator.put("enrollments", entry | {"provisioningStatus": "enabled"}, if_match=entry["etag"]).status
        == 200
    )
    assert device.provision()["status"] == "assigned"


def test_deleted_entry_refuses_the_device(world, unique):
    name = unique()
    world.individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    assert device.provision()["status"] == "assigned"
    assert world.operator.delete("enrollments", name).status == 204
    checks.error(device.register(), 401, 401002)


# --- what is assigned -----------------------------------------------------------------------------------------------
def test_individual_answer_has_an_empty_symmetric_key_member(symmetric_device):
    assert symmetric_device.provision()["registrationState"]["symmetricKey"] == {}  # device-api.md 3.5


def test_device_id_of_the_entry_is_given(world, unique):
    name = unique()
    world.individual(name, clients.symmetric(KEY), deviceId="pump-0042")
    device = world.device(name, key=KEY)
    check_assigned(device.provision(), device, world.muster.hub, "pump-0042")


def test_changed_device_id_needs_a_new_record(world, unique):
    """R-028, R-070: deleting the entry ends the record, so the next registration is a first one."""
    name = unique()
    entry = world.individual(name, clients.symmetric(KEY), deviceId=name + "-old")
    device = world.device(name, key=KEY)
    assert device.provision()["registrationState"]["deviceId"] == name + "-old"
    changed = world.operator.put("enrollments", entry | {"deviceId": name + "-new"}, if_match="*")
    assert changed.status == 200
    assert device.provision()["registrationState"]["deviceId"] == name + "-old"
    assert world.operator.delete("enrollments", name).status == 204
    world.individual(name, clients.symmetric(KEY), deviceId=name + "-new")
    assert device.provision()["registrationState"]["deviceId"] == name + "-new"


def test_static_policy_without_hub_fails_with_400208(world, unique):
    """R-087, R-213: not an HTTP error but a failed operation with code and message."""
    name = unique()
    world.individual(name, clients.symmetric(KEY), allocationPolicy="static")
    state = world.device(name, key=KEY).provision()
    assert state["status"] == "failed" and state["operationId"]
    result = state["registrationState"]
    assert result["status"] == "failed" and result["errorCode"] == 400208 and result["errorMessage"]
    assert result["registrationId"] == name
    assert checks.no_nulls(state)
    shown = world.operator.get("enrollments", name).json()["registrationState"]
    assert shown["status"] == "failed" and shown["errorCode"] == 400208


def test_static_policy_with_a_linked_hub_assigns_it(world, unique):
    name = unique()
    world.individual(name, clients.symmetric(KEY), allocationPolicy="static", iotHubs=[world.muster.hub])
    device = world.device(name, key=KEY)
    check_assigned(device.provision(), device, world.muster.hub)


def test_failed_registration_keeps_the_last_assignment_for_later(world, unique):
    """R-073: the last assignment is kept while a later registration fails."""
    name = unique()
    entry = world.individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    assert device.provision()["status"] == "assigned"
    world.operator.put("enrollments", entry | {"allocationPolicy": "static", "iotHubs": []}, if_match="*")
    assert device.provision()["status"] == "failed"
    world.operator.put("enrollments", entry, if_match="*")
    device_state = device.provision()
    check_assigned(device_state, device, world.muster.hub)


# --- look-up and record ---------------------------------------------------------------------------------------------
def test_look_up_answers_the_bare_record(world, symmetric_device):
    """device-api.md 3.1 L: no operationId around it."""
    state = symmetric_device.provision()["registrationState"]
    answer = symmetric_device.look_up()
    assert answer.status == 200
    assert "operationId" not in answer.json()
    assert {name: answer.json()[name] for name in state} == state


def test_service_shows_the_same_record_as_the_device_saw(world, symmetric_device):
    """R-077."""
    seen = symmetric_device.provision()["registrationState"]
    shown = world.operator.get("enrollments", symmetric_device.registration_id).json()["registrationState"]
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
        assert shown[member] == seen[member], member

"""Devices register over AMQP 1.0 (device-api.md 7), seen by Debian's qpid-proton and by connections of plain octets."""
import base64
import json
import os
import uuid

import proton
import pytest

import amqp
import clients
import conftest
import sas

KEY = base64.b64encode(bytes(range(64))).decode()
OTHER_KEY = base64.b64encode(bytes(range(64, 128))).decode()
MASTER = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def name(world, unique):
    """An individual entry with KEY."""
    registration_id = unique()
    world.individual(registration_id, clients.symmetric(KEY, OTHER_KEY))
    return registration_id


@pytest.fixture
def connect(world):
    """Makes devices whose connections are closed in the end."""
    devices = []

    def make(registration_id, **options):
        devices.append(amqp.Device(world.muster, registration_id, **options))
        return devices[-1]

    yield make
    for device in devices:
        device.connection.close()


@pytest.fixture
def raw(world):
    connections = []

    def make(**options):
        connections.append(amqp.Raw(world.muster, **options))
        return connections[-1]

    yield make
    for connection in connections:
        connection.socket.close()


def check_assigned(answer, world, registration_id):
    assert answer["status"] == "assigned", answer
    assert answer["registrationState"]["assignedHub"] == world.muster.hub
    assert answer["registrationState"]["deviceId"] == registration_id


# --- who gets in ----------------------------------------------------------------------------------------------------
def test_individual_key_registers(world, connect, name):
    check_assigned(connect(name, key=KEY).provision(), world, name)
    check_assigned(connect(name, key=OTHER_KEY).provision(), world, name)


def test_derived_key_of_a_group_registers(world, connect, unique):
    world.group(unique("group"), clients.symmetric(MASTER))
    device = unique("in-group")
    check_assigned(connect(device, key=sas.derive_device_key(MASTER, device)).provision(), world, device)


@pytest.mark.parametrize("mechanism", ["none", "EXTERNAL", "ANONYMOUS"])
def test_self_signed_certificate_registers(world, connect, pki, unique, mechanism):
    """SDKs with certificates leave SASL out (7.1)."""
    device = unique("solo")
    leaf = pki.self_signed_device(device)
    world.individual(device, clients.client_certificates(leaf))
    check_assigned(connect(device, certificate=leaf.presented(), mechanism=mechanism).provision(), world, device)


def test_certificate_chain_registers(world, connect, pki, unique):
    root = pki.root(unique("Root"))
    line = pki.authority(unique("Line"), root)
    world.upload(unique("root"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    device = unique("leaf")
    certificate = pki.device(device, line).presented(line)
    check_assigned(connect(device, certificate=certificate, mechanism="none").provision(), world, device)


def test_password_and_certificate_may_come_together(world, connect, pki, name):
    """What SASL says counts."""
    certificate = pki.self_signed_device(name).presented()
    check_assigned(connect(name, key=KEY, certificate=certificate).provision(), world, name)


@pytest.mark.parametrize("mechanism", ["EXTERNAL", "ANONYMOUS"])
def test_nobody_gets_in_without_proof(world, name, mechanism):
    with pytest.raises(proton.ConnectionException):
        amqp.Device(world.muster, name, mechanism=mechanism)


def test_without_sasl_and_certificate_the_request_is_refused(connect, name):
    with pytest.raises(amqp.Refused) as refused:
        connect(name, mechanism="none").register()
    assert (refused.value.name, refused.value.error["errorCode"]) == ("amqp:unauthorized-access", 401002)


# --- how refusals are told ------------------------------------------------------------------------------------------
def test_wrong_key_is_told_as_the_verdict(connect, name, unique):
    """7.3 form 2."""
    wrong = base64.b64encode(os.urandom(32)).decode()
    for device in (connect(name, key=wrong), connect(unique("nobody"), key=KEY)):
        with pytest.raises(amqp.Refused) as refused:
            device.register()
        assert refused.value.name == "amqp:unauthorized-access"
        assert refused.value.error["errorCode"] == 401002
        assert {"trackingId", "message", "timestampUtc"} <= refused.value.error.keys()


def test_unknown_operation_is_not_found(connect, name):
    with pytest.raises(amqp.Refused) as refused:
        connect(name, key=KEY).status("5.0000000000000000.00000000-0000-0000-0000-000000000000")
    assert (refused.value.name, refused.value.error["errorCode"]) == ("amqp:not-found", 404202)


def test_unknown_scope_is_told_when_the_connection_opens(world, name):
    """7.3 form 1."""
    with pytest.raises((proton.ConnectionException, proton.utils.ConnectionClosed)) as refused:
        amqp.Device(world.muster, name, key=KEY, id_scope="0ne0FFFFFF").register()
    assert "amqp:not-found" in str(refused.value)
    assert "404201" in str(refused.value)


def test_open_of_an_unknown_scope_carries_the_error(raw):
    """The property of the open, and the close after the next frame (7.3 form 1)."""
    connection = raw().send(amqp.SASL_HEADER)
    assert connection.read(8) == amqp.SASL_HEADER
    assert connection.frame()[0] == 0x40
    words = b"\0" + b"0ne0FFFFFF/registrations/a\0" + b"SharedAccessSignature sr=a&sig=b&se=1"
    connection.send(amqp.frame(0x41, b"\xa3\x05PLAIN", amqp.binary(words), kind=1))
    assert connection.frame()[0] == 0x44
    connection.send(amqp.AMQP_HEADER, amqp.open_frame())
    assert connection.read(8) == amqp.AMQP_HEADER
    kind, body = connection.frame()
    assert kind == 0x10 and b"com.microsoft:open-error" in body and b"404201" in body
    connection.send(amqp.begin_frame())
    kind, body = connection.frame()
    assert kind == 0x18 and b"amqp:not-found" in body and b"404201" in body
    assert connection.frame() is None


@pytest.mark.parametrize(
    "mechanism, words",
    [
        ("PLAIN", b""),
        ("PLAIN", b"\0a"),
        ("PLAIN", b"\0a\0b"),
        ("PLAIN", b"\0s/registrations/a\0"),
        ("MAGIC", b"x"),
        ("", b""),
    ],
)
def test_bad_sasl_ends_with_outcome_1(raw, mechanism, words):
    connection = raw().send(amqp.SASL_HEADER)
    assert connection.read(8) == amqp.SASL_HEADER
    kind, body = connection.frame()
    assert kind == 0x40 and b"PLAIN" in body and b"EXTERNAL" not in body
    assert b"\xe0" in body or b"\xf0" in body, "an array (device-api.md 10 row 19)"
    symbol = b"\xa3" + bytes([len(mechanism)]) + mechanism.encode()
    connection.send(amqp.frame(0x41, symbol, amqp.binary(words), kind=1))
    kind, body = connection.frame()
    assert kind == 0x44 and b"\x50\x01" in body
    assert connection.frame() is None


def test_link_of_another_device_is_refused(world, connect, name):
    device = connect(name, key=KEY, address=f"{world.muster.id_scope}/registrations/{name}-else")
    with pytest.raises(proton.utils.LinkDetached) as refused:
        device.attach()
    assert "amqp:unauthorized-access" in str(refused.value) and "401002" in str(refused.value)


@pytest.mark.parametrize("address", ["", "queue", "a/b/c", "/", "amqps://host"])
def test_link_to_nowhere_is_refused(connect, name, address):
    device = connect(name, key=KEY)
    device.address = address or None
    with pytest.raises((proton.utils.LinkDetached, proton.LinkException)):
        device.attach()


@pytest.mark.parametrize("form", ["amqps://any.host/{}", "/{}", "{}"])
def test_addresses_of_all_sdks_are_the_same(world, connect, name, form):
    device = connect(name, key=KEY)
    device.address = form.format(device.resource.upper().replace("/REGISTRATIONS/", "/registrations/"))
    answer = amqp.body_of(device.register())
    assert answer["status"] == "assigning"


# --- messages -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("identifier", [
    "text", proton.ulong(7), proton.ulong(2**63), uuid.UUID(int=5), b"\x00\xff", "x" * 300,
])
def test_correlation_id_comes_back_with_its_type(connect, name, identifier):
    answer = connect(name, key=KEY).register(correlation_id=identifier, id=identifier)
    assert answer.correlation_id == identifier


def test_answer_without_correlation_id_has_none(connect, name):
    assert connect(name, key=KEY).register().correlation_id is None


def test_retry_after_comes_in_both_spellings_and_first(connect, name):
    answer = connect(name, key=KEY).register()
    assert list(answer.properties) == ["retry-after", "Retry-After"]
    assert answer.properties["retry-after"] == answer.properties["Retry-After"] >= 1


@pytest.mark.parametrize("body", [
    None, "", b"", "{}", b"{}", b" ", {}, [], 7, True, json.dumps({"payload": {"a": 1}}), b'{"payload":null}',
])
def test_bodies_of_every_kind_are_taken(connect, name, body):
    device = connect(name, key=KEY)
    for inferred in (True, False):
        answer = amqp.body_of(device.register(body=body, inferred=inferred))
        assert answer["status"] == "assigning"
        device.status(answer["operationId"], body=body, inferred=inferred)


def test_bad_bodies_are_told(connect, name):
    device = connect(name, key=KEY)
    for body in (b"{", b"[]", b'{"registrationId":"other"}'):
        with pytest.raises(amqp.Refused) as refused:
            device.register(body=body, inferred=True)
        assert refused.value.name == "amqp:invalid-field"
        assert refused.value.error["errorCode"] // 1000 == 400


@pytest.mark.parametrize("properties", [
    None, {}, {"iotdps-operation-type": "iotdps-get-registration"}, {"iotdps-operation-type": 7},
    {"iotdps-operation-type": "iotdps-get-operationstatus"},
])
def test_unknown_operation_types_are_told(connect, name, properties):
    device = connect(name, key=KEY)
    with pytest.raises(amqp.Refused) as refused:
        device.ask("", properties=properties)
    assert refused.value.name == "amqp:invalid-field"
    assert refused.value.error["errorCode"] == 400000
    device.register()


def test_properties_that_sdks_add_are_left_alone(connect, name):
    properties = {"iotdps-operation-type": "iotdps-register", "iotdps-forceRegistration": False}
    assert amqp.body_of(connect(name, key=KEY).ask("", properties=properties))["status"] == "assigning"


@pytest.fixture
def own_device(own_muster, unique):
    muster = own_muster(toml="[limits]\ndevice_registrations_per_minute = 1").start()
    operator = clients.Operator(conftest.endpoint_of(muster), muster.connection_string(), muster.secrets)
    registration_id = unique()
    operator.create_individual(registration_id, clients.symmetric(KEY))
    device = amqp.Device(muster, registration_id, key=KEY)
    yield muster, device
    device.connection.close()


def test_throttled_device_is_told_when_to_come_again(own_device):
    muster, device = own_device
    device.register()
    with pytest.raises(amqp.Refused) as refused:
        device.register()
    assert refused.value.name == "com.microsoft:device-container-throttled"
    assert refused.value.error["errorCode"] // 1000 == 429
    assert refused.value.info["retry-after"] == refused.value.info["Retry-After"] >= 1


def test_service_that_stops_says_so(own_device):
    muster, device = own_device
    device.register()
    muster.terminate()
    with pytest.raises(proton.utils.ConnectionClosed) as closed:
        device.receiver.receive(timeout=amqp.SECONDS)
    assert "amqp:connection:forced" in str(closed.value)
    muster.wait()

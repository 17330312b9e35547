"""Devices register over AMQP 1.0 (device-api.md 7), seen by Debian's qpid-proton and by connections of plain octets."""
import base64
import json
import os
import socket
import ssl
import struct
import time
import uuid

import proton
import pytest

import amqp
import clients
import sas

KEY = base64.b64encode(bytes(range(64))).decode()
OTHER_KEY = base64.b64encode(bytes(range(64, 128))).decode()
MASTER = base64.b64encode(bytes(range(32))).decode()

MUSTER_TOML = """
[timeouts]
head = 3
body = 3
"""


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


def still_serves(connect, registration_id):
    connect(registration_id, key=KEY).register()


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


@pytest.mark.parametrize("mechanism, words", [
    ("PLAIN", b""), ("PLAIN", b"\0a"), ("PLAIN", b"\0a\0b"), ("PLAIN", b"\0s/registrations/a\0"), ("MAGIC", b"x"), ("", b""),
])
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


def test_throttled_device_is_told_when_to_come_again(own_muster_amqp):
    muster, device = own_muster_amqp
    device.register()
    with pytest.raises(amqp.Refused) as refused:
        device.register()
    assert refused.value.name == "com.microsoft:device-container-throttled"
    assert refused.value.error["errorCode"] // 1000 == 429
    assert refused.value.info["retry-after"] == refused.value.info["Retry-After"] >= 1


def test_service_that_stops_says_so(own_muster_amqp):
    muster, device = own_muster_amqp
    device.register()
    muster.terminate()
    with pytest.raises(proton.utils.ConnectionClosed) as closed:
        device.receiver.receive(timeout=amqp.SECONDS)
    assert "amqp:connection:forced" in str(closed.value)
    muster.wait()


@pytest.fixture
def own_muster_amqp(own_muster, unique):
    muster = own_muster(toml="[limits]\ndevice_registrations_per_minute = 1").start()
    operator = clients.Operator(conftest_endpoint(muster), muster.connection_string(), muster.secrets)
    registration_id = unique()
    operator.create_individual(registration_id, clients.symmetric(KEY))
    device = amqp.Device(muster, registration_id, key=KEY)
    yield muster, device
    device.connection.close()


def conftest_endpoint(muster):
    import conftest  # pylint: disable=import-outside-toplevel

    return conftest.endpoint_of(muster)


# --- the connection -------------------------------------------------------------------------------------------------
def test_open_and_attach_have_the_values_of_the_service(world, raw, name):
    """device-api.md 7.2."""
    connection = raw().send(amqp.AMQP_HEADER, amqp.open_frame(), amqp.begin_frame())
    assert connection.read(8) == amqp.AMQP_HEADER
    kind, body = connection.frame()
    assert kind == 0x10
    assert b"IoTDPSGW_" in body
    assert struct.pack(">BI", 0x70, 65536) in body and struct.pack(">BH", 0x60, 8191) in body
    assert struct.pack(">BI", 0x70, 240000) in body
    kind, body = connection.frame()
    assert kind == 0x11 and struct.pack(">BI", 0x70, 5000) in body
    address = f"{world.muster.id_scope}/registrations/{name}"
    connection.send(amqp.attach_frame("mine", 3, False, address))
    kind, body = connection.frame()
    assert kind == 0x12 and b"mine" in body and address.encode() in body
    assert struct.pack(">BQ", 0x80, 98304) in body, "max-message-size: the limit of bodies"
    kind, body = connection.frame()
    assert kind == 0x13 and b"\x52\x32" in body, "credit of 50"


def test_responses_wait_for_credit_and_for_their_link(world, raw, name, pki):
    """The verdict comes at once, the response when the peer lets it."""
    leaf = pki.self_signed_device(name)
    world.operator.delete("enrollments", name)
    world.individual(name, clients.client_certificates(leaf))
    address = f"{world.muster.id_scope}/registrations/{name}"
    connection = raw(certificate=leaf.presented()).open()
    connection.send(amqp.attach_frame("to", 0, False, address))
    assert [connection.frame()[0] for _ in range(2)] == [0x12, 0x13]
    connection.send(amqp.transfer_frame(0, 0, amqp.request()))
    kind, body = connection.frame()
    assert kind == 0x15 and b"\x00\x53\x24" in body, "accepted"
    connection.send(amqp.attach_frame("from", 1, True, address))
    assert connection.frame()[0] == 0x12
    flow = amqp.frame(0x13, amqp.uint(0), amqp.uint(9), amqp.uint(1), amqp.uint(9), amqp.uint(1), amqp.uint(0), amqp.uint(1))
    connection.send(flow)
    kinds = [connection.frame()[0] for _ in range(2)]
    assert sorted(kinds) == [0x13, 0x14], "the response, and credit for the next request"


def test_peer_with_an_idle_time_out_hears_from_us(raw):
    connection = raw().open(idle_time_out=1000)
    begin = time.monotonic()
    for _ in range(3):
        assert connection.frame() == (0, b"")
    assert time.monotonic() - begin < 3


def test_idle_time_out_that_is_too_short_is_refused(raw):
    connection = raw().send(amqp.AMQP_HEADER, amqp.open_frame(idle_time_out=1))
    connection.read(8)
    assert [kind for kind, _ in connection.frames_to_end()] == [0x10, 0x18]


@pytest.mark.parametrize("octets", [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    bytes.fromhex("101300044d51545404c2003c000761626364656667"),
    bytes.fromhex("16030100a5010000a10303"),
    b"\x00" * 8,
    os.urandom(64),
])
def test_other_protocols_are_turned_away(raw, connect, name, octets):
    assert raw().send(octets).read(1) == b""
    still_serves(connect, name)


@pytest.mark.parametrize("header", [b"AMQP\x00\x00\x09\x01", b"AMQP\x02\x01\x00\x00", b"AMQP\x03\x01\x01\x00", b"AMQPxxxx"])
def test_other_versions_are_told_what_is_spoken(raw, header):
    """AMQP 1.0 section 2.2."""
    assert raw().send(header).read(16) == amqp.SASL_HEADER


def test_plain_text_on_the_port_is_turned_away(world, connect, name):
    with socket.create_connection(("127.0.0.1", world.muster.ready["amqpPort"]), timeout=amqp.SECONDS) as plain:
        plain.sendall(amqp.AMQP_HEADER + bytes(100))
        try:
            while plain.recv(1000):
                pass
        except ConnectionResetError:
            pass
    still_serves(connect, name)


HOSTILE = {
    "begin before open": [amqp.begin_frame()],
    "empty frame before open": [struct.pack(">IBBH", 8, 2, 0, 0)],
    "two opens": [amqp.open_frame(), amqp.open_frame()],
    "huge frame": [struct.pack(">IBBH", 2**31, 2, 0, 0)],
    "large first frame": [struct.pack(">IBBH", 60000, 2, 0, 0)],
    "size below the header": [struct.pack(">IBBH", 7, 2, 0, 0)],
    "data offset beyond": [struct.pack(">IBBH", 8, 200, 0, 0)],
    "sasl frame": [amqp.frame(0x41, kind=1)],
    "unknown frame type": [amqp.frame(0x10, amqp.text("a"), kind=9)],
    "no performative": [struct.pack(">IBBH", 12, 2, 0, 0) + b"\x40\x40\x40\x40"],
    "nested too deep": [struct.pack(">IBBH", 8 + 3 + 1 + 200, 2, 0, 0) + b"\x00\x53\x10" + b"\xc0" * 201],
    "array of a thousand million": [
        amqp.frame(0x10, amqp.text("a"), amqp.NULL, *[amqp.NULL] * 6, b"\xf0" + struct.pack(">II", 5, 10**9) + b"\x41")
    ],
    "channel above the maximum": [amqp.open_frame(), amqp.begin_frame(channel=8192)],
    "reply to no begin": [amqp.open_frame(), amqp.frame(0x11, amqp.ushort(0), amqp.uint(0), amqp.uint(1), amqp.uint(1))],
    "channel twice": [amqp.open_frame(), amqp.begin_frame(), amqp.begin_frame()],
    "too many sessions": [amqp.open_frame(), *(amqp.begin_frame(channel=number) for number in range(100))],
    "attach without session": [amqp.open_frame(), amqp.attach_frame("a", 0, True, "x")],
    "too many links": [
        amqp.open_frame(), amqp.begin_frame(), *(amqp.attach_frame(f"l{number}", number, True, "x") for number in range(100))
    ],
    "handle twice": [
        amqp.open_frame(), amqp.begin_frame(), amqp.attach_frame("a", 0, True, "x"), amqp.attach_frame("b", 0, True, "x")
    ],
    "link twice": [
        amqp.open_frame(), amqp.begin_frame(), amqp.attach_frame("a", 0, True, "x"), amqp.attach_frame("a", 1, True, "x")
    ],
    "transfer on no link": [amqp.open_frame(), amqp.begin_frame(), amqp.transfer_frame(0, 0, b"")],
    "transfer on a link from us": [
        amqp.open_frame(), amqp.begin_frame(), amqp.attach_frame("a", 0, True, "x"), amqp.transfer_frame(0, 0, b"")
    ],
    "transfer without id": [
        amqp.open_frame(), amqp.begin_frame(), amqp.attach_frame("a", 0, False, "s/registrations/i"),
        amqp.transfer_frame(0, 0, b"x", more=True, with_id=False),
    ],
    "detach of no link": [amqp.open_frame(), amqp.begin_frame(), amqp.frame(0x16, amqp.uint(5))],
    "end of no session": [amqp.open_frame(), amqp.frame(0x17)],
    "unknown performative": [amqp.open_frame(), amqp.frame(0x30)],
    "delivery ids out of order": [
        amqp.open_frame(), amqp.begin_frame(), amqp.attach_frame("a", 0, False, "s/registrations/i"),
        amqp.transfer_frame(0, 0, amqp.request()), amqp.transfer_frame(0, 7, amqp.request()),
    ],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_frames_end_their_connection_only(raw, connect, name, what):
    connection = raw().send(amqp.AMQP_HEADER, *HOSTILE[what])
    connection.read(8)
    last = connection.frames_to_end()[-1]
    assert last[0] == 0x18, "a close with the reason"
    still_serves(connect, name)


def test_transfers_without_credit_are_refused(raw, connect, name):
    connection = raw().open().send(amqp.attach_frame("a", 0, False, "s/registrations/i"))
    connection.send(*(amqp.transfer_frame(0, number, b"", more=False) for number in range(200)))
    connection.send(amqp.frame(0x18))
    assert 0x18 in [kind for kind, _ in connection.frames_to_end()]
    still_serves(connect, name)


def test_message_that_grows_too_large_is_refused(raw, connect, name):
    connection = raw().open().send(amqp.attach_frame("a", 0, False, "s/registrations/i"))
    assert [connection.frame()[0] for _ in range(2)] == [0x12, 0x13]
    for _ in range(3):
        connection.send(amqp.transfer_frame(0, 0, bytes(50_000), more=True))
    kind, body = connection.frame()
    assert kind == 0x16 and b"amqp:link:message-size-exceeded" in body
    still_serves(connect, name)


@pytest.mark.parametrize("begin", [b"", amqp.AMQP_HEADER, amqp.SASL_HEADER, amqp.AMQP_HEADER + amqp.open_frame()[:20]])
def test_silent_peers_are_closed(raw, begin):
    connection = raw().send(begin)
    start = time.monotonic()
    connection.frames_to_end() if begin == b"" else connection.read(10_000)
    assert time.monotonic() - start < 10


def test_frame_that_trickles_is_not_waited_for(raw):
    connection = raw().open().send(amqp.attach_frame("a", 0, True, "x")[:30])
    start = time.monotonic()
    connection.frames_to_end()
    assert time.monotonic() - start < 10


def test_peer_that_never_reads_makes_nothing_grow(world, raw, connect, name):
    """The service stops reading it; memory stays where it is."""
    before = resident(world.muster)
    connection = raw().open()
    connection.socket.settimeout(2)
    sent = 0
    try:
        for number in range(400_000):
            connection.send(amqp.attach_frame("a", 0, True, "x"), amqp.frame(0x16, amqp.uint(0), amqp.TRUE))
            sent = number
    except (TimeoutError, socket.timeout, ssl.SSLError, OSError):
        pass
    assert sent < 399_999, "it should have been stopped"
    assert resident(world.muster) - before < 64 * 1024
    still_serves(connect, name)


def resident(muster):
    """Kilobytes of memory of the process."""
    with open(f"/proc/{muster.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

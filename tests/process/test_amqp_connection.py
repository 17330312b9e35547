"""AMQP 1.0 on the wire: values of the service, time limits, and peers that break the protocol, whose connection
ends while the service goes on (device-api.md 7)."""
import os
import socket
import ssl
import struct
import time

import pytest

import amqp
import clients
import muster_process

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

MUSTER_TOML = """
[timeouts]
head = 3
body = 3
"""


@pytest.fixture
def name(world, unique):
    """An individual entry with KEY."""
    registration_id = unique()
    world.individual(registration_id, clients.symmetric(KEY, KEY))
    return registration_id


@pytest.fixture
def raw(world):
    connections = []

    def make(**options):
        connections.append(amqp.Raw(world.muster, **options))
        return connections[-1]

    yield make
    for connection in connections:
        connection.socket.close()


def still_serves(world, registration_id):
    with amqp.Device(world.muster, registration_id, key=KEY) as device:
        device.register()


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
    connection.send(amqp.frame(0x13, *map(amqp.uint, (0, 9, 1, 9, 1, 0, 1))))
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
def test_other_protocols_are_turned_away(raw, world, name, octets):
    assert raw().send(octets).read(1) == b""
    still_serves(world, name)


@pytest.mark.parametrize(
    "header", [b"AMQP\x00\x00\x09\x01", b"AMQP\x02\x01\x00\x00", b"AMQP\x03\x01\x01\x00", b"AMQPxxxx"]
)
def test_other_versions_are_told_what_is_spoken(raw, header):
    """AMQP 1.0 section 2.2."""
    assert raw().send(header).read(16) == amqp.SASL_HEADER


def test_plain_text_on_the_port_is_turned_away(world, name):
    with socket.create_connection(("127.0.0.1", world.muster.ready["amqpPort"]), timeout=amqp.SECONDS) as plain:
        plain.sendall(amqp.AMQP_HEADER + bytes(100))
        try:
            while plain.recv(1000):
                pass
        except ConnectionResetError:
            pass
    still_serves(world, name)


OPENED = [amqp.open_frame(), amqp.begin_frame()]
TO_US = amqp.attach_frame("a", 0, False, "s/registrations/i")
FROM_US = amqp.attach_frame("a", 0, True, "s/registrations/i")
HUGE_ARRAY = b"\xf0" + struct.pack(">II", 5, 10**9) + b"\x41"

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
    "nested too deep": [struct.pack(">IBBH", 8 + 3 + 201, 2, 0, 0) + b"\x00\x53\x10" + b"\xc0" * 201],
    "array of a thousand million": [amqp.frame(0x10, amqp.text("a"), *[amqp.NULL] * 7, HUGE_ARRAY)],
    "channel above the maximum": [amqp.open_frame(), amqp.begin_frame(channel=8192)],
    "reply to no begin": [amqp.open_frame(), amqp.frame(0x11, amqp.ushort(0), *map(amqp.uint, (0, 1, 1)))],
    "channel twice": [*OPENED, amqp.begin_frame()],
    "too many sessions": [amqp.open_frame(), *(amqp.begin_frame(channel=number) for number in range(100))],
    "attach without session": [amqp.open_frame(), FROM_US],
    "too many links": [*OPENED, *(amqp.attach_frame(f"l{number}", number, True, "x") for number in range(100))],
    "handle twice": [*OPENED, FROM_US, amqp.attach_frame("b", 0, True, "x")],
    "link twice": [*OPENED, FROM_US, amqp.attach_frame("a", 1, True, "x")],
    "transfer on no link": [*OPENED, amqp.transfer_frame(0, 0, b"")],
    "transfer on a link from us": [*OPENED, FROM_US, amqp.transfer_frame(0, 0, b"")],
    "transfer without id": [*OPENED, TO_US, amqp.transfer_frame(0, 0, b"x", more=True, with_id=False)],
    "detach of no link": [*OPENED, amqp.frame(0x16, amqp.uint(5))],
    "end of no session": [amqp.open_frame(), amqp.frame(0x17)],
    "unknown performative": [amqp.open_frame(), amqp.frame(0x30)],
    "delivery ids out of order": [
        *OPENED,
        TO_US,
        amqp.transfer_frame(0, 0, amqp.request()),
        amqp.transfer_frame(0, 7, amqp.request()),
    ],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_frames_end_their_connection_only(raw, world, name, what):
    connection = raw().send(amqp.AMQP_HEADER, *HOSTILE[what])
    connection.read(8)
    last = connection.frames_to_end()[-1]
    assert last[0] == 0x18, "a close with the reason"
    still_serves(world, name)


def test_transfers_without_credit_are_refused(raw, world, name):
    connection = raw().open().send(amqp.attach_frame("a", 0, False, "s/registrations/i"))
    connection.send(*(amqp.transfer_frame(0, number, b"", more=False) for number in range(200)))
    connection.send(amqp.frame(0x18))
    assert 0x18 in [kind for kind, _ in connection.frames_to_end()]
    still_serves(world, name)


def test_message_that_grows_too_large_is_refused(raw, world, name):
    connection = raw().open().send(amqp.attach_frame("a", 0, False, "s/registrations/i"))
    assert [connection.frame()[0] for _ in range(2)] == [0x12, 0x13]
    for _ in range(3):
        connection.send(amqp.transfer_frame(0, 0, bytes(50_000), more=True))
    kind, body = connection.frame()
    assert kind == 0x16 and b"amqp:link:message-size-exceeded" in body
    still_serves(world, name)


@pytest.mark.parametrize("begin", [b"", amqp.AMQP_HEADER, amqp.SASL_HEADER, amqp.AMQP_HEADER + amqp.open_frame()[:20]])
def test_silent_peers_are_closed(raw, begin):
    connection = raw().send(begin)
    start = time.monotonic()
    connection.read(10_000)
    assert time.monotonic() - start < 10


def test_frame_that_trickles_is_not_waited_for(raw):
    connection = raw().open().send(amqp.attach_frame("a", 0, True, "x")[:30])
    start = time.monotonic()
    connection.frames_to_end()
    assert time.monotonic() - start < 10


def test_peer_that_never_reads_makes_nothing_grow(world, raw, name):
    """The service stops reading it; memory stays where it is."""
    before = world.muster.memory_kilobytes()
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
    if not muster_process.SANITIZED:  # sanitizers keep what was given back
        assert world.muster.memory_kilobytes() - before < 64 * 1024
    still_serves(world, name)

"""Peers that speak something else than a port does, inside TLS and without it: each is refused as the port's protocol
says or closed in time, nobody else notices, and nothing of them stays. What test_faults, test_device_mqtt and
test_amqp_connection send to single ports is not sent again."""
import base64
import random

import pytest

import amqp
import checks
import clients
import https
import mqtt_client
import muster_process
from device_transports import Amqp, Https, Mqtt
from test_operations import scrape

MUSTER_TOML = """
[timeouts]
handshake = 1
head = 1
body = 1
"""

KEY = base64.b64encode(bytes(range(32))).decode()
PORTS = {"https": ("port", Https), "mqtt": ("mqttPort", Mqtt), "amqp": ("amqpPort", Amqp)}
SAID = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "mqtt": mqtt_client.connect("abcd"),
    "amqp": amqp.AMQP_HEADER,
    "amqp-sasl": amqp.SASL_HEADER,
    "ssh": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "random": random.Random(20261122).randbytes(512),
}
OWN = {"https": {"http"}, "mqtt": {"mqtt"}, "amqp": {"amqp", "amqp-sasl"}}
# A port's own protocol, and what other files send: (port, TLS) -> names in SAID.
LEFT_OUT = {
    ("https", True): OWN["https"],
    ("https", False): {"http", "mqtt"},
    ("mqtt", True): OWN["mqtt"] | {"http", "amqp-sasl"},
    ("mqtt", False): set(),
    ("amqp", True): OWN["amqp"] | {"http", "mqtt", "random"},
    ("amqp", False): {"amqp"},
}
CASES = [
    pytest.param(port, tls, what, id=f"{what}-{'in TLS' if tls else 'plain'}-{port}")
    for (port, tls), left_out in LEFT_OUT.items()
    for what in SAID
    if what not in left_out
]


def endpoint(muster, port):
    return https.Endpoint(muster.address, muster.ready[PORTS[port][0]], muster.ready["serviceHost"], muster.ca_file)


def connect(muster, port, tls):
    return endpoint(muster, port).raw_tls() if tls else endpoint(muster, port).raw_tcp()


def everything_until_closed(connection):
    """What the service says before it closes; it does so within its time limits."""
    connection.settimeout(checks.WAIT_SECONDS)
    heard = b""
    try:
        while chunk := connection.recv(4096):
            heard += chunk
    except (ConnectionResetError, BrokenPipeError):
        pass
    return heard


def is_refusal(port, tls, heard):
    """Nothing at all is always right; otherwise what the port's protocol has for such peers."""
    if not heard:
        return True
    if not tls:
        return heard[:2] == b"\x15\x03"  # an alert of TLS
    if port == "https":
        return heard.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 408 ")) and b'"errorCode":40' in heard
    return port == "amqp" and heard in (amqp.AMQP_HEADER, amqp.SASL_HEADER)  # AMQP 1.0 section 2.2


def no_connection_is_open(muster):
    return scrape(muster).sum("muster_connections_open") == 0


@pytest.fixture
def enrolled(world, unique):
    name = unique("right")
    world.individual(name, clients.symmetric(KEY))
    return name


def check_device_registers(world, name, port):
    device = PORTS[port][1](world, name, key=KEY)
    try:
        assert device.conversation()[-1].body["status"] == "assigned"
    finally:
        device.close()


@pytest.mark.parametrize("port, tls, what", CASES)
def test_wrong_protocol_is_refused(world, enrolled, port, tls, what):
    with connect(world.muster, port, tls) as connection:
        connection.sendall(SAID[what])
        check_device_registers(world, enrolled, port)
        heard = everything_until_closed(connection)
    assert is_refusal(port, tls, heard), heard
    checks.eventually(lambda: no_connection_is_open(world.muster), "every connection is given back")


@pytest.fixture
def peers():
    """Connections that their peers hold open until the test is over."""
    opened = []
    yield opened
    for each in opened:
        each.close()


@pytest.mark.parametrize("port", PORTS)
def test_many_wrong_peers_at_once_leave_nothing(world, enrolled, peers, port):
    check_device_registers(world, enrolled, port)
    before = world.muster.memory_kilobytes()
    for what in sorted(set(SAID) - OWN[port]) * 15:
        for tls in (False, True):
            peers.append(connect(world.muster, port, tls))
            try:
                peers[-1].sendall(SAID[what])
            except OSError:
                pass  # refused already
    check_device_registers(world, enrolled, port)
    checks.eventually(lambda: no_connection_is_open(world.muster), "every connection is given back")
    if not muster_process.SANITIZED:  # sanitizers keep what was given back
        assert world.muster.memory_kilobytes() - before < 16 * 1024

"""Devices register over MQTT on the HTTPS port, in WebSocket (device-api.md 8, checklist row 24)."""
import base64
import json
import ssl
import struct
import threading

import paho.mqtt.client as paho
import pytest

import clients
import https
import mqtt_client
import muster_process
import sas
import web_socket
from mqtt_client import CONNACK, PINGREQ, PINGRESP, PUBACK, PUBLISH
from web_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
PING_PACKET = mqtt_client.packet(PINGREQ)
PONG_PACKET = mqtt_client.packet(PINGRESP)


@pytest.fixture
def enrolled(world, unique):
    """A device with an individual enrollment: its registration id."""
    name = unique("ws")
    world.individual(name, clients.symmetric(KEY))
    return name


@pytest.fixture
def device(world, muster):
    """Makes devices, and closes their connections when the test is over."""
    opened = []

    def make(registration_id, key=KEY, **options):
        opened.append(web_socket.Stream(world.endpoint, **options))
        return mqtt_client.Device(mqtt_client.Wire(opened[-1]), muster.id_scope, registration_id, key=key)

    yield make
    for stream in opened:
        stream.close()


@pytest.fixture
def raw(world, muster):
    """A connection of frames on which a device has sent its CONNECT and has been let in."""
    opened = []

    def open_raw(connect=True, **options):
        stream = web_socket.RawStream(world.endpoint, **options)
        opened.append(stream)
        if connect:
            user_name = f"{muster.id_scope}/registrations/raw/api-version=2021-06-01"
            stream.send(frame(BINARY, mqtt_client.connect("raw", user_name)))
            assert stream.receive() == (BINARY, b"\x20\x02\0\0")
        return stream

    yield open_raw
    for stream in opened:
        stream.connection.close()


# --- registrations --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path, sub_protocol",
    [
        ("/$iothub/websocket", "mqtt"),
        ("/%24iothub/websocket", "MQTT"),
        ("/mqtt", "mqtt"),
        ("/", "mqtt"),
        ("/$iothub/websocket?iothub-no-client-cert=true", "mqttv3.1"),
    ],
)
def test_paths_and_spellings_of_all_clients(device, enrolled, muster, path, sub_protocol):
    sender = device(enrolled, path=path, sub_protocol=sub_protocol)
    assert sender.wire.connection.client.getsubprotocol() == sub_protocol.lower()  # the client's own habit
    final = sender.connect().subscribe().provision()
    assert final["status"] == "assigned" and final["registrationState"]["assignedHub"] == muster.hub


def test_a_device_with_a_derived_key_is_assigned(world, device, unique):
    world.group(unique("fleet"), clients.symmetric(KEY))
    name = unique("member")
    final = device(name, key=sas.derive_device_key(KEY, name)).connect().subscribe().provision()
    assert final["status"] == "assigned"


def test_a_device_with_its_own_certificate_is_assigned(world, device, pki, unique):
    name = unique("solo")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf))
    final = device(name, key=None, certificate=leaf.presented()).connect().subscribe().provision()
    assert final["registrationState"]["x509"] == {}


def test_a_device_with_a_chain_is_assigned(world, device, pki, unique):
    root = pki.root(unique("Root"))
    line = pki.authority(unique("Line"), root)
    world.upload(unique("root"), root)
    world.group(unique("line"), clients.signing_certificates(root))
    name = unique("chained")
    leaf = pki.device(name, line)
    final = device(name, key=None, certificate=leaf.presented(line)).connect().subscribe().provision()
    assert final["status"] == "assigned"


def test_a_refused_device_is_told_why(world, device, enrolled):
    answer = device(enrolled, key=OTHER_KEY).connect().subscribe().register()
    assert answer.status == 401 and answer.body["errorCode"] == 401002
    kept = world.operator.call("GET", f"/attempts/{answer.body['trackingId']}")
    assert kept.status == 404 or kept.json()["protocol"] == "mqtt-ws"


def test_each_packet_is_a_message_of_its_own(device, enrolled):
    sender = device(enrolled).connect().subscribe()
    sender.provision()
    kinds = [message[0] >> 4 for message in sender.wire.connection.messages]
    assert kinds[:4] == [CONNACK, 9, PUBACK, PUBLISH] and set(kinds[2:]) == {PUBACK, PUBLISH}
    for message in sender.wire.connection.messages:
        whole = mqtt_client.packet(message[0] >> 4, mqtt_body(message), message[0] & 15)
        assert whole == message, "one packet, and nothing but it"


def mqtt_body(message):
    end = 1
    while message[end] & 128:
        end += 1
    return message[end + 1 :]


def test_paho_registers(muster, world, enrolled):
    """Debian's Python client brings a WebSocket of its own."""
    replies, answered, subscribed = [], threading.Event(), threading.Event()
    client = paho.Client(client_id=enrolled, clean_session=False, transport="websockets")
    client.ws_set_options(path="/$iothub/websocket")
    context = world.endpoint.context()
    context.check_hostname = False  # it is connected to by address
    client.tls_set_context(context)
    resource = f"{muster.id_scope}/registrations/{enrolled}"
    client.username_pw_set(f"{resource}/api-version=2019-03-31", sas.token(resource, KEY))

    def on_message(_client, _user, message):
        replies.append((message.topic, json.loads(message.payload)))
        answered.set()

    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", world.endpoint.port, keepalive=60)
    client.loop_start()
    try:
        client.subscribe(mqtt_client.RESPONSES, qos=1)
        assert subscribed.wait(30)
        client.publish("$dps/registrations/PUT/iotdps-register/?$rid=a1", "{}", qos=1)
        assert answered.wait(30)
        assert replies[-1][0].startswith("$dps/registrations/res/202/?$rid=a1&retry-after=")
    finally:
        client.disconnect()
        client.loop_stop()


# --- the upgrade ----------------------------------------------------------------------------------------------------
def test_the_answer_is_one_that_every_client_reads(raw):
    """Paho for Java splits lines at the colon and stumbles over empty values (device-api.md 8)."""
    lines = raw(connect=False, sub_protocol="MQTT").head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 101 Switching Protocols"
    headers = [line.split(": ", 1) for line in lines[1:-2]]
    assert all(len(header) == 2 and header[1].strip() for header in headers), lines
    named = {name: value for name, value in headers}
    assert named["Connection"] == "Upgrade" and named["Upgrade"] == "websocket"
    assert named["Sec-WebSocket-Accept"] == web_socket.ACCEPT
    assert [value for name, value in headers if name == "Sec-WebSocket-Protocol"] == ["MQTT"]
    assert not {"Content-Length", "Sec-WebSocket-Extensions"} & set(named)


@pytest.mark.parametrize(
    "replaced",
    [
        {"Sec_WebSocket_Protocol": None},
        {"Sec_WebSocket_Protocol": "chat"},
        {"Sec_WebSocket_Key": None},
        {"Sec_WebSocket_Key": "short"},
        {"Connection": "keep-alive"},
    ],
    ids=str,
)
def test_what_cannot_be_upgraded_is_refused(world, replaced):
    answer = world.endpoint.request("GET", "/mqtt", headers=web_socket.upgrade_headers(**replaced))
    assert answer.status == 400 and answer.error_code == 400000
    assert {"errorCode", "trackingId", "message", "timestampUtc"} <= set(answer.json())


def test_another_version_is_told_which_one_is_spoken(world):
    answer = world.endpoint.request("GET", "/", headers=web_socket.upgrade_headers(Sec_WebSocket_Version="8"))
    assert answer.status == 426 and answer.header("Sec-WebSocket-Version") == "13"
    assert answer.error_code == 426000


def test_other_requests_are_not_upgraded(world, enrolled):
    """The header means nothing in a request of another method."""
    sender = world.device(enrolled, key=KEY)
    assert sender.register(headers=web_socket.upgrade_headers()).status == 202


def test_frames_may_come_right_behind_the_request(raw, muster):
    user_name = f"{muster.id_scope}/registrations/early/api-version=2021-06-01"
    stream = raw(connect=False, before=frame(BINARY, mqtt_client.connect("early", user_name)))
    assert stream.receive() == (BINARY, b"\x20\x02\0\0")


# --- frames ---------------------------------------------------------------------------------------------------------
def test_packets_and_messages_need_not_match(raw):
    stream = raw()
    stream.send(frame(BINARY, PING_PACKET * 3))
    assert [stream.receive() for _ in range(3)] == [(BINARY, PONG_PACKET)] * 3
    stream.send(frame(BINARY, PING_PACKET[:1]) + frame(BINARY, b"") + frame(BINARY, PING_PACKET[1:] + PING_PACKET))
    assert [stream.receive() for _ in range(2)] == [(BINARY, PONG_PACKET)] * 2
    stream.send(frame(BINARY, PING_PACKET[:1], final=False) + frame(PING, b"between"))
    stream.send(frame(CONTINUATION, PING_PACKET[1:]))
    assert sorted([stream.receive(), stream.receive()]) == [(BINARY, PONG_PACKET), (PONG, b"between")]


def test_octets_may_come_one_by_one(raw):
    stream = raw()
    for octet in frame(BINARY, PING_PACKET) + frame(PING, b"x"):
        stream.send(bytes([octet]))
    assert [stream.receive(), stream.receive()] == [(BINARY, PONG_PACKET), (PONG, b"x")]


@pytest.mark.parametrize(
    "octets, code",
    [
        (frame(TEXT, b"hello"), 1003),
        (frame(BINARY, PING_PACKET, masked=False), 1002),
        (frame(CONTINUATION, b"x"), 1002),
        (frame(BINARY, b"x", final=False) + frame(BINARY, b"y"), 1002),
        (b"\xc2\x80\0\0\0\0", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (frame(PING, bytes(126)), 1002),
        (frame(PING, b"x", final=False), 1002),
        (b"\x82\xff" + struct.pack(">Q", 2**20 + 1) + b"mask", 1009),
        (frame(CLOSE, b"\x03\xe8"), 1000),
        (frame(CLOSE), 1000),
        (frame(BINARY, mqtt_client.packet(0)), 1000),
        (frame(BINARY, mqtt_client.packet(mqtt_client.DISCONNECT)), 1000),
    ],
)
def test_the_connection_closes_with_a_reason(raw, octets, code):
    stream = raw()
    stream.send(octets)
    assert stream.close_code() == code


def test_who_only_pings_is_closed_after_its_keep_alive(raw, muster):
    """Frames of the transport are no sign of life of the device."""
    stream = raw(connect=False)
    user_name = f"{muster.id_scope}/registrations/raw/api-version=2021-06-01"
    stream.send(frame(BINARY, mqtt_client.connect("raw", user_name, keep_alive=1)))
    assert stream.receive()[0] == BINARY
    heard = stream.receive
    with pytest.raises((EOFError, ssl.SSLError, OSError)):
        while True:
            stream.send(frame(PING, b"alive?"))
            if heard()[0] == CLOSE:
                raise EOFError


def test_a_client_that_pings_and_never_reads_costs_nothing(raw, muster, device, enrolled):
    deaf = raw()
    before = muster.memory_kilobytes()
    deaf.connection.settimeout(0.5)
    pings = frame(PING, bytes(125)) * 250
    try:
        for _ in range(400):
            deaf.send(pings)
    except (TimeoutError, ssl.SSLError, OSError):
        pass
    if not muster_process.SANITIZED:  # sanitizers keep what was given back
        assert muster.memory_kilobytes() - before < 20_000
    assert device(enrolled).connect().subscribe().provision()["status"] == "assigned"


def test_a_stop_of_the_service_closes_connections(own_muster):
    service = own_muster().start()
    stream = web_socket.RawStream(
        https.Endpoint(service.address, service.port, service.ready["serviceHost"], service.ca_file)
    )
    user_name = f"{service.id_scope}/registrations/d/api-version=2021-06-01"
    stream.send(frame(BINARY, mqtt_client.connect("d", user_name)))
    assert stream.receive() == (BINARY, b"\x20\x02\0\0")
    stopping = threading.Thread(target=service.stop)
    stopping.start()
    assert stream.close_code() == 1000
    stopping.join()

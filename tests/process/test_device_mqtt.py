"""Devices register over MQTT (device-api.md 6, its checklist in 10)."""
import base64
import json
import ssl
import subprocess
import threading
import time

import paho.mqtt.client as paho
import pytest

import clients
import https
import mqtt_client
import muster_process
import sas
from mqtt_client import CONNACK, PINGREQ, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREL, SUBACK, UNSUBACK

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
MUSTER_TOML = "[timeouts]\nhead = 2\nbody = 2\n"


@pytest.fixture
def endpoint(muster):
    return https.Endpoint(muster.address, muster.ready["mqttPort"], muster.ready["serviceHost"], muster.ca_file)


@pytest.fixture
def wires(endpoint):
    """Opens connections, and closes them when the test is over."""
    opened = []

    def open_wire(certificate=None):
        opened.append(mqtt_client.Wire(endpoint.raw_tls(certificate)))
        return opened[-1]

    yield open_wire
    for wire in opened:
        wire.connection.close()


@pytest.fixture
def enrolled(world, unique):
    """A device with an individual enrollment: its registration id."""
    name = unique("mqtt")
    world.individual(name, clients.symmetric(KEY))
    return name


@pytest.fixture
def device(wires, muster):
    def make(registration_id, key=KEY, certificate=None, **options):
        return mqtt_client.Device(wires(certificate), muster.id_scope, registration_id, key=key, **options)

    return make


# --- registrations --------------------------------------------------------------------------------------------------
def test_a_device_with_a_key_is_assigned(device, enrolled, muster):
    final = device(enrolled).connect().subscribe().provision()
    assert final["status"] == "assigned" and final["operationId"]
    state = final["registrationState"]
    assert state["assignedHub"] == muster.hub and state["deviceId"] == enrolled
    assert state["registrationId"] == enrolled and "symmetricKey" in state


def test_a_device_with_a_derived_key_is_assigned(world, device, unique):
    world.group(unique("fleet"), clients.symmetric(KEY))
    name = unique("member")
    final = device(name, key=sas.derive_device_key(KEY, name)).connect().subscribe().provision()
    assert final["status"] == "assigned"


def test_a_device_with_its_own_certificate_is_assigned(world, device, pki, unique):
    name = unique("solo")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf))
    for password in (None, b""):
        final = device(name, key=None, certificate=leaf.presented()).connect(password=password).subscribe().provision()
        assert final["registrationState"]["x509"] == {}


def test_a_device_with_a_chain_is_assigned(world, device, pki, unique):
    root = pki.root(unique("Root"))
    line = pki.authority(unique("Line"), root)
    world.upload(unique("root"), root)
    name = unique("chained")
    world.individual(name, clients.client_certificates(pki.device(name, line)))
    leaf = pki.device(name, line)
    final = device(name, key=None, certificate=leaf.presented(line)).connect().subscribe().provision()
    assert final["status"] == "assigned"


def test_quality_of_service_is_that_of_the_subscription(device, enrolled):
    """Requests and responses each with QoS 0 and 1 (device-api.md 6.2, 6.5)."""
    for request_qos in (0, 1):
        for response_qos in (0, 1):
            sender = device(enrolled).connect().subscribe(response_qos)
            sender.wire.send(mqtt_client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", b"", request_qos, 7))
            if request_qos:
                assert sender.wire.receive().kind == PUBACK
            assert sender.wire.receive().qos == response_qos


def test_responses_come_without_a_subscription(device, enrolled):
    """device-api.md 6.4."""
    assert device(enrolled).connect().register(qos=0).status == 202


def test_the_response_topic_repeats_what_clients_look_for(device, enrolled):
    """Checklist rows 15 and 16: $rid as it was sent and first, retry-after in lower case and only while assigning; the
    same $rid may come again (6.5)."""
    sender = device(enrolled).connect().subscribe()
    for request_id in ("1", "1", "9c1d-a1b2", "x.y:z"):
        answer = sender.register(request_id=request_id)
        assert answer.topic == f"$dps/registrations/res/202/?$rid={request_id}&retry-after={answer.retry_after}"
        assert answer.retry_after in range(1, 55)
    final = sender.poll(answer.body["operationId"])
    assert final.topic == "$dps/registrations/res/200/?$rid=77aa"


def test_bodies_of_all_clients_are_understood(device, enrolled):
    """Checklist row 23: empty (C#), null payload (Python), a string as payload (Java); polls with any body."""
    sender = device(enrolled).connect().subscribe()
    for body in (b"", b'{"registrationId":"%s","payload":null}' % enrolled.encode(), b'{"payload":"{\\"a\\":1}"}'):
        answer = sender.register(body)
        assert answer.status == 202
        for poll in (b" ", b"", body):
            assert sender.poll(answer.body["operationId"], poll).status == 200


def test_clean_session_and_will_do_not_matter(device, enrolled):
    """No session is kept, so none is ever present (6.2); the will goes nowhere."""
    for options in ({"clean": False}, {"clean": True}, {"will": ("a/b", "gone")}):
        assert device(enrolled).connect(**options).subscribe().register().status == 202


def test_an_operation_is_followed_over_any_transport(world, device, enrolled):
    answer = device(enrolled).connect().subscribe().register()
    final = world.device(enrolled, key=KEY).finish(answer.body["operationId"])
    assert final["status"] == "assigned"


def test_user_names_of_all_clients_are_understood(device, enrolled, muster):
    resource = f"{muster.id_scope}/registrations/{enrolled}"
    for user_name in (
        f"{resource}/api-version=2019-03-31",
        f"{resource}/api-version=2019-03-31&ClientVersion=azure-iot-device-provisioning-py%2F2.14.0",
        f"{resource}/ClientVersion=2019-03-31&api-version=2019-03-31",
        f"{muster.id_scope.lower()}/registrations/{enrolled.upper()}/api-version=2021-06-01&X=y&Z",
    ):
        assert device(enrolled).connect(user_name=user_name).subscribe().register().status == 202


# --- refusals -------------------------------------------------------------------------------------------------------
def test_wrong_credentials_are_refused_where_the_device_can_log_it(world, device, enrolled):
    """CONNECT is accepted, the register request gets 401 with a reason (device-api.md 6.3)."""
    for key in (OTHER_KEY, None):
        answer = device(enrolled, key=key).connect().subscribe().register()
        assert answer.status == 401 and answer.body["errorCode"] == 401002 and answer.retry_after is None
        assert set(answer.body) == {"errorCode", "trackingId", "message", "timestampUtc"}
        kept = world.operator.call("GET", f"/attempts/{answer.body['trackingId']}")
        assert kept.status == 404 or kept.json()["protocol"] == "mqtt"


def test_a_refused_device_may_go_on(device, enrolled):
    sender = device(enrolled, key=OTHER_KEY).connect().subscribe()
    assert sender.register().status == 401
    assert sender.poll("5.1122334455667788.0b1f0d1e-7f0a-4a4e-8f55-1a2b3c4d5e6f").status == 401


def test_unknown_things_are_not_found(device, enrolled, muster):
    answer = device(enrolled).connect(user_name=f"0neNobody/registrations/{enrolled}/api-version=2021-06-01").register()
    assert (answer.status, answer.body["errorCode"]) == (404, 404201)
    answer = device(enrolled).connect().poll("5.1122334455667788.0b1f0d1e-7f0a-4a4e-8f55-1a2b3c4d5e6f")
    assert (answer.status, answer.body["errorCode"]) == (404, 404202)


def test_malformed_requests_are_answered(device, enrolled, muster):
    for options, body in (({}, b"{"), ({}, b'{"registrationId":"other"}'), ({}, b"\xff")):
        answer = device(enrolled).connect(**options).subscribe().register(body)
        assert answer.status == 400 and answer.body["errorCode"] // 1000 == 400, body
    for version in ("", "/api-version=", "/api-version=latest"):
        user_name = f"{muster.id_scope}/registrations/{enrolled}{version}"
        assert device(enrolled).connect(user_name=user_name).register().status == 400, version


def test_who_does_not_name_itself_is_not_let_in(wires, enrolled, muster):
    resource = f"{muster.id_scope}/registrations/{enrolled}"
    for client_id, user_name, code in (
        (enrolled, None, 4),
        (enrolled, "", 4),
        (enrolled, enrolled, 4),
        (enrolled, f"{muster.id_scope}/devices/{enrolled}/api-version=2021-06-01", 4),
        ("other", f"{resource}/api-version=2021-06-01", 2),
        ("", f"{resource}/api-version=2021-06-01", 2),
    ):
        wire = wires()
        answer = wire.ask(mqtt_client.connect(client_id, user_name))
        assert (answer.kind, answer.body) == (CONNACK, bytes([0, code])), user_name
        assert wire.is_closed()


def test_other_versions_are_told_so(wires, enrolled):
    for level, name in ((5, "MQTT"), (3, "MQIsdp"), (99, "MQTT")):
        wire = wires()
        answer = wire.ask(mqtt_client.connect(enrolled, level=level, name=name))
        assert (answer.kind, answer.body) == (CONNACK, b"\0\1"), (level, name)
        assert wire.is_closed()


def test_only_responses_can_be_subscribed_to(device, enrolled):
    wire = device(enrolled).connect().wire
    asked = [("$dps/registrations/res/#", 2), ("#", 1), ("$dps/#", 0), ("a", 0), ("$dps/registrations/res/+", 1)]
    answer = wire.ask(mqtt_client.subscribe(9, *asked))
    assert (answer.kind, answer.body) == (SUBACK, b"\0\x09\x01\x80\x80\x80\x80")
    answer = wire.ask(mqtt_client.unsubscribe(10, "a", "$dps/registrations/res/#"))
    assert (answer.kind, answer.packet_id) == (UNSUBACK, 10)


def test_what_has_no_answer_ends_the_connection(device, enrolled):
    for octets in (
        mqtt_client.publish("devices/d/messages/events/", b"x"),
        mqtt_client.publish("$dps/registrations/PUT/iotdps-register/", b"x"),
        mqtt_client.publish("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1", b"x"),
        mqtt_client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", b"", 2, 5),
        mqtt_client.publish("$dps/registrations/res/200/?$rid=1", b"{}"),
        mqtt_client.connect(enrolled),
        mqtt_client.packet(CONNACK, b"\0\0"),
        mqtt_client.packet(PINGRESP),
        mqtt_client.packet(0),
        mqtt_client.packet(15),
        mqtt_client.packet(PUBLISH, b"\0\x05a"),
        mqtt_client.packet(PINGREQ, flags=1),
        b"\x30\xff\xff\xff\xff\x01",
        b"\x30\xff\xff\xff\x7f",
        mqtt_client.packet(14),
    ):
        wire = device(enrolled).connect().wire
        wire.send(octets)
        assert wire.is_closed(), octets


def test_acknowledgements_of_nothing_are_passed_over(device, enrolled):
    sender = device(enrolled).connect().subscribe()
    sender.wire.send(mqtt_client.ack(PUBACK, 999))
    assert sender.wire.ask(mqtt_client.ack(PUBREL, 4)).kind == PUBCOMP
    assert sender.wire.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP
    assert sender.register().status == 202


# --- peers that misbehave -------------------------------------------------------------------------------------------
def test_the_first_packet_is_a_connect_or_nothing(wires):
    for octets in (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"AMQP\x03\x01\0\0",
        mqtt_client.packet(PINGREQ),
        mqtt_client.publish("a", b"x"),
        mqtt_client.packet(mqtt_client.CONNECT, b"\0\4MQTX\4\2\0\0\0\0"),
        b"\x10\xff\xff\xff\x7f",
        b"\x10\x90\x80\x01" + bytes(100),
    ):
        wire = wires()
        wire.send(octets)
        assert wire.is_closed(), octets


def test_octets_may_come_one_by_one(device, enrolled):
    sender = device(enrolled)
    for octet in mqtt_client.connect(enrolled, sender.user_name, sender.password):
        sender.wire.send(bytes([octet]))
    assert sender.wire.receive().kind == CONNACK
    for octet in mqtt_client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", b"{}", 1, 3):
        sender.wire.send(bytes([octet]))
    assert sender.wire.receive().kind == PUBACK and sender.wire.receive().kind == PUBLISH


def test_packets_may_come_all_at_once(device, enrolled):
    """A client that does not wait is answered in its order."""
    sender = device(enrolled)
    register = mqtt_client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", b"{}", 1, 3)
    sender.wire.send(
        mqtt_client.connect(enrolled, sender.user_name, sender.password)
        + mqtt_client.subscribe(1, (mqtt_client.RESPONSES, 1))
        + register
        + mqtt_client.packet(PINGREQ)
        + register
        + mqtt_client.packet(PINGREQ)
    )
    kinds = [sender.wire.receive().kind for _ in range(8)]
    assert kinds == [CONNACK, SUBACK, PUBACK, PUBLISH, PINGRESP, PUBACK, PUBLISH, PINGRESP]


def test_slow_packets_end_the_connection(device, enrolled, wires):
    """Half a packet has to become a whole one in time, trickling does not help (head and body seconds above)."""
    half = device(enrolled).connect().wire
    silent = wires()
    octets = mqtt_client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", bytes(1000))
    started = time.monotonic()
    try:
        for octet in octets:
            half.send(bytes([octet]))
            time.sleep(0.05)
        pytest.fail("the packet was waited for")
    except OSError:
        pass
    assert half.is_closed() and silent.is_closed()
    assert time.monotonic() - started < 20


def test_a_silent_client_is_closed_after_its_keep_alive(device, enrolled):
    """One and a half times the keep alive (MQTT 3.1.1 section 3.1.2.10)."""
    wire = device(enrolled).connect(keep_alive=1).wire
    started = time.monotonic()
    assert wire.is_closed()
    assert 1.0 < time.monotonic() - started < 10
    patient = device(enrolled).connect(keep_alive=0).wire
    time.sleep(2.5)
    assert patient.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP


def test_a_client_that_never_reads_stops_being_read(device, enrolled, muster):
    """Its requests wait in its own buffers; the service grows no more than a little, and serves others meanwhile."""
    deaf = device(enrolled).connect().wire
    before = muster.memory_kilobytes()
    deaf.connection.settimeout(0.5)
    pings = mqtt_client.packet(PINGREQ) * 32_768
    with pytest.raises((TimeoutError, ssl.SSLError, OSError)):
        for _ in range(2000):
            deaf.send(pings)
    if not muster_process.SANITIZED:  # sanitizers keep what was given back
        assert muster.memory_kilobytes() - before < 20_000
    assert device(enrolled).connect().subscribe().provision()["status"] == "assigned"


def test_a_stop_of_the_service_closes_connections(own_muster):
    service = own_muster().start()
    endpoint = https.Endpoint(service.address, service.ready["mqttPort"], service.ready["serviceHost"], service.ca_file)
    wire = mqtt_client.Wire(endpoint.raw_tls())
    mqtt_client.Device(wire, service.id_scope, "d", key=KEY).connect()
    service.stop()
    assert wire.is_closed()


def test_mqtt_can_be_switched_off(own_muster):
    service = own_muster(extra_arguments=["--mqtt-listen", "off"]).start()
    assert "mqttPort" not in service.ready
    service.stop()


# --- other clients --------------------------------------------------------------------------------------------------
def test_paho_registers(muster, endpoint, enrolled):
    """Debian's Python client, with a kept session, as Azure's Python SDK uses it."""
    replies = []
    answered = threading.Event()
    client = paho.Client(client_id=enrolled, clean_session=False)
    client.tls_set_context(endpoint.context())
    resource = f"{muster.id_scope}/registrations/{enrolled}"
    client.username_pw_set(f"{resource}/api-version=2019-03-31", sas.token(resource, KEY))

    def on_message(_client, _user, message):
        replies.append((message.topic, json.loads(message.payload)))
        answered.set()

    subscribed = threading.Event()
    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", endpoint.port, keepalive=60)
    client.loop_start()
    try:
        client.subscribe(mqtt_client.RESPONSES, qos=1)
        assert subscribed.wait(30)
        client.publish("$dps/registrations/PUT/iotdps-register/?$rid=a1", "{}", qos=1)
        assert answered.wait(30)
        topic, body = replies[-1]
        assert topic.startswith("$dps/registrations/res/202/?$rid=a1&retry-after=")
        answered.clear()
        operation = body["operationId"]
        client.publish(f"$dps/registrations/GET/iotdps-get-operationstatus/?$rid=a2&operationId={operation}", " ", qos=1)
        assert answered.wait(30)
        assert replies[-1][1]["status"] == "assigned"
    finally:
        client.disconnect()
        client.loop_stop()


def test_mosquitto_registers(world, muster, endpoint, enrolled):
    """Debian's command line clients: a shell script can start a registration, and listen."""
    resource = f"{muster.id_scope}/registrations/{enrolled}"
    common = [
        *("-h", "127.0.0.1", "-p", str(endpoint.port), "--cafile", endpoint.ca_file, "-i", enrolled, "-q", "1"),
        *("-u", f"{resource}/api-version=2019-03-31", "-P", sas.token(resource, KEY)),
    ]

    def run(*command):
        done = subprocess.run([*command, *common], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    run("mosquitto_sub", "-t", mqtt_client.RESPONSES, "-E")  # ends when the subscription is acknowledged
    run("mosquitto_pub", "-t", "$dps/registrations/PUT/iotdps-register/?$rid=7", "-m", "{}")
    state = world.operator.get("registrations", enrolled).json()
    assert state["status"] == "assigned" and state["assignedHub"] == muster.hub

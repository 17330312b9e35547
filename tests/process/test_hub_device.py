"""Devices at their hub, packet by packet (hub-api.md 2, 3): who gets in, what ends a connection, what is kept."""
import base64
import hashlib
import json
import threading

import pytest

import checks
import hubs
import https
import mqtt_client
import sas
from mqtt_client import PUBACK, PUBLISH

NOT_AUTHORIZED = 5
TRY_AGAIN = 3
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()


@pytest.fixture
def owner(muster):
    return hubs.Owner(muster)


@pytest.fixture
def wires(muster, owner):
    """Opens connections, and closes them when the test is over."""
    endpoint = https.Endpoint(muster.address, muster.ready["mqttPort"], owner.hub, muster.ca_file)
    opened = []

    def open_wire(certificate=None):
        opened.append(mqtt_client.Wire(endpoint.raw_tls(certificate and certificate.presented())))
        return opened[-1]

    yield open_wire
    for wire in opened:
        wire.connection.close()


@pytest.fixture
def device(owner, wires, unique):
    """A device with a key that has connected."""
    made = hubs.Device(wires(), owner.hub, unique("device"))
    owner.create(made.device_id)
    assert made.connect() == (0, 0)
    return made


def state(owner, device_id):
    return owner.call("GET", f"/devices/{device_id}").json()["connectionState"]


def test_tokens_of_devices_and_policies_let_in(owner, wires, unique):
    device_id = unique("device")
    owner.create(device_id)
    for password in (
        sas.token(f"{owner.hub}/devices/{device_id}", hubs.KEY, key_name=None),
        sas.token(f"{owner.hub}/devices/{device_id}", hubs.KEY, key_name=None, encode=sas.lower),
        sas.token(f"{owner.hub}/devices/{device_id}", hubs.KEY, key_name=None, lifetime=-200),
        owner.token(),
        owner.token(resource=f"{owner.hub}/devices"),
        owner.token(resource=f"{owner.hub}/devices/{device_id}"),
    ):
        device = hubs.Device(wires(), owner.hub, device_id)
        assert device.connect(password=password) == (0, 0)
        device.wire.connection.close()
        checks.eventually(lambda: state(owner, device_id) == "Disconnected", "the device is away")


def test_every_refusal_is_code_5(owner, wires, unique, pki):
    device_id, disabled = unique("device"), unique("device")
    owner.create(device_id)
    owner.create(disabled, status="disabled")
    good = hubs.Device(None, owner.hub, device_id)
    leaf = pki.self_signed_device(device_id)

    def refused(certificate=None, **options):
        device = hubs.Device(wires(certificate), owner.hub, device_id)
        assert device.connect(**options) == (0, NOT_AUTHORIZED), options
        assert device.wire.is_closed()

    refused(password=sas.token(f"{owner.hub}/devices/{device_id}", OTHER_KEY, key_name=None))
    refused(password=sas.token(f"{owner.hub}/devices/another", hubs.KEY, key_name=None))
    refused(password=sas.token(owner.hub, hubs.KEY, key_name=None))
    refused(password=sas.token(f"{owner.hub}/devices/{device_id}", hubs.KEY, key_name=None, lifetime=-301))
    refused(password=sas.token(f"{owner.hub}/devices/{device_id}", hubs.KEY, key_name="nobody"))
    refused(password="nonsense")
    refused(password=None)
    refused(certificate=leaf, password=None)
    refused(client_id="another")
    refused(user_name=f"other.hub.test/{device_id}/?api-version=2021-04-12")
    refused(user_name=good.user_name.replace(device_id, disabled), client_id=disabled)
    refused(user_name=good.user_name.replace(device_id, "nobody"), client_id="nobody")
    refused(user_name=f"{owner.hub}/{device_id}/module/?api-version=2021-04-12")


def test_thumbprints_of_both_kinds_let_in(owner, wires, unique, pki):
    for digest in ("sha1", "sha256"):
        device_id = unique("device")
        leaf = pki.self_signed_device(device_id)
        thumbprint = hashlib.new(digest, leaf.der).hexdigest()
        kinds = {"type": "selfSigned", "x509Thumbprint": {"primaryThumbprint": thumbprint}}
        owner.create(device_id, authentication=kinds)
        device = hubs.Device(wires(leaf), owner.hub, device_id, key=None)
        assert device.connect() == (0, 0)
        token = hubs.Device(wires(leaf), owner.hub, device_id)
        assert token.connect() == (0, NOT_AUTHORIZED), "a password counts, and is no proof for this device"


def test_a_certificate_of_a_known_ca_lets_in(owner, wires, world, unique, pki):
    root = pki.root(unique("Root"))
    world.upload(unique("root"), root)
    device_id = unique("device")
    owner.create(device_id, authentication={"type": "certificateAuthority"})
    good = pki.device(device_id, root)
    assert hubs.Device(wires(good), owner.hub, device_id, key=None).connect() == (0, 0)
    for wrong in (pki.device(unique("another"), root), pki.self_signed_device(device_id)):
        assert hubs.Device(wires(wrong), owner.hub, device_id, key=None).connect() == (0, NOT_AUTHORIZED)


def test_telemetry_is_acknowledged_when_it_is_kept(device, owner):
    topic = hubs.EVENTS.format(device.device_id)
    octets = bytes(range(256))
    answer = device.wire.ask(mqtt_client.publish(topic + "k=v", octets, qos=1, packet_id=7))
    assert (answer.kind, answer.packet_id) == (PUBACK, 7)
    event = owner.events("&max=1000")[-1]
    assert base64.b64decode(event["body"]["base64"]) == octets
    assert event["properties"] == {"k": "v"}
    assert event["systemProperties"]["iothub-connection-device-id"] == device.device_id


def test_messages_that_come_together_are_acknowledged_in_their_order(device, owner):
    """MQTT 3.1.1 section 4.6. The last one is refused, which costs none of those before it."""
    topic = hubs.EVENTS.format(device.device_id)
    count = 300
    octets = b"".join(mqtt_client.publish(topic, b"%d" % number, 1, number) for number in range(1, count + 1))
    device.wire.send(octets + mqtt_client.publish("devices/another/messages/events/", b"x", 1, count + 1))
    for number in range(1, count + 1):
        answer = device.wire.receive()
        assert (answer.kind, answer.packet_id) == (PUBACK, number)
    assert device.wire.is_closed()
    assert owner.messages(device.device_id) == list(range(1, count + 1))


@pytest.mark.parametrize(
    "octets",
    [
        mqtt_client.publish("devices/another/messages/events/", b"x", qos=1, packet_id=1),
        mqtt_client.publish("other", b"x", qos=1, packet_id=1),
        mqtt_client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", b"{}", qos=1, packet_id=1),
        mqtt_client.publish("$iothub/methods/res/x/?$rid=1"),
        mqtt_client.publish("devices/{}/messages/events/", b"x", qos=2, packet_id=1),
    ],
)
def test_what_has_no_place_ends_the_connection(device, octets):
    device.wire.send(octets.replace(b"{}", device.device_id.encode()) if octets[0] >> 1 & 3 == 2 else octets)
    assert device.wire.is_closed()


def test_only_a_devices_own_filters_are_granted(device):
    own = f"devices/{device.device_id}/messages/devicebound/#"
    assert device.subscribe(hubs.METHODS, own, qos=1) == [1, 1]
    assert device.subscribe(hubs.TWIN_ANSWERS, "#", "devices/another/messages/devicebound/#") == [0, 0x80, 0x80]


def test_a_twin_is_read_and_reported(device, owner):
    path = f"/twins/{device.device_id}"
    owner.call("PATCH", path, {"tags": {"secret": 1}, "properties": {"desired": {"interval": 30}}})
    answer = device.ask("$iothub/twin/GET/?$rid=7")
    assert answer.topic == "$iothub/twin/res/200/?$rid=7"
    twin = json.loads(answer.payload)
    assert twin == {"desired": {"interval": 30, "$version": 2}, "reported": {"$version": 1}}
    answer = device.ask("$iothub/twin/PATCH/properties/reported/?$rid=8", b'{"a":{"b":1},"$version":1}')
    assert (answer.topic, answer.payload) == ("$iothub/twin/res/204/?$rid=8&$version=2", b"")
    assert owner.call("GET", path).json()["properties"]["reported"]["a"] == {"b": 1}
    for wrong in (b"", b"[]", b'{"a.b":1}', json.dumps({"x": "y" * 5000}).encode()):
        answer = device.ask("$iothub/twin/PATCH/properties/reported/?$rid=9", wrong)
        assert answer.topic == "$iothub/twin/res/400/?$rid=9"
        assert json.loads(answer.payload)["errorCode"]


def test_a_device_that_comes_back_need_not_subscribe_again(owner, wires, unique):
    device_id = unique("device")
    owner.create(device_id)
    first = hubs.Device(wires(), owner.hub, device_id)
    assert first.connect(clean=False) == (0, 0)
    first.subscribe(hubs.DESIRED)
    first.wire.send(mqtt_client.packet(mqtt_client.DISCONNECT))
    checks.eventually(lambda: state(owner, device_id) == "Disconnected", "the device is away")
    second = hubs.Device(wires(), owner.hub, device_id)
    assert second.connect(clean=False) == (1, 0)
    owner.call("PATCH", f"/twins/{device_id}", {"properties": {"desired": {"a": 1}}})
    push = second.wire.receive()
    assert push.topic == "$iothub/twin/PATCH/properties/desired/?$version=2"
    assert json.loads(push.payload) == {"a": 1, "$version": 2}
    second.wire.connection.close()
    checks.eventually(lambda: state(owner, device_id) == "Disconnected", "the device is away")
    third = hubs.Device(wires(), owner.hub, device_id)
    assert third.connect(clean=True) == (0, 0)


def test_the_second_connection_takes_over_once_and_then_has_to_wait(owner, wires, unique):
    device_id = unique("device")
    owner.create(device_id)
    first, second, third = (hubs.Device(wires(), owner.hub, device_id) for _ in range(3))
    assert first.connect() == (0, 0)
    assert second.connect() == (0, 0)
    assert first.wire.is_closed()
    assert third.connect() == (0, TRY_AGAIN)
    assert second.ask("$iothub/twin/GET/?$rid=1").topic == "$iothub/twin/res/200/?$rid=1", "it stays"


def invoke(owner, device_id, **call):
    """A method call under way; join() gives its answer."""
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(owner.call("POST", f"/twins/{device_id}/methods", {"methodName": "m", **call}))
    )
    thread.start()

    def join():
        thread.join(60)
        return answers[0]

    return join


def test_a_method_waits_for_a_device_that_comes(owner, wires, unique):
    device_id = unique("device")
    owner.create(device_id)
    join = invoke(owner, device_id, payload=None, connectTimeoutInSeconds=60)
    device = hubs.Device(wires(), owner.hub, device_id)
    assert device.connect() == (0, 0)
    device.wire.send(mqtt_client.subscribe(1, (hubs.METHODS, 0)))
    received = [device.wire.receive(), device.wire.receive()]
    (call,) = [each for each in received if each.kind == PUBLISH]
    assert call.payload == b"null", "an empty payload is an error to some clients"
    request_id = call.topic.removeprefix("$iothub/methods/POST/m/?$rid=")
    answer = device.wire.ask(mqtt_client.publish(f"$iothub/methods/res/207/?$rid={request_id}", b"[1]", 1, 9))
    assert answer.kind == PUBACK
    assert join().json() == {"status": 207, "payload": [1]}


def test_a_method_waits_for_a_kept_session(owner, wires, unique):
    """Clients that subscribed before they went do not subscribe again (hub-api.md 2.4)."""
    device_id = unique("device")
    owner.create(device_id)
    device = hubs.Device(wires(), owner.hub, device_id)
    assert device.connect(clean=False) == (0, 0)
    device.subscribe(hubs.METHODS)
    device.wire.connection.close()
    checks.eventually(lambda: state(owner, device_id) == "Disconnected", "the device is away")
    join = invoke(owner, device_id, connectTimeoutInSeconds=20)
    again = hubs.Device(wires(), owner.hub, device_id)
    assert again.connect(clean=False) == (1, 0)
    call = again.wire.receive()
    again.wire.send(mqtt_client.publish("$iothub/methods/res/200/" + call.topic[call.topic.index("?") :], b"1"))
    assert join().json() == {"status": 200, "payload": 1}


def test_answers_for_another_device_late_and_twice_are_nobodys(owner, wires, device, unique):
    device.subscribe(hubs.METHODS)
    other = hubs.Device(wires(), owner.hub, unique("device"))
    owner.create(other.device_id)
    assert other.connect() == (0, 0)
    join = invoke(owner, device.device_id, payload={}, responseTimeoutInSeconds=60)
    call = device.wire.receive()
    topic = "$iothub/methods/res/200/" + call.topic[call.topic.index("?") :]
    assert other.wire.ask(mqtt_client.publish(topic, b'"forged"', 1, 1)).kind == PUBACK
    device.wire.ask(mqtt_client.publish(topic, b'"true"', 1, 1))
    assert join().json() == {"status": 200, "payload": "true"}
    assert device.wire.ask(mqtt_client.publish(topic, b'"again"', 1, 2)).kind == PUBACK


@pytest.mark.parametrize("how", ["disable", "delete", "new key"])
def test_who_is_shut_out_loses_the_connection(device, owner, how):
    path = f"/devices/{device.device_id}"
    if how == "delete":
        assert owner.call("DELETE", path).status == 204
    else:
        keys = {"symmetricKey": {"primaryKey": OTHER_KEY, "secondaryKey": OTHER_KEY}}
        change = {"status": "disabled"} if how == "disable" else {"authentication": keys}
        answer = owner.call("PUT", path, hubs.sas_identity(device.device_id) | change, if_match="*")
        assert answer.status == 200, answer
    assert device.wire.is_closed()


def test_acknowledged_telemetry_outlives_a_crash(muster, owner, wires, unique):
    device_id = unique("device")
    owner.create(device_id)
    device = hubs.Device(wires(), owner.hub, device_id)
    assert device.connect() == (0, 0)
    sent = 40
    for number in range(sent):
        octets = mqtt_client.publish(hubs.EVENTS.format(device_id), str(number).encode(), 1, number + 1)
        assert device.wire.ask(octets).kind == PUBACK
    muster.kill()
    muster.start()
    assert hubs.Owner(muster).messages(device_id) == list(range(sent))

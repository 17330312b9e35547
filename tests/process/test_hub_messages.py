"""Messages to devices: they wait, come in order, come again until they are acknowledged, and end (hub-api.md 1.4, 3)."""
import datetime
import json
import os
import random
import threading
import time
import urllib.parse

import paho.mqtt.client as paho
import pytest

import checks
import clients
import hubs
import https
import mqtt_client
import test_cli_hub
from cli_program import Cli
from mqtt_client import PUBACK, PUBLISH
from muster_process import SANITIZED

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "5"))
MESSAGES = "devices/{}/messages/devicebound/#"


def connect_device(muster, owner, device_id, clean=True, subscribed=True, present=0, qos=1):
    endpoint = https.Endpoint(muster.address, muster.ready["mqttPort"], owner.hub, muster.ca_file)
    device = hubs.Device(mqtt_client.Wire(endpoint.raw_tls()), owner.hub, device_id)
    assert device.connect(clean=clean) == (present, 0)
    if subscribed:
        assert device.subscribe(MESSAGES.format(device_id), qos=qos) == [qos]
    return device


def send(owner, device_id, body=b"", **headers):
    """`iothub_app_k` is the header iothub-app-k. The answer."""
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return owner.call("POST", f"/devices/{clients.encode(device_id)}/messages/devicebound", body, headers=given)


def must_send(owner, device_id, body=b"", **headers):
    answer = send(owner, device_id, body, **headers)
    assert (answer.status, answer.body) == (204, b""), answer
    return answer.header("iothub-messageid")


def bag(packet):
    """Names and values of a topic; None for a name alone."""
    pairs = [part.partition("=") for part in packet.topic.rpartition("/")[2].split("&")]
    return {urllib.parse.unquote(name): urllib.parse.unquote(value) if sign else None for name, sign, value in pairs}


def receive(device):
    packet = device.wire.receive()
    assert packet.kind == PUBLISH and packet.topic.startswith(f"devices/{device.device_id}/messages/devicebound/")
    return packet


def acknowledge(device, packet):
    device.wire.send(mqtt_client.ack(PUBACK, packet.packet_id))


def waiting(owner, device_id):
    return owner.call("GET", f"/devices/{device_id}").json()["cloudToDeviceMessageCount"]


def feedback(owner, device_id):
    """(status, message id) of all that was told about messages to a device."""
    records = []
    for event in owner.events("&max=1000"):
        system = event["systemProperties"]
        if system["iothub-message-source"] == "deviceMessageFeedback":
            assert system["iothub-connection-device-id"] == event["body"][0]["deviceId"]
            records += [each for each in event["body"] if each["deviceId"] == device_id]
    return [(each["statusCode"], each["originalMessageId"]) for each in records]


def soon(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def owner(muster):
    return hubs.Owner(muster)


@pytest.fixture
def device_id(owner, unique):
    name = unique("pump")
    owner.create(name)
    return name


# --- delivery -------------------------------------------------------------------------------------------------------
def test_a_message_comes_with_all_that_it_was_given(muster, owner, device_id):
    device = connect_device(muster, owner, device_id)
    octets = bytes(range(256))
    expiry = soon(60)
    must_send(
        owner, device_id, octets, iothub_messageid="m 1", iothub_correlationid="c/1", iothub_userid="u",
        iothub_expiry=expiry, iothub_app_level="a/b&c=d+e", iothub_app_empty="", content_type="application/x-octets",
        content_encoding="none", iothub_ack="none",
    )
    packet = receive(device)
    assert (packet.qos, packet.flags & 9, packet.payload) == (1, 0, octets), "neither retained nor a duplicate"
    assert "%24.mid=m%201" in packet.topic, "names are encoded: devices look for them so (hub-api.md 3.2)"
    got = bag(packet)
    assert got.pop("$.exp").rstrip("0Z") == expiry.rstrip("0Z")
    assert got == {
        "$.mid": "m 1", "$.cid": "c/1", "$.uid": "u", "$.to": f"/devices/{device_id}/messages/deviceBound",
        "$.ct": "application/x-octets", "$.ce": "none", "level": "a/b&c=d+e", "empty": "",
    }
    assert waiting(owner, device_id) == 1
    acknowledge(device, packet)
    checks.eventually(lambda: waiting(owner, device_id) == 0, "the message has ended")


def test_messages_wait_for_a_device_that_is_away_and_come_in_order(muster, owner, device_id):
    ids = [must_send(owner, device_id, b"%d" % number) for number in range(20)]
    assert len(set(ids)) == 20
    assert waiting(owner, device_id) == 20
    assert owner.call("GET", f"/twins/{device_id}").json()["cloudToDeviceMessageCount"] == 20
    device = connect_device(muster, owner, device_id)
    for number in range(20):
        packet = receive(device)
        assert (packet.payload, bag(packet)["$.mid"]) == (b"%d" % number, ids[number])
        acknowledge(device, packet)
    checks.eventually(lambda: waiting(owner, device_id) == 0, "all have ended")


def test_what_was_not_acknowledged_comes_again(muster, owner, device_id):
    for body in (b"a", b"b"):
        must_send(owner, device_id, body)
    device = connect_device(muster, owner, device_id)
    first, second = receive(device), receive(device)
    assert (first.payload, second.payload) == (b"a", b"b")
    acknowledge(device, second)
    checks.eventually(lambda: waiting(owner, device_id) == 1, "the second has ended")
    device.wire.connection.close()
    device = connect_device(muster, owner, device_id)
    again = receive(device)
    assert (again.payload, again.flags & 8, again.packet_id) == (b"a", 8, first.packet_id)
    acknowledge(device, again)
    checks.eventually(lambda: waiting(owner, device_id) == 0, "the first has ended")


def test_a_kept_session_needs_no_subscription(muster, owner, device_id):
    device = connect_device(muster, owner, device_id, clean=False)
    must_send(owner, device_id, b"a")
    first = receive(device)
    device.wire.connection.close()
    checks.eventually(
        lambda: owner.call("GET", f"/devices/{device_id}").json()["connectionState"] == "Disconnected", "it is away"
    )
    must_send(owner, device_id, b"b")
    device = connect_device(muster, owner, device_id, clean=False, subscribed=False, present=1)
    packets = [receive(device), receive(device)]
    assert [packet.payload for packet in packets] == [b"a", b"b"]
    # MQTT 3.1.1 section 4.4: with the packet id that it had.
    assert (packets[0].packet_id, packets[0].flags & 8) == (first.packet_id, 8)
    assert packets[1].flags & 8 == 0
    # Without the session nothing comes until the device subscribes.
    device.wire.connection.close()
    device = connect_device(muster, owner, device_id, clean=True, subscribed=False)
    answer = device.wire.ask(mqtt_client.packet(mqtt_client.PINGREQ))
    assert answer.kind == mqtt_client.PINGRESP
    assert device.subscribe(MESSAGES.format(device_id), qos=1) == [1]
    assert receive(device).payload == b"a"


def test_a_device_that_asks_for_qos_0_gets_it(muster, owner, device_id):
    device = connect_device(muster, owner, device_id, qos=0)
    message_id = must_send(owner, device_id, b"a", iothub_ack="full")
    assert receive(device).qos == 0
    checks.eventually(lambda: feedback(owner, device_id) == [("Success", message_id)], "nobody acknowledges it")


def test_a_message_is_given_up_after_ten_deliveries(muster, owner, device_id):
    poison = must_send(owner, device_id, b"poison", iothub_ack="negative")
    for _ in range(10):
        device = connect_device(muster, owner, device_id)
        assert receive(device).payload == b"poison"
        device.wire.connection.close()
        checks.eventually(
            lambda: owner.call("GET", f"/devices/{device_id}").json()["connectionState"] == "Disconnected", "it is away"
        )
    must_send(owner, device_id, b"next")
    assert receive(connect_device(muster, owner, device_id)).payload == b"next"
    assert feedback(owner, device_id) == [("DeliveryCountExceeded", poison)]


# --- ends -----------------------------------------------------------------------------------------------------------
def test_feedback_tells_those_who_ask(muster, owner, device_id):
    device = connect_device(muster, owner, device_id)
    full = must_send(owner, device_id, iothub_ack="full")
    positive = must_send(owner, device_id, iothub_ack="positive")
    must_send(owner, device_id, iothub_ack="negative")
    must_send(owner, device_id)
    for _ in range(4):
        acknowledge(device, receive(device))
    checks.eventually(lambda: waiting(owner, device_id) == 0, "all have ended")
    assert feedback(owner, device_id) == [("Success", full), ("Success", positive)]


def test_an_expired_message_does_not_come(muster, owner, device_id):
    late = must_send(owner, device_id, b"late", iothub_expiry=soon(1), iothub_ack="full")
    must_send(owner, device_id, b"in time")
    time.sleep(1.1)  # its life, not a wait for something
    assert receive(connect_device(muster, owner, device_id)).payload == b"in time"
    assert feedback(owner, device_id) == [("Expired", late)]


def test_fifty_messages_can_wait(owner, device_id):
    for _ in range(50):
        must_send(owner, device_id)
    refused = send(owner, device_id)
    assert refused.status == 403 and refused.header("iothub-errorcode") == "DeviceMaximumQueueDepthExceeded"
    purged = owner.call("DELETE", f"/devices/{device_id}/commands")
    assert (purged.status, purged.json()) == (200, {"totalMessagesPurged": 50, "deviceId": device_id})
    assert waiting(owner, device_id) == 0
    must_send(owner, device_id)


def test_messages_go_with_their_device(muster, owner, device_id):
    must_send(owner, device_id, b"old")
    assert owner.call("DELETE", f"/devices/{device_id}").status == 204
    owner.create(device_id)
    assert waiting(owner, device_id) == 0
    device = connect_device(muster, owner, device_id)
    must_send(owner, device_id, b"new")
    assert receive(device).payload == b"new"


@pytest.mark.parametrize("change", ["status", "twin"])
def test_messages_stay_with_their_device(owner, device_id, change):
    must_send(owner, device_id)
    if change == "status":
        device = owner.call("GET", f"/devices/{device_id}").json() | {"status": "disabled"}
        answer = owner.call("PUT", f"/devices/{device_id}", device, if_match="*")
    else:
        answer = owner.call("PATCH", f"/twins/{device_id}", {"tags": {"a": 1}}, if_match="*")
    assert (answer.status, answer.json()["cloudToDeviceMessageCount"]) == (200, 1)


def test_wrong_messages_are_refused(owner, device_id, unique):
    assert send(owner, device_id, b"x" * 65536).status == 204
    for status, name, answer in (
        (413, "MessageTooLarge", send(owner, device_id, b"x" * 65537)),
        (413, "MessageTooLarge", send(owner, device_id, iothub_app_k="x" * 8192)),
        (400, "ArgumentInvalid", send(owner, device_id, iothub_expiry="tomorrow")),
        (400, "ArgumentInvalid", send(owner, device_id, iothub_expiry=soon(-1))),
        (400, "ArgumentInvalid", send(owner, device_id, iothub_expiry=soon(172900))),
        (400, "ArgumentInvalid", send(owner, device_id, iothub_ack="maybe")),
        (400, "ArgumentInvalid", send(owner, device_id, **{"iothub-app-$.mid": "m"})),
        (404, "DeviceNotFound", send(owner, unique("nobody"))),
        (404, "DeviceNotFound", owner.call("DELETE", f"/devices/{unique('nobody')}/commands")),
    ):
        assert (answer.status, answer.header("iothub-errorcode")) == (status, name), answer
    assert waiting(owner, device_id) == 1


# --- faults ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [os.urandom(4).hex()])
def test_no_message_is_lost_by_kill(own_muster, seed):
    """Senders and a device while the service is killed, again and again: each message that was taken comes, in its
    order; what comes after its acknowledgement is a duplicate, as `at least once` says."""
    moments = random.Random(seed)
    service = own_muster().start()
    hubs.Owner(service).create("pump")
    taken, came, numbers = [], [], iter(range(1_000_000))

    def send_until_cut(owner):
        try:
            while True:
                number = next(numbers)
                answer = send(owner, "pump", b"%d" % number)
                if answer.status == 204:
                    taken.append(number)
                else:
                    assert answer.status == 403, answer
        except OSError:
            pass

    def receive_until_cut(owner):
        try:
            device = connect_device(service, owner, "pump")
            while True:
                packet = receive(device)
                came.append(int(packet.payload))
                acknowledge(device, packet)
        except (mqtt_client.Closed, OSError):
            pass

    for _ in range(ROUNDS):
        owner = hubs.Owner(service)
        before = len(came)
        threads = [threading.Thread(target=work, args=(owner,)) for work in (send_until_cut, receive_until_cut)]
        for thread in threads:
            thread.start()
        # The moment of the cut, not a wait for something.
        time.sleep(moments.uniform(0.5, 1.5) * (3 if SANITIZED else 1))
        service.kill()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert len(came) > before, "no load: proves nothing"
        service.start()
    owner = hubs.Owner(service)
    last = must_send(owner, "pump", b"1000000")
    device = connect_device(service, owner, "pump")
    packet = receive(device)
    while bag(packet)["$.mid"] != last:
        came.append(int(packet.payload))
        acknowledge(device, packet)
        packet = receive(device)
    assert set(taken) <= set(came), "none is lost"
    first_times = list(dict.fromkeys(came))
    assert first_times == sorted(first_times), "none overtakes another"
    device.wire.connection.close()
    service.stop()


# --- other clients --------------------------------------------------------------------------------------------------
def test_paho_takes_messages(muster, owner, device_id):
    login = hubs.Device(None, owner.hub, device_id)
    client = paho.Client(client_id=device_id, clean_session=False)
    client.tls_set_context(https.Endpoint(muster.address, muster.port, owner.hub, muster.ca_file).context())
    client.username_pw_set(login.user_name, login.password)
    came, done = [], threading.Event()

    def on_message(_client, _user, message):
        came.append((message.qos, message.payload))
        if len(came) == 2:
            done.set()

    client.on_message = on_message
    client.on_connect = lambda *_: client.subscribe(MESSAGES.format(device_id), qos=1)
    must_send(owner, device_id, b"before")
    client.connect(muster.address, muster.ready["mqttPort"])
    client.loop_start()
    must_send(owner, device_id, b"after")
    assert done.wait(checks.WAIT_SECONDS)
    checks.eventually(lambda: waiting(owner, device_id) == 0, "both are acknowledged")
    client.disconnect()
    client.loop_stop()
    assert came == [(1, b"before"), (1, b"after")]


def test_the_command_line_sends_and_a_simulated_device_prints(muster, owner, device_id):
    cli = Cli(muster)
    of_device = ("--hub-name", owner.hub, "--device-id", device_id)
    sent = cli.json(
        "device-message", "send", *of_device, "--data", '{"valve":"shut"}', "--props", "level=3", "--props", "empty=",
        "--correlation-id", "c7", "--expiry-seconds", "60", "--ack", "full",
    )
    process = test_cli_hub.connected(cli, owner, device_id, "--symmetric-key", hubs.KEY)
    event = json.loads(process.stdout.readline())
    checks.eventually(lambda: feedback(owner, device_id) == [("Success", sent["messageId"])], "it was acknowledged")
    process.kill()
    process.communicate()
    assert (event["event"], event["body"]) == ("message", {"valve": "shut"})
    properties = event["properties"]
    assert (properties["$.mid"], properties["$.cid"]) == (sent["messageId"], "c7")
    assert (properties["level"], properties["empty"], properties["iothub-ack"]) == ("3", "", "full")
    assert "$.ct" not in properties, "nobody said what it is"
    cli.json("device-message", "send", *of_device, "--data", "x")
    assert cli.json("device-message", "purge", *of_device)["totalMessagesPurged"] in (0, 1)

"""Telemetry is not lost: kill -9 under load, a full disk, and sinks that are down, slow, at fault, and come back."""
import itertools
import json
import os
import random
import shutil
import socket
import sqlite3
import threading
import time

import pytest

import checks
import clients
import hubs
import https
import mqtt_client
import sinks
from conftest import endpoint_of
from muster_process import SANITIZED
from mqtt_client import PUBACK
from test_operations import SmallDisk, scrape, small_disk  # pylint: disable=unused-import

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "5"))
DEVICES = 4
WINDOW = 16


class Sender:
    """A device that publishes numbers, a window of them at a time."""

    def __init__(self, muster, owner, device_id, ca_file=None):
        self.endpoint = https.Endpoint(muster.address, muster.ready["mqttPort"], owner.hub, ca_file or muster.ca_file)
        self.owner = owner
        self.device_id = device_id
        self.acknowledged = []
        self.sent = 0

    def connect(self):
        device = hubs.Device(mqtt_client.Wire(self.endpoint.raw_tls()), self.owner.hub, self.device_id)
        assert device.connect() == (0, 0)
        return device

    def run(self, numbers, last=None, window=WINDOW):
        """Until `last` is acknowledged, or the connection ends."""
        device = self.connect()
        waiting = []
        topic = hubs.EVENTS.format(self.device_id)
        try:
            while last is None or not self.acknowledged or self.acknowledged[-1] < last:
                while len(waiting) < window and (last is None or self.sent < last):
                    self.sent = next(numbers)
                    packet_id = self.sent % 65535 + 1
                    device.wire.send(mqtt_client.publish(topic, b"%d" % self.sent, 1, packet_id))
                    waiting.append((packet_id, self.sent))
                answer = device.wire.receive()
                packet_id, number = waiting.pop(0)
                assert (answer.kind, answer.packet_id) == (PUBACK, packet_id), "in their order"
                self.acknowledged.append(number)
        except (mqtt_client.Closed, OSError):
            pass
        device.wire.connection.close()


def send(muster, owner, device_id, count, first=1):
    """`count` numbers from a device, all acknowledged."""
    sender = Sender(muster, owner, device_id)
    sender.run(itertools.count(first), first + count - 1)
    assert sender.acknowledged == list(range(first, first + count))


def all_events(owner):
    out, after = [], 0
    while True:
        page = owner.events(f"&after={after}&max=1000")
        if not page:
            return out
        out += page
        after = page[-1]["seq"]


def bodies_of(events, device_id):
    return [
        each["body"] for each in events if each["systemProperties"]["iothub-connection-device-id"] == device_id
        and each["systemProperties"]["iothub-message-source"] == "Telemetry"
    ]


def metric(muster, name, **labels):
    return scrape(muster).sum(name, **labels)


# --- faults of our own ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [os.urandom(4).hex()])
def test_acknowledged_messages_survive_kill_in_their_order(own_muster, seed):
    """Several rounds on one data folder; the seed of the moments is in the name of the test."""
    moments = random.Random(seed)
    service = own_muster().start()
    owner = hubs.Owner(service)
    names = [f"sender-{number}" for number in range(DEVICES)]
    for name in names:
        owner.create(name)
    numbers = {name: itertools.count(1) for name in names}
    acknowledged = {name: [] for name in names}
    for _ in range(ROUNDS):
        senders = [Sender(service, owner, name) for name in names]
        threads = [threading.Thread(target=each.run, args=(numbers[each.device_id],)) for each in senders]
        for thread in threads:
            thread.start()
        # The moment of the cut, not a wait for something.
        time.sleep(moments.uniform(0.3, 1.5) * (3 if SANITIZED else 1))
        service.kill()
        for thread, sender in zip(threads, senders):
            thread.join(60)
            assert not thread.is_alive() and sender.acknowledged, "no load: proves nothing"
            acknowledged[sender.device_id] += sender.acknowledged
        service.start()
        owner = hubs.Owner(service)
        events = all_events(owner)
        assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
        for name in names:
            kept = bodies_of(events, name)
            assert kept == sorted(set(kept)), "in order, none twice"
            assert set(acknowledged[name]) <= set(kept), "none lost"
    service.stop()
    with sqlite3.connect(f"file:{service.data}/muster.db?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_full_disk_refuses_telemetry_until_there_is_room(small_disk):
    """No PUBACK, and the connection ends, which is all that MQTT 3.1.1 has for it."""
    ca_file = str(small_disk.certificate_authority())
    inside = small_disk.inside(small_disk.ready["hubConnectionStringFile"])
    copy = small_disk.folder / "hub.connection-string"
    shutil.copyfile(inside, copy)
    small_disk.ready |= {"hubConnectionStringFile": str(copy), "caFile": ca_file}
    owner = hubs.Owner(small_disk)
    owner.create("sender")
    numbers = itertools.count(1)
    first = Sender(small_disk, owner, "sender")
    first.run(numbers, 50)
    assert first.acknowledged == list(range(1, 51))

    ballast = small_disk.inside(small_disk.data / "ballast")
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    second = Sender(small_disk, owner, "sender")
    second.run(numbers, 100_000)
    assert len(second.acknowledged) < 100_000, "it was refused"
    assert owner.call("GET", "/devices/sender").status == 200, "reading goes on"

    ballast.unlink()
    identity = hubs.sas_identity("other")
    checks.eventually(lambda: owner.call("PUT", "/devices/other", identity).status in (200, 409), "there is room")
    third = Sender(small_disk, owner, "sender")
    last = second.sent + 50
    third.run(itertools.count(second.sent + 1), last)
    assert third.acknowledged[-1] == last
    kept = bodies_of(all_events(owner), "sender")
    assert kept == sorted(set(kept))
    assert set(first.acknowledged + second.acknowledged + third.acknowledged) <= set(kept)
    database = small_disk.inside(small_disk.data / "muster.db")
    small_disk_copy = small_disk.folder / "copy.db"
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{database}{suffix}", f"{small_disk_copy}{suffix}")
    with sqlite3.connect(small_disk_copy) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    small_disk.stop()


# --- what no device sent --------------------------------------------------------------------------------------------
def notices_of(owner, device_id):
    """(source, opType, schema, body) of the events of a device that are no telemetry."""
    out = []
    for event in all_events(owner):
        system, properties = event["systemProperties"], event["properties"]
        if system["iothub-connection-device-id"] == device_id and system["iothub-message-source"] != "Telemetry":
            assert properties["deviceId"] == device_id and properties["hubName"] == owner.hub
            assert properties["operationTimestamp"] and system["iothub-connection-auth-generation-id"]
            assert system["contentType"] == "application/json"
            source, schema = system["iothub-message-source"], properties["iothub-message-schema"]
            out.append((source, properties["opType"], schema, event["body"]))
    return out


def test_the_log_tells_what_happens_to_devices(own_muster):
    """hub-api.md 6.1."""
    service = own_muster(toml="[hub]\nconnection_events = true\ntwin_change_events = true\n").start()
    owner = hubs.Owner(service)
    owner.create("told")
    owner.call("PATCH", "/twins/told", {"tags": {"site": "north", "line": 7}, "properties": {"desired": {"a": 1}}})
    owner.call("PATCH", "/twins/told", {"tags": {"line": None}})
    device = Sender(service, owner, "told").connect()
    # No connection waits for the disk: what the device does at once may come before the word of its connecting.
    checks.eventually(lambda: any(op == "deviceConnected" for _, op, _, _ in notices_of(owner, "told")), "it came")
    device.ask("$iothub/twin/PATCH/properties/reported/?$rid=8", b'{"f":"1.2"}')
    device.wire.send(mqtt_client.packet(mqtt_client.DISCONNECT))
    checks.eventually(lambda: any(op == "deviceDisconnected" for _, op, _, _ in notices_of(owner, "told")), "it went")
    owner.call("PUT", "/twins/told", {"tags": {}, "properties": {"desired": {"b": 2}}})
    owner.call("DELETE", "/devices/told")

    told = notices_of(owner, "told")
    lifecycle, twin = "deviceLifecycleNotification", "twinChangeNotification"
    connection = ("deviceConnectionStateEvents", "deviceConnectionStateNotification")
    assert [(source, operation, schema) for source, operation, schema, _ in told] == [
        ("deviceLifecycleEvents", "createDeviceIdentity", lifecycle),
        ("twinChangeEvents", "updateTwin", twin),
        ("twinChangeEvents", "updateTwin", twin),
        (connection[0], "deviceConnected", connection[1]),
        ("twinChangeEvents", "updateTwin", twin),
        (connection[0], "deviceDisconnected", connection[1]),
        ("twinChangeEvents", "replaceTwin", twin),
        ("deviceLifecycleEvents", "deleteDeviceIdentity", lifecycle),
    ]
    bodies = [body for *_, body in told]
    assert bodies[1] == {
        "version": 2,
        "tags": {"site": "north", "line": 7},
        "properties": {"desired": {"a": 1, "$version": 2}},
    }
    assert bodies[2] == {"version": 3, "tags": {"line": None}}
    assert bodies[4] == {"version": 4, "properties": {"reported": {"f": "1.2", "$version": 2}}}
    assert bodies[6]["properties"]["desired"]["b"] == 2 and bodies[6]["tags"] == {}
    assert bodies[0]["deviceId"] == bodies[7]["deviceId"] == "told"
    assert bodies[3]["sequenceNumber"] < bodies[5]["sequenceNumber"]
    service.stop()


def test_a_device_that_is_provisioned_is_told_and_wakes_readers(own_muster):
    service = own_muster().start()
    owner = hubs.Owner(service)
    operator = clients.Operator(endpoint_of(service), service.connection_string())
    key = operator.create_individual("made", clients.symmetric())["attestation"]["symmetricKey"]["primaryKey"]
    answers = []
    reader = threading.Thread(target=lambda: answers.append(owner.events("&wait=20")))
    reader.start()
    begin = time.monotonic()
    assert clients.Device(endpoint_of(service), service.id_scope, "made", key=key).provision()["status"] == "assigned"
    reader.join(checks.WAIT_SECONDS)
    assert time.monotonic() - begin < 15, "the reader did not wait to the end"
    assert [operation for _, operation, _, _ in notices_of(owner, "made")] == ["createDeviceIdentity"]
    assert answers[0] == all_events(owner)
    service.stop()


def test_what_is_switched_off_is_not_told(own_muster):
    service = own_muster(toml="[hub]\nlifecycle_events = false\n").start()
    owner = hubs.Owner(service)
    owner.create("quiet")
    owner.call("PATCH", "/twins/quiet", {"tags": {"site": "north"}})
    Sender(service, owner, "quiet").connect().wire.connection.close()
    owner.call("DELETE", "/devices/quiet")
    assert all_events(owner) == []
    service.stop()


def test_the_will_of_a_device_is_telemetry_when_it_ends_without_a_word(own_muster):
    """hub-api.md 2.4."""
    service = own_muster().start()
    owner = hubs.Owner(service)
    owner.create("mortal")
    topic = hubs.EVENTS.format("mortal")
    endpoint = https.Endpoint(service.address, service.ready["mqttPort"], owner.hub, service.ca_file)

    def connect(will_topic):
        device = hubs.Device(mqtt_client.Wire(endpoint.raw_tls()), owner.hub, "mortal")
        return device, device.connect(will=(will_topic, b"gone"))

    def wills():
        return [event for event in all_events(owner) if event["properties"].get("iothub-MessageType") == "Will"]

    for wrong in ("other", hubs.EVENTS.format("another"), "$iothub/twin/GET/?$rid=1"):
        device, answer = connect(wrong)
        assert answer == (0, 5)
    device, answer = connect(topic + "k=v")
    assert answer == (0, 0)
    device.wire.send(mqtt_client.packet(mqtt_client.DISCONNECT))
    assert device.wire.is_closed()
    assert wills() == []
    device, answer = connect(topic + "k=v")
    assert answer == (0, 0)
    device.wire.connection.close()
    checks.eventually(wills, "the will is published")
    (will,) = wills()
    assert will["body"] == "gone" and will["properties"] == {"k": "v", "iothub-MessageType": "Will"}
    assert will["systemProperties"]["iothub-message-source"] == "Telemetry"
    assert will["systemProperties"]["iothub-connection-auth-method"]
    service.stop()


# --- webhooks -------------------------------------------------------------------------------------------------------
WEBHOOK = """
[outbound]
ca_file = "{ca_file}"
[[hub.sink]]
name = "hook"
url = "{url}"
secret_file = "{secret}"
timeout_seconds = 1
batch_events = 50
{more}
"""


@pytest.fixture
def receiver(pki):
    made = sinks.Receiver(pki.server(pki.root("Receivers")))
    yield made
    made.stop()


@pytest.fixture
def hooked(own_muster, receiver, pki, folder):
    """Makes a service with a webhook and a device."""

    def make(more=""):
        secret = folder / "hook.secret"
        secret.write_text(f"whsec_{sinks.SECRET}\n", encoding="ascii")
        ca_file = pki.root("Receivers").certificate_file
        toml = WEBHOOK.format(ca_file=ca_file, url=receiver.url, secret=secret, more=more)
        service = own_muster(toml=toml)
        service.secrets.add(sinks.SECRET)
        service.start()
        owner = hubs.Owner(service)
        owner.create("sender")
        return service, owner

    return make


def delivered(receiver):
    return bodies_of(receiver.events(), "sender")


def delivered_by(service):
    """What the service counts: a little later than the receiver, because it waits for the answer."""
    return metric(service, "muster_sink_delivered_events_total", sink="hook")


def test_a_webhook_gets_what_readers_see(hooked, receiver):
    receiver.start()
    service, owner = hooked()
    send(service, owner, "sender", 120)
    checks.eventually(lambda: len(delivered(receiver)) == 120, "all are delivered")
    assert receiver.events() == all_events(owner)
    assert max(map(len, receiver.batches)) <= 50
    assert len(set(receiver.ids)) == len(receiver.ids) and not receiver.faults
    checks.eventually(lambda: delivered_by(service) == len(receiver.events()), "all are counted")
    checks.eventually(lambda: metric(service, "muster_sink_lag_events", sink="hook") == 0, "none is left")
    service.stop()


def test_a_webhook_that_is_down_gets_everything_when_it_comes_back(hooked, receiver):
    service, owner = hooked()
    send(service, owner, "sender", 100)
    checks.eventually(lambda: metric(service, "muster_sink_failing", sink="hook") == 1, "it fails")
    assert metric(service, "muster_sink_lag_events", sink="hook") >= 100
    assert metric(service, "muster_sink_oldest_undelivered_seconds", sink="hook") > 0
    service.kill()
    service.start()
    send(service, hubs.Owner(service), "sender", 100, first=101)
    receiver.start()
    checks.eventually(lambda: delivered(receiver) == list(range(1, 201)), "all are delivered, in order")
    checks.eventually(lambda: metric(service, "muster_sink_failing", sink="hook") == 0, "it works")
    assert "sink.delivers-again" in service.log_text()
    service.stop()


def test_a_webhook_at_fault_or_silent_gets_the_same_again(hooked, receiver):
    released = threading.Event()

    def hang(_handler):
        released.wait(20)

    def cut(handler):
        handler.connection.shutdown(socket.SHUT_RDWR)

    receiver.answers = [500, 503, hang, cut, 429]
    receiver.start()
    service, owner = hooked()
    send(service, owner, "sender", 10)
    checks.eventually(lambda: delivered(receiver) == list(range(1, 11)), "all are delivered, in order")
    released.set()
    assert not receiver.faults
    assert metric(service, "muster_sink_deliveries_total", sink="hook", result="failed") >= 5
    assert metric(service, "muster_sink_dead_letter_events_total", sink="hook") == 0
    service.stop()


def test_a_batch_that_is_refused_for_good_is_given_up_and_counted(hooked, receiver):
    receiver.answers = [400, 400]
    receiver.start()
    service, owner = hooked("refusals = 2")
    send(service, owner, "sender", 1)
    checks.eventually(lambda: metric(service, "muster_sink_dead_letter_events_total", sink="hook") > 0, "given up")
    given_up = metric(service, "muster_sink_dead_letter_events_total", sink="hook")
    send(service, owner, "sender", 1, first=2)
    checks.eventually(lambda: 2 in delivered(receiver), "the next is delivered")
    checks.eventually(lambda: given_up + delivered_by(service) == len(all_events(owner)), "all are accounted for")
    assert "sink.events-given-up" in service.log_text()
    service.stop()


def test_the_service_stops_at_once_while_a_webhook_is_silent(hooked, receiver):
    released = threading.Event()
    reached = threading.Event()

    def hang(_handler):
        reached.set()
        released.wait(20)

    receiver.answers = [hang] * 100
    receiver.start()
    service, owner = hooked("# timeout")
    send(service, owner, "sender", 1)
    assert reached.wait(checks.WAIT_SECONDS)
    begin = time.monotonic()
    service.stop()
    assert time.monotonic() - begin < 8
    released.set()


# --- brokers --------------------------------------------------------------------------------------------------------
@pytest.fixture
def brokers(folder):
    if sinks.find_mosquitto() is None:
        pytest.skip("mosquitto is not installed (tools/install-dependencies bench)")
    made = []

    def make(identity=None):
        made.append(sinks.Broker(folder / f"broker-{len(made)}", identity))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


def bridged(own_muster, broker, folder, more=""):
    if broker.secure:
        (folder / "password").write_text(sinks.PASSWORD + "\n", encoding="ascii")
        more += f'\nca_file = "{broker.authority}"\nuser_name = "{sinks.USER}"\npassword_file = "{folder}/password"'
    scheme = "mqtts" if broker.secure else "mqtt"
    toml = f'[[hub.sink]]\nname = "bridge"\nurl = "{scheme}://localhost:{broker.port}"\ntimeout_seconds = 5\n{more}\n'
    service = own_muster(toml=toml)
    service.secrets.add(sinks.PASSWORD)
    service.start()
    owner = hubs.Owner(service)
    owner.create("sender")
    return service, owner


def at_broker(broker, owner):
    topic = f"hub/{owner.hub}/devices/sender/events"
    return [json.loads(payload)["body"] for name, payload in broker.messages() if name == topic]


@pytest.mark.parametrize("tls", [False, True])
def test_a_broker_gets_what_readers_see(own_muster, brokers, folder, pki, tls):
    broker = brokers(pki.server(pki.root("Receivers")) if tls else None).start().read()
    service, owner = bridged(own_muster, broker, folder)
    send(service, owner, "sender", 500)
    checks.eventually(lambda: at_broker(broker, owner) == list(range(1, 501)), "all are delivered, in order")
    events = all_events(owner)
    checks.eventually(lambda: len(broker.messages()) == len(events), "the others too")
    assert [json.loads(payload) for _, payload in broker.messages()] == events
    service.stop()


def test_a_broker_can_get_the_bodies_alone(own_muster, brokers, folder):
    broker = brokers().start().read("plant/#")
    service, owner = bridged(own_muster, broker, folder, 'payload = "body"\ntopic_prefix = "plant/7"')
    send(service, owner, "sender", 3)
    expected = [(f"plant/7/{owner.hub}/devices/sender/events", str(number)) for number in (1, 2, 3)]
    checks.eventually(
        lambda: [each for each in broker.messages() if each[0].endswith("/events")] == expected, "all are delivered"
    )
    service.stop()


def test_a_broker_that_goes_away_again_and_again_misses_nothing(own_muster, brokers, folder):
    broker = brokers().start().read()
    service, owner = bridged(own_muster, broker, folder)
    sender = Sender(service, owner, "sender")
    total = 3000
    thread = threading.Thread(target=sender.run, args=(itertools.count(1), total))
    thread.start()
    for _ in range(3):
        before = len(at_broker(broker, owner))
        checks.eventually(lambda now=before: len(at_broker(broker, owner)) > now, "some are delivered")
        broker.stop()
        broker.start()
    thread.join(checks.WAIT_SECONDS)
    assert sender.acknowledged == list(range(1, total + 1))
    checks.eventually(lambda: set(at_broker(broker, owner)) == set(range(1, total + 1)), "all are delivered")
    first_times = list(dict.fromkeys(at_broker(broker, owner)))
    assert first_times == sorted(first_times), "in order, some perhaps twice"
    service.stop()


def test_a_broker_that_does_not_trust_us_is_asked_again_later(own_muster, brokers, folder, pki):
    broker = brokers(pki.server(pki.root("Receivers"))).start().read()
    (folder / "password").write_text("wrong\n", encoding="ascii")
    toml = (
        f'[[hub.sink]]\nname = "bridge"\nurl = "mqtts://localhost:{broker.port}"\nca_file = "{broker.authority}"\n'
        f'user_name = "{sinks.USER}"\npassword_file = "{folder}/password"\n'
    )
    service = own_muster(toml=toml).start()
    owner = hubs.Owner(service)
    owner.create("sender")
    send(service, owner, "sender", 1)
    checks.eventually(lambda: "The broker refused" in service.log_text(), "the log says why")
    (folder / "password").write_text(sinks.PASSWORD, encoding="ascii")
    service.stop()
    service.start()
    checks.eventually(lambda: at_broker(broker, owner) == [1], "it is delivered")
    service.stop()


def test_a_broker_that_nobody_vouches_for_gets_nothing(own_muster, brokers, folder, pki):
    broker = brokers(pki.server(pki.root("Receivers"))).start()
    other = pki.root("Others").certificate_file
    toml = f'[[hub.sink]]\nname = "bridge"\nurl = "mqtts://localhost:{broker.port}"\nca_file = "{other}"\n'
    service = own_muster(toml=toml).start()
    owner = hubs.Owner(service)
    owner.create("sender")
    send(service, owner, "sender", 1)
    checks.eventually(lambda: "certificate verify failed" in service.log_text(), "the log says why")
    service.stop()

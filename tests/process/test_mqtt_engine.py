"""The MQTT engine as a generic broker (tests/mqtt_broker): what MQTT 3.1.1 demands beyond what devices need. The numbers
are those of its sections."""
import os
import socket
import subprocess
import threading
import time

import paho.mqtt.client as paho
import pytest

import checks
import mqtt_client
from mqtt_client import CONNACK, PINGREQ, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, SUBACK, UNSUBACK

BROKER = os.environ.get("MUSTER_MQTT_BROKER", "")


@pytest.fixture(scope="module")
def port():
    assert BROKER, "MUSTER_MQTT_BROKER must name the broker"
    broker = subprocess.Popen([BROKER, "0"], stdout=subprocess.PIPE, text=True)
    words = broker.stdout.readline().split()
    assert words and words[0] == "port"
    yield int(words[1])
    broker.terminate()
    assert broker.wait(30) == 0


@pytest.fixture
def wires(port):
    opened = []

    def open_wire():
        opened.append(mqtt_client.Wire(socket.create_connection(("127.0.0.1", port), checks.WAIT_SECONDS)))
        return opened[-1]

    yield open_wire
    for wire in opened:
        wire.connection.close()


@pytest.fixture
def client(wires):
    """A client that is connected; its wire."""

    def connect(client_id, present=0, **options):
        wire = wires()
        answer = wire.ask(mqtt_client.connect(client_id, **options))
        assert (answer.kind, answer.body) == (CONNACK, bytes([present, 0]))
        return wire

    return connect


def subscribe(wire, *filters, granted=None):
    answer = wire.ask(mqtt_client.subscribe(1, *filters))
    expected = bytes(min(qos, 1) for _, qos in filters) if granted is None else granted
    assert (answer.kind, answer.body) == (SUBACK, b"\0\1" + expected)


def publish(wire, topic, payload, qos=1, packet_id=77, retain=False):
    octets = bytearray(mqtt_client.publish(topic, payload, qos, packet_id))
    octets[0] |= 1 if retain else 0
    wire.send(bytes(octets))
    if qos == 1:
        assert wire.receive().kind == PUBACK


def message(wire, acknowledge=True):
    got = wire.receive()
    assert got.kind == PUBLISH, got
    if got.qos and acknowledge:
        wire.send(mqtt_client.ack(PUBACK, got.packet_id))
    return got


def test_messages_go_to_whom_they_are_for(client, unique):
    """3.3.5, 4.7: once to each client, with the lower QoS, in order."""
    topic = unique("t")
    both, plus, other, sender = (client(unique("c")) for _ in range(4))
    subscribe(both, (f"{topic}/#", 0), (f"{topic}/a", 1))
    subscribe(plus, (f"{topic}/+", 0))
    subscribe(other, (f"{topic}/b", 1))
    for number in range(20):
        publish(sender, f"{topic}/a", b"%d" % number)
    for number in range(20):
        assert (message(both).payload, message(plus).payload) == (b"%d" % number,) * 2
    publish(sender, f"{topic}/b", b"last", qos=0)
    for wire in (other, plus, both):
        got = message(wire)
        assert (got.payload, got.qos) == (b"last", 0)
        assert wire.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP


def test_unsubscribing_ends_messages(client, unique):
    """3.10.4."""
    topic = unique("t")
    wire = client(unique("c"))
    subscribe(wire, (topic, 1))
    answer = wire.ask(mqtt_client.unsubscribe(5, topic, "never/subscribed"))
    assert (answer.kind, answer.packet_id) == (UNSUBACK, 5)
    publish(wire, topic, b"x")
    assert wire.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP


def test_a_refused_filter_does_not_harm_the_others(client, unique):
    """3.9.3: one return code for each filter, in their order."""
    topic = unique("t")
    wire = client(unique("c"))
    subscribe(wire, (topic, 0), ("test/nosubscribe", 2), (topic, 2), granted=b"\0\x80\1")
    publish(wire, "test/nosubscribe", b"for nobody")
    publish(wire, topic, b"x", qos=0)
    assert message(wire).payload == b"x"


def test_retained_messages_wait_for_subscribers(client, unique):
    """3.3.1.3: the last one stays, an empty one takes it away; to those who are subscribed already it is a usual one."""
    topic = unique("t")
    wire = client(unique("c"))
    subscribe(wire, (f"{topic}/live", 1))
    for payload in (b"old", b"new"):
        publish(wire, f"{topic}/kept", payload, retain=True)
    publish(wire, f"{topic}/live", b"now", retain=True)
    assert message(wire).flags & 1 == 0
    late = client(unique("c"))
    late.send(mqtt_client.subscribe(1, (f"{topic}/kept", 0)))
    assert late.receive().kind == SUBACK
    got = message(late)
    assert (got.payload, got.flags & 1, got.qos) == (b"new", 1, 0)
    publish(late, f"{topic}/kept", b"", retain=True)
    assert message(late).payload == b""
    publish(wire, f"{topic}/live", b"", retain=True)
    nothing = client(unique("c"))
    subscribe(nothing, (f"{topic}/#", 1))
    assert nothing.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP


def test_dollar_topics_are_not_for_wildcards(client, unique):
    """4.7.2."""
    topic = unique("$t")
    wire = client(unique("c"))
    subscribe(wire, ("#", 0), ("+/x", 0))
    publish(wire, f"{topic}/x", b"hidden")
    assert wire.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP
    subscribe(wire, (f"{topic}/+", 1))
    publish(wire, f"{topic}/x", b"seen", qos=0)
    assert message(wire).payload == b"seen"


def test_a_kept_session_gets_what_it_missed(client, unique):
    """3.1.2.4, 4.4: subscriptions and messages with QoS 1 stay; what was not acknowledged comes again, marked."""
    topic, name = unique("t"), unique("keeper")
    first = client(name, clean=False)
    subscribe(first, (topic, 1))
    sender = client(unique("c"))
    publish(sender, topic, b"one")
    message(first, acknowledge=False)
    first.connection.close()
    checks_closed(sender, topic)
    publish(sender, topic, b"two", qos=1)
    publish(sender, topic, b"lost", qos=0)
    second = client(name, present=1, clean=False)
    again, missed = message(second), message(second)
    assert (again.payload, bool(again.flags & 8)) == (b"one", True)
    assert (missed.payload, bool(missed.flags & 8)) == (b"two", False)
    second.send(mqtt_client.packet(mqtt_client.DISCONNECT))
    assert second.is_closed()
    forgotten = client(name, present=0, clean=True)
    publish(sender, topic, b"three")
    assert forgotten.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP


def checks_closed(sender, topic):
    """The broker has seen everything that came before: a round trip of the sender, and time for a closed socket."""
    assert sender.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP
    time.sleep(0.2)


def test_the_second_connection_takes_over(client, unique):
    """3.1.4: the first one is closed, and the session goes on in the second."""
    topic, name = unique("t"), unique("twice")
    first = client(name, clean=False)
    subscribe(first, (topic, 1))
    second = client(name, present=1, clean=False)
    assert first.is_closed()
    publish(second, topic, b"here", qos=0)
    assert message(second).payload == b"here"
    third = client(name, clean=True)
    assert second.is_closed()
    assert third.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP


def test_wills_are_for_those_who_do_not_say_goodbye(client, unique):
    """3.1.2.5, 3.14.4."""
    topic = unique("t")
    watcher = client(unique("c"))
    subscribe(watcher, (f"{topic}/#", 1))
    polite = client(unique("c"), will=(f"{topic}/polite", b"gone"))
    polite.send(mqtt_client.packet(mqtt_client.DISCONNECT))
    assert polite.is_closed()
    rude = client(unique("c"), will=(f"{topic}/rude", b"gone"))
    rude.connection.close()
    assert message(watcher).topic == f"{topic}/rude"
    silent = client(unique("c"), will=(f"{topic}/silent", b"gone"), keep_alive=1)
    assert silent.is_closed()
    assert message(watcher).topic == f"{topic}/silent"


def test_messages_with_qos_2_are_taken_once(client, unique):
    """4.3.3: sent again before it is released it is the same message."""
    topic = unique("t")
    wire, watcher = client(unique("c")), client(unique("c"))
    subscribe(watcher, (topic, 2))
    for duplicate in (False, True):
        answer = wire.ask(mqtt_client.publish(topic, b"once", 2, 9, duplicate))
        assert (answer.kind, answer.packet_id) == (PUBREC, 9)
    for _ in range(2):
        answer = wire.ask(mqtt_client.ack(PUBREL, 9))
        assert (answer.kind, answer.packet_id) == (PUBCOMP, 9)
    publish(wire, topic, b"next", qos=0)
    assert [message(watcher).payload for _ in range(2)] == [b"once", b"next"]


def test_a_slow_reader_gets_no_more_at_once_than_it_acknowledges(client, unique):
    """Twenty messages are in flight; the others follow as they are acknowledged."""
    topic = unique("t")
    wire, sender = client(unique("c")), client(unique("c"))
    subscribe(wire, (topic, 1))
    for number in range(30):
        publish(sender, topic, b"%d" % number)
    flying = [message(wire, acknowledge=False) for _ in range(20)]
    assert wire.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP
    for each in flying:
        wire.send(mqtt_client.ack(PUBACK, each.packet_id))
    assert [message(wire).payload for _ in range(10)] == [b"%d" % number for number in range(20, 30)]


def test_large_messages_travel_whole(client, unique):
    topic = unique("t")
    wire = client(unique("c"))
    subscribe(wire, (topic, 0))
    payload = bytes(range(256)) * 1000
    publish(wire, topic, payload, qos=0)
    assert message(wire).payload == payload
    wire.send(mqtt_client.publish(topic, bytes(300_000)))
    assert wire.is_closed()


def test_client_without_a_name(wires):
    """3.1.3.1: only with a clean session."""
    assert wires().ask(mqtt_client.connect("")).body == b"\0\0"
    assert wires().ask(mqtt_client.connect("", clean=False)).body == b"\0\2"


def test_paho_clients_talk_to_each_other(port, unique):
    """Debian's Python client on both sides, three hundred messages with each QoS."""
    topic, got, done = unique("t"), [], threading.Event()
    receiver, sender = (paho.Client(client_id=unique("paho")) for _ in range(2))

    def on_message(_client, _user, arrived):
        got.append(int(arrived.payload))
        if len(got) == 900:
            done.set()

    subscribed = threading.Event()
    receiver.on_message = on_message
    receiver.on_subscribe = lambda *_: subscribed.set()
    for each in (receiver, sender):
        each.connect("127.0.0.1", port)
        each.loop_start()
    try:
        receiver.subscribe(f"{topic}/+", qos=1)
        assert subscribed.wait(checks.WAIT_SECONDS)
        for number in range(900):
            sender.publish(f"{topic}/{number % 3}", str(number), qos=number % 3)
        assert done.wait(checks.WAIT_SECONDS), f"{len(got)} of 900 arrived"
        assert sorted(got) == list(range(900))
    finally:
        for each in (receiver, sender):
            each.disconnect()
            each.loop_stop()

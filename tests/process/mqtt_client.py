"""MQTT 3.1.1 for tests: packets by hand, so that wrong ones and the order of right ones can be tested."""
import dataclasses
import json
import re
import struct
import time

import sas
from clients import API_VERSION, FINAL_SECONDS

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14
RESPONSES = "$dps/registrations/res/#"


def text(value):
    octets = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(octets)) + octets


def packet(kind, body=b"", flags=0):
    length, rest = b"", len(body)
    while True:
        rest, low = divmod(rest, 128)
        length += bytes([low | (128 if rest else 0)])
        if not rest:
            return bytes([kind << 4 | flags]) + length + body


def connect(client_id, user_name=None, password=None, clean=True, keep_alive=60, will=None, level=4, name="MQTT"):
    flags = (2 if clean else 0) | (4 if will else 0)
    fields = text(client_id)
    if will:
        fields += text(will[0]) + text(will[1])
    for value, flag in ((user_name, 0x80), (password, 0x40)):
        if value is not None:
            fields += text(value)
            flags |= flag
    return packet(CONNECT, text(name) + bytes([level, flags]) + struct.pack(">H", keep_alive) + fields)


def publish(topic, payload=b"", qos=0, packet_id=None, duplicate=False):
    number = struct.pack(">H", packet_id) if qos else b""
    return packet(PUBLISH, text(topic) + number + payload, qos << 1 | (8 if duplicate else 0))


def subscribe(packet_id, *filters):
    """`filters` are (filter, QoS)."""
    body = struct.pack(">H", packet_id) + b"".join(text(each) + bytes([qos]) for each, qos in filters)
    return packet(SUBSCRIBE, body, flags=2)


def unsubscribe(packet_id, *filters):
    return packet(UNSUBSCRIBE, struct.pack(">H", packet_id) + b"".join(map(text, filters)), flags=2)


def ack(kind, packet_id):
    return packet(kind, struct.pack(">H", packet_id), flags=2 if kind == PUBREL else 0)


@dataclasses.dataclass(frozen=True)
class Packet:
    kind: int
    flags: int
    body: bytes

    @property
    def qos(self):
        return self.flags >> 1 & 3

    @property
    def packet_id(self):
        if self.kind == PUBLISH:
            return struct.unpack_from(">H", self.body, 2 + len(self.topic.encode()))[0] if self.qos else None
        return struct.unpack_from(">H", self.body)[0]

    @property
    def topic(self):
        return self.body[2 : 2 + struct.unpack_from(">H", self.body)[0]].decode()

    @property
    def payload(self):
        return self.body[2 + len(self.topic.encode()) + (2 if self.qos else 0) :]


class Closed(Exception):
    """The service closed the connection."""


class Wire:
    """A connection on which packets travel; `connection` is a socket with or without TLS."""

    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, octets):
        self.connection.sendall(octets)

    def _octets(self, count):
        out = b""
        while len(out) < count:
            try:
                more = self.connection.recv(count - len(out))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed()
            out += more
        return out

    def receive(self):
        first = self._octets(1)[0]
        length, shift = 0, 0
        while True:
            octet = self._octets(1)[0]
            length |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                return Packet(first >> 4, first & 15, self._octets(length))

    def ask(self, octets):
        self.send(octets)
        return self.receive()

    def is_closed(self):
        """The service says nothing more and closes."""
        try:
            self.receive()
        except Closed:
            return True
        return False


@dataclasses.dataclass(frozen=True)
class Reply:
    """A response of the device API (device-api.md 6.5)."""

    status: int
    request_id: str
    retry_after: int | None
    body: dict
    topic: str


def read_reply(message):
    match = re.fullmatch(r"\$dps/registrations/res/(\d+)/\?\$rid=([^&]*)(?:&retry-after=(\d+))?", message.topic)
    assert match, message.topic
    retry_after = int(match[3]) if match[3] else None
    return Reply(int(match[1]), match[2], retry_after, json.loads(message.payload), message.topic)


class Device:
    """A device that speaks MQTT; the names are those of clients.Device."""

    def __init__(self, wire, id_scope, registration_id, key=None, api_version=API_VERSION):
        self.wire = wire
        self.id_scope = id_scope
        self.registration_id = registration_id
        self.resource = f"{id_scope}/registrations/{registration_id}"
        self.user_name = f"{self.resource}/api-version={api_version}&ClientVersion=test%2F1.0"
        self.password = sas.token(self.resource, key) if key is not None else None
        self.last_id = 0

    def connect(self, **options):
        options.setdefault("user_name", self.user_name)
        options.setdefault("password", self.password)
        answer = self.wire.ask(connect(self.registration_id, **options))
        assert (answer.kind, answer.body) == (CONNACK, b"\0\0"), answer
        return self

    def subscribe(self, qos=1):
        self.last_id += 1
        answer = self.wire.ask(subscribe(self.last_id, (RESPONSES, qos)))
        assert (answer.kind, answer.packet_id, answer.body[2:]) == (SUBACK, self.last_id, bytes([qos])), answer
        return self

    def request(self, topic, payload=b"", qos=1):
        """PUBLISH, its PUBACK, then the response, in this order (device-api.md 6.6)."""
        self.last_id += 1
        self.wire.send(publish(topic, payload, qos, self.last_id))
        if qos:
            acknowledgement = self.wire.receive()
            assert (acknowledgement.kind, acknowledgement.packet_id) == (PUBACK, self.last_id), acknowledgement
        message = self.wire.receive()
        assert message.kind == PUBLISH and message.flags & 9 == 0, "neither retained nor a duplicate"
        if message.qos:
            self.wire.send(ack(PUBACK, message.packet_id))
        return read_reply(message)

    def register(self, body="default", qos=1, request_id="9c1d-1"):
        if body == "default":
            body = json.dumps({"registrationId": self.registration_id, "payload": None}).encode()
        return self.request(f"$dps/registrations/PUT/iotdps-register/?$rid={request_id}", body, qos)

    def poll(self, operation_id, body=b" ", qos=1):
        topic = f"$dps/registrations/GET/iotdps-get-operationstatus/?$rid=77aa&operationId={operation_id}"
        return self.request(topic, body, qos)

    def provision(self, **options):
        """Registers and polls until it is over: the final body."""
        answer = self.register(**options)
        assert answer.status == 202, answer
        deadline = time.monotonic() + FINAL_SECONDS
        while True:
            answer = self.poll(answer.body["operationId"])
            if answer.status == 200:
                return answer.body
            assert answer.status == 202 and time.monotonic() < deadline, answer
            time.sleep(0.02)

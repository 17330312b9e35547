"""AMQP 1.0 clients for tests: devices on Debian's qpid-proton, and connections that send whatever octets a test
likes."""
import json
import socket
import ssl
import struct
import time

import proton
from proton.utils import BlockingConnection

import sas

SECONDS = 20
SASL_HEADER = b"AMQP\x03\x01\x00\x00"
AMQP_HEADER = b"AMQP\x00\x01\x00\x00"


class Refused(Exception):
    """A verdict other than accepted: the condition, its JSON description and its info map."""

    def __init__(self, condition):
        super().__init__(f"{condition.name}: {condition.description}")
        self.name = condition.name
        self.error = json.loads(condition.description)
        self.info = {str(key): value for key, value in (condition.info or {}).items()}


class Device:
    """One device's connection with its two links. With `key` it signs a token for SASL PLAIN, with `certificate` (files
    as of Identity.presented) it shows that in TLS; `mechanism` forces one of SASL, "none" leaves SASL out."""

    def __init__(self, muster, registration_id, *, key=None, certificate=None, mechanism=None, token=None, **options):
        self.muster = muster
        self.resource = f"{options.get('id_scope') or muster.id_scope}/registrations/{registration_id}"
        self.address = options.get("address") or self.resource
        domain = proton.SSLDomain(proton.SSLDomain.MODE_CLIENT)
        domain.set_trusted_ca_db(str(muster.ca_file))
        domain.set_peer_authentication(proton.SSLDomain.VERIFY_PEER)
        if certificate:
            domain.set_credentials(str(certificate[0]), str(certificate[1]), None)
        arguments = {"virtual_host": muster.host_names[0]}
        if key or token:
            password = token or sas.token(self.resource, key)
            arguments.update(user=options.get("user") or self.resource, password=password, allowed_mechs="PLAIN")
        elif mechanism == "none":
            arguments["sasl_enabled"] = False
        else:
            arguments["allowed_mechs"] = mechanism or "EXTERNAL"
        self.connection = BlockingConnection(
            f"amqps://127.0.0.1:{muster.ready['amqpPort']}",
            ssl_domain=domain,
            timeout=SECONDS,
            heartbeat=options.get("heartbeat"),
            **arguments,
        )
        self.receiver = self.sender = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def attach(self):
        if self.sender is None:
            self.receiver = self.connection.create_receiver(self.address, credit=10)
            self.sender = self.connection.create_sender(self.address)
        return self

    def ask(self, operation, **parts):
        """Sends one request and returns the response message; Refused when it is not accepted."""
        self.attach()
        operation_id = parts.pop("operation_id", None)
        properties = {"iotdps-operation-type": operation}
        if operation_id:
            properties["iotdps-operation-id"] = operation_id
        message = proton.Message(properties=parts.pop("properties", properties), **parts)
        delivery = self.sender.send(message, timeout=SECONDS, error_states=[])
        if delivery.remote_state != proton.Delivery.ACCEPTED:
            raise Refused(delivery.remote.condition)
        answer = self.receiver.receive(timeout=SECONDS)
        self.receiver.accept()
        return answer

    def register(self, **parts):
        return self.ask("iotdps-register", **parts)

    def status(self, operation_id, **parts):
        return self.ask("iotdps-get-operationstatus", operation_id=operation_id, **parts)

    def provision(self):
        """Registers and polls until there is a result, which is returned."""
        answer = body_of(self.register())
        end = time.monotonic() + SECONDS
        while answer["status"] == "assigning":
            assert time.monotonic() < end, "no result in time"
            time.sleep(0.05)
            answer = body_of(self.status(answer["operationId"]))
        return answer


def body_of(message):
    return json.loads(bytes(message.body))


class Raw:
    """A TLS connection to the AMQP port, or another `stream`, that speaks in octets."""

    def __init__(self, muster, certificate=None, stream=None):
        if stream is not None:
            self.socket = stream
            return
        context = ssl.create_default_context(cafile=str(muster.ca_file))
        if certificate:
            context.load_cert_chain(*map(str, certificate))
        plain = socket.create_connection(("127.0.0.1", muster.ready["amqpPort"]), timeout=SECONDS)
        self.socket = context.wrap_socket(plain, server_hostname=muster.host_names[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *octets):
        self.socket.sendall(b"".join(octets))
        return self

    def read(self, count):
        """`count` octets, or fewer when the service closes before."""
        got = b""
        while len(got) < count:
            try:
                piece = self.socket.recv(count - len(got))
            except (ssl.SSLEOFError, ConnectionResetError):
                break
            if not piece:
                break
            got += piece
        return got

    def frame(self):
        """The next frame: performative number and its octets; None at the end."""
        head = self.read(8)
        if len(head) < 8:
            return None
        body = self.read(struct.unpack(">I", head[:4])[0] - 8)
        return (body[2] if body else 0), body

    def frames_to_end(self):
        frames = []
        while (frame := self.frame()) is not None:
            frames.append(frame)
        return frames

    def open(self, max_frame=None, idle_time_out=None):
        """Past open and begin, without SASL."""
        self.send(AMQP_HEADER)
        assert self.read(8) == AMQP_HEADER
        self.send(open_frame(max_frame, idle_time_out), begin_frame())
        assert self.frame()[0] == 0x10
        assert self.frame()[0] == 0x11
        return self


# --- frames ---------------------------------------------------------------------------------------------------------
NULL = b"\x40"
TRUE, FALSE = b"\x41", b"\x42"


def uint(number):
    return b"\x70" + struct.pack(">I", number)


def ushort(number):
    return b"\x60" + struct.pack(">H", number)


def text(value):
    return b"\xb1" + struct.pack(">I", len(value)) + value.encode()


def binary(value):
    return b"\xb0" + struct.pack(">I", len(value)) + value


def items(*values):
    content = b"".join(values)
    return b"\xd0" + struct.pack(">II", len(content) + 4, len(values)) + content


def described(descriptor, value):
    return b"\x00\x53" + bytes([descriptor]) + value


def frame(performative, *fields, channel=0, payload=b"", kind=0):
    body = described(performative, items(*fields)) + payload
    return struct.pack(">IBBH", len(body) + 8, 2, kind, channel) + body


def open_frame(max_frame=None, idle_time_out=None):
    return frame(
        0x10,
        text("test"),
        NULL,
        NULL if max_frame is None else uint(max_frame),
        NULL,
        NULL if idle_time_out is None else uint(idle_time_out),
    )


def begin_frame(channel=0, window=100):
    return frame(0x11, NULL, uint(0), uint(window), uint(100), channel=channel)


def attach_frame(name, handle, receives, address, channel=0):
    end = described(0x28 if receives else 0x29, items(text(address)))
    other = described(0x29 if receives else 0x28, items(NULL))
    source, target = (end, other) if receives else (other, end)
    role = TRUE if receives else FALSE
    count = () if receives else (NULL, NULL, uint(0))
    return frame(0x12, text(name), uint(handle), role, NULL, NULL, source, target, *count, channel=channel)


def transfer_frame(handle, delivery, payload, more=False, channel=0, with_id=True):
    fields = [uint(handle), uint(delivery) if with_id else NULL, binary(b"t") if with_id else NULL, NULL, FALSE]
    return frame(0x14, *fields, TRUE if more else FALSE, channel=channel, payload=payload)


def request(operation="iotdps-register", body=b"{}", operation_id=None, correlation_id=None):
    values = [text("iotdps-operation-type"), text(operation)]
    if operation_id is not None:
        values += [text("iotdps-operation-id"), text(operation_id)]
    content = b"".join(values)
    properties = b"\xd1" + struct.pack(">II", len(content) + 4, len(values)) + content
    named = b"" if correlation_id is None else described(0x73, items(*[NULL] * 5, text(correlation_id)))
    return named + described(0x74, properties) + described(0x75, binary(body))

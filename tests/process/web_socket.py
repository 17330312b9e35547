"""WebSocket for tests (RFC 6455): Debian's client as a socket that packets travel on, and frames by hand."""
import os
import struct

import websocket

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def upgrade_headers(sub_protocol="mqtt", **replaced):
    """Headers of an upgrade request; None leaves one out."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": sub_protocol,
    } | {name.replace("_", "-"): value for name, value in replaced.items()}
    return [(name, value) for name, value in headers.items() if value is not None]


def frame(opcode, payload=b"", final=True, masked=True):
    size = len(payload)
    mask_bit = 0x80 if masked else 0
    if size < 126:
        length = bytes([mask_bit | size])
    elif size < 65536:
        length = bytes([mask_bit | 126]) + struct.pack(">H", size)
    else:
        length = bytes([mask_bit | 127]) + struct.pack(">Q", size)
    head = bytes([(0x80 if final else 0) | opcode]) + length
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(octet ^ key[index % 4] for index, octet in enumerate(payload))


class Stream:
    """Debian's WebSocket client with the functions of a socket. `messages` keeps what came, message by message."""

    def __init__(self, endpoint, path="/$iothub/websocket", sub_protocol="mqtt", certificate=None):
        self.messages = []
        self.rest = b""
        self.client = websocket.create_connection(
            f"wss://{endpoint.host}{path}",
            socket=endpoint.raw_tls(certificate),
            subprotocols=[sub_protocol],
            timeout=30,
        )

    def sendall(self, octets):
        self.client.send_binary(octets)

    def recv(self, count):
        if not self.rest:
            try:
                opcode, self.rest = self.client.recv_data()
            except websocket.WebSocketConnectionClosedException:
                return b""
            if opcode == CLOSE:
                self.rest = b""
                return b""
            assert opcode == BINARY
            self.messages.append(self.rest)
        part, self.rest = self.rest[:count], self.rest[count:]
        return part

    def close(self):
        self.client.close(timeout=5)


class RawStream:
    """A connection behind its upgrade, for frames of the test's own making."""

    def __init__(self, endpoint, sub_protocol="mqtt", before=b""):
        self.connection = endpoint.raw_tls()
        lines = [f"{name}: {value}" for name, value in [("Host", endpoint.host), *upgrade_headers(sub_protocol)]]
        request = "\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode()
        self.connection.sendall(request + before)
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            self.head += self._octets(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def _octets(self, count):
        out = b""
        while len(out) < count:
            more = self.connection.recv(count - len(out))
            if not more:
                raise EOFError
            out += more
        return out

    def send(self, octets):
        self.connection.sendall(octets)

    def receive(self):
        """Opcode and payload of the next frame, which is whole and not masked."""
        first, length = self._octets(2)
        assert first & 0xF0 == 0x80 and length < 128
        if length == 126:
            length = struct.unpack(">H", self._octets(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self._octets(8))[0]
        return first & 15, self._octets(length)

    def close_code(self):
        """The code of the close frame that comes next, after which the connection ends."""
        opcode, payload = self.receive()
        assert opcode == CLOSE, (opcode, payload)
        self.send(frame(CLOSE, payload))
        assert self.connection.recv(1) == b"", "nothing follows a close frame"
        return struct.unpack(">H", payload)[0]

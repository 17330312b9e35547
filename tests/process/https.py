"""HTTPS as a device or tool speaks it: one request per connection or several, raw octets where needed."""
import dataclasses
import http.client
import json
import socket
import ssl

TIMEOUT_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    reason: str
    headers: tuple  # (name, value) as spelt on the wire
    body: bytes

    def header(self, name):
        """The only header of this name, without regard to case; None when absent."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2, f"header {name} stands {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def error_code(self):
        return self.json()["errorCode"]

    def __str__(self):
        return f"{self.status} {self.reason} {dict(self.headers)} {self.body[:2000]!r}"


class _Connection(http.client.HTTPSConnection):
    """Connects to one address whatever the host name, and sends that name as SNI and Host."""

    def __init__(self, endpoint, context):
        super().__init__(endpoint.host, 443, context=context, timeout=TIMEOUT_SECONDS)
        self.endpoint = endpoint
        self.tls = context

    def connect(self):
        plain = socket.create_connection((self.endpoint.address, self.endpoint.port), TIMEOUT_SECONDS)
        # Head and body are sent apart; without this the second waits for the acknowledgement of the first.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.endpoint.host)


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Where a service listens, under which name, and which CA vouches for it."""

    address: str
    port: int
    host: str
    ca_file: str

    def context(self, certificate=None):
        """`certificate` is (chain file, key file) of a client that authenticates itself in the handshake."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if certificate:
            context.load_cert_chain(*certificate)
        return context

    def open(self, certificate=None):
        return Session(_Connection(self, self.context(certificate)))

    def request(self, method, target, body=None, headers=(), certificate=None):
        with self.open(certificate) as session:
            return session.request(method, target, body, headers)

    def raw_tcp(self, source=""):
        """From the address `source`, if it matters."""
        return socket.create_connection((self.address, self.port), TIMEOUT_SECONDS, (source, 0))

    def raw_tls(self, certificate=None, source=""):
        """A TLS connection for octets of the test's own making."""
        return self.context(certificate).wrap_socket(self.raw_tcp(source), server_hostname=self.host)


class Session:
    """One connection that stays open between requests."""

    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def request(self, method, target, body=None, headers=()):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.putrequest(method, target, skip_accept_encoding=True)
        named = {name.lower() for name, _ in headers}
        if data is not None and "content-length" not in named:
            self.connection.putheader("Content-Length", str(len(data)))
        if data is not None and "content-type" not in named:
            self.connection.putheader("Content-Type", "application/json; charset=utf-8")
        for name, value in headers:
            self.connection.putheader(name, value)
        self.connection.endheaders(data)
        return read_response(self.connection.getresponse())


def read_response(answer):
    return Response(answer.status, answer.reason, tuple(answer.getheaders()), answer.read())


def exchange(connection, octets):
    """Sends octets on a raw connection and reads one answer; None when the peer closes without one."""
    try:
        connection.sendall(octets)
    except OSError:
        pass  # the server may answer and close before it has read everything
    return receive(connection)


def receive(connection):
    answer = http.client.HTTPResponse(connection)
    try:
        answer.begin()
        return read_response(answer)
    except (http.client.HTTPException, OSError):
        return None

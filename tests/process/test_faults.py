"""Hostile and broken peers: the service refuses them, stays healthy and does not grow (design sections 6 and 7)."""
import base64
import concurrent.futures
import os
import random
import socket
import ssl
import struct

import pytest

import checks
import clients
import https
import muster_process

MUSTER_TOML = """
[timeouts]
handshake = 1
head = 1
body = 1
"""

KEY = base64.b64encode(bytes(range(32))).decode()
GROWTH_KILOBYTES = 96 * 1024
SEED = 20260115


@pytest.fixture
def healthy(world, unique):
    """After the test: a device still registers, the same process runs, its memory is bounded."""
    before = world.muster.memory_kilobytes()
    yield
    assert world.muster.process.poll() is None, "the service died"
    name = unique("after")
    world.individual(name, clients.symmetric(KEY))
    assert world.device(name, key=KEY).provision()["status"] == "assigned"
    if not muster_process.SANITIZED:  # the address sanitizer keeps freed memory for a while
        assert world.muster.memory_kilobytes() - before < GROWTH_KILOBYTES


def abort(connection):
    """Closes with a reset, as a device that loses power does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# --- connections ----------------------------------------------------------------------------------------------------
GARBAGE = {
    "plain HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    "TLS record of absurd length": b"\x16\x03\x01\xff\xff" + bytes(100),
    "TLS alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "application data first": b"\x17\x03\x03\x00\x10" + bytes(16),
    "MQTT": b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd",
    "SSL 2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(40),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_instead_of_tls_is_cut(world, healthy, name):
    with world.endpoint.raw_tcp() as connection:
        connection.sendall(GARBAGE[name])
        received = b""
        try:
            while chunk := connection.recv(4096):
                received += chunk
        except ConnectionResetError:
            pass
        assert not received.startswith(b"HTTP")


def test_random_octets_instead_of_tls_are_cut(world, healthy):
    numbers = random.Random(SEED)
    for _ in range(100):
        with world.endpoint.raw_tcp() as connection:
            try:
                connection.sendall(b"\x16\x03\x01" + numbers.randbytes(numbers.randrange(1, 600)))
            except OSError:
                pass


def test_half_open_connections_are_cut_by_the_handshake_limit(world, healthy):
    connections = [world.endpoint.raw_tcp() for _ in range(50)]
    for connection in connections[25:]:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    for connection in connections:
        try:
            assert connection.recv(64)[:4] != b"HTTP"
        except ConnectionResetError:
            pass
        connection.close()


def test_thousands_of_connections_opened_and_dropped(world, healthy):
    """2000 connections, each dropped in another state."""
    for batch in range(20):
        connections = [world.endpoint.raw_tcp() for _ in range(100)]
        for number, connection in enumerate(connections):
            if number % 3 == 1:
                connection.sendall(b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03" + bytes(number))
        for number, connection in enumerate(connections):
            abort(connection) if (number + batch) % 2 else connection.close()


def test_sessions_dropped_after_the_handshake_and_inside_requests(world, healthy):
    pieces = [b"", b"P", b"PUT /x HTTP/1.1\r\nHost", b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345"]
    for number in range(120):
        connection = world.endpoint.raw_tls()
        connection.sendall(pieces[number % len(pieces)])
        abort(connection)


def test_peer_that_never_reads_its_answers(world, healthy):
    connection = world.endpoint.raw_tls()
    connection.settimeout(5)
    request = b"GET /" + b"a" * 200 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    try:
        for _ in range(2000):
            connection.sendall(request * 10)
    except OSError:
        pass
    abort(connection)


def test_slow_senders_do_not_keep_others_out(world, healthy, unique):
    name = unique("quick")
    world.individual(name, clients.symmetric(KEY))
    slow = [world.endpoint.raw_tls() for _ in range(20)]
    for connection in slow:
        connection.sendall(b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n1")
    assert world.device(name, key=KEY).provision()["status"] == "assigned"
    for connection in slow:
        checks.error(https.receive(connection), 408)
        connection.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_tls_versions_are_served(world, version):
    """device-api.md 2.1."""
    context = world.endpoint.context()
    context.minimum_version = context.maximum_version = version
    with context.wrap_socket(world.endpoint.raw_tcp(), server_hostname=world.endpoint.host) as connection:
        checks.error(https.exchange(connection, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 404)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_tls_is_refused(world):
    context = ssl.create_default_context(cafile=world.endpoint.ca_file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(world.endpoint.raw_tcp(), server_hostname=world.endpoint.host)


@pytest.mark.parametrize("algorithm", ["ECDSA", "aRSA"])
def test_server_has_an_ecdsa_and_an_rsa_certificate(world, algorithm):
    """device-api.md 2.1: some embedded stacks have no ECDSA."""
    context = world.endpoint.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"ECDHE+AESGCM+{algorithm}" if algorithm == "ECDSA" else "ECDHE+AESGCM+aRSA")
    with context.wrap_socket(world.endpoint.raw_tcp(), server_hostname=world.endpoint.host) as connection:
        assert algorithm.lstrip("a") in connection.cipher()[0]


# --- requests -------------------------------------------------------------------------------------------------------
SMUGGLED = {
    "length and chunked": b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "negative length": b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "length too long": b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "unknown encoding": b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\n",
    "bad chunk": b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\0y\r\n\r\n",
    "authority form": b"CONNECT example.net:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute form": b"GET http://example.net/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_ambiguous_requests_are_refused(world, healthy, name):
    with world.endpoint.raw_tls() as connection:
        answer = https.exchange(connection, SMUGGLED[name])
        assert answer is None or 400 <= answer.status < 600 and answer.status not in (500, 502, 503), answer


def test_random_requests_never_cause_a_server_fault(world, healthy):
    """Random methods, targets, headers and bodies; the seed is fixed."""
    numbers = random.Random(SEED)
    words = [
        "/",
        "%2f",
        "..",
        "enrollments",
        "registrations",
        "query",
        world.muster.id_scope,
        "%00",
        "é",
        "?api-version=2021-10-01",
        "&",
        "=",
        "register",
        "operations",
        "*",
        "%",
        "subscriptions",
        "a" * 300,
    ]
    for _ in range(300):
        method = numbers.choice(["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"])
        target = "/" + "".join(numbers.choices(words, k=numbers.randrange(1, 9)))
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {numbers.choice(words)}\r\n".encode()
        body = numbers.randbytes(numbers.randrange(0, 200))
        with world.endpoint.raw_tls() as connection:
            answer = https.exchange(
                connection, head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
            )
            assert answer is None or answer.status < 500, (SEED, method, target, answer)


def nested(depth):
    return b'{"registrationId":"x","attestation":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"


HEAVY = {
    "deep object": nested(20000),
    "deep array": b"[" * 50000,
    "many members": b"{" + b",".join(b'"m%d":1' % number for number in range(8000)) + b"}",
    "long number": b'{"registrationId":' + b"9" * 60000 + b"}",
    "huge exponent": b'{"registrationId":"x","initialTwin":{"tags":{"x":1e999999}}}',
    "lone surrogate": b'{"registrationId":"\\ud800"}',
    "long string": b'{"registrationId":"' + b"x" * 60000 + b'"}',
}


@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.parametrize("path", ["/enrollments/x", "/enrollmentGroups/x"])
def test_heavy_json_is_400(world, healthy, name, path):
    checks.error(world.operator.call("PUT", path, HEAVY[name]), 400)


def test_oversized_service_body_is_413(world, healthy):
    """service-api.md 7.3: message size."""
    with world.endpoint.raw_tls() as connection:
        head = f"PUT /enrollments/x?api-version=2021-10-01 HTTP/1.1\r\nHost: x\r\nAuthorization: {world.operator.token()}\r\n"
        octets = head.encode() + b"Content-Length: 50000000\r\n\r\n" + b"x" * 100000
        checks.error(https.exchange(connection, octets), 413)


# --- certificates and keys ------------------------------------------------------------------------------------------
def pem(label, content):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n"


def bad_certificates(leaf):
    der = leaf.der
    flipped = der[:60] + bytes([der[60] ^ 0x80]) + der[61:]
    return {
        "empty": "",
        "blank": " \n ",
        "text": "certificate",
        "only the armour": pem("CERTIFICATE", b""),
        "no end": leaf.pem[: len(leaf.pem) // 2],
        "cut DER": pem("CERTIFICATE", der[:-10]),
        "DER with more behind": base64.b64encode(der + b"x").decode(),
        "half DER": base64.b64encode(der[: len(der) // 2]).decode(),
        "damaged structure": base64.b64encode(b"\x30\x82\xff\xff" + der[4:]).decode(),
        "private key": leaf.key_file.read_text(encoding="ascii"),
        "zeros": base64.b64encode(bytes(2000)).decode(),
        "nested sequences": base64.b64encode(b"\x30\x80" * 1000).decode(),
        "too long": leaf.pem * 200,
        "NUL inside": leaf.pem[:100] + "\0" + leaf.pem[100:],
        "number": 5,
        "flipped bit in the header": pem("CERTIFICATE", b"\x31" + flipped[1:]),
    }


CASES = [
    "empty",
    "blank",
    "text",
    "only the armour",
    "no end",
    "cut DER",
    "DER with more behind",
    "half DER",
    "damaged structure",
    "private key",
    "zeros",
    "nested sequences",
    "too long",
    "NUL inside",
    "number",
    "flipped bit in the header",
]


@pytest.mark.parametrize("case", CASES)
def test_bad_certificate_in_an_entry_is_refused(world, pki, unique, healthy, case):
    leaf = pki.self_signed_device("faults")
    text = bad_certificates(leaf)[case]
    attestation = {"type": "x509", "x509": {"clientCertificates": {"primary": {"certificate": text}}}}
    name = unique("bad")
    answer = world.operator.put("enrollments", {"registrationId": name, "attestation": attestation})
    assert answer.status in ((400, 413) if case == "too long" else (400,)), answer
    checks.error(world.operator.get("enrollments", name), 404)


def test_random_mutations_of_a_certificate_never_cause_a_server_fault(world, pki, unique, healthy):
    numbers = random.Random(SEED)
    der = pki.self_signed_device("faults").der
    for _ in range(150):
        mutated = bytearray(der)
        for _ in range(numbers.randrange(1, 6)):
            mutated[numbers.randrange(len(mutated))] = numbers.randrange(256)
        name = unique("mutant")
        attestation = {
            "type": "x509",
            "x509": {"clientCertificates": {"primary": {"certificate": base64.b64encode(bytes(mutated)).decode()}}},
        }
        answer = world.operator.put("enrollments", {"registrationId": name, "attestation": attestation})
        assert answer.status in (200, 400, 409), answer
        world.operator.delete("enrollments", name)


def test_very_long_client_chain_is_refused(world, pki, unique, healthy):
    """R-053: at most 8 certificates."""
    issuer = pki.root(unique("Deep0"))
    world.upload(unique("deep"), issuer)
    world.group(unique("deep"), clients.signing_certificates(issuer))
    chain = []
    for depth in range(12):
        issuer = pki.authority(f"Deep{depth + 1}", issuer)
        chain.insert(0, issuer)
    leaf = pki.device(unique("deep"), issuer)
    checks.error(world.device(leaf.common_name, certificate=leaf.presented(*chain)).register(), 401, 401002)


def test_many_writers_at_once_are_all_served(world, healthy, unique):
    """No write is lost or answered twice: 200 entries over 8 connections."""
    names = [unique("bulk") for _ in range(200)]
    key = base64.b64encode(os.urandom(32)).decode()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda name: world.operator.create_individual(name, clients.symmetric(key)), names))
        assert len({entry["etag"] for entry in made}) == len(names)
        gone = list(pool.map(lambda name: world.operator.delete("enrollments", name).status, names))
    assert gone == [204] * len(names)

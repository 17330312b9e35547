"""Starting and stopping: what is made once, what is refused and why, how a stop treats requests (design 4, 8)."""
import json
import os
import signal
import socket
import sqlite3
import ssl
import stat
import time

import pytest

import checks
import clients
import https
from conftest import endpoint_of

KEY = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="
USAGE_ERROR = 2


def operator_of(service):
    return clients.Operator(endpoint_of(service), service.connection_string(), service.secrets)


def refused(service, *words):
    """A start that fails in order, with a message that has all the words."""
    code, output = service.run_until_exit()
    assert code > 0, f"ended with {code}: {output}"
    for word in words:
        assert word in output, f"{word!r} is missing in: {output}"
    assert not service.ready_file.exists()
    return code, output


# --- first and second start -----------------------------------------------------------------------------------------
def test_first_start_makes_the_documented_files(own_muster):
    service = own_muster().start()
    secret_files = {"master.key": 0o600, "owner.connection-string": 0o600}
    for name, mode in secret_files.items():
        assert stat.S_IMODE((service.data / name).stat().st_mode) == mode, name
    for path in service.data.rglob("*key*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert "BEGIN CERTIFICATE" in (service.data / "tls" / "ca.pem").read_text(encoding="ascii")
    assert (service.data / "muster.db").exists()
    ready = service.ready
    assert set(ready) >= {
        "address",
        "port",
        "idScope",
        "serviceHost",
        "provisioningHost",
        "caFile",
        "connectionStringFile",
        "localHub",
        "pid",
    }
    assert ready["pid"] == service.process.pid
    assert ready["localHub"] == "hub.dps.muster.test"
    host, policy, key = clients.parse_connection_string(service.connection_string())
    assert host == f"dps.muster.test:{service.port}" and policy == "provisioningserviceowner" and len(key) > 40
    service.stop()


def test_secrets_are_not_readable_in_the_database(own_muster):
    """Design section 4: secrets are sealed at rest."""
    service = own_muster().start()
    operator_of(service).create_individual("sealed", clients.symmetric(KEY))
    service.stop()
    content = b"".join(path.read_bytes() for path in service.data.glob("muster.db*"))
    assert b"sealed" in content
    for secret in service.secrets | {KEY}:
        assert secret.encode() not in content
    assert bytes(range(64, 96)) not in content  # KEY, decoded


def test_second_start_keeps_scope_keys_certificates_and_data(own_muster):
    service = own_muster().start()
    operator_of(service).create_individual("kept", clients.symmetric(KEY))
    device = clients.Device(endpoint_of(service), service.id_scope, "kept", key=KEY)
    record = device.provision()["registrationState"]
    before = service.id_scope, service.connection_string().rsplit("SharedAccessKey=")[1]
    files = {path: path.read_bytes() for path in (service.data / "tls").iterdir()}
    service.stop()

    service.start()
    assert (service.id_scope, service.connection_string().rsplit("SharedAccessKey=")[1]) == before
    assert {path: path.read_bytes() for path in (service.data / "tls").iterdir()} == files
    shown = operator_of(service).get("enrollments", "kept").json()["registrationState"]
    assert shown["etag"] == record["etag"] and shown["assignedHub"] == record["assignedHub"]
    device = clients.Device(endpoint_of(service), service.id_scope, "kept", key=KEY)
    assert device.provision()["status"] == "assigned"
    service.stop()


def test_operation_begun_before_a_restart_can_be_polled_after_it(own_muster):
    """device-api.md 9: operation results stay readable."""
    service = own_muster().start()
    operator_of(service).create_individual("poll", clients.symmetric(KEY))
    operation = clients.Device(endpoint_of(service), service.id_scope, "poll", key=KEY).register().json()["operationId"]
    service.stop()
    service.start()
    assert (
        clients.Device(endpoint_of(service), service.id_scope, "poll", key=KEY).finish(operation)["status"]
        == "assigned"
    )
    service.stop()


def test_every_host_name_and_localhost_are_in_the_certificate(own_muster):
    service = own_muster(host_names=("dps.muster.test", "global.muster.test")).start()
    for host in ("dps.muster.test", "global.muster.test", "localhost", "127.0.0.1"):
        checks.error(endpoint_of(service, host).request("GET", "/"), 404)
    with pytest.raises(OSError):
        endpoint_of(service, "other.muster.test").request("GET", "/")
    service.stop()


def test_new_host_name_at_a_later_start_is_served(own_muster):
    service = own_muster().start()
    service.stop()
    service.host_names = ("dps.muster.test", "added.muster.test")
    service.start()
    checks.error(endpoint_of(service, "added.muster.test").request("GET", "/"), 404)
    service.stop()


def test_names_without_a_dot_get_the_default_hub(own_muster):
    service = own_muster(host_names=("localhost",)).start()
    assert service.hub == "hub.muster.local"  # assignedHub is a dotted name (real-clients.md rule 9)
    service.stop()


def test_local_hub_can_be_named_in_the_configuration(own_muster):
    service = own_muster(toml='[hub]\nlocal_host_name = "devices.example.net"\n').start()
    assert service.hub == "devices.example.net"
    service.stop()


# --- stops ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_with_exit_code_0(own_muster, number):
    service = own_muster().start()
    service.process.send_signal(number)
    assert service.wait() == 0


def test_stop_finishes_the_request_in_flight(own_muster):
    service = own_muster().start()
    operator = operator_of(service)
    body = json.dumps({"registrationId": "inflight", "attestation": clients.symmetric(KEY)}).encode()
    head = (
        f"PUT /enrollments/inflight?api-version=2021-10-01 HTTP/1.1\r\nHost: x\r\nAuthorization: {operator.token()}\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    ).encode()
    with endpoint_of(service).raw_tls() as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 "), "the service has begun with the request"
        service.terminate()
        wait_until_refusing(service)
        connection.sendall(body)
        answer = https.receive(connection)
    assert answer is not None and answer.status == 200, answer
    assert service.wait() == 0
    service.start()
    assert operator_of(service).get("enrollments", "inflight").status == 200
    service.stop()


def wait_until_refusing(service):
    """Until new connections are no longer served: the stop has begun."""
    for _ in range(500):
        try:
            with endpoint_of(service).raw_tcp() as connection:
                connection.settimeout(0.02)
                if connection.recv(1) == b"":
                    return
        except TimeoutError:
            continue
        except OSError:
            return
    raise AssertionError("still accepting after SIGTERM")


def test_idle_connections_do_not_hold_up_a_stop(own_muster):
    service = own_muster().start()
    idle = [endpoint_of(service).raw_tls() for _ in range(5)] + [endpoint_of(service).raw_tcp() for _ in range(5)]
    service.terminate()
    assert service.wait(15) == 0
    for connection in idle:
        connection.close()


# --- reload ------------------------------------------------------------------------------------------------------------
def served_certificate(service, algorithm):
    """The certificate that a TLS 1.2 client with one kind of algorithm gets."""
    context = endpoint_of(service).context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"ECDHE+AESGCM+{algorithm}")
    with context.wrap_socket(endpoint_of(service).raw_tcp(), server_hostname="dps.muster.test") as connection:
        return connection.getpeercert(binary_form=True)


@pytest.mark.parametrize("name,algorithm", [("server-ecdsa", "ECDSA"), ("server-rsa", "aRSA")])
def test_hangup_signal_brings_new_server_certificates_into_use(own_muster, name, algorithm):
    """A certificate that has to be made anew is made while the service runs, and new connections get it."""
    service = own_muster().start()
    before = served_certificate(service, algorithm)
    for path in (service.data / "tls").glob(name + "*"):
        path.unlink()
    service.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while served_certificate(service, algorithm) == before and time.monotonic() < deadline:
        assert "tls.not-reloaded" not in service.log_text(), service.log_text()[-1500:]
    assert served_certificate(service, algorithm) != before
    service.stop()


# --- starts that must fail ------------------------------------------------------------------------------------------
BAD_TOML = {
    "unknown key": ("[limits]\nmax_conections = 5\n", "max_conections", "2"),
    "unknown table": ("[limit]\nmax_connections = 5\n", "limit"),
    "wrong type": ('\n\n[timeouts]\nhead = "long"\n', "head", "4"),
    "negative time": ("[timeouts]\nhead = -1\n", "head"),
    "bad choice": ('[attestation]\nexpiry = "sometimes"\n', "expiry", "strict"),
    "no TOML": ("this is no TOML", "1"),
    "bad hub name": ('[hub]\nlocal_host_name = "not a host"\n', "local_host_name"),
}


@pytest.mark.parametrize("case", BAD_TOML)
def test_bad_configuration_is_refused_with_key_and_line(own_muster, case):
    toml, *words = BAD_TOML[case]
    code, output = refused(own_muster(toml=toml), "muster.toml", *words)
    assert code == USAGE_ERROR, output


def test_missing_configuration_file_is_named(own_muster, folder):
    service = own_muster(extra_arguments=["--config", str(folder / "absent.toml")])
    code, output = refused(service, "absent.toml")
    assert code == USAGE_ERROR, output


@pytest.mark.parametrize(
    "arguments,word",
    [
        (["--listen", "nonsense"], "nonsense"),
        (["--threads", "x"], "threads"),
        (["--no-such-option"], "no-such-option"),
        (["--log-format", "xml"], "json"),
    ],
)
def test_bad_options_are_usage_errors(own_muster, arguments, word):
    code, output = refused(own_muster(extra_arguments=arguments), word)
    assert code == USAGE_ERROR, output


def test_port_in_use_is_refused_with_the_address(own_muster):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        service = own_muster()
        code, output = service.run_until_exit(port)
    assert code > 0 and "127.0.0.1" in output and str(port) in output, output


def test_port_of_a_running_service_is_refused(own_muster):
    """The listeners share a port among their threads, but never with another service."""
    first = own_muster("first").start()
    code, output = own_muster("second").run_until_exit(first.port)
    assert code > 0 and str(first.port) in output, output
    first.stop()


def test_data_folder_of_a_running_service_is_refused(own_muster):
    """Two services on one embedded store would not see each other's caches."""
    first = own_muster("first").start()
    second = own_muster("second")
    second.data = first.data
    code, output = second.run_until_exit()
    assert code > 0 and str(first.data) in output, output
    first.stop()


def stopped(own_muster):
    service = own_muster().start()
    operator_of(service).create_individual("entry", clients.symmetric(KEY))
    service.stop()
    return service


def test_other_master_key_is_refused(own_muster):
    service = stopped(own_muster)
    (service.data / "master.key").write_bytes(os.urandom(32))
    refused(service, "master")


@pytest.mark.parametrize("content", [b"", b"short", os.urandom(33)])
def test_damaged_master_key_is_refused_with_its_path(own_muster, content):
    service = stopped(own_muster)
    (service.data / "master.key").write_bytes(content)
    refused(service, "master.key")


def test_missing_master_key_of_an_old_database_is_refused(own_muster):
    service = stopped(own_muster)
    (service.data / "master.key").unlink()
    refused(service, "master")


def test_master_key_open_to_others_is_refused(own_muster):
    service = stopped(own_muster)
    (service.data / "master.key").chmod(0o644)
    refused(service, "master.key")


def test_foreign_database_is_refused(own_muster):
    service = own_muster()
    service.data.mkdir()
    with sqlite3.connect(service.data / "muster.db") as database:
        database.execute("CREATE TABLE other (x)")
    refused(service, "muster.db")


def test_newer_schema_is_refused(own_muster):
    service = stopped(own_muster)
    with sqlite3.connect(service.data / "muster.db") as database:
        database.execute("PRAGMA user_version = 9999")
    refused(service, "muster.db", "9999")


@pytest.mark.parametrize("damage", ["no database", "header", "cut"])
def test_damaged_database_is_refused(own_muster, damage):
    service = stopped(own_muster)
    path = service.data / "muster.db"
    content = path.read_bytes()
    path.write_bytes(
        {
            "no database": b"this is a text file\n" * 500,
            "header": b"\0" * 100 + content[100:],
            "cut": content[: len(content) // 3 + 7],
        }[damage]
    )
    refused(service, "muster.db")


def test_damaged_server_certificate_is_refused(own_muster):
    service = stopped(own_muster)
    for path in (service.data / "tls").glob("*"):
        if path.name != "ca.pem" and path.suffix == ".pem":
            path.write_text("damaged", encoding="ascii")
    refused(service, "tls")


def test_data_folder_that_cannot_be_made_is_named(own_muster, folder):
    service = own_muster()
    (folder / "file").write_text("x", encoding="ascii")
    service.data = folder / "file" / "data"
    refused(service, str(service.data))


def test_connections_over_the_limit_are_closed_and_others_served(own_muster):
    service = own_muster(toml="[limits]\nmax_connections = 10\n").start()
    held = [endpoint_of(service).raw_tls() for _ in range(10)]
    with pytest.raises(OSError):
        endpoint_of(service).raw_tls()
    for connection in held:
        connection.close()
    assert any(is_served(service) for _ in range(500)), "places of closed connections are not given back"
    service.stop()


def is_served(service):
    try:
        return endpoint_of(service).request("GET", "/").status == 404
    except OSError:
        return False

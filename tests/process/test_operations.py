"""What operators see: metrics, health checks, access log (semantics.md section 16)."""
import base64
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import checks
import clients
import https
import muster_process
from conftest import endpoint_of
from test_start import KEY, operator_of, refused

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? ([0-9.e+-]+|\+Inf|NaN)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def ask(service, path, method="GET"):
    """One request to the operations listener."""
    connection = http.client.HTTPConnection(
        service.ready["operationsAddress"], service.ready["operationsPort"], timeout=checks.WAIT_SECONDS
    )
    try:
        connection.request(method, path)
        return https.read_response(connection.getresponse())
    finally:
        connection.close()


class Samples:
    """What /metrics says, parsed strictly (Prometheus text format 0.0.4)."""

    def __init__(self, text):
        self.types = {}
        self.values = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} is described twice"
                self.types[name] = kind
            elif not line.startswith("# HELP "):
                found = SAMPLE.match(line)
                assert found, f"no sample: {line!r}"
                key = (found[1], frozenset(LABEL.findall(found[2] or "")))
                assert key not in self.values, f"{line} stands twice"
                self.values[key] = float(found[3])

    def sum(self, name, **labels):
        """Over all series of the metric with at least these labels; 0 without any."""
        wanted = set(labels.items())
        return sum(value for (known, shown), value in self.values.items() if known == name and wanted <= shown)


def scrape(service):
    answer = ask(service, "/metrics")
    assert answer.status == 200 and answer.header("Content-Type").startswith("text/plain; version=0.0.4")
    return Samples(answer.body.decode())


def ready_codes(service):
    answer = ask(service, "/readyz")
    body = answer.json()
    if answer.status == 200:
        assert body == {"status": "ready"}
        return []
    assert answer.status == 503 and body["status"] == "not-ready", answer
    return [reason["code"] for reason in body["reasons"]]


# --- metrics --------------------------------------------------------------------------------------------------------
def test_metrics_follow_what_devices_and_operators_do(world, unique):
    """R-190: attestations, registrations and assignments; requests by operation; refusals by code."""
    before = scrape(world.muster)
    name = unique()
    world.individual(name, clients.symmetric(KEY))
    assert world.device(name, key=KEY).provision()["status"] == "assigned"
    assert world.device(name, key="AAAA").register().status == 401
    assert world.endpoint.request("GET", "/nothing").status == 404
    after = scrape(world.muster)

    def grown(name_, **labels):
        return after.sum(name_, **labels) - before.sum(name_, **labels)

    assert grown("muster_attestation_attempts_total", status="success", protocol="http") == 1
    assert grown("muster_attestation_attempts_total", status="failure", protocol="http") == 1
    assert grown("muster_attestation_refusals_total", reason="wrong-key") == 1
    assert grown("muster_registration_attempts_total", iot_hub_name=world.muster.hub, status="assigned") == 1
    assert grown("muster_registration_attempts_total", status="unauthorized") == 1
    assert grown("muster_device_assignments_total", iot_hub_name=world.muster.hub) == 1
    assert grown("muster_registration_duration_seconds_count", status="assigned") == 1
    assert grown("muster_hub_call_duration_seconds_count", operation="put_device", result="ok") == 1
    of_register = {"api": "device", "operation": "AttestationAttempt"}
    assert grown("muster_request_duration_seconds_count", status="2xx", **of_register) == 1
    assert grown("muster_request_duration_seconds_bucket", status="2xx", le="+Inf", **of_register) == 1
    assert grown("muster_request_duration_seconds_count", status="4xx", **of_register) == 1
    assert grown("muster_requests_refused_total", api="device", code="401002") == 1
    assert grown("muster_requests_refused_total", api="none", code="404000") == 1
    assert grown("muster_store_commit_duration_seconds_count") >= 2
    assert grown("muster_tls_handshakes_total", result="done") >= 4
    assert after.sum("muster_registrations_in_flight") == 0
    assert after.sum("muster_server_certificate_expiry_timestamp_seconds", key_type="ecdsa") > time.time()
    assert after.sum("process_open_fds") > 10 and after.sum("process_max_fds") >= after.sum("process_open_fds")
    assert abs(after.sum("process_start_time_seconds") - time.time()) < 24 * 3600


def test_metrics_count_broken_handshakes_and_requests(world):
    before = scrape(world.muster)
    with world.endpoint.raw_tcp() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert not connection.recv(1000).startswith(b"HTTP")
    with world.endpoint.raw_tls() as connection:
        assert https.exchange(connection, b"GET / HTTP/1.1\r\n\r\n").status == 400
    after = scrape(world.muster)
    assert after.sum("muster_tls_handshakes_total", result="failed") > before.sum(
        "muster_tls_handshakes_total", result="failed"
    )
    refusals = {"api": "none", "code": "400000"}
    assert after.sum("muster_requests_refused_total", **refusals) == 1 + before.sum(
        "muster_requests_refused_total", **refusals
    )


def test_metrics_hold_neither_ids_of_devices_nor_secrets(world, unique):
    name = unique("very-special-device")
    world.individual(name, clients.symmetric(KEY))
    world.device(name, key=KEY).provision()
    world.device(name + "-unknown", key=KEY).register()
    text = ask(world.muster, "/metrics").body.decode()
    assert "very-special-device" not in text and KEY not in text
    for secret in world.muster.secrets:
        assert secret not in text


ROOT = pathlib.Path(__file__).resolve().parents[2]
METRIC = r"(?:muster|process)_[a-z_]+"


def test_the_operators_guide_has_every_metric_and_no_other(own_muster, pki, unique):
    """docs/operations.md, and what the example alerts look at."""
    service = own_muster(extra_arguments=["--access-log", "/dev/null"]).start()
    authority = base64.b64encode(pki.root("authority").pem.encode()).decode()
    assert operator_of(service).put_certificate("authority", authority, True).status == 200
    service.stop()
    service.start()  # which is when CA certificates are looked at, else once a minute
    name = unique()
    operator_of(service).create_individual(name, clients.symmetric(KEY))
    assert clients.Device(endpoint_of(service), service.id_scope, name, key=KEY).provision()["status"] == "assigned"
    assert clients.Device(endpoint_of(service), service.id_scope, name, key="AAAA").register().status == 401
    served = scrape(service).types
    service.stop()

    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert set(re.findall(rf"^\| `({METRIC})` \|", guide, re.MULTILINE)) == set(served)
    alerts = (ROOT / "packaging/prometheus-alerts.yml").read_text(encoding="utf-8")
    for metric in re.findall(rf"\b{METRIC}", alerts):
        assert metric in served or served.get(re.sub("_(bucket|count|sum)$", "", metric)) == "histogram", metric


def test_device_port_serves_no_metrics(world):
    for path in ("/metrics", "/healthz", "/readyz"):
        assert world.endpoint.request("GET", path).status == 404


# --- health ---------------------------------------------------------------------------------------------------------
def test_health_and_readiness_through_the_life_of_a_service(own_muster):
    service = own_muster().start()
    assert ask(service, "/healthz").json() == {"status": "ok"}
    assert ready_codes(service) == []
    # An answer that is under way keeps the service in its orderly stop.
    connection = endpoint_of(service).raw_tls()
    connection.sendall(b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
    time.sleep(0.2)
    service.terminate()
    checks.eventually(lambda: ready_codes(service) == ["stopping"], "it says that it stops")
    assert ask(service, "/healthz").status == 200
    connection.close()
    assert service.wait() == 0


def test_expired_certificate_makes_the_service_unready_until_it_is_replaced(own_muster, pki, folder):
    files = {"--certificate": folder / "server.pem", "--private-key": folder / "server.key"}

    def install(identity):
        shutil.copyfile(identity.certificate_file, files["--certificate"])
        shutil.copyfile(identity.key_file, files["--private-key"])

    install(pki.self_signed_device(muster_process.HOST, start=-10, end=-1))
    options = [text for option, file in files.items() for text in (option, str(file))]
    service = own_muster(extra_arguments=options).start()
    assert ready_codes(service) == ["certificate"]
    assert ask(service, "/healthz").status == 200, "a restart would not help"
    assert scrape(service).sum("muster_server_certificate_expiry_timestamp_seconds") < time.time()

    install(pki.self_signed_device(muster_process.HOST))
    service.process.send_signal(signal.SIGHUP)
    checks.eventually(lambda: ready_codes(service) == [], "the new certificate is good")
    service.stop()


class SmallDisk(muster_process.Muster):
    """A service whose data folder is a file system of its own with few octets, seen through the process."""

    SIZE = "24m"

    def command(self, port=0):
        self.data.mkdir(exist_ok=True)
        mount = f'mount -t tmpfs -o size={self.SIZE} none "$0" && exec "$@"'
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(self.data), *super().command(port)]

    def inside(self, path):
        return pathlib.Path(f"/proc/{self.process.pid}/root{path}")

    def connection_string(self):
        return self.inside(self.ready["connectionStringFile"]).read_text(encoding="utf-8").strip()

    def certificate_authority(self):
        copy = self.folder / "ca.pem"
        shutil.copyfile(self.inside(self.ready["caFile"]), copy)
        return copy


@pytest.fixture
def small_disk(folder):
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount name spaces here")
    service = SmallDisk(folder)
    service.start()
    yield service
    service.kill()


def test_full_disk_makes_the_service_unready_until_there_is_room(small_disk):
    ca_file = small_disk.certificate_authority()
    endpoint = https.Endpoint(small_disk.address, small_disk.port, small_disk.ready["serviceHost"], str(ca_file))
    operator = clients.Operator(endpoint, small_disk.connection_string())
    operator.create_individual("before", clients.symmetric(KEY))
    assert ready_codes(small_disk) == []

    ballast = small_disk.inside(small_disk.data / "ballast")
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    assert "disk-full" in ready_codes(small_disk)
    statuses = []  # a small write may still find room in the write-ahead log
    for number in range(200):
        twin = {"tags": {"blob": "x" * 4000}}
        statuses.append(
            operator.put(
                "enrollments",
                {"registrationId": f"large-{number}", "attestation": clients.symmetric(KEY), "initialTwin": twin},
            ).status
        )
    assert 500 in statuses, "writes fail"
    assert "disk-full" in ready_codes(small_disk)
    assert scrape(small_disk).sum("muster_store_free_bytes") < 1024 * 1024
    assert ask(small_disk, "/healthz").status == 200, "restarting would not help"
    assert operator.get("enrollments", "before").status == 200, "reading goes on"

    ballast.unlink()
    checks.eventually(lambda: ready_codes(small_disk) == [], "it is ready again")
    operator.create_individual("after", clients.symmetric(KEY))
    small_disk.stop()


# --- the listener ---------------------------------------------------------------------------------------------------
def test_taken_operations_port_is_refused_with_the_name_of_the_option(own_muster):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = own_muster(extra_arguments=["--operations-listen", f"127.0.0.1:{port}"])
        refused(service, f"Cannot listen on 127.0.0.1 port {port}", "--operations-listen")


def test_operations_listener_can_be_switched_off(own_muster):
    service = own_muster(extra_arguments=["--operations-listen", "off"]).start()
    assert "operationsPort" not in service.ready
    service.stop()


# --- access log -----------------------------------------------------------------------------------------------------
def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_access_log_has_one_record_for_each_operation(own_muster):
    """R-191, R-192."""
    path = own_muster().folder / "access.log"
    service = own_muster(extra_arguments=["--access-log", str(path)]).start()
    operator = operator_of(service)
    operator.create_individual("logged", clients.symmetric(KEY))
    device = clients.Device(endpoint_of(service), service.id_scope, "logged", key=KEY)
    register = device.register()
    device.finish(register.json()["operationId"])
    wrong = clients.Device(endpoint_of(service), service.id_scope, "logged", key="AAAA").register()
    assert operator.get("enrollments", "missing").status == 404
    operator.resource()
    endpoint_of(service).request("GET", "/no%0Awhere?secret=1")
    service.stop()

    seen = records(path)
    common = {"time", "Category", "Level", "OperationName", "OperationVersion", "ResultType", "ResultSignature"}
    common |= {"ResultDescription", "DurationMs", "CorrelationId", "properties"}
    for record in seen:
        assert common <= set(record), record
        assert record["DurationMs"] >= 0

    def only(name, **members):
        found = [r for r in seen if r["OperationName"] == name and members.items() <= r.items()]
        assert len(found) == 1, (name, members, seen)
        return found[0]

    upsert = only("Upsert")
    assert (upsert["Category"], upsert["ResultType"], upsert["ResultSignature"]) == (
        "ServiceOperations",
        "Success",
        "200",
    )
    assert upsert["Identity"] == "provisioningserviceowner" and upsert["OperationVersion"] == "October2021"
    assert upsert["properties"] == {"id": "logged", "type": "IndividualEnrollment", "protocol": "Http"}
    assert upsert["CallerIpAddress"] == "127.0.0.XXX"
    attested = only("AttestationAttempt", ResultType="Success")
    assert attested["Category"] == "DeviceOperations" and attested["OperationVersion"] == "June2021"
    assert attested["CorrelationId"] == register.header("x-ms-request-id")
    registered = only("RegistrationAttempt")
    assert registered["CorrelationId"] == attested["CorrelationId"]
    assert registered["properties"]["iotHubName"] == service.hub
    refusal = only("AttestationAttempt", ResultType="ClientError")
    assert refusal["ResultSignature"] == "401002" and refusal["CorrelationId"] == wrong.json()["trackingId"]
    assert only("Get", Category="ServiceOperations")["ResultSignature"].startswith("404")
    assert only("List")["Category"] == "Administrative"
    assert only("Unknown")["RequestUri"].startswith("/no")
    text = path.read_text(encoding="utf-8")
    assert "secret" not in text and KEY not in text
    assert all(secret not in text for secret in service.secrets)


def test_access_log_is_opened_anew_on_sighup(own_muster):
    path = own_muster().folder / "access.log"
    service = own_muster(extra_arguments=["--access-log", str(path)]).start()
    operator = operator_of(service)
    operator.create_individual("one", clients.symmetric(KEY))
    checks.eventually(lambda: records(path), "the record is written")
    rotated = path.rename(path.with_suffix(".log.1"))
    service.process.send_signal(signal.SIGHUP)
    checks.eventually(path.exists, "the file is made anew")
    operator.create_individual("two", clients.symmetric(KEY))
    service.stop()
    assert [r["properties"]["id"] for r in records(rotated)] == ["one"]
    assert [r["properties"]["id"] for r in records(path)] == ["two"]


def test_access_log_goes_to_standard_output(own_muster):
    service = own_muster(extra_arguments=["--access-log", "-"]).start()
    operator_of(service).create_individual("shown", clients.symmetric(KEY))
    service.stop()
    assert '"OperationName":"Upsert"' in service.log_text()


def test_access_log_that_cannot_be_opened_is_refused_with_the_name_of_the_option(own_muster):
    service = own_muster(extra_arguments=["--access-log", "/nonexistent/access.log"])
    refused(service, "/nonexistent/access.log", "--access-log")

"""Every refusal of the device API over HTTPS: status, code, body, headers (device-api.md 3.6; R-210, R-216)."""
import json
import time

import pytest

import checks
import clients
import https
import sas

MUSTER_TOML = """
[timeouts]
head = 1
body = 1
"""

KEY = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="
OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
NO_OPERATION = "5.316aac5bdc130deb.b1e02da8-c3a0-4ff2-a121-7ea7a6b7f550"


@pytest.fixture
def enrolled(world, unique):
    """A device with an individual symmetric-key enrollment."""
    name = unique("err")
    world.individual(name, clients.symmetric(KEY))
    return world.device(name, key=KEY)


def raw_put(device, body=b"", headers=b"", length=None):
    """The octets of a register request."""
    token = sas.token(device.resource, device.key).encode()
    length = str(len(body) if length is None else length).encode()
    return (
        b"PUT " + device.path.encode() + b"/register?api-version=2021-06-01 HTTP/1.1\r\nHost: localhost\r\n"
        b"Authorization: " + token + b"\r\nContent-Length: " + length + b"\r\n" + headers + b"\r\n" + body
    )


# --- 400 ------------------------------------------------------------------------------------------------------------
BAD_BODIES = {
    "cut off": b'{"registrationId":',
    "array": b"[]",
    "string": b'"text"',
    "number": b"17",
    "two values": b"{} {}",
    "text behind": b'{"registrationId":"x"} trailing',
    "single quotes": b"{'registrationId':'x'}",
    "comment": b"{/**/}",
    "not UTF-8": b'{"payload":"\xff\xfe"}',
    "nested too deep": b'{"payload":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "NUL": b"{}\0",
    "id is a number": b'{"registrationId":5}',
    "id is an object": b'{"registrationId":{}}',
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_body_is_400(enrolled, name):
    checks.error(enrolled.register(BAD_BODIES[name]), 400)


def test_other_registration_id_in_the_body_is_400(enrolled):
    checks.error(enrolled.register({"registrationId": enrolled.registration_id + "x"}), 400)  # device-api.md 3.4


@pytest.mark.parametrize("version", ["", "abc", "2021-6-1", "2021-06-01-beta", "../../etc", "20210601"])
def test_implausible_api_version_is_400(enrolled, version):
    enrolled.api_version = version
    checks.error(enrolled.register(), 400)  # device-api.md 3.2


def test_missing_api_version_is_400(world, enrolled):
    answer = world.endpoint.request("PUT", enrolled.path + "/register", {}, enrolled.headers())
    checks.error(answer, 400)  # device-api.md 3.2


def test_csr_in_a_look_up_is_400(enrolled):
    enrolled.provision()
    checks.error(enrolled.look_up({"registrationId": enrolled.registration_id, "csr": "MIIB"}), 400)  # 3.1 note L


@pytest.mark.parametrize(
    "head",
    [
        b"NOT HTTP\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n no name\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_malformed_head_is_400(world, head):
    with world.endpoint.raw_tls() as connection:
        checks.error(https.exchange(connection, head), 400)


@pytest.mark.parametrize("target", ["/%", "/a%zz", "/a%00b", "//", "/a//b?api-version=2021-06-01"])
def test_broken_target_is_refused(world, target):
    answer = world.endpoint.request("GET", target)
    assert answer.status in (400, 404), answer
    checks.error(answer, answer.status)


# --- 401 ------------------------------------------------------------------------------------------------------------
def refusals(world, pki, unique, enrolled):
    """Cause -> answer, for every cause of R-210 that a symmetric key or certificate can have."""
    group_key = OTHER_KEY
    world.group(unique("master"), clients.symmetric(group_key))
    root = pki.root("Errors Root")
    leaf = pki.device("err-x509", root)
    stranger = world.device(unique("stranger"), key=KEY)
    elsewhere = f"{enrolled.id_scope}/registrations/somebody-else"
    resource = enrolled.resource
    tokens = {
        "no credentials": "",
        "another scheme": "Basic dXNlcjpwYXNz",
        "no fields": "SharedAccessSignature ",
        "signature is missing": f"SharedAccessSignature sr={resource}&se=1893456000",
        "resource is missing": "SharedAccessSignature sig=AAAA&se=1893456000",
        "expiry is missing": f"SharedAccessSignature sr={resource}&sig=AAAA",
        "field stands twice": sas.token(resource, KEY) + "&se=1893456000",
        "expiry is no number": sas.token(resource, KEY).replace("&se=", "&se=x"),
        "signature is no base64": f"SharedAccessSignature sr={resource}&sig=%21%21&se=1893456000",
        "signature is too short": f"SharedAccessSignature sr={resource}&sig=AAAA&se=1893456000",
        "wrong key": sas.token(resource, OTHER_KEY),
        "expired": sas.token(resource, KEY, lifetime=-3600),
        "another device's resource": sas.token(elsewhere, KEY),
        "another scope's resource": sas.token(resource.replace(enrolled.id_scope, "0ne99999999"), KEY),
        "token too long": sas.token(resource, KEY) + "&x=" + "y" * 6000,
    }
    answers = {cause: call(enrolled, token) for cause, token in tokens.items()}
    answers["unknown registration id"] = stranger.register()
    answers["master key as device key"] = world.device(unique("m"), key=group_key).register()
    answers["no entry for the certificate"] = world.device(
        "err-x509", certificate=leaf.presented(root)
    ).register()
    answers["certificate where a key is enrolled"] = world.device(
        enrolled.registration_id, certificate=pki.device(enrolled.registration_id, root).presented()
    ).register()
    return answers


def call(device, token):
    headers = [("Authorization", token)] if token else []
    target = f"{device.path}/register?api-version={device.api_version}"
    return device.endpoint.request("PUT", target, {"registrationId": device.registration_id}, headers)


def test_every_cause_of_refusal_gives_the_same_401(world, pki, unique, enrolled):
    """Least information to the peer: only the ids and times differ (R-210, device-api.md 4.1 step 5)."""
    shapes = {}
    for cause, answer in refusals(world, pki, unique, enrolled).items():
        body = checks.error(answer, 401, 401002)
        shapes[cause] = (body["message"], answer.reason, tuple(name for name, _ in answer.headers), len(answer.body))
    assert len(set(shapes.values())) == 1, shapes


def test_refused_devices_leave_no_record(world, unique, enrolled):
    call(enrolled, sas.token(enrolled.resource, OTHER_KEY))
    entry = world.operator.get("enrollments", enrolled.registration_id).json()
    assert entry["registrationState"] == {"registrationId": enrolled.registration_id, "status": "unassigned"}


@pytest.mark.parametrize("step", ["poll", "look_up"])
def test_polls_and_look_ups_need_credentials_too(enrolled, step):
    """device-api.md 4.1: over HTTPS every request is judged."""
    operation = enrolled.register().json()["operationId"]
    enrolled.finish(operation)
    wrong = sas.token(enrolled.resource, OTHER_KEY)
    answer = enrolled.poll(operation, token=wrong) if step == "poll" else enrolled.look_up(token=wrong)
    checks.error(answer, 401, 401002)


def test_operation_of_another_device_is_not_shown(world, unique, enrolled):
    operation = enrolled.register().json()["operationId"]
    name = unique("curious")
    world.individual(name, clients.symmetric(OTHER_KEY))
    answer = world.device(name, key=OTHER_KEY).poll(operation)
    assert answer.status in (401, 404), answer
    assert enrolled.registration_id.encode() not in answer.body


# --- 404 and 405 ----------------------------------------------------------------------------------------------------
def test_unknown_id_scope_is_404(world, unique):
    """device-api.md 3.6; the exact code is not known of the original (R-216)."""
    device = clients.Device(world.endpoint, "0neFFFFFFFF", unique("lost"), key=KEY)
    checks.error(device.register(), 404)


def test_unknown_operation_is_404(enrolled):
    checks.error(enrolled.poll(NO_OPERATION), 404)


def test_operation_of_a_deleted_record_is_404(world, enrolled):
    """Not 202 for ever: some clients poll until they get something else."""
    operation = enrolled.register().json()["operationId"]
    enrolled.finish(operation)
    assert world.operator.delete("registrations", enrolled.registration_id).status == 204
    checks.error(enrolled.poll(operation), 404, 404202)


def test_look_up_of_a_device_that_never_registered_is_404(enrolled):
    body = checks.error(enrolled.look_up(), 404)
    assert body["errorCode"] in (404201, 404202)  # device-api.md 3.1 note L


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/{scope}",
        "/{scope}/registrations",
        "/{scope}/registrations/x/y",
        "/{scope}/registrations/x/getDeviceUpdate",
        "/{scope}/registrations/x/operations",
    ],
)
def test_unknown_route_is_404(world, path):
    target = path.format(scope=world.muster.id_scope) + "?api-version=2021-06-01"
    checks.error(world.endpoint.request("POST" if path.endswith("Update") else "GET", target), 404)


@pytest.mark.parametrize(
    "method,suffix",
    [
        ("POST", "/register"),
        ("GET", "/register"),
        ("DELETE", "/register"),
        ("PUT", f"/operations/{NO_OPERATION}"),
        ("DELETE", f"/operations/{NO_OPERATION}"),
    ],
)
def test_wrong_method_is_405(enrolled, method, suffix):
    checks.error(enrolled.call(method, suffix, {}), 405)


# --- 408, 413, 415, 431 ---------------------------------------------------------------------------------------------
def test_body_over_64_kibibytes_is_413(world, enrolled):
    """device-api.md 3.4: limit of the register body."""
    body = json.dumps({"payload": "x" * (96 * 1024)}).encode()
    with world.endpoint.raw_tls() as connection:
        checks.error(https.exchange(connection, raw_put(enrolled, body)), 413)


def test_announced_oversized_body_is_413_before_it_is_sent(world, enrolled):
    with world.endpoint.raw_tls() as connection:
        checks.error(https.exchange(connection, raw_put(enrolled, length=10**12)), 413)


def test_body_just_below_the_limit_is_accepted(enrolled):
    assert enrolled.register({"payload": "x" * (96 * 1024 - 100)}).status == 202


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_content_type_is_not_demanded(enrolled, content_type):
    """device-api.md 3.3: clients send what they like, a documentation sample even `Content-Encoding: utf-8`."""
    headers = [("Content-Type", content_type), ("Content-Encoding", "utf-8")]
    assert enrolled.register(headers=headers).status == 202


def test_head_over_16_kibibytes_is_431(world, enrolled):
    with world.endpoint.raw_tls() as connection:
        checks.error(https.exchange(connection, raw_put(enrolled, b"{}", b"X-Long: " + b"y" * 20000 + b"\r\n")), 431)


@pytest.mark.parametrize("sent", [b"PUT /x HTTP/1.1\r\nHost: localh", None])
def test_slow_sender_gets_408_and_is_cut(world, enrolled, sent):
    """The configuration of this file allows one second for a head and one for a body."""
    started = time.monotonic()
    with world.endpoint.raw_tls() as connection:
        octets = sent if sent is not None else raw_put(enrolled, b'{"pay', length=100)
        checks.error(https.exchange(connection, octets), 408)
        assert connection.recv(1) == b""
    assert time.monotonic() - started < 10


def test_connection_stays_usable_after_a_refusal(world, enrolled):
    """C and Java devices keep one connection (device-api.md 3.8)."""
    target = enrolled.path + "/register?api-version=2021-06-01"
    with world.endpoint.open() as session:
        checks.error(session.request("PUT", target, {}), 401)
        checks.error(session.request("PUT", target, b"{", enrolled.headers()), 400)
        assert session.request("PUT", target, {}, enrolled.headers()).status == 202


def test_tracking_ids_are_never_repeated(enrolled):
    seen = {call(enrolled, "").json()["trackingId"] for _ in range(20)}
    assert len(seen) == 20

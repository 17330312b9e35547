"""Devices prove themselves by a TPM, over HTTPS (device-api.md 5.3) and AMQP (5.4)."""
import base64
import dataclasses
import json
import re
import struct

import pytest

import amqp
import checks
import conftest
import mqtt_client
import sas
import soft_tpm

MUSTER_TOML = """
[limits]
tpm_challenges_per_minute = 12
"""


@pytest.fixture(scope="module", params=["ECC", "RSA"])
def kind(request):
    return request.param == "ECC"


@pytest.fixture
def tpm(kind):
    return soft_tpm.Tpm(curve=kind)


@pytest.fixture
def device(world, unique, tpm):
    """An enrolled device with its TPM."""
    name = unique("Tpm")
    world.individual(name, tpm.attestation())
    return world.device(name)


def first_call(device, tpm):
    device.key = None
    return device.register({"registrationId": device.registration_id, "tpm": tpm.keys(), "payload": None})


def challenge(device, tpm):
    """Lets the TPM take its challenge; from then on the device signs with what was in it."""
    answer = first_call(device, tpm)
    assert answer.status == 401, answer
    device.key = tpm.activate_base64(answer.json()["authenticationKey"])
    return answer


def hub_key(final, tpm):
    return tpm.activate_base64(final["registrationState"]["tpm"]["authenticationKey"])


def cause(world, registration_id):
    def newest():
        answer = world.endpoint.request(
            "GET",
            f"/attempts?api-version=2021-10-01&registrationId={registration_id}",
            None,
            [("Authorization", world.operator.token())],
        )
        return (answer.json() or [{"outcome": "none yet"}])[0]

    # Attempts are written in the background.
    checks.eventually(lambda: newest()["outcome"] == "refused", "the refusal is kept")
    return newest()["findings"][0]["cause"]


# --- HTTPS ----------------------------------------------------------------------------------------------------------
def test_a_tpm_registers(world, device, tpm):
    answer = challenge(device, tpm)
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("Location") is None
    assert answer.header("x-ms-request-id")
    body = answer.json()
    assert set(body) == {"message", "authenticationKey", "keyName"}, "no status: C takes its absence for the challenge"
    assert body["keyName"] == "registration"
    final = device.provision({"registrationId": device.registration_id, "tpm": tpm.keys()})
    assert final["status"] == "assigned"
    state = final["registrationState"]
    assert state["assignedHub"] == world.muster.hub and state["deviceId"] == device.registration_id
    assert set(state["tpm"]) == {"authenticationKey"}
    assert hub_key(final, tpm) != device.key
    checks.no_nulls(final)


def test_the_second_call_may_lack_the_keys(device, tpm):
    """IoT Edge shows them in the first call only."""
    challenge(device, tpm)
    assert hub_key(device.provision({"registrationId": device.registration_id, "payload": {"a": 1}}), tpm)


def test_every_registration_brings_another_hub_key(device, tpm):
    keys = set()
    for _ in range(3):
        challenge(device, tpm)
        keys.add(hub_key(device.provision(), tpm))
    assert len(keys) == 3


def test_a_cleared_tpm_is_recognised(device, tpm):
    challenge(device, tpm)
    device.provision()
    tpm.clear()
    challenge(device, tpm)
    assert hub_key(device.provision(), tpm)


def test_default_registration_id(world, tpm):
    world.individual(tpm.registration_id(), tpm.attestation())
    device = world.device(tpm.registration_id())
    challenge(device, tpm)
    assert device.provision()["status"] == "assigned"


def test_an_answer_is_good_once(world, device, tpm):
    challenge(device, tpm)
    token = sas.token(device.resource, device.key)
    device.provision(token=token)
    checks.error(device.register(token=token), 401, 401002)
    assert cause(world, device.registration_id) == "tpm-challenge-spent"


def test_an_answer_survives_a_restart_of_the_service(own_muster, pki, unique):
    service = own_muster()
    service.start()
    world = conftest.World(service, pki)
    tpm = soft_tpm.Tpm()
    name = unique("restart")
    world.individual(name, tpm.attestation())
    device = world.device(name)
    challenge(device, tpm)
    service.stop()
    service.start()
    after = conftest.World(service, pki).device(name, key=device.key)
    assert hub_key(after.provision(), tpm)


def test_another_tpm_is_refused(world, device, kind):
    checks.error(first_call(device, soft_tpm.Tpm(curve=kind)), 401, 401002)
    assert cause(world, device.registration_id) == "tpm-other-endorsement-key"


def test_a_swapped_storage_root_key_is_refused(world, device, tpm):
    challenge(device, tpm)
    tpm.clear()
    answer = device.register({"registrationId": device.registration_id, "tpm": tpm.keys()})
    checks.error(answer, 401, 401002)
    assert cause(world, device.registration_id) == "tpm-other-storage-root-key"


def test_a_token_by_another_key_is_no_new_challenge(world, device, tpm):
    challenge(device, tpm)
    device.key = base64.b64encode(bytes(32)).decode()
    checks.error(device.register({"registrationId": device.registration_id, "tpm": tpm.keys()}), 401, 401002)
    assert cause(world, device.registration_id) == "tpm-wrong-signature"


def test_the_challenge_of_another_device_is_refused(world, device, tpm, unique):
    other = world.device(unique("other"))
    other_tpm = soft_tpm.Tpm()
    world.individual(other.registration_id, other_tpm.attestation())
    challenge(other, other_tpm)
    challenge(device, tpm)
    token = sas.token(device.resource, other.key)
    checks.error(device.register(token=token), 401, 401002)
    assert cause(world, device.registration_id) == "tpm-wrong-signature"


@pytest.mark.parametrize("member", ["endorsementKey", "storageRootKey"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda octets: octets[:-1],
        lambda octets: octets + b"\0",
        lambda octets: octets[:2] + b"\x00\x08" + octets[4:],
        lambda octets: b"\xff" * len(octets),
        lambda octets: octets[:20],
    ],
)
def test_broken_keys_are_told(world, device, tpm, member, spoil):
    keys = tpm.keys()
    keys[member] = base64.b64encode(spoil(base64.b64decode(keys[member]))).decode()
    answer = device.register({"tpm": keys})
    body = checks.error(answer, 400)
    assert body["message"].startswith(f"tpm.{member}: ")
    assert cause(world, device.registration_id) == "malformed-tpm-keys"


@pytest.mark.parametrize(
    "keys", [{}, {"endorsementKey": "?"}, {"endorsementKey": 5}, {"endorsementKey": "AAAA", "storageRootKey": []}]
)
def test_keys_that_are_no_base64_are_told(device, keys):
    checks.error(device.register({"tpm": keys}), 400)


def test_a_software_key_cannot_pose_as_storage_root_key(device, tpm):
    """Without fixedTPM the private part may be anywhere (5.1)."""
    forged = soft_tpm.Key(0x00030460, b"", tpm.curve)
    answer = device.register({"tpm": {**tpm.keys(), "storageRootKey": forged.base64()}})
    assert "fixedTPM" in checks.error(answer, 400)["message"]


def test_a_disabled_tpm_gets_no_key(world, unique, tpm):
    name = unique("disabled")
    world.individual(name, tpm.attestation(), provisioningStatus="disabled")
    device = world.device(name)
    challenge(device, tpm)
    final = device.provision()
    assert final["status"] == "disabled" and "tpm" not in final["registrationState"]


def test_challenges_of_one_device_are_limited(device, tpm):
    statuses = [first_call(device, tpm).status for _ in range(14)]
    assert statuses[0] == 401 and statuses[-1] == 429
    assert statuses.count(401) in (12, 13)


def test_explain_tells_of_a_challenge(world, device, tpm):
    challenge(device, tpm)
    path = f"/attempts?api-version=2021-10-01&registrationId={device.registration_id}"

    def kept():
        answer = world.endpoint.request("GET", path, None, [("Authorization", world.operator.token())])
        return answer.json()

    checks.eventually(kept, "the challenge is kept")
    assert kept()[0]["outcome"] == "challenged"
    assert kept()[0]["checks"][-1]["check"] == "tpm.challenge"


# --- enrollment -----------------------------------------------------------------------------------------------------
def test_enrolled_keys_are_kept_in_one_form(world, unique, tpm):
    name = unique("form")
    without_size = base64.b64encode(tpm.ek.octets[2:]).decode()
    entry = world.individual(name, {"type": "tpm", "tpm": {"endorsementKey": without_size}})
    assert entry["attestation"] == {"type": "tpm", "tpm": {"endorsementKey": tpm.ek.base64()}}


@pytest.mark.parametrize("text, word", [("#", "base64"), ("AToAAQ==", "truncated")])
def test_enrolled_keys_are_checked(world, unique, text, word):
    entry = {"registrationId": unique("bad"), "attestation": {"type": "tpm", "tpm": {"endorsementKey": text}}}
    body = checks.error(world.operator.put("enrollments", entry), 400)
    assert "attestation.tpm.endorsementKey" in body["message"] and word in body["message"]


def test_mqtt_has_no_way_for_a_challenge(world, unique, pki, tpm):
    name = unique("mqtt")
    world.individual(name, tpm.attestation())
    endpoint = dataclasses.replace(world.endpoint, port=world.muster.ready["mqttPort"])
    with mqtt_client.Wire(endpoint.raw_tls(pki.self_signed_device(name).presented())) as wire:
        device = mqtt_client.Device(wire, world.muster.id_scope, name).connect().subscribe()
        assert device.register(json.dumps({"tpm": tpm.keys()}).encode()).status == 401
    assert cause(world, name) == "tpm-on-other-transport"


# --- AMQP -----------------------------------------------------------------------------------------------------------
SASL_INIT, SASL_CHALLENGE, SASL_RESPONSE, SASL_OUTCOME = 0x41, 0x42, 0x43, 0x44


class Sasl:
    """The device's side of the mechanism TPM in octets."""

    def __init__(self, connection):
        self.connection = connection
        connection.send(amqp.SASL_HEADER)
        assert connection.read(8) == amqp.SASL_HEADER
        number, self.mechanisms = connection.frame()
        assert number == 0x40

    def init(self, scope, registration_id, endorsement_key):
        response = b"\0" + scope.encode() + b"\0" + registration_id.encode() + b"\0" + endorsement_key
        symbol = b"\xa3\x03TPM"
        self.connection.send(amqp.frame(SASL_INIT, symbol, amqp.binary(response), kind=1))
        return self.answer()

    def respond(self, octets):
        self.connection.send(amqp.frame(SASL_RESPONSE, amqp.binary(octets), kind=1))
        return self.answer()

    def answer(self):
        """("challenge", octets) or ("outcome", code)."""
        number, body = self.connection.frame()
        assert len(body) + 8 <= 512, "AMQP 1.0 section 5.3.1"
        if number == SASL_OUTCOME:
            return "outcome", body[-1]
        assert number == SASL_CHALLENGE
        at = body.index(b"\xa0") if b"\xa0" in body[3:8] else body.index(b"\xb0")
        size = body[at + 1] if body[at] == 0xA0 else struct.unpack(">I", body[at + 1 : at + 5])[0]
        return "challenge", body[-size:]

    def activation(self, scope, registration_id, tpm):
        assert self.init(scope, registration_id, tpm.ek.octets) == ("challenge", b"\0")
        kind, first = self.respond(b"\0" + tpm.srk.octets)
        assert kind == "challenge" and first[0] == 0x80, "Java compares it literally"
        kind, last = self.respond(b"\0")
        assert kind == "challenge" and last[0] == 0xC1
        return first[1:] + last[1:]


@pytest.fixture
def connection(world):
    with amqp.Raw(world.muster) as raw:
        yield raw


def prove(connection, device, tpm):
    """Up to the end of SASL; the outcome. The device signs with what was in the challenge from then on."""
    sasl = Sasl(connection)
    device.key = tpm.activate(sasl.activation(device.id_scope, device.registration_id, tpm))
    return sasl.respond(b"\0" + sas.token(device.resource, device.key).encode())


def ask(connection, world, registration_id, body):
    """One register call on the connection after SASL; the frames until the peer has answered."""
    address = f"{world.muster.id_scope}/registrations/{registration_id}"
    connection.open()
    connection.send(
        amqp.attach_frame("out", 0, False, address),
        amqp.attach_frame("in", 1, True, address),
        amqp.frame(0x13, amqp.uint(0), amqp.uint(100), amqp.uint(0), amqp.uint(100), amqp.uint(1), amqp.uint(0), amqp.uint(10)),
        amqp.transfer_frame(0, 0, amqp.request(body=body)),
    )
    while True:
        number, octets = connection.frame()
        if number == 0x14:
            return octets
        assert number not in (0x16, 0x17, 0x18), octets


@pytest.mark.parametrize("shows_keys", [False, True])
def test_a_tpm_registers_over_amqp(world, device, tpm, connection, shows_keys):
    """C and Node show the keys again in the message, C# and Java do not (5.4)."""
    assert prove(connection, device, tpm) == ("outcome", 0)
    body = json.dumps({"tpm": tpm.keys()} if shows_keys else {}).encode()
    answer = ask(connection, world, device.registration_id, body)
    operation = re.search(rb'"operationId":"([^"]+)"', answer).group(1).decode()
    assert hub_key(device.finish(operation), tpm) != device.key


def test_a_large_endorsement_key_comes_in_segments(world, unique, connection):
    """What does not fit one frame of 512 octets is sent in several."""
    tpm = soft_tpm.Tpm(curve=False)
    name = unique("x" * 100)
    world.individual(name, tpm.attestation())
    sasl = Sasl(connection)
    words = f"{world.muster.id_scope}\0{name}\0".encode() + tpm.ek.octets
    connection.send(amqp.frame(SASL_INIT, b"\xa3\x03TPM", amqp.binary(b"\x80" + words[:200]), kind=1))
    assert sasl.answer() == ("challenge", b"\0")
    assert sasl.respond(b"\xc1" + words[200:]) == ("challenge", b"\0")
    assert sasl.respond(b"\0" + tpm.srk.octets)[1][0] == 0x80


def test_the_mechanism_is_offered_in_an_array(connection):
    """uAMQP reads array items, not a single symbol (5.4)."""
    mechanisms = Sasl(connection).mechanisms
    assert b"\x03TPM" in mechanisms and (b"\xe0" in mechanisms or b"\xf0" in mechanisms)


def test_amqp_refuses_another_tpm(world, device, connection, kind):
    """Only after it has answered a challenge that is none: Node's client waits for ever when it is refused before."""
    assert prove(connection, device, soft_tpm.Tpm(curve=kind)) == ("outcome", 1)
    assert cause(world, device.registration_id).startswith("tpm-")


def test_amqp_refuses_a_wrong_token(world, device, tpm, connection):
    sasl = Sasl(connection)
    sasl.activation(world.muster.id_scope, device.registration_id, tpm)
    token = sas.token(device.resource, base64.b64encode(bytes(32)).decode())
    assert sasl.respond(b"\0" + token.encode()) == ("outcome", 1)


def test_amqp_refuses_an_unknown_scope(tpm, connection):
    sasl = Sasl(connection)
    key = tpm.activate(sasl.activation("0ne0000FFFF", "nobody", tpm))
    assert sasl.respond(b"\0" + sas.token("0ne0000FFFF/registrations/nobody", key).encode()) == ("outcome", 1)


def test_amqp_refuses_keys_that_are_none(world, device, tpm, connection):
    sasl = Sasl(connection)
    assert sasl.init(world.muster.id_scope, device.registration_id, tpm.ek.octets[:-1]) == ("challenge", b"\0")
    assert sasl.respond(b"\0" + tpm.srk.octets) == ("outcome", 1)

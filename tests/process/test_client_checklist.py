"""What each client of the device API breaks on: the checklist of device-api.md section 10, row by row, over every
transport that a row applies to. A row that other tests prove is named in ELSEWHERE."""
import base64
import datetime
import pathlib
import re
import subprocess

import pytest

import amqp
import amqp_wire
import checks
import clients
import mqtt_client
import sas
import web_socket
from device_transports import TRANSPORTS, AmqpWebSocket
from mqtt_client import PINGREQ, PINGRESP
from test_device_registration import TOKENS

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
NO_OPERATION = "5.0000000000000000.00000000-0000-0000-0000-000000000000"
LAST_ROW = 30

# Row -> tests that prove it.
ELSEWHERE = {
    10: ["test_device_tpm::test_a_tpm_registers"],
    11: ["test_device_tpm::test_a_tpm_registers", "test_device_tpm::test_a_tpm_registers_over_amqp"],
    12: ["test_device_tpm::test_a_tpm_registers_over_amqp"],
    13: ["test_tpm_attestation::test_tpm2_tools_open_both_blobs"],
    14: ["test_device_registration::test_register_is_answered_202_with_operation_location_and_retry_after"],
    16: ["test_device_mqtt::test_the_response_topic_repeats_what_clients_look_for"],
    19: [
        "test_device_amqp::test_bad_sasl_ends_with_outcome_1",
        "test_device_amqp::test_self_signed_certificate_registers",
    ],
    22: [
        "test_device_registration::test_register_is_answered_202_with_operation_location_and_retry_after",
        "test_service_http::test_requests_on_one_connection_are_answered_in_one_piece_each",
        "test_device_api_errors::test_connection_stays_usable_after_a_refusal",
    ],
    23: [
        "test_device_registration::test_every_body_that_clients_send_registers",
        "test_device_registration::test_status_get_may_carry_a_body",
        "test_device_mqtt::test_bodies_of_all_clients_are_understood",
        "test_device_amqp::test_bodies_of_every_kind_are_taken",
    ],
    27: ["test_device_tpm::test_the_second_call_may_lack_the_keys"],
}


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


@pytest.fixture
def device(world, transport):
    """Makes devices of one transport, whose connections are closed in the end."""
    made = []

    def make(registration_id, **proof):
        made.append(TRANSPORTS[transport](world, registration_id, **proof))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def name(world, unique):
    """An individual entry with KEY."""
    registration_id = unique("check")
    world.individual(registration_id, clients.symmetric(KEY))
    return registration_id


@pytest.fixture
def outcomes(world, device, unique):
    """Answers of three conversations by the status they end with."""
    entries = {
        "assigned": {},
        "disabled": {"provisioningStatus": "disabled"},
        "failed": {"allocationPolicy": "static", "iotHubs": []},
    }
    answers = {}
    for status, members in entries.items():
        registration_id = unique("check")
        world.individual(registration_id, clients.symmetric(KEY), **members)
        answers[status] = device(registration_id, key=KEY).conversation()
        assert answers[status][-1].body["status"] == status
        assert answers[status][-1].body["registrationState"]["registrationId"] == registration_id
    return answers


@pytest.fixture
def refusals(device, name):
    """Error bodies: no right, a body that is none, nothing there."""
    known = device(name, key=KEY)
    answers = [device(name, key=OTHER_KEY).register(), known.register(b"{"), known.poll(NO_OPERATION)]
    assert all(answer.refused for answer in answers)
    assert [answer.body["errorCode"] // 1000 for answer in answers] == [401, 400, 404]
    return [answer.body for answer in answers]


# --- final answers --------------------------------------------------------------------------------------------------
def test_row_01_final_answer_has_operation_id(outcomes):
    for first, *polls in outcomes.values():
        assert {answer.body["operationId"] for answer in polls} == {first.body["operationId"]}


def test_row_02_every_poll_has_the_registration_state(outcomes):
    for _, *polls in outcomes.values():
        for answer in polls:
            state = answer.body["registrationState"]
            assert state["registrationId"] and state["status"] == answer.body["status"]


def test_row_03_failed_and_disabled_carry_the_registration_state(outcomes):
    failed = outcomes["failed"][-1].body["registrationState"]
    assert failed["status"] == "failed" and failed["errorCode"] == 400208 and failed["errorMessage"]
    assert outcomes["disabled"][-1].body["registrationState"]["status"] == "disabled"


def test_row_04_status_words_are_exact(outcomes):
    for status, (first, *polls) in outcomes.items():
        assert first.body["status"] == "assigning"
        assert {answer.body["status"] for answer in polls} <= {"assigning", status}


def test_row_05_error_code_is_a_number(outcomes, refusals):
    for body in [outcomes["failed"][-1].body["registrationState"], *refusals]:
        assert type(body["errorCode"]) is int and 100_000 <= body["errorCode"] <= 999_999


def test_row_06_nothing_is_null(outcomes, refusals):
    for answers in outcomes.values():
        assert all(checks.no_nulls(answer.body) for answer in answers)
    assert checks.no_nulls(refusals)


@pytest.mark.parametrize("sent", [b'{"payload":{"a":1}}', b'{"payload":"text"}', b'{"payload":null}', b"{}"])
def test_row_07_returned_payload_is_an_object_or_left_out(device, name, sent):
    for answer in device(name, key=KEY).conversation(sent):
        assert isinstance(answer.body.get("registrationState", {}).get("payload", {}), dict)


CERTIFICATE_INFO = {
    "subjectName", "sha1Thumbprint", "sha256Thumbprint", "issuerName", "notBeforeUtc", "notAfterUtc", "serialNumber",
    "version",
}


def test_row_08_certificate_info_is_complete_or_absent(world, device, pki, unique):
    solo = unique("solo")
    leaf = pki.self_signed_device(solo)
    world.individual(solo, clients.client_certificates(leaf))
    root = pki.root("Checklist Root")
    world.upload(unique("root"), root)
    group = unique("group")
    world.group(group, clients.signing_certificates(root))
    member = pki.device(unique("member"), root)
    for registration_id, certificate in ((solo, leaf.presented()), (member.common_name, member.presented(root))):
        state = device(registration_id, certificate=certificate).conversation()[-1].body["registrationState"]
        assert state["status"] == "assigned"
        for part in ("certificateInfo", "signingCertificateInfo"):
            assert CERTIFICATE_INFO <= set(state["x509"].get(part, CERTIFICATE_INFO))
        assert state["x509"].get("enrollmentGroupId") == (None if registration_id == solo else group)


def test_row_09_at_most_three_issued_certificates(device, name):
    """The preview that defines csr; no certificates are issued yet, so there are none."""
    sender = device(name, key=KEY, api_version="2025-07-01-preview")
    for answer in sender.conversation(b'{"csr":"MIIB"}'):
        assert len(answer.body.get("registrationState", {}).get("issuedCertificateChain", [])) <= 3


# --- the transports -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("transport", ["mqtt", "mqtt-ws"], indirect=True)
def test_row_15_order_of_mqtt_packets(device, name):
    """CONNACK without a session and PUBACK before the response are what mqtt_client.Device insists on (a session to keep:
    test_device_mqtt); here that nothing comes which was not asked for."""
    link = device(name, key=KEY).link
    for qos in (0, 1, 1):
        assert link.register(qos=qos).status == 202
        assert link.wire.ask(mqtt_client.packet(PINGREQ)).kind == PINGRESP


@pytest.fixture(params=["amqp", "amqp-ws"])
def wire(world, name, request):
    """A device on AMQP in octets: straight and in WebSocket."""
    token = sas.token(f"{world.muster.id_scope}/registrations/{name}", KEY)
    over = None if request.param == "amqp" else web_socket.Stream(world.endpoint, sub_protocol="AMQPWSB10")
    raw = amqp.Raw(world.muster, stream=over)
    yield amqp_wire.WireDevice(raw, f"{world.muster.id_scope}/registrations/{name}", token)
    raw.socket.close()


def test_row_17_amqp_response_is_one_data_section(wire):
    first = wire.ask(correlation_id="7d9c")
    sections = [descriptor for descriptor, _ in first.sections]
    assert sections == [amqp_wire.PROPERTIES, amqp_wire.APPLICATION_PROPERTIES, amqp_wire.DATA]
    assert first.section(amqp_wire.PROPERTIES)[5] == "7d9c"
    operation_id = amqp_wire.json_of(first)["operationId"]
    for correlation_id in ("7d9d", None):
        answer = wire.ask("iotdps-get-operationstatus", operation_id=operation_id, correlation_id=correlation_id)
        assert [descriptor for descriptor, _ in answer.sections].count(amqp_wire.DATA) == 1
        assert answer.sections[-1][0] == amqp_wire.DATA
        assert (answer.section(amqp_wire.PROPERTIES) or [None] * 6)[5] == correlation_id


def test_row_18_amqp_request_is_accepted_before_its_response(wire):
    answer = wire.ask()
    kinds = [kind for kind in answer.kinds if kind in (amqp_wire.DISPOSITION, amqp_wire.TRANSFER)]
    assert answer.is_accepted and kinds == [amqp_wire.DISPOSITION, amqp_wire.TRANSFER]


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("port", ["port", "mqttPort", "amqpPort"])
def test_row_20_certificate_is_asked_for_without_ca_names(muster, port, version):
    """openssl as the client, which has none and is let in."""
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"{muster.address}:{muster.ready[port]}", f"-{version}", "-verify_return_error"]
        + ["-servername", muster.host_names[0], "-CAfile", str(muster.ca_file)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=checks.WAIT_SECONDS, check=True,
    ).stdout
    assert "No client certificate CA names sent" in shown and "Verify return code: 0 (ok)" in shown
    asked = re.search("^Requested Signature Algorithms: (.*)$", shown, re.MULTILINE)
    assert asked, "a client certificate is asked for"
    assert {"RSA+SHA256", "RSA-PSS+SHA256", "ECDSA+SHA256", "ECDSA+SHA384"} <= set(asked[1].split(":"))


@pytest.mark.parametrize("client", TOKENS)
def test_row_21_tokens_of_every_client(device, name, client):
    sender = device(name)
    sender.token = sas.token(sender.resource, KEY, **TOKENS[client])
    assert not sender.register().refused


@pytest.mark.parametrize("path", ["/", "/$iothub/websocket", "/$iothub/websocket?iothub-no-client-cert=true"])
def test_row_24_amqp_in_web_socket(world, name, path):
    """Each frame is a message of its own. MQTT and the octets of the upgrade: test_device_websocket."""
    sender = AmqpWebSocket(world, name, key=KEY)
    sender.path = path
    assert sender.conversation()[-1].body["status"] == "assigned"
    messages = sender.link.raw.socket.messages
    sender.close()
    for message in messages:
        is_header = message in (amqp.SASL_HEADER, amqp.AMQP_HEADER)
        assert is_header or int.from_bytes(message[:4], "big") == len(message)


def test_row_25_operation_id_is_short_and_safe(outcomes):
    for first, *_ in outcomes.values():
        operation_id = first.body["operationId"]
        assert checks.OPERATION_ID.match(operation_id) and len(operation_id) <= 57
        assert clients.encode(operation_id) == operation_id


def test_row_26_token_that_just_expired_still_polls(device, name):
    sender = device(name)
    sender.token = sas.token(sender.resource, KEY, lifetime=-240)
    assert sender.conversation()[-1].body["status"] == "assigned"


# --- errors and times -----------------------------------------------------------------------------------------------
def test_row_28_errors_have_what_clients_read(refusals):
    for body in refusals:
        assert {"errorCode", "trackingId", "message", "timestampUtc"} <= set(body)
        assert re.fullmatch(checks.GUID, body["trackingId"])


def test_row_29_errors_are_plain_json_with_a_message(refusals):
    """Decoded once they are objects."""
    for body in refusals:
        assert isinstance(body, dict) and isinstance(body["message"], str) and body["message"]


def test_row_30_times_can_be_parsed(outcomes, refusals):
    states = [answers[-1].body["registrationState"] for answers in outcomes.values()]
    assert all("lastUpdatedDateTimeUtc" in state for state in states)
    times = [text for body in (*states, *refusals) for member, text in body.items() if member.endswith("Utc")]
    assert len(times) >= len(states) + len(refusals)
    for text in times:
        assert checks.TIMESTAMP.match(text), text
        datetime.datetime.fromisoformat(text[:26].rstrip("Z"))


# --- the list itself ------------------------------------------------------------------------------------------------
def test_every_row_is_proved():
    here = {int(found[1]) for found in (re.match(r"test_row_(\d\d)_", each) for each in globals()) if found}
    assert here | set(ELSEWHERE) == set(range(1, LAST_ROW + 1))
    assert not here & set(ELSEWHERE)
    for proofs in ELSEWHERE.values():
        for proof in proofs:
            file, test = proof.split("::")
            text = (pathlib.Path(__file__).parent / f"{file}.py").read_text(encoding="utf-8")
            assert re.search(rf"^def {test}\(", text, re.MULTILINE), proof

"""`muster device register --attestation tpm` against a service made of tpm2-tools: its TPM makes the activation blobs
(device-api.md 5.3, 5.5), and keys signed with are known."""
import base64
import hashlib
import hmac
import json
import secrets
import urllib.parse

import pytest

import swtpm
import tpm_tools
from cli_program import NOT_FOUND, OK, REFUSED, muster
from stub_service import HOST, StubService


def fields_of(token):
    """Resource, expiry and signature, as they stand."""
    pairs = dict(field.split("=", 1) for field in token.removeprefix("SharedAccessSignature ").split("&"))
    return pairs["sr"], pairs["se"], base64.b64decode(urllib.parse.unquote(pairs["sig"]))


def signed_by(token, key):
    resource, expiry, signature = fields_of(token)
    return hmac.digest(key, f"{resource}\n{expiry}".encode(), "sha256") == signature


class ToolsDps:
    """Challenges, then assigns."""

    def __init__(self, tools_service):
        self.service = tools_service
        self.registration_key, self.hub_key = secrets.token_bytes(32), secrets.token_bytes(32)
        self.keys = None
        self.spoil = lambda blob: blob

    def blob(self, key):
        return base64.b64encode(self.spoil(self.service.blob(self.keys, key))).decode()

    def answer(self, method, path, headers, body):
        token = headers.get("Authorization")
        if token is None:
            self.keys = body["tpm"]
            return 401, {
                "message": "Authorization required",
                "keyName": "registration",
                "authenticationKey": self.blob(self.registration_key),
            }
        assert signed_by(token, self.registration_key)
        if method == "PUT":
            return 202, {"operationId": "5.1", "status": "assigning"}
        return 200, {
            "operationId": "5.1",
            "status": "assigned",
            "registrationState": {
                "assignedHub": "hub.test",
                "deviceId": "device-1",
                "tpm": {"authenticationKey": self.blob(self.hub_key)},
            },
        }


def run(tpm, *arguments, code=OK):
    return muster(*arguments, code=code, environment={"MUSTER_TCTI": tpm.tcti})


@pytest.fixture
def device_tpm(own_tpm):
    tpm = own_tpm("device")
    run(tpm, "tpm", "own")
    return tpm


@pytest.fixture(scope="module")
def tools_service(session_folder):
    tpm = swtpm.SoftwareTpm(session_folder / "tools-service").start()
    yield tpm_tools.ToolsService(tpm)
    tpm.stop()


def register(tpm, stub, *options, code=OK):
    return run(
        tpm,
        *("device", "register", "--attestation", "tpm", "--provisioning-host", f"{HOST}:{stub.port}"),
        *("--connect-to", f"127.0.0.1:{stub.port}", "--ca", stub.certificate, "--id-scope", "0ne1", "-o", "json"),
        *options,
        code=code,
    )


def test_registers_and_signs_for_the_hub(folder, tools_service, device_tpm):
    dps = ToolsDps(tools_service)
    with StubService(folder, dps.answer) as stub:
        outcome = json.loads(register(device_tpm, stub))
    shown = json.loads(run(device_tpm, "tpm", "show", "-o", "json"))
    assert (outcome["status"], outcome["attestation"]) == ("assigned", "tpm")
    assert outcome["registrationId"] == shown["registrationId"]
    assert dps.keys == {name: shown[name] for name in ("endorsementKey", "storageRootKey")}
    assert shown["provisioned"] is True and device_tpm.loaded() == []

    token = run(device_tpm, "tpm", "sas", "--hub", "hub.test", "--device-id", "device-1").strip()
    assert signed_by(token, dps.hub_key)
    assert urllib.parse.unquote(fields_of(token)[0]) == "hub.test/devices/device-1"
    (device_tpm.folder / "text").write_bytes(b"text")
    device_tpm.tool("hmac", "-c", tpm_tools.DEVICE_KEY, "-o", "mac", "text")
    assert (device_tpm.folder / "mac").read_bytes() == hmac.digest(dps.hub_key, b"text", hashlib.sha256)


def test_keeps_the_key_where_it_is_told(folder, tools_service, device_tpm):
    dps = ToolsDps(tools_service)
    with StubService(folder, dps.answer) as stub:
        register(device_tpm, stub, "--device-key-handle", "0x81000123", "--registration-id", "own")
        assert stub.requests[0][1].startswith("/0ne1/registrations/own/register")
    assert "0x81000123" in [handle.lower() for handle in device_tpm.persistent_handles()]
    token = run(
        *(device_tpm, "tpm", "sas", "--hub", "h", "--device-id", "d", "--device-key-handle", "0x81000123")
    ).strip()
    assert signed_by(token, dps.hub_key)


def test_a_registration_that_fails_leaves_the_key_of_the_hub(folder, tools_service, device_tpm):
    dps = ToolsDps(tools_service)
    with StubService(folder, dps.answer) as stub:
        register(device_tpm, stub)
        dps.spoil = lambda blob: blob[:400] + bytes([blob[400] ^ 1]) + blob[401:]
        error = register(device_tpm, stub, code=REFUSED)
    assert "could not import the key" in error
    token = run(device_tpm, "tpm", "sas", "--hub", "h", "--device-id", "d").strip()
    assert signed_by(token, dps.hub_key)
    assert device_tpm.loaded() == []


def test_a_key_for_another_tpm_is_refused(folder, tools_service, own_tpm, device_tpm):
    dps = ToolsDps(tools_service)
    other = own_tpm("other")
    keys = tpm_tools.ToolsDevice(other).own().keys()

    def answer(method, path, headers, body):
        body["tpm"] = keys
        return dps.answer(method, path, headers, body)

    with StubService(folder, answer) as stub:
        error = register(device_tpm, stub, code=REFUSED)
    assert "could not open the credential" in error
    assert tpm_tools.DEVICE_KEY not in device_tpm.persistent_handles()


def test_what_stands_where_the_key_is_to_be_kept_is_left_alone(folder, device_tpm):
    with StubService(folder, lambda *_: (500, {})) as stub:
        error = register(device_tpm, stub, "--device-key-handle", tpm_tools.STORAGE_ROOT_KEY, code=REFUSED)
        assert stub.requests == [] and "stands another object" in error


def test_a_tpm_without_owner_is_told_what_to_do(folder, own_tpm):
    with StubService(folder, lambda *_: (500, {})) as stub:
        error = register(own_tpm(), stub, code=REFUSED)
        assert stub.requests == []
    assert error == "muster: The TPM is not ready for a device: muster tpm own.\n"


def test_a_key_that_was_never_given_is_told(device_tpm):
    error = run(device_tpm, "tpm", "sas", "--hub", "h", "--device-id", "d", code=NOT_FOUND)
    assert "Nothing stands at 0x81000100" in error

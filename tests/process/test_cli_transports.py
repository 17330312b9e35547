"""`muster device register` over each protocol against a running service: the same words, output and exit codes."""
import base64
import json
import socket

import pytest

import clients
from cli_program import OK, REFUSED, UNREACHABLE, USAGE, Cli

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
TRANSPORTS = ["http", "mqtt", "mqtt-ws", "amqp", "amqp-ws"]
OWN_PORTS = {"mqtt": "mqttPort", "amqp": "amqpPort"}

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture
def register(muster, transport):
    """Runs one registration; exit code, and what is printed as JSON (None when that is nothing) or as error text."""
    cli = Cli(muster)

    def run(*arguments, port=None):
        port = port or muster.ready[OWN_PORTS.get(transport, "port")]
        environment = cli.environment | {"MUSTER_CONNECT_TO": f"{muster.address}:{port}"}
        host = f"{muster.ready['provisioningHost']}:{port}"
        common = ["device", "register", "--transport", transport, "--provisioning-host", host]
        done = cli.run(*common, "--id-scope", muster.id_scope, *arguments, "-o", "json", environment=environment)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr

    return run


def check_assigned(outcome, transport, attestation, muster, name):
    code, result = outcome
    assert code == OK, result
    assert (result["transport"], result["attestation"], result["status"]) == (transport, attestation, "assigned")
    assert (result["registrationId"], result["deviceId"], result["assignedHub"]) == (name, name, muster.hub)
    assert result["operationId"] and isinstance(result["milliseconds"], int)


def test_a_key(world, register, transport, muster, unique):
    name = unique("cli")
    world.individual(name, clients.symmetric(KEY))
    check_assigned(
        register("--registration-id", name, "--symmetric-key", KEY), transport, "symmetricKey", muster, name
    )


def test_the_key_of_a_group(world, register, transport, muster, unique):
    name = unique("cli")
    world.group(unique("cli"), clients.symmetric(KEY))
    check_assigned(register("--registration-id", name, "--group-key", KEY), transport, "symmetricKeyGroup", muster, name)


def test_a_certificate(world, register, transport, muster, pki, unique):
    name = unique("cli")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf))
    outcome = register("--certificate", leaf.certificate_file, "--private-key", leaf.key_file)
    check_assigned(outcome, transport, "x509", muster, name)


def test_a_certificate_with_its_chain(world, register, transport, muster, pki, unique):
    root = pki.root(unique("Root"))
    line = pki.authority(unique("Line"), root)
    world.upload(unique("root"), root)
    world.group(unique("line"), clients.signing_certificates(root))
    name = unique("cli")
    chain_file, key_file = pki.device(name, line).presented(line)
    outcome = register("--certificate", chain_file, "--private-key", key_file)
    check_assigned(outcome, transport, "x509", muster, name)


def test_a_payload_arrives(world, register, unique):
    name = unique("cli")
    world.individual(name, clients.symmetric(KEY))
    arguments = ("--registration-id", name, "--symmetric-key", KEY, "--payload", '{"model":"pump"}')
    assert register(*arguments)[0] == OK


def test_a_refusal_says_why(world, register, unique):
    name = unique("cli")
    world.individual(name, clients.symmetric(KEY))
    code, result = register("--registration-id", name, "--symmetric-key", OTHER_KEY)
    assert code == REFUSED and result["status"] == "refused"
    assert result["errorCode"] == "401002" and result["trackingId"] and result["message"]


def test_a_disabled_device_is_told_so(world, register, unique):
    name = unique("cli")
    world.individual(name, clients.symmetric(KEY), provisioningStatus="disabled")
    code, result = register("--registration-id", name, "--symmetric-key", KEY)
    assert code == REFUSED and result["status"] == "disabled"


def test_nobody_there(register):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        code, text = register("--registration-id", "d", "--symmetric-key", KEY, port=taken.getsockname()[1])
    assert code == UNREACHABLE and "Cannot reach" in text


def test_a_service_of_another_ca(register, pki, unique):
    other = pki.root(unique("Other CA"))
    code, text = register("--registration-id", "d", "--symmetric-key", KEY, "--ca", other.certificate_file)
    assert code == UNREACHABLE and "not trusted" in text and "--ca" in text


def test_unusable_files(register, pki, unique, folder):
    (folder / "no.key").write_text("nothing", encoding="utf-8")
    leaf = pki.self_signed_device(unique("cli"))
    code, text = register("--certificate", leaf.certificate_file, "--private-key", folder / "no.key")
    assert code == USAGE and "Cannot use" in text

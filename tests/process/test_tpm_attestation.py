"""Real TPM software against the service: tpm2-tools on swtpm as the device, the program's own, and what an attacker with
a TPM can try (device-api.md 5, R-060 to R-066)."""
import base64
import json

import pytest

import checks
import tpm_tools
from cli_program import REFUSED, Cli
from tpm_tools import DEVICE_KEY, ENDORSEMENT_KEY, STORAGE_ROOT_KEY

MUSTER_TOML = """
[limits]
tpm_challenges_per_minute = 100
"""


@pytest.fixture
def tools_device(own_tpm):
    return tpm_tools.ToolsDevice(own_tpm("device")).own()


def attestation(keys):
    return {"type": "tpm", "tpm": {"endorsementKey": keys["endorsementKey"]}}


@pytest.fixture
def device(world, unique, tools_device):
    """The registration of that TPM's device."""
    name = unique("swtpm")
    world.individual(name, attestation(tools_device.keys()))
    return world.device(name)


def ask(device, keys, **options):
    return device.register({"registrationId": device.registration_id, "tpm": keys}, **options)


def challenge(device, keys):
    answer = ask(device, keys)
    assert answer.status == 401, answer
    return base64.b64decode(answer.json()["authenticationKey"])


def provision(device, tools_device):
    """As firmware with tpm2-tools would; the blob with the hub's key."""
    keys = tools_device.keys()
    tools_device.activate(challenge(device, keys))
    token = tools_device.token(device.resource)
    final = finish(device, ask(device, keys, token=token), token)
    return base64.b64decode(final["registrationState"]["tpm"]["authenticationKey"])


def finish(device, accepted, token):
    assert accepted.status == 202, accepted
    answers = []

    def ended():
        answers.append(device.poll(accepted.json()["operationId"], token=token))
        return answers[-1].json()["status"] != "assigning"

    checks.eventually(ended, "the registration ends")
    assert answers[-1].json()["status"] == "assigned"
    return answers[-1].json()


# --- tpm2-tools -----------------------------------------------------------------------------------------------------
def test_tpm2_tools_open_both_blobs(device, tools_device):
    first = challenge(device, tools_device.keys())
    assert len(tools_device.inner_key(first)) == 16, "devices fix the inner wrap at AES-128"
    assert tools_device.text(first).decode().startswith(device.id_scope)
    hub_blob = provision(device, tools_device)
    tools_device.activate(hub_blob)
    assert len(tools_device.sign(b"text")) == 32


def test_every_registration_brings_a_new_key_of_the_hub(device, tools_device):
    """R-063."""
    signatures = set()
    for _ in range(2):
        tools_device.activate(provision(device, tools_device))
        signatures.add(tools_device.sign(b"text"))
    assert len(signatures) == 2


# --- the program ----------------------------------------------------------------------------------------------------
@pytest.fixture
def cli_device(muster, own_tpm):
    """A TPM that the program made ready, and what the program does with it."""
    tpm = own_tpm("cli")
    cli = Cli(muster)
    cli.environment["MUSTER_TCTI"] = tpm.tcti
    cli.json("tpm", "own")
    cli.tpm = tpm
    return cli


@pytest.fixture(params=["http", "amqp", "amqp-ws"])
def over(request, muster):
    """Options and environment of a registration over each protocol that has TPMs."""
    port = muster.ready["amqpPort"] if request.param == "amqp" else muster.port
    host = f"{muster.ready['provisioningHost']}:{port}"
    options = ("--transport", request.param, "--provisioning-host", host, "--id-scope", muster.id_scope)
    return options, {"MUSTER_CONNECT_TO": f"{muster.address}:{port}"}


def register(cli, over, *arguments):
    options, environment = over
    done = cli.run(
        *("device", "register", "--attestation", "tpm", *options, *arguments, "-o", "json"),
        environment=cli.environment | environment,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr


def test_the_program_registers_by_the_id_of_its_key(world, muster, cli_device, over):
    shown = cli_device.json("tpm", "show")
    world.individual(shown["registrationId"], attestation(shown))
    code, outcome = register(cli_device, over)
    assert (code, outcome["status"], outcome["attestation"]) == (0, "assigned", "tpm")
    assert (outcome["deviceId"], outcome["assignedHub"]) == (shown["registrationId"], muster.hub)
    assert cli_device.tpm.persistent_handles() == [STORAGE_ROOT_KEY, DEVICE_KEY, ENDORSEMENT_KEY]
    assert cli_device.tpm.loaded() == []
    token = cli_device.run("tpm", "sas", "--hub", outcome["assignedHub"], "--device-id", outcome["deviceId"]).stdout
    assert token.startswith("SharedAccessSignature sr=")


def test_the_program_is_refused_with_another_tpm(world, unique, cli_device, tools_device, over):
    """R-064, R-068."""
    name = unique("swtpm")
    world.individual(name, attestation(tools_device.keys()))
    code, _ = register(cli_device, over, "--registration-id", name)
    assert code == REFUSED
    assert cli_device.json("tpm", "show")["provisioned"] is False


def test_the_program_with_a_storage_root_key_of_an_elliptic_curve(world, unique, muster, own_tpm):
    """As systemd makes it."""
    tpm = own_tpm("ecc")
    tpm.step("createprimary", "-C", "o", "-G", "ecc", "-a", tpm_tools.SRK_ATTRIBUTES, "-c", "srk.ctx")
    tpm.step("evictcontrol", "-C", "o", "-c", "srk.ctx", STORAGE_ROOT_KEY)
    cli = Cli(muster)
    cli.environment["MUSTER_TCTI"] = tpm.tcti
    assert cli.json("tpm", "own")["storageRootKey"]["change"] == "was there"
    name = unique("swtpm")
    world.individual(name, attestation(cli.json("tpm", "show")))
    code, outcome = cli.register("--attestation", "tpm", "--registration-id", name)
    assert (code, outcome["status"]) == (0, "assigned")


def test_a_cleared_tpm_is_recognised_and_provisions_again(world, unique, cli_device):
    """R-062."""
    name = unique("swtpm")
    before = cli_device.json("tpm", "show")
    world.individual(name, attestation(before))
    register = ("--attestation", "tpm", "--registration-id", name)
    assert cli_device.register(*register)[0] == 0

    assert cli_device.run("tpm", "clear", "--yes-clear-this-tpm").returncode == 0
    cli_device.json("tpm", "own")
    after = cli_device.json("tpm", "show")
    assert after["endorsementKey"] == before["endorsementKey"]
    assert after["storageRootKey"] != before["storageRootKey"] and after["provisioned"] is False
    code, outcome = cli_device.register(*register)
    assert (code, outcome["status"], outcome["deviceId"]) == (0, "assigned", name)


def test_another_tpm_is_refused_without_a_challenge(world, unique, cli_device, tools_device):
    """R-064, R-068."""
    name = unique("swtpm")
    world.individual(name, attestation(tools_device.keys()))
    code, outcome = cli_device.register("--attestation", "tpm", "--registration-id", name)
    assert (code, outcome["status"], outcome["errorCode"]) == (REFUSED, "refused", "401002")
    assert cli_device.json("tpm", "show")["provisioned"] is False


# --- attacks --------------------------------------------------------------------------------------------------------
def test_a_foreign_storage_root_key_opens_nothing(device, tools_device, own_tpm):
    """Whoever has read the public endorsement key asks with a storage root key of his own: his TPM lacks the private
    endorsement key, and the device's TPM lacks his storage root key."""
    attacker = tpm_tools.ToolsDevice(own_tpm("attacker")).own()
    mixed = {
        "endorsementKey": tools_device.keys()["endorsementKey"],
        "storageRootKey": attacker.keys()["storageRootKey"],
    }
    blob = challenge(device, mixed)
    attacker.inner_key(blob, code=1)
    tools_device.inner_key(blob, code=1)


def test_a_foreign_storage_root_key_does_not_displace_the_devices(device, tools_device, own_tpm):
    attacker = tpm_tools.ToolsDevice(own_tpm("attacker")).own()
    keys = tools_device.keys()
    mixed = keys | {"storageRootKey": attacker.keys()["storageRootKey"]}
    tools_device.activate(challenge(device, keys))
    for _ in range(3):
        challenge(device, mixed)
    token = tools_device.token(device.resource)
    finish(device, ask(device, keys, token=token), token)


def test_a_key_of_one_registration_is_none_for_another(world, unique, device, tools_device):
    """Both are entered with the same endorsement key (R-066)."""
    other_name = unique("swtpm")
    keys = tools_device.keys()
    world.individual(other_name, attestation(keys))
    other = world.device(other_name)
    challenge(other, keys)
    tools_device.activate(challenge(device, keys))
    checks.error(ask(other, keys, token=tools_device.token(other.resource)), 401, 401002)


def test_the_key_of_the_hub_cannot_be_taken_out(world, unique, cli_device):
    """device-api.md 5.6: its policy is empty, so nothing allows TPM2_Duplicate."""
    name = unique("swtpm")
    world.individual(name, attestation(cli_device.json("tpm", "show")))
    assert cli_device.register("--attestation", "tpm", "--registration-id", name)[0] == 0
    tpm = cli_device.tpm
    tpm.tool("startauthsession", "--policy-session", "-S", "session.ctx")
    tpm.tool("policycommandcode", "-S", "session.ctx", "TPM2_CC_Duplicate")
    options = ("-C", "null", "-c", DEVICE_KEY, "-G", "null", "-r", "out.priv", "-s", "out.seed")
    tpm.tool("duplicate", *options, "-p", "session:session.ctx", code=1)
    tpm.tool("flushcontext", "session.ctx")
    tpm.tool("duplicate", *options, code=1)
    assert not (tpm.folder / "out.priv").exists()
    public = tpm.tool("readpublic", "-c", DEVICE_KEY)
    assert "authorization policy:" not in public and "sign" in public


def test_a_blob_is_of_no_use_after_the_tpm_was_cleared(device, tools_device):
    blob = provision(device, tools_device)
    tools_device.tpm.tool("clear", "-c", "l")
    tools_device.own()
    tools_device.inner_key(blob, code=1)
    provision(device, tools_device)


def test_every_challenge_is_wrapped_afresh(device, tools_device):
    keys = tools_device.keys()
    first, second = challenge(device, keys), challenge(device, keys)
    assert not set(tpm_tools.pieces_of(first)) & set(tpm_tools.pieces_of(second))

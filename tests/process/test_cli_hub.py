"""The command line at a hub: its policies, its devices, their twins and methods, and a device that connects."""
import json
import subprocess

import pytest

import hubs
from checks import eventually
from cli_program import NOT_FOUND, OK, REFUSED, UNREACHABLE, USAGE, Cli
from muster_process import BINARY


@pytest.fixture
def cli(muster):
    return Cli(muster)


@pytest.fixture
def owner(muster):
    return hubs.Owner(muster)


@pytest.fixture
def device_id(owner, unique):
    name = unique("pump")
    owner.create(name)
    return name


def connected(cli, owner, device_id, *options):
    """A `muster device connect` that is on; its events come line by line."""
    muster = cli.muster
    process = subprocess.Popen(
        [BINARY, "device", "connect", "--hub-name", owner.hub, "--device-id", device_id]
        + ["--connect-to", f"{muster.address}:{muster.ready['mqttPort']}", "--ca", muster.ca_file, "-o", "json"]
        + [*options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = process.stdout.readline()
    assert json.loads(first or "{}") == {"event": "connected", "hub": owner.hub, "deviceId": device_id}, (
        first or process.stderr.read()
    )
    return process


def ended(process, code=OK):
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return [json.loads(line) for line in out.splitlines()]


# --- policies -------------------------------------------------------------------------------------------------------
def test_a_hub_has_policies_of_its_own(cli, owner, unique):
    at_hub = ("--hub-name", owner.hub)
    assert [policy["keyName"] for policy in cli.json("policy", "list", *at_hub)] == [
        "iothubowner",
        "service",
        "device",
        "registryRead",
        "registryReadWrite",
    ]
    name = unique("reader")
    made = cli.json("policy", "create", "--policy-name", name, "--rights", "registryread", *at_hub)
    assert made["rights"] == "RegistryRead"
    reader = hubs.Owner(cli.muster, name, made["primaryKey"])
    assert reader.call("GET", "/devices").status == 200
    assert reader.call("PUT", "/devices/x", hubs.sas_identity("x")).status == 401

    rolled = cli.json("policy", "update", "--policy-name", name, "--regenerate", "primary", *at_hub)
    assert rolled["secondaryKey"] == made["secondaryKey"]
    assert reader.call("GET", "/devices").status == 401, "its key was replaced"
    assert hubs.Owner(cli.muster, name, rolled["primaryKey"]).call("GET", "/devices").status == 200

    assert cli.run("policy", "delete", "--policy-name", name, *at_hub).returncode == OK
    cli.fails(NOT_FOUND, "policy", "show", "--policy-name", name, *at_hub)
    cli.fails(NOT_FOUND, "policy", "list", "--hub-name", "nobody.example.net")
    cli.fails(USAGE, "policy", "create", "--policy-name", "x", "--rights", "EnrollmentRead", *at_hub)


def test_a_hub_has_a_connection_string_for_tools(cli, owner, device_id):
    shown = cli.json("connection-string", "show", "--hub-name", owner.hub)
    assert shown["keyName"] == "iothubowner"
    listed = cli.json("device-identity", "list", "--top", "1000", "--connection-string", shown["connectionString"])
    assert device_id in [device["deviceId"] for device in listed]


def test_another_hub_is_served_under_its_name(own_muster):
    muster = own_muster().start()
    cli = Cli(muster)
    cli.json("hub", "create", "--hub-name", "hub-b.muster.test")
    # The name has to get into the certificate, which the service makes anew within some seconds.
    eventually(
        lambda: cli.run("device-identity", "list", "--hub-name", "hub-b.muster.test").returncode == OK,
        "the hub is served",
    )
    assert cli.json("device-identity", "list", "--hub-name", "hub-b.muster.test") == []


# --- devices --------------------------------------------------------------------------------------------------------
def test_identities_and_twins(cli, owner, device_id):
    at_hub = ("--hub-name", owner.hub, "--device-id", device_id)
    twin = cli.json("device-twin", "update", "--tags", '{"site":"north"}', "--desired", '{"rpm":9}', *at_hub)
    assert twin["tags"] == {"site": "north"}
    assert cli.json("device-twin", "show", *at_hub)["properties"]["desired"]["rpm"] == 9
    closed = cli.json("device-identity", "update", "--status", "disabled", "--status-reason", "stolen", *at_hub)
    assert (closed["status"], closed["statusReason"]) == ("disabled", "stolen")
    table = cli.run("device-identity", "show", *at_hub).stdout
    assert hubs.KEY not in table
    assert hubs.KEY in cli.run("device-identity", "show", "--show-keys", *at_hub).stdout
    assert "PreconditionFailed" in cli.fails(REFUSED, "device-identity", "delete", "--etag", "MQ==", *at_hub)
    assert cli.run("device-identity", "delete", *at_hub).returncode == OK
    assert "DeviceNotFound" in cli.fails(NOT_FOUND, "device-twin", "show", *at_hub)


def test_a_device_sends_and_answers(cli, owner, device_id):
    events = owner.events("&max=1000")
    last = events[-1]["seq"] if events else 0
    at_hub = ("--hub-name", owner.hub, "--device-id", device_id)
    call = ("device-method", "invoke", "--method-name", "reboot", "--method-payload", '{"now":true}', *at_hub)
    assert "404103" in cli.fails(NOT_FOUND, *call), "it is not connected"
    device = connected(
        cli,
        owner,
        device_id,
        "--symmetric-key",
        hubs.KEY,
        "--data",
        '{"rpm":900}',
        "--msg-count",
        "2",
        "--msg-interval",
        "0",
        "--method-response-code",
        "202",
        "--method-response-payload",
        '"soon"',
        "--method-count",
        "1",
    )
    assert cli.json(*call) == {"status": 202, "payload": "soon"}
    seen = ended(device)
    assert {"event": "method", "method": "reboot", "payload": {"now": True}, "status": 202} in seen
    bodies = [
        event["body"]
        for event in owner.events(f"&after={last}&max=1000")
        if event["systemProperties"]["iothub-connection-device-id"] == device_id
        and event["systemProperties"]["iothub-message-source"] == "Telemetry"
    ]
    assert bodies == [{"rpm": 900}, {"rpm": 900}]


def test_a_device_that_is_shut_out_hears_of_it(cli, owner, device_id):
    device = connected(cli, owner, device_id, "--symmetric-key", hubs.KEY, "--method-count", "1")
    cli.json("device-identity", "update", "--hub-name", owner.hub, "--device-id", device_id, "--status", "disabled")
    assert ended(device, UNREACHABLE) == []
    refused = cli.run(
        *("device", "connect", "--hub-name", owner.hub, "--device-id", device_id, "--symmetric-key", hubs.KEY),
        *("--connect-to", f"{cli.muster.address}:{cli.muster.ready['mqttPort']}"),
    )
    assert refused.returncode == REFUSED
    assert "not authorized (5)" in refused.stderr


def test_what_was_not_done_in_time_is_a_failure(cli, owner, device_id):
    device = connected(cli, owner, device_id, "--symmetric-key", hubs.KEY, "--method-count", "1", "--for", "1")
    assert ended(device, REFUSED) == []

"""Custom allocation: a webhook chooses the hub (service-api.md 9, semantics.md section 8)."""
import json
import threading
import time

import pytest

import clients
import https
import hubs
import mqtt_client
import muster_process
import sas
from checks import eventually
from cli_program import OK, REFUSED, USAGE, Cli
from conftest import World
from sinks import free_port
from test_explain import attempts
from test_operations import scrape
from webhook_server import WebhookServer

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER_HUB = "other.muster.test"
CONCURRENT = 4
LIMIT_SECONDS = 1
PROMPTLY = 10  # seconds; far more than what does not wait for a webhook needs on a busy machine

TOML = """[allocation]
webhook_hosts = ["localhost", "127.0.0.1", "stranger.test", "169.254.169.254"]
webhook_timeout_seconds = {limit}
webhook_concurrent_calls = {concurrent}
webhook_failures_to_rest = 3
[outbound]
ca_file = "{ca}"
connect_to = ["stranger.test=127.0.0.1:{port}"]
"""


@pytest.fixture(scope="module")
def root(pki):
    return pki.root("Webhook Root")


@pytest.fixture(scope="module")
def webhook(pki, root):
    server = WebhookServer(pki.server(root))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def muster(session_folder, webhook, root, request):
    folder = session_folder / request.module.__name__
    folder.mkdir()
    toml = TOML.format(limit=LIMIT_SECONDS, concurrent=CONCURRENT, ca=root.certificate_file, port=webhook.port)
    service = muster_process.Muster(folder, toml=toml)
    request.node.muster = service
    service.start()
    link_other_hub(service)
    yield service
    service.stop()


def link_other_hub(service):
    operator = World(service, None).operator
    resource = operator.resource()
    resource["properties"]["iotHubs"].append({"name": OTHER_HUB, "authenticationType": "Local"})
    assert operator.manage("PUT", resource["id"], resource).status == 200


@pytest.fixture
def cli(muster):
    return Cli(muster)


@pytest.fixture
def enroll(world, webhook, unique):
    """Makes an individual enrollment with a webhook of its own: the device's name and the webhook's path."""

    def make(answer, url=None, **members):
        name = unique("custom")
        path = f"/{name}"
        webhook.answers[path] = answer
        definition = {"webhookUrl": url or webhook.url(path) + "?code=sesame", "apiVersion": "2021-10-01"}
        world.individual(
            name,
            clients.symmetric(KEY),
            allocationPolicy="custom",
            customAllocationDefinition=definition,
            **members,
        )
        return name, path

    return make


def state_of(world, name, payload=None):
    body = {"registrationId": name} | ({"payload": payload} if payload is not None else {})
    return world.device(name, key=KEY).provision(body)["registrationState"]


def failed(world, name):
    """The error message and the cause of a registration that fails."""
    state = state_of(world, name)
    assert state["status"] == "failed" and state["errorCode"] == 400207, state
    newest = attempts(world, f"&registrationId={name}")[0]
    return state["errorMessage"], newest["findings"][0]["cause"]


def checks_of(world, name):
    newest = attempts(world, f"&registrationId={name}")[0]
    return {check["check"]: check for check in newest["checks"]}


def twin_of(muster, hub, name):
    cli = Cli(muster)
    words = ("device-twin", "show", "--hub-name", hub, "--device-id", name, "-o", "json")
    # The name of a new hub gets into the certificate within some seconds.
    eventually(lambda: cli.run(*words).returncode == OK, f"{hub} shows its twins")
    return json.loads(cli.run(*words).stdout)


# --- what a webhook decides -----------------------------------------------------------------------------------------
def test_webhook_chooses_hub_twin_and_payload(world, webhook, muster, enroll):
    """R-100, R-103, R-104; the request of service-api.md 9."""
    twin = {"tags": {"line": 7}, "properties": {"desired": {"interval": 60}}}
    name, path = enroll({"iotHubHostName": muster.hub, "initialTwin": twin, "payload": {"profile": "b"}})
    state = state_of(world, name, {"model": "pump-3"})
    assert (state["assignedHub"], state["payload"]) == (muster.hub, {"profile": "b"})
    record = world.operator.call("GET", f"/registrations/{name}").json()
    assert record["payload"] == {"profile": "b"}
    shown = twin_of(muster, muster.hub, name)
    assert shown["tags"] == {"line": 7} and shown["properties"]["desired"]["interval"] == 60

    [body] = webhook.asked(path)
    assert set(body) == {"individualEnrollment", "deviceRuntimeContext", "linkedHubs"}
    entry = body["individualEnrollment"]
    assert entry["registrationId"] == name and entry["attestation"] == {"type": "symmetricKey"}
    assert entry["etag"].startswith('"') and entry["etag"].endswith('"')
    assert entry["customAllocationDefinition"]["webhookUrl"].endswith("?code=sesame")
    assert body["deviceRuntimeContext"] == {
        "registrationId": name,
        "symmetricKey": {},
        "payload": {"model": "pump-3"},
    }
    assert body["linkedHubs"] == [muster.hub, OTHER_HUB]
    assert webhook.requests[-1][0] == f"{path}?code=sesame"


def test_a_group_with_certificates(world, webhook, muster, pki, unique):
    authority = pki.root(unique("Line"))
    world.upload(unique("line"), authority)
    name, group = unique("unit"), unique("group")
    webhook.answers[f"/{group}"] = {"iotHubHostName": OTHER_HUB}
    definition = {"webhookUrl": webhook.url(f"/{group}"), "apiVersion": "2021-10-01"}
    world.group(
        group,
        clients.signing_certificates(authority),
        allocationPolicy="custom",
        customAllocationDefinition=definition,
        iotHubs=[OTHER_HUB],
    )
    leaf = pki.device(name, authority)
    state = world.device(name, certificate=leaf.presented()).provision()["registrationState"]
    assert state["assignedHub"] == OTHER_HUB
    [body] = webhook.asked(f"/{group}")
    assert set(body) == {"enrollmentGroup", "deviceRuntimeContext", "linkedHubs"}
    assert body["enrollmentGroup"]["enrollmentGroupId"] == group and body["linkedHubs"] == [OTHER_HUB]
    shown = body["deviceRuntimeContext"]["x509"]["clientCertificates"]["primary"]["info"]
    assert shown["subjectName"] == f"CN={name}" and len(shown["sha256Thumbprint"]) == 64
    assert "PRIVATE" not in json.dumps(body) and "BEGIN" not in json.dumps(body)
    assert muster.hub not in body["linkedHubs"]


def test_payloads_travel_over_mqtt(world, webhook, muster, enroll):
    """R-104"""
    name, path = enroll({"iotHubHostName": muster.hub, "payload": {"profile": "m"}})
    endpoint = https.Endpoint(muster.address, muster.ready["mqttPort"], world.endpoint.host, muster.ca_file)
    with mqtt_client.Wire(endpoint.raw_tls()) as wire:
        device = mqtt_client.Device(wire, muster.id_scope, name, key=KEY).connect().subscribe()
        body = json.dumps({"registrationId": name, "payload": {"model": "m-1"}}).encode()
        final = device.provision(body=body)
    assert final["registrationState"]["payload"] == {"profile": "m"}
    assert webhook.asked(path)[0]["deviceRuntimeContext"]["payload"] == {"model": "m-1"}


def test_never_stays_but_gets_the_new_payload(world, webhook, muster, enroll):
    """R-101"""
    never = {"updateHubAssignment": False, "migrateDeviceData": False}
    name, path = enroll({"iotHubHostName": muster.hub, "payload": 1}, reprovisionPolicy=never)
    assert state_of(world, name)["payload"] == 1
    webhook.answers[path] = {"iotHubHostName": OTHER_HUB, "payload": 2, "initialTwin": {"tags": {"a": 1}}}
    state = state_of(world, name)
    assert (state["assignedHub"], state["payload"]) == (muster.hub, 2)
    assert twin_of(muster, muster.hub, name)["tags"] == {}
    assert webhook.asked(path)[1]["deviceRuntimeContext"]["currentIotHubHostName"] == muster.hub


def test_twin_of_the_webhook_wins_over_the_one_that_moves(world, webhook, muster, enroll):
    """R-103"""
    name, path = enroll({"iotHubHostName": muster.hub, "initialTwin": {"tags": {"first": 1}}})
    state_of(world, name)
    webhook.answers[path] = {"iotHubHostName": OTHER_HUB, "initialTwin": {"tags": {"second": 2}}}
    state = state_of(world, name)
    assert (state["assignedHub"], state["substatus"]) == (OTHER_HUB, "deviceDataMigrated")
    assert twin_of(muster, OTHER_HUB, name)["tags"] == {"second": 2}
    assert hubs.Owner(muster).call("GET", f"/twins/{name}").status == 404


# --- what webhooks do wrong -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [201, 204, 302, 307, 400, 404, 500])
def test_another_status_fails_with_it_at_the_end(world, webhook, enroll, status):
    """R-102, R-215; redirects are not followed."""
    name, _ = enroll((status, b"" if status == 204 else b"{}", {"Location": webhook.url("/elsewhere")}))
    message, cause = failed(world, name)
    assert message == f"Custom allocation failed with status code: {status}"
    assert cause == "custom-allocation-failed"
    assert not webhook.asked("/elsewhere")
    assert checks_of(world, name)["allocation.webhook-call"]["passed"] is False


@pytest.mark.parametrize(
    "octets, facts",
    [
        (b"<html>", "The answer"),
        (b"", "The answer"),
        (b"[]", "The answer"),
        (b"{}", "iotHubHostName"),
        (b'{"iotHubHostName":"hub.else.test"}', "none of the linkedHubs"),
        (b'{"iotHubHostName":"' + OTHER_HUB.encode() + b'","initialTwin":7}', "initialTwin"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "The answer"),
        (b'{"iotHubHostName":"\xff"}', "The answer"),
    ],
    ids=["html", "empty", "array", "no-hub", "foreign-hub", "twin", "deep", "not-utf8"],
)
def test_a_wrong_answer_is_told_apart(world, enroll, octets, facts):
    name, _ = enroll((200, octets, {}))
    _, cause = failed(world, name)
    assert cause == "webhook-answer-invalid"
    assert facts in checks_of(world, name)["allocation.webhook-answer"]["facts"]


def test_a_huge_answer_is_not_read_to_its_end(world, enroll):
    name, _ = enroll((200, b" " * (10 << 20), {}))
    _, cause = failed(world, name)
    assert cause == "webhook-unreachable"
    assert "larger than 98304 octets" in checks_of(world, name)["allocation.webhook-call"]["facts"]


def test_an_endless_trickle_ends_with_the_limit(world, webhook, enroll):
    name, path = enroll(None)
    webhook.answers[path] = webhook.trickle
    begun = time.monotonic()
    _, cause = failed(world, name)
    assert cause == "webhook-unreachable" and time.monotonic() - begun < PROMPTLY


def test_a_silent_webhook_holds_no_other_device(world, webhook, enroll, unique):
    """Each host for itself, and those without webhook anyway."""
    name, path = enroll(None)
    webhook.answers[path] = webhook.hang
    device = world.device(name, key=KEY)
    operations = [device.register().json()["operationId"]]
    plain = unique()
    world.individual(plain, clients.symmetric(KEY))
    assert world.device(plain, key=KEY).provision()["status"] == "assigned"
    quick, _ = enroll({"iotHubHostName": OTHER_HUB}, url=webhook.url(f"/quick-{plain}", host="127.0.0.1"))
    webhook.answers[f"/quick-{plain}"] = {"iotHubHostName": OTHER_HUB}
    assert state_of(world, quick)["assignedHub"] == OTHER_HUB
    state = device.finish(operations[0])["registrationState"]
    assert state["errorCode"] == 400207
    assert checks_of(world, name)["allocation.webhook-call"]["passed"] is False


def test_a_fleet_gets_through_few_at_a_time(world, webhook, muster, unique):
    group = unique("fleet")
    webhook.answers[f"/{group}"] = lambda _handler, body: (200, json.dumps({"iotHubHostName": muster.hub}), {})
    definition = {"webhookUrl": webhook.url(f"/{group}"), "apiVersion": "2021-10-01"}
    world.group(group, clients.symmetric(KEY), allocationPolicy="custom", customAllocationDefinition=definition)
    webhook.most_running = 0
    names = [unique(group) for _ in range(60)]
    states = {}

    def register(some):
        for name in some:
            device = world.device(name, key=sas.derive_device_key(KEY, name))
            states[name] = device.provision()["status"]

    threads = [threading.Thread(target=register, args=(names[i::12],)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(states.values()) == {"assigned"} and len(states) == 60
    assert len(webhook.asked(f"/{group}")) == 60
    assert webhook.most_running <= CONCURRENT


# --- where webhooks may be ------------------------------------------------------------------------------------------
def test_a_certificate_for_another_name_is_not_trusted(world, webhook, enroll):
    name, path = enroll(None, url="https://stranger.test/x")
    _, cause = failed(world, name)
    assert cause == "webhook-unreachable" and not webhook.asked(path)
    assert "not trusted" in checks_of(world, name)["allocation.webhook-call"]["facts"]


@pytest.mark.parametrize(
    "url",
    ["http://localhost/x", "https://elsewhere.test/x", "https://localhost:1@evil.test/", "https://u:p@localhost/x"],
)
def test_only_named_hosts_over_https(world, enroll, url):
    name, _ = enroll(None, url=url)
    _, cause = failed(world, name)
    assert cause == "webhook-not-allowed"
    assert checks_of(world, name)["allocation.webhook-target"]["passed"] is False


def test_metadata_services_are_never_called(world, enroll):
    name, _ = enroll(None, url="https://169.254.169.254/latest/meta-data")
    _, cause = failed(world, name)
    assert cause == "webhook-unreachable"
    assert "may not be connected to" in checks_of(world, name)["allocation.webhook-call"]["facts"]


def test_a_connection_that_fails_is_tried_once_more(world, enroll):
    """R-105"""
    name, _ = enroll(None, url=f"https://localhost:{free_port()}/x")
    _, cause = failed(world, name)
    assert cause == "webhook-unreachable"
    assert "tried once more" in checks_of(world, name)["allocation.webhook-connect"]["facts"]


def test_this_machine_is_called_only_when_it_is_named(own_muster, webhook, root, unique):
    service = own_muster(toml=f'[outbound]\nca_file = "{root.certificate_file}"\n').start()
    world = World(service, None)
    for host in ("localhost", "127.0.0.1"):
        name = unique("default")
        webhook.answers[f"/{name}"] = {"iotHubHostName": service.hub}
        definition = {"webhookUrl": webhook.url(f"/{name}", host), "apiVersion": "2021-10-01"}
        world.individual(name, clients.symmetric(KEY), allocationPolicy="custom", customAllocationDefinition=definition)
        _, cause = failed(world, name)
        assert cause == "webhook-unreachable" and not webhook.asked(f"/{name}")


# --- what operators see and do --------------------------------------------------------------------------------------
def test_a_failing_webhook_rests_until_it_is_mended(world, webhook, muster, enroll, cli):
    name, path = enroll((503, b"{}", {}))
    for _ in range(3):
        assert failed(world, name)[1] == "custom-allocation-failed"
    assert failed(world, name)[1] == "webhook-resting"
    assert len(webhook.asked(path)) == 3
    assert "open, 3 failures" in checks_of(world, name)["allocation.webhook-circuit"]["facts"]
    label = {"webhook": webhook.url(path)}
    assert scrape(muster).sum("muster_webhook_up", **label) == 0
    [shown] = [each for each in cli.json("webhook", "list") if each["webhook"] == webhook.url(path)]
    assert shown["circuit"] == "open" and shown["failed"] == 3

    webhook.answers[path] = {"iotHubHostName": OTHER_HUB}
    assert cli.json("webhook", "test", "--eid", name)["assigns"] is True
    assert state_of(world, name)["assignedHub"] == OTHER_HUB
    assert scrape(muster).sum("muster_webhook_up", **label) == 1


def test_a_trial_changes_nothing(world, webhook, enroll, cli):
    name, path = enroll({"iotHubHostName": OTHER_HUB, "payload": {"apiKey": "hunter2"}})
    trial = cli.json("webhook", "test", "--eid", name, "--payload", '{"model":"p"}')
    assert trial["verdict"] == OTHER_HUB and trial["status"] == 200 and trial["durationMs"] >= 0
    assert trial["request"]["deviceRuntimeContext"]["payload"] == {"model": "p"}
    assert trial["response"]["payload"] == {"apiKey": "***"} and "sesame" not in json.dumps(trial)
    assert [check["passed"] for check in trial["checks"]] == [True] * len(trial["checks"])
    assert world.operator.call("GET", f"/registrations/{name}").status == 404
    webhook.answers[path] = (418, b"no", {})
    done = cli.run("webhook", "test", "--eid", name)
    assert done.returncode == REFUSED and "status code: 418" in done.stdout and "Answer:" in done.stdout
    cli.fails(USAGE, "webhook", "test")


def test_exchanges_are_kept_without_secrets(world, webhook, enroll, cli):
    name, _ = enroll({"iotHubHostName": OTHER_HUB})
    state_of(world, name)
    [kept] = cli.json("webhook", "exchanges", "--rid", name)
    assert kept["webhook"] == webhook.url(f"/{name}") + "?code=***" and kept["test"] is False
    assert kept["verdict"] == OTHER_HUB and kept["status"] == 200 and "sesame" not in json.dumps(kept)
    assert kept["trackingId"] == attempts(world, f"&registrationId={name}")[0]["trackingId"]
    assert kept["request"]["individualEnrollment"]["registrationId"] == name
    assert name in cli.run("webhook", "exchanges").stdout


def test_explain_shows_every_step(world, enroll, cli):
    name, _ = enroll((500, b"{}", {}))
    failed(world, name)
    text = cli.run("explain", name).stdout
    for step in ("allocation.webhook-target", "allocation.webhook-circuit", "allocation.webhook-call", "status 500"):
        assert step in text
    assert "sesame" not in text


def test_a_dry_run_does_not_ask(world, webhook, enroll):
    name, path = enroll({"iotHubHostName": OTHER_HUB})
    token = world.device(name, key=KEY).headers()[0][1]
    answer = world.operator.call("POST", "/attempts/dryRun", {"registrationId": name, "token": token}).json()
    assert answer["outcome"] == "pending" and not webhook.asked(path)
    assert "muster webhook test" in json.dumps(answer["checks"])


def test_a_registration_that_a_stop_interrupts_is_asked_for_again(own_muster, webhook, root, unique):
    toml = f'[allocation]\nwebhook_hosts = ["localhost"]\n[outbound]\nca_file = "{root.certificate_file}"\n'
    service = own_muster(toml=toml).start()
    world = World(service, None)
    name = unique("stopped")
    webhook.answers[f"/{name}"] = webhook.hang
    definition = {"webhookUrl": webhook.url(f"/{name}"), "apiVersion": "2021-10-01"}
    world.individual(name, clients.symmetric(KEY), allocationPolicy="custom", customAllocationDefinition=definition)
    operation = world.device(name, key=KEY).register().json()["operationId"]
    while not webhook.asked(f"/{name}"):
        time.sleep(0.01)
    service.stop()
    webhook.answers[f"/{name}"] = {"iotHubHostName": service.hub}
    service.start()
    state = World(service, None).device(name, key=KEY).finish(operation)["registrationState"]
    assert state["assignedHub"] == service.hub

"""What the service tells its operator about devices: kept attempts, dry runs, `muster explain` (design section 3)."""
import base64
import json

import pytest

import checks
import clients
import sas
from cli_program import NOT_FOUND, OK, USAGE, Cli
from conftest import World

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()


@pytest.fixture
def cli(muster):
    return Cli(muster)


def attempts(world, parameters=""):
    answer = world.operator.endpoint.request(
        "GET",
        f"/attempts?api-version=2021-10-01{parameters}",
        None,
        [("Authorization", world.operator.token())],
    )
    assert answer.status == 200, answer
    return answer.json()


def attempt(world, answer):
    """The kept attempt behind a device's answer, by the tracking id that the device got. It is written in the
    background, so it may take a moment."""
    tracking_id = answer.header("x-ms-request-id")
    checks.eventually(
        lambda: world.operator.call("GET", f"/attempts/{tracking_id}").status != 404, f"{tracking_id} is kept"
    )
    kept = world.operator.call("GET", f"/attempts/{tracking_id}")
    assert kept.status == 200, kept
    return kept.json()


def cause(world, answer):
    return attempt(world, answer)["findings"][0]["cause"]


@pytest.fixture
def enrolled(world, unique):
    name = unique("why")
    world.individual(name, clients.symmetric(KEY))
    return world.device(name, key=KEY)


# --- causes that no decision is needed for; the others are unit tests of src/provisioning ---------------------------
def test_unknown_id_scope(world, enrolled):
    stranger = clients.Device(world.endpoint, "0neNOBODY", enrolled.registration_id, key=KEY)
    answer = stranger.register()
    assert answer.status == 404
    kept = attempt(world, answer)
    assert kept["findings"][0]["cause"] == "unknown-id-scope" and "0neNOBODY" in kept["findings"][0]["facts"]
    assert kept["deviceSees"].startswith("404")


def test_bad_api_version(world, enrolled):
    enrolled.api_version = "yesterday"
    assert cause(world, enrolled.register()) == "bad-api-version"


@pytest.mark.parametrize("name", ["-begins-badly", "has blank", "x" * 129])
def test_bad_registration_id(world, name):
    answer = world.device(name, key=KEY).register()
    assert answer.status == 400 and cause(world, answer) == "bad-registration-id"


def test_malformed_body(world, enrolled):
    assert cause(world, enrolled.register(b'{"registrationId":')) == "malformed-body"


def test_other_registration_id_in_body(world, enrolled):
    assert cause(world, enrolled.register({"registrationId": "another"})) == "other-registration-id-in-body"


def test_malformed_tpm_keys(world, enrolled):
    answer = enrolled.register({"tpm": {"endorsementKey": "AA==", "storageRootKey": "AA=="}})
    assert cause(world, answer) == "malformed-tpm-keys"


def test_unknown_operation(world, enrolled):
    assert cause(world, enrolled.poll("5.316aac5bdc130deb.b1e02da8-c3a0-4ff2-a121-7ea7a6b7f550")) == "unknown-operation"


def test_never_registered(world, enrolled):
    assert cause(world, enrolled.look_up()) == "never-registered"


# --- what an attempt tells ------------------------------------------------------------------------------------------
def test_refused_device_learns_nothing_and_the_operator_everything(world, enrolled):
    enrolled.key = OTHER_KEY
    answer = enrolled.register()
    checks.error(answer, 401, 401002)
    assert answer.json()["message"] == "Unauthorized"
    kept = attempt(world, answer)
    assert kept["outcome"] == "refused" and kept["call"] == "register" and kept["protocol"] == "http"
    assert kept["enrollmentId"] == enrolled.registration_id
    finding = kept["findings"][0]
    assert finding["cause"] == "wrong-key" and finding["summary"] and finding["advice"]
    failed = [check["check"] for check in kept["checks"] if not check["passed"]]
    assert failed == ["token.signature"]
    signature = enrolled.headers()[0][1].split("sig=")[1].split("&")[0]
    assert signature not in json.dumps(kept)


def test_assigned_device_is_kept_with_its_hub(world, enrolled, muster):
    answer = enrolled.register()
    enrolled.finish(answer.json()["operationId"])
    kept = attempt(world, answer)
    assert kept["outcome"] == "assigned" and kept["assignedHub"] == muster.hub
    assert kept["findings"] == [] and all(check["passed"] for check in kept["checks"])


def test_chain_without_its_intermediate_is_told(world, pki, unique):
    name = unique("chain")
    root = pki.root("Explained Root")
    middle = pki.authority("Explained Line", root)
    device = pki.device(name, middle)
    world.upload("explained-root", root)
    world.group(unique("line"), clients.signing_certificates(root))
    answer = world.device(name, certificate=device.presented()).register()
    kept = attempt(world, answer)
    assert kept["findings"][0]["cause"] == "intermediate-missing"
    assert "Explained Line" in kept["findings"][0]["facts"]
    by_thumbprint = attempts(world, f"&thumbprint={kept['sha256Thumbprint'].lower()}")
    assert [each["trackingId"] for each in by_thumbprint] == [kept["trackingId"]]


def test_listing_is_by_device_outcome_and_page(world, enrolled):
    good = enrolled.register()
    enrolled.finish(good.json()["operationId"])
    enrolled.key = OTHER_KEY
    bad = [enrolled.register() for _ in range(3)]
    for answer in bad:
        attempt(world, answer)
    mine = attempts(world, f"&registrationId={enrolled.registration_id.upper()}")
    assert [each["outcome"] for each in mine] == ["refused"] * 3 + ["assigned"]
    failed = attempts(world, f"&registrationId={enrolled.registration_id}&outcome=failed")
    assert len(failed) == 3
    page = world.endpoint.request(
        "GET",
        f"/attempts?api-version=2021-10-01&registrationId={enrolled.registration_id}",
        None,
        [("Authorization", world.operator.token()), ("x-ms-max-item-count", "3")],
    )
    assert page.header("x-ms-item-type") == "Attempt" and len(page.json()) == 3
    rest = world.endpoint.request(
        "GET",
        f"/attempts?api-version=2021-10-01&registrationId={enrolled.registration_id}",
        None,
        [("Authorization", world.operator.token()), ("x-ms-continuation", page.header("x-ms-continuation"))],
    )
    assert [each["trackingId"] for each in rest.json()] == [mine[3]["trackingId"]]
    assert rest.header("x-ms-continuation") is None


def test_bad_filters_are_told(world):
    answer = world.endpoint.request(
        "GET", "/attempts?api-version=2021-10-01&outcome=odd", None, [("Authorization", world.operator.token())]
    )
    checks.error(answer, 400)
    checks.error(world.operator.call("GET", "/attempts/none"), 404)


def test_attempts_outlive_the_process_and_the_oldest_go_first(own_muster):
    service = own_muster(toml="[attempts]\nkeep = 2\n").start()
    try:
        world = World(service, None)
        for i in range(4):
            attempt(world, world.device(f"gone-{i}", key=KEY).register())
        service.stop()
        service.start()
        world = World(service, None)
        checks.eventually(
            lambda: [each["registrationId"] for each in attempts(world)] == ["gone-3", "gone-2"], "two are left"
        )
    finally:
        service.stop()


def test_nothing_is_kept_when_nothing_is_wanted(own_muster):
    service = own_muster(toml="[attempts]\nkeep = 0\n").start()
    try:
        world = World(service, None)
        world.operator.create_individual("quiet", clients.symmetric(KEY))
        world.device("quiet", key=KEY).provision()
        world.device("unknown", key=KEY).register()
        assert attempts(world) == []
    finally:
        service.stop()


# --- dry runs -------------------------------------------------------------------------------------------------------
def dry_run(world, body, status=200):
    answer = world.operator.call("POST", "/attempts/dryRun", body)
    assert answer.status == status, answer
    return answer.json()


def test_dry_run_with_a_good_token_names_the_hub_and_changes_nothing(world, enrolled, muster):
    token = sas.token(enrolled.resource, KEY)
    told = dry_run(world, {"token": token})
    assert told["outcome"] == "assigned" and told["assignedHub"] == muster.hub
    assert told["registrationId"] == enrolled.registration_id
    assert attempts(world, f"&registrationId={enrolled.registration_id}") == []
    state = world.operator.get("enrollments", enrolled.registration_id).json()["registrationState"]
    assert state["status"] == "unassigned"


def test_dry_run_with_a_bad_token_tells_the_cause(world, enrolled):
    told = dry_run(world, {"token": sas.token(enrolled.resource, OTHER_KEY)})
    assert told["outcome"] == "refused" and told["findings"][0]["cause"] == "wrong-key"


def test_dry_run_with_an_id_tells_the_enrollment(world, enrolled):
    told = dry_run(world, {"registrationId": enrolled.registration_id})
    assert told["outcome"] == "notJudged" and told["enrollmentId"] == enrolled.registration_id


@pytest.mark.parametrize(
    "body", [{}, {"token": "x", "certificates": "y"}, {"certificates": "no pem"}, {"token": 5}, {"token": "garbage"}]
)
def test_dry_run_of_nonsense_is_400(world, body):
    dry_run(world, body, 400)


def test_dry_run_takes_more_than_reading_records(world):
    checks.error(world.operator.call("POST", "/attempts/dryRun", {"registrationId": "x"}, token="none"), 401)


# --- the command ----------------------------------------------------------------------------------------------------
def test_explain_on_the_command_line(cli, world, enrolled, pki, unique):
    enrolled.key = OTHER_KEY
    tracking_id = attempt(world, enrolled.register())["trackingId"]
    for what in (tracking_id, tracking_id.upper(), enrolled.registration_id):
        shown = cli.run("explain", what)
        assert shown.returncode == OK and "wrong-key" in shown.stdout and "FAILED token.signature" in shown.stdout
    assert cli.json("explain", tracking_id)["findings"][0]["cause"] == "wrong-key"
    listed = cli.run("explain", "--failed", "--top", "1000")
    assert listed.returncode == OK and tracking_id in listed.stdout

    device = pki.self_signed_device(unique("alone"))
    told = cli.run("explain", "--chain", device.certificate_file)
    assert told.returncode == OK and "self-signed-not-enrolled" in told.stdout
    told = cli.run("explain", "--token", sas.token(enrolled.resource, KEY))
    assert told.returncode == OK and "assigned" in told.stdout
    assert "individual enrollment" in cli.run("explain", "--rid", enrolled.registration_id).stdout


def test_explain_says_when_there_is_nothing(cli):
    assert "did not reach" in cli.fails(NOT_FOUND, "explain", "never-seen")
    cli.fails(NOT_FOUND, "explain", "01a201df-0639-763f-9664-7b5ea9837ba4")
    cli.fails(USAGE, "explain", "--chain", "/nowhere.pem")
    cli.fails(USAGE, "explain", "something", "--rid", "other")
    cli.fails(USAGE, "explain", "a" * 40)

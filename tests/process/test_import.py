"""Import and export of enrollments and groups with the real program (docs/import.md)."""
import base64
import csv
import io
import json
import subprocess

import pytest

import checks
import clients
from cli_program import OK, REFUSED, USAGE, Cli
from conftest import World
from muster_process import BINARY

KEY = base64.b64encode(bytes(range(32))).decode()
KEY_2 = base64.b64encode(bytes(range(32, 64))).decode()
NDJSON = ("Content-Type", "application/x-ndjson")
CSV = ("Content-Type", "text/csv")
# A dozen requests go through at once, then one in five seconds: an import of more stands still in its middle. Even when an
# early one gets the last turn, it has to come within what is waited for.
SLOW = "[limits]\noperations_per_minute = 12\n"
REQUESTS = 16
LINES = REQUESTS * 5000


@pytest.fixture
def cli(muster):
    return Cli(muster)


def lines(*entries):
    """NDJSON; texts are lines as they are."""
    return "".join((entry if isinstance(entry, str) else json.dumps(entry)) + "\n" for entry in entries)


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def totals(cli, noun, path, *more, code=OK):
    done = cli.run(noun, "import", "--file", path, "-o", "json", *more)
    assert done.returncode == code, done
    return json.loads(done.stdout)


def counts(created=0, updated=0, unchanged=0, failed=0):
    return {"created": created, "updated": updated, "unchanged": unchanged, "failed": failed}


def export(cli, noun, *more):
    done = cli.run(noun, "export", *more)
    assert done.returncode == OK, done
    return done.stdout


def exported_ids(cli):
    return [json.loads(line)["registrationId"] for line in export(cli, "enrollment").splitlines()]


def send(world, path, body, *headers, parameters=""):
    """One request of an import, past the command line."""
    return world.operator.endpoint.request(
        "POST",
        f"{path}?api-version=2021-10-01{parameters}",
        body if isinstance(body, bytes) else body.encode(),
        [("Authorization", world.operator.token()), *headers],
    )


# --- lines ----------------------------------------------------------------------------------------------------------
def test_bad_lines_are_named_and_cost_no_other(cli, folder, world, unique):
    good, bad = [unique("good") for _ in range(4)], unique("bad")
    path = write(
        folder,
        "devices.ndjson",
        lines(
            {"registrationId": good[0]},
            "not JSON",
            {"registrationId": good[1], "deviceId": "pump"},
            {"registrationId": bad, "iotHubs": ["nowhere.example.net"]},
            "",
            {"registrationId": good[2], "initialTwin": {"tags": {"site": "ams"}}},
            {"deviceId": "without-an-id"},
            {"registrationId": bad, "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": "!"}}},
            {"registrationId": good[3]},
        ),
    )
    done = cli.run("enrollment", "import", "--file", path, "--report", folder / "report", "-o", "json")
    assert done.returncode == REFUSED and json.loads(done.stdout) == counts(created=4, failed=4)
    report = [json.loads(line) for line in (folder / "report").read_text().splitlines()]
    assert [failure["line"] for failure in report] == [2, 4, 7, 8]
    assert [failure.get("registrationId") for failure in report] == [None, bad, None, bad]
    assert "nowhere.example.net is not linked" in report[1]["message"]
    assert all(failure["errorCode"] // 1000 == 400 and failure["message"] for failure in report)
    for failure in report:
        assert f"line {failure['line']}: " in done.stderr
    for name in good:
        assert world.operator.get("enrollments", name).status == 200
    assert world.operator.get("enrollments", bad).status == 404


def test_bad_rows_are_counted_in_lines_of_the_file(cli, folder, unique):
    names = [unique("row") for _ in range(5)]
    text = (
        "\ufeffregistrationId,deviceId,tags\r\n"
        f'{names[0]},pump,"{{""site"":\r\n""ams""}}"\r\n'  # two lines
        f"{names[1]},pump,[]\r\n"
        "\r\n"
        f"{names[2]},pump,,too many\r\n"
        f'{names[3]},p"ump,\r\n'
        f"{names[4]},,"
    )
    path = write(folder, "devices.csv", text)
    done = cli.run("enrollment", "import", "--file", path, "-o", "json")
    assert done.returncode == REFUSED and json.loads(done.stdout) == counts(created=2, failed=3)
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["line 4", "line 6", "line 7"]


def test_lines_keep_their_numbers_beyond_the_first_request(cli, folder, unique):
    prefix = unique("many")
    entries = [{"registrationId": f"{prefix}-{number}"} for number in range(1, 12001)]
    for number in (5000, 5001, 12000):
        entries[number - 1] = f"bad {number}"
    done = cli.run("enrollment", "import", "--file", write(folder, "devices.ndjson", lines(*entries)), "-o", "json")
    assert json.loads(done.stdout) == counts(created=11997, failed=3)
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["line 5000", "line 5001", "line 12000"]


# --- again ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_the_same_file_again_changes_nothing(cli, folder, world, unique, suffix):
    names = [unique("again") for _ in range(50)]
    text = lines(*[{"registrationId": name} for name in names])
    if suffix == "csv":
        text = "registrationId\n" + "".join(name + "\n" for name in names)
    path = write(folder, f"devices.{suffix}", text)
    assert totals(cli, "enrollment", path) == counts(created=50)
    before = [world.operator.get("enrollments", name).json() for name in names]
    keys = export(cli, "enrollment", "--show-keys")
    for mode in ("createOrUpdate", "create", "createOrReplace"):
        assert totals(cli, "enrollment", path, "--mode", mode) == counts(unchanged=50)
    assert [world.operator.get("enrollments", name).json() for name in names] == before, "etags stay"
    assert export(cli, "enrollment", "--show-keys") == keys


def test_modes_differ_in_what_becomes_of_existing_entries(cli, folder, world, unique):
    name = unique("mode")
    world.individual(name, clients.symmetric(KEY), deviceId="pump", initialTwin={"tags": {"site": "ams"}})
    path = write(folder, "devices.ndjson", lines({"registrationId": name, "provisioningStatus": "disabled"}))

    assert totals(cli, "enrollment", path, "--mode", "create", code=REFUSED) == counts(failed=1)
    assert world.operator.get("enrollments", name).json()["provisioningStatus"] == "enabled"

    assert totals(cli, "enrollment", path) == counts(updated=1)
    updated = world.operator.get("enrollments", name).json()
    assert (updated["provisioningStatus"], updated["deviceId"]) == ("disabled", "pump")
    assert updated["initialTwin"]["tags"] == {"site": "ams"}

    assert totals(cli, "enrollment", path, "--mode", "createOrReplace") == counts(updated=1)
    replaced = world.operator.get("enrollments", name).json()
    assert "deviceId" not in replaced and "initialTwin" not in replaced
    shown = cli.json("enrollment", "show", "--eid", name, "--show-keys")
    assert shown["attestation"]["symmetricKey"]["primaryKey"] == KEY, "keys that are not given are kept"


# --- killed in the middle -------------------------------------------------------------------------------------------
class CutOff:
    """A large import that stands still in its middle."""

    def __init__(self, own_muster, folder, suffix):
        self.make = own_muster
        self.service = own_muster(toml=SLOW).start()
        self.cli = Cli(self.service)
        self.path = folder / f"devices.{suffix}"
        with open(self.path, "w", encoding="ascii") as file:
            if suffix == "csv":
                file.write("registrationId\n")
            for number in range(LINES):
                file.write(f"unit-{number:06}\n" if suffix == "csv" else f'{{"registrationId":"unit-{number:06}"}}\n')
        self.state_file = self.path.with_name(self.path.name + ".import-state")
        self.client = subprocess.Popen(
            [BINARY, "enrollment", "import", "--file", self.path, "-o", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.cli.environment,
        )
        checks.eventually(lambda: self.state_file.exists() or self.client.poll() is not None, "the import is under way")
        assert self.client.poll() is None, self.client.communicate()

    def kill_client(self):
        self.client.kill()
        self.client.communicate()

    def restart_service(self):
        """On the same folder and port, without the limit."""
        port = self.service.port
        self.service.kill()
        self.service = self.make().start(port)
        self.cli = Cli(self.service)

    def check_complete(self):
        ids = exported_ids(self.cli)
        assert ids == [f"unit-{number:06}" for number in range(LINES)]
        assert not self.state_file.exists()
        self.service.stop()


def test_an_import_outlives_a_killed_service(own_muster, folder):
    cut = CutOff(own_muster, folder, "ndjson")
    cut.restart_service()
    out, err = cut.client.communicate(timeout=120)
    assert cut.client.returncode == OK, err
    answer = json.loads(out)
    # What the killed service had written without telling is found unchanged.
    assert answer["created"] + answer["unchanged"] == LINES and answer["created"] >= LINES / 2
    cut.check_complete()


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_a_killed_import_goes_on_where_it_stopped(own_muster, folder, suffix):
    cut = CutOff(own_muster, folder, suffix)
    cut.kill_client()
    done_before = json.loads(cut.state_file.read_text())
    cut.restart_service()
    assert 0 < len(exported_ids(cut.cli)) < LINES
    done = cut.cli.run("enrollment", "import", "--file", cut.path, "--resume", "-o", "json")
    assert done.returncode == OK, done
    answer = json.loads(done.stdout)
    assert answer["created"] + answer["unchanged"] == LINES and answer["created"] >= done_before["created"]
    cut.check_complete()


def test_a_killed_import_may_simply_be_run_again(own_muster, folder):
    cut = CutOff(own_muster, folder, "ndjson")
    cut.kill_client()
    cut.restart_service()
    there = len(exported_ids(cut.cli))
    done = cut.cli.run("enrollment", "import", "--file", cut.path, "-o", "json")
    assert "--resume" in done.stderr
    assert json.loads(done.stdout) == counts(created=LINES - there, unchanged=there)
    cut.check_complete()


# --- export and import elsewhere ------------------------------------------------------------------------------------
def upload_authorities(world, root):
    for name in ("root-a", "root-b"):
        world.upload(name, root)


def make_every_kind(world, pki, unique):
    """Individual enrollments and groups with everything that they can have."""
    root = pki.root(unique("Root"))
    hub = world.muster.hub
    twin = {"tags": {"site": "Zürich, \"Süd\"\n", "n": [1, None, {"a": 1.5}]}, "properties": {"desired": {"on": True}}}
    device, next_device = pki.self_signed_device("x-1"), pki.self_signed_device("x-2")
    upload_authorities(world, root)
    world.individual("key", clients.symmetric(KEY, KEY_2), deviceId="=pump-1", initialTwin=twin)
    world.individual("x509", clients.client_certificates(device, next_device), provisioningStatus="disabled")
    world.individual("ca", clients.ca_references("root-a"), allocationPolicy="static", iotHubs=[hub])
    world.individual(
        "all",
        clients.symmetric(KEY),
        capabilities={"iotEdge": True},
        reprovisionPolicy={"updateHubAssignment": False, "migrateDeviceData": False},
        optionalDeviceInformation={"built": "2026-11-22", "=cmd": "|calc"},
        initialTwin={"tags": {}, "properties": {"desired": {"@x": "=1+1"}}},
    )
    world.group("key-group", clients.symmetric(KEY_2, KEY), initialTwin=twin)
    world.group("signed", clients.signing_certificates(root), allocationPolicy="hashed", iotHubs=[hub])
    world.group("by-name", clients.ca_references("root-b"), provisioningStatus="disabled")
    return root


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_an_export_makes_the_same_elsewhere(own_muster, folder, pki, unique, suffix):
    first, second = (World(own_muster(name).start(), pki) for name in ("first", "second"))
    upload_authorities(second, make_every_kind(first, pki, unique))
    for noun in ("enrollment", "group"):
        here, there = folder / f"{noun}.{suffix}", folder / f"{noun}-2.{suffix}"
        assert Cli(first.muster).run(noun, "export", "--show-keys", "--file", here).returncode == OK
        assert here.stat().st_mode & 0o777 == 0o600
        made = totals(Cli(second.muster), noun, here)
        assert made == counts(created=4 if noun == "enrollment" else 3)
        assert Cli(second.muster).run(noun, "export", "--show-keys", "--file", there).returncode == OK
        assert there.read_bytes() == here.read_bytes()
        assert totals(Cli(first.muster), noun, here) == counts(unchanged=made["created"]), "nor is anything else here"
        listed = [Cli(world.muster).json(noun, "list") for world in (first, second)]
        for entry in (*listed[0], *listed[1]):
            for member in ("etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"):
                del entry[member]
        assert listed[0] == listed[1]
    for world in (first, second):
        world.muster.stop()


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_an_export_without_keys_goes_in_again_here(cli, folder, world, pki, unique, suffix):
    make_every_kind(world, pki, unique)
    for noun in ("enrollment", "group"):
        path = folder / f"{noun}.{suffix}"
        assert cli.run(noun, "export", "--file", path).returncode == OK
        answer = totals(cli, noun, path)
        assert answer == counts(unchanged=answer["unchanged"]) and answer["unchanged"] >= 3


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_only_an_export_with_keys_has_secrets(cli, world, pki, unique, suffix):
    make_every_kind(world, pki, unique)
    certificate = world.operator.get("enrollments", "x509").json()
    thumbprint = certificate["attestation"]["x509"]["clientCertificates"]["primary"]["info"]["sha256Thumbprint"]
    for noun in ("enrollment", "group"):
        without, with_keys = (export(cli, noun, "--format", suffix, *more) for more in ((), ("--show-keys",)))
        for secret in (KEY, KEY_2):
            assert secret not in without and secret in with_keys
        assert "MII" not in without and "MII" in with_keys, "certificates themselves"
    assert thumbprint in export(cli, "enrollment", "--format", suffix)


def test_exports_come_in_pages(cli, folder, unique):
    prefix = unique("page")
    path = write(folder, "devices.csv", "registrationId\n" + "".join(f"{prefix}-{n:04}\n" for n in range(2500)))
    assert totals(cli, "enrollment", path) == counts(created=2500)
    table = list(csv.DictReader(io.StringIO(export(cli, "enrollment", "--format", "csv"))))
    assert [row["registrationId"] for row in table if row["registrationId"].startswith(prefix)] == [
        f"{prefix}-{n:04}" for n in range(2500)
    ]


def test_cells_that_a_spreadsheet_would_run_are_guarded(cli, world, unique, folder):
    name = unique("formula")
    world.individual(name, clients.symmetric(KEY), deviceId="=cmd-1", initialTwin={"tags": {"a": "=1+1"}})
    text = export(cli, "enrollment", "--format", "csv")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'=cmd-1" in cells and not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    # What the guard protects goes in again without it.
    changed = write(folder, "devices.csv", f"registrationId,deviceId\n{name},'=cmd-2\n")
    assert totals(cli, "enrollment", changed) == counts(updated=1)
    assert world.operator.get("enrollments", name).json()["deviceId"] == "=cmd-2"


# --- hostile input --------------------------------------------------------------------------------------------------
def test_a_huge_line_costs_no_other(cli, folder, unique):
    names = [unique("huge") for _ in range(2)]
    huge = json.dumps({"registrationId": "h", "initialTwin": {"tags": {"a": "x" * 3_000_000}}})
    path = write(folder, "devices.ndjson", lines({"registrationId": names[0]}, huge, {"registrationId": names[1]}))
    done = cli.run("enrollment", "import", "--file", path, "-o", "json")
    assert done.returncode == REFUSED and json.loads(done.stdout) == counts(created=2, failed=1)
    assert done.stderr.startswith("line 2: 413000 ") and len(done.stderr) < 500


HOSTILE_LINES = {
    "not UTF-8": b'{"registrationId":"caf\xe9"}',
    "NUL": b'{"registrationId":"a\x00b"}',
    "escaped NUL": b'{"registrationId":"a\\u0000b"}',
    "deep": b'{"registrationId":"deep","initialTwin":{"tags":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}}",
    "deep arrays": b"[" * 100_000,
    "no object": b'"registrationId"',
    "two objects": b'{"registrationId":"a"}{"registrationId":"b"}',
    "lone surrogate": b'{"registrationId":"\\ud800"}',
    "id of another type": b'{"registrationId":7}',
    "id too long": b'{"registrationId":"' + b"a" * 129 + b'"}',
    "terminal escape": b'{"registrationId":"\x1b[2J"}',
    "wrong type of a member": b'{"registrationId":"a","initialTwin":[]}',
}


@pytest.mark.parametrize("case", HOSTILE_LINES)
def test_a_hostile_line_is_a_failure_of_its_own(cli, folder, unique, case):
    good = unique("hostile")
    text = HOSTILE_LINES[case] + b"\n" + lines({"registrationId": good}).encode()
    done = cli.run("enrollment", "import", "--file", write(folder, "devices.ndjson", text), "-o", "json")
    assert done.returncode == REFUSED and json.loads(done.stdout) == counts(created=1, failed=1)
    assert done.stderr.startswith("line 1: ") and done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr and len(done.stderr) < 500


HOSTILE_TABLES = {
    "no id": "deviceId\na\n",
    "unknown column": "registrationId,colour\na,red\n",
    "column twice": "registrationId,deviceId,DEVICEID\na,b,c\n",
    "a group's table": "enrollmentGroupId\na\n",
    "another separator": "registrationId;deviceId\na;b\n",
    "not UTF-8": b"registrationId,caf\xe9\na,b\n",
    "UTF-16": "registrationId\na\n".encode("utf-16"),
}


@pytest.mark.parametrize("case", HOSTILE_TABLES)
def test_a_wrong_header_is_told_and_nothing_goes_in(cli, folder, case):
    before = exported_ids(cli)
    path = write(folder, "devices.csv", HOSTILE_TABLES[case])
    done = cli.run("enrollment", "import", "--file", path)
    assert done.returncode in (REFUSED, USAGE) and done.stderr.strip() and not done.stdout
    assert exported_ids(cli) == before


def test_an_empty_file_is_nothing_but_a_table_needs_its_header(cli, folder):
    assert totals(cli, "enrollment", write(folder, "devices.ndjson", "")) == counts()
    assert totals(cli, "enrollment", write(folder, "devices.csv", "registrationId\n")) == counts()
    assert "header" in cli.fails(USAGE, "enrollment", "import", "--file", write(folder, "empty.csv", ""))


def test_standard_input_is_imported(cli, unique):
    name = unique("stdin")
    done = subprocess.run(
        [BINARY, "enrollment", "import", "--file", "-", "--format", "ndjson", "-o", "json"],
        input=lines({"registrationId": name}),
        capture_output=True,
        text=True,
        check=False,
        env=cli.environment,
    )
    assert done.returncode == OK and json.loads(done.stdout) == counts(created=1)


# --- the requests ---------------------------------------------------------------------------------------------------
def test_requests_that_cannot_be_understood_are_refused(world):
    path = "/enrollments/import"
    checks.error(send(world, path, "{}", ("Content-Type", "application/json")), 415, 415000)
    checks.error(send(world, path, "{}"), 415, 415000)
    for parameters in ("&mode=merge", "&firstLine=0", "&firstLine=x", "&firstLine=99999999999999999999"):
        checks.error(send(world, path, "{}", NDJSON, parameters=parameters), 400, 400000)
    checks.error(send(world, path, "registrationId\n" * 2, CSV, parameters="&firstLine=-1"), 400, 400000)
    checks.error(send(world, path, "x\n" * 10_001, NDJSON), 400, 400000)
    checks.error(send(world, "/enrollments/export", "", parameters="&format=xml"), 400, 400000)


def test_a_request_tells_lines_as_its_client_counts(world):
    answer = send(world, "/enrollments/import", "x\n\ny\n", NDJSON, parameters="&firstLine=100001")
    assert answer.status == 200
    assert [failure["line"] for failure in answer.json()["errors"]] == [100001, 100003]


# --- rights ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def reader(cli, world):
    """A command line that may only read."""
    owner = world.operator
    resource = owner.resource()
    before = owner.manage("POST", resource["id"] + "/listkeys").json()["value"]
    policy = {"keyName": "reader", "rights": "EnrollmentRead", "primaryKey": KEY, "secondaryKey": KEY_2}
    resource["properties"]["authorizationPolicies"] = [*before, policy]
    assert owner.manage("PUT", resource["id"], resource).status == 200
    yield ("--connection-string", f"HostName={owner.host};SharedAccessKeyName=reader;SharedAccessKey={KEY}")
    resource = owner.resource()
    resource["properties"]["authorizationPolicies"] = before
    assert owner.manage("PUT", resource["id"], resource).status == 200


@pytest.mark.parametrize("noun", ["enrollment", "group"])
def test_who_may_read_exports_without_keys_only(cli, folder, reader, noun):
    assert cli.run(noun, "export", *reader).returncode == OK
    assert "401002" in cli.fails(REFUSED, noun, "export", "--show-keys", *reader)
    cli.fails(REFUSED, noun, "export", "--show-keys", "--file", folder / "out.csv", *reader)
    member = "registrationId" if noun == "enrollment" else "enrollmentGroupId"
    path = write(folder, "devices.ndjson", lines({member: "unwanted"}))
    assert "401002" in cli.fails(REFUSED, noun, "import", "--file", path, *reader)
    assert not (folder / "out.csv").exists() and "unwanted" not in export(cli, noun)

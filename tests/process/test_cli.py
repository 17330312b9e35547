"""The command line program against a running service: every verb, exit codes and JSON output (service-api.md 8.7)."""
import base64
import hashlib
import json
import socket
from unittest.mock import ANY

import pytest

import clients
from cli_program import NOT_FOUND, OK, REFUSED, UNREACHABLE, USAGE, Cli

KEY = base64.b64encode(bytes(range(32))).decode()
KEY_2 = base64.b64encode(bytes(range(32, 64))).decode()


@pytest.fixture
def cli(muster):
    return Cli(muster)


@pytest.fixture
def unused_port():
    """A port that nothing listens on while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def created(cli, world, noun, option, name, *arguments):
    kind = "enrollments" if noun == "enrollment" else "enrollmentGroups"
    world.undo.append(lambda: world.operator.delete(kind, name))
    return cli.json(noun, "create", option, name, *arguments)


NOUNS = [
    ("enrollment", "--enrollment-id", "registrationId"),
    ("enrollment", "--eid", "registrationId"),
    ("group", "--group-id", "enrollmentGroupId"),
    ("group", "--gid", "enrollmentGroupId"),
]


# --- help -----------------------------------------------------------------------------------------------------------
HELP = [
    [],
    ["serve"],
    ["enrollment"],
    ["enrollment", "create"],
    ["group"],
    ["group", "compute-device-key"],
    ["enrollment", "import"],
    ["enrollment", "registration"],
    ["enrollment", "registration", "show"],
    ["enrollment-group", "registration", "list"],
    ["group", "bulk"],
    ["hub"],
    ["hub", "create"],
    ["linked-hub", "update"],
    ["certificate"],
    ["certificate", "create"],
    ["policy"],
    ["policy", "update"],
    ["connection-string", "show"],
    ["instance"],
    ["instance", "show"],
    ["device"],
    ["device", "register"],
    ["explain"],
    ["profile"],
    ["profile", "add"],
    ["completion"],
]


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_exists_at_every_level(cli, words):
    done = cli.run(*words, "--help")
    assert done.returncode == OK and "muster" in done.stdout.lower() and len(done.stdout) > 150


def test_version_is_printed(cli):
    done = cli.run("--version")
    assert done.returncode == OK and any(character.isdigit() for character in done.stdout)


def test_printed_configuration_can_be_used(cli, own_muster):
    printed = cli.run("serve", "--print-config")
    assert printed.returncode == OK and "[timeouts]" in printed.stdout
    service = own_muster(toml=printed.stdout).start()
    service.stop()


# --- enrollments and groups -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("noun,option,member", NOUNS)
def test_entry_from_creation_to_deletion(cli, world, unique, noun, option, member):
    name = unique("cli")
    made = created(cli, world, noun, option, name, "--primary-key", KEY, "--secondary-key", KEY_2)
    assert made[member] == name and made["attestation"]["type"] == "symmetricKey"

    shown = cli.json(noun, "show", option, name)
    assert shown["etag"] == made["etag"] and "symmetricKey" not in shown["attestation"]
    with_keys = cli.json(noun, "show", option, name, "--show-keys")
    assert with_keys["attestation"]["symmetricKey"] == {"primaryKey": KEY, "secondaryKey": KEY_2}
    assert name in [entry[member] for entry in cli.json(noun, "list")]

    changed = cli.json(noun, "update", option, name, "--provisioning-status", "disabled")
    assert changed["provisioningStatus"] == "disabled" and changed["etag"] != made["etag"]
    assert cli.json(noun, "show", option, name, "--show-keys")["attestation"] == with_keys["attestation"]

    assert cli.run(noun, "delete", option, name).returncode == OK
    cli.fails(NOT_FOUND, noun, "show", option, name)


@pytest.mark.parametrize("noun,option,member", NOUNS[::2])
def test_refusals_have_exit_codes_and_the_code_of_the_service(cli, world, unique, noun, option, member):
    name = unique("cli")
    made = created(cli, world, noun, option, name)
    assert "40920" in cli.fails(REFUSED, noun, "create", option, name)
    assert "412" in cli.fails(
        REFUSED, noun, "update", option, name, "--provisioning-status", "disabled", "--etag", "c3RhbGU="
    )
    assert "412" in cli.fails(REFUSED, noun, "delete", option, name, "--etag", "c3RhbGU=")
    assert "40420" in cli.fails(NOT_FOUND, noun, "show", option, name + "-not")
    cli.fails(NOT_FOUND, noun, "delete", option, name + "-not")
    cli.fails(NOT_FOUND, noun, "update", option, name + "-not", "--provisioning-status", "disabled")
    assert cli.run(noun, "delete", option, name, "--etag", made["etag"]).returncode == OK


def test_every_member_can_be_given_and_changed(cli, world, unique):
    name = unique("cli")
    made = created(
        cli,
        world,
        "enrollment",
        "--eid",
        name,
        "--device-id",
        "pump-1",
        "--iot-hubs",
        world.muster.hub,
        "--allocation-policy",
        "static",
        "--initial-twin-tags",
        '{"site":"ams"}',
        "--initial-twin-properties",
        '{"interval":30}',
        "--edge-enabled",
        "true",
        "--reprovision-policy",
        "reprovisionandresetdata",
        "--provisioning-status",
        "disabled",
    )
    assert (
        made["deviceId"] == "pump-1" and made["iotHubs"] == [world.muster.hub] and made["allocationPolicy"] == "static"
    )
    assert made["initialTwin"] == {"tags": {"site": "ams"}, "properties": {"desired": {"interval": 30}}}
    assert made["capabilities"] == {"iotEdge": True} and made["provisioningStatus"] == "disabled"
    assert made["reprovisionPolicy"] == {"updateHubAssignment": True, "migrateDeviceData": False}
    changed = cli.json("enrollment", "update", "--eid", name, "--reprovision-policy", "never")
    assert changed["reprovisionPolicy"] == {"updateHubAssignment": False, "migrateDeviceData": False}
    assert changed["deviceId"] == "pump-1" and changed["initialTwin"] == made["initialTwin"]


def test_list_stops_at_top_and_follows_pages(cli, world, unique):
    names = [unique("cli") for _ in range(5)]
    for name in names:
        world.individual(name, clients.symmetric(KEY))
    assert len(cli.json("enrollment", "list", "--top", "2")) == 2
    assert set(names) <= {entry["registrationId"] for entry in cli.json("enrollment", "list")}


@pytest.mark.parametrize("noun,collection", [("enrollment", "enrollments"), ("group", "enrollmentGroups")])
def test_list_finds_what_a_query_asks_for(cli, world, unique, noun, collection):
    make, member = (world.individual, "registrationId") if noun == "enrollment" else (world.group, "enrollmentGroupId")
    site, names = unique("site"), [unique("cli") for _ in range(3)]
    for name in names:
        make(name, clients.symmetric(KEY), initialTwin={"tags": {"site": site}})
    make(unique("cli"), clients.symmetric(KEY))
    where = f"WHERE initialTwin.tags.site = '{site}'"
    assert [entry[member] for entry in cli.json(noun, "list", "--query", f"SELECT * {where}")] == sorted(names)
    assert len(cli.json(noun, "list", "--query", f"* {where}", "--top", "2")) == 2
    assert cli.json(noun, "list", "--query", f"SELECT {member} FROM {collection} {where}", "--top", "1") == [
        {member: min(names)}
    ]
    table = cli.run(noun, "list", "--query", f"SELECT {member} {where}")
    assert table.returncode == OK and all(name in table.stdout for name in names)
    assert "query column 15" in cli.fails(REFUSED, noun, "list", "--query", "SELECT * WHERE")


def test_tables_hide_keys(cli, world, unique):
    name = unique("cli")
    world.undo.append(lambda: world.operator.delete("enrollments", name))
    done = cli.run("enrollment", "create", "--eid", name, "--primary-key", KEY, "--secondary-key", KEY_2)
    assert done.returncode == OK and name in done.stdout and KEY not in done.stdout
    listed = cli.run("enrollment", "list")
    assert listed.returncode == OK and name in listed.stdout and KEY not in listed.stdout


def test_x509_entries(cli, world, pki, unique):
    name = unique("cli")
    first, second = pki.self_signed_device(name, label="1"), pki.self_signed_device(name, label="2")
    made = created(
        cli,
        world,
        "enrollment",
        "--eid",
        name,
        "--attestation-type",
        "x509",
        "--certificate-path",
        first.certificate_file,
        "--secondary-certificate-path",
        second.certificate_file,
    )
    slots = made["attestation"]["x509"]["clientCertificates"]
    assert slots["primary"]["info"]["sha256Thumbprint"] == hashlib.sha256(first.der).hexdigest().upper()
    assert slots["secondary"]["info"]["sha256Thumbprint"] == hashlib.sha256(second.der).hexdigest().upper()
    changed = cli.json("enrollment", "update", "--eid", name, "--provisioning-status", "disabled")
    assert changed["attestation"] == made["attestation"]


def test_group_by_ca_name(cli, world, pki, unique):
    authority, group = unique("ca"), unique("cli")
    world.upload(authority, pki.root(unique("Root")))
    made = created(cli, world, "group", "--gid", group, "--root-ca-name", authority)
    assert made["attestation"]["x509"]["caReferences"]["primary"] == authority


def test_compute_device_key(cli, world, unique):
    """Vector of service-api.md 4; once with the key of the service, once without asking it."""
    group = unique("cli")
    world.group(group, clients.symmetric(KEY))
    expected = "3o9owRjWyu38zPCNIDOAZuDnOz+cAPnNFejFh8w94CE="
    asked = cli.run("group", "compute-device-key", "--group-id", group, "--registration-id", "line7-unit0042")
    local = cli.run("group", "compute-device-key", "--key", KEY, "--registration-id", "line7-unit0042")
    assert expected in asked.stdout and expected in local.stdout


def test_registrations_of_devices(cli, world, unique):
    single, member, group = unique("cli"), unique("cli"), unique("cli")
    world.individual(single, clients.symmetric(KEY))
    world.group(group, clients.symmetric(KEY_2))
    for name, option, key in ((single, "--symmetric-key", KEY), (member, "--group-key", KEY_2)):
        cli.fails(NOT_FOUND, "group", "registration", "show", "--rid", name)
        check_registered(*cli.register("--registration-id", name, option, key), cli.muster, ANY, name)
    shown = cli.json("enrollment", "registration", "show", "--eid", single)
    assert shown == cli.json("group", "registration", "show", "--rid", single)
    assert (shown["status"], shown["assignedHub"], shown["deviceId"]) == ("assigned", world.muster.hub, single)
    assert world.muster.hub in cli.run("enrollment", "registration", "show", "--rid", single).stdout
    listed = cli.json("enrollment-group", "registration", "list", "--gid", group)
    assert [record["registrationId"] for record in listed] == [member]
    assert member in cli.run("group", "registration", "list", "--group-id", group, "--top", "1").stdout

    assert "412" in cli.fails(REFUSED, "enrollment", "registration", "delete", "--rid", single, "--etag", "c3RhbGU=")
    assert cli.run("enrollment", "registration", "delete", "--rid", single, "--etag", shown["etag"]).returncode == OK
    assert cli.run("group", "registration", "delete", "--rid", member).returncode == OK
    for name in (single, member):
        cli.fails(NOT_FOUND, "enrollment", "registration", "show", "--rid", name)
    assert cli.json("group", "registration", "list", "--gid", group) == []


@pytest.mark.parametrize("noun,collection", [("enrollment", "enrollments"), ("group", "enrollmentGroups")])
def test_what_a_query_finds_is_changed_and_deleted_in_bulk(cli, world, unique, folder, noun, collection):
    member = "registrationId" if noun == "enrollment" else "enrollmentGroupId"
    names, site = [unique("bulk") for _ in range(12)], unique("site")
    file = folder / "entries.json"
    entries = [
        {member: name, "attestation": clients.symmetric(), "initialTwin": {"tags": {"site": site}}} for name in names
    ]
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="ascii")
    assert cli.json(noun, "bulk", "--mode", "create", "--file", file) == {"isSuccessful": True, "errors": []}
    cli.fails(REFUSED, noun, "bulk", "--mode", "create", "--file", file)

    found = cli.run(noun, "list", "--query", f"SELECT * WHERE initialTwin.tags.site = '{site}'", "-o", "json").stdout
    file.write_text(found, encoding="utf-8")
    assert [entry[member] for entry in json.loads(found)] == sorted(names)
    changed = cli.json(noun, "update", "--eid", names[3], "--provisioning-status", "disabled")
    done = cli.run(noun, "bulk", "--mode", "delete", "--file", file, "-o", "json")
    assert done.returncode == REFUSED and "412" in done.stderr, "one has changed since it was listed"
    assert [error[member] for error in json.loads(done.stdout)["errors"]] == [names[3]]
    assert world.operator.get(collection, names[3]).json()["etag"] == changed["etag"]
    file.write_text(json.dumps([{member: names[3]}]), encoding="ascii")
    assert "done 1" in cli.run(noun, "bulk", "--mode", "delete", "--file", file).stdout
    assert all(world.operator.get(collection, name).status == 404 for name in names)


# --- the instance, hubs, policies and certificates ------------------------------------------------------------------------------------------
def test_linked_hubs(cli, world, unique):
    name = "hub-cli.muster.test"
    before = [hub["name"] for hub in cli.json("hub", "list")]
    made = cli.json(
        "hub",
        "create",
        "--hub-name",
        name,
        "--allocation-weight",
        "7",
        "--apply-allocation-policy",
        "false",
        "--location",
        "plant-2",
    )
    try:
        assert (made["name"], made["allocationWeight"], made["applyAllocationPolicy"], made["location"]) == (
            name,
            7,
            False,
            "plant-2",
        )
        assert cli.json("hub", "show", "--hub-name", name) == made
        assert [hub["name"] for hub in cli.json("linked-hub", "list")] == [*before, name]
        changed = cli.json("hub", "update", "--hub-name", name, "--allocation-weight", "9")
        assert changed == {**made, "allocationWeight": 9}
    finally:
        assert cli.run("hub", "delete", "--hub-name", name).returncode == OK
    assert [hub["name"] for hub in cli.json("hub", "list")] == before
    cli.fails(NOT_FOUND, "hub", "show", "--hub-name", name)
    cli.fails(NOT_FOUND, "hub", "delete", "--hub-name", name)


def test_instance(cli):
    shown = cli.json("instance", "show")
    assert shown["properties"]["idScope"] == cli.muster.id_scope
    table = cli.run("instance", "show").stdout
    assert cli.muster.id_scope in table and cli.muster.hub in table
    for policy in ("static", "hashed"):
        changed = cli.json("instance", "update", "--allocation-policy", policy)
        assert changed["properties"]["allocationPolicy"] == policy.capitalize()
        assert changed["properties"]["iotHubs"] == shown["properties"]["iotHubs"]


def test_policies_from_creation_to_deletion(cli, unique):
    name, owner = unique("policy"), "provisioningserviceowner"
    before = cli.json("policy", "list")
    assert [policy["keyName"] for policy in before] == [owner]
    made = cli.json("policy", "create", "--policy-name", name, "--rights", "EnrollmentRead,RegistrationStatusRead")
    try:
        assert made["rights"] == "EnrollmentRead, RegistrationStatusRead"
        assert cli.json("policy", "list") == [*before, made], "and the others keep their keys"
        table = cli.run("policy", "show", "--pn", name).stdout
        assert name in table and made["primaryKey"] not in table
        cli.fails(REFUSED, "policy", "create", "--policy-name", name, "--rights", "EnrollmentRead")

        given = []
        for key in ("primary", "secondary"):
            text = cli.run("connection-string", "show", "--policy-name", name, "--key", key).stdout.strip()
            assert text.endswith(";SharedAccessKey=" + made[key + "Key"])
            given.append(("--connection-string", text))
            assert cli.run("enrollment", "list", *given[-1]).returncode == OK
        cli.fails(REFUSED, "enrollment", "create", "--eid", unique("cli"), *given[0])
        cli.fails(REFUSED, "policy", "list", *given[0])

        changed = cli.json("policy", "update", "--pn", name, "--regenerate", "primary")
        assert changed["primaryKey"] != made["primaryKey"]
        assert {**changed, "primaryKey": made["primaryKey"]} == made
        cli.fails(REFUSED, "enrollment", "list", *given[0])
        assert cli.run("enrollment", "list", *given[1]).returncode == OK
        assert cli.json("policy", "update", "--pn", name, "--rights", "DeviceConnect")["rights"] == "DeviceConnect"
        cli.fails(REFUSED, "enrollment", "list", *given[1])
    finally:
        assert cli.run("policy", "delete", "--policy-name", name).returncode == OK
    cli.fails(NOT_FOUND, "policy", "show", "--policy-name", name)
    cli.fails(REFUSED, "policy", "delete", "--policy-name", owner)
    assert cli.json("policy", "list") == before


def test_who_renews_the_key_in_use_is_shown_it(cli, unique):
    name = unique("policy")
    made = cli.json("policy", "create", "--policy-name", name, "--rights", "ServiceConfig")
    string = cli.run("connection-string", "show", "--policy-name", name).stdout.strip()
    try:
        own = ("policy", "update", "--policy-name", name, "--regenerate", "primary", "--connection-string", string)
        assert "--show-keys" in cli.fails(USAGE, *own)
        renewed = cli.run(*own, "--show-keys")
        key = cli.json("policy", "show", "--policy-name", name)["primaryKey"]
        assert renewed.returncode == OK and key in renewed.stdout and key != made["primaryKey"]
        cli.fails(REFUSED, "enrollment", "list", "--connection-string", string)
    finally:
        assert cli.run("policy", "delete", "--policy-name", name).returncode == OK


def test_certificates(cli, world, pki, unique):
    root, name = pki.root(unique("Root")), unique("ca")
    world.undo.append(lambda: world.operator.delete_certificate(name, if_match="*"))
    made = cli.json("certificate", "create", "--certificate-name", name, "--path", root.certificate_file)
    assert made["properties"]["isVerified"] is False
    cli.fails(REFUSED, "certificate", "create", "--certificate-name", name, "--path", root.certificate_file)
    changed = cli.json(
        "certificate",
        "create",
        "--certificate-name",
        name,
        "--path",
        root.certificate_file,
        "--verified",
        "--etag",
        made["etag"],
    )
    assert changed["properties"]["isVerified"] is True
    renewed = pki.root(root.common_name, label="renewed")
    changed = cli.json("certificate", "update", "-n", name, "--path", renewed.certificate_file, "--verified")
    assert changed["properties"]["thumbprint"] == hashlib.sha1(renewed.der).hexdigest().upper()
    cli.fails(NOT_FOUND, "certificate", "update", "-n", name + "-not", "--path", root.certificate_file)
    assert cli.json("certificate", "show", "--certificate-name", name) == changed
    assert name in cli.run("certificate", "list").stdout
    assert cli.run("certificate", "delete", "--certificate-name", name).returncode == OK
    cli.fails(NOT_FOUND, "certificate", "show", "--certificate-name", name)


def test_certificate_from_a_der_file(cli, world, pki, unique, folder):
    root, name = pki.root(unique("Root")), unique("ca")
    world.undo.append(lambda: world.operator.delete_certificate(name, if_match="*"))
    (folder / "root.der").write_bytes(root.der)
    made = cli.json("certificate", "create", "--certificate-name", name, "--path", folder / "root.der")
    assert made["properties"]["subject"] == root.common_name


# --- device register ------------------------------------------------------------------------------------------------
def check_registered(code, result, muster, attestation, name):
    assert code == OK, result
    assert (result["transport"], result["attestation"], result["status"]) == ("http", attestation, "assigned")
    assert (result["registrationId"], result["deviceId"], result["assignedHub"]) == (name, name, muster.hub)
    assert result["operationId"] and isinstance(result["milliseconds"], int)


def test_device_with_an_individual_key(cli, world, unique):
    name = unique("cli")
    world.individual(name, clients.symmetric(KEY))
    check_registered(*cli.register("--registration-id", name, "--symmetric-key", KEY), cli.muster, "symmetricKey", name)


def test_device_with_a_group_key(cli, world, unique):
    name = unique("cli")
    world.group(unique("cli"), clients.symmetric(KEY_2))
    check_registered(
        *cli.register("--registration-id", name, "--group-key", KEY_2), cli.muster, "symmetricKeyGroup", name
    )


def test_device_with_a_certificate_is_named_by_it(cli, world, pki, unique):
    name = unique("cli")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf))
    result = cli.register("--certificate", leaf.certificate_file, "--private-key", leaf.key_file)
    check_registered(*result, cli.muster, "x509", name)


def test_refused_device_exits_with_1_and_says_why(cli, world, unique):
    name = unique("cli")
    world.individual(name, clients.symmetric(KEY))
    code, result = cli.register("--registration-id", name, "--symmetric-key", KEY_2)
    assert code == REFUSED and result["status"] != "assigned"
    assert str(result["errorCode"]) == "401002" and result["trackingId"] and result["message"]


def test_disabled_device_exits_with_1(cli, world, unique):
    name = unique("cli")
    world.individual(name, clients.symmetric(KEY), provisioningStatus="disabled")
    code, result = cli.register("--registration-id", name, "--symmetric-key", KEY)
    assert code == REFUSED and result["status"] == "disabled"


# --- wrong usage and unreachable services ---------------------------------------------------------------------------
USAGE_ERRORS = {
    "unknown noun": ["enrolment", "list"],
    "noun alone": ["enrollment"],
    "unknown option": ["enrollment", "list", "--colour"],
    "id missing": ["enrollment", "show"],
    "bad choice": ["enrollment", "create", "--eid", "x", "--provisioning-status", "paused"],
    "bad JSON": ["enrollment", "create", "--eid", "x", "--initial-twin-tags", "{site}"],
    "absent file": [
        "enrollment",
        "create",
        "--eid",
        "x",
        "--attestation-type",
        "x509",
        "--certificate-path",
        "/absent.pem",
    ],
    "nothing to change": ["enrollment", "update", "--eid", "x"],
    "bad top": ["enrollment", "list", "--top", "0"],
    "bad output": ["enrollment", "list", "-o", "yaml"],
    "two credentials": [
        "device",
        "register",
        "--provisioning-host",
        "h",
        "--id-scope",
        "s",
        "--registration-id",
        "r",
        "--symmetric-key",
        KEY,
        "--group-key",
        KEY,
    ],
    "no credential": ["device", "register", "--provisioning-host", "h", "--id-scope", "s", "--registration-id", "r"],
    "key is no base64": [
        "device",
        "register",
        "--provisioning-host",
        "h",
        "--id-scope",
        "s",
        "--registration-id",
        "r",
        "--symmetric-key",
        "!!",
    ],
    "no certificate": ["certificate", "create", "--certificate-name", "x", "--path", "/etc/hostname"],
}


@pytest.mark.parametrize("case", USAGE_ERRORS)
def test_wrong_usage_exits_with_2(cli, case):
    cli.fails(USAGE, *USAGE_ERRORS[case])


def test_without_a_connection_string_it_says_what_to_give(cli):
    environment = {name: value for name, value in cli.environment.items() if not name.startswith("MUSTER_")}
    assert "--connection-string" in cli.fails(USAGE, "enrollment", "list", environment=environment)


def test_garbled_connection_string_is_not_repeated(cli):
    secret = "c2VjcmV0c2VjcmV0c2VjcmV0"
    text = cli.fails(USAGE, "enrollment", "list", "--connection-string", f"HostName=x;Sharedkey={secret}")
    assert secret not in text


def test_wrong_key_is_refused_and_not_shown(cli):
    text = cli.fails(
        REFUSED,
        "enrollment",
        "list",
        "--connection-string",
        f"HostName={cli.muster.ready['serviceHost']};SharedAccessKeyName=provisioningserviceowner;SharedAccessKey={KEY}",
    )
    assert "401002" in text and KEY not in text


def test_unreachable_service_exits_with_3(cli, unused_port):
    cli.fails(UNREACHABLE, "enrollment", "list", "--connect-to", f"127.0.0.1:{unused_port}")


def test_untrusted_certificate_exits_with_3(cli, pki, unique):
    other = pki.root(unique("Other CA"))
    cli.fails(UNREACHABLE, "enrollment", "list", "--ca", other.certificate_file)


def test_wrong_host_name_exits_with_3(cli):
    cli.fails(
        UNREACHABLE,
        "enrollment",
        "list",
        "--connection-string",
        f"HostName=elsewhere.muster.test;SharedAccessKeyName=x;SharedAccessKey={KEY}",
    )

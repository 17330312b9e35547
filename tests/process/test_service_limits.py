"""Rates and counts (R-200 to R-202, service-api.md 7.2 and 7.3)."""
import base64
import os

import pytest

import checks
import clients
import sas
from conftest import World

KEY = base64.b64encode(bytes(range(32))).decode()
THROTTLED = "Operations are being throttled for this tenant."

COUNTS = """
[limits]
max_message_bytes = 4096
max_bulk_items = 3
max_enrollments = 3
max_x509_groups = 1
max_symmetric_key_groups = 1
max_registrations = 2
max_ca_certificates = 1
max_linked_hubs = 2
"""

RATES = """
[limits]
operations_per_minute = 20
registrations_per_minute = 6
device_registrations_per_minute = 3
device_polls_per_10_seconds = 5
"""


@pytest.fixture
def limited(own_muster, pki):
    """Makes a service with its own limits."""
    def make(toml, **options):
        service = own_muster(toml=toml, **options)
        service.start()
        return World(service, pki)

    return make


def throttled(answer):
    """Seconds to wait."""
    assert checks.error(answer, 429, 429001)["message"] == THROTTLED
    seconds = int(answer.header("Retry-After"))
    assert 1 <= seconds <= 120
    return seconds


def too_many(answer, what):
    message = checks.error(answer, 403, 403201)["message"]
    assert message == f"This provisioning service may have at most {what}."


# --- counts ---------------------------------------------------------------------------------------------------------
def test_one_entry_too_many_is_403_until_one_goes(limited, unique):
    world = limited(COUNTS)
    names = [unique() for _ in range(3)]
    for name in names:
        world.individual(name, clients.symmetric(KEY))
    entry = {"registrationId": unique(), "attestation": clients.symmetric(KEY)}
    too_many(world.operator.put("enrollments", entry), "3 individual enrollments")
    bulk = world.operator.call("POST", "/enrollments", {"mode": "create", "enrollments": [entry]})
    assert bulk.status == 200 and bulk.json()["errors"][0]["errorCode"] == 403201
    changed = {"registrationId": names[0], "attestation": clients.symmetric(KEY), "provisioningStatus": "disabled"}
    assert world.operator.put("enrollments", changed, if_match="*").status == 200
    assert world.operator.delete("enrollments", names[0]).status == 204
    assert world.operator.put("enrollments", entry).status == 200


def test_groups_are_limited_by_their_attestation(limited, pki, unique):
    world = limited(COUNTS)
    by_certificate = clients.signing_certificates(pki.root(unique("Root")))
    world.group("x1", by_certificate)
    world.group("s1", clients.symmetric(KEY))
    answer = world.operator.put(
        "enrollmentGroups",
        {"enrollmentGroupId": "x2", "attestation": clients.signing_certificates(pki.root(unique("Root")))},
    )
    too_many(answer, "1 enrollment groups with X.509 certificates")
    answer = world.operator.put("enrollmentGroups", {"enrollmentGroupId": "s2", "attestation": clients.symmetric(KEY)})
    too_many(answer, "1 enrollment groups with symmetric keys")


def test_limits_hold_across_restarts(limited, unique):
    world = limited(COUNTS)
    for _ in range(3):
        world.operator.create_individual(unique(), clients.symmetric(KEY))
    world.muster.stop()
    again = limited(COUNTS)
    entry = {"registrationId": unique(), "attestation": clients.symmetric(KEY)}
    too_many(again.operator.put("enrollments", entry), "3 individual enrollments")


def test_records_are_limited_and_those_of_deleted_groups_count(limited, unique):
    """R-201."""
    world = limited(COUNTS)
    master = base64.b64encode(os.urandom(32)).decode()
    world.operator.create_group("fleet", clients.symmetric(master))
    names = [unique() for _ in range(3)]
    devices = [world.device(name, key=sas.derive_device_key(master, name)) for name in names]
    for device in devices[:2]:
        assert device.provision()["status"] == "assigned"
    too_many(devices[2].register(), "2 registrations")
    assert devices[0].provision()["status"] == "assigned"  # a returning device needs no room
    world.operator.delete("enrollmentGroups", "fleet")
    world.operator.create_individual(names[2], clients.symmetric(KEY))
    third = world.device(names[2], key=KEY)
    too_many(third.register(), "2 registrations")
    assert world.operator.call("DELETE", f"/registrations/{names[0]}").status == 204
    assert third.provision()["status"] == "assigned"


def test_certificates_and_hubs_are_limited(limited, pki, unique):
    world = limited(COUNTS)
    world.upload("one", pki.root(unique("Root")))
    other = base64.b64encode(pki.root(unique("Root")).pem.encode()).decode()
    too_many(world.operator.put_certificate("two", other, True), "1 CA certificates")
    assert world.operator.put_certificate("one", other, True, if_match="*").status == 200
    resource = world.operator.resource()
    hub = {"authenticationType": "Local", "location": "here"}
    for count, status in ((2, 200), (3, 403)):
        resource["properties"]["iotHubs"] = [{"name": f"h{i}.muster.test", **hub} for i in range(count)]
        assert world.operator.manage("PUT", resource["id"], resource).status == status


def test_sizes_are_limited(limited, unique):
    world = limited(COUNTS)
    name = unique()
    world.operator.create_individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    assert device.register({"payload": "x" * 3900}).status == 202
    checks.error(device.register({"payload": "x" * 4096}), 413)
    items = [{"registrationId": unique(), "attestation": clients.symmetric()} for _ in range(4)]
    answer = world.operator.call("POST", "/enrollments", {"mode": "create", "enrollments": items})
    assert checks.error(answer, 400)["message"] == "enrollments: 4 items, at most 3 are allowed."


def test_a_service_body_may_have_a_mebibyte(world, unique):
    """Ten certificates and twins fit; more is refused before it is read."""
    entry = {"registrationId": unique(), "attestation": clients.symmetric(KEY)}
    fitting = entry | {"initialTwin": {"tags": {"x": "y" * (1024 * 1024 - 400)}}}
    world.undo.append(lambda: world.operator.delete("enrollments", entry["registrationId"]))
    assert world.operator.put("enrollments", fitting).status == 200
    assert world.operator.put("enrollments", entry, if_match="*").status == 200  # nothing that large stays behind
    with world.endpoint.open() as session:
        answer = session.request("POST", "/enrollments/query?api-version=2021-10-01", b" " * (1024 * 1024 + 1))
    checks.error(answer, 413)


# --- rates ----------------------------------------------------------------------------------------------------------
def test_calls_of_the_service_api_are_throttled_for_their_instance(limited):
    world = limited(RATES)
    answers = [world.operator.get("enrollments", "nobody") for _ in range(60)]
    assert [answer.status for answer in answers[:20]] == [404] * 20
    waits = [throttled(answer) for answer in answers if answer.status == 429]
    assert len(waits) > 10 and waits[0] < max(waits), "one is told a later time than the other"
    assert world.operator.resource()  # the management API stays open
    stranger = world.operator.call("GET", "/enrollments/nobody", token=world.operator.token(key=KEY))
    checks.error(stranger, 401, 401002)  # and who is nobody hears nothing of the limit


def test_strangers_use_up_nothing(limited):
    world = limited(RATES)
    for number in range(30):
        checks.error(world.operator.call("GET", "/enrollments/x", token=world.operator.token(key=KEY)), 401)
        checks.error(world.device(f"stranger-{number}", key=KEY).register(), 401)
    world.operator.create_individual("friend", clients.symmetric(KEY))
    assert world.device("friend", key=KEY).register().status == 202


def test_a_device_in_a_loop_is_slowed_alone(limited, unique):
    """Design section 6."""
    world = limited(RATES)
    names = [unique(), unique()]
    for name in names:
        world.operator.create_individual(name, clients.symmetric(KEY))
    looping, other = (world.device(name, key=KEY) for name in names)
    answers = [looping.register() for _ in range(20)]
    assert [answer.status for answer in answers] == [202] * 3 + [429] * 17
    assert max(throttled(answer) for answer in answers[3:]) <= 20
    shouting = world.device(names[0].upper(), key=KEY)
    throttled(shouting.register())
    assert other.register().status == 202
    told = [line for line in world.muster.log_text().splitlines() if '"429"' in line]
    assert 1 <= len(told) <= 2, "the operator is told once, not seventeen times"


def test_polls_of_a_device_are_throttled(limited, unique):
    """R-202."""
    world = limited(RATES)
    name = unique()
    world.operator.create_individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    operation = device.register().json()["operationId"]
    answers = [call() for _ in range(20) for call in (lambda: device.poll(operation), device.look_up)]
    assert all(answer.status in (200, 202, 404) for answer in answers[:5])
    waits = [throttled(answer) for answer in answers if answer.status == 429]
    assert len(waits) > 20 and max(waits) <= 2


def test_registrations_of_an_instance_are_throttled(limited, unique):
    world = limited(RATES)
    names = [unique() for _ in range(9)]
    for name in names:
        world.operator.create_individual(name, clients.symmetric(KEY))
    answers = [world.device(name, key=KEY).register() for name in names]
    assert [answer.status for answer in answers] == [202] * 6 + [429] * 3
    waits = [throttled(answer) for answer in answers[6:]]
    assert waits[0] < waits[1] < waits[2], "a fleet comes back spread out"
    shown = world.operator.call("GET", f"/registrations/{names[8]}")
    checks.error(shown, 404, 404202)  # throttled calls change nothing


def test_without_limits_a_loop_of_operators_is_served(world, unique):
    assert all(world.operator.get("enrollments", unique()).status == 404 for _ in range(60))

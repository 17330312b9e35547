"""After a breach one call cuts devices off, at the service and at their hubs (hub-api.md 5.3)."""
import pytest

import clients
import hubs
import sas
from cli_program import NOT_FOUND, OK, Cli
from hubs import KEY


@pytest.fixture
def owner(muster):
    return hubs.Owner(muster)


def post(world, path, body=None, **options):
    return world.operator.call("POST", path, body, **options)


def in_a_group(world, unique, count):
    """A group, and so many devices that have registered through it."""
    group = unique("line")
    world.group(group, clients.symmetric(KEY))
    devices = []
    for _ in range(count):
        name = unique("device")
        device = world.device(name, key=sas.derive_device_key(KEY, name))
        assert device.provision()["status"] == "assigned"
        devices.append(device)
    return group, devices


def test_a_device_is_cut_off_and_let_in_again(world, owner, unique):
    name = unique("device")
    world.individual(name, clients.symmetric(KEY))
    device = world.device(name, key=KEY)
    hub = device.provision()["registrationState"]["assignedHub"]

    answer = post(world, f"/enrollments/{name}/revoke", {"reason": "stolen"})
    assert answer.status == 200, answer
    assert answer.json()["provisioningStatus"] == "disabled"
    assert answer.json()["devices"] == [
        {"registrationId": name, "deviceId": name, "assignedHub": hub, "outcome": "disabled"}
    ]
    identity = owner.call("GET", f"/devices/{name}").json()
    assert (identity["status"], identity["statusReason"]) == ("disabled", "stolen")
    assert device.register().status == 401 or device.provision()["status"] == "disabled"

    assert (
        post(world, f"/enrollments/{name}/revoke", {"reason": "stolen"}).json() == answer.json()
    ), "it may be repeated"
    back = post(world, f"/enrollments/{name}/restore").json()
    assert back["provisioningStatus"] == "enabled"
    assert owner.call("GET", f"/devices/{name}").json()["status"] == "enabled"
    assert device.provision()["status"] == "assigned"


def test_a_group_is_cut_off_page_by_page(world, owner, unique):
    group, devices = in_a_group(world, unique, 3)
    path = f"/enrollmentGroups/{group}/revoke"
    first = post(world, path, headers=[("x-ms-max-item-count", "2")])
    assert len(first.json()["devices"]) == 2
    second = post(world, path, headers=[("x-ms-continuation", first.header("x-ms-continuation"))])
    assert second.header("x-ms-continuation") is None
    cut = first.json()["devices"] + second.json()["devices"]
    assert {each["registrationId"] for each in cut} == {device.registration_id for device in devices}
    for device in devices:
        assert owner.call("GET", f"/devices/{device.registration_id}").json()["status"] == "disabled"


def test_the_command_line_goes_through_all_pages(muster, world, owner, unique):
    group, devices = in_a_group(world, unique, 2)
    cli = Cli(muster)
    report = cli.json("group", "revoke", "--gid", group, "--reason", "CA stolen")
    assert {each["outcome"] for each in report["devices"]} == {"disabled"}
    table = cli.run("group", "restore", "--gid", group)
    assert table.returncode == OK
    assert all(device.registration_id in table.stdout for device in devices)
    cli.fails(NOT_FOUND, "enrollment", "revoke", "--eid", unique("nobody"))


def test_a_device_that_is_gone_from_its_hub_is_told(world, owner, unique):
    name = unique("device")
    world.individual(name, clients.symmetric(KEY))
    world.device(name, key=KEY).provision()
    owner.call("DELETE", f"/devices/{name}", if_match="*")
    (device,) = post(world, f"/enrollments/{name}/revoke").json()["devices"]
    assert device["outcome"] == "absent"


def test_one_that_never_registered_has_no_device(world, unique):
    name = unique("device")
    world.individual(name, clients.symmetric(KEY))
    answer = post(world, f"/enrollments/{name}/revoke", {})
    assert (answer.status, answer.json()["devices"]) == (200, [])


@pytest.mark.parametrize("body", [[], {"reason": 7}, {"reason": "x" * 129}, b"{"])
def test_bad_input_changes_nothing(world, unique, body):
    name = unique("device")
    world.individual(name, clients.symmetric(KEY))
    assert post(world, f"/enrollments/{name}/revoke", body).status == 400
    assert world.operator.get("enrollments", name).json()["provisioningStatus"] == "enabled"


def test_an_unknown_entry_is_not_found(world, unique):
    assert post(world, f"/enrollments/{unique('nobody')}/revoke").status == 404
    assert post(world, f"/enrollmentGroups/{unique('nobody')}/restore").status == 404

"""Devices with certificates register over HTTPS (semantics.md 4; R-021 to R-056; device-api.md 2.2, 2.3)."""
import pytest

import checks
import clients


def refused(device):
    checks.error(device.register(), 401, 401002)


def assigned(device):
    state = device.provision()
    assert state["status"] == "assigned", state
    return state["registrationState"]


@pytest.fixture
def factory(pki, unique):
    """A root, an intermediate below it and a maker of leaves, of this test alone."""
    root = pki.root(unique("Root"))
    return root, pki.authority(unique("Line"), root)


# --- individual entries ---------------------------------------------------------------------------------------------
def test_self_signed_leaf_registers(world, pki, unique):
    """R-040, R-041; the x509 member is complete or empty (device-api.md 10 row 8)."""
    name = unique("solo")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf))
    state = assigned(world.device(name, certificate=leaf.presented()))
    assert state["deviceId"] == name and state["assignedHub"] == world.muster.hub
    assert state["x509"] == {}
    assert "symmetricKey" not in state


def test_primary_and_secondary_certificate_are_equal(world, pki, unique):
    """R-042, R-025: a device rolls from one slot to the other, and back."""
    name = unique("roll")
    old, new = pki.self_signed_device(name, label="old"), pki.self_signed_device(name, label="new")
    world.individual(name, clients.client_certificates(old, new))
    for leaf in (old, new, old):
        assert assigned(world.device(name, certificate=leaf.presented()))["substatus"] == "initialAssignment"


def test_replaced_certificate_is_refused_and_the_new_one_accepted(world, pki, unique):
    """R-152, R-153."""
    name = unique("replace")
    old, new = pki.self_signed_device(name, label="old"), pki.self_signed_device(name, label="new")
    entry = world.individual(name, clients.client_certificates(old))
    refused(world.device(name, certificate=new.presented()))
    entry["attestation"] = clients.client_certificates(new)
    assert world.operator.put("enrollments", entry, if_match=entry["etag"]).status == 200
    assigned(world.device(name, certificate=new.presented()))
    refused(world.device(name, certificate=old.presented()))


def test_other_certificate_with_the_same_name_is_refused(world, pki, unique):
    name = unique("twin")
    world.individual(name, clients.client_certificates(pki.self_signed_device(name, label="real")))
    refused(world.device(name, certificate=pki.self_signed_device(name, label="false").presented()))


def test_certificate_without_any_presented_is_refused(world, pki, unique):
    name = unique("bare")
    world.individual(name, clients.client_certificates(pki.self_signed_device(name)))
    refused(world.device(name))


def test_common_name_must_be_the_registration_id(world, pki, unique):
    """R-021, also when the certificate is the enrolled one of another entry."""
    name = unique("cn")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf))
    refused(world.device(name + "-else", certificate=leaf.presented()))


def test_common_name_compares_without_case(world, pki, unique):
    """R-022."""
    name = unique("Case")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf))
    assigned(world.device(name.upper(), certificate=leaf.presented()))


def test_expired_individual_certificate_is_refused(world, pki, unique):
    name = unique("late")
    leaf = pki.self_signed_device(name, start=-20, end=-1)
    world.individual(name, clients.client_certificates(leaf))
    refused(world.device(name, certificate=leaf.presented()))  # R-050


def test_poll_with_another_certificate_is_refused(world, pki, unique):
    name = unique("poll")
    leaf, other = pki.self_signed_device(name), pki.self_signed_device(name, label="other")
    world.individual(name, clients.client_certificates(leaf))
    device = world.device(name, certificate=leaf.presented())
    operation = device.register().json()["operationId"]
    device.finish(operation)
    checks.error(world.device(name, certificate=other.presented()).poll(operation), 401, 401002)
    checks.error(world.device(name).poll(operation), 401, 401002)


def test_disabled_individual_certificate_entry_ends_disabled(world, pki, unique):
    name = unique("off")
    leaf = pki.self_signed_device(name)
    world.individual(name, clients.client_certificates(leaf), provisioningStatus="disabled")
    assert world.device(name, certificate=leaf.presented()).provision()["status"] == "disabled"  # R-074


# --- groups ---------------------------------------------------------------------------------------------------------
def test_chain_with_intermediate_registers_through_the_root_group(world, pki, unique, factory):
    """R-044 to R-046; the answer names the group (device-api.md 3.5)."""
    root, line = factory
    group = unique("by-root")
    world.upload(unique("ca"), root)
    world.group(group, clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    state = assigned(world.device(leaf.common_name, certificate=leaf.presented(line)))
    assert state["deviceId"] == leaf.common_name  # R-021
    assert state["x509"] == {"enrollmentGroupId": group}


def test_chain_with_the_root_sent_too_registers(world, pki, unique, factory):
    root, line = factory
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    assigned(world.device(leaf.common_name, certificate=leaf.presented(line, root)))  # R-047


def test_group_of_the_intermediate_below_a_verified_root(world, pki, unique, factory):
    root, line = factory
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(line))
    leaf = pki.device(unique("robot"), line)
    assigned(world.device(leaf.common_name, certificate=leaf.presented(line)))  # R-045


def test_group_by_ca_reference(world, pki, unique, factory):
    """R-044: the entry names the certificate of the instance's list."""
    root, line = factory
    name = unique("ca")
    world.upload(name, root)
    world.group(unique("group"), clients.ca_references(name))
    leaf = pki.device(unique("robot"), line)
    assigned(world.device(leaf.common_name, certificate=leaf.presented(line)))


def test_leaf_alone_is_enough_when_its_issuer_is_uploaded(world, pki, unique, factory):
    """R-046: the service completes the path from its own list."""
    root, line = factory
    world.upload(unique("root"), root)
    world.upload(unique("line"), line)
    world.group(unique("group"), clients.signing_certificates(line))
    leaf = pki.device(unique("robot"), line)
    assigned(world.device(leaf.common_name, certificate=leaf.presented()))


def test_missing_intermediate_is_refused(world, pki, unique, factory):
    root, line = factory
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    refused(world.device(leaf.common_name, certificate=leaf.presented()))  # R-046


def test_verified_intermediate_alone_anchors_the_path(world, pki, unique, factory):
    """R-045: the verified certificate may be an intermediate; its root is unknown here."""
    _, line = factory
    world.upload(unique("line"), line)
    world.group(unique("group"), clients.signing_certificates(line))
    leaf = pki.device(unique("robot"), line)
    assigned(world.device(leaf.common_name, certificate=leaf.presented(line)))


def test_unverified_certificate_refuses_devices_until_it_is_verified(world, pki, unique, factory):
    """R-049, R-183."""
    root, line = factory
    name = unique("ca")
    uploaded = world.upload(name, root, verified=False)
    world.group(unique("group"), clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    device = world.device(leaf.common_name, certificate=leaf.presented(line))
    refused(device)
    answer = world.operator.put_certificate(name, root.der_base64, True, if_match=uploaded["etag"])
    assert answer.status == 200, answer
    assigned(device)


def test_deleting_the_verified_certificate_refuses_the_group(world, pki, unique, factory):
    """R-057, R-146."""
    root, line = factory
    name = unique("ca")
    world.upload(name, root)
    world.group(unique("group"), clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    device = world.device(leaf.common_name, certificate=leaf.presented(line))
    assigned(device)
    assert world.operator.delete_certificate(name, if_match="*").status == 200
    refused(device)


def test_verified_chain_without_an_entry_is_refused(world, pki, unique, factory):
    root, line = factory
    world.upload(unique("ca"), root)
    leaf = pki.device(unique("robot"), line)
    refused(world.device(leaf.common_name, certificate=leaf.presented(line)))  # R-048


def test_group_without_a_verified_root_is_refused(world, pki, unique, factory):
    """R-044, R-049: the entry alone does not make its certificate trusted."""
    root, line = factory
    world.group(unique("group"), clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    refused(world.device(leaf.common_name, certificate=leaf.presented(line)))


def test_foreign_authority_of_the_same_name_is_refused(world, pki, unique, factory):
    root, _ = factory
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    impostor = pki.root(root.common_name, label="impostor")
    leaf = pki.device(unique("robot"), impostor)
    refused(world.device(leaf.common_name, certificate=leaf.presented(impostor)))
    refused(world.device(leaf.common_name, certificate=leaf.presented(root)))


def test_device_certificate_is_no_authority(world, pki, unique, factory):
    """R-054: a leaf that signs another leaf does not pass."""
    root, _ = factory
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    rogue = pki.device(unique("rogue"), root)
    leaf = pki.device(unique("robot"), rogue)
    refused(world.device(leaf.common_name, certificate=leaf.presented(rogue)))


def test_group_device_must_be_named_by_its_certificate(world, pki, unique, factory):
    root, line = factory
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    refused(world.device(unique("other"), certificate=leaf.presented(line)))  # R-021


def test_either_slot_of_a_group_lets_devices_in(world, pki, unique, factory):
    """R-056, R-155: old and new root side by side."""
    old, line = factory
    new = pki.root(unique("Root2"))
    world.upload(unique("old"), old)
    world.upload(unique("new"), new)
    world.group(unique("group"), clients.signing_certificates(old, new))
    first, second = pki.device(unique("robot"), line), pki.device(unique("robot"), new)
    assigned(world.device(first.common_name, certificate=first.presented(line)))
    assigned(world.device(second.common_name, certificate=second.presented(new)))


EXPIRED = {
    "leaf": {"leaf": {"start": -20, "end": -1}},
    "intermediate": {"line": {"start": -20, "end": -1}},
    "root": {"root": {"start": -20, "end": -1}},
    "not yet valid leaf": {"leaf": {"start": 1, "end": 20}},
    "not yet valid intermediate": {"line": {"start": 1, "end": 20}},
}


@pytest.mark.parametrize("case", EXPIRED)
def test_certificate_outside_its_period_is_refused_at_every_level(world, pki, unique, case):
    """R-050, R-051: strict by default."""
    periods = EXPIRED[case]
    root = pki.root(unique("Root"), **periods.get("root", {}))
    line = pki.authority(unique("Line"), root, **periods.get("line", {}))
    leaf = pki.device(unique("robot"), line, **periods.get("leaf", {}))
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    refused(world.device(leaf.common_name, certificate=leaf.presented(line)))


# --- which entry decides --------------------------------------------------------------------------------------------
def expected(individual, line_group, root_group):
    """The nearest entry decides, enabled or disabled (R-030 to R-032, R-144)."""
    nearest = next((state for state in (individual, line_group, root_group) if state is not None), None)
    return {"enabled": "assigned", "disabled": "disabled", None: "refused"}[nearest]


STATES = (None, "enabled", "disabled")


@pytest.mark.parametrize("individual", STATES)
@pytest.mark.parametrize("line_group", STATES)
@pytest.mark.parametrize("root_group", STATES)
def test_nearest_entry_decides(world, pki, unique, factory, individual, line_group, root_group):
    root, line = factory
    world.upload(unique("ca"), root)
    leaf = pki.device(unique("robot"), line)
    if root_group:
        world.group(unique("root"), clients.signing_certificates(root), provisioningStatus=root_group)
    if line_group:
        world.group(unique("line"), clients.signing_certificates(line), provisioningStatus=line_group)
    if individual:
        world.individual(leaf.common_name, clients.client_certificates(leaf), provisioningStatus=individual)
    device = world.device(leaf.common_name, certificate=leaf.presented(line))
    wanted = expected(individual, line_group, root_group)
    if wanted == "refused":
        refused(device)
    else:
        assert device.provision()["status"] == wanted


def test_individual_entry_of_another_kind_shuts_a_group_device_out(world, pki, unique, factory):
    """R-030, R-143: the attestation type of the entry is of no importance."""
    root, line = factory
    world.upload(unique("ca"), root)
    world.group(unique("group"), clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    device = world.device(leaf.common_name, certificate=leaf.presented(line))
    assigned(device)
    world.individual(leaf.common_name, clients.symmetric(), provisioningStatus="disabled")
    assert device.register().status == 401


def test_record_of_a_deleted_group_stays_and_a_new_group_takes_the_device_over(world, pki, unique, factory):
    """R-037, R-071."""
    root, line = factory
    world.upload(unique("ca"), root)
    first, second = unique("first"), unique("second")
    world.group(first, clients.signing_certificates(root))
    leaf = pki.device(unique("robot"), line)
    device = world.device(leaf.common_name, certificate=leaf.presented(line))
    created = assigned(device)["createdDateTimeUtc"]
    assert world.operator.delete("enrollmentGroups", first).status == 204
    world.group(second, clients.signing_certificates(line))
    state = assigned(device)
    assert state["createdDateTimeUtc"] == created
    assert state["x509"]["enrollmentGroupId"] == second

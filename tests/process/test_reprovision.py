"""Devices that register again: the matrix of docs/reprovision.md, over hubs of our own and hubs elsewhere."""
import hashlib
import signal
import threading

import pytest

import checks
import clients
from plant import Plant, key
from test_operations import scrape

NEVER = {"updateHubAssignment": False, "migrateDeviceData": False}
MIGRATE = {"updateHubAssignment": True, "migrateDeviceData": True}
RESET = {"updateHubAssignment": True, "migrateDeviceData": False}
POLICIES = {"never": NEVER, "migrate": MIGRATE, "reset": RESET}
INITIAL = {"tags": {"site": "first"}, "properties": {"desired": {"interval": 30}}}

FIRST = {"tags": {"site": "first"}, "desired": {"interval": 30}}
LIVED_IN = {"tags": {"site": "moved"}, "desired": {"interval": 5}}

REPORTED = {"count": 1, "$version": 2}
ANY = {"any": "thing"}

SITES = ["own-1", "else-1"]
PAIRS = [("own-1", "own-2"), ("own-1", "else-1"), ("else-1", "own-1"), ("else-1", "else-2")]
PAIR_NAMES = ["own-own", "own-else", "else-own", "else-else"]
both_sites = pytest.mark.parametrize("site", SITES)
all_pairs = pytest.mark.parametrize("left, reached", PAIRS, ids=PAIR_NAMES)


@pytest.fixture(scope="module")
def plant(session_folder):
    folder = session_folder / "reprovision"
    folder.mkdir()
    made = Plant(folder)
    yield made
    made.stop()


class Thing:
    """A device with its enrollment, which its operator changes between registrations."""

    def __init__(self, plant, name, **members):
        self.plant = plant
        self.name = name
        self.key = key(1)
        self.certificate = None
        self.entry = {"registrationId": name, "allocationPolicy": "static", "initialTwin": INITIAL, **members}

    def enroll(self, hub, **members):
        """Writes the enrollment so that the device goes to this hub."""
        self.entry["attestation"] = clients.symmetric(self.key)
        self.entry["iotHubs"] = [self.plant.hubs[hub].hub]
        self.entry.update(members)
        present = self.plant.operator.get("enrollments", self.name).status == 200
        answer = self.plant.operator.put("enrollments", self.entry, if_match="*" if present else None)
        assert answer.status == 200, answer
        return self

    def device(self):
        proof = {"certificate": self.certificate} if self.certificate else {"key": self.key}
        return clients.Device(self.plant.operator.endpoint, self.plant.muster.id_scope, self.name, **proof)

    def provision(self):
        """Registers; the state of the registration."""
        result = self.device().provision()
        return result["registrationState"]

    def provisioned_at(self, hub, substatus):
        state = self.provision()
        assert state["status"] == "assigned", state
        assert (state["assignedHub"], state["substatus"]) == (self.plant.hubs[hub].hub, substatus)
        return self

    def live_at(self, hub):
        """Its owner and the device itself change the twin; everything that a move may lose."""
        site = self.plant.hubs[hub]
        site.write_twin(self.name, LIVED_IN["tags"], LIVED_IN["desired"])
        site.report(self.name, self.key, {"count": 1})
        return self

    def is_at(self, hub, twin, reported=None):
        """At this hub and no other, when what goes on in the background is done; ANY reported properties count."""
        checks.eventually(lambda: self.plant.places(self.name) == [hub], f"{self.name} is at {hub} only")
        site = self.plant.hubs[hub]
        shown = site.twin(self.name)
        desired = {name: value for name, value in shown["properties"]["desired"].items() if name[0] != "$"}
        assert {"tags": shown["tags"], "desired": desired} == twin
        got = {name: value for name, value in shown["properties"]["reported"].items() if name != "$metadata"}
        assert reported == ANY or got == (reported or {"$version": 1})
        assert site.connect(self.name, self.key) == 0

    def record(self):
        return self.plant.operator.call("GET", f"/registrations/{self.name}").json()


@pytest.fixture
def thing(plant, unique):
    return lambda **members: Thing(plant, unique(), **members)


# --- the first time -------------------------------------------------------------------------------------------------
@both_sites
def test_first_registration(plant, thing, site):
    """R-020, R-026, R-027, R-029."""
    device = thing(capabilities={"iotEdge": True}).enroll(site).provisioned_at(site, "initialAssignment")
    device.is_at(site, FIRST)
    identity = plant.hubs[site].device(device.name)
    assert identity["capabilities"] == {"iotEdge": True}
    assert identity["authentication"]["symmetricKey"]["primaryKey"] == device.key


@both_sites
@pytest.mark.parametrize("policy", ["never", "migrate", "reset"])
def test_device_that_somebody_made_by_hand_is_taken_over(plant, thing, site, policy):
    """hub-api.md 5.2; R-118: also what is left when a record is deleted."""
    device = thing(reprovisionPolicy=POLICIES[policy]).enroll(site)
    plant.hubs[site].create(device.name, deviceScope="ms-azure-iot-edge://g-1", statusReason="by hand")
    plant.hubs[site].write_twin(device.name, {"made": "by hand"})
    generation = plant.hubs[site].device(device.name)["generationId"]
    device.provisioned_at(site, "initialAssignment")
    device.is_at(site, FIRST if policy == "reset" else {"tags": {"made": "by hand"}, "desired": {}})
    identity = plant.hubs[site].device(device.name)
    assert (identity["generationId"], identity["deviceScope"]) == (generation, "ms-azure-iot-edge://g-1")
    assert identity["statusReason"] == "by hand"


# --- the same hub again ---------------------------------------------------------------------------------------------
@both_sites
@pytest.mark.parametrize(
    "policy, substatus, twin",
    [
        ("never", "initialAssignment", LIVED_IN),
        ("migrate", "initialAssignment", LIVED_IN),
        ("reset", "deviceDataReset", FIRST),
    ],
)
def test_same_hub(plant, thing, site, policy, substatus, twin):
    """R-112 to R-115: the credential is renewed in place under every policy."""
    device = thing(reprovisionPolicy=POLICIES[policy]).enroll(site).provisioned_at(site, "initialAssignment")
    device.live_at(site)
    before = plant.hubs[site].device(device.name)
    device.key = key(2)
    device.enroll(site).provisioned_at(site, substatus)
    device.is_at(site, twin, REPORTED)
    after = plant.hubs[site].device(device.name)
    assert after["generationId"] == before["generationId"]
    assert plant.hubs[site].connect(device.name, key(1)) == 5, "the old key is out"


@both_sites
def test_rolled_certificate_is_renewed_in_place(plant, thing, pki, site):
    """R-024, R-025, R-151."""
    device = thing()
    first, second = (pki.self_signed_device(device.name) for _ in range(2))
    device.enroll(site, attestation=clients.client_certificates(first, second))
    seen = []
    for identity in (first, second):
        device.certificate = identity.presented()
        device.provisioned_at(site, "initialAssignment")
        seen.append(plant.hubs[site].device(device.name))
        thumbprint = hashlib.sha256(identity.der).hexdigest().upper()
        assert seen[-1]["authentication"]["x509Thumbprint"]["primaryThumbprint"] == thumbprint
    assert seen[0]["generationId"] == seen[1]["generationId"]


@both_sites
@pytest.mark.parametrize(
    "policy, substatus", [("never", "initialAssignment"), ("migrate", "initialAssignment"), ("reset", "deviceDataReset")]
)
def test_device_that_its_hub_lost_is_made_again(plant, thing, site, policy, substatus):
    """R-117: deleted by hand, or the hub came back empty."""
    device = thing(reprovisionPolicy=POLICIES[policy]).enroll(site).provisioned_at(site, "initialAssignment")
    device.live_at(site)
    plant.hubs[site].delete(device.name)
    device.provisioned_at(site, substatus)
    device.is_at(site, FIRST)


# --- another hub ----------------------------------------------------------------------------------------------------
@all_pairs
def test_never_stays(thing, left, reached):
    """R-114."""
    device = thing(reprovisionPolicy=NEVER).enroll(left).provisioned_at(left, "initialAssignment").live_at(left)
    device.enroll(reached).provisioned_at(left, "initialAssignment")
    device.is_at(left, LIVED_IN, REPORTED)


@all_pairs
def test_migrate_moves_the_device_with_its_data(plant, thing, left, reached):
    """R-110. A hub elsewhere does not let others write reported properties: there they begin anew."""
    device = thing(reprovisionPolicy=MIGRATE).enroll(left).provisioned_at(left, "initialAssignment").live_at(left)
    device.enroll(reached).provisioned_at(reached, "deviceDataMigrated")
    device.is_at(reached, LIVED_IN, REPORTED if reached.startswith("own") else None)
    assert plant.hubs[left].connect(device.name, device.key) == 5


@all_pairs
def test_reset_starts_afresh_elsewhere(thing, left, reached):
    """R-111."""
    device = thing(reprovisionPolicy=RESET).enroll(left).provisioned_at(left, "initialAssignment").live_at(left)
    device.enroll(reached).provisioned_at(reached, "deviceDataReset")
    device.is_at(reached, FIRST)


@all_pairs
def test_old_clients_without_a_policy_stay(plant, thing, left, reached):
    """R-114."""
    device = thing().enroll(left).provisioned_at(left, "initialAssignment")
    device.enroll(reached)
    old = clients.Device(
        plant.operator.endpoint, plant.muster.id_scope, device.name, key=device.key, api_version="2018-04-01"
    )
    assert old.provision()["registrationState"]["assignedHub"] == plant.hubs[left].hub


@all_pairs
def test_edge_and_status_move_along(plant, thing, left, reached):
    """R-110: capabilities; a device that its hub's owner has disabled is not let in by moving."""
    device = thing(reprovisionPolicy=MIGRATE).enroll(left).provisioned_at(left, "initialAssignment")
    identity = plant.hubs[left].device(device.name)
    identity.update(capabilities={"iotEdge": True}, status="disabled", statusReason="stolen")
    assert plant.hubs[left].call("PUT", f"/devices/{device.name}", identity, if_match="*").status == 200
    device.enroll(reached).provisioned_at(reached, "deviceDataMigrated")
    moved = plant.hubs[reached].device(device.name)
    assert moved["capabilities"] == {"iotEdge": True}
    assert (moved["status"], moved["statusReason"]) == ("disabled", "stolen")


@all_pairs
def test_there_and_back(thing, left, reached):
    device = thing(reprovisionPolicy=MIGRATE).enroll(left).provisioned_at(left, "initialAssignment").live_at(left)
    device.enroll(reached).provisioned_at(reached, "deviceDataMigrated")
    device.enroll(left).provisioned_at(left, "deviceDataMigrated")
    device.is_at(left, LIVED_IN, REPORTED if (left, reached) == ("own-1", "own-2") else None)


@all_pairs
def test_nothing_to_migrate(plant, thing, left, reached):
    """The old hub lost the device: it starts afresh, and its record says so."""
    device = thing(reprovisionPolicy=MIGRATE).enroll(left).provisioned_at(left, "initialAssignment").live_at(left)
    plant.hubs[left].delete(device.name)
    device.enroll(reached).provisioned_at(reached, "deviceDataReset")
    device.is_at(reached, FIRST)


@all_pairs
def test_two_registrations_at_once_end_at_one_hub(plant, thing, left, reached):
    device = thing(reprovisionPolicy=MIGRATE).enroll(left).provisioned_at(left, "initialAssignment").live_at(left)
    ends = []

    def register():
        ends.append(device.provision()["status"])

    for hub in (reached, left, reached):
        device.enroll(hub)
        threads = [threading.Thread(target=register) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(ends) == {"assigned"} and len(ends) == 9
    assert device.record()["assignedHub"] == plant.hubs[reached].hub
    device.is_at(reached, LIVED_IN, REPORTED if (left, reached) == ("own-1", "own-2") else ANY)


# --- hubs that are not linked, do not answer, or refuse --------------------------------------------------------------
@pytest.fixture
def relink(plant):
    yield
    plant.link_all()


@pytest.mark.parametrize("reached", ["own-2", "else-1"])
def test_unlinked_hub_of_our_own_keeps_the_data_until_they_are_fetched(plant, thing, relink, reached):
    device = thing(reprovisionPolicy=MIGRATE).enroll("own-1").provisioned_at("own-1", "initialAssignment")
    device.live_at("own-1").enroll(reached)
    plant.unlink("own-1")
    device.provisioned_at(reached, "deviceDataMigrated")
    plant.link_all()
    device.is_at(reached, LIVED_IN, REPORTED if reached == "own-2" else None)


@pytest.mark.parametrize("reached", ["own-1", "else-2"])
def test_unlinked_hub_elsewhere_cannot_be_asked(plant, thing, relink, reached):
    """hub-api.md 5.3: the device goes on with the initial twin; what it left is removed when the hub is linked again."""
    device = thing(reprovisionPolicy=MIGRATE).enroll("else-1").provisioned_at("else-1", "initialAssignment")
    device.live_at("else-1").enroll(reached)
    plant.unlink("else-1")
    device.provisioned_at(reached, "deviceDataReset")
    assert set(plant.places(device.name)) == {"else-1", reached}
    plant.link_all()
    device.is_at(reached, FIRST)


@pytest.mark.parametrize("policy", ["never", "migrate", "reset"])
def test_unlinked_hub_moves_even_those_that_never_move(plant, thing, relink, policy):
    device = thing(reprovisionPolicy=POLICIES[policy]).enroll("own-1").provisioned_at("own-1", "initialAssignment")
    device.live_at("own-1").enroll("own-2")
    plant.unlink("own-1")
    device.provisioned_at("own-2", "deviceDataReset" if policy == "reset" else "deviceDataMigrated")
    plant.link_all()
    device.is_at("own-2", FIRST if policy == "reset" else LIVED_IN, None if policy == "reset" else REPORTED)


@pytest.fixture
def silence(plant):
    """Has the service of a hub elsewhere say nothing until told otherwise: its connections hang."""
    silent = []

    def begin(name):
        silent.append(plant.service_of(name).process)
        silent[-1].send_signal(signal.SIGSTOP)

    def end():
        while silent:
            silent.pop().send_signal(signal.SIGCONT)

    begin.end = end
    yield begin
    end()


@pytest.mark.parametrize("left, reached", PAIRS[1:], ids=PAIR_NAMES[1:])
def test_move_fails_when_a_hub_does_not_answer_and_nothing_is_lost(plant, thing, silence, left, reached):
    """R-119, R-120, hub-api.md 5.4: assigning with a time to come again, then failed; the assignment is kept."""
    device = thing(reprovisionPolicy=MIGRATE).enroll(left).provisioned_at(left, "initialAssignment").live_at(left)
    device.enroll(reached)
    silence(left if left.startswith("else") else reached)
    answer = device.device().register()
    assert answer.status == 202 and answer.json()["status"] == "assigning"
    assert 3 <= int(answer.header("Retry-After")) <= 30
    state = device.device().finish(answer.json()["operationId"])["registrationState"]
    assert (state["status"], state["errorCode"]) == ("failed", 400209)
    silence.end()
    device.is_at(left, LIVED_IN, REPORTED)
    assert device.record()["status"] == "failed"
    checks.eventually(lambda: device.provision()["status"] == "assigned", "the hub is asked again")
    device.is_at(reached, LIVED_IN, REPORTED if reached.startswith("own") else None)


@pytest.mark.parametrize("reached", ["own-1", "else-2"])
def test_reset_does_not_wait_for_the_old_hub(plant, thing, silence, reached):
    """R-120; the device left behind is removed when its hub answers again, whatever happened meanwhile."""
    device = thing(reprovisionPolicy=RESET).enroll("else-1").provisioned_at("else-1", "initialAssignment")
    device.enroll(reached)
    silence("else-1")
    device.provisioned_at(reached, "deviceDataReset")
    plant.muster.kill()
    plant.muster.start()
    assert plant.linked("else-1")["health"]["devicesLeftBehind"] >= 1
    silence.end()
    device.is_at(reached, FIRST)
    checks.eventually(lambda: plant.linked("else-1")["health"]["devicesLeftBehind"] == 0, "nothing is left behind")


def test_silent_hub_holds_nobody_else(plant, thing, silence):
    """hub-api.md 5.4."""
    held = [thing().enroll("else-1") for _ in range(12)]
    silence("else-1")
    for device in held:
        assert device.device().register().status == 202
    for hub in ("own-1", "else-2"):
        thing().enroll(hub).provisioned_at(hub, "initialAssignment")
    assert [device.record()["status"] for device in held].count("assigning") > 0
    silence.end()
    for device in held:
        checks.eventually(lambda device=device: device.record()["status"] != "assigning", "it comes to an end")


def test_wrong_key_of_a_link_is_told_and_mended(plant, thing, relink):
    """R-090, R-091, R-214."""
    wrong = plant.links()
    site = plant.hubs["else-1"]
    wrong["else-1"]["connectionString"] = site.connection_string.replace(site.key, key(9))
    plant.link(list(wrong.values()))
    device = thing().enroll("else-1")
    state = device.provision()
    assert (state["status"], state["errorCode"]) == ("failed", 400209)
    health = plant.linked("else-1")["health"]
    assert health["state"] == "unauthorized" and "401" in health["lastError"]
    metrics = scrape(plant.muster)
    assert metrics.sum("muster_linked_hub_up", iot_hub_name=site.hub) == 0
    assert metrics.sum("muster_linked_hub_up", iot_hub_name=plant.hubs["else-2"].hub) == 1
    plant.link_all()
    device.provisioned_at("else-1", "initialAssignment")
    health = plant.linked("else-1")["health"]
    assert health["state"] == "up" and health["devicesLeftBehind"] == 0 and health["lastSuccess"]


def test_link_is_kept_when_its_masked_form_comes_back(plant, thing, relink):
    """service-api.md 8.3: tools GET the resource and PUT it back."""
    shown = plant.operator.resource()["properties"]["iotHubs"]
    assert all(plant.hubs[name].key not in str(shown) for name in ("else-1", "else-2"))
    assert plant.linked("else-1")["connectionString"].endswith(";SharedAccessKey=****")
    plant.link(shown)
    thing().enroll("else-1").provisioned_at("else-1", "initialAssignment")


@pytest.mark.parametrize(
    "link",
    [
        {},
        {"connectionString": ""},
        {"connectionString": "HostName=x.example.test;SharedAccessKeyName=p;SharedAccessKey=****"},
        {"connectionString": "HostName=x.example.test;SharedAccessKeyName=p;SharedAccessKey=c2hvcnQ="},
        {"connectionString": f"HostName=x.example.test:8443;SharedAccessKeyName=p;SharedAccessKey={key(9)}"},
        {"connectionString": f"HostName=own-1.muster.test;SharedAccessKeyName=p;SharedAccessKey={key(9)}"},
        {"connectionString": f"HostName=x.example.test;SharedAccessKey={key(9)}"},
        {"name": "else-1.other.test", "authenticationType": "Local"},
        {"name": "x.example.test", "authenticationType": "SystemAssigned"},
    ],
)
def test_links_that_cannot_be(plant, link):
    operator = plant.operator
    resource = operator.resource()
    resource["properties"]["iotHubs"].append(link)
    answer = operator.manage("PUT", resource["id"], resource)
    assert answer.status in (400, 501), answer
    assert key(9) not in answer.body.decode()


# --- the end of a process in the middle of a move --------------------------------------------------------------------
@pytest.mark.parametrize("left, reached", PAIRS[1:], ids=PAIR_NAMES[1:])
@pytest.mark.parametrize("policy", ["migrate", "reset"])
def test_move_goes_on_after_a_kill(plant, thing, silence, policy, left, reached):
    """The process dies while a hub has its request; what the hub then does nobody hears."""
    device = thing(reprovisionPolicy=POLICIES[policy]).enroll(left).provisioned_at(left, "initialAssignment")
    device.live_at(left).enroll(reached)
    hung = left if left.startswith("else") else reached
    silence(hung)
    operation = device.device().register().json()["operationId"]
    running = {"iot_hub_name": plant.hubs[hung].hub}
    metric = "muster_linked_hub_running_calls"
    checks.eventually(lambda: scrape(plant.muster).sum(metric, **running) > 0, "the hub is being asked")
    plant.muster.kill()
    silence.end()
    plant.muster.start()
    state = device.device().finish(operation)["registrationState"]
    if state["status"] != "assigned":  # the hub took longer to wake than the registration was patient
        state = device.provision()
    assert state["assignedHub"] == plant.hubs[reached].hub
    if policy == "reset":
        device.is_at(reached, FIRST)
    else:
        device.is_at(reached, LIVED_IN, REPORTED if reached.startswith("own") else None)
    assert device.record()["status"] == "assigned"


@pytest.mark.parametrize("left, reached", PAIRS, ids=PAIR_NAMES)
def test_kills_at_any_time_leave_a_device_at_one_hub(plant, thing, left, reached):
    devices = [
        thing(reprovisionPolicy=MIGRATE).enroll(left).provisioned_at(left, "initialAssignment") for _ in range(6)
    ]
    for device in devices:
        plant.hubs[left].write_twin(device.name, LIVED_IN["tags"], LIVED_IN["desired"])
        device.enroll(reached)
    threads = [threading.Thread(target=register_quietly, args=(device,)) for device in devices]
    for thread in threads:
        thread.start()
    threads[0].join()
    plant.muster.kill()
    for thread in threads:
        thread.join()
    plant.muster.start()
    for device in devices:
        device.provision()
        device.is_at(reached, LIVED_IN)
        assert device.record()["assignedHub"] == plant.hubs[reached].hub


def register_quietly(device):
    """The service may be gone before it answers."""
    try:
        device.device().register()
    except OSError:
        pass

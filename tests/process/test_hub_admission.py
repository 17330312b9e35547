"""Who hammers at a hub, and what it costs: two with one identity, and those whose proof is no good (hub-api.md 2.4)."""
import json
import threading
import time

import pytest

import checks
import hubs
import https
import mqtt_client
from test_hub_telemetry import notices_of
from test_operations import scrape

ACCEPTED, TRY_AGAIN, NOT_AUTHORIZED = 0, 3, 5


@pytest.fixture
def service(own_muster):
    return own_muster().start()


def connect(service, owner, device_id, source="", **options):
    """The device, and the code of its CONNACK."""
    endpoint = https.Endpoint(service.address, service.ready["mqttPort"], owner.hub, service.ca_file)
    device = hubs.Device(mqtt_client.Wire(endpoint.raw_tls(source=source)), owner.hub, device_id)
    return device, device.connect(**options)[1]


class Fighter(threading.Thread):
    """Connects again at once whenever it is refused or thrown out, as devices do; ends when the service does."""

    def __init__(self, service, owner, device_id):
        super().__init__()
        self.target = (service, owner, device_id)
        self.codes = []

    def run(self):
        try:
            while True:
                self.connect_once()
        except OSError:
            pass

    def connect_once(self):
        try:
            device, code = connect(*self.target)
        except mqtt_client.Closed:  # thrown out before it heard that it was in
            return
        self.codes.append(code)
        if code == ACCEPTED:
            device.wire.is_closed()
        device.wire.connection.close()


def test_two_who_fight_for_an_identity_are_held_back_and_told_of_once(service):
    owner = hubs.Owner(service)
    owner.create("copied")
    fighters = [Fighter(service, owner, "copied") for _ in range(2)]
    begin = time.monotonic()
    for each in fighters:
        each.start()
    checks.eventually(lambda: sum(each.codes.count(TRY_AGAIN) for each in fighters) >= 50, "they fight")
    service.kill()
    for each in fighters:
        each.join(checks.WAIT_SECONDS)
        assert set(each.codes) <= {ACCEPTED, TRY_AGAIN}
    assert sum(each.codes.count(ACCEPTED) for each in fighters) <= 2 + (time.monotonic() - begin) / 5

    service.start()
    told = [each for each in notices_of(hubs.Owner(service), "copied") if each[0] == "deviceSecurityEvents"]
    ((_, operation, schema, body),) = told
    assert (operation, schema) == ("deviceIdentityContested", "deviceSecurityNotification")
    for side in ("connected", "refused"):
        assert body[side]["address"] == "127.0.0.1"
        assert body[side]["authMethod"]["type"] == "sas" and body[side]["authMethod"]["scope"] == "device"
    assert (body["takeOvers"], body["refusals"]) == (1, 1)
    assert body["from"] <= body["to"] and body["connected"]["since"] <= body["to"]
    service.stop()


def test_contests_are_not_told_when_that_is_switched_off(own_muster):
    service = own_muster(toml="[hub]\nsecurity_events = false\nlifecycle_events = false\n").start()
    owner = hubs.Owner(service)
    owner.create("copied")
    connected = [connect(service, owner, "copied") for _ in range(3)]
    assert [code for _, code in connected] == [ACCEPTED, ACCEPTED, TRY_AGAIN]
    assert notices_of(owner, "copied") == []
    service.stop()


def test_metrics_tell_who_connects_and_what_becomes_of_methods_and_jobs(service):
    owner = hubs.Owner(service)
    for device_id in ("a", "b"):
        owner.create(device_id)
    device, code = connect(service, owner, "a")
    again, code_again = connect(service, owner, "a")
    assert (code, code_again) == (ACCEPTED, ACCEPTED) and device.wire.is_closed()
    assert connect(service, owner, "a")[1] == TRY_AGAIN
    assert connect(service, owner, "a", password="nonsense")[1] == NOT_AUTHORIZED
    stranger = {"user_name": "other.hub.test/a/?api-version=2021-04-12"}
    assert connect(service, owner, "a", **stranger)[1] == NOT_AUTHORIZED
    topic = hubs.EVENTS.format("a")
    assert again.wire.ask(mqtt_client.publish(topic, b"1", 1, 1)).kind == mqtt_client.PUBACK
    answer = owner.call("POST", "/twins/b/methods", {"methodName": "m", "payload": None})
    assert answer.status == 404, answer
    job = {"jobId": "j", "type": "scheduleUpdateTwin", "queryCondition": "*", "updateTwin": {"etag": "*", "tags": {}}}
    assert owner.call("PUT", "/jobs/v2/j", job).status == 200
    later = dict(job, jobId="later", startTime="2099-01-01T00:00:00Z")
    assert owner.call("PUT", "/jobs/v2/later", later).status == 200
    of_hub = {"iot_hub_name": owner.hub}

    def metric(name, **labels):
        return scrape(service).sum(f"muster_hub_{name}", **of_hub, **labels)

    checks.eventually(lambda: metric("jobs_ended_total", status="completed") == 1, "the job is over")
    assert metric("job_devices_total", result="completed") == 2
    checks.eventually(lambda: metric("jobs", status="scheduled") == 1, "the other one waits")
    assert metric("jobs") == 1
    assert metric("connects_total", result="accepted") == 2
    assert metric("connects_total", result="throttled") == 1
    assert metric("connects_total", result="refused") == 1
    assert scrape(service).sum("muster_hub_connects_total", iot_hub_name="", result="refused") == 1
    assert metric("take_overs_total", result="done") == 1
    assert metric("take_overs_total", result="throttled") == 1
    assert metric("messages_total") == 1
    assert metric("methods_total", result="offline") == 1 and metric("methods_total") == 1
    checks.eventually(lambda: metric("connections_open") == 1, "one of them is connected")
    again.wire.connection.close()
    checks.eventually(lambda: metric("connections_open") == 0, "none of them is connected")
    service.stop()


def test_who_is_refused_again_and_again_is_not_looked_at_any_more(own_muster):
    limits = "refused_connects_per_minute = 3\nrefused_connects_per_minute_of_address = 8\n"
    service = own_muster(toml=f"[hub]\n{limits}").start()
    owner = hubs.Owner(service)
    for device_id in ("wanted", "neighbour"):
        owner.create(device_id)

    def codes(device_id, count, source="127.0.0.1", **options):
        return [connect(service, owner, device_id, source, **options)[1] for _ in range(count)]

    thief = {"password": "SharedAccessSignature sr=x&sig=AAAA&se=9999999999"}
    assert codes("wanted", 6, **thief) == [NOT_AUTHORIZED] * 3 + [TRY_AGAIN] * 3
    assert codes("wanted", 1) == [TRY_AGAIN], "unproved, it is nobody yet"
    assert codes("wanted", 1, "127.0.0.2") == [ACCEPTED], "nobody locks it out from elsewhere"
    assert codes("neighbour", 1) == [ACCEPTED], "nor its neighbours"
    guesses = 0
    while codes(f"guess-{guesses}", 1) == [NOT_AUTHORIZED]:
        guesses += 1
    assert 5 <= guesses < 10, "the address is used up"
    assert codes("neighbour", 1) == [TRY_AGAIN] and codes("neighbour", 1, "127.0.0.2") == [ACCEPTED]

    assert scrape(service).sum("muster_hub_connects_total", iot_hub_name="", result="throttled") == 6
    events = [json.loads(line)["event"] for line in service.log_text().splitlines() if line.startswith("{")]
    assert events.count("hub.device-refused") == 3 + guesses
    assert events.count("hub.device-throttled") == 2, "once for each that is held back"
    service.stop()

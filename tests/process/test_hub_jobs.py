"""Jobs of a hub (hub-api.md 7): what is taken, what becomes of each device, crashes and restarts."""
import datetime
import threading

import pytest

import checks
import hubs
import https
import mqtt_client
from mqtt_client import PUBLISH
from test_hub_service import refused

METHOD = {"type": "scheduleDeviceMethod", "cloudToDeviceMethod": {"methodName": "m", "payload": {"n": 1}}}
TWIN = {"type": "scheduleUpdateTwin", "updateTwin": {"etag": "*", "tags": {"new": True}}}
ENDED = ("completed", "failed", "cancelled")
SLOW = "[hub]\njob_devices_per_second = 20\n"


@pytest.fixture
def owner(muster):
    return hubs.Owner(muster)


@pytest.fixture
def wave(owner, unique):
    """Three devices with a tag of their own."""
    return make_wave(owner, unique("wave"), 3)


def make_wave(owner, name, count):
    items = [{"id": f"{name}-{number:03}", "tags": {"wave": name}} for number in range(count)]
    for first in range(0, count, 100):
        assert owner.call("POST", "/devices", items[first : first + 100]).json()["isSuccessful"] is True
    return name


def after(**delta):
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def put(owner, job_id, job=METHOD, **members):
    return owner.call("PUT", f"/jobs/v2/{job_id}", {"jobId": job_id, "queryCondition": "*", **job, **members})


def schedule(owner, job_id, job=METHOD, **members):
    answer = put(owner, job_id, job, **members)
    assert answer.status == 200, answer
    return answer.json()


def get(owner, job_id):
    return owner.call("GET", f"/jobs/v2/{job_id}").json()


def ended(owner, job_id):
    """The job when nothing of it is under way any more."""

    def over():
        job = get(owner, job_id)
        counts = job["deviceJobStatistics"]
        return job["status"] in ENDED and counts["pendingCount"] == counts["runningCount"] == 0

    checks.eventually(over, f"job {job_id} ends")
    return get(owner, job_id)


def query(owner, text, headers=()):
    answer = owner.call("POST", "/devices/query", {"query": text}, headers=headers)
    assert answer.status == 200, answer
    return answer


def device_rows(owner, job_id):
    text = f"SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '{job_id}'"
    answer = query(owner, text, [("x-ms-max-item-count", "1000")])
    assert answer.header("x-ms-item-type") == "DeviceJob"
    return answer.json()


class Answering:
    """A device that takes methods; `silent`: it never answers."""

    def __init__(self, muster, owner, device_id, silent=False):
        endpoint = https.Endpoint(muster.address, muster.ready["mqttPort"], owner.hub, muster.ca_file)
        self.wire = mqtt_client.Wire(endpoint.raw_tls(None))
        self.called = threading.Event()
        self.silent = silent
        self.request = None
        token = owner.token(resource=f"{owner.hub}/devices/{device_id}")
        device = hubs.Device(self.wire, owner.hub, device_id)
        assert device.connect(password=token) == (0, 0)
        assert device.subscribe(hubs.METHODS) == [0]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        try:
            call = self.wire.receive()
        except mqtt_client.Closed:
            return  # nobody called
        assert call.kind == PUBLISH
        self.request = call.topic[call.topic.index("$rid=") :]
        self.called.set()
        if not self.silent:
            self.answer(b'{"seen":' + call.payload + b"}")

    def answer(self, payload):
        self.wire.send(mqtt_client.publish(f"$iothub/methods/res/207/?{self.request}", payload))


def test_a_method_job_tells_what_became_of_each_device(muster, owner, wave, unique):
    device = Answering(muster, owner, f"{wave}-001")
    job_id = unique("job")
    made = schedule(owner, job_id, queryCondition=f"tags.wave = '{wave}'", startTime=None, maxExecutionTimeInSeconds=60)
    assert made["status"] == "queued" and made["type"] == "scheduleDeviceMethod" and made["jobId"] == job_id
    job = ended(owner, job_id)
    assert job["status"] == "completed", "also when single devices failed"
    assert job["queryCondition"] == f"tags.wave = '{wave}'" and job["maxExecutionTimeInSeconds"] == 60
    assert job["cloudToDeviceMethod"] == METHOD["cloudToDeviceMethod"]
    assert job["deviceJobStatistics"] == {
        "deviceCount": 3,
        "failedCount": 2,
        "succeededCount": 1,
        "runningCount": 0,
        "pendingCount": 0,
    }
    for member in ("createdTime", "startTime", "endTime"):
        assert checks.TIMESTAMP.match(job[member])
    away, here, _ = device_rows(owner, job_id)
    assert (away["deviceId"], away["status"], away["error"]["code"]) == (f"{wave}-000", "failed", "DeviceNotOnline")
    assert (here["deviceId"], here["jobId"], here["jobType"]) == (f"{wave}-001", job_id, "scheduleDeviceMethod")
    assert here["status"] == "completed"
    assert here["outcome"] == {"deviceMethodResponse": {"status": 207, "payload": {"seen": {"n": 1}}}}
    times = ("createdDateTimeUtc", "startTimeUtc", "endTimeUtc", "lastUpdatedDateTimeUtc")
    assert all(checks.TIMESTAMP.match(here[member]) for member in times)
    device.wire.connection.close()


def test_a_twin_job_changes_twins(owner, wave, unique):
    job_id = unique("job")
    desired = {"updateTwin": {"etag": "*", "tags": {"new": 1}, "properties": {"desired": {"mode": "eco"}}}}
    condition = f"FROM devices WHERE deviceId IN ['{wave}-000','{wave}-002']"
    schedule(owner, job_id, {**TWIN, **desired}, queryCondition=condition)
    job = ended(owner, job_id)
    assert job["status"] == "completed" and job["updateTwin"] == desired["updateTwin"]
    assert [(row["deviceId"], row["status"]) for row in device_rows(owner, job_id)] == [
        (f"{wave}-000", "completed"),
        (f"{wave}-002", "completed"),
    ]
    twin = owner.call("GET", f"/twins/{wave}-000").json()
    assert twin["tags"] == {"wave": wave, "new": 1} and twin["properties"]["desired"]["mode"] == "eco"
    assert "new" not in owner.call("GET", f"/twins/{wave}-001").json()["tags"]


def test_devices_of_jobs_are_counted_and_named_by_queries(owner, wave, unique):
    job_id = unique("job")
    schedule(owner, job_id, queryCondition=f"tags.wave = '{wave}'")
    ended(owner, job_id)
    source = f"FROM devices.jobs WHERE devices.jobs.jobId = '{job_id}'"
    count = query(owner, f"SELECT COUNT() AS n {source} AND devices.jobs.status = 'failed'")
    assert count.header("x-ms-item-type") == "Raw" and count.json() == [{"n": 3}]
    names = query(owner, f"SELECT devices.jobs.deviceId AS id {source} AND ENDSWITH(deviceId, '-001')")
    assert names.json() == [{"id": f"{wave}-001"}]
    first = query(owner, f"SELECT * {source}", [("x-ms-max-item-count", "2")])
    assert len(first.json()) == 2
    rest = query(owner, f"SELECT * {source}", [("x-ms-continuation", first.header("x-ms-continuation"))])
    assert [row["deviceId"] for row in rest.json()] == [f"{wave}-002"]
    assert rest.header("x-ms-continuation") is None
    everything = query(owner, f"SELECT * FROM devices.jobs WHERE deviceId = '{wave}-000'").json()
    assert [row["jobId"] for row in everything] == [job_id]


BAD = {
    "no object": b"[]",
    "no type": {"type": None},
    "another type": {"type": "export"},
    "no method": {"cloudToDeviceMethod": None},
    "a method without a name": {"cloudToDeviceMethod": {"payload": 1}},
    "a method's name with a slash": {"cloudToDeviceMethod": {"methodName": "a/b"}},
    "a method's time beyond 300 s": {"cloudToDeviceMethod": {"methodName": "m", "responseTimeoutInSeconds": 301}},
    "a method's payload beyond 128 KB": {"cloudToDeviceMethod": {"methodName": "m", "payload": "x" * 131072}},
    "no twin": {**TWIN, "updateTwin": None},
    "an empty twin": {**TWIN, "updateTwin": {"etag": "*"}},
    "a twin's name with a dot": {**TWIN, "updateTwin": {"etag": "*", "tags": {"a.b": 1}}},
    "an etag that is no text": {**TWIN, "updateTwin": {"etag": 1, "tags": {"a": 1}}},
    "another id": {"jobId": "another"},
    "no condition": {"queryCondition": None},
    "an empty condition": {"queryCondition": ""},
    "a whole query": {"queryCondition": "SELECT * FROM devices WHERE tags.a = 1"},
    "a condition on jobs": {"queryCondition": "FROM devices.jobs WHERE jobId = 'x'"},
    "half a condition": {"queryCondition": "tags.a ="},
    "a start that is no time": {"startTime": "tomorrow"},
    "no time to run": {"maxExecutionTimeInSeconds": 0},
    "a time beyond 30 days": {"maxExecutionTimeInSeconds": 30 * 86400 + 1},
}


@pytest.mark.parametrize("what", BAD)
def test_a_job_that_cannot_be_is_refused(owner, unique, what):
    job_id, bad = unique("job"), BAD[what]
    if isinstance(bad, bytes):
        answer = owner.call("PUT", f"/jobs/v2/{job_id}", bad)
    else:
        answer = put(owner, job_id, {**METHOD, **bad})
    message = refused(answer, 400, "ArgumentInvalid")["Message"]
    assert len(message.split(";")) == 2
    refused(owner.call("GET", f"/jobs/v2/{job_id}"), 404, "JobNotFound")


@pytest.mark.parametrize("job_id", ["a%20b", "x" * 129, "%C3%A4", "query"])
def test_an_id_that_cannot_be_is_refused(owner, job_id):
    answer = owner.call("PUT", f"/jobs/v2/{job_id}", {**METHOD, "queryCondition": "*"})
    refused(answer, 400, "ArgumentInvalid")


def test_jobs_that_are_not_there_or_there_already_are_told_as_such(owner, unique):
    refused(owner.call("GET", "/jobs/v2/nothing"), 404, "JobNotFound")
    refused(owner.call("POST", "/jobs/v2/nothing/cancel"), 404, "JobNotFound")
    job_id = unique("job")
    schedule(owner, job_id, queryCondition="deviceId = 'nobody'")
    refused(put(owner, job_id), 409, "JobAlreadyExists")
    assert ended(owner, job_id)["status"] == "completed", "no device is no failure"
    refused(put(owner, job_id), 409, "JobAlreadyExists")


def test_a_job_of_tomorrow_waits_and_is_cancelled(owner, wave, unique):
    job_id = unique("job")
    start = after(days=1)
    assert schedule(owner, job_id, queryCondition=f"tags.wave = '{wave}'", startTime=start)["status"] == "scheduled"
    answer = owner.call("POST", f"/jobs/v2/{job_id}/cancel", b"")
    assert answer.status == 200 and answer.json()["status"] == "cancelled"
    assert ended(owner, job_id)["deviceJobStatistics"]["deviceCount"] == 0
    again = owner.call("POST", f"/jobs/v2/{job_id}/cancel", b"")
    assert again.status == 200 and again.json()["endTime"] == get(owner, job_id)["endTime"]


def listed(owner, parameters, **options):
    answer = owner.call("GET", "/jobs/v2/query", query=parameters, **options)
    assert answer.status == 200, answer
    assert answer.header("x-ms-item-type") == "JobResponse"
    return [job["jobId"] for job in answer.json()], answer.header("x-ms-continuation")


def test_jobs_are_listed_by_type_and_status(owner, unique):
    names = sorted(unique("job") for _ in range(3))
    schedule(owner, names[0], startTime=after(days=1))
    schedule(owner, names[1], TWIN, startTime=after(days=1))
    schedule(owner, names[2], queryCondition="deviceId = 'nobody'")
    ended(owner, names[2])

    def mine(parameters):
        return [job for job in listed(owner, parameters)[0] if job in names]

    assert mine("") == names
    assert mine("&jobType=scheduleDeviceMethod") == [names[0], names[2]]
    assert mine("&jobType=scheduleDeviceMethod&jobStatus=scheduled") == [names[0]]
    assert mine("&jobStatus=Completed") == [names[2]]
    assert mine("&jobType=export") == mine("&jobStatus=unknown") == []
    for wrong in ("&jobType=pigeon", "&jobStatus=asleep"):
        refused(owner.call("GET", "/jobs/v2/query", query=wrong), 400, "ArgumentInvalid")
    found, more = [], None
    while True:
        headers = [("x-ms-max-item-count", "1")] + ([("x-ms-continuation", more)] if more else [])
        page, more = listed(owner, "&jobStatus=scheduled", headers=headers)
        found += page
        if more is None:
            break
    assert [job for job in found if job in names] == names[:2]


def test_open_jobs_are_limited(own_muster):
    owner = hubs.Owner(own_muster(toml="[hub]\nmax_open_jobs = 1\n").start())
    schedule(owner, "first", startTime=after(days=1))
    answer = put(owner, "second")
    refused(answer, 429, "ThrottlingMaxActiveJobCountExceeded")
    assert int(answer.header("Retry-After")) > 0
    owner.call("POST", "/jobs/v2/first/cancel", b"")
    checks.eventually(lambda: put(owner, "second").status == 200, "there is room again")


def test_devices_are_asked_at_the_rate_that_is_set(own_muster):
    owner = hubs.Owner(own_muster(toml=SLOW).start())
    make_wave(owner, "w", 60)
    schedule(owner, "j", TWIN)
    ended(owner, "j")
    starts = sorted(row["startTimeUtc"] for row in device_rows(owner, "j"))
    first, last = (datetime.datetime.fromisoformat(each[:26]) for each in (starts[0], starts[-1]))
    # Twenty at once, the others one after the other.
    assert (last - first).total_seconds() > 1.8


def test_a_job_survives_kills_in_its_middle(own_muster):
    muster = own_muster(toml=SLOW).start()
    owner = hubs.Owner(muster)
    make_wave(owner, "w", 150)
    schedule(owner, "j", TWIN)
    for least in (25, 60):
        checks.eventually(lambda: get(owner, "j")["deviceJobStatistics"]["succeededCount"] > least, "some are done")
        muster.kill()
        muster.start()
        owner = hubs.Owner(muster)
    job = ended(owner, "j")
    assert job["status"] == "completed"
    assert job["deviceJobStatistics"]["succeededCount"] == job["deviceJobStatistics"]["deviceCount"] == 150
    left = query(owner, "SELECT COUNT() AS n FROM devices WHERE NOT tags.new = true").json()
    assert left == [{"n": 0}]


def test_a_method_whose_answer_was_lost_is_no_success_and_not_called_again(own_muster):
    muster = own_muster().start()
    owner = hubs.Owner(muster)
    make_wave(owner, "w", 2)
    device = Answering(muster, owner, "w-000", silent=True)
    schedule(owner, "j")
    assert device.called.wait(checks.WAIT_SECONDS)
    assert get(owner, "j")["status"] == "running"
    muster.kill()
    muster.start()
    owner = hubs.Owner(muster)
    again = Answering(muster, owner, "w-000")
    assert ended(owner, "j")["status"] == "completed"
    lost, away = device_rows(owner, "j")
    assert (lost["status"], lost["error"]["code"]) == ("failed", "JobRunInterrupted")
    assert (away["status"], away["error"]["code"]) == ("failed", "DeviceNotOnline")
    assert not again.called.is_set()


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_job_of_later_outlives_the_process(own_muster, how):
    muster = own_muster().start()
    owner = hubs.Owner(muster)
    make_wave(owner, "w", 2)
    schedule(owner, "soon", TWIN, startTime=after(seconds=2))
    schedule(owner, "late", TWIN, startTime=after(days=1))
    getattr(muster, how)()
    muster.start()
    owner = hubs.Owner(muster)
    assert ended(owner, "soon")["deviceJobStatistics"]["succeededCount"] == 2
    assert get(owner, "late")["status"] == "scheduled"


def test_a_stop_does_not_wait_for_devices(own_muster):
    muster = own_muster().start()
    owner = hubs.Owner(muster)
    make_wave(owner, "w", 1)
    device = Answering(muster, owner, "w-000", silent=True)
    method = {"methodName": "m", "responseTimeoutInSeconds": 300}
    schedule(owner, "j", {**METHOD, "cloudToDeviceMethod": method})
    assert device.called.wait(checks.WAIT_SECONDS)
    muster.stop()
    muster.start()
    owner = hubs.Owner(muster)
    ended(owner, "j")
    (row,) = device_rows(owner, "j")
    assert row["error"]["code"] == "JobRunInterrupted"


def test_the_payload_of_an_answer_is_kept_as_json_whatever_it_is(muster, owner, unique):
    name = make_wave(owner, unique("wave"), 1)
    device = Answering(muster, owner, f"{name}-000", silent=True)
    job_id = unique("job")
    schedule(owner, job_id, queryCondition=f"deviceId = '{name}-000'")
    assert device.called.wait(checks.WAIT_SECONDS)
    device.answer(b"\xff\x00")
    ended(owner, job_id)
    (row,) = device_rows(owner, job_id)
    assert row["outcome"]["deviceMethodResponse"] == {"status": 207, "payload": {"base64": "/wA="}}

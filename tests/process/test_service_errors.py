"""Every row of the table of errors (service-api.md 7.1) that the service API can answer, and the shape of all of them.

Throttling and counts are in test_service_limits.py; what stands in registration records in the tests of registration.
"""
import base64
import json
import re

import pytest

import checks
import clients
import sas

KEY = base64.b64encode(bytes(range(32))).decode()
NEVER = "IjBhMDBiMWMyLTAwMDAtMDgwMC0wMDAwLTY1ZjBhMWIyMDAwMCI="


class Case:
    """An operator, and an entry of each kind that is there."""

    def __init__(self, world, unique):
        self.world, self.operator, self.unique = world, world.operator, unique
        self.individual, self.group = unique("there"), unique("there")
        world.individual(self.individual, clients.symmetric(KEY))
        world.group(self.group, clients.symmetric(KEY))

    def entry(self, name=None):
        return {"registrationId": name or self.individual, "attestation": clients.symmetric(KEY)}

    def group_entry(self, name=None):
        return {"enrollmentGroupId": name or self.group, "attestation": clients.symmetric(KEY)}

    def without_token(self, method, path):
        return self.world.endpoint.request(method, path + "?api-version=2021-10-01")

    def bulk(self, mode, *entries):
        return self.operator.call("POST", "/enrollments", {"enrollments": entries, "mode": mode})


ROWS = {
    # name: (status, code, text, call)
    "malformed body": (400, 400000, None, lambda c: c.operator.call("PUT", f"/enrollments/{c.individual}", b"{")),
    "bad member": (400, 400000, None, lambda c: c.operator.put("enrollments", c.entry("-x"))),
    "bad query": (400, 400000, None, lambda c: c.operator.query("enrollments", "SELECT nothing sensible")),
    "bad bulk mode": (400, 400000, None, lambda c: c.bulk("replace", c.entry())),
    "duplicate in bulk": (400, 400000, None, lambda c: c.bulk("create", c.entry(), c.entry())),
    "no version": (400, 400000, None, lambda c: c.operator.call("GET", "/enrollments/x", api_version="")),
    "no token": (401, 401002, "Unauthorized", lambda c: c.without_token("GET", "/enrollments/x")),
    "bad token": (401, 401002, "Unauthorized", lambda c: c.operator.call("GET", "/enrollments/x", token="x")),
    "no enrollment to read": (404, 404201, "Enrollment not found.", lambda c: c.operator.get("enrollments", "nobody")),
    "no enrollment to delete": (
        404,
        404201,
        "Enrollment not found.",
        lambda c: c.operator.delete("enrollments", "nobody"),
    ),
    "no enrollment to update": (
        404,
        404201,
        "Enrollment not found.",
        lambda c: c.operator.put("enrollments", c.entry("nobody"), if_match="*"),
    ),
    "no enrollment with an attestation": (
        404,
        404201,
        "Enrollment not found.",
        lambda c: c.operator.call("POST", "/enrollments/nobody/attestationmechanism"),
    ),
    "no record to read": (
        404,
        404202,
        "Registration not found.",
        lambda c: c.operator.call("GET", f"/registrations/{c.individual}"),
    ),
    "no record to delete": (
        404,
        404202,
        "Registration not found.",
        lambda c: c.operator.call("DELETE", f"/registrations/{c.individual}"),
    ),
    "no group to read": (
        404,
        404204,
        "EnrollmentGroup not found.",
        lambda c: c.operator.get("enrollmentGroups", "nobody"),
    ),
    "no group to delete": (
        404,
        404204,
        "EnrollmentGroup not found.",
        lambda c: c.operator.delete("enrollmentGroups", "nobody"),
    ),
    "no group to update": (
        404,
        404204,
        "EnrollmentGroup not found.",
        lambda c: c.operator.put("enrollmentGroups", c.group_entry("nobody"), if_match="*"),
    ),
    "no group with an attestation": (
        404,
        404204,
        "EnrollmentGroup not found.",
        lambda c: c.operator.call("POST", "/enrollmentGroups/nobody/attestationmechanism"),
    ),
    "no route": (404, 404000, None, lambda c: c.operator.get("enrollment", "x")),
    "no method": (405, 405000, None, lambda c: c.operator.call("PATCH", "/enrollments/x", {})),
    "enrollment exists": (
        409,
        409201,
        "Enrollment already exists.",
        lambda c: c.operator.put("enrollments", c.entry()),
    ),
    "group exists": (
        409,
        409202,
        "EnrollmentGroup already exists.",
        lambda c: c.operator.put("enrollmentGroups", c.group_entry()),
    ),
    "stale etag of an update": (
        412,
        412001,
        None,
        lambda c: c.operator.put("enrollments", c.entry(), if_match=NEVER),
    ),
    "etag of nothing": (412, 412001, None, lambda c: c.operator.put("enrollments", c.entry("n"), if_match=NEVER)),
    "stale etag of a delete": (
        412,
        412001,
        None,
        lambda c: c.operator.delete("enrollmentGroups", c.group, if_match=NEVER),
    ),
    "body too large": (
        413,
        413000,
        None,
        lambda c: c.operator.call("POST", "/enrollments", b" " * (1024 * 1024 + 1)),
    ),
    "head too large": (
        431,
        431000,
        None,
        lambda c: c.operator.call("GET", "/enrollments/x", headers=[("x-long", "y" * 20000)]),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_error_has_its_code_text_and_shape(world, unique, name):
    status, code, text, call = ROWS[name]
    case = Case(world, unique)
    answer = call(case)
    body = checks.error(answer, status, code)
    assert text is None or body["message"] == text
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$", body["timestampUtc"])
    assert answer.header("Content-Length") == str(len(answer.body)) and answer.header("Transfer-Encoding") is None
    assert answer.header("x-ms-item-type") is None and answer.header("Retry-After") is None
    assert case.operator.get("enrollments", case.individual).status == 200, "nothing has changed"
    assert case.operator.get("enrollmentGroups", case.group).status == 200


def test_the_tracking_id_leads_to_the_cause_in_the_log(world):
    body = checks.error(world.operator.call("GET", "/enrollments/x", token=world.operator.token(key=KEY)), 401, 401002)
    (line,) = [line for line in world.muster.log_text().splitlines() if body["trackingId"] in line]
    event = json.loads(line)
    assert event["event"] == "request.refused" and "signature is by no key of policy" in event["detail"]


def test_a_method_that_is_not_there_is_told_those_that_are(world):
    answer = world.operator.call("PATCH", "/enrollments/x", {})
    assert sorted(answer.header("Allow").split(", ")) == ["DELETE", "GET", "PUT"]


@pytest.mark.parametrize(
    "mode,etag,errors",
    [
        ("create", None, {"there": 409201, "nobody": None}),
        ("update", None, {"there": 409201, "nobody": None}),
        ("update", NEVER, {"there": 412001, "nobody": 412001}),
        ("updateIfMatchETag", NEVER, {"there": 412001, "nobody": 412001}),
        ("delete", None, {"there": None, "nobody": 404201}),
        ("delete", NEVER, {"there": 412001, "nobody": 404201}),
    ],
)
def test_items_of_bulk_calls_have_the_same_codes(world, unique, mode, etag, errors):
    """service-api.md 3.8: errorStatus is the message."""
    case = Case(world, unique)
    names = {"there": case.individual, "nobody": unique("nobody")}
    world.undo.append(lambda: world.operator.delete("enrollments", names["nobody"]))
    result = case.bulk(mode, *[case.entry(name) | ({"etag": etag} if etag else {}) for name in names.values()]).json()
    found = {error["registrationId"]: error["errorCode"] for error in result["errors"]}
    assert found == {names[which]: code for which, code in errors.items() if code}
    texts = {409201: "Enrollment already exists.", 404201: "Enrollment not found."}
    for error in result["errors"]:
        assert set(error) == {"registrationId", "errorCode", "errorStatus"}
        assert error["errorStatus"] == texts.get(error["errorCode"], error["errorStatus"]) != ""


def test_a_failed_registration_carries_its_error_in_the_record(world, unique):
    """400208: no hub to assign to."""
    name = unique("homeless")
    world.individual(name, clients.symmetric(KEY), allocationPolicy="static")
    state = world.device(name, key=KEY).provision()["registrationState"]
    assert (state["status"], state["errorCode"]) == ("failed", 400208) and state["errorMessage"]
    shown = world.operator.call("GET", f"/registrations/{name}").json()
    assert shown == world.operator.get("enrollments", name).json()["registrationState"]
    assert (shown["status"], shown["errorCode"], shown["errorMessage"]) == ("failed", 400208, state["errorMessage"])


def test_devices_hear_the_same_shape(world, unique):
    answer = world.device(unique("stranger"), key=KEY).register(token=sas.token("x/registrations/y", KEY))
    assert checks.error(answer, 401, 401002)["message"] == "Unauthorized"

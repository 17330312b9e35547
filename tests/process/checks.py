"""What several test files check of an answer."""
import re
import time
import uuid

import muster_process

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$")
WAIT_SECONDS = 60 if muster_process.SANITIZED else 30
OPERATION_ID = re.compile(rf"^\d\.[0-9a-f]{{16}}\.{GUID}$")


def eventually(condition, what):
    """Waits for what the service does in the background."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS} s: {what}"
        time.sleep(0.02)


def error(answer, status, code=None):
    """The answer is an error in the one shape that the APIs share (device-api.md 3.6, service-api.md 7.1)."""
    assert answer is not None, f"no answer, expected {status}"
    assert answer.status == status, answer
    assert answer.reason, "a reason phrase is always there (device-api.md 3.8)"
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains"
    body = answer.json()
    assert set(body) in (
        {"errorCode", "trackingId", "message", "timestampUtc"},
        {"errorCode", "trackingId", "message", "timestampUtc", "info"},
    )
    assert isinstance(body["errorCode"], int) and body["errorCode"] // 1000 == status, body
    if code is not None:
        assert body["errorCode"] == code, body
    assert str(uuid.UUID(body["trackingId"])) == body["trackingId"]
    assert answer.header("x-ms-request-id") == body["trackingId"]
    assert answer.header("x-ms-error-code") == str(body["errorCode"])
    assert body["message"]
    assert TIMESTAMP.match(body["timestampUtc"]), body
    assert answer.header("WWW-Authenticate") is None
    return body


def no_nulls(value):
    """Members without value are left out (device-api.md 3.5)."""
    if isinstance(value, dict):
        return all(no_nulls(member) for member in value.values())
    if isinstance(value, list):
        return all(no_nulls(member) for member in value)
    return value is not None

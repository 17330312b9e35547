"""Bulk calls of the service API (service-api.md 3.8; check SA-08)."""
import base64

import pytest

import checks
import clients
from test_service_api import KINDS

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(params=KINDS)
def bulk(request, world, unique):
    return Bulk(world, request.param, unique)


class Bulk:
    """Bulk calls on one of the two collections."""

    def __init__(self, world, kind, unique):
        self.world, self.kind, self.unique = world, kind, unique
        self.id_member, self.missing, self.exists, _ = KINDS[kind]

    def entry(self, name=None, **members):
        return {self.id_member: name or self.unique(), "attestation": clients.symmetric(KEY, KEY), **members}

    def post(self, items, mode, path=None):
        return self.world.operator.call("POST", path or f"/{self.kind}", {self.kind: items, "mode": mode})

    def run(self, items, mode):
        answer = self.post(items, mode)
        assert answer.status == 200, answer
        result = answer.json()
        assert set(result) == {"errors", "isSuccessful"}
        assert result["isSuccessful"] == (not result["errors"])
        return {error[self.id_member]: error["errorCode"] for error in result["errors"]}

    def stored(self, item):
        return self.world.operator.get(self.kind, item[self.id_member])


def test_ten_items_are_created_at_once(bulk):
    items = [bulk.entry() for _ in range(10)]
    assert bulk.run(items, "create") == {}
    assert all(bulk.stored(item).status == 200 for item in items)
    assert bulk.run(items, "delete") == {}


def test_items_fail_each_for_itself(bulk):
    old, bad, new = bulk.entry(), bulk.entry(attestation={"type": "none"}), bulk.entry()
    assert bulk.run([old], "create") == {}
    assert bulk.run([old, bad, new], "create") == {old[bulk.id_member]: bulk.exists, bad[bulk.id_member]: 400000}
    assert bulk.stored(new).status == 200
    checks.error(bulk.stored(bad), 404)


@pytest.mark.parametrize("mode", ["update", "updateIfMatchETag", "updateIfMatchEtag"])
def test_update_is_put_with_the_etag_of_the_item(bulk, mode):
    item, without = bulk.entry(), bulk.entry()
    assert bulk.run([item, without], "create") == {}
    got = bulk.stored(item).json()
    got["provisioningStatus"] = "disabled"
    assert bulk.run([got, without], mode) == {without[bulk.id_member]: bulk.exists}
    changed = bulk.stored(item).json()
    assert changed["provisioningStatus"] == "disabled" and changed["etag"] != got["etag"]
    assert bulk.run([got], mode) == {item[bulk.id_member]: 412001}  # the etag is stale now


def test_update_keeps_keys_that_are_hidden(bulk):
    item = bulk.entry()
    assert bulk.run([item], "create") == {}
    assert bulk.run([bulk.stored(item).json()], "update") == {}
    path = f"/{bulk.kind}/{clients.encode(item[bulk.id_member])}/attestationmechanism"
    assert bulk.world.operator.call("POST", path).json()["symmetricKey"]["primaryKey"] == KEY


def test_delete_compares_an_etag_only_when_it_is_given(bulk):
    one, two = bulk.entry(), bulk.entry()
    assert bulk.run([one, two], "create") == {}
    stale = {**one, "etag": bulk.stored(two).json()["etag"]}
    assert bulk.run([stale, two], "delete") == {one[bulk.id_member]: 412001}
    assert bulk.run([one, two], "delete") == {two[bulk.id_member]: bulk.missing}


def test_whole_call_is_refused(bulk):
    item = bulk.entry()
    twice = [bulk.entry("same-Name"), bulk.entry("SAME-name")]
    for items, mode in [
        ([], "create"),
        ([bulk.entry() for _ in range(11)], "create"),
        (twice, "create"),
        ([{"attestation": clients.symmetric()}], "create"),
        (["text"], "create"),
        ([item], "replace"),
        ([item], 7),
        ({"not": "an array"}, "create"),
    ]:
        checks.error(bulk.post(items, mode), 400)
    checks.error(bulk.world.operator.get(bulk.kind, "same-name"), 404)
    checks.error(bulk.stored(item), 404)


def test_trailing_slash_and_case_of_the_path(bulk):
    item = bulk.entry()
    assert bulk.post([item], "CREATE", path=f"/{bulk.kind.lower()}/").json() == {"errors": [], "isSuccessful": True}
    assert bulk.run([item], "delete") == {}


def test_bulk_needs_the_right_to_write(bulk):
    checks.error(bulk.world.operator.call("POST", f"/{bulk.kind}", {}, token="SharedAccessSignature sr=x"), 401, 401002)

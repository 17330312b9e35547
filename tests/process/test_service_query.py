"""The query language of the service API (service-api.md 6; docs/query.md)."""
import base64

import pytest

import checks
import clients
from conftest import World
from test_service_api import KINDS

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(scope="module", params=KINDS)
def fleet(request, muster, pki):
    """A collection with entries of every kind that the queries tell apart."""
    world = World(muster, pki)
    made = Fleet(world, request.param)
    yield made
    world.clean()


class Fleet:
    """Ten entries q-0 to q-9 of one collection, told apart by their members, among thirty others."""

    def __init__(self, world, kind):
        self.world, self.kind = world, kind
        self.id_member = KINDS[kind][0]
        for number in range(30):
            self.create(f"other-{number:02}", provisioningStatus="disabled", initialTwin={"tags": {"site": "none"}})
        for number in range(10):
            self.create(
                f"Q-{number}",
                provisioningStatus="disabled" if number % 2 else "enabled",
                initialTwin={"tags": {"site": "ams" if number < 3 else "it's", "floor": number}},
                **({"allocationPolicy": "geoLatency"} if number == 4 else {}),
                **({"capabilities": {"iotEdge": True}} if number == 5 else {}),
            )

    def create(self, name, **members):
        make = self.world.individual if self.kind == "enrollments" else self.world.group
        make(name, clients.symmetric(KEY), **members)

    def pages(self, text, size=None):
        """Every page of an answer, as lists of items."""
        continuation, pages = None, []
        while True:
            headers = [("x-ms-max-item-count", str(size))] if size else []
            headers += [("x-ms-continuation", continuation)] if continuation else []
            answer = self.world.operator.query(self.kind, text, headers)
            assert answer.status == 200, answer
            assert answer.header("x-ms-item-type") == KINDS[self.kind][3]
            pages.append(answer.json())
            continuation = answer.header("x-ms-continuation")
            if continuation is None:
                return pages

    def found(self, condition, size=None):
        """Numbers of the entries q-N that a condition finds; it may find no others."""
        items = [item for page in self.pages(f"SELECT * FROM x WHERE {condition}", size) for item in page]
        return [int(item[self.id_member].removeprefix("Q-")) for item in items]


CONDITIONS = {
    "{id} = 'q-3'": [3],
    "{id} IN (\"Q-1\", 'q-2', `nobody`)": [1, 2],
    "{id} in ['q-7']": [7],
    "{id} >= 'q-8' AND {id} < 'r'": [8, 9],
    "initialTwin.tags.site = 'ams'": [0, 1, 2],
    "initialTwin.tags.site = 'it''s' AND provisioningStatus = 'Enabled'": [4, 6, 8],
    r"initialTwin.tags.site = 'it\'s' AND NOT provisioningStatus = 'enabled'": [3, 5, 7, 9],
    "initialTwin.tags.site = \"it's\" AND initialTwin.tags.floor > 6": [7, 8, 9],
    "initialTwin.tags.floor <= 1 OR (initialTwin.tags.floor = 9.0 AND attestation.type = 'symmetrickey')": [0, 1, 9],
    "allocationPolicy = 'geolatency'": [4],
    "capabilities.iotEdge = true": [5],
    "NOT capabilities.iotEdge = true AND initialTwin.tags.floor NOT IN (null, 0, 1, 2, 3, 4)": [6, 7, 8, 9],
    "initialTwin.tags.floor != null AND createdDateTimeUtc > '2020-01-01T00:00:00Z'": list(range(10)),
    "initialTwin.tags.floor >= 0 AND lastUpdatedDateTimeUtc < '2020-01-01T00:00:00Z'": [],
    "initialTwin.tags.floor < 2 ORDER BY {id} ASC": [0, 1],
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("size", [None, 1, 3])
def test_where_finds_exactly_what_it_says(fleet, condition, size):
    assert fleet.found(condition.replace("{id}", fleet.id_member), size) == CONDITIONS[condition]


def test_pages_are_full_while_there_is_more(fleet):
    assert [len(page) for page in fleet.pages("* WHERE initialTwin.tags.floor >= 0", 4)] == [4, 4, 2]
    assert [len(page) for page in fleet.pages("* WHERE initialTwin.tags.floor = 77", 4)] == [0]


def test_selected_members_are_all_there_is(fleet):
    (page,) = fleet.pages(f"SELECT {fleet.id_member}, initialTwin.tags.floor, deviceId WHERE {fleet.id_member} = 'q-6'")
    assert page == [{fleet.id_member: "Q-6", "initialTwin": {"tags": {"floor": 6}}}]


def test_keys_stay_hidden_whatever_is_selected(fleet):
    for text in ("SELECT attestation", "SELECT attestation.symmetricKey, attestation.symmetricKey.primaryKey", "*"):
        answer = fleet.world.operator.query(fleet.kind, text)
        assert answer.status == 200 and KEY.encode() not in answer.body
    assert fleet.found(f"attestation.symmetricKey.primaryKey = '{KEY}'") == []  # nor can they be guessed at


def test_a_condition_in_a_printed_object_is_understood(fleet):
    """real-clients.md rule 12."""
    text = str({"additional_properties": {}, "query": f"SELECT * WHERE {fleet.id_member} = 'q-2'"})
    assert [item[fleet.id_member] for page in fleet.pages(text) for item in page] == ["Q-2"]


REFUSED = {
    "SELECT * GROUP BY provisioningStatus": "query column 10: GROUP BY is not available.",
    "SELECT COUNT() AS n FROM enrollments": "query column 13: functions such as COUNT() are not available.",
    "SELECT * WHERE deviceId LIKE 'x%'": (
        "query column 25: expected =, !=, <>, <, <=, >, >=, IN or NOT IN, found 'LIKE'."
    ),
    "SELECT * WHERE deviceId = 'x": "query column 27: a text without its closing quote.",
    "SELECT * WHERE " + "(" * 5000: "query column 48: more than 32 parentheses and NOTs inside each other.",
    "*" + " " * 9000: "query: longer than 8192 octets.",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_answered_is_400_with_the_place(fleet, text):
    assert checks.error(fleet.world.operator.query(fleet.kind, text), 400, 400000)["message"] == REFUSED[text]


@pytest.mark.parametrize("order", ["{id} DESC", "lastUpdatedDateTimeUtc", "deviceId, {id}"])
def test_no_other_order_than_by_id(fleet, order):
    answer = fleet.world.operator.query(fleet.kind, "* ORDER BY " + order.replace("{id}", fleet.id_member))
    message = checks.error(answer, 400, 400000)["message"]
    assert message == f"query column 12: ORDER BY {fleet.id_member} ASC is the only order there is."


def test_group_registrations_ignore_their_query(fleet):
    """service-api.md 0 and 6: whatever stands in the body."""
    for body in (None, b"", b"{}", b"junk", b"[]", {"query": "SELECT * GROUP BY x"}, {"query": 5}):
        answer = fleet.world.operator.call("POST", "/registrations/nobody/query", body)
        assert (answer.status, answer.json()) == (200, [])

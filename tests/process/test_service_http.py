"""What the service API's requests and answers look like on the wire (service-api.md 0 and 6)."""
import base64
import re

import pytest

import checks
import clients
import sas
from conftest import World
from test_service_api import KINDS, create, entry_of

KEY = base64.b64encode(bytes(range(32))).decode()
STANDARD_HEADERS = {"Content-Type", "Date", "Strict-Transport-Security", "Content-Length", "x-ms-request-id"}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def answers_of_every_kind(world, unique, kind):
    """Answers that succeed, by what was asked."""
    name = unique("wire")
    entry = entry_of(kind, name)
    answers = {"put": world.operator.put(kind, entry)}
    answers["get"] = world.operator.get(kind, name)
    answers["attestation"] = world.operator.call("POST", f"/{kind}/{name}/attestationmechanism")
    answers["query"] = world.operator.query(kind)
    answers["bulk"] = world.operator.call("POST", f"/{kind}", {kind: [entry], "mode": "create"})
    answers["registrations"] = world.operator.call("POST", f"/registrations/{name}/query")
    answers["delete"] = world.operator.delete(kind, name)
    return answers


# --- answers --------------------------------------------------------------------------------------------------------
def test_answers_have_the_headers_that_clients_rely_on_and_no_others(world, unique, kind):
    for asked, answer in answers_of_every_kind(world, unique, kind).items():
        assert answer.status == (204 if asked == "delete" else 200), answer
        names = [name for name, _ in answer.headers if name != "Connection"]
        assert len(set(names)) == len(names), asked
        expected = set(STANDARD_HEADERS)
        if asked == "delete":
            expected -= {"Content-Type", "Content-Length"}
            assert answer.body == b""
        else:
            assert answer.header("Content-Length") == str(len(answer.body)), asked
            assert answer.header("Content-Type") == "application/json; charset=utf-8", asked
        if asked in ("query", "registrations"):
            expected |= {"x-ms-item-type", "X-Content-Type-Options"}
            assert answer.header("X-Content-Type-Options") == "nosniff"
        assert set(names) - {"x-ms-continuation"} == expected, asked  # no ETag, no Location, no links, not chunked
        assert answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains"
        assert re.match(r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$", answer.header("Date"))


def test_names_of_our_own_headers_are_in_lower_case(world, unique, kind):
    """C# looks them up in exactly this spelling."""
    for _ in range(2):
        create(world, kind, unique("page"))
    answers = list(answers_of_every_kind(world, unique, kind).values())
    answers.append(world.operator.query(kind, headers=[("x-ms-max-item-count", "1")]))
    answers.append(world.operator.get(kind, "nobody"))
    own = {name for answer in answers for name, _ in answer.headers if name.lower().startswith("x-ms-")}
    assert own == {"x-ms-request-id", "x-ms-item-type", "x-ms-continuation", "x-ms-error-code"}


def test_requests_on_one_connection_are_answered_in_one_piece_each(world, unique, kind):
    """An answer with one octet too many or too few would spoil the next one (C)."""
    name = unique("keep")
    create(world, kind, name)
    target, headers = f"/{kind}/{name}?api-version=2021-10-01", [("Authorization", world.operator.token())]
    with world.endpoint.open() as session:
        for _ in range(3):
            assert session.request("GET", target, headers=headers).status == 200
            assert session.request("GET", target + "-not", headers=headers).status == 400
            listed = session.request("POST", f"/{kind}/query?api-version=2021-10-01", {"query": "*"}, headers)
            assert listed.status == 200
        assert session.request("DELETE", target, headers=headers).status == 204
        assert session.request("GET", target, headers=headers).status == 404


def test_times_have_the_forms_of_the_original(world, pki, unique):
    """Record times with a fraction, certificate times without (section 0)."""
    leaf = pki.self_signed_device(unique("times"))
    made = create(world, "enrollments", leaf.common_name, clients.client_certificates(leaf))
    fraction = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7}Z$")
    assert fraction.match(made["createdDateTimeUtc"]) and fraction.match(made["lastUpdatedDateTimeUtc"])
    info = made["attestation"]["x509"]["clientCertificates"]["primary"]["info"]
    for member in ("notBeforeUtc", "notAfterUtc"):
        assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", info[member])


# --- paths ----------------------------------------------------------------------------------------------------------
def test_fixed_words_have_no_case_on_any_route(world, unique, kind):
    """Node writes /enrollmentgroups/{id}/attestationmechanism, all in lower case."""
    name = unique("Case")
    create(world, kind, name)
    for spell in (str.lower, str.upper, str.title):
        attestation = world.operator.call("POST", spell(f"/{kind}/") + name + spell("/attestationmechanism"))
        assert attestation.status == 200 and attestation.json()["symmetricKey"]["primaryKey"] == KEY
        assert world.operator.call("POST", spell(f"/{kind}/query"), {"query": "*"}).status == 200
        assert world.operator.call("POST", spell("/registrations/") + name + spell("/query")).json() == []
        checks.error(world.operator.call("GET", spell("/registrations/") + unique()), 404, 404202)
        checks.error(world.operator.call("POST", spell(f"/{kind}"), {kind: [], "mode": "create"}), 400, 400000)


def test_one_trailing_slash_is_accepted_and_no_empty_segment(world, unique, kind):
    """Node and C write /enrollments/?api-version=... for bulk calls."""
    name = unique("slash")
    create(world, kind, name)
    assert world.operator.call("GET", f"/{kind}/{name}/").status == 200
    assert world.operator.call("POST", f"/{kind}/query/", {"query": "*"}).status == 200
    assert world.operator.call("POST", f"/{kind}/{name}/attestationmechanism/").status == 200
    assert world.operator.call("POST", f"/registrations/{name}/query/").status == 200
    for path in (f"/{kind}//{name}", f"//{kind}/{name}", f"/{kind}/{name}//", f"/{kind}//query"):
        answer = world.operator.call("POST" if path.endswith("query") else "GET", path, {"query": "*"})
        assert answer.status in (400, 404), path


@pytest.mark.parametrize("segment", ["a+b", "a%2Bb", "a%20b", "a%2520b", "a%2Fb", "a%00b", "%C3%A4", "a%", "a%zz", "."])
def test_segments_are_decoded_once_and_illegal_ids_refused(world, kind, segment):
    """`+` stays `+`: it cannot occur in an id, and means no blank. `%25` is not decoded again."""
    body = entry_of(kind, "a b")
    answer = world.operator.call("PUT", f"/{kind}/{segment}", body)
    assert answer.status in (400, 404), answer
    checks.error(answer, answer.status)
    assert world.operator.query(kind, f"* WHERE {KINDS[kind][0]} < 'b'").json() == []


@pytest.mark.parametrize("segment", ["%75rn%3adev%3AOne", "urn:dev:One", "URN%3ADEV%3AONE"])
def test_every_encoding_of_an_id_names_the_same_entry(world, kind, segment):
    create(world, kind, "urn:dev:One")
    assert world.operator.call("GET", f"/{kind}/{segment}").json()[KINDS[kind][0]] == "urn:dev:One"


def test_id_in_the_body_may_differ_in_case(world, unique, kind):
    """The spelling of the path is stored and returned ever after."""
    name = unique("Body")
    world.undo.append(lambda: world.operator.delete(kind, name))
    made = world.operator.call("PUT", f"/{kind}/{name}", entry_of(kind, name.upper())).json()
    assert made[KINDS[kind][0]] == name
    changed = world.operator.call("PUT", f"/{kind}/{name.lower()}", made, if_match="*").json()
    assert changed[KINDS[kind][0]] == name


# --- requests -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("content_type", ["application/json", "application/json;charset=UTF-8;x=y", "APPLICATION/JSON"])
def test_every_form_of_the_content_type_is_accepted(world, unique, kind, content_type):
    name = unique("type")
    world.undo.append(lambda: world.operator.delete(kind, name))
    headers = [("Content-Type", content_type)]
    assert world.operator.call("PUT", f"/{kind}/{name}", entry_of(kind, name), headers=headers).status == 200
    assert world.operator.query(kind, "*", headers).status == 200


SDK_HEADERS = {
    "Node": [("Accept", "application/json"), ("Request-Id", "e8f1b0f2-0000"), ("User-Agent", "azure-iot/1.11")],
    "Java": [("charset", "utf-8"), ("Request-Id", "1001"), ("accept", "application/json")],
    "C and C#": [("UserAgent", "prov_service_client/1.0")],
    "CLI": [("Cache-Control", "no-cache, must-revalidate"), ("accept-language", "en-US")],
    "Python": [("x-ms-client-request-id", "1"), ("Accept", "application/json")],
    "If-None-Match": [("If-None-Match", "*"), ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")],
}


@pytest.mark.parametrize("client", SDK_HEADERS)
def test_headers_of_clients_change_nothing(world, unique, kind, client):
    name = unique("headers")
    create(world, kind, name)
    assert world.operator.call("GET", f"/{kind}/{name}", headers=SDK_HEADERS[client]).status == 200
    assert world.operator.query(kind, "*", SDK_HEADERS[client]).status == 200


@pytest.mark.parametrize("form", [" {} ", '"{}"', ' "{}" '])
def test_blanks_around_if_match_do_not_count(world, unique, kind, form):
    name = unique("match")
    entry = create(world, kind, name)
    answer = world.operator.put(kind, entry, if_match=form.format(entry["etag"]))
    assert answer.status == 200, answer
    checks.error(world.operator.put(kind, entry, if_match=form.format(entry["etag"])), 412, 412001)
    checks.error(world.operator.delete(kind, name, if_match=form.format(entry["etag"])), 412, 412001)


def test_blank_if_match_counts_as_none(world, unique, kind):
    entry = create(world, kind, unique("match"))
    checks.error(world.operator.put(kind, entry, if_match=""), 409, KINDS[kind][2])


# --- paging (section 6) -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("value", ["0", "", " ", "1000", "999999999", " 7 "])
def test_page_sizes_of_clients_are_accepted(world, unique, kind, value):
    for _ in range(3):
        create(world, kind, unique("size"))
    answer = world.operator.query(kind, "*", [("x-ms-max-item-count", value)])
    assert answer.status == 200 and len(answer.json()) >= 3
    assert answer.header("x-ms-continuation") is None  # never an empty one: Node tests for undefined, C# for null


@pytest.mark.parametrize("value", ["1.5", "0x10", "+5", "1e3", "99999999999999999999999"])
def test_a_page_size_that_is_no_number_is_400(world, kind, value):
    checks.error(world.operator.query(kind, "*", [("x-ms-max-item-count", value)]), 400, 400000)


def test_a_full_last_page_has_no_continuation(world, unique, kind):
    for name in (f"{unique('last')}-{number}" for number in range(4)):
        create(world, kind, name)
    everything = len(world.operator.query(kind).json())
    exactly = world.operator.query(kind, "*", [("x-ms-max-item-count", str(everything))])
    assert len(exactly.json()) == everything and exactly.header("x-ms-continuation") is None
    less = world.operator.query(kind, "*", [("x-ms-max-item-count", str(everything - 1))])
    token = less.header("x-ms-continuation")
    assert len(less.json()) == everything - 1 and re.match(r"^[!-~]+$", token)  # safe in a header
    rest = world.operator.query(kind, "*", [("x-ms-continuation", token)])
    assert len(rest.json()) == 1 and rest.header("x-ms-continuation") is None


def test_default_page_is_100_and_the_largest_1000(world, kind):
    id_member = KINDS[kind][0]
    names = [f"many-{number:04}" for number in range(1010)]
    world.undo.append(lambda: bulk(world, kind, names, "delete"))
    bulk(world, kind, names, "create")
    assert len(world.operator.query(kind).json()) == 100
    largest = world.operator.query(kind, "*", [("x-ms-max-item-count", "5000")])
    assert len(largest.json()) == 1000 and largest.header("x-ms-continuation")
    filtered = world.operator.query(kind, f"* WHERE {id_member} >= 'many-0005'")
    assert [item[id_member] for item in filtered.json()] == names[5:105]


def bulk(world, kind, names, mode):
    headers = [("Authorization", world.operator.token())]
    with world.endpoint.open() as session:
        for start in range(0, len(names), 10):
            items = [entry_of(kind, name) for name in names[start : start + 10]]
            answer = session.request("POST", f"/{kind}?api-version=2021-10-01", {kind: items, "mode": mode}, headers)
            assert answer.json() == {"errors": [], "isSuccessful": True}


def test_continuations_stay_valid_across_restarts(own_muster, pki):
    """C# documents storing them for later use."""
    service = own_muster().start()
    world = World(service, pki)
    for number in range(5):
        world.operator.create_individual(f"token-{number}", clients.symmetric(KEY))
    first = world.operator.query("enrollments", "*", [("x-ms-max-item-count", "2")])
    service.stop()
    again = World(service.start(), pki)
    rest = again.operator.query("enrollments", "*", [("x-ms-continuation", first.header("x-ms-continuation"))])
    assert [item["registrationId"] for item in rest.json()] == ["token-2", "token-3", "token-4"]


def test_registrations_of_a_group_are_paged(world, unique):
    group, master = unique("fleet"), base64.b64encode(bytes(range(32, 64))).decode()
    world.group(group, clients.symmetric(master))
    names = sorted(unique("member") for _ in range(3))
    for name in names:
        device = world.device(name, key=sas.derive_device_key(master, name))
        assert device.provision()["status"] == "assigned"
        world.undo.append(lambda name=name: world.operator.call("DELETE", f"/registrations/{name}"))
    found, headers = [], [("x-ms-max-item-count", "2")]
    for expected in (2, 1):
        answer = world.operator.call("POST", f"/registrations/{group}/query", {"query": "*"}, headers=headers)
        assert answer.status == 200 and len(answer.json()) == expected
        assert ("x-ms-item-type", "DeviceRegistration") in answer.headers
        found += [record["registrationId"] for record in answer.json()]
        headers = [("x-ms-max-item-count", "2"), ("x-ms-continuation", answer.header("x-ms-continuation"))]
    assert found == names and answer.header("x-ms-continuation") is None
    bad = [("x-ms-continuation", "%%%")]
    checks.error(world.operator.call("POST", f"/registrations/{group}/query", headers=bad), 400, 400000)

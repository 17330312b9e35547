"""Every route with every set of rights and every bad token: refused unless declared (service-api.md 1.3, R-170).

routes.txt holds the routes of the program with the right that each declares; the unit test ServiceRoutes keeps it true.
"""
import base64
import pathlib

import pytest

import checks
import clients
import sas
from conftest import World, endpoint_of

KEY = base64.b64encode(bytes(range(64))).decode()
RIGHTS = [
    "ServiceConfig",
    "DeviceConnect",
    "EnrollmentRead",
    "EnrollmentWrite",
    "RegistrationStatusRead",
    "RegistrationStatusWrite",
]
IMPLIED = {  # service-api.md 1.3
    "ServiceConfig": {"EnrollmentRead", "EnrollmentWrite", "RegistrationStatusRead", "RegistrationStatusWrite"},
    "EnrollmentWrite": {"EnrollmentRead"},
    "RegistrationStatusWrite": {"RegistrationStatusRead"},
}
OWNER = ["ServiceConfig", "DeviceConnect", "EnrollmentWrite"]
POLICIES = {
    "nothing": [],
    **{right: [right] for right in RIGHTS},
    "readers": ["EnrollmentRead", "RegistrationStatusRead"],
    "all-but-config": RIGHTS[1:],
    "all": RIGHTS,
}


def declared_routes():
    """(method, path with {}, right or "-") of every route."""
    text = (pathlib.Path(__file__).parent / "routes.txt").read_text(encoding="ascii")
    return [tuple(line.split()) for line in text.splitlines()]


ROUTES = declared_routes()
OPERATOR_ROUTES = [route for route in ROUTES if route[2] != "-"]
DEVICE_ROUTES = [route for route in ROUTES if route[2] == "-"]


def allowed(rights, needed):
    return any(needed == right or needed in IMPLIED.get(right, ()) for right in rights)


@pytest.fixture(scope="module")
def operators(muster):
    """An operator for each policy. The owner's policy is among them under its own name."""
    world = World(muster, None)
    owner = world.operator
    resource = owner.resource()
    (kept,) = owner.manage("POST", resource["id"] + "/listkeys").json()["value"]
    made = [
        {"keyName": name, "rights": ", ".join(rights), "primaryKey": KEY, "secondaryKey": KEY}
        for name, rights in POLICIES.items()
    ]
    resource["properties"]["authorizationPolicies"] = [kept, *made]
    assert owner.manage("PUT", resource["id"], resource).status == 200
    text = "HostName={};SharedAccessKeyName={};SharedAccessKey={}"
    by_name = {name: clients.Operator(world.endpoint, text.format(owner.host, name, KEY)) for name in POLICIES}
    return by_name | {owner.policy: owner}


@pytest.fixture(scope="module")
def walk(muster, operators):
    """Calls every route with a token for each; yields route and answer. One connection for all of it."""
    owner = operators["provisioningserviceowner"]
    instance = owner.resource()["name"]

    def fill(path):
        """No argument names anything that exists, except the instance."""
        path = path.replace("provisioningServices/{}", f"provisioningServices/{instance}")
        return path.replace("{}", "nothing-here")

    def over(token, routes=tuple(OPERATOR_ROUTES)):
        with endpoint_of(muster).open() as session:
            for route in routes:
                headers = [("Authorization", token)] if token else []
                target = f"{fill(route[1])}?api-version=2021-10-01"
                yield route, session.request(route[0], target, {}, headers)

    return over


@pytest.mark.parametrize("policy", [*POLICIES, "provisioningserviceowner"])
def test_a_policy_opens_exactly_the_routes_it_has_rights_for(walk, operators, policy):
    rights = POLICIES.get(policy, OWNER)
    wrong = []
    for (method, path, needed), answer in walk(operators[policy].token()):
        opened = answer.status != 401
        if opened != allowed(rights, needed):
            wrong.append((method, path, needed, answer.status))
        if not opened:
            assert checks.error(answer, 401, 401002)["message"] == "Unauthorized"
        assert answer.status < 500, answer
    assert not wrong


def test_opened_routes_answer_as_they_do_for_the_owner(walk, operators):
    """An empty body and an unknown name lead to 200 or a refusal of what was asked, never to a change."""
    before = operators["provisioningserviceowner"].resource()
    statuses = {answer.status for _, answer in walk(operators["all"].token())}
    assert statuses <= {200, 400, 404, 415}
    assert operators["provisioningserviceowner"].resource() == before


def bad_tokens(owner):
    good = owner.token()
    return {
        "none": "",
        "blank": " ",
        "another scheme": "Bearer " + good.split(" ")[1],
        "tampered signature": good.replace("sig=", "sig=A"),
        "expired": owner.token(lifetime=-400),
        "another key": owner.token(key=KEY),
        "another policy's name": owner.token(key_name="all"),
        "unknown policy": owner.token(key_name="nobody"),
        "policy in another case": owner.token(key_name=owner.policy.upper()),
        "without policy": owner.token(key_name=None),
        "another host": owner.token(resource="other-" + owner.host),
        "a host that this one ends with": owner.token(resource=owner.host.split(".", 1)[1]),
        "another collection": owner.token(resource=owner.host + "/nothing"),
        "a device's": sas.token("0ne00000000/registrations/x", owner.key),
        "the signature of another expiry": good.replace("&se=", "&se=1"),
    }


NOBODY = clients.Operator(None, "HostName=h.x;SharedAccessKeyName=p;SharedAccessKey=")


@pytest.mark.parametrize("cause", bad_tokens(NOBODY))
def test_a_bad_token_opens_nothing(walk, operators, cause):
    token = bad_tokens(operators["provisioningserviceowner"])[cause]
    for route, answer in walk(token):
        assert answer.status == 401, (route, answer)
        assert checks.error(answer, 401, 401002)["message"] == "Unauthorized"


def test_a_token_for_one_part_opens_only_that_part(walk, operators):
    """service-api.md 1.2: the resource is a prefix of the request, segment by segment."""
    owner = operators["provisioningserviceowner"]
    for route, answer in walk(owner.token(resource=f"{owner.host}/enrollments")):
        assert (answer.status != 401) == (route[1].split("/")[1] == "enrollments"), (route, answer)


def test_no_policy_makes_a_device(walk, operators):
    """Devices prove themselves: what operators hold is worth nothing on their routes."""
    assert len(DEVICE_ROUTES) == 3
    for operator in operators.values():
        for route, answer in walk(operator.token(), DEVICE_ROUTES):
            assert answer.status in (401, 404), (route, answer)


def test_no_operator_route_is_opened_by_a_client_certificate(muster, pki, operators):
    leaf = pki.self_signed_device(operators["provisioningserviceowner"].policy)
    answer = endpoint_of(muster).request("GET", "/enrollments/x?api-version=2021-10-01", certificate=leaf.presented())
    checks.error(answer, 401, 401002)

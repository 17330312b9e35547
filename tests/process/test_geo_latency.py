"""Allocation by geoLatency: where networks are, and how far hubs are from there (R-086)."""
import checks
import clients
from test_explain import attempts

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
MUSTER_TOML = """[geo]
networks = ["127.0.0.0/8=plant", "127.0.0.0/30=line"]
latencies = ["line=city:10", "line=harbour:25"]
"""


def link(world, **locations):
    resource = world.operator.resource()
    resource["properties"]["iotHubs"] = [
        {"name": f"{name}.muster.test", "authenticationType": "Local", "location": location}
        for name, location in locations.items()
    ]
    assert world.operator.manage("PUT", resource["id"], resource).status == 200


def test_the_nearest_hub_is_chosen_and_told_why(world, unique):
    link(world, near="City", far="harbour", unknown="moon")
    for _ in range(5):
        name = unique()
        world.individual(name, clients.symmetric(KEY), allocationPolicy="geoLatency")
        state = world.device(name, key=KEY).provision()["registrationState"]
        assert state["assignedHub"] == "near.muster.test"
    checks.eventually(lambda: attempts(world, f"&registrationId={name}"), "the attempt is kept")
    [newest] = attempts(world, f"&registrationId={name}")
    seen = {check["check"]: check.get("facts") for check in newest["checks"]}
    assert seen["allocation.region"] == "127.0.0.1 is in line"
    assert "near.muster.test 10 ms (region), far.muster.test 25 ms (region)" in seen["allocation.latency"]
    assert "unknown.muster.test not known" in seen["allocation.latency"]


def test_a_dry_run_may_say_where_the_device_would_be(world, unique):
    link(world, near="city", far="plant")
    name = unique()
    world.individual(name, clients.symmetric(KEY), allocationPolicy="geoLatency")
    token = world.device(name, key=KEY).headers()[0][1]
    for address, hub in (("127.0.0.1", "near.muster.test"), ("127.9.9.9", "far.muster.test")):
        body = {"registrationId": name, "token": token, "callerIpAddress": address}
        answer = world.operator.call("POST", "/attempts/dryRun", body)
        assert answer.status == 200 and answer.json()["assignedHub"] == hub, answer

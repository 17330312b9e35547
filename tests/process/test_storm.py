"""A fleet that powers up at once: thousands of MQTT devices connect together, register, and the service stays within
its bounds. MUSTER_STORM_DEVICES says how many (20,000 for the full storm); the figures are printed (pytest -s)."""
import base64
import json
import os
import resource
import subprocess
import threading
import time

import pytest

import checks
import clients
import conftest
import muster_process
from device_transports import Mqtt
from test_bench import BUILD
from test_operations import scrape

LOAD = BUILD / "bench" / "bench_load"
DEVICES = int(os.environ.get("MUSTER_STORM_DEVICES") or (400 if muster_process.SANITIZED else 2000))
DEVICES_OF_A_LOADER = 2500
STORM_SECONDS = 60 + DEVICES // 50
KEY = base64.b64encode(bytes(range(64))).decode()
# The devices of the loaders come once; where the machine is too slow for all of them, they wait.
PATIENCE = f"[timeouts]\nhandshake = {STORM_SECONDS}\nhead = {STORM_SECONDS}\n"
KILOBYTES_OF_A_DEVICE = 100  # while it connects; the figure of an idle one is measured by bench/registration

pytestmark = pytest.mark.skipif(not LOAD.exists(), reason="the bench programs are not built")


class Storm:
    """Loaders of devices that all start together, and what became of their devices."""

    def __init__(self, muster, hold=False):
        self.loaders = []
        for first in range(0, DEVICES, DEVICES_OF_A_LOADER):
            count = min(DEVICES_OF_A_LOADER, DEVICES - first)
            command = [str(LOAD), "register", "--transport", "mqtt", "--port", str(muster.ready["mqttPort"])]
            command += ["--host", muster.host_names[0], "--id-scope", muster.id_scope, "--prefix", "storm-"]
            command += ["--first", str(first), "--clients", str(count), "--group-key", KEY]
            command += ["--concurrency", str(count), "--max-open", str(count), *(["--hold"] if hold else [])]
            self.loaders.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )

    def reports(self):
        """One of each loader, when all its devices have registered, failed or hold."""
        return [json.loads(loader.stdout.readline()) for loader in self.loaders]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for loader in self.loaders:
            loader.stdin.close()
            loader.wait(STORM_SECONDS)
            loader.stdout.close()


class Watch(threading.Thread):
    """Looks at the service while the storm lasts: its memory, and how long a device takes that is no part of it."""

    def __init__(self, world, registration_id):
        super().__init__()
        self.world, self.registration_id = world, registration_id
        self.over = threading.Event()
        self.before = self.peak = world.muster.memory_kilobytes()
        self.seconds = []
        self.trouble = None

    def run(self):
        try:
            while not self.over.wait(0.2):
                self.peak = max(self.peak, self.world.muster.memory_kilobytes())
                self.seconds.append(self.time_of_a_registration())
        except (OSError, AssertionError) as trouble:
            self.trouble = trouble

    def time_of_a_registration(self):
        start = time.monotonic()
        device = Mqtt(self.world, self.registration_id, key=KEY)
        try:
            assert device.conversation()[-1].body["status"] == "assigned"
        finally:
            device.close()
        return time.monotonic() - start

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def figures(self):
        after = self.world.muster.memory_kilobytes()
        return {
            "KiB before": self.before, "KiB peak": self.peak, "KiB after": after,
            "registrations beside it": len(self.seconds), "slowest of them, s": round(max(self.seconds), 2),
        }


@pytest.fixture
def storm_world(own_muster, pki, unique):
    """Makes a world with limits of its own, in which a group lets the devices in, and an entry the one beside them."""

    def make(limits):
        service = own_muster(toml=f"{PATIENCE}[limits]\n{limits}\n").start()
        world = conftest.World(service, pki)
        world.group(unique("fleet"), clients.symmetric(KEY))
        beside = unique("beside")
        world.individual(beside, clients.symmetric(KEY))
        return world, beside

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield make
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def sum_of(reports, member):
    return sum(report[member] for report in reports)


def failures_of(reports):
    """The first one of each loader, without what differs from device to device."""
    return sorted({report["failure"].split("{")[0] for report in reports} - {""})


def run_storm(world, beside, hold=False):
    """Reports of the loaders and what the watch saw."""
    start = time.monotonic()
    with Watch(world, beside) as watch, Storm(world.muster, hold) as storm:
        reports = storm.reports()
        took = time.monotonic() - start
    if watch.trouble:
        raise watch.trouble
    checks.eventually(lambda: scrape(world.muster).sum("muster_connections_open") == 0, "all places are given back")
    figures = {"devices": DEVICES, "seconds": round(took, 1), "done": sum_of(reports, "completed"),
               "failed": sum_of(reports, "failed"), "failures": failures_of(reports), **watch.figures()}
    print(f"\n{figures}")
    assert figures["done"] + figures["failed"] == DEVICES
    if not muster_process.SANITIZED:
        assert figures["KiB peak"] - figures["KiB before"] < 32 * 1024 + DEVICES * KILOBYTES_OF_A_DEVICE
    return figures


@pytest.mark.parametrize("limits", ["", "max_connections = 100000\nmax_connections_per_address = 100000"],
                         ids=["default limits", "raised limits"])
def test_all_devices_of_a_storm_register(storm_world, limits):
    world, beside = storm_world(limits)
    figures = run_storm(world, beside)
    assert figures["done"] == DEVICES, figures
    assert figures["slowest of them, s"] < checks.WAIT_SECONDS


def test_devices_over_the_limit_of_their_address_are_closed(storm_world):
    """The loaders' devices come from a hundred addresses and stay; a device at another address does not notice."""
    allowed = DEVICES // 100 // 2
    world, beside = storm_world(f"max_connections_per_address = {allowed}")
    figures = run_storm(world, beside, hold=True)
    samples = scrape(world.muster)
    assert figures["done"] == allowed * 100
    assert samples.sum("muster_connections_refused_total") == figures["failed"]
    assert samples.sum("muster_tls_handshakes_total", result="failed") == 0, "closed before they cost anything"


def test_registrations_over_the_limit_are_told_when_to_come_again(storm_world):
    allowed = 300
    world, beside = storm_world(f"registrations_per_minute = {allowed}")
    with Storm(world.muster) as storm:
        reports = storm.reports()
    samples = scrape(world.muster)
    done, failed = sum_of(reports, "completed"), sum_of(reports, "failed")
    print(f"\n{done} of {DEVICES} registered, {failed} refused: {failures_of(reports)}")
    assert done >= allowed and done + failed == DEVICES
    assert samples.sum("muster_requests_refused_total", code="429001") == failed
    device = Mqtt(world, beside, key=KEY)
    answers = [device.register() for _ in range(allowed)]
    device.close()
    late = [answer for answer in answers if answer.refused]
    assert late and all(answer.status == 429 and answer.retry_after >= 1 for answer in late)

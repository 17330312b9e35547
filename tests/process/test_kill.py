"""kill -9 under load: what was acknowledged is there after the restart, nothing is half written (design section 4)."""
import base64
import dataclasses
import itertools
import os
import random
import sqlite3
import threading
import time

import pytest

import clients
import sas
from conftest import endpoint_of
from muster_process import SANITIZED

ROUNDS = int(os.environ.get("MUSTER_KILL_ROUNDS", "5"))
MASTER = base64.b64encode(bytes(range(32))).decode()
GROUP = "kill-fleet"
WRITERS = 3
DEVICES = 3
FINISH_SECONDS = 60 if SANITIZED else 30


@dataclasses.dataclass
class Acknowledged:
    """What the service has confirmed; appended to only after a success answer."""

    enrollments: dict  # registration id -> PUT answer
    deleted: set
    registrations: list  # (registration id, operation id)

    def add(self, others):
        self.enrollments |= others.enrollments
        self.deleted |= others.deleted
        self.registrations += others.registrations


class Load:
    """Threads that write and register until the service goes away."""

    def __init__(self, muster, acknowledged, names):
        self.endpoint = endpoint_of(muster)
        self.id_scope = muster.id_scope
        self.connection_string = muster.connection_string()
        self.acknowledged = acknowledged
        self.names = names
        self.faults = []
        self.threads = [threading.Thread(target=self._until_cut, args=(self._write,)) for _ in range(WRITERS)]
        self.threads += [threading.Thread(target=self._until_cut, args=(self._register,)) for _ in range(DEVICES)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        assert not self.faults, self.faults

    def _until_cut(self, work):
        try:
            while True:
                work()
        except OSError:
            pass  # the service was killed
        except Exception as fault:  # pylint: disable=broad-except
            if "RemoteDisconnected" not in type(fault).__name__ and "IncompleteRead" not in type(fault).__name__:
                self.faults.append(fault)

    def _write(self):
        operator = clients.Operator(self.endpoint, self.connection_string)
        name = f"kill-entry-{next(self.names)}"
        made = operator.create_individual(name, clients.symmetric(), initialTwin={"tags": {"name": name}})
        self.acknowledged.enrollments[name] = made
        if int(name.rsplit("-", 1)[1]) % 5 == 0:
            assert operator.delete("enrollments", name).status == 204
            self.acknowledged.deleted.add(name)

    def _register(self):
        name = f"kill-device-{next(self.names)}"
        device = clients.Device(self.endpoint, self.id_scope, name, key=sas.derive_device_key(MASTER, name))
        answer = device.register()
        assert answer.status == 202, answer
        self.acknowledged.registrations.append((name, answer.json()["operationId"]))


def check_enrollments(operator, acknowledged):
    for name, made in acknowledged.enrollments.items():
        answer = operator.get("enrollments", name)
        if name in acknowledged.deleted:
            assert answer.status == 404, (name, answer)
            continue
        if answer.status == 404 and int(name.rsplit("-", 1)[1]) % 5 == 0:
            continue  # its DELETE was under way when the service was killed
        assert answer.status == 200, (name, answer)
        got = answer.json()
        assert got["etag"] == made["etag"] and got["initialTwin"] == {"tags": {"name": name}}


def check_registrations(muster, acknowledged):
    endpoint = endpoint_of(muster)
    deadline = time.monotonic() + FINISH_SECONDS
    for name, operation in acknowledged.registrations:
        device = clients.Device(endpoint, muster.id_scope, name, key=sas.derive_device_key(MASTER, name))
        state = device.finish(operation)
        assert time.monotonic() < deadline
        result = state["registrationState"]
        assert (state["status"], result["status"], result["deviceId"]) == ("assigned", "assigned", name)
        assert result["assignedHub"] == muster.hub and result["etag"]


def check_nothing_is_half_written(operator):
    """Every entry that is listed is complete, acknowledged or not."""
    continuation = None
    while True:
        headers = [("x-ms-continuation", continuation)] if continuation else []
        answer = operator.query("enrollments", "*", headers)
        assert answer.status == 200, answer
        for entry in answer.json():
            assert entry["etag"] and entry["initialTwin"] == {"tags": {"name": entry["registrationId"]}}
            assert entry["attestation"]["type"] == "symmetricKey"
        continuation = answer.header("x-ms-continuation")
        if continuation is None:
            return


def check_restarted(service, acknowledged):
    operator = clients.Operator(endpoint_of(service), service.connection_string())
    check_enrollments(operator, acknowledged)
    check_registrations(service, acknowledged)
    check_nothing_is_half_written(operator)


@pytest.mark.parametrize("seed", [os.urandom(4).hex()])
def test_acknowledged_writes_survive_kill(own_muster, seed):
    """Several rounds on one data folder; the seed of the moments is in the name of the test."""
    moments = random.Random(seed)
    names = itertools.count(1)
    everything = Acknowledged({}, set(), [])
    service = own_muster().start()
    clients.Operator(endpoint_of(service), service.connection_string()).create_group(GROUP, clients.symmetric(MASTER))
    scope = service.id_scope
    for _ in range(ROUNDS):
        acknowledged = Acknowledged({}, set(), [])
        load = Load(service, acknowledged, names)
        load.start()
        # The moment of the cut, not a wait for something.
        time.sleep(moments.uniform(0.3, 1.5) * (3 if SANITIZED else 1))
        service.kill()
        load.join()
        assert acknowledged.enrollments and acknowledged.registrations, "no load: proves nothing"
        everything.add(acknowledged)

        service.start()
        assert service.id_scope == scope
        check_restarted(service, acknowledged)
    check_restarted(service, everything)
    service.stop()
    with sqlite3.connect(f"file:{service.data}/muster.db?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_kill_during_the_first_start_leaves_a_startable_folder(own_muster):
    """The first start makes keys, certificates and a database; wherever it is cut, the next start completes it."""
    for number, delay in enumerate((0.005, 0.02, 0.05, 0.1, 0.2, 0.4)):
        service = own_muster(f"cut-{number}")
        starter = threading.Thread(target=lambda current=service: _start_quietly(current))
        starter.start()
        time.sleep(delay)  # the moment of the cut
        while service.process is None:
            time.sleep(0.001)
        service.kill()
        starter.join()
        service.start()
        name = f"first-{number}"
        operator = clients.Operator(endpoint_of(service), service.connection_string())
        key = operator.create_individual(name, clients.symmetric())["attestation"]["symmetricKey"]["primaryKey"]
        device = clients.Device(endpoint_of(service), service.id_scope, name, key=key)
        assert device.provision()["status"] == "assigned"
        service.stop()


def _start_quietly(service):
    try:
        service.start()
    except Exception:  # pylint: disable=broad-except
        pass  # it is killed on purpose

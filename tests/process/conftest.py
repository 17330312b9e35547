"""Fixtures: a running Muster per test file, an operator for it, certificates per session."""
import base64
import itertools
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

# pylint: disable=wrong-import-position
import clients
import https
import muster_process
import pki as pki_module
import swtpm


class World:
    """A running service and what a test does with it. Entries and certificates that a test makes go when it ends."""

    def __init__(self, muster, pki):
        self.muster = muster
        self.pki = pki
        self.endpoint = endpoint_of(muster)
        self.operator = clients.Operator(self.endpoint, muster.connection_string(), muster.secrets)
        self.undo = []

    def device(self, registration_id, **options):
        return clients.Device(self.endpoint, self.muster.id_scope, registration_id, **options)

    def individual(self, registration_id, attestation, **members):
        self.undo.append(lambda: self.operator.delete("enrollments", registration_id))
        return self.operator.create_individual(registration_id, attestation, **members)

    def group(self, group_id, attestation, **members):
        self.undo.append(lambda: self.operator.delete("enrollmentGroups", group_id))
        return self.operator.create_group(group_id, attestation, **members)

    def upload(self, name, identity, verified=True):
        """Puts a CA certificate into the instance's list (service-api.md 8.5)."""
        self.undo.append(lambda: self.operator.delete_certificate(name, if_match="*"))
        answer = self.operator.put_certificate(name, base64.b64encode(identity.pem.encode()).decode(), verified)
        assert answer.status == 200, answer
        return answer.json()

    def clean(self):
        while self.undo:
            self.undo.pop()()


def endpoint_of(muster, host=None):
    return https.Endpoint(muster.address, muster.port, host or muster.ready["serviceHost"], muster.ca_file)


@pytest.fixture(scope="session")
def session_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pki(session_folder):
    return pki_module.Pki(session_folder / "pki")


@pytest.fixture(scope="module")
def muster(session_folder, request):
    """The service of one test file; `MUSTER_TOML` in the file is its configuration."""
    folder = session_folder / request.module.__name__
    folder.mkdir()
    service = muster_process.Muster(folder, toml=getattr(request.module, "MUSTER_TOML", ""))
    request.node.muster = service
    service.start()
    yield service
    service.stop()


@pytest.fixture
def world(muster, pki):
    current = World(muster, pki)
    yield current
    current.clean()


@pytest.fixture
def folder(session_folder, request):
    """A fresh folder for a test that starts services itself."""
    name = "".join(character if character.isalnum() else "-" for character in request.node.name)
    path = session_folder / f"{request.module.__name__}-{name}"
    path.mkdir()
    return path


@pytest.fixture
def own_muster(folder):
    """Makes services for one test and kills at the end what it left running."""
    made = []

    def make(subfolder="service", **options):
        place = folder / subfolder
        place.mkdir(exist_ok=True)
        made.append(muster_process.Muster(place, **options))
        return made[-1]

    yield make
    for service in made:
        service.kill()


@pytest.fixture
def own_tpm(folder):
    """Makes TPMs in software for one test; `certified`: as one leaves its maker."""
    made = []

    def make(name="tpm", certified=False):
        tpm = swtpm.SoftwareTpm(folder / name)
        if certified:
            tpm.certify()
        made.append(tpm.start())
        return tpm

    yield make
    for tpm in made:
        tpm.stop()


_numbers = itertools.count(1)


@pytest.fixture
def unique():
    """Ids that no other test of the run uses."""
    return lambda prefix="device": f"{prefix}-{os.getpid()}-{next(_numbers)}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the end of the service's log with a failed test."""
    outcome = yield
    report = outcome.get_result()
    module = item.getparent(pytest.Module)
    service = getattr(module, "muster", None)
    if report.failed and service is not None:
        report.sections.append(("end of the service's log", service.log_text()[-3000:]))

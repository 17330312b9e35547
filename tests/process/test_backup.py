"""Backups of a service at work, restores elsewhere, and what is refused on the way (semantics.md R-204)."""
import base64
import hashlib
import itertools
import json
import signal
import subprocess
import threading
import time

import pytest

import clients
import https
import sas
from cli_program import OK, REFUSED, USAGE
from conftest import endpoint_of
from muster_process import BINARY, SANITIZED, clean_environment
from test_start import KEY, operator_of, refused

MASTER = base64.b64encode(bytes(range(32))).decode()
PASSPHRASE = "correct horse battery staple"
# Enough for a restore to take a while.
MANY = 2_000 if SANITIZED else 20_000


def run(*arguments):
    command = [BINARY, *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env=clean_environment(),
    )


def back_up(service, output, *key_options):
    done = run("backup", "--data", service.data, "--output", output, *(key_options or ["--include-master-key"]))
    assert done.returncode == OK, done
    assert not list(output.parent.glob(f"{output.name}?*")), "nothing else is left"
    return output


def restore(backup, data, *options):
    return run("restore", "--input", backup, "--data", data, *options)


def restored(own_muster, backup, subfolder, *options):
    """A service on what was restored."""
    service = own_muster(subfolder)
    done = restore(backup, service.data, *options)
    assert done.returncode == OK, done
    return service.start()


def device_of(service, name):
    return clients.Device(endpoint_of(service), service.id_scope, name, key=sas.derive_device_key(MASTER, name))


class Fleet:
    """Devices of one group that register one after the other on some threads until they are told to stop."""

    def __init__(self, service, threads=3):
        self.service = service
        self.names = itertools.count(1)
        self.assigned = []
        self.faults = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._register) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def wait_for(self, count):
        while len(self.assigned) < count and not self.faults:
            time.sleep(0.01)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        assert not self.faults, self.faults

    def _register(self):
        try:
            while not self.over.is_set():
                name = f"fleet-{next(self.names)}"
                device = device_of(self.service, name)
                answer = device.register()
                assert answer.status == 202, answer
                assert device.finish(answer.json()["operationId"])["status"] == "assigned"
                self.assigned.append(name)
        except Exception as fault:  # pylint: disable=broad-except
            self.faults.append(fault)


# --- a backup is worth something ------------------------------------------------------------------------------------
def test_backup_of_a_service_at_work_serves_elsewhere(own_muster, folder):
    """What was acknowledged before the backup began is in it; devices and operators need nothing new."""
    service = own_muster("here").start()
    operator = operator_of(service)
    operator.create_group("fleet", clients.symmetric(MASTER))
    operator.create_individual("single", clients.symmetric(KEY))
    first = clients.Device(endpoint_of(service), service.id_scope, "single", key=KEY).provision()["registrationState"]

    fleet = Fleet(service)
    backups = []
    for number in range(3):
        fleet.wait_for(5 * (number + 1))
        sure = list(fleet.assigned)
        backups.append((back_up(service, folder / f"{number}.backup"), sure))
    at_work = len(fleet.assigned)
    fleet.stop()
    assert at_work > 0 and len(fleet.assigned) >= at_work
    old_authority = service.ca_file
    connection_string = service.connection_string()
    service.stop()

    for number, (backup, sure) in enumerate(backups):
        elsewhere = restored(own_muster, backup, f"elsewhere-{number}")
        assert elsewhere.id_scope == service.id_scope
        # Who trusts the old authority, and holds the old key, reaches the new service.
        endpoint = https.Endpoint(elsewhere.address, elsewhere.port, elsewhere.ready["serviceHost"], old_authority)
        same_operator = clients.Operator(endpoint, connection_string.replace(str(service.port), str(elsewhere.port)))
        for name in sure:
            answer = same_operator.get("registrations", name)
            assert answer.status == 200 and answer.json()["status"] == "assigned", (name, answer)
        again = clients.Device(endpoint, elsewhere.id_scope, "single", key=KEY).provision()["registrationState"]
        assert (again["assignedHub"], again["deviceId"]) == (first["assignedHub"], first["deviceId"])
        assert again["createdDateTimeUtc"] == first["createdDateTimeUtc"], "the record is the old one"
        assert device_of(elsewhere, "fleet-new").provision()["status"] == "assigned"
        elsewhere.stop()


def test_passphrase_or_key_opens_what_they_belong_to(own_muster, folder):
    service = own_muster("here").start()
    operator_of(service).create_individual("single", clients.symmetric(KEY))
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n", encoding="ascii")
    sealed = back_up(service, folder / "sealed", "--passphrase-file", passphrase)
    without = back_up(service, folder / "without", "--without-master-key")
    service.stop()
    master_key = (service.data / "master.key").read_bytes()
    assert master_key not in sealed.read_bytes() and master_key not in without.read_bytes()

    for number, options in enumerate(
        (("sealed", "--passphrase-file", passphrase), ("without", "--master-key-file", service.data / "master.key"))
    ):
        elsewhere = restored(own_muster, folder / options[0], f"elsewhere-{number}", *options[1:])
        device = clients.Device(endpoint_of(elsewhere), elsewhere.id_scope, "single", key=KEY)
        assert device.provision()["status"] == "assigned"
        elsewhere.stop()


# --- what is refused ------------------------------------------------------------------------------------------------
class Backup:
    """A good backup in its parts, to make bad ones of: first line, header, octets of each entry."""

    def __init__(self, path):
        self.path = path
        self.octets = path.read_bytes()
        self.first_line, self.rest = self.octets.split(b"\n", 1)
        self.header = json.loads(self.rest.split(b"\n", 1)[0])
        self.starts = {"first line": 0, "header": len(self.first_line) + 1}
        at = len(self.first_line) + 1 + self.rest.index(b"\n") + 1
        for entry in self.header["entries"]:
            self.starts[entry["name"]] = at
            at += entry["size"]
        assert at == len(self.octets)

    def flipped(self, part):
        bad = bytearray(self.octets)
        bad[self.starts[part] + 20] ^= 1
        return bytes(bad)

    def with_header(self, **members):
        """Another header, with a checksum that is right for it."""
        rest = json.dumps(self.header | members).encode() + b"\n" + self.rest.split(b"\n", 1)[1]
        words = self.first_line.split(b" ")
        return b" ".join([*words[:2], hashlib.sha256(rest).hexdigest().encode()]) + b"\n" + rest


@pytest.fixture(scope="module")
def backups(muster, session_folder):
    """Good backups: one with its key in it, one under a passphrase, one without."""
    operator_of(muster).create_individual("backed-up", clients.symmetric(KEY))
    folder = session_folder / "backups"
    folder.mkdir()
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE, encoding="ascii")
    plain = back_up(muster, folder / "plain")
    sealed = back_up(muster, folder / "sealed", "--passphrase-file", passphrase)
    return Backup(plain), sealed, back_up(muster, folder / "without", "--without-master-key")


def refusal(backup, target, *options, code=REFUSED):
    """The explanation of a restore that must be refused and leaves nothing, at most a folder that was claimed."""
    done = restore(backup, target, *options)
    assert done.returncode == code, done
    assert done.stderr.startswith("muster: ") and not done.stdout, done
    assert not target.exists() or [path.name for path in target.iterdir()] == ["lock"]
    return done.stderr


def test_damage_in_every_part_is_refused(backups, folder):
    good, *_ = backups
    bad = folder / "bad"
    parts = ["first line", "header", "muster.db", "master.key", "tls/ca.pem"]
    assert set(parts) <= set(good.starts)
    for part in good.starts:
        bad.write_bytes(good.flipped(part))
        assert "is damaged" in refusal(bad, folder / "target"), part


def test_truncated_and_prolonged_backups_are_refused(backups, folder):
    good, *_ = backups
    bad = folder / "bad"
    size = len(good.octets)
    for octets in (good.octets[: size // 2], good.octets[:-1], good.octets[:200], good.octets + b"x"):
        bad.write_bytes(octets)
        assert "is damaged" in refusal(bad, folder / "target"), len(octets)


def test_what_is_no_backup_is_refused(backups, folder):
    good, *_ = backups
    bad = folder / "bad"
    for octets in (b"", b"#!/bin/sh\n", b"SQLite format 3\0" + bytes(4096)):
        bad.write_bytes(octets)
        assert "is not a backup of Muster" in refusal(bad, folder / "target")
    assert "No such file" in refusal(folder / "missing", folder / "target")
    assert good.path.exists()


def test_newer_backups_are_refused_with_both_versions(backups, folder):
    good, *_ = backups
    bad = folder / "bad"
    bad.write_bytes(good.octets.replace(b"MUSTER-BACKUP 1 ", b"MUSTER-BACKUP 9 ", 1))
    assert "newer" in refusal(bad, folder / "target")
    bad.write_bytes(good.with_header(schemaVersion=9999, program="99.0.0"))
    explanation = refusal(bad, folder / "target")
    assert "9999" in explanation and "99.0.0" in explanation
    assert f"to {good.header['schemaVersion']}" in explanation


def test_wrong_passphrases_and_keys_are_refused(backups, folder):
    good, sealed, without = backups
    wrong = folder / "wrong"
    wrong.write_text("wrong horse battery staple", encoding="ascii")
    assert "passphrase" in refusal(sealed, folder / "target", "--passphrase-file", wrong)
    assert "passphrase" in refusal(sealed, folder / "target")
    assert "passphrase" in refusal(good.path, folder / "target", "--passphrase-file", wrong)
    assert "none" in refusal(sealed, folder / "target", "--passphrase-file", folder / "none", code=USAGE)
    wrong.write_bytes(bytes(32))
    assert "0600" in refusal(good.path, folder / "target", "--master-key-file", wrong, code=USAGE)
    wrong.chmod(0o600)
    assert "key" in refusal(good.path, folder / "target", "--master-key-file", wrong)
    assert "key" in refusal(without, folder / "target")
    assert "key" in refusal(without, folder / "target", "--master-key-file", wrong)


def test_folders_that_are_in_use_or_hold_anything_are_refused(muster, backups, folder):
    good, *_ = backups
    done = restore(good.path, muster.data)
    assert done.returncode == REFUSED and "is in use" in done.stderr, done
    assert muster.process.poll() is None

    target = folder / "target"
    target.mkdir()
    (target / "notes").write_text("mine", encoding="ascii")
    done = restore(good.path, target)
    assert done.returncode == REFUSED and "is not empty (notes is there)" in done.stderr, done
    assert (target / "notes").read_text(encoding="ascii") == "mine" and not (target / "muster.db").exists()


def test_backups_are_refused_that_would_replace_or_hold_nothing(muster, backups, folder):
    good, *_ = backups
    for data, output, key, code, word in (
        (muster.data, good.path, "--include-master-key", REFUSED, "exists already"),
        (folder / "nothing", folder / "new", "--include-master-key", REFUSED, "master.key"),
        (muster.data, folder / "no/folder", "--include-master-key", REFUSED, f"{folder}/no: there is no such folder"),
    ):
        done = run("backup", "--data", data, "--output", output, key)
        assert done.returncode == code and word in done.stderr, done
    done = run("backup", "--data", muster.data, "--output", folder / "new")
    assert done.returncode == USAGE and "--without-master-key" in done.stderr, done
    assert good.path.read_bytes() == good.octets and not list(folder.glob("new*"))


def test_backup_onto_a_full_disk_is_refused_and_leaves_nothing(muster, folder):
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount name spaces here")
    script = 'mount -t tmpfs -o size=64k none "$0" && "$@"; echo "exit $?, $(ls -A "$0" | wc -l) files"'
    backup = [BINARY, "backup", "--data", str(muster.data), "--output", f"{folder}/full", "--include-master-key"]
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder), *backup],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=clean_environment(),
    )
    assert done.stdout == f"exit {REFUSED}, 0 files\n", done
    assert str(folder) in done.stderr and "full" in done.stderr.replace(str(folder / "full"), ""), done


# --- kill -9 --------------------------------------------------------------------------------------------------------
@pytest.fixture
def large(own_muster, folder):
    """A service with many enrollments, stopped, and its backup."""
    service = own_muster("large").start()
    operator_of(service).create_individual("single", clients.symmetric(KEY))
    lines = folder / "many.ndjson"
    with open(lines, "w", encoding="ascii") as file:
        for number in range(MANY):
            entry = {"registrationId": f"many-{number}", "attestation": {"type": "symmetricKey"}}
            file.write(json.dumps(entry) + "\n")
    connection = ["--connection-string-file", service.ready["connectionStringFile"], "--ca", service.ca_file]
    connection += ["--connect-to", f"{service.address}:{service.port}"]
    assert run("enrollment", "import", "--file", lines, *connection).returncode == OK
    service.stop()
    return service, back_up(service, folder / "large.backup")


def kill_when(appears, delay, *arguments):
    """Runs the program and kills it so many seconds after something is there; False when it was over before."""
    with subprocess.Popen(
        [BINARY, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment()
    ) as process:
        while process.poll() is None and not appears():
            pass
        time.sleep(delay)  # the moment of the cut
        process.kill()
    return process.returncode == -signal.SIGKILL


def test_restore_that_is_killed_leaves_nothing_that_a_service_starts_from(own_muster, large):
    original, backup = large
    cut = 0
    for number, delay in enumerate((0, 0.001, 0.003, 0.01, 0.02, 0.04, 0.08)):
        service = own_muster(f"cut-{number}")
        target = service.data
        marker = target / "restoring"
        killed = kill_when(marker.exists, delay, "restore", "--input", backup, "--data", target)
        if killed and marker.exists():
            cut += 1
            code, _ = refused(service, "A restore into the data folder", "was interrupted", "muster restore")
            assert code == REFUSED
            assert marker.exists(), "the refused start changes nothing"
            assert restore(backup, target).returncode == OK, "the next restore takes over"
        service.start()
        assert service.id_scope == original.id_scope
        device = clients.Device(endpoint_of(service), service.id_scope, "single", key=KEY)
        assert device.provision()["status"] == "assigned"
        service.stop()
    assert cut > 0, "never in the middle: proves nothing"


def test_backup_that_is_killed_leaves_no_backup(large, folder):
    service, _ = large
    output = folder / "cut.backup"

    def begun():
        return bool(list(folder.glob("cut.backup?*")))

    cut = 0
    for delay in (0, 0.005, 0.02):
        output.unlink(missing_ok=True)
        if kill_when(begun, delay, "backup", "--data", service.data, "--output", output, "--include-master-key"):
            cut += 1
        if output.exists():  # what has the name of a backup is one
            assert restore(output, folder / f"target-{delay}").returncode == OK
    assert cut > 0, "never in the middle: proves nothing"
    output.unlink(missing_ok=True)
    back_up(service, output)
    assert restore(output, folder / "target").returncode == OK

"""Registrations: full handshake, PUT register, polls until assigned; Muster and nginx in turns."""
import base64
import dataclasses
import hashlib
import subprocess

from . import processes
from .report import Figure, median_figure, progress
from .servers import MusterServer, NginxServer, NginxStream

GROUP_KEY, SECONDARY_KEY = (base64.b64encode(hashlib.sha512(text).digest()).decode() for text in (b"one", b"other"))
WARM_UP_DEVICES = 100


@dataclasses.dataclass(frozen=True)
class Attestation:
    """How the devices of a case prove who they are, and what has to be enrolled for them."""

    name: str
    title: str
    limits: dict  # by transport
    presents_certificate: bool = False
    transports: tuple = ("https", "mqtt", "amqp")

    def load_arguments(self, server):
        """What bench_load has to know besides."""
        return ["--group-key", GROUP_KEY]

    def enroll(self, muster, fill, prefixes, devices):
        raise NotImplementedError


class X509Group(Attestation):
    """Leaf and intermediate below a verified root; one group that refers to the root."""

    def enroll(self, muster, fill, prefixes, devices):
        root = muster.certificates / "root.pem"
        muster.operate("certificate", "create", "--certificate-name", "bench-root", "--path", root, "--verified")
        muster.operate("group", "create", "--group-id", "bench", "--root-ca-name", "bench-root")


class SymmetricGroup(Attestation):
    """One group; each device has the key that is derived for it."""

    def enroll(self, muster, fill, prefixes, devices):
        muster.operate(
            *("group", "create", "--group-id", "bench"),
            *("--primary-key", GROUP_KEY, "--secondary-key", SECONDARY_KEY),
        )


class SymmetricIndividual(Attestation):
    """An individual enrollment with keys of its own for every device."""

    def enroll(self, muster, fill, prefixes, devices):
        muster.stop()
        for prefix in prefixes:
            fill(muster.data, prefix, devices)
        muster.start()


class Tpm(Attestation):
    """An individual enrollment for the TPM of every device; RSA-2048 keys. One request more than the others have."""

    def load_arguments(self, server):
        return ["--tpms", server.certificates, *(["--any-answer"] if server.name == "nginx" else [])]

    def enroll(self, muster, fill, prefixes, devices):
        muster.stop()
        fill.make_tpms(muster.certificates)
        for prefix in prefixes:
            fill(muster.data, prefix, devices, "--tpms", str(muster.certificates))
        muster.start()


ATTESTATIONS = {
    case.name: case
    for case in (
        X509Group("x509", "X.509: leaf and intermediate, group of a verified root", {"https": 0.75, "mqtt": 0.85, "amqp": 1.5}, True),
        SymmetricIndividual("symmetric", "symmetric key: an individual enrollment each", {"https": 1.15, "mqtt": 1.3, "amqp": 1.5}),
        SymmetricGroup("symmetric-group", "symmetric key: derived from a group's", {}),
        Tpm("tpm", "TPM: an individual enrollment each, a challenge and its answer", {}, transports=("https",)),
    )
}


class Filler:
    """Writes individual enrollments into the data folder of a stopped service."""

    def __init__(self, binary, load_binary):
        self.binary = binary
        self.load_binary = load_binary

    def __call__(self, data, prefix, count, *more):
        command = [self.binary, "--data", data, "--prefix", prefix, "--group-key", GROUP_KEY, "--count", count, *more]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)

    def make_tpms(self, folder):
        """The keys of the devices' TPMs."""
        subprocess.run([str(self.load_binary), "tpms", "--folder", str(folder)], check=True)


def run_fleet(load, server, id_scope, prefix, devices, attestation, first=0, stride=1, transport="https"):
    return load.run(
        "register",
        server,
        *("--transport", transport),
        *("--id-scope", id_scope, "--prefix", prefix, "--clients", devices, "--first", first, "--stride", stride),
        *attestation.load_arguments(server),
        with_certificate=attestation.presents_certificate,
    )


def rate(report):
    """Registrations per second of wall time, without the second that every device has to pause."""
    return report["completed"] / max(report["seconds"] - 1.0, 0.001)


def compare(attestation, load, setup, report, transport="https"):
    """One table: `setup.rounds` rounds of each server, in turns."""
    title = f"{transport.upper()}, {attestation.title}"
    progress(f"{title}: {setup.rounds} rounds of {setup.devices} devices for each server")
    folder = setup.folder / f"{attestation.name}-{transport}"
    prefixes = [f"{attestation.name}-{number}-" for number in range(setup.rounds)]
    warm_up = f"{attestation.name}-w-"
    muster = MusterServer(setup.muster, folder / "muster", setup.certificates, setup.threads)
    nginx = None
    try:
        attestation.enroll(muster, setup.fill, [*prefixes, warm_up], setup.devices)
        muster.port = muster.port_of(transport)
        model = run_fleet(load, muster, muster.id_scope, warm_up, WARM_UP_DEVICES, attestation, transport=transport)
        bodies = {"register_body": model["registerBody"], "status_body": model["statusBody"]}
        if model["challengeBody"]:
            bodies["challenge_body"] = model["challengeBody"]
        place = (folder / "nginx", setup.certificates, setup.threads)
        if transport == "https":
            nginx = NginxServer(*place, bodies, setup.descriptors)
        else:
            nginx = NginxStream(*place, load.binary, transport, bodies, setup.descriptors)
        run_fleet(load, nginx, muster.id_scope, warm_up, WARM_UP_DEVICES, attestation, transport=transport)
        rounds = {"muster": [], "nginx": []}
        for number, prefix in enumerate(prefixes):
            for server in (muster, nginx):
                outcome = run_fleet(
                    load, server, muster.id_scope, prefix, setup.devices, attestation, transport=transport
                )
                rounds[server.name].append(outcome)
                progress(f"  round {number + 1} {server.name}: {outcome['cpu'] / outcome['completed']:.0f} us")
        peaks = [processes.peak_kilobytes(server.pid) for server in (muster, nginx)]
    finally:
        for server in (nginx, muster):
            if server is not None:
                server.stop()
    require_same_handshake(rounds)
    name = f"registration.{attestation.name}" + ("" if transport == "https" else f".{transport}")
    tell(title, name, attestation.limits.get(transport), rounds, peaks, report)


def require_same_handshake(rounds):
    agreed = {outcome["tls"] for outcomes in rounds.values() for outcome in outcomes}
    if len(agreed) != 1:
        raise RuntimeError(f"the servers agreed on different handshakes: {', '.join(sorted(agreed))}")
    progress(f"  handshake: {agreed.pop()}")


def tell(title, name, limit, rounds, peaks, report):
    muster, nginx = rounds["muster"], rounds["nginx"]

    def both(value):
        return [value(outcome) for outcome in muster], [value(outcome) for outcome in nginx]

    report.heading(title)
    cpu = both(lambda outcome: outcome["cpu"] / outcome["completed"])
    report.add(median_figure(f"{name}.cpu", *cpu, "us", limit))
    report.add(median_figure(f"{name}.rate", *both(rate), "1/s"))
    polls = both(lambda outcome: outcome["polls"] / outcome["completed"])
    report.add(median_figure(f"{name}.polls", *polls, "polls"))
    report.add(Figure(f"{name}.peak-memory", peaks[0] / 1024, peaks[1] / 1024, "MiB"))

"""Certificates for tests, made with the openssl program: any validity period, any depth, EC P-256."""
import base64
import dataclasses
import datetime
import pathlib
import ssl
import subprocess

CONFIGURATION = """
[ca]
default_ca = issuing
[issuing]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
email_in_dn = no
[anything]
commonName = supplied
organizationName = optional
[req]
distinguished_name = empty
[empty]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[device]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
"""


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate with its key and what issued it."""

    common_name: str
    certificate_file: pathlib.Path
    key_file: pathlib.Path
    issuer: "Identity | None"
    folder: pathlib.Path

    @property
    def pem(self):
        return self.certificate_file.read_text(encoding="ascii")

    @property
    def der(self):
        return ssl.PEM_cert_to_DER_cert(self.pem)

    @property
    def der_base64(self):
        return base64.b64encode(self.der).decode()

    def presented(self, *others):
        """(chain file, key file) for a TLS client that sends this certificate and the others after it."""
        chain_file = self.folder / ("chain-" + "-".join(other.certificate_file.stem for other in others) + ".pem")
        chain_file.write_text(self.pem + "".join(other.pem for other in others), encoding="ascii")
        return str(chain_file), str(self.key_file)


def days(count):
    """A point in time, `count` days from now, that openssl's -startdate takes."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=count)
    return moment.strftime("%Y%m%d%H%M%SZ")


class Pki:
    """Makes identities and remembers them by their label, so that a session pays for each only once."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.made = {}

    def root(self, common_name, **options):
        return self._identity(common_name, None, "authority", **options)

    def authority(self, common_name, issuer, **options):
        return self._identity(common_name, issuer, "authority", **options)

    def device(self, common_name, issuer, **options):
        return self._identity(common_name, issuer, "device", **options)

    def server(self, issuer):
        """For what listens on this machine: localhost, 127.0.0.1."""
        return self._identity("localhost", issuer, "server")

    def self_signed_device(self, common_name, **options):
        return self._identity(common_name, None, "device", **options)

    def _identity(self, common_name, issuer, kind, label="", start=-1, end=365):
        identifier = (common_name, issuer, kind, label, start, end)
        if identifier not in self.made:
            self.made[identifier] = self._make(common_name, issuer, kind, start, end)
        return self.made[identifier]

    def _make(self, common_name, issuer, kind, start, end):
        number = len(self.made)
        folder = self.folder / str(number)
        folder.mkdir(parents=True)
        (folder / "index.txt").touch()
        configuration = folder / "openssl.cnf"
        configuration.write_text(CONFIGURATION.format(folder=folder), encoding="ascii")
        key_file, request, certificate_file = folder / "key.pem", folder / "request.pem", folder / f"{number}.pem"
        run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key_file)
        run("req", "-new", "-config", configuration, "-key", key_file, "-subj", f"/CN={common_name}", "-out", request)
        by = (
            ["-cert", issuer.certificate_file, "-keyfile", issuer.key_file]
            if issuer
            else ["-selfsign", "-keyfile", key_file]
        )
        run(
            "ca",
            "-batch",
            "-notext",
            "-config",
            configuration,
            "-extensions",
            kind,
            "-startdate",
            days(start),
            "-enddate",
            days(end),
            "-in",
            request,
            "-out",
            certificate_file,
            *by,
        )
        return Identity(common_name, certificate_file, key_file, issuer, folder)


def run(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {arguments[0]} failed: {done.stderr}"

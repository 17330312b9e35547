"""Starts and stops one `muster serve` in a folder of its own, and knows what the service said about itself."""
import json
import os
import pathlib
import signal
import subprocess
import time

BINARY = os.environ.get("MUSTER_BINARY", "")
SANITIZED = bool(os.environ.get("MUSTER_SANITIZE"))
HOST = "dps.muster.test"
HUB = "hub." + HOST
START_SECONDS = 60 if SANITIZED else 30
STOP_SECONDS = 60 if SANITIZED else 30


def clean_environment():
    """The environment without settings that would change what Muster or a client trusts or does."""
    dropped = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith("MUSTER_") and "proxy" not in name.lower()
    }


class StartFailed(Exception):
    def __init__(self, exit_code, log):
        super().__init__(f"muster serve ended with {exit_code} before it was ready:\n{log}")
        self.exit_code = exit_code
        self.log = log


class Muster:
    """One service process. `start` returns when it listens; `stop` checks that it ended well and told no secret."""

    def __init__(self, folder, host_names=(HOST,), toml="", extra_arguments=()):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.ready_file = self.folder / "ready.json"
        self.log_file = self.folder / "muster.log"
        self.host_names = host_names
        self.config_file = None
        if toml:
            self.config_file = self.folder / "muster.toml"
            self.config_file.write_text(toml, encoding="utf-8")
        self.extra_arguments = list(extra_arguments)
        self.secrets = set()
        self.process = None
        self.ready = None

    # --- life -------------------------------------------------------------------------------------------------------
    def command(self, port=0):
        command = [BINARY, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{port}"]
        for name in self.host_names:
            command += ["--host-name", name]
        command += ["--ready-file", str(self.ready_file), "--log-format", "json"]
        for listener in ("--operations-listen", "--mqtt-listen", "--amqp-listen"):
            if listener not in self.extra_arguments:
                command += [listener, "127.0.0.1:0"]
        if self.config_file:
            command += ["--config", str(self.config_file)]
        return command + self.extra_arguments

    def start(self, port=0):
        assert BINARY, "MUSTER_BINARY must name the program under test"
        self.ready_file.unlink(missing_ok=True)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self.command(port), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment()
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            if self.process.poll() is not None:
                raise StartFailed(self.process.returncode, self.log_text())
            if time.monotonic() > deadline:
                self.kill()
                raise StartFailed("no answer in time", self.log_text())
            time.sleep(0.01)
        self.ready = json.loads(self.ready_file.read_text(encoding="utf-8"))
        self.secrets.add(self.connection_string().rsplit("SharedAccessKey=", 1)[1])
        return self

    def run_until_exit(self, port=0, seconds=START_SECONDS):
        """For starts that must fail: exit code and output."""
        self.ready_file.unlink(missing_ok=True)
        done = subprocess.run(
            self.command(port), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, env=clean_environment()
        )
        return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds=STOP_SECONDS):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"muster serve did not stop within {seconds} s") from None

    def stop(self):
        if self.process is None or self.process.returncode is not None:
            return
        self.terminate()
        code = self.wait()
        log = self.log_text()
        assert code == 0, f"muster serve ended with {code}:\n{log[-4000:]}"
        for secret in self.secrets:
            assert secret not in log, "a secret stands in the log (design section 7)"

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # --- facts ------------------------------------------------------------------------------------------------------
    @property
    def address(self):
        return self.ready["address"]

    @property
    def port(self):
        return int(self.ready["port"])

    @property
    def id_scope(self):
        return self.ready["idScope"]

    @property
    def ca_file(self):
        return self.ready["caFile"]

    @property
    def hub(self):
        return self.ready["localHub"]

    def connection_string(self):
        return pathlib.Path(self.ready["connectionStringFile"]).read_text(encoding="utf-8").strip()

    def log_text(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def memory_kilobytes(self):
        """Resident set of the service process."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS line")

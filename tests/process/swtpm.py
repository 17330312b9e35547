"""A TPM in software (swtpm), and tpm2-tools as a second voice of what is in it."""
import pathlib
import shutil
import socket
import subprocess
import time

from muster_process import clean_environment

START_SECONDS = 30


def _listen(port):
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(8)
    except OSError:
        listener.close()
        raise
    return listener


def _neighbours():
    """Two listening sockets with consecutive ports: the stack looks for the control channel one above the data's."""
    for _ in range(100):
        data = _listen(0)
        try:
            return data, _listen(data.getsockname()[1] + 1)
        except (OSError, OverflowError):
            data.close()
    raise AssertionError("no two consecutive free ports")


class SoftwareTpm:
    """One TPM with its state in a folder. Power it on, talk to it by `tcti`, power it off."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.port = None

    def certify(self):
        """Gives it what a maker gives: an endorsement key with a certificate of a CA, whose own is returned."""
        authority = self.folder / "maker"
        authority.mkdir()
        config = authority / "localca.conf"
        config.write_text(
            f"statedir = {authority}\nsigningkey = {authority}/key.pem\nissuercert = {authority}/ca.pem\n"
            f"certserial = {authority}/serial\n",
            encoding="utf-8",
        )
        options = authority / "localca.options"
        options.write_text("--platform-manufacturer Muster\n--platform-version 1\n--platform-model Test\n", encoding="utf-8")
        setup = authority / "setup.conf"
        setup.write_text(
            f"create_certs_tool = {shutil.which('swtpm_localca')}\ncreate_certs_tool_config = {config}\n"
            f"create_certs_tool_options = {options}\nactive_pcr_banks = sha256\n",
            encoding="utf-8",
        )
        run(
            ["swtpm_setup", "--tpm2", "--tpmstate", self.state, "--create-ek-cert", "--overwrite", "--config", setup],
            clean_environment(),
        )
        return authority / "ca.pem"

    @property
    def tcti(self):
        return f"swtpm:host=127.0.0.1,port={self.port}"

    def start(self):
        while self.process is None:
            data, control = _neighbours()
            self.port = data.getsockname()[1]
            data.close()  # swtpm takes the control channel's socket, but binds the other itself
            with control, open(self.folder / "swtpm.log", "ab") as log:
                self.process = subprocess.Popen(
                    ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}"]
                    + ["--server", f"type=tcp,port={self.port}", "--ctrl", f"type=tcp,fd={control.fileno()}"]
                    + ["--flags", "not-need-init,startup-clear"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(control.fileno(),),
                )
            if not self._listens():
                self.process = None  # somebody else took the port meanwhile
        return self

    def _listens(self):
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "swtpm does not listen"
                time.sleep(0.01)
        return False

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_SECONDS)
            self.process = None

    # --- the second voice -------------------------------------------------------------------------------------------
    def tool(self, name, *arguments, code=0):
        """Runs one of tpm2-tools in the TPM's folder; its standard output."""
        return run(
            [f"tpm2_{name}", *arguments], clean_environment() | {"TPM2TOOLS_TCTI": self.tcti}, self.folder, code
        )

    def step(self, name, *arguments):
        """The same, and takes away the objects that the tool left in the TPM's memory, which has room for three."""
        self.tool(name, *arguments)
        self.tool("flushcontext", "-t")

    def persistent_handles(self):
        return [line.split()[1] for line in self.tool("getcap", "handles-persistent").splitlines() if line.strip()]

    def loaded(self):
        """What somebody left in the TPM's memory: transient objects and sessions."""
        kinds = ("handles-transient", "handles-loaded-session", "handles-saved-session")
        return [line for kind in kinds for line in self.tool("getcap", kind).splitlines() if line.strip()]

    def public_key(self, handle):
        """TPM2B_PUBLIC of a persistent key."""
        self.tool("readpublic", "-c", handle, "-o", "public.tss", "-f", "tss")
        return (self.folder / "public.tss").read_bytes()


def run(command, environment, folder=None, code=0):
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
    )
    assert done.returncode == code, (command, done)
    return done.stdout

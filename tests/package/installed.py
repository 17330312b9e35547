"""What the tests of the package share: the installed unit, read, and the service manager's end of sd_notify."""
import configparser
import pathlib
import shlex
import socket
import time

UNIT = "lib/systemd/system/muster.service"
CONFIG = "etc/muster/muster.toml"
START_SECONDS = 30


class Unit:
    """The unit as it stands below a root folder. Settings that are given twice have a list of values."""

    def __init__(self, root):
        class Lists(dict):
            def __setitem__(self, key, value):
                if isinstance(value, list) and key in self:
                    self[key].extend(value)
                else:
                    super().__setitem__(key, value)

        parser = configparser.RawConfigParser(dict_type=Lists, strict=False, delimiters="=", comment_prefixes="#")
        parser.optionxform = str
        parser.read(pathlib.Path(root) / UNIT, encoding="utf-8")
        self.sections = {name: dict(parser[name]) for name in parser.sections()}

    def service(self, key):
        return self.sections["Service"][key]

    def command(self):
        return shlex.split(self.service("ExecStart"))

    def capabilities(self):
        """As setpriv names them: "net_bind_service"."""
        assert self.service("AmbientCapabilities") == self.service("CapabilityBoundingSet")
        return [name.removeprefix("CAP_").lower() for name in self.service("AmbientCapabilities").split()]


class NotifySocket:
    """What systemd listens on for a unit of Type=notify."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.path.chmod(0o777)

    def wait_for(self, word, process):
        """The fields of the first message with this word: "READY=1"."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.socket.settimeout(0.2)
            try:
                lines = self.socket.recv(4096).decode().splitlines()
            except TimeoutError:
                assert process.poll() is None or word == "STOPPING=1", f"ended with {process.returncode}"
                continue
            if word in lines:
                return dict(line.split("=", 1) for line in lines)
        raise AssertionError(f"no {word} within {START_SECONDS} s")

    def close(self):
        self.socket.close()
        self.path.unlink()

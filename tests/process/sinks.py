"""What the events of a hub are delivered to: a webhook receiver, and Debian's mosquitto as a broker."""
import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time

SECRET = base64.b64encode(bytes(range(100, 132))).decode()
USER, PASSWORD = "muster", "pass-word-of-the-broker"
START_SECONDS = 30


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Receiver:
    """An HTTPS server that verifies and keeps what webhooks bring.

    `answers` are the statuses of the next answers; when there are none left it takes everything. A callable among them
    is called with the handler and says the status, or None when it has dealt with the connection itself.
    """

    def __init__(self, identity, port=None):
        self.port = port or free_port()
        self.identity = identity
        self.batches = []
        self.ids = []
        self.answers = []
        self.faults = []
        self.requests = 0
        self.server = None

    @property
    def url(self):
        return f"https://localhost:{self.port}/events"

    def events(self):
        return [event for batch in self.batches for event in batch]

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                receiver.take(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.identity.presented())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.requests += 1
        fault = self.fault_of(handler.headers, body)
        if fault:
            self.faults.append(fault)
        answer = self.answers.pop(0) if self.answers else 204
        status = answer(handler) if callable(answer) else answer
        if status is None:
            return
        if status < 300:
            self.batches.append(json.loads(body))
            self.ids.append(handler.headers["webhook-id"])
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @staticmethod
    def fault_of(headers, body):
        """Verifies as standardwebhooks.com says."""
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.digest(base64.b64decode(SECRET), signed, hashlib.sha256)
        if headers["webhook-signature"] != "v1," + base64.b64encode(digest).decode():
            return f"wrong signature {headers['webhook-signature']}"
        if abs(time.time() - int(headers["webhook-timestamp"])) > 60:
            return f"old timestamp {headers['webhook-timestamp']}"
        return None


def find_mosquitto():
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


PLAIN = "allow_anonymous true\n"
SECURE = """
certfile {certificate}
keyfile {key}
allow_anonymous false
password_file {folder}/passwords
"""


class Broker:
    """mosquitto, and mosquitto_sub that writes what it gets into a file."""

    def __init__(self, folder, identity=None):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.secure = identity is not None
        self.authority = identity.issuer.certificate_file if identity else None
        self.process = None
        self.reader = None
        self.messages_file = folder / "messages"
        listener = PLAIN
        if identity:
            certificate, key = identity.presented()
            listener = SECURE.format(certificate=certificate, key=key, folder=folder)
            passwords = folder / "passwords"
            passwords.touch()
            subprocess.run(["mosquitto_passwd", "-b", str(passwords), USER, PASSWORD], check=True)
        # mosquitto_sub keeps a session, so that it misses nothing while the broker is away.
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\n{listener}user root\nlog_type error\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n",
            encoding="utf-8",
        )

    def options(self):
        options = ["-h", "localhost", "-p", str(self.port)]
        if self.secure:
            options += ["--cafile", str(self.authority), "-u", USER, "-P", PASSWORD]
        return options

    def start(self):
        self.process = subprocess.Popen(
            [find_mosquitto(), "-c", str(self.config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            assert self.process.poll() is None and time.monotonic() < deadline, "mosquitto did not start"
            time.sleep(0.02)

    def read(self, topics="#"):
        """Begins to read; the subscription stands when this returns."""
        command = ["mosquitto_sub", *self.options(), "-i", "reader", "-c", "-q", "1", "-t", topics]
        subprocess.run([*command, "-E"], check=True, timeout=START_SECONDS)
        with open(self.messages_file, "ab") as out:
            self.reader = subprocess.Popen(
                [*command, "-F", "%t %p"], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL
            )
        return self

    def messages(self):
        """(topic, payload) in the order in which they came."""
        whole = self.messages_file.read_text(encoding="utf-8").rpartition("\n")[0]
        return [tuple(line.split(" ", 1)) for line in whole.splitlines()]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def close(self):
        self.stop()
        if self.reader and self.reader.poll() is None:
            self.reader.kill()
            self.reader.wait()

"""The two servers that are compared: started on free ports of 127.0.0.1, stopped at the end."""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

from . import processes

HOST = "localhost"
START_SECONDS = 60
STOP_SECONDS = 60
MAX_CONNECTIONS = 100_000
HUB = "hub.bench.example"


class ServerFailed(Exception):
    """A server did not start, or ended badly."""


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}


def find_nginx():
    """Path of the nginx program, or None. Debian keeps it where only root's PATH looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@dataclasses.dataclass
class Server:
    """A running server; `pid` is the process whose family is measured."""

    name: str
    port: int
    process: subprocess.Popen

    @property
    def pid(self):
        return self.process.pid

    def cpu(self):
        return processes.cpu_microseconds(self.pid)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise ServerFailed(f"{self.name} did not stop") from None


class MusterServer(Server):
    """`muster serve` on a data folder of its own; with `certificates` None it makes its own."""

    def __init__(self, binary, folder, certificates, threads):
        self.binary = binary
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.ready_file = self.folder / "ready.json"
        self.log_file = self.folder / "muster.log"
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "muster.toml"
        identity = certificates and (
            f'certificate = ["{certificates}/server.pem"]\nprivate_key = ["{certificates}/server.key"]\n'
        )
        config.write_text(
            f"{identity or ''}"
            f"threads = {threads}\n"
            "[limits]\n"
            f"max_connections = {MAX_CONNECTIONS}\n"
            f"max_connections_per_address = {MAX_CONNECTIONS}\n"
            "[hub]\n"
            f'local_host_name = "{HUB}"\n',
            encoding="utf-8",
        )
        self.command = [
            *(str(binary), "serve", "--config", str(config), "--data", str(self.data)),
            *("--listen", "127.0.0.1:0", "--mqtt-listen", "127.0.0.1:0", "--amqp-listen", "127.0.0.1:0"),
            *("--operations-listen", "off"),
            *("--host-name", HOST, "--ready-file", str(self.ready_file)),
        ]
        self.certificates = certificates
        self.start()

    def start(self):
        self.ready_file.unlink(missing_ok=True)
        with open(self.log_file, "ab") as log:
            process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment()
            )
        end = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise ServerFailed(f"muster serve did not start; its log is {self.log_file}")
            time.sleep(0.02)
        self.ready = json.loads(self.ready_file.read_text(encoding="utf-8"))
        super().__init__("muster", int(self.ready["port"]), process)

    def port_of(self, transport):
        return int(self.ready["port" if transport == "https" else f"{transport}Port"])

    @property
    def id_scope(self):
        return self.ready["idScope"]

    @property
    def connection_string(self):
        return pathlib.Path(self.ready["connectionStringFile"]).read_text(encoding="utf-8").strip()

    def operate(self, *arguments):
        """One command of the command line client, as the owner; what it printed."""
        environment = clean_environment()
        environment["MUSTER_CONNECTION_STRING_FILE"] = self.ready["connectionStringFile"]
        environment["MUSTER_CA"] = str(self.certificates / "root.pem") if self.certificates else self.ready["caFile"]
        done = subprocess.run(
            [str(self.binary), *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ServerFailed(f"muster {arguments[0]} {arguments[1]}: {done.stderr}{done.stdout}")
        return done.stdout


NGINX_MAIN = """
daemon off;
worker_processes {workers};
worker_rlimit_nofile {descriptors};
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections {descriptors}; }}
"""
# The same for both references: what Muster agrees on, and any client certificate.
NGINX_TLS = """
  tcp_nodelay on;
  ssl_certificate {certificates}/server.pem;
  ssl_certificate_key {certificates}/server.key;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers ECDHE+AESGCM:ECDHE+AES256+SHA384:ECDHE+AES128+SHA256;
  ssl_prefer_server_ciphers on;
  ssl_ecdh_curve X25519:P-256;
  ssl_session_tickets off;
  ssl_session_cache off;
  ssl_verify_client optional_no_ca;
  ssl_verify_depth 8;
"""
NGINX = NGINX_MAIN + """
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type "application/json; charset=utf-8";
  keepalive_timeout 130s;
  keepalive_requests 1000000000;
""" + NGINX_TLS + """
  server {{
    listen 127.0.0.1:{port} ssl reuseport backlog=4096;
    location = /nothing-here {{ return 404 '{{}}'; }}
    location = /read {{ return 200 '{read_body}'; }}
    location / {{
      {challenge}
      if ($request_method = PUT) {{ add_header Retry-After 1 always; return 202 '{register_body}'; }}
      return 200 '{status_body}';
    }}
  }}
}}
"""


# The first call of a TPM has no token.
NGINX_CHALLENGE = """
      set $call "$request_method$http_authorization";
      if ($call = PUT) {{ return 401 '{body}'; }}
"""
STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"
NGINX_STREAM = "load_module {module};" + NGINX_MAIN + """
stream {{
""" + NGINX_TLS + """
  server {{
    listen 127.0.0.1:{port} ssl reuseport backlog=4096;
    proxy_pass 127.0.0.1:{upstream};
    proxy_timeout 300s;
  }}
}}
"""


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_accepts(server, log):
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        if server.process.poll() is not None or time.monotonic() > end:
            server.process.kill()
            raise ServerFailed(f"{server.name} did not start: {log.read_text(encoding='utf-8')}")
        time.sleep(0.02)


class Nginx(Server):
    """nginx with a configuration of ours."""

    def __init__(self, folder, port, configuration):
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "nginx.conf"
        config.write_text(configuration, encoding="utf-8")
        command = [find_nginx(), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
        with open(folder / "nginx.log", "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        super().__init__("nginx", port, process)
        wait_until_it_accepts(self, folder / "error.log")


class NginxStream(Nginx):
    """nginx as a reference for MQTT and AMQP: the same handshake, and its stream module passes the same octets on to a
    program with fixed answers, which is not measured."""

    def __init__(self, folder, certificates, workers, answerer, transport, bodies, descriptors):
        self.answerer = subprocess.Popen(
            [
                *(str(answerer), "answer", "--transport", transport, "--register-body", bodies["register_body"]),
                *("--status-body", bodies["status_body"]),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = free_port()
        upstream = int(self.answerer.stdout.readline().split()[1])
        folder = pathlib.Path(folder)
        super().__init__(
            folder,
            port,
            NGINX_STREAM.format(
                module=STREAM_MODULE,
                folder=folder,
                certificates=certificates,
                workers=workers,
                port=port,
                upstream=upstream,
                descriptors=2 * descriptors,
            ),
        )

    def stop(self):
        super().stop()
        self.answerer.stdin.close()
        self.answerer.wait()


class NginxServer(Nginx):
    """nginx as a reference: the same handshake, fixed answers of the same size."""

    def __init__(self, folder, certificates, workers, bodies, descriptors):
        folder = pathlib.Path(folder)
        port = free_port()
        texts = {"read_body": "{}", "register_body": "{}", "status_body": "{}", **bodies}
        challenge = texts.pop("challenge_body", None)
        self.certificates = certificates
        super().__init__(
            folder,
            port,
            NGINX.format(
                folder=folder,
                certificates=certificates,
                workers=workers,
                port=port,
                descriptors=descriptors,
                challenge=NGINX_CHALLENGE.format(body=challenge) if challenge else "",
                **{name: text.replace("\\", "\\\\").replace("'", "\\'") for name, text in texts.items()},
            ),
        )


MOSQUITTO = """
listener {port} 127.0.0.1
certfile {certificates}/server.pem
keyfile {certificates}/server.key
allow_anonymous true
max_connections -1
log_type error
user root
"""
# Debian's own configuration: kept in memory, and written to disk at times and at the end. Without limits on a reader
# that is away and on what is on its way.
MOSQUITTO_PERSISTENCE = """
persistence true
persistence_location {folder}/
max_queued_messages 0
max_inflight_messages 0
"""


def find_mosquitto():
    """Path of the mosquitto program, or None. Debian keeps it where only root's PATH looks."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Mosquitto(Server):
    """A well-known MQTT broker as a reference."""

    def __init__(self, folder, certificates, persistent=False):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        config = folder / "mosquitto.conf"
        persistence = MOSQUITTO_PERSISTENCE.format(folder=folder) if persistent else "persistence false\n"
        config.write_text(MOSQUITTO.format(port=port, certificates=certificates) + persistence, encoding="utf-8")
        self.certificates = certificates
        with open(folder / "mosquitto.log", "ab") as log:
            process = subprocess.Popen(
                [find_mosquitto(), "-c", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        super().__init__("mosquitto", port, process)
        wait_until_it_accepts(self, folder / "mosquitto.log")

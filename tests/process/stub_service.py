"""A provisioning service that is a list of answers, behind TLS: for what a real one never does."""
import http.server
import json
import ssl
import subprocess
import threading

HOST = "dps.stub.test"


class StubService:
    """`answer`: called with each request (method, path, headers, body as JSON) for status and JSON of the answer."""

    def __init__(self, folder, answer):
        self.requests = []
        self.certificate = folder / "stub.pem"
        key = folder / "stub.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-config", "/dev/null", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
            + ["-keyout", key, "-out", self.certificate],
            check=True,
            capture_output=True,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.server = http.server.HTTPServer(("127.0.0.1", 0), self._handler(answer))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def _handler(self, answer):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers one request."""

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = (self.command, self.path, self.headers, json.loads(body) if body else None)
                service.requests.append(request)
                status, reply = answer(*request)
                octets = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            do_GET = do_PUT = handle_any  # the names that the library calls

            def log_message(self, *_):
                """Nothing: the test shows what matters."""

        return Handler

    @property
    def port(self):
        return self.server.server_address[1]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

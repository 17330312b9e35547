"""A webhook of custom allocation behind TLS, whose answers the test says path by path (service-api.md 9)."""
import http.server
import json
import ssl
import threading

from sinks import free_port


class WebhookServer:
    """`answers` by path without query: JSON for status 200, (status, octets, headers), or a callable that gets the
    handler and the request and deals with the connection itself."""

    def __init__(self, identity):
        self.port = free_port()
        self.answers = {}
        self.requests = []  # (path with query, headers, body as JSON)
        self.running = 0
        self.most_running = 0
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.server.daemon_threads = True
        self.server.request_queue_size = 128
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*identity.presented())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, path, host="localhost"):
        return f"https://{host}:{self.port}{path}"

    def asked(self, path):
        return [body for target, _, body in self.requests if target.split("?")[0] == path]

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def hang(self, handler, _):
        """Answers nothing until the test lets go, or the service has gone."""
        self.released.wait(30)
        handler.close_connection = True

    def trickle(self, handler, _):
        """An answer that never ends, one octet at a time."""
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        handler.close_connection = True
        try:
            while not self.released.wait(0.1):
                handler.wfile.write(b" ")
        except OSError:
            return

    def _handler(self):
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers one request after the other of a connection."""

            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with webhook.lock:
                    webhook.requests.append((self.path, self.headers, body))
                    webhook.running += 1
                    webhook.most_running = max(webhook.most_running, webhook.running)
                try:
                    self.answer(webhook.answers[self.path.split("?")[0]], body)
                except OSError:
                    self.close_connection = True
                finally:
                    with webhook.lock:
                        webhook.running -= 1

            def answer(self, answer, body):
                if callable(answer):
                    answer = answer(self, body)
                    if answer is None:
                        return
                status, octets, headers = answer if isinstance(answer, tuple) else (200, json.dumps(answer), {})
                octets = octets if isinstance(octets, bytes) else octets.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_):
                """Nothing: the test shows what matters."""

        return Handler

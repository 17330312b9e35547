"""Service-API reads of one enrollment over connections that stay, next to nginx's fixed answer of the same size."""
import base64
import hashlib
import hmac
import http.client
import ssl
import time
import urllib.parse

from .registrations import GROUP_KEY, SECONDARY_KEY
from .report import median_figure, progress
from .servers import HOST, MusterServer, NginxServer

LIMIT = 1.3
CONNECTIONS = 32
TARGET = "/enrollments/bench-read?api-version=2021-10-01"


def token_of(connection_string, life_seconds=3600):
    """A service SAS token as the SDKs make it (service-api.md 1.2)."""
    members = dict(part.split("=", 1) for part in connection_string.split(";"))
    resource = urllib.parse.quote_plus(members["HostName"])
    expiry = str(int(time.time()) + life_seconds)
    key = base64.b64decode(members["SharedAccessKey"])
    signature = base64.b64encode(hmac.digest(key, f"{resource}\n{expiry}".encode(), hashlib.sha256)).decode()
    quoted = urllib.parse.quote_plus(signature)
    return f"SharedAccessSignature sr={resource}&sig={quoted}&se={expiry}&skn={members['SharedAccessKeyName']}"


def read_once(muster, token):
    """The body of the answer that will be repeated."""
    context = ssl.create_default_context(cafile=str(muster.certificates / "root.pem"))
    connection = http.client.HTTPSConnection(HOST, muster.port, context=context)
    connection.request("GET", TARGET, headers={"Authorization": token})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"the enrollment cannot be read: {response.status} {body}")
    return body


def compare(load, setup, report):
    progress(f"service-API reads: {setup.rounds} rounds of {setup.reads} requests for each server")
    muster = MusterServer(setup.muster, setup.folder / "reads" / "muster", setup.certificates, setup.threads)
    nginx = None
    try:
        muster.operate(
            *("enrollment", "create", "--enrollment-id", "bench-read"),
            *("--primary-key", GROUP_KEY, "--secondary-key", SECONDARY_KEY),
        )
        token = token_of(muster.connection_string)
        body = read_once(muster, token)
        nginx = NginxServer(
            setup.folder / "reads" / "nginx", setup.certificates, setup.threads, {"read_body": body}, setup.descriptors
        )
        costs = {"muster": [], "nginx": []}
        rates = {"muster": [], "nginx": []}
        for number in range(setup.rounds + 1):
            for server, target in ((muster, TARGET), (nginx, "/read")):
                outcome = load.run(
                    "request",
                    server,
                    *("--target", target, "--authorization", token),
                    *("--clients", CONNECTIONS, "--requests", max(setup.reads // CONNECTIONS, 1)),
                )
                if number == 0:
                    continue  # warms up
                costs[server.name].append(outcome["cpu"] / outcome["replies"])
                rates[server.name].append(outcome["replies"] / outcome["seconds"])
                progress(f"  round {number} {server.name}: {costs[server.name][-1]:.1f} us")
    finally:
        for server in (nginx, muster):
            if server is not None:
                server.stop()
    report.heading("service API: reading one enrollment, connections stay")
    report.add(median_figure("reads.cpu", costs["muster"], costs["nginx"], "us", LIMIT))
    report.add(median_figure("reads.rate", rates["muster"], rates["nginx"], "1/s"))

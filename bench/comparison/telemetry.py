"""Devices that send messages into the durable log of a hub, or only connect, next to mosquitto with persistence."""
import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import ssl
import subprocess

from .reads import token_of
from .registrations import GROUP_KEY
from .report import median_figure, progress
from .servers import HOST, HUB, Mosquitto, MusterServer

PREFIX = "bench-telemetry-"
BULK = 100
API = "api-version=2021-04-12"


def device_key(device_id):
    return base64.b64encode(hmac.digest(base64.b64decode(GROUP_KEY), device_id.encode(), hashlib.sha256)).decode()


def create_devices(muster, count):
    """Identities with the keys that the load generator derives."""
    text = pathlib.Path(muster.ready["hubConnectionStringFile"]).read_text(encoding="utf-8").strip()
    headers = {"Authorization": token_of(text), "Content-Type": "application/json", "Host": HUB}
    context = ssl.create_default_context(cafile=str(muster.certificates / "root.pem"))
    connection = http.client.HTTPSConnection(HOST, muster.port, context=context)
    for first in range(0, count, BULK):
        items = []
        for number in range(first, min(first + BULK, count)):
            name = f"{PREFIX}{number}"
            keys = {"primaryKey": device_key(name), "secondaryKey": device_key(name)}
            items.append({"id": name, "importMode": "create", "authentication": {"type": "sas", "symmetricKey": keys}})
        connection.request("POST", f"/devices?{API}", json.dumps(items), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the devices cannot be made: {answer.status} {body!r}")
    connection.close()


def keep_at(mosquitto):
    """A reader that is away: without one mosquitto would have nothing to keep."""
    subprocess.run(
        [
            *("mosquitto_sub", "-h", HOST, "-p", str(mosquitto.port), "-i", "keeper", "-c", "-q", "1", "-E"),
            *("-t", "devices/#", "--cafile", str(mosquitto.certificates / "root.pem")),
        ],
        check=True,
    )


def run(load, server, options, clients, messages):
    return load.run(
        "telemetry",
        server,
        *("--hub", HUB, "--prefix", PREFIX, "--group-key", GROUP_KEY, "--clients", clients),
        *("--messages", messages, "--window", options.window, "--payload", options.payload),
    )


def compare(load, options, program, folder, report):
    """Rounds in turns; every figure is of the server's own processor time or of wall time, medians."""
    progress(
        f"{options.rounds} rounds of {options.devices} devices with {options.messages} messages of {options.payload} "
        f"octets, {options.window} on their way; and of {options.connects} connections"
    )
    muster = MusterServer(program, folder / "muster", load.certificates, options.threads)
    mosquitto = None
    costs = {name: {"muster": [], "mosquitto": []} for name in ("cpu", "rate", "connect-cpu", "connect-rate")}
    try:
        mosquitto = Mosquitto(folder / "mosquitto", load.certificates, persistent=True)
        keep_at(mosquitto)
        create_devices(muster, max(options.devices, options.connects))
        muster.port = muster.port_of("mqtt")
        agreed = set()
        for number in range(options.rounds + 1):
            for server in (muster, mosquitto):
                sent = run(load, server, options, options.devices, options.messages)
                made = run(load, server, options, options.connects, 0)
                agreed |= {sent["tls"], made["tls"]}
                if number == 0 and options.rounds > 1:
                    continue  # warms up
                messages = options.devices * options.messages
                connect = made["cpu"] / options.connects
                costs["cpu"][server.name].append((sent["cpu"] - connect * options.devices) / messages)
                costs["rate"][server.name].append(messages / sent["seconds"])
                costs["connect-cpu"][server.name].append(connect)
                costs["connect-rate"][server.name].append(options.connects / made["seconds"])
                progress(
                    f"  round {number} {server.name}: {costs['rate'][server.name][-1]:.0f} messages/s, "
                    f"{costs['cpu'][server.name][-1]:.1f} us each; "
                    f"{costs['connect-rate'][server.name][-1]:.0f} connections/s, {connect:.0f} us each"
                )
    finally:
        for server in (mosquitto, muster):
            if server is not None:
                server.stop()
    if len(agreed) != 1:
        raise RuntimeError(f"the servers agreed on different handshakes: {', '.join(sorted(agreed))}")
    progress(f"  handshake: {agreed.pop()}")
    report.heading("messages with QoS 1 over MQTT and TLS", "mosquitto")
    for name, unit in (("cpu", "us"), ("rate", "1/s"), ("connect-cpu", "us"), ("connect-rate", "1/s")):
        report.add(median_figure(f"telemetry.{name}", costs[name]["muster"], costs[name]["mosquitto"], unit))

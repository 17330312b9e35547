"""Memory of connections that stay open: HTTPS ones that were used once, and MQTT devices that subscribed."""
import statistics
import time

from . import processes
from .report import Figure, progress
from .registrations import GROUP_KEY
from .servers import Mosquitto, MusterServer, NginxServer

LIMIT = 1.1
WARM_UP_CONNECTIONS = 300


def memory_per_connection(load, server, connections):
    """Octets of resident memory for each of so many more connections with a client certificate and its issuer."""
    request = ("--target", "/nothing-here", "--expect", 404, "--max-open", connections)
    load.run("request", server, *request, "--clients", WARM_UP_CONNECTIONS, with_certificate=True)
    return grown(load, server, connections, "request", (*request, "--hold"), True)


def memory_per_mqtt_device(load, server, connections):
    """The same for devices with tokens that have connected and subscribed."""
    device = ("--transport", "mqtt", "--hold", "--id-scope", "0neBench", "--group-key", GROUP_KEY, "--max-open", connections)
    with load.hold(server, "register", *device, "--clients", WARM_UP_CONNECTIONS, with_certificate=False) as holder:
        holder.stdin.close()
    return grown(load, server, connections, "register", device, False)


def grown(load, server, connections, verb, arguments, with_certificate):
    time.sleep(load.rest)
    before = processes.resident_kilobytes(server.pid)
    holder = load.hold(server, verb, *arguments, "--clients", connections, with_certificate=with_certificate)
    time.sleep(4 * load.rest)
    after = processes.resident_kilobytes(server.pid)
    holder.stdin.close()
    holder.wait()
    return (after - before) * 1024 / connections


def compare_mqtt(load, setup, report):
    progress(f"idle MQTT devices: {setup.connections} for each server, {setup.idle_rounds} times")
    octets = {"muster": [], "mosquitto": []}
    for number in range(setup.idle_rounds):
        folder = setup.folder / "idle-mqtt" / str(number)
        muster = MusterServer(setup.muster, folder / "muster", setup.certificates, setup.threads)
        muster.port = muster.port_of("mqtt")
        for server in (muster, Mosquitto(folder / "mosquitto", setup.certificates)):
            try:
                octets[server.name].append(memory_per_mqtt_device(load, server, setup.connections))
            finally:
                server.stop()
            progress(f"  round {number + 1} {server.name}: {octets[server.name][-1] / 1024:.1f} KiB a device")
    muster, mosquitto = (statistics.median(octets[name]) / 1024 for name in ("muster", "mosquitto"))
    report.heading("idle MQTT devices with tokens", "mosquitto")
    report.add(Figure("idle.mqtt.memory", muster, mosquitto, "KiB"))


def compare(load, setup, report):
    progress(f"idle connections: {setup.connections} for each server, {setup.idle_rounds} times")
    octets = {"muster": [], "nginx": []}
    for number in range(setup.idle_rounds):
        folder = setup.folder / "idle" / str(number)
        for start in (
            lambda: MusterServer(setup.muster, folder / "muster", setup.certificates, setup.threads),
            lambda: NginxServer(folder / "nginx", setup.certificates, setup.threads, {}, setup.descriptors),
        ):
            server = start()
            try:
                octets[server.name].append(memory_per_connection(load, server, setup.connections))
            finally:
                server.stop()
            progress(f"  round {number + 1} {server.name}: {octets[server.name][-1] / 1024:.1f} KiB a connection")
    muster, nginx = (statistics.median(octets[name]) / 1024 for name in ("muster", "nginx"))
    report.heading("idle connections with a client certificate and its issuer")
    report.add(Figure("idle.memory", muster, nginx, "KiB", LIMIT))

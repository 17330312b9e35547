"""Memory of connections that were used once and stay open, with a client certificate and its issuer."""
import statistics
import time

from . import processes
from .report import Figure, progress
from .servers import MusterServer, NginxServer

LIMIT = 1.1
WARM_UP_CONNECTIONS = 300


def memory_per_connection(load, server, connections):
    """Octets of resident memory for each of so many more connections."""
    request = ("--target", "/nothing-here", "--expect", 404, "--max-open", connections)
    load.run("request", server, *request, "--clients", WARM_UP_CONNECTIONS, with_certificate=True)
    before = processes.resident_kilobytes(server.pid)
    holder = load.hold(server, *request, "--clients", connections)
    time.sleep(4 * load.rest)
    after = processes.resident_kilobytes(server.pid)
    holder.stdin.close()
    holder.wait()
    return (after - before) * 1024 / connections


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

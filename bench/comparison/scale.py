"""What a registration costs when the store holds many individual enrollments, next to a small store."""
import shutil
import statistics

from . import registrations
from .report import Figure, progress
from .servers import MusterServer

LIMIT = 1.2
SMALLEST = 1000
PREFIX = "scale-"


def prepare(setup, size):
    """A data folder with `size` enrollments; returns the folder of a stopped service."""
    folder = setup.folder / "scale" / str(size)
    MusterServer(setup.muster, folder, setup.certificates, setup.threads).stop()
    progress(f"  writing {size} enrollments")
    setup.fill(folder / "data", PREFIX, size)
    return folder


def round_cost(load, setup, folder, size, number):
    """Microseconds for each of SMALLEST devices that register for the first time, spread over the whole store."""
    muster = MusterServer(setup.muster, folder, setup.certificates, setup.threads)
    try:
        nothing = ("--target", "/nothing-here", "--expect", 404, "--clients", 200)
        load.run("request", muster, *nothing)  # warms up what no enrollment has to do with
        stride = size // SMALLEST
        outcome = registrations.run_fleet(
            load, muster, muster.id_scope, PREFIX, SMALLEST, registrations.ATTESTATIONS["symmetric"], number, stride
        )
    finally:
        muster.stop()
    return outcome["cpu"] / outcome["completed"]


def compare(load, setup, report):
    progress(f"enrollments in the store: {', '.join(map(str, setup.sizes))}; {setup.rounds} rounds each")
    folders = {size: prepare(setup, size) for size in setup.sizes}
    costs = {size: [] for size in setup.sizes}
    for number in range(setup.rounds):
        for size, folder in folders.items():
            if size == SMALLEST and number > 0:
                # Its devices have all registered; a larger store has others left.
                shutil.rmtree(folder)
                prepare(setup, size)
            costs[size].append(round_cost(load, setup, folder, size, number if size > SMALLEST else 0))
            progress(f"  round {number + 1} with {size}: {costs[size][-1]:.0f} us")
    small = statistics.median(costs[SMALLEST])
    report.heading("registration by store size (the reference is the smallest store)", reference="smallest")
    for size in setup.sizes:
        limit = None if size == SMALLEST else LIMIT
        report.add(Figure(f"scale.{size}.cpu", statistics.median(costs[size]), small, "us", limit))

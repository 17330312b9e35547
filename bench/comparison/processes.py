"""What the kernel says of a server: processor time and memory of all its processes."""
import pathlib


def _children(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield int(child)


def family(pid):
    """A process and all its descendants."""
    found = [pid]
    for child in _children(pid):
        found += family(child)
    return found


def cpu_microseconds(pid):
    """User and system time of the process and its children, over all their threads that live now.

    Read from schedstat, which counts nanoseconds; /proc/PID/stat counts hundredths of a second.
    """
    total = 0
    for member in family(pid):
        for task in pathlib.Path(f"/proc/{member}/task").iterdir():
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1000


def _status_kilobytes(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise LookupError(f"{name} of process {pid}")


def resident_kilobytes(pid):
    return sum(_status_kilobytes(member, "VmRSS") for member in family(pid))


def peak_kilobytes(pid):
    return sum(_status_kilobytes(member, "VmHWM") for member in family(pid))

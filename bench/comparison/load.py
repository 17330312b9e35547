"""Runs bench_load, the clients of the comparison, and reads what it reports."""
import json
import subprocess
import time

class LoadFailed(Exception):
    """Not every client got what it wanted; nothing measured with it counts."""


class Load:
    """The clients of one comparison: where their program is and what all runs have in common.

    `rest` is how many seconds a server gets after the last answer: it still closes connections, gives memory back and,
    if it is Muster, copies its log into the database.
    """

    def __init__(self, binary, certificates, tls, concurrency, rest):
        self.binary = binary
        self.certificates = certificates
        self.rest = rest
        self.common = ["--tls", tls, "--concurrency", str(concurrency)]

    def make_certificates(self, host):
        self.certificates.mkdir(parents=True, exist_ok=True)
        command = [str(self.binary), "certificates", "--folder", str(self.certificates), "--host", host]
        subprocess.run(command, check=True)

    def _command(self, verb, server, with_certificate, arguments):
        command = [str(self.binary), verb, "--port", str(server.port), *self.common]
        if with_certificate:
            command += ["--certificates", str(self.certificates)]
        return command + [str(argument) for argument in arguments]

    def run(self, verb, server, *arguments, with_certificate=False):
        """One run: what bench_load reports, and `cpu`, the server's microseconds of processor time for it."""
        before = server.cpu()
        done = subprocess.run(
            self._command(verb, server, with_certificate, arguments), capture_output=True, text=True, check=False
        )
        time.sleep(self.rest)
        after = server.cpu()
        if done.returncode != 0:
            raise LoadFailed(done.stderr)
        report = _checked(json.loads(done.stdout), server)
        report["cpu"] = after - before
        return report

    def hold(self, server, verb, *arguments, with_certificate):
        """Opens connections and keeps them: a process to be ended by closing its standard input."""
        process = subprocess.Popen(
            self._command(verb, server, with_certificate, arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = process.stdout.readline()
        if not line:
            raise LoadFailed("the connections were not made")
        _checked(json.loads(line), server)
        return process


def _checked(report, server):
    if report["failed"]:
        raise LoadFailed(f"{report['failed']} clients of {server.name} failed, the first one: {report['failure']}")
    return report

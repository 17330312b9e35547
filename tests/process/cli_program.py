"""Runs the command line program with the connection of a service."""
import json
import subprocess

from muster_process import BINARY, clean_environment

OK, REFUSED, USAGE, UNREACHABLE, NOT_FOUND = 0, 1, 2, 3, 4


def muster(*arguments, code=OK, environment=None):
    """Runs `muster VERB...` without a service; what it prints or, when it must fail, its error text."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env=clean_environment() | (environment or {}),
    )
    assert done.returncode == code, done
    return done.stdout if code == OK else done.stderr


class Cli:
    """Runs `muster VERB...` with the connection of a service."""

    def __init__(self, muster):
        self.muster = muster
        self.environment = clean_environment() | {
            "MUSTER_CONNECTION_STRING_FILE": muster.ready["connectionStringFile"],
            "MUSTER_CA": muster.ca_file,
            "MUSTER_CONNECT_TO": f"{muster.address}:{muster.port}",
        }

    def run(self, *arguments, environment=None):
        done = subprocess.run(
            [BINARY, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
            env=self.environment if environment is None else environment,
        )
        for secret in self.muster.secrets:
            assert secret not in done.stderr, "a secret stands in an error text"
        return done

    def json(self, *arguments):
        done = self.run(*arguments, "-o", "json")
        assert done.returncode == OK, done
        return json.loads(done.stdout) if done.stdout.strip() else None

    def fails(self, code, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == code, done
        assert done.stderr.strip(), "a failure explains itself"
        return done.stderr

    def register(self, *arguments):
        done = self.run(
            "device",
            "register",
            "--provisioning-host",
            f"{self.muster.ready['provisioningHost']}:{self.muster.port}",
            "--id-scope",
            self.muster.id_scope,
            *arguments,
            "-o",
            "json",
        )
        return done.returncode, json.loads(done.stdout)

"""The Debian package: what is in it, and that what is in it works. `prove_install` installs it, which takes minutes."""
import gzip
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
sys.path[:0] = [str(FOLDER), str(ROOT / "tests" / "process")]

# pylint: disable=wrong-import-position
from installed import CONFIG, UNIT, NotifySocket, Unit
from muster_process import clean_environment

BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build" / "release"))


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, done
    return done.stdout


@pytest.fixture(scope="session")
def package():
    run("cmake", "--build", BUILD, "--target", "deb")
    return max(BUILD.glob("muster_*.deb"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="session")
def root(package, tmp_path_factory):
    """The package's files, unpacked."""
    folder = tmp_path_factory.mktemp("root")
    run("dpkg-deb", "-x", package, folder)
    run("dpkg-deb", "-e", package, folder / "DEBIAN")
    return folder


def test_says_what_it_is_and_needs(package):
    fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", package).splitlines() if ": " in line)
    assert fields["Package"] == "muster"
    assert re.fullmatch(r"\d+\.\d+\.\d+-\d+", fields["Version"])
    assert fields["Architecture"] == run("dpkg", "--print-architecture").strip()
    needed = {each.split(" ")[0] for each in fields["Depends"].split(", ")}
    assert {"adduser", "libc6", "libssl3", "libsqlite3-0", "libcurl4", "libtss2-esys-3.0.2-0"} <= needed, "found by dpkg-shlibdeps"
    assert not any(name.endswith("-dev") for name in needed)


def test_version_is_that_of_the_program_and_the_changelog(package, root):
    version = run("dpkg-deb", "-f", package, "Version").strip()
    assert run(root / "usr/bin/muster", "--version") == f"muster {version.split('-')[0]}\n"
    with gzip.open(root / "usr/share/doc/muster/changelog.Debian.gz", "rt", encoding="utf-8") as changelog:
        assert changelog.readline().startswith(f"muster ({version}) ")


def test_every_file_belongs_to_root_and_is_writable_to_nobody_else(package):
    for line in run("dpkg-deb", "-c", package).splitlines():
        mode, owner = line.split()[:2]
        assert owner == "root/root" and mode[5] != "w" and mode[8] != "w", line


def test_configuration_is_the_operators(root):
    """Every file below /etc is a conffile, so an upgrade asks before it replaces a changed one."""
    conffiles = (root / "DEBIAN/conffiles").read_text(encoding="utf-8").split()
    below_etc = [f"/{path.relative_to(root)}" for path in (root / "etc").rglob("*") if path.is_file()]
    assert sorted(conffiles) == sorted(below_etc)


def test_maintainer_scripts_are_good_shell(root):
    for name in ("postinst", "prerm", "postrm"):
        run("sh", "-n", root / "DEBIAN" / name)
        assert "set -e" in (root / "DEBIAN" / name).read_text(encoding="utf-8")


def test_unit_starts_the_program_as_it_can_be_started(root):
    program, verb, *arguments = Unit(root).command()
    assert (root / program.lstrip("/")).exists() and verb == "serve"
    known = run(root / "usr/bin/muster", "serve", "--help")
    for option in (each for each in arguments if each.startswith("--")):
        assert f"  {option} " in known
    assert f"/{CONFIG}" in arguments


def test_unit_is_known_to_systemd(root):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={root}", "muster.service"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # What other packages bring is not below this root.
    missing = ("sysinit.target not found", "/bin/kill is not executable")
    assert not [line for line in done.stderr.splitlines() if not any(each in line for each in missing)], done.stderr
    exposure = run("systemd-analyze", "security", "--offline=true", root / UNIT).splitlines()[-1]
    assert float(re.search(r"(\d\.\d) OK", exposure)[1]) < 2.0, exposure


def test_completion_and_manual_page_come_from_this_program(root):
    share = root / "usr/share"
    program = root / "usr/bin/muster"
    for shell, path in (
        ("bash", "bash-completion/completions/muster"),
        ("zsh", "zsh/vendor-completions/_muster"),
        ("fish", "fish/vendor_completions.d/muster.fish"),
    ):
        assert (share / path).read_text(encoding="utf-8") == run(program, "completion", shell)
    run("bash", "-n", share / "bash-completion/completions/muster")
    assert (share / "zsh/vendor-completions/_muster").read_text(encoding="utf-8").startswith("#compdef muster\n")
    page = gzip.open(share / "man/man1/muster.1.gz", "rt", encoding="utf-8").read()
    assert page.startswith(".TH MUSTER 1 ")
    for command in ("serve", "backup", "enrollment create", "device register"):
        assert f'.SS "muster {command}"' in page
    assert "\\fB\\-\\-operations\\-listen ADDRESS:PORT|off\\fR" in page


@pytest.mark.parametrize("config", [CONFIG, "usr/share/doc/muster/examples/muster.toml"])
def test_service_runs_with_the_packaged_configuration(root, tmp_path, config):
    """As the unit starts it, but with the ports, data and rights of a test; the service manager hears of it."""
    notify = NotifySocket(tmp_path / "notify")
    environment = clean_environment() | {
        "MUSTER_DATA": str(tmp_path / "data"),
        "MUSTER_LISTEN": "127.0.0.1:0",
        "MUSTER_OPERATIONS_LISTEN": "127.0.0.1:0",
        "MUSTER_READY_FILE": str(tmp_path / "ready"),
        "NOTIFY_SOCKET": str(notify.path),
    }
    program, *arguments = Unit(root).command()
    arguments = [str(root / config) if each == f"/{CONFIG}" else each for each in arguments]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([root / program.lstrip("/"), *arguments], env=environment, stdout=log, stderr=log)
    try:
        assert "ID scope 0ne" in notify.wait_for("READY=1", process)["STATUS"]
        assert (tmp_path / "data/tls/ca.pem").exists()
        notify.wait_for("WATCHDOG=1", process)
        process.send_signal(signal.SIGHUP)
        earliest = time.clock_gettime(time.CLOCK_MONOTONIC) - 60
        assert int(notify.wait_for("RELOADING=1", process)["MONOTONIC_USEC"]) > earliest * 1e6
        notify.wait_for("READY=1", process)
        process.terminate()
        notify.wait_for("STOPPING=1", process)
        assert process.wait(30) == 0, (tmp_path / "log").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()
        notify.close()

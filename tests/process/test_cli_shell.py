"""What makes the command line comfortable: profiles and completion, tried in a real shell."""
import os
import stat
import subprocess

import pytest

from cli_program import NOT_FOUND, OK, USAGE, Cli
from muster_process import BINARY, clean_environment


@pytest.fixture
def cli(muster, folder):
    """Knows no service but by its profiles."""
    program = Cli(muster)
    program.environment = clean_environment() | {"XDG_CONFIG_HOME": str(folder)}
    return program


def add_plant(cli, muster, *more):
    return cli.json(
        *("profile", "add", "--name", "plant", "--connection-string-file", muster.ready["connectionStringFile"]),
        *("--ca", muster.ca_file, "--connect-to", f"{muster.address}:{muster.port}", *more),
    )


def test_a_profile_reaches_its_service(cli, muster, folder):
    assert "muster profile add" in cli.fails(USAGE, "enrollment", "list")
    assert add_plant(cli, muster)["current"] is True
    assert cli.run("enrollment", "list").returncode == OK
    assert cli.run("enrollment", "list", "--profile", "plant").returncode == OK
    cli.fails(USAGE, "enrollment", "list", "--profile", "elsewhere")
    file = folder / "muster" / "profiles.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_profiles_are_listed_without_keys_switched_and_forgotten(cli, muster, folder):
    add_plant(cli, muster)
    other = "HostName=lab.example.net;SharedAccessKeyName=reader;SharedAccessKey=AAECAwQFBgc="
    cli.json("profile", "add", "--name", "lab", "--connection-string", other, "--use")
    listed = cli.run("profile", "list")
    assert "lab.example.net" in listed.stdout and "AAECAwQFBgc" not in listed.stdout
    assert "AAECAwQFBgc" not in cli.run("profile", "show", "--name", "lab", "-o", "json").stdout
    assert cli.run("profile", "use", "--name", "plant").returncode == OK
    assert [each["name"] for each in cli.json("profile", "list") if each["current"]] == ["plant"]
    assert cli.run("profile", "delete", "--name", "plant").returncode == OK
    cli.fails(NOT_FOUND, "profile", "show", "--name", "plant")
    cli.fails(USAGE, "enrollment", "list")

    (folder / "muster" / "profiles.toml").chmod(0o644)
    assert "chmod 600" in cli.run("profile", "list").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--name", "a b", "--connection-string", "x"),
        ("--name", "a", "--connection-string", "no connection string"),
        ("--name", "a"),
        ("--name", "a", "--connection-string-file", "/nowhere"),
    ],
)
def test_nonsense_makes_no_profile(cli, arguments):
    cli.fails(USAGE, "profile", "add", *arguments)
    assert cli.json("profile", "list") == []


COMPLETIONS = {
    ("exp",): {"explain"},
    ("enrollment", ""): {"create", "list", "show", "update", "delete"},
    ("enrollment", "create", "--attestation-t"): {"--attestation-type"},
    ("enrollment", "list", "-o", ""): {"table", "json"},
    ("enrollment", "registration", ""): {"show", "delete"},
    ("enrollment-g",): {"enrollment-group"},
    ("enrollment-group", "registration", "list", "--g"): {"--gid", "--group-id"},
    ("policy", "update", "--regenerate", ""): {"primary", "secondary"},
    ("explain", "--chain", "/etc/passw"): {"/etc/passwd"},
}


@pytest.mark.parametrize("words", COMPLETIONS, ids=" ".join)
def test_bash_completes(words):
    script = 'eval "$("$1" completion bash)"; shift; COMP_WORDS=(muster "$@"); COMP_CWORD=$#; _muster; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", BINARY, *words],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert not done.stderr
    assert COMPLETIONS[words] <= set(done.stdout.split())

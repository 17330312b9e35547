"""The measured comparison (bench/README.md) runs and reports; what it measures is never judged here."""
import json
import pathlib
import subprocess
import sys

import muster_process
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / "build" / "release" / muster_process.BINARY).resolve().parents[2]

sys.path.insert(0, str(ROOT / "bench"))

# pylint: disable=wrong-import-position
from comparison import servers


def compare(*arguments):
    if servers.find_nginx() is None:
        pytest.skip("nginx is not installed (tools/install-dependencies bench)")
    if not (BUILD / "bench" / "bench_load").exists():
        pytest.skip("the bench programs are not built")
    done = subprocess.run(
        [str(ROOT / "bench" / "registration"), "--build", str(BUILD), "--quick", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return {figure["name"]: figure for figure in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("attestation", ["x509", "symmetric", "tpm"])
def test_registrations(attestation):
    figures = compare("--attestation", attestation)
    cost = figures[f"registration.{attestation}.cpu"]
    assert cost["muster"] > 0 and cost["reference"] > 0 and cost["unit"] == "us"
    assert figures[f"registration.{attestation}.polls"]["muster"] >= 1


@pytest.mark.parametrize("transport", ["mqtt", "amqp"])
def test_registrations_over_other_transports(transport):
    figures = compare("--attestation", "symmetric", "--transport", transport)
    assert figures[f"registration.symmetric.{transport}.polls"]["muster"] >= 1


def test_telemetry():
    if servers.find_mosquitto() is None:
        pytest.skip("mosquitto is not installed (tools/install-dependencies bench)")
    if not (BUILD / "bench" / "bench_load").exists():
        pytest.skip("the bench programs are not built")
    command = [str(ROOT / "bench" / "telemetry"), "--build", str(BUILD), "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    figures = {figure["name"]: figure for figure in map(json.loads, done.stdout.splitlines())}
    assert {"telemetry.cpu", "telemetry.rate", "telemetry.connect-cpu", "telemetry.connect-rate"} == set(figures)
    assert all(figure["muster"] > 0 and figure["reference"] > 0 for figure in figures.values())


def test_credentials_of_tpms():
    if not (BUILD / "bench" / "bench_credential").exists():
        pytest.skip("the bench programs are not built")
    command = [str(ROOT / "bench" / "tpm"), "--build", str(BUILD), "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    figures = {figure["name"]: figure for figure in map(json.loads, done.stdout.splitlines())}
    assert {"make-credential RSA-2048", "make-credential ECC P-256"} <= set(figures)
    assert all(figure["muster"] > 0 and figure["reference"] > 0 for figure in figures.values())


def test_reads_and_idle_connections():
    figures = compare("--table", "reads", "--table", "idle")
    assert {"reads.cpu", "idle.memory"} <= set(figures)

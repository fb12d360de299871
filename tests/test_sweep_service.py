"""The sweep that `make serve` runs beside the product: it works by itself, and ends with what started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.environment import ROOT
from triage.migrate import migrate

STARTS = """
import sys
from scripts.serve import start_sweep
start_sweep()
sys.stdin.read()"""


@pytest.fixture
def instance(tmp_path):
    """A migrated instance."""
    migrate(f"sqlite:///{tmp_path / 'triage.db'}")
    return tmp_path


@pytest.fixture
def start(instance):
    """Start the sweep as `make serve` does, every so many seconds; whatever is left ends with the test."""
    started = []

    def begun(every):
        environment = {**os.environ, "TRIAGE_INSTANCE": str(instance), "SWEEP_EVERY": every}
        environment.pop("TRIAGE_DATABASE_URL", None)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        started.append(subprocess.Popen([sys.executable, "-c", STARTS], cwd=ROOT, env=environment, text=True, **pipes))
        return started[0]

    yield begun
    for process in started:
        process.kill()
        with process:  # closes its pipes
            pass


def sweeps_of(parent):
    """Which processes sweep for a parent."""
    wanted = f"--parent\0{parent}\0".encode()
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if wanted in read(path)]


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def wait_until(holds, seconds=60):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


def test_the_sweep_runs_again_and_again_and_ends_with_what_started_it(instance, start):
    process, log = start("1"), instance / "sweep.log"
    wait_until(lambda: read(log).count(b"0 warnings, 0 sent") > 1)
    assert log.stat().st_mode & 0o077 == 0
    assert len(sweeps_of(process.pid)) == 1
    process.kill()
    process.wait()
    wait_until(lambda: not sweeps_of(process.pid))


def test_who_has_a_timer_of_their_own_starts_none(instance, start):
    process = start("0")
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert not (instance / "sweep.log").exists()


def test_what_is_no_number_of_seconds_is_said(start):
    process = start("often")
    assert "SWEEP_EVERY=often is not a number of seconds" in process.stdout.read()
    assert process.wait(timeout=60) == 1

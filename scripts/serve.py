"""From a fresh clone to a running product: install, front end, database, model, demo organisation, live updates, sweep, gunicorn.

Every step is a no-op when it was done before, so a second run starts in seconds and changes nothing.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from scripts import environment, frontend
from scripts.environment import PYTHON, ROOT, say


def flask(*arguments: str) -> None:
    """Run one of the product's commands."""
    done = subprocess.run([PYTHON, "-m", "flask", "--app", "wsgi", *arguments], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"flask {' '.join(arguments)} failed; see above")


IS_THERE_A_MODEL = "from classifier.registry import *; from classifier.model import read_model; read_model(current_model_dir(instance_dir()))"


def train() -> None:
    """Train the bundled model, unless there is one in use that can be loaded; one of an earlier release may not."""
    if subprocess.run([str(PYTHON), "-c", IS_THERE_A_MODEL], cwd=ROOT, capture_output=True, check=False).returncode:
        flask("train")


STEPS: tuple[tuple[str, str, Callable[[], None]], ...] = (
    ("installing", "the pinned packages", lambda: environment.ensure(environment.RUNNING)),
    ("front end", "style sheet and script", frontend.bring),
    ("database", "schema and reference data", lambda: flask("migrate")),
    ("training", "the bundled model, if there is none", train),
    ("demo", "the demo organisation and its invented past, if there is none", lambda: flask("demo")),
)


def trouble_of(host: str, port: int) -> str:
    """Say why a port cannot be had; empty when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
        except (OSError, OverflowError) as error:
            return getattr(error, "strerror", None) or str(error)
    return ""


def check_port(host: str, port: int) -> None:
    """Say before the long steps, not after them, that somebody else has the port."""
    if trouble := trouble_of(host, port):
        sys.exit(f"{host}:{port}: {trouble}; choose another port with: make serve PORT=8010")


def start_live(host: str, port: int) -> None:
    """Start the process of live updates on the next port (LIVE_PORT), to end with this one; without it pages ask by themselves.

    Where TRIAGE_LIVE_URL is set, somebody else has started it.
    """
    if os.environ.get("TRIAGE_LIVE_URL"):
        return
    live = os.environ.get("LIVE_PORT") or str(port + 1)
    if not live.isdigit():
        sys.exit(f"LIVE_PORT={live} is not a number; 0: no live updates")
    if live == "0":
        return
    if trouble := trouble_of(host, int(live)):
        say(f"no live updates, pages ask by themselves: {host}:{live}: {trouble}; choose another port with: make serve LIVE_PORT=8011")
        return
    whom = ["--page-port", str(port), "--parent", str(os.getpid())]
    subprocess.Popen([PYTHON, "-m", "routes.live", "--host", host, "--port", live, *whom], cwd=ROOT)
    os.environ["TRIAGE_LIVE_URL"] = f":{live}/live/events"


def start_sweep() -> None:
    """Start what warns, escalates, sends, folds figures and makes reports each minute (SWEEP_EVERY seconds), to end with this process.

    SWEEP_EVERY=0: a timer of the machine does it (docs/escalation.md). What it says goes to `sweep.log` in the instance folder.
    """
    every = os.environ.get("SWEEP_EVERY") or "60"
    if not every.isdigit():
        sys.exit(f"SWEEP_EVERY={every} is not a number of seconds; 0: no sweep")
    if int(every) == 0:
        return
    log = (ROOT / (os.environ.get("TRIAGE_INSTANCE") or "instance") / "sweep.log").resolve()
    command = [str(PYTHON), "-m", "flask", "--app", "wsgi", "sweep", "--every", every, "--parent", str(os.getpid())]
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as output:
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    say(f"sweep: every {every} s; what it says stands in {log}")


def main() -> None:
    """Take the steps, tell their seconds, and become gunicorn."""
    environment.check_python()
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdigit():
        sys.exit(f"PORT={port} is not a number")
    check_port(host, int(port))
    summary = []
    for name, what, step in STEPS:
        say(f"{name}: {what} ...")
        began = time.monotonic()
        step()
        seconds = time.monotonic() - began
        say(f"{name}: {seconds:.1f} s")
        summary.append(f"{name} {seconds:.1f} s")
    say(" · ".join(summary))
    os.chdir(ROOT)
    os.environ.update(HOST=host, PORT=port)
    start_live(host, int(port))
    start_sweep()
    os.execv(PYTHON, [str(PYTHON), "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nstopped")

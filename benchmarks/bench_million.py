"""A million rows through `flask classify`: rows a second beside the bare model, memory at 10^4, 10^5 and 10^6 rows, a kill on the way.

The sizes may be given as arguments: `python benchmarks/bench_million.py 10000 100000`.
"""

import csv
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from classifier.columns import MOST_CANDIDATES
from classifier.commands import train
from classifier.corpus import read_bundled
from classifier.manifest import FULL
from classifier.model import Model, load_model

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
BARE = 20_000
ENCODED = 5_000
BLOCK = 256
COMMAND = (sys.executable, "-c", "from classifier.commands import classify; classify()")


def write_rows(path: Path, rows: int) -> None:
    """So many rows that are all different: the corpus's texts in another order each time, cut at another place, with a number."""
    texts, chance = list(read_bundled(ROOT / "data").texts), random.Random(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "text"])
        for number in range(rows):
            text = chance.choice(texts)
            out.writerow([number, f"{text[chance.randrange(len(text)) // 2 :]} {chance.randrange(10**8)}"])


def read_texts(path: Path, rows: int) -> list[str]:
    """The first texts of such a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for _, row in zip(range(rows), csv.DictReader(file), strict=False)]


def family(pid: int) -> list[int]:
    """A process and all that it has started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(other for child in children for other in family(int(child)))]


def megabytes(pid: int) -> float:
    """The memory of a process and its workers; what they share is counted once."""
    total = 0
    for member in family(pid):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def start(rows: Path, out: Path, model: Path, *options: str) -> subprocess.Popen[bytes]:
    """The command, at work."""
    given = [*COMMAND, str(rows), "--text", "text", "--out", str(out), "--model", str(model), *options]
    return subprocess.Popen(given, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)


def classified(rows: Path, out: Path, model: Path, *options: str) -> tuple[float, float]:
    """Seconds from the start of the command to its end, and the most megabytes on the way."""
    began, most = time.perf_counter(), 0.0
    with start(rows, out, model, *options) as process:
        while process.poll() is None:
            most = max(most, megabytes(process.pid))
            time.sleep(1.0)
    assert process.returncode == 0
    return time.perf_counter() - began, most


def kill_half_way(rows: Path, count: int, out: Path, model: Path) -> int:
    """Start the command, kill it when half of the rows are kept, and give how many those are."""
    journal = out.with_name(f"{out.name}.part.json")
    with start(rows, out, model, "--fast") as process:
        while not (journal.exists() and json.loads(journal.read_text())["rows"] > count / 2):
            assert process.poll() is None, "it was done before it could be killed"
            time.sleep(0.05)
        process.kill()
    return int(json.loads(journal.read_text())["rows"])


def digest(path: Path) -> str:
    """What two equal files have in common."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(out: Path, rows: int) -> None:
    """Each row once, in order."""
    with out.open(encoding="utf-8", newline="") as file:
        assert all(int(row["id"]) == number for number, row in enumerate(csv.DictReader(file)))
    assert len(read_texts(out, rows + 1)) == rows


def bare(model: Model, texts: Sequence[str]) -> float:
    """Texts a second of the model alone, on blocks as the command uses them."""
    began = time.perf_counter()
    for at in range(0, len(texts), BLOCK):
        model.predict(texts[at : at + BLOCK], explain=False, most=MOST_CANDIDATES)
    return len(texts) / (time.perf_counter() - began)


def compare(folder: Path, model: Path, sizes: Sequence[int]) -> None:
    """Print what each size takes on one worker and on two, and what a kill half-way changes."""
    rate = 0.0
    for size in sizes:
        rows = folder / f"{size}.csv"
        write_rows(rows, size)
        rate = rate or bare(load_model(model, fast=True), read_texts(rows, BARE))
        made = set()
        for jobs in (1, 2):
            out = folder / f"out{jobs}.csv"
            seconds, most = classified(rows, out, model, "--fast", "--jobs", str(jobs))
            made.add(digest(out))
            check(out, size)
            print(f"{size:>9,} rows, --jobs {jobs}: {seconds:6.1f} s with the start, {size / seconds:6.0f} rows/s, {most:4.0f} MB", flush=True)
        kept = kill_half_way(rows, size, folder / "killed.csv", model) if size > min(SIZES) else 0
        classified(rows, folder / "killed.csv", model, "--fast")
        made.add(digest(folder / "killed.csv"))
        assert len(made) == 1
        print(f"{size:>9,} rows, killed after {kept:,} and gone on with: the same bytes; {out.stat().st_size / 1e6:.0f} MB written", flush=True)
    print(f"bare model on one core: {rate:.0f} rows/s")


def encode(folder: Path, model: Path) -> None:
    """Print the same of the encoder on fewer rows."""
    rows = folder / "encoded.csv"
    write_rows(rows, ENCODED)
    rate = bare(load_model(model), read_texts(rows, ENCODED // 10))
    for jobs in (1, 2):
        seconds, most = classified(rows, folder / f"full{jobs}.csv", model, "--jobs", str(jobs))
        print(f"{ENCODED:>9,} rows, --jobs {jobs}, with the encoder: {seconds:6.1f} s, {ENCODED / seconds:6.0f} rows/s, {most:4.0f} MB", flush=True)
    assert digest(folder / "full1.csv") == digest(folder / "full2.csv")
    print(f"bare model with the encoder on one core: {rate:.0f} rows/s; the same bytes whatever the jobs")


def main() -> None:
    """Train a model, and print the figures."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        model = Path(os.environ.get("MODEL", folder / "model"))
        if not model.exists():
            train.main(["--model", str(model)], standalone_mode=False)
        compare(folder, model, sizes)
        if load_model(model).way == FULL:
            encode(folder, model)


if __name__ == "__main__":
    main()

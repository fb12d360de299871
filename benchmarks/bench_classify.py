"""Our model against a plain jieba + TF-IDF + logistic regression pipeline fitted on the same rows, measured in the same run."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import jieba
import numpy as np
from joblib import Parallel, delayed
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from classifier.batch import ROWS_AT_ONCE, FromFolder, classify_block
from classifier.commands import train
from classifier.corpus import read_bundled
from classifier.model import Model, load_model
from triage.attention import hear
from triage.entities import find_entities
from triage.migrate import migrate
from triage.reference import load_reference
from triage.rules import Rules
from triage.store import Database, Store

ROOT = Path(__file__).resolve().parent.parent
LENGTHS = (60, 200)
ONE_BY_ONE = 400
BATCH = 4_000
SHARED = 40_000  # long enough that the start of the second process weighs nothing
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)

START = """
import time
began = time.perf_counter()
from pathlib import Path
from classifier.model import load_model
model = load_model(Path({folder!r}), fast={fast})
model.predict(["昨晚八点开始整个小区停电，到现在没有人来修"])
print(f"{{time.perf_counter() - began:.2f}}")
"""
FORKED = """
import os, time
from pathlib import Path
from classifier.model import load_model
model = load_model(Path({folder!r}), fast={fast})
text = "昨晚八点开始整个小区停电，到现在没有人来修"
model.predict([text])

def kilobytes(field, pid):
    lines = Path(f"/proc/{{pid}}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(field))

seconds, children = [], []
for _ in range(4):
    read, write = os.pipe()
    began = time.perf_counter()
    child = os.fork()
    if not child:
        model.predict([text])
        os.write(write, b"x")
        time.sleep(30)
        os._exit(0)
    os.read(read, 1)
    seconds.append(time.perf_counter() - began)
    children.append(child)
own = [kilobytes("Private", child) / 1024 for child in children]
shares = [kilobytes("Pss:", child) / 1024 for child in [os.getpid(), *children]]
print(f"{{max(seconds):.3f}} {{kilobytes('Rss', os.getpid()) / 1024:.0f}} {{max(own):.0f}} {{sum(shares):.0f}}")
for child in children:
    os.kill(child, 9)
"""


def of_length(texts: Sequence[str], length: int, count: int) -> list[str]:
    """So many texts of just this length, cut from the corpus's own, one after the other."""
    joined = "".join(texts)
    return [joined[start : start + length] for start in range(0, count * length, length) if len(joined[start : start + length]) == length]


def one_by_one(answer: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float]:
    """The median and the 99th percentile of the time for one text, in milliseconds, the best of three rounds."""
    rounds = []
    for _ in range(3):
        times = []
        for text in texts:
            began = time.perf_counter()
            answer(text)
            times.append(time.perf_counter() - began)
        rounds.append((float(np.median(times)) * 1000, float(np.percentile(times, 99)) * 1000))
    return min(rounds)


def per_second(work: Callable[[], object], texts: int) -> float:
    """Texts a second, the best of three rounds."""
    rounds = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        rounds.append(time.perf_counter() - began)
    return texts / min(rounds)


def started(program: str, folder: Path, *, fast: bool) -> list[float]:
    """The figures that a fresh process prints."""
    code = program.format(folder=str(folder), fast=fast)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    return [float(figure) for figure in done.stdout.split()]


def bundled_rules(folder: Path) -> Rules:
    """The rules as a fresh installation has them."""
    url = f"sqlite:///{folder / 'rules.db'}"
    migrate(url)
    database = Database(url)
    with database.connect() as connection:
        store = Store(connection, b"benchmark" * 4)
        load_reference(store, NOW)
        rules = store.rules()
    database.dispose()
    return rules


def compare_one(plain: object, ours: Model, full: Model, rules: Rules, texts: Sequence[str], length: int) -> None:
    """Print the times of one text as the agent types: all that the page shows against the plain pipeline's bare answer."""

    def all_of_it(model: Model) -> Callable[[str], object]:
        return lambda text: (model.predict([text], most=3), list(hear(text, rules.wordings)), find_entities(text, now=NOW))

    theirs = one_by_one(lambda text: plain.predict_proba([text]), texts)  # type: ignore[attr-defined]
    mine = one_by_one(all_of_it(ours), texts)
    encoded = one_by_one(all_of_it(full), texts)
    print(
        f"one text of {length}: plain {theirs[0]:.2f} / {theirs[1]:.2f} ms (median / p99), "
        f"ours with both heads, top three, words, attention and entities {mine[0]:.2f} / {mine[1]:.2f}; "
        f"ratio {mine[0] / theirs[0]:.2f} / {mine[1] / theirs[1]:.2f} (aim 0.67); with the encoder {encoded[0]:.1f} / {encoded[1]:.1f} ms (aim 10)"
    )


def compare_batch(plain: object, ours: Model, full: Model, folder: Path, texts: Sequence[str], length: int) -> None:
    """Print the texts a second of a batch on one core, on two, and with the encoder."""
    theirs = per_second(lambda: plain.predict_proba(texts), len(texts))  # type: ignore[attr-defined]
    mine = per_second(lambda: ours.predict(texts, explain=False, most=3), len(texts))
    source = FromFolder(folder, ours.version, fast=True, caller=os.getpid())
    many = (list(texts) * (SHARED // len(texts) + 1))[:SHARED]
    blocks = [many[start : start + ROWS_AT_ONCE] for start in range(0, len(many), ROWS_AT_ONCE)]
    with Parallel(n_jobs=2) as pool:
        both = per_second(lambda: pool(delayed(classify_block)(source, ours.way, block) for block in blocks), len(many))
    alone = per_second(lambda: [classify_block(source, ours.way, block) for block in blocks], len(many))
    few = texts[:200]
    encoded = per_second(lambda: full.predict(few, explain=False, most=3), len(few))
    print(
        f"batch of {len(texts)} texts of {length}: plain {theirs:.0f} texts/s, ours with both heads {mine:.0f}; ratio {mine / theirs:.2f} (aim 3); "
        f"with its cells written {alone:.0f}, by two processes {both:.0f}, {both / alone:.2f} times as fast; with the encoder {encoded:.0f}"
    )


def main() -> None:
    """Fit both, and print the ratios."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "model"
        train.main(["--model", str(folder)], standalone_mode=False)
        ours, full = load_model(folder, fast=True), load_model(folder)
        corpus = read_bundled(ROOT / "data")
        texts, topics = list(corpus.texts), list(corpus.labels["topic"])
        plain = make_pipeline(TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None), LogisticRegression(max_iter=1000)).fit(texts, topics)
        rules = bundled_rules(Path(made))
        for length in LENGTHS:
            compare_one(plain, ours, full, rules, of_length(texts, length, ONE_BY_ONE), length)
            compare_batch(plain, ours, full, folder, of_length(texts, length, BATCH), length)
        for fast in (True, False):
            (first,) = started(START, folder, fast=fast)
            fork, resident, own, together = started(FORKED, folder, fast=fast)
            print(
                f"{'fast' if fast else 'full'} way: first answer {first:.2f} s after import begins (aim 1.5), forked worker {fork:.3f} s (aim 0.2); "
                f"parent {resident:.0f} MB, each of four workers {own:.0f} MB of its own, all five together {together:.0f} MB"
            )


if __name__ == "__main__":
    main()

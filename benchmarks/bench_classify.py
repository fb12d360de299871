"""Our model against a plain jieba + TF-IDF + logistic regression pipeline fitted on the same rows in the same run."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jieba
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from classifier.commands import train
from classifier.corpus import read_bundled
from classifier.model import load_model

ROOT = Path(__file__).resolve().parent.parent
ONE_BY_ONE = 300


def seconds(work: Callable[[], object]) -> float:
    """The best of three runs."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def median_ms(answer: Callable[[str], object], texts: list[str]) -> float:
    """The median time of one text at a time."""
    times = []
    for text in texts[:ONE_BY_ONE]:
        began = time.perf_counter()
        answer(text)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> None:
    """Fit both, and print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        train.main(["--model", f"{folder}/model"], standalone_mode=False)
        ours = load_model(Path(folder) / "model")
    corpus = read_bundled(ROOT / "data")
    texts, topics = list(corpus.texts), list(corpus.labels["topic"])
    plain = make_pipeline(TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None), LogisticRegression(max_iter=1000)).fit(texts, topics)
    theirs_batch, ours_batch = seconds(lambda: plain.predict_proba(texts)), seconds(lambda: ours.predict(texts, explain=False))
    theirs_one, ours_one = median_ms(lambda t: plain.predict_proba([t]), texts), median_ms(lambda t: ours.predict([t]), texts)
    print(
        f"batch: plain {len(texts) / theirs_batch:.0f} texts/s, ours (two heads) {len(texts) / ours_batch:.0f}; ratio {theirs_batch / ours_batch:.2f}"
    )
    print(f"one text: plain {theirs_one:.2f} ms, ours (two heads, words that counted) {ours_one:.2f} ms; ratio {ours_one / theirs_one:.2f}")


if __name__ == "__main__":
    main()

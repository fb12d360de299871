"""Checks that the corpus has not degenerated into templates; `.venv/bin/python -m scripts.corpus_check` is part of `make check`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

import tables
from scripts.environment import ROOT

DATA = ROOT / "data"
REGISTERS = ("letter", "note", "short", "speech")
LEAST_TEXTS = 60
LEAST_IN_ALL = 3_500
LEAST_OF_REGISTER = 5
LEAST_TYPES = 3
LEAST_HARD = 3
LONGEST_SHORT = 19
LIKENESS = 0.6
MOST_OF_ONE_OPENING = 0.12
OPENING = 4
# Agents write their notes in one style, letters greet, and the app has one name: these openings are no sign of a template.
USUAL_OPENINGS = (
    "客户来电",
    "客户反映",
    "用户来电",
    "用户反映",
    "来电人反",
    "市民来电",
    "用户称家",
    "客户称家",
    "尊敬的领",
    "您好，我",
    "你好，我",
    "客户称其",
    "网上国网",
)
# A name of two or three characters (电费, 抄表) is a word that everybody says; a longer one would give the topic away.
LONG_NAME = 4
MOST_GIVEN_AWAY = 0.25
# Ninth decile of the lengths of a topic over the first: one size for all would be a template.
LEAST_SPREAD = 2.5


@dataclass(frozen=True)
class Row:
    """One text of the corpus and where it stands."""

    place: str
    topic: str
    text: str
    demand_type: str
    register: str
    is_hard: bool


def read_corpus(folder: Path) -> list[Row]:
    """All rows of `<topic>.csv` files."""
    rows = []
    for path in sorted(folder.glob("*.csv")):
        for row in tables.read_rows(path, need=("text", "demand_type", "register", "hard")):
            value = row.values
            rows.append(Row(f"{path.name}:{row.number}", path.stem, value["text"], value["demand_type"], value["register"], value["hard"] == "1"))
    return rows


def problems(rows: Sequence[Row], names: dict[str, str]) -> Iterator[str]:
    """Say what is wrong with a corpus, a line each; `names` has the official name of each topic."""
    if len(rows) < LEAST_IN_ALL:
        yield f"{len(rows)} texts, there must be {LEAST_IN_ALL}"
    yield from near_duplicates(rows)
    yield from _row_problems(rows)
    for topic, name in names.items():
        of_topic = [row for row in rows if row.topic == topic]
        for problem in _topic_problems(of_topic, name):
            yield f"{topic}: {problem}"


def near_duplicates(rows: Sequence[Row]) -> Iterator[str]:
    """Pairs of texts whose character trigrams are alike by a cosine of 0.6 or more."""
    texts = [row.text if len(row.text) > 2 else f"{row.text}  " for row in rows]
    matrix = normalize(CountVectorizer(analyzer="char", ngram_range=(3, 3), binary=True, dtype=np.float32).fit_transform(texts))
    for start in range(0, len(rows), 500):
        alike = (matrix[start : start + 500] @ matrix.T).tocoo()
        for one, other, likeness in zip(alike.row + start, alike.col, alike.data, strict=True):
            if one < other and likeness >= LIKENESS:
                yield f"{rows[one].place} and {rows[other].place} are alike by {likeness:.2f}: {rows[one].text[:30]} / {rows[other].text[:30]}"


def _row_problems(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row.register not in REGISTERS:
            yield f"{row.place}: register {row.register!r} is none of {', '.join(REGISTERS)}"
        if row.register == "short" and len(row.text) > LONGEST_SHORT:
            yield f"{row.place}: a short text has {LONGEST_SHORT} characters at most, this has {len(row.text)}"
        if row.text != row.text.strip():
            yield f"{row.place}: white space around the text"


def _topic_problems(rows: Sequence[Row], name: str) -> Iterator[str]:
    if len(rows) < LEAST_TEXTS:
        yield f"{len(rows)} texts, there must be {LEAST_TEXTS}"
        return
    registers = Counter(row.register for row in rows)
    for register in REGISTERS:
        if registers[register] < LEAST_OF_REGISTER:
            yield f"{registers[register]} texts of register {register}, there must be {LEAST_OF_REGISTER}"
    if len({row.demand_type for row in rows}) < LEAST_TYPES:
        yield f"fewer than {LEAST_TYPES} demand types"
    if (hard := sum(row.is_hard for row in rows)) < LEAST_HARD:
        yield f"{hard} hard texts, there must be {LEAST_HARD}"
    openings = Counter(row.text.split("】")[-1][:OPENING] for row in rows)
    opening, count = next((item for item in openings.most_common() if not item[0].startswith(USUAL_OPENINGS)), ("", 0))
    if count > max(3, MOST_OF_ONE_OPENING * len(rows)):
        yield f"{count} of {len(rows)} texts begin with {opening!r}"
    given_away = sum(name in row.text for row in rows)
    if len(name) >= LONG_NAME and given_away > MOST_GIVEN_AWAY * len(rows):
        yield f"{given_away} of {len(rows)} texts give the topic away by its name {name!r}"
    short, long = np.quantile([len(row.text) for row in rows], [0.1, 0.9])
    if long < LEAST_SPREAD * short:
        yield f"texts are of one size: the first decile of their lengths is {short:.0f}, the ninth {long:.0f}"


def summary(rows: Sequence[Row]) -> str:
    """One line on what there is."""
    topics = Counter(row.topic for row in rows)
    registers = ", ".join(f"{register} {count}" for register, count in sorted(Counter(row.register for row in rows).items()))
    least, most = min(topics.values()), max(topics.values())
    return f"corpus: {len(rows)} texts, {len(topics)} topics of {least} to {most}; {registers}; {sum(row.is_hard for row in rows)} hard"


def main() -> int:
    """Check the bundled corpus; 1 if anything is wrong."""
    rows = read_corpus(DATA / "corpus")
    names = {row.values["code"]: row.values["level3"] for row in tables.read_rows(DATA / "taxonomy.csv", need=("code", "level3"))}
    found = list(problems(rows, names))
    for line in found:
        print(line, file=sys.stderr)
    print(summary(rows))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

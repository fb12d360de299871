"""How well the attention rules hear: recall and precision of each rule on each split of the cases, and what it costs.

`python -m benchmarks.attention_rules [dev|test|unseen ...]` also prints the cases that were missed; without a split it prints the table alone.
"""

import csv
import sys
import timeit
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from triage.attention import hear
from triage.reference import bundled_wordings
from triage.rules import Wording

CASES = Path(__file__).resolve().parent.parent / "tests" / "triage"
FILES = ("attention_cases.csv", "attention_cases_unseen.csv")
SPLITS = ("dev", "test", "unseen")  # the rules were written with sight of the first two
TIMED = "我家住在城东区建设路十二号，从昨天晚上八点开始停电，打了好几次电话都没有人来修，老人在家里热得睡不着觉，请你们尽快派人来看一下"


@dataclass(frozen=True)
class Case:
    """A text of which somebody said whether a rule holds."""

    rule: str
    is_expected: bool
    split: str
    text: str


@dataclass(frozen=True)
class Score:
    """What a rule made of the cases of one split."""

    rule: str
    split: str
    missed: tuple[str, ...]
    mistaken: tuple[str, ...]
    heard: int
    positives: int
    n: int

    @property
    def recall(self) -> float:
        """The share of the positives that were heard."""
        return self.heard / self.positives

    @property
    def precision(self) -> float:
        """The share of what was heard that is a positive."""
        return self.heard / max(self.heard + len(self.mistaken), 1)

    def __str__(self) -> str:
        """One row of the table."""
        return f"| {self.rule} | {self.split} | {self.recall:.2f} | {self.precision:.2f} | {self.n} |"


def read_cases() -> list[Case]:
    """Read the cases in the order of the files."""
    rows = [row for name in FILES for row in csv.DictReader((CASES / name).read_text(encoding="utf-8").splitlines())]
    return [Case(row["rule"], row["expected"] == "1", row["split"], row["text"]) for row in rows]


def score(cases: Iterable[Case], rule: str, split: str, wordings: tuple[Wording, ...]) -> Score:
    """Hear all cases of a rule and a split."""
    own = [case for case in cases if (case.rule, case.split) == (rule, split)]
    heard = {case.text for case in own if rule in dict(hear(case.text, wordings))}
    missed = tuple(case.text for case in own if case.is_expected and case.text not in heard)
    mistaken = tuple(case.text for case in own if not case.is_expected and case.text in heard)
    positives = sum(case.is_expected for case in own)
    return Score(rule, split, missed, mistaken, positives - len(missed), positives, len(own))


def scores(wordings: tuple[Wording, ...]) -> list[Score]:
    """Score every rule on each split."""
    cases = read_cases()
    rules = dict.fromkeys(case.rule for case in cases)
    there = {(case.rule, case.split) for case in cases}
    return [score(cases, rule, split, wordings) for rule in rules for split in SPLITS if (rule, split) in there]


def microseconds(text: str, wordings: tuple[Wording, ...], times: int = 500) -> float:
    """The time of one text: the best of five rounds, since others use the machine too."""
    return min(timeit.repeat(lambda: dict(hear(text, wordings)), number=times, repeat=5)) / times * 1e6


def main(shown: list[str]) -> None:
    """Print the table, the missed cases of the splits that are named, and the cost."""
    wordings = bundled_wordings()
    print("| rule | split | recall | precision | n |\n|---|---|---:|---:|---:|")
    for one in scores(wordings):
        print(one)
        if one.split in shown:
            print(*(f"  missed    {text}" for text in one.missed), *(f"  mistaken  {text}" for text in one.mistaken), sep="\n")
    for length in (60, 200):
        text = (TIMED * 4)[:length]
        print(f"{length} characters: {microseconds(text, wordings):.0f} µs")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The attention rules on cases that were written without sight of them: recall and precision per rule, printed and held (docs/attention.md)."""

import csv
import re
import time
from pathlib import Path

import pytest

from benchmarks.attention_rules import SPLITS, read_cases, score
from triage.attention import CLAUSE, hear
from triage.reference import bundled_wordings
from triage.rules import TURN, expand, read_wordings

WORDINGS = bundled_wordings()
CASES = read_cases()
CORPUS = Path(__file__).resolve().parents[2] / "data" / "corpus"
RULES = ("injury", "media", "collective", "authority", "confidential", "no_liability", "life_support")
PAIRS = [(rule, split) for rule in RULES for split in SPLITS] + [("trapped", "unseen")]  # the corpus was what the last one was written by
FLOORS = {"dev": (0.92, 0.95), "test": (0.95, 0.95), "unseen": (0.95, 0.95)}  # recall, precision: a little under what was measured
WORDS = {"人": "人|孩子", "否定": "没有|没", "往事": "去年", "事后": "那次", "全文_夸": "表扬", TURN: "现在"}


@pytest.mark.parametrize(("rule", "split"), PAIRS)
def test_a_rule_hears_what_it_should_and_little_else(rule: str, split: str, capsys: pytest.CaptureFixture[str]):
    found = score(CASES, rule, split, WORDINGS)
    with capsys.disabled():
        print(f"\n{found}", end="")
    recall, precision = FLOORS[split]
    assert found.recall >= recall, found.missed
    assert found.precision >= precision, found.mistaken


@pytest.mark.parametrize(("rule", "split"), PAIRS)
def test_a_rule_has_enough_cases_of_both_kinds(rule: str, split: str):
    own = [case.is_expected for case in CASES if (case.rule, case.split) == (rule, split)]
    assert (own.count(True) >= 30, own.count(False) >= 30) == (True, True)


def test_of_the_corpus_with_its_many_old_tales_of_lifts_only_somebody_who_is_in_one_now_is_heard():
    wordings = tuple(one for one in WORDINGS if one.rule == "trapped")
    heard = []
    for file in sorted(CORPUS.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            heard += [file.stem for row in csv.DictReader(rows) if list(hear(row["text"], wordings))]
    assert heard.count("outage.fault.area") >= 16
    assert len(heard) - heard.count("outage.fault.area") <= 2, "one of them is right: a child in a lift whose caller has power"


def test_the_evidence_stands_in_the_text_and_a_text_speaks_once_for_a_rule():
    for case in CASES:
        found = list(hear(case.text, WORDINGS))
        assert all(case.text[start:end] and 0 <= start < end <= len(case.text) for _, (start, end) in found)
        assert len({rule for rule, _ in found}) == len(found)


def heard(text: str, *denials: str) -> list[str]:
    """What a rule for an electric shock hears that these rows deny."""
    rows = [("injury", "{人}触电", False), *(("injury", denial, True) for denial in denials)]
    return [text[start:end] for _, (start, end) in hear(text, read_wordings(rows, WORDS))]


@pytest.mark.parametrize(
    ("text", "denial", "evidence"),
    [
        pytest.param("有孩子触电了", "{否定}", ["孩子触电"], id="nothing is denied"),
        pytest.param("没有人触电", "{否定}", [], id="a negation before it"),
        pytest.param("没有人管，孩子触电了", "{否定}", ["孩子触电"], id="a negation of the clause before"),
        pytest.param("没有跟你们说过是我家孩子触电", "{否定}", ["孩子触电"], id="a negation too far away"),
        pytest.param("没有人触电，后来孩子触电", "{否定}", ["孩子触电"], id="the second is not denied"),
        pytest.param("去年装的表，孩子触电", "{往事}", [], id="the past, in a later clause of the sentence"),
        pytest.param("去年装的表。孩子触电", "{往事}", ["孩子触电"], id="the past of another sentence"),
        pytest.param("去年装的表，现在孩子触电", "{往事}", ["孩子触电"], id="a tale that comes back to now"),
        pytest.param("有人触电那次", "{事后}", [], id="told back"),
        pytest.param("有人触电，那次", "{事后}", ["人触电"], id="told back in another clause"),
        pytest.param("人触电。表扬你们", "{全文_夸}", [], id="a word of the same kind with a name of its own, on the whole text"),
        pytest.param("怕人触电", "怕{人}触电", [], id="an expression that covers it"),
        pytest.param("怕雨，人触电", "怕雨", ["人触电"], id="an expression denies only what it covers"),
    ],
)
def test_how_far_a_denial_reaches(text: str, denial: str, evidence: list[str]):
    assert heard(text, denial) == evidence


@pytest.mark.parametrize(
    ("pattern", "says"),
    [pytest.param("{鬼}触电", "没有词表 鬼", id="no list"), pytest.param("({人}触电", "不是合法的正则表达式", id="no expression")],
)
def test_a_pattern_that_cannot_be_expanded_says_why(pattern: str, says: str):
    with pytest.raises(ValueError, match=says):
        expand(pattern, WORDS)


def test_a_repetition_is_no_list():
    assert expand("火{1,3}{人}", WORDS) == "火{1,3}(?:人|孩子)"
    assert re.fullmatch(expand("{人}{2}", WORDS), "人人")


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("人", id="people"),
        pytest.param("电线掉没有去年怕，", id="half matches and denials"),
        pytest.param("没有触电", id="matches that are all denied"),
        pytest.param("业主不要把我的名字给12345", id="several rules at once"),
        pytest.param("一百", id="figures"),
        pytest.param("上", id="a word that begins and repeats"),
    ],
)
def test_a_hostile_text_is_heard_in_bounded_time(piece: str):
    text = (piece * 100_000)[:100_000] + "，联名围堵受伤掉下热搜转办保密不亮"  # so that no rule is spared the search
    began = time.perf_counter()
    list(hear(text, WORDINGS))
    assert time.perf_counter() - began < 10


def test_a_clause_ends_at_any_mark():
    assert CLAUSE.sub("|", "一，二。三！四？五；六,七.八!九?十;") == "一|二|三|四|五|六|七|八|九|十|"

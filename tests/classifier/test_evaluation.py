"""Evaluation: each figure by hand on a few rows, and null where there is nothing to count."""

import json

import numpy as np
import pytest

from classifier.corpus import Corpus
from classifier.evaluation import Labelled, evaluate, guess_scores, head_scores, label_scores
from classifier.model import Model
from tests.classifier.samples import GROUPS

LABELS = ("a", "b", "c", "d")
CHANCES = np.array([[0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]])


def test_scores_of_a_head_by_hand() -> None:
    scores = head_scores(["a", "b", "d", "d"], CHANCES, LABELS)
    assert scores["n"] == 4
    assert scores["accuracy"] == 0.5
    assert scores["top3_accuracy"] == 0.75
    # F1: a 2/4 (one of three guesses right, all found), b 0, d 2/3; c is neither true nor guessed.
    assert scores["macro_f1"] == pytest.approx((0.5 + 0 + 2 / 3) / 3)
    # Bins: 0.7 right (gap 0.3); three of 0.4, one right (gap |1.2 - 1| = 0.2).
    assert scores["ece"] == pytest.approx((0.3 + 0.2) / 4)


def test_a_truth_that_is_no_label_counts_as_wrong() -> None:
    assert head_scores(["x", "x", "x", "x"], CHANCES, LABELS)["accuracy"] == 0.0
    assert guess_scores(["x", "a"], ["a", "a"])["accuracy"] == 0.5


def test_scores_of_each_label() -> None:
    scores = label_scores(["a", "a", "b"], ["a", "b", "b"], ["a", "b", "c"])
    assert scores["a"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "rows": 2}
    assert scores["c"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 0}


def rows(corpus: Corpus) -> Labelled:
    return Labelled(corpus.texts, corpus.labels["topic"], kinds=corpus.labels["demand_type"])


def test_a_model_on_its_own_rows_has_all_figures(two_heads: Model, corpus: Corpus) -> None:
    figures, answers = evaluate(two_heads, rows(corpus), groups=GROUPS["topic"])
    assert len(answers) == figures["n"] == figures["type_n"] == len(corpus.texts)
    expected = {"accuracy", "macro_f1", "top3_accuracy", "department_accuracy", "type_accuracy"}
    assert {figures[name] for name in expected} == {1.0}
    assert figures["docs_per_second"] > 0
    assert "accuracy_with_alternatives" not in figures
    assert {len(answer.heads["topic"]) for answer in answers} == {3}
    assert figures["coverage"] == np.mean([answer.passes_gate for answer in answers])
    json.dumps(figures, allow_nan=False)


def test_a_figure_over_no_rows_is_null(two_heads: Model) -> None:
    text = Labelled([""], ["meter"], kinds=[""])
    figures, (answer,) = evaluate(two_heads, text, groups=GROUPS["topic"])
    assert not answer.passes_gate
    nulls = ("accuracy_when_confident", "dispatch_precision", "type_accuracy")
    assert [figures[name] for name in nulls] == [None, None, None]
    assert (figures["coverage"], figures["type_n"]) == (0.0, 0)


def test_a_wrong_topic_of_the_right_department_counts_for_the_department(two_heads: Model) -> None:
    figures, _ = evaluate(two_heads, Labelled(["电费账单看不懂"], ["meter"]), groups=GROUPS["topic"])
    assert (figures["accuracy"], figures["department_accuracy"]) == (0.0, 1.0)


def test_labels_that_are_acceptable_too_are_counted(two_heads: Model) -> None:
    given = Labelled(["电费账单看不懂"] * 2, ["meter"] * 2, also=[frozenset({"bill", "outage"}), frozenset()])
    assert evaluate(two_heads, given, groups={})[0]["accuracy_with_alternatives"] == 0.5


def test_unknown_labels_and_types_are_reported_and_not_hidden(two_heads: Model) -> None:
    given = Labelled(["停电了"] * 3, ["outage", "theft", "theft"], kinds=["grievance", "", "complaint"])
    figures, _ = evaluate(two_heads, given, groups=GROUPS["topic"])
    assert figures["unknown_labels"] == {"theft": 2}
    assert figures["accuracy"] == pytest.approx(1 / 3)
    assert figures["department_accuracy"] == pytest.approx(1 / 3)
    assert (figures["type_n"], figures["type_unknown"]) == (1, 1)


def test_a_type_may_stand_for_several_labels(two_heads: Model) -> None:
    also = {"grievance": frozenset({"complaint", "enquiry"})}
    given = Labelled(["停电了"], ["outage"], kinds=["grievance"], kinds_also=also)
    figures, _ = evaluate(two_heads, given, groups={})
    assert (figures["type_accuracy"], figures["type_n"], figures["type_unknown"]) == (1.0, 1, 0)
    assert "department_accuracy" not in figures

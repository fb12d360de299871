"""The recipe: machines with a column a label, as scikit-learn answers, and how well the labels of two heads go together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from classifier.features import learn_features
from classifier.machines import learn_sense, learn_wording
from classifier.recipe import Linear, Recipe, agreement
from classifier.words import Cutter

TEXTS = ["停电了", "电费多", "又停电", "电费账单", "谢谢师傅", "谢谢"]
LABELS = {
    "two labels": ["outage", "bill", "outage", "bill", "bill", "bill"],
    "three labels": ["outage", "bill", "outage", "bill", "praise", "praise"],
}
RECIPE = Recipe()


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_a_machine_of_words_has_a_column_a_label_and_answers_as_scikit_learns_does(labels: list[str]) -> None:
    _, matrix = learn_features([Cutter().document(text) for text in TEXTS], least_texts=1)
    machine = learn_wording(matrix, labels, RECIPE)
    theirs = LinearSVC(class_weight="balanced", random_state=0).fit(matrix, labels)
    scores = machine.scores(matrix)
    assert machine.labels == tuple(sorted(set(labels)))
    assert machine.weights.shape == (matrix.shape[1], len(machine.labels))
    assert (machine.weights.dtype, machine.intercepts.dtype) == (np.float32, np.float32)
    assert machine.weights.flags.c_contiguous
    assert [machine.labels[column] for column in scores.argmax(axis=1)] == theirs.predict(matrix).tolist()
    expected = theirs.decision_function(matrix)
    assert np.allclose(scores[:, -1], expected if expected.ndim == 1 else expected[:, -1], atol=1e-3)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_a_machine_of_vectors_has_a_column_a_label(labels: list[str]) -> None:
    vectors = np.array([[len(label), label.count("l"), label.count("r")] for label in labels], dtype=np.float32)
    machine = learn_sense(vectors, labels, RECIPE)
    assert machine.weights.shape == (3, len(set(labels)))
    assert [machine.labels[column] for column in machine.scores(vectors).argmax(axis=1)] == labels


def test_the_scores_of_two_labels_are_the_same_figure_for_and_against() -> None:
    _, matrix = learn_features([Cutter().document(text) for text in TEXTS], least_texts=1)
    scores = learn_wording(matrix, LABELS["two labels"], RECIPE).scores(matrix)
    assert np.array_equal(scores[:, 0], -scores[:, 1])


def test_scores_are_weights_and_intercepts_by_hand() -> None:
    machine = Linear(("a", "b"), np.array([[1, -1], [0, 2]], dtype=np.float32), np.array([0.5, 0], dtype=np.float32))
    assert machine.scores(np.array([[2, 3]], dtype=np.float32)).tolist() == [[2.5, 4.0]]


def test_a_rare_label_weighs_as_much_as_a_frequent_one() -> None:
    # The same vector five times with one label and once with the other: balanced, neither is likelier.
    machine = learn_sense(np.ones((6, 2), dtype=np.float32), ["often"] * 5 + ["once"], RECIPE)
    scores = machine.scores(np.ones((1, 2), dtype=np.float32))
    assert abs(scores[0, 0] - scores[0, 1]) < 1e-3


def test_learning_twice_gives_the_same_weights() -> None:
    _, matrix = learn_features([Cutter().document(text) for text in TEXTS], least_texts=1)
    one, other = (learn_wording(matrix, LABELS["three labels"], RECIPE) for _ in range(2))
    assert np.array_equal(one.weights, other.weights)


def test_a_large_corpus_leaves_out_what_stands_in_one_text_only() -> None:
    assert [RECIPE.least_texts(rows) for rows in (1, 1_999, 2_000)] == [1, 1, 2]
    assert Recipe(many_rows=10, least_texts_when_many=3).least_texts(10) == 3


def test_the_values_of_a_recipe_make_it_again() -> None:
    recipe = Recipe(penalty=2.0, agreement=0.0)
    assert Recipe(**recipe.as_dict()) == recipe


# Agreement

NAMES = (("outage", "bill"), ("fault", "enquiry"))


def test_agreement_by_hand() -> None:
    # Two imagined rows, spread by chance (a quarter each): 2.5 of 6 for the seen pairs, 0.5 of 6 for the others.
    found = agreement(["outage", "outage", "bill", "bill"], ["fault", "fault", "enquiry", "enquiry"], NAMES, Recipe(agreement=1.0))
    assert found == pytest.approx(np.array([[2.5, 0.5], [0.5, 2.5]]) / 6 / 0.25)
    dampened = agreement(["outage", "outage", "bill", "bill"], ["fault", "fault", "enquiry", "enquiry"], NAMES, Recipe(agreement=0.5))
    assert dampened == pytest.approx(np.sqrt(found))


def test_labels_that_go_together_by_chance_agree_neither_more_nor_less() -> None:
    found = agreement(["outage", "outage", "bill", "bill"], ["fault", "enquiry", "fault", "enquiry"], NAMES, RECIPE)
    assert found == pytest.approx(np.ones((2, 2)))


def test_without_weight_agreement_says_nothing() -> None:
    assert agreement(["outage", "bill"], ["fault", "enquiry"], NAMES, Recipe(agreement=0.0)) == pytest.approx(np.ones((2, 2)))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=30))
def test_a_pair_that_was_never_seen_is_unlikely_and_not_impossible(pairs: list[tuple[str, str]]) -> None:
    seen = {*pairs, ("a", "x"), ("b", "y"), ("b", "z")}
    first, second = zip(*[*pairs, ("a", "x"), ("b", "y"), ("b", "z")], strict=True)
    found = agreement(first, second, (("a", "b"), ("x", "y", "z")), RECIPE)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert (found > 0).all()
    never = [("ab".index(one), "xyz".index(other)) for one in "ab" for other in "xyz" if (one, other) not in seen]
    assert all(found[pair] < 1 for pair in never)

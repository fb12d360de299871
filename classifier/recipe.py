"""What a text is turned into and what learns from it: TF-IDF of words and characters, and one linear machine a head."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from classifier.errors import CorpusError
from classifier.words import Document

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every choice that changes what is learnt; its values are part of a model's version."""

    char_ngrams: tuple[int, int] = (1, 3)
    many_rows: int = 2_000
    min_df_when_many: int = 2
    penalty: float = 1.0
    seed: int = 0
    guess_unknown: bool = True

    def min_df(self, rows: int) -> int:
        """In how many texts a feature must be found: a large corpus can leave out what stands in one text only."""
        return self.min_df_when_many if rows >= self.many_rows else 1

    def as_dict(self) -> dict[str, Any]:
        """The values for a manifest."""
        return {**asdict(self), "char_ngrams": list(self.char_ngrams)}


class Features:
    """Two TF-IDF blocks side by side, words first: each of unit length, counts dampened by 1 + log."""

    def __init__(self, words: TfidfVectorizer, chars: TfidfVectorizer) -> None:
        self.words = words
        self.chars = chars

    def transform(self, documents: Sequence[Document]) -> csr_matrix:
        """A sparse matrix of one row a document and one column a feature."""
        words = self.words.transform([document.words for document in documents])
        chars = self.chars.transform([document.text for document in documents])
        return hstack([words, chars], format="csr", dtype=np.float32)

    def terms(self) -> tuple[list[str], list[str]]:
        """The features of both blocks in column order."""
        return list(self.words.get_feature_names_out()), list(self.chars.get_feature_names_out())


def learn_features(documents: Sequence[Document], recipe: Recipe) -> tuple[Features, csr_matrix]:
    """Learn both blocks, and give the matrix of the same documents; raises `CorpusError` if nothing remains."""
    words, chars = _vectorizers(recipe, min_df=recipe.min_df(len(documents)))
    try:
        word_matrix = words.fit_transform([document.words for document in documents])
        char_matrix = chars.fit_transform([document.text for document in documents])
    except ValueError as error:
        raise CorpusError(f"no words can be learnt from these {len(documents)} texts; is it the right column?") from error
    return Features(words, chars), hstack([word_matrix, char_matrix], format="csr", dtype=np.float32)


def restore_features(blocks: Sequence[tuple[list[str], Floats]], recipe: Recipe) -> Features:
    """Learnt blocks from their terms and inverse document frequencies."""
    for vectorizer, (terms, idf) in zip(pair := _vectorizers(recipe, min_df=1), blocks, strict=True):
        vectorizer.vocabulary = {term: column for column, term in enumerate(terms)}
        vectorizer.idf_ = idf
    return Features(*pair)


def learn_head(matrix: csr_matrix, labels: Sequence[str], recipe: Recipe) -> LinearSVC:
    """A linear support vector machine, one label against the rest, in which each label weighs the same."""
    # More rounds than the default 1,000, because a long corpus needs some more; it stops as soon as it has converged.
    machine = LinearSVC(C=recipe.penalty, class_weight="balanced", random_state=recipe.seed, max_iter=20_000)
    return machine.fit(matrix, list(labels))


def linear(machine: LinearSVC) -> tuple[Floats, Floats]:
    """Weights (features x labels) and intercepts (labels) of a machine; two labels are two columns, like any number."""
    weights, intercepts = machine.coef_.T, machine.intercept_
    if weights.shape[1] == 1:
        weights, intercepts = np.hstack([-weights, weights]), np.concatenate([-intercepts, intercepts])
    return np.ascontiguousarray(weights, dtype=np.float32), intercepts.astype(np.float32)


def _vectorizers(recipe: Recipe, *, min_df: int) -> tuple[TfidfVectorizer, TfidfVectorizer]:
    common = {"sublinear_tf": True, "lowercase": False, "min_df": min_df, "dtype": np.float32}
    # The words come cut, with spaces between them; without this pattern 整个小区停电 would be one word.
    words = TfidfVectorizer(token_pattern=r"\S+", **common)
    return words, TfidfVectorizer(analyzer="char", ngram_range=recipe.char_ngrams, **common)

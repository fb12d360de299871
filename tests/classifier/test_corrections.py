"""Learning from corrections: which of them count, and that none is measured on a model that has learnt it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from classifier.commands import train as train_command
from classifier.corpus import Corpus, without_rare_labels
from classifier.corrections import PART, Correction, with_corrections
from classifier.drift import Seen
from classifier.guarded import guarded_rows
from classifier.model import Model
from classifier.recipe import Recipe
from classifier.sources import EXTENSION, Sources
from classifier.training import folds, train
from tests.classifier.samples import DECISIONS, made_up_corpus


def said(text: str, topic: str = "outage", demand_type: str = "complaint", **marks: bool) -> Correction:
    return Correction(text, {"topic": topic, "demand_type": demand_type}, **marks)


NEW = [said(f"{where}充电桩充不上电", "charging") for where in ("东门", "西门", "南门", "北门")]
LEFT_OUT = {
    "accepted as proposed": (said("又黑灯了", is_weak=True), "accepted as the model proposed"),
    "its label is gone": (said("又黑灯了", "outage.old", is_gone=True), "a label that is gone (outage.old, complaint)"),
    "in the corpus": (said(f"{made_up_corpus().texts[0]} "), "the corpus holds the same text"),
    "a single row": (said("又黑灯了", "heating"), "a label with a single row"),
    "without a topic": (said("又黑灯了", ""), "no topic"),
}


@pytest.mark.parametrize(("one", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_correction_that_cannot_be_learnt_from_is_left_out_with_its_reason(corpus: Corpus, one: Correction, why: str) -> None:
    rows, left_out = with_corrections(corpus, [one])
    assert (rows.texts, rows.corrections, left_out) == (corpus.texts, 0, {why: 1})


def test_corrections_are_one_more_part(corpus: Corpus) -> None:
    rows, left_out = with_corrections(corpus, NEW)
    assert rows.texts[-4:] == tuple(one.text for one in NEW)
    assert rows.parts[-4:] == (PART,) * 4
    assert (rows.corrections, rows.judged, left_out) == (4, list(range(len(corpus.texts))), {})
    assert rows.digest != corpus.digest


def test_what_agents_accepted_is_learnt_from_on_request(corpus: Corpus) -> None:
    assert with_corrections(corpus, [said("又黑灯了", is_weak=True)], accepted=True)[0].corrections == 1


def test_of_the_same_text_the_last_correction_counts(corpus: Corpus) -> None:
    rows, left_out = with_corrections(corpus, [said("又黑灯了", "bill"), said("又黑灯了 ", "outage")])
    assert (rows.labels["topic"][-1], rows.corrections) == ("outage", 1)
    assert left_out == {"the same text was corrected again": 1}


def test_a_correction_is_learnt_beside_every_register_and_held_out_with_all_others(corpus: Corpus) -> None:
    rows, _ = with_corrections(corpus, NEW)
    corrections = set(range(len(corpus.texts), len(rows.texts)))
    for learn, hold in folds(rows, Recipe()):
        assert corrections <= set(learn) or corrections == set(hold)


def test_a_correction_is_never_guarded(corpus: Corpus) -> None:
    rows, _ = with_corrections(corpus, [said(f"第{number}栋没电") for number in range(60)])
    kept, guarded = guarded_rows(rows)
    assert max(guarded) < len(corpus.texts)
    assert len(kept) + len(guarded) == len(rows.texts)


@pytest.fixture(scope="module")
def corrected(corpus: Corpus) -> Model:
    """A model that has learnt a new topic from people alone, and from a referral that names no demand type."""
    rows, _ = with_corrections(corpus, [*NEW, said("物业拉了电闸", "outage", "")])
    return train(rows, decisions=DECISIONS).open()


def test_a_new_topic_is_learnt_from_corrections_alone(corrected: Model) -> None:
    (answer,) = corrected.predict(["后门充电桩充不上电"])
    assert answer.heads["topic"][0][0] == "charging"
    assert corrected.manifest.made_from["corrections"] == 5
    assert "" not in corrected.manifest.labels["demand_type"]


def test_corrections_are_measured_apart_by_models_that_have_not_learnt_them(corrected: Model) -> None:
    heads = corrected.manifest.ways["fast"].heads
    # Four of the five are of a topic that no other part has: a model that had learnt them would know it.
    assert heads["topic"].scores["by_part"][PART]["n"] == 5
    assert heads["topic"].scores["by_part"][PART]["accuracy"] <= 0.2
    assert heads["demand_type"].scores["by_part"][PART]["n"] == 4


def test_the_scores_of_the_model_are_those_of_texts_that_are_no_corrections(corrected: Model, corpus: Corpus) -> None:
    way = corrected.manifest.ways["fast"]
    assert way.heads["topic"].scores["n"] == way.heads["demand_type"].scores["n"] == len(corpus.texts)
    assert way.baseline is not None
    assert (way.baseline.texts, corrected.manifest.dummy["topic"]["n"]) == (len(corpus.texts), len(corpus.texts))


def test_without_corrections_nothing_changes(corpus: Corpus, two_heads: Model) -> None:
    rows, _ = with_corrections(corpus, [])
    assert train(rows, decisions=DECISIONS).artefact == train(corpus, decisions=DECISIONS).artefact


def test_a_rare_label_takes_its_marks_along() -> None:
    corpus = Corpus(tuple("abcde"), {"one": tuple("xxyyz")}, tuple("mmmmn"), is_correction=(False, False, False, True, True))
    assert without_rare_labels(corpus, drop=True)[0].is_correction == (False, False, False, True)


# The command


class Running:
    """An application whose people said these things."""

    def __init__(self, corrections: Sequence[Correction]) -> None:
        self.extensions = {EXTENSION: Sources(lambda: corrections, lambda since, until, most: list[Seen]())}

    def load_app(self) -> "Running":
        return self


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def invoke(*options: str) -> Result:
        return CliRunner().invoke(train_command, options, obj=Running([]), env={"TRIAGE_INSTANCE": str(tmp_path)})

    return invoke


MISTAKES = {
    "rows of one's own": (("--with-corrections", "--corpus", "rows.csv"), "--with-corrections belongs to the bundled model"),
    "accepted alone": (("--with-accepted",), "--with-accepted belongs to --with-corrections"),
}


@pytest.mark.parametrize(("options", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_combination_is_refused(run: Callable[..., Result], options: tuple[str, ...], says: str) -> None:
    done = run(*options)
    assert done.exit_code == 2
    assert says in done.output

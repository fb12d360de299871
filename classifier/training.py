"""Trains a model: one pass over held-out parts for its scores, factors and gates, then a fit on all rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from classifier import artefact
from classifier.calibration import stakes
from classifier.cards import HeldOut, make_way
from classifier.corpus import Corpus
from classifier.encoder import Encoder
from classifier.evaluation import guess_scores
from classifier.fitting import Calibration
from classifier.folds import folds as folds
from classifier.guarded import guarded_rows, outcomes
from classifier.learning import Learnt, Material, chosen, hold_out, learn_from, of_way, prepare, score, unknown
from classifier.manifest import Manifest, Way, library_versions, make_version
from classifier.model import ModelFiles, sha256
from classifier.progress import Quiet
from classifier.recipe import Recipe
from classifier.words import Terms, as_file, digest, weigh


@dataclass(frozen=True)
class Decisions:
    """What labels decide, by head: of each label its group, and what it costs to miss it (1 where nothing is said)."""

    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def train(
    corpus: Corpus,
    *,
    words: Sequence[str] = (),
    decisions: Decisions | None = None,
    recipe: Recipe | None = None,
    encoder: Encoder | None = None,
    jobs: int = 1,
    progress: Quiet | None = None,
) -> ModelFiles:
    """Learn all heads of a corpus.

    `words` is the trade's word list; `decisions` says what labels decide (topic: the lead department) and cost; without
    `encoder` the model has the fast way only. The same arguments give the same bytes. Raises `CorpusError`.
    """
    recipe, progress, decisions = recipe or Recipe(), progress or Quiet(), decisions or Decisions()
    terms = weigh(words)
    material = prepare(corpus, terms, encoder, progress)
    parts = folds(corpus, recipe)
    kept, guarded = guarded_rows(corpus)
    everything = np.arange(len(corpus.texts))
    with progress.stage(f"learning {len(parts) + 2} times: without each held-out part, without the guarded rows, from all"):
        tasks = [*(learn for learn, _ in parts), kept, everything]
        done = Parallel(n_jobs=jobs)(delayed(learn_from)(material, rows, recipe) for rows in progress.each(tasks, "learning", len(tasks)))
    at_stake = {head: stakes(names, decisions.groups.get(head, {}), decisions.costs.get(head, {})) for head, names in material.names.items()}
    held, seen = HeldOut(corpus, material, recipe, parts, unknown(material, parts, done), at_stake), hold_out(material, parts, done)
    together = held.agreement(everything)
    with progress.stage("calibrating"):
        calibrations = {way: held.calibration(of_way(seen, way), corpus.judged, together) for way in material.ways}
        ways = {way: make_way(held, of_way(seen, way), calibration) for way, calibration in calibrations.items()}
    best = material.ways[-1]
    answered = calibrations[best].chances(score(material, guarded, done[len(parts)], best), together)
    record = outcomes(corpus, guarded, answered, material.names, decisions.groups)
    content = artefact.pack(_arrays(material, done[-1], together, calibrations))
    return ModelFiles(_manifest(corpus, terms, decisions, recipe, ways, encoder, record, material, content), content, as_file(terms))


def _arrays(material: Material, learnt: Learnt, together: NDArray[Any] | None, calibrations: Mapping[str, Calibration]) -> dict[str, NDArray[Any]]:
    features = learnt.features
    arrays: dict[str, NDArray[Any]] = {"words": artefact.from_terms(features.words), "sequences": features.sequences, "idf": features.idf}
    for name, machines in (("wording", learnt.wording), ("sense", learnt.sense)):
        if machines:
            arrays[f"{name}.weights"] = np.hstack([machines[head].weights for head in material.names])
            arrays[f"{name}.intercepts"] = np.concatenate([machines[head].intercepts for head in material.names])
    if together is not None:
        arrays["agreement"] = together
    for way, calibration in calibrations.items():
        curves = [calibration.curves[head] for head in material.names]
        arrays[f"curves.{way}"] = np.array([(curve.slope, curve.offset) for curve in curves])
    return arrays


def _manifest(
    corpus: Corpus,
    terms: Terms,
    decisions: Decisions,
    recipe: Recipe,
    ways: Mapping[str, Way],
    encoder: Encoder | None,
    record: Mapping[str, Any],
    material: Material,
    content: bytes,
) -> Manifest:
    judged = {head: chosen(labels, corpus.judged) for head, labels in corpus.labels.items()}
    made_from = {"corpus_sha256": corpus.digest, "files": list(corpus.files), "words_sha256": digest(terms), "corrections": corpus.corrections}
    read_by = {"name": encoder.name, "sha256": encoder.sha256} if encoder else None
    libraries = library_versions()
    # The arrays count too: a change of the code that learns gives another model from the same ingredients.
    made_of = [
        made_from["corpus_sha256"],
        made_from["words_sha256"],
        recipe.as_dict(),
        libraries,
        decisions.groups,
        decisions.costs,
        read_by,
        sha256(content),
    ]
    return Manifest(
        version=make_version({"made_of": made_of}),
        labels=material.names,
        groups=decisions.groups,
        costs=decisions.costs,
        ways=ways,
        dummy={head: guess_scores(labels, [Counter(labels).most_common(1)[0][0]] * len(labels)) for head, labels in judged.items()},
        encoder=read_by,
        recipe=recipe,
        rows=len(corpus.texts),
        made_from=made_from,
        artefact_sha256=sha256(content),
        words_sha256=digest(terms),
        libraries=libraries,
        guarded=record,
    )

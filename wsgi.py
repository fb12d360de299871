"""The only place where the parts are joined: classifier, store and routes; `flask` and gunicorn find the app here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from flask import Flask

from classifier import drift_commands, registry_commands
from classifier.catalogue import Catalogue
from classifier.commands import COMMANDS
from classifier.corrections import Correction
from classifier.drift import Seen
from classifier.errors import ClassifierError
from classifier.manifest import WORDS
from classifier.model import Prediction as Classified
from classifier.predictor import Predictor
from classifier.registry import current_model_dir
from classifier.sources import EXTENSION, Sources
from classifier.words import Cutter, from_file
from routes import Parts
from routes import create_app as create_routes
from triage.errors import TriageError
from triage.labels import Label
from triage.prediction import Prediction
from triage.settings import read_secret, read_settings
from triage.store import Database, Store


def in_domain(made: Classified | None) -> Prediction | None:
    """Say in the domain's words what the classifier said."""
    if made is None or not {"topic", "demand_type"} <= set(made.heads):
        return None
    return Prediction(made.heads["topic"], made.heads["demand_type"], made.words, made.model_version, made.threshold)


def in_classifier(label: Label) -> Correction:
    """Say in the classifier's words what a person said."""
    labels = {"topic": label.topic, "demand_type": label.demand_type or ""}
    return Correction(label.text, labels, is_weak=label.is_weak, is_gone=not label.is_current)


def sources_of(database: Database, secret: bytes) -> Sources:
    """What the classifier's commands read from the store: texts without what identifies a person, and what was said of them."""

    @contextmanager
    def store() -> Iterator[Store]:
        try:
            with database.connect() as connection:
                yield Store(connection, secret)
        except TriageError as error:
            raise ClassifierError(f"{error.code}: {error.message}") from error

    def corrections() -> list[Correction]:
        with store() as kept:
            return [in_classifier(label) for label in kept.labels()]

    def seen(since: datetime, until: datetime, most: int) -> list[Seen]:
        with store() as kept:
            return [Seen(one.text, one.said_topic, one.meant_topic) for one in kept.seen(since, until, most)]

    return Sources(corrections, seen)


@lru_cache(maxsize=2)
def cutter_of(model: Path | None) -> Cutter:
    """Cut words with the list of a kept model; without one, with the dictionary alone."""
    return Cutter(from_file((model / WORDS).read_bytes())) if model else Cutter()


def cut_as_in_use(instance: Path, text: str) -> list[str]:
    """Cut the words of a search as the model in use cuts a text."""
    with suppress(ClassifierError, OSError, ValueError):
        return cutter_of(current_model_dir(instance)).cut(text)
    return cutter_of(None).cut(text)


def create_app() -> Flask:
    """Join the parts by the settings in the environment."""
    config = read_settings(os.environ)
    predictor = Predictor(config.instance)
    parts = Parts(
        database=Database(config.database_url, config.pool_size),
        secret=read_secret(config.instance),
        predict=lambda text: in_domain(predictor(text)),
        predict_many=lambda texts: [in_domain(made) for made in predictor.many(texts)],
        model_trouble=lambda: predictor.trouble,
        models=Catalogue(config.instance),
        cut=lambda text: cut_as_in_use(config.instance, text),
    )
    app = create_routes(parts, insecure_cookie=config.insecure_cookie, live_url=config.live_url)
    app.extensions["preload"] = predictor.preload
    app.extensions[EXTENSION] = sources_of(parts.database, parts.secret)
    for command in (*COMMANDS, *drift_commands.COMMANDS, *registry_commands.COMMANDS):
        app.cli.add_command(command)
    return app


app = create_app()

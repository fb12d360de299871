"""The only place where the parts are joined: classifier, store and routes; `flask` and gunicorn find the app here."""

import os

from flask import Flask

from classifier.commands import COMMANDS
from classifier.model import Prediction as Classified
from classifier.predictor import Predictor
from routes import Parts
from routes import create_app as create_routes
from triage.prediction import Prediction
from triage.settings import read_secret, read_settings
from triage.store import Database


def in_domain(made: Classified | None) -> Prediction | None:
    """Say in the domain's words what the classifier said."""
    if made is None or not {"topic", "demand_type"} <= set(made.heads):
        return None
    return Prediction(made.heads["topic"], made.heads["demand_type"], made.words, made.model_version, made.threshold)


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
    )
    app = create_routes(parts, insecure_cookie=config.insecure_cookie)
    app.extensions["preload"] = predictor.preload
    for command in COMMANDS:
        app.cli.add_command(command)
    return app


app = create_app()

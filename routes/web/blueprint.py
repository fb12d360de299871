"""The blueprint that all pages hang on."""

from flask import Blueprint

blueprint = Blueprint("pages", __name__, template_folder="templates")

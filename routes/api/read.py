"""What a program sends: a JSON object with known fields, a query with known names, the version in `If-Match`."""

from collections.abc import Iterable
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from routes.request import version_seen
from triage.errors import InvalidInput, Problem
from triage.texts import clean
from triage.wording import say

MAX_DEPTH = 6
MAX_LIMIT = 1000
LONGEST_TAG = 16


def read_body() -> dict[str, Any]:
    """Give the request's JSON object, without what no database can hold.

    Raises:
        BadRequest: it is not JSON.
        InvalidInput: it is JSON, but no object, or nested deeper than anything that is taken here.
    """
    try:
        body = request.get_json()
    except RecursionError:
        raise BadRequest from None
    if not isinstance(body, dict):
        raise InvalidInput(Problem("", say('The request body should be a JSON object, such as {"text": "…"}')))
    if _is_deeper(body, MAX_DEPTH):
        raise InvalidInput(Problem("", say("The request body is nested too deeply; at most {most} levels", most=MAX_DEPTH)))
    return dict(clean(body))


def _is_deeper(value: object, levels: int) -> bool:
    inner: Iterable[object] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def read_texts(*known: str) -> dict[str, str]:
    """Give a JSON object whose fields are all known and all texts.

    Raises:
        InvalidInput: a field is unknown or no text; all problems at once.
    """
    body = read_body()
    problems = [
        Problem(name, say("There is no such field; use: {fields}", fields=say(", ").join(known) or say("None"))) for name in body if name not in known
    ]
    problems += [Problem(name, say("Must be text")) for name in known if not isinstance(body.get(name, ""), str)]
    if problems:
        raise InvalidInput(*problems)
    return body


def read_query(*known: str) -> dict[str, str]:
    """Give the query's values by name, empty where one is not given.

    Raises:
        InvalidInput: a name is unknown: a filter that is misspelt must not be passed over.
    """
    hint = say("There is no such parameter; available: {known}", known=say(", ").join(known))
    unknown = [Problem(clean(name), hint) for name in request.args if name not in known]
    if unknown:
        raise InvalidInput(*unknown)
    return {name: str(clean(request.args.get(name, ""))).strip() for name in known}


def one_of(field: str, value: str, choices: Iterable[str]) -> str:
    """Give the value if it is empty or one of the choices.

    Raises:
        InvalidInput: it is neither.
    """
    allowed = [str(choice) for choice in choices]
    if value and value not in allowed:
        raise InvalidInput(Problem(field, say("Not among the choices; choose from: {allowed}", allowed=say(", ").join(allowed))))
    return value


def read_limit(value: str, default: int = 200) -> int:
    """Read how many rows are wanted at most.

    Raises:
        InvalidInput: it is no number from 1 to 1000.
    """
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= 4 and 1 <= int(value) <= MAX_LIMIT):
        raise InvalidInput(Problem("limit", say("Should be a whole number from 1 to {most}", most=MAX_LIMIT)))
    return int(value)


def read_version() -> int:
    """Read the ticket's version from `If-Match`.

    Raises:
        InvalidInput: it is missing or no version.
    """
    tag = request.headers.get("If-Match", "")
    return version_seen(tag if tag.isascii() and len(tag) <= LONGEST_TAG else None)


def whole(field: str, value: str) -> int:
    """Read a number of rows to skip; none where it is not given.

    Raises:
        InvalidInput: it is not a whole number.
    """
    if value and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise InvalidInput(Problem(field, say("{field}: “{value}” should be a whole number, 0 or more", field=field, value=value)))
    return int(value or 0)

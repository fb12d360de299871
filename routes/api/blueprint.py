"""The blueprint of `/api/v1`, and the one thing that holds for all of it: a bearer token, never a cookie."""

from flask import Blueprint, request

from routes.request import user
from triage.errors import SignInRequired
from triage.wording import say

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
OPEN = ("api.health",)


@blueprint.before_request
def know_the_caller() -> None:
    """Refuse whoever brings no valid token.

    A session cookie does not count: it would let another site ask in a user's name.

    Raises:
        SignInRequired: there is no bearer token, or it is unknown or revoked.
    """
    if request.endpoint in OPEN:
        return
    if not request.headers.get("Authorization", "").lower().startswith("bearer "):
        raise SignInRequired(say("Send the header Authorization: Bearer token (an administrator issues tokens with flask tokens)"))
    user()

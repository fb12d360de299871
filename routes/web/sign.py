"""Signing in and out, the own password, and the first page of each role."""

from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import SESSION_KEY, now, store, user
from routes.web.blueprint import blueprint
from triage.errors import InvalidInput, SignInFailed, TooManyAttempts
from triage.people import LONGEST, SHORTEST, change_own_password
from triage.people import sign_in as check
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

FIRST = {
    Role.AGENT: "pages.new_complaint",
    Role.DISPATCHER: "pages.dispatch",
    Role.HANDLER: "pages.queue",
    Role.LEADER: "pages.queue",
    Role.AUDITOR: "pages.board_overview",
    Role.ADMIN: "pages.admin",
}


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Send a user to the page where the day begins."""
    return redirect(url_for(FIRST[user().role]))


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Ask for name and password, and open a session."""
    target = request.values.get("next", "")
    if request.method == "GET":
        return render_template("pages/sign_in.html", target=target)
    username = clean(request.form.get("username", "")).strip()
    try:
        token = check(username, clean(request.form.get("password", "")), store=store(), now=now())
    except (SignInFailed, TooManyAttempts) as error:
        return render_template("pages/sign_in.html", target=target, username=username, error=error), status_of(error)
    session.clear()
    session[SESSION_KEY] = token
    session.permanent = True
    return redirect(local(target) or url_for("pages.home"), 303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    store().close_session(session.get(SESSION_KEY, ""))
    session.clear()
    return redirect(url_for("pages.sign_in"), 303)


@blueprint.route("/password", methods=["GET", "POST"])
def own_password() -> ResponseReturnValue:
    """Let somebody change the own password; whoever was given one by an administrator sees no other page before."""
    who, error = user(), None
    if request.method == "POST":
        typed = [clean(request.form.get(name, "")) for name in ("current", "new", "again")]
        try:
            session[SESSION_KEY] = change_own_password(who, *typed, store=store(), now=now())
            flash(say("The password has been changed; you are signed out everywhere else"))
            return redirect(url_for("pages.home"), 303)
        except (InvalidInput, TooManyAttempts) as wrong:
            error = wrong
    return render_template("pages/password.html", error=error, least=SHORTEST, most=LONGEST), status_of(error) if error else 200


def local(target: str) -> str | None:
    """Give a path of this product, or None for an address elsewhere."""
    parts = urlsplit(target)
    plain = target.isprintable() and "\\" not in target  # browsers drop tabs and read \ as /
    inside = plain and target.startswith("/") and not target.startswith("//") and not parts.netloc and not parts.scheme
    return target if inside else None

"""The one table of statuses, and one shape of errors: JSON for the API, a page for people."""

from contextlib import suppress

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from routes.request import user
from triage import errors
from triage.printing import PrinterMissing
from triage.sending import SendFailed
from triage.wording import say

STATUS: dict[type[errors.TriageError], int] = {
    errors.InvalidInput: 422,
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.SignInFailed: 401,
    errors.SignInRequired: 401,
    errors.TooManyAttempts: 429,
    errors.IllegalMove: 409,
    errors.Conflict: 412,
    errors.StoreBusy: 503,
    errors.NotMigrated: 503,
    errors.ReferenceProblem: 422,
    SendFailed: 502,
    PrinterMissing: 503,
    errors.TriageError: 500,
}
HTTP = {
    400: ("bad_request", say("The request is badly formed")),
    404: ("not_found", say("There is no such page; check the address")),
    405: ("method_not_allowed", say("This address does not take this request method")),
    413: ("too_large", say("The content is too large; send it in several parts")),
    415: ("unsupported_media_type", say("Use Content-Type: application/json")),
}


def status_of(error: errors.TriageError) -> int:
    """Give the HTTP status of an error: that of the nearest class in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def body(code: str, message: str, error: errors.TriageError | None = None) -> dict[str, object]:
    """Give the one JSON shape: `{"error": {"code", "message", "problems", "legal"}}`."""
    problems = [{"field": p.field, "message": p.message} for p in error.problems] if isinstance(error, errors.InvalidInput) else []
    legal = list(error.legal) if isinstance(error, errors.IllegalMove) else []
    return {"error": {"code": code, "message": message, "problems": problems, "legal": legal}}


def is_api() -> bool:
    """Whether a program asks."""
    return request.path.startswith("/api/")


def answer(status: int, code: str, message: str, error: errors.TriageError | None = None) -> Response:
    """Answer a failure in the shape that the asker reads."""
    if is_api():
        return make_response(jsonify(body(code, message, error)), status)
    return make_response(render_template("pages/error.html", status=status, code=code, message=message, error=error), status)


def register(app: Flask) -> None:
    """Let every failure end in one of the two shapes."""

    @app.errorhandler(errors.TriageError)
    def of_triage(error: errors.TriageError) -> ResponseReturnValue:
        if isinstance(error, errors.SignInRequired) and not is_api():
            return redirect(url_for("pages.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else None))
        if isinstance(error, errors.PasswordTemporary) and not is_api():
            return redirect(url_for("pages.own_password"), 303)
        return answer(status_of(error), error.code, error.message, error)

    @app.errorhandler(CSRFError)
    def of_csrf(error: CSRFError) -> ResponseReturnValue:
        return answer(400, "csrf", say("The page has expired; refresh it and submit again (copy what you have written first)"))

    @app.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if not is_api():
            with suppress(errors.TriageError):
                user()  # known to the page, it keeps its navigation
        code, message = HTTP.get(status, ("http_error", say("The request could not be completed")))
        return answer(status, code, message)

    @app.errorhandler(Exception)
    def of_anything(error: Exception) -> ResponseReturnValue:
        # The type and the place are logged, never the message: it may hold what a customer said.
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        app.logger.error("unexpected %s at %s", type(error).__name__, where)
        return answer(
            500, "unexpected", say("Something went wrong in the system and this action was not saved; try again later or contact the administrator")
        )

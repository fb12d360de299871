"""The application factory: joins what `wsgi.py` hands over with pages, API, commands, errors and security headers."""

from datetime import timedelta

from flask import Flask, Response
from flask_wtf import CSRFProtect

from routes import api, commands, errors, web
from routes.request import Parts, give_back
from routes.web.show import register_filters

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
MAX_BYTES = 2 * 1024 * 1024


def create_app(parts: Parts, *, insecure_cookie: bool = True) -> Flask:
    """Make the application from its parts."""
    app = Flask("routes")
    app.extensions["triage"] = parts
    app.config.update(
        SECRET_KEY=parts.secret,
        MAX_CONTENT_LENGTH=MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BYTES,
        SESSION_COOKIE_NAME="triage",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=not insecure_cookie,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        SESSION_REFRESH_EACH_REQUEST=False,  # a page that asks for itself must not bring back the cookie of a moment ago
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it; Flask types the base class
    csrf = CSRFProtect(app)
    app.register_blueprint(web.blueprint)
    app.register_blueprint(api.blueprint)
    csrf.exempt(api.blueprint)  # tokens in a header, no cookie: nothing that another site could ride on
    for command in commands.COMMANDS:
        app.cli.add_command(command)
    errors.register(app)
    register_filters(app)
    app.teardown_appcontext(give_back)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype in ("text/html", "application/json"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response

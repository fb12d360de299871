"""The application factory: joins what `wsgi.py` hands over with pages, API, commands, errors and security headers."""

from datetime import timedelta

from flask import Flask, Response, current_app, request
from flask_wtf import CSRFProtect

from routes import api, commands, errors, transfer, web
from routes.live.address import origin_of
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
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
MAX_BYTES = 2 * 1024 * 1024
SESSION_COOKIE, SESSION_LIFETIME = "triage", timedelta(hours=12)


def create_app(parts: Parts, *, insecure_cookie: bool = True, live_url: str = "") -> Flask:
    """Make the application from its parts; `live_url` is where its pages are told of changes (settings: TRIAGE_LIVE_URL), empty: nowhere."""
    app = Flask("routes")
    app.extensions["triage"] = parts
    app.config.update(
        SECRET_KEY=parts.secret,
        MAX_CONTENT_LENGTH=MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BYTES,
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=not insecure_cookie,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        SESSION_REFRESH_EACH_REQUEST=False,  # a page that asks for itself must not bring back the cookie of a moment ago
        WTF_CSRF_TIME_LIMIT=None,
        LIVE_URL=live_url,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it; Flask types the base class
    csrf = CSRFProtect(app)
    app.register_blueprint(web.blueprint)
    app.register_blueprint(api.blueprint)
    csrf.exempt(api.blueprint)  # tokens in a header, no cookie: nothing that another site could ride on
    for command in commands.COMMANDS:
        app.cli.add_command(command)
    errors.register(app)
    transfer.register(app)
    register_filters(app)
    app.teardown_appcontext(give_back)
    app.after_request(_secure)
    return app


def policy() -> str:
    """Give the content security policy: pages talk to their own origin, and to live updates where these are on another port."""
    other = origin_of(current_app.config["LIVE_URL"], request.scheme, request.host)
    return POLICY.replace("connect-src 'self'", f"connect-src 'self' {other}") if other else POLICY


def _secure(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", policy())
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype in ("text/html", "application/json"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response

"""The streams as HTTP: who comes with a session and from the product's own pages is held and told; everybody else gets a clear answer at once."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

from routes.app import SESSION_COOKIE, SESSION_LIFETIME
from routes.errors import status_of
from routes.live.hub import Hub, event
from routes.request import SESSION_KEY
from triage.errors import Forbidden, NotFound, TriageError
from triage.wording import say

PATH = r"/(?:[\w.-]+/)*events"  # a proxy may put something before it
AGAIN = 30  # seconds until somebody who found no place may ask again
STUCK = 30.0  # seconds that a page may leave unread what was sent
SAID = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would collect events before it passes them on
}


class Cookies:
    """Reads the session cookie that the web workers write, with the same library and key."""

    def __init__(self, secret: bytes) -> None:
        """Make the reader of signed cookies."""
        app = Flask("routes.live")
        app.secret_key = secret
        reader = SecureCookieSessionInterface().get_signing_serializer(app)
        if reader is None:
            raise ValueError("the instance's secret is empty")
        self.reader: URLSafeTimedSerializer = reader

    def token(self, cookie: str | None, lifetime: timedelta = SESSION_LIFETIME) -> str:
        """Give the session's token; empty where there is no cookie, or none of ours."""
        try:
            values = self.reader.loads(cookie or "", max_age=int(lifetime.total_seconds()))
        except BadSignature:
            return ""
        return str(values.get(SESSION_KEY, "")) if isinstance(values, dict) else ""


class Stream(RequestHandler):
    """One page's stream."""

    def initialize(self, hub: Hub, cookies: Cookies, page_port: int | None) -> None:
        """Take what the process shares."""
        self.hub, self.cookies_of, self.page_port = hub, cookies, page_port
        self.viewer: Any = None

    def set_default_headers(self) -> None:
        """Say nothing of the server, and let nobody guess a type."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Vary", "Origin")

    def let_in(self) -> None:
        """Let the product's own pages read the answer, and nobody else ask.

        A page on another port of the same host is named by the port that the product was started on; behind a proxy the origin is the same.

        Raises:
            Forbidden: a page of somebody else asks.
        """
        origin = self.request.headers.get("Origin")
        if origin is None:
            return
        host = urlsplit(f"//{self.request.host}")
        asker = urlsplit(origin)
        is_same = asker.netloc == host.netloc
        if not is_same and not (self.page_port and (asker.hostname, asker.port) == (host.hostname, self.page_port)):
            raise Forbidden(say("Only pages of this system may use live updates"))
        self.set_header("Access-Control-Allow-Origin", origin)
        self.set_header("Access-Control-Allow-Credentials", "true")

    async def get(self) -> None:
        """Hold the stream until the page goes or the session ends."""
        try:
            self.let_in()
            with self.hub.place():
                self.viewer = await self.hub.come(self.cookies_of.token(self.get_cookie(SESSION_COOKIE)), self.get_arguments("topic"))
                try:
                    await self.tell()
                finally:
                    self.hub.leave(self.viewer)
        except TriageError as error:
            self.refuse(error)

    async def tell(self) -> None:
        """Send what there is to tell, and a heartbeat when there is nothing."""
        for name, value in SAID.items():
            self.set_header(name, value)
        text = event("ready")
        try:
            while True:
                self.write(text)
                await asyncio.wait_for(self.flush(), STUCK)
                if self.viewer.is_ended:
                    return
                text = await self.viewer.news(self.hub.beat)
        except (StreamClosedError, TimeoutError):
            return

    def on_connection_close(self) -> None:
        """Notice at once that the page has gone."""
        if self.viewer:
            self.viewer.end()

    def refuse(self, error: TriageError) -> None:
        """Answer with the error's status and message; when all places are taken, with the time after which to ask again."""
        self.set_status(status_of(error))
        if self.get_status() == 503:
            self.set_header("Retry-After", str(AGAIN))
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(error.message)


class Nothing(RequestHandler):
    """Every other address."""

    def prepare(self) -> None:
        """Say that there is nothing here."""
        self.clear_header("Server")
        self.set_status(status_of(NotFound("")))
        self.finish(say("There is no such address"))


def make_server(hub: Hub, secret: bytes, page_port: int | None) -> Application:
    """Give the application; `page_port` is that of the pages where they are served on another port of the same host."""
    shared = {"hub": hub, "cookies": Cookies(secret), "page_port": page_port}
    return Application([(PATH, Stream, shared)], default_handler_class=Nothing, log_function=lambda handler: None)  # an address is nobody's business

"""Lists that keep themselves up to date: a page asks for itself again with the mark that it holds, and is answered 204 while nothing has changed.

It asks when the stream of live updates (`routes/live`) tells it to, and by itself from time to time; without a stream, more often. Each
answer is short (no connection is held open), and without a change it costs a few index look-ups instead of a page. What a mark cannot see
(words such as “还剩 5 分钟”, zones, groups of reports) is renewed with the time, once a minute.
"""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from routes.live.address import address_of
from routes.request import now, rules, store, user
from routes.web.blueprint import blueprint
from triage.people import User
from triage.terms import Role
from triage.tickets import Ticket

LIVE = "X-Live"
EVERY = 15  # seconds from one question to the next, more or less (everyone.js); LIVE_EVERY in the application's configuration overrides it
RENEWED = 60  # seconds
Mark = tuple[Any, ...]


def queue_mark(who: User) -> Mark:
    """Give the mark of the queues of a user and of those that the user stands in for."""
    return tuple(store().queue_mark(hat.unit_code, hat.department, is_below=hat.role is Role.LEADER) for hat in who.hats)


MARKS: Mapping[str, Callable[[User], Mark]] = {
    "pages.dispatch": lambda who: store().waiting_mark(now()),
    "pages.queue": queue_mark,
    "pages.callbacks": lambda who: store().callback_mark(),
    "pages.waiting_requests": lambda who: store().request_mark(),
    "pages.messages": lambda who: (),
    "pages.bell": lambda who: (),
}


# What a page of a list wants to be told of besides its user's messages; the same marks stand in routes/live/topics.py.
TOPICS = {
    "pages.dispatch": "dispatch",
    "pages.queue": "queue",
    "pages.callbacks": "callbacks",
    "pages.waiting_requests": "requests",
}


def stream_of(ticket: Ticket | None = None) -> str:
    """Give the address of the stream for the page that is shown, with what it wants to be told of; empty where there is no stream."""
    address = address_of(current_app.config["LIVE_URL"], request.scheme, request.host)
    topics = ["messages", *([TOPICS[request.endpoint]] if request.endpoint in TOPICS else [])]
    topics += [f"ticket:{ticket.number}:{ticket.version}"] if ticket and request.endpoint == "pages.ticket" else []
    return f"{address}?{urlencode([('topic', topic) for topic in topics])}" if address else ""


def is_live() -> bool:
    """Whether a page asks for itself again."""
    return LIVE in request.headers


@blueprint.app_context_processor
def stream() -> dict[str, Any]:
    """Give the templates the address of the page's stream."""
    return {"stream_of": stream_of}


@blueprint.before_request
def answer_if_unchanged() -> ResponseReturnValue | None:
    """Take the list's mark before the list is read, so that no change slips between; answer 204 if the page holds the same."""
    mark = MARKS.get(request.endpoint or "")
    if request.method != "GET" or mark is None:
        return None
    who = user()
    seen = (who.username, request.full_path, mark(who), store().message_mark(who.username), store().count_unread(who.username))
    minute = (now().timestamp() + zlib.crc32(who.username.encode()) % RENEWED) // RENEWED  # not everybody's at the same second
    g.live_tag = hashlib.sha256(repr((seen, rules().version, minute)).encode()).hexdigest()[:32]
    if is_live() and request.headers.get("If-None-Match") == g.live_tag:
        return Response(status=204)
    return None


@blueprint.after_request
def say_the_mark(response: Response) -> Response:
    """Send the mark beside what was read after it."""
    if "live_tag" in g and response.status_code == 200:
        response.headers["ETag"] = g.live_tag
    return response


@blueprint.get("/live/bell")
def bell() -> ResponseReturnValue:
    """Give the bell with the count of unread messages: what pages without a list of their own ask for."""
    user()
    return render_template("pages/_bell.html")

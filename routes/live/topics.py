"""What a page may want to be told of, who may, and the marks by which a change is seen: those of the pages themselves (`routes/web/live.py`)."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.errors import Forbidden, InvalidInput, Problem
from triage.moves import DECIDERS
from triage.people import User
from triage.reveal import see
from triage.store import Store
from triage.terms import Role
from triage.wording import say

ROLES: Mapping[str, Collection[Role]] = {
    "dispatch": (Role.DISPATCHER,),
    "queue": (Role.HANDLER, Role.LEADER),
    "callbacks": (Role.AGENT,),
    "requests": DECIDERS,
    "messages": tuple(Role),
}
TICKET = re.compile(r"ticket:(\d{1,16}):(\d{1,9})", re.ASCII)  # with the version that the page shows
MOST = 8  # topics of one page
Mark = tuple[Any, ...]


@dataclass(frozen=True)
class Key:
    """One thing that is looked at for everybody who wants to know of it: `topic` is the page's word, `of` whose (a team, a user, a ticket)."""

    topic: str
    of: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Wish:
    """What a page wants to be told of, and what of it has changed already since the page was made."""

    keys: tuple[Key, ...]
    missed: tuple[str, ...] = ()


def wish(topics: Iterable[str], user: User, store: Store) -> Wish:
    """Read what a page asks for.

    Raises:
        InvalidInput: nothing, too much, or what there is not.
        Forbidden: the user may not see it.
        NotFound: there is no such ticket.
    """
    asked = list(dict.fromkeys(topics))
    if not 0 < len(asked) <= MOST:
        raise InvalidInput(Problem("topic", say("Say what to follow: 1 to {most} items", most=MOST)))
    keys: list[Key] = []
    missed: list[str] = []
    for topic in asked:
        if found := TICKET.fullmatch(topic):
            ticket = see(found[1], user=user, store=store)
            keys.append(Key("ticket", (ticket.number,)))
            missed += ["ticket"] if ticket.version != int(found[2]) else []
        else:
            keys += keys_of(topic, user)
    return Wish(tuple(keys), tuple(missed))


def keys_of(topic: str, user: User) -> tuple[Key, ...]:
    """Give what a topic means for a user: the queues of all whom the user stands in for (委托), the user's own messages, a list of all.

    Raises:
        InvalidInput: there is no such topic.
        Forbidden: the user's role has no such page.
    """
    if topic not in ROLES:
        raise InvalidInput(
            Problem(
                "topic", say("There is no item “{topic}”; available: {roles}, ticket:number:version", topic=topic[:40], roles=say(", ").join(ROLES))
            )
        )
    if user.role not in ROLES[topic]:
        raise Forbidden(say("Your role ({role}) may not view “{topic}”", role=user.role.label, topic=topic))
    if topic == "queue":
        return tuple(Key("queue", (hat.unit_code, hat.department, hat.role is Role.LEADER)) for hat in user.hats)
    return (Key(topic, (user.username,) if topic == "messages" else ()),)


READ: Mapping[str, Callable[[Store, Key, datetime], Mark]] = {
    "dispatch": lambda store, key, now: store.waiting_mark(now),
    "queue": lambda store, key, now: store.queue_mark(key.of[0], key.of[1], is_below=key.of[2]),
    "callbacks": lambda store, key, now: store.callback_mark(),
    "requests": lambda store, key, now: store.request_mark(),
}


def marks(keys: Collection[Key], store: Store, now: datetime) -> dict[Key, Mark]:
    """Give the marks of all that is looked at: lists one by one, messages and tickets with one question for all of them."""
    rules = (store.reference_version(),)
    unread = store.unread_marks({key.of[0] for key in keys if key.topic == "messages"})
    versions = store.ticket_versions({key.of[0] for key in keys if key.topic == "ticket"})
    found: dict[Key, Mark] = {}
    for key in keys:
        if key.topic == "messages":
            found[key] = unread[key.of[0]]
        elif key.topic == "ticket":
            found[key] = (versions.get(key.of[0]),)
        else:
            found[key] = rules + READ[key.topic](store, key, now)
    return found

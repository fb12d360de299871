"""Drafts (草稿): a registration that was begun survives reload, crash and sign-out; it is on the server, never in a shared PC's browser."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from triage.errors import InvalidInput, NotFound, Problem
from triage.rules import Rules
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

COMPLAINT = "complaint"
KEY = re.compile(r"[0-9A-Za-z-]{8,64}")
MOST_BYTES = 512 * 1024
LIFE = timedelta(days=3)  # inferred: nobody goes on with a call of last week, and what a caller said is not kept for nothing


@dataclass(frozen=True)
class Draft:
    """What was typed into a form, and when it was kept last."""

    key: str
    values: Mapping[str, Any]
    updated_at: datetime


def save_draft(key: str, values: Mapping[str, Any], *, username: str, store: "Store", now: datetime) -> None:
    """Keep what was typed so far.

    Raises:
        InvalidInput: the key is not one of ours, or the form is larger than any that could be sent.
    """
    if not KEY.fullmatch(key):
        raise InvalidInput(Problem("submission_key", say("The draft's number is wrong; refresh the page")))
    body = json.dumps(clean(dict(values)), ensure_ascii=False)
    if len(body.encode()) > MOST_BYTES:
        raise InvalidInput(
            Problem("draft", say("The draft is too large, at most {most} KB; register it first or shorten it", most=MOST_BYTES // 1024))
        )
    store.keep_draft(username, COMPLAINT, key, body, now, now - LIFE)


def drafts_of(username: str, *, store: "Store", now: datetime) -> tuple[Draft, ...]:
    """Give what a user has begun and not sent, the latest first."""
    rows = store.drafts_of(username, COMPLAINT, now - LIFE)
    return tuple(Draft(row["key"], json.loads(row["body_json"]), row["updated_at"]) for row in rows)


def draft_of(username: str, key: str, *, store: "Store", now: datetime) -> Draft | None:
    """Give one draft of a user; None where it is sent, dropped, too old or somebody else's."""
    return next((draft for draft in drafts_of(username, store=store, now=now) if draft.key == key), None)


def throw_away(username: str, key: str, *, store: "Store", rules: Rules, now: datetime) -> None:
    """Throw a draft away (丢弃); for as long as `undo_seconds` says it can be taken back, then it is deleted."""
    store.throw_draft_away(username, COMPLAINT, key, now, _undo_since(rules, now))


def thrown_away(username: str, key: str, *, store: "Store", rules: Rules, now: datetime) -> datetime | None:
    """Give when a user threw a draft away, if it can still be taken back."""
    return store.draft_thrown_away(username, COMPLAINT, key, _undo_since(rules, now))


def take_back(username: str, key: str, *, store: "Store", rules: Rules, now: datetime) -> None:
    """Take a draft back that was thrown away a moment ago (撤销丢弃).

    Raises:
        NotFound: the user threw no such draft away, has taken it back already, or did it too long ago.
    """
    if not store.take_draft_back(username, COMPLAINT, key, _undo_since(rules, now)):
        seconds = rules.number("undo_seconds", 60)
        raise NotFound(say("No draft to take back: it is back already, or was discarded more than {seconds} seconds ago", seconds=seconds))


def _undo_since(rules: Rules, now: datetime) -> datetime:
    return now - timedelta(seconds=rules.number("undo_seconds", 60))


def forget_old(*, store: "Store", rules: Rules, now: datetime) -> None:
    """Delete everybody's drafts that nobody can go on with: thrown away and not taken back in time, or too old."""
    store.forget_drafts(now - LIFE, _undo_since(rules, now))


def drop_draft(username: str, key: str, *, store: "Store") -> None:
    """Forget a draft at once: it was sent, or emptied."""
    store.drop_draft(username, COMPLAINT, key)

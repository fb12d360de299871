"""Drafts (草稿): a registration that was begun survives reload, crash and sign-out; it is on the server, never in a shared PC's browser."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from triage.errors import InvalidInput, Problem
from triage.texts import clean

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
        raise InvalidInput(Problem("submission_key", "草稿编号不对，请刷新页面"))
    body = json.dumps(clean(dict(values)), ensure_ascii=False)
    if len(body.encode()) > MOST_BYTES:
        raise InvalidInput(Problem("draft", f"草稿太大，最多 {MOST_BYTES // 1024} KB，请先登记或删减"))
    store.keep_draft(username, COMPLAINT, key, body, now, now - LIFE)


def drafts_of(username: str, *, store: "Store", now: datetime) -> tuple[Draft, ...]:
    """Give what a user has begun and not sent, the latest first."""
    rows = store.drafts_of(username, COMPLAINT, now - LIFE)
    return tuple(Draft(row["key"], json.loads(row["body_json"]), row["updated_at"]) for row in rows)


def draft_of(username: str, key: str, *, store: "Store", now: datetime) -> Draft | None:
    """Give one draft of a user; None where it is sent, dropped, too old or somebody else's."""
    return next((draft for draft in drafts_of(username, store=store, now=now) if draft.key == key), None)


def drop_draft(username: str, key: str, *, store: "Store") -> None:
    """Forget a draft: it was sent, or is not wanted."""
    store.drop_draft(username, COMPLAINT, key)

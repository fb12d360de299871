"""What was changed about people (人员), told in Chinese from the trail of the reference data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from triage.checks import codes
from triage.moments import in_shanghai
from triage.terms import Role
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

LABELS = {
    "username": say("User name"),
    "name": say("Name of the person"),
    "role": say("Role"),
    "unit_code": say("Supply unit"),
    "department_code": say("Department"),
    "is_active": say("Account"),
    "password": say("Password"),
    "sessions": say("Signed in"),
    "tokens": say("API tokens"),
}
SAID: Mapping[str, Mapping[str, str]] = {
    "role": {role.value: role.label for role in Role},
    "is_active": {"True": say("In use"), "False": say("Locked")},
    "password": {"old": say("the old one"), "new": say("a new one")},
    "sessions": {"1": say("Yes"), "0": say("signed out everywhere")},
    "tokens": {"-": say("revoked")},
}


@dataclass(frozen=True)
class Changed:
    """A change of somebody's account as it is told: who, when, and per column what stood there and what stands there now; `is_new` for the first."""

    id: int
    happened_at: datetime
    actor: str
    is_new: bool
    columns: tuple[tuple[str, str, str], ...]


def changes_of(username: str, store: "Store") -> list[Changed]:
    """Tell the latest changes of somebody's account in Chinese, the latest first."""
    names = {**SAID, "unit_code": codes(store, "units"), "department_code": codes(store, "departments")}
    return [_told(row, names) for row in store.person_trail(username)]


def _told(row: Mapping[Any, Any], names: Mapping[str, Mapping[str, str]]) -> Changed:
    before, after = (json.loads(row[side]) or {} for side in ("before_json", "after_json"))
    shown = {name: tuple(names.get(name, {}).get(side[name], side[name]) if name in side else "" for side in (before, after)) for name in after}
    columns = tuple((LABELS.get(name, name), was, now) for name, (was, now) in shown.items())
    return Changed(row["id"], row["happened_at"], row["actor"], not before, columns)


def in_words(one: Changed) -> str:
    """Say a change in one line: when, who, and from what to what."""
    changes = (say("{label} {was} → {now}", label=label, was=was or "–", now=now or "–") for label, was, now in one.columns)
    return say(
        "{time} {actor} changed {changes}", time=f"{in_shanghai(one.happened_at):%m-%d %H:%M}", actor=one.actor, changes=say(", ").join(changes)
    )

"""The demo organisation: an invented province with cities, counties and stations, one user per role, made once."""

import csv
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triage.people import User, hasher
from triage.reference import DATA
from triage.terms import Role

if TYPE_CHECKING:
    from triage.store import Store

FOLDER = DATA / "demo"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def rows(name: str, folder: Path = FOLDER) -> Iterator[dict[str, str]]:
    """Give the rows of a demo file; an empty parent is none."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value for key, value in row.items() if not (key == "parent_code" and not value)}


def make_demo(store: "Store", now: datetime) -> list[tuple[User, str]]:
    """Make what is missing of the demo organisation, and give the users that were made with their passwords, which are kept nowhere else."""
    made: list[tuple[User, str]] = []
    with store.writing():
        store.add_missing("units", rows("units"))
        merged = {row["code"] for row in store.units() if row["merged_into_code"]}
        store.add_missing("teams", (row for row in rows("teams") if row["unit_code"] not in merged))
        for table in ("areas", "customers"):
            store.add_missing(table, rows(table))
        known = {row["username"] for row in store.users()}
        for row in rows("users"):
            if row["username"] not in known:
                user = User(row["username"], row["name"], Role(row["role"]), row["unit_code"], row["department_code"])
                password = new_password()
                store.add_user(user, hasher().hash(password), now)
                made.append((user, password))
        store.add_missing("crews", ({**row, "is_active": True} for row in rows("crews") if row["unit_code"] not in merged))
        store.add_missing("crew_members", _members(store))
    return made


def _members(store: "Store") -> Iterator[dict[str, str]]:
    """Give who belongs to the crews, for those crews to which nobody belongs yet: what a leader changed stays."""
    for row in rows("crew_members"):
        crew = store.find_crew(row["crew"])
        if crew is not None and not crew.members:
            yield row


def new_password() -> str:
    """Make a password that can be read aloud: four groups of three, about 59 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(3)) for _ in range(4))
